#include "tools/preuve.hpp"

#include "dsl/text.hpp"
#include "engine/payload.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::tools {
namespace {

constexpr std::string_view kForm = "assemblier-preuve/1";

using storage::Hash;

storage::Result<Json> event_json(storage::Journal& journal, storage::Position position, std::uint64_t size,
                                 std::string_view stored) {
  auto path = journal.prove_inclusion(position, size);
  if (!path) return std::unexpected(std::move(path.error()));
  Json json = Json::object();
  json.set("position", Json(position.value))
      .set("octets", Json(storage::to_base64(stored)))
      .set("chemin", path_json(*path));
  return json;
}

// The first reason met is thrown inside this file only.
struct False {
  std::string why;
};

template <class... Args>
void require(bool holds, fmt::format_string<Args...> why, Args&&... args) {
  if (!holds) throw False{fmt::format(why, std::forward<Args>(args)...)};
}

const Json& member(const Json& json, std::string_view key) {
  const Json* const found = json.find(key);
  require(found != nullptr, "il manque « {} »", key);
  return *found;
}

void only(const Json& json, std::initializer_list<std::string_view> keys) {
  const auto* object = json.get<Json::Object>();
  require(object != nullptr && object->size() == keys.size(), "membres inattendus ; attendus : {}",
          fmt::join(keys, ", "));
  std::size_t i = 0;
  for (const std::string_view key : keys) require((*object)[i++].key == key, "« {} » attendu", key);
}

std::uint64_t number(const Json& json) {
  const auto value = json.as_int();
  require(value && *value >= 0, "un nombre est attendu");
  return static_cast<std::uint64_t>(*value);
}

const std::string& text(const Json& json) {
  const auto* value = json.get<std::string>();
  require(value != nullptr, "un texte est attendu");
  return *value;
}

storage::Proof path(const Json& json) {
  const auto* items = json.get<Json::Array>();
  require(items != nullptr, "un chemin est une liste");
  storage::Proof proof;
  for (const Json& item : *items) {
    const auto octets = storage::from_base64(text(item));
    require(octets && octets->size() == 32, "un nœud de chemin a 32 octets en base 64");
    Hash hash;
    std::ranges::transform(*octets, hash.octets.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
    proof.push_back(hash);
  }
  return proof;
}

// An event of the proof: decoded, and in the journal at the position it says.
struct Placed {
  storage::Bytes stored;
  storage::StoredEvent event;  // points into `stored`
};
std::unique_ptr<Placed> placed(const Json& json, const storage::Checkpoint& head) {
  only(json, {"position", "octets", "chemin"});
  const std::uint64_t position = number(member(json, "position"));
  auto stored = storage::from_base64(text(member(json, "octets")));
  require(stored.has_value(), "position {} : octets illisibles", position);
  auto out = std::make_unique<Placed>();
  out->stored = std::move(*stored);
  auto event = storage::decode_event(out->stored);
  require(event.has_value(), "position {} : {}", position, event ? "" : event.error());
  out->event = std::move(*event);
  require(out->event.header.position.value == position, "position {} : l'événement porte la position {}", position,
          out->event.header.position.value);
  require(storage::verify_inclusion(storage::event_hash(out->stored), position, head.size, path(member(json, "chemin")),
                                    head.root),
          "position {} : l'événement n'est pas dans le journal que dit la tête", position);
  return out;
}

const Json::Array& list(const Json& json, std::string_view key) {
  const auto* items = member(json, key).get<Json::Array>();
  require(items != nullptr, "« {} » est une liste", key);
  return *items;
}

// A token has octets that its signature does not cover; its digest lies beside it, so that none may change.
storage::Timestamp stamped(const Json& json, std::string_view head, std::string_view authorities) {
  only(json, {"empreinte", "jeton"});
  const auto token = storage::from_base64(text(member(json, "jeton")));
  require(token && storage::to_hex(storage::sha256(*token)) == text(member(json, "empreinte")),
          "un jeton d'horodatage n'a pas son empreinte");
  require(!authorities.empty(),
          "la tête est horodatée, et nul ne dit quelles autorités croire ; donner leurs certificats");
  auto stamp = storage::check_timestamp(*token, head, authorities);
  require(stamp.has_value(), "{}", stamp ? "" : stamp.error());
  return std::move(*stamp);
}

Proven check(std::string_view file, const std::vector<storage::PublicKey>& trusted, std::string_view authorities) {
  std::string_view line = file;
  require(line.ends_with('\n'), "le fichier ne finit pas par une fin de ligne");
  line.remove_suffix(1);
  const auto json = parse_json(line, {.depth = 8});
  require(json.has_value(), "{}", json ? "" : json.error().message);
  require(to_text(*json) == line, "le fichier n'est pas écrit comme une preuve l'est : un octet y a changé");
  const bool with_stamps = json->find("horodatages") != nullptr;
  if (with_stamps) {
    only(*json, {"forme", "objet", "tête", "horodatages", "flux", "événements", "éditions"});
  } else {
    only(*json, {"forme", "objet", "tête", "flux", "événements", "éditions"});
  }
  require(text(member(*json, "forme")) == kForm, "forme de preuve inconnue : {}", text(member(*json, "forme")));
  Proven proven{
      .objet = text(member(*json, "objet")), .etat = {}, .events = 0, .head = {}, .signers = {}, .stamps = {}};

  const auto note = storage::parse_note(text(member(*json, "tête")));
  require(note.has_value(), "{}", note ? "" : note.error());
  auto signers = storage::check_note(*note, trusted);
  require(signers.has_value(), "{}", signers ? "" : signers.error());
  proven.signers = std::move(*signers);
  auto head = storage::parse_checkpoint(note->text);
  require(head.has_value(), "{}", head ? "" : head.error());
  require(std::ranges::any_of(proven.signers, [&](const auto& key) { return key.name == head->origin; }),
          "la tête de « {} » n'est pas signée par lui", head->origin);
  proven.head = *head;
  if (with_stamps) {
    for (const Json& item : list(*json, "horodatages"))
      proven.stamps.push_back(stamped(item, text(member(*json, "tête")), authorities));
    require(!proven.stamps.empty(), "la liste des horodatages est vide");
  }

  std::map<Hash, bool> editions;  // by hash: whether an event was decided under it
  for (const Json& item : list(*json, "éditions")) {
    const auto edition = placed(item, proven.head);
    const auto& header = edition->event.header;
    const auto publication = engine::decode_publication(edition->event.payload);
    require(header.type == engine::kPublication && publication, "position {} : ce n'est pas une édition",
            header.position.value);
    require(storage::sha256(publication->text) == header.edition, "position {} : le texte n'est pas celui de l'édition",
            header.position.value);
    require(editions.emplace(header.edition, false).second, "une édition figure deux fois");
  }
  Hash last{};
  for (const Json& item : list(*json, "événements")) {
    const auto event = placed(item, proven.head);
    const auto& header = event->event.header;
    require(header.flux == proven.objet, "position {} : c'est un événement de {}", header.position.value, header.flux);
    require(header.version.value == proven.events, "version {} attendue, {} lue : un événement manque ou est en trop",
            proven.events, header.version.value);
    require(header.previous == last, "version {} : la chaîne se rompt", proven.events);
    const auto edition = editions.find(header.edition);
    require(edition != editions.end(), "version {} : son édition manque", proven.events);
    edition->second = true;
    const auto payload = engine::decode_payload(event->event.payload);
    require(payload.has_value(), "version {} : {}", proven.events, payload ? "" : payload.error());
    proven.etat = payload->to;
    last = storage::event_hash(event->stored);
    ++proven.events;
  }
  require(proven.events != 0, "la preuve n'a aucun événement");
  for (const auto& [hash, used] : editions) require(used, "une édition n'a servi à aucun événement");

  const Json& flux = member(*json, "flux");
  only(flux, {"rang", "chemin"});
  const storage::FluxLeaf leaf{.flux = proven.objet, .version = {proven.events - 1}, .hash = last};
  require(storage::verify_inclusion(storage::flux_leaf_hash(leaf), number(member(flux, "rang")), proven.head.flux_count,
                                    path(member(flux, "chemin")), proven.head.flux_root),
          "la tête ne dit pas que {} finit là : des événements manquent ou sont en trop", proven.objet);
  return proven;
}

}  // namespace

Json path_json(const storage::Proof& path) {
  Json::Array hashes;
  for (const Hash& hash : path) hashes.emplace_back(storage::to_base64(storage::to_bytes(hash)));
  return Json(std::move(hashes));
}

storage::Result<std::string> make_proof(storage::Journal& journal, const std::string& objet, const storage::Note& head,
                                        const std::vector<storage::Bytes>& stamps) {
  const auto checkpoint = storage::parse_checkpoint(head.text);
  if (!checkpoint) return std::unexpected(storage::Error{storage::ErrorKind::kUnreadable, checkpoint.error()});
  auto flux = journal.prove_flux(objet, checkpoint->size);
  if (!flux) return std::unexpected(std::move(flux.error()));
  if (!flux->there) {
    return std::unexpected(storage::Error{
        storage::ErrorKind::kAbsent,
        fmt::format("« {} » n'existe pas dans ce journal, ou pas encore sous cette tête ; vérifier l'identifiant, ou "
                    "sceller une tête plus récente",
                    objet)});
  }

  Json::Array events;
  std::map<storage::Hash, bool> wanted;  // éditions
  storage::Result<void> failed;
  auto read = journal.read_flux(objet, {}, [&](const storage::StoredEvent& event) {
    if (event.header.position.value >= checkpoint->size) return false;
    auto json = event_json(journal, event.header.position, checkpoint->size, event.stored);
    if (!json) {
      failed = std::unexpected(std::move(json.error()));
      return false;
    }
    events.push_back(std::move(*json));
    wanted.emplace(event.header.edition, true);
    return true;
  });
  if (!read) return std::unexpected(std::move(read.error()));
  if (!failed) return std::unexpected(std::move(failed.error()));

  Json::Array editions;
  for (const auto& [hash, needed] : wanted) {
    const std::string name = std::string(engine::kEditionPrefix) + storage::to_hex(hash).substr(0, 16);
    read = journal.read_flux(name, {}, [&](const storage::StoredEvent& event) {
      if (event.header.edition != hash) return true;
      auto json = event_json(journal, event.header.position, checkpoint->size, event.stored);
      if (json) {
        editions.push_back(std::move(*json));
      } else {
        failed = std::unexpected(std::move(json.error()));
      }
      return false;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    if (!failed) return std::unexpected(std::move(failed.error()));
  }
  Json place = Json::object();
  place.set("rang", Json(flux->there->index)).set("chemin", path_json(flux->there->path));
  Json json = Json::object();
  json.set("forme", Json(kForm)).set("objet", Json(objet)).set("tête", Json(storage::render(head)));
  Json::Array tokens;
  for (const storage::Bytes& stamp : stamps) {
    Json token = Json::object();
    token.set("empreinte", Json(storage::to_hex(storage::sha256(stamp)))).set("jeton", Json(storage::to_base64(stamp)));
    tokens.push_back(std::move(token));
  }
  if (!tokens.empty()) json.set("horodatages", Json(std::move(tokens)));
  json.set("flux", std::move(place))
      .set("événements", Json(std::move(events)))
      .set("éditions", Json(std::move(editions)));
  return to_text(json) + "\n";
}

bool is_proof(std::string_view text) {
  return text.starts_with(R"({"forme": "assemblier-preuve/)") && !dsl::first_invalid_utf8(text);
}

std::expected<Proven, std::string> check_proof(std::string_view text, const std::vector<storage::PublicKey>& trusted,
                                               std::string_view authorities) {
  try {
    return check(text, trusted, authorities);
  } catch (const False& found) {
    return std::unexpected(found.why);
  }
}

}  // namespace assemblier::tools
