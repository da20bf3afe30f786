#include "engine/motif.hpp"

#include "engine/typing.hpp"

#include <algorithm>

namespace assemblier::engine {

namespace {

Truth truth(const dsl::Trace& told) {
  switch (told.status) {
    case dsl::Status::kKnown: {
      const bool* const holds = told.value.get<bool>();
      return holds != nullptr && *holds ? Truth::kTrue : Truth::kFalse;
    }
    case dsl::Status::kUndetermined:
      return Truth::kUndetermined;
    case dsl::Status::kNone:
      return Truth::kNone;
    case dsl::Status::kError:
      return Truth::kError;
  }
  return Truth::kUndetermined;
}

}  // namespace

Motif Flattener::flatten(const dsl::Trace& trace, dsl::Index rule) {
  Motif motif;
  Seen seen(program_.rules.size());
  // The evaluator hangs the rule under the trace it is given.
  const bool under =
      trace.children.size() == 1 && trace.children[0].kind == dsl::Trace::Kind::kRule && trace.children[0].id == rule;
  visit(under ? trace.children[0] : trace, motif, seen);
  return motif;
}

void Flattener::visit(const dsl::Trace& trace, Motif& motif, Seen& seen) {
  switch (trace.kind) {
    case dsl::Trace::Kind::kRule: {
      if (!trace.repeated) told_[trace.id] = &trace;
      if (seen[trace.id]) return;
      seen[trace.id] = true;
      const dsl::Trace& full = trace.repeated && told_[trace.id] != nullptr ? *told_[trace.id] : trace;
      Motif::Step step{.rule = program_.rules[trace.id].name, .status = full.status};
      for (const dsl::Trace& child : full.children) {
        if (child.kind == dsl::Trace::Kind::kCase || child.kind == dsl::Trace::Kind::kExigence) {
          step.branches.push_back({child.id, truth(child)});
        }
      }
      motif.steps.push_back(std::move(step));
      for (const dsl::Trace& child : full.children) visit(child, motif, seen);
      return;
    }
    case dsl::Trace::Kind::kCase:
    case dsl::Trace::Kind::kExigence:
      for (const dsl::Trace& child : trace.children) visit(child, motif, seen);
      return;
    case dsl::Trace::Kind::kFact:
      fact(trace.id, motif);
      return;
    case dsl::Trace::Kind::kParameter:
      return;  // the édition says its value
  }
}

void Flattener::fact(dsl::FactId id, Motif& motif) const {
  std::string name = dsl::fact_name(program_, objet_, id, &acte_);
  if (std::ranges::find(motif.facts, name) == motif.facts.end()) motif.facts.push_back(std::move(name));
}

Decision to_decision(const dsl::Program& program, dsl::Index objet, const dsl::ActeInfo& acte, dsl::Index rule,
                     const dsl::Result& result) {
  Decision decision{.name = program.rules[rule].name, .status = result.status};
  switch (result.status) {
    case dsl::Status::kKnown:
      decision.value = untyped(program, result.value);
      for (const dsl::Index unmet : result.unmet) decision.unmet.push_back(program.rules[rule].exigences[unmet].label);
      break;
    case dsl::Status::kUndetermined:
      decision.missing = missing_names(program, objet, &acte, result);
      for (const dsl::Value& member : result.missing_members)
        decision.missing_members.push_back(untyped(program, member));
      break;
    case dsl::Status::kNone:
      decision.reasons = result.reasons;
      break;
    case dsl::Status::kError:
      decision.reasons = {result.code, result.message};
      break;
  }
  return decision;
}

std::vector<std::string> missing_names(const dsl::Program& program, dsl::Index objet, const dsl::ActeInfo* acte,
                                       const dsl::Result& result) {
  std::vector<std::string> names;
  for (const dsl::FactId fact : result.missing) names.push_back(dsl::fact_name(program, objet, fact, acte));
  return names;
}

}  // namespace assemblier::engine
