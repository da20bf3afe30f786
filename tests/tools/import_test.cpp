// importer: every kind of line, its exit codes, and what a kill in the middle leaves.

#include "tests/tools/support.hpp"

#include <csignal>
#include <map>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

const std::string kGood = R"({"rayon": "outils", "caution": "20.00", "jours": 3})";
const std::string kNone = R"({"rayon": "outils", "caution": "0.00", "jours": 3})";

std::string text_of(const Json& json, const std::string& key) {
  const auto* found = json.find(key);
  return found == nullptr || found->get<std::string>() == nullptr ? "" : *found->get<std::string>();
}

std::vector<std::string> answers(const Outcome& outcome) {
  std::vector<std::string> words;
  for (const auto& object : outcome.objects()) words.push_back(text_of(object, "réponse"));
  return words;
}

/// What happened to each objet, without what depends on when: positions, instants, hashes.
std::map<std::string, std::vector<std::string>> histories(const Outcome& exported) {
  std::map<std::string, std::vector<std::string>> result;
  const std::set<std::string> depends = {"position", "time", "octets", "precedent", "empreinte", "source"};
  for (const auto& event : exported.objects()) {
    Json kept = Json::object();
    for (const auto& member : *event.get<Json::Object>()) {
      if (!depends.contains(member.key)) kept.set(member.key, member.value);
    }
    result[text_of(event, "subject")].push_back(to_text(kept));
  }
  return result;
}

TEST(Import, EachKindOfLine) {
  const House house;
  const std::string lines = demande("1", "pret/1", kGood) +       // recorded
                            demande("1", "pret/1", kGood) +       // again
                            demande("2", "pret/2", kNone) +       // refused
                            demande("2", "pret/2", kNone) +       // the same answer again
                            "{\"acte\": \"demande\"}\n" +         // no id
                            "\n" + "pas du JSON\n" +              // malformed
                            "{\"id\": \"9\", \"id\": \"9\"}\n" +  // duplicate key
                            demande("3", "pret/3", kGood);        // goes on
  auto outcome = house({"importer", "-", "--format", "json"}, lines);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(answers(outcome), (std::vector<std::string>{"inscrit", "déjà inscrit", "refusé", "refusé", "illisible",
                                                        "illisible", "illisible", "inscrit"}));
  const auto objects = outcome.objects();
  ASSERT_EQ(objects.size(), 8U);
  EXPECT_EQ(objects[7].find("ligne")->as_int(), 9) << "empty lines are counted, not answered";
  EXPECT_EQ(*objects[3].find("déjà")->get<bool>(), true);
  EXPECT_NE(to_text(*objects[2].find("refus")).find("La caution est positive"), std::string::npos);
  EXPECT_EQ(text_of(*objects[6].find("erreur"), "code"), "J0003");
  EXPECT_NE(outcome.err.find("2 inscrits, 1 déjà inscrit, 2 refusés, 3 illisibles"), std::string::npos) << outcome.err;
  EXPECT_EQ(house({"importer", "-"}, demande("1", "pret/1", kGood)).code, 0) << "all there already";
  EXPECT_EQ(house({"importer", "-"}, demande("2", "pret/2", kNone)).code, 1) << "some refused";
  EXPECT_EQ(house({"importer", "-"}, "").code, 0) << "nothing to do";
}

TEST(Import, AKnownIdWithOtherContent) {
  const House house;
  ASSERT_EQ(house({"importer", "-"}, demande("1", "pret/1", kGood)).code, 0);
  const auto outcome = house({"importer", "-", "--format", "json"},
                             demande("1", "pret/1", kNone) + demande("2", "pret/2", kGood) + "x\n");
  EXPECT_EQ(outcome.code, 6);
  EXPECT_EQ(answers(outcome), (std::vector<std::string>{"erreur", "inscrit", "illisible"}));
  EXPECT_EQ(text_of(*outcome.objects()[0].find("erreur"), "code"), "autre contenu");
}

TEST(Import, FilesThatCannotBeRead) {
  const House house;
  EXPECT_EQ(house({"importer", house.scratch / "absent"}).code, 3);
  EXPECT_EQ(house({"importer", house.scratch.path()}).code, 3);
  const auto latin =
      house({"importer", "-", "--format", "json"}, "{\"id\": \"\xE9\"}\n" + demande("1", "pret/1", kGood));
  EXPECT_EQ(latin.code, 3);
  EXPECT_EQ(answers(latin), (std::vector<std::string>{"illisible", "inscrit"}));
}

