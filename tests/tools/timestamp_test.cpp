// Time stamps on heads: an authority made with the openssl command answers the requests, and what it answers is judged
// by the program, by the separate checker and by the script that has only openssl.

#include "storage/timestamp.hpp"

#include "tests/tools/support.hpp"
#include "tools/opening.hpp"
#include "tools/preuve.hpp"

#include <chrono>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

const std::string kGood = R"({"rayon": "outils", "caution": "20.00", "jours": 3})";

std::string project_path(const std::string& name) { return std::string(ASSEMBLIER_SOURCE_DIR) + "/" + name; }

/// A root, and an authority under it whose certificate is for time stamping only.
class Authority {
 public:
  explicit Authority(const std::string& name) {
    const std::string root_key = scratch_ / "racine.clef";
    const std::string asked = scratch_ / "demande.pem";
    openssl({"req", "-x509", "-utf8", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
             root_key, "-out", root(), "-days", "3650", "-subj", "/CN=Racine de " + name});
    openssl({"req", "-new", "-utf8", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key(),
             "-out", asked, "-subj", "/CN=" + name});
    const std::string use = scratch_.write("usage", "extendedKeyUsage = critical,timeStamping\n");
    openssl({"x509", "-req", "-in", asked, "-CA", root(), "-CAkey", root_key, "-CAcreateserial", "-days", "3650",
             "-extfile", use, "-out", certificate()});
    scratch_.write("serie", "01\n");
    scratch_.write("ts.cnf",
                   fmt::format("[tsa]\nserial = {}\nsigner_cert = {}\nsigner_key = {}\nsigner_digest = sha256\n"
                               "default_policy = 1.2.3.4\ndigests = sha256, sha512\naccuracy = secs:1\n"
                               "ess_cert_id_alg = sha256\n",
                               scratch_ / "serie", certificate(), key()));
  }
  /// The reply to a request, in DER.
  std::string answer(const std::string& request) const {
    openssl({"ts", "-reply", "-config", scratch_ / "ts.cnf", "-section", "tsa", "-queryfile",
             scratch_.write("demande.tsq", request), "-out", scratch_ / "reponse.tsr"});
    return read_file(scratch_ / "reponse.tsr");
  }
  std::string root() const { return scratch_ / "racine.pem"; }

 private:
  static void openssl(std::vector<std::string> arguments) {
    const auto done = run({.arguments = std::move(arguments), .program = "/usr/bin/openssl"});
    EXPECT_EQ(done.code, 0) << done.err;
  }
  std::string key() const { return scratch_ / "autorite.clef"; }
  std::string certificate() const { return scratch_ / "autorite.pem"; }
  Scratch scratch_;
};

class Timestamps : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string text;
    for (int i = 0; i < 20; ++i) text += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood);
    ASSERT_EQ(house({"importer", "-"}, text).code, 0);
    const auto made = assemblier({"clef", "creer", "exemple.fr/prets", "--fichier", key});
    ASSERT_EQ(made.code, 0) << made.err;
    public_key = made.out;
    trusted = house.scratch.write("confiance", made.out);
    head = house.scratch.write("tete", house({"journal", "sceller", "--clef", key}).out);
    request = assemblier({"journal", "horodater", "--tete", head}).out;
    ASSERT_FALSE(request.empty());
    reply = house.scratch.write("reponse.tsr", authority.answer(request));
  }
  Outcome stamped(std::vector<std::string> more) const {
    std::vector<std::string> words = {"journal", "horodater", "--tete", head};
    words.insert(words.end(), more.begin(), more.end());
    return assemblier(words);
  }
  std::string proof() const {
    const auto made = house({"preuve", "creer", "pret/7", "--tete", head, "--horodatage", reply});
    EXPECT_EQ(made.code, 0) << made.err;
    return made.out;
  }
  Outcome checked(const std::string& proof, const std::string& authorities) const {
    std::vector<std::string> words = {"preuve", "verifier", house.scratch.write("preuve", proof), "--confiance",
                                      trusted};
    if (!authorities.empty()) words.insert(words.end(), {"--autorites", authorities});
    return assemblier(words);
  }
  Outcome checked_apart(const std::string& proof, const std::string& authorities) const {
    std::vector<std::string> words = {project_path("tools/verifier_preuve.py"), house.scratch.write("preuve", proof),
                                      trusted};
    if (!authorities.empty()) words.push_back(authorities);
    return run({.arguments = words, .program = "/usr/bin/python3"});
  }
  Outcome script(std::vector<std::string> words) const {
    words.insert(words.begin(), project_path("tools/verifier_tete.sh"));
    return run({.arguments = words, .program = "/bin/sh"});
  }
  std::vector<storage::PublicKey> keys() const {
    return {*storage::parse_public_key(public_key.substr(0, public_key.size() - 1))};
  }

  const House house;
  const Authority authority{"l'Autorité d'essai"};
  const std::string key = house.scratch / "clef";
  std::string public_key, trusted, head, request, reply;
};

