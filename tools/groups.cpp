// groupe creer | lire | accuser | rejeter | garees | rejouer | etat: consumer groups.

#include "storage/group.hpp"
#include "tools/cloud_events.hpp"
#include "tools/commands.hpp"
#include "tools/opening.hpp"
#include "tools/reading.hpp"

#include <limits>

#include <fmt/format.h>

namespace assemblier::tools {
namespace {

using Kind = storage::OpenEvent::Kind;

// What is taken at once is kept in memory.
constexpr std::uint64_t kMost = 1000;

storage::Group open_group(const GroupOptions& options) { return must(storage::Group::open(options.directory)); }

std::vector<storage::Position> positions_of(const GroupOptions& options) {
  std::vector<storage::Position> positions;
  for (const std::uint64_t position : options.positions) positions.push_back(storage::Position{position});
  return positions;
}

/// How many events a command changed.
Exit answer(Session& session, const std::string& key, std::uint64_t count, const std::string& text) {
  if (session.json) {
    session.out.line(to_text(Json::object().set(key, Json(count))));
  } else {
    session.out.line(text);
  }
  return Exit::kDone;
}

/// What a group wants, in words; empty: everything.
std::string wanted(const storage::Selection& selection) {
  std::string text;
  const auto add = [&text](std::string_view what, const std::string& value) {
    if (!value.empty()) text += fmt::format("{}{} « {} »", text.empty() ? "" : ", ", what, value);
  };
  add("flux", selection.flux);
  add("catégorie", selection.category);
  add("type", selection.type);
  add("corrélation", selection.acte_id);
  return text;
}

}  // namespace

Exit groupe_creer(Session& session, const GroupOptions& options) {
  storage::GroupTerms terms;
  terms.selection = selection_of(options.selection);
  terms.from = from_of(options.selection);
  if (options.attempts)
    terms.attempts = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(*options.attempts, std::numeric_limits<std::uint32_t>::max()));
  const auto seconds = [](std::optional<std::uint64_t> given, std::chrono::seconds& term) {
    constexpr std::uint64_t kBeyondAny = std::numeric_limits<std::uint32_t>::max();
    if (given) term = std::chrono::seconds(std::min(*given, kBeyondAny));
  };
  seconds(options.answer_within, terms.answer_within);
  seconds(options.first_pause, terms.first_pause);
  seconds(options.longest_pause, terms.longest_pause);
  const auto info = must(open_journal(session, Access::kRead)->info());
  must(storage::Group::create(options.directory, info.journal_id, terms));
  if (session.json) {
    Json json = Json::object();
    json.set("groupe", Json(options.directory)).set("journal", Json(info.journal_id));
    json.set("depuis", Json(terms.from.value));
    session.out.line(to_text(json));
  } else {
    session.out.line(
        fmt::format("groupe « {} » créé, à partir de la position {}", options.directory, terms.from.value));
  }
  return Exit::kDone;
}

Exit groupe_lire(Session& session, const GroupOptions& options) {
  if (options.count == 0 || options.count > kMost)
    throw Failure{Exit::kUsage, fmt::format("« --nombre » va de 1 à {}", kMost)};
  std::vector<storage::Delivery> taken;
  std::string source;
  {
    auto group = open_group(options);
    const auto journal = open_journal(session, Access::kRead);  // after the group: others may have gone further before
    taken = must(group.take(*journal, options.count));
    source = "urn:uuid:" + group.record().journal_id;
  }
  for (const auto& delivery : taken) {
    Json json = cloud_event(delivery.event, source);
    json.set("essai", Json(std::uint64_t{delivery.attempt}));
    session.out.line(to_text(json));
  }
  return Exit::kDone;
}

Exit groupe_accuser(Session& session, const GroupOptions& options) {
  auto group = open_group(options);
  must(group.acknowledge(positions_of(options)));
  const std::uint64_t count = options.positions.size();
  return answer(session, "accusés", count, counted(count, "événement accusé", "événements accusés"));
}

