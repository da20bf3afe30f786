// A verification in several goes finds what one in a single go finds, wherever it is cut, killed or grown meanwhile.

#include "storage/verification.hpp"

#include "storage/journal_rocksdb.hpp"
#include "storage/keys.hpp"
#include "storage/repair.hpp"
#include "storage/verify_state.hpp"
#include "tests/storage/support.hpp"

#include <random>

#include <fmt/format.h>

namespace assemblier::storage {
namespace {

namespace fs = std::filesystem;

class Goes : public ::testing::Test {
 protected:
  static constexpr int kEvents = 700;

  void SetUp() override {
    auto journal = create_rocksdb(directory_, {});
    ASSERT_TRUE(journal) << journal.error().message;
    add(**journal, 0, kEvents);
  }
  static void add(Journal& journal, int first, int last) {
    for (int i = first; i < last; i += 10) {
      AppendRequest request{.events = {}, .expected = {}, .outcome = make_outcome(fmt::format("acte-{}", i))};
      for (int j = 0; j < 10; ++j)
        request.events.push_back(
            make_event(fmt::format("flux/{}", (i + j) % 7), fmt::format("acte-{}", i), static_cast<std::uint32_t>(j)));
      ASSERT_TRUE(journal.append(std::move(request)));
    }
  }
  void change(const std::function<void(Store&)>& work) const {
    auto store = open_rocksdb_store(directory_, false, nullptr);
    ASSERT_TRUE(store) << store.error().message;
    work(**store);
    ASSERT_TRUE((*store)->commit());
  }
  // One go: stopped before the event number `until`, if it comes so far.
  VerifyRun go(std::uint64_t until = ~std::uint64_t{0}, const VerifyPace& pace = {}) const {
    std::uint64_t asked = 0;
    auto run = verify_resumable(directory_, file_, {}, [&] { return asked++ < until; }, {}, pace);
    EXPECT_TRUE(run) << run.error().message;
    return run.value_or(VerifyRun{});
  }
  static std::vector<std::string> findings(const VerifyReport& report) {
    std::vector<std::string> all;
    for (const Finding& finding : report.findings) all.push_back(finding.message);
    all.push_back(fmt::format("{} events, {} more", report.events, report.more));
    return all;
  }
  std::vector<std::string> in_one_go() const {
    const auto journal = open_rocksdb(directory_, {.limits = {}, .clock = {}, .read_only = true});
    return findings(*(*journal)->verify({}));
  }

