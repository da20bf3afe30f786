#include "storage/copies.hpp"

#include "storage/descriptor.hpp"
#include "storage/directory_view.hpp"
#include "storage/journal_rocksdb.hpp"
#include "storage/reading.hpp"
#include "storage/reasons.hpp"
#include "storage/rebuild.hpp"
#include "storage/rocksdb_files.hpp"
#include "storage/sealing.hpp"
#include "storage/tree.hpp"
#include "storage/verify.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace assemblier::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = std::size_t{1} << 20U;
constexpr const char* kUnderWay = ".en-cours";  // a generation not yet complete

std::unexpected<Error> error(ErrorKind kind, std::string message) {
  return std::unexpected(Error{kind, std::move(message)});
}

std::unexpected<Error> refused(const std::string& what) {
  return error(ErrorKind::kIo,
               fmt::format("{} : {} ; vérifier le disque, la place et les droits", what, reason_of(errno)));
}

// Gives each piece of the file; false when it cannot be read, or `take` says so.
bool read_pieces(const fs::path& from, const std::function<bool(std::string_view)>& take) {
  const Descriptor file(from, O_RDONLY);
  Bytes piece(kPiece, '\0');
  while (true) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0) return false;
    if (got == 0) return true;
    if (!take(std::string_view(piece).substr(0, static_cast<std::size_t>(got)))) return false;
  }
}

Result<std::uint64_t> copy_of(const fs::path& from, const fs::path& to) {
  const Descriptor file(to, O_WRONLY | O_CREAT | O_EXCL);
  std::uint64_t octets = 0;
  const bool copied = file.get() >= 0 && read_pieces(from, [&](std::string_view piece) {
                        octets += piece.size();
                        while (!piece.empty()) {
                          const ssize_t written = ::write(file.get(), piece.data(), piece.size());
                          if (written < 0) return false;
                          piece.remove_prefix(static_cast<std::size_t>(written));
                        }
                        return true;
                      });
  if (!copied || ::fsync(file.get()) != 0) return refused(fmt::format("{} n'est pas copié", to.string()));
  return octets;
}

bool same_content(const fs::path& a, const fs::path& b) {
  std::error_code failed;
  if (fs::file_size(a, failed) != fs::file_size(b, failed) || failed) return false;
  const Descriptor other(b, O_RDONLY);
  Bytes piece(kPiece, '\0');
  return read_pieces(a, [&](std::string_view here) {
    std::size_t read = 0;
    while (read < here.size()) {
      const ssize_t got = ::read(other.get(), piece.data() + read, here.size() - read);
      if (got <= 0) return false;
      read += static_cast<std::size_t>(got);
    }
    return here == std::string_view(piece).substr(0, here.size());
  });
}

// The files of a journal, of one moment, into an empty directory; tables that `before` has are linked to it.
Result<void> copy_files(const DirectoryView& view, const fs::path& to, const fs::path& before, Backup& made) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(view.path(), failed)) {
    const std::string name = entry.path().filename().string();
    const bool table = name.ends_with(".sst");
    if (!table && !name.ends_with(".log") && !name.starts_with("MANIFEST-") && name != "CURRENT" && name != "IDENTITY")
      continue;
    if (!fs::is_regular_file(entry.path(), failed)) continue;
    if (const fs::path known = before / name; table && !before.empty() && fs::exists(known, failed)) {
      if (!same_content(entry.path(), known)) {
        made.damaged.push_back(fmt::format("{} n'est plus la table qui y a été copiée", known.string()));
      } else if (::link(known.c_str(), (to / name).c_str()) == 0) {
        ++made.files_linked;
        continue;
      }
    }
    auto octets = copy_of(entry.path(), to / name);
    if (!octets) return std::unexpected(std::move(octets.error()));
    ++made.files_copied;
    made.octets_copied += *octets;
  }
  if (failed || !sync_directory(to)) return refused(fmt::format("{} n'est pas écrit", to.string()));
  return {};
}

