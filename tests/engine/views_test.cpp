#include "engine/views.hpp"

#include "tests/engine/house.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

namespace assemblier::engine::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void open(const House& house, const std::string& objet, const char* culture, std::int64_t surface, const char* price,
          std::initializer_list<const char*> neighbours) {
  Request request = opening(objet, surface, price);
  request.donnees[1].second = Datum(culture);
  Datum::List list;
  for (const char* name : neighbours) list.emplace_back(name);
  request.donnees[4].second = Datum(std::move(list));
  const Answer answer = house.engine->submit(request);
  ASSERT_EQ(answer.kind, Answer::Kind::kInscrit) << explain(answer);
}

std::vector<std::string> lines(const Tableau& view) {
  std::vector<std::string> all;
  const auto add = [&all](const Tableau::Row& row) {
    std::string line = fmt::format("{}", fmt::join(row.key_texts, "/"));
    for (const auto& cell : row.cells) {
      const auto* amount = cell.value.get<dsl::Montant>();
      line += " | " + (amount != nullptr      ? dsl::plain(*amount)
                       : cell.value.is_null() ? std::string("-")
                                              : show(cell.value));
      if (cell.undetermined > 0) line += fmt::format(" ({} inconnus)", cell.undetermined);
    }
    all.push_back(line);
  };
  for (const auto& row : view.rows) add(row);
  add(view.total);
  return all;
}

TEST(Tableau, GroupsInOrderOfDeclarationWithAnExactTotal) {
  House house;
  house.publish();
  open(house, "demande/1", "verger", 20, "10.10", {});
  open(house, "demande/2", "légumes", 30, "20.20", {});
  open(house, "demande/3", "verger", 40, "30.30", {});
  ASSERT_EQ(house.engine->submit({.acte = "mise au vote", .objet = "demande/3", .role = "secrétaire"}).kind,
            Answer::Kind::kInscrit);
  const auto view = tableau(*house.engine, "bilan", {});
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->title, "Bilan des demandes");
  EXPECT_THAT(view->groups, ElementsAre("Culture", "État"));
  EXPECT_THAT(lines(*view), ElementsAre("légumes/déposée | 1 | 20.20 | 30", "verger/déposée | 1 | 10.10 | 20",
                                        "verger/au vote | 1 | 30.30 | 40", " | 3 | 60.60 | 40"));
  EXPECT_EQ(view->objets, 3U);
}

TEST(Tableau, CountsAnObjetOnceWhateverItsRows) {
  House house;
  house.publish();
  open(house, "demande/1", "verger", 20, "10.00", {"Denis", "Bilal"});
  open(house, "demande/2", "fleurs", 20, "5.00", {"Bilal"});
  open(house, "demande/3", "fleurs", 5, "100.00", {"Bilal"});  // under 10 m²
  open(house, "demande/4", "fleurs", 20, "7.00", {});
  const auto view = tableau(*house.engine, "voisinage", {});
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_THAT(lines(*view), ElementsAre("Bilal | 2 | 15.00 | 4", "Denis | 1 | 10.00 | 1", " | 2 | 15.00 | 5"));
}

TEST(Tableau, SetsApartWhatIsNotKnown) {
  House house;
  std::string text(kJardins);
  const std::string_view from = "porte intitulé ; culture ; surface ; loyer ;";
  text.replace(text.find(from), from.size(),
               "porte intitulé ; culture, facultatif ; surface, facultatif ; loyer, facultatif ;");
  for (const std::string_view cut :
       {std::string_view("    inscrit loyer net = arrondi au plus proche de (loyer - loyer × rabais)\n"),
        std::string_view("    exige « La surface n'est pas nulle » surface > 0  source Statuts § 2\n")}) {
    text.erase(text.find(cut), cut.size());
  }
  house.publish(text);
  Request request = opening("demande/1");
  request.donnees.resize(1);
  ASSERT_EQ(house.engine->submit(request).kind, Answer::Kind::kInscrit);
  open(house, "demande/2", "fleurs", 20, "7.00", {"Ana"});
  const auto view = tableau(*house.engine, "bilan", {});
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_THAT(lines(*view), ElementsAre("fleurs/déposée | 1 | 7.00 | 20",
                                        "(indéterminé)/déposée | 1 | - (1 inconnus) | - (1 inconnus)",
                                        " | 2 | 7.00 (1 inconnus) | 20 (1 inconnus)"));
  EXPECT_EQ(tableau(*house.engine, "voisinage", {})->undetermined, 1U);
}

TEST(Tableau, IsNamedOrSuggested) {
  House house;
  house.publish();
  EXPECT_THAT(tableau(*house.engine, "bilans", {}).error().message, HasSubstr("vouliez-vous dire « bilan » ?"));
  const auto empty = tableau(*house.engine, "bilan", {});
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->rows.empty());
  EXPECT_EQ(empty->total.cells.size(), 3U);
}

TEST(Tableau, LooksAtEachObjetUnderItsOwnEdition) {
  House house;
  const EditionPtr first = house.publish();
  open(house, "demande/1", "verger", 20, "10.00", {});
  std::string other(kJardins);
  other.erase(other.find("tableau voisinage"));
  other.replace(other.find("Jardins partagés"), 7, "JARDINS");
  house.publish(other);
  open(house, "demande/2", "verger", 20, "20.00", {});
  EXPECT_THAT(lines(*tableau(*house.engine, "bilan", {})),
              ElementsAre("verger/déposée | 2 | 30.00 | 20", " | 2 | 30.00 | 20"));
  EXPECT_THAT(lines(*tableau(*house.engine, "bilan", {.edition = first->hash})),
              ElementsAre("verger/déposée | 1 | 10.00 | 20", " | 1 | 10.00 | 20"));
  EXPECT_EQ(tableau(*house.engine, "voisinage", {})->apart, 1U);
}

}  // namespace
}  // namespace assemblier::engine::test
