#pragma once
// A journal made again from the octets of another's events, in order: restored up to a position, or imported. Each
// event must follow those before it (position, version, chain, instant) and is kept as it is; what derives from events
// is computed anew. So the result has the same hashes and the same heads. Private to storage/.
//
// Thread-safety: one thread.
//
//   Rebuild rebuild(store);  rebuild.begin();
//   rebuild.add(stored); …  rebuild.add(outcome); …  rebuild.commit();

#include "storage/bounded_map.hpp"
#include "storage/keys.hpp"
#include "storage/merkle.hpp"
#include "storage/store.hpp"

#include <map>

namespace assemblier::storage {

class Rebuild {
 public:
  /// Puts what there is beside the event that seals a value.
  using OnSeal = std::function<Result<void>(const Seal&)>;
  /// Whether the events come from another journal, perhaps without the values that they seal.
  enum class Origin { kElsewhere, kHere };
  /// `store` has its first records, and perhaps events already; it outlives this.
  Rebuild(Store& store, OnSeal on_seal, Origin origin = Origin::kElsewhere)
      : store_(store), on_seal_(std::move(on_seal)), origin_(origin), heads_(kRememberedFlux) {}
  /// Reads where the store stands.
  [[nodiscard]] Result<void> begin();
  /// Events there are, those of an earlier run included.
  [[nodiscard]] std::uint64_t size() const { return counters_.events; }
  /// Root over them.
  [[nodiscard]] Hash root() const { return tree_.root(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  /// The event added last.
  [[nodiscard]] const StoredEvent& last() const { return event_; }
  /// Events from position 0 on, without gap. Those of an earlier run must be what is there, octet by octet; the others
  /// must follow. kDamaged if not.
  [[nodiscard]] Result<void> add(std::string_view stored);
  /// After the events it counts. One that is there already is the same, or kDamaged.
  [[nodiscard]] Result<void> add(const StoredOutcome& outcome);
  /// All that was added is on disk; called now and then by add() as well.
  [[nodiscard]] Result<void> commit();

 private:
  static constexpr std::size_t kRememberedFlux = 100'000;

  Result<void> there_already(std::string_view stored);
  Result<std::optional<FluxHead>> head(const std::string& flux);
  Result<void> maybe_commit(std::size_t octets);

  Store& store_;
  OnSeal on_seal_;
  Origin origin_;
  Counters counters_;
  std::uint64_t seen_ = 0;  // events given to this object
  MerkleFrontier tree_;
  BoundedMap<FluxHead> heads_;                     // of flux whose records are on disk
  std::map<std::string, FluxHead> pending_;        // of those in the batch
  std::map<std::string, Bytes> pending_outcomes_;  // records by acte id, in the batch
  std::size_t octets_ = 0;                         // in the batch
  StoredEvent event_;
};

}  // namespace assemblier::storage
