#include "storage/merkle.hpp"

#include <bit>

namespace assemblier::storage {

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<char, 65> buffer{};
  buffer[0] = 1;
  for (std::size_t i = 0; i < 32; ++i) {
    buffer[1 + i] = static_cast<char>(left.octets[i]);
    buffer[33 + i] = static_cast<char>(right.octets[i]);
  }
  return sha256(std::string_view(buffer.data(), buffer.size()));
}

Hash empty_root() { return sha256({}); }

void MerkleFrontier::append(const Hash& leaf, const Completed& completed) {
  Hash hash = leaf;
  std::uint64_t index = size_;
  if (completed) completed(0, index, hash);
  for (unsigned level = 1; (index & 1U) != 0; ++level) {
    hash = node_hash(roots_.back(), hash);
    roots_.pop_back();
    index >>= 1U;
    if (completed) completed(level, index, hash);
  }
  roots_.push_back(hash);
  ++size_;
}

void MerkleFrontier::append_subtree(unsigned level, const Hash& hash) {
  Hash merged = hash;
  for (std::uint64_t index = size_ >> level; (index & 1U) != 0; index >>= 1U) {
    merged = node_hash(roots_.back(), merged);
    roots_.pop_back();
  }
  roots_.push_back(merged);
  size_ += std::uint64_t{1} << level;
}

Hash MerkleFrontier::root() const {
  if (roots_.empty()) return empty_root();
  Hash hash = roots_.back();
  for (std::size_t i = roots_.size() - 1; i-- > 0;) hash = node_hash(roots_[i], hash);
  return hash;
}

namespace {

/// Root over leaves [begin, begin + count), where begin is a multiple of the subtree's width.
std::optional<Hash> range_root(std::uint64_t begin, std::uint64_t count, const NodeSource& nodes) {
  if (std::has_single_bit(count)) {
    const auto level = static_cast<unsigned>(std::countr_zero(count));
    return nodes(level, begin >> level);
  }
  const std::uint64_t split = std::bit_floor(count);
  const auto left = range_root(begin, split, nodes);
  const auto right = range_root(begin + split, count - split, nodes);
  if (!left || !right) return {};
  return node_hash(*left, *right);
}

/// The largest power of two below count. REQUIRES count > 1.
std::uint64_t split_of(std::uint64_t count) { return std::bit_floor(count - 1); }

bool push(Proof& proof, std::uint64_t begin, std::uint64_t count, const NodeSource& nodes) {
  const auto hash = range_root(begin, count, nodes);
  if (hash) proof.push_back(*hash);
  return hash.has_value();
}

bool inclusion(std::uint64_t index, std::uint64_t begin, std::uint64_t count, const NodeSource& nodes, Proof& proof) {
  if (count == 1) return true;
  const std::uint64_t split = split_of(count);
  if (index < split)
    return inclusion(index, begin, split, nodes, proof) && push(proof, begin + split, count - split, nodes);
  return inclusion(index - split, begin + split, count - split, nodes, proof) && push(proof, begin, split, nodes);
}

bool consistency(std::uint64_t first, std::uint64_t begin, std::uint64_t count, bool whole, const NodeSource& nodes,
                 Proof& proof) {
  if (first == count) return whole || push(proof, begin, count, nodes);
  const std::uint64_t split = split_of(count);
  if (first <= split) {
    return consistency(first, begin, split, whole, nodes, proof) && push(proof, begin + split, count - split, nodes);
  }
  return consistency(first - split, begin + split, count - split, false, nodes, proof) &&
         push(proof, begin, split, nodes);
}

}  // namespace

std::optional<Hash> root_at(std::uint64_t size, const NodeSource& nodes) {
  if (size == 0) return empty_root();
  return range_root(0, size, nodes);
}

std::optional<Proof> inclusion_proof(std::uint64_t index, std::uint64_t size, const NodeSource& nodes) {
  Proof proof;
  if (index >= size || !inclusion(index, 0, size, nodes, proof)) return {};
  return proof;
}

std::optional<Proof> consistency_proof(std::uint64_t first, std::uint64_t second, const NodeSource& nodes) {
  Proof proof;
  if (first > second) return {};
  if (first == 0 || first == second) return proof;
  if (!consistency(first, 0, second, true, nodes, proof)) return {};
  return proof;
}

bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, const Proof& proof, const Hash& root) {
  if (index >= size) return false;
  std::uint64_t fn = index;
  std::uint64_t sn = size - 1;
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (sn == 0) return false;
    if ((fn & 1U) != 0 || fn == sn) {
      hash = node_hash(sibling, hash);
      while ((fn & 1U) == 0 && fn != 0) {
        fn >>= 1U;
        sn >>= 1U;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    fn >>= 1U;
    sn >>= 1U;
  }
  return sn == 0 && hash == root;
}

bool verify_consistency(std::uint64_t first, std::uint64_t second, const Hash& first_root, const Hash& second_root,
                        const Proof& proof) {
  if (first > second) return false;
  if (first == second) return proof.empty() && first_root == second_root;
  if (first == 0) return proof.empty() && first_root == empty_root();
  std::size_t at = 0;
  std::uint64_t fn = first - 1;
  std::uint64_t sn = second - 1;
  while ((fn & 1U) != 0) {
    fn >>= 1U;
    sn >>= 1U;
  }
  Hash old_root = first_root;
  Hash new_root = first_root;
  if (!std::has_single_bit(first)) {
    if (proof.empty()) return false;
    old_root = new_root = proof[at++];
  }
  for (; at < proof.size(); ++at) {
    if (sn == 0) return false;
    if ((fn & 1U) != 0 || fn == sn) {
      old_root = node_hash(proof[at], old_root);
      new_root = node_hash(proof[at], new_root);
      while ((fn & 1U) == 0 && fn != 0) {
        fn >>= 1U;
        sn >>= 1U;
      }
    } else {
      new_root = node_hash(new_root, proof[at]);
    }
    fn >>= 1U;
    sn >>= 1U;
  }
  return sn == 0 && old_root == first_root && new_root == second_root;
}

}  // namespace assemblier::storage
