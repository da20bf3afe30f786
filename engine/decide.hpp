#pragma once
// decide(objet, request, édition, today) → events | refusal: the functional core, without I/O or clock. The procedure
// declared in the édition says everything; nothing here knows what a dossier is.
//
// What an expression sees: exigences, `parmi` of the actor and effect values see the objet before the acte, the
// données, the actor and the date; `décide` and `vers` see the fields as they became, the données and the actor; `puis`
// conditions see the objet as it became, nothing else.
//
// Thread-safety: pure functions; Edition is immutable and shared.
//
//   auto decided = decide(live, edition, request, today);
//   if (decided) append(decided->events); else tell(render(decided.error()));

#include "dsl/evaluate.hpp"
#include "engine/acte.hpp"
#include "engine/state.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <vector>

namespace assemblier::engine {

/// A published édition, compiled.
struct Edition {
  storage::Hash hash;           ///< SHA-256 of the exact bytes published
  storage::Position position;   ///< of its publication: the later one replaces the earlier for openings
  std::int64_t instant_us = 0;  ///< of its publication
  std::shared_ptr<const dsl::Program> program;
};
using EditionPtr = std::shared_ptr<const Edition>;

/// An objet as the rules of its édition see it: a State whose facts are typed. Kept in memory between actes.
struct Live {
  std::string flux;
  EditionPtr edition;  ///< null: not opened yet
  dsl::Index objet = dsl::kNoIndex;
  dsl::Index etat = dsl::kNoIndex;
  std::vector<std::optional<dsl::Value>> facts;  ///< by field
  dsl::Recorded recorded;                        ///< by rule
  std::uint64_t events = 0;
  dsl::Date date;
  std::vector<std::pair<dsl::Index, Datum>> personal;  ///< by field, sealed: no rule reads them, `facts` has none

  [[nodiscard]] bool exists() const { return events > 0; }
};

/// Types a state under its édition. Error (French): the state holds what this édition does not know.
[[nodiscard]] std::expected<Live, std::string> bring(const State& state, EditionPtr edition);
/// The neutral state of a live objet: bring's inverse.
[[nodiscard]] State snapshot(const Live& live);
/// Applies a recorded event to a live objet of the same édition (an opening: to a fresh one): evolve, typed.
[[nodiscard]] std::expected<void, std::string> absorb(Live& live, const Evenement& event, const EditionPtr& edition);

struct Decided {
  std::vector<Evenement> events;  ///< at least one
  Live after;                     ///< the objet once they are applied
};

/// `edition` is the objet's own, or the one that governs its opening. `today` is the day of registration in
/// Europe/Paris. REQUIRES names in NFC and `before.flux == request.objet`.
[[nodiscard]] std::expected<Decided, Refusal> decide(const Live& before, const EditionPtr& edition,
                                                     const Request& request, dsl::Date today);

/// The édition that governs an opening: the last published among those in force on `date` that declare the category and
/// let an acte of that name open it. Refusal otherwise: what there is, with dates and near names.
[[nodiscard]] std::expected<EditionPtr, Refusal> governing(const std::vector<EditionPtr>& editions,
                                                           const Request& request, dsl::Date date);

/// Actes that a person may ask for from where the objet is (exigences not looked at), in order of declaration.
[[nodiscard]] std::vector<std::string> possible_actes(const Live& live);

// ---------------------------------------------------------------- steps, for verification

/// One acte without what follows: the event it gives, `after` with its effects applied.
struct Stepped {
  Evenement event;
  Live after;
};
/// Every check and effect of one acte; `automatic`: the acte follows by itself (author système, no données).
[[nodiscard]] std::expected<Stepped, Refusal> step(const Live& before, const EditionPtr& edition,
                                                   const Request& request, dsl::Date today, bool automatic);
/// The actes that follow by themselves (`puis`) from one that was asked for: clauses in order of declaration, those of
/// an acte that fired before the next of its parent, each acte at most once. A clause fires when its condition and the
/// exigences of its acte are true and the acte may start from the état reached; it is looked at once.
class Chain {
 public:
  explicit Chain(dsl::Index acte);
  /// The next acte to fire, given the objet as it is now. A refusal: a condition is in error.
  [[nodiscard]] std::expected<std::optional<dsl::Index>, Refusal> next(const Live& now);
  /// To be told of each acte that fired.
  void fired(dsl::Index acte);

 private:
  struct Open {
    dsl::Index acte;
    std::size_t clause;  ///< next to look at
  };
  std::vector<Open> open_;
  std::vector<dsl::Index> fired_;
};

}  // namespace assemblier::engine
