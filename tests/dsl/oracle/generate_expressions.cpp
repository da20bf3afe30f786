#include "tests/dsl/oracle/generator.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::dsl::oracle {

namespace {

constexpr std::array kMonths{"janvier", "février", "mars",      "avril",   "mai",      "juin",
                             "juillet", "août",    "septembre", "octobre", "novembre", "décembre"};

/// 1234567 → "1 234 567"
std::string in_threes(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, " ");
  return digits;
}

/// 33,3 of 333 thousandths… : a decimal comma and no needless zero.
std::string decimal(std::int64_t value, std::int64_t one, std::size_t places) {
  std::string text = in_threes(value / one);
  std::string decimals = fmt::format("{:0{}}", value % one, places);
  while (decimals.ends_with('0')) decimals.pop_back();
  return decimals.empty() ? text : text + "," + decimals;
}

}  // namespace

std::string Generator::at(Level level, const Written& written) {
  if (written.level >= level && !random_.chance(8)) return written.text;
  return "(" + written.text + ")";
}

std::string Generator::of() { return std::string(random_.pick({"de ", "de ", "du ", "des ", "de la "})); }

std::vector<std::string> Generator::names(const Shape& shape) const {
  std::vector<std::string> found;
  const auto hidden = [this](const std::string& name) {  // by a column of the element
    return std::ranges::any_of(scopes_, [&](const Shape& scope) {
      return scope.kind == Shape::Kind::kRow &&
             std::ranges::count(tables_[scope.named].columns, name, &Named::name) > 0;
    });
  };
  for (const auto* list : {&fields_, &parameters_, &definitions_, &decisions_, &conditions_})
    for (const Named& named : *list)
      if (named.shape == shape && !hidden(named.name)) found.push_back(named.name);
  for (std::size_t s = 0; s < scopes_.size(); ++s) {
    if (scopes_[s].kind != Shape::Kind::kRow) continue;
    const auto hidden_inside = [&](const std::string& name) {
      return std::any_of(scopes_.begin() + static_cast<std::ptrdiff_t>(s) + 1, scopes_.end(), [&](const Shape& inner) {
        return inner.kind == Shape::Kind::kRow &&
               std::ranges::count(tables_[inner.named].columns, name, &Named::name) > 0;
      });
    };
    for (const Named& column : tables_[scopes_[s].named].columns)
      if (column.shape == shape && !hidden_inside(column.name)) found.insert(found.end(), 3, column.name);
  }
  if (!scopes_.empty() && scopes_.back() == shape) found.insert(found.end(), 3, "élément");
  return found;
}

std::vector<Generator::Named> Generator::maps() const {
  std::vector<Named> found;
  for (const auto* list : {&fields_, &definitions_, &decisions_})
    for (const Named& named : *list)
      if (named.shape.kind == Shape::Kind::kMap) found.push_back(named);
  return found;
}

Generator::Written Generator::constant(const Shape& shape) {
  if (shape.kind == Shape::Kind::kEnum) return {random_.pick(enumerations_[shape.named].values)};
  return {random_.pick(tables_[shape.named].keys)};
}

