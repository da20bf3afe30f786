#pragma once
// Compiled expressions: names are indices, overloads are settled. Private to the checker and the evaluator.
//
// Thread-safety: immutable once built.

#include "dsl/program.hpp"

namespace assemblier::dsl {

enum class Op {
  kConst,
  kField,   // a: field
  kDonnee,  // a: donnée
  kActor,
  kActeDate,
  kEtat,
  kEach,         // a: variable of a tableau
  kElement,      // a: depth of the enclosing `dont`/`vérifient`, 0 the outermost
  kParameter,    // a: parameter, its only value
  kParameterAt,  // a: parameter; kid 0: date
  kRule,         // a: rule
  kRecorded,     // a: rule
  kNot,
  kAnd,  // n-ary
  kOr,   // n-ary
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kNegate,
  kAdd,
  kSub,
  kMul,
  kDateShift,  // a: 1 adds, 0 subtracts; month_end
  kDateDiff,
  kExcept,
  kUnion,
  kIn,  // kids: item, list; a: 1 negated
  kBetween,
  kQuantified,  // a: ast::Quantifier, b: ast::Quantified::Test; kids: source, argument
  kColumn,      // a: column; kid: a row
  kProject,     // a: column; kid: a list of rows; b: 1 when the column is a list (flattened)
  kLookup,      // kids: association, key; a: fact the association comes from, or kNoIndex
  kDatePart,    // a: 0 year, 1 month, 2 day
  kFilter,      // kids: source, condition
  kDistinct,
  kCount,
  kSum,
  kMin,
  kMax,
  kKeys,
  kValues,
  kList,
  kIf,
  kRound,    // kids: operand [, divisor]; rounding; unit; type: the result
  kVote,     // a: rule; b: 1 missing members
  kIsNone,   // a: 1 negated
  kIsKnown,  // a: 1 negated
};

struct Node {
  Op op = Op::kConst;
  Index a = 0, b = 0;
  MonthEnd month_end = MonthEnd::kError;
  Rounding rounding = Rounding::kHalfAway;
  Int128 unit = 1;  ///< kRound: of the result's smallest unit
  TypeRef type;
  Value constant;
  std::vector<Code> kids;
  Span span;
};

/// The fact an association node stands for, through définitions: a field, a donnée, or kNoIndex.
[[nodiscard]] Index origin(const Program& program, const Code& code);

}  // namespace assemblier::dsl
