// What personal values have become: shown, sealed or erased; and erasing a person.

#include "engine/calendar.hpp"
#include "engine/shell.hpp"
#include "engine/wording.hpp"

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

constexpr std::size_t kMotifBytes = 1000;

std::unexpected<storage::Error> damaged(std::string_view what) {
  return std::unexpected(
      storage::Error{storage::ErrorKind::kDamaged,
                     fmt::format("journal abîmé : {} ; « journal verifier » donne la liste complète", what)});
}

}  // namespace

storage::Result<void> Engine::reveal(Datum& datum) {
  const auto* const sealed = datum.get<Datum::Sealed>();
  if (sealed == nullptr) return {};
  auto found = impl_->journal.unseal(sealed->seal);
  if (!found) return std::unexpected(std::move(found.error()));
  switch (found->kind) {
    case storage::Unsealed::Kind::kSealed:
      return {};
    case storage::Unsealed::Kind::kOpen: {
      storage::CborReader reader(found->content);
      Datum value = decode_datum(reader);
      if (!reader.ok() || !reader.at_end()) return damaged("une donnée scellée est illisible");
      datum = std::move(value);
      return {};
    }
    case storage::Unsealed::Kind::kErased:
      break;
  }
  Datum::Sealed erased = *sealed;
  std::expected<std::string, std::string> motif = std::unexpected(std::string());
  auto done = impl_->journal.read_all(found->erased, [&](const storage::StoredEvent& event) {
    if (event.header.type == kErasure) motif = decode_erasure(event.payload);
    erased.on = dsl::Date{event.header.date_effet};
    return false;
  });
  if (!done) return done;
  if (!motif) return damaged("l'événement qui dit pourquoi une personne est effacée est illisible");
  erased.erased = std::move(*motif);
  datum = Datum(std::move(erased));
  return {};
}

storage::Result<void> Engine::reveal(ActePayload& payload) {
  for (Change& change : payload.changes) {
    if (auto ok = reveal(change.value); !ok) return ok;
  }
  for (auto& [name, datum] : payload.donnees) {
    if (auto ok = reveal(datum); !ok) return ok;
  }
  return {};
}

storage::Result<std::optional<Erasure>> Engine::erase(std::string_view person, std::string_view motif) {
  std::string name(person);
  std::string why(motif);
  if (!normalise(name) || !normalise(why) || why.empty() || why.size() > kMotifBytes) {
    return std::unexpected(storage::Error{
        storage::ErrorKind::kInvalid,
        fmt::format("une personne et un motif en UTF-8 sont attendus, le motif de 1 à {} octets", kMotifBytes)});
  }
  auto known = impl_->journal.person(name);
  if (!known) return std::unexpected(std::move(known.error()));
  if (!*known) return std::nullopt;
  storage::NewEvent event;
  event.flux = std::string(kErasedPrefix) + storage::to_hex(**known);
  event.type = kErasure;
  event.date_effet = paris_day(impl_->now()).days;
  event.role = kSystem;
  event.acte_id = event.flux;
  event.event_id = storage::new_event_id(event.acte_id, 0);
  event.payload = encode_erasure(why);
  storage::AppendRequest request;
  request.expected.push_back({.flux = event.flux, .kind = storage::Expectation::Kind::kNone});
  request.events.push_back(std::move(event));
  request.erase = std::move(name);
  auto done = impl_->journal.append(std::move(request));
  if (!done) return std::unexpected(std::move(done.error()));
  return Erasure{.person = **known, .position = done->first};
}

}  // namespace assemblier::engine
