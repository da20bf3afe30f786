#include "tools/stream.hpp"

#include "dsl/diagnostic.hpp"
#include "tools/datum_json.hpp"

#include <fmt/format.h>

namespace assemblier::tools {
namespace {

std::unexpected<JsonError> refuse(std::string code, std::string message) {
  return std::unexpected(JsonError{std::move(code), std::move(message)});
}

std::unexpected<JsonError> unknown_key(const std::string& key, const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  const auto near = dsl::suggestions(key, names);
  return refuse("L0001", near.empty()
                             ? fmt::format("clé « {} » inconnue ; possibles : {}", key, list)
                             : fmt::format("clé « {} » inconnue ; vouliez-vous dire « {} » ?", key, near.front()));
}

std::unexpected<JsonError> ill_typed(const std::string& key, std::string_view expected, const Json& found) {
  return refuse("L0002", fmt::format("« {} » : {} est attendu ; trouvé : {}", key, expected, kind_in_french(found)));
}

/// Fills `into` from a non-empty text.
std::expected<void, JsonError> text_into(std::string& into, const std::string& key, const Json& json) {
  const auto* text = json.get<std::string>();
  if (text == nullptr) return ill_typed(key, "un texte", json);
  if (text->empty()) return refuse("L0002", fmt::format("« {} » est vide", key));
  into = *text;
  return {};
}

std::expected<void, JsonError> author_into(engine::Request& request, const Json& json) {
  const auto* members = json.get<Json::Object>();
  if (members == nullptr) return ill_typed("par", "un objet { \"rôle\", \"nom\" }", json);
  for (const auto& [key, value] : *members) {
    std::expected<void, JsonError> done;
    if (key == "rôle") {
      done = text_into(request.role, key, value);
    } else if (key == "nom") {
      done = text_into(request.author, key, value);
    } else {
      return unknown_key(key, {"rôle", "nom"});
    }
    if (!done) return done;
  }
  if (request.role.empty()) return refuse("L0002", "« par » : il manque « rôle »");
  return {};
}

std::expected<void, JsonError> date_into(engine::Request& request, const std::string& key, const Json& json) {
  std::string text;
  if (auto done = text_into(text, key, json); !done) return done;
  request.date = dsl::parse_iso(text);
  if (!request.date)
    return refuse("L0002", fmt::format("« {} » : une date AAAA-MM-JJ est attendue ; trouvé : « {} »", key, text));
  return {};
}

std::expected<void, JsonError> donnees_into(engine::Request& request, const Json& json) {
  auto donnees = map_from_json(json, "« données »");
  if (!donnees) return std::unexpected(std::move(donnees.error()));
  request.donnees = std::move(*donnees);
  return {};
}

std::expected<void, JsonError> version_into(engine::Request& request, const std::string& key, const Json& json) {
  const auto version = json.as_int();
  if (!version || *version < 0) return ill_typed(key, "un nombre entier positif ou nul", json);
  request.version = static_cast<std::uint64_t>(*version);
  return {};
}

}  // namespace

std::expected<engine::Request, JsonError> request_from_line(std::string_view text, std::string& id) {
  const auto json = parse_json(text);
  if (!json) return std::unexpected(json.error());
  const auto* members = json->get<Json::Object>();
  if (members == nullptr)
    return refuse("J0008", fmt::format("un objet JSON est attendu ; trouvé : {}", kind_in_french(*json)));
  if (const auto* known = json->find("id"); known != nullptr && known->get<std::string>() != nullptr)
    id = *known->get<std::string>();

  engine::Request request;
  for (const auto& [key, value] : *members) {
    if (value.is_null()) continue;
    std::expected<void, JsonError> done;
    if (key == "id") {
      done = text_into(request.id, key, value);
    } else if (key == "acte") {
      done = text_into(request.acte, key, value);
    } else if (key == "objet") {
      done = text_into(request.objet, key, value);
    } else if (key == "par") {
      done = author_into(request, value);
    } else if (key == "le") {
      done = date_into(request, key, value);
    } else if (key == "données") {
      done = donnees_into(request, value);
    } else if (key == "version") {
      done = version_into(request, key, value);
    } else {
      return unknown_key(key, {"id", "acte", "objet", "par", "le", "données", "version"});
    }
    if (!done) return std::unexpected(std::move(done.error()));
  }
  for (const auto& [key, value] : {std::pair<std::string_view, const std::string&>{"id", request.id},
                                   {"acte", request.acte},
                                   {"objet", request.objet},
                                   {"par", request.role}}) {
    if (value.empty()) return refuse("L0002", fmt::format("il manque « {} »", key));
  }
  return request;
}

}  // namespace assemblier::tools
