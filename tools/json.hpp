#pragma once
// Strict JSON at the edge: a small tree that keeps what facts need and other parsers lose (order of keys, duplicate
// keys, exact digits of numbers), and its writer. Texts are NFC once read.
//
// Thread-safety: values only.
//
//   auto read = parse_json(R"({"coût total": "12000.00"})");
//   if (read) use(*read); else tell(read.error().message);

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace assemblier::tools {

struct Json {
  struct Member;
  /// The digits as written; never rounded.
  struct Number {
    std::string text;
    bool integer = true;  ///< no fraction, no exponent
    bool operator==(const Number&) const = default;
  };
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;

  std::variant<std::nullptr_t, bool, Number, std::string, Array, Object> data;

  // Defined where Member is complete.
  Json();  ///< null
  explicit Json(bool value);
  explicit Json(std::int64_t value);
  explicit Json(std::uint64_t value);
  explicit Json(int value);
  explicit Json(std::string value);
  explicit Json(std::string_view value);
  explicit Json(const char* value);
  explicit Json(Array value);
  explicit Json(Object value);
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();
  [[nodiscard]] static Json texts(const std::vector<std::string>& values);
  [[nodiscard]] static Json object();

  template <class T>
  [[nodiscard]] const T* get() const {
    return std::get_if<T>(&data);
  }
  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::nullptr_t>(data); }
  /// The member of that name; null if absent or if this is no object.
  [[nodiscard]] const Json* find(std::string_view key) const;
  /// Appends a member. REQUIRES an object.
  Json& set(std::string key, Json value);
  /// Value of an integer that fits in 64 bits.
  [[nodiscard]] std::optional<std::int64_t> as_int() const;
  bool operator==(const Json&) const;
};

struct Json::Member {
  std::string key;
  Json value;
  bool operator==(const Member&) const = default;
};

inline bool Json::operator==(const Json& other) const { return data == other.data; }

/// Why a text is no acceptable JSON. Codes J0001…, listed in tools/README.md.
struct JsonError {
  std::string code;
  std::string message;  ///< French: what, where (column in code points from 1), what to do
};

struct JsonLimits {
  std::size_t depth = 32;  ///< facts nest three deep; the bound keeps every later recursion far from the stack's end
};

/// One JSON value and nothing after it but blanks.
[[nodiscard]] std::expected<Json, JsonError> parse_json(std::string_view text, const JsonLimits& limits = {});

/// One line, UTF-8, keys in their order. REQUIRES valid UTF-8 in every text.
[[nodiscard]] std::string to_text(const Json& json);
void write(std::string& out, const Json& json);

/// « un texte », « un nombre », … : what a person is told they wrote.
[[nodiscard]] std::string_view kind_in_french(const Json& json);

}  // namespace assemblier::tools
