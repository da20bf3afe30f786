// journal verifier --reparer, as people run it.

#include "storage/journal_rocksdb.hpp"
#include "storage/keys.hpp"
#include "tests/tools/support.hpp"

#include <csignal>
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace assemblier::tools {
namespace {

const std::string kGood = R"({"rayon": "outils", "caution": "20.00", "jours": 3})";

void change(const std::string& journal, const std::function<void(storage::Store&)>& work) {
  auto store = storage::open_rocksdb_store(journal, false, nullptr);
  ASSERT_TRUE(store) << store.error().message;
  work(**store);
  ASSERT_TRUE((*store)->commit());
}

TEST(Repair, WhatDerivesComesBackAndTheRestIsNamed) {
  const House house;
  for (int i = 0; i < 5; ++i)
    ASSERT_EQ(house({"importer", "-"}, demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood)).code, 0);
  const auto events = house({"journal", "exporter"}).out;
  const auto replayed = house({"rejouer"}).out;
  const auto nothing = house({"journal", "vérifier", "--réparer"});
  EXPECT_EQ(nothing.code, 0) << nothing.err;
  EXPECT_NE(nothing.out.find("rien à réparer"), std::string::npos) << nothing.out;

  change(house.journal, [](storage::Store& store) { store.remove(storage::flux_key("pret/3")); });
  EXPECT_EQ(house({"journal", "verifier"}).code, 4);
  const auto done = house({"journal", "verifier", "--reparer", "--format", "json"});
  ASSERT_EQ(done.code, 0) << done.out << done.err;
  const Json json = done.objects().at(0);
  EXPECT_EQ(*json.find("réparé"), Json(true));
  EXPECT_NE(done.out.find("pret/3"), std::string::npos);
  EXPECT_EQ(house({"journal", "verifier"}).code, 0);
  EXPECT_EQ(house({"journal", "exporter"}).out, events);
  EXPECT_EQ(house({"rejouer"}).out, replayed);
  EXPECT_EQ(assemblier({"journal", "verifier", "--journal", *json.find("ancien")->get<std::string>()}).code, 4);

  change(house.journal, [](storage::Store& store) { store.put(storage::outcome_key("d2"), "short"); });
  const auto lost = house({"journal", "verifier", "--reparer"});
  EXPECT_EQ(lost.code, 4) << lost.out << lost.err;
  EXPECT_NE(lost.out.find("PERDU, réponses d'actes illisibles (1) : « d2 »"), std::string::npos) << lost.out;
  EXPECT_EQ(house({"journal", "verifier"}).code, 0);
  EXPECT_EQ(house({"journal", "exporter"}).out, events);
  // Sent again, it is known: nothing is recorded twice.
  const auto again = house({"importer", "-"}, demande("d2", "pret/2", kGood));
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  EXPECT_EQ(house({"journal", "exporter"}).out, events);
  EXPECT_EQ(house({"journal", "verifier"}).code, 0);
}

TEST(Repair, AHeadTellsWhatHasChanged) {
  const House house;
  const std::string shorter = house.scratch / "court";
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(house({"importer", "-"}, demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood)).code, 0);
    if (i == 0) std::filesystem::copy(house.journal, shorter, std::filesystem::copy_options::recursive);
  }
  const std::string key = house.scratch / "clef";
  const auto made = assemblier({"clef", "creer", "exemple.fr/prets", "--fichier", key});
  const std::string trusted = house.scratch.write("confiance", made.out);
  const std::string head = house.scratch.write("tete", house({"journal", "sceller", "--clef", key}).out);
  const House other;
  const std::string theirs = house.scratch.write("autre", other({"journal", "sceller", "--clef", key}).out);

  const auto cut =
      assemblier({"journal", "verifier", "--reparer", "--tete", head, "--confiance", trusted, "--journal", shorter});
  EXPECT_EQ(cut.code, 4) << cut.out;
  EXPECT_NE(cut.err.find("la tête signée en compte"), std::string::npos) << cut.err;

  change(house.journal, [](storage::Store& store) {
    auto entry = *storage::decode_entry(**store.get(storage::index_key("pret/1", {})));
    entry.hash.octets[0] ^= 1;
    store.put(storage::index_key("pret/1", {}), storage::encode_entry(entry));
  });
  const auto alone = house({"journal", "verifier", "--reparer"});
  EXPECT_EQ(alone.code, 4);
  EXPECT_NE(alone.err.find("rien n'a été changé"), std::string::npos) << alone.err;
  EXPECT_NE(alone.err.find("pret/1"), std::string::npos) << alone.err;
  EXPECT_EQ(house({"journal", "verifier", "--reparer", "--tete", head}).code, 2);
  EXPECT_EQ(house({"journal", "verifier", "--reparer", "--tete", theirs, "--confiance", trusted}).code, 1);
  EXPECT_EQ(house({"journal", "verifier", "--reparer", "--objet", "pret/1"}).code, 2);
  const auto done = house({"journal", "verifier", "--reparer", "--tete", head, "--confiance", trusted});
  EXPECT_EQ(done.code, 0) << done.out << done.err;
  EXPECT_EQ(house({"journal", "verifier", "--tete", head, "--confiance", trusted}).code, 0);
}

