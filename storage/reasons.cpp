#include "storage/reasons.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

struct Known {
  std::string_view english, french;
};

// The first that is found: what is more precise stands before.
constexpr std::array kKnown = {
    Known{"checksum mismatch", "somme de contrôle fausse"},
    Known{"magic number", "ce n'est pas une table, ou sa fin a changé"},
    Known{"file is too short", "fichier trop court"},
    Known{"truncated block read", "fichier trop court"},
    Known{"file size mismatch", "fichier d'une autre taille que celle qui est notée"},
    Known{"orrupted compressed block", "bloc comprimé illisible"},
    Known{"bad block", "bloc illisible"},
    Known{"bad entry in block", "bloc illisible"},
    Known{"No such file", "fichier absent"},
    Known{"No space left", "plus de place"},
    Known{"Disk quota", "quota d'espace atteint"},
    Known{"Permission denied", "accès refusé"},
    Known{"Operation not permitted", "accès refusé"},
    Known{"Input/output error", "erreur de lecture ou d'écriture du support"},
    Known{"Read-only file system", "système de fichiers en lecture seule"},
    Known{"Too many open files", "trop de fichiers ouverts"},
    Known{"File too large", "fichier plus long que le processus ne peut l'écrire"},
    Known{"Is a directory", "c'est un répertoire"},
    Known{"Not a directory", "un élément du chemin n'est pas un répertoire"},
    Known{"Cannot allocate memory", "mémoire insuffisante"},
};

// The first file of a journal that the text names, without its directory.
std::optional<std::string_view> file_in(std::string_view text) {
  constexpr std::string_view kBetween = " ()\"':,;";
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find_first_not_of(kBetween), text.size());
    text.remove_prefix(begin);
    std::string_view word = text.substr(0, text.find_first_of(kBetween));
    text.remove_prefix(word.size());
    if (const std::size_t slash = word.rfind('/'); slash != std::string_view::npos) word.remove_prefix(slash + 1);
    if (word.ends_with(".sst") || word.ends_with(".log") || word.starts_with("MANIFEST-") || word == "CURRENT")
      return word;
  }
  return std::nullopt;
}

std::optional<std::string_view> offset_in(std::string_view text) {
  constexpr std::string_view kOffset = " offset ";
  const std::size_t at = text.find(kOffset);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kOffset.size());
  return text.substr(0, text.find_first_not_of("0123456789"));
}

}  // namespace

std::string reason_of(int error) {
  switch (error) {
    case ENOENT:
      return "ce fichier ou ce répertoire n'existe pas";
    case EACCES:
    case EPERM:
      return "accès refusé";
    case EEXIST:
    case ENOTEMPTY:
      return "il y a déjà quelque chose à cette place";
    case ENOSPC:
      return "plus de place";
    case EDQUOT:
      return "quota d'espace atteint";
    case EFBIG:
      return "fichier plus long que le processus ne peut l'écrire";
    case EIO:
      return "erreur de lecture ou d'écriture du support";
    case EROFS:
      return "système de fichiers en lecture seule";
    case EISDIR:
      return "c'est un répertoire";
    case ENOTDIR:
      return "un élément du chemin n'est pas un répertoire";
    case EMFILE:
    case ENFILE:
      return "trop de fichiers ouverts";
    case ENAMETOOLONG:
      return "le chemin est trop long";
    case ELOOP:
      return "trop de liens symboliques";
    case EXDEV:
      return "les deux places ne sont pas du même système de fichiers";
    case EBUSY:
      return "cette place est occupée";
    case ENOMEM:
      return "mémoire insuffisante";
    default:
      return fmt::format("erreur du système n° {}", error);
  }
}

std::string reason_in(std::string_view text) {
  const auto known = std::ranges::find_if(
      kKnown, [text](const Known& one) { return text.find(one.english) != std::string_view::npos; });
  if (known == kKnown.end()) {
    for (const std::string_view kind : {"Corruption: ", "IO error: ", "Invalid argument: ", "Not implemented: "})
      if (text.starts_with(kind)) text.remove_prefix(kind.size());
    return std::string(text);
  }
  std::string reason(known->french);
  if (const auto file = file_in(text)) reason += fmt::format(", fichier {}", *file);
  if (const auto offset = offset_in(text)) reason += fmt::format(", octet {}", *offset);
  return reason;
}

}  // namespace assemblier::storage
