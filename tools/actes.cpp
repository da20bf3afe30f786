// acte, importer: what is asked of the objets.

#include "dsl/text.hpp"
#include "storage/verification.hpp"
#include "tools/answers.hpp"
#include "tools/background.hpp"
#include "tools/commands.hpp"
#include "tools/datum_json.hpp"
#include "tools/opening.hpp"
#include "tools/stream.hpp"

#include <chrono>
#include <deque>
#include <exception>

#include <fmt/format.h>

namespace assemblier::tools {
namespace {

engine::Request request_of(const ActeOptions& options) {
  engine::Request request;
  request.id = options.id;
  request.acte = dsl::nfc(options.name);
  request.objet = dsl::nfc(options.objet);
  const auto equal = options.par.find('=');
  request.role = dsl::nfc(options.par.substr(0, equal));
  if (equal != std::string::npos) request.author = dsl::nfc(options.par.substr(equal + 1));
  if (equal != std::string::npos && request.author.find_first_not_of(" \t") == std::string::npos)
    throw Failure{Exit::kUsage, fmt::format("« --par {} » : après « = », le nom manque", options.par)};
  if (!options.le.empty()) request.date = date_of(options.le);
  request.version = options.version;
  if (!options.donnees.empty()) {
    const std::string text = read_whole(options.donnees);
    const auto bad = [&](const JsonError& error) {
      return Failure{Exit::kInput, fmt::format("{} : {} {}", options.donnees, error.code, error.message)};
    };
    const auto json = parse_json(text);
    if (!json) throw bad(json.error());
    auto donnees = map_from_json(*json, "les données");
    if (!donnees) throw bad(donnees.error());
    request.donnees = std::move(*donnees);
  }
  return request;
}

/// Reads a stream, sends it, tells each answer in its turn.
class Import {
 public:
  Import(Session& session, engine::Engine& engine, const std::string& file)
      : session_(session),
        reader_(file),
        pipeline_(engine, [this](std::uint64_t, const engine::Answer& answer) { told(answer); }),
        progress_("lignes importées") {}

  Exit run() {
    while (!stopped_ && !interrupted()) {
      if (!reader_.ready()) {  // nothing to read for now: what is under way is answered before waiting
        pipeline_.finish();
        flush();
      }
      rethrow();
      const auto line = next();
      if (!line) break;
      last_ = line->number;
      if (line->text.find_first_not_of(" \t") == std::string_view::npos) continue;
      take(*line);
      progress_.at(reader_.bytes_read(), reader_.size().value_or(0));
      if (const auto now = std::chrono::steady_clock::now(); now - flushed_ > std::chrono::milliseconds(50)) {
        flush();  // an answer is the acknowledgement: nobody waits long for one
        flushed_ = now;
      }
    }
    pipeline_.finish();
    rethrow();
    session_.out.flush();
    return summary();
  }

 private:
  struct Waiting {
    std::uint64_t number = 0;
    std::string id;                  ///< of an unreadable line, when it could be read
    std::optional<JsonError> error;  ///< the line is unreadable
  };

  /// Nothing at the end, or once it is interrupted.
  std::optional<LineReader::Line> next() {
    try {
      return reader_.next();
    } catch (const Failure& failure) {
      if (failure.code != Exit::kInterrupted) throw;
      return std::nullopt;
    }
  }

  void take(const LineReader::Line& line) {
    std::string id;
    auto request = line.too_long ? std::unexpected(JsonError{"J0009", "cette ligne est trop longue"})
                                 : request_from_line(line.text, id);
    if (request) {
      waiting_.push_back({line.number, {}, std::nullopt});
      pipeline_.push(std::move(*request));
    } else {
      waiting_.push_back({line.number, std::move(id), std::move(request.error())});
      pipeline_.push_answer({});
    }
  }

  /// Called by the pipeline, which expects no exception: what cannot be written is kept for rethrow().
  void told(const engine::Answer& answer) {
    const Waiting line = std::move(waiting_.front());
    waiting_.pop_front();
    try {
      line.error ? unreadable(line) : answered(line.number, answer);
    } catch (...) {
      stopped_ = true;
      if (!problem_) problem_ = std::current_exception();
    }
  }

