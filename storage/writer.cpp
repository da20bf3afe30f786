#include "storage/writer.hpp"

#include "storage/limits.hpp"
#include "storage/reading.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

// Heads kept so that a busy flux costs no read: about 100 bytes each, twice this many at most, not counting those of
// one batch.
constexpr std::size_t kCachedHeads = 65'536;
// Room for an event kept from one batch to the next.
constexpr std::size_t kKeptRoom = 4U << 20U;

// Longest wait for threads that were just answered.
constexpr std::chrono::steady_clock::duration kPatience = std::chrono::microseconds(250);

std::int64_t system_clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
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

Writer::Writer(Store& store, const JournalOptions& options, const Keyring& keyring, const Counters& counters,
               MerkleFrontier tree)
    : store_(store),
      options_(options),
      keyring_(keyring),
      announcement_(counters.events),
      counters_(counters),
      tree_(std::move(tree)),
      heads_(kCachedHeads),
      thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  not_empty_.notify_all();
  thread_.join();
}

Writer::Group::Group(std::vector<AppendRequest> handed_over)
    : requests(std::move(handed_over)), answers(requests.size()), items(requests.size()) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].request = &requests[i];
    items[i].answer = &answers[i];
    items[i].bytes = request_bytes(requests[i]);
    bytes += items[i].bytes;
  }
}

std::unique_ptr<Writer::Group> Writer::alone(AppendRequest request) {
  std::vector<AppendRequest> requests;
  requests.push_back(std::move(request));
  return std::make_unique<Group>(std::move(requests));
}

void Writer::prepare(Pending& pending) const {
  if (pending.prepared) return;
  pending.prepared = true;
  AppendRequest& request = *pending.request;
  if (auto ok = check_request(request, options_.limits); !ok) {
    pending.refused = std::move(ok.error());
    request = {.chain = std::move(request.chain)};
    return;
  }
  pending.payload_hashes.reserve(request.events.size());
  std::uint32_t index = 0;
  for (NewEvent& event : request.events) {
    if (event.event_id.empty()) event.event_id = new_event_id(event.acte_id, index);
    ++index;
    pending.payload_hashes.push_back(sha256(event.payload));
  }
}

void Writer::Group::fulfil() {
  if (auto* const one = std::get_if<std::promise<Result<AppendResult>>>(&promise)) {
    one->set_value(std::move(answers.front()));
    return;
  }
  std::get<std::promise<Answers>>(promise).set_value(std::move(answers));
}

template <class T>
std::future<T> Writer::enqueue(std::unique_ptr<Group> group) {
  auto future = group->promise.emplace<std::promise<T>>().get_future();
  std::unique_lock lock(mutex_);
  not_full_.wait(lock, [&] {
    return queue_.empty() || (queued_requests_ + group->items.size() <= options_.limits.queue_requests &&
                              queued_bytes_ + group->bytes <= options_.limits.queue_bytes);
  });
  queued_requests_ += group->items.size();
  queued_bytes_ += group->bytes;
  queue_.push_back(std::move(group));
  return future;
}

std::future<Result<AppendResult>> Writer::submit(AppendRequest request) {
  auto group = alone(std::move(request));
  prepare(group->items.front());
  auto future = enqueue<Result<AppendResult>>(std::move(group));
  not_empty_.notify_one();
  return future;
}

std::future<Writer::Answers> Writer::submit_all(std::vector<AppendRequest> requests) {
  auto future = enqueue<Answers>(std::make_unique<Group>(std::move(requests)));
  not_empty_.notify_one();
  return future;
}

Result<AppendResult> Writer::append(AppendRequest request) {
  auto group = alone(std::move(request));
  prepare(group->items.front());
  auto future = enqueue<Result<AppendResult>>(std::move(group));
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

// Threads that append one after the other come back as soon as they are answered: a sync that waits for them a little,
// the less the faster syncs are, serves all of them.
void Writer::gather() {
  if (last_.released < 2) return;
  const std::size_t expected = last_.released + last_.queued;
  const auto until = std::chrono::steady_clock::now() + std::min(last_.commit / 4, kPatience);
  last_.released = 0;
  while (std::chrono::steady_clock::now() < until) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || queue_.size() >= expected) return;
    }
    std::this_thread::yield();
  }
}

