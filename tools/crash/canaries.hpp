#pragma once
// Stores that lose writes, which the campaign must catch.
//
// Thread-safety: as the Store below.

#include "storage/store.hpp"

#include <memory>

namespace assemblier::crash {

/// Leaves one record out of every seventh batch.
[[nodiscard]] std::unique_ptr<storage::Store> dropping_store(std::unique_ptr<storage::Store> store);
/// Says that a batch is durable, and writes it with the next one.
[[nodiscard]] std::unique_ptr<storage::Store> late_store(std::unique_ptr<storage::Store> store);

}  // namespace assemblier::crash
