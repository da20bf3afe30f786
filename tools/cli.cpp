#include "tools/cli.hpp"

#include "dsl/text.hpp"
#include "tools/commands.hpp"
#include "tools/french_cli.hpp"

#include <array>
#include <cstdlib>
#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace assemblier::tools {
namespace {

constexpr std::string_view kVersion = "assemblier " ASSEMBLIER_VERSION;
constexpr std::array<std::string_view, 6> kGroups = {"regles", "edition", "journal", "clef", "preuve", "groupe"};

/// Every value a command may be given; one of each, since one command runs.
struct Given {
  std::string journal, format = "texte", master_key;
  std::vector<std::string> files;
  std::string file, word, par;
  FactsOptions facts;
  ActeOptions acte;
  EvidenceOptions evidence;
  ErasureOptions erasure;
  RestoreOptions restore;
  SelectionOptions selection;
  std::optional<std::uint64_t> patience;
  GroupOptions group;
  bool leaves = false, outcomes = false, repair = false;
  std::function<Exit(Session&)> command;
};

bool takes_value(std::string_view option) {
  return option == "--journal" || option == "--format" || option == "--clef-maitresse";
}

/// The words of commands and the names of options, without accents: what people type, « édition » or « edition ».
std::vector<std::string> without_accents(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  int commands = 1;  // command words still expected
  bool in_group = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      words.insert(words.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
      break;
    }
    if (argument.starts_with("--")) {
      const auto equal = argument.find('=');
      words.push_back(dsl::fold(argument.substr(0, equal)) +
                      (equal == std::string::npos ? "" : argument.substr(equal)));
      if (equal == std::string::npos && takes_value(words.back()) && i + 1 < arguments.size())
        words.push_back(arguments[++i]);
    } else if (commands > 0 && !argument.starts_with("-")) {
      words.push_back(dsl::fold(argument));
      --commands;
      if (!in_group && std::find(kGroups.begin(), kGroups.end(), words.back()) != kGroups.end()) ++commands;
      in_group = true;  // what comes second is a command, also when a group has its name
    } else {
      words.push_back(argument);
    }
  }
  return words;
}

/// A command of its own, or one inside a group.
CLI::App* add(CLI::App& parent, Given& given, const std::string& name, const std::string& what,
              std::function<Exit(Session&)> command) {
  CLI::App* sub = parent.add_subcommand(name, what);
  sub->group("Commandes ");
  sub->callback([&given, command = std::move(command)] { given.command = command; });
  return sub;
}

CLI::App* group(CLI::App& app, const std::string& name, const std::string& what) {
  CLI::App* sub = app.add_subcommand(name, what);
  sub->group("Commandes ");
  sub->require_subcommand(1, 1);
  return sub;
}

void add_regles(CLI::App& app, Given& g) {
  CLI::App* regles = group(app, "regles", "les règles d'un fichier : vérifier, essayer, évaluer, expliquer");
  add(*regles, g, "verifier", "dit toutes les erreurs du fichier, avec leur place",
      [&g](Session& s) { return regles_verifier(s, g.files); })
      ->add_option("fichiers", g.files, "fichiers de règles")
      ->type_name("FICHIER")
      ->required();
  add(*regles, g, "tester", "joue les scénarios écrits à côté des règles",
      [&g](Session& s) { return regles_tester(s, g.files); })
      ->add_option("fichiers", g.files, "fichiers de règles")
      ->type_name("FICHIER")
      ->required();
  CLI::App* evaluer = add(*regles, g, "evaluer", "toutes les décisions pour chaque ligne de faits",
                          [&g](Session& s) { return regles_evaluer(s, g.facts); });
  CLI::App* expliquer = add(*regles, g, "expliquer", "pourquoi une décision est ce qu'elle est",
                            [&g](Session& s) { return regles_expliquer(s, g.facts); });
  for (CLI::App* sub : {evaluer, expliquer}) {
    sub->add_option("fichier", g.facts.file, "fichier de règles")->type_name("FICHIER")->required();
    sub->add_option("--faits", g.facts.facts,
                    sub == evaluer ? "faits, un objet JSON par ligne ; « - » : l'entrée standard"
                                   : "faits, un objet JSON ; « - » : l'entrée standard")
        ->type_name("FICHIER")
        ->required();
    sub->add_option("--objet", g.facts.objet, "sorte d'objet que les faits décrivent, s'il y en a plusieurs")
        ->type_name("NOM");
  }
  expliquer->add_option("--decision", g.facts.decision, "une seule décision")->type_name("NOM");
}

