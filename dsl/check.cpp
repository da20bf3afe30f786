#include "dsl/check.hpp"

#include "dsl/checker.hpp"
#include "dsl/consequences.hpp"
#include "dsl/evaluate.hpp"
#include "dsl/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace assemblier::dsl {

using Kind = Type::Kind;

Compiled check(const Parsed& parsed, std::string_view source) {
  if (!parsed.file) return {nullptr, parsed.diagnostics};
  return Checker(parsed, source).run();
}

Compiled compile(std::string_view source) { return check(parse(source), source); }

void Checker::error(std::string code, Span span, std::string message, std::string help, std::vector<Related> related) {
  diagnostics_.push_back(
      {std::move(code), Severity::kError, span, std::move(message), std::move(help), std::move(related)});
}

void Checker::warning(std::string code, Span span, std::string message, std::string help) {
  diagnostics_.push_back({std::move(code), Severity::kWarning, span, std::move(message), std::move(help), {}});
}

bool Checker::read_below(Span header) const {
  const std::string_view text = program_->text;
  const auto indentation = [&](std::size_t line) { return text.find_first_not_of(" \t", line) - line; };
  const auto after = [&](std::size_t line) { return std::min(text.find('\n', line), text.size() - 1) + 1; };
  const auto unread = [&](std::size_t begin, std::size_t end) {
    return std::ranges::any_of(parsed_.diagnostics, [&](const Diagnostic& d) {
      return d.severity == Severity::kError && !d.mended && d.span.begin >= begin && d.span.begin < end;
    });
  };
  const std::size_t before = header.begin == 0 ? std::string_view::npos : text.rfind('\n', header.begin - 1);
  std::size_t line = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t margin = indentation(line);
  const std::size_t begin = line;
  // A line that is not indented, and is wrong for it, belongs here too.
  do line = after(line);
  while (line < text.size() &&
         (indentation(line) > margin || text.find_first_not_of(" \t\r", line) + 1 == after(line) ||
          text.substr(line).starts_with("--") || unread(line, after(line))));
  return !unread(begin, line);
}

void Checker::unknown(const std::string& what, const std::string& name, Span span,
                      const std::vector<std::string>& names, const std::string& code) {
  if (poisoned(name)) return;
  std::string help;
  for (const auto& near : suggestions(name, names))
    help += (help.empty() ? "vouliez-vous dire *" : " ou *") + near + "*";
  if (!help.empty()) help += " ?";
  error(code, span,
        fmt::format("{} inconnu{} : « {} »", what,
                    what.starts_with("colonne") || what.starts_with("décision") || what.starts_with("exigence") ||
                            what.starts_with("valeur")
                        ? "e"
                        : "",
                    name),
        std::move(help));
  diagnostics_.back().unknown = name;
}

void Checker::unsourced(bool sourced, Span span, const std::string& what) {
  if (!sourced)
    warning("R0400", span, fmt::format("{} ne cite aucune source", what),
            "ajoutez à la fin de la ligne « source … § … »");
}

std::vector<Citation> Checker::citations(const std::vector<ast::SourceRef>& refs) {
  std::vector<Citation> out;
  for (const auto& ref : refs) {
    std::vector<std::string> names;
    bool found = false;
    for (const auto& known : program_->sources) {
      names.push_back(known.name);
      found = found || known.name == ref.source.text;
    }
    if (!found) unknown("texte source", ref.source.text, ref.source.span, names, "R0214");
    out.push_back(ref.reference.empty() ? ref.source.text : ref.source.text + " " + ref.reference);
  }
  return out;
}

