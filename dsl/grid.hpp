#pragma once
// A grille is cases written as a table: each row becomes `result quand condition`.
//
// Thread-safety: pure functions.

#include "dsl/grammar/grammar.hpp"

#include <vector>

namespace assemblier::dsl {

/// What the cells of a row say of the header's expressions; `oui` when every cell is `-`.
[[nodiscard]] ast::ExprPtr row_condition(const std::vector<ast::ExprPtr>& columns,
                                         const std::vector<grammar::GridCell>& cells, Span span);

/// For `première ligne qui convient`: the conditions of the rows before, joined as a balanced tree whose parts are
/// shared.
class RowsBefore {
 public:
  /// `condition`, and none of the rows before.
  [[nodiscard]] ast::ExprPtr and_none_before(const ast::ExprPtr& condition) const;
  void add(ast::ExprPtr condition);

 private:
  struct Part {
    ast::ExprPtr any;
    std::size_t rows;
  };
  std::vector<Part> parts_;  // sizes are decreasing powers of two
};

}  // namespace assemblier::dsl
