#include "dsl/lexer.hpp"

#include "dsl/numbers.hpp"
#include "dsl/scan.hpp"
#include "dsl/text.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace assemblier::dsl {
namespace {

constexpr std::uint32_t kTab = 8;

struct SymbolText {
  std::string_view text;
  Symbol symbol;
};
// Longer ones first.
constexpr std::array kSymbols = {
    SymbolText{"<>", Symbol::kNotEqual}, SymbolText{"<=", Symbol::kLessEqual}, SymbolText{">=", Symbol::kGreaterEqual},
    SymbolText{":", Symbol::kColon},     SymbolText{"=", Symbol::kEqual},      SymbolText{"(", Symbol::kOpen},
    SymbolText{")", Symbol::kClose},     SymbolText{"|", Symbol::kBar},        SymbolText{";", Symbol::kSemicolon},
    SymbolText{",", Symbol::kComma},     SymbolText{"≠", Symbol::kNotEqual},   SymbolText{"<", Symbol::kLess},
    SymbolText{"≤", Symbol::kLessEqual}, SymbolText{">", Symbol::kGreater},    SymbolText{"≥", Symbol::kGreaterEqual},
    SymbolText{"+", Symbol::kPlus},      SymbolText{"-", Symbol::kMinus},      SymbolText{"−", Symbol::kMinus},
    SymbolText{"×", Symbol::kTimes},     SymbolText{"*", Symbol::kTimes},      SymbolText{"/", Symbol::kSlash},
    SymbolText{"—", Symbol::kDash},      SymbolText{"–", Symbol::kDash},       SymbolText{"§", Symbol::kSection}};

constexpr std::array<std::string_view, 10> kElisions = {"jusqu", "lorsqu", "qu", "l", "d", "n", "s", "j", "m", "t"};

/// Length of the elision at the start of `word` with its apostrophe, 0 if none.
std::size_t elision(std::string_view word) {
  const auto matches = [&](std::string_view letters) {
    if (word.size() <= letters.size()) return std::size_t{0};
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const char c = word[i];
      if (c != letters[i] && c != static_cast<char>(letters[i] - 'a' + 'A')) return std::size_t{0};
    }
    const std::size_t mark = scan::apostrophe(word, letters.size());
    return mark == 0 ? std::size_t{0} : letters.size() + mark;
  };
  for (const auto letters : kElisions) {
    if (const std::size_t length = matches(letters); length > 0) return length;
  }
  return matches("c");
}

class Lexer {
 public:
  Lexer(std::string_view source, std::size_t begin, std::size_t end, Words& words)
      : source_(source.substr(0, end)), at_(begin), line_begin_(begin), text_end_(begin), words_(words) {
    out_.commented.push_back(false);
  }

  Lexed run() {
    while (at_ < source_.size()) {
      if (source_[at_] == '\n') {
        new_line();
      } else if (const std::size_t blank = scan::blank(source_, at_); blank > 0) {
        move(blank);
      } else if (comment()) {
        out_.commented.back() = true;
        at_ = std::min(source_.find('\n', at_), source_.size());
      } else {
        token();
      }
    }
    out_.line_end.push_back(static_cast<std::uint32_t>(text_end_));
    return std::move(out_);
  }

 private:
  void new_line() {
    out_.line_end.push_back(static_cast<std::uint32_t>(text_end_));
    out_.commented.push_back(false);
    ++at_;
    line_begin_ = at_;
    text_end_ = at_;
    column_ = 1;
    fresh_ = true;
  }

  /// Over a blank: the column matters for indentation only.
  void move(std::size_t bytes) {
    column_ = source_[at_] == '\t' ? (column_ - 1) / kTab * kTab + kTab + 1 : column_ + 1;
    at_ += bytes;
  }

  [[nodiscard]] bool comment() const {
    return source_.substr(at_).starts_with("--") && (at_ == line_begin_ || scan::blank_before(source_, at_));
  }

