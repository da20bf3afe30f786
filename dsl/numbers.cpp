#include "dsl/numbers.hpp"

#include "dsl/scan.hpp"
#include "dsl/text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace assemblier::dsl {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"janvier",   "février", "mars",     "avril",
                                                      "mai",       "juin",    "juillet",  "août",
                                                      "septembre", "octobre", "novembre", "décembre"};
constexpr std::size_t kAmountDecimals = 2;
constexpr std::size_t kRateDecimals = 7;  // in per cent: nine in value

std::size_t digits_end(std::string_view text, std::size_t at) {
  while (at < text.size() && scan::is_digit(text[at])) ++at;
  return at;
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (const std::size_t size = scan::blank(text, at)) at += size;
  return at;
}

/// Digits to int64, nothing when too big.
std::optional<std::int64_t> whole(std::string_view digits) {
  std::int64_t out = 0;
  for (const char c : digits) {
    if (__builtin_mul_overflow(out, std::int64_t{10}, &out)) return std::nullopt;
    if (__builtin_add_overflow(out, std::int64_t{c - '0'}, &out)) return std::nullopt;
  }
  return out;
}

int small(std::string_view digits) { return static_cast<int>(whole(digits).value_or(0)); }

NumberScan bad(std::size_t end, std::string_view code, std::string message, std::string help) {
  return {end, TokenKind::kBad, Value{}, code, std::move(message), std::move(help)};
}

NumberScan date(std::size_t end, int year, int month, int day) {
  if (const auto found = make_date(year, month, day)) return {end, TokenKind::kDate, Value{*found}, {}, {}, {}};
  if (month < 1 || month > 12) {
    return bad(end, "R0026", fmt::format("{} n'est pas un mois", month),
               "une date s'écrit jour/mois/année : 24/01/2024");
  }
  if (year < 1 || year > 9999) {
    return bad(end, "R0026", fmt::format("{} n'est pas une année", year), "les années vont de 1 à 9999");
  }
  int last = 31;
  while (!make_date(year, month, last)) --last;
  const std::string name = fmt::format("{} {}", kMonths[static_cast<std::size_t>(month - 1)], year);
  return bad(end, "R0026", fmt::format("le {} {} n'existe pas : ce mois a {} jours", day, name, last),
             fmt::format("écrivez un jour de 1 à {}", last));
}

/// 24/01/2024
std::optional<NumberScan> slashed_date(std::string_view text, std::size_t at) {
  const std::size_t a = digits_end(text, at);
  if (a - at > 2 || a >= text.size() || text[a] != '/') return std::nullopt;
  const std::size_t b = digits_end(text, a + 1);
  if (b == a + 1 || b - a > 3 || b >= text.size() || text[b] != '/') return std::nullopt;
  const std::size_t c = digits_end(text, b + 1);
  if (c == b + 1) return std::nullopt;
  if (c - b != 5) {
    return bad(c, "R0026", fmt::format("l'année de la date {} n'a pas quatre chiffres", text.substr(at, c - at)),
               "écrivez l'année sur quatre chiffres : 24/01/2024");
  }
  return date(c, small(text.substr(b + 1, 4)), small(text.substr(a + 1, b - a - 1)), small(text.substr(at, a - at)));
}

/// 2024-01-24; `end` is the end of the word
std::optional<NumberScan> iso_date(std::string_view text, std::size_t at, std::size_t end) {
  if (end - at != 10 || text[at + 4] != '-' || text[at + 7] != '-') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U}) {
    if (!scan::is_digit(text[at + i])) return std::nullopt;
  }
  return date(end, small(text.substr(at, 4)), small(text.substr(at + 5, 2)), small(text.substr(at + 8, 2)));
}

/// 24 janvier 2024, 1er mars 2024; `end` is the end of the first word
std::optional<NumberScan> long_date(std::string_view text, std::size_t at, std::size_t end) {
  const auto first = text.substr(at, end - at);
  const std::size_t digits = digits_end(text, at);
  if (digits - at > 2 || (digits != end && first != "1er")) return std::nullopt;
  const std::size_t month_at = skip_blanks(text, end);
  if (month_at == end) return std::nullopt;
  const std::size_t month_end = scan::word_end(text, month_at);
  if (month_end == month_at || month_end - month_at > 12) return std::nullopt;
  const std::string name = fold(text.substr(month_at, month_end - month_at));
  const auto found = std::find_if(kMonths.begin(), kMonths.end(), [&](std::string_view m) { return fold(m) == name; });
  if (found == kMonths.end()) return std::nullopt;
  const std::size_t year_at = skip_blanks(text, month_end);
  const std::size_t year_end = digits_end(text, year_at);
  if (year_at == month_end || year_end - year_at != 4 || scan::word_end(text, year_at) != year_end) return std::nullopt;
  return date(year_end, small(text.substr(year_at, 4)), static_cast<int>(found - kMonths.begin()) + 1,
              small(text.substr(at, digits - at)));
}

