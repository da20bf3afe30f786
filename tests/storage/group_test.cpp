// Consumer groups against a model held in memory; crashes, other hands on the file, and what is refused.

#include "storage/group.hpp"

#include "storage/group_file.hpp"
#include "tests/storage/support.hpp"

#include <map>
#include <random>
#include <set>
#include <thread>

#include <sys/wait.h>

namespace assemblier::storage {
namespace {

using std::chrono::seconds;
using Kind = OpenEvent::Kind;

constexpr std::int64_t kSecond = 1'000'000;

class Groups : public ::testing::Test {
 protected:
  void fill(int first, int last) {
    for (int i = first; i < last; ++i) {
      NewEvent event = make_event("flux/" + std::to_string(i % 3), std::to_string(i));
      event.type = i % 2 == 0 ? "pair" : "impair";
      ASSERT_TRUE(journal_->append({.events = {event}}));
    }
  }
  void create(const GroupTerms& terms) {
    const auto made = Group::create(directory_, id(), terms);
    ASSERT_TRUE(made) << made.error().message;
  }
  std::string id() const { return journal_->info()->journal_id; }
  Result<Group> open() {
    return Group::open(directory_, [this] { return now_; });
  }
  std::vector<std::uint64_t> take(std::size_t count) {
    auto group = open();
    EXPECT_TRUE(group) << group.error().message;
    const auto taken = group->take(*journal_, count);
    EXPECT_TRUE(taken) << taken.error().message;
    std::vector<std::uint64_t> positions;
    for (const Delivery& delivery : *taken) positions.push_back(delivery.event.header.position.value);
    return positions;
  }
  using Positions = std::vector<std::uint64_t>;

