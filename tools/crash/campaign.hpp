#pragma once
// The crash campaign: each seed makes a load, a fault and a moment, sends, crashes, opens again, and checks what the
// journal owes (check.hpp); then sends everything again, crashes once more, and checks again. A canary is a store that
// loses writes: the campaign is worth something as long as it catches each.
//
// Thread-safety: run_seed from any thread, each with a directory of its own.
//
//   Workshop workshop(directory);  const SeedReport report = run_seed(workshop, 12, Canary::kNone);

#include "tools/crash/check.hpp"
#include "tools/crash/disk.hpp"

#include <array>
#include <chrono>
#include <string>

namespace assemblier::crash {

enum class Canary {
  kNone,
  kSync,    ///< the disk says that it has synced a log, and has not
  kNames,   ///< the same of the directory: files made or renamed may be gone
  kRecord,  ///< the store drops one record of some batches
  kLate,    ///< the store answers first and writes with the next batch
};

/// The place where seeds are played: an empty journal is made there once, then copied.
class Workshop {
 public:
  /// `directory` is there and empty. Violation-like failure to make a journal: `failure()` says it.
  explicit Workshop(std::string directory);
  [[nodiscard]] const Violation& failure() const { return failure_; }
  /// A fresh copy of the empty journal, in place of the last one.
  [[nodiscard]] std::string journal() const;

 private:
  std::string directory_;
  Violation failure_;
};

inline constexpr std::size_t kFaults = 9;  ///< kinds of Fault

/// What one seed, or many, went through.
struct SeedReport {
  Violation violation;                          ///< the first thing wrong
  std::array<std::uint64_t, kFaults> faults{};  ///< those that struck, by kind
  std::uint64_t crashes = 0;
  std::uint64_t refused_openings = 0;  ///< the fault struck while opening
  Lost lost;
  std::uint64_t sent = 0, acknowledged = 0, kept_beyond = 0;  ///< actes; the last: kept, though never acknowledged
  void add(const SeedReport& other);
};

[[nodiscard]] SeedReport run_seed(const Workshop& workshop, std::uint64_t seed, Canary canary);

/// kill -9: a process of this program sends the load of the seed and is killed after a random while; then the same
/// checks. `program`: what to start with the arguments of child().
[[nodiscard]] SeedReport run_killed(const Workshop& workshop, std::uint64_t seed, const std::string& program,
                                    Canary canary);
/// What the process does: {"--enfant", DIRECTORY, SEED, CANARY, PIPE}; answers its exit code.
[[nodiscard]] int child(const std::vector<std::string>& arguments);

/// Whether these are the arguments of a child.
[[nodiscard]] bool is_child(const std::vector<std::string>& arguments);

}  // namespace assemblier::crash
