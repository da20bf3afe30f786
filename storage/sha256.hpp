#pragma once
// SHA-256 over several parts without joining them. Private to storage/.
//
// Thread-safety: any thread.

#include "storage/bytes.hpp"

#include <initializer_list>

namespace assemblier::storage {

/// SHA-256 of the parts, one after the other.
[[nodiscard]] Hash sha256_of(std::initializer_list<std::string_view> parts);

}  // namespace assemblier::storage
