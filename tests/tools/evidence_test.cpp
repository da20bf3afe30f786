// Heads, proofs and the dossier de preuve: made by the program, checked by it and by the separate checker, which shares
// no code with it; nothing in a proof may change.

#include "tests/tools/support.hpp"
#include "tools/preuve.hpp"

#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

const std::string kGood = R"({"rayon": "outils", "caution": "20.00", "jours": 3})";

class Evidence : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string text;
    for (int i = 0; i < 40; ++i) {
      text += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood);
      text += fmt::format(
          R"({{"id": "s{}", "acte": "sortie", "objet": "pret/{}", "par": {{"rôle": "gardien", "nom": "Max"}}, "le": "2024-03-02"}})"
          "\n",
          i, i);
    }
    ASSERT_EQ(house({"importer", "-"}, text).code, 0);
    const auto made = assemblier({"clef", "creer", "exemple.fr/prets", "--fichier", key});
    ASSERT_EQ(made.code, 0) << made.err;
    trusted = house.scratch.write("confiance", "# le journal\n" + made.out);
    head = house.scratch.write("tete", seal());
  }
  std::string seal() const {
    const auto sealed = house({"journal", "sceller", "--clef", key});
    EXPECT_EQ(sealed.code, 0) << sealed.err;
    return sealed.out;
  }
  std::string proof_of(const std::string& objet) const {
    const auto made = house({"preuve", "creer", objet, "--tete", head});
    EXPECT_EQ(made.code, 0) << made.err;
    return made.out;
  }
  std::vector<storage::PublicKey> keys() const {
    std::string line = read_file(trusted);
    line = line.substr(line.find('\n') + 1);
    line.pop_back();
    return {*storage::parse_public_key(line)};
  }
  Outcome checked(const std::string& proof) const {
    return assemblier({"preuve", "verifier", house.scratch.write("preuve", proof), "--confiance", trusted});
  }
  Outcome checked_apart(const std::string& proof) const {
    return run({.arguments = {project_path("tools/verifier_preuve.py"), house.scratch.write("preuve", proof), trusted},
                .program = "/usr/bin/python3"});
  }
  // Changed, it is false; or no longer a proof at all.
  void expect_refused(const std::string& changed) const {
    for (const Outcome& outcome : {checked(changed), checked_apart(changed)})
      EXPECT_TRUE(outcome.code == 1 || outcome.code == 3) << outcome.code << outcome.out;
  }
  static std::string project_path(const std::string& name) { return std::string(ASSEMBLIER_SOURCE_DIR) + "/" + name; }

  const House house;
  const std::string key = house.scratch / "clef";
  std::string trusted, head;
};

