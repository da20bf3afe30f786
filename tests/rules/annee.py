#!/usr/bin/env python3
"""Runs the sample streams through the program and compares with what the generator's own model expects.

The fictitious year: every answer, every refusal with its exigence, the état, the décisions and the sums of every dossier, the
tableaux, a second import that changes nothing, the journal verified, 0 divergence on replay. The real posts: the totals of
the file. Prints « N passed, N failed »; exit 1 when one failed.

Usage: annee.py [PROGRAM] [--travail DIR]
Python 3 standard library only.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys

RACINE = pathlib.Path(__file__).resolve().parents[2]
EXEMPLES = RACINE / "rules" / "exemples"


class Essai:
    def __init__(self, programme, journal):
        self.programme, self.journal = programme, journal
        self.reussis = self.rates = 0

    def verifier(self, condition, quoi):
        if condition:
            self.reussis += 1
            return
        self.rates += 1
        if self.rates <= 20:
            print(f"raté : {quoi}", file=sys.stderr)

    def egal(self, trouve, attendu, quoi):
        self.verifier(trouve == attendu, f"{quoi} : attendu {str(attendu)[:300]}, trouvé {str(trouve)[:300]}")

    def lancer(self, *arguments):
        fini = subprocess.run([self.programme, *arguments, "--journal", str(self.journal)], capture_output=True, text=True,
                              check=False)
        return fini.returncode, fini.stdout, fini.stderr

    def objets(self, *arguments):
        code, sortie, erreurs = self.lancer(*arguments, "--format", "json")
        return code, [json.loads(x) for x in sortie.splitlines()], erreurs

    def tableau(self, nom):
        code, lignes, erreurs = self.objets("tableau", nom)
        self.egal(code, 0, f"tableau {nom} ({erreurs.strip()[:200]})")
        rangees = {tuple(x["clés"].values()): x["colonnes"] for x in lignes if "clés" in x}
        total = next((x["colonnes"] for x in lignes if x.get("total")), {})
        return rangees, total


def lire(nom):
    return [json.loads(x) for x in (EXEMPLES / nom).read_text(encoding="utf-8").splitlines()]


def annee_2024(e):
    attendu = json.loads((EXEMPLES / "programmation-2024.attendu.json").read_text(encoding="utf-8"))
    code, _, erreurs = e.lancer("edition", "publier", str(RACINE / "rules/2024.regles"))
    e.egal(code, 0, f"publication ({erreurs.strip()[:300]})")
    fichier = str(EXEMPLES / "programmation-2024.jsonl")
    lignes = lire("programmation-2024.jsonl")
    code, reponses, _ = e.objets("importer", fichier)
    e.egal(code, 1, "code de sortie de l'import")
    e.egal(len(reponses), attendu["lignes"], "lignes répondues")
    mots = [x.get("réponse") for x in reponses]
    for mot, cle in (("inscrit", "inscrits"), ("déjà inscrit", "déjà inscrits"), ("refusé", "refusés")):
        e.egal(mots.count(mot), attendu[cle], cle)
    e.egal(sum(len(x["actes"]) for x in reponses if x.get("réponse") == "inscrit"), attendu["événements"], "événements")
    etats = {}
    for ligne, reponse in zip(lignes, reponses):
        e.egal(reponse.get("id"), ligne["id"], "ordre des réponses")
        if reponse.get("réponse") == "inscrit":
            etats[ligne["objet"]] = reponse["état"]
        voulu = attendu["refus"].get(ligne["id"])
        e.egal(reponse.get("réponse") == "refusé", voulu is not None, f"{ligne['id']} refusé")
        if voulu is None or "refus" not in reponse:
            continue
        e.egal(reponse["refus"]["genre"], voulu["genre"], f"genre du refus de {ligne['id']} ({reponse['refus']['message']})")
        if "exigence" in voulu:
            raisons = [x["libellé"] for x in reponse["refus"]["raisons"]]
            e.egal(raisons, [voulu["exigence"]], f"raisons du refus de {ligne['id']}")
            e.verifier(all(x.get("sources") for x in reponse["refus"]["raisons"]), f"{ligne['id']} cite un article")

    for objet, fiche in attendu["dossiers"].items():
        e.egal(etats.get(objet), fiche["état"], f"état répondu de {objet}")
        code, trouves, erreurs = e.objets("dossier", objet)
        e.egal(code, 0, f"dossier {objet} ({erreurs.strip()[:200]})")
        if not trouves:
            continue
        d = trouves[0]
        e.egal(d["état"], fiche["état"], f"état de {objet}")
        decisions = d["décisions"]
        if fiche["recevable"] is None:
            e.verifier("indéterminée" in decisions["recevable"], f"recevable de {objet} est indéterminée")
        else:
            e.egal(decisions["recevable"].get("valeur"), fiche["recevable"], f"recevable de {objet}")
        if fiche["échelle"] is None:
            e.verifier("aucune" in decisions["échelle"] or fiche["recevable"] is None, f"échelle de {objet} est aucune")
        else:
            e.egal(decisions["échelle"].get("valeur"), fiche["échelle"], f"échelle de {objet}")
            e.egal(decisions["financeurs attendus"].get("valeur"), fiche["financeurs attendus"], f"attendus de {objet}")
        if "CPO accordée" in fiche:
            e.egal(decisions["CPO accordée"].get("valeur"), fiche["CPO accordée"], f"CPO de {objet}")
        else:
            e.verifier("CPO accordée" not in decisions, f"pas encore de CPO pour {objet}")
        e.egal(d["champs"].get("montants accordés"), fiche.get("montants accordés"), f"montants accordés de {objet}")

    rangees, total = e.tableau("programmation")
    voulues = {(x["échelle"], x["orientation"], x["financeur"]): {"Dossiers": x["dossiers"],
                                                                 "Montant accordé": x["montant accordé"]}
               for x in attendu["programmation"]}
    e.egal(rangees, voulues, "programmation")
    e.egal(list(rangees), list(voulues), "ordre de la programmation")
    e.egal(total.get("Montant accordé"), attendu["total programmé"], "total de la programmation")
    rangees, _ = e.tableau("avancement")
    e.egal({cle[0]: x["Dossiers"] for cle, x in rangees.items()}, attendu["états"], "avancement")
    for nom in ("financeurs", "échelles", "territoires", "quartiers prioritaires", "recevabilité", "conventions", "égalité"):
        rangees, _ = e.tableau(nom)
        e.verifier(rangees, f"le tableau {nom} a des lignes")
        if nom == "financeurs":
            sommes = {x: 0 for x in attendu["financeurs"]}
            for cle, colonnes in rangees.items():
                sommes[cle[0]] += int(colonnes["Montant accordé"].replace(".", ""))
            e.egal(sommes, {x: int(v["montant accordé"].replace(".", "")) for x, v in attendu["financeurs"].items()},
                   "sommes accordées par financeur")

    code, encore, _ = e.objets("importer", fichier)
    e.egal({x.get("réponse") for x in encore}, {"déjà inscrit", "refusé"}, "un second import n'inscrit rien")
    e.egal([x.get("position") for x in encore], [x.get("position") for x in reponses], "mêmes positions au second import")


def postes(e):
    attendu = json.loads((EXEMPLES / "postes-2020-2023.attendu.json").read_text(encoding="utf-8"))
    code, _, erreurs = e.lancer("edition", "publier", str(RACINE / "rules/postes.regles"))
    e.egal(code, 0, f"publication des postes ({erreurs.strip()[:300]})")
    code, reponses, _ = e.objets("importer", str(EXEMPLES / "postes-2020-2023.jsonl"))
    e.egal(code, 0, "import des postes")
    e.egal([x.get("réponse") for x in reponses], ["inscrit"] * attendu["lignes"], "postes inscrits")
    rangees, total = e.tableau("années")
    e.egal({str(cle[0]): (x["Postes"], x["Montant"]) for cle, x in rangees.items()},
           {an: (x["postes"], x["montant"]) for an, x in attendu["années"].items()}, "postes par année")
    e.egal(total.get("Montant"), attendu["total"], "total des postes")
    rangees, total = e.tableau("dispositifs")
    par = {}
    for cle, x in rangees.items():
        n, c = par.get(cle[0], (0, 0))
        par[cle[0]] = (n + x["Postes"], c + int(x["Montant"].replace(".", "")))
    e.egal(par, {x: (v["postes"], int(v["montant"].replace(".", ""))) for x, v in attendu["dispositifs"].items()},
           "postes par dispositif")
    rangees, total = e.tableau("bénéficiaires")
    e.egal({cle[0]: x["Montant"] for cle, x in rangees.items()},
           {x: v["montant"] for x, v in attendu["organismes"].items()}, "postes par organisme")
    e.egal(total.get("Montant"), attendu["total"], "total par organisme")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("assemblier", nargs="?", default=str(RACINE / "build/release/assemblier"))
    options.add_argument("--travail", type=pathlib.Path, default=RACINE / "build/annee")
    choix = options.parse_args()
    shutil.rmtree(choix.travail, ignore_errors=True)
    choix.travail.mkdir(parents=True)
    e = Essai(choix.assemblier, choix.travail / "journal")
    fini = subprocess.run([sys.executable, str(RACINE / "tools/generer_exemples.py"), "--verifier"], check=False)
    e.egal(fini.returncode, 0, "les exemples sont ceux du générateur")
    code, _, erreurs = e.lancer("journal", "creer")
    e.egal(code, 0, f"journal creer ({erreurs.strip()[:300]})")
    annee_2024(e)
    postes(e)
    code, _, erreurs = e.lancer("journal", "verifier")
    e.egal(code, 0, f"journal verifier ({erreurs.strip()[:300]})")
    code, sortie, _ = e.lancer("rejouer")
    e.egal(code, 0, "rejouer")
    e.verifier(sortie.splitlines()[-1:] and sortie.splitlines()[-1].startswith("0 divergence"), f"rejouer : {sortie[-300:]}")
    print(f"{e.reussis} passed, {e.rates} failed")
    return 1 if e.rates else 0


if __name__ == "__main__":
    sys.exit(main())
