#include "storage/log_scan.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

constexpr std::size_t kBlock = 32'768;
constexpr std::size_t kHeader = 7;  // CRC (4, little-endian), length (2, little-endian), type (1)
constexpr std::uint32_t kMaskDelta = 0xA282EAD8;

enum : std::uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// Eight tables: an octet of each is looked up for eight octets of data at a time.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1U ^ 0x82F63B78U : crc >> 1U;
    tables[0][i] = crc;
  }
  for (std::size_t table = 1; table < 8; ++table) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[table - 1][i];
      tables[table][i] = before >> 8U ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint32_t octet(std::string_view data, std::size_t at) { return static_cast<unsigned char>(data[at]); }

std::uint32_t little_endian(std::string_view data, std::size_t at) {
  return octet(data, at) | octet(data, at + 1) << 8U | octet(data, at + 2) << 16U | octet(data, at + 3) << 24U;
}

struct Piece {
  std::uint8_t type;
  std::string_view data;
};

std::size_t left_in_block(std::size_t at) { return kBlock - at % kBlock; }

bool checksum_holds(std::string_view log, std::size_t at, std::size_t length) {
  const std::uint32_t masked = little_endian(log, at);
  const std::uint32_t rotated = masked - kMaskDelta;
  const std::uint32_t stored = rotated >> 17U | rotated << 15U;
  return crc32c(0, log.substr(at + kHeader - 1, 1 + length)) == stored;
}

// The valid physical record at `at`, if there is one; `length` overrides the one in its header.
std::optional<Piece> piece_at(std::string_view log, std::size_t at, std::optional<std::size_t> length = {}) {
  const std::size_t room = std::min(left_in_block(at), log.size() - at);
  if (room < kHeader) return std::nullopt;
  const auto type = static_cast<std::uint8_t>(log[at + 6]);
  if (type < kFull || type > kLast) return std::nullopt;
  const std::size_t size = length.value_or(octet(log, at + 4) | octet(log, at + 5) << 8U);
  if (kHeader + size > room || !checksum_holds(log, at, size)) return std::nullopt;
  return Piece{type, log.substr(at + kHeader, size)};
}

// The first valid physical record at or after `at`.
std::optional<std::size_t> find_piece(std::string_view log, std::size_t at) {
  for (; at + kHeader <= log.size(); ++at) {
    if (piece_at(log, at)) return at;
  }
  return std::nullopt;
}

// Why the octets at `bad` are damage rather than a write that never ended; empty for the latter.
std::string judge(std::string_view log, std::size_t bad) {
  const std::size_t left = log.size() - bad;
  if (left >= kHeader) {
    const std::size_t length = octet(log, bad + 4) | octet(log, bad + 5) << 8U;
    const bool zeros =
        std::all_of(log.begin() + static_cast<std::ptrdiff_t>(bad), log.end(), [](char c) { return c == 0; });
    const std::size_t room = std::min(left_in_block(bad), left);
    if (!zeros) {
      if (kHeader + length <= left) return "un enregistrement entier ne porte plus sa somme de contrôle";
      if (log[bad + 6] < kFull || log[bad + 6] > kLast) return "le genre d'un enregistrement est inconnu";
      if (room == left && piece_at(log, bad, left - kHeader)) return "la longueur d'un enregistrement a changé";
    }
  }
  if (const auto valid = find_piece(log, bad + 1)) {
    return fmt::format("des enregistrements intacts suivent, à l'octet {}, des octets illisibles", *valid);
  }
  return {};
}

// Joins physical records into logical ones. False: they do not fit together.
class Joiner {
 public:
  explicit Joiner(const LogVisitor& visit) : visit_(visit) {}

  bool add(const Piece& piece, bool beyond) {
    const bool begins = piece.type == kFull || piece.type == kFirst;
    if (begins == open_) return false;
    if (begins) joined_.clear();
    joined_ += piece.data;
    open_ = piece.type == kFirst || piece.type == kMiddle;
    if (!open_) visit_(joined_, beyond);
    return true;
  }
  void forget() { open_ = false; }
  [[nodiscard]] bool open() const { return open_; }

 private:
  const LogVisitor& visit_;
  std::string joined_;
  bool open_ = false;
};

void visit_beyond(std::string_view log, std::size_t at, Joiner& joiner) {
  joiner.forget();
  for (auto next = find_piece(log, at); next; next = find_piece(log, *next)) {
    const auto piece = piece_at(log, *next);
    if (!joiner.add(*piece, true)) joiner.forget();
    *next += kHeader + piece->data.size();
  }
}

}  // namespace

std::uint32_t crc32c(std::uint32_t crc, std::string_view data) {
  crc = ~crc;
  std::size_t at = 0;
  for (; at + 8 <= data.size(); at += 8) {
    const std::uint32_t low = little_endian(data, at) ^ crc;
    const std::uint32_t high = little_endian(data, at + 4);
    crc = kTables[7][low & 0xFFU] ^ kTables[6][low >> 8U & 0xFFU] ^ kTables[5][low >> 16U & 0xFFU] ^
          kTables[4][low >> 24U] ^ kTables[3][high & 0xFFU] ^ kTables[2][high >> 8U & 0xFFU] ^
          kTables[1][high >> 16U & 0xFFU] ^ kTables[0][high >> 24U];
  }
  for (; at < data.size(); ++at) crc = crc >> 8U ^ kTables[0][(crc ^ octet(data, at)) & 0xFFU];
  return ~crc;
}

LogScan scan_log(std::string_view log, const LogVisitor& visit) {
  Joiner joiner(visit);
  std::size_t at = 0;
  std::size_t record = 0;  // where the logical record under way begins
  while (at < log.size()) {
    if (left_in_block(at) < kHeader) {
      at += std::min(left_in_block(at), log.size() - at);  // the end of a block too short for a header
      continue;
    }
    if (!joiner.open()) record = at;
    const auto piece = piece_at(log, at);
    if (piece && joiner.add(*piece, false)) {
      at += kHeader + piece->data.size();
      continue;
    }
    std::string why = piece ? std::string("un morceau d'enregistrement manque") : judge(log, at);
    const bool damaged = !why.empty();
    if (damaged) visit_beyond(log, piece ? at : at + 1, joiner);
    return {.state = damaged ? LogState::kDamaged : LogState::kTorn,
            .offset = record,
            .why = damaged ? std::move(why) : std::string("la dernière écriture n'a pas été achevée")};
  }
  if (joiner.open()) return {LogState::kTorn, record, "la dernière écriture n'a pas été achevée"};
  return {LogState::kWhole, log.size(), {}};
}

}  // namespace assemblier::storage
