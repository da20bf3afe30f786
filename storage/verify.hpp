#pragma once
// The whole check of a journal, of every record in both directions; goes on past damage. Private to storage/.
//
// Thread-safety: as the View and the Store given.

#include "storage/sealing.hpp"

namespace assemblier::storage {

/// See Journal::verify.
/// With the master key, sealed values are opened and compared with what the events commit to.
[[nodiscard]] VerifyReport verify(Store& store, View& view, const Keyring& keyring, std::uint32_t format,
                                  const Progress& progress);

/// See Journal::verify_part.
[[nodiscard]] Result<VerifyReport> verify_part(Store& store, View& view, const Keyring& keyring, std::uint32_t format,
                                               const VerifyPart& part, const Progress& progress);

}  // namespace assemblier::storage
