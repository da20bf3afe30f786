#include "storage/opened.hpp"

#include "storage/journal_rocksdb.hpp"
#include "storage/keys.hpp"

namespace assemblier::storage {

Result<Opened> Opened::at(const std::string& directory) {
  auto journal = open_rocksdb(directory, {.limits = {}, .clock = {}, .read_only = true});
  if (!journal) return std::unexpected(std::move(journal.error()));
  auto store = open_rocksdb_store(directory, true, nullptr);
  if (!store) return std::unexpected(std::move(store.error()));
  auto id = (*store)->get(journal_id_key());
  auto format = (*store)->get(format_key());
  if (!id || !format) return std::unexpected(!id ? id.error() : format.error());
  return Opened{.store = std::move(*store),
                .journal_id = id->value_or(Bytes()),
                .format = decode_format(format->value_or(Bytes())).value_or(kFormat)};
}

Result<Keyring> Opened::keyring(View& view, const std::optional<MasterKey>& master_key) const {
  JournalOptions options;
  options.master_key = master_key;
  return Keyring::open(view, options, journal_id);
}

}  // namespace assemblier::storage
