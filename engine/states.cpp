#include "engine/states.hpp"

#include "engine/kept.hpp"
#include "engine/shell.hpp"
#include "storage/cbor_cursor.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <limits>
#include <map>
#include <new>
#include <system_error>
#include <thread>

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

using storage::CborCursor;
using storage::EventView;
using Problem = std::expected<void, std::string>;

constexpr unsigned kMaxThreads = 64;
constexpr std::size_t kLine = 64;  // octets of a cache line

// What is wrong, as the strict reading says it.
std::unexpected<std::string> unreadable(const EventView& event) {
  const auto effects = decode_effects(event.payload);
  return std::unexpected(fmt::format("position {}, {} version {} : contenu illisible ({})", event.position.value,
                                     event.flux, event.version.value,
                                     effects ? "données scellées que l'en-tête ne dit pas" : effects.error()));
}

/// Numbers for the few names that come again in every event.
class Names {
 public:
  std::uint32_t number(std::string_view name) {
    if (name.empty()) return look_up(name);
    // Where a name of that length and those letters was the last time.
    const auto letter = [&name](std::size_t at) { return static_cast<unsigned char>(name[at]); };
    std::uint32_t& likely = likely_[(name.size() + 7U * letter(name.size() / 2) + 31U * letter(0)) % likely_.size()];
    keep(likely, name);
    return likely;
  }
  /// Makes `known` the number of `name`, which it most often is already.
  void keep(std::uint32_t& known, std::string_view name) {
    if (known >= names_.size() || !storage::same_octets(names_[known], name)) known = look_up(name);
  }
  std::string_view operator[](std::uint32_t number) const { return names_[number]; }

 private:
  std::uint32_t look_up(std::string_view name) {
    if (const auto at = numbers_.find(name); at != numbers_.end()) return at->second;
    const auto next = static_cast<std::uint32_t>(names_.size());
    names_.push_back(texts_.emplace_back(name));
    numbers_.emplace(names_.back(), next);
    return next;
  }

  std::deque<std::string> texts_;
  std::vector<std::string_view> names_;  ///< of texts_
  boost::unordered_flat_map<std::string_view, std::uint32_t, NameHash> numbers_;
  std::array<std::uint32_t, 256> likely_{};
};

}  // namespace

// The objets of one part, in order of their first event.
class States::Part {
 public:
  /// False: its effects do not decode.
  bool fold(const EventView& event, std::size_t hash) {
    CborCursor at(event.payload);
    Shape& shape = shapes_[shape_of(event.type)];
    if (!at.pass(shape.begin.octets) && !begin(at, shape)) return false;
    Objet& objet = of(hash, event.flux);
    if (objet.events == 0) objet.kind = shape.kind;
    objet.etat = shape.etat;
    names_.keep(objet.edition, event.edition);
    for (std::size_t i = 0; i < shape.changes; ++i) {
      if (!change(at, head_of(shape.change, i), objet.kept, event)) return false;
    }
    const std::uint64_t decisions = at.array();
    for (std::size_t i = 0; i < decisions; ++i) {
      if (!decision(at, head_of(shape.decision, i), objet.kept, i + 1 == decisions)) return false;
    }
    if (!at.ok()) return false;
    ++objet.events;
    objet.date = dsl::Date{event.date_effet};
    return true;
  }

  /// Memory that `fold` will look at for a flux of that hash is asked for, one step further with each call of these:
  /// the objets of a journal are too many for the processor's cache, and an event waits for three places in turn.
  void expect_place(std::size_t hash) const { __builtin_prefetch(by_flux_.likely(hash)); }
  void expect_objet(std::size_t hash) const {
    const auto* const objet = reinterpret_cast<const char*>(by_flux_.likely(hash)->objet);
    __builtin_prefetch(objet);  // of nothing: does nothing
    __builtin_prefetch(objet + kLine);
  }
  void expect_values(std::size_t hash) const {
    if (const Objet* const objet = by_flux_.likely(hash)->objet) objet->kept.expect();
  }

