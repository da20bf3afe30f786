// The walk through tables gives exactly what was written, wherever the tables lie and however RocksDB lays them out;
// and whatever it cannot read it leaves to RocksDB, rather than give anything else.

#include "storage/table_walk.hpp"

#include "storage/rocksdb_files.hpp"
#include "tests/storage/support.hpp"

#include <limits>
#include <memory>
#include <random>

#include <rocksdb/table.h>

namespace assemblier::storage {
namespace {

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

std::string key_of(std::uint64_t number) {
  std::string key = "e";
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(number >> static_cast<unsigned>(shift));
  return key;
}

void expect_ok(const rocksdb::Status& status) { ASSERT_TRUE(status.ok()) << status.ToString(); }

/// A database with numbered records among others, in many tables.
class TableWalkTest : public testing::Test {
 protected:
  using Layout = std::function<void(rocksdb::Options&, rocksdb::BlockBasedTableOptions&)>;

  void open(const Layout& layout = {}) {
    rocksdb::Options options = make_options(nullptr);
    options.create_if_missing = true;
    options.write_buffer_size = 64U << 10U;
    options.target_file_size_base = 40U << 10U;
    auto table = *options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
    table.block_size = 1U << 10U;
    table.metadata_block_size = 256;
    if (layout) layout(options, table);
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    database_.reset();
    rocksdb::DB* opened = nullptr;
    expect_ok(rocksdb::DB::Open(options, path_, &opened));
    database_.reset(opened);
  }
  void write(std::size_t records) {
    const rocksdb::WriteOptions plain;
    for (std::size_t i = 0; i < records; ++i) {
      std::string value(random_() % 300, ' ');
      for (char& c : value) c = static_cast<char>('a' + random_() % 20);
      expect_ok(database_->Put(plain, key_of(values_.size()), value));
      values_.push_back(std::move(value));
      if (random_() % 3 == 0) {
        const char before_or_after = random_() % 2 == 0 ? 'a' : 'x';
        expect_ok(database_->Put(plain, before_or_after + std::string(random_() % 60, 'k') + std::to_string(random_()),
                                 "other"));
      }
      if (random_() % 400 == 0) expect_ok(database_->Flush({}));
    }
  }
  void flush() { expect_ok(database_->Flush({})); }
  void compact() { expect_ok(database_->CompactRange({}, nullptr, nullptr)); }

  /// Follows a walk from where it stands: each record is the one that was written. Returns where it ends.
  std::uint64_t follow(TableWalk& walk, std::uint64_t from, std::uint64_t count = kAll) {
    std::uint64_t number = from;
    for (; walk.valid() && number - from < count; walk.next(), ++number) {
      EXPECT_EQ(walk.number(), number);
      EXPECT_EQ(walk.key(), key_of(number));
      EXPECT_EQ(walk.value(), values_.at(number));
      if (HasFailure()) break;
    }
    return number;
  }
  std::uint64_t walked(std::uint64_t from = 0) {
    TableWalk walk(*database_, "e", kAll);
    walk.seek(from);
    return follow(walk, from);
  }

