#pragma once
// Signed heads as commands take them: a file and the keys that are trusted; whether a journal extends one.
//
// Thread-safety: one thread.

#include "storage/journal.hpp"
#include "storage/note.hpp"

#include <optional>
#include <string>
#include <vector>

namespace assemblier::tools {

/// "-" is the standard input. Failure kInput when it is not a head; its signatures are not looked at.
[[nodiscard]] storage::Note read_head(const std::string& file);
/// Public keys, one a line; Failure kInput when there is none.
[[nodiscard]] std::vector<storage::PublicKey> read_trusted(const std::string& file);

struct TrustedHead {
  storage::Checkpoint head;
  std::vector<storage::PublicKey> signers;
};

/// Failure kNo when the head is not signed by trusted keys alone, its origin among them.
[[nodiscard]] TrustedHead read_trusted_head(const std::string& file, const std::string& trusted);

struct EvidenceOptions;
struct Session;
/// The head given with --tete, if any; Failure kUsage without its keys, kNo when it is not sure or of another journal.
[[nodiscard]] std::optional<TrustedHead> head_of(const Session& session, const EvidenceOptions& options);

/// Failure kNo when the head is another journal's, or the journal has another root at its size; kDamaged when the
/// journal stops before it, as verifying against it says. The signatures are not looked at.
void require_head(storage::Journal& journal, const storage::Checkpoint& head, const std::string& file);

/// Whether the first events of the journal are those of the head; otherwise a French sentence. What the tree is
/// computed from is Journal::verify's to check.
[[nodiscard]] std::optional<std::string> departs_from(storage::Journal& journal, const storage::Checkpoint& head);

}  // namespace assemblier::tools
