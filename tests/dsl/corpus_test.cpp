// Rule files as data: every scenario of corpus/evaluate must pass, every file of corpus/check/bad must yield exactly
// the messages written at its end as `--! line:column code fragment`.

#include "dsl/evaluate.hpp"
#include "dsl/program.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace assemblier::dsl {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<fs::path> files(const char* folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(fs::path(ASSEMBLIER_SOURCE_DIR) / "tests/corpus" / folder)) {
    if (entry.path().extension() == ".regles") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

std::string all_messages(const std::vector<Diagnostic>& diagnostics, const std::string& text, const std::string& file) {
  std::string out;
  for (const auto& diagnostic : diagnostics) out += render(diagnostic, text, file);
  return out;
}

class Evaluated : public testing::TestWithParam<fs::path> {};

TEST_P(Evaluated, EveryScenarioPasses) {
  const std::string text = slurp(GetParam());
  const Compiled compiled = compile(text);
  ASSERT_TRUE(compiled.program) << all_messages(compiled.diagnostics, text, GetParam().filename());
  const auto outcomes = run_scenarios(*compiled.program);
  EXPECT_GE(outcomes.size(), 5U);
  for (const auto& outcome : outcomes) {
    std::string why;
    for (const auto& failure : outcome.failures) why += "\n  " + failure;
    EXPECT_TRUE(outcome.passed) << compiled.program->scenarios[outcome.scenario].title << why;
  }
}

struct Wanted {
  std::string place, code, fragment;
};

// A warning, not an error: éditions that were published so stay readable.
TEST(Warned, TwoScenariosOfOneName) {
  const std::string text = slurp(fs::path(ASSEMBLIER_SOURCE_DIR) / "tests/corpus/scenarios_doubles.regles");
  const Compiled compiled = compile(text);
  ASSERT_TRUE(compiled.program) << all_messages(compiled.diagnostics, text, "");
  std::vector<Diagnostic> found;
  std::ranges::copy_if(compiled.diagnostics, std::back_inserter(found),
                       [](const Diagnostic& diagnostic) { return diagnostic.code == "R0402"; });
  ASSERT_EQ(found.size(), 1U) << all_messages(compiled.diagnostics, text, "");
  EXPECT_EQ(line_column(text, found[0].span.begin).line, 16U);
  ASSERT_EQ(found[0].related.size(), 1U);
  EXPECT_EQ(line_column(text, found[0].related[0].span.begin).line, 12U);
}

class Refused : public testing::TestWithParam<fs::path> {};

TEST_P(Refused, SaysExactlyWhatIsWrong) {
  const std::string text = slurp(GetParam());
  std::vector<Wanted> wanted;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("--! ")) continue;
    std::istringstream words(line.substr(4));
    Wanted item;
    words >> item.place >> item.code >> std::ws;
    std::getline(words, item.fragment);
    wanted.push_back(item);
  }
  const Compiled compiled = compile(text);
  EXPECT_FALSE(compiled.program);
  std::vector<Diagnostic> errors;
  for (const auto& diagnostic : compiled.diagnostics) {
    if (diagnostic.severity == Severity::kError) errors.push_back(diagnostic);
  }
  const std::string shown = all_messages(errors, text, GetParam().filename());
  ASSERT_EQ(errors.size(), wanted.size()) << shown;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const auto [line, column] = line_column(text, errors[i].span.begin);
    EXPECT_EQ(fmt::format("{}:{}", line, column), wanted[i].place) << shown;
    EXPECT_EQ(errors[i].code, wanted[i].code) << shown;
    EXPECT_NE(errors[i].message.find(wanted[i].fragment), std::string::npos) << shown;
  }
}

std::string stem(const testing::TestParamInfo<fs::path>& info) { return info.param.stem(); }
INSTANTIATE_TEST_SUITE_P(Corpus, Evaluated, testing::ValuesIn(files("evaluate")), stem);
INSTANTIATE_TEST_SUITE_P(Corpus, Refused, testing::ValuesIn(files("check/bad")), stem);

}  // namespace
}  // namespace assemblier::dsl
