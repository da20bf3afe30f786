#pragma once
// Which records RocksDB's filters know of: those that are looked up although most are not there.
//
// Thread-safety: a shared constant.

#include <memory>

namespace rocksdb {
class SliceTransform;
}  // namespace rocksdb

namespace assemblier::storage {

/// Ids of actes, flux, persons and the totals, by their whole key; nothing else is in any filter. A position is only
/// asked for where it is: to leave events out spares each of them the work of the filters, and whoever reads one the
/// question to those of every file.
/// As soon as this is an option, an iterator that is to see more than one record needs ReadOptions::total_order_seek.
[[nodiscard]] std::shared_ptr<const rocksdb::SliceTransform> make_looked_up();

}  // namespace assemblier::storage
