#pragma once
// The table in memory that holds what is written until it becomes a file. It replaces RocksDB's own under the same
// contract (rocksdb/memtablerep.h): one writer at a time, readers at any time beside it, nothing removed before the
// whole goes.
//
// It is a skip list (W. Pugh, "Skip Lists", CACM 33-6, 1990) with a finger for each kind of record, since many a record
// belongs near the last of its kind, and the last nodes of each series, since a record of a flux belongs right after
// the last one of that flux: to begin there costs a few comparisons where a search from the top costs some thirty, most
// of them far from each other in memory.
//
// Thread-safety: insert from one thread at a time; cursors from any thread, also while it inserts.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace rocksdb {
class MemTableRepFactory;
}  // namespace rocksdb

namespace assemblier::storage {

/// Entries are RocksDB's: length of the internal key (varint32), internal key, anything. An internal key is the user's
/// key (one octet at least) and 8 octets of sequence and type, little-endian; user keys go up bytewise, sequences down.
class FingerList {
 public:
  static constexpr unsigned kLevels = 12;  ///< a quarter of the nodes of each go up to the next

  struct Node {
    std::atomic<Node*> next{nullptr};
  };

  /// Room for a node whose entry has `octets`: `entry` says where to write it. `allocate` gives memory, aligned or not,
  /// that lives as long as the list.
  template <class Allocate>
  [[nodiscard]] Node* make(std::size_t octets, char*& entry, Allocate&& allocate) {
    const unsigned height = draw();
    char* const room = allocate(height * sizeof(Node) + alignof(Node) - 1 + octets);
    Node* const node = raise(room, height);
    entry = reinterpret_cast<char*>(node + 1);
    return node;
  }
  /// Takes a node of `make` whose entry is written. False, and it stays outside: the same key and sequence are there.
  bool insert(Node* node);

  /// A place in the list.
  class Cursor {
   public:
    explicit Cursor(const FingerList& list) : list_(list) {}
    [[nodiscard]] bool valid() const { return at_ != nullptr; }
    /// REQUIRES valid().
    [[nodiscard]] const char* entry() const { return entry_of(at_); }
    void next() {
      at_ = at_->next.load(std::memory_order_acquire);
      // A walk through the whole, as a flush is, waits for memory at each node: the one after is asked for now.
      if (at_ != nullptr) __builtin_prefetch(at_->next.load(std::memory_order_relaxed));
    }
    void previous() { at_ = list_.around(key_of(at_)).before; }
    /// At the first entry that does not come before the key.
    void seek(std::string_view internal_key) { at_ = list_.around(internal_key).from; }
    /// At the last entry that does not come after the key.
    void seek_back(std::string_view internal_key);
    void first() { at_ = list_.next(list_.head(), 0); }
    void last() { at_ = list_.last(); }

   private:
    const FingerList& list_;
    const Node* at_ = nullptr;
  };

  FingerList();
  FingerList(const FingerList&) = delete;
  FingerList& operator=(const FingerList&) = delete;
  ~FingerList() = default;

 private:
  using Path = std::array<Node*, kLevels>;  ///< by level, what comes before a key
  /// Where the next key of a series is likely to belong.
  struct Series {
    std::array<Node*, 4> last{};   ///< by level, the last node of the series that is so high; null: none yet
    const Node* beyond = nullptr;  ///< what followed last[0], when it comes after every key of its series
  };

  /// The last node before a key and the first that is not; null: none.
  struct Neighbours {
    const Node* before;
    const Node* from;
  };

  static const char* entry_of(const Node* node) { return reinterpret_cast<const char*>(node + 1); }
  static std::string_view key_of(const Node* node);
  static std::atomic<Node*>& link(Node* node, unsigned level) { return (node - level)->next; }
  static Node* next(const Node* node, unsigned level) { return (node - level)->next.load(std::memory_order_acquire); }
  static Node* raise(char* room, unsigned height);
  unsigned draw();
  [[nodiscard]] const Node* head() const { return &head_.back(); }
  [[nodiscard]] Node* head() { return &head_.back(); }
  [[nodiscard]] bool holds(const Node* before, unsigned level, std::string_view key) const;
  [[nodiscard]] bool follows(const Series& series, unsigned height, std::string_view key) const;
  [[nodiscard]] bool move(Path& finger, unsigned height, std::string_view key);
  static void put_after(auto& path, Node* node, unsigned height);
  [[nodiscard]] Neighbours around(std::string_view key) const;
  [[nodiscard]] const Node* last() const;

  // A tower lies before its node, the highest link first.
  std::array<Node, kLevels> head_{};
  std::array<Path, 256> fingers_;      ///< by the first octet of the key; each level at or before the one below
  std::array<Series, 8192> series_{};  ///< by hash of the key without its last 8 octets; several may share one
  std::uint64_t random_ = 0x9E3779B97F4A7C15U;
};

/// For rocksdb::Options::memtable_factory. REQUIRES the bytewise comparator, and
/// allow_concurrent_memtable_write = false.
[[nodiscard]] std::shared_ptr<rocksdb::MemTableRepFactory> make_memtable_factory();

}  // namespace assemblier::storage
