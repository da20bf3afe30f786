#pragma once
// What several commands begin with: a rule file compiled, a journal opened, a failure of theirs as an exit code.
//
// Thread-safety: one thread.

#include "dsl/program.hpp"
#include "engine/engine.hpp"
#include "storage/journal.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"

#include <memory>
#include <string>

namespace assemblier::tools {

[[nodiscard]] Exit exit_of(storage::ErrorKind kind);
[[nodiscard]] Failure failure_of(const storage::Error& error);

/// The value, or the failure thrown.
template <class T>
T must(storage::Result<T> result) {
  if (!result) throw failure_of(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// The master key that the command line or the environment gives, if any. Failure kInput when it is none.
[[nodiscard]] std::optional<storage::MasterKey> master_key(const Session& session);

/// kSeal: to write, in a journal that may hold personal values from now on if it could not before.
enum class Access { kRead, kWrite, kSeal };
[[nodiscard]] storage::JournalOptions journal_options(const Session& session, Access access);
/// For writing: also removes, and says, what interrupted commands left beside the journal.
[[nodiscard]] std::unique_ptr<storage::Journal> open_journal(const Session& session, Access access);
void remove_left_over(const std::string& directory);

/// The text of a rule file. Failure kInput when it cannot be read or is not UTF-8.
[[nodiscard]] std::string read_rules(const std::string& file);
/// Compiled; its diagnostics go to the standard error and end the command (kNo) when it has errors.
[[nodiscard]] std::shared_ptr<const dsl::Program> load_program(const std::string& file);

/// {"fichier", "code", "gravité", "ligne", "colonne", "message", …}
[[nodiscard]] Json diagnostic_json(const dsl::Diagnostic& diagnostic, std::string_view source, const std::string& file);
/// Each diagnostic: on the standard output as an object with --format json, else as text for people.
void show_diagnostics(Session& session, const std::vector<dsl::Diagnostic>& diagnostics, std::string_view source,
                      const std::string& file);

/// The flux people mean: as typed, or of the usual category when no slash says which.
[[nodiscard]] std::string flux_of(const std::string& id);
/// "2024-01-30T09:12:45.123456Z"
[[nodiscard]] std::string rfc3339(std::int64_t instant_us);
/// "AAAA-MM-JJ" or "JJ/MM/AAAA"; Failure kUsage otherwise.
[[nodiscard]] dsl::Date date_of(const std::string& text);

}  // namespace assemblier::tools
