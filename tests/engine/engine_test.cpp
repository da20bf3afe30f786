#include "engine/engine.hpp"

#include "tests/engine/house.hpp"

#include <gmock/gmock.h>

namespace assemblier::engine::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Request kPutToVote{.acte = "mise au vote", .objet = "demande/1", .role = "secrétaire", .author = "Zoé"};

TEST(Editions, AreTheExactBytesPublished) {
  House house;
  const auto first = house.engine->publish(kJardins);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(first->edition) << told(first->diagnostics, kJardins);
  EXPECT_FALSE(first->already);
  EXPECT_EQ(first->edition->hash, storage::sha256(kJardins));
  const auto again = house.engine->publish(kJardins);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->already);
  EXPECT_EQ(again->edition, first->edition);

  const auto other = house.another();
  const auto listed = other->editions();
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().title, "Jardins partagés de la rue Basse");
  EXPECT_EQ(listed->front().millesime, 2024);
  EXPECT_EQ(*other->edition_text(first->edition->hash), kJardins);
  EXPECT_EQ((*other->find_edition("2024"))->hash, first->edition->hash);
  EXPECT_EQ((*other->find_edition(storage::to_hex(first->edition->hash).substr(0, 6)))->hash, first->edition->hash);
  EXPECT_THAT(other->find_edition("2023").error().message, HasSubstr("publiées : 2024"));
}

TEST(Editions, WithErrorsAreNotPublished) {
  House house;
  const auto publication =
      house.engine->publish("langue 1\nédition 2024 « Rien »\n  en vigueur du 01/01/2024 au 31/12/2024\ndécision x\n");
  ASSERT_TRUE(publication);
  EXPECT_FALSE(publication->edition);
  EXPECT_TRUE(dsl::has_errors(publication->diagnostics));
  EXPECT_TRUE(house.engine->editions()->empty());
}

TEST(Actes, OpenAnObjetAndLeaveItsStateAndHistory) {
  House house;
  const EditionPtr edition = house.publish();
  const Answer answer = house.engine->submit(opening("demande/1"));
  ASSERT_EQ(answer.kind, Answer::Kind::kInscrit) << explain(answer);
  EXPECT_EQ(answer.position, 1U);  // after the publication
  EXPECT_EQ(answer.version, 0U);
  EXPECT_EQ(answer.etat, "déposée");
  EXPECT_THAT(answer.actes, ElementsAre("dépôt"));
  EXPECT_EQ(answer.id.size(), 36U);

  const auto state = house.engine->state("demande/1");
  ASSERT_TRUE(state && *state);
  EXPECT_EQ((*state)->objet, "Demande");
  EXPECT_EQ((*state)->edition, edition->hash);
  EXPECT_EQ((*state)->date, day(2024, 6, 15));
  EXPECT_EQ(*(*state)->field("loyer net"), Datum(dsl::Montant{3600}));
  EXPECT_EQ((*state)->field("bulletins"), nullptr);
  EXPECT_EQ((*state)->decision("taille")->value, Datum("moyenne"));
  EXPECT_EQ((*state)->decision("conforme")->value, Datum(true));

  const auto history = house.engine->history("demande/1");
  ASSERT_TRUE(history);
  ASSERT_EQ(history->size(), 1U);
  const ActePayload& payload = history->front().evenement.payload;
  EXPECT_EQ(history->front().acte_id, answer.id);
  EXPECT_EQ(history->front().evenement.author, "Ana");
  EXPECT_EQ(payload.from, "");
  EXPECT_EQ(payload.to, "déposée");
  ASSERT_EQ(payload.decisions.size(), 2U);
  const Motif& motif = payload.decisions[0].motif;
  ASSERT_FALSE(motif.steps.empty());
  EXPECT_EQ(motif.steps[0].rule, "taille");
  ASSERT_EQ(motif.steps[0].branches.size(), 4U);
  EXPECT_EQ(motif.steps[0].branches[0].truth, Truth::kFalse);
  EXPECT_EQ(motif.steps[0].branches[1].truth, Truth::kTrue);
  EXPECT_THAT(motif.facts, ElementsAre("surface"));
  EXPECT_THAT(payload.decisions[1].motif.facts, ElementsAre("surface", "loyer"));
  EXPECT_THAT(*house.engine->objets("demande"), ElementsAre("demande/1"));
  EXPECT_TRUE(house.engine->objets("outil")->empty());
  EXPECT_FALSE(*house.engine->state("demande/2"));
}

