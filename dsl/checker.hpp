#pragma once
// The checker's inside, shared by its files: declarations, expressions, procedures.
//
// Thread-safety: one thread.

#include "dsl/check.hpp"
#include "dsl/code.hpp"

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace assemblier::dsl {

/// What names mean at a place.
struct Scope {
  Index objet = kNoIndex;  ///< its fields and rules are visible
  const std::vector<ActeInfo::Donnee>* donnees = nullptr;
  bool acte = false;                                  ///< `acteur`, `date de l'acte` have a meaning
  bool etat = false;                                  ///< `état` has a meaning
  TypeRef actor;                                      ///< type of `acteur`; null: texte
  std::vector<std::pair<std::string, TypeRef>> each;  ///< variables of a tableau
  std::vector<TypeRef> elements;                      ///< element types of the enclosing `dont`, innermost last
  bool constant = false;                              ///< only constants: parameters' values, scenarios
  bool shows = false;                                 ///< the name is only handed on or shown: it may be personal
};

class Checker {
 public:
  Checker(const Parsed& parsed, std::string_view source) : parsed_(parsed), program_(std::make_shared<Program>()) {
    program_->text = std::string(source);
    diagnostics_ = parsed.diagnostics;
    poisoned_.insert(parsed.poisoned.begin(), parsed.poisoned.end());
  }
  [[nodiscard]] Compiled run();

 private:
  // check.cpp: declarations
  void declare_types();
  void declare_names();
  void edition();
  void source(const ast::SourceDecl& decl, Span span);
  void declare_enum(const ast::EnumDecl& decl);
  void declare_table(const ast::TableDecl& decl);
  void fill_table(const ast::TableDecl& decl, Index table);
  [[nodiscard]] std::optional<Value> cell(const ast::TableDecl::Cell& cell, const TypeRef& type);
  [[nodiscard]] std::optional<Value> cell_part(const ast::Name& part, const ast::TableDecl::Cell& cell,
                                               const TypeRef& type);
  void declare_objet(const ast::ObjetDecl& decl);
  void parameter(const ast::ParameterDecl& decl, Index index);
  void parameter_dates(const ast::ParameterDecl& decl, ParameterInfo& info);
  [[nodiscard]] Index section(const ast::Decl& decl, const ast::Name& name);
  void rule_body(const ast::Decl& decl, Index index);
  void definition(const ast::DefinitionDecl& decl, Index index);
  void decision(const ast::DecisionDecl& decl, Index index);
  void condition(const ast::ConditionDecl& decl, Index index);
  void scrutin(const ast::ScrutinDecl& decl, Index index);
  void overlaps(const ast::DecisionDecl& decl);
  void forgotten_colon(const ast::DecisionDecl& decl);

  // check_personal.cpp: DESIGN §5, no rule reads what a person may have erased
  void persons(const ast::ObjetDecl& decl, ObjetInfo& info);
  void persons(const ast::ActeDecl& decl, Index objet, ActeInfo& info);
  void carried(const ast::ActeDecl::Effect& effect, Index objet, const ActeInfo& info, const ActeInfo::Effect& entry);
  /// `code`, or an error when it reads something personal where that may not be.
  [[nodiscard]] Code readable(Code code, const std::string& name, const Scope& scope);
  [[nodiscard]] Scope showing(const ast::ExprPtr& expr, const Scope& scope) const;

  // check_procedure.cpp
  void procedure(const ast::ProcedureDecl& decl);
  void acte(const ast::ActeDecl& decl, Index objet, ActeInfo& info);
  void acte_actors(const ast::ActeDecl& decl, Index objet, ActeInfo& info, Scope& scope);
  void acte_donnees(const ast::ActeDecl& decl, Index objet, ActeInfo& info);
  void acte_effects(const ast::ActeDecl& decl, Index objet, ActeInfo& info, const Scope& scope);
  void acte_targets(const ast::ActeDecl& decl, Index objet, ActeInfo& info, const Scope& scope);
  void next_cycles(const ast::ProcedureDecl& decl, const ProcedureInfo& info);
  void tableau(const ast::TableauDecl& decl);
  void scenario(const ast::ScenarioDecl& decl, const std::string& objet_section);
  void expected(const ast::ScenarioDecl::Expected& decl, ScenarioInfo& info);

  // check_expression.cpp
  [[nodiscard]] Code expression(const ast::ExprPtr& expr, const Scope& scope, const TypeRef& wanted = nullptr);
  [[nodiscard]] Code boolean(const ast::ExprPtr& expr, const Scope& scope);
  /// `expression`, then its type must be `wanted`; a single value stands for a list of one.
  [[nodiscard]] Code valued(const ast::ExprPtr& expr, const Scope& scope, const TypeRef& wanted, bool wrap = false);
  [[nodiscard]] Code name(const ast::NameRef& ref, Span span, const Scope& scope, const TypeRef& wanted);
  [[nodiscard]] Code constant_name(const std::string& text, Span span, const TypeRef& wanted, bool quiet);
  [[nodiscard]] Code unary(const ast::Unary& node, Span span, const Scope& scope, const TypeRef& wanted);
  [[nodiscard]] Code binary(const ast::Binary& node, Span span, const Scope& scope, const TypeRef& wanted);
  [[nodiscard]] Code logic(const ast::Binary& node, Span span, const Scope& scope);
  [[nodiscard]] Code comparison(const ast::Binary& node, Span span, const Scope& scope);
  [[nodiscard]] Code arithmetic(const ast::Binary& node, Span span, const Scope& scope, const TypeRef& wanted);
  [[nodiscard]] Code list_operation(const ast::Binary& node, Span span, const Scope& scope, const TypeRef& wanted);
  [[nodiscard]] Code date_shift(ast::BinaryOp op, Code date, Code duration, MonthEnd rule, Span span);
  [[nodiscard]] Code in(const ast::In& node, Span span, const Scope& scope);
  [[nodiscard]] Code between(const ast::Between& node, Span span, const Scope& scope);
  [[nodiscard]] Code quantified(const ast::Quantified& node, Span span, const Scope& scope);
  [[nodiscard]] Code of(const ast::Of& node, Span span, const Scope& scope);
  [[nodiscard]] Code list(const ast::ListLiteral& node, Span span, const Scope& scope, const TypeRef& wanted);
  [[nodiscard]] Code round(const ast::Round& node, Span span, const Scope& scope);
  [[nodiscard]] Code at(const ast::At& node, Span span, const Scope& scope);
  [[nodiscard]] Code filter(const ast::Filter& node, Span span, const Scope& scope);
  [[nodiscard]] Code aggregated(const ast::Aggregated& node, Span span, const Scope& scope);
  [[nodiscard]] Code conditional(const ast::Conditional& node, Span span, const Scope& scope, const TypeRef& wanted);
  [[nodiscard]] Code list_of(const ast::ExprPtr& expr, const Scope& scope, const char* what);
  /// The two sides of a comparison: the side that is a bare constant takes its type from the other.
  [[nodiscard]] std::pair<Code, Code> sides(const ast::ExprPtr& left, const ast::ExprPtr& right, const Scope& scope);
  [[nodiscard]] bool bare_constant(const ast::ExprPtr& expr, const Scope& scope) const;

  // shared
  [[nodiscard]] TypeRef type(const ast::TypePtr& expr);
  [[nodiscard]] std::vector<Citation> citations(const std::vector<ast::SourceRef>& refs);
  void error(std::string code, Span span, std::string message, std::string help = {},
             std::vector<Related> related = {});
  void warning(std::string code, Span span, std::string message, std::string help = {});
  void unknown(const std::string& what, const std::string& name, Span span, const std::vector<std::string>& names,
               const std::string& code);
  [[nodiscard]] bool poisoned(const std::string& name) const { return poisoned_.contains(name); }
  /// Whether all that stands under a header could be read: what is missing there is missing.
  [[nodiscard]] bool read_below(Span header) const;
  void unsourced(bool sourced, Span span, const std::string& what);
  [[nodiscard]] Value constant(const Code& code, bool& good);
  [[nodiscard]] std::string shown(const TypeRef& type) const { return show(*program_, *type); }
  [[nodiscard]] std::vector<std::string> visible_names(const Scope& scope) const;

  enum class SymbolKind { kEnum, kTable, kObjet, kParameter, kRule, kTableau };
  struct Symbol {
    SymbolKind kind;
    Index index;
    Span span;
  };
  bool declare(const ast::Name& name, SymbolKind kind, Index index);

  const Parsed& parsed_;
  std::shared_ptr<Program> program_;
  std::vector<Diagnostic> diagnostics_;
  std::set<std::string> poisoned_;
  std::map<std::string, Symbol> symbols_;                ///< types, parameters, rules, tableaux
  std::map<std::string, std::vector<Value>> constants_;  ///< values of énumérations and row keys, by name
  std::vector<Span> field_spans_;
  std::vector<const ast::Decl*> rule_decls_;  ///< by rule
  std::vector<int> rule_state_;               ///< 0 to do, 1 doing, 2 done
  std::vector<Index> rule_stack_;
  std::vector<const ast::ParameterDecl*> parameter_decls_;
  std::vector<int> parameter_state_;
  void ensure_rule(Index index, Span use);
  void ensure_parameter(Index index, Span use);
};

[[nodiscard]] TypeRef make_type(Type::Kind kind, Index named = 0, TypeRef element = nullptr, TypeRef key = nullptr);
/// A value of type `from` may stand where `to` is wanted.
[[nodiscard]] bool fits(const Type& from, const Type& to);
[[nodiscard]] Code make_node(Op op, TypeRef type, Span span, std::vector<Code> kids = {}, Index a = 0, Index b = 0);
[[nodiscard]] Code wrong(Span span);

}  // namespace assemblier::dsl
