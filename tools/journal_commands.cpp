// journal creer | infos | verifier | exporter: the journal as a thing of its own.

#include "engine/payload.hpp"
#include "storage/copies.hpp"
#include "storage/note.hpp"
#include "storage/verification.hpp"
#include "tools/background.hpp"
#include "tools/cloud_events.hpp"
#include "tools/commands.hpp"
#include "tools/datum_json.hpp"
#include "tools/heads.hpp"
#include "tools/opening.hpp"
#include "tools/reading.hpp"

#include <fmt/format.h>

namespace assemblier::tools {
namespace {

/// The payload as far as this program understands it; null otherwise: the stored bytes beside it are the event.
Json decoded(const storage::StoredEvent& event) {
  if (event.header.type == engine::kPublication) {
    const auto publication = engine::decode_publication(event.payload);
    if (!publication) return Json();
    Json json = Json::object();
    json.set("titre", Json(publication->title)).set("millésime", Json(publication->millesime));
    json.set("du", Json(dsl::iso(publication->from))).set("au", Json(dsl::iso(publication->to)));
    json.set("texte", Json(publication->text));
    return json;
  }
  if (event.header.type == engine::kErasure && event.header.flux.starts_with(engine::kErasedPrefix)) {
    const auto motif = engine::decode_erasure(event.payload);
    return motif ? Json::object().set("motif", Json(*motif)) : Json();
  }
  auto payload = engine::decode_payload(event.payload);
  if (!payload || !engine::attach(*payload, event.header.seals)) return Json();
  Json changes(Json::Array{});
  for (const auto& change : payload->changes) {
    Json json = Json::object();
    json.set("champ", Json(change.field));
    if (change.kind == engine::Change::Kind::kEntry) json.set("clé", Json(change.key));
    json.set(change.kind == engine::Change::Kind::kAppend ? "ajout" : "valeur", to_json(change.value));
    std::get<Json::Array>(changes.data).push_back(std::move(json));
  }
  Json decisions = Json::object();
  for (const auto& decision : payload->decisions) {
    Json json = to_json(decision);
    json.set("motif", to_json(decision.motif));
    decisions.set(decision.name, std::move(json));
  }
  Json json = Json::object();
  json.set("genre", Json(payload->objet)).set("automatique", Json(payload->automatic));
  json.set("de", Json(payload->from))
      .set("vers", Json(payload->to))
      .set("données", to_json(engine::Datum(payload->donnees)));
  json.set("effets", std::move(changes)).set("décisions", std::move(decisions));
  return json;
}

}  // namespace

Json cloud_event(const storage::StoredEvent& event, const std::string& source) {
  const auto& header = event.header;
  Json json = Json::object();
  json.set("specversion", Json("1.0")).set("id", Json(header.event_id)).set("source", Json(source));
  json.set("type", Json(header.type)).set("subject", Json(header.flux)).set("time", Json(rfc3339(header.instant_us)));
  json.set("position", Json(header.position.value)).set("version", Json(header.version.value));
  json.set("dateeffet", Json(dsl::iso(dsl::Date{header.date_effet})))
      .set("role", Json(header.role))
      .set("auteur", Json(header.author));
  json.set("acteid", Json(header.acte_id)).set("edition", Json(storage::to_hex(header.edition)));
  json.set("precedent", Json(storage::to_hex(header.previous)))
      .set("empreinte", Json(storage::to_hex(storage::event_hash(event.stored))));
  json.set("octets", Json(storage::to_base64(event.stored)));
  Json data = decoded(event);
  if (!data.is_null()) json.set("datacontenttype", Json("application/json")).set("data", std::move(data));
  return json;
}

Json cloud_event(const storage::StoredOutcome& outcome, const std::string& source) {
  Json json = Json::object();
  json.set("specversion", Json("1.0")).set("id", Json("reponse/" + outcome.outcome.acte_id));
  json.set("source", Json(source)).set("type", Json(kAnswerType)).set("acteid", Json(outcome.outcome.acte_id));
  json.set("position", Json(outcome.first.value)).set("nombre", Json(std::uint64_t{outcome.count}));
  const bool plain = outcome.kind == storage::FingerprintKind::kPlain;
  json.set("empreinte", Json(storage::to_hex(outcome.outcome.fingerprint)))
      .set("sorteempreinte", Json(plain ? "simple" : "clef"))
      .set("octets", Json(storage::to_base64(outcome.outcome.answer)));
  return json;
}

Exit journal_creer(Session& session) {
  remove_left_over(session.journal);
  const auto journal = must(storage::create_rocksdb(session.journal, journal_options(session, Access::kSeal)));
  const auto info = must(journal->info());
  if (session.json) {
    Json json = Json::object();
    json.set("journal", Json(session.journal))
        .set("id", Json(info.journal_id))
        .set("format", Json(std::uint64_t{info.format}));
    session.out.line(to_text(json));
  } else {
    session.out.line(fmt::format("journal « {} » créé, identité {}", session.journal, info.journal_id));
  }
  return Exit::kDone;
}

Exit journal_infos(Session& session) {
  const auto journal = open_journal(session, Access::kRead);
  const auto info = must(journal->info());
  if (session.json) {
    Json json = Json::object();
    json.set("journal", Json(session.journal))
        .set("id", Json(info.journal_id))
        .set("format", Json(std::uint64_t{info.format}));
    json.set("événements", Json(info.next.value)).set("flux", Json(info.flux_count));
    json.set("données personnelles", Json(info.seals));
    session.out.line(to_text(json));
  } else {
    session.out.line(fmt::format("journal « {} »", session.journal));
    session.out.line(fmt::format("  identité : {}", info.journal_id));
    session.out.line(fmt::format("  format : {}", info.format));
    session.out.line(fmt::format("  {} dans {}", counted(info.next.value, "événement", "événements"),
                                 counted(info.flux_count, "flux", "flux")));
    if (info.seals) session.out.line("  données personnelles scellées : il s'écrit avec sa clef maîtresse");
  }
  return Exit::kDone;
}

namespace {

/// A verification that was told to stop: what it found so far is no answer, unless it found something.
Exit stopped(Session& session, const storage::VerifyRun& run) {
  const std::uint64_t found = run.report.findings.size() + run.report.more;
  std::vector<std::string> findings;
  for (const auto& finding : run.report.findings) findings.push_back(finding.message);
  if (session.json) {
    Json json = Json::object();
    json.set("interrompu", Json(true)).set("événements", Json(run.report.events)).set("anomalies", Json(found));
    json.set("constats", Json::texts(findings));
    session.out.line(to_text(json));
  } else {
    for (const std::string& finding : findings) session.out.line(finding);
    session.out.line(fmt::format("contrôle interrompu : {}, {} jusque-là ; la même commande le continue",
                                 counted(run.report.events, "événement vérifié", "événements vérifiés"),
                                 counted(found, "anomalie", "anomalies")));
  }
  return found > 0 ? Exit::kDamaged : Exit::kNo;
}

}  // namespace

Exit journal_verifier(Session& session, const EvidenceOptions& options) {
  if (options.rest && options.head.empty())
    throw Failure{Exit::kUsage, "« --suite » demande « --tete » : le contrôle commence où elle s'arrête"};
  if (!options.resume.empty()) {
    must(storage::check_kept_in(session.journal, options.resume));
    catch_interruptions();
  }
  if (options.background) take_lowest_priority();
  const auto head = head_of(session, options);
  const auto journal = open_journal(session, Access::kRead);
  const auto info = journal->info();
  Progress progress("événements vérifiés");
  const auto show = [&](std::uint64_t done, std::uint64_t total) { progress.at(done, total); };
  const bool whole = !options.rest && options.objet.empty();
  storage::VerifyPart part{.from = options.rest ? head->head.size : 0, .flux = {}};
  if (!options.objet.empty()) part.flux = flux_of(options.objet);
  // A journal that stops before the head has nothing to show after it.
  if (options.rest && info) part.from = std::min(part.from, info->next.value);
  storage::VerifyReport report;
  std::uint64_t resumed_at = 0;
  if (options.resume.empty()) {
    report = must(whole ? journal->verify(show) : journal->verify_part(part, show));
  } else {
    auto run = must(storage::verify_resumable(
        session.journal, options.resume, master_key(session), [] { return !interrupted(); }, show));
    if (!run.begun_again.empty()) say(fmt::format("ATTENTION : {} ; le contrôle recommence", run.begun_again));
    if (!run.finished) return stopped(session, run);
    report = std::move(run.report);
    resumed_at = run.resumed_at;
  }
  if (!part.flux.empty() && report.events == 0 && report.findings.empty())
    throw Failure{Exit::kInput, fmt::format("« {} » n'existe pas dans ce journal ; vérifiez l'identifiant", part.flux)};
  const auto departs = head ? departs_from(*journal, head->head) : std::nullopt;
  if (departs) report.findings.insert(report.findings.begin(), {*departs});
  const std::uint64_t found = report.findings.size() + report.more;
  const bool sound = found == 0;
  const std::uint64_t events = info ? info->next.value : 0;
  if (session.json) {
    std::vector<std::string> findings;
    for (const auto& finding : report.findings) findings.push_back(finding.message);
    Json json = Json::object();
    json.set("sain", Json(sound)).set("événements", Json(report.events)).set("anomalies", Json(found));
    if (events > 0) json.set("dernière position", Json(events - 1));
    if (resumed_at > 0) json.set("repris à", Json(resumed_at));
    if (head) {
      Json against = Json::object();
      against.set("taille", Json(head->head.size)).set("prolongée", Json(!departs));
      json.set("tête", std::move(against));
    }
    json.set("constats", Json::texts(findings));
    session.out.line(to_text(json));
    return sound ? Exit::kDone : Exit::kDamaged;
  }
  for (const auto& finding : report.findings) session.out.line(finding.message);
  if (report.more > 0) session.out.line(fmt::format("… et {} autres", grouped(report.more)));
  std::string until = events > 0 ? fmt::format("jusqu'à la position {}", events - 1) : "et sans événement";
  if (options.rest) until = fmt::format("de la position {} à la fin", part.from);
  std::string good = "journal sain " + until;
  if (!part.flux.empty()) good = fmt::format("« {} » est sain", part.flux);
  session.out.line(fmt::format("{} : {}, {}", sound ? good : std::string("journal ABÎMÉ"),
                               counted(report.events, "événement vérifié", "événements vérifiés"),
                               counted(found, "anomalie", "anomalies")));
  if (!sound) {
    session.out.line(
        "  le garder tel quel ; « journal verifier --reparer » refait ce qui se déduit des événements, une sauvegarde "
        "rend le reste");
  }
  if (resumed_at > 0) session.out.line(fmt::format("  contrôle repris à la position {}", resumed_at));
  if (sound && head) {
    session.out.line(fmt::format("  il prolonge la tête signée par {}, à {}", head->head.origin,
                                 counted(head->head.size, "événement", "événements")));
  } else if (sound && whole) {
    session.out.line(
        "  une fin coupée net ne se voit que par une tête gardée ailleurs : « journal sceller », puis "
        "« journal verifier --tete T --confiance C »");
  }
  return sound ? Exit::kDone : Exit::kDamaged;
}

Exit journal_exporter(Session& session, const SelectionOptions& selection, bool outcomes) {
  const auto journal = open_journal(session, Access::kRead);
  const auto info = must(journal->info());
  const std::string source = "urn:uuid:" + info.journal_id;
  Progress progress("événements exportés");
  std::uint64_t done = 0;
  const auto show = [&](const storage::StoredEvent& event) {
    session.out.line(to_text(cloud_event(event, source)));
    progress.at(++done, info.next.value);
    return done != selection.limit;
  };
  if (selection.limit != 0U)
    must(storage::read_selected(*journal, selection_of(selection), {.from = from_of(selection), .before = {}}, show));
  // Those of a later moment are left out: their events are not here.
  const auto known = [&](const storage::StoredOutcome& outcome) {
    if (outcome.first.value + outcome.count <= done) session.out.line(to_text(cloud_event(outcome, source)));
    return true;
  };
  if (outcomes) must(storage::list_outcomes(session.journal, known));
  session.out.flush();
  say(counted(done, "événement exporté", "événements exportés"));
  return Exit::kDone;
}

Exit journal_feuilles(Session& session) {
  const auto journal = open_journal(session, Access::kRead);
  must(journal->read_all({}, [&](const storage::StoredEvent& event) {
    const auto& header = event.header;
    session.out.line(fmt::format("{} {} {} {}", header.position.value, header.flux, header.version.value,
                                 storage::to_hex(event.stored)));
    return true;
  }));
  return Exit::kDone;
}

}  // namespace assemblier::tools
