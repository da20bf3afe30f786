#include "tools/bench/raw_rocksdb.hpp"

#include "storage/rocksdb_files.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <rocksdb/memtablerep.h>
#include <rocksdb/slice_transform.h>

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

class RawRocksDb::Database {
 public:
  explicit Database(std::string path) : path_(std::move(path)) {
    std::filesystem::remove_all(path_);
    rocksdb::Options options = storage::make_options(nullptr);
    options.create_if_missing = true;
    // RocksDB's own table in memory, with the hint that suits keys in order.
    options.memtable_factory = std::make_shared<rocksdb::SkipListFactory>();
    options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
    rocksdb::DB* database = nullptr;
    require(rocksdb::DB::Open(options, path_, &database));
    database_.reset(database);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
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

RawRocksDb::Database& RawRocksDb::written() {
  if (written_ == nullptr) written_ = std::make_unique<Database>(directory_ + "/raw");
  return *written_;
}

double RawRocksDb::synced_writes(std::size_t writes, std::size_t payload_bytes, std::size_t writers) {
  Database& database = written();
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
  Database& database = written();
  const std::size_t first = std::exchange(next_, next_ + batches * batch);
  const std::string values = make_values(payload_bytes);
  const auto since = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < batches; ++i) database.write(first + i * batch, batch, values, payload_bytes, true);
  return per_second(batches * batch, since);
}

double RawRocksDb::scan(std::size_t records, std::size_t payload_bytes) const {
  constexpr std::size_t kBatch = 1000;
  Database database(directory_ + "/scanned");
  const std::string values = make_values(payload_bytes);
  for (std::size_t first = 0; first < records; first += kBatch) {
    database.write(first, std::min(kBatch, records - first), values, payload_bytes, false);
  }
  require((*database).Flush({}));
  require((*database).CompactRange({}, nullptr, nullptr));
  const auto since = std::chrono::steady_clock::now();
  const std::unique_ptr<rocksdb::Iterator> at((*database).NewIterator({}));
  std::size_t seen = 0;
  std::size_t bytes = 0;
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    ++seen;
    bytes += at->value().size();
  }
  require(at->status());
  if (seen != records || bytes != records * payload_bytes) throw std::runtime_error("raw RocksDB: records missing");
  return per_second(records, since);
}

}  // namespace assemblier::bench
