// Values: sums, products, literals, names and what is asked of them; types.

#include "dsl/grammar/build.hpp"
#include "dsl/grammar/expression_parts.hpp"

#include <limits>

namespace assemblier::dsl::grammar {
namespace {

// ---------------------------------------------------------------- sums and products

struct Tail {
  ast::BinaryOp op = ast::BinaryOp::kAdd;
  Node right;
  MonthEnd rule = MonthEnd::kError;
};

struct sum_tail_id {};
struct product_tail_id {};
struct product_id {};
struct unary_id {};
const x3::rule<sum_tail_id, Tail> sum_tail{"une valeur"};
const x3::rule<product_tail_id, Tail> product_tail{"une valeur"};
const x3::rule<product_id, Node> product{"une valeur"};
const x3::rule<unary_id, Node> unary{"une valeur"};

constexpr auto combine = [](auto& context) {
  Node& left = x3::_val(context);
  const Tail& tail = x3::_attr(context);
  if (tail.rule == MonthEnd::kError) {
    left = binary(context, tail.op, left, tail.right);
  } else {
    left = make(context, ast::DateShift{tail.op, left.expr, tail.right.expr, tail.rule}, {&left, &tail.right},
                join(left, tail.right));
  }
};

const auto month_end =
    ((quiet("ramené") | quiet("ramenée")) > kw("à la fin du mois") > x3::eps[put(&Tail::rule, MonthEnd::kLastDay)]) |
    ((quiet("reporté") | quiet("reportée")) > kw("au mois suivant") > x3::eps[put(&Tail::rule, MonthEnd::kNextDay)]);

struct not_si_parser : x3::parser<not_si_parser> {
  using attribute_type = x3::unused_type;
  [[maybe_unused]] static bool const has_attribute = false;
  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C&, R&, A&) const {
    return first == last || !first->keyword.is(keyword("si"));
  }
};
inline constexpr not_si_parser not_si{};

const auto term = label("une valeur")[product];
const auto sum_tail_def =
    ((quiet_sign(Symbol::kPlus)[put(&Tail::op, ast::BinaryOp::kAdd)] |
      quiet_sign(Symbol::kMinus)[put(&Tail::op, ast::BinaryOp::kSub)]) > term[set(&Tail::right)] > -month_end) |
    ((quiet("sauf") >> not_si) > term[set(&Tail::right)] > x3::eps[put(&Tail::op, ast::BinaryOp::kExcept)]) |
    (partly("ainsi que") > term[set(&Tail::right)] > x3::eps[put(&Tail::op, ast::BinaryOp::kUnion)]);
const auto sum_def = placed[product[keep] >> *sum_tail[combine]];

const auto factor = label("une valeur")[unary];
const auto product_tail_def =
    (quiet_sign(Symbol::kTimes)[put(&Tail::op, ast::BinaryOp::kMul)] |
     quiet_sign(Symbol::kSlash)[put(&Tail::op, ast::BinaryOp::kDiv)]) > factor[set(&Tail::right)];
const auto product_def = placed[unary[keep] >> *product_tail[combine]];

constexpr auto build_minus = [](auto& context) {
  const Node& operand = x3::_attr(context);
  x3::_val(context) = make(context, ast::Unary{ast::UnaryOp::kMinus, operand.expr}, {&operand});
};
const auto unary_def = placed[(quiet_sign(Symbol::kMinus) > deeper[factor[build_minus]]) | postfix[keep]];

// ---------------------------------------------------------------- dont, sans doublon

constexpr auto build_filter = [](auto& context) {
  Node& source = x3::_val(context);
  const Node& condition = x3::_attr(context);
  source = make(context, ast::Filter{source.expr, condition.expr}, {&source, &condition}, join(source, condition));
};
constexpr auto build_distinct = [](auto& context) {
  Node& source = x3::_val(context);
  source = make(context, ast::Distinct{source.expr}, {&source});
};
/// Sets whether the subject stands inside `dont`.
template <class Subject, bool kFiltering>
struct filtering_directive : x3::unary_parser<Subject, filtering_directive<Subject, kFiltering>> {
  using base_type = x3::unary_parser<Subject, filtering_directive<Subject, kFiltering>>;
  static bool const is_pass_through_unary = true;
  static bool const handles_container = Subject::handles_container;
  constexpr explicit filtering_directive(const Subject& inner) : base_type(inner) {}

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R& rcontext, A& attribute) const {
    bool& filtering = state_of(context).filtering;
    const bool before = std::exchange(filtering, kFiltering);
    const bool parsed = this->subject.parse(first, last, context, rcontext, attribute);
    filtering = before;
    return parsed;
  }
};
template <bool kFiltering>
struct filtering_gen {
  template <class Subject>
  constexpr auto operator[](const Subject& subject) const {
    using P = typename x3::extension::as_parser<Subject>::value_type;
    return filtering_directive<P, kFiltering>{x3::as_parser(subject)};
  }
};
constexpr filtering_gen<true> in_filter{};
constexpr filtering_gen<false> out_of_filter{};

