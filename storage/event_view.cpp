#include "storage/event_view.hpp"

#include "storage/cbor_cursor.hpp"

#include <bit>
#include <cstring>

namespace assemblier::storage {

namespace {

constexpr std::size_t kHashBytes = 32;
constexpr unsigned kMap = 0xA0;
// A seal and the two octets before it that say its length.
constexpr std::size_t kSealItem = 2 + 48;

// The hashes of the édition and of the payload, each with its key and its head of 32 octets (58 20), follow what is
// read here: as long as they have room behind, no field's numbers need ask how many octets are left.
constexpr std::size_t kHashItem = 3 + kHashBytes;
constexpr std::size_t kBehind = 2 * kHashItem;

/// The fields up to those. Between two texts, and before the first, at most 55 octets are read, fewer than kBehind.
class Fields {
 public:
  explicit Fields(std::string_view octets) : at_(octets.data()), end_(octets.data() + octets.size()) {
    ok_ = octets.size() > kBehind;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }

  [[gnu::always_inline]] void key(unsigned char number) { ok_ &= static_cast<unsigned char>(*at_++) == number; }
  [[gnu::always_inline]] std::uint64_t uint(unsigned char number) {
    key(number);
    return head(0);
  }
  [[gnu::always_inline]] std::int64_t integer(unsigned char number) {
    key(number);
    const bool negative = (static_cast<unsigned char>(*at_) & 0xE0U) == 0x20U;
    const auto value = static_cast<std::int64_t>(head(negative ? 0x20U : 0));
    return negative ? -1 - value : value;
  }
  /// False, and nothing more may be read, when it is not there whole or something before was not as expected.
  [[gnu::always_inline]] bool text(unsigned char number, std::string_view& out) {
    key(number);
    const std::uint64_t size = head(0x60U);
    const auto left = static_cast<std::uint64_t>(end_ - at_);
    if (!ok_ || size > left || left - size < kBehind) return ok_ = false;
    out = {at_, size};
    at_ += size;
    return true;
  }
  [[gnu::always_inline]] std::string_view hash(unsigned char number) {
    ok_ &= static_cast<unsigned char>(at_[0]) == number && at_[1] == 0x58 && at_[2] == 0x20;
    const std::string_view octets(at_ + 3, kHashBytes);
    at_ += kHashItem;
    return octets;
  }

 private:
  [[gnu::always_inline]] std::uint64_t head(unsigned major) {
    const unsigned argument = static_cast<unsigned char>(*at_++) ^ major;
    if (argument < 24) return argument;
    if (argument == 24) return number<std::uint8_t>();
    if (argument == 25) return number<std::uint16_t>();
    if (argument == 26) return number<std::uint32_t>();
    if (argument == 27) return number<std::uint64_t>();
    ok_ = false;
    return 0;
  }
  template <class T>
  [[gnu::always_inline]] std::uint64_t number() {
    T value = 0;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return std::endian::native == std::endian::little ? std::byteswap(value) : value;
  }
  const char* at_;
  const char* end_;
  bool ok_;
};

std::string_view seals(CborCursor& at) {
  if (at.uint() != 14) at.fail();
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
  Fields fields(stored);
  if (!fields.ok()) return std::nullopt;
  const auto pairs = static_cast<unsigned char>(stored.front());
  fields.key(pairs);
  const std::uint64_t layout = fields.uint(0);
  event.position.value = fields.uint(1);
  if (!fields.text(2, event.flux)) return std::nullopt;
  event.version.value = fields.uint(3);
  event.previous = fields.hash(4);
  if (!fields.text(5, event.type)) return std::nullopt;
  event.date_effet = static_cast<std::int32_t>(fields.integer(6));
  event.instant_us = fields.integer(7);
  if (!fields.text(8, event.role) || !fields.text(9, event.author) || !fields.text(10, event.acte_id) ||
      !fields.text(11, event.event_id)) {
    return std::nullopt;
  }
  event.edition = fields.hash(12);
  event.payload_hash = fields.hash(13);
  CborCursor at(fields.rest());
  if (layout == 2 && pairs == kMap + 15) {
    event.seals = seals(at);
  } else if (layout != 1 || pairs != kMap + 14) {
    return std::nullopt;
  }
  if (!fields.ok() || !at.ok()) return std::nullopt;
  event.payload = at.rest();
  event.stored = stored;
  return viewed;
}

}  // namespace assemblier::storage
