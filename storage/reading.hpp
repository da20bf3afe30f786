#pragma once
// Reads that check what they read: strict decoding, payload hash, positions and versions without gap, hash chain; and
// scan, which does not.
// Private to storage/.
//
// Thread-safety: a ChainChecker belongs to one thread; the functions are as safe as the View they are given.

#include "storage/bounded_map.hpp"
#include "storage/keys.hpp"
#include "storage/store.hpp"

namespace assemblier::storage {

/// "position 12 (flux dossier/1, version 3)".
[[nodiscard]] std::string name_of(const Header& header);
/// "la position 4" or "les positions 4 à 9", for last ≥ first.
[[nodiscard]] std::string name_range(std::uint64_t first, std::uint64_t last);
/// name_range and what is said of it: "la position 4 manque", "les positions 4 à 9 manquent".
[[nodiscard]] std::string say_of_range(std::uint64_t first, std::uint64_t last, std::string_view one,
                                       std::string_view many);

/// The counters, kDamaged when they are missing or malformed.
[[nodiscard]] Result<Counters> read_counters(View& view);

/// Checks each event against its predecessor in its flux, in position order. Remembers the last link of recent flux,
/// and looks the others up, so that memory stays bounded.
class ChainChecker {
 public:
  explicit ChainChecker(View& view);
  /// kDamaged when the chain breaks here; whatever reading gave when the predecessor could not be read.
  [[nodiscard]] Result<void> check(const StoredEvent& event);
  /// The links remembered, and back: a check that goes on later.
  void each_link(const std::function<void(const std::string& flux, Version version, const Hash& hash)>& visit) const {
    links_.each([&visit](const std::string& flux, const Link& link) { visit(flux, link.version, link.hash); });
  }
  void remember(const std::string& flux, Version version, const Hash& hash) { links_.put(flux, Link{version, hash}); }
  /// Hash of the event given last.
  [[nodiscard]] const Hash& hash() const { return hash_; }
  /// Whether the last check failed because the predecessor could not be read at all.
  [[nodiscard]] bool predecessor_unreadable() const { return predecessor_unreadable_; }

 private:
  struct Link {
    Version version;
    Hash hash;
  };
  Result<Hash> look_up(const Header& header);
  View& view_;
  BoundedMap<Link> links_;
  Hash hash_;
  bool predecessor_unreadable_ = false;
};

/// Where a flux stands, from its last index entry.
[[nodiscard]] Result<std::optional<FluxHead>> read_head(View& view, std::string_view flux);
/// The same. REQUIRES a flux that is there: without an entry it is damage.
[[nodiscard]] Result<FluxHead> read_last(View& view, std::string_view flux);
[[nodiscard]] Result<void> read_flux(View& view, std::string_view flux, Version from, const EventVisitor& visit);
[[nodiscard]] Result<void> read_all(View& view, Position from, const EventVisitor& visit);
[[nodiscard]] Result<void> scan(View& view, const ScanRange& range, const EventViewVisitor& visit);
[[nodiscard]] Result<void> list_flux(View& view, std::string_view prefix,
                                     const std::function<bool(std::string_view, const FluxHead&)>& visit);

}  // namespace assemblier::storage
