#include "dsl/checker_types.hpp"
#include "dsl/evaluate.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace assemblier::dsl {

using namespace typing;

TypeRef make_type(Kind kind, Index named, TypeRef element, TypeRef key) {
  return std::make_shared<const Type>(Type{kind, named, std::move(element), std::move(key)});
}

bool fits(const Type& from, const Type& to) {
  if (from.kind == Kind::kAny || to.kind == Kind::kAny) return true;
  if (from.kind == Kind::kList && from.element->kind == Kind::kAny && to.kind == Kind::kMap) return true;  // liste vide
  if (from.kind != to.kind) return false;
  switch (from.kind) {
    case Kind::kList:
      return fits(*from.element, *to.element);
    case Kind::kMap:
      return fits(*from.element, *to.element) && fits(*from.key, *to.key);
    case Kind::kEnum:
    case Kind::kRow:
    case Kind::kEtat:
      return from.named == to.named;
    case Kind::kBooleen:
    case Kind::kEntier:
    case Kind::kMontant:
    case Kind::kTaux:
    case Kind::kExactMontant:
    case Kind::kExactNombre:
    case Kind::kDate:
    case Kind::kDuree:
    case Kind::kTexte:
    case Kind::kAny:
      return true;
  }
  return false;
}

Code make_node(Op op, TypeRef type, Span span, std::vector<Code> kids, Index a, Index b) {
  auto node = std::make_shared<Node>();
  node->op = op;
  node->type = std::move(type);
  node->span = span;
  node->kids = std::move(kids);
  node->a = a;
  node->b = b;
  return node;
}

namespace {

TypeRef literal_type(const Value& value) {
  if (value.get<bool>()) return simple(Kind::kBooleen);
  if (value.get<std::int64_t>()) return simple(Kind::kEntier);
  if (value.get<Montant>()) return simple(Kind::kMontant);
  if (value.get<Taux>()) return simple(Kind::kTaux);
  if (value.get<Date>()) return simple(Kind::kDate);
  if (value.get<Duree>()) return simple(Kind::kDuree);
  return simple(Kind::kTexte);
}

}  // namespace

Code wrong(Span span) { return constant_node(simple(Kind::kAny), Value(false), span); }