bool Checker::declare(const ast::Name& name, SymbolKind kind, Index index) {
  std::string text = name.text;
  // A header that cites a whole document without « § » would otherwise make the citation part of the name.
  for (const auto& known : program_->sources) {
    const std::string tail = " source " + known.name;
    const std::size_t at = text.find(tail);
    const bool whole = at != std::string::npos && (at + tail.size() == text.size() || text[at + tail.size()] == ' ');
    if (at == 0 || !whole) continue;
    text.resize(at);
    error("R0215", name.span, fmt::format("« source {} » est lu comme une partie du nom", known.name),
          fmt::format("écrivez « source {} § … », ou mettez la source sur une ligne à elle, en retrait", known.name));
  }
  const auto [at, fresh] = symbols_.try_emplace(text, Symbol{kind, index, name.span});
  if (!fresh) {
    error("R0220", name.span, fmt::format("« {} » est déjà déclaré", name.text), "choisissez un autre nom",
          {{at->second.span, "première déclaration ici"}});
  }
  return fresh;
}

// « décision échelle Échelle »: without « : » the type becomes the end of the name, and nothing knows the décision.
void Checker::forgotten_colon(const ast::DecisionDecl& decl) {
  const std::string& text = decl.name.text;
  const std::size_t space = text.rfind(' ');
  if (decl.type || space == std::string::npos) return;
  const std::string last = text.substr(space + 1);
  const auto declared = symbols_.find(last);
  const bool type = declared != symbols_.end() &&
                    (declared->second.kind == SymbolKind::kEnum || declared->second.kind == SymbolKind::kTable);
  if (!type) return;
  const std::string name = text.substr(0, space);
  error("R0216", decl.name.span, fmt::format("« {} » est un type, lu ici comme la fin du nom", last),
        fmt::format("écrivez « {} : {} »", name, last));
  symbols_.try_emplace(name, symbols_.at(text));
}

std::vector<std::string> Checker::visible_names(const Scope& scope) const {
  std::vector<std::string> names;
  for (const TypeRef& element : scope.elements) {
    if (element->kind != Kind::kRow) continue;
    for (const auto& column : program_->tables[element->named].columns) names.push_back(column.name);
  }
  for (const auto& each : scope.each) names.push_back(each.first);
  if (scope.donnees != nullptr) {
    for (const auto& donnee : *scope.donnees) names.push_back(donnee.name);
  }
  if (scope.objet != kNoIndex) {
    for (const auto& field : program_->objets[scope.objet].fields) names.push_back(field.name);
  }
  for (const auto& [name, symbol] : symbols_) {
    if (symbol.kind == SymbolKind::kRule || symbol.kind == SymbolKind::kParameter) names.push_back(name);
  }
  for (const auto& [name, values] : constants_) names.push_back(name);
  return names;
}

Value Checker::constant(const Code& code, bool& good) {
  const Context context{.objet = kNoIndex};
  const Result result = Evaluator(*program_, context).expression(code);
  good = result.status == Status::kKnown;
  if (result.status == Status::kError)
    error("R0223", code->span, fmt::format("cette valeur ne se calcule pas : {}", result.message));
  return result.value;
}

// ---------------------------------------------------------------- names

Index Checker::section(const ast::Decl& decl, const ast::Name& name) {
  if (!decl.objet.empty()) {
    const auto found = symbols_.find(decl.objet);
    if (found != symbols_.end() && found->second.kind == SymbolKind::kObjet) return found->second.index;
    std::vector<std::string> names;
    for (const auto& objet : program_->objets) names.push_back(objet.name);
    unknown("objet", decl.objet, name.span, names, "R0231");
    return kNoIndex;
  }
  if (program_->objets.size() == 1) return 0;
  if (program_->objets.size() > 1) {
    error("R0232", name.span, fmt::format("on ne sait à quel objet s'applique « {} »", name.text),
          fmt::format("écrivez avant elle une ligne « règles du {} »", program_->objets.front().name));
  }
  return kNoIndex;
}

