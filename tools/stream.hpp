#pragma once
// A line of a stream of actes (DESIGN §8): {"id", "acte", "objet", "par": {"rôle", "nom"}, "le", "données", "version"}.
//
// Thread-safety: pure function.

#include "engine/acte.hpp"
#include "tools/json.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace assemblier::tools {

/// `id` is given back even when the rest of the line cannot be used. Codes J… and L0001…, listed in tools/README.md.
[[nodiscard]] std::expected<engine::Request, JsonError> request_from_line(std::string_view text, std::string& id);

}  // namespace assemblier::tools
