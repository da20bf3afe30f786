// Durable events and pipelined actes, each beside the raw RocksDB figure taken in the same run: same disk,
// same recovery mode, values of the size the journal really stores. The `ratio` counter is ours over the limit.

#include "engine/engine.hpp"
#include "storage/journal.hpp"
#include "tools/bench/raw_rocksdb.hpp"
#include "tools/bench/support.hpp"

#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

namespace {

using namespace assemblier;
using bench::must;
using bench::paired;
using bench::processor_seconds;
using bench::seconds_of;
using bench::slurp;
using bench::Workspace;

storage::NewEvent event_for(std::size_t i, std::size_t payload) {
  const std::string acte = fmt::format("acte-{:012}", i);
  return {.flux = fmt::format("objet/{:06}", i % 1000),
          .type = "mouvement",
          .date_effet = 19'800,
          .role = "agent",
          .author = "Ici",
          .acte_id = acte,
          .event_id = storage::new_event_id(acte, 0),
          .payload = storage::Bytes(payload, 'x')};
}

void BM_durable_single_events(benchmark::State& state) {
  const Workspace workspace;
  bench::RawRocksDb raw(workspace.str());
  auto journal = must(storage::create_rocksdb(workspace / "single", {}));
  std::size_t next = 0;
  std::size_t stored = 0;
  const auto ours = [&] {
    constexpr std::size_t kCount = 1500;
    const double seconds = seconds_of([&] {
      for (std::size_t i = 0; i < kCount; ++i) must(journal->append({.events = {event_for(next++, 150)}}));
    });
    return static_cast<double>(kCount) / seconds;
  };
  (void)journal->append({.events = {event_for(next++, 150)}});
  (void)journal->read_all({}, [&](const storage::StoredEvent& e) { return stored = e.stored.size(), false; });
  paired(state, ours, [&] { return raw.synced_writes(1500, stored); });
  state.counters["bytes"] = static_cast<double>(stored);
}
BENCHMARK(BM_durable_single_events)->Iterations(1)->Unit(benchmark::kMillisecond);

/// Single events from many threads at once, each acknowledged before its thread sends the next.
void BM_durable_events_of_16_writers(benchmark::State& state) {
  constexpr std::size_t kWriters = 16;
  constexpr std::size_t kCount = 8'000;
  const Workspace workspace;
  bench::RawRocksDb raw(workspace.str());
  auto journal = must(storage::create_rocksdb(workspace / "writers", {}));
  std::size_t next = 0;
  std::size_t stored = 0;
  const auto ours = [&] {
    const std::size_t first = std::exchange(next, next + kCount);
    const double seconds = seconds_of([&] {
      std::vector<std::jthread> threads;
      for (std::size_t writer = 0; writer < kWriters; ++writer) {
        threads.emplace_back([&, writer] {
          for (std::size_t i = writer; i < kCount; i += kWriters)
            must(journal->append({.events = {event_for(first + i, 150)}}));
        });
      }
    });
    return static_cast<double>(kCount) / seconds;
  };
  (void)journal->append({.events = {event_for(next++, 150)}});
  (void)journal->read_all({}, [&](const storage::StoredEvent& e) { return stored = e.stored.size(), false; });
  paired(state, ours, [&] { return raw.synced_writes(kCount, stored, kWriters); });
  state.counters["bytes"] = static_cast<double>(stored);
}
BENCHMARK(BM_durable_events_of_16_writers)->Iterations(1)->Unit(benchmark::kMillisecond);

void BM_durable_batches_of_100(benchmark::State& state) {
  constexpr std::size_t kBatches = 200;
  const Workspace workspace;
  bench::RawRocksDb raw(workspace.str());
  auto journal = must(storage::create_rocksdb(workspace / "batches", {}));
  std::size_t next = 0;
  std::size_t stored = 0;
  const auto ours = [&] {
    std::vector<storage::AppendRequest> requests(kBatches);
    for (auto& request : requests)
      for (std::size_t i = 0; i < 100; ++i) request.events.push_back(event_for(next++, 150));
    const double seconds = seconds_of([&] {
      for (auto& request : requests) must(journal->append(std::move(request)));
    });
    return static_cast<double>(kBatches * 100) / seconds;
  };
  (void)journal->append({.events = {event_for(next++, 150)}});
  (void)journal->read_all({}, [&](const storage::StoredEvent& e) { return stored = e.stored.size(), false; });
  paired(state, ours, [&] { return raw.synced_batches(kBatches, 100, stored); });
  state.counters["bytes"] = static_cast<double>(stored);
}
BENCHMARK(BM_durable_batches_of_100)->Iterations(1)->Unit(benchmark::kMillisecond);

/// The acte number `i` of a stream: one after the other the `posts` are financed for a year, then for the next one, up
/// to four, then come new posts.
engine::Request financing(std::size_t i, std::size_t posts) {
  const std::size_t years = i / posts;
  const auto year = static_cast<int>(2020 + years % 4);
  return {.id = fmt::format("financement-{:010}", i),
          .acte = "financement",
          .objet = fmt::format("poste/{:08}", years / 4 * posts + i % posts),
          .role = "administration",
          .author = "État",
          .date = dsl::make_date(year, 12, 31),
          .donnees = {{"dispositif", engine::Datum("adulte-relais")},
                      {"exercice", engine::Datum(std::int64_t{year})},
                      {"versement", engine::Datum("19875.06")},
                      {"organisme", engine::Datum("ASSOCIATION DES CENTRES SOCIAUX")},
                      {"tiers", engine::Datum("30911405600026")}}};
}

void BM_pipelined_actes(benchmark::State& state) {
  const Workspace workspace;
  bench::RawRocksDb raw(workspace.str());
  auto journal = must(storage::create_rocksdb(workspace / "pipeline", {}));
  engine::Engine engine(*journal);
  if (!must(engine.publish(slurp(ASSEMBLIER_SOURCE_DIR "/rules/postes.regles"))).edition) {
    throw std::runtime_error("rules/postes.regles was not published");
  }
  std::size_t next = 0;
  std::size_t refused = 0;
  double processor = 0;
  constexpr std::size_t kCount = 20'000;
  constexpr std::size_t kPosts = 5'000;
  const auto ours = [&] {
    std::vector<engine::Request> requests;
    requests.reserve(kCount);
    for (std::size_t i = 0; i < kCount; ++i) requests.push_back(financing(next++, kPosts));
    const double before = processor_seconds();
    const double seconds = seconds_of([&] {
      engine::Pipeline pipeline(engine, [&](std::uint64_t, const engine::Answer& a) {
        refused += a.kind == engine::Answer::Kind::kInscrit ? 0 : 1;
      });
      for (auto& request : requests) pipeline.push(std::move(request));
      pipeline.finish();
    });
    processor += processor_seconds() - before;
    return static_cast<double>(kCount) / seconds;
  };
  (void)engine.submit(financing(next++, kPosts));
  std::size_t stored = 0;
  (void)journal->read_all({1}, [&](const storage::StoredEvent& e) { return stored = e.stored.size(), false; });
  paired(state, ours, [&] { return raw.synced_batches(kCount / 100, 100, stored); });
  state.counters["bytes"] = static_cast<double>(stored);
  state.counters["cpu_us_per_acte"] = processor * 1e6 / static_cast<double>(next - 1);
  state.counters["refused"] = static_cast<double>(refused);
}
BENCHMARK(BM_pipelined_actes)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
