// What only a journal on disk can show: restart, who may open, a reader that changes nothing, kill -9, failing writes.

#include "storage/journal_rocksdb.hpp"
#include "tests/storage/support.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <deque>
#include <random>
#include <thread>

#include <fcntl.h>
#include <rocksdb/env.h>
#include <spawn.h>
#include <sys/wait.h>

extern char** environ;

namespace assemblier::storage {
namespace {

namespace fs = std::filesystem;

JournalOptions read_only() { return {.limits = {}, .clock = {}, .read_only = true}; }

void fill(Journal& journal, int first, int last) {
  for (int i = first; i < last; ++i) {
    const std::string id = "acte-" + std::to_string(i);
    ASSERT_TRUE(journal.append({.events = {make_event("flux/" + std::to_string(i % 4), id)},
                                .expected = {},
                                .outcome = make_outcome(id, id, id)}));
  }
}

class RocksDb : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> open(JournalOptions options = {}) {
    auto journal = open_rocksdb(directory_, std::move(options));
    EXPECT_TRUE(journal) << journal.error().message;
    return journal ? std::move(*journal) : nullptr;
  }
  Scratch scratch_;
  const std::string directory_ = scratch_ / "deep/er/journal";
};

TEST_F(RocksDb, CreatesParentsAndRefusesASecondJournal) {
  {
    auto journal = create_rocksdb(directory_, {});
    ASSERT_TRUE(journal) << journal.error().message;
    const auto again = create_rocksdb(directory_, {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ErrorKind::kExists);
  }
  EXPECT_EQ(create_rocksdb(directory_ + "/", {}).error().kind, ErrorKind::kExists);
  // Nothing is left beside it.
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch_ / "deep/er"), fs::directory_iterator()), 1);
  fs::create_directories(scratch_ / "empty");
  EXPECT_TRUE(create_rocksdb(scratch_ / "empty", {}));
  write_bytes(scratch_ / "file", "x");
  EXPECT_EQ(create_rocksdb(scratch_ / "file/journal", {}).error().kind, ErrorKind::kIo);
}