TEST(Repair, AFalseEventIsNotMended) {
  const House house;
  ASSERT_EQ(house({"importer", "-"}, demande("d", "pret/1", kGood)).code, 0);
  change(house.journal, [](storage::Store& store) { store.put(storage::event_key({0}), "false"); });
  const auto before = snapshot(house.scratch.path());
  const auto refused = house({"journal", "verifier", "--reparer"});
  EXPECT_EQ(refused.code, 4);
  EXPECT_NE(refused.err.find("position 0"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("sauvegarde"), std::string::npos) << refused.err;
  EXPECT_EQ(snapshot(house.scratch.path()), before);
}

// A journal whose repair takes a while.
void damage(const House& house, int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood);
  ASSERT_EQ(house({"importer", "-"}, text).code, 0);
  change(house.journal, [](storage::Store& store) { store.remove(storage::flux_key("pret/3")); });
}

std::vector<std::string> unfinished(const House& house) {
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(house.scratch.path())) {
    if (std::filesystem::exists(entry.path() / "INACHEVE")) left.push_back(entry.path().string());
  }
  return left;
}

// Ends it by `signal` once the copy is begun; its exit code, or nothing when it was too quick.
std::optional<int> cut_short(const House& house, int signal) {
  Started started({"--journal", house.journal, "journal", "verifier", "--reparer"});
  for (int i = 0; i < 20'000 && unfinished(house).empty(); ++i) ::usleep(100);
  if (unfinished(house).empty()) return std::nullopt;
  ::kill(started.process(), signal);
  return started.finish();
}

TEST(Repair, InterruptedItLeavesNoCopyAndSaysSo) {
  const House house;
  damage(house, 3'000);
  const auto before = snapshot(house.scratch.path());
  const auto code = cut_short(house, SIGINT);
  ASSERT_EQ(code, 130);
  EXPECT_EQ(snapshot(house.scratch.path()), before);
}

// The copy of a killed repair holds what an erasure would not reach: the next command that writes removes it.
TEST(Repair, WhatAKilledOneLeftIsRemovedByTheNextCommandThatWrites) {
  const House house;
  damage(house, 3'000);
  for (const auto& next : std::vector<std::vector<std::string>>{
           {"effacer", "personne", "--motif", "essai"}, {"importer", "-"}, {"journal", "verifier", "--reparer"}}) {
    ASSERT_TRUE(cut_short(house, SIGKILL));
    const auto left = unfinished(house);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(house({"journal", "exporter"}).code, 0) << "to read removes nothing";
    EXPECT_EQ(unfinished(house), left);
    const auto done = house(next);
    EXPECT_NE(done.err.find("copie inachevée"), std::string::npos) << next.front() << done.out << done.err;
    EXPECT_NE(done.err.find(left.front()), std::string::npos) << done.err;
    EXPECT_TRUE(unfinished(house).empty());
  }
  EXPECT_EQ(house({"journal", "verifier"}).code, 0);
  // The damaged journal is kept on purpose, and whoever erases is told of it.
  const auto told = house({"effacer", "personne", "--motif", "essai"});
  EXPECT_NE(told.err.find("journal.avant-reparation-"), std::string::npos) << told.out << told.err;
}

}  // namespace
}  // namespace assemblier::tools