void add_edition(CLI::App& app, Given& g) {
  CLI::App* edition = group(app, "edition", "les éditions publiées dans le journal");
  add(*edition, g, "publier", "inscrit un fichier de règles dans le journal",
      [&g](Session& s) { return edition_publier(s, g.file); })
      ->add_option("fichier", g.file, "fichier de règles")
      ->type_name("FICHIER")
      ->required();
  add(*edition, g, "lister", "les éditions, par ordre de publication", [](Session& s) { return edition_lister(s); });
  add(*edition, g, "montrer", "le texte exact d'une édition publiée",
      [&g](Session& s) { return edition_montrer(s, g.word); })
      ->add_option("empreinte", g.word, "premiers chiffres de l'empreinte (au moins 4), ou millésime")
      ->type_name("HASH")
      ->required();
}

/// Which events are wanted.
std::vector<CLI::Option*> add_selection(CLI::App& sub, SelectionOptions& given) {
  return {sub.add_option("--flux", given.flux, "les événements d'un objet, « dossier/2024-001 »")->type_name("ID"),
          sub.add_option("--categorie", given.category, "des objets d'une catégorie : ce qui précède « / »")
              ->type_name("NOM"),
          sub.add_option("--type", given.type, "d'un acte, par son nom")->type_name("NOM"),
          sub.add_option("--correlation", given.acte, "d'une même demande, par son identifiant")->type_name("ID"),
          sub.add_option("--depuis", given.from, "à partir de cette position")
              ->type_name("POSITION")
              ->check(whole_number())};
}

