#include "dsl/checker.hpp"

#include <algorithm>

#include <fmt/format.h>

// Personal fields and données. A field declared `personnel` names a person; `personnel de X` belongs to the person that
// X names. A rule may hand such a value on and show it, never read it: what was decided is decided again for ever, and
// a person's words may be erased in between.

namespace assemblier::dsl {

using Kind = Type::Kind;

namespace {

// The same for fields and données: `personnel de X` → the index of X, once X is known to name a person.
template <class Info>
Index named(const std::vector<Info>& all, const std::string& name) {
  const auto at = std::ranges::find(all, name, &Info::name);
  return at == all.end() ? kNoIndex : static_cast<Index>(at - all.begin());
}

}  // namespace

void Checker::persons(const ast::ObjetDecl& decl, ObjetInfo& info) {
  // Those that name a person first: the others refer to them.
  for (const auto& field : decl.fields) {
    if (!field.personal || !field.person.text.empty()) continue;
    const Index at = named(info.fields, field.name.text);
    info.fields[at].person = at;
    const Kind kind = info.fields[at].type->kind;
    if (kind == Kind::kTexte || kind == Kind::kAny) continue;
    error("R0430", field.name.span,
          fmt::format("« {} » désigne une personne : son type doit être texte", field.name.text),
          "s'il appartient à une personne désignée par un autre champ, écrivez « personnel de » suivi de ce champ");
  }
  for (const auto& field : decl.fields) {
    if (!field.personal || field.person.text.empty()) continue;
    const Index person = named(info.fields, field.person.text);
    if (person == kNoIndex) {
      std::vector<std::string> names;
      for (const auto& other : info.fields) names.push_back(other.name);
      unknown("champ", field.person.text, field.person.span, names, "R0256");
    } else if (info.fields[person].person != person) {
      error("R0430", field.person.span, fmt::format("« {} » ne désigne pas une personne", field.person.text),
            fmt::format("déclarez « {} : texte, personnel »", field.person.text));
    }
    // Personal in any case: what reads it is wrong whoever it belongs to.
    info.fields[named(info.fields, field.name.text)].person = person == kNoIndex ? 0 : person;
  }
}

void Checker::persons(const ast::ActeDecl& decl, Index objet, ActeInfo& info) {
  const auto& fields = program_->objets[objet].fields;
  // Whose each donnée is, by name; its own name when it names a person.
  const auto owner = [&](const ast::ActeDecl::Donnee& donnee) -> std::string {
    if (donnee.personal) return donnee.person.text.empty() ? donnee.name.text : donnee.person.text;
    const Index field = program_->find_field(objet, donnee.name.text);
    return field != kNoIndex && fields[field].personal() ? fields[fields[field].person].name : std::string();
  };
  std::set<std::string> naming;
  for (const auto& donnee : decl.donnees) {
    if (owner(donnee) != donnee.name.text) continue;
    naming.insert(donnee.name.text);
    const Kind kind = info.donnees[named(info.donnees, donnee.name.text)].type->kind;
    if (kind != Kind::kTexte && kind != Kind::kAny) {
      error("R0430", donnee.name.span,
            fmt::format("« {} » désigne une personne : son type doit être texte", donnee.name.text));
    }
  }
  for (const auto& donnee : decl.donnees) {
    const std::string whose = owner(donnee);
    if (whose.empty()) continue;
    const Index person = named(info.donnees, whose);
    info.donnees[named(info.donnees, donnee.name.text)].person = person == kNoIndex ? 0 : person;
    if (poisoned(whose)) continue;
    if (person == kNoIndex) {
      error("R0432", donnee.name.span,
            fmt::format("« {} » est personnel de « {} », que l'acte ne porte pas", donnee.name.text, whose),
            fmt::format("portez aussi « {} » : chaque acte dit de qui sont les données qu'il porte", whose));
    } else if (!naming.contains(whose)) {
      error("R0430", donnee.name.span, fmt::format("« {} » ne désigne pas une personne", whose),
            fmt::format("déclarez « {} : texte, personnel »", whose));
    } else if (info.donnees[person].optional && whose != donnee.name.text) {
      error("R0432", donnee.name.span,
            fmt::format("« {} » est personnel de « {} », que l'acte porte comme facultatif", donnee.name.text, whose),
            fmt::format("retirez « facultatif » de « {} »", whose));
    }
  }
}

// A personal donnée goes whole into a personal field, and nothing else does.
void Checker::carried(const ast::ActeDecl::Effect& effect, Index objet, const ActeInfo& info,
                      const ActeInfo::Effect& entry) {
  const FieldInfo& field = program_->objets[objet].fields[entry.field];
  const ActeInfo::Donnee* const donnee = entry.donnee == kNoIndex ? nullptr : &info.donnees[entry.donnee];
  const bool personal = donnee != nullptr && donnee->personal();
  if (!field.personal() && !personal) return;
  if (!field.personal()) {
    error("R0433", effect.span,
          fmt::format("« {} » est personnel, le champ « {} » ne l'est pas", donnee->name, field.name),
          "déclarez le champ personnel, ou n'y inscrivez pas cette donnée");
  } else if (!personal || entry.kind == ast::ActeDecl::Effect::Kind::kSetKey ||
             entry.kind == ast::ActeDecl::Effect::Kind::kAppend) {
    error("R0433", effect.span,
          fmt::format("« {} » est personnel : il ne s'inscrit qu'en entier, d'une donnée personnelle que l'acte porte",
                      field.name));
  }
}

Code Checker::readable(Code code, const std::string& name, const Scope& scope) {
  const bool personal = code->op == Op::kField    ? program_->objets[scope.objet].fields[code->a].personal()
                        : code->op == Op::kDonnee ? (*scope.donnees)[code->a].personal()
                                                  : false;
  if (!personal || scope.shows) return code;
  error("R0431", code->span, fmt::format("« {} » est personnel : aucune règle ne peut le lire", name),
        "ce qu'une personne fait effacer ne doit rien changer à ce qui fut décidé ; décidez sur un champ qui n'est pas "
        "personnel");
  return wrong(code->span);
}

// A bare name is handed on or shown as it is.
Scope Checker::showing(const ast::ExprPtr& expr, const Scope& scope) const {
  Scope shows = scope;
  shows.shows = std::holds_alternative<ast::NameRef>(expr->node);
  return shows;
}

}  // namespace assemblier::dsl
