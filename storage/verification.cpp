#include "storage/verification.hpp"

#include "storage/keys.hpp"
#include "storage/opened.hpp"
#include "storage/reading.hpp"
#include "storage/tree.hpp"
#include "storage/verify.hpp"
#include "storage/whole_file.hpp"

#include <filesystem>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

namespace fs = std::filesystem;

// Whether values that were counted before are gone since, as they should.
bool erased_since(View& view, std::uint64_t position) {
  const auto seals = view.scan(tag_begin(Tag::kSeal), tag_end(Tag::kSeal));
  for (; seals->valid(); seals->next()) {
    const auto erased = decode_position(seals->value());
    if (erased && erased->value >= position) return true;
  }
  return false;
}

// Why a verification cannot be gone on with; empty when it can.
std::string stale(const VerifyState& kept, const VerifyState::Subject& subject, View& view) {
  if (kept.subject.opened != subject.opened)
    return "les données scellées se contrôlent cette fois autrement (clef maîtresse donnée ou non)";
  if (kept.subject != subject) return "le journal a été restauré ou réparé depuis";
  if (kept.next == 0) return {};
  const auto counters = read_counters(view);
  if (!counters) return "les compteurs du journal ne se lisent plus";
  if (counters->events < kept.next) {
    return fmt::format(
        "le journal s'arrête avant la position {}, où il avait déjà été contrôlé : il a été raccourci, "
        "récrit ou restauré",
        kept.next - 1);
  }
  if (root_before(view, counters->events, subject.format, kept.next) != kept.root) {
    return fmt::format(
        "le journal n'a plus à la position {} la racine qu'il avait quand il y a été contrôlé : il a "
        "été récrit ou restauré",
        kept.next - 1);
  }
  if (erased_since(view, kept.next)) return "une personne a été effacée depuis : ce qui reste scellé se recompte";
  return {};
}

bool inside(const fs::path& file, const std::string& directory) {
  std::error_code error;
  const fs::path parent = fs::weakly_canonical(fs::absolute(file, error), error).parent_path();
  const fs::path journal = fs::canonical(directory, error);
  return !error && fs::relative(parent, journal, error).string().substr(0, 2) != "..";
}

// Nothing when none is kept yet.
Result<std::optional<VerifyState>> kept_in(const std::string& directory, const std::string& file) {
  if (inside(file, directory)) {
    return std::unexpected(
        Error{ErrorKind::kInvalid,
              fmt::format("{} est dans le journal lui-même ; garder l'état d'un contrôle ailleurs", file)});
  }
  const auto octets = read_whole_file(file);
  if (!octets) return std::unexpected(octets.error());
  if (!*octets || (*octets)->empty()) return std::nullopt;
  auto kept = decode_verify_state(**octets);
  if (kept) return kept;
  return std::unexpected(
      Error{ErrorKind::kUnreadable,
            fmt::format("{} n'est pas l'état d'un contrôle ; donner un autre fichier, ou le supprimer pour recommencer",
                        file)});
}

}  // namespace

Result<void> check_kept_in(const std::string& directory, const std::string& file) {
  if (const auto kept = kept_in(directory, file); !kept) return std::unexpected(kept.error());
  return check_writable(file);
}

Result<VerifyRun> verify_resumable(const std::string& directory, const std::string& file,
                                   const std::optional<MasterKey>& master_key, const std::function<bool()>& go_on,
                                   const Progress& progress, const VerifyPace& pace) {
  auto kept = kept_in(directory, file);
  if (!kept) return std::unexpected(std::move(kept.error()));
  auto journal = Opened::at(directory);
  if (!journal) return std::unexpected(std::move(journal.error()));
  const auto view = journal->store->view();
  const auto keyring = journal->keyring(*view, master_key);
  if (!keyring) return std::unexpected(keyring.error());
  if (auto ok = check_writable(file); !ok) return std::unexpected(std::move(ok.error()));

  VerifyRun run;
  VerifyState state;
  const VerifyState::Subject subject{.journal_id = journal->journal_id,
                                     .database = journal->store->name(),
                                     .format = journal->format,
                                     .opened = keyring->sealer() != nullptr};
  if (*kept) {
    if ((*kept)->subject.journal_id != subject.journal_id) {
      return std::unexpected(Error{ErrorKind::kInvalid,
                                   fmt::format("{} garde le contrôle d'un autre journal ({}) ; donner un autre fichier",
                                               file, (*kept)->subject.journal_id)});
    }
    run.begun_again = stale(**kept, subject, *view);
    if (run.begun_again.empty()) state = std::move(**kept);
  }
  state.subject = subject;
  run.resumed_at = state.next;

  Result<void> saved;
  Pauses pauses{.state = state,
                .go_on = [&] { return saved.has_value() && (!go_on || go_on()); },
                .save = [&] { saved = write_whole_file(file, encode_verify_state(state)); },
                .every = pace.save_every};
  auto report = verify(*journal->store, *view, *keyring, journal->format, progress, pauses);
  if (!saved) return std::unexpected(std::move(saved.error()));
  run.finished = report.has_value();
  run.checked = state.next;
  run.report = report ? std::move(*report) : state.report;
  if (!run.finished) return run;
  std::error_code failed;
  fs::remove(file, failed);
  return run;
}

}  // namespace assemblier::storage
