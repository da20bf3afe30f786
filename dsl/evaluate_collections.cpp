// Lists and associations: parmi, tous, dont, clés, nombre, somme …

#include "dsl/evaluate_core.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace assemblier::dsl {

namespace {

const std::vector<Value>& items(const Value& list) { return *list.as<List>(); }

/// `x parmi a, b` is `x = a ou x = b`. `stopping`: why the item is not known; null when it is.
Val among(const Value& item, const Val* stopping, std::span<const Val> others) {
  Vals equalities;
  equalities.reserve(others.size());
  for (const Val& other : others) {
    auto stop = stopping != nullptr ? strict({stopping, &other}) : strict({&other});
    equalities.push_back(stop ? *std::move(stop) : known(Value(same_value(item, other.value))));
  }
  if (equalities.empty() && stopping != nullptr && stopping->status == Status::kError) return *stopping;
  return combine(equalities, true);
}

Val opposite(Val val) {
  if (val.status == Status::kKnown) val.value = Value(!val.value.as<bool>());
  return val;
}

}  // namespace

Val Evaluator::State::membership(const Node& node) {
  const Operand item(*this, node.kids[0]);
  const bool negated = node.a == 1;
  if (node.kids[1]->op == Op::kList) {
    Val any = among(*item, item.known() ? nullptr : item.computed(), each(*node.kids[1]));
    return negated ? opposite(std::move(any)) : any;
  }
  const Operand list(*this, node.kids[1]);
  // Still a disjunction, of which the list says how long it is: over a known empty one it is false whatever the item.
  if (item.status() == Status::kError || !list.known()) {
    if (item.status() == Status::kNone && list.status() == Status::kUndetermined) return *list.computed();
    return *strict({&item, &list});
  }
  if (items(*list).empty()) return known(Value(negated));
  if (!item.known()) return *item.computed();
  return known(Value(contains(items(*list), *item) != negated));
}

Vals Evaluator::State::each(const Node& list) {
  Vals parts;
  parts.reserve(list.kids.size());
  for (const Code& kid : list.kids) parts.push_back(eval(kid));
  return parts;
}

Val Evaluator::State::quantified(const Node& node) {
  const auto quantifier = static_cast<ast::Quantifier>(node.a);
  const auto test = static_cast<ast::Quantified::Test>(node.b);
  const Operand source(*this, node.kids[0]);
  const bool verify = test == ast::Quantified::Test::kVerify;
  const bool written = test == ast::Quantified::Test::kIn && node.kids[1]->op == Op::kList;
  Vals arguments;
  if (written) {
    arguments = each(*node.kids[1]);
  } else if (!verify) {
    arguments.push_back(eval(node.kids[1]));
  }
  if (source.status() == Status::kError) return *source.computed();
  for (const Val& argument : arguments) {
    if (argument.status == Status::kError) return argument;
  }
  if (source.status() == Status::kNone) return *source.computed();
  if (source.status() == Status::kUndetermined) {
    Missing missing;
    missing.add(*source.computed());
    for (const Val& argument : arguments) {
      if (argument.status == Status::kUndetermined) missing.add(argument);
    }
    return missing.take();
  }
  Vals tests;
  tests.reserve(items(*source).size());
  for (const Value& element : items(*source)) {
    if (verify) {
      elements.push_back(&element);
      tests.push_back(eval(node.kids[1]));
      elements.pop_back();
    } else if (written) {
      tests.push_back(among(element, nullptr, arguments));
    } else if (arguments[0].status != Status::kKnown) {
      tests.push_back(arguments[0]);
    } else if (test == ast::Quantified::Test::kHas) {
      const auto& entries = *arguments[0].value.as<Map>();
      tests.push_back(known(Value(
          std::ranges::any_of(entries, [&element](const auto& entry) { return same_value(entry.first, element); }))));
    } else {
      tests.push_back(known(Value(contains(items(arguments[0].value), element))));
    }
  }
  if (quantifier == ast::Quantifier::kAll) return combine(tests, false);
  Val any = combine(tests, true);
  return quantifier == ast::Quantifier::kNone ? opposite(std::move(any)) : any;
}