JournalOptions to_read() { return {.limits = {}, .clock = {}, .read_only = true}; }

// What a journal that was just copied holds, once every octet of it is checked.
Result<JournalInfo> verified(const fs::path& copy, const std::string& source, const Progress& progress) {
  auto journal = open_rocksdb(copy.string(), to_read());
  if (!journal) return std::unexpected(std::move(journal.error()));
  auto report = (*journal)->verify(progress);
  if (!report) return std::unexpected(std::move(report.error()));
  if (!report->findings.empty()) {
    return error(ErrorKind::kDamaged,
                 fmt::format("{} est abîmé, rien n'en est gardé ici : {} ; « journal verifier » donne "
                             "la liste complète",
                             source, report->findings.front().message));
  }
  return (*journal)->info();
}

bool is_generation(const std::string& name) {
  return name.size() == 6 && name.find_first_not_of("0123456789") == std::string::npos;
}

// By name, the oldest first.
std::vector<fs::path> generations_of(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed))
    if (is_generation(at->path().filename().string())) found.push_back(at->path());
  std::ranges::sort(found);
  return found;
}

// The last generation that can be read, if any; the others are named.
Result<fs::path> generation_before(const std::string& directory, const std::vector<fs::path>& generations,
                                   Backup& made) {
  if (generations.empty()) return fs::path();
  const fs::path& last = generations.back();
  const auto unreadable = [&](const Error& why) {
    made.damaged.push_back(fmt::format("{} ne se lit plus : {}", last.string(), why.message));
    return fs::path();
  };
  auto kept = open_rocksdb(last.string(), to_read());
  if (!kept) return unreadable(kept.error());
  auto journal = open_rocksdb(directory, to_read());
  if (!journal) return std::unexpected(std::move(journal.error()));
  const auto here = (*journal)->info();
  const auto there = (*kept)->info();
  if (!here) return std::unexpected(here.error());
  if (!there) return unreadable(there.error());
  if (here->journal_id != there->journal_id) {
    return error(ErrorKind::kInvalid,
                 fmt::format("{} garde le journal {}, celui-ci est le {} ; donner un autre répertoire",
                             last.parent_path().string(), there->journal_id, here->journal_id));
  }
  const std::uint64_t size = there->next.value;
  const auto root = [size](Journal& of) -> Result<Hash> {
    auto head = of.tree_head(size);
    if (!head) return std::unexpected(std::move(head.error()));
    return head->root;
  };
  if (here->next.value >= size) {
    const auto now = root(**journal);
    if (!now) return std::unexpected(now.error());
    const auto then = root(**kept);
    if (!then) return unreadable(then.error());
    if (*now == *then) return last;
  }
  return error(
      ErrorKind::kDamaged,
      fmt::format("ce journal ne prolonge pas la sauvegarde {} ({} événements) : il a été récrit, raccourci ou "
                  "restauré ; le vérifier contre une tête signée, et sauvegarder dans un autre répertoire",
                  last.string(), size));
}

Result<fs::path> journal_in(const std::string& source) {
  std::error_code failed;
  if (fs::exists(fs::path(source) / "CURRENT", failed)) return fs::path(source);
  const auto generations = generations_of(source);
  if (!generations.empty()) return generations.back();
  return error(ErrorKind::kAbsent,
               fmt::format("{} n'est ni un journal ni un répertoire de sauvegardes ; donner l'un ou l'autre", source));
}

