#pragma once
// Nodes of the syntax tree from their parts.

#include "dsl/grammar/expression.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace assemblier::dsl::grammar {

template <class C>
Node make(const C& context, decltype(ast::Expr::node) node, std::initializer_list<const Node*> parts, Span span = {}) {
  Node out;
  for (const Node* part : parts) out.depth = std::max(out.depth, part->depth);
  ++out.depth;
  if (out.depth > kTreeDepth) throw TooDeep{state_of(context).farthest};
  out.expr = std::make_shared<ast::Expr>(ast::Expr{std::move(node), span});
  out.extent = span;
  return out;
}

inline Span join(const Node& a, const Node& b) { return {a.extent.begin, b.extent.end}; }

template <class C>
Node binary(const C& context, ast::BinaryOp op, const Node& left, const Node& right) {
  return make(context, ast::Binary{op, left.expr, right.expr}, {&left, &right}, join(left, right));
}

template <class C>
Node negated(const C& context, const Node& operand) {
  return make(context, ast::Unary{ast::UnaryOp::kNot, operand.expr}, {&operand}, operand.extent);
}

template <class C>
Node list(const C& context, const std::vector<Node>& items) {
  if (items.size() == 1) return items.front();
  ast::ListLiteral literal;
  std::uint32_t depth = 0;
  for (const Node& item : items) {
    literal.items.push_back(item.expr);
    depth = std::max(depth, item.depth);
  }
  Node out = make(context, std::move(literal), {});
  out.depth = depth + 1;
  if (out.depth > kTreeDepth) throw TooDeep{state_of(context).farthest};
  out.items = static_cast<std::uint32_t>(items.size());
  return out;
}

template <class C>
Node literal(const C& context, Value value) {
  return make(context, ast::Literal{std::move(value)}, {});
}

}  // namespace assemblier::dsl::grammar
