// fold(events) == the state that decide kept == the state brought back from neutral data, on random walks through the
// procedure.

#include "engine/decide.hpp"
#include "tests/engine/house.hpp"

#include <random>

namespace assemblier::engine::test {
namespace {

Request any_request(std::mt19937& random, const std::string& objet) {
  const auto pick = [&random](std::initializer_list<const char*> words) {
    return *(words.begin() + random() % words.size());
  };
  const char* who = pick({"Ana", "Bilal", "Chloé", "Denis"});
  switch (random() % 5) {
    case 0:
      return opening(objet, static_cast<std::int64_t>(random() % 60), pick({"0.00", "12.34", "40"}));
    case 1:
      return {.acte = "mise au vote", .objet = objet, .role = "secrétaire"};
    case 2:
      return {.acte = "remarque",
              .objet = objet,
              .role = "secrétaire",
              .donnees = {{"texte libre", Datum(pick({"a", "b", "c"}))}}};
    default:
      return ballot(objet, who, pick({"accepte", "accepte", "repousse", "blanc"}));
  }
}

TEST(Fold, OfEventsIsTheStateThatWasKept) {
  House house;
  const EditionPtr edition = house.publish();
  std::mt19937 random(11);
  std::size_t recorded = 0, refused = 0;
  for (int walk = 0; walk < 150; ++walk) {
    Live live, absorbed;
    live.flux = "demande/x";
    State state;
    for (int i = 0; i < 25; ++i) {
      auto decided = decide(live, edition, any_request(random, "demande/x"), day(2024, 6, 15));
      if (!decided) {
        ++refused;
        EXPECT_FALSE(decided.error().message.empty());
        continue;
      }
      ++recorded;
      for (const Evenement& event : decided->events) {
        const auto again = decode_payload(encode_payload(event.payload));
        ASSERT_TRUE(again) << again.error();
        Evenement read = event;
        read.payload = *again;
        evolve(state, read);
        const auto absorption = absorb(absorbed, read, edition);
        ASSERT_TRUE(absorption) << absorption.error();
      }
      live = std::move(decided->after);
      ASSERT_TRUE(state == snapshot(live));
      ASSERT_TRUE(state == snapshot(absorbed));
      const auto brought = bring(state, edition);
      ASSERT_TRUE(brought) << brought.error();
      ASSERT_TRUE(state == snapshot(*brought));
    }
  }
  EXPECT_GT(recorded, 500U);
  EXPECT_GT(refused, 500U);
}

TEST(Evolve, IsTotal) {
  State state;
  Evenement event{.flux = "a/1", .payload = {.to = "x"}};
  event.payload.changes.push_back(
      {.kind = Change::Kind::kAppend, .field = "f", .value = Datum(Datum::List{Datum(true)})});
  event.payload.changes.push_back({.kind = Change::Kind::kEntry, .field = "f", .key = "k", .value = Datum(true)});
  event.payload.changes.push_back({.kind = Change::Kind::kSet, .field = "g", .value = Datum()});
  evolve(state, event);
  EXPECT_EQ(*state.field("f"), Datum(Datum::Map{{"k", Datum(true)}}));
  EXPECT_EQ(state.field("g"), nullptr);
  event.payload.changes = {{.kind = Change::Kind::kSet, .field = "f", .value = Datum()}};
  evolve(state, event);
  EXPECT_TRUE(state.fields.empty());
  EXPECT_EQ(state.events, 2U);
}

TEST(Decide, IsPureAndLeavesItsInput) {
  House house;
  const EditionPtr edition = house.publish();
  Live live;
  live.flux = "demande/1";
  const auto first = decide(live, edition, opening("demande/1"), day(2024, 6, 15));
  ASSERT_TRUE(first);
  EXPECT_FALSE(live.exists());
  const auto second = decide(live, edition, opening("demande/1"), day(2024, 6, 15));
  EXPECT_EQ(encode_payload(first->events[0].payload), encode_payload(second->events[0].payload));
  EXPECT_EQ(possible_actes(first->after), (std::vector<std::string>{"mise au vote", "remarque"}));
}

}  // namespace
}  // namespace assemblier::engine::test
