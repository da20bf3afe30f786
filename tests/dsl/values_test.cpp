// The exact values against naive definitions: rounding against the definition by floor and remainder, calendar
// arithmetic against std::chrono, texts against their own digits.

#include "dsl/values.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace assemblier::dsl {
namespace {

constexpr std::int64_t kMin64 = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax64 = std::numeric_limits<std::int64_t>::max();
constexpr Int128 kMax128 = ((static_cast<Int128>(1) << 126U) - 1) * 2 + 1;
constexpr Int128 kMin128 = -kMax128 - 1;

// ---------------------------------------------------------------- what must not compile

template <class A, class B>
concept Multiplies = requires(A a, B b) { a* b; };
template <class A, class B>
concept Adds = requires(A a, B b) { a + b; };
template <class A, class B>
concept Divides = requires(A a, B b) { a / b; };
template <class A, class B>
concept Orders = requires(A a, B b) { a < b; };

static_assert(Multiplies<std::int64_t, std::int64_t>, "the concept itself holds where it must");
static_assert(!Multiplies<Montant, Montant>);
static_assert(!Multiplies<Montant, Taux>, "the product is exact: it goes through Exact, never implicitly");
static_assert(!Multiplies<Montant, double> && !Multiplies<Taux, Taux>);
static_assert(!Divides<Montant, Montant> && !Divides<Montant, std::int64_t> && !Divides<Taux, Taux>);
static_assert(!Adds<Montant, Duree> && !Adds<Montant, Taux> && !Adds<Montant, std::int64_t> && !Adds<Date, int>);
static_assert(!Orders<Montant, Taux> && !Orders<Duree, Duree> && !Orders<Montant, std::int64_t>);
static_assert(!std::convertible_to<std::int64_t, Montant> && !std::convertible_to<double, Montant>);
static_assert(!std::convertible_to<Montant, std::int64_t> && !std::convertible_to<Montant, double>);
static_assert(!std::convertible_to<Montant, Value>, "a value is made on purpose");
static_assert(Orders<Montant, Montant> && Orders<Taux, Taux> && Orders<Date, Date>);

// ---------------------------------------------------------------- rounding

std::string text(Int128 value) {
  if (value == 0) return "0";
  std::string digits;
  const bool negative = value < 0;
  while (value != 0) {
    const int digit = static_cast<int>(value % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    value /= 10;
  }
  return negative ? "-" + digits : digits;
}

/// By definition: floor is the greatest whole number not above, the rest follows from it.
Int128 rounded(Int128 numerator, Int128 denominator, Rounding mode) {
  if (denominator < 0) return rounded(-numerator, -denominator, mode);
  Int128 floor = numerator / denominator;
  while (floor * denominator > numerator) --floor;
  const Int128 rest = numerator - floor * denominator;
  if (rest == 0) return floor;
  switch (mode) {
    case Rounding::kFloor:
      return floor;
    case Rounding::kCeiling:
      return floor + 1;
    case Rounding::kTruncate:
      return numerator > 0 ? floor : floor + 1;
    case Rounding::kHalfAway:
    case Rounding::kHalfEven:
      if (rest + rest < denominator) return floor;
      if (rest + rest > denominator) return floor + 1;
      if (mode == Rounding::kHalfAway) return numerator > 0 ? floor + 1 : floor;
      return floor % 2 == 0 ? floor : floor + 1;
  }
  return 0;
}

constexpr std::array kModes{Rounding::kHalfAway, Rounding::kHalfEven, Rounding::kFloor, Rounding::kCeiling,
                            Rounding::kTruncate};

TEST(Rounding, EveryModeOverSmallFractions) {
  for (int numerator = -130; numerator <= 130; ++numerator)
    for (int denominator = -16; denominator <= 16; ++denominator) {
      if (denominator == 0) continue;
      for (const Rounding mode : kModes)
        ASSERT_EQ(divide(numerator, denominator, mode), rounded(numerator, denominator, mode))
            << numerator << " / " << denominator << " mode " << static_cast<int>(mode);
    }
}

TEST(Rounding, HalvesAndSigns) {
  const auto all = [](int numerator, int denominator) {
    std::array<int, 5> values{};
    for (std::size_t i = 0; i < kModes.size(); ++i)
      values[i] = static_cast<int>(*divide(numerator, denominator, kModes[i]));
    return values;
  };
  using Five = std::array<int, 5>;  // half away, half even, floor, ceiling, truncate
  EXPECT_EQ(all(5, 2), (Five{3, 2, 2, 3, 2}));
  EXPECT_EQ(all(-5, 2), (Five{-3, -2, -3, -2, -2}));
  EXPECT_EQ(all(7, 2), (Five{4, 4, 3, 4, 3}));
  EXPECT_EQ(all(-7, 2), (Five{-4, -4, -4, -3, -3}));
  EXPECT_EQ(all(1, 2), (Five{1, 0, 0, 1, 0}));
  EXPECT_EQ(all(-1, 2), (Five{-1, 0, -1, 0, 0}));
  EXPECT_EQ(all(1, -2), (Five{-1, 0, -1, 0, 0}));
  EXPECT_EQ(all(-6, 3), (Five{-2, -2, -2, -2, -2}));
  EXPECT_EQ(all(1, 3), (Five{0, 0, 0, 1, 0}));
  EXPECT_EQ(all(-2, 3), (Five{-1, -1, -1, 0, 0}));
}

TEST(Rounding, LargeFractions) {
  std::mt19937_64 random(2024);
  for (int i = 0; i < 20'000; ++i) {
    const Int128 numerator = static_cast<Int128>(static_cast<std::int64_t>(random())) *
                             static_cast<std::int64_t>(random() >> (random() % 64));
    Int128 denominator = static_cast<std::int64_t>(random() >> (random() % 64));
    if (i % 3 == 0) denominator *= 2;  // halves become likely
    if (denominator == 0) denominator = 1;
    const Int128 half = i % 5 == 0 ? numerator / denominator * denominator + denominator / 2 : numerator;
    for (const Rounding mode : kModes)
      ASSERT_EQ(text(*divide(half, denominator, mode)), text(rounded(half, denominator, mode)))
          << text(half) << " / " << text(denominator) << " mode " << static_cast<int>(mode);
  }
}

TEST(Rounding, NothingByZero) {
  for (const Rounding mode : kModes) {
    EXPECT_FALSE(divide(1, 0, mode));
    EXPECT_FALSE(divide(0, 0, mode));
  }
}

// ---------------------------------------------------------------- overflow

TEST(Overflow, AddAndMultiplyAtTheEdges) {
  EXPECT_EQ(add(kMax128 - 1, 1), kMax128);
  EXPECT_FALSE(add(kMax128, 1));
  EXPECT_EQ(add(kMin128 + 1, -1), kMin128);
  EXPECT_FALSE(add(kMin128, -1));
  EXPECT_EQ(add(kMax128, kMin128), -1);
  EXPECT_EQ(multiply(kMin128, 1), kMin128);
  EXPECT_FALSE(multiply(kMin128, -1));
  EXPECT_FALSE(multiply(kMax128, 2));
  EXPECT_EQ(multiply(kMax128, 0), 0);
  EXPECT_EQ(multiply(kMin64, kMin64), static_cast<Int128>(1) << 126U);
}

TEST(Overflow, Narrow) {
  EXPECT_EQ(narrow(kMax64), kMax64);
  EXPECT_EQ(narrow(kMin64), kMin64);
  EXPECT_FALSE(narrow(static_cast<Int128>(kMax64) + 1));
  EXPECT_FALSE(narrow(static_cast<Int128>(kMin64) - 1));
  EXPECT_FALSE(narrow(kMax128));
  EXPECT_FALSE(narrow(kMin128));
}

// ---------------------------------------------------------------- the calendar

std::chrono::sys_days naive(Date date) { return std::chrono::sys_days(std::chrono::days(date.days)); }

bool within(std::chrono::sys_days day) {
  using namespace std::chrono;
  return day >= sys_days(year(1) / 1 / 1) && day <= sys_days(year(9999) / 12 / 31);
}

TEST(Calendar, EveryDayOfTheRangeSampled) {
  using namespace std::chrono;
  const sys_days last = year(9999) / 12 / 31;
  int checked = 0;
  for (sys_days day = year(1) / 1 / 1; day <= last; day += days(1 + checked++ % 11)) {
    const year_month_day ymd(day);
    const int y = static_cast<int>(ymd.year());
    const int m = static_cast<int>(static_cast<unsigned>(ymd.month()));
    const int d = static_cast<int>(static_cast<unsigned>(ymd.day()));
    const auto date = make_date(y, m, d);
    ASSERT_TRUE(date) << y << "-" << m << "-" << d;
    ASSERT_EQ(naive(*date), day) << y << "-" << m << "-" << d;
    const YearMonthDay back = civil(*date);
    ASSERT_TRUE(back.year == y && back.month == m && back.day == d) << y << "-" << m << "-" << d;
    if (checked % 50 == 0) {
      ASSERT_EQ(parse_iso(iso(*date)), date);
    }
  }
  EXPECT_GT(checked, 500'000);
}

TEST(Calendar, EveryDayOfTheYearsThatMatter) {
  using namespace std::chrono;
  for (const int y : {1, 4, 100, 400, 1582, 1600, 1899, 1900, 1970, 1999, 2000, 2023, 2024, 2100, 9999})
    for (int m = 0; m <= 13; ++m)
      for (int d = 0; d <= 32; ++d) {
        const year_month_day ymd(year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d)));
        const auto date = make_date(y, m, d);
        ASSERT_EQ(date.has_value(), ymd.ok()) << y << "-" << m << "-" << d;
        if (date) {
          ASSERT_EQ(naive(*date), sys_days(ymd));
        }
      }
  EXPECT_FALSE(make_date(0, 1, 1));
  EXPECT_FALSE(make_date(10'000, 1, 1));
  EXPECT_FALSE(make_date(-1, 12, 31));
}

/// Months first, then days; by the calendar of the standard library.
std::optional<Date> added(Date date, Duree duration, int sign, MonthEnd rule) {
  using namespace std::chrono;
  const year_month_day start{naive(date)};
  const std::int64_t count = (static_cast<std::int64_t>(static_cast<int>(start.year())) * 12) +
                             static_cast<unsigned>(start.month()) - 1 + std::int64_t{sign} * duration.months;
  if (count < 12 || count > 9999 * 12 + 11) return {};
  const year_month landing = year(static_cast<int>(count / 12)) / month(static_cast<unsigned>(count % 12 + 1));
  year_month_day day = landing / start.day();
  sys_days result;
  if (day.ok())
    result = day;
  else if (rule == MonthEnd::kLastDay)
    result = sys_days(landing / last);
  else if (rule == MonthEnd::kNextDay)
    result = sys_days((landing + months(1)) / 1);
  else
    return {};
  const std::int64_t total = result.time_since_epoch().count() + std::int64_t{sign} * duration.days;
  const sys_days shifted{days(static_cast<int>(total))};
  if (total < -800'000 || total > 3'000'000 || !within(shifted)) return {};
  return Date{static_cast<std::int32_t>(total)};
}

TEST(Calendar, AddingDurations) {
  std::mt19937_64 random(7);
  const auto pick = [&random](int low, int high) {
    return low + static_cast<int>(random() % static_cast<std::uint64_t>(std::int64_t{high} - low + 1));
  };
  const int first = make_date(1, 1, 1)->days;
  const int final = make_date(9999, 12, 31)->days;
  for (int i = 0; i < 300'000; ++i) {
    Date date{pick(first, final)};
    if (i % 3 == 0) {  // the ends of months, where the rules differ
      const YearMonthDay at = civil(date);
      int day = 31;
      while (!make_date(at.year, at.month, day)) --day;
      date = *make_date(at.year, at.month, day - pick(0, 1));
    }
    Duree duration{pick(-50, 50), pick(-40, 40)};
    if (i % 7 == 0) duration = {pick(-130'000, 130'000), pick(-4'000'000, 4'000'000)};
    if (i % 2 == 0) duration.days = 0;
    const int sign = i % 4 < 2 ? 1 : -1;
    for (const MonthEnd rule : {MonthEnd::kError, MonthEnd::kLastDay, MonthEnd::kNextDay})
      ASSERT_EQ(add(date, duration, sign, rule), added(date, duration, sign, rule))
          << iso(date) << " sign " << sign << " months " << duration.months << " days " << duration.days << " rule "
          << static_cast<int>(rule);
  }
}

TEST(Calendar, MonthEndsByName) {
  const Date january = *make_date(2024, 1, 31);
  EXPECT_FALSE(add(january, {1, 0}, 1, MonthEnd::kError));
  EXPECT_EQ(iso(*add(january, {1, 0}, 1, MonthEnd::kLastDay)), "2024-02-29");
  EXPECT_EQ(iso(*add(january, {1, 0}, 1, MonthEnd::kNextDay)), "2024-03-01");
  EXPECT_EQ(iso(*add(*make_date(2023, 3, 31), {1, 0}, -1, MonthEnd::kLastDay)), "2023-02-28");
  EXPECT_EQ(iso(*add(*make_date(2024, 2, 29), {12, 0}, 1, MonthEnd::kNextDay)), "2025-03-01");
  EXPECT_FALSE(add(*make_date(9999, 12, 31), {0, 1}, 1, MonthEnd::kLastDay));
  EXPECT_FALSE(add(*make_date(1, 1, 1), {0, 1}, -1, MonthEnd::kLastDay));
  EXPECT_FALSE(add(*make_date(2024, 1, 1), {std::numeric_limits<std::int32_t>::max(), 0}, 1, MonthEnd::kLastDay));
  EXPECT_FALSE(add(*make_date(2024, 1, 1), {0, std::numeric_limits<std::int32_t>::min()}, -1, MonthEnd::kLastDay));
  EXPECT_FALSE(add(*make_date(2024, 1, 1), {std::numeric_limits<std::int32_t>::min(), 0}, -1, MonthEnd::kLastDay));
}

TEST(Calendar, IsoIsStrict) {
  EXPECT_EQ(parse_iso("2024-02-29"), make_date(2024, 2, 29));
  for (const char* wrong :
       {"", "2024-2-29", "2023-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "0000-01-01", "2024/01/01",
        " 2024-01-01", "2024-01-01 ", "20240101", "+024-01-01", "2024-0a-01", "10000-01-01", "-001-01-01", "2024-01-1"})
    EXPECT_FALSE(parse_iso(wrong)) << wrong;
}

// ---------------------------------------------------------------- texts

/// Keeps digits, the comma, and the sign (the minus of typography becomes the one of computers).
std::string bare(std::string_view french) {
  std::string kept;
  for (std::size_t i = 0; i < french.size(); ++i) {
    if (french.substr(i).starts_with("−")) kept += '-';
    if ((french[i] >= '0' && french[i] <= '9') || french[i] == ',') kept += french[i];
  }
  return kept;
}

std::string comma_to_point(std::string text) {
  if (const auto at = text.find(','); at != std::string::npos) text[at] = '.';
  return text;
}

std::int64_t any64(std::mt19937_64& random) {
  const auto value = static_cast<std::int64_t>(random() >> (random() % 64));
  return random() % 2 == 0 ? value : -value;
}

TEST(Texts, MontantRoundTrip) {
  std::mt19937_64 random(1);
  const auto check = [](std::int64_t centimes) {
    const Montant amount{centimes};
    ASSERT_EQ(parse_montant(plain(amount)), amount) << plain(amount);
    ASSERT_EQ(parse_montant(comma_to_point(bare(french(amount)))), amount) << french(amount);
  };
  for (const std::int64_t edge : {kMin64, kMin64 + 1, kMax64, kMax64 - 1}) check(edge);
  for (std::int64_t centimes = -1'100; centimes <= 1'100; ++centimes) check(centimes);
  for (int i = 0; i < 20'000; ++i) check(any64(random));
}

TEST(Texts, TauxRoundTrip) {
  std::mt19937_64 random(2);
  const auto check = [](std::int64_t nano) {
    const Taux rate{nano};
    ASSERT_EQ(parse_taux(plain(rate)), rate) << plain(rate);
    // 33,333333333 % has the digits of 0.33333333333: two more decimals than a rate may be typed with
    std::string percent = bare(french(rate));
    const bool negative = percent.starts_with('-');
    if (negative) percent.erase(0, 1);
    auto comma = percent.find(',');
    std::string whole = percent.substr(0, comma);
    std::string decimals = comma == std::string::npos ? "" : percent.substr(comma + 1);
    decimals.resize(7, '0');
    Int128 value = 0;
    for (const char c : whole + decimals) value = value * 10 + (c - '0');
    ASSERT_EQ(text(negative ? -value : value), text(nano)) << french(rate);
  };
  for (const std::int64_t edge : {kMin64, kMin64 + 1, kMax64, kMax64 - 1}) check(edge);
  for (int i = 0; i < 20'000; ++i) check(any64(random));
  for (std::int64_t percent = -120; percent <= 120; ++percent) check(percent * 10'000'000);
}

TEST(Texts, WrittenAsFrenchPeopleDo) {
  const std::string space = "\u202f";
  EXPECT_EQ(french(Montant{123456}), "1" + space + "234,56" + space + "€");
  EXPECT_EQ(french(Montant{0}), "0,00" + space + "€");
  EXPECT_EQ(french(Montant{-5}), "−0,05" + space + "€");
  EXPECT_EQ(french(Montant{100'000'000}), "1" + space + "000" + space + "000,00" + space + "€");
  EXPECT_EQ(french(Taux{800'000'000}), "80" + space + "%");
  EXPECT_EQ(french(Taux{333'333'333}), "33,3333333" + space + "%");
  EXPECT_EQ(french(Taux{1}), "0,0000001" + space + "%");
  EXPECT_EQ(french(*make_date(2024, 3, 1)), "01/03/2024");
  EXPECT_EQ(french(Duree{2, 3}), "2 mois et 3 jours");
  EXPECT_EQ(french(Duree{24, 0}), "2 ans");
  EXPECT_EQ(french(Duree{0, 1}), "1 jour");
  EXPECT_EQ(french(Duree{0, 0}), "0 jour");
  EXPECT_EQ(plain(Montant{-5}), "-0.05");
  EXPECT_EQ(plain(Taux{800'000'000}), "0.8");
  EXPECT_EQ(plain(Taux{-1'000'000'000}), "-1");
}

TEST(Texts, OverflowAndNonsenseAreRefused) {
  EXPECT_EQ(parse_montant("92233720368547758.07"), Montant{kMax64});
  EXPECT_EQ(parse_montant("-92233720368547758.08"), Montant{kMin64});
  EXPECT_FALSE(parse_montant("92233720368547758.08"));
  EXPECT_FALSE(parse_montant("-92233720368547758.09"));
  EXPECT_EQ(parse_taux("9223372036.854775807"), Taux{kMax64});
  EXPECT_EQ(parse_taux("-9223372036.854775808"), Taux{kMin64});
  EXPECT_FALSE(parse_taux("9223372036.854775808"));
  EXPECT_FALSE(parse_montant(std::string(500, '9')));
  EXPECT_FALSE(parse_taux("99999999999"));
  EXPECT_EQ(parse_montant("12"), Montant{1200});
  EXPECT_EQ(parse_montant("12.5"), Montant{1250});
  for (const char* wrong : {"", "-", ".", "1.", ".5", "+1", "1,5", " 1", "1 ", "1e3", "--1", "1.234", "0x1", "1-", "١"})
    EXPECT_FALSE(parse_montant(wrong)) << wrong;
  EXPECT_FALSE(parse_taux("0.1234567891"));
}

// ---------------------------------------------------------------- sameness

TEST(Sameness, ListsInOrderAssociationsInAnyOrder) {
  const auto number = [](std::int64_t n) { return Value(n); };
  EXPECT_TRUE(equal(make_list({number(1), number(2)}), make_list({number(1), number(2)})));
  EXPECT_FALSE(equal(make_list({number(1), number(2)}), make_list({number(2), number(1)})));
  EXPECT_FALSE(equal(make_list({number(1)}), make_list({number(1), number(1)})));
  EXPECT_TRUE(equal(make_map({{number(1), number(5)}, {number(2), number(6)}}),
                    make_map({{number(2), number(6)}, {number(1), number(5)}})));
  EXPECT_FALSE(equal(make_map({{number(1), number(5)}}), make_map({{number(1), number(6)}})));
  EXPECT_FALSE(equal(make_map({{number(1), number(5)}}), make_map({})));
  EXPECT_FALSE(equal(Value(Montant{5}), Value(std::int64_t{5})));
  EXPECT_FALSE(equal(Value(Montant{5}), Value(Taux{5})));
  EXPECT_FALSE(equal(Value(Duree{1, 0}), Value(Duree{0, 30})));
  EXPECT_FALSE(equal(make_list({}), make_map({})));
}

}  // namespace
}  // namespace assemblier::dsl
