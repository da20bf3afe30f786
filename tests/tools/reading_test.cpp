// Reading from the command line: choosing events, following a journal that another process writes, consumer groups.

#include "tests/tools/support.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace assemblier::tools {
namespace {

const std::string kGood = R"({"rayon": "outils", "caution": "20.00", "jours": 3})";

std::string acte_line(const std::string& id, const std::string& acte, const std::string& objet) {
  return fmt::format(
      R"({{"id": "{}", "acte": "{}", "objet": "{}", "par": {{"rôle": "gardien", "nom": "Max"}}, "le": "2024-03-02", "données": {{}}}})"
      "\n",
      id, acte, objet);
}

std::vector<std::int64_t> positions_of(const Outcome& outcome) {
  std::vector<std::int64_t> positions;
  for (const Json& event : outcome.objects()) positions.push_back(event.find("position")->as_int().value_or(-1));
  return positions;
}

std::int64_t number(const Outcome& outcome, const std::string& key) {
  const auto objects = outcome.objects();
  return objects.size() == 1 && objects[0].find(key) != nullptr ? objects[0].find(key)->as_int().value_or(-1) : -1;
}

using Positions = std::vector<std::int64_t>;

// Position 0 is the édition; 1 to 4 ask for four loans; 5 and 6 hand over two of them.
struct Filled : House {
  Filled() {
    std::string lines;
    for (int i = 1; i <= 4; ++i) lines += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood);
    lines += acte_line("s1", "sortie", "pret/1") + acte_line("s3", "sortie", "pret/3");
    const auto outcome = (*this)({"importer", "-"}, lines);
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  }
};

