#pragma once
// The RocksDB backend as a Store, for tests that put something between it and the disk or the journal. Private to
// storage/ and its tests.
//
// Thread-safety: see store.hpp.

#include "storage/store.hpp"

namespace rocksdb {
class Env;
}

namespace assemblier::storage {

/// Opens the records in `directory`; `env` (null: the system's) outlives the store. `write_buffer_bytes` (0: as always)
/// lets a test see a log end and a table begin after little data; RocksDB takes 64 KiB at least.
[[nodiscard]] Result<std::unique_ptr<Store>> open_rocksdb_store(const std::string& directory, bool read_only,
                                                                rocksdb::Env* env, std::size_t write_buffer_bytes = 0);

}  // namespace assemblier::storage