Generator::Written Generator::literal(const Shape& shape) {
  using enum Shape::Kind;
  switch (shape.kind) {
    case kBool:
      return {random_.chance(50) ? "oui" : "non"};
    case kInt: {
      const std::vector<std::int64_t> usual{0, 1, 2, 3, 4, 10, 1'000, 12'345};
      ints_.push_back(random_.chance(60) ? random_.pick(usual) : random_.between(0, 20));
      return {in_threes(ints_.back())};
    }
    case kMoney: {
      const std::vector<std::int64_t> usual{0, 1, 100, 12'345, 100'000, 960'000, 1'000'050};
      cents_.push_back(random_.chance(70) ? random_.pick(usual) : random_.between(0, 5'000'000));
      return {decimal(cents_.back(), 100, 2) + std::string(random_.pick({" €", " €", " euros"}))};
    }
    case kRate: {
      const std::vector<std::int64_t> usual{0, 500'000'000, 800'000'000, 333'333'333, 1'000'000'000, 5'000'000};
      nanos_.push_back(random_.chance(80) ? random_.pick(usual) : random_.between(0, 2'000'000'000));
      return {decimal(nanos_.back(), 10'000'000, 7) + " %"};
    }
    case kDate: {
      days_.push_back(random_.chance(50)
                          ? random_.pick(days_)
                          : static_cast<std::int64_t>(make_date(2024, 1, 1)->days) + random_.between(-40, 400));
      const Date date{static_cast<std::int32_t>(days_.back())};
      const YearMonthDay civil_date = civil(date);
      switch (random_.below(3)) {
        case 0:
          return {iso(date)};
        case 1:
          return {french(date)};
        default:
          return {fmt::format("{}{} {} {}", civil_date.day, civil_date.day == 1 ? "er" : "",
                              kMonths[static_cast<std::size_t>(civil_date.month - 1)], civil_date.year)};
      }
    }
    case kPeriod: {
      const std::int64_t count = random_.between(0, 14);
      switch (random_.below(3)) {
        case 0:
          return {fmt::format("{} {}", count, count > 1 ? "jours" : "jour")};
        case 1:
          return {fmt::format("{} mois", count)};
        default:
          return {fmt::format("{} {}", count, count > 1 ? "ans" : "an")};
      }
    }
    case kText:
      return {"« " + random_.pick(texts_) + " »"};
    case kEnum:
    case kRow:
      return constant(shape);
    case kList: {
      std::string text = "(" + at(kSum, leaf(shape.of[0]));
      for (std::size_t i = 1 + random_.below(3); i > 0; --i) text += ", " + at(kSum, leaf(shape.of[0]));
      return {text + ")"};
    }
    case kExactMoney:
      return {at(kUnary, leaf({kRate})) + " × " + at(kUnary, leaf({kMoney})), kProduct};
    case kExactInt:
      return {at(kUnary, leaf({kInt})) + " × " + at(kUnary, leaf({kRate})), kProduct};
    case kMap:
      break;
  }
  throw std::logic_error("no literal of this type");
}

Generator::Written Generator::leaf(const Shape& shape) {
  const std::vector<std::string> candidates = names(shape);
  const bool constant_only = shape.kind == Shape::Kind::kMap;
  if (candidates.empty() || (!constant_only && random_.chance(20))) return literal(shape);
  return {random_.pick(candidates)};
}

Generator::Written Generator::conditional(const Shape& shape, int depth) {
  return {fmt::format("si {} alors {} sinon {}", expression({Shape::Kind::kBool}, depth - 1).text,
                      at(kNot, expression(shape, depth - 1)), at(kNot, expression(shape, depth - 1))),
          kOpen};
}

Generator::Written Generator::expression(const Shape& shape, int depth) {
  using enum Shape::Kind;
  if (depth <= 0) return leaf(shape);
  if (shape.kind == kMap) return random_.chance(40) ? conditional(shape, depth) : leaf(shape);
  if (random_.chance(8)) return conditional(shape, depth);
  if (random_.chance(20)) return leaf(shape);
  if (random_.chance(15))
    if (auto found = looked_up(shape, depth)) return *found;
  switch (shape.kind) {
    case kBool:
      return boolean(depth);
    case kInt:
      return number(depth);
    case kMoney:
      return money(depth);
    case kRate:
      return rate(depth);
    case kDate:
      return date(depth);
    case kPeriod:
      return period(depth);
    case kExactMoney:
    case kExactInt:
      return exact(shape, depth);
    case kList:
      return list(shape, depth);
    case kText:
    case kEnum:
    case kRow:
    case kMap:
      return leaf(shape);
  }
  return leaf(shape);
}

// ---------------------------------------------------------------- what is true

Generator::Written Generator::comparison(int depth) {
  using enum Shape::Kind;
  const std::vector<Shape> ordered{{kInt}, {kMoney}, {kMoney}, {kRate}, {kDate}, {kPeriod}, {kText}};
  const std::string op(random_.pick({"<", "≤", "<=", ">", "≥", ">=", "=", "≠", "<>"}));
  if (random_.chance(20)) {
    const bool money = random_.chance(70);
    const Shape exact_shape{money ? kExactMoney : kExactInt};
    const Shape other = random_.chance(70) ? Shape{money ? kMoney : kInt} : exact_shape;
    const std::string left = at(kSum, expression(other, depth - 1));
    const std::string right = at(kSum, expression(exact_shape, depth - 1));
    return {random_.chance(70) ? left + " " + op + " " + right : right + " " + op + " " + left, kCompare};
  }
  if (random_.chance(30)) {
    const std::vector<Shape> same{{kBool}, {kEnum, 0}, {kEnum, 1}, {kText}, {kRow, random_.below(tables_.size())}};
    Shape shape = random_.pick(same);
    if (random_.chance(10)) shape = {kList, 0, {{kRow, 0}}};
    const Level level = shape.kind == kBool ? kPostfix : kSum;
    const std::string left = at(level, leaf(shape));
    return {left + " " + std::string(random_.pick({"=", "≠", "est", "n'est pas"})) + " " +
                at(level, expression(shape, depth - 1)),
            kCompare};
  }
  const Shape shape = random_.pick(ordered);
  if (random_.chance(15))
    return {fmt::format("{} entre {} et {}", at(kSum, expression(shape, depth - 1)),
                        at(kSum, expression(shape, depth - 1)), at(kSum, expression(shape, depth - 1))),
            kCompare};
  return {at(kSum, expression(shape, depth - 1)) + " " + op + " " + at(kSum, expression(shape, depth - 1)), kCompare};
}

Generator::Written Generator::membership(int depth) {
  using enum Shape::Kind;
  const std::vector<Shape> shapes{
      {kEnum, 0}, {kEnum, 1}, {kRow, random_.below(tables_.size())}, {kInt}, {kMoney}, {kText}, {kRow, 0}, {kDate}};
  const Shape shape = random_.pick(shapes);
  const std::string word(random_.pick({"parmi", "parmi", "n'est pas parmi", "hors de", "est parmi"}));
  const std::string item = at(kSum, leaf(shape));
  if (random_.chance(50)) {
    std::string text = item + " " + word + " " + at(kSum, leaf(shape));
    for (std::size_t i = 1 + random_.below(3); i > 0; --i) text += ", " + at(kSum, expression(shape, depth - 2));
    return {text, kCompare};
  }
  return {item + " " + word + " " + at(kSum, expression({kList, 0, {shape}}, depth - 1)), kCompare};
}

Generator::Written Generator::quantified(int depth) {
  using enum Shape::Kind;
  const std::string quantifier(random_.pick(
      {"tous les", "toutes les", "aucun des", "aucune des", "au moins un des", "au moins une des", "chaque"}));
  const std::vector<Named> associations = maps();
  std::vector<Shape> elements{{kRow, random_.below(tables_.size())}, {kEnum, random_.below(enumerations_.size())}};
  for (const Named& field : fields_)
    if (field.shape.kind == kList) elements.insert(elements.end(), 2, field.shape.of[0]);
  const Shape element = random_.pick(elements);
  const auto source = [&] { return at(kPostfix, expression({kList, 0, {element}}, depth - 1)); };
  if (random_.chance(25)) {
    const Named& association = random_.pick(associations);
    const Shape keys{kList, 0, {association.shape.of[1]}};
    return {quantifier + " " + at(kPostfix, expression(keys, depth - 1)) + " " +
                std::string(random_.pick({"ont un", "ont une", "a un"})) + " " + association.name,
            kCompare};
  }
  if (random_.chance(45)) {
    const std::string text = quantifier + " " + source() + " parmi ";
    if (random_.chance(30)) return {text + at(kSum, leaf(element)) + ", " + at(kSum, leaf(element)), kCompare};
    return {text + at(kSum, expression({kList, 0, {element}}, depth - 1)), kCompare};
  }
  std::string text = quantifier + " " + source() + std::string(random_.pick({" vérifient ", " vérifie "}));
  scopes_.push_back(element);
  text += at(kCompare, boolean(depth - 1));
  scopes_.pop_back();
  return {text, kCompare};
}

Generator::Written Generator::about_conclusions(int depth) {
  switch (random_.below(4)) {
    case 0:
      if (!ballots_.empty())
        return {random_.pick(ballots_).name + std::string(random_.pick({" est acquis", " n'est pas acquise"})),
                kCompare};
      break;
    case 1:
      if (!decisions_.empty())
        return {random_.pick(decisions_).name + std::string(random_.pick({" est aucune", " n'est pas aucune"})),
                kCompare};
      break;
    case 2:
      if (about_facts_ && random_.chance(40))
        return {random_.pick(fields_).name + std::string(random_.pick({" est renseigné", " n'est pas renseignée"})),
                kCompare};
      break;
    default:
      break;
  }
  return comparison(depth);
}

Generator::Written Generator::boolean(int depth) {
  if (depth <= 0) return random_.chance(50) ? comparison(0) : leaf({Shape::Kind::kBool});
  switch (random_.below(12)) {
    case 0:
    case 1:
    case 2: {
      const std::string op(random_.chance(50) ? " et " : " ou ");
      std::string text = at(kNot, boolean(depth - 1)) + op + at(kNot, boolean(depth - 1));
      if (random_.chance(20)) text += op + at(kNot, boolean(depth - 1));
      return {text, kLogic};
    }
    case 3:
      return {"non " + at(kPrimary, boolean(depth - 1)), kNot};
    case 4:
    case 5:
      return membership(depth);
    case 6:
    case 7:
      return quantified(depth);
    case 8:
      return about_conclusions(depth);
    case 9:
      return leaf({Shape::Kind::kBool});
    default:
      return comparison(depth);
  }
}

// ---------------------------------------------------------------- quantities

Generator::Written Generator::rounding(std::vector<std::pair<Shape, Shape>> divisions, const Shape* product,
                                       const Shape& unit, int depth) {
  const std::string mode(
      random_.pick({"au plus proche", "au pair", "au pair", "inférieur", "supérieur", "en troncature"}));
  std::string text = "arrondi " + mode + " de ";
  if (random_.chance(40)) {  // halves are where the modes differ
    const std::string amount = at(kUnary, leaf(unit));
    if (unit.kind == Shape::Kind::kRate) return {text + amount + " / 2", kOpen};
    return {random_.chance(50) ? text + amount + " / 2" : text + "50 % × " + amount, kOpen};
  }
  if (product && random_.chance(50)) {
    text += at(kSum, expression(*product, depth - 1));
  } else {
    const auto& [above, below] = random_.pick(divisions);
    text += at(kUnary, expression(above, depth - 1)) + " / " + at(kUnary, expression(below, depth - 1));
  }
  if (random_.chance(40)) {
    using enum Shape::Kind;
    if (unit.kind == kMoney)
      text += std::string(random_.pick({" à 10 € près", " à 0,05 € près", " à 100 € près", " à 1 € près"}));
    else if (unit.kind == kInt)
      text += std::string(random_.pick({" à 10 près", " à 2 près", " à 5 près"}));
    else
      text += std::string(random_.pick({" à 1 % près", " à 0,1 % près", " à 25 % près"}));
  }
  return {text, kOpen};
}

Generator::Written Generator::aggregate(const Shape& element, bool extremes, int depth) {
  std::string function = "somme";
  if (element.kind == Shape::Kind::kDate || (extremes && random_.chance(60)))
    function = random_.pick({"minimum", "maximum"});
  if (random_.chance(40))
    for (const Named& association : maps())
      if (association.shape.of[0] == element)
        return {function == "somme" ? "somme de " + association.name : function + " de valeurs de " + association.name,
                kPostfix};
  return {function + " " + of() + at(kPostfix, expression({Shape::Kind::kList, 0, {element}}, depth - 1)), kPostfix};
}

Generator::Written Generator::number(int depth) {
  using enum Shape::Kind;
  switch (random_.below(9)) {
    case 0:
    case 1: {
      const std::vector<Shape> elements{{kRow, random_.below(tables_.size())}, {kEnum, 0}, {kInt}, {kEnum, 1}};
      return {"nombre " + of() + at(kPostfix, expression({kList, 0, {random_.pick(elements)}}, depth - 1)), kPostfix};
    }
    case 2:
      return {at(kSum, expression({kInt}, depth - 1)) + std::string(random_.pick({" + ", " - ", " − "})) +
                  at(kProduct, expression({kInt}, depth - 1)),
              kSum};
    case 3:
      return {at(kProduct, expression({kInt}, depth - 1)) + std::string(random_.pick({" × ", " * "})) +
                  at(kUnary, expression({kInt}, depth - 1)),
              kProduct};
    case 4:
      return {"-" + at(kPrimary, leaf({kInt})), kUnary};
    case 5:
      return aggregate({kInt}, random_.chance(40), depth);
    case 6: {
      const Shape product{kExactInt};
      return rounding({{{kInt}, {kInt}}, {{kInt}, {kRate}}}, &product, {kInt}, depth);
    }
    case 7:
      return {std::string(random_.pick({"année ", "mois ", "jour "})) + "de " +
                  at(kPrimary, expression({kDate}, depth - 1)),
              kPostfix};
    default:
      if (const auto associations = maps(); random_.chance(30))
        return {"nombre de " + random_.pick(associations).name, kPostfix};
      return leaf({kInt});
  }
}

Generator::Written Generator::money(int depth) {
  using enum Shape::Kind;
  switch (random_.below(7)) {
    case 0:
    case 1:
      return {at(kSum, expression({kMoney}, depth - 1)) + std::string(random_.pick({" + ", " - ", " − "})) +
                  at(kProduct, expression({kMoney}, depth - 1)),
              kSum};
    case 2: {
      const std::string amount = at(kUnary, expression({kMoney}, depth - 1));
      const std::string factor = at(kUnary, expression({kInt}, depth - 1));
      return {random_.chance(50) ? amount + " × " + factor : factor + " × " + amount, kProduct};
    }
    case 3:
      return aggregate({kMoney}, random_.chance(40), depth);
    case 4:
    case 5: {
      const Shape product{kExactMoney};
      return rounding({{{kMoney}, {kInt}}, {{kMoney}, {kRate}}, {{kExactMoney}, {kInt}}}, &product, {kMoney}, depth);
    }
    default:
      return leaf({kMoney});
  }
}

Generator::Written Generator::rate(int depth) {
  using enum Shape::Kind;
  switch (random_.below(4)) {
    case 0:
      return {at(kSum, expression({kRate}, depth - 1)) + std::string(random_.pick({" + ", " − "})) +
                  at(kProduct, expression({kRate}, depth - 1)),
              kSum};
    case 1:
    case 2:
      return rounding({{{kMoney}, {kMoney}}, {{kRate}, {kRate}}, {{kRate}, {kInt}}}, nullptr, {kRate}, depth);
    default:
      return leaf({kRate});
  }
}

Generator::Written Generator::date(int depth) {
  using enum Shape::Kind;
  const std::string op(random_.pick({" + ", " − "}));
  switch (random_.below(4)) {
    case 0:
      return {at(kSum, expression({kDate}, depth - 1)) + op + at(kProduct, expression({kPeriod}, depth - 1)), kSum};
    case 1:
    case 2:
      return {at(kProduct, leaf({kDate})) + op + at(kProduct, expression({kPeriod}, depth - 1)) +
                  std::string(random_.pick({" ramené à la fin du mois", " reporté au mois suivant"})),
              kSum};
    default:
      return random_.chance(30) ? aggregate({kDate}, true, depth) : leaf({kDate});
  }
}

Generator::Written Generator::period(int depth) {
  using enum Shape::Kind;
  switch (random_.below(4)) {
    case 0:
      return {at(kSum, expression({kDate}, depth - 1)) + " − " + at(kProduct, expression({kDate}, depth - 1)), kSum};
    case 1:
      return {at(kSum, expression({kPeriod}, depth - 1)) + std::string(random_.pick({" + ", " − "})) +
                  at(kProduct, expression({kPeriod}, depth - 1)),
              kSum};
    case 2:
      return {at(kUnary, leaf({kPeriod})) + " × " + at(kUnary, leaf({kInt})), kProduct};
    default:
      return leaf({kPeriod});
  }
}

Generator::Written Generator::exact(const Shape& shape, int depth) {
  using enum Shape::Kind;
  const Shape plain{shape.kind == kExactMoney ? kMoney : kInt};
  if (random_.chance(25)) {
    const Shape other = random_.chance(50) ? plain : shape;
    return {at(kSum, expression(shape, depth - 1)) + std::string(random_.pick({" + ", " − "})) +
                at(kProduct, expression(other, depth - 1)),
            kSum};
  }
  const std::string factor = at(kUnary, expression({kRate}, depth - 1));
  const std::string amount = at(kUnary, expression(plain, depth - 1));
  return {random_.chance(50) ? factor + " × " + amount : amount + " × " + factor, kProduct};
}

// ---------------------------------------------------------------- associations, columns, lists

std::optional<Generator::Written> Generator::looked_up(const Shape& shape, int depth) {
  std::vector<Written> ways;
  for (const Named& association : maps())
    if (association.shape.of[0] == shape)
      ways.push_back({association.name + " de " + at(kPrimary, expression(association.shape.of[1], 0)), kPostfix});
  for (std::size_t t = 0; t < tables_.size(); ++t)
    for (const Named& column : tables_[t].columns)
      if (column.shape == shape)
        ways.push_back({column.name + " de " + at(kPrimary, expression({Shape::Kind::kRow, t}, depth - 1)), kPostfix});
  for (const Named& parameter : dated_)
    if (parameter.shape == shape)
      ways.push_back({parameter.name + " au " + at(kPrimary, leaf({Shape::Kind::kDate})), kPostfix});
  for (const Named& decision : decisions_)
    if (decision.shape == shape && random_.chance(50)) ways.push_back({decision.name + " retenue", kPostfix});
  if (ways.empty()) return {};
  return random_.pick(ways);
}

std::optional<Generator::Written> Generator::filter(const Shape& element, int depth) {
  const std::string source = at(kPrimary, expression({Shape::Kind::kList, 0, {element}}, depth - 1));
  scopes_.push_back(element);
  const std::string condition = at(kCompare, boolean(depth - 1));
  scopes_.pop_back();
  return Written{source + " dont " + condition, kOpen};
}

Generator::Written Generator::list(const Shape& shape, int depth) {
  using enum Shape::Kind;
  const Shape& element = shape.of[0];
  switch (random_.below(8)) {
    case 0:
    case 1:
      return *filter(element, depth);
    case 2:
      return {at(kSum, expression(shape, depth - 1)) + std::string(random_.pick({" sauf ", " ainsi que "})) +
                  at(kProduct, expression(shape, depth - 1)),
              kSum};
    case 3:
      return {
          at(kPrimary, expression(shape, depth - 1)) + std::string(random_.pick({", sans doublon", " sans doublon"})),
          kOpen};
    case 4: {  // of each row, a column; a list column is flattened
      std::vector<Written> ways;
      for (std::size_t t = 0; t < tables_.size(); ++t)
        for (const Named& column : tables_[t].columns)
          if (column.shape == element || column.shape == shape)
            ways.push_back(
                {column.name + " " + of() + at(kPrimary, expression({kList, 0, {{kRow, t}}}, depth - 1)), kPostfix});
      if (!ways.empty()) return random_.pick(ways);
      return leaf(shape);
    }
    case 5:
      for (const Named& association : maps()) {
        if (association.shape.of[1] == element) return {"clés de " + association.name, kPostfix};
        if (association.shape.of[0] == element) return {"valeurs de " + association.name, kPostfix};
      }
      return leaf(shape);
    case 6:
      for (const Ballot& ballot : ballots_)
        if (about_facts_ && ballot.member == element) return {"ceux qui manquent à " + ballot.name, kPostfix};
      return leaf(shape);
    default:
      return leaf(shape);
  }
}

}  // namespace assemblier::dsl::oracle
