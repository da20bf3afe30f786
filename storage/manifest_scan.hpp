#pragma once
// What the MANIFEST of RocksDB says is part of the database: live tables and the oldest log still needed. A MANIFEST
// that lost its end is accepted by RocksDB, which then deletes the tables it does not name: so the journal looks first.
// Private to storage/.
//
// Thread-safety: values only.

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

namespace assemblier::storage {

struct ManifestContent {
  std::set<std::uint64_t> tables;  ///< numbers of the live .sst files
  std::uint64_t first_log = 0;     ///< logs of a lower number are no longer read
};

/// The edits of a whole or torn MANIFEST, applied in order; nothing when one holds what this reader does not know.
[[nodiscard]] std::optional<ManifestContent> read_manifest(std::string_view octets);

}  // namespace assemblier::storage
