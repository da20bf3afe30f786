// One contract, run against every backend. `--gtest_filter=*Memory*` runs it without RocksDB (thread sanitizer).

#include "tests/storage/support.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

namespace assemblier::storage {
namespace {

enum class Backend { kMemory, kRocksDb };

class Contract : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override { open({}); }

  void open(JournalOptions options) {
    journal_.reset();
    if (GetParam() == Backend::kMemory) {
      journal_ = open_memory(std::move(options));
      return;
    }
    scratch_ = std::make_unique<Scratch>();
    auto created = create_rocksdb(*scratch_ / "journal", std::move(options));
    ASSERT_TRUE(created) << created.error().message;
    journal_ = std::move(*created);
  }

  Result<AppendResult> add(const std::string& flux, std::vector<Expectation> expected = {}) {
    const std::string id = "acte-" + std::to_string(++actes_);
    return journal_->append({.events = {make_event(flux, id)}, .expected = std::move(expected), .outcome = {}});
  }

  std::uint64_t count() { return journal_->info()->next.value; }

  std::unique_ptr<Scratch> scratch_;
  std::unique_ptr<Journal> journal_;
  int actes_ = 0;
};

TEST_P(Contract, EmptyJournal) {
  const auto info = journal_->info();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->format, 3U);
  EXPECT_EQ(info->journal_id.size(), 36U);
  EXPECT_EQ(info->next.value, 0U);
  EXPECT_EQ(info->flux_count, 0U);
  EXPECT_TRUE(all_events(*journal_).empty());
  EXPECT_TRUE(flux_events(*journal_, "nothing").empty());
  EXPECT_FALSE(*journal_->head("nothing"));
  EXPECT_FALSE(*journal_->outcome("nothing"));
  expect_clean(*journal_);
}

TEST_P(Contract, AppendGivesPositionsVersionsAndChain) {
  const auto done =
      journal_->append({.events = {make_event("a", "1", 0), make_event("b", "1", 1), make_event("a", "1", 2)},
                        .expected = {},
                        .outcome = make_outcome("1")});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(done->already);
  EXPECT_EQ(done->first.value, 0U);
  EXPECT_EQ(done->count, 3U);
  ASSERT_TRUE(add("a"));

  const auto events = all_events(*journal_);
  ASSERT_EQ(events.size(), 4U);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].header.position.value, i);
    EXPECT_EQ(events[i].stored, encode_event(events[i].header, events[i].payload));
  }
  EXPECT_EQ(events[2].header.version.value, 1U);
  EXPECT_EQ(events[3].header.version.value, 2U);
  EXPECT_EQ(events[0].header.previous, Hash{});
  EXPECT_EQ(events[1].header.previous, Hash{});
  EXPECT_EQ(events[2].header.previous, event_hash(events[0].stored));
  EXPECT_EQ(events[3].header.previous, event_hash(events[2].stored));
  EXPECT_EQ(events[0].header.author, "Zoé");
  EXPECT_EQ(events[0].header.payload_hash, sha256(events[0].payload));

  const auto head = journal_->head("a");
  ASSERT_TRUE(head && *head);
  EXPECT_EQ((*head)->version.value, 2U);
  EXPECT_EQ((*head)->position.value, 3U);
  EXPECT_EQ((*head)->hash, event_hash(events[3].stored));
  EXPECT_EQ(flux_events(*journal_, "a").size(), 3U);
  EXPECT_EQ(flux_events(*journal_, "a", Version{1}).size(), 2U);
  EXPECT_TRUE(flux_events(*journal_, "a", Version{3}).empty());
  EXPECT_EQ(all_events(*journal_, Position{2}).size(), 2U);
  EXPECT_EQ(journal_->info()->flux_count, 2U);
  expect_clean(*journal_);
}

