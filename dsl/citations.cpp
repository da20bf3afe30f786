#include "dsl/citations.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace assemblier::dsl {
namespace {

constexpr std::array<std::string_view, 10> kReferenceWords = {"art",  "article", "articles", "annexe", "annexes",
                                                              "page", "pages",   "p",        "titre",  "chapitre"};

bool is_source(const Token& token) { return token.kind == TokenKind::kWord && token.keyword.is(keyword("source")); }

bool begins_reference(const Token& token) {
  if (token.symbol == Symbol::kSection) return true;
  return token.kind == TokenKind::kWord &&
         std::find(kReferenceWords.begin(), kReferenceWords.end(), token.text) != kReferenceWords.end();
}

}  // namespace

Citations::Citations(const std::vector<Token>& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].first_on_line || tokens[i].column != 1 || !is_source(tokens[i])) continue;
    std::vector<WordId> name;
    for (std::size_t k = i + 1; k < tokens.size() && tokens[k].word != 0 && tokens[k].line == tokens[i].line; ++k) {
      name.push_back(tokens[k].word);
    }
    if (!name.empty()) names_.push_back(std::move(name));
  }
  std::sort(names_.begin(), names_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::size_t Citations::declared(const std::vector<Token>& tokens, std::size_t i) const {
  for (const auto& name : names_) {
    if (i + name.size() > tokens.size()) continue;
    std::size_t k = 0;
    while (k < name.size() && tokens[i + k].word == name[k]) ++k;
    if (k == name.size()) return k;
  }
  return 0;
}

std::vector<ast::SourceRef> Citations::read(std::string_view source, const std::vector<Token>& tokens, std::size_t i,
                                            std::size_t line_end, bool indented) const {
  std::vector<ast::SourceRef> out;
  if (!is_source(tokens[i]) || i + 1 >= tokens.size() || (tokens[i].first_on_line && tokens[i].column == 1)) return out;
  const std::uint32_t line = tokens[i].line;
  const auto on_line = [&](std::size_t k) { return k < tokens.size() && tokens[k].line == line; };
  if (!on_line(i + 1)) return out;

  const std::size_t known = declared(tokens, i + 1);
  const bool named = known > 0 || tokens[i + 1].kind == TokenKind::kWord || tokens[i + 1].kind == TokenKind::kQuoted;
  const std::size_t after = i + 1 + std::max<std::size_t>(known, 1);
  const bool referenced = named && on_line(after) && begins_reference(tokens[after]);
  const bool whole = known > 0 && indented && (!on_line(after) || tokens[after].symbol == Symbol::kSemicolon);
  if (!referenced && !whole) return out;

  // The text of a reference is free: `;` alone separates. Identifiers are found again by their tokens.
  std::size_t begin = tokens[i + 1].span.begin;
  std::size_t k = i + 1;
  while (begin < line_end) {
    const std::size_t end = begin + std::min(source.substr(begin, line_end - begin).find(';'), line_end - begin);
    while (k < tokens.size() && tokens[k].span.begin < begin) ++k;
    if (on_line(k) && tokens[k].span.begin < end && is_source(tokens[k])) ++k;
    if (on_line(k) && tokens[k].span.begin < end) {
      ast::SourceRef ref;
      std::size_t reference = tokens[k].span.begin;
      if (tokens[k].symbol == Symbol::kSection && !out.empty()) {
        ref.source = out.back().source;
      } else {
        const std::size_t size = std::max<std::size_t>(declared(tokens, k), 1);
        const Span span{tokens[k].span.begin, tokens[k + size - 1].span.end};
        std::string name = tokens[k].kind == TokenKind::kQuoted
                               ? tokens[k].text
                               : clean_name(source.substr(span.begin, span.end - span.begin));
        ref.source = {std::move(name), span};
        reference = span.end;
      }
      if (reference < end) ref.reference = clean_text(source.substr(reference, end - reference));
      out.push_back(std::move(ref));
    }
    begin = end + 1;
  }
  return out;
}

}  // namespace assemblier::dsl