TEST_F(RocksDb, AnAbsentJournalIsNotMade) {
  for (const bool reading : {true, false}) {
    const auto journal = open_rocksdb(directory_, {.limits = {}, .clock = {}, .read_only = reading});
    ASSERT_FALSE(journal);
    EXPECT_EQ(journal.error().kind, ErrorKind::kAbsent);
    EXPECT_NE(journal.error().message.find(directory_), std::string::npos);
    EXPECT_FALSE(fs::exists(directory_));
  }
  fs::create_directories(directory_);
  EXPECT_EQ(open_rocksdb(directory_, {}).error().kind, ErrorKind::kAbsent);
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(RocksDb, KeepsEverythingAcrossRestarts) {
  std::string id;
  std::vector<StoredEvent> before;
  {
    auto journal = *create_rocksdb(directory_, {});
    id = journal->info()->journal_id;
    fill(*journal, 0, 20);
    before = all_events(*journal);
  }
  for (int round = 0; round < 3; ++round) {
    auto journal = open();
    ASSERT_TRUE(journal);
    EXPECT_EQ(journal->info()->journal_id, id);
    const auto events = all_events(*journal);
    ASSERT_GE(events.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(events[i].stored, before[i].stored);
    // Ids and versions are remembered.
    const auto again = journal->append({.events = {make_event("flux/1", "acte-5")},
                                        .expected = {},
                                        .outcome = make_outcome("acte-5", "acte-5", "other")});
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->already);
    EXPECT_EQ(again->answer, "acte-5");
    EXPECT_EQ(again->first.value, 5U);
    EXPECT_EQ(journal->append({.events = {make_event("flux/1", "x")}, .expected = {none("flux/1")}, .outcome = {}})
                  .error()
                  .kind,
              ErrorKind::kConflict);
    EXPECT_EQ(
        journal
            ->append(
                {.events = {make_event("flux/1", "acte-5")}, .expected = {}, .outcome = make_outcome("acte-5", "z")})
            .error()
            .kind,
        ErrorKind::kOtherContent);
    fill(*journal, 20 + round, 21 + round);
    expect_clean(*journal);
    before = all_events(*journal);
  }
}

TEST_F(RocksDb, InstantsDoNotDecreaseAcrossRestarts) {
  ASSERT_TRUE(create_rocksdb(directory_, {}));
  for (const std::int64_t now : {5'000, 3'000, 4'000}) {
    auto journal = open({.limits = {}, .clock = [now] { return now; }, .read_only = false});
    ASSERT_TRUE(journal->append({.events = {make_event("a", std::to_string(now))}, .expected = {}, .outcome = {}}));
  }
  for (const StoredEvent& event : all_events(*open())) EXPECT_EQ(event.header.instant_us, 5'000);
}

TEST_F(RocksDb, OneWriterAtATime) {
  fill(**create_rocksdb(directory_, {}), 0, 5);
  auto writer = open();
  const auto second = open_rocksdb(directory_, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kLocked) << second.error().message;
  EXPECT_NE(second.error().message.find("déjà tenu"), std::string::npos) << second.error().message;
  fill(*writer, 5, 8);  // the attempt took nothing from the first
  const auto reader = open(read_only());
  EXPECT_EQ(all_events(*reader).size(), 8U);
  writer.reset();
  EXPECT_TRUE(open()) << "a reader holds no writer back";
}

TEST_F(RocksDb, AReaderChangesNothing) {
  {
    auto journal = *create_rocksdb(directory_, {});
    fill(*journal, 0, 10);
    // Also with a log to read again, as after a kill.
    copy_live(directory_, scratch_ / "killed");
  }
  for (const std::string& directory : {directory_, scratch_ / "killed"}) {
    const std::string before = fingerprint_of(directory);
    {
      auto journal = open_rocksdb(directory, read_only());
      ASSERT_TRUE(journal) << journal.error().message;
      EXPECT_EQ(all_events(**journal).size(), 10U);
      EXPECT_EQ(flux_events(**journal, "flux/1").size(), 3U);
      expect_clean(**journal);
      EXPECT_EQ((*journal)->append({.events = {make_event("a", "i")}, .expected = {}, .outcome = {}}).error().kind,
                ErrorKind::kInvalid);
      EXPECT_EQ(
          (*journal)->submit({.events = {make_event("a", "i")}, .expected = {}, .outcome = {}}).get().error().kind,
          ErrorKind::kInvalid);
    }
    EXPECT_EQ(fingerprint_of(directory), before);
  }
}

TEST_F(RocksDb, AReaderNeedsNoRightToWrite) {
  fill(**create_rocksdb(directory_, {}), 0, 3);
  for (const auto& entry : fs::directory_iterator(directory_)) {
    fs::permissions(entry, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  }
  fs::permissions(directory_, fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(all_events(*open(read_only())).size(), 3U);
  fs::permissions(directory_, fs::perms::owner_all);
}

TEST_F(RocksDb, ACopyWithoutLockFileOpens) {
  fill(**create_rocksdb(directory_, {}), 0, 3);
  fs::remove(directory_ + "/LOCK");
  EXPECT_EQ(all_events(*open(read_only())).size(), 3U);
  EXPECT_FALSE(fs::exists(directory_ + "/LOCK"));
}

TEST_F(RocksDb, ClosingCleanlyLeavesNoLogToReadAgain) {
  fill(**create_rocksdb(directory_, {}), 0, 10);
  for (const auto& entry : fs::directory_iterator(directory_)) {
    if (entry.path().extension() == ".log") {
      EXPECT_EQ(fs::file_size(entry), 0U);
    }
  }
}

TEST_F(RocksDb, VerifiesWhileOthersWrite) {
  auto journal = *create_rocksdb(directory_, {});
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) fill(*journal, i, i + 1);
  });
  for (int i = 0; i < 20; ++i) {
    const auto report = journal->verify({});
    ASSERT_TRUE(report);
    for (const Finding& finding : report->findings) ADD_FAILURE() << finding.message;
  }
  stop = true;
  writer.join();
}

// --- failing disk ----------------------------------------------------------------------------------------------------

// Fails the syncs or the writes of log files on demand.
class FailingEnv final : public rocksdb::EnvWrapper {
 public:
  FailingEnv() : rocksdb::EnvWrapper(rocksdb::Env::Default()) {}
  const char* Name() const override { return "FailingEnv"; }
  rocksdb::Status NewWritableFile(const std::string& name, std::unique_ptr<rocksdb::WritableFile>* file,
                                  const rocksdb::EnvOptions& options) override {
    const auto status = target()->NewWritableFile(name, file, options);
    if (status.ok() && name.ends_with(".log")) *file = std::make_unique<File>(std::move(*file), *this);
    return status;
  }
  std::atomic<bool> fail_sync = false;
  std::atomic<bool> fail_write = false;

 private:
  class File final : public rocksdb::WritableFileWrapper {
   public:
    File(std::unique_ptr<rocksdb::WritableFile> file, FailingEnv& env)
        : rocksdb::WritableFileWrapper(file.get()), file_(std::move(file)), env_(env) {}
    rocksdb::Status Sync() override { return env_.fail_sync ? rocksdb::Status::IOError("no sync") : file_->Sync(); }
    rocksdb::Status Fsync() override { return env_.fail_sync ? rocksdb::Status::IOError("no sync") : file_->Fsync(); }
    using rocksdb::WritableFileWrapper::Append;
    rocksdb::Status Append(const rocksdb::Slice& data) override {
      return env_.fail_write ? rocksdb::Status::NoSpace("no space") : file_->Append(data);
    }

   private:
    std::unique_ptr<rocksdb::WritableFile> file_;
    FailingEnv& env_;
  };
};

class FailingDisk : public ::testing::TestWithParam<bool> {};

TEST_P(FailingDisk, StopsAcceptingAndReopensClean) {
  const Scratch scratch;
  const std::string directory = scratch / "journal";
  ASSERT_TRUE(create_rocksdb(directory, {}));
  FailingEnv env;
  {
    auto store = open_rocksdb_store(directory, false, &env);
    ASSERT_TRUE(store) << store.error().message;
    auto journal = open_journal(std::move(*store), {});
    ASSERT_TRUE(journal);
    fill(**journal, 0, 10);
    (GetParam() ? env.fail_sync : env.fail_write) = true;
    const auto failed = (*journal)->append(
        {.events = {make_event("flux/0", "acte-10")}, .expected = {}, .outcome = make_outcome("acte-10", "acte-10")});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, ErrorKind::kIo);
    EXPECT_NE(failed.error().message.find("n'accepte plus"), std::string::npos) << failed.error().message;
    // The disk is well again: still nothing, until it is opened again.
    env.fail_sync = false;
    env.fail_write = false;
    const auto after = (*journal)->append({.events = {make_event("flux/0", "after")}, .expected = {}, .outcome = {}});
    ASSERT_FALSE(after);
    EXPECT_EQ(after.error().kind, ErrorKind::kIo);
    EXPECT_NE(after.error().message.find("n'accepte plus"), std::string::npos) << after.error().message;
    EXPECT_EQ(all_events(**journal).size(), 10U);  // reading goes on
  }
  auto journal = open_rocksdb(directory, {});
  ASSERT_TRUE(journal) << journal.error().message;
  expect_clean(**journal);
  const std::size_t kept = all_events(**journal).size();
  EXPECT_TRUE(kept == 10 || kept == 11) << kept;  // what failed may have been written all the same
  // Sent again under its id, it is there once.
  const auto again = (*journal)->append(
      {.events = {make_event("flux/0", "acte-10")}, .expected = {}, .outcome = make_outcome("acte-10", "acte-10")});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->already, kept == 11);
  EXPECT_EQ(again->first.value, 10U);
  fill(**journal, 11, 15);
  EXPECT_EQ(all_events(**journal).size(), 15U);
  expect_clean(**journal);
}

