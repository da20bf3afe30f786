#include "dsl/checker_types.hpp"
#include "dsl/evaluate.hpp"

#include <algorithm>

#include <fmt/format.h>

// Lists, associations, columns: `parmi`, `tous`, `de`, `dont`, `somme de`.

namespace assemblier::dsl {

using namespace typing;

Code Checker::list_of(const ast::ExprPtr& expr, const Scope& scope, const char* what) {
  Code code = expression(expr, scope);
  if (!is(code, Kind::kList) && !any(code)) {
    error("R0207", expr->span, fmt::format("{} attend une liste, mais ceci est de type {}", what, shown(code->type)));
  }
  if (!is(code, Kind::kList))
    return constant_node(make_type(Kind::kList, 0, simple(Kind::kAny)), make_list({}), expr->span);
  return code;
}

Code Checker::list_operation(const ast::Binary& node, Span span, const Scope& scope, const TypeRef& wanted) {
  Code left = expression(node.left, scope, wanted);
  const auto as_list = [this](Code code) {
    if (is(code, Kind::kList) || any(code)) return code;
    TypeRef type = make_type(Kind::kList, 0, code->type);
    const Span where = code->span;
    return make_node(Op::kList, std::move(type), where, {std::move(code)});
  };
  left = as_list(std::move(left));
  Code right = as_list(expression(node.right, scope, any(left) ? wanted : left->type));
  if (any(left) || any(right)) return wrong(span);
  if (!comparable(left->type, right->type)) {
    error("R0205", span, fmt::format("{} et {} ne vont pas ensemble", shown(left->type), shown(right->type)));
    return wrong(span);
  }
  TypeRef type = left->type->element->kind == Kind::kAny ? right->type : left->type;
  return make_node(node.op == ast::BinaryOp::kExcept ? Op::kExcept : Op::kUnion, std::move(type), span,
                   {std::move(left), std::move(right)});
}

Code Checker::in(const ast::In& node, Span span, const Scope& scope) {
  Code item;
  Code list;
  if (bare_constant(node.item, scope)) {
    list = expression(node.list, scope);
    item = expression(node.item, scope, is(list, Kind::kList) ? list->type->element : list->type);
  } else {
    item = expression(node.item, scope);
    list = expression(node.list, scope, any(item) ? nullptr : make_type(Kind::kList, 0, item->type));
  }
  if (any(item) || any(list)) return make_node(Op::kConst, simple(Kind::kBooleen), span);
  if (!is(list, Kind::kList)) {  // one value stands for the list of that value
    TypeRef type = make_type(Kind::kList, 0, list->type);
    const Span where = list->span;
    list = make_node(Op::kList, std::move(type), where, {std::move(list)});
  }
  if (is(item, Kind::kList)) {
    error("R0205", span, "« parmi » demande si une valeur est dans une liste, mais ceci est déjà une liste",
          "écrivez « tous les … parmi … », « aucun des … parmi … » ou « au moins un des … parmi … »");
    return make_node(Op::kConst, simple(Kind::kBooleen), span);
  }
  if (!comparable(item->type, list->type->element)) {
    error("R0205", span, fmt::format("{} ne peut pas être parmi {}", shown(item->type), shown(list->type)));
    return make_node(Op::kConst, simple(Kind::kBooleen), span);
  }
  return make_node(Op::kIn, simple(Kind::kBooleen), span, {std::move(item), std::move(list)}, node.negated ? 1 : 0);
}

Code Checker::between(const ast::Between& node, Span span, const Scope& scope) {
  Code item = expression(node.item, scope);
  Code low = expression(node.low, scope, item->type);
  Code high = expression(node.high, scope, item->type);
  if (any(item) || any(low) || any(high)) return make_node(Op::kConst, simple(Kind::kBooleen), span);
  if (!comparable(item->type, low->type) || !comparable(item->type, high->type) || !ordered(item->type)) {
    error("R0205", span,
          fmt::format("{} ne se compare pas à des bornes de type {} et {}", shown(item->type), shown(low->type),
                      shown(high->type)));
    return make_node(Op::kConst, simple(Kind::kBooleen), span);
  }
  return make_node(Op::kBetween, simple(Kind::kBooleen), span, {std::move(item), std::move(low), std::move(high)});
}

Code Checker::quantified(const ast::Quantified& node, Span span, const Scope& scope) {
  Code source = list_of(node.source, scope, "« tous », « aucun » ou « au moins un »");
  const TypeRef element = source->type->element;
  Code argument;
  switch (node.test) {
    case ast::Quantified::Test::kIn:
      argument = expression(node.argument, scope, source->type);
      if (!any(argument) && !is(argument, Kind::kList)) {
        TypeRef type = make_type(Kind::kList, 0, argument->type);
        const Span where = argument->span;
        argument = make_node(Op::kList, std::move(type), where, {std::move(argument)});
      }
      if (any(argument)) return make_node(Op::kConst, simple(Kind::kBooleen), span);
      if (!comparable(element, argument->type->element)) {
        error("R0205", span, fmt::format("{} ne peut pas être parmi {}", shown(element), shown(argument->type)));
        return make_node(Op::kConst, simple(Kind::kBooleen), span);
      }
      break;
    case ast::Quantified::Test::kHas:
      argument = expression(node.argument, scope);
      if (any(argument)) return make_node(Op::kConst, simple(Kind::kBooleen), span);
      if (!is(argument, Kind::kMap) || !comparable(element, argument->type->key)) {
        error("R0205", span,
              fmt::format("« ont un » attend une association par {}, mais ceci est de type {}", shown(element),
                          shown(argument->type)));
        return make_node(Op::kConst, simple(Kind::kBooleen), span);
      }
      break;
    case ast::Quantified::Test::kVerify: {
      Scope inner = scope;
      inner.elements.push_back(element);
      argument = boolean(node.argument, inner);
      break;
    }
  }
  return make_node(Op::kQuantified, simple(Kind::kBooleen), span, {std::move(source), std::move(argument)},
                   static_cast<Index>(node.quantifier), static_cast<Index>(node.test));
}

Code Checker::of(const ast::Of& node, Span span, const Scope& scope) {
  Code operand = nullptr;
  // `avis de CAF`: the association tells what the key is.
  const auto is_map_name = [&]() -> Code {
    if (scope.donnees != nullptr) {
      for (Index i = 0; i < scope.donnees->size(); ++i) {
        const auto& donnee = (*scope.donnees)[i];
        if (donnee.name == node.name.text && donnee.type->kind == Kind::kMap)
          return readable(make_node(Op::kDonnee, donnee.type, node.name.span, {}, i), node.name.text, scope);
      }
    }
    const Index field = scope.objet == kNoIndex ? kNoIndex : program_->find_field(scope.objet, node.name.text);
    if (field != kNoIndex && program_->objets[scope.objet].fields[field].type->kind == Kind::kMap) {
      return readable(
          make_node(Op::kField, program_->objets[scope.objet].fields[field].type, node.name.span, {}, field),
          node.name.text, scope);
    }
    const auto symbol = symbols_.find(node.name.text);
    if (symbol != symbols_.end() && symbol->second.kind == SymbolKind::kRule &&
        program_->rules[symbol->second.index].objet == scope.objet) {
      ensure_rule(symbol->second.index, node.name.span);
      const TypeRef type = program_->rules[symbol->second.index].type;
      if (type && type->kind == Kind::kMap) return make_node(Op::kRule, type, node.name.span, {}, symbol->second.index);
    }
    return nullptr;
  };
  // A column comes before an association or a rule of the same name.
  const auto has_column = [&](const Code& code) {
    const TypeRef row = is(code, Kind::kList) ? code->type->element : code->type;
    if (row->kind != Kind::kRow) return false;
    const auto& columns = program_->tables[row->named].columns;
    return std::ranges::any_of(columns, [&](const auto& column) { return column.name == node.name.text; });
  };
  const bool constant = bare_constant(node.operand, scope);
  if (!constant) operand = expression(node.operand, scope);
  Code map = operand && has_column(operand) ? nullptr : is_map_name();
  if (constant) operand = expression(node.operand, scope, map ? map->type->key : nullptr);
  const bool open = is(operand, Kind::kList) && operand->type->element->kind == Kind::kAny;
  if (any(operand) || open) return wrong(span);  // of what type is not known, which was said elsewhere
  const bool rows = is(operand, Kind::kList) && operand->type->element->kind == Kind::kRow;
  if (is(operand, Kind::kRow) || rows) {
    const Index table = rows ? operand->type->element->named : operand->type->named;
    const auto& columns = program_->tables[table].columns;
    for (Index c = 0; c < columns.size(); ++c) {
      if (columns[c].name != node.name.text) continue;
      if (!rows) return make_node(Op::kColumn, columns[c].type, span, {std::move(operand)}, c);
      const bool flat = columns[c].type->kind == Kind::kList;
      TypeRef type = flat ? columns[c].type : make_type(Kind::kList, 0, columns[c].type);
      return make_node(Op::kProject, std::move(type), span, {std::move(operand)}, c, flat ? 1 : 0);
    }
  }
  if (map) {
    if (!comparable(operand->type, map->type->key)) {
      error("R0201", node.operand->span,
            fmt::format("« {} » se lit par {}, mais ceci est de type {}", node.name.text, shown(map->type->key),
                        shown(operand->type)));
      return wrong(span);
    }
    TypeRef type = map->type->element;
    const Index fact = origin(*program_, map);
    return make_node(Op::kLookup, std::move(type), span, {std::move(map), std::move(operand)}, fact);
  }
  if (is(operand, Kind::kDate)) {
    const std::string& part = node.name.text;
    if (part == "année" || part == "mois" || part == "jour") {
      return make_node(Op::kDatePart, simple(Kind::kEntier), span, {std::move(operand)},
                       part == "année"  ? 0
                       : part == "mois" ? 1
                                        : 2);
    }
  }
  if (poisoned(node.name.text)) return wrong(span);
  if (is(operand, Kind::kRow) || rows) {
    std::vector<std::string> names;
    const TableInfo& table = program_->tables[rows ? operand->type->element->named : operand->type->named];
    for (const auto& column : table.columns) names.push_back(column.name);
    unknown(fmt::format("colonne de la table {}", table.name), node.name.text, node.name.span, names, "R0200");
  } else {
    error("R0208", span,
          fmt::format("« {} de … » n'a pas de sens : ce qui suit « de » est de type {}", node.name.text,
                      shown(operand->type)),
          node.name.text == "total"
              ? "« total de » est d'une colonne de tableau ; ailleurs, additionner s'écrit « somme de »"
              : "« de » lit une colonne d'une table, ou la valeur d'une association");
  }
  return wrong(span);
}

Code Checker::filter(const ast::Filter& node, Span span, const Scope& scope) {
  Code source = list_of(node.source, scope, "« dont »");
  Scope inner = scope;
  inner.elements.push_back(source->type->element);
  Code test = source->type->element->kind == Kind::kAny ? make_node(Op::kConst, simple(Kind::kBooleen), span)
                                                        : boolean(node.condition, inner);
  TypeRef type = source->type;
  return make_node(Op::kFilter, std::move(type), span, {std::move(source), std::move(test)});
}

Code Checker::aggregated(const ast::Aggregated& node, Span span, const Scope& scope) {
  Code source = expression(node.source, scope);
  if (any(source)) return wrong(span);
  if (!is(source, Kind::kList) && !is(source, Kind::kMap)) {
    error("R0207", span,
          fmt::format("une liste ou une association est attendue ici, mais ceci est de type {}", shown(source->type)));
    return wrong(span);
  }
  const TypeRef element = source->type->element;
  const auto make = [&](Op op, const TypeRef& type) { return make_node(op, type, span, {source}); };
  switch (node.function) {
    case ast::Aggregate::kCount:
      return make(Op::kCount, simple(Kind::kEntier));
    case ast::Aggregate::kSum:
      if (money(element) || number(element) || element->kind == Kind::kTaux || element->kind == Kind::kDuree)
        return make(Op::kSum, element);
      break;
    case ast::Aggregate::kMin:
      if (ordered(element)) return make(Op::kMin, element);
      break;
    case ast::Aggregate::kMax:
      if (ordered(element)) return make(Op::kMax, element);
      break;
  }
  if (element->kind != Kind::kAny)
    error("R0205", span, fmt::format("des valeurs de type {} ne s'additionnent ni ne s'ordonnent", shown(element)));
  return wrong(span);
}

Code Checker::list(const ast::ListLiteral& node, Span span, const Scope& scope, const TypeRef& wanted) {
  TypeRef element = wanted && wanted->kind == Kind::kList ? wanted->element : nullptr;
  if (!element) {
    for (const auto& item : node.items) {  // an item that is not a bare constant tells what the others are
      if (bare_constant(item, scope)) continue;
      element = expression(item, scope)->type;
      break;
    }
  }
  std::vector<Code> kids;
  for (const auto& item : node.items) {
    kids.push_back(expression(item, scope, element));
    const TypeRef& type = kids.back()->type;
    if (any(kids.back())) continue;
    if (!element || element->kind == Kind::kAny) element = type;
    if (!fits(*type, *element)) {
      error("R0201", item->span,
            fmt::format("les éléments d'une liste ont tous le même type : {} est attendu, ceci est de type {}",
                        shown(element), shown(type)),
            is(kids.back(), Kind::kList) ? "pour réunir deux listes, écrivez « ainsi que »" : "");
      kids.back() = wrong(item->span);
    }
  }
  return make_node(Op::kList, make_type(Kind::kList, 0, element ? element : simple(Kind::kAny)), span, std::move(kids));
}

}  // namespace assemblier::dsl