struct unless_filtering_parser : x3::parser<unless_filtering_parser> {
  using attribute_type = x3::unused_type;
  [[maybe_unused]] static bool const has_attribute = false;
  template <class C, class R, class A>
  bool parse(Iterator&, Iterator const&, const C& context, R&, A&) const {
    return !state_of(context).filtering;
  }
};
constexpr unless_filtering_parser unless_filtering{};

const auto postfix_def =
    placed[primary[keep] >>
           *((quiet("dont") > deeper[in_filter[label("une condition")[comparison[build_filter]]]]) |
             (unless_filtering >> -quiet_sign(Symbol::kComma) >> partly("sans doublon"))[build_distinct])];

// ---------------------------------------------------------------- literals

constexpr auto build_literal = [](auto& context) { x3::_val(context) = literal(context, x3::_attr(context)->value); };
constexpr auto build_text = [](auto& context) {
  x3::_val(context) = literal(context, Value{x3::_attr(context)->text});
};

template <bool kValue>
constexpr auto build_bool = [](auto& context) { x3::_val(context) = literal(context, Value{kValue}); };

struct DurationParts {
  const Token* number = nullptr;
  int months = 0;
  int days = 0;
};
struct duration_id {};
const x3::rule<duration_id, DurationParts> duration{"une durée"};
const token_parser silent_integer{TokenKind::kInteger, {}};
const auto duration_def = silent_integer[set(&DurationParts::number)] >>
                          ((quiet("jour") | quiet("jours"))[put(&DurationParts::days, 1)] |
                           quiet("mois")[put(&DurationParts::months, 1)] |
                           (quiet("ans") | quiet("an") | quiet("années") |
                            quiet("année"))[put(&DurationParts::months, 12)]);

constexpr auto build_duration = [](auto& context) {
  const DurationParts& parts = x3::_attr(context);
  const std::int64_t count = parts.number->value.template as<std::int64_t>();
  constexpr std::int64_t kMost = 120'000;  // months of the years 1 to 9999, and as many days as years of them need
  if (count > kMost * 40) {
    state_of(context).object("R0029", parts.number->span, "cette durée est trop longue",
                             "les dates vont de l'an 1 à l'an 9999");
  }
  const auto times = static_cast<std::int32_t>(std::min<std::int64_t>(count, kMost * 40));
  x3::_val(context) = literal(context, Value{Duree{times * parts.months, times * parts.days}});
};

const auto literal_value =
    duration[build_duration] | silent_integer[build_literal] | token_parser{TokenKind::kAmount, {}}[build_literal] |
    token_parser{TokenKind::kRate, {}}[build_literal] | token_parser{TokenKind::kDate, {}}[build_literal] |
    token_parser{TokenKind::kText, {}}[build_text] | begins("oui")[build_bool<true>] | begins("non")[build_bool<false>];

template <bool kValue>
struct ObjectToBool {
  void operator()(State& state, Node&, Iterator begin, Iterator end) const {
    state.object("R0063", state.span(begin, end), kValue ? "« vrai » s'écrit « oui »" : "« faux » s'écrit « non »",
                 kValue ? "écrivez « oui »" : "écrivez « non »");
  }
};
constexpr after_gen<ObjectToBool<true>> object_to_true{};
constexpr after_gen<ObjectToBool<false>> object_to_false{};

// ---------------------------------------------------------------- functions

struct Choose {
  Node condition, then, otherwise;
};
struct choose_id {};
const x3::rule<choose_id, Choose> choose{"une valeur"};
const auto choose_def = begins("si") > label("une condition")[expression[set(&Choose::condition)]] >
                        kw("alors") > expression[set(&Choose::then)] >
                        kw("sinon") > expression[set(&Choose::otherwise)];
constexpr auto build_choose = [](auto& context) {
  const Choose& c = x3::_attr(context);
  x3::_val(context) = make(context, ast::Conditional{c.condition.expr, c.then.expr, c.otherwise.expr},
                           {&c.condition, &c.then, &c.otherwise});
};

struct Rounded {
  Rounding mode = Rounding::kHalfAway;
  Node operand, unit;
};
struct rounded_id {};
const x3::rule<rounded_id, Rounded> rounded{"une valeur"};
const auto rounded_def =
    begins("arrondi") >
    label("le mode d'arrondi (« au plus proche », « au pair », « inférieur », « supérieur », « en troncature »)")
        [kw("au plus proche")[put(&Rounded::mode, Rounding::kHalfAway)] |
         kw("au pair")[put(&Rounded::mode, Rounding::kHalfEven)] |
         kw("inférieur")[put(&Rounded::mode, Rounding::kFloor)] |
         kw("supérieur")[put(&Rounded::mode, Rounding::kCeiling)] |
         kw("en troncature")[put(&Rounded::mode, Rounding::kTruncate)]] > label("« de »")[of] >
    label("une valeur")[sum[set(&Rounded::operand)]] >
    -(quiet("à") > label("une valeur")[primary[set(&Rounded::unit)]] > kw("près"));
