#pragma once
// The values of the naive evaluator: everything by name, quantities as unbounded fractions, dates of the standard
// library. Slow and obvious on purpose; shares nothing with dsl/values beyond the literals of the syntax tree.

#include "dsl/program.hpp"

#include <chrono>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <boost/multiprecision/cpp_int.hpp>

namespace assemblier::dsl::oracle {

using Whole = boost::multiprecision::cpp_int;
using Fraction = boost::multiprecision::cpp_rational;
using Day = std::chrono::sys_days;

/// The whole number that `fraction` rounds to.
[[nodiscard]] Whole rounded(const Fraction& fraction, Rounding mode);

enum class Unit { kNumber, kMoney, kRate };

/// `amount` in units, in cents, or as a plain ratio. Unrounded ones are never kept, but may be compared.
struct Quantity {
  Unit unit = Unit::kNumber;
  Fraction amount;
  bool exact = false;  ///< an unrounded product
};

struct Period {
  Whole months, days;
};

struct Text {
  std::string text;
};

/// A value of an énumération or a row of a table. A constant written in the rules may belong to several types: it is
/// each of them until it meets something else.
struct Constant {
  std::string name;
  std::vector<std::string> types;
};

struct Thing;
using Things = std::vector<Thing>;
struct Entry;
using Entries = std::vector<Entry>;

struct Thing {
  std::variant<bool, Quantity, Day, Period, Text, Constant, Things, Entries> is;
};

struct Entry {
  Thing key, value;
};

[[nodiscard]] bool operator==(const Thing& a, const Thing& b);
[[nodiscard]] bool operator==(const Entry& a, const Entry& b);
[[nodiscard]] bool contains(const Things& things, const Thing& thing);
[[nodiscard]] Things without_doubles(const Things& things);

/// In the language's own words.
[[nodiscard]] std::string show(const Thing& thing);

// ---------------------------------------------------------------- between the two evaluators

[[nodiscard]] Thing from(const Program& program, const Value& value);
[[nodiscard]] Value to(const Program& program, const Thing& thing);
/// A literal of the syntax tree: never an énumération's value, a row or a collection.
[[nodiscard]] Thing from_literal(const Value& value);

}  // namespace assemblier::dsl::oracle
