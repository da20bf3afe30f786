// Damage to the files of a journal: one octet changed anywhere, logs cut short, files gone. Found, or harmless; never a
// crash, never fewer events in silence. ASSEMBLIER_LONG=1 sweeps every octet and every bit.

#include "storage/rocksdb_files.hpp"
#include "storage/table_scan.hpp"
#include "tests/storage/support.hpp"

#include <chrono>
#include <map>

#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>

namespace assemblier::storage {
namespace {

namespace fs = std::filesystem;

constexpr int kEvents = 40;

void fill(Journal& journal, int first, int last) {
  for (int i = first; i < last; ++i) {
    const std::string id = "acte-" + std::to_string(i);
    const auto done =
        journal.append({.events = {make_event("flux/" + std::to_string(i % 6), id, 0, Bytes(60, 'p') + id)},
                        .expected = {},
                        .outcome = make_outcome(id, id, "kept " + id)});
    ASSERT_TRUE(done) << done.error().message;
  }
}

// A journal closed cleanly: its records are in table files.
void make_closed(const std::string& directory) {
  auto journal = create_rocksdb(directory, {});
  ASSERT_TRUE(journal) << journal.error().message;
  fill(**journal, 0, kEvents);
}

// A journal as kill -9 leaves it: the copy of the directory of a live one. Its first half is in table files when
// `mixed`.
void make_killed(const std::string& directory, bool mixed) {
  const Scratch scratch;
  const std::string live = scratch / "live";
  auto journal = create_rocksdb(live, {});
  ASSERT_TRUE(journal) << journal.error().message;
  fill(**journal, 0, kEvents / 2);
  if (mixed) {
    journal->reset();
    journal = open_rocksdb(live, {});
    ASSERT_TRUE(journal) << journal.error().message;
  }
  fill(**journal, kEvents / 2, kEvents);
  copy_live(live, directory);
}

/// Everything a journal says, or why it cannot.
struct Reading {
  bool found = false;  // opening or verify() reported something
  ErrorKind kind = ErrorKind::kInvalid;
  std::string message;
  std::string content;  // stored bytes of all events and all answers, when read without an error
  std::size_t events = 0;
};

Reading read_everything(const std::string& directory, bool read_only = true) {
  Reading reading;
  const auto refuse = [&](const Error& error) {
    reading.found = true;
    reading.kind = error.kind;
    reading.message += error.message + "\n";
  };
  auto journal = open_rocksdb(directory, {.limits = {}, .clock = {}, .read_only = read_only});
  if (!journal) {
    refuse(journal.error());
    return reading;
  }
  const auto report = (*journal)->verify({});
  if (!report) {
    refuse(report.error());
  } else {
    for (const Finding& finding : report->findings) refuse({ErrorKind::kDamaged, finding.message});
  }
  const auto all = (*journal)->read_all(Position{0}, [&](const StoredEvent& event) {
    reading.content += event.stored;
    ++reading.events;
    const auto outcome = (*journal)->outcome(event.header.acte_id);
    reading.content += outcome && *outcome ? (*outcome)->outcome.answer : std::string("?");
    return true;
  });
  if (!all) {
    reading.content = "unreadable";
    EXPECT_EQ(all.error().kind, ErrorKind::kDamaged) << all.error().message;
    EXPECT_TRUE(reading.found) << "verify() said nothing, reading did: " << all.error().message;
  }
  return reading;
}

void set_octet(const fs::path& path, std::uint64_t offset, char octet) {
  const int descriptor = ::open(path.c_str(), O_WRONLY);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(::pwrite(descriptor, &octet, 1, static_cast<off_t>(offset)), 1);
  ::close(descriptor);
}

std::vector<fs::path> files_of(const std::string& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (fs::file_size(entry) > 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Offsets of the record headers of a log file, where a changed octet misleads most.
std::vector<std::uint64_t> header_octets(const std::string& log) {
  std::vector<std::uint64_t> octets;
  std::size_t at = 0;
  while (at + 7 <= log.size()) {
    if (32'768 - at % 32'768 < 7) {
      at += 32'768 - at % 32'768;
      continue;
    }
    for (std::size_t i = 4; i < 7; ++i) octets.push_back(at + i);
    at += 7 + static_cast<unsigned char>(log[at + 4]) + 256U * static_cast<unsigned char>(log[at + 5]);
  }
  return octets;
}

void sweep(const std::string& directory) {
  const Reading whole = read_everything(directory);
  ASSERT_FALSE(whole.found) << whole.message;
  ASSERT_EQ(whole.events, static_cast<std::size_t>(kEvents));
  std::map<std::string, int> found;
  std::map<std::string, int> harmless;
  const auto flip = [&](const fs::path& path, const std::string& content, std::uint64_t offset, unsigned mask) {
    set_octet(path, offset, static_cast<char>(static_cast<unsigned char>(content[offset]) ^ mask));
    const Reading reading = read_everything(directory);
    set_octet(path, offset, content[offset]);
    const std::string name = path.filename().string();
    const std::string where = name + " octet " + std::to_string(offset) + " mask " + std::to_string(mask);
    if (reading.found) {
      ++found[name];
      EXPECT_TRUE(reading.kind == ErrorKind::kDamaged || reading.kind == ErrorKind::kFormat)
          << where << ": " << reading.message;
    } else {
      ++harmless[name];
      EXPECT_EQ(reading.events, whole.events) << where;
      EXPECT_TRUE(reading.content == whole.content) << where << ": other bytes in silence";
    }
  };
  for (const fs::path& path : files_of(directory)) {
    const std::string content = read_bytes(path);
    const bool log = path.extension() == ".log" || path.filename().string().starts_with("MANIFEST");
    const bool options = path.filename().string().starts_with("OPTIONS");  // never read
    // A prime stride meets every offset of a structure sooner or later.
    const std::uint64_t stride = long_tests() ? 1 : options ? 1999 : content.size() < 64 ? 1 : 53;
    for (std::uint64_t offset = 0; offset < content.size(); offset += stride) {
      flip(path, content, offset, 0xFF);
      flip(path, content, offset, 1U << offset % 8);
    }
    if (log) {
      const auto octets = header_octets(content);
      for (std::size_t i = 0; i < octets.size(); ++i) {
        // All bits of the last headers, where a lie looks like the end; a sample of the others.
        const bool last = i + 9 >= octets.size();
        for (unsigned bit = 0; bit < 8; ++bit) {
          if (last || long_tests() || (i + bit) % 5 == 0) flip(path, content, octets[i], 1U << bit);
        }
      }
    }
    if (path.extension() == ".sst") {
      for (std::uint64_t offset = content.size() - 53; offset < content.size(); ++offset) {
        for (unsigned bit = 0; bit < 8; bit += long_tests() ? 1 : 3) flip(path, content, offset, 1U << bit);
      }
    }
    ::testing::Test::RecordProperty(path.filename().string() + " found", found[path.filename().string()]);
    ::testing::Test::RecordProperty(path.filename().string() + " harmless", harmless[path.filename().string()]);
  }
  // The sweep would pass over a store that never reads: some files must have been found changed.
  int sum = 0;
  for (const auto& [name, count] : found) sum += count;
  EXPECT_GT(sum, 100);
}

TEST(Damage, EveryOctetOfAClosedJournal) {
  const Scratch scratch(Scratch::Where::kMemory);
  make_closed(scratch / "journal");
  sweep(scratch / "journal");
}

TEST(Damage, EveryOctetOfAKilledJournal) {
  const Scratch scratch(Scratch::Where::kMemory);
  make_killed(scratch / "journal", false);
  sweep(scratch / "journal");
}

TEST(Damage, EveryOctetOfAJournalHalfInTables) {
  const Scratch scratch(Scratch::Where::kMemory);
  make_killed(scratch / "journal", true);
  sweep(scratch / "journal");
}

// The one block that RocksDB parses before it verifies it: some changes there stop the process on an assertion.
TEST(Damage, ThePropertiesOfATableAreCheckedBeforeTheyAreParsed) {
  const Scratch scratch(Scratch::Where::kMemory);
  make_closed(scratch / "journal");
  for (const fs::path& path : files_of(scratch / "journal")) {
    if (path.extension() != ".sst") continue;
    EXPECT_FALSE(table_damage(path.string()));
    const std::string content = read_bytes(path);
    std::vector<std::uint64_t> covered;
    for (std::uint64_t offset = 0; offset < content.size(); ++offset) {
      set_octet(path, offset, static_cast<char>(content[offset] ^ 1));
      if (table_damage(path.string())) covered.push_back(offset);
      set_octet(path, offset, content[offset]);
    }
    ASSERT_GT(covered.size(), 200U);
    EXPECT_EQ(covered.back() - covered.front() + 1, covered.size()) << "one block, without a gap";
    // The count of restart points, whose top bit promises a hash index, lies before compression type and checksum.
    for (std::size_t i = covered.size() - 9; i < covered.size(); ++i) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        set_octet(path, covered[i], static_cast<char>(static_cast<unsigned char>(content[covered[i]]) ^ 1U << bit));
        const Reading reading = read_everything(scratch / "journal");
        EXPECT_TRUE(reading.found);
        EXPECT_NE(reading.message.find(path.filename().string()), std::string::npos) << reading.message;
        set_octet(path, covered[i], content[covered[i]]);
      }
    }
  }
}

fs::path log_of(const std::string& directory) {
  for (const fs::path& path : files_of(directory)) {
    if (path.extension() == ".log") return path;
  }
  ADD_FAILURE() << "no log in " << directory;
  return {};
}

TEST(Damage, ATornLastWriteOpensWithTheRest) {
  const Scratch scratch(Scratch::Where::kMemory);
  make_killed(scratch / "journal", false);
  const fs::path log = log_of(scratch / "journal");
  fs::resize_file(log, fs::file_size(log) - 5);
  const Reading reading = read_everything(scratch / "journal");
  EXPECT_FALSE(reading.found) << reading.message;
  EXPECT_EQ(reading.events, static_cast<std::size_t>(kEvents - 1));

  auto journal = open_rocksdb(scratch / "journal", {});
  ASSERT_TRUE(journal) << journal.error().message;
  expect_clean(**journal);
  fill(**journal, kEvents - 1, kEvents + 3);
  expect_clean(**journal);
  journal->reset();
  EXPECT_EQ(read_everything(scratch / "journal").events, static_cast<std::size_t>(kEvents + 3));
}

// Without a head kept elsewhere a log cut short cannot be told from one that was never longer: then what is left must
// be the beginning, whole.
TEST(Damage, EveryTruncationOfTheLogLeavesAPrefixOrIsFound) {
  const Scratch scratch(Scratch::Where::kMemory);
  make_killed(scratch / "journal", false);
  const fs::path log = log_of(scratch / "journal");
  const std::string content = read_bytes(log);
  const Reading whole = read_everything(scratch / "journal");
  std::size_t most = 0;
  for (std::size_t size = 0; size < content.size(); size += long_tests() ? 1 : 61) {
    write_bytes(log, content.substr(0, size));
    const Reading reading = read_everything(scratch / "journal");
    if (reading.found) continue;
    EXPECT_TRUE(whole.content.starts_with(reading.content)) << size;
    EXPECT_GE(reading.events, most) << size;
    most = reading.events;
  }
  EXPECT_EQ(most, static_cast<std::size_t>(kEvents - 1));
}

TEST(Damage, MessagesNameFileAndPositions) {
  const Scratch scratch(Scratch::Where::kMemory);
  make_killed(scratch / "journal", true);
  const fs::path log = log_of(scratch / "journal");
  const std::string content = read_bytes(log);
  set_octet(log, content.size() / 2, static_cast<char>(content[content.size() / 2] ^ 1));
  const auto journal = open_rocksdb(scratch / "journal", {});
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().kind, ErrorKind::kDamaged);
  const std::string& message = journal.error().message;
  EXPECT_NE(message.find(log.filename().string()), std::string::npos) << message;
  EXPECT_NE(message.find("la position 30 ne se lit plus"), std::string::npos) << message;
}

TEST(Damage, ADamagedBlockIsNamedAndTheRestIsRead) {
  const Scratch scratch(Scratch::Where::kMemory);
  const std::string directory = scratch / "journal";
  {
    auto journal = create_rocksdb(directory, {});
    ASSERT_TRUE(journal);
    for (int i = 0; i < 400; ++i) {
      // Contents that do not compress: several blocks of events.
      Bytes payload;
      for (int j = 0; j < 8; ++j) payload += to_bytes(sha256(std::to_string(i * 8 + j)));
      ASSERT_TRUE(
          (*journal)->append({.events = {make_event("f" + std::to_string(i % 5), std::to_string(i), 0, payload)},
                              .expected = {},
                              .outcome = {}}));
    }
  }
  fs::path table;
  for (const fs::path& path : files_of(directory)) {
    if (path.extension() == ".sst" && (table.empty() || fs::file_size(path) > fs::file_size(table))) table = path;
  }
  const std::string content = read_bytes(table);
  set_octet(table, 40'000, static_cast<char>(content[40'000] ^ 0x10));
  auto journal = open_rocksdb(directory, {.limits = {}, .clock = {}, .read_only = true});
  ASSERT_TRUE(journal) << journal.error().message;
  const auto report = (*journal)->verify({});
  ASSERT_TRUE(report);
  std::string all;
  for (const Finding& finding : report->findings) all += finding.message + "\n";
  EXPECT_GT(report->events, 300U) << all;
  EXPECT_LT(report->events, 400U) << all;
  EXPECT_NE(all.find(table.filename().string()), std::string::npos) << all;
  EXPECT_NE(all.find("les positions"), std::string::npos) << all;
  EXPECT_NE(all.find("ne se lisent plus"), std::string::npos) << all;

  std::uint64_t read = 0;
  const auto reading = (*journal)->read_all(Position{0}, [&](const StoredEvent&) {
    ++read;
    return true;
  });
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().kind, ErrorKind::kDamaged);
  EXPECT_NE(reading.error().message.find("position " + std::to_string(read)), std::string::npos)
      << reading.error().message;
  // What lies beyond can still be read.
  EXPECT_EQ(all_events(**journal, Position{399}).size(), 1U);
}

