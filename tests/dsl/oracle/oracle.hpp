#pragma once
// A naive evaluator of the rules language: walks the syntax tree, looks every name up again each time, computes with
// fractions. It is the second opinion that the real evaluator must agree with; it shares no logic with it.
//
//   Oracle oracle(*parsed.file, facts);
//   Answer answer = oracle.rule("échelle");

#include "dsl/ast.hpp"
#include "dsl/evaluate.hpp"
#include "tests/dsl/oracle/value.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace assemblier::dsl::oracle {

/// Deliberate mistakes, to prove that the comparison would notice them.
enum class Flaw {
  kNone,
  kWeakKleene,       ///< an undetermined operand of et/ou decides nothing else
  kShortCircuit,     ///< what comes after the deciding operand is not judged
  kFirstCaseWins,    ///< the first true case of a décision
  kSinonTooEarly,    ///< sinon although a case is undetermined
  kHalfEvenIsAway,   ///< the two roundings of halves are one
  kSilenceIsRefusal  ///< who has not spoken is against
};

struct Answer {
  Status status = Status::kUndetermined;
  Thing value{false};
  std::set<FactId> missing;
  Things members;  ///< who has not spoken
  std::vector<std::string> reasons;
  std::string code;
  std::vector<std::size_t> unmet;
};

[[nodiscard]] bool operator==(const Answer& a, const Answer& b);
[[nodiscard]] std::string show(const Answer& answer);

/// Which kinds of expressions the rules of a file are made of: indices of ast::Expr::node.
[[nodiscard]] std::set<std::size_t> expression_kinds(const ast::File& file);

/// What is known of an objet; a décision recorded as undetermined has that status here too.
struct Facts {
  std::map<std::string, Thing> fields;
  std::map<std::string, Answer> recorded;
};

class Oracle {
 public:
  Oracle(const ast::File& file, const Facts& facts, Flaw flaw = Flaw::kNone);

  /// A définition, décision, condition or scrutin.
  [[nodiscard]] Answer rule(const std::string& name);
  /// An error came up somewhere so far, even where it did not decide the answer.
  [[nodiscard]] bool met_error() const { return met_error_; }
  /// The facts that the rule can read, by what is written in it and in the rules it names.
  [[nodiscard]] std::set<FactId> readable(const std::string& name) const;

 private:
  using Answers = std::vector<Answer>;

  [[nodiscard]] Answer expression(const ast::ExprPtr& expr);
  [[nodiscard]] Answer name(const std::string& name);
  [[nodiscard]] Answer global(const std::string& name);
  [[nodiscard]] Answer field(const std::string& name) const;
  [[nodiscard]] Answer parameter(const ast::ParameterDecl& parameter, std::optional<Day> day);
  [[nodiscard]] Answer column(const Constant& row, const std::string& name) const;
  [[nodiscard]] Answer cell(const ast::TypeExpr& type, const ast::TableDecl::Cell& cell) const;
  [[nodiscard]] bool is_association(const std::string& name) const;
  [[nodiscard]] bool has_column(const Constant& row, const std::string& name) const;
  [[nodiscard]] std::vector<std::string> types_of_constant(const std::string& name) const;

  [[nodiscard]] Answer node(const ast::Literal& node);
  [[nodiscard]] Answer node(const ast::NameRef& node);
  [[nodiscard]] Answer node(const ast::Unary& node);
  [[nodiscard]] Answer node(const ast::Binary& node);
  [[nodiscard]] Answer node(const ast::DateShift& node);
  [[nodiscard]] Answer node(const ast::In& node);
  [[nodiscard]] Answer node(const ast::Between& node);
  [[nodiscard]] Answer node(const ast::Quantified& node);
  [[nodiscard]] Answer node(const ast::Of& node);
  [[nodiscard]] Answer node(const ast::Filter& node);
  [[nodiscard]] Answer node(const ast::Distinct& node);
  [[nodiscard]] Answer node(const ast::Aggregated& node);
  [[nodiscard]] Answer node(const ast::MapPart& node);
  [[nodiscard]] Answer node(const ast::ListLiteral& node);
  [[nodiscard]] Answer node(const ast::Conditional& node);
  [[nodiscard]] Answer node(const ast::Round& node);
  [[nodiscard]] Answer node(const ast::At& node);
  [[nodiscard]] Answer node(const ast::Vote& node);
  [[nodiscard]] Answer node(const ast::Recorded& node);
  [[nodiscard]] Answer node(const ast::IsNone& node);
  [[nodiscard]] Answer node(const ast::IsKnown& node);

  [[nodiscard]] Answer all(const Answers& operands) const;   ///< et
  [[nodiscard]] Answer some(const Answers& operands) const;  ///< ou
  [[nodiscard]] Answer fold(const Answers& operands, bool deciding) const;
  [[nodiscard]] Answer among(const Answer& item, const ast::ExprPtr& list);
  [[nodiscard]] Answer with_element(const Answer& element, const ast::ExprPtr& expr);
  [[nodiscard]] Answer lookup(const std::string& association, const Answer& key);
  [[nodiscard]] Answer sum(const Things& items, const ast::ExprPtr& source) const;

  [[nodiscard]] Answer decide(const ast::DecisionDecl& decision);
  [[nodiscard]] Answer result(const ast::DecisionDecl& decision, const ast::DecisionDecl::Case& which);
  [[nodiscard]] std::string reason(const ast::Template& text);
  [[nodiscard]] Answer decide(const ast::ConditionDecl& condition);
  [[nodiscard]] Answer decide(const ast::ScrutinDecl& scrutin);
  [[nodiscard]] Answer silent(const ast::ScrutinDecl& scrutin);
  [[nodiscard]] std::set<FactId> reads(const ast::ExprPtr& expr) const;
  /// The fact that an association is, seen through définitions and the branches taken.
  [[nodiscard]] std::set<FactId> origins(const std::string& association);
  [[nodiscard]] std::set<FactId> origins(const ast::ExprPtr& expr);

  [[nodiscard]] ast::TypePtr element_type(const ast::ExprPtr& expr) const;
  [[nodiscard]] ast::TypePtr type(const ast::ExprPtr& expr) const;
  [[nodiscard]] ast::TypePtr type_of(const std::string& name) const;
  [[nodiscard]] ast::TypePtr column_type(const std::string& name) const;

  const ast::File& file_;
  const Facts& facts_;
  Flaw flaw_;
  bool met_error_ = false;
  std::map<std::string, FactId> field_ids_, rule_ids_;
  std::map<std::string, Answer> concluded_;
  std::vector<Answer> elements_;  ///< innermost last
};

}  // namespace assemblier::dsl::oracle
