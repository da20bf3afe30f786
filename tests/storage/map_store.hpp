#pragma once
// A store over a plain map, for records that no writer would write.

#include "storage/store.hpp"

#include <map>

namespace assemblier::storage {

class MapStore final : public Store {
 public:
  class MapCursor final : public Cursor {
   public:
    MapCursor(const std::map<Bytes, Bytes>& records, std::string_view begin, std::string_view end)
        : records_(records), at_(records.lower_bound(Bytes(begin))), end_(end) {}
    void seek(std::string_view key) override { at_ = records_.lower_bound(Bytes(key)); }
    void next() override { ++at_; }
    bool valid() const override { return at_ != records_.end() && (end_.empty() || at_->first < end_); }
    std::string_view key() const override { return at_->first; }
    std::string_view value() const override { return at_->second; }
    Result<void> status() const override { return {}; }

   private:
    const std::map<Bytes, Bytes>& records_;
    std::map<Bytes, Bytes>::const_iterator at_;
    Bytes end_;
  };
  class Alias final : public View {
   public:
    explicit Alias(MapStore& store) : store_(store) {}
    Result<std::optional<Bytes>> get(std::string_view key) override { return store_.get(key); }
    std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end) override {
      return store_.scan(begin, end);
    }
    Result<std::optional<Record>> last(std::string_view begin, std::string_view end) override {
      return store_.last(begin, end);
    }

   private:
    MapStore& store_;
  };

  void put(std::string_view key, std::string_view value) override { records[Bytes(key)] = Bytes(value); }
  void remove(std::string_view key) override { records.erase(Bytes(key)); }
  Result<void> commit() override { return {}; }
  Result<void> purge(std::string_view /*begin*/, std::string_view /*end*/) override { return {}; }
  Result<std::optional<Bytes>> get(std::string_view key) override {
    const auto at = records.find(Bytes(key));
    return at == records.end() ? std::nullopt : std::optional<Bytes>(at->second);
  }
  std::unique_ptr<View> view() override { return std::make_unique<Alias>(*this); }
  void verify_files(const std::function<void(std::string)>& /*found*/,
                    const std::function<bool(const std::string&)>& /*wanted*/) override {}
  std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end) {
    return std::make_unique<MapCursor>(records, begin, end);
  }
  Result<std::optional<Record>> last(std::string_view begin, std::string_view end) {
    auto at = records.lower_bound(Bytes(end));
    if (at == records.begin() || (--at)->first < begin) return std::nullopt;
    return Record{at->first, at->second};
  }

  std::map<Bytes, Bytes> records;
};

}  // namespace assemblier::storage
