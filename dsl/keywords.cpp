#include "dsl/keywords.hpp"

#include "dsl/text.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace assemblier::dsl {
namespace {

std::size_t point_size(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xC0U) == 0x80U) ++size;
  return size;
}

/// Letter by letter, `word` is `keyword` or drops its accent: `énumeration` is a keyword, `dû` is not `du`.
bool spells(std::string_view word, std::string_view keyword) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < word.size() && j < keyword.size()) {
    const auto a = word.substr(i, point_size(word, i));
    const auto b = keyword.substr(j, point_size(keyword, j));
    if (a != b && a != fold(b)) return false;
    i += a.size();
    j += b.size();
  }
  return i == word.size() && j == keyword.size();
}

const std::unordered_map<std::string, std::vector<KeywordId>>& by_fold() {
  static const auto table = [] {
    std::unordered_map<std::string, std::vector<KeywordId>> out;
    for (std::size_t i = 1; i < kKeywords.size(); ++i)
      out[fold(kKeywords[i].text)].push_back(static_cast<KeywordId>(i));
    return out;
  }();
  return table;
}

}  // namespace

KeywordPair find_keyword(std::string_view word) {
  KeywordPair pair;
  const auto found = by_fold().find(fold(word));
  if (found == by_fold().end()) return pair;
  for (const KeywordId id : found->second) {
    if (!spells(word, kKeywords[id].text)) continue;
    (pair.first == kNoKeyword ? pair.first : pair.second) = id;
  }
  return pair;
}

}  // namespace assemblier::dsl
