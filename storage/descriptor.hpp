#pragma once
// An open file, closed with its owner. Private to storage/.
//
// Thread-safety: values only.

#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace assemblier::storage {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const std::filesystem::path& path, int flags)
      : Descriptor(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  /// Negative when it could not be opened; errno says why.
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

/// So that the names in it survive a power cut.
inline bool sync_directory(const std::filesystem::path& directory) {
  const Descriptor open(directory, O_RDONLY | O_DIRECTORY);
  return open.get() >= 0 && ::fsync(open.get()) == 0;
}

}  // namespace assemblier::storage