TEST(Reading, ChoosesWhatIsExported) {
  const Filled house;
  const std::string all = house({"journal", "exporter"}).out;
  const std::vector<std::pair<std::vector<std::string>, Positions>> cases = {
      {{}, {0, 1, 2, 3, 4, 5, 6}},
      {{"--flux", "pret/1"}, {1, 5}},
      {{"--flux", "1"}, {}},  // an objet of the usual category
      {{"--categorie", "pret"}, {1, 2, 3, 4, 5, 6}},
      {{"--catégorie", "pret/"}, {1, 2, 3, 4, 5, 6}},
      {{"--categorie", "pre"}, {}},
      {{"--type", "sortie"}, {5, 6}},
      {{"--type", "sortie", "--flux", "pret/3"}, {6}},
      {{"--correlation", "d2"}, {2}},
      {{"--correlation", "inconnu"}, {}},
      {{"--depuis", "5"}, {5, 6}},
      {{"--depuis", "2", "--limite", "2"}, {2, 3}},
      {{"--depuis", "99"}, {}},
      {{"--limite", "0"}, {}},
  };
  for (const auto& [options, expected] : cases) {
    std::vector<std::string> words = {"journal", "exporter"};
    words.insert(words.end(), options.begin(), options.end());
    const auto outcome = house(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(positions_of(outcome), expected) << ::testing::PrintToString(options);
    for (std::size_t at = 0, end = 0; (end = outcome.out.find('\n', at)) != std::string::npos; at = end + 1)
      EXPECT_NE(all.find(outcome.out.substr(at, end + 1 - at)), std::string::npos) << "the same objects";
    words.insert(words.begin() + 2, {"--attendre", "0"});
    words[1] = "suivre";
    EXPECT_EQ(house(words).out, outcome.out) << "what is there already";
  }
  const auto both = house({"journal", "exporter", "--reponses", "--type", "x"});
  EXPECT_EQ(both.code, 2) << "no import would take that";
  EXPECT_NE(both.err.find("« --reponses » et « --type » ne vont pas ensemble"), std::string::npos) << both.err;
  EXPECT_EQ(house({"journal", "exporter", "--depuis", "-1"}).code, 2);
}

TEST(Reading, FollowsAWriterAndGoesOnWhereItWas) {
  const House house;
  Started writer({"--journal", house.journal, "importer", "-"});
  std::vector<std::string> lines;
  int asked = 0;
  for (int round = 0; round < 4; ++round) {
    Started follower({"--journal", house.journal, "journal", "suivre", "--depuis", std::to_string(lines.size())});
    for (int i = 0; i < 5; ++i) {
      const int n = ++asked;
      writer.feed(demande(fmt::format("d{}", n), fmt::format("pret/{}", n), kGood));
      static_cast<void>(writer.wait_for(static_cast<std::size_t>(n)));
    }
    const auto seen = follower.wait_for(static_cast<std::size_t>(asked) + 1 - lines.size());
    lines.insert(lines.end(), seen.begin(), seen.end());
    if (round % 2 == 0) {
      follower.kill();
    } else {
      ::kill(follower.process(), SIGTERM);
      EXPECT_EQ(follower.finish(), 0) << "an interruption is how it ends";
    }
  }
  EXPECT_EQ(writer.finish(), 0);
  std::string all;
  for (const auto& line : lines) all += line + "\n";
  EXPECT_EQ(house({"journal", "exporter"}).out, all) << "no gap, no double";
}

TEST(Reading, FollowingEnds) {
  const Filled house;
  EXPECT_EQ(positions_of(house({"journal", "suivre", "--limite", "3"})), (Positions{0, 1, 2}));
  EXPECT_EQ(positions_of(house({"journal", "suivre", "--depuis", "5", "--attendre", "0"})), (Positions{5, 6}));
  EXPECT_EQ(assemblier({"--journal", house.scratch / "rien", "journal", "suivre"}).code, 3);
}

TEST(Groupe, FromReadingToReplaying) {
  const Filled house;
  const std::string g = house.scratch / "instruction";
  const auto before = snapshot(house.journal);
  auto outcome = house({"groupe", "creer", g, "--categorie", "pret", "--essais", "2", "--pause", "0"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  outcome = house({"groupe", "lire", g, "--nombre", "3"});
  EXPECT_EQ(positions_of(outcome), (Positions{1, 2, 3}));
  EXPECT_EQ(outcome.objects().at(0).find("essai")->as_int(), 1);
  EXPECT_EQ(house({"groupe", "accuser", g, "1", "3"}).code, 0);
  EXPECT_EQ(house({"groupe", "rejeter", g, "2", "--motif", "serveur éteint"}).code, 0);
  outcome = house({"groupe", "lire", g, "--nombre", "2"});
  EXPECT_EQ(positions_of(outcome), (Positions{2, 4}));
  EXPECT_EQ(outcome.objects().at(0).find("essai")->as_int(), 2);
  outcome = house({"groupe", "rejeter", g, "2", "--motif", "serveur éteint", "--format", "json"});
  EXPECT_EQ(*outcome.objects().at(0).find("garé"), Json(true)) << "after two attempts";
  outcome = house({"groupe", "garées", g, "--format", "json"});
  EXPECT_EQ(positions_of(outcome), (Positions{2}));
  EXPECT_EQ(*outcome.objects().at(0).find("motif"), Json("serveur éteint"));
  outcome = house({"groupe", "etat", g, "--format", "json"});
  EXPECT_EQ(number(outcome, "repère"), 4);
  EXPECT_EQ(number(outcome, "retard"), 3);
  EXPECT_EQ(number(outcome, "en cours"), 1);
  EXPECT_EQ(number(outcome, "garés"), 1);
  EXPECT_NE(house({"groupe", "état", g}).out.find("pret"), std::string::npos);
  EXPECT_EQ(number(house({"groupe", "rejouer", g, "--format", "json"}), "rejoués"), 1);
  EXPECT_EQ(positions_of(house({"groupe", "lire", g, "--nombre", "9"})), (Positions{2, 5, 6}));
  EXPECT_EQ(house({"groupe", "accuser", g, "2", "4", "5", "6"}).code, 0);
  EXPECT_EQ(house({"groupe", "lire", g}).out, "") << "nothing more";
  EXPECT_EQ(number(house({"groupe", "etat", g, "--format", "json"}), "retard"), 0);
  EXPECT_EQ(snapshot(house.journal), before) << "nothing is written in the journal";
}

TEST(Groupe, SaysWhatIsWrong) {
  const Filled house;
  const std::string g = house.scratch / "g";
  const auto refused = [&](const std::vector<std::string>& words, int code, const std::string& said) {
    const auto outcome = house(words);
    EXPECT_EQ(outcome.code, code) << ::testing::PrintToString(words) << outcome.err;
    EXPECT_NE(outcome.err.find(said), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  };
  refused({"groupe", "lire", g}, 3, "pas de groupe");
  refused({"groupe", "creer", g, "--essais", "0"}, 2, "un essai au moins");
  refused({"groupe", "creer", house.journal + "/g"}, 2, "dans un journal");
  ASSERT_EQ(house({"groupe", "creer", g}).code, 0);
  refused({"groupe", "creer", g}, 5, "déjà un groupe");
  refused({"groupe", "lire", g, "--nombre", "0"}, 2, "1 à 1000");
  refused({"groupe", "accuser", g, "0"}, 2, "pas encore été livrée");
  refused({"groupe", "accuser", g}, 2, "positions");
  refused({"groupe", "accuser", g, "deux"}, 2, "deux");
  ASSERT_EQ(house({"groupe", "lire", g}).code, 0);
  refused({"groupe", "rejeter", g, "0"}, 2, "--motif");
  refused({"groupe", "rejouer", g, "0"}, 2, "n'est pas garée");
  const House other;
  EXPECT_EQ(other({"groupe", "lire", g}).code, 2) << "the group of another journal";
  EXPECT_EQ(assemblier({"--journal", house.scratch / "rien", "groupe", "lire", g}).code, 3);
  std::filesystem::resize_file(g + "/groupe", 40);
  refused({"groupe", "lire", g}, 4, "n'est pas ce qu'un groupe y a écrit");
}

// A consumer killed between reading and acknowledging: the event comes again.
TEST(Groupe, WhatIsNotAcknowledgedComesAgain) {
  const Filled house;
  const std::string g = house.scratch / "g";
  ASSERT_EQ(house({"groupe", "creer", g, "--delai", "0", "--essais", "1000"}).code, 0);
  Positions handled;
  for (int i = 0; handled.size() < 7 && i < 40; ++i) {
    Started consumer({"--journal", house.journal, "groupe", "lire", g, "--nombre", "2"});
    if (i % 2 == 0) {
      consumer.kill();
      continue;
    }
    const auto lines = consumer.wait_for(1);
    EXPECT_EQ(consumer.finish(), 0);
    if (lines.empty()) continue;
    const auto position = parse_json(lines[0])->find("position")->as_int().value_or(-1);
    EXPECT_EQ(house({"groupe", "accuser", g, std::to_string(position)}).code, 0);
    handled.push_back(position);
  }
  EXPECT_EQ(handled, (Positions{0, 1, 2, 3, 4, 5, 6}));
}

}  // namespace
}  // namespace assemblier::tools
