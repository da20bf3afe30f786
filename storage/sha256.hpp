#pragma once
// SHA-256 over several parts without joining them. Private to storage/.
//
// Thread-safety: any thread.

#include "storage/bytes.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>

namespace assemblier::storage {

/// SHA-256 of the parts, one after the other.
[[nodiscard]] Hash sha256_of(std::initializer_list<std::string_view> parts);

/// A SHA-256 that has begun, to be ended any number of times.
class BegunHash {
 public:
  explicit BegunHash(std::string_view beginning);
  /// SHA-256 of the beginning and the parts, one after the other.
  [[nodiscard]] Hash then(std::initializer_list<std::string_view> parts) const;

 private:
  std::array<std::uint32_t, 28> state_;  // OpenSSL's
};

}  // namespace assemblier::storage
