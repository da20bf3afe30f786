#include "storage/writer.hpp"

#include "storage/limits.hpp"
#include "storage/reading.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

// Heads kept so that a busy flux costs no read: about 200 bytes each, twice this many at most.
constexpr std::size_t kCachedHeads = 65'536;

std::int64_t system_clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::future<Result<AppendResult>> ready(Error error) {
  std::promise<Result<AppendResult>> promise;
  promise.set_value(std::unexpected(std::move(error)));
  return promise.get_future();
}

std::string standing(const std::optional<FluxHead>& head) {
  return head ? fmt::format("en est à la version {}", head->version.value) : std::string("n'existe pas encore");
}

std::unexpected<Error> conflict(const Expectation& expectation, const std::optional<FluxHead>& head) {
  const std::string wanted = expectation.kind == Expectation::Kind::kNone
                                 ? std::string("était attendu sans événement")
                                 : fmt::format("était attendu à la version {}", expectation.version.value);
  return std::unexpected(
      Error{ErrorKind::kConflict,
            fmt::format("conflit de version : le flux « {} » {} et {} ; rien n'est inscrit, le relire et recommencer",
                        expectation.flux, wanted, standing(head))});
}

}  // namespace

Writer::Writer(Store& store, const JournalOptions& options, const Counters& counters)
    : store_(store), options_(options), counters_(counters), heads_(kCachedHeads), thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  not_empty_.notify_all();
  thread_.join();
}

Result<std::unique_ptr<Writer::Pending>> Writer::prepare(AppendRequest request) const {
  auto pending = std::make_unique<Pending>();
  if (auto ok = check_request(request, options_.limits); !ok) {
    if (!request.chain) return std::unexpected(std::move(ok.error()));
    pending->refused = std::move(ok.error());
    pending->request.chain = std::move(request.chain);
    return pending;
  }
  pending->payload_hashes.reserve(request.events.size());
  for (const NewEvent& event : request.events) pending->payload_hashes.push_back(sha256(event.payload));
  pending->bytes = request_bytes(request);
  pending->request = std::move(request);
  return pending;
}

void Writer::enqueue(std::unique_ptr<Pending> pending) {
  std::unique_lock lock(mutex_);
  not_full_.wait(lock, [&] {
    return queue_.empty() || (queue_.size() < options_.limits.queue_requests &&
                              queued_bytes_ + pending->bytes <= options_.limits.queue_bytes);
  });
  queued_bytes_ += pending->bytes;
  queue_.push_back(std::move(pending));
}

std::future<Result<AppendResult>> Writer::submit(AppendRequest request) {
  auto pending = prepare(std::move(request));
  if (!pending) return ready(std::move(pending.error()));
  auto future = (*pending)->promise.get_future();
  enqueue(std::move(*pending));
  not_empty_.notify_one();
  return future;
}

Result<AppendResult> Writer::append(AppendRequest request) {
  auto pending = prepare(std::move(request));
  if (!pending) return std::unexpected(std::move(pending.error()));
  auto future = (*pending)->promise.get_future();
  enqueue(std::move(*pending));
  if (std::unique_lock writing(writing_, std::try_to_lock); writing) {
    // What came before in the queue goes first: order of submission holds.
    while (future.wait_for(std::chrono::seconds(0)) != std::future_status::ready && take(batch_)) apply(batch_);
  } else {
    not_empty_.notify_one();
  }
  return future.get();
}

void Writer::run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      not_empty_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
    }
    const std::lock_guard writing(writing_);
    if (take(batch_)) apply(batch_);
  }
}

