#pragma once
// What a request must be before it may queue. Private to storage/.
//
// Thread-safety: values only.

#include "storage/journal.hpp"

namespace assemblier::storage {

/// kInvalid, with the limit in the message, for a request that breaks one of JournalLimits.
[[nodiscard]] Result<void> check_request(const AppendRequest& request, const JournalLimits& limits);
/// Octets a request holds, roughly: what the queue and a batch count against their bounds.
[[nodiscard]] std::size_t request_bytes(const AppendRequest& request);

}  // namespace assemblier::storage
