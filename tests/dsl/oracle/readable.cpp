// What a rule can read, and the types of what is written, by walking the syntax tree.

#include "tests/dsl/oracle/oracle.hpp"

#include <functional>

namespace assemblier::dsl::oracle {

namespace {

using Visit = std::function<void(const ast::ExprPtr&)>;

struct Children {
  const Visit& visit;

  void operator()(const ast::Literal&) const {}
  void operator()(const ast::NameRef&) const {}
  void operator()(const ast::Vote&) const {}
  void operator()(const ast::Recorded&) const {}
  void operator()(const ast::Unary& node) const { visit(node.operand); }
  void operator()(const ast::Binary& node) const { visit(node.left), visit(node.right); }
  void operator()(const ast::DateShift& node) const { visit(node.date), visit(node.duration); }
  void operator()(const ast::In& node) const { visit(node.item), visit(node.list); }
  void operator()(const ast::Between& node) const { visit(node.item), visit(node.low), visit(node.high); }
  void operator()(const ast::Quantified& node) const { visit(node.source), visit(node.argument); }
  void operator()(const ast::Of& node) const { visit(node.operand); }
  void operator()(const ast::Filter& node) const { visit(node.source), visit(node.condition); }
  void operator()(const ast::Distinct& node) const { visit(node.source); }
  void operator()(const ast::Aggregated& node) const { visit(node.source); }
  void operator()(const ast::MapPart& node) const { visit(node.source); }
  void operator()(const ast::Conditional& node) const {
    visit(node.condition), visit(node.then), visit(node.otherwise);
  }
  void operator()(const ast::Round& node) const {
    visit(node.operand);
    if (node.unit) visit(node.unit);
  }
  void operator()(const ast::At& node) const { visit(node.date); }
  void operator()(const ast::IsNone& node) const { visit(node.operand); }
  void operator()(const ast::IsKnown& node) const { visit(node.operand); }
  void operator()(const ast::ListLiteral& node) const {
    for (const ast::ExprPtr& item : node.items) visit(item);
  }
};

void visit_rule(const ast::Decl& decl, const Visit& visit) {
  const auto visit_case = [&visit](const ast::DecisionDecl::Case& each) {
    for (const ast::ExprPtr& expr : {each.value, each.condition, each.exception})
      if (expr) visit(expr);
    if (each.reason)
      for (const auto& piece : each.reason->pieces)
        if (piece.expr) visit(piece.expr);
  };
  if (const auto* definition = std::get_if<ast::DefinitionDecl>(&decl.node)) visit(definition->value);
  if (const auto* decision = std::get_if<ast::DecisionDecl>(&decl.node)) {
    for (const auto& each : decision->cases) visit_case(each);
    if (decision->otherwise) visit_case(*decision->otherwise);
  }
  if (const auto* condition = std::get_if<ast::ConditionDecl>(&decl.node))
    for (const auto& exigence : condition->exigences) visit(exigence.condition);
  if (const auto* scrutin = std::get_if<ast::ScrutinDecl>(&decl.node)) {
    visit(scrutin->college);
    visit(scrutin->positions);
  }
}

std::string rule_name(const ast::Decl& decl) {
  return std::visit(
      [](const auto& node) -> std::string {
        using T = std::remove_cvref_t<decltype(node)>;
        if constexpr (std::is_same_v<T, ast::DefinitionDecl> || std::is_same_v<T, ast::DecisionDecl> ||
                      std::is_same_v<T, ast::ConditionDecl> || std::is_same_v<T, ast::ScrutinDecl>)
          return node.name.text;
        return {};
      },
      decl.node);
}

}  // namespace

std::set<std::size_t> expression_kinds(const ast::File& file) {
  std::set<std::size_t> kinds;
  const Visit visit = [&](const ast::ExprPtr& expr) {
    kinds.insert(expr->node.index());
    std::visit(Children{visit}, expr->node);
  };
  for (const ast::Decl& decl : file.decls) visit_rule(decl, visit);
  return kinds;
}

std::set<FactId> Oracle::readable(const std::string& name) const {
  if (const auto field = field_ids_.find(name); field != field_ids_.end()) return {field->second};
  std::set<FactId> facts;
  for (const ast::Decl& decl : file_.decls)
    if (rule_name(decl) == name && !name.empty())
      visit_rule(decl, [&](const ast::ExprPtr& expr) { facts.merge(reads(expr)); });
  return facts;
}

std::set<FactId> Oracle::reads(const ast::ExprPtr& expr) const {
  std::set<FactId> facts;
  if (const auto* ref = std::get_if<ast::NameRef>(&expr->node)) facts = readable(ref->name);
  if (const auto* of = std::get_if<ast::Of>(&expr->node)) facts = readable(of->name.text);
  if (const auto* vote = std::get_if<ast::Vote>(&expr->node)) facts = readable(vote->scrutin.text);
  if (const auto* recorded = std::get_if<ast::Recorded>(&expr->node))
    facts = {kRecordedBase + rule_ids_.at(recorded->decision.text)};
  const Visit visit = [&](const ast::ExprPtr& child) { facts.merge(reads(child)); };
  std::visit(Children{visit}, expr->node);
  return facts;
}

/// What the type of a décision is inferred from.
static ast::ExprPtr first_value(const ast::DecisionDecl& decision) {
  for (const auto& each : decision.cases)
    if (each.value) return each.value;
  return decision.otherwise ? decision.otherwise->value : nullptr;
}

// ---------------------------------------------------------------- types, for the sum of nothing

ast::TypePtr Oracle::element_type(const ast::ExprPtr& expr) const {
  const ast::TypePtr of = type(expr);
  return of && of->element ? of->element : of;
}

/// A fact, rule or parameter of this name; otherwise a column.
ast::TypePtr Oracle::type_of(const std::string& name) const {
  for (const ast::Decl& decl : file_.decls) {
    if (const auto* objet = std::get_if<ast::ObjetDecl>(&decl.node))
      for (const auto& field : objet->fields)
        if (field.name.text == name) return field.type;
    if (const auto* rule = std::get_if<ast::DefinitionDecl>(&decl.node); rule && rule->name.text == name)
      return rule->type ? rule->type : type(rule->value);
    if (const auto* rule = std::get_if<ast::DecisionDecl>(&decl.node); rule && rule->name.text == name)
      return rule->type ? rule->type : type(first_value(*rule));
    if (const auto* set = std::get_if<ast::ParameterDecl>(&decl.node); set && set->name.text == name)
      return set->type ? set->type : type(set->values.front().value);
  }
  return column_type(name);
}

ast::TypePtr Oracle::type(const ast::ExprPtr& expr) const {
  if (!expr) return nullptr;
  if (const auto* node = std::get_if<ast::NameRef>(&expr->node)) return type_of(node->name);
  if (const auto* node = std::get_if<ast::Recorded>(&expr->node)) return type_of(node->decision.text);
  if (const auto* node = std::get_if<ast::At>(&expr->node)) return type_of(node->parameter.text);
  if (const auto* node = std::get_if<ast::Of>(&expr->node)) {
    const ast::TypePtr of = type_of(node->name.text);
    return of && of->kind == ast::TypeExpr::Kind::kMap ? of->element : of;
  }
  if (const auto* node = std::get_if<ast::Filter>(&expr->node)) return type(node->source);
  if (const auto* node = std::get_if<ast::Distinct>(&expr->node)) return type(node->source);
  if (const auto* node = std::get_if<ast::Binary>(&expr->node)) return type(node->left);
  if (const auto* node = std::get_if<ast::Conditional>(&expr->node)) return type(node->then);
  if (const auto* node = std::get_if<ast::ListLiteral>(&expr->node))
    return node->items.empty() ? nullptr : type(node->items.front());
  if (const auto* node = std::get_if<ast::MapPart>(&expr->node)) {
    const ast::TypePtr of = type(node->source);
    return node->keys ? of->key : of->element;
  }
  if (const auto* node = std::get_if<ast::Literal>(&expr->node)) {
    auto of = std::make_shared<ast::TypeExpr>();
    if (node->value.get<std::int64_t>()) of->kind = ast::TypeExpr::Kind::kEntier;
    if (node->value.get<Montant>()) of->kind = ast::TypeExpr::Kind::kMontant;
    if (node->value.get<Taux>()) of->kind = ast::TypeExpr::Kind::kTaux;
    if (node->value.get<Duree>()) of->kind = ast::TypeExpr::Kind::kDuree;
    return of;
  }
  return nullptr;
}

}  // namespace assemblier::dsl::oracle
