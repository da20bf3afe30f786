// The pipeline: answers in order, idempotence among acts under way, and no acte ever written on a state that a conflict
// has denied.

#include "engine/replay.hpp"
#include "tests/engine/house.hpp"

#include <random>
#include <set>

#include <fmt/format.h>

namespace assemblier::engine::test {
namespace {

std::vector<Answer> run(Engine& engine, const std::vector<Request>& requests) {
  std::vector<Answer> answers;
  Pipeline pipeline(engine, [&answers](std::uint64_t line, const Answer& answer) {
    EXPECT_EQ(line, answers.size());
    answers.push_back(answer);
  });
  for (const Request& request : requests) pipeline.push(request);
  pipeline.finish();
  return answers;
}

std::vector<Request> season(int objets) {
  std::vector<Request> all;
  const auto add = [&all](Request request) {
    request.id = fmt::format("ligne-{}", all.size());
    all.push_back(std::move(request));
  };
  for (int i = 0; i < objets; ++i) {
    const std::string objet = fmt::format("demande/{:04}", i);
    add(opening(objet, 5 + i % 60));
    add({.acte = "mise au vote", .objet = objet, .role = "secrétaire", .author = "Zoé"});
    for (const char* who : {"Ana", "Bilal", "Ana", "Chloé"})
      add(ballot(objet, who, i % 3 == 0 ? "repousse" : "accepte"));
  }
  return all;
}

TEST(Pipeline, GivesTheAnswersThatOneByOneWouldGive) {
  const auto requests = season(60);
  House one, many;
  one.publish();
  many.publish();
  std::vector<Answer> expected;
  for (const Request& request : requests) expected.push_back(one.engine->submit(request));
  const auto answers = run(*many.engine, requests);
  ASSERT_EQ(answers.size(), expected.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i].kind, expected[i].kind) << i << explain(answers[i]);
    EXPECT_EQ(answers[i].version, expected[i].version) << i;
    EXPECT_EQ(answers[i].actes, expected[i].actes) << i;
    EXPECT_EQ(answers[i].etat, expected[i].etat) << i;
    EXPECT_EQ(answers[i].refusal, expected[i].refusal) << i;
  }
  const auto flux = many.engine->objets("demande");
  ASSERT_EQ(flux->size(), 60U);
  for (const std::string& name : *flux) EXPECT_TRUE(**many.engine->state(name) == **one.engine->state(name)) << name;
}

TEST(Pipeline, RunTwiceAnswersTwiceAndWritesOnce) {
  House house;
  house.publish();
  const auto requests = season(20);
  const auto first = run(*house.engine, requests);
  const auto events = house.journal->info()->next.value;
  const auto elsewhere = house.another();
  for (Engine* engine : {house.engine.get(), elsewhere.get()}) {
    const auto again = run(*engine, requests);
    for (std::size_t i = 0; i < again.size(); ++i) {
      EXPECT_TRUE(again[i].already);
      EXPECT_EQ(again[i].kind, first[i].kind);
      EXPECT_EQ(again[i].position, first[i].position);
      EXPECT_EQ(again[i].refusal, first[i].refusal);
    }
  }
  EXPECT_EQ(house.journal->info()->next.value, events);
}

// Once a stream has brought many new ids the next ones are not looked up before they are decided: the journal says
// which of them it knows.
TEST(Pipeline, KnowsAnOldIdAmongManyNewOnes) {
  House house;
  house.publish();
  auto requests = season(20);
  const auto first = run(*house.engine, requests);
  ASSERT_GT(requests.size(), 100U);
  const std::size_t old = requests.size();
  std::vector<Request> stream;
  for (int i = 0; i < 40; ++i) {
    for (const char* who : {"Ana", "Bilal", "Chloé"}) {
      stream.push_back(opening(fmt::format("nouvelle/{:04}-{}", i, who)));
      stream.back().objet = fmt::format("demande/n{:04}{}", i, who);
      stream.back().id = fmt::format("neuve-{}", stream.size());
    }
  }
  const std::size_t fresh = stream.size();
  stream.insert(stream.end(), requests.begin(), requests.end());
  Request wrong = requests[0];
  wrong.role = "autre";
  stream.push_back(wrong);
  Request dated = requests[1];
  dated.version = 0;  // not the version of the flux any more: known all the same
  stream.push_back(dated);
  const auto elsewhere = house.another();
  const auto answers = run(*elsewhere, stream);
  for (std::size_t i = 0; i < fresh; ++i) EXPECT_FALSE(answers[i].already) << explain(answers[i]);
  for (std::size_t i = 0; i < old; ++i) {
    EXPECT_TRUE(answers[fresh + i].already) << i << explain(answers[fresh + i]);
    EXPECT_EQ(answers[fresh + i].kind, first[i].kind) << i;
    EXPECT_EQ(answers[fresh + i].position, first[i].position) << i;
    EXPECT_EQ(answers[fresh + i].refusal, first[i].refusal) << i;
  }
  ASSERT_EQ(answers[fresh + old].kind, Answer::Kind::kErreur);
  EXPECT_EQ(answers[fresh + old].error->kind, storage::ErrorKind::kOtherContent);
  EXPECT_TRUE(answers[fresh + old + 1].already);
}

