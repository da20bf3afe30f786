#include "engine/engine.hpp"

#include "engine/calendar.hpp"
#include "engine/shell.hpp"
#include "engine/wording.hpp"

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

std::int64_t system_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Names are compared in NFC; one that is not UTF-8 is no flux.
std::string named(std::string_view flux) {
  std::string name(flux);
  return normalise(name) ? name : std::string();
}

std::unexpected<storage::Error> damaged(std::string message) {
  return std::unexpected(storage::Error{storage::ErrorKind::kDamaged, std::move(message)});
}

}  // namespace

Engine::Impl::Impl(storage::Journal& j, EngineOptions o) : journal(j), options(std::move(o)), editions(j) {
  if (!options.clock) options.clock = system_now;
  if (!options.random) {
    std::random_device device;
    const std::uint64_t seed = (std::uint64_t{device()} << 32U) ^ device();
    options.random = [generator = std::mt19937_64(seed)]() mutable { return generator(); };
  }
}

storage::Result<State> Engine::Impl::fold_flux(std::string_view flux) {
  State state;
  std::expected<void, std::string> folded;
  auto done = journal.read_flux(flux, {}, [&](const storage::StoredEvent& stored) {
    folded = fold(state, stored);
    return folded.has_value();
  });
  if (!done) return std::unexpected(std::move(done.error()));
  if (!folded) return damaged(std::move(folded.error()));
  return state;
}

storage::Result<Live> Engine::Impl::load(const std::string& flux) {
  ++counters.loads;
  auto state = fold_flux(flux);
  if (!state) return std::unexpected(std::move(state.error()));
  return typed(flux, std::move(*state));
}

storage::Result<Live> Engine::Impl::typed(const std::string& flux,
                                          std::expected<std::optional<State>, std::string> state) {
  if (!state) return damaged(std::move(state.error()));
  if (!*state || !(*state)->exists()) {
    Live absent;
    absent.flux = flux;
    return absent;
  }
  auto edition = editions.get((*state)->edition);
  if (!edition) return std::unexpected(std::move(edition.error()));
  auto live = bring(**state, *edition);
  if (!live) return damaged(std::move(live.error()));
  return std::move(*live);
}

storage::Result<Slot*> Engine::Impl::slot(const std::string& flux) {
  if (const auto at = by_flux_.find(flux); at != by_flux_.end()) {
    ++counters.hits;
    slots_.splice(slots_.begin(), slots_, at->second);
    Slot& found = slots_.front();
    if (found.stale && found.jobs.empty()) {
      auto again = load(flux);
      if (!again) return std::unexpected(std::move(again.error()));
      found.live = std::move(*again);
      found.stale = false;
    }
    return &found;
  }
  auto live = load(flux);
  if (!live) return std::unexpected(std::move(live.error()));
  // States with actes under way stay: they cannot be read again from the journal.
  for (auto last = slots_.end(); slots_.size() >= options.live_objets && last != slots_.begin();) {
    --last;
    if (!last->jobs.empty()) continue;
    by_flux_.erase(last->flux);
    last = slots_.erase(last);
  }
  slots_.push_front({.flux = flux, .live = std::move(*live)});
  by_flux_.emplace(slots_.front().flux, slots_.begin());
  return &slots_.front();
}

Engine::Engine(storage::Journal& journal, EngineOptions options)
    : impl_(std::make_unique<Impl>(journal, std::move(options))) {}
Engine::~Engine() = default;

