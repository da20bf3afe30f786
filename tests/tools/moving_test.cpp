// Moving a journal, and looking at it while somebody writes, from the command line.

#include "tests/tools/support.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

const std::string kGood = R"({"rayon": "outils", "caution": "20.00", "jours": 3})";
const std::string kBad = R"({"rayon": "outils", "caution": "0.00", "jours": 3})";

std::string actes(int first, int last) {
  std::string text;
  for (int i = first; i < last; ++i)
    text += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), i % 7 == 3 ? kBad : kGood);
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

class Moving : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(house({"importer", "-"}, actes(0, 30)).code, 1) << "some are refused";
    exported = house({"journal", "exporter", "--reponses"}).out;
  }
  Outcome import(const std::string& text, const std::string& place) const {
    return assemblier({"--journal", house.scratch / place, "journal", "importer", "-"}, text);
  }
  Outcome there(const std::string& place, std::vector<std::string> words) const {
    words.insert(words.begin(), {"--journal", house.scratch / place});
    return assemblier(words);
  }
  const House house;
  std::string exported;
};

TEST_F(Moving, ExportAndImportGiveTheSameJournal) {
  const auto done = import(exported, "copie");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(there("copie", {"journal", "exporter", "--reponses"}).out, exported);
  EXPECT_EQ(there("copie", {"journal", "exporter", "--feuilles"}).out,
            house({"journal", "exporter", "--feuilles"}).out);
  EXPECT_EQ(there("copie", {"journal", "verifier"}).code, 0);
  EXPECT_EQ(there("copie", {"rejouer"}).code, 0);
  const std::string key = house.scratch / "clef";
  ASSERT_EQ(assemblier({"clef", "creer", "a", "--fichier", key}).code, 0);
  EXPECT_EQ(there("copie", {"journal", "sceller", "--clef", key}).out,
            house({"journal", "sceller", "--clef", key}).out);
  EXPECT_EQ(import(exported, "copie").code, 0) << "again: nothing changes";
  // The same stream again gets the same answers, refusals included.
  const auto before = house({"importer", "-", "--format", "json"}, actes(0, 30));
  const auto after =
      assemblier({"--journal", house.scratch / "copie", "importer", "-", "--format", "json"}, actes(0, 30));
  EXPECT_EQ(after.out, before.out);
  EXPECT_NE(import(house({"journal", "exporter"}).out, "sans").err.find("--reponses"), std::string::npos);
}

TEST_F(Moving, WhatIsAlteredMissingOrOutOfOrderIsRefusedByItsLine) {
  const auto lines = lines_of(exported);
  int number = 0;
  const auto code = [&](std::vector<std::string> changed, int expected_line) {
    const auto done = import(joined(changed), fmt::format("copie{}", number++));
    EXPECT_NE(done.err.find(fmt::format("ligne {} ", expected_line)), std::string::npos) << done.err;
    return done.code;
  };
  auto changed = lines;
  changed.erase(changed.begin() + 3);
  EXPECT_EQ(code(changed, 4), 4) << "missing";
  changed = lines;
  std::swap(changed[4], changed[5]);
  EXPECT_EQ(code(changed, 5), 4) << "out of order";
  const auto with = [&](std::size_t at, const std::string& from, const std::string& to) {
    changed = lines;
    const std::size_t found = changed[at].find(from);
    ASSERT_NE(found, std::string::npos) << from;
    changed[at].replace(found, from.size(), to);
    EXPECT_EQ(code(changed, static_cast<int>(at) + 1), 4) << from;
  };
  with(5, "\"subject\": \"pret/", "\"subject\": \"pret/9");
  with(5, "\"caution\": \"20.00\"", "\"caution\": \"21.00\"");
  with(5, "\"auteur\": \"Zoé\"", "\"auteur\": \"Max\"");
  with(5, "\"empreinte\": \"", "\"empreinte\": \"0");
  with(5, "\"position\": 5", "\"position\": 6");
  with(5, "\"octets\": \"", "\"octets\": \"AAAA");
  with(5, "\"specversion\"", "\"de trop\": 1, \"specversion\"");
  with(lines.size() - 1, "\"octets\": \"", "\"octets\": \"AAA");
  with(lines.size() - 1, "\"acteid\": \"", "\"acteid\": \"z");
  changed = lines;
  changed[2] = "{";
  EXPECT_EQ(code(changed, 3), 3) << "not JSON";
  EXPECT_EQ(import("", "vide").code, 3);
  EXPECT_EQ(assemblier({"--journal", house.scratch / "x", "journal", "importer", house.scratch / "absent"}).code, 3);
  const House other;
  EXPECT_EQ(assemblier({"--journal", other.journal, "journal", "importer", "-"}, exported).code, 2)
      << "another journal is there";
}

