#pragma once
// How typed facts change. Private to engine/.
//
// Thread-safety: pure functions.

#include "engine/decide.hpp"

namespace assemblier::engine {

/// An objet before its opening.
[[nodiscard]] Live fresh(const std::string& flux, const EditionPtr& edition, dsl::Index objet);
/// Sets one entry of an association; an unknown one becomes known.
void set_entry(std::optional<dsl::Value>& fact, dsl::Value key, dsl::Value content);
/// Sets a personal field to what stands for it; null: it becomes unknown.
void set_personal(Live& live, dsl::Index field, const Datum& sealed);
/// Adds to a list those of `items` it does not hold yet, and returns them; an unknown list becomes known.
std::vector<dsl::Value> append(std::optional<dsl::Value>& fact, const std::vector<dsl::Value>& items);

}  // namespace assemblier::engine
