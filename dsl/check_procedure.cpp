#include "dsl/checker.hpp"
#include "dsl/evaluate.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace assemblier::dsl {

using Kind = Type::Kind;

void Checker::procedure(const ast::ProcedureDecl& decl) {
  const auto found = symbols_.find(decl.objet.text);
  if (found == symbols_.end() || found->second.kind != SymbolKind::kObjet) {
    std::vector<std::string> names;
    for (const auto& objet : program_->objets) names.push_back(objet.name);
    unknown("objet", decl.objet.text, decl.objet.span, names, "R0231");
    return;
  }
  const Index objet = found->second.index;
  ProcedureInfo info;
  info.etats = program_->objets[objet].procedure->etats;
  if (program_->objets[objet].procedure->roles.size() + program_->objets[objet].procedure->actes.size() > 0) {
    error("R0220", decl.objet.span, fmt::format("la procédure du {} est déjà déclarée", decl.objet.text),
          "réunissez-les en une seule");
    return;
  }
  std::map<std::string, Span> seen;
  const auto once = [&](const ast::Name& name, const char* what) {
    const auto [at, fresh] = seen.try_emplace(std::string(what) + name.text, name.span);
    if (!fresh)
      error("R0220", name.span, fmt::format("{} « {} » figure deux fois", what, name.text), {},
            {{at->second, "première fois ici"}});
  };
  for (const auto& role : decl.roles) {
    once(role.name, "le rôle");
    info.roles.push_back({role.name.text, role.type ? type(role.type) : nullptr});
  }
  for (const auto& etat : decl.etats) once(etat.name, "l'état");
  for (const auto& item : decl.actes) {
    once(item.name, "l'acte");
    ActeInfo entry;
    entry.name = item.name.text;
    info.actes.push_back(std::move(entry));
  }
  program_->objets[objet].procedure = info;
  for (std::size_t i = 0; i < decl.actes.size(); ++i) {
    ActeInfo compiled = info.actes[i];
    acte(decl.actes[i], objet, compiled);
    const bool sourced = !decl.sources.empty() || !decl.actes[i].sources.empty();
    unsourced(sourced, decl.actes[i].name.span, fmt::format("l'acte « {} »", decl.actes[i].name.text));
    if (decl.actes[i].sources.empty()) compiled.citations = citations(decl.sources);
    info.actes[i] = std::move(compiled);
  }
  if (!std::ranges::any_of(info.actes, [](const auto& a) { return a.opens; }) && read_below(decl.objet.span)) {
    error("R0250", decl.objet.span, fmt::format("aucun acte n'ouvre un {}", decl.objet.text),
          "ajoutez « ouvre » à l'acte par lequel il commence");
  }
  next_cycles(decl, info);
  program_->objets[objet].procedure = std::move(info);
}

void Checker::acte(const ast::ActeDecl& decl, Index objet, ActeInfo& info) {
  info.label = decl.label;
  info.opens = decl.opens;
  info.citations = citations(decl.sources);
  const auto& etats = program_->objets[objet].procedure->etats;
  std::vector<std::string> names;
  for (const auto& etat : etats) names.push_back(etat.name);
  for (const auto& from : decl.from) {
    const auto at = std::ranges::find(names, from.text);
    if (at == names.end()) {
      unknown("état", from.text, from.span, names, "R0251");
    } else {
      info.from.push_back(static_cast<Index>(at - names.begin()));
    }
  }
  if (!decl.opens && decl.from.empty() && read_below(decl.name.span)) {
    error("R0252", decl.name.span,
          fmt::format("l'acte « {} » ne dit ni qu'il ouvre l'objet, ni de quels états il part", decl.name.text),
          "ajoutez « ouvre » ou « de … »");
  }
  acte_donnees(decl, objet, info);
  Scope scope{.objet = objet, .donnees = &info.donnees, .acte = true, .etat = true};
  acte_actors(decl, objet, info, scope);
  std::map<std::string, Span> labels;
  for (const auto& item : decl.exigences) {
    const auto [at, fresh] = labels.try_emplace(item.label, item.span);
    if (!fresh)
      error("R0220", item.span, fmt::format("l'exigence « {} » figure deux fois", item.label), {},
            {{at->second, "première fois ici"}});
    info.exigences.push_back({item.label, boolean(item.condition, scope), item.span, citations(item.sources)});
  }
  acte_effects(decl, objet, info, scope);
  for (const auto& name : decl.decides) {
    const auto found = symbols_.find(name.text);
    const bool rule = found != symbols_.end() && found->second.kind == SymbolKind::kRule &&
                      program_->rules[found->second.index].is_decision() &&
                      program_->rules[found->second.index].objet == objet;
    if (rule) {
      info.decides.push_back(found->second.index);
      continue;
    }
    std::vector<std::string> rules;
    for (const auto& r : program_->rules) {
      if (r.is_decision() && r.objet == objet) rules.push_back(r.name);
    }
    unknown("décision", name.text, name.span, rules, "R0253");
  }
  acte_targets(decl, objet, info, scope);
}

