#include "dsl/evaluate.hpp"

#include "dsl/evaluate_core.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::dsl {

namespace {

void conclude(Trace& trace, const Val& val) {
  trace.status = val.status;
  if (val.status == Status::kKnown) trace.value = val.value;
  trace.info = val.info;
}

// Hangs a piece under another: few have more than four.
Trace& hang(Trace& under, Trace piece) {
  if (under.children.empty()) under.children.reserve(4);
  return under.children.emplace_back(std::move(piece));
}

}  // namespace

Result Trace::result() const { return to_result({status, value, info}); }

void Evaluator::State::note(Trace::Kind kind, Index id) {
  const bool there = std::ranges::any_of(trace->children, [&](const Trace& t) { return t.kind == kind && t.id == id; });
  if (!there) hang(*trace, Trace{.kind = kind, .id = id});
}

// Nothing is hung under `outer` before close(), so that the piece stays where it is.
Trace* Evaluator::State::open(Trace::Kind kind, Index id) {
  Trace* const outer = trace;
  if (outer != nullptr) trace = &hang(*outer, Trace{.kind = kind, .id = id});
  return outer;
}

void Evaluator::State::close(Trace* outer, const Val& val) {
  if (outer != nullptr) conclude(*trace, val);
  trace = outer;
}

const Val& Evaluator::State::rule(Index index) {
  if (memo.empty()) memo.resize(program.rules.size());
  auto& slot = memo[index];
  if (slot == nullptr) {
    Trace* const outer = open(Trace::Kind::kRule, index);
    std::vector<const Value*> outside;  // a rule does not see the elements of the `dont` it is used in
    outside.swap(elements);
    slot = std::make_unique<Memo>(Memo{compute(program.rules[index]), std::nullopt});
    elements.swap(outside);
    close(outer, slot->val);
  } else if (trace != nullptr) {
    const bool there = std::ranges::any_of(
        trace->children, [index](const Trace& t) { return t.kind == Trace::Kind::kRule && t.id == index; });
    if (!there) {
      Trace& again = hang(*trace, Trace{.kind = Trace::Kind::kRule, .repeated = true, .id = index});
      conclude(again, slot->val);
    }
  }
  return slot->val;
}

Val Evaluator::State::compute(const RuleInfo& info) {
  switch (info.kind) {
    case RuleInfo::Kind::kDefinition:
      return eval(info.value);
    case RuleInfo::Kind::kDecision:
      return decision(info);
    case RuleInfo::Kind::kCondition:
      return condition(info);
    case RuleInfo::Kind::kScrutin:
      return vote(info, false);
  }
  return failure("E0001", "règle inconnue");
}

std::string Evaluator::State::reason(const RuleInfo::Case& choice) {
  std::string text;
  for (const auto& [literal, code] : choice.reason) {
    if (code == nullptr) {
      text += literal;
      continue;
    }
    const Val val = eval(code);
    text += val.status == Status::kKnown ? show(program, val.value) : "(inconnu)";
  }
  return text;
}

