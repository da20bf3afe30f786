#pragma once
// Walks through deterministic CBOR that CborWriter wrote, where it lies: no copy, no message. It never looks outside
// its octets and says when they have another structure than the one asked for; what CborReader checks besides (shortest
// forms, UTF-8, order of keys) is not its affair. For octets that something else vouches for: see Journal::scan.
//
// Thread-safety: values only.
//
//   CborCursor at(octets);  for (auto left = at.array(); left > 0; --left) use(at.text());  if (!at.ok()) …

#include "storage/bytes.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace assemblier::storage {

/// After the first failure every call gives nothing. Views point into the octets.
class CborCursor {
 public:
  explicit CborCursor(std::string_view octets) : at_(octets.data()), end_(octets.data() + octets.size()) {}

  [[nodiscard, gnu::always_inline]] std::uint64_t uint() { return head(kUint); }
  [[nodiscard]] std::int64_t integer() {
    const bool negative = peek() >> 5U == kNegative;
    const auto value = static_cast<std::int64_t>(head(negative ? kNegative : kUint));
    return negative ? -1 - value : value;
  }
  [[nodiscard, gnu::always_inline]] std::string_view bytes() { return octets(head(kBytes)); }
  [[nodiscard, gnu::always_inline]] std::string_view text() { return octets(head(kText)); }
  [[nodiscard]] std::uint64_t array() { return bounded(head(kArray), 1); }
  [[nodiscard]] std::uint64_t map() { return bounded(head(kMap), 2); }
  [[nodiscard]] bool boolean() {
    const unsigned octet = peek();
    if (octet != kFalse && octet != kTrue) return fail(), false;
    ++at_;
    return octet == kTrue;
  }
  /// The next item, whatever it is, whole.
  [[gnu::always_inline]] std::string_view item() { return items(1); }
  /// The next items, whole.
  [[gnu::always_inline]] std::string_view items(std::uint64_t count) {
    const char* const begin = at_;
    const char* at = at_;
    for (std::uint64_t left = count; left > 0; --left) {
      if (at == end_) return fail(), std::string_view();
      const auto first = static_cast<unsigned char>(*at++);
      if (const std::uint64_t more = kShort[first]; more <= static_cast<std::uint64_t>(end_ - at)) {
        at += more;
        continue;
      }
      const unsigned major = first >> 5U;
      std::uint64_t argument = first & 31U;
      if (argument >= 24) {
        at_ = at;
        argument = wide(static_cast<unsigned>(argument));
        if (!ok()) return {};
        at = at_;
      }
      const auto after = static_cast<std::uint64_t>(end_ - at);
      if (major <= kNegative) continue;
      if (major <= kText && argument <= after) {
        at += argument;
      } else if (major == kArray && argument <= after) {
        left += argument;
      } else if (major == kMap && argument <= after / 2) {
        left += 2 * argument;
      } else if (first < kFalse || first > kNull) {
        return fail(), std::string_view();
      }
    }
    at_ = at;
    return {begin, static_cast<std::size_t>(at - begin)};
  }
  /// The next `count` octets, whatever they are.
  [[gnu::always_inline]] std::string_view octets(std::uint64_t count) {
    if (count > static_cast<std::uint64_t>(end_ - at_)) return fail(), std::string_view();
    const char* const begin = at_;
    at_ += count;
    return {begin, count};
  }
  /// Passes over `known` if that, and not nothing, is what comes next.
  [[nodiscard, gnu::always_inline]] bool pass(std::string_view known) {
    const std::size_t size = known.size();
    if (size == 0 || size > static_cast<std::size_t>(end_ - at_) || !same_octets({at_, size}, known)) return false;
    at_ += size;
    return true;
  }
  /// The octet that comes next; 0xFF at the end, which begins no item.
  [[nodiscard]] unsigned peek() const { return at_ != end_ ? static_cast<unsigned char>(*at_) : 0xFFU; }
  [[nodiscard]] std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  [[nodiscard]] bool at_end() const { return at_ == end_; }
  [[nodiscard]] bool ok() const { return at_ != nullptr; }
  void fail() { at_ = end_ = nullptr; }

 private:
  enum Major : unsigned { kUint = 0, kNegative = 1, kBytes = 2, kText = 3, kArray = 4, kMap = 5 };
  static constexpr unsigned kFalse = 0xF4;
  static constexpr unsigned kTrue = 0xF5;
  static constexpr unsigned kNull = 0xF6;

  // How many octets follow the first one of an item that is a number, a string or a constant of less than 24 octets;
  // more than there can be for any other.
  static constexpr auto kShort = [] {
    std::array<std::uint64_t, 256> more{};
    for (unsigned first = 0; first < more.size(); ++first) {
      const unsigned major = first >> 5U;
      const unsigned argument = first & 31U;
      const bool constant = first >= kFalse && first <= kNull;
      more[first] = constant || (major <= kNegative && argument < 24)      ? 0
                    : (major == kBytes || major == kText) && argument < 24 ? argument
                                                                           : ~std::uint64_t{0};
    }
    return more;
  }();

  // In the walks over a whole journal, calls would cost more than what they do.
  [[gnu::always_inline]] std::uint64_t head(unsigned major) {
    const unsigned first = peek();
    if (first >> 5U != major) return fail(), 0;
    ++at_;
    const unsigned argument = first & 31U;
    return argument < 24 ? argument : wide(argument);
  }
  [[gnu::always_inline]] std::uint64_t wide(unsigned argument) {
    if (argument == 24) return number<std::uint8_t>();
    if (argument == 25) return number<std::uint16_t>();
    if (argument == 26) return number<std::uint32_t>();
    if (argument == 27) return number<std::uint64_t>();
    return fail(), 0;
  }
  template <class T>
  [[gnu::always_inline]] std::uint64_t number() {
    T value = 0;
    if (static_cast<std::size_t>(end_ - at_) < sizeof value) return fail(), 0;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return std::endian::native == std::endian::little ? std::byteswap(value) : value;
  }
  // Never more items than octets are left, so that nobody counts for ever.
  std::uint64_t bounded(std::uint64_t count, std::uint64_t each) {
    if (count > static_cast<std::uint64_t>(end_ - at_) / each) return fail(), 0;
    return count;
  }

  const char* at_;
  const char* end_;
};

}  // namespace assemblier::storage
