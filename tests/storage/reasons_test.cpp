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
  EXPECT_EQ(reason_in("Corruption: something new"), "something new");
  EXPECT_EQ(reason_in(""), "");
}

TEST(Reasons, OfTheSystem) {
  EXPECT_EQ(reason_of(EACCES), "accès refusé");
  EXPECT_EQ(reason_of(ENOSPC), "plus de place");
  EXPECT_EQ(reason_of(12345), "erreur du système n° 12345");
}

}  // namespace
}  // namespace assemblier::storage
