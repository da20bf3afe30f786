#include "dsl/evaluate_core.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace assemblier::dsl {

namespace {

constexpr Int128 kNano = 1'000'000'000;

/// A number of any kind on one scale: 10⁻⁹ of a cent, a unit or one.
Int128 scaled(const Value& value) {
  if (const auto* whole = value.get<std::int64_t>()) return static_cast<Int128>(*whole) * kNano;
  if (const auto* amount = value.get<Montant>()) return static_cast<Int128>(amount->centimes) * kNano;
  if (const auto* rate = value.get<Taux>()) return rate->nano;
  if (const auto* exact = value.get<Exact>()) return exact->nano;
  return 0;
}

Val overflow(const char* what) {
  return failure("E0002", fmt::format("dépassement de capacité : {} trop grand", what));
}

/// Back from the common scale into the type of a result.
Val unscaled(std::optional<Int128> nano, Type::Kind kind) {
  if (!nano) return overflow("résultat");
  switch (kind) {
    case Type::Kind::kExactMontant:
      return known(Value(Exact{*nano, true}));
    case Type::Kind::kExactNombre:
      return known(Value(Exact{*nano, false}));
    case Type::Kind::kTaux:
      if (const auto rate = narrow(*nano)) return known(Value(Taux{*rate}));
      return overflow("taux");
    case Type::Kind::kMontant:
      if (const auto cents = narrow(*nano / kNano)) return known(Value(Montant{*cents}));
      return overflow("montant");
    case Type::Kind::kEntier:
      if (const auto whole = narrow(*nano / kNano)) return known(Value(*whole));
      return overflow("entier");
    case Type::Kind::kBooleen:
    case Type::Kind::kDate:
    case Type::Kind::kDuree:
    case Type::Kind::kTexte:
    case Type::Kind::kEnum:
    case Type::Kind::kRow:
    case Type::Kind::kList:
    case Type::Kind::kMap:
    case Type::Kind::kAny:
    case Type::Kind::kEtat:
      break;
  }
  return failure("E0001", "opération sur une valeur d'un autre type");
}

/// −1, 0, 1; nothing when the two have no order (durations mixing months and days).
std::optional<int> order(const Value& a, const Value& b) {
  const auto sign = [](auto left, auto right) { return left < right ? -1 : (right < left ? 1 : 0); };
  if (const auto* left = a.get<Date>()) return sign(*left, b.as<Date>());
  if (const auto* left = a.get<Duree>()) {
    const Duree right = b.as<Duree>();
    if (left->months == right.months) return sign(left->days, right.days);
    if (left->days == right.days) return sign(left->months, right.months);
    return {};
  }
  if (const auto* left = a.get<std::string>()) return sign(*left, b.as<std::string>());
  if (const auto* left = a.get<EnumValue>()) return sign(left->value, b.as<EnumValue>().value);
  if (const auto* left = a.get<Row>()) return sign(left->row, b.as<Row>().row);
  if (const auto* left = a.get<bool>()) return sign(*left, b.as<bool>());
  return sign(scaled(a), scaled(b));
}

bool numeric(const Value& value) {
  return value.get<std::int64_t>() || value.get<Montant>() || value.get<Taux>() || value.get<Exact>();
}

bool same_value(const Value& a, const Value& b) {
  return numeric(a) && numeric(b) ? scaled(a) == scaled(b) : equal(a, b);
}

const std::vector<Value>& items(const Val& val) { return *val.value.as<List>(); }

bool contains(const std::vector<Value>& list, const Value& value) {
  return std::ranges::any_of(list, [&value](const Value& item) { return same_value(item, value); });
}

}  // namespace

Val undetermined(FactId fact) {
  auto info = std::make_shared<Info>();
  info->missing.push_back(fact);
  return {Status::kUndetermined, Value(), std::move(info)};
}

Val failure(std::string code, std::string message) {
  auto info = std::make_shared<Info>();
  info->code = std::move(code);
  info->message = std::move(message);
  return {Status::kError, Value(), std::move(info)};
}

