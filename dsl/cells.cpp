#include "dsl/cells.hpp"

#include <iterator>
#include <limits>
#include <optional>

namespace assemblier::dsl {
namespace {

std::optional<Value> negated(const Value& value) {
  if (const auto* whole = value.get<std::int64_t>()) return Value{-*whole};
  if (const auto* amount = value.get<Montant>()) return Value{Montant{-amount->centimes}};
  if (const auto* rate = value.get<Taux>()) return Value{Taux{-rate->nano}};
  return std::nullopt;
}

bool is_number(const Token& token) {
  return token.kind == TokenKind::kInteger || token.kind == TokenKind::kAmount || token.kind == TokenKind::kRate;
}

std::optional<Value> duration(const Token& number, KeywordPair unit) {
  const auto count = number.value.as<std::int64_t>();
  if (count > std::numeric_limits<std::int32_t>::max() / 12) return std::nullopt;
  const auto n = static_cast<std::int32_t>(count);
  if (unit.is(keyword("jour")) || unit.is(keyword("jours"))) return Value{Duree{0, n}};
  if (unit.is(keyword("mois"))) return Value{Duree{n, 0}};
  if (unit.is(keyword("an")) || unit.is(keyword("ans")) || unit.is(keyword("année")) || unit.is(keyword("années"))) {
    return Value{Duree{12 * n, 0}};
  }
  return std::nullopt;
}

std::optional<Value> literal(const Token* first, const Token* last) {
  if (last - first == 1) {
    if (is_number(*first) || first->kind == TokenKind::kDate) return first->value;
    if (first->kind == TokenKind::kWord && first->keyword.is(keyword("oui"))) return Value{true};
    if (first->kind == TokenKind::kWord && first->keyword.is(keyword("non"))) return Value{false};
  }
  if (last - first == 2) {
    if (first->symbol == Symbol::kMinus && is_number(first[1])) return negated(first[1].value);
    if (first->kind == TokenKind::kInteger && first[1].kind == TokenKind::kWord)
      return duration(*first, first[1].keyword);
  }
  return std::nullopt;
}

}  // namespace

std::vector<TokenRange> split_cells(const Token* first, const Token* last) {
  std::vector<TokenRange> out;
  const Token* begin = first;
  int open = 0;
  for (const Token* t = first; t != last; ++t) {
    if (t->symbol == Symbol::kOpen) ++open;
    if (t->symbol == Symbol::kClose) --open;
    if (t->symbol != Symbol::kBar || open > 0) continue;
    out.emplace_back(begin, t);
    begin = t + 1;
  }
  out.emplace_back(begin, last);
  return out;
}

ast::TableDecl::Cell table_cell(TokenRange cell, std::string_view source, std::uint32_t end) {
  const auto [first, last] = cell;
  ast::TableDecl::Cell out;
  if (first == last) {
    out.span = {end, end};
    return out;
  }
  const auto raw = [&](const Token* a, const Token* b) {
    return source.substr(a->span.begin, std::prev(b)->span.end - a->span.begin);
  };
  out.span = {first->span.begin, std::prev(last)->span.end};
  const bool alone = last - first == 1;
  if (alone && (first->symbol == Symbol::kDash || first->symbol == Symbol::kMinus)) return out;
  if (alone && (first->kind == TokenKind::kText || first->kind == TokenKind::kQuoted)) {
    out.text = first->text;
    out.quoted = first->kind == TokenKind::kText;
    out.parts.push_back({first->text, first->span});
    return out;
  }
  out.text = clean_text(raw(first, last));
  out.literal = literal(first, last);
  for (const Token* t = first; t != last;) {
    const Token* comma = t;
    while (comma != last && comma->symbol != Symbol::kComma) ++comma;
    if (comma != t) {
      const bool bracketed = comma - t == 1 && t->kind == TokenKind::kQuoted;
      const bool text = comma - t == 1 && t->kind == TokenKind::kText;
      out.parts.push_back(
          {bracketed || text ? t->text : clean_name(raw(t, comma)), {t->span.begin, std::prev(comma)->span.end}});
    }
    t = comma == last ? last : comma + 1;
  }
  return out;
}

}  // namespace assemblier::dsl
