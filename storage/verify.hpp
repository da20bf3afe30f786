#pragma once
// The whole check of a journal, of every record in both directions; goes on past damage. Private to storage/.
//
// Thread-safety: as the View and the Store given.

#include "storage/store.hpp"

namespace assemblier::storage {

/// See Journal::verify.
/// `tree`: whether the journal keeps records of its tree (formats from 2 on).
[[nodiscard]] VerifyReport verify(Store& store, View& view, bool tree, const Progress& progress);

}  // namespace assemblier::storage
