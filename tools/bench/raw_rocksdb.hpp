#pragma once
// The limits that our own figures stand beside: RocksDB alone, on the same disk, under the same options and recovery
// mode, with keys of 8 octets and values of the payload's size.
//
// Thread-safety: one thread each.
//
//   RawRocksDb raw(directory);  const double rate = raw.synced_writes(1000, 400);

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace assemblier::bench {

class RawDatabase;

class RawRocksDb {
 public:
  /// `directory` exists; databases are made and removed inside it. Writes go on in one and the same, as ours do in one
  /// journal: it has its tables to build from time to time too.
  explicit RawRocksDb(std::string directory);
  RawRocksDb(const RawRocksDb&) = delete;
  RawRocksDb& operator=(const RawRocksDb&) = delete;
  ~RawRocksDb();

  /// Writes a second: one value of `payload_bytes` per synced write, by as many threads as there are `writers`.
  [[nodiscard]] double synced_writes(std::size_t writes, std::size_t payload_bytes, std::size_t writers = 1);
  /// Values a second: `batch` values under each synced write.
  [[nodiscard]] double synced_batches(std::size_t batches, std::size_t batch, std::size_t payload_bytes);

 private:
  RawDatabase& written();

  std::string directory_;
  std::unique_ptr<RawDatabase> written_;
  std::size_t next_ = 0;  // key of the next value written
};

/// A scan from first to last of values in tables of several layouts: the journal's options, and larger blocks,
/// compressed and not, as one would choose for a log; each read as RocksDB does by default and with read-ahead past the
/// cache.
class RawScan {
 public:
  /// Databases are made and removed inside `directory`.
  RawScan(const std::string& directory, const std::vector<std::string>& values);
  /// The values that RawRocksDb writes: `records` of them.
  RawScan(const std::string& directory, std::size_t records, std::size_t payload_bytes);
  RawScan(const RawScan&) = delete;
  RawScan& operator=(const RawScan&) = delete;
  ~RawScan();

  /// Values a second of one core, in the layout and the way that did best when this was made; checksums are verified.
  [[nodiscard]] double scan() const { return scan(*best_, ahead_); }

 private:
  [[nodiscard]] double scan(RawDatabase& database, bool ahead) const;

  std::shared_ptr<RawDatabase> best_;
  bool ahead_ = false;
  std::size_t records_;
};

}  // namespace assemblier::bench
