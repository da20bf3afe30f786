#include "tests/dsl/oracle/combine.hpp"
#include "tests/dsl/oracle/generator.hpp"

#include <limits>
#include <stdexcept>

namespace assemblier::dsl::oracle {

Thing Generator::fact(const Shape& shape, bool wild) {
  using enum Shape::Kind;
  const auto near = [&](const std::vector<std::int64_t>& borders) {
    const std::vector<std::int64_t> extremes{std::numeric_limits<std::int64_t>::max(),
                                             std::numeric_limits<std::int64_t>::min(), 4'000'000'000'000'000'000,
                                             -3'037'000'500};
    if (wild && random_.chance(15)) return random_.pick(extremes);
    return random_.pick(borders) + random_.between(-1, 1) * random_.between(0, 1);
  };
  switch (shape.kind) {
    case kBool:
      return {random_.chance(50)};
    case kInt:
      return {Quantity{Unit::kNumber, near(ints_)}};
    case kMoney:
      return {Quantity{Unit::kMoney, near(cents_)}};
    case kRate:
      return {Quantity{Unit::kRate, Fraction(near(nanos_)) / 1'000'000'000}};
    case kDate: {
      if (wild && random_.chance(10)) {
        const YearMonthDay edge = random_.chance(50) ? YearMonthDay{1, 1, 1} : YearMonthDay{9999, 12, 31};
        return {Day(std::chrono::days(make_date(edge.year, edge.month, edge.day)->days))};
      }
      return {Day(std::chrono::days(static_cast<int>(random_.pick(days_) + random_.between(-1, 1))))};
    }
    case kPeriod: {
      if (wild && random_.chance(10)) return {Period{2'147'483'647, -2'147'483'648LL}};
      const std::int64_t count = random_.between(0, 14);
      if (random_.chance(20)) return {Period{count, random_.between(0, 31)}};
      return {random_.chance(50) ? Period{count, 0} : Period{0, count}};
    }
    case kText:
      return {Text{random_.pick(texts_)}};
    case kEnum:
      return {Constant{random_.pick(enumerations_[shape.named].values), {enumerations_[shape.named].name}}};
    case kRow:
      return {Constant{random_.pick(tables_[shape.named].keys), {tables_[shape.named].name}}};
    case kList: {
      Things things;
      for (std::size_t i = random_.below(5); i > 0; --i) {
        Thing thing = fact(shape.of[0], wild);
        if (!contains(things, thing)) things.push_back(std::move(thing));
      }
      return {std::move(things)};
    }
    case kMap: {
      Entries entries;
      for (std::size_t i = random_.below(6); i > 0; --i) {
        Thing key = fact(shape.of[1], wild);
        bool there = false;
        for (const auto& entry : entries) there = there || entry.key == key;
        if (!there) entries.emplace_back(std::move(key), fact(shape.of[0], wild));
      }
      return {std::move(entries)};
    }
    case kExactMoney:
    case kExactInt:
      break;
  }
  throw std::logic_error("no fact of this type");
}

Facts Generator::facts(int missing, bool wild) {
  Facts facts;
  for (const Named& field : fields_)
    if (!random_.chance(missing)) facts.fields.emplace(field.name, fact(field.shape, wild));
  for (const Named& decision : decisions_) {
    if (random_.chance(50)) continue;
    Answer answer;
    if (random_.chance(70)) {
      answer = known(fact(decision.shape, false));
    } else if (random_.chance(60)) {
      answer.status = Status::kNone;
      answer.reasons = {"jadis refusée"};
    }
    facts.recorded.emplace(decision.name, std::move(answer));
  }
  return facts;
}

}  // namespace assemblier::dsl::oracle
