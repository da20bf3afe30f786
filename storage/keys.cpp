#include "storage/keys.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace assemblier::storage {

namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kPersonBytes = 16;
// Of an outcome's count, the upper octet is the kind of its fingerprint: 0 in the formats that had but one.
constexpr unsigned kKindShift = 24;

template <class Unsigned>
void put(Bytes& out, Unsigned value) {
  char octets[sizeof(Unsigned)];
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    octets[i] = static_cast<char>(value >> (8 * (sizeof(Unsigned) - 1 - i)) & 0xFFU);
  }
  out.append(octets, sizeof octets);
}

void put(Bytes& out, const Hash& hash) {
  out.append(reinterpret_cast<const char*>(hash.octets.data()), hash.octets.size());
}

void put(Bytes& out, const PersonId& person) {
  out.append(reinterpret_cast<const char*>(person.octets.data()), person.octets.size());
}

// Takes from the front of `in`. REQUIRES enough octets.
template <class Unsigned>
Unsigned take(std::string_view& in) {
  Unsigned value = 0;
  std::memcpy(&value, in.data(), sizeof value);
  in.remove_prefix(sizeof value);
  return std::endian::native == std::endian::little ? std::byteswap(value) : value;
}

Hash take_hash(std::string_view& in) {
  Hash hash;
  std::transform(in.begin(), in.begin() + kHashBytes, hash.octets.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  in.remove_prefix(kHashBytes);
  return hash;
}

PersonId take_person(std::string_view& in) {
  PersonId person;
  std::transform(in.begin(), in.begin() + kPersonBytes, person.octets.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  in.remove_prefix(kPersonBytes);
  return person;
}

Bytes tagged(Tag tag, std::size_t more) {
  Bytes key;
  key.reserve(1 + more);
  key += static_cast<char>(tag);
  return key;
}

Bytes named(Tag tag, std::string_view name) {
  Bytes key = tagged(tag, name.size());
  key += name;
  return key;
}

bool has(std::string_view key, Tag tag) { return !key.empty() && key.front() == static_cast<char>(tag); }

}  // namespace

Bytes event_key(Position position) {
  Bytes key = tagged(Tag::kEvent, 8);
  put(key, position.value);
  return key;
}

void put_index_key(Bytes& out, std::string_view flux, Version version) {
  assert(flux.find('\0') == std::string_view::npos);
  out += static_cast<char>(Tag::kIndex);
  out += flux;
  out += '\0';
  put(out, version.value);
}

Bytes index_key(std::string_view flux, Version version) {
  Bytes key;
  key.reserve(1 + flux.size() + 9);
  put_index_key(key, flux, version);
  return key;
}

void put_flux_key(Bytes& out, std::string_view flux) {
  assert(flux.find('\0') == std::string_view::npos);
  out += static_cast<char>(Tag::kFlux);
  out += flux;
}

Bytes flux_key(std::string_view flux) {
  assert(flux.find('\0') == std::string_view::npos);
  return named(Tag::kFlux, flux);
}

void put_outcome_key(Bytes& out, std::string_view acte_id) {
  out += static_cast<char>(Tag::kOutcome);
  out += acte_id;
}

void put_tree_key(Bytes& out, unsigned level, std::uint64_t index) {
  out += static_cast<char>(Tag::kTree);
  out += static_cast<char>(level);
  put(out, index);
}

Bytes tree_key(unsigned level, std::uint64_t index) {
  Bytes key;
  put_tree_key(key, level, index);
  return key;
}

Bytes outcome_key(std::string_view acte_id) { return named(Tag::kOutcome, acte_id); }
Bytes format_key() { return named(Tag::kMeta, "format"); }
Bytes journal_id_key() { return named(Tag::kMeta, "journal"); }
Bytes foreign_key() { return named(Tag::kMeta, "foreign"); }
Bytes counters_key() { return named(Tag::kMeta, "counters"); }
Bytes fingerprint_key_key() { return named(Tag::kMeta, "fingerprint"); }
Bytes sealing_key() { return named(Tag::kMeta, "sealing"); }
Bytes purge_key() { return named(Tag::kMeta, "purge"); }

Bytes person_key(const Hash& pseudonym) {
  Bytes key = tagged(Tag::kPerson, kHashBytes);
  put(key, pseudonym);
  return key;
}

Bytes owner_key(const PersonId& person) {
  Bytes key = tagged(Tag::kSeal, kPersonBytes + kHashBytes);
  put(key, person);
  return key;
}

Bytes seal_key(const Seal& seal) {
  Bytes key = owner_key(seal.person);
  put(key, seal.commitment);
  return key;
}

Bytes owner_end(const PersonId& person) { return prefix_end(owner_key(person)); }

Bytes index_begin(std::string_view flux) {
  Bytes key = tagged(Tag::kIndex, flux.size() + 1);
  key += flux;
  key += '\0';
  return key;
}

Bytes index_end(std::string_view flux) {
  Bytes key = index_begin(flux);
  key.back() = '\1';
  return key;
}

Bytes tag_begin(Tag tag) { return Bytes(1, static_cast<char>(tag)); }
Bytes tag_end(Tag tag) { return Bytes(1, static_cast<char>(static_cast<char>(tag) + 1)); }

Bytes prefix_end(std::string_view prefix) {
  Bytes end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xFF) end.pop_back();
  assert(!end.empty());
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::optional<IndexKey> decode_index_key(std::string_view key) {
  if (!has(key, Tag::kIndex)) return std::nullopt;
  key.remove_prefix(1);
  const std::size_t end = key.find('\0');
  if (end == std::string_view::npos || end == 0 || key.size() != end + 9) return std::nullopt;
  IndexKey decoded{.flux = std::string(key.substr(0, end)), .version = {}};
  key.remove_prefix(end + 1);
  decoded.version.value = take<std::uint64_t>(key);
  return decoded;
}

std::optional<std::string_view> decode_flux_key(std::string_view key) {
  if (!has(key, Tag::kFlux) || key.size() < 2 || key.find('\0') != std::string_view::npos) return std::nullopt;
  return key.substr(1);
}

std::optional<TreeKey> decode_tree_key(std::string_view key) {
  if (!has(key, Tag::kTree) || key.size() != 10) return std::nullopt;
  TreeKey decoded{.level = static_cast<unsigned char>(key[1]), .index = 0};
  key.remove_prefix(2);
  decoded.index = take<std::uint64_t>(key);
  return decoded;
}

std::optional<Hash> decode_node(std::string_view value) {
  if (value.size() != kHashBytes) return std::nullopt;
  return take_hash(value);
}

std::optional<std::string_view> decode_outcome_key(std::string_view key) {
  if (!has(key, Tag::kOutcome) || key.size() < 2) return std::nullopt;
  return key.substr(1);
}

std::optional<Hash> decode_person_key(std::string_view key) {
  if (!has(key, Tag::kPerson) || key.size() != 1 + kHashBytes) return std::nullopt;
  key.remove_prefix(1);
  return take_hash(key);
}

std::optional<SealKey> decode_seal_key(std::string_view key) {
  const bool whole = key.size() == 1 + kPersonBytes + kHashBytes;
  if (!has(key, Tag::kSeal) || (!whole && key.size() != 1 + kPersonBytes)) return std::nullopt;
  key.remove_prefix(1);
  SealKey decoded{.person = take_person(key), .commitment = {}};
  if (whole) decoded.commitment = take_hash(key);
  return decoded;
}

Bytes encode_person(const PersonId& person) {
  Bytes value;
  put(value, person);
  return value;
}

std::optional<PersonId> decode_person(std::string_view value) {
  if (value.size() != kPersonBytes) return std::nullopt;
  return take_person(value);
}

void put_hash(Bytes& out, const Hash& hash) { put(out, hash); }

void put_position(Bytes& out, Position position) { put(out, position.value); }

Bytes encode_position(Position position) {
  Bytes value;
  put_position(value, position);
  return value;
}

std::optional<Position> decode_position(std::string_view value) {
  if (value.size() != 8) return std::nullopt;
  return Position{take<std::uint64_t>(value)};
}

void put_entry(Bytes& out, const IndexEntry& entry) {
  put(out, entry.position.value);
  put(out, entry.hash);
}

Bytes encode_entry(const IndexEntry& entry) {
  Bytes value;
  value.reserve(8 + kHashBytes);
  put_entry(value, entry);
  return value;
}

std::optional<IndexEntry> decode_entry(std::string_view value) {
  if (value.size() != 8 + kHashBytes) return std::nullopt;
  IndexEntry entry;
  entry.position.value = take<std::uint64_t>(value);
  entry.hash = take_hash(value);
  return entry;
}

void put_outcome(Bytes& out, const Outcome& outcome, const Hash& fingerprint, FingerprintKind kind, Position first,
                 std::uint32_t count) {
  assert(count >> kKindShift == 0);
  put(out, fingerprint);
  put(out, first.value);
  put(out, count | static_cast<std::uint32_t>(kind) << kKindShift);
  out += outcome.answer;
}

Bytes encode_outcome(const StoredOutcome& kept) {
  Bytes value;
  value.reserve(kHashBytes + 12 + kept.outcome.answer.size());
  put_outcome(value, kept.outcome, kept.outcome.fingerprint, kept.kind, kept.first, kept.count);
  return value;
}

std::optional<StoredOutcome> decode_outcome(std::string_view acte_id, std::string_view value) {
  if (value.size() < kHashBytes + 12) return std::nullopt;
  StoredOutcome outcome;
  outcome.outcome.acte_id = acte_id;
  outcome.outcome.fingerprint = take_hash(value);
  outcome.first.value = take<std::uint64_t>(value);
  const auto count = take<std::uint32_t>(value);
  if (count >> kKindShift > static_cast<std::uint32_t>(FingerprintKind::kForeign)) return std::nullopt;
  outcome.kind = static_cast<FingerprintKind>(count >> kKindShift);
  outcome.count = count & ((1U << kKindShift) - 1);
  outcome.outcome.answer = value;
  return outcome;
}

Bytes encode_counters(const Counters& counters) {
  Bytes value;
  value.reserve(32);
  put(value, counters.events);
  put(value, counters.flux);
  put(value, counters.outcomes);
  put(value, static_cast<std::uint64_t>(counters.instant_us));
  return value;
}

std::optional<Counters> decode_counters(std::string_view value) {
  if (value.size() != 32) return std::nullopt;
  Counters counters;
  counters.events = take<std::uint64_t>(value);
  counters.flux = take<std::uint64_t>(value);
  counters.outcomes = take<std::uint64_t>(value);
  counters.instant_us = static_cast<std::int64_t>(take<std::uint64_t>(value));
  return counters;
}

Bytes encode_format(std::uint32_t format) {
  Bytes value;
  put(value, format);
  return value;
}

std::optional<std::uint32_t> decode_format(std::string_view value) {
  if (value.size() != 4) return std::nullopt;
  return take<std::uint32_t>(value);
}

}  // namespace assemblier::storage
