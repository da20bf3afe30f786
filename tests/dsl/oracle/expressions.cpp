#include "tests/dsl/oracle/combine.hpp"
#include "tests/dsl/oracle/oracle.hpp"

#include <algorithm>
#include <stdexcept>

namespace assemblier::dsl::oracle {

namespace {

using std::chrono::year_month_day;

const Fraction kBillion = 1'000'000'000;

Fraction two_to(unsigned power) { return {Whole(1) << power}; }

/// A quantity, unless it does not fit where the language keeps it.
Answer kept(Quantity quantity) {
  Fraction scaled = quantity.amount;
  if (quantity.exact || quantity.unit == Unit::kRate) scaled *= kBillion;
  const Fraction limit = two_to(quantity.exact ? 127 : 63);
  if (scaled < -limit || scaled >= limit) return error("E0002");
  return known({std::move(quantity)});
}

Answer kept(Period period) {
  const Whole limit = Whole(1) << 31U;
  for (const Whole& part : {period.months, period.days})
    if (part < -limit || part >= limit) return error("E0002");
  return known({std::move(period)});
}

Answer plus(const Quantity& a, const Quantity& b, int sign) {
  return kept(Quantity{a.unit, a.amount + sign * b.amount, a.exact || b.exact});
}

Answer times(const Quantity& a, const Quantity& b) {
  const bool exact = a.exact || b.exact || a.unit == Unit::kRate || b.unit == Unit::kRate;
  const bool money = a.unit == Unit::kMoney || b.unit == Unit::kMoney;
  return kept(Quantity{money ? Unit::kMoney : Unit::kNumber, a.amount * b.amount, exact});
}

Answer shift(Day day, const Period& period, int sign, MonthEnd rule) {
  using namespace std::chrono;
  const year_month_day start(day);
  const Whole since_year_0 =
      Whole(static_cast<int>(start.year())) * 12 + static_cast<unsigned>(start.month()) - 1 + sign * period.months;
  if (since_year_0 < 12 || since_year_0 > 9999 * 12 + 11) return error("E0002");
  const int count = since_year_0.convert_to<int>();
  const year_month landing = year(count / 12) / month(static_cast<unsigned>(count % 12 + 1));
  sys_days landed;
  if ((landing / start.day()).ok())
    landed = landing / start.day();
  else if (rule == MonthEnd::kLastDay)
    landed = landing / last;
  else if (rule == MonthEnd::kNextDay)
    landed = (landing + months(1)) / 1;
  else
    return error("E0004");
  const Whole total = landed.time_since_epoch().count() + sign * period.days;
  const Whole first = sys_days(year(1) / 1 / 1).time_since_epoch().count();
  const Whole final = sys_days(year(9999) / 12 / 31).time_since_epoch().count();
  if (total < first || total > final) return error("E0002");
  return known({Day(days(total.convert_to<int>()))});
}

/// −1, 0 or 1; nothing when the two do not compare.
std::optional<int> order(const Thing& a, const Thing& b) {
  const auto three = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
  if (const auto* left = std::get_if<Quantity>(&a.is)) return three(left->amount, std::get<Quantity>(b.is).amount);
  if (const auto* left = std::get_if<Day>(&a.is)) return three(*left, std::get<Day>(b.is));
  if (const auto* left = std::get_if<Text>(&a.is)) return three(left->text, std::get<Text>(b.is).text);
  if (const auto* left = std::get_if<Period>(&a.is)) {
    const auto& right = std::get<Period>(b.is);
    if (left->months == right.months) return three(left->days, right.days);
    if (left->days == right.days) return three(left->months, right.months);
    return {};
  }
  throw std::logic_error("no order");
}

Answer compare(ast::BinaryOp op, const Thing& a, const Thing& b) {
  using enum ast::BinaryOp;
  if (op == kEq) return truth(a == b);
  if (op == kNe) return truth(!(a == b));
  const auto result = order(a, b);
  if (!result) return error("E0005");
  if (op == kLt) return truth(*result < 0);
  if (op == kLe) return truth(*result <= 0);
  if (op == kGt) return truth(*result > 0);
  return truth(*result >= 0);
}

Answer compare(ast::BinaryOp op, const Answer& a, const Answer& b) {
  if (auto answer = blocked({a, b})) return *answer;
  return compare(op, a.value, b.value);
}

Answer add(const Thing& a, const Thing& b, int sign) {
  if (const auto* left = std::get_if<Quantity>(&a.is)) return plus(*left, std::get<Quantity>(b.is), sign);
  if (const auto* left = std::get_if<Period>(&a.is)) {
    const auto& right = std::get<Period>(b.is);
    return kept(Period{left->months + sign * right.months, left->days + sign * right.days});
  }
  const Day day = std::get<Day>(a.is);
  if (const auto* right = std::get_if<Day>(&b.is)) return kept(Period{0, (day - *right).count()});
  return shift(day, std::get<Period>(b.is), sign, MonthEnd::kError);
}

Answer multiply(const Thing& a, const Thing& b) {
  const auto* left = std::get_if<Quantity>(&a.is);
  const auto* right = std::get_if<Quantity>(&b.is);
  if (left && right) return times(*left, *right);
  const Period& period = std::get<Period>(left ? b.is : a.is);
  const Whole factor = numerator((left ? left : right)->amount);
  return kept(Period{period.months * factor, period.days * factor});
}

Things list_of(const Thing& thing) {
  if (const auto* things = std::get_if<Things>(&thing.is)) return *things;
  if (const auto* entries = std::get_if<Entries>(&thing.is)) {
    Things values;
    for (const auto& entry : *entries) values.push_back(entry.value);
    return values;
  }
  return {thing};  // a single value where a list is expected is a list of one
}

}  // namespace

Answer Oracle::expression(const ast::ExprPtr& expr) {
  Answer answer = std::visit([this](const auto& at) { return node(at); }, expr->node);
  met_error_ = met_error_ || is(answer, Status::kError);
  return answer;
}

Answer Oracle::fold(const Answers& operands, bool deciding) const {
  Answers judged = operands;
  if (flaw_ == Flaw::kShortCircuit) {
    const auto decided = std::ranges::find_if(judged, [&](const Answer& a) { return is(a, deciding); });
    if (decided != judged.end()) judged.erase(decided + 1, judged.end());
  }
  if (auto answer = first_error(judged)) return *answer;
  if (flaw_ == Flaw::kWeakKleene)
    if (auto answer = united_unknown(judged)) return *answer;
  if (std::ranges::any_of(judged, [&](const Answer& a) { return is(a, deciding); })) return truth(deciding);
  if (auto answer = united_unknown(judged)) return *answer;
  if (auto answer = united_none(judged)) return *answer;
  return truth(!deciding);
}

Answer Oracle::all(const Answers& operands) const { return fold(operands, false); }
Answer Oracle::some(const Answers& operands) const { return fold(operands, true); }

Answer Oracle::node(const ast::Literal& node) { return known(from_literal(node.value)); }

Answer Oracle::node(const ast::NameRef& node) { return name(node.name); }

Answer Oracle::node(const ast::Unary& node) {
  const Answer operand = expression(node.operand);
  if (node.op == ast::UnaryOp::kNot) return opposite(operand);
  if (!is(operand, Status::kKnown)) return operand;
  if (const auto* period = std::get_if<Period>(&operand.value.is)) return kept(Period{-period->months, -period->days});
  const auto& quantity = std::get<Quantity>(operand.value.is);
  return kept(Quantity{quantity.unit, -quantity.amount, quantity.exact});
}

Answer Oracle::node(const ast::Binary& node) {
  using enum ast::BinaryOp;
  const Answer left = expression(node.left);
  const Answer right = expression(node.right);
  if (node.op == kAnd) return all({left, right});
  if (node.op == kOr) return some({left, right});
  if (auto answer = blocked({left, right})) return *answer;
  switch (node.op) {
    case kAdd:
      return add(left.value, right.value, 1);
    case kSub:
      return add(left.value, right.value, -1);
    case kMul:
      return multiply(left.value, right.value);
    case kExcept: {
      Things things;
      for (const Thing& thing : list_of(left.value))
        if (!contains(list_of(right.value), thing)) things.push_back(thing);
      return known({std::move(things)});
    }
    case kUnion: {
      Things things = list_of(left.value);
      for (const Thing& thing : list_of(right.value))
        if (!contains(things, thing)) things.push_back(thing);
      return known({std::move(things)});
    }
    case kDiv:
      throw std::logic_error("a division outside arrondi");
    default:
      return compare(node.op, left.value, right.value);
  }
}

Answer Oracle::node(const ast::DateShift& node) {
  const Answer date = expression(node.date);
  const Answer duration = expression(node.duration);
  if (auto answer = blocked({date, duration})) return *answer;
  return shift(std::get<Day>(date.value.is), std::get<Period>(duration.value.is),
               node.op == ast::BinaryOp::kAdd ? 1 : -1, node.rule);
}

/// `item parmi list`: over a written list the disjunction of equalities, over any other its value must be known.
Answer Oracle::among(const Answer& item, const ast::ExprPtr& list) {
  Answers equalities;
  if (const auto* written = std::get_if<ast::ListLiteral>(&list->node)) {
    for (const ast::ExprPtr& each : written->items)
      equalities.push_back(compare(ast::BinaryOp::kEq, item, expression(each)));
    if (equalities.empty() && is(item, Status::kError)) return item;
    return some(equalities);
  }
  const Answer things = expression(list);
  if (auto answer = first_error({item, things})) return *answer;
  if (is(things, Status::kNone)) return *united_none({item, things});
  if (!is(things, Status::kKnown)) return *united_unknown({item, things});
  for (const Thing& thing : list_of(things.value))
    equalities.push_back(compare(ast::BinaryOp::kEq, item, known(thing)));
  return some(equalities);
}

Answer Oracle::node(const ast::In& node) {
  const Answer answer = among(expression(node.item), node.list);
  return node.negated ? opposite(answer) : answer;
}

Answer Oracle::node(const ast::Between& node) {
  const Answer item = expression(node.item);
  return all({compare(ast::BinaryOp::kLe, expression(node.low), item),
              compare(ast::BinaryOp::kLe, item, expression(node.high))});
}

Answer Oracle::with_element(const Answer& element, const ast::ExprPtr& expr) {
  elements_.push_back(element);
  Answer answer = expression(expr);
  elements_.pop_back();
  return answer;
}

Answer Oracle::node(const ast::Quantified& node) {
  const auto test = [&](const Answer& element) {
    switch (node.test) {
      case ast::Quantified::Test::kIn:
        return among(element, node.argument);
      case ast::Quantified::Test::kVerify:
        return with_element(element, node.argument);
      case ast::Quantified::Test::kHas: {
        const Answer association = expression(node.argument);
        if (auto answer = blocked({element, association})) return *answer;
        for (const auto& entry : std::get<Entries>(association.value.is))
          if (entry.key == element.value) return truth(true);
        return truth(false);
      }
    }
    throw std::logic_error("test");
  };
  const Answer source = expression(node.source);
  const bool verify = node.test == ast::Quantified::Test::kVerify;
  if (!is(source, Status::kKnown)) {
    if (verify) return source;  // no element to judge the condition on
    const Answer whatever = test(Answer{});
    if (auto answer = first_error({source, whatever})) return *answer;
    if (is(source, Status::kNone)) return source;
    return *united_unknown({source, whatever});
  }
  Answers tests;
  for (const Thing& element : list_of(source.value)) tests.push_back(test(known(element)));
  if (tests.empty() && !verify) {
    const Answer whatever = test(Answer{});  // judged all the same: an error is an error
    if (is(whatever, Status::kError)) return whatever;
  }
  switch (node.quantifier) {
    case ast::Quantifier::kAll:
      return all(tests);
    case ast::Quantifier::kSome:
      return some(tests);
    case ast::Quantifier::kNone:
      return opposite(some(tests));
  }
  throw std::logic_error("quantifier");
}

Answer Oracle::lookup(const std::string& association, const Answer& key) {
  const Answer entries = name(association);
  if (auto answer = blocked({entries, key})) return *answer;
  for (const auto& [each, value] : std::get<Entries>(entries.value.is))
    if (each == key.value) return known(value);
  Answer answer;
  answer.missing = origins(association);
  return answer.missing.empty() ? error("E0008") : answer;
}

Answer Oracle::node(const ast::Of& node) {
  const std::string& wanted = node.name.text;
  const Answer operand = expression(node.operand);
  const auto* constant = std::get_if<Constant>(&operand.value.is);
  const bool of_row = is(operand, Status::kKnown) && constant && has_column(*constant, wanted);
  const bool of_list = is(operand, Status::kKnown) && std::holds_alternative<Things>(operand.value.is);
  if (!of_row && !of_list && is_association(wanted)) return lookup(wanted, operand);
  if (!is(operand, Status::kKnown)) return operand;
  if (of_row) return column(*constant, wanted);
  if (of_list) {
    Things collected;
    for (const Thing& row : std::get<Things>(operand.value.is)) {
      const Answer value = column(std::get<Constant>(row.is), wanted);
      if (!is(value, Status::kKnown)) return value;
      for (const Thing& each : list_of(value.value)) collected.push_back(each);
    }
    return known({std::move(collected)});
  }
  const year_month_day day(std::get<Day>(operand.value.is));
  if (wanted == "année") return known({Quantity{Unit::kNumber, static_cast<int>(day.year())}});
  if (wanted == "mois") return known({Quantity{Unit::kNumber, static_cast<unsigned>(day.month())}});
  if (wanted == "jour") return known({Quantity{Unit::kNumber, static_cast<unsigned>(day.day())}});
  throw std::logic_error("nothing called " + wanted);
}

Answer Oracle::node(const ast::Filter& node) {
  const Answer source = expression(node.source);
  if (!is(source, Status::kKnown)) return source;  // nothing to judge the condition on
  Answers tests;
  Things kept_ones;
  for (const Thing& element : list_of(source.value)) {
    tests.push_back(with_element(known(element), node.condition));
    if (is(tests.back(), true)) kept_ones.push_back(element);
  }
  if (auto answer = blocked(tests)) return *answer;
  return known({std::move(kept_ones)});
}

Answer Oracle::node(const ast::Distinct& node) {
  const Answer source = expression(node.source);
  if (!is(source, Status::kKnown)) return source;
  return known({without_doubles(list_of(source.value))});
}

Answer Oracle::sum(const Things& items, const ast::ExprPtr& source) const {
  if (items.empty()) {
    const ast::TypePtr of = element_type(source);
    if (!of) throw std::logic_error("the sum of what?");
    if (of->kind == ast::TypeExpr::Kind::kDuree) return known({Period{}});
    const Unit unit = of->kind == ast::TypeExpr::Kind::kMontant
                          ? Unit::kMoney
                          : (of->kind == ast::TypeExpr::Kind::kTaux ? Unit::kRate : Unit::kNumber);
    return known({Quantity{unit, 0}});
  }
  if (std::holds_alternative<Period>(items.front().is)) {
    Period total;
    for (const Thing& item : items) {
      total.months += std::get<Period>(item.is).months;
      total.days += std::get<Period>(item.is).days;
    }
    return kept(std::move(total));
  }
  Quantity total = std::get<Quantity>(items.front().is);
  total.amount = 0;
  for (const Thing& item : items) total.amount += std::get<Quantity>(item.is).amount;
  return kept(std::move(total));  // only the total must fit
}

Answer Oracle::node(const ast::Aggregated& node) {
  const Answer source = expression(node.source);
  if (!is(source, Status::kKnown)) return source;
  const Things items = list_of(source.value);
  if (node.function == ast::Aggregate::kCount) return known({Quantity{Unit::kNumber, items.size()}});
  if (node.function == ast::Aggregate::kSum) return sum(items, node.source);
  if (items.empty()) return error("E0010");
  Thing best = items.front();
  for (const Thing& item : items) {
    const auto result = order(item, best);
    if (!result) return error("E0005");
    if (node.function == ast::Aggregate::kMin ? *result < 0 : *result > 0) best = item;
  }
  return known(best);
}

Answer Oracle::node(const ast::MapPart& node) {
  const Answer source = expression(node.source);
  if (!is(source, Status::kKnown)) return source;
  Things things;
  for (const auto& [key, value] : std::get<Entries>(source.value.is)) things.push_back(node.keys ? key : value);
  return known({std::move(things)});
}

Answer Oracle::node(const ast::ListLiteral& node) {
  Answers answers;
  Things things;
  for (const ast::ExprPtr& item : node.items) {
    answers.push_back(expression(item));
    things.push_back(answers.back().value);
  }
  if (auto answer = blocked(answers)) return *answer;
  return known({std::move(things)});
}

Answer Oracle::node(const ast::Conditional& node) {
  const Answer condition = expression(node.condition);
  if (is(condition, true)) return expression(node.then);
  if (is(condition, false)) return expression(node.otherwise);
  if (!is(condition, Status::kUndetermined)) return condition;
  return *united_unknown({condition, expression(node.then), expression(node.otherwise)});
}

Answer Oracle::node(const ast::Round& node) {
  Answers operands;
  const auto* division = std::get_if<ast::Binary>(&node.operand->node);
  if (division && division->op == ast::BinaryOp::kDiv) {
    operands.push_back(expression(division->left));
    operands.push_back(expression(division->right));
  } else {
    division = nullptr;
    operands.push_back(expression(node.operand));
  }
  if (node.unit) operands.push_back(expression(node.unit));
  if (auto answer = blocked(operands)) return *answer;
  Quantity value = std::get<Quantity>(operands.front().value.is);
  if (division) {
    const auto& by = std::get<Quantity>(operands[1].value.is);
    if (by.amount == 0) return error("E0003");
    value.amount /= by.amount;
    const bool ratio = value.unit == Unit::kRate || (value.unit == Unit::kMoney && by.unit == Unit::kMoney);
    if (ratio) value.unit = Unit::kRate;
  }
  Fraction step = value.unit == Unit::kRate ? Fraction(1) / kBillion : Fraction(1);
  if (node.unit) {
    const auto& unit = std::get<Quantity>(operands.back().value.is);
    if (unit.amount == 0) return error("E0003");
    step = unit.amount;
    value.unit = unit.unit;
  }
  const bool even = node.mode == Rounding::kHalfEven;
  const Rounding mode = even && flaw_ == Flaw::kHalfEvenIsAway ? Rounding::kHalfAway : node.mode;
  return kept(Quantity{value.unit, Fraction(rounded(value.amount / step, mode)) * step});
}

Answer Oracle::node(const ast::IsNone& node) {
  const Answer operand = expression(node.operand);
  if (is(operand, Status::kError) || is(operand, Status::kUndetermined)) return operand;
  return truth(is(operand, Status::kNone) != node.negated);
}

Answer Oracle::node(const ast::IsKnown& node) {
  const Answer operand = expression(node.operand);
  if (is(operand, Status::kError)) return operand;
  return truth(is(operand, Status::kKnown) != node.negated);
}

}  // namespace assemblier::dsl::oracle
