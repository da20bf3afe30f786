#include "engine/typing.hpp"

#include "dsl/text.hpp"
#include "engine/wording.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

using Kind = dsl::Type::Kind;
using Typed = std::expected<dsl::Value, TypingError>;

std::unexpected<TypingError> wrong(std::string_view where, const std::string& what) {
  return std::unexpected(TypingError{std::string(where), fmt::format("{} : {}", where, what)});
}

// What was found, short enough for a line.
std::string found(const Datum& datum) {
  std::string text = show(datum);
  if (dsl::code_points(text) > 60) {
    std::size_t end = 60;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text = text.substr(0, end) + "…";
  }
  return fmt::format("{} « {} »", kind_name(datum), text);
}

std::unexpected<TypingError> expected(std::string_view where, const Datum& datum, std::string_view wanted) {
  return wrong(where, fmt::format("{} trouvé, {} attendu", found(datum), wanted));
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

Typed typed_bool(const Datum& datum, std::string_view where) {
  if (const auto* value = datum.get<bool>()) return dsl::Value(*value);
  if (const auto* text = datum.get<std::string>()) {
    if (*text == "oui") return dsl::Value(true);
    if (*text == "non") return dsl::Value(false);
  }
  return expected(where, datum, "true ou false");
}

Typed typed_montant(const Datum& datum, std::string_view where) {
  constexpr std::string_view kWanted = "un montant : texte exact comme \"12000.00\", ou entier d'euros";
  if (const auto* value = datum.get<dsl::Montant>()) return dsl::Value(*value);
  if (const auto* euros = datum.get<std::int64_t>()) {
    const auto cents = dsl::narrow(static_cast<dsl::Int128>(*euros) * 100);
    if (!cents) return wrong(where, "montant trop grand");
    return dsl::Value(dsl::Montant{*cents});
  }
  if (const auto* text = datum.get<std::string>()) {
    if (const auto amount = dsl::parse_montant(*text)) return dsl::Value(*amount);
    if (text->find(',') != std::string::npos) {
      return wrong(where, fmt::format("« {} » a une virgule ; un point est attendu, comme dans \"12000.00\"", *text));
    }
  }
  return expected(where, datum, kWanted);
}

std::optional<dsl::Taux> parse_rate(std::string_view text) {
  if (!text.ends_with('%')) return dsl::parse_taux(text);
  text.remove_suffix(1);
  for (const std::string_view space : {" ", "\u00A0", "\u202F"}) {
    if (text.ends_with(space)) {
      text.remove_suffix(space.size());
      break;
    }
  }
  const auto percents = dsl::parse_taux(text);
  if (!percents || percents->nano % 100 != 0) return {};
  return dsl::Taux{percents->nano / 100};
}

Typed typed_taux(const Datum& datum, std::string_view where) {
  if (const auto* value = datum.get<dsl::Taux>()) return dsl::Value(*value);
  if (const auto* whole = datum.get<std::int64_t>(); whole != nullptr && (*whole == 0 || *whole == 1)) {
    return dsl::Value(dsl::Taux{*whole * 1'000'000'000});
  }
  if (const auto* text = datum.get<std::string>()) {
    if (const auto rate = parse_rate(*text)) return dsl::Value(*rate);
  }
  return expected(where, datum, "un taux : texte exact comme \"0.8\" ou \"80 %\"");
}

// "2 mois", "3 jours", "1 an et 3 jours": each unit at most once.
std::optional<dsl::Duree> parse_duration(std::string_view text) {
  dsl::Duree duration;
  bool years = false, months = false, days = false;
  while (true) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return {};
    const auto count = parse_integer(text.substr(0, blank));
    if (!count || *count < 0 || *count > 100'000) return {};
    text.remove_prefix(blank + 1);
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view unit = text.substr(0, end);
    const auto number = static_cast<std::int32_t>(*count);
    if ((unit == "an" || unit == "ans" || unit == "année" || unit == "années") && !years) {
      years = true;
      duration.months += 12 * number;
    } else if (unit == "mois" && !months) {
      months = true;
      duration.months += number;
    } else if ((unit == "jour" || unit == "jours") && !days) {
      days = true;
      duration.days += number;
    } else {
      return {};
    }
    text.remove_prefix(end);
    if (text.empty()) return duration;
    text.remove_prefix(1);
    if (text.starts_with("et ")) text.remove_prefix(3);
  }
}

Typed typed_name(const std::vector<std::string>& names, std::string_view what, const Datum& datum,
                 std::string_view where, const auto& make) {
  const auto* text = datum.get<std::string>();
  if (text == nullptr) return expected(where, datum, fmt::format("un nom de {}", what));
  std::string name = *text;
  if (!normalise(name)) return wrong(where, "texte qui n'est pas de l'UTF-8");
  const auto at = std::ranges::find(names, name);
  if (at == names.end()) {
    const std::string help = name_help(name, names);
    return wrong(where, fmt::format("« {} » n'est pas dans {}{}{}", name, what, help.empty() ? "" : " ; ", help));
  }
  return make(static_cast<dsl::Index>(at - names.begin()));
}

Typed typed_enum(const dsl::Program& program, dsl::Index index, const Datum& datum, std::string_view where) {
  const dsl::EnumInfo& info = program.enums[index];
  if (const auto* text = datum.get<std::string>()) {  // the usual case, without a list of names
    for (dsl::Index i = 0; i < info.items.size(); ++i) {
      if (info.items[i].name == *text) return dsl::Value(dsl::EnumValue{index, i});
    }
  }
  std::vector<std::string> names;
  for (const auto& item : info.items) names.push_back(item.name);
  return typed_name(names, info.name, datum, where,
                    [index](dsl::Index i) { return dsl::Value(dsl::EnumValue{index, i}); });
}

Typed typed_list(const dsl::Program& program, const dsl::Type& type, const Datum& datum, std::string_view where) {
  const auto* list = datum.get<Datum::List>();
  if (list == nullptr) return expected(where, datum, fmt::format("un tableau ({})", dsl::show(program, type)));
  std::vector<dsl::Value> items;
  items.reserve(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string place = fmt::format("{} (élément {})", where, i + 1);
    if ((*list)[i].is_null()) return wrong(place, "null trouvé, une valeur attendue");
    auto item = typed(program, *type.element, (*list)[i], place);
    if (!item) return item;
    const auto same =
        std::ranges::find_if(items, [&item](const dsl::Value& other) { return dsl::equal(other, *item); });
    if (same != items.end()) {
      return wrong(place, fmt::format("« {} » est déjà à l'élément {} ; une liste de faits n'a pas de doublon",
                                      dsl::show(program, *item), same - items.begin() + 1));
    }
    items.push_back(std::move(*item));
  }
  return dsl::make_list(std::move(items));
}

// A key of an association is a text in JSON: a number is spelled out.
Typed typed_key(const dsl::Program& program, const dsl::Type& type, const std::string& key, std::string_view where) {
  if (type.kind == Kind::kEntier) {
    if (const auto value = parse_integer(key)) return dsl::Value(*value);
  }
  return typed(program, type, Datum(key), fmt::format("clé de {}", where));
}

Typed typed_map(const dsl::Program& program, const dsl::Type& type, const Datum& datum, std::string_view where) {
  const auto* map = datum.get<Datum::Map>();
  if (map == nullptr) return expected(where, datum, fmt::format("un objet ({})", dsl::show(program, type)));
  std::vector<std::pair<dsl::Value, dsl::Value>> entries;
  entries.reserve(map->size());
  for (const auto& [name, content] : *map) {
    auto key = typed_key(program, *type.key, name, where);
    if (!key) return key;
    const std::string place = fmt::format("{} de {}", where, name);
    if (content.is_null()) return wrong(place, "null trouvé, une valeur attendue (une clé sans valeur ne s'écrit pas)");
    auto value = typed(program, *type.element, content, place);
    if (!value) return value;
    const auto twice = std::ranges::any_of(entries, [&key](const auto& e) { return dsl::equal(e.first, *key); });
    if (twice) return wrong(place, "clé en double");
    entries.emplace_back(std::move(*key), std::move(*value));
  }
  return dsl::make_map(std::move(entries));
}

// An unrounded product in its own unit: euros or units.
std::string decimal(const dsl::Exact& exact) {
  const bool negative = exact.nano < 0;
  __extension__ using Wide = unsigned __int128;
  Wide rest = negative ? Wide{0} - static_cast<Wide>(exact.nano) : static_cast<Wide>(exact.nano);
  const int decimals = exact.money ? 11 : 9;
  std::string digits;
  while (rest != 0 || digits.size() <= static_cast<std::size_t>(decimals)) {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  std::ranges::reverse(digits);
  std::string fraction = digits.substr(digits.size() - static_cast<std::size_t>(decimals));
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return (negative ? "-" : "") + digits.substr(0, digits.size() - static_cast<std::size_t>(decimals)) +
         (fraction.empty() ? "" : "." + fraction);
}

}  // namespace

std::string key_text(const dsl::Program& program, const dsl::Value& key) {
  const Datum datum = untyped(program, key);
  if (const auto* amount = datum.get<dsl::Montant>()) return dsl::plain(*amount);
  if (const auto* rate = datum.get<dsl::Taux>()) return dsl::plain(*rate);
  if (const auto* date = datum.get<dsl::Date>()) return dsl::iso(*date);
  return show(datum);
}

namespace {

struct Untyper {
  const dsl::Program& program;

  Datum operator()(bool v) const { return Datum(v); }
  Datum operator()(std::int64_t v) const { return Datum(v); }
  Datum operator()(dsl::Montant v) const { return Datum(v); }
  Datum operator()(dsl::Taux v) const { return Datum(v); }
  Datum operator()(const dsl::Exact& v) const { return Datum(decimal(v)); }
  Datum operator()(dsl::Date v) const { return Datum(v); }
  Datum operator()(dsl::Duree v) const { return Datum(v); }
  Datum operator()(const std::string& v) const { return Datum(v); }
  Datum operator()(dsl::EnumValue v) const { return Datum(program.enums[v.type].items[v.value].name); }
  Datum operator()(dsl::Row v) const { return Datum(program.tables[v.table].keys[v.row]); }
  Datum operator()(const dsl::List& list) const {
    Datum::List items;
    items.reserve(list->size());
    for (const dsl::Value& item : *list) items.push_back(untyped(program, item));
    return Datum(std::move(items));
  }
  Datum operator()(const dsl::Map& map) const {
    Datum::Map entries;
    entries.reserve(map->size());
    for (const auto& [key, value] : *map) entries.emplace_back(key_text(program, key), untyped(program, value));
    return Datum(std::move(entries));
  }
};

}  // namespace

Typed typed(const dsl::Program& program, const dsl::Type& type, const Datum& datum, std::string_view where) {
  switch (type.kind) {
    case Kind::kBooleen:
      return typed_bool(datum, where);
    case Kind::kEntier:
      if (const auto* value = datum.get<std::int64_t>()) return dsl::Value(*value);
      return expected(where, datum, "un entier");
    case Kind::kMontant:
      return typed_montant(datum, where);
    case Kind::kTaux:
      return typed_taux(datum, where);
    case Kind::kDate:
      if (const auto* value = datum.get<dsl::Date>()) return dsl::Value(*value);
      if (const auto* text = datum.get<std::string>()) {
        if (const auto date = dsl::parse_iso(*text)) return dsl::Value(*date);
      }
      return expected(where, datum, "une date AAAA-MM-JJ qui existe");
    case Kind::kDuree:
      if (const auto* value = datum.get<dsl::Duree>()) return dsl::Value(*value);
      if (const auto* text = datum.get<std::string>()) {
        if (const auto duration = parse_duration(*text)) return dsl::Value(*duration);
      }
      return expected(where, datum, "une durée comme \"2 mois\", \"3 jours\" ou \"1 an et 2 jours\"");
    case Kind::kTexte:
      if (const auto* text = datum.get<std::string>()) return dsl::Value(*text);
      return expected(where, datum, "un texte");
    case Kind::kEnum:
      return typed_enum(program, type.named, datum, where);
    case Kind::kRow: {
      const dsl::TableInfo& table = program.tables[type.named];
      return typed_name(table.keys, table.name, datum, where,
                        [&type](dsl::Index i) { return dsl::Value(dsl::Row{type.named, i}); });
    }
    case Kind::kList:
      return typed_list(program, type, datum, where);
    case Kind::kMap:
      return typed_map(program, type, datum, where);
    case Kind::kExactMontant:
    case Kind::kExactNombre:
    case Kind::kAny:
    case Kind::kEtat:
      break;
  }
  return wrong(where, "ce type ne peut pas être celui d'un fait");
}

Datum untyped(const dsl::Program& program, const dsl::Value& value) { return std::visit(Untyper{program}, value.data); }

std::expected<std::vector<std::optional<dsl::Value>>, std::vector<TypingError>> typed_facts(const dsl::Program& program,
                                                                                            dsl::Index objet,
                                                                                            const Datum::Map& facts) {
  const dsl::ObjetInfo& info = program.objets[objet];
  std::vector<std::optional<dsl::Value>> values(info.fields.size());
  std::vector<TypingError> errors;
  std::vector<bool> seen(info.fields.size());
  for (const auto& [given, datum] : facts) {
    std::string name = given;
    const dsl::Index field = normalise(name) ? program.find_field(objet, name) : dsl::kNoIndex;
    if (field == dsl::kNoIndex) {
      std::vector<std::string> names;
      for (const auto& f : info.fields) names.push_back(f.name);
      const std::string help = name_help(name, names);
      errors.push_back(
          {name, fmt::format("« {} » n'est pas un champ de {}{}{}", name, info.name, help.empty() ? "" : " ; ", help)});
      continue;
    }
    if (seen[field]) {
      errors.push_back({name, fmt::format("{} : donné deux fois", name)});
      continue;
    }
    seen[field] = true;
    if (datum.is_null()) continue;
    auto value = typed(program, *info.fields[field].type, datum, name);
    if (value) {
      values[field] = std::move(*value);
    } else {
      errors.push_back(std::move(value.error()));
    }
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return values;
}

std::string name_help(std::string_view word, const std::vector<std::string>& names) {
  const auto near = dsl::suggestions(word, names);
  if (!near.empty()) return fmt::format("vouliez-vous dire {} ?", joined_quoted(near, "ou"));
  if (names.empty() || names.size() > 12) return {};
  return fmt::format("possibles : {}", joined_quoted(names, "ou"));
}

}  // namespace assemblier::engine
