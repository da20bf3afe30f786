// Reading what is asked for, whichever way it is found; subscriptions: every event once and in order, whatever is
// written, stopped or begun again meanwhile.

#include "storage/subscription.hpp"
#include "tests/storage/support.hpp"

#include <atomic>
#include <random>
#include <set>
#include <thread>

namespace assemblier::storage {
namespace {

using std::chrono::milliseconds;

constexpr const char* kTypes[] = {"depot", "avis", "vote"};

// One append of up to three events over some flux of some categories; with an answer, or without one.
AppendRequest some_append(std::mt19937& random, int number) {
  const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
  const std::string id = "acte-" + std::to_string(number);
  AppendRequest request;
  for (int i = 0, count = 1 + below(3); i < count; ++i) {
    const std::string category = below(3) == 0 ? "a" : below(2) == 0 ? "ab" : "b/a";
    NewEvent event = make_event(category + "/" + std::to_string(below(4)), id, static_cast<std::uint32_t>(i));
    event.type = kTypes[below(3)];
    request.events.push_back(event);
  }
  if (below(4) != 0) request.outcome = make_outcome(id, id);
  return request;
}

std::vector<std::uint64_t> positions_of(const std::vector<StoredEvent>& events) {
  std::vector<std::uint64_t> positions;
  for (const StoredEvent& event : events) positions.push_back(event.header.position.value);
  return positions;
}

Selection some_selection(std::mt19937& random) {
  Selection selection;
  if (random() % 3 == 0) selection.flux = random() % 2 == 0 ? "a/1" : "ab/2";
  if (random() % 3 == 0) selection.category = random() % 2 == 0 ? "a" : "b";
  if (random() % 3 == 0) selection.type = kTypes[random() % 3];
  if (random() % 3 == 0) selection.acte_id = "acte-" + std::to_string(random() % 70);
  return selection;
}

TEST(Selection, IsWhatAnyReaderWouldHaveKept) {
  std::mt19937 random(7);
  const auto journal = open_memory({});
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(journal->append(some_append(random, i)));
  const auto all = all_events(*journal);
  for (int i = 0; i < 600; ++i) {
    const Selection selection = some_selection(random);
    Range range{.from = Position{random() % (all.size() + 3)}};
    if (random() % 2 == 0) range.before = Position{random() % (all.size() + 3)};
    const std::size_t most = random() % 2 == 0 ? all.size() : 1 + random() % 3;
    std::vector<std::uint64_t> expected;
    for (const StoredEvent& event : all) {
      const Header& header = event.header;
      const bool kept =
          (selection.flux.empty() || header.flux == selection.flux) &&
          (selection.category.empty() || header.flux.substr(0, header.flux.find('/')) == selection.category) &&
          (selection.type.empty() || header.type == selection.type) &&
          (selection.acte_id.empty() || header.acte_id == selection.acte_id) && header.position >= range.from &&
          (!range.before || header.position < *range.before);
      if (kept && expected.size() < most) expected.push_back(header.position.value);
    }
    std::vector<StoredEvent> found;
    ASSERT_TRUE(read_selected(*journal, selection, range, [&](const StoredEvent& event) {
      found.push_back(event);
      return found.size() < most;
    }));
    EXPECT_EQ(positions_of(found), expected) << i;
  }
}

// One writer, a subscriber that is dropped and begun again where it was, at random; the writer goes on, slowly, until
// that happened a few times.
void follow_beside_a_writer(Journal& writer, int appends, const Selection& selection,
                            const std::function<Subscription(Position)>& subscribe) {
  constexpr int kTimes = 4;
  std::atomic<bool> written = false;
  std::atomic<int> begun = 0;
  std::jthread writing([&] {
    std::mt19937 random(11);
    for (int i = 0; i < appends || begun < kTimes; ++i) {
      EXPECT_TRUE(writer.append(some_append(random, i)));
      if (i >= appends) std::this_thread::sleep_for(milliseconds(10));
    }
    written = true;
  });
  std::mt19937 random(13);
  std::vector<std::uint64_t> seen;
  Position position;
  bool last = false;
  while (!last) {
    Subscription subscription = subscribe(position);
    ++begun;
    for (unsigned left = random() % 8; left > 0 && !last; --left) {
      const bool complete = written;
      const auto events = subscription.next(milliseconds(random() % 30));
      ASSERT_TRUE(events) << events.error().message;
      for (const StoredEvent& event : *events) seen.push_back(event.header.position.value);
      last = complete && events->empty();
    }
    position = subscription.position();
  }
  writing.join();
  std::vector<std::uint64_t> expected;
  ASSERT_TRUE(read_selected(writer, selection, {}, [&](const StoredEvent& event) {
    expected.push_back(event.header.position.value);
    return true;
  }));
  EXPECT_EQ(seen, expected) << "no gap, no double, in order";
}

TEST(Subscription, FollowsAWriterOfItsProcessInMemory) {
  for (const Selection& selection : {Selection{}, Selection{.type = "vote"}, Selection{.flux = "a/1"}}) {
    const auto journal = open_memory({});
    follow_beside_a_writer(*journal, 2'000, selection,
                           [&](Position from) { return Subscription::within(*journal, selection, from); });
  }
}

TEST(Subscription, FollowsTheFilesOfAnother) {
  for (const Selection& selection : {Selection{}, Selection{.category = "ab"}, Selection{.flux = "a/1"}}) {
    const Scratch scratch(Scratch::Where::kMemory);
    auto journal = create_rocksdb(scratch / "journal", {});
    ASSERT_TRUE(journal);
    follow_beside_a_writer(**journal, long_tests() ? 20'000 : 200, selection, [&](Position from) {
      return Subscription::beside(scratch / "journal", selection, from, milliseconds(2));
    });
  }
}

// Files come and go with each opening and closing.
TEST(Subscription, FollowsWritersThatComeAndGo) {
  const Scratch scratch(Scratch::Where::kMemory);
  const std::string directory = scratch / "journal";
  ASSERT_TRUE(create_rocksdb(directory, {}));
  Subscription subscription = Subscription::beside(directory, {}, {}, milliseconds(2));
  std::vector<std::uint64_t> seen, expected;
  for (std::uint64_t i = 0; i < 30; ++i) {
    {
      const auto writer = open_rocksdb(directory, {});
      ASSERT_TRUE(writer) << writer.error().message;
      ASSERT_TRUE((*writer)->append({.events = {make_event("flux/1", std::to_string(i))}}));
    }
    expected.push_back(i);
    if (i % 3 == 0) continue;
    const auto events = subscription.next(milliseconds(100));
    ASSERT_TRUE(events) << events.error().message;
    for (const auto position : positions_of(*events)) seen.push_back(position);
    EXPECT_EQ(seen, expected);
  }
}

TEST(Subscription, WakesWithTheSyncInMemoryAndWaitsNoLonger) {
  const auto journal = open_memory({});
  Subscription subscription = Subscription::within(*journal, {}, {});
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(subscription.next(milliseconds(50))->empty());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(50));
  std::jthread writing([&] {
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_TRUE(journal->append({.events = {make_event("flux/1", "1")}}));
  });
  EXPECT_EQ(subscription.next(std::chrono::minutes(5))->size(), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::minutes(1));
}

