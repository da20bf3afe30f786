#pragma once
// The RFC 6962 Merkle tree over events: leaf hash = event_hash (SHA-256(0x00 ‖ bytes)), node = SHA-256(0x01 ‖ left ‖
// right), no linear tail: the tree over n leaves splits at the largest power of two below n (§ 2.1).
//
// Thread-safety: values and pure functions.
//
//   MerkleFrontier tree; tree.append(event_hash(bytes)); Hash root = tree.root();
//   auto proof = inclusion_proof(7, tree.size(), nodes); verify_inclusion(leaf, 7, tree.size(), *proof, root);

#include "storage/bytes.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace assemblier::storage {

/// SHA-256(0x01 ‖ left ‖ right).
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);
/// Root of the empty tree: SHA-256 of nothing.
[[nodiscard]] Hash empty_root();

/// The roots of the complete subtrees along the right edge: all that appending needs. O(log n) memory, amortised O(1)
/// hashes an append.
class MerkleFrontier {
 public:
  /// Called for each subtree that the append completes: its level (0: the leaf) and its index at that level.
  using Completed = std::function<void(unsigned level, std::uint64_t index, const Hash& hash)>;
  void append(const Hash& leaf, const Completed& completed = {});
  /// Adds a complete subtree of 2^level leaves at the right edge. REQUIRES size() to be a multiple of 2^level.
  void append_subtree(unsigned level, const Hash& hash);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Hash root() const;
  /// Of the complete subtrees, largest first: one for each bit set in size().
  [[nodiscard]] const std::vector<Hash>& roots() const { return roots_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> roots_;  ///< of the complete subtrees, largest first: one per bit set in size_
};

/// Hash of the complete subtree `index` of 2^level leaves; nothing when it cannot be had.
using NodeSource = std::function<std::optional<Hash>(unsigned level, std::uint64_t index)>;
using Proof = std::vector<Hash>;

/// Root over the first `size` leaves.
[[nodiscard]] std::optional<Hash> root_at(std::uint64_t size, const NodeSource& nodes);
/// PATH(index, D[size]), RFC 6962 § 2.1.1; nothing when index ≥ size or a node is missing.
[[nodiscard]] std::optional<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeSource& nodes);
/// PROOF(first, D[second]), § 2.1.2; nothing when first > second or a node is missing. Empty for first = 0 or first =
/// second.
[[nodiscard]] std::optional<Proof> consistency_proof(std::uint64_t first, std::uint64_t second,
                                                     const NodeSource& nodes);

/// RFC 9162 § 2.1.3.2. Sizes and indices come from the verifier, never from the proof.
[[nodiscard]] bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, const Proof& proof,
                                    const Hash& root);
/// RFC 9162 § 2.1.4.2.
[[nodiscard]] bool verify_consistency(std::uint64_t first, std::uint64_t second, const Hash& first_root,
                                      const Hash& second_root, const Proof& proof);

}  // namespace assemblier::storage
