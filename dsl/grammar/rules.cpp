// Clauses of décisions, grilles, conditions and scénarios.

#include "dsl/grammar/expression.hpp"
#include "dsl/grammar/grammar.hpp"
#include "dsl/grammar/shared.hpp"

namespace assemblier::dsl::grammar {
namespace {

const auto colon = sign(Symbol::kColon, "le signe « : »");
const auto equal = sign(Symbol::kEqual, "le signe « = »");
const auto condition_value = label("une condition")[expression];

// ---------------------------------------------------------------- décision

struct decision_header_id {};
const x3::rule<decision_header_id, ast::DecisionDecl> decision_header{"décision"};
const auto decision_header_def = kw("décision") > new_name[set(&ast::DecisionDecl::name)] >
                                 -(colon > type[set(&ast::DecisionDecl::type)]) > end_of_clause;

struct result_id {};
const x3::rule<result_id, Result> result{"un résultat"};
/// After `aucune` alone; `aucune commune parmi …` is a value.
const auto none_ends = x3::omit[text_token] | quiet("quand") | x3::eoi;
const auto result_def =
    (begins("aucune") >> &none_ends >> -text_token[set(&Result::reason)]) | values[set_expr(&Result::value)];

struct case_id {};
const x3::rule<case_id, CaseClause> case_clause{"un cas"};
const auto case_clause_def = (begins("sinon")[put(&CaseClause::otherwise, true)] >
                              label("un résultat")[result[set(&CaseClause::result)]] > end_of_clause) |
                             (label("un résultat")[result[set(&CaseClause::result)]] > kw("quand") >
                              condition_value[set_expr(&CaseClause::condition)] >
                              -(kw("sauf si") > condition_value[set_expr(&CaseClause::exception)]) > end_of_clause);

struct whole_result_id {};
const x3::rule<whole_result_id, Result> whole_result{"un résultat"};
const auto whole_result_def = label("un résultat")[result[keep]] > end_of_clause;

// ---------------------------------------------------------------- grille

constexpr auto push_column = [](auto& context) {
  x3::_val(context).columns.push_back(std::move(x3::_attr(context).expr));
};
struct grid_header_id {};
const x3::rule<grid_header_id, GridHeader> grid_header{"grille"};
const auto grid_header_def = kw("grille") > new_name[set(&GridHeader::name)] > colon > type[set(&GridHeader::type)] >
                             sign(Symbol::kOpen, "le signe « ( »") > expression[push_column] >
                             *(sign(Symbol::kBar, "le signe « | »") > expression[push_column]) >
                             sign(Symbol::kClose, "le signe « ) »") >
                             -(quiet_sign(Symbol::kComma) >
                               kw("première ligne qui convient")[put(&GridHeader::first_match, true)]) > end_of_clause;

struct grid_cell_id {};
const x3::rule<grid_cell_id, GridCell> grid_cell{"une case"};
constexpr auto set_values = [](auto& context) {
  auto& node = x3::_attr(context);
  GridCell& cell = x3::_val(context);
  cell.value = std::move(node.expr);
  cell.several = node.items > 1;
  cell.kind = GridCell::Kind::kOneOf;
};
const auto compare = [](Symbol symbol, ast::BinaryOp op) { return quiet_sign(symbol)[put(&GridCell::op, op)]; };
const auto cell_operand = label("une valeur")[sum];
const auto grid_cell_def =
    label("une case (« - », une comparaison, « entre … et … » ou des valeurs)")
        [((quiet_sign(Symbol::kMinus) | quiet_sign(Symbol::kDash)) >> x3::eoi >>
          x3::eps[put(&GridCell::kind, GridCell::Kind::kAny)]) |
         ((compare(Symbol::kEqual, ast::BinaryOp::kEq) | compare(Symbol::kNotEqual, ast::BinaryOp::kNe) |
           compare(Symbol::kLess, ast::BinaryOp::kLt) | compare(Symbol::kLessEqual, ast::BinaryOp::kLe) |
           compare(Symbol::kGreater, ast::BinaryOp::kGt) | compare(Symbol::kGreaterEqual, ast::BinaryOp::kGe)) >
          cell_operand[set_expr(&GridCell::value)] > x3::eps[put(&GridCell::kind, GridCell::Kind::kCompare)]) |
         (begins("entre") > cell_operand[set_expr(&GridCell::value)] > kw("et") >
          cell_operand[set_expr(&GridCell::high)] > x3::eps[put(&GridCell::kind, GridCell::Kind::kBetween)]) |
         (quiet("parmi") > values[set_values] > x3::eps[put(&GridCell::several, true)]) |
         ((begins("non") >> !x3::eoi) > values[set_values] > x3::eps[put(&GridCell::negated, true)]) |
         values[set_values]] > end_of_clause;

// ---------------------------------------------------------------- condition

struct condition_header_id {};
const x3::rule<condition_header_id, ast::Name> condition_header{"condition"};
const auto condition_header_def = kw("condition") > new_name[keep] > end_of_clause;

struct exigence_clause_id {};
const x3::rule<exigence_clause_id, ast::Exigence> exigence_clause{"une exigence"};
const auto exigence_clause_def = exigence[keep] > end_of_clause;

// ---------------------------------------------------------------- scénario

struct scenario_header_id {};
const x3::rule<scenario_header_id, ast::ScenarioDecl> scenario_header{"scénario"};
const auto scenario_header_def = kw("scénario") > text_token[set_text(&ast::ScenarioDecl::title)] >
                                 -(du > known_name[set(&ast::ScenarioDecl::objet)]) > end_of_clause;

using Given = ast::ScenarioDecl::Given;
struct given_id {};
const x3::rule<given_id, Given> given{"un fait"};
const auto given_def =
    spanned[label("le nom d'un champ")[known_name[set(&Given::field)]] >
            -(of > label("une valeur")[primary[set_expr(&Given::key)]]) > equal > values[set_expr(&Given::value)]];

using Expected = ast::ScenarioDecl::Expected;
struct expected_id {};
constexpr auto push_text = [](auto& context) { x3::_val(context).texts.push_back(x3::_attr(context)->text); };
const x3::rule<expected_id, Expected> expected{"un résultat"};
const auto expected_def =
    spanned[label("le nom d'une décision, d'une condition ou d'une définition")[known_name[set(&Expected::rule)]] >
            ((equal > values[set_expr(&Expected::value)] > *(quiet("exigence") > text_token[push_text])) |
             (kw("aucune")[put(&Expected::kind, Expected::Kind::kNone)] >
              *token_parser{TokenKind::kText, {}}[push_text]) |
             ((kw("indéterminée") | quiet("indéterminé"))[put(&Expected::kind, Expected::Kind::kUndetermined)] >
              -(quiet_sign(Symbol::kColon) > names[set(&Expected::missing)])) |
             kw("erreur")[put(&Expected::kind, Expected::Kind::kError)])];

struct scenario_clause_id {};
const x3::rule<scenario_clause_id, ast::ScenarioDecl> scenario_clause{"un fait ou un résultat"};
const auto next_item = sign(Symbol::kComma, "une virgule");
const auto scenario_clause_def = ((kw("étant donné") > given[push(&ast::ScenarioDecl::given)] >
                                   *(next_item > given[push(&ast::ScenarioDecl::given)])) |
                                  (kw("attendu") > expected[push(&ast::ScenarioDecl::expected)] >
                                   *(next_item > expected[push(&ast::ScenarioDecl::expected)]))) > end_of_clause;

BOOST_SPIRIT_DEFINE(decision_header, result, case_clause, whole_result, grid_header, grid_cell, condition_header,
                    exigence_clause, scenario_header, given, expected, scenario_clause)

}  // namespace

bool parse_decision_header(State& state, ast::DecisionDecl& out) { return run(state, decision_header, out); }
bool parse_case(State& state, CaseClause& out) { return run(state, case_clause, out); }
bool parse_grid_header(State& state, GridHeader& out) { return run(state, grid_header, out); }
bool parse_grid_cell(State& state, GridCell& out) { return run(state, grid_cell, out); }
bool parse_result(State& state, Result& out) { return run(state, whole_result, out); }
bool parse_condition_header(State& state, ast::Name& out) { return run(state, condition_header, out); }
bool parse_exigence(State& state, ast::Exigence& out) { return run(state, exigence_clause, out); }
bool parse_scenario_header(State& state, ast::ScenarioDecl& out) { return run(state, scenario_header, out); }
bool parse_scenario_clause(State& state, ast::ScenarioDecl& out) { return run(state, scenario_clause, out); }

}  // namespace assemblier::dsl::grammar
