#include "storage/memtable.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <new>
#include <optional>
#include <utility>

#include <rocksdb/memtablerep.h>

namespace rocksdb {

// Declared but not defined by the headers; iterators must lie in it when RocksDB gives one. A change of its signature
// shows when linking.
class Arena {
 public:
  char* AllocateAligned(std::size_t octets, std::size_t huge_page_size, Logger* logger);
};

}  // namespace rocksdb

namespace assemblier::storage {

namespace {

constexpr std::size_t kTail = 8;  // sequence and type

std::uint64_t tail_of(std::string_view key) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t tail = 0;
  std::memcpy(&tail, key.data() + key.size() - kTail, kTail);
  return tail;
}

/// As RocksDB orders internal keys.
int compare(std::string_view a, std::string_view b) {
  const int order = a.substr(0, a.size() - kTail).compare(b.substr(0, b.size() - kTail));
  if (order != 0) return order;
  const std::uint64_t one = tail_of(a);
  const std::uint64_t other = tail_of(b);
  return one > other ? -1 : one < other ? 1 : 0;
}

// What keys have in common that differ in their last 8 octets only, such as the versions of a flux.
std::string_view series_of(std::string_view key) {
  const std::size_t user = key.size() - kTail;
  return key.substr(0, user > 8 ? user - 8 : user);
}

}  // namespace

FingerList::FingerList() {
  for (Path& finger : fingers_) finger.fill(head());
}

std::string_view FingerList::key_of(const Node* node) {
  const auto* at = reinterpret_cast<const unsigned char*>(entry_of(node));
  std::size_t size = *at & 0x7FU;
  for (unsigned shift = 7; (*at++ & 0x80U) != 0; shift += 7) size |= std::size_t{*at & 0x7FU} << shift;
  return {reinterpret_cast<const char*>(at), size};
}

FingerList::Node* FingerList::raise(char* room, unsigned height) {
  const auto address = reinterpret_cast<std::uintptr_t>(room);
  room += (alignof(Node) - address % alignof(Node)) % alignof(Node);
  for (unsigned level = height; level-- > 0;) ::new (room + level * sizeof(Node)) Node();
  Node* const node = std::launder(reinterpret_cast<Node*>(room)) + (height - 1);
  // Until it is linked, a node remembers its own height.
  node->next.store(reinterpret_cast<Node*>(std::uintptr_t{height}), std::memory_order_relaxed);
  return node;
}

unsigned FingerList::draw() {
  random_ ^= random_ << 13U;
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  unsigned height = 1;
  for (std::uint64_t bits = random_; height < kLevels && (bits & 3U) == 0; bits >>= 2U) ++height;
  return height;
}

// Whether `key` belongs after `before` and before what follows it on that level.
bool FingerList::holds(const Node* before, unsigned level, std::string_view key) const {
  if (before != head() && compare(key_of(before), key) >= 0) return false;
  const Node* const after = next(before, level);
  return after == nullptr || compare(key, key_of(after)) < 0;
}

bool FingerList::insert(Node* node) {
  const auto height = static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(node->next.load()));
  const std::string_view key = key_of(node);
  Series& series = series_[std::hash<std::string_view>{}(series_of(key)) % series_.size()];
  if (follows(series, height, key)) {
    const Node* const after = next(series.last[0], 0);
    const bool other = series_of(key_of(series.last[0])) != series_of(key);
    put_after(series.last, node, height);
    if (other || after != series.beyond)
      series.beyond = after != nullptr && !key_of(after).starts_with(series_of(key)) ? after : nullptr;
    return true;
  }
  Path& finger = fingers_[static_cast<unsigned char>(key.front())];
  if (!move(finger, height, key)) return false;
  put_after(finger, node, height);
  for (unsigned level = 0; level < std::min<std::size_t>(height, series.last.size()); ++level)
    series.last[level] = node;
  series.beyond = nullptr;
  return true;
}

// Whether a node of that height belongs right after the last ones of its series, on all of its levels. To look at what
// follows waits for memory: for the lowest level, which is most often the only one, the series remembers it.
bool FingerList::follows(const Series& series, unsigned height, std::string_view key) const {
  if (height > series.last.size() || series.last[0] == nullptr) return false;
  const std::string_view last = key_of(series.last[0]);
  const bool known = series.beyond != nullptr && next(series.last[0], 0) == series.beyond &&
                     series_of(last) == series_of(key) && compare(last, key) < 0;
  for (unsigned level = known ? 1 : 0; level < height; ++level)
    if (series.last[level] == nullptr || !holds(series.last[level], level, key)) return false;
  return true;
}

// Moves a finger to what comes before `key`, on `height` levels at least. False: the key is there.
bool FingerList::move(Path& finger, unsigned height, std::string_view key) {
  // Up until the finger brackets the key, then down along what comes before it.
  unsigned top = 0;
  while (top + 1 < kLevels && !holds(finger[top], top, key)) ++top;
  Node* at = finger[top];
  if (top + 1 == kLevels && at != head() && compare(key_of(at), key) >= 0) at = head();
  const auto walk = [&](unsigned level) {
    for (Node* after = next(at, level); after != nullptr && compare(key_of(after), key) < 0; after = next(at, level))
      at = after;
    finger[level] = at;
  };
  for (unsigned level = top + 1; level-- > 0;) walk(level);
  for (unsigned level = top + 1; level < height; ++level) {
    at = finger[level];
    walk(level);
  }
  const Node* const after = next(finger[0], 0);
  return after == nullptr || compare(key_of(after), key) != 0;
}

