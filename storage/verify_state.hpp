#pragma once
// How far a verification came: all that the rest of it takes. Private to storage/.
//
// Thread-safety: values only.

#include "storage/journal.hpp"

#include <set>

namespace assemblier::storage {

struct VerifyState {
  /// Of what: the journal, the files it lies in, how it was looked at. Another one is another verification.
  struct Subject {
    std::string journal_id;
    std::string database;  ///< name that the files were given when they were made
    std::uint32_t format = 0;
    bool opened = false;  ///< with the master key
    bool operator==(const Subject&) const = default;
  };
  struct Link {
    std::string flux;
    Version version{};
    Hash hash{};
  };

  Subject subject;
  std::set<std::string> tables;  ///< table files whose checksums were verified
  std::uint64_t next = 0;        ///< events before this position were checked
  Bytes after;                   ///< key of the last record looked at among them; empty: none
  std::optional<Hash> root;      ///< of the journal over them, from its own nodes; none when it could not be had
  std::vector<Hash> subtrees;    ///< of the tree over the events read; as many as `size` has bits
  std::uint64_t size = 0;
  std::optional<std::int64_t> instant_us;  ///< of the last event
  std::uint64_t claimed = 0;               ///< events that the answer of their acte counts
  std::uint64_t sealed = 0;                ///< sealed values that are there
  bool events_complete = true, index_agrees = true, outcomes_agree = true;
  std::vector<Link> links;  ///< last events of recent flux
  VerifyReport report;
};

/// A deterministic CBOR array and its SHA-256.
[[nodiscard]] Bytes encode_verify_state(const VerifyState& state);
/// Strict inverse: nothing for octets that the function above cannot have produced.
[[nodiscard]] std::optional<VerifyState> decode_verify_state(std::string_view octets);

}  // namespace assemblier::storage