// Rows: what the flux is expected to be. Columns: the flux absent, at version 0, at version 1.
TEST_P(Contract, ExpectedVersionsMatrix) {
  struct Row {
    const char* name;
    std::function<Expectation(const std::string&)> make;
    bool absent;
    bool at_0;
    bool at_1;
  };
  const Row rows[] = {
      {"any", any, true, true, true},
      {"none", none, true, false, false},
      {"exactly 0", [](const std::string& flux) { return exactly(flux, 0); }, false, true, false},
      {"exactly 1", [](const std::string& flux) { return exactly(flux, 1); }, false, false, true},
      {"exactly 7", [](const std::string& flux) { return exactly(flux, 7); }, false, false, false},
  };
  for (const bool check_only : {false, true}) {
    for (const Row& row : rows) {
      for (int events = 0; events < 3; ++events) {
        const std::string flux = std::string(row.name) + (check_only ? "/check/" : "/write/") + std::to_string(events);
        for (int i = 0; i < events; ++i) ASSERT_TRUE(add(flux));
        const bool holds = events == 0 ? row.absent : events == 1 ? row.at_0 : row.at_1;
        const std::uint64_t before = count();
        const auto done = add(check_only ? "elsewhere" : flux, {row.make(flux)});
        EXPECT_EQ(done.has_value(), holds) << flux;
        if (!holds) {
          EXPECT_EQ(done.error().kind, ErrorKind::kConflict) << flux;
          EXPECT_NE(done.error().message.find(flux), std::string::npos) << done.error().message;
        }
        EXPECT_EQ(count(), before + (holds ? 1 : 0)) << flux;
        if (check_only) {
          EXPECT_EQ(flux_events(*journal_, flux).size(), static_cast<std::size_t>(events));
        }
      }
    }
  }
  expect_clean(*journal_);
}

TEST_P(Contract, OneUnmetExpectationStopsAllFlux) {
  ASSERT_TRUE(add("a"));
  const auto done = journal_->append({.events = {make_event("b", "x", 0), make_event("a", "x", 1)},
                                      .expected = {none("b"), exactly("a", 5)},
                                      .outcome = make_outcome("x")});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(count(), 1U);
  EXPECT_FALSE(*journal_->outcome("x"));
  EXPECT_TRUE(flux_events(*journal_, "b").empty());
  expect_clean(*journal_);
}

TEST_P(Contract, SameIdSameContentGivesTheFirstAnswer) {
  const auto request = [](const std::string& answer) {
    return AppendRequest{.events = {make_event("a", "id", 0), make_event("b", "id", 1)},
                         .expected = {none("a")},
                         .outcome = make_outcome("id", "same", answer)};
  };
  ASSERT_TRUE(add("other"));
  const auto first = journal_->append(request("first"));
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(add("a"));
  // The expectation no longer holds, and other effects would be derived now: the first answer stands.
  const auto again = journal_->append(request("second"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->already);
  EXPECT_EQ(again->first, first->first);
  EXPECT_EQ(again->count, 2U);
  EXPECT_EQ(again->answer, "first");
  EXPECT_EQ(count(), 4U);

  auto partial = request("third");
  partial.events.pop_back();
  EXPECT_TRUE(journal_->append(partial)->already);
  EXPECT_EQ(count(), 4U);

  const auto kept = journal_->outcome("id");
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ((*kept)->outcome.answer, "first");
  EXPECT_NE((*kept)->outcome.fingerprint, sha256("same"));  // kept under a key
  EXPECT_EQ(journal_->same_request(**kept, sha256("same")), true);
  EXPECT_EQ(journal_->same_request(**kept, sha256("other")), false);
  EXPECT_EQ((*kept)->first.value, 1U);
  EXPECT_EQ((*kept)->count, 2U);
  expect_clean(*journal_);
}

TEST_P(Contract, SameIdOtherContentIsRefused) {
  ASSERT_TRUE(
      journal_->append({.events = {make_event("a", "id")}, .expected = {}, .outcome = make_outcome("id", "one")}));
  const auto other =
      journal_->append({.events = {make_event("a", "id")}, .expected = {}, .outcome = make_outcome("id", "two")});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kOtherContent);
  EXPECT_NE(other.error().message.find("« id »"), std::string::npos) << other.error().message;
  EXPECT_EQ(count(), 1U);
  expect_clean(*journal_);
}

TEST_P(Contract, RefusalIsAnOutcomeWithoutEvents) {
  const AppendRequest refusal{.events = {}, .expected = {}, .outcome = make_outcome("no", "asked", "refused because")};
  const auto first = journal_->append(refusal);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->count, 0U);
  EXPECT_EQ(count(), 0U);
  const auto again = journal_->append(refusal);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->already);
  EXPECT_EQ(again->answer, "refused because");
  // What was refused once stays refused under that id, even if it now comes with events.
  EXPECT_TRUE(
      journal_->append({.events = {make_event("a", "no")}, .expected = {}, .outcome = make_outcome("no", "asked")})
          ->already);
  EXPECT_EQ(count(), 0U);
  expect_clean(*journal_);
}

