#include "engine/acte.hpp"

#include "engine/payload.hpp"

#include <gtest/gtest.h>

namespace assemblier::engine {
namespace {

Request request() {
  return {.id = "1",
          .acte = "dépôt",
          .objet = "demande/1",
          .role = "jardinier",
          .author = "Ana",
          .donnees = {{"a", Datum("x")}, {"b", Datum(std::int64_t{2})}}};
}

TEST(Fingerprint, CoversWhatIsAskedAndNothingElse) {
  const auto first = fingerprint(request());
  Request same = request();
  same.id = "2";
  same.version = 12;
  std::swap(same.donnees[0], same.donnees[1]);
  EXPECT_EQ(fingerprint(same), first);

  std::vector<Request> others(8, request());
  others[0].acte = "retour";
  others[1].objet = "demande/2";
  others[2].role = "secrétaire";
  others[3].author = "Bilal";
  others[4].date = dsl::make_date(2024, 6, 15);
  others[5].donnees[0].second = Datum("y");
  others[6].donnees.pop_back();
  others[7].donnees[1].second = Datum("2");
  for (const Request& other : others) EXPECT_NE(fingerprint(other), first);
}

TEST(Answer, IsKeptAndReadAgain) {
  Answer recorded;
  recorded.kind = Answer::Kind::kInscrit;
  recorded.version = 7;
  recorded.actes = {"dépôt", "suite"};
  recorded.etat = "déposée";
  const auto again = decode_answer(encode_answer(recorded));
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->kind, Answer::Kind::kInscrit);
  EXPECT_EQ(again->version, 7U);
  EXPECT_EQ(again->actes, recorded.actes);
  EXPECT_EQ(again->etat, "déposée");

  Answer refused;
  refused.kind = Answer::Kind::kRefuse;
  refused.refusal = {Refusal::Kind::kExigence, "refusé", {{"exigence", "valeurs", {"S § 1"}, "remède", {"prix"}}}};
  const auto bytes = encode_answer(refused);
  const auto refusal = decode_answer(bytes);
  ASSERT_TRUE(refusal) << refusal.error();
  EXPECT_EQ(refusal->refusal, refused.refusal);
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_FALSE(decode_answer(bytes.substr(0, i)));
  EXPECT_FALSE(decode_answer(bytes + "x"));
}

TEST(Refusal, IsTold) {
  const Refusal refusal{Refusal::Kind::kExigence,
                        "acte refusé",
                        {{"La surface est permise", "surface = 60", {"Statuts § 2"}, "au plus 50", {}}}};
  EXPECT_EQ(
      render(refusal),
      "acte refusé\n  – La surface est permise (Statuts § 2)\n    surface = 60\n    ce qui suffirait : au plus 50\n");
}

ActePayload payload() {
  ActePayload payload{.automatic = true, .objet = "Demande", .from = "déposée", .to = "acceptée"};
  payload.changes.push_back({.kind = Change::Kind::kSet, .field = "surface", .value = Datum(std::int64_t{20})});
  payload.changes.push_back(
      {.kind = Change::Kind::kEntry, .field = "bulletins", .key = "Ana", .value = Datum("accepte")});
  payload.changes.push_back(
      {.kind = Change::Kind::kAppend, .field = "remarques", .value = Datum(Datum::List{Datum("x")})});
  Decision decision{
      .name = "conforme", .status = dsl::Status::kKnown, .value = Datum(false), .unmet = {"La surface est permise"}};
  decision.motif.steps.push_back(
      {.rule = "conforme", .status = dsl::Status::kKnown, .branches = {{0, Truth::kFalse}, {1, Truth::kTrue}}});
  decision.motif.facts = {"surface", "loyer"};
  payload.decisions.push_back(decision);
  payload.decisions.push_back({.name = "accordée",
                               .status = dsl::Status::kUndetermined,
                               .missing = {"bulletins"},
                               .missing_members = {Datum("Bilal")}});
  payload.donnees = {{"surface", Datum(std::int64_t{20})}};
  return payload;
}

TEST(Payload, RoundTrips) {
  const auto bytes = encode_payload(payload());
  const auto again = decode_payload(bytes);
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(encode_payload(*again), bytes);
  EXPECT_EQ(again->decisions[0].motif.facts, payload().decisions[0].motif.facts);
  const auto effects = decode_effects(bytes);
  ASSERT_TRUE(effects);
  EXPECT_EQ(effects->changes.size(), 3U);
  EXPECT_TRUE(effects->donnees.empty());
}

// A published shape never changes: these bytes are those of the first release.
TEST(Payload, KeepsItsFirstShape) {
  EXPECT_EQ(storage::to_hex(encode_payload(payload())),
            "8901f56744656d616e64656964c3a9706f73c3a96569616363657074c3a9658383006773757266616365148401696275"
            "6c6c6574696e7363416e61676163636570746583026972656d617271756573816178828768636f6e666f726d6500f480"
            "808081764c61207375726661636520657374207065726d69736587696163636f7264c3a96501f680816962756c6c6574"
            "696e73816542696c616c80a105826773757266616365148282818368636f6e666f726d65008400000101826773757266"
            "616365656c6f796572828080");
}

TEST(Payload, SurvivesTruncationAndFlips) {
  const auto bytes = encode_payload(payload());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(decode_payload(bytes.substr(0, i)));
    for (int bit = 0; bit < 8; ++bit) {
      auto bad = bytes;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      if (const auto other = decode_payload(bad)) {
        EXPECT_EQ(encode_payload(*other), bad);
      }
    }
  }
}

TEST(Publication, RoundTrips) {
  const PublicationPayload publication{
      .title = "Titre", .millesime = 2024, .from = {19723}, .to = {20088}, .text = "langue 1\n\xFF"};
  const auto again = decode_publication(encode_publication(publication));
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->title, publication.title);
  EXPECT_EQ(again->millesime, publication.millesime);
  EXPECT_EQ(again->from, publication.from);
  EXPECT_EQ(again->to, publication.to);
  EXPECT_EQ(again->text, publication.text);
}

}  // namespace
}  // namespace assemblier::engine