  std::size_t size() const { return objets_.size(); }

  std::expected<std::optional<State>, std::string> find(std::string_view flux) const {
    const Objet* const objet = by_flux_.find(hash_of(flux), flux);
    if (objet == nullptr || objet->events == 0) return std::nullopt;
    return decoded(*objet);
  }

  std::expected<bool, std::string> each(const std::function<bool(const State&)>& visit) const {
    for (const Objet& objet : objets_) {
      const auto state = decoded(objet);
      if (!state) return std::unexpected(state.error());
      if (!visit(*state)) return false;
    }
    return true;
  }

 private:
  struct Objet {
    std::string flux;
    std::uint32_t kind = 0, etat = 0, edition = 0;
    dsl::Date date;
    std::uint64_t events = 0;
    Kept kept;
  };

  /// Objets by the hash of their flux, with open addressing: unlike a map's, its places can be asked for beforehand.
  /// Whoever chooses the names may choose them to collide: those that find no place near their own go into a map.
  struct Place {
    std::size_t hash = 0;
    Objet* objet = nullptr;
  };
  class ByFlux {
   public:
    [[nodiscard]] Objet* find(std::size_t hash, std::string_view flux) const {
      for (std::size_t at = hash; at != hash + kNear; ++at) {
        const Place& place = places_[at % places_.size()];
        if (place.objet == nullptr) return nullptr;
        if (place.hash == hash && storage::same_octets(place.objet->flux, flux)) return place.objet;
      }
      const auto far = far_.find(flux);
      return far == far_.end() ? nullptr : far->second;
    }
    /// REQUIRES that it is not there.
    void add(std::size_t hash, Objet& objet) {
      if (2 * ++count_ > places_.size()) {
        std::vector<Place> before = std::exchange(places_, std::vector<Place>(2 * places_.size()));
        for (const Place& place : before)
          if (place.objet != nullptr) put(place);
        for (const auto& [flux, far] : std::exchange(far_, {})) put({hash_of(flux), far});
      }
      put({hash, &objet});
    }
    /// Where an objet of that hash most likely is.
    [[nodiscard]] const Place* likely(std::size_t hash) const { return &places_[hash % places_.size()]; }

   private:
    void put(const Place& place) {
      for (std::size_t at = place.hash; at != place.hash + kNear; ++at) {
        Place& here = places_[at % places_.size()];
        if (here.objet != nullptr) continue;
        here = place;
        return;
      }
      far_.emplace(place.objet->flux, place.objet);
    }
    static constexpr std::size_t kNear = 128;  // places; a table half full hardly ever has as many in a row
    std::vector<Place> places_ = std::vector<Place>(1024);  // always a power of two
    std::map<std::string_view, Objet*> far_;
    std::size_t count_ = 0;
  };

  Objet& of(std::size_t hash, std::string_view flux) {
    if (Objet* const known = by_flux_.find(hash, flux)) return *known;
    Objet& objet = objets_.emplace_back();
    objet.flux = flux;
    by_flux_.add(hash, objet);
    return objet;
  }

  // What events of one type have in common, as the last of them had it: to compare octets is faster than to read them.
  struct Head {
    std::string octets;
    std::uint64_t size = 0, kind = 0;
    std::uint32_t name = 0;
  };
  struct Shape {
    Head begin;
    std::uint32_t kind = 0, etat = 0;
    std::uint64_t changes = 0;
    std::vector<Head> change, decision;
  };
  static std::size_t shape_of(std::string_view type) {
    if (type.empty()) return 0;
    const auto letter = [&type](std::size_t at) { return static_cast<unsigned char>(type[at]); };
    return (type.size() + 7U * letter(type.size() / 2) + 31U * letter(0)) % kShapes;
  }
  static Head& head_of(std::vector<Head>& heads, std::size_t index) {
    if (index >= heads.size()) heads.resize(index + 1);
    return heads[index];
  }
  // A head that is read anew is none until all of it is known.
  static std::string_view forget(Head& head, const CborCursor& at) {
    head.octets.clear();
    return at.rest();
  }
  static void remember(Head& head, std::string_view before, const CborCursor& at) {
    head.octets = before.substr(0, before.size() - at.rest().size());
  }

