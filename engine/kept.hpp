#pragma once
// One objet of a States: its fields and décisions as one run of octets, so that an event touches little memory.
//
//   entry = key (4) size (4) form (1) body         size counts form and body; numbers in the machine's own order
//   key   = number of the name × 2, + 1 for a décision
//   body  = datum                                  kDatum
//         | index (8) person (16) commitment (32)  kSealed
//         | *datum                                 kList
//         | *(text, datum | FF sealed body)        kMap
//         | status (1) datum [*text]               kDecision
//
// Private to engine/. Thread-safety: values only.

#include "engine/state.hpp"
#include "storage/event_view.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

namespace assemblier::engine {

class Kept {
 public:
  /// `value`: the octets of a whole datum; false: it has another structure than a datum, or names a personal value that
  /// `event` does not have.
  [[nodiscard]] bool set(std::uint32_t name, std::string_view value, const storage::EventView& event);
  [[nodiscard]] bool set_entry(std::uint32_t name, std::string_view key, std::string_view value,
                               const storage::EventView& event);
  /// False also for what is no list.
  [[nodiscard]] bool append(std::uint32_t name, std::string_view list);
  void retain(std::uint32_t name, dsl::Status status, std::string_view value, std::string_view reasons);

  /// Gives `state` its fields and décisions, strictly decoded; `name_of` is what a number stands for.
  [[nodiscard]] std::expected<void, std::string> decode(
      State& state, const std::function<const std::string&(std::uint32_t)>& name_of) const;

 private:
  enum class Form : char { kDatum, kSealed, kList, kMap, kDecision };
  [[nodiscard]] std::size_t find(std::uint32_t key) const;
  /// Puts `with` where the octets [at, at + size) of the entry at `entry` are.
  void replace(std::size_t entry, std::size_t at, std::size_t size, std::string_view with);
  void put(std::uint32_t key, Form form, std::string_view body);

  std::string entries_;
};

}  // namespace assemblier::engine
