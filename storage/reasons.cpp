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
    // Our own words, that RocksDB has carried.
    Known{"une écriture précédente a échoué", "une écriture précédente a échoué"},
    Known{"ne portent plus leur somme de contrôle",
          "les propriétés de la table ne portent plus leur somme de contrôle"},
    Known{"checksum mismatch", "somme de contrôle fausse"},
    Known{"per key-value checksum verification failed", "somme de contrôle fausse"},
    Known{"checksum type",
          "sorte de somme de contrôle inconnue : il a changé, ou une autre version de RocksDB l'a écrit"},
    Known{"format_version", "version de format inconnue : il a changé, ou une autre version de RocksDB l'a écrit"},
    Known{"Unknown Footer version",
          "version de format inconnue : il a changé, ou une autre version de RocksDB l'a écrit"},
    Known{"unique ID", "c'est une autre table que celle qui est notée"},
    Known{"CURRENT file", "le fichier CURRENT ne nomme aucun MANIFEST"},
    Known{"VersionEdit", "la liste des fichiers (MANIFEST) ne se lit pas"},
    Known{"omparator", "l'ordre des enregistrements n'est pas celui d'un journal"},
    Known{"olumn family", "ce n'est pas la forme d'un journal"},
    Known{"properties", "les propriétés de la table ne se lisent pas"},
    Known{"compression", "bloc comprimé d'une manière inconnue"},
    Known{"WriteBatch", "enregistrement du journal d'écriture illisible"},
    Known{"rite batch", "enregistrement du journal d'écriture illisible"},
    Known{"log record", "enregistrement du journal d'écriture illisible"},
    Known{"record length", "enregistrement du journal d'écriture illisible"},
    Known{"middle of record", "enregistrement du journal d'écriture coupé"},
    Known{"nternal key", "clé d'enregistrement illisible"},
    Known{"Corrupted Key", "clé d'enregistrement illisible"},
    Known{"orrupted key", "clé d'enregistrement illisible"},
    Known{"magic number", "ce n'est pas une table, ou sa fin a changé"},
    Known{"too short", "fichier trop court"},
    Known{"truncated block read", "fichier trop court"},
    Known{"ize mismatch", "fichier d'une autre taille que celle qui est notée"},
    Known{"orrupted compressed block", "bloc comprimé illisible"},
    Known{"meta block", "bloc illisible"},
    Known{"bad block", "bloc illisible"},
    Known{"block handle", "bloc illisible"},
    Known{"in block", "bloc illisible"},
    Known{"index value", "bloc illisible"},
    Known{"filter content", "bloc illisible"},
    Known{"No such file", "fichier absent"},
    Known{"does not exist", "fichier absent"},
    Known{"No space left", "plus de place"},
    Known{"Space limit reached", "plus de place"},
    Known{"max_db_size", "plus de place"},
    Known{"Disk quota", "quota d'espace atteint"},
    Known{"Permission denied", "accès refusé"},
    Known{"Operation not permitted", "accès refusé"},
    Known{"Input/output error", "erreur de lecture ou d'écriture du support"},
    Known{"Read-only file system", "système de fichiers en lecture seule"},
    Known{"Too many open files", "trop de fichiers ouverts"},
    Known{"File too large", "fichier plus long que le processus ne peut l'écrire"},
    Known{"Is a directory", "c'est un répertoire"},
    Known{"Not a directory", "un élément du chemin n'est pas un répertoire"},
    Known{"File exists", "il y a déjà quelque chose à cette place"},
    Known{"Directory not empty", "il y a déjà quelque chose à cette place"},
    Known{"File name too long", "le chemin est trop long"},
    Known{"Too many levels of symbolic links", "trop de liens symboliques"},
    Known{"Invalid cross-device link", "les deux places ne sont pas du même système de fichiers"},
    Known{"Device or resource busy", "cette place est occupée"},
    Known{"Resource temporarily unavailable", "cette place est occupée"},
    Known{"Stale file handle", "le système de fichiers du réseau a perdu ce fichier"},
    Known{"Cannot allocate memory", "mémoire insuffisante"},
    Known{"Memory limit reached", "mémoire insuffisante"},
    Known{"bad_alloc", "une longueur démesurée y est écrite"},
    Known{"length_error", "une longueur démesurée y est écrite"},
    Known{"hutdown in progress", "le journal se ferme"},
};

// What RocksDB says in other words yet is told by the kind of its status; those words stand in brackets.
constexpr std::array kKinds = {
    Known{"Corruption: ", "contenu illisible"},
    Known{"IO error: ", "le système refuse une lecture ou une écriture"},
    Known{"Invalid argument: ", "contenu qu'aucun journal n'a"},
    Known{"Not implemented: ", "écrit par une autre version de RocksDB"},
    Known{"NotFound: ", "fichier ou enregistrement absent"},
    Known{"", "RocksDB échoue"},
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
    if (word.ends_with(".sst") || word.ends_with(".log") || word.starts_with("MANIFEST-") ||
        word.starts_with("OPTIONS-") || word == "CURRENT")
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
  std::string reason;
  if (known != kKnown.end()) {
    reason = known->french;
  } else {
    const auto kind = std::ranges::find_if(kKinds, [text](const Known& one) { return text.starts_with(one.english); });
    reason = kind->french;
    text.remove_prefix(kind->english.size());
  }
  if (const auto file = file_in(text)) reason += fmt::format(", fichier {}", *file);
  if (const auto offset = offset_in(text)) reason += fmt::format(", octet {}", *offset);
  if (known == kKnown.end() && !text.empty()) reason += fmt::format(" [en anglais : {}]", text);
  return reason;
}

}  // namespace assemblier::storage
