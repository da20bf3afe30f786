#pragma once
// Walks through deterministic CBOR that CborWriter wrote, where it lies: no copy, no message. It never looks outside
// its octets and says when they have another structure than the one asked for; what CborReader checks besides (shortest
// forms, UTF-8, order of keys) is not its affair. For octets that something else vouches for: see Journal::scan.
//
// Thread-safety: values only.
//
//   CborCursor at(octets);  for (auto left = at.array(); left > 0; --left) use(at.text());  if (!at.ok()) …

#include <cstdint>
#include <string_view>

namespace assemblier::storage {

/// After the first failure every call gives nothing. Views point into the octets.
class CborCursor {
 public:
  explicit CborCursor(std::string_view octets) : at_(octets.data()), end_(octets.data() + octets.size()) {}

  [[nodiscard]] std::uint64_t uint() { return head(0); }
  [[nodiscard]] std::int64_t integer() {
    const bool negative = at_ != end_ && static_cast<unsigned char>(*at_) >> 5U == 1;
    const auto value = static_cast<std::int64_t>(head(negative ? 1 : 0));
    return negative ? -1 - value : value;
  }
  [[nodiscard]] std::string_view bytes() { return run(head(2)); }
  [[nodiscard]] std::string_view text() { return run(head(3)); }
  [[nodiscard]] std::uint64_t array() { return items(head(4), 1); }
  [[nodiscard]] std::uint64_t map() { return items(head(5), 2); }
  [[nodiscard]] bool boolean() {
    const unsigned octet = at_ != end_ ? static_cast<unsigned char>(*at_++) : 0;
    if (octet != kFalse && octet != kTrue) fail();
    return octet == kTrue;
  }
  /// The next item, whatever it is, whole.
  std::string_view item() {
    const char* const begin = at_;
    for (std::uint64_t left = 1; left > 0 && ok_; --left) {
      const unsigned major = at_ != end_ ? static_cast<unsigned char>(*at_) >> 5U : 0;
      if (major == 7) {
        const auto octet = static_cast<unsigned char>(*at_++);
        if (octet < kFalse || octet > kNull) fail();
        continue;
      }
      const std::uint64_t argument = head(major);
      if (major == 2 || major == 3) static_cast<void>(run(argument));
      if (major == 4) left += items(argument, 1);
      if (major == 5) left += 2 * items(argument, 2);
      if (major == 6) fail();
    }
    return ok_ ? std::string_view(begin, static_cast<std::size_t>(at_ - begin)) : std::string_view();
  }
  /// The next `count` octets, whatever they are.
  std::string_view octets(std::uint64_t count) { return run(count); }
  /// The octet that comes next; 0xFF at the end, which begins no item.
  [[nodiscard]] unsigned peek() const { return at_ != end_ ? static_cast<unsigned char>(*at_) : 0xFFU; }
  [[nodiscard]] std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  [[nodiscard]] bool at_end() const { return at_ == end_; }
  [[nodiscard]] bool ok() const { return ok_; }
  void fail() {
    ok_ = false;
    at_ = end_;
  }

 private:
  static constexpr unsigned kFalse = 0xF4;
  static constexpr unsigned kTrue = 0xF5;
  static constexpr unsigned kNull = 0xF6;

  std::uint64_t head(unsigned major) {
    if (at_ == end_ || static_cast<unsigned char>(*at_) >> 5U != major) return fail(), 0;
    const unsigned argument = static_cast<unsigned char>(*at_++) & 31U;
    if (argument < 24) return argument;
    const std::size_t width = std::size_t{1} << (argument & 3U);
    if (argument > 27 || static_cast<std::size_t>(end_ - at_) < width) return fail(), 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8U | static_cast<unsigned char>(*at_++);
    return value;
  }
  std::string_view run(std::uint64_t length) {
    if (length > static_cast<std::uint64_t>(end_ - at_)) return fail(), std::string_view();
    const std::string_view octets(at_, length);
    at_ += length;
    return octets;
  }
  // Never more items than octets are left, so that nobody counts for ever.
  std::uint64_t items(std::uint64_t count, std::uint64_t each) {
    if (count > static_cast<std::uint64_t>(end_ - at_) / each) return fail(), 0;
    return count;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace assemblier::storage