constexpr auto build_rounded = [](auto& context) {
  const Rounded& r = x3::_attr(context);
  x3::_val(context) = make(context, ast::Round{r.mode, r.operand.expr, r.unit.expr}, {&r.operand, &r.unit});
};

template <ast::Aggregate kFunction>
constexpr auto build_aggregate = [](auto& context) {
  const Node& source = x3::_attr(context);
  x3::_val(context) = make(context, ast::Aggregated{kFunction, source.expr}, {&source});
};
template <bool kKeys>
constexpr auto build_part = [](auto& context) {
  const Node& source = x3::_attr(context);
  x3::_val(context) = make(context, ast::MapPart{kKeys, source.expr}, {&source});
};
const auto subject = label("une liste")[postfix];
const auto aggregate = ((begins("nombre") >> of) > subject[build_aggregate<ast::Aggregate::kCount>]) |
                       ((begins("somme") >> of) > subject[build_aggregate<ast::Aggregate::kSum>]) |
                       ((begins("minimum") >> of) > subject[build_aggregate<ast::Aggregate::kMin>]) |
                       ((begins("maximum") >> of) > subject[build_aggregate<ast::Aggregate::kMax>]) |
                       ((begins("clés") >> of) > subject[build_part<true>]) |
                       ((begins("valeurs") >> of) > subject[build_part<false>]);

constexpr auto build_missing = [](auto& context) {
  x3::_val(context) = make(context, ast::Vote{ast::Vote::Kind::kMissing, x3::_attr(context)}, {});
};
const auto missing = begins("ceux qui manquent") > label("« à »")[quiet("à") | quiet("au") | quiet("aux")] > -article
                     > known_name[build_missing];

constexpr auto built_in(std::string_view name) {
  return [name](auto& context) { x3::_val(context) = make(context, ast::NameRef{std::string(name)}, {}); };
}
constexpr auto build_empty = [](auto& context) { x3::_val(context) = make(context, ast::ListLiteral{}, {}); };

// ---------------------------------------------------------------- names

/// `N`, `N retenue`, `N au X`, `N de X`
struct Reference {
  enum class Kind { kName, kRecorded, kAt, kOf };
  Kind kind = Kind::kName;
  ast::Name name;
  Node operand;
};
struct reference_id {};
const x3::rule<reference_id, Reference> reference{"une valeur"};

/// `de` before a value: a date begins a validity instead (`santé du 01/01/2024 au …`).
struct of_value_parser : x3::parser<of_value_parser> {
  using attribute_type = x3::unused_type;
  [[maybe_unused]] static bool const has_attribute = false;
  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C&, R&, A&) const {
    if (first == last || first->kind != TokenKind::kWord) return false;
    const KeywordPair word = first->keyword;
    if (!word.is(keyword("de")) && !word.is(keyword("du")) && !word.is(keyword("des")) && !word.is(keyword("d'")))
      return false;
    if (first + 1 != last && first[1].kind == TokenKind::kDate) return false;
    ++first;
    return true;
  }
};
inline constexpr of_value_parser of_value{};

/// `au` of a dated parameter: not `au moins`, and a date begins the end of a validity.
struct at_parser : x3::parser<at_parser> {
  using attribute_type = x3::unused_type;
  [[maybe_unused]] static bool const has_attribute = false;
  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C&, R&, A&) const {
    if (first == last || !first->keyword.is(keyword("au"))) return false;
    if (first + 1 != last && (first[1].keyword.is(keyword("moins")) || first[1].keyword.is(keyword("plus"))))
      return false;
    ++first;
    return true;
  }
};
inline constexpr at_parser at_date{};

/// `année`, `mois`, `jour` before `de`, unless the file declares them.
struct date_part_parser : x3::parser<date_part_parser> {
  using attribute_type = ast::Name;
  [[maybe_unused]] static bool const has_attribute = true;
  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R& rcontext, A& attribute) const {
    if (first == last || first->kind != TokenKind::kWord) return false;
    const KeywordPair word = first->keyword;
    if (!word.is(keyword("année")) && !word.is(keyword("mois")) && !word.is(keyword("jour"))) return false;
    if (state_of(context).name_at(first) > 0) return false;
    Iterator next = first + 1;
    if (!of_value.parse(next, last, context, rcontext, x3::unused)) return false;
    assign(attribute, ast::Name{std::string(kKeywords[word.first].text), first->span});
    ++first;
    return true;
  }
};
inline constexpr date_part_parser date_part{};