void Checker::acte_actors(const ast::ActeDecl& decl, Index objet, ActeInfo& info, Scope& scope) {
  if (decl.actors.empty() && read_below(decl.name.span)) {
    error("R0254", decl.name.span, fmt::format("l'acte « {} » ne dit pas qui peut le faire", decl.name.text),
          "ajoutez « par » suivi d'un rôle");
  }
  const auto& roles = program_->objets[objet].procedure->roles;
  std::vector<std::string> names{"système"};
  for (const auto& role : roles) names.push_back(role.name);
  bool same_type = true;
  TypeRef shared;
  bool first = true;
  bool known = true;
  for (const auto& actor : decl.actors) {
    const auto at = std::ranges::find(names, actor.role.text);
    if (at == names.end()) {
      unknown("rôle", actor.role.text, actor.role.span, names, "R0255");
      info.actors.push_back({});
      known = false;
      continue;
    }
    const Index role = at == names.begin() ? kNoIndex : static_cast<Index>(at - names.begin() - 1);
    const TypeRef role_type = role == kNoIndex || !roles[role].type ? make_type(Kind::kTexte) : roles[role].type;
    same_type = same_type && (first || same(*shared, *role_type));
    shared = role_type;
    first = false;
    info.actors.push_back({role, nullptr, actor.role.span});
  }
  // With roles of several types, `acteur` has no one type: it is refused where it would matter.
  scope.actor = !known ? make_type(Kind::kAny) : same_type ? shared : nullptr;
  for (std::size_t i = 0; i < decl.actors.size(); ++i) {
    if (!decl.actors[i].among || i >= info.actors.size()) continue;
    const Index role = info.actors[i].role;
    const TypeRef role_type = role == kNoIndex || !roles[role].type ? make_type(Kind::kTexte) : roles[role].type;
    const TypeRef element = known ? role_type : make_type(Kind::kAny);
    info.actors[i].among = valued(decl.actors[i].among, scope, make_type(Kind::kList, 0, element), true);
  }
}

void Checker::acte_donnees(const ast::ActeDecl& decl, Index objet, ActeInfo& info) {
  std::map<std::string, Span> seen;
  for (const auto& donnee : decl.donnees) {
    const auto [at, fresh] = seen.try_emplace(donnee.name.text, donnee.name.span);
    if (!fresh) {
      error("R0220", donnee.name.span, fmt::format("la donnée « {} » figure deux fois", donnee.name.text), {},
            {{at->second, "première fois ici"}});
      continue;
    }
    const Index field = program_->find_field(objet, donnee.name.text);
    ActeInfo::Donnee entry{donnee.name.text, nullptr, donnee.optional, kNoIndex};
    if (donnee.type) {
      entry.type = type(donnee.type);
      if (field != kNoIndex && same(*entry.type, *program_->objets[objet].fields[field].type)) entry.field = field;
    } else if (field != kNoIndex) {
      entry.type = program_->objets[objet].fields[field].type;
      entry.field = field;
    } else {
      std::vector<std::string> names;
      for (const auto& f : program_->objets[objet].fields) names.push_back(f.name);
      unknown("champ", donnee.name.text, donnee.name.span, names, "R0256");
      entry.type = make_type(Kind::kAny);
      // Without its « : » the type became part of the name.
      for (std::size_t end = donnee.name.text.rfind(' '); end != std::string::npos && end > 0;
           end = donnee.name.text.rfind(' ', end - 1))
        poisoned_.insert(donnee.name.text.substr(0, end));
    }
    info.donnees.push_back(std::move(entry));
  }
  persons(decl, objet, info);
}

