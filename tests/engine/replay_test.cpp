#include "engine/replay.hpp"

#include "tests/engine/house.hpp"

#include <gmock/gmock.h>

namespace assemblier::engine::test {
namespace {

using ::testing::HasSubstr;

using Falsify = std::function<bool(storage::NewEvent&, ActePayload&)>;

/// The same events in a new journal, but for one that `falsify` has changed (it returns true once); `drop` leaves one
/// out.
struct Copy {
  House house;
  bool done = false;

  Copy(const House& from, const Falsify& falsify, const std::function<bool(const storage::StoredEvent&)>& drop = {}) {
    auto read = from.journal->read_all({}, [&](const storage::StoredEvent& stored) {
      if (drop && drop(stored)) return true;
      storage::NewEvent event{.flux = stored.header.flux,
                              .type = stored.header.type,
                              .date_effet = stored.header.date_effet,
                              .role = stored.header.role,
                              .author = stored.header.author,
                              .acte_id = stored.header.acte_id,
                              .event_id = stored.header.event_id,
                              .edition = stored.header.edition,
                              .payload = stored.payload};
      if (auto payload = decode_payload(stored.payload); payload && !done && falsify && falsify(event, *payload)) {
        done = true;
        event.payload = encode_payload(*payload);
      }
      *house.instant = stored.header.instant_us;
      storage::AppendRequest request;
      request.events.push_back(std::move(event));
      EXPECT_TRUE(house.journal->append(std::move(request)));
      return true;
    });
    EXPECT_TRUE(read);
  }
};

class Replay : public ::testing::Test {
 protected:
  Replay() {
    house.publish();
    play(*house.engine, "demande/1", {{"Ana", "accepte"}, {"Bilal", "accepte"}, {"Chloé", "repousse"}});
    play(*house.engine, "demande/2", {{"Ana", "repousse"}, {"Bilal", "accepte"}, {"Chloé", "blanc"}});
    play(*house.engine, "demande/3", {{"Ana", "accepte"}});
    EXPECT_EQ(house.engine
                  ->submit({.acte = "remarque",
                            .objet = "demande/3",
                            .role = "jardinier",
                            .author = "Denis",
                            .donnees = {{"texte libre", Datum("ombre")}}})
                  .kind,
              Answer::Kind::kInscrit);
  }

  /// Divergences of a copy, told.
  static std::vector<std::string> divergences(const Copy& copy) {
    EXPECT_TRUE(copy.done);
    std::vector<std::string> all;
    const auto report = replay(*copy.house.engine, {}, {});
    EXPECT_TRUE(report);
    for (const Divergence& divergence : report->divergences) all.push_back(render(divergence));
    return all;
  }

  House house;
};

TEST_F(Replay, OfATrueHistoryFindsNothing) {
  std::uint64_t last = 0;
  const auto report = replay(*house.engine, {}, [&last](std::uint64_t done, std::uint64_t total) {
    EXPECT_LE(done, total);
    last = total;
  });
  ASSERT_TRUE(report) << report.error().message;
  for (const Divergence& divergence : report->divergences) ADD_FAILURE() << render(divergence);
  EXPECT_EQ(report->objets, 3U);
  EXPECT_EQ(report->events, last);
  EXPECT_EQ(report->decisions, 8U);
  EXPECT_EQ(replay(*house.engine, "demande/2", {})->objets, 1U);
  EXPECT_THAT(replay(*house.engine, "demande/9", {}).error().message, HasSubstr("n'existe pas"));
}

TEST_F(Replay, OneFalsifiedDecisionIsOneDivergence) {
  // `conforme retenue` is an exigence of the next acte, and `accordée retenue` makes another follow: neither diverges
  // for it.
  for (const char* name : {"taille", "conforme", "accordée"}) {
    for (const char* flux : {"demande/1", "demande/2"}) {
      const Copy copy(house, [&](storage::NewEvent& event, ActePayload& payload) {
        for (Decision& decision : payload.decisions) {
          if (event.flux != flux || decision.name != name) continue;
          const bool* truth = decision.value.get<bool>();
          decision.value = truth != nullptr ? Datum(!*truth) : Datum("grande");
          return true;
        }
        return false;
      });
      const auto found = divergences(copy);
      ASSERT_EQ(found.size(), 1U) << name << " " << flux << " : " << ::testing::PrintToString(found);
      EXPECT_THAT(found[0], HasSubstr(std::string(flux) + " version "));
      EXPECT_THAT(found[0], HasSubstr(std::string("décision ") + name + " : inscrit "));
    }
  }
}

TEST_F(Replay, ADecisionChangedInStatusOrReasonsIsFound) {
  auto found = divergences(Copy(house, [](storage::NewEvent&, ActePayload& payload) {
    if (payload.decisions.empty() || payload.decisions[0].name != "taille") return false;
    payload.decisions[0].status = dsl::Status::kNone;
    payload.decisions[0].value = Datum();
    payload.decisions[0].reasons = {"pas de sol"};
    return true;
  }));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0], HasSubstr("inscrit aucune (pas de sol) ; les règles donnent moyenne"));
}

