#include "storage/journal_rocksdb.hpp"

#include "storage/descriptor.hpp"
#include "storage/directory_view.hpp"
#include "storage/keys.hpp"
#include "storage/reasons.hpp"
#include "storage/rocksdb_files.hpp"
#include "storage/table_walk.hpp"
#include "storage/unfinished.hpp"
#include "storage/whole_file.hpp"

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <limits>

#include <fmt/format.h>
#include <rocksdb/listener.h>
#include <rocksdb/sst_file_reader.h>
#include <unistd.h>

namespace assemblier::storage {

namespace {

namespace fs = std::filesystem;

std::string_view view_of(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// Raises a flag, nothing more: what to do about it is the writer's decision.
class ErrorFlag final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status* /*status*/) override {
    raised = true;
  }
  // After "no space" RocksDB would resume of itself, whatever max_bgerror_resume_count says; and a close that meets
  // that attempt may wait for it for ever.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*status*/,
                            bool* resume) override {
    *resume = false;
  }
  std::atomic<bool> raised = false;
};

// A long walk asks the system for this much at once: it then takes twice as many records in the same time.
constexpr std::size_t kReadAhead = 256U << 10U;

class RocksCursor final : public Cursor {
 public:
  RocksCursor(rocksdb::DB& database, const rocksdb::Snapshot* snapshot, std::string_view begin, std::string_view end,
              const std::string& directory, bool far = false)
      : database_(database), begin_(begin), end_(end), lower_(begin_), upper_(end_), directory_(directory) {
    options_.snapshot = snapshot;
    options_.total_order_seek = true;
    options_.fill_cache = !far;
    if (far) options_.readahead_size = kReadAhead;
    options_.iterate_lower_bound = &lower_;
    if (!end_.empty()) options_.iterate_upper_bound = &upper_;
    seek(begin);
  }

  void seek(std::string_view key) override {
    // An iterator that has met a damaged block may meet it again where it would otherwise not: begin a new one.
    if (!status_.ok()) iterator_.reset();
    status_ = guarded([&] {
      if (!iterator_) iterator_.reset(database_.NewIterator(options_));
      iterator_->Seek(std::max<std::string_view>(key, begin_));
      return iterator_->status();
    });
  }
  void next() override {
    status_ = guarded([&] {
      iterator_->Next();
      return iterator_->Valid() ? rocksdb::Status::OK() : iterator_->status();
    });
  }
  bool valid() const override { return iterator_ && status_.ok() && iterator_->Valid(); }
  std::string_view key() const override { return view_of(iterator_->key()); }
  std::string_view value() const override { return view_of(iterator_->value()); }
  Result<void> status() const override {
    if (!status_.ok()) return std::unexpected(to_error(status_, directory_));
    return {};
  }

 private:
  rocksdb::DB& database_;
  rocksdb::ReadOptions options_;
  const Bytes begin_;
  const Bytes end_;
  const rocksdb::Slice lower_;
  const rocksdb::Slice upper_;
  const std::string& directory_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
  rocksdb::Status status_;
};

/// A long walk through the events: from their tables, once it is known to be long, and by an iterator before, behind
/// them and where they cannot be read.
class RocksSweep final : public Cursor {
 public:
  RocksSweep(rocksdb::DB& database, const rocksdb::Snapshot* snapshot, std::string_view begin, std::string_view end,
             const std::string& directory)
      : database_(database),
        snapshot_(snapshot),
        end_(end),
        behind_(decode_event_key(end_).value_or(Position{kAll}).value),
        directory_(directory) {
    seek(begin);
  }
  // Forgets no failure of a table: there the iterator goes on.
  void seek(std::string_view key) override {
    const auto position = decode_event_key(key);
    if (tables_ && position) return read_on(position->value);
    tables_.reset();
    near_.emplace(database_, snapshot_, key, end_, directory_, true);
  }
  void next() override {
    if (tables_) {
      tables_->next();
      if (!in_tables()) leave_tables();
      return;
    }
    near_->next();
    if (left_ != 0 && --left_ == 0) enter_tables();
  }
  bool valid() const override { return tables_ || near_->valid(); }
  std::string_view key() const override { return tables_ ? tables_->key() : near_->key(); }
  std::string_view value() const override { return tables_ ? tables_->value() : near_->value(); }
  Result<void> status() const override { return tables_ ? Result<void>() : near_->status(); }

 private:
  static constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();
  static constexpr unsigned kNear = 256;  // to open tables would cost a shorter walk more than it wins