Code Checker::expression(const ast::ExprPtr& expr, const Scope& scope, const TypeRef& wanted) {
  const Span span = expr->span;
  return std::visit(
      [&](const auto& node) -> Code {
        using T = std::remove_cvref_t<decltype(node)>;
        if constexpr (std::is_same_v<T, ast::Literal>) {
          return constant_node(literal_type(node.value), node.value, span);
        } else if constexpr (std::is_same_v<T, ast::NameRef>) {
          return name(node, span, scope, wanted);
        } else if constexpr (std::is_same_v<T, ast::Unary>) {
          return unary(node, span, scope, wanted);
        } else if constexpr (std::is_same_v<T, ast::Binary>) {
          return binary(node, span, scope, wanted);
        } else if constexpr (std::is_same_v<T, ast::DateShift>) {
          return date_shift(node.op, expression(node.date, scope), expression(node.duration, scope), node.rule, span);
        } else if constexpr (std::is_same_v<T, ast::In>) {
          return in(node, span, scope);
        } else if constexpr (std::is_same_v<T, ast::Between>) {
          return between(node, span, scope);
        } else if constexpr (std::is_same_v<T, ast::Quantified>) {
          return quantified(node, span, scope);
        } else if constexpr (std::is_same_v<T, ast::Of>) {
          return of(node, span, scope);
        } else if constexpr (std::is_same_v<T, ast::Filter>) {
          return filter(node, span, scope);
        } else if constexpr (std::is_same_v<T, ast::Distinct>) {
          Code source = list_of(node.source, scope, "« sans doublon »");
          TypeRef type = source->type;
          return make_node(Op::kDistinct, std::move(type), span, {std::move(source)});
        } else if constexpr (std::is_same_v<T, ast::Aggregated>) {
          return aggregated(node, span, scope);
        } else if constexpr (std::is_same_v<T, ast::MapPart>) {
          Code source = expression(node.source, scope);
          if (any(source)) return wrong(span);
          if (!is(source, Kind::kMap)) {
            error("R0207", span,
                  fmt::format("« {} » attend une association, mais ceci est {}", node.keys ? "clés de" : "valeurs de",
                              shown(source->type)));
            return wrong(span);
          }
          TypeRef type = make_type(Kind::kList, 0, node.keys ? source->type->key : source->type->element);
          return make_node(node.keys ? Op::kKeys : Op::kValues, std::move(type), span, {std::move(source)});
        } else if constexpr (std::is_same_v<T, ast::ListLiteral>) {
          return list(node, span, scope, wanted);
        } else if constexpr (std::is_same_v<T, ast::Conditional>) {
          return conditional(node, span, scope, wanted);
        } else if constexpr (std::is_same_v<T, ast::Round>) {
          return round(node, span, scope);
        } else if constexpr (std::is_same_v<T, ast::At>) {
          return at(node, span, scope);
        } else if constexpr (std::is_same_v<T, ast::Vote> || std::is_same_v<T, ast::Recorded>) {
          const ast::Name* named = nullptr;
          if constexpr (std::is_same_v<T, ast::Vote>) {
            named = &node.scrutin;
          } else {
            named = &node.decision;
          }
          constexpr bool vote = std::is_same_v<T, ast::Vote>;
          const auto found = symbols_.find(named->text);
          const bool rule = found != symbols_.end() && found->second.kind == SymbolKind::kRule;
          const bool right = rule && (vote ? program_->rules[found->second.index].kind == RuleInfo::Kind::kScrutin
                                           : program_->rules[found->second.index].is_decision());
          if (!right) {
            if (poisoned(named->text)) return wrong(span);
            std::vector<std::string> names;
            for (const auto& r : program_->rules) {
              if (vote ? r.kind == RuleInfo::Kind::kScrutin : r.is_decision()) names.push_back(r.name);
            }
            if (found == symbols_.end()) {
              unknown(vote ? "scrutin" : "décision", named->text, named->span, names, "R0200");
            } else {
              error("R0212", named->span,
                    fmt::format("« {} » n'est pas {}", named->text, vote ? "un scrutin" : "une décision"));
            }
            return wrong(span);
          }
          const Index index = found->second.index;
          ensure_rule(index, span);
          if constexpr (vote) {
            const bool acquired = node.kind == ast::Vote::Kind::kAcquired;
            if (acquired) return make_node(Op::kRule, simple(Kind::kBooleen), span, {}, index);
            const auto& ballot = program_->rules[index].scrutin;
            TypeRef member = ballot && ballot->member ? ballot->member : simple(Kind::kAny);
            return make_node(Op::kVote, make_type(Kind::kList, 0, std::move(member)), span, {}, index, 1);
          } else {
            return make_node(Op::kRecorded, program_->rules[index].type, span, {}, index);
          }
        } else {
          static_assert(std::is_same_v<T, ast::IsNone> || std::is_same_v<T, ast::IsKnown>);
          constexpr Op op = std::is_same_v<T, ast::IsNone> ? Op::kIsNone : Op::kIsKnown;
          return make_node(op, simple(Kind::kBooleen), span, {expression(node.operand, scope)}, node.negated ? 1 : 0);
        }
      },
      expr->node);
}

Code Checker::boolean(const ast::ExprPtr& expr, const Scope& scope) {
  Code code = expression(expr, scope, simple(Kind::kBooleen));
  if (!is(code, Kind::kBooleen) && !any(code)) {
    error("R0201", expr->span,
          fmt::format("une condition (oui ou non) est attendue ici, mais ceci est de type {}", shown(code->type)),
          "comparez cette valeur à une autre, par exemple avec =, ≥ ou parmi");
    return wrong(expr->span);
  }
  return code;
}

Code Checker::valued(const ast::ExprPtr& expr, const Scope& scope, const TypeRef& wanted, bool wrap) {
  Code code = expression(expr, scope, wanted);
  if (wanted->kind == Kind::kMap && is(code, Kind::kList) && code->op == Op::kList && code->kids.empty()) {
    return constant_node(wanted, make_map({}), expr->span);
  }
  if (wrap && wanted->kind == Kind::kList && !is(code, Kind::kList) && !any(code)) {
    code = make_node(Op::kList, make_type(Kind::kList, 0, code->type), expr->span, {code});
  }
  if (fits(*code->type, *wanted)) return code;
  const bool exact = code->type->kind == Kind::kExactMontant || code->type->kind == Kind::kExactNombre;
  if (exact && (wanted->kind == Kind::kMontant || wanted->kind == Kind::kEntier)) {
    error("R0204", expr->span,
          fmt::format("ce produit n'est pas arrondi : pour en faire un {}, il faut dire comment", shown(wanted)),
          "écrivez par exemple « arrondi au plus proche de (…) »");
  } else {
    error("R0201", expr->span,
          fmt::format("{} est attendu ici, mais ceci est de type {}", shown(wanted), shown(code->type)));
  }
  return wrong(expr->span);
}

