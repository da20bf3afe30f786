// dossier, histoire, rejouer, tableau: what the journal tells of the objets.

#include "dsl/text.hpp"
#include "engine/replay.hpp"
#include "engine/views.hpp"
#include "tools/commands.hpp"
#include "tools/datum_json.hpp"
#include "tools/opening.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::tools {
namespace {

Failure unknown_objet(const std::string& flux) {
  return Failure{Exit::kInput, fmt::format("« {} » n'existe pas dans ce journal ; vérifiez l'identifiant", flux)};
}

/// What a recorded décision cites, from the édition that took it; kept by édition and name.
class Citations {
 public:
  explicit Citations(engine::Engine& engine) : engine_(engine) {}
  std::vector<std::string> of(const storage::Hash& hash, const engine::Decision& decision) {
    auto known = editions_.find(hash);
    if (known == editions_.end()) {
      auto edition = engine_.edition(hash);
      known = editions_.emplace(hash, edition ? *edition : nullptr).first;
    }
    if (!known->second) return {};  // an édition of a language gone: the event says enough without it
    const auto& program = *known->second->program;
    std::vector<std::string> all;
    for (const auto& step : decision.motif.steps) {
      const auto index = program.find_rule(step.rule);
      if (index == dsl::kNoIndex) continue;
      for (const auto& citation : program.rules[index].citations) {
        if (std::find(all.begin(), all.end(), citation) == all.end()) all.push_back(citation);
      }
    }
    return all;
  }

 private:
  engine::Engine& engine_;
  std::map<storage::Hash, engine::EditionPtr> editions_;
};

std::string effect_text(const engine::Change& change) {
  switch (change.kind) {
    case engine::Change::Kind::kSet:
      return fmt::format("{} : {}", change.field, engine::show(change.value));
    case engine::Change::Kind::kEntry:
      return fmt::format("{} de {} : {}", change.field, change.key, engine::show(change.value));
    case engine::Change::Kind::kAppend:
      return fmt::format("{} : ajout de {}", change.field, engine::show(change.value));
  }
  return {};
}

Json effect_json(const engine::Change& change) {
  Json json = Json::object();
  json.set("champ", Json(change.field));
  if (change.kind == engine::Change::Kind::kEntry) json.set("clé", Json(change.key));
  json.set(change.kind == engine::Change::Kind::kAppend ? "ajout" : "valeur", to_json(change.value));
  return json;
}

/// « échelle (cas 2 vrai), communes concernées »
std::string motif_text(const engine::Motif& motif) {
  std::vector<std::string> steps;
  for (const auto& step : motif.steps) {
    std::vector<std::string> branches;
    for (const auto& branch : step.branches) {
      if (branch.truth == engine::Truth::kTrue) branches.push_back(fmt::format("{} oui", branch.number + 1));
      if (branch.truth == engine::Truth::kFalse) branches.push_back(fmt::format("{} non", branch.number + 1));
      if (branch.truth == engine::Truth::kUndetermined) branches.push_back(fmt::format("{} ?", branch.number + 1));
    }
    steps.push_back(branches.empty() ? step.rule : fmt::format("{} ({})", step.rule, fmt::join(branches, ", ")));
  }
  std::string text = fmt::format("{}", fmt::join(steps, " ; "));
  if (!motif.facts.empty()) text += fmt::format(" — faits lus : {}", fmt::join(motif.facts, ", "));
  return text;
}

Json event_json(const engine::Inscrit& event) {
  const auto& e = event.evenement;
  Json author = Json::object();
  author.set("rôle", Json(e.role)).set("nom", Json(e.author));
  Json::Array effects;
  for (const auto& change : e.payload.changes) effects.push_back(effect_json(change));
  Json decisions = Json::object();
  for (const auto& decision : e.payload.decisions) {
    Json json = to_json(decision);
    json.set("motif", to_json(decision.motif));
    decisions.set(decision.name, std::move(json));
  }
  Json json = Json::object();
  json.set("position", Json(event.position.value)).set("version", Json(event.version.value)).set("acte", Json(e.acte));
  json.set("le", Json(dsl::iso(e.date))).set("par", std::move(author)).set("id", Json(event.acte_id));
  json.set("événement", Json(event.event_id)).set("inscrit le", Json(rfc3339(event.instant_us)));
  json.set("édition", Json(storage::to_hex(e.edition))).set("automatique", Json(e.payload.automatic));
  json.set("de", Json(e.payload.from)).set("vers", Json(e.payload.to));
  json.set("données", to_json(engine::Datum(e.payload.donnees)));
  json.set("effets", Json(std::move(effects))).set("décisions", std::move(decisions));
  return json;
}

void show_event(Out& out, const engine::Inscrit& event, Citations& citations) {
  const auto& e = event.evenement;
  out.line(fmt::format("{}. {}, le {}, par {}{}  (position {}, inscrit le {})", event.version.value, e.acte,
                       dsl::french(e.date), e.role, e.author.empty() ? "" : " " + e.author, event.position.value,
                       rfc3339(event.instant_us)));
  if (e.payload.from != e.payload.to) {
    out.line(e.payload.from.empty() ? fmt::format("   état : {}", e.payload.to)
                                    : fmt::format("   état : {} → {}", e.payload.from, e.payload.to));
  }
  for (const auto& change : e.payload.changes) out.line("   " + effect_text(change));
  for (const auto& decision : e.payload.decisions) {
    out.line(fmt::format("   décide {} : {}", decision.name, in_french(decision)));
    out.line(fmt::format("      motif : {}", motif_text(decision.motif)));
    const auto cited = citations.of(e.edition, decision);
    if (!cited.empty()) out.line(fmt::format("      sources : {}", fmt::join(cited, " ; ")));
  }
}

Json retained_json(const engine::Retained& retained) {
  engine::Decision decision;
  decision.status = retained.status;
  decision.value = retained.value;
  decision.reasons = retained.reasons;
  return to_json(decision);
}

std::string retained_text(const engine::Retained& retained) {
  engine::Decision decision;
  decision.status = retained.status;
  decision.value = retained.value;
  decision.reasons = retained.reasons;
  return in_french(decision);
}

// ---------------------------------------------------------------- tableaux

Json row_json(const engine::Tableau& view, const engine::Tableau::Row& row, bool total) {
  Json json = Json::object();
  json.set("tableau", Json(view.name));
  if (total) {
    json.set("total", Json(true));
  } else {
    Json keys = Json::object();
    for (std::size_t i = 0; i < view.groups.size(); ++i) keys.set(view.groups[i], to_json(row.keys[i]));
    json.set("clés", std::move(keys)).set("libellés", Json::texts(row.key_texts));
  }
  Json cells = Json::object();
  Json unknown = Json::object();
  for (std::size_t i = 0; i < view.columns.size(); ++i) {
    cells.set(view.columns[i].header, to_json(row.cells[i].value));
    if (row.cells[i].undetermined > 0) unknown.set(view.columns[i].header, Json(row.cells[i].undetermined));
  }
  json.set("colonnes", std::move(cells));
  if (!unknown.get<Json::Object>()->empty()) json.set("valeurs manquantes", std::move(unknown));
  if (total) {
    json.set("objets", Json(view.objets)).set("indéterminés", Json(view.undetermined)).set("à part", Json(view.apart));
  }
  return json;
}

/// One cell of the text form, padded to a width in code points.
std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::size_t used = dsl::code_points(text);
  const std::string blanks(width > used ? width - used : 0, ' ');
  return right ? blanks + text : text + blanks;
}

