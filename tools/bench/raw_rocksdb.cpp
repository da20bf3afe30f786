#include "tools/bench/raw_rocksdb.hpp"

#include "storage/rocksdb_files.hpp"
#include "tools/bench/support.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <rocksdb/filter_policy.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

namespace assemblier::bench {

namespace {

// A benchmark that fails has no figure to give.
void require(const rocksdb::Status& status) {
  if (!status.ok()) throw std::runtime_error("raw RocksDB: " + status.ToString());
}

// A pool of letters from which values are cut: compressible about as text is.
std::string make_values(std::size_t bytes) {
  std::mt19937 random(1);
  std::string values(bytes + 65'536, ' ');
  for (char& letter : values) letter = static_cast<char>('a' + random() % 16);
  return values;
}

double per_second(std::size_t count, std::chrono::steady_clock::time_point since) {
  return static_cast<double>(count) / std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

}  // namespace

class RawDatabase {
 public:
  explicit RawDatabase(std::string path, rocksdb::Options options = storage::make_options(nullptr))
      : path_(std::move(path)) {
    std::filesystem::remove_all(path_);
    options.create_if_missing = true;
    // RocksDB's own table in memory, with the hint that suits keys in order.
    options.memtable_factory = std::make_shared<rocksdb::SkipListFactory>();
    options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
    // Nothing is looked up.
    options.prefix_extractor = nullptr;
    options.memtable_prefix_bloom_size_ratio = 0;
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
    rocksdb::DB* database = nullptr;
    require(rocksdb::DB::Open(options, path_, &database));
    database_.reset(database);
  }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  ~RawDatabase() {
    database_.reset();
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  void write(std::uint64_t first, std::size_t count, const std::string& values, std::size_t bytes, bool sync) {
    rocksdb::WriteBatch batch;
    for (std::uint64_t i = 0; i < count; ++i) {
      char key[8];
      for (unsigned octet = 0; octet < 8; ++octet)
        key[octet] = static_cast<char>((first + i) >> (56 - 8 * octet) & 0xFFU);
      const std::size_t at = (first + i) * 7919 % (values.size() - bytes + 1);
      require(batch.Put(rocksdb::Slice(key, sizeof key), rocksdb::Slice(values.data() + at, bytes)));
    }
    rocksdb::WriteOptions options;
    options.sync = sync;
    require(database_->Write(options, &batch));
  }
  rocksdb::DB& operator*() { return *database_; }

 private:
  std::string path_;
  std::unique_ptr<rocksdb::DB> database_;
};

RawRocksDb::RawRocksDb(std::string directory) : directory_(std::move(directory)) {}
RawRocksDb::~RawRocksDb() = default;

RawDatabase& RawRocksDb::written() {
  if (written_ == nullptr) written_ = std::make_unique<RawDatabase>(directory_ + "/raw");
  return *written_;
}

double RawRocksDb::synced_writes(std::size_t writes, std::size_t payload_bytes, std::size_t writers) {
  RawDatabase& database = written();
  const std::size_t first = std::exchange(next_, next_ + writes);
  const std::string values = make_values(payload_bytes);
  const auto since = std::chrono::steady_clock::now();
  std::vector<std::jthread> threads;
  for (std::size_t writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      for (std::size_t i = writer; i < writes; i += writers) database.write(first + i, 1, values, payload_bytes, true);
    });
  }
  threads.clear();
  return per_second(writes, since);
}

double RawRocksDb::synced_batches(std::size_t batches, std::size_t batch, std::size_t payload_bytes) {
  RawDatabase& database = written();
  const std::size_t first = std::exchange(next_, next_ + batches * batch);
  const std::string values = make_values(payload_bytes);
  const auto since = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < batches; ++i) database.write(first + i * batch, batch, values, payload_bytes, true);
  return per_second(batches * batch, since);
}

namespace {

std::vector<std::string> cut_values(std::size_t records, std::size_t bytes) {
  const std::string pool = make_values(bytes);
  std::vector<std::string> values;
  for (std::size_t i = 0; i < records; ++i) values.push_back(pool.substr(i * 7919 % (pool.size() - bytes + 1), bytes));
  return values;
}

}  // namespace

RawScan::RawScan(const std::string& directory, std::size_t records, std::size_t payload_bytes)
    : RawScan(directory, cut_values(records, payload_bytes)) {}

RawScan::RawScan(const std::string& directory, const std::vector<std::string>& values) : records_(values.size()) {
  std::filesystem::create_directories(directory);
  std::vector<rocksdb::Options> layouts(3, storage::make_options(nullptr));
  for (std::size_t i = 1; i < layouts.size(); ++i) {
    auto table = *layouts[i].table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
    table.block_size = 64U << 10U;
    layouts[i].table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  }
  layouts[2].compression = rocksdb::kNoCompression;
  double best = 0;
  for (std::size_t i = 0; i < layouts.size(); ++i) {
    const auto database = std::make_shared<RawDatabase>(directory + "/" + std::to_string(i), layouts[i]);
    for (std::size_t j = 0; j < records_; ++j) database->write(j, 1, values[j], values[j].size(), false);
    require((**database).Flush({}));
    require((**database).CompactRange({}, nullptr, nullptr));
    for (const bool ahead : {false, true}) {
      double rate = 0;
      for (int turn = 0; turn < 5; ++turn) rate = std::max(rate, scan(*database, ahead));
      if (rate <= best) continue;
      best = rate;
      ahead_ = ahead;
      best_ = database;
    }
  }
}

RawScan::~RawScan() = default;

double RawScan::scan(RawDatabase& database, bool ahead) const {
  rocksdb::ReadOptions options;
  options.fill_cache = !ahead;
  if (ahead) options.readahead_size = 1U << 20U;
  std::size_t seen = 0;
  std::size_t bytes = 0;
  const double seconds = core_seconds_of([&] {
    const std::unique_ptr<rocksdb::Iterator> at((*database).NewIterator(options));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      ++seen;
      bytes += at->value().size();
    }
    require(at->status());
  });
  if (seen != records_ || bytes == 0) throw std::runtime_error("raw RocksDB: records missing");
  return static_cast<double>(records_) / seconds;
}

}  // namespace assemblier::bench
