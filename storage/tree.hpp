#pragma once
// The Merkle tree as it is kept: nodes of levels 8, 16, 24 … have a record, all others are computed from the events or
// from those below them. One record for 256 events; a proof reads some hundreds of events at most. Beside it the tree
// over the flux, which is never kept: it is computed for a head. Private to storage/.
//
// Thread-safety: a Tree belongs to one thread, and lives no longer than its View.
//
//   Tree tree(view, events, true);  auto root = tree.root_at(tree.size());

#include "storage/keys.hpp"
#include "storage/merkle.hpp"
#include "storage/store.hpp"

namespace assemblier::storage {

/// A node of these levels has a record.
inline constexpr unsigned kKeptLevels = 8;
[[nodiscard]] constexpr bool is_kept(unsigned level) { return level != 0 && level % kKeptLevels == 0; }

class Tree {
 public:
  /// `size`: number of events. `kept`: whether nodes have records (a journal of format 1 has none: all is computed).
  Tree(View& view, std::uint64_t size, bool kept) : view_(view), size_(size), kept_(kept) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// The frontier over all events: what appending needs.
  [[nodiscard]] Result<MerkleFrontier> frontier();
  /// Root over the first `size` events; kInvalid beyond the last.
  [[nodiscard]] Result<Hash> root_at(std::uint64_t size);
  [[nodiscard]] Result<Proof> inclusion(std::uint64_t position, std::uint64_t size);
  [[nodiscard]] Result<Proof> consistency(std::uint64_t first, std::uint64_t second);

 private:
  [[nodiscard]] NodeSource source();
  [[nodiscard]] std::optional<Hash> node(unsigned level, std::uint64_t index);
  [[nodiscard]] std::optional<Hash> fold(unsigned below, unsigned level, std::uint64_t index);
  [[nodiscard]] Error error_or(std::string_view what) const;

  View& view_;
  std::uint64_t size_;
  bool kept_;
  std::optional<Error> error_;  // why the last node could not be had
};

/// Calls `visit` for each flux that has events among the first `size`, in bytewise order of names, with its last
/// version there. Return false to stop.
[[nodiscard]] Result<void> visit_flux_at(View& view, std::uint64_t size,
                                         const std::function<bool(const FluxLeaf&)>& visit);

/// Root over all flux and their number, under the head of `size` events.
[[nodiscard]] Result<FluxRoot> flux_root_at(View& view, std::uint64_t size);
/// What a head of `size` events says of one flux: its leaf and its path, or the neighbours between which it would be.
[[nodiscard]] Result<FluxProof> prove_flux(View& view, std::string_view flux, std::uint64_t size);

}  // namespace assemblier::storage