// What it gives at once is bounded, so that catching up with a long journal takes no more memory.
TEST(Subscription, CatchesUpByParts) {
  const auto journal = open_memory({});
  const Bytes large(Subscription::kOctets / 4, 'x');
  for (int i = 0; i < 12; ++i)
    ASSERT_TRUE(journal->append({.events = {make_event("f/1", std::to_string(i), 0, large)}}));
  Subscription subscription = Subscription::within(*journal, {}, {});
  std::vector<std::uint64_t> seen;
  for (int parts = 0; seen.size() < 12; ++parts) {
    const auto events = subscription.next(milliseconds(0));
    ASSERT_TRUE(events);
    ASSERT_FALSE(events->empty());
    EXPECT_LE(events->size(), 4U);
    for (const auto position : positions_of(*events)) seen.push_back(position);
  }
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_TRUE(subscription.next(milliseconds(0))->empty());
}

TEST(Subscription, SaysThatTheJournalIsNoLongerTheSame) {
  const Scratch scratch(Scratch::Where::kMemory);
  const std::string directory = scratch / "journal";
  const auto made_with = [&](int events) {
    std::filesystem::remove_all(directory);
    const auto journal = create_rocksdb(directory, {});
    for (int i = 0; i < events; ++i)
      EXPECT_TRUE((*journal)->append({.events = {make_event("flux/1", std::to_string(i))}}));
  };
  made_with(3);
  Subscription subscription = Subscription::beside(directory, {}, {}, milliseconds(2));
  EXPECT_EQ(subscription.next(milliseconds(0))->size(), 3U);
  made_with(5);
  const auto after = subscription.next(milliseconds(0));
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(subscription.position(), Position{3});
  std::filesystem::remove_all(directory);
  EXPECT_EQ(subscription.next(milliseconds(0)).error().kind, ErrorKind::kAbsent);
}

// A subscriber asleep in the middle of its work costs the writer neither its lock nor what an erasure waits for.
TEST(Subscription, HoldsNothingBetweenTwoCalls) {
  const Scratch scratch(Scratch::Where::kMemory);
  const std::string directory = scratch / "journal";
  std::vector<Subscription> stalled;
  {
    const auto journal = create_rocksdb(directory, {});
    ASSERT_TRUE(journal);
    for (int i = 0; i < 2'000; ++i) {
      ASSERT_TRUE((*journal)->append({.events = {make_event("flux/1", std::to_string(i))}}));
      if (i == 1'500) {
        stalled.push_back(Subscription::within(**journal, {}, {}));
        stalled.push_back(Subscription::beside(directory, {}, {}));
        for (Subscription& each : stalled) ASSERT_EQ(each.next(milliseconds(0))->size(), Subscription::kEvents);
      }
    }
    stalled.erase(stalled.begin());  // its journal closes
  }
  EXPECT_TRUE(open_rocksdb(directory, {})) << "nobody is in the way";
  std::size_t left = 0;
  for (auto events = stalled[0].next(milliseconds(0)); events && !events->empty();
       events = stalled[0].next(milliseconds(0)))
    left += events->size();
  EXPECT_EQ(left, 2'000 - Subscription::kEvents);
}

}  // namespace
}  // namespace assemblier::storage
