// A journal's life from the command line: publish, ask, read, export, verify; and each way it can fail.

#include "tests/tools/support.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

const std::string kGood = R"({"rayon": "outils", "caution": "20.00", "jours": 3})";

Outcome ask(const House& house, const std::string& acte, const std::string& objet, const std::string& par,
            std::vector<std::string> more = {}, const std::string& input = {}) {
  std::vector<std::string> arguments = {"acte", acte, "--objet", objet, "--par", par, "--format", "json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return house(arguments, input);
}

std::string text_of(const Json& json, const std::string& key) {
  const auto* found = json.find(key);
  return found == nullptr || found->get<std::string>() == nullptr ? "" : *found->get<std::string>();
}

TEST(Journal, FromOpeningToClosing) {
  const House house;
  auto outcome =
      ask(house, "demande", "pret/1", "emprunteur=Zoé", {"--donnees", "-", "--le", "2024-03-01", "--id", "a1"}, kGood);
  ASSERT_EQ(outcome.code, 0) << outcome.err << outcome.out;
  auto answer = outcome.objects().at(0);
  EXPECT_EQ(text_of(answer, "réponse"), "inscrit");
  EXPECT_EQ(text_of(answer, "état"), "demandé");
  EXPECT_EQ(answer.find("position")->as_int(), 1);
  EXPECT_EQ(answer.find("version")->as_int(), 0);

  outcome =
      ask(house, "demande", "pret/1", "emprunteur=Zoé", {"--donnees", "-", "--le", "2024-03-01", "--id", "a1"}, kGood);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(text_of(outcome.objects().at(0), "réponse"), "déjà inscrit");

  outcome =
      ask(house, "demande", "pret/1", "emprunteur=Max", {"--donnees", "-", "--le", "2024-03-01", "--id", "a1"}, kGood);
  EXPECT_EQ(outcome.code, 6) << "a known id with another content";
  EXPECT_EQ(text_of(outcome.objects().at(0), "réponse"), "erreur");
  EXPECT_NE(outcome.err, "");

  outcome = ask(house, "sortie", "pret/1", "gardien", {"--le", "02/03/2024", "--version", "4"});
  EXPECT_EQ(outcome.code, 6) << "another version";
  outcome = ask(house, "sortie", "pret/1", "gardien=Max", {"--le", "02/03/2024", "--version", "0"});
  EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out;
  outcome = ask(house, "sortie", "pret/1", "gardien=Max", {"--le", "2024-03-03"});
  EXPECT_EQ(outcome.code, 1) << "not from this état";
  EXPECT_EQ(text_of(*outcome.objects().at(0).find("refus"), "genre"), "état");

  outcome = house({"dossier", "pret/1", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto state = outcome.objects().at(0);
  EXPECT_EQ(text_of(state, "état"), "sorti");
  EXPECT_EQ(to_text(*state.find("champs")),
            R"({"rayon": "outils", "caution": "20.00", "jours": 3, "début": "2024-03-01"})");
  EXPECT_EQ(to_text(*state.find("décisions")), R"({"admis": {"valeur": true}, "prix": {"valeur": "10.50"}})");
  EXPECT_EQ(to_text(*state.find("actes possibles")), R"(["retour"])");
  EXPECT_NE(house({"dossier", "pret/1"}).out.find("caution : 20,00"), std::string::npos);

  outcome = house({"histoire", "pret/1", "--format", "json"});
  ASSERT_EQ(outcome.objects().size(), 2U);
  const auto first = outcome.objects().at(0);
  EXPECT_EQ(text_of(first, "acte"), "demande");
  EXPECT_EQ(text_of(first, "le"), "2024-03-01");
  EXPECT_EQ(text_of(*first.find("par"), "nom"), "Zoé");
  EXPECT_NE(first.find("décisions")->find("prix")->find("motif"), nullptr);
  const auto told = house({"histoire", "pret/1"});
  EXPECT_NE(told.out.find("RI § 3"), std::string::npos) << "motifs cite their articles: " << told.out;

  outcome = house({"rejouer"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("0 divergence"), std::string::npos);
  EXPECT_EQ(house({"rejouer", "pret/1"}).code, 0);
  const auto replayed = house({"rejouer", "--format", "json"});
  EXPECT_EQ(replayed.objects().back().find("divergences")->as_int(), 0);
}

TEST(Journal, ARefusalSaysWhyAndLeavesNoEvent) {
  const House house;
  const auto outcome =
      house({"acte", "demande", "--objet", "pret/1", "--par", "emprunteur=Zoé", "--donnees", "-", "--le", "2024-03-01"},
            R"({"rayon": "jeux", "caution": "0.00", "jours": 3})");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("La caution est positive"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("RI § 4"), std::string::npos) << outcome.out;
  EXPECT_EQ(house({"dossier", "pret/1"}).code, 3);
}

TEST(Journal, WhatAnActeCannotBe) {
  const House house;
  EXPECT_EQ(ask(house, "demande", "pret/1", "emprunteur=Zoé", {"--donnees", "-"}, "{\"jours\": 1.5}").code, 3);
  EXPECT_EQ(ask(house, "demande", "pret/1", "emprunteur=Zoé", {"--donnees", "-"}, "{\"jours\": 1, \"jours\": 1}").code,
            3);
  EXPECT_EQ(ask(house, "demande", "pret/1", "emprunteur=Zoé", {"--donnees", house.scratch / "absent"}).code, 3);
  EXPECT_EQ(ask(house, "demnade", "pret/1", "emprunteur=Zoé").code, 1) << "an unknown acte is refused";
  EXPECT_EQ(ask(house, "demande", "pret/1", "emprunteur=Zoé", {"--id", std::string(500, 'x')}).code, 2);
}

TEST(Journal, Editions) {
  const House house;
  const std::string rules = house.scratch / "pret.regles";
  auto outcome = house({"edition", "publier", rules, "--format", "json"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(text_of(outcome.objects().at(0), "réponse"), "déjà publiée");
  const std::string hash = text_of(outcome.objects().at(0), "édition");
  ASSERT_EQ(hash.size(), 64U);
  outcome = house({"edition", "lister", "--format", "json"});
  ASSERT_EQ(outcome.objects().size(), 1U);
  EXPECT_EQ(house({"edition", "montrer", hash.substr(0, 8)}).out, kPret) << "the exact bytes";
  EXPECT_EQ(house({"edition", "montrer", "2024"}).out, kPret);
  EXPECT_EQ(house({"edition", "montrer", "ffffffff"}).code, 3);
  EXPECT_EQ(house({"edition", "publier", house.scratch.write("faux.regles", "langue 1\n")}).code, 1);
  EXPECT_EQ(house({"edition", "publier", house.scratch / "absent"}).code, 3);
  EXPECT_EQ(house({"edition", "lister", "--format", "json"}).objects().size(), 1U);
}

TEST(Journal, Tableaux) {
  const House house;
  std::string lines = demande("1", "pret/1", kGood) + demande("2", "pret/2", kGood) +
                      demande("3", "pret/3", R"({"rayon": "jeux", "caution": "12.34", "jours": 3})");
  ASSERT_EQ(house({"importer", "-"}, lines).code, 0);
  auto outcome = house({"tableau", "prêts"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("Prêts par rayon"), std::string::npos);
  EXPECT_EQ(house({"prêts"}).out, outcome.out) << "a tableau's name alone is a command";
  outcome = house({"prêts", "--format", "json"});
  const auto objects = outcome.objects();
  ASSERT_EQ(objects.size(), 3U);
  EXPECT_EQ(
      to_text(objects[0]),
      R"({"tableau": "prêts", "clés": {"Rayon": "outils"}, "libellés": ["outils"], "colonnes": {"Nombre": 2, "Caution": "40.00"}})");
  EXPECT_EQ(to_text(*objects[2].find("colonnes")), R"({"Nombre": 3, "Caution": "52.34"})");
  outcome = house({"tableau", "inconnu"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("inconnu"), std::string::npos);
}

TEST(Journal, WhereThereIsNone) {
  const Scratch scratch;
  const std::string none = scratch / "rien";
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"journal", "infos"},
                                             {"journal", "verifier"},
                                             {"journal", "exporter"},
                                             {"edition", "lister"},
                                             {"dossier", "1"},
                                             {"histoire", "1"},
                                             {"rejouer"},
                                             {"tableau", "x"},
                                             {"importer", "-"},
                                             {"edition", "publier", scratch.write("p.regles", kPret)},
                                             {"acte", "x", "--objet", "a/1", "--par", "b"}}) {
    std::vector<std::string> arguments = {"--journal", none};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const auto outcome = assemblier(arguments);
    EXPECT_EQ(outcome.code, 3) << ::testing::PrintToString(words) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(none)) << "reading creates nothing";
  }
}

TEST(Journal, CreatedOnce) {
  const House house;
  EXPECT_EQ(house({"journal", "creer"}).code, 5);
  EXPECT_EQ(assemblier({"--journal", house.scratch.write("fichier", "x"), "journal", "creer"}).code, 5)
      << "a file is in the way";
  EXPECT_EQ(assemblier({"--journal", "/proc/journal", "journal", "creer"}).code, 5);
}

TEST(Journal, OneWriterAtATime) {
  const House house;
  Started writer({"--journal", house.journal, "importer", "-"});
  writer.feed(demande("1", "pret/1", kGood));
  ASSERT_EQ(writer.wait_for(1).size(), 1U) << "each line is answered without waiting for the next";
  const auto outcome = ask(house, "sortie", "pret/1", "gardien");
  EXPECT_EQ(outcome.code, 5);
  EXPECT_NE(outcome.err, "");
  EXPECT_EQ(house({"journal", "verifier"}).code, 0) << "reading beside a writer holds nobody back";
  EXPECT_EQ(writer.finish(), 0);
  EXPECT_EQ(ask(house, "sortie", "pret/1", "gardien", {"--le", "2024-03-02"}).code, 0);
}

TEST(Journal, ReadingChangesNoByte) {
  const House house;
  ASSERT_EQ(house({"importer", "-"}, demande("1", "pret/1", kGood)).code, 0);
  const auto before = snapshot(house.journal);
  for (const auto& words : std::vector<std::vector<std::string>>{{"journal", "verifier"},
                                                                 {"journal", "exporter"},
                                                                 {"journal", "infos"},
                                                                 {"edition", "lister"},
                                                                 {"dossier", "pret/1"},
                                                                 {"histoire", "pret/1"},
                                                                 {"rejouer"},
                                                                 {"prêts"}}) {
    EXPECT_EQ(house(words).code, 0) << ::testing::PrintToString(words);
    EXPECT_EQ(snapshot(house.journal), before) << ::testing::PrintToString(words);
  }
}

TEST(Journal, ExportsCloudEvents) {
  const House house;
  ASSERT_EQ(house({"importer", "-"}, demande("1", "pret/1", kGood)).code, 0);
  const auto outcome = house({"journal", "exporter"});
  EXPECT_EQ(outcome.code, 0);
  const auto events = outcome.objects();
  ASSERT_EQ(events.size(), 2U);
  for (std::size_t i = 0; i < events.size(); ++i) {
    for (const auto* key : {"id", "source", "type", "time", "subject", "octets", "empreinte"})
      EXPECT_NE(text_of(events[i], key), "") << key;
    EXPECT_EQ(text_of(events[i], "specversion"), "1.0");
    EXPECT_EQ(events[i].find("position")->as_int(), static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(text_of(*events[0].find("data"), "texte"), kPret);
  EXPECT_EQ(text_of(events[1], "subject"), "pret/1");
  EXPECT_EQ(to_text(*events[1].find("data")->find("données")), kGood);
  EXPECT_EQ(house({"journal", "exporter"}).out, outcome.out);
}

TEST(Journal, AFlippedByteIsFoundOrHarmless) {
  const House house;
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood);
  ASSERT_EQ(house({"importer", "-"}, lines).code, 0);
  const std::string before = house({"journal", "exporter"}).out;
  int found = 0;
  int tried = 0;
  for (const auto& entry : std::filesystem::directory_iterator(house.journal)) {
    if (!entry.is_regular_file() || entry.file_size() == 0) continue;
    for (const std::size_t part : {0U, 3U, 7U}) {
      const std::string copy = house.scratch / "copie";
      std::filesystem::remove_all(copy);
      std::filesystem::copy(house.journal, copy, std::filesystem::copy_options::recursive);
      const std::string file = copy + "/" + entry.path().filename().string();
      std::string bytes = read_file(file);
      bytes[bytes.size() * part / 8] = static_cast<char>(bytes[bytes.size() * part / 8] ^ 0x10);
      std::ofstream(file, std::ios::binary) << bytes;
      const auto verified = assemblier({"--journal", copy, "journal", "verifier"});
      const auto exported = assemblier({"--journal", copy, "journal", "exporter"});
      ++tried;
      if (verified.code == 0) {
        EXPECT_EQ(exported.out, before) << "harmless: " << file << " part " << part;
      } else {
        ++found;
        EXPECT_TRUE(verified.code == 4 || verified.code == 3)
            << file << " part " << part << ": " << verified.code << verified.err;
        EXPECT_NE(verified.out + verified.err, "");
      }
    }
  }
  EXPECT_GT(tried, 5);
  EXPECT_GT(found, 0) << "a flip in the log of events must be seen";
}

}  // namespace
}  // namespace assemblier::tools