bool truth(const Val& val, bool wanted) { return val.status == Status::kKnown && val.value.as<bool>() == wanted; }

void Missing::add(const Val& val) {
  if (!val.info) return;
  info_.missing.insert(info_.missing.end(), val.info->missing.begin(), val.info->missing.end());
  for (const Value& value : val.info->members) {
    if (!contains(info_.members, value)) info_.members.push_back(value);
  }
}

Val Missing::take() {
  std::ranges::sort(info_.missing);
  info_.missing.erase(std::ranges::unique(info_.missing).begin(), info_.missing.end());
  return {Status::kUndetermined, Value(), std::make_shared<const Info>(std::move(info_))};
}

namespace {

/// The reasons of every aucune among the operands, once each.
Val none_of(const auto& operands) {
  auto info = std::make_shared<Info>();
  for (const auto& operand : operands) {
    const Val& val = [&operand]() -> const Val& {
      if constexpr (std::is_pointer_v<std::remove_cvref_t<decltype(operand)>>) {
        return *operand;
      } else {
        return operand;
      }
    }();
    if (val.status != Status::kNone || !val.info) continue;
    for (const auto& reason : val.info->reasons) {
      if (std::ranges::find(info->reasons, reason) == info->reasons.end()) info->reasons.push_back(reason);
    }
  }
  return {Status::kNone, Value(), std::move(info)};
}

}  // namespace

Val combine(const std::vector<Val>& operands, bool deciding) {
  bool decided = false;
  bool open = false;
  bool none = false;
  for (const Val& operand : operands) {
    if (operand.status == Status::kError) return operand;
    decided = decided || truth(operand, deciding);
    open = open || operand.status == Status::kUndetermined;
    none = none || operand.status == Status::kNone;
  }
  if (decided) return known(Value(deciding));
  if (open) {
    Missing missing;
    for (const Val& operand : operands) {
      if (operand.status == Status::kUndetermined) missing.add(operand);
    }
    return missing.take();
  }
  if (none) return none_of(operands);
  return known(Value(!deciding));
}

std::optional<Val> strict(std::span<const Val* const> operands) {
  bool open = false;
  bool none = false;
  for (const Val* operand : operands) {
    if (operand->status == Status::kError) return *operand;
    open = open || operand->status == Status::kUndetermined;
    none = none || operand->status == Status::kNone;
  }
  if (none) return none_of(operands);
  if (!open) return {};
  Missing missing;
  for (const Val* operand : operands) {
    if (operand->status == Status::kUndetermined) missing.add(*operand);
  }
  return missing.take();
}

Val Evaluator::State::eval(const Code& code) {
  const Node& node = *code;
  if (++steps > limits.steps) {
    return failure("E0009", "évaluation trop longue : les faits sont trop nombreux pour cette règle");
  }
  switch (node.op) {
    case Op::kConst:
    case Op::kField:
    case Op::kDonnee:
    case Op::kActor:
    case Op::kActeDate:
    case Op::kEtat:
    case Op::kEach:
    case Op::kElement:
    case Op::kParameter:
    case Op::kParameterAt:
    case Op::kRecorded:
      return leaf(node);
    case Op::kRule: {
      // The false exigences belong to the condition itself, not to what reads it.
      const Val& read = rule(node.a);
      return read.status == Status::kKnown ? known(read.value) : read;
    }
    case Op::kVote:
      return vote(program.rules[node.a], node.b == 1);
    case Op::kNot:
    case Op::kAnd:
    case Op::kOr:
    case Op::kIsNone:
    case Op::kIsKnown:
      return logic(node);
    case Op::kEq:
    case Op::kNe:
    case Op::kLt:
    case Op::kLe:
    case Op::kGt:
    case Op::kGe:
    case Op::kBetween:
      return compare(node);
    case Op::kNegate:
    case Op::kAdd:
    case Op::kSub:
    case Op::kMul:
      return arithmetic(node);
    case Op::kDateShift:
    case Op::kDateDiff:
    case Op::kDatePart:
      return date_arithmetic(node);
    case Op::kIn:
      return membership(node);
    case Op::kQuantified:
      return quantified(node);
    case Op::kColumn:
    case Op::kProject:
    case Op::kLookup:
      return lookup(node);
    case Op::kFilter:
      return filter(node);
    case Op::kExcept:
    case Op::kUnion:
    case Op::kDistinct:
    case Op::kKeys:
    case Op::kValues:
      return list_operation(node);
    case Op::kCount:
    case Op::kSum:
    case Op::kMin:
    case Op::kMax:
      return aggregate(node);
    case Op::kList:
      return list_literal(node);
    case Op::kIf:
      return conditional(node);
    case Op::kRound:
      return round(node);
  }
  return failure("E0001", "expression inconnue");
}

