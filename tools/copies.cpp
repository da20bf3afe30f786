// journal sauvegarder | restaurer | importer: a journal kept elsewhere, and made again.

#include "storage/copies.hpp"

#include "engine/payload.hpp"
#include "storage/note.hpp"
#include "tools/background.hpp"
#include "tools/cloud_events.hpp"
#include "tools/commands.hpp"
#include "tools/opening.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace assemblier::tools {
namespace {

constexpr std::size_t kLongest = std::size_t{64} << 20U;  // the largest payload, decoded and in base64
constexpr JsonLimits kExportLimits{.depth = 256};         // a motif nests deeper than facts
constexpr std::string_view kSource = "urn:uuid:";

std::string text_of(const Json& json, std::string_view key) {
  const Json* const found = json.find(key);
  const auto* const text = found == nullptr ? nullptr : found->get<std::string>();
  return text == nullptr ? std::string() : *text;
}

std::optional<std::uint64_t> number_of(const Json& json, std::string_view key) {
  const Json* const found = json.find(key);
  const auto number = found == nullptr ? std::nullopt : found->as_int();
  return number && *number >= 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

/// The first member that is not what the octets say; nothing when all are.
std::optional<std::string> difference(const Json& given, const Json& made) {
  const auto& expected = *made.get<Json::Object>();
  const auto& members = *given.get<Json::Object>();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (i >= members.size() || members[i].key != expected[i].key || members[i].value != expected[i].value)
      return expected[i].key;
  }
  return members.size() > expected.size() ? std::optional(members[expected.size()].key) : std::nullopt;
}

/// What the exporter writes, read again: texts as JSON gives them back.
Json as_read(const Json& made) { return *parse_json(to_text(made), kExportLimits); }

/// Whom the event erases, by the name of its flux.
std::optional<storage::PersonId> erased_by(const storage::StoredEvent& event) {
  storage::PersonId person;
  const std::string_view flux = event.header.flux;
  if (event.header.type != engine::kErasure || !flux.starts_with(engine::kErasedPrefix)) return std::nullopt;
  const auto octets = storage::from_hex(flux.substr(engine::kErasedPrefix.size()));
  if (!octets || octets->size() != person.octets.size()) return std::nullopt;
  std::ranges::transform(*octets, person.octets.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return person;
}

class Reading {
 public:
  explicit Reading(Session& session, std::string file) : session_(session), file_(std::move(file)) {}

  Exit run() {
    LineReader reader(file_, kLongest);
    Progress progress("lignes importées");
    while (const auto line = next(reader)) {
      line_ = line->number;
      if (line->too_long) unreadable(fmt::format("la ligne dépasse {} Mio", kLongest >> 20U));
      const auto json = parse_json(line->text, kExportLimits);
      if (!json) unreadable(json.error().message);
      if (json->get<Json::Object>() == nullptr) unreadable("un objet JSON est attendu");
      if (source_.empty()) name_source(*json);
      if (text_of(*json, "type") == kAnswerType) {
        answer(*json);
      } else {
        event(*json);
      }
      progress.at(line_, 0);
      if (interrupted()) break;
    }
    if (interrupted()) stop();
    if (!import_) throw Failure{Exit::kInput, fmt::format("{} : aucun événement ; un export est attendu", file_)};
    return end();
  }

 private:
  static std::optional<LineReader::Line> next(LineReader& reader) {
    try {
      return reader.next();
    } catch (const Failure& failure) {
      if (failure.code != Exit::kInterrupted) throw;
      return std::nullopt;
    }
  }
  [[noreturn]] void stop() const {
    if (import_) must(import_->keep());
    throw Failure{Exit::kInterrupted,
                  fmt::format("import interrompu après la ligne {} ; ce qui précède est gardé, la même commande le "
                              "complète",
                              line_)};
  }
  [[noreturn]] void unreadable(const std::string& why) const {
    if (import_) must(import_->keep());
    throw Failure{Exit::kInput, fmt::format("{}, ligne {} : {}", file_, line_, why)};
  }
  [[noreturn]] void wrong(const std::string& why) const {
    if (import_) must(import_->keep());
    throw Failure{Exit::kDamaged,
                  fmt::format("{}, ligne {} : {} ; {}", file_, line_, why,
                              import_ ? "les lignes d'avant sont importées, celle-ci et les suivantes non"
                                      : "rien n'est importé")};
  }
  void check(storage::Result<void> done) const {
    if (done) return;
    if (done.error().kind == storage::ErrorKind::kDamaged) wrong(done.error().message);
    throw failure_of(done.error());
  }

  void name_source(const Json& json) {
    source_ = text_of(json, "source");
    if (!source_.starts_with(kSource) || source_.size() != kSource.size() + 36)
      unreadable("« source » ne nomme pas un journal ; un export de « journal exporter » est attendu");
  }

  // Once the first line is one that a journal begins with.
  void begin() {
    remove_left_over(session_.journal);
    import_ = must(storage::Import::begin(session_.journal, source_.substr(kSource.size())));
  }

  void event(const Json& json) {
    const auto octets = storage::from_base64(text_of(json, "octets"));
    const auto stored = octets ? storage::decode_event(*octets) : std::unexpected(std::string());
    if (!stored) wrong("« octets » n'est pas un événement");
    if (const auto member = difference(json, as_read(cloud_event(*stored, source_))))
      wrong(fmt::format("« {} » n'est pas ce que disent les octets de l'événement", *member));
    if (!import_ && stored->header.position.value != 0) {
      wrong(
          fmt::format("l'export commence à la position {} : il ne porte qu'une partie des événements, dont aucun "
                      "journal ne se refait ; exporter sans choisir (ni --flux, ni --depuis…)",
                      stored->header.position.value));
    }
    if (!import_) begin();
    check(import_->event(stored->stored));
    if (const auto person = erased_by(*stored)) import_->erased(*person);
  }

  void answer(const Json& json) {
    const auto octets = storage::from_base64(text_of(json, "octets"));
    const auto digest = storage::from_hex(text_of(json, "empreinte"));
    const auto first = number_of(json, "position");
    const auto count = number_of(json, "nombre");
    storage::StoredOutcome outcome;
    if (!octets || !digest || digest->size() != outcome.outcome.fingerprint.octets.size() || !first || !count ||
        *count > std::numeric_limits<std::uint32_t>::max()) {
      wrong("réponse d'acte mal formée");
    }
    outcome.outcome.acte_id = text_of(json, "acteid");
    outcome.outcome.answer = *octets;
    std::ranges::transform(*digest, outcome.outcome.fingerprint.octets.begin(),
                           [](char c) { return static_cast<std::uint8_t>(c); });
    outcome.kind = text_of(json, "sorteempreinte") == "simple" ? storage::FingerprintKind::kPlain
                                                               : storage::FingerprintKind::kForeign;
    outcome.first.value = *first;
    outcome.count = static_cast<std::uint32_t>(*count);
    if (const auto member = difference(json, as_read(cloud_event(outcome, source_))))
      wrong(fmt::format("« {} » n'est pas ce qu'un export écrit", *member));
    if (!import_ && outcome.first.value + outcome.count > 0)
      wrong("une réponse d'acte compte des événements qui ne sont pas dans cet export");
    if (!import_) begin();
    check(import_->outcome(outcome));
    ++answers_;
  }

  Exit end() {
    const auto head = must(import_->finish());
    const std::string root = storage::to_base64(storage::to_bytes(head.root));
    if (session_.json) {
      Json json = Json::object();
      json.set("journal", Json(session_.journal)).set("id", Json(source_.substr(kSource.size())));
      json.set("événements", Json(head.size)).set("réponses", Json(answers_)).set("racine", Json(root));
      session_.out.line(to_text(json));
    } else {
      session_.out.line(fmt::format("journal « {} » : {}, {}, racine {}", session_.journal,
                                    counted(head.size, "événement", "événements"),
                                    counted(answers_, "réponse d'acte", "réponses d'actes"), root));
    }
    if (answers_ == 0) {
      say("cet export n'a pas les réponses des actes (« journal exporter --reponses ») : un acte renvoyé sous le même "
          "identifiant ne sera pas reconnu");
    }
    return Exit::kDone;
  }

  Session& session_;
  const std::string file_;
  std::string source_;
  std::uint64_t line_ = 0;
  std::uint64_t answers_ = 0;
  std::unique_ptr<storage::Import> import_;
};

}  // namespace

Exit journal_sauvegarder(Session& session, const std::string& destination) {
  Progress progress("événements vérifiés");
  const auto made = must(storage::back_up(session.journal, destination,
                                          [&](std::uint64_t done, std::uint64_t total) { progress.at(done, total); }));
  if (session.json) {
    Json json = Json::object();
    json.set("sauvegarde", Json(made.path)).set("événements", Json(made.events));
    json.set("copiés", Json(std::uint64_t{made.files_copied})).set("octets", Json(made.octets_copied));
    json.set("partagés", Json(std::uint64_t{made.files_linked})).set("abîmées", Json::texts(made.damaged));
    session.out.line(to_text(json));
  } else {
    session.out.line(fmt::format("sauvegarde « {} » : {} ; {} ({} octets), {} avec la précédente", made.path,
                                 counted(made.events, "événement", "événements"),
                                 counted(made.files_copied, "fichier copié", "fichiers copiés"),
                                 grouped(made.octets_copied), counted(made.files_linked, "partagé", "partagés")));
    for (const auto& damaged : made.damaged) session.out.line(fmt::format("sauvegarde ABÎMÉE : {}", damaged));
  }
  return made.damaged.empty() ? Exit::kDone : Exit::kDamaged;
}

Exit journal_restaurer(Session& session, const RestoreOptions& options) {
  Progress progress("événements");
  remove_left_over(options.destination);
  const auto until = options.until ? std::optional(storage::Position{*options.until}) : std::nullopt;
  const auto info = must(storage::restore(options.source, options.destination, until,
                                          [&](std::uint64_t done, std::uint64_t total) { progress.at(done, total); }));
  if (session.json) {
    Json json = Json::object();
    json.set("journal", Json(options.destination)).set("id", Json(info.journal_id));
    json.set("événements", Json(info.next.value)).set("flux", Json(info.flux_count));
    session.out.line(to_text(json));
  } else {
    session.out.line(fmt::format("journal « {} » : {} dans {}, vérifié", options.destination,
                                 counted(info.next.value, "événement", "événements"),
                                 counted(info.flux_count, "flux", "flux")));
  }
  return Exit::kDone;
}

Exit journal_importer(Session& session, const std::string& file) {
  catch_interruptions();
  return Reading(session, file).run();
}

}  // namespace assemblier::tools
