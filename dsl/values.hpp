#pragma once
// The exact values of the language (DESIGN §4.2): whole cents, rates in 10⁻⁹, civil dates, durations, and the unrounded
// products of 128 bits. No floating point. Every operation that can overflow says so instead of wrapping.
//
// Thread-safety: values only.

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace assemblier::dsl {

__extension__ using Int128 = __int128;
/// The same, as a member that does not make every value next to it larger.
using LooseInt128 __attribute__((aligned(8))) = Int128;

/// Money in whole cents.
struct Montant {
  std::int64_t centimes = 0;
  auto operator<=>(const Montant&) const = default;
};

/// A rate in 10⁻⁹: 80 % is 800 000 000.
struct Taux {
  std::int64_t nano = 0;
  auto operator<=>(const Taux&) const = default;
};

/// An exact unrounded quantity in 10⁻⁹ cents (montant × taux) or 10⁻⁹ units (entier × taux): compared and added, never
/// kept; a stated rounding makes it a Montant or an entier.
struct Exact {
  LooseInt128 nano = 0;
  bool money = false;  ///< cents if true, units if not
  bool operator==(const Exact&) const = default;
};

/// A civil date of the proleptic Gregorian calendar, years 1 to 9999.
struct Date {
  std::int32_t days = 0;  ///< since 1970-01-01
  auto operator<=>(const Date&) const = default;
};

struct YearMonthDay {
  int year = 1970;
  int month = 1;
  int day = 1;
};

[[nodiscard]] std::optional<Date> make_date(int year, int month, int day);
[[nodiscard]] YearMonthDay civil(Date date);
/// "2024-01-30"
[[nodiscard]] std::string iso(Date date);
/// "30/01/2024"
[[nodiscard]] std::string french(Date date);
/// Strict AAAA-MM-JJ.
[[nodiscard]] std::optional<Date> parse_iso(std::string_view text);

/// Months (12 a year) and days are kept apart: neither converts into the other.
struct Duree {
  std::int32_t months = 0;
  std::int32_t days = 0;
  bool operator==(const Duree&) const = default;
};

/// What to do when a month added lands on a day that does not exist (31 January + 1 month).
enum class MonthEnd { kError, kLastDay, kNextDay };

/// `date` plus `sign` × `duration`, months first; nothing when the day does not exist under kError or the year
/// leaves 1..9999.
[[nodiscard]] std::optional<Date> add(Date date, Duree duration, int sign, MonthEnd rule);

enum class Rounding { kHalfAway, kHalfEven, kFloor, kCeiling, kTruncate };

/// numerator / denominator rounded to a whole number; nothing when denominator is 0.
[[nodiscard]] std::optional<Int128> divide(Int128 numerator, Int128 denominator, Rounding mode);

/// Checked arithmetic on 128 bits: nothing on overflow.
[[nodiscard]] std::optional<Int128> add(Int128 a, Int128 b);
[[nodiscard]] std::optional<Int128> multiply(Int128 a, Int128 b);
/// Nothing when it does not fit in int64.
[[nodiscard]] std::optional<std::int64_t> narrow(Int128 value);

/// A value of an énumération: indices into the program.
struct EnumValue {
  std::uint32_t type = 0;
  std::uint32_t value = 0;
  auto operator<=>(const EnumValue&) const = default;
};

/// A row of a table: indices into the program.
struct Row {
  std::uint32_t table = 0;
  std::uint32_t row = 0;
  auto operator<=>(const Row&) const = default;
};

struct Value;
/// Ordered as given; a list of facts holds no duplicate.
using List = std::shared_ptr<const std::vector<Value>>;
/// An association: keys unique, in the order given.
using Map = std::shared_ptr<const std::vector<std::pair<Value, Value>>>;

struct Value {
  std::variant<bool, std::int64_t, Montant, Taux, Exact, Date, Duree, std::string, EnumValue, Row, List, Map> data;
  Value() : data(false) {}
  template <class T>
    requires(!std::is_same_v<std::remove_cvref_t<T>, Value>)
  explicit Value(T&& v) : data(std::forward<T>(v)) {}
  template <class T>
  [[nodiscard]] const T& as() const {
    return std::get<T>(data);
  }
  template <class T>
  [[nodiscard]] const T* get() const {
    return std::get_if<T>(&data);
  }
};

/// Same type, same value; lists element by element, associations whatever the order of their keys.
[[nodiscard]] bool equal(const Value& a, const Value& b);
[[nodiscard]] Value make_list(std::vector<Value> items);
[[nodiscard]] Value make_map(std::vector<std::pair<Value, Value>> entries);

/// "1 234,56 €" with narrow no-break spaces.
[[nodiscard]] std::string french(Montant amount);
/// "80 %", "33,333333333 %"
[[nodiscard]] std::string french(Taux rate);
/// "2 mois", "3 jours", "2 mois et 3 jours"; 24 months are "2 ans"
[[nodiscard]] std::string french(Duree duration);
/// "1234.56": the form of JSON facts and answers.
[[nodiscard]] std::string plain(Montant amount);
/// "0.8": the shortest decimal that is exactly the rate.
[[nodiscard]] std::string plain(Taux rate);
/// Exact decimal text of a Montant: digits, optional point and at most two decimals, optional minus sign.
[[nodiscard]] std::optional<Montant> parse_montant(std::string_view text);
/// Exact decimal text of a Taux with at most nine decimals.
[[nodiscard]] std::optional<Taux> parse_taux(std::string_view text);

}  // namespace assemblier::dsl