TEST_F(Evidence, AKeyIsNeverReplaced) {
  EXPECT_EQ(assemblier({"clef", "creer", "autre", "--fichier", key}).code, 5);
  EXPECT_EQ(assemblier({"clef", "creer", "deux mots", "--fichier", key + "2"}).code, 2);
  EXPECT_EQ(std::filesystem::status(key).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(Evidence, AHeadIsTheSameAsLongAsNothingIsAdded) {
  EXPECT_EQ(seal(), read_file(head));
  ASSERT_EQ(house({"importer", "-"}, demande("x", "pret/x", kGood)).code, 0);
  const std::string later = seal();
  EXPECT_NE(later, read_file(head));
  const auto proof = house({"journal", "preuve", "--tete", house.scratch.write("tete2", later), "--depuis", head});
  ASSERT_EQ(proof.code, 0) << proof.err;
  const Json json = proof.objects().at(0);
  storage::Proof path;
  for (const Json& item : *json.find("chemin")->get<Json::Array>()) {
    const auto octets = *storage::from_base64(*item.get<std::string>());
    storage::Hash hash;
    std::copy(octets.begin(), octets.end(), reinterpret_cast<char*>(hash.octets.data()));
    path.push_back(hash);
  }
  const auto first = *storage::parse_checkpoint(storage::parse_note(read_file(head))->text);
  const auto second = *storage::parse_checkpoint(storage::parse_note(later)->text);
  EXPECT_TRUE(storage::verify_consistency(first.size, second.size, first.root, second.root, path));
}

// A head that says something else than the journal, signed or not: nothing is proved under it.
TEST_F(Evidence, NothingIsProvedUnderAnotherHead) {
  const auto checkpoint = *storage::parse_checkpoint(storage::parse_note(read_file(head))->text);
  const auto with = [&](const std::function<void(storage::Checkpoint&)>& change) {
    auto note = *storage::parse_note(read_file(head));
    auto other = checkpoint;
    change(other);
    note.text = storage::render(other);
    return house.scratch.write("autre", storage::render(note));
  };
  const auto proved = [&](const std::string& under) {
    std::vector<int> codes;
    codes.push_back(house({"journal", "preuve", "--tete", under, "--position", "3"}).code);
    codes.push_back(house({"journal", "preuve", "--tete", under, "--objet", "pret/7"}).code);
    codes.push_back(house({"journal", "preuve", "--tete", head, "--depuis", under}).code);
    return codes;
  };
  EXPECT_EQ(proved(with([](auto&) {})), (std::vector<int>{0, 0, 0}));
  EXPECT_EQ(proved(with([](auto& c) { c.root.octets[3] ^= 1; })), (std::vector<int>{1, 1, 1}));
  EXPECT_EQ(proved(with([](auto& c) { c.flux_root.octets[3] ^= 1; })), (std::vector<int>{1, 1, 1}));
  EXPECT_EQ(proved(with([](auto& c) { --c.size; })), (std::vector<int>{1, 1, 1}));
  EXPECT_EQ(proved(with([](auto& c) { c.size += 9; })), (std::vector<int>{4, 4, 4}));
  EXPECT_EQ(proved(with([](auto& c) { c.journal_id.front() = '!'; })), (std::vector<int>{1, 1, 1}));
  const auto refused = house({"journal", "preuve", "--tete", with([](auto& c) { c.root = {}; }), "--position", "3"});
  EXPECT_EQ(refused.out, "");
  EXPECT_NE(refused.err.find("autre racine"), std::string::npos) << refused.err;
}

TEST_F(Evidence, TheLeavesGiveTheRoot) {
  const auto leaves = house({"journal", "exporter", "--feuilles"});
  ASSERT_EQ(leaves.code, 0);
  storage::MerkleFrontier tree;
  std::size_t begin = 0;
  while (begin < leaves.out.size()) {
    const std::size_t end = leaves.out.find('\n', begin);
    const std::string line = leaves.out.substr(begin, end - begin);
    begin = end + 1;
    EXPECT_TRUE(line.starts_with(std::to_string(tree.size()) + " "));
    tree.append(storage::event_hash(*storage::from_hex(line.substr(line.rfind(' ') + 1))));
  }
  const auto checkpoint = *storage::parse_checkpoint(storage::parse_note(read_file(head))->text);
  EXPECT_EQ(tree.size(), checkpoint.size);
  EXPECT_EQ(tree.root(), checkpoint.root);
}

TEST_F(Evidence, AProofHoldsForBothCheckers) {
  const std::string proof = proof_of("pret/7");
  for (const Outcome& outcome : {checked(proof), checked_apart(proof)}) {
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_NE(outcome.out.find("VRAIE"), std::string::npos);
    EXPECT_NE(outcome.out.find("pret/7"), std::string::npos);
  }
}

// It holds for the head it was made under, whatever is written afterwards.
TEST_F(Evidence, AnEarlierHeadStillProves) {
  ASSERT_EQ(house({"importer", "-"}, demande("x", "pret/x", kGood)).code, 0);
  const std::string proof = proof_of("pret/7");
  EXPECT_EQ(checked(proof).code, 0);
  EXPECT_EQ(checked_apart(proof).code, 0);
  EXPECT_EQ(house({"preuve", "creer", "pret/x", "--tete", head}).code, 3) << "not there yet under that head";
}

TEST_F(Evidence, AWitnessSignsAsWell) {
  const std::string witness = house.scratch / "temoin";
  const auto made = assemblier({"clef", "creer", "temoin.fr", "--fichier", witness, "--temoin"});
  ASSERT_EQ(made.code, 0);
  const auto signed_twice = assemblier({"clef", "cosigner", "--clef", witness, "--tete", head, "--confiance", trusted});
  ASSERT_EQ(signed_twice.code, 0) << signed_twice.err;
  head = house.scratch.write("tete2", signed_twice.out);
  const std::string proof = proof_of("pret/7");
  EXPECT_EQ(checked(proof).code, 1) << "nobody has said that this witness is trusted";
  EXPECT_EQ(checked_apart(proof).code, 1);
  trusted = house.scratch.write("confiance2", read_file(trusted) + made.out);
  EXPECT_EQ(checked(proof).code, 0);
  EXPECT_EQ(checked_apart(proof).code, 0);
}

TEST_F(Evidence, NoCharacterMayChange) {
  const std::string proof = proof_of("pret/7");
  const auto trust = keys();
  ASSERT_TRUE(check_proof(proof, trust));
  std::mt19937 random(3);
  std::size_t tried = 0;
  const std::size_t step = std::getenv("ASSEMBLIER_LONG") != nullptr ? 1 : 13;
  for (std::size_t at = random() % step; at < proof.size(); at += step) {
    std::string changed = proof;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 7));
    EXPECT_FALSE(check_proof(changed, trust)) << at << " " << proof.substr(at > 20 ? at - 20 : 0, 40);
    ++tried;
    if (tried % 40 == 0) expect_refused(changed);
  }
  EXPECT_GT(tried, 100U);
  for (const std::string& changed :
       {proof + "\n", proof + " ", proof.substr(1), proof.substr(0, proof.size() - 1), std::string()}) {
    EXPECT_FALSE(check_proof(changed, trust));
    expect_refused(changed);
  }
}

