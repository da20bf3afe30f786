#pragma once
// A journal kept elsewhere: backups, restoring, moving. A backup directory holds generations 000001, 000002 …, each a
// journal like any other, complete by itself; the tables that two of them share are one file under two names, so that a
// generation costs what was written since the one before, and any may be removed. Nothing here ever removes or changes
// what is there: what is made is built beside its place and moved there whole.
//
// Thread-safety: functions may be called from any thread, beside a writer in this process or in another.
//
//   auto made = back_up("journal", "sauvegardes", {});
//   auto back = restore("sauvegardes", "journal-2", {}, {});

#include "storage/journal.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace assemblier::storage {

struct Backup {
  std::string path;              ///< of the new generation
  std::uint64_t events = 0;      ///< it holds
  std::size_t files_linked = 0;  ///< shared with the generation before
  std::size_t files_copied = 0;
  std::uint64_t octets_copied = 0;
  std::vector<std::string> damaged;  ///< French: earlier generations that are no longer what was written
};

/// A new generation in `destination` (made if need be), verified whole before it takes its name. kInvalid:
/// `destination` keeps another journal; kDamaged: the journal is, or it does not extend the last generation; kLocked:
/// another backup is under way there. A backup that is killed is begun again by the next.
[[nodiscard]] Result<Backup> back_up(const std::string& directory, const std::string& destination,
                                     const Progress& progress);

/// A journal in `destination` from a generation, a backup directory (its last one) or any journal, verified whole. With
/// `until`: events 0 to that position, the outcomes that came with or before them, and the same hashes and heads.
/// kExists: something is there. kInvalid: no such position, or it lies inside an append, which is all or nothing.
[[nodiscard]] Result<JournalInfo> restore(const std::string& source, const std::string& destination,
                                          std::optional<Position> until, const Progress& progress);

/// All outcomes of a journal, by acte id.
[[nodiscard]] Result<void> list_outcomes(const std::string& directory,
                                         const std::function<bool(const StoredOutcome&)>& visit);

/// A journal made again from its events, in order, then its outcomes: what an export says. An import that was stopped
/// goes on: what is there already must be the same. kDamaged: what is given does not follow what came before.
class Import {
 public:
  /// Creates the journal, or opens it to go on; kInvalid when another is there.
  [[nodiscard]] static Result<std::unique_ptr<Import>> begin(const std::string& directory,
                                                             const std::string& journal_id);
  virtual ~Import() = default;
  [[nodiscard]] virtual Result<void> event(std::string_view stored) = 0;
  /// The event given last says that this person is erased.
  virtual void erased(const PersonId& person) = 0;
  [[nodiscard]] virtual Result<void> outcome(const StoredOutcome& outcome) = 0;
  /// What was given so far is on disk.
  [[nodiscard]] virtual Result<void> keep() = 0;
  /// Everything is on disk.
  [[nodiscard]] virtual Result<TreeHead> finish() = 0;
};

}  // namespace assemblier::storage
