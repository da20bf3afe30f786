#include "storage/reading.hpp"

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

// The event of one index entry, wholly checked but for its chain.
Result<StoredEvent> event_at(View& view, std::string_view flux, Version version, Position position) {
  auto stored = view.get(event_key(position));
  if (!stored) return std::unexpected(std::move(stored.error()));
  if (!*stored) {
    return damaged("la position {} manque, où doit être l'événement « {} » version {}", position.value, flux,
                   version.value);
  }
  auto event = decode_event(**stored);
  if (!event) {
    return damaged("la position {} (flux {}, version {}) ne porte plus ce qui a été écrit : {}", position.value, flux,
                   version.value, event.error());
  }
  const Header& header = event->header;
  if (header.position != position || header.flux != flux || header.version != version) {
    return damaged("la position {} devait porter « {} » version {}, elle porte {}", position.value, flux, version.value,
                   name_of(header));
  }
  return std::move(*event);
}

Result<std::optional<FluxHead>> head_of(View& view, std::string_view flux) {
  auto value = view.get(head_key(flux));
  if (!value) return std::unexpected(std::move(value.error()));
  if (!*value) return std::nullopt;
  auto head = decode_head(**value);
  if (!head) return damaged("la tête du flux « {} » est illisible", flux);
  return head;
}

// The walk of read_flux: what is expected of the next event.
struct FluxWalk {
  View& view;
  std::string_view flux;
  Version next;
  Hash previous{};
  std::optional<Position> last;

  Result<StoredEvent> step(std::string_view key, std::string_view value) {
    const auto index = decode_index_key(key);
    const auto position = decode_position(value);
    if (!index || !position) return damaged("une entrée de l'index du flux « {} » est illisible", flux);
    if (index->version != next) {
      return damaged("le flux « {} » passe de la version attendue {} à la version {}", flux, next.value,
                     index->version.value);
    }
    if (last && *position <= *last) {
      return damaged("le flux « {} » recule de la position {} à la position {} à sa version {}", flux, last->value,
                     position->value, next.value);
    }
    auto event = event_at(view, flux, next, *position);
    if (!event) return event;
    if (!last && next.value > 0) {
      if (auto ok = start(); !ok) return std::unexpected(std::move(ok.error()));
    }
    if (event->header.previous != previous) {
      return damaged("la chaîne se rompt à {} : son prédécesseur n'est pas celui qu'elle a scellé",
                     name_of(event->header));
    }
    previous = event_hash(event->stored);
    last = *position;
    ++next.value;
    return event;
  }

