#include "dsl/names.hpp"

#include <iterator>
#include <optional>
#include <utility>

namespace assemblier::dsl {
namespace {

bool is_word(const Token& token, KeywordId id) { return token.kind == TokenKind::kWord && token.keyword.is(id); }

std::optional<Declared> declared(const Token* first, const Token* end) {
  if (first == end) return std::nullopt;
  Declared out;
  out.text = name_text(first, end);
  if (first->kind != TokenKind::kQuoted) {
    for (const Token* t = first; t != end; ++t) out.words.push_back(t->word);
  }
  return out;
}

void append(std::vector<Declared>& out, std::optional<Declared> name) {
  if (name) out.push_back(std::move(*name));
}

/// The first cell of a row is its name: words alone, or anything between brackets.
std::optional<Declared> row_key(const Clause& clause) {
  const Token* end = clause.first;
  while (end != clause.last && end->symbol != Symbol::kBar) ++end;
  if (end == clause.first) return std::nullopt;
  const Token* words = name_end(clause.first, end);
  if (words == end) return declared(clause.first, end);
  return std::nullopt;  // the parser of cells names it, for brackets only
}

/// `( a : … | b : … )`
void columns(std::vector<Declared>& out, const Clause& header) {
  const Token* t = header.first;
  while (t != header.last && t->symbol != Symbol::kOpen) ++t;
  while (t != header.last) {
    ++t;
    append(out, declared(t, name_end(t, header.last)));
    while (t != header.last && t->symbol != Symbol::kBar) ++t;
  }
}

}  // namespace

void Names::add(const std::vector<WordId>& words) {
  if (words.empty() || words.size() > kNameWords) return;
  std::uint32_t node = 0;
  for (const WordId word : words) {
    const std::uint64_t edge = (std::uint64_t{node} << 32U) | word;
    const auto [it, added] = edges_.try_emplace(edge, static_cast<std::uint32_t>(ends_.size()));
    if (added) ends_.push_back(false);
    node = it->second;
  }
  if (!ends_[node]) ++count_;
  ends_[node] = true;
}

std::uint32_t Names::child(std::uint32_t node, WordId word) const {
  const auto found = edges_.find((std::uint64_t{node} << 32U) | word);
  return found == edges_.end() ? 0 : found->second;
}

NameMatches Names::match(const Token* first, const Token* last) const {
  NameMatches out;
  std::array<std::uint8_t, kNameWords> ascending{};
  std::uint32_t node = 0;
  std::size_t length = 0;
  for (const Token* t = first; t != last && length < kNameWords && t->word != 0; ++t) {
    node = child(node, t->word);
    if (node == 0) break;
    ++length;
    if (ends_[node]) ascending[out.count++] = static_cast<std::uint8_t>(length);
  }
  out.partial = length;
  for (std::size_t i = 0; i < out.count; ++i) out.lengths[i] = ascending[out.count - 1 - i];
  return out;
}

const Token* name_end(const Token* first, const Token* last) {
  if (first == last) return first;
  if (first->kind == TokenKind::kQuoted) return first + 1;
  const Token* t = first;
  while (t != last && t->word != 0 && (t == first || !t->first_on_line)) ++t;
  return t;
}

std::string name_text(const Token* first, const Token* last) {
  std::string out;
  for (const Token* t = first; t != last; ++t) {
    if (t != first && !std::prev(t)->elided) out += ' ';
    out += t->text;
  }
  return out;
}

const Token* before_objet(const Token* first, const Token* last, const Names& names) {
  const Token* end = name_end(first, last);
  const Token* nearest = end;
  for (const Token* t = end; t != first;) {
    --t;
    if (t == first) break;
    if (!is_word(*t, keyword("du")) && !is_word(*t, keyword("de")) && !is_word(*t, keyword("d'")) &&
        !is_word(*t, keyword("des"))) {
      continue;
    }
    if (nearest == end) nearest = t;
    const Token* rest = t + 1;
    if (rest != end && (is_word(*rest, keyword("la")) || is_word(*rest, keyword("l'")))) ++rest;
    const NameMatches matches = names.match(rest, end);
    if (matches.count > 0 && rest + matches.lengths[0] == end) return t;
  }
  return nearest;
}

std::vector<Declared> names_of_header(DeclKind kind, const Clause& header) {
  std::vector<Declared> out;
  if (header.first == header.last) return out;
  const Token* first = header.first + 1;
  switch (kind) {
    case DeclKind::kEnumeration:
    case DeclKind::kObjet:
    case DeclKind::kParametre:
    case DeclKind::kDefinition:
    case DeclKind::kDecision:
    case DeclKind::kGrille:
    case DeclKind::kCondition:
    case DeclKind::kScrutin:
      append(out, declared(first, name_end(first, header.last)));
      break;
    case DeclKind::kTable:
      append(out, declared(first, name_end(first, header.last)));
      columns(out, header);
      break;
    case DeclKind::kUnknown:
    case DeclKind::kLangue:
    case DeclKind::kEdition:
    case DeclKind::kSource:
    case DeclKind::kSection:
    case DeclKind::kProcedure:
    case DeclKind::kTableau:
    case DeclKind::kScenario:
      break;
  }
  return out;
}

std::vector<Declared> names_of_clause(DeclKind kind, const Clause& clause) {
  std::vector<Declared> out;
  if (clause.first == clause.last) return out;
  const Token* first = clause.first;
  switch (kind) {
    case DeclKind::kEnumeration:
    case DeclKind::kObjet:
      append(out, declared(first, name_end(first, clause.last)));
      break;
    case DeclKind::kTable:
      append(out, row_key(clause));
      break;
    case DeclKind::kProcedure:
      append(out, declared(first + 1, name_end(first + 1, clause.last)));
      for (const Clause& inner : clause.body) {
        if (inner.first == inner.last || !is_word(*inner.first, keyword("porte"))) continue;
        for (const Token* t = inner.first; t != inner.last;) {
          ++t;
          append(out, declared(t, name_end(t, inner.last)));
          while (t != inner.last && t->symbol != Symbol::kSemicolon) ++t;
        }
      }
      break;
    case DeclKind::kTableau:
      if (is_word(*first, keyword("pour")) && clause.last - first > 2) {
        const Token* end = first + 2;
        while (end != clause.last && end->word != 0 && !is_word(*end, keyword("parmi"))) ++end;
        append(out, declared(first + 2, end));
      }
      break;
    case DeclKind::kUnknown:
    case DeclKind::kLangue:
    case DeclKind::kEdition:
    case DeclKind::kSource:
    case DeclKind::kSection:
    case DeclKind::kParametre:
    case DeclKind::kDefinition:
    case DeclKind::kDecision:
    case DeclKind::kGrille:
    case DeclKind::kCondition:
    case DeclKind::kScrutin:
    case DeclKind::kScenario:
      break;
  }
  return out;
}

}  // namespace assemblier::dsl