bool Checker::bare_constant(const ast::ExprPtr& expr, const Scope& scope) const {
  if (const auto* list = std::get_if<ast::ListLiteral>(&expr->node)) {
    return std::ranges::all_of(list->items, [&](const auto& item) { return bare_constant(item, scope); });
  }
  const auto* ref = std::get_if<ast::NameRef>(&expr->node);
  if (ref == nullptr) return false;
  for (const TypeRef& element : scope.elements) {
    if (element->kind != Kind::kRow) continue;
    const auto& columns = program_->tables[element->named].columns;
    if (std::ranges::any_of(columns, [&](const auto& column) { return column.name == ref->name; })) return false;
  }
  for (const auto& [name, type] : scope.each) {
    if (name == ref->name) return false;
  }
  if (scope.donnees != nullptr &&
      std::ranges::any_of(*scope.donnees, [&](const auto& d) { return d.name == ref->name; }))
    return false;
  if (scope.objet != kNoIndex && program_->find_field(scope.objet, ref->name) != kNoIndex) return false;
  const auto symbol = symbols_.find(ref->name);
  if (symbol != symbols_.end() &&
      (symbol->second.kind == SymbolKind::kRule || symbol->second.kind == SymbolKind::kParameter))
    return false;
  if (constants_.contains(ref->name)) return true;
  if (!scope.etat || scope.objet == kNoIndex || !program_->objets[scope.objet].procedure) return false;
  const auto& etats = program_->objets[scope.objet].procedure->etats;
  return std::ranges::any_of(etats, [&](const auto& etat) { return etat.name == ref->name; });
}

