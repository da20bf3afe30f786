#pragma once
// What the benchmarks share: a place on the disk, and pairs of ours and the limit.
//
// Thread-safety: none.

#include "storage/journal.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

namespace assemblier::bench {

/// A fresh directory on the disk under build/, removed at the end: a memory file system would make every sync free.
class Workspace {
 public:
  Workspace() : path_(std::filesystem::current_path() / fmt::format("bench-{}", ::getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~Workspace() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  [[nodiscard]] std::string operator/(const char* name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string str() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

inline double seconds_of(auto&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Processor time of this process so far, all threads, in seconds: unlike speed, little touched by what else runs.
inline double processor_seconds() {
  timespec at{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

/// What some work takes of it.
inline double core_seconds_of(auto&& work) {
  const double begin = processor_seconds();
  work();
  return processor_seconds() - begin;
}

/// Eleven pairs, ours then the limit, so that a drift of the machine touches both; the median ratio is quoted. Fewer
/// leave the median to chance: single ratios spread over a third.
inline void paired(benchmark::State& state, const std::function<double()>& ours, const std::function<double()>& limit) {
  std::vector<double> ratios;
  std::vector<double> mine;
  std::vector<double> raw;
  for (auto _ : state) {
    for (int i = 0; i < 11; ++i) {
      mine.push_back(ours());
      raw.push_back(limit());
      ratios.push_back(mine.back() / raw.back());
    }
  }
  const auto median = [](std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
  };
  state.counters["ours_per_s"] = median(mine);
  state.counters["limit_per_s"] = median(raw);
  state.counters["ratio"] = median(ratios);
}

template <class T>
T must(storage::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace assemblier::bench