INSTANTIATE_TEST_SUITE_P(SyncOrWrite, FailingDisk, ::testing::Bool());

// --- kill -9 ---------------------------------------------------------------------------------------------------------

// The canary: says that a batch is on disk, and writes it some batches later. It must be caught.
class LateStore final : public Store {
 public:
  explicit LateStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}
  void put(std::string_view key, std::string_view value) override { next_.push_back({Bytes(key), Bytes(value)}); }
  void remove(std::string_view key) override { store_->remove(key); }
  Result<void> purge(std::string_view begin, std::string_view end) override { return store_->purge(begin, end); }
  Result<void> commit() override {
    late_.push_back(std::move(next_));
    next_.clear();
    if (late_.size() <= kLate) return {};
    for (const Record& record : late_.front()) store_->put(record.key, record.value);
    late_.pop_front();
    return store_->commit();
  }
  Result<std::optional<Bytes>> get(std::string_view key) override { return store_->get(key); }
  std::unique_ptr<View> view() override { return store_->view(); }
  void verify_files(const std::function<void(std::string)>& found,
                    const std::function<bool(const std::string&)>& wanted) override {
    store_->verify_files(found, wanted);
  }

 private:
  static constexpr std::size_t kLate = 10;
  std::unique_ptr<Store> store_;
  std::vector<Record> next_;
  std::deque<std::vector<Record>> late_;
};

