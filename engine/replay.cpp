#include "engine/replay.hpp"

#include "engine/calendar.hpp"
#include "engine/wording.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

constexpr std::size_t kKept = 1000;

/// A difference between an event and what the rules give.
struct Difference {
  std::string what, recorded, given;
};
using Differences = std::vector<Difference>;

std::string told(const Decision& decision) {
  const auto list = [](const std::vector<std::string>& words) {
    return words.empty() ? std::string() : " (" + joined(words, "et") + ")";
  };
  switch (decision.status) {
    case dsl::Status::kKnown:
      return show(decision.value) + list(decision.unmet);
    case dsl::Status::kUndetermined: {
      std::vector<std::string> missing = decision.missing;
      for (const Datum& member : decision.missing_members) missing.push_back(show(member));
      return "indéterminée" + list(missing);
    }
    case dsl::Status::kNone:
      return "aucune" + list(decision.reasons);
    case dsl::Status::kError:
      return "erreur" + list(decision.reasons);
  }
  return {};
}

// Everything but the motif, which is prose about the same answer.
bool same_answer(const Decision& a, const Decision& b) {
  return a.status == b.status && a.value == b.value && a.reasons == b.reasons && a.missing == b.missing &&
         std::ranges::equal(a.missing_members, b.missing_members) && a.unmet == b.unmet;
}

void compare_decisions(const ActePayload& recorded, const ActePayload& given, Differences& out) {
  for (const Decision& mine : recorded.decisions) {
    const auto other = std::ranges::find(given.decisions, mine.name, &Decision::name);
    const bool there = other != given.decisions.end();
    if (there && same_answer(mine, *other)) continue;
    out.push_back(
        {fmt::format("décision {}", mine.name), told(mine), there ? told(*other) : "pas décidée par cet acte"});
  }
  for (const Decision& other : given.decisions) {
    if (std::ranges::find(recorded.decisions, other.name, &Decision::name) != recorded.decisions.end()) continue;
    out.push_back({fmt::format("décision {}", other.name), "rien", told(other)});
  }
}

bool same_change(const Change& a, const Change& b) {
  return a.kind == b.kind && a.field == b.field && a.key == b.key && a.value == b.value;
}

std::string changed_name(const Change& change) {
  return change.kind == Change::Kind::kEntry ? fmt::format("champ {} de {}", change.field, change.key)
                                             : fmt::format("champ {}", change.field);
}

std::string told(const Change& change) {
  return (change.kind == Change::Kind::kAppend ? "ajout de " : "") + show(change.value);
}

// Changes are compared one by one, in their order: it is that of the édition.
void compare_changes(const ActePayload& recorded, const ActePayload& given, Differences& out) {
  const std::size_t common = std::min(recorded.changes.size(), given.changes.size());
  for (std::size_t i = 0; i < common; ++i) {
    const Change& mine = recorded.changes[i];
    const Change& other = given.changes[i];
    if (same_change(mine, other)) continue;
    if (mine.field == other.field && mine.key == other.key && mine.kind == other.kind) {
      out.push_back({changed_name(mine), told(mine), told(other)});
    } else {
      out.push_back({changed_name(mine), told(mine), changed_name(other) + " : " + told(other)});
    }
  }
  for (std::size_t i = common; i < recorded.changes.size(); ++i) {
    out.push_back({changed_name(recorded.changes[i]), told(recorded.changes[i]), "inchangé"});
  }
  for (std::size_t i = common; i < given.changes.size(); ++i) {
    out.push_back({changed_name(given.changes[i]), "inchangé", told(given.changes[i])});
  }
}

Differences compare(const Evenement& recorded, const Evenement& given) {
  Differences out;
  const auto text = [&out](const char* what, const std::string& mine, const std::string& other) {
    if (mine != other) out.push_back({what, quoted(mine), quoted(other)});
  };
  text("rôle", recorded.role, given.role);
  text("auteur", recorded.author, given.author);
  text("genre d'objet", recorded.payload.objet, given.payload.objet);
  text("état de départ", recorded.payload.from, given.payload.from);
  text("état", recorded.payload.to, given.payload.to);
  compare_changes(recorded.payload, given.payload, out);
  compare_decisions(recorded.payload, given.payload, out);
  if (!(Datum(recorded.payload.donnees) == Datum(given.payload.donnees))) {
    out.push_back({"données", show(Datum(recorded.payload.donnees)), show(Datum(given.payload.donnees))});
  }
  return out;
}

