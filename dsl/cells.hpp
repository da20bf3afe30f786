#pragma once
// Rows of tables and grids: cells separated by `|`.
//
// Thread-safety: pure functions.

#include "dsl/ast.hpp"
#include "dsl/lexer.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace assemblier::dsl {

using TokenRange = std::pair<const Token*, const Token*>;

/// The ranges between the `|` that stand outside parentheses.
[[nodiscard]] std::vector<TokenRange> split_cells(const Token* first, const Token* last);
/// A cell of a table; `end` is where an empty one is placed.
[[nodiscard]] ast::TableDecl::Cell table_cell(TokenRange cell, std::string_view source, std::uint32_t end);

}  // namespace assemblier::dsl
