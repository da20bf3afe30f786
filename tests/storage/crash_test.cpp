// Some hundred seeds of the crash campaign; tools/crash runs thousands. And the canaries, without which a campaign that
// finds nothing says nothing.

#include "tests/storage/support.hpp"
#include "tools/crash/campaign.hpp"

namespace assemblier::crash {
namespace {

using storage::Scratch;

std::uint64_t seeds() { return storage::long_tests() ? 10'000 : 150; }

// How many seeds it takes until one is violated; nothing: none was.
std::optional<std::uint64_t> caught_after(std::uint64_t limit, const std::function<SeedReport(std::uint64_t)>& run) {
  for (std::uint64_t seed = 1; seed <= limit; ++seed) {
    if (run(seed).violation) return seed;
  }
  return std::nullopt;
}

TEST(Crash, WhateverFailsTheJournalKeepsWhatItOwes) {
  const Scratch scratch(Scratch::Where::kMemory);
  std::filesystem::create_directory(scratch / "atelier");
  const Workshop workshop(scratch / "atelier");
  SeedReport sum;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const SeedReport report = run_seed(workshop, seed, Canary::kNone);
    ASSERT_FALSE(report.violation) << "seed " << seed << ": " << *report.violation;
    sum.add(report);
  }
  // The campaign has met what it is for.
  for (std::size_t i = 1; i < kFaults; ++i) EXPECT_GT(sum.faults[i], 0U) << "fault " << i << " never struck";
  EXPECT_GT(sum.crashes, seeds() / 4);
  EXPECT_GT(sum.lost.octets, 0U);
  EXPECT_GT(sum.lost.names, 0U);
  EXPECT_GT(sum.lost.torn, 0U);
  EXPECT_GT(sum.refused_openings, 0U);
  EXPECT_GT(sum.kept_beyond, 0U);
}

TEST(Crash, AKilledProcessTooKeepsWhatItAcknowledged) {
  const Scratch scratch(Scratch::Where::kMemory);
  std::filesystem::create_directory(scratch / "atelier");
  const Workshop workshop(scratch / "atelier");
  SeedReport sum;
  for (std::uint64_t seed = 1; seed <= seeds() / 10; ++seed) {
    const SeedReport report = run_killed(workshop, seed, ASSEMBLIER_CRASH, Canary::kNone);
    ASSERT_FALSE(report.violation) << "seed " << seed << ": " << *report.violation;
    sum.add(report);
  }
  EXPECT_GT(sum.crashes, seeds() / 20);
  EXPECT_GT(sum.acknowledged, 0U);
}

TEST(Crash, EachCanaryIsCaughtWithinFewSeeds) {
  const Scratch scratch(Scratch::Where::kMemory);
  std::filesystem::create_directory(scratch / "atelier");
  const Workshop workshop(scratch / "atelier");
  for (const Canary canary : {Canary::kSync, Canary::kRecord, Canary::kLate}) {
    const auto caught = caught_after(30, [&](std::uint64_t seed) { return run_seed(workshop, seed, canary); });
    EXPECT_TRUE(caught) << "canary " << static_cast<int>(canary) << " lives";
  }
  for (const Canary canary : {Canary::kRecord, Canary::kLate}) {
    const auto caught =
        caught_after(30, [&](std::uint64_t seed) { return run_killed(workshop, seed, ASSEMBLIER_CRASH, canary); });
    EXPECT_TRUE(caught) << "canary " << static_cast<int>(canary) << " survives kill -9";
  }
}

}  // namespace
}  // namespace assemblier::crash
