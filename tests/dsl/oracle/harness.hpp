#pragma once
// Random éditions compiled, random facts answered by both evaluators: what the tests of this folder share.

#include "dsl/parse.hpp"
#include "tests/dsl/oracle/compare.hpp"
#include "tests/dsl/oracle/generator.hpp"

#include <memory>
#include <optional>
#include <string>

namespace assemblier::dsl::oracle {

/// One seed: an édition that compiles, and where its facts come from.
struct Subject {
  std::uint64_t seed = 0;
  Generator generator;
  std::string text;
  Parsed parsed;
  std::shared_ptr<const Program> program;
};

/// Nothing when the édition is refused (two cases that are found to overlap, a constant of two types).
[[nodiscard]] std::unique_ptr<Subject> subject(std::uint64_t seed, bool about_facts = true);

/// Facts in the form of the real evaluator, kept alive beside its context.
struct RealFacts {
  RealFacts(const Program& program, const Facts& facts);
  [[nodiscard]] Context context() const { return {.objet = 0, .facts = &fields_, .recorded = &recorded_}; }

 private:
  std::vector<std::optional<Value>> fields_;
  Recorded recorded_;
};

/// Every rule answered by the real evaluator.
[[nodiscard]] std::vector<Answer> answers(const Program& program, const Facts& facts);

[[nodiscard]] std::string show(const Facts& facts);
/// The seed, the édition, the facts, and what was said: enough to begin from.
[[nodiscard]] std::string report(const Subject& subject, const Facts& facts, const std::string& what);

/// The quick run of every day, or the long one (ASSEMBLIER_LONG=1); ASSEMBLIER_SEED=n runs that seed alone, or as many
/// from there as ASSEMBLIER_EDITIONS says.
struct Campaign {
  std::uint64_t first = 0;
  std::uint64_t editions = 0;
  int facts = 0;
};
[[nodiscard]] Campaign campaign(std::uint64_t quick_editions, int quick_facts);

}  // namespace assemblier::dsl::oracle