void FingerList::put_after(auto& path, Node* node, unsigned height) {
  for (unsigned level = 0; level < height; ++level) {
    Node* const before = std::exchange(path[level], node);
    link(node, level).store(next(before, level), std::memory_order_relaxed);
    link(before, level).store(node, std::memory_order_release);
  }
}

FingerList::Neighbours FingerList::around(std::string_view key) const {
  const Node* before = head();
  const Node* from = nullptr;
  for (unsigned level = kLevels; level-- > 0;) {
    const Node* after = next(before, level);
    for (; after != from && compare(key_of(after), key) < 0; after = next(before, level)) before = after;
    from = after;
  }
  return {.before = before == head() ? nullptr : before, .from = from};
}

const FingerList::Node* FingerList::last() const {
  const Node* at = head();
  for (unsigned level = kLevels; level-- > 0;) {
    while (const Node* const after = next(at, level)) at = after;
  }
  return at == head() ? nullptr : at;
}

void FingerList::Cursor::seek_back(std::string_view internal_key) {
  seek(internal_key);
  if (at_ == nullptr) return last();
  if (key_of(at_) != internal_key) previous();
}

namespace {

class Table final : public rocksdb::MemTableRep {
 public:
  explicit Table(rocksdb::Allocator* allocator) : MemTableRep(allocator) {}

  rocksdb::KeyHandle Allocate(std::size_t octets, char** entry) override {
    return list_.make(octets, *entry, [this](std::size_t room) {
      char* memory = nullptr;
      MemTableRep::Allocate(room, &memory);
      return memory;
    });
  }
  bool InsertKey(rocksdb::KeyHandle node) override { return list_.insert(static_cast<FingerList::Node*>(node)); }
  void Insert(rocksdb::KeyHandle node) override { InsertKey(node); }
  bool Contains(const char* entry) const override {
    const rocksdb::Slice key = rocksdb::GetLengthPrefixedSlice(entry);
    FingerList::Cursor at(list_);
    at.seek({key.data(), key.size()});
    return at.valid() && rocksdb::GetLengthPrefixedSlice(at.entry()) == key;
  }
  // Nodes are counted by the allocator; the list itself does not grow, and must not fill a small write buffer.
  std::size_t ApproximateMemoryUsage() override { return 0; }

  MemTableRep::Iterator* GetIterator(rocksdb::Arena* arena) override {
    if (arena == nullptr) return new Iterator(list_);
    return ::new (arena->AllocateAligned(sizeof(Iterator), 0, nullptr)) Iterator(list_);
  }
  // MemTableRep::Get asks for one without arena at every call, uses it at once, and never gives it back.
  MemTableRep::Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override {
    if (arena != nullptr) return GetIterator(arena);
    thread_local std::optional<Lent> lent;
    return &lent.emplace(list_);
  }

 private:
  class Iterator : public MemTableRep::Iterator {
   public:
    explicit Iterator(const FingerList& list) : at_(list) {}
    [[nodiscard]] bool Valid() const override { return at_.valid(); }
    [[nodiscard]] const char* key() const override { return at_.entry(); }
    void Next() override { at_.next(); }
    void Prev() override { at_.previous(); }
    void Seek(const rocksdb::Slice& key, const char* entry) override { at_.seek(sought(key, entry)); }
    void SeekForPrev(const rocksdb::Slice& key, const char* entry) override { at_.seek_back(sought(key, entry)); }
    void SeekToFirst() override { at_.first(); }
    void SeekToLast() override { at_.last(); }

   private:
    // The key alone, or as the beginning of an entry.
    static std::string_view sought(const rocksdb::Slice& key, const char* entry) {
      const rocksdb::Slice internal = entry == nullptr ? key : rocksdb::GetLengthPrefixedSlice(entry);
      return {internal.data(), internal.size()};
    }
    FingerList::Cursor at_;
  };
  class Lent final : public Iterator {
   public:
    using Iterator::Iterator;
    static void operator delete(void*) {}
  };

  FingerList list_;
};

class Factory final : public rocksdb::MemTableRepFactory {
 public:
  using MemTableRepFactory::CreateMemTableRep;
  rocksdb::MemTableRep* CreateMemTableRep(const rocksdb::MemTableRep::KeyComparator&, rocksdb::Allocator* allocator,
                                          const rocksdb::SliceTransform*, rocksdb::Logger*) override {
    return new Table(allocator);
  }
  [[nodiscard]] const char* Name() const override { return "assemblier.FingerList"; }
  [[nodiscard]] bool CanHandleDuplicatedKey() const override { return true; }
};

}  // namespace

std::shared_ptr<rocksdb::MemTableRepFactory> make_memtable_factory() { return std::make_shared<Factory>(); }

}  // namespace assemblier::storage