TEST(Pipeline, KnowsAnIdThatIsUnderWay) {
  House house;
  house.publish();
  Request request = opening("demande/1");
  request.id = "x";
  Request other = opening("demande/2");
  other.id = "x";
  const auto answers = run(*house.engine, {request, request, other, request});
  EXPECT_EQ(answers[0].kind, Answer::Kind::kInscrit);
  EXPECT_FALSE(answers[0].already);
  EXPECT_TRUE(answers[1].already);
  ASSERT_EQ(answers[2].kind, Answer::Kind::kErreur);
  EXPECT_EQ(answers[2].error->kind, storage::ErrorKind::kOtherContent);
  EXPECT_TRUE(answers[3].already);
}

TEST(Pipeline, KeepsThePlaceOfAnswersKnownAlready) {
  House house;
  house.publish();
  std::vector<Answer::Kind> kinds;
  Pipeline pipeline(*house.engine, [&kinds](std::uint64_t, const Answer& answer) { kinds.push_back(answer.kind); });
  pipeline.push(opening("demande/1"));
  pipeline.push_answer(
      {.kind = Answer::Kind::kErreur, .error = storage::Error{storage::ErrorKind::kInvalid, "ligne illisible"}});
  pipeline.push(opening("demande/1"));
  pipeline.finish();
  EXPECT_EQ(kinds, (std::vector{Answer::Kind::kInscrit, Answer::Kind::kErreur, Answer::Kind::kRefuse}));
}

// Many wrong versions behind an acte under way: the flux is read again for all of them, not once for each.
TEST(Pipeline, WrongVersionsCostWhatTheirNumberDoes) {
  House house;
  house.publish();
  std::vector<Request> requests = {opening("demande/1")};
  for (int i = 0; i < 2'000; ++i) {
    requests.push_back(opening("demande/1"));
    requests.back().id = "faux-" + std::to_string(i);
    requests.back().version = 7;
  }
  const auto answers = run(*house.engine, requests);
  for (std::size_t i = 1; i < answers.size(); ++i) {
    ASSERT_EQ(answers[i].kind, Answer::Kind::kErreur);
    EXPECT_EQ(answers[i].error->kind, storage::ErrorKind::kConflict);
  }
  EXPECT_LT(house.engine->counters().loads, 20U);
}

TEST(Pipeline, HoldsWithSmallLimits) {
  House house;
  house.publish();
  EngineOptions options = house.options();
  options.live_objets = 2;
  options.in_flight = 3;
  Engine engine(*house.journal, options);
  const auto answers = run(engine, season(15));
  const auto all = house.another();
  const auto names = all->objets("demande");
  for (const std::string& flux : *names) EXPECT_GT((*all->state(flux))->events, 1U);
  EXPECT_EQ(replay(*all, {}, {})->count(), 0U);
}

