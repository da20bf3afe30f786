// Strict JSON: what is kept, what is refused, with which code and words.

#include "tools/json.hpp"

#include "tools/datum_json.hpp"
#include "tools/stream.hpp"

#include <gtest/gtest.h>

namespace assemblier::tools {
namespace {

std::string code(std::string_view text, const JsonLimits& limits = {}) {
  const auto read = parse_json(text, limits);
  return read ? "" : read.error().code;
}

std::string message(std::string_view text) {
  const auto read = parse_json(text);
  return read ? "" : read.error().message;
}

TEST(Json, KeepsWhatFactsNeed) {
  const auto read = parse_json(R"( {"b": [1, -2, true, null], "a": {"é": "x\ny"}, "n": 12.50} )");
  ASSERT_TRUE(read);
  EXPECT_EQ(to_text(*read), R"({"b": [1, -2, true, null], "a": {"é": "x\ny"}, "n": 12.50})");
}

TEST(Json, ExactDigits) {
  const auto read = parse_json("[99999999999999999999, 9223372036854775807, 18446744073709551615, -0, 1e3]");
  ASSERT_TRUE(read);
  const auto& items = *read->get<Json::Array>();
  EXPECT_FALSE(items[0].as_int());
  EXPECT_EQ(items[1].as_int(), 9223372036854775807);
  EXPECT_FALSE(items[2].as_int());
  EXPECT_EQ(items[3].as_int(), 0);
  EXPECT_FALSE(items[4].as_int());
  EXPECT_FALSE(items[4].get<Json::Number>()->integer);
}

TEST(Json, NormalizesTexts) {
  const auto read = parse_json("{\"cou\xCC\x82t\": \"e\xCC\x81\"}");
  ASSERT_TRUE(read);
  ASSERT_NE(read->find("coût"), nullptr);
  EXPECT_EQ(*read->find("coût")->get<std::string>(), "é");
}

TEST(Json, DuplicateKeys) {
  EXPECT_EQ(code(R"({"a": 1, "a": 2})"), "J0003");
  EXPECT_NE(message(R"({"x": {"clé": 1, "b": 2, "clé": 2}})").find("« clé »"), std::string::npos);
  EXPECT_EQ(code("{\"\xC3\xA9\": 1, \"e\xCC\x81\": 2}"), "J0003") << "the same name in two spellings";
  EXPECT_EQ(code(R"({"a": {"x": 1}, "b": {"x": 1}})"), "");
  std::string large = "{";
  for (int i = 0; i < 100; ++i) large += "\"k" + std::to_string(i) + "\": 0, ";
  EXPECT_EQ(code(large + "\"last\": 0}"), "");
  EXPECT_EQ(code(large + "\"k3\": 0}"), "J0003");
}

TEST(Json, Syntax) {
  for (const auto* text : {"", "   ", "{", "[1", "{\"a\": 1,}", "{'a': 1}", "{\"a\": 1} x", "{\"a\": 01}", "nul", "NaN",
                           "{\"a\" 1}", "\"tab\there\"", "// c\n1", "[1 2]", "\"\\ud800\"", "{1: 2}"}) {
    EXPECT_EQ(code(text), "J0001") << text;
  }
  EXPECT_NE(message("{\"é\": x}").find("colonne 7"), std::string::npos) << message("{\"é\": x}");
  EXPECT_NE(message("{'a': 1}").find("guillemets droits"), std::string::npos);
}

TEST(Json, Encoding) {
  EXPECT_EQ(code("{\"a\": \"\xE9\"}"), "J0002");
  EXPECT_EQ(code("\"\xED\xA0\x80\""), "J0002") << "a surrogate";
  EXPECT_EQ(code("\"\xC0\x80\""), "J0002") << "overlong";
  EXPECT_EQ(code(std::string("{}\0{}", 5)), "J0001") << "nothing after a NUL is skipped";
  EXPECT_EQ(code("\"\\u0000\""), "J0005");
  EXPECT_EQ(code("{\"\\u0000\": 1}"), "J0005");
  EXPECT_EQ(code("\xEF\xBB\xBF{}"), "J0001");
}

TEST(Json, Depth) {
  EXPECT_EQ(code(std::string(32, '[') + std::string(32, ']')), "");
  EXPECT_EQ(code(std::string(33, '[') + std::string(33, ']')), "J0004");
  EXPECT_EQ(code(std::string(1'000'000, '[')), "J0004");
  EXPECT_EQ(code("[[1]]", {.depth = 1}), "J0004");
}

TEST(Json, HugeNumbers) {
  EXPECT_EQ(code("1e999"), "J0006");
  EXPECT_EQ(code(std::string(400, '9')), "J0006");
}

TEST(Json, WritesWhatItReads) {
  for (const auto* text : {R"({"a": "\"\\\n\t\u0001"})", R"([])", R"({})", R"(["é", 1, -5, false, null, {"b": []}])"}) {
    const auto read = parse_json(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(to_text(*read), text);
  }
}

// ---------------------------------------------------------------- facts and lines

TEST(DatumJson, FloatsAreRefusedByName) {
  const auto map = map_from_json(*parse_json(R"({"coût total": 12.5})"), "les faits");
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().code, "J0007");
  EXPECT_NE(map.error().message.find("« coût total »"), std::string::npos);
  EXPECT_EQ(map_from_json(*parse_json(R"({"a": {"b": [1e2]}})"), "x").error().code, "J0007");
  EXPECT_EQ(map_from_json(*parse_json(R"({"a": 9223372036854775808})"), "x").error().code, "J0006");
  EXPECT_EQ(map_from_json(*parse_json("[1]"), "x").error().code, "J0008");
}

TEST(DatumJson, ThereAndBack) {
  const auto* text = R"({"z": 1, "a": [true, "x"], "m": {"k": null}})";
  const auto map = map_from_json(*parse_json(text), "x");
  ASSERT_TRUE(map);
  EXPECT_EQ(to_text(to_json(engine::Datum(*map))), text);
  EXPECT_EQ(to_text(to_json(engine::Datum(dsl::Montant{1234}))), "\"12.34\"");
  EXPECT_EQ(to_text(to_json(engine::Datum(dsl::Date{0}))), "\"1970-01-01\"");
}

std::string line_code(std::string_view text) {
  std::string id;
  const auto request = request_from_line(text, id);
  return request ? "" : request.error().code;
}

TEST(Stream, ALine) {
  std::string id;
  const auto request = request_from_line(
      R"({"id": "1", "acte": "demande", "objet": "pret/1", "par": {"rôle": "r", "nom": "n"}, "le": "2024-01-30", "données": {"a": 1}, "version": 3})",
      id);
  ASSERT_TRUE(request);
  EXPECT_EQ(id, "1");
  EXPECT_EQ(request->acte, "demande");
  EXPECT_EQ(request->role, "r");
  EXPECT_EQ(request->author, "n");
  EXPECT_EQ(dsl::iso(*request->date), "2024-01-30");
  EXPECT_EQ(request->version, 3U);
  EXPECT_EQ(request->donnees.size(), 1U);
}

TEST(Stream, WhatALineMustHave) {
  EXPECT_EQ(line_code(R"({"acte": "a", "objet": "o/1", "par": {"rôle": "r"}})"), "L0002") << "no id";
  EXPECT_EQ(line_code(R"({"id": "", "acte": "a", "objet": "o/1", "par": {"rôle": "r"}})"), "L0002") << "empty id";
  EXPECT_EQ(line_code(R"({"id": 1, "acte": "a", "objet": "o/1", "par": {"rôle": "r"}})"), "L0002") << "id is no text";
  EXPECT_EQ(line_code(R"({"id": "1", "acte": "a", "objet": "o/1", "par": {}})"), "L0002") << "no role";
  EXPECT_EQ(line_code(R"({"id": "1", "acte": "a", "objet": "o/1", "par": "r"})"), "L0002");
  EXPECT_EQ(line_code(R"({"id": "1", "acte": "a", "objet": "o/1", "par": {"rôle": "r"}, "le": "30/01/2024"})"),
            "L0002");
  EXPECT_EQ(line_code(R"({"id": "1", "acte": "a", "objet": "o/1", "par": {"rôle": "r"}, "version": -1})"), "L0002");
  EXPECT_EQ(line_code(R"({"id": "1", "acte": "a", "objet": "o/1", "par": {"rôle": "r"}, "donnees": {}})"), "L0001");
  EXPECT_EQ(line_code(R"({"id": "1", "acte": "a", "objet": "o/1", "par": {"role": "r"}})"), "L0001");
  EXPECT_EQ(line_code(R"(["id"])"), "J0008");
  EXPECT_EQ(line_code(R"({"id": "1", "acte": "a", "objet": "o/1", "par": {"rôle": "r"}})"), "");
}

TEST(Stream, TheIdIsKnownEvenWhenTheRestIsNot) {
  std::string id;
  EXPECT_FALSE(request_from_line(R"({"id": "abc", "acte": 1})", id));
  EXPECT_EQ(id, "abc");
}

}  // namespace
}  // namespace assemblier::tools
