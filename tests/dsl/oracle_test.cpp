// The real evaluator against the naive one, on random éditions and facts: same conclusion, same missing facts, same
// reasons, same error, for every rule.

#include "tests/dsl/oracle/combine.hpp"
#include "tests/dsl/oracle/harness.hpp"

#include <array>
#include <map>
#include <set>

#include <gtest/gtest.h>

namespace assemblier::dsl::oracle {
namespace {

struct Tally {
  std::size_t editions = 0, refused = 0, answers = 0;
  std::map<Status, std::size_t> by_status;
  std::set<std::string> codes;
};

constexpr std::array kMissing{0, 15, 40, 75};

/// An oracle that does not understand is a disagreement, not the end of the test.
Answer answer(Oracle& oracle, const std::string& rule) {
  try {
    return oracle.rule(rule);
  } catch (const std::exception& exception) {
    return error(std::string("the oracle: ") + exception.what());
  }
}

/// The first disagreement of one édition, told; nothing when there is none.
std::optional<std::string> disagreement(Subject& subject, int rounds, Flaw flaw, Tally& tally) {
  for (int round = 0; round < rounds; ++round) {
    const auto turn = static_cast<std::size_t>(round);
    const Facts facts = subject.generator.facts(kMissing[turn % kMissing.size()], turn % 5 == 4);
    const std::vector<Answer> real = answers(*subject.program, facts);
    Oracle oracle(*subject.parsed.file, facts, flaw);
    for (std::size_t rule = 0; rule < real.size(); ++rule) {
      const std::string& name = subject.program->rules[rule].name;
      const Answer naive = answer(oracle, name);
      ++tally.answers;
      ++tally.by_status[real[rule].status];
      if (is(real[rule], Status::kError)) tally.codes.insert(real[rule].code);
      if (!(real[rule] == naive))
        return report(subject, facts, name + "\n  real:  " + show(real[rule]) + "\n  naive: " + show(naive) + "\n");
    }
  }
  return {};
}

TEST(Oracle, AgreesOnRandomEditionsAndFacts) {
  const Campaign campaign = oracle::campaign(150, 20);
  Tally tally;
  std::size_t disagreements = 0;
  for (std::uint64_t seed = campaign.first; seed < campaign.first + campaign.editions; ++seed) {
    const auto subject = oracle::subject(seed);
    ++tally.editions;
    if (!subject) {
      ++tally.refused;
      continue;
    }
    if (const auto found = disagreement(*subject, campaign.facts, Flaw::kNone, tally)) {
      ADD_FAILURE() << *found;
      if (++disagreements == 3) break;
    }
  }
  RecordProperty("answers", std::to_string(tally.answers));
  if (campaign.editions < 100 || disagreements > 0) return;
  // a comparison of nothing proves nothing
  EXPECT_LT(tally.refused * 5, tally.editions) << "the generator writes éditions that do not compile";
  for (const Status status : {Status::kKnown, Status::kUndetermined, Status::kNone, Status::kError})
    EXPECT_GT(tally.by_status[status] * 50, tally.answers) << "status " << static_cast<int>(status);
  for (const char* code : {"E0002", "E0003", "E0004", "E0005", "E0006", "E0010", "E0011"})
    EXPECT_TRUE(tally.codes.contains(code)) << code << " was never reached";
}

/// The comparison would notice: each deliberate mistake in the oracle shows up.
TEST(Oracle, NoticesEveryDeliberateMistake) {
  for (const Flaw flaw : {Flaw::kWeakKleene, Flaw::kShortCircuit, Flaw::kFirstCaseWins, Flaw::kSinonTooEarly,
                          Flaw::kHalfEvenIsAway, Flaw::kSilenceIsRefusal}) {
    Tally tally;
    bool noticed = false;
    for (std::uint64_t seed = 0; seed < 400 && !noticed; ++seed)
      if (const auto subject = oracle::subject(seed)) noticed = disagreement(*subject, 20, flaw, tally).has_value();
    EXPECT_TRUE(noticed) << "flaw " << static_cast<int>(flaw);
  }
}

/// A grille is a décision by cases, written as a grid.
TEST(Oracle, AGrilleIsItsCases) {
  const Campaign campaign = oracle::campaign(120, 12);
  std::size_t compared = 0;
  for (std::uint64_t seed = campaign.first; seed < campaign.first + campaign.editions; ++seed) {
    const auto subject = oracle::subject(seed);
    if (!subject || subject->generator.edition().twins.empty()) continue;
    for (int round = 0; round < campaign.facts; ++round) {
      const Facts facts = subject->generator.facts(kMissing[static_cast<std::size_t>(round) % kMissing.size()], false);
      const std::vector<Answer> real = answers(*subject->program, facts);
      for (const auto& [grid, cases] : subject->generator.edition().twins) {
        const Answer& one = real[subject->program->find_rule(grid)];
        const Answer& other = real[subject->program->find_rule(cases)];
        ASSERT_TRUE(one == other) << report(
            *subject, facts, grid + " / " + cases + "\n  grille: " + show(one) + "\n  cases:  " + show(other) + "\n");
        ++compared;
      }
    }
  }
  if (campaign.editions > 1) {
    EXPECT_GT(compared, 500U);
  }
}

}  // namespace
}  // namespace assemblier::dsl::oracle