bool Writer::take(Batch& batch) {
  batch.clear();
  {
    const std::lock_guard lock(mutex_);
    std::size_t events = 0;
    std::size_t bytes = 0;
    while (!queue_.empty()) {
      const Pending& next = *queue_.front();
      // A request without events weighs one: its outcome is a record too.
      events += std::max<std::size_t>(next.request.events.size(), 1);
      bytes += next.bytes;
      if (!batch.empty() && (events > options_.limits.batch_events || bytes > options_.limits.batch_bytes)) break;
      queued_bytes_ -= next.bytes;
      batch.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  not_full_.notify_all();
  return !batch.empty();
}

void Writer::apply(Batch& batch) {
  for (const auto& pending : batch) {
    pending->answer = failure_.empty() ? decide_in_chain(*pending) : std::unexpected(Error{ErrorKind::kIo, failure_});
  }
  if (!derived_.empty()) {
    if (auto written = commit(); !written) {
      failure_ = fmt::format(
          "le journal n'accepte plus d'écriture, car la précédente a échoué ({}) ; le rouvrir, puis renvoyer les mêmes "
          "actes sous les mêmes identifiants : ceux qui étaient inscrits seront reconnus",
          written.error().message);
      // A conflict or a known id may have been seen against events that are not on disk: no answer of this batch
      // stands.
      for (const auto& pending : batch) pending->answer = std::unexpected(Error{ErrorKind::kIo, failure_});
    } else {
      for (auto& [flux, tip] : tips_) {
        if (tip.head) heads_.put(flux, *tip.head);
      }
    }
  }
  tips_.clear();
  outcomes_.clear();
  derived_.clear();
  // The last first: who waits for the oldest answer finds the others ready, and is woken once.
  for (auto pending = batch.rbegin(); pending != batch.rend(); ++pending) {
    (*pending)->promise.set_value(std::move((*pending)->answer));
  }
}

Result<AppendResult> Writer::decide_in_chain(const Pending& pending) {
  Chain* const chain = pending.request.chain.get();
  if (chain != nullptr && chain->broken()) {
    return std::unexpected(Error{ErrorKind::kConflict,
                                 "conflit de version : un acte précédent, dont celui-ci dépend, n'a pas été inscrit ; "
                                 "rien n'est inscrit, relire le flux et recommencer"});
  }
  auto result = pending.refused ? std::unexpected(*pending.refused) : decide(pending);
  if (chain != nullptr && (!result || result->already)) chain->break_off();
  return result;
}

Result<AppendResult> Writer::decide(const Pending& pending) {
  const AppendRequest& request = pending.request;
  if (request.outcome) {
    auto before = known(*request.outcome);
    if (!before) return std::unexpected(std::move(before.error()));
    if (*before) return std::move(**before);
  }
  for (const Expectation& expectation : request.expected) {
    if (auto ok = expect(expectation); !ok) return std::unexpected(std::move(ok.error()));
  }
  // Every read comes before the first record: a request that fails leaves nothing in the batch.
  std::vector<Tip*> tips;
  tips.reserve(request.events.size());
  for (const NewEvent& event : request.events) {
    auto found = tip(event.flux);
    if (!found) return std::unexpected(std::move(found.error()));
    tips.push_back(*found);
  }

  AppendResult result;
  result.count = static_cast<std::uint32_t>(request.events.size());
  if (result.count != 0) result.first.value = counters_.events;
  for (std::size_t i = 0; i < request.events.size(); ++i) {
    write_event(request.events[i], pending.payload_hashes[i], *tips[i]);
  }
  if (request.outcome) {
    const Outcome& outcome = *request.outcome;
    derived_.push_back({outcome_key(outcome.acte_id), encode_outcome(outcome, result.first, result.count)});
    ++counters_.outcomes;
    outcomes_.emplace(outcome.acte_id, Kept{&outcome, result.first, result.count});
  }
  return result;
}

// The answer kept for this id, if it has one.
Result<std::optional<AppendResult>> Writer::known(const Outcome& outcome) {
  StoredOutcome stored;
  if (const auto here = outcomes_.find(outcome.acte_id); here != outcomes_.end()) {
    stored = {.outcome = *here->second.outcome, .first = here->second.first, .count = here->second.count};
  } else {
    auto value = store_.get(outcome_key(outcome.acte_id));
    if (!value) return std::unexpected(std::move(value.error()));
    if (!*value) return std::nullopt;
    auto decoded = decode_outcome(outcome.acte_id, **value);
    if (!decoded) {
      return std::unexpected(
          Error{ErrorKind::kDamaged,
                fmt::format("la réponse gardée pour l'acte « {} » est illisible ; lancer « journal verifier »",
                            outcome.acte_id)});
    }
    stored = std::move(*decoded);
  }
  if (stored.outcome.fingerprint != outcome.fingerprint) {
    return std::unexpected(
        Error{ErrorKind::kOtherContent, fmt::format("l'identifiant d'acte « {} » est déjà pris par un autre contenu "
                                                    "(empreinte {}…, reçue {}…) ; prendre un autre "
                                                    "identifiant, ou renvoyer exactement le même acte",
                                                    outcome.acte_id, to_hex(stored.outcome.fingerprint).substr(0, 12),
                                                    to_hex(outcome.fingerprint).substr(0, 12))});
  }
  return AppendResult{
      .already = true, .first = stored.first, .count = stored.count, .answer = std::move(stored.outcome.answer)};
}

Result<void> Writer::expect(const Expectation& expectation) {
  if (expectation.kind == Expectation::Kind::kAny) return {};
  auto found = tip(expectation.flux);
  if (!found) return std::unexpected(std::move(found.error()));
  const std::optional<FluxHead>& head = (*found)->head;
  const bool holds =
      expectation.kind == Expectation::Kind::kNone ? !head : head && head->version == expectation.version;
  if (!holds) return conflict(expectation, head);
  return {};
}

Result<Writer::Tip*> Writer::tip(const std::string& flux) {
  if (const auto here = tips_.find(flux); here != tips_.end()) return &here->second;
  Tip tip;
  if (const FluxHead* const cached = heads_.find(flux)) {
    tip.head = *cached;
  } else {
    auto head = read_head(*store_.view(), flux);
    if (!head) return std::unexpected(std::move(head.error()));
    tip.head = *head;
  }
  return &tips_.emplace(flux, tip).first->second;
}

void Writer::write_event(const NewEvent& event, const Hash& payload_hash, Tip& tip) {
  Header& header = header_;
  header.position.value = counters_.events;
  header.flux = event.flux;
  header.version.value = tip.head ? tip.head->version.value + 1 : 0;
  header.previous = tip.head ? tip.head->hash : Hash{};
  header.type = event.type;
  header.date_effet = event.date_effet;
  const std::int64_t now = options_.clock ? options_.clock() : system_clock_us();
  header.instant_us = counters_.events == 0 ? now : std::max(now, counters_.instant_us);
  header.role = event.role;
  header.author = event.author;
  header.acte_id = event.acte_id;
  header.event_id = event.event_id;
  header.edition = event.edition;
  header.payload_hash = payload_hash;

  const Bytes stored = encode_event(header, event.payload);
  store_.put(event_key(header.position), stored);
  const Hash hash = event_hash(stored);
  derived_.push_back({index_key(header.flux, header.version), encode_entry({header.position, hash})});
  if (!tip.head) {
    derived_.push_back({flux_key(header.flux), encode_position(header.position)});
    ++counters_.flux;
  }
  tip.head = FluxHead{.version = header.version, .hash = hash, .position = header.position};
  counters_.instant_us = header.instant_us;
  ++counters_.events;
}

Result<void> Writer::commit() {
  // In key order each insertion begins where the last one ended.
  std::sort(derived_.begin(), derived_.end(), [](const Record& a, const Record& b) { return a.key < b.key; });
  for (const Record& record : derived_) store_.put(record.key, record.value);
  store_.put(counters_key(), encode_counters(counters_));
  return store_.commit();
}

}  // namespace assemblier::storage
