#pragma once
// French text: UTF-8 checks, NFC, folding of accents for keywords, code points.
//
// Thread-safety: pure functions.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace assemblier::dsl {

/// Offset of the first byte that is not valid UTF-8 (RFC 3629); nothing if all is.
[[nodiscard]] std::optional<std::size_t> first_invalid_utf8(std::string_view text);
/// Unicode Normalization Form C. REQUIRES valid UTF-8.
[[nodiscard]] std::string nfc(std::string_view text);
/// Whether every octet is below 0x80.
[[nodiscard]] bool is_ascii(std::string_view text);
/// True when NFC changes nothing for want of anything it could change: every code point below U+0300, as French text
/// written with precomposed letters. REQUIRES valid UTF-8.
[[nodiscard]] bool surely_nfc(std::string_view text);
/// Accents dropped, œ→oe, typographic apostrophe → ', lower case: for keywords, command words and suggestions only.
[[nodiscard]] std::string fold(std::string_view text);
/// Number of code points.
[[nodiscard]] std::size_t code_points(std::string_view text);

}  // namespace assemblier::dsl
