#include "dsl/evaluate_core.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace assemblier::dsl {

namespace {

std::string source_text(const Program& program, Span span) {
  std::string out;
  bool blank = false;
  bool comment = false;
  for (std::size_t i = span.begin; i < span.end && i < program.text.size(); ++i) {
    const char c = program.text[i];
    if (c == '\n') comment = false;
    if (program.text.compare(i, 2, "--") == 0 &&
        (i == span.begin || program.text[i - 1] == ' ' || program.text[i - 1] == '\n'))
      comment = true;
    if (comment) continue;
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      blank = !out.empty();
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

bool literal(const Code& code) { return code->op == Op::kConst; }

bool is_comparison(Op op) {
  return op == Op::kEq || op == Op::kNe || op == Op::kLt || op == Op::kLe || op == Op::kGt || op == Op::kGe ||
         op == Op::kBetween;
}

class Teller {
 public:
  Teller(const Program& program, const Context& context) : program_(program), state_(program, context, {}) {}

  [[nodiscard]] std::string value(const Code& code) {
    const Val val = state_.eval(code);
    switch (val.status) {
      case Status::kKnown:
        return show(program_, val.value);
      case Status::kUndetermined:
        return "inconnu";
      case Status::kNone:
        return "aucune";
      case Status::kError:
        return "erreur";
    }
    return {};
  }

  /// « a = 3 ; b = 12 000,00 € », for every operand that is not written out.
  void operands(const Code& code, std::vector<std::string>& out) {
    const auto note = [&](const Code& operand) {
      if (literal(operand) || operand->op == Op::kList || operand->op == Op::kElement || operand->op == Op::kColumn)
        return;
      std::string text = fmt::format("{} = {}", source_text(program_, operand->span), value(operand));
      if (std::ranges::find(out, text) == out.end()) out.push_back(std::move(text));
    };
    switch (code->op) {
      case Op::kAnd:
      case Op::kOr:
      case Op::kNot:
        for (const Code& kid : code->kids) operands(kid, out);
        return;
      case Op::kQuantified:
        note(code->kids[0]);
        if (static_cast<ast::Quantified::Test>(code->b) != ast::Quantified::Test::kVerify) note(code->kids[1]);
        return;
      case Op::kIn:
      case Op::kIf:
        for (const Code& kid : code->kids) note(kid);
        return;
      default:
        if (is_comparison(code->op)) {
          for (const Code& kid : code->kids) note(kid);
        } else {
          note(code);
        }
    }
  }

  [[nodiscard]] std::string remedy(const Code& code, bool wanted) {
    const Val val = state_.eval(code);
    if (val.status != Status::kKnown || val.value.as<bool>() == wanted) return {};
    if (code->op == Op::kNot) return remedy(code->kids[0], !wanted);
    if (code->op == Op::kAnd || code->op == Op::kOr) return remedies(code, wanted);
    if (code->op == Op::kIn || code->op == Op::kQuantified) return membership(code, wanted);
    if (!is_comparison(code->op) || code->op == Op::kBetween) return between(code, wanted);
    return bound(code, wanted);
  }

 private:
  [[nodiscard]] std::string name(const Code& code) const { return source_text(program_, code->span); }
  [[nodiscard]] static bool fact(const Code& code) {
    return code->op == Op::kField || code->op == Op::kDonnee || code->op == Op::kLookup || code->op == Op::kCount ||
           code->op == Op::kActor;
  }

  [[nodiscard]] std::string remedies(const Code& code, bool wanted) {
    std::vector<std::string> parts;
    for (const Code& kid : code->kids) {
      if (std::string text = remedy(kid, wanted); !text.empty()) parts.push_back(std::move(text));
    }
    const bool all = (code->op == Op::kAnd) == wanted;  // every failed part must change, or any one of them
    std::string out;
    for (const auto& part : parts) out += (out.empty() ? "" : all ? " ; et " : " ; ou ") + part;
    return out;
  }

  [[nodiscard]] std::string bound(const Code& code, bool wanted) {
    Code left = code->kids[0];
    Code right = code->kids[1];
    Op op = code->op;
    const auto flip = [](Op o) {
      switch (o) {
        case Op::kLt:
          return Op::kGt;
        case Op::kLe:
          return Op::kGe;
        case Op::kGt:
          return Op::kLt;
        case Op::kGe:
          return Op::kLe;
        default:
          return o;
      }
    };
    const auto negate = [](Op o) {
      switch (o) {
        case Op::kLt:
          return Op::kGe;
        case Op::kLe:
          return Op::kGt;
        case Op::kGt:
          return Op::kLe;
        case Op::kGe:
          return Op::kLt;
        case Op::kEq:
          return Op::kNe;
        default:
          return Op::kEq;
      }
    };
    if (!fact(left)) {
      if (!fact(right)) return {};
      std::swap(left, right);
      op = flip(op);
    }
    if (!wanted) op = negate(op);
    const char* words = op == Op::kLt   ? "moins de"
                        : op == Op::kLe ? "au plus"
                        : op == Op::kGt ? "plus de"
                        : op == Op::kGe ? "au moins"
                        : op == Op::kNe ? "autre chose que"
                                        : "exactement";
    if (left->type->kind == Type::Kind::kDate) {
      words = op == Op::kLt   ? "avant le"
              : op == Op::kLe ? "au plus tard le"
              : op == Op::kGt ? "après le"
              : op == Op::kGe ? "au plus tôt le"
              : op == Op::kNe ? "un autre jour que le"
                              : "le";
    } else if (left->type->kind != Type::Kind::kMontant && left->type->kind != Type::Kind::kEntier &&
               left->type->kind != Type::Kind::kTaux && op == Op::kEq) {
      words = "être";
    }
    return fmt::format("{} : {} {} (ici {})", name(left), words, value(right), value(left));
  }

  [[nodiscard]] std::string between(const Code& code, bool wanted) {
    if (code->op != Op::kBetween || !wanted || !fact(code->kids[0])) return {};
    return fmt::format("{} : de {} à {} (ici {})", name(code->kids[0]), value(code->kids[1]), value(code->kids[2]),
                       value(code->kids[0]));
  }

  [[nodiscard]] std::string membership(const Code& code, bool wanted) {
    const bool quantified = code->op == Op::kQuantified;
    // What follows « vérifient » speaks of an element, and has no value by itself.
    if (quantified && static_cast<ast::Quantified::Test>(code->b) == ast::Quantified::Test::kVerify) return {};
    const Val list = state_.eval(code->kids[1]);
    if (!quantified) {
      if (list.status != Status::kKnown) return {};
      const bool inside = (code->a == 0) == wanted;
      if (inside && list.value.as<List>()->empty()) return {};
      return fmt::format("{} : {} {} (ici {})", name(code->kids[0]), inside ? "une valeur parmi" : "une valeur hors de",
                         show(program_, list.value), value(code->kids[0]));
    }
    const auto test = static_cast<ast::Quantified::Test>(code->b);
    const Val source = state_.eval(code->kids[0]);
    if (!wanted || static_cast<ast::Quantifier>(code->a) != ast::Quantifier::kAll || source.status != Status::kKnown ||
        list.status != Status::kKnown || test == ast::Quantified::Test::kVerify) {
      return {};
    }
    std::string missing;
    for (const Value& item : *source.value.as<List>()) {
      const bool there =
          test == ast::Quantified::Test::kHas
              ? std::ranges::any_of(*list.value.as<Map>(), [&](const auto& e) { return equal(e.first, item); })
              : std::ranges::any_of(*list.value.as<List>(), [&](const Value& v) { return equal(v, item); });
      if (!there) missing += (missing.empty() ? "" : ", ") + show(program_, item);
    }
    return fmt::format("{} : ajouter {}", name(code->kids[1]), missing);
  }

  const Program& program_;
  Evaluator::State state_;
};

std::string conclusion(const Program& program, Index objet, const Result& result) {
  switch (result.status) {
    case Status::kKnown:
      return show(program, result.value);
    case Status::kUndetermined: {
      std::string facts;
      for (const FactId fact : result.missing) facts += (facts.empty() ? "" : ", ") + fact_name(program, objet, fact);
      std::string members;
      for (const Value& member : result.missing_members)
        members += (members.empty() ? "" : ", ") + show(program, member);
      return "indéterminée, il manque : " + facts + (members.empty() ? "" : " (de " + members + ")");
    }
    case Status::kNone: {
      std::string reasons;
      for (const auto& reason : result.reasons) reasons += (reasons.empty() ? " : " : " ; ") + reason;
      return "aucune" + reasons;
    }
    case Status::kError:
      return "erreur " + result.code + " : " + result.message;
  }
  return {};
}

std::string verdict(const Result& result) {
  if (result.is_true()) return "oui";
  if (result.is_false()) return "non";
  return result.status == Status::kUndetermined ? "on ne sait pas"
         : result.status == Status::kNone       ? "sans objet"
                                                : "erreur " + result.code;
}

std::string cited(const std::vector<Citation>& citations) {
  std::string text;
  for (const auto& citation : citations) text += (text.empty() ? "  [" : " ; ") + citation;
  return text.empty() ? text : text + "]";
}

void tell_into(const Program& program, const Context& context, const Trace& trace, const RuleInfo* owner, int depth,
               std::string& out) {
  const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
  const RuleInfo* inside = owner;
  switch (trace.kind) {
    case Trace::Kind::kRule: {
      const RuleInfo& rule = program.rules[trace.id];
      inside = &rule;
      out += fmt::format("{}{} = {}{}{}\n", indent, rule.name, conclusion(program, context.objet, trace.result()),
                         cited(rule.citations), trace.repeated ? "  (voir plus haut)" : "");
      if (!trace.repeated && rule.kind == RuleInfo::Kind::kDefinition && rule.value) {
        out += fmt::format("{}  selon : {}\n", indent, source_text(program, rule.value->span));
      }
      break;
    }
    case Trace::Kind::kCase: {
      const RuleInfo::Case& item = owner->cases[trace.id];
      out += fmt::format("{}cas « {} » : {}{}\n", indent, source_text(program, item.span), verdict(trace.result()),
                         cited(item.citations));
      break;
    }
    case Trace::Kind::kExigence: {
      const ExigenceInfo& item = owner->exigences[trace.id];
      out += fmt::format("{}exige « {} » : {}{}\n", indent, item.label, verdict(trace.result()), cited(item.citations));
      if (!trace.result().is_true()) {
        if (const std::string values = values_in(program, context, item.condition); !values.empty())
          out += fmt::format("{}  constaté : {}\n", indent, values);
        if (const std::string change = remedy(program, context, item.condition); !change.empty())
          out += fmt::format("{}  il suffirait de : {}\n", indent, change);
      }
      break;
    }
    case Trace::Kind::kFact: {
      const bool there = context.facts != nullptr && trace.id < context.facts->size() && (*context.facts)[trace.id];
      out += fmt::format("{}fait {} = {}\n", indent, fact_name(program, context.objet, trace.id),
                         there ? show(program, *(*context.facts)[trace.id]) : "inconnu");
      return;
    }
    case Trace::Kind::kParameter: {
      const ParameterInfo& parameter = program.parameters[trace.id];
      const std::string value =
          parameter.values.size() == 1 ? show(program, parameter.values.front().value) : "selon la date";
      out += fmt::format("{}{} {} = {}{}\n", indent, parameter.setting ? "réglage" : "paramètre", parameter.name, value,
                         cited(parameter.citations));
      return;
    }
  }
  for (const Trace& child : trace.children) tell_into(program, context, child, inside, depth + 1, out);
}

}  // namespace

std::string fact_name(const Program& program, Index objet, FactId fact, const ActeInfo* acte) {
  if (fact >= kDonneeBase) {
    const Index donnee = fact - kDonneeBase;
    return acte != nullptr && donnee < acte->donnees.size() ? acte->donnees[donnee].name
                                                            : fmt::format("donnée {}", donnee + 1);
  }
  if (fact >= kRecordedBase) return program.rules[fact - kRecordedBase].name + " retenue";
  return program.objets[objet].fields[fact].name;
}

std::string remedy(const Program& program, const Context& context, const Code& condition) {
  return Teller(program, context).remedy(condition, true);
}

std::string values_in(const Program& program, const Context& context, const Code& condition) {
  std::vector<std::string> parts;
  Teller(program, context).operands(condition, parts);
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : " ; ") + part;
  return out;
}

std::string tell(const Program& program, const Context& context, const Trace& trace) {
  std::string out;
  for (const Trace& child : trace.children) tell_into(program, context, child, nullptr, 0, out);
  return out;
}

// ---------------------------------------------------------------- scenarios

std::vector<ScenarioOutcome> run_scenarios(const Program& program) {
  std::vector<ScenarioOutcome> out;
  for (Index i = 0; i < program.scenarios.size(); ++i) {
    const ScenarioInfo& scenario = program.scenarios[i];
    ScenarioOutcome outcome{.scenario = i, .passed = true};
    const Context context{.objet = scenario.objet, .facts = &scenario.facts};
    Evaluator evaluator(program, context);
    for (const auto& expected : scenario.expected) {
      using EK = ast::ScenarioDecl::Expected::Kind;
      const RuleInfo& rule = program.rules[expected.rule];
      const Result& found = evaluator.rule(expected.rule);
      std::string wanted;
      bool good = false;
      std::vector<std::string> texts = found.reasons;
      switch (expected.kind) {
        case EK::kValue:
          wanted = show(program, expected.value);
          good = found.status == Status::kKnown && equal(found.value, expected.value);
          texts.clear();
          for (const Index unmet : found.unmet) texts.push_back(rule.exigences[unmet].label);
          break;
        case EK::kNone:
          wanted = "aucune";
          good = found.status == Status::kNone;
          break;
        case EK::kUndetermined:
          wanted = "indéterminée";
          good =
              found.status == Status::kUndetermined && (expected.missing.empty() || expected.missing == found.missing);
          for (const Index fact : expected.missing)
            wanted += (fact == expected.missing.front() ? " : " : ", ") + fact_name(program, scenario.objet, fact);
          break;
        case EK::kError:
          wanted = "erreur";
          good = found.status == Status::kError;
          break;
      }
      auto sorted = expected.texts;
      std::ranges::sort(sorted);
      std::ranges::sort(texts);
      if (good && !expected.texts.empty() && sorted != texts) good = false;
      for (const auto& text : expected.texts) wanted += fmt::format(" « {} »", text);
      if (good) continue;
      outcome.passed = false;
      std::string got = conclusion(program, scenario.objet, found);
      for (const Index unmet : found.unmet) got += fmt::format(" « {} »", rule.exigences[unmet].label);
      outcome.failures.push_back(fmt::format("{} : attendu {}, trouvé {}", rule.name, wanted, got));
    }
    out.push_back(std::move(outcome));
  }
  return out;
}

}  // namespace assemblier::dsl