  const Scratch scratch_{Scratch::Where::kMemory};
  const std::string directory_ = scratch_ / "groupe";
  const std::unique_ptr<Journal> journal_ = open_memory({});
  std::int64_t now_ = 1'700'000'000 * kSecond;
};

TEST_F(Groups, DeliversAcknowledgesRetriesParksAndReplays) {
  fill(0, 10);
  create({.attempts = 3, .answer_within = seconds(60), .first_pause = seconds(10), .longest_pause = seconds(15)});
  EXPECT_EQ(take(4), (Positions{0, 1, 2, 3}));
  EXPECT_EQ(take(1), (Positions{4})) << "another consumer gets another event";
  ASSERT_TRUE(open()->acknowledge({Position{1}, Position{0}, Position{3}}));
  EXPECT_EQ(open()->state().checkpoint, Position{2}) << "all before it is acknowledged";
  ASSERT_TRUE(open()->reject({Position{2}}, "panne", false));
  EXPECT_EQ(take(1), (Positions{5})) << "not before its pause";
  now_ += 10 * kSecond;
  EXPECT_EQ(take(2), (Positions{2, 6}));
  ASSERT_TRUE(open()->reject({Position{2}}, "panne", false));
  now_ += 14 * kSecond;
  EXPECT_EQ(take(1), (Positions{7})) << "the pause doubles, up to the longest";
  now_ += kSecond;
  EXPECT_EQ(take(1), (Positions{2}));
  ASSERT_TRUE(open()->reject({Position{2}}, "panne durable", false));
  const auto parked = open()->record().open.at(Position{2});
  EXPECT_EQ(parked.kind, Kind::kParked) << "after three attempts";
  EXPECT_EQ(parked.reason, "panne durable");
  EXPECT_EQ(open()->state().checkpoint, Position{4}) << "it stands in nobody's way";
  EXPECT_EQ(*open()->replay({}), 1U);
  EXPECT_EQ(take(1), (Positions{2}));
  ASSERT_TRUE(open()->acknowledge({Position{2}}));
  // 4 to 7 are with consumers that never answer.
  now_ += 60 * kSecond;
  EXPECT_EQ(take(9), (Positions{4, 5, 6, 7, 8, 9}));
  now_ += 60 * kSecond;
  EXPECT_EQ(take(9).size(), 6U);
  now_ += 60 * kSecond;
  EXPECT_EQ(take(9), (Positions{8, 9})) << "4 to 7 had their three attempts";
  EXPECT_EQ(open()->state().parked, 4U);
  EXPECT_NE(open()->record().open.at(Position{4}).reason.find("60"), std::string::npos);
  EXPECT_EQ(*open()->replay({Position{5}}), 1U);
  EXPECT_EQ(take(9), (Positions{5}));
}

// Whatever the order of commands, times, and openings, each selected event is with one consumer at a time, comes again
// until it is acknowledged or parked, and never after.
TEST_F(Groups, LosesNothingWhateverHappens) {
  for (unsigned seed = 0; seed < (long_tests() ? 400U : 40U); ++seed) {
    std::mt19937 random(seed);
    const Scratch place(Scratch::Where::kMemory);
    const std::string directory = place / "groupe";
    const auto journal = open_memory({});
    const Selection selection = seed % 2 == 0 ? Selection{} : Selection{.type = "pair"};
    const std::uint32_t attempts = 1 + seed % 4;
    ASSERT_TRUE(Group::create(directory, journal->info()->journal_id,
                              {.selection = selection, .from = Position{seed % 3}, .attempts = attempts}));
    std::map<std::uint64_t, std::uint32_t> in_flight;  // and how many times it came since it was last replayed
    std::map<std::uint64_t, std::uint32_t> waiting;    // the same, rejected
    std::set<std::uint64_t> done, parked;
    std::int64_t now = 0;
    std::uint64_t events = 0;
    const auto some_of = [&](const auto& from) {
      auto at = from.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(random() % from.size()));
      return at;
    };
    for (int step = 0; step < 120; ++step) {
      auto group = Group::open(directory, [&] { return now; });
      ASSERT_TRUE(group);
      switch (random() % 6) {
        case 0: {
          NewEvent event = make_event("flux/1", std::to_string(events));
          event.type = events % 2 == 0 ? "pair" : "impair";
          ++events;
          ASSERT_TRUE(journal->append({.events = {event}}));
          break;
        }
        case 1:
        case 2: {
          const auto taken = group->take(*journal, 1 + random() % 3);
          ASSERT_TRUE(taken);
          for (const Delivery& delivery : *taken) {
            const std::uint64_t position = delivery.event.header.position.value;
            EXPECT_FALSE(done.contains(position) || parked.contains(position) || in_flight.contains(position));
            EXPECT_TRUE(selects(selection, delivery.event.header) && position >= seed % 3);
            EXPECT_EQ(delivery.attempt, waiting.contains(position) ? waiting[position] + 1 : 1);
            waiting.erase(position);
            in_flight[position] = delivery.attempt;
          }
          break;
        }
        case 3:
          if (in_flight.empty()) break;
          {
            const auto at = some_of(in_flight);
            ASSERT_TRUE(group->acknowledge({Position{at->first}}));
            done.insert(at->first);
            in_flight.erase(at);
          }
          break;
        case 4:
          if (in_flight.empty()) break;
          {
            const auto at = some_of(in_flight);
            ASSERT_TRUE(group->reject({Position{at->first}}, "non", false));
            if (at->second < attempts) {
              waiting.insert(*at);
            } else {
              parked.insert(at->first);
            }
            in_flight.erase(at);
          }
          break;
        default:
          if (!parked.empty() && random() % 2 == 0) {
            const std::uint64_t position = *some_of(parked);
            ASSERT_TRUE(group->replay({Position{position}}));
            parked.erase(position);
            waiting[position] = 0;
          } else {
            now += static_cast<std::int64_t>(random() % 3) * kSecond;  // less than an answer may take, all in all
            now = std::min(now, 50 * kSecond);
          }
      }
      EXPECT_EQ(group->state().in_flight, in_flight.size());
      EXPECT_EQ(group->state().retries, waiting.size());
      EXPECT_EQ(group->state().parked, parked.size());
    }
    // At last everything is answered.
    now += 3'600 * kSecond;
    auto group = Group::open(directory, [&] { return now; });
    ASSERT_TRUE(group->replay({}));
    for (bool more = true; more;) {
      const auto taken = group->take(*journal, 1'000);
      ASSERT_TRUE(taken);
      for (const Delivery& delivery : *taken) {
        ASSERT_TRUE(group->acknowledge({delivery.event.header.position}));
        EXPECT_TRUE(done.insert(delivery.event.header.position.value).second) << "never after its acknowledgement";
      }
      more = !taken->empty() || group->state().parked > 0;
      if (group->state().parked > 0) ASSERT_TRUE(group->replay({}));
    }
    std::set<std::uint64_t> all;
    ASSERT_TRUE(read_selected(*journal, selection, {.from = Position{seed % 3}}, [&](const StoredEvent& event) {
      all.insert(event.header.position.value);
      return true;
    }));
    EXPECT_EQ(done, all) << seed;
    EXPECT_EQ(group->state().checkpoint, std::max(journal->info()->next, Position{seed % 3}));
  }
}

// A process that consumes as fast as it can is killed at any moment: what it said it had acknowledged stays so, the
// rest comes again.
TEST_F(Groups, SurvivesAKill) {
  fill(0, 3'000);
  create({.attempts = 1'000, .answer_within = seconds(0)});
  std::set<std::uint64_t> acknowledged;
  std::mt19937 random(5);
  for (int kills = 0; kills < (long_tests() ? 100 : 10); ++kills) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t process = ::fork();
    if (process == 0) {
      while (true) {
        auto group = Group::open(directory_);
        if (!group) ::_exit(1);
        const auto taken = group->take(*journal_, 3);
        if (!taken || taken->empty()) ::_exit(taken ? 0 : 2);
        const std::uint64_t position = taken->front().event.header.position.value;
        if (!group->acknowledge({Position{position}})) ::_exit(3);
        if (::write(ends[1], &position, sizeof position) != sizeof position) ::_exit(4);
      }
    }
    ::close(ends[1]);
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
    ::kill(process, SIGKILL);
    int status = 0;
    ::waitpid(process, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
    std::uint64_t position = 0;
    while (::read(ends[0], &position, sizeof position) == sizeof position)
      EXPECT_TRUE(acknowledged.insert(position).second) << position << " came again after its acknowledgement";
    ::close(ends[0]);
  }
  EXPECT_GT(acknowledged.size(), 5U);
  // One acknowledgement a kill may be on disk and not said.
  std::size_t rest = 0;
  auto group = Group::open(directory_);
  ASSERT_TRUE(group);
  for (auto taken = group->take(*journal_, 1'000); taken && !taken->empty(); taken = group->take(*journal_, 1'000)) {
    std::vector<Position> positions;
    for (const Delivery& delivery : *taken) {
      positions.push_back(delivery.event.header.position);
      EXPECT_FALSE(acknowledged.contains(positions.back().value));
    }
    rest += positions.size();
    ASSERT_TRUE(group->acknowledge(positions));
  }
  EXPECT_GE(acknowledged.size() + rest + 100, 3'000U);
  EXPECT_EQ(group->state().checkpoint, Position{3'000});
}

TEST_F(Groups, IsHeldByOneAtATimeAndWaitsForItsTurn) {
  fill(0, 2'000);
  create({.answer_within = seconds(600)});
  std::vector<std::uint64_t> taken[4];
  {
    std::vector<std::jthread> consumers;
    for (auto& mine : taken) {
      consumers.emplace_back([&] {
        for (auto got = take(25); !got.empty(); got = take(25)) mine.insert(mine.end(), got.begin(), got.end());
      });
    }
  }
  std::vector<std::uint64_t> all;
  for (const auto& mine : taken) all.insert(all.end(), mine.begin(), mine.end());
  std::ranges::sort(all);
  ASSERT_EQ(all.size(), 2'000U) << "each event is with one of them";
  for (std::uint64_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i);
}

TEST_F(Groups, AChangedOctetIsSeen) {
  fill(0, 5);
  create({.selection = {.category = "flux", .type = ""}});
  take(3);
  ASSERT_TRUE(open()->reject({Position{1}}, "à revoir", true));
  const std::string file = directory_ + "/" + kGroupFile;
  const std::string whole = read_bytes(file);
  EXPECT_EQ(encode_group(*decode_group(whole)), whole);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x01);
    EXPECT_FALSE(decode_group(changed)) << at;
    EXPECT_FALSE(decode_group(whole.substr(0, at))) << at;
  }
  write_bytes(file, whole.substr(0, whole.size() / 2));
  EXPECT_EQ(open().error().kind, ErrorKind::kDamaged);
}

TEST_F(Groups, RefusesWhatCannotBe) {
  fill(0, 5);
  EXPECT_EQ(open().error().kind, ErrorKind::kAbsent);
  EXPECT_FALSE(std::filesystem::exists(directory_)) << "opening makes nothing";
  EXPECT_EQ(Group::create(directory_, id(), {.attempts = 0}).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(Group::create(directory_, id(), {.first_pause = seconds(9), .longest_pause = seconds(8)}).error().kind,
            ErrorKind::kInvalid);
  ASSERT_TRUE(create_rocksdb(scratch_ / "journal", {}));
  EXPECT_EQ(Group::create(scratch_ / "journal/groupe", id(), {}).error().kind, ErrorKind::kInvalid);
  create({});
  EXPECT_EQ(Group::create(directory_, id(), {}).error().kind, ErrorKind::kExists);
  const auto other = open_memory({});
  EXPECT_EQ(open()->take(*other, 1).error().kind, ErrorKind::kInvalid) << "another journal";
  take(2);
  const std::string before = read_bytes(directory_ + "/" + kGroupFile);
  EXPECT_EQ(open()->acknowledge({Position{0}, Position{2}}).error().kind, ErrorKind::kInvalid) << "not delivered yet";
  EXPECT_EQ(open()->reject({Position{0}, Position{2}}, "", false).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(open()->replay({Position{0}}).error().kind, ErrorKind::kInvalid) << "not parked";
  EXPECT_EQ(read_bytes(directory_ + "/" + kGroupFile), before) << "all or none";
  ASSERT_TRUE(open()->acknowledge({Position{0}}));
  EXPECT_TRUE(open()->acknowledge({Position{0}})) << "acknowledged already";
  EXPECT_FALSE(open()->reject({Position{0}}, "", false));
  JournalInfo cut = *journal_->info();
  cut.next = Position{1};
  EXPECT_EQ(open()->check_journal(cut).error().kind, ErrorKind::kInvalid) << "the journal has lost its end";
}

}  // namespace
}  // namespace assemblier::storage
