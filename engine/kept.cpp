#include "engine/kept.hpp"

#include "storage/cbor_cursor.hpp"

#include <cstring>
#include <optional>
#include <unordered_set>

namespace assemblier::engine {

namespace {

using storage::CborCursor;

// Datum kinds (engine/README.md § 2) that are kept in another form.
constexpr std::uint64_t kMapKind = 5;
constexpr std::uint64_t kSealedKind = 6;
constexpr unsigned kNull = 0xF6;
constexpr std::size_t kHead = 2 * sizeof(std::uint32_t) + 1;
constexpr std::size_t kSealedSize = sizeof(std::uint64_t) + 16 + 32;

struct Head {
  std::uint32_t key;
  std::uint32_t size;
};

Head head_at(const std::string& entries, std::size_t at) {
  Head head;
  std::memcpy(&head, entries.data() + at, sizeof head);
  return head;
}

bool is_list(std::string_view value) { return static_cast<unsigned char>(value.front()) >> 5U == 4; }
bool is_tagged(std::string_view value) { return static_cast<unsigned char>(value.front()) >> 5U == 5; }

// What follows the head of a list.
std::string_view items_of(std::string_view list) {
  CborCursor at(list);
  static_cast<void>(at.array());
  return at.rest();
}

std::optional<std::string> sealed_body(std::uint64_t index, const storage::EventView& event) {
  const auto seal = event.seal(index);
  if (!seal) return std::nullopt;
  std::string body(kSealedSize, '\0');
  std::memcpy(body.data(), &index, sizeof index);
  std::memcpy(body.data() + sizeof index, &seal->person.octets, 16);
  std::memcpy(body.data() + sizeof index + 16, &seal->commitment.octets, 32);
  return body;
}

Datum sealed_datum(std::string_view body) {
  Datum::Sealed sealed;
  std::memcpy(&sealed.index, body.data(), sizeof sealed.index);
  std::memcpy(&sealed.seal.person.octets, body.data() + sizeof sealed.index, 16);
  std::memcpy(&sealed.seal.commitment.octets, body.data() + sizeof sealed.index + 16, 32);
  return Datum(std::move(sealed));
}

using Problem = std::expected<void, std::string>;

Problem decode_into(Datum& datum, std::string_view octets) {
  storage::CborReader reader(octets);
  if (reader.peek() == storage::CborReader::Kind::kBytes) {  // no datum: a personal value in a kMap
    const std::string_view body = reader.bytes();
    if (!reader.ok() || body.size() != kSealedSize) return std::unexpected("valeur attendue");
    datum = sealed_datum(body);
    return {};
  }
  datum = decode_datum(reader);
  if (reader.ok() && !reader.at_end()) reader.fail("octets en trop");
  if (!reader.ok()) return std::unexpected(reader.error());
  return {};
}

Problem decode_list(Datum& datum, std::string_view body) {
  Datum::List list;
  for (CborCursor at(body); !at.at_end();) {
    if (auto ok = decode_into(list.emplace_back(), at.item()); !ok) return ok;
  }
  datum = Datum(std::move(list));
  return {};
}

Problem decode_map(Datum& datum, std::string_view body) {
  Datum::Map map;
  std::unordered_set<std::string_view> seen;
  for (CborCursor at(body); !at.at_end();) {
    const std::string_view key = at.text();
    const std::string_view value = at.item();
    if (!storage::is_utf8(key)) return std::unexpected("texte qui n'est pas de l'UTF-8");
    if (!seen.insert(key).second) return std::unexpected("association : clé en double");
    if (auto ok = decode_into(map.emplace_back(std::string(key), Datum()).second, value); !ok) return ok;
  }
  datum = Datum(std::move(map));
  return {};
}

Problem decode_retained(Retained& retained, std::string_view body) {
  retained.status = static_cast<dsl::Status>(body.front());
  storage::CborReader reader(body.substr(1));
  retained.value = decode_datum(reader);
  for (std::uint64_t left = reader.array(); left > 0 && reader.ok(); --left)
    retained.reasons.emplace_back(reader.text());
  if (!reader.ok()) return std::unexpected(reader.error());
  return {};
}

}  // namespace

std::size_t Kept::find(std::uint32_t key) const {
  for (std::size_t at = 0; at < entries_.size();) {
    const Head head = head_at(entries_, at);
    if (head.key == key) return at;
    at += sizeof head + head.size;
  }
  return std::string::npos;
}

void Kept::replace(std::size_t entry, std::size_t at, std::size_t size, std::string_view with) {
  if (size == with.size()) {
    std::memcpy(entries_.data() + at, with.data(), size);
    return;
  }
  Head head = head_at(entries_, entry);
  head.size = static_cast<std::uint32_t>(head.size + with.size() - size);
  std::memcpy(entries_.data() + entry, &head, sizeof head);
  entries_.replace(at, size, with);
}

std::optional<std::pair<std::size_t, std::size_t>> Kept::body(std::size_t at, Form form) const {
  if (at == std::string::npos || entries_[at + sizeof(Head)] != static_cast<char>(form)) return std::nullopt;
  return std::pair(at + kHead, at + sizeof(Head) + head_at(entries_, at).size);
}

void Kept::put(std::size_t at, std::uint32_t key, Form form, std::string_view body) {
  if (at != std::string::npos) {
    entries_[at + sizeof(Head)] = static_cast<char>(form);
    return replace(at, at + kHead, head_at(entries_, at).size - 1, body);
  }
  const Head head{.key = key, .size = static_cast<std::uint32_t>(1 + body.size())};
  char octets[kHead];
  std::memcpy(octets, &head, sizeof head);
  octets[sizeof head] = static_cast<char>(form);
  entries_.append(octets, kHead).append(body);
}

bool Kept::set(std::uint32_t name, std::string_view value, const storage::EventView& event) {
  if (value.empty()) return false;
  const std::uint32_t key = 2 * name;
  if (static_cast<unsigned char>(value.front()) == kNull) {
    const std::size_t at = find(key);
    if (at != std::string::npos) entries_.erase(at, sizeof(Head) + head_at(entries_, at).size);
    return true;
  }
  if (is_list(value)) return put(key, Form::kList, items_of(value)), true;
  if (!is_tagged(value)) return put(key, Form::kDatum, value), true;
  CborCursor at(value);
  if (at.map() != 1) return false;
  const std::uint64_t kind = at.uint();
  if (kind == kMapKind) {
    if (at.array() % 2 != 0 || !at.ok()) return false;
    put(key, Form::kMap, at.rest());
  } else if (kind == kSealedKind) {
    const auto body = sealed_body(at.uint(), event);
    if (!body || !at.ok()) return false;
    put(key, Form::kSealed, *body);
  } else {
    put(key, Form::kDatum, value);
  }
  return true;
}

bool Kept::set_entry(std::uint32_t name, std::string_view entry, const storage::EventView& event) {
  CborCursor given(entry);
  static_cast<void>(given.text());
  const std::string_view key = entry.substr(0, entry.size() - given.rest().size());
  std::string sealed;
  if (entry.empty() || !given.ok() || given.at_end() || given.peek() >> 5U == 2) return false;  // octets are no datum
  if (is_tagged(given.rest())) {
    if (given.map() != 1) return false;
    if (given.uint() == kSealedKind) {
      const auto body = sealed_body(given.uint(), event);
      if (!body || !given.ok()) return false;
      storage::CborWriter writer;
      writer.bytes(*body);
      sealed.append(key).append(writer.str());
      entry = sealed;
    }
  }
  const std::size_t at = find(2 * name);
  const auto map = body(at, Form::kMap);
  if (!map) return put(at, 2 * name, Form::kMap, entry), true;
  CborCursor mine(std::string_view(entries_).substr(map->first, map->second - map->first));
  while (!mine.at_end()) {
    // Both written shortest: equal octets, equal keys.
    const bool same = storage::same_octets(mine.rest().substr(0, key.size()), key);
    const std::string_view old = mine.items(2);
    if (!mine.ok()) return false;
    if (!same) continue;
    replace(at, static_cast<std::size_t>(old.data() - entries_.data()), old.size(), entry);
    return true;
  }
  replace(at, map->second, 0, entry);
  return true;
}

bool Kept::append(std::uint32_t name, std::string_view list) {
  if (list.empty() || !is_list(list)) return false;
  const std::size_t at = find(2 * name);
  if (const auto mine = body(at, Form::kList)) {
    replace(at, mine->second, 0, items_of(list));
  } else {
    put(at, 2 * name, Form::kList, items_of(list));
  }
  return true;
}

std::expected<void, std::string> Kept::decode(State& state,
                                              const std::function<std::string_view(std::uint32_t)>& name_of) const {
  for (std::size_t at = 0; at < entries_.size();) {
    const Head head = head_at(entries_, at);
    const std::string_view name = name_of(head.key / 2);
    const auto form = static_cast<Form>(entries_[at + sizeof head]);
    const std::string_view body = std::string_view(entries_).substr(at + kHead, head.size - 1);
    at += sizeof head + head.size;
    Problem done;
    if (!storage::is_utf8(name)) return std::unexpected("texte qui n'est pas de l'UTF-8");
    if (form == Form::kDecision) {
      done = decode_retained(state.decisions.emplace_back(Retained{.name = std::string(name)}), body);
    } else {
      Datum& datum = state.fields.emplace_back(name, Datum()).second;
      if (form == Form::kDatum) done = decode_into(datum, body);
      if (form == Form::kSealed) datum = sealed_datum(body);
      if (form == Form::kList) done = decode_list(datum, body);
      if (form == Form::kMap) done = decode_map(datum, body);
    }
    if (!done) return done;
  }
  return {};
}

}  // namespace assemblier::engine
