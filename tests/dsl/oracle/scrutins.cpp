#include "tests/dsl/oracle/combine.hpp"
#include "tests/dsl/oracle/oracle.hpp"

#include <algorithm>
#include <stdexcept>

namespace assemblier::dsl::oracle {

namespace {

using Counts = ast::ScrutinDecl::Counts;

enum class Position { kFor, kAgainst, kAbstention, kAbsence };

bool lists(const std::vector<ast::Name>& names, const std::string& name) {
  return std::ranges::any_of(names, [&name](const ast::Name& each) { return each.text == name; });
}

Position meaning(const ast::ScrutinDecl& scrutin, const Thing& position) {
  const std::string& name = std::get<Constant>(position.is).name;
  if (lists(scrutin.in_favour, name)) return Position::kFor;
  if (lists(scrutin.against, name)) return Position::kAgainst;
  if (lists(scrutin.abstention, name)) return Position::kAbstention;
  if (lists(scrutin.absence, name)) return Position::kAbsence;
  throw std::logic_error("a position without meaning");
}

bool reaches(const ast::ScrutinDecl::Threshold& threshold, std::int64_t part, std::int64_t whole) {
  if (whole == 0) return false;
  const Fraction share = Fraction(part) / whole;
  const Fraction needed = Fraction(threshold.numerator) / threshold.denominator;
  return threshold.strict ? share > needed : share >= needed;
}

/// Counted by hand, every member having a position.
bool acquired(const ast::ScrutinDecl& scrutin, const std::vector<Position>& positions) {
  const auto count = [&](Position position) { return std::ranges::count(positions, position); };
  const auto members = static_cast<std::int64_t>(positions.size());
  const std::int64_t in_favour = count(Position::kFor);
  const std::int64_t against = count(Position::kAgainst);
  const std::int64_t abstentions = count(Position::kAbstention);
  const std::int64_t absences = count(Position::kAbsence);
  const bool abstention_counts = scrutin.abstention_counts != Counts::kIgnored;
  const bool absence_counts = scrutin.absence_counts != Counts::kIgnored;
  if (members == 0) return false;
  if (scrutin.quorum && !reaches(*scrutin.quorum, in_favour + against + abstentions, members)) return false;
  std::int64_t support = in_favour;
  if (scrutin.abstention_counts == Counts::kFor) support += abstentions;
  if (scrutin.absence_counts == Counts::kFor) support += absences;
  std::int64_t base = in_favour + against;
  switch (scrutin.threshold.base) {
    case ast::ScrutinDecl::Base::kMembers:
      base = members - (abstention_counts ? 0 : abstentions) - (absence_counts ? 0 : absences);
      break;
    case ast::ScrutinDecl::Base::kPresent:
      base += abstentions + (absence_counts ? absences : 0);
      break;
    case ast::ScrutinDecl::Base::kCast:
      base += (abstention_counts ? abstentions : 0) + (absence_counts ? absences : 0);
      break;
  }
  return reaches(scrutin.threshold, support, base);
}

}  // namespace

Answer Oracle::decide(const ast::ScrutinDecl& scrutin) {
  const Answer college = expression(scrutin.college);
  const Answer votes = expression(scrutin.positions);
  if (auto answer = first_error({college, votes})) return *answer;
  if (is(college, Status::kNone)) return *united_none({college, votes});
  if (!is(college, Status::kKnown)) return *united_unknown({college, votes});
  const bool nobody = std::get<Things>(college.value.is).empty();
  if (is(votes, Status::kNone) && !nobody) return votes;
  std::vector<Position> spoken;
  Things silent_ones;
  for (const Thing& member : without_doubles(std::get<Things>(college.value.is))) {  // one member, one position
    const Thing* vote = nullptr;
    if (is(votes, Status::kKnown))
      for (const auto& [who, what] : std::get<Entries>(votes.value.is))
        if (who == member) vote = &what;
    if (vote)
      spoken.push_back(meaning(scrutin, *vote));
    else
      silent_ones.push_back(member);
  }
  const auto if_silent = [&](Position position) {
    std::vector<Position> positions = spoken;
    positions.resize(spoken.size() + silent_ones.size(), position);
    return acquired(scrutin, positions);
  };
  if (flaw_ == Flaw::kSilenceIsRefusal) return truth(if_silent(Position::kAgainst));
  if (!if_silent(Position::kFor)) return truth(false);
  const bool always = if_silent(Position::kAgainst) &&
                      (scrutin.abstention.empty() || if_silent(Position::kAbstention)) &&
                      (scrutin.absence.empty() || if_silent(Position::kAbsence));
  if (always) return truth(true);
  Answer open;
  if (is(votes, Status::kKnown)) open.missing = origins(scrutin.positions);
  open.members = silent_ones;
  unite_missing(open, votes);
  return open;
}

/// `ceux qui manquent à …`
Answer Oracle::silent(const ast::ScrutinDecl& scrutin) {
  const Answer college = expression(scrutin.college);
  const Answer votes = expression(scrutin.positions);
  if (auto answer = first_error({college, votes})) return *answer;
  if (is(college, Status::kNone)) return *united_none({college, votes});
  if (!is(college, Status::kKnown)) return *united_unknown({college, votes});
  const bool nobody = std::get<Things>(college.value.is).empty();
  if (is(votes, Status::kNone) && !nobody) return votes;
  Things members;
  for (const Thing& member : without_doubles(std::get<Things>(college.value.is))) {
    bool spoke = false;
    if (is(votes, Status::kKnown))  // no positions at all: nobody has spoken
      for (const auto& entry : std::get<Entries>(votes.value.is)) spoke = spoke || entry.key == member;
    if (!spoke) members.push_back(member);
  }
  return known({std::move(members)});
}

Answer Oracle::node(const ast::Vote& node) {
  if (node.kind == ast::Vote::Kind::kAcquired) return rule(node.scrutin.text);
  for (const ast::Decl& decl : file_.decls)
    if (const auto* scrutin = std::get_if<ast::ScrutinDecl>(&decl.node);
        scrutin && scrutin->name.text == node.scrutin.text)
      return silent(*scrutin);
  throw std::logic_error("no scrutin " + node.scrutin.text);
}

}  // namespace assemblier::dsl::oracle