TEST(Actes, TheSameIdGetsTheFirstAnswerAgain) {
  House house;
  house.publish();
  Request request = opening("demande/1");
  request.id = "a-1";
  const Answer first = house.engine->submit(request);
  const Answer again = house.engine->submit(request);
  EXPECT_FALSE(first.already);
  EXPECT_TRUE(again.already);
  EXPECT_EQ(again.kind, Answer::Kind::kInscrit);
  EXPECT_EQ(again.position, first.position);
  EXPECT_EQ(again.version, first.version);
  EXPECT_EQ(again.actes, first.actes);
  const Answer elsewhere = house.another()->submit(request);
  EXPECT_TRUE(elsewhere.already);

  request.donnees[2].second = Datum(std::int64_t{21});
  const Answer other = house.engine->submit(request);
  ASSERT_EQ(other.kind, Answer::Kind::kErreur);
  EXPECT_EQ(other.error->kind, storage::ErrorKind::kOtherContent);
}

TEST(Actes, ARefusalIsKeptToo) {
  House house;
  house.publish();
  Request request = kPutToVote;
  request.id = "b-1";
  const Answer first = house.engine->submit(request);
  ASSERT_EQ(first.kind, Answer::Kind::kRefuse);
  EXPECT_EQ(first.refusal.kind, Refusal::Kind::kObjet);
  ASSERT_EQ(house.engine->submit(opening("demande/1")).kind, Answer::Kind::kInscrit);
  const Answer again = house.engine->submit(request);
  EXPECT_EQ(again.kind, Answer::Kind::kRefuse);
  EXPECT_TRUE(again.already);
  EXPECT_EQ(again.refusal, first.refusal);
  request.id = "b-2";
  EXPECT_EQ(house.engine->submit(request).kind, Answer::Kind::kInscrit);
}

TEST(Actes, FollowByThemselves) {
  House house;
  house.publish();
  play(*house.engine, "demande/1", {{"Ana", "accepte"}, {"Bilal", "accepte"}});
  const Answer last = house.engine->submit(ballot("demande/1", "Chloé", "blanc"));
  ASSERT_EQ(last.kind, Answer::Kind::kInscrit) << explain(last);
  EXPECT_THAT(last.actes, ElementsAre("bulletin", "dépouillement"));
  EXPECT_EQ(last.etat, "acceptée");
  EXPECT_EQ(last.version, 5U);

  play(*house.engine, "demande/2", {{"Ana", "accepte"}, {"Bilal", "repousse"}});
  const Answer refused = house.engine->submit(ballot("demande/2", "Chloé", "blanc"));
  EXPECT_THAT(refused.actes, ElementsAre("bulletin", "dépouillement", "archivage"));
  EXPECT_EQ(refused.etat, "archivée");
  const auto history = house.engine->history("demande/2");
  const Inscrit& counted = history->at(5);
  EXPECT_TRUE(counted.evenement.payload.automatic);
  EXPECT_EQ(counted.evenement.role, kSystem);
  EXPECT_EQ(counted.acte_id, refused.id);
  EXPECT_THAT(counted.evenement.payload.decisions[0].unmet, ElementsAre("Le conseil accepte aux deux tiers"));
  EXPECT_EQ(*(*house.engine->state("demande/2"))->field("remarques"), Datum(Datum::List{Datum("close")}));
}

TEST(Actes, ListsGrowWithoutDoubles) {
  House house;
  house.publish();
  play(*house.engine, "demande/1", {});
  const auto remark = [&](const char* text) {
    const Answer answer = house.engine->submit({.acte = "remarque",
                                                .objet = "demande/1",
                                                .role = "jardinier",
                                                .author = "Denis",
                                                .donnees = {{"texte libre", Datum(text)}}});
    EXPECT_EQ(answer.kind, Answer::Kind::kInscrit) << explain(answer);
  };
  remark("ombre");
  remark("eau");
  remark("ombre");
  EXPECT_EQ(*(*house.engine->state("demande/1"))->field("remarques"), Datum(Datum::List{Datum("ombre"), Datum("eau")}));
}

