#pragma once
// A cache by name that never holds more than twice its capacity: when the young half is full it becomes the old half,
// and what nobody asked for since then goes. Who cannot do without what it holds uses held() and keep(), which forget
// nothing, and calls make_room() when it can. Private to storage/.
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
    return found(name, [this] { rotate(); });
  }
  /// find() that forgets nothing.
  [[nodiscard]] T* held(std::string_view name) {
    return found(name, [] {});
  }

  void put(std::string_view name, T value) {
    if (T* const kept = find(name)) {
      *kept = std::move(value);
    } else {
      rotate();
      keep(name, std::move(value));
    }
  }
  /// put() that forgets nothing. REQUIRES no value for `name`.
  T& keep(std::string_view name, T value) {
    last_ = &*young_.emplace(std::string(name), std::move(value)).first;
    return last_->second;
  }

  /// Forgets what is old, once there is enough of it, and everything when far more was kept.
  void make_room() {
    const bool far_more = young_.size() >= 2 * capacity_;
    rotate();
    if (far_more) old_ = NameMap<T>();
  }

  void each(const std::function<void(const std::string& name, const T& value)>& visit) const {
    for (const auto* const half : {&old_, &young_})
      for (const auto& [name, value] : *half) visit(name, value);
  }

 private:
  void rotate() {
    if (young_.size() < capacity_) return;
    old_ = std::exchange(young_, NameMap<T>());
    last_ = nullptr;
  }
  T* found(std::string_view name, auto&& before_keeping) {
    if (last_ != nullptr && last_->first == name) return &last_->second;
    if (const auto young = young_.find(name); young != young_.end()) return &(last_ = &*young)->second;
    const auto old = old_.find(name);
    if (old == old_.end()) return nullptr;
    T value = std::move(old->second);
    old_.erase(old);
    before_keeping();
    return &keep(name, std::move(value));
  }

  std::size_t capacity_;
  std::pair<const std::string, T>* last_ = nullptr;  // asked for most recently, or null
  NameMap<T> young_;
  NameMap<T> old_;
};

}  // namespace assemblier::storage
