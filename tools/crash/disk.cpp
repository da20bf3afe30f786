#include "tools/crash/disk.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

namespace assemblier::crash {

namespace fs = std::filesystem;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

enum class Operation { kWrite, kSync, kCreate, kRename, kRemove, kSyncDirectory };

bool can_strike(Fault fault, Operation operation) {
  switch (fault) {
    case Fault::kNone:
      return false;
    case Fault::kPowerCut:
      return true;
    case Fault::kNoSpace:
    case Fault::kWriteError:
    case Fault::kShortWrite:
      return operation == Operation::kWrite;
    case Fault::kSyncError:
      return operation == Operation::kSync;
    case Fault::kCreateError:
      return operation == Operation::kCreate;
    case Fault::kRenameError:
      return operation == Operation::kRename;
    case Fault::kDirectorySyncError:
      return operation == Operation::kSyncDirectory;
  }
  return false;
}

IOStatus failed() { return IOStatus::IOError("panne provoquée"); }

// A file since the disk was turned on.
struct File {
  std::uint64_t written = 0;
  std::uint64_t synced = 0;
  bool pages_dropped = false;  // after a failed sync the system forgets what it could not write
};

// A change of names since the last sync of the directory.
struct Change {
  std::string from, to;             // empty: made, removed
  std::shared_ptr<File> file;       // null: as old as the disk
  std::string buried;               // where the file that lost its name `to` (or `from`, removed) lies; may be empty
  std::shared_ptr<File> buried_as;  // what was known of that one
};

}  // namespace

class Disk::System final : public rocksdb::FileSystemWrapper {
 public:
  explicit System(std::string directory)
      : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()), graveyard_(std::move(directory) + ".hors") {
    fs::create_directories(graveyard_);
  }
  ~System() override {
    std::error_code error;
    fs::remove_all(graveyard_, error);
  }
  const char* Name() const override { return "assemblier::crash::Disk"; }

  // -- what RocksDB asks for

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override;
  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) override;
  IOStatus DeleteFile(const std::string& name, const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return failed();
    if (strikes(Operation::kRemove) && !dead_) return failed();
    if (!fs::exists(name)) return IOStatus::PathNotFound(name);
    Change change{.from = name};
    bury(name, change);
    changes_.push_back(std::move(change));
    return dead_ ? failed() : IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& /*options*/,
                      IODebugContext* /*debug*/) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return failed();
    if (strikes(Operation::kRename) && !dead_) return failed();
    Change change{.from = from, .to = to, .file = known(from)};
    if (fs::exists(to)) bury(to, change);
    fs::rename(from, to);
    move_knowledge(from, to);
    changes_.push_back(std::move(change));
    return dead_ ? failed() : IOStatus::OK();
  }
  // RocksDB does none of these under our options: should it begin to, this disk would have to learn them.
  IOStatus ReopenWritableFile(const std::string& /*name*/, const FileOptions& /*options*/,
                              std::unique_ptr<rocksdb::FSWritableFile>* /*result*/,
                              IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("ReopenWritableFile");
  }
  IOStatus ReuseWritableFile(const std::string& /*name*/, const std::string& /*old*/, const FileOptions& /*options*/,
                             std::unique_ptr<rocksdb::FSWritableFile>* /*result*/, IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("ReuseWritableFile");
  }
  IOStatus NewRandomRWFile(const std::string& /*name*/, const FileOptions& /*options*/,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* /*result*/, IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("NewRandomRWFile");
  }
  IOStatus Truncate(const std::string& /*name*/, std::size_t /*size*/, const IOOptions& /*options*/,
                    IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("Truncate");
  }
  IOStatus LinkFile(const std::string& /*from*/, const std::string& /*to*/, const IOOptions& /*options*/,
                    IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("LinkFile");
  }

  // -- what the files and the directory ask for

  IOStatus append(File& file, rocksdb::FSWritableFile& target, const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) {
    const std::lock_guard lock(mutex_);
    if (dead_) return failed();
    std::size_t size = data.size();
    IOStatus end;
    if (full_ || strikes(Operation::kWrite)) {
      const Fault fault = full_ ? Fault::kNoSpace : struck_by_;
      end = fault == Fault::kNoSpace ? IOStatus::NoSpace("panne provoquée : plus de place") : failed();
      if (fault == Fault::kWriteError || full_) size = 0;
      if (fault == Fault::kNoSpace || fault == Fault::kShortWrite) size /= 2;
      full_ = full_ || fault == Fault::kNoSpace;
    }
    if (size > 0) {
      if (auto done = target.Append(rocksdb::Slice(data.data(), size), options, debug); !done.ok()) return done;
      file.written += size;
    }
    return end;
  }
  IOStatus sync(File& file, bool log) {
    const std::lock_guard lock(mutex_);
    if (dead_) return failed();
    if (strikes(Operation::kSync)) {
      file.pages_dropped = file.pages_dropped || struck_by_ == Fault::kSyncError;
      return failed();
    }
    if (!file.pages_dropped && !(lying_of_logs_ && log)) file.synced = file.written;
    return IOStatus::OK();
  }
  IOStatus sync_directory() {
    const std::lock_guard lock(mutex_);
    if (dead_ || strikes(Operation::kSyncDirectory)) return failed();
    if (lying_of_names_) return IOStatus::OK();
    for (const Change& change : changes_) {
      if (!change.buried.empty()) fs::remove(change.buried);
    }
    changes_.clear();
    return IOStatus::OK();
  }

  // -- what the campaign asks for

  void arm(FaultPlan plan) {
    const std::lock_guard lock(mutex_);
    plan_ = plan;
    operations_ = 0;
    struck_ = false;
  }
  bool struck() const {
    const std::lock_guard lock(mutex_);
    return struck_;
  }
  bool dead() const {
    const std::lock_guard lock(mutex_);
    return dead_;
  }
  void cut() {
    const std::lock_guard lock(mutex_);
    dead_ = true;
  }
  void repair() {
    const std::lock_guard lock(mutex_);
    full_ = false;
    plan_ = {};
  }
  void lie(bool logs, bool names) {
    const std::lock_guard lock(mutex_);
    lying_of_logs_ = logs;
    lying_of_names_ = names;
  }
  // `random` null: what was not synced is gone.
  Lost crash(std::mt19937_64* random);

 private:
  // Counts an operation; whether the fault strikes it. A cut of the power lets it take effect, unsynced.
  bool strikes(Operation operation) {
    ++operations_;
    if (operations_ < plan_.at || !can_strike(plan_.fault, operation)) return false;
    struck_ = true;
    struck_by_ = plan_.fault;
    dead_ = plan_.fault == Fault::kPowerCut;
    plan_ = {};
    return true;
  }
  std::shared_ptr<File> known(const std::string& name) const {
    const auto found = files_.find(name);
    return found == files_.end() ? nullptr : found->second;
  }
  void move_knowledge(const std::string& from, const std::string& to) {
    auto moved = files_.extract(from);
    files_.erase(to);
    if (moved.empty()) return;
    moved.key() = to;
    files_.insert(std::move(moved));
  }
  void bury(const std::string& name, Change& change) {
    change.buried = graveyard_ + "/" + std::to_string(++burials_);
    change.buried_as = known(name);
    fs::rename(name, change.buried);
    files_.erase(name);
  }
  void dig_up(const std::string& name, const Change& change) {
    if (change.buried.empty()) return;
    fs::rename(change.buried, name);
    if (change.buried_as) files_[name] = change.buried_as;
  }
  void undo(const Change& change);

  const std::string graveyard_;
  mutable std::mutex mutex_;  // guards all below
  FaultPlan plan_;
  std::uint64_t operations_ = 0;
  bool struck_ = false;
  Fault struck_by_ = Fault::kNone;
  bool dead_ = false;
  bool full_ = false;
  bool lying_of_logs_ = false;
  bool lying_of_names_ = false;
  std::map<std::string, std::shared_ptr<File>> files_;  // those made since the disk was turned on, by name
  std::vector<Change> changes_;                         // oldest first
  std::uint64_t burials_ = 0;
};

