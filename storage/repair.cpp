#include "storage/repair.hpp"

#include "storage/descriptor.hpp"
#include "storage/journal_rocksdb.hpp"
#include "storage/mend.hpp"
#include "storage/opened.hpp"
#include "storage/reading.hpp"
#include "storage/reasons.hpp"
#include "storage/rocksdb_files.hpp"
#include "storage/tree.hpp"
#include "storage/unfinished.hpp"
#include "storage/verify.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <tuple>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <rocksdb/env.h>
#include <sys/stat.h>
#include <unistd.h>

namespace assemblier::storage {

namespace {

namespace fs = std::filesystem;

std::unexpected<Error> refused(const std::string& what) {
  return std::unexpected(
      Error{ErrorKind::kIo, fmt::format("{} : {} ; vérifier le disque, la place et les droits ; rien n'a été changé",
                                        what, reason_of(errno))});
}

// Names, sizes and times of what lies there: whoever writes changes one of them.
auto state_of(const fs::path& directory) {
  std::vector<std::tuple<std::string, std::uintmax_t, fs::file_time_type>> files;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename() == "LOCK") continue;
    files.emplace_back(at->path().filename().string(), at->file_size(error), at->last_write_time(error));
  }
  std::ranges::sort(files);
  return files;
}

Result<VerifyReport> verified(const Opened& journal, const RepairOptions& options, const Progress& progress) {
  const auto view = journal.store->view();
  const auto keyring = journal.keyring(*view, options.master_key);
  if (!keyring) return std::unexpected(keyring.error());
  return verify(*journal.store, *view, *keyring, journal.format, progress);
}

// A journal without a fault in itself may still be shorter than a head says, or another one.
Result<void> extends_head(const Opened& journal, const std::optional<KnownHead>& head) {
  if (!head) return {};
  const auto view = journal.store->view();
  const auto counters = read_counters(*view);
  if (!counters) return std::unexpected(counters.error());
  const auto lost = [](std::string what) {
    return std::unexpected(
        Error{ErrorKind::kDamaged,
              std::move(what) + " ; rien n'a été changé : repartir d'une sauvegarde (« journal restaurer »)"});
  };
  if (counters->events < head->size) {
    return lost(fmt::format("le journal s'arrête après {} événements, la tête signée en compte {} : la fin est perdue",
                            counters->events, head->size));
  }
  const bool kept = journal.format != kFormatWithoutTree;
  const auto root = Tree(*view, counters->events, kept).root_at(head->size);
  if (!root) return std::unexpected(root.error());
  if (*root == head->root) return {};
  return lost(fmt::format("ses {} premiers événements ne sont pas ceux que compte la tête signée", head->size));
}

// Rights and owner of what it replaces: the program that wrote there must be able to go on.
void take_over(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::permissions(to, fs::status(from, error).permissions(), error);
  struct stat owner{};
  if (::stat(from.c_str(), &owner) != 0) return;
  const auto give = [&owner](const fs::path& path) {
    return ::chown(path.c_str(), owner.st_uid, owner.st_gid) == 0;  // another's only where root repairs
  };
  static_cast<void>(give(to));
  for (fs::directory_iterator at(to, error), end; !error && at != end; at.increment(error))
    static_cast<void>(give(at->path()));
}

bool same_findings(const VerifyReport& a, const VerifyReport& b) {
  return a.more == b.more && std::ranges::equal(a.findings, b.findings, {}, &Finding::message, &Finding::message);
}

constexpr std::string_view kKept = ".avant-reparation-";

// A name beside the journal that nothing has yet.
fs::path kept_name(const fs::path& directory) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::string name = fmt::format("{}{}{:%Y-%m-%dT%H-%M-%S}Z", directory.string(), kKept, now);
  fs::path free = name;
  std::error_code error;
  for (int i = 2; fs::exists(free, error); ++i) free = fmt::format("{}-{}", name, i);
  return free;
}