Val Evaluator::State::leaf(const Node& node) {
  switch (node.op) {
    case Op::kField:
      if (trace != nullptr) note(Trace::Kind::kFact, node.a);
      if (context.facts == nullptr || node.a >= context.facts->size() || !(*context.facts)[node.a]) {
        return undetermined(node.a);
      }
      return known(*(*context.facts)[node.a]);
    case Op::kDonnee:
      if (context.donnees == nullptr || node.a >= context.donnees->size() || !(*context.donnees)[node.a]) {
        return undetermined(kDonneeBase + node.a);
      }
      return known(*(*context.donnees)[node.a]);
    case Op::kActor:
      return context.actor ? known(*context.actor) : failure("E0007", "aucun acteur n'est connu ici");
    case Op::kActeDate:
      return context.acte_date ? known(Value(*context.acte_date))
                               : failure("E0007", "aucune date d'acte n'est connue ici");
    case Op::kEtat:
      return context.etat ? known(Value(static_cast<std::int64_t>(*context.etat)))
                          : failure("E0007", "aucun état n'est connu ici");
    case Op::kEach:
      if (context.each == nullptr || node.a >= context.each->size()) return failure("E0007", "variable sans valeur");
      return known((*context.each)[node.a]);
    case Op::kElement:
      return known(*elements[node.a]);
    case Op::kParameter:
      if (trace != nullptr) note(Trace::Kind::kParameter, node.a);
      return known(program.parameters[node.a].values.front().value);
    case Op::kParameterAt: {
      const Val date = eval(node.kids[0]);
      if (auto stop = strict({&date})) return *stop;
      if (trace != nullptr) note(Trace::Kind::kParameter, node.a);
      const Date day = date.value.as<Date>();
      const ParameterInfo& parameter = program.parameters[node.a];
      for (const auto& dated : parameter.values) {
        if ((!dated.from || *dated.from <= day) && (!dated.to || day <= *dated.to)) return known(dated.value);
      }
      return failure("E0006", fmt::format("« {} » n'a pas de valeur au {}", parameter.name, french(day)));
    }
    case Op::kRecorded: {
      const auto* recorded = context.recorded;
      if (recorded == nullptr || node.a >= recorded->size() || !(*recorded)[node.a] ||
          (*recorded)[node.a]->status == Status::kUndetermined || (*recorded)[node.a]->status == Status::kError) {
        return undetermined(kRecordedBase + node.a);
      }
      const RecordedDecision& decision = *(*recorded)[node.a];
      if (decision.status == Status::kKnown) return known(decision.value);
      auto info = std::make_shared<Info>();
      info->reasons = decision.reasons;
      return {Status::kNone, Value(), std::move(info)};
    }
    default:  // eval() sends only leaves here
      return known(node.constant);
  }
}