TEST(Actes, HaveDates) {
  House house;
  house.publish();
  Request request = opening("demande/1");
  request.date = day(2024, 6, 16);
  Answer answer = house.engine->submit(request);
  EXPECT_EQ(answer.refusal.kind, Refusal::Kind::kDate) << explain(answer);
  EXPECT_THAT(answer.refusal.message, HasSubstr("16/06/2024 est postérieure au jour de l'inscription, 15/06/2024"));
  request.date = day(2023, 12, 31);
  answer = house.engine->submit(request);
  EXPECT_EQ(answer.refusal.kind, Refusal::Kind::kEdition) << explain(answer);
  EXPECT_THAT(answer.refusal.message, HasSubstr("du 01/01/2024 au 31/12/2024"));
  request.date = day(2024, 3, 1);
  ASSERT_EQ(house.engine->submit(request).kind, Answer::Kind::kInscrit);
  Request vote = kPutToVote;
  vote.date = day(2024, 2, 29);
  answer = house.engine->submit(vote);
  EXPECT_EQ(answer.refusal.kind, Refusal::Kind::kDate);
  EXPECT_THAT(answer.refusal.message, HasSubstr("précède celle du dernier événement"));
  vote.date = day(2024, 3, 1);
  EXPECT_EQ(house.engine->submit(vote).kind, Answer::Kind::kInscrit);
}

TEST(Actes, KeepTheEditionUnderWhichTheirObjetWasOpened) {
  House house;
  const EditionPtr first = house.publish();
  ASSERT_EQ(house.engine->submit(opening("demande/1", 45)).kind, Answer::Kind::kInscrit);
  std::string corrected(kJardins);
  corrected.replace(corrected.find("surface maximale = 50"), 21, "surface maximale = 40");
  const auto other = house.another();
  ASSERT_TRUE((*other->publish(corrected)).edition);
  ASSERT_EQ(house.engine->submit(opening("demande/2", 45)).kind, Answer::Kind::kInscrit);
  EXPECT_EQ((*house.engine->state("demande/1"))->decision("conforme")->value, Datum(true));
  EXPECT_EQ((*house.engine->state("demande/2"))->decision("conforme")->value, Datum(false));
  EXPECT_EQ(house.engine->submit(kPutToVote).kind, Answer::Kind::kInscrit);
  Request second = kPutToVote;
  second.objet = "demande/2";
  const Answer refused = house.engine->submit(second);
  EXPECT_EQ(refused.refusal.kind, Refusal::Kind::kExigence) << explain(refused);
  EXPECT_EQ((*house.engine->history("demande/1"))[1].evenement.edition, first->hash);
}

TEST(Actes, MayNameTheVersionTheyKnow) {
  House house;
  house.publish();
  ASSERT_EQ(house.engine->submit(opening("demande/1")).kind, Answer::Kind::kInscrit);
  Request request = kPutToVote;
  request.version = 3;
  Answer answer = house.engine->submit(request);
  ASSERT_EQ(answer.kind, Answer::Kind::kErreur);
  EXPECT_EQ(answer.error->kind, storage::ErrorKind::kConflict);
  request.version = 0;
  EXPECT_EQ(house.engine->submit(request).kind, Answer::Kind::kInscrit);
  // Another engine has gone on: what this one keeps in memory is no reason for a conflict.
  ASSERT_EQ(house.another()->submit(ballot("demande/1", "Ana", "accepte")).kind, Answer::Kind::kInscrit);
  Request vote = ballot("demande/1", "Bilal", "accepte");
  vote.version = 2;
  answer = house.engine->submit(vote);
  EXPECT_EQ(answer.kind, Answer::Kind::kInscrit) << explain(answer);
}

