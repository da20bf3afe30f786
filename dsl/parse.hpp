#pragma once
// text → syntax tree (Spirit X3 over tokens).
//
// Thread-safety: pure functions.
//
//   Parsed parsed = parse(text); if (!has_errors(parsed.diagnostics)) use(*parsed.file);

#include "dsl/ast.hpp"

#include <string_view>

namespace assemblier::dsl {

/// Limits with their reasons; beyond them a diagnostic, never a crash.
struct ParseLimits {
  std::size_t source_bytes = 4U << 20U;  ///< forty times the largest édition foreseen
  std::size_t nesting = 100;             ///< parentheses: recursion of the grammar stays far from the stack's end
  std::size_t names = 20'000;
  std::size_t diagnostics = 100;  ///< more are counted, not shown
  std::size_t clause_tokens = 20'000;
};

struct Parsed {
  std::shared_ptr<const ast::File> file;  ///< every clause without error; clauses with errors are left out, but the
                                          ///< names they declare are in `poisoned`
  std::vector<std::string> poisoned;      ///< names declared by clauses that did not parse: never « inconnu »
  std::vector<Diagnostic> diagnostics;    ///< in order of place
};

/// Diagnostics R0001–R0199.
[[nodiscard]] Parsed parse(std::string_view source, const ParseLimits& limits = {});

}  // namespace assemblier::dsl