  [[nodiscard]] bool in_tables() const { return tables_->valid() && tables_->number() < behind_; }
  void read_on(std::uint64_t number) {
    tables_->seek(number);
    if (!in_tables()) leave_tables();
  }
  void leave_tables() {
    near_.emplace(database_, snapshot_, event_key(Position{tables_->number()}), end_, directory_, true);
    tables_.reset();
  }
  void enter_tables() {
    const auto position = near_->valid() ? decode_event_key(near_->key()) : std::nullopt;
    if (!position) return;
    tables_.emplace(database_, tag_begin(Tag::kEvent), snapshot_ != nullptr ? snapshot_->GetSequenceNumber() : kAll);
    tables_->seek(position->value);
    in_tables() ? near_.reset() : tables_.reset();
  }

  rocksdb::DB& database_;
  const rocksdb::Snapshot* snapshot_;
  const Bytes end_;
  const std::uint64_t behind_;  // the position there
  const std::string& directory_;
  std::optional<RocksCursor> near_;
  std::optional<TableWalk> tables_;
  unsigned left_ = kNear;
};

Result<std::optional<Bytes>> to_value(const rocksdb::Status& status, auto&& value, const std::string& directory) {
  if (status.ok()) return value();
  // An absent key and an absent file are both "not found": only the first has no path.
  if (status.IsNotFound() && !status.IsPathNotFound()) return std::nullopt;
  return std::unexpected(to_error(status, directory));
}

Result<std::optional<Bytes>> get_value(rocksdb::DB& database, const rocksdb::Snapshot* snapshot, std::string_view key,
                                       const std::string& directory) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  Bytes value;
  const auto status =
      guarded([&] { return database.Get(options, database.DefaultColumnFamily(), rocksdb::Slice(key), &value); });
  return to_value(status, [&] { return std::move(value); }, directory);
}

class RocksView final : public View {
 public:
  RocksView(rocksdb::DB& database, const std::string& directory)
      : database_(database), directory_(directory), snapshot_(database.GetSnapshot()) {}
  ~RocksView() override {
    if (snapshot_ != nullptr) database_.ReleaseSnapshot(snapshot_);
  }
  Result<std::optional<Bytes>> get(std::string_view key) override {
    return get_value(database_, snapshot_, key, directory_);
  }
  std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end) override {
    return std::make_unique<RocksCursor>(database_, snapshot_, begin, end, directory_);
  }
  std::unique_ptr<Cursor> sweep(std::string_view begin, std::string_view end) override {
    return std::make_unique<RocksSweep>(database_, snapshot_, begin, end, directory_);
  }
  Result<std::optional<Record>> last(std::string_view begin, std::string_view end) override {
    const rocksdb::Slice lower(begin);
    const rocksdb::Slice upper(end);
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_;
    options.total_order_seek = true;
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    std::optional<Record> record;
    const auto status = guarded([&] {
      const std::unique_ptr<rocksdb::Iterator> iterator(database_.NewIterator(options));
      iterator->SeekToLast();
      if (iterator->Valid()) record = Record{iterator->key().ToString(), iterator->value().ToString()};
      return iterator->status();
    });
    if (!status.ok()) return std::unexpected(to_error(status, directory_));
    return record;
  }

 private:
  rocksdb::DB& database_;
  const std::string& directory_;
  const rocksdb::Snapshot* snapshot_;  // null when read-only: nothing changes there
};

class RocksStore final : public Store {
 public:
  /// One that writes has a hold, one that reads a view.
  RocksStore(std::string directory, std::optional<DirectoryHold> hold, std::optional<DirectoryView> seen,
             std::unique_ptr<rocksdb::DB> database, std::shared_ptr<ErrorFlag> flag)
      : directory_(std::move(directory)),
        read_only_(seen.has_value()),
        hold_(std::move(hold)),
        seen_(std::move(seen)),
        database_(std::move(database)),
        flag_(std::move(flag)) {}

  ~RocksStore() override {
    if (read_only_) return;
    // A clean close leaves no log to read again. If it fails the records are still in the log, so nothing is lost.
    if (written_ && !failed_) static_cast<void>(guarded([&] { return database_->Flush({}); }));
    static_cast<void>(guarded([&] { return database_->Close(); }));
  }

  void put(std::string_view key, std::string_view value) override {
    const auto status = guarded([&] { return batch_.Put(rocksdb::Slice(key), rocksdb::Slice(value)); });
    if (!status.ok() && put_status_.ok()) put_status_ = status;
  }

