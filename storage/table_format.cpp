#include "storage/table_format.hpp"

#include <bit>
#include <cstring>
#include <string>

namespace assemblier::storage {

namespace table {

std::uint64_t little_endian(std::string_view data, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i > 0; --i) value = value << 8U | static_cast<unsigned char>(data[at + i - 1]);
  return value;
}

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

std::optional<Footer> read_footer(std::string_view octets) {
  if (little_endian(octets, kFooter - 8, 8) != kMagic) return std::nullopt;
  std::string_view handles = octets.substr(1);
  const auto meta_index = take_handle(handles);
  const auto index = take_handle(handles);
  if (!meta_index || !index) return std::nullopt;
  return Footer{.checksum = static_cast<std::uint8_t>(octets.front()),
                .version = static_cast<std::uint32_t>(little_endian(octets, kFooter - 12, 4)),
                .meta_index = *meta_index,
                .index = *index};
}

bool checksum_holds(std::string_view block) {
  const std::size_t covered = block.size() - 4;  // the compression type is covered too
  return little_endian(block, covered, 4) == (xxh64(block.substr(0, covered)) & 0xFFFFFFFFU);
}

std::optional<std::string_view> entries_of(std::string_view block) {
  if (block.size() < 4) return std::nullopt;
  const std::uint64_t restarts = little_endian(block, block.size() - 4, 4);
  if (restarts > (block.size() - 4) / 4) return std::nullopt;
  return block.substr(0, block.size() - 4 - restarts * 4);
}

// Entries: shared, unshared and value lengths, key, value.
std::optional<std::string_view> find_meta(std::string_view block, std::string_view name) {
  auto left = entries_of(block);
  std::string key;
  while (left && !left->empty()) {
    const auto shared = take_varint(*left);
    const auto unshared = take_varint(*left);
    const auto value_size = take_varint(*left);
    if (!shared || !unshared || !value_size || *shared > key.size() || *unshared > left->size() ||
        *value_size > left->size() - *unshared) {
      return std::nullopt;
    }
    key.resize(*shared);
    key += left->substr(0, *unshared);
    const std::string_view value = left->substr(*unshared, *value_size);
    left->remove_prefix(*unshared + *value_size);
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace table

namespace {

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87U;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4FU;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9U;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63U;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5U;

std::uint64_t round(std::uint64_t lane, std::uint64_t input) { return std::rotl(lane + input * kPrime2, 31) * kPrime1; }

template <class T>
std::uint64_t load(const char* octets) {
  T value = 0;
  std::memcpy(&value, octets, sizeof value);
  return std::endian::native == std::endian::little ? value : std::byteswap(value);
}

}  // namespace

std::uint64_t xxh64(std::string_view data) {
  const char* at = data.data();
  const char* const end = at + data.size();
  std::uint64_t hash = kPrime5;
  if (data.size() >= 32) {
    std::uint64_t lanes[4] = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
    for (; end - at >= 32; at += 32) {
      for (std::size_t lane = 0; lane < 4; ++lane) lanes[lane] = round(lanes[lane], load<std::uint64_t>(at + lane * 8));
    }
    hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) hash = (hash ^ round(0, lane)) * kPrime1 + kPrime4;
  }
  hash += data.size();
  for (; end - at >= 8; at += 8) {
    hash = std::rotl(hash ^ round(0, load<std::uint64_t>(at)), 27) * kPrime1 + kPrime4;
  }
  if (end - at >= 4) {
    hash = std::rotl(hash ^ load<std::uint32_t>(at) * kPrime1, 23) * kPrime2 + kPrime3;
    at += 4;
  }
  for (; at < end; ++at) hash = std::rotl(hash ^ load<std::uint8_t>(at) * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 33U) * kPrime2;
  hash = (hash ^ hash >> 29U) * kPrime3;
  return hash ^ hash >> 32U;
}

}  // namespace assemblier::storage
