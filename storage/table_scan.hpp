#pragma once
// A look at a table file of RocksDB before RocksDB opens it. It verifies every block it uses but one: the properties,
// which it parses first and checks afterwards, so that a changed octet there can stop the process on an assertion.
// Private to storage/.
//
// Thread-safety: values only.
//
//   if (const auto why = table_damage(path)) …

#include <optional>
#include <string>

namespace assemblier::storage {

/// Why the properties of the table must not be parsed; nothing when they may, and nothing for a file so short or
/// changed that RocksDB finds it out by itself (an unfinished table among them, which a killed process may leave).
[[nodiscard]] std::optional<std::string> table_damage(const std::string& path);

}  // namespace assemblier::storage
