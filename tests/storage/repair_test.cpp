// Repair: whatever was done to the records that derive from events, they come back as they were; whatever was done to
// an event, nothing is changed; what no event tells is named, never invented.

#include "storage/repair.hpp"

#include "storage/journal_rocksdb.hpp"
#include "storage/keys.hpp"
#include "storage/mend.hpp"
#include "storage/unfinished.hpp"
#include "tests/storage/map_store.hpp"
#include "tests/storage/support.hpp"

#include <random>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

namespace assemblier::storage {
namespace {

namespace fs = std::filesystem;

using Records = std::map<Bytes, Bytes>;

// ---------------------------------------------------------------------------------------------------------------------
// Records

// Positions 0 to 299 over three flux, enough for a node of the tree; the acte of the last two wrote both; one refusal.
class Mend : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kEvents = 300;

  void SetUp() override {
    auto owned = std::make_unique<MapStore>();
    MapStore& store = *owned;
    ASSERT_TRUE(initialise(store));
    const auto journal = open_journal(std::move(owned), {});
    ASSERT_TRUE(journal);
    for (std::uint64_t i = 0; i + 2 < kEvents; ++i) {
      const std::string id = fmt::format("acte-{:03}", i);
      ASSERT_TRUE((*journal)->append(
          {.events = {make_event(fmt::format("f/{}", i % 3), id)}, .expected = {}, .outcome = make_outcome(id)}));
    }
    ASSERT_TRUE((*journal)->append({.events = {make_event("f/0", "both", 0), make_event("f/1", "both", 1)},
                                    .expected = {},
                                    .outcome = make_outcome("both")}));
    ASSERT_TRUE((*journal)->append({.events = {}, .expected = {}, .outcome = make_outcome("refused")}));
    const auto head = (*journal)->tree_head({});
    ASSERT_TRUE(head);
    head_ = {.size = head->size, .root = head->root};
    whole_ = store.records;
  }

  struct Result {
    bool refused = false;
    std::string said;  // why it is refused, or what is lost
    Records records;
  };
  static Result mended(const Records& damaged, const std::optional<KnownHead>& head = {}) {
    MapStore from;
    from.records = damaged;
    MapStore to;
    const auto done = mend(*from.view(), to, head, {});
    EXPECT_EQ(from.records, damaged);
    if (!done) {
      EXPECT_EQ(done.error().kind, ErrorKind::kDamaged);
      return {.refused = true, .said = done.error().message, .records = {}};
    }
    std::string lost;
    for (const auto& what : done->lost) lost += what + "\n";
    return {.refused = false, .said = lost, .records = to.records};
  }
  Records with(const std::function<void(Records&)>& change) const {
    Records records = whole_;
    change(records);
    return records;
  }
  void expect_whole(const Records& damaged, const std::string& what, const std::optional<KnownHead>& head = {}) const {
    const Result result = mended(damaged, head);
    EXPECT_FALSE(result.refused) << what << ": " << result.said;
    EXPECT_EQ(result.said, "") << what;
    EXPECT_TRUE(result.records == whole_) << what;
  }
  void expect_refused(const Records& damaged, const std::string& what,
                      const std::optional<KnownHead>& head = {}) const {
    EXPECT_TRUE(mended(damaged, head).refused) << what;
  }
  // Derived records: all of them, but for a sample of the index that has its end.
  static bool tried(const Bytes& key, const Bytes& value) {
    if (key[0] != 'f') return key[0] == 'h' || key[0] == 't' || key == counters_key();
    const std::uint64_t position = decode_entry(value)->position.value;
    return long_tests() || position % 31 == 0 || position + 4 >= kEvents;
  }
  // An event that says something else, itself wholly well formed.
  static void falsify(Records& records, std::uint64_t position) {
    auto event = decode_event(records.at(event_key(Position{position})));
    event->header.author = "Somebody else";
    records[event_key(Position{position})] = encode_event(event->header, event->payload);
  }

