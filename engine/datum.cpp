#include "engine/datum.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include <boost/container/small_vector.hpp>

namespace assemblier::engine {

namespace {

enum Kind : std::uint64_t { kMontant = 1, kTaux = 2, kDate = 3, kDuree = 4, kMap = 5, kSealed = 6 };

void open(storage::CborWriter& writer, Kind kind) {
  writer.map(1);
  writer.uint(kind);
}

struct Encoder {
  storage::CborWriter& writer;
  bool canonical;

  void operator()(std::monostate) const { writer.null(); }
  void operator()(bool v) const { writer.boolean(v); }
  void operator()(std::int64_t v) const { writer.integer(v); }
  void operator()(const std::string& v) const { writer.text(v); }
  void operator()(dsl::Montant v) const {
    open(writer, kMontant);
    writer.integer(v.centimes);
  }
  void operator()(dsl::Taux v) const {
    open(writer, kTaux);
    writer.integer(v.nano);
  }
  void operator()(dsl::Date v) const {
    open(writer, kDate);
    writer.integer(v.days);
  }
  void operator()(dsl::Duree v) const {
    open(writer, kDuree);
    writer.array(2);
    writer.integer(v.months);
    writer.integer(v.days);
  }
  void operator()(const Datum::SharedSealed& v) const {
    open(writer, kSealed);
    writer.uint(v->index);
  }
  void operator()(const Datum::List& list) const {
    writer.array(list.size());
    for (const Datum& item : list) std::visit(*this, item.data);
  }
  void operator()(const Datum::Map& map) const {
    open(writer, kMap);
    writer.array(2 * map.size());
    const auto entry = [this](const std::pair<std::string, Datum>& e) {
      writer.text(e.first);
      std::visit(*this, e.second.data);
    };
    if (!canonical) {
      std::ranges::for_each(map, entry);
      return;
    }
    boost::container::small_vector<const std::pair<std::string, Datum>*, 16> sorted;
    sorted.reserve(map.size());
    for (const auto& e : map) sorted.push_back(&e);
    std::ranges::sort(sorted, {}, [](const auto* e) -> const std::string& { return e->first; });
    for (const auto* e : sorted) entry(*e);
  }
};

class Decoder {
 public:
  Decoder(storage::CborReader& reader, const DatumLimits& limits) : reader_(reader), limits_(limits) {}

  Datum read(int depth) {
    using Reader = storage::CborReader;
    if (depth > limits_.depth) return failed("valeurs imbriquées trop profondément");
    if (++items_ > limits_.items) return failed("valeur trop longue");
    switch (reader_.peek()) {
      case Reader::Kind::kNull:
        reader_.null();
        return Datum();
      case Reader::Kind::kBool:
        return Datum(reader_.boolean());
      case Reader::Kind::kUint:
      case Reader::Kind::kNegative:
        return Datum(reader_.integer());
      case Reader::Kind::kText:
        return Datum(std::string(reader_.text()));
      case Reader::Kind::kArray:
        return list(depth);
      case Reader::Kind::kMap:
        return special(depth);
      case Reader::Kind::kBytes:
      case Reader::Kind::kEnd:
      case Reader::Kind::kBad:
        break;
    }
    return failed("valeur attendue");
  }

 private:
  Datum failed(const char* why) {
    if (reader_.ok()) reader_.fail(why);
    return Datum();
  }

  Datum list(int depth) {
    const std::uint64_t count = reader_.array();
    Datum::List items;
    for (std::uint64_t i = 0; i < count && reader_.ok(); ++i) items.push_back(read(depth + 1));
    return Datum(std::move(items));
  }

  Datum special(int depth) {
    if (reader_.map() != 1) return failed("une paire {nature: contenu} attendue");
    const std::uint64_t kind = reader_.uint();
    if (kind == kMontant) return Datum(dsl::Montant{reader_.integer()});
    if (kind == kTaux) return Datum(dsl::Taux{reader_.integer()});
    if (kind == kDate) return date();
    if (kind == kMap) return map(depth);
    if (kind == kSealed) return Datum(Datum::Sealed{.index = reader_.uint()});
    if (kind != kDuree) return failed("nature de valeur inconnue");
    if (reader_.array() != 2) return failed("durée : [mois, jours] attendus");
    const std::int32_t months = small();
    const std::int32_t days = small();
    return Datum(dsl::Duree{months, days});
  }

  Datum date() {
    const dsl::Date date{small()};
    static const dsl::Date first = *dsl::make_date(1, 1, 1);
    static const dsl::Date last = *dsl::make_date(9999, 12, 31);
    if (date < first || date > last) return failed("date hors des années 1 à 9999");
    return Datum(date);
  }

