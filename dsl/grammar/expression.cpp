// Expressions, from `et` and `ou` down to comparisons; what is below stands in value.cpp.

#include "dsl/grammar/build.hpp"
#include "dsl/grammar/expression_parts.hpp"
#include "dsl/grammar/grammar.hpp"

namespace assemblier::dsl::grammar {
namespace {

// ---------------------------------------------------------------- et, ou

struct Junction {
  std::vector<Node> operands;
  std::vector<ast::BinaryOp> ops;
};

template <class C>
void object_to_mix(const C& context, const Junction& junction, std::size_t at) {
  State& state = state_of(context);
  const auto text = [&](const Node& a, const Node& b) { return std::string(state.text(join(a, b))); };
  const auto word = [&](std::size_t i) { return junction.ops[i] == ast::BinaryOp::kAnd ? " et " : " ou "; };
  const Node& first = junction.operands[at - 1];
  const Node& second = junction.operands[at];
  const Node& third = junction.operands[at + 1];
  const std::string left = text(first, first);
  const std::string middle = text(second, second);
  const std::string right = text(third, third);
  state.object("R0061", join(first, third),
               "« et » et « ou » sont mêlés sans parenthèses : deux lectures sont possibles",
               "écrivez « (" + left + word(at - 1) + middle + ")" + word(at) + right + " » ou « " + left +
                   word(at - 1) + "(" + middle + word(at) + right + ") »");
}

constexpr auto build_junction = [](auto& context) {
  const Junction& junction = x3::_attr(context);
  Node out = junction.operands.front();
  for (std::size_t i = 0; i < junction.ops.size(); ++i) {
    if (i > 0 && junction.ops[i] != junction.ops[i - 1]) object_to_mix(context, junction, i);
    out = binary(context, junction.ops[i], out, junction.operands[i + 1]);
  }
  x3::_val(context) = std::move(out);
};

constexpr auto push_op = [](ast::BinaryOp op) { return [op](auto& context) { x3::_val(context).ops.push_back(op); }; };

struct junction_id {};
struct negation_id {};
const x3::rule<junction_id, Junction> junction{"une valeur"};
const x3::rule<negation_id, Node> negation{"une valeur"};

const auto junction_def = negation[push(&Junction::operands)] >>
                          *((quiet("et")[push_op(ast::BinaryOp::kAnd)] | quiet("ou")[push_op(ast::BinaryOp::kOr)]) >
                            negation[push(&Junction::operands)]);
const auto expression_def = label("une valeur")[placed[junction[build_junction]]];

constexpr auto build_not = [](auto& context) { x3::_val(context) = negated(context, x3::_attr(context)); };

// `non` with nothing after it is the value: comparison reads it.
const auto negation_def = placed[(begins("non") >> deeper[negation[build_not]]) | comparison[keep]];

// ---------------------------------------------------------------- lists

constexpr auto push_item = [](auto& context) { x3::_val(context).push_back(std::move(x3::_attr(context))); };
constexpr auto build_list = [](auto& context) { x3::_val(context) = list(context, x3::_attr(context)); };

struct value_list_id {};
struct sum_list_id {};
struct Items : std::vector<Node> {};
const x3::rule<value_list_id, Items> value_list{"une valeur"};
const x3::rule<sum_list_id, Items> sum_list{"une valeur"};

const auto value_list_def = expression[push_item] >> *(list_comma > expression[push_item]);
const auto sum_list_def = label("une valeur")[sum[push_item]] >> *(list_comma > label("une valeur")[sum[push_item]]);
const auto values_def = placed[value_list[build_list]];
const auto in_values_def = placed[sum_list[build_list]];

// ---------------------------------------------------------------- comparisons

struct Test {
  enum class Kind { kOp, kIn, kBetween, kAcquired, kNone, kKnown };
  Kind kind = Kind::kOp;
  ast::BinaryOp op = ast::BinaryOp::kEq;
  bool negated = false;
  Node value, high;
};

template <class C>
Node tested(const C& context, const Node& item, const Test& test, Span span) {
  switch (test.kind) {
    case Test::Kind::kOp: {
      const bool differs = test.negated && test.op == ast::BinaryOp::kEq;
      return make(context, ast::Binary{differs ? ast::BinaryOp::kNe : test.op, item.expr, test.value.expr},
                  {&item, &test.value}, span);
    }
    case Test::Kind::kIn:
      return make(context, ast::In{item.expr, test.value.expr, test.negated}, {&item, &test.value}, span);
    case Test::Kind::kBetween: {
      Node between = make(context, ast::Between{item.expr, test.value.expr, test.high.expr},
                          {&item, &test.value, &test.high}, span);
      return test.negated ? negated(context, between) : between;
    }
    case Test::Kind::kAcquired: {
      ast::Name name{std::string{}, item.extent};
      if (const auto* ref = std::get_if<ast::NameRef>(&item.expr->node)) {
        name.text = ref->name;
      } else {
        state_of(context).object("R0081", item.extent, "« est acquis » ne se dit que d'un scrutin, nommé juste avant",
                                 "écrivez le nom du scrutin : « mon scrutin est acquis »");
      }
      Node vote = make(context, ast::Vote{ast::Vote::Kind::kAcquired, std::move(name)}, {&item}, span);
      return test.negated ? negated(context, vote) : vote;
    }
    case Test::Kind::kNone:
      return make(context, ast::IsNone{item.expr, test.negated}, {&item}, span);
    case Test::Kind::kKnown:
      return make(context, ast::IsKnown{item.expr, test.negated}, {&item}, span);
  }
  return item;
}

struct test_id {};
struct predicate_id {};
struct membership_id {};
const x3::rule<test_id, Test> test{"une comparaison"};
const x3::rule<predicate_id, Test> predicate{"une comparaison"};
const x3::rule<membership_id, Test> membership{"une comparaison"};

const auto operand = label("une valeur")[sum];
const auto compare = [](Symbol symbol, ast::BinaryOp op) { return quiet_sign(symbol)[put(&Test::op, op)]; };

const auto membership_def =
    ((quiet("parmi") | quiet("hors de")[put(&Test::negated, true)] | quiet("hors du")[put(&Test::negated, true)] |
      quiet("hors des")[put(&Test::negated, true)] | quiet("hors d'")[put(&Test::negated, true)]) >
     in_values[set(&Test::value)] > x3::eps[put(&Test::kind, Test::Kind::kIn)]) |
    (quiet("entre") > operand[set(&Test::value)] > kw("et") > operand[set(&Test::high)] >
     x3::eps[put(&Test::kind, Test::Kind::kBetween)]);

const auto acquired = begins("acquis") | begins("acquise") | begins("acquises");
const auto informed = begins("renseigné") | begins("renseignée") | begins("renseignés") | begins("renseignées");
const auto predicate_def =
    acquired[put(&Test::kind, Test::Kind::kAcquired)] | begins("aucune")[put(&Test::kind, Test::Kind::kNone)] |
    begins("aucun")[put(&Test::kind, Test::Kind::kNone)] | informed[put(&Test::kind, Test::Kind::kKnown)] |
    membership[keep] | operand[set(&Test::value)];

template <class C>
void keep_negated(C& context) {
  const bool negative = x3::_val(context).negated;
  x3::_val(context) = std::move(x3::_attr(context));
  x3::_val(context).negated = x3::_val(context).negated != negative;
}
constexpr auto keep_polarity = [](auto& context) { keep_negated(context); };

const auto copula = quiet("est") | quiet("sont");
const auto test_def = ((compare(Symbol::kEqual, ast::BinaryOp::kEq) | compare(Symbol::kNotEqual, ast::BinaryOp::kNe) |
                        compare(Symbol::kLess, ast::BinaryOp::kLt) | compare(Symbol::kLessEqual, ast::BinaryOp::kLe) |
                        compare(Symbol::kGreater, ast::BinaryOp::kGt) |
                        compare(Symbol::kGreaterEqual, ast::BinaryOp::kGe)) > operand[set(&Test::value)]) |
                      (((quiet("n'") | quiet("ne")) >> copula >> x3::eps[put(&Test::negated, true)]) > kw("pas") >
                       predicate[keep_polarity]) |
                      (copula > predicate[keep]) | membership[keep];

constexpr auto apply_test = [](auto& context) {
  Node& item = x3::_val(context);
  const Test& attr = x3::_attr(context);
  item = tested(context, item, attr, {});
};

// ---------------------------------------------------------------- tous, aucun, au moins un

struct Quantity {
  ast::Quantifier quantifier = ast::Quantifier::kAll;
  Node source, argument;
  ast::Quantified::Test test = ast::Quantified::Test::kIn;
  bool negative = false;
};

struct quantity_id {};
const x3::rule<quantity_id, Quantity> quantity{"une valeur"};

constexpr auto set_association = [](auto& context) {
  const ast::Name& name = x3::_attr(context);
  x3::_val(context).argument = make(context, ast::NameRef{name.text}, {}, name.span);
  x3::_val(context).test = ast::Quantified::Test::kHas;
};

const auto quantifier = begins("tous")[put(&Quantity::quantifier, ast::Quantifier::kAll)] |
                        begins("toutes")[put(&Quantity::quantifier, ast::Quantifier::kAll)] |
                        begins("chaque")[put(&Quantity::quantifier, ast::Quantifier::kAll)] |
                        begins("aucun")[put(&Quantity::quantifier, ast::Quantifier::kNone)] |
                        begins("aucune")[put(&Quantity::quantifier, ast::Quantifier::kNone)] |
                        begins("au moins une")[put(&Quantity::quantifier, ast::Quantifier::kSome)] |
                        begins("au moins un")[put(&Quantity::quantifier, ast::Quantifier::kSome)];

const auto one = quiet("un") | quiet("une") | quiet("d'") | quiet("de");
const auto quantity_test = -((quiet("n'") | quiet("ne"))[put(&Quantity::negative, true)]) >>
                           (((-copula >> kw("parmi")) > in_values[set(&Quantity::argument)]) |
                            ((kw("ont") | kw("a")) > label("« un » ou « une »")[one] > known_name[set_association]) |
                            ((kw("vérifient") | kw("vérifie")) > deeper[comparison[set(&Quantity::argument)]] >
                             x3::eps[put(&Quantity::test, ast::Quantified::Test::kVerify)]));

const auto quantity_def =
    quantifier >> x3::expect[-of >> -article >> postfix[set(&Quantity::source)] >>
                             label("« parmi », « ont un », « ont une » ou « vérifient »")[quantity_test]];

constexpr auto build_quantified = [](auto& context) {
  const Quantity& q = x3::_attr(context);
  if (q.negative && q.quantifier != ast::Quantifier::kNone) {
    state_of(context).object("R0082", q.source.extent, "« ne » après « tous » ou « au moins un » se lit de deux façons",
                             "écrivez « aucun … n'a » ou « non (tous … ont …) »");
  }
  x3::_val(context) =
      make(context, ast::Quantified{q.quantifier, q.source.expr, q.test, q.argument.expr}, {&q.source, &q.argument});
};

const auto comparison_def = placed[quantity[build_quantified] | (sum[keep] >> -test[apply_test])];

constexpr auto take_expr = [](auto& context) { x3::_val(context) = std::move(x3::_attr(context).expr); };
struct whole_expression_id {};
const x3::rule<whole_expression_id, ast::ExprPtr> whole_expression{"une valeur"};
const auto whole_expression_def = expression[take_expr] > end_of_clause;

BOOST_SPIRIT_DEFINE(junction, negation, value_list, sum_list, membership, predicate, test, quantity, whole_expression)

}  // namespace

BOOST_SPIRIT_DEFINE(expression, values, in_values, comparison)
BOOST_SPIRIT_INSTANTIATE(decltype(expression), Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(values), Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(in_values), Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(comparison), Iterator, Context)

bool parse_expression(State& state, ast::ExprPtr& out) { return run(state, whole_expression, out); }

}  // namespace assemblier::dsl::grammar