/// Digits in groups of three: the end, and the digits alone.
std::pair<std::size_t, std::string> grouped(std::string_view text, std::size_t at) {
  std::size_t end = digits_end(text, at);
  std::string digits(text.substr(at, end - at));
  if (digits.size() > 3) return {end, digits};
  while (const std::size_t gap = scan::blank(text, end)) {
    const std::size_t group = end + gap;
    if (text[end] == '\t' || text[end] == '\r' || digits_end(text, group) != group + 3 ||
        scan::word_end(text, group) != group + 3) {
      break;
    }
    digits += text.substr(group, 3);
    end = group + 3;
  }
  return {end, digits};
}

/// End of `€` or `euros` after blanks, 0 if none.
std::size_t euros(std::string_view text, std::size_t at) {
  at = skip_blanks(text, at);
  constexpr std::string_view kSign = "€";
  if (text.substr(at).starts_with(kSign)) return at + kSign.size();
  const auto word = text.substr(at, scan::word_end(text, at) - at);
  return word == "euros" || word == "euro" ? at + word.size() : 0;
}

std::size_t per_cent(std::string_view text, std::size_t at) {
  at = skip_blanks(text, at);
  return at < text.size() && text[at] == '%' ? at + 1 : 0;
}

NumberScan amount(std::size_t end, const std::string& digits, std::string decimals) {
  while (decimals.size() < kAmountDecimals) decimals += '0';
  if (decimals.size() > kAmountDecimals) {
    return bad(end, "R0022", "un montant a au plus deux décimales", "écrivez-le en euros et centimes : 1 234,56 €");
  }
  const auto cents = whole(digits + decimals);
  if (!cents) {
    return bad(end, "R0023", "ce montant est trop grand", "le plus grand est 92 233 720 368 547 758,07 €");
  }
  return {end, TokenKind::kAmount, Value{Montant{*cents}}, {}, {}, {}};
}

NumberScan rate(std::size_t end, const std::string& digits, std::string decimals) {
  while (!decimals.empty() && decimals.back() == '0') decimals.pop_back();
  if (decimals.size() > kRateDecimals) {
    return bad(end, "R0024", "un taux a au plus sept décimales en pour cent (neuf en valeur)", "arrondissez-le");
  }
  decimals.resize(kRateDecimals, '0');
  const auto nano = whole(digits + decimals);
  if (!nano) return bad(end, "R0025", "ce taux est trop grand", "le plus grand est 922 337 203 685 %");
  return {end, TokenKind::kRate, Value{Taux{*nano}}, {}, {}, {}};
}

/// `2,3` without unit: a decimal, or a list without a space?
NumberScan decimal(std::string_view text, std::size_t at, std::size_t end) {
  while (end + 1 < text.size() && text[end] == ',' && scan::is_digit(text[end + 1])) end = digits_end(text, end + 1);
  const std::string typed(text.substr(at, end - at));
  std::string list;
  for (const char c : typed) {
    list += c;
    if (c == ',') list += ' ';
  }
  if (std::count(typed.begin(), typed.end(), ',') > 1) {
    return bad(end, "R0020", fmt::format("« {} » n'est pas un nombre", typed),
               fmt::format("pour une liste, écrivez une espace après chaque virgule : « {} »", list));
  }
  return bad(end, "R0020",
             fmt::format("« {} » se lit de deux façons : le nombre décimal {} ou la liste {}", typed, typed, list),
             fmt::format("pour une liste, écrivez « {} » ; un décimal prend une unité : « {} € » ou « {} % »", list,
                         typed, typed));
}

}  // namespace

NumberScan scan_number(std::string_view source, std::size_t at) {
  const std::size_t word = scan::word_end(source, at);
  if (auto found = long_date(source, at, word)) return *found;
  if (auto found = iso_date(source, at, word)) return *found;
  if (digits_end(source, at) != word) return {at, TokenKind::kWord, Value{}, {}, {}, {}};
  if (auto found = slashed_date(source, at)) return *found;

  auto [end, digits] = grouped(source, at);
  std::string decimals;
  std::size_t after = end;
  if (end + 1 < source.size() && source[end] == ',' && scan::is_digit(source[end + 1])) {
    after = digits_end(source, end + 1);
    decimals = source.substr(end + 1, after - end - 1);
  }
  if (const std::size_t unit = euros(source, after)) return amount(unit, digits, std::move(decimals));
  if (const std::size_t unit = per_cent(source, after)) return rate(unit, digits, std::move(decimals));
  if (!decimals.empty()) return decimal(source, at, after);
  if (const auto value = whole(digits)) return {end, TokenKind::kInteger, Value{*value}, {}, {}, {}};
  return bad(end, "R0021", "ce nombre est trop grand", "le plus grand est 9 223 372 036 854 775 807");
}

}  // namespace assemblier::dsl
