#include "storage/whole_file.hpp"

#include "storage/descriptor.hpp"
#include "storage/reasons.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <sys/stat.h>

namespace assemblier::storage {

namespace fs = std::filesystem;

namespace {

std::unexpected<Error> refused(const fs::path& path, const char* what) {
  return std::unexpected(Error{ErrorKind::kIo, fmt::format("le fichier {} {} : {} ; vérifier les droits et la place",
                                                           path.string(), what, reason_of(errno))});
}

fs::path beside_of(const fs::path& path) { return path.string() + ".nouveau"; }

}  // namespace

Result<void> check_writable(const fs::path& path) {
  const fs::path beside = beside_of(path);
  std::error_code ignored;
  const bool there = fs::exists(beside, ignored);  // of a write that was cut short
  const Descriptor file(beside, O_WRONLY | O_CREAT);
  if (file.get() < 0) return refused(beside, "ne s'ouvre pas");
  if (!there) fs::remove(beside, ignored);
  return {};
}

Result<void> write_whole_file(const fs::path& path, std::string_view octets) {
  const fs::path beside = beside_of(path);
  {
    const Descriptor file(beside, O_WRONLY | O_CREAT | O_TRUNC);
    if (file.get() < 0) return refused(beside, "ne s'ouvre pas");
    while (!octets.empty()) {
      const ssize_t written = ::write(file.get(), octets.data(), octets.size());
      if (written < 0) return refused(beside, "ne s'écrit pas");
      octets.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.get()) != 0) return refused(beside, "ne s'écrit pas");
  }
  std::error_code failed;
  fs::rename(beside, path, failed);
  if (failed) errno = failed.value();
  if (failed || !sync_directory(path.has_parent_path() ? path.parent_path() : fs::path(".")))
    return refused(path, "ne s'écrit pas");
  return {};
}

Result<std::optional<Bytes>> read_whole_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (file.get() < 0) return refused(path, "ne s'ouvre pas");
  struct stat found{};
  if (::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) {
    return std::unexpected(Error{ErrorKind::kUnreadable,
                                 fmt::format("{} n'est pas un fichier ordinaire ; en donner un autre", path.string())});
  }
  Bytes octets;
  char piece[std::size_t{1} << 16U];
  while (true) {
    const ssize_t got = ::read(file.get(), piece, sizeof piece);
    if (got < 0) return refused(path, "ne se lit pas");
    if (got == 0) return octets;
    octets.append(piece, static_cast<std::size_t>(got));
  }
}

}  // namespace assemblier::storage
