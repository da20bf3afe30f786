// regles verifier | tester | evaluer | expliquer: what needs a rule file and no journal.

#include "dsl/evaluate.hpp"
#include "dsl/text.hpp"
#include "engine/typing.hpp"
#include "tools/commands.hpp"
#include "tools/datum_json.hpp"
#include "tools/opening.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace assemblier::tools {
namespace {

using Facts = std::vector<std::optional<dsl::Value>>;

/// The worse of two outcomes when files are done one after the other.
Exit worse(Exit a, Exit b) { return static_cast<int>(a) > static_cast<int>(b) ? a : b; }

/// Compiles a file and shows what it has to say; null when it cannot be used. Never throws for a bad file.
dsl::Compiled compile_and_show(Session& session, const std::string& file, Exit& code) {
  try {
    const std::string text = read_rules(file);
    auto compiled = dsl::compile(text);
    show_diagnostics(session, compiled.diagnostics, text, file);
    if (!compiled.program) code = worse(code, Exit::kNo);
    return compiled;
  } catch (const Failure& failure) {
    say(fmt::format("assemblier : {}", failure.message));
    code = worse(code, failure.code);
    return {};
  }
}

dsl::Index chosen_objet(const dsl::Program& program, const std::string& wanted) {
  std::vector<std::string> names;
  for (const auto& objet : program.objets) names.push_back(objet.name);
  if (!wanted.empty()) {
    const auto index = program.find_objet(dsl::nfc(wanted));
    if (index == dsl::kNoIndex) {
      throw Failure{Exit::kUsage, fmt::format("« {} » n'est pas un objet de cette édition ; {}", wanted,
                                              engine::name_help(wanted, names))};
    }
    return index;
  }
  std::vector<dsl::Index> with_rules;
  for (dsl::Index i = 0; i < program.objets.size(); ++i) {
    const auto decides = [i](const dsl::RuleInfo& rule) { return rule.objet == i && rule.is_decision(); };
    if (std::any_of(program.rules.begin(), program.rules.end(), decides)) with_rules.push_back(i);
  }
  if (with_rules.size() == 1) return with_rules.front();
  if (with_rules.empty()) throw Failure{Exit::kNo, "cette édition ne déclare aucune décision ni condition à évaluer"};
  throw Failure{Exit::kUsage, fmt::format("cette édition décide de plusieurs objets ; dites lequel avec --objet ({})",
                                          engine::name_help("", names))};
}

std::expected<Facts, JsonError> read_facts(const dsl::Program& program, dsl::Index objet, std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return std::unexpected(json.error());
  const auto data = map_from_json(*json, "les faits");
  if (!data) return std::unexpected(data.error());
  auto facts = engine::typed_facts(program, objet, *data);
  if (facts) return std::move(*facts);
  std::string message;
  for (const auto& error : facts.error()) message += (message.empty() ? "" : " ; ") + error.message;
  return std::unexpected(JsonError{"F0001", std::move(message)});
}

std::vector<dsl::Index> decisions_of(const dsl::Program& program, dsl::Index objet) {
  std::vector<dsl::Index> rules;
  for (dsl::Index i = 0; i < program.rules.size(); ++i) {
    if (program.rules[i].objet == objet && program.rules[i].is_decision()) rules.push_back(i);
  }
  return rules;
}

/// The motif of a décision as a tree of objects.
class TraceJson {
 public:
  TraceJson(const dsl::Program& program, const dsl::Context& context) : program_(program), context_(context) {}

