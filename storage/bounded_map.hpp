#pragma once
// A cache by name that never holds more than twice its capacity: when the young half is full it becomes the old half,
// and what nobody asked for since then goes. Private to storage/.
//
// Thread-safety: none.

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

namespace assemblier::storage {

/// Lets maps keyed by std::string be searched by std::string_view.
struct NameHash {
  using is_transparent = void;
  using is_avalanching = void;  // the standard library's hash of text needs no second mixing
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};

template <class T>
using NameMap = boost::unordered_flat_map<std::string, T, NameHash, std::equal_to<>>;

template <class T>
class BoundedMap {
 public:
  explicit BoundedMap(std::size_t capacity) : capacity_(capacity) {}

  /// The value kept for `name`, or null. Holds until the next call of put or find.
  [[nodiscard]] T* find(std::string_view name) {
    if (const auto young = young_.find(name); young != young_.end()) return &young->second;
    const auto old = old_.find(name);
    if (old == old_.end()) return nullptr;
    T value = std::move(old->second);
    old_.erase(old);
    return &insert(name, std::move(value));
  }

  void put(std::string_view name, T value) {
    if (T* const kept = find(name)) {
      *kept = std::move(value);
    } else {
      insert(name, std::move(value));
    }
  }

  void each(const std::function<void(const std::string& name, const T& value)>& visit) const {
    for (const auto* const half : {&old_, &young_})
      for (const auto& [name, value] : *half) visit(name, value);
  }

 private:
  T& insert(std::string_view name, T value) {
    if (young_.size() >= capacity_) {
      old_ = std::move(young_);
      young_.clear();
    }
    return young_.emplace(std::string(name), std::move(value)).first->second;
  }

  std::size_t capacity_;
  NameMap<T> young_;
  NameMap<T> old_;
};

}  // namespace assemblier::storage
