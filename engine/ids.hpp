#pragma once
// Identifiers given to actes that come without one. Private to engine/.
//
// Thread-safety: pure function.

#include <cstdint>
#include <string>

namespace assemblier::engine {

/// UUIDv7 (RFC 9562 § 5.7): 48 bits of milliseconds since 1970, 74 bits of `random_a` and `random_b`.
[[nodiscard]] std::string uuid_v7(std::int64_t instant_us, std::uint64_t random_a, std::uint64_t random_b);

}  // namespace assemblier::engine
