#pragma once
// JSON ↔ the engine's neutral values, and the JSON forms of what the programs answer (tools/README.md).
//
// Thread-safety: pure functions.
//
//   auto data = map_from_json(*parse_json(line), "données");
//   auto facts = engine::typed_facts(program, objet, *data);

#include "dsl/evaluate.hpp"
#include "engine/acte.hpp"
#include "engine/datum.hpp"
#include "engine/payload.hpp"
#include "tools/json.hpp"

#include <expected>
#include <string>

namespace assemblier::tools {

/// Texts, integers, booleans, lists and objects as they are. A number with a fraction or an exponent is refused
/// (J0007): no type of the language is made of one. `where` names the value in messages.
[[nodiscard]] std::expected<engine::Datum, JsonError> datum_from_json(const Json& json, const std::string& where);
/// An object's members; J0008 when `json` is no object.
[[nodiscard]] std::expected<engine::Datum::Map, JsonError> map_from_json(const Json& json, const std::string& where);

/// Sums of money and rates as texts, dates ISO 8601, durations as the language writes them.
[[nodiscard]] Json to_json(const engine::Datum& datum);
[[nodiscard]] Json to_json(const dsl::Program& program, const dsl::Value& value);
/// {"valeur": …}, {"indéterminée": […], "qui manque": […]}, {"aucune": […]} or {"erreur": {…}}
[[nodiscard]] Json to_json(const dsl::Program& program, dsl::Index rule, const dsl::Result& result);
[[nodiscard]] Json to_json(const engine::Decision& decision);
[[nodiscard]] Json to_json(const engine::Refusal& refusal);
[[nodiscard]] Json to_json(const engine::Motif& motif);
/// {"code": …, "message": …}
[[nodiscard]] Json error_json(std::string_view code, std::string_view message);

/// The same décision in a line of French.
[[nodiscard]] std::string in_french(const dsl::Program& program, dsl::Index rule, const dsl::Result& result);
[[nodiscard]] std::string in_french(const engine::Decision& decision);

}  // namespace assemblier::tools