  const Scratch scratch_{Scratch::Where::kMemory};
  const std::string directory_ = scratch_ / "journal";
  const std::string file_ = scratch_ / "controle";
};

TEST_F(Goes, WhereverItIsCutItFindsTheSame) {
  const std::vector<std::function<void(Store&)>> damages = {
      [](Store&) {},
      [](Store& store) { store.put(event_key({40}), "x"); },
      [](Store& store) { store.remove(event_key({333})); },
      [](Store& store) { store.remove(index_key("flux/3", Version{20})); },
      [](Store& store) { store.put(index_key("flux/3", Version{20}), encode_entry({Position{600}, sha256("x")})); },
      [](Store& store) { store.put(index_key("flux/9", Version{}), encode_entry({Position{3}, sha256("x")})); },
      [](Store& store) { store.put(tree_key(8, 1), to_bytes(sha256("x"))); },
      [](Store& store) { store.remove(tree_key(8, 0)); },
      [](Store& store) { store.put("ee", "x"); },
      [](Store& store) { store.remove(flux_key("flux/1")); },
      [](Store& store) { store.remove(outcome_key("acte-500")); },
      [](Store& store) { store.put(outcome_key("invented"), **store.get(outcome_key("acte-30"))); },
      [](Store& store) { store.remove(event_key({kEvents - 1})); },
      [](Store& store) { store.put(event_key({kEvents}), "x"); },
      [](Store& store) {
        auto counters = *decode_counters(**store.get(counters_key()));
        ++counters.instant_us;
        store.put(counters_key(), encode_counters(counters));
      },
  };
  std::mt19937 random(11);
  const std::string whole = scratch_ / "whole";
  fs::copy(directory_, whole);
  for (std::size_t i = 0; i < damages.size(); ++i) {
    fs::remove_all(directory_);
    fs::copy(whole, directory_);
    change(damages[i]);
    if (i % 3 == 1) change(damages[random() % damages.size()]);
    const auto expected = in_one_go();
    EXPECT_EQ(expected.size() == 1, i == 0) << i;
    VerifyRun run;
    std::uint64_t reached = 0;
    int goes = 0;
    for (; !run.finished && goes < 200; ++goes) {
      run = go(random() % 300 + 5);
      EXPECT_EQ(run.begun_again, "") << i;
      EXPECT_GE(run.checked, reached);
      EXPECT_EQ(run.resumed_at, reached);
      reached = run.checked;
      EXPECT_EQ(fs::exists(file_), !run.finished);
      // The rest is done in one go, which needs room.
      if (run.checked >= kEvents - 1 && !run.finished) run = go();
    }
    EXPECT_TRUE(run.finished) << i;
    EXPECT_GT(goes, 2) << i;
    EXPECT_EQ(findings(run.report), expected) << i;
  }
}

// What was written meanwhile is verified with the rest; what was verified counts only under the same root.
TEST_F(Goes, BesideAWriterAndAfterAnother) {
  EXPECT_FALSE(go(400).finished);
  auto writer = open_rocksdb(directory_, {});
  ASSERT_TRUE(writer) << writer.error().message;
  add(**writer, kEvents, kEvents + 100);
  const VerifyRun grown = go();
  EXPECT_TRUE(grown.finished);
  EXPECT_GT(grown.resumed_at, 300U);
  EXPECT_EQ(grown.begun_again, "");
  EXPECT_EQ(findings(grown.report), (std::vector<std::string>{fmt::format("{} events, 0 more", kEvents + 100)}));
  writer->reset();

  // Damage where it has been already is that of another day; before the cut and named, it stays named.
  EXPECT_FALSE(go(400).finished);
  change([](Store& store) { store.put(tree_key(8, 0), to_bytes(sha256("x"))); });
  const VerifyRun other = go();
  EXPECT_NE(other.begun_again.find("n'a plus à la position"), std::string::npos) << other.begun_again;
  EXPECT_EQ(other.resumed_at, 0U);
  EXPECT_EQ(findings(other.report), in_one_go());

  EXPECT_FALSE(go(400).finished);
  ASSERT_TRUE(repair(directory_, {}, {}));
  const VerifyRun repaired = go();
  EXPECT_NE(repaired.begun_again, "");
  EXPECT_EQ(repaired.report.findings.size(), 0U);

  EXPECT_FALSE(go(400).finished);
  fs::remove_all(directory_);
  SetUp();
  const std::string before = read_bytes(file_);
  const auto foreign = verify_resumable(directory_, file_, {}, [] { return true; }, {});
  ASSERT_FALSE(foreign) << "what another journal has done is not thrown away";
  EXPECT_EQ(foreign.error().kind, ErrorKind::kInvalid);
  EXPECT_NE(foreign.error().message.find("un autre journal"), std::string::npos) << foreign.error().message;
  EXPECT_EQ(read_bytes(file_), before);
  EXPECT_FALSE(verify_resumable(directory_, "/dev/zero", {}, [] { return true; }, {})) << "no ordinary file";
}

TEST_F(Goes, TheFileIsWholeOrRefused) {
  EXPECT_FALSE(go(400).finished);
  const std::string octets = read_bytes(file_);
  ASSERT_TRUE(decode_verify_state(octets));
  EXPECT_EQ(encode_verify_state(*decode_verify_state(octets)), octets);
  for (std::size_t at = 0; at < octets.size(); at += octets.size() / 60) {
    std::string changed = octets;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    EXPECT_FALSE(decode_verify_state(changed)) << at;
    EXPECT_FALSE(decode_verify_state(octets.substr(0, at))) << at;
  }
  write_bytes(file_, "notes of mine");
  const auto refused = verify_resumable(directory_, file_, {}, {}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnreadable);
  EXPECT_EQ(read_bytes(file_), "notes of mine");
  EXPECT_EQ(verify_resumable(directory_, directory_ + "/controle", {}, {}, {}).error().kind, ErrorKind::kInvalid);
}

// Kept after every event: a kill at any moment finds it, and every state goes on to the same end.
TEST_F(Goes, EveryStateKeptIsGoodToGoOnFrom) {
  change([](Store& store) { store.remove(index_key("flux/3", Version{20})); });
  const auto expected = in_one_go();
  std::vector<std::string> states;
  const auto run = verify_resumable(directory_, file_, {},
                                    [&] {
                                      if (fs::exists(file_) && states.size() < 900) states.push_back(read_bytes(file_));
                                      return true;
                                    },
                                    {}, {.save_every = {}});
  ASSERT_TRUE(run && run->finished);
  EXPECT_FALSE(fs::exists(file_));
  ASSERT_GT(states.size(), 500U);
  for (std::size_t i = 0; i < states.size(); i += long_tests() ? 1 : 97) {
    write_bytes(file_, states[i]);
    EXPECT_EQ(findings(go().report), expected) << i;
  }
}

TEST_F(Goes, PersonsErasedMeanwhile) {
  fs::remove_all(directory_);
  JournalOptions options;
  options.master_key = MasterKey::generate();
  options.seal = true;
  auto journal = create_rocksdb(directory_, options);
  ASSERT_TRUE(journal) << journal.error().message;
  for (int i = 0; i < 20; ++i) {
    NewEvent event = make_event("f", std::to_string(i));
    event.personal = {{i % 2 == 0 ? "Ana" : "Bob", "value"}};
    ASSERT_TRUE((*journal)->append({.events = {event}}));
  }
  EXPECT_FALSE(go(10).finished);
  ASSERT_TRUE((*journal)->append({.events = {make_event("gone", "gone")}, .erase = "Bob"}));
  const VerifyRun run = go();
  EXPECT_NE(run.begun_again.find("effacée"), std::string::npos) << run.begun_again;
  EXPECT_EQ(findings(run.report), (std::vector<std::string>{"21 events, 0 more"}));
}

// An older version of an event under the one that RocksDB gives: a long walk must not read it unseen.
TEST_F(Goes, FindAnEventKeptInTwoVersions) {
  auto store = open_rocksdb_store(directory_, false, nullptr);
  ASSERT_TRUE(store) << store.error().message;
  const Bytes key = event_key(Position{600});
  const Bytes genuine = **(*store)->get(key);
  Bytes forged = genuine;
  forged.back() = static_cast<char>(forged.back() ^ 1);
  (*store)->put(key, forged);
  ASSERT_TRUE((*store)->commit());
  ASSERT_TRUE((*store)->purge(tag_begin(Tag::kEvent), tag_end(Tag::kEvent)));
  (*store)->put(key, genuine);
  ASSERT_TRUE((*store)->commit());
  for (const bool in_memory : {true, false}) {
    if (!in_memory) store->reset();  // closing writes a table
    const auto journal = open_rocksdb(directory_, {.read_only = true});
    ASSERT_TRUE(journal) << journal.error().message;
    std::vector<std::string> events;
    ASSERT_TRUE((*journal)->scan({}, [&](const EventView& event) { return events.emplace_back(event.stored), true; }));
    const auto report = (*journal)->verify({});
    ASSERT_TRUE(report) << report.error().message;
    // Either the walk gives what RocksDB gives, or the verification says that there are two.
    EXPECT_TRUE(events.at(600) == genuine || !report->findings.empty());
    if (!in_memory) {
      EXPECT_EQ(events.at(600), genuine);
      EXPECT_TRUE(report->findings.empty());
    }
  }
}

}  // namespace
}  // namespace assemblier::storage
