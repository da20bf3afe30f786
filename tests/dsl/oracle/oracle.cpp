#include "tests/dsl/oracle/oracle.hpp"

#include "tests/dsl/oracle/combine.hpp"

#include <stdexcept>

namespace assemblier::dsl::oracle {

namespace {

/// The declaration of this kind and name, if there is one.
template <class Declaration>
const Declaration* find(const ast::File& file, const std::string& name) {
  for (const ast::Decl& decl : file.decls)
    if (const auto* found = std::get_if<Declaration>(&decl.node); found && found->name.text == name) return found;
  return nullptr;
}

}  // namespace

bool operator==(const Answer& a, const Answer& b) {
  if (a.status != b.status) return false;
  switch (a.status) {
    case Status::kKnown:
      return a.value == b.value && a.unmet == b.unmet;
    case Status::kUndetermined:
      return a.missing == b.missing && a.members == b.members;
    case Status::kNone:
      return a.reasons == b.reasons;
    case Status::kError:
      return a.code == b.code;
  }
  return false;
}

std::string show(const Answer& answer) {
  std::string text;
  switch (answer.status) {
    case Status::kKnown:
      text = show(answer.value);
      for (const std::size_t exigence : answer.unmet) text += " [exigence " + std::to_string(exigence) + "]";
      return text;
    case Status::kUndetermined:
      text = "indéterminée :";
      for (const FactId fact : answer.missing) text += " " + std::to_string(fact);
      if (!answer.members.empty()) text += " ; se taisent : " + show(Thing{answer.members});
      return text;
    case Status::kNone:
      text = "aucune";
      for (const std::string& reason : answer.reasons) text += " « " + reason + " »";
      return text;
    case Status::kError:
      return "erreur " + answer.code;
  }
  return text;
}

Oracle::Oracle(const ast::File& file, const Facts& facts, Flaw flaw) : file_(file), facts_(facts), flaw_(flaw) {
  for (const ast::Decl& decl : file.decls) {
    if (const auto* objet = std::get_if<ast::ObjetDecl>(&decl.node))
      for (const ast::FieldDecl& field : objet->fields)
        field_ids_.emplace(field.name.text, static_cast<FactId>(field_ids_.size()));
    const auto number = [this](const ast::Name& name) {
      rule_ids_.emplace(name.text, static_cast<FactId>(rule_ids_.size()));
    };
    if (const auto* rule = std::get_if<ast::DefinitionDecl>(&decl.node)) number(rule->name);
    if (const auto* rule = std::get_if<ast::DecisionDecl>(&decl.node)) number(rule->name);
    if (const auto* rule = std::get_if<ast::ConditionDecl>(&decl.node)) number(rule->name);
    if (const auto* rule = std::get_if<ast::ScrutinDecl>(&decl.node)) number(rule->name);
  }
}

// ---------------------------------------------------------------- names

bool Oracle::is_association(const std::string& name) const {
  const ast::TypePtr type = type_of(name);
  return type && type->kind == ast::TypeExpr::Kind::kMap;
}

Answer Oracle::name(const std::string& name) {
  if (name == "élément") return elements_.back();
  for (auto element = elements_.rbegin(); element != elements_.rend(); ++element) {
    const auto* row = std::get_if<Constant>(&element->value.is);
    if (row && has_column(*row, name)) return column(*row, name);
  }
  return global(name);
}

Answer Oracle::global(const std::string& name) {
  if (field_ids_.contains(name)) return field(name);
  if (rule_ids_.contains(name)) {
    Answer answer = rule(name);
    answer.unmet.clear();  // they are the condition's own
    return answer;
  }
  if (const auto* found = find<ast::ParameterDecl>(file_, name)) return parameter(*found, {});
  std::vector<std::string> types = types_of_constant(name);
  if (types.empty()) throw std::logic_error("unknown name: " + name);
  return known({Constant{name, std::move(types)}});
}

Answer Oracle::field(const std::string& name) const {
  const auto fact = facts_.fields.find(name);
  if (fact != facts_.fields.end()) return known(fact->second);
  Answer answer;
  answer.missing.insert(field_ids_.at(name));
  return answer;
}

std::set<FactId> Oracle::origins(const std::string& association) {
  if (const auto field = field_ids_.find(association); field != field_ids_.end()) return {field->second};
  const auto* definition = find<ast::DefinitionDecl>(file_, association);
  return definition ? origins(definition->value) : std::set<FactId>{};
}

std::set<FactId> Oracle::origins(const ast::ExprPtr& expr) {
  if (const auto* ref = std::get_if<ast::NameRef>(&expr->node)) return origins(ref->name);
  const auto* choice = std::get_if<ast::Conditional>(&expr->node);
  if (!choice) return {};
  return origins(is(expression(choice->condition), true) ? choice->then : choice->otherwise);
}

std::vector<std::string> Oracle::types_of_constant(const std::string& name) const {
  std::vector<std::string> types;
  for (const ast::Decl& decl : file_.decls) {
    if (const auto* enumeration = std::get_if<ast::EnumDecl>(&decl.node))
      for (const auto& item : enumeration->items)
        if (item.name.text == name) types.push_back(enumeration->name.text);
    if (const auto* table = std::get_if<ast::TableDecl>(&decl.node))
      for (const auto& row : table->rows)
        if (row.cells.front().text == name) types.push_back(table->name.text);
  }
  return types;
}

bool Oracle::has_column(const Constant& row, const std::string& name) const {
  for (const std::string& type : row.types)
    if (const auto* table = find<ast::TableDecl>(file_, type))
      if (std::ranges::count(table->columns, name, [](const auto& c) { return c.name.text; }) > 0) return true;
  return false;
}

ast::TypePtr Oracle::column_type(const std::string& name) const {
  for (const ast::Decl& decl : file_.decls)
    if (const auto* table = std::get_if<ast::TableDecl>(&decl.node))
      for (const auto& column : table->columns)
        if (column.name.text == name) return column.type;
  return nullptr;
}

Answer Oracle::column(const Constant& row, const std::string& name) const {
  for (const std::string& type : row.types)
    if (const auto* table = find<ast::TableDecl>(file_, type))
      for (std::size_t at = 0; at < table->columns.size(); ++at)
        if (table->columns[at].name.text == name)
          for (const auto& each : table->rows)
            if (each.cells.front().text == row.name) return cell(*table->columns[at].type, each.cells.at(at));
  throw std::logic_error("no column " + name);
}

Answer Oracle::cell(const ast::TypeExpr& type, const ast::TableDecl::Cell& cell) const {
  using Kind = ast::TypeExpr::Kind;
  if (type.kind == Kind::kTexte) return known({Text{cell.text}});
  if (type.kind == Kind::kNamed) return known({Constant{cell.parts.at(0).text, {type.name}}});
  if (type.kind == Kind::kList) {
    Things things;
    for (const ast::Name& part : cell.parts) things.push_back({Constant{part.text, {type.element->name}}});
    return known({std::move(things)});
  }
  return known(from_literal(cell.literal.value()));
}

// ---------------------------------------------------------------- parameters

Answer Oracle::parameter(const ast::ParameterDecl& parameter, std::optional<Day> day) {
  for (const auto& dated : parameter.values) {
    const auto starts = [&] { return !dated.from || Day(std::chrono::days(dated.from->days)) <= *day; };
    const auto ends = [&] { return !dated.to || *day <= Day(std::chrono::days(dated.to->days)); };
    if (day && !(starts() && ends())) continue;
    Answer answer = expression(dated.value);
    const bool list = parameter.type && parameter.type->kind == ast::TypeExpr::Kind::kList;
    if (list && !std::holds_alternative<Things>(answer.value.is)) answer.value = {Things{answer.value}};
    return answer;
  }
  return error("E0006");
}

Answer Oracle::node(const ast::At& node) {
  const Answer date = expression(node.date);
  if (!is(date, Status::kKnown)) return date;
  return parameter(*find<ast::ParameterDecl>(file_, node.parameter.text), std::get<Day>(date.value.is));
}

// ---------------------------------------------------------------- rules

Answer Oracle::rule(const std::string& name) {
  if (const auto at = concluded_.find(name); at != concluded_.end()) return at->second;
  std::vector<Answer> outside;
  std::swap(outside, elements_);  // a rule does not see the element of who asks
  Answer answer;
  if (const auto* definition = find<ast::DefinitionDecl>(file_, name)) {
    answer = expression(definition->value);
    const bool list = definition->type && definition->type->kind == ast::TypeExpr::Kind::kList;
    if (list && is(answer, Status::kKnown) && !std::holds_alternative<Things>(answer.value.is))
      answer.value = {Things{answer.value}};
  } else if (const auto* decision = find<ast::DecisionDecl>(file_, name)) {
    answer = decide(*decision);
  } else if (const auto* condition = find<ast::ConditionDecl>(file_, name)) {
    answer = decide(*condition);
  } else {
    answer = decide(*find<ast::ScrutinDecl>(file_, name));
  }
  std::swap(outside, elements_);
  concluded_.emplace(name, answer);
  return answer;
}

Answer Oracle::node(const ast::Recorded& node) {
  const auto at = facts_.recorded.find(node.decision.text);
  if (at != facts_.recorded.end() && !is(at->second, Status::kUndetermined)) return at->second;
  Answer answer;
  answer.missing.insert(kRecordedBase + rule_ids_.at(node.decision.text));
  return answer;
}

std::string Oracle::reason(const ast::Template& text) {
  std::string told;
  for (const auto& piece : text.pieces) {
    told += piece.text;
    if (!piece.expr) continue;
    const Answer answer = expression(piece.expr);
    told += is(answer, Status::kKnown) ? show(answer.value) : "(inconnu)";
  }
  return told;
}

/// What a case gives: a value, or aucune with its reason.
Answer Oracle::result(const ast::DecisionDecl& decision, const ast::DecisionDecl::Case& which) {
  if (!which.value) {
    Answer none;
    none.status = Status::kNone;
    if (which.reason) none.reasons.push_back(reason(*which.reason));
    return none;
  }
  Answer answer = expression(which.value);
  const bool list = decision.type && decision.type->kind == ast::TypeExpr::Kind::kList;
  if (list && is(answer, Status::kKnown) && !std::holds_alternative<Things>(answer.value.is))
    answer.value = {Things{answer.value}};
  return answer;
}

Answer Oracle::decide(const ast::DecisionDecl& decision) {
  struct Judged {
    Answer test, value;
  };
  std::vector<Judged> judged;
  Answers tests;
  std::vector<Answer> errors;
  for (const auto& each : decision.cases) {
    Answer test = expression(each.condition);
    if (each.exception) test = all({test, opposite(expression(each.exception))});
    Answer value;
    if (is(test, true) || is(test, Status::kUndetermined)) value = result(decision, each);
    if (is(test, Status::kError)) errors.push_back(test);
    if (is(test, true) && is(value, Status::kError)) errors.push_back(value);
    tests.push_back(test);
    judged.push_back({std::move(test), std::move(value)});
  }
  if (!errors.empty()) return errors.front();

  const auto same_value = [](const Answer& a, const Answer& b) {
    if (a.status != b.status) return false;
    return is(a, Status::kNone) || (is(a, Status::kKnown) && a.value == b.value);
  };
  std::optional<Answer> winner;
  for (const auto& [test, value] : judged) {
    if (!is(test, true) || is(value, Status::kUndetermined)) continue;
    if (!winner)
      winner = value;
    else if (flaw_ == Flaw::kFirstCaseWins)
      break;
    else if (!same_value(*winner, value))
      return error("E0011");
    else
      unite_reasons(*winner, value);
  }
  std::optional<Answer> open;
  for (const auto& [test, value] : judged) {
    const bool unsure = is(test, Status::kUndetermined) || (is(test, true) && is(value, Status::kUndetermined));
    if (!unsure || (winner && same_value(*winner, value))) continue;
    if (!open) open.emplace();
    unite_missing(*open, test);
    if (is(value, Status::kUndetermined)) unite_missing(*open, value);
  }
  if (flaw_ == Flaw::kSinonTooEarly && open && !winner && decision.otherwise)
    return result(decision, *decision.otherwise);
  if (open) return *open;
  if (winner) return *winner;
  if (auto none = united_none(tests)) return *none;
  if (decision.otherwise) return result(decision, *decision.otherwise);
  Answer none;
  none.status = Status::kNone;
  return none;
}

Answer Oracle::decide(const ast::ConditionDecl& condition) {
  Answers tests;
  for (const auto& exigence : condition.exigences) tests.push_back(expression(exigence.condition));
  Answer answer = all(tests);
  if (is(answer, false))
    for (std::size_t i = 0; i < tests.size(); ++i)
      if (is(tests[i], false)) answer.unmet.push_back(i);
  return answer;
}

}  // namespace assemblier::dsl::oracle
