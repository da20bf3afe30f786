// No room left, for real: an import is refused where it stands, loses nothing, and completes once there is room again.

#include "storage/journal_rocksdb.hpp"
#include "storage/keys.hpp"
#include "tests/tools/support.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

const std::string kGood = R"({"rayon": "outils", "caution": "20.00", "jours": 3})";

constexpr std::size_t kLines = 2400;  // more than a megabyte of log, handed over some hundreds at a time

std::string all_lines() {
  std::string lines;
  for (std::size_t i = 0; i < kLines; ++i) lines += demande(fmt::format("d{}", i), fmt::format("pret/{}", i), kGood);
  return lines;
}

std::size_t answered(const std::string& answers, const std::string& with) {
  std::size_t count = 0;
  for (std::size_t at = answers.find(with); at != std::string::npos; at = answers.find(with, at + 1)) ++count;
  return count;
}

// Everything answered « inscrit » is there once; the rest has come in.
void expect_completed(const Outcome& again, std::size_t before) {
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_GE(answered(again.out, "\"déjà inscrit\""), before);
  EXPECT_EQ(answered(again.out, "\"déjà inscrit\"") + answered(again.out, "\"inscrit\""), kLines);
}

Outcome bash(const std::string& script, const std::string& input = {}) {
  return run({.arguments = {"-c", script}, .input = input, .program = "/bin/bash"});
}

TEST(FullDisk, AFileThatMayNotGrow) {
  const House house;
  const std::string lines = all_lines();
  const auto refused = bash(
      fmt::format("ulimit -f 700; exec {} --journal {} --format json importer -", ASSEMBLIER_PROGRAM, house.journal),
      lines);
  EXPECT_EQ(refused.code, 5) << refused.err;
  const std::size_t before = answered(refused.out, "\"inscrit\"");
  EXPECT_GT(before, 20U);
  EXPECT_LT(before, kLines);
  EXPECT_NE((refused.out + refused.err).find("n'accepte plus"), std::string::npos) << refused.err;
  const auto verified = house({"journal", "verifier"});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
  expect_completed(house({"--format", "json", "importer", "-"}, lines), before);
  EXPECT_EQ(house({"journal", "verifier"}).code, 0);
}

// A file system of one megabyte, in a name space of its own; made larger afterwards.
TEST(FullDisk, AFileSystemThatIsFull) {
  if (bash("unshare -rm true").code != 0) GTEST_SKIP() << "mounting is not allowed here";
  const Scratch scratch;
  const std::string lines = scratch.write("lignes", all_lines());
  const std::string rules = scratch.write("pret.regles", kPret);
  const auto outcome = bash(fmt::format(
      R"(unshare -rm /bin/bash -c '
mkdir {0}/disque && mount -t tmpfs -o size=1m tmpfs {0}/disque || exit 77
A="{1} --journal {0}/disque/journal --format json"
$A journal creer >{0}/creer && $A edition publier {2} >{0}/publier || exit 78
$A importer {3} >{0}/premier 2>{0}/plainte; echo $? >{0}/code-plein
$A journal verifier >{0}/verifie-plein 2>&1; echo $? >{0}/code-verifie-plein
$A importer {3} >{0}/deuxieme 2>>{0}/plainte; echo $? >{0}/code-encore
mount -o remount,size=16m {0}/disque || exit 79
$A importer {3} >{0}/troisieme 2>{0}/plainte-apres; echo $? >{0}/code-apres
$A journal verifier >{0}/verifie-apres 2>&1; echo $? >{0}/code-verifie-apres
')",
      scratch.path(), ASSEMBLIER_PROGRAM, rules, lines));
  if (outcome.code == 77) GTEST_SKIP() << "mounting is not allowed here";
  ASSERT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  const auto file = [&](const std::string& name) { return read_file(scratch / name); };
  EXPECT_EQ(file("code-plein"), "5\n") << file("plainte");
  const std::size_t before = answered(file("premier"), "\"inscrit\"");
  EXPECT_GT(before, 20U);
  EXPECT_LT(before, kLines);
  EXPECT_NE((file("plainte") + file("premier")).find("plein"), std::string::npos) << file("plainte");
  EXPECT_EQ(file("code-verifie-plein"), "0\n") << file("verifie-plein");
  EXPECT_EQ(file("code-encore"), "5\n") << file("plainte");
  EXPECT_EQ(file("code-verifie-apres"), "0\n") << file("verifie-apres");
  expect_completed(
      {.code = file("code-apres") == "0\n" ? 0 : 1, .out = file("troisieme"), .err = file("plainte-apres")}, before);
}

// No room for the repaired copy, or nobody may write: nothing is changed, and it is said.
TEST(FullDisk, ARepairWithoutRoom) {
  if (bash("unshare -rm true").code != 0) GTEST_SKIP() << "mounting is not allowed here";
  const House house;
  ASSERT_EQ(house({"importer", "-"}, all_lines()).code, 0);
  {
    auto store = storage::open_rocksdb_store(house.journal, false, nullptr);
    ASSERT_TRUE(store);
    (*store)->remove(storage::flux_key("pret/1"));
    ASSERT_TRUE((*store)->commit());
  }
  const auto outcome = bash(fmt::format(
      R"(unshare -rm /bin/bash -c '
mkdir {0}/disque && mount -t tmpfs -o size=3m tmpfs {0}/disque && cp -r {2} {0}/disque/journal || exit 77
head -c 3m /dev/zero >{0}/disque/plein 2>{0}/rien
R="{1} --journal {0}/disque/journal journal verifier --reparer"
$R >{0}/plein-dit 2>&1; echo $? >{0}/code-plein
rm {0}/disque/plein && ls {0}/disque >{0}/reste && mount -o remount,ro {0}/disque || exit 78
$R >{0}/fige-dit 2>&1; echo $? >{0}/code-fige
mount -o remount,rw,size=32m {0}/disque || exit 79
$R >{0}/enfin-dit 2>&1; echo $? >{0}/code-enfin
')",
      house.scratch.path(), ASSEMBLIER_PROGRAM, house.journal));
  if (outcome.code == 77) GTEST_SKIP() << "mounting is not allowed here";
  ASSERT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  const auto file = [&](const std::string& name) { return read_file(house.scratch / name); };
  for (const std::string name : {"plein", "fige"}) {
    EXPECT_EQ(file("code-" + name), "5\n") << file(name + "-dit");
    EXPECT_NE(file(name + "-dit").find("rien n'a été changé"), std::string::npos) << file(name + "-dit");
  }
  EXPECT_EQ(file("reste"), "journal\n");
  EXPECT_EQ(file("code-enfin"), "0\n") << file("enfin-dit");
}

}  // namespace
}  // namespace assemblier::tools
