#pragma once
// Byte strings and SHA-256 digests, shared by everything that stores or hashes.
//
// Thread-safety: values only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// Whether two runs of octets are the same: for a few octets, faster than a call of memcmp.
[[nodiscard, gnu::always_inline]] inline bool same_octets(std::string_view left, std::string_view right) {
  const std::size_t size = left.size();
  if (size != right.size()) return false;
  if (size < sizeof(std::uint64_t)) return left == right;
  const auto differ = [&](std::size_t at) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::memcpy(&a, left.data() + at, sizeof a);
    std::memcpy(&b, right.data() + at, sizeof b);
    return a != b;
  };
  const std::size_t last = size - sizeof(std::uint64_t);
  for (std::size_t at = 0; at < last; at += sizeof(std::uint64_t))
    if (differ(at)) return false;
  return !differ(last);
}

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