  bool begin(CborCursor& at, Shape& shape) {
    const std::string_view before = forget(shape.begin, at);
    if (at.array() != 9 || at.uint() != 1) return false;
    static_cast<void>(at.boolean());
    const std::string_view kind = at.text();
    static_cast<void>(at.text());  // the état left
    const std::string_view etat = at.text();
    shape.changes = at.array();
    if (!at.ok()) return false;
    shape.kind = names_.number(kind);
    shape.etat = names_.number(etat);
    remember(shape.begin, before, at);
    return true;
  }

  bool change(CborCursor& at, Head& head, Kept& kept, const EventView& event) {
    if (!at.pass(head.octets)) {
      const std::string_view before = forget(head, at);
      head.size = at.array();
      head.kind = at.uint();
      head.name = names_.number(at.text());
      if (!at.ok()) return false;
      remember(head, before, at);
    }
    const auto is = [&head](std::uint64_t size, Change::Kind kind) {
      return head.size == size && head.kind == static_cast<std::uint64_t>(kind);
    };
    const std::string_view value = at.items(head.size == 4 ? 2 : 1);
    if (!at.ok()) return false;
    if (is(3, Change::Kind::kSet)) return kept.set(head.name, value, event);
    if (is(3, Change::Kind::kAppend)) return kept.append(head.name, value);
    return is(4, Change::Kind::kEntry) && kept.set_entry(head.name, value, event);
  }

  // Nothing behind the reasons of the last one is looked at.
  bool decision(CborCursor& at, Head& head, Kept& kept, bool last) {
    if (!at.pass(head.octets)) {
      const std::string_view before = forget(head, at);
      head.size = at.array();
      head.name = names_.number(at.text());
      if (!at.ok()) return false;
      remember(head, before, at);
    }
    if (head.size != 7 || at.peek() > static_cast<unsigned>(dsl::Status::kError)) return false;
    const std::string_view decided = at.items(3);  // status, value, reasons
    if (!at.ok()) return false;
    kept.retain(head.name, decided);
    if (!last) at.items(3);
    return at.ok();
  }

  std::expected<State, std::string> decoded(const Objet& objet) const {
    State state{.flux = objet.flux, .objet = std::string(names_[objet.kind]), .etat = std::string(names_[objet.etat])};
    state.events = objet.events;
    state.date = objet.date;
    std::ranges::copy(names_[objet.edition], state.edition.octets.begin());
    auto done = objet.kept.decode(state, [this](std::uint32_t number) { return names_[number]; });
    if (done && !(storage::is_utf8(state.objet) && storage::is_utf8(state.etat)))
      done = std::unexpected("texte qui n'est pas de l'UTF-8");
    if (!done) return std::unexpected(fmt::format("{} : contenu illisible ({})", objet.flux, done.error()));
    return state;
  }

  static constexpr std::size_t kShapes = 64;
  Names names_;
  std::array<Shape, kShapes> shapes_;
  std::deque<Objet> objets_;
  ByFlux by_flux_;
};

States::States(std::size_t parts) {
  for (std::size_t i = 0; i < std::max<std::size_t>(parts, 1); ++i) parts_.push_back(std::make_unique<Part>());
}
States::States(States&&) noexcept = default;
States& States::operator=(States&&) noexcept = default;
States::~States() = default;

std::size_t States::hash_of(std::string_view flux) { return NameHash{}(flux); }

std::size_t States::part_of(std::size_t hash) const {
  // The upper half of the hash: the lower one places the flux in its part.
  return parts_.size() == 1 ? 0 : (hash >> 32U) % parts_.size();
}

