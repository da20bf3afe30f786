// Personal values through the engine: never in an event, a refusal or a fingerprint in clear; shown to who has the key;
// erased without a trace, and replayed all the same.

#include "engine/replay.hpp"
#include "engine/views.hpp"
#include "storage/journal.hpp"
#include "tests/engine/house.hpp"

#include <fmt/format.h>

namespace assemblier::engine {
namespace {

constexpr std::string_view kClub = R"(langue 1
édition 2024 « Un club »
  en vigueur du 01/01/2024 au 31/12/2024

source T « Texte d'essai »

objet Prêt                                            source T § 1
  objet prêté : texte
  jours       : entier
  membre      : texte, personnel
  téléphone   : texte, personnel de membre
  naissance   : date, personnel de membre

règles du Prêt

condition court                                       source T § 2
  exige « Le prêt ne dépasse pas un mois »  jours ≤ 30

procédure du Prêt                                     source T § 3
  rôle gardien
  état sorti
  état relancé

  acte sortie
    par     gardien
    ouvre
    porte   objet prêté ; jours ; membre ; téléphone, facultatif ; naissance, facultatif
    porte   remarque : texte, facultatif, personnel de membre
    exige « Le prêt dure au moins un jour » jours ≥ 1
    inscrit les données
    décide  court
    vers    sorti
    puis    relance quand jours > 30

  acte relance
    par     système
    de      sorti
    vers    relancé

  acte rappel
    par     gardien
    de      sorti, relancé
    porte   membre ; téléphone
    inscrit les données

tableau répertoire du Prêt
  par membre « Membre »
  par téléphone « Téléphone »
  colonne « Prêts » = nombre
  colonne « Jours » = total de jours
)";

constexpr const char* kSecrets[] = {"zoe@club.fr", "06 12 34 56 78", "1987-03-04",
                                    "allergique",  "07 99",          "pas une date"};

class Personal : public ::testing::Test {
 protected:
  static storage::JournalOptions sealing() {
    storage::JournalOptions options;
    options.clock = [] { return test::kNoon; };
    options.master_key = storage::MasterKey::generate();
    options.seal = true;
    return options;
  }
  void SetUp() override {
    const auto published = engine_.publish(kClub);
    ASSERT_TRUE(published) << published.error().message;
    ASSERT_TRUE(published->edition) << test::told(published->diagnostics, kClub);
  }
  Answer ask(const std::string& id, const std::string& acte, Datum::Map donnees, const std::string& objet = "pret/1") {
    return engine_.submit({.id = id,
                           .acte = acte,
                           .objet = objet,
                           .role = "gardien",
                           .author = "Max",
                           .date = test::day(2024, 3, 1),
                           .donnees = std::move(donnees),
                           .version = {}});
  }
  Answer lend(const std::string& id, const std::string& objet = "pret/1", std::int64_t days = 40) {
    return ask(id, "sortie",
               {{"objet prêté", Datum("échelle")},
                {"jours", Datum(days)},
                {"membre", Datum("zoe@club.fr")},
                {"téléphone", Datum("06 12 34 56 78")},
                {"naissance", Datum("1987-03-04")},
                {"remarque", Datum("allergique")}},
               objet);
  }
  /// What the journal keeps in clear: events and answers.
  void expect_no_words() {
    std::string all;
    ASSERT_TRUE(journal_->read_all({}, [&](const storage::StoredEvent& event) {
      if (event.header.type != kPublication) all += event.stored;
      return true;
    }));
    for (const std::string& id : ids_) {
      const auto kept = journal_->outcome(id);
      ASSERT_TRUE(kept);
      if (*kept) all += (*kept)->outcome.answer;
    }
    for (const char* const secret : kSecrets) EXPECT_EQ(all.find(secret), std::string::npos) << secret;
  }
  std::string shown(const std::string& field, const std::string& objet = "pret/1") {
    auto state = engine_.state(objet);
    if (!state || !*state || (*state)->field(field) == nullptr) return "absent";
    Datum datum = *(*state)->field(field);
    const auto done = engine_.reveal(datum);
    return done ? show(datum) : done.error().message;
  }
  void expect_replayed() {
    const auto report = replay(engine_, {}, {});
    ASSERT_TRUE(report) << report.error().message;
    for (const Divergence& divergence : report->divergences) ADD_FAILURE() << render(divergence);
    const auto verified = journal_->verify({});
    ASSERT_TRUE(verified);
    for (const auto& finding : verified->findings) ADD_FAILURE() << finding.message;
  }