TEST_F(Replay, OneFalsifiedEffectIsOneDivergence) {
  const auto found = divergences(Copy(house, [](storage::NewEvent& event, ActePayload& payload) {
    if (event.flux != "demande/1" || event.type != "bulletin" || payload.changes[0].key != "Bilal") return false;
    payload.changes[0].value = Datum("repousse");  // the décision that follows was taken on the true one
    return true;
  }));
  ASSERT_EQ(found.size(), 1U) << ::testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr("champ bulletins de Bilal : inscrit repousse ; les règles donnent accepte"));
}

TEST_F(Replay, AFalsifiedEtatOrAuthorIsFound) {
  auto found = divergences(Copy(house, [](storage::NewEvent& event, ActePayload& payload) {
    if (event.flux != "demande/1" || event.type != "dépouillement") return false;
    payload.to = "repoussée";
    return true;
  }));
  ASSERT_EQ(found.size(), 1U) << ::testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr("état : inscrit « repoussée » ; les règles donnent « acceptée »"));
  found = divergences(Copy(house, [](storage::NewEvent& event, ActePayload&) {
    if (event.flux != "demande/3" || event.type != "remarque") return false;
    event.author = "Ana";
    return true;
  }));
  ASSERT_EQ(found.size(), 1U) << ::testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr("acte : inscrit inscrit"));
}

TEST_F(Replay, AnActeThatShouldHaveFollowedIsMissed) {
  Copy copy(house, {}, [](const storage::StoredEvent& stored) {
    return stored.header.flux == "demande/2" && stored.header.type == "archivage";
  });
  copy.done = true;
  auto found = divergences(copy);
  ASSERT_EQ(found.size(), 1U) << ::testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr("suite : inscrit rien ne suit ; les règles donnent « archivage » suit"));
  found = divergences(Copy(house, [](storage::NewEvent& event, ActePayload& payload) {
    if (event.flux != "demande/1" || event.type != "dépouillement") return false;
    event.type = "archivage";
    payload.to = "archivée";
    return true;
  }));
  EXPECT_THAT(found,
              ::testing::Contains(HasSubstr("« archivage » a suivi ; les règles donnent « dépouillement » suit")));
}

TEST_F(Replay, AnEventOfNoKnownEditionIsOneDivergence) {
  const auto found = divergences(Copy(house, [](storage::NewEvent& event, ActePayload&) {
    if (event.flux != "demande/3" || event.type != "dépôt") return false;
    event.edition = storage::sha256("autre");
    return true;
  }));
  ASSERT_EQ(found.size(), 1U) << ::testing::PrintToString(found);
  EXPECT_THAT(found[0], HasSubstr("n'est pas publiée"));
}

}  // namespace
}  // namespace assemblier::engine::test