// A journal of a few megabytes, in one table below the level that is read whole when a journal is opened: its index and
// its filter lie in partitions.
fs::path make_partitioned(const std::string& directory, std::size_t events) {
  {
    auto journal = create_rocksdb(directory, {});
    EXPECT_TRUE(journal) << journal.error().message;
    std::vector<AppendRequest> requests;
    for (std::size_t i = 0; i < events; ++i) {
      const std::string id = std::to_string(i);
      Bytes payload;  // contents that do not compress
      for (int j = 0; j < 16; ++j) payload += to_bytes(sha256(id + "/" + std::to_string(j)));
      requests.push_back({.events = {make_event("f" + std::to_string(i % 500), id, 0, payload)},
                          .expected = {},
                          .outcome = make_outcome(id)});
    }
    for (const auto& answer : (*journal)->submit_all(std::move(requests)).get()) EXPECT_TRUE(answer);
  }
  rocksdb::DB* opened = nullptr;
  EXPECT_TRUE(rocksdb::DB::Open(make_options(nullptr), directory, &opened).ok());
  const std::unique_ptr<rocksdb::DB> database(opened);
  EXPECT_TRUE(database->CompactRange({}, nullptr, nullptr).ok());
  std::vector<rocksdb::LiveFileMetaData> tables;
  database->GetLiveFilesMetaData(&tables);
  EXPECT_EQ(tables.size(), 1U);
  EXPECT_GT(tables.at(0).level, 0);
  rocksdb::SstFileReader reader(make_options(nullptr));
  EXPECT_TRUE(reader.Open(directory + tables.at(0).name).ok());
  EXPECT_GT(reader.GetTableProperties()->index_partitions, 2U);
  return directory + tables.at(0).name;
}