void Checker::acte_effects(const ast::ActeDecl& decl, Index objet, ActeInfo& info, const Scope& scope) {
  using EK = ast::ActeDecl::Effect::Kind;
  const auto& fields = program_->objets[objet].fields;
  const auto donnee_of = [&](const std::string& name) {
    for (Index i = 0; i < info.donnees.size(); ++i) {
      if (info.donnees[i].name == name) return i;
    }
    return kNoIndex;
  };
  std::map<Index, Span> whole;
  for (const auto& effect : decl.effects) {
    if (effect.kind == EK::kAllData) {
      for (Index i = 0; i < info.donnees.size(); ++i) {
        if (info.donnees[i].field == kNoIndex) continue;
        info.effects.push_back({EK::kSet, info.donnees[i].field, nullptr,
                                make_node(Op::kDonnee, info.donnees[i].type, effect.span, {}, i), i});
        whole.try_emplace(info.donnees[i].field, effect.span);
        carried(effect, objet, info, info.effects.back());
      }
      continue;
    }
    const Index field = program_->find_field(objet, effect.field.text);
    if (field == kNoIndex) {
      std::vector<std::string> names;
      for (const auto& f : fields) names.push_back(f.name);
      unknown("champ", effect.field.text, effect.field.span, names, "R0256");
      continue;
    }
    ActeInfo::Effect entry;
    entry.kind = effect.kind;
    entry.field = field;
    TypeRef wanted = fields[field].type;
    if (effect.kind == EK::kSetKey) {
      if (wanted->kind != Kind::kMap) {
        if (wanted->kind != Kind::kAny)
          error("R0257", effect.span,
                fmt::format("« {} » n'est pas une association : on ne peut inscrire « {} de … »", effect.field.text,
                            effect.field.text));
        continue;
      }
      entry.key = valued(effect.key, scope, wanted->key);
      wanted = wanted->element;
    } else if (effect.kind == EK::kAppend) {
      if (wanted->kind != Kind::kList) {
        if (wanted->kind != Kind::kAny)
          error("R0257", effect.span,
                fmt::format("« {} » n'est pas une liste : on ne peut rien y ajouter", effect.field.text));
        continue;
      }
    } else {
      const auto [at, fresh] = whole.try_emplace(field, effect.span);
      if (!fresh)
        error("R0258", effect.span, fmt::format("l'acte inscrit deux fois « {} »", effect.field.text), {},
              {{at->second, "première fois ici"}});
    }
    const Index donnee = donnee_of(effect.field.text);
    if (effect.value) {
      entry.value = valued(effect.value, showing(effect.value, scope), wanted, true);
      if (entry.value->op == Op::kDonnee) entry.donnee = entry.value->a;
    } else if (donnee != kNoIndex && fits(*info.donnees[donnee].type, *wanted)) {
      entry.value = make_node(Op::kDonnee, info.donnees[donnee].type, effect.span, {}, donnee);
      entry.donnee = donnee;
    } else if (!poisoned(effect.field.text)) {
      error("R0259", effect.span,
            fmt::format("l'acte ne porte pas de donnée « {} » de type {}", effect.field.text, shown(wanted)),
            "portez-la, ou écrivez « inscrit … = … »");
      continue;
    } else {
      continue;
    }
    carried(effect, objet, info, entry);
    info.effects.push_back(std::move(entry));
  }
}

