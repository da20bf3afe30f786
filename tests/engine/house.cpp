#include "tests/engine/house.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::engine::test {

const std::string_view kJardins = R"(langue 1
édition 2024 « Jardins partagés de la rue Basse »
  en vigueur du 01/01/2024 au 31/12/2024

source Statuts « Statuts de la société des jardins »

énumération Culture  source Statuts § 1
  légumes « Légumes »
  fleurs  « Fleurs »
  verger  « Arbres fruitiers »

énumération Bulletin  source Statuts § 4
  accepte
  repousse
  blanc

table Jardinier (prénom : texte | parcelles : entier)  source Statuts § 3
  Ana   | 1
  Bilal | 2
  Chloé | 0
  Denis | 1

paramètre conseil = Ana, Bilal, Chloé  source Statuts § 3
paramètre surface maximale = 50  source Statuts § 2
paramètre rabais = 10 %  source Statuts § 2

objet Demande  source Statuts § 2
  intitulé : texte
  culture : Culture
  surface : entier
  loyer : montant
  loyer net : montant
  voisins : liste de Jardinier
  bulletins : Bulletin par Jardinier
  remarques : liste de texte
  clôture : date

objet Outil  source Statuts § 6
  désignation : texte
  prêts : entier

règles du Demande

définition loyer réduit : montant = arrondi au plus proche de (loyer - loyer × rabais)  source Statuts § 2

décision taille : texte  source Statuts § 2
  « petite » quand surface entre 1 et 9
  « moyenne » quand surface entre 10 et 30
  « grande » quand surface > 30
  aucune « pas de sol » quand surface = 0

condition conforme  source Statuts § 2
  exige « La surface est permise » surface ≤ surface maximale
  exige « Le loyer est payé » loyer > 0 €

scrutin accord du conseil  source Statuts § 4
  collège conseil
  positions bulletins
  pour accepte
  contre repousse
  abstention blanc vaut refus
  acquis à la majorité des deux tiers des membres

condition accordée  source Statuts § 4
  exige « Le conseil accepte aux deux tiers » accord du conseil est acquis

procédure du Demande  source Statuts § 5
  rôle jardinier : Jardinier
  rôle secrétaire
  état déposée
  état au vote
  état acceptée
  état repoussée
  état archivée, final

  acte dépôt « Dépôt d'une demande »
    par jardinier
    ouvre
    porte intitulé ; culture ; surface ; loyer ; voisins, facultatif ; note : texte, facultatif
    exige « La surface n'est pas nulle » surface > 0  source Statuts § 2
    inscrit les données
    inscrit loyer net = arrondi au plus proche de (loyer - loyer × rabais)
    décide taille, conforme
    vers déposée

  acte mise au vote
    par secrétaire
    de déposée
    exige « La demande est conforme » conforme retenue
    vers au vote

  acte bulletin
    par jardinier parmi conseil
    de au vote
    porte choix : Bulletin
    exige « Un bulletin par personne » bulletins de acteur n'est pas renseigné  source Statuts § 4
    inscrit bulletins de acteur = choix
    puis dépouillement quand nombre de ceux qui manquent à accord du conseil = 0

  acte dépouillement
    par système
    de au vote
    décide accordée
    vers acceptée quand accordée
    vers repoussée sinon
    puis archivage quand accordée retenue = non

  acte archivage
    par système
    de repoussée
    inscrit remarques = « close »
    vers archivée

  acte remarque
    par secrétaire
    par jardinier parmi voisins
    de déposée, au vote, acceptée
    porte texte libre : texte
    ajoute texte libre à remarques

procédure du Outil  source Statuts § 6
  rôle magasinier
  état rangé
  état sorti
  acte achat
    par magasinier
    ouvre
    porte désignation
    inscrit les données
    inscrit prêts = 0
    vers rangé
  acte sortie
    par magasinier
    de rangé
    inscrit prêts = prêts + 1
    vers sorti
  acte retour
    par magasinier
    de sorti
    vers rangé

tableau bilan du Demande « Bilan des demandes »
  par culture « Culture »
  par état « État »
  colonne « Demandes » = nombre
  colonne « Loyers » = total de loyer
  colonne « Plus grande » = maximum de surface

tableau voisinage du Demande
  où surface ≥ 10
  pour chaque voisin parmi voisins
  par voisin « Voisin »
  colonne « Demandes » = nombre
  colonne « Loyers » = total de loyer
  colonne « Parcelles » = total de parcelles de voisin
)";

House::House() {
  journal = storage::open_memory({.clock = [now = instant] { return now->load(); }});
  engine = std::make_unique<Engine>(*journal, options());
}

EngineOptions House::options() const {
  EngineOptions options;
  options.clock = [now = instant] { return now->load(); };
  static std::uint64_t engines = 0;  // ids of two engines never meet
  options.random = [next = ++engines << 32U]() mutable { return ++next * 0x9E37'79B9'7F4A'7C15U; };
  return options;
}

std::unique_ptr<Engine> House::another() const { return std::make_unique<Engine>(*journal, options()); }

EditionPtr House::publish(std::string_view text) const {
  auto publication = engine->publish(text);
  if (!publication) throw std::runtime_error(publication.error().message);
  if (!publication->edition) throw std::runtime_error(told(publication->diagnostics, text));
  return publication->edition;
}

std::string told(const std::vector<dsl::Diagnostic>& diagnostics, std::string_view text) {
  std::string all;
  for (const auto& diagnostic : diagnostics) all += dsl::render(diagnostic, text, "édition");
  return all;
}

Request opening(const std::string& objet, std::int64_t surface, const char* price) {
  return {.acte = "dépôt",
          .objet = objet,
          .role = "jardinier",
          .author = "Ana",
          .donnees = {{"intitulé", Datum("Un carré")},
                      {"culture", Datum("légumes")},
                      {"surface", Datum(surface)},
                      {"loyer", Datum(price)},
                      {"voisins", Datum(Datum::List{Datum("Bilal"), Datum("Denis")})}}};
}

Request ballot(const std::string& objet, const std::string& who, const std::string& what) {
  return {.acte = "bulletin", .objet = objet, .role = "jardinier", .author = who, .donnees = {{"choix", Datum(what)}}};
}

std::string explain(const Answer& answer) {
  if (answer.kind == Answer::Kind::kRefuse) return render(answer.refusal);
  if (answer.error) return answer.error->message;
  return fmt::format("inscrit {} : {}", answer.version, fmt::join(answer.actes, ", "));
}

void play(Engine& engine, const std::string& objet, const std::vector<std::pair<std::string, std::string>>& ballots) {
  const auto ask = [&engine](const Request& request) {
    const Answer answer = engine.submit(request);
    ASSERT_EQ(answer.kind, Answer::Kind::kInscrit) << explain(answer);
  };
  ask(opening(objet));
  ask({.acte = "mise au vote", .objet = objet, .role = "secrétaire", .author = "Zoé"});
  for (const auto& [who, what] : ballots) ask(ballot(objet, who, what));
}

}  // namespace assemblier::engine::test