// Queued together, these share batches: what is pending counts as much as what is on disk.
TEST_P(Contract, PendingRequestsOfOneBatchSeeEachOther) {
  std::vector<std::future<Result<AppendResult>>> same;
  std::vector<std::future<Result<AppendResult>>> racing;
  for (int i = 0; i < 50; ++i) {
    same.push_back(journal_->submit(
        {.events = {make_event("same", "one id")}, .expected = {}, .outcome = make_outcome("one id")}));
    racing.push_back(journal_->submit(
        {.events = {make_event("race", std::to_string(i))}, .expected = {none("race")}, .outcome = {}}));
  }
  auto other = journal_->submit(
      {.events = {make_event("same", "one id")}, .expected = {}, .outcome = make_outcome("one id", "other")});
  int written = 0;
  int won = 0;
  for (auto& future : same) {
    const auto done = future.get();
    ASSERT_TRUE(done) << done.error().message;
    if (!done->already) ++written;
    EXPECT_EQ(done->first.value, 0U);
    EXPECT_EQ(done->count, 1U);
  }
  for (auto& future : racing) {
    const auto done = future.get();
    if (done) {
      ++won;
    } else {
      EXPECT_EQ(done.error().kind, ErrorKind::kConflict);
    }
  }
  EXPECT_EQ(written, 1);
  EXPECT_EQ(won, 1);
  EXPECT_EQ(other.get().error().kind, ErrorKind::kOtherContent);
  EXPECT_EQ(count(), 2U);
  expect_clean(*journal_);
}

TEST_P(Contract, RequestsApplyInOrderOfSubmission) {
  std::vector<std::future<Result<AppendResult>>> futures;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const std::string flux = "flux/" + std::to_string(i % 7);
    futures.push_back(journal_->submit({.events = {make_event(flux, std::to_string(i))},
                                        .expected = {i < 7 ? none(flux) : exactly(flux, i / 7 - 1)},
                                        .outcome = make_outcome(std::to_string(i))}));
  }
  for (std::uint64_t i = 0; i < futures.size(); ++i) {
    const auto done = futures[i].get();
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->first.value, i);
  }
  EXPECT_EQ(all_events(*journal_).size(), 2000U);
  expect_clean(*journal_);
}

TEST_P(Contract, AChainBreaksAtTheFirstThatWritesNothing) {
  const auto link = [this](const std::shared_ptr<Chain>& chain, const std::string& id,
                           std::vector<Expectation> expected = {}) {
    return journal_->submit({.events = {make_event("f/" + id, id)},
                             .expected = std::move(expected),
                             .outcome = make_outcome(id),
                             .chain = chain});
  };
  const auto kind_of = [](std::future<Result<AppendResult>> future) {
    const auto done = future.get();
    return done ? std::string(done->already ? "already" : "written")
                : std::to_string(static_cast<int>(done.error().kind));
  };
  const std::string conflict = std::to_string(static_cast<int>(ErrorKind::kConflict));
  const std::string invalid = std::to_string(static_cast<int>(ErrorKind::kInvalid));
  const auto run = [&](const std::string& name, std::vector<Expectation> expected, std::size_t payload) {
    const auto chain = std::make_shared<Chain>();
    auto first = link(chain, name + "1");
    auto middle = journal_->submit({.events = {make_event("f/" + name, name, 0, Bytes(payload, 'x'))},
                                    .expected = std::move(expected),
                                    .outcome = make_outcome(name),
                                    .chain = chain});
    auto last = link(chain, name + "2");
    auto other = link(std::make_shared<Chain>(), name + "3");
    return kind_of(std::move(first)) + " " + kind_of(std::move(middle)) + " " + kind_of(std::move(last)) + " " +
           kind_of(std::move(other));
  };
  EXPECT_EQ(run("a", {}, 1), "written written written written");
  EXPECT_EQ(run("b", {exactly("nothing", 3)}, 1), "written " + conflict + " " + conflict + " written");
  EXPECT_EQ(run("c", {}, (8U << 20U) + 1), "written " + invalid + " " + conflict + " written");
  EXPECT_EQ(kind_of(link(nullptr, "d")), "written");
  EXPECT_EQ(run("d", {}, 1), "written already " + conflict + " written");
  expect_clean(*journal_);
}

