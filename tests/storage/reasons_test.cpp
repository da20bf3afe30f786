// Reasons in French, from what the system and RocksDB say.

#include "storage/reasons.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace assemblier::storage {
namespace {

TEST(Reasons, OfRocksDb) {
  EXPECT_EQ(reason_in("Corruption: block checksum mismatch: stored = 1, computed = 2, type = 4  in "
                      "/var/journal/000012.sst offset 40196 size 16384"),
            "somme de contrôle fausse, fichier 000012.sst, octet 40196");
  EXPECT_EQ(reason_in("IO error: No such file or directory: While open a file for random read: j/000009.sst: No such "
                      "file or directory"),
            "fichier absent, fichier 000009.sst");
  EXPECT_EQ(reason_in("IO error: No space left on device: While appending to file: /j/000004.log: No space left on "
                      "device"),
            "plus de place, fichier 000004.log");
  EXPECT_EQ(reason_in("Corruption: Bad table magic number: expected 9863518390377041911, found 7 in MANIFEST-000003"),
            "ce n'est pas une table, ou sa fin a changé, fichier MANIFEST-000003");
  EXPECT_EQ(reason_in("IO error: une écriture précédente a échoué"), "une écriture précédente a échoué");
  EXPECT_EQ(reason_in("Corruption: Corrupt or unsupported format_version: 9 in file /j/000012.sst"),
            "version de format inconnue : il a changé, ou une autre version de RocksDB l'a écrit, fichier 000012.sst");
  EXPECT_EQ(reason_in("Corruption: something new in /j/000012.sst"),
            "contenu illisible, fichier 000012.sst [en anglais : something new in /j/000012.sst]");
  EXPECT_EQ(reason_in("Not implemented: a thing"), "écrit par une autre version de RocksDB [en anglais : a thing]");
  EXPECT_EQ(reason_in(""), "RocksDB échoue");
}

// What its library holds of sentences on files and blocks: each is said in French, in brackets at most as it is.
TEST(Reasons, NoEnglishOfRocksDbIsLeftBare) {
  for (const auto* said : {"bad block contents",
                           "bad block handle",
                           "bad entry in block",
                           "bad delta-encoded index value",
                           "Corrupted compressed block contents",
                           "Corrupt or unsupported checksum type: 7",
                           "Unknown Footer version. Maybe this file was created with newer version of RocksDB?",
                           "Unsupported compression method for this build",
                           "file is too short (12 bytes) to be an sstable",
                           "Input is too short to be an SST file",
                           "Mismatch in unique ID on table file 12",
                           "CURRENT file corrupted",
                           "Unable to parse key into internal key. ",
                           "error in middle of record",
                           "unknown WriteBatch tag",
                           "Write batch content corrupted.",
                           "Cannot find the meta block",
                           "Table properties missing in ",
                           "does not match existing comparator x",
                           "VersionEdit: new-file entry",
                           "Column family ID mismatch",
                           "Sst file size mismatch: /j/1.sst",
                           "Error decoding tag",
                           "Reach the end of the file unexpectedly."}) {
    for (const auto* kind : {"Corruption: ", "Invalid argument: ", "IO error: "}) {
      const std::string text = reason_in(std::string(kind) + said);
      const std::string french = text.substr(0, text.find(" [en anglais : "));
      EXPECT_FALSE(french.empty());
      for (const auto* english : {"orrupt", "bad ", "nable", " of ", "mismatch", "rror", "existing"})
        EXPECT_EQ(french.find(english), std::string::npos) << text;
    }
  }
}

TEST(Reasons, OfTheSystem) {
  EXPECT_EQ(reason_of(EACCES), "accès refusé");
  EXPECT_EQ(reason_of(ENOSPC), "plus de place");
  EXPECT_EQ(reason_of(12345), "erreur du système n° 12345");
}

}  // namespace
}  // namespace assemblier::storage
