#include "dsl/reading.hpp"

#include "dsl/scan.hpp"
#include "dsl/text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::dsl {
namespace {

using grammar::State;

constexpr std::size_t kRepairs = 64;  // other choices tried for a clause that does not parse

/// A token as a message shows it.
std::string shown(const Token& token) {
  constexpr std::size_t kShown = 40;
  std::string text = token.kind == TokenKind::kQuoted ? "[" + token.text + "]" : token.text;
  if (code_points(text) > kShown) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < kShown; ++i) end += scan::point_size(text, end);
    text = text.substr(0, end) + "…";
  }
  if (token.kind == TokenKind::kText) return "le texte « " + text + " »";
  return "« " + text + " »";
}

std::string alternatives(const std::vector<std::string>& expected) {
  std::string out;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (i > 0) out += i + 1 == expected.size() ? " ou " : ", ";
    out += expected[i];
  }
  return out;
}

/// First words of the keywords among what was expected.
std::vector<std::string> expected_keywords(const State& state) {
  constexpr std::string_view kOpen = "« ";
  std::vector<std::string> out;
  for (const std::string& text : state.expected) {
    if (!text.starts_with(kOpen)) continue;
    const auto end = text.find(' ', kOpen.size());
    out.push_back(text.substr(kOpen.size(), end - kOpen.size()));
  }
  return out;
}

struct Misspelt {
  const Token* at;
  std::vector<std::string> keywords;  // the nearest first
};

/// A misspelt keyword was read as part of a name: it stands before the place where it is missed.
std::optional<Misspelt> misspelt(const State& state) {
  constexpr std::ptrdiff_t kBefore = 30;
  const Token* at = std::max(state.farthest, state.first);
  const auto keywords = expected_keywords(state);
  const Token* from = at - std::min(at - state.first, kBefore);
  for (const Token* t = from; t != state.last && t <= at; ++t) {
    if (t->kind != TokenKind::kWord || t->keyword.first != kNoKeyword) continue;
    if (auto near = suggestions(t->text, keywords); !near.empty()) return Misspelt{t, std::move(near)};
  }
  return std::nullopt;
}

/// The tokens [at, at + length) as the state read them, names between brackets.
std::string as_read(const State& state, const Token* at, int length) {
  std::string out;
  const Token* end = at + length;
  for (const Token* t = at; t < end && t != state.last;) {
    if (!out.empty() && !std::prev(t)->elided) out += ' ';
    const auto name =
        std::find_if(state.taken.begin(), state.taken.end(), [&](const auto& taken) { return taken.first == t; });
    if (name != state.taken.end()) {
      out += "[" + name_text(t, t + name->second) + "]";
      t += name->second;
    } else {
      out += t->text;
      ++t;
    }
  }
  return out;
}

}  // namespace

void Reader::report(std::string_view code, Span span, std::string message, std::string help) {
  diagnostics_.push_back({std::string(code), Severity::kError, span, std::move(message), std::move(help), {}});
}

bool Reader::sound(const Token* first, const Token* last, bool raw) {
  for (const Token* t = first; t != last; ++t) {
    if (t->problem == kNoProblem) continue;
    const Diagnostic& problem = (*problems_)[t->problem];
    if (raw && problem.code != "R0011" && problem.code != "R0012") continue;
    diagnostics_.push_back(problem);
    return false;
  }
  return true;
}

bool Reader::balanced(const Token* first, const Token* last) {
  std::vector<const Token*> open;
  for (const Token* t = first; t != last; ++t) {
    if (t->symbol == Symbol::kOpen) open.push_back(t);
    if (open.size() > limits_.nesting) {
      report("R0009", t->span,
             fmt::format("plus de {} parenthèses sont ouvertes les unes dans les autres", limits_.nesting),
             "donnez un nom aux parties par une définition");
      return false;
    }
    if (t->symbol != Symbol::kClose) continue;
    if (open.empty()) {
      report("R0016", t->span, "cette parenthèse n'est pas ouverte", "ouvrez-la par ( ou supprimez-la");
      return false;
    }
    open.pop_back();
  }
  if (open.empty()) return true;
  report("R0015", open.back()->span, "cette parenthèse n'est pas fermée avant la fin de sa clause", "fermez-la par )");
  return false;
}

