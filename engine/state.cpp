#include "engine/state.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

// A map's value at `key`, made null if it was not there.
Datum& slot(Datum::Map& map, const std::string& key) {
  const auto at = std::ranges::find(map, key, &std::pair<std::string, Datum>::first);
  return at != map.end() ? at->second : map.emplace_back(key, Datum()).second;
}

template <class T>
T& as(Datum& datum) {
  if (datum.get<T>() == nullptr) datum = Datum(T{});
  return *datum.get<T>();
}

void apply(State& state, Change&& change) {
  switch (change.kind) {
    case Change::Kind::kSet:
      if (change.value.is_null()) {
        std::erase_if(state.fields, [&change](const auto& field) { return field.first == change.field; });
      } else {
        slot(state.fields, change.field) = std::move(change.value);
      }
      return;
    case Change::Kind::kEntry:
      slot(as<Datum::Map>(slot(state.fields, change.field)), change.key) = std::move(change.value);
      return;
    case Change::Kind::kAppend: {
      auto& list = as<Datum::List>(slot(state.fields, change.field));
      if (auto* added = change.value.get<Datum::List>()) std::ranges::move(*added, std::back_inserter(list));
      return;
    }
  }
}

}  // namespace

const Datum* State::field(std::string_view name) const {
  const auto at = std::ranges::find(fields, name, &std::pair<std::string, Datum>::first);
  return at == fields.end() ? nullptr : &at->second;
}

const Retained* State::decision(std::string_view name) const {
  const auto at = std::ranges::find(decisions, name, &Retained::name);
  return at == decisions.end() ? nullptr : &*at;
}

bool operator==(const State& a, const State& b) {
  if (a.flux != b.flux || a.objet != b.objet || a.edition != b.edition || a.etat != b.etat || a.events != b.events ||
      a.date != b.date || a.decisions.size() != b.decisions.size() || !(Datum(a.fields) == Datum(b.fields))) {
    return false;
  }
  return std::ranges::all_of(a.decisions, [&b](const Retained& mine) {
    const Retained* other = b.decision(mine.name);
    return other != nullptr && mine == *other;
  });
}

std::string_view category(std::string_view flux) {
  const std::size_t slash = flux.find('/');
  return slash == std::string_view::npos ? std::string_view() : flux.substr(0, slash);
}

void evolve(State& state, const Evenement& event) { evolve(state, Evenement(event)); }

void evolve(State& state, Evenement&& event) {
  if (!state.exists()) {
    state.flux = std::move(event.flux);
    state.objet = std::move(event.payload.objet);
  }
  state.edition = event.edition;
  state.etat = std::move(event.payload.to);
  for (Change& change : event.payload.changes) apply(state, std::move(change));
  for (Decision& decision : event.payload.decisions) {
    const auto at = std::ranges::find(state.decisions, decision.name, &Retained::name);
    Retained& retained = at != state.decisions.end() ? *at : state.decisions.emplace_back();
    retained = {std::move(decision.name), decision.status, std::move(decision.value), std::move(decision.reasons)};
  }
  ++state.events;
  state.date = event.date;
}

std::expected<void, std::string> fold(State& state, const storage::StoredEvent& stored) {
  const storage::Header& header = stored.header;
  auto payload = decode_effects(stored.payload);
  if (payload && !attach(*payload, header.seals))
    payload = std::unexpected("données scellées que l'en-tête ne dit pas");
  if (!payload) {
    return std::unexpected(fmt::format("position {}, {} version {} : contenu illisible ({})", header.position.value,
                                       header.flux, header.version.value, payload.error()));
  }
  evolve(state, {.flux = header.flux,
                 .date = dsl::Date{header.date_effet},
                 .edition = header.edition,
                 .payload = std::move(*payload)});
  return {};
}

}  // namespace assemblier::engine