// Runs in the child: appends until it is killed, and prints each acknowledged position on the pipe.
TEST(KillChild, DISABLED_Append) {
  const char* const directory = std::getenv("ASSEMBLIER_CHILD_DIRECTORY");
  const char* const pipe = std::getenv("ASSEMBLIER_CHILD_PIPE");
  ASSERT_TRUE(directory != nullptr && pipe != nullptr);
  auto store = open_rocksdb_store(directory, false, nullptr);
  ASSERT_TRUE(store) << store.error().message;
  if (std::getenv("ASSEMBLIER_CHILD_CANARY") != nullptr) *store = std::make_unique<LateStore>(std::move(*store));
  auto journal = open_journal(std::move(*store), {});
  ASSERT_TRUE(journal) << journal.error().message;
  const int descriptor = std::atoi(pipe);
  const auto acknowledge = [&](const AppendResult& done) {
    const std::uint64_t numbers[2] = {done.first.value, done.count};
    ASSERT_EQ(::write(descriptor, numbers, sizeof numbers), static_cast<ssize_t>(sizeof numbers));
  };
  std::vector<std::thread> threads;
  const std::string run = std::to_string(::getpid());
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0;; ++i) {
        const std::string id = run + "." + std::to_string(t) + "." + std::to_string(i);
        AppendRequest request{.events = {make_event("t/" + std::to_string(t), id, 0), make_event("all", id, 1)},
                              .expected = {},
                              .outcome = make_outcome(id)};
        const auto done =
            t == 0 ? (*journal)->append(std::move(request)) : (*journal)->submit(std::move(request)).get();
        if (!done) ::_exit(9);
        acknowledge(*done);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

struct Acknowledged {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  std::uint64_t end = 0;
};

// Starts the child, kills it after a while, returns what it acknowledged; `meanwhile` is done before it is killed.
Acknowledged run_and_kill(const std::string& directory, std::chrono::microseconds after, bool canary,
                          const std::function<void()>& meanwhile = {}) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe(ends), 0);
  const std::string directory_variable = "ASSEMBLIER_CHILD_DIRECTORY=" + directory;
  const std::string pipe_variable = "ASSEMBLIER_CHILD_PIPE=" + std::to_string(ends[1]);
  std::vector<std::string> environment = {directory_variable, pipe_variable};
  if (canary) environment.emplace_back("ASSEMBLIER_CHILD_CANARY=1");
  std::vector<char*> variables;
  for (char** at = environ; *at != nullptr; ++at) variables.push_back(*at);
  for (std::string& variable : environment) variables.push_back(variable.data());
  variables.push_back(nullptr);
  std::string program = fs::read_symlink("/proc/self/exe").string();
  std::string filter = "--gtest_filter=KillChild.DISABLED_Append";
  std::string disabled = "--gtest_also_run_disabled_tests";
  std::string brief = "--gtest_brief=1";
  char* arguments[] = {program.data(), filter.data(), disabled.data(), brief.data(), nullptr};
  pid_t child = 0;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  EXPECT_EQ(::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, variables.data()), 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);

  Acknowledged acknowledged;
  std::uint64_t numbers[2] = {};
  const auto read_one = [&] {
    if (::read(ends[0], numbers, sizeof numbers) != static_cast<ssize_t>(sizeof numbers)) return false;
    acknowledged.ranges.emplace_back(numbers[0], numbers[1]);
    acknowledged.end = std::max(acknowledged.end, numbers[0] + numbers[1]);
    return true;
  };
  EXPECT_TRUE(read_one()) << "the child did not start";
  std::thread killer([&] {
    if (meanwhile) meanwhile();
    std::this_thread::sleep_for(after);
    ::kill(child, SIGKILL);
  });
  while (read_one()) {
  }
  killer.join();
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "exit status " << WEXITSTATUS(status);
  ::close(ends[0]);
  return acknowledged;
}

