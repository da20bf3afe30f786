#include "storage/reading.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

// Links kept while walking the whole journal: about 200 bytes each, twice this many at most.
constexpr std::size_t kCachedLinks = 65'536;

template <class... Args>
std::unexpected<Error> damaged(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(
      Error{ErrorKind::kDamaged, "journal abîmé : " + fmt::format(format, std::forward<Args>(args)...) +
                                     " ; « journal verifier » donne la liste complète"});
}

std::unexpected<Error> damaged_chain(const Header& header) {
  return damaged("la chaîne se rompt à {} : l'événement d'avant n'est pas celui qu'il a scellé", name_of(header));
}

// What a cursor over the events says when it cannot go on.
std::unexpected<Error> unreadable_from(std::uint64_t next, Error error) {
  if (error.kind != ErrorKind::kDamaged) return std::unexpected(std::move(error));
  return damaged("les événements ne se lisent plus à partir de la position {} ({})", next, error.message);
}

Result<IndexEntry> entry_of(View& view, std::string_view flux, Version version) {
  auto value = view.get(index_key(flux, version));
  if (!value) return std::unexpected(std::move(value.error()));
  const auto entry = *value ? decode_entry(**value) : std::nullopt;
  if (!entry) return damaged("la version {} du flux « {} » n'est plus dans l'index", version.value, flux);
  return *entry;
}

// The event of one index entry, wholly checked but for its chain.
Result<void> load(View& view, const IndexKey& index, const IndexEntry& entry, StoredEvent& event) {
  auto stored = view.get(event_key(entry.position));
  if (!stored) return std::unexpected(std::move(stored.error()));
  if (!*stored) {
    return damaged("la position {} manque, où doit être l'événement « {} » version {}", entry.position.value,
                   index.flux, index.version.value);
  }
  if (auto ok = decode_event_into(**stored, event); !ok) {
    return damaged("la position {} (flux {}, version {}) ne porte plus ce qui a été écrit : {}", entry.position.value,
                   index.flux, index.version.value, ok.error());
  }
  const Header& header = event.header;
  if (header.position != entry.position || header.flux != index.flux || header.version != index.version) {
    return damaged("la position {} devait porter « {} » version {}, elle porte {}", entry.position.value, index.flux,
                   index.version.value, name_of(header));
  }
  if (event_hash(event.stored) != entry.hash) {
    return damaged("{} n'a plus l'empreinte que garde l'index de son flux", name_of(header));
  }
  return {};
}

// The walk of read_flux: what is expected of the next event.
struct FluxWalk {
  View& view;
  std::string_view flux;
  Version next;
  Hash previous{};
  std::optional<IndexEntry> last;
  StoredEvent event{};

  // Checks one entry and its event, which lies in `event` afterwards.
  Result<void> step(std::string_view key, std::string_view value) {
    const auto index = decode_index_key(key);
    const auto entry = decode_entry(value);
    if (!index || !entry) return damaged("une entrée de l'index du flux « {} » est illisible", flux);
    if (index->version != next) {
      return damaged("le flux « {} » passe de la version attendue {} à la version {}", flux, next.value,
                     index->version.value);
    }
    if (last && entry->position <= last->position) {
      return damaged("le flux « {} » recule de la position {} à la position {} à sa version {}", flux,
                     last->position.value, entry->position.value, next.value);
    }
    if (!last && next.value > 0) {
      // Begins in the middle of a flux: the link to what comes before is checked too.
      auto before = entry_of(view, flux, Version{next.value - 1});
      if (!before) return std::unexpected(std::move(before.error()));
      previous = before->hash;
    }
    if (auto ok = load(view, *index, *entry, event); !ok) return ok;
    if (event.header.previous != previous) return damaged_chain(event.header);
    previous = entry->hash;
    last = *entry;
    ++next.value;
    return {};
  }
};

}  // namespace

std::string name_of(const Header& header) {
  return fmt::format("position {} (flux {}, version {})", header.position.value, header.flux, header.version.value);
}