TEST_F(Timestamps, AReplyIsCheckedAndSaysWhen) {
  const auto before = std::chrono::system_clock::now().time_since_epoch() - std::chrono::minutes(10);
  const auto found = stamped({"--reponse", reply, "--autorites", authority.root(), "--format", "json"});
  ASSERT_EQ(found.code, 0) << found.out << found.err;
  const Json json = found.objects().at(0);
  EXPECT_EQ(json.find("vrai")->get<bool>() != nullptr && *json.find("vrai")->get<bool>(), true);
  EXPECT_EQ(*json.find("autorité")->get<std::string>(), "CN=l'Autorité d'essai");
  EXPECT_EQ(*json.find("politique")->get<std::string>(), "1.2.3.4");
  EXPECT_GT(*json.find("instant")->get<std::string>(),
            rfc3339(std::chrono::duration_cast<std::chrono::microseconds>(before).count()));
  EXPECT_NE(stamped({"--reponse", reply, "--autorites", authority.root()}).out.find("VRAI"), std::string::npos);
  const std::string asked = house.scratch.write("demande.tsq", request);
  EXPECT_EQ(stamped({"--reponse", reply, "--autorites", authority.root(), "--demande", asked}).code, 0);

  // The answer to another request over the same head: another nonce.
  const std::string other = house.scratch.write("autre.tsq", assemblier({"journal", "horodater", "--tete", head}).out);
  EXPECT_EQ(stamped({"--reponse", reply, "--autorites", authority.root(), "--demande", other}).code, 1);
  const Authority stranger("une autre");
  EXPECT_EQ(stamped({"--reponse", reply, "--autorites", stranger.root()}).code, 1) << "nobody trusts it";
  EXPECT_EQ(stamped({"--reponse", reply}).code, 2) << "whom to trust must be said";
  EXPECT_EQ(stamped({"--reponse", house.scratch.write("faux", "octets"), "--autorites", authority.root()}).code, 1);
  EXPECT_EQ(stamped({"--reponse", house.scratch / "absent", "--autorites", authority.root()}).code, 3);
  // A reply that grants nothing: the authority does not know the algorithm asked for.
  std::string strange = request;
  strange[strange.find("\x03\x04\x02\x01") + 3] = '\x09';
  const std::string refused = house.scratch.write("refus.tsr", authority.answer(strange));
  EXPECT_EQ(stamped({"--reponse", refused, "--autorites", authority.root()}).code, 1);
}

TEST_F(Timestamps, AnotherHeadIsNotStamped) {
  ASSERT_EQ(house({"importer", "-"}, demande("x", "pret/x", kGood)).code, 0);
  const std::string later = house.scratch.write("tete2", house({"journal", "sceller", "--clef", key}).out);
  EXPECT_EQ(
      assemblier({"journal", "horodater", "--tete", later, "--reponse", reply, "--autorites", authority.root()}).code,
      1);
  EXPECT_EQ(house({"preuve", "creer", "pret/7", "--tete", later, "--horodatage", reply}).code, 1);
  EXPECT_EQ(script({later, trusted, reply, authority.root()}).code, 1);
}

TEST_F(Timestamps, AProofCarriesItForBothCheckers) {
  const std::string stamped_proof = proof();
  for (const Outcome& outcome :
       {checked(stamped_proof, authority.root()), checked_apart(stamped_proof, authority.root())}) {
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_NE(outcome.out.find("horodat"), std::string::npos) << outcome.out;
  }
  // Nothing in a proof stands unchecked: with a time stamp it needs somebody to believe.
  const Authority stranger("une autre");
  for (const std::string& root : {std::string(), stranger.root()}) {
    EXPECT_EQ(checked(stamped_proof, root).code, 1);
    EXPECT_EQ(checked_apart(stamped_proof, root).code, 1);
  }
}

