#pragma once
// What an event of an objet says: the acte, its données, and its effects. Deterministic CBOR, shape number first; a
// published shape never changes, a new one is added beside it. engine/README.md holds the grammar.
//
// Thread-safety: values and pure functions.
//
//   auto evenement = read_event(stored);
//   for (const Change& change : evenement->payload.changes) …

#include "dsl/evaluate.hpp"
#include "engine/datum.hpp"
#include "storage/event.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace assemblier::engine {

/// Type of the event that publishes an édition, in its own flux.
inline constexpr std::string_view kPublication = "publication";
/// Prefix of the flux of éditions: "édition/" and the first 16 hexadecimal digits of the hash.
inline constexpr std::string_view kEditionPrefix = "édition/";
/// Type of the event that says a person was erased, in a flux of its own: a prefix and the person's id. The accent
/// keeps it apart from every category.
inline constexpr std::string_view kErasure = "effacement";
inline constexpr std::string_view kErasedPrefix = "effacé/";
/// Role of the author of an acte that follows by itself.
inline constexpr std::string_view kSystem = "système";

/// A field as it became.
struct Change {
  enum class Kind : std::uint8_t {
    kSet = 0,    ///< the whole field; null: it becomes unknown again
    kEntry = 1,  ///< association: the value at `key`; other keys stay; the association appears if it was unknown
    kAppend = 2  ///< list: `value` is the list of the items added, none of which was there; the list appears if unknown
  };
  Kind kind = Kind::kSet;
  std::string field;
  std::string key;  ///< kEntry only
  Datum value;
};

enum class Truth : std::uint8_t { kFalse = 0, kTrue = 1, kUndetermined = 2, kNone = 3, kError = 4 };

/// Why a décision is what it is, compactly: the rules it went through, their branches, the facts they read. The prose
/// is rendered from the édition.
struct Motif {
  struct Branch {
    std::uint32_t number = 0;  ///< case or exigence, from 0 in order of declaration
    Truth truth = Truth::kUndetermined;
  };
  struct Step {
    std::string rule;
    dsl::Status status = dsl::Status::kUndetermined;
    std::vector<Branch> branches;  ///< empty for a définition or a scrutin
  };
  std::vector<Step> steps;         ///< in order of first visit; the first is the décision itself
  std::vector<std::string> facts;  ///< names of the facts read, once each, in order of first reading
};

/// A décision as it was recorded.
struct Decision {
  std::string name;
  dsl::Status status = dsl::Status::kUndetermined;
  Datum value;                         ///< kKnown
  std::vector<std::string> reasons;    ///< kNone: why · kError: code, message
  std::vector<std::string> missing;    ///< kUndetermined: names of the missing facts
  std::vector<Datum> missing_members;  ///< kUndetermined: members of a scrutin who have not spoken
  std::vector<std::string> unmet;      ///< a condition known to be false: labels of its unmet exigences
  Motif motif;
};

struct ActePayload {
  bool automatic = false;  ///< followed by itself (`puis`) from the event before it
  std::string objet;       ///< kind of objet as the édition names it, "Dossier"
  std::string from;        ///< état left; empty for an opening
  std::string to;          ///< état reached; the same when the acte stays
  std::vector<Change> changes;
  std::vector<Decision> decisions;
  Datum::Map donnees;  ///< as typed, in order of declaration
};

/// One event of an objet, as decided or as read again.
struct Evenement {
  std::string flux;  ///< "dossier/2024-001"
  std::string acte;
  dsl::Date date;  ///< date d'effet
  std::string role, author;
  storage::Hash edition;
  ActePayload payload;
  std::vector<storage::Personal> personal{};  ///< to be sealed: what the payload's sealed data stand for
};

/// An Evenement with what the journal added.
struct Inscrit {
  Evenement evenement;
  storage::Position position;
  storage::Version version;
  std::int64_t instant_us = 0;
  std::string acte_id, event_id;
};

[[nodiscard]] storage::Bytes encode_payload(const ActePayload& payload);
/// Strict inverse; French reason on failure.
[[nodiscard]] std::expected<ActePayload, std::string> decode_payload(std::string_view payload);
/// The beginning of a payload only: what `evolve` needs. Données and motifs stay empty and unread.
[[nodiscard]] std::expected<ActePayload, std::string> decode_effects(std::string_view payload);

/// Gives the sealed data of a payload what the header of its event says of them; false when it does not say it.
[[nodiscard]] bool attach(ActePayload& payload, const std::vector<storage::Seal>& seals);

/// The event of an objet; an error for a publication, or a payload that does not decode.
[[nodiscard]] std::expected<Inscrit, std::string> read_event(const storage::StoredEvent& stored);

struct PublicationPayload {
  std::string title;
  std::int64_t millesime = 0;
  dsl::Date from, to;  ///< en vigueur, both included
  std::string text;    ///< exact bytes; their SHA-256 is the édition
};

[[nodiscard]] storage::Bytes encode_erasure(std::string_view motif);
/// The motif.
[[nodiscard]] std::expected<std::string, std::string> decode_erasure(std::string_view payload);

[[nodiscard]] storage::Bytes encode_publication(const PublicationPayload& payload);
[[nodiscard]] std::expected<PublicationPayload, std::string> decode_publication(std::string_view payload);

}  // namespace assemblier::engine