void States::expect(std::size_t part, std::size_t place, std::size_t objet, std::size_t values) const {
  const Part& mine = *parts_[part];
  mine.expect_place(place);
  mine.expect_objet(objet);
  mine.expect_values(values);
}

Problem States::fold(const EventView& event) { return fold(event, hash_of(event.flux)); }

Problem States::fold(const EventView& event, std::size_t hash) {
  if (parts_[part_of(hash)]->fold(event, hash)) return {};
  return unreadable(event);
}

std::size_t States::size() const {
  std::size_t all = 0;
  for (const auto& part : parts_) all += part->size();
  return all;
}

std::expected<std::optional<State>, std::string> States::find(std::string_view flux) const {
  return parts_[part_of(hash_of(flux))]->find(flux);
}

Problem States::each(const std::function<bool(const State&)>& visit) const {
  for (const auto& part : parts_) {
    const auto more = part->each(visit);
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
  }
  return {};
}

namespace {

bool is_chosen(std::string_view flux, const std::string& wanted) {
  if (!wanted.empty()) return category(flux) == wanted;
  return !flux.starts_with(kEditionPrefix) && !flux.starts_with(kErasedPrefix);
}

storage::Error damaged(std::string message) { return {storage::ErrorKind::kDamaged, std::move(message)}; }

/// What States::fold needs of an event, and where it lies among the octets put aside: first its flux, then the event
/// from its édition to the end.
struct Piece {
  storage::Position position;
  storage::Version version;
  std::int32_t date_effet;
  std::uint32_t flux;                                  ///< octets
  std::uint32_t seals_at, seals, payload_at, payload;  ///< from the édition on
  std::size_t at, hash;
};
/// Events put aside, in order of positions.
struct Stretch {
  static constexpr std::size_t kMostOctets = 4U << 20U;  // of what is kept for the next events
  explicit Stretch(std::size_t count) : parts(count) {}
  /// Apart from each other: what one thread folds lies in one piece.
  struct Part {
    std::string octets;
    std::vector<Piece> pieces;
  };
  std::vector<Part> parts;

  void clear() {
    for (auto& [octets, pieces] : parts) {
      if (octets.capacity() > kMostOctets) octets = std::string();
      octets.clear();
      pieces.clear();
    }
  }
  void add(std::size_t part, const EventView& event, std::size_t hash) {
    auto& [octets, pieces] = parts[part];
    const char* const edition = event.edition.data();
    const std::string_view payload = needed(event.payload);
    const auto size = [](std::string_view text) { return static_cast<std::uint32_t>(text.size()); };
    const auto at = [edition](std::string_view text) { return static_cast<std::uint32_t>(text.data() - edition); };
    pieces.push_back({event.position, event.version, event.date_effet, size(event.flux),
                      event.seals.empty() ? 0 : at(event.seals), size(event.seals), at(payload), size(payload),
                      octets.size(), hash});
    octets.append(event.flux).append(edition, payload.data() + payload.size());
  }
  // Of a large payload, what is looked at: données and motifs, which come behind, may be far larger.
  static std::string_view needed(std::string_view payload) {
    if (payload.size() < 4096) return payload;
    CborCursor at(payload);
    if (at.array() != 9) return payload;
    at.items(7);  // layout, opening, kind, états, changes, décisions
    return at.ok() ? payload.substr(0, payload.size() - at.rest().size()) : payload;
  }
  static EventView view(const std::string& octets, const Piece& piece) {
    const std::string_view flux(octets.data() + piece.at, piece.flux);
    const char* const edition = flux.data() + flux.size();
    EventView event;
    event.position = piece.position;
    event.version = piece.version;
    event.date_effet = piece.date_effet;
    event.flux = flux;
    event.edition = {edition, sizeof(storage::Hash)};
    event.seals = {edition + piece.seals_at, piece.seals};
    event.payload = {edition + piece.payload_at, piece.payload};
    return event;
  }
};
struct Failure {
  std::uint64_t position;
  storage::Error error;
};

/// Folds the events of one part.
std::optional<Failure> fold_all(States& states, std::size_t part, const Stretch& stretch) {
  const auto& [octets, pieces] = stretch.parts[part];
  // Events ahead for which memory is asked: enough to hide that it is far, few enough not to be forgotten again.
  constexpr std::size_t kPlace = 24;
  constexpr std::size_t kObjet = 16;
  constexpr std::size_t kValues = 8;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto hash = [&](std::size_t ahead) { return pieces[std::min(i + ahead, pieces.size() - 1)].hash; };
    states.expect(part, hash(kPlace), hash(kObjet), hash(kValues));
    if (auto ok = states.fold(Stretch::view(octets, pieces[i]), pieces[i].hash); !ok)
      return Failure{pieces[i].position.value, damaged(std::move(ok.error()))};
  }
  return std::nullopt;
}

