// Readers beside a writer: what they see is a moment of the journal, whole up to there; they hold nobody back, change
// nothing, and take neither a write under way for damage nor damage for a write under way.

#include "storage/directory_view.hpp"
#include "tests/storage/support.hpp"

#include <atomic>
#include <csignal>
#include <thread>

#include <sys/wait.h>

namespace assemblier::storage {
namespace {

namespace fs = std::filesystem;

JournalOptions to_read() { return {.limits = {}, .clock = {}, .read_only = true}; }

class Live : public ::testing::Test {
 protected:
  void SetUp() override {
    auto created = create_rocksdb(directory_, {});
    ASSERT_TRUE(created) << created.error().message;
    writer_ = std::move(*created);
  }
  void fill(int first, int last, std::size_t octets = 0) {
    for (int i = first; i < last; ++i) {
      const std::string id = "acte-" + std::to_string(i);
      ASSERT_TRUE(writer_->append({.events = {make_event("flux/" + std::to_string(i % 7), id, 0, Bytes(octets, 'x'))},
                                   .expected = {},
                                   .outcome = make_outcome(id, id, id)}));
    }
  }
  fs::path last_log() const {
    fs::path last;
    for (const auto& entry : fs::directory_iterator(directory_))
      if (entry.path().extension() == ".log") last = std::max(last, entry.path());
    return last;
  }
  Result<std::unique_ptr<Journal>> reader() const { return open_rocksdb(directory_, to_read()); }

  const Scratch scratch_{Scratch::Where::kMemory};
  const std::string directory_ = scratch_ / "journal";
  std::unique_ptr<Journal> writer_;
};

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

TEST_F(Live, AReaderSeesWhatWasAcknowledgedAndHoldsNobody) {
  const std::size_t before = open_descriptors();
  fill(0, 10);
  const auto first = reader();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(all_events(**first).size(), 10U);
  fill(10, 20);
  EXPECT_EQ(all_events(**first).size(), 10U) << "one moment";
  {
    const auto second = reader();
    EXPECT_EQ(all_events(**second).size(), 20U);
    expect_clean(**second);
    EXPECT_EQ(open_rocksdb(directory_, {}).error().kind, ErrorKind::kLocked) << "the writer is still known";
  }
  writer_.reset();
  auto next = open_rocksdb(directory_, {});
  ASSERT_TRUE(next) << "a reader holds no writer back: " << next.error().message;
  writer_ = std::move(*next);
  fill(20, 30);
  EXPECT_EQ(all_events(**first).size(), 10U) << "though its tables may be gone";
  expect_clean(**first);
  EXPECT_GT(open_descriptors(), before);
}

TEST_F(Live, NothingIsLeftBehind) {
  fill(0, 10);
  const std::size_t before = open_descriptors();
  const std::string files = fingerprint_of(directory_);
  for (int i = 0; i < 20; ++i) expect_clean(**reader());
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(fingerprint_of(directory_), files);
}

// What a reader leaves when it is killed goes with the next one; what a living one reads by stays.
TEST_F(Live, LinksOfAKilledReaderAreSwept) {
  fill(0, 10);
  const auto start = [this](std::string& path) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {  // links only: a child of fork() has none of RocksDB's threads
      const auto view = DirectoryView::take(directory_);
      if (!view || ::write(ends[1], view->path().data(), view->path().size()) < 0) ::_exit(1);
      ::close(ends[1]);
      while (true) ::pause();
    }
    ::close(ends[1]);
    char octets[256];
    for (ssize_t got = 0; (got = ::read(ends[0], octets, sizeof octets)) > 0;)
      path.append(octets, static_cast<std::size_t>(got));
    ::close(ends[0]);
    return child;
  };
  std::string dead, alive;
  const pid_t first = start(dead);
  const pid_t second = start(alive);
  ::kill(first, SIGKILL);
  ::waitpid(first, nullptr, 0);
  ASSERT_TRUE(fs::exists(dead) && fs::exists(fs::symlink_status(dead + "/CURRENT"))) << dead;
  const auto kept = DirectoryView::take(directory_);
  ASSERT_TRUE(kept);
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(fs::symlink_status(alive + "/CURRENT")));
  expect_clean(**reader());
  EXPECT_TRUE(fs::exists(fs::symlink_status(kept->path() + "/CURRENT"))) << "one of this very process";
  ::kill(second, SIGKILL);
  ::waitpid(second, nullptr, 0);
  ASSERT_TRUE(reader());
  EXPECT_FALSE(fs::exists(alive));
}

