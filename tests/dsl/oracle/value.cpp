#include "tests/dsl/oracle/value.hpp"

#include <algorithm>
#include <stdexcept>

namespace assemblier::dsl::oracle {

namespace {

const Fraction kBillion = 1'000'000'000;

Whole floor(const Fraction& fraction) {
  const Whole above = numerator(fraction);
  const Whole below = denominator(fraction);  // always positive
  Whole result = above / below;
  if (result * below > above) --result;
  return result;
}

Whole whole(Int128 value) {
  const bool negative = value < 0;
  Whole result = 0;
  Whole power = 1;
  while (value != 0) {
    const int digit = static_cast<int>(value % 1'000'000);
    result += power * (negative ? -digit : digit);
    power *= 1'000'000;
    value /= 1'000'000;
  }
  return negative ? Whole(-result) : result;
}

std::int64_t small(const Fraction& fraction) {
  if (denominator(fraction) != 1) throw std::logic_error("not a whole number");
  return numerator(fraction).convert_to<std::int64_t>();
}

bool share_a_type(const Constant& a, const Constant& b) {
  return std::ranges::any_of(a.types, [&b](const auto& type) { return std::ranges::count(b.types, type) > 0; });
}

const std::string kThin = "\xE2\x80\xAF";  // U+202F

/// 1234 → "1 234"
std::string in_threes(const Whole& value) {
  const std::string digits = value.str();
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += kThin;
    text += digits[i];
  }
  return text;
}

std::string padded(const Whole& value, std::size_t width) {
  std::string digits = value.str();
  while (digits.size() < width) digits.insert(0, 1, '0');
  return digits;
}

std::string show(const Quantity& quantity) {
  const bool negative = quantity.amount < 0;
  const Fraction size = negative ? Fraction(-quantity.amount) : quantity.amount;
  const std::string sign = negative ? "−" : "";
  switch (quantity.unit) {
    case Unit::kNumber:
      return (negative ? "-" : "") + floor(size).str();
    case Unit::kMoney: {
      const Whole cents = floor(size);
      return sign + in_threes(cents / 100) + "," + padded(cents % 100, 2) + kThin + "€";
    }
    case Unit::kRate: {
      const Whole ten_millionths = floor(size * kBillion);  // of a percent
      const Whole one = 10'000'000;
      std::string decimals = padded(ten_millionths % one, 7);
      while (decimals.ends_with('0')) decimals.pop_back();
      return sign + in_threes(ten_millionths / one) + (decimals.empty() ? "" : "," + decimals) + kThin + "%";
    }
  }
  return {};
}

std::string show(Day day) {
  const std::chrono::year_month_day at(day);
  return padded(static_cast<unsigned>(at.day()), 2) + "/" + padded(static_cast<unsigned>(at.month()), 2) + "/" +
         padded(static_cast<int>(at.year()), 4);
}

std::string counted(const Whole& count, const std::string& one) {
  return count.str() + " " + one + (count > 1 ? "s" : "");
}

std::string show(const Period& period) {
  std::vector<std::string> parts;
  if (period.months != 0)
    parts.push_back(period.months % 12 == 0 ? counted(period.months / 12, "an") : period.months.str() + " mois");
  if (period.days != 0 || parts.empty()) parts.push_back(counted(period.days, "jour"));
  return parts.size() == 2 ? parts[0] + " et " + parts[1] : parts[0];
}

std::string show(const Things& things) {
  std::string text;
  for (const Thing& thing : things) text += (text.empty() ? "" : ", ") + oracle::show(thing);
  return things.empty() ? "(liste vide)" : text;
}

std::string show(const Entries& entries) {
  std::string text;
  for (const auto& [key, value] : entries)
    text += (text.empty() ? "" : ", ") + oracle::show(key) + " : " + oracle::show(value);
  return entries.empty() ? "(aucune entrée)" : text;
}

template <class Named>
std::uint32_t position(const std::vector<Named>& list, const std::string& name) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i].name == name) return static_cast<std::uint32_t>(i);
  throw std::logic_error("unknown to the program: " + name);
}

struct ToValue {
  const Program& program;

  Value operator()(bool value) const { return Value(value); }
  Value operator()(const Quantity& quantity) const {
    switch (quantity.unit) {
      case Unit::kNumber:
        return Value(small(quantity.amount));
      case Unit::kMoney:
        return Value(Montant{small(quantity.amount)});
      case Unit::kRate:
        return Value(Taux{small(quantity.amount * kBillion)});
    }
    throw std::logic_error("unit");
  }
  Value operator()(Day day) const { return Value(Date{static_cast<std::int32_t>(day.time_since_epoch().count())}); }
  Value operator()(const Period& period) const {
    return Value(Duree{period.months.convert_to<std::int32_t>(), period.days.convert_to<std::int32_t>()});
  }
  Value operator()(const Text& text) const { return Value(text.text); }
  Value operator()(const Constant& constant) const {
    const std::string& type = constant.types.front();
    if (std::ranges::count(program.enums, type, &EnumInfo::name) > 0) {
      const std::uint32_t at = position(program.enums, type);
      return Value(EnumValue{at, position(program.enums[at].items, constant.name)});
    }
    const std::uint32_t at = position(program.tables, type);
    const auto& keys = program.tables[at].keys;
    return Value(Row{at, static_cast<std::uint32_t>(std::ranges::find(keys, constant.name) - keys.begin())});
  }
  Value operator()(const Things& things) const {
    std::vector<Value> items;
    for (const Thing& thing : things) items.push_back(std::visit(*this, thing.is));
    return make_list(std::move(items));
  }
  Value operator()(const Entries& entries) const {
    std::vector<std::pair<Value, Value>> pairs;
    for (const auto& [key, value] : entries) pairs.emplace_back(std::visit(*this, key.is), std::visit(*this, value.is));
    return make_map(std::move(pairs));
  }
};

}  // namespace

