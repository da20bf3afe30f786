// Whatever the bytes, the parser ends, in bounded time, with a message or a tree: truncations, deletions and soups.

#include "tests/dsl/parse_support.hpp"

#include <array>
#include <ctime>
#include <random>

#include <gtest/gtest.h>

namespace assemblier::dsl::test {
namespace {

std::string sample() { return slurp(std::string(ASSEMBLIER_SOURCE_DIR) + "/tests/corpus/syntax/good/design.regles"); }

/// The words and signs of a text, as a person sees them.
std::vector<std::pair<std::size_t, std::size_t>> pieces(const std::string& text) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == ' ' || text[i] == '\n') {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && text[end] != ' ' && text[end] != '\n') ++end;
    out.emplace_back(i, end);
    i = end;
  }
  return out;
}

/// What every answer must satisfy.
void check(const std::string& text, const Parsed& parsed) {
  ASSERT_TRUE(parsed.file != nullptr);
  for (const Diagnostic& d : parsed.diagnostics) {
    ASSERT_EQ(d.code.size(), 5U);
    ASSERT_LE(d.span.begin, d.span.end);
    ASSERT_LE(d.span.end, text.size());
    ASSERT_FALSE(d.message.empty());
    ASSERT_EQ(d.message.find("St"), d.message.find("Str"));  // no name of C++ leaks
    ASSERT_FALSE(render(d, text, "f").empty());
  }
}

TEST(ParseRobust, EveryTruncation) {
  const std::string text = sample();
  ASSERT_TRUE(parse(text).diagnostics.empty());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string cut = text.substr(0, size);
    const Parsed parsed = parse(cut);
    check(cut, parsed);
    if (size < 60) {
      EXPECT_TRUE(has_errors(parsed.diagnostics)) << cut;
    }
  }
}

TEST(ParseRobust, EveryTokenDeleted) {
  const std::string text = sample();
  std::size_t refused = 0;
  const auto all = pieces(text);
  for (const auto& [begin, end] : all) {
    const std::string without = text.substr(0, begin) + text.substr(end);
    const Parsed parsed = parse(without);
    check(without, parsed);
    EXPECT_LE(parsed.diagnostics.size(), 12U) << text.substr(begin, end - begin) << " at " << begin;
    if (has_errors(parsed.diagnostics)) ++refused;
  }
  EXPECT_GT(refused, all.size() / 4);
}

TEST(ParseRobust, EveryByteReplaced) {
  const std::string text = sample();
  for (std::size_t i = 0; i < text.size(); i += 17) {
    for (const char c : {'(', '|', '\n', '\xFF', ','}) {
      std::string changed = text;
      changed[i] = c;
      check(changed, parse(changed));
    }
  }
}

TEST(ParseRobust, TokenSoups) {
  constexpr std::array kTokens = {"langue",
                                  "1",
                                  "édition",
                                  "«",
                                  "»",
                                  "« t »",
                                  "source S § 1",
                                  "énumération",
                                  "table",
                                  "(",
                                  ")",
                                  "|",
                                  ":",
                                  "=",
                                  "≠",
                                  "<",
                                  "≤",
                                  "+",
                                  "-",
                                  "×",
                                  "/",
                                  ",",
                                  ";",
                                  "objet",
                                  "décision",
                                  "quand",
                                  "sinon",
                                  "aucune",
                                  "sauf",
                                  "si",
                                  "alors",
                                  "et",
                                  "ou",
                                  "non",
                                  "oui",
                                  "parmi",
                                  "dont",
                                  "de",
                                  "du",
                                  "l'",
                                  "les",
                                  "un",
                                  "nombre",
                                  "somme",
                                  "tous",
                                  "ont",
                                  "au",
                                  "moins",
                                  "est",
                                  "n'est",
                                  "pas",
                                  "acquis",
                                  "à",
                                  "a",
                                  "b",
                                  "communes concernées",
                                  "santé",
                                  "[santé]",
                                  "[",
                                  "]",
                                  "{",
                                  "}",
                                  "12",
                                  "1 234 €",
                                  "80 %",
                                  "2,3",
                                  "31/02/2024",
                                  "24/01/2024",
                                  "jours",
                                  "scrutin",
                                  "collège",
                                  "pour",
                                  "procédure du",
                                  "acte",
                                  "porte",
                                  "vers",
                                  "état",
                                  "scénario",
                                  "étant donné",
                                  "attendu",
                                  "grille",
                                  "condition",
                                  "exige",
                                  "tableau",
                                  "par",
                                  "colonne",
                                  "paramètre",
                                  "liste",
                                  "vide",
                                  "arrondi",
                                  "entre",
                                  "--",
                                  "\n",
                                  "\n  ",
                                  "\n    ",
                                  "\t",
                                  "définition x =",
                                  "sans doublon",
                                  "retenue",
                                  "date de l'acte",
                                  "première ligne qui convient",
                                  "\xE2\x80\x8B",
                                  "\"",
                                  "&"};
  std::mt19937 random(20240124);
  for (int round = 0; round < 3000; ++round) {
    std::string soup = round % 2 == 0 ? with_names("") : std::string{};
    const int length = static_cast<int>(random() % 60);
    if (round % 4 == 0) soup += "définition essai = ";
    for (int i = 0; i < length; ++i)
      soup += std::string(kTokens[random() % kTokens.size()]) + (random() % 8 == 0 ? "" : " ");
    check(soup, parse(soup));
  }
}