// A part of the events makes no journal, and nothing is made of it; what came before a wrong line stands.
TEST_F(Moving, APartOfAnExportMakesNothing) {
  const std::string place = house.scratch / "partie";
  for (const auto& chosen : std::vector<std::vector<std::string>>{{"--flux", "pret/4"}, {"--depuis", "5"}}) {
    auto arguments = std::vector<std::string>{"journal", "exporter"};
    arguments.insert(arguments.end(), chosen.begin(), chosen.end());
    const auto part = house(arguments);
    ASSERT_EQ(part.code, 0);
    const auto refused = import(part.out, "partie");
    EXPECT_EQ(refused.code, 4) << refused.err;
    EXPECT_NE(refused.err.find("une partie des événements"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("rien n'est importé"), std::string::npos) << refused.err;
    EXPECT_FALSE(std::filesystem::exists(place));
  }
  auto lines = lines_of(exported);
  lines.erase(lines.begin() + 4);
  EXPECT_EQ(import(joined(lines), "partie").code, 4);
  EXPECT_EQ(lines_of(there("partie", {"journal", "exporter"}).out).size(), 4U);
}

TEST_F(Moving, AKilledImportGoesOn) {
  const auto lines = lines_of(exported);
  for (const std::size_t count : {std::size_t{1}, lines.size() / 3, lines.size() - 2}) {
    Started importing({"--journal", house.scratch / "copie", "journal", "importer", "-"});
    importing.feed(joined({lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(count)}));
    importing.kill();
  }
  ASSERT_EQ(import(exported, "copie").code, 0);
  EXPECT_EQ(there("copie", {"journal", "exporter", "--reponses"}).out, exported);
  EXPECT_EQ(there("copie", {"journal", "verifier"}).code, 0);
}

TEST_F(Moving, BackupAndRestore) {
  const std::string place = house.scratch / "sauvegardes";
  const auto first = house({"journal", "sauvegarder", place, "--format", "json"});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(to_text(*first.objects().at(0).find("abîmées")), "[]");
  ASSERT_EQ(house({"importer", "-"}, actes(30, 40)).code, 1);
  const auto second = house({"journal", "sauvegarder", place});
  EXPECT_NE(second.out.find("000002"), std::string::npos) << second.out;
  EXPECT_EQ(assemblier({"journal", "restaurer", place, house.scratch / "retour"}).code, 0);
  EXPECT_EQ(there("retour", {"journal", "exporter", "--reponses"}).out,
            house({"journal", "exporter", "--reponses"}).out);
  EXPECT_EQ(assemblier({"journal", "restaurer", place + "/000001", house.scratch / "avant"}).code, 0);
  EXPECT_EQ(there("avant", {"journal", "exporter", "--reponses"}).out, exported);

  const auto until =
      assemblier({"journal", "restaurer", place, house.scratch / "dix", "--jusqu-a", "9", "--format", "json"});
  ASSERT_EQ(until.code, 0) << until.err;
  EXPECT_EQ(until.objects().at(0).find("événements")->as_int(), 10);
  const auto all = lines_of(house({"journal", "exporter"}).out);
  EXPECT_EQ(there("dix", {"journal", "exporter"}).out, joined({all.begin(), all.begin() + 10}));
  EXPECT_EQ(assemblier({"journal", "restaurer", place, house.scratch / "dix"}).code, 5) << "something is there";
  EXPECT_EQ(assemblier({"journal", "restaurer", place, house.scratch / "x", "--jusqu-a", "99999"}).code, 2);
  EXPECT_EQ(assemblier({"journal", "restaurer", house.scratch / "rien", house.scratch / "x"}).code, 3);
  const House other;
  EXPECT_EQ(other({"journal", "sauvegarder", place}).code, 2) << "another journal's backups";
}

// Wherever it is stopped, what was there stays, nothing half made takes a name, and the next one completes.
TEST_F(Moving, AKilledBackupOrRestoreIsBegunAgain) {
  const std::string place = house.scratch / "sauvegardes";
  const auto files = snapshot(house.journal);
  for (int i = 0; i < 8; ++i) {
    Started backing_up({"--journal", house.journal, "journal", "sauvegarder", place});
    std::this_thread::sleep_for(std::chrono::milliseconds(40 * i));
    backing_up.kill();
  }
  EXPECT_EQ(snapshot(house.journal), files);
  ASSERT_EQ(house({"journal", "sauvegarder", place}).code, 0);
  int generations = 0;
  for (const auto& entry : std::filesystem::directory_iterator(place)) {
    EXPECT_EQ(assemblier({"--journal", entry.path(), "journal", "exporter", "--reponses"}).out, exported)
        << entry.path();
    ++generations;
  }
  EXPECT_GE(generations, 1);
  const std::string back = house.scratch / "retour";
  for (int i = 0; i < 8 && !std::filesystem::exists(back); ++i) {
    Started restoring({"journal", "restaurer", place, back});
    std::this_thread::sleep_for(std::chrono::milliseconds(40 * i));
    restoring.kill();
  }
  if (!std::filesystem::exists(back)) {
    ASSERT_EQ(assemblier({"journal", "restaurer", place, back}).code, 0);
  }
  EXPECT_EQ(there("retour", {"journal", "exporter", "--reponses"}).out, exported);
}

// A long import under way, stopped now and then, perhaps in the middle of a write; everything that reads is run beside
// it.
TEST_F(Moving, AuditorsReadBesideAWriter) {
  const std::string key = house.scratch / "clef";
  ASSERT_EQ(assemblier({"clef", "creer", "a", "--fichier", key}).code, 0);
  Started writer({"--journal", house.journal, "importer", "-"});
  std::vector<std::string> readings;
  std::vector<std::string> heads;
  const int rounds = std::getenv("ASSEMBLIER_LONG") != nullptr ? 20 : 6;
  std::size_t answered = 0;
  for (int round = 0; round < rounds; ++round) {
    const int first = 100 + round * 200;
    writer.feed(actes(first, first + 200));
    answered = writer.wait_for(answered + 50).size();  // the rest goes on meanwhile
    readings.push_back(house({"journal", "exporter"}).out);
    heads.push_back(house({"journal", "sceller", "--clef", key}).out);
    ::kill(writer.process(), SIGSTOP);
    const auto files = snapshot(house.journal);
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"journal", "verifier"},
                                               {"journal", "infos"},
                                               {"histoire", "pret/1"},
                                               {"rejouer", "pret/1"},
                                               {"prêts"},
                                               {"journal", "sauvegarder", house.scratch / "sauvegardes"}}) {
      const auto done = house(words);
      EXPECT_EQ(done.code, 0) << ::testing::PrintToString(words) << done.out << done.err;
    }
    EXPECT_EQ(snapshot(house.journal), files) << "not one octet has changed";
    ::kill(writer.process(), SIGCONT);
  }
  EXPECT_EQ(house({"importer", "-"}, actes(0, 1)).code, 5) << "one writer at a time";
  EXPECT_EQ(writer.finish(), 1);
  const std::string all = house({"journal", "exporter"}).out;
  for (const auto& reading : readings) {
    EXPECT_FALSE(reading.empty());
    EXPECT_TRUE(all.starts_with(reading));
  }
  const std::string last = house.scratch.write("derniere", house({"journal", "sceller", "--clef", key}).out);
  for (const auto& head : heads)
    EXPECT_EQ(house({"journal", "preuve", "--tete", last, "--depuis", house.scratch.write("tete", head)}).code, 0)
        << head;
  EXPECT_EQ(house({"journal", "verifier"}).code, 0);
}

}  // namespace
}  // namespace assemblier::tools