// The outcomes that a journal of `size` events has: those whose events are all there. An append cut in two is refused.
Result<void> copy_outcomes(View& view, std::uint64_t size, Rebuild& rebuild) {
  const auto cursor = view.scan(tag_begin(Tag::kOutcome), tag_end(Tag::kOutcome));
  for (; cursor->valid(); cursor->next()) {
    const auto id = decode_outcome_key(cursor->key());
    const auto outcome = id ? decode_outcome(*id, cursor->value()) : std::nullopt;
    if (!outcome) return error(ErrorKind::kDamaged, "une réponse d'acte est illisible ; lancer « journal verifier »");
    const std::uint64_t first = outcome->first.value;
    const std::uint64_t end = first + outcome->count;
    if (outcome->count > 0 && first < size && end > size) {
      const std::string before = first == 0 ? std::string() : fmt::format("la {} ou ", first - 1);
      return error(ErrorKind::kInvalid, fmt::format("la position {} est au milieu de l'acte « {} » ; donner {}la {}",
                                                    size - 1, *id, before, end - 1));
    }
    if (end > size) continue;
    if (auto ok = rebuild.add(*outcome); !ok) return ok;
  }
  return cursor->status();
}

// What lies beside the events of a journal that seals: keys and values of those whom it still knows.
class Beside {
 public:
  Beside(View& from, Store& to) : from_(from), to_(to) {}

  // The keys of the journal itself.
  Result<void> begin() {
    for (const Bytes& key : {fingerprint_key_key(), sealing_key()}) {
      if (auto ok = copy(key); !ok) return ok;
    }
    return {};
  }
  // Whoever is erased stays erased, also in a journal that ends before the event that says so.
  Result<void> value(const Seal& seal, std::uint64_t size) {
    auto owner = from_.get(owner_key(seal.person));
    if (!owner) return std::unexpected(std::move(owner.error()));
    const auto erased = *owner ? decode_position(**owner) : std::nullopt;
    if (!*owner || (erased && erased->value >= size)) {
      to_.put(owner_key(seal.person), {});
      return {};
    }
    to_.put(owner_key(seal.person), **owner);
    if (erased || (*owner)->empty()) return {};
    known_.insert(seal.person);
    return copy(seal_key(seal));
  }
  Result<void> finish() {
    const auto names = from_.scan(tag_begin(Tag::kPerson), tag_end(Tag::kPerson));
    for (; names->valid(); names->next()) {
      const auto person = decode_person(names->value());
      if (person && known_.contains(*person)) to_.put(names->key(), names->value());
    }
    return names->status();
  }

 private:
  Result<void> copy(const Bytes& key) {
    auto value = from_.get(key);
    if (!value) return std::unexpected(std::move(value.error()));
    if (*value) to_.put(key, **value);
    return {};
  }

  View& from_;
  Store& to_;
  std::set<PersonId> known_;
};

// The events up to `size`, their outcomes, under the same identity; checked like any journal.
Result<void> rebuild_until(const std::string& source, std::uint64_t size, const Progress& progress, Store& store) {
  auto from = open_rocksdb_store(source, true, nullptr);
  if (!from) return std::unexpected(std::move(from.error()));
  const auto view = (*from)->view();
  auto id = view->get(journal_id_key());
  auto counters = read_counters(*view);
  auto format = view->get(format_key());
  if (!id || !counters || !format)
    return std::unexpected(!id ? id.error() : !counters ? counters.error() : format.error());
  if (!*id) return error(ErrorKind::kDamaged, fmt::format("{} : l'identité du journal manque", source));
  if (size > counters->events) {
    return error(ErrorKind::kInvalid,
                 fmt::format("{} a {} événement{}, positions à partir de 0 ; la position {} n'y est pas", source,
                             counters->events, counters->events > 1 ? "s" : "", size - 1));
  }
  if (auto ok = initialise(store, **id); !ok) return ok;
  Beside beside(*view, store);
  Rebuild rebuild(store, [&](const Seal& seal) { return beside.value(seal, size); });
  if (auto ok = beside.begin(); !ok) return ok;
  if (auto ok = rebuild.begin(); !ok) return ok;
  Result<void> added;
  auto read = read_all(*view, {}, [&](const StoredEvent& event) {
    if (rebuild.size() == size) return false;
    added = rebuild.add(event.stored);
    if (progress && rebuild.size() % 1024 == 0) progress(rebuild.size(), size);
    return added.has_value();
  });
  if (!read) return read;
  if (!added) return added;
  if (auto ok = copy_outcomes(*view, size, rebuild); !ok) return ok;
  if (auto ok = beside.finish(); !ok) return ok;
  if (auto ok = rebuild.commit(); !ok) return ok;
  const bool kept = *format && decode_format(**format) != kFormatWithoutTree;
  const auto root = Tree(*view, counters->events, kept).root_at(size);
  if (!root) return std::unexpected(root.error());
  if (*root != rebuild.root())
    return error(ErrorKind::kDamaged, fmt::format("{} : son arbre n'est pas celui de ses événements", source));
  const auto restored = store.view();
  const auto keyring = Keyring::open(*restored, {}, **id);
  if (!keyring) return std::unexpected(keyring.error());
  const auto report = verify(store, *restored, *keyring, kFormat, progress);
  if (!report.findings.empty()) return error(ErrorKind::kDamaged, report.findings.front().message);
  return {};
}

