// The tree against the reference vectors of RFC 6962 implementations, against a naive recursion, and against forged
// proofs.

#include "storage/merkle.hpp"

#include "storage/event.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace assemblier::storage {
namespace {

const std::vector<Bytes>& reference_leaves() {
  static const std::vector<Bytes> leaves = [] {
    std::vector<Bytes> out;
    for (const char* hex :
         {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}) {
      out.push_back(*from_hex(hex));
    }
    return out;
  }();
  return leaves;
}

/// MTH of RFC 6962 § 2.1, word for word.
Hash naive(const std::vector<Hash>& leaves, std::size_t begin, std::size_t end) {
  if (end - begin == 1) return leaves[begin];
  std::size_t split = 1;
  while (split * 2 < end - begin) split *= 2;
  return node_hash(naive(leaves, begin, begin + split), naive(leaves, begin + split, end));
}

std::vector<Hash> leaf_hashes(std::size_t count) {
  std::vector<Hash> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(event_hash(i < 8 ? reference_leaves()[i] : Bytes("leaf " + std::to_string(i))));
  }
  return out;
}

NodeSource nodes_of(const std::vector<Hash>& leaves) {
  return [&leaves](unsigned level, std::uint64_t index) -> std::optional<Hash> {
    const std::size_t width = std::size_t{1} << level;
    if ((index + 1) * width > leaves.size()) return {};
    return naive(leaves, index * width, (index + 1) * width);
  };
}

TEST(Merkle, ReferenceRoots) {
  const char* const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                               "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleFrontier tree;
  const auto leaves = leaf_hashes(8);
  for (std::size_t n = 0; n <= 8; ++n) {
    EXPECT_EQ(to_hex(tree.root()), roots[n]) << n;
    if (n < 8) tree.append(leaves[n]);
  }
}

TEST(Merkle, FrontierNodesAndProofsAgreeWithTheDefinition) {
  const auto leaves = leaf_hashes(70);
  const auto nodes = nodes_of(leaves);
  MerkleFrontier tree;
  for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
    tree.append(leaves[size - 1],
                [&](unsigned level, std::uint64_t index, const Hash& hash) { EXPECT_EQ(hash, *nodes(level, index)); });
    const Hash root = naive(leaves, 0, size);
    ASSERT_EQ(tree.root(), root);
    ASSERT_EQ(root_at(size, nodes), root);
    for (std::uint64_t i = 0; i < size; ++i) {
      const auto proof = inclusion_proof(i, size, nodes);
      ASSERT_TRUE(proof);
      EXPECT_TRUE(verify_inclusion(leaves[i], i, size, *proof, root));
    }
    for (std::uint64_t first = 0; first <= size; ++first) {
      const auto proof = consistency_proof(first, size, nodes);
      ASSERT_TRUE(proof);
      const Hash old_root = first == 0 ? empty_root() : naive(leaves, 0, first);
      EXPECT_TRUE(verify_consistency(first, size, old_root, root, *proof)) << first << " of " << size;
    }
  }
}

TEST(Merkle, SubtreesRebuildTheFrontier) {
  const auto leaves = leaf_hashes(70);
  MerkleFrontier tree;
  tree.append_subtree(6, naive(leaves, 0, 64));
  tree.append_subtree(2, naive(leaves, 64, 68));
  tree.append(leaves[68]);
  tree.append(leaves[69]);
  EXPECT_EQ(tree.root(), naive(leaves, 0, 70));
}

TEST(Merkle, ForgedInclusionFails) {
  const auto leaves = leaf_hashes(8);
  const auto nodes = nodes_of(leaves);
  for (std::uint64_t size = 1; size <= 8; ++size) {
    const Hash root = naive(leaves, 0, size);
    for (std::uint64_t i = 0; i < size; ++i) {
      const Proof proof = *inclusion_proof(i, size, nodes);
      EXPECT_FALSE(verify_inclusion(leaves[i], i + size, size, proof, root));
      for (std::uint64_t other = 0; other < size; ++other) {
        if (other != i) EXPECT_FALSE(verify_inclusion(leaves[i], other, size, proof, root));
      }
      EXPECT_FALSE(verify_inclusion(event_hash("something else"), i, size, proof, root));
      EXPECT_FALSE(verify_inclusion(leaves[i], i, size, proof, empty_root()));
      for (std::size_t at = 0; at < proof.size(); ++at) {
        Proof bad = proof;
        bad[at].octets[0] ^= 1;
        EXPECT_FALSE(verify_inclusion(leaves[i], i, size, bad, root));
        bad = proof;
        bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(at));
        EXPECT_FALSE(verify_inclusion(leaves[i], i, size, bad, root));
      }
      Proof longer = proof;
      longer.push_back(root);
      EXPECT_FALSE(verify_inclusion(leaves[i], i, size, longer, root));
      longer = proof;
      longer.insert(longer.begin(), root);
      EXPECT_FALSE(verify_inclusion(leaves[i], i, size, longer, root));
    }
  }
}

TEST(Merkle, ForgedConsistencyFails) {
  const auto leaves = leaf_hashes(8);
  const auto nodes = nodes_of(leaves);
  for (std::uint64_t second = 2; second <= 8; ++second) {
    for (std::uint64_t first = 1; first < second; ++first) {
      const Hash old_root = naive(leaves, 0, first);
      const Hash root = naive(leaves, 0, second);
      const Proof proof = *consistency_proof(first, second, nodes);
      EXPECT_FALSE(verify_consistency(second, first, old_root, root, proof));
      EXPECT_FALSE(verify_consistency(first, second, root, old_root, proof));
      EXPECT_FALSE(verify_consistency(first, second, root, root, proof));
      EXPECT_FALSE(verify_consistency(first, second, old_root, old_root, proof));
      EXPECT_FALSE(verify_consistency(first, second, old_root, root, {}));
      Proof longer = proof;
      longer.push_back(root);
      EXPECT_FALSE(verify_consistency(first, second, old_root, root, longer));
      for (std::size_t at = 0; at < proof.size(); ++at) {
        Proof bad = proof;
        bad[at].octets[31] ^= 1;
        EXPECT_FALSE(verify_consistency(first, second, old_root, root, bad));
      }
    }
  }
  EXPECT_FALSE(verify_consistency(1, 1, leaves[0], leaves[1], {}));
}

}  // namespace
}  // namespace assemblier::storage
