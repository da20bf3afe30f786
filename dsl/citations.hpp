#pragma once
// `source ID § reference ; ID § reference` at the end of a line.
//
// Thread-safety: immutable once built.

#include "dsl/ast.hpp"
#include "dsl/lexer.hpp"

#include <string_view>
#include <vector>

namespace assemblier::dsl {

class Citations {
 public:
  /// Collects the names of the sources that the file declares.
  explicit Citations(const std::vector<Token>& tokens);
  /// The references that begin at `tokens[i]` and end at offset `line_end`; empty if none begins there.
  [[nodiscard]] std::vector<ast::SourceRef> read(std::string_view source, const std::vector<Token>& tokens,
                                                 std::size_t i, std::size_t line_end, bool indented) const;

 private:
  /// Tokens that name a declared source at `i`, 0 if none.
  [[nodiscard]] std::size_t declared(const std::vector<Token>& tokens, std::size_t i) const;

  std::vector<std::vector<WordId>> names_;
};

}  // namespace assemblier::dsl
