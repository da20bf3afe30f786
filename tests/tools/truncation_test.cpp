// A journal cut short at any octet of any file: detected against a head kept elsewhere; without one never said to be
// more than what it is, a journal up to a position. And what is damaged is not sealed.

#include "tests/tools/support.hpp"
#include "tools/cli.hpp"

#include <algorithm>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace assemblier::tools {
namespace {

namespace fs = std::filesystem;

const std::string kGood = R"({"rayon": "outils", "caution": "20.00", "jours": 3})";
constexpr int kLines = 30;

// The command without its process: thousands of them.
Outcome inside(const std::vector<std::string>& arguments) {
  Outcome outcome;
  const int descriptor = ::memfd_create("sortie", MFD_CLOEXEC);
  try {
    Out out(descriptor);
    outcome.code = static_cast<int>(run(arguments, out));
  } catch (const Failure& failure) {
    outcome.code = static_cast<int>(failure.code);
    outcome.err = failure.message;
  }
  outcome.out = read_file(fmt::format("/proc/self/fd/{}", descriptor));
  ::close(descriptor);
  return outcome;
}

void copy_journal(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from))
    fs::copy_file(entry, to + "/" + entry.path().filename().string());
}

class Truncation : public ::testing::Test {
 protected:
  // A journal as kill -9 leaves it: the édition lies in tables, what follows in the log.
  void SetUp() override {
    Started writer({"--journal", house.journal, "importer", "-"});
    for (int i = 0; i < kLines; ++i) writer.feed(demande(fmt::format("d{}", i), fmt::format("pret/{}", i % 9), kGood));
    ASSERT_EQ(writer.wait_for(kLines).size(), static_cast<std::size_t>(kLines));
    writer.kill();
    const auto made = assemblier({"clef", "creer", "exemple.fr/prets", "--fichier", key});
    ASSERT_EQ(made.code, 0) << made.err;
    trusted = house.scratch.write("confiance", made.out);
    const auto sealed = house({"journal", "sceller", "--clef", key});
    ASSERT_EQ(sealed.code, 0) << sealed.err;
    head = house.scratch.write("tete", sealed.out);
    copy_journal(house.journal, copy);
    const auto whole = verify(true);
    ASSERT_EQ(whole.code, 0) << whole.out << whole.err;
    last = *whole.objects().at(0).find("dernière position")->as_int();
  }
  Outcome verify(bool against_head, const std::string& format = "json") const {
    std::vector<std::string> arguments = {"--journal", copy, "--format", format, "journal", "verifier"};
    if (against_head) arguments.insert(arguments.end(), {"--tete", head, "--confiance", trusted});
    return inside(arguments);
  }

  const House house;
  const std::string key = house.scratch / "clef";
  const std::string copy = house.scratch / "copie";
  std::string trusted, head;
  std::int64_t last = 0;
};

TEST_F(Truncation, IsDetectedAgainstAHeadAndNeverComplete) {
  int found = 0;
  int shorter = 0;
  for (const auto& entry : fs::directory_iterator(house.journal)) {
    const std::string file = copy + "/" + entry.path().filename().string();
    const std::string octets = read_file(entry.path().string());
    const bool log = entry.path().extension() == ".log";
    const std::size_t step =
        std::getenv("ASSEMBLIER_LONG") != nullptr ? 1 : std::max<std::size_t>(1, octets.size() / (log ? 80 : 12));
    for (std::size_t size = 0; size < octets.size(); size += step) {
      std::ofstream(file, std::ios::binary | std::ios::trunc) << octets.substr(0, size);
      const auto against = verify(true);
      const std::string where =
          fmt::format("{} cut at {} of {}: {}{}", file, size, octets.size(), against.out, against.err);
      if (against.code == 0) {
        // A file that holds nothing of the journal: all is there.
        EXPECT_EQ(against.objects().at(0).find("dernière position")->as_int(), last) << where;
        continue;
      }
      ++found;
      EXPECT_EQ(against.code, 4) << where;
      const auto alone = verify(false);
      if (alone.code != 0) {
        EXPECT_EQ(alone.code, 4) << where;
        continue;
      }
      // Sound, and shorter: what it says is up to where.
      ++shorter;
      const auto until = alone.objects().at(0).find("dernière position")->as_int();
      ASSERT_TRUE(until) << where;
      EXPECT_LT(*until, last) << where;
      EXPECT_NE(against.out.find(fmt::format("journal arrêté à la position {}", *until)), std::string::npos) << where;
      EXPECT_NE(verify(false, "texte").out.find(fmt::format("jusqu'à la position {} :", *until)), std::string::npos);
    }
    std::ofstream(file, std::ios::binary | std::ios::trunc) << octets;
  }
  EXPECT_GT(found, 80);
  EXPECT_GT(shorter, 60);
}

