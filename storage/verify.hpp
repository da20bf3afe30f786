#pragma once
// The whole check of a journal, of every record in both directions; goes on past damage. Private to storage/.
//
// Thread-safety: as the View and the Store given.

#include "storage/sealing.hpp"
#include "storage/verify_state.hpp"

#include <chrono>

namespace assemblier::storage {

/// See Journal::verify.
/// With the master key, sealed values are opened and compared with what the events commit to.
[[nodiscard]] VerifyReport verify(Store& store, View& view, const Keyring& keyring, std::uint32_t format,
                                  const Progress& progress);

/// Where a verification may be stopped, and how far it came.
struct Pauses {
  VerifyState& state;           ///< of where it goes on; kept up to date
  std::function<bool()> go_on;  ///< asked before every event: false stops it
  std::function<void()> save;   ///< `state` is to be kept
  std::chrono::milliseconds every;
};
/// The same in several goes; nothing when it was stopped.
[[nodiscard]] std::optional<VerifyReport> verify(Store& store, View& view, const Keyring& keyring, std::uint32_t format,
                                                 const Progress& progress, Pauses& pauses);
/// The root over the first events as the nodes of the tree have it; nothing when it cannot be had.
[[nodiscard]] std::optional<Hash> root_before(View& view, std::uint64_t events, std::uint32_t format,
                                              std::uint64_t size);

/// See Journal::verify_part.
[[nodiscard]] Result<VerifyReport> verify_part(Store& store, View& view, const Keyring& keyring, std::uint32_t format,
                                               const VerifyPart& part, const Progress& progress);

}  // namespace assemblier::storage
