#pragma once
// Why the system or RocksDB refused something, in the words of those who read it.
//
// Thread-safety: pure functions.
//
//   fmt::format("{} ne s'ouvre pas : {}", file, reason_of(errno));

#include <string>
#include <string_view>

namespace assemblier::storage {

/// French, of an errno: "accès refusé". One that is not known here is told by its number.
[[nodiscard]] std::string reason_of(int error);

/// French, of the text of a RocksDB status, with the file and the offset it names: "somme de contrôle fausse, fichier
/// 000012.sst, octet 40". A text that is not known here stays as it is, but for the kind it begins with.
[[nodiscard]] std::string reason_in(std::string_view text);

}  // namespace assemblier::storage
