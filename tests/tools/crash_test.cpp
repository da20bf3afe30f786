// Some hundred seeds of the crash campaign; tools/crash runs thousands. And the canaries, without which a campaign that
// finds nothing says nothing.

#include "storage/journal_rocksdb.hpp"
#include "tests/storage/support.hpp"
#include "tools/crash/campaign.hpp"

namespace assemblier::crash {
namespace {

using storage::Scratch;

std::uint64_t seeds() { return storage::long_tests() ? 10'000 : 120; }

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

// What a failed sync leaves is seen by the next opening, though no disk has it: recovery may build on it, and lose its
// power at any operation, without what remains passing for damage.
TEST(Crash, ARecoveryCutAnywhereIsNoDamage) {
  using storage::make_event;
  std::mt19937_64 random(11);
  const Scratch scratch(Scratch::Where::kMemory);
  std::filesystem::create_directory(scratch / "atelier");
  const Workshop workshop(scratch / "atelier");
  for (std::uint64_t at = 1; at < 60; ++at) {
    const std::string directory = workshop.journal();
    Disk disk(directory);
    const auto open = [&]() -> storage::Result<std::unique_ptr<storage::Journal>> {
      auto store = storage::open_rocksdb_store(directory, false, disk.env());
      if (!store) return std::unexpected(std::move(store.error()));
      return storage::open_journal(std::move(*store), {});
    };
    {
      auto journal = open();
      ASSERT_TRUE(journal) << journal.error().message;
      ASSERT_TRUE((*journal)->append({.events = {make_event("a", "1")}}));
      disk.arm({Fault::kSyncError, 1});
      ASSERT_FALSE((*journal)->append({.events = {make_event("a", "2")}}));
      ASSERT_TRUE(disk.struck());
    }
    disk.arm({Fault::kPowerCut, at});
    static_cast<void>(open());
    const bool cut = disk.struck();
    disk.cut();
    static_cast<void>(at % 2 == 0 ? disk.crash(random) : disk.crash_hard());
    auto journal = open();
    ASSERT_TRUE(journal) << "cut at operation " << at << ": " << journal.error().message;
    EXPECT_GE((*journal)->info()->next.value, 1U);
    storage::expect_clean(**journal);
    if (!cut) break;  // the opening has fewer operations
    EXPECT_LT(at, 59U);
  }
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
  for (const Canary canary : {Canary::kSync, Canary::kNames, Canary::kRecord, Canary::kLate}) {
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
