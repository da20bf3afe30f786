#pragma once
// The file of a consumer group: its octets, and their writing, whole or not at all. storage/README.md holds the format.
// Private to storage/.
//
// Thread-safety: functions; two of them do not write in one directory at once (Group holds a lock).

#include "storage/group.hpp"

#include <optional>
#include <string>

namespace assemblier::storage {

inline constexpr const char* kGroupFile = "groupe";

[[nodiscard]] Bytes encode_group(const GroupRecord& record);
/// Strict inverse: nothing for octets that encode_group cannot have produced.
[[nodiscard]] std::optional<GroupRecord> decode_group(std::string_view octets);

/// Replaces the file of `directory`; on disk when it answers, the one before or this one after a crash.
[[nodiscard]] Result<void> write_group(const std::string& directory, const GroupRecord& record);
/// kAbsent, kDamaged, kIo.
[[nodiscard]] Result<GroupRecord> read_group(const std::string& directory);

}  // namespace assemblier::storage
