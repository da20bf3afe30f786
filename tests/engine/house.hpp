#pragma once
// What the tests of the engine share: an édition of another subject than the real one, a journal in memory with a clock
// that tests own, and short ways to ask for actes.

#include "engine/engine.hpp"
#include "storage/journal.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace assemblier::engine::test {

/// A garden society: a vote with two thirds, a table, a chain of two actes that follow by themselves, a second kind of
/// objet.
extern const std::string_view kJardins;

inline dsl::Date day(int year, int month, int day_of_month) { return *dsl::make_date(year, month, day_of_month); }

/// 2024-06-15 at 10:00 UTC.
inline constexpr std::int64_t kNoon = 1'718'445'600'000'000;

struct House {
  std::shared_ptr<std::atomic<std::int64_t>> instant = std::make_shared<std::atomic<std::int64_t>>(kNoon);
  std::unique_ptr<storage::Journal> journal;
  std::unique_ptr<Engine> engine;

  House();
  [[nodiscard]] EngineOptions options() const;
  /// Another engine on the same journal.
  [[nodiscard]] std::unique_ptr<Engine> another() const;
  /// Publishes a text that compiles.
  EditionPtr publish(std::string_view text = kJardins) const;
};

/// Diagnostics as a test prints them.
[[nodiscard]] std::string told(const std::vector<dsl::Diagnostic>& diagnostics, std::string_view text);

/// A demande opened by Ana for `surface` m² at `price`.
[[nodiscard]] Request opening(const std::string& objet, std::int64_t surface = 20, const char* price = "40.00");
[[nodiscard]] Request ballot(const std::string& objet, const std::string& who, const std::string& what);
[[nodiscard]] std::string explain(const Answer& answer);

/// A demande, its agreement asked for, and the ballots given, each "Name:word"; every acte must be recorded.
void play(Engine& engine, const std::string& objet, const std::vector<std::pair<std::string, std::string>>& ballots);

}  // namespace assemblier::engine::test