  std::int32_t small() {
    const std::int64_t value = reader_.integer();
    if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max()) {
      failed("nombre trop grand");
      return 0;
    }
    return static_cast<std::int32_t>(value);
  }

  Datum map(int depth) {
    const std::uint64_t count = reader_.array();
    if (count % 2 != 0) return failed("association : une valeur par clé attendue");
    Datum::Map entries;
    std::unordered_set<std::string> seen;
    for (std::uint64_t i = 0; i < count && reader_.ok(); i += 2) {
      std::string key(reader_.text());
      if (reader_.ok() && !seen.insert(key).second) return failed("association : clé en double");
      Datum value = read(depth + 1);
      entries.emplace_back(std::move(key), std::move(value));
    }
    return Datum(std::move(entries));
  }

  storage::CborReader& reader_;
  const DatumLimits& limits_;
  std::size_t items_ = 0;
};

struct Shower {
  std::string operator()(std::monostate) const { return "(absent)"; }
  std::string operator()(bool v) const { return v ? "oui" : "non"; }
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(const std::string& v) const { return v; }
  std::string operator()(dsl::Montant v) const { return dsl::french(v); }
  std::string operator()(dsl::Taux v) const { return dsl::french(v); }
  std::string operator()(dsl::Date v) const { return dsl::french(v); }
  std::string operator()(dsl::Duree v) const { return dsl::french(v); }
  std::string operator()(const Datum::SharedSealed& v) const {
    return v->erased.empty() ? std::string("scellé") : "effacé (" + v->erased + ", " + dsl::french(v->on) + ")";
  }
  std::string operator()(const Datum::List& list) const {
    if (list.empty()) return "(liste vide)";
    std::string text;
    for (const Datum& item : list) text += (text.empty() ? "" : ", ") + show(item);
    return text;
  }
  std::string operator()(const Datum::Map& map) const {
    if (map.empty()) return "(association vide)";
    std::string text;
    for (const auto& [key, value] : map) text += (text.empty() ? "" : " ; ") + key + " : " + show(value);
    return text;
  }
};

}  // namespace

Datum::Datum(List v) : data(std::move(v)) {}
Datum::Datum(Map v) : data(std::move(v)) {}

bool operator==(const Datum& a, const Datum& b) {
  if (a.data.index() != b.data.index()) return false;
  if (const auto* left = a.get<Datum::Map>()) {
    const auto& right = *b.get<Datum::Map>();
    if (left->size() != right.size()) return false;
    return std::ranges::all_of(*left, [&right](const auto& entry) {
      const auto other = std::ranges::find(right, entry.first, &std::pair<std::string, Datum>::first);
      return other != right.end() && other->second == entry.second;
    });
  }
  if (const auto* left = a.get<Datum::List>()) return std::ranges::equal(*left, *b.get<Datum::List>());
  if (const auto* left = a.get<Datum::Sealed>()) return *left == *b.get<Datum::Sealed>();
  return std::visit(
      [&b](const auto& left) {
        using T = std::remove_cvref_t<decltype(left)>;
        if constexpr (std::is_same_v<T, Datum::List> || std::is_same_v<T, Datum::Map>) {
          return false;
        } else {
          return left == *b.get<T>();
        }
      },
      a.data);
}

void encode(storage::CborWriter& writer, const Datum& datum) { std::visit(Encoder{writer, false}, datum.data); }

void encode(storage::CborWriter& writer, const Datum::Map& map) { Encoder{writer, false}(map); }

void encode_canonical(storage::CborWriter& writer, const Datum& datum) {
  std::visit(Encoder{writer, true}, datum.data);
}

void encode_canonical(storage::CborWriter& writer, const Datum::Map& map) { Encoder{writer, true}(map); }

Datum decode_datum(storage::CborReader& reader, const DatumLimits& limits) {
  Datum datum = Decoder(reader, limits).read(0);
  if (!reader.ok()) return Datum();
  return datum;
}

std::string show(const Datum& datum) { return std::visit(Shower{}, datum.data); }

std::string_view kind_name(const Datum& datum) {
  constexpr std::string_view kNames[] = {"rien",       "un booléen",      "un entier",         "un texte",
                                         "un montant", "un taux",         "une date",          "une durée",
                                         "une liste",  "une association", "une donnée scellée"};
  static_assert(std::size(kNames) == std::variant_size_v<Datum::Data>);
  return kNames[datum.data.index()];
}

}  // namespace assemblier::engine
