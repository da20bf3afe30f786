#include "storage/event.hpp"

#include "storage/cbor.hpp"
#include "storage/sha256.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

// The header's map keys, in their order on disk. Frozen: see storage/README.md.
enum Key : std::uint64_t {
  kLayout = 0,
  kPosition = 1,
  kFlux = 2,
  kVersion = 3,
  kPrevious = 4,
  kType = 5,
  kDateEffet = 6,
  kInstant = 7,
  kRole = 8,
  kAuthor = 9,
  kActeId = 10,
  kEventId = 11,
  kEdition = 12,
  kPayloadHash = 13,
  kSeals = 14,  // layout 2 only
};
constexpr std::uint64_t kPairs = 14;
// An event with personal values has one more field: a program that knows nothing of sealing refuses it.
constexpr std::uint64_t kPlainLayout = 1;
constexpr std::uint64_t kSealedLayout = 2;
constexpr std::size_t kSealBytes = 48;
// Heads, integers and three digests; the texts come on top.
constexpr std::size_t kFixedBytes = 192;

std::string_view view_of(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.octets.data()), hash.octets.size()};
}

void expect_key(CborReader& reader, Key key) {
  const std::size_t at = reader.offset();
  const std::uint64_t found = reader.uint();
  if (reader.ok() && found != key) {
    reader.fail(fmt::format("octet {} : champ d'en-tête {} lu, {} attendu", at, found, std::uint64_t{key}));
  }
}

std::uint64_t uint_field(CborReader& reader, Key key) {
  expect_key(reader, key);
  return reader.uint();
}

void text_field(CborReader& reader, Key key, std::string& text) {
  expect_key(reader, key);
  text = reader.text();
}

Hash hash_field(CborReader& reader, Key key) {
  expect_key(reader, key);
  const std::size_t at = reader.offset();
  const std::string_view octets = reader.bytes();
  Hash hash;
  if (octets.size() == hash.octets.size()) {
    std::transform(octets.begin(), octets.end(), hash.octets.begin(),
                   [](char c) { return static_cast<std::uint8_t>(c); });
  } else {
    reader.fail(fmt::format("octet {} : empreinte de {} octets, 32 attendus", at, octets.size()));
  }
  return hash;
}

void read_seals(CborReader& reader, std::vector<Seal>& seals) {
  expect_key(reader, kSeals);
  std::uint64_t left = reader.array();
  if (reader.ok() && left == 0) reader.fail("aucune donnée scellée, une au moins attendue");
  for (; left > 0 && reader.ok(); --left) {
    const std::string_view octets = reader.bytes();
    if (octets.size() != kSealBytes) return reader.fail("donnée scellée : 48 octets attendus");
    Seal& seal = seals.emplace_back();
    const auto octet = [](char c) { return static_cast<std::uint8_t>(c); };
    const auto commitment = octets.begin() + static_cast<std::ptrdiff_t>(seal.person.octets.size());
    std::transform(octets.begin(), commitment, seal.person.octets.begin(), octet);
    std::transform(commitment, octets.end(), seal.commitment.octets.begin(), octet);
  }
}

void read_header(CborReader& reader, Header& header) {
  const std::uint64_t pairs = reader.map();
  const std::uint64_t layout = uint_field(reader, kLayout);
  if (layout != kPlainLayout && layout != kSealedLayout) {
    reader.fail(fmt::format("forme d'événement {}, {} ou {} attendue", layout, kPlainLayout, kSealedLayout));
  }
  header.position.value = uint_field(reader, kPosition);
  text_field(reader, kFlux, header.flux);
  header.version.value = uint_field(reader, kVersion);
  header.previous = hash_field(reader, kPrevious);
  text_field(reader, kType, header.type);
  expect_key(reader, kDateEffet);
  const std::int64_t day = reader.integer();
  if (day < std::numeric_limits<std::int32_t>::min() || day > std::numeric_limits<std::int32_t>::max()) {
    reader.fail("date d'effet hors de 32 bits");
  } else {
    header.date_effet = static_cast<std::int32_t>(day);
  }
  expect_key(reader, kInstant);
  header.instant_us = reader.integer();
  text_field(reader, kRole, header.role);
  text_field(reader, kAuthor, header.author);
  text_field(reader, kActeId, header.acte_id);
  text_field(reader, kEventId, header.event_id);
  header.edition = hash_field(reader, kEdition);
  header.payload_hash = hash_field(reader, kPayloadHash);
  header.seals.clear();
  const std::uint64_t wanted = layout == kSealedLayout ? kPairs + 1 : kPairs;
  if (pairs != wanted) reader.fail(fmt::format("en-tête de {} champs, {} attendus", pairs, wanted));
  if (layout == kSealedLayout) read_seals(reader, header.seals);
}

}  // namespace

