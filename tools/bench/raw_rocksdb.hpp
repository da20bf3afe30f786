#pragma once
// The limits that our own figures stand beside: RocksDB alone, on the same disk, under the same options and recovery
// mode, with keys of 8 octets and values of the payload's size.
//
// Thread-safety: each call uses a database of its own under the directory given.
//
//   RawRocksDb raw(directory);  const double rate = raw.synced_writes(1000, 400);

#include <cstddef>
#include <string>

namespace assemblier::bench {

class RawRocksDb {
 public:
  /// `directory` exists; a database is made and removed inside it by each call.
  explicit RawRocksDb(std::string directory) : directory_(std::move(directory)) {}

  /// Writes a second: one value of `payload_bytes` per synced write, by as many threads as there are `writers`.
  [[nodiscard]] double synced_writes(std::size_t writes, std::size_t payload_bytes, std::size_t writers = 1) const;
  /// Values a second: `batch` values under each synced write.
  [[nodiscard]] double synced_batches(std::size_t batches, std::size_t batch, std::size_t payload_bytes) const;
  /// Records a second: a scan from first to last of `records` values that lie in table files.
  [[nodiscard]] double scan(std::size_t records, std::size_t payload_bytes) const;

 private:
  std::string directory_;
};

}  // namespace assemblier::bench