void Checker::acte_targets(const ast::ActeDecl& decl, Index objet, ActeInfo& info, const Scope& scope) {
  const auto& procedure = *program_->objets[objet].procedure;
  std::vector<std::string> etats;
  for (const auto& etat : procedure.etats) etats.push_back(etat.name);
  for (const auto& target : decl.targets) {
    const auto at = std::ranges::find(etats, target.etat.text);
    if (at == etats.end()) {
      unknown("état", target.etat.text, target.etat.span, etats, "R0251");
      continue;
    }
    info.targets.push_back({static_cast<Index>(at - etats.begin()),
                            target.condition ? boolean(target.condition, scope) : nullptr, target.span});
  }
  if (std::ranges::count_if(info.targets, [](const auto& t) { return t.condition == nullptr; }) > 1) {
    error("R0260", decl.name.span, fmt::format("l'acte « {} » mène sans condition à plusieurs états", decl.name.text),
          "ajoutez « quand … » à chaque « vers »");
  }
  if (decl.opens && decl.targets.empty() && read_below(decl.name.span)) {
    error("R0261", decl.name.span, fmt::format("l'acte « {} » ouvre l'objet sans dire dans quel état", decl.name.text),
          "ajoutez « vers … »");
  }
  std::vector<std::string> actes;
  for (const auto& item : procedure.actes) actes.push_back(item.name);
  const Scope after{.objet = objet, .etat = true};
  for (const auto& next : decl.next) {
    const auto at = std::ranges::find(actes, next.acte.text);
    if (at == actes.end()) {
      unknown("acte", next.acte.text, next.acte.span, actes, "R0262");
      continue;
    }
    info.next.push_back(
        {static_cast<Index>(at - actes.begin()), next.condition ? boolean(next.condition, after) : nullptr, next.span});
  }
}

void Checker::next_cycles(const ast::ProcedureDecl& decl, const ProcedureInfo& info) {
  std::vector<int> seen(info.actes.size(), 0);
  const std::function<void(Index)> visit = [&](Index at) {
    seen[at] = 1;
    for (const auto& next : info.actes[at].next) {
      if (seen[next.acte] == 1) {
        error("R0263", next.span,
              fmt::format("« puis » tourne en rond : « {} » entraîne de nouveau « {} »", info.actes[at].name,
                          info.actes[next.acte].name));
      } else if (seen[next.acte] == 0) {
        visit(next.acte);
      }
    }
    seen[at] = 2;
  };
  for (Index i = 0; i < info.actes.size(); ++i) {
    if (seen[i] == 0) visit(i);
    for (const auto& next : info.actes[i].next) {
      const ActeInfo& target = info.actes[next.acte];
      const bool system = std::ranges::any_of(target.actors, [](const auto& a) { return a.role == kNoIndex; });
      if (!system && decl.actes[next.acte].actors.size() == target.actors.size()) {
        error("R0264", next.span,
              fmt::format("« {} » ne peut suivre de lui-même : il n'est pas « par système »", target.name));
        diagnostics_.back().unknown = target.name;  // a broken « par » line of that acte is the cause
      }
      if (std::ranges::any_of(target.donnees, [](const auto& d) { return !d.optional; })) {
        error("R0264", next.span, fmt::format("« {} » ne peut suivre de lui-même : il porte des données", target.name));
      }
    }
  }
}

