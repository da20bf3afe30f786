// edition publier | lister | montrer: the éditions kept in the journal.

#include "tools/commands.hpp"
#include "tools/opening.hpp"

#include <fmt/format.h>

namespace assemblier::tools {

Exit edition_publier(Session& session, const std::string& file) {
  const std::string text = read_rules(file);
  // The first édition with personal values makes the journal one that seals.
  const auto compiled = dsl::compile(text);
  const bool personal = compiled.program != nullptr && compiled.program->has_personal();
  const auto journal = open_journal(session, personal ? Access::kSeal : Access::kWrite);
  engine::Engine engine(*journal);
  const auto before = must(engine.editions());
  const auto published = must(engine.publish(text));
  if (!published.edition) {
    show_diagnostics(session, published.diagnostics, text, file);
    session.out.flush();
    say(fmt::format("« {} » : rien n'a été publié, parce que le texte contient des erreurs", file));
    return Exit::kNo;
  }
  const auto& edition = *published.edition;
  const std::string hash = storage::to_hex(edition.hash);
  if (session.json) {
    Json json = Json::object();
    json.set("édition", Json(hash))
        .set("millésime", Json(edition.program->millesime))
        .set("titre", Json(edition.program->title));
    json.set("du", Json(dsl::iso(edition.program->from))).set("au", Json(dsl::iso(edition.program->to)));
    json.set("réponse", Json(published.already ? "déjà publiée" : "publiée"))
        .set("position", Json(edition.position.value));
    session.out.line(to_text(json));
  } else {
    session.out.line(fmt::format("édition {} « {} » {}, empreinte {}", edition.program->millesime,
                                 edition.program->title, published.already ? "déjà publiée" : "publiée", hash));
  }
  session.out.flush();
  for (const auto& other : before) {
    if (published.already || other.millesime != edition.program->millesime || other.title != edition.program->title)
      continue;
    say(fmt::format("elle remplace, pour les ouvertures à venir, l'édition {} ; ce qui est déjà ouvert garde la sienne",
                    storage::to_hex(other.hash).substr(0, 12)));
  }
  return Exit::kDone;
}

Exit edition_lister(Session& session) {
  const auto journal = open_journal(session, Access::kRead);
  engine::Engine engine(*journal);
  const auto editions = must(engine.editions());
  for (const auto& edition : editions) {
    const std::string hash = storage::to_hex(edition.hash);
    if (session.json) {
      Json json = Json::object();
      json.set("édition", Json(hash)).set("millésime", Json(edition.millesime)).set("titre", Json(edition.title));
      json.set("du", Json(dsl::iso(edition.from))).set("au", Json(dsl::iso(edition.to)));
      json.set("position", Json(edition.position.value)).set("publiée le", Json(rfc3339(edition.instant_us)));
      session.out.line(to_text(json));
    } else {
      session.out.line(fmt::format("{}  {}  « {} », en vigueur du {} au {}, position {}", hash.substr(0, 12),
                                   edition.millesime, edition.title, dsl::french(edition.from), dsl::french(edition.to),
                                   edition.position.value));
    }
  }
  session.out.flush();
  if (editions.empty()) say("aucune édition publiée ; « assemblier edition publier FICHIER » en inscrit une");
  return Exit::kDone;
}

Exit edition_montrer(Session& session, const std::string& hash) {
  const auto journal = open_journal(session, Access::kRead);
  engine::Engine engine(*journal);
  const auto edition = must(engine.find_edition(hash));
  const std::string text = must(engine.edition_text(edition->hash));
  if (session.json) {
    Json json = Json::object();
    json.set("édition", Json(storage::to_hex(edition->hash))).set("millésime", Json(edition->program->millesime));
    json.set("texte", Json(text));
    session.out.line(to_text(json));
  } else {
    session.out.text(text);  // exactly the published bytes
  }
  return Exit::kDone;
}

}  // namespace assemblier::tools
