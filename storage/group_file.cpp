#include "storage/group_file.hpp"

#include "storage/cbor.hpp"
#include "storage/whole_file.hpp"

#include <filesystem>
#include <limits>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLayout = 1;
constexpr std::uint64_t kItems = 6;
constexpr std::uint64_t kSelectionItems = 4;
constexpr std::uint64_t kTermsItems = 5;
constexpr std::uint64_t kOpenItems = 5;
constexpr std::size_t kDigest = 32;

std::unexpected<Error> error(ErrorKind kind, std::string message) {
  return std::unexpected(Error{kind, std::move(message)});
}

std::uint64_t seconds_of(std::chrono::seconds duration) { return static_cast<std::uint64_t>(duration.count()); }

void put_open(CborWriter& out, Position position, const OpenEvent& event) {
  out.array(kOpenItems);
  out.uint(position.value);
  out.uint(static_cast<std::uint64_t>(event.kind));
  out.uint(event.attempts);
  out.integer(event.until_us);
  out.text(event.reason);
}

// Takes the items of one group; what does not fit makes the reader fail.
struct GroupReader {
  CborReader in;

  void items(std::uint64_t count) {
    if (in.array() != count) in.fail("nombre d'éléments");
  }
  std::uint32_t small() {
    const std::uint64_t value = in.uint();
    if (value > std::numeric_limits<std::uint32_t>::max()) in.fail("nombre trop grand");
    return static_cast<std::uint32_t>(value);
  }
  std::string text() { return std::string(in.text()); }
  std::chrono::seconds seconds() { return std::chrono::seconds(small()); }

  GroupTerms terms() {
    GroupTerms terms;
    items(kSelectionItems);
    terms.selection.flux = text();
    terms.selection.category = text();
    terms.selection.type = text();
    terms.selection.acte_id = text();
    items(kTermsItems);
    terms.from.value = in.uint();
    terms.attempts = small();
    terms.answer_within = seconds();
    terms.first_pause = seconds();
    terms.longest_pause = seconds();
    return terms;
  }

  void open(GroupRecord& record) {
    for (std::uint64_t left = in.array(); left > 0 && in.ok(); --left) {
      items(kOpenItems);
      const Position position{in.uint()};
      const std::uint64_t kind = in.uint();
      OpenEvent event{
          .kind = static_cast<OpenEvent::Kind>(kind), .attempts = small(), .until_us = in.integer(), .reason = text()};
      const bool follows = record.open.empty() || record.open.rbegin()->first < position;
      if (!follows || position >= record.next || kind > static_cast<std::uint64_t>(OpenEvent::Kind::kParked))
        in.fail("événement hors de sa place");
      record.open.emplace_hint(record.open.end(), position, std::move(event));
    }
  }
};

}  // namespace

Bytes encode_group(const GroupRecord& record) {
  CborWriter out;
  const GroupTerms& terms = record.terms;
  out.array(kItems);
  out.uint(kLayout);
  out.text(record.journal_id);
  out.array(kSelectionItems);
  for (const std::string* part :
       {&terms.selection.flux, &terms.selection.category, &terms.selection.type, &terms.selection.acte_id})
    out.text(*part);
  out.array(kTermsItems);
  out.uint(terms.from.value);
  out.uint(terms.attempts);
  for (const auto duration : {terms.answer_within, terms.first_pause, terms.longest_pause})
    out.uint(seconds_of(duration));
  out.uint(record.next.value);
  out.array(record.open.size());
  for (const auto& [position, event] : record.open) put_open(out, position, event);
  Bytes octets = out.take();
  return octets + to_bytes(sha256(octets));
}

std::optional<GroupRecord> decode_group(std::string_view octets) {
  if (octets.size() < kDigest) return std::nullopt;
  const std::string_view content = octets.substr(0, octets.size() - kDigest);
  if (to_bytes(sha256(content)) != octets.substr(content.size())) return std::nullopt;
  GroupReader reader{CborReader(content)};
  GroupRecord record;
  reader.items(kItems);
  if (reader.in.uint() != kLayout) reader.in.fail("forme inconnue");
  record.journal_id = reader.text();
  record.terms = reader.terms();
  record.next.value = reader.in.uint();
  reader.open(record);
  if (!reader.in.ok() || !reader.in.at_end()) return std::nullopt;
  return record;
}

Result<void> write_group(const std::string& directory, const GroupRecord& record) {
  return write_whole_file(fs::path(directory) / kGroupFile, encode_group(record));
}

Result<GroupRecord> read_group(const std::string& directory) {
  const fs::path place = fs::path(directory) / kGroupFile;
  const auto octets = read_whole_file(place);
  if (!octets) return std::unexpected(octets.error());
  if (!*octets) {
    return error(ErrorKind::kAbsent,
                 fmt::format("pas de groupe dans {} ; le créer par « groupe creer {} »", directory, directory));
  }
  auto record = decode_group(**octets);
  if (!record) {
    return error(
        ErrorKind::kDamaged,
        fmt::format("le fichier {} n'est pas ce qu'un groupe y a écrit ; le reprendre d'une copie, ou créer un "
                    "autre groupe « --depuis » la dernière position que l'on sait traitée",
                    place.string()));
  }
  return std::move(*record);
}

}  // namespace assemblier::storage
