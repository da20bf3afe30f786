#pragma once
// What the lexer asks about the characters of a source: blanks, letters, ends of words.
//
// Thread-safety: pure functions. REQUIRES valid UTF-8.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace assemblier::dsl::scan {

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// Bytes of the code point at `at`.
[[nodiscard]] std::size_t point_size(std::string_view text, std::size_t at);
[[nodiscard]] std::uint32_t point(std::string_view text, std::size_t at);
/// Bytes of the blank at `at` (space, tab, carriage return, any Unicode space), 0 if none; a newline is not a blank.
[[nodiscard]] std::size_t blank(std::string_view text, std::size_t at);
[[nodiscard]] bool blank_before(std::string_view text, std::size_t at);
/// Bytes of `'` or `’` at `at`, 0 if none.
[[nodiscard]] std::size_t apostrophe(std::string_view text, std::size_t at);
/// A letter, mark, digit or `_`.
[[nodiscard]] bool letter(std::string_view text, std::size_t at);
[[nodiscard]] bool visible(std::string_view text, std::size_t at);
/// End of the word that begins at `at`; `at` if none does. `.`, `-` and apostrophes only inside; an elision may end
/// one.
[[nodiscard]] std::size_t word_end(std::string_view text, std::size_t at);
/// Columns of blank at the start of a line, tabs to the next multiple of 8.
[[nodiscard]] std::size_t indentation(std::string_view text, std::size_t line_begin);
[[nodiscard]] bool blank_line(std::string_view text, std::size_t line_begin);

}  // namespace assemblier::dsl::scan
