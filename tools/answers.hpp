#pragma once
// How the answer to one acte is told: as a JSON object, as French text, as an exit code.
//
// Thread-safety: pure functions.

#include "engine/acte.hpp"
#include "tools/io.hpp"
#include "tools/json.hpp"

#include <string>

namespace assemblier::tools {

/// "inscrit", "déjà inscrit", "refusé", "erreur"
[[nodiscard]] std::string_view word(const engine::Answer& answer);
/// Adds the members of the answer to `json` (an object that may hold the line's number already).
void add_answer(Json& json, const engine::Answer& answer);
/// One line, or several for a refusal; without a newline at the end.
[[nodiscard]] std::string in_french(const engine::Answer& answer);
[[nodiscard]] Exit exit_of(const engine::Answer& answer);

}  // namespace assemblier::tools
