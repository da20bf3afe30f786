// The tree that a journal keeps over its events: every head and proof against the definition of RFC 6962, written out
// naively here; what a head says of a flux; journals of the format before the tree.

#include "storage/tree.hpp"

#include "storage/journal_rocksdb.hpp"
#include "tests/storage/support.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <random>

namespace assemblier::storage {
namespace {

// MTH of RFC 6962 § 2.1, by its words.
Hash naive_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return sha256({});
  if (leaves.size() == 1) return leaves[0];
  const std::size_t split = std::bit_floor(leaves.size() - 1);
  return sha256("\x01" + to_bytes(naive_root(leaves.first(split))) + to_bytes(naive_root(leaves.subspan(split))));
}

std::vector<Hash> leaves_of(Journal& journal) {
  std::vector<Hash> leaves;
  EXPECT_TRUE(journal.read_all({}, [&](const StoredEvent& event) {
    leaves.push_back(event_hash(event.stored));
    return true;
  }));
  return leaves;
}

struct Last {
  std::uint64_t version;
  Hash hash;
};

// What each flux is at, under the first `size` events.
std::map<std::string, Last> flux_at(Journal& journal, std::uint64_t size) {
  std::map<std::string, Last> flux;
  EXPECT_TRUE(journal.read_all({}, [&](const StoredEvent& event) {
    if (event.header.position.value < size)
      flux[event.header.flux] = {event.header.version.value, event_hash(event.stored)};
    return true;
  }));
  return flux;
}

Hash leaf_of(const std::string& flux, const Last& last) {
  Bytes octets = Bytes(1, '\0') + flux + Bytes(1, '\0');
  for (int shift = 56; shift >= 0; shift -= 8) octets += static_cast<char>(last.version >> shift & 0xFFU);
  return sha256(octets + to_bytes(last.hash));
}

Hash naive_flux_root(const std::map<std::string, Last>& flux) {
  std::vector<Hash> leaves;
  for (const auto& [name, last] : flux) leaves.push_back(leaf_of(name, last));
  return naive_root(leaves);
}

void fill(Journal& journal, int events, unsigned seed) {
  std::mt19937 random(seed);
  const auto start = static_cast<int>(journal.info()->next.value);
  std::vector<AppendRequest> requests;
  for (int i = start; i < start + events; ++i)
    requests.push_back({.events = {make_event("flux/" + std::to_string(random() % 40), std::to_string(i))}});
  for (const auto& done : journal.submit_all(std::move(requests)).get()) ASSERT_TRUE(done);
}

void expect_heads_and_proofs(Journal& journal) {
  const auto leaves = leaves_of(journal);
  const std::uint64_t end = leaves.size();
  std::vector<std::uint64_t> sizes = {0, 1, 2, 3, 255, 256, 257, 511, 512, 513, end - 1, end};
  std::mt19937 random(5);
  for (int i = 0; i < 8; ++i) sizes.push_back(random() % (end + 1));
  std::erase_if(sizes, [end](std::uint64_t size) { return size > end; });
  for (const std::uint64_t size : sizes) {
    const auto head = journal.tree_head(size);
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->size, size);
    EXPECT_EQ(head->root, naive_root(std::span(leaves).first(size))) << size;
    const auto flux = flux_at(journal, size);
    EXPECT_EQ(head->flux.count, flux.size());
    EXPECT_EQ(head->flux.root, naive_flux_root(flux)) << size;
    for (int i = 0; size != 0 && i < 6; ++i) {
      const std::uint64_t position = i == 0 ? size - 1 : random() % size;
      const auto proof = journal.prove_inclusion(Position{position}, size);
      ASSERT_TRUE(proof) << proof.error().message;
      EXPECT_TRUE(verify_inclusion(leaves[position], position, size, *proof, head->root));
      EXPECT_FALSE(verify_inclusion(leaves[(position + 1) % end], position, size, *proof, head->root) && end > 1);
    }
    for (const std::uint64_t before : sizes) {
      if (before > size) continue;
      const auto proof = journal.prove_consistency(before, size);
      ASSERT_TRUE(proof) << proof.error().message;
      EXPECT_TRUE(verify_consistency(before, size, naive_root(std::span(leaves).first(before)), head->root, *proof));
    }
  }
  EXPECT_EQ(journal.tree_head({})->size, end);
  EXPECT_EQ(journal.tree_head(end + 1).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(journal.prove_inclusion(Position{end}, end).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(journal.prove_inclusion(Position{0}, end + 1).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(journal.prove_consistency(end, end + 1).error().kind, ErrorKind::kInvalid);
}

TEST(Tree, HeadsAndProofsAreThoseOfTheDefinition) {
  const auto journal = open_memory({});
  EXPECT_EQ(journal->tree_head({})->root, empty_root());
  for (const int more : {1, 254, 1, 1, 300, 443}) {
    fill(*journal, more, static_cast<unsigned>(more));
    expect_heads_and_proofs(*journal);
  }
  expect_clean(*journal);
}

TEST(Tree, IsFoundAgainAtEveryOpening) {
  const Scratch scratch;
  const std::string directory = scratch / "journal";
  ASSERT_TRUE(create_rocksdb(directory, {}));
  for (const int more : {0, 3, 252, 1, 1, 511, 7}) {
    {
      auto journal = open_rocksdb(directory, {});
      ASSERT_TRUE(journal) << journal.error().message;
      fill(**journal, more, 1);
    }
    auto journal = open_rocksdb(directory, {.limits = {}, .clock = {}, .read_only = true});
    ASSERT_TRUE(journal) << journal.error().message;
    if ((*journal)->info()->next.value != 0) expect_heads_and_proofs(**journal);
    expect_clean(**journal);
  }
}

TEST(Tree, SaysWhereAFluxEndsOrThatThereIsNone) {
  const auto journal = open_memory({});
  fill(*journal, 300, 9);
  for (const std::uint64_t size : {0U, 1U, 17U, 150U, 300U}) {
    const auto head = *journal->tree_head(size);
    const auto flux = flux_at(*journal, size);
    const auto holds = [&](const std::optional<FluxProof::Placed>& placed) {
      return placed && verify_inclusion(flux_leaf_hash(placed->leaf), placed->index, head.flux.count, placed->path,
                                        head.flux.root);
    };
    for (const char* name : {"flux/0", "flux/17", "flux/39", "flux/170", "a", "zzz", "flux/"}) {
      const auto proof = journal->prove_flux(name, size);
      ASSERT_TRUE(proof) << proof.error().message;
      EXPECT_EQ(proof->count, flux.size());
      const auto known = flux.find(name);
      if (known != flux.end()) {
        ASSERT_TRUE(holds(proof->there)) << name << " " << size;
        EXPECT_EQ(proof->there->leaf.flux, name);
        EXPECT_EQ(proof->there->leaf.version.value, known->second.version);
        EXPECT_EQ(proof->there->leaf.hash, known->second.hash);
        continue;
      }
      EXPECT_FALSE(proof->there);
      // Two neighbours side by side, or one at an end, leave no room for it.
      if (proof->before) {
        EXPECT_TRUE(holds(proof->before));
        EXPECT_LT(proof->before->leaf.flux, name);
      }
      if (proof->after) {
        EXPECT_TRUE(holds(proof->after));
        EXPECT_GT(proof->after->leaf.flux, name);
      }
      EXPECT_EQ(proof->before ? proof->before->index + 1 : 0, proof->after ? proof->after->index : proof->count);
    }
  }
}

// A journal of the first format, made by the program of that time.
class FormatOne : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy(std::string(ASSEMBLIER_SOURCE_DIR) + "/tests/storage/golden/format-1", directory_);
  }
  static constexpr std::uint64_t kEvents = 387;
  Scratch scratch_;
  const std::string directory_ = scratch_ / "journal";
};

TEST_F(FormatOne, IsReadAsItIs) {
  const std::string before = fingerprint_of(directory_);
  {
    auto journal = open_rocksdb(directory_, {.limits = {}, .clock = {}, .read_only = true});
    ASSERT_TRUE(journal) << journal.error().message;
    EXPECT_EQ((*journal)->info()->format, 1U);
    EXPECT_EQ((*journal)->info()->next.value, kEvents);
    expect_heads_and_proofs(**journal);
    expect_clean(**journal);
  }
  EXPECT_EQ(fingerprint_of(directory_), before);
}

TEST_F(FormatOne, IsBroughtForwardByTheFirstOpeningForWriting) {
  std::vector<Hash> before;
  {
    auto journal = open_rocksdb(directory_, {.limits = {}, .clock = {}, .read_only = true});
    before = leaves_of(**journal);
  }
  {
    auto journal = open_rocksdb(directory_, {});
    ASSERT_TRUE(journal) << journal.error().message;
    EXPECT_EQ((*journal)->info()->format, 3U);
    EXPECT_EQ(leaves_of(**journal), before);
    fill(**journal, 200, 3);
    expect_clean(**journal);
  }
  auto journal = open_rocksdb(directory_, {.limits = {}, .clock = {}, .read_only = true});
  EXPECT_EQ((*journal)->info()->format, 3U);
  expect_heads_and_proofs(**journal);
  expect_clean(**journal);
}

// A MANIFEST that has lost its end still opens in RocksDB, shorter, and the tables it does not name are then deleted.
TEST_F(FormatOne, NoTruncatedManifestMakesAShorterJournal) {
  const std::string manifest = directory_ + "/MANIFEST-000026";
  const Bytes whole = read_bytes(manifest);
  int found = 0;
  for (std::size_t size = 0; size < whole.size(); size += long_tests() ? 1 : 7) {
    write_bytes(manifest, whole.substr(0, size));
    const std::string before = fingerprint_of(directory_);
    const auto journal = open_rocksdb(directory_, {.limits = {}, .clock = {}, .read_only = true});
    if (!journal) {
      EXPECT_EQ(journal.error().kind, ErrorKind::kDamaged) << size;
      ++found;
      EXPECT_FALSE(open_rocksdb(directory_, {})) << size;
    } else {
      EXPECT_EQ((*journal)->info()->next.value, kEvents) << size;
      EXPECT_EQ(leaves_of(**journal).size(), kEvents) << size;
    }
    EXPECT_EQ(fingerprint_of(directory_), before) << size;
  }
  EXPECT_GT(found, 30);
}

TEST_F(FormatOne, AFileInThePlaceOfAnotherIsFound) {
  const auto refused = [this] {
    const auto journal = open_rocksdb(directory_, {.limits = {}, .clock = {}, .read_only = true});
    return !journal && journal.error().kind == ErrorKind::kDamaged;
  };
  write_bytes(directory_ + "/LOCK", "octets of a log");
  EXPECT_TRUE(refused());
  write_bytes(directory_ + "/LOCK", "");
  EXPECT_FALSE(refused());
  for (const char* name : {"CURRENT", "MANIFEST-000026", "000029.log"}) {
    const std::filesystem::path path = std::filesystem::path(directory_) / name;
    const Bytes kept = read_bytes(path);
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    EXPECT_TRUE(refused()) << name;
    std::filesystem::remove(path);
    write_bytes(path, kept);
  }
  EXPECT_FALSE(refused());
}

}  // namespace
}  // namespace assemblier::storage
