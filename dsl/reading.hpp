#pragma once
// How one clause is read: by longest match, then with every other choice changed one at a time. Two readings are an
// error that shows both; no reading is an error that says what was expected at the farthest place reached.
//
// Thread-safety: one file each.

#include "dsl/grammar/grammar.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assemblier::dsl {

class Reader {
 public:
  Reader(const Names& names, Words& words, std::string_view source, const ParseLimits& limits,
         const std::vector<Diagnostic>& problems, std::vector<Diagnostic>& diagnostics)
      : names_(names),
        words_(words),
        source_(source),
        limits_(limits),
        problems_(&problems),
        diagnostics_(diagnostics) {}

  /// The tokens as one clause of that grammar; nothing after exactly one diagnostic.
  template <class T>
  [[nodiscard]] std::optional<T> read(const Token* first, const Token* last, bool (*grammar)(grammar::State&, T&),
                                      bool scenario = false) {
    T out{};
    const bool ok = resolve(first, last, scenario, [&](grammar::State& state, bool keep) {
      T read{};
      const bool parsed = grammar(state, read);
      if (parsed && keep) out = std::move(read);
      return parsed;
    });
    if (!ok) return std::nullopt;
    return out;
  }
  template <class T>
  [[nodiscard]] std::optional<T> read(const Clause& clause, bool (*grammar)(grammar::State&, T&),
                                      bool scenario = false) {
    return read(clause.first, clause.last, grammar, scenario);
  }

  /// The pieces of a text that may hold `{expression}`; nothing after one diagnostic.
  [[nodiscard]] std::optional<ast::Template> read_template(const Token& text);

  void report(std::string_view code, Span span, std::string message, std::string help = {});
  /// Reports the first token that could not be read; with `raw`, only what makes the rest unreadable.
  [[nodiscard]] bool sound(const Token* first, const Token* last, bool raw = false);

 private:
  using Attempt = std::function<bool(grammar::State&, bool keep)>;

  bool resolve(const Token* first, const Token* last, bool scenario, const Attempt& attempt);
  bool balanced(const Token* first, const Token* last);
  /// Tries every other choice of `base`, `most` of them: the readings that parse, at most two; nothing when the budget
  /// does not allow to try them all.
  std::optional<std::vector<grammar::State>> others(const grammar::State& base, const Attempt& attempt,
                                                    std::size_t most);
  void report_two(const grammar::State& one, const grammar::State& other, const grammar::State& choice);
  void report_none(const grammar::State& state);
  /// Reads again, in silence, a clause that has been reported, with its misspelt keyword put right.
  bool repaired(const grammar::State& state, const Attempt& attempt);

  const Names& names_;
  Words& words_;
  std::string_view source_;
  const ParseLimits& limits_;
  const std::vector<Diagnostic>* problems_;
  std::vector<Diagnostic>& diagnostics_;
  std::deque<std::vector<Token>> repaired_;  ///< what was read may point into them
  std::size_t budget_ = 4'000'000;  ///< tokens that may be read again for other choices, per file: seconds, not minutes
};

}  // namespace assemblier::dsl