// DESIGN §4.4: all cases are judged; their order means nothing.
Val Evaluator::State::decision(const RuleInfo& info) {
  struct Judged {
    const RuleInfo::Case* choice;
    Val test;
    Val value;  // of a true or undetermined case
  };
  std::vector<Judged> judged;
  judged.reserve(info.cases.size());
  for (Index i = 0; i < info.cases.size(); ++i) {
    const RuleInfo::Case& choice = info.cases[i];
    Trace* const outer = open(Trace::Kind::kCase, i);
    Val test = eval(choice.condition);
    if (choice.exception != nullptr) {
      Val exception = eval(choice.exception);
      if (exception.status == Status::kKnown) exception.value = Value(!exception.value.as<bool>());
      test = combine(std::array{std::move(test), std::move(exception)}, false);
    }
    Val value = known(Value());
    if (choice.value != nullptr && !truth(test, false) && test.status != Status::kError) value = eval(choice.value);
    close(outer, test);
    judged.push_back({&choice, std::move(test), std::move(value)});
  }
  for (const Judged& j : judged) {
    if (j.test.status == Status::kError) return j.test;
    if (truth(j.test, true) && j.value.status == Status::kError) return j.value;
  }
  // What a case gives may itself be aucune, read from another décision; as long as it is undetermined it may still
  // agree.
  const auto is_none = [](const Judged& j) { return j.choice->value == nullptr || j.value.status == Status::kNone; };
  const auto is_open = [](const Judged& j) {
    return j.choice->value != nullptr && j.value.status == Status::kUndetermined;
  };
  const auto agree = [&is_none](const Judged& a, const Judged& b) {
    if (is_none(a) || is_none(b)) return is_none(a) && is_none(b);
    return a.value.status == Status::kKnown && b.value.status == Status::kKnown && equal(a.value.value, b.value.value);
  };
  const Judged* winner = nullptr;
  for (const Judged& j : judged) {
    if (!truth(j.test, true) || is_open(j)) continue;
    if (winner == nullptr) winner = &j;
    if (agree(*winner, j)) continue;
    const auto named = [this, &is_none](const Judged& x) {
      return is_none(x) ? std::string("aucune") : show(program, x.value.value);
    };
    return failure(
        "E0011", fmt::format("« {} » : deux cas vrais se contredisent, {} et {}", info.name, named(*winner), named(j)));
  }
  Missing missing;
  bool open = false;
  for (const Judged& j : judged) {
    const bool unsettled = j.test.status == Status::kUndetermined || (truth(j.test, true) && is_open(j));
    // A case that would give the value already won changes nothing.
    if (!unsettled || (winner != nullptr && agree(*winner, j))) continue;
    if (j.test.status == Status::kUndetermined) missing.add(j.test);
    if (is_open(j)) missing.add(j.value);
    open = true;
  }
  if (open) return missing.take();
  if (winner != nullptr) {
    if (!is_none(*winner)) return winner->value;
    auto none = std::make_shared<Info>();
    const auto tell = [&none](std::string text) {
      if (!text.empty() && std::ranges::find(none->reasons, text) == none->reasons.end())
        none->reasons.push_back(std::move(text));
    };
    for (const Judged& j : judged) {
      if (!truth(j.test, true)) continue;
      if (j.choice->value == nullptr) {
        tell(reason(*j.choice));
      } else if (j.value.info) {
        for (const std::string& text : j.value.info->reasons) tell(text);
      }
    }
    return {Status::kNone, Value(), std::move(none)};
  }
  Vals inherited;
  for (const Judged& j : judged) {
    if (j.test.status == Status::kNone) inherited.push_back(j.test);
  }
  if (!inherited.empty()) return combine(inherited, true);
  if (!info.otherwise) return {Status::kNone, Value(), std::make_shared<const Info>()};
  if (info.otherwise->value != nullptr) return eval(info.otherwise->value);
  auto none = std::make_shared<Info>();
  if (std::string text = reason(*info.otherwise); !text.empty()) none->reasons.push_back(std::move(text));
  return {Status::kNone, Value(), std::move(none)};
}

Val Evaluator::State::exigence(const ExigenceInfo& item, Index index) {
  Trace* const outer = open(Trace::Kind::kExigence, index);
  Val val = eval(item.condition);
  close(outer, val);
  return val;
}

Val Evaluator::State::condition(const RuleInfo& info) {
  Vals tests;
  tests.reserve(info.exigences.size());
  for (Index i = 0; i < info.exigences.size(); ++i) tests.push_back(exigence(info.exigences[i], i));
  Val val = combine(tests, false);
  if (truth(val, false)) {
    auto unmet = std::make_shared<Info>();
    for (Index i = 0; i < tests.size(); ++i) {
      if (truth(tests[i], false)) unmet->unmet.push_back(i);
    }
    val.info = std::move(unmet);
  }
  return val;
}

