#pragma once
// A small file outside the journal that is there whole or not at all, whatever happens. Private to storage/.
//
// Thread-safety: functions; two of them do not write the same file at once.

#include "storage/journal.hpp"

#include <filesystem>
#include <optional>

namespace assemblier::storage {

/// Writes beside, syncs, renames: on disk when it answers, after a crash the octets before or these. kIo.
[[nodiscard]] Result<void> write_whole_file(const std::filesystem::path& path, std::string_view octets);
/// Whether it could be written there now; nothing is left of the trial. kIo.
[[nodiscard]] Result<void> check_writable(const std::filesystem::path& path);
/// Nothing when there is no such file. kIo; kUnreadable when it is no ordinary file.
[[nodiscard]] Result<std::optional<Bytes>> read_whole_file(const std::filesystem::path& path);

}  // namespace assemblier::storage
