#include "engine/asked.hpp"
#include "engine/calendar.hpp"
#include "engine/ids.hpp"
#include "engine/shell.hpp"
#include "engine/wording.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

constexpr std::size_t kIdBytes = 200;
// Actes handed over to the journal at once: each hand-over may wake a thread, and a sync may begin with it.
constexpr std::size_t kHandOver = 256;

bool normalise_datum(Datum& datum) {
  if (auto* text = datum.get<std::string>()) return normalise(*text);
  if (auto* list = datum.get<Datum::List>()) return std::ranges::all_of(*list, normalise_datum);
  if (auto* map = datum.get<Datum::Map>()) {
    return std::ranges::all_of(*map,
                               [](auto& entry) { return normalise(entry.first) && normalise_datum(entry.second); });
  }
  return true;
}

bool normalise_request(Request& request) {
  return normalise(request.id) && normalise(request.acte) && normalise(request.objet) && normalise(request.role) &&
         normalise(request.author) && std::ranges::all_of(request.donnees, [](auto& entry) {
           return normalise(entry.first) && normalise_datum(entry.second);
         });
}

storage::Error invalid(std::string message) { return {storage::ErrorKind::kInvalid, std::move(message)}; }

storage::Expectation standing(const Live& live) {
  if (!live.exists()) return {.flux = live.flux, .kind = storage::Expectation::Kind::kNone};
  return {.flux = live.flux, .kind = storage::Expectation::Kind::kExactly, .version = {live.events - 1}};
}

std::string version_text(const Live& live) {
  return live.exists() ? fmt::format("en est à la version {}", live.events - 1) : std::string("n'existe pas");
}

// The name of an objet is category/name; éditions are no objets.
bool well_named(const std::string& objet) {
  const std::string_view kind = category(objet);
  const bool control =
      std::ranges::any_of(objet, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  return !kind.empty() && objet.size() > kind.size() + 1 && !control && !objet.starts_with(kEditionPrefix);
}

}  // namespace

// ---------------------------------------------------------------- entering

void Engine::Impl::push(std::unique_ptr<Job> job) {
  Job& entered = *job;
  jobs_.push_back(std::move(job));
  if (entered.stage != Job::Stage::kDone && prepare(entered)) enter(entered);
}

// Names in NFC, an id, a fingerprint; false when the request is answered by an error.
bool Engine::Impl::prepare(Job& job) {
  Request& request = job.request;
  job.answer.id = request.id;
  job.answer.objet = request.objet;
  if (!normalise_request(request)) {
    fail(job, invalid("demande illisible : un texte n'est pas de l'UTF-8"));
    return false;
  }
  if (request.id.empty()) request.id = uuid_v7(now(), options.random(), options.random());
  job.answer.id = request.id;
  job.answer.objet = request.objet;
  if (request.id.size() > kIdBytes) {
    fail(job, invalid(fmt::format("l'identifiant d'acte a {} octets ; au plus {} sont permis", request.id.size(),
                                  kIdBytes)));
    return false;
  }
  if (!well_named(request.objet)) {
    fail(job, invalid(fmt::format(
                  "le nom d'objet {} ne convient pas : catégorie/nom est attendu, la catégorie étant déclarée par une "
                  "édition",
                  quoted(request.objet))));
    return false;
  }
  job.fingerprint = fingerprint(request);
  return true;
}

void Engine::Impl::enter(Job& job) {
  const bool repeated = job.stage == Job::Stage::kDeferred;  // another of the stream had its id, and has left
  if (ids_.contains(job.request.id)) {                       // its answer depends on that of the other
    job.stage = Job::Stage::kDeferred;
    return;
  }
  if ((alone || repeated || look_first_ > 0) && answered_before(job)) return;
  auto found = slot(job.request.objet);
  if (!found) {
    if (!job.looked && answered_before(job)) return;
    fail(job, std::move(found.error()));
    return;
  }
  job.slot = *found;
  job.stage = Job::Stage::kQueued;
  ids_.insert(job.request.id);
  decide_job(job);
  job.slot->jobs.push_back(&job);
  advance(*job.slot);
}

