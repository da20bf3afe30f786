#pragma once
// Numbered records, written once and one after the other, read from RocksDB's tables block by block: what its iterators
// do besides for each record (merging levels, versions of a key, bounds) costs as much as reading the record. Checksums
// hold for every block. Whatever is not as expected, damage first of all, ends the walk: RocksDB then says why, or
// reads on. Private to storage/.
//
// Thread-safety: values; the database may be used and written meanwhile.
//
//   TableWalk walk(database, "e", snapshot.GetSequenceNumber());
//   for (walk.seek(0); walk.valid(); walk.next()) use(walk.number(), walk.value());
//   … and from walk.number() on with an iterator

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>

namespace assemblier::storage {

class TableWalk {
 public:
  /// Records whose keys are `prefix` and their number (8, big-endian), written up to `last_sequence`.
  TableWalk(rocksdb::DB& database, std::string prefix, std::uint64_t last_sequence);
  TableWalk(const TableWalk&) = delete;
  TableWalk& operator=(const TableWalk&) = delete;
  ~TableWalk();

  void seek(std::uint64_t number);
  /// To the following number. REQUIRES valid().
  void next();
  /// False: no table has the number, or two have it, or one that may have it cannot be read here.
  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// Both hold until the next call. REQUIRES valid().
  [[nodiscard]] std::string_view key() const;
  [[nodiscard]] std::string_view value() const;

 private:
  class Table;
  void list(std::uint64_t number);
  void find();
  rocksdb::DB& database_;
  const std::string prefix_;
  const std::uint64_t last_sequence_;
  std::vector<std::unique_ptr<Table>> tables_;
  Table* current_ = nullptr;
  std::uint64_t number_ = 0;
  std::uint64_t limit_ = 0;   // before that number, only the current table has any
  std::uint64_t listed_ = 0;  // what was looked for when the tables were listed
  bool valid_ = false;
};

}  // namespace assemblier::storage
