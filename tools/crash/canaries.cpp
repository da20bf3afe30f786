#include "tools/crash/canaries.hpp"

#include <utility>
#include <vector>

namespace assemblier::crash {

using storage::Bytes;
using storage::Result;
using storage::Store;

namespace {

class Through : public Store {
 public:
  explicit Through(std::unique_ptr<Store> store) : store_(std::move(store)) {}
  void put(std::string_view key, std::string_view value) override { batch_.push_back({Bytes(key), Bytes(value)}); }
  void remove(std::string_view key) override { batch_.push_back({Bytes(key), std::nullopt}); }
  Result<std::optional<Bytes>> get(std::string_view key) override { return store_->get(key); }
  std::unique_ptr<storage::View> view() override { return store_->view(); }
  Result<void> purge(std::string_view begin, std::string_view end) override { return store_->purge(begin, end); }
  void verify_files(const std::function<void(std::string)>& found,
                    const std::function<bool(const std::string&)>& wanted) override {
    store_->verify_files(found, wanted);
  }

 protected:
  // Nothing: the record goes.
  using Change = std::pair<Bytes, std::optional<Bytes>>;
  Result<void> write(std::vector<Change> batch) {
    for (const auto& [key, value] : batch) {
      if (value) {
        store_->put(key, *value);
      } else {
        store_->remove(key);
      }
    }
    return store_->commit();
  }
  std::vector<Change> batch_;

 private:
  std::unique_ptr<Store> store_;
};

class Dropping final : public Through {
 public:
  using Through::Through;
  Result<void> commit() override {
    auto batch = std::exchange(batch_, {});
    if (++batches_ % 7 == 0) batch.erase(batch.begin() + static_cast<std::ptrdiff_t>(batches_ / 7 % batch.size()));
    return write(std::move(batch));
  }

 private:
  std::size_t batches_ = 0;
};

class Late final : public Through {
 public:
  using Through::Through;
  Result<void> commit() override {
    auto late = std::exchange(late_, std::exchange(batch_, {}));
    return late.empty() ? Result<void>() : write(std::move(late));
  }

 private:
  std::vector<Change> late_;
};

}  // namespace

std::unique_ptr<Store> dropping_store(std::unique_ptr<Store> store) {
  return std::make_unique<Dropping>(std::move(store));
}
std::unique_ptr<Store> late_store(std::unique_ptr<Store> store) { return std::make_unique<Late>(std::move(store)); }

}  // namespace assemblier::crash