// DESIGN §4.3, §4.9: a member without position has not spoken. The vote is acquired, or lost, when whatever they say
// can no longer change it; otherwise it is undetermined and names them.
Val Evaluator::State::vote(const RuleInfo& info, bool missing_members) {
  using Counts = ast::ScrutinDecl::Counts;
  using Base = ast::ScrutinDecl::Base;
  const RuleInfo::Scrutin& rules = *info.scrutin;
  const Val college = eval(rules.college);
  const Val positions = eval(rules.positions);
  const bool failed = college.status == Status::kError || positions.status == Status::kError;
  if (failed || college.status == Status::kNone) return *strict({&college, &positions});
  if (college.status == Status::kUndetermined) {
    Missing missing;
    missing.add(college);
    if (positions.status == Status::kUndetermined) missing.add(positions);
    return missing.take();
  }
  if (positions.status == Status::kNone && !college.value.as<List>()->empty()) return positions;
  std::vector<Value> silent;
  Int128 pour = 0;
  Int128 contre = 0;
  Int128 abstention = 0;
  Int128 absence = 0;
  Int128 members = 0;
  std::vector<Value> counted;
  for (const Value& member : *college.value.as<List>()) {
    if (std::ranges::any_of(counted, [&member](const Value& other) { return equal(other, member); })) continue;
    counted.push_back(member);
    ++members;
    int meaning = 0;
    bool spoken = false;
    if (positions.status == Status::kKnown) {
      for (const auto& [who, position] : *positions.value.as<Map>()) {
        if (!equal(who, member)) continue;
        meaning = rules.meaning[position.as<EnumValue>().value];
        spoken = true;
      }
    }
    if (!spoken || meaning == 0) silent.push_back(member);
    pour += meaning == 1 ? 1 : 0;
    contre += meaning == 2 ? 1 : 0;
    abstention += meaning == 3 ? 1 : 0;
    absence += meaning == 4 ? 1 : 0;
  }
  if (missing_members) return known(make_list(std::move(silent)));
  const auto reaches = [](const ast::ScrutinDecl::Threshold& threshold, Int128 count, Int128 base) {
    const Int128 left = count * threshold.denominator;
    const Int128 right = base * threshold.numerator;
    return threshold.strict ? left > right : left >= right;
  };
  const auto acquired = [&](Int128 more_pour, Int128 more_contre, Int128 more_abstention, Int128 more_absence) {
    const Int128 p = pour + more_pour;
    const Int128 c = contre + more_contre;
    const Int128 t = abstention + more_abstention;
    const Int128 s = absence + more_absence;
    if (members == 0) return false;
    if (rules.quorum && !reaches(*rules.quorum, p + c + t, members)) return false;
    const Int128 agreed =
        p + (rules.abstention_counts == Counts::kFor ? t : 0) + (rules.absence_counts == Counts::kFor ? s : 0);
    Int128 base = 0;
    switch (rules.threshold.base) {
      case Base::kMembers:
        // A position that « ne compte pas » takes its author out of the members counted.
        base = p + c + (rules.abstention_counts == Counts::kIgnored ? 0 : t) +
               (rules.absence_counts == Counts::kIgnored ? 0 : s);
        base += members - (p + c + t + s);
        break;
      case Base::kPresent:
        base = p + c + t + (rules.absence_counts == Counts::kIgnored ? 0 : s);
        break;
      case Base::kCast:
        base = p + c + (rules.abstention_counts == Counts::kIgnored ? 0 : t) +
               (rules.absence_counts == Counts::kIgnored ? 0 : s);
        break;
    }
    return base > 0 && reaches(rules.threshold, agreed, base);
  };
  const auto m = static_cast<Int128>(silent.size());
  const bool best = acquired(m, 0, 0, 0);
  const auto possible = [&rules](int meaning) {
    return std::ranges::find(rules.meaning, meaning) != rules.meaning.end();
  };
  const bool worst =
      acquired(0, m, 0, 0) && (!possible(3) || acquired(0, 0, m, 0)) && (!possible(4) || acquired(0, 0, 0, m));
  if (!best) return known(Value(false));
  if (m == 0 || worst) return known(Value(best));
  Missing missing;
  for (Value& member : silent) missing.member(std::move(member));  // first: add() names nobody twice
  if (positions.status == Status::kUndetermined) {
    missing.add(positions);
  } else {
    origins(rules.positions, missing);
  }
  return missing.take();
}