  const Scratch scratch_;
  const std::string path_ = scratch_ / "database";
  std::unique_ptr<rocksdb::DB> database_;
  std::vector<std::string> values_;
  std::mt19937 random_{11};
};

TEST_F(TableWalkTest, GivesWhatTablesHoldWhereverTheyLie) {
  const Layout layouts[] = {
      {},
      [](auto&, auto& table) { table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch; },
      [](auto&, auto& table) { table.index_block_restart_interval = 7; },
      [](auto&, auto& table) { table.enable_index_compression = false; },
      [](auto& options, auto&) { options.compression = rocksdb::kNoCompression; },
      [](auto&, auto& table) { table.block_restart_interval = 1; },
      [](auto&, auto& table) {
        table.format_version = 5, table.partition_filters = true,
        table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
      },
  };
  // Tables of several layouts in one database, as journals have that outlive a change of options.
  for (const Layout& layout : layouts) {
    open(layout);
    write(3'000);
    flush();
    ASSERT_EQ(walked(), values_.size());
    if (random_() % 2 == 0) compact();
    ASSERT_EQ(walked(), values_.size());
  }
  for (int i = 0; i < 40; ++i) {
    const std::uint64_t from = random_() % values_.size();
    EXPECT_EQ(walked(from), values_.size());
  }
  EXPECT_EQ(walked(values_.size()), values_.size());
}

TEST_F(TableWalkTest, GoesOnAndBackToWhereItIsAsked) {
  open();
  write(5'000);
  flush();
  TableWalk walk(*database_, "e", kAll);
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t from = random_() % values_.size();
    const std::uint64_t count = random_() % 60;
    walk.seek(from);
    ASSERT_TRUE(walk.valid());
    EXPECT_EQ(follow(walk, from, count), std::min<std::uint64_t>(from + count, values_.size()));
  }
}

TEST_F(TableWalkTest, FollowsTablesThatAreMergedMeanwhile) {
  open();
  write(4'000);
  flush();
  TableWalk walk(*database_, "e", kAll);
  walk.seek(0);
  std::uint64_t at = follow(walk, 0, 10);
  while (at < 4'000) {
    write(300);
    flush();
    compact();
    at = follow(walk, at, 700);
  }
  EXPECT_EQ(follow(walk, at), values_.size());
}

TEST_F(TableWalkTest, EndsAtWhatIsNotInTables) {
  open([](auto& options, auto&) { options.write_buffer_size = 8U << 20U; });
  write(1'000);
  flush();
  const auto flushed = values_.size();
  expect_ok(database_->Put({}, key_of(flushed), "in memory only"));
  EXPECT_EQ(walked(), flushed);
}

TEST_F(TableWalkTest, EndsAtTheSnapshot) {
  open();
  write(1'000);
  const rocksdb::Snapshot* const snapshot = database_->GetSnapshot();
  const auto seen = values_.size();
  write(1'000);
  flush();
  TableWalk walk(*database_, "e", snapshot->GetSequenceNumber());
  walk.seek(0);
  EXPECT_EQ(follow(walk, 0), seen);
  database_->ReleaseSnapshot(snapshot);
}

// Which of the two is meant is RocksDB's to say: not even the older one may be given.
TEST_F(TableWalkTest, LeavesOverriddenRecordsToRocksDb) {
  for (const bool newer_below : {false, true}) {
    open();
    const auto first = values_.size();
    write(1'000);
    flush();
    if (newer_below) compact();
    expect_ok(database_->Put({}, key_of(first + 500), "another"));
    flush();
    TableWalk walk(*database_, "e", kAll);
    walk.seek(first);
    EXPECT_LE(follow(walk, first), first + 500);
    walk.seek(first + 500);
    EXPECT_TRUE(!walk.valid() || walk.value() == "another");
    EXPECT_EQ(walked(first + 501), values_.size());
    compact();
    values_[first + 500] = "another";
    EXPECT_EQ(walked(first), values_.size());
  }
}

TEST_F(TableWalkTest, LeavesDeletionsToRocksDb) {
  open();
  write(1'000);
  flush();
  const rocksdb::Snapshot* const snapshot = database_->GetSnapshot();
  expect_ok(database_->Delete({}, key_of(500)));
  flush();
  // Whichever of the two tables it meets first: nothing but what was written, and no farther than it can be sure.
  EXPECT_GE(walked(), 500U);
  compact();
  EXPECT_GE(walked(), 500U);
  database_->ReleaseSnapshot(snapshot);
}

TEST_F(TableWalkTest, LeavesWhatItDoesNotKnowToRocksDb) {
  const Layout layouts[] = {
      [](auto&, auto& table) { table.checksum = rocksdb::kCRC32c; },
      [](auto& options, auto&) { options.compression = rocksdb::kZSTD; },
      [](auto&, auto& table) { table.index_type = rocksdb::BlockBasedTableOptions::kBinarySearchWithFirstKey; },
      [](auto& options, auto&) {
        options.compression_opts.max_dict_bytes = 4U << 10U;
        options.bottommost_compression_opts = options.compression_opts;
      },
  };
  for (const Layout& layout : layouts) {
    std::filesystem::remove_all(path_);
    values_.clear();
    open(layout);
    write(500);
    flush();
    compact();
    EXPECT_LE(walked(), 500U);
    database_.reset();
  }
}

TEST_F(TableWalkTest, GivesNothingElseFromDamagedTables) {
  open([](auto&, auto& table) { table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch; });
  write(400);
  flush();
  compact();
  ASSERT_EQ(walked(), 400U);
  std::vector<rocksdb::LiveFileMetaData> files;
  database_->GetLiveFilesMetaData(&files);
  std::size_t stopped = 0;
  for (const auto& file : files) {
    const std::string path = file.db_path + file.name;
    std::string octets;
    {
      std::ifstream in(path, std::ios::binary);
      octets.assign(std::istreambuf_iterator<char>(in), {});
    }
    for (int i = 0; i < 1'500; ++i) {
      std::string damaged = octets;
      const std::size_t at = random_() % octets.size();
      if (i % 50 == 0) {
        damaged.resize(at);
      } else {
        damaged[at] = static_cast<char>(damaged[at] ^ (1 + random_() % 255));
      }
      std::ofstream(path, std::ios::binary | std::ios::trunc) << damaged;
      stopped += walked() < 400 ? 1 : 0;
      ASSERT_FALSE(HasFailure()) << path << " octet " << at;
    }
    std::ofstream(path, std::ios::binary | std::ios::trunc) << octets;
  }
  EXPECT_GT(stopped, 1'000U);
  EXPECT_EQ(walked(), 400U);
}

}  // namespace
}  // namespace assemblier::storage