std::string name_range(std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("la position {}", first) : fmt::format("les positions {} à {}", first, last);
}

std::string say_of_range(std::uint64_t first, std::uint64_t last, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", name_range(first, last), first == last ? one : many);
}

Result<Counters> read_counters(View& view) {
  auto value = view.get(counters_key());
  if (!value) return std::unexpected(std::move(value.error()));
  const auto counters = *value ? decode_counters(**value) : std::nullopt;
  if (!counters) return damaged("les compteurs manquent ou sont illisibles");
  return *counters;
}

ChainChecker::ChainChecker(View& view) : view_(view), links_(kCachedLinks) {}

Result<void> ChainChecker::check(const StoredEvent& event) {
  const Header& header = event.header;
  hash_ = event_hash(event.stored);
  predecessor_unreadable_ = false;
  Hash expected{};
  Link* const link = links_.find(header.flux);
  if (link != nullptr && link->version.value + 1 == header.version.value) {
    expected = link->hash;
    *link = Link{header.version, hash_};
  } else {
    const bool repeated = link != nullptr && header.version <= link->version;
    links_.put(header.flux, Link{header.version, hash_});
    if (repeated) return damaged("{} répète une version déjà rencontrée", name_of(header));
    if (header.version.value > 0) {
      auto found = look_up(header);
      if (!found) return std::unexpected(std::move(found.error()));
      expected = *found;
    }
  }
  if (header.previous != expected) return damaged_chain(header);
  return {};
}

// Hash of the version before, as its stored bytes give it now.
Result<Hash> ChainChecker::look_up(const Header& header) {
  auto entry = entry_of(view_, header.flux, Version{header.version.value - 1});
  if (!entry) return std::unexpected(std::move(entry.error()));
  if (entry->position >= header.position) {
    return damaged("{} n'a pas de prédécesseur avant elle dans l'index de son flux", name_of(header));
  }
  auto stored = view_.get(event_key(entry->position));
  if (!stored) {
    predecessor_unreadable_ = true;
    return std::unexpected(std::move(stored.error()));
  }
  if (!*stored) return damaged("le prédécesseur de {}, position {}, manque", name_of(header), entry->position.value);
  return event_hash(**stored);
}

Result<std::optional<FluxHead>> read_head(View& view, std::string_view flux) {
  if (flux.find('\0') != std::string_view::npos) return std::nullopt;  // no flux has that octet
  auto known = view.get(flux_key(flux));
  if (!known) return std::unexpected(std::move(known.error()));
  if (!*known) return std::nullopt;
  return read_last(view, flux);
}

Result<FluxHead> read_last(View& view, std::string_view flux) {
  auto last = view.last(index_begin(flux), index_end(flux));
  if (!last) return std::unexpected(std::move(last.error()));
  const auto index = *last ? decode_index_key((*last)->key) : std::nullopt;
  const auto entry = *last ? decode_entry((*last)->value) : std::nullopt;
  if (!index || !entry) return damaged("l'index du flux « {} » ne donne plus son dernier événement", flux);
  return FluxHead{.version = index->version, .hash = entry->hash, .position = entry->position};
}

Result<void> read_flux(View& view, std::string_view flux, Version from, const EventVisitor& visit) {
  if (flux.empty()) return {};
  auto head = read_head(view, flux);
  if (!head) return std::unexpected(std::move(head.error()));
  if (!*head) return {};
  FluxWalk walk{.view = view, .flux = flux, .next = from, .last = {}};
  const auto cursor = view.scan(index_key(flux, from), index_end(flux));
  for (; cursor->valid(); cursor->next()) {
    if (auto ok = walk.step(cursor->key(), cursor->value()); !ok) return ok;
    if (!visit(walk.event)) return {};
  }
  return cursor->status();
}

