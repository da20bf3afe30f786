#include "tools/json.hpp"

#include "dsl/text.hpp"

#include <charconv>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace assemblier::tools {
namespace {

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80U) return false;
  }
  return true;
}

std::size_t column_at(std::string_view text, std::size_t offset) {
  return dsl::code_points(text.substr(0, std::min(offset, text.size()))) + 1;
}

/// Builds the tree from nlohmann's events and refuses what a tree of that library would hide.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(std::int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) override { return add(Json(std::uint64_t{value})); }
  bool number_float(number_float_t /*value*/, const string_t& digits) override {
    Json number;
    number.data = Json::Number{digits, digits.find_first_of(".eE") == std::string::npos};
    return add(std::move(number));
  }
  bool string(string_t& value) override {
    if (!check_text(value)) return false;
    return add(Json(is_ascii(value) ? std::move(value) : dsl::nfc(value)));
  }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*elements*/) override { return open(Json(Json::Object{})); }
  bool start_array(std::size_t /*elements*/) override { return open(Json(Json::Array{})); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    if (!check_text(value)) return false;
    key_ = is_ascii(value) ? std::move(value) : dsl::nfc(value);
    Level& level = levels_.back();
    const auto& members = std::get<Json::Object>(level.node->data);
    bool known = false;
    if (members.size() < 16) {
      for (const auto& member : members) known = known || member.key == key_;
    } else {
      if (level.keys.empty()) {
        for (const auto& member : members) level.keys.insert(member.key);
      }
      known = !level.keys.insert(key_).second;
    }
    if (!known) return true;
    error = JsonError{"J0003", fmt::format("la clé « {} » est écrite deux fois ; gardez une seule valeur", key_)};
    return false;
  }

  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& cause) override {
    const std::size_t at = position == 0 ? 0 : position - 1;
    if (cause.id == 406) {  // a number beyond what a double can hold
      error = JsonError{"J0006", fmt::format("colonne {} : nombre trop grand", column_at(text_, at))};
    } else if (position > text_.size()) {
      error = JsonError{"J0001",
                        "JSON incomplet : le texte s'arrête avant la fin (accolade, crochet ou guillemet manquant ?)"};
    } else {
      std::string hint;
      if (text_[at] == '\'') hint = " ; les textes se mettent entre guillemets droits (\")";
      if (text_[at] == '}' || text_[at] == ']')
        hint = " ; une virgule de trop avant la fermeture, ou une valeur manquante ?";
      if (complete_) hint = " ; le texte continue après la fin de l'objet : une ligne ne porte qu'un objet";
      if (!complete_ && last_token.size() > 1 && at + 1 >= text_.size())
        hint = " ; le texte s'arrête peut-être trop tôt";
      error = JsonError{"J0001", fmt::format("JSON illisible à la colonne {}{}", column_at(text_, at), hint)};
    }
    return false;
  }

  Json root;
  std::optional<JsonError> error;

 private:
  struct Level {
    Json* node = nullptr;
    std::unordered_set<std::string> keys;  ///< filled only for large objects
  };

  bool check_text(const std::string& value) {
    if (value.find('\0') == std::string::npos) return true;
    error = JsonError{"J0005", "un texte contient le caractère nul (\\u0000), qu'aucune donnée ne peut porter"};
    return false;
  }

  Json* place(Json value) {
    if (levels_.empty()) {
      root = std::move(value);
      return &root;
    }
    Json& parent = *levels_.back().node;
    if (auto* items = std::get_if<Json::Array>(&parent.data)) return &items->emplace_back(std::move(value));
    auto& members = std::get<Json::Object>(parent.data);
    return &members.emplace_back(Json::Member{std::move(key_), std::move(value)}).value;
  }

  bool add(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json value) {
    if (levels_.size() >= limits_.depth) {
      error = JsonError{"J0004", fmt::format("plus de {} niveaux d'accolades ou de crochets imbriqués", limits_.depth)};
      return false;
    }
    Level level;
    level.node = place(std::move(value));
    levels_.push_back(std::move(level));
    return true;
  }

  bool close() {
    levels_.pop_back();
    complete_ = levels_.empty();
    return true;
  }

  std::string_view text_;
  const JsonLimits& limits_;
  std::vector<Level> levels_;
  std::string key_;
  bool complete_ = false;  ///< the outermost array or object is closed
};

