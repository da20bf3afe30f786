#include "dsl/scan.hpp"

#include <algorithm>

#include <utf8proc.h>

namespace assemblier::dsl::scan {
namespace {

constexpr std::size_t kTab = 8;

utf8proc_category_t category(std::string_view text, std::size_t at) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(point(text, at)));
}

}  // namespace

std::size_t point_size(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xC0U) == 0x80U) ++size;
  return size;
}

std::uint32_t point(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c < 0x80) return c;
  utf8proc_int32_t out = 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                   static_cast<utf8proc_ssize_t>(text.size() - at), &out);
  return out < 0 ? 0xFFFDU : static_cast<std::uint32_t>(out);
}

std::size_t blank(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  const char c = text[at];
  if (c == ' ' || c == '\t' || c == '\r') return 1;
  if (static_cast<unsigned char>(c) < 0x80) return 0;
  return category(text, at) == UTF8PROC_CATEGORY_ZS ? point_size(text, at) : 0;
}

bool blank_before(std::string_view text, std::size_t at) {
  if (at == 0) return true;
  std::size_t begin = at - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) --begin;
  return text[begin] == '\n' || blank(text, begin) > 0;
}

std::size_t apostrophe(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  if (text[at] == '\'') return 1;
  constexpr std::string_view kTypographic = "’";
  return text.substr(at).starts_with(kTypographic) ? kTypographic.size() : 0;
}

bool letter(std::string_view text, std::size_t at) {
  if (at >= text.size()) return false;
  const char c = text[at];
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_') return true;
  if (static_cast<unsigned char>(c) < 0x80) return false;
  switch (category(text, at)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_NL:
      return true;
    default:  // of a foreign library's forty categories
      return false;
  }
}

bool visible(std::string_view text, std::size_t at) {
  const auto kind = category(text, at);
  return kind != UTF8PROC_CATEGORY_CC && kind != UTF8PROC_CATEGORY_CF && kind != UTF8PROC_CATEGORY_CO &&
         kind != UTF8PROC_CATEGORY_CN && kind != UTF8PROC_CATEGORY_ZL && kind != UTF8PROC_CATEGORY_ZP;
}

std::size_t word_end(std::string_view text, std::size_t at) {
  std::size_t i = at;
  while (i < text.size()) {
    if (letter(text, i)) {
      i += point_size(text, i);
      continue;
    }
    if (i == at) return at;
    const std::size_t mark = text[i] == '.' || text[i] == '-' ? 1 : apostrophe(text, i);
    if (mark == 0) break;
    if (letter(text, i + mark)) {
      i += mark;
      continue;
    }
    // `l' orientation`: the apostrophe of an elision stays with it.
    if (apostrophe(text, i) > 0 && i - at <= 6) i += mark;
    break;
  }
  return i;
}

std::size_t indentation(std::string_view text, std::size_t line_begin) {
  std::size_t column = 0;
  for (std::size_t i = line_begin; i < text.size();) {
    const std::size_t size = blank(text, i);
    if (size == 0) break;
    column = text[i] == '\t' ? column / kTab * kTab + kTab : column + 1;
    i += size;
  }
  return column;
}

bool blank_line(std::string_view text, std::size_t line_begin) {
  std::size_t i = line_begin;
  while (i < text.size() && blank(text, i) > 0) i += blank(text, i);
  return i >= text.size() || text[i] == '\n';
}

}  // namespace assemblier::dsl::scan