TEST_F(Timestamps, NoCharacterMayChange) {
  const std::string whole = proof();
  const auto trust = keys();
  const std::string root = read_file(authority.root());
  ASSERT_TRUE(check_proof(whole, trust, root));
  std::mt19937 random(5);
  const std::size_t step = std::getenv("ASSEMBLIER_LONG") != nullptr ? 1 : 13;
  std::size_t tried = 0;
  for (std::size_t at = random() % step; at < whole.size(); at += step) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 7));
    EXPECT_FALSE(check_proof(changed, trust, root)) << at << " " << whole.substr(at > 20 ? at - 20 : 0, 40);
    ++tried;
    if (tried % 40 == 0) EXPECT_NE(checked_apart(changed, authority.root()).code, 0) << at;
  }
  EXPECT_GT(tried, 100U);
}

// A signature does not cover every octet of a token (versions, certificates carried along): whatever changes there, the
// instant that is believed does not.
TEST_F(Timestamps, NoOctetOfATokenChangesWhatItSays) {
  const std::string data = read_file(head);
  const std::string root = read_file(authority.root());
  const auto token = storage::timestamp_token(read_file(reply));
  ASSERT_TRUE(token) << token.error();
  const auto stamp = storage::check_timestamp(*token, data, root);
  ASSERT_TRUE(stamp) << stamp.error();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < token->size(); ++at) {
    for (const int bit : {0, 3, 5}) {
      std::string changed = *token;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const auto found = storage::check_timestamp(changed, data, root);
      if (!found) {
        ++refused;
      } else {
        EXPECT_EQ(found->instant_s, stamp->instant_s) << at;
        EXPECT_EQ(found->serial, stamp->serial) << at;
        EXPECT_EQ(found->authority, stamp->authority) << at;
      }
    }
  }
  EXPECT_GT(refused, token->size() * 3 * 9 / 10);
  for (std::size_t size = 0; size < token->size(); size += 7)
    EXPECT_FALSE(storage::check_timestamp(token->substr(0, size), data, root)) << size;
  EXPECT_FALSE(storage::check_timestamp(*token + "x", data, root));
}

TEST_F(Timestamps, TheScriptNeedsOnlyOpenssl) {
  const std::string witness = house.scratch / "temoin";
  const auto made = assemblier({"clef", "creer", "temoin.fr", "--fichier", witness, "--temoin"});
  const auto both = assemblier({"clef", "cosigner", "--clef", witness, "--tete", head, "--confiance", trusted});
  const std::string witnessed = house.scratch.write("tete2", both.out);
  const std::string all = house.scratch.write("confiance2", "# les deux\n" + public_key + made.out);

  const auto found = script({head, trusted, reply, authority.root()});
  EXPECT_EQ(found.code, 0) << found.out << found.err;
  EXPECT_NE(found.out.find("VRAIE"), std::string::npos);
  EXPECT_NE(found.out.find("horodatée le 20"), std::string::npos);
  EXPECT_EQ(script({head, trusted}).code, 0);
  const auto twice = script({witnessed, all});
  EXPECT_EQ(twice.code, 0) << twice.out << twice.err;
  EXPECT_NE(twice.out.find("temoin.fr"), std::string::npos);
  EXPECT_EQ(script({witnessed, trusted}).code, 1) << "a witness nobody trusts";
  const std::string token = house.scratch.write("jeton", *storage::timestamp_token(read_file(reply)));
  EXPECT_EQ(script({head, trusted, token, authority.root()}).code, 0) << "the token alone";
  EXPECT_EQ(script({witnessed, all, reply, authority.root()}).code, 1) << "stamped before it was countersigned";
  EXPECT_EQ(script({head}).code, 2);
  EXPECT_EQ(script({head, house.scratch / "absent"}).code, 3);

  const std::string text = read_file(head);
  std::mt19937 random(7);
  const std::size_t step = std::getenv("ASSEMBLIER_LONG") != nullptr ? 1 : 11;
  for (std::size_t at = 0; at < text.size(); at += step) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 7));
    EXPECT_EQ(script({house.scratch.write("tete3", changed), trusted}).code, 1) << at;
  }
}

}  // namespace
}  // namespace assemblier::tools