void write_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20U || c == '\x7f') {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace

Json::Json() : data(nullptr) {}
Json::Json(bool value) : data(value) {}
Json::Json(std::int64_t value) : data(Number{std::to_string(value), true}) {}
Json::Json(std::uint64_t value) : data(Number{std::to_string(value), true}) {}
Json::Json(int value) : Json(std::int64_t{value}) {}
Json::Json(std::string value) : data(std::move(value)) {}
Json::Json(std::string_view value) : data(std::string(value)) {}
Json::Json(const char* value) : data(std::string(value)) {}
Json::Json(Array value) : data(std::move(value)) {}
Json::Json(Object value) : data(std::move(value)) {}
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json Json::object() { return Json(Object{}); }

Json Json::texts(const std::vector<std::string>& values) {
  Array items;
  items.reserve(values.size());
  for (const auto& value : values) items.emplace_back(value);
  return Json(std::move(items));
}

const Json* Json::find(std::string_view key) const {
  const auto* members = get<Object>();
  if (members == nullptr) return nullptr;
  for (const auto& member : *members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Json& Json::set(std::string key, Json value) {
  std::get<Object>(data).push_back(Member{std::move(key), std::move(value)});
  return *this;
}

std::optional<std::int64_t> Json::as_int() const {
  const auto* number = get<Number>();
  if (number == nullptr || !number->integer) return std::nullopt;
  std::int64_t value = 0;
  const char* end = number->text.data() + number->text.size();
  const auto [stop, problem] = std::from_chars(number->text.data(), end, value);
  if (problem != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::expected<Json, JsonError> parse_json(std::string_view text, const JsonLimits& limits) {
  if (const auto bad = dsl::first_invalid_utf8(text)) {
    return std::unexpected(
        JsonError{"J0002", fmt::format("octet {} : ce texte n'est pas en UTF-8 (peut-être du Windows-1252 ou du "
                                       "Latin-1) ; convertissez le fichier en UTF-8",
                                       *bad + 1)});
  }
  // The library takes a NUL for the end of its input and skips a byte order mark: neither belongs in a line of JSON.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return std::unexpected(
        JsonError{"J0001", fmt::format("JSON illisible à la colonne {} : caractère nul", column_at(text, nul))});
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    return std::unexpected(
        JsonError{"J0001", "JSON illisible à la colonne 1 : marque d'ordre des octets (BOM) mal placée"});
  }
  Builder builder(text, limits);
  bool read = false;
  try {
    read = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  } catch (const nlohmann::json::exception&) {
    read = false;
  }
  if (read && !builder.error) return std::move(builder.root);
  if (builder.error) return std::unexpected(std::move(*builder.error));
  return std::unexpected(JsonError{"J0001", "JSON illisible"});
}

void write(std::string& out, const Json& json) {
  struct Visitor {
    std::string& out;
    void operator()(std::nullptr_t) const { out += "null"; }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(const Json::Number& number) const { out += number.text; }
    void operator()(const std::string& text) const { write_text(out, text); }
    void operator()(const Json::Array& items) const {
      out += '[';
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) out += ", ";
        write(out, items[i]);
      }
      out += ']';
    }
    void operator()(const Json::Object& members) const {
      out += '{';
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (i > 0) out += ", ";
        write_text(out, members[i].key);
        out += ": ";
        write(out, members[i].value);
      }
      out += '}';
    }
  };
  std::visit(Visitor{out}, json.data);
}

std::string to_text(const Json& json) {
  std::string out;
  write(out, json);
  return out;
}

std::string_view kind_in_french(const Json& json) {
  struct Visitor {
    std::string_view operator()(std::nullptr_t) const { return "null"; }
    std::string_view operator()(bool) const { return "vrai ou faux"; }
    std::string_view operator()(const Json::Number& number) const {
      return number.integer ? "un nombre entier" : "un nombre à virgule";
    }
    std::string_view operator()(const std::string&) const { return "un texte"; }
    std::string_view operator()(const Json::Array&) const { return "une liste"; }
    std::string_view operator()(const Json::Object&) const { return "un objet JSON"; }
  };
  return std::visit(Visitor{}, json.data);
}

}  // namespace assemblier::tools
