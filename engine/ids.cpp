#include "engine/ids.hpp"

#include <fmt/format.h>

namespace assemblier::engine {

std::string uuid_v7(std::int64_t instant_us, std::uint64_t random_a, std::uint64_t random_b) {
  const std::uint64_t ms = static_cast<std::uint64_t>(instant_us / 1000) & 0xFFFF'FFFF'FFFFU;
  const std::uint64_t variant = 0x8000'0000'0000'0000U | (random_b >> 2U);
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}", ms >> 16U, ms & 0xFFFFU, random_a & 0xFFFU, variant >> 48U,
                     variant & 0xFFFF'FFFF'FFFFU);
}

}  // namespace assemblier::engine
