#pragma once
// Which records RocksDB's filters know of: those that are looked up although most are not there.
//
// Thread-safety: a shared constant.

#include <memory>

namespace rocksdb {
class SliceTransform;
}  // namespace rocksdb

namespace assemblier::storage {

/// Ids of actes, flux and persons by their whole key; the rest is not in any filter. A position is only asked for where
/// it is, and the records of events are the most: to leave them out spares each the work of five filters, and each look
/// at one event that of asking every file's.
/// As soon as this is an option, an iterator that is to see more than one record needs ReadOptions::total_order_seek.
[[nodiscard]] std::shared_ptr<const rocksdb::SliceTransform> make_looked_up();

}  // namespace assemblier::storage