void add_journal(CLI::App& app, Given& g) {
  CLI::App* journal = group(app, "journal", "le journal lui-même");
  add(*journal, g, "creer", "crée un journal vide", [](Session& s) { return journal_creer(s); });
  add(*journal, g, "infos", "identité, format, nombre d'événements", [](Session& s) { return journal_infos(s); });
  CLI::App* verify = add(*journal, g, "verifier", "contrôle chaque octet, sans rien écrire", [&g](Session& s) {
    return g.repair ? journal_reparer(s, g.evidence) : journal_verifier(s, g.evidence);
  });
  verify
      ->add_option("--tete", g.evidence.head,
                   "tête scellée, gardée ailleurs, que le journal doit prolonger ; « - » : "
                   "l'entrée standard")
      ->type_name("FICHIER");
  verify->add_option("--confiance", g.evidence.trusted, "clefs publiques, une par ligne")->type_name("FICHIER");
  CLI::Option* rest =
      verify->add_flag("--suite", g.evidence.rest, "seulement ce qui suit la tête, qui répond du reste");
  CLI::Option* one = verify->add_option("--objet", g.evidence.objet, "un seul objet")->type_name("ID")->excludes(rest);
  CLI::Option* resume =
      verify
          ->add_option("--reprendre", g.evidence.resume,
                       "continue le contrôle dont ce fichier, hors du journal, garde où il en est ; sinon le commence")
          ->type_name("FICHIER")
          ->excludes(rest)
          ->excludes(one);
  verify->add_flag("--en-fond", g.evidence.background, "au plus bas de la priorité, à côté d'autres travaux");
  verify
      ->add_flag("--reparer", g.repair,
                 "refait tout ce qui se déduit des événements, s'ils sont entiers ; l'ancien journal est gardé à côté")
      ->excludes(rest)
      ->excludes(one)
      ->excludes(resume);
  CLI::App* out =
      add(*journal, g, "exporter", "les événements, un objet JSON par ligne (CloudEvents 1.0)",
          [&g](Session& s) { return g.leaves ? journal_feuilles(s) : journal_exporter(s, g.selection, g.outcomes); });
  CLI::Option* leaves =
      out->add_flag("--feuilles", g.leaves, "une ligne par événement : position, flux, version, octets en hexadécimal");
  CLI::Option* outcomes = out->add_flag(
      "--reponses", g.outcomes, "et les réponses gardées des actes : tout ce qu'il faut pour importer ailleurs");
  outcomes->excludes(leaves);
  CLI::App* follow = add(*journal, g, "suivre", "les mêmes objets, puis ceux des événements qui viennent",
                         [&g](Session& s) { return journal_suivre(s, g.selection, g.patience); });
  follow->add_option("--attendre", g.patience, "finir après ce temps sans rien de nouveau (sinon : sans fin)")
      ->type_name("SECONDES")
      ->check(whole_number());
  for (CLI::App* sub : {out, follow}) {
    std::vector<CLI::Option*> parts = add_selection(*sub, g.selection);
    parts.push_back(sub->add_option("--limite", g.selection.limit, "autant d'événements au plus")
                        ->type_name("N")
                        ->check(whole_number()));
    for (CLI::Option* part : parts) {
      if (sub == out) part->excludes(leaves)->excludes(outcomes);
    }
  }
  add(*journal, g, "importer", "refait un journal d'un export, ou le complète ; --journal dit où",
      [&g](Session& s) { return journal_importer(s, g.file); })
      ->add_option("fichier", g.file, "export de « journal exporter » ; « - » : l'entrée standard")
      ->type_name("FICHIER")
      ->required();
  add(*journal, g, "sauvegarder", "une sauvegarde de plus, vérifiée, pendant que d'autres écrivent ou non",
      [&g](Session& s) { return journal_sauvegarder(s, g.word); })
      ->add_option("destination", g.word, "répertoire des sauvegardes ; n'y est copié que ce qui est nouveau")
      ->type_name("DIR")
      ->required();
  CLI::App* restore = add(*journal, g, "restaurer", "refait un journal d'une sauvegarde, ou d'un journal",
                          [&g](Session& s) { return journal_restaurer(s, g.restore); });
  restore
      ->add_option("source", g.restore.source, "répertoire des sauvegardes (la dernière), l'une d'elles, ou un journal")
      ->type_name("SOURCE")
      ->required();
  restore->add_option("destination", g.restore.destination, "où ; rien n'y est encore")->type_name("DIR")->required();
  restore->add_option("--jusqu-a", g.restore.until, "dernière position à reprendre")
      ->type_name("POSITION")
      ->check(whole_number());
  CLI::App* seal = add(*journal, g, "sceller", "la tête du journal, signée : ce qu'il faut garder ailleurs",
                       [&g](Session& s) { return journal_sceller(s, g.evidence); });
  seal->add_option("--clef", g.evidence.keys, "clef secrète ; plusieurs fois, plusieurs signatures")
      ->type_name("FICHIER")
      ->required();
  CLI::App* stamp = add(*journal, g, "horodater",
                        "la demande d'horodatage d'une tête (RFC 3161), ou le contrôle de la réponse d'une autorité",
                        [&g](Session& s) { return journal_horodater(s, g.evidence); });
  stamp->add_option("--tete", g.evidence.head, "tête scellée ; « - » : l'entrée standard")
      ->type_name("FICHIER")
      ->required();
  stamp->add_option("--reponse", g.evidence.stamps, "réponse ou jeton de l'autorité, en DER")
      ->type_name("FICHIER")
      ->expected(1);
  stamp->add_option("--demande", g.evidence.request, "la demande à laquelle cette réponse doit répondre")
      ->type_name("FICHIER");
  stamp->add_option("--autorites", g.evidence.authorities, "certificats des autorités de confiance, en PEM")
      ->type_name("FICHIER");
  CLI::App* prove = add(*journal, g, "preuve", "ce qui lie un événement, un objet ou une tête antérieure à une tête",
                        [&g](Session& s) { return journal_preuve(s, g.evidence); });
  prove->add_option("--tete", g.evidence.head, "tête scellée ; « - » : l'entrée standard")
      ->type_name("FICHIER")
      ->required();
  prove->add_option("--position", g.evidence.position, "un événement")->type_name("N")->check(whole_number());
  prove->add_option("--objet", g.evidence.objet, "où en est un objet, ou qu'il n'y en a pas")->type_name("ID");
  prove->add_option("--depuis", g.evidence.since, "une tête antérieure, que celle-ci prolonge")->type_name("FICHIER");
}

