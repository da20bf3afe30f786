// Personal values by the command line: sealed, shown with the key, erased; their words in no file, export, proof or
// answer, before or after.

#include "tests/tools/support.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

const std::string kZoe = "zoe.martin@exemple.fr";
const std::vector<std::string> kWords = {kZoe,         "Zoé Martin", "06 12 34 56 78", "1987-03-04",
                                         "04/03/1987", "allergique", "né hier soir"};

std::string embauche(const std::string& id, const std::string& objet, const std::string& donnees) {
  return fmt::format(
      R"({{"id": "{}", "acte": "embauche", "objet": "{}", "par": {{"rôle": "employeur", "nom": "Anzin"}}, "le": "2024-03-02", "données": {}}})"
      "\n",
      id, objet, donnees);
}

class Personal : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(assemblier({"clef", "maitresse", "--fichier", key}).code, 0);
    ASSERT_EQ((*this)({"journal", "creer"}).code, 0);
    const auto published = (*this)({"edition", "publier", project_file("rules/exemples/mediation.regles")});
    ASSERT_EQ(published.code, 0) << published.err;
    for (int i = 0; i < 3; ++i) {
      stream += fmt::format(
          R"({{"id": "o{0}", "acte": "ouverture", "objet": "mission/{0}", "par": {{"rôle": "employeur", "nom": "Anzin"}}, "le": "2024-03-01", "données": {{"secteur": "nord", "heures": {0}}}}})"
          "\n",
          i);
    }
    const std::string zoe = R"({"médiateur": "zoe.martin@exemple.fr", "nom complet": "Zoé Martin", )";
    stream += embauche("e1", "mission/1", zoe + R"("téléphone": "06 12 34 56 78", "naissance": "1987-03-04"})");
    stream += embauche("e2", "mission/2", zoe + R"("remarque": "allergique"})");
    stream += embauche("r0", "mission/0", zoe + R"("téléphone": "06 12 34 56 78"})");  // not recevable
    stream += embauche("r1", "mission/1", zoe + R"("naissance": "né hier soir"})");
    stream += embauche("r2", "mission/9", zoe + R"("remarque": "allergique"})");  // does not exist
    stream += embauche("e3", "mission/2", R"({"médiateur": "paul@exemple.fr", "nom complet": "Paul Durand"})");
    const auto imported = (*this)({"importer", "-"}, stream);
    ASSERT_EQ(imported.code, 1);
    answers = imported.out + imported.err;
  }
  Outcome operator()(std::vector<std::string> arguments, std::string input = {}) const {
    arguments.insert(arguments.begin(), {"--journal", journal, "--clef-maitresse", key});
    return assemblier(std::move(arguments), std::move(input));
  }
  Outcome without_key(std::vector<std::string> arguments, std::string input = {}) const {
    arguments.insert(arguments.begin(), {"--journal", journal});
    return assemblier(std::move(arguments), std::move(input));
  }
  std::string files() const {
    std::string all;
    for (const auto& [name, content] : snapshot(journal)) all += name + content;
    return all;
  }
  static void expect_none(const std::string& text, const std::string& where) {
    for (const std::string& word : kWords) EXPECT_EQ(text.find(word), std::string::npos) << where << " : " << word;
  }

  const Scratch scratch;
  const std::string journal = scratch / "journal";
  const std::string key = scratch / "maitresse";
  std::string stream, answers;
};

TEST_F(Personal, IsShownToWhoHasTheKeyOnly) {
  const auto history = (*this)({"histoire", "mission/1"});
  EXPECT_NE(history.out.find("nom complet : Zoé Martin"), std::string::npos) << history.out;
  EXPECT_NE((*this)({"dossier", "mission/1"}).out.find("naissance : 04/03/1987"), std::string::npos);
  EXPECT_NE((*this)({"tableau", "équipe"}).out.find("Zoé Martin"), std::string::npos);
  for (const char* const command : {"histoire", "dossier"}) {
    const auto sealed = without_key({command, "mission/1"});
    EXPECT_EQ(sealed.code, 0) << sealed.err;
    EXPECT_NE(sealed.out.find("nom complet : scellé"), std::string::npos) << sealed.out;
  }
  const auto state = without_key({"dossier", "mission/1", "--format", "json"}).objects().at(0);
  EXPECT_EQ(state.find("champs")->find("téléphone")->find("scellé")->get<std::string>()->size(), 64U);
  EXPECT_NE(without_key({"tableau", "équipe"}).out.find("scellé"), std::string::npos);
  EXPECT_EQ(without_key({"journal", "verifier"}).code, 0);
  EXPECT_EQ((*this)({"journal", "verifier"}).code, 0);
  EXPECT_EQ(without_key({"rejouer"}).out.substr(0, 12), "0 divergence");
}

