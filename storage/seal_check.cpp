#include "storage/seal_check.hpp"

#include "storage/keys.hpp"
#include "storage/reading.hpp"

#include <fmt/format.h>

namespace assemblier::storage {

SealChecker::SealChecker(View& view, const Keyring& keyring, std::function<void(const std::string&)> find)
    : view_(view), keyring_(keyring), find_(std::move(find)) {
  const auto foreign = view_.get(foreign_key());
  if (foreign && *foreign) foreign_ = decode_position(**foreign).value_or(Position{}).value;
}

void SealChecker::check(const Header& header) {
  for (const Seal& seal : header.seals) check(header, seal);
}

void SealChecker::check(const Header& header, const Seal& seal) {
  const auto find = [&](std::string_view what) {
    find_(fmt::format("{} : donnée scellée {}… : {}", name_of(header), to_hex(seal.commitment).substr(0, 16), what));
  };
  auto owner = view_.get(owner_key(seal.person));
  auto record = view_.get(seal_key(seal));
  if (!owner || !record) {
    return find("ne se lit plus : " + (owner ? record.error() : owner.error()).message);
  }
  if (*record) ++there_;
  if (!*owner) return find("la clef de sa personne manque");
  if ((*owner)->empty()) {
    if (*record) find("elle est là sans la clef de sa personne");
    if (header.position.value >= foreign_) find("son contenu manque");
    return;
  }
  if (decode_position(**owner)) {
    if (*record) find("la personne est effacée, et elle est encore là");
    return;
  }
  if (!*record) return find("son contenu manque");
  if (keyring_.sealer() == nullptr) return;
  const auto key = keyring_.sealer()->unwrap(seal.person, **owner);
  if (!key) return find("la clef de sa personne ne s'ouvre pas");
  if (!open_seal(*key, seal, **record)) find("son contenu n'est pas celui que l'événement engage");
}

void SealChecker::finish(bool complete, std::uint64_t events) {
  std::uint64_t values = 0;
  std::uint64_t keys = 0;
  const auto seals = view_.scan(tag_begin(Tag::kSeal), tag_end(Tag::kSeal));
  for (; seals->valid(); seals->next()) {
    const auto key = decode_seal_key(seals->key());
    const auto erased = decode_position(seals->value());
    if (!key) {
      find_(fmt::format("donnée scellée illisible : clé {}", to_hex(seals->key())));
    } else if (key->commitment) {
      ++values;
    } else if (!erased) {
      keys += seals->value().empty() ? 0 : 1;
    } else if (erased->value >= events) {
      find_(fmt::format("personne {} : effacée par la position {}, qui n'existe pas", to_hex(key->person),
                        erased->value));
    }
  }
  std::uint64_t names = 0;
  const auto persons = view_.scan(tag_begin(Tag::kPerson), tag_end(Tag::kPerson));
  for (; persons->valid(); persons->next()) {
    const auto person = decode_person(persons->value());
    if (!decode_person_key(persons->key()) || !person) {
      find_(fmt::format("personne illisible : clé {}", to_hex(persons->key())));
      continue;
    }
    ++names;
    const auto owner = view_.get(owner_key(*person));
    if (owner && (!*owner || decode_position(**owner))) {
      find_(fmt::format("personne {} : effacée ou sans clef, et encore nommée", to_hex(*person)));
    }
  }
  for (const Cursor* const cursor : {seals.get(), persons.get()}) {
    if (auto ok = cursor->status(); !ok) return find_("les données scellées ne se lisent plus : " + ok.error().message);
  }
  if (complete && values != there_) {
    find_(fmt::format("{} données scellées sont gardées, les événements en engagent {}", values, there_));
  }
  if (names != keys) find_(fmt::format("{} clefs de personnes pour {} personnes nommées", keys, names));
}

}  // namespace assemblier::storage
