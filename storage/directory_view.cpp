#include "storage/directory_view.hpp"

#include "storage/descriptor.hpp"
#include "storage/manifest_scan.hpp"
#include "storage/reasons.hpp"
#include "storage/rocksdb_files.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>
#include <tuple>

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace assemblier::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kName = "assemblier-vue.";
constexpr int kAttempts = 200;
constexpr std::chrono::milliseconds kBetween{5};

std::unexpected<Error> refused(const std::string& what) {
  return std::unexpected(Error{ErrorKind::kIo, fmt::format("{} : {}", what, reason_of(errno))});
}

// All octets there are at this moment; nothing after a failure of the system.
std::optional<Bytes> read_to_end(int descriptor) {
  constexpr std::size_t kPiece = std::size_t{1} << 20U;
  Bytes octets;
  while (true) {
    const std::size_t before = octets.size();
    octets.resize(before + kPiece);
    const ssize_t got = ::pread(descriptor, octets.data() + before, kPiece, static_cast<off_t>(before));
    octets.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno != EINTR) return std::nullopt;
    if (got == 0) return octets;
  }
}

// A file in memory that holds `octets`; negative after a failure.
int in_memory(const std::string& name, std::string_view octets) {
  Descriptor made(::memfd_create(name.c_str(), MFD_CLOEXEC));
  while (made.get() >= 0 && !octets.empty()) {
    const ssize_t written = ::write(made.get(), octets.data(), octets.size());
    if (written < 0) return -1;
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
  return made.release();
}

bool regular(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::optional<std::uint64_t> number_of(const std::string& name) {
  const std::size_t digits = name.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string::npos) return std::nullopt;
  return std::strtoull(name.c_str(), nullptr, 10);
}

// What is written there while a view is taken shows in these two: every change of the set of files is an edit of the
// MANIFEST, and every opening for writing begins a new one.
struct Mark {
  Bytes current;
  std::string manifest;  // name, as CURRENT says
  std::uint64_t size = 0;
  bool operator==(const Mark&) const = default;
};

Mark mark_of(const std::string& directory) {
  Mark mark;
  const fs::path current = fs::path(directory) / "CURRENT";
  if (!regular(current)) return mark;
  const Descriptor file(current, O_RDONLY);
  mark.current = read_to_end(file.get()).value_or(Bytes());
  mark.manifest = mark.current.substr(0, mark.current.find('\n'));
  std::error_code error;
  if (mark.manifest.starts_with("MANIFEST-") && mark.manifest.find('/') == std::string::npos)
    mark.size = fs::file_size(fs::path(directory) / mark.manifest, error);
  if (error) mark.size = 0;
  return mark;
}

// Removes the links that killed readers have left there: one that lives holds the lock of its directory, which goes
// with its process.
void sweep(const fs::path& parent) {
  std::error_code error;
  for (fs::directory_iterator at(parent, error), end; !error && at != end; at.increment(error)) {
    if (!at->path().filename().string().starts_with(kName)) continue;
    const Descriptor left(at->path(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    struct stat status{};
    if (left.get() < 0 || ::fstat(left.get(), &status) != 0 || status.st_uid != ::geteuid()) continue;
    if (::flock(left.get(), LOCK_EX | LOCK_NB) != 0) continue;
    std::error_code failed;
    fs::remove_all(at->path(), failed);
  }
}

// A new directory and its lock; empty when none can be made. One that is swept before its lock is taken is gone.
std::string make_locked(const fs::path& parent, int& lock) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string path = (parent / kName).string() + "XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return {};
    Descriptor made(path, O_RDONLY | O_DIRECTORY);
    struct stat status{};
    if (made.get() < 0 || ::flock(made.get(), LOCK_EX) != 0 || ::fstat(made.get(), &status) != 0) continue;
    if (status.st_nlink == 0) continue;
    lock = made.release();
    return path;
  }
  return {};
}

}  // namespace

// A link of that name to an open file, which this then owns.
Result<void> DirectoryView::link(const std::string& name, int descriptor) {
  if (descriptor < 0) return refused(fmt::format("la vue du fichier {} ne se fait pas", name));
  descriptors_.push_back(descriptor);
  if (::symlink(fmt::format("/proc/self/fd/{}", descriptor).c_str(), (path_ + "/" + name).c_str()) != 0)
    return refused(fmt::format("la vue du fichier {} ne se fait pas", name));
  return {};
}