Val Evaluator::State::lookup(const Node& node) {
  const Operand source(*this, node.kids[0]);
  if (node.op == Op::kColumn) {
    if (auto stop = strict({&source})) return *std::move(stop);
    const Row row = source->as<Row>();
    return known(program.tables[row.table].rows[row.row][node.a]);
  }
  if (node.op == Op::kProject) {
    if (auto stop = strict({&source})) return *std::move(stop);
    std::vector<Value> out;
    for (const Value& item : items(*source)) {
      const Row row = item.as<Row>();
      const Value& cell = program.tables[row.table].rows[row.row][node.a];
      if (node.b == 1) {
        const auto& inner = *cell.as<List>();
        out.insert(out.end(), inner.begin(), inner.end());
      } else {
        out.push_back(cell);
      }
      steps += 1;
    }
    return known(make_list(std::move(out)));
  }
  const Operand key(*this, node.kids[1]);
  if (auto stop = strict({&source, &key})) return *std::move(stop);
  for (const auto& [name, value] : *source->as<Map>()) {
    if (same_value(name, *key)) return known(value);
  }
  if (node.a != kNoIndex) return undetermined(node.a);
  if (Missing missing; origins(node.kids[0], missing)) return missing.take();
  return failure("E0008", fmt::format("aucune valeur pour {}", show(program, *key)));
}

Val Evaluator::State::filter(const Node& node) {
  const Operand source(*this, node.kids[0]);
  if (auto stop = strict({&source})) return *std::move(stop);
  std::vector<Value> kept;
  std::vector<Val> open;
  for (const Value& element : items(*source)) {
    elements.push_back(&element);
    Val test = eval(node.kids[1]);
    elements.pop_back();
    if (test.status == Status::kError) return test;
    if (test.status != Status::kKnown) {
      open.push_back(std::move(test));
    } else if (test.value.as<bool>()) {
      kept.push_back(element);
    }
  }
  std::vector<const Val*> operands;
  for (const Val& test : open) operands.push_back(&test);
  if (auto stop = strict(std::span<const Val* const>(operands))) return *std::move(stop);
  return known(make_list(std::move(kept)));
}

Val Evaluator::State::list_operation(const Node& node) {
  const Operand left(*this, node.kids[0]);
  if (node.kids.size() == 1) {
    if (auto stop = strict({&left})) return *std::move(stop);
    std::vector<Value> out;
    if (node.op == Op::kDistinct) {
      for (const Value& item : items(*left)) {
        if (!contains(out, item)) out.push_back(item);
      }
    } else {
      for (const auto& [key, value] : *left->as<Map>()) out.push_back(node.op == Op::kKeys ? key : value);
    }
    return known(make_list(std::move(out)));
  }
  const Operand right(*this, node.kids[1]);
  if (auto stop = strict({&left, &right})) return *std::move(stop);
  std::vector<Value> out;
  if (node.op == Op::kUnion) out = items(*left);
  for (const Value& item : node.op == Op::kUnion ? items(*right) : items(*left)) {
    if (!contains(node.op == Op::kUnion ? out : items(*right), item)) out.push_back(item);
    steps += out.size() / 8;
  }
  return known(make_list(std::move(out)));
}

Val Evaluator::State::aggregate(const Node& node) {
  const Operand source(*this, node.kids[0]);
  if (auto stop = strict({&source})) return *std::move(stop);
  if (node.op == Op::kCount) {
    const auto* map = source->get<Map>();
    return known(Value(static_cast<std::int64_t>(map != nullptr ? (*map)->size() : items(*source).size())));
  }
  std::vector<const Value*> values;
  if (const auto* map = source->get<Map>()) {
    for (const auto& entry : **map) values.push_back(&entry.second);
  } else {
    for (const Value& item : items(*source)) values.push_back(&item);
  }
  if (node.op == Op::kSum) {
    if (node.type->kind == Type::Kind::kDuree) {
      Int128 months = 0;
      Int128 days = 0;
      for (const Value* value : values) {
        months += value->as<Duree>().months;
        days += value->as<Duree>().days;
      }
      return lasting(months, days);
    }
    std::optional<Int128> total = 0;
    for (const Value* value : values) {
      total = add(*total, scaled(*value));
      if (!total) return overflow("total");
    }
    return unscaled(total, node.type->kind);
  }
  if (values.empty()) return failure("E0010", "une liste vide n'a ni minimum ni maximum");
  const Value* best = values.front();
  for (const Value* value : values) {
    const auto compared = order(*value, *best);
    if (!compared) return without_order();
    if (node.op == Op::kMin ? *compared < 0 : *compared > 0) best = value;
  }
  return known(*best);
}

Val Evaluator::State::list_literal(const Node& node) {
  const Vals parts = each(node);
  std::vector<Value> out;
  std::vector<const Val*> operands;
  for (const Val& part : parts) {
    operands.push_back(&part);
    out.push_back(part.value);
  }
  if (auto stop = strict(std::span<const Val* const>(operands))) return *std::move(stop);
  return known(make_list(std::move(out)));
}

}  // namespace assemblier::dsl
