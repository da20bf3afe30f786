#pragma once
// The directory of a journal as it stood at one moment, taken without holding back whoever writes there: a directory of
// links, where the tables are open descriptors (a writer may delete their names meanwhile) and what still grows, the
// MANIFEST and the logs, is copied. It holds what a kill -9 at that moment would have left, and opens in the same way;
// all it holds is on disk. Not one octet of the journal changes. Private to storage/.
//
// Thread-safety: values; take() from any thread.
//
//   auto view = DirectoryView::take("journal");
//   open_database(view->path(), true, options);

#include "storage/journal.hpp"

#include <string>
#include <vector>

namespace assemblier::storage {

class DirectoryView {
 public:
  /// kIo when there is nowhere to put the links, or when the journal changed at every attempt.
  [[nodiscard]] static Result<DirectoryView> take(const std::string& directory);
  DirectoryView(DirectoryView&& other) noexcept;
  DirectoryView& operator=(DirectoryView&&) = delete;
  DirectoryView(const DirectoryView&) = delete;
  DirectoryView& operator=(const DirectoryView&) = delete;
  ~DirectoryView();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  DirectoryView() = default;
  Result<bool> look(const std::string& directory);
  Result<void> link(const std::string& name, int descriptor);
  void forget();
  std::string path_;
  int lock_ = -1;  // on that directory: whoever holds none is gone, and its links are swept
  std::vector<int> descriptors_;
};

/// `text` with the journal's `directory` wherever it names a view of it: what a person is told.
[[nodiscard]] std::string in_place(std::string text, const std::string& directory);

}  // namespace assemblier::storage
