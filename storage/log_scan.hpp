#pragma once
// Reads the log files of RocksDB (write-ahead logs and MANIFEST share one format: blocks of 32 KiB, records of CRC-32C,
// length, type) to decide, before RocksDB opens them, whether a log is whole, torn or damaged. RocksDB's own modes are
// not enough: they take a changed length or type octet near the end for the end itself, and drop what follows.
// Private to storage/.
//
// Thread-safety: values only.
//
//   const LogScan scan = scan_log(octets, [](std::string_view record) {});

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace assemblier::storage {

enum class LogState {
  kWhole,    ///< every record is there up to the end of the file
  kTorn,     ///< the last record was never finished: the file ends inside it, and nothing readable follows
  kDamaged,  ///< a record is not what was written
};

struct LogScan {
  LogState state = LogState::kWhole;
  std::uint64_t offset = 0;  ///< of the first octet that is not part of a whole record
  std::string why;           ///< French; empty when whole
};

/// Called with each logical record, in order; after damage, with those found beyond it (`beyond` true).
using LogVisitor = std::function<void(std::string_view record, bool beyond)>;

[[nodiscard]] LogScan scan_log(std::string_view log, const LogVisitor& visit);

/// CRC-32C (Castagnoli) of `data`, continuing `crc` (0 to begin).
[[nodiscard]] std::uint32_t crc32c(std::uint32_t crc, std::string_view data);

}  // namespace assemblier::storage
