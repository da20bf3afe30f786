#include "dsl/assembler.hpp"
#include "dsl/cells.hpp"
#include "dsl/grid.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace assemblier::dsl {
namespace {

template <class T>
void move_into(std::vector<T>& to, std::vector<T>& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

// ---------------------------------------------------------------- décision, grille

bool Assembler::take_result(const grammar::Result& result, ast::DecisionDecl::Case& out) {
  out.value = result.value;
  if (result.reason == nullptr) return true;
  out.reason = reader_.read_template(*result.reason);
  return out.reason.has_value();
}

bool Assembler::decision_case(const Clause& clause, ast::DecisionDecl& out) {
  const auto read = reader_.read(clause, grammar::parse_case);
  if (!read) return false;
  ast::DecisionDecl::Case made;
  made.condition = read->condition;
  made.exception = read->exception;
  made.span = clause.span;
  made.sources = clause.sources;
  if (!take_result(read->result, made)) return false;
  if (!read->otherwise) {
    out.cases.push_back(std::move(made));
    return true;
  }
  if (out.otherwise) {
    diagnostics_.push_back({"R0073",
                            Severity::kError,
                            clause.span,
                            "« sinon » ne se dit qu'une fois par décision",
                            "supprimez l'une des deux lignes",
                            {{out.otherwise->span, "le premier « sinon »"}}});
    return false;
  }
  out.otherwise = std::move(made);
  return true;
}

void Assembler::decision(const Declaration& declaration) {
  auto header = reader_.read(declaration.header, grammar::parse_decision_header);
  ast::DecisionDecl out = header ? std::move(*header) : ast::DecisionDecl{};
  bool whole = header.has_value();
  for (const Clause& clause : declaration.body) whole = decision_case(clause, out) && whole;
  // Its other cases are still checked, but nobody is told that it is unknown or incomplete.
  if (!whole) poison_header(declaration);
  if (!header || (!whole && out.cases.empty())) return;
  out.sources = declaration.header.sources;
  add(std::move(out), declaration);
}

void Assembler::grille(const Declaration& declaration) {
  const auto header = reader_.read(declaration.header, grammar::parse_grid_header);
  if (!header) {
    for (const Clause& clause : declaration.body) (void)reader_.sound(clause.first, clause.last, true);
    return poison_header(declaration);
  }
  ast::DecisionDecl out;
  out.name = header->name;
  out.type = header->type;
  out.grid = true;
  out.sources = declaration.header.sources;
  RowsBefore before;
  bool whole = true;
  for (const Clause& clause : declaration.body) {
    if (clause.first->kind == TokenKind::kWord && clause.first->keyword.is(keyword("sinon"))) {
      whole = decision_case(clause, out) && whole;
      continue;
    }
    const auto parts = split_cells(clause.first, clause.last);
    const std::size_t expected = header->columns.size() + 1;
    if (parts.size() != expected && runs_on(clause, expected)) {
      whole = false;
      continue;
    }
    if (parts.size() != expected) {
      diagnostics_.push_back(
          {"R0072",
           Severity::kError,
           clause.span,
           fmt::format("cette ligne a {} case{}, la grille en attend {} : une par colonne et le résultat", parts.size(),
                       parts.size() > 1 ? "s" : "", expected),
           "séparez les cases par | ; « - » dit que la colonne est indifférente",
           {{declaration.header.span, "les colonnes de la grille"}}});
      whole = false;
      continue;
    }
    std::vector<grammar::GridCell> cells;
    bool row = true;
    for (std::size_t i = 0; i < parts.size() && row; ++i) {
      const auto [first, last] = parts[i];
      if (first == last) {
        const std::uint32_t at = i == 0 ? clause.span.begin : std::prev(first)->span.end;
        reader_.report("R0078", {at, at}, "cette case est vide", "« - » dit que la colonne est indifférente");
        row = false;
      } else if (i + 1 < parts.size()) {
        auto cell = reader_.read(first, last, grammar::parse_grid_cell);
        row = cell.has_value();
        if (row) {
          cell->span = {first->span.begin, std::prev(last)->span.end};
          cells.push_back(std::move(*cell));
        }
      } else {
        const auto result = reader_.read(first, last, grammar::parse_result);
        ast::DecisionDecl::Case made;
        row = result && take_result(*result, made);
        if (!row) break;
        const auto condition = row_condition(header->columns, cells, clause.span);
        made.condition = header->first_match ? before.and_none_before(condition) : condition;
        before.add(condition);
        made.span = clause.span;
        made.sources = clause.sources;
        out.cases.push_back(std::move(made));
      }
    }
    whole = row && whole;
  }
  // Without one of its rows the first that fits would be another.
  if (!whole) return poison_header(declaration);
  add(std::move(out), declaration);
}

// ---------------------------------------------------------------- condition, scrutin

void Assembler::condition(const Declaration& declaration) {
  auto name = reader_.read(declaration.header, grammar::parse_condition_header);
  ast::ConditionDecl out;
  bool whole = name.has_value();
  for (const Clause& clause : declaration.body) {
    auto exigence = reader_.read(clause, grammar::parse_exigence);
    if (!exigence) {
      whole = false;
      continue;
    }
    exigence->sources = clause.sources;
    out.exigences.push_back(std::move(*exigence));
  }
  if (!whole) poison_header(declaration);
  if (!name) return;
  out.name = std::move(*name);
  out.sources = declaration.header.sources;
  add(std::move(out), declaration);
}

bool Assembler::scrutin_clause(const Clause& clause, ast::ScrutinDecl& out, std::vector<bool>& seen) {
  using Kind = grammar::ScrutinClause::Kind;
  auto read = reader_.read(clause, grammar::parse_scrutin_clause);
  if (!read) return false;
  const auto index = static_cast<std::size_t>(read->kind);
  if (seen[index]) {
    reader_.report("R0073", clause.span, fmt::format("« {} » ne se dit qu'une fois par scrutin", clause.first->text),
                   "supprimez l'une des deux lignes");
    return false;
  }
  seen[index] = true;
  switch (read->kind) {
    case Kind::kCollege:
      out.college = std::move(read->expression);
      break;
    case Kind::kPositions:
      out.positions = std::move(read->expression);
      break;
    case Kind::kFor:
      out.in_favour = std::move(read->names);
      break;
    case Kind::kAgainst:
      out.against = std::move(read->names);
      break;
    case Kind::kAbstention:
      out.abstention = std::move(read->names);
      out.abstention_counts = read->counts;
      break;
    case Kind::kAbsence:
      out.absence = std::move(read->names);
      out.absence_counts = read->counts;
      break;
    case Kind::kThreshold:
      out.threshold = read->threshold;
      break;
    case Kind::kQuorum:
      out.quorum = read->threshold;
      break;
  }
  out.sources.insert(out.sources.end(), clause.sources.begin(), clause.sources.end());
  return true;
}

void Assembler::scrutin(const Declaration& declaration) {
  using Kind = grammar::ScrutinClause::Kind;
  auto name = reader_.read(declaration.header, grammar::parse_scrutin_header);
  ast::ScrutinDecl out;
  out.sources = declaration.header.sources;
  std::vector<bool> seen(static_cast<std::size_t>(Kind::kQuorum) + 1, false);
  bool whole = name.has_value();
  for (const Clause& clause : declaration.body) whole = scrutin_clause(clause, out, seen) && whole;
  // What else it must say shows in the tree: the checker sees to it.
  if (whole && !seen[static_cast<std::size_t>(Kind::kThreshold)]) {
    reader_.report("R0074", declaration.header.span, "ce scrutin ne dit pas à quelle part il est acquis",
                   "ajoutez par exemple « acquis à la majorité des membres »");
    whole = false;
  }
  if (!whole) return poison_header(declaration);
  out.name = std::move(*name);
  add(std::move(out), declaration);
}

// ---------------------------------------------------------------- procédure

void Assembler::procedure(const Declaration& declaration) {
  auto objet = reader_.read(declaration.header, grammar::parse_procedure_header);
  ast::ProcedureDecl out;
  out.sources = declaration.header.sources;
  for (const Clause& clause : declaration.body) {
    const KeywordPair head = clause.first->keyword;
    if (clause.misspelt) {
      astray(clause);
      diagnostics_.back().mended = true;
    }
    bool ok = false;
    if (head.is(keyword("rôle"))) {
      auto read = reader_.read(clause, grammar::parse_role);
      ok = read.has_value();
      if (ok) out.roles.push_back(std::move(*read));
    } else if (head.is(keyword("état"))) {
      auto read = reader_.read(clause, grammar::parse_etat);
      ok = read.has_value();
      if (ok) out.etats.push_back(std::move(*read));
    } else if (head.is(keyword("acte"))) {
      ok = acte(clause, out);
    } else if (reader_.sound(clause.first, clause.last)) {
      astray(clause);
    }
    if (!ok || !objet) poison_clause(declaration, clause);
  }
  if (!objet) return;
  out.objet = std::move(*objet);
  add(std::move(out), declaration);
}

void Assembler::astray(const Clause& clause) {
  const Token& head = *clause.first;
  const auto near =
      head.kind == TokenKind::kWord ? suggestions(head.text, procedure_keywords()) : std::vector<std::string>{};
  reader_.report("R0052", head.span,
                 fmt::format("« {} » n'est pas attendu ici ; attendu : « rôle », « état » ou « acte »", head.text),
                 near.empty() ? std::string{} : fmt::format("vouliez-vous dire *{}* ?", near.front()));
}

bool Assembler::acte(const Clause& clause, ast::ProcedureDecl& out) {
  auto acte = reader_.read(clause, grammar::parse_acte_header);
  bool whole = acte.has_value();
  ast::ActeDecl all = whole ? std::move(*acte) : ast::ActeDecl{};
  all.sources = clause.sources;
  for (const Clause& inner : clause.body) {
    auto read = reader_.read(inner, grammar::parse_acte_clause);
    if (!read) {
      whole = false;
      continue;
    }
    for (auto& exigence : read->exigences) exigence.sources = inner.sources;
    if (read->exigences.empty()) all.sources.insert(all.sources.end(), inner.sources.begin(), inner.sources.end());
    all.opens = all.opens || read->opens;
    move_into(all.actors, read->actors);
    move_into(all.from, read->from);
    move_into(all.donnees, read->donnees);
    move_into(all.exigences, read->exigences);
    move_into(all.effects, read->effects);
    move_into(all.decides, read->decides);
    move_into(all.targets, read->targets);
    move_into(all.next, read->next);
  }
  if (whole) out.actes.push_back(std::move(all));
  return whole;
}

// ---------------------------------------------------------------- tableau, scénario

void Assembler::tableau(const Declaration& declaration) {
  auto out = reader_.read(declaration.header, grammar::parse_tableau_header);
  bool whole = out.has_value();
  ast::TableauDecl all = whole ? std::move(*out) : ast::TableauDecl{};
  all.sources = declaration.header.sources;
  for (const Clause& clause : declaration.body) {
    auto read = reader_.read(clause, grammar::parse_tableau_clause);
    if (!read) {
      whole = false;
      poison_clause(declaration, clause);
      continue;
    }
    if (read->where && all.where) {
      reader_.report("R0073", clause.span, "« où » ne se dit qu'une fois par tableau",
                     "réunissez les deux conditions par « et »");
      whole = false;
      continue;
    }
    if (read->where) all.where = std::move(read->where);
    all.sources.insert(all.sources.end(), clause.sources.begin(), clause.sources.end());
    move_into(all.each, read->each);
    move_into(all.groups, read->groups);
    move_into(all.columns, read->columns);
  }
  if (whole) add(std::move(all), declaration);
}

void Assembler::scenario(const Declaration& declaration) {
  auto out = reader_.read(declaration.header, grammar::parse_scenario_header);
  bool whole = out.has_value();
  ast::ScenarioDecl all = whole ? std::move(*out) : ast::ScenarioDecl{};
  all.span = declaration.header.span;
  for (const Clause& clause : declaration.body) {
    auto read = reader_.read(clause, grammar::parse_scenario_clause, true);
    if (!read) {
      whole = false;
      continue;
    }
    move_into(all.given, read->given);
    move_into(all.expected, read->expected);
  }
  if (whole) add(std::move(all), declaration);
}

}  // namespace assemblier::dsl