  void answered(std::uint64_t number, const engine::Answer& answer) {
    const Exit code = exit_of(answer);
    switch (answer.kind) {
      case engine::Answer::Kind::kInscrit:
        answer.already ? ++already_ : ++recorded_;
        break;
      case engine::Answer::Kind::kRefuse:
        ++refused_;
        break;
      case engine::Answer::Kind::kErreur:
        if (code == Exit::kConflict) {
          ++conflicts_;
        } else if (code == Exit::kUsage) {
          return unreadable({number, answer.id, JsonError{"L0003", answer.error->message}});
        } else {
          ++failed_;
          stopped_ = true;
          if (!failure_ || code == Exit::kDamaged) failure_ = failure_of(*answer.error);
        }
        break;
    }
    if (session_.json) {
      Json json = Json::object();
      json.set("ligne", Json(number));
      add_answer(json, answer);
      session_.out.line(to_text(json));
    } else {
      session_.out.line(fmt::format("ligne {} : {}", number, in_french(answer)));
    }
  }

  void unreadable(const Waiting& line) {
    ++unreadable_;
    if (session_.json) {
      Json json = Json::object();
      json.set("ligne", Json(line.number));
      if (!line.id.empty()) json.set("id", Json(line.id));
      json.set("réponse", Json("illisible")).set("erreur", error_json(line.error->code, line.error->message));
      session_.out.line(to_text(json));
    } else {
      session_.out.line(fmt::format("ligne {} : illisible, {} {}", line.number, line.error->code, line.error->message));
    }
  }

  void flush() {
    if (!problem_) session_.out.flush();
  }

  void rethrow() {
    if (problem_) std::rethrow_exception(problem_);
  }

  Exit summary() {
    std::string text = fmt::format(
        "{}, {}, {}, {}", counted(recorded_, "inscrit", "inscrits"), counted(already_, "déjà inscrit", "déjà inscrits"),
        counted(refused_, "refusé", "refusés"), counted(unreadable_, "illisible", "illisibles"));
    if (conflicts_ > 0) text += ", " + counted(conflicts_, "conflit", "conflits");
    if (failed_ > 0) text += ", " + counted(failed_, "sans réponse", "sans réponse");
    say(text);
    if (failure_) throw Failure(*failure_);
    if (interrupted()) {
      throw Failure{
          Exit::kInterrupted,
          fmt::format("import interrompu après la ligne {} ; tout ce qui précède est répondu et gardé, la même "
                      "commande le complète",
                      last_)};
    }
    if (conflicts_ > 0) return Exit::kConflict;
    if (unreadable_ > 0) return Exit::kInput;
    return refused_ > 0 ? Exit::kNo : Exit::kDone;
  }

  Session& session_;
  LineReader reader_;
  std::deque<Waiting> waiting_;
  std::exception_ptr problem_;      ///< the output cannot be written
  std::optional<Failure> failure_;  ///< the journal takes no more
  bool stopped_ = false;
  std::uint64_t last_ = 0;  ///< line that was taken
  std::chrono::steady_clock::time_point flushed_ = std::chrono::steady_clock::now();
  std::uint64_t recorded_ = 0, already_ = 0, refused_ = 0, unreadable_ = 0, conflicts_ = 0, failed_ = 0;
  engine::Pipeline pipeline_;  ///< after what its answers use
  Progress progress_;
};

}  // namespace

Exit acte(Session& session, const ActeOptions& options) {
  const auto request = request_of(options);
  const auto journal = open_journal(session, Access::kWrite);
  engine::Engine engine(*journal);
  const auto answer = engine.submit(request);
  if (session.json) {
    Json json = Json::object();
    add_answer(json, answer);
    session.out.line(to_text(json));
  } else if (answer.kind != engine::Answer::Kind::kErreur) {
    session.out.line(in_french(answer));
  }
  if (answer.kind == engine::Answer::Kind::kErreur) {
    session.out.flush();
    throw answer.error ? failure_of(*answer.error) : Failure{Exit::kSystem, "l'acte n'a pas reçu de réponse"};
  }
  return exit_of(answer);
}

Exit importer(Session& session, const std::string& file, const std::string& check) {
  if (!check.empty()) must(storage::check_kept_in(session.journal, check));
  catch_interruptions();
  const auto journal = open_journal(session, Access::kWrite);
  std::optional<BackgroundVerification> beside;
  if (!check.empty()) beside.emplace(session, check);
  engine::Engine engine(*journal);
  Import import(session, engine, file);
  const Exit code = import.run();
  return beside && beside->finish() == Exit::kDamaged ? Exit::kDamaged : code;
}

}  // namespace assemblier::tools
