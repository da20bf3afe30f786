#include "dsl/evaluate_core.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace assemblier::dsl {

namespace {

constexpr Int128 kNano = 1'000'000'000;

bool numeric(const Value& value) {
  return value.get<std::int64_t>() || value.get<Montant>() || value.get<Taux>() || value.get<Exact>();
}

}  // namespace

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

Val lasting(Int128 months, Int128 days) {
  const auto fits = [](Int128 part) { return part >= INT32_MIN && part <= INT32_MAX; };
  if (!fits(months) || !fits(days)) return overflow("durée");
  return known(Value(Duree{static_cast<std::int32_t>(months), static_cast<std::int32_t>(days)}));
}

Val without_order() { return failure("E0005", "ces durées mêlent mois et jours et ne se comparent pas"); }

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

bool same_value(const Value& a, const Value& b) {
  return numeric(a) && numeric(b) ? scaled(a) == scaled(b) : equal(a, b);
}

bool contains(const std::vector<Value>& list, const Value& value) {
  return std::ranges::any_of(list, [&value](const Value& item) { return same_value(item, value); });
}

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

Val combine(std::span<const Val> operands, bool deciding) {
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

std::optional<Val> strict(std::initializer_list<const Operand*> operands) {
  boost::container::small_vector<const Val*, 4> stopping;
  for (const Operand* operand : operands) {
    if (!operand->known()) stopping.push_back(operand->computed());
  }
  if (stopping.empty()) return {};
  return strict(std::span<const Val* const>(stopping));
}

const Value* Evaluator::State::lying(const Node& node) {
  const auto in = [&node](const std::vector<std::optional<Value>>* values) {
    const bool there = values != nullptr && node.a < values->size() && (*values)[node.a];
    return there ? &*(*values)[node.a] : nullptr;
  };
  switch (node.op) {
    case Op::kConst:
      return &node.constant;
    case Op::kField:
      if (trace != nullptr) note(Trace::Kind::kFact, node.a);
      return in(context.facts);
    case Op::kDonnee:
      return in(context.donnees);
    case Op::kActor:
      return context.actor ? &*context.actor : nullptr;
    case Op::kEach:
      return context.each != nullptr && node.a < context.each->size() ? &(*context.each)[node.a] : nullptr;
    case Op::kElement:
      return elements[node.a];
    case Op::kParameter:
      if (trace != nullptr) note(Trace::Kind::kParameter, node.a);
      return &program.parameters[node.a].values.front().value;
    case Op::kRecorded: {
      const RecordedDecision* const decision = recorded(node.a);
      return decision != nullptr && decision->status == Status::kKnown ? &decision->value : nullptr;
    }
    case Op::kRule: {
      const Val& read = rule(node.a);
      return read.status == Status::kKnown ? &read.value : nullptr;
    }
    default:
      return nullptr;
  }
}

const RecordedDecision* Evaluator::State::recorded(Index rule) const {
  const bool there = context.recorded != nullptr && rule < context.recorded->size();
  return there ? (*context.recorded)[rule].get() : nullptr;
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
  if (const Value* const value = lying(node)) return known(*value);
  switch (node.op) {
    case Op::kField:
      return undetermined(node.a);
    case Op::kDonnee:
      return undetermined(kDonneeBase + node.a);
    case Op::kActor:
      return failure("E0007", "aucun acteur n'est connu ici");
    case Op::kActeDate:
      return context.acte_date ? known(Value(*context.acte_date))
                               : failure("E0007", "aucune date d'acte n'est connue ici");
    case Op::kEtat:
      return context.etat ? known(Value(static_cast<std::int64_t>(*context.etat)))
                          : failure("E0007", "aucun état n'est connu ici");
    case Op::kEach:
      return failure("E0007", "variable sans valeur");
    case Op::kParameterAt: {
      const Operand date(*this, node.kids[0]);
      if (auto stop = strict({&date})) return *std::move(stop);
      if (trace != nullptr) note(Trace::Kind::kParameter, node.a);
      const Date day = date->as<Date>();
      const ParameterInfo& parameter = program.parameters[node.a];
      for (const auto& dated : parameter.values) {
        if ((!dated.from || *dated.from <= day) && (!dated.to || day <= *dated.to)) return known(dated.value);
      }
      return failure("E0006", fmt::format("« {} » n'a pas de valeur au {}", parameter.name, french(day)));
    }
    case Op::kRecorded: {
      const RecordedDecision* const decision = recorded(node.a);
      if (decision == nullptr || decision->status != Status::kNone) return undetermined(kRecordedBase + node.a);
      auto info = std::make_shared<Info>();
      info->reasons = decision->reasons;
      return {Status::kNone, Value(), std::move(info)};
    }
    default:  // eval() sends only leaves here, and the others are known wherever they lie
      return failure("E0001", "expression inconnue");
  }
}

Val Evaluator::State::logic(const Node& node) {
  if (node.op == Op::kAnd || node.op == Op::kOr) {
    Vals operands;
    operands.reserve(node.kids.size());
    for (const Code& kid : node.kids) operands.push_back(eval(kid));
    return combine(operands, node.op == Op::kOr);
  }
  const Operand operand(*this, node.kids[0]);
  const Status status = operand.status();
  const bool stops = status == Status::kError || (node.op == Op::kIsNone && status == Status::kUndetermined) ||
                     (node.op == Op::kNot && status != Status::kKnown);
  if (stops) return *operand.computed();
  if (node.op == Op::kIsKnown) return known(Value((status == Status::kKnown) != (node.a == 1)));
  if (node.op == Op::kIsNone) return known(Value((status == Status::kNone) != (node.a == 1)));
  return known(Value(!operand->as<bool>()));
}

Val Evaluator::State::compare(const Node& node) {
  const Operand left(*this, node.kids[0]);
  const Operand right(*this, node.kids[1]);
  if (node.op == Op::kBetween) {
    const Operand high(*this, node.kids[2]);
    // « entre » is a conjunction of two comparisons: one of them may decide while the other bound is unknown.
    const auto half = [](const Operand& low, const Operand& top) -> Val {
      if (auto stop = strict({&low, &top})) return *std::move(stop);
      const auto compared = order(*low, *top);
      if (!compared) return without_order();
      return known(Value(*compared <= 0));
    };
    return combine(std::array{half(right, left), half(left, high)}, false);
  }
  if (auto stop = strict({&left, &right})) return *std::move(stop);
  if (node.op == Op::kEq || node.op == Op::kNe) {
    return known(Value(same_value(*left, *right) == (node.op == Op::kEq)));
  }
  const auto compared = order(*left, *right);
  if (!compared) return without_order();
  const bool holds = node.op == Op::kLt   ? *compared < 0
                     : node.op == Op::kLe ? *compared <= 0
                     : node.op == Op::kGt ? *compared > 0
                                          : *compared >= 0;
  return known(Value(holds));
}

Val Evaluator::State::arithmetic(const Node& node) {
  const Operand left(*this, node.kids[0]);
  if (node.op == Op::kNegate) {
    if (auto stop = strict({&left})) return *std::move(stop);
    if (const auto* duration = left->get<Duree>()) return lasting(-Int128{duration->months}, -Int128{duration->days});
    return unscaled(-scaled(*left), node.type->kind);
  }
  const Operand right(*this, node.kids[1]);
  if (auto stop = strict({&left, &right})) return *std::move(stop);
  if (node.type->kind == Type::Kind::kDuree) {
    const bool first = left->get<Duree>() != nullptr;
    const Duree duration = first ? left->as<Duree>() : right->as<Duree>();
    if (node.op == Op::kMul) {
      const Int128 factor = first ? right->as<std::int64_t>() : left->as<std::int64_t>();
      return lasting(factor * duration.months, factor * duration.days);
    }
    const Duree other = right->as<Duree>();
    const int sign = node.op == Op::kAdd ? 1 : -1;
    return lasting(Int128{duration.months} + sign * Int128{other.months},
                   Int128{duration.days} + sign * Int128{other.days});
  }
  const Int128 a = scaled(*left);
  const Int128 b = scaled(*right);
  switch (node.op) {
    case Op::kAdd:
      return unscaled(add(a, b), node.type->kind);
    case Op::kSub:
      return unscaled(add(a, -b), node.type->kind);
    default: {  // kMul: one side is whole or a rate, so that dividing by the scale is exact
      const bool whole_left = left->get<std::int64_t>() != nullptr;
      const bool whole_right = right->get<std::int64_t>() != nullptr;
      if (whole_right) return unscaled(multiply(a, right->as<std::int64_t>()), node.type->kind);
      if (whole_left) return unscaled(multiply(b, left->as<std::int64_t>()), node.type->kind);
      const Montant amount = left->get<Montant>() ? left->as<Montant>() : right->as<Montant>();
      const Taux rate = left->get<Taux>() ? left->as<Taux>() : right->as<Taux>();
      return unscaled(multiply(amount.centimes, rate.nano), node.type->kind);
    }
  }
}

Val Evaluator::State::date_arithmetic(const Node& node) {
  const Operand left(*this, node.kids[0]);
  if (node.op == Op::kDatePart) {
    if (auto stop = strict({&left})) return *std::move(stop);
    const auto [year, month, day] = civil(left->as<Date>());
    return known(Value(std::int64_t{node.a == 0 ? year : node.a == 1 ? month : day}));
  }
  const Operand right(*this, node.kids[1]);
  if (auto stop = strict({&left, &right})) return *std::move(stop);
  if (node.op == Op::kDateDiff) {
    return known(Value(Duree{0, left->as<Date>().days - right->as<Date>().days}));
  }
  const Date date = left->as<Date>();
  const Duree duration = right->as<Duree>();
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

Val Evaluator::State::conditional(const Node& node) {
  const Operand condition(*this, node.kids[0]);
  if (condition.known()) return eval(node.kids[condition->as<bool>() ? 1 : 2]);
  if (condition.status() != Status::kUndetermined) return *condition.computed();
  Missing missing;
  missing.add(*condition.computed());
  for (const std::size_t branch : {1U, 2U}) {
    const Val val = eval(node.kids[branch]);
    if (val.status == Status::kUndetermined) missing.add(val);
  }
  return missing.take();
}

Val Evaluator::State::round(const Node& node) {
  const Operand operand(*this, node.kids[0]);
  std::optional<Operand> divisor;
  if (node.kids.size() > 1) divisor.emplace(*this, node.kids[1]);
  if (auto stop = divisor ? strict({&operand, &*divisor}) : strict({&operand})) return *std::move(stop);
  std::optional<Int128> numerator = scaled(*operand);
  std::optional<Int128> denominator = divisor ? scaled(**divisor) : kNano;
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