  Json operator()(const dsl::Trace& trace, const dsl::RuleInfo* rule = nullptr) const {
    Json json = Json::object();
    const dsl::RuleInfo* inside = rule;
    switch (trace.kind) {
      case dsl::Trace::Kind::kRule:
        inside = &program_.rules[trace.id];
        json.set("règle", Json(inside->name)).set("conclusion", to_json(program_, trace.id, trace.result()));
        cite(json, inside->citations);
        break;
      case dsl::Trace::Kind::kCase:
        json.set("cas", Json(std::uint64_t{trace.id} + 1)).set("conclusion", conclusion(trace.result()));
        if (rule != nullptr && trace.id < rule->cases.size()) cite(json, rule->cases[trace.id].citations);
        break;
      case dsl::Trace::Kind::kExigence:
        if (rule != nullptr && trace.id < rule->exigences.size())
          json.set("exigence", Json(rule->exigences[trace.id].label));
        json.set("conclusion", conclusion(trace.result()));
        if (rule != nullptr && trace.id < rule->exigences.size()) cite(json, rule->exigences[trace.id].citations);
        break;
      case dsl::Trace::Kind::kFact:
        json.set("fait", Json(dsl::fact_name(program_, context_.objet, trace.id))).set("valeur", fact(trace.id));
        break;
      case dsl::Trace::Kind::kParameter:
        parameter(json, program_.parameters[trace.id]);
        break;
    }
    if (trace.repeated) json.set("déjà dit", Json(true));
    Json::Array children;
    for (const auto& child : trace.children) children.push_back((*this)(child, inside));
    if (!children.empty()) json.set("étapes", Json(std::move(children)));
    return json;
  }

 private:
  static void cite(Json& json, const std::vector<dsl::Citation>& citations) {
    if (!citations.empty()) json.set("sources", Json::texts(citations));
  }
  /// Of a case's or an exigence's condition, which has no exigences of its own.
  [[nodiscard]] Json conclusion(dsl::Result result) const {
    result.unmet.clear();
    return to_json(program_, 0, result);
  }
  /// null when unknown.
  [[nodiscard]] Json fact(dsl::FactId id) const {
    const bool known = context_.facts != nullptr && id < context_.facts->size() && (*context_.facts)[id].has_value();
    return known ? to_json(program_, *(*context_.facts)[id]) : Json();
  }
  void parameter(Json& json, const dsl::ParameterInfo& parameter) const {
    json.set(parameter.setting ? "réglage" : "paramètre", Json(parameter.name));
    if (parameter.values.size() == 1) json.set("valeur", to_json(program_, parameter.values.front().value));
    cite(json, parameter.citations);
  }

  const dsl::Program& program_;
  const dsl::Context& context_;
};

}  // namespace

Exit regles_verifier(Session& session, const std::vector<std::string>& files) {
  Exit code = Exit::kDone;
  for (const auto& file : files) {
    Exit own = Exit::kDone;
    const auto compiled = compile_and_show(session, file, own);
    code = worse(code, own);
    if (own == Exit::kInput) continue;
    std::uint64_t errors = 0;
    for (const auto& diagnostic : compiled.diagnostics)
      errors += diagnostic.severity == dsl::Severity::kError ? 1U : 0U;
    session.out.flush();
    say(fmt::format("{} : {}, {}", file, counted(errors, "erreur", "erreurs"),
                    counted(compiled.diagnostics.size() - errors, "avertissement", "avertissements")));
  }
  return code;
}

Exit regles_tester(Session& session, const std::vector<std::string>& files) {
  Exit code = Exit::kDone;
  for (const auto& file : files) {
    Exit own = Exit::kDone;
    std::shared_ptr<const dsl::Program> program;
    try {
      program = load_program(file);
    } catch (const Failure& failure) {
      say(fmt::format("assemblier : {}", failure.message));
      code = worse(code, failure.code);
      continue;
    }
    const auto outcomes = dsl::run_scenarios(*program);
    std::uint64_t failed = 0;
    for (const auto& outcome : outcomes) {
      const auto& scenario = program->scenarios[outcome.scenario];
      if (!outcome.passed) ++failed;
      if (session.json) {
        Json json = Json::object();
        json.set("fichier", Json(file)).set("scénario", Json(scenario.title));
        json.set("ligne", Json(std::uint64_t{dsl::line_column(program->text, scenario.span.begin).line}));
        json.set("réussi", Json(outcome.passed));
        if (!outcome.passed) json.set("échecs", Json::texts(outcome.failures));
        session.out.line(to_text(json));
        continue;
      }
      session.out.line(fmt::format("{} « {} »", outcome.passed ? "réussi" : "ÉCHEC ", scenario.title));
      for (const auto& failure : outcome.failures) session.out.line("         " + failure);
    }
    session.out.flush();
    say(fmt::format("{} : {}, {}", file, counted(outcomes.size(), "scénario", "scénarios"),
                    counted(failed, "échec", "échecs")));
    if (failed > 0) own = Exit::kNo;
    code = worse(code, own);
  }
  return code;
}

