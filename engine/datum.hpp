#pragma once
// Datum: a neutral value that describes itself, so that history stays readable without the language that wrote it. It
// is what JSON facts become at the edge, what events hold, and what answers show.
//
// Thread-safety: values only.
//
//   Datum::Map data{{"titre", Datum("Germinal")}, {"prix", Datum(dsl::Montant{1250})}};
//   storage::CborWriter w; encode(w, Datum(data));

#include "dsl/values.hpp"
#include "storage/cbor.hpp"
#include "storage/seal.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace assemblier::engine {

struct Datum {
  using List = std::vector<Datum>;
  /// Keys unique, in the order given. A key that is not text in the language is its plain text: "2024", "2024-01-30",
  /// "oui".
  using Map = std::vector<std::pair<std::string, Datum>>;
  /// A personal value that is not in clear here: what stands for it in an event.
  struct Sealed {
    std::uint64_t index = 0;  ///< among the personal values of its event
    storage::Seal seal{};     ///< once the event is stored
    std::string erased{};     ///< why it was erased, once that is known (Engine::reveal); empty: it is not
    dsl::Date on{};           ///< when it was erased
    bool operator==(const Sealed&) const = default;
  };
  /// Rare, and larger than all the others.
  using SharedSealed = std::shared_ptr<const Sealed>;
  using Data = std::variant<std::monostate, bool, std::int64_t, std::string, dsl::Montant, dsl::Taux, dsl::Date,
                            dsl::Duree, List, Map, SharedSealed>;
  Data data;

  Datum() = default;  ///< null: absent, unknown
  explicit Datum(bool v) : data(v) {}
  explicit Datum(std::int64_t v) : data(v) {}
  explicit Datum(std::string v) : data(std::move(v)) {}
  explicit Datum(const char* v) : data(std::string(v)) {}
  explicit Datum(dsl::Montant v) : data(v) {}
  explicit Datum(dsl::Taux v) : data(v) {}
  explicit Datum(dsl::Date v) : data(v) {}
  explicit Datum(dsl::Duree v) : data(v) {}
  explicit Datum(List v);
  explicit Datum(Map v);
  explicit Datum(Sealed v) : data(std::make_shared<const Sealed>(std::move(v))) {}

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data); }
  template <class T>
  [[nodiscard]] const T* get() const {
    if constexpr (std::is_same_v<T, Sealed>) {
      const auto* const shared = std::get_if<SharedSealed>(&data);
      return shared != nullptr ? shared->get() : nullptr;
    } else {
      return std::get_if<T>(&data);
    }
  }
  template <class T>
    requires(!std::is_same_v<T, Sealed>)
  [[nodiscard]] T* get() {
    return std::get_if<T>(&data);
  }
};

/// Same kind and same content; maps whatever the order of their keys.
[[nodiscard]] bool operator==(const Datum& a, const Datum& b);

/// Limits of what is decoded; beyond them an error, never a crash.
struct DatumLimits {
  int depth = 16;               ///< lists and maps inside each other: facts nest two levels, requests a few more
  std::size_t items = 1 << 20;  ///< items of one datum, all levels together
};

/// Plain CBOR for null, bool, integer, text and list; a one-pair map {kind: content} for the rest:
/// {1: cents} montant, {2: nano} taux, {3: days since 1970-01-01} date, {4: [months, days]} durée, {5: [k, v, k, v …]}
/// map, {6: index} sealed: its place among the personal values of its event.
void encode(storage::CborWriter& writer, const Datum& datum);
/// As a Datum that holds `map`.
void encode(storage::CborWriter& writer, const Datum::Map& map);
/// The same with the keys of every map sorted bytewise: two requests that differ by key order only have one
/// fingerprint.
void encode_canonical(storage::CborWriter& writer, const Datum& datum);
void encode_canonical(storage::CborWriter& writer, const Datum::Map& map);
/// Strict inverse of encode; on failure `reader` is failed with a French reason and the result is null.
[[nodiscard]] Datum decode_datum(storage::CborReader& reader, const DatumLimits& limits = {});

/// One line of French text, for messages: « 1 234,56 € », « 30/01/2024 », « oui », « Anzin, Marly », « clé : valeur ; …
/// », « (absent) ».
[[nodiscard]] std::string show(const Datum& datum);

/// French name of the kind: "un entier", "un texte", "une liste" …
[[nodiscard]] std::string_view kind_name(const Datum& datum);

}  // namespace assemblier::engine