TEST_F(Personal, TheKeyIsAskedForInFrench) {
  const auto writing = without_key({"importer", "-"}, stream);
  EXPECT_EQ(writing.code, 3);
  EXPECT_NE(writing.err.find("sa clef maîtresse est nécessaire"), std::string::npos) << writing.err;
  EXPECT_EQ(without_key({"effacer", kZoe, "--motif", "x"}).code, 3);

  const std::string other = scratch / "autre";
  ASSERT_EQ(assemblier({"clef", "maitresse", "--fichier", other}).code, 0);
  EXPECT_EQ(assemblier({"clef", "maitresse", "--fichier", other}).code, 5);
  for (const char* const command : {"histoire", "importer"}) {
    const auto wrong = assemblier({"--journal", journal, "--clef-maitresse", other, command, "mission/1"});
    EXPECT_EQ(wrong.code, 3);
    EXPECT_NE(wrong.err.find("n'est pas celle de ce journal"), std::string::npos) << wrong.err;
  }
  const auto none = assemblier({"--journal", journal, "--clef-maitresse", scratch.write("x", "abc"), "rejouer"});
  EXPECT_EQ(none.code, 3);
  EXPECT_NE(none.err.find("ne tient pas une clef maîtresse"), std::string::npos) << none.err;

  const auto held = run({.arguments = {"--journal", journal, "dossier", "mission/1"},
                         .environment = {{"ASSEMBLIER_CLEF_MAITRESSE", read_file(key)}}});
  EXPECT_NE(held.out.find("Zoé Martin"), std::string::npos) << held.err;

  // A journal without personal values needs none, and is told when it does.
  const std::string plain = scratch / "simple";
  ASSERT_EQ(assemblier({"--journal", plain, "journal", "creer"}).code, 0);
  const std::string rules = project_file("rules/exemples/mediation.regles");
  const auto refused = assemblier({"--journal", plain, "edition", "publier", rules});
  EXPECT_EQ(refused.code, 3);
  EXPECT_NE(refused.err.find("clef maitresse"), std::string::npos) << refused.err;
  EXPECT_EQ(assemblier({"--journal", plain, "--clef-maitresse", key, "edition", "publier", rules}).code, 0);
}

TEST_F(Personal, IsInNoFileExportAnswerOrProof) {
  expect_none(files(), "files");
  expect_none(answers, "answers");
  expect_none((*this)({"journal", "exporter"}).out, "export");
  expect_none(without_key({"histoire", "mission/1", "--format", "json"}).out, "history without the key");
  // The same stream again gets the same answers.
  const auto again = (*this)({"importer", "-"}, stream);
  EXPECT_EQ(again.code, 1);
  expect_none(again.out, "answers again");
  EXPECT_NE(again.err.find("6 déjà inscrits"), std::string::npos) << again.err;
}

TEST_F(Personal, IsErasedAndEverythingElseHolds) {
  const std::string signer = scratch / "clef";
  const auto made = assemblier({"clef", "creer", "exemple.fr/missions", "--fichier", signer});
  const std::string trusted = scratch.write("confiance", made.out);
  const std::string head = scratch.write("tete", (*this)({"journal", "sceller", "--clef", signer}).out);
  const auto proof = (*this)({"preuve", "creer", "mission/1", "--tete", head});
  ASSERT_EQ(proof.code, 0) << proof.err;
  expect_none(proof.out, "proof");
  const std::string kept = scratch.write("preuve", proof.out);
  const auto proven = [&](const std::string& file) {
    EXPECT_EQ(assemblier({"preuve", "verifier", file, "--confiance", trusted}).code, 0);
    const auto apart =
        run({.arguments = {project_file("tools/verifier_preuve.py"), file, trusted}, .program = "/usr/bin/python3"});
    EXPECT_EQ(apart.code, 0) << apart.out << apart.err;
  };
  proven(kept);

  const auto erased = (*this)({"effacer", "-", "--motif", "demande de l'intéressée"}, kZoe + "\n");
  ASSERT_EQ(erased.code, 0) << erased.err;
  for (const auto& again : {(*this)({"effacer", kZoe, "--motif", "encore"}),
                            (*this)({"effacer", "inconnue@exemple.fr", "--motif", "encore"})}) {
    EXPECT_EQ(again.code, 1);
    EXPECT_NE(again.out.find("ne garde rien de cette personne"), std::string::npos) << again.out;
  }

  expect_none(files(), "files");
  expect_none((*this)({"journal", "exporter"}).out, "export");
  EXPECT_EQ((*this)({"journal", "verifier"}).code, 0);
  const auto replayed = (*this)({"rejouer"});
  EXPECT_EQ(replayed.code, 0) << replayed.out;
  EXPECT_EQ(replayed.out.substr(0, 12), "0 divergence");
  const auto history = (*this)({"histoire", "mission/1"});
  EXPECT_NE(history.out.find("téléphone : effacé (demande de l'intéressée, "), std::string::npos) << history.out;
  const auto json = (*this)({"dossier", "mission/1", "--format", "json"}).objects().at(0);
  EXPECT_EQ(*json.find("champs")->find("nom complet")->find("effacé")->find("motif")->get<std::string>(),
            "demande de l'intéressée");
  const auto team = (*this)({"tableau", "équipe"});
  EXPECT_NE(team.out.find("effacé ("), std::string::npos) << team.out;
  EXPECT_NE(team.out.find("Paul Durand"), std::string::npos) << team.out;

  // Proofs made before and after hold, and one head extends the other.
  proven(kept);
  const std::string later = scratch.write("tete2", (*this)({"journal", "sceller", "--clef", signer}).out);
  proven(scratch.write("preuve2", (*this)({"preuve", "creer", "mission/1", "--tete", later}).out));
  EXPECT_EQ((*this)({"journal", "preuve", "--tete", later, "--depuis", head}).code, 0);

  // The stream once more: what was recorded is known still, and brings nothing back.
  const auto again = (*this)({"importer", "-"}, stream);
  EXPECT_NE(again.err.find("6 déjà inscrits"), std::string::npos) << again.err;
  expect_none(files(), "files after the stream");
  EXPECT_EQ((*this)({"journal", "verifier"}).code, 0);
}

