// The sample years through the real program, and the commands of the READMEs.

#include "tests/tools/support.hpp"

#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

Json expected(const std::string& name) {
  auto json = parse_json(read_file(project_file("rules/exemples/" + name)));
  EXPECT_TRUE(json) << name;
  return json ? *json : Json::object();
}

std::int64_t number(const Json& json, const std::string& key) {
  const auto* found = json.find(key);
  return found == nullptr ? -1 : found->as_int().value_or(-1);
}

std::string text_of(const Json& json, const std::string& key) {
  const auto* found = json.find(key);
  return found == nullptr || found->get<std::string>() == nullptr ? "" : *found->get<std::string>();
}

TEST(Demo, TheProgrammeYear) {
  const House house({project_file("rules/2024.regles")});
  const auto imported =
      house({"importer", project_file("rules/exemples/programmation-2024.jsonl"), "--format", "json"});
  EXPECT_EQ(imported.code, 1) << "the sample holds lines that must be refused" << imported.err;
  const Json wanted = expected("programmation-2024.attendu.json");
  std::map<std::string, std::int64_t> counts;
  for (const auto& answer : imported.objects()) ++counts[text_of(answer, "réponse")];
  EXPECT_EQ(counts["inscrit"], number(wanted, "inscrits"));
  EXPECT_EQ(counts["déjà inscrit"], number(wanted, "déjà inscrits"));
  EXPECT_EQ(counts["refusé"], number(wanted, "refusés"));
  EXPECT_EQ(counts["illisible"], 0);

  const auto programme = house({"programmation", "--format", "json"}).objects();
  const auto& rows = *wanted.find("programmation")->get<Json::Array>();
  ASSERT_EQ(programme.size(), rows.size() + 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto* keys = programme[i].find("clés");
    const auto* cells = programme[i].find("colonnes");
    EXPECT_EQ(text_of(*keys, "Échelle"), text_of(rows[i], "échelle"));
    EXPECT_EQ(text_of(*keys, "Orientation"), text_of(rows[i], "orientation"));
    EXPECT_EQ(text_of(*keys, "Financeur"), text_of(rows[i], "financeur"));
    EXPECT_EQ(number(*cells, "Dossiers"), number(rows[i], "dossiers"));
    EXPECT_EQ(text_of(*cells, "Montant accordé"), text_of(rows[i], "montant accordé"));
  }
  EXPECT_EQ(house({"journal", "verifier"}).code, 0);
  const auto replayed = house({"rejouer"});
  EXPECT_EQ(replayed.code, 0) << replayed.out;
  EXPECT_TRUE(replayed.out.starts_with("0 divergence")) << replayed.out;
  const auto again = house({"importer", project_file("rules/exemples/programmation-2024.jsonl")});
  EXPECT_NE(again.err.find("0 inscrit,"), std::string::npos) << again.err;
}

TEST(Demo, ThePostsEqualTheirFile) {
  const House house({project_file("rules/postes.regles")});
  const auto imported = house({"importer", project_file("rules/exemples/postes-2020-2023.jsonl")});
  EXPECT_EQ(imported.code, 0) << imported.err << imported.out.substr(0, 400);
  const Json wanted = expected("postes-2020-2023.attendu.json");
  const auto rows = house({"tableau", "années", "--format", "json"}).objects();
  const auto& years = *wanted.find("années")->get<Json::Object>();
  ASSERT_EQ(rows.size(), years.size() + 1);
  for (std::size_t i = 0; i < years.size(); ++i) {
    EXPECT_EQ(*rows[i].find("libellés"), Json::texts({years[i].key}));
    const auto* cells = rows[i].find("colonnes");
    EXPECT_EQ(number(*cells, "Postes"), number(years[i].value, "postes"));
    EXPECT_EQ(text_of(*cells, "Montant"), text_of(years[i].value, "montant"));
  }
  EXPECT_EQ(text_of(*rows.back().find("colonnes"), "Montant"), text_of(wanted, "total"));
}

TEST(Demo, AnotherSubjectRunsUnchanged) {
  const std::string rules = project_file("rules/exemples/bibliotheque.regles");
  EXPECT_EQ(assemblier({"regles", "tester", rules}).code, 0);
  const House house({rules});
  const auto opened = house({"acte", "proposition", "--objet", "proposition/1", "--par", "lecteur=Zoé", "--le",
                             "2024-03-15", "--donnees", "-"},
                            R"({"titre": "Germinal", "rayon": "adulte", "prix": "12.00"})");
  EXPECT_EQ(opened.code, 0) << opened.out << opened.err;
  for (const auto* member : {"Agathe", "Basile", "Clémence", "Désiré", "Edwige", "Firmin"}) {
    const auto vote = house({"acte", "vote", "--objet", "proposition/1", "--par", std::string("membre=") + member,
                             "--le", "2024-03-20", "--donnees", "-"},
                            R"({"voix": "approuve"})");
    EXPECT_EQ(vote.code, 0) << vote.out << vote.err;
  }
  EXPECT_EQ(text_of(house({"dossier", "proposition/1", "--format", "json"}).objects().at(0), "état"), "acheté");
}

/// The commands of a README's ```sh blocks, one block a string.
std::vector<std::string> blocks(const std::string& text) {
  std::vector<std::string> result;
  for (std::size_t at = 0; (at = text.find("```sh\n", at)) != std::string::npos;) {
    const std::size_t begin = at + 6;
    const std::size_t end = text.find("\n```", begin);
    result.push_back(text.substr(begin, end - begin));
    at = end;
  }
  return result;
}

TEST(Readme, CommandsRun) {
  int done = 0;
  for (const auto* readme : {"README.md", "tools/README.md"}) {
    for (const auto& block : blocks(read_file(project_file(readme)))) {
      const Scratch scratch;
      std::filesystem::create_directory_symlink(project_file("rules"), scratch / "rules");
      const std::string bin = std::filesystem::path(ASSEMBLIER_PROGRAM).parent_path().string();
      const auto outcome = run({.arguments = {"-euo", "pipefail", "-c", "PATH=\"" + bin + ":$PATH\"\n" + block},
                                .directory = scratch.path(),
                                .program = "/bin/bash"});
      EXPECT_EQ(outcome.code, 0) << readme << "\n" << block << "\n" << outcome.out << outcome.err;
      ++done;
    }
  }
  EXPECT_GE(done, 3);
}

TEST(Readme, TheTwoCommandsAreOnTheFirstScreen) {
  const std::string text = read_file(project_file("README.md"));
  std::size_t screen = 0;
  for (int i = 0; i < 25 && screen != std::string::npos; ++i) screen = text.find('\n', screen + 1);
  for (const auto* command : {"tools/demo", "tools/test"}) {
    EXPECT_LT(text.find(command), screen) << command;
    EXPECT_TRUE(std::filesystem::exists(project_file(command)));
  }
}

}  // namespace
}  // namespace assemblier::tools