std::string new_event_id(std::string_view acte_id, std::uint32_t index) {
  char tail[5] = {};
  for (unsigned i = 0; i < 4; ++i) tail[1 + i] = static_cast<char>((index >> (24 - 8 * i)) & 0xFFU);
  const Hash hash = sha256_of({acte_id, std::string_view(tail, sizeof tail)});
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  for (unsigned i = 0; i < 8; ++i) {
    first = first << 8U | hash.octets[i];
    second = second << 8U | hash.octets[8 + i];
  }
  // Bits 0–47, the version 8, bits 48–59; the variant 10, bits 60–121.
  const std::uint64_t high = (first & 0xFFFFFFFFFFFF0000U) | 0x8000U | (first >> 4U & 0x0FFFU);
  const std::uint64_t low = 0x8000000000000000U | (first & 0xFU) << 58U | second >> 6U;
  static constexpr std::array<std::uint8_t, 16> kPlaces{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
  std::string text(36, '-');
  for (unsigned octet = 0; octet < 16; ++octet) {
    const std::uint64_t value = (octet < 8 ? high : low) >> (56 - 8 * (octet % 8)) & 0xFFU;
    text[kPlaces[octet]] = "0123456789abcdef"[value >> 4U];
    text[kPlaces[octet] + 1U] = "0123456789abcdef"[value & 15U];
  }
  return text;
}

Hash event_hash(std::string_view stored) {
  static constexpr char kLeaf[1] = {0};
  return sha256_of({std::string_view(kLeaf, 1), stored});
}

HeaderView::HeaderView(const Header& header)
    : position(header.position),
      flux(header.flux),
      version(header.version),
      previous(header.previous),
      type(header.type),
      date_effet(header.date_effet),
      instant_us(header.instant_us),
      role(header.role),
      author(header.author),
      acte_id(header.acte_id),
      event_id(header.event_id),
      edition(header.edition),
      payload_hash(header.payload_hash),
      seals(header.seals) {}

Bytes encode_event(const HeaderView& header, std::string_view payload, Bytes room) {
  CborWriter out(std::move(room));
  out.reserve(kFixedBytes + header.flux.size() + header.type.size() + header.role.size() + header.author.size() +
              header.acte_id.size() + header.event_id.size() + payload.size() + header.seals.size() * (kSealBytes + 2));
  const bool sealed = !header.seals.empty();
  out.map(sealed ? kPairs + 1 : kPairs);
  out.uint(kLayout);
  out.uint(sealed ? kSealedLayout : kPlainLayout);
  out.uint(kPosition);
  out.uint(header.position.value);
  out.uint(kFlux);
  out.text(header.flux);
  out.uint(kVersion);
  out.uint(header.version.value);
  out.uint(kPrevious);
  out.bytes(view_of(header.previous));
  out.uint(kType);
  out.text(header.type);
  out.uint(kDateEffet);
  out.integer(header.date_effet);
  out.uint(kInstant);
  out.integer(header.instant_us);
  out.uint(kRole);
  out.text(header.role);
  out.uint(kAuthor);
  out.text(header.author);
  out.uint(kActeId);
  out.text(header.acte_id);
  out.uint(kEventId);
  out.text(header.event_id);
  out.uint(kEdition);
  out.bytes(view_of(header.edition));
  out.uint(kPayloadHash);
  out.bytes(view_of(header.payload_hash));
  if (sealed) {
    out.uint(kSeals);
    out.array(header.seals.size());
    for (const Seal& seal : header.seals) {
      Bytes octets(reinterpret_cast<const char*>(seal.person.octets.data()), seal.person.octets.size());
      octets += view_of(seal.commitment);
      out.bytes(octets);
    }
  }
  Bytes stored = out.take();
  stored += payload;
  return stored;
}

std::expected<void, std::string> decode_event_into(std::string_view stored, StoredEvent& event) {
  CborReader reader(stored);
  read_header(reader, event.header);
  if (!reader.ok()) return std::unexpected("en-tête illisible : " + reader.error());
  const std::string_view payload = stored.substr(reader.offset());
  if (sha256(payload) != event.header.payload_hash) {
    return std::unexpected(
        fmt::format("flux {}, version {} : le contenu ({} octets) n'a pas l'empreinte que dit l'en-tête",
                    event.header.flux, event.header.version.value, payload.size()));
  }
  event.payload = payload;
  event.stored = stored;
  return {};
}

std::expected<StoredEvent, std::string> decode_event(std::string_view stored) {
  StoredEvent event;
  if (auto ok = decode_event_into(stored, event); !ok) return std::unexpected(std::move(ok.error()));
  return event;
}

}  // namespace assemblier::storage