void add_groups(CLI::App& app, Given& g) {
  CLI::App* groups = group(app, "groupe", "qui a traité quels événements : une suite d'événements partagée et reprise");
  const auto command = [&](const std::string& name, const std::string& what,
                           Exit (*run)(Session&, const GroupOptions&)) {
    CLI::App* sub = add(*groups, g, name, what, [&g, run](Session& s) { return run(s, g.group); });
    sub->add_option("groupe", g.group.directory, "répertoire du groupe, hors du journal")->type_name("DIR")->required();
    return sub;
  };
  CLI::App* create = command("creer", "un groupe, et les événements qu'il veut", groupe_creer);
  add_selection(*create, g.group.selection);
  create->add_option("--essais", g.group.attempts, "livraisons d'un événement avant qu'il soit garé (5)")
      ->type_name("N")
      ->check(whole_number());
  create->add_option("--delai", g.group.answer_within, "temps pour accuser un événement ; après, il revient (60)")
      ->type_name("SECONDES")
      ->check(whole_number());
  create->add_option("--pause", g.group.first_pause, "après un premier rejet ; elle double à chaque fois (1)")
      ->type_name("SECONDES")
      ->check(whole_number());
  create->add_option("--pause-max", g.group.longest_pause, "la plus longue (3600)")
      ->type_name("SECONDES")
      ->check(whole_number());
  command("lire", "les événements suivants, un objet JSON par ligne : à accuser ou à rejeter", groupe_lire)
      ->add_option("--nombre", g.group.count, "autant au plus (1)")
      ->type_name("N")
      ->check(whole_number());
  const auto positions = [&g](CLI::App* sub) {
    return sub->add_option("positions", g.group.positions, "positions des événements")
        ->type_name("POSITION")
        ->check(whole_number());
  };
  positions(command("accuser", "ces événements sont traités", groupe_accuser))->required();
  CLI::App* reject = command("rejeter", "ces événements ne sont pas traités : ils reviendront", groupe_rejeter);
  positions(reject)->required();
  reject->add_option("--motif", g.group.motif, "pourquoi")->type_name("TEXTE")->required();
  reject->add_flag("--garer", g.group.park, "les garer sans autre essai");
  command("garees", "les événements garés, avec leur motif", groupe_garees);
  positions(command("rejouer", "les événements garés reviennent (tous, si aucun n'est dit)", groupe_rejouer));
  command("etat", "où en est le groupe, et son retard", groupe_etat);
}

void add_evidence(CLI::App& app, Given& g) {
  CLI::App* key = group(app, "clef", "les clefs qui signent les têtes");
  CLI::App* create = add(*key, g, "creer", "crée une clef ; montre la clef publique, à donner à qui vérifie",
                         [&g](Session& s) { return clef_creer(s, g.evidence); });
  create->add_option("nom", g.evidence.name, "nom du signataire, « exemple.fr/journal »")->type_name("NOM")->required();
  create->add_option("--fichier", g.evidence.file, "où ranger la clef secrète")->type_name("FICHIER")->required();
  create->add_flag("--temoin", g.evidence.witness, "la clef d'un témoin, qui contresigne");
  add(*key, g, "maitresse", "crée la clef maîtresse qui scelle les données personnelles d'un journal",
      [&g](Session& s) { return clef_maitresse(s, g.file); })
      ->add_option("--fichier", g.file, "où la ranger")
      ->type_name("FICHIER")
      ->required();
  CLI::App* cosign = add(*key, g, "cosigner", "ajoute à une tête la signature d'un témoin",
                         [&g](Session& s) { return clef_cosigner(s, g.evidence); });
  cosign->add_option("--clef", g.evidence.keys, "clef secrète du témoin")->type_name("FICHIER")->required();
  cosign->add_option("--tete", g.evidence.head, "tête scellée ; « - » : l'entrée standard")
      ->type_name("FICHIER")
      ->required();
  cosign->add_option("--confiance", g.evidence.trusted, "clefs publiques, une par ligne")
      ->type_name("FICHIER")
      ->required();

  CLI::App* proof = group(app, "preuve", "le dossier de preuve d'un objet, qui se vérifie sans le journal");
  CLI::App* make = add(*proof, g, "creer", "tous les événements d'un objet, ses éditions, et ce qui les lie à une tête",
                       [&g](Session& s) { return preuve_creer(s, g.evidence); });
  make->add_option("objet", g.evidence.objet, "« dossier/2024-001 » ou « 2024-001 »")->type_name("ID")->required();
  make->add_option("--tete", g.evidence.head, "tête scellée ; « - » : l'entrée standard")
      ->type_name("FICHIER")
      ->required();
  make->add_option("--horodatage", g.evidence.stamps,
                   "réponse ou jeton d'une autorité, pris sur cette tête ; plusieurs fois, plusieurs horodatages")
      ->type_name("FICHIER");
  CLI::App* check = add(*proof, g, "verifier", "contrôle un dossier de preuve, hors ligne",
                        [&g](Session& s) { return preuve_verifier(s, g.evidence); });
  check->add_option("fichier", g.evidence.file, "dossier de preuve ; « - » : l'entrée standard")
      ->type_name("FICHIER")
      ->required();
  check->add_option("--confiance", g.evidence.trusted, "clefs publiques, une par ligne")
      ->type_name("FICHIER")
      ->required();
  check->add_option("--autorites", g.evidence.authorities, "certificats des autorités qui horodatent, en PEM")
      ->type_name("FICHIER");
}

