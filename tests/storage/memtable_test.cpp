// The table in memory against an ordered set of the same keys, and beside readers (also under tsan).

#include "storage/memtable.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace assemblier::storage {
namespace {

using Key = std::pair<std::string, std::uint64_t>;  // user's key, sequence and type

struct Order {
  bool operator()(const Key& a, const Key& b) const {
    return a.first != b.first ? a.first < b.first : a.second > b.second;
  }
};
using Oracle = std::set<Key, Order>;

std::string internal(const Key& key) {
  std::string octets = key.first;
  for (unsigned i = 0; i < 8; ++i) octets += static_cast<char>(key.second >> (8 * i) & 0xFFU);
  return octets;
}

class MemoryTable : public testing::Test {
 protected:
  bool insert(const Key& key) {
    const std::string octets = internal(key);
    const std::size_t head = octets.size() < 128 ? 1 : 2;
    char* entry = nullptr;
    FingerList::Node* const node = list_.make(head + octets.size(), entry, [this](std::size_t room) {
      memory_.push_back(std::make_unique<char[]>(room + 1));
      return memory_.back().get() + memory_.size() % 2;  // aligned or not
    });
    entry[0] = static_cast<char>(head == 1 ? octets.size() : (octets.size() & 0x7FU) | 0x80U);
    if (head == 2) entry[1] = static_cast<char>(octets.size() >> 7U);
    std::memcpy(entry + head, octets.data(), octets.size());
    return list_.insert(node);
  }
  static Key at(const FingerList::Cursor& cursor) {
    const auto* entry = reinterpret_cast<const unsigned char*>(cursor.entry());
    std::size_t size = *entry++;
    if (size >= 128) size = (size & 0x7FU) | std::size_t{*entry++} << 7U;
    std::uint64_t sequence = 0;
    for (unsigned i = 0; i < 8; ++i) sequence |= std::uint64_t{entry[size - 8 + i]} << (8 * i);
    return {{reinterpret_cast<const char*>(entry), size - 8}, sequence};
  }
  static void expect_at(const FingerList::Cursor& cursor, const Oracle& oracle, Oracle::const_iterator wanted) {
    ASSERT_EQ(cursor.valid(), wanted != oracle.end());
    if (cursor.valid()) EXPECT_EQ(at(cursor), *wanted);
  }
  void expect_same(const Oracle& oracle) {
    FingerList::Cursor cursor(list_);
    cursor.first();
    for (auto wanted = oracle.begin(); wanted != oracle.end(); ++wanted, cursor.next())
      ASSERT_NO_FATAL_FAILURE(expect_at(cursor, oracle, wanted));
    EXPECT_FALSE(cursor.valid());
    cursor.last();
    for (auto wanted = oracle.rbegin(); wanted != oracle.rend(); ++wanted, cursor.previous()) {
      ASSERT_TRUE(cursor.valid());
      ASSERT_EQ(at(cursor), *wanted);
    }
    EXPECT_FALSE(cursor.valid());
  }

  FingerList list_;
  std::vector<std::unique_ptr<char[]>> memory_;
};

TEST_F(MemoryTable, HoldsNothingAtFirst) {
  FingerList::Cursor cursor(list_);
  EXPECT_FALSE(cursor.valid());
  cursor.first();
  EXPECT_FALSE(cursor.valid());
  cursor.last();
  EXPECT_FALSE(cursor.valid());
  cursor.seek(internal({"a", 1}));
  EXPECT_FALSE(cursor.valid());
  cursor.seek_back(internal({"a", 1}));
  EXPECT_FALSE(cursor.valid());
}

// Runs in order, several kinds one after the other, as the writer gives them; and keys in no order at all.
TEST_F(MemoryTable, HoldsWhatAnOrderedSetHolds) {
  std::mt19937_64 random(20'241'122);
  Oracle oracle;
  std::uint64_t sequence = 0;
  for (int batch = 0; batch < 120; ++batch) {
    std::vector<Key> keys;
    for (std::uint64_t i = 0, count = random() % 40; i < count; ++i) {
      std::string key(1, static_cast<char>(random() % 4 * 85));
      key += std::to_string(random() % 500);
      if (random() % 8 == 0) key += std::string(random() % 300, '\xFF');
      keys.emplace_back(std::move(key), ++sequence);
    }
    if (batch % 3 != 0) std::ranges::sort(keys, Order{});
    for (const Key& key : keys) {
      EXPECT_TRUE(insert(key));
      oracle.insert(key);
      if (random() % 5 == 0) EXPECT_FALSE(insert(key)) << "the same again";
    }
  }
  expect_same(oracle);
  FingerList::Cursor cursor(list_);
  for (int i = 0; i < 5'000; ++i) {
    Key key = *std::next(oracle.begin(), static_cast<std::ptrdiff_t>(random() % oracle.size()));
    if (random() % 2 == 0) key.second = random() % (sequence + 2);
    if (random() % 4 == 0) key.first += '!';
    cursor.seek(internal(key));
    auto wanted = oracle.lower_bound(key);
    expect_at(cursor, oracle, wanted);
    cursor.seek_back(internal(key));
    wanted = oracle.upper_bound(key);
    ASSERT_EQ(cursor.valid(), wanted != oracle.begin());
    if (cursor.valid()) EXPECT_EQ(at(cursor), *std::prev(wanted));
  }
}

TEST_F(MemoryTable, ReadersBesideTheWriterMissNothingThatWasThere) {
  constexpr std::uint64_t kKeys = 6'000;
  std::atomic<std::uint64_t> written{0};
  std::atomic<bool> wrong{false};
  const auto key_of = [](std::uint64_t i) {
    return Key{std::string(1, 'a' + i % 3) + std::to_string(i * 7919 % kKeys), i};
  };
  std::vector<std::jthread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      for (std::uint64_t known = 0; known < kKeys;) {
        known = written.load(std::memory_order_acquire);
        FingerList::Cursor cursor(list_);
        std::uint64_t seen = 0;
        Key before;
        for (cursor.first(); cursor.valid(); cursor.next()) {
          const Key now = at(cursor);
          if (!before.first.empty() && !Order{}(before, now)) wrong = true;
          seen += now.second < known ? 1 : 0;
          before = now;
        }
        if (seen != known) wrong = true;
        if (known > 0) {
          const Key one = key_of(known / 2);
          cursor.seek(internal(one));
          if (!cursor.valid() || at(cursor) != one) wrong = true;
        }
      }
    });
  }
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    EXPECT_TRUE(insert(key_of(i)));
    written.store(i + 1, std::memory_order_release);
  }
  readers.clear();
  EXPECT_FALSE(wrong);
}

}  // namespace
}  // namespace assemblier::storage
