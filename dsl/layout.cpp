#include "dsl/layout.hpp"

#include "dsl/citations.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace assemblier::dsl {
namespace {

struct KindOf {
  KeywordId keyword;
  DeclKind kind;
};
constexpr std::array kKinds = {
    KindOf{keyword("langue"), DeclKind::kLangue},       KindOf{keyword("édition"), DeclKind::kEdition},
    KindOf{keyword("source"), DeclKind::kSource},       KindOf{keyword("énumération"), DeclKind::kEnumeration},
    KindOf{keyword("table"), DeclKind::kTable},         KindOf{keyword("objet"), DeclKind::kObjet},
    KindOf{keyword("règles"), DeclKind::kSection},      KindOf{keyword("paramètre"), DeclKind::kParametre},
    KindOf{keyword("réglage"), DeclKind::kParametre},   KindOf{keyword("définition"), DeclKind::kDefinition},
    KindOf{keyword("décision"), DeclKind::kDecision},   KindOf{keyword("grille"), DeclKind::kGrille},
    KindOf{keyword("condition"), DeclKind::kCondition}, KindOf{keyword("scrutin"), DeclKind::kScrutin},
    KindOf{keyword("procédure"), DeclKind::kProcedure}, KindOf{keyword("tableau"), DeclKind::kTableau},
    KindOf{keyword("scénario"), DeclKind::kScenario}};

struct Line {
  std::size_t first = 0;  // indices into the tokens that stay
  std::size_t last = 0;
  std::uint32_t column = 0;
  std::uint32_t number = 0;
  std::uint32_t last_number = 0;
  Span span;  // of its first token, also when all of it was a reference
  std::vector<ast::SourceRef> sources;
  [[nodiscard]] bool empty() const { return first == last; }
};

/// `=` outside parentheses, and parentheses left open.
struct Shape {
  bool equal = false;
  int open = 0;
};

bool acte_clause(KeywordPair head) {
  constexpr std::array kHeads = {keyword("par"),    keyword("ouvre"), keyword("de"),      keyword("d'"),
                                 keyword("porte"),  keyword("exige"), keyword("inscrit"), keyword("ajoute"),
                                 keyword("décide"), keyword("vers"),  keyword("puis")};
  return std::ranges::any_of(kHeads, [head](KeywordId id) { return head.is(id); });
}

class Builder {
 public:
  Builder(std::string_view source, Lexed lexed, std::vector<Diagnostic>& diagnostics)
      : source_(source), lexed_(std::move(lexed)), diagnostics_(diagnostics) {}

