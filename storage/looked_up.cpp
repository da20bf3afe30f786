#include "storage/looked_up.hpp"

#include "storage/keys.hpp"

#include <rocksdb/slice_transform.h>

namespace assemblier::storage {

namespace {

class LookedUp final : public rocksdb::SliceTransform {
 public:
  // Kept in every table: filters of another name are not asked.
  const char* Name() const override { return "assemblier.looked_up"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return key; }
  bool InDomain(const rocksdb::Slice& key) const override {
    if (key.empty()) return false;
    const auto tag = static_cast<Tag>(key[0]);
    // The totals are in every file of level 0: of one without a filter RocksDB would read the index for every question.
    return tag == Tag::kOutcome || tag == Tag::kFlux || tag == Tag::kPerson || tag == Tag::kMeta;
  }
};

}  // namespace

std::shared_ptr<const rocksdb::SliceTransform> make_looked_up() { return std::make_shared<const LookedUp>(); }

}  // namespace assemblier::storage