void Checker::declare_names() {
  for (const auto& decl : parsed_.file->decls) {
    const auto add_rule = [&](const ast::Name& name, RuleInfo::Kind kind, const std::vector<ast::SourceRef>& sources) {
      const auto index = static_cast<Index>(program_->rules.size());
      declare(name, SymbolKind::kRule, index);
      RuleInfo info;
      info.kind = kind;
      info.name = name.text;
      info.span = name.span;
      info.objet = section(decl, name);
      info.citations = citations(sources);
      if (info.objet != kNoIndex && program_->find_field(info.objet, name.text) != kNoIndex) {
        error("R0220", name.span, fmt::format("« {} » est déjà le nom d'un champ", name.text),
              "choisissez un autre nom");
      }
      program_->rules.push_back(std::move(info));
      rule_decls_.push_back(&decl);
    };
    if (const auto* p = std::get_if<ast::ParameterDecl>(&decl.node)) {
      declare(p->name, SymbolKind::kParameter, static_cast<Index>(program_->parameters.size()));
      program_->parameters.push_back({p->name.text, make_type(Kind::kAny), p->setting, {}, citations(p->sources)});
      parameter_decls_.push_back(p);
    } else if (const auto* d = std::get_if<ast::DefinitionDecl>(&decl.node)) {
      add_rule(d->name, RuleInfo::Kind::kDefinition, d->sources);
    } else if (const auto* e = std::get_if<ast::DecisionDecl>(&decl.node)) {
      add_rule(e->name, RuleInfo::Kind::kDecision, e->sources);
      forgotten_colon(*e);
    } else if (const auto* c = std::get_if<ast::ConditionDecl>(&decl.node)) {
      add_rule(c->name, RuleInfo::Kind::kCondition, c->sources);
    } else if (const auto* s = std::get_if<ast::ScrutinDecl>(&decl.node)) {
      add_rule(s->name, RuleInfo::Kind::kScrutin, s->sources);
    } else if (const auto* q = std::get_if<ast::ProcedureDecl>(&decl.node)) {
      const auto found = symbols_.find(q->objet.text);
      if (found == symbols_.end() || found->second.kind != SymbolKind::kObjet) continue;
      auto& objet = program_->objets[found->second.index];
      if (objet.procedure) continue;
      objet.procedure.emplace();
      for (const auto& etat : q->etats) objet.procedure->etats.push_back({etat.name.text, etat.label, etat.final});
    }
  }
  rule_state_.assign(program_->rules.size(), 0);
  parameter_state_.assign(program_->parameters.size(), 0);
}

void Checker::ensure_parameter(Index index, Span use) {
  if (parameter_state_[index] == 2) return;
  if (parameter_state_[index] == 1) {
    error("R0240", use, fmt::format("« {} » se définit par lui-même", program_->parameters[index].name));
    return;
  }
  parameter_state_[index] = 1;
  parameter(*parameter_decls_[index], index);
  parameter_state_[index] = 2;
}

void Checker::parameter(const ast::ParameterDecl& decl, Index index) {
  ParameterInfo info = program_->parameters[index];
  if (decl.type) info.type = type(decl.type);
  Scope scope;
  scope.constant = true;
  bool bad = false;
  for (const auto& dated : decl.values) {
    Code code = decl.type ? valued(dated.value, scope, info.type, true)
                          : expression(dated.value, scope, info.values.empty() ? nullptr : info.type);
    if (code->type->kind == Kind::kAny) {
      bad = true;
      continue;
    }
    if (!decl.type) info.type = code->type;
    bool good = false;
    Value value = constant(code, good);
    if (!good) {
      bad = true;
      continue;
    }
    if (dated.from && dated.to && *dated.to < *dated.from)
      error("R0225", dated.span, "cette période finit avant de commencer");
    info.values.push_back({std::move(value), dated.from, dated.to, dated.revision, citations(dated.sources)});
  }
  const bool sourced =
      !decl.sources.empty() || std::ranges::any_of(decl.values, [](const auto& v) { return !v.sources.empty(); });
  if (decl.setting) {
    if (!decl.commented && !sourced) {
      warning("R0401", decl.name.span, fmt::format("le réglage « {} » n'a pas de commentaire", decl.name.text),
              "dites au-dessus ou au-dessous, après « -- », pourquoi cette valeur");
    }
  } else {
    unsourced(sourced, decl.name.span, fmt::format("le paramètre « {} »", decl.name.text));
  }
  if (!bad) parameter_dates(decl, info);
  program_->parameters[index] = std::move(info);
}

