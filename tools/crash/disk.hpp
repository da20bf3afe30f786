#pragma once
// A disk that loses what was not synced, and fails on demand: a RocksDB Env over a real directory. Everything is
// written through to that directory at once, so that whoever reads the files sees what a running system sees; crash()
// then takes away what a machine may lose with its power: octets after the last sync of a file, names that were made,
// moved or removed after the last sync of the directory. Renames and the like survive in their order, as under the
// journalling file systems; octets of different files independently.
//
// Thread-safety: every member may be called from any thread, but for crash(): no file may be open for writing then.
//
//   Disk disk(directory);  disk.arm({Fault::kPowerCut, 12});
//   … open_rocksdb_store(directory, false, disk.env()) …
//   disk.crash(random);  // and open it again

#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace rocksdb {
class Env;
}

namespace assemblier::crash {

enum class Fault {
  kNone,
  kPowerCut,            ///< any operation: it may take effect in part, nothing does afterwards
  kNoSpace,             ///< a write: half of it is there, and no later one, until repair()
  kWriteError,          ///< a write: nothing of it is there
  kShortWrite,          ///< a write: a part of it is there
  kSyncError,           ///< of a file: what it should have made durable never will be
  kCreateError,         ///< of a file
  kRenameError,         ///< of a file
  kDirectorySyncError,  ///< the names stay as uncertain as before
};

/// The fault strikes the first operation it can, from the `at`-th one on.
struct FaultPlan {
  Fault fault = Fault::kNone;
  std::uint64_t at = 1;
};

/// What a crash took away.
struct Lost {
  std::uint64_t octets = 0;
  std::uint64_t names = 0;  ///< files made, moved or removed, that are not
  std::uint64_t torn = 0;   ///< files cut inside what was written since their last sync
};

class Disk {
 public:
  /// `directory` is there; a directory of the same name with ".hors" at the end keeps removed files that may come back.
  explicit Disk(std::string directory);
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk();

  [[nodiscard]] rocksdb::Env* env() const { return env_.get(); }
  /// Counts operations anew.
  void arm(FaultPlan plan);
  [[nodiscard]] bool struck() const;
  /// The power is off: nothing takes effect any more.
  [[nodiscard]] bool dead() const;
  void cut();
  /// Errors end; there is room again.
  void repair();
  /// From now on a sync of a log, or of the directory, is said to be done and is not: what the campaign must notice.
  void lie_about_logs();
  void lie_about_names();
  /// Rewrites the directory to what has survived, and turns the power on.
  Lost crash(std::mt19937_64& random);
  /// The same when nothing survives but what was synced.
  Lost crash_hard();

 private:
  class System;
  std::shared_ptr<System> system_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace assemblier::crash
