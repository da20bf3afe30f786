#include "storage/rocksdb_files.hpp"

#include "storage/descriptor.hpp"
#include "storage/directory_view.hpp"
#include "storage/keys.hpp"
#include "storage/log_scan.hpp"
#include "storage/looked_up.hpp"
#include "storage/manifest_scan.hpp"
#include "storage/memtable.hpp"
#include "storage/reading.hpp"
#include "storage/reasons.hpp"
#include "storage/table_scan.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

namespace assemblier::storage {

namespace {

namespace fs = std::filesystem;

constexpr int kCacheShardBits = 2;       // a few large ones: small ones fill unevenly
constexpr double kCacheOfIndexes = 0.9;  // how much of the cache may be theirs
constexpr int kOpenTables = 400;         // a reader has two descriptors for each, a process 1024 of them as a rule

class NullLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

std::unexpected<Error> damaged(const std::string& directory, const std::string& what) {
  return std::unexpected(
      Error{ErrorKind::kDamaged, fmt::format("journal abîmé ({}) : {} ; {}", directory, what, kRestoreAdvice)});
}

struct FileList {
  std::vector<fs::path> logs;    // write-ahead logs, oldest first
  std::vector<fs::path> tables;  // by name
  bool current = false;
  bool manifest = false;
};

Result<FileList> list_files(const std::string& directory) {
  FileList list;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const fs::path path = at->path();
    const std::string name = path.filename().string();
    if (name == "CURRENT") list.current = true;
    if (name.starts_with("MANIFEST-")) list.manifest = true;
    if (path.extension() == ".log") list.logs.push_back(path);
    if (path.extension() == ".sst") list.tables.push_back(path);
  }
  if (error) {
    return std::unexpected(
        Error{ErrorKind::kIo, fmt::format("le répertoire {} ne se lit pas : {} ; vérifier les droits et le disque",
                                          directory, reason_of(error.value()))});
  }
  const auto number_first = [](const fs::path& a, const fs::path& b) {
    const std::string left = a.stem().string();
    const std::string right = b.stem().string();
    return left.size() != right.size() ? left.size() < right.size() : left < right;
  };
  std::sort(list.logs.begin(), list.logs.end(), number_first);
  std::sort(list.tables.begin(), list.tables.end(), number_first);
  return list;
}

Result<std::string> read_file(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_regular_file(path, error)) {
    return std::unexpected(Error{ErrorKind::kDamaged, fmt::format("journal abîmé : {} n'est pas un fichier ; {}",
                                                                  path.string(), kRestoreAdvice)});
  }
  std::ifstream in(path, std::ios::binary);
  std::string octets((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad()) {
    return std::unexpected(Error{
        ErrorKind::kIo, fmt::format("le fichier {} ne se lit pas ; vérifier les droits et le disque", path.string())});
  }
  return octets;
}

// The positions that the event records of one write-ahead record carry.
class PositionsOf final : public rocksdb::WriteBatch::Handler {
 public:
  rocksdb::Status PutCF(std::uint32_t /*family*/, const rocksdb::Slice& key, const rocksdb::Slice& /*value*/) override {
    if (const auto position = decode_event_key(key.ToStringView())) {
      first = std::min(first.value_or(*position), *position);
      last = std::max(last.value_or(*position), *position);
    }
    return rocksdb::Status::OK();
  }
  std::optional<Position> first;
  std::optional<Position> last;
};

PositionsOf positions_of(std::string_view record) {
  PositionsOf positions;
  const auto status = guarded([&] { return rocksdb::WriteBatch(std::string(record)).Iterate(&positions); });
  if (!status.ok()) return {};
  return positions;
}

// What can still be read of the tables, for a journal that does not open.
struct TablesSeen {
  std::vector<std::string> unreadable;
  std::vector<std::string> readable;  // "positions 0 à 39 (000012.sst)"
  std::optional<Position> last;
};

std::optional<Position> position_here(const rocksdb::Iterator& at) {
  return at.Valid() ? decode_event_key(at.key().ToStringView()) : std::nullopt;
}

TablesSeen look_at_tables(const FileList& files) {
  TablesSeen seen;
  rocksdb::ReadOptions in_order;
  in_order.total_order_seek = true;
  for (const fs::path& path : files.tables) {
    rocksdb::SstFileReader reader(make_options(nullptr));
    const auto status = check_table(reader, path.string());
    if (!status.ok()) {
      seen.unreadable.push_back(fmt::format("{} ({})", path.filename().string(), reason_in(status.ToString())));
      continue;
    }
    const std::unique_ptr<rocksdb::Iterator> at(reader.NewIterator(in_order));
    at->Seek(tag_begin(Tag::kEvent));
    const auto first = position_here(*at);
    at->SeekForPrev(tag_end(Tag::kEvent));
    const auto last = position_here(*at);
    if (!at->status().ok() || !first || !last) continue;
    seen.readable.push_back(fmt::format("{} à {} ({})", first->value, last->value, path.filename().string()));
    seen.last = std::max(seen.last.value_or(*last), *last);
  }
  return seen;
}

std::string describe(const TablesSeen& seen) {
  std::string text;
  if (!seen.unreadable.empty()) text += fmt::format(" ; fichiers illisibles : {}", fmt::join(seen.unreadable, ", "));
  text += seen.readable.empty()
              ? std::string(" ; aucune position ne se lit dans les fichiers .sst")
              : fmt::format(" ; positions qui se lisent encore : {}, les autres non", fmt::join(seen.readable, ", "));
  return text;
}

Result<void> check_manifest(const std::string& directory, const FileList& files) {
  auto current = read_file(fs::path(directory) / "CURRENT");
  if (!current) return std::unexpected(std::move(current.error()));
  std::string name = *current;
  if (!name.empty() && name.back() == '\n') name.pop_back();
  const bool well_formed = name.starts_with("MANIFEST-") && name.find('/') == std::string::npos;
  if (!well_formed || !fs::exists(fs::path(directory) / name)) {
    return damaged(directory, fmt::format("le fichier CURRENT ne nomme pas un fichier MANIFEST présent (octets {}){}",
                                          to_hex(name.substr(0, 40)), describe(look_at_tables(files))));
  }
  auto manifest = read_file(fs::path(directory) / name);
  if (!manifest) return std::unexpected(std::move(manifest.error()));
  const LogScan scan = scan_log(*manifest, [](std::string_view, bool) {});
  if (scan.state != LogState::kDamaged) return {};
  return damaged(directory, fmt::format("fichier {}, octet {} : {}{}", name, scan.offset, scan.why,
                                        describe(look_at_tables(files))));
}

std::uint64_t number_of(const fs::path& path) { return std::strtoull(path.stem().string().c_str(), nullptr, 10); }

// The last position that a log or a table holds; nothing for one without events, or that cannot be read.
std::optional<Position> last_position(const fs::path& path) {
  if (path.extension() == ".sst") {
    FileList one;
    one.tables.push_back(path);
    return look_at_tables(one).last;
  }
  std::optional<Position> last;
  const auto log = read_file(path);
  if (!log) return last;
  static_cast<void>(scan_log(*log, [&last](std::string_view record, bool beyond) {
    const PositionsOf positions = positions_of(record);
    if (!beyond && positions.last) last = std::max(last.value_or(*positions.last), *positions.last);
  }));
  return last;
}

// Tables and logs that the MANIFEST does not count are what a killed process leaves: all they hold is elsewhere too, in
// a log or in other tables. If one holds later positions than all that is counted, the MANIFEST has lost its end, and
// RocksDB would delete the file.
Result<void> check_left_over(const std::string& directory, const FileList& files) {
  const auto current = read_file(fs::path(directory) / "CURRENT");
  const auto octets = current ? read_file(fs::path(directory) / current->substr(0, current->find('\n'))) : current;
  const auto content = octets ? read_manifest(*octets) : std::nullopt;
  if (!content) return {};  // another version of RocksDB may have written there
  std::vector<fs::path> counted;
  std::vector<fs::path> left_over;
  for (const fs::path& path : files.tables)
    (content->tables.contains(number_of(path)) ? counted : left_over).push_back(path);
  for (const fs::path& path : files.logs) (number_of(path) >= content->first_log ? counted : left_over).push_back(path);
  std::optional<Position> last;  // of those counted, looked at from the newest on, as far as is needed
  for (const fs::path& path : left_over) {
    const auto here = last_position(path);
    while (here && (!last || *last < *here) && !counted.empty()) {
      const auto there = last_position(counted.back());
      if (there) last = std::max(last.value_or(*there), *there);
      counted.pop_back();
    }
    if (!here || (last && *here <= *last)) continue;
    return damaged(
        directory,
        fmt::format("le fichier {} porte des événements jusqu'à la position {}, et le fichier {} ne le compte "
                    "pas : il a perdu sa fin, ou un fichier a pris la place d'un autre ; rien n'a été effacé",
                    path.filename().string(), here->value, current->substr(0, current->find('\n'))));
  }
  return {};
}

// The lock is a file without content; octets there come from somewhere else.
Result<void> check_lock_file(const std::string& directory) {
  std::error_code error;
  const auto size = fs::file_size(fs::path(directory) / "LOCK", error);
  if (error || size == 0) return {};
  return damaged(directory, fmt::format("le fichier LOCK a {} octets, il doit être vide : un fichier a pris la place "
                                        "d'un autre",
                                        size));
}

// Whether the last write-ahead log that holds anything is torn.
Result<bool> check_logs(const std::string& directory, const FileList& files) {
  bool torn = false;
  std::optional<Position> before;
  std::optional<Position> after;
  std::string damage;
  for (const fs::path& path : files.logs) {
    auto log = read_file(path);
    if (!log) return std::unexpected(std::move(log.error()));
    if (log->empty()) continue;
    const LogScan scan = scan_log(*log, [&](std::string_view record, bool beyond) {
      const PositionsOf positions = positions_of(record);
      if (!positions.first) return;
      if (beyond || !damage.empty()) {
        after = std::min(after.value_or(*positions.first), *positions.first);
      } else {
        before = std::max(before.value_or(*positions.last), *positions.last);
      }
    });
    torn = scan.state == LogState::kTorn;
    if (scan.state == LogState::kDamaged && damage.empty()) {
      damage = fmt::format("fichier {}, octet {} : {}", path.filename().string(), scan.offset, scan.why);
    }
  }
  if (damage.empty()) return torn;
  const TablesSeen tables = look_at_tables(files);
  if (tables.last) before = std::max(before.value_or(*tables.last), *tables.last);
  const std::uint64_t first = before ? before->value + 1 : 0;
  const std::string lost = after && after->value > first
                               ? say_of_range(first, after->value - 1, "ne se lit plus", "ne se lisent plus")
                               : fmt::format("les positions ne se lisent plus à partir de la {}", first);
  return damaged(directory, fmt::format("{} ; {}", damage, lost));
}

// What the logs hold after a killed process or a failed sync may be in the system's memory alone, and a sync asked for
// now may not write it. Recovery would put it into tables; should the power then go before the MANIFEST counts them,
// those tables would be all there is of it, as when a MANIFEST has lost its end. So the logs are first written again.
Result<void> make_durable(const std::string& directory, const FileList& files, rocksdb::Env& env) {
  bool any = false;
  for (const fs::path& path : files.logs) {
    auto log = read_file(path);
    if (!log) return std::unexpected(std::move(log.error()));
    if (log->empty()) continue;
    any = true;
    const std::string copy = fs::path(path).replace_extension(".dbtmp").string();  // RocksDB removes those left over
    auto status = guarded([&] { return rocksdb::WriteStringToFile(&env, *log, copy, true); });
    if (status.ok()) status = env.RenameFile(copy, path.string());
    if (!status.ok()) return std::unexpected(to_error(status, directory));
  }
  if (!any) return {};
  std::unique_ptr<rocksdb::Directory> names;
  auto status = env.NewDirectory(directory, &names);
  if (status.ok()) status = names->Fsync();
  if (!status.ok()) return std::unexpected(to_error(status, directory));
  return {};
}

std::mutex writers_mutex;  // guards the names below
std::set<std::string>& writers() {
  static std::set<std::string> names;
  return names;
}

std::string name_of(const std::string& directory) {
  std::error_code error;
  const fs::path canonical = fs::canonical(directory, error);
  return error ? directory : canonical.string();
}

}  // namespace