TEST_F(Personal, AWordAloneIsNoErasure) {
  EXPECT_EQ((*this)({"effacer", kZoe}).code, 2);
  EXPECT_EQ((*this)({"effacer", "", "--motif", "x"}).code, 2);
  EXPECT_EQ((*this)({"effacer", kZoe, "--motif", ""}).code, 2);
  EXPECT_NE((*this)({"dossier", "mission/1"}).out.find("Zoé Martin"), std::string::npos);
  EXPECT_EQ(without_key({"histoire", "effacé/00"}).code, 3);
}

TEST_F(Personal, MovesWithTheJournalAndNotWithItsExport) {
  const auto head = [&](const std::string& directory) {
    return assemblier({"--journal", directory, "journal", "exporter", "--feuilles"}).out;
  };
  const auto sound = [&](const std::string& directory) {
    const auto report = assemblier({"--journal", directory, "--clef-maitresse", key, "journal", "verifier"});
    EXPECT_EQ(report.code, 0) << report.out << report.err;
  };
  const auto shown = [&](const std::string& directory, const std::string& objet) {
    return assemblier({"--journal", directory, "--clef-maitresse", key, "dossier", objet}).out;
  };
  const std::string before = head(journal);
  ASSERT_EQ((*this)({"effacer", kZoe, "--motif", "Demande"}).code, 0);

  // Restored to a moment before the erasure: who is erased stays so, the others are there.
  const std::string earlier = scratch / "avant";
  const std::string last = std::to_string(std::ranges::count(before, '\n') - 1);
  const auto restored = assemblier({"journal", "restaurer", journal, earlier, "--jusqu-a", last});
  ASSERT_EQ(restored.code, 0) << restored.err;
  EXPECT_EQ(head(earlier), before);
  sound(earlier);
  EXPECT_EQ(shown(earlier, "mission/1").find("Zoé"), std::string::npos);
  EXPECT_NE(shown(earlier, "mission/2").find("Paul Durand"), std::string::npos);
  EXPECT_EQ(assemblier({"--journal", earlier, "--clef-maitresse", key, "importer", "-"}, stream).out,
            (*this)({"importer", "-"}, stream).out);

  // An export holds commitments: the values stay behind, and the answers are told by their ids.
  const std::string exported = (*this)({"journal", "exporter", "--reponses"}).out;
  const std::string copy = scratch / "copie";
  const auto imported = assemblier({"--journal", copy, "journal", "importer", "-"}, exported);
  ASSERT_EQ(imported.code, 0) << imported.err;
  EXPECT_EQ(head(copy), head(journal));
  sound(copy);
  EXPECT_NE(shown(copy, "mission/2").find("nom complet : scellé"), std::string::npos);
  EXPECT_NE(shown(copy, "mission/1").find("nom complet : effacé (Demande, "), std::string::npos)
      << shown(copy, "mission/1");
  EXPECT_EQ(assemblier({"--journal", copy, "rejouer"}).out.substr(0, 12), "0 divergence");
  const auto again = assemblier({"--journal", copy, "importer", "-"}, stream);
  EXPECT_NE(again.err.find("0 inscrit,"), std::string::npos) << again.err;
}

}  // namespace
}  // namespace assemblier::tools
