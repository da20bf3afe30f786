#include "dsl/assembler.hpp"

#include "dsl/cells.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace assemblier::dsl {

void Assembler::run() {
  const auto& all = layout_.declarations;
  if (all.empty() || all.front().kind != DeclKind::kLangue) {
    reader_.report("R0041", all.empty() ? Span{} : all.front().header.span,
                   "un fichier de règles commence par « langue 1 »", "ajoutez la ligne « langue 1 » en tête");
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].kind == DeclKind::kLangue && !all[i].misspelt) {
      langue(all[i], i == 0);
    } else {
      declaration(all[i]);
    }
  }
  if (!edition_seen_) {
    const Span place = all.empty() ? Span{} : all.front().header.span;
    reader_.report("R0043", place, "l'édition manque ; attendu : « édition » suivie du millésime et du titre",
                   "ajoutez après « langue 1 » une ligne comme « édition 2025 « Programmation » »");
  }
}

void Assembler::declaration(const Declaration& declaration) {
  if (declaration.misspelt) return misspelt(declaration);
  read(declaration);
}

// One message for the keyword. Its body is looked into as well, unless the header does not read either.
void Assembler::misspelt(const Declaration& declaration) {
  unknown(declaration);
  const std::size_t told = diagnostics_.size();
  const std::size_t made = file.decls.size();
  read(declaration);
  const Clause& header = declaration.header;
  const auto of_header = [&header](const Diagnostic& d) {
    return d.span.begin >= header.span.begin && d.span.begin <= header.span.end;
  };
  if (std::none_of(diagnostics_.begin() + static_cast<std::ptrdiff_t>(told), diagnostics_.end(), of_header)) {
    diagnostics_[told - 1].mended = true;
    return;
  }
  diagnostics_.resize(told);
  file.decls.resize(made);
  poison_all(declaration);
}

void Assembler::read(const Declaration& declaration) {
  switch (declaration.kind) {
    case DeclKind::kUnknown:
      return unknown(declaration);
    case DeclKind::kLangue:
      return;
    case DeclKind::kEdition:
      return edition(declaration);
    case DeclKind::kSource:
      return source(declaration);
    case DeclKind::kEnumeration:
      return enumeration(declaration);
    case DeclKind::kTable:
      return table(declaration);
    case DeclKind::kObjet:
      return objet(declaration);
    case DeclKind::kSection:
      return section(declaration);
    case DeclKind::kParametre:
      return parameter(declaration);
    case DeclKind::kDefinition:
      return definition(declaration);
    case DeclKind::kDecision:
      return decision(declaration);
    case DeclKind::kGrille:
      return grille(declaration);
    case DeclKind::kCondition:
      return condition(declaration);
    case DeclKind::kScrutin:
      return scrutin(declaration);
    case DeclKind::kProcedure:
      return procedure(declaration);
    case DeclKind::kTableau:
      return tableau(declaration);
    case DeclKind::kScenario:
      return scenario(declaration);
  }
}

void Assembler::unknown(const Declaration& declaration) {
  if (!declaration.misspelt) poison_all(declaration);
  const Token& head = *declaration.header.first;
  if (head.problem != kNoProblem) {
    if (!reader_.sound(&head, &head + 1)) return;
  }
  const auto near =
      head.kind == TokenKind::kWord ? suggestions(head.text, declaration_keywords()) : std::vector<std::string>{};
  reader_.report(
      "R0040", head.span, fmt::format("« {} » ne commence aucune déclaration", head.text),
      near.empty()
          ? "une clause est indentée ; une déclaration commence par énumération, table, objet, paramètre, définition, "
            "décision, condition, scrutin, procédure, tableau ou scénario"
          : fmt::format("vouliez-vous dire *{}* ?", near.front()));
}

// ---------------------------------------------------------------- langue, édition, source