storage::Result<void> read_alone(storage::Journal& journal, const std::string& wanted, States& states) {
  constexpr std::size_t kPieces = 256;  // what they hold stays in the processor's cache until it is folded
  Stretch stretch(1);
  std::optional<Failure> failed;
  auto done = journal.scan({}, [&](const EventView& event) {
    if (!is_chosen(event.flux, wanted)) return true;
    stretch.add(0, event, States::hash_of(event.flux));
    const auto& [octets, pieces] = stretch.parts[0];
    if (pieces.size() < kPieces && octets.size() < Stretch::kMostOctets) return true;
    failed = fold_all(states, 0, stretch);
    stretch.clear();
    return !failed;
  });
  if (!failed) failed = fold_all(states, 0, stretch);
  if (failed) return std::unexpected(std::move(failed->error));
  return done;
}

/// Several threads read and fold together, in rounds: each reads a stretch of positions and puts its events aside by
/// part, then folds its own part of all stretches of the round before, in order of positions. As everyone has long read
/// that round, hardly anyone waits.
class Together {
 public:
  // Positions that a thread reads in a round: enough that changing rounds does not show, few enough that what was read
  // is still in the processor's cache when it is folded.
  static constexpr std::uint64_t kPositions = 1024;

  Together(storage::Journal& journal, const std::string& wanted, States& states, unsigned threads, std::uint64_t events)
      : journal_(journal), wanted_(wanted), states_(states), threads_(threads), events_(events) {
    for (unsigned i = 0; i < threads; ++i) shares_.emplace_back(threads);
  }

  /// False, and nothing is done, when the system has no room for the threads.
  storage::Result<bool> run() {
    if (!all_work()) return false;
    const Failure* first = nullptr;
    for (const Share& share : shares_) {
      if (share.failure && (first == nullptr || share.failure->position < first->position)) first = &*share.failure;
    }
    if (first != nullptr) return std::unexpected(first->error);
    return true;
  }

 private:
  // Rounds whose stretches are kept: the one that is read, the one that is folded, and one for those who are behind.
  static constexpr std::size_t kRounds = 3;

  /// What one thread has read and how far it is; the others wait for that.
  struct alignas(2 * kLine) Share {
    explicit Share(std::size_t parts) : stretches(kRounds, Stretch(parts)) {}
    std::vector<Stretch> stretches;
    std::atomic<std::uint64_t> read = 0, folded = 0;  // rounds
    std::optional<Failure> failure;
  };

  static void advance(std::atomic<std::uint64_t>& counter) {
    counter.fetch_add(1, std::memory_order_release);
    counter.notify_all();
  }
  static void wait_for(const std::atomic<std::uint64_t>& counter, std::uint64_t rounds) {
    for (std::uint64_t is = 0; (is = counter.load(std::memory_order_acquire)) < rounds;) {
      counter.wait(is, std::memory_order_acquire);
    }
  }

