#include "dsl/grammar/state.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace assemblier::dsl::grammar {

void State::restart() {
  unknown_used = false;
  choices.clear();
  taken.clear();
  farthest = first;
  expected.clear();
  labelled = nullptr;
  too_deep = false;
  depth = 0;
  filtering = false;
  objection.reset();
}

void State::expect(const Token* at, std::string_view description) {
  if (at == labelled || at < farthest) return;
  if (at > farthest) {
    farthest = at;
    expected.clear();
  }
  if (std::find(expected.begin(), expected.end(), description) == expected.end()) expected.emplace_back(description);
}

void State::object(std::string_view code, Span span, std::string message, std::string help) {
  if (objection) return;
  objection = Diagnostic{std::string(code), Severity::kError, span, std::move(message), std::move(help), {}};
}

void State::object_to_number(const Token* at) {
  if (at->text.find_first_not_of("0123456789.-") != std::string::npos) return;
  object("R0027", at->span, "« " + at->text + " » n'est ni un nombre ni un nom déclaré",
         "la virgule sépare les décimales, une espace les milliers, et le signe moins a une espace de chaque côté");
}

bool State::may_follow(const Token* at) const {
  return at == last || at->kind != TokenKind::kWord || at->keyword.has(Keyword::kFollows);
}

int State::name_at(const Token* at) {
  if (at == last || at->word == 0) return 0;
  const NameMatches matches = names.match(at, last);
  if (matches.count == 0) return 0;
  std::vector<int> lengths;
  for (std::size_t i = 0; i < matches.count; ++i) {
    if (may_follow(at + matches.lengths[i])) lengths.push_back(matches.lengths[i]);
  }
  if (lengths.empty()) return 0;
  if (at->kind == TokenKind::kInteger || at->keyword.has(Keyword::kBegins)) lengths.push_back(0);
  const int chosen = at == forced_at ? forced_length : lengths.front();
  if (lengths.size() > 1) {
    const auto known =
        std::lower_bound(choices.begin(), choices.end(), at, [](const Choice& c, const Token* t) { return c.at < t; });
    if (known == choices.end() || known->at != at) choices.insert(known, {at, std::move(lengths)});
  }
  return chosen;
}

std::size_t State::unknown_at(const Token* at) const {
  if (at == last || at->kind != TokenKind::kWord || at->keyword.has(Keyword::kFollows | Keyword::kReserved)) return 0;
  // `date de dépots` where `date de dépôt` is declared: what begins a declared name and goes on is one misspelt name.
  const std::size_t partial = names.match(at, last).partial;
  const Token* t = at + 1;
  const Token* begun = at + partial;
  if (partial > 1 && begun != last && begun->kind == TokenKind::kWord && !begun->keyword.has(Keyword::kReserved) &&
      std::prev(begun)->keyword.has(Keyword::kFollows)) {
    t = begun + 1;
  }
  while (t != last && t->kind == TokenKind::kWord && !t->keyword.has(Keyword::kFollows) &&
         t - at < static_cast<std::ptrdiff_t>(kNameWords)) {
    ++t;
  }
  return static_cast<std::size_t>(t - at);
}

void State::take(const Token* at, int length) {
  while (!taken.empty() && taken.back().first >= at) taken.pop_back();
  taken.emplace_back(at, length);
}

bool State::begins_item(const Token* at) const {
  const Token* t = at;
  while (t != last &&
         (t->kind == TokenKind::kWord || t->kind == TokenKind::kInteger || t->kind == TokenKind::kQuoted)) {
    const bool ending = t != at && (t->keyword.is(keyword("aucune")) || t->keyword.is(keyword("indéterminée")) ||
                                    t->keyword.is(keyword("erreur")));
    if (ending) return true;
    ++t;
  }
  return t != at && t != last && t->symbol == Symbol::kEqual;
}

Span State::span(const Token* begin, const Token* end) const {
  if (begin >= end) return begin == last ? Span{} : begin->span;
  return {begin->span.begin, std::prev(end)->span.end};
}

}  // namespace assemblier::dsl::grammar