const auto operand = label("une valeur")[primary[set(&Reference::operand)]];
const auto reference_def = (date_part[set(&Reference::name)] | name_parser{{}}[set(&Reference::name)]) >>
                           ((quiet("retenue") | quiet("retenu") | quiet("retenues") |
                             quiet("retenus"))[put(&Reference::kind, Reference::Kind::kRecorded)] |
                            (at_date > operand > x3::eps[put(&Reference::kind, Reference::Kind::kAt)]) |
                            (of_value > operand > x3::eps[put(&Reference::kind, Reference::Kind::kOf)]) | x3::eps);

constexpr auto build_reference = [](auto& context) {
  Reference& r = x3::_attr(context);
  Node& out = x3::_val(context);
  switch (r.kind) {
    case Reference::Kind::kName:
      out = make(context, ast::NameRef{std::move(r.name.text)}, {});
      break;
    case Reference::Kind::kRecorded:
      out = make(context, ast::Recorded{std::move(r.name)}, {});
      break;
    case Reference::Kind::kAt:
      out = make(context, ast::At{std::move(r.name), r.operand.expr}, {&r.operand});
      break;
    case Reference::Kind::kOf:
      out = make(context, ast::Of{std::move(r.name), r.operand.expr}, {&r.operand});
      break;
  }
};

const auto primary_def =
    placed[deeper[literal_value |
                  (quiet_sign(Symbol::kOpen) > out_of_filter[values[keep]] > sign(Symbol::kClose, "le signe « ) »")) |
                  choose[build_choose] | rounded[build_rounded] | aggregate | missing |
                  begins("liste vide")[build_empty] | begins("date de l'acte")[built_in("date de l'acte")] |
                  begins("acteur")[built_in("acteur")] | begins("état")[built_in("état")] |
                  begins("élément")[built_in("élément")] | object_to_true[begins("vrai")[build_bool<true>]] |
                  object_to_false[begins("faux")[build_bool<false>]] | (article > label("un nom")[primary[keep]]) |
                  reference[build_reference]]];

// ---------------------------------------------------------------- types

struct simple_type_id {};
const x3::rule<simple_type_id, ast::TypePtr> simple_type{"un type"};

template <ast::TypeExpr::Kind kKind>
constexpr auto build_type = [](auto& context) {
  x3::_val(context) = std::make_shared<const ast::TypeExpr>(ast::TypeExpr{kKind, {}, {}, {}, {}});
};
constexpr auto build_named_type = [](auto& context) {
  const ast::Name& name = x3::_attr(context);
  x3::_val(context) =
      std::make_shared<const ast::TypeExpr>(ast::TypeExpr{ast::TypeExpr::Kind::kNamed, name.text, {}, {}, name.span});
};
constexpr auto build_list_type = [](auto& context) {
  const ast::TypePtr& element = x3::_attr(context);
  x3::_val(context) =
      std::make_shared<const ast::TypeExpr>(ast::TypeExpr{ast::TypeExpr::Kind::kList, {}, element, {}, element->span});
};
constexpr auto build_map_type = [](auto& context) {
  const ast::TypePtr element = x3::_val(context);
  const ast::TypePtr& key = x3::_attr(context);
  x3::_val(context) = std::make_shared<const ast::TypeExpr>(
      ast::TypeExpr{ast::TypeExpr::Kind::kMap, {}, element, key, {element->span.begin, key->span.end}});
};

using TypeKind = ast::TypeExpr::Kind;
const auto simple_type_def = label("un type (booléen, entier, montant, taux, date, durée, texte, liste de…, ou un nom)")
    [begins("booléen")[build_type<TypeKind::kBooleen>] | begins("entier")[build_type<TypeKind::kEntier>] |
     begins("montant")[build_type<TypeKind::kMontant>] | begins("taux")[build_type<TypeKind::kTaux>] |
     begins("date")[build_type<TypeKind::kDate>] | begins("durée")[build_type<TypeKind::kDuree>] |
     begins("texte")[build_type<TypeKind::kTexte>] | ((begins("liste") >> of) > deeper[simple_type[build_list_type]]) |
     known_name[build_named_type]];
const auto type_def = simple_type[keep] >> -(quiet("par") > simple_type[build_map_type]);

BOOST_SPIRIT_DEFINE(sum_tail, product_tail, product, unary, duration, choose, rounded, reference, simple_type)

}  // namespace

BOOST_SPIRIT_DEFINE(sum, postfix, primary, type)
BOOST_SPIRIT_INSTANTIATE(decltype(sum), Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(postfix), Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(primary), Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(type), Iterator, Context)

}  // namespace assemblier::dsl::grammar
