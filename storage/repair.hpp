#pragma once
// Repairing a damaged journal: all that derives from its events is made anew, the events stay what they are. The
// repaired journal is built and verified beside its place, then exchanged in one step with the damaged one, which is
// kept under a dated name: killed at any moment, the journal is as it was, or repaired.
//
// Thread-safety: functions; a second repair or a writer, in this process or another, gets kLocked.
//
//   auto done = repair("journal", {}, {});
//   if (done && !done->kept.empty()) say(done->records, done->lost);

#include "storage/journal.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace assemblier::storage {

/// A head whose signature was checked.
struct KnownHead {
  std::uint64_t size = 0;  ///< number of events
  Hash root{};
};

struct RepairOptions {
  std::optional<MasterKey> master_key{};  ///< to open sealed values when the result is verified
  std::optional<KnownHead> head{};        ///< the events must extend it
  std::function<bool()> go_on{};          ///< asked now and then; false stops, and nothing is changed
};

/// Records of one kind that the repaired journal has otherwise than the damaged one.
struct RepairedRecords {
  std::string kind;           ///< French, plural: "entrées de l'index des flux"
  std::uint64_t made = 0;     ///< that were missing, unreadable or different
  std::uint64_t removed = 0;  ///< that nothing accounts for
};

struct Repair {
  VerifyReport before;                   ///< what was wrong
  VerifyReport after;                    ///< what still is: what no event tells
  std::vector<RepairedRecords> records;  ///< kinds without a difference are left out
  std::vector<std::string> lost;         ///< French: answers and keys that nothing gives back
  std::uint64_t events = 0;
  bool stopped = false;  ///< `go_on` said so: nothing was changed, and nothing is left beside the journal
  std::string kept;      ///< where the damaged journal lies now; empty: nothing to repair, or nothing that could be
};

/// kDamaged: the events themselves are not whole, or are not those of the head; nothing was changed. kLocked: somebody
/// writes there. kIo: no room, or a file system that cannot exchange two directories. The message of each says that
/// nothing was changed.
[[nodiscard]] Result<Repair> repair(const std::string& directory, const RepairOptions& options,
                                    const Progress& progress);

/// The damaged journals that repairs of the one in `directory` have kept beside it, under their dated names.
[[nodiscard]] std::vector<std::string> kept_by_repairs(const std::string& directory);

}  // namespace assemblier::storage
