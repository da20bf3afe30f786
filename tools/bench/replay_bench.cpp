// All events of a journal folded into the states of its objets, each kept and given as a user gets it, beside a raw
// scan of values of the same size. `same_octets_per_s` is a raw scan of the events themselves: they compress to half,
// the limit's values hardly, so that RocksDB has less to read.

#include "engine/engine.hpp"
#include "engine/states.hpp"
#include "tools/bench/raw_rocksdb.hpp"
#include "tools/bench/support.hpp"

#include <optional>
#include <random>
#include <thread>

namespace {

using namespace assemblier;
using bench::must;

constexpr std::size_t kPosts = 50'000;
constexpr std::size_t kYears = 4;

/// As the published file of posts has them: other sums, other bodies, ids that nobody could compress.
engine::Request financing(std::size_t i, std::mt19937_64& random) {
  static constexpr const char* kBodies[] = {"ASSOCIATION DES CENTRES SOCIAUX",
                                            "COMMUNE DE ",
                                            "CENTRE COMMUNAL D'ACTION SOCIALE DE ",
                                            "MAISON DES JEUNES ",
                                            "RÉGIE DE QUARTIER ",
                                            "COLLECTIF DES HABITANTS "};
  const auto year = static_cast<int>(2020 + i / kPosts);
  return {.id = fmt::format("{:016x}{:016x}", random(), random()),
          .acte = "financement",
          .objet = fmt::format("poste/{:08}", i % kPosts),
          .role = "administration",
          .author = "État",
          .date = dsl::make_date(year, 12, 31),
          .donnees = {{"dispositif", engine::Datum(random() % 3 == 0 ? "fonjep" : "adulte-relais")},
                      {"exercice", engine::Datum(std::int64_t{year})},
                      {"versement", engine::Datum(dsl::Montant{static_cast<std::int64_t>(random() % 3'000'000 + 1)})},
                      {"organisme", engine::Datum(fmt::format("{}{}", kBodies[random() % 6], random() % 10'000))},
                      {"tiers", engine::Datum(fmt::format("{:014}", random() % 100'000'000'000'000))}}};
}

/// The posts' journal, opened anew, and the octets of its events.
class Posts {
 public:
  Posts() {
    {
      auto journal = must(storage::create_rocksdb(workspace_ / "replay", {}));
      engine::Engine engine(*journal);
      static_cast<void>(must(engine.publish(bench::slurp(ASSEMBLIER_SOURCE_DIR "/rules/postes.regles"))));
      std::size_t refused = 0;
      engine::Pipeline pipeline(engine, [&refused](std::uint64_t, const engine::Answer& answer) {
        refused += answer.kind == engine::Answer::Kind::kInscrit ? 0 : 1;
      });
      std::mt19937_64 random(1);
      for (std::size_t i = 0; i < kPosts * kYears; ++i) pipeline.push(financing(i, random));
      pipeline.finish();
      if (refused != 0) throw std::runtime_error("a benchmark's actes are all recorded");
    }
    journal_ = must(storage::open_rocksdb(workspace_ / "replay", {.read_only = true}));
    std::vector<std::string> values;
    must(journal_->read_all({}, [&](const storage::StoredEvent& event) {
      values.push_back(event.stored);
      return true;
    }));
    events_ = values.size();
    for (const std::string& value : values) bytes_ += value.size();
    bytes_ /= events_;
    raw_ = std::make_unique<bench::RawScan>(workspace_ / "raw", events_, bytes_);
    same_ = std::make_unique<bench::RawScan>(workspace_ / "same", values);
  }

  /// Events a second into states, of one core or by the clock; with `given`, each is also decoded once.
  double replayed(unsigned threads, bool given, bool by_clock = false) {
    std::optional<engine::States> states;  // what becomes of them afterwards is not part of it
    const auto replay = [&] {
      states = must(engine::read_states(*journal_, {.threads = threads}));
      if (given) {
        std::size_t seen = 0;
        const auto done = states->each([&seen](const engine::State& state) { return seen += state.exists(), true; });
        if (!done || seen != kPosts) throw std::runtime_error("states that do not decode");
      }
    };
    const double seconds = by_clock ? bench::seconds_of(replay) : bench::core_seconds_of(replay);
    if (states->size() != kPosts) throw std::runtime_error("states missing");
    return static_cast<double>(events_) / seconds;
  }
  /// Two threads that have nothing to do with each other, each with a replay of its own: events a second of both.
  double apart() {
    std::optional<engine::States> states[2];
    const double seconds = bench::seconds_of([&] {
      std::jthread other([&] { states[0] = must(engine::read_states(*journal_, {.threads = 1})); });
      states[1] = must(engine::read_states(*journal_, {.threads = 1}));
    });
    return 2 * static_cast<double>(events_) / seconds;
  }
  double limit() { return raw_->scan(); }
  double same_octets() { return same_->scan(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  bench::Workspace workspace_;
  std::unique_ptr<storage::Journal> journal_;
  std::unique_ptr<bench::RawScan> raw_, same_;
  std::size_t events_ = 0, bytes_ = 0;
};

Posts& posts() {
  static Posts made;
  return made;
}

void replay_into_states(benchmark::State& state, unsigned threads, bool given) {
  Posts& all = posts();
  bench::paired(state, [&] { return all.replayed(threads, given); }, [&] { return all.limit(); });
  state.counters["same_octets_per_s"] = all.same_octets();
  state.counters["bytes"] = static_cast<double>(all.bytes());
}

void BM_states_replayed(benchmark::State& state) { replay_into_states(state, 1, false); }
BENCHMARK(BM_states_replayed)->Iterations(1)->Unit(benchmark::kMillisecond);

/// The same, and every state decoded at the end: what a user who wants them all waits for.
void BM_states_replayed_and_given(benchmark::State& state) { replay_into_states(state, 1, true); }
BENCHMARK(BM_states_replayed_and_given)->Iterations(1)->Unit(benchmark::kMillisecond);

/// Two threads beside one, by the clock: for a machine that nobody else uses. `apart` is what two threads on replays of
/// their own reach beside one: what the two cores have to give, since those of a virtual machine may be halves of one.
void BM_states_replayed_by_two(benchmark::State& state) {
  Posts& all = posts();
  std::vector<double> apart;
  bench::paired(
      state, [&] { return all.replayed(2, false, true); },
      [&] {
        const double one = all.replayed(1, false, true);
        apart.push_back(all.apart() / one);
        return one;
      });
  std::ranges::sort(apart);
  state.counters["apart"] = apart[apart.size() / 2];
}
BENCHMARK(BM_states_replayed_by_two)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