Val Evaluator::State::logic(const Node& node) {
  if (node.op == Op::kAnd || node.op == Op::kOr) {
    std::vector<Val> operands;
    operands.reserve(node.kids.size());
    for (const Code& kid : node.kids) operands.push_back(eval(kid));
    return combine(operands, node.op == Op::kOr);
  }
  Val operand = eval(node.kids[0]);
  if (operand.status == Status::kError) return operand;
  if (node.op == Op::kIsKnown) return known(Value((operand.status == Status::kKnown) != (node.a == 1)));
  if (node.op == Op::kIsNone) {
    if (operand.status == Status::kUndetermined) return operand;
    return known(Value((operand.status == Status::kNone) != (node.a == 1)));
  }
  if (operand.status != Status::kKnown) return operand;
  return known(Value(!operand.value.as<bool>()));
}

Val Evaluator::State::compare(const Node& node) {
  const Val left = eval(node.kids[0]);
  const Val right = eval(node.kids[1]);
  if (node.op == Op::kBetween) {
    const Val high = eval(node.kids[2]);
    // « entre » is a conjunction of two comparisons: one of them may decide while the other bound is unknown.
    const auto half = [](const Val& low, const Val& top) -> Val {
      if (auto stop = strict({&low, &top})) return *stop;
      const auto compared = order(low.value, top.value);
      if (!compared) return failure("E0005", "ces durées mêlent mois et jours et ne se comparent pas");
      return known(Value(*compared <= 0));
    };
    return combine({half(right, left), half(left, high)}, false);
  }
  if (auto stop = strict({&left, &right})) return *stop;
  if (node.op == Op::kEq || node.op == Op::kNe) {
    return known(Value(same_value(left.value, right.value) == (node.op == Op::kEq)));
  }
  const auto compared = order(left.value, right.value);
  if (!compared) return failure("E0005", "ces durées mêlent mois et jours et ne se comparent pas");
  const bool holds = node.op == Op::kLt   ? *compared < 0
                     : node.op == Op::kLe ? *compared <= 0
                     : node.op == Op::kGt ? *compared > 0
                                          : *compared >= 0;
  return known(Value(holds));
}

Val Evaluator::State::arithmetic(const Node& node) {
  const Val left = eval(node.kids[0]);
  if (node.op == Op::kNegate) {
    if (auto stop = strict({&left})) return *stop;
    if (const auto* duration = left.value.get<Duree>()) return known(Value(Duree{-duration->months, -duration->days}));
    return unscaled(-scaled(left.value), node.type->kind);
  }
  const Val right = eval(node.kids[1]);
  if (auto stop = strict({&left, &right})) return *stop;
  if (node.type->kind == Type::Kind::kDuree) {
    const bool first = left.value.get<Duree>() != nullptr;
    const Duree duration = first ? left.value.as<Duree>() : right.value.as<Duree>();
    std::optional<std::int64_t> months;
    std::optional<std::int64_t> days;
    if (node.op == Op::kMul) {
      const Int128 factor = first ? right.value.as<std::int64_t>() : left.value.as<std::int64_t>();
      months = narrow(factor * duration.months);
      days = narrow(factor * duration.days);
    } else {
      const Duree other = right.value.as<Duree>();
      const int sign = node.op == Op::kAdd ? 1 : -1;
      months = std::int64_t{duration.months} + sign * std::int64_t{other.months};
      days = std::int64_t{duration.days} + sign * std::int64_t{other.days};
    }
    const auto fits = [](std::optional<std::int64_t> v) { return v && *v >= INT32_MIN && *v <= INT32_MAX; };
    if (!fits(months) || !fits(days)) return overflow("durée");
    return known(Value(Duree{static_cast<std::int32_t>(*months), static_cast<std::int32_t>(*days)}));
  }
  const Int128 a = scaled(left.value);
  const Int128 b = scaled(right.value);
  switch (node.op) {
    case Op::kAdd:
      return unscaled(add(a, b), node.type->kind);
    case Op::kSub:
      return unscaled(add(a, -b), node.type->kind);
    default: {  // kMul: one side is whole or a rate, so that dividing by the scale is exact
      const bool whole_left = left.value.get<std::int64_t>() != nullptr;
      const bool whole_right = right.value.get<std::int64_t>() != nullptr;
      if (whole_right) return unscaled(multiply(a, right.value.as<std::int64_t>()), node.type->kind);
      if (whole_left) return unscaled(multiply(b, left.value.as<std::int64_t>()), node.type->kind);
      const Montant amount = left.value.get<Montant>() ? left.value.as<Montant>() : right.value.as<Montant>();
      const Taux rate = left.value.get<Taux>() ? left.value.as<Taux>() : right.value.as<Taux>();
      return unscaled(multiply(amount.centimes, rate.nano), node.type->kind);
    }
  }
}

