#pragma once
// The event: what is frozen first. Stored bytes = header (deterministic CBOR map) followed by payload (opaque bytes
// given by the caller, themselves deterministic CBOR). storage/README.md holds the grammar and a worked example.
//
// Thread-safety: values only.

#include "storage/bytes.hpp"
#include "storage/seal.hpp"

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assemblier::storage {

/// Place in the journal, from 0, without gap; also the leaf index of the Merkle tree.
struct Position {
  std::uint64_t value = 0;
  auto operator<=>(const Position&) const = default;
};

/// Place in its flux, from 0, without gap.
struct Version {
  std::uint64_t value = 0;
  auto operator<=>(const Version&) const = default;
};

/// An event as its author hands it over; the writer adds position, version, previous hash, instant.
struct NewEvent {
  std::string flux;             ///< "dossier/2024-001"
  std::string type;             ///< declared in the édition: the acte's name
  std::int32_t date_effet = 0;  ///< civil day, days since 1970-01-01
  std::string role;             ///< the author's role
  std::string author;           ///< the author's name, may be empty
  std::string acte_id;          ///< idempotence key of the acte that caused it
  std::string event_id;  ///< UUIDv8 of (acte_id, index) as new_event_id gives it; empty: the writer derives it from
                         ///< the place of the event in its request
  Hash edition;          ///< SHA-256 of the édition's published bytes; zero when none governs
  Bytes payload;
  std::vector<Personal> personal{};  ///< sealed by the writer, in this order: the payload names them by their place
};

/// UUIDv8 (RFC 9562 § 5.8) from the first 122 bits of SHA-256(acte_id ‖ 0x00 ‖ index, 4 bytes big-endian).
[[nodiscard]] std::string new_event_id(std::string_view acte_id, std::uint32_t index);

/// What the header says, decoded.
struct Header {
  Position position;
  std::string flux;
  Version version;
  Hash previous;  ///< event_hash of the flux's previous event; zero for version 0
  std::string type;
  std::int32_t date_effet = 0;
  std::int64_t instant_us = 0;  ///< registration, UTC microseconds since 1970-01-01; never decreases with position
  std::string role;
  std::string author;
  std::string acte_id;
  std::string event_id;
  Hash edition;
  Hash payload_hash;        ///< SHA-256 of the payload
  std::vector<Seal> seals;  ///< of its personal values
};

/// A header as it is written: what it says, in texts of somebody else. They outlive it.
struct HeaderView {
  Position position;
  std::string_view flux;
  Version version;
  Hash previous;
  std::string_view type;
  std::int32_t date_effet = 0;
  std::int64_t instant_us = 0;
  std::string_view role;
  std::string_view author;
  std::string_view acte_id;
  std::string_view event_id;
  Hash edition;
  Hash payload_hash;
  std::span<const Seal> seals;

  HeaderView() = default;
  HeaderView(const Header& header);  // NOLINT(google-explicit-constructor): the same, looked at
};

struct StoredEvent {
  Header header;
  Bytes payload;
  Bytes stored;  ///< the exact stored bytes, over which hashes are taken
};

/// Hash of an event: SHA-256(0x00 ‖ stored bytes), the leaf hash of RFC 6962 § 2.1, so that chain and tree share it.
[[nodiscard]] Hash event_hash(std::string_view stored);

/// The frozen bytes, in the room that `room` holds. REQUIRES header.payload_hash = sha256(payload).
[[nodiscard]] Bytes encode_event(const HeaderView& header, std::string_view payload, Bytes room = {});
/// Strict inverse: any byte string that encode_event cannot have produced is refused, with a French reason.
[[nodiscard]] std::expected<StoredEvent, std::string> decode_event(std::string_view stored);
/// The same into an event that is used again and again: its strings keep their room. After a failure `event` is
/// unspecified.
[[nodiscard]] std::expected<void, std::string> decode_event_into(std::string_view stored, StoredEvent& event);

}  // namespace assemblier::storage