bool Evaluator::State::origins(const Code& code, Missing& missing) {
  if (code->op == Op::kIf) {
    const Val condition = eval(code->kids[0]);
    return condition.status == Status::kKnown && origins(code->kids[condition.value.as<bool>() ? 1 : 2], missing);
  }
  if (code->op == Op::kRule) {
    const RuleInfo& rule = program.rules[code->a];
    return rule.kind == RuleInfo::Kind::kDefinition && rule.value && origins(rule.value, missing);
  }
  const Index fact = origin(program, code);
  if (fact != kNoIndex) missing.add(fact);
  return fact != kNoIndex;
}

Index origin(const Program& program, const Code& code) {
  switch (code->op) {
    case Op::kField:
      return code->a;
    case Op::kDonnee:
      return kDonneeBase + code->a;
    case Op::kRule: {
      const RuleInfo& rule = program.rules[code->a];
      return rule.kind == RuleInfo::Kind::kDefinition && rule.value ? origin(program, rule.value) : kNoIndex;
    }
    default:
      return kNoIndex;
  }
}

Result to_result(const Val& val) {
  Result result;
  result.status = val.status;
  if (val.status == Status::kKnown) result.value = val.value;
  if (val.info) {
    result.missing.assign(val.info->missing.begin(), val.info->missing.end());
    result.missing_members = val.info->members;
    result.reasons = val.info->reasons;
    result.code = val.info->code;
    result.message = val.info->message;
    result.unmet.assign(val.info->unmet.begin(), val.info->unmet.end());
  }
  return result;
}

bool same(const Result& a, const Result& b) {
  if (a.status != b.status) return false;
  switch (a.status) {
    case Status::kKnown:
      return equal(a.value, b.value) && a.unmet == b.unmet;
    case Status::kUndetermined:
      return a.missing == b.missing && std::ranges::equal(a.missing_members, b.missing_members, equal);
    case Status::kNone:
      return a.reasons == b.reasons;
    case Status::kError:
      return a.code == b.code;
  }
  return false;
}

Evaluator::Evaluator(const Program& program, const Context& context, const EvaluateLimits& limits)
    : state_(std::make_unique<State>(program, context, limits)) {}

Evaluator::~Evaluator() = default;

const Result& Evaluator::rule(Index rule, Trace* trace) {
  state_->trace = trace;
  const Val& val = state_->rule(rule);
  state_->trace = nullptr;
  auto& result = state_->memo[rule]->result;
  if (!result) result = to_result(val);
  return *result;
}

Result Evaluator::expression(const Code& code, Trace* trace) {
  state_->trace = trace;
  const Val val = state_->eval(code);
  state_->trace = nullptr;
  return to_result(val);
}

bool Evaluator::hold(const std::vector<ExigenceInfo>& list) {
  for (Index i = 0; i < list.size(); ++i) {
    if (!truth(state_->exigence(list[i], i), true)) return false;
  }
  return true;
}

std::vector<Result> Evaluator::exigences(const std::vector<ExigenceInfo>& list, Trace* trace) {
  std::vector<Result> out;
  out.reserve(list.size());
  state_->trace = trace;
  for (Index i = 0; i < list.size(); ++i) out.push_back(to_result(state_->exigence(list[i], i)));
  state_->trace = nullptr;
  return out;
}

}  // namespace assemblier::dsl