Val Evaluator::State::date_arithmetic(const Node& node) {
  const Val left = eval(node.kids[0]);
  if (node.op == Op::kDatePart) {
    if (auto stop = strict({&left})) return *stop;
    const auto [year, month, day] = civil(left.value.as<Date>());
    return known(Value(std::int64_t{node.a == 0 ? year : node.a == 1 ? month : day}));
  }
  const Val right = eval(node.kids[1]);
  if (auto stop = strict({&left, &right})) return *stop;
  if (node.op == Op::kDateDiff) {
    return known(Value(Duree{0, left.value.as<Date>().days - right.value.as<Date>().days}));
  }
  const Date date = left.value.as<Date>();
  const Duree duration = right.value.as<Duree>();
  if (const auto moved = add(date, duration, node.a == 1 ? 1 : -1, node.month_end)) return known(Value(*moved));
  if (node.month_end == MonthEnd::kError && add(date, duration, node.a == 1 ? 1 : -1, MonthEnd::kLastDay)) {
    return failure("E0004",
                   fmt::format("{} {} {} tombe sur un jour qui n'existe pas : dites « ramené à la fin du mois » ou "
                               "« reporté au mois suivant »",
                               french(date), node.a == 1 ? "plus" : "moins", french(duration)));
  }
  return failure("E0002", fmt::format("{} {} {} sort du calendrier (années 1 à 9999)", french(date),
                                      node.a == 1 ? "plus" : "moins", french(duration)));
}

namespace {

/// `x parmi a, b` is `x = a ou x = b`.
Val among(const Val& item, const std::vector<Val>& others) {
  std::vector<Val> equalities;
  equalities.reserve(others.size());
  for (const Val& other : others) {
    auto stop = strict({&item, &other});
    equalities.push_back(stop ? *stop : known(Value(same_value(item.value, other.value))));
  }
  if (equalities.empty() && item.status == Status::kError) return item;
  return combine(equalities, true);
}

Val opposite(Val val) {
  if (val.status == Status::kKnown) val.value = Value(!val.value.as<bool>());
  return val;
}

}  // namespace

Val Evaluator::State::membership(const Node& node) {
  const Val item = eval(node.kids[0]);
  const bool negated = node.a == 1;
  if (node.kids[1]->op == Op::kList) {
    const Val any = among(item, each(*node.kids[1]));
    return negated ? opposite(any) : any;
  }
  const Val list = eval(node.kids[1]);
  // Still a disjunction, of which the list says how long it is: over a known empty one it is false whatever the item.
  if (item.status == Status::kError || list.status != Status::kKnown) {
    if (item.status == Status::kNone && list.status == Status::kUndetermined) return list;
    return *strict({&item, &list});
  }
  if (items(list).empty()) return known(Value(negated));
  if (item.status != Status::kKnown) return item;
  return known(Value(contains(items(list), item.value) != negated));
}

std::vector<Val> Evaluator::State::each(const Node& list) {
  std::vector<Val> parts;
  parts.reserve(list.kids.size());
  for (const Code& kid : list.kids) parts.push_back(eval(kid));
  return parts;
}