Result<void> read_all(View& view, Position from, const EventVisitor& visit) {
  auto counters = read_counters(view);
  if (!counters) return std::unexpected(std::move(counters.error()));
  ChainChecker chain(view);
  std::uint64_t next = from.value;
  std::int64_t instant = std::numeric_limits<std::int64_t>::min();
  StoredEvent event;
  const auto cursor = view.sweep(event_key(from), tag_end(Tag::kEvent));
  for (; cursor->valid(); cursor->next()) {
    const auto position = decode_event_key(cursor->key());
    if (!position) return damaged("clé d'événement illisible ({})", to_hex(cursor->key()));
    if (position->value != next) return damaged("{}", say_of_range(next, position->value - 1, "manque", "manquent"));
    if (next >= counters->events) {
      return damaged("la position {} est en trop : le journal compte {} événements", next, counters->events);
    }
    if (auto ok = decode_event_into(cursor->value(), event); !ok) {
      return damaged("la position {} ne porte plus ce qui a été écrit : {}", next, ok.error());
    }
    if (event.header.position != *position) {
      return damaged("la position {} porte l'événement {}", next, name_of(event.header));
    }
    if (event.header.instant_us < instant) return damaged("{} recule dans le temps", name_of(event.header));
    if (auto ok = chain.check(event); !ok) return ok;
    instant = event.header.instant_us;
    ++next;
    if (!visit(event)) return {};
  }
  if (auto ok = cursor->status(); !ok) return unreadable_from(next, std::move(ok.error()));
  if (next < counters->events) return damaged("{}", say_of_range(next, counters->events - 1, "manque", "manquent"));
  return {};
}

Result<void> scan(View& view, const ScanRange& range, const EventViewVisitor& visit) {
  auto counters = read_counters(view);
  if (!counters) return std::unexpected(std::move(counters.error()));
  const std::uint64_t end = std::min(range.to.value, counters->events);
  std::uint64_t next = range.from.value;
  if (next >= end) return {};
  // The stretch ends there; `end` when there is none behind it.
  const std::uint64_t take = std::max<std::uint64_t>(range.take, 1);
  std::uint64_t stop = next + std::min(take, end - next);
  const auto cursor = view.sweep(event_key(range.from), event_key(Position{end}));
  while (cursor->valid()) {
    const auto event = view_event(cursor->value());
    if (!event) {
      const auto why = decode_event(cursor->value());
      return damaged("la position {} ne porte plus ce qui a été écrit : {}", next,
                     why ? "structure inattendue" : why.error());
    }
    if (event->position.value != next || decode_event_key(cursor->key()) != event->position) {
      const auto position = decode_event_key(cursor->key());
      if (position && position->value > next)
        return damaged("{}", say_of_range(next, position->value - 1, "manque", "manquent"));
      return damaged("la position {} porte l'événement de la position {} (flux {}, version {})", next,
                     event->position.value, event->flux, event->version.value);
    }
    if (!visit(*event)) return {};
    if (++next != stop) {
      cursor->next();
    } else {
      if (stop == end || range.skip >= end - stop) return {};
      next = stop + range.skip;
      stop = next + std::min(take, end - next);
      cursor->seek(event_key(Position{next}));
    }
  }
  if (auto ok = cursor->status(); !ok) return unreadable_from(next, std::move(ok.error()));
  return damaged("{}", say_of_range(next, end - 1, "manque", "manquent"));
}

Result<void> list_flux(View& view, std::string_view prefix,
                       const std::function<bool(std::string_view, const FluxHead&)>& visit) {
  if (prefix.find('\0') != std::string_view::npos) return {};  // no flux has that octet
  const Bytes begin = flux_key(prefix);
  const auto cursor = view.scan(begin, prefix_end(begin));
  for (; cursor->valid(); cursor->next()) {
    const auto flux = decode_flux_key(cursor->key());
    if (!flux) return damaged("le nom d'un flux est illisible (clé {})", to_hex(cursor->key()));
    auto head = read_head(view, *flux);
    if (!head) return std::unexpected(std::move(head.error()));
    if (!visit(*flux, **head)) return {};
  }
  return cursor->status();
}

}  // namespace assemblier::storage
