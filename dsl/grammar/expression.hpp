#pragma once
// The rules of expressions that other clauses use; defined and instantiated once, in expression.cpp.

#include "dsl/ast.hpp"
#include "dsl/grammar/primitives.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace assemblier::dsl::grammar {

/// An expression being built. `extent` takes its parentheses in, `expr->span` does not.
struct Node {
  std::shared_ptr<ast::Expr> expr;
  std::uint32_t depth = 0;
  Span extent;
  std::uint32_t items = 1;  ///< of `values`: how many were listed
};

/// Gives the node of a rule its place.
struct TakePlace {
  void operator()(const State& state, Node& node, Iterator begin, Iterator end) const {
    node.extent = state.span(begin, end);
    if (node.expr && node.expr->span == Span{}) node.expr->span = node.extent;
  }
};
inline constexpr after_gen<TakePlace> placed{};

struct expression_id {};
struct values_id {};
struct sum_id {};
struct in_values_id {};
struct primary_id {};
struct comparison_id {};
struct type_id {};

const x3::rule<expression_id, Node> expression{"une valeur"};
const x3::rule<values_id, Node> values{"une valeur"};
const x3::rule<sum_id, Node> sum{"une valeur"};
const x3::rule<in_values_id, Node> in_values{"une valeur"};
const x3::rule<primary_id, Node> primary{"une valeur"};
const x3::rule<type_id, ast::TypePtr> type{"un type"};
BOOST_SPIRIT_DECLARE(decltype(expression), decltype(values), decltype(sum), decltype(in_values), decltype(primary),
                     decltype(type))

/// _val.member = the expression
template <class T>
constexpr auto set_expr(ast::ExprPtr T::* member) {
  return [member](auto& context) { x3::_val(context).*member = std::move(x3::_attr(context).expr); };
}

}  // namespace assemblier::dsl::grammar
