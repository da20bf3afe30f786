// journal verifier --reparer: what was wrong, what was made anew, what is lost, and where the damaged journal is kept.

#include "storage/repair.hpp"

#include "tools/background.hpp"
#include "tools/commands.hpp"
#include "tools/heads.hpp"
#include "tools/opening.hpp"

#include <fmt/format.h>

namespace assemblier::tools {
namespace {

std::vector<std::string> texts(const storage::VerifyReport& report) {
  std::vector<std::string> lines;
  for (const auto& finding : report.findings) lines.push_back(finding.message);
  if (report.more > 0) lines.push_back(fmt::format("… et {} autres", grouped(report.more)));
  return lines;
}

Json as_json(const storage::Repair& done) {
  Json json = Json::object();
  json.set("réparé", Json(!done.kept.empty())).set("événements", Json(done.events));
  json.set("constats", Json::texts(texts(done.before)));
  Json::Array records;
  for (const auto& kind : done.records) {
    records.push_back(Json::object());
    records.back().set("genre", Json(kind.kind)).set("refaits", Json(kind.made)).set("écartés", Json(kind.removed));
  }
  json.set("enregistrements", Json(std::move(records))).set("perdu", Json::texts(done.lost));
  json.set("reste", Json::texts(texts(done.after)));
  if (!done.kept.empty()) json.set("ancien", Json(done.kept));
  return json;
}

void tell(Out& out, const storage::Repair& done) {
  for (const std::string& line : texts(done.before)) out.line(line);
  if (done.before.findings.empty())
    return out.line(fmt::format("journal sain : {}, rien à réparer",
                                counted(done.events, "événement vérifié", "événements vérifiés")));
  if (done.kept.empty())
    return out.line(
        "rien de cela ne se refait à partir des événements ; rien n'a été changé, repartir d'une sauvegarde");
  out.line(fmt::format("journal RÉPARÉ : {} octet par octet",
                       counted(done.events, "événement repris", "événements repris")));
  for (const auto& kind : done.records) {
    std::string line = fmt::format("  {} : ", kind.kind);
    if (kind.made > 0) line += fmt::format("{} à neuf", grouped(kind.made));
    if (kind.removed > 0) line += fmt::format("{}{} en trop", kind.made > 0 ? ", " : "", grouped(kind.removed));
    out.line(line);
  }
  for (const std::string& what : done.lost) out.line("  PERDU, " + what);
  for (const std::string& what : texts(done.after)) out.line("  reste : " + what);
  out.line(
      fmt::format("  l'ancien journal est gardé dans {} ; « effacer » ne l'atteint pas : le supprimer quand il ne "
                  "sert plus",
                  done.kept));
}

}  // namespace

Exit journal_reparer(Session& session, const EvidenceOptions& options) {
  storage::RepairOptions given{.master_key = master_key(session), .head = {}, .go_on = {}};
  if (const auto head = head_of(session, options)) given.head = {.size = head->head.size, .root = head->head.root};
  catch_interruptions();
  given.go_on = [] { return !interrupted(); };
  remove_left_over(session.journal);
  Progress progress("événements");
  const auto done = must(
      storage::repair(session.journal, given, [&](std::uint64_t at, std::uint64_t total) { progress.at(at, total); }));
  if (done.stopped) {
    throw Failure{Exit::kInterrupted, "réparation interrompue ; rien n'a été changé, la même commande la recommence"};
  }
  if (session.json) {
    session.out.line(to_text(as_json(done)));
  } else {
    tell(session.out, done);
  }
  return done.lost.empty() && done.after.findings.empty() ? Exit::kDone : Exit::kDamaged;
}

}  // namespace assemblier::tools
