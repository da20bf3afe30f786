#include "storage/cbor.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

constexpr std::uint64_t kMaxInt64 = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

unsigned octet(std::string_view data, std::size_t at) { return static_cast<unsigned char>(data[at]); }

// Octets that follow the first one of a multi-octet UTF-8 sequence, and the bounds of the second one (Unicode table
// 3-7).
struct Sequence {
  std::size_t more;
  unsigned low;
  unsigned high;
};

std::optional<Sequence> utf8_sequence(unsigned lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return Sequence{1, 0x80, 0xBF};
  if (lead == 0xE0) return Sequence{2, 0xA0, 0xBF};
  if (lead == 0xED) return Sequence{2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return Sequence{2, 0x80, 0xBF};
  if (lead == 0xF0) return Sequence{3, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return Sequence{3, 0x80, 0xBF};
  if (lead == 0xF4) return Sequence{3, 0x80, 0x8F};
  return std::nullopt;
}

}  // namespace

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    // Most text is ASCII: eight octets at a time, as long as none has its high bit.
    std::uint64_t eight = 0;
    while (text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) != 0) break;
      at += sizeof eight;
    }
    if (at == text.size()) break;
    const unsigned lead = octet(text, at++);
    if (lead < 0x80) continue;
    const auto sequence = utf8_sequence(lead);
    if (!sequence || text.size() - at < sequence->more) return false;
    if (octet(text, at) < sequence->low || octet(text, at) > sequence->high) return false;
    for (std::size_t i = 1; i < sequence->more; ++i) {
      if ((octet(text, at + i) & 0xC0U) != 0x80) return false;
    }
    at += sequence->more;
  }
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Writer

void CborWriter::grow(std::size_t octets) { out_.resize(std::max(size_ + octets, 2 * out_.size())); }

Bytes CborWriter::take() {
  out_.resize(std::exchange(size_, 0));
  return std::move(out_);
}

void CborWriter::long_head(unsigned top, std::uint64_t value) {
  unsigned width = 8;
  unsigned argument = 27;
  if (value <= 0xFF) {
    width = 1;
    argument = 24;
  } else if (value <= 0xFFFF) {
    width = 2;
    argument = 25;
  } else if (value <= 0xFFFFFFFF) {
    width = 4;
    argument = 26;
  }
  char* const text = claim(width + 1);
  text[0] = static_cast<char>(top | argument);
  for (unsigned i = 0; i < width; ++i) text[1 + i] = static_cast<char>((value >> (8 * (width - 1 - i))) & 0xFFU);
}

#ifndef NDEBUG
void CborWriter::begin_item() {
  if (open_.empty()) return;
  Level& level = open_.back();
  if (level.map && level.left % 2 == 0) level.key_begin = size_;
}

void CborWriter::end_item() {
  while (!open_.empty()) {
    Level& level = open_.back();
    if (level.map && level.left % 2 == 0) {
      std::string key = out_.substr(level.key_begin, size_ - level.key_begin);
      assert((level.last_key.empty() || level.last_key < key) &&
             "map keys must be in bytewise order, without duplicate");
      level.last_key = std::move(key);
    }
    if (--level.left != 0) return;
    open_.pop_back();  // the container itself is an item of the one around it
  }
}

void CborWriter::open(std::uint64_t items, bool map) {
  if (items == 0) {
    end_item();
  } else {
    open_.push_back({.left = items, .map = map, .key_begin = 0, .last_key = {}});
  }
}
#endif

// ---------------------------------------------------------------------------------------------------------------------
// Reader

CborReader::Kind CborReader::peek() const {
  if (!ok()) return Kind::kBad;
  if (at_end()) return Kind::kEnd;
  const unsigned first = octet(data_, offset_);
  switch (first) {
    case kFalseOctet:
    case kTrueOctet:
      return Kind::kBool;
    case kNullOctet:
      return Kind::kNull;
    default:
      break;  // every other octet is told by its major type
  }
  if ((first & 31U) > 27) return Kind::kBad;
  switch (first >> 5U) {
    case kUintMajor:
      return Kind::kUint;
    case kNegativeMajor:
      return Kind::kNegative;
    case kBytesMajor:
      return Kind::kBytes;
    case kTextMajor:
      return Kind::kText;
    case kArrayMajor:
      return Kind::kArray;
    case kMapMajor:
      return Kind::kMap;
    default:
      return Kind::kBad;  // tags, floats and other simple values are not in this profile
  }
}