void Checker::tableau(const ast::TableauDecl& decl) {
  const auto found = symbols_.find(decl.objet.text);
  if (found == symbols_.end() || found->second.kind != SymbolKind::kObjet) {
    std::vector<std::string> names;
    for (const auto& objet : program_->objets) names.push_back(objet.name);
    unknown("objet", decl.objet.text, decl.objet.span, names, "R0231");
    return;
  }
  declare(decl.name, SymbolKind::kTableau, static_cast<Index>(program_->tableaux.size()));
  TableauInfo info{.name = decl.name.text, .title = decl.title, .objet = found->second.index};
  (void)citations(decl.sources);
  Scope scope{.objet = info.objet, .etat = true};
  if (decl.where) info.where = boolean(decl.where, scope);
  for (const auto& each : decl.each) {
    Code source = list_of(each.source, scope, "« pour chaque »");
    TypeRef element = source->type->element;
    scope.each.emplace_back(each.variable.text, element);
    info.each.push_back({each.variable.text, std::move(source), std::move(element)});
  }
  for (const auto& group : decl.groups) {
    Code code = expression(group.value, showing(group.value, scope));
    if (code->type->kind == Kind::kList || code->type->kind == Kind::kMap) {
      error("R0270", group.value->span, fmt::format("on ne regroupe pas par {}", shown(code->type)),
            "employez « pour chaque X parmi … », puis « par X »");
    }
    std::string header = group.header;
    if (header.empty())
      header = program_->text.substr(group.value->span.begin, group.value->span.end - group.value->span.begin);
    TypeRef type = code->type;
    const bool field = code->op == Op::kField && program_->objets[info.objet].fields[code->a].personal();
    const Index personal = field ? code->a : kNoIndex;
    info.groups.push_back({std::move(code), std::move(header), std::move(type), personal});
  }
  for (const auto& column : decl.columns) {
    Code code = column.value ? expression(column.value, scope) : nullptr;
    TypeRef type = code ? code->type : make_type(Kind::kEntier);
    const Kind kind = type->kind;
    const bool numeric = kind == Kind::kEntier || kind == Kind::kMontant || kind == Kind::kTaux ||
                         kind == Kind::kDuree || kind == Kind::kAny;
    const bool ordered = numeric || kind == Kind::kDate || kind == Kind::kTexte;
    if (kind == Kind::kExactMontant || kind == Kind::kExactNombre) {
      error("R0204", column.value->span, "une colonne se montre : ce produit doit être arrondi",
            "écrivez par exemple « arrondi au plus proche de (…) »");
    } else if (column.kind == ast::TableauDecl::Column::Kind::kTotal ? !numeric : !ordered) {
      error("R0205", column.value->span,
            fmt::format("des valeurs de type {} ne s'additionnent ni ne s'ordonnent", shown(type)));
    }
    info.columns.push_back({column.kind, std::move(code), column.header, std::move(type)});
  }
  if (info.columns.empty() && read_below(decl.name.span)) {
    error("R0271", decl.name.span, fmt::format("le tableau « {} » n'a aucune colonne", decl.name.text),
          "ajoutez « colonne « Nombre » = nombre »");
  }
  program_->tableaux.push_back(std::move(info));
}

