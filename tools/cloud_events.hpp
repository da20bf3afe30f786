#pragma once
// The CloudEvents 1.0 objects of an export: one an event, and one an answer kept for an acte.
//
// Thread-safety: pure functions.

#include "storage/journal.hpp"
#include "tools/json.hpp"

#include <string>

namespace assemblier::tools {

/// Type of the objects that carry an answer; no acte has a name with a point.
inline constexpr std::string_view kAnswerType = "assemblier.reponse";

/// The extension attribute `octets` holds the exact stored bytes. `source`: urn:uuid: and the journal's identity.
[[nodiscard]] Json cloud_event(const storage::StoredEvent& event, const std::string& source);
[[nodiscard]] Json cloud_event(const storage::StoredOutcome& outcome, const std::string& source);

}  // namespace assemblier::tools
