// Corners of the procedure: what an acte refuses to record, which états it reaches, what follows and what does not.

#include "engine/decide.hpp"

#include "engine/replay.hpp"
#include "engine/views.hpp"
#include "tests/engine/house.hpp"

#include <gmock/gmock.h>

namespace assemblier::engine::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kCourses = R"(langue 1
édition 2024 « Courses »
  en vigueur du 01/01/2024 au 31/12/2024

source Code « Code des courses »

énumération Allure  source Code § 1
  marche
  trot

table Juge (prénom : texte)  source Code § 1
  Ève
  Noé

objet Course  source Code § 2
  distance : entier
  temps : entier
  allure : Allure
  prix : montant
  primes : montant par entier
  gagnants : liste de Juge
  juges : liste de Juge
  tours : entier

règles du Course

décision vitesse : entier  source Code § 3
  arrondi inférieur de (distance / temps) quand distance > 0
  aucune « à l'arrêt » quand distance = 0

décision allure jugée : Allure  source Code § 3
  marche quand vitesse ≤ 5
  trot quand vitesse > 5

procédure du Course  source Code § 4
  rôle starter
  rôle juge : Juge
  état partie
  état arrivée
  état longue
  état neutralisée

  acte passage
    par starter
    ouvre
    de partie
    porte distance, facultatif ; temps, facultatif ; prime : montant, facultatif ; borne : entier, facultatif
    inscrit distance
    inscrit temps
    inscrit primes = liste vide
    vers partie

  acte prime
    par starter
    de partie
    porte borne : entier ; prime : montant
    inscrit primes de borne = prime
    inscrit gagnants = Ève, Noé
    ajoute Noé à gagnants

  acte arrivée
    par starter
    de partie
    exige « La distance est courue » distance ≥ 100
    exige « Le temps est pris » temps > 0
    décide vitesse, allure jugée
    vers arrivée quand distance < 1 000
    vers longue quand distance > 500
    vers neutralisée sinon

  acte réclamation
    par juge parmi juges
    de partie

  acte report
    par starter
    de partie
    inscrit tours = distance + temps

  acte tour
    par starter
    de partie
    porte plus : entier
    inscrit tours = plus
    puis bonus quand tours ≥ 1
    puis clôture quand tours ≥ 2
    puis tardif

  acte bonus
    par système
    de partie
    exige « Le tour est pair » tours < 10
    inscrit prix = 5 €
    puis clôture quand tours ≥ 5

  acte clôture
    par système
    de partie
    vers arrivée

  acte tardif
    par système
    de partie
    inscrit prix = 1 €
)";

class Courses : public ::testing::Test {
 protected:
  Courses() { house.publish(kCourses); }

  Answer ask(const char* acte, Datum::Map donnees = {}, const char* role = "starter", const char* author = "") {
    return house.engine->submit(
        {.acte = acte, .objet = "course/1", .role = role, .author = author, .donnees = std::move(donnees)});
  }
  void run(std::int64_t distance, std::int64_t time) {
    const Answer answer = ask("passage", {{"distance", Datum(distance)}, {"temps", Datum(time)}});
    ASSERT_EQ(answer.kind, Answer::Kind::kInscrit) << explain(answer);
  }
  void TearDown() override {
    const auto report = replay(*house.engine, {}, {});
    ASSERT_TRUE(report);
    for (const Divergence& divergence : report->divergences) ADD_FAILURE() << render(divergence);
  }

  House house;
};

TEST_F(Courses, AnActeMayBothOpenAndGoOn) {
  run(10, 5);
  run(20, 5);
  const auto state = *house.engine->state("course/1");
  EXPECT_EQ(state->events, 2U);
  EXPECT_EQ(*state->field("distance"), Datum(std::int64_t{20}));
  EXPECT_EQ(*state->field("primes"), Datum(Datum::Map{}));
  EXPECT_EQ(state->field("tours"), nullptr);
}

TEST_F(Courses, AssociationsGrowEntryByEntry) {
  run(10, 5);
  const auto bonus = [&](std::int64_t mark, const char* amount) {
    return ask("prime", {{"borne", Datum(mark)}, {"prime", Datum(amount)}});
  };
  ASSERT_EQ(bonus(3, "1.00").kind, Answer::Kind::kInscrit);
  ASSERT_EQ(bonus(1, "2.00").kind, Answer::Kind::kInscrit);
  ASSERT_EQ(bonus(3, "4.00").kind, Answer::Kind::kInscrit);
  const auto state = *house.engine->state("course/1");
  EXPECT_EQ(*state->field("primes"),
            Datum(Datum::Map{{"3", Datum(dsl::Montant{400})}, {"1", Datum(dsl::Montant{200})}}));
  EXPECT_EQ(*state->field("gagnants"), Datum(Datum::List{Datum("Ève"), Datum("Noé")}));
  const auto history = *house.engine->history("course/1");
  const auto& changes = history[2].evenement.payload.changes;
  ASSERT_EQ(changes.size(), 2U);  // Noé was there already
  EXPECT_EQ(changes[0].kind, Change::Kind::kEntry);
  EXPECT_EQ(changes[0].key, "1");
}

