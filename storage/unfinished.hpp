#pragma once
// A journal is built in a directory beside its place, JOURNAL.inacheve-XXXXXX, and moved there whole. As
// long as it is under way the directory is locked (flock) and holds a file INACHEVE that says its own name: so what a
// killed program left is known from what somebody builds now, and from every directory that only looks like it.
//
// Thread-safety: functions; a Building belongs to one thread.
//
//   for (const auto& left : remove_unfinished("journal")) say(left.path);

#include "storage/journal.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace assemblier::storage {

struct Unfinished {
  std::string path;
  std::string why;  ///< French: why it could not be removed; empty: it is gone
};

/// Removes what interrupted constructions of the journal in `directory` have left beside it: they may hold words that
/// an erasure does not reach. What is under way in a living process stays, and so does everything else.
[[nodiscard]] std::vector<Unfinished> remove_unfinished(const std::string& directory);

/// The directory under construction; nothing is left of it unless it takes its place. Private to storage/.
class Building {
 public:
  /// An empty one beside `target`. kIo when none can be made.
  static Result<Building> begin(const std::filesystem::path& target);
  Building(Building&& other) noexcept;
  Building& operator=(Building&&) = delete;
  Building(const Building&) = delete;
  Building& operator=(const Building&) = delete;
  ~Building();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Another name beside `target`, unfinished as before; errno says why not.
  [[nodiscard]] bool rename(const std::filesystem::path& name);
  /// It lies in `place`, and is finished.
  void placed(const std::filesystem::path& place);

 private:
  Building(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::filesystem::path path_;  // empty once it is finished
  int lock_ = -1;
};

}  // namespace assemblier::storage
