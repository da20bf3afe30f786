#include "storage/mend.hpp"

#include "storage/keys.hpp"
#include "storage/reading.hpp"
#include "storage/rebuild.hpp"
#include "storage/sealing.hpp"
#include "storage/tree.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::storage {

namespace {

constexpr std::size_t kNamed = 20;  // of what is lost; the rest is counted

template <class... Args>
std::unexpected<Error> doubtful(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{ErrorKind::kDamaged,
                               fmt::format("les événements eux-mêmes sont abîmés, rien n'a été changé : {} ; garder le "
                                           "répertoire tel quel et repartir d'une sauvegarde (« journal restaurer »)",
                                           fmt::format(format, std::forward<Args>(args)...))});
}

// The record when it can be read.
std::optional<Bytes> readable(View& view, std::string_view key) {
  auto value = view.get(key);
  return value ? std::move(*value) : std::nullopt;
}

// Names of which there may be many.
class Named {
 public:
  void add(std::string_view name) {
    if (names_.size() < kNamed) names_.push_back(fmt::format("« {} »", name));
    ++count_;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::string text() const {
    return fmt::format("{}{}", fmt::join(names_, ", "),
                       count_ > names_.size() ? fmt::format(" et {} autres", count_ - names_.size()) : std::string());
  }

 private:
  std::vector<std::string> names_;
  std::uint64_t count_ = 0;
};

// Which events no witness confirms yet. The next event of the flux, a node of the tree or a head over it does.
class Doubts {
 public:
  struct Doubt {
    std::string flux;
    bool contradicted = false;  // its index entry says otherwise; else there is none to say anything
  };
  void add(const Header& header, bool contradicted) {
    doubts_.insert_or_assign(header.position.value, Doubt{header.flux, contradicted});
    of_flux_.insert_or_assign(header.flux, header.position.value);
  }
  void confirm_flux(const std::string& flux) {
    const auto at = of_flux_.find(flux);
    if (at == of_flux_.end()) return;
    doubts_.erase(at->second);
    of_flux_.erase(at);
  }
  void confirm(std::uint64_t first, std::uint64_t end) {
    const auto last = doubts_.lower_bound(end);
    for (auto at = doubts_.lower_bound(first); at != last; at = doubts_.erase(at)) of_flux_.erase(at->second.flux);
  }
  [[nodiscard]] const std::map<std::uint64_t, Doubt>& left() const { return doubts_; }
  [[nodiscard]] bool any_in(std::uint64_t first, std::uint64_t end) const {
    const auto at = doubts_.lower_bound(first);
    return at != doubts_.end() && at->first < end;
  }

 private:
  std::map<std::uint64_t, Doubt> doubts_;         // by position
  std::map<std::string, std::uint64_t> of_flux_;  // only the last event of a flux may be in doubt
};

class Mender {
 public:
  Mender(View& from, Store& to, const std::optional<KnownHead>& head, const Progress& progress)
      : from_(from),
        to_(to),
        head_(head),
        progress_(progress),
        rebuild_(to, [this](const Seal& seal) { return keep_sealed(seal); }, Rebuild::Origin::kHere) {}

  Result<Mended> run() {
    if (auto ok = begin(); !ok) return std::unexpected(std::move(ok.error()));
    if (auto ok = events(); !ok) return std::unexpected(std::move(ok.error()));
    if (auto ok = judge_doubts(); !ok) return std::unexpected(std::move(ok.error()));
    keep_names();
    if (auto ok = outcomes(); !ok) return std::unexpected(std::move(ok.error()));
    if (auto ok = remake_outcomes(); !ok) return std::unexpected(std::move(ok.error()));
    if (auto ok = rebuild_.commit(); !ok) return std::unexpected(std::move(ok.error()));
    if (auto ok = compare(); !ok) return std::unexpected(std::move(ok.error()));
    if (auto ok = judge_number(); !ok) return std::unexpected(std::move(ok.error()));
    name_lost_outcomes();
    mended_.events = rebuild_.size();
    mended_.root = rebuild_.root();
    return std::move(mended_);
  }