// Partitions are read when they are asked for: each is checked all the same, and nothing that a damaged one hides is
// said to be absent.
TEST(Damage, EveryPartOfATableLargeEnoughForPartitions) {
  constexpr std::size_t kMany = 12'000;
  constexpr std::uint64_t kLastParts = 120'000;  // octets; before them lie the blocks of records
  const Scratch scratch(Scratch::Where::kMemory);
  const std::string directory = scratch / "journal";
  const fs::path table = make_partitioned(directory, kMany);
  const std::string content = read_bytes(table);
  ASSERT_GT(content.size(), 5 * kLastParts);
  int flips = 0;
  int opened = 0;
  for (std::uint64_t offset = 1000; offset < content.size();) {
    set_octet(table, offset, static_cast<char>(content[offset] ^ 1 << offset % 8));
    {
      rocksdb::SstFileReader reader(make_options(nullptr));
      EXPECT_FALSE(check_table(reader, table.string()).ok()) << "octet " << offset << " of " << content.size();
    }
    if (++flips % 10 == 0) {
      auto journal = open_rocksdb(directory, {.limits = {}, .clock = {}, .read_only = true});
      EXPECT_TRUE(journal || journal.error().kind == ErrorKind::kDamaged);
      if (journal) {
        ++opened;
        const auto report = (*journal)->verify({});
        ASSERT_TRUE(report) << report.error().message;
        ASSERT_FALSE(report->findings.empty()) << offset;
        EXPECT_NE(report->findings.front().message.find(table.filename().string()), std::string::npos) << offset;
        std::size_t read = 0;
        const auto all = (*journal)->read_all({}, [&](const StoredEvent&) { return ++read, true; });
        EXPECT_TRUE(!all || read == kMany) << offset;
        for (std::size_t i = 0; i < kMany; i += 599) {
          const auto known = (*journal)->outcome(std::to_string(i));
          EXPECT_TRUE(!known || *known) << i << ", octet " << offset;
        }
      }
    }
    set_octet(table, offset, content[offset]);
    const bool last_parts = offset + kLastParts >= content.size();
    offset += last_parts ? (long_tests() ? 61 : 997) : 99'991;
  }
  EXPECT_GT(opened, 10);
}

