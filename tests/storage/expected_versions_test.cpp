// The table of expected_versions.txt, line by line, against every backend, at once and across a restart.

#include "storage/store.hpp"
#include "tests/storage/support.hpp"

#include <map>
#include <sstream>

namespace assemblier::storage {
namespace {

// Records that outlive the journal over them: a restart for the store in memory.
class Shared final : public Store {
 public:
  explicit Shared(std::shared_ptr<Store> store) : store_(std::move(store)) {}
  void put(std::string_view key, std::string_view value) override { store_->put(key, value); }
  void remove(std::string_view key) override { store_->remove(key); }
  Result<void> commit() override { return store_->commit(); }
  Result<std::optional<Bytes>> get(std::string_view key) override { return store_->get(key); }
  std::unique_ptr<View> view() override { return store_->view(); }
  Result<void> purge(std::string_view begin, std::string_view end) override { return store_->purge(begin, end); }
  void verify_files(const std::function<void(std::string)>& found,
                    const std::function<bool(const std::string&)>& wanted) override {
    store_->verify_files(found, wanted);
  }

 private:
  std::shared_ptr<Store> store_;
};

std::vector<std::vector<std::string>> table(const std::string& heading) {
  std::ifstream file(std::string(ASSEMBLIER_SOURCE_DIR) + "/tests/storage/expected_versions.txt");
  std::vector<std::vector<std::string>> rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::vector<std::string> row{std::istream_iterator<std::string>(words), {}};
    if (row.empty() || row.front().starts_with('#')) continue;
    if (row.front() == "expected" || row.front() == "sequence") inside = row.front() == heading;
    if (inside) rows.push_back(std::move(row));
  }
  EXPECT_GT(rows.size(), 5U);
  return rows;
}

Expectation expectation(const std::string& flux, const std::string& word) {
  if (word == "any") return any(flux);
  if (word == "none") return none(flux);
  return exactly(flux, std::stoul(word.substr(word.find('-') + 1)));
}

std::string word_of(const Result<AppendResult>& result) {
  if (result) return result->already ? "same" : "written";
  if (result.error().kind == ErrorKind::kConflict) return "conflict";
  return result.error().kind == ErrorKind::kOtherContent ? "other" : result.error().message;
}

enum class Backend { kMemory, kRocksDb };

class ExpectedVersions : public ::testing::TestWithParam<std::tuple<Backend, bool>> {
 protected:
  void SetUp() override {
    if (std::get<0>(GetParam()) == Backend::kMemory) {
      ASSERT_TRUE(initialise(*memory_));
    } else {
      ASSERT_TRUE(create_rocksdb(directory_, {}));
    }
    open();
  }
  void open() {
    journal_.reset();
    auto opened = std::get<0>(GetParam()) == Backend::kMemory
                      ? open_journal(std::make_unique<Shared>(memory_), {.limits = {}, .clock = {}, .read_only = false})
                      : open_rocksdb(directory_, {});
    ASSERT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
  }
  void maybe_restart() {
    if (std::get<1>(GetParam())) open();
  }

  // One request as the table writes it, on `flux`.
  Result<AppendResult> ask(const std::string& flux, const std::string& request) {
    const std::size_t equal = request.find('=');
    const std::size_t at = request.find('@');
    std::string name = request.substr(0, equal);
    const bool starred = name.ends_with('*');
    if (starred) name.pop_back();
    const std::string id = flux + "/" + name;
    AppendRequest made{.outcome = make_outcome(id, starred ? "another content" : "content")};
    std::istringstream numbers(request.substr(equal + 1, at - equal - 1));
    for (std::string number; std::getline(numbers, number, ',');)
      made.events.push_back(make_event(flux, id, static_cast<std::uint32_t>(std::stoul(number))));
    made.expected.push_back(expectation(flux, request.substr(at + 1)));
    return journal_->append(std::move(made));
  }
  std::uint64_t count() { return journal_->info()->next.value; }

  const Scratch scratch_{Scratch::Where::kMemory};
  const std::string directory_ = scratch_ / "journal";
  const std::shared_ptr<Store> memory_ = memory_store();
  std::unique_ptr<Journal> journal_;
};

TEST_P(ExpectedVersions, ByWhatIsThere) {
  const auto rows = table("expected");
  int actes = 0;
  const auto id = [&actes] { return "acte-" + std::to_string(actes++); };
  for (const bool check_only : {false, true}) {
    for (std::size_t row = 1; row < rows.size(); ++row) {
      for (std::size_t column = 1; column < rows[row].size(); ++column) {
        const std::string& state = rows.front()[column];
        const std::string flux = rows[row].front() + "/" + state + (check_only ? "/checked" : "/written");
        const std::uint64_t there = state == "absent" ? 0 : std::stoul(state) + 1;
        for (std::uint64_t i = 0; i < there; ++i) ASSERT_TRUE(journal_->append({.events = {make_event(flux, id())}}));
        if (row % 3 == 0) maybe_restart();
        const std::uint64_t before = count();
        const std::string acte = id();
        const auto done = journal_->append({.events = {make_event(check_only ? "elsewhere" : flux, acte)},
                                            .expected = {expectation(flux, rows[row].front())},
                                            .outcome = make_outcome(acte)});
        EXPECT_EQ(word_of(done), rows[row][column]) << flux;
        EXPECT_EQ(count(), before + (done ? 1 : 0)) << flux;
        EXPECT_EQ(flux_events(*journal_, flux).size(), there + (done && !check_only ? 1 : 0)) << flux;
        // A conflict leaves no answer behind: the acte is still to be decided.
        EXPECT_EQ((*journal_->outcome(acte)).has_value(), done.has_value()) << flux;
      }
    }
  }
  expect_clean(*journal_);
}

TEST_P(ExpectedVersions, InSequence) {
  const auto rows = table("sequence");
  for (std::size_t row = 1; row < rows.size(); ++row) {
    const auto& line = rows[row];
    ASSERT_GE(line.size(), 3U);
    const std::string flux = "flux/" + std::to_string(row);
    std::map<std::string, std::uint64_t> first;  // position of each acte's first event
    std::uint64_t before = count();
    Result<AppendResult> last;
    for (std::size_t i = 0; i + 2 < line.size(); ++i) {
      if (i + 3 == line.size()) {
        maybe_restart();
        before = count();
      }
      last = ask(flux, line[i]);
      const std::string acte = line[i].substr(0, 1);
      if (last && last->already && last->count > 0) EXPECT_EQ(last->first.value, first[acte]) << flux;
      if (last && !last->already) first[acte] = last->first.value;
    }
    std::string said;
    for (const std::string& word : line) said += word + " ";
    EXPECT_EQ(word_of(last), line.back()) << said;
    EXPECT_EQ(count() - before, last && !last->already ? last->count : 0) << said;
  }
  expect_clean(*journal_);
}

INSTANTIATE_TEST_SUITE_P(Memory, ExpectedVersions,
                         ::testing::Combine(::testing::Values(Backend::kMemory), ::testing::Bool()));
INSTANTIATE_TEST_SUITE_P(RocksDb, ExpectedVersions,
                         ::testing::Combine(::testing::Values(Backend::kRocksDb), ::testing::Bool()));

}  // namespace
}  // namespace assemblier::storage