  bool all_work() {
    enum Word : int { kWait, kGo, kGiveUp };
    std::atomic<int> word = kWait;
    const auto say = [&word](Word said) {
      word = said;
      word.notify_all();
    };
    std::vector<std::jthread> others;
    try {
      for (unsigned i = 1; i < threads_; ++i) {
        others.emplace_back([this, i, &word] {
          word.wait(kWait);
          if (word == kGo) work(i);
        });
      }
    } catch (const std::system_error&) {
      say(kGiveUp);
      return false;
    }
    say(kGo);
    work(0);
    return true;
  }

  // What is thrown in a thread stays there: the others would wait for it.
  static Failure failure_at(std::uint64_t position, const std::exception& thrown) {
    const bool memory = dynamic_cast<const std::bad_alloc*>(&thrown) != nullptr;
    return {position,
            {storage::ErrorKind::kIo, fmt::format("la lecture des états s'arrête vers la position {} : {}", position,
                                                  memory ? "mémoire insuffisante" : thrown.what())}};
  }

  // A thread that has failed goes on without doing anything, so that nobody waits for it.
  void work(unsigned self) {
    Share& mine = shares_[self];
    const std::uint64_t all = threads_ * kPositions;
    std::uint64_t round = 0;
    const auto end_round = [&] {
      advance(mine.read);
      if (round > 0) fold(self, round - 1);
      if (++round < kRounds) return;
      // The stretch of that number is read anew: nobody needs what it held any more.
      for (const Share& share : shares_) wait_for(share.folded, round - kRounds + 1);
      mine.stretches[round % kRounds].clear();
    };
    const storage::ScanRange range{
        .from = {self * kPositions}, .to = {events_}, .take = kPositions, .skip = all - kPositions};
    const auto read = [&](const EventView& event) {
      while (round < event.position.value / all) end_round();
      if (!is_chosen(event.flux, wanted_)) return true;
      const std::size_t hash = States::hash_of(event.flux);
      mine.stretches[round % kRounds].add(states_.part_of(hash), event, hash);
      return !mine.failure;
    };
    const auto here = [&] { return round * all + self * kPositions; };
    try {
      auto done = journal_.scan(range, read);
      if (!done && !mine.failure) mine.failure = Failure{here(), std::move(done.error())};
    } catch (const std::exception& thrown) {
      if (!mine.failure) mine.failure = failure_at(here(), thrown);
    }
    for (const std::uint64_t rounds = (events_ + all - 1) / all; round < rounds;) end_round();
    if (round > 0) fold(self, round - 1);
  }

  void fold(unsigned self, std::uint64_t round) {
    auto& failure = shares_[self].failure;
    for (const Share& share : shares_) {
      wait_for(share.read, round + 1);
      try {
        if (!failure) failure = fold_all(states_, self, share.stretches[round % kRounds]);
      } catch (const std::exception& thrown) {
        failure = failure_at(round * threads_ * kPositions, thrown);
      }
    }
    advance(shares_[self].folded);
  }

  storage::Journal& journal_;
  const std::string& wanted_;
  States& states_;
  const unsigned threads_;
  const std::uint64_t events_;
  std::deque<Share> shares_;
};

}  // namespace

storage::Result<States> read_states(storage::Journal& journal, const StatesOptions& options) {
  auto info = journal.info();
  if (!info) return std::unexpected(std::move(info.error()));
  const std::uint64_t events = info->next.value;
  // One more thread is worth its while for a few thousand events.
  const auto threads = static_cast<unsigned>(std::clamp<std::uint64_t>(
      options.threads, 1, std::min<std::uint64_t>(kMaxThreads, 1 + events / Together::kPositions)));
  States states(threads);
  if (threads > 1) {
    auto done = Together(journal, options.category, states, threads, events).run();
    if (!done) return std::unexpected(std::move(done.error()));
    if (*done) return states;
  }
  if (auto done = read_alone(journal, options.category, states); !done) return std::unexpected(std::move(done.error()));
  return states;
}

}  // namespace assemblier::engine
