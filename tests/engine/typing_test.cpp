#include "engine/typing.hpp"

#include "tests/engine/house.hpp"

#include <gmock/gmock.h>

namespace assemblier::engine::test {
namespace {

using ::testing::HasSubstr;

class Typing : public ::testing::Test {
 protected:
  Typing() {
    compiled_ = dsl::compile(kJardins);
    if (!compiled_.program) throw std::runtime_error(told(compiled_.diagnostics, kJardins));
  }
  [[nodiscard]] const dsl::Program& program() const { return *compiled_.program; }
  [[nodiscard]] const dsl::Type& type(const char* field) const {
    return *program().objets[0].fields[program().find_field(0, field)].type;
  }
  [[nodiscard]] std::string text(const char* field, const Datum& datum) const {
    const auto value = typed(program(), type(field), datum, field);
    return value ? show(untyped(program(), *value)) : value.error().message;
  }

 private:
  dsl::Compiled compiled_;
};

TEST_F(Typing, TakesWhatJsonCanSay) {
  EXPECT_EQ(text("surface", Datum(std::int64_t{12})), "12");
  EXPECT_EQ(text("loyer", Datum("12000.5")), dsl::french(dsl::Montant{1'200'050}));
  EXPECT_EQ(text("loyer", Datum(std::int64_t{12})), dsl::french(dsl::Montant{1200}));
  EXPECT_EQ(text("clôture", Datum("2024-01-30")), "30/01/2024");
  EXPECT_EQ(text("culture", Datum("légumes")), "légumes");
  EXPECT_EQ(text("culture", Datum("le\u0301gumes")), "légumes");  // two code points
  EXPECT_EQ(text("voisins", Datum(Datum::List{Datum("Chloé"), Datum("Ana")})), "Chloé, Ana");
  EXPECT_EQ(text("bulletins", Datum(Datum::Map{{"Ana", Datum("blanc")}})), "Ana : blanc");
}

TEST_F(Typing, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(text("surface", Datum("12")), "surface : un texte « 12 » trouvé, un entier attendu");
  EXPECT_THAT(text("loyer", Datum("12,50")), HasSubstr("un point est attendu"));
  EXPECT_THAT(text("loyer", Datum("12.505")), HasSubstr("un montant"));
  EXPECT_THAT(text("loyer", Datum(std::int64_t{200'000'000'000'000'000})), HasSubstr("trop grand"));
  EXPECT_THAT(text("clôture", Datum("30/01/2024")), HasSubstr("AAAA-MM-JJ"));
  EXPECT_THAT(text("clôture", Datum("2023-02-29")), HasSubstr("AAAA-MM-JJ"));
  EXPECT_EQ(text("culture", Datum("légume")),
            "culture : « légume » n'est pas dans Culture ; vouliez-vous dire « légumes » ?");
  EXPECT_THAT(text("voisins", Datum(Datum::List{Datum("Ana"), Datum("Ana")})),
              HasSubstr("voisins (élément 2) : « Ana » est déjà à l'élément 1"));
  EXPECT_THAT(text("voisins", Datum("Ana")), HasSubstr("un tableau"));
  EXPECT_THAT(text("voisins", Datum(Datum::List{Datum()})), HasSubstr("null"));
  EXPECT_THAT(text("bulletins", Datum(Datum::Map{{"Ana", Datum("oui")}})), HasSubstr("bulletins de Ana : « oui »"));
  EXPECT_THAT(text("bulletins", Datum(Datum::Map{{"Anna", Datum("blanc")}})), HasSubstr("clé de bulletins : « Anna »"));
}

TEST_F(Typing, ReadsRatesAndDurationsExactly) {
  const auto as = [this](dsl::Type::Kind kind, const Datum& datum) {
    const auto value = typed(program(), dsl::Type{.kind = kind}, datum, "x");
    return value ? show(untyped(program(), *value)) : std::string("refusé");
  };
  const auto rate = [&](const char* said) { return as(dsl::Type::Kind::kTaux, Datum(said)); };
  EXPECT_EQ(rate("0.8"), dsl::french(dsl::Taux{800'000'000}));
  EXPECT_EQ(rate("80 %"), dsl::french(dsl::Taux{800'000'000}));
  EXPECT_EQ(rate("80\u00A0%"), dsl::french(dsl::Taux{800'000'000}));
  EXPECT_EQ(rate("33.3333333 %"), dsl::french(dsl::Taux{333'333'333}));
  EXPECT_EQ(rate("33.33333333 %"), "refusé");
  EXPECT_EQ(as(dsl::Type::Kind::kTaux, Datum(std::int64_t{80})), "refusé");
  const auto duration = [&](const char* said) { return as(dsl::Type::Kind::kDuree, Datum(said)); };
  EXPECT_EQ(duration("2 mois"), "2 mois");
  EXPECT_EQ(duration("1 an et 3 jours"), "1 an et 3 jours");
  EXPECT_EQ(duration("3 semaines"), "refusé");
  EXPECT_EQ(duration("2"), "refusé");
  EXPECT_EQ(duration("2 mois 2 mois"), "refusé");
}

TEST_F(Typing, GathersAllErrorsOfASetOfFacts) {
  const auto wrong =
      typed_facts(program(), 0, {{"surfaces", Datum(std::int64_t{1})}, {"loyer", Datum("x")}, {"culture", Datum()}});
  ASSERT_FALSE(wrong);
  ASSERT_EQ(wrong.error().size(), 2U);
  EXPECT_THAT(wrong.error()[0].message, HasSubstr("vouliez-vous dire « surface »"));
  const auto right = typed_facts(program(), 0, {{"surface", Datum(std::int64_t{1})}, {"culture", Datum()}});
  ASSERT_TRUE(right);
  EXPECT_TRUE((*right)[program().find_field(0, "surface")]);
  EXPECT_FALSE((*right)[program().find_field(0, "culture")]);
}

}  // namespace
}  // namespace assemblier::engine::test