Val Evaluator::State::quantified(const Node& node) {
  const auto quantifier = static_cast<ast::Quantifier>(node.a);
  const auto test = static_cast<ast::Quantified::Test>(node.b);
  const Val source = eval(node.kids[0]);
  const bool verify = test == ast::Quantified::Test::kVerify;
  const bool written = test == ast::Quantified::Test::kIn && node.kids[1]->op == Op::kList;
  std::vector<Val> arguments;
  if (written) {
    arguments = each(*node.kids[1]);
  } else if (!verify) {
    arguments.push_back(eval(node.kids[1]));
  }
  if (source.status == Status::kError) return source;
  for (const Val& argument : arguments) {
    if (argument.status == Status::kError) return argument;
  }
  if (source.status == Status::kNone) return source;
  if (source.status == Status::kUndetermined) {
    Missing missing;
    missing.add(source);
    for (const Val& argument : arguments) {
      if (argument.status == Status::kUndetermined) missing.add(argument);
    }
    return missing.take();
  }
  std::vector<Val> tests;
  tests.reserve(items(source).size());
  for (const Value& element : items(source)) {
    if (verify) {
      elements.push_back(&element);
      tests.push_back(eval(node.kids[1]));
      elements.pop_back();
    } else if (written) {
      tests.push_back(among(known(element), arguments));
    } else if (arguments[0].status != Status::kKnown) {
      tests.push_back(arguments[0]);
    } else if (test == ast::Quantified::Test::kHas) {
      const auto& entries = *arguments[0].value.as<Map>();
      tests.push_back(known(Value(
          std::ranges::any_of(entries, [&element](const auto& entry) { return same_value(entry.first, element); }))));
    } else {
      tests.push_back(known(Value(contains(items(arguments[0]), element))));
    }
  }
  if (quantifier == ast::Quantifier::kAll) return combine(tests, false);
  Val any = combine(tests, true);
  return quantifier == ast::Quantifier::kNone ? opposite(std::move(any)) : any;
}