Whole rounded(const Fraction& fraction, Rounding mode) {
  const Whole low = floor(fraction);
  const Fraction rest = fraction - Fraction(low);
  if (rest == 0) return low;
  const Whole high = low + 1;
  const Fraction half(1, 2);
  switch (mode) {
    case Rounding::kFloor:
      return low;
    case Rounding::kCeiling:
      return high;
    case Rounding::kTruncate:
      return fraction > 0 ? low : high;
    case Rounding::kHalfAway:
      if (rest == half) return fraction > 0 ? high : low;
      return rest < half ? low : high;
    case Rounding::kHalfEven:
      if (rest == half) return low % 2 == 0 ? low : high;
      return rest < half ? low : high;
  }
  return low;
}

bool operator==(const Thing& a, const Thing& b) {
  if (a.is.index() != b.is.index()) return false;
  if (const auto* left = std::get_if<bool>(&a.is)) return *left == std::get<bool>(b.is);
  if (const auto* left = std::get_if<Quantity>(&a.is)) {
    const auto& right = std::get<Quantity>(b.is);
    return left->unit == right.unit && left->amount == right.amount;
  }
  if (const auto* left = std::get_if<Day>(&a.is)) return *left == std::get<Day>(b.is);
  if (const auto* left = std::get_if<Period>(&a.is)) {
    const auto& right = std::get<Period>(b.is);
    return left->months == right.months && left->days == right.days;
  }
  if (const auto* left = std::get_if<Text>(&a.is)) return left->text == std::get<Text>(b.is).text;
  if (const auto* left = std::get_if<Constant>(&a.is)) {
    const auto& right = std::get<Constant>(b.is);
    return left->name == right.name && share_a_type(*left, right);
  }
  if (const auto* left = std::get_if<Things>(&a.is)) return *left == std::get<Things>(b.is);
  const auto& left = std::get<Entries>(a.is);
  const auto& right = std::get<Entries>(b.is);
  return left.size() == right.size() &&
         std::ranges::all_of(left, [&right](const auto& entry) { return std::ranges::count(right, entry) == 1; });
}

bool operator==(const Entry& a, const Entry& b) { return a.key == b.key && a.value == b.value; }

bool contains(const Things& things, const Thing& thing) { return std::ranges::count(things, thing) > 0; }

Things without_doubles(const Things& things) {
  Things kept;
  for (const Thing& thing : things)
    if (!contains(kept, thing)) kept.push_back(thing);
  return kept;
}

std::string show(const Thing& thing) {
  return std::visit(
      [](const auto& is) -> std::string {
        using T = std::remove_cvref_t<decltype(is)>;
        if constexpr (std::is_same_v<T, bool>) return is ? "oui" : "non";
        if constexpr (std::is_same_v<T, Text>) return is.text;
        if constexpr (std::is_same_v<T, Constant>) return is.name;
        if constexpr (!std::is_same_v<T, bool> && !std::is_same_v<T, Text> && !std::is_same_v<T, Constant>)
          return show(is);
      },
      thing.is);
}

Thing from_literal(const Value& value) {
  if (const auto* is = value.get<bool>()) return {*is};
  if (const auto* is = value.get<std::int64_t>()) return {Quantity{Unit::kNumber, *is}};
  if (const auto* is = value.get<Montant>()) return {Quantity{Unit::kMoney, is->centimes}};
  if (const auto* is = value.get<Taux>()) return {Quantity{Unit::kRate, Fraction(is->nano) / kBillion}};
  if (const auto* is = value.get<Exact>())
    return {Quantity{is->money ? Unit::kMoney : Unit::kNumber, Fraction(whole(is->nano)) / kBillion, true}};
  if (const auto* is = value.get<Date>()) return {Day(std::chrono::days(is->days))};
  if (const auto* is = value.get<Duree>()) return {Period{is->months, is->days}};
  if (const auto* is = value.get<std::string>()) return {Text{*is}};
  throw std::logic_error("not a literal");
}

Thing from(const Program& program, const Value& value) {
  if (const auto* is = value.get<EnumValue>()) {
    const EnumInfo& type = program.enums.at(is->type);
    return {Constant{type.items.at(is->value).name, {type.name}}};
  }
  if (const auto* is = value.get<Row>()) {
    const TableInfo& table = program.tables.at(is->table);
    return {Constant{table.keys.at(is->row), {table.name}}};
  }
  if (const auto* is = value.get<List>()) {
    Things things;
    for (const Value& item : **is) things.push_back(from(program, item));
    return {std::move(things)};
  }
  if (const auto* is = value.get<Map>()) {
    Entries entries;
    for (const auto& [key, item] : **is) entries.emplace_back(from(program, key), from(program, item));
    return {std::move(entries)};
  }
  return from_literal(value);
}

Value to(const Program& program, const Thing& thing) { return std::visit(ToValue{program}, thing.is); }

}  // namespace assemblier::dsl::oracle