void show_table(Out& out, const engine::Tableau& view) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> header = view.groups;
  for (const auto& column : view.columns) header.push_back(column.header);
  lines.push_back(header);
  const auto cell_text = [](const engine::Tableau::Cell& cell) {
    return cell.undetermined == 0 ? cell.text : fmt::format("{} (+{} ?)", cell.text, cell.undetermined);
  };
  for (const auto& row : view.rows) {
    std::vector<std::string> line = row.key_texts;
    for (const auto& cell : row.cells) line.push_back(cell_text(cell));
    lines.push_back(std::move(line));
  }
  std::vector<std::string> total(view.groups.size());
  if (!total.empty()) total.front() = "Total";
  for (const auto& cell : view.total.cells) total.push_back(cell_text(cell));
  lines.push_back(std::move(total));

  std::vector<std::size_t> widths(header.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], dsl::code_points(line[i]));
  }
  std::size_t width = widths.empty() ? 0 : 2 * (widths.size() - 1);
  for (const auto own : widths) width += own;
  std::string rule;
  for (std::size_t i = 0; i < width; ++i) rule += "─";
  out.line(view.title.empty() ? view.name : view.title);
  for (std::size_t l = 0; l < lines.size(); ++l) {
    if (l == 1 || l + 1 == lines.size()) out.line(rule);
    std::string text;
    for (std::size_t i = 0; i < lines[l].size() && i < widths.size(); ++i) {
      text += (i == 0 ? "" : "  ") + padded(lines[l][i], widths[i], i >= view.groups.size());
    }
    while (text.ends_with(' ')) text.pop_back();
    out.line(text);
  }
}

Exit show_tableau(Session& session, const engine::Tableau& view) {
  if (session.json) {
    for (const auto& row : view.rows) session.out.line(to_text(row_json(view, row, false)));
    session.out.line(to_text(row_json(view, view.total, true)));
  } else {
    show_table(session.out, view);
  }
  session.out.flush();
  std::string text = counted(view.objets, "objet", "objets");
  if (view.undetermined > 0)
    text += ", " + counted(view.undetermined, "ligne laissée de côté", "lignes laissées de côté") + " (indéterminées)";
  if (view.apart > 0)
    text +=
        ", " + counted(view.apart, "objet à part", "objets à part") + " (leur édition ne déclare pas ce tableau ainsi)";
  say(text);
  return Exit::kDone;
}

}  // namespace