// The repaired journal takes the dated name first, then both are exchanged: there is no moment without a journal.
Result<fs::path> take_place(Building& made, const fs::path& directory) {
  const fs::path kept = kept_name(directory);
  if (!made.rename(kept)) return refused(fmt::format("{} ne se renomme pas", made.path().string()));
  if (::renameat2(AT_FDCWD, kept.c_str(), AT_FDCWD, directory.c_str(), RENAME_EXCHANGE) == 0) {
    made.placed(directory);
    sync_directory(kept.parent_path());
    return kept;
  }
  if (errno == EINVAL || errno == ENOSYS) {
    return std::unexpected(
        Error{ErrorKind::kIo, fmt::format("le système de fichiers de {} ne sait pas échanger deux répertoires d'un "
                                          "coup ; réparer une copie du journal sur un autre disque",
                                          directory.string())});
  }
  return refused(fmt::format("{} ne se remplace pas", directory.string()));
}

// Thrown by the progress inside this file only.
struct Stopped {};

Result<Repair> repaired(const std::string& directory, const RepairOptions& options, const Progress& progress) {
  if (auto ok = check_present(directory); !ok) return std::unexpected(std::move(ok.error()));
  std::error_code error;
  const fs::path place = fs::canonical(directory, error);
  if (error) {
    errno = error.value();
    return refused(fmt::format("le répertoire {} ne se lit pas", directory));
  }
  // Seen before it is held: a view of a journal that somebody writes leaves out what only a writer may judge.
  const auto before = state_of(place);
  if (is_written(place.string())) return std::unexpected(held_by_another(directory));
  auto damaged = Opened::at(place.string());
  if (!damaged) return std::unexpected(std::move(damaged.error()));
  const auto hold = DirectoryHold::take(place.string());
  if (!hold) return std::unexpected(hold.error());
  const auto lock = WriterLock::take(place.string(), *rocksdb::Env::Default());
  if (!lock) return std::unexpected(lock.error());
  if (state_of(place) != before) return std::unexpected(held_by_another(directory));

  Repair done;
  auto found = verified(*damaged, options, progress);
  if (!found) return std::unexpected(std::move(found.error()));
  done.before = std::move(*found);
  done.events = done.before.events;
  done.after = done.before;
  if (done.before.findings.empty()) {
    if (auto ok = extends_head(*damaged, options.head); !ok) return std::unexpected(std::move(ok.error()));
    return done;
  }

  auto building = Building::begin(place);
  if (!building) return std::unexpected(std::move(building.error()));
  const std::string made = building->path().string();
  {
    auto store = create_rocksdb_store(made);
    if (!store) return std::unexpected(std::move(store.error()));
    auto mended = mend(*damaged->store->view(), **store, options.head, progress);
    if (!mended) return std::unexpected(std::move(mended.error()));
    done.events = mended->events;
    done.records = std::move(mended->records);
    done.lost = std::move(mended->lost);
  }
  {
    const auto opened = Opened::at(made);
    auto after = opened ? verified(*opened, options, progress) : std::unexpected(opened.error());
    if (!after) return std::unexpected(std::move(after.error()));
    done.after = std::move(*after);
  }
  if (same_findings(done.before, done.after)) {  // nothing that could be mended
    done.records.clear();
    return done;
  }
  take_over(place, building->path());
  auto kept = take_place(*building, place);
  if (!kept) return std::unexpected(std::move(kept.error()));
  done.kept = kept->string();
  return done;
}

}  // namespace

Result<Repair> repair(const std::string& directory, const RepairOptions& options, const Progress& progress) {
  try {
    auto done = repaired(directory, options, [&](std::uint64_t at, std::uint64_t total) {
      if (options.go_on && !options.go_on()) throw Stopped{};
      if (progress) progress(at, total);
    });
    constexpr std::string_view kUnchanged = "rien n'a été changé";
    if (!done && done.error().message.find(kUnchanged) == std::string::npos)
      done.error().message += fmt::format(" ; {}", kUnchanged);
    return done;
  } catch (const Stopped&) {
    Repair none;
    none.stopped = true;
    return none;
  }
}

std::vector<std::string> kept_by_repairs(const std::string& directory) {
  std::vector<std::string> kept;
  std::error_code error;
  const fs::path place = fs::canonical(directory, error);
  if (error) return kept;
  const std::string begin = place.string() + std::string(kKept);
  for (fs::directory_iterator at(place.parent_path(), error), end; !error && at != end; at.increment(error)) {
    std::error_code unread;
    if (at->path().string().starts_with(begin) && at->is_directory(unread)) kept.push_back(at->path().string());
  }
  std::ranges::sort(kept);
  return kept;
}

}  // namespace assemblier::storage