void CborReader::fail(std::string why) {
  if (error_.empty()) error_ = why.empty() ? std::string("CBOR illisible") : std::move(why);
}

std::uint64_t CborReader::head(std::uint8_t major, const char* expected) {
  if (!ok()) return 0;
  if (at_end()) {
    fail(fmt::format("octet {} : fin des octets, {} attendu", offset_, expected));
    return 0;
  }
  const unsigned first = octet(data_, offset_);
  const unsigned argument = first & 31U;
  if (first >> 5U != major || argument > 27) {
    fail(fmt::format("octet {} : 0x{:02x} lu, {} attendu", offset_, first, expected));
    return 0;
  }
  if (argument < 24) {
    ++offset_;
    return argument;
  }
  const std::size_t width = std::size_t{1} << (argument - 24U);
  if (data_.size() - offset_ - 1 < width) {
    fail(fmt::format("octet {} : fin des octets au milieu d'un nombre, {} attendu", offset_, expected));
    return 0;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8U | octet(data_, offset_ + 1 + i);
  const std::uint64_t smallest = width == 1 ? 24 : std::uint64_t{1} << (4 * width);
  if (value < smallest) {
    fail(fmt::format("octet {} : {} n'est pas écrit sous sa forme la plus courte", offset_, value));
    return 0;
  }
  offset_ += 1 + width;
  return value;
}

std::uint64_t CborReader::uint() { return head(kUintMajor, "un entier positif"); }

std::int64_t CborReader::integer() {
  const std::size_t at = offset_;
  const bool negative = peek() == Kind::kNegative;
  const std::uint64_t value = head(negative ? kNegativeMajor : kUintMajor, "un entier");
  if (value > kMaxInt64) {
    fail(fmt::format("octet {} : entier hors de 64 bits signés", at));
    return 0;
  }
  return negative ? -1 - static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

std::string_view CborReader::run(std::uint8_t major, const char* expected) {
  const std::size_t at = offset_;
  const std::uint64_t length = head(major, expected);
  if (!ok()) return {};
  if (length > data_.size() - offset_) {
    fail(fmt::format("octet {} : {} octets annoncés, {} restants", at, length, data_.size() - offset_));
    return {};
  }
  const std::string_view value = data_.substr(offset_, length);
  offset_ += length;
  return value;
}

std::string_view CborReader::bytes() { return run(kBytesMajor, "une suite d'octets"); }

std::string_view CborReader::text() {
  const std::size_t at = offset_;
  const std::string_view value = run(kTextMajor, "un texte");
  if (!is_utf8(value)) {
    fail(fmt::format("octet {} : texte qui n'est pas de l'UTF-8", at));
    return {};
  }
  return value;
}

std::uint64_t CborReader::array() {
  const std::size_t at = offset_;
  const std::uint64_t count = head(kArrayMajor, "une liste");
  if (count > data_.size() - offset_) {
    fail(
        fmt::format("octet {} : liste de {} éléments annoncée, {} octets restants", at, count, data_.size() - offset_));
    return 0;
  }
  return count;
}

std::uint64_t CborReader::map() {
  const std::size_t at = offset_;
  const std::uint64_t pairs = head(kMapMajor, "une table de paires");
  if (pairs > (data_.size() - offset_) / 2) {
    fail(fmt::format("octet {} : {} paires annoncées, {} octets restants", at, pairs, data_.size() - offset_));
    return 0;
  }
  return pairs;
}

bool CborReader::boolean() {
  if (peek() != Kind::kBool) {
    fail(fmt::format("octet {} : vrai ou faux attendu", offset_));
    return false;
  }
  return octet(data_, offset_++) == kTrueOctet;
}

void CborReader::null() {
  if (peek() != Kind::kNull) {
    fail(fmt::format("octet {} : valeur nulle attendue", offset_));
    return;
  }
  ++offset_;
}

void CborReader::expect_sorted(std::string_view& previous, std::size_t key_begin) {
  if (!ok()) return;
  const std::string_view key = data_.substr(key_begin, offset_ - key_begin);
  if (!previous.empty() && previous >= key) {
    fail(fmt::format("octet {} : clé en double ou qui n'est pas dans l'ordre", key_begin));
    return;
  }
  previous = key;
}

}  // namespace assemblier::storage
