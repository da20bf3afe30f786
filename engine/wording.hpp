#pragma once
// Small pieces of French for messages: lists, quotes, plurals. Private to engine/.
//
// Thread-safety: pure functions.

#include <string>
#include <string_view>
#include <vector>

namespace assemblier::engine {

/// "« x »"
[[nodiscard]] std::string quoted(std::string_view word);
/// "a", "a ou b", "a, b ou c": `last` is "et" or "ou".
[[nodiscard]] std::string joined(const std::vector<std::string>& words, std::string_view last);
/// The same with each word in « ».
[[nodiscard]] std::string joined_quoted(const std::vector<std::string>& words, std::string_view last);
/// NFC of `text` in place; an ASCII text is left alone. False when it is not UTF-8.
[[nodiscard]] bool normalise(std::string& text);

}  // namespace assemblier::engine
