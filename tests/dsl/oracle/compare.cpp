#include "tests/dsl/oracle/compare.hpp"

namespace assemblier::dsl::oracle {

Answer from(const Program& program, const Result& result) {
  Answer answer;
  answer.status = result.status;
  switch (result.status) {
    case Status::kKnown:
      answer.value = from(program, result.value);
      answer.unmet.assign(result.unmet.begin(), result.unmet.end());
      break;
    case Status::kUndetermined:
      answer.missing.insert(result.missing.begin(), result.missing.end());
      for (const Value& member : result.missing_members) answer.members.push_back(from(program, member));
      break;
    case Status::kNone:
      answer.reasons = result.reasons;
      break;
    case Status::kError:
      answer.code = result.code;
      break;
  }
  return answer;
}

std::vector<std::optional<Value>> fields(const Program& program, const Facts& facts) {
  std::vector<std::optional<Value>> values(program.objets.at(0).fields.size());
  for (const auto& [name, thing] : facts.fields) values.at(program.find_field(0, name)) = to(program, thing);
  return values;
}

Recorded recorded(const Program& program, const Facts& facts) {
  Recorded decisions(program.rules.size());
  for (const auto& [name, answer] : facts.recorded) {
    RecordedDecision decision{.status = answer.status, .reasons = answer.reasons};
    if (answer.status == Status::kKnown) decision.value = to(program, answer.value);
    decisions.at(program.find_rule(name)) = std::make_shared<const RecordedDecision>(std::move(decision));
  }
  return decisions;
}

}  // namespace assemblier::dsl::oracle
