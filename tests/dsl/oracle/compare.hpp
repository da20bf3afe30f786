#pragma once
// The real evaluator's answer in the oracle's terms.

#include "tests/dsl/oracle/oracle.hpp"

namespace assemblier::dsl::oracle {

[[nodiscard]] Answer from(const Program& program, const Result& result);
/// As the real evaluator wants them; `recorded` too.
[[nodiscard]] std::vector<std::optional<Value>> fields(const Program& program, const Facts& facts);
[[nodiscard]] Recorded recorded(const Program& program, const Facts& facts);

}  // namespace assemblier::dsl::oracle