  // Begins in the middle of a flux: the link to what comes before is checked too.
  Result<void> start() {
    const Version before{next.value - 1};
    auto value = view.get(index_key(flux, before));
    if (!value) return std::unexpected(std::move(value.error()));
    const auto position = *value ? decode_position(**value) : std::nullopt;
    if (!position) return damaged("la version {} du flux « {} » n'est plus dans l'index", before.value, flux);
    auto event = event_at(view, flux, before, *position);
    if (!event) return std::unexpected(std::move(event.error()));
    previous = event_hash(event->stored);
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
  if (header.previous != expected) {
    return damaged("la chaîne se rompt à {} : son prédécesseur n'est pas celui qu'elle a scellé", name_of(header));
  }
  return {};
}

// Hash of the stored bytes of the version before.
Result<Hash> ChainChecker::look_up(const Header& header) {
  auto index = view_.get(index_key(header.flux, Version{header.version.value - 1}));
  if (!index) return std::unexpected(std::move(index.error()));
  const auto position = *index ? decode_position(**index) : std::nullopt;
  if (!position || *position >= header.position) {
    return damaged("{} n'a pas de prédécesseur dans l'index de son flux", name_of(header));
  }
  auto stored = view_.get(event_key(*position));
  if (!stored) return std::unexpected(std::move(stored.error()));
  if (!*stored) return damaged("le prédécesseur de {}, position {}, manque", name_of(header), position->value);
  return event_hash(**stored);
}

Result<void> read_flux(View& view, std::string_view flux, Version from, const EventVisitor& visit) {
  if (flux.empty() || flux.find('\0') != std::string_view::npos) return {};
  auto head = head_of(view, flux);
  if (!head) return std::unexpected(std::move(head.error()));
  Bytes end = index_key(flux, Version{0});
  end.resize(end.size() - 8);
  FluxWalk walk{.view = view, .flux = flux, .next = from, .previous = {}, .last = {}};
  const auto cursor = view.scan(index_key(flux, from), prefix_end(end));
  for (; cursor->valid(); cursor->next()) {
    auto event = walk.step(cursor->key(), cursor->value());
    if (!event) return std::unexpected(std::move(event.error()));
    if (!visit(*event)) return {};
  }
  if (auto ok = cursor->status(); !ok) return ok;
  if (!*head) {
    if (walk.last) return damaged("le flux « {} » a des événements et pas de tête", flux);
    return {};
  }
  const FluxHead& last = **head;
  if (last.version.value >= walk.next.value) {
    return damaged("le flux « {} » s'arrête avant sa version {}, la dernière est la {}", flux, walk.next.value,
                   last.version.value);
  }
  if (walk.last &&
      (last.version.value + 1 != walk.next.value || last.position != *walk.last || last.hash != walk.previous)) {
    return damaged("la tête du flux « {} » ne correspond pas à son dernier événement, position {}", flux,
                   walk.last->value);
  }
  return {};
}

Result<void> read_all(View& view, Position from, const EventVisitor& visit) {
  auto counters = read_counters(view);
  if (!counters) return std::unexpected(std::move(counters.error()));
  ChainChecker chain(view);
  std::uint64_t next = from.value;
  std::int64_t instant = std::numeric_limits<std::int64_t>::min();
  const auto cursor = view.scan(event_key(from), tag_end(Tag::kEvent));
  for (; cursor->valid(); cursor->next()) {
    const auto position = decode_event_key(cursor->key());
    if (!position) return damaged("clé d'événement illisible ({})", to_hex(cursor->key()));
    if (position->value != next) return damaged("{} manquent", name_range(next, position->value - 1));
    if (next >= counters->events) {
      return damaged("la position {} est en trop : le journal compte {} événements", next, counters->events);
    }
    auto event = decode_event(cursor->value());
    if (!event) return damaged("la position {} ne porte plus ce qui a été écrit : {}", next, event.error());
    if (event->header.position != *position) {
      return damaged("la position {} porte l'événement {}", next, name_of(event->header));
    }
    if (event->header.instant_us < instant) return damaged("{} recule dans le temps", name_of(event->header));
    if (auto ok = chain.check(*event); !ok) return ok;
    instant = event->header.instant_us;
    ++next;
    if (!visit(*event)) return {};
  }
  if (auto ok = cursor->status(); !ok) {
    if (ok.error().kind != ErrorKind::kDamaged) return ok;
    return damaged("les événements ne se lisent plus à partir de la position {} ({})", next, ok.error().message);
  }
  if (next < counters->events) return damaged("{} manquent", name_range(next, counters->events - 1));
  return {};
}

Result<void> list_flux(View& view, std::string_view prefix,
                       const std::function<bool(std::string_view, const FluxHead&)>& visit) {
  if (prefix.find('\0') != std::string_view::npos) return {};  // no flux has that octet
  const Bytes begin = head_key(prefix);
  const auto cursor = view.scan(begin, prefix_end(begin));
  for (; cursor->valid(); cursor->next()) {
    const auto flux = decode_head_key(cursor->key());
    const auto head = decode_head(cursor->value());
    if (!flux || !head) return damaged("la tête d'un flux est illisible (clé {})", to_hex(cursor->key()));
    if (!visit(*flux, *head)) return {};
  }
  return cursor->status();
}

}  // namespace assemblier::storage
