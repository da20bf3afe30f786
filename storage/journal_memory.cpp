#include "storage/store.hpp"

#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

namespace assemblier::storage {

namespace {

// Each key keeps the values that some view may still see, oldest first; a value is seen by the views taken after its
// batch and before that of the next value.
class MemoryStore final : public Store {
 public:
  void put(std::string_view key, std::string_view value) override { batch_.insert_or_assign(Bytes(key), Bytes(value)); }
  void remove(std::string_view key) override { batch_.insert_or_assign(Bytes(key), std::nullopt); }

  Result<void> commit() override {
    const std::unique_lock lock(mutex_);
    ++batches_;
    const std::uint64_t oldest_view = views_.empty() ? batches_ : *views_.begin();
    for (auto& [key, value] : batch_) {
      std::vector<Version>& versions = records_[key];
      // Of the values no newer than the oldest view, only the last one can be seen.
      while (versions.size() > 1 && versions[1].batch <= oldest_view) versions.erase(versions.begin());
      if (views_.empty()) versions.clear();
      versions.push_back({batches_, std::move(value)});
    }
    batch_.clear();
    return {};
  }

  Result<std::optional<Bytes>> get(std::string_view key) override {
    const std::shared_lock lock(mutex_);
    return get_at(key, batches_);
  }

  std::unique_ptr<View> view() override { return std::make_unique<MemoryView>(*this); }

  // A removed value goes with the next commit that no view holds back: there are no files.
  Result<void> purge(std::string_view /*begin*/, std::string_view /*end*/) override { return {}; }

  void verify_files(const std::function<void(std::string)>& /*found*/,
                    const std::function<bool(const std::string&)>& /*wanted*/) override {}

 private:
  struct Version {
    std::uint64_t batch;
    std::optional<Bytes> value;  // none: removed
  };
  using Records = std::map<Bytes, std::vector<Version>, std::less<>>;

  class MemoryView final : public View {
   public:
    explicit MemoryView(MemoryStore& store) : store_(store) {
      const std::unique_lock lock(store_.mutex_);
      batch_ = store_.batches_;
      store_.views_.insert(batch_);
    }
    ~MemoryView() override {
      const std::unique_lock lock(store_.mutex_);
      store_.views_.erase(store_.views_.find(batch_));
    }
    Result<std::optional<Bytes>> get(std::string_view key) override {
      const std::shared_lock lock(store_.mutex_);
      return store_.get_at(key, batch_);
    }
    std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end) override {
      auto cursor = std::make_unique<MemoryCursor>(store_, batch_, Bytes(begin), Bytes(end));
      cursor->seek(begin);
      return cursor;
    }
    Result<std::optional<Record>> last(std::string_view begin, std::string_view end) override {
      const std::shared_lock lock(store_.mutex_);
      auto at = store_.records_.lower_bound(end);
      while (at != store_.records_.begin()) {
        --at;
        if (at->first < begin) break;
        if (const Bytes* const value = seen(at->second, batch_)) return Record{at->first, *value};
      }
      return std::nullopt;
    }

   private:
    MemoryStore& store_;
    std::uint64_t batch_ = 0;
  };

  // Copies one record at a time, so that a slow reader holds no lock.
  class MemoryCursor final : public Cursor {
   public:
    MemoryCursor(MemoryStore& store, std::uint64_t batch, Bytes begin, Bytes end)
        : store_(store), batch_(batch), begin_(std::move(begin)), end_(std::move(end)) {}
    void seek(std::string_view key) override {
      const std::shared_lock lock(store_.mutex_);
      settle(store_.records_.lower_bound(std::max<std::string_view>(key, begin_)));
    }
    void next() override {
      const std::shared_lock lock(store_.mutex_);
      settle(store_.records_.upper_bound(key_));
    }
    bool valid() const override { return valid_; }
    std::string_view key() const override { return key_; }
    std::string_view value() const override { return value_; }
    Result<void> status() const override { return {}; }

   private:
    void settle(Records::const_iterator at) {
      for (; at != store_.records_.end() && (end_.empty() || at->first < end_); ++at) {
        if (const Bytes* const value = seen(at->second, batch_)) {
          key_ = at->first;
          value_ = *value;
          valid_ = true;
          return;
        }
      }
      valid_ = false;
    }
    MemoryStore& store_;
    std::uint64_t batch_;
    Bytes begin_;
    Bytes end_;
    Bytes key_;
    Bytes value_;
    bool valid_ = false;
  };

  static const Bytes* seen(const std::vector<Version>& versions, std::uint64_t batch) {
    for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
      if (version->batch <= batch) return version->value ? &*version->value : nullptr;
    }
    return nullptr;
  }

  std::optional<Bytes> get_at(std::string_view key, std::uint64_t batch) const {
    const auto at = records_.find(key);
    if (at == records_.end()) return std::nullopt;
    const Bytes* const value = seen(at->second, batch);
    return value == nullptr ? std::nullopt : std::optional<Bytes>(*value);
  }

  std::map<Bytes, std::optional<Bytes>> batch_;  // of the writer's thread only
  std::shared_mutex mutex_;                      // guards what follows
  Records records_;
  std::uint64_t batches_ = 0;
  std::multiset<std::uint64_t> views_;
};

}  // namespace

std::unique_ptr<Store> memory_store() { return std::make_unique<MemoryStore>(); }

std::unique_ptr<Journal> open_memory(JournalOptions options) {
  auto store = memory_store();
  auto ok = initialise(*store);
  auto journal = ok ? open_journal(std::move(store), std::move(options)) : std::unexpected(std::move(ok.error()));
  if (!journal) std::abort();  // only without random octets
  return std::move(*journal);
}

}  // namespace assemblier::storage
