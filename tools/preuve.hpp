#pragma once
// The dossier de preuve: one file that holds all events of an objet, the éditions they were decided under, and what
// ties them to a signed head, to be checked years later without the journal. storage/README.md holds its format.
//
// Thread-safety: pure functions.

#include "storage/journal.hpp"
#include "storage/note.hpp"
#include "storage/timestamp.hpp"
#include "tools/json.hpp"

#include <expected>
#include <string>
#include <vector>

namespace assemblier::tools {

/// The hashes of a path, in base64.
[[nodiscard]] Json path_json(const storage::Proof& path);

/// Gathers the proof of `objet` under a signed head, which is the journal's (see require_head), with time stamps of
/// that head (tokens of RFC 3161). kAbsent when the objet did not exist yet.
[[nodiscard]] storage::Result<std::string> make_proof(storage::Journal& journal, const std::string& objet,
                                                      const storage::Note& head,
                                                      const std::vector<storage::Bytes>& stamps = {});

/// What a proof was found to prove.
struct Proven {
  std::string objet;
  std::string etat;          ///< after the last event
  std::uint64_t events = 0;  ///< of the objet
  storage::Checkpoint head;
  std::vector<storage::PublicKey> signers;
  std::vector<storage::Timestamp> stamps;  ///< of the head
};

/// Whether `text` begins as a proof does and is UTF-8: what is not has nothing to be checked.
[[nodiscard]] bool is_proof(std::string_view text);

/// Checks everything, octet by octet: a proof has one writing only. `authorities`: certificates in PEM, for the time
/// stamps; a proof that has one is false without them. French reason.
[[nodiscard]] std::expected<Proven, std::string> check_proof(std::string_view text,
                                                             const std::vector<storage::PublicKey>& trusted,
                                                             std::string_view authorities = {});

}  // namespace assemblier::tools
