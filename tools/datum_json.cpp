#include "tools/datum_json.hpp"

#include "engine/typing.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::tools {
namespace {

using engine::Datum;

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += fmt::format("{}« {} »", out.empty() ? "" : ", ", text);
  return out;
}

/// The common shape of an answer, whoever gives it.
struct Answered {
  dsl::Status status = dsl::Status::kUndetermined;
  Json value;
  std::string value_text;
  std::vector<std::string> unmet, missing, missing_members, reasons;
  Json missing_members_json;
  std::string code, message;
};

Json shape(Answered&& answered) {
  Json json = Json::object();
  switch (answered.status) {
    case dsl::Status::kKnown:
      json.set("valeur", std::move(answered.value));
      if (!answered.unmet.empty()) json.set("exigences", Json::texts(answered.unmet));
      break;
    case dsl::Status::kUndetermined:
      json.set("indéterminée", Json::texts(answered.missing));
      if (!answered.missing_members.empty()) json.set("qui manque", std::move(answered.missing_members_json));
      break;
    case dsl::Status::kNone:
      json.set("aucune", Json::texts(answered.reasons));
      break;
    case dsl::Status::kError:
      json.set("erreur", error_json(answered.code, answered.message));
      break;
  }
  return json;
}

std::string sentence(const Answered& answered) {
  std::string text;
  switch (answered.status) {
    case dsl::Status::kKnown:
      text = answered.value_text;
      if (!answered.unmet.empty()) text += " — " + quoted_list(answered.unmet);
      break;
    case dsl::Status::kUndetermined:
      text = "indéterminée";
      if (!answered.missing.empty()) text += fmt::format(", il manque : {}", fmt::join(answered.missing, ", "));
      if (!answered.missing_members.empty()) text += fmt::format(" ({})", fmt::join(answered.missing_members, ", "));
      break;
    case dsl::Status::kNone:
      text = "aucune";
      if (!answered.reasons.empty()) text += fmt::format(" : {}", fmt::join(answered.reasons, " ; "));
      break;
    case dsl::Status::kError:
      text = fmt::format("erreur {} : {}", answered.code, answered.message);
      break;
  }
  return text;
}

Answered answered(const dsl::Program& program, dsl::Index rule, const dsl::Result& result) {
  const auto& declared = program.rules[rule];
  Answered out;
  out.status = result.status;
  if (result.status == dsl::Status::kKnown) {
    out.value = to_json(program, result.value);
    out.value_text = dsl::show(program, result.value);
  }
  for (const auto index : result.unmet) out.unmet.push_back(declared.exigences[index].label);
  for (const auto fact : result.missing) out.missing.push_back(dsl::fact_name(program, declared.objet, fact));
  Json::Array members;
  for (const auto& member : result.missing_members) {
    members.push_back(to_json(program, member));
    out.missing_members.push_back(dsl::show(program, member));
  }
  out.missing_members_json = Json(std::move(members));
  out.reasons = result.reasons;
  out.code = result.code;
  out.message = result.message;
  return out;
}

Answered answered(const engine::Decision& decision) {
  Answered out;
  out.status = decision.status;
  out.value = to_json(decision.value);
  out.value_text = engine::show(decision.value);
  out.unmet = decision.unmet;
  out.missing = decision.missing;
  Json::Array members;
  for (const auto& member : decision.missing_members) {
    members.push_back(to_json(member));
    out.missing_members.push_back(engine::show(member));
  }
  out.missing_members_json = Json(std::move(members));
  if (decision.status == dsl::Status::kError) {
    if (!decision.reasons.empty()) out.code = decision.reasons.front();
    if (decision.reasons.size() > 1) out.message = decision.reasons[1];
  } else {
    out.reasons = decision.reasons;
  }
  return out;
}

std::string_view word(engine::Truth truth) {
  switch (truth) {
    case engine::Truth::kFalse:
      return "faux";
    case engine::Truth::kTrue:
      return "vrai";
    case engine::Truth::kUndetermined:
      return "indéterminé";
    case engine::Truth::kNone:
      return "aucune";
    case engine::Truth::kError:
      return "erreur";
  }
  return "?";
}

std::string_view word(dsl::Status status) {
  switch (status) {
    case dsl::Status::kKnown:
      return "valeur";
    case dsl::Status::kUndetermined:
      return "indéterminée";
    case dsl::Status::kNone:
      return "aucune";
    case dsl::Status::kError:
      return "erreur";
  }
  return "?";
}

}  // namespace

std::expected<Datum, JsonError> datum_from_json(const Json& json, const std::string& where) {
  struct Visitor {
    const Json& json;
    const std::string& where;
    std::expected<Datum, JsonError> operator()(std::nullptr_t) const { return Datum(); }
    std::expected<Datum, JsonError> operator()(bool value) const { return Datum(value); }
    std::expected<Datum, JsonError> operator()(const std::string& text) const { return Datum(text); }
    std::expected<Datum, JsonError> operator()(const Json::Number& number) const {
      if (!number.integer) {
        return std::unexpected(
            JsonError{"J0007", fmt::format("« {} » : {} est un nombre à virgule, refusé parce qu'il n'est pas "
                                           "exact ; écrivez-le entre guillemets : \"{}\"",
                                           where, number.text, number.text)});
      }
      if (const auto value = json.as_int()) return Datum(*value);
      return std::unexpected(
          JsonError{"J0006", fmt::format("« {} » : le nombre {} est trop grand", where, number.text)});
    }
    std::expected<Datum, JsonError> operator()(const Json::Array& items) const {
      Datum::List list;
      list.reserve(items.size());
      for (const auto& item : items) {
        auto datum = datum_from_json(item, where);
        if (!datum) return datum;
        list.push_back(std::move(*datum));
      }
      return Datum(std::move(list));
    }
    std::expected<Datum, JsonError> operator()(const Json::Object&) const {
      auto map = map_from_json(json, where);
      if (!map) return std::unexpected(std::move(map.error()));
      return Datum(std::move(*map));
    }
  };
  return std::visit(Visitor{json, where}, json.data);
}

