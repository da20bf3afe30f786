#include "engine/live.hpp"

#include "engine/decide.hpp"
#include "engine/typing.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

// The category's objet; kNoIndex when the program has none.
dsl::Index objet_of(const dsl::Program& program, std::string_view flux) {
  const std::string_view wanted = category(flux);
  const auto at = std::ranges::find(program.objets, wanted, &dsl::ObjetInfo::category);
  return at == program.objets.end() ? dsl::kNoIndex : static_cast<dsl::Index>(at - program.objets.begin());
}

std::expected<dsl::Index, std::string> etat_of(const dsl::ObjetInfo& objet, const std::string& name) {
  if (!objet.procedure) return std::unexpected(fmt::format("l'objet {} n'a pas de procédure", objet.name));
  const auto& etats = objet.procedure->etats;
  const auto at = std::ranges::find(etats, name, &dsl::EtatInfo::name);
  if (at == etats.end()) return std::unexpected(fmt::format("état « {} » inconnu de l'édition", name));
  return static_cast<dsl::Index>(at - etats.begin());
}

std::expected<dsl::Index, std::string> field_of(const Live& live, const std::string& name) {
  const dsl::Index field = live.edition->program->find_field(live.objet, name);
  if (field == dsl::kNoIndex) return std::unexpected(fmt::format("champ « {} » inconnu de l'édition", name));
  return field;
}

std::expected<void, std::string> retain(Live& live, const std::string& name, dsl::Status status, const Datum& value,
                                        const std::vector<std::string>& reasons) {
  const dsl::Program& program = *live.edition->program;
  const dsl::Index rule = program.find_rule(name);
  if (rule == dsl::kNoIndex || !program.rules[rule].is_decision()) {
    return std::unexpected(fmt::format("décision « {} » inconnue de l'édition", name));
  }
  dsl::RecordedDecision recorded{.status = status, .reasons = reasons};
  if (status == dsl::Status::kKnown) {
    auto typed_value = typed(program, *program.rules[rule].type, value, name);
    if (!typed_value) return std::unexpected(typed_value.error().message);
    recorded.value = std::move(*typed_value);
  }
  live.recorded[rule] = std::make_shared<const dsl::RecordedDecision>(std::move(recorded));
  return {};
}

std::expected<void, std::string> change_field(Live& live, const Change& change) {
  const dsl::Program& program = *live.edition->program;
  const auto field = field_of(live, change.field);
  if (!field) return std::unexpected(field.error());
  if (program.objets[live.objet].fields[*field].personal()) {
    set_personal(live, *field, change.value);
    return {};
  }
  const dsl::Type& type = *program.objets[live.objet].fields[*field].type;
  std::optional<dsl::Value>& fact = live.facts[*field];
  if (change.kind == Change::Kind::kSet && change.value.is_null()) {
    fact.reset();
    return {};
  }
  Datum datum = change.value;
  if (change.kind == Change::Kind::kEntry) datum = Datum(Datum::Map{{change.key, change.value}});
  auto value = typed(program, type, datum, change.field);
  if (!value) return std::unexpected(value.error().message);
  switch (change.kind) {
    case Change::Kind::kSet:
      fact = std::move(*value);
      return {};
    case Change::Kind::kEntry: {
      const auto& [key, content] = value->as<dsl::Map>()->front();
      set_entry(fact, key, content);
      return {};
    }
    case Change::Kind::kAppend:
      append(fact, *value->as<dsl::List>());
      return {};
  }
  return {};
}

std::expected<Live, std::string> opened(const std::string& flux, const EditionPtr& edition) {
  const dsl::Index objet = objet_of(*edition->program, flux);
  if (objet == dsl::kNoIndex) {
    return std::unexpected(fmt::format("catégorie « {} » inconnue de l'édition", category(flux)));
  }
  return fresh(flux, edition, objet);
}

}  // namespace

Live fresh(const std::string& flux, const EditionPtr& edition, dsl::Index objet) {
  Live live;
  live.flux = flux;
  live.edition = edition;
  live.objet = objet;
  live.facts.resize(edition->program->objets[objet].fields.size());
  live.recorded.resize(edition->program->rules.size());
  return live;
}

