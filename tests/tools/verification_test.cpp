// journal verifier --reprendre, and the verification that goes on beside an import, as people run them.

#include "storage/journal_rocksdb.hpp"
#include "storage/keys.hpp"
#include "tests/tools/support.hpp"

#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

namespace fs = std::filesystem;

// Events of no édition: a journal long enough to be interrupted in.
void fill(const std::string& journal, int events) {
  auto writer = storage::open_rocksdb(journal, {});
  ASSERT_TRUE(writer) << writer.error().message;
  for (int i = 0; i < events; i += 100) {
    storage::AppendRequest request;
    for (int j = i; j < i + 100; ++j) {
      request.events.push_back(
          {.flux = fmt::format("essai/{}", j % 97), .type = "essai", .acte_id = fmt::format("a{}", i)});
      request.events.back().event_id =
          storage::new_event_id(request.events.back().acte_id, static_cast<std::uint32_t>(j));
    }
    ASSERT_TRUE((*writer)->append(std::move(request)));
  }
}

TEST(Verification, InterruptedItGoesOnWhereItWas) {
  const House house;
  fill(house.journal, 20'000);
  const std::string file = house.scratch / "controle";
  const std::vector<std::string> command = {"journal", "verifier", "--reprendre", file, "--en-fond"};
  std::vector<std::string> arguments = command;
  arguments.insert(arguments.end(), {"--journal", house.journal});
  // Too early nothing is begun, too late all is done.
  int code = -1;
  bool begun = false;
  for (auto after = std::chrono::microseconds(20'000); !begun && code != 0; after = after * 5 / 4) {
    Started started(arguments);
    std::this_thread::sleep_for(after);
    ::kill(started.process(), SIGINT);
    code = started.finish();
    begun = code == 1 && started.wait_for(1).at(0).find(" 0 événement") == std::string::npos;
  }
  ASSERT_EQ(code, 1) << "interrupted, which is no answer";
  ASSERT_TRUE(fs::exists(file));
  {
    Started killed(arguments);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    killed.kill();
  }
  const auto last = house(command);
  EXPECT_EQ(last.code, 0) << last.out << last.err;
  EXPECT_NE(last.out.find("20\u202f001 événements vérifiés, 0 anomalie"), std::string::npos) << last.out;
  EXPECT_NE(last.out.find("repris à la position"), std::string::npos) << last.out;
  EXPECT_FALSE(fs::exists(file));
  EXPECT_EQ(house({"journal", "verifier", "--reprendre", house.journal + "/x"}).code, 2);
  EXPECT_EQ(house({"journal", "verifier", "--reprendre", file, "--reparer"}).code, 2);
}

TEST(Verification, BesideAnImport) {
  const House house;
  const std::string file = house.scratch / "controle";
  const std::string line = demande("d", "pret/1", R"({"rayon": "outils", "caution": "20.00", "jours": 3})");
  const auto done = house({"importer", "-", "--controle", file}, line);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_NE(done.err.find("contrôle en arrière-plan : "), std::string::npos) << done.err;

  auto store = storage::open_rocksdb_store(house.journal, false, nullptr);
  ASSERT_TRUE(store);
  (*store)->remove(storage::flux_key("pret/1"));
  ASSERT_TRUE((*store)->commit());
  store->reset();
  // Once it has ended by itself, what it found is the exit code, whatever was imported.
  Started slow({"importer", "-", "--controle", file, "--journal", house.journal});
  const std::string importer = fmt::format("/proc/{0}/task/{0}/children", slow.process());
  for (int i = 0; i < 3000; ++i) {
    const std::string child = read_file(importer);
    if (!child.empty() &&
        read_file("/proc/" + child.substr(0, child.find(' ')) + "/stat").find(") Z ") != std::string::npos)
      break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(slow.finish(), 4);
}

// What keeps a control is looked at before anything is done: nothing is imported, nothing read for hours.
TEST(Verification, AFileThatCannotKeepItIsSaidFirst) {
  const House house;
  const std::string line = demande("d", "pret/1", R"({"rayon": "outils", "caution": "20.00", "jours": 3})");
  const std::string mine = house.scratch.write("notes", "notes of mine");
  const auto before = house({"journal", "exporter"}).out;
  const std::vector<std::pair<std::string, int>> files = {
      {house.scratch / "nowhere/controle", 5}, {house.scratch.path(), 3}, {mine, 3}, {house.journal + "/x", 2}};
  for (const auto& [file, code] : files) {
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"importer", "-", "--controle", file},
                                                                       {"journal", "verifier", "--reprendre", file}}) {
      const auto refused = house(arguments, line);
      EXPECT_EQ(refused.code, code) << file << refused.err;
      EXPECT_EQ(refused.out, "");
      EXPECT_NE(refused.err.find(file), std::string::npos) << refused.err;
    }
  }
  EXPECT_EQ(house({"journal", "exporter"}).out, before);
  EXPECT_EQ(read_file(mine), "notes of mine");
}

// A table with an unreadable block: each finding once, and at the end what to do.
TEST(Verification, WhatToDoIsSaidOnce) {
  const House house;
  fill(house.journal, 20'000);
  std::string table;
  for (const auto& entry : fs::directory_iterator(house.journal)) {
    if (entry.path().extension() == ".sst" && (table.empty() || entry.file_size() > fs::file_size(table)))
      table = entry.path().string();
  }
  std::string octets = read_file(table);
  for (const std::size_t part : {3, 2})
    octets[octets.size() / part] = static_cast<char>(octets[octets.size() / part] ^ 1);
  house.scratch.write("journal/" + fs::path(table).filename().string(), octets);
  const auto found = house({"journal", "verifier"});
  EXPECT_EQ(found.code, 4);
  EXPECT_NE(found.out.find("ne se lisent plus"), std::string::npos) << found.out;
  const auto first = found.out.find("sauvegarde");
  EXPECT_NE(first, std::string::npos) << found.out;
  EXPECT_EQ(found.out.find("sauvegarde", first + 1), std::string::npos) << found.out;
}

}  // namespace
}  // namespace assemblier::tools
