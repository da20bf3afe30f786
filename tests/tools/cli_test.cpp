// The command line: words, help, usage errors, outputs that cannot be written.

#include "tests/tools/support.hpp"

#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

TEST(Cli, Version) {
  const auto outcome = assemblier({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.out.starts_with("assemblier ")) << outcome.out;
}

TEST(Cli, HelpIsInFrench) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"--aide"},
                                                                     {"--help"},
                                                                     {"-h"},
                                                                     {"regles", "--aide"},
                                                                     {"acte", "--aide"},
                                                                     {"journal", "verifier", "--aide"},
                                                                     {"tableau", "-h"}}) {
    const auto outcome = assemblier(arguments);
    EXPECT_EQ(outcome.code, 0);
    for (const auto* english :
         {"Usage", "Subcommand", "SUBCOMMAND", "REQUIRED", "Positional", "TEXT", "Print", "OPTION:", "Env:"}) {
      EXPECT_EQ(outcome.out.find(english), std::string::npos) << english << "\n" << outcome.out;
    }
    EXPECT_NE(outcome.out.find("Emploi"), std::string::npos);
    for (std::size_t at = outcome.out.find(':'); at != std::string::npos; at = outcome.out.find(':', at + 1))
      EXPECT_EQ(outcome.out[at - 1], ' ') << outcome.out.substr(0, at + 1);
  }
}

TEST(Cli, HelpOfACommandHasOneHeadingForItsOptionsAndOneForTheOthers) {
  const std::string help = assemblier({"journal", "verifier", "--aide"}).out;
  const auto count = [&](const std::string& what) {
    std::size_t times = 0;
    for (std::size_t at = help.find(what); at != std::string::npos; at = help.find(what, at + 1)) ++times;
    return times;
  };
  EXPECT_EQ(count("Options :\n"), 1U) << help;
  EXPECT_EQ(count("Options générales :\n"), 1U) << help;
  EXPECT_EQ(count("--aide"), 1U) << help;
  EXPECT_LT(help.find("--reparer"), help.find("Options générales"));
  EXPECT_GT(help.find("  --format"), help.find("Options générales"));
}

TEST(Cli, UsageErrorsAreFrenchAndTwo) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"regles"},
                                             {"regles", "verfier", "x"},
                                             {"regles", "verifier"},
                                             {"regles", "evaluer", "x"},
                                             {"journal", "infos", "en trop"},
                                             {"journal", "infos", "--format", "xml"},
                                             {"journal", "infos", "--journal"},
                                             {"--inconnu", "journal", "infos"},
                                             {"journal", "infos", "--inconnu"},
                                             {"acte", "x", "--objet", "a/1"},
                                             {"acte", "x", "--objet", "a/1", "--par", "b", "--version", "n"},
                                             {"acte", "x", "--objet", "a/1", "--par", "b", "--version", "-1"},
                                             {"acte", "x", "--objet", "a/1", "--par", "b", "--le", "hier"},
                                             {"dosier", "1"},
                                             {"nimporte"}}) {
    const Scratch scratch;
    const auto outcome = run({.arguments = arguments, .directory = scratch.path()});
    EXPECT_EQ(outcome.code, 2) << ::testing::PrintToString(arguments) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(outcome.err.starts_with("assemblier : ")) << outcome.err;
    for (const auto* english : {"required", "expected", "argument was", "Could not", "not found", "Requires"}) {
      EXPECT_EQ(outcome.err.find(english), std::string::npos) << outcome.err;
    }
  }
}

TEST(Cli, SaysWhatWasProbablyMeant) {
  EXPECT_NE(assemblier({"regles", "verfier", "x"}).err.find("« verifier »"), std::string::npos);
  EXPECT_NE(assemblier({"dosier", "1"}).err.find("« dossier »"), std::string::npos);
  EXPECT_NE(assemblier({"journal", "infos", "--fromat", "json"}).err.find("« --format »"), std::string::npos);
}

TEST(Cli, AnUnknownOptionIsNoTableau) {
  const House house;
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"-j", house.journal, "journal", "infos"},
                                                                     {"-j", house.journal, "prêts"},
                                                                     {"-j"},
                                                                     {"journal", "infos", "-j"}}) {
    const auto outcome = assemblier(arguments);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find("« -j »"), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("tableau"), std::string::npos) << outcome.err;
  }
}