// Whether what was linked is of one moment. Logs come last, oldest first: one that has a successor is complete by then,
// so that what is seen is a prefix of what was written.
Result<bool> DirectoryView::look(const std::string& directory) {
  const bool live = is_written(directory);
  const Mark mark = mark_of(directory);
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
    names.push_back(at->path().filename().string());
  if (error) {
    errno = error.value();
    return refused(fmt::format("le répertoire {} ne se lit pas", directory));
  }
  std::ranges::sort(names, {}, [](const std::string& name) {
    return std::tuple(name.ends_with(".log"), number_of(name).value_or(0), name);
  });
  std::optional<ManifestContent> counted;
  for (const std::string& name : names) {
    const fs::path path = fs::path(directory) / name;
    const bool log = name.ends_with(".log");
    const bool table = name.ends_with(".sst");
    const bool copied = log || name == "CURRENT" || name == mark.manifest;
    const fs::file_type type = fs::status(path, error).type();
    if (type == fs::file_type::not_found) continue;  // deleted since it was listed: not needed, or the MANIFEST changes
    // RocksDB asks for the size of the last OPTIONS at each opening, and a writer deletes the one before.
    const bool held = table || name.starts_with("OPTIONS-");
    if (type != fs::file_type::regular || !(copied || held)) {
      // LOCK is among these: to close a descriptor of it would give back the lock of this very process.
      fs::create_symlink(fs::absolute(path), fs::path(path_) / name, error);
      continue;
    }
    if (const auto number = number_of(name); live && counted && number) {
      // Half-made tables, and files about to be deleted, are the writer's affair: it judged what it found.
      if (table && !counted->tables.contains(*number)) continue;
      if (log && *number < counted->first_log) continue;
    }
    Descriptor file(path, O_RDONLY);
    if (file.get() < 0 && errno == ENOENT) continue;  // the same
    if (file.get() < 0) return refused(fmt::format("le fichier {} ne s'ouvre pas", path.string()));
    if (!copied) {
      if (auto ok = link(name, file.release()); !ok) return std::unexpected(std::move(ok.error()));
      continue;
    }
    const auto octets = name == "CURRENT" ? mark.current : read_to_end(file.get());
    // What was just read may not be on disk yet, and nobody may be told what a power cut could take back.
    if (!octets || (live && ::fdatasync(file.get()) != 0))
      return refused(fmt::format("le fichier {} ne se lit pas", path.string()));
    if (name == mark.manifest) counted = read_manifest(*octets);
    if (auto ok = link(name, in_memory(name, *octets)); !ok) return std::unexpected(std::move(ok.error()));
  }
  return is_written(directory) == live && mark_of(directory) == mark;
}

Result<DirectoryView> DirectoryView::take(const std::string& directory) {
  DirectoryView view;
  std::error_code error;
  for (const fs::path& parent : {fs::path("/dev/shm"), fs::temp_directory_path(error)}) {
    if (parent.empty() || !view.path_.empty()) continue;
    sweep(parent);
    view.path_ = make_locked(parent, view.lock_);
  }
  if (view.path_.empty())
    return refused("aucun répertoire temporaire où préparer la lecture ; en donner un par la variable TMPDIR");
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto still = view.look(directory);
    if (!still) return std::unexpected(std::move(still.error()));
    if (*still) return view;
    view.forget();
    std::this_thread::sleep_for(kBetween);
  }
  return std::unexpected(
      Error{ErrorKind::kIo, fmt::format("le journal {} change trop vite pour être lu ; recommencer", directory)});
}

void DirectoryView::forget() {
  for (const int descriptor : descriptors_) ::close(descriptor);
  descriptors_.clear();
  std::error_code error;
  for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) fs::remove(*at, error);
}

DirectoryView::DirectoryView(DirectoryView&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      lock_(std::exchange(other.lock_, -1)),
      descriptors_(std::exchange(other.descriptors_, {})) {}

DirectoryView::~DirectoryView() {
  if (path_.empty()) return;
  forget();
  std::error_code error;
  fs::remove(path_, error);
  ::close(lock_);
}

std::string in_place(std::string text, const std::string& directory) {
  constexpr std::size_t kRandom = 6;
  for (std::size_t at = text.find(kName); at != std::string::npos; at = text.find(kName, at + directory.size())) {
    const std::size_t end = at + kName.size() + kRandom;
    at = text.find_last_of(" (", at) + 1;
    text.replace(at, end - at, directory);
  }
  return text;
}

}  // namespace assemblier::storage