std::expected<Datum::Map, JsonError> map_from_json(const Json& json, const std::string& where) {
  const auto* members = json.get<Json::Object>();
  if (members == nullptr) {
    return std::unexpected(
        JsonError{"J0008", fmt::format("{} : un objet JSON {{ \"nom\": valeur }} est attendu ; trouvé : {}", where,
                                       kind_in_french(json))});
  }
  Datum::Map map;
  map.reserve(members->size());
  for (const auto& member : *members) {
    auto datum = datum_from_json(member.value, member.key);
    if (!datum) return std::unexpected(std::move(datum.error()));
    map.emplace_back(member.key, std::move(*datum));
  }
  return map;
}

Json to_json(const Datum& datum) {
  struct Visitor {
    Json operator()(std::monostate) const { return Json(); }
    Json operator()(bool v) const { return Json(v); }
    Json operator()(std::int64_t v) const { return Json(v); }
    Json operator()(const std::string& v) const { return Json(v); }
    Json operator()(dsl::Montant v) const { return Json(dsl::plain(v)); }
    Json operator()(dsl::Taux v) const { return Json(dsl::plain(v)); }
    Json operator()(dsl::Date v) const { return Json(dsl::iso(v)); }
    Json operator()(dsl::Duree v) const { return Json(dsl::french(v)); }
    Json operator()(const Datum::SharedSealed& v) const {
      Json json = Json::object();
      if (v->erased.empty()) {
        json.set("scellé", Json(storage::to_hex(v->seal.commitment)));
        return json;
      }
      Json erased = Json::object();
      erased.set("motif", Json(v->erased)).set("le", Json(dsl::iso(v->on)));
      json.set("effacé", std::move(erased));
      return json;
    }
    Json operator()(const Datum::List& v) const {
      Json::Array items;
      items.reserve(v.size());
      for (const auto& item : v) items.push_back(to_json(item));
      return Json(std::move(items));
    }
    Json operator()(const Datum::Map& v) const {
      Json::Object members;
      members.reserve(v.size());
      for (const auto& [key, item] : v) members.push_back({key, to_json(item)});
      return Json(std::move(members));
    }
  };
  return std::visit(Visitor{}, datum.data);
}

Json to_json(const dsl::Program& program, const dsl::Value& value) { return to_json(engine::untyped(program, value)); }

Json to_json(const dsl::Program& program, dsl::Index rule, const dsl::Result& result) {
  return shape(answered(program, rule, result));
}

Json to_json(const engine::Decision& decision) { return shape(answered(decision)); }

std::string in_french(const dsl::Program& program, dsl::Index rule, const dsl::Result& result) {
  return sentence(answered(program, rule, result));
}

std::string in_french(const engine::Decision& decision) { return sentence(answered(decision)); }

Json to_json(const engine::Refusal& refusal) {
  Json::Array reasons;
  for (const auto& reason : refusal.reasons) {
    Json json = Json::object();
    json.set("libellé", Json(reason.label));
    if (!reason.detail.empty()) json.set("détail", Json(reason.detail));
    if (!reason.citations.empty()) json.set("sources", Json::texts(reason.citations));
    if (!reason.remedy.empty()) json.set("remède", Json(reason.remedy));
    if (!reason.missing.empty()) json.set("il manque", Json::texts(reason.missing));
    reasons.push_back(std::move(json));
  }
  Json json = Json::object();
  json.set("genre", Json(engine::word(refusal.kind)));
  json.set("message", Json(refusal.message));
  json.set("raisons", Json(std::move(reasons)));
  return json;
}

Json to_json(const engine::Motif& motif) {
  Json::Array steps;
  for (const auto& step : motif.steps) {
    Json json = Json::object();
    json.set("règle", Json(step.rule)).set("conclusion", Json(word(step.status)));
    Json::Array branches;
    for (const auto& branch : step.branches) {
      Json item = Json::object();
      item.set("n°", Json(std::uint64_t{branch.number} + 1)).set("est", Json(word(branch.truth)));
      branches.push_back(std::move(item));
    }
    if (!branches.empty()) json.set("branches", Json(std::move(branches)));
    steps.push_back(std::move(json));
  }
  Json json = Json::object();
  json.set("règles", Json(std::move(steps))).set("faits", Json::texts(motif.facts));
  return json;
}

Json error_json(std::string_view code, std::string_view message) {
  Json json = Json::object();
  json.set("code", Json(code)).set("message", Json(message));
  return json;
}

}  // namespace assemblier::tools
