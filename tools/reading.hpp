#pragma once
// Which events a person asks for, as the journal understands it. Private to tools/.
//
// Thread-safety: pure functions.

#include "storage/selection.hpp"
#include "tools/commands.hpp"

namespace assemblier::tools {

/// Texts in NFC, as the journal keeps them; a flux without a slash is an objet of the usual category.
[[nodiscard]] storage::Selection selection_of(const SelectionOptions& options);
[[nodiscard]] inline storage::Position from_of(const SelectionOptions& options) {
  return storage::Position{options.from.value_or(0)};
}

}  // namespace assemblier::tools