bool Reader::resolve(const Token* first, const Token* last, bool scenario, const Attempt& attempt) {
  if (static_cast<std::size_t>(last - first) > limits_.clause_tokens) {
    report("R0008", {first->span.begin, first->span.end},
           fmt::format("cette clause a plus de {} mots et signes", limits_.clause_tokens),
           "coupez-la en plusieurs, par des définitions");
    return false;
  }
  if (!sound(first, last) || !balanced(first, last)) return false;

  State state(names_, source_, limits_);
  state.first = first;
  state.last = last;
  state.scenario = scenario;
  state.restart();
  const bool parsed = attempt(state, true);
  if (state.too_deep) {
    report_none(state);
    return false;
  }
  if (parsed && state.choices.empty()) {
    if (state.objection) diagnostics_.push_back(*state.objection);
    return !state.objection;
  }
  const bool complete = parsed && !state.unknown_used;
  const auto tried = others(state, attempt, complete ? state.choices.size() * kNameWords : kRepairs);
  if (complete && !tried) {
    report("R0062", state.span(first, last), "trop de mots de cette clause se lisent de plusieurs façons",
           "mettez les noms entre crochets, ou coupez la clause par des définitions");
    return false;
  }
  const auto found = tried.value_or(std::vector<State>{});
  if (complete) {
    if (found.empty()) {
      if (state.objection) diagnostics_.push_back(*state.objection);
      return !state.objection;
    }
    report_two(state, found.front(), found.front());
    return false;
  }
  if (found.size() > 1) {
    report_two(found[0], found[1], found[1]);
    return false;
  }
  if (found.size() == 1) {
    State taken = found.front();
    taken.restart();
    attempt(taken, true);
    if (taken.objection) diagnostics_.push_back(*taken.objection);
    return !taken.objection;
  }
  if (!parsed) {
    report_none(state);
    return repaired(state, attempt);
  }
  if (state.objection) diagnostics_.push_back(*state.objection);
  return !state.objection;
}

std::optional<std::vector<State>> Reader::others(const State& base, const Attempt& attempt, std::size_t most) {
  std::vector<State> out;
  const auto size = static_cast<std::size_t>(base.last - base.first);
  std::size_t tried = 0;
  for (const grammar::Choice& choice : base.choices) {
    for (std::size_t i = 1; i < choice.lengths.size(); ++i) {
      if (++tried > most) return out;
      if (size > budget_) return std::nullopt;
      budget_ -= size;
      State state(names_, source_, limits_);
      state.first = base.first;
      state.last = base.last;
      state.scenario = base.scenario;
      state.forced_at = choice.at;
      state.forced_length = choice.lengths[i];
      state.known_only = true;
      state.restart();
      if (!attempt(state, false)) continue;
      out.push_back(std::move(state));
      if (out.size() == 2) return out;
    }
  }
  return out;
}

void Reader::report_two(const State& one, const State& other, const State& choice) {
  const Token* at = choice.forced_at;
  const NameMatches matches = names_.match(at, choice.last);
  const int length = std::max<int>(matches.count > 0 ? matches.lengths[0] : 1, choice.forced_length);
  if (choice.forced_length == 0 || matches.count == 0) {
    return report("R0060", choice.span(at, at + length),
                  fmt::format("« {} » se lit de deux façons : le nom [{}] ou le mot « {} » de la langue",
                              name_text(at, at + length), name_text(at, at + length), at->text),
                  fmt::format("pour le nom, écrivez [{}] ; pour le mot de la langue, donnez au nom un autre mot",
                              name_text(at, at + length)));
  }
  const std::string first = as_read(one, at, length);
  const std::string second = as_read(other, at, length);
  report("R0060", choice.span(at, at + length),
         fmt::format("« {} » se lit de deux façons : « {} » ou « {} »", name_text(at, at + length), first, second),
         "mettez entre crochets les noms de la lecture voulue, ou renommez l'un d'eux");
}

