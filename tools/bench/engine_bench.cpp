// The engine alone, over the journal in memory: what it costs to decide an acte, to carry a stream of actes over many
// flux, and to fold an event. The limits on disk are journal_bench.cpp's.

#include "engine/decide.hpp"
#include "engine/engine.hpp"
#include "engine/replay.hpp"

#include <algorithm>
#include <stdexcept>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

namespace {

using namespace assemblier;
using namespace assemblier::engine;

/// A counter with an opening, a simple acte, and one that decides.
constexpr std::string_view kCounters = R"(langue 1
édition 2024 « Compteurs »
  en vigueur du 01/01/2024 au 31/12/2024

source Banc « Banc d'essai »

énumération Teinte  source Banc § 1
  rouge
  verte

objet Compteur  source Banc § 2
  libellé : texte
  teinte : Teinte
  total : entier
  dernier : entier

règles du Compteur

décision taille : texte  source Banc § 3
  « petite » quand total < 100
  « grande » quand total ≥ 100

procédure du Compteur  source Banc § 4
  rôle agent
  état ouvert
  acte ouverture
    par agent
    ouvre
    porte libellé ; teinte
    inscrit les données
    inscrit total = 0
    vers ouvert
  acte ajout
    par agent
    de ouvert
    porte pas : entier
    exige « Le pas est positif » pas > 0
    inscrit total = total + pas
    inscrit dernier = pas
  acte mesure
    par agent
    de ouvert
    décide taille
)";

constexpr std::size_t kFlux = 5'000;

struct Bench {
  std::unique_ptr<storage::Journal> journal = storage::open_memory({});
  Engine engine{*journal};
  std::size_t next = 0;

  Bench() {
    const auto published = engine.publish(kCounters);
    if (!published || !published->edition) {
      const std::string why =
          published ? dsl::render(published->diagnostics.at(0), kCounters, "banc") : published.error().message;
      throw std::runtime_error(why);
    }
  }

  static Request opening(std::size_t i) {
    return {.id = fmt::format("o-{}", i),
            .acte = "ouverture",
            .objet = fmt::format("compteur/{:08}", i),
            .role = "agent",
            .author = "Ici",
            .date = dsl::make_date(2024, 3, 1),
            .donnees = {{"libellé", Datum("Un compteur")}, {"teinte", Datum("verte")}}};
  }
  Request adding(std::size_t flux) {
    return {.id = fmt::format("a-{}", next++),
            .acte = "ajout",
            .objet = fmt::format("compteur/{:08}", flux),
            .role = "agent",
            .author = "Ici",
            .date = dsl::make_date(2024, 3, 1),
            .donnees = {{"pas", Datum(std::int64_t{1})}}};
  }
  void stream(std::vector<Request> requests) {
    std::size_t refused = 0;
    Pipeline pipeline(engine, [&refused](std::uint64_t, const Answer& answer) {
      refused += answer.kind == Answer::Kind::kInscrit ? 0 : 1;
    });
    for (Request& request : requests) pipeline.push(std::move(request));
    pipeline.finish();
    if (refused != 0) throw std::runtime_error("a benchmark's actes are all recorded");
  }
  void open_all() {
    std::vector<Request> requests;
    for (std::size_t i = 0; i < kFlux; ++i) requests.push_back(opening(i));
    stream(std::move(requests));
  }
};

/// `range(0)`: actes in a row on one flux.
void BM_engine_pipeline_in_memory(benchmark::State& state) {
  Bench bench;
  bench.open_all();
  const auto run = static_cast<std::size_t>(state.range(0));
  std::size_t flux = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Request> requests;
    for (std::size_t i = 0; i < 20'000; ++i)
      requests.push_back(bench.adding(run == 1 ? flux++ % kFlux : flux++ / run % kFlux));
    state.ResumeTiming();
    bench.stream(std::move(requests));
  }
  state.SetItemsProcessed(state.iterations() * 20'000);
}
BENCHMARK(BM_engine_pipeline_in_memory)
    ->Arg(1)
    ->Arg(10)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

void BM_engine_openings_in_memory(benchmark::State& state) {
  Bench bench;
  std::size_t next = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Request> requests;
    for (std::size_t i = 0; i < 20'000; ++i) requests.push_back(Bench::opening(next++));
    state.ResumeTiming();
    bench.stream(std::move(requests));
  }
  state.SetItemsProcessed(state.iterations() * 20'000);
}
BENCHMARK(BM_engine_openings_in_memory)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

void BM_engine_submit_in_memory(benchmark::State& state) {
  Bench bench;
  bench.open_all();
  std::size_t flux = 0;
  for (auto _ : state) benchmark::DoNotOptimize(bench.engine.submit(bench.adding(flux++ % kFlux)));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_engine_submit_in_memory);

void BM_engine_decide(benchmark::State& state, const char* acte) {
  Bench bench;
  bench.open_all();
  const Live live = **bench.engine.live("compteur/00000000");
  Request request = bench.adding(0);
  request.acte = acte;
  if (request.acte != "ajout") request.donnees.clear();
  for (auto _ : state) {
    auto decided = decide(live, live.edition, request, *dsl::make_date(2024, 6, 1));
    if (!decided) throw std::runtime_error(render(decided.error()));
    benchmark::DoNotOptimize(decided);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(BM_engine_decide, simple, "ajout");
BENCHMARK_CAPTURE(BM_engine_decide, decision, "mesure");

void BM_engine_fold(benchmark::State& state) {
  Bench bench;
  bench.open_all();
  std::vector<storage::StoredEvent> events;
  (void)bench.journal->read_flux("compteur/00000000", {}, [&](const storage::StoredEvent& event) {
    events.push_back(event);
    return true;
  });
  for (auto _ : state) {
    State folded;
    for (const auto& event : events) benchmark::DoNotOptimize(fold(folded, event));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events.size()));
}
BENCHMARK(BM_engine_fold);

void BM_engine_replay(benchmark::State& state) {
  Bench bench;
  bench.open_all();
  std::uint64_t events = 0;
  for (auto _ : state) {
    const auto report = replay(bench.engine, {}, {});
    if (!report || report->count() != 0) throw std::runtime_error("a true history diverges");
    events += report->events;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
}
BENCHMARK(BM_engine_replay)->Unit(benchmark::kMillisecond);

}  // namespace