  [[nodiscard]] std::string_view rest() const { return source_.substr(at_); }

  Token& push(TokenKind kind, std::size_t begin, std::size_t end) {
    Token token;
    token.kind = kind;
    token.span = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
    token.line = static_cast<std::uint32_t>(out_.line_end.size() + 1);
    token.column = column_;
    token.first_on_line = fresh_;
    fresh_ = false;
    out_.tokens.push_back(std::move(token));
    return out_.tokens.back();
  }

  /// Attaches a diagnostic to the last token; its span is the token's unless given.
  void problem(std::string_view code, std::string message, std::string help = {}) {
    Token& token = out_.tokens.back();
    token.problem = static_cast<std::uint32_t>(out_.problems.size());
    out_.problems.push_back({std::string(code), Severity::kError, token.span, std::move(message), std::move(help), {}});
  }

  void advance(std::size_t end) {
    column_ += static_cast<std::uint32_t>(code_points(source_.substr(at_, end - at_)));
    at_ = end;
    text_end_ = end;
  }

  void token() {
    const char c = source_[at_];
    if (scan::is_digit(c) && number()) return;
    if (const std::size_t end = scan::word_end(source_, at_); end > at_) return word(end);
    if (rest().starts_with("«")) return text();
    if (c == '[') return quoted();
    for (const auto& [spelling, symbol] : kSymbols) {
      if (rest().starts_with(spelling)) {
        push(TokenKind::kSymbol, at_, at_ + spelling.size()).symbol = symbol;
        out_.tokens.back().text = spelling;
        return advance(at_ + spelling.size());
      }
    }
    stray();
  }

  void word(std::size_t end) {
    const std::size_t head = elision(source_.substr(at_, end - at_));
    if (head > 0) end = at_ + head;
    Token& token = push(TokenKind::kWord, at_, end);
    token.text = clean_text(source_.substr(at_, end - at_));
    token.elided = head > 0;
    const auto entry = words_.intern(token.text);
    token.word = entry.id;
    token.keyword = entry.keyword;
    advance(end);
  }

  bool number() {
    NumberScan found = scan_number(source_, at_);
    if (found.end == at_) return false;
    Token& token = push(found.kind, at_, found.end);
    token.text = clean_text(source_.substr(at_, found.end - at_));
    token.value = std::move(found.value);
    if (found.kind == TokenKind::kInteger) token.word = words_.intern(token.text).id;
    if (!found.code.empty()) problem(found.code, std::move(found.message), std::move(found.help));
    advance(found.end);
    return true;
  }

  /// « … ». A text that does not end within its clause is cut at the end of its first line, so that the next clause is
  /// read as it stands.
  void text() {
    const std::size_t begin = at_;
    const std::size_t indentation = scan::indentation(source_, line_begin_);
    const std::size_t inside = begin + std::string_view("«").size();
    std::size_t i = inside;
    bool closed = false;
    while (i < source_.size()) {
      if (source_.substr(i).starts_with("»")) {
        closed = true;
        break;
      }
      if (source_.substr(i).starts_with("«")) break;
      if (source_[i] == '\n' && !scan::blank_line(source_, i + 1) && scan::indentation(source_, i + 1) <= indentation)
        break;
      ++i;
    }
    if (!closed) {
      const std::size_t end = std::min(source_.find('\n', begin), source_.size());
      push(TokenKind::kBad, begin, end);
      problem("R0011", "le texte ouvert par « n'est pas fermé avant la fin de sa clause", "fermez-le par »");
      out_.problems.back().span.end = static_cast<std::uint32_t>(inside);
      return advance(end);
    }
    const std::size_t end = i + std::string_view("»").size();
    Token& token = push(TokenKind::kText, begin, end);
    token.text = clean_text(source_.substr(inside, i - inside));
    // The lines inside the text belong to it.
    for (std::size_t k = begin; k < end; ++k) {
      if (source_[k] == '\n') {
        out_.line_end.push_back(static_cast<std::uint32_t>(k));
        out_.commented.push_back(false);
        line_begin_ = k + 1;
      }
    }
    at_ = end;
    text_end_ = end;
  }

