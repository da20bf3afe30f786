#include "storage/verify.hpp"

#include "storage/reading.hpp"
#include "storage/reasons.hpp"
#include "storage/seal_check.hpp"
#include "storage/tree.hpp"

#include <chrono>
#include <limits>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

constexpr std::size_t kKeptFindings = 100;
constexpr std::chrono::milliseconds kProgressEvery{100};

// A finding as the list of all has it: whoever shows them says once what to do.
std::string without_advice(std::string text) {
  for (const std::string_view advice :
       {kRestoreAdvice, std::string_view("« journal verifier » donne la liste complète")}) {
    const std::string tail = fmt::format(" ; {}", advice);
    for (std::size_t at = text.find(tail); at != std::string::npos; at = text.find(tail)) text.erase(at, tail.size());
  }
  return text;
}

class Verifier {
 public:
  Verifier(Store& store, View& view, const Keyring& keyring, std::uint32_t format, const Progress& progress)
      : store_(store),
        view_(view),
        format_(format),
        tree_kept_(format != kFormatWithoutTree),
        progress_(progress),
        seals_(view, keyring, [this](const std::string& message) { find("{}", message); }),
        chain_(view) {}

  VerifyReport run() {
    files_pass();
    read_counters();
    events_pass(next_);
    phase_ = Phase::kRest;
    flux_pass();
    outcomes_pass();
    if (stopped_) return std::move(report_);
    tree_pass();
    seals_.finish(events_complete_, counters_.events);
    if (!index_agrees_) name_strange_index_entries();
    if (!outcomes_agree_) name_strange_outcomes();
    others_pass();
    if (progress_) progress_(report_.events, counters_.events);
    return std::move(report_);
  }

  // In several goes; nothing when it was stopped.
  std::optional<VerifyReport> run(Pauses& pauses) {
    pauses_ = &pauses;
    go_on_from(pauses.state);
    auto report = run();
    if (!stopped_) return report;
    pauses.save();
    return std::nullopt;
  }

  // The events from a position on; the tree before it is that of its nodes.
  Result<VerifyReport> run_from(std::uint64_t from) {
    read_counters();
    if (!counters_known_) return std::move(report_);
    if (from > counters_.events) return beyond(from);
    auto before = Tree(view_, from, tree_kept_).frontier();
    if (!before) return std::unexpected(std::move(before.error()));
    tree_ = std::move(*before);
    events_pass(from);
    const auto root = Tree(view_, counters_.events, tree_kept_).root_at(counters_.events);
    if (!root || (events_complete_ && *root != tree_.root()))
      find("arbre : sa racine n'est pas celle des événements depuis la position {}", from);
    if (progress_) progress_(counters_.events, counters_.events);
    return std::move(report_);
  }

