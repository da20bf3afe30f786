// A hand that keeps every checksum right: records changed through the store itself. verify() must find each change, in
// both directions, and name the event.

#include "storage/keys.hpp"
#include "storage/store.hpp"
#include "tests/storage/map_store.hpp"
#include "tests/storage/support.hpp"

namespace assemblier::storage {
namespace {

class Tamper : public ::testing::Test {
 protected:
  // Positions 0 to 11 over three flux; the acte of 10 and 11 wrote both; one refusal.
  void SetUp() override {
    auto owned = std::make_unique<MapStore>();
    store_ = owned.get();
    ASSERT_TRUE(initialise(*owned));
    auto journal =
        open_journal(std::move(owned), {.limits = {}, .clock = [this] { return ++now_; }, .read_only = false});
    ASSERT_TRUE(journal);
    journal_ = std::move(*journal);
    for (int i = 0; i < 10; ++i) {
      const std::string id = "acte-" + std::to_string(i);
      ASSERT_TRUE(journal_->append(
          {.events = {make_event("f/" + std::to_string(i % 3), id)}, .expected = {}, .outcome = make_outcome(id)}));
    }
    ASSERT_TRUE(journal_->append({.events = {make_event("f/0", "both", 0), make_event("f/1", "both", 1)},
                                  .expected = {},
                                  .outcome = make_outcome("both")}));
    ASSERT_TRUE(journal_->append({.events = {}, .expected = {}, .outcome = make_outcome("refused")}));
    expect_clean(*journal_);
  }

  std::map<Bytes, Bytes>& records() { return store_->records; }

  // Replaces an event by one that says something else, itself wholly well formed.
  void falsify(std::uint64_t position, const std::function<void(Header&)>& change) {
    Bytes& stored = records().at(event_key(Position{position}));
    auto event = decode_event(stored);
    ASSERT_TRUE(event);
    change(event->header);
    stored = encode_event(event->header, event->payload);
  }

  std::string findings() {
    const auto report = journal_->verify({});
    EXPECT_TRUE(report);
    std::string all;
    for (const Finding& finding : report->findings) all += finding.message + "\n";
    return all;
  }

  void expect_found(const std::string& what) {
    const std::string all = findings();
    EXPECT_NE(all.find(what), std::string::npos) << "looked for: " << what << "\n" << all;
  }

  std::string read_error() {
    const auto done = journal_->read_all(Position{0}, [](const StoredEvent&) { return true; });
    return done ? std::string() : done.error().message;
  }