/// One line of history of a flux: the objet after each event, and what should follow by itself.
struct Line {
  Live live;
  std::optional<Chain> chain;          ///< begun by the last acte asked for
  std::string acte_id;                 ///< of that acte
  std::optional<dsl::Index> expected;  ///< the acte that should follow now
  std::string broken;                  ///< why that cannot be said
};

/// Judges the events of one flux in order, on two lines: the facts as recorded, and, after a divergence, the facts as
/// the rules would have left them.
class Judge {
 public:
  Judge(Engine& engine, ReplayReport& report) : engine_(engine), report_(report) {}

  /// False: the flux cannot be followed any further.
  bool take(const Inscrit& event) {
    ++report_.events;
    report_.decisions += event.evenement.payload.decisions.size();
    if (!know_edition(event)) return false;
    if (!event.evenement.payload.automatic) close();
    std::optional<Stepped> given;
    Differences differences = judge(recorded_, event, given);
    if (corrected_) {
      std::optional<Stepped> other;
      const bool agreed = judge(*corrected_, event, other).empty();
      correct(event, other, differences.empty());
      if (agreed) differences.clear();
    } else if (!differences.empty()) {
      corrected_ = recorded_;
      correct(event, given, false);
    }
    for (Difference& difference : differences) add(event, std::move(difference));
    last_ = event;
    return record(event, !differences.empty());
  }

  /// Before the next acte asked for, and at the end: nothing more should have followed by itself.
  void close() {
    if (!last_) return;
    const std::string missing = expected(recorded_);
    if (!missing.empty() && (!corrected_ || !expected(*corrected_).empty())) {
      add(*last_, {"suite", "rien ne suit", missing + " suit"});
      if (!corrected_) corrected_ = recorded_;
    }
    while (corrected_ && corrected_->expected) {
      const dsl::Index acte = *corrected_->expected;
      const Request request{.acte = procedure(*corrected_).actes[acte].name, .objet = last_->evenement.flux};
      auto follows = step(corrected_->live, edition_, request, corrected_->live.date, true);
      if (!follows) break;
      corrected_->live = std::move(follows->after);
      move_on(*corrected_, acte, true);
    }
  }

 private:
  const dsl::ProcedureInfo& procedure(const Line& line) const {
    return *edition_->program->objets[line.live.objet].procedure;
  }

  bool know_edition(const Inscrit& event) {
    if (edition_ && edition_->hash == event.evenement.edition) return true;
    const std::string named = storage::to_hex(event.evenement.edition).substr(0, 16);
    if (edition_) {
      add(event,
          {"édition", named, storage::to_hex(edition_->hash).substr(0, 16) + ", sous laquelle l'objet a été ouvert"});
      return true;
    }
    auto found = engine_.edition(event.evenement.edition);
    if (!found) {
      add(event, {"édition", named, found.error().message});
      return false;
    }
    edition_ = std::move(*found);
    return true;
  }

  // What the rules say of an event on one line of history.
  Differences judge(const Line& line, const Inscrit& event, std::optional<Stepped>& given) const {
    const Evenement& recorded = event.evenement;
    if (recorded.payload.automatic) {
      const std::string wanted = line.acte_id == event.acte_id ? expected(line) : std::string();
      if (wanted != quoted(recorded.acte)) {
        return {{"suite", quoted(recorded.acte) + " a suivi", wanted.empty() ? "rien ne suit" : wanted + " suit"}};
      }
    }
    const Request request{.acte = recorded.acte,
                          .objet = recorded.flux,
                          .role = recorded.role,
                          .author = recorded.author,
                          .date = recorded.date,
                          .donnees = recorded.payload.donnees};
    auto again = step(line.live, edition_, request, paris_day(event.instant_us), recorded.payload.automatic);
    if (!again) return {{"acte", "inscrit", again.error().message}};
    given = std::move(*again);
    return compare(recorded, given->event);
  }

  // « acte » that should follow now; empty for none.
  std::string expected(const Line& line) const {
    if (!line.broken.empty()) return line.broken;
    return line.expected ? quoted(procedure(line).actes[*line.expected].name) : std::string();
  }

  void move_on(Line& line, dsl::Index acte, bool automatic) const {
    if (automatic && line.chain) {
      line.chain->fired(acte);
    } else {
      line.chain = Chain(acte);
    }
    auto next = line.chain->next(line.live);
    line.expected = next ? *next : std::nullopt;
    line.broken = next ? std::string() : next.error().message;
  }

