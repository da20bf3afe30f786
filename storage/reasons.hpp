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
/// 000012.sst, octet 40". Of a text that is not known here its kind is said, and the text itself is kept in brackets.
[[nodiscard]] std::string reason_in(std::string_view text);

/// What to do about stored bytes that cannot be read; a list of findings says it once, at its end.
inline constexpr std::string_view kRestoreAdvice = "garder le répertoire tel quel et repartir d'une sauvegarde";

}  // namespace assemblier::storage
