#include "storage/table_walk.hpp"

#include "storage/rocksdb_files.hpp"
#include "storage/table_format.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include <lz4.h>
#include <rocksdb/env.h>

namespace assemblier::storage {

namespace {

using namespace table;

constexpr std::size_t kReadAhead = 64U << 10U;
constexpr std::size_t kNumber = 8;
// After a key in a table: its sequence number (7) and type, a number of 8 octets with the type lowest.
constexpr std::size_t kInternal = 8;
constexpr unsigned kPut = 1;
constexpr std::uint64_t kNoNumber = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint8_t kStored = 0;
constexpr std::uint8_t kLz4 = 4;
constexpr unsigned kAgain = 8;           // times that tables are listed anew for one record
constexpr std::uint64_t kTwoLevels = 2;  // index types: 0 one block, 2 an index of partitions

void append_number(std::string& key, std::uint64_t number) {
  for (unsigned shift = 64; shift > 0; shift -= 8) key += static_cast<char>(number >> (shift - 8) & 0xFFU);
}

template <std::endian order>
std::uint64_t number_of(const char* octets) {
  std::uint64_t number = 0;
  std::memcpy(&number, octets, sizeof number);
  return std::endian::native == order ? number : std::byteswap(number);
}

// Most lengths have one digit or two.
[[gnu::always_inline]] inline bool take(const char*& at, const char* end, std::uint64_t& value) {
  if (end - at < 2) return false;  // behind the last length there is a key
  const auto first = static_cast<unsigned char>(at[0]);
  const auto second = static_cast<unsigned char>(at[1]);
  if (first < 0x80U) {
    value = first;
    ++at;
    return true;
  }
  if (second < 0x80U) {
    value = (first & 0x7FU) | std::uint64_t{second} << 7U;
    at += 2;
    return true;
  }
  std::string_view rest(at, static_cast<std::size_t>(end - at));
  const auto taken = take_varint(rest);
  at = rest.data();
  value = taken.value_or(0);
  return taken.has_value();
}

/// One file, read forward in large pieces.
class TableFile {
 public:
  TableFile(rocksdb::Env& env, const std::string& path) {
    std::unique_ptr<rocksdb::RandomAccessFile> file;
    std::uint64_t size = 0;
    if (env.NewRandomAccessFile(path, &file, rocksdb::EnvOptions()).ok() && env.GetFileSize(path, &size).ok()) {
      file_ = std::move(file);
      size_ = size;
    }
  }
  [[nodiscard]] bool is_open() const { return file_ != nullptr; }
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Octets of the file, which hold until the next call; fewer than asked for when they cannot be had.
  std::string_view read(std::uint64_t offset, std::uint64_t size, std::size_t ahead) {
    if (offset > size_ || size > size_ - offset) return {};
    if (offset < begin_ || offset + size > begin_ + octets_.size()) {
      const std::uint64_t wanted = std::min(std::max<std::uint64_t>(size, ahead), size_ - offset);
      if (room_.size() < wanted) room_.resize(wanted);
      rocksdb::Slice read;
      const auto status = guarded([&] { return file_->Read(offset, wanted, &read, room_.data()); });
      begin_ = offset;
      octets_ = status.ok() ? std::string_view(read.data(), read.size()) : std::string_view();
    }
    return octets_.substr(std::min<std::size_t>(offset - begin_, octets_.size()), size);
  }

  /// A block whose checksum holds, uncompressed: in the file's octets or in `room`.
  std::optional<std::string_view> block(const Handle& handle, std::size_t ahead, std::string& room) {
    if (handle.size > kLargestBlock) return std::nullopt;
    const std::string_view read = this->read(handle.offset, handle.size + kTrailer, ahead);
    if (read.size() != handle.size + kTrailer || !checksum_holds(read)) return std::nullopt;
    std::string_view packed = read.substr(0, handle.size);
    const auto compression = static_cast<std::uint8_t>(read[handle.size]);
    if (compression == kStored) return packed;
    const auto size = take_varint(packed);
    if (compression != kLz4 || !size || *size > kLargestBlock) return std::nullopt;
    if (room.size() < *size) room.resize(*size);
    const int got =
        LZ4_decompress_safe(packed.data(), room.data(), static_cast<int>(packed.size()), static_cast<int>(*size));
    if (got < 0 || static_cast<std::uint64_t>(got) != *size) return std::nullopt;
    return std::string_view(room).substr(0, *size);
  }

