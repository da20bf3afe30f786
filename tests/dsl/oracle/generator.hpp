#pragma once
// Random éditions, as text, and random facts for them. Type-correct by construction, with boundaries close together so
// that comparisons are decided by one cent or one day. One seed, one édition: the same on every machine.
//
//   Generator generator(42);
//   std::string text = generator.edition().text();
//   Facts facts = generator.facts(30);  // three facts of ten are missing

#include "tests/dsl/oracle/oracle.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assemblier::dsl::oracle {

/// splitmix64: the distributions of the standard library differ between implementations.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  /// 0 … count − 1
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return static_cast<int>(below(100)) < percent; }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(list.size())];
  }
  std::string_view pick(std::initializer_list<std::string_view> list) { return *(list.begin() + below(list.size())); }
  template <class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[below(i)]);
  }

 private:
  std::uint64_t state_;
};

/// The type of a name or an expression.
struct Shape {
  enum class Kind {
    kBool,
    kInt,
    kMoney,
    kRate,
    kDate,
    kPeriod,
    kText,
    kEnum,
    kRow,
    kList,
    kMap,
    kExactMoney,
    kExactInt
  };
  Kind kind = Kind::kBool;
  std::size_t named = 0;  ///< kEnum, kRow: which one
  std::vector<Shape> of;  ///< kList: element; kMap: value, key
  bool operator==(const Shape&) const = default;
};

/// A declaration: its first line and the clauses of its body.
struct Block {
  std::string header;
  std::vector<std::string> clauses;
  std::string last;         ///< `sinon …`, stays at the end
  bool free_order = false;  ///< a décision by cases: the order of its clauses means nothing
};

struct Edition {
  std::vector<Block> head;  ///< everything that is not a rule
  std::vector<Block> rules;
  /// A grille and the same written as cases: always the same answer.
  std::vector<std::pair<std::string, std::string>> twins;

  [[nodiscard]] std::string text() const;
  /// The same rules and cases in another order.
  [[nodiscard]] Edition shuffled(Random& random) const;
};

class Generator {
 public:
  /// `about_facts`: also `est renseigné` and `ceux qui manquent`, whose answers change when a fact arrives.
  explicit Generator(std::uint64_t seed, bool about_facts = true);

  [[nodiscard]] const Edition& edition() const { return edition_; }
  /// Each fact is missing with this probability, in percent; `wild`: also the extremes, where arithmetic overflows.
  [[nodiscard]] Facts facts(int missing, bool wild);

 private:
  /// How tightly what is written holds together; an operand looser than its place gets parentheses.
  enum Level { kOpen, kLogic, kNot, kCompare, kSum, kProduct, kUnary, kPostfix, kPrimary };
  struct Written {
    std::string text;
    Level level = kPrimary;
  };
  struct Named {
    std::string name;
    Shape shape;
  };
  struct Enumeration {
    std::string name;
    std::vector<std::string> values;
  };
  struct Table {
    std::string name;
    std::vector<Named> columns;
    std::vector<std::string> keys;
  };
  struct Ballot {
    std::string name;
    Shape member;
  };

  // names
  std::string fresh_name();
  std::string fresh_proper_name();
  std::string unused(std::string name);

  // declarations
  void enumerations();
  void tables();
  void objet();
  void parameters();
  void definition();
  void decision();
  void grille();
  void condition();
  void scrutin();
  void margins();
  std::string type_name(const Shape& shape) const;
  std::string cell(const Shape& shape);
  std::string fraction();
  std::string reason();
  std::string values(const Shape& shape, int depth);

  // expressions
  Written expression(const Shape& shape, int depth);
  Written leaf(const Shape& shape);
  Written literal(const Shape& shape);
  Written constant(const Shape& shape);
  Written boolean(int depth);
  Written comparison(int depth);
  Written membership(int depth);
  Written quantified(int depth);
  Written about_conclusions(int depth);
  Written number(int depth);
  Written money(int depth);
  Written rate(int depth);
  Written date(int depth);
  Written period(int depth);
  Written exact(const Shape& shape, int depth);
  Written scalar(const Shape& shape, int depth);
  Written list(const Shape& shape, int depth);
  Written conditional(const Shape& shape, int depth);
  Written rounding(std::vector<std::pair<Shape, Shape>> divisions, const Shape* product, const Shape& unit, int depth);
  Written aggregate(const Shape& element, bool extremes, int depth);
  std::optional<Written> looked_up(const Shape& shape, int depth);
  std::optional<Written> filter(const Shape& element, int depth);
  std::string at(Level level, const Written& written);
  std::string of();
  std::vector<std::string> names(const Shape& shape) const;
  std::vector<Named> maps() const;

  // facts
  Thing fact(const Shape& shape, bool wild);

  Random random_;
  bool about_facts_;
  Edition edition_;
  std::vector<std::string> taken_;
  std::vector<Enumeration> enumerations_;
  std::vector<Table> tables_;
  std::vector<Named> fields_;
  std::vector<Named> parameters_;  ///< read plainly
  std::vector<Named> dated_;       ///< read at a date
  std::vector<Named> definitions_, decisions_, conditions_;
  std::vector<Ballot> ballots_;
  std::vector<Shape> scopes_;                              ///< what `élément` is, innermost last
  std::vector<std::int64_t> ints_, cents_, nanos_, days_;  ///< boundaries in use
  std::vector<std::string> texts_;
  std::size_t position_ = 0;  ///< the énumération of positions
};

}  // namespace assemblier::dsl::oracle