Code Checker::name(const ast::NameRef& ref, Span span, const Scope& scope, const TypeRef& wanted) {
  const std::string& text = ref.name;
  std::vector<Code> found;  // innermost first
  if (!scope.elements.empty()) {
    for (std::size_t depth = scope.elements.size(); depth-- > 0;) {
      const TypeRef& element = scope.elements[depth];
      if (text == "élément" && depth + 1 == scope.elements.size()) {
        return make_node(Op::kElement, element, span, {}, static_cast<Index>(depth));
      }
      if (element->kind != Kind::kRow) continue;
      const auto& columns = program_->tables[element->named].columns;
      for (Index c = 0; c < columns.size(); ++c) {
        if (columns[c].name != text) continue;
        found.push_back(make_node(Op::kColumn, columns[c].type, span,
                                  {make_node(Op::kElement, element, span, {}, static_cast<Index>(depth))}, c));
      }
    }
  }
  for (Index i = 0; i < scope.each.size(); ++i) {
    if (scope.each[i].first == text) found.push_back(make_node(Op::kEach, scope.each[i].second, span, {}, i));
  }
  if (scope.acte && text == "acteur") {
    return make_node(Op::kActor, scope.actor ? scope.actor : simple(Kind::kTexte), span);
  }
  if (scope.acte && text == "date de l'acte") return make_node(Op::kActeDate, simple(Kind::kDate), span);
  if (scope.etat && text == "état") return make_node(Op::kEtat, make_type(Kind::kEtat, scope.objet), span);
  if (scope.donnees != nullptr) {
    for (Index i = 0; i < scope.donnees->size(); ++i) {
      if ((*scope.donnees)[i].name == text)
        found.push_back(make_node(Op::kDonnee, (*scope.donnees)[i].type, span, {}, i));
    }
  }
  if (scope.objet != kNoIndex) {
    if (const Index field = program_->find_field(scope.objet, text); field != kNoIndex) {
      found.push_back(make_node(Op::kField, program_->objets[scope.objet].fields[field].type, span, {}, field));
    }
  }
  // The nearest meaning wins, and only it is looked into: a rule may bear the name of a column that it reads.
  for (const Code& code : found) {
    if (!wanted || fits(*code->type, *wanted)) return readable(code, text, scope);
  }
  const auto symbol = symbols_.find(text);
  if (symbol != symbols_.end() && symbol->second.kind == SymbolKind::kRule) {
    const Index index = symbol->second.index;
    const Index objet = program_->rules[index].objet;
    if (scope.objet == kNoIndex || objet != scope.objet) {
      if (found.empty() && !scope.constant) {
        error("R0213", span, fmt::format("« {} » est une règle d'un autre objet", text));
        return wrong(span);
      }
    } else {
      ensure_rule(index, span);
      found.push_back(make_node(
          Op::kRule, program_->rules[index].type ? program_->rules[index].type : simple(Kind::kAny), span, {}, index));
    }
  } else if (symbol != symbols_.end() && symbol->second.kind == SymbolKind::kParameter) {
    const Index index = symbol->second.index;
    ensure_parameter(index, span);
    const ParameterInfo& parameter = program_->parameters[index];
    if (parameter.values.size() > 1) {
      error("R0206", span,
            fmt::format("« {} » a plusieurs valeurs selon la date : il faut dire à quelle date le lire", text),
            fmt::format("écrivez « {} au » suivi d'une date, par exemple une date du dossier", text));
      return wrong(span);
    }
    if (parameter.values.empty()) return wrong(span);
    found.push_back(make_node(Op::kParameter, parameter.type, span, {}, index));
  }
  if (scope.etat && scope.objet != kNoIndex && program_->objets[scope.objet].procedure && wanted &&
      wanted->kind == Kind::kEtat) {
    const auto& etats = program_->objets[scope.objet].procedure->etats;
    for (Index i = 0; i < etats.size(); ++i) {
      if (etats[i].name == text)
        found.push_back(constant_node(make_type(Kind::kEtat, scope.objet), Value(std::int64_t{i}), span));
    }
  }
  if (wanted) {
    for (const Code& code : found) {
      if (fits(*code->type, *wanted)) return code;
    }
    if (constants_.contains(text)) {
      if (Code code = constant_name(text, span, wanted, true)) return code;
    }
  }
  if (!found.empty()) return readable(found.front(), text, scope);
  if (constants_.contains(text)) return constant_name(text, span, wanted, false);
  if (poisoned(text)) return wrong(span);
  if (text == "acteur" || text == "date de l'acte" || text == "état" || text == "élément") {
    error("R0203", span, fmt::format("« {} » n'a pas de sens ici", text),
          text == "élément" ? "il ne s'emploie qu'après « dont » ou « vérifient »"
                            : "il ne s'emploie que dans un acte ou un tableau");
    return wrong(span);
  }
  unknown("nom", text, span, visible_names(scope), "R0200");
  return wrong(span);
}

Code Checker::constant_name(const std::string& text, Span span, const TypeRef& wanted, bool quiet) {
  const auto& candidates = constants_.at(text);
  const auto type_of = [this](const Value& value) {
    return value.get<EnumValue>() ? make_type(Kind::kEnum, value.as<EnumValue>().type)
                                  : make_type(Kind::kRow, value.as<Row>().table);
  };
  if (wanted) {
    const TypeRef target = wanted->kind == Kind::kList ? wanted->element : wanted;
    for (const Value& value : candidates) {
      if (target->kind != Kind::kAny && fits(*type_of(value), *target))
        return constant_node(type_of(value), value, span);
    }
  }
  if (quiet) return nullptr;
  if (candidates.size() > 1) {
    std::string both;
    for (const Value& value : candidates) both += (both.empty() ? "" : " et de ") + shown(type_of(value));
    error("R0202", span, fmt::format("« {} » est une valeur de {} : on ne sait laquelle est voulue", text, both),
          "donnez son type, par exemple en écrivant « paramètre … : Type = … »");
    return wrong(span);
  }
  return constant_node(type_of(candidates.front()), candidates.front(), span);
}

Code Checker::unary(const ast::Unary& node, Span span, const Scope& scope, const TypeRef& wanted) {
  if (node.op == ast::UnaryOp::kNot)
    return make_node(Op::kNot, simple(Kind::kBooleen), span, {boolean(node.operand, scope)});
  Code operand = expression(node.operand, scope, wanted);
  if (any(operand)) return wrong(span);
  if (!money(operand->type) && !number(operand->type) && !is(operand, Kind::kTaux) && !is(operand, Kind::kDuree)) {
    error("R0205", span, fmt::format("on ne peut pas prendre l'opposé de ceci, de type {}", shown(operand->type)));
    return wrong(span);
  }
  TypeRef type = operand->type;
  return make_node(Op::kNegate, std::move(type), span, {std::move(operand)});
}