Exit dossier(Session& session, const std::string& id) {
  const std::string flux = flux_of(id);
  const auto journal = open_journal(session, Access::kRead);
  engine::Engine engine(*journal);
  auto state = must(engine.state(flux));
  if (!state) throw unknown_objet(flux);
  for (auto& [name, value] : state->fields) must(engine.reveal(value));
  // What may come next needs the édition; the state itself stays readable without it.
  std::vector<std::string> actes;
  if (const auto live = engine.live(flux); live && *live) actes = engine::possible_actes(**live);
  if (session.json) {
    Json fields = Json::object();
    for (const auto& [name, value] : state->fields) fields.set(name, to_json(value));
    Json decisions = Json::object();
    for (const auto& retained : state->decisions) decisions.set(retained.name, retained_json(retained));
    Json json = Json::object();
    json.set("objet", Json(flux)).set("genre", Json(state->objet)).set("état", Json(state->etat));
    json.set("édition", Json(storage::to_hex(state->edition))).set("événements", Json(state->events));
    json.set("version", Json(state->events - 1)).set("le", Json(dsl::iso(state->date)));
    json.set("champs", std::move(fields))
        .set("décisions", std::move(decisions))
        .set("actes possibles", Json::texts(actes));
    session.out.line(to_text(json));
    return Exit::kDone;
  }
  session.out.line(fmt::format("{} ({}) : {}", flux, state->objet, state->etat));
  session.out.line(fmt::format("  version {}, dernier acte le {}, édition {}", state->events - 1,
                               dsl::french(state->date), storage::to_hex(state->edition).substr(0, 12)));
  for (const auto& [name, value] : state->fields) session.out.line(fmt::format("  {} : {}", name, engine::show(value)));
  if (!state->decisions.empty()) session.out.line("  décisions retenues");
  for (const auto& retained : state->decisions)
    session.out.line(fmt::format("    {} : {}", retained.name, retained_text(retained)));
  if (!actes.empty()) session.out.line(fmt::format("  actes possibles : {}", fmt::join(actes, ", ")));
  return Exit::kDone;
}

Exit histoire(Session& session, const std::string& id) {
  const std::string flux = flux_of(id);
  const auto journal = open_journal(session, Access::kRead);
  engine::Engine engine(*journal);
  auto history = must(engine.history(flux));
  if (history.empty()) throw unknown_objet(flux);
  Citations citations(engine);
  for (auto& event : history) {
    must(engine.reveal(event.evenement.payload));
    if (session.json) {
      session.out.line(to_text(event_json(event)));
    } else {
      show_event(session.out, event, citations);
    }
  }
  return Exit::kDone;
}

Exit rejouer(Session& session, const std::string& id) {
  const std::string flux = id.empty() ? "" : flux_of(id);
  const auto journal = open_journal(session, Access::kRead);
  engine::Engine engine(*journal);
  if (!flux.empty() && !must(journal->head(flux))) throw unknown_objet(flux);
  Progress progress("événements rejoués");
  const auto report =
      must(engine::replay(engine, flux, [&](std::uint64_t done, std::uint64_t total) { progress.at(done, total); }));
  for (const auto& divergence : report.divergences) {
    if (session.json) {
      Json json = Json::object();
      json.set("position", Json(divergence.position.value)).set("objet", Json(divergence.flux));
      json.set("version", Json(divergence.version.value))
          .set("acte", Json(divergence.acte))
          .set("sur", Json(divergence.what));
      json.set("inscrit", Json(divergence.recorded)).set("règles", Json(divergence.given));
      session.out.line(to_text(json));
    } else {
      session.out.line(engine::render(divergence));
    }
  }
  const std::string last =
      fmt::format("{} ({}, {}, {})", counted(report.count(), "divergence", "divergences"),
                  counted(report.objets, "objet", "objets"), counted(report.events, "événement", "événements"),
                  counted(report.decisions, "décision recalculée", "décisions recalculées"));
  if (session.json) {
    Json json = Json::object();
    json.set("divergences", Json(report.count())).set("objets", Json(report.objets));
    json.set("événements", Json(report.events)).set("décisions", Json(report.decisions));
    session.out.line(to_text(json));
    session.out.flush();
    say(last);
  } else {
    session.out.line(last);
  }
  return report.count() == 0 ? Exit::kDone : Exit::kNo;
}

Exit tableau(Session& session, const std::string& name, const std::string& not_a_command) {
  auto journal = storage::open_rocksdb(session.journal, journal_options(session, Access::kRead));
  if (!not_a_command.empty() && !journal && journal.error().kind == storage::ErrorKind::kAbsent) {
    throw Failure{Exit::kUsage, not_a_command};
  }
  const auto opened = must(std::move(journal));
  engine::Engine engine(*opened);
  auto view = engine::tableau(engine, dsl::nfc(name), {});
  if (!not_a_command.empty() && !view && view.error().kind == storage::ErrorKind::kInvalid) {
    throw Failure{Exit::kUsage, not_a_command};
  }
  return show_tableau(session, must(std::move(view)));
}

}  // namespace assemblier::tools
