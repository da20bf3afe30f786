#pragma once
// How answers come together: what an operand that is not known does to the whole.

#include "tests/dsl/oracle/oracle.hpp"

#include <algorithm>
#include <optional>

namespace assemblier::dsl::oracle {

inline Answer known(Thing value) {
  Answer answer;
  answer.status = Status::kKnown;
  answer.value = std::move(value);
  return answer;
}

inline Answer truth(bool value) { return known({value}); }

inline Answer error(std::string code) {
  Answer answer;
  answer.status = Status::kError;
  answer.code = std::move(code);
  return answer;
}

inline bool is(const Answer& answer, Status status) { return answer.status == status; }
inline bool is(const Answer& answer, bool value) {
  return answer.status == Status::kKnown && std::get<bool>(answer.value.is) == value;
}

/// `non`
inline Answer opposite(Answer answer) {
  if (is(answer, Status::kKnown)) answer.value = {!std::get<bool>(answer.value.is)};
  return answer;
}

/// Adds what `from` lacks to what `into` lacks.
inline void unite_missing(Answer& into, const Answer& from) {
  into.missing.insert(from.missing.begin(), from.missing.end());
  for (const Thing& member : from.members)
    if (!contains(into.members, member)) into.members.push_back(member);
}

inline void unite_reasons(Answer& into, const Answer& from) {
  for (const std::string& reason : from.reasons)
    if (std::ranges::count(into.reasons, reason) == 0) into.reasons.push_back(reason);
}

inline std::optional<Answer> first_error(const std::vector<Answer>& answers) {
  for (const Answer& answer : answers)
    if (is(answer, Status::kError)) return answer;
  return {};
}

inline std::optional<Answer> united_none(const std::vector<Answer>& answers) {
  std::optional<Answer> none;
  for (const Answer& answer : answers)
    if (is(answer, Status::kNone)) {
      if (!none) none.emplace().status = Status::kNone;
      unite_reasons(*none, answer);
    }
  return none;
}

inline std::optional<Answer> united_unknown(const std::vector<Answer>& answers) {
  std::optional<Answer> unknown;
  for (const Answer& answer : answers)
    if (is(answer, Status::kUndetermined)) {
      if (!unknown) unknown.emplace();
      unite_missing(*unknown, answer);
    }
  return unknown;
}

/// What a strict operator concludes when its operands are not all known.
inline std::optional<Answer> blocked(const std::vector<Answer>& operands) {
  if (auto answer = first_error(operands)) return answer;
  if (auto answer = united_none(operands)) return answer;
  return united_unknown(operands);
}

}  // namespace assemblier::dsl::oracle