// Which of the two it is, in the code and in words: whoever asks knows what to look for.
TEST_F(Evidence, AnotherJournalAndAnOlderCopyAreToldApart) {
  const std::string older = house.scratch / "copie";
  std::filesystem::copy(house.journal, older);
  ASSERT_EQ(house({"importer", "-"}, demande("x", "pret/x", kGood)).code, 0);
  const std::string later = house.scratch.write("tete2", seal());
  const House other;
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"journal", "preuve", "--tete", later, "--position", "3"}, {"preuve", "creer", "pret/7", "--tete", later}}) {
    const auto at = [&](const std::string& journal) {
      auto arguments = command;
      arguments.insert(arguments.end(), {"--journal", journal});
      return assemblier(arguments);
    };
    EXPECT_EQ(at(house.journal).code, 0);
    const auto stops = at(older);
    EXPECT_EQ(stops.code, 4) << stops.err;
    EXPECT_NE(stops.err.find("s'arrête avant la tête"), std::string::npos) << stops.err;
    const auto foreign = at(other.journal);
    EXPECT_EQ(foreign.code, 1) << foreign.err;
    EXPECT_NE(foreign.err.find("non de celui-ci"), std::string::npos) << foreign.err;
    EXPECT_EQ(stops.out + foreign.out, "");
  }
  EXPECT_EQ(house({"journal", "preuve", "--tete", head, "--depuis", later}).code, 2) << "the wrong way round";
}

TEST_F(Evidence, WhatIsNotThereIsSaid) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"preuve", "creer", "pret/rien", "--tete", head},
                                             {"journal", "preuve", "--tete", head, "--position", "81"}}) {
    const auto outcome = house(arguments);
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(outcome.err.find("n'existe pas") != std::string::npos ||
                outcome.err.find("n'est pas sous") != std::string::npos)
        << outcome.err;
  }
  EXPECT_EQ(house({"journal", "preuve", "--tete", head, "--objet", "pret/rien"}).code, 0)
      << "that there is none is proved";
}

// A file that is no proof is not a false one.
TEST_F(Evidence, WhatIsNoProofIsUnreadable) {
  const std::string proof = proof_of("pret/7");
  std::string wide;
  for (const char c : proof) (wide += c) += char{};
  for (const std::string& other :
       {std::string(), std::string("\x89PNG\r\n\x1a\n"), std::string("{}\n"), std::string("{\"a\": 1}\n"),
        std::string("\xef\xbb\xbf") + proof, wide,
        std::string("{\"forme\": \"assemblier-preuve/1\", \"objet\": \"\xe9\"}\n"), read_file(head)}) {
    for (const Outcome& outcome : {checked(other), checked_apart(other)}) {
      EXPECT_EQ(outcome.code, 3) << other.substr(0, 40) << outcome.out;
      EXPECT_EQ(outcome.out, "");
      EXPECT_NE(outcome.err.find("preuve"), std::string::npos) << outcome.err;
    }
  }
  const auto absent = run({.arguments = {project_path("tools/verifier_preuve.py"), house.scratch / "nulle", trusted},
                           .program = "/usr/bin/python3"});
  EXPECT_EQ(absent.code, 3);
  EXPECT_NE(absent.err.find("ce fichier n'existe pas"), std::string::npos) << absent.err;
}

// Whole events taken away or put in, with everything written as it should be.
TEST_F(Evidence, NoEventMayBeMissing) {
  const auto trust = keys();
  const Json whole = *parse_json(proof_of("pret/7"));
  const auto with = [&](const std::string& key, const std::function<void(Json::Array&)>& change) {
    Json json = whole;
    for (auto& [name, value] : std::get<Json::Object>(json.data)) {
      if (name == key) change(std::get<Json::Array>(value.data));
    }
    const std::string text = to_text(json) + "\n";
    EXPECT_EQ(checked_apart(text).code, 1);
    return check_proof(text, trust).has_value();
  };
  EXPECT_FALSE(with("événements", [](Json::Array& events) { events.pop_back(); }));
  EXPECT_FALSE(with("événements", [](Json::Array& events) { events.erase(events.begin()); }));
  EXPECT_FALSE(with("événements", [](Json::Array& events) { events.push_back(events.back()); }));
  EXPECT_FALSE(with("événements", [](Json::Array& events) { std::swap(events[0], events[1]); }));
  EXPECT_FALSE(with("événements", [](Json::Array& events) { events.clear(); }));
  EXPECT_FALSE(with("éditions", [](Json::Array& editions) { editions.clear(); }));
  EXPECT_FALSE(with("éditions", [](Json::Array& editions) { editions.push_back(editions.back()); }));
}

}  // namespace
}  // namespace assemblier::tools
