// States folded from a walk == states folded one flux after the other from events read and checked whole, whatever the
// events and the number of threads.

#include "engine/states.hpp"

#include "tests/engine/house.hpp"

#include <limits>
#include <map>
#include <random>

#include <fmt/format.h>

namespace assemblier::engine::test {
namespace {

/// The slow way, for every flux of objets.
std::map<std::string, State> folded_one_by_one(storage::Journal& journal) {
  std::map<std::string, State> states;
  const auto read = journal.read_all({}, [&](const storage::StoredEvent& event) {
    const std::string& flux = event.header.flux;
    if (flux.starts_with(kEditionPrefix) || flux.starts_with(kErasedPrefix)) return true;
    const auto done = fold(states[flux], event);
    EXPECT_TRUE(done) << done.error();
    return done.has_value();
  });
  EXPECT_TRUE(read) << read.error().message;
  return states;
}

/// Equal, in the same order too.
void expect_same(const State& a, const State& b) {
  EXPECT_TRUE(a == b) << a.flux;
  ASSERT_EQ(a.fields.size(), b.fields.size()) << a.flux;
  for (std::size_t i = 0; i < a.fields.size(); ++i) EXPECT_EQ(a.fields[i].first, b.fields[i].first);
  for (std::size_t i = 0; i < a.decisions.size(); ++i) EXPECT_EQ(a.decisions[i], b.decisions[i]);
}

void expect_same_states(storage::Journal& journal) {
  const auto wanted = folded_one_by_one(journal);
  for (const unsigned threads : {1U, 2U, 3U, 64U}) {
    const auto states = read_states(journal, {.threads = threads});
    ASSERT_TRUE(states) << states.error().message;
    EXPECT_EQ(states->size(), wanted.size());
    for (const auto& [flux, state] : wanted) {
      const auto found = states->find(flux);
      ASSERT_TRUE(found) << found.error();
      ASSERT_TRUE(*found) << flux;
      expect_same(**found, state);
    }
    std::size_t seen = 0;
    const auto done = states->each([&](const State& state) {
      expect_same(state, wanted.at(state.flux));
      ++seen;
      return true;
    });
    EXPECT_TRUE(done) << done.error();
    EXPECT_EQ(seen, wanted.size());
    EXPECT_EQ(*states->find("rien/0"), std::nullopt);
  }
}

/// Effects that no procedure would have: every kind of value, every change on whatever is there.
class Anything {
 public:
  explicit Anything(unsigned seed) : random_(seed) {}