// What is wrong after a kill; empty: nothing.
std::string check_after_kill(const std::string& directory, const Acknowledged& acknowledged) {
  const auto journal = open_rocksdb(directory, read_only());
  if (!journal) return journal.error().message;
  const auto report = (*journal)->verify({});
  if (!report) return report.error().message;
  if (!report->findings.empty()) return report->findings.front().message;
  std::uint64_t events = 0;
  const auto all = (*journal)->read_all(Position{0}, [&](const StoredEvent& event) {
    EXPECT_EQ(event.header.position.value, events);
    ++events;
    return true;
  });
  if (!all) return all.error().message;
  if (events < acknowledged.end) {
    return "acknowledged up to " + std::to_string(acknowledged.end) + ", kept " + std::to_string(events);
  }
  if (events % 2 != 0) return "half an acte";
  return {};
}

TEST(Kill, NothingAcknowledgedIsLost) {
  const Scratch scratch;
  const std::string directory = scratch / "journal";
  ASSERT_TRUE(create_rocksdb(directory, {}));
  std::mt19937 random(7);
  const int rounds = long_tests() ? 200 : 8;
  std::uint64_t events = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto acknowledged = run_and_kill(directory, std::chrono::microseconds(random() % 120'000), false);
    EXPECT_EQ(check_after_kill(directory, acknowledged), "");
    EXPECT_GT(acknowledged.end, events);  // goes on where it stopped
    events = acknowledged.end;
  }
}

TEST(Kill, ASecondProcessTakesNothingFromTheFirst) {
  const Scratch scratch;
  const std::string directory = scratch / "journal";
  ASSERT_TRUE(create_rocksdb(directory, {}));
  const auto intrude = [&] {
    for (int i = 0; i < 5; ++i) {
      const auto second = open_rocksdb(directory, {});
      ASSERT_FALSE(second);
      EXPECT_EQ(second.error().kind, ErrorKind::kLocked) << second.error().message;
    }
  };
  const auto acknowledged = run_and_kill(directory, std::chrono::milliseconds(50), false, intrude);
  EXPECT_EQ(check_after_kill(directory, acknowledged), "");
}

TEST(Kill, TheCanaryIsCaught) {
  for (int round = 0; round < 5; ++round) {
    const Scratch scratch;
    const std::string directory = scratch / "journal";
    ASSERT_TRUE(create_rocksdb(directory, {}));
    const auto acknowledged = run_and_kill(directory, std::chrono::microseconds(30'000 + 7'000 * round), true);
    if (!check_after_kill(directory, acknowledged).empty()) return;
  }
  ADD_FAILURE() << "a store that writes late was not caught";
}

}  // namespace
}  // namespace assemblier::storage
