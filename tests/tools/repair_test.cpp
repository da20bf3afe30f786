// journal verifier --reparer, as people run it.

#include "storage/journal_rocksdb.hpp"
#include "storage/keys.hpp"
#include "tests/tools/support.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace assemblier::tools