TEST(ParseRobust, ByteSoups) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string soup;
    for (auto i = random() % 200; i > 0; --i) soup += static_cast<char>(random() % 256);
    const Parsed parsed = parse(soup);
    check(soup, parsed);
    EXPECT_TRUE(has_errors(parsed.diagnostics));
  }
}

TEST(ParseRobust, Limits) {
  EXPECT_EQ(codes(parse("")), "R0004");
  EXPECT_EQ(codes(parse("\xEF\xBB\xBF -- rien\n")), "R0004");
  EXPECT_EQ(codes(parse(std::string(5U << 20U, ' '))), "R0005");
  EXPECT_EQ(codes(parse("\xFF\xFEl\0")), "R0002");
  EXPECT_EQ(codes(parse(std::string("langue 1\0", 9))), "R0003");
  const Parsed latin = parse(
      "langue 1\n\xE9"
      "dition 2024\n");
  ASSERT_EQ(codes(latin), "R0001");
  EXPECT_EQ(latin.diagnostics[0].message, "l'octet 9 (ligne 2) n'est pas de l'UTF-8");

  std::string many = "langue 1\nédition 2024 « Essai »\nénumération E\n";
  for (int i = 0; i < 21'000; ++i) many += "  v" + std::to_string(i) + "\n";
  EXPECT_EQ(codes(parse(many)), "R0006");

  std::string bad = "langue 1\nédition 2024 « Essai »\n";
  for (int i = 0; i < 300; ++i) bad += "définition d" + std::to_string(i) + " = )\n";
  const Parsed parsed = parse(bad);
  EXPECT_EQ(parsed.diagnostics.size(), 101U);
  EXPECT_EQ(parsed.diagnostics.back().code, "R0007");

  std::string wide = "langue 1\nédition 2024 « Essai »\ndéfinition d = 1";
  for (int i = 0; i < 10'001; ++i) wide += ", 1";
  EXPECT_EQ(codes(parse(wide)), "R0008");
}

/// Twice the text takes about twice the time, not four times: every ratio but a quadratic one passes.
TEST(ParseRobust, TimeGrowsWithTheText) {
  const auto timed = [](const std::string& unit, int times) {
    std::string text = "langue 1\nédition 2024 « Essai »\nénumération E\n  a\n  a et b\n  b\n  a de b\n  de\n";
    for (int i = 0; i < times; ++i) text += unit;
    const std::clock_t begin = std::clock();  // of the process, whatever else the machine does
    (void)parse(text);
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  for (const std::string unit :
       {"décision x\n  a quand a et b ou b\n", "définition x = a de b de a de b\n", "définition x = (\n",
        "définition x = « \n", "décision x\n  a quand a      source S § 1 ; S § 2\n",
        "énumération x\n  un « deux »\n  trois [quatre]\n", "table t (a : texte)\n  a | b\n",
        "définition x = a, b, a de b, 2,3\n", "-- rien\n", "x\n", "[a\n"}) {
    const double small = timed(unit, 1000);
    const double large = timed(unit, 8000);
    EXPECT_LT(large, 24 * small + 0.5) << unit;
  }
}

}  // namespace
}  // namespace assemblier::dsl::test
