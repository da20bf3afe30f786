#pragma once
// A trace of the evaluator, flattened into what an event keeps. Private to engine/.
//
// Thread-safety: one thread; a Flattener lives as long as the traces it was shown.

#include "engine/payload.hpp"

#include <boost/container/small_vector.hpp>

namespace assemblier::engine {

/// Flattens the traces of one Evaluator, in the order they were made: a rule told in an earlier trace is followed
/// there.
class Flattener {
 public:
  Flattener(const dsl::Program& program, dsl::Index objet, const dsl::ActeInfo& acte)
      : program_(program), objet_(objet), acte_(acte), told_(program.rules.size()) {}

  [[nodiscard]] Motif flatten(const dsl::Trace& trace, dsl::Index rule);

 private:
  /// By rule; most éditions have fewer than that.
  using Seen = boost::container::small_vector<bool, 64>;
  void visit(const dsl::Trace& trace, Motif& motif, Seen& seen);
  void fact(dsl::FactId id, Motif& motif) const;
  const dsl::Program& program_;
  dsl::Index objet_;
  const dsl::ActeInfo& acte_;
  boost::container::small_vector<const dsl::Trace*, 64> told_;  ///< by rule: where it was told in full
};

/// What an event keeps of a result.
[[nodiscard]] Decision to_decision(const dsl::Program& program, dsl::Index objet, const dsl::ActeInfo& acte,
                                   dsl::Index rule, const dsl::Result& result);

/// Names of missing facts.
[[nodiscard]] std::vector<std::string> missing_names(const dsl::Program& program, dsl::Index objet,
                                                     const dsl::ActeInfo* acte, const dsl::Result& result);

}  // namespace assemblier::engine