void set_entry(std::optional<dsl::Value>& fact, dsl::Value key, dsl::Value content) {
  std::vector<std::pair<dsl::Value, dsl::Value>> entries;
  if (fact) {
    const auto& before = *fact->as<dsl::Map>();
    entries.reserve(before.size() + 1);
    entries.assign(before.begin(), before.end());
  }
  const auto at = std::ranges::find_if(entries, [&key](const auto& entry) { return dsl::equal(entry.first, key); });
  if (at != entries.end()) {
    at->second = std::move(content);
  } else {
    entries.emplace_back(std::move(key), std::move(content));
  }
  fact = dsl::make_map(std::move(entries));
}

void set_personal(Live& live, dsl::Index field, const Datum& sealed) {
  std::erase_if(live.personal, [field](const auto& one) { return one.first == field; });
  if (!sealed.is_null()) live.personal.emplace_back(field, sealed);
}

std::vector<dsl::Value> append(std::optional<dsl::Value>& fact, const std::vector<dsl::Value>& items) {
  std::vector<dsl::Value> all;
  if (fact) all = *fact->as<dsl::List>();
  std::vector<dsl::Value> added;
  for (const dsl::Value& item : items) {
    if (std::ranges::any_of(all, [&item](const dsl::Value& other) { return dsl::equal(other, item); })) continue;
    all.push_back(item);
    added.push_back(item);
  }
  fact = dsl::make_list(std::move(all));
  return added;
}

std::expected<Live, std::string> bring(const State& state, EditionPtr edition) {
  auto live = opened(state.flux, edition);
  const auto failed = [&state](const std::string& why) {
    return std::unexpected(fmt::format("{} : {}", state.flux, why));
  };
  if (!live) return failed(live.error());
  const dsl::Program& program = *edition->program;
  const auto etat = etat_of(program.objets[live->objet], state.etat);
  if (!etat) return failed(etat.error());
  live->etat = *etat;
  live->events = state.events;
  live->date = state.date;
  for (const auto& [name, datum] : state.fields) {
    const auto field = field_of(*live, name);
    if (!field) return failed(field.error());
    if (program.objets[live->objet].fields[*field].personal()) {
      set_personal(*live, *field, datum);
      continue;
    }
    auto value = typed(program, *program.objets[live->objet].fields[*field].type, datum, name);
    if (!value) return failed(value.error().message);
    live->facts[*field] = std::move(*value);
  }
  for (const Retained& decision : state.decisions) {
    const auto done = retain(*live, decision.name, decision.status, decision.value, decision.reasons);
    if (!done) return failed(done.error());
  }
  return live;
}

State snapshot(const Live& live) {
  State state;
  if (!live.exists()) return state;
  const dsl::Program& program = *live.edition->program;
  const dsl::ObjetInfo& objet = program.objets[live.objet];
  state.flux = live.flux;
  state.objet = objet.name;
  state.edition = live.edition->hash;
  state.etat = objet.procedure->etats[live.etat].name;
  state.events = live.events;
  state.date = live.date;
  for (std::size_t i = 0; i < live.facts.size(); ++i) {
    if (live.facts[i]) state.fields.emplace_back(objet.fields[i].name, untyped(program, *live.facts[i]));
  }
  for (const auto& [field, datum] : live.personal) state.fields.emplace_back(objet.fields[field].name, datum);
  for (std::size_t i = 0; i < live.recorded.size(); ++i) {
    if (!live.recorded[i]) continue;
    const dsl::RecordedDecision& decision = *live.recorded[i];
    const bool known = decision.status == dsl::Status::kKnown;
    state.decisions.push_back(
        {program.rules[i].name, decision.status, known ? untyped(program, decision.value) : Datum(), decision.reasons});
  }
  return state;
}

std::expected<void, std::string> absorb(Live& live, const Evenement& event, const EditionPtr& edition) {
  if (!live.exists()) {
    auto start = opened(event.flux, edition);
    if (!start) return std::unexpected(start.error());
    live = std::move(*start);
  }
  const auto etat = etat_of(edition->program->objets[live.objet], event.payload.to);
  if (!etat) return std::unexpected(etat.error());
  live.etat = *etat;
  for (const Change& change : event.payload.changes) {
    if (auto done = change_field(live, change); !done) return done;
  }
  for (const Decision& decision : event.payload.decisions) {
    if (auto done = retain(live, decision.name, decision.status, decision.value, decision.reasons); !done) return done;
  }
  ++live.events;
  live.date = event.date;
  return {};
}

}  // namespace assemblier::engine