Error held_by_another(const std::string& directory) {
  return {ErrorKind::kLocked,
          fmt::format("le journal {} est déjà tenu par un autre programme (ou une autre partie de celui-ci) ; attendre "
                      "qu'il ait fini ou l'arrêter, ou travailler sur une sauvegarde",
                      directory)};
}

Error to_error(const rocksdb::Status& status, const std::string& what) {
  const std::string text = in_place(status.ToString(), what);
  if (text.find("lock file") != std::string::npos || text.find("lock hold by") != std::string::npos) {
    return held_by_another(what);
  }
  const std::string detail = reason_in(text);
  const bool vanished = status.IsPathNotFound() || status.IsNotFound();
  if (status.IsNoSpace())
    return {ErrorKind::kIo, fmt::format("{} : le disque est plein ({}) ; libérer de la place", what, detail)};
  if (status.IsIOError() && !vanished) {
    return {ErrorKind::kIo,
            fmt::format("{} : le système refuse une lecture ou une écriture ({}) ; vérifier le disque et les droits",
                        what, detail)};
  }
  if (status.IsCorruption() || status.IsNotSupported() || status.IsInvalidArgument() || vanished) {
    return {ErrorKind::kDamaged, fmt::format("{} : {}, octets illisibles ou fichier absent ({}) ; {}", what,
                                             "journal abîmé", detail, kRestoreAdvice)};
  }
  return {ErrorKind::kIo, fmt::format("{} : échec ({}) ; rouvrir le journal", what, detail)};
}