 private:
  std::unique_ptr<rocksdb::RandomAccessFile> file_;
  std::uint64_t size_ = 0;
  std::string room_;
  std::string_view octets_;  // what was read last, and where it lies in the file
  std::uint64_t begin_ = 0;
};

/// Entries of an index block: shared and unshared lengths, key, handle (of the block that ends before or at the key).
/// With delta coding, what shares octets with the entry before follows it in the file, and only its size's difference
/// is there.
class IndexBlock {
 public:
  struct Layout {
    bool user_keys = false;
    bool deltas = false;
  };
  IndexBlock() = default;
  IndexBlock(std::string_view block, Layout layout) : octets_(block), layout_(layout) {
    const auto entries = entries_of(octets_);
    ok_ = entries.has_value();
    end_ = ok_ ? entries->size() : 0;
  }
  /// False at the end, and when it cannot be read.
  bool next() {
    std::string_view left = std::string_view(octets_).substr(at_, end_ - at_);
    if (left.empty()) return false;
    const auto shared = take_varint(left);
    const auto unshared = take_varint(left);
    const auto sized = layout_.deltas ? 0 : take_varint(left);  // the size of the value, else known from itself
    if (!shared || !unshared || !sized || *shared > key_.size() || *unshared > left.size()) return fail();
    key_.resize(*shared);
    key_ += left.substr(0, *unshared);
    left.remove_prefix(*unshared);
    if (layout_.deltas && *shared != 0) {
      const auto change = take_varint(left);
      if (!change) return fail();
      const auto difference = static_cast<std::uint64_t>(-static_cast<std::int64_t>(*change & 1U)) ^ (*change >> 1U);
      handle_ = {handle_.offset + handle_.size + kTrailer, handle_.size + difference};
    } else {
      const auto handle = take_handle(left);
      if (!handle) return fail();
      handle_ = *handle;
    }
    at_ = end_ - left.size();
    return true;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string_view key() const {
    std::string_view key(key_);
    if (!layout_.user_keys) key.remove_suffix(std::min(key.size(), kInternal));
    return key;
  }
  [[nodiscard]] const Handle& handle() const { return handle_; }

 private:
  bool fail() {
    ok_ = false;
    at_ = end_;
    return false;
  }
  std::string octets_;
  Layout layout_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::string key_;
  Handle handle_;
  bool ok_ = true;
};

}  // namespace

/// The records of one table.
class TableWalk::Table {
 public:
  /// All numbers of the table lie between `first` and `last`.
  Table(const TableWalk& walk, std::string path, std::uint64_t first, std::uint64_t last)
      : env_(*walk.database_.GetEnv()),
        path_(std::move(path)),
        prefix_(walk.prefix_),
        last_sequence_(walk.last_sequence_),
        first_(first),
        last_(last) {}

  [[nodiscard]] bool may_have(std::uint64_t number) const {
    return first_ <= number && number <= last_ && state_ != State::kEnded;
  }

  /// Whether its file was no longer there when it was opened.
  [[nodiscard]] bool vanished() const { return vanished_; }
  /// Whether it stands at that record, and may give it.
  [[nodiscard]] bool has(std::uint64_t number) const { return state_ == State::kOpen && number_ == number && given_; }
  /// Whether that record cannot be told here: what stands there is removed, or younger than what may be seen.
  [[nodiscard]] bool withholds(std::uint64_t number) const {
    return state_ == State::kUnreadable || (state_ == State::kOpen && number_ == number && !given_);
  }
  /// None of its records from `number` on has a smaller one. REQUIRES that it was sought there, if it may have it.
  [[nodiscard]] std::uint64_t bound(std::uint64_t number) const {
    if (state_ == State::kEnded || last_ < number) return kNoNumber;
    return state_ == State::kOpen ? number_ : first_;
  }
  /// Onward to the first record at or after `number`; false when there is none or it cannot be read.
  bool seek(std::uint64_t number) {
    if (state_ == State::kClosed) open();
    if (state_ != State::kOpen) return false;
    std::string key(prefix_);
    append_number(key, number);
    if (std::string_view(separator_) < key) {
      while (next_block()) {
        if (key <= std::string_view(separator_)) return enter(number);
      }
      return false;
    }
    while (number_ < number) {
      if (!next()) return false;
    }
    return true;
  }
  /// To the record that follows. REQUIRES that there is one here.
  bool next() {
    if (at_ == end_) {
      do {
        if (!next_block() || !load()) return false;
      } while (at_ == end_);
    }
    return step();
  }
  [[nodiscard]] std::string_view key() const { return {key_, prefix_.size() + kNumber}; }
  [[nodiscard]] std::string_view value() const { return value_; }