namespace {

// Both hold a System that lives as long as the Env, which outlives every database.
template <class System>
class WatchedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WatchedFile(std::unique_ptr<rocksdb::FSWritableFile>&& target, System& system, std::shared_ptr<File> file, bool log)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(target)), system_(system), file_(std::move(file)), log_(log) {}
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return system_.append(*file_, *target(), data, options, debug);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& /*info*/,
                  IODebugContext* debug) override {
    return system_.append(*file_, *target(), data, options, debug);
  }
  IOStatus PositionedAppend(const rocksdb::Slice& /*data*/, std::uint64_t /*offset*/, const IOOptions& /*options*/,
                            IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("PositionedAppend");
  }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override { return system_.sync(*file_, log_); }
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return system_.sync(*file_, log_);
  }
  // Begins to write and promises nothing.
  IOStatus RangeSync(std::uint64_t /*offset*/, std::uint64_t /*size*/, const IOOptions& /*options*/,
                     IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }
  // Room set aside for each log would cost more than all the rest of a seed.
  void PrepareWrite(std::size_t /*offset*/, std::size_t /*size*/, const IOOptions& /*options*/,
                    IODebugContext* /*debug*/) override {}
  IOStatus Allocate(std::uint64_t /*offset*/, std::uint64_t /*size*/, const IOOptions& /*options*/,
                    IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }

 private:
  System& system_;
  const std::shared_ptr<File> file_;
  const bool log_;
};

