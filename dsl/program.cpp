#include "dsl/program.hpp"

#include "dsl/code.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace assemblier::dsl {

namespace {

template <class Range>
Index find_named(const Range& range, std::string_view name) {
  const auto at = std::ranges::find_if(range, [name](const auto& item) { return item.name == name; });
  return at == range.end() ? kNoIndex : static_cast<Index>(at - range.begin());
}

}  // namespace

bool same(const Type& a, const Type& b) {
  if (a.kind != b.kind || a.named != b.named) return false;
  if (a.kind == Type::Kind::kList) return same(*a.element, *b.element);
  if (a.kind == Type::Kind::kMap) return same(*a.element, *b.element) && same(*a.key, *b.key);
  return true;
}

Index Program::find_objet(std::string_view name) const {
  const auto at = std::ranges::find_if(objets, [name](const auto& o) { return o.name == name || o.category == name; });
  return at == objets.end() ? kNoIndex : static_cast<Index>(at - objets.begin());
}

Index Program::find_field(Index objet, std::string_view name) const { return find_named(objets[objet].fields, name); }
Index Program::find_rule(std::string_view name) const { return find_named(rules, name); }
Index Program::find_tableau(std::string_view name) const { return find_named(tableaux, name); }

Index Program::find_acte(Index objet, std::string_view name) const {
  return objets[objet].procedure ? find_named(objets[objet].procedure->actes, name) : kNoIndex;
}

bool Program::has_personal() const {
  const auto donnees = [](const ActeInfo& acte) {
    return std::ranges::any_of(acte.donnees, &ActeInfo::Donnee::personal);
  };
  return std::ranges::any_of(objets, [&](const ObjetInfo& objet) {
    return std::ranges::any_of(objet.fields, &FieldInfo::personal) ||
           (objet.procedure && std::ranges::any_of(objet.procedure->actes, donnees));
  });
}

std::string show(const Program& program, const Value& value) {
  return std::visit(
      [&program](const auto& v) -> std::string {
        using T = std::remove_cvref_t<decltype(v)>;
        if constexpr (std::is_same_v<T, bool>) {
          return v ? "oui" : "non";
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          return std::to_string(v);
        } else if constexpr (std::is_same_v<T, Exact>) {
          const auto whole = divide(v.nano, 1'000'000'000, Rounding::kFloor);
          const bool exact = whole && *whole * 1'000'000'000 == v.nano;
          const auto kept = whole ? narrow(*whole) : std::nullopt;
          if (!kept) return "(très grand)";
          const std::string text = v.money ? french(Montant{*kept}) : std::to_string(*kept);
          return exact ? text : "un peu plus de " + text;
        } else if constexpr (std::is_same_v<T, std::string>) {
          return v;
        } else if constexpr (std::is_same_v<T, EnumValue>) {
          return program.enums[v.type].items[v.value].name;
        } else if constexpr (std::is_same_v<T, Row>) {
          return program.tables[v.table].keys[v.row];
        } else if constexpr (std::is_same_v<T, List>) {
          std::string text;
          for (const Value& item : *v) text += (text.empty() ? "" : ", ") + show(program, item);
          return text.empty() ? "(liste vide)" : text;
        } else if constexpr (std::is_same_v<T, Map>) {
          std::string text;
          for (const auto& [key, item] : *v)
            text += (text.empty() ? "" : ", ") + show(program, key) + " : " + show(program, item);
          return text.empty() ? "(aucune entrée)" : text;
        } else {
          return french(v);
        }
      },
      value.data);
}

std::string show(const Program& program, const Type& type) {
  switch (type.kind) {
    case Type::Kind::kBooleen:
      return "booléen";
    case Type::Kind::kEntier:
      return "entier";
    case Type::Kind::kMontant:
      return "montant";
    case Type::Kind::kTaux:
      return "taux";
    case Type::Kind::kExactMontant:
      return "montant non arrondi";
    case Type::Kind::kExactNombre:
      return "nombre non arrondi";
    case Type::Kind::kDate:
      return "date";
    case Type::Kind::kDuree:
      return "durée";
    case Type::Kind::kTexte:
      return "texte";
    case Type::Kind::kEnum:
      return program.enums[type.named].name;
    case Type::Kind::kRow:
      return program.tables[type.named].name;
    case Type::Kind::kEtat:
      return "état";
    case Type::Kind::kList:
      return type.element->kind == Type::Kind::kAny ? "liste" : "liste de " + show(program, *type.element);
    case Type::Kind::kMap:
      return show(program, *type.element) + " par " + show(program, *type.key);
    case Type::Kind::kAny:
      return "inconnu";
  }
  return {};
}

}  // namespace assemblier::dsl
