#pragma once
// The directory of a RocksDB journal before it is opened: what its logs allow, who holds it, how a database is opened
// in it. Only the RocksDB backend includes this. Private to storage/.
//
// Thread-safety: functions may be called from any thread.

#include "storage/journal.hpp"

#include <memory>
#include <string>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>

namespace assemblier::storage {

/// Our error for a status that is not OK; `what`, the journal's directory, begins the French sentence.
[[nodiscard]] Error to_error(const rocksdb::Status& status, const std::string& what);

/// Runs one call of RocksDB; an exception (an absurd length in a damaged file: bad_alloc) becomes a corruption.
template <class Call>
rocksdb::Status guarded(Call call) {
  try {
    return call();
  } catch (const std::exception& exception) {
    return rocksdb::Status::Corruption("exception", exception.what());
  }
}

/// The options of every database here; storage/README.md gives their reasons. `env` may be null.
[[nodiscard]] rocksdb::Options make_options(rocksdb::Env* env);

/// kLocked, said of the journal in `directory`.
[[nodiscard]] Error held_by_another(const std::string& directory);

/// A writer of this process, known by the name of its directory, as RocksDB's lock makes it known to other processes.
class DirectoryHold {
 public:
  static Result<DirectoryHold> take(const std::string& directory);
  DirectoryHold(DirectoryHold&& other) noexcept;
  DirectoryHold& operator=(DirectoryHold&&) = delete;
  DirectoryHold(const DirectoryHold&) = delete;
  DirectoryHold& operator=(const DirectoryHold&) = delete;
  ~DirectoryHold();

 private:
  DirectoryHold() = default;
  std::string writer_;  // name of the directory
};

/// The lock that RocksDB takes, without opening a database: no other process writes as long as it lives.
class WriterLock {
 public:
  /// kLocked when another process writes. REQUIRES that this one does not.
  static Result<WriterLock> take(const std::string& directory, rocksdb::Env& env);
  WriterLock(WriterLock&& other) noexcept : env_(other.env_), file_(std::exchange(other.file_, nullptr)) {}
  WriterLock& operator=(WriterLock&&) = delete;
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;
  ~WriterLock();

 private:
  WriterLock(rocksdb::Env& env, rocksdb::FileLock* file) : env_(&env), file_(file) {}
  rocksdb::Env* env_;
  rocksdb::FileLock* file_;
};

/// Whether somebody, in this process or another, has the journal open for writing. Takes nothing from them.
[[nodiscard]] bool is_written(const std::string& directory);

/// kAbsent or kDamaged when `directory` does not hold a journal.
[[nodiscard]] Result<void> check_present(const std::string& directory);

/// Opens the table file `path` in `reader` and checks all of its checksums.
[[nodiscard]] rocksdb::Status check_table(rocksdb::SstFileReader& reader, const std::string& path);

/// Opens the database under the recovery of storage/README.md: strict, a torn last write excepted.
[[nodiscard]] Result<std::unique_ptr<rocksdb::DB>> open_database(const std::string& directory, bool read_only,
                                                                 rocksdb::Options options);

}  // namespace assemblier::storage
