#pragma once
// What the storage tests share: scratch directories, events, backends.

#include "storage/journal.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace assemblier::storage {

/// A directory of its own, removed at the end: on disk, or in memory for tests that rewrite files thousands of times.
class Scratch {
 public:
  enum class Where { kDisk, kMemory };
  explicit Scratch(Where where = Where::kDisk) {
    const std::filesystem::path memory = "/dev/shm";
    const bool in_memory = where == Where::kMemory && ::access(memory.c_str(), W_OK) == 0;
    const std::filesystem::path parent = in_memory ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "assemblier-test.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline NewEvent make_event(const std::string& flux, const std::string& acte_id, std::uint32_t index = 0,
                           Bytes payload = "\x61x") {
  NewEvent event;
  event.flux = flux;
  event.type = "changement";
  event.date_effet = 19'751;
  event.role = "auteur";
  event.author = "Zoé";
  event.acte_id = acte_id;
  event.event_id = new_event_id(acte_id, index);
  event.edition = sha256("rules");
  event.payload = std::move(payload);
  return event;
}

inline Outcome make_outcome(const std::string& acte_id, const std::string& content = "content",
                            const std::string& answer = "answer") {
  return {.acte_id = acte_id, .fingerprint = sha256(content), .answer = answer};
}

inline Expectation none(const std::string& flux) {
  return {.flux = flux, .kind = Expectation::Kind::kNone, .version = {}};
}
inline Expectation any(const std::string& flux) {
  return {.flux = flux, .kind = Expectation::Kind::kAny, .version = {}};
}
inline Expectation exactly(const std::string& flux, std::uint64_t version) {
  return {.flux = flux, .kind = Expectation::Kind::kExactly, .version = Version{version}};
}

inline std::vector<StoredEvent> all_events(Journal& journal, Position from = {}) {
  std::vector<StoredEvent> events;
  const auto done = journal.read_all(from, [&](const StoredEvent& event) {
    events.push_back(event);
    return true;
  });
  EXPECT_TRUE(done) << done.error().message;
  return events;
}

inline std::vector<StoredEvent> flux_events(Journal& journal, const std::string& flux, Version from = {}) {
  std::vector<StoredEvent> events;
  const auto done = journal.read_flux(flux, from, [&](const StoredEvent& event) {
    events.push_back(event);
    return true;
  });
  EXPECT_TRUE(done) << done.error().message;
  return events;
}

inline void expect_clean(Journal& journal) {
  const auto report = journal.verify({});
  ASSERT_TRUE(report) << report.error().message;
  for (const Finding& finding : report->findings) ADD_FAILURE() << finding.message;
  EXPECT_EQ(report->more, 0U);
  const auto info = journal.info();
  ASSERT_TRUE(info);
  EXPECT_EQ(report->events, info->next.value);
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::filesystem::path& path, const std::string& octets) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(octets.data(), static_cast<std::streamsize>(octets.size()));
}

/// The directory of a live journal as kill -9 would leave it. Obsolete files may vanish meanwhile; LOCK is not opened,
/// since closing it would give back the lock of this very process.
inline void copy_live(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::create_directories(to);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(from)) files.push_back(entry.path());
  for (const std::filesystem::path& file : files) {
    if (file.filename() == "LOCK") {
      write_bytes(to / "LOCK", "");
      continue;
    }
    std::error_code error;
    std::filesystem::copy_file(file, to / file.filename(), error);
    if (error && std::filesystem::exists(file)) ADD_FAILURE() << file << ": " << error.message();
  }
}

/// Names, sizes, times of change and contents of everything in a directory.
inline std::string fingerprint_of(const std::string& directory) {
  std::vector<std::string> lines;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    lines.push_back(entry.path().string() + " " + std::to_string(entry.last_write_time().time_since_epoch().count()) +
                    " " + (entry.is_regular_file() ? to_hex(sha256(read_bytes(entry.path()))) : std::string("-")));
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

/// Whether the long forms of the tests are asked for.
inline bool long_tests() { return std::getenv("ASSEMBLIER_LONG") != nullptr; }

}  // namespace assemblier::storage
