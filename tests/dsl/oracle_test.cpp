// The real evaluator against the naive one, on random éditions and facts: same conclusion, same missing facts, same
// reasons, same error, for every rule.

#include "tests/dsl/oracle/combine.hpp"
#include "tests/dsl/oracle/harness.hpp"

#include <array>
#include <iostream>
#include <map>
#include <set>

#include <gtest/gtest.h>

namespace assemblier::dsl::oracle {
namespace {

struct Tally {
  std::size_t editions = 0, refused = 0, answers = 0;
  std::map<Status, std::size_t> by_status;
  std::set<std::string> codes;
  std::set<std::size_t> kinds;  ///< of expressions
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

Facts facts_of_round(Subject& subject, int round) {
  const auto turn = static_cast<std::size_t>(round);
  return subject.generator.facts(kMissing[turn % kMissing.size()], turn % 5 == 4);
}

/// The first rule on which the real answers and the oracle's differ, told; nothing when there is none.
std::optional<std::string> disagreement(const Subject& subject, const Facts& facts, const std::vector<Answer>& real,
                                        Flaw flaw) {
  Oracle oracle(*subject.parsed.file, facts, flaw);
  for (std::size_t rule = 0; rule < real.size(); ++rule) {
    const std::string& name = subject.program->rules[rule].name;
    const Answer naive = answer(oracle, name);
    if (!(real[rule] == naive))
      return report(subject, facts, name + "\n  real:  " + show(real[rule]) + "\n  naive: " + show(naive) + "\n");
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
    tally.kinds.merge(expression_kinds(*subject->parsed.file));
    std::optional<std::string> found;
    for (int round = 0; round < campaign.facts && !found; ++round) {
      const Facts facts = facts_of_round(*subject, round);
      const std::vector<Answer> real = answers(*subject->program, facts);
      for (const Answer& each : real) {
        ++tally.answers;
        ++tally.by_status[each.status];
        if (is(each, Status::kError)) tally.codes.insert(each.code);
      }
      found = disagreement(*subject, facts, real, Flaw::kNone);
    }
    if (!found) continue;
    ADD_FAILURE() << *found;
    if (++disagreements == 3) break;
  }
  std::cout << tally.editions << " éditions, " << tally.refused << " refused, " << tally.answers << " answers: known "
            << tally.by_status[Status::kKnown] << ", undetermined " << tally.by_status[Status::kUndetermined]
            << ", aucune " << tally.by_status[Status::kNone] << ", error " << tally.by_status[Status::kError] << "\n";
  if (campaign.editions < 100 || disagreements > 0) return;
  // a comparison of nothing proves nothing
  EXPECT_LT(tally.refused * 5, tally.editions) << "the generator writes éditions that do not compile";
  for (const Status status : {Status::kKnown, Status::kUndetermined, Status::kNone, Status::kError})
    EXPECT_GT(tally.by_status[status] * 50, tally.answers) << "status " << static_cast<int>(status);
  EXPECT_EQ(tally.kinds.size(), std::variant_size_v<decltype(ast::Expr::node)>) << "a kind of expression never occurs";
  for (const char* code : {"E0002", "E0003", "E0004", "E0005", "E0006", "E0010", "E0011"})
    EXPECT_TRUE(tally.codes.contains(code)) << code << " was never reached";
}

/// The comparison would notice: each deliberate mistake in the oracle shows up.
TEST(Oracle, NoticesEveryDeliberateMistake) {
  std::set<Flaw> unnoticed{Flaw::kWeakKleene,    Flaw::kShortCircuit,   Flaw::kFirstCaseWins,
                           Flaw::kSinonTooEarly, Flaw::kHalfEvenIsAway, Flaw::kSilenceIsRefusal};
  for (std::uint64_t seed = 0; seed < 300 && !unnoticed.empty(); ++seed) {
    const auto subject = oracle::subject(seed);
    if (!subject) continue;
    for (int round = 0; round < 12; ++round) {
      const Facts facts = facts_of_round(*subject, round);
      const std::vector<Answer> real = answers(*subject->program, facts);
      std::erase_if(unnoticed, [&](Flaw flaw) {
        const bool noticed = disagreement(*subject, facts, real, flaw).has_value();
        if (noticed) std::cout << "mistake " << static_cast<int>(flaw) << " noticed by seed " << seed << "\n";
        return noticed;
      });
    }
  }
  for (const Flaw flaw : unnoticed) ADD_FAILURE() << "nobody notices the deliberate mistake " << static_cast<int>(flaw);
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
