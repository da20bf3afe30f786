#pragma once
// The civil day in France of an instant, by the rule of directive 2000/84/CE (summer time from the last Sunday of March
// to the last Sunday of October, both at 01:00 UTC), without a time zone database.
//
// Thread-safety: pure function.

#include "dsl/values.hpp"

#include <cstdint>

namespace assemblier::engine {

/// Day in Europe/Paris at `instant_us`, UTC microseconds since 1970-01-01. Exact from 1996 on.
[[nodiscard]] dsl::Date paris_day(std::int64_t instant_us);

}  // namespace assemblier::engine
