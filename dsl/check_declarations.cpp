#include "dsl/checker.hpp"
#include "dsl/text.hpp"

#include <algorithm>

#include <fmt/format.h>

// The édition, its sources, types, tables and objets: what everything else refers to.

namespace assemblier::dsl {

using Kind = Type::Kind;

TypeRef Checker::type(const ast::TypePtr& expr) {
  using TK = ast::TypeExpr::Kind;
  switch (expr->kind) {
    case TK::kBooleen:
      return make_type(Kind::kBooleen);
    case TK::kEntier:
      return make_type(Kind::kEntier);
    case TK::kMontant:
      return make_type(Kind::kMontant);
    case TK::kTaux:
      return make_type(Kind::kTaux);
    case TK::kDate:
      return make_type(Kind::kDate);
    case TK::kDuree:
      return make_type(Kind::kDuree);
    case TK::kTexte:
      return make_type(Kind::kTexte);
    case TK::kList: {
      TypeRef element = type(expr->element);
      if (element->kind == Kind::kList || element->kind == Kind::kMap) {
        error("R0221", expr->span, "une liste ne contient ni listes ni associations");
        return make_type(Kind::kAny);
      }
      return make_type(Kind::kList, 0, std::move(element));
    }
    case TK::kMap: {
      TypeRef element = type(expr->element);
      TypeRef key = type(expr->key);
      const auto plain = [](const TypeRef& t) { return t->kind != Kind::kList && t->kind != Kind::kMap; };
      const bool keyed = key->kind == Kind::kEnum || key->kind == Kind::kRow || key->kind == Kind::kEntier ||
                         key->kind == Kind::kTexte || key->kind == Kind::kAny;
      if (!plain(element) || !keyed) {
        error("R0221", expr->span,
              "une association va d'une énumération, d'une table, d'un entier ou d'un texte vers une valeur simple");
        return make_type(Kind::kAny);
      }
      return make_type(Kind::kMap, 0, std::move(element), std::move(key));
    }
    case TK::kNamed:
      break;
  }
  const auto found = symbols_.find(expr->name);
  if (found != symbols_.end() && found->second.kind == SymbolKind::kEnum)
    return make_type(Kind::kEnum, found->second.index);
  if (found != symbols_.end() && found->second.kind == SymbolKind::kTable)
    return make_type(Kind::kRow, found->second.index);
  std::vector<std::string> names{"booléen", "entier", "montant", "taux", "date", "durée", "texte"};
  for (const auto& e : program_->enums) names.push_back(e.name);
  for (const auto& t : program_->tables) names.push_back(t.name);
  if (found != symbols_.end()) {
    error("R0222", expr->span,
          fmt::format("« {} » n'est pas un type : une énumération ou une table est attendue", expr->name));
  } else {
    unknown("type", expr->name, expr->span, names, "R0222");
  }
  return make_type(Kind::kAny);
}

void Checker::edition() {
  const ast::Edition& edition = parsed_.file->edition;
  program_->millesime = edition.millesime;
  program_->title = edition.title;
  if (!edition.from || !edition.to) {
    if (read_below(edition.span)) {
      error("R0224", edition.span, "l'édition ne dit pas quand elle est en vigueur",
            "ajoutez dessous « en vigueur du 01/01/2024 au 31/12/2024 »");
    }
    return;
  }
  program_->from = *edition.from;
  program_->to = *edition.to;
  if (*edition.to < *edition.from) error("R0225", edition.span, "l'édition finit avant de commencer");
}

void Checker::source(const ast::SourceDecl& decl, Span span) {
  for (const auto& other : program_->sources) {
    if (other.name == decl.name.text)
      error("R0220", span, fmt::format("la source « {} » est déjà déclarée", decl.name.text));
  }
  program_->sources.push_back({decl.name.text, decl.title});
}

void Checker::declare_enum(const ast::EnumDecl& decl) {
  const auto index = static_cast<Index>(program_->enums.size());
  declare(decl.name, SymbolKind::kEnum, index);
  EnumInfo info{decl.name.text, {}};
  std::map<std::string, Span> seen;
  for (const auto& item : decl.items) {
    const auto [at, fresh] = seen.try_emplace(item.name.text, item.name.span);
    if (!fresh) {
      error("R0220", item.name.span, fmt::format("« {} » figure deux fois dans {}", item.name.text, decl.name.text), {},
            {{at->second, "première fois ici"}});
      continue;
    }
    constants_[item.name.text].push_back(Value(EnumValue{index, static_cast<Index>(info.items.size())}));
    info.items.push_back({item.name.text, item.label});
  }
  if (info.items.empty() && read_below(decl.name.span))
    error("R0226", decl.name.span, fmt::format("l'énumération « {} » est vide", decl.name.text));
  program_->enums.push_back(std::move(info));
}

void Checker::declare_table(const ast::TableDecl& decl) {
  const auto index = static_cast<Index>(program_->tables.size());
  declare(decl.name, SymbolKind::kTable, index);
  TableInfo info{decl.name.text, {}, {}, {}};
  std::map<std::string, Span> seen;
  for (const auto& row : decl.rows) {
    const std::string key = row.cells.empty() ? std::string{} : nfc(row.cells.front().text);
    const Span span = row.cells.empty() ? row.span : row.cells.front().span;
    if (key.empty()) error("R0227", span, "la première cellule d'une ligne est sa clé : elle ne peut pas être vide");
    const auto [at, fresh] = seen.try_emplace(key, span);
    if (!fresh) {
      error("R0220", span, fmt::format("la clé « {} » figure deux fois dans la table {}", key, decl.name.text), {},
            {{at->second, "première fois ici"}});
    }
    constants_[key].push_back(Value(Row{index, static_cast<Index>(info.keys.size())}));
    info.keys.push_back(key);
  }
  program_->tables.push_back(std::move(info));
}

std::optional<Value> Checker::cell_part(const ast::Name& part, const ast::TableDecl::Cell& cell,
                                        const TypeRef& wanted) {
  if (wanted->kind == Kind::kTexte) return Value(part.text);
  if (wanted->kind == Kind::kEnum || wanted->kind == Kind::kRow) {
    const auto found = constants_.find(part.text);
    if (found != constants_.end()) {
      for (const Value& value : found->second) {
        const bool right = wanted->kind == Kind::kEnum
                               ? value.get<EnumValue>() && value.as<EnumValue>().type == wanted->named
                               : value.get<Row>() && value.as<Row>().table == wanted->named;
        if (right) return value;
      }
    }
    std::vector<std::string> names;
    if (wanted->kind == Kind::kEnum) {
      for (const auto& item : program_->enums[wanted->named].items) names.push_back(item.name);
    } else {
      names = program_->tables[wanted->named].keys;
    }
    unknown(fmt::format("nom de {}", shown(wanted)), part.text, part.span, names, "R0228");
    return {};
  }
  if (wanted->kind == Kind::kAny) return Value();  // the type itself is what is unknown
  error("R0229", cell.span, fmt::format("cette cellule doit contenir une valeur de type {}", shown(wanted)));
  return {};
}

std::optional<Value> Checker::cell(const ast::TableDecl::Cell& cell, const TypeRef& wanted) {
  if (wanted->kind == Kind::kAny) return Value();
  if (wanted->kind == Kind::kTexte) return Value(nfc(cell.text));
  if (wanted->kind == Kind::kList) {
    std::vector<Value> items;
    for (const auto& part : cell.parts) {
      auto value = cell_part(part, cell, wanted->element);
      if (!value) return {};
      if (wanted->element->kind != Kind::kAny &&
          std::ranges::any_of(items, [&](const Value& other) { return equal(other, *value); })) {
        error("R0220", part.span, fmt::format("« {} » figure deux fois dans cette cellule", part.text));
        return {};
      }
      items.push_back(std::move(*value));
    }
    return make_list(std::move(items));
  }
  if (wanted->kind == Kind::kEnum || wanted->kind == Kind::kRow) {
    if (cell.parts.size() == 1) return cell_part(cell.parts.front(), cell, wanted);
    error("R0229", cell.span, fmt::format("cette cellule doit contenir une seule valeur de {}", shown(wanted)));
    return {};
  }
  if (cell.literal) {
    const Value& value = *cell.literal;
    const bool right = (wanted->kind == Kind::kBooleen && value.get<bool>()) ||
                       (wanted->kind == Kind::kEntier && value.get<std::int64_t>()) ||
                       (wanted->kind == Kind::kMontant && value.get<Montant>()) ||
                       (wanted->kind == Kind::kTaux && value.get<Taux>()) ||
                       (wanted->kind == Kind::kDate && value.get<Date>()) ||
                       (wanted->kind == Kind::kDuree && value.get<Duree>());
    if (right) return value;
  }
  error("R0229", cell.span, fmt::format("cette cellule doit contenir une valeur de type {}", shown(wanted)));
  return {};
}

void Checker::fill_table(const ast::TableDecl& decl, Index table) {
  TableInfo& info = program_->tables[table];
  std::set<std::string> seen;
  for (const auto& column : decl.columns) {
    if (!seen.insert(column.name.text).second)
      error("R0220", column.name.span, fmt::format("la colonne « {} » figure deux fois", column.name.text));
    info.columns.push_back({column.name.text, type(column.type)});
    if (info.columns.back().type->kind == Kind::kMap)
      error("R0221", column.name.span, "une colonne ne contient pas d'association");
  }
  if (!info.columns.empty() && info.columns.front().type->kind != Kind::kTexte &&
      info.columns.front().type->kind != Kind::kAny) {
    error("R0230", decl.columns.front().name.span,
          "la première colonne est la clé des lignes : son type doit être texte");
  }
  for (const auto& row : decl.rows) {
    std::vector<Value> values;
    for (std::size_t c = 0; c < info.columns.size(); ++c) {
      if (c >= row.cells.size()) {
        values.emplace_back();
        continue;
      }
      values.push_back(cell(row.cells[c], info.columns[c].type).value_or(Value()));
    }
    info.rows.push_back(std::move(values));
  }
}

void Checker::declare_objet(const ast::ObjetDecl& decl) {
  const auto index = static_cast<Index>(program_->objets.size());
  declare(decl.name, SymbolKind::kObjet, index);
  ObjetInfo info;
  info.name = decl.name.text;
  info.category = fold(decl.name.text);
  std::ranges::replace(info.category, ' ', '-');
  std::ranges::replace(info.category, '\'', '-');
  std::map<std::string, Span> seen;
  for (const auto& field : decl.fields) {
    const auto [at, fresh] = seen.try_emplace(field.name.text, field.name.span);
    if (!fresh) {
      error("R0220", field.name.span, fmt::format("le champ « {} » figure deux fois", field.name.text), {},
            {{at->second, "première fois ici"}});
      continue;
    }
    info.fields.push_back({field.name.text, type(field.type), field.label});
  }
  persons(decl, info);
  program_->objets.push_back(std::move(info));
}

void Checker::declare_types() {
  const auto& decls = parsed_.file->decls;
  for (const auto& decl : decls) {
    if (const auto* s = std::get_if<ast::SourceDecl>(&decl.node)) source(*s, decl.span);
    if (const auto* e = std::get_if<ast::EnumDecl>(&decl.node)) declare_enum(*e);
    if (const auto* t = std::get_if<ast::TableDecl>(&decl.node)) declare_table(*t);
  }
  Index table = 0;
  for (const auto& decl : decls) {
    if (const auto* t = std::get_if<ast::TableDecl>(&decl.node)) {
      fill_table(*t, table++);
      (void)citations(t->sources);
    }
    if (const auto* e = std::get_if<ast::EnumDecl>(&decl.node)) {
      (void)citations(e->sources);
      for (const auto& item : e->items) (void)citations(item.sources);
    }
    if (const auto* o = std::get_if<ast::ObjetDecl>(&decl.node)) declare_objet(*o);
  }
}

}  // namespace assemblier::dsl