  // The events of one flux, each in its chain and in the tree.
  Result<VerifyReport> run_flux(const std::string& flux) {
    read_counters();
    if (!counters_known_) return std::move(report_);
    Tree tree(view_, counters_.events, tree_kept_);
    const auto root = tree.root_at(counters_.events);
    if (!root) return std::unexpected(root.error());
    auto read = read_flux(view_, flux, {}, [&](const StoredEvent& event) {
      const Hash hash = event_hash(event.stored);
      ++report_.events;
      check_derived(event, hash);
      seals_.check(event.header);
      const std::uint64_t position = event.header.position.value;
      const auto proof = tree.inclusion(position, counters_.events);
      if (!proof || !verify_inclusion(hash, position, counters_.events, *proof, *root))
        find("{} : n'est pas à sa place dans l'arbre", name_of(event.header));
      return true;
    });
    if (!read) find("{}", read.error().message);
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::unexpected<Error> beyond(std::uint64_t from) const {
    return std::unexpected(
        Error{ErrorKind::kInvalid, fmt::format("le journal compte {} événement{} ; rien n'y commence "
                                               "à la position {}",
                                               counters_.events, counters_.events > 1 ? "s" : "", from)});
  }
  template <class... Args>
  void find(fmt::format_string<Args...> format, Args&&... args) {
    if (report_.findings.size() < kKeptFindings) {
      report_.findings.push_back({without_advice(fmt::format(format, std::forward<Args>(args)...))});
    } else {
      ++report_.more;
    }
  }

  void go_on_from(const VerifyState& state);
  void keep_state();
  bool stopped();
  void files_pass();
  void read_counters();
  void events_pass(std::uint64_t from);
  void check_swept(const Cursor& cursor, std::uint64_t position);
  std::uint64_t skip_unreadable(Cursor& cursor, std::uint64_t from, const std::string& why);
  void check_event(Position position, std::string_view stored);
  void check_derived(const StoredEvent& event, const Hash& hash);
  void flux_pass();
  void check_flux_record(Cursor& names, const std::string& flux, Position first);
  void outcomes_pass();
  void check_node(unsigned level, std::uint64_t index, const Hash& hash);
  void tree_pass();
  void name_strange_index_entries();
  void name_strange_outcomes();
  void others_pass();
  bool finished(const Cursor& cursor, const char* what);
  void show_progress(std::uint64_t done);

  Store& store_;
  View& view_;
  const std::uint32_t format_;
  const bool tree_kept_;
  const Progress& progress_;
  VerifyReport report_;
  SealChecker seals_;
  Counters counters_;
  bool counters_known_ = false;
  bool events_complete_ = true;  // every event could be read
  bool index_agrees_ = true;     // index entries and events are as many, and each event has its own
  bool outcomes_agree_ = true;
  ChainChecker chain_;
  std::uint64_t next_ = 0;  // position expected next
  Bytes after_;             // key of the record looked at last among the events
  std::optional<std::int64_t> instant_us_;
  Pauses* pauses_ = nullptr;
  std::unique_ptr<Cursor> swept_;
  enum class Phase { kFiles, kEvents, kRest } phase_ = Phase::kFiles;
  bool stopped_ = false;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
  MerkleFrontier tree_;        // over the events read, as long as none is missing
  std::uint64_t claimed_ = 0;  // events that lie in the range of their own acte's outcome
  std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
};

void Verifier::read_counters() {
  auto counters = storage::read_counters(view_);
  if (counters) {
    counters_ = *counters;
    counters_known_ = true;
  } else {
    find("{}", counters.error().message);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Several goes

void Verifier::go_on_from(const VerifyState& state) {
  report_ = state.report;
  next_ = state.next;
  after_ = state.after;
  instant_us_ = state.instant_us;
  claimed_ = state.claimed;
  events_complete_ = state.events_complete;
  index_agrees_ = state.index_agrees;
  outcomes_agree_ = state.outcomes_agree;
  seals_.go_on_from(state.sealed);
  for (const auto& link : state.links) chain_.remember(link.flux, link.version, link.hash);
  auto subtree = state.subtrees.begin();
  for (unsigned level = 64; level-- > 0;)
    if ((state.size >> level & 1U) != 0) tree_.append_subtree(level, *subtree++);
}

// Whether to stop here. What is kept is of a moment between two files, or two events: the rest is done in one go.
bool Verifier::stopped() {
  if (pauses_ == nullptr || stopped_) return stopped_;
  stopped_ = !pauses_->go_on();
  const auto now = std::chrono::steady_clock::now();
  const bool due = !stopped_ && phase_ != Phase::kRest && now - saved_ >= pauses_->every;
  if (phase_ == Phase::kEvents && (stopped_ || due)) keep_state();
  if (!due) return stopped_;
  pauses_->save();
  saved_ = std::chrono::steady_clock::now();
  return stopped_;
}

void Verifier::files_pass() {
  std::string under_way;
  const auto is_done = [&] {
    if (pauses_ == nullptr || under_way.empty()) return;
    pauses_->state.tables.insert(under_way);
    pauses_->state.report = report_;
  };
  const auto wanted = [&](const std::string& name) {
    if (pauses_ == nullptr) return true;
    is_done();
    under_way.clear();
    if (pauses_->state.tables.contains(name) || stopped()) return false;
    under_way = name;
    return true;
  };
  store_.verify_files([this](const std::string& message) { find("{}", message); }, wanted);
  is_done();
}

// All that the rest takes, as it is between two events.
void Verifier::keep_state() {
  if (pauses_ == nullptr) return;
  VerifyState& state = pauses_->state;
  state.report = report_;
  state.next = next_;
  state.after = after_;
  state.root = root_before(view_, counters_.events, format_, next_);
  state.subtrees = tree_.roots();
  state.size = tree_.size();
  state.instant_us = instant_us_;
  state.claimed = claimed_;
  state.sealed = seals_.there();
  state.events_complete = events_complete_;
  state.index_agrees = index_agrees_;
  state.outcomes_agree = outcomes_agree_;
  state.links.clear();
  chain_.each_link([&state](const std::string& flux, Version version, const Hash& hash) {
    state.links.push_back({.flux = flux, .version = version, .hash = hash});
  });
}

void Verifier::show_progress(std::uint64_t done) {
  if (!progress_ || done % 64 != 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - shown_ < kProgressEvery) return;
  shown_ = now;
  progress_(done, counters_.events);
}

// Whether the cursor stopped at the end of its range; otherwise a finding.
bool Verifier::finished(const Cursor& cursor, const char* what) {
  const auto status = cursor.status();
  if (!status) find("{} ne se lisent plus jusqu'au bout : {}", what, status.error().message);
  return status.has_value();
}

// ---------------------------------------------------------------------------------------------------------------------
// Events

void Verifier::events_pass(std::uint64_t from) {
  if (stopped_) return;
  phase_ = Phase::kEvents;
  next_ = from;
  swept_.reset();
  const auto cursor = view_.scan(after_.empty() ? event_key(Position{from}) : after_ + '\0', tag_end(Tag::kEvent));
  while (true) {
    for (; cursor->valid(); cursor->next()) {
      if (pauses_ != nullptr) after_ = cursor->key();
      const auto position = decode_event_key(cursor->key());
      if (!position) {
        find("clé d'événement inconnue : {}", to_hex(cursor->key()));
        continue;
      }
      if (position->value > next_) find("il manque {}", name_range(next_, position->value - 1));
      next_ = position->value + 1;
      show_progress(next_);
      check_swept(*cursor, position->value);
      const auto event = decode_event(cursor->value());
      if (!event) {
        find("position {} : ce qui est gardé n'est pas ce qui a été écrit : {}", position->value, event.error());
        continue;
      }
      ++report_.events;
      if (event->header.position != *position) {
        find("position {} : porte l'événement {}", position->value, name_of(event->header));
      }
      if (instant_us_ && event->header.instant_us < *instant_us_) {
        find("{} : instant d'enregistrement antérieur à celui de l'événement d'avant", name_of(event->header));
      }
      instant_us_ = event->header.instant_us;
      // A predecessor that cannot be read is named where it lies.
      if (auto ok = chain_.check(*event); !ok && !chain_.predecessor_unreadable()) find("{}", ok.error().message);
      check_derived(*event, chain_.hash());
      seals_.check(event->header);
      if (tree_.size() == position->value) {
        tree_.append(chain_.hash(), [this](unsigned level, std::uint64_t index, const Hash& hash) {
          if (tree_kept_ && is_kept(level)) check_node(level, index, hash);
        });
      }
      if (stopped()) return;
    }
    const auto status = cursor->status();
    if (status) break;
    events_complete_ = false;
    next_ = skip_unreadable(*cursor, next_, status.error().message);
    swept_.reset();  // it has ended there too
    if (!cursor->valid()) return;
  }
  keep_state();
  if (!counters_known_) return;
  if (next_ < counters_.events) {
    find("il manque {}", say_of_range(next_, counters_.events - 1, "(la dernière)", "(les dernières)"));
  }
  if (next_ > counters_.events) {
    find("{} en trop : le compteur dit {} événements", name_range(counters_.events, next_ - 1), counters_.events);
  }
  if (instant_us_ && next_ == counters_.events && *instant_us_ != counters_.instant_us) {
    find("le compteur garde l'instant {}, le dernier événement porte {}", counters_.instant_us, *instant_us_);
  }
}

// What a long walk reads, from the tables themselves, is what RocksDB says the record is: an older version of an event,
// which no writer here leaves, would be read by the one and not by the other.
void Verifier::check_swept(const Cursor& cursor, std::uint64_t position) {
  if (!swept_) swept_ = view_.sweep(cursor.key(), tag_end(Tag::kEvent));
  while (swept_->valid() && swept_->key() < cursor.key()) swept_->next();
  if (swept_->valid() && swept_->key() == cursor.key() && swept_->value() != cursor.value()) {
    find("position {} : deux versions de l'événement sont gardées, et l'on lit l'une ou l'autre", position);
  }
}

// Moves the cursor to the first event after `from` that can be read, if any, and names those before. Blocks are damaged
// as a whole, so that looking at doubling distances, then between, needs few reads.
std::uint64_t Verifier::skip_unreadable(Cursor& cursor, std::uint64_t from, const std::string& why) {
  const std::uint64_t end = counters_known_ ? counters_.events : from + (std::uint64_t{1} << 20U);
  const auto readable = [&](std::uint64_t position) {
    cursor.seek(event_key(Position{position}));
    return cursor.valid();
  };
  std::uint64_t bad = from;
  std::uint64_t good = end;
  for (std::uint64_t step = 1; bad + step < end; step *= 2) {
    if (readable(bad + step)) {
      good = bad + step;
      break;
    }
    bad += step;
  }
  if (good == end && (end <= from + 1 || !readable(end - 1))) {
    find("{}, ni les suivantes : {}",
         say_of_range(from, end > from ? end - 1 : from, "ne se lit plus", "ne se lisent plus"), why);
    cursor.seek(tag_end(Tag::kEvent));
    return end;
  }
  if (good == end) good = end - 1;
  while (bad + 1 < good) {
    const std::uint64_t middle = bad + (good - bad) / 2;
    (readable(middle) ? good : bad) = middle;
  }
  cursor.seek(event_key(Position{good}));
  find("{} : {}", say_of_range(from, good - 1, "ne se lit plus", "ne se lisent plus"), why);
  return good;
}

// The records that repeat what the event says.
void Verifier::check_derived(const StoredEvent& event, const Hash& hash) {
  const Header& header = event.header;
  auto index = header.flux.empty() || header.flux.find('\0') != std::string::npos
                   ? Result<std::optional<Bytes>>(std::nullopt)
                   : view_.get(index_key(header.flux, header.version));
  if (index) {
    const auto entry = *index ? decode_entry(**index) : std::nullopt;
    if (!entry) {
      find("{} : l'index de son flux ne la connaît pas", name_of(header));
      index_agrees_ = false;
    } else if (entry->position != header.position) {
      find("{} : l'index de son flux donne la position {}", name_of(header), entry->position.value);
      index_agrees_ = false;
    } else if (entry->hash != hash) {
      find("{} : n'a plus l'empreinte que garde l'index de son flux", name_of(header));
    }
  } else {
    find("{} : son entrée d'index ne se lit plus : {}", name_of(header), index.error().message);
  }
  if (header.acte_id.empty()) return;
  auto value = view_.get(outcome_key(header.acte_id));
  if (!value) {
    find("{} : la réponse de son acte « {} » ne se lit plus : {}", name_of(header), header.acte_id,
         value.error().message);
    return;
  }
  if (!*value) return;  // written without an outcome: nothing to compare with
  const auto outcome = decode_outcome(header.acte_id, **value);
  if (!outcome || header.position < outcome->first || header.position.value - outcome->first.value >= outcome->count) {
    find("{} : la réponse gardée pour son acte « {} » ne la compte pas", name_of(header), header.acte_id);
    outcomes_agree_ = false;
  } else {
    ++claimed_;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Index and list of flux

void Verifier::flux_pass() {
  const auto index = view_.scan(tag_begin(Tag::kIndex), tag_end(Tag::kIndex));
  const auto names = view_.scan(tag_begin(Tag::kFlux), tag_end(Tag::kFlux));
  std::uint64_t entries = 0;
  std::uint64_t flux_count = 0;
  std::string flux;
  Version next{0};
  Position last{};
  for (; index->valid() && !stopped(); index->next()) {
    const auto key = decode_index_key(index->key());
    const auto entry = decode_entry(index->value());
    if (!key || !entry) {
      find("entrée d'index illisible : clé {}", to_hex(index->key()));
      continue;
    }
    ++entries;
    if (flux_count == 0 || key->flux != flux) {
      ++flux_count;
      flux = key->flux;
      next = Version{0};
      check_flux_record(*names, flux, entry->position);
    } else if (entry->position <= last) {
      find("index du flux « {} » : la version {} recule à la position {}", flux, key->version.value,
           entry->position.value);
    }
    if (key->version != next) {
      find("index du flux « {} » : version {} là où {} est attendue", flux, key->version.value, next.value);
    }
    next.value = key->version.value + 1;
    last = entry->position;
  }
  if (stopped_ || !finished(*index, "les entrées d'index des flux")) return;
  for (; names->valid(); names->next()) find("flux sans événement dans l'index : clé {}", to_hex(names->key()));
  if (!finished(*names, "les noms des flux")) return;
  if (!events_complete_) return;
  if (entries != report_.events) {
    find("l'index compte {} entrées pour {} événements lus", entries, report_.events);
    index_agrees_ = false;
  }
  if (counters_known_ && flux_count != counters_.flux) {
    find("le compteur dit {} flux, l'index en a {}", counters_.flux, flux_count);
  }
}

// `names` walks beside the index, in the same order of flux.
void Verifier::check_flux_record(Cursor& names, const std::string& flux, Position first) {
  for (; names.valid(); names.next()) {
    const auto name = decode_flux_key(names.key());
    if (name && *name >= flux) break;
    find("flux sans événement dans l'index : clé {}", to_hex(names.key()));
  }
  if (!names.valid() && !names.status()) return;  // said at the end
  if (!names.valid() || decode_flux_key(names.key()) != flux) {
    find("le flux « {} » n'est pas dans la liste des flux ; son premier événement est à la position {}", flux,
         first.value);
    return;
  }
  const auto position = decode_position(names.value());
  if (!position || *position != first) {
    find("la liste des flux ne donne pas au flux « {} » sa première position {}", flux, first.value);
  }
  names.next();
}

// Only when the counts differ: one read for each entry.
void Verifier::name_strange_index_entries() {
  const auto index = view_.scan(tag_begin(Tag::kIndex), tag_end(Tag::kIndex));
  for (; index->valid(); index->next()) {
    const auto key = decode_index_key(index->key());
    const auto entry = decode_entry(index->value());
    if (!key || !entry) continue;
    auto stored = view_.get(event_key(entry->position));
    if (!stored) continue;
    const auto event = *stored ? decode_event(**stored) : std::unexpected(std::string());
    if (*stored && !event) continue;  // named among the events
    if (!*stored || event->header.flux != key->flux || event->header.version != key->version) {
      find("index du flux « {} », version {} : donne la position {}, qui n'est pas la sienne", key->flux,
           key->version.value, entry->position.value);
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The tree

void Verifier::check_node(unsigned level, std::uint64_t index, const Hash& hash) {
  const auto range = [=] { return name_range(index << level, ((index + 1) << level) - 1); };
  auto value = view_.get(tree_key(level, index));
  if (!value) {
    find("arbre : le nœud sur {} ne se lit plus : {}", range(), value.error().message);
  } else if (!*value) {
    find("arbre : le nœud sur {} manque", range());
  } else if (decode_node(**value) != hash) {
    find("arbre : le nœud sur {} n'est pas celui de ses événements", range());
  }
}

// Every node the events ask for was looked up: more records are too many.
void Verifier::tree_pass() {
  const auto cursor = view_.scan(tag_begin(Tag::kTree), tag_end(Tag::kTree));
  for (; cursor->valid(); cursor->next()) {
    const auto key = decode_tree_key(cursor->key());
    const bool asked_for =
        key && tree_kept_ && is_kept(key->level) && key->level < 64 && key->index < tree_.size() >> key->level;
    const bool beyond = tree_.size() == counters_.events || !key;
    if (!asked_for && beyond) find("arbre : enregistrement en trop (clé {})", to_hex(cursor->key()));
  }
  static_cast<void>(finished(*cursor, "les nœuds de l'arbre"));
}

// ---------------------------------------------------------------------------------------------------------------------
// Outcomes and the rest

void Verifier::outcomes_pass() {
  std::uint64_t count = 0;
  std::uint64_t events = 0;
  const auto cursor = view_.scan(tag_begin(Tag::kOutcome), tag_end(Tag::kOutcome));
  for (; cursor->valid() && !stopped(); cursor->next()) {
    const auto id = decode_outcome_key(cursor->key());
    const auto outcome = id ? decode_outcome(*id, cursor->value()) : std::nullopt;
    if (!outcome) {
      find("réponse d'acte illisible (clé {})", to_hex(cursor->key()));
      continue;
    }
    ++count;
    events += outcome->count;
    if (outcome->count == 0 && counters_known_ && outcome->first.value > counters_.events) {
      find("réponse de l'acte « {} » : serait venue après {} événements, il y en a {}", *id, outcome->first.value,
           counters_.events);
    }
  }
  if (stopped_ || !finished(*cursor, "les réponses gardées des actes")) return;
  if (counters_known_ && count != counters_.outcomes) {
    find("le compteur dit {} réponses d'actes, {} sont gardées", counters_.outcomes, count);
  }
  if (events_complete_ && events != claimed_) outcomes_agree_ = false;
}

// Only when the counts differ: one read for each event of each outcome.
void Verifier::name_strange_outcomes() {
  const auto cursor = view_.scan(tag_begin(Tag::kOutcome), tag_end(Tag::kOutcome));
  for (; cursor->valid(); cursor->next()) {
    const auto id = decode_outcome_key(cursor->key());
    const auto outcome = id ? decode_outcome(*id, cursor->value()) : std::nullopt;
    if (!outcome) continue;
    for (std::uint64_t i = 0; i < outcome->count; ++i) {
      const Position position{outcome->first.value + i};
      auto stored = view_.get(event_key(position));
      if (!stored) continue;
      const auto event = *stored ? decode_event(**stored) : std::unexpected(std::string());
      if (*stored && !event) continue;  // named among the events
      if (!*stored || event->header.acte_id != *id) {
        find("réponse de l'acte « {} » : compte la position {}, qui n'est pas de lui", *id, position.value);
        break;
      }
    }
  }
}

void Verifier::others_pass() {
  const Bytes known[] = {counters_key(), format_key(), journal_id_key(), fingerprint_key_key(),
                         sealing_key(),  purge_key(),  foreign_key()};
  bool keyed = false;
  const auto meta = view_.scan(tag_begin(Tag::kMeta), tag_end(Tag::kMeta));
  for (; meta->valid(); meta->next()) {
    bool is_known = false;
    for (const Bytes& key : known) is_known = is_known || key == meta->key();
    if (!is_known) find("enregistrement inconnu : clé {}", to_hex(meta->key()));
    if (meta->key() == fingerprint_key_key()) keyed = decode_fingerprint_key(meta->value()).has_value();
  }
  const bool whole = finished(*meta, "les enregistrements généraux");
  if (whole && !keyed && format_ > kFormatWithoutKeys) find("la clef des empreintes manque ou est illisible");

  constexpr Tag kOrdered[] = {Tag::kEvent,   Tag::kIndex,  Tag::kFlux, Tag::kMeta,
                              Tag::kOutcome, Tag::kPerson, Tag::kSeal, Tag::kTree};
  Bytes begin;
  const auto gap = [&](const Bytes& end) {
    if (!end.empty() && begin >= end) return;
    const auto cursor = view_.scan(begin, end);
    for (; cursor->valid(); cursor->next()) find("enregistrement d'un genre inconnu : clé {}", to_hex(cursor->key()));
    static_cast<void>(finished(*cursor, "les enregistrements d'un genre inconnu"));
  };
  for (const Tag tag : kOrdered) {
    gap(tag_begin(tag));
    begin = tag_end(tag);
  }
  gap({});
}

}  // namespace

std::optional<VerifyReport> verify(Store& store, View& view, const Keyring& keyring, std::uint32_t format,
                                   const Progress& progress, Pauses& pauses) {
  return Verifier(store, view, keyring, format, progress).run(pauses);
}

std::optional<Hash> root_before(View& view, std::uint64_t events, std::uint32_t format, std::uint64_t size) {
  auto root = Tree(view, events, format != kFormatWithoutTree).root_at(size);
  return root ? std::optional(*root) : std::nullopt;
}

VerifyReport verify(Store& store, View& view, const Keyring& keyring, std::uint32_t format, const Progress& progress) {
  return Verifier(store, view, keyring, format, progress).run();
}

Result<VerifyReport> verify_part(Store& store, View& view, const Keyring& keyring, std::uint32_t format,
                                 const VerifyPart& part, const Progress& progress) {
  if (!part.flux.empty() && part.from != 0)
    return std::unexpected(
        Error{ErrorKind::kInvalid, "le contrôle est celui d'un flux, ou celui d'une suite : non des deux"});
  Verifier verifier(store, view, keyring, format, progress);
  return part.flux.empty() ? verifier.run_from(part.from) : verifier.run_flux(part.flux);
}

}  // namespace assemblier::storage
