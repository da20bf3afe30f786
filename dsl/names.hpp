#pragma once
// The names a file declares, gathered before any clause is parsed, so that a run of words splits by longest match.
//
// Thread-safety: const functions are safe.

#include "dsl/layout.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace assemblier::dsl {

inline constexpr std::size_t kNameWords = 30;  ///< a longer run is no name but a sentence that lost its punctuation

/// Lengths in tokens of the declared names that begin somewhere, longest first.
struct NameMatches {
  std::array<std::uint8_t, kNameWords> lengths{};
  std::size_t count = 0;
  std::size_t partial = 0;  ///< tokens of the longest beginning of a declared name
};

class Names {
 public:
  void add(const std::vector<WordId>& words);
  [[nodiscard]] NameMatches match(const Token* first, const Token* last) const;
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  [[nodiscard]] std::uint32_t child(std::uint32_t node, WordId word) const;

  std::unordered_map<std::uint64_t, std::uint32_t> edges_;  // (node, word) → node
  std::vector<bool> ends_ = {false};
  std::size_t count_ = 0;
};

/// A name as a declaration gives it.
struct Declared {
  std::string text;
  std::vector<WordId> words;  ///< empty when it can only be used between brackets
};

/// Tokens of the name that begins a declaration at `first`: words up to a sign, a text or the end of its line.
[[nodiscard]] const Token* name_end(const Token* first, const Token* last);
/// Its text: words joined by one space, none after an apostrophe.
[[nodiscard]] std::string name_text(const Token* first, const Token* last);
/// `tableau programmation du Dossier`: where the name ends, before `du` (or one of its forms) and a declared name, or
/// else before the last `du`; the end of the name if there is none.
[[nodiscard]] const Token* before_objet(const Token* first, const Token* last, const Names& names);

/// The names that a clause of a declaration of this kind declares; `header` for the declaration's own.
[[nodiscard]] std::vector<Declared> names_of_header(DeclKind kind, const Clause& header);
[[nodiscard]] std::vector<Declared> names_of_clause(DeclKind kind, const Clause& clause);

}  // namespace assemblier::dsl