TEST_F(Truncation, ALogRemovedIsDetectedToo) {
  for (const auto& entry : fs::directory_iterator(house.journal)) {
    if (entry.path().extension() != ".log" || fs::file_size(entry) == 0) continue;
    fs::remove(copy + "/" + entry.path().filename().string());
    const auto against = verify(true);
    EXPECT_EQ(against.code, 4) << against.out << against.err;
    copy_journal(house.journal, copy);
  }
}

TEST_F(Truncation, AHeadHoldsForALongerJournalAndForItsOwnOnly) {
  ASSERT_EQ(house({"importer", "-"}, demande("plus", "pret/plus", kGood)).code, 0);
  copy_journal(house.journal, copy);
  const auto longer = verify(true, "texte");
  EXPECT_EQ(longer.code, 0) << longer.out << longer.err;
  EXPECT_NE(longer.out.find(fmt::format("jusqu'à la position {} :", last + 1)), std::string::npos) << longer.out;
  EXPECT_NE(longer.out.find("exemple.fr/prets"), std::string::npos) << longer.out;
  EXPECT_NE(verify(false, "texte").out.find("journal sceller"), std::string::npos);
  EXPECT_EQ(inside({"--journal", copy, "journal", "verifier", "--tete", head}).code, 2);

  const House other;
  EXPECT_EQ(inside({"--journal", other.journal, "journal", "verifier", "--tete", head, "--confiance", trusted}).code,
            1);
  const auto stranger = assemblier({"clef", "creer", "ailleurs.fr", "--fichier", key + "2"});
  const auto untrusted = inside({"--journal", copy, "journal", "verifier", "--tete", head, "--confiance",
                                 house.scratch.write("confiance2", stranger.out)});
  EXPECT_EQ(untrusted.code, 1) << untrusted.out;
}

// The same number of events and the same identity, other contents.
TEST_F(Truncation, ARewrittenJournalDoesNotExtendTheHead) {
  const auto log = [&](const std::string& directory) {
    for (const auto& entry : fs::directory_iterator(directory))
      if (entry.path().extension() == ".log" && fs::file_size(entry) > 0) return entry.path().string();
    return std::string();
  };
  std::ofstream(log(copy), std::ios::binary | std::ios::trunc) << read_file(log(house.journal)).substr(0, 9000);
  std::string lines;
  for (int i = 0; i < kLines; ++i) lines += demande(fmt::format("autre{}", i), fmt::format("pret/autre{}", i), kGood);
  ASSERT_EQ(assemblier({"--journal", copy, "importer", "-"}, lines).code, 0);
  const auto alone = verify(false);
  ASSERT_EQ(alone.code, 0) << alone.out << alone.err;
  const auto against = verify(true, "texte");
  EXPECT_EQ(against.code, 4) << against.out << against.err;
  EXPECT_NE(against.out.find("journal récrit"), std::string::npos) << against.out;
}

TEST_F(Truncation, WhatIsDamagedIsNotSealed) {
  ASSERT_EQ(house({"importer", "-"}, demande("plus", "pret/plus", kGood)).code, 0);  // closed: all is in tables
  int damaged = 0;
  for (const auto& entry : fs::directory_iterator(house.journal)) {
    if (entry.path().extension() != ".sst") continue;
    const std::string octets = read_file(entry.path().string());
    for (std::size_t at = 0; at < octets.size(); at += octets.size() / 9) {
      copy_journal(house.journal, copy);
      std::string changed = octets;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      std::ofstream(copy + "/" + entry.path().filename().string(), std::ios::binary | std::ios::trunc) << changed;
      const auto sealed = inside({"--journal", copy, "journal", "sceller", "--clef", key});
      if (verify(false).code == 0) {
        EXPECT_EQ(sealed.code, 0) << at;
        continue;
      }
      ++damaged;
      EXPECT_EQ(sealed.code, 4) << at;
      EXPECT_EQ(sealed.out, "") << at;
    }
  }
  EXPECT_GT(damaged, 5);
}

TEST_F(Truncation, WhatFollowsAHeadOrIsOfOneObjetIsCheckedAlone) {
  const auto check = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"journal", "verifier"});
    return house(std::move(words));
  };
  ASSERT_EQ(house({"importer", "-"}, demande("suite", "pret/99", kGood)).code, 0);
  const auto rest = check({"--suite", "--tete", head, "--confiance", trusted, "--format", "json"});
  ASSERT_EQ(rest.code, 0) << rest.out << rest.err;
  EXPECT_EQ(rest.objects().at(0).find("événements")->as_int(), 1);
  const auto one = check({"--objet", "pret/1", "--tete", head, "--confiance", trusted, "--format", "json"});
  ASSERT_EQ(one.code, 0) << one.out << one.err;
  EXPECT_GT(one.objects().at(0).find("événements")->as_int(), 0);
  EXPECT_EQ(check({"--objet", "pret/12345"}).code, 3);
  EXPECT_EQ(check({"--suite"}).code, 2);
}

}  // namespace
}  // namespace assemblier::tools