// Each closing flushes, each opening begins a MANIFEST and deletes logs, every few tables are merged into one: files
// come and go while they are looked at. Looking once, whatever changes meanwhile, does not pass.
TEST_F(Live, EveryReadingIsAPrefix) {
  const int events = long_tests() ? 20'000 : 1'000;
  std::atomic<int> acknowledged = 0;
  std::jthread writing([&] {
    for (int i = 0; i < events; i += 5) {
      fill(i, i + 5);
      acknowledged = i + 5;
      writer_.reset();
      writer_ = std::move(*open_rocksdb(directory_, {}));
    }
  });
  std::vector<Hash> hashes;
  int readings = 0;
  for (bool last = false; !last; ++readings) {
    const int known = acknowledged;
    last = known == events;
    const auto journal = reader();
    ASSERT_TRUE(journal) << journal.error().message;
    std::size_t next = 0;
    const auto read = (*journal)->read_all({}, [&](const StoredEvent& event) {
      const Hash hash = event_hash(event.stored);
      if (next == hashes.size()) hashes.push_back(hash);
      EXPECT_EQ(hashes[next], hash) << next;
      ++next;
      return true;
    });
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_GE(next, static_cast<std::size_t>(known)) << "what was acknowledged before is there";
    if (readings % 4 == 0) expect_clean(**journal);
  }
  writing.join();
  EXPECT_EQ(hashes.size(), static_cast<std::size_t>(events));
  EXPECT_GT(readings, 3);
  std::size_t next = 0;
  for (const StoredEvent& event : all_events(*writer_)) EXPECT_EQ(event_hash(event.stored), hashes.at(next++));
}

// The log may end anywhere inside the record that is being written; a changed octet is something else.
TEST_F(Live, AWriteUnderWayIsNotDamageAndDamageIsNotAWriteUnderWay) {
  fill(0, 5);
  const fs::path log = last_log();
  const std::string five = read_bytes(log);
  fill(5, 6);
  const std::string six = read_bytes(log);
  ASSERT_GT(six.size(), five.size() + 20);
  const auto with = [&](const std::string& octets, auto&& look) {
    // In the place of the file, so that the writer's own descriptor keeps the real one.
    write_bytes(scratch_ / "other", octets);
    const fs::path kept = scratch_ / "kept";
    fs::rename(log, kept);
    fs::rename(scratch_ / "other", log);
    look(reader());
    fs::rename(kept, log);
  };
  for (std::size_t size = five.size(); size < six.size(); size += 3) {
    with(six.substr(0, size), [&](const auto& journal) {
      ASSERT_TRUE(journal) << size << " " << journal.error().message;
      EXPECT_EQ(all_events(**journal).size(), 5U) << size;
      expect_clean(**journal);
    });
  }
  int refused = 0;
  for (std::size_t at = 0; at < five.size(); at += five.size() / 40) {
    std::string changed = six;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    with(changed, [&](const auto& journal) {
      ASSERT_FALSE(journal) << at;
      EXPECT_EQ(journal.error().kind, ErrorKind::kDamaged) << at;
      EXPECT_NE(journal.error().message.find(directory_), std::string::npos) << journal.error().message;
      EXPECT_EQ(journal.error().message.find("assemblier-vue"), std::string::npos) << journal.error().message;
      ++refused;
    });
  }
  EXPECT_GE(refused, 40);
  EXPECT_EQ(all_events(**reader()).size(), 6U);
}

}  // namespace
}  // namespace assemblier::storage