/// Before some appends, another engine writes to the same flux.
class Intruded final : public storage::Journal {
 public:
  Intruded(storage::Journal& inner, std::unique_ptr<Engine> intruder, unsigned seed)
      : inner_(inner), intruder_(std::move(intruder)), random_(seed) {}
  std::future<storage::Result<storage::AppendResult>> submit(storage::AppendRequest request) override {
    intrude(request);
    return inner_.submit(std::move(request));
  }
  std::future<std::vector<storage::Result<storage::AppendResult>>> submit_all(
      std::vector<storage::AppendRequest> requests) override {
    // Each on its own, so that the intruder comes between two actes of one hand-over.
    std::vector<storage::Result<storage::AppendResult>> answers;
    for (storage::AppendRequest& request : requests) {
      intrude(request);
      answers.push_back(inner_.append(std::move(request)));
    }
    std::promise<std::vector<storage::Result<storage::AppendResult>>> promise;
    promise.set_value(std::move(answers));
    return promise.get_future();
  }
  void intrude(const storage::AppendRequest& request) {
    if (!request.expected.empty() && random_() % 3 == 0) {
      constexpr const char* kWho[] = {"Ana", "Bilal", "Chloé"};
      for (unsigned i = random_() % 2; i < 2; ++i) {
        const Answer answer = intruder_->submit(
            ballot(request.expected[0].flux, kWho[random_() % 3], random_() % 2 == 0 ? "accepte" : "blanc"));
        if (answer.kind == Answer::Kind::kInscrit) ++intrusions;
      }
    }
  }
  storage::Result<void> read_flux(std::string_view flux, storage::Version from,
                                  const storage::EventVisitor& visit) override {
    return inner_.read_flux(flux, from, visit);
  }
  storage::Result<void> read_all(storage::Position from, const storage::EventVisitor& visit) override {
    return inner_.read_all(from, visit);
  }
  storage::Result<void> scan(const storage::ScanRange& range, const storage::EventViewVisitor& visit) override {
    return inner_.scan(range, visit);
  }
  storage::Result<std::optional<storage::FluxHead>> head(std::string_view flux) override { return inner_.head(flux); }
  storage::Result<void> list_flux(
      std::string_view prefix, const std::function<bool(std::string_view, const storage::FluxHead&)>& visit) override {
    return inner_.list_flux(prefix, visit);
  }
  storage::Result<std::optional<storage::StoredOutcome>> outcome(std::string_view id) override {
    return inner_.outcome(id);
  }
  storage::Result<bool> same_request(const storage::StoredOutcome& kept, const storage::Hash& fingerprint) override {
    return inner_.same_request(kept, fingerprint);
  }
  storage::Result<storage::Unsealed> unseal(const storage::Seal& seal) override { return inner_.unseal(seal); }
  storage::Result<std::optional<storage::PersonId>> person(std::string_view name) override {
    return inner_.person(name);
  }
  storage::Result<storage::JournalInfo> info() override { return inner_.info(); }
  storage::Result<storage::TreeHead> tree_head(std::optional<std::uint64_t> size) override {
    return inner_.tree_head(size);
  }
  storage::Result<storage::Proof> prove_inclusion(storage::Position position, std::uint64_t size) override {
    return inner_.prove_inclusion(position, size);
  }
  storage::Result<storage::Proof> prove_consistency(std::uint64_t first, std::uint64_t second) override {
    return inner_.prove_consistency(first, second);
  }
  storage::Result<storage::FluxProof> prove_flux(std::string_view flux, std::uint64_t size) override {
    return inner_.prove_flux(flux, size);
  }
  storage::Result<storage::VerifyReport> verify(const storage::Progress& progress) override {
    return inner_.verify(progress);
  }
  storage::Result<storage::VerifyReport> verify_part(const storage::VerifyPart& part,
                                                     const storage::Progress& progress) override {
    return inner_.verify_part(part, progress);
  }
  storage::Result<std::uint64_t> wait_beyond(std::uint64_t known, std::chrono::milliseconds patience) override {
    return inner_.wait_beyond(known, patience);
  }
  int intrusions = 0;

 private:
  storage::Journal& inner_;
  std::unique_ptr<Engine> intruder_;
  std::mt19937 random_;
};

TEST(Pipeline, NeverWritesOnAStateThatAConflictHasDenied) {
  int conflicts = 0, intrusions = 0;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    House house;
    house.publish();
    Intruded journal(*house.journal, house.another(), seed);
    Engine engine(journal, house.options());
    const auto answers = run(engine, season(12));
    conflicts += static_cast<int>(engine.counters().conflicts);
    intrusions += journal.intrusions;
    for (const Answer& answer : answers) EXPECT_NE(answer.kind, Answer::Kind::kErreur) << explain(answer);
    const auto report = replay(*house.engine, {}, {});
    ASSERT_TRUE(report);
    EXPECT_EQ(report->count(), 0U) << (report->divergences.empty() ? "" : render(report->divergences[0]));
    const auto names = house.engine->objets("demande");
    for (const std::string& flux : *names) {
      std::set<std::string> voters;
      const auto history = house.engine->history(flux);
      for (const Inscrit& event : *history) {
        if (event.evenement.acte != "bulletin") continue;
        EXPECT_TRUE(voters.insert(event.evenement.author).second) << flux << " : " << event.evenement.author;
      }
    }
  }
  EXPECT_GT(conflicts, 20);
  EXPECT_GT(intrusions, 20);
}

}  // namespace
}  // namespace assemblier::engine::test
