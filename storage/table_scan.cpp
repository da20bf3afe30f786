#include "storage/table_scan.hpp"

#include <bit>
#include <fstream>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

// The footer of table format 5: checksum type (1), handles of the meta-index and the index, zeros up to 41 octets,
// format version (4), magic number (8). A block is followed by its compression type (1) and its checksum (4), the lower
// half of the XXH64 of block and type.
constexpr std::size_t kFooter = 53;
constexpr std::uint64_t kMagic = 0x88E241B785F4CFF7U;
constexpr std::uint8_t kXxHash64 = 3;
constexpr std::size_t kTrailer = 5;
constexpr std::uint64_t kLargestMetaBlock = 16U << 20U;
constexpr std::string_view kProperties = "rocksdb.properties";

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87U;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4FU;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9U;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63U;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5U;

std::uint64_t little_endian(std::string_view data, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i > 0; --i) value = value << 8U | static_cast<unsigned char>(data[at + i - 1]);
  return value;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t input) { return std::rotl(lane + input * kPrime2, 31) * kPrime1; }

struct Handle {
  std::uint64_t offset;
  std::uint64_t size;
};

// Takes a base-128 number, low digits first, from the front.
std::optional<std::uint64_t> take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto octet = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= std::uint64_t{octet & 0x7FU} << shift;
    if ((octet & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

std::optional<Handle> take_handle(std::string_view& in) {
  const auto offset = take_varint(in);
  const auto size = take_varint(in);
  if (!offset || !size) return std::nullopt;
  return Handle{*offset, *size};
}

std::optional<std::string> read_at(std::ifstream& file, std::uint64_t offset, std::size_t size) {
  std::string octets(size, '\0');
  file.clear();
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(octets.data(), static_cast<std::streamsize>(size));
  if (!file || static_cast<std::size_t>(file.gcount()) != size) return std::nullopt;
  return octets;
}

// The block with its trailer, when it lies in the file.
std::optional<std::string> read_block(std::ifstream& file, std::uint64_t file_size, const Handle& handle) {
  if (handle.size > kLargestMetaBlock || handle.offset > file_size ||
      handle.size + kTrailer > file_size - handle.offset) {
    return std::nullopt;
  }
  return read_at(file, handle.offset, handle.size + kTrailer);
}

bool checksum_holds(std::string_view block) {
  const std::size_t covered = block.size() - 4;  // the compression type is covered too
  return little_endian(block, covered, 4) == (xxh64(block.substr(0, covered)) & 0xFFFFFFFFU);
}

// The value of `name` in a meta-index block without its trailer: entries of shared, unshared and value lengths, key,
// value; then the restart points.
std::optional<Handle> find_meta_block(std::string_view block, std::string_view name) {
  if (block.size() < 4) return std::nullopt;
  const std::uint64_t restarts = little_endian(block, block.size() - 4, 4);
  if (restarts > (block.size() - 4) / 4) return std::nullopt;
  std::string_view left = block.substr(0, block.size() - 4 - restarts * 4);
  std::string key;
  while (!left.empty()) {
    const auto shared = take_varint(left);
    const auto unshared = take_varint(left);
    const auto value_size = take_varint(left);
    if (!shared || !unshared || !value_size || *shared > key.size() || *unshared > left.size() ||
        *value_size > left.size() - *unshared) {
      return std::nullopt;
    }
    key.resize(*shared);
    key += left.substr(0, *unshared);
    std::string_view value = left.substr(*unshared, *value_size);
    left.remove_prefix(*unshared + *value_size);
    if (key == name) return take_handle(value);
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t xxh64(std::string_view data) {
  const std::uint64_t size = data.size();
  std::size_t at = 0;
  std::uint64_t hash = kPrime5;
  if (size >= 32) {
    std::uint64_t lanes[4] = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
    for (; at + 32 <= size; at += 32) {
      for (std::size_t lane = 0; lane < 4; ++lane)
        lanes[lane] = round(lanes[lane], little_endian(data, at + lane * 8, 8));
    }
    hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) hash = (hash ^ round(0, lane)) * kPrime1 + kPrime4;
  }
  hash += size;
  for (; at + 8 <= size; at += 8) {
    hash = std::rotl(hash ^ round(0, little_endian(data, at, 8)), 27) * kPrime1 + kPrime4;
  }
  if (at + 4 <= size) {
    hash = std::rotl(hash ^ little_endian(data, at, 4) * kPrime1, 23) * kPrime2 + kPrime3;
    at += 4;
  }
  for (; at < size; ++at) hash = std::rotl(hash ^ little_endian(data, at, 1) * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 33U) * kPrime2;
  hash = (hash ^ hash >> 29U) * kPrime3;
  return hash ^ hash >> 32U;
}

std::optional<std::string> table_damage(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return std::nullopt;
  const auto size = static_cast<std::uint64_t>(file.tellg());
  if (size < kFooter) return std::nullopt;
  const auto footer = read_at(file, size - kFooter, kFooter);
  if (!footer || little_endian(*footer, kFooter - 8, 8) != kMagic) return std::nullopt;
  if (static_cast<std::uint8_t>(footer->front()) != kXxHash64) return std::nullopt;
  std::string_view handles = std::string_view(*footer).substr(1);
  const auto meta_index = take_handle(handles);
  const auto index_block = meta_index ? read_block(file, size, *meta_index) : std::nullopt;
  if (!index_block || !checksum_holds(*index_block)) return std::nullopt;
  const auto properties =
      find_meta_block(std::string_view(*index_block).substr(0, index_block->size() - kTrailer), kProperties);
  const auto block = properties ? read_block(file, size, *properties) : std::nullopt;
  if (!block) return std::nullopt;
  if (checksum_holds(*block)) return std::nullopt;
  return fmt::format("les propriétés de la table, à l'octet {}, ne portent plus leur somme de contrôle",
                     properties->offset);
}

}  // namespace assemblier::storage