Code Checker::binary(const ast::Binary& node, Span span, const Scope& scope, const TypeRef& wanted) {
  switch (node.op) {
    case ast::BinaryOp::kAnd:
    case ast::BinaryOp::kOr:
      return logic(node, span, scope);
    case ast::BinaryOp::kEq:
    case ast::BinaryOp::kNe:
    case ast::BinaryOp::kLt:
    case ast::BinaryOp::kLe:
    case ast::BinaryOp::kGt:
    case ast::BinaryOp::kGe:
      return comparison(node, span, scope);
    case ast::BinaryOp::kAdd:
    case ast::BinaryOp::kSub:
    case ast::BinaryOp::kMul:
    case ast::BinaryOp::kDiv:
      return arithmetic(node, span, scope, wanted);
    case ast::BinaryOp::kExcept:
    case ast::BinaryOp::kUnion:
      return list_operation(node, span, scope, wanted);
  }
  return wrong(span);
}

Code Checker::logic(const ast::Binary& node, Span span, const Scope& scope) {
  const Op op = node.op == ast::BinaryOp::kAnd ? Op::kAnd : Op::kOr;
  std::vector<Code> kids;
  for (const auto& side : {node.left, node.right}) {
    Code code = boolean(side, scope);
    if (code->op == op) {
      kids.insert(kids.end(), code->kids.begin(), code->kids.end());
    } else {
      kids.push_back(std::move(code));
    }
  }
  return make_node(op, simple(Kind::kBooleen), span, std::move(kids));
}

std::pair<Code, Code> Checker::sides(const ast::ExprPtr& left, const ast::ExprPtr& right, const Scope& scope) {
  if (bare_constant(left, scope) && !bare_constant(right, scope)) {
    Code second = expression(right, scope);
    Code first = expression(left, scope, second->type);
    return {std::move(first), std::move(second)};
  }
  Code first = expression(left, scope);
  Code second = expression(right, scope, first->type);
  return {std::move(first), std::move(second)};
}

Code Checker::comparison(const ast::Binary& node, Span span, const Scope& scope) {
  auto [left, right] = sides(node.left, node.right, scope);
  if (any(left) || any(right)) return make_node(Op::kConst, simple(Kind::kBooleen), span);
  const bool equality = node.op == ast::BinaryOp::kEq || node.op == ast::BinaryOp::kNe;
  if (!comparable(left->type, right->type)) {
    error("R0205", span, fmt::format("{} et {} ne se comparent pas", shown(left->type), shown(right->type)),
          is(right, Kind::kList) ? "pour savoir si une valeur est dans une liste, écrivez « parmi »" : "");
    return make_node(Op::kConst, simple(Kind::kBooleen), span);
  }
  if (!equality && !ordered(left->type)) {
    error("R0205", span,
          fmt::format("des valeurs de type {} n'ont pas d'ordre : seuls = et ≠ ont un sens", shown(left->type)));
    return make_node(Op::kConst, simple(Kind::kBooleen), span);
  }
  const auto op = [&] {
    switch (node.op) {
      case ast::BinaryOp::kNe:
        return Op::kNe;
      case ast::BinaryOp::kLt:
        return Op::kLt;
      case ast::BinaryOp::kLe:
        return Op::kLe;
      case ast::BinaryOp::kGt:
        return Op::kGt;
      case ast::BinaryOp::kGe:
        return Op::kGe;
      default:  // the others do not come here
        return Op::kEq;
    }
  }();
  return make_node(op, simple(Kind::kBooleen), span, {std::move(left), std::move(right)});
}

Code Checker::date_shift(ast::BinaryOp op, Code date, Code duration, MonthEnd rule, Span span) {
  if (any(date) || any(duration)) return wrong(span);
  if (!is(date, Kind::kDate) || !is(duration, Kind::kDuree)) {
    error("R0205", span,
          fmt::format("on n'ajoute qu'une durée à une date, pas {} à {}", shown(duration->type), shown(date->type)),
          "une durée s'écrit « 10 jours », « 2 mois » ou « 1 an »");
    return wrong(span);
  }
  auto node =
      std::make_shared<Node>(*make_node(Op::kDateShift, simple(Kind::kDate), span,
                                        {std::move(date), std::move(duration)}, op == ast::BinaryOp::kAdd ? 1 : 0));
  node->month_end = rule;
  return node;
}