  Layout run() {
    split();
    std::size_t i = 0;
    bool told = false;
    while (i < lines_.size()) {
      if (lines_[i].column > 1) {
        if (!told)
          report("R0031", lines_[i].span, "cette ligne est indentée mais n'appartient à aucune déclaration",
                 "commencez la déclaration en première colonne");
        told = true;
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      while (end < lines_.size() && lines_[end].column > 1) ++end;
      out_.declarations.push_back(declaration(i, end));
      i = end;
    }
    out_.commented = std::move(lexed_.commented);
    return std::move(out_);
  }

 private:
  void report(std::string_view code, Span span, std::string message, std::string help) {
    diagnostics_.push_back({std::string(code), Severity::kError, span, std::move(message), std::move(help), {}});
  }

  /// Lines, without their references.
  void split() {
    const Citations citations(lexed_.tokens);
    auto& tokens = lexed_.tokens;
    out_.tokens.reserve(tokens.size());
    for (std::size_t i = 0; i < tokens.size();) {
      const Token& token = tokens[i];
      if (token.first_on_line) {
        Line line;
        line.first = line.last = out_.tokens.size();
        line.column = token.column;
        line.number = line.last_number = token.line;
        line.span = token.span;
        lines_.push_back(std::move(line));
      }
      const std::uint32_t line_end = lexed_.line_end[token.line - 1];
      if (auto found = citations.read(source_, tokens, i, line_end, lines_.back().column > 1); !found.empty()) {
        std::move(found.begin(), found.end(), std::back_inserter(lines_.back().sources));
        const std::uint32_t number = token.line;
        while (i < tokens.size() && tokens[i].line == number) ++i;
        continue;
      }
      lines_.back().last_number = token.line;
      out_.tokens.push_back(std::move(tokens[i]));
      ++lines_.back().last;
      ++i;
    }
    tokens.clear();
  }

  [[nodiscard]] Shape shape(std::size_t first, std::size_t last) const {
    Shape out;
    for (std::size_t i = first; i < last; ++i) {
      if (out_.tokens[i].symbol == Symbol::kOpen) ++out.open;
      if (out_.tokens[i].symbol == Symbol::kClose) --out.open;
      if (out_.tokens[i].symbol == Symbol::kEqual && out.open <= 0) out.equal = true;
    }
    return out;
  }

  /// Lines [i, end) as one clause.
  Clause clause(std::size_t i, std::size_t end) {
    Clause out;
    out.first = out_.tokens.data() + lines_[i].first;
    out.last = out_.tokens.data() + lines_[end - 1].last;
    out.first_line = lines_[i].number;
    out.last_line = lines_[end - 1].last_number;
    out.span = out.first == out.last ? lines_[i].span : Span{out.first->span.begin, std::prev(out.last)->span.end};
    for (std::size_t k = i; k < end; ++k) {
      std::move(lines_[k].sources.begin(), lines_[k].sources.end(), std::back_inserter(out.sources));
    }
    return out;
  }

  /// How many lines of the declaration [i, end) its header takes.
  [[nodiscard]] std::size_t header_lines(DeclKind kind, std::size_t i, std::size_t end) const {
    if (i + 1 == end) return 1;
    switch (kind) {
      case DeclKind::kLangue:
      case DeclKind::kSource:
      case DeclKind::kSection:
      case DeclKind::kDefinition:
        return end - i;
      case DeclKind::kParametre: {
        const bool continued = !lines_[i + 1].empty() && out_.tokens[lines_[i + 1].first].symbol == Symbol::kEqual;
        return continued || shape(lines_[i].first, lines_[i].last).equal ? end - i : 1;
      }
      case DeclKind::kUnknown:
      case DeclKind::kEdition:
      case DeclKind::kEnumeration:
      case DeclKind::kTable:
      case DeclKind::kObjet:
      case DeclKind::kDecision:
      case DeclKind::kGrille:
      case DeclKind::kCondition:
      case DeclKind::kScrutin:
      case DeclKind::kProcedure:
      case DeclKind::kTableau:
      case DeclKind::kScenario:
        break;
    }
    // A header goes on while its parenthesis is open, as long as the rest of the declaration closes it.
    int open = shape(lines_[i].first, lines_[i].last).open;
    std::size_t k = i + 1;
    while (open > 0 && k < end) {
      open += shape(lines_[k].first, lines_[k].last).open;
      ++k;
    }
    return open > 0 ? 1 : k - i;
  }

  Declaration declaration(std::size_t i, std::size_t end) {
    Declaration out;
    Token& head = out_.tokens[lines_[i].first];
    if (head.kind == TokenKind::kWord) {
      out.kind = declaration_kind(head.keyword);
      if (out.kind == DeclKind::kUnknown) {
        const auto near = suggestions(head.text, declaration_keywords());
        if (!near.empty()) {
          head.keyword = find_keyword(near.front());
          out.kind = declaration_kind(head.keyword);
          out.misspelt = true;
        }
      }
    }
    const std::size_t body = i + header_lines(out.kind, i, end);
    out.header = clause(i, body);
    out.body = clauses(body, end, out.header.sources, out.kind == DeclKind::kProcedure);
    return out;
  }

  /// The clauses of a body: all at the indentation of the first. References alone on a line belong to the clause they
  /// stand under if they are indented deeper, to the declaration (`owner`) if not.
  std::vector<Clause> clauses(std::size_t i, std::size_t end, std::vector<ast::SourceRef>& owner, bool procedure) {
    std::vector<Clause> out;
    const auto take = [&](Line& line) {
      std::move(line.sources.begin(), line.sources.end(), std::back_inserter(owner));
      line.sources.clear();
    };
    while (i < end && lines_[i].empty()) take(lines_[i++]);
    if (i == end) return out;
    const std::uint32_t column = margin(i, end);
    while (i < end) {
      if (lines_[i].empty()) {
        take(lines_[i++]);
        continue;
      }
      if (lines_[i].column != column) {
        report("R0030", lines_[i].span,
               fmt::format("cette ligne commence en colonne {}, les autres clauses en colonne {}", lines_[i].column,
                           column),
               "donnez la même indentation à toutes les clauses d'une déclaration");
      }
      std::size_t next = i + 1;
      while (next < end && lines_[next].column > column) ++next;
      Token& head = out_.tokens[lines_[i].first];
      const bool misspelt = procedure && corrected(head);
      if (procedure && head.keyword.is(keyword("acte"))) {
        next = acte(i, next, end, out);
      } else {
        out.push_back(clause(i, next));
      }
      out.back().misspelt = misspelt;
      i = next;
    }
    return out;
  }

  /// The column of the clauses on lines [i, end): that of the first, unless it is further to the right than all others
  /// that are not its own continuation.
  [[nodiscard]] std::uint32_t margin(std::size_t i, std::size_t end) const {
    const std::uint32_t first = lines_[i].column;
    std::uint32_t least = first;
    for (std::size_t k = i + 1; k < end; ++k) {
      if (lines_[k].empty()) continue;
      if (lines_[k].column == first) return first;
      least = std::min(least, lines_[k].column);
    }
    return least;
  }

  /// Gives a word that is no keyword the one of a procédure that is nearest; whether there is one.
  static bool corrected(Token& head) {
    if (head.kind != TokenKind::kWord || head.keyword.first != kNoKeyword) return false;
    const auto near = suggestions(head.text, procedure_keywords());
    if (!near.empty()) head.keyword = find_keyword(near.front());
    return !near.empty();
  }

  /// The acte on line `i`, whose lines go on until `next`, and further where a clause of it stands in its own column.
  /// Answers the first line after it.
  std::size_t acte(std::size_t i, std::size_t next, std::size_t end, std::vector<Clause>& out) {
    const std::uint32_t column = lines_[i].column;
    const auto astray = [&](std::size_t k) {
      return k < end && !lines_[k].empty() && lines_[k].column == column &&
             acte_clause(out_.tokens[lines_[k].first].keyword);
    };
    Clause acte = clause(i, i + 1);
    std::size_t begin = i + 1;
    while (true) {
      auto inner = clauses(begin, next, acte.sources, false);
      std::move(inner.begin(), inner.end(), std::back_inserter(acte.body));
      if (!astray(next)) break;
      report("R0032", out_.tokens[lines_[next].first].span,
             fmt::format("« {} » est une clause d'un acte, et cette ligne n'est pas plus à droite que « acte »",
                         out_.tokens[lines_[next].first].text),
             "donnez-lui la même indentation qu'aux autres clauses de l'acte");
      // What it goes on with stands further to the right than the next clause.
      const std::size_t first = next++;
      std::uint32_t least = 0;
      for (std::size_t k = next; k < end && lines_[k].column > column; ++k)
        if (!lines_[k].empty() && (least == 0 || lines_[k].column < least)) least = lines_[k].column;
      while (next < end && lines_[next].column > column && (lines_[next].empty() || lines_[next].column > least))
        ++next;
      acte.body.push_back(clause(first, next));
      begin = next;
      while (next < end && lines_[next].column > column) ++next;
    }
    out.push_back(std::move(acte));
    return next;
  }

  std::string_view source_;
  Lexed lexed_;
  std::vector<Diagnostic>& diagnostics_;
  std::vector<Line> lines_;
  Layout out_;
};

}  // namespace

Layout lay_out(std::string_view source, Lexed lexed, std::vector<Diagnostic>& diagnostics) {
  return Builder(source, std::move(lexed), diagnostics).run();
}

std::vector<std::string> procedure_keywords() { return {"rôle", "état", "acte"}; }

std::vector<std::string> declaration_keywords() {
  std::vector<std::string> out;
  for (const auto& [id, kind] : kKinds) out.emplace_back(kKeywords[id].text);
  return out;
}

DeclKind declaration_kind(KeywordPair pair) {
  for (const auto& [id, kind] : kKinds) {
    if (pair.is(id)) return kind;
  }
  return DeclKind::kUnknown;
}

}  // namespace assemblier::dsl
