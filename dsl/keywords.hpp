#pragma once
// The words of the grammar. A keyword is typed in lower case, with or without its accents; `État` is a name, `etat` a
// keyword. What a word may mean depends on its place: see the flags.
//
// Thread-safety: constants only.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace assemblier::dsl {

using KeywordId = std::uint8_t;
inline constexpr KeywordId kNoKeyword = 0;

struct Keyword {
  /// It may follow a name in an expression or a list of names: an undeclared name stops before it.
  static constexpr unsigned kFollows = 1;
  /// It may begin a value: a declared name that begins with it is a second reading.
  static constexpr unsigned kBegins = 2;
  /// It is no name by itself.
  static constexpr unsigned kReserved = 4;
  std::string_view text;
  unsigned flags = 0;
};

// clang-format off
inline constexpr std::array kKeywords = {
    Keyword{""},
    // et, ou, non and what ends an expression
    Keyword{"et", 1 | 4}, Keyword{"ou", 1 | 4}, Keyword{"où", 1}, Keyword{"non", 2 | 4}, Keyword{"si", 2 | 4}, Keyword{"alors", 1 | 4},
    Keyword{"sinon", 1 | 4}, Keyword{"sauf", 1 | 4}, Keyword{"quand", 1}, Keyword{"oui", 2 | 4}, Keyword{"vrai", 2 | 4},
    Keyword{"faux", 2 | 4}, Keyword{"acteur", 2 | 4}, Keyword{"élément", 2 | 4}, Keyword{"état", 2 | 4}, Keyword{"aucune", 1 | 2 | 4},
    Keyword{"aucun", 2 | 4},
    // comparisons and what follows a value
    Keyword{"est", 1}, Keyword{"sont", 1}, Keyword{"n'", 1}, Keyword{"ne", 1}, Keyword{"pas"}, Keyword{"parmi", 1}, Keyword{"hors", 1},
    Keyword{"entre", 1}, Keyword{"dont", 1}, Keyword{"sans", 1}, Keyword{"doublon"}, Keyword{"ainsi", 1}, Keyword{"que"},
    Keyword{"ont", 1}, Keyword{"vérifie", 1}, Keyword{"vérifient", 1}, Keyword{"acquis", 2}, Keyword{"acquise", 2}, Keyword{"acquises", 2},
    Keyword{"renseigné", 2}, Keyword{"renseignée", 2}, Keyword{"renseignés", 2}, Keyword{"renseignées", 2}, Keyword{"retenu", 1},
    Keyword{"retenue", 1}, Keyword{"retenus", 1}, Keyword{"retenues", 1}, Keyword{"ramené", 1}, Keyword{"reporté", 1}, Keyword{"ramenée", 1},
    Keyword{"reportée", 1}, Keyword{"fin"}, Keyword{"suivant"}, Keyword{"vide"}, Keyword{"près", 1}, Keyword{"vaut", 1},
    Keyword{"compte"}, Keyword{"indéterminée", 1}, Keyword{"indéterminé", 1}, Keyword{"erreur", 1}, Keyword{"exigence", 1},
    // articles and prepositions
    Keyword{"le", 2}, Keyword{"la", 2}, Keyword{"les", 2}, Keyword{"l'", 2}, Keyword{"un", 2}, Keyword{"une", 2}, Keyword{"des", 1 | 2},
    Keyword{"de", 1}, Keyword{"du", 1}, Keyword{"d'", 1}, Keyword{"à", 1}, Keyword{"a", 1}, Keyword{"au", 1 | 2}, Keyword{"aux"},
    Keyword{"par", 1}, Keyword{"jusqu'", 1}, Keyword{"partir"}, Keyword{"en"}, Keyword{"qui"},
    // functions
    Keyword{"nombre", 2}, Keyword{"somme", 2}, Keyword{"total"}, Keyword{"minimum", 2}, Keyword{"maximum", 2}, Keyword{"clés", 2},
    Keyword{"valeurs", 2}, Keyword{"arrondi", 2}, Keyword{"ceux", 2}, Keyword{"manquent"}, Keyword{"tous", 2}, Keyword{"toutes", 2},
    Keyword{"chaque", 2}, Keyword{"moins"}, Keyword{"plus"}, Keyword{"proche"}, Keyword{"pair"}, Keyword{"inférieur"}, Keyword{"supérieur"},
    Keyword{"troncature"}, Keyword{"liste", 2}, Keyword{"jour", 2}, Keyword{"jours"}, Keyword{"mois", 2}, Keyword{"an"}, Keyword{"ans"},
    Keyword{"année", 2}, Keyword{"années"}, Keyword{"acte"},
    // types
    Keyword{"booléen"}, Keyword{"entier"}, Keyword{"montant"}, Keyword{"taux"}, Keyword{"date", 2}, Keyword{"durée"}, Keyword{"texte"},
    // declarations
    Keyword{"langue"}, Keyword{"édition"}, Keyword{"source"}, Keyword{"énumération"}, Keyword{"table"}, Keyword{"objet"},
    Keyword{"règles"}, Keyword{"paramètre"}, Keyword{"réglage"}, Keyword{"définition"}, Keyword{"décision"}, Keyword{"grille"},
    Keyword{"condition"}, Keyword{"scrutin"}, Keyword{"procédure"}, Keyword{"tableau"}, Keyword{"scénario"},
    // clauses
    Keyword{"vigueur"}, Keyword{"facultatif"}, Keyword{"facultative"}, Keyword{"personnel"}, Keyword{"personnelle"}, Keyword{"révision"},
    Keyword{"attendue"}, Keyword{"première"}, Keyword{"ligne"}, Keyword{"convient"}, Keyword{"exige"}, Keyword{"collège"},
    Keyword{"positions"}, Keyword{"pour"}, Keyword{"contre"}, Keyword{"abstention"}, Keyword{"absence"}, Keyword{"quorum"},
    Keyword{"refus"}, Keyword{"accord"}, Keyword{"unanimité"}, Keyword{"majorité"}, Keyword{"absolue"}, Keyword{"simple"},
    Keyword{"moitié"}, Keyword{"deux"}, Keyword{"trois"}, Keyword{"quatre"}, Keyword{"tiers"}, Keyword{"quart"}, Keyword{"quarts"},
    Keyword{"cinquième"}, Keyword{"cinquièmes"}, Keyword{"sixième"}, Keyword{"sixièmes"}, Keyword{"membres"}, Keyword{"présents"},
    Keyword{"exprimés"}, Keyword{"rôle"}, Keyword{"final"}, Keyword{"finale"}, Keyword{"ouvre"}, Keyword{"porte"}, Keyword{"inscrit"},
    Keyword{"données"}, Keyword{"ajoute"}, Keyword{"décide"}, Keyword{"vers"}, Keyword{"puis"}, Keyword{"colonne"},
    Keyword{"étant"}, Keyword{"donné"}, Keyword{"attendu"},
};
// clang-format on
static_assert(kKeywords.size() < 256);

/// The id of a keyword written in a grammar; a spelling that is not in the table does not compile.
consteval KeywordId keyword(std::string_view text) {
  for (std::size_t i = 1; i < kKeywords.size(); ++i) {
    if (kKeywords[i].text == text) return static_cast<KeywordId>(i);
  }
  throw "not a keyword";
}

/// What a word may stand for: two keywords only for the unaccented `a` and `ou`.
struct KeywordPair {
  KeywordId first = kNoKeyword;
  KeywordId second = kNoKeyword;
  [[nodiscard]] bool is(KeywordId id) const { return id != kNoKeyword && (first == id || second == id); }
  [[nodiscard]] bool has(unsigned flag) const {
    return ((kKeywords[first].flags | kKeywords[second].flags) & flag) != 0;
  }
};

/// `word` in NFC.
[[nodiscard]] KeywordPair find_keyword(std::string_view word);

}  // namespace assemblier::dsl