Val Evaluator::State::lookup(const Node& node) {
  const Val source = eval(node.kids[0]);
  if (node.op == Op::kColumn) {
    if (auto stop = strict({&source})) return *stop;
    const Row row = source.value.as<Row>();
    return known(program.tables[row.table].rows[row.row][node.a]);
  }
  if (node.op == Op::kProject) {
    if (auto stop = strict({&source})) return *stop;
    std::vector<Value> out;
    for (const Value& item : items(source)) {
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
  const Val key = eval(node.kids[1]);
  if (auto stop = strict({&source, &key})) return *stop;
  for (const auto& [name, value] : *source.value.as<Map>()) {
    if (same_value(name, key.value)) return known(value);
  }
  if (node.a != kNoIndex) return undetermined(node.a);
  if (Missing missing; origins(node.kids[0], missing)) return missing.take();
  return failure("E0008", fmt::format("aucune valeur pour {}", show(program, key.value)));
}

Val Evaluator::State::filter(const Node& node) {
  const Val source = eval(node.kids[0]);
  if (auto stop = strict({&source})) return *stop;
  std::vector<Value> kept;
  std::vector<Val> open;
  for (const Value& element : items(source)) {
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
  if (auto stop = strict(std::span<const Val* const>(operands))) return *stop;
  return known(make_list(std::move(kept)));
}

Val Evaluator::State::list_operation(const Node& node) {
  const Val left = eval(node.kids[0]);
  if (node.kids.size() == 1) {
    if (auto stop = strict({&left})) return *stop;
    std::vector<Value> out;
    if (node.op == Op::kDistinct) {
      for (const Value& item : items(left)) {
        if (!contains(out, item)) out.push_back(item);
      }
    } else {
      for (const auto& [key, value] : *left.value.as<Map>()) out.push_back(node.op == Op::kKeys ? key : value);
    }
    return known(make_list(std::move(out)));
  }
  const Val right = eval(node.kids[1]);
  if (auto stop = strict({&left, &right})) return *stop;
  std::vector<Value> out;
  if (node.op == Op::kUnion) out = items(left);
  for (const Value& item : node.op == Op::kUnion ? items(right) : items(left)) {
    if (!contains(node.op == Op::kUnion ? out : items(right), item)) out.push_back(item);
    steps += out.size() / 8;
  }
  return known(make_list(std::move(out)));
}

Val Evaluator::State::aggregate(const Node& node) {
  const Val source = eval(node.kids[0]);
  if (auto stop = strict({&source})) return *stop;
  if (node.op == Op::kCount) {
    const auto* map = source.value.get<Map>();
    return known(Value(static_cast<std::int64_t>(map != nullptr ? (*map)->size() : items(source).size())));
  }
  std::vector<Value> values;
  if (const auto* map = source.value.get<Map>()) {
    for (const auto& entry : **map) values.push_back(entry.second);
  } else {
    values = items(source);
  }
  if (node.op == Op::kSum) {
    if (node.type->kind == Type::Kind::kDuree) {
      Duree total;
      for (const Value& value : values) {
        total.months += value.as<Duree>().months;
        total.days += value.as<Duree>().days;
      }
      return known(Value(total));
    }
    std::optional<Int128> total = 0;
    for (const Value& value : values) {
      total = add(*total, scaled(value));
      if (!total) return overflow("total");
    }
    return unscaled(total, node.type->kind);
  }
  if (values.empty()) return failure("E0010", "une liste vide n'a ni minimum ni maximum");
  const Value* best = &values.front();
  for (const Value& value : values) {
    const auto compared = order(value, *best);
    if (!compared) return failure("E0005", "ces durées mêlent mois et jours et ne se comparent pas");
    if (node.op == Op::kMin ? *compared < 0 : *compared > 0) best = &value;
  }
  return known(*best);
}

Val Evaluator::State::list_literal(const Node& node) {
  const std::vector<Val> parts = each(node);
  std::vector<Value> out;
  std::vector<const Val*> operands;
  for (const Val& part : parts) {
    operands.push_back(&part);
    out.push_back(part.value);
  }
  if (auto stop = strict(std::span<const Val* const>(operands))) return *stop;
  return known(make_list(std::move(out)));
}

Val Evaluator::State::conditional(const Node& node) {
  const Val condition = eval(node.kids[0]);
  if (condition.status == Status::kKnown) return eval(node.kids[condition.value.as<bool>() ? 1 : 2]);
  if (condition.status != Status::kUndetermined) return condition;
  Missing missing;
  missing.add(condition);
  for (const std::size_t branch : {1U, 2U}) {
    const Val val = eval(node.kids[branch]);
    if (val.status == Status::kUndetermined) missing.add(val);
  }
  return missing.take();
}

Val Evaluator::State::round(const Node& node) {
  const Val operand = eval(node.kids[0]);
  const Val divisor = node.kids.size() > 1 ? eval(node.kids[1]) : known(Value(std::int64_t{1}));
  if (auto stop = strict({&operand, &divisor})) return *stop;
  std::optional<Int128> numerator = scaled(operand.value);
  std::optional<Int128> denominator = scaled(divisor.value);
  if (*denominator == 0) return failure("E0003", "division par zéro");
  // The quotient of two amounts, or of a rate, is a rate: counted in 10⁻⁹ and not in whole units.
  if (node.type->kind == Type::Kind::kTaux) numerator = multiply(*numerator, kNano);
  denominator = multiply(*denominator, node.unit);
  if (!numerator || !denominator) return overflow("quotient");
  const auto quotient = divide(*numerator, *denominator, node.rounding);
  const auto rounded = quotient ? multiply(*quotient, node.unit) : std::nullopt;
  if (!rounded) return overflow("quotient");
  if (node.type->kind == Type::Kind::kTaux) return unscaled(rounded, Type::Kind::kTaux);
  return unscaled(multiply(*rounded, kNano), node.type->kind);
}

}  // namespace assemblier::dsl