  void quoted() {
    std::size_t i = at_ + 1;
    while (i < source_.size() && source_[i] != ']' && source_[i] != '[' && source_[i] != '\n') ++i;
    if (i >= source_.size() || source_[i] != ']') {
      push(TokenKind::kBad, at_, at_ + 1);
      problem("R0013", "le nom ouvert par [ n'est pas fermé sur sa ligne", "fermez-le par ]");
      return advance(at_ + 1);
    }
    std::string name = clean_name(source_.substr(at_ + 1, i - at_ - 1));
    const bool empty = name.empty();
    Token& token = push(empty ? TokenKind::kBad : TokenKind::kQuoted, at_, i + 1);
    token.text = std::move(name);
    if (empty) problem("R0014", "[ ] ne contient aucun nom", "écrivez le nom entre les crochets");
    advance(i + 1);
  }

  void stray() {
    const std::size_t size = scan::point_size(source_, at_);
    const std::string shown(source_.substr(at_, size));
    push(TokenKind::kBad, at_, at_ + size).text = shown;
    if (shown == "»") {
      problem("R0012", "» ferme un texte qui n'est pas ouvert", "ouvrez le texte par « ou supprimez »");
    } else if (shown == "]") {
      problem("R0014", "] ferme un nom qui n'est pas ouvert", "ouvrez le nom par [ ou supprimez ]");
    } else if (shown == "\"" || shown == "“" || shown == "”" || shown == "'" || shown == "’") {
      problem("R0010", fmt::format("le signe {} n'a pas de sens ici", shown),
              "un texte s'écrit entre guillemets : « … »");
    } else if (shown == "!") {
      problem("R0010", "le signe ! n'a pas de sens ici", "« différent de » s'écrit ≠ ou <>, la négation s'écrit non");
    } else if (scan::visible(source_, at_)) {
      problem("R0010", fmt::format("le signe {} n'a pas de sens ici", shown),
              "supprimez-le, ou mettez le texte entre « et »");
    } else {
      problem("R0010", fmt::format("un caractère invisible (U+{:04X}) n'a pas de sens ici", scan::point(source_, at_)),
              "supprimez-le");
    }
    advance(at_ + size);
  }

  std::string_view source_;
  std::size_t at_;
  std::size_t line_begin_;
  std::size_t text_end_;
  std::uint32_t column_ = 1;
  bool fresh_ = true;
  Words& words_;
  Lexed out_;
};

}  // namespace

Words::Entry Words::intern(const std::string& text) {
  auto [it, added] = entries_.try_emplace(text);
  if (added) it->second = {static_cast<WordId>(entries_.size()), find_keyword(text)};
  return it->second;
}

WordId Words::find(const std::string& text) const {
  const auto found = entries_.find(text);
  return found == entries_.end() ? 0 : found->second.id;
}

Lexed lex(std::string_view source, std::size_t begin, std::size_t end, Words& words) {
  return Lexer(source, begin, end, words).run();
}

std::string clean_text(std::string_view raw) {
  std::string out;
  bool gap = false;
  for (std::size_t i = 0; i < raw.size();) {
    if (const std::size_t blank = raw[i] == '\n' ? 1 : scan::blank(raw, i); blank > 0) {
      gap = true;
      i += blank;
      continue;
    }
    if (gap && !out.empty()) out += ' ';
    gap = false;
    const std::size_t size = scan::point_size(raw, i);
    const auto point = raw.substr(i, size);
    if (point == "’") {
      out += '\'';
    } else {
      out += point;
    }
    i += size;
  }
  return nfc(out);
}

std::string clean_name(std::string_view raw) {
  std::string out = clean_text(raw);
  for (auto at = out.find("' "); at != std::string::npos; at = out.find("' ", at)) out.erase(at + 1, 1);
  return out;
}

}  // namespace assemblier::dsl
