#pragma once
// Numbers as French people type them: `1 234`, `1 234,56 €`, `80 %`, `24/01/2024`, `24 janvier 2024`, `2024-01-24`.
//
// Thread-safety: pure functions.

#include "dsl/lexer.hpp"

namespace assemblier::dsl {

struct NumberScan {
  std::size_t end = 0;  ///< where it began if no number stands there (`59014A`, `1er` are words)
  TokenKind kind = TokenKind::kInteger;
  Value value;
  std::string_view code;  ///< of the diagnostic, if it cannot be read
  std::string message;
  std::string help;
};

/// REQUIRES a digit at `at`.
[[nodiscard]] NumberScan scan_number(std::string_view source, std::size_t at);

}  // namespace assemblier::dsl