TEST(Actes, AreRefusedWithReasons) {
  House house;
  house.publish();
  ASSERT_EQ(house.engine->submit(opening("demande/1", 60)).kind, Answer::Kind::kInscrit);
  const auto refusal = [&](const Request& request) {
    const Answer answer = house.engine->submit(request);
    EXPECT_EQ(answer.kind, Answer::Kind::kRefuse) << explain(answer);
    return answer.refusal;
  };
  Refusal refused = refusal({.acte = "mise au votes", .objet = "demande/1", .role = "secrétaire"});
  EXPECT_EQ(refused.kind, Refusal::Kind::kActe);
  EXPECT_THAT(refused.message, HasSubstr("vouliez-vous dire « mise au vote »"));
  refused = refusal({.acte = "dépouillement", .objet = "demande/1", .role = "secrétaire"});
  EXPECT_THAT(refused.message, HasSubstr("ne se demande pas"));
  refused = refusal({.acte = "dépôt", .objet = "demandes/1", .role = "jardinier", .author = "Ana"});
  EXPECT_EQ(refused.kind, Refusal::Kind::kEdition);
  EXPECT_THAT(refused.message, HasSubstr("vouliez-vous dire « demande »"));
  refused = refusal({.acte = "depot", .objet = "demande/9", .role = "jardinier", .author = "Ana"});
  EXPECT_THAT(refused.message, HasSubstr("« dépôt »"));
  refused = refusal(opening("demande/1"));
  EXPECT_EQ(refused.kind, Refusal::Kind::kObjet);
  EXPECT_THAT(
      refused.message,
      HasSubstr("déjà ouvert, à l'état « déposée » ; actes possibles maintenant : « mise au vote » ou « remarque »"));
  refused = refusal(ballot("demande/1", "Ana", "accepte"));
  EXPECT_EQ(refused.kind, Refusal::Kind::kEtat);
  EXPECT_THAT(refused.message, HasSubstr("cet acte part de « au vote »"));
  refused = refusal({.acte = "mise au vote", .objet = "demande/1", .role = "jardinier", .author = "Ana"});
  EXPECT_THAT(refused.message, HasSubstr("le peuvent : « secrétaire »"));
  refused = refusal({.acte = "mise au vote", .objet = "demande/1", .role = "secretaire"});
  EXPECT_THAT(refused.message, HasSubstr("rôle « secretaire » inconnu ; vouliez-vous dire « secrétaire » ?"));
  refused = refusal({.acte = "remarque",
                     .objet = "demande/1",
                     .role = "jardinier",
                     .author = "Ana",
                     .donnees = {{"texte libre", Datum("x")}}});
  EXPECT_EQ(refused.kind, Refusal::Kind::kActeur);
  ASSERT_EQ(refused.reasons.size(), 1U);
  EXPECT_THAT(refused.reasons[0].detail, HasSubstr("Bilal, Denis"));
  refused = refusal({.acte = "remarque",
                     .objet = "demande/1",
                     .role = "jardinier",
                     .author = "Anna",
                     .donnees = {{"texte libre", Datum("x")}}});
  EXPECT_THAT(refused.message, HasSubstr("vouliez-vous dire « Ana »"));

  refused = refusal({.acte = "dépôt",
                     .objet = "demande/2",
                     .role = "jardinier",
                     .author = "Ana",
                     .donnees = {{"surfaces", Datum("x")}, {"loyer", Datum("4,5")}, {"culture", Datum("fleurs")}}});
  EXPECT_EQ(refused.kind, Refusal::Kind::kDonnees);
  std::vector<std::string> labels;
  for (const auto& reason : refused.reasons) labels.push_back(reason.label);
  EXPECT_THAT(labels, ElementsAre("surfaces", "loyer", "intitulé", "surface"));

  refused = refusal(opening("demande/2", 0));
  EXPECT_EQ(refused.kind, Refusal::Kind::kExigence);
  ASSERT_EQ(refused.reasons.size(), 1U);
  EXPECT_EQ(refused.reasons[0].label, "La surface n'est pas nulle");
  EXPECT_THAT(refused.reasons[0].citations, ElementsAre("Statuts § 2"));
  EXPECT_THAT(refused.reasons[0].detail, HasSubstr("0"));

  refused = refusal(kPutToVote);  // 60 m²: recorded as not conforme
  EXPECT_EQ(refused.kind, Refusal::Kind::kExigence);
  EXPECT_EQ(refused.reasons[0].label, "La demande est conforme");
}