Exit groupe_rejeter(Session& session, const GroupOptions& options) {
  auto group = open_group(options);
  must(group.reject(positions_of(options), options.motif, options.park));
  for (const auto position : positions_of(options)) {
    const auto& event = group.record().open.at(position);
    const bool parked = event.kind == Kind::kParked;
    if (session.json) {
      Json json = Json::object();
      json.set("position", Json(position.value)).set("essais", Json(std::uint64_t{event.attempts}));
      json.set("garé", Json(parked));
      if (!parked) json.set("revient", Json(rfc3339(event.until_us)));
      session.out.line(to_text(json));
    } else {
      session.out.line(fmt::format("position {} : {}", position.value,
                                   parked ? fmt::format("garée, après {}", counted(event.attempts, "essai", "essais"))
                                          : "reviendra le " + rfc3339(event.until_us)));
    }
  }
  return Exit::kDone;
}

Exit groupe_garees(Session& session, const GroupOptions& options) {
  const auto group = open_group(options);
  std::uint64_t parked = 0;
  for (const auto& [position, event] : group.record().open) {
    if (event.kind != Kind::kParked) continue;
    ++parked;
    if (session.json) {
      Json json = Json::object();
      json.set("position", Json(position.value)).set("essais", Json(std::uint64_t{event.attempts}));
      json.set("depuis", Json(rfc3339(event.until_us))).set("motif", Json(event.reason));
      session.out.line(to_text(json));
    } else {
      session.out.line(fmt::format("position {}, le {}, après {} : {}", position.value, rfc3339(event.until_us),
                                   counted(event.attempts, "essai", "essais"), event.reason));
    }
  }
  if (!session.json && parked == 0) session.out.line("aucun événement garé");
  return Exit::kDone;
}

Exit groupe_rejouer(Session& session, const GroupOptions& options) {
  auto group = open_group(options);
  const std::uint64_t count = must(group.replay(positions_of(options)));
  return answer(session, "rejoués", count,
                counted(count, "événement garé sera livré de nouveau", "événements garés seront livrés de nouveau"));
}

Exit groupe_etat(Session& session, const GroupOptions& options) {
  const auto group = open_group(options);
  const auto info = must(open_journal(session, Access::kRead)->info());
  must(group.check_journal(info));
  const auto state = group.state();
  const auto& terms = group.record().terms;
  const std::uint64_t events = info.next.value;
  const std::uint64_t lag = events > state.checkpoint.value ? events - state.checkpoint.value : 0;
  if (session.json) {
    Json json = Json::object();
    json.set("groupe", Json(options.directory)).set("journal", Json(info.journal_id));
    json.set("repère", Json(state.checkpoint.value)).set("livrés avant", Json(state.next.value));
    json.set("événements", Json(events)).set("retard", Json(lag));
    json.set("en cours", Json(std::uint64_t{state.in_flight})).set("à reprendre", Json(std::uint64_t{state.retries}));
    json.set("garés", Json(std::uint64_t{state.parked})).set("essais", Json(std::uint64_t{terms.attempts}));
    session.out.line(to_text(json));
    return Exit::kDone;
  }
  const std::string only = wanted(terms.selection);
  session.out.line(fmt::format("groupe « {} »{}", options.directory, only.empty() ? "" : " : " + only));
  session.out.line(fmt::format("  repère : {} (tout ce qui précède est accusé ou garé)", state.checkpoint.value));
  session.out.line(fmt::format("  retard : {} sur {}", counted(lag, "position", "positions"),
                               counted(events, "événement", "événements")));
  session.out.line(fmt::format("  en cours : {}, à reprendre : {}, garés : {}", grouped(state.in_flight),
                               grouped(state.retries), grouped(state.parked)));
  return Exit::kDone;
}

}  // namespace assemblier::tools
