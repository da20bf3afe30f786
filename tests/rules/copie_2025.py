#!/usr/bin/env python3
"""Follows the recipes of rules/README.md, chapter 3, and nothing else: the copy must be accepted and do what the guide says.

Every line written here is first looked for in the guide, so that the guide cannot drift from what works.
Prints « N passed, N failed »; exit 1 when one failed.

Usage: copie_2025.py [PROGRAM] [--travail DIR]
Python 3 standard library only.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

RACINE = pathlib.Path(__file__).resolve().parents[2]
GUIDE = (RACINE / "rules/README.md").read_text(encoding="utf-8")
BLOCS = re.findall(r"```\n(.*?)```", GUIDE, flags=re.S)


def bloc(debut):
    """The block of the guide that begins so."""
    trouves = [x for x in BLOCS if x.startswith(debut)]
    if not trouves:
        raise SystemExit(f"le guide n'a pas de bloc qui commence par « {debut} »")
    return trouves[0]


def du_guide(ligne):
    if ligne not in GUIDE:
        raise SystemExit(f"le guide ne contient pas « {ligne} »")
    return ligne


class Copie:
    def __init__(self):
        self.texte = (RACINE / "rules/2024.regles").read_text(encoding="utf-8")

    def remplacer(self, avant, apres):
        if self.texte.count(avant) != 1:
            raise SystemExit(f"« {avant} » : {self.texte.count(avant)} fois dans les règles, une attendue")
        self.texte = self.texte.replace(avant, apres)

    def apres(self, ligne, neuve):
        self.remplacer(ligne + "\n", ligne + "\n" + neuve.rstrip("\n") + "\n")

    def ligne_qui_commence(self, debut):
        trouvees = [x for x in self.texte.splitlines() if x.startswith(debut)]
        if len(trouvees) != 1:
            raise SystemExit(f"{len(trouvees)} lignes commencent par « {debut} »")
        return trouvees[0]

    # the recipes, by their number in the guide

    def annee(self):  # 3.1
        self.remplacer(self.ligne_qui_commence("édition 2024"), bloc("édition 2025").splitlines()[0])
        self.remplacer("  en vigueur du 24/01/2024 au 31/12/2024", bloc("édition 2025").splitlines()[1])

    def calendrier(self):  # 3.2
        for ligne in bloc("-- Réglage : premier jour pour déposer une note").splitlines():
            if ligne.startswith("réglage"):
                nom = ligne.split(" = ")[0]
                self.remplacer(self.ligne_qui_commence(nom + " ="), ligne)

    def financeur(self):  # 3.3
        ligne = next(x for x in bloc("table Financeur").splitlines() if x.startswith("  ARS"))
        self.apres(self.ligne_qui_commence("  État   "), ligne)

    def orientation(self):  # 3.4
        ligne = next(x for x in bloc("énumération Orientation").splitlines() if x.startswith("  culture"))
        self.apres(self.ligne_qui_commence("  délinquance  «"), ligne)

    def recentrees(self):
        self.remplacer(self.ligne_qui_commence("paramètre orientations recentrées"),
                       bloc("paramètre orientations recentrées").rstrip("\n"))

    def quartier(self):  # 3.5
        self.apres(self.ligne_qui_commence("  QN05992N"), bloc("  QN05993N"))

    def taux(self):  # 3.6, a value
        self.remplacer("réglage part maximale : taux = 80 %", du_guide("réglage part maximale : taux = 75 %"))

    def taux_date(self):  # 3.6, a dated value
        self.remplacer("réglage part maximale : taux = 80 %",
                       "".join(x + "\n" for x in bloc("-- Réglage : la part maximale baisse").splitlines()[1:]).rstrip("\n"))
        self.remplacer("    subvention demandée ≤ part maximale × coût total",
                       du_guide("    subvention demandée ≤ part maximale au date de dépôt × coût total"))

    def deux_tiers(self):  # 3.7
        self.remplacer(self.ligne_qui_commence("  acquis à"), bloc("  acquis à").rstrip("\n"))

    def exigence(self):  # 3.8
        self.apres("    orientation = orientation", bloc("  exige « Le coût total atteint"))

    def champ(self):  # 3.9
        self.apres(self.ligne_qui_commence("  motif du retrait"), bloc("  nombre de bénéficiaires"))

    def scenario(self):  # 3.10
        self.texte += "\n" + bloc("scénario « La culture")


class Essai:
    def __init__(self, programme, travail):
        self.programme, self.travail = programme, travail
        self.reussis = self.rates = 0

    def egal(self, trouve, attendu, quoi):
        if trouve == attendu:
            self.reussis += 1
            return
        self.rates += 1
        print(f"raté : {quoi} : attendu {str(attendu)[:500]}, trouvé {str(trouve)[:2000]}", file=sys.stderr)

    def lancer(self, *arguments):
        fini = subprocess.run([self.programme, *arguments], capture_output=True, text=True, check=False)
        return fini.returncode, fini.stdout + fini.stderr

    def ecrire(self, nom, copie):
        fichier = self.travail / f"{nom}.regles"
        fichier.write_text(copie.texte, encoding="utf-8")
        code, sortie = self.lancer("regles", "verifier", str(fichier))
        self.egal(code, 0, f"{nom} : verifier\n{sortie}")
        self.egal("0 erreur, 0 avertissement" in sortie, True, f"{nom} : ni erreur ni avertissement\n{sortie}")
        return fichier

    def decisions(self, fichier, faits):
        chemin = self.travail / "faits.jsonl"
        chemin.write_text(json.dumps(faits, ensure_ascii=False) + "\n", encoding="utf-8")
        fini = subprocess.run([self.programme, "regles", "evaluer", str(fichier), "--faits", str(chemin), "--format", "json"],
                              capture_output=True, text=True, check=False)
        return json.loads(fini.stdout)["décisions"] if fini.returncode == 0 else {"erreur": fini.stderr}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("assemblier", nargs="?", default=str(RACINE / "build/release/assemblier"))
    options.add_argument("--travail", type=pathlib.Path, default=RACINE / "build/copie-2025")
    choix = options.parse_args()
    shutil.rmtree(choix.travail, ignore_errors=True)
    choix.travail.mkdir(parents=True)
    e = Essai(choix.assemblier, choix.travail)

    # a new funder, a new orientation and a scenario: every scenario passes, the new ones count
    c = Copie()
    c.financeur()
    c.orientation()
    c.scenario()
    fichier = e.ecrire("financeur-orientation-scenario", c)
    code, sortie = e.lancer("regles", "tester", str(fichier))
    e.egal(code, 0, f"tester\n{sortie}")
    faits = {"quartiers": ["QN05920M", "QN05929M"], "orientation": "culture", "financeurs sollicités": ["ARS"],
             "coût total": 10000, "subvention demandée": 8000, "date de dépôt": "2024-02-29", "pluriannuel demandé": True,
             "durée": 2, "années du dossier": 2, "avis": {"ARS": "favorable"}}
    d = e.decisions(fichier, faits)
    e.egal(d.get("recevable"), {"valeur": True}, "la nouvelle orientation est recevable")
    e.egal(d.get("CPO accordée"), {"valeur": True}, "le nouveau financeur vote")
    e.egal("aucune" in d.get("échelle", {}), True, "un organisme ne donne pas d'échelle")
    faits["financeurs sollicités"] = ["Valenciennes Métropole", "ARS"]
    d = e.decisions(fichier, faits)
    e.egal("culture" in str(d.get("échelle", {}).get("aucune")), True, "l'agglomération ne finance pas la culture")
    e.egal(d.get("CPO accordée"), {"indéterminée": ["avis"], "qui manque": ["Valenciennes Métropole"]}, "un avis manque")

    c.recentrees()
    fichier = e.ecrire("orientation-recentree", c)
    e.egal(e.decisions(fichier, faits).get("échelle"), {"valeur": "intercommunale"}, "la culture est recentrée")

    # another year
    c = Copie()
    c.annee()
    c.calendrier()
    fichier = e.ecrire("calendrier", c)
    faits = {"quartiers": ["QN05920M"], "orientation": "santé", "coût total": 10000, "subvention demandée": 8000}
    for jour, vrai in (("2025-01-26", False), ("2025-01-27", True), ("2025-02-28", True), ("2025-03-01", False)):
        faits["date de dépôt"] = jour
        e.egal(e.decisions(fichier, faits).get("recevable", {}).get("valeur"), vrai, f"note du {jour}")
    code, sortie = e.lancer("regles", "tester", str(fichier))
    e.egal(code, 1, "les scénarios datés échouent, comme le guide l'annonce")

    # a quarter, a rate, an exigence, a field
    c = Copie()
    c.quartier()
    c.taux()
    c.exigence()
    c.champ()
    fichier = e.ecrire("quartier-taux-exigence-champ", c)
    faits = {"quartiers": ["QN05993N"], "orientation": "santé", "coût total": "1999.99", "subvention demandée": "1499.99",
             "date de dépôt": "2024-02-12", "nombre de bénéficiaires": 40}
    d = e.decisions(fichier, faits)
    e.egal(d.get("financeurs attendus"), {"valeur": ["Marly", "Saint-Saulve"]}, "le nouveau quartier")
    e.egal(d.get("recevable"), {"valeur": False, "exigences": ["Le coût total atteint 2 000 €"]}, "la nouvelle exigence")
    faits["subvention demandée"] = "1500.00"
    e.egal(len(e.decisions(fichier, faits).get("recevable", {}).get("exigences", [])), 2, "le nouveau taux")

    # a rate that changes on a day
    c = Copie()
    c.annee()
    c.calendrier()
    c.taux_date()
    fichier = e.ecrire("taux-date", c)
    faits = {"quartiers": ["QN05920M"], "orientation": "santé", "coût total": 1000, "subvention demandée": 800}
    for jour, vrai in (("2025-02-14", True), ("2025-02-15", False)):
        faits["date de dépôt"] = jour
        e.egal(e.decisions(fichier, faits).get("recevable", {}).get("valeur"), vrai, f"part maximale au {jour}")

    # two thirds, with a quorum
    c = Copie()
    c.deux_tiers()
    fichier = e.ecrire("deux-tiers", c)
    faits = {"pluriannuel demandé": True, "durée": 3, "années du dossier": 3,
             "financeurs sollicités": ["État", "CAF", "Région", "Anzin"],
             "avis": {"État": "favorable", "CAF": "favorable", "Région": "défavorable", "Anzin": "absence"}}
    for anzin, vrai in (("absence", False), ("favorable", True), ("défavorable", False)):
        faits["avis"]["Anzin"] = anzin  # the réglages « vaut refus » still count abstention and absence as votes against
        e.egal(e.decisions(fichier, faits).get("CPO accordée", {}).get("valeur"), vrai, f"deux tiers, Anzin {anzin}")

    # all of them together
    c = Copie()
    for recette in (c.annee, c.calendrier, c.financeur, c.orientation, c.recentrees, c.quartier, c.taux_date, c.deux_tiers,
                    c.exigence, c.champ, c.scenario):
        recette()
    fichier = e.ecrire("2025", c)
    code, sortie = e.lancer("regles", "tester", str(fichier))
    e.egal("réussi « La culture à l'échelle d'une commune, avec l'ARS »" in sortie, True, f"le scénario du guide\n{sortie}")

    # an édition on another subject, with a two-thirds majority
    code, sortie = e.lancer("regles", "tester", str(RACINE / "rules/exemples/bibliotheque.regles"))
    e.egal(code, 0, f"bibliotheque.regles\n{sortie}")
    code, sortie = e.lancer("regles", "verifier", str(RACINE / "rules/exemples/bibliotheque.regles"),
                            str(RACINE / "rules/postes.regles"), str(RACINE / "rules/2024.regles"))
    e.egal(sortie.count("0 erreur, 0 avertissement"), 3, f"verifier\n{sortie}")
    print(f"{e.reussis} passed, {e.rates} failed")
    return 1 if e.rates else 0


if __name__ == "__main__":
    sys.exit(main())