rocksdb::Options make_options(rocksdb::Env* env) {
  rocksdb::Options options;
  if (env != nullptr) options.env = env;
  options.info_log = std::make_shared<NullLogger>();  // else a LOG file is begun even by a reader
  options.max_bgerror_resume_count = 0;               // after a failure nothing resumes by itself
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.write_buffer_size = 32U << 20U;  // bounds the log that an opening has to read again
  options.max_open_files = -1;             // all tables at once: one opened later reads its whole index and filter
  options.max_file_opening_threads = 1;
  options.skip_stats_update_on_db_open = true;
  options.max_manifest_file_size = 4U << 20U;
  options.bytes_per_sync = 1U << 20U;
  options.allow_concurrent_memtable_write = false;
  options.memtable_factory = make_memtable_factory();
  options.prefix_extractor = make_looked_up();
  // A filter that stays in the processor's cache: in one of five times the size, to mark a record cost as much as to
  // insert it.
  options.memtable_prefix_bloom_size_ratio = 0.01;
  const auto compressions = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::find(compressions.begin(), compressions.end(), rocksdb::kLZ4Compression) != compressions.end();
  options.compression = lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = 16U << 10U;
  table.checksum = rocksdb::kxxHash64;  // fast, and short enough to be checked here too: see table_scan.hpp
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = false;  // see make_looked_up
  // Indexes and filters grow with the journal: of each table only the top is kept, and the pieces asked for go into the
  // cache, where blocks of records do not drive them out.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.metadata_cache_options.partition_pinning = rocksdb::PinningTier::kFlushedAndSimilar;
  table.block_cache = rocksdb::NewLRUCache(32U << 20U, kCacheShardBits, false, kCacheOfIndexes);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

Result<WriterLock> WriterLock::take(const std::string& directory, rocksdb::Env& env) {
  rocksdb::FileLock* file = nullptr;
  const auto status = guarded([&] { return env.LockFile(directory + "/LOCK", &file); });
  if (!status.ok()) return std::unexpected(to_error(status, directory));
  return WriterLock(env, file);
}

WriterLock::~WriterLock() {
  if (file_ != nullptr) static_cast<void>(env_->UnlockFile(file_));
}

Result<DirectoryHold> DirectoryHold::take(const std::string& directory) {
  DirectoryHold hold;
  const std::string name = name_of(directory);
  const std::lock_guard lock(writers_mutex);
  if (!writers().insert(name).second) return std::unexpected(held_by_another(directory));
  hold.writer_ = name;
  return hold;
}

DirectoryHold::DirectoryHold(DirectoryHold&& other) noexcept : writer_(std::exchange(other.writer_, {})) {}

DirectoryHold::~DirectoryHold() {
  const std::lock_guard lock(writers_mutex);
  if (!writer_.empty()) writers().erase(writer_);
}

bool is_written(const std::string& directory) {
  const std::string name = name_of(directory);
  const std::lock_guard lock(writers_mutex);
  // To close any descriptor of LOCK would drop the lock this process holds as a writer: so look at the names first.
  if (writers().contains(name)) return true;
  const Descriptor file(fs::path(name) / "LOCK", O_RDONLY);
  if (file.get() < 0) return false;  // a copy without LOCK: nobody writes there
  struct flock region{};
  region.l_type = F_RDLCK;
  region.l_whence = SEEK_SET;
  return ::fcntl(file.get(), F_OFD_GETLK, &region) == 0 && region.l_type != F_UNLCK;
}

Result<void> check_present(const std::string& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return std::unexpected(
        Error{ErrorKind::kAbsent,
              fmt::format("pas de journal dans {} : ce répertoire n'existe pas ; le créer par « journal creer »",
                          directory)});
  }
  auto files = list_files(directory);
  if (!files) return std::unexpected(std::move(files.error()));
  if (files->current) return {};
  if (files->manifest || !files->logs.empty() || !files->tables.empty()) {
    return damaged(directory, "le fichier CURRENT manque" + describe(look_at_tables(*files)));
  }
  return std::unexpected(Error{
      ErrorKind::kAbsent,
      fmt::format("pas de journal dans {} : aucun fichier de journal ; le créer par « journal creer »", directory)});
}

