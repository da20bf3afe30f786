#pragma once
// What a backend is: an ordered map of records that takes batches atomically and durably and gives consistent views.
// Everything else (expected versions, chain, idempotence, checks) is written once above it. Private to storage/.
//
// Thread-safety: put and commit belong to one thread (the writer); everything else may be called from any thread. A
// View and its cursors belong to one thread, and live no longer than their Store.
//
//   store.put(key, value); store.commit();
//   auto view = store.view(); auto value = view->get(key);

#include "storage/journal.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace assemblier::storage {

struct Record {
  Bytes key;
  Bytes value;
};

/// Walks the records of one range in key order. key() and value() hold until the next call.
class Cursor {
 public:
  Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  virtual ~Cursor() = default;
  /// Goes to the first record at or after `key`, inside the range; forgets an earlier failure.
  virtual void seek(std::string_view key) = 0;
  virtual void next() = 0;
  [[nodiscard]] virtual bool valid() const = 0;
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
  /// Once valid() is false: whether it was the end of the range, or why nothing more could be read.
  [[nodiscard]] virtual Result<void> status() const = 0;
};

/// The records as they were when the view was taken.
class View {
 public:
  View() = default;
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  virtual ~View() = default;
  [[nodiscard]] virtual Result<std::optional<Bytes>> get(std::string_view key) = 0;
  /// A cursor on the first record of [begin, end); an empty `end` is the end of all records.
  [[nodiscard]] virtual std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end) = 0;
  /// The same for a long walk: reads ahead, and leaves the cache to others.
  [[nodiscard]] virtual std::unique_ptr<Cursor> sweep(std::string_view begin, std::string_view end) {
    return scan(begin, end);
  }
  /// The last record of [begin, end), if there is one.
  [[nodiscard]] virtual Result<std::optional<Record>> last(std::string_view begin, std::string_view end) = 0;
};

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;
  /// Adds a record to the batch in preparation; the last one of a key wins.
  virtual void put(std::string_view key, std::string_view value) = 0;
  /// Adds to the batch that a record is no more.
  virtual void remove(std::string_view key) = 0;
  /// Writes the batch, all or nothing, and returns once it is durable. The batch is empty afterwards. After a failure
  /// what is on disk is unknown: the caller must not commit again.
  [[nodiscard]] virtual Result<void> commit() = 0;
  /// The present value of a key.
  [[nodiscard]] virtual Result<std::optional<Bytes>> get(std::string_view key) = 0;
  /// The same for many keys, in their order.
  [[nodiscard]] virtual std::vector<Result<std::optional<Bytes>>> get_all(std::span<const Bytes> keys) {
    std::vector<Result<std::optional<Bytes>>> values;
    values.reserve(keys.size());
    for (const Bytes& key : keys) values.push_back(get(key));
    return values;
  }
  [[nodiscard]] virtual std::unique_ptr<View> view() = 0;
  /// Rewrites the files that may hold records of [begin, end), so that what was removed or replaced there is in none of
  /// them any more. REQUIRES no view and nothing in preparation.
  [[nodiscard]] virtual Result<void> purge(std::string_view begin, std::string_view end) = 0;
  /// Checks the files below the records (checksums); calls `found` with one message in French for each finding. Before
  /// each file it asks `wanted` by its name, and passes over those that are not.
  virtual void verify_files(const std::function<void(std::string)>& found,
                            const std::function<bool(const std::string& name)>& wanted) = 0;
  /// What tells these files from others of the same content, restored or repaired; empty when there is nothing.
  [[nodiscard]] virtual std::string name() const { return {}; }
};

/// An empty store in memory, before its first records.
[[nodiscard]] std::unique_ptr<Store> memory_store();
/// Writes the first records of a new, empty journal: format, identity (empty: a random UUID), counters.
[[nodiscard]] Result<void> initialise(Store& store, std::string id = {});
/// The journal over a store that has been initialised. Refuses another format; for writing, also counters that
/// contradict the last event.
[[nodiscard]] Result<std::unique_ptr<Journal>> open_journal(std::unique_ptr<Store> store, JournalOptions options);

}  // namespace assemblier::storage