// An event large enough to fill a block of its own, as the text of an édition is.
TEST(Damage, MessagesSayOnePositionInTheSingular) {
  const Scratch scratch(Scratch::Where::kMemory);
  const std::string directory = scratch / "journal";
  {
    auto journal = create_rocksdb(directory, {});
    ASSERT_TRUE(journal);
    Bytes payload;
    for (int i = 0; i < 1000; ++i) payload += to_bytes(sha256(std::to_string(i)));
    ASSERT_TRUE(
        (*journal)->append({.events = {make_event("édition", "e", 0, payload)}, .expected = {}, .outcome = {}}));
    fill(**journal, 0, 10);
  }
  int named = 0;
  for (const fs::path& path : files_of(directory)) {
    if (path.extension() != ".sst") continue;
    const std::string content = read_bytes(path);
    for (std::uint64_t offset = 0; offset < content.size(); offset += content.size() / 40 + 1) {
      set_octet(path, offset, static_cast<char>(content[offset] ^ 1));
      const std::string message = read_everything(directory).message;
      set_octet(path, offset, content[offset]);
      if (message.find("la position 0 ne se lit plus") != std::string::npos) ++named;
      EXPECT_EQ(message.find("la position 0 ne se lisent"), std::string::npos) << message;
    }
  }
  EXPECT_GT(named, 10);
}

TEST(Damage, AFileGoneIsFound) {
  for (const char* const extension : {"CURRENT", "MANIFEST", ".sst"}) {
    const Scratch scratch(Scratch::Where::kMemory);
    make_closed(scratch / "journal");
    for (const fs::path& path : files_of(scratch / "journal")) {
      if (path.filename().string().find(extension) != std::string::npos) fs::remove(path);
    }
    for (const bool read_only : {true, false}) {
      const Reading reading = read_everything(scratch / "journal", read_only);
      EXPECT_TRUE(reading.found) << extension;
      EXPECT_EQ(reading.kind, ErrorKind::kDamaged) << extension << ": " << reading.message;
    }
  }
}

}  // namespace
}  // namespace assemblier::storage