bool Reader::repaired(const State& state, const Attempt& attempt) {
  const auto wrong = misspelt(state);
  if (!wrong || wrong->keywords.size() > 1 || repaired_.size() >= kRepairs) return false;
  auto& tokens = repaired_.emplace_back(state.first, state.last);
  tokens[static_cast<std::size_t>(wrong->at - state.first)].keyword = find_keyword(wrong->keywords.front());
  const std::size_t told = diagnostics_.size();
  const bool read = resolve(tokens.data(), tokens.data() + tokens.size(), state.scenario, attempt);
  if (read) diagnostics_[told - 1].mended = true;
  if (!read) diagnostics_.resize(told);
  return read;
}

void Reader::report_none(const State& state) {
  const Token* at = std::max(state.farthest, state.first);
  if (state.too_deep) {
    const Token* place = at == state.last && at != state.first ? std::prev(at) : at;
    return report("R0009", place->span, "cette expression est trop imbriquée ou trop longue",
                  "donnez un nom à ses parties par une définition");
  }
  if (const auto wrong = misspelt(state)) {
    return report(
        wrong->at == state.first ? "R0052" : "R0050", wrong->at->span,
        fmt::format("{} n'est pas attendu ici ; attendu : {}", shown(*wrong->at), alternatives(state.expected)),
        fmt::format("vouliez-vous dire *{}* ?", fmt::join(wrong->keywords, "* ou *")));
  }
  if (at == state.last) {
    const std::uint32_t end = at == state.first ? 0 : std::prev(at)->span.end;
    return report("R0051", {end, end}, fmt::format("il manque la suite ; attendu : {}", alternatives(state.expected)),
                  {});
  }
  std::string help;
  constexpr std::ptrdiff_t kNear = 4;
  const Token* line = at;
  while (line != state.first && !line->first_on_line) --line;
  if (line != state.first && at - line <= kNear) {
    help = "cette ligne est plus à droite que le début de sa clause : elle la continue";
  } else if (at->kind == TokenKind::kQuoted) {
    help = "[ ] met un nom entre crochets";
  }
  report(at == state.first ? "R0052" : "R0050", at->span,
         fmt::format("{} n'est pas attendu ici ; attendu : {}", shown(*at), alternatives(state.expected)),
         std::move(help));
}

std::optional<ast::Template> Reader::read_template(const Token& text) {
  constexpr std::size_t kGuillemet = std::string_view("«").size();
  const std::size_t begin = text.span.begin + kGuillemet;
  const std::size_t end = text.span.end - kGuillemet;
  ast::Template out;
  out.span = text.span;
  const auto literal = [&](std::size_t from, std::size_t to) {
    const auto raw = source_.substr(from, to - from);
    std::string piece = clean_text(raw);
    const auto is_blank = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
    const bool nothing_left = piece.empty() && to == end;  // blanks before the closing » are not part of the text
    if (!raw.empty() && is_blank(raw.front()) && from != begin && !nothing_left) piece.insert(0, " ");
    if (!raw.empty() && is_blank(raw.back()) && to != end && piece != " ") piece += ' ';
    if (!piece.empty()) out.pieces.push_back({std::move(piece), nullptr});
  };
  std::size_t at = begin;
  while (at < end) {
    const std::size_t open = std::min(source_.substr(0, end).find('{', at), end);
    literal(at, open);
    if (open == end) break;
    const Span brace{static_cast<std::uint32_t>(open), static_cast<std::uint32_t>(open + 1)};
    const std::size_t close = source_.substr(0, end).find('}', open);
    if (close == std::string_view::npos) {
      report("R0080", brace, "l'accolade ouverte dans ce motif n'est pas fermée",
             "une valeur s'écrit {valeur} dans un motif");
      return std::nullopt;
    }
    const Lexed lexed = lex(source_, open + 1, close, words_);
    if (lexed.tokens.empty()) {
      report("R0080", brace, "ces accolades ne contiennent aucune valeur", "une valeur s'écrit {valeur} dans un motif");
      return std::nullopt;
    }
    const auto* problems = std::exchange(problems_, &lexed.problems);
    auto expression =
        read<ast::ExprPtr>(lexed.tokens.data(), lexed.tokens.data() + lexed.tokens.size(), grammar::parse_expression);
    problems_ = problems;
    if (!expression) return std::nullopt;
    out.pieces.push_back({{}, std::move(*expression)});
    at = close + 1;
  }
  return out;
}

}  // namespace assemblier::dsl