  Records whole_;
  KnownHead head_;
};

TEST_F(Mend, EachDerivedRecordGoneComesBack) {
  expect_whole(whole_, "nothing");
  for (const auto& [key, value] : whole_) {
    if (!tried(key, value)) continue;
    Records records = whole_;
    records.erase(key);
    expect_whole(records, to_hex(key));
  }
  for (const char tag : {'f', 'h', 't'}) {
    expect_whole(
        with([tag](Records& records) { std::erase_if(records, [tag](auto& r) { return r.first[0] == tag; }); }),
        std::string(1, tag));
  }
}

// The index entry of the last event of a flux is all that knows its hash, when no node of the tree does yet: then only
// a signed head can tell which of the two has changed.
TEST_F(Mend, EachDerivedRecordChangedComesBack) {
  std::size_t told_by_head = 0;
  std::mt19937 random(5);
  for (const auto& [key, value] : whole_) {
    if (!tried(key, value)) continue;
    const std::size_t step = long_tests() ? 1 : key[0] == 'f' ? 8 : 5;
    for (std::size_t at = random() % step; at < value.size(); at += step) {
      Records records = whole_;
      records[key][at] = static_cast<char>(value[at] ^ 0x21);
      const std::string what = fmt::format("{} at {}", to_hex(key), at);
      if (key == counters_key() && at >= 16 &&
          at < 24) {  // how many answers: those of refused actes are counted nowhere else
        EXPECT_TRUE(mended(records).records == whole_) << what;
        continue;
      }
      if (mended(records).refused) {
        ++told_by_head;
        EXPECT_EQ(key[0], 'f') << what;
        EXPECT_GE(decode_entry(value)->position.value, kEvents - 4) << what;
      } else {
        expect_whole(records, what);
      }
      expect_whole(records, what + " under a head", head_);
    }
    Records records = whole_;
    records[key] = "short";
    expect_whole(records, to_hex(key) + " short");
  }
  EXPECT_EQ(told_by_head, 3U * (long_tests() ? 32U : 4U));
}

TEST_F(Mend, RecordsThatNothingAccountsForGo) {
  const Bytes entry = encode_entry({Position{40}, sha256("x")});
  const Records stray = {{index_key("f/8", Version{0}), entry},
                         {index_key("f/1", Version{500}), encode_entry({Position{kEvents}, sha256("x")})},
                         {flux_key("f/5"), encode_position({0})},
                         {tree_key(8, 1), to_bytes(sha256("x"))},
                         {tree_key(16, 0), to_bytes(sha256("x"))},
                         {tree_key(1, 0), to_bytes(sha256("x"))},
                         {Bytes("a"), "x"},
                         {Bytes("g1"), "x"},
                         {Bytes("mother"), "x"},
                         {Bytes("zzz"), "x"},
                         {Bytes("ee"), "x"},
                         {seal_key({{}, sha256("x")}), "x"},
                         {person_key(sha256("x")), encode_person({})}};
  for (const auto& [key, value] : stray) {
    Records records = whole_;
    records[key] = value;
    expect_whole(records, to_hex(key));
  }
  Records all = whole_;
  all.insert(stray.begin(), stray.end());
  expect_whole(all, "all of them");
}

TEST_F(Mend, NothingIsMendedAroundAnEventThatHasChanged) {
  std::mt19937 random(6);
  for (std::uint64_t position = 0; position < kEvents; ++position) {
    if (position % 29 != 0 && position + 5 < kEvents) continue;
    const Bytes key = event_key(Position{position});
    expect_refused(with([&](Records& records) { records.erase(key); }), fmt::format("{} gone", position));
    expect_refused(with([&](Records& records) { falsify(records, position); }), fmt::format("{} false", position));
    expect_refused(with([&](Records& records) { falsify(records, position); }), fmt::format("{} false", position),
                   head_);
    expect_refused(with([&](Records& records) {
                     std::swap(records.at(key), records.at(event_key(Position{(position + 3) % kEvents})));
                   }),
                   fmt::format("{} swapped", position));
    for (int i = 0; i < 5; ++i) {
      const std::size_t at = random() % whole_.at(key).size();
      expect_refused(with([&](Records& records) { records[key][at] = static_cast<char>(records[key][at] ^ 0x21); }),
                     fmt::format("{} at {}", position, at));
    }
  }
}

// More than one record changed: what would make a false event look true.
TEST_F(Mend, AnEventIsNotBelievedForWantOfWitnesses) {
  expect_refused(with([](Records& records) {
                   falsify(records, 10);
                   records.erase(index_key("f/1", Version{3}));
                 }),
                 "its entry gone: its successor knows");
  expect_refused(with([](Records& records) {
                   records.erase(event_key(Position{kEvents - 1}));
                   records.erase(event_key(Position{kEvents - 2}));
                 }),
                 "the last acte gone");
  expect_refused(with([](Records& records) {
                   records.erase(event_key(Position{kEvents - 1}));
                   records.erase(event_key(Position{kEvents - 2}));
                   records.erase(counters_key());
                 }),
                 "the last acte gone, and the counters");
  expect_refused(with([](Records& records) {
                   Header header = decode_event(records.at(event_key(Position{kEvents - 1})))->header;
                   header.position.value = kEvents;
                   header.version = {};
                   header.flux = "f/9";
                   header.previous = {};
                   records[event_key(Position{kEvents})] = encode_event(header, "\x61x");
                 }),
                 "one event more than anybody knows");
  KnownHead longer = head_;
  ++longer.size;
  expect_refused(whole_, "a head beyond the end", longer);
  KnownHead other = head_;
  other.root = sha256("other");
  expect_refused(whole_, "a head of other events", other);
}

TEST_F(Mend, AnswersFollowTheirEventsAndAreNeverInvented) {
  // What was answered is lost; that it was done is not, when it has events.
  const auto known_by_id = [](const Records& records, const char* id) {
    const auto record = records.find(outcome_key(id));
    if (record == records.end()) return false;
    const auto outcome = decode_outcome(id, record->second);
    return outcome && outcome->kind == FingerprintKind::kForeign && outcome->count > 0 &&
           outcome->outcome.answer.empty();
  };
  const auto lost = [&](const Records& damaged, const std::string& what) {
    const Result result = mended(damaged);
    EXPECT_FALSE(result.refused) << result.said;
    EXPECT_NE(result.said.find(what), std::string::npos) << what << "\n" << result.said;
    auto store = std::make_unique<MapStore>();
    store->records = result.records;
    expect_clean(**open_journal(std::move(store), {.limits = {}, .clock = {}, .read_only = true}));
    return result.records;
  };
  for (const char* const id : {"acte-007", "both"}) {
    const Bytes& value = whole_.at(outcome_key(id));
    for (std::size_t at = 32; at < 44; ++at) {
      Records records = whole_;
      records[outcome_key(id)][at] = static_cast<char>(value[at] ^ 0x21);
      if (at == 40) {  // its kind: nothing else says it
        EXPECT_TRUE(known_by_id(lost(records, fmt::format("« {} »", id)), id));
      } else {
        expect_whole(records, fmt::format("{} at {}", id, at));
      }
    }
  }
  for (const char* const id : {"acte-007", "both", "refused"}) {
    const bool done = std::string_view(id) != "refused";
    Records records = whole_;
    records.erase(outcome_key(id));
    const Records erased = lost(records, "manquantes, d'après le compteur (1)");
    EXPECT_EQ(erased.contains(outcome_key(id)), done);
    records[outcome_key(id)] = "short";
    const Records unread = lost(records, fmt::format("illisibles (1) : « {} »", id));
    EXPECT_EQ(unread.contains(outcome_key(id)), done);
    if (done) EXPECT_TRUE(known_by_id(erased, id) && known_by_id(unread, id)) << id;
  }
  Records records = whole_;
  records[outcome_key("invented")] = whole_.at(outcome_key("acte-004"));
  EXPECT_FALSE(lost(records, "« invented »").contains(outcome_key("invented")));
}

// Without its key no fingerprint can be compared: the id alone tells the request, as after an import.
TEST_F(Mend, ALostKeyOfFingerprintsIsSaid) {
  for (const Bytes& instead : {Bytes("short"), Bytes()}) {
    Records records = whole_;
    records[fingerprint_key_key()] = instead;
    if (instead.empty()) records.erase(fingerprint_key_key());
    const Result result = mended(records);
    ASSERT_FALSE(result.refused) << result.said;
    EXPECT_NE(result.said.find("clef des empreintes"), std::string::npos) << result.said;
    auto store = std::make_unique<MapStore>();
    store->records = result.records;
    auto journal = open_journal(std::move(store), {});
    ASSERT_TRUE(journal);
    expect_clean(**journal);
    const auto again = (*journal)->append(
        {.events = {make_event("f/0", "acte-007")}, .expected = {}, .outcome = make_outcome("acte-007", "anything")});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->already);
  }
}

