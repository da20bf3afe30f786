#include "tests/dsl/oracle/harness.hpp"

#include <cstdlib>

namespace assemblier::dsl::oracle {

std::unique_ptr<Subject> subject(std::uint64_t seed, bool about_facts) {
  Generator generator(seed, about_facts);
  std::string text = generator.edition().text();
  Parsed parsed = parse(text);
  std::shared_ptr<const Program> program = compile(text).program;
  if (!program) return nullptr;
  return std::make_unique<Subject>(seed, std::move(generator), std::move(text), std::move(parsed), std::move(program));
}

RealFacts::RealFacts(const Program& program, const Facts& facts)
    : fields_(fields(program, facts)), recorded_(recorded(program, facts)) {}

std::vector<Answer> answers(const Program& program, const Facts& facts) {
  const RealFacts real(program, facts);
  Evaluator evaluator(program, real.context());
  std::vector<Answer> all;
  for (Index rule = 0; rule < program.rules.size(); ++rule) all.push_back(from(program, evaluator.rule(rule)));
  return all;
}

std::string show(const Facts& facts) {
  std::string text;
  for (const auto& [name, thing] : facts.fields) text += "  " + name + " = " + show(thing) + "\n";
  for (const auto& [name, answer] : facts.recorded) text += "  " + name + " retenue = " + show(answer) + "\n";
  return text;
}

std::string report(const Subject& subject, const Facts& facts, const std::string& what) {
  return "seed " + std::to_string(subject.seed) + "\n" + subject.text + "facts:\n" + show(facts) + what;
}

Campaign campaign(std::uint64_t quick_editions, int quick_facts) {
  const auto from_environment = [](const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
  };
  const bool alone = std::getenv("ASSEMBLIER_SEED") != nullptr;
  const bool lengthy = std::getenv("ASSEMBLIER_LONG") != nullptr;
  return {.first = from_environment("ASSEMBLIER_SEED", 0),
          .editions = from_environment("ASSEMBLIER_EDITIONS", alone ? 1 : quick_editions * (lengthy ? 40 : 1)),
          .facts = lengthy || alone ? quick_facts * 4 : quick_facts};
}

}  // namespace assemblier::dsl::oracle
