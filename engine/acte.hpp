#pragma once
// What somebody asks (Request), and what they are answered: inscrit, refusé with reasons, or an error of the request.
//
// Thread-safety: values and pure functions.

#include "engine/datum.hpp"
#include "storage/journal.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace assemblier::engine {

/// One acte asked for.
struct Request {
  std::string id;                        ///< idempotence key, 1 to 200 bytes; empty: the shell gives a UUIDv7
  std::string acte;                      ///< name
  std::string objet;                     ///< flux, "dossier/2024-001"
  std::string role;                      ///< "financeur"
  std::string author;                    ///< "CAF"; may be empty when the role takes any text
  std::optional<dsl::Date> date;         ///< date d'effet as given; default: today in Europe/Paris
  Datum::Map donnees;                    ///< by name, as given; sealed data only where replay asks again
  std::optional<std::uint64_t> version;  ///< the last version the caller knows of; elsewhere: a conflict
};

/// SHA-256 over the canonical CBOR of [1, acte, objet, role, author, date as given or null, données as given].
[[nodiscard]] storage::Hash fingerprint(const Request& request);

/// A refusal is data. `message` is a complete French sentence; `reasons` hold one entry per thing to put right.
struct Refusal {
  enum class Kind : std::uint8_t {
    kActe = 0,   ///< no such acte, or it is not one that a person may ask for
    kObjet = 1,  ///< malformed name, the objet does not exist, or is already open
    kEdition =
        2,        ///< no published édition knows the category, or governs an opening on that day: not kept under the id
    kEtat = 3,    ///< not from this état
    kActeur = 4,  ///< unknown role or name, or not allowed to
    kDonnees = 5,   ///< missing, unknown or ill-typed données
    kDate = 6,      ///< later than registration, or earlier than the objet's last event
    kExigence = 7,  ///< an exigence is false or undetermined
    kRegle =
        8  ///< the rules give no single answer: effect undetermined, décision in error, no or several états to reach
  };
  struct Reason {
    std::string label;                   ///< the exigence, the donnée, or the décision at stake
    std::string detail;                  ///< values at hand, or what was wrong; may be empty
    std::vector<std::string> citations;  ///< "CQ2030 § 5.A"
    std::string remedy;                  ///< the smallest change that would do; may be empty
    std::vector<std::string> missing;    ///< names of missing facts, when undetermined
    bool operator==(const Reason&) const = default;
  };
  Kind kind = Kind::kActe;
  std::string message;
  std::vector<Reason> reasons;
  bool operator==(const Refusal&) const = default;
};

/// "acte", "objet", "édition", "état", "acteur", "données", "date", "exigence", "règle": stable words for JSON.
[[nodiscard]] std::string_view word(Refusal::Kind kind);

/// Several lines of French text: the message, then each reason indented, with its values, articles and remedy. Ends
/// with a newline.
[[nodiscard]] std::string render(const Refusal& refusal);

struct Answer {
  enum class Kind : std::uint8_t { kInscrit, kRefuse, kErreur };
  Kind kind = Kind::kErreur;
  bool already = false;  ///< this id was answered before: the first answer again (« déjà inscrit »)
  std::string id;        ///< the acte's id, generated if none was given
  std::string objet;     ///< flux
  /// kInscrit
  std::uint64_t position = 0;      ///< of the first event
  std::uint64_t version = 0;       ///< of the last event in the flux: what to give as Request::version next
  std::vector<std::string> actes;  ///< names of the events written: the acte, then what followed by itself
  std::string etat;                ///< reached
  /// kRefuse
  Refusal refusal;
  /// kErreur: nothing was recorded
  std::optional<storage::Error> error;
};

/// What is kept for ever under the acte's id (kInscrit and kRefuse only; position and `already` come from the journal).
[[nodiscard]] storage::Bytes encode_answer(const Answer& answer);
[[nodiscard]] std::expected<Answer, std::string> decode_answer(std::string_view bytes);

}  // namespace assemblier::engine
