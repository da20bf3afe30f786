// The master key, and erasing a person.

#include "storage/repair.hpp"
#include "tools/commands.hpp"
#include "tools/opening.hpp"

#include <cstdlib>

#include <fmt/format.h>

namespace assemblier::tools {

std::optional<storage::MasterKey> master_key(const Session& session) {
  const char* const variable = std::getenv("ASSEMBLIER_CLEF_MAITRESSE");
  const bool in_file = !session.master_key.empty();
  if (!in_file && (variable == nullptr || *variable == '\0')) return std::nullopt;
  auto key = storage::MasterKey::parse(in_file ? read_whole(session.master_key) : std::string(variable));
  if (!key) {
    throw Failure{Exit::kInput,
                  fmt::format("{} ne tient pas une clef maîtresse ; en créer une par « clef maitresse --fichier F »",
                              in_file ? session.master_key : "ASSEMBLIER_CLEF_MAITRESSE")};
  }
  return key;
}

Exit effacer(Session& session, const ErasureOptions& options) {
  std::string person = options.person;
  if (person == "-") {
    LineReader reader("-");
    const auto line = reader.next();
    person = line ? std::string(line->text) : std::string();
  }
  if (person.empty() || options.motif.empty())
    throw Failure{Exit::kUsage, "une personne et un motif sont attendus, et ne sont pas vides"};
  std::optional<engine::Erasure> erased;
  {
    const auto journal = open_journal(session, Access::kWrite);
    engine::Engine engine(*journal);
    erased = must(engine.erase(person, options.motif));
  }
  // An opening writes the MANIFEST anew: it may still name records that are gone.
  if (erased) static_cast<void>(open_journal(session, Access::kWrite));
  for (const std::string& kept : storage::kept_by_repairs(session.journal)) {
    say(
        fmt::format("ATTENTION : l'effacement n'atteint pas {}, l'ancien journal gardé par une réparation ; le "
                    "supprimer",
                    kept));
  }
  if (session.json) {
    Json json = Json::object();
    json.set("effacé", Json(erased.has_value()));
    if (erased)
      json.set("personne", Json(storage::to_hex(erased->person))).set("position", Json(erased->position.value));
    session.out.line(to_text(json));
  } else if (erased) {
    session.out.line(
        fmt::format("effacé, position {} : ses données, ses sels et sa clef sont détruits ; effacer aussi "
                    "les sauvegardes où ils sont",
                    erased->position.value));
  } else {
    session.out.line(
        "le journal ne garde rien de cette personne : rien n'y fut inscrit sous ce nom, ou tout est effacé déjà");
  }
  return erased ? Exit::kDone : Exit::kNo;
}

}  // namespace assemblier::tools