 private:
  // What does not derive from events, and what they are told apart by.
  Result<void> begin() {
    const auto id = from_.get(journal_id_key());
    if (!id || !*id) return doubtful("l'identité du journal manque");
    if (auto ok = initialise(to_, **id); !ok) return ok;
    const auto format = readable(from_, format_key());
    if (const auto key = readable(from_, fingerprint_key_key()); key && decode_fingerprint_key(*key)) {
      to_.put(fingerprint_key_key(), *key);
    } else if (format && decode_format(*format) == kFormat) {
      fingerprints_lost_ = true;
      mended_.lost.emplace_back(
          "la clef des empreintes : une demande déjà faite se reconnaît désormais à son seul identifiant, quel que "
          "soit son contenu ; les suivantes ont une nouvelle clef");
    }
    for (const Bytes& key : {sealing_key(), purge_key(), foreign_key()}) {
      const auto value = from_.get(key);
      if (!value) return std::unexpected(value.error());
      if (*value) to_.put(key, **value);
    }
    if (const auto value = readable(from_, counters_key())) counters_ = decode_counters(*value);
    return rebuild_.begin();
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Events

  Result<void> events() {
    const auto cursor = from_.scan(tag_begin(Tag::kEvent), tag_end(Tag::kEvent));
    for (; cursor->valid(); cursor->next()) {
      const auto position = decode_event_key(cursor->key());
      if (!position) continue;  // counted with what is left out
      const std::uint64_t expected = rebuild_.size();
      if (position->value != expected)
        return doubtful("{}", say_of_range(expected, position->value - 1, "manque", "manquent"));
      if (auto ok = rebuild_.add(cursor->value()); !ok) {
        if (ok.error().kind != ErrorKind::kDamaged) return ok;
        return doubtful("position {} : {}", expected, ok.error().message);
      }
      if (auto ok = witnesses(rebuild_.last()); !ok) return ok;
      if (progress_ && rebuild_.size() % 1024 == 0) progress_(rebuild_.size(), counters_ ? counters_->events : 0);
    }
    if (auto ok = cursor->status(); !ok) {
      if (ok.error().kind != ErrorKind::kDamaged) return ok;
      return doubtful("les événements ne se lisent plus à partir de la position {} ({})", rebuild_.size(),
                      ok.error().message);
    }
    return {};
  }

  Result<void> witnesses(const StoredEvent& event) {
    const Header& header = event.header;
    doubts_.confirm_flux(header.flux);  // the chain holds
    const Hash hash = event_hash(event.stored);
    const auto value = readable(from_, index_key(header.flux, header.version));
    const auto entry = value ? decode_entry(*value) : std::nullopt;
    const bool placed = entry && entry->position == header.position;
    if (!placed || entry->hash != hash) {
      doubts_.add(header, placed);
      if (!uncounted_ && counters_ && header.position.value >= counters_->events) uncounted_ = header.position.value;
    }
    tree_.append(hash, [this](unsigned level, std::uint64_t index, const Hash& node) { witness(level, index, node); });
    if (head_ && tree_.size() == head_->size) {
      if (tree_.root() != head_->root) return not_of_head();
      doubts_.confirm(0, head_->size);
      if (uncounted_ && *uncounted_ < head_->size) uncounted_.reset();
    }
    return note_acte(header);
  }

  void witness(unsigned level, std::uint64_t index, const Hash& hash) {
    if (!is_kept(level)) return;
    const auto value = readable(from_, tree_key(level, index));
    const auto kept = value ? decode_node(*value) : std::nullopt;
    const std::uint64_t first = index << level;
    const std::uint64_t end = (index + 1) << level;
    if (kept == hash) {
      doubts_.confirm(first, end);
    } else if (kept) {
      contradicting_.emplace_back(first, end);
    }
  }

  std::unexpected<Error> not_of_head() const {
    return doubtful("ses {} premiers événements ne sont pas ceux que compte la tête signée", head_->size);
  }

  Result<void> judge_doubts() const {
    if (head_ && head_->size > rebuild_.size()) {
      return doubtful("le journal compte {} événements, la tête signée en compte {}", rebuild_.size(), head_->size);
    }
    if (head_ && head_->size == 0 && head_->root != empty_root()) return not_of_head();
    constexpr std::string_view kHow =
        "et rien d'autre ne dit lequel a changé ; une tête signée qui le compte le dirait (--tete, --confiance)";
    for (const auto& [position, doubt] : doubts_.left()) {
      if (!doubt.contradicted) continue;
      return doubtful("la position {} (flux {}) n'a pas l'empreinte que garde l'index, {}", position, doubt.flux, kHow);
    }
    for (const auto& [first, end] : contradicting_) {
      if (doubts_.any_in(first, end))
        return doubtful("{} n'ont pas la racine que garde l'arbre, {}", name_range(first, end - 1), kHow);
    }
    if (uncounted_) return doubtful("la position {} n'est connue ni du compteur ni de l'index, {}", *uncounted_, kHow);
    return {};
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Sealed values

  // Whoever is erased stays erased; a value without an event is left out.
  Result<void> keep_sealed(const Seal& seal) {
    const auto owner = readable(from_, owner_key(seal.person));
    if (owner) to_.put(owner_key(seal.person), *owner);
    const bool keyless = owner && (owner->empty() || decode_position(*owner));
    if (keyless) return {};
    if (owner) persons_.insert(seal.person);
    if (const auto value = readable(from_, seal_key(seal))) to_.put(seal_key(seal), *value);
    return {};
  }

  void keep_names() {
    const auto names = from_.scan(tag_begin(Tag::kPerson), tag_end(Tag::kPerson));
    for (; names->valid(); names->next()) {
      const auto person = decode_person(names->value());
      if (decode_person_key(names->key()) && person && persons_.contains(*person))
        to_.put(names->key(), names->value());
    }
    if (!names->status() && !persons_.empty())
      mended_.lost.emplace_back("des noms de personnes : « effacer » ne les retrouve plus ; leurs valeurs restent");
  }

  // -------------------------------------------------------------------------------------------------------------------
  // Answers of actes

  // Whether the answer kept for the event's acte counts it: what cannot be told from the answers alone.
  Result<void> note_acte(const Header& header) {
    if (header.acte_id.empty()) return {};
    const auto value = from_.get(outcome_key(header.acte_id));
    if (!value) {
      if (value.error().kind != ErrorKind::kDamaged) return std::unexpected(value.error());
      if (last_unread_ != header.acte_id) unread_.add(header.acte_id);
      last_unread_ = header.acte_id;
      answerless_[header.acte_id].count_in(header.position);
    } else if (!*value) {
      if (last_silent_ != header.acte_id) silent_.add(header.acte_id);
      last_silent_ = header.acte_id;
      Range& range = answerless_[header.acte_id];
      range.silent = true;
      range.count_in(header.position);
    } else if (const auto outcome = decode_outcome(header.acte_id, **value); !outcome) {
      answerless_[header.acte_id].count_in(header.position);
    } else if (!counts(*outcome, header)) {
      wrong_.emplace(header.acte_id, Range{});
    }
    return {};
  }

  // An acte that has events has been done, whatever became of its answer: it is known again by its id alone, as after
  // an import. One that never had an answer gets none.
  Result<void> remake_outcomes() {
    kept_outcomes_ = rebuild_.counters().outcomes;
    const bool missing = missing_outcomes() > 0;
    for (auto& [id, range] : answerless_) {
      if (!range.together || (range.silent && !missing)) continue;
      StoredOutcome outcome;
      outcome.outcome.acte_id = id;
      outcome.kind = FingerprintKind::kForeign;
      outcome.first = range.first;
      outcome.count = range.count;
      if (auto ok = rebuild_.add(outcome); !ok) return ok;
      ++remade_;
    }
    return {};
  }

  // How many more the journal had, by its counters, than are kept or named.
  [[nodiscard]] std::uint64_t missing_outcomes() const {
    const std::uint64_t known = kept_outcomes_ + illegible_.count() + unread_.count() + strange_.count();
    return counters_ && counters_->outcomes > known ? counters_->outcomes - known : 0;
  }

  static bool counts(const StoredOutcome& outcome, const Header& header) {
    return header.position >= outcome.first && header.position.value - outcome.first.value < outcome.count;
  }

  Result<void> outcomes() {
    auto cursor = from_.scan(tag_begin(Tag::kOutcome), tag_end(Tag::kOutcome));
    while (true) {
      for (; cursor->valid(); cursor->next()) {
        if (auto ok = outcome(cursor->key(), cursor->value()); !ok) return ok;
        last_outcome_ = cursor->key();
      }
      const auto status = cursor->status();
      if (status) break;
      if (status.error().kind != ErrorKind::kDamaged) return status;
      if (!go_past(*cursor)) break;
    }
    return wrong_.empty() && skipped_.empty() ? Result<void>() : outcomes_by_event();
  }

  // To the next answer that can be read, farther and farther from the last one: those between are looked for by the
  // ids of their events.
  bool go_past(Cursor& cursor) {
    const Bytes begin = last_outcome_.empty() ? tag_begin(Tag::kOutcome) : last_outcome_;
    for (std::size_t size = begin.size() + 1; size > 1; --size) {
      const Bytes end = size > begin.size() ? begin + '\0' : prefix_end(begin.substr(0, size));
      cursor.seek(end);
      if (!cursor.valid() && !cursor.status()) continue;
      Bytes first = cursor.valid() ? Bytes(cursor.key()) : tag_end(Tag::kOutcome);
      // Back again as far as it can be read, so that nothing is passed over that could be had.
      while (const auto before = from_.last(begin + '\0', first)) {
        if (!*before) break;
        first = (*before)->key;
      }
      skipped_.emplace_back(begin, first);
      cursor.seek(first);
      return cursor.valid();
    }
    skipped_.emplace_back(begin, tag_end(Tag::kOutcome));
    return false;
  }

  Result<void> outcome(std::string_view key, std::string_view value) {
    const auto id = decode_outcome_key(key);
    auto kept = id ? decode_outcome(*id, value) : std::nullopt;
    if (!kept) {
      illegible_.add(key.substr(1));
      return {};
    }
    const auto wrong = wrong_.find(*id);
    if (wrong == wrong_.end() && holds(*kept)) return keep(std::move(*kept));
    auto& range = wrong == wrong_.end() ? wrong_[std::string(*id)] : wrong->second;
    range.kept = std::move(*kept);
    return {};
  }

  // Whether what it counts is its own.
  bool holds(const StoredOutcome& outcome) {
    if (outcome.count == 0) return outcome.first.value <= rebuild_.size();
    for (std::uint64_t i = 0; i < outcome.count; ++i) {
      const auto stored = readable(from_, event_key(Position{outcome.first.value + i}));
      const auto event = stored ? decode_event(*stored) : std::unexpected(std::string());
      if (!event || event->header.acte_id != outcome.outcome.acte_id) return false;
    }
    return true;
  }

  Result<void> keep(StoredOutcome outcome) {
    if (fingerprints_lost_ && outcome.kind == FingerprintKind::kKeyed) outcome.kind = FingerprintKind::kForeign;
    return rebuild_.add(outcome);
  }

  // Of which events an answer is, when it does not say so itself; and answers that only their ids lead to.
  Result<void> outcomes_by_event() {
    const auto cursor = from_.scan(tag_begin(Tag::kEvent), tag_end(Tag::kEvent));
    Bytes before;
    for (; cursor->valid(); cursor->next()) {
      if (!decode_event_key(cursor->key())) continue;
      const auto event = decode_event(cursor->value());
      if (!event || event->header.acte_id.empty()) continue;
      const Header& header = event->header;
      if (const auto wrong = wrong_.find(header.acte_id); wrong != wrong_.end()) {
        wrong->second.count_in(header.position);
      }
      const Bytes key = outcome_key(header.acte_id);
      if (key == before || !skipped(key)) continue;
      before = key;
      if (const auto value = readable(from_, key)) {
        if (auto ok = outcome(key, *value); !ok) return ok;
      }
    }
    for (auto& [id, range] : wrong_) {
      if (!range.kept) continue;  // named among the unreadable
      if (range.count == 0 && range.kept->count == 0) {
        range.kept->first = {};  // as if it had come first: where it came is not known
      } else if (range.count == 0 || !range.together) {
        strange_.add(id);
        continue;
      } else {
        range.kept->first = range.first;
        range.kept->count = range.count;
      }
      if (auto ok = keep(std::move(*range.kept)); !ok) return ok;
    }
    return cursor->status();
  }

  [[nodiscard]] bool skipped(const Bytes& key) const {
    return std::ranges::any_of(skipped_, [&](const auto& range) { return range.first < key && key < range.second; });
  }

  void name_lost_outcomes() {
    constexpr std::string_view kThen = "; un acte refusé, s'il est renvoyé, sera traité comme nouveau";
    const auto tell = [&](const Named& which, std::string_view what) {
      if (which.count() > 0)
        mended_.lost.push_back(fmt::format("{} ({}) : {} {}", what, which.count(), which.text(), kThen));
    };
    tell(illegible_, "réponses d'actes illisibles");
    tell(unread_, "réponses d'actes qui ne se lisent plus");
    tell(strange_, "réponses d'actes qui comptent des événements d'autrui, écartées");
    if (remade_ > 0) {
      mended_.lost.push_back(
          fmt::format("{} de ces réponses {} d'actes dont les événements sont là : renvoyés, ils sont reconnus à leur "
                      "seul identifiant, quel que soit leur contenu",
                      remade_, remade_ > 1 ? "étaient celles" : "était celle"));
    }
    if (!skipped_.empty())
      mended_.lost.emplace_back("des réponses d'actes refusés, peut-être : une partie d'entre elles ne se lit plus");
    if (missing_outcomes() == 0) return;
    std::string which = silent_.count() == 0
                            ? "d'actes refusés, ou d'actes que rien ne nomme plus"
                            : fmt::format("peut-être de ceux dont il n'y a que les événements : {}", silent_.text());
    mended_.lost.push_back(
        fmt::format("réponses d'actes manquantes, d'après le compteur ({}) : {} {}", missing_outcomes(), which, kThen));
  }

  // -------------------------------------------------------------------------------------------------------------------
  // What differs

  struct Kind {
    char tag;
    const char* name;
  };
  static constexpr std::array<Kind, 8> kKinds = {{{'f', "entrées de l'index des flux"},
                                                  {'h', "noms de la liste des flux"},
                                                  {'t', "nœuds de l'arbre"},
                                                  {'o', "réponses d'actes"},
                                                  {'p', "noms de personnes"},
                                                  {'s', "données scellées et clefs"},
                                                  {'m', "compteurs et réglages"},
                                                  {'\0', "enregistrements étrangers"}}};

  RepairedRecords& of_kind(std::string_view key) {
    const char tag = key.empty() ? '\0' : key.front();
    auto at = std::ranges::find(kKinds, tag, &Kind::tag);
    if (at == kKinds.end()) --at;
    return differences_.at(static_cast<std::size_t>(at - kKinds.begin()));
  }

  // Both stores beside each other, in order of keys.
  Result<void> compare() {
    const auto view = to_.view();
    const auto now = view->scan({}, {});
    const auto then = from_.scan({}, {});
    for (std::size_t i = 0; i < kKinds.size(); ++i) differences_.at(i).kind = kKinds.at(i).name;
    for (; now->valid(); now->next()) {
      for (; then->valid() && then->key() < now->key(); then->next()) removed(then->key(), then->value());
      if (!then->valid() && !then->status()) {  // unreadable up to somewhere
        all_read_ = false;
        then->seek(now->key());
      }
      if (then->valid() && then->key() == now->key()) {
        if (then->value() != now->value()) made(now->key(), then->value());
        then->next();
      } else {
        made(now->key(), {});
      }
      if (changed_event_) return doubtful("un événement n'est pas repris octet par octet");
    }
    for (; then->valid(); then->next()) removed(then->key(), then->value());
    if (!then->status()) all_read_ = false;
    for (auto& difference : differences_) {
      if (difference.made + difference.removed > 0) mended_.records.push_back(std::move(difference));
    }
    return now->status();
  }

  void made(std::string_view key, std::string_view before) {
    changed_event_ = changed_event_ || decode_event_key(key).has_value();
    look_beyond(key, before);
    ++of_kind(key).made;
  }
  void removed(std::string_view key, std::string_view before) {
    look_beyond(key, before);
    ++of_kind(key).removed;
  }

  // Whether a record that does not fit knows the position after the last: one stray record may, several do not.
  void look_beyond(std::string_view key, std::string_view before) {
    const std::uint64_t next = rebuild_.size();
    const auto entry = decode_index_key(key) ? decode_entry(before) : std::nullopt;
    if (entry && entry->position.value == next) index_beyond_ = true;
    const auto id = decode_outcome_key(key);
    const auto outcome = id ? decode_outcome(*id, before) : std::nullopt;
    if (outcome && outcome->count > 0 && outcome->first.value <= next && outcome->first.value + outcome->count > next)
      outcome_beyond_ = true;
  }

  // Whether there were more events than can be found. They leave traces in counters, index and answers alike, written
  // together with them.
  [[nodiscard]] Result<void> judge_number() const {
    const std::uint64_t next = rebuild_.size();
    const bool counted = counters_ && counters_->events > next;
    const int traces = (counted ? 1 : 0) + (index_beyond_ ? 1 : 0) + (outcome_beyond_ ? 1 : 0);
    const bool in_doubt = traces > 1 || (!counters_ && traces > 0) || (counted && !all_read_);
    if (!in_doubt) return {};
    std::vector<std::string_view> who;
    if (counted) who.emplace_back("le compteur");
    if (index_beyond_) who.emplace_back("l'index d'un flux");
    if (outcome_beyond_) who.emplace_back("la réponse d'un acte");
    return doubtful("il manque la position {}, que connaît {}", next, fmt::join(who, ", et "));
  }

  // What the events say of the answer of one acte.
  struct Range {
    std::optional<StoredOutcome> kept;
    Position first{};
    std::uint32_t count = 0;
    bool together = true;
    bool silent = false;  // there is no record at all

    void count_in(Position position) {
      if (count++ == 0) first = position;
      together = together && position.value == first.value + count - 1;
    }
  };

  View& from_;
  Store& to_;
  const std::optional<KnownHead>& head_;
  const Progress& progress_;
  Rebuild rebuild_;
  Mended mended_;
  std::optional<Counters> counters_;  // of the damaged journal
  MerkleFrontier tree_;
  Doubts doubts_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> contradicting_;  // events under nodes that differ
  std::optional<std::uint64_t> uncounted_;  // first position that neither counters nor index know
  std::set<PersonId> persons_;              // who have a key
  bool fingerprints_lost_ = false;
  std::map<std::string, Range, std::less<>> wrong_;  // answers that do not agree with the events, by acte
  std::vector<std::pair<Bytes, Bytes>> skipped_;     // between these keys answers cannot be walked through
  Bytes last_outcome_;
  std::map<std::string, Range, std::less<>> answerless_;  // actes with events whose answer cannot be had, by id
  std::uint64_t kept_outcomes_ = 0, remade_ = 0;
  Named illegible_, unread_, silent_, strange_;
  std::string last_unread_, last_silent_;  // events of one acte follow each other
  std::array<RepairedRecords, kKinds.size()> differences_;
  bool changed_event_ = false;
  bool all_read_ = true;  // of the damaged records
  bool index_beyond_ = false, outcome_beyond_ = false;
};

}  // namespace

Result<Mended> mend(View& from, Store& to, const std::optional<KnownHead>& head, const Progress& progress) {
  return Mender(from, to, head, progress).run();
}

}  // namespace assemblier::storage
