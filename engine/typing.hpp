#pragma once
// Datum ↔ dsl::Value, through the program that knows the types.
//
// Thread-safety: pure functions.
//
//   auto value = typed(program, *field.type, datum, "quartiers");
//   if (!value) tell(value.error().message);

#include "dsl/program.hpp"
#include "engine/datum.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assemblier::engine {

/// A datum that is not of the type asked for. `message` is French and complete: where, what, expected, near names.
struct TypingError {
  std::string path;     ///< "montants demandés de CAF", "quartiers (2e)"
  std::string message;  ///< begins with the path
};

/// What JSON can say of each type:
///   booléen true/false, "oui"/"non" · entier an integer · montant an integer of euros or an exact text "12000.00" ·
///   taux a text "0.8" or "80 %", or the integers 0 and 1 · date "2024-01-30" · durée "2 mois", "3 jours", "2 mois et 3
///   jours", "2 ans" · texte a text · énumération and table row by name, NFC · list an array without duplicates ·
///   association an object whose keys are the texts of the key type.
/// A datum already of the kind (a Montant for a montant) is taken as it is. A comma in an amount, a float (the edge has
/// already refused it), a null inside a list or an association are errors.
/// `where` is the name shown in messages. REQUIRES a datum that is not null and a type that facts can have.
[[nodiscard]] std::expected<dsl::Value, TypingError> typed(const dsl::Program& program, const dsl::Type& type,
                                                           const Datum& datum, std::string_view where);

/// The datum of a value: enums and rows by name and key, so that `typed` gives the value back under the same édition.
/// An unrounded product (dsl::Exact, never kept by an objet) is its exact decimal text.
[[nodiscard]] Datum untyped(const dsl::Program& program, const dsl::Value& value);

/// A key of an association as Datum::Map holds it, such that `typed` gives it back.
[[nodiscard]] std::string key_text(const dsl::Program& program, const dsl::Value& key);

/// Facts of an objet from a map by field name: by field, absent and null alike missing. All errors at once: unknown
/// names with suggestions, then wrong values, in the order of the map.
[[nodiscard]] std::expected<std::vector<std::optional<dsl::Value>>, std::vector<TypingError>> typed_facts(
    const dsl::Program& program, dsl::Index objet, const Datum::Map& facts);

/// « vouliez-vous dire *x* ou *y* ? », or « possibles : a, b, c » when nothing is near and there are at most 12; else
/// empty.
[[nodiscard]] std::string name_help(std::string_view word, const std::vector<std::string>& names);

}  // namespace assemblier::engine
