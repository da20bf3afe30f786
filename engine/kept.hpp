#pragma once
// One objet of a States: its fields and décisions as one run of octets, so that an event touches little memory.
//
//   entry = key (4) size (4) form (1) body         size counts form and body; numbers in the machine's own order
//   key   = number of the name × 2, + 1 for a décision
//   body  = datum                                  kDatum
//         | index (8) person (16) commitment (32)  kSealed
//         | *datum                                 kList
//         | *(text, datum | byte string: kSealed)  kMap
//         | status (1) datum [*text]               kDecision, as the payload has them
//
// Private to engine/. Thread-safety: values only.

#include "engine/state.hpp"
#include "storage/event_view.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace assemblier::engine {

class Kept {
 public:
  Kept() { entries_.reserve(kUsual); }
  // Octets are whole items of the payload; false: they have another structure than what is asked for.

  /// `value`: a datum. False also when it is a personal value that `event` does not have.
  [[nodiscard]] bool set(std::uint32_t name, std::string_view value, const storage::EventView& event);
  /// `entry`: a text and a datum.
  [[nodiscard]] bool set_entry(std::uint32_t name, std::string_view entry, const storage::EventView& event);
  /// `list`: a datum that is one.
  [[nodiscard]] bool append(std::uint32_t name, std::string_view list);
  /// `decision`: its status, value and reasons.
  void retain(std::uint32_t name, std::string_view decision) { put(2 * name + 1, Form::kDecision, decision); }

  /// Asks memory for it.
  void expect() const {
    for (std::size_t at = 0; at < kUsual; at += 64) __builtin_prefetch(entries_.data() + at);
  }
  /// Gives `state` its fields and décisions, strictly decoded; `name_of` is what a number stands for.
  [[nodiscard]] std::expected<void, std::string> decode(
      State& state, const std::function<std::string_view(std::uint32_t)>& name_of) const;

 private:
  static constexpr std::size_t kUsual = 240;  // most objets then never ask for room again
  enum class Form : char { kDatum, kSealed, kList, kMap, kDecision };
  [[nodiscard]] std::size_t find(std::uint32_t key) const;
  /// Gives the entry at `at`, or a new one at the end (npos), another body.
  void put(std::size_t at, std::uint32_t key, Form form, std::string_view body);
  void put(std::uint32_t key, Form form, std::string_view body) { put(find(key), key, form, body); }
  /// Puts `with` where the octets [at, at + size) of the entry at `entry` are.
  void replace(std::size_t entry, std::size_t at, std::size_t size, std::string_view with);
  /// Where the body of the entry at `at` is, if it has that form.
  [[nodiscard]] std::optional<std::pair<std::size_t, std::size_t>> body(std::size_t at, Form form) const;

  std::string entries_;
};

}  // namespace assemblier::engine