// DESIGN §4.5: every date of the édition is covered, without gap or overlap; nothing serves silently beyond.
void Checker::parameter_dates(const ast::ParameterDecl& decl, ParameterInfo& info) {
  const bool dated = std::ranges::any_of(info.values, [](const auto& v) { return v.from || v.to; });
  if (!dated && info.values.size() == 1) return;
  std::ranges::stable_sort(info.values, [](const auto& a, const auto& b) {
    return a.from.value_or(Date{INT32_MIN}) < b.from.value_or(Date{INT32_MIN});
  });
  for (std::size_t i = 0; i + 1 < info.values.size(); ++i) {
    const auto& now = info.values[i];
    const auto& next = info.values[i + 1];
    if (!now.to || !next.from || *next.from <= *now.to) {
      error("R0241", decl.name.span,
            fmt::format("« {} » a deux valeurs au {}", decl.name.text, next.from ? french(*next.from) : "même jour"),
            "corrigez les dates : une seule valeur par jour");
      return;
    }
  }
  Date expected = program_->from;
  const auto gap = [&](Date day) {
    error(
        "R0242", decl.name.span,
        fmt::format("« {} » n'a pas de valeur au {}, alors que l'édition est en vigueur", decl.name.text, french(day)),
        "prolongez une valeur jusqu'à cette date, ou ajoutez-en une");
  };
  for (const auto& value : info.values) {
    if (value.from && *value.from > expected) {
      if (expected <= program_->to) gap(expected);
      return;
    }
    if (!value.to) return;
    if (*value.to >= expected) expected = Date{value.to->days + 1};
  }
  if (expected <= program_->to) gap(expected);
}

// ---------------------------------------------------------------- rules

void Checker::ensure_rule(Index index, Span use) {
  if (rule_state_[index] == 2) return;
  if (rule_state_[index] == 1) {
    std::string chain;
    bool inside = false;
    for (const Index step : rule_stack_) {
      inside = inside || step == index;
      if (inside) chain += "« " + program_->rules[step].name + " » → ";
    }
    error("R0243", use,
          fmt::format("ces règles se définissent l'une par l'autre : {}« {} »", chain, program_->rules[index].name),
          "aucune règle ne peut dépendre d'elle-même");
    return;
  }
  rule_state_[index] = 1;
  rule_stack_.push_back(index);
  rule_body(*rule_decls_[index], index);
  rule_stack_.pop_back();
  rule_state_[index] = 2;
  if (!program_->rules[index].type) program_->rules[index].type = make_type(Kind::kAny);
}

void Checker::rule_body(const ast::Decl& decl, Index index) {
  if (const auto* d = std::get_if<ast::DefinitionDecl>(&decl.node)) definition(*d, index);
  if (const auto* e = std::get_if<ast::DecisionDecl>(&decl.node)) decision(*e, index);
  if (const auto* c = std::get_if<ast::ConditionDecl>(&decl.node)) condition(*c, index);
  if (const auto* s = std::get_if<ast::ScrutinDecl>(&decl.node)) scrutin(*s, index);
}

void Checker::definition(const ast::DefinitionDecl& decl, Index index) {
  const Scope scope{.objet = program_->rules[index].objet};
  if (decl.type) program_->rules[index].type = type(decl.type);
  Code code = decl.type ? valued(decl.value, scope, program_->rules[index].type, true) : expression(decl.value, scope);
  if (!decl.type) program_->rules[index].type = code->type;
  program_->rules[index].value = std::move(code);
}

