#include "dsl/diagnostic.hpp"

#include "dsl/text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <utf8proc.h>

namespace assemblier::dsl {
namespace {

constexpr std::size_t kTab = 8;
constexpr std::size_t kShownColumns = 160;  // a terminal's line or two; a longer one is cut around the place

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// A code point as shown: what a terminal would obey or misplace is replaced.
struct Glyph {
  std::string text;
  std::size_t width = 1;
  std::size_t bytes = 1;
};

Glyph glyph_at(std::string_view line, std::size_t at) {
  utf8proc_int32_t point = 0;
  const auto read = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(line.data() + at),
                                     static_cast<utf8proc_ssize_t>(line.size() - at), &point);
  if (read <= 0) return {"\uFFFD", 1, 1};
  const auto bytes = static_cast<std::size_t>(read);
  const auto category = utf8proc_category(point);
  if (category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF) return {"\uFFFD", 1, bytes};
  return {std::string(line.substr(at, bytes)), static_cast<std::size_t>(std::max(0, utf8proc_charwidth(point))), bytes};
}

struct Excerpt {
  std::string line;
  std::string carets;
};

/// The line and the carets under [begin, end), tabs widened, cut to what a terminal shows.
Excerpt excerpt(std::string_view line, std::size_t begin, std::size_t end) {
  std::vector<Glyph> glyphs;
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t column = 0;
  bool seen = false;
  for (std::size_t at = 0; at < line.size();) {
    Glyph glyph = glyph_at(line, at);
    if (line[at] == '\t') {
      const std::size_t width = kTab - column % kTab;
      glyph = {std::string(width, ' '), width, 1};
    }
    if (at + glyph.bytes > begin && !seen) {
      first = glyphs.size();
      seen = true;
    }
    if (at < end) last = glyphs.size() + 1;
    column += glyph.width;
    at += glyph.bytes;
    glyphs.push_back(std::move(glyph));
  }
  if (!seen) first = glyphs.size();
  last = std::max(last, first + 1);

  std::size_t from = 0;
  std::size_t to = glyphs.size();
  if (to > kShownColumns) {
    from = first > kShownColumns / 3 ? first - kShownColumns / 3 : 0;
    to = std::min(to, from + kShownColumns);
  }
  Excerpt out;
  if (from > 0) {
    out.line += "…";
    out.carets += ' ';
  }
  for (std::size_t i = from; i < to; ++i) {
    out.line += glyphs[i].text;
    if (i < first) out.carets.append(glyphs[i].width, ' ');
    if (i >= first && i < last) out.carets.append(glyphs[i].width, '^');
  }
  if (to < glyphs.size()) out.line += "…";
  if (out.carets.find('^') == std::string::npos) out.carets += '^';
  return out;
}

/// "file:line:column : <title>", the line, the carets.
std::string place(std::string_view source, std::string_view file, Span span, std::string_view title) {
  const std::size_t begin = std::min<std::size_t>(span.begin, source.size());
  const LineColumn at = line_column(source, begin);
  const auto newline = begin == 0 ? std::string_view::npos : source.rfind('\n', begin - 1);
  const std::size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
  auto line_end = std::min(source.find('\n', begin), source.size());
  if (line_end > line_begin && source[line_end - 1] == '\r') --line_end;
  const auto line = source.substr(line_begin, line_end > line_begin ? line_end - line_begin : 0);
  const std::size_t end = std::clamp<std::size_t>(span.end, begin, std::max(line_end, begin));
  const auto [text, carets] = excerpt(line, begin - line_begin, end - line_begin);
  const std::string number = std::to_string(at.line);
  return fmt::format("{}:{}:{} : {}\n {} | {}\n {} | {}\n", file, at.line, at.column, title, number, text,
                     std::string(number.size(), ' '), carets);
}

std::u32string folded_points(std::string_view text) {
  const std::string folded = fold(text);
  std::u32string out;
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(folded.data());
  auto left = static_cast<utf8proc_ssize_t>(folded.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const auto read = utf8proc_iterate(data, left, &point);
    if (read <= 0) break;
    out.push_back(static_cast<char32_t>(point));
    data += read;
    left -= read;
  }
  return out;
}

/// Damerau–Levenshtein (optimal string alignment).
std::size_t distance(const std::u32string& a, const std::u32string& b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, row);
  }
  return previous[b.size()];
}

}  // namespace

LineColumn line_column(std::string_view source, std::size_t offset) {
  LineColumn at;
  offset = std::min(offset, source.size());
  std::size_t line_begin = 0;
  for (std::size_t i = 0; i < offset; ++i) {
    if (source[i] == '\n') {
      ++at.line;
      line_begin = i + 1;
    }
  }
  for (std::size_t i = line_begin; i < offset; ++i) {
    if (!continues(source[i])) ++at.column;
  }
  // An offset inside a code point (invalid text) counts as that code point.
  if (offset < source.size() && offset > line_begin && continues(source[offset])) --at.column;
  return at;
}

bool has_errors(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::kError; });
}

std::string render(const Diagnostic& diagnostic, std::string_view source, std::string_view file) {
  const std::string_view severity = diagnostic.severity == Severity::kError ? "erreur" : "avertissement";
  std::string out =
      place(source, file, diagnostic.span, fmt::format("{} {} : {}", severity, diagnostic.code, diagnostic.message));
  if (!diagnostic.help.empty()) out += fmt::format("aide : {}\n", diagnostic.help);
  for (const Related& related : diagnostic.related) out += place(source, file, related.span, related.message);
  return out;
}

std::vector<std::string> suggestions(std::string_view word, const std::vector<std::string>& names) {
  constexpr std::size_t kSuggestions = 3;
  const std::u32string wanted = folded_points(word);
  const std::size_t limit = wanted.size() / 3;
  std::vector<std::pair<std::size_t, const std::string*>> near;
  for (const std::string& name : names) {
    if (name == word) continue;
    const std::size_t size = code_points(name);
    if (size > 2 * (wanted.size() + limit) + 4) continue;
    const std::u32string candidate = folded_points(name);
    const std::size_t gap =
        candidate.size() > wanted.size() ? candidate.size() - wanted.size() : wanted.size() - candidate.size();
    if (gap > limit) continue;
    const std::size_t d = distance(wanted, candidate);
    if (d <= limit) near.emplace_back(d, &name);
  }
  std::sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : *a.second < *b.second;
  });
  std::vector<std::string> out;
  for (const auto& [d, name] : near) {
    if (out.size() == kSuggestions) break;
    if (std::find(out.begin(), out.end(), *name) == out.end()) out.push_back(*name);
  }
  return out;
}

}  // namespace assemblier::dsl
