// Declarations as trees: what the corpus shows to parse, shown to mean what it says.

#include "tests/dsl/parse_support.hpp"

#include <gtest/gtest.h>

namespace assemblier::dsl::test {
namespace {

Parsed good(const std::string& name) {
  const std::string text = slurp(std::string(ASSEMBLIER_SOURCE_DIR) + "/tests/corpus/syntax/good/" + name + ".regles");
  Parsed parsed = parse(text);
  EXPECT_EQ(codes(parsed), "");
  return parsed;
}

template <class T>
const T& named(const Parsed& parsed, std::string_view name) {
  for (std::size_t i = 0; const T* found = find<T>(parsed, i); ++i) {
    if (found->name.text == name) return *found;
  }
  ADD_FAILURE() << name << " is not declared";
  static const T none{};
  return none;
}

std::string show(const std::vector<ast::SourceRef>& sources) {
  std::string out;
  for (const auto& s : sources) out += "[" + s.source.text + " " + s.reference + "]";
  return out;
}

std::string show(const std::vector<ast::Name>& names) {
  std::string out;
  for (const auto& n : names) out += (out.empty() ? "" : ", ") + n.text;
  return out;
}

using test::show;

TEST(ParseDeclaration, Edition) {
  const Parsed parsed = good("parametres");
  EXPECT_EQ(parsed.file->langue, 1);
  EXPECT_EQ(parsed.file->edition.millesime, 2025);
  EXPECT_EQ(parsed.file->edition.title, "Paramètres");
  EXPECT_EQ(iso(*parsed.file->edition.from), "2025-01-01");
  EXPECT_EQ(iso(*parsed.file->edition.to), "2025-12-31");
}

TEST(ParseDeclaration, SourcesAreAttachedToTheirLine) {
  const Parsed parsed = good("nomenclatures");
  EXPECT_EQ(find<ast::SourceDecl>(parsed, 1)->name.text, "Contrat cadre");
  EXPECT_EQ(find<ast::SourceDecl>(parsed, 1)->title, "Le contrat cadre, sur deux lignes");
  const auto& e = named<ast::EnumDecl>(parsed, "Financeur public");
  EXPECT_EQ(show(e.sources), "[CQ2030 § 7.B]");
  ASSERT_EQ(e.items.size(), 8U);
  EXPECT_EQ(e.items[0].label, "L'État");
  EXPECT_EQ(show(e.items[0].sources), "[CQ2030 § 5.A][Contrat cadre art. 3, al. 2]");
  EXPECT_EQ(show(e.items[1].sources), "[Contrat cadre ]");
  EXPECT_EQ(show(e.items[2].sources), "[CQ2030 § 9][CQ2030 § 10]");
  EXPECT_EQ(e.items[4].name.text, "l'agglomération");
  EXPECT_EQ(e.items[7].name.text, "2 ans et plus");
}

TEST(ParseDeclaration, Table) {
  const Parsed parsed = good("nomenclatures");
  const auto& t = named<ast::TableDecl>(parsed, "Commune");
  ASSERT_EQ(t.columns.size(), 9U);
  EXPECT_EQ(t.columns[1].name.text, "code INSEE");
  EXPECT_EQ(show(t.columns[8].type), "liste(Financeur public)");
  ASSERT_EQ(t.rows.size(), 4U);
  const auto& first = t.rows[0].cells;
  EXPECT_EQ(first[0].text, "Anzin");
  EXPECT_EQ(first[1].text, "59014");
  EXPECT_EQ(show(*first[2].literal), "13000");
  EXPECT_EQ(show(*first[3].literal), "1234.56€");
  EXPECT_EQ(show(*first[4].literal), "800000000t");
  EXPECT_EQ(show(*first[5].literal), "2024-01-24");
  EXPECT_EQ(show(*first[6].literal), "2m0j");
  EXPECT_EQ(show(*first[7].literal), "oui");
  EXPECT_EQ(show(first[8].parts), "État, Région");
  EXPECT_EQ(show(*t.rows[1].cells[3].literal), "-12.00€");
  const auto& third = t.rows[2].cells;
  EXPECT_EQ(third[0].parts[0].text, "St. Amand (les Eaux)");
  EXPECT_TRUE(third[1].quoted);
  EXPECT_EQ(third[1].text, "a | b");
  for (const std::size_t empty : {2U, 3U, 4U}) {
    EXPECT_TRUE(third[empty].parts.empty());
    EXPECT_EQ(third[empty].text, "");
  }
  EXPECT_EQ(t.rows[3].cells[1].text, "n° 5 bis & suite");
  EXPECT_EQ(show(t.rows[3].sources), "[CQ2030 § 5.B]");
}

TEST(ParseDeclaration, Objet) {
  const Parsed parsed = good("nomenclatures");
  const auto& o = named<ast::ObjetDecl>(parsed, "Dossier");
  ASSERT_EQ(o.fields.size(), 10U);
  EXPECT_EQ(o.fields[0].label, "Coût total du projet");
  EXPECT_EQ(show(o.fields[0].sources), "[CQ2030 § 7.C]");
  EXPECT_TRUE(o.fields[1].optional);
  EXPECT_EQ(show(o.fields[3].type), "Financeur public par Commune");
  EXPECT_TRUE(o.fields[3].personal);
  EXPECT_EQ(show(o.fields[5].type), "liste(texte) par Commune");
  EXPECT_EQ(o.fields[7].name.text, "nombre d'habitants");
}

TEST(ParseDeclaration, Parameters) {
  const Parsed parsed = good("parametres");
  const auto& list = named<ast::ParameterDecl>(parsed, "orientations recentrées");
  EXPECT_EQ(show(list.values[0].value), "{[insertion] [santé]}");
  EXPECT_EQ(show(list.sources), "[CQ2030 § 7.C.I.1.a]");
  EXPECT_FALSE(list.commented);
  const auto& share = named<ast::ParameterDecl>(parsed, "part maximale");
  EXPECT_TRUE(share.setting);
  EXPECT_TRUE(share.commented);
  const auto& ceiling = named<ast::ParameterDecl>(parsed, "plafond");
  EXPECT_EQ(show(ceiling.type), "montant");
  EXPECT_EQ(iso(*ceiling.values[0].to), "2025-12-31");
  EXPECT_EQ(iso(*ceiling.values[0].revision), "2025-12-01");
  const auto& delay = named<ast::ParameterDecl>(parsed, "délai");
  EXPECT_EQ(show(delay.values[0].value), "2m0j");
  EXPECT_FALSE(delay.values[0].to.has_value());
  const auto& dated = named<ast::ParameterDecl>(parsed, "seuil");
  ASSERT_EQ(dated.values.size(), 3U);
  EXPECT_FALSE(dated.values[0].from.has_value());
  EXPECT_EQ(show(dated.values[0].sources), "[CQ2030 § 7.A]");
  EXPECT_EQ(show(dated.values[1].sources), "[CQ2030 § 7.B]");
  EXPECT_EQ(iso(*dated.values[2].from), "2026-01-01");
  EXPECT_EQ(show(named<ast::ParameterDecl>(parsed, "santé datée").values[0].value), "[santé]");
  EXPECT_EQ(show(named<ast::ParameterDecl>(parsed, "jours chômés").values[0].value),
            "{2025-01-01 2025-04-21 2025-05-01}");
}

TEST(ParseDeclaration, Decision) {
  const Parsed parsed = good("decisions");
  EXPECT_EQ(parsed.file->decls.back().objet, "Dossier");
  const auto& d = named<ast::DecisionDecl>(parsed, "échelle");
  EXPECT_EQ(show(d.type), "Échelle");
  ASSERT_EQ(d.cases.size(), 4U);
  EXPECT_EQ(show(d.cases[0].condition), "(= [nombre de quartiers] 1)");
  EXPECT_EQ(show(d.cases[0].exception), "[ancien]");
  EXPECT_EQ(show(d.cases[0].sources), "[T § 1.a]");
  EXPECT_EQ(show(d.cases[1].sources), "[T § 1.b]");
  EXPECT_EQ(d.cases[2].value, nullptr);
  ASSERT_EQ(d.cases[2].reason->pieces.size(), 5U);
  EXPECT_EQ(d.cases[2].reason->pieces[0].text, "trop cher : ");
  EXPECT_EQ(show(d.cases[2].reason->pieces[1].expr), "[coût total]");
  EXPECT_EQ(d.cases[2].reason->pieces[2].text, " pour ");
  EXPECT_EQ(d.cases[2].reason->pieces[4].text, " quartiers");
  EXPECT_FALSE(d.cases[3].reason.has_value());
  EXPECT_EQ(show(d.otherwise->value), "[regroupement de communes]");
  EXPECT_EQ(show(named<ast::DecisionDecl>(parsed, "autre").cases[0].value), "{1 2}");
}

TEST(ParseDeclaration, GridsAreCases) {
  const Parsed parsed = good("decisions");
  const auto& g = named<ast::DecisionDecl>(parsed, "part");
  EXPECT_TRUE(g.grid);
  ASSERT_EQ(g.cases.size(), 5U - 1U);
  EXPECT_EQ(show(g.cases[0].condition),
            "(et (et (et (parmi [échelle demandée] {[communale] [intercommunale]}) (= [nombre de quartiers] 1)) (= "
            "[complet] oui)) "
            "(≤ [coût total] 10000.00€))");
  EXPECT_EQ(show(g.cases[1].condition), "(et (≠ [échelle demandée] [communale]) (entre [nombre de quartiers] 2 4))");
  EXPECT_EQ(show(g.cases[2].condition),
            "(et (et (et (non-parmi [échelle demandée] {[communale] [regroupement de communes]}) (> [nombre de "
            "quartiers] 4)) "
            "(= [complet] non)) (≠ [coût total] 0.00€))");
  EXPECT_EQ(g.cases[2].value, nullptr);
  EXPECT_EQ(g.cases[2].reason->pieces.size(), 2U);
  EXPECT_EQ(show(g.otherwise->value), "100000000t");
  const auto& first = named<ast::DecisionDecl>(parsed, "priorité");
  EXPECT_EQ(show(first.cases[0].condition), "(= [échelle demandée] [communale])");
  EXPECT_EQ(show(first.cases[1].condition),
            "(et (< (+ [nombre de quartiers] 1) 3) (non (= [échelle demandée] [communale])))");
  EXPECT_EQ(show(first.cases[2].condition),
            "(et oui (non (ou (= [échelle demandée] [communale]) (< (+ [nombre de quartiers] 1) 3))))");
}

TEST(ParseDeclaration, ConditionAndScenario) {
  const Parsed parsed = good("decisions");
  const auto& c = named<ast::ConditionDecl>(parsed, "recevable");
  EXPECT_EQ(show(c.sources), "[T § 3]");
  EXPECT_EQ(c.exigences[1].label, "Moins de dix quartiers");
  EXPECT_EQ(show(c.exigences[1].condition), "(et (< [nombre de quartiers] 10) (ou [complet] [ancien]))");
  const auto* s = find<ast::ScenarioDecl>(parsed);
  EXPECT_EQ(s->title, "tout");
  EXPECT_EQ(s->objet.text, "");
  ASSERT_EQ(s->given.size(), 7U);
  EXPECT_EQ(show(s->given[5].value), "{1 2}");
  EXPECT_EQ(show(s->given[6].value), "non");
  ASSERT_EQ(s->expected.size(), 7U);
  EXPECT_EQ(s->expected[1].texts, (std::vector<std::string>{"Complet", "Autre"}));
  EXPECT_EQ(s->expected[2].kind, ast::ScenarioDecl::Expected::Kind::kNone);
  EXPECT_EQ(s->expected[2].texts.size(), 2U);
  EXPECT_EQ(s->expected[4].kind, ast::ScenarioDecl::Expected::Kind::kUndetermined);
  EXPECT_EQ(show(s->expected[4].missing), "coût total, ancien");
  EXPECT_EQ(show(s->expected[5].value), "{1 2}");
  EXPECT_EQ(s->expected[6].kind, ast::ScenarioDecl::Expected::Kind::kError);
  EXPECT_EQ(find<ast::ScenarioDecl>(parsed, 1)->objet.text, "Dossier");
}

TEST(ParseDeclaration, Scrutins) {
  const Parsed parsed = good("scrutins");
  const auto seen = [&](std::string_view name) {
    const auto& s = named<ast::ScrutinDecl>(parsed, name);
    constexpr std::string_view kBases = "mpe";
    const auto one = [&](const ast::ScrutinDecl::Threshold& t) {
      return (t.strict ? ">" : "≥") + std::to_string(t.numerator) + "/" + std::to_string(t.denominator) +
             kBases[static_cast<std::size_t>(t.base)];
    };
    return one(s.threshold) + (s.quorum ? " " + one(*s.quorum) : "");
  };
  EXPECT_EQ(seen("unanime"), "≥1/1m ≥1/2m");
  EXPECT_EQ(seen("simple"), ">1/2e ≥1/3m");
  EXPECT_EQ(seen("absolu"), ">1/2p");
  EXPECT_EQ(seen("deux tiers"), "≥2/3e");
  EXPECT_EQ(seen("trois quarts"), ">3/4m ≥2/5m");
  EXPECT_EQ(seen("moitié"), "≥1/2p >1/4m");
  EXPECT_EQ(seen("soixante"), "≥3/5m >1/2m");
  EXPECT_EQ(seen("ordinaire"), ">1/2m");
  const auto& s = named<ast::ScrutinDecl>(parsed, "unanime");
  EXPECT_EQ(show(s.abstention), "abstention");
  EXPECT_EQ(s.absence_counts, ast::ScrutinDecl::Counts::kAgainst);
  EXPECT_EQ(named<ast::ScrutinDecl>(parsed, "simple").abstention_counts, ast::ScrutinDecl::Counts::kFor);
  EXPECT_EQ(show(named<ast::ScrutinDecl>(parsed, "absolu").in_favour), "favorable, abstention, absent");
}

TEST(ParseDeclaration, Procedure) {
  const Parsed parsed = good("procedures");
  const auto* p = find<ast::ProcedureDecl>(parsed);
  EXPECT_EQ(p->objet.text, "Dossier");
  EXPECT_EQ(show(p->roles[1].type), "texte");
  EXPECT_TRUE(p->etats[2].final);
  ASSERT_EQ(p->actes.size(), 4U);
  const auto& first = p->actes[0];
  EXPECT_EQ(first.actors.size(), 2U);
  EXPECT_EQ(show(first.actors[1].among), "(sauf [membres] «X»)");
  EXPECT_TRUE(first.opens);
  ASSERT_EQ(first.donnees.size(), 3U);
  EXPECT_EQ(first.donnees[0].type, nullptr);
  EXPECT_TRUE(first.donnees[2].optional);
  EXPECT_EQ(show(first.exigences[0].sources), "[T § 2.a]");
  EXPECT_EQ(first.effects[0].kind, ast::ActeDecl::Effect::Kind::kAllData);
  EXPECT_EQ(show(first.effects[1].value), "[date de l'acte]");
  const auto& second = p->actes[1];
  EXPECT_EQ(second.effects[0].kind, ast::ActeDecl::Effect::Kind::kSetKey);
  EXPECT_EQ(show(second.effects[0].key), "[acteur]");
  EXPECT_EQ(second.effects[1].field.text, "membres");
  EXPECT_EQ(show(second.effects[2].value), "{«a» «b»}");
  EXPECT_EQ(second.effects[3].value, nullptr);
  EXPECT_EQ(show(second.decides), "suite");
  EXPECT_EQ(show(second.targets[0].condition), "(= [suite] [favorable])");
  EXPECT_EQ(second.targets[1].condition, nullptr);
  EXPECT_EQ(second.next.size(), 2U);
  EXPECT_EQ(show(p->actes[2].from), "déposé, brouillon, annulé");
}

TEST(ParseDeclaration, Tableau) {
  const Parsed parsed = good("procedures");
  const auto* t = find<ast::TableauDecl>(parsed);
  EXPECT_EQ(t->name.text, "bilan annuel");
  EXPECT_EQ(t->objet.text, "Dossier");
  EXPECT_EQ(t->title, "Bilan");
  EXPECT_EQ(show(t->where), "(et (= [état] [clos]) [complet])");
  EXPECT_EQ(t->each[0].variable.text, "membre");
  EXPECT_EQ(show(t->groups[0].value), "(retenu [suite])");
  EXPECT_EQ(t->groups[0].header, "Suite");
  ASSERT_EQ(t->columns.size(), 4U);
  EXPECT_EQ(t->columns[0].kind, ast::TableauDecl::Column::Kind::kCount);
  EXPECT_EQ(show(t->columns[1].value), "(nombre [pièces])");
  EXPECT_EQ(find<ast::TableauDecl>(parsed, 1)->name.text, "second de l'objet");
}

TEST(ParseDeclaration, WhatDoesNotParseIsPoisonedAndLeftOut) {
  const Parsed parsed =
      parse(with_names("énumération Autre\n  un\n  deux = 3\nobjet\n  champ : texte\nprocédure du Dossier\n  acte x y\n"
                       "    porte z\n    vers\ndéfinition q = (\n"));
  EXPECT_EQ(codes(parsed), "R0050 R0051 R0051 R0015");
  EXPECT_EQ(parsed.poisoned, (std::vector<std::string>{"champ", "deux", "q", "x y", "z"}));
  EXPECT_EQ(named<ast::EnumDecl>(parsed, "Autre").items.size(), 1U);
}

TEST(ParseDeclaration, ReadingsAreAllTriedOrRefused) {
  const auto file = [](int n) {
    std::string text = "langue 1\nédition 2024 « Essai »\nénumération E\n  le a\n  le\nparamètre p = le a";
    for (int i = 0; i < n; ++i) text += ", le a";
    return text + "\n";
  };
  EXPECT_EQ(codes(parse(file(300))), "");
  EXPECT_EQ(codes(parse(file(6000))), "R0062");
}

TEST(ParseDeclaration, BomAndCrLf) {
  const Parsed parsed = parse("\xEF\xBB\xBFlangue 1\r\nédition 2024 « Essai »\r\nénumération E\r\n\ta\r\n\tb\r\n");
  EXPECT_EQ(codes(parsed), "");
  EXPECT_EQ(find<ast::EnumDecl>(parsed)->items.size(), 2U);
}

TEST(Diagnostics, Rendered) {
  const std::string text = "langue 1\nédition 2024 « Essai »\ndéfinition é =\t1 + ÷\n";
  const Parsed parsed = parse(text);
  ASSERT_EQ(codes(parsed), "R0010");
  EXPECT_EQ(render(parsed.diagnostics[0], text, "r.regles"),
            "r.regles:3:20 : erreur R0010 : le signe ÷ n'a pas de sens ici\n"
            " 3 | définition é =  1 + ÷\n"
            "   |                     ^\n"
            "aide : supprimez-le, ou mettez le texte entre « et »\n");
}

TEST(Diagnostics, Suggestions) {
  const std::vector<std::string> names = {"quartiers", "quartier", "communes concernées", "santé", "orientation"};
  EXPECT_EQ(suggestions("quartirs", names), (std::vector<std::string>{"quartiers", "quartier"}));
  EXPECT_EQ(suggestions("Sante", names), (std::vector<std::string>{"santé"}));
  EXPECT_EQ(suggestions("comunes concernés", names), (std::vector<std::string>{"communes concernées"}));
  EXPECT_TRUE(suggestions("x", names).empty());
  EXPECT_TRUE(suggestions("budget", names).empty());
}

}  // namespace
}  // namespace assemblier::dsl::test