// A role of type texte asks for a name, and blanks are none; « rôle= » is a name that was forgotten.
TEST(Cli, AnAuthorHasAName) {
  const Scratch scratch;
  std::string rules = kPret;
  const std::string role = "rôle emprunteur";
  rules.replace(rules.find(role), role.size(), role + " : texte");
  const House house({scratch.write("texte.regles", rules)});
  const std::string line =
      R"({"id": "a", "acte": "demande", "objet": "pret/1", "par": {"rôle": "emprunteur", "nom": "  "}, "le": "2024-03-01", "données": {"rayon": "outils", "caution": "20.00", "jours": 3}})";
  const auto blank = house({"importer", "-"}, line);
  EXPECT_EQ(blank.code, 1) << blank.out;
  EXPECT_NE(blank.out.find("demande un nom"), std::string::npos) << blank.out;
  for (const auto* par : {"emprunteur=", "emprunteur=  "}) {
    const auto refused = house({"acte", "demande", "--objet", "pret/1", "--par", par, "--le", "2024-03-01"});
    EXPECT_EQ(refused.code, 2) << refused.out;
    EXPECT_NE(refused.err.find("le nom manque"), std::string::npos) << refused.err;
  }
}

TEST(Cli, WordsWithOrWithoutAccents) {
  const House house;
  for (const auto& words : std::vector<std::vector<std::string>>{{"édition", "lister"},
                                                                 {"EDITION", "Lister"},
                                                                 {"journal", "vérifier"},
                                                                 {"--format", "TEXTE", "édition", "lister"}}) {
    EXPECT_EQ(house(words).code, 0) << ::testing::PrintToString(words);
  }
  const std::string faits = house.scratch.write("f.json", "{}");
  const std::string rules = house.scratch / "pret.regles";
  EXPECT_EQ(assemblier({"régles", "évaluer", rules, "--faits", faits}).code, 0);
  EXPECT_EQ(assemblier({"règles", "expliquer", rules, "--faits", faits, "--décision", "prix"}).code, 0);
}

TEST(Cli, WhereTheJournalIs) {
  const House house;
  const std::vector<std::string> words = {"journal", "infos"};
  EXPECT_EQ(run({.arguments = words, .environment = {{"ASSEMBLIER_JOURNAL", house.journal}}}).code, 0);
  EXPECT_EQ(run({.arguments = words, .directory = house.scratch.path()}).code, 0) << "./journal";
  EXPECT_EQ(run({.arguments = {"journal", "infos", "--journal", house.journal}}).code, 0) << "after the command too";
  EXPECT_EQ(run({.arguments = {"--journal", house.scratch / "autre", "journal", "infos"},
                 .environment = {{"ASSEMBLIER_JOURNAL", house.journal}}})
                .code,
            3)
      << "the option wins";
}

TEST(Cli, OutputThatCannotBeWritten) {
  const House house;
  const std::vector<std::vector<std::string>> commands = {{"--version"},
                                                          {"--aide"},
                                                          {"--journal", house.journal, "journal", "infos"},
                                                          {"--journal", house.journal, "journal", "exporter"},
                                                          {"--journal", house.journal, "edition", "lister"},
                                                          {"--journal", house.journal, "journal", "verifier"}};
  for (const auto* output : {"/dev/full", "closed"}) {
    for (const auto& arguments : commands) {
      const auto outcome = run({.arguments = arguments, .output = output});
      EXPECT_EQ(outcome.code, 5) << output << ::testing::PrintToString(arguments) << outcome.err;
      EXPECT_NE(outcome.err.find("sortie"), std::string::npos);
    }
  }
  EXPECT_EQ(house({"journal", "verifier"}).code, 0) << "a closed output damages no file";
}

TEST(Cli, AClosedPipeIsNoSignal) {
  const House house;
  const auto outcome = run({.arguments = {"-c", "set -o pipefail; \"$0\" --journal \"$1\" journal exporter | true",
                                          ASSEMBLIER_PROGRAM, house.journal},
                            .program = "/bin/bash"});
  EXPECT_TRUE(outcome.code == 0 || outcome.code == 5) << outcome.code;
}

TEST(Cli, AnArgumentThatIsNotUtf8) { EXPECT_EQ(assemblier({"dossier", "\xE9"}).code, 2); }

}  // namespace
}  // namespace assemblier::tools