Code Checker::arithmetic(const ast::Binary& node, Span span, const Scope& scope, const TypeRef& wanted) {
  if (node.op == ast::BinaryOp::kDiv) {
    error(
        "R0210", span, "une division doit dire comment elle arrondit",
        "écrivez par exemple « arrondi au plus proche de (a / b) » ; pour comparer, multipliez plutôt : a ≤ 80 % × b");
    return wrong(span);
  }
  Code left = expression(node.left, scope, wanted);
  Code right = expression(node.right, scope, wanted);
  if (any(left) || any(right)) return wrong(span);
  const TypeRef& a = left->type;
  const TypeRef& b = right->type;
  const auto make = [&](Op op, Kind kind) { return make_node(op, simple(kind), span, {left, right}); };
  const bool sum = node.op != ast::BinaryOp::kMul;
  const Op op = node.op == ast::BinaryOp::kAdd ? Op::kAdd : node.op == ast::BinaryOp::kSub ? Op::kSub : Op::kMul;
  if (sum) {
    if (is(left, Kind::kDate) && is(right, Kind::kDuree))
      return date_shift(node.op, left, right, MonthEnd::kError, span);
    if (is(left, Kind::kDate) && is(right, Kind::kDate) && node.op == ast::BinaryOp::kSub)
      return make(Op::kDateDiff, Kind::kDuree);
    if (money(a) && money(b))
      return make(op, is(left, Kind::kMontant) && is(right, Kind::kMontant) ? Kind::kMontant : Kind::kExactMontant);
    if (number(a) && number(b))
      return make(op, is(left, Kind::kEntier) && is(right, Kind::kEntier) ? Kind::kEntier : Kind::kExactNombre);
    if (is(left, Kind::kTaux) && is(right, Kind::kTaux)) return make(op, Kind::kTaux);
    if (is(left, Kind::kDuree) && is(right, Kind::kDuree)) return make(op, Kind::kDuree);
  } else {
    const auto whole = [](const Code& code) { return is(code, Kind::kEntier); };
    for (const auto& [x, y] : {std::pair{left, right}, std::pair{right, left}}) {
      if (whole(y) && (is(x, Kind::kMontant) || is(x, Kind::kExactMontant) || is(x, Kind::kTaux) ||
                       is(x, Kind::kDuree) || is(x, Kind::kEntier) || is(x, Kind::kExactNombre))) {
        if (is(x, Kind::kTaux)) return make(op, Kind::kExactNombre);
        return make(op, x->type->kind);
      }
      if (is(y, Kind::kTaux) && is(x, Kind::kMontant)) return make(op, Kind::kExactMontant);
    }
    if (is(left, Kind::kTaux) || is(right, Kind::kTaux)) {
      error("R0205", span, fmt::format("{} ne se multiplie pas par {}", shown(a), shown(b)),
            "arrondissez d'abord le premier produit, ou calculez le taux d'avance");
      return wrong(span);
    }
  }
  error("R0205", span,
        fmt::format("on ne peut pas {} {} et {}",
                    op == Op::kAdd   ? "additionner"
                    : op == Op::kSub ? "soustraire"
                                     : "multiplier",
                    shown(a), shown(b)),
        is(right, Kind::kEntier) && is(left, Kind::kDate) ? "une durée s'écrit « 10 jours », « 2 mois » ou « 1 an »"
                                                          : "");
  return wrong(span);
}

Code Checker::conditional(const ast::Conditional& node, Span span, const Scope& scope, const TypeRef& wanted) {
  Code condition = boolean(node.condition, scope);
  Code then = nullptr;
  Code otherwise = nullptr;
  if (wanted) {
    then = expression(node.then, scope, wanted);
    otherwise = expression(node.otherwise, scope, wanted);
  } else {
    std::tie(then, otherwise) = sides(node.then, node.otherwise, scope);
  }
  if (!any(then) && !any(otherwise) && !fits(*then->type, *otherwise->type)) {
    error("R0201", span,
          fmt::format("les deux branches doivent avoir le même type : {} et {}", shown(then->type),
                      shown(otherwise->type)));
    return wrong(span);
  }
  TypeRef type = any(then) ? otherwise->type : then->type;
  return make_node(Op::kIf, std::move(type), span, {std::move(condition), std::move(then), std::move(otherwise)});
}

