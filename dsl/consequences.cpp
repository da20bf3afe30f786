#include "dsl/consequences.hpp"

#include "dsl/text.hpp"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

namespace assemblier::dsl {

namespace {

constexpr std::string_view kUnknownType = "R0222";
constexpr std::string_view kAmbiguous = "R0202";

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

}  // namespace

void drop_consequences(std::vector<Diagnostic>& diagnostics, const std::vector<Diagnostic>& reading,
                       std::string_view source) {
  std::vector<std::string> clauses;
  const auto declares_nothing = [&](const Diagnostic& unread) {
    if (unread.severity == Severity::kError && unread.span.begin < source.size())
      clauses.push_back(nfc(clause_at(source, unread.span.begin)));
  };
  std::ranges::for_each(reading, declares_nothing);
  bool unknown_type = false;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.code != kUnknownType) continue;
    declares_nothing(diagnostic);  // a field, a parameter, a column
    unknown_type = true;
  }
  std::map<std::string, std::size_t> more;
  std::vector<Diagnostic> kept;
  std::map<std::string, std::size_t> first;  // where it is among those kept
  for (Diagnostic& diagnostic : diagnostics) {
    if (unknown_type && diagnostic.code == kAmbiguous) continue;  // the type would have told which one is meant
    const std::string& name = diagnostic.unknown;
    const bool cause = diagnostic.code == kUnknownType;
    if (!name.empty()) {
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
