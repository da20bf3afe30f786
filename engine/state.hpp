#pragma once
// The state of an objet as a fold of its events. `evolve` applies effects; it evaluates no rule and needs no program,
// so that history folds at full speed and stays readable when the language has changed.
//
// Thread-safety: values and pure functions.
//
//   State state;
//   journal.read_flux("dossier/1", {}, [&](const storage::StoredEvent& e) { return fold(state, e).has_value(); });

#include "engine/payload.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assemblier::engine {

/// A décision as last recorded: what `échelle retenue` means.
struct Retained {
  std::string name;
  dsl::Status status = dsl::Status::kUndetermined;
  Datum value;
  std::vector<std::string> reasons;
  bool operator==(const Retained&) const = default;
};

struct State {
  std::string flux;       ///< "dossier/2024-001"; empty: nothing happened yet
  std::string objet;      ///< kind, "Dossier"
  storage::Hash edition;  ///< under which it was opened
  std::string etat;
  Datum::Map fields;                ///< known fields, in order of first setting
  std::vector<Retained> decisions;  ///< in order of first recording
  std::uint64_t events = 0;         ///< number of events; the last version is events − 1
  dsl::Date date;                   ///< date d'effet of the last event

  [[nodiscard]] bool exists() const { return events > 0; }
  [[nodiscard]] const Datum* field(std::string_view name) const;
  [[nodiscard]] const Retained* decision(std::string_view name) const;
};

/// Same fields and décisions whatever their order, and everything else equal.
[[nodiscard]] bool operator==(const State& a, const State& b);

/// Category of a flux: "dossier" of "dossier/2024-001"; empty without a slash.
[[nodiscard]] std::string_view category(std::string_view flux);

/// Applies one event; total: any well-formed event applies to any state.
void evolve(State& state, const Evenement& event);
void evolve(State& state, Evenement&& event);

/// evolve on stored bytes, reading only the effects. French error naming position and flux when they do not decode.
[[nodiscard]] std::expected<void, std::string> fold(State& state, const storage::StoredEvent& stored);

}  // namespace assemblier::engine