template <class System>
class WatchedDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  WatchedDirectory(std::unique_ptr<rocksdb::FSDirectory>&& target, System& system)
      : rocksdb::FSDirectoryWrapper(std::move(target)), system_(system) {}
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override { return system_.sync_directory(); }
  IOStatus FsyncWithDirOptions(const IOOptions& /*options*/, IODebugContext* /*debug*/,
                               const rocksdb::DirFsyncOptions& /*which*/) override {
    return system_.sync_directory();
  }

 private:
  System& system_;
};

}  // namespace

IOStatus Disk::System::NewWritableFile(const std::string& name, const FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  if (dead_) return failed();
  if (strikes(Operation::kCreate) && !dead_) return failed();
  Change change{.to = name};
  if (fs::exists(name)) bury(name, change);
  std::unique_ptr<rocksdb::FSWritableFile> target;
  if (auto done = rocksdb::FileSystemWrapper::NewWritableFile(name, options, &target, debug); !done.ok()) return done;
  change.file = files_[name] = std::make_shared<File>();
  *result = std::make_unique<WatchedFile<System>>(std::move(target), *this, change.file, name.ends_with(".log"));
  changes_.push_back(std::move(change));
  return dead_ ? failed() : IOStatus::OK();
}

IOStatus Disk::System::NewDirectory(const std::string& name, const IOOptions& options,
                                    std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> target;
  if (auto done = rocksdb::FileSystemWrapper::NewDirectory(name, options, &target, debug); !done.ok()) return done;
  *result = std::make_unique<WatchedDirectory<System>>(std::move(target), *this);
  return IOStatus::OK();
}

void Disk::System::undo(const Change& change) {
  if (change.to.empty()) return dig_up(change.from, change);  // removed
  if (change.from.empty()) {                                  // made
    fs::remove(change.to);
    files_.erase(change.to);
  } else {
    fs::rename(change.to, change.from);
    move_knowledge(change.to, change.from);
  }
  dig_up(change.to, change);
}

Lost Disk::System::crash(std::mt19937_64* random) {
  const std::lock_guard lock(mutex_);
  // Up to `all` of something: none, all, or a number between.
  const auto some_of = [random](std::uint64_t all) -> std::uint64_t {
    if (random == nullptr || all == 0) return 0;
    const std::uint64_t way = (*random)() % 4;
    return way == 0 ? 0 : way == 1 ? all : (*random)() % (all + 1);
  };
  Lost lost;
  for (std::uint64_t keep = some_of(changes_.size()); changes_.size() > keep; ++lost.names) {
    undo(changes_.back());
    changes_.pop_back();
  }
  for (const auto& [name, file] : files_) {
    const std::uint64_t unsynced = file->written - file->synced;
    std::uint64_t kept = some_of(unsynced);
    constexpr std::uint64_t kSector = 512;
    if (kept < unsynced && random != nullptr && (*random)() % 2 == 0) {
      const std::uint64_t end = (file->synced + kept) / kSector * kSector;  // a disk writes whole sectors
      kept = end > file->synced ? end - file->synced : 0;
    }
    if (kept == unsynced) continue;
    if (kept > 0) ++lost.torn;
    lost.octets += unsynced - kept;
    fs::resize_file(name, file->synced + kept);
  }
  fs::remove_all(graveyard_);
  fs::create_directories(graveyard_);
  changes_.clear();
  files_.clear();
  dead_ = false;
  full_ = false;
  plan_ = {};
  return lost;
}

namespace {

// After a background failure RocksDB sleeps for a second: most of the time of a campaign.
class HastyClock final : public rocksdb::SystemClockWrapper {
 public:
  HastyClock() : rocksdb::SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "assemblier::crash::HastyClock"; }
  void SleepForMicroseconds(int microseconds) override {
    rocksdb::SystemClockWrapper::SleepForMicroseconds(std::min(microseconds, 100));
  }
};

class HastyEnv final : public rocksdb::EnvWrapper {
 public:
  explicit HastyEnv(const std::shared_ptr<rocksdb::FileSystem>& files)
      : rocksdb::EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;
    system_clock_ = std::make_shared<HastyClock>();
  }
};

}  // namespace

Disk::Disk(std::string directory)
    : system_(std::make_shared<System>(std::move(directory))), env_(std::make_unique<HastyEnv>(system_)) {}
Disk::~Disk() = default;
void Disk::arm(FaultPlan plan) { system_->arm(plan); }
bool Disk::struck() const { return system_->struck(); }
bool Disk::dead() const { return system_->dead(); }
void Disk::cut() { system_->cut(); }
void Disk::repair() { system_->repair(); }
void Disk::lie_about_logs() { system_->lie(true, false); }
void Disk::lie_about_names() { system_->lie(false, true); }
Lost Disk::crash(std::mt19937_64& random) { return system_->crash(&random); }
Lost Disk::crash_hard() { return system_->crash(nullptr); }

}  // namespace assemblier::crash
