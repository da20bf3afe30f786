// The cache by name: what it holds is right, and it is bounded.

#include "storage/bounded_map.hpp"

#include <map>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::storage::test {
namespace {

std::map<std::string, int> content(const BoundedMap<int>& cache) {
  std::map<std::string, int> all;
  cache.each([&all](const std::string& name, int value) { all[name] = value; });
  return all;
}

TEST(BoundedMap, GivesTheLastValueOrNothingAndHoldsTwiceItsCapacityAtMost) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    BoundedMap<int> cache(4);
    std::map<std::string, int> put;
    for (int turn = 0; turn < 2000; ++turn) {
      const std::string name = fmt::format("n{}", random() % 12);
      if (random() % 2 == 0) {
        cache.put(name, turn);
        put[name] = turn;
        ASSERT_NE(cache.find(name), nullptr);
      }
      if (const int* const kept = cache.find(name)) ASSERT_EQ(*kept, put.at(name));
      ASSERT_LE(content(cache).size(), 8U);
    }
  }
}

// What a verification writes down of it, it finds again when it goes on.
TEST(BoundedMap, IsHeldWholeByAnother) {
  BoundedMap<int> cache(4);
  for (int i = 0; i < 8; ++i) cache.put(fmt::format("n{}", i), i);
  for (int i = 0; i < 8; ++i) static_cast<void>(cache.find(fmt::format("n{}", i)));
  cache.put("n8", 8);
  BoundedMap<int> again(4);
  for (const auto& [name, value] : content(cache)) again.put(name, value);
  EXPECT_EQ(content(again), content(cache));
}

TEST(BoundedMap, ForgetsNothingBetweenTwoCallsOfMakeRoom) {
  BoundedMap<int> cache(4);
  for (int i = 0; i < 6; ++i) cache.keep(fmt::format("n{}", i), i);
  cache.make_room();
  for (int i = 6; i < 1000; ++i) cache.keep(fmt::format("n{}", i), i);
  for (int i = 0; i < 1000; ++i) {
    const int* const kept = cache.held(fmt::format("n{}", i));
    ASSERT_NE(kept, nullptr) << i;
    EXPECT_EQ(*kept, i);
  }
  cache.make_room();
  EXPECT_LE(content(cache).size(), 8U);
}

}  // namespace
}  // namespace assemblier::storage::test