  std::int64_t now_ = 1'000;
  MapStore* store_ = nullptr;
  std::unique_ptr<Journal> journal_;
};

TEST_F(Tamper, ScanNamesWhatIsNotInItsPlace) {
  const auto scan_error = [this] {
    const auto done = journal_->scan({.to = Position{100}}, [](const EventView&) { return true; });
    return done ? std::string() : done.error().message;
  };
  EXPECT_EQ(scan_error(), "");
  const std::map<Bytes, Bytes> clean = records();
  records().erase(event_key(Position{4}));
  EXPECT_NE(scan_error().find("la position 4 manque"), std::string::npos) << scan_error();
  records() = clean;
  records().erase(event_key(Position{11}));
  EXPECT_NE(scan_error().find("la position 11 manque"), std::string::npos) << scan_error();
  records() = clean;
  std::swap(records().at(event_key(Position{4})), records().at(event_key(Position{5})));
  EXPECT_NE(scan_error().find("la position 4 porte l'événement de la position 5"), std::string::npos) << scan_error();
  records() = clean;
  records().at(event_key(Position{6})).resize(20);
  EXPECT_NE(scan_error().find("la position 6 ne porte plus ce qui a été écrit"), std::string::npos) << scan_error();
}

TEST_F(Tamper, APartFindsWhatIsAlteredInIt) {
  const auto part = [this](const VerifyPart& what) {
    const auto report = journal_->verify_part(what, {});
    EXPECT_TRUE(report);
    std::string all;
    for (const Finding& finding : report->findings) all += finding.message + "\n";
    return all;
  };
  for (std::uint64_t from = 0; from <= 12; ++from) EXPECT_EQ(part({.from = from}), "") << from;
  for (const char* const flux : {"f/0", "f/1", "f/2"}) EXPECT_EQ(part({.flux = flux}), "") << flux;
  EXPECT_FALSE(journal_->verify_part({.from = 13}, {}));
  EXPECT_FALSE(journal_->verify_part({.from = 1, .flux = "f/1"}, {}));

  falsify(7, [](Header& header) { header.author = "Somebody else"; });
  for (std::uint64_t from = 0; from <= 7; ++from)
    EXPECT_NE(part({.from = from}).find("position 7 (flux f/1, version 2)"), std::string::npos) << from;
  EXPECT_NE(part({.flux = "f/1"}).find("position 7 (flux f/1, version 2)"), std::string::npos) << part({.flux = "f/1"});
  EXPECT_EQ(part({.from = 8}).find("position 8"), std::string::npos);
}

TEST_F(Tamper, AFalsifiedEventIsNamed) {
  falsify(4, [](Header& header) { header.author = "Somebody else"; });
  expect_found("position 4 (flux f/1, version 1)");
  EXPECT_NE(read_error().find("position 7"), std::string::npos) << read_error();  // its successor sealed another one
}

TEST_F(Tamper, TheLastEventOfAFluxIsSealedToo) {
  falsify(11, [](Header& header) { header.author = "Somebody else"; });
  expect_found("position 11 (flux f/1, version 3)");
}

TEST_F(Tamper, AChangedPayloadIsNamed) {
  Bytes& stored = records().at(event_key(Position{5}));
  stored.back() = 'y';
  expect_found("position 5");
  expect_found("flux f/2, version 1");
  EXPECT_NE(read_error().find("position 5"), std::string::npos) << read_error();
}

TEST_F(Tamper, ARemovedEventIsNamed) {
  records().erase(event_key(Position{6}));
  expect_found("il manque la position 6");
  EXPECT_NE(read_error().find("position 6"), std::string::npos) << read_error();
}

TEST_F(Tamper, RemovedLastEventsAreNamed) {
  records().erase(event_key(Position{10}));
  records().erase(event_key(Position{11}));
  expect_found("les positions 10 à 11");
  EXPECT_NE(read_error().find("les positions 10 à 11"), std::string::npos) << read_error();
}

TEST_F(Tamper, AnInsertedEventIsNamed) {
  Header header = decode_event(records().at(event_key(Position{11})))->header;
  header.position.value = 12;
  header.version.value = 0;
  header.flux = "f/9";
  header.previous = {};
  records()[event_key(Position{12})] = encode_event(header, "\x61x");
  expect_found("la position 12 en trop");
  EXPECT_NE(read_error().find("la position 12 est en trop"), std::string::npos) << read_error();
}

TEST_F(Tamper, SwappedEventsAreNamed) {
  std::swap(records().at(event_key(Position{3})), records().at(event_key(Position{7})));
  expect_found("position 3 : porte l'événement position 7");
  expect_found("position 7 : porte l'événement position 3");
}

TEST_F(Tamper, AnInstantThatGoesBackIsNamed) {
  falsify(8, [](Header& header) { header.instant_us = 1; });
  expect_found("position 8 (flux f/2, version 2) : instant");
}

TEST_F(Tamper, IndexEntriesMissingWrongOrExtraAreNamed) {
  auto kept = records();
  records().erase(index_key("f/1", Version{1}));
  expect_found("position 4 (flux f/1, version 1) : l'index");
  EXPECT_FALSE(journal_->read_flux("f/1", Version{0}, [](const StoredEvent&) { return true; }));

  records() = kept;
  records()[index_key("f/1", Version{1})] = encode_entry({Position{7}, sha256("x")});
  expect_found("l'index de son flux donne la position 7");
  EXPECT_FALSE(journal_->read_flux("f/1", Version{0}, [](const StoredEvent&) { return true; }));

  records() = kept;
  records()[index_key("f/1", Version{5})] = encode_entry({Position{11}, sha256("x")});
  expect_found("index du flux « f/1 », version 5");
  EXPECT_FALSE(journal_->read_flux("f/1", Version{0}, [](const StoredEvent&) { return true; }));

  records() = kept;
  records()[index_key("f/8", Version{0})] = encode_entry({Position{40}, sha256("x")});
  expect_found("index du flux « f/8 », version 0");

  records() = kept;
  records()[index_key("f/1", Version{1})] = "garbage";
  expect_found("entrée d'index illisible");
  expect_found("position 4 (flux f/1, version 1)");
}

TEST_F(Tamper, TheListOfFluxAgreesBothWays) {
  auto kept = records();
  records().erase(flux_key("f/1"));
  expect_found("le flux « f/1 » n'est pas dans la liste");
  records() = kept;
  records()[flux_key("f/5")] = encode_position(Position{0});
  expect_found("flux sans événement");
  records() = kept;
  records()[flux_key("f/1")] = encode_position(Position{2});
  expect_found("flux « f/1 » sa première position 1");
}

TEST_F(Tamper, OutcomesAgreeBothWays) {
  auto kept = records();
  records().erase(outcome_key("acte-3"));
  expect_found("réponses d'actes");
  records() = kept;
  records().erase(outcome_key("refused"));
  expect_found("le compteur dit 12 réponses d'actes, 11 sont gardées");
  records() = kept;
  StoredOutcome other{
      .outcome = make_outcome("acte-3"), .kind = FingerprintKind::kKeyed, .first = Position{4}, .count = 1};
  records()[outcome_key("acte-3")] = encode_outcome(other);
  expect_found("position 3 (flux f/0, version 1) : la réponse gardée pour son acte « acte-3 »");
  expect_found("réponse de l'acte « acte-3 » : compte la position 4");
  records() = kept;
  other.outcome.acte_id = "invented";
  records()[outcome_key("invented")] = encode_outcome(other);
  expect_found("réponse de l'acte « invented » : compte la position 4");
  records() = kept;
  records()[outcome_key("acte-3")] = "short";
  expect_found("réponse d'acte illisible");
}

TEST_F(Tamper, SealedValuesAgreeBothWays) {
  auto owned = std::make_unique<MapStore>();
  store_ = owned.get();
  ASSERT_TRUE(initialise(*owned));
  JournalOptions options;
  options.master_key = MasterKey::generate();
  options.seal = true;
  journal_ = *open_journal(std::move(owned), options);
  const auto add = [this](const std::string& id, const std::string& person) {
    NewEvent event = make_event("f", id);
    event.personal = {{person, "value " + id}};
    ASSERT_TRUE(journal_->append({.events = {event}, .expected = {}}));
  };
  add("1", "Ana");
  add("2", "Ana");
  add("3", "Bob");
  ASSERT_TRUE(journal_->append(
      {.events = {make_event("gone", "gone")}, .expected = {}, .outcome = {}, .chain = {}, .erase = "Bob"}));
  expect_clean(*journal_);
  std::vector<Seal> seals;
  for (const StoredEvent& event : all_events(*journal_)) {
    seals.insert(seals.end(), event.header.seals.begin(), event.header.seals.end());
  }
  ASSERT_EQ(seals.size(), 3U);
  const Seal& ana = seals[0];
  const Seal& bob = seals[2];
  const auto kept = records();

  records().erase(seal_key(ana));
  expect_found("position 0 (flux f, version 0) : donnée scellée");
  records() = kept;
  std::swap(records()[seal_key(ana)], records()[seal_key(seals[1])]);
  expect_found("n'est pas celui que l'événement engage");
  records() = kept;
  records().erase(owner_key(ana.person));
  expect_found("la clef de sa personne manque");
  records() = kept;
  records()[owner_key(ana.person)].back() ^= 1;
  expect_found("ne s'ouvre pas");
  records() = kept;
  records()[seal_key(bob)] = records()[seal_key(ana)];
  expect_found("la personne est effacée, et elle est encore là");
  records() = kept;
  records()[seal_key({ana.person, sha256("x")})] = "more";
  expect_found("3 données scellées sont gardées, les événements en engagent 2");
  records() = kept;
  records()[owner_key(bob.person)] = encode_position(Position{9});
  expect_found("effacée par la position 9");
  records() = kept;
  records()[person_key(sha256("x"))] = encode_person(bob.person);
  expect_found("effacée ou sans clef, et encore nommée");
  records() = kept;
  records()[fingerprint_key_key()] = "short";
  expect_found("la clef des empreintes");
  records() = kept;
  EXPECT_EQ(findings(), "");
}

TEST_F(Tamper, CountersAndUnknownRecordsAreFound) {
  auto kept = records();
  Counters counters = *decode_counters(records().at(counters_key()));
  ++counters.flux;
  records()[counters_key()] = encode_counters(counters);
  expect_found("le compteur dit 4 flux, l'index en a 3");
  records() = kept;
  counters = *decode_counters(records().at(counters_key()));
  ++counters.instant_us;
  records()[counters_key()] = encode_counters(counters);
  expect_found("le compteur garde l'instant");
  records() = kept;
  records().erase(counters_key());
  expect_found("les compteurs manquent");
  EXPECT_FALSE(journal_->info());
  records() = kept;
  for (const char* const key : {"a", "g1", "j", "n", "zzz", "mother", "ee"}) {
    records()[key] = "x";
    expect_found("nconnu");
    records().erase(key);
  }
  EXPECT_EQ(findings(), "");
}

TEST_F(Tamper, AtMostAHundredFindingsAreKept) {
  for (int i = 0; i < 250; ++i) records()["z" + std::to_string(i)] = "x";
  const auto report = journal_->verify({});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->findings.size(), 100U);
  EXPECT_EQ(report->more, 150U);
}

// Every record removed in turn, and every value changed in turn by one octet, is found.
TEST_F(Tamper, NoRecordMayGoOrChange) {
  const auto kept = records();
  for (const auto& [key, value] : kept) {
    if (key == format_key() || key == journal_id_key()) continue;  // read when opening
    records().erase(key);
    EXPECT_NE(findings(), "") << "removed " << to_hex(key);
    records() = kept;
    const bool outcome = key[0] == 'o';
    for (std::size_t at = 0; at < value.size(); ++at) {
      // Fingerprint and answer of an outcome are known to nobody else: only checksums keep them.
      if (outcome && (at < 32 || at >= 44)) continue;
      records()[key][at] = static_cast<char>(value[at] ^ 0x21);
      EXPECT_NE(findings(), "") << "changed " << to_hex(key) << " at " << at;
      records()[key] = value;
    }
  }
  EXPECT_EQ(findings(), "");
}

TEST_F(Tamper, TheTreeAgreesBothWays) {
  for (int i = 0; i < 600; ++i)
    ASSERT_TRUE(journal_->append({.events = {make_event("f/0", "more-" + std::to_string(i))}}));
  expect_clean(*journal_);
  const auto kept = records();
  ASSERT_TRUE(records().contains(tree_key(8, 1)));
  ASSERT_FALSE(records().contains(tree_key(8, 2)));
  records().erase(tree_key(8, 1));
  expect_found("arbre : le nœud sur les positions 256 à 511 manque");
  EXPECT_EQ(journal_->tree_head(600).error().kind, ErrorKind::kDamaged);
  records() = kept;
  records()[tree_key(8, 0)] = to_bytes(sha256("other"));
  expect_found("arbre : le nœud sur les positions 0 à 255 n'est pas celui de ses événements");
  records() = kept;
  for (const Bytes& key : {tree_key(8, 2), tree_key(16, 0), tree_key(1, 0), tree_key(0, 0), Bytes("t")}) {
    records()[key] = to_bytes(sha256("x"));
    expect_found("arbre : enregistrement en trop");
    records() = kept;
  }
  EXPECT_EQ(findings(), "");
}

TEST_F(Tamper, OpeningRefusesAnotherFormatAndCountersThatDoNotFit) {
  const auto reopen = [&](const std::map<Bytes, Bytes>& with, bool read_only) {
    auto store = std::make_unique<MapStore>();
    store->records = with;
    return open_journal(std::move(store), {.limits = {}, .clock = {}, .read_only = read_only});
  };
  auto changed = records();
  changed[format_key()] = encode_format(kFormat + 1);
  EXPECT_EQ(reopen(changed, true).error().kind, ErrorKind::kFormat);
  changed = records();
  changed.erase(format_key());
  EXPECT_EQ(reopen(changed, true).error().kind, ErrorKind::kDamaged);
  changed = records();
  changed.erase(event_key(Position{11}));
  EXPECT_EQ(reopen(changed, false).error().kind, ErrorKind::kDamaged);
  EXPECT_TRUE(reopen(changed, true));
  changed = records();
  changed[event_key(Position{12})] = "x";
  EXPECT_EQ(reopen(changed, false).error().kind, ErrorKind::kDamaged);
}

}  // namespace
}  // namespace assemblier::storage
