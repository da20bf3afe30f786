#pragma once
// Byte strings and SHA-256 digests, shared by everything that stores or hashes.
//
// Thread-safety: values only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace assemblier::storage {

/// Bytes are kept in std::string, which every library here takes as it is.
using Bytes = std::string;

/// A SHA-256 digest (FIPS 180-4), 32 bytes.
struct Hash {
  std::array<std::uint8_t, 32> octets{};
  auto operator<=>(const Hash&) const = default;
};

/// SHA-256 of `data`.
[[nodiscard]] Hash sha256(std::string_view data);

/// Lower-case hexadecimal, two digits an octet.
[[nodiscard]] std::string to_hex(std::string_view data);
[[nodiscard]] std::string to_hex(const Hash& hash);
/// Inverse of to_hex; nothing for an odd length or a digit outside [0-9a-fA-F].
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);
/// A digest from its 64 hexadecimal digits.
[[nodiscard]] std::optional<Hash> hash_from_hex(std::string_view text);
/// The digest's octets as raw bytes.
[[nodiscard]] Bytes to_bytes(const Hash& hash);

}  // namespace assemblier::storage