  void move_on(Line& line, const Inscrit& event) const {
    const dsl::Index acte = edition_->program->find_acte(line.live.objet, event.evenement.acte);
    line.acte_id = event.acte_id;
    line.expected.reset();
    line.broken.clear();
    if (acte != dsl::kNoIndex) move_on(line, acte, event.evenement.payload.automatic);
  }

  // The second line takes what the rules gave; an event they refuse is left out, unless it agrees with the recorded
  // facts.
  void correct(const Inscrit& event, const std::optional<Stepped>& given, bool agrees_with_recorded) {
    if (given) {
      corrected_->live = given->after;
    } else if (!agrees_with_recorded || !absorb(corrected_->live, event.evenement, edition_)) {
      return;
    }
    move_on(*corrected_, event);
  }

  // The first line takes what is recorded.
  bool record(const Inscrit& event, bool told_already) {
    Live next = recorded_.live;
    if (auto done = absorb(next, event.evenement, edition_); !done) {
      if (!told_already) add(event, {"événement", "illisible par son édition", done.error()});
      if (!corrected_ || !corrected_->live.exists()) return false;
      recorded_ = *corrected_;
      return true;
    }
    recorded_.live = std::move(next);
    move_on(recorded_, event);
    return true;
  }

  void add(const Inscrit& event, Difference difference) {
    if (report_.divergences.size() >= kKept) {
      ++report_.more;
      return;
    }
    report_.divergences.push_back({.position = event.position,
                                   .flux = event.evenement.flux,
                                   .version = event.version,
                                   .acte = event.evenement.acte,
                                   .what = std::move(difference.what),
                                   .recorded = std::move(difference.recorded),
                                   .given = std::move(difference.given)});
  }

  Engine& engine_;
  ReplayReport& report_;
  EditionPtr edition_;
  Line recorded_;
  std::optional<Line> corrected_;
  std::optional<Inscrit> last_;
};

storage::Result<void> replay_flux(Engine& engine, std::string_view flux, ReplayReport& report,
                                  const std::function<void()>& tick) {
  Judge judge(engine, report);
  bool followed = true;
  auto done = engine.journal().read_flux(flux, {}, [&](const storage::StoredEvent& stored) {
    tick();
    auto event = read_event(stored);
    if (event) {
      followed = judge.take(*event);
      return followed;
    }
    ++report.events;
    report.divergences.push_back({.position = stored.header.position,
                                  .flux = stored.header.flux,
                                  .version = stored.header.version,
                                  .acte = stored.header.type,
                                  .what = "événement",
                                  .recorded = "illisible",
                                  .given = event.error()});
    followed = false;
    return false;
  });
  if (done && followed) judge.close();
  ++report.objets;
  return done;
}

}  // namespace

std::string render(const Divergence& divergence) {
  return fmt::format("position {}, {} version {} (acte {}), {} : inscrit {} ; les règles donnent {}",
                     divergence.position.value, divergence.flux, divergence.version.value, quoted(divergence.acte),
                     divergence.what, divergence.recorded, divergence.given);
}

storage::Result<ReplayReport> replay(Engine& engine, std::string_view flux, const storage::Progress& progress) {
  std::vector<std::string> all;
  std::uint64_t total = 0;
  auto listed = engine.journal().list_flux(flux, [&](std::string_view name, const storage::FluxHead& head) {
    if (name.starts_with(kEditionPrefix) || name.starts_with(kErasedPrefix) || (!flux.empty() && name != flux))
      return true;
    all.emplace_back(name);
    total += head.version.value + 1;
    return true;
  });
  if (!listed) return std::unexpected(std::move(listed.error()));
  if (!flux.empty() && all.empty()) {
    return std::unexpected(
        storage::Error{storage::ErrorKind::kInvalid, fmt::format("{} n'existe pas dans ce journal", flux)});
  }
  ReplayReport report;
  std::uint64_t seen = 0;
  const auto tick = [&] {
    if (++seen % 256 == 0 && progress) progress(seen, total);
  };
  for (const std::string& name : all) {
    if (auto done = replay_flux(engine, name, report, tick); !done) return std::unexpected(std::move(done.error()));
  }
  if (progress) progress(total, total);
  return report;
}

}  // namespace assemblier::engine
