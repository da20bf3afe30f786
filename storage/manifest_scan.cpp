#include "storage/manifest_scan.hpp"

#include "storage/log_scan.hpp"

#include <algorithm>

namespace assemblier::storage {

namespace {

// Fields of a version edit (RocksDB 7.8, db/version_edit.h): a tag, then what the tag says. Those with kIgnorable are
// one length and as many octets.
enum Field : std::uint32_t {
  kComparator = 1,
  kLogNumber = 2,
  kNextFileNumber = 3,
  kLastSequence = 4,
  kCompactCursor = 5,
  kDeletedFile = 6,
  kPrevLogNumber = 9,
  kMinLogNumberToKeep = 10,
  kNewFile4 = 103,
  kColumnFamily = 200,
  kColumnFamilyAdd = 201,
  kColumnFamilyDrop = 202,
  kMaxColumnFamily = 203,
  kInAtomicGroup = 300,
  kIgnorable = 1U << 13U,
};
// The fields of a new file end with this tag.
constexpr std::uint64_t kLastFileField = 1;

class Edit {
 public:
  explicit Edit(std::string_view octets) : rest_(octets) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto octet = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(octet & 0x7FU) << shift;
      if (octet < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  void text() {
    const std::uint64_t size = number();
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return;
    }
    rest_.remove_prefix(static_cast<std::size_t>(size));
  }
  void fail() { ok_ = false; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

void new_file(Edit& edit, ManifestContent& content) {
  edit.number();  // level
  content.tables.insert(edit.number());
  edit.number();  // size
  edit.text();    // smallest key
  edit.text();    // largest key
  edit.number();  // sequence numbers
  edit.number();
  while (edit.ok() && edit.number() != kLastFileField && edit.ok()) edit.text();
}

bool apply(std::string_view record, ManifestContent& content) {
  Edit edit(record);
  while (edit.ok() && !edit.at_end()) {
    const std::uint64_t field = edit.number();
    switch (field) {
      case kComparator:
      case kColumnFamilyAdd:
        edit.text();
        break;
      case kLogNumber:
        content.first_log = std::max(content.first_log, edit.number());
        break;
      case kNextFileNumber:
      case kLastSequence:
      case kPrevLogNumber:
      case kMinLogNumberToKeep:
      case kColumnFamily:
      case kMaxColumnFamily:
      case kInAtomicGroup:
        edit.number();
        break;
      case kCompactCursor:
        edit.number();
        edit.text();
        break;
      case kDeletedFile:
        edit.number();
        content.tables.erase(edit.number());
        break;
      case kNewFile4:
        new_file(edit, content);
        break;
      case kColumnFamilyDrop:
        break;
      default:
        if ((field & kIgnorable) == 0) edit.fail();
        edit.text();
        break;
    }
  }
  return edit.ok();
}

}  // namespace

std::optional<ManifestContent> read_manifest(std::string_view octets) {
  ManifestContent content;
  bool known = true;
  static_cast<void>(scan_log(octets, [&](std::string_view record, bool beyond) {
    if (!beyond) known = known && apply(record, content);
  }));
  if (!known) return std::nullopt;
  return content;
}

}  // namespace assemblier::storage
