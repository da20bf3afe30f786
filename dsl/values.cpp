#include "dsl/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace assemblier::dsl {

namespace {

constexpr std::string_view kNarrowSpace = "\u202f";

bool leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_in_month(int year, int month) {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && leap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

/// Days since 1970-01-01 (H. Hinnant's era arithmetic).
std::int32_t days_from_civil(int year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int era = (year >= 0 ? year : year - 399) / 400;
  const int year_of_era = year - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1U : static_cast<std::uint64_t>(value);
}

std::string grouped(std::uint64_t whole) {
  std::string digits = std::to_string(whole);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, kNarrowSpace);
  }
  return digits;
}

/// Digits, optional point and decimals, optional minus; scaled by 10^decimals.
std::optional<std::int64_t> parse_decimal(std::string_view text, std::size_t decimals) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && fraction.empty()) || fraction.size() > decimals) return {};
  Int128 value = 0;
  const auto take = [&value](std::string_view digits) {
    for (const char c : digits) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
      if (value > static_cast<Int128>(std::numeric_limits<std::int64_t>::max()) + 1) return false;
    }
    return true;
  };
  if (!take(whole) || !take(fraction)) return {};
  for (std::size_t i = fraction.size(); i < decimals; ++i) {
    value *= 10;
    if (value > static_cast<Int128>(std::numeric_limits<std::int64_t>::max()) + 1) return {};
  }
  return narrow(negative ? -value : value);
}

}  // namespace

std::optional<Date> make_date(int year, int month, int day) {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return {};
  return Date{days_from_civil(year, month, day)};
}

YearMonthDay civil(Date date) {
  const int z = date.days + 719468;
  const int era = (z >= 0 ? z : z - 146096) / 146097;
  const int day_of_era = z - era * 146097;
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted = (5 * day_of_year + 2) / 153;
  const int month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day_of_year - (153 * shifted + 2) / 5 + 1};
}

