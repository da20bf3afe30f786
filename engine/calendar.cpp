#include "engine/calendar.hpp"

namespace assemblier::engine {

namespace {

constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::int64_t kDayUs = 24 * kHourUs;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// 01:00 UTC on the last Sunday of a month of 31 days.
std::int64_t last_sunday_us(int year, int month) {
  const std::int64_t last = dsl::make_date(year, month, 31)->days;
  const std::int64_t weekday = (((last + 4) % 7) + 7) % 7;  // 0 is Sunday; 1970-01-01 was a Thursday
  return (last - weekday) * kDayUs + kHourUs;
}

}  // namespace

dsl::Date paris_day(std::int64_t instant_us) {
  const auto utc = dsl::Date{static_cast<std::int32_t>(floor_divide(instant_us, kDayUs))};
  const int year = dsl::civil(utc).year;
  const bool summer = instant_us >= last_sunday_us(year, 3) && instant_us < last_sunday_us(year, 10);
  return dsl::Date{static_cast<std::int32_t>(floor_divide(instant_us + (summer ? 2 : 1) * kHourUs, kDayUs))};
}

}  // namespace assemblier::engine