bool Writer::take(Batch& batch) {
  gather();
  std::size_t events = 0;
  std::size_t bytes = 0;
  // A request without events weighs one: its outcome is a record too.
  bool erases = false;
  const auto fits = [&](const Pending& next) {
    // A person is erased alone: what came before is in the store by then.
    if (!batch.items.empty() && (erases || !next.request->erase.empty())) return false;
    erases = !next.request->erase.empty();
    events += std::max<std::size_t>(next.request->events.size(), 1);
    bytes += next.bytes;
    return batch.items.empty() || (events <= options_.limits.batch_events && bytes <= options_.limits.batch_bytes);
  };
  {
    const std::lock_guard lock(mutex_);
    while (!queue_.empty()) {
      Group& group = *queue_.front();
      while (group.taken < group.items.size() && fits(group.items[group.taken])) {
        Pending& next = group.items[group.taken++];
        --queued_requests_;
        queued_bytes_ -= next.bytes;
        batch.items.push_back(&next);
      }
      if (group.taken < group.items.size()) break;
      batch.complete.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  not_full_.notify_all();
  return !batch.items.empty() || !batch.complete.empty();
}

void Writer::look_up(Batch& batch) {
  std::size_t count = 0;
  for (const Pending* const pending : batch.items) {
    if (!pending->request->outcome) continue;
    if (looked_up_.size() == count) looked_up_.emplace_back();
    Bytes& key = looked_up_[count++];
    key.clear();
    put_outcome_key(key, pending->request->outcome->acte_id);
  }
  if (count == 0) return;
  auto values = store_.get_all(std::span<const Bytes>(looked_up_.data(), count));
  auto value = values.begin();
  for (Pending* const pending : batch.items) {
    if (pending->request->outcome) pending->kept = std::move(*value++);
  }
}

void Writer::apply(Batch& batch) {
  for (Pending* const pending : batch.items) prepare(*pending);
  if (failure_.empty()) look_up(batch);
  for (Pending* const pending : batch.items) {
    *pending->answer = failure_.empty() || pending->refused ? decide_in_chain(*pending)
                                                            : std::unexpected(Error{ErrorKind::kIo, failure_});
  }
  if (std::exchange(changed_, false)) {
    const auto begun = std::chrono::steady_clock::now();
    auto written = commit();
    last_.commit = std::chrono::steady_clock::now() - begun;
    if (!written) {
      failure_ = fmt::format(
          "le journal n'accepte plus d'écriture, car la précédente a échoué ({}) ; le rouvrir, puis renvoyer les mêmes "
          "actes sous les mêmes identifiants : ceux qui étaient inscrits seront reconnus",
          written.error().message);
      // A conflict or a known id may have been seen against events that are not on disk: no answer of this batch
      // stands.
      for (Pending* const pending : batch.items) {
        if (!pending->refused) *pending->answer = std::unexpected(Error{ErrorKind::kIo, failure_});
      }
    } else {
      if (erasing_) purge(batch);  // before readers come: files cannot forget what one of them sees
      announcement_.tell(counters_.events);
    }
  }
  erasing_ = false;
  owners_.clear();
  heads_.make_room();
  outcomes_.clear();
  if (stored_.capacity() > kKeptRoom) stored_ = Bytes();
  // The last first: who waits for the oldest answer finds the others ready, and is woken once.
  last_.released = static_cast<std::size_t>(std::ranges::count_if(batch.complete, [](const auto& group) {
    return std::holds_alternative<std::promise<Result<AppendResult>>>(group->promise);
  }));
  {
    const std::lock_guard lock(mutex_);
    last_.queued = queue_.size();
  }
  for (auto group = batch.complete.rbegin(); group != batch.complete.rend(); ++group) (*group)->fulfil();
  batch.items.clear();
  batch.complete.clear();
}

// The erasure stands; the files are still to forget what it destroyed. Cut short, the next opening goes on with it.
void Writer::purge(Batch& batch) {
  auto purged = purge_erased(store_);
  if (purged) return;
  failure_ = fmt::format(
      "la personne est effacée, mais les fichiers n'ont pas pu être nettoyés de ce qu'ils en gardent ({}) ; rouvrir le "
      "journal en écriture, ce qui achève le nettoyage",
      purged.error().message);
  for (Pending* const pending : batch.items) *pending->answer = std::unexpected(Error{ErrorKind::kIo, failure_});
}

Result<AppendResult> Writer::decide_in_chain(Pending& pending) {
  Chain* const chain = pending.request->chain.get();
  if (chain != nullptr && chain->broken()) {
    return std::unexpected(Error{ErrorKind::kConflict,
                                 "conflit de version : un acte précédent, dont celui-ci dépend, n'a pas été inscrit ; "
                                 "rien n'est inscrit, relire le flux et recommencer"});
  }
  auto result = pending.refused ? std::unexpected(*pending.refused) : decide(pending);
  if (chain != nullptr && (!result || result->already)) chain->break_off();
  return result;
}

Result<AppendResult> Writer::decide(Pending& pending) {
  const AppendRequest& request = *pending.request;
  if (request.outcome) {
    auto before = known(*request.outcome, pending.kept);
    if (!before) return std::unexpected(std::move(before.error()));
    if (*before) return std::move(**before);
  }
  for (const Expectation& expectation : request.expected) {
    if (auto ok = expect(expectation); !ok) return std::unexpected(std::move(ok.error()));
  }
  // Every read comes before the first record: a request that fails leaves nothing in the batch.
  for (const NewEvent& event : request.events) {
    if (auto head = head_of(event.flux); !head) return std::unexpected(std::move(head.error()));
  }
  if (auto ok = find_owners(request); !ok) return std::unexpected(std::move(ok.error()));
  auto erasure = find_erasure(request);
  if (!erasure) return std::unexpected(std::move(erasure.error()));
  Hash fingerprint;
  if (request.outcome) {
    auto kept = keyring_.kept(keyring_.kind(), request.outcome->fingerprint);
    if (!kept) return std::unexpected(std::move(kept.error()));
    fingerprint = *kept;
  }

  AppendResult result;
  const Position first{counters_.events};
  result.count = static_cast<std::uint32_t>(request.events.size());
  if (result.count != 0) result.first = first;
  for (std::size_t i = 0; i < request.events.size(); ++i) {
    write_event(request.events[i], pending.payload_hashes[i]);
  }
  if (request.outcome) {
    const Outcome& outcome = *request.outcome;
    derive([&](Bytes& out) { put_outcome_key(out, outcome.acte_id); },
           [&](Bytes& out) { put_outcome(out, outcome, fingerprint, keyring_.kind(), first, result.count); });
    ++counters_.outcomes;
    outcomes_.emplace(outcome.acte_id, Kept{&outcome, fingerprint, keyring_.kind(), first, result.count});
  }
  if (*erasure) {
    for (const Bytes& key : (*erasure)->records) store_.remove(key);
    store_.put(owner_key((*erasure)->person), encode_position(result.first));
    store_.put(purge_key(), {});
    erasing_ = true;
  }
  return result;
}

// Whose the personal values are: known to the store, to this batch, or new. Every failure comes before a record.
Result<void> Writer::find_owners(const AppendRequest& request) {
  for (const NewEvent& event : request.events) {
    if (event.personal.empty()) continue;
    const Sealer* const sealer = keyring_.sealer();
    if (sealer == nullptr) return std::unexpected(needs_key());
    for (const Personal& value : event.personal) {
      const Hash pseudonym = sealer->pseudonym(value.person);
      if (owners_.contains(pseudonym)) continue;
      auto known = store_.get(person_key(pseudonym));
      if (!known) return std::unexpected(std::move(known.error()));
      if (!*known) {
        owners_.emplace(pseudonym, Owner{.person = new_person()});
        continue;
      }
      const auto id = decode_person(**known);
      auto wrapped = id ? store_.get(owner_key(*id)) : std::nullopt;
      if (!wrapped) return std::unexpected(std::move(wrapped.error()));
      const auto key = *wrapped ? sealer->unwrap(*id, **wrapped) : std::nullopt;
      if (!key) {
        return std::unexpected(
            Error{ErrorKind::kDamaged,
                  "journal abîmé : la clef d'une personne manque ou ne s'ouvre pas ; lancer « journal verifier »"});
      }
      owners_.emplace(pseudonym, Owner{.person = {.id = *id, .key = *key}, .kept = true});
    }
  }
  return {};
}

// REQUIRES find_owners.
std::vector<Seal> Writer::seal_values(const NewEvent& event) {
  std::vector<Seal> seals;
  for (const Personal& value : event.personal) {
    const Hash pseudonym = keyring_.sealer()->pseudonym(value.person);
    Owner& owner = owners_.at(pseudonym);
    const PersonId& id = owner.person.id;
    if (!owner.kept) {
      owner.kept = true;
      store_.put(person_key(pseudonym), encode_person(id));
      store_.put(owner_key(id), keyring_.sealer()->wrap(owner.person));
    }
    const SealedValue sealed = seal(owner.person, value.content);
    store_.put(seal_key({id, sealed.commitment}), sealed.record);
    seals.push_back({id, sealed.commitment});
  }
  return seals;
}

// Whom a request erases, and what that destroys: their name and their values. Their key is written over.
Result<std::optional<Writer::Erasure>> Writer::find_erasure(const AppendRequest& request) {
  if (request.erase.empty()) return std::nullopt;
  const Sealer* const sealer = keyring_.sealer();
  if (sealer == nullptr) return std::unexpected(needs_key());
  const Bytes name = person_key(sealer->pseudonym(request.erase));
  auto known = store_.get(name);
  if (!known) return std::unexpected(std::move(known.error()));
  const auto person = *known ? decode_person(**known) : std::nullopt;
  if (!person || request.events.empty()) {
    return std::unexpected(Error{ErrorKind::kInvalid, "le journal ne garde rien de cette personne"});
  }
  Erasure erasure{.person = *person, .records = {name}};
  const auto view = store_.view();
  const auto cursor = view->scan(owner_key(*person), owner_end(*person));
  for (; cursor->valid(); cursor->next()) {
    if (cursor->key() != owner_key(*person)) erasure.records.emplace_back(cursor->key());
  }
  if (auto ok = cursor->status(); !ok) return std::unexpected(std::move(ok.error()));
  return erasure;
}

// The answer kept for this id, if it has one.
Result<std::optional<AppendResult>> Writer::known(const Outcome& outcome, Result<std::optional<Bytes>>& value) {
  StoredOutcome stored;
  if (const auto here = outcomes_.find(outcome.acte_id); here != outcomes_.end()) {
    stored = {.outcome = *here->second.outcome,
              .kind = here->second.kind,
              .first = here->second.first,
              .count = here->second.count};
    stored.outcome.fingerprint = here->second.fingerprint;
  } else {
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
  const auto same = keyring_.same(stored, outcome.fingerprint);
  if (!same) return std::unexpected(same.error());
  if (!*same) {
    return std::unexpected(
        Error{ErrorKind::kOtherContent, fmt::format("l'identifiant d'acte « {} » est déjà pris par un autre contenu ; "
                                                    "prendre un autre identifiant, ou renvoyer exactement le même acte",
                                                    outcome.acte_id)});
  }
  return AppendResult{.already = true,
                      .first = stored.count == 0 ? Position{} : stored.first,
                      .count = stored.count,
                      .answer = std::move(stored.outcome.answer)};
}

Result<void> Writer::expect(const Expectation& expectation) {
  if (expectation.kind == Expectation::Kind::kAny) return {};
  const auto found = head_of(expectation.flux);
  if (!found) return std::unexpected(found.error());
  const std::optional<FluxHead>& head = **found;
  const bool holds =
      expectation.kind == Expectation::Kind::kNone ? !head : head && head->version == expectation.version;
  if (!holds) return conflict(expectation, head);
  return {};
}

Result<std::optional<FluxHead>*> Writer::head_of(const std::string& flux) {
  if (auto* const kept = heads_.held(flux)) return kept;
  // A flux that is not there, the commonest, needs no view.
  auto opened = store_.get(flux_key(flux));
  if (!opened) return std::unexpected(std::move(opened.error()));
  std::optional<FluxHead> head;
  if (*opened) {
    auto last = read_last(*store_.view(), flux);
    if (!last) return std::unexpected(std::move(last.error()));
    head = *last;
  }
  return &heads_.keep(flux, head);
}

// REQUIRES head_of its flux, so that it is known.
void Writer::write_event(const NewEvent& event, const Hash& payload_hash) {
  std::optional<FluxHead>& head = *heads_.held(event.flux);
  HeaderView& header = header_;
  header.position.value = counters_.events;
  header.flux = event.flux;
  header.version.value = head ? head->version.value + 1 : 0;
  header.previous = head ? head->hash : Hash{};
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
  seals_.clear();
  if (!event.personal.empty()) seals_ = seal_values(event);
  header.seals = seals_;

  stored_ = encode_event(header, event.payload, std::move(stored_));
  store_.put(event_key(header.position), stored_);
  const Hash hash = event_hash(stored_);
  tree_.append(hash, [this](unsigned level, std::uint64_t index, const Hash& node) {
    if (!is_kept(level)) return;
    derive([=](Bytes& out) { put_tree_key(out, level, index); }, [&node](Bytes& out) { put_hash(out, node); });
  });
  derive([&](Bytes& out) { put_index_key(out, header.flux, header.version); },
         [&](Bytes& out) { put_entry(out, {header.position, hash}); });
  if (!head) {
    derive([&](Bytes& out) { put_flux_key(out, header.flux); },
           [&](Bytes& out) { put_position(out, header.position); });
    ++counters_.flux;
  }
  head = FluxHead{.version = header.version, .hash = hash, .position = header.position};
  counters_.instant_us = header.instant_us;
  ++counters_.events;
}

void Writer::derive(auto&& put_key, auto&& put_value) {
  key_.clear();
  value_.clear();
  put_key(key_);
  put_value(value_);
  store_.put(key_, value_);
  changed_ = true;
}

Result<void> Writer::commit() {
  store_.put(counters_key(), encode_counters(counters_));
  return store_.commit();
}

}  // namespace assemblier::storage