bool Engine::Impl::answered_before(Job& job) {
  job.looked = true;
  auto outcome = journal.outcome(job.request.id);
  if (!outcome) {
    fail(job, std::move(outcome.error()));
    return true;
  }
  if (!*outcome) {
    if (look_first_ > 0) --look_first_;
    return false;
  }
  look_first_ = kLookAfterKnown;
  const storage::StoredOutcome& kept = **outcome;
  const auto same = journal.same_request(kept, job.fingerprint);
  if (!same) {
    fail(job, same.error());
    return true;
  }
  if (!*same) {
    fail(job,
         {storage::ErrorKind::kOtherContent,
          fmt::format("l'identifiant d'acte {} est déjà celui d'un autre contenu ; un identifiant ne sert qu'une fois",
                      quoted(job.request.id))});
    return true;
  }
  complete(job, storage::AppendResult{
                    .already = true, .first = kept.first, .count = kept.count, .answer = kept.outcome.answer});
  return true;
}

// ---------------------------------------------------------------- deciding

std::expected<Decided, Refusal> Engine::Impl::decide_on(const Live& live, const std::vector<EditionPtr>& known,
                                                        const Request& request) {
  ++counters.decided;
  const dsl::Date today = paris_day(now());
  if (live.exists()) return decide(live, live.edition, request, today);
  auto edition = governing(known, request, request.date.value_or(today));
  if (!edition) return std::unexpected(std::move(edition.error()));
  return decide(live, *edition, request, today);
}

// Decides on the latest state of the flux, and moves that state on.
void Engine::Impl::decide_job(Job& job) {
  Live& live = job.slot->live;
  const Request& request = job.request;
  job.record = {};
  job.append = true;
  job.answer = {.id = std::move(job.answer.id), .objet = std::move(job.answer.objet)};
  const auto failed = [&job](storage::Error error) {
    job.append = false;
    job.answer.kind = Answer::Kind::kErreur;
    job.answer.error = std::move(error);
  };
  if (request.version && (!live.exists() || live.events - 1 != *request.version)) {
    return failed({storage::ErrorKind::kConflict,
                   fmt::format("conflit de version : {} était attendu à la version {} et {} ; le relire et recommencer",
                               request.objet, *request.version, version_text(live))});
  }
  auto known = editions.compiled();
  if (!known) return failed(std::move(known.error()));
  job.record.expected.push_back(standing(live));
  auto decided = decide_on(live, **known, request);
  if (decided) {
    job.answer.kind = Answer::Kind::kInscrit;
    job.answer.version = live.events + decided->events.size() - 1;
    for (const Evenement& event : decided->events) job.answer.actes.push_back(event.acte);
    job.answer.etat = decided->events.back().payload.to;
    record(job, std::move(decided->events));
    live = std::move(decided->after);
  } else {
    job.answer.kind = Answer::Kind::kRefuse;
    job.answer.refusal = std::move(decided.error());
    // To publish an édition is what puts this right, and then the same acte is sent again: nothing to keep.
    job.append = job.answer.refusal.kind != Refusal::Kind::kEdition;
    if (!job.append) return;
  }
  job.record.outcome =
      storage::Outcome{.acte_id = request.id, .fingerprint = job.fingerprint, .answer = encode_answer(job.answer)};
}

void Engine::Impl::record(Job& job, std::vector<Evenement> events) {
  job.record.events.reserve(events.size());
  for (Evenement& event : events) {
    job.record.events.push_back({.flux = std::move(event.flux),
                                 .type = std::move(event.acte),
                                 .date_effet = event.date.days,
                                 .role = std::move(event.role),
                                 .author = std::move(event.author),
                                 .acte_id = job.request.id,
                                 .event_id = {},  // derived where the events are written
                                 .edition = event.edition,
                                 .payload = encode_payload(event.payload),
                                 .personal = std::move(event.personal)});
  }
}

// ---------------------------------------------------------------- sending and completing

