#include "tools/opening.hpp"

#include "dsl/text.hpp"
#include "storage/unfinished.hpp"

#include <charconv>

#include <fmt/format.h>

namespace assemblier::tools {

Exit exit_of(storage::ErrorKind kind) {
  using storage::ErrorKind;
  switch (kind) {
    case ErrorKind::kAbsent:
    case ErrorKind::kUnreadable:
    case ErrorKind::kKey:
      return Exit::kInput;
    case ErrorKind::kDamaged:
      return Exit::kDamaged;
    case ErrorKind::kExists:
    case ErrorKind::kLocked:
    case ErrorKind::kIo:
    case ErrorKind::kFormat:
      return Exit::kSystem;
    case ErrorKind::kConflict:
    case ErrorKind::kOtherContent:
      return Exit::kConflict;
    case ErrorKind::kInvalid:
      return Exit::kUsage;
  }
  return Exit::kSystem;
}

Failure failure_of(const storage::Error& error) { return Failure{exit_of(error.kind), error.message}; }

storage::JournalOptions journal_options(const Session& session, Access access) {
  storage::JournalOptions options;
  options.read_only = access == Access::kRead;
  options.master_key = master_key(session);
  options.seal = access == Access::kSeal;
  return options;
}

std::unique_ptr<storage::Journal> open_journal(const Session& session, Access access) {
  auto journal = must(storage::open_rocksdb(session.journal, journal_options(session, access)));
  if (access != Access::kRead) remove_left_over(session.journal);
  return journal;
}

void remove_left_over(const std::string& directory) {
  for (const auto& left : storage::remove_unfinished(directory)) {
    say(left.why.empty()
            ? fmt::format("copie inachevée d'une commande interrompue, supprimée : {}", left.path)
            : fmt::format("ATTENTION : {}, copie inachevée d'une commande interrompue, ne se supprime pas ({}) ; la "
                          "supprimer : un effacement ne l'atteint pas",
                          left.path, left.why));
  }
}

std::string read_rules(const std::string& file) {
  std::string text = read_whole(file);
  if (const auto bad = dsl::first_invalid_utf8(text)) {
    const auto place = dsl::line_column(text, *bad);
    throw Failure{
        Exit::kInput,
        fmt::format("« {} », ligne {} : ce fichier n'est pas en UTF-8 (peut-être du Windows-1252 ou du Latin-1) ; "
                    "enregistrez-le en UTF-8",
                    file, place.line)};
  }
  return text;
}

std::shared_ptr<const dsl::Program> load_program(const std::string& file) {
  const std::string text = read_rules(file);
  auto compiled = dsl::compile(text);
  if (compiled.program) return compiled.program;
  std::size_t errors = 0;
  for (const auto& diagnostic : compiled.diagnostics) {
    if (diagnostic.severity != dsl::Severity::kError) continue;
    ++errors;
    say(dsl::render(diagnostic, text, file));
  }
  throw Failure{Exit::kNo,
                fmt::format("« {} » : {} ; rien n'a été évalué", file, counted(errors, "erreur", "erreurs"))};
}

Json diagnostic_json(const dsl::Diagnostic& diagnostic, std::string_view source, const std::string& file) {
  const auto place = [&](const dsl::Span& span, Json& json) {
    const auto begin = dsl::line_column(source, span.begin);
    json.set("ligne", Json(std::uint64_t{begin.line})).set("colonne", Json(std::uint64_t{begin.column}));
  };
  Json json = Json::object();
  json.set("fichier", Json(file)).set("code", Json(diagnostic.code));
  json.set("gravité", Json(diagnostic.severity == dsl::Severity::kError ? "erreur" : "avertissement"));
  place(diagnostic.span, json);
  json.set("message", Json(diagnostic.message));
  if (!diagnostic.help.empty()) json.set("aide", Json(diagnostic.help));
  Json::Array related;
  for (const auto& other : diagnostic.related) {
    Json item = Json::object();
    place(other.span, item);
    item.set("message", Json(other.message));
    related.push_back(std::move(item));
  }
  if (!related.empty()) json.set("voir", Json(std::move(related)));
  return json;
}

void show_diagnostics(Session& session, const std::vector<dsl::Diagnostic>& diagnostics, std::string_view source,
                      const std::string& file) {
  for (const auto& diagnostic : diagnostics) {
    if (session.json) {
      session.out.line(to_text(diagnostic_json(diagnostic, source, file)));
    } else {
      session.out.text(dsl::render(diagnostic, source, file));
      session.out.line("");
    }
  }
}

std::string flux_of(const std::string& id) {
  const std::string name = dsl::nfc(id);
  if (name.starts_with(engine::kEditionPrefix)) {
    throw Failure{Exit::kInput, fmt::format("« {} » est une édition, non un objet ; la lire par « edition montrer {} »",
                                            name, name.substr(engine::kEditionPrefix.size()))};
  }
  if (name.starts_with(engine::kErasedPrefix)) {
    throw Failure{Exit::kInput, fmt::format("« {} » dit l'effacement d'une personne, et n'est pas un objet ; « journal "
                                            "exporter » le montre",
                                            name)};
  }
  return name.find('/') == std::string::npos ? "dossier/" + name : name;
}

std::string rfc3339(std::int64_t instant_us) {
  constexpr std::int64_t kDay = 86'400'000'000;
  std::int64_t days = instant_us / kDay;
  std::int64_t rest = instant_us % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  const std::int64_t seconds = rest / 1'000'000;
  return fmt::format("{}T{:02}:{:02}:{:02}.{:06}Z", dsl::iso(dsl::Date{static_cast<std::int32_t>(days)}),
                     seconds / 3600, seconds / 60 % 60, seconds % 60, rest % 1'000'000);
}

dsl::Date date_of(const std::string& text) {
  if (const auto date = dsl::parse_iso(text)) return *date;
  if (text.size() == 10 && text[2] == '/' && text[5] == '/') {
    if (const auto date = dsl::parse_iso(text.substr(6, 4) + "-" + text.substr(3, 2) + "-" + text.substr(0, 2)))
      return *date;
  }
  throw Failure{Exit::kUsage, fmt::format("« {} » n'est pas une date ; écrivez AAAA-MM-JJ", text)};
}

}  // namespace assemblier::tools
