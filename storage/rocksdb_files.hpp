#pragma once
// The directory of a RocksDB journal before it is opened: what its logs allow, who holds it, how a database is opened
// in it. Only the RocksDB backend includes this. Private to storage/.
//
// Thread-safety: functions may be called from any thread.

#include "storage/journal.hpp"

#include <memory>
#include <string>

#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>

namespace assemblier::storage {

/// Our error for a status that is not OK; `what` begins the French sentence ("lecture du journal /x").
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

/// Keeps others out while it lives: a writer of this process is known by name, readers hold a shared lock on LOCK,
/// which a writer of any process meets. Nothing is written.
class DirectoryHold {
 public:
  static Result<DirectoryHold> take(const std::string& directory, bool read_only);
  DirectoryHold(DirectoryHold&& other) noexcept;
  DirectoryHold& operator=(DirectoryHold&&) = delete;
  DirectoryHold(const DirectoryHold&) = delete;
  DirectoryHold& operator=(const DirectoryHold&) = delete;
  ~DirectoryHold();

 private:
  DirectoryHold() = default;
  std::string writer_;  // name of the directory, when held for writing
  int descriptor_ = -1;
};

/// kAbsent or kDamaged when `directory` does not hold a journal.
[[nodiscard]] Result<void> check_present(const std::string& directory);

/// Opens the table file `path` in `reader` and checks all of its checksums.
[[nodiscard]] rocksdb::Status check_table(rocksdb::SstFileReader& reader, const std::string& path);

/// Opens the database under the recovery of storage/README.md: strict, a torn last write excepted.
[[nodiscard]] Result<std::unique_ptr<rocksdb::DB>> open_database(const std::string& directory, bool read_only,
                                                                 rocksdb::Options options);

}  // namespace assemblier::storage
