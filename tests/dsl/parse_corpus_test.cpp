// Rule files as data: corpus/syntax/good must parse without a message; each file of corpus/syntax/bad must give exactly
// the messages written at its end, `--! line:column code fragment`. ASSEMBLIER_CORPUS_UPDATE=1 rewrites those lines:
// read the difference.

#include "tests/dsl/parse_support.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::dsl::test {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files(const char* folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(fs::path(ASSEMBLIER_SOURCE_DIR) / "tests/corpus/syntax" / folder)) {
    if (entry.path().extension() == ".regles") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

std::string test_name(const testing::TestParamInfo<fs::path>& info) { return info.param.stem().string(); }

struct Wanted {
  std::string place, code, fragment;
};

std::vector<Wanted> wanted_of(const std::string& text) {
  std::vector<Wanted> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("--! ")) continue;
    std::istringstream words(line.substr(4));
    Wanted item;
    words >> item.place >> item.code >> std::ws;
    std::getline(words, item.fragment);
    out.push_back(item);
  }
  return out;
}

std::string place_of(const Diagnostic& diagnostic, const std::string& text) {
  const LineColumn at = line_column(text, diagnostic.span.begin);
  return fmt::format("{}:{}", at.line, at.column);
}

void rewrite(const fs::path& path, const std::string& text, const Parsed& parsed) {
  std::string out = text.substr(0, text.find("--! "));
  for (const Diagnostic& d : parsed.diagnostics)
    out += fmt::format("--! {} {} {}\n", place_of(d, text), d.code, d.message);
  std::ofstream(path, std::ios::binary) << out;
}

std::string all_messages(const Parsed& parsed, const std::string& text) {
  std::string out;
  for (const Diagnostic& d : parsed.diagnostics) out += render(d, text, "fichier");
  return out;
}

class GoodSyntax : public testing::TestWithParam<fs::path> {};

TEST_P(GoodSyntax, ParsesWithoutAMessage) {
  const std::string text = slurp(GetParam().string());
  const Parsed parsed = parse(text);
  EXPECT_TRUE(parsed.diagnostics.empty()) << all_messages(parsed, text);
  EXPECT_TRUE(parsed.poisoned.empty());
  EXPECT_FALSE(parsed.file->decls.empty());
}

class BadSyntax : public testing::TestWithParam<fs::path> {};

TEST_P(BadSyntax, SaysExactlyWhatIsWrong) {
  const std::string text = slurp(GetParam().string());
  const Parsed parsed = parse(text);
  if (std::getenv("ASSEMBLIER_CORPUS_UPDATE") != nullptr) return rewrite(GetParam(), text, parsed);
  const auto wanted = wanted_of(text);
  ASSERT_FALSE(wanted.empty());
  ASSERT_EQ(parsed.diagnostics.size(), wanted.size()) << all_messages(parsed, text);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Diagnostic& found = parsed.diagnostics[i];
    EXPECT_EQ(place_of(found, text), wanted[i].place) << found.message;
    EXPECT_EQ(found.code, wanted[i].code) << found.message;
    EXPECT_NE(found.message.find(wanted[i].fragment), std::string::npos) << found.message;
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, GoodSyntax, testing::ValuesIn(files("good")), test_name);
INSTANTIATE_TEST_SUITE_P(Corpus, BadSyntax, testing::ValuesIn(files("bad")), test_name);

/// Every code of the parser is shown by a file of the corpus, or by a test of limits.
TEST(SyntaxCorpus, ShowsEveryCodeOfTheReadme) {
  const std::string readme = slurp(std::string(ASSEMBLIER_SOURCE_DIR) + "/dsl/README.md");
  const auto section = readme.find("## 7. Messages of the parser");
  ASSERT_NE(section, std::string::npos);
  std::string shown = "R0001 R0002 R0003 R0004 R0005 R0006 R0007 R0008 R0009 R0062 ";  // ParseRobust, ParseDeclaration
  for (const auto& path : files("bad")) {
    for (const auto& item : wanted_of(slurp(path.string()))) {
      shown += item.code + " ";
      EXPECT_NE(readme.find("| " + item.code + " |", section), std::string::npos)
          << item.code << " is not in the README";
    }
  }
  std::istringstream lines(readme.substr(section));
  for (std::string line; std::getline(lines, line) && (!line.starts_with("## ") || line.starts_with("## 7."));) {
    if (!line.starts_with("| R0")) continue;
    EXPECT_NE(shown.find(line.substr(2, 5)), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace assemblier::dsl::test