void Checker::decision(const ast::DecisionDecl& decl, Index index) {
  const Scope scope{.objet = program_->rules[index].objet};
  TypeRef wanted = decl.type ? type(decl.type) : nullptr;
  program_->rules[index].type = wanted;
  std::vector<RuleInfo::Case> cases;
  const auto compile_case = [&](const ast::DecisionDecl::Case& from) {
    RuleInfo::Case to;
    to.span = from.span;
    to.citations = citations(from.sources);
    if (from.value) {
      to.value = wanted ? valued(from.value, scope, wanted, true) : expression(from.value, scope);
      if (!wanted && to.value->type->kind != Kind::kAny) {
        wanted = to.value->type;
        program_->rules[index].type = wanted;
      }
      const Kind kind = to.value->type->kind;
      if (kind == Kind::kExactMontant || kind == Kind::kExactNombre) {
        error("R0204", from.value->span, "une décision se garde : ce produit doit être arrondi",
              "écrivez par exemple « arrondi au plus proche de (…) »");
      }
    }
    if (from.reason) {
      for (const auto& piece : from.reason->pieces) {
        to.reason.emplace_back(piece.text, piece.expr ? expression(piece.expr, scope) : nullptr);
      }
    }
    if (from.condition) to.condition = boolean(from.condition, scope);
    if (from.exception) to.exception = boolean(from.exception, scope);
    return to;
  };
  for (const auto& item : decl.cases) cases.push_back(compile_case(item));
  std::optional<RuleInfo::Case> otherwise;
  if (decl.otherwise) otherwise = compile_case(*decl.otherwise);
  bool sourced = !decl.sources.empty();
  for (const auto& item : decl.cases) sourced = sourced || !item.sources.empty();
  unsourced(sourced, decl.name.span, fmt::format("la décision « {} »", decl.name.text));
  if (decl.cases.empty() && read_below(decl.name.span)) {
    error("R0244", decl.name.span, fmt::format("la décision « {} » n'a aucun cas", decl.name.text),
          "ajoutez dessous « valeur quand condition »");
  }
  overlaps(decl);
  RuleInfo& info = program_->rules[index];
  info.cases = std::move(cases);
  info.otherwise = std::move(otherwise);
}

void Checker::condition(const ast::ConditionDecl& decl, Index index) {
  const Scope scope{.objet = program_->rules[index].objet};
  program_->rules[index].type = make_type(Kind::kBooleen);
  std::vector<ExigenceInfo> exigences;
  std::map<std::string, Span> labels;
  for (const auto& item : decl.exigences) {
    const auto [at, fresh] = labels.try_emplace(item.label, item.span);
    if (!fresh) {
      error("R0220", item.span, fmt::format("l'exigence « {} » figure deux fois", item.label),
            "donnez-leur des noms différents", {{at->second, "première fois ici"}});
    }
    exigences.push_back({item.label, boolean(item.condition, scope), item.span, citations(item.sources)});
    unsourced(!decl.sources.empty() || !item.sources.empty(), item.span, fmt::format("l'exigence « {} »", item.label));
  }
  if (decl.exigences.empty() && read_below(decl.name.span)) {
    error("R0244", decl.name.span, fmt::format("la condition « {} » n'a aucune exigence", decl.name.text));
  }
  program_->rules[index].exigences = std::move(exigences);
}

