#pragma once
// What the parse of one clause knows and remembers, carried through the grammar's context: the declared names, the
// choice that is forced, the choices that were open, and the place where every reading stopped.
//
// Thread-safety: one parse each.

#include "dsl/names.hpp"
#include "dsl/parse.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assemblier::dsl::grammar {

inline constexpr int kNoChoice = -1;
inline constexpr std::size_t kTreeDepth = 400;  ///< of an expression's tree: whoever walks it recurses as deep

/// A place where several names, or a name and a keyword, may be read. Lengths in tokens, 0: the keyword.
struct Choice {
  const Token* at = nullptr;
  std::vector<int> lengths;  ///< the first is taken unless another is forced
};

/// Thrown past the limit of nesting: nothing that follows could be parsed.
struct TooDeep {
  const Token* at;
};

class State {
 public:
  State(const Names& file_names, std::string_view file_source, const ParseLimits& file_limits)
      : names(file_names), source(file_source), limits(file_limits) {}

  const Names& names;
  std::string_view source;
  const ParseLimits& limits;
  const Token* first = nullptr;
  const Token* last = nullptr;
  bool scenario = false;  ///< an item followed by `=` begins the next given

  // The reading.
  const Token* forced_at = nullptr;
  int forced_length = kNoChoice;
  bool known_only = false;    ///< an undeclared name is no reading: for the other choices
  bool unknown_used = false;  ///< an undeclared name was read
  std::vector<Choice> choices;
  std::vector<std::pair<const Token*, int>> taken;  ///< names as last read, to show a reading

  // Why it stopped.
  const Token* farthest = nullptr;
  std::vector<std::string> expected;
  const Token* labelled = nullptr;
  bool too_deep = false;
  std::size_t depth = 0;
  bool filtering = false;               ///< inside `dont …`: `sans doublon` is said of the whole list
  std::optional<Diagnostic> objection;  ///< it parses, but may not be said

  void restart();
  /// Tells that `description` would have been accepted at `at`.
  void expect(const Token* at, std::string_view description);
  void object(std::string_view code, Span span, std::string message, std::string help = {});

  /// `1.5` or `2-3` where a value must stand is no undeclared name but a number written otherwise.
  void object_to_number(const Token* at);

  /// The name to read at `at` under the forced choice: its length, 0 for the keyword or none; records the choice.
  [[nodiscard]] int name_at(const Token* at);
  /// Tokens of the undeclared name at `at`, 0 if no name can stand there.
  [[nodiscard]] std::size_t unknown_at(const Token* at) const;
  void take(const Token* at, int length);

  /// `name [de …] =` (or `aucune`, `indéterminée`, `erreur`) begins at `at`.
  [[nodiscard]] bool begins_item(const Token* at) const;
  [[nodiscard]] Span span(const Token* begin, const Token* end) const;
  [[nodiscard]] std::string_view text(Span span) const { return source.substr(span.begin, span.end - span.begin); }

 private:
  /// A name can end before `at`: what stands there is no word, or a keyword that may follow.
  [[nodiscard]] bool may_follow(const Token* at) const;
};

}  // namespace assemblier::dsl::grammar
