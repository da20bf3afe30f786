// Every form of expression, as the tree it gives.

#include "tests/dsl/parse_support.hpp"

#include <gtest/gtest.h>

namespace assemblier::dsl::test {
namespace {

TEST(ParseExpression, Literals) {
  EXPECT_EQ(expression("1 234"), "1234");
  EXPECT_EQ(expression("1\u202F234\u00A0567"), "1234567");
  EXPECT_EQ(expression("1 234,56 €"), "1234.56€");
  EXPECT_EQ(expression("12,5 euros"), "12.50€");
  EXPECT_EQ(expression("12€"), "12.00€");
  EXPECT_EQ(expression("80 %"), "800000000t");
  EXPECT_EQ(expression("33,3333333%"), "333333333t");
  EXPECT_EQ(expression("24/01/2024"), "2024-01-24");
  EXPECT_EQ(expression("24 janvier 2024"), "2024-01-24");
  EXPECT_EQ(expression("1er mars 2024"), "2024-03-01");
  EXPECT_EQ(expression("1er aout 2024"), "2024-08-01");
  EXPECT_EQ(expression("2024-02-29"), "2024-02-29");
  EXPECT_EQ(expression("2 mois"), "2m0j");
  EXPECT_EQ(expression("3 jours"), "0m3j");
  EXPECT_EQ(expression("1 an"), "12m0j");
  EXPECT_EQ(expression("2 annees"), "24m0j");
  EXPECT_EQ(expression("« l’un\n    et {l'autre} »"), "«l'un et {l'autre}»");
  EXPECT_EQ(expression("oui, non"), "{oui non}");
  EXPECT_EQ(expression("liste vide"), "{}");
}

TEST(ParseExpression, Precedence) {
  EXPECT_EQ(expression("a + b × 2 - 3"), "(- (+ [a] (× [b] 2)) 3)");
  EXPECT_EQ(expression("a − b / 2"), "(- [a] (/ [b] 2))");
  EXPECT_EQ(expression("-a * (b + 1)"), "(× (- [a]) (+ [b] 1))");
  EXPECT_EQ(expression("a = 1 et b <> 2 et c"), "(et (et (= [a] 1) (≠ [b] 2)) [c])");
  EXPECT_EQ(expression("(a = 1 ou c) et d"), "(et (ou (= [a] 1) [c]) [d])");
  EXPECT_EQ(expression("non c et d"), "(et (non [c]) [d])");
  EXPECT_EQ(expression("non non c"), "(non (non [c]))");
  EXPECT_EQ(expression("c = non"), "(= [c] non)");
  EXPECT_EQ(expression("c = non et d"), "(et (= [c] non) [d])");
  EXPECT_EQ(expression("2/3"), "(/ 2 3)");
  EXPECT_EQ(expression("a <= b"), "(≤ [a] [b])");
  EXPECT_EQ(expression("a ≥ b"), "(≥ [a] [b])");
}

TEST(ParseExpression, Tests) {
  EXPECT_EQ(expression("orientation est santé"), "(= [orientation] [santé])");
  EXPECT_EQ(expression("orientation n'est pas santé"), "(≠ [orientation] [santé])");
  EXPECT_EQ(expression("orientation n’est pas parmi santé, éducation"),
            "(non-parmi [orientation] {[santé] [éducation]})");
  EXPECT_EQ(expression("orientation parmi santé, éducation et c"),
            "(et (parmi [orientation] {[santé] [éducation]}) [c])");
  EXPECT_EQ(expression("orientation hors de santé"), "(non-parmi [orientation] [santé])");
  EXPECT_EQ(expression("a entre 1 et 3 et c"), "(et (entre [a] 1 3) [c])");
  EXPECT_EQ(expression("a n'est pas entre 1 et 3"), "(non (entre [a] 1 3))");
  EXPECT_EQ(expression("vote final est acquis"), "(acquis [vote final])");
  EXPECT_EQ(expression("vote final n'est pas acquise"), "(non (acquis [vote final]))");
  EXPECT_EQ(expression("orientation est aucune"), "(aucune [orientation])");
  EXPECT_EQ(expression("orientation n'est pas aucune"), "(non-aucune [orientation])");
  EXPECT_EQ(expression("coût total est renseigné"), "(renseigné [coût total])");
  EXPECT_EQ(expression("quartiers ne sont pas renseignés"), "(non-renseigné [quartiers])");
}

TEST(ParseExpression, Quantified) {
  EXPECT_EQ(expression("tous les quartiers parmi liste longue"), "(tous [quartiers] parmi [liste longue])");
  EXPECT_EQ(expression("toutes les communes concernées sont parmi quartiers"),
            "(tous [communes concernées] parmi [quartiers])");
  EXPECT_EQ(expression("aucun des quartiers n'a un avis"), "(aucun [quartiers] ont [avis])");
  EXPECT_EQ(expression("tous les quartiers ont un avis"), "(tous [quartiers] ont [avis])");
  EXPECT_EQ(expression("au moins un des quartiers vérifie EPCI = code"),
            "(un [quartiers] vérifient (= [EPCI] [code]))");
  EXPECT_EQ(expression("chaque quartiers vérifient (c et d)"), "(tous [quartiers] vérifient (et [c] [d]))");
  EXPECT_EQ(expression("tous les quartiers n'ont un avis"), "R0082");
}

TEST(ParseExpression, Lists) {
  EXPECT_EQ(expression("les communes des quartiers dont EPCI = code, sans doublon"),
            "(distinct (dont (de [communes] [quartiers]) (= [EPCI] [code])))");
  EXPECT_EQ(expression("nombre de quartiers = 1"), "(= (nombre [quartiers]) 1)");
  EXPECT_EQ(expression("nombre des communes de la liste longue"), "(nombre (de [communes] [liste longue]))");
  EXPECT_EQ(expression("somme de valeurs de avis"), "(somme (valeurs [avis]))");
  EXPECT_EQ(expression("minimum de (a, b) + maximum de (a, 2)"), "(+ (min {[a] [b]}) (max {[a] 2}))");
  EXPECT_EQ(expression("clés d'avis"), "(clés [avis])");
  EXPECT_EQ(expression("quartiers sauf Q1 ainsi que liste longue"), "(ainsi (sauf [quartiers] [Q1]) [liste longue])");
  EXPECT_EQ(expression("ceux qui manquent à vote final"), "(manquent [vote final])");
  EXPECT_EQ(expression("ceux qui manquent au vote final"), "(manquent [vote final])");
}

TEST(ParseExpression, NamesAndDates) {
  EXPECT_EQ(expression("[communes concernées]"), "[communes concernées]");
  EXPECT_EQ(expression("année de date de dépôt"), "(de [année] [date de dépôt])");
  EXPECT_EQ(expression("annee de date de l'acte"), "(de [année] [date de l'acte])");
  EXPECT_EQ(expression("avis de Q1"), "(de [avis] [Q1])");
  EXPECT_EQ(expression("orientation retenue = santé"), "(= (retenu [orientation]) [santé])");
  EXPECT_EQ(expression("part maximale au date de dépôt × coût total"),
            "(× (au [part maximale] [date de dépôt]) [coût total])");
  EXPECT_EQ(expression("date de dépôt + 1 mois ramené à la fin du mois"), "(+fin [date de dépôt] 1m0j)");
  EXPECT_EQ(expression("date de dépôt - 1 mois reporté au mois suivant"), "(-suivant [date de dépôt] 1m0j)");
  EXPECT_EQ(expression("date de dépôt + durée"), "(+ [date de dépôt] [durée])");
  EXPECT_EQ(expression("si c alors a sinon b + 1"), "(si [c] [a] (+ [b] 1))");
  EXPECT_EQ(expression("arrondi au plus proche de a / b à 100 € près"), "(arrondi0 (/ [a] [b]) 100.00€)");
  EXPECT_EQ(expression("arrondi en troncature de a"), "(arrondi4 [a])");
  EXPECT_EQ(expression("acteur parmi clés de avis"), "(parmi [acteur] (clés [avis]))");
  EXPECT_EQ(expression("etat = élément"), "(= [état] [élément])");
}

TEST(ParseExpression, ComposedAndDecomposedAccentsAreTheSame) {
  EXPECT_EQ(expression("co\u0075\u0302t total"), "[coût total]");
  EXPECT_EQ(expression("sante\u0301"), "[santé]");
}

TEST(ParseExpression, AnUndeclaredNameIsLeftToTheChecker) {
  EXPECT_EQ(expression("quartier > 1"), "(> [quartier] 1)");
  EXPECT_EQ(expression("nombre de quartirs = 1"), "(= (nombre [quartirs]) 1)");
  EXPECT_EQ(expression("communes concernés = 1"), "(= [communes concernés] 1)");
  EXPECT_EQ(expression("date de dépots > 24/01/2024"), "(> [date de dépots] 2024-01-24)");
  EXPECT_EQ(expression("les communes des villes"), "(de [communes] [villes])");
}

TEST(ParseExpression, MixedEtOu) {
  EXPECT_EQ(expression("c et d ou f"), "R0061");
  const Parsed parsed = parse(with_names("définition essai = a = 1 et b = 2 ou c\n"));
  ASSERT_EQ(codes(parsed), "R0061");
  EXPECT_EQ(parsed.diagnostics[0].help, "écrivez « (a = 1 et b = 2) ou c » ou « a = 1 et (b = 2 ou c) »");
}

TEST(ParseExpression, Depth) {
  const auto repeat = [](std::string_view text, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += text;
    return out;
  };
  EXPECT_EQ(expression(repeat("(", 90) + "a" + repeat(")", 90)), "[a]");
  EXPECT_EQ(expression(repeat("(", 5000) + "a" + repeat(")", 5000)), "R0009");
  for (const auto* chain :
       {"non ", "- ", "si ", "nombre de ", "communes de ", "le ", "a dont ", "si c alors ", "arrondi au pair de "}) {
    EXPECT_EQ(expression(repeat(chain, 3000) + "a"), "R0009") << chain;
  }
  EXPECT_EQ(expression(repeat("a + ", 5000) + "a"), "R0009");
  EXPECT_EQ(expression(repeat("c et ", 300) + "c").substr(0, 3), "(et");
}

}  // namespace
}  // namespace assemblier::dsl::test
