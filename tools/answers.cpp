#include "tools/answers.hpp"

#include "tools/datum_json.hpp"
#include "tools/opening.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::tools {
namespace {

/// Stable words for an error that recorded nothing.
std::string_view code_of(storage::ErrorKind kind) {
  using storage::ErrorKind;
  switch (kind) {
    case ErrorKind::kAbsent:
      return "absent";
    case ErrorKind::kUnreadable:
      return "illisible";
    case ErrorKind::kExists:
      return "existe";
    case ErrorKind::kDamaged:
      return "abîmé";
    case ErrorKind::kLocked:
      return "verrou";
    case ErrorKind::kIo:
      return "système";
    case ErrorKind::kConflict:
      return "conflit";
    case ErrorKind::kOtherContent:
      return "autre contenu";
    case ErrorKind::kInvalid:
      return "invalide";
    case ErrorKind::kFormat:
      return "format";
    case ErrorKind::kKey:
      return "clef";
  }
  return "système";
}

}  // namespace

std::string_view word(const engine::Answer& answer) {
  switch (answer.kind) {
    case engine::Answer::Kind::kInscrit:
      return answer.already ? "déjà inscrit" : "inscrit";
    case engine::Answer::Kind::kRefuse:
      return "refusé";
    case engine::Answer::Kind::kErreur:
      return "erreur";
  }
  return "erreur";
}

void add_answer(Json& json, const engine::Answer& answer) {
  json.set("id", Json(answer.id)).set("réponse", Json(word(answer))).set("objet", Json(answer.objet));
  switch (answer.kind) {
    case engine::Answer::Kind::kInscrit:
      json.set("position", Json(answer.position)).set("version", Json(answer.version));
      json.set("actes", Json::texts(answer.actes)).set("état", Json(answer.etat));
      break;
    case engine::Answer::Kind::kRefuse:
      if (answer.already) json.set("déjà", Json(true));
      json.set("refus", to_json(answer.refusal));
      break;
    case engine::Answer::Kind::kErreur:
      if (answer.error) json.set("erreur", error_json(code_of(answer.error->kind), answer.error->message));
      break;
  }
}

std::string in_french(const engine::Answer& answer) {
  switch (answer.kind) {
    case engine::Answer::Kind::kInscrit:
      return fmt::format("{}, position {} : {}, {} → {} (version {})", word(answer), answer.position, answer.objet,
                         fmt::join(answer.actes, " puis "), answer.etat, answer.version);
    case engine::Answer::Kind::kRefuse: {
      std::string text =
          fmt::format("refusé{} : {}", answer.already ? " (déjà répondu)" : "", engine::render(answer.refusal));
      while (text.ends_with('\n')) text.pop_back();
      return text;
    }
    case engine::Answer::Kind::kErreur:
      return fmt::format("erreur : {}", answer.error ? answer.error->message : "");
  }
  return {};
}

Exit exit_of(const engine::Answer& answer) {
  switch (answer.kind) {
    case engine::Answer::Kind::kInscrit:
      return Exit::kDone;
    case engine::Answer::Kind::kRefuse:
      return Exit::kNo;
    case engine::Answer::Kind::kErreur:
      return answer.error ? exit_of(answer.error->kind) : Exit::kSystem;
  }
  return Exit::kSystem;
}

}  // namespace assemblier::tools
