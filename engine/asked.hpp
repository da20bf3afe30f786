#pragma once
// The checks an acte goes through before it has effects, in order: acte, objet, état, actor, données, date, exigences.
// Private to engine/.
//
// Thread-safety: pure functions.

#include "engine/decide.hpp"

namespace assemblier::engine {

/// A request resolved by its édition.
struct Asked {
  const dsl::Program* program = nullptr;
  const dsl::ObjetInfo* objet = nullptr;
  const dsl::ActeInfo* acte = nullptr;
  dsl::Index objet_index = dsl::kNoIndex;
  dsl::Index acte_index = dsl::kNoIndex;
  std::vector<std::optional<dsl::Value>> donnees;  ///< by donnée of the acte
  std::vector<Datum>
      personal;  ///< by donnée, those that are personal: in clear, or sealed already (replay); may be empty
  std::optional<dsl::Value> actor;
  std::string author;  ///< as recorded
  dsl::Date date;

  /// What an expression of the acte may look at, with the facts of `live`. Points into both.
  [[nodiscard]] dsl::Context context(const Live& live) const;
};

/// Every check but the exigences, into a fresh `asked`. `live` is the objet before the acte (a fresh one for an
/// opening).
[[nodiscard]] std::expected<void, Refusal> ask(Asked& asked, const Live& live, const Request& request, dsl::Date today,
                                               bool automatic);

/// The exigences, which must be true; `evaluator` is over asked.context of the objet before the acte, `context`.
[[nodiscard]] std::expected<void, Refusal> demand(const Asked& asked, const Request& request,
                                                  const dsl::Context& context, dsl::Evaluator& evaluator);

/// Whether the acte may start from where the objet is.
[[nodiscard]] bool may_start(const dsl::ActeInfo& acte, const Live& live);
/// Whether a person may ask for it.
[[nodiscard]] bool for_people(const dsl::ActeInfo& acte);

/// « acte « dépôt » refusé pour dossier/1 : … »
[[nodiscard]] std::string refused(const Request& request, std::string_view why);
/// Why a result is not the plain value it should be.
[[nodiscard]] Refusal::Reason reason_of(const Asked& asked, std::string label, const dsl::Result& result);

}  // namespace assemblier::engine
