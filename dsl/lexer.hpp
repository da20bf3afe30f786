#pragma once
// text → tokens. Every byte of a file ends up in a token, a blank or a comment; what cannot be read becomes a token
// that carries its diagnostic, reported only if a clause uses it (a table cell or a reference may hold any character).
//
// Thread-safety: pure functions; a `Words` belongs to one file.

#include "dsl/diagnostic.hpp"
#include "dsl/keywords.hpp"
#include "dsl/values.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace assemblier::dsl {

enum class TokenKind : std::uint8_t { kWord, kInteger, kAmount, kRate, kDate, kText, kQuoted, kSymbol, kBad };

enum class Symbol : std::uint8_t {
  kNone,
  kColon,
  kEqual,
  kOpen,
  kClose,
  kBar,
  kSemicolon,
  kComma,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kPlus,
  kMinus,
  kTimes,
  kSlash,
  kDash,
  kSection,
  kDot
};

using WordId = std::uint32_t;
inline constexpr std::uint32_t kNoProblem = std::numeric_limits<std::uint32_t>::max();

struct Token {
  TokenKind kind = TokenKind::kBad;
  Symbol symbol = Symbol::kNone;
  bool first_on_line = false;
  bool elided = false;  ///< a word that ends with an apostrophe: no blank after it in a name
  KeywordPair keyword;  ///< of a word
  Span span;
  std::uint32_t line = 0;              ///< from 1, where it begins
  std::uint32_t column = 0;            ///< from 1, tabs to the next multiple of 8: the indentation of a first token
  WordId word = 0;                     ///< of a word or a whole number; 0: none
  std::uint32_t problem = kNoProblem;  ///< index into the problems
  std::string text;                    ///< NFC; words, numbers as typed, texts and quoted names with blanks folded
  Value value;                         ///< of a number, amount, rate, date
};

/// Words are numbered, so that names are sequences of numbers.
class Words {
 public:
  struct Entry {
    WordId id = 0;
    KeywordPair keyword;
  };
  /// `text` in NFC with straight apostrophes.
  Entry intern(const std::string& text);
  /// 0 when the file does not hold the word.
  [[nodiscard]] WordId find(const std::string& text) const;

 private:
  std::unordered_map<std::string, Entry> entries_;
};

struct Lexed {
  std::vector<Token> tokens;
  std::vector<Diagnostic> problems;
  std::vector<std::uint32_t>
      line_end;                 ///< by line from 0: offset where its text ends, before blanks, comment and newline
  std::vector<bool> commented;  ///< by line from 0: a comment stands on it
};

/// Tokens of source[begin, end), offsets in the whole source. REQUIRES valid UTF-8 in NFC or not.
[[nodiscard]] Lexed lex(std::string_view source, std::size_t begin, std::size_t end, Words& words);

/// NFC, straight apostrophes, runs of blanks as one space, trimmed; `name` drops the blank after an apostrophe.
[[nodiscard]] std::string clean_text(std::string_view raw);
[[nodiscard]] std::string clean_name(std::string_view raw);

}  // namespace assemblier::dsl
