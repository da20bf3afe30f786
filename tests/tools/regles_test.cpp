// regles verifier | tester | evaluer | expliquer, run as people run them.

#include "tests/tools/support.hpp"

#include <chrono>
#include <filesystem>

#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

class Regles : public ::testing::Test {
 protected:
  Scratch scratch;
  std::string rules = scratch.write("pret.regles", kPret);
  [[nodiscard]] Outcome evaluer(const std::string& lines) const {
    return assemblier({"regles", "evaluer", rules, "--faits", "-", "--format", "json"}, lines);
  }
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(Regles, VerifierAGoodFile) {
  const auto outcome = assemblier({"regles", "verifier", rules});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_NE(outcome.err.find("0 erreur"), std::string::npos);
}

TEST_F(Regles, VerifierTellsEveryMistakeWithItsPlace) {
  std::string text = replaced(kPret, "jours ≤ 30", "jour ≤ 30");
  text = replaced(text, "caution > 0 €", "cautoin > 0 €");
  const std::string file = scratch.write("faux.regles", text);
  const auto outcome = assemblier({"regles", "verifier", file, "--format", "json"});
  EXPECT_EQ(outcome.code, 1);
  const auto objects = outcome.objects();
  ASSERT_EQ(objects.size(), 2U) << outcome.out;
  EXPECT_EQ(objects[0].find("ligne")->as_int(), 20);
  EXPECT_EQ(*objects[0].find("gravité")->get<std::string>(), "erreur");
  EXPECT_EQ(*objects[0].find("fichier")->get<std::string>(), file);
  EXPECT_NE(objects[1].find("code")->get<std::string>(), nullptr);
  const auto shown = assemblier({"regles", "verifier", file});
  EXPECT_NE(shown.out.find(":20:"), std::string::npos) << shown.out;
}

TEST_F(Regles, EveryFileIsDoneAndTheWorstDecides) {
  const std::string bad = scratch.write("faux.regles", "langue 1\n");
  EXPECT_EQ(assemblier({"regles", "verifier", rules, bad}).code, 1);
  const auto outcome = assemblier({"regles", "verifier", scratch / "absent.regles", bad, rules});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(outcome.err.find("pret.regles : 0 erreur"), std::string::npos) << outcome.err;
}

TEST_F(Regles, FilesThatCannotBeRead) {
  const auto latin = scratch.write("latin.regles",
                                   "langue 1\n\xE9"
                                   "dition 2024");
  const auto empty = scratch.write("vide.regles", "");
  for (const auto* command : {"verifier", "tester"}) {
    EXPECT_EQ(assemblier({"regles", command, scratch.path()}).code, 3) << "a directory";
    EXPECT_EQ(assemblier({"regles", command, scratch / "absent"}).code, 3);
    const auto outcome = assemblier({"regles", command, latin});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_NE(outcome.err.find("UTF-8"), std::string::npos);
    EXPECT_NE(outcome.err.find("ligne 2"), std::string::npos);
    EXPECT_EQ(assemblier({"regles", command, empty}).code, 1) << "an empty file is a text without édition";
  }
}

TEST_F(Regles, Tester) {
  auto outcome = assemblier({"regles", "tester", rules});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_NE(outcome.out.find("réussi « Un jeu pour dix jours »"), std::string::npos);
  const auto wrong = scratch.write("faux.regles", replaced(kPret, "attendu prix = 5 €", "attendu prix = 6 €"));
  outcome = assemblier({"regles", "tester", wrong, "--format", "json"});
  EXPECT_EQ(outcome.code, 1);
  const auto objects = outcome.objects();
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(*objects[0].find("réussi")->get<bool>(), false);
  EXPECT_EQ(objects[0].find("échecs")->get<Json::Array>()->size(), 1U);
}

TEST_F(Regles, EvaluerAnswersInTheShapeOthersRelyOn) {
  const auto outcome = evaluer(
      "{\"rayon\": \"outils\", \"jours\": 3, \"caution\": \"12.50\"}\n"
      "{\"rayon\": \"outils\", \"jours\": 31, \"caution\": 9}\n"
      "\n"
      "{}\n"
      "{\"rayon\": \"jeux\", \"jours\": null}\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "{\"ligne\": 1, \"décisions\": {\"admis\": {\"valeur\": true}, \"prix\": {\"valeur\": \"10.50\"}}}\n"
            "{\"ligne\": 2, \"décisions\": {\"admis\": {\"valeur\": false, \"exigences\": [\"Le prêt ne dépasse pas "
            "trente jours\", "
            "\"La caution est de dix euros au moins\"]}, \"prix\": {\"aucune\": [\"un outil se prête sept jours au "
            "plus\"]}}}\n"
            "{\"ligne\": 4, \"décisions\": {\"admis\": {\"indéterminée\": [\"caution\", \"jours\"]}, \"prix\": "
            "{\"indéterminée\": "
            "[\"rayon\", \"jours\"]}}}\n"
            "{\"ligne\": 5, \"décisions\": {\"admis\": {\"indéterminée\": [\"caution\", \"jours\"]}, \"prix\": "
            "{\"valeur\": \"5.00\"}}}\n");
}

TEST_F(Regles, EvaluerDoesTheOtherLines) {
  const auto outcome = evaluer(
      "\xEF\xBB\xBF{\"jours\": 1}\r\n"
      "{\"jour\": 1}\n"
      "{\"jours\": \"un\"}\n"
      "{\"jours\": 1, \"jours\": 2}\n"
      "{\"caution\": 12.5}\n"
      "{\"caution\": 99999999999999999999}\n"
      "{\"rayon\": \"livres\"}\n"
      "{\"jours\": \n"
      "[1]\n"
      "{\"rayon\": \"\xE9\"}\n"
      "{\"jours\": 7}");
  EXPECT_EQ(outcome.code, 3);
  const auto objects = outcome.objects();
  ASSERT_EQ(objects.size(), 11U);
  const std::vector<std::string> codes = {"",      "F0001", "F0001", "J0003", "J0007", "J0006",
                                          "F0001", "J0001", "J0008", "J0002", ""};
  for (std::size_t i = 0; i < objects.size(); ++i) {
    EXPECT_EQ(objects[i].find("ligne")->as_int(), static_cast<std::int64_t>(i + 1));
    const auto* error = objects[i].find("erreur");
    EXPECT_EQ(error == nullptr ? "" : *error->find("code")->get<std::string>(), codes[i]) << outcome.out;
  }
  EXPECT_NE(outcome.out.find("vouliez-vous dire"), std::string::npos) << "near names";
  EXPECT_NE(outcome.err.find("9 lignes illisibles"), std::string::npos);
}

TEST_F(Regles, EvaluerInputsThatCannotBeRead) {
  EXPECT_EQ(assemblier({"regles", "evaluer", rules, "--faits", scratch / "absent"}).code, 3);
  EXPECT_EQ(assemblier({"regles", "evaluer", rules, "--faits", scratch.path()}).code, 3);
  EXPECT_EQ(assemblier({"regles", "evaluer", scratch / "absent", "--faits", "-"}).code, 3);
  EXPECT_EQ(assemblier({"regles", "evaluer", scratch.write("vide.regles", ""), "--faits", "-"}).code, 1);
  const auto empty = evaluer("");
  EXPECT_EQ(empty.code, 0);
  EXPECT_EQ(empty.out, "");
}

TEST_F(Regles, EvaluerALineTooLong) {
  const auto outcome = evaluer("{}\n{\"x\": \"" + std::string(9U << 20U, 'a') + "\"}\n{}\n");
  EXPECT_EQ(outcome.code, 3);
  const auto objects = outcome.objects();
  ASSERT_EQ(objects.size(), 3U);
  EXPECT_EQ(*objects[1].find("erreur")->find("code")->get<std::string>(), "J0009");
  EXPECT_NE(objects[2].find("décisions"), nullptr);
}

TEST_F(Regles, EvaluerAWrongObjet) {
  EXPECT_EQ(assemblier({"regles", "evaluer", rules, "--faits", "-", "--objet", "Prêt"}, "{}").code, 0);
  const auto outcome = assemblier({"regles", "evaluer", rules, "--faits", "-", "--objet", "Prét"}, "{}");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("Prêt"), std::string::npos);
}

TEST_F(Regles, Expliquer) {
  auto outcome =
      assemblier({"regles", "expliquer", rules, "--faits", "-"}, "{\n  \"rayon\": \"jeux\",\n  \"jours\": 40\n}\n");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("Le prêt ne dépasse pas trente jours"), std::string::npos);
  EXPECT_NE(outcome.out.find("RI § 2"), std::string::npos);
  outcome = assemblier({"regles", "expliquer", rules, "--faits", "-", "--decision", "prix", "--format", "json"},
                       "{\"rayon\": \"jeux\"}");
  EXPECT_EQ(outcome.code, 0);
  const auto objects = outcome.objects();
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(*objects[0].find("décision")->get<std::string>(), "prix");
  EXPECT_EQ(*objects[0].find("réponse")->find("valeur")->get<std::string>(), "5.00");
  const auto* motif = objects[0].find("motif");
  ASSERT_NE(motif, nullptr);
  EXPECT_EQ(*motif->find("règle")->get<std::string>(), "prix");
  EXPECT_EQ(*motif->find("sources"), Json::texts({"RI § 3"}));
  EXPECT_EQ(assemblier({"regles", "expliquer", rules, "--faits", "-", "--decision", "pris"}, "{}").code, 2);
  EXPECT_EQ(assemblier({"regles", "expliquer", rules, "--faits", "-"}, "{\"x\": 1}").code, 3);
  EXPECT_EQ(assemblier({"regles", "expliquer", rules, "--faits", "-"}, "").code, 3);
}