// Handed over at once, each request stands alone, whatever becomes of its neighbours, and however many batches it
// takes.
TEST_P(Contract, ManyAtOnceAreAnsweredOneByOne) {
  JournalOptions options;
  options.limits.batch_events = 4;
  options.limits.queue_requests = 10;
  open(std::move(options));
  ASSERT_TRUE(add("known"));
  const auto one = [](const std::string& flux, const std::string& id, std::vector<Expectation> expected = {}) {
    return AppendRequest{
        .events = {make_event(flux, id)}, .expected = std::move(expected), .outcome = make_outcome(id), .chain = {}};
  };
  std::vector<AppendRequest> requests;
  for (int i = 0; i < 9; ++i) requests.push_back(one("f", std::to_string(i)));
  requests[2].expected = {exactly("known", 7)};
  requests[4].events[0].flux.clear();
  requests[6] = one("f", "5");
  auto several = journal_->submit_all(requests);
  auto alone = journal_->submit(one("f", "alone"));
  auto none_at_all = journal_->submit_all({});
  const auto answers = several.get();
  ASSERT_EQ(answers.size(), requests.size());
  std::uint64_t position = 1;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (i == 2 || i == 4) {
      ASSERT_FALSE(answers[i]) << i;
      EXPECT_EQ(answers[i].error().kind, i == 2 ? ErrorKind::kConflict : ErrorKind::kInvalid);
      continue;
    }
    ASSERT_TRUE(answers[i]) << answers[i].error().message;
    EXPECT_EQ(answers[i]->already, i == 6);
    if (i != 6) EXPECT_EQ(answers[i]->first.value, position++) << i;
  }
  EXPECT_EQ(alone.get()->first.value, position);
  EXPECT_TRUE(none_at_all.get().empty());
  expect_clean(*journal_);
}

TEST_P(Contract, MoreAtOnceThanTheQueueHolds) {
  JournalOptions options;
  options.limits.queue_requests = 10;
  open(std::move(options));
  std::vector<std::future<std::vector<Result<AppendResult>>>> futures;
  for (int group = 0; group < 4; ++group) {
    std::vector<AppendRequest> requests;
    for (int i = 0; i < 25; ++i)
      requests.push_back({.events = {make_event("f", std::to_string(group * 25 + i))}, .outcome = {}});
    futures.push_back(journal_->submit_all(std::move(requests)));
  }
  std::uint64_t next = 0;
  for (auto& future : futures) {
    for (const auto& answer : future.get()) EXPECT_EQ(answer->first.value, next++);
  }
  EXPECT_EQ(next, 100U);
  expect_clean(*journal_);
}

