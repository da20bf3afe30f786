#include "dsl/consequences.hpp"

#include "dsl/lexer.hpp"
#include "dsl/text.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace assemblier::dsl {

namespace {

constexpr std::string_view kUnknownType = "R0222";
constexpr std::string_view kAmbiguous = "R0202";
constexpr std::string_view kOtherType = "R0201";

std::size_t indentation(std::string_view line) { return std::min(line.find_first_not_of(" \t"), line.size()); }
bool blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

std::string_view line_at(std::string_view source, std::size_t begin) {
  return source.substr(begin, source.find('\n', begin) - begin);
}

std::size_t line_begin(std::string_view source, std::size_t offset) {
  const std::size_t before = offset == 0 ? std::string_view::npos : source.rfind('\n', offset - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}

// What a line may declare: its first words, or the label of an exigence. The rest is use.
std::string_view declared_by(std::string_view line) {
  const std::size_t first = indentation(line);
  if (line.substr(first).starts_with("exige")) return line;
  const std::size_t end = std::min({line.find_first_of(":|=(", first), line.find("  ", first), line.size()});
  return line.substr(0, end);
}

// The line that holds `offset`, and what those after it declare that stand further to the right; before them, the lines
// that they belong to, each further to the left.
std::string clause_at(std::string_view source, std::size_t offset) {
  const std::size_t begin = line_begin(source, offset);
  const std::size_t margin = indentation(line_at(source, begin));
  std::string text;
  std::size_t left = margin;
  for (std::size_t at = begin; at > 0 && left > 0;) {
    at = line_begin(source, at - 1);
    const std::string_view line = line_at(source, at);
    if (blank(line) || indentation(line) >= left) continue;
    left = indentation(line);
    text += std::string(line) + "\n";
  }
  std::size_t end = std::min(begin + line_at(source, begin).size(), source.size());
  while (end < source.size()) {
    const std::string_view next = line_at(source, end + 1);
    if (!blank(next) && indentation(next) <= margin) break;
    end += 1 + next.size();
    text += std::string(declared_by(next)) + "\n";
  }
  return text + std::string(line_at(source, begin));
}

bool letter(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// Whether `name` stands in `text` as whole words.
bool mentions(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || !letter(text[at - 1])) && (end == text.size() || !letter(text[end]))) return true;
  }
  return false;
}

// Whether a line, after its first word, declares `name`: `table EPCI nom : texte)`.
bool heads(std::string_view line, std::string_view name) {
  const std::size_t first = line.find(' ');
  if (first == 0 || first == std::string_view::npos) return false;
  const std::size_t at = line.find_first_not_of(' ', first);
  if (at == std::string_view::npos || !line.substr(at).starts_with(name)) return false;
  return at + name.size() == line.size() || !letter(line[at + name.size()]);
}

bool within(Span inner, Span outer) { return outer.begin <= inner.begin && inner.end <= outer.end; }

// A type that does not fit, or a name whose type would tell which is meant, where an unknown name stands in the same
// value, or one that could not be read where it is declared.
void drop_types(std::vector<Diagnostic>& diagnostics, const std::set<std::string>& poisoned, std::string_view source) {
  const auto of_type = [](const Diagnostic& d) { return d.code == kOtherType || d.code == kAmbiguous; };
  std::vector<std::string> names(poisoned.begin(), poisoned.end());
  std::vector<Span> doubtful;
  for (const Diagnostic& d : diagnostics) {
    if (d.unknown.empty()) continue;
    names.push_back(d.unknown);
    const std::size_t begin = line_begin(source, d.span.begin);
    doubtful.push_back(
        {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + line_at(source, begin).size())});
  }
  for (const Diagnostic& outer : diagnostics) {
    if (!of_type(outer)) continue;
    const std::string text = clean_name(source.substr(outer.span.begin, outer.span.end - outer.span.begin));
    const auto inside = [&](const Diagnostic& d) { return !d.unknown.empty() && within(d.span, outer.span); };
    if (std::ranges::any_of(diagnostics, inside) ||
        std::ranges::any_of(names, [&](const std::string& name) { return mentions(text, name); }))
      doubtful.push_back(outer.span);
  }
  // A part that does not fit makes the whole not fit: the first part is told.
  std::set<const Diagnostic*> implied;
  for (const Diagnostic& whole : diagnostics) {
    if (whole.code != kOtherType) continue;
    const auto part = [&](const Diagnostic& d) {
      return d.code == kOtherType && &d != &whole && within(d.span, whole.span);
    };
    bool told = false;
    for (const Diagnostic& d : diagnostics) {
      if (!part(d)) continue;
      implied.insert(told ? &d : &whole);
      told = true;
    }
  }
  std::vector<Span> mistyped;
  for (const Diagnostic& d : diagnostics)
    if (d.code == kOtherType) mistyped.push_back(d.span);
  const auto in_one_of = [](const Diagnostic& d, const std::vector<Span>& spans) {
    return std::ranges::any_of(spans, [&](Span span) { return within(d.span, span); });
  };
  std::erase_if(diagnostics, [&](const Diagnostic& d) {
    return implied.contains(&d) || (of_type(d) && in_one_of(d, doubtful)) ||
           (d.code == kAmbiguous && in_one_of(d, mistyped));
  });
}

}  // namespace

void drop_consequences(std::vector<Diagnostic>& diagnostics, const std::vector<Diagnostic>& reading,
                       const std::set<std::string>& poisoned, std::string_view source) {
  drop_types(diagnostics, poisoned, source);
  std::vector<std::string> clauses;
  std::vector<std::string> headers;
  const auto declares_nothing = [&](const Diagnostic& unread) {
    if (unread.severity != Severity::kError || unread.mended || unread.span.begin >= source.size()) return;
    clauses.push_back(nfc(clause_at(source, unread.span.begin)));
    headers.push_back(nfc(line_at(source, line_begin(source, unread.span.begin))));
  };
  std::ranges::for_each(reading, declares_nothing);
  bool unknown_type = false;
  std::set<std::string> misread;  // types whose own declaration could not be read
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.code != kUnknownType) continue;
    unknown_type = true;
    const auto of_header = [&](const std::string& line) { return heads(line, diagnostic.unknown); };
    if (std::ranges::any_of(headers, of_header)) misread.insert(diagnostic.unknown);
  }
  for (const Diagnostic& diagnostic : diagnostics)
    if (diagnostic.code == kUnknownType) declares_nothing(diagnostic);  // a field, a parameter, a column
  std::map<std::string, std::size_t> more;
  std::vector<Diagnostic> kept;
  std::map<std::string, std::size_t> first;  // where it is among those kept
  for (Diagnostic& diagnostic : diagnostics) {
    if (unknown_type && diagnostic.code == kAmbiguous) continue;  // the type would have told which one is meant
    const std::string& name = diagnostic.unknown;
    const bool cause = diagnostic.code == kUnknownType;
    if (!name.empty()) {
      if (cause && misread.contains(name)) continue;
      if (!cause && std::ranges::any_of(clauses, [&name](const std::string& text) { return mentions(text, name); }))
        continue;
      const auto [at, fresh] = first.try_emplace(name, kept.size());
      if (!fresh) {
        ++more[name];
        continue;
      }
    }
    kept.push_back(std::move(diagnostic));
  }
  for (const auto& [name, count] : more) {
    std::string& help = kept[first[name]].help;
    help += fmt::format("{}le même nom manque à {} autre{} endroit{}", help.empty() ? "" : " ; ", count,
                        count > 1 ? "s" : "", count > 1 ? "s" : "");
  }
  diagnostics = std::move(kept);
}

}  // namespace assemblier::dsl