void add_actes(CLI::App& app, Given& g) {
  CLI::App* one = add(app, g, "acte", "demande un acte sur un objet", [&g](Session& s) { return acte(s, g.acte); });
  one->add_option("nom", g.acte.name, "nom de l'acte, tel que l'édition l'écrit")->type_name("NOM")->required();
  one->add_option("--objet", g.acte.objet, "objet visé, « dossier/2024-001 »")->type_name("ID")->required();
  one->add_option("--par", g.acte.par, "auteur, « rôle=nom »")->type_name("RÔLE=NOM")->required();
  one->add_option("--donnees", g.acte.donnees, "données, un objet JSON ; « - » : l'entrée standard")
      ->type_name("FICHIER");
  one->add_option("--le", g.acte.le, "date d'effet (aujourd'hui à Paris si rien n'est dit)")->type_name("AAAA-MM-JJ");
  one->add_option("--id", g.acte.id, "identifiant de la demande : la même demande reçoit la même réponse")
      ->type_name("ID");
  one->add_option("--version", g.acte.version, "dernière version connue de l'objet ; autre : conflit")
      ->type_name("N")
      ->check(whole_number());
  CLI::App* import = add(app, g, "importer", "un flot d'actes, un objet JSON par ligne",
                         [&g](Session& s) { return importer(s, g.file, g.evidence.resume); });
  import->add_option("fichier", g.file, "fichier d'actes ; « - » : l'entrée standard")
      ->type_name("FICHIER")
      ->required();
  import
      ->add_option("--controle", g.evidence.resume,
                   "contrôle le journal pendant ce temps, en arrière-plan ; ce fichier garde où il en est")
      ->type_name("FICHIER");
}

void add_erasure(CLI::App& app, Given& g) {
  CLI::App* erase = add(app, g, "effacer", "détruit toutes les données personnelles d'une personne",
                        [&g](Session& s) { return effacer(s, g.erasure); });
  erase->add_option("personne", g.erasure.person, "telle que les actes la désignent ; « - » : l'entrée standard")
      ->type_name("PERSONNE")
      ->required();
  erase->add_option("--motif", g.erasure.motif, "pourquoi ; il reste dans le journal, sans les mots de la personne")
      ->type_name("TEXTE")
      ->required();
}

void add_reading(CLI::App& app, Given& g) {
  add(app, g, "dossier", "l'état présent d'un objet", [&g](Session& s) { return dossier(s, g.word); })
      ->add_option("id", g.word, "« dossier/2024-001 » ou « 2024-001 »")
      ->type_name("ID")
      ->required();
  add(app, g, "histoire", "les événements d'un objet, avec leurs motifs",
      [&g](Session& s) { return histoire(s, g.word); })
      ->add_option("id", g.word, "« dossier/2024-001 » ou « 2024-001 »")
      ->type_name("ID")
      ->required();
  add(app, g, "rejouer", "recalcule chaque décision inscrite et dit les divergences",
      [&g](Session& s) { return rejouer(s, g.word); })
      ->add_option("id", g.word, "un seul objet")
      ->type_name("ID");
  add(app, g, "tableau", "une vue déclarée dans une édition ; son nom seul suffit aussi comme commande",
      [&g](Session& s) { return tableau(s, g.word, {}); })
      ->add_option("nom", g.word, "nom du tableau")
      ->type_name("NOM")
      ->required();
}