void Checker::scenario(const ast::ScenarioDecl& decl, const std::string& objet_section) {
  const std::string& wanted = decl.objet.text.empty() ? objet_section : decl.objet.text;
  Index objet = kNoIndex;
  if (!wanted.empty()) {
    objet = program_->find_objet(wanted);
    if (objet == kNoIndex) {
      std::vector<std::string> names;
      for (const auto& o : program_->objets) names.push_back(o.name);
      unknown("objet", wanted, decl.objet.text.empty() ? decl.span : decl.objet.span, names, "R0231");
      return;
    }
  } else if (program_->objets.size() == 1) {
    objet = 0;
  } else {
    if (program_->objets.size() > 1)
      error("R0232", decl.span, "on ne sait de quel objet parle ce scénario",
            "écrivez « scénario « … » du » suivi de l'objet");
    return;
  }
  const auto& before = program_->scenarios;
  if (const auto same = std::ranges::find(before, decl.title, &ScenarioInfo::title); same != before.end()) {
    warning("R0402", decl.span, fmt::format("un autre scénario s'appelle « {} »", decl.title),
            "donnez à chacun son nom : c'est par lui que « regles tester » dit lequel échoue");
    diagnostics_.back().related.push_back({same->span, "premier scénario de ce nom ici"});
  }
  ScenarioInfo info{.title = decl.title, .objet = objet, .span = decl.span};
  const auto& fields = program_->objets[objet].fields;
  info.facts.resize(fields.size());
  Scope scope;
  scope.constant = true;
  for (const auto& given : decl.given) {
    const Index field = program_->find_field(objet, given.field.text);
    if (field == kNoIndex) {
      std::vector<std::string> names;
      for (const auto& f : fields) names.push_back(f.name);
      unknown("champ", given.field.text, given.field.span, names, "R0256");
      continue;
    }
    TypeRef type = fields[field].type;
    std::optional<Value> key;
    bool good = true;
    if (given.key) {
      if (type->kind != Kind::kMap) {
        if (type->kind != Kind::kAny)
          error("R0257", given.span, fmt::format("« {} » n'est pas une association", given.field.text));
        continue;
      }
      const Code code = valued(given.key, scope, type->key);
      if (code->type->kind == Kind::kAny) continue;
      key = constant(code, good);
      type = type->element;
    }
    const Code code = valued(given.value, scope, type, true);
    if (!good || code->type->kind == Kind::kAny) continue;
    Value value = constant(code, good);
    if (!good) continue;
    auto& slot = info.facts[field];
    if (!key) {
      if (slot) error("R0220", given.span, fmt::format("« {} » est donné deux fois", given.field.text));
      slot = std::move(value);
      continue;
    }
    std::vector<std::pair<Value, Value>> entries;
    if (slot) entries = *slot->as<Map>();
    for (const auto& entry : entries) {
      if (equal(entry.first, *key))
        error("R0220", given.span,
              fmt::format("« {} de {} » est donné deux fois", given.field.text, show(*program_, *key)));
    }
    entries.emplace_back(std::move(*key), std::move(value));
    slot = make_map(std::move(entries));
  }
  for (const auto& item : decl.expected) expected(item, info);
  if (decl.expected.empty() && read_below(decl.span)) {
    error("R0280", decl.span, "ce scénario n'attend rien", "ajoutez « attendu … = … »");
  }
  program_->scenarios.push_back(std::move(info));
}

void Checker::expected(const ast::ScenarioDecl::Expected& decl, ScenarioInfo& info) {
  const auto found = symbols_.find(decl.rule.text);
  if (found == symbols_.end() || found->second.kind != SymbolKind::kRule) {
    std::vector<std::string> names;
    for (const auto& rule : program_->rules) names.push_back(rule.name);
    unknown("décision", decl.rule.text, decl.rule.span, names, "R0253");
    return;
  }
  ScenarioInfo::Expected entry;
  entry.rule = found->second.index;
  entry.kind = decl.kind;
  entry.span = decl.span;
  entry.texts = decl.texts;
  const RuleInfo& rule = program_->rules[entry.rule];
  if (decl.value) {
    Scope scope;
    scope.constant = true;
    const Code code = valued(decl.value, scope, rule.type ? rule.type : make_type(Kind::kAny), true);
    if (code->type->kind == Kind::kAny) return;
    bool good = false;
    entry.value = constant(code, good);
    entry.has_value = good;
    if (!good) return;
  }
  if (decl.kind == ast::ScenarioDecl::Expected::Kind::kValue) {
    std::vector<std::string> labels;
    for (const auto& exigence : rule.exigences) labels.push_back(exigence.label);
    for (const auto& text : decl.texts) {
      if (std::ranges::find(labels, text) == labels.end()) unknown("exigence", text, decl.span, labels, "R0281");
    }
  }
  for (const auto& name : decl.missing) {
    const Index field = program_->find_field(info.objet, name.text);
    if (field == kNoIndex) {
      std::vector<std::string> names;
      for (const auto& f : program_->objets[info.objet].fields) names.push_back(f.name);
      unknown("champ", name.text, name.span, names, "R0256");
      continue;
    }
    entry.missing.push_back(field);
  }
  std::ranges::sort(entry.missing);
  info.expected.push_back(std::move(entry));
}

}  // namespace assemblier::dsl
