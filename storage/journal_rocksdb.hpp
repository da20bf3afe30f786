#pragma once
// The RocksDB backend as a Store, for tests that put something between it and the disk or the journal. Private to
// storage/ and its tests.
//
// Thread-safety: see store.hpp.

#include "storage/store.hpp"

#include <functional>
#include <string>

namespace rocksdb {
class Env;
}

namespace assemblier::storage {

/// Opens the records in `directory`; `env` (null: the system's) outlives the store. `write_buffer_bytes` (0: as always)
/// lets a test see a log end and a table begin after little data; RocksDB takes 64 KiB at least.
[[nodiscard]] Result<std::unique_ptr<Store>> open_rocksdb_store(const std::string& directory, bool read_only,
                                                                rocksdb::Env* env, std::size_t write_buffer_bytes = 0);
/// A store without records in an empty directory.
[[nodiscard]] Result<std::unique_ptr<Store>> create_rocksdb_store(const std::string& directory);

/// Builds a journal beside `directory` and moves it there whole: `fill` is given an empty directory. An interrupted
/// making leaves no half journal. kExists when something is there.
[[nodiscard]] Result<void> make_rocksdb(const std::string& directory,
                                        const std::function<Result<void>(const std::string&)>& fill);

}  // namespace assemblier::storage
