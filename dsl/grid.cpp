#include "dsl/grid.hpp"

#include <iterator>
#include <utility>

namespace assemblier::dsl {
namespace {

ast::ExprPtr make(decltype(ast::Expr::node) node, Span span) {
  return std::make_shared<const ast::Expr>(ast::Expr{std::move(node), span});
}

ast::ExprPtr cell_condition(const ast::ExprPtr& column, const grammar::GridCell& cell) {
  switch (cell.kind) {
    case grammar::GridCell::Kind::kAny:
      return nullptr;
    case grammar::GridCell::Kind::kCompare:
      return make(ast::Binary{cell.op, column, cell.value}, cell.span);
    case grammar::GridCell::Kind::kBetween:
      return make(ast::Between{column, cell.value, cell.high}, cell.span);
    case grammar::GridCell::Kind::kOneOf:
      if (cell.several) return make(ast::In{column, cell.value, cell.negated}, cell.span);
      return make(ast::Binary{cell.negated ? ast::BinaryOp::kNe : ast::BinaryOp::kEq, column, cell.value}, cell.span);
  }
  return nullptr;
}

}  // namespace

ast::ExprPtr row_condition(const std::vector<ast::ExprPtr>& columns, const std::vector<grammar::GridCell>& cells,
                           Span span) {
  ast::ExprPtr out;
  for (std::size_t i = 0; i < cells.size() && i < columns.size(); ++i) {
    ast::ExprPtr condition = cell_condition(columns[i], cells[i]);
    if (!condition) continue;
    const Span joined = out ? Span{out->span.begin, condition->span.end} : condition->span;
    out = out ? make(ast::Binary{ast::BinaryOp::kAnd, out, condition}, joined) : condition;
  }
  return out ? out : make(ast::Literal{Value{true}}, span);
}

ast::ExprPtr RowsBefore::and_none_before(const ast::ExprPtr& condition) const {
  if (parts_.empty()) return condition;
  ast::ExprPtr any = parts_.back().any;
  for (auto part = std::next(parts_.rbegin()); part != parts_.rend(); ++part) {
    any = make(ast::Binary{ast::BinaryOp::kOr, part->any, any}, condition->span);
  }
  const auto none = make(ast::Unary{ast::UnaryOp::kNot, any}, condition->span);
  return make(ast::Binary{ast::BinaryOp::kAnd, condition, none}, condition->span);
}

void RowsBefore::add(ast::ExprPtr condition) {
  Part part{std::move(condition), 1};
  while (!parts_.empty() && parts_.back().rows == part.rows) {
    part.any = make(ast::Binary{ast::BinaryOp::kOr, parts_.back().any, part.any}, part.any->span);
    part.rows *= 2;
    parts_.pop_back();
  }
  parts_.push_back(std::move(part));
}

}  // namespace assemblier::dsl
