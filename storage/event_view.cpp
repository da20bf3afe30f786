#include "storage/event_view.hpp"

#include "storage/cbor_cursor.hpp"

#include <cstring>

namespace assemblier::storage {

namespace {

constexpr std::size_t kHashBytes = 32;
// A seal and the two octets before it that say its length.
constexpr std::size_t kSealItem = 2 + 48;

[[gnu::always_inline]] inline void key(CborCursor& at, unsigned number) {
  if (at.uint() != number) at.fail();
}

[[gnu::always_inline]] inline std::string_view text(CborCursor& at, unsigned number) {
  key(at, number);
  return at.text();
}

[[gnu::always_inline]] inline std::string_view hash(CborCursor& at, unsigned number) {
  const std::string_view octets = at.octets(3 + kHashBytes);
  // The key, and the head of 32 octets: 58 20.
  const char head[3] = {static_cast<char>(number), 0x58, 0x20};
  if (!at.ok() || std::memcmp(octets.data(), head, sizeof head) != 0) return at.fail(), std::string_view();
  return octets.substr(sizeof head);
}

std::string_view seals(CborCursor& at) {
  key(at, 14);
  const std::uint64_t count = at.array();
  const std::string_view all = at.rest();
  for (std::uint64_t left = count; left > 0 && at.ok(); --left) {
    if (at.bytes().size() != kSealItem - 2) at.fail();
  }
  if (all.size() - at.rest().size() != count * kSealItem) at.fail();
  return all.substr(0, count * kSealItem);
}

}  // namespace

std::optional<Seal> EventView::seal(std::uint64_t index) const {
  if (index >= seals.size() / kSealItem) return std::nullopt;
  const char* const octets = seals.data() + index * kSealItem + 2;
  Seal seal;
  std::memcpy(seal.person.octets.data(), octets, seal.person.octets.size());
  std::memcpy(seal.commitment.octets.data(), octets + seal.person.octets.size(), seal.commitment.octets.size());
  return seal;
}

// The fields of read_header (event.cpp), in their order on disk.
std::optional<EventView> view_event(std::string_view stored) {
  std::optional<EventView> viewed(std::in_place);
  EventView& event = *viewed;
  CborCursor at(stored);
  const std::uint64_t pairs = at.map();
  key(at, 0);
  const std::uint64_t layout = at.uint();
  if (!(layout == 1 && pairs == 14) && !(layout == 2 && pairs == 15)) at.fail();
  key(at, 1);
  event.position.value = at.uint();
  event.flux = text(at, 2);
  key(at, 3);
  event.version.value = at.uint();
  event.previous = hash(at, 4);
  event.type = text(at, 5);
  key(at, 6);
  event.date_effet = static_cast<std::int32_t>(at.integer());
  key(at, 7);
  event.instant_us = at.integer();
  event.role = text(at, 8);
  event.author = text(at, 9);
  event.acte_id = text(at, 10);
  event.event_id = text(at, 11);
  event.edition = hash(at, 12);
  event.payload_hash = hash(at, 13);
  if (layout == 2) event.seals = seals(at);
  event.payload = at.rest();
  event.stored = stored;
  if (!at.ok()) viewed.reset();
  return viewed;
}

}  // namespace assemblier::storage
