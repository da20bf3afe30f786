#pragma once
// Records of the journal: the only place that encodes and decodes keys and the small values beside the events.
// Keys live in one ordered space compared bytewise: one tag octet, then big-endian fixed width numbers, so that the
// order of keys is the order of positions, of flux names and of versions. storage/README.md holds the table.
// Private to storage/.
//
// Thread-safety: values only.
//
//   const Bytes key = event_key(Position{12});  decode_event_key(key)->value == 12

#include "storage/journal.hpp"

#include <bit>
#include <cstring>
#include <optional>

namespace assemblier::storage {

/// Format version of the data, kept in the record format_key(). A journal of a later format is refused.
inline constexpr std::uint32_t kFormat = 3;
/// Formats without the records of the tree, without a key for fingerprints: read as they are, brought to kFormat by the
/// first opening for writing.
inline constexpr std::uint32_t kFormatWithoutTree = 1;
inline constexpr std::uint32_t kFormatWithoutKeys = 2;

/// First octet of every key.
enum class Tag : char {
  kEvent = 'e',    ///< position (8) → stored event
  kIndex = 'f',    ///< flux, 0x00, version (8) → position (8), hash of the event (32)
  kFlux = 'h',     ///< flux → position of its first event (8)
  kMeta = 'm',     ///< name → see below
  kPerson = 'p',   ///< pseudonym (32) → person (16)
  kSeal = 's',     ///< person (16) → their key, encrypted (72), or position of the event that erased them (8), or
                   ///< nothing: their values stayed in the journal that the events come from
                   ///< person (16), commitment (32) → salt and value, encrypted (72 and more)
  kTree = 't',     ///< level (1), index (8) → hash of a node of the Merkle tree (32)
  kOutcome = 'o',  ///< acte id → fingerprint (32), first position (8), its kind (1), count (3), answer
};

/// The journal's totals, rewritten in every batch.
struct Counters {
  std::uint64_t events = 0;  ///< also the next position
  std::uint64_t flux = 0;
  std::uint64_t outcomes = 0;
  std::int64_t instant_us = 0;  ///< of the last event
  bool operator==(const Counters&) const = default;
};

struct IndexKey {
  std::string flux;
  Version version;
};

/// What the index says of one event; that of the last version is the head of the flux.
struct IndexEntry {
  Position position;
  Hash hash;
};

[[nodiscard]] Bytes event_key(Position position);
/// REQUIRES no 0x00 in `flux`, here and below.
[[nodiscard]] Bytes index_key(std::string_view flux, Version version);
[[nodiscard]] Bytes flux_key(std::string_view flux);
[[nodiscard]] Bytes outcome_key(std::string_view acte_id);
[[nodiscard]] Bytes format_key();
[[nodiscard]] Bytes journal_id_key();
[[nodiscard]] Bytes counters_key();
[[nodiscard]] Bytes fingerprint_key_key();
/// The secret of a journal that seals, under the master key.
[[nodiscard]] Bytes sealing_key();
/// There while the files may still hold what was erased.
[[nodiscard]] Bytes purge_key();

[[nodiscard]] Bytes person_key(const Hash& pseudonym);
[[nodiscard]] Bytes owner_key(const PersonId& person);
[[nodiscard]] Bytes seal_key(const Seal& seal);
/// How many of the first events came from elsewhere, perhaps without the values that they seal.
[[nodiscard]] Bytes foreign_key();
/// First key after all of a person's.
[[nodiscard]] Bytes owner_end(const PersonId& person);

/// REQUIRES a level below 256.
[[nodiscard]] Bytes tree_key(unsigned level, std::uint64_t index);

/// The same, added to the end of `out`: what the writer calls for every event.
void put_index_key(Bytes& out, std::string_view flux, Version version);
void put_flux_key(Bytes& out, std::string_view flux);
void put_outcome_key(Bytes& out, std::string_view acte_id);
void put_tree_key(Bytes& out, unsigned level, std::uint64_t index);

/// First and one-past-last key of the index entries of one flux.
[[nodiscard]] Bytes index_begin(std::string_view flux);
[[nodiscard]] Bytes index_end(std::string_view flux);

/// First key of a tag, and the first key after all of its keys.
[[nodiscard]] Bytes tag_begin(Tag tag);
[[nodiscard]] Bytes tag_end(Tag tag);
/// First key after all keys that begin with `prefix`. REQUIRES an octet of `prefix` below 0xFF.
[[nodiscard]] Bytes prefix_end(std::string_view prefix);

/// Inverses: nothing for bytes that the encoders above cannot have produced.
[[nodiscard]] inline std::optional<Position> decode_event_key(std::string_view key) {
  Position position{0};
  if (key.size() != 1 + sizeof position.value || key.front() != static_cast<char>(Tag::kEvent)) return std::nullopt;
  std::memcpy(&position.value, key.data() + 1, sizeof position.value);
  if (std::endian::native == std::endian::little) position.value = std::byteswap(position.value);
  return position;
}
[[nodiscard]] std::optional<IndexKey> decode_index_key(std::string_view key);
[[nodiscard]] std::optional<std::string_view> decode_flux_key(std::string_view key);
struct TreeKey {
  unsigned level = 0;
  std::uint64_t index = 0;
};
[[nodiscard]] std::optional<TreeKey> decode_tree_key(std::string_view key);
[[nodiscard]] std::optional<std::string_view> decode_outcome_key(std::string_view key);
/// The pseudonym.
[[nodiscard]] std::optional<Hash> decode_person_key(std::string_view key);
struct SealKey {
  PersonId person;
  std::optional<Hash> commitment;  ///< none: the person's own record
};
[[nodiscard]] std::optional<SealKey> decode_seal_key(std::string_view key);
[[nodiscard]] Bytes encode_person(const PersonId& person);
[[nodiscard]] std::optional<PersonId> decode_person(std::string_view value);

[[nodiscard]] Bytes encode_position(Position position);
void put_position(Bytes& out, Position position);
void put_hash(Bytes& out, const Hash& hash);
[[nodiscard]] std::optional<Position> decode_position(std::string_view value);
[[nodiscard]] std::optional<Hash> decode_node(std::string_view value);
[[nodiscard]] Bytes encode_entry(const IndexEntry& entry);
void put_entry(Bytes& out, const IndexEntry& entry);
[[nodiscard]] std::optional<IndexEntry> decode_entry(std::string_view value);
/// The id is in the key.
[[nodiscard]] Bytes encode_outcome(const StoredOutcome& kept);
/// The same, without a copy: of `outcome`, the answer only. REQUIRES a count below 2²⁴.
void put_outcome(Bytes& out, const Outcome& outcome, const Hash& fingerprint, FingerprintKind kind, Position first,
                 std::uint32_t count);
[[nodiscard]] std::optional<StoredOutcome> decode_outcome(std::string_view acte_id, std::string_view value);
[[nodiscard]] Bytes encode_counters(const Counters& counters);
[[nodiscard]] std::optional<Counters> decode_counters(std::string_view value);
[[nodiscard]] Bytes encode_format(std::uint32_t format);
[[nodiscard]] std::optional<std::uint32_t> decode_format(std::string_view value);

}  // namespace assemblier::storage