  void remove(std::string_view key) override {
    const auto status = guarded([&] { return batch_.Delete(rocksdb::Slice(key)); });
    if (!status.ok() && put_status_.ok()) put_status_ = status;
  }

  Result<void> commit() override {
    rocksdb::WriteOptions options;
    options.sync = true;
    rocksdb::Status status = put_status_;
    if (status.ok() && (failed_ || flag_->raised))
      status = rocksdb::Status::IOError("une écriture précédente a échoué");
    if (status.ok()) status = guarded([&] { return database_->Write(options, &batch_); });
    batch_.Clear();
    put_status_ = rocksdb::Status::OK();
    written_ = true;
    if (status.ok()) return {};
    failed_ = true;
    return std::unexpected(to_error(status, directory_));
  }

  Result<std::optional<Bytes>> get(std::string_view key) override {
    return get_value(*database_, nullptr, key, directory_);
  }
  std::vector<Result<std::optional<Bytes>>> get_all(std::span<const Bytes> keys) override {
    const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    const auto status = guarded([&] {
      database_->MultiGet({}, database_->DefaultColumnFamily(), slices.size(), slices.data(), found.data(),
                          statuses.data());
      return rocksdb::Status::OK();
    });
    std::vector<Result<std::optional<Bytes>>> values;
    values.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      values.push_back(to_value(status.ok() ? statuses[i] : status, [&] { return found[i].ToString(); }, directory_));
    }
    return values;
  }
  std::unique_ptr<View> view() override { return std::make_unique<RocksView>(*database_, directory_); }

  // A removed record lies in the log and in tables until they are written anew: the log goes with a flush, the tables
  // by being merged down to the last level, that level included.
  Result<void> purge(std::string_view begin, std::string_view end) override {
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = true;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    std::uint64_t readers = 0;
    if (database_->GetIntProperty(rocksdb::DB::Properties::kNumSnapshots, &readers) && readers != 0) {
      return std::unexpected(Error{ErrorKind::kLocked, "le journal est en cours de lecture"});
    }
    const rocksdb::Slice first(begin);
    const rocksdb::Slice last(end);
    auto status = guarded([&] { return database_->Flush({}); });
    if (status.ok()) status = guarded([&] { return database_->CompactRange(options, &first, &last); });
    if (!status.ok()) return std::unexpected(to_error(status, directory_));
    return {};
  }

  std::string name() const override {
    return read_whole_file(directory_ + "/IDENTITY").value_or(Bytes()).value_or(Bytes());
  }

  void verify_files(const std::function<void(std::string)>& found,
                    const std::function<bool(const std::string&)>& wanted) override {
    // Compaction must not take a file away while it is checked.
    const bool held = !read_only_ && database_->DisableFileDeletions().ok();
    std::vector<rocksdb::LiveFileMetaData> files;
    database_->GetLiveFilesMetaData(&files);
    for (const rocksdb::LiveFileMetaData& file : files) {
      if (!wanted(file.name)) continue;
      const std::string path = file.db_path + file.name;
      rocksdb::SstFileReader reader(make_options(nullptr));
      const auto status = check_table(reader, path);
      if (!status.ok())
        found(in_place(fmt::format("fichier {}{} : {}", path, positions_of(file), reason_in(status.ToString())),
                       directory_));
    }
    if (held) static_cast<void>(database_->EnableFileDeletions(false));
  }

 private:
  // The positions that a table may hold, by the bounds of its keys.
  static std::string positions_of(const rocksdb::LiveFileMetaData& file) {
    const auto first = decode_event_key(file.smallestkey);
    if (!first) return file.smallestkey < tag_end(Tag::kEvent) ? std::string() : std::string(" (sans événement)");
    const auto last = decode_event_key(file.largestkey);
    return last ? fmt::format(" (positions {} à {})", first->value, last->value)
                : fmt::format(" (positions à partir de {})", first->value);
  }

  const std::string directory_;
  const bool read_only_;
  const std::optional<DirectoryHold> hold_;  // both given back after the database is closed
  const std::optional<DirectoryView> seen_;
  std::unique_ptr<rocksdb::DB> database_;
  std::shared_ptr<ErrorFlag> flag_;
  rocksdb::WriteBatch batch_;
  rocksdb::Status put_status_;
  bool written_ = false;
  std::atomic<bool> failed_ = false;
};