TEST(Import, ALineTooLongOrTooDeep) {
  const House house;
  const auto outcome = house({"importer", "-", "--format", "json"}, "{\"id\": \"" + std::string(9U << 20U, 'a') +
                                                                        "\"}\n" + std::string(100'000, '[') + "\n" +
                                                                        demande("1", "pret/1", kGood));
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(answers(outcome), (std::vector<std::string>{"illisible", "illisible", "inscrit"}));
}

TEST(Import, AnOutputThatFailsStopsIt) {
  const House house;
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += demande(fmt::format("{}", i), fmt::format("pret/{}", i), kGood);
  const std::string file = house.scratch.write("f.jsonl", lines);
  const auto outcome = run({.arguments = {"--journal", house.journal, "importer", file}, .output = "/dev/full"});
  EXPECT_EQ(outcome.code, 5);
  EXPECT_EQ(house({"journal", "verifier"}).code, 0);
  EXPECT_EQ(house({"importer", file}).code, 0) << "it can be run again";
}

/// What was recorded, in the order of positions: all that does not depend on the moment.
std::vector<std::string> in_order(const Outcome& exported) {
  std::vector<std::string> all;
  for (const Json& event : exported.objects()) {
    all.push_back(text_of(event, "subject") + " " + text_of(event, "type") + " " + text_of(event, "id") + " " +
                  (event.find("data") == nullptr ? "" : to_text(*event.find("data"))));
  }
  return all;
}

/// Positions follow the lines, also when a line comes twice.
TEST(Import, PositionsFollowTheLines) {
  std::string text;
  for (int i = 0; i < 600; ++i) {
    text += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood);
    if (i % 9 == 4) text += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood);
  }
  for (int i = 0; i < 600; ++i) {
    text += fmt::format(
        R"({{"id": "s{}", "acte": "sortie", "objet": "pret/{}", "par": {{"rôle": "gardien", "nom": "Max"}}, "le": "2024-03-02"}})"
        "\n",
        i, i);
  }
  const House house;
  ASSERT_EQ(house({"importer", "-"}, text).code, 0);
  std::vector<std::string> ids;
  for (const Json& event : house({"journal", "exporter"}).objects()) ids.push_back(text_of(event, "acteid"));
  ASSERT_EQ(ids.size(), 1201U);
  for (std::size_t i = 0; i < 600; ++i) {
    EXPECT_EQ(ids[1 + i], fmt::format("d{}", i));
    EXPECT_EQ(ids[601 + i], fmt::format("s{}", i));
  }
}

class Killed : public ::testing::Test {
 protected:
  static constexpr int kObjets = 300;
  std::string lines() const {
    std::string text;
    for (int i = 0; i < kObjets; ++i)
      text += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), i % 7 == 3 ? kNone : kGood);
    for (int i = 0; i < kObjets; ++i) {
      text += fmt::format(
          R"({{"id": "s{}", "acte": "sortie", "objet": "pret/{}", "par": {{"rôle": "gardien", "nom": "Max"}}, "le": "2024-03-02"}})"
          "\n",
          i, i);
    }
    return text;
  }
  /// Runs the whole file and compares with a run that nothing disturbed.
  void completes(const House& house, const std::string& text) const {
    EXPECT_EQ(house({"journal", "verifier"}).code, 0) << "clean after the kill";
    EXPECT_EQ(house({"importer", "-"}, text).code, 1) << "refusals only";
    const House undisturbed;
    EXPECT_EQ(undisturbed({"importer", "-"}, text).code, 1);
    EXPECT_EQ(histories(house({"journal", "exporter"})), histories(undisturbed({"journal", "exporter"})));
    EXPECT_EQ(in_order(house({"journal", "exporter"})), in_order(undisturbed({"journal", "exporter"})));
    EXPECT_EQ(house({"journal", "verifier"}).code, 0);
    EXPECT_EQ(house({"rejouer"}).code, 0);
  }
};

TEST_F(Killed, NothingAcknowledgedIsMissing) {
  const std::string text = lines();
  const House house;
  std::size_t half = 0;
  for (int i = 0; i < kObjets + kObjets / 2; ++i) half = text.find('\n', half) + 1;
  Started import({"--journal", house.journal, "importer", "-", "--format", "json"});
  import.feed(text.substr(0, half));
  const auto acknowledged = import.wait_for(kObjets + kObjets / 2);
  ASSERT_EQ(acknowledged.size(), static_cast<std::size_t>(kObjets + kObjets / 2));
  import.feed(text.substr(half, (text.size() - half) / 2));  // some lines are under way
  import.kill();

  std::set<std::string> recorded;
  for (const auto& event : house({"journal", "exporter"}).objects()) recorded.insert(text_of(event, "acteid"));
  for (const auto& line : acknowledged) {
    const auto answer = parse_json(line);
    ASSERT_TRUE(answer) << line;
    if (text_of(*answer, "réponse") == "inscrit") EXPECT_TRUE(recorded.contains(text_of(*answer, "id"))) << line;
  }
  completes(house, text);
}

TEST_F(Killed, AtAnyMoment) {
  const std::string text = lines();
  for (const int delay_ms : {2, 10, 30, 60, 120}) {
    const House house;
    Started import({"--journal", house.journal, "importer", "-"});
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
      import.kill();
    });
    import.feed(text);
    killer.join();
    completes(house, text);
  }
}

// Ctrl-C: what was answered is recorded, one line says where it stopped, the same command completes it.
TEST(Import, InterruptedItSaysWhereAndIsCompleted) {
  const House house;
  std::string text;
  for (int i = 0; i < 200; ++i) text += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood);
  for (const int signal : {SIGINT, SIGTERM}) {
    Started started({"--journal", house.journal, "importer", "-"});
    started.feed(text.substr(0, text.size() / 2));
    const std::size_t answered = started.wait_for(90).size();
    EXPECT_GE(answered, 90U);
    ::kill(started.process(), signal);
    EXPECT_EQ(started.wait(), 130);
    EXPECT_NE(started.said().find(fmt::format("import interrompu après la ligne {}", started.wait_for(0).size())),
              std::string::npos)
        << started.said();
  }
  const auto again = house({"importer", "-"}, text);
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_NE(again.err.find("déjà inscrits"), std::string::npos) << again.err;
  EXPECT_EQ(house({"journal", "verifier"}).code, 0);
}

}  // namespace
}  // namespace assemblier::tools