void Engine::Impl::fail(Job& job, storage::Error error) {
  job.answer.kind = Answer::Kind::kErreur;
  job.answer.error = std::move(error);
  job.stage = Job::Stage::kDone;
}

// Sends the jobs of a flux in order, without waiting for each other: what they were decided on stands or falls with
// their chain. A job with nothing to append is done once it is first, since only then its decision is certain.
void Engine::Impl::advance(Slot& slot) {
  std::size_t at = slot.sent;
  while (at < slot.jobs.size() && !slot.draining) {
    Job& job = *slot.jobs[at];
    if (!job.append) {
      if (at != 0) return;
      if (!job.looked && answered_before(job)) {
        slot.jobs.erase(slot.jobs.begin());
        continue;
      }
      if (!job.reread && job.request.version) {
        // The version is wrong as far as this engine knows; another one may have written since.
        rebase(slot);
        continue;
      }
      job.stage = Job::Stage::kDone;
      slot.jobs.erase(slot.jobs.begin());
      continue;
    }
    job.stage = Job::Stage::kSent;
    ++slot.sent;
    if (slot.chain == nullptr) slot.chain = std::make_shared<storage::Chain>();
    job.record.chain = slot.chain;
    if (alone) {  // nothing else is under way: no need to go through the writer's queue
      settle(job, journal.append(std::move(job.record)));
      return;
    }
    outgoing_.push_back(&job);
    if (outgoing_.size() >= kHandOver) hand_over();
    ++at;
  }
}

void Engine::Impl::hand_over() {
  if (outgoing_.empty()) return;
  std::vector<storage::AppendRequest> requests;
  requests.reserve(outgoing_.size());
  for (Job* job : outgoing_) requests.push_back(std::move(job->record));
  sent_.push_back({std::move(outgoing_), journal.submit_all(std::move(requests))});
  outgoing_ = {};
  outgoing_.reserve(kHandOver);
}

// Takes the journal's answer to a sent job. When it denies what later jobs of the flux were decided on, those that are
// sent already come back denied too; then all are decided again.
void Engine::Impl::settle(Job& job, storage::Result<storage::AppendResult> result) {
  Slot& slot = *job.slot;
  --slot.sent;
  const bool conflict = !result && result.error().kind == storage::ErrorKind::kConflict;
  if (slot.draining && conflict) {
    job.stage = Job::Stage::kQueued;
  } else if (conflict && job.tries < options.retries) {
    ++job.tries;
    ++counters.conflicts;
    job.stage = Job::Stage::kQueued;
    slot.draining = true;
  } else {
    slot.draining = slot.draining || !result || result->already;
    complete(job, std::move(result));
    std::erase(slot.jobs, &job);
  }
  if (slot.draining) {
    if (slot.sent != 0) return;
    slot.draining = false;
    slot.chain = nullptr;
    rebase(slot);
  }
  if (slot.jobs.empty()) slot.chain = nullptr;
  advance(slot);
}

// Reads the flux again and decides again every job that waits on it. REQUIRES none of them sent.
void Engine::Impl::rebase(Slot& slot) {
  auto live = load(slot.flux);
  if (live) slot.live = std::move(*live);
  slot.stale = !live;
  for (Job* job : slot.jobs) {
    job->reread = true;
    if (live) {
      decide_job(*job);
    } else {
      job->append = false;
      job->tries = options.retries;
      job->answer.kind = Answer::Kind::kErreur;
      job->answer.error = live.error();
    }
  }
}

void Engine::Impl::complete(Job& job, storage::Result<storage::AppendResult> result) {
  Answer& answer = job.answer;
  if (!result) {
    fail(job, std::move(result.error()));
    return;
  }
  job.stage = Job::Stage::kDone;
  if (result->already) {
    look_first_ = kLookAfterKnown;
    // After a repair an acte may be known by its events alone.
    auto kept = result->answer.empty() && result->count > 0 ? answer_from(result->first, result->count)
                                                            : decode_answer(result->answer);
    if (!kept) {
      fail(job, {storage::ErrorKind::kDamaged, fmt::format("la réponse gardée pour l'acte {} est illisible : {}",
                                                           quoted(job.request.id), kept.error())});
      return;
    }
    kept->id = std::move(answer.id);
    kept->objet = std::move(answer.objet);
    kept->already = true;
    answer = std::move(*kept);
  }
  if (answer.kind == Answer::Kind::kInscrit) answer.position = result->first.value;
}

