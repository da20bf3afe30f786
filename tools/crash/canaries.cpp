#include "tools/crash/canaries.hpp"

#include <utility>
#include <vector>

namespace assemblier::crash {

using storage::Bytes;
using storage::Record;
using storage::Result;
using storage::Store;

namespace {

class Through : public Store {
 public:
  explicit Through(std::unique_ptr<Store> store) : store_(std::move(store)) {}
  void put(std::string_view key, std::string_view value) override { batch_.push_back({Bytes(key), Bytes(value)}); }
  Result<std::optional<Bytes>> get(std::string_view key) override { return store_->get(key); }
  std::unique_ptr<storage::View> view() override { return store_->view(); }
  void verify_files(const std::function<void(std::string)>& found) override { store_->verify_files(found); }

 protected:
  Result<void> write(std::vector<Record> batch) {
    for (const Record& record : batch) store_->put(record.key, record.value);
    return store_->commit();
  }
  std::vector<Record> batch_;

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
  std::vector<Record> late_;
};

}  // namespace

std::unique_ptr<Store> dropping_store(std::unique_ptr<Store> store) {
  return std::make_unique<Dropping>(std::move(store));
}
std::unique_ptr<Store> late_store(std::unique_ptr<Store> store) { return std::make_unique<Late>(std::move(store)); }

}  // namespace assemblier::crash