 private:
  // kEnded: behind its last record; kUnreadable: what follows cannot be read here, whatever it is.
  enum class State : std::uint8_t { kClosed, kOpen, kEnded, kUnreadable };
  // Of longer keys, which are those of other records, the first octets are enough to pass them over.
  static constexpr std::size_t kLongestKey = 32;

  bool close(State state) {
    state_ = state;
    file_.reset();
    return false;
  }
  bool fail() { return close(State::kUnreadable); }

  // kUnreadable unless all of it is as expected.
  void open() {
    state_ = State::kUnreadable;
    file_.emplace(env_, path_);
    vanished_ = !file_->is_open();
    if (vanished_ || file_->size() < kFooter || prefix_.size() + kNumber + kInternal > kLongestKey) return;
    const std::string_view octets = file_->read(file_->size() - kFooter, kFooter, 0);
    const auto footer = octets.size() == kFooter ? read_footer(octets) : std::nullopt;
    if (!footer || footer->checksum != kXxHash64 || footer->version != kVersion) return;
    std::string room;
    const auto meta = file_->block(footer->meta_index, 0, room);
    if (!meta || find_meta(*meta, "rocksdb.compression_dict")) return;
    auto properties = find_meta(*meta, "rocksdb.properties");
    const auto handle = properties ? take_handle(*properties) : std::nullopt;
    const auto block = handle ? file_->block(*handle, 0, room) : std::nullopt;
    if (!block) return;
    const auto flag = [&block](std::string_view name) {
      auto value = find_meta(*block, name);
      return value && take_varint(*value).value_or(0) != 0;
    };
    layout_ = {.user_keys = flag("rocksdb.index.key.is.user.key"),
               .deltas = flag("rocksdb.index.value.is.delta.encoded")};
    const auto type = find_meta(*block, "rocksdb.block.based.table.index.type");
    if (!type || type->size() != 4) return;
    const std::uint64_t index_type = little_endian(*type, 0, 4);
    if (index_type != 0 && index_type != kTwoLevels) return;
    const auto index = file_->block(footer->index, 0, room);
    if (!index) return;
    partitioned_ = index_type == kTwoLevels;
    (partitioned_ ? partitions_ : index_) = IndexBlock(*index, layout_);
    state_ = State::kOpen;
  }

  // To the handle of the following block of records.
  bool next_block() {
    while (!index_.next()) {
      if (!index_.ok()) return fail();
      if (!partitioned_) return close(State::kEnded);
      if (!partitions_.next()) return partitions_.ok() ? close(State::kEnded) : fail();
      const auto partition = file_->block(partitions_.handle(), 0, room_);
      if (!partition) return fail();
      index_ = IndexBlock(*partition, layout_);
    }
    separator_ = index_.key();
    return true;
  }

  // Reads the block whose handle is the present one.
  bool load() {
    const auto block = file_->block(index_.handle(), kReadAhead, room_);
    const auto entries = block ? entries_of(*block) : std::nullopt;
    if (!entries) return fail();
    at_ = entries->data();
    end_ = at_ + entries->size();
    key_size_ = 0;
    return true;
  }

  // To the first record at or after `number`, which is in this block or, when a separator is no key, in the next one.
  bool enter(std::uint64_t number) {
    if (!load()) return false;
    std::string key(prefix_);
    append_number(key, number);
    while (true) {
      if (at_ == end_) {
        if (!next_block() || !load()) return false;
        continue;
      }
      if (!parse()) return fail();
      if (std::string_view(key_, std::min(key_size_ - kInternal, kLongestKey)) < key) continue;
      return accept();
    }
  }

  bool step() { return parse() ? accept() : fail(); }