TEST(Actes, ThatCannotBeReadAreErrors) {
  House house;
  house.publish();
  for (const char* objet : {"demande", "demande/", "/1", "édition/abc", "demande/\n", "demande/\xFF"}) {
    const Answer answer = house.engine->submit(opening(objet));
    ASSERT_EQ(answer.kind, Answer::Kind::kErreur) << objet;
    EXPECT_EQ(answer.error->kind, storage::ErrorKind::kInvalid);
  }
  Request request = opening("demande/1");
  request.id = std::string(201, 'x');
  EXPECT_EQ(house.engine->submit(request).error->kind, storage::ErrorKind::kInvalid);
}

TEST(Actes, WithoutEditionAreRefused) {
  House house;
  const Answer answer = house.engine->submit(opening("demande/1"));
  EXPECT_EQ(answer.refusal.kind, Refusal::Kind::kEdition);
  EXPECT_THAT(answer.refusal.message, HasSubstr("aucune édition n'est publiée"));
}

// An import begun before the édition is published is run again afterwards, under the same ids.
TEST(Actes, RefusedForWantOfAnEditionMayBeSentAgain) {
  House house;
  Request request = opening("demande/1");
  request.id = "ligne-1";
  EXPECT_EQ(house.engine->submit(request).refusal.kind, Refusal::Kind::kEdition);
  house.publish();
  const Answer again = house.engine->submit(request);
  EXPECT_EQ(again.kind, Answer::Kind::kInscrit) << explain(again);
  EXPECT_FALSE(again.already);
  // The same for a category that only a later édition may know.
  Request elsewhere = opening("verger/1");
  elsewhere.id = "ligne-2";
  for (int i = 0; i < 2; ++i) {
    const Answer refused = house.engine->submit(elsewhere);
    EXPECT_EQ(refused.refusal.kind, Refusal::Kind::kEdition) << explain(refused);
    EXPECT_FALSE(refused.already);
  }
}

TEST(Actes, OfSeveralKindsOfObjetsLiveSideBySide) {
  House house;
  house.publish();
  ASSERT_EQ(house.engine
                ->submit({.acte = "achat",
                          .objet = "outil/bêche",
                          .role = "magasinier",
                          .donnees = {{"désignation", Datum("Bêche")}}})
                .kind,
            Answer::Kind::kInscrit);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(house.engine->submit({.acte = "sortie", .objet = "outil/bêche", .role = "magasinier"}).kind,
              Answer::Kind::kInscrit);
    ASSERT_EQ(house.engine->submit({.acte = "retour", .objet = "outil/bêche", .role = "magasinier"}).kind,
              Answer::Kind::kInscrit);
  }
  EXPECT_EQ(*(*house.engine->state("outil/be\u0302che"))->field("prêts"), Datum(std::int64_t{3}));
}

TEST(Engines, SharingAJournalDecideAgainAfterAConflict) {
  House house;
  house.publish();
  play(*house.engine, "demande/1", {});
  const auto other = house.another();
  ASSERT_EQ(other->submit(ballot("demande/1", "Ana", "accepte")).kind, Answer::Kind::kInscrit);
  // The first engine still believes that Ana has not voted.
  const Answer twice = house.engine->submit(ballot("demande/1", "Ana", "repousse"));
  EXPECT_EQ(twice.kind, Answer::Kind::kRefuse) << explain(twice);
  EXPECT_EQ(twice.refusal.reasons[0].label, "Un bulletin par personne");
  EXPECT_EQ(house.engine->counters().conflicts, 1U);
  EXPECT_EQ(house.engine->submit(ballot("demande/1", "Bilal", "accepte")).kind, Answer::Kind::kInscrit);
  const Answer last = other->submit(ballot("demande/1", "Chloé", "accepte"));
  EXPECT_THAT(last.actes, ElementsAre("bulletin", "dépouillement"));
}

TEST(Engines, StartAgainWhereTheJournalIs) {
  House house;
  house.publish();
  play(*house.engine, "demande/1", {{"Ana", "accepte"}});
  const auto before = *house.engine->state("demande/1");
  house.engine = std::make_unique<Engine>(*house.journal, house.options());
  const auto after = *house.engine->state("demande/1");
  EXPECT_TRUE(*before == *after);
  EXPECT_EQ(house.engine->submit(ballot("demande/1", "Bilal", "accepte")).version, 3U);
}

}  // namespace
}  // namespace assemblier::engine::test
