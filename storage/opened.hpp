#pragma once
// The records of a journal as a reader opens them, whatever is wrong with them, with what checking them takes. Private
// to storage/.
//
// Thread-safety: one thread.

#include "storage/sealing.hpp"

namespace assemblier::storage {

struct Opened {
  std::unique_ptr<Store> store;
  std::string journal_id;
  std::uint32_t format = 0;

  /// As open_rocksdb refuses for reading.
  [[nodiscard]] static Result<Opened> at(const std::string& directory);
  /// kKey when the master key is another journal's.
  [[nodiscard]] Result<Keyring> keyring(View& view, const std::optional<MasterKey>& master_key) const;
};

}  // namespace assemblier::storage
