#pragma once
// The evaluator's inside, shared by its files: expressions, collections, rules, votes. Private to dsl/.
//
// Thread-safety: one thread.

#include "dsl/code.hpp"
#include "dsl/evaluate.hpp"

#include <boost/container/small_vector.hpp>

namespace assemblier::dsl {

/// What goes with a conclusion that is not plainly known. Shared, since conclusions are copied about.
struct Info {
  boost::container::small_vector<FactId, 4> missing;
  std::vector<Value> members;
  std::vector<std::string> reasons;
  std::string code, message;
  boost::container::small_vector<Index, 4> unmet;
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

/// Few of them, as a rule.
using Vals = boost::container::small_vector<Val, 4>;

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

  // evaluate_expression.cpp, evaluate_collections.cpp
  [[nodiscard]] Val eval(const Code& code);
  /// Where the value of a leaf or a rule lies; null when it is not known, or is to be computed.
  [[nodiscard]] const Value* lying(const Node& node);
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
  /// What is evaluated until close() is told under a new piece, if anything is told.
  [[nodiscard]] Trace* open(Trace::Kind kind, Index id);
  void close(Trace* outer, const Val& val);
  [[nodiscard]] std::string reason(const RuleInfo::Case& choice);

 private:
  /// Null: none was.
  [[nodiscard]] const RecordedDecision* recorded(Index rule) const;
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
  [[nodiscard]] Vals each(const Node& list);
};

/// What an operation looks at: most often a known value that is not computed but lies somewhere (a fact, a constant, a
/// rule evaluated before), and is not copied.
class Operand {
 public:
  Operand(Evaluator::State& state, const Code& code) {
    if (state.steps < state.limits.steps) value_ = state.lying(*code);
    if (value_ != nullptr) {
      ++state.steps;
      return;
    }
    own_ = state.eval(code);
    value_ = &own_->value;
  }
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;

  [[nodiscard]] Status status() const { return own_ ? own_->status : Status::kKnown; }
  [[nodiscard]] bool known() const { return status() == Status::kKnown; }
  /// REQUIRES known.
  [[nodiscard]] const Value& operator*() const { return *value_; }
  [[nodiscard]] const Value* operator->() const { return value_; }
  /// What was computed, known or not; null: it is known and lies somewhere.
  [[nodiscard]] const Val* computed() const { return own_ ? &*own_ : nullptr; }

 private:
  std::optional<Val> own_;
  const Value* value_ = nullptr;
};

/// Conjunction or disjunction of conclusions: an error dominates, then the deciding value, then undetermined, then
/// aucune.
[[nodiscard]] Val combine(std::span<const Val> operands, bool deciding);
/// For operations that need all operands: the error, the aucune or the undetermined that stops them; nothing if all
/// known.
[[nodiscard]] std::optional<Val> strict(std::span<const Val* const> operands);
[[nodiscard]] inline std::optional<Val> strict(std::initializer_list<const Val*> operands) {
  return strict(std::span(operands.begin(), operands.size()));
}
[[nodiscard]] std::optional<Val> strict(std::initializer_list<const Operand*> operands);
[[nodiscard]] Result to_result(const Val& val);

/// −1, 0, 1; nothing when the two have no order (durations mixing months and days).
[[nodiscard]] std::optional<int> order(const Value& a, const Value& b);
/// Numbers of any kind by what they are worth.
[[nodiscard]] bool same_value(const Value& a, const Value& b);
[[nodiscard]] bool contains(const std::vector<Value>& list, const Value& value);
/// A number of any kind on one scale: 10⁻⁹ of a cent, a unit or one.
[[nodiscard]] Int128 scaled(const Value& value);
/// Back from the common scale into the type of a result.
[[nodiscard]] Val unscaled(std::optional<Int128> nano, Type::Kind kind);
[[nodiscard]] Val overflow(const char* what);
/// A duration, unless it is longer than any.
[[nodiscard]] Val lasting(Int128 months, Int128 days);
[[nodiscard]] Val without_order();

}  // namespace assemblier::dsl
