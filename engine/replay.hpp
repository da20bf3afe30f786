#pragma once
// rejouer: the proof that every recorded event follows from the rules then in force. History is folded; each event is
// asked again of its édition on the facts recorded before it, and its effects, état and décisions are compared.
//
// An event is judged on the recorded facts. After a divergence in a flux it is also judged on the facts as the rules
// would have left them, and only what agrees with neither is a divergence of its own: one falsified décision gives one
// divergence.
//
// Thread-safety: like the Engine it uses.
//
//   auto report = replay(engine, {}, {});
//   fmt::print("{} divergence\n", report->divergences.size() + report->more);

#include "engine/engine.hpp"

namespace assemblier::engine {

struct Divergence {
  storage::Position position;
  std::string flux;
  storage::Version version;
  std::string acte;
  std::string what;      ///< "décision échelle", "champ avis", "état", "acte", "suite", "événement"
  std::string recorded;  ///< French: what the journal holds
  std::string given;     ///< French: what the rules give
};

/// One line: « position 12, dossier/1 version 3 (acte dépôt), décision échelle : inscrit … ; les règles donnent … ».
[[nodiscard]] std::string render(const Divergence& divergence);

struct ReplayReport {
  std::uint64_t objets = 0, events = 0, decisions = 0;
  std::vector<Divergence> divergences;  ///< in order of flux, then version; at most 1000 kept
  std::uint64_t more = 0;               ///< divergences beyond those kept

  [[nodiscard]] std::uint64_t count() const { return divergences.size() + more; }
};

/// Replays one flux, or all objets when `flux` is empty. Progress counts events.
[[nodiscard]] storage::Result<ReplayReport> replay(Engine& engine, std::string_view flux,
                                                   const storage::Progress& progress);

}  // namespace assemblier::engine