rocksdb::Status check_table(rocksdb::SstFileReader& reader, const std::string& path) {
  if (const auto why = table_damage(path)) return rocksdb::Status::Corruption(*why, path);
  return guarded([&] {
    auto opened = reader.Open(path);
    return opened.ok() ? reader.VerifyChecksum() : opened;
  });
}

Result<std::unique_ptr<rocksdb::DB>> open_database(const std::string& directory, bool read_only,
                                                   rocksdb::Options options) {
  if (auto ok = check_lock_file(directory); !ok) return std::unexpected(std::move(ok.error()));
  // Before anything is looked at that a writer changes, and above all before its logs are written again. Where there is
  // no LOCK nobody writes, and a journal that is refused for its damage is left as it is.
  std::optional<WriterLock> lock;
  const auto take_lock = [&]() -> Result<void> {
    auto taken = WriterLock::take(directory, *options.env);
    if (!taken) return std::unexpected(std::move(taken.error()));
    lock.emplace(std::move(*taken));
    return {};
  };
  std::error_code ignored;
  if (!read_only && fs::exists(fs::path(directory) / "LOCK", ignored)) {
    if (auto ok = take_lock(); !ok) return std::unexpected(std::move(ok.error()));
  }
  auto files = list_files(directory);
  if (!files) return std::unexpected(std::move(files.error()));
  if (auto ok = check_manifest(directory, *files); !ok) return std::unexpected(std::move(ok.error()));
  for (const fs::path& path : files->tables) {
    if (const auto why = table_damage(path.string())) {
      return damaged(directory, fmt::format("fichier {} : {}{}", path.filename().string(), *why,
                                            describe(look_at_tables(*files))));
    }
  }
  auto torn = check_logs(directory, *files);
  if (!torn) return std::unexpected(std::move(torn.error()));
  if (auto ok = check_left_over(directory, *files); !ok) return std::unexpected(std::move(ok.error()));
  if (!read_only) {
    if (!lock) {
      if (auto ok = take_lock(); !ok) return std::unexpected(std::move(ok.error()));
    }
    if (auto ok = make_durable(directory, *files, *options.env); !ok) return std::unexpected(std::move(ok.error()));
  }
  lock.reset();  // RocksDB takes it itself; whoever comes in between has it done all this again

  rocksdb::DB* database = nullptr;
  const auto open = [&] {
    return guarded([&] {
      return read_only ? rocksdb::DB::OpenForReadOnly(options, directory, &database)
                       : rocksdb::DB::Open(options, directory, &database);
    });
  };
  if (read_only) options.memtable_prefix_bloom_size_ratio = 0;  // room that only a writer earns back
  if (files->tables.size() > kOpenTables) options.max_open_files = kOpenTables;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  rocksdb::Status status = open();
  if (status.IsCorruption() && *torn) {
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    status = open();
  }
  if (status.ok()) return std::unique_ptr<rocksdb::DB>(database);
  Error error = to_error(status, directory);
  if (error.kind == ErrorKind::kDamaged) error.message += describe(look_at_tables(*files));
  return std::unexpected(std::move(error));
}

}  // namespace assemblier::storage
