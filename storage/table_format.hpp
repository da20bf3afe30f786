#pragma once
// RocksDB's table files (block-based, format 5), as far as they are read here: footer, meta-index, checksums, entries
// of blocks. Numbers are little-endian; a handle is an offset and a size, both base 128. Private to storage/.
//
// Thread-safety: values only.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace assemblier::storage::table {

// The footer: checksum type (1), handles of the meta-index and the index, zeros up to 41 octets, format version (4),
// magic number (8).
inline constexpr std::size_t kFooter = 53;
inline constexpr std::uint64_t kMagic = 0x88E241B785F4CFF7U;
inline constexpr std::uint32_t kVersion = 5;
inline constexpr std::uint8_t kXxHash64 = 3;
/// A block is followed by its compression type (1) and its checksum (4), the lower half of the XXH64 of block and type.
inline constexpr std::size_t kTrailer = 5;
/// Larger than any block that RocksDB writes here.
inline constexpr std::uint64_t kLargestBlock = 16U << 20U;

/// The first `width` octets at `at`. REQUIRES that they are there.
[[nodiscard]] std::uint64_t little_endian(std::string_view data, std::size_t at, std::size_t width);
/// Takes a base-128 number, low digits first, from the front.
[[nodiscard]] std::optional<std::uint64_t> take_varint(std::string_view& in);

struct Handle {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
[[nodiscard]] std::optional<Handle> take_handle(std::string_view& in);

struct Footer {
  std::uint8_t checksum = 0;
  std::uint32_t version = 0;
  Handle meta_index, index;
};
/// Nothing when the magic number or the handles are not there. REQUIRES kFooter octets.
[[nodiscard]] std::optional<Footer> read_footer(std::string_view octets);

/// Whether block and trailer bear their checksum. REQUIRES the trailer.
[[nodiscard]] bool checksum_holds(std::string_view block);

/// The entries of an uncompressed block without its trailer: nothing when it has no room for its restart points, or
/// ends in something else than them.
[[nodiscard]] std::optional<std::string_view> entries_of(std::string_view block);
/// The value of `name` in a meta block (meta-index, properties) without its trailer.
[[nodiscard]] std::optional<std::string_view> find_meta(std::string_view block, std::string_view name);

}  // namespace assemblier::storage::table

namespace assemblier::storage {

/// XXH64 of `data` with seed 0.
[[nodiscard]] std::uint64_t xxh64(std::string_view data);

}  // namespace assemblier::storage
