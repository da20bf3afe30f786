// Clauses of scrutins.

#include "dsl/grammar/grammar.hpp"
#include "dsl/grammar/shared.hpp"

#include <numeric>

namespace assemblier::dsl::grammar {
namespace {

using Threshold = ast::ScrutinDecl::Threshold;
using Base = ast::ScrutinDecl::Base;
using Counts = ast::ScrutinDecl::Counts;
using Kind = ScrutinClause::Kind;

// ---------------------------------------------------------------- fractions

const auto set_fraction = [](std::int64_t numerator, std::int64_t denominator) {
  return [numerator, denominator](auto& context) {
    x3::_val(context).numerator = numerator;
    x3::_val(context).denominator = denominator;
  };
};
constexpr auto set_numerator = [](auto& context) {
  x3::_val(context).numerator = x3::_attr(context)->value.template as<std::int64_t>();
};
constexpr auto set_denominator = [](auto& context) {
  x3::_val(context).denominator = x3::_attr(context)->value.template as<std::int64_t>();
};
constexpr auto set_rate = [](auto& context) {
  constexpr std::int64_t kOne = 1'000'000'000;
  const std::int64_t nano = x3::_attr(context)->value.template as<Taux>().nano;
  const std::int64_t common = std::gcd(nano, kOne);
  x3::_val(context).numerator = nano / common;
  x3::_val(context).denominator = kOne / common;
};

struct threshold_id {};
const x3::rule<threshold_id, Threshold> share{"une part"};

const token_parser number{TokenKind::kInteger, {}};
const auto part_name = (quiet("tiers")[put(&Threshold::denominator, 3)]) |
                       (quiet("quarts") | quiet("quart"))[put(&Threshold::denominator, 4)] |
                       (quiet("cinquièmes") | quiet("cinquième"))[put(&Threshold::denominator, 5)] |
                       (quiet("sixièmes") | quiet("sixième"))[put(&Threshold::denominator, 6)];
const auto count = quiet("un")[put(&Threshold::numerator, 1)] | quiet("deux")[put(&Threshold::numerator, 2)] |
                   quiet("trois")[put(&Threshold::numerator, 3)] | quiet("quatre")[put(&Threshold::numerator, 4)] |
                   number[set_numerator];
const auto fraction = ((number[set_numerator] >> quiet_sign(Symbol::kSlash)) > integer_token[set_denominator]) |
                      (-quiet("la") >> quiet("moitié")[set_fraction(1, 2)]) |
                      (-(quiet("le") | quiet("les")) >> -count >> part_name) |
                      token_parser{TokenKind::kRate, {}}[set_rate];

const auto half = [](auto& context) { x3::_val(context) = Threshold{1, 2, true, Base::kMembers}; };
const auto share_def =
    ((-(quiet("la majorité") >> (quiet("de") | quiet("des"))) >>
      -(quiet("au moins") | quiet("plus de")[put(&Threshold::strict, true)] |
        quiet("plus des")[put(&Threshold::strict, true)] | quiet("plus d'")[put(&Threshold::strict, true)]) >>
      -(quiet("la") | quiet("les")) >> fraction)) |
    ((quiet("la majorité absolue") | quiet("la majorité simple") | quiet("la majorité"))[half]);

// ---------------------------------------------------------------- clauses

const auto base = kw("des membres")[put(&Threshold::base, Base::kMembers)] |
                  kw("des présents")[put(&Threshold::base, Base::kPresent)] |
                  kw("des exprimés")[put(&Threshold::base, Base::kCast)];
constexpr auto unanimity = [](auto& context) { x3::_val(context) = Threshold{1, 1, false, Base::kMembers}; };

struct acquired_id {};
const x3::rule<acquired_id, Threshold> acquired{"un seuil"};
const auto described_share = label("une part (« la majorité », « les deux tiers », 2/3, 60 %…)")[share[keep]];
const auto acquired_def =
    (quiet("l'unanimité")[unanimity] |
     label("« l'unanimité » ou une part (« la majorité », « les deux tiers », 2/3, 60 %…)")[share[keep]]) > base;

struct quorum_id {};
const x3::rule<quorum_id, Threshold> quorum{"un quorum"};
const auto quorum_def = described_share > -kw("des membres");

struct scrutin_header_id {};
const x3::rule<scrutin_header_id, ast::Name> scrutin_header{"scrutin"};
const auto scrutin_header_def = kw("scrutin") > new_name[keep] > end_of_clause;

struct scrutin_clause_id {};
const x3::rule<scrutin_clause_id, ScrutinClause> scrutin_clause{"une clause de scrutin"};
const auto counts = kw("vaut refus")[put(&ScrutinClause::counts, Counts::kAgainst)] |
                    kw("vaut accord")[put(&ScrutinClause::counts, Counts::kFor)] |
                    kw("ne compte pas")[put(&ScrutinClause::counts, Counts::kIgnored)];
const auto kind = [](Kind k) { return put(&ScrutinClause::kind, k); };
const auto clause_names = names[set(&ScrutinClause::names)];
const auto clause_expression = expression[set_expr(&ScrutinClause::expression)];
const auto scrutin_clause_def =
    ((kw("collège")[kind(Kind::kCollege)] > label("une liste")[clause_expression]) |
     (kw("positions")[kind(Kind::kPositions)] > clause_expression) | (kw("pour")[kind(Kind::kFor)] > clause_names) |
     (kw("contre")[kind(Kind::kAgainst)] > clause_names) |
     ((kw("abstention")[kind(Kind::kAbstention)] | kw("absence")[kind(Kind::kAbsence)]) > -clause_names > counts) |
     ((kw("acquis à") | quiet("acquise à") | quiet("acquis aux") | quiet("acquise aux"))[kind(Kind::kThreshold)] >
      acquired[set(&ScrutinClause::threshold)]) |
     (kw("quorum")[kind(Kind::kQuorum)] > -(quiet("de") | quiet("des") | quiet("d'")) >
      quorum[set(&ScrutinClause::threshold)])) > end_of_clause;

BOOST_SPIRIT_DEFINE(share, acquired, quorum, scrutin_header, scrutin_clause)

}  // namespace

bool parse_scrutin_header(State& state, ast::Name& out) { return run(state, scrutin_header, out); }
bool parse_scrutin_clause(State& state, ScrutinClause& out) { return run(state, scrutin_clause, out); }

}  // namespace assemblier::dsl::grammar
