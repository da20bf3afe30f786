#pragma once
// syntax tree → names resolved, types and rules checked → program.
//
// Thread-safety: pure function.

#include "dsl/parse.hpp"
#include "dsl/program.hpp"

namespace assemblier::dsl {

/// `parsed.diagnostics` are carried over. `source` is the text `parsed` came from.
[[nodiscard]] Compiled check(const Parsed& parsed, std::string_view source);

}  // namespace assemblier::dsl