std::string iso(Date date) {
  const auto [year, month, day] = civil(date);
  return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

std::string french(Date date) {
  const auto [year, month, day] = civil(date);
  return fmt::format("{:02}/{:02}/{:04}", day, month, year);
}

std::optional<Date> parse_iso(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return {};
  const auto number = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(at, count)) {
      if (c < '0' || c > '9') return -1;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  return make_date(number(0, 4), number(5, 2), number(8, 2));
}

std::optional<Date> add(Date date, Duree duration, int sign, MonthEnd rule) {
  auto [year, month, day] = civil(date);
  const std::int64_t months = std::int64_t{year} * 12 + (month - 1) + std::int64_t{sign} * duration.months;
  if (months < 12 || months >= std::int64_t{10'000} * 12) return {};
  year = static_cast<int>(months / 12);
  month = static_cast<int>(months % 12) + 1;
  std::int64_t days = 0;
  if (day <= days_in_month(year, month)) {
    days = days_from_civil(year, month, day);
  } else if (rule == MonthEnd::kLastDay) {
    days = days_from_civil(year, month, days_in_month(year, month));
  } else if (rule == MonthEnd::kNextDay) {
    days = std::int64_t{days_from_civil(year, month, days_in_month(year, month))} + 1;
  } else {
    return {};
  }
  days += std::int64_t{sign} * duration.days;
  if (days < days_from_civil(1, 1, 1) || days > days_from_civil(9999, 12, 31)) return {};
  return Date{static_cast<std::int32_t>(days)};
}

std::optional<Int128> divide(Int128 numerator, Int128 denominator, Rounding mode) {
  if (denominator == 0) return {};
  if (denominator < 0) {  // 10⁻⁹ quantities stay far from the 128-bit minimum, so negation cannot overflow
    denominator = -denominator;
    numerator = -numerator;
  }
  Int128 quotient = numerator / denominator;
  const Int128 rest = numerator % denominator;
  if (rest == 0) return quotient;
  const bool negative = numerator < 0;
  const Int128 away = negative ? quotient - 1 : quotient + 1;
  const Int128 distance = negative ? -rest : rest;
  const Int128 other = denominator - distance;
  switch (mode) {
    case Rounding::kTruncate:
      return quotient;
    case Rounding::kFloor:
      return negative ? away : quotient;
    case Rounding::kCeiling:
      return negative ? quotient : away;
    case Rounding::kHalfAway:
      return distance >= other ? away : quotient;
    case Rounding::kHalfEven:
      if (distance != other) return distance > other ? away : quotient;
      return quotient % 2 == 0 ? quotient : away;
  }
  return {};
}

std::optional<Int128> add(Int128 a, Int128 b) {
  Int128 sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return {};
  return sum;
}

std::optional<Int128> multiply(Int128 a, Int128 b) {
  Int128 product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return {};
  return product;
}

std::optional<std::int64_t> narrow(Int128 value) {
  if (value < std::numeric_limits<std::int64_t>::min() || value > std::numeric_limits<std::int64_t>::max()) return {};
  return static_cast<std::int64_t>(value);
}

bool equal(const Value& a, const Value& b) {
  if (a.data.index() != b.data.index()) return false;
  if (const auto* left = a.get<List>()) {
    const auto& right = b.as<List>();
    return *left == right || std::ranges::equal(**left, *right, equal);
  }
  if (const auto* left = a.get<Map>()) {
    const auto& right = b.as<Map>();
    if ((*left)->size() != right->size()) return false;
    return std::ranges::all_of(**left, [&right](const auto& entry) {
      return std::ranges::any_of(*right, [&entry](const auto& other) {
        return equal(entry.first, other.first) && equal(entry.second, other.second);
      });
    });
  }
  return std::visit(
      [&b](const auto& left) {
        using T = std::remove_cvref_t<decltype(left)>;
        if constexpr (std::is_same_v<T, List> || std::is_same_v<T, Map>) {
          return false;
        } else {
          return left == std::get<T>(b.data);
        }
      },
      a.data);
}

Value make_list(std::vector<Value> items) {
  return Value(List(std::make_shared<const std::vector<Value>>(std::move(items))));
}

Value make_map(std::vector<std::pair<Value, Value>> entries) {
  return Value(Map(std::make_shared<const std::vector<std::pair<Value, Value>>>(std::move(entries))));
}

std::string french(Montant amount) {
  const std::uint64_t size = magnitude(amount.centimes);
  return fmt::format("{}{},{:02}{}€", amount.centimes < 0 ? "−" : "", grouped(size / 100), size % 100, kNarrowSpace);
}

std::string french(Taux rate) {
  const std::uint64_t size = magnitude(rate.nano);
  std::string text = fmt::format("{}{}", rate.nano < 0 ? "−" : "", grouped(size / 10'000'000));
  if (size % 10'000'000 != 0) {
    std::string decimals = fmt::format("{:07}", size % 10'000'000);
    decimals.erase(decimals.find_last_not_of('0') + 1);
    text += "," + decimals;
  }
  return text + std::string(kNarrowSpace) + "%";
}

std::string french(Duree duration) {
  std::string text;
  if (duration.months != 0) {
    text = duration.months % 12 == 0 ? fmt::format("{} an{}", duration.months / 12, duration.months / 12 > 1 ? "s" : "")
                                     : fmt::format("{} mois", duration.months);
  }
  if (duration.days != 0 || text.empty()) {
    if (!text.empty()) text += " et ";
    text += fmt::format("{} jour{}", duration.days, duration.days > 1 ? "s" : "");
  }
  return text;
}

std::string plain(Montant amount) {
  const std::uint64_t size = magnitude(amount.centimes);
  return fmt::format("{}{}.{:02}", amount.centimes < 0 ? "-" : "", size / 100, size % 100);
}

std::string plain(Taux rate) {
  const std::uint64_t size = magnitude(rate.nano);
  std::string text = fmt::format("{}{}", rate.nano < 0 ? "-" : "", size / 1'000'000'000);
  if (size % 1'000'000'000 != 0) {
    std::string decimals = fmt::format("{:09}", size % 1'000'000'000);
    decimals.erase(decimals.find_last_not_of('0') + 1);
    text += "." + decimals;
  }
  return text;
}

std::optional<Montant> parse_montant(std::string_view text) {
  const auto value = parse_decimal(text, 2);
  return value ? std::optional(Montant{*value}) : std::nullopt;
}

std::optional<Taux> parse_taux(std::string_view text) {
  const auto value = parse_decimal(text, 9);
  return value ? std::optional(Taux{*value}) : std::nullopt;
}

}  // namespace assemblier::dsl