TEST_P(Contract, InstantsNeverDecrease) {
  std::atomic<std::int64_t> now = 1'000;
  open({.limits = {}, .clock = [&] { return now.load(); }, .read_only = false});
  ASSERT_TRUE(add("a"));
  now = 400;
  ASSERT_TRUE(add("b"));
  now = 1'500;
  ASSERT_TRUE(add("a"));
  const auto events = all_events(*journal_);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].header.instant_us, 1'000);
  EXPECT_EQ(events[1].header.instant_us, 1'000);
  EXPECT_EQ(events[2].header.instant_us, 1'500);
  expect_clean(*journal_);
}

TEST_P(Contract, InstantsBefore1970AreKept) {
  std::int64_t now = -5'000;
  open({.limits = {}, .clock = [&] { return now++; }, .read_only = false});
  ASSERT_TRUE(add("a"));
  ASSERT_TRUE(add("a"));
  EXPECT_EQ(all_events(*journal_).front().header.instant_us, -5'000);
  expect_clean(*journal_);
}

TEST_P(Contract, ListsFluxByPrefixInBytewiseOrder) {
  for (const char* flux : {"b/2", "a/1", "b/10", "b", "c", "bé", "b/\x7f"}) ASSERT_TRUE(add(flux));
  std::vector<std::string> names;
  ASSERT_TRUE(journal_->list_flux("b/", [&](std::string_view name, const FluxHead& head) {
    EXPECT_EQ(head.version.value, 0U);
    names.emplace_back(name);
    return true;
  }));
  EXPECT_EQ(names, (std::vector<std::string>{"b/10", "b/2", "b/\x7f"}));
  names.clear();
  ASSERT_TRUE(journal_->list_flux("", [&](std::string_view name, const FluxHead&) {
    names.emplace_back(name);
    return names.size() < 2;
  }));
  EXPECT_EQ(names, (std::vector<std::string>{"a/1", "b"}));
}

TEST_P(Contract, FluxThatArePrefixesOfEachOtherStayApart) {
  for (int i = 0; i < 3; ++i) {
    for (const char* flux : {"x", "x\x01", "x/1", "x/10"}) ASSERT_TRUE(add(flux));
  }
  for (const char* flux : {"x", "x\x01", "x/1", "x/10"}) {
    const auto events = flux_events(*journal_, flux);
    ASSERT_EQ(events.size(), 3U);
    for (const StoredEvent& event : events) EXPECT_EQ(event.header.flux, flux);
  }
  expect_clean(*journal_);
}

TEST_P(Contract, VisitorMayStop) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(add("a"));
  int seen = 0;
  ASSERT_TRUE(journal_->read_all(Position{0}, [&](const StoredEvent&) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
  ASSERT_TRUE(journal_->read_flux("a", Version{0}, [&](const StoredEvent&) { return ++seen < 4; }));
  EXPECT_EQ(seen, 4);
}

TEST_P(Contract, LimitsRefuseWithTheLimitInTheMessage) {
  JournalOptions options;
  options.limits.payload_bytes = 100;
  options.limits.events_per_append = 2;
  options.limits.flux_bytes = 10;
  options.limits.text_bytes = 20;
  open(options);
  const auto refused = [&](AppendRequest request, const char* with) {
    const auto done = journal_->append(std::move(request));
    ASSERT_FALSE(done) << with;
    EXPECT_EQ(done.error().kind, ErrorKind::kInvalid);
    EXPECT_NE(done.error().message.find(with), std::string::npos) << done.error().message;
  };
  refused({.events = {}, .expected = {}, .outcome = {}}, "ni événement");
  refused({.events = {make_event("a", "i", 0, Bytes(101, 'x'))}, .expected = {}, .outcome = {}}, "au plus 100");
  refused({.events = {make_event("a", "i"), make_event("a", "i"), make_event("a", "i")}, .expected = {}, .outcome = {}},
          "au plus 2");
  refused({.events = {make_event("01234567890", "i")}, .expected = {}, .outcome = {}}, "au plus 10");
  refused({.events = {make_event("", "i")}, .expected = {}, .outcome = {}}, "vide");
  refused({.events = {make_event(std::string("a\0b", 3), "i")}, .expected = {}, .outcome = {}}, "octet nul");
  refused({.events = {make_event("\xff", "i")}, .expected = {}, .outcome = {}}, "UTF-8");
  refused({.events = {make_event("a", std::string(201, 'i'))}, .expected = {}, .outcome = {}}, "au plus 200");
  refused({.events = {}, .expected = {}, .outcome = make_outcome("")}, "de 1 à 200");
  refused({.events = {}, .expected = {}, .outcome = make_outcome(std::string(201, 'i'))}, "de 1 à 200");
  refused({.events = {make_event("a", "one")}, .expected = {}, .outcome = make_outcome("two")}, "« two »");
  refused({.events = {make_event("a", "i")}, .expected = {any("a"), none("a")}, .outcome = {}}, "deux versions");
  NewEvent long_author = make_event("a", "i");
  long_author.author = std::string(21, 'x');
  refused({.events = {long_author}, .expected = {}, .outcome = {}}, "l'auteur");
  EXPECT_EQ(count(), 0U);
  ASSERT_TRUE(
      journal_->append({.events = {make_event("0123456789", "i", 0, Bytes(100, 'x'))}, .expected = {}, .outcome = {}}));
  expect_clean(*journal_);
}

TEST_P(Contract, EightThreadsRaceOnOneVersionAndOneWins) {
  constexpr int kThreads = 8;
  constexpr std::uint64_t kRounds = 40;
  std::map<std::uint64_t, int> wins;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t round = 0; round < kRounds; ++round) {
        const std::string id = std::to_string(t) + "/" + std::to_string(round);
        const auto done =
            journal_->append({.events = {make_event("shared", id, 0), make_event("own/" + std::to_string(t), id, 1)},
                              .expected = {round == 0 ? none("shared") : exactly("shared", round - 1)},
                              .outcome = make_outcome(id)});
        if (done) {
          const std::lock_guard lock(mutex);
          ++wins[round];
        } else {
          EXPECT_EQ(done.error().kind, ErrorKind::kConflict);
        }
        // Everybody waits for the round to be won before going on.
        while (true) {
          const auto head = journal_->head("shared");
          if (head && *head && (*head)->version.value >= round) break;
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wins.size(), kRounds);
  for (const auto& [round, count_of_wins] : wins) EXPECT_EQ(count_of_wins, 1) << round;
  EXPECT_EQ(flux_events(*journal_, "shared").size(), kRounds);
  EXPECT_EQ(count(), 2 * kRounds);
  expect_clean(*journal_);
}

TEST_P(Contract, ReadersSeeNoHoleWhileOthersWrite) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      std::uint64_t known = 0;
      while (!stop) {
        std::uint64_t next = 0;
        const auto all = journal_->read_all(Position{0}, [&](const StoredEvent& event) {
          EXPECT_EQ(event.header.position.value, next);
          ++next;
          return true;
        });
        EXPECT_TRUE(all) << all.error().message;
        EXPECT_GE(next, known);  // what was seen once stays
        known = next;
        std::uint64_t version = 0;
        const auto flux = journal_->read_flux("f/1", Version{0}, [&](const StoredEvent& event) {
          EXPECT_EQ(event.header.version.value, version);
          ++version;
          return true;
        });
        EXPECT_TRUE(flux) << flux.error().message;
        EXPECT_TRUE(journal_->list_flux("f/", [](std::string_view, const FluxHead&) { return true; }));
      }
    });
  }
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 60; ++i) {
        const std::string id = std::to_string(w) + "." + std::to_string(i);
        const auto done =
            journal_->append({.events = {make_event("f/" + std::to_string(i % 3), id, 0), make_event("g", id, 1)},
                              .expected = {},
                              .outcome = make_outcome(id)});
        ASSERT_TRUE(done);
        // An acknowledged event is there at once.
        EXPECT_EQ(all_events(*journal_, done->first).front().header.acte_id, id);
      }
    });
  }
  for (std::thread& thread : writers) thread.join();
  stop = true;
  for (std::thread& thread : readers) thread.join();
  EXPECT_EQ(count(), 480U);
  expect_clean(*journal_);
}