Code Checker::round(const ast::Round& node, Span span, const Scope& scope) {
  std::vector<Code> kids;
  Kind result = Kind::kAny;
  const auto* division = std::get_if<ast::Binary>(&node.operand->node);
  if (division != nullptr && division->op == ast::BinaryOp::kDiv) {
    kids = {expression(division->left, scope), expression(division->right, scope)};
    if (any(kids[0]) || any(kids[1])) return wrong(span);
    const TypeRef& a = kids[0]->type;
    const TypeRef& b = kids[1]->type;
    if (money(a) && (number(b) || b->kind == Kind::kTaux)) result = Kind::kMontant;
    if (money(a) && money(b)) result = Kind::kTaux;
    if (number(a) && (number(b) || b->kind == Kind::kTaux)) result = Kind::kEntier;
    if (a->kind == Kind::kTaux && (number(b) || b->kind == Kind::kTaux)) result = Kind::kTaux;
    if (result == Kind::kAny) {
      error("R0205", span, fmt::format("{} ne se divise pas par {}", shown(a), shown(b)));
      return wrong(span);
    }
  } else {
    kids = {expression(node.operand, scope)};
    if (any(kids[0])) return wrong(span);
    const TypeRef& type = kids[0]->type;
    result = money(type)                 ? Kind::kMontant
             : number(type)              ? Kind::kEntier
             : type->kind == Kind::kTaux ? Kind::kTaux
                                         : Kind::kAny;
    if (result == Kind::kAny) {
      error("R0205", span, fmt::format("on n'arrondit pas une valeur de type {}", shown(type)));
      return wrong(span);
    }
  }
  auto rounded = std::make_shared<Node>(*make_node(Op::kRound, simple(result), span, std::move(kids)));
  rounded->rounding = node.mode;
  if (node.unit != nullptr) {
    const Code unit = expression(node.unit, scope);
    if (!any(unit) && unit->type->kind != result) {
      error("R0201", node.unit->span,
            fmt::format("l'unité d'arrondi doit être de type {}, comme le résultat", shown(simple(result))));
      return wrong(span);
    }
    if (const auto* amount = unit->constant.get<Montant>()) rounded->unit = amount->centimes;
    if (const auto* rate = unit->constant.get<Taux>()) rounded->unit = rate->nano;
    if (const auto* whole = unit->constant.get<std::int64_t>()) rounded->unit = *whole;
    if (unit->op != Op::kConst || rounded->unit <= 0) {
      error("R0201", node.unit->span, "l'unité d'arrondi doit être une valeur écrite, plus grande que zéro");
      return wrong(span);
    }
  }
  return rounded;
}

Code Checker::at(const ast::At& node, Span span, const Scope& scope) {
  const auto symbol = symbols_.find(node.parameter.text);
  if (symbol == symbols_.end() || symbol->second.kind != SymbolKind::kParameter) {
    if (poisoned(node.parameter.text)) return wrong(span);
    std::vector<std::string> names;
    for (const auto& parameter : program_->parameters) names.push_back(parameter.name);
    if (symbol == symbols_.end()) {
      unknown("paramètre", node.parameter.text, node.parameter.span, names, "R0200");
    } else {
      error("R0212", node.parameter.span,
            fmt::format("« {} » n'est pas un paramètre : seul un paramètre se lit à une date", node.parameter.text));
    }
    return wrong(span);
  }
  ensure_parameter(symbol->second.index, span);
  const ParameterInfo& parameter = program_->parameters[symbol->second.index];
  Code date = expression(node.date, scope, simple(Kind::kDate));
  if (parameter.values.empty() || any(date)) return wrong(span);
  if (!is(date, Kind::kDate)) {
    error("R0201", node.date->span,
          fmt::format("une date est attendue après « au », mais ceci est de type {}", shown(date->type)));
    return wrong(span);
  }
  return make_node(Op::kParameterAt, parameter.type, span, {std::move(date)}, symbol->second.index);
}

}  // namespace assemblier::dsl
