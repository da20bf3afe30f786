#pragma once
// Deterministic CBOR (RFC 8949 § 4.2.1): shortest heads, definite lengths, map keys in bytewise order of their
// encoding, no floats, no tags, no indefinite length, no duplicate key. The reader refuses everything else.
//
// Thread-safety: values only.
//
//   CborWriter w; w.map(1); w.uint(1); w.text("é");
//   CborReader r(w.str()); auto n = r.map();

#include "storage/bytes.hpp"

#include <cassert>
#include <cstdint>
#include <utility>
#include <vector>

namespace assemblier::storage {

// Major types (RFC 8949 § 3.1) and the octets of simple values (§ 3.3).
inline constexpr std::uint8_t kUintMajor = 0, kNegativeMajor = 1, kBytesMajor = 2, kTextMajor = 3, kArrayMajor = 4,
                              kMapMajor = 5;
inline constexpr unsigned kFalseOctet = 0xF4, kTrueOctet = 0xF5, kNullOctet = 0xF6;

/// Whether `text` is well-formed UTF-8 (Unicode table 3-7: no surrogate, no overlong form).
[[nodiscard]] bool is_utf8(std::string_view text);

/// Appends items; the caller gives map keys in deterministic order (checked by assertion in debug builds).
class CborWriter {
 public:
  CborWriter() = default;
  /// Writes in the room that `room` holds; its content is dropped.
  explicit CborWriter(Bytes room) : out_(std::move(room)) {}
  void uint(std::uint64_t value) {
    begin_item();
    head(kUintMajor, value);
    end_item();
  }
  void integer(std::int64_t value) {  ///< major type 0 or 1
    begin_item();
    if (value >= 0) {
      head(kUintMajor, static_cast<std::uint64_t>(value));
    } else {
      head(kNegativeMajor, static_cast<std::uint64_t>(-(value + 1)));
    }
    end_item();
  }
  void bytes(std::string_view value) { run(kBytesMajor, value); }
  void text(std::string_view value) {  ///< REQUIRES valid UTF-8
    assert(is_utf8(value));
    run(kTextMajor, value);
  }
  void array(std::uint64_t count) {
    begin_item();
    head(kArrayMajor, count);
    open(count, false);
  }
  void map(std::uint64_t pairs) {
    begin_item();
    head(kMapMajor, pairs);
    open(pairs * 2, true);
  }
  void boolean(bool value) { simple(value ? kTrueOctet : kFalseOctet); }
  void null() { simple(kNullOctet); }
  /// Room for that many octets more, `octets` ≥ 0.
  void reserve(std::size_t octets) {
    if (out_.size() - size_ < octets) grow(octets);
  }
  [[nodiscard]] std::string_view str() const { return std::string_view(out_).substr(0, size_); }
  /// What was written; the writer is empty afterwards.
  [[nodiscard]] Bytes take();

 private:
  // An open array or map; kept only in debug builds, to check the order of map keys.
  struct Level {
    std::uint64_t left;  // items still to come
    bool map;
    std::size_t key_begin;
    std::string last_key;
  };
  char* claim(std::size_t octets) {
    if (out_.size() - size_ < octets) [[unlikely]]
      grow(octets);
    return out_.data() + std::exchange(size_, size_ + octets);
  }
  void grow(std::size_t octets);
  void head(std::uint8_t major, std::uint64_t value) {
    const unsigned top = static_cast<unsigned>(major) << 5U;
    if (value >= 24) return long_head(top, value);
    *claim(1) = static_cast<char>(top | static_cast<unsigned>(value));
  }
  void long_head(unsigned top, std::uint64_t value);
  void run(std::uint8_t major, std::string_view value) {
    begin_item();
    head(major, value.size());
    value.copy(claim(value.size()), value.size());
    end_item();
  }
  void simple(unsigned octet) {
    begin_item();
    *claim(1) = static_cast<char>(octet);
    end_item();
  }
#ifndef NDEBUG
  void begin_item();
  void end_item();
  void open(std::uint64_t items, bool map);
#else
  static void begin_item() {}
  static void end_item() {}
  static void open(std::uint64_t /*items*/, bool /*map*/) {}
#endif
  Bytes out_;  // longer than what is written
  std::size_t size_ = 0;
  std::vector<Level> open_;
};

/// Pull reader over one buffer. After the first failure every call fails; `ok()` tells, `error()` says why (French).
/// Nesting is the caller's recursion: bound it. Views point into the buffer.
class CborReader {
 public:
  enum class Kind { kUint, kNegative, kBytes, kText, kArray, kMap, kBool, kNull, kEnd, kBad };
  explicit CborReader(std::string_view data) : data_(data) {}
  [[nodiscard]] Kind peek() const;
  [[nodiscard]] std::uint64_t uint();
  [[nodiscard]] std::int64_t integer();
  [[nodiscard]] std::string_view bytes();
  [[nodiscard]] std::string_view text();  ///< checks UTF-8
  [[nodiscard]] std::uint64_t array();    ///< number of items; refused when larger than the bytes left
  [[nodiscard]] std::uint64_t map();      ///< number of pairs; the caller checks key order with expect_sorted
  [[nodiscard]] bool boolean();
  void null();
  /// After reading a map key that began at offset `key_begin`: fails unless its encoding sorts strictly after
  /// `previous` (empty before the first key), which then becomes it.
  void expect_sorted(std::string_view& previous, std::size_t key_begin);
  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] bool at_end() const { return offset_ == data_.size(); }
  [[nodiscard]] bool ok() const { return error_.empty(); }
  [[nodiscard]] const std::string& error() const { return error_; }
  void fail(std::string why);

 private:
  [[nodiscard]] std::uint64_t head(std::uint8_t major, const char* expected);
  [[nodiscard]] std::string_view run(std::uint8_t major, const char* expected);
  std::string_view data_;
  std::size_t offset_ = 0;
  std::string error_;
};

}  // namespace assemblier::storage