  // Entries: shared, unshared and value lengths, key, value.
  [[gnu::always_inline]] bool parse() {
    std::uint64_t shared = 0;
    std::uint64_t unshared = 0;
    std::uint64_t size = 0;
    if (!take(at_, end_, shared) || !take(at_, end_, unshared) || !take(at_, end_, size)) return false;
    if (shared > key_size_ || unshared > static_cast<std::uint64_t>(end_ - at_) ||
        size > static_cast<std::uint64_t>(end_ - at_) - unshared || shared + unshared < kInternal) {
      return false;
    }
    if (shared < kLongestKey) std::memcpy(key_ + shared, at_, std::min<std::uint64_t>(unshared, kLongestKey - shared));
    key_size_ = shared + unshared;
    value_ = {at_ + unshared, size};
    at_ += unshared + size;
    return true;
  }

  // Whether the record is one of those that are walked through.
  [[gnu::always_inline]] bool accept() {
    const std::size_t prefix = prefix_.size();
    if (std::memcmp(key_, prefix_.data(), prefix) != 0) return close(State::kEnded);
    if (key_size_ != prefix + kNumber + kInternal) return fail();
    const std::uint64_t written = number_of<std::endian::little>(key_ + prefix + kNumber);
    given_ = (written & 0xFFU) == kPut && written >> 8U <= last_sequence_;
    number_ = number_of<std::endian::big>(key_ + prefix);
    return true;
  }

  rocksdb::Env& env_;
  const std::string path_;
  const std::string& prefix_;
  const std::uint64_t last_sequence_;
  const std::uint64_t first_;
  const std::uint64_t last_;
  State state_ = State::kClosed;
  bool vanished_ = false;
  std::optional<TableFile> file_;
  IndexBlock::Layout layout_;
  bool partitioned_ = false;
  IndexBlock partitions_, index_;
  std::string separator_;  // no key of the present block is greater
  std::string room_;
  const char* at_ = nullptr;  // the entries left in the present block
  const char* end_ = nullptr;
  char key_[kLongestKey] = {};
  std::size_t key_size_ = 0;
  std::string_view value_;
  std::uint64_t number_ = 0;
  bool given_ = false;
};

TableWalk::TableWalk(rocksdb::DB& database, std::string prefix, std::uint64_t last_sequence)
    : database_(database), prefix_(std::move(prefix)), last_sequence_(last_sequence) {}
TableWalk::~TableWalk() = default;

void TableWalk::seek(std::uint64_t number) {
  if (tables_.empty() || number < number_) list(number);
  number_ = number;
  find();
}

void TableWalk::next() {
  ++number_;
  if (number_ >= limit_ || !current_->next() || !current_->has(number_)) find();
}

std::string_view TableWalk::key() const { return current_->key(); }
std::string_view TableWalk::value() const { return current_->value(); }

// What two tables have would have to be told apart, and what cannot be read might be the same number: both are left to
// RocksDB.
void TableWalk::find() {
  valid_ = false;
  for (unsigned again = 0;; ++again) {
    std::size_t holders = 0;
    bool vanished = false;
    bool unreadable = false;
    limit_ = kNoNumber;
    for (const auto& table : tables_) {
      if (table->may_have(number_)) table->seek(number_);
      if (table->has(number_)) {
        current_ = table.get();
        ++holders;
        continue;
      }
      vanished |= table->vanished();
      unreadable |= table->withholds(number_);
      limit_ = std::min(limit_, table->bound(number_));
    }
    if (holders == 1 && !unreadable) {
      valid_ = true;
      return;
    }
    // A table that has been merged into another since they were listed is found under its new name.
    if (again == kAgain || (listed_ == number_ && !vanished)) return;
    list(number_);
  }
}

void TableWalk::list(std::uint64_t number) {
  listed_ = number;
  current_ = nullptr;
  tables_.clear();
  std::vector<rocksdb::LiveFileMetaData> files;
  database_.GetLiveFilesMetaData(&files);
  const std::size_t size = prefix_.size() + kNumber;
  for (const auto& file : files) {
    const std::string_view smallest = std::string_view(file.smallestkey).substr(0, size);
    const std::string_view largest = std::string_view(file.largestkey).substr(0, size);
    const auto bounds = [&](std::string_view key) { return key.starts_with(prefix_) && key.size() == size; };
    if (largest < prefix_ || (smallest > prefix_ && !smallest.starts_with(prefix_))) continue;
    tables_.push_back(std::make_unique<Table>(
        *this, file.db_path + file.name,
        bounds(smallest) ? number_of<std::endian::big>(smallest.data() + prefix_.size()) : 0,
        bounds(largest) ? number_of<std::endian::big>(largest.data() + prefix_.size()) : kNoNumber));
  }
}

}  // namespace assemblier::storage
