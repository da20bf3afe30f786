#pragma once
// What a person is told about a rule file: a stable code, a place, a French sentence, what to do.
//
// Thread-safety: values only.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assemblier::dsl {

/// A stretch of the source text: byte offsets [begin, end). Line and column are computed when rendered.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const Span&) const = default;
};

enum class Severity { kError, kWarning };

/// The other half of a conflict, or the first declaration of a name declared twice.
struct Related {
  Span span;
  std::string message;  ///< French
};

struct Diagnostic {
  std::string code;  ///< "R0123", listed in dsl/README.md; never reused
  Severity severity = Severity::kError;
  Span span;
  std::string message;  ///< French, one sentence: what is wrong, what was expected
  std::string help;     ///< French, what to do; « vouliez-vous dire … ? »; may be empty
  std::vector<Related> related;
  bool mended = false;    ///< a misspelt keyword: what it begins was read as if it were right
  std::string unknown{};  ///< the name that is not declared as it should be, when that is what is wrong
};

/// Line and column of a byte offset, both from 1; columns count code points.
struct LineColumn {
  std::size_t line = 1;
  std::size_t column = 1;
};
[[nodiscard]] LineColumn line_column(std::string_view source, std::size_t offset);

[[nodiscard]] bool has_errors(const std::vector<Diagnostic>& diagnostics);

/// Several lines for a terminal: `fichier:ligne:colonne : erreur R0123 : …`, the line, the underlined place, the help,
/// the related places. Ends with a newline.
[[nodiscard]] std::string render(const Diagnostic& diagnostic, std::string_view source, std::string_view file);

/// The declared names nearest to `word` (Damerau–Levenshtein on folded code points, at most a third of its length),
/// best first, at most 3.
[[nodiscard]] std::vector<std::string> suggestions(std::string_view word, const std::vector<std::string>& names);

}  // namespace assemblier::dsl