class StoredImport final : public Import {
 public:
  explicit StoredImport(std::unique_ptr<Store> store)
      : store_(std::move(store)), rebuild_(*store_, [this](const Seal& seal) -> Result<void> {
          store_->put(owner_key(seal.person), {});
          return {};
        }) {}
  Result<void> begin() { return rebuild_.begin(); }
  Result<void> event(std::string_view stored) override { return rebuild_.add(stored); }
  void erased(const PersonId& person) override {
    store_->put(owner_key(person), encode_position(rebuild_.last().header.position));
  }
  Result<void> outcome(const StoredOutcome& outcome) override { return rebuild_.add(outcome); }
  Result<void> keep() override { return rebuild_.commit(); }
  Result<TreeHead> finish() override {
    if (auto ok = rebuild_.commit(); !ok) return std::unexpected(std::move(ok.error()));
    auto flux = flux_root_at(*store_->view(), rebuild_.size());
    if (!flux) return std::unexpected(std::move(flux.error()));
    return TreeHead{.size = rebuild_.size(), .root = rebuild_.root(), .flux = *flux};
  }

 private:
  std::unique_ptr<Store> store_;
  Rebuild rebuild_;
};

// A generation under way: what is not finished goes again.
class UnderWay {
 public:
  explicit UnderWay(fs::path path) : path_(std::move(path)) {
    clear();  // what a killed backup left
    std::error_code failed;
    fs::create_directory(path_, failed);
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() { clear(); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  void clear() const {
    std::error_code failed;
    fs::remove_all(path_, failed);
  }
  fs::path path_;
};

}  // namespace

Result<Backup> back_up(const std::string& directory, const std::string& destination, const Progress& progress) {
  if (auto ok = check_present(directory); !ok) return std::unexpected(std::move(ok.error()));
  std::error_code failed;
  fs::create_directories(destination, failed);
  const Descriptor hold(destination, O_RDONLY | O_DIRECTORY);
  if (hold.get() < 0) return refused(fmt::format("le répertoire de sauvegardes {} ne s'ouvre pas", destination));
  if (::flock(hold.get(), LOCK_EX | LOCK_NB) != 0)
    return error(ErrorKind::kLocked,
                 fmt::format("une autre sauvegarde est en cours dans {} ; attendre sa fin", destination));
  Backup made;
  const auto generations = generations_of(destination);
  auto before = generation_before(directory, generations, made);
  if (!before) return std::unexpected(std::move(before.error()));

  const UnderWay under_way(fs::path(destination) / kUnderWay);
  const fs::path& building = under_way.path();
  auto view = DirectoryView::take(directory);
  if (!view) return std::unexpected(std::move(view.error()));
  if (auto ok = copy_files(*view, building, *before, made); !ok) return std::unexpected(std::move(ok.error()));
  auto info = verified(building, directory, progress);
  if (!info) return std::unexpected(std::move(info.error()));
  const std::uint64_t number = generations.empty() ? 1 : std::stoull(generations.back().filename().string()) + 1;
  const fs::path place = fs::path(destination) / fmt::format("{:06}", number);
  fs::rename(building, place, failed);
  if (failed || !sync_directory(destination))
    return refused(fmt::format("la sauvegarde {} n'est pas faite", place.string()));
  made.path = place.string();
  made.events = info->next.value;
  return made;
}

Result<JournalInfo> restore(const std::string& source, const std::string& destination, std::optional<Position> until,
                            const Progress& progress) {
  const auto from = journal_in(source);
  if (!from) return std::unexpected(from.error());
  Result<void> done;
  if (until) {
    done = make_rocksdb(destination, [&](const std::string& building) -> Result<void> {
      auto store = create_rocksdb_store(building);
      if (!store) return std::unexpected(std::move(store.error()));
      return rebuild_until(from->string(), until->value + 1, progress, **store);
    });
  } else {
    done = make_rocksdb(destination, [&](const std::string& building) -> Result<void> {
      auto view = DirectoryView::take(from->string());
      if (!view) return std::unexpected(std::move(view.error()));
      Backup made;
      if (auto ok = copy_files(*view, building, {}, made); !ok) return ok;
      auto info = verified(building, from->string(), progress);
      return info ? Result<void>() : std::unexpected(std::move(info.error()));
    });
  }
  if (!done) return std::unexpected(std::move(done.error()));
  auto journal = open_rocksdb(destination, to_read());
  if (!journal) return std::unexpected(std::move(journal.error()));
  return (*journal)->info();
}

Result<void> list_outcomes(const std::string& directory, const std::function<bool(const StoredOutcome&)>& visit) {
  auto store = open_rocksdb_store(directory, true, nullptr);
  if (!store) return std::unexpected(std::move(store.error()));
  const auto view = (*store)->view();
  const auto cursor = view->scan(tag_begin(Tag::kOutcome), tag_end(Tag::kOutcome));
  for (; cursor->valid(); cursor->next()) {
    const auto id = decode_outcome_key(cursor->key());
    const auto outcome = id ? decode_outcome(*id, cursor->value()) : std::nullopt;
    if (!outcome) return error(ErrorKind::kDamaged, "une réponse d'acte est illisible ; lancer « journal verifier »");
    if (!visit(*outcome)) return {};
  }
  return cursor->status();
}

Result<std::unique_ptr<Import>> Import::begin(const std::string& directory, const std::string& journal_id) {
  std::error_code failed;
  if (!fs::exists(fs::path(directory) / "CURRENT", failed)) {
    auto made = make_rocksdb(directory, [&](const std::string& building) -> Result<void> {
      auto store = create_rocksdb_store(building);
      return store ? initialise(**store, journal_id) : std::unexpected(std::move(store.error()));
    });
    if (!made) return std::unexpected(std::move(made.error()));
  }
  auto store = open_rocksdb_store(directory, false, nullptr);
  if (!store) return std::unexpected(std::move(store.error()));
  auto id = (*store)->get(journal_id_key());
  auto format = (*store)->get(format_key());
  if (!id || !format) return std::unexpected(!id ? id.error() : format.error());
  if (*id != journal_id) {
    return error(ErrorKind::kInvalid,
                 fmt::format("{} tient le journal {}, l'export est celui du {} ; donner un autre répertoire", directory,
                             id->value_or("?"), journal_id));
  }
  if (!*format || decode_format(**format) != kFormat) {
    return error(ErrorKind::kInvalid,
                 fmt::format("{} est d'un autre format ; importer dans un nouveau journal", directory));
  }
  auto import = std::make_unique<StoredImport>(std::move(*store));
  if (auto ok = import->begin(); !ok) return std::unexpected(std::move(ok.error()));
  return import;
}

}  // namespace assemblier::storage
