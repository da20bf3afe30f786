#pragma once
// A cache by name that never holds more than four times its capacity: when the young half is full it becomes the old
// half, and what nobody asked for since then goes. Private to storage/.
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
  BoundedMap(const BoundedMap&) = delete;
  BoundedMap& operator=(const BoundedMap&) = delete;

  /// The value kept for `name`, or null. Holds until the next call of another function.
  [[nodiscard]] T* find(std::string_view name) {
    if (last_ != nullptr && last_->first == name) return &last_->second;
    if (const auto young = young_.find(name); young != young_.end()) return &(last_ = &*young)->second;
    const auto old = old_.find(name);
    if (old == old_.end()) return nullptr;
    if (young_.size() >= 2 * capacity_) return &old->second;
    T value = std::move(old->second);
    old_.erase(old);
    return &keep(name, std::move(value));
  }

  void put(std::string_view name, T value) {
    if (T* const kept = find(name)) {
      *kept = std::move(value);
    } else {
      make_room();
      keep(name, std::move(value));
    }
  }

  /// put() that forgets nothing. REQUIRES no value for `name`, and a call of make_room() now and then.
  T& keep(std::string_view name, T value) {
    last_ = &*young_.emplace(std::string(name), std::move(value)).first;
    return last_->second;
  }

  /// Forgets what is old, once there is enough of it.
  void make_room() {
    if (young_.size() < capacity_) return;
    old_ = std::move(young_);
    young_.clear();
    last_ = nullptr;
  }

  void each(const std::function<void(const std::string& name, const T& value)>& visit) const {
    for (const auto* const half : {&old_, &young_})
      for (const auto& [name, value] : *half) visit(name, value);
  }

 private:
  std::size_t capacity_;
  std::pair<const std::string, T>* last_ = nullptr;  // asked for most recently, or null
  NameMap<T> young_;
  NameMap<T> old_;
};

}  // namespace assemblier::storage