void Assembler::langue(const Declaration& declaration, bool first) {
  if (!first) {
    return reader_.report("R0044", declaration.header.span, "« langue » ne se dit qu'une fois, en première ligne",
                          "supprimez cette ligne");
  }
  const auto version = reader_.read(declaration.header, grammar::parse_langue);
  if (!version) return;
  if (*version != 1) {
    return reader_.report("R0042", declaration.header.span,
                          fmt::format("la langue {} n'existe pas ; attendu : « langue 1 »", *version),
                          "écrivez « langue 1 »");
  }
  file.langue = 1;
}

void Assembler::edition(const Declaration& declaration) {
  if (edition_seen_) {
    return reader_.report("R0044", declaration.header.span, "« édition » ne se dit qu'une fois par fichier",
                          "supprimez cette ligne");
  }
  edition_seen_ = true;
  if (auto read = reader_.read(declaration.header, grammar::parse_edition)) {
    file.edition = std::move(*read);
    file.edition.span = declaration.header.span;
  }
  bool seen = false;
  for (const Clause& clause : declaration.body) {
    const auto read = reader_.read(clause, grammar::parse_vigueur);
    if (!read) continue;
    if (seen) {
      reader_.report("R0073", clause.span, "« en vigueur » ne se dit qu'une fois", "supprimez cette ligne");
      continue;
    }
    seen = true;
    file.edition.from = read->from;
    file.edition.to = read->to;
  }
}

void Assembler::source(const Declaration& declaration) {
  auto read = reader_.read(declaration.header, grammar::parse_source);
  if (!read) {
    const auto& header = declaration.header;
    const Token* name = header.first + 1;
    if (name_end(name, header.last) != name) poisoned.push_back(name_text(name, name_end(name, header.last)));
    return;
  }
  add(std::move(*read), declaration);
}

// ---------------------------------------------------------------- énumération, table, objet

void Assembler::enumeration(const Declaration& declaration) {
  ast::EnumDecl out;
  auto name = reader_.read(declaration.header, grammar::parse_enum_header);
  for (const Clause& clause : declaration.body) {
    auto item = reader_.read(clause, grammar::parse_enum_item);
    if (!item || !name) poison_clause(declaration, clause);
    if (!item) continue;
    item->sources = clause.sources;
    out.items.push_back(std::move(*item));
  }
  if (!name) return poison_header(declaration);
  out.name = std::move(*name);
  out.sources = declaration.header.sources;
  add(std::move(out), declaration);
}

void Assembler::table(const Declaration& declaration) {
  auto out = reader_.read(declaration.header, grammar::parse_table_header);
  if (!out) {
    // Without columns nothing can be said of the rows but what cannot be read at all.
    for (const Clause& clause : declaration.body) (void)reader_.sound(clause.first, clause.last, true);
    return poison_all(declaration);
  }
  out->sources = declaration.header.sources;
  for (const Clause& clause : declaration.body) {
    if (!row(declaration, clause, *out)) poison_clause(declaration, clause);
  }
  add(std::move(*out), declaration);
}

// Whether a line of `cells` cells is followed, in the same clause, by what ought to be another.
bool Assembler::runs_on(const Clause& clause, std::size_t cells) {
  for (const Token* t = clause.first + 1; t < clause.last; ++t) {
    if (!t->first_on_line || split_cells(clause.first, t).size() != cells) continue;
    reader_.report("R0071", t->span, "cette ligne est plus à droite que la précédente : elle la continue",
                   "donnez la même indentation à toutes les lignes, sans tabulation");
    return true;
  }
  return false;
}

