#include "storage/table_scan.hpp"

#include "storage/table_format.hpp"

#include <fstream>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

using namespace table;

constexpr std::string_view kProperties = "rocksdb.properties";

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
  if (handle.size > kLargestBlock || handle.offset > file_size || handle.size + kTrailer > file_size - handle.offset) {
    return std::nullopt;
  }
  return read_at(file, handle.offset, handle.size + kTrailer);
}

}  // namespace

std::optional<std::string> table_damage(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return std::nullopt;
  const auto size = static_cast<std::uint64_t>(file.tellg());
  if (size < kFooter) return std::nullopt;
  const auto octets = read_at(file, size - kFooter, kFooter);
  const auto footer = octets ? read_footer(*octets) : std::nullopt;
  if (!footer || footer->checksum != kXxHash64) return std::nullopt;
  const auto index_block = read_block(file, size, footer->meta_index);
  if (!index_block || !checksum_holds(*index_block)) return std::nullopt;
  auto properties = find_meta(std::string_view(*index_block).substr(0, index_block->size() - kTrailer), kProperties);
  const auto handle = properties ? take_handle(*properties) : std::nullopt;
  const auto block = handle ? read_block(file, size, *handle) : std::nullopt;
  if (!block) return std::nullopt;
  if (checksum_holds(*block)) return std::nullopt;
  return fmt::format("les propriétés de la table, à l'octet {}, ne portent plus leur somme de contrôle",
                     handle->offset);
}

}  // namespace assemblier::storage