Result<std::unique_ptr<Store>> open_store(const std::string& directory, bool read_only, bool create, rocksdb::Env* env,
                                          std::size_t write_buffer_bytes) {
  std::optional<DirectoryHold> hold;
  std::optional<DirectoryView> seen;
  if (read_only) {
    auto view = DirectoryView::take(directory);
    if (!view) return std::unexpected(std::move(view.error()));
    seen.emplace(std::move(*view));
  } else {
    auto held = DirectoryHold::take(directory);
    if (!held) return std::unexpected(std::move(held.error()));
    hold.emplace(std::move(*held));
  }
  rocksdb::Options options = make_options(env);
  options.create_if_missing = create;
  if (write_buffer_bytes != 0) options.write_buffer_size = write_buffer_bytes;
  auto flag = std::make_shared<ErrorFlag>();
  options.listeners.push_back(flag);
  Result<std::unique_ptr<rocksdb::DB>> database;
  if (create) {
    rocksdb::DB* created = nullptr;
    const auto status = guarded([&] { return rocksdb::DB::Open(options, directory, &created); });
    if (!status.ok()) return std::unexpected(to_error(status, directory));
    database = std::unique_ptr<rocksdb::DB>(created);
  } else {
    database = open_database(seen ? seen->path() : directory, read_only, std::move(options));
  }
  if (!database) {
    return std::unexpected(Error{database.error().kind, in_place(std::move(database.error().message), directory)});
  }
  return std::make_unique<RocksStore>(directory, std::move(hold), std::move(seen), std::move(*database),
                                      std::move(flag));
}

std::unexpected<Error> cannot_create(const std::string& directory, const std::string& why) {
  return std::unexpected(
      Error{ErrorKind::kIo,
            fmt::format("le journal {} n'a pas pu être créé : {} ; vérifier le chemin, les droits et la place",
                        directory, why)});
}

// The journal is built beside its place and moved there whole: an interrupted creation leaves no half journal.
Result<void> make_in(const fs::path& target, const std::function<Result<void>(const std::string&)>& fill) {
  std::error_code error;
  const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
  fs::create_directories(parent, error);
  if (error) return cannot_create(target.string(), reason_of(error.value()));
  auto building = Building::begin(target);
  if (!building) return std::unexpected(std::move(building.error()));
  if (auto done = fill(building->path().string()); !done) return done;
  fs::rename(building->path(), target, error);
  if (error) return cannot_create(target.string(), reason_of(error.value()));
  building->placed(target);
  if (!sync_directory(parent)) return cannot_create(target.string(), reason_of(errno));
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> open_rocksdb_store(const std::string& directory, bool read_only, rocksdb::Env* env,
                                                  std::size_t write_buffer_bytes) {
  if (auto ok = check_present(directory); !ok) return std::unexpected(std::move(ok.error()));
  return open_store(directory, read_only, false, env, write_buffer_bytes);
}

Result<std::unique_ptr<Store>> create_rocksdb_store(const std::string& directory) {
  return open_store(directory, false, true, nullptr, 0);
}

Result<void> make_rocksdb(const std::string& directory, const std::function<Result<void>(const std::string&)>& fill) {
  std::error_code error;
  const fs::path asked = directory.ends_with('/') ? fs::path(directory).parent_path() : fs::path(directory);
  const fs::path target = fs::exists(asked, error) ? fs::canonical(asked, error) : asked;
  if (fs::exists(target, error) && !fs::is_empty(target, error)) {
    const bool journal = fs::exists(target / "CURRENT", error);
    return std::unexpected(Error{
        ErrorKind::kExists,
        journal ? fmt::format("un journal existe déjà dans {} ; l'ouvrir, ou donner un autre répertoire", directory)
                : fmt::format("le répertoire {} n'est pas vide ; donner un répertoire vide ou qui n'existe pas encore",
                              directory)});
  }
  return make_in(target, fill);
}

Result<std::unique_ptr<Journal>> create_rocksdb(const std::string& directory, JournalOptions options) {
  auto made = make_rocksdb(directory, [](const std::string& building) -> Result<void> {
    auto store = create_rocksdb_store(building);
    return store ? initialise(**store) : std::unexpected(std::move(store.error()));
  });
  if (!made) return std::unexpected(std::move(made.error()));
  return open_rocksdb(directory, std::move(options));
}

Result<std::unique_ptr<Journal>> open_rocksdb(const std::string& directory, JournalOptions options) {
  auto store = open_rocksdb_store(directory, options.read_only, nullptr);
  if (!store) return std::unexpected(std::move(store.error()));
  return open_journal(std::move(*store), std::move(options));
}

}  // namespace assemblier::storage
