#include "engine/datum.hpp"

#include "engine/calendar.hpp"
#include "engine/ids.hpp"

#include <random>

#include <gtest/gtest.h>

namespace assemblier::engine {
namespace {

storage::Bytes bytes_of(const Datum& datum) {
  storage::CborWriter writer;
  encode(writer, datum);
  return writer.take();
}

std::optional<Datum> read(std::string_view bytes) {
  storage::CborReader reader(bytes);
  Datum datum = decode_datum(reader);
  if (!reader.ok() || !reader.at_end()) return {};
  return datum;
}

Datum any(std::mt19937& random, int depth) {
  const auto below = [&random](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  switch (below(depth > 2 ? 8 : 10)) {
    case 0:
      return Datum();
    case 1:
      return Datum(below(2) == 0);
    case 2:
      return Datum(static_cast<std::int64_t>((std::uint64_t{random()} << 32U) | random()));
    case 3:
      return Datum(std::string(static_cast<std::size_t>(below(5)), 'x') + "é");
    case 4:
      return Datum(dsl::Montant{below(1'000'000) - 500'000});
    case 5:
      return Datum(dsl::Taux{below(2'000'000'000)});
    case 6:
      return Datum(dsl::Date{below(40'000) - 20'000});
    case 7:
      return Datum(dsl::Duree{below(100), below(100)});
    case 8: {
      Datum::List list;
      for (int i = below(4); i > 0; --i) list.push_back(any(random, depth + 1));
      return Datum(std::move(list));
    }
    case 9: {
      Datum::Map map;
      for (int i = below(4); i > 0; --i) map.emplace_back("k" + std::to_string(i), any(random, depth + 1));
      return Datum(std::move(map));
    }
  }
  return Datum();
}

TEST(Datum, RoundTripsWhateverItHolds) {
  std::mt19937 random(7);
  for (int i = 0; i < 5000; ++i) {
    const Datum datum = any(random, 0);
    const auto bytes = bytes_of(datum);
    const auto again = read(bytes);
    ASSERT_TRUE(again) << show(datum);
    EXPECT_EQ(*again, datum);
    EXPECT_EQ(bytes_of(*again), bytes);
  }
}

TEST(Datum, HasTheBytesOfTheReadme) {
  EXPECT_EQ(storage::to_hex(bytes_of(Datum())), "f6");
  EXPECT_EQ(storage::to_hex(bytes_of(Datum(true))), "f5");
  EXPECT_EQ(storage::to_hex(bytes_of(Datum(std::int64_t{-1}))), "20");
  EXPECT_EQ(storage::to_hex(bytes_of(Datum("é"))), "62c3a9");
  EXPECT_EQ(storage::to_hex(bytes_of(Datum(dsl::Montant{1200000}))), "a1011a00124f80");
  EXPECT_EQ(storage::to_hex(bytes_of(Datum(dsl::Taux{800'000'000}))), "a1021a2faf0800");
  EXPECT_EQ(storage::to_hex(bytes_of(Datum(*dsl::make_date(2024, 1, 30)))), "a103194d28");
  EXPECT_EQ(storage::to_hex(bytes_of(Datum(dsl::Duree{1, 3}))), "a104820103");
  EXPECT_EQ(storage::to_hex(bytes_of(Datum(Datum::List{Datum("a"), Datum("b")}))), "8261616162");
  EXPECT_EQ(storage::to_hex(bytes_of(Datum(Datum::Map{{"b", Datum(true)}, {"a", Datum(false)}}))),
            "a105846162f56161f4");
}

TEST(Datum, CanonicalFormForgetsTheOrderOfKeys) {
  const Datum one(Datum::Map{{"b", Datum(true)}, {"a", Datum(Datum::Map{{"y", Datum()}, {"x", Datum()}})}});
  const Datum two(Datum::Map{{"a", Datum(Datum::Map{{"x", Datum()}, {"y", Datum()}})}, {"b", Datum(true)}});
  storage::CborWriter first, second;
  encode_canonical(first, one);
  encode_canonical(second, two);
  EXPECT_EQ(first.str(), second.str());
  EXPECT_NE(bytes_of(one), bytes_of(two));
  EXPECT_EQ(one, two);
}

TEST(Datum, RefusesWhatEncodeNeverWrites) {
  for (const char* hex :
       {"a100f6", "a106f6", "a2010102020", "a10161", "a104810a", "a105816161", "a105846161f56161f5", "a103fb00", "f7",
        "40", "fb3ff0000000000000", "9f00ff", "c100", "a1031b0000000100000000", "1817"}) {
    const auto bytes = storage::from_hex(hex);
    if (bytes) {
      EXPECT_FALSE(read(*bytes)) << hex;
    }
  }
}

TEST(Datum, StopsAtTheDepthAllowed) {
  Datum deep;
  for (int i = 0; i < 16; ++i) deep = Datum(Datum::List{deep});
  EXPECT_TRUE(read(bytes_of(deep)));
  deep = Datum(Datum::List{deep});
  EXPECT_FALSE(read(bytes_of(deep)));
  EXPECT_FALSE(read(std::string(100'000, '\x81')));
}

TEST(Datum, SurvivesEveryTruncationAndFlip) {
  const Datum datum(
      Datum::Map{{"prix", Datum(dsl::Montant{12345})}, {"noms", Datum(Datum::List{Datum("a"), Datum("é")})}});
  const auto bytes = bytes_of(datum);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(read(bytes.substr(0, i)));
    for (int bit = 0; bit < 8; ++bit) {
      auto bad = bytes;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      if (const auto other = read(bad)) {
        EXPECT_EQ(bytes_of(*other), bad);
      }
    }
  }
}

TEST(Calendar, FollowsTheRuleOfTheUnion) {
  const auto at = [](int year, int month, int d, int hour, int minute) {
    return (std::int64_t{dsl::make_date(year, month, d)->days} * 24 * 60 + hour * 60 + minute) * 60'000'000;
  };
  EXPECT_EQ(dsl::iso(paris_day(at(2024, 1, 15, 22, 59))), "2024-01-15");
  EXPECT_EQ(dsl::iso(paris_day(at(2024, 1, 15, 23, 0))), "2024-01-16");
  EXPECT_EQ(dsl::iso(paris_day(at(2024, 7, 15, 21, 59))), "2024-07-15");
  EXPECT_EQ(dsl::iso(paris_day(at(2024, 7, 15, 22, 0))), "2024-07-16");
  // 31 March 2024 and 27 October 2024, 01:00 UTC.
  EXPECT_EQ(dsl::iso(paris_day(at(2024, 3, 30, 22, 59))), "2024-03-30");
  EXPECT_EQ(dsl::iso(paris_day(at(2024, 3, 31, 22, 0))), "2024-04-01");
  EXPECT_EQ(dsl::iso(paris_day(at(2024, 10, 26, 22, 0))), "2024-10-27");
  EXPECT_EQ(dsl::iso(paris_day(at(2024, 10, 27, 22, 30))), "2024-10-27");
  EXPECT_EQ(dsl::iso(paris_day(at(2024, 12, 31, 23, 0))), "2025-01-01");
  EXPECT_EQ(dsl::iso(paris_day(-1)), "1970-01-01");
}

TEST(Ids, AreUuidsOfVersion7InOrderOfTime) {
  const std::string id = uuid_v7(1'718'445'600'000'000, 0xABC, 0x1234'5678'9ABC'DEF0U);
  EXPECT_EQ(id, "01901b56-ed00-7abc-848d-159e26af37bc");
  EXPECT_LT(uuid_v7(1'718'445'600'000'000, ~0ULL, ~0ULL), uuid_v7(1'718'445'600'001'000, 0, 0));
}

}  // namespace
}  // namespace assemblier::engine
