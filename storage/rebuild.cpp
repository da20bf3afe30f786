#include "storage/rebuild.hpp"

#include "storage/reading.hpp"
#include "storage/tree.hpp"

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

constexpr std::size_t kBatchOctets = std::size_t{4} << 20U;

template <class... Args>
std::unexpected<Error> wrong(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{ErrorKind::kDamaged, fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace

Result<void> Rebuild::begin() {
  const auto view = store_.view();
  auto counters = read_counters(*view);
  if (!counters) return std::unexpected(std::move(counters.error()));
  auto tree = Tree(*view, counters->events, true).frontier();
  if (!tree) return std::unexpected(std::move(tree.error()));
  counters_ = *counters;
  tree_ = std::move(*tree);
  return {};
}

Result<void> Rebuild::add(std::string_view stored) {
  if (auto ok = decode_event_into(stored, event_); !ok) return wrong("ce n'est pas un événement : {}", ok.error());
  const Header& header = event_.header;
  if (header.position.value != seen_) {
    return wrong("l'événement est à la position {}, la {} est attendue : il en manque, ou l'ordre a changé",
                 header.position.value, seen_);
  }
  if (seen_ < size()) return there_already(stored);
  if (size() > 0 && header.instant_us < counters_.instant_us) return wrong("{} recule dans le temps", name_of(header));
  auto before = head(header.flux);
  if (!before) return std::unexpected(std::move(before.error()));
  const std::uint64_t version = *before ? (*before)->version.value + 1 : 0;
  if (header.version.value != version)
    return wrong("{} : la version {} est attendue dans ce flux", name_of(header), version);
  if (header.previous != (*before ? (*before)->hash : Hash{}))
    return wrong("{} : la chaîne se rompt, l'événement d'avant n'est pas celui que celui-ci nomme", name_of(header));

  const Hash hash = event_hash(stored);
  store_.put(event_key(header.position), stored);
  store_.put(index_key(header.flux, header.version), encode_entry({header.position, hash}));
  if (version == 0) {
    store_.put(flux_key(header.flux), encode_position(header.position));
    ++counters_.flux;
  }
  tree_.append(hash, [this](unsigned level, std::uint64_t index, const Hash& node) {
    if (is_kept(level)) store_.put(tree_key(level, index), to_bytes(node));
  });
  for (const Seal& seal : header.seals) {
    if (auto ok = on_seal_(seal); !ok) return ok;
  }
  pending_[header.flux] = {.version = header.version, .hash = hash, .position = header.position};
  seen_ = ++counters_.events;
  counters_.instant_us = header.instant_us;
  return maybe_commit(stored.size() + header.flux.size());
}

Result<void> Rebuild::there_already(std::string_view stored) {
  auto here = store_.get(event_key(Position{seen_}));
  if (!here) return std::unexpected(std::move(here.error()));
  if (!*here || **here != stored) return wrong("le journal tient déjà un autre événement à la position {}", seen_);
  ++seen_;
  return {};
}

Result<std::optional<FluxHead>> Rebuild::head(const std::string& flux) {
  if (const auto here = pending_.find(flux); here != pending_.end()) return here->second;
  if (const FluxHead* const kept = heads_.find(flux)) return *kept;
  if (flux.empty() || flux.find('\0') != std::string::npos) return wrong("nom de flux impossible");
  return read_head(*store_.view(), flux);
}

Result<void> Rebuild::add(const StoredOutcome& outcome) {
  const std::string& id = outcome.outcome.acte_id;
  if (outcome.first.value > size() || size() - outcome.first.value < outcome.count)
    return wrong("la réponse de l'acte « {} » compte des événements qui ne sont pas là", id);
  const Bytes record = encode_outcome(outcome);
  Result<std::optional<Bytes>> before = std::nullopt;
  if (const auto here = pending_outcomes_.find(id); here != pending_outcomes_.end()) {
    before = here->second;
  } else {
    before = store_.get(outcome_key(id));
  }
  if (!before) return std::unexpected(std::move(before.error()));
  if (*before && **before == record) return {};
  if (*before) return wrong("le journal tient déjà une autre réponse de l'acte « {} »", id);
  store_.put(outcome_key(id), record);
  pending_outcomes_.emplace(id, record);
  ++counters_.outcomes;
  return maybe_commit(record.size());
}

Result<void> Rebuild::maybe_commit(std::size_t octets) {
  octets_ += octets;
  return octets_ < kBatchOctets ? Result<void>() : commit();
}

Result<void> Rebuild::commit() {
  store_.put(counters_key(), encode_counters(counters_));
  if (origin_ == Origin::kElsewhere) store_.put(foreign_key(), encode_position({counters_.events}));
  if (auto ok = store_.commit(); !ok) return ok;
  octets_ = 0;
  for (const auto& [flux, head] : pending_) heads_.put(flux, head);
  pending_.clear();
  pending_outcomes_.clear();
  return {};
}

}  // namespace assemblier::storage
