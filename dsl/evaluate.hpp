#pragma once
// evaluate(program, facts) → décisions and motifs. Total and bounded: every evaluation ends, its cost is bounded by the
// size of the facts and an option. Strong Kleene logic: facts may be missing (DESIGN §4, points 1–4, 9, 11).
//
// Thread-safety: an Evaluator belongs to one thread; programs are shared.
//
//   Evaluator evaluator(program, {.objet = 0, .facts = &facts});
//   const Result& result = evaluator.rule(program.find_rule("échelle"));

#include "dsl/program.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace assemblier::dsl {

enum class Status { kKnown, kUndetermined, kNone, kError };

struct Info;  ///< the evaluator's inside (evaluate_core.hpp)

/// A fact that can be missing: fields first, then recorded décisions (kRecordedBase + rule), then données (kDonneeBase
/// + index).
using FactId = std::uint32_t;
inline constexpr FactId kRecordedBase = 1U << 20U;
inline constexpr FactId kDonneeBase = 1U << 21U;

/// What a rule or an expression concludes.
struct Result {
  Status status = Status::kUndetermined;
  Value value;                         ///< kKnown
  std::vector<FactId> missing;         ///< kUndetermined: sorted (order of declaration), unique
  std::vector<Value> missing_members;  ///< kUndetermined: members of a scrutin who have not spoken, in order, unique
  std::vector<std::string> reasons;    ///< kNone: why, in order, unique
  std::string code, message;           ///< kError: stable code (E0001 …) and French message
  std::vector<Index> unmet;            ///< a condition known to be false: its false exigences

  [[nodiscard]] bool is_true() const { return status == Status::kKnown && value.get<bool>() && value.as<bool>(); }
  [[nodiscard]] bool is_false() const { return status == Status::kKnown && value.get<bool>() && !value.as<bool>(); }
};

/// Same conclusion: status and what belongs to it (not messages, not motifs).
[[nodiscard]] bool same(const Result& a, const Result& b);

/// A décision as an acte recorded it. Only known and none are recorded as answers; undetermined is recorded as such.
struct RecordedDecision {
  Status status = Status::kUndetermined;
  Value value;
  std::vector<std::string> reasons;
};
/// By rule; null: none was. Shared, since each acte on an objet leaves most of them as they are.
using Recorded = std::vector<std::shared_ptr<const RecordedDecision>>;

/// Everything an evaluation may look at. Pointers may be null: nothing there.
struct Context {
  Index objet = 0;
  const std::vector<std::optional<Value>>* facts = nullptr;    ///< by field
  const std::vector<std::optional<Value>>* donnees = nullptr;  ///< by donnée of the acte
  const Recorded* recorded = nullptr;                          ///< by rule
  std::optional<Value> actor;                                  ///< value of the role's type, or text
  std::optional<Date> acte_date;
  std::optional<Index> etat;
  const std::vector<Value>* each = nullptr;  ///< variables of a tableau's `pour chaque`
};

/// What was looked at and what came of it, as a tree: rules, their cases or exigences, facts. Compact enough to be
/// recorded (flattened, see engine/), complete enough to be told in sentences from the édition.
struct Trace {
  enum class Kind : std::uint8_t { kRule, kCase, kExigence, kFact, kParameter };
  Kind kind = Kind::kRule;
  bool repeated = false;               ///< a rule already told above: no children
  Status status = Status::kKnown;      ///< kRule: its conclusion · kCase, kExigence: that of the condition
  Index id = 0;                        ///< rule, case or exigence number, fact id, parameter
  Value value;                         ///< of that conclusion
  std::shared_ptr<const Info> info{};  ///< what else belongs to it
  std::vector<Trace> children{};

  [[nodiscard]] Result result() const;
};

struct EvaluateLimits {
  std::uint64_t steps = 50'000'000;  ///< nodes evaluated; beyond: E0009. Facts of 10,000 elements stay far below
};

class Evaluator {
 public:
  Evaluator(const Program& program, const Context& context, const EvaluateLimits& limits = {});
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// The same code path with or without trace; a rule is evaluated once and remembered.
  [[nodiscard]] const Result& rule(Index rule, Trace* trace = nullptr);
  [[nodiscard]] Result expression(const Code& code, Trace* trace = nullptr);
  /// Each exigence in order; used for conditions and for actes.
  [[nodiscard]] std::vector<Result> exigences(const std::vector<ExigenceInfo>& list, Trace* trace = nullptr);
  /// Whether exigences() would find every one true; stops at the first that is not.
  [[nodiscard]] bool hold(const std::vector<ExigenceInfo>& list);

  struct State;  ///< the evaluator's inside (evaluate_core.hpp)

 private:
  std::unique_ptr<State> state_;
};

/// The name of a missing fact: field, "échelle retenue", donnée (needs the acte).
[[nodiscard]] std::string fact_name(const Program& program, Index objet, FactId fact, const ActeInfo* acte = nullptr);

/// The smallest change that would make a false condition true, in French, with the values at hand; empty when none is
/// simple. E.g. « subvention demandée : au plus 9 600,00 € (elle est de 12 000,00 €) ».
[[nodiscard]] std::string remedy(const Program& program, const Context& context, const Code& condition);
/// Why a condition is what it is: its comparisons with both values, in French.
[[nodiscard]] std::string values_in(const Program& program, const Context& context, const Code& condition);

/// A trace told in French, indented two blanks a level: rule, value, article, cases, facts. `trace` is the root that
/// was given to the evaluator: it holds what was asked, one child each.
[[nodiscard]] std::string tell(const Program& program, const Context& context, const Trace& trace);

// ---------------------------------------------------------------- scenarios

struct ScenarioOutcome {
  Index scenario = 0;
  bool passed = false;
  std::vector<std::string> failures;  ///< French: expected, found, and why
};
[[nodiscard]] std::vector<ScenarioOutcome> run_scenarios(const Program& program);

}  // namespace assemblier::dsl
