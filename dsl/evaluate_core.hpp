#pragma once
// The evaluator's inside, shared by its files: expressions, rules, votes.
//
// Thread-safety: one thread.

#include "dsl/code.hpp"
#include "dsl/evaluate.hpp"

namespace assemblier::dsl {

/// What goes with a conclusion that is not plainly known. Shared, since conclusions are copied about.
struct Info {
  std::vector<FactId> missing;
  std::vector<Value> members;
  std::vector<std::string> reasons;
  std::string code, message;
  std::vector<Index> unmet;
};

struct Val {
  Status status = Status::kKnown;
  Value value;
  std::shared_ptr<const Info> info;
};

[[nodiscard]] inline Val known(Value value) { return {Status::kKnown, std::move(value), nullptr}; }
[[nodiscard]] Val undetermined(FactId fact);
[[nodiscard]] Val failure(std::string code, std::string message);
[[nodiscard]] bool truth(const Val& val, bool wanted);

/// Gathers what several conclusions miss, each fact and member once.
class Missing {
 public:
  void add(const Val& val);
  void add(FactId fact) { info_.missing.push_back(fact); }
  void member(Value value) { info_.members.push_back(std::move(value)); }
  [[nodiscard]] Val take();

 private:
  Info info_;
};

struct Evaluator::State {
  const Program& program;
  const Context context;  ///< a copy: callers write the context in place
  EvaluateLimits limits;
  std::uint64_t steps = 0;
  struct Memo {
    Val val;
    std::optional<Result> result;  ///< as handed out
  };
  std::vector<std::unique_ptr<Memo>> memo;  ///< by rule; empty until one is asked for
  std::vector<const Value*> elements;       ///< of the enclosing `dont`, innermost last
  Trace* trace = nullptr;

  State(const Program& p, const Context& c, const EvaluateLimits& l) : program(p), context(c), limits(l) {}

  // evaluate_expression.cpp
  [[nodiscard]] Val eval(const Code& code);
  // evaluate.cpp
  [[nodiscard]] const Val& rule(Index index);
  [[nodiscard]] Val compute(const RuleInfo& rule);
  [[nodiscard]] Val decision(const RuleInfo& rule);
  [[nodiscard]] Val condition(const RuleInfo& rule);
  [[nodiscard]] Val exigence(const ExigenceInfo& exigence, Index index);
  [[nodiscard]] Val vote(const RuleInfo& rule, bool missing_members);
  /// The association behind `code`, through définitions and the branches that were taken; false when it is no fact.
  bool origins(const Code& code, Missing& missing);
  void note(Trace::Kind kind, Index id);
  [[nodiscard]] std::string reason(const RuleInfo::Case& choice);

 private:
  [[nodiscard]] Val leaf(const Node& node);
  [[nodiscard]] Val logic(const Node& node);
  [[nodiscard]] Val compare(const Node& node);
  [[nodiscard]] Val arithmetic(const Node& node);
  [[nodiscard]] Val date_arithmetic(const Node& node);
  [[nodiscard]] Val membership(const Node& node);
  [[nodiscard]] Val quantified(const Node& node);
  [[nodiscard]] Val lookup(const Node& node);
  [[nodiscard]] Val list_operation(const Node& node);
  [[nodiscard]] Val filter(const Node& node);
  [[nodiscard]] Val aggregate(const Node& node);
  [[nodiscard]] Val round(const Node& node);
  [[nodiscard]] Val conditional(const Node& node);
  [[nodiscard]] Val list_literal(const Node& node);
  /// The items of a written list, each judged by itself.
  [[nodiscard]] std::vector<Val> each(const Node& list);
};

/// Conjunction or disjunction of conclusions: an error dominates, then the deciding value, then undetermined, then
/// aucune.
[[nodiscard]] Val combine(const std::vector<Val>& operands, bool deciding);
/// For operations that need all operands: the error, the aucune or the undetermined that stops them; nothing if all
/// known.
[[nodiscard]] std::optional<Val> strict(std::span<const Val* const> operands);
[[nodiscard]] inline std::optional<Val> strict(std::initializer_list<const Val*> operands) {
  return strict(std::span(operands.begin(), operands.size()));
}
[[nodiscard]] Result to_result(const Val& val);

}  // namespace assemblier::dsl