  storage::NewEvent event(int number) {
    Evenement made{.flux = "chose/" + std::to_string(below(40)), .acte = "acte"};
    ActePayload& payload = made.payload;
    payload.objet = "Chose";
    payload.from = name();
    payload.to = name();
    for (std::size_t left = below(6); left > 0; --left) payload.changes.push_back(change(made));
    for (std::size_t left = below(3); left > 0; --left) payload.decisions.push_back(decision());
    payload.donnees = {{"pas lu", value(0)}};
    storage::NewEvent event{.flux = made.flux, .type = "acte", .role = "rôle", .acte_id = std::to_string(number)};
    event.date_effet = static_cast<std::int32_t>(below(20'000));
    event.event_id = storage::new_event_id(event.acte_id, 0);
    event.edition = storage::sha256(name());
    event.payload = encode_payload(payload);
    event.personal = std::move(made.personal);
    return event;
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }
  std::string name() {
    static constexpr const char* kNames[] = {"a",  "bé", "état", "un nom de champ assez long pour deux octets de tête",
                                             "ab", "ba", "aab",  "aba"};
    return kNames[below(std::size(kNames))];
  }
  Datum value(int depth) {
    switch (below(depth < 3 ? 10 : 8)) {
      case 0:
        return Datum(below(2) == 0);
      case 1:
        return Datum(static_cast<std::int64_t>(random_()) << below(33));
      case 2:
        return Datum(-static_cast<std::int64_t>(below(1000)));
      case 3:
        return Datum(dsl::Montant{static_cast<std::int64_t>(random_())});
      case 4:
        return Datum(dsl::Taux{static_cast<std::int64_t>(random_())});
      case 5:
        return Datum(dsl::Date{static_cast<std::int32_t>(below(40'000))});
      case 6:
        return Datum(dsl::Duree{static_cast<std::int32_t>(below(30)), -3});
      case 7:
        return Datum(std::string(below(300), 'x'));
      case 8:
        return list(depth + 1);
      default: {
        Datum::Map map;
        for (std::size_t i = below(5); i > 0; --i) map.emplace_back(std::to_string(i), value(depth + 1));
        return Datum(std::move(map));
      }
    }
  }
  Datum list(int depth) {
    Datum::List list;
    for (std::size_t i = below(4); i > 0; --i) list.push_back(value(depth));
    return Datum(std::move(list));
  }
  Datum sealed(Evenement& event) {
    event.personal.push_back({"personne " + std::to_string(below(9)), std::string(below(20), 'p')});
    return Datum(Datum::Sealed{.index = event.personal.size() - 1});
  }
  Change change(Evenement& event) {
    Change change{.kind = static_cast<Change::Kind>(below(3)), .field = name()};
    if (change.kind == Change::Kind::kAppend) {
      change.value = list(0);
    } else {
      if (change.kind == Change::Kind::kEntry) change.key = name() + std::to_string(below(20));
      const std::size_t which = below(8);
      change.value = which == 0 ? Datum() : which == 1 ? sealed(event) : value(0);
    }
    return change;
  }
  Decision decision() {
    Decision decision{.name = name(), .status = static_cast<dsl::Status>(below(4)), .value = value(0)};
    for (std::size_t i = below(3); i > 0; --i) decision.reasons.push_back(name());
    decision.missing = {"fait"};
    decision.unmet = {"exigence", "autre"};
    return decision;
  }

  std::mt19937 random_;
};

storage::JournalOptions sealing() {
  storage::JournalOptions options;
  options.master_key = storage::MasterKey::generate();
  options.seal = true;
  return options;
}

void append_anything(storage::Journal& journal, unsigned seed, int events) {
  Anything anything(seed);
  storage::AppendRequest request;
  for (int i = 0; i < events; ++i) {
    request.events.push_back(anything.event(i));
    if (request.events.size() < 1000 && i + 1 < events) continue;
    const auto done = journal.append(std::move(request));
    ASSERT_TRUE(done) << done.error().message;
    request = {};
  }
}

TEST(States, AreThoseOfTheSlowWayForAnyEffects) {
  for (unsigned seed = 1; seed < 9; ++seed) {
    auto journal = storage::open_memory(sealing());
    append_anything(*journal, seed, 400);
    expect_same_states(*journal);
  }
}

TEST(States, AreTheSameByAnyNumberOfThreads) {
  auto journal = storage::open_memory(sealing());
  append_anything(*journal, 9, 20'000);
  expect_same_states(*journal);
}

// Names may be chosen so that their hashes end alike: more of them than a table has places near each other, and the
// table grows with them.
TEST(States, HoldWhateverTheNames) {
  std::vector<std::string> names;
  for (std::uint64_t i = 0; names.size() < 1200; ++i) {
    std::string name = fmt::format("chose/{}", i);
    if (names.size() < 150 || std::hash<std::string_view>{}(name) % 4096 == 7) names.push_back(std::move(name));
  }
  auto journal = storage::open_memory(sealing());
  Anything anything(10);
  storage::AppendRequest request;
  for (int number = 0; number < 3600; ++number) {
    request.events.push_back(anything.event(number));
    request.events.back().flux = names[static_cast<std::size_t>(number) % names.size()];
    if (request.events.size() < 600) continue;
    const auto done = journal->append(std::exchange(request, {}));
    ASSERT_TRUE(done) << done.error().message;
  }
  expect_same_states(*journal);
}

TEST(States, FollowAProcedureAndLeaveOutWhatIsNoObjet) {
  House house;
  house.publish();
  for (int i = 0; i < 30; ++i) {
    const std::string objet = "demande/" + std::to_string(i);
    play(*house.engine, objet, {{"Ana", "accepte"}, {"Bilal", i % 2 == 0 ? "accepte" : "blanc"}});
    for (int words = 0; words < i; ++words) {
      const Answer answer = house.engine->submit({.acte = "remarque",
                                                  .objet = objet,
                                                  .role = "secrétaire",
                                                  .donnees = {{"texte libre", Datum(std::to_string(words % 9))}}});
      ASSERT_EQ(answer.kind, Answer::Kind::kInscrit) << explain(answer);
    }
    if (i % 3 == 0) {
      ASSERT_EQ(house.engine->submit(ballot(objet, "Chloé", "blanc")).kind, Answer::Kind::kInscrit);
    }
  }
  ASSERT_EQ(
      house.engine
          ->submit(
              {.acte = "achat", .objet = "outil/1", .role = "magasinier", .donnees = {{"désignation", Datum("bêche")}}})
          .kind,
      Answer::Kind::kInscrit);
  expect_same_states(*house.journal);
  const auto tools = read_states(*house.journal, {.category = "outil"});
  ASSERT_TRUE(tools);
  EXPECT_EQ(tools->size(), 1U);

  // All at once or one by one, a live objet is the same.
  std::size_t seen = 0;
  const auto done = house.engine->each_live("demande", [&](Live& live) {
    EXPECT_TRUE(snapshot(live) == snapshot(**house.engine->live(live.flux)));
    return ++seen < 20;
  });
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(seen, 20U);
}

TEST(States, KeepWhatStandsForThePersonalValuesOfSomebodyErased) {
  auto journal = storage::open_memory(sealing());
  append_anything(*journal, 10, 600);
  const auto before = folded_one_by_one(*journal);
  storage::AppendRequest erasure{.erase = "personne 1"};
  erasure.events.push_back({.flux = "effacé/1", .type = std::string(kErasure), .role = "système", .acte_id = "e"});
  erasure.events.back().event_id = storage::new_event_id("e", 0);
  erasure.events.back().payload = encode_erasure("motif");
  const auto erased = journal->append(std::move(erasure));
  ASSERT_TRUE(erased) << erased.error().message;
  expect_same_states(*journal);
  const auto states = read_states(*journal, {.threads = 2});
  ASSERT_TRUE(states);
  for (const auto& [flux, state] : before) expect_same(**states->find(flux), state);
}

TEST(States, SayWhatDoesNotDecodeAsTheSlowWayDoes) {
  // A payload changed in one octet, under a true hash: read or not, both ways agree on every event they fold.
  std::mt19937 random(11);
  std::size_t refused = 0;
  for (int i = 0; i < 400; ++i) {
    auto journal = storage::open_memory(sealing());
    Anything anything(static_cast<unsigned>(i));
    storage::NewEvent event = anything.event(0);
    event.payload[random() % event.payload.size()] = static_cast<char>(random());
    const std::string flux = event.flux;
    storage::AppendRequest request;
    request.events.push_back(std::move(event));
    ASSERT_TRUE(journal->append(std::move(request)));
    State slow;
    std::expected<void, std::string> folded;
    ASSERT_TRUE(journal->read_all({}, [&](const storage::StoredEvent& stored) {
      folded = fold(slow, stored);
      return true;
    }));
    const auto states = read_states(*journal, {});
    if (!states) {
      ++refused;
      ASSERT_FALSE(folded);
      EXPECT_EQ(states.error().kind, storage::ErrorKind::kDamaged);
      EXPECT_EQ(states.error().message, folded.error());
      continue;
    }
    const auto found = states->find(flux);
    if (folded && found) expect_same(**found, slow);
    if (folded) EXPECT_TRUE(found) << found.error();
  }
  EXPECT_GT(refused, 50U);
}

/// Octets of an acte whose only change gives the field `x` that number.
storage::Bytes payload_of(std::int64_t x) {
  ActePayload payload;
  payload.objet = "Chose";
  payload.to = "là";
  payload.changes = {{.field = "x", .key = {}, .value = Datum(x)}};
  return encode_payload(payload);
}

storage::AppendRequest append_of(const std::string& flux, int number, storage::Bytes payload) {
  storage::NewEvent event;
  event.flux = flux;
  event.type = "acte";
  event.role = "x";
  event.acte_id = std::to_string(number);
  event.event_id = storage::new_event_id(event.acte_id, 0);
  event.edition = storage::sha256("rules");
  event.payload = std::move(payload);
  storage::AppendRequest request;
  request.events.push_back(std::move(event));
  return request;
}

// Whatever stands in the octets of an event, all threads end, with its position.
TEST(States, RefuseAnyCutPayloadWhateverTheThreads) {
  const storage::Bytes whole = payload_of(70'000);
  std::size_t refused = 0;
  for (const char* tail : {"", "\x18", "\x1b", "\x9b", "\xbb", "\x79"}) {
    for (std::size_t size = 1; size < whole.size(); size += 3) {
      const auto journal = storage::open_memory({});
      for (int i = 0; i < 4; ++i) ASSERT_TRUE(journal->append(append_of(fmt::format("chose/{}", i), i, whole)));
      ASSERT_TRUE(journal->append(append_of("chose/z", 9, whole.substr(0, size) + tail)));
      for (const unsigned threads : {1U, 2U, 5U}) {
        const auto states = read_states(*journal, {.threads = threads});
        if (states) continue;  // cut behind what is looked at
        ++refused;
        EXPECT_NE(states.error().message.find("position 4"), std::string::npos) << states.error().message;
      }
    }
  }
  EXPECT_GT(refused, 100U);
}

TEST(States, EndWhereverTheDamagedEventIs) {
  for (const char* flux : {"chose/z", "chose/y", "chose/x", "chose/w"}) {
    const auto journal = storage::open_memory({});
    storage::AppendRequest many = append_of(flux, 0, payload_of(1).substr(0, 20) + "\x18");
    for (int i = 1; i < 9'000; ++i) {
      many.events.push_back(append_of(fmt::format("chose/{}", i % 50), i, payload_of(i)).events.front());
      if (many.events.size() == 500) ASSERT_TRUE(journal->append(std::exchange(many, {})));
    }
    for (const unsigned threads : {1U, 2U, 4U}) EXPECT_FALSE(read_states(*journal, {.threads = threads}));
  }
}

// What was read of a refused event is not taken for what the next one says.
TEST(States, RememberNothingOfARefusedEvent) {
  const storage::Bytes whole = payload_of(7);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    for (const char* tail : {"", "\x18", "\x79\x01"}) {
      States states(1);
      const std::string edition(32, 'e');
      const auto put = [&](const std::string& flux, const storage::Bytes& payload) {
        storage::EventView event;
        event.flux = flux;
        event.type = "acte";
        event.edition = edition;
        event.payload = payload;
        return states.fold(event).has_value();
      };
      ASSERT_TRUE(put("chose/1", whole));
      static_cast<void>(put("chose/2", whole.substr(0, size) + tail));
      ASSERT_TRUE(put("chose/3", whole)) << size;
      const auto state = states.find("chose/3");
      ASSERT_TRUE(state && *state);
      ASSERT_EQ((*state)->fields.size(), 1U);
      EXPECT_EQ((*state)->fields.front().first, "x");
    }
  }
}

}  // namespace
}  // namespace assemblier::engine::test
