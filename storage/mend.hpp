#pragma once
// The records of a damaged journal made again in an empty store: events octet by octet, everything that derives from
// them computed anew, and of what does not derive (answers, sealed values, keys) what can still be read. Nothing is
// invented: what is gone is named. Private to storage/.
//
// An event is witnessed by the next one of its flux, by its index entry, by the nodes of the tree over it, by a head.
// When a witness contradicts it and none confirms it, it may be the event that has changed: then nothing is mended.
//
// Thread-safety: one thread.
//
//   auto mended = mend(*damaged->view(), *empty, {}, progress);

#include "storage/repair.hpp"
#include "storage/store.hpp"

namespace assemblier::storage {

struct Mended {
  std::uint64_t events = 0;
  Hash root{};
  std::vector<RepairedRecords> records;
  std::vector<std::string> lost;
};

/// Fills `to`, which is empty. kDamaged: the events are not whole, and the message says where; `to` is worth nothing
/// then.
[[nodiscard]] Result<Mended> mend(View& from, Store& to, const std::optional<KnownHead>& head,
                                  const Progress& progress);

}  // namespace assemblier::storage
