#pragma once
// An event seen where it lies, without a copy: what Journal::scan gives.
//
// Thread-safety: values only; they hold as long as the octets they look at.
//
//   if (const auto event = view_event(stored)) use(event->flux, event->payload);

#include "storage/event.hpp"

#include <optional>
#include <string_view>

namespace assemblier::storage {

/// The header's fields (see Header) and the payload, as views of the stored bytes.
struct EventView {
  Position position;
  Version version;
  std::int32_t date_effet = 0;
  std::int64_t instant_us = 0;
  std::string_view flux, type, role, author, acte_id, event_id;
  std::string_view previous, edition, payload_hash;  ///< 32 octets each
  std::string_view seals;                            ///< the items of field 14, each a byte string of 48
  std::string_view payload;
  std::string_view stored;

  /// What the header says of the personal value number `index`; nothing when there are not as many.
  [[nodiscard]] std::optional<Seal> seal(std::uint64_t index) const;
};

/// Follows the structure of the header and nothing more: no hash is computed, no text looked at. Nothing when the
/// octets have another structure; decode_event then says which.
[[nodiscard]] std::optional<EventView> view_event(std::string_view stored);

}  // namespace assemblier::storage