storage::Result<Publication> Engine::publish(std::string_view text) {
  dsl::Compiled compiled = dsl::compile(text);
  Publication publication{.diagnostics = std::move(compiled.diagnostics)};
  if (!compiled.program) return publication;
  const dsl::Program& program = *compiled.program;
  if (program.has_personal()) {
    auto info = impl_->journal.info();
    if (!info) return std::unexpected(std::move(info.error()));
    if (!info->seals) {
      return std::unexpected(storage::Error{
          storage::ErrorKind::kKey,
          "cette édition déclare des données personnelles, et ce journal n'a pas de clef maîtresse pour les sceller ; "
          "en créer une par « clef maitresse », puis publier avec --clef-maitresse"});
    }
  }
  const storage::Hash hash = storage::sha256(text);
  const std::string hex = storage::to_hex(hash);
  storage::NewEvent event;
  event.flux = std::string(kEditionPrefix) + hex.substr(0, 16);
  event.type = kPublication;
  event.date_effet = paris_day(impl_->now()).days;
  event.acte_id = std::string(kPublication) + "/" + hex;
  event.event_id = storage::new_event_id(event.acte_id, 0);
  event.edition = hash;
  event.payload = encode_publication({.title = program.title,
                                      .millesime = program.millesime,
                                      .from = program.from,
                                      .to = program.to,
                                      .text = std::string(text)});
  storage::AppendRequest request;
  request.expected.push_back({.flux = event.flux, .kind = storage::Expectation::Kind::kNone});
  request.outcome = storage::Outcome{.acte_id = event.acte_id, .fingerprint = hash, .answer = {}};
  request.events.push_back(std::move(event));
  auto done = impl_->journal.append(std::move(request));
  if (!done) return std::unexpected(std::move(done.error()));
  publication.already = done->already;
  if (auto refreshed = impl_->editions.refresh(); !refreshed) return std::unexpected(std::move(refreshed.error()));
  auto edition = impl_->editions.keep(hash, std::move(compiled.program));
  if (!edition) return std::unexpected(std::move(edition.error()));
  publication.edition = std::move(*edition);
  return publication;
}

storage::Result<std::vector<EditionInfo>> Engine::editions() { return impl_->editions.list(); }
storage::Result<EditionPtr> Engine::edition(const storage::Hash& hash) { return impl_->editions.get(hash); }
storage::Result<EditionPtr> Engine::find_edition(std::string_view wanted) { return impl_->editions.find(wanted); }
storage::Result<std::string> Engine::edition_text(const storage::Hash& hash) { return impl_->editions.text(hash); }

Answer Engine::submit(const Request& request) {
  Answer answer;
  Pipeline pipeline(*this, [&answer](std::uint64_t, const Answer& given) { answer = given; });
  impl_->alone = impl_->under_way() == 0;
  pipeline.push(request);
  impl_->alone = false;
  pipeline.finish();
  return answer;
}

storage::Result<std::optional<State>> Engine::state(std::string_view flux) {
  auto state = impl_->fold_flux(named(flux));
  if (!state) return std::unexpected(std::move(state.error()));
  if (!state->exists()) return std::nullopt;
  return std::move(*state);
}

storage::Result<std::optional<Live>> Engine::live(std::string_view flux) {
  auto live = impl_->load(named(flux));
  if (!live) return std::unexpected(std::move(live.error()));
  if (!live->exists()) return std::nullopt;
  return std::move(*live);
}

storage::Result<std::vector<Inscrit>> Engine::history(std::string_view flux) {
  std::vector<Inscrit> events;
  std::string bad;
  auto done = impl_->journal.read_flux(named(flux), {}, [&](const storage::StoredEvent& stored) {
    auto event = read_event(stored);
    if (!event) {
      bad = event.error();
      return false;
    }
    events.push_back(std::move(*event));
    return true;
  });
  if (!done) return std::unexpected(std::move(done.error()));
  if (!bad.empty()) return damaged(std::move(bad));
  return events;
}

storage::Result<std::vector<std::string>> Engine::objets(std::string_view category) {
  std::vector<std::string> all;
  auto done =
      impl_->journal.list_flux(std::string(category) + "/", [&all](std::string_view flux, const storage::FluxHead&) {
        all.emplace_back(flux);
        return true;
      });
  if (!done) return std::unexpected(std::move(done.error()));
  return all;
}

storage::Journal& Engine::journal() { return impl_->journal; }
const EngineCounters& Engine::counters() const { return impl_->counters; }

}  // namespace assemblier::engine