  std::unique_ptr<storage::Journal> journal_ = storage::open_memory(sealing());
  Engine engine_{*journal_, {.clock = [] { return test::kNoon; }, .random = {}}};
  std::vector<std::string> ids_ = {"a", "b", "c", "d", "e", "f"};
};

// Blanks name nobody: all that is sealed under them would be one person's.
TEST_F(Personal, APersonHasAName) {
  for (const char* const name : {"", " ", " \t "}) {
    const Answer refused = ask(std::string("blanc") + name, "sortie",
                               {{"objet prêté", Datum("échelle")},
                                {"jours", Datum(std::int64_t{3})},
                                {"membre", Datum(name)},
                                {"téléphone", Datum("06")}});
    ASSERT_EQ(refused.kind, Answer::Kind::kRefuse) << '"' << name << '"';
    EXPECT_EQ(refused.refusal.kind, Refusal::Kind::kDonnees);
  }
}

TEST_F(Personal, IsSealedShownAndErased) {
  const Answer answer = lend("a");
  ASSERT_EQ(answer.kind, Answer::Kind::kInscrit) << test::explain(answer);
  EXPECT_EQ(answer.actes.size(), 2U);  // what follows by itself follows
  ASSERT_EQ(ask("b", "rappel", {{"membre", Datum("zoe@club.fr")}, {"téléphone", Datum("07 99")}}).kind,
            Answer::Kind::kInscrit);
  EXPECT_TRUE(lend("a").already);
  expect_no_words();
  EXPECT_EQ(shown("membre"), "zoe@club.fr");
  EXPECT_EQ(shown("téléphone"), "07 99");
  EXPECT_EQ(shown("naissance"), "04/03/1987");
  EXPECT_EQ(shown("jours"), "40");
  expect_replayed();

  const auto view = tableau(engine_, "répertoire", {});
  ASSERT_TRUE(view);
  ASSERT_EQ(view->rows.size(), 1U);
  EXPECT_EQ(view->rows[0].key_texts, (std::vector<std::string>{"zoe@club.fr", "07 99"}));

  const auto erased = engine_.erase("zoe@club.fr", "demande du 2 mars");
  ASSERT_TRUE(erased && *erased);
  EXPECT_EQ(*engine_.erase("zoe@club.fr", "encore"), std::nullopt);
  EXPECT_EQ(*engine_.erase("inconnu", "encore"), std::nullopt);
  for (const char* const field : {"membre", "téléphone", "naissance"}) {
    EXPECT_EQ(shown(field), "effacé (demande du 2 mars, 15/06/2024)") << field;
  }
  EXPECT_EQ(shown("jours"), "40");
  expect_no_words();
  expect_replayed();
  auto history = engine_.history("pret/1");
  ASSERT_TRUE(history && history->size() == 3);
  ActePayload payload = history->at(0).evenement.payload;
  ASSERT_TRUE(engine_.reveal(payload));
  EXPECT_EQ(show(payload.donnees.back().second), "effacé (demande du 2 mars, 15/06/2024)");
  EXPECT_EQ(tableau(engine_, "répertoire", {})->rows[0].key_texts[1], "effacé (demande du 2 mars, 15/06/2024)");

  // The objet lives on, with somebody else or the same person again.
  EXPECT_TRUE(lend("a").already);
  ASSERT_EQ(ask("c", "rappel", {{"membre", Datum("zoe@club.fr")}, {"téléphone", Datum("07 99")}}).kind,
            Answer::Kind::kInscrit);
  EXPECT_EQ(shown("téléphone"), "07 99");
  EXPECT_EQ(shown("naissance"), "effacé (demande du 2 mars, 15/06/2024)");
  expect_no_words();
  expect_replayed();
}

TEST_F(Personal, RefusalsNeverQuoteIt) {
  ids_ = {"a", "b", "c", "d", "e"};
  const auto refused = [&](const Answer& answer, const std::string& what) {
    EXPECT_EQ(answer.kind, Answer::Kind::kRefuse) << test::explain(answer);
    const std::string text = render(answer.refusal);
    EXPECT_NE(text.find(what), std::string::npos) << text;
    for (const char* const secret : kSecrets) EXPECT_EQ(text.find(secret), std::string::npos) << text;
  };
  refused(ask("a", "sortie",
              {{"objet prêté", Datum("échelle")},
               {"jours", Datum(std::int64_t{3})},
               {"membre", Datum("zoe@club.fr")},
               {"naissance", Datum("pas une date")}}),
          "valeur d'un autre type que celui attendu : date");
  refused(lend("b", "pret/1", 0), "Le prêt dure au moins un jour");
  refused(ask("c", "sortie",
              {{"objet prêté", Datum("échelle")},
               {"jours", Datum(std::int64_t{3})},
               {"téléphone", Datum("06 12 34 56 78")}}),
          "donnée obligatoire absente");
  refused(
      ask("d", "sortie", {{"objet prêté", Datum("échelle")}, {"jours", Datum(std::int64_t{3})}, {"membre", Datum("")}}),
      "la personne n'est pas désignée");
  refused(ask("e", "rappel", {{"membre", Datum("zoe@club.fr")}, {"téléphone", Datum("07 99")}}), "n'existe pas");
  expect_no_words();
  EXPECT_TRUE(lend("b", "pret/1", 0).already);
}

TEST_F(Personal, NoRuleAndNoFingerprintDependsOnIt) {
  ASSERT_EQ(lend("a").kind, Answer::Kind::kInscrit);
  const auto live = engine_.live("pret/1");
  ASSERT_TRUE(live && *live);
  EXPECT_EQ((*live)->personal.size(), 3U);
  for (const auto& [field, datum] : (*live)->personal) EXPECT_FALSE((*live)->facts[field]);
  EXPECT_TRUE(*engine_.state("pret/1") == snapshot(**live));
  const auto kept = journal_->outcome("a");
  EXPECT_EQ((*kept)->kind, storage::FingerprintKind::kSecret);
}

TEST(PersonalJournal, TakesAMasterKey) {
  const auto journal = storage::open_memory({});
  Engine engine(*journal);
  const auto published = engine.publish(kClub);
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().kind, storage::ErrorKind::kKey);
  EXPECT_NE(published.error().message.find("clef maîtresse"), std::string::npos);
  EXPECT_EQ(journal->info()->next.value, 0U);
}

}  // namespace
}  // namespace assemblier::engine
