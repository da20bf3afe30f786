#include "storage/unfinished.hpp"

#include "storage/descriptor.hpp"
#include "storage/reasons.hpp"
#include "storage/whole_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace assemblier::storage {

namespace {

namespace fs = std::filesystem;

constexpr const char* kMark = "INACHEVE";
constexpr std::string_view kBegin = ".inacheve-";  // after the name of the journal

// One line a name under which the directory is unfinished: a copy of it has another name, and is somebody's own.
bool add_name(const fs::path& directory, const std::string& name) {
  const Descriptor mark(directory / kMark, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
  const std::string line = name + "\n";
  return mark.get() >= 0 && ::write(mark.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
         ::fsync(mark.get()) == 0;
}

bool says_its_name(const fs::path& directory) {
  const auto names = read_whole_file(directory / kMark);
  if (!names || !*names) return false;
  return ("\n" + **names).find("\n" + directory.filename().string() + "\n") != Bytes::npos;
}

// Killed before it could say its name: nothing is in it.
bool hardly_begun(const fs::path& directory, const fs::path& target) {
  if (!directory.filename().string().starts_with(target.filename().string() + std::string(kBegin))) return false;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename() != kMark) return false;
  }
  return !error;
}

// The mark goes last: a removal that is killed is gone on with by the next one.
std::error_code remove_marked(const fs::path& directory) {
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename() != kMark) fs::remove_all(at->path(), error);
    if (error) return error;
  }
  if (!error) fs::remove(directory / kMark, error);
  if (!error) fs::remove(directory, error);
  return error;
}

// What a construction of `target` is named: its name, a point, and no other point.
bool named_after(const std::string& name, const std::string& target) {
  return name.size() > target.size() + 1 && name.starts_with(target) && name[target.size()] == '.' &&
         name.find('.', target.size() + 1) == std::string::npos;
}

bool same(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

// The lock is taken before the mark is read: who builds holds it until the mark is gone or the directory is. Between
// the opening and the lock the name may have passed to another directory.
std::optional<Unfinished> removed(const fs::path& directory, const fs::path& target) {
  const Descriptor held(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (held.get() < 0 || ::flock(held.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  struct stat locked{};
  struct stat named{};
  if (::fstat(held.get(), &locked) != 0 || ::lstat(directory.c_str(), &named) != 0 || !same(locked, named))
    return std::nullopt;
  if (!says_its_name(directory) && !hardly_begun(directory, target)) return std::nullopt;
  const auto error = remove_marked(directory);
  return Unfinished{.path = directory.string(), .why = error ? reason_of(error.value()) : std::string()};
}

}  // namespace

std::vector<Unfinished> remove_unfinished(const std::string& directory) {
  std::vector<Unfinished> found;
  std::error_code error;
  fs::path target = fs::weakly_canonical(fs::absolute(directory, error), error);
  if (error) return found;
  if (!target.has_filename()) target = target.parent_path();
  std::vector<fs::path> candidates;
  for (fs::directory_iterator at(target.parent_path(), error), end; !error && at != end; at.increment(error)) {
    if (named_after(at->path().filename().string(), target.filename().string())) candidates.push_back(at->path());
  }
  std::ranges::sort(candidates);
  for (const fs::path& candidate : candidates) {
    if (auto left = removed(candidate, target)) found.push_back(std::move(*left));
  }
  return found;
}

Result<Building> Building::begin(const fs::path& target) {
  constexpr int kAttempts = 100;
  std::string path;
  int lock = -1;
  const auto refused = [&] {
    return std::unexpected(
        Error{ErrorKind::kIo, fmt::format("à côté de {}, un répertoire ne se crée pas : {} ; vérifier le chemin, les "
                                          "droits et la place",
                                          target.string(), reason_of(errno))});
  };
  for (int attempt = 0; lock < 0; ++attempt) {
    path = target.string() + std::string(kBegin) + "XXXXXX";
    if (attempt == kAttempts || ::mkdtemp(path.data()) == nullptr) return refused();
    Descriptor made(path, O_RDONLY | O_DIRECTORY);
    // A file system without locks builds as well; nothing is removed there then.
    if (made.get() >= 0) static_cast<void>(::flock(made.get(), LOCK_EX));
    struct stat status{};
    if (::fstat(made.get(), &status) == 0 && status.st_nlink > 0) lock = made.release();  // else it was swept meanwhile
  }
  Building made(path, lock);
  std::error_code error;
  fs::permissions(path, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, error);
  if (!add_name(path, made.path_.filename().string())) return refused();
  return made;
}

Building::Building(Building&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, -1)) {}

Building::~Building() {
  if (!path_.empty()) static_cast<void>(remove_marked(path_));
  if (lock_ >= 0) ::close(lock_);
}

bool Building::rename(const fs::path& name) {
  if (!add_name(path_, name.filename().string()) || ::rename(path_.c_str(), name.c_str()) != 0) return false;
  path_ = name;
  return true;
}

void Building::placed(const fs::path& place) {
  std::error_code error;
  fs::remove(place / kMark, error);
  path_.clear();
}

}  // namespace assemblier::storage