TEST_F(Courses, AnUndeterminedExigenceListsWhatIsMissing) {
  ASSERT_EQ(ask("passage", {{"distance", Datum(std::int64_t{10})}}).kind, Answer::Kind::kInscrit);
  const Refusal refused = ask("arrivée").refusal;
  EXPECT_EQ(refused.kind, Refusal::Kind::kExigence);
  ASSERT_EQ(refused.reasons.size(), 2U);
  EXPECT_EQ(refused.reasons[0].label, "La distance est courue");
  EXPECT_TRUE(refused.reasons[0].missing.empty());
  EXPECT_FALSE(refused.reasons[0].remedy.empty());
  EXPECT_EQ(refused.reasons[1].label, "Le temps est pris");
  EXPECT_THAT(refused.reasons[1].missing, ElementsAre("temps"));
  EXPECT_THAT(render(refused), HasSubstr("il manque : temps"));
}

TEST_F(Courses, ExactlyOneEtatIsReached) {
  run(700, 10);
  const Answer both = ask("arrivée");
  EXPECT_EQ(both.refusal.kind, Refusal::Kind::kRegle) << explain(both);
  EXPECT_THAT(both.refusal.message, HasSubstr("à la fois vers « arrivée » et « longue »"));
  run(2000, 10);
  EXPECT_EQ(ask("arrivée").etat, "longue");
}

TEST_F(Courses, ADecisionInheritsAucuneAndIsRecorded) {
  run(300, 100);
  const Answer answer = ask("arrivée");
  ASSERT_EQ(answer.kind, Answer::Kind::kInscrit) << explain(answer);
  const auto history = *house.engine->history("course/1");
  const auto& decisions = history.back().evenement.payload.decisions;
  ASSERT_EQ(decisions.size(), 2U);
  EXPECT_EQ(decisions[1].value, Datum("marche"));
  // The second was told after the first: its motif follows it there.
  std::vector<std::string> rules;
  for (const auto& step : decisions[1].motif.steps) rules.push_back(step.rule);
  EXPECT_THAT(rules, ElementsAre("allure jugée", "vitesse"));
  EXPECT_THAT(decisions[1].motif.facts, ElementsAre("distance", "temps"));
}

TEST_F(Courses, ParmiAnUnknownListNamesIt) {
  run(10, 10);
  const Refusal refused = ask("réclamation", {}, "juge", "Ève").refusal;
  EXPECT_EQ(refused.kind, Refusal::Kind::kActeur);
  ASSERT_EQ(refused.reasons.size(), 1U);
  EXPECT_THAT(refused.reasons[0].missing, ElementsAre("juges"));
  EXPECT_THAT(ask("réclamation", {}, "juge", "").refusal.message, HasSubstr("demande un nom (Juge)"));
}

TEST_F(Courses, AnEffectThatIsNotKnownIsRefused) {
  ASSERT_EQ(ask("passage").kind, Answer::Kind::kInscrit);
  const Refusal refused = ask("report").refusal;
  EXPECT_EQ(refused.kind, Refusal::Kind::kRegle);
  EXPECT_THAT(refused.message, HasSubstr("la valeur à inscrire dans « tours » n'est pas connue"));
  EXPECT_THAT(refused.reasons[0].missing, ElementsAre("distance", "temps"));
}

TEST_F(Courses, WhatFollowsIsLookedAtInOrderAndOnce) {
  run(10, 10);
  const auto tour = [&](std::int64_t count) { return ask("tour", {{"plus", Datum(count)}}); };
  EXPECT_THAT(tour(0).actes, ElementsAre("tour", "tardif"));
  EXPECT_THAT(tour(1).actes, ElementsAre("tour", "bonus", "tardif"));
  // An exigence of what would follow is part of its condition; `tardif` cannot start from where the clôture leads.
  EXPECT_THAT(tour(10).actes, ElementsAre("tour", "clôture"));
  EXPECT_EQ((*house.engine->state("course/1"))->etat, "arrivée");
}

TEST_F(Courses, AnActeOfTheChainFiresOnce) {
  run(10, 10);
  const Answer answer = ask("tour", {{"plus", Datum(std::int64_t{6})}});
  EXPECT_THAT(answer.actes, ElementsAre("tour", "bonus", "clôture")) << explain(answer);
}

}  // namespace
}  // namespace assemblier::engine::test