// The answer of an acte, from its events.
std::expected<Answer, std::string> Engine::Impl::answer_from(storage::Position first, std::uint32_t count) {
  Answer answer{.kind = Answer::Kind::kInscrit};
  std::string bad;
  auto read = journal.read_all(first, [&](const storage::StoredEvent& stored) {
    auto event = read_event(stored);
    if (!event) {
      bad = std::move(event.error());
      return false;
    }
    answer.version = event->version.value;
    answer.etat = std::move(event->evenement.payload.to);
    answer.actes.push_back(std::move(event->evenement.acte));
    return answer.actes.size() < count;
  });
  if (!read) return std::unexpected(read.error().message);
  if (!bad.empty()) return std::unexpected(bad);
  return answer;
}

// Takes the journal's answers: all that are there, after waiting for some if `block`.
void Engine::Impl::collect(bool block) {
  if (block) hand_over();
  while (!sent_.empty()) {
    if (!block && sent_.front().answers.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
    block = false;
    const std::vector<Job*> jobs = std::move(sent_.front().jobs);
    auto answers = sent_.front().answers.get();
    sent_.pop_front();
    for (std::size_t i = 0; i < jobs.size(); ++i) settle(*jobs[i], std::move(answers[i]));
  }
}

// Gives the answers that are due, in order of arrival.
void Engine::Impl::deliver() {
  while (!jobs_.empty()) {
    Job& job = *jobs_.front();
    if (job.stage == Job::Stage::kDeferred) enter(job);  // the job with its id has left
    if (job.stage != Job::Stage::kDone) return;
    if (job.slot != nullptr) ids_.erase(job.request.id);
    const auto leaving = std::move(jobs_.front());
    jobs_.pop_front();
    --*leaving->unanswered;
    (*leaving->on_answer)(leaving->line, leaving->answer);
  }
}

void Engine::Impl::poll() {
  collect(false);
  deliver();
}

void Engine::Impl::wait(const std::function<bool()>& done) {
  poll();
  while (!done()) {
    assert(!sent_.empty() || !outgoing_.empty());
    collect(true);
    deliver();
  }
}

// ---------------------------------------------------------------- the pipeline

struct Pipeline::Impl {
  Engine::Impl& engine;
  OnAnswer on_answer;
  std::uint64_t next = 0;
  std::size_t unanswered = 0;

  void add(std::unique_ptr<Job> job) {
    job->on_answer = &on_answer;
    job->unanswered = &unanswered;
    job->line = next++;
    ++unanswered;
    engine.push(std::move(job));
    engine.poll();
    engine.wait([this] { return engine.under_way() < engine.options.in_flight; });
  }
};

Pipeline::Pipeline(Engine& engine, OnAnswer on_answer)
    : impl_(std::make_unique<Impl>(Impl{.engine = *engine.impl_, .on_answer = std::move(on_answer)})) {
  engine.impl_->editions.expire();
}

Pipeline::~Pipeline() {
  impl_->on_answer = [](std::uint64_t, const Answer&) {};
  finish();
}

void Pipeline::push(Request request) {
  auto job = std::make_unique<Job>();
  job->request = std::move(request);
  impl_->add(std::move(job));
}

void Pipeline::push_answer(Answer answer) {
  auto job = std::make_unique<Job>();
  job->stage = Job::Stage::kDone;
  job->answer = std::move(answer);
  impl_->add(std::move(job));
}

void Pipeline::poll() {
  impl_->engine.hand_over();
  impl_->engine.poll();
}

void Pipeline::finish() {
  impl_->engine.wait([this] { return impl_->unanswered == 0; });
}

}  // namespace assemblier::engine
