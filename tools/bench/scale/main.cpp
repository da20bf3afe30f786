// What grows with a journal and what must not. For each size: a journal of that many events of about 400 octets, made
// once beside the program through the real writer; then, each in a process of its own, so that its peak memory is its
// own: opening, one dossier read cold, appending, reading, replaying.
//
//   assemblier_scale                      100 000 events
//   assemblier_scale 1000000 10000000     1 and 5 GB on the disk

#include "engine/states.hpp"
#include "storage/journal.hpp"
#include "storage/rocksdb_files.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace assemblier;
namespace fs = std::filesystem;

constexpr std::size_t kObjets = 50'000;  // whatever the number of events: states do not grow
constexpr std::size_t kDossiers = 500;   // of 30 events each, from one end of the journal to the other
constexpr std::size_t kDossierEvents = 30;
constexpr storage::Position kEnd{std::numeric_limits<std::uint64_t>::max()};

template <class T>
T must(storage::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void require(const rocksdb::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Says what `measure` says, and the peak memory of the process it ran in.
void apart(const char* what, const std::function<std::string()>& measure) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    int code = 0;
    try {
      fmt::print("  {:<22}{}", what, measure());
    } catch (const std::exception& error) {
      fmt::print("  {:<22}échec : {}", what, error.what());
      code = 1;
    }
    std::fflush(stdout);
    ::_exit(code);
  }
  int status = 0;
  rusage used{};
  if (::wait4(child, &status, 0, &used) != child || status != 0) throw std::runtime_error("");
  fmt::print(" ; mémoire {} Mo\n", used.ru_maxrss / 1024);
}

std::string flux_of(std::size_t position, std::size_t events, std::mt19937_64& random) {
  const std::size_t stride = events / kDossierEvents;
  if (position < stride * kDossierEvents && position % stride < kDossiers)
    return fmt::format("dossier/d{:04}", position % stride);
  return fmt::format("dossier/{:06}", random() % kObjets);
}