Exit regles_evaluer(Session& session, const FactsOptions& options) {
  const auto program = load_program(options.file);
  const auto objet = chosen_objet(*program, options.objet);
  const auto rules = decisions_of(*program, objet);
  LineReader reader(options.facts);
  Progress progress("lignes évaluées");
  Exit code = Exit::kDone;
  std::uint64_t done = 0;
  std::uint64_t bad = 0;
  while (const auto line = reader.next()) {
    if (line->text.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (!reader.ready()) session.out.flush();
    auto facts = line->too_long ? std::unexpected(JsonError{"J0009", "cette ligne est trop longue"})
                                : read_facts(*program, objet, line->text);
    if (!facts) {
      ++bad;
      code = Exit::kInput;
      if (session.json) {
        Json json = Json::object();
        json.set("ligne", Json(line->number)).set("erreur", error_json(facts.error().code, facts.error().message));
        session.out.line(to_text(json));
      } else {
        session.out.line(
            fmt::format("ligne {} : illisible, {} {}", line->number, facts.error().code, facts.error().message));
      }
      continue;
    }
    ++done;
    dsl::Context context{.objet = objet, .facts = &*facts};
    dsl::Evaluator evaluator(*program, context);
    if (session.json) {
      Json decisions = Json::object();
      for (const auto rule : rules)
        decisions.set(program->rules[rule].name, to_json(*program, rule, evaluator.rule(rule)));
      Json json = Json::object();
      json.set("ligne", Json(line->number)).set("décisions", std::move(decisions));
      session.out.line(to_text(json));
    } else {
      session.out.line(fmt::format("ligne {}", line->number));
      for (const auto rule : rules) {
        session.out.line(
            fmt::format("  {} : {}", program->rules[rule].name, in_french(*program, rule, evaluator.rule(rule))));
      }
    }
    progress.at(reader.bytes_read(), reader.size().value_or(0));
  }
  session.out.flush();
  if (done + bad == 0) say(fmt::format("{} : aucune ligne de faits", options.facts));
  if (bad > 0) {
    say(fmt::format("{}, {}", counted(done, "ligne évaluée", "lignes évaluées"),
                    counted(bad, "ligne illisible", "lignes illisibles")));
  }
  return code;
}

Exit regles_expliquer(Session& session, const FactsOptions& options) {
  const auto program = load_program(options.file);
  const auto objet = chosen_objet(*program, options.objet);
  auto rules = decisions_of(*program, objet);
  if (!options.decision.empty()) {
    const auto wanted = program->find_rule(dsl::nfc(options.decision));
    if (wanted == dsl::kNoIndex) {
      std::vector<std::string> names;
      for (const auto rule : rules) names.push_back(program->rules[rule].name);
      throw Failure{Exit::kUsage, fmt::format("« {} » n'est pas une décision de cette édition ; {}", options.decision,
                                              engine::name_help(options.decision, names))};
    }
    rules = {wanted};
  }
  const std::string text = read_whole(options.facts);
  const auto facts =
      read_facts(*program, objet, text.starts_with("\xEF\xBB\xBF") ? std::string_view(text).substr(3) : text);
  if (!facts)
    throw Failure{Exit::kInput, fmt::format("{} : {} {}", options.facts, facts.error().code, facts.error().message)};
  dsl::Context context{.objet = objet, .facts = &*facts};
  for (const auto rule : rules) {
    dsl::Evaluator evaluator(*program, context);  // one each: a trace tells a rule once
    dsl::Trace trace;                             // holds what is told as its children
    const auto& result = evaluator.rule(rule, &trace);
    if (session.json) {
      Json json = Json::object();
      json.set("décision", Json(program->rules[rule].name)).set("réponse", to_json(*program, rule, result));
      if (!trace.children.empty()) json.set("motif", TraceJson(*program, context)(trace.children.front()));
      session.out.line(to_text(json));
    } else {
      session.out.text(dsl::tell(*program, context, trace));
      session.out.line("");
    }
  }
  return Exit::kDone;
}

}  // namespace assemblier::tools