bool Assembler::row(const Declaration& declaration, const Clause& clause, ast::TableDecl& out) {
  const auto cells = split_cells(clause.first, clause.last);
  if (!reader_.sound(clause.first, clause.last, true)) return false;
  if (cells.size() != out.columns.size()) {
    if (runs_on(clause, out.columns.size())) return false;
    diagnostics_.push_back({"R0070",
                            Severity::kError,
                            clause.span,
                            fmt::format("cette ligne a {} cellule{}, la table en attend {}", cells.size(),
                                        cells.size() > 1 ? "s" : "", out.columns.size()),
                            "séparez les cellules par | ; une cellule vide s'écrit —",
                            {{declaration.header.span, "les colonnes de la table"}}});
    return false;
  }
  ast::TableDecl::RowDecl row;
  row.span = clause.span;
  row.sources = clause.sources;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const ast::TypeExpr* type = out.columns[i].type.get();
    while (type->element) type = type->element.get();
    if (type->kind != ast::TypeExpr::Kind::kTexte && !reader_.sound(cells[i].first, cells[i].second)) return false;
    row.cells.push_back(
        table_cell(cells[i], source_, i == 0 ? clause.span.begin : std::prev(cells[i].first)->span.end));
  }
  out.rows.push_back(std::move(row));
  return true;
}

void Assembler::objet(const Declaration& declaration) {
  ast::ObjetDecl out;
  auto name = reader_.read(declaration.header, grammar::parse_objet_header);
  for (const Clause& clause : declaration.body) {
    auto field = reader_.read(clause, grammar::parse_field);
    if (!field || !name) poison_clause(declaration, clause);
    if (!field) continue;
    field->sources = clause.sources;
    out.fields.push_back(std::move(*field));
  }
  if (!name) return poison_header(declaration);
  out.name = std::move(*name);
  out.sources = declaration.header.sources;
  add(std::move(out), declaration);
}

void Assembler::section(const Declaration& declaration) {
  if (auto name = reader_.read(declaration.header, grammar::parse_section)) objet_ = std::move(name->text);
}

// ---------------------------------------------------------------- paramètre, définition

void Assembler::parameter(const Declaration& declaration) {
  auto out = reader_.read(declaration.header, grammar::parse_parameter);
  bool whole = out.has_value();
  for (const Clause& clause : declaration.body) {
    auto dated = reader_.read(clause, grammar::parse_dated_value);
    if (!dated) {
      whole = false;
      continue;
    }
    dated->sources = clause.sources;
    dated->span = clause.span;
    if (out) out->values.push_back(std::move(*dated));
  }
  if (whole && out->values.empty()) {
    reader_.report("R0075", declaration.header.span, "ce paramètre n'a aucune valeur",
                   "écrivez « = valeur » sur sa ligne, ou une valeur datée par ligne en dessous");
    whole = false;
  }
  if (!whole) return poison_header(declaration);
  if (declaration.body.empty()) out->values.front().span = declaration.header.span;
  out->sources = declaration.header.sources;
  const std::uint32_t last =
      declaration.body.empty() ? declaration.header.last_line : declaration.body.back().last_line;
  for (std::size_t line = declaration.header.first_line > 1 ? declaration.header.first_line - 1 : 1; line <= last + 1;
       ++line) {
    if (line <= layout_.commented.size() && layout_.commented[line - 1]) out->commented = true;
  }
  add(std::move(*out), declaration);
}

void Assembler::definition(const Declaration& declaration) {
  auto out = reader_.read(declaration.header, grammar::parse_definition);
  if (!out) return poison_header(declaration);
  out->sources = declaration.header.sources;
  add(std::move(*out), declaration);
}

// ---------------------------------------------------------------- shared

void Assembler::add(decltype(ast::Decl::node) node, const Declaration& declaration) {
  file.decls.push_back({std::move(node), declaration.header.span, objet_});
}

void Assembler::poison_header(const Declaration& declaration) {
  for (auto& name : names_of_header(declaration.kind, declaration.header)) poisoned.push_back(std::move(name.text));
}

void Assembler::poison_clause(const Declaration& declaration, const Clause& clause) {
  if (declaration.kind == DeclKind::kTable) {
    const Token* end = name_end(clause.first, clause.last);
    if (end != clause.first) poisoned.push_back(name_text(clause.first, end));
  }
  for (auto& name : names_of_clause(declaration.kind, clause)) poisoned.push_back(std::move(name.text));
}

void Assembler::poison_all(const Declaration& declaration) {
  poison_header(declaration);
  for (const Clause& clause : declaration.body) poison_clause(declaration, clause);
}

}  // namespace assemblier::dsl