storage::NewEvent event_at(std::size_t position, std::size_t events, std::mt19937_64& random) {
  static const storage::Hash edition = storage::sha256("édition");
  static constexpr const char* kEtats[] = {"déposé", "recevable", "voté"};
  engine::ActePayload payload;
  payload.objet = "Dossier";
  payload.from = kEtats[random() % 3];
  payload.to = kEtats[random() % 3];
  payload.changes.push_back(
      {.field = "montant", .value = engine::Datum(dsl::Montant{static_cast<std::int64_t>(random() % 10'000'000)})});
  payload.changes.push_back({.kind = engine::Change::Kind::kEntry,
                             .field = "positions",
                             .key = fmt::format("financeur {}", random() % 12),
                             .value = engine::Datum("favorable")});
  payload.changes.push_back(
      {.field = "dernier échange", .value = engine::Datum(fmt::format("{:x}", random() % 1'000'000'000))});
  const std::string acte = fmt::format("{:016x}{:016x}", random(), position);
  storage::NewEvent event{.flux = flux_of(position, events, random),
                          .type = "échange",
                          .date_effet = static_cast<std::int32_t>(19'000 + position * 1000 / events),
                          .role = "agent",
                          .author = "Ici",
                          .acte_id = acte};
  event.event_id = storage::new_event_id(acte, 0);
  event.edition = edition;
  event.payload = engine::encode_payload(payload);
  return event;
}

/// Appends `count` events, one an acte, thousands of actes under way.
void append(storage::Journal& journal, std::size_t first, std::size_t count, std::size_t events) {
  constexpr std::size_t kAtOnce = 4096;
  std::mt19937_64 random(first);
  std::future<std::vector<storage::Result<storage::AppendResult>>> before;
  const auto settle = [&before] {
    if (!before.valid()) return;
    for (auto& answer : before.get()) static_cast<void>(must(std::move(answer)));
  };
  for (std::size_t done = 0; done < count;) {
    std::vector<storage::AppendRequest> requests;
    for (; requests.size() < kAtOnce && done < count; ++done) {
      storage::AppendRequest& request = requests.emplace_back();
      request.events.push_back(event_at(first + done, events, random));
      request.outcome = storage::Outcome{
          .acte_id = request.events.front().acte_id, .fingerprint = storage::sha256("demande"), .answer = "réponse"};
    }
    settle();
    before = journal.submit_all(std::move(requests));
  }
  settle();
}

std::string rate(std::size_t events, double seconds) {
  return fmt::format("{:.0f} milliers d'événements/s", static_cast<double>(events) / seconds / 1e3);
}

class Scale {
 public:
  explicit Scale(std::size_t events) : events_(events), place_(fmt::format("scale-{}", events)) {}

  void run() {
    if (!fs::exists(place_)) {
      fs::remove_all(place_ + ".part");
      apart("faire", [this] { return made(); });
      fs::rename(place_ + ".part", place_);
    }
    fmt::print("{} événements, {} Mo sur le disque\n", events_, size() >> 20U);
    apart("ouvrir", [this] { return opened(false); });
    apart("ouvrir en lecture", [this] { return opened(true); });
    apart("dossier, à froid", [this] { return dossier(); });
    apart("inscrire", [this] { return appended(); });
    apart("balayage nu", [this] { return raw(); });
    apart("balayage", [this] { return scanned(); });
    apart("lecture vérifiée", [this] { return read(); });
    apart("états, un fil", [this] { return replayed(1); });
    apart("états, deux fils", [this] { return replayed(2); });
  }

 private:
  std::string made() {
    storage::JournalOptions options;
    options.limits.batch_events = 4096;  // fewer syncs: only what comes out matters here
    auto journal = must(storage::create_rocksdb(place_ + ".part", std::move(options)));
    return rate(events_, seconds_of([&] { append(*journal, 0, events_, events_); }));
  }

  std::uint64_t size() const {
    std::uint64_t octets = 0;
    for (const auto& entry : fs::directory_iterator(place_)) octets += entry.file_size();
    return octets;
  }

  std::unique_ptr<storage::Journal> open(bool read_only) {
    return must(storage::open_rocksdb(place_, {.read_only = read_only}));
  }

  std::string opened(bool read_only) {
    std::unique_ptr<storage::Journal> journal;
    return fmt::format("{:.3f} s", seconds_of([&] { journal = open(read_only); }));
  }

  // Each in a journal opened anew: nothing of it is in RocksDB's cache, and no table is open.
  std::string dossier() {
    std::vector<double> all;
    for (std::size_t i = 0; i < 31; ++i) {
      auto journal = open(true);
      all.push_back(seconds_of([&] {
        engine::State state;
        std::size_t folded = 0;
        must(journal->read_flux(fmt::format("dossier/d{:04}", i * 16), {}, [&](const storage::StoredEvent& event) {
          return folded += engine::fold(state, event).has_value() ? 1 : 0, true;
        }));
        if (folded != kDossierEvents || state.events != folded) throw std::runtime_error("dossier incomplet");
      }));
    }
    std::ranges::sort(all);
    return fmt::format("{:.3f} ms (médiane), {:.3f} ms (au pire)", all[all.size() / 2] * 1e3, all.back() * 1e3);
  }

  std::string appended() {
    constexpr std::size_t kAppended = 20'000;
    auto journal = open(false);
    const std::size_t first = must(journal->info()).next.value;
    return rate(kAppended, seconds_of([&] { append(*journal, first, kAppended, events_); }));
  }

  std::string raw() {
    rocksdb::DB* opened = nullptr;
    require(rocksdb::DB::OpenForReadOnly(storage::make_options(nullptr), place_, &opened));
    const std::unique_ptr<rocksdb::DB> database(opened);
    std::size_t seen = 0;
    double least = std::numeric_limits<double>::max();
    for (int turn = 0; turn < 3; ++turn) {
      seen = 0;
      least = std::min(least, seconds_of([&] {
                         const rocksdb::Slice end("f");
                         rocksdb::ReadOptions options;
                         options.total_order_seek = true;
                         options.fill_cache = false;
                         options.readahead_size = 1U << 20U;
                         options.iterate_upper_bound = &end;
                         const std::unique_ptr<rocksdb::Iterator> at(database->NewIterator(options));
                         for (at->Seek("e"); at->Valid(); at->Next()) seen += at->value().size() != 0 ? 1 : 0;
                         require(at->status());
                       }));
    }
    return rate(seen, least);
  }

  std::string thrice(const std::function<std::size_t(storage::Journal&)>& walk) {
    auto journal = open(true);
    std::size_t seen = 0;
    double least = std::numeric_limits<double>::max();
    for (int turn = 0; turn < 3; ++turn) least = std::min(least, seconds_of([&] { seen = walk(*journal); }));
    return rate(seen, least);
  }

  std::string scanned() {
    return thrice([](storage::Journal& journal) {
      std::size_t seen = 0;
      must(journal.scan({}, [&](const storage::EventView&) { return ++seen, true; }));
      return seen;
    });
  }

  std::string read() {
    auto journal = open(true);
    std::size_t seen = 0;
    const double seconds =
        seconds_of([&] { must(journal->read_all({}, [&](const storage::StoredEvent&) { return ++seen, true; })); });
    return rate(seen, seconds);
  }

  std::string replayed(unsigned threads) {
    return thrice([threads](storage::Journal& journal) {
      const auto states = must(engine::read_states(journal, {.threads = threads}));
      std::size_t seen = 0;
      const auto done = states.each([&](const engine::State& state) { return seen += state.events, true; });
      if (!done) throw std::runtime_error(done.error());
      return seen;
    });
  }

  const std::size_t events_;
  const std::string place_;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::size_t> sizes;
  for (const std::string_view word : std::vector<std::string_view>(argv + 1, argv + argc)) {
    std::size_t size = 0;
    const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), size);
    if (status != std::errc() || end != word.data() + word.size() || size < kDossiers * kDossierEvents) {
      fmt::print(stderr, "{} : un nombre d'événements est attendu, {} au moins\n", word, kDossiers * kDossierEvents);
      return 2;
    }
    sizes.push_back(size);
  }
  if (sizes.empty()) sizes.push_back(100'000);
  try {
    for (const std::size_t size : sizes) Scale(size).run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