bool known_command(const CLI::App& app, const std::string& word) {
  const auto subs = app.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(subs.begin(), subs.end(), [&](const CLI::App* sub) { return sub->get_name() == word; });
}

/// One that goes with every command; anything else before the command word is a mistake, and no name of a tableau.
bool known_option(const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const auto options = app.get_options([](const CLI::Option* option) { return option->nonpositional(); });
  return std::any_of(options.begin(), options.end(),
                     [&](const CLI::Option* option) { return option->check_name(name); });
}

/// Where the command word stands; the size when there is none.
std::size_t command_index(const std::vector<std::string>& words) {
  std::size_t i = 0;
  while (i < words.size() && words[i].starts_with("-") && words[i] != "-") i += takes_value(words[i]) ? 2 : 1;
  return std::min(i, words.size());
}

Session session_of(const Given& given, Out& out) {
  Session session{.out = out, .json = given.format == "json", .journal = given.journal, .master_key = given.master_key};
  if (session.journal.empty()) {
    const char* variable = std::getenv("ASSEMBLIER_JOURNAL");
    session.journal = variable != nullptr && *variable != '\0' ? variable : "journal";
  }
  return session;
}

}  // namespace

Exit run(const std::vector<std::string>& arguments, Out& out) {
  Given given;
  CLI::App app("Le programme annuel d'un contrat de ville : ses actes, ses règles, son journal.", "assemblier");
  make_french(app);
  app.require_subcommand(1, 1);
  app.set_version_flag("--version", std::string(kVersion), "dit la version");
  app.add_option("--journal", given.journal, "répertoire du journal (sinon ASSEMBLIER_JOURNAL, sinon ./journal)")
      ->type_name("DIR");
  app.add_option("--format", given.format, "texte (par défaut) ou json, un objet par ligne")
      ->type_name("texte|json")
      ->check(one_of({"texte", "json"}));
  app.add_option(
         "--clef-maitresse", given.master_key,
         "clef maîtresse des données personnelles (sinon ASSEMBLIER_CLEF_MAITRESSE, qui tient la clef elle-même)")
      ->type_name("FICHIER");
  app.fallthrough();
  app.footer(
      "Codes de sortie : 0 fait, 1 la réponse est non, 2 commande mal écrite, 3 entrée illisible ou absente, 4 "
      "journal\n"
      "abîmé, 5 système (disque, verrou, sortie), 6 conflit de version ou identifiant déjà pris,\n130 interrompu.");
  add_regles(app, given);
  add_edition(app, given);
  add_journal(app, given);
  add_groups(app, given);
  add_evidence(app, given);
  add_actes(app, given);
  add_erasure(app, given);
  add_reading(app, given);

  std::vector<std::string> words = without_accents(arguments);
  const std::size_t at = command_index(words);
  std::string not_a_command;
  const bool options_known =
      std::all_of(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at),
                  [&](const std::string& word) { return !word.starts_with("-") || known_option(app, word); });
  if (at < words.size() && words[at] != "--" && options_known && !known_command(app, words[at])) {
    // A word of the éditions' own: the name of a tableau (it may have several words, and accents).
    const auto original = std::find_if(arguments.begin(), arguments.end(),
                                       [&](const std::string& a) { return dsl::fold(a) == words[at]; });
    given.word = original == arguments.end() ? words[at] : *original;
    not_a_command = unknown_command(app, given.word);
    given.command = [&given, &not_a_command](Session& s) { return tableau(s, given.word, not_a_command); };
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
    app.require_subcommand(0, 0);
  }
  std::reverse(words.begin(), words.end());
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    out.text(help_text(app));
    out.flush();
    return Exit::kDone;
  } catch (const CLI::CallForVersion&) {
    out.line(kVersion);
    out.flush();
    return Exit::kDone;
  } catch (const CLI::ParseError& error) {
    throw Failure{Exit::kUsage, not_a_command.empty() ? french_message(app, error) : not_a_command};
  }
  Session session = session_of(given, out);
  const Exit code = given.command(session);
  out.flush();
  return code;
}

}  // namespace assemblier::tools
