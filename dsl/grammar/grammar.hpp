#pragma once
// One function per kind of clause, none of them with Spirit in its interface. Each reads state.first … state.last to
// the end, fills `out` and answers whether it could; why not, and what else could be read, stays in the state.

#include "dsl/ast.hpp"
#include "dsl/grammar/state.hpp"

#include <optional>
#include <vector>

namespace assemblier::dsl::grammar {

struct Validity {
  std::optional<Date> from, to, revision;
};

/// `aucune [« … »]` or values; the template is read by the caller.
struct Result {
  ast::ExprPtr value;
  const Token* reason = nullptr;
};

struct CaseClause {
  Result result;
  bool otherwise = false;
  ast::ExprPtr condition, exception;
};

struct GridHeader {
  ast::Name name;
  ast::TypePtr type;
  std::vector<ast::ExprPtr> columns;
  bool first_match = false;
};

struct GridCell {
  enum class Kind { kAny, kCompare, kBetween, kOneOf };
  Kind kind = Kind::kAny;
  ast::BinaryOp op = ast::BinaryOp::kEq;
  bool negated = false;
  ast::ExprPtr value;  ///< kOneOf with several values: a list; kBetween: the low end
  ast::ExprPtr high;
  bool several = false;
  Span span;
};

struct ScrutinClause {
  enum class Kind { kCollege, kPositions, kFor, kAgainst, kAbstention, kAbsence, kThreshold, kQuorum };
  Kind kind = Kind::kCollege;
  ast::ExprPtr expression;
  std::vector<ast::Name> names;
  ast::ScrutinDecl::Counts counts = ast::ScrutinDecl::Counts::kIgnored;
  ast::ScrutinDecl::Threshold threshold;
};

bool parse_expression(State& state, ast::ExprPtr& out);
bool parse_langue(State& state, std::int64_t& out);
bool parse_edition(State& state, ast::Edition& out);
bool parse_vigueur(State& state, Validity& out);
bool parse_source(State& state, ast::SourceDecl& out);
bool parse_enum_header(State& state, ast::Name& out);
bool parse_enum_item(State& state, ast::EnumDecl::Item& out);
bool parse_table_header(State& state, ast::TableDecl& out);
bool parse_objet_header(State& state, ast::Name& out);
bool parse_field(State& state, ast::FieldDecl& out);
bool parse_section(State& state, ast::Name& out);
bool parse_parameter(State& state, ast::ParameterDecl& out);
bool parse_dated_value(State& state, ast::ParameterDecl::Dated& out);
bool parse_definition(State& state, ast::DefinitionDecl& out);
bool parse_decision_header(State& state, ast::DecisionDecl& out);
bool parse_case(State& state, CaseClause& out);
bool parse_grid_header(State& state, GridHeader& out);
bool parse_grid_cell(State& state, GridCell& out);
bool parse_result(State& state, Result& out);
bool parse_condition_header(State& state, ast::Name& out);
bool parse_exigence(State& state, ast::Exigence& out);
bool parse_scrutin_header(State& state, ast::Name& out);
bool parse_scrutin_clause(State& state, ScrutinClause& out);
bool parse_procedure_header(State& state, ast::Name& out);
bool parse_role(State& state, ast::RoleDecl& out);
bool parse_etat(State& state, ast::EtatDecl& out);
bool parse_acte_header(State& state, ast::ActeDecl& out);
/// One clause: the members it speaks of are filled.
bool parse_acte_clause(State& state, ast::ActeDecl& out);
bool parse_tableau_header(State& state, ast::TableauDecl& out);
bool parse_tableau_clause(State& state, ast::TableauDecl& out);
bool parse_scenario_header(State& state, ast::ScenarioDecl& out);
bool parse_scenario_clause(State& state, ast::ScenarioDecl& out);

}  // namespace assemblier::dsl::grammar