TEST_P(Contract, AReadUnderWaySeesOneMoment) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(add("a"));
  int seen = 0;
  ASSERT_TRUE(journal_->read_all(Position{0}, [&](const StoredEvent&) {
    EXPECT_TRUE(add("a"));
    ++seen;
    return true;
  }));
  EXPECT_EQ(seen, 10);
  EXPECT_EQ(count(), 20U);
  ASSERT_TRUE(journal_->read_flux("a", Version{0}, [&](const StoredEvent&) {
    EXPECT_TRUE(add("a"));
    ++seen;
    return true;
  }));
  EXPECT_EQ(seen, 30);
  expect_clean(*journal_);
}

TEST_P(Contract, SubmitBlocksBeyondTheQueueAndLosesNothing) {
  JournalOptions options;
  options.limits.queue_requests = 4;
  options.limits.batch_events = 3;
  open(options);
  std::vector<std::thread> threads;
  std::atomic<int> done = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<std::future<Result<AppendResult>>> futures;
      for (int i = 0; i < 50; ++i) {
        const std::string id = std::to_string(t) + "." + std::to_string(i);
        futures.push_back(
            journal_->submit({.events = {make_event("t" + std::to_string(t), id)}, .expected = {}, .outcome = {}}));
      }
      for (auto& future : futures) done += future.get() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 200);
  expect_clean(*journal_);
}

TEST_P(Contract, ClosingAnswersWhatIsQueued) {
  std::vector<std::future<Result<AppendResult>>> futures;
  for (int i = 0; i < 300; ++i) {
    futures.push_back(
        journal_->submit({.events = {make_event("a", std::to_string(i))}, .expected = {}, .outcome = {}}));
  }
  journal_.reset();
  for (auto& future : futures) EXPECT_TRUE(future.get());
}

TEST_P(Contract, VerifyReportsProgress) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(add("a"));
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  ASSERT_TRUE(journal_->verify([&](std::uint64_t d, std::uint64_t t) {
    done = d;
    total = t;
  }));
  EXPECT_EQ(done, 20U);
  EXPECT_EQ(total, 20U);
}

INSTANTIATE_TEST_SUITE_P(Memory, Contract, ::testing::Values(Backend::kMemory));
INSTANTIATE_TEST_SUITE_P(RocksDb, Contract, ::testing::Values(Backend::kRocksDb));

}  // namespace
}  // namespace assemblier::storage
