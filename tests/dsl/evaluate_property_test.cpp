// What must hold of the evaluator whatever the rules: a fact that arrives never changes a known answer, a fact that is
// not listed as missing never matters, the order of cases and of rules means nothing, and to be told why changes
// nothing.

#include "tests/dsl/oracle/combine.hpp"
#include "tests/dsl/oracle/harness.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include <gtest/gtest.h>

namespace assemblier::dsl::oracle {
namespace {

constexpr std::array kMissing{25, 50, 80};

int missing(int round) { return kMissing[static_cast<std::size_t>(round) % kMissing.size()]; }

/// The facts that these lack, each taken from others with this probability.
Facts completed(const Facts& facts, const Facts& others, const std::function<bool(const std::string&)>& take) {
  Facts more = facts;
  for (const auto& [name, thing] : others.fields)
    if (!facts.fields.contains(name) && take(name)) more.fields.emplace(name, thing);
  for (const auto& [name, answer] : others.recorded)
    if (!facts.recorded.contains(name) && take(name + " retenue")) more.recorded.emplace(name, answer);
  return more;
}

std::set<std::string> names(const Program& program, const std::set<FactId>& facts) {
  std::set<std::string> all;
  for (const FactId fact : facts) all.insert(fact_name(program, 0, fact));
  return all;
}

/// An error comes up while this rule is judged, even where it does not decide.
bool meets_error(const Subject& subject, const Facts& facts, Index rule) {
  Oracle oracle(*subject.parsed.file, facts);
  const Answer answer = oracle.rule(subject.program->rules[rule].name);
  return is(answer, Status::kError) || oracle.met_error();
}

std::string differences(const Subject& subject, const std::vector<Answer>& before, const std::vector<Answer>& after) {
  std::string text;
  for (std::size_t rule = 0; rule < before.size(); ++rule)
    if (!(before[rule] == after[rule]))
      text += "\n  " + subject.program->rules[rule].name + "\n    before: " + show(before[rule]) +
              "\n    after:  " + show(after[rule]);
  return text;
}

TEST(Evaluator, AFactThatArrivesNeverChangesAKnownAnswer) {
  const Campaign campaign = oracle::campaign(60, 12);
  Random random(99);
  std::size_t compared = 0;
  for (std::uint64_t seed = campaign.first; seed < campaign.first + campaign.editions; ++seed) {
    const auto subject = oracle::subject(seed, false);
    if (!subject) continue;
    for (int round = 0; round < campaign.facts; ++round) {
      const Facts facts = subject->generator.facts(missing(round), false);
      const Facts others = subject->generator.facts(0, false);
      const Facts more = completed(facts, others, [&](const std::string&) { return random.chance(60); });
      const std::vector<Answer> before = answers(*subject->program, facts);
      const std::vector<Answer> after = answers(*subject->program, more);
      for (std::size_t rule = 0; rule < before.size(); ++rule) {
        const Answer& was = before[rule];
        const Answer& now = after[rule];
        if (is(was, Status::kUndetermined)) continue;
        ++compared;
        // A reason may show a fact that it could not show before; a condition that is not met may turn out to fail for
        // one more exigence. Only an error that the new facts make may take an answer back.
        const bool same_value = is(was, Status::kKnown) && is(now, Status::kKnown) && was.value == now.value &&
                                std::ranges::includes(now.unmet, was.unmet);
        const bool same_status = is(now, was.status) && !is(was, Status::kKnown);
        const bool kept = same_value || same_status ||
                          (!is(now, Status::kKnown) && meets_error(*subject, more, static_cast<Index>(rule)));
        ASSERT_TRUE(kept) << report(*subject, facts, "") << "and then:\n"
                          << show(more) << subject->program->rules[rule].name << differences(*subject, before, after);
      }
    }
  }
  if (campaign.editions > 1) {
    EXPECT_GT(compared, 1'000U);
  }
}

TEST(Evaluator, AFactNotListedAsMissingDoesNotMatter) {
  const Campaign campaign = oracle::campaign(60, 8);
  std::size_t compared = 0;
  for (std::uint64_t seed = campaign.first; seed < campaign.first + campaign.editions; ++seed) {
    const auto subject = oracle::subject(seed, false);
    if (!subject) continue;
    const Program& program = *subject->program;
    for (int round = 0; round < campaign.facts; ++round) {
      const Facts facts = subject->generator.facts(missing(round), false);
      const Facts others = subject->generator.facts(0, false);
      const std::vector<Answer> before = answers(program, facts);
      for (Index rule = 0; rule < before.size(); ++rule) {
        if (!is(before[rule], Status::kUndetermined)) continue;
        const std::set<std::string> listed = names(program, before[rule].missing);
        const Facts more = completed(facts, others, [&](const std::string& name) { return !listed.contains(name); });
        const RealFacts real(program, more);
        Evaluator evaluator(program, real.context());
        const Answer after = from(program, evaluator.rule(rule));
        ++compared;
        ASSERT_TRUE(after == before[rule] || (!is(after, Status::kKnown) && meets_error(*subject, more, rule)))
            << report(*subject, facts, "") << "and then:\n"
            << show(more) << program.rules[rule].name << "\n  before: " << show(before[rule])
            << "\n  after:  " << show(after);
      }
    }
  }
  if (campaign.editions > 1) {
    EXPECT_GT(compared, 1'000U);
  }
}

void gather(const Trace& trace, std::set<FactId>& facts) {
  if (trace.kind == Trace::Kind::kFact) facts.insert(trace.id);
  for (const Trace& child : trace.children) gather(child, facts);
}

/// What is listed as missing can be read by the rule, is told in its trace, and is missing (an association may be
/// there, without the entry).
TEST(Evaluator, AListedFactIsReadAndMissing) {
  const Campaign campaign = oracle::campaign(60, 8);
  for (std::uint64_t seed = campaign.first; seed < campaign.first + campaign.editions; ++seed) {
    const auto subject = oracle::subject(seed);
    if (!subject) continue;
    const Program& program = *subject->program;
    for (int round = 0; round < campaign.facts; ++round) {
      const Facts facts = subject->generator.facts(missing(round), false);
      const RealFacts real(program, facts);
      Oracle oracle(*subject->parsed.file, facts);
      for (Index rule = 0; rule < program.rules.size(); ++rule) {
        const std::string& name = program.rules[rule].name;
        Evaluator evaluator(program, real.context());
        Trace trace;
        const Result& result = evaluator.rule(rule, &trace);
        std::set<FactId> told;
        gather(trace, told);
        const std::set<FactId> readable = oracle.readable(name);
        EXPECT_TRUE(std::ranges::includes(readable, told)) << report(*subject, facts, name);
        EXPECT_TRUE(std::ranges::includes(readable, result.missing)) << report(*subject, facts, name);
        for (const FactId fact : result.missing) {
          if (fact >= kRecordedBase) continue;
          EXPECT_TRUE(told.contains(fact)) << report(*subject, facts, name) << " " << fact;
          const FieldInfo& field = program.objets[0].fields[fact];
          EXPECT_TRUE(field.type->kind == Type::Kind::kMap || !facts.fields.contains(field.name))
              << report(*subject, facts, name) << " " << field.name;
        }
        ASSERT_FALSE(HasFailure());
      }
    }
  }
}

/// One rule at a time with its trace, or all of them one after the other: the same code path, the same answers.
TEST(Evaluator, ToBeToldWhyChangesNothing) {
  const Campaign campaign = oracle::campaign(60, 4);
  for (std::uint64_t seed = campaign.first; seed < campaign.first + campaign.editions; ++seed) {
    const auto subject = oracle::subject(seed);
    if (!subject) continue;
    const Program& program = *subject->program;
    for (int round = 0; round < campaign.facts; ++round) {
      const Facts facts = subject->generator.facts(missing(round), round % 2 == 1);
      const std::vector<Answer> together = answers(program, facts);
      const RealFacts real(program, facts);
      for (Index rule = 0; rule < program.rules.size(); ++rule) {
        Evaluator alone(program, real.context());
        Trace trace;
        const Answer answer = from(program, alone.rule(rule, &trace));
        ASSERT_TRUE(answer == together[rule]) << report(*subject, facts, program.rules[rule].name) << show(answer);
        const Context context = real.context();
        EXPECT_FALSE(tell(program, context, trace).empty());
      }
    }
  }
}

/// The same conclusion but for the order in which things are listed, and for which of several errors is met first.
bool agree(const Program& a, const Answer& one, const Program& b, const Answer& other) {
  if (one.status != other.status) return false;
  switch (one.status) {
    case Status::kKnown:
      return one == other;
    case Status::kUndetermined:
      return names(a, one.missing) == names(b, other.missing) &&
             std::ranges::is_permutation(one.members, other.members);
    case Status::kNone:
      return std::ranges::is_permutation(one.reasons, other.reasons);
    case Status::kError:
      return true;
  }
  return false;
}

TEST(Evaluator, TheOrderOfCasesAndOfRulesMeansNothing) {
  const Campaign campaign = oracle::campaign(60, 10);
  Random random(7);
  for (std::uint64_t seed = campaign.first; seed < campaign.first + campaign.editions; ++seed) {
    const auto subject = oracle::subject(seed);
    if (!subject) continue;
    const std::string text = subject->generator.edition().shuffled(random).text();
    const auto shuffled = compile(text).program;
    ASSERT_TRUE(shuffled) << "compiles, but not in this order:\n" << subject->text << text;
    for (int round = 0; round < campaign.facts; ++round) {
      const Facts facts = subject->generator.facts(missing(round), false);
      const std::vector<Answer> one = answers(*subject->program, facts);
      const std::vector<Answer> other = answers(*shuffled, facts);
      for (std::size_t rule = 0; rule < one.size(); ++rule) {
        const std::string& name = subject->program->rules[rule].name;
        const Answer& there = other[shuffled->find_rule(name)];
        ASSERT_TRUE(agree(*subject->program, one[rule], *shuffled, there))
            << report(*subject, facts, name) << "\n  as written: " << show(one[rule])
            << "\n  shuffled:   " << show(there) << "\n"
            << text;
      }
    }
  }
}

// ---------------------------------------------------------------- found by the comparison, kept small

constexpr std::string_view kHead = R"(langue 1
édition 2024 « Essai »
  en vigueur du 01/01/2024 au 31/12/2024

énumération Avis
  favorable
  défavorable
  réservé

table Financeur (nom : texte | avis habituel : Avis)
  CAF    | favorable
  Région | défavorable
  Ville  | favorable

objet Dossier
  a : booléen
  b : booléen
  n : entier
  m : entier
  avis : Avis
  membre : Financeur
  membres : liste de Financeur
  votes : Avis par Financeur
  anciens votes : Avis par Financeur

règles du Dossier

)";

/// The failures of the scenarios of an édition.
std::vector<std::string> failures(const std::string& rules) {
  const Compiled compiled = compile(std::string(kHead) + rules);
  std::vector<std::string> all;
  for (const Diagnostic& diagnostic : compiled.diagnostics)
    if (diagnostic.severity == Severity::kError) all.push_back(render(diagnostic, std::string(kHead) + rules, "essai"));
  if (!compiled.program) return all;
  for (const ScenarioOutcome& outcome : run_scenarios(*compiled.program))
    for (const std::string& failure : outcome.failures) all.push_back(failure);
  return all;
}

const std::vector<std::string> kNoFailure;

TEST(EvaluatorCase, AListWithAnUnknownItemIsUndetermined) {
  EXPECT_EQ(failures(R"(définition liste = 1, n, m
définition combien = nombre de (membre, CAF)

scénario « l'un des trois manque »
  étant donné n = 2
  attendu liste indéterminée : m, combien indéterminée : membre
)"),
            kNoFailure);
}

TEST(EvaluatorCase, AWrittenListIsADisjunctionUnderAQuantifierToo) {
  EXPECT_EQ(failures(R"(définition tous = tous les membres parmi CAF, membre
définition un = au moins un des membres parmi CAF, membre
définition nul = aucun des membres parmi CAF, membre

scénario « ce qui est écrit suffit »
  étant donné membres = CAF
  attendu tous = oui, un = oui, nul = non

scénario « ce qui est écrit ne suffit pas »
  étant donné membres = CAF, Ville
  attendu tous indéterminée : membre, un = oui, nul = non

scénario « la source manque aussi »
  attendu tous indéterminée : membre, membres
)"),
            kNoFailure);
}

TEST(EvaluatorCase, ATrueCaseOfUnknownValueContradictsNothingYet) {
  const std::string rules = R"(décision nombre retenu : entier
  n quand a
  5 quand b

scénario « n manque »
  étant donné a = oui, b = oui
  attendu nombre retenu indéterminée : n

scénario « n est le même »
  étant donné a = oui, b = oui, n = 5
  attendu nombre retenu = 5

scénario « n est un autre »
  étant donné a = oui, b = oui, n = 6
  attendu nombre retenu erreur
)";
  EXPECT_EQ(failures(rules), kNoFailure);
}

TEST(EvaluatorCase, TwoCasesThatReadAucuneAgree) {
  EXPECT_EQ(failures(R"(décision première : entier
  aucune « rien d'un côté » quand a

décision seconde : entier
  aucune « rien de l'autre » quand a

décision ensemble : entier
  première quand a
  seconde quand b
  aucune « ni ici » quand a et b

décision mêlée : entier
  première quand a
  1 quand b

scénario « toutes aucune »
  étant donné a = oui, b = oui
  attendu ensemble aucune « rien d'un côté » « rien de l'autre » « ni ici », mêlée erreur
)"),
            kNoFailure);
}

TEST(EvaluatorCase, AScrutinOfMembersListedTwiceCountsThemOnce) {
  EXPECT_EQ(failures(R"(scrutin double
  collège (CAF, CAF, CAF, Région, Ville)
  positions votes
  pour favorable
  contre défavorable
  abstention réservé ne compte pas
  acquis à la majorité des membres

définition issue = double est acquis

scénario « une voix par membre »
  étant donné votes de CAF = favorable, votes de Région = défavorable, votes de Ville = défavorable
  attendu issue = non

scénario « tous s'abstiennent sans compter »
  étant donné votes de CAF = réservé, votes de Région = réservé, votes de Ville = réservé
  attendu issue = non
)"),
            kNoFailure);
}

TEST(EvaluatorCase, AnEntryMissingFromTheAssociationThatWasChosenIsAMissingFact) {
  EXPECT_EQ(failures(R"(définition choisis = si a alors votes sinon anciens votes
définition voix = choisis de CAF

scrutin choisi
  collège membres
  positions choisis
  pour favorable
  contre défavorable, réservé
  acquis à l'unanimité des membres

définition issue = choisi est acquis

scénario « les nouveaux »
  étant donné a = oui, membres = CAF, votes de Région = favorable, anciens votes de CAF = favorable
  attendu voix indéterminée : votes, issue indéterminée : votes

scénario « les anciens »
  étant donné a = non, membres = CAF, anciens votes de Région = favorable
  attendu voix indéterminée : anciens votes, issue indéterminée : anciens votes
)"),
            kNoFailure);
}

TEST(EvaluatorCase, NothingIsAmongNobodyWhateverItIs) {
  EXPECT_EQ(failures(R"(décision sans valeur : Financeur
  aucune « personne » quand a

décision sans votes : Avis par Financeur
  aucune « pas de votes » quand a

scrutin désert
  collège membres
  positions sans votes
  pour favorable
  contre défavorable, réservé
  acquis à l'unanimité des membres

définition présent = sans valeur parmi membres
définition issue = désert est acquis

scénario « la liste est vide »
  étant donné membres = liste vide
  attendu présent = non, issue = non

scénario « la liste est vide, et aucune valeur »
  étant donné membres = liste vide, a = oui
  attendu présent = non, issue = non

scénario « la liste manque : elle peut être vide »
  étant donné a = oui
  attendu présent indéterminée : membres, issue indéterminée : membres

scénario « la liste ne l'est pas »
  étant donné membres = CAF, a = oui
  attendu présent aucune « personne », issue aucune « pas de votes »
)"),
            kNoFailure);
}

TEST(EvaluatorCase, FalseExigencesBelongToTheConditionAlone) {
  const std::string rules = R"(condition entière
  exige « un » a
  exige « deux » b

définition alias = entière

décision reprise : booléen
  entière quand n = 1
)";
  const Compiled compiled = compile(std::string(kHead) + rules);
  ASSERT_TRUE(compiled.program);
  const Program& program = *compiled.program;
  Facts facts;
  facts.fields = {{"a", {true}}, {"b", {false}}, {"n", {Quantity{Unit::kNumber, 1}}}};
  const RealFacts real(program, facts);
  Evaluator evaluator(program, real.context());
  EXPECT_EQ(evaluator.rule(program.find_rule("entière")).unmet, std::vector<Index>{1});
  for (const char* other : {"alias", "reprise"}) {
    EXPECT_TRUE(evaluator.rule(program.find_rule(other)).is_false()) << other;
    EXPECT_TRUE(evaluator.rule(program.find_rule(other)).unmet.empty()) << other;
  }
}

}  // namespace
}  // namespace assemblier::dsl::oracle
