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

/// Opens the records in `directory`; `env` (null: the system's) outlives the store.
[[nodiscard]] Result<std::unique_ptr<Store>> open_rocksdb_store(const std::string& directory, bool read_only,
                                                                rocksdb::Env* env);

}  // namespace assemblier::storage
