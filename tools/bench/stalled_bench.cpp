// What consumers that never read on cost a writer: durable appends with them and without, in pairs of the same run, on
// the same journal. In the writer's process: subscriptions and a group that stopped; beside it: processes that follow
// through the files and whose output nobody reads. `ratio` is with over without, 1 is nothing; `cpu_ratio` that of the
// writer's processor time, which other work on the machine disturbs less.

#include "storage/group.hpp"
#include "storage/journal.hpp"
#include "storage/subscription.hpp"
#include "tools/bench/support.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace assemblier;
using bench::must;
namespace fs = std::filesystem;

constexpr std::size_t kConsumers = 20;
constexpr std::size_t kProcesses = 4;
constexpr int kPairs = 31;

struct Pace {
  double per_s = 0;
  double cpu_us = 0;  // of the whole process, an append
};

class Written {
 public:
  Written(const std::string& where, std::size_t appends)
      : path_(where + fmt::format("/bench-stalled-{}", ::getpid())), appends_(appends) {
    fs::create_directories(path_);
    journal_ = must(storage::create_rocksdb(directory(), {}));
    while (next_ < 5'000) (void)append();
  }
  ~Written() {
    journal_.reset();
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;

  [[nodiscard]] std::string directory() const { return path_ + "/journal"; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] storage::Journal& journal() { return *journal_; }
  // Durable appends of one event each.
  Pace append() {
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    for (std::size_t i = 0; i < appends_; ++i) {
      const std::string acte = fmt::format("acte-{:012}", next_++);
      must(journal_->append({.events = {{.flux = fmt::format("objet/{:03}", next_ % 1000),
                                         .type = "mouvement",
                                         .role = "agent",
                                         .acte_id = acte,
                                         .event_id = storage::new_event_id(acte, 0),
                                         .payload = storage::Bytes(150, 'x')}}}));
    }
    const auto count = static_cast<double>(appends_);
    return {.per_s = count / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
            .cpu_us = static_cast<double>(std::clock() - cpu) * 1e6 / CLOCKS_PER_SEC / count};
  }

 private:
  std::string path_;
  std::size_t appends_;
  std::unique_ptr<storage::Journal> journal_;
  std::size_t next_ = 0;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// With them first, then last, in turn, so that what drifts touches both; with consumers or not, then once more without:
// `noise` is what two equal runs differ by, the median as well.
void paired(benchmark::State& state, Written& written, const std::function<std::shared_ptr<void>()>& consumers) {
  std::vector<double> with, without, ratios, cpu_ratios, noise;
  for (auto _ : state) {
    for (int i = 0; i < kPairs; ++i) {
      Pace stalled;
      const auto run_stalled = [&] {
        const auto held = consumers();
        stalled = written.append();
      };
      if (i % 2 == 0) run_stalled();
      const Pace alone = written.append();
      if (i % 2 != 0) run_stalled();
      const Pace again = written.append();
      with.push_back(stalled.per_s);
      without.push_back(alone.per_s);
      ratios.push_back(stalled.per_s / alone.per_s);
      cpu_ratios.push_back(stalled.cpu_us / alone.cpu_us);
      noise.push_back(std::max(again.per_s, alone.per_s) / std::min(again.per_s, alone.per_s) - 1);
    }
  }
  state.counters["with_per_s"] = median(with);
  state.counters["without_per_s"] = median(without);
  state.counters["ratio"] = median(ratios);
  state.counters["cpu_ratio"] = median(cpu_ratios);
  state.counters["noise"] = median(noise);
}

const char* place(const benchmark::State& state) { return state.range(0) == 0 ? "." : "/dev/shm"; }

// They have read a little, and never come back.
void BM_stalled_in_process(benchmark::State& state) {
  Written written(place(state), state.range(0) == 0 ? 200 : 5'000);
  paired(state, written, [&]() -> std::shared_ptr<void> {
    auto stalled = std::make_shared<std::vector<storage::Subscription>>();
    for (std::size_t i = 0; i < kConsumers; ++i) {
      stalled->push_back(storage::Subscription::within(written.journal(), {}, {}));
      (void)must(stalled->back().next(std::chrono::milliseconds(0)));
    }
    return stalled;
  });
}

// Events taken and never acknowledged.
void BM_stalled_group(benchmark::State& state) {
  Written written(place(state), state.range(0) == 0 ? 200 : 5'000);
  int groups = 0;
  paired(state, written, [&]() -> std::shared_ptr<void> {
    const std::string directory = written / fmt::format("groupe-{}", groups++);
    must(storage::Group::create(directory, must(written.journal().info()).journal_id, {}));
    auto group = std::make_shared<storage::Group>(must(storage::Group::open(directory)));
    (void)must(group->take(written.journal(), 100));
    return group;
  });
}

// Processes that follow through the files into pipes that nobody reads: they fill them, and wait.
class Processes {
 public:
  explicit Processes(const std::string& directory) {
    const std::string program = fs::read_symlink("/proc/self/exe").parent_path() / "assemblier";
    for (std::size_t i = 0; i < kProcesses; ++i) {
      int ends[2] = {-1, -1};
      if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
      std::vector<std::string> words = {program, "journal", "suivre", "--journal", directory};
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      posix_spawn_file_actions_t actions;
      posix_spawn_file_actions_init(&actions);
      posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
      pid_t process = -1;
      if (::posix_spawn(&process, program.c_str(), &actions, nullptr, arguments.data(), environ) != 0)
        throw std::runtime_error(program + " is to be built first");
      posix_spawn_file_actions_destroy(&actions);
      ::close(ends[1]);
      pipes_.push_back(ends[0]);
      processes_.push_back(process);
    }
    for (const int pipe : pipes_) {
      for (int octets = 0; octets < kPipeOctets; ::usleep(1'000))
        if (::ioctl(pipe, FIONREAD, &octets) != 0) throw std::runtime_error("FIONREAD");
    }
  }
  ~Processes() {
    for (const pid_t process : processes_) ::kill(process, SIGKILL);
    for (const pid_t process : processes_) ::waitpid(process, nullptr, 0);
    for (const int pipe : pipes_) ::close(pipe);
  }
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

 private:
  static constexpr int kPipeOctets = 60'000;  // of 65 536: the next line waits
  std::vector<int> pipes_;
  std::vector<pid_t> processes_;
};

void BM_stalled_processes(benchmark::State& state) {
  Written written(place(state), state.range(0) == 0 ? 200 : 5'000);
  paired(state, written, [&]() -> std::shared_ptr<void> { return std::make_shared<Processes>(written.directory()); });
}

// 0: on the disk, 1: in memory, where no sync hides a cost.
BENCHMARK(BM_stalled_in_process)->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_stalled_group)->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_stalled_processes)->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