void Checker::scrutin(const ast::ScrutinDecl& decl, Index index) {
  const Scope scope{.objet = program_->rules[index].objet};
  program_->rules[index].type = make_type(Kind::kBooleen);
  unsourced(!decl.sources.empty(), decl.name.span, fmt::format("le scrutin « {} »", decl.name.text));
  if (!decl.college || !decl.positions) {
    if (read_below(decl.name.span)) {
      error("R0245", decl.name.span,
            fmt::format("le scrutin « {} » doit dire son collège et ses positions", decl.name.text),
            "ajoutez « collège … » et « positions … »");
    }
    return;
  }
  RuleInfo::Scrutin info;
  info.college = expression(decl.college, scope);
  info.positions = expression(decl.positions, scope);
  const TypeRef& college = info.college->type;
  const TypeRef& positions = info.positions->type;
  if (college->kind == Kind::kAny || positions->kind == Kind::kAny) return;
  if (college->kind != Kind::kList) {
    error("R0207", decl.college->span,
          fmt::format("le collège est une liste de membres, mais ceci est de type {}", shown(college)));
    return;
  }
  if (positions->kind == Kind::kMap && (positions->element->kind == Kind::kAny || positions->key->kind == Kind::kAny))
    return;
  const bool keyed = positions->kind == Kind::kMap && positions->element->kind == Kind::kEnum &&
                     fits(*positions->key, *college->element);
  if (!keyed) {
    error("R0245", decl.positions->span,
          fmt::format("les positions sont une association par {}, vers une énumération, mais ceci est de type {}",
                      shown(college->element), shown(positions)));
    return;
  }
  info.member = college->element;
  const EnumInfo& values = program_->enums[positions->element->named];
  info.meaning.assign(values.items.size(), 0);
  std::vector<std::string> names;
  for (const auto& item : values.items) names.push_back(item.name);
  bool known = true;
  const auto assign = [&](const std::vector<ast::Name>& list, int meaning) {
    for (const auto& name : list) {
      const auto at = std::ranges::find(names, name.text);
      if (at == names.end()) {
        known = false;
        unknown("valeur de " + values.name, name.text, name.span, names, "R0228");
        continue;
      }
      int& slot = info.meaning[static_cast<std::size_t>(at - names.begin())];
      if (slot != 0) error("R0246", name.span, fmt::format("« {} » a déjà un sens dans ce scrutin", name.text));
      slot = meaning;
    }
  };
  assign(decl.in_favour, 1);
  assign(decl.against, 2);
  assign(decl.abstention, 3);
  assign(decl.absence, 4);
  if (decl.in_favour.empty())
    error("R0245", decl.name.span, "le scrutin ne dit pas quelle position est « pour »",
          "ajoutez une ligne « pour … »");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (info.meaning[i] == 0 && known) {
      error("R0246", decl.name.span, fmt::format("le scrutin ne dit pas ce que vaut la position « {} »", names[i]),
            "ajoutez-la à « pour », « contre », « abstention » ou « absence »");
    }
  }
  info.abstention_counts = decl.abstention_counts;
  info.absence_counts = decl.absence_counts;
  info.threshold = decl.threshold;
  info.quorum = decl.quorum;
  const auto fraction = [&](const ast::ScrutinDecl::Threshold& t) {
    if (t.denominator <= 0 || t.numerator < 0 || t.numerator > t.denominator || t.denominator > 1'000'000'000) {
      error("R0247", decl.name.span,
            fmt::format("{}/{} n'est pas une fraction entre 0 et 1", t.numerator, t.denominator));
    }
  };
  fraction(info.threshold);
  if (info.quorum) fraction(*info.quorum);
  program_->rules[index].scrutin = std::move(info);
}

// ---------------------------------------------------------------- run

Compiled Checker::run() {
  edition();
  declare_types();
  declare_names();
  for (Index i = 0; i < program_->parameters.size(); ++i) ensure_parameter(i, parameter_decls_[i]->name.span);
  for (Index i = 0; i < program_->rules.size(); ++i) ensure_rule(i, program_->rules[i].span);
  for (const auto& decl : parsed_.file->decls) {
    if (const auto* p = std::get_if<ast::ProcedureDecl>(&decl.node)) procedure(*p);
  }
  for (const auto& decl : parsed_.file->decls) {
    if (const auto* t = std::get_if<ast::TableauDecl>(&decl.node)) tableau(*t);
    if (const auto* s = std::get_if<ast::ScenarioDecl>(&decl.node)) scenario(*s, decl.objet);
  }
  std::ranges::stable_sort(diagnostics_, [](const auto& a, const auto& b) { return a.span.begin < b.span.begin; });
  // An expression compiled twice (lists, choices) must not be reported twice.
  const auto twice = [](const Diagnostic& a, const Diagnostic& b) {
    return a.code == b.code && a.span == b.span && a.message == b.message;
  };
  diagnostics_.erase(std::ranges::unique(diagnostics_, twice).begin(), diagnostics_.end());
  drop_consequences(diagnostics_, parsed_.diagnostics, poisoned_, program_->text);
  if (has_errors(diagnostics_)) return {nullptr, std::move(diagnostics_)};
  return {program_, std::move(diagnostics_)};
}

}  // namespace assemblier::dsl
