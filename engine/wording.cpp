#include "engine/wording.hpp"

#include "dsl/text.hpp"

namespace assemblier::engine {

std::string quoted(std::string_view word) { return "« " + std::string(word) + " »"; }

std::string joined(const std::vector<std::string>& words, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " " + std::string(last) + " " : std::string(", ");
    text += words[i];
  }
  return text;
}

std::string joined_quoted(const std::vector<std::string>& words, std::string_view last) {
  std::vector<std::string> each;
  each.reserve(words.size());
  for (const std::string& word : words) each.push_back(quoted(word));
  return joined(each, last);
}

bool normalise(std::string& text) {
  if (dsl::is_ascii(text)) return true;
  if (dsl::first_invalid_utf8(text)) return false;
  if (!dsl::surely_nfc(text)) text = dsl::nfc(text);
  return true;
}

}  // namespace assemblier::engine