// Keys and sealed values are kept as far as they can be read, and never for somebody who was erased.
TEST_F(Mend, SealedValuesStayAsTheyAre) {
  auto owned = std::make_unique<MapStore>();
  MapStore& store = *owned;
  ASSERT_TRUE(initialise(store));
  JournalOptions options;
  options.master_key = MasterKey::generate();
  options.seal = true;
  {
    const auto journal = open_journal(std::move(owned), options);
    for (const char* const person : {"Ana", "Ana", "Bob"}) {
      NewEvent event = make_event("f", person);
      event.personal = {{person, "value"}};
      ASSERT_TRUE((*journal)->append({.events = {event}}));
    }
    whole_ = store.records;
    ASSERT_TRUE((*journal)->append({.events = {make_event("gone", "gone")}, .erase = "Bob"}));
    const Records before = std::exchange(whole_, store.records);
    expect_whole(whole_, "nothing");
    for (const auto& [key, value] : before) {
      if (key[0] == 's' || key[0] == 'p')
        expect_whole(with([&](Records& records) { records.emplace(key, value); }), "back");
    }
  }
  for (const auto& [key, value] : whole_) {
    if (key[0] != 's' && key[0] != 'p') continue;
    const Records damaged = with([&](Records& records) { records.erase(key); });
    const Result result = mended(damaged);
    ASSERT_FALSE(result.refused) << result.said;
    EXPECT_FALSE(result.records.contains(key));
    auto left = std::make_unique<MapStore>();
    left->records = result.records;
    options.read_only = true;
    EXPECT_FALSE((*open_journal(std::move(left), options))->verify({})->findings.empty())
        << "what is lost is still said";
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Directories

class Repairs : public ::testing::Test {
 protected:
  void fill(int events, std::size_t octets = 60) {
    auto journal = create_rocksdb(directory_, {});
    ASSERT_TRUE(journal) << journal.error().message;
    for (int i = 0; i < events; ++i) {
      const std::string id = fmt::format("acte-{:04}", i);
      Bytes payload;  // that does not compress
      for (int j = 0; payload.size() < octets; ++j) payload += to_bytes(sha256(fmt::format("{}-{}", i, j)));
      ASSERT_TRUE((*journal)->append({.events = {make_event(fmt::format("flux/{}", i % 7), id, 0, payload)},
                                      .expected = {},
                                      .outcome = make_outcome(id, id, id)}));
    }
    ASSERT_TRUE((*journal)->append({.events = {}, .expected = {}, .outcome = make_outcome("refused")}));
  }
  void change(const std::function<void(Store&)>& work) const {
    auto store = open_rocksdb_store(directory_, false, nullptr);
    ASSERT_TRUE(store) << store.error().message;
    work(**store);
    ASSERT_TRUE((*store)->commit());
  }
  auto reader() const { return open_rocksdb(directory_, {.limits = {}, .clock = {}, .read_only = true}); }
  TreeHead head() const { return *(*reader())->tree_head({}); }
  // Events octet for octet, and answers.
  std::string content() const {
    std::string all;
    const auto journal = reader();
    for (const StoredEvent& event : all_events(**journal)) {
      const auto outcome = (*journal)->outcome(event.header.acte_id);
      all += event.stored + (outcome && *outcome ? (*outcome)->outcome.answer : "?");
    }
    return all;
  }
  std::vector<std::string> beside() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(fs::path(directory_).parent_path()))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  const Scratch scratch_{Scratch::Where::kMemory};
  const std::string directory_ = scratch_ / "journal";
};

TEST_F(Repairs, TheJournalIsWholeAgainAndTheDamagedOneIsKept) {
  fill(300);
  const std::string before = content();
  const TreeHead head_before = head();
  const auto nothing = repair(directory_, {}, {});
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_TRUE(nothing->kept.empty());
  EXPECT_EQ(beside(), std::vector<std::string>{"journal"});

  change([](Store& store) {
    store.remove(index_key("flux/3", Version{2}));
    store.put(tree_key(8, 0), to_bytes(sha256("x")));
    store.remove(flux_key("flux/1"));
    store.put(counters_key(), "short");
    store.put("zzz", "x");
  });
  const std::string damaged = fingerprint_of(directory_);
  const auto done = repair(directory_, {}, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_GE(done->before.findings.size(), 4U);
  EXPECT_EQ(done->events, 300U);
  EXPECT_EQ(done->lost, std::vector<std::string>{});
  std::string records;
  for (const auto& kind : done->records) records += fmt::format("{} {} {}; ", kind.kind, kind.made, kind.removed);
  EXPECT_EQ(records,
            "entrées de l'index des flux 1 0; noms de la liste des flux 1 0; nœuds de l'arbre 1 0; compteurs et "
            "réglages 1 0; enregistrements étrangers 0 1; ");
  expect_clean(**reader());
  EXPECT_EQ(content(), before);
  EXPECT_EQ(head().root, head_before.root);
  EXPECT_EQ(head().flux.root, head_before.flux.root);
  ASSERT_EQ(beside(), (std::vector<std::string>{"journal", fs::path(done->kept).filename().string()}));
  EXPECT_TRUE(done->kept.starts_with(directory_ + ".avant-reparation-")) << done->kept;
  std::string kept = fingerprint_of(done->kept);
  for (std::size_t at = kept.find(done->kept); at != std::string::npos; at = kept.find(done->kept))
    kept.replace(at, done->kept.size(), directory_);
  EXPECT_EQ(kept, damaged) << "not an octet, nor a date";
  auto writer = open_rocksdb(directory_, {});
  ASSERT_TRUE(writer) << writer.error().message;
  EXPECT_TRUE((*writer)->append({.events = {make_event("flux/3", "later")}}));
}

TEST_F(Repairs, WhatIsRefusedChangesNothing) {
  fill(20);
  change([](Store& store) {
    store.remove(event_key(Position{7}));
    store.remove(flux_key("flux/1"));
  });
  const std::string damaged = fingerprint_of(directory_);
  const auto refused = repair(directory_, {}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kDamaged);
  EXPECT_NE(refused.error().message.find("la position 7 manque"), std::string::npos) << refused.error().message;
  EXPECT_EQ(fingerprint_of(directory_), damaged);
  EXPECT_EQ(beside(), std::vector<std::string>{"journal"});
}

TEST_F(Repairs, NotBesideAWriter) {
  fill(20);
  change([](Store& store) { store.remove(flux_key("flux/1")); });
  {
    const auto writer = open_rocksdb(directory_, {});
    ASSERT_TRUE(writer) << writer.error().message;
    EXPECT_EQ(repair(directory_, {}, {}).error().kind, ErrorKind::kLocked);
  }
  int writers = 0;
  const auto done = repair(directory_, {}, [&](std::uint64_t, std::uint64_t) {
    EXPECT_EQ(open_rocksdb(directory_, {}).error().kind, ErrorKind::kLocked);
    EXPECT_EQ(repair(directory_, {}, {}).error().kind, ErrorKind::kLocked);
    ++writers;
  });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_GT(writers, 0);
  EXPECT_TRUE(open_rocksdb(directory_, {}));
  EXPECT_EQ(repair(scratch_ / "nowhere", {}, {}).error().kind, ErrorKind::kAbsent);
}

// Blocks of a table that hold derived records and answers only: what was in them comes back, answers excepted; those
// of refused actes cannot even be counted. Blocks that hold events are not to be mended.
TEST_F(Repairs, ADamagedTable) {
  fill(600, 300);
  const std::string before = content();
  const TreeHead head_before = head();
  fs::path table;
  for (const auto& entry : fs::directory_iterator(directory_)) {
    if (entry.path().extension() == ".sst" && (table.empty() || fs::file_size(entry) > fs::file_size(table)))
      table = entry.path();
  }
  const std::string octets = read_bytes(table);
  std::size_t mended = 0, refused = 0, closed = 0, with_losses = 0;
  for (std::size_t at = 2'000; at < octets.size(); at += long_tests() ? 500 : octets.size() / 40) {
    std::string changed = octets;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    write_bytes(table, changed);
    const bool opens = reader().has_value();
    const auto done = repair(directory_, {}, {});
    if (!opens) {
      ++closed;
      EXPECT_EQ(done.error().kind, ErrorKind::kDamaged);
    } else if (!done) {
      ++refused;
      EXPECT_EQ(done.error().kind, ErrorKind::kDamaged) << at;
      EXPECT_NE(done.error().message.find("les événements"), std::string::npos) << done.error().message;
    } else {
      ++mended;
      ASSERT_FALSE(done->kept.empty()) << at;
      expect_clean(**reader());
      EXPECT_EQ(head().root, head_before.root);
      if (done->lost.empty()) {
        EXPECT_EQ(content(), before) << at;
      } else {
        ++with_losses;
        EXPECT_NE(done->lost.front().find("réponses d'actes"), std::string::npos) << done->lost.front();
      }
      fs::remove_all(directory_);
      fs::rename(done->kept, directory_);
    }
    write_bytes(table, octets);
  }
  EXPECT_GT(mended, with_losses) << refused << " " << closed;
  EXPECT_GT(with_losses, 0U) << refused << " " << closed;
  EXPECT_GT(refused, mended);
  expect_clean(**reader());
}

TEST_F(Repairs, StoppedItLeavesNothing) {
  fill(20'000, 0);
  change([](Store& store) { store.remove(flux_key("flux/1")); });
  const std::string damaged = fingerprint_of(directory_);
  for (const int asked : {1, 2, 20}) {
    int left = asked;
    const auto stopped = repair(directory_, {.go_on = [&] { return --left > 0; }}, {});
    ASSERT_TRUE(stopped) << stopped.error().message;
    EXPECT_TRUE(stopped->stopped) << asked;
    EXPECT_TRUE(stopped->kept.empty());
    EXPECT_EQ(fingerprint_of(directory_), damaged);
    EXPECT_EQ(beside(), std::vector<std::string>{"journal"});
  }
}

// What a killed construction left is removed; nothing else is, however it looks.
TEST_F(Repairs, OnlyWhatIsUnfinishedAndNobodysIsRemoved) {
  fill(5);
  const auto left = [&](const std::string& name, const std::string& mark) {
    fs::create_directories(scratch_ / name + "/below");
    write_bytes(scratch_ / name + "/below/octets", "words");
    if (!mark.empty()) write_bytes(scratch_ / name + "/INACHEVE", mark);
  };
  left("journal.inacheve-abcDEF", "journal.inacheve-abcDEF\n");
  left("journal.avant-reparation-2024-01-30T08-00-00Z",
       "journal.x23456\njournal.avant-reparation-2024-01-30T08-00-00Z\n");
  left("journal.backup", "");                           // somebody's own
  left("journal.copies", "journal.inacheve-abcDEF\n");  // a copy of an unfinished one: somebody's own as well
  left("journal.x.inacheve-abcDEF", "journal.x.inacheve-abcDEF\n");  // of the journal « journal.x »
  left("journal2.inacheve-abcDEF", "journal2.inacheve-abcDEF\n");    // of another one
  fs::create_directory(scratch_ / "journal.vide");                   // somebody's own, too
  fs::create_directory(scratch_ / "journal.inacheve-000000");        // killed before it said its name
  fs::create_directory_symlink(scratch_ / "journal2.inacheve-abcDEF", scratch_ / "journal.linked");
  const auto under_way = Building::begin(directory_);
  ASSERT_TRUE(under_way);
  auto kept = beside();
  std::erase(kept, "journal.inacheve-000000");
  std::erase(kept, "journal.inacheve-abcDEF");
  std::erase(kept, "journal.avant-reparation-2024-01-30T08-00-00Z");
  std::vector<std::string> removed;
  for (const auto& one : remove_unfinished(directory_ + "/")) {
    EXPECT_EQ(one.why, "");
    removed.push_back(fs::path(one.path).filename());
  }
  EXPECT_EQ(removed, (std::vector<std::string>{"journal.avant-reparation-2024-01-30T08-00-00Z",
                                               "journal.inacheve-000000", "journal.inacheve-abcDEF"}));
  EXPECT_EQ(beside(), kept);
  EXPECT_TRUE(remove_unfinished(directory_).empty());
}

TEST(RepairChild, DISABLED_Repair) {
  const char* const directory = std::getenv("ASSEMBLIER_REPAIR_DIRECTORY");
  ASSERT_TRUE(directory != nullptr);
  ASSERT_TRUE(repair(directory, {}, {}));
}

// This program again, with that test alone: a child of fork() would have none of RocksDB's threads.
pid_t start_repair(const std::string& directory) {
  ::setenv("ASSEMBLIER_REPAIR_DIRECTORY", directory.c_str(), 1);
  std::string program = fs::read_symlink("/proc/self/exe").string();
  std::string filter = "--gtest_filter=RepairChild.DISABLED_Repair";
  std::string disabled = "--gtest_also_run_disabled_tests";
  char* arguments[] = {program.data(), filter.data(), disabled.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  EXPECT_EQ(::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

// Killed at any moment the journal is as it was, or repaired; and the next repair ends it.
TEST_F(Repairs, KilledItIsAsItWasOrRepaired) {
  fill(400);
  const std::string before = content();
  const Hash root = head().root;
  change([](Store& store) {
    store.remove(flux_key("flux/1"));
    store.remove(index_key("flux/3", Version{2}));
  });
  const std::string damaged = scratch_ / "damaged";
  fs::copy(directory_, damaged);
  std::mt19937 random(8);
  int status = 0;
  const auto begin = std::chrono::steady_clock::now();
  ::waitpid(start_repair(directory_), &status, 0);
  ASSERT_EQ(status, 0);
  const auto whole = std::chrono::steady_clock::now() - begin;
  int cut = 0;
  const int rounds = long_tests() ? 200 : 10;
  for (int round = 0; round < rounds; ++round) {
    for (const std::string& name : beside()) {
      if (name != "damaged") fs::remove_all(scratch_ / name);
    }
    fs::copy(damaged, directory_);
    const std::string as_it_was = fingerprint_of(directory_);
    const pid_t child = start_repair(directory_);
    if (round % 2 == 0) {  // as soon as there is a copy beside it; else at any moment
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (beside().size() < 3 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    } else {
      std::this_thread::sleep_for(whole * (40 + random() % 70) / 100);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    static_cast<void>(remove_unfinished(directory_));
    const auto left = beside();
    EXPECT_LE(left.size(), 3U) << "the journal, what the test keeps, the damaged one: "
                               << ::testing::PrintToString(left);
    if (fingerprint_of(directory_) == as_it_was) {
      EXPECT_EQ(left.size(), 2U) << ::testing::PrintToString(left);
      ++cut;
      const auto again = repair(directory_, {}, {});
      ASSERT_TRUE(again) << again.error().message;
    }
    expect_clean(**reader());
    EXPECT_EQ(content(), before);
    EXPECT_EQ(head().root, root);
  }
  EXPECT_GT(cut, 0);
}

}  // namespace
}  // namespace assemblier::storage