TEST_F(Regles, AsFarAsTheProgrammeGoes) {
  const std::string programme = project_file("rules/2024.regles");
  if (!std::filesystem::exists(programme)) GTEST_FAIL() << "rules/2024.regles is missing";
  EXPECT_EQ(assemblier({"regles", "verifier", programme}).code, 0);
  EXPECT_EQ(assemblier({"regles", "tester", programme}).code, 0);
  const auto outcome =
      assemblier({"regles", "evaluer", programme, "--faits", "-", "--format", "json"}, "{\"quartiers\": []}");
  const auto objects = outcome.objects();
  ASSERT_EQ(objects.size(), 1U);
  const auto& decisions = *objects[0].find("décisions")->get<Json::Object>();
  std::vector<std::string> names;
  for (const auto& member : decisions) names.push_back(member.key);
  EXPECT_EQ(names, (std::vector<std::string>{"recevable", "échelle", "financeurs attendus", "CPO accordée"}));
  EXPECT_EQ(to_text(decisions[1].value), R"({"aucune": ["aucun quartier"]})");
  const auto scrutin = assemblier(
      {"regles", "evaluer", programme, "--faits", "-", "--format", "json"},
      R"({"financeurs sollicités": ["CAF", "État"], "avis": {"État": "favorable"}, "pluriannuel demandé": true, )"
      R"("durée": 3, "années du dossier": 3})");
  EXPECT_EQ(to_text(*scrutin.objects().at(0).find("décisions")->find("CPO accordée")),
            R"({"indéterminée": ["avis"], "qui manque": ["CAF"]})");
}

}  // namespace
}  // namespace assemblier::tools
