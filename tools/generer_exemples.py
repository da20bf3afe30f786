#!/usr/bin/env python3
"""Writes the sample streams of rules/exemples/, always the same bytes for the same seed.

  programmation-2024.jsonl          a fictitious programme year, one acte a line, in order of date
  programmation-2024.attendu.json   what must come of it, by the model below, which knows neither the rules nor the engine
  postes-2020-2023.jsonl            the real file of State-funded posts, one acte a row
  postes-2020-2023.attendu.json     its totals

Usage: generer_exemples.py [--sortie DOSSIER] [--verifier]
  --verifier writes nothing and fails when the files on disk are not what would be written.
Python 3 standard library only.
"""

import argparse
import collections
import csv
import datetime
import io
import json
import pathlib
import sys
from decimal import Decimal, ROUND_HALF_UP

HERE = pathlib.Path(__file__).resolve().parent
EXEMPLES = HERE.parent / "rules" / "exemples"
CSV_POSTES = "valenciennes_CV193_postes_2020-2023.csv"
SEED = 20240124
DOSSIERS = 200
STRUCTURES = 95


# ---------------------------------------------------------------- a generator of numbers that no Python release changes


class Hasard:
    """splitmix64: the same numbers on every machine."""

    def __init__(self, seed):
        self.state = seed

    def bits(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def below(self, n):
        return self.bits() % n

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def chance(self, percent):
        return self.below(100) < percent

    def choice(self, items):
        return items[self.below(len(items))]

    def shuffled(self, items):
        out = list(items)
        for i in range(len(out) - 1, 0, -1):
            j = self.below(i + 1)
            out[i], out[j] = out[j], out[i]
        return out

    def sample(self, items, n):
        return self.shuffled(items)[:n]


# ---------------------------------------------------------------- the territory (Contrat Quartiers 2030, § 5.A)

HORS = {"Raismes", "Escautpont", "La Sentinelle"}  # another EPCI
QUARTIERS = {
    "QN05920M": ["Anzin"],
    "QN05921M": ["Anzin", "Beuvrages", "Bruay-sur-l'Escaut", "Raismes", "Valenciennes"],
    "QN05922M": ["Bruay-sur-l'Escaut", "Escautpont"],
    "QN05923M": ["Condé-sur-l'Escaut"],
    "QN05924M": ["Condé-sur-l'Escaut"],
    "QN05925M": ["Fresnes-sur-Escaut"],
    "QN05926M": ["Fresnes-sur-Escaut"],
    "QN05927M": ["Onnaing", "Vicq"],
    "QN05928M": ["Quiévrechain"],
    "QN05929M": ["Saint-Saulve"],
    "QN05930M": ["La Sentinelle", "Valenciennes"],
    "QN05931M": ["Marly", "Valenciennes"],
    "QN05932M": ["Vieux-Condé"],
    "QN05933M": ["Vieux-Condé"],
    "QN05992N": ["Bruay-sur-l'Escaut"],
}
COMMUNES = [
    "Anzin", "Beuvrages", "Bruay-sur-l'Escaut", "Condé-sur-l'Escaut", "Fresnes-sur-Escaut", "Marly", "Onnaing",
    "Quiévrechain", "Saint-Saulve", "Valenciennes", "Vicq", "Vieux-Condé",
]
AGGLO = "Valenciennes Métropole"
AUTRES = ["État", AGGLO, "Région", "Département", "CAF"]
FINANCEURS = AUTRES + COMMUNES
ORIENTATIONS = ["insertion", "santé", "violences", "éducation", "délinquance"]
RECENTREES = ["insertion", "santé", "violences"]
OBJECTIFS = {
    "insertion": ["INS1", "INS2"], "santé": ["SAN1", "SAN2", "SAN3", "SAN4"], "violences": ["VIF1", "VIF2", "VIF3"],
    "éducation": ["EDU1", "EDU2", "EDU3", "EDU4"], "délinquance": ["DEL1", "DEL2"],
}
COTATIONS = ["absente", "évoquée", "intégrée", "exemplaire"]

NOTES = (datetime.date(2024, 1, 29), datetime.date(2024, 3, 1))
DEPOTS = (datetime.date(2024, 4, 2), datetime.date(2024, 4, 30))

INSTRUCTEUR = {"rôle": "instructeur", "nom": "Direction de la Cohésion sociale (exemple)"}
COPIL = {"rôle": "comité de pilotage", "nom": "Comité de pilotage"}

GENRES = ["Association fictive", "Centre social imaginaire", "Compagnie fictive", "Régie de quartier fictive",
          "Club sportif fictif", "Collectif imaginaire", "Atelier fictif", "Maison imaginaire"]
NOMS = ["Les Passerelles", "Le Grand Hêtre", "Lune et Canal", "Les Deux Rives", "La Corneille bleue", "L'Escargot pressé",
        "Le Pont dormant", "Les Mille Fenêtres", "La Ruche du lundi", "Le Sixième Étage", "Les Jardins d'Ailleurs",
        "La Boussole"]
TITRES = {
    "insertion": ["Permis en partage", "Garde d'enfants à horaires décalés", "Premier pas vers l'emploi",
                  "Entreprendre dans le quartier", "Atelier mobilité", "Parrainage vers l'emploi"],
    "santé": ["Bus du dépistage", "Cuisine et santé", "Paroles de jeunes, santé mentale", "Bouger en bas de chez soi",
              "Accès aux droits de santé", "Mille premiers jours"],
    "violences": ["Écoute et mise à l'abri", "Groupe de parole des auteurs", "Repérer les signaux faibles",
                  "Relations sans violence au collège", "Accompagner les enfants témoins"],
    "éducation": ["Accompagnement à la scolarité", "Scène ouverte", "Parents à bord", "Fabrique de médias",
                  "Raccrocher le lycée", "Savoirs en fête"],
    "délinquance": ["Aide aux victimes de proximité", "Travaux utiles", "Médiation de soirée", "Après la peine"],
}


def iso(day):
    return day.isoformat()


def argent(centimes):
    sign = "-" if centimes < 0 else ""
    centimes = abs(centimes)
    return f"{sign}{centimes // 100}.{centimes % 100:02d}"


def luhn_key(digits):
    total = 0
    for i, c in enumerate(reversed(digits + "0")):
        n = int(c) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return str((10 - total % 10) % 10)


def siret(n):
    """No real SIREN begins with five zeros; both SIREN and SIRET have a right Luhn key."""
    siren = f"{n:08d}"
    siren += luhn_key(siren)
    nic = "0001"
    return siren + nic + luhn_key(siren + nic)


# ---------------------------------------------------------------- the model: what the contract says, in Python


def concernees(quartiers):
    out = []
    for code in quartiers:
        for commune in QUARTIERS[code]:
            if commune not in HORS and commune not in out:
                out.append(commune)
    return out


def exigences_manquees(f):
    out = []
    if not f["quartiers"]:
        out.append("Le projet vise au moins un quartier prioritaire")
    if not NOTES[0] <= f["date de dépôt"] <= NOTES[1]:
        out.append("La note d'intention est déposée dans la période")
    if not f["subvention demandée"] > 0:
        out.append("La subvention demandée est supérieure à zéro")
    if not f["subvention demandée"] * 100 <= 80 * f["coût total"]:
        out.append("La demande ne dépasse pas la part maximale")
    return out


def echelle(f):
    """Its value, or None."""
    quartiers, sollicites = f["quartiers"], f["financeurs sollicités"]
    communes = concernees(quartiers)
    if not quartiers:
        return None
    if len(quartiers) == 1 or len(communes) == 1:
        return "communale"
    if any(c in sollicites for c in COMMUNES):
        return "regroupement" if all(c in sollicites for c in communes) else None
    if AGGLO not in sollicites:
        return None
    if "orientation" not in f:
        return "?"
    return "intercommunale" if f["orientation"] in RECENTREES else None


def attendus(f, scale):
    if scale == "communale":
        return concernees(f["quartiers"])
    if scale == "intercommunale":
        return [AGGLO]
    if scale == "regroupement":
        return concernees(f["quartiers"]) + ([AGGLO] if AGGLO in f["financeurs sollicités"] else [])
    return None


def convention(f):
    sollicites = f["financeurs sollicités"]
    return bool(f["pluriannuel demandé"] and f.get("durée") in (2, 3) and f.get("années du dossier") == f.get("durée")
                and sollicites and all(f.get("avis", {}).get(x) == "favorable" for x in sollicites))


class Refus(Exception):
    def __init__(self, genre, quoi=""):
        super().__init__(genre, quoi)
        self.genre, self.quoi = genre, quoi


class Dossier:
    def __init__(self):
        self.etat = None
        self.champs = {}
        self.recevable = None
        self.echelle = None
        self.attendus = None
        self.cpo = None
        self.suites = 0
        self.le = None


FINAUX = {"irrecevable", "tardif", "écarté", "financé", "infructueux", "retiré"}
MONTANTS = {"coût total", "subvention demandée", "montant accordé"}
PAR_FINANCEUR = {"montants demandés", "montants proposés"}
# acte: roles, états, required données, optional données
PROCEDURE = {
    "note d'intention": ("porteur", None,
                         ["intitulé", "quartiers", "coût total", "subvention demandée", "financeurs sollicités",
                          "pluriannuel demandé"],
                         ["siret", "orientation", "objectif", "approches", "montants demandés", "durée",
                          "action nouvelle"]),
    "complément": ("porteur", {"incomplet"}, ["orientation"], ["objectif", "approches"]),
    "réorientation": ("porteur", {"réorientation attendue"}, [],
                      ["quartiers", "financeurs sollicités", "montants demandés"]),
    "réunion partenariale communale": ("comité territorial", {"réunion attendue"}, [], ["compte rendu"]),
    "réunion partenariale intercommunale": ("groupe d'appui thématique", {"réunion attendue"}, [], ["compte rendu"]),
    "réécriture": ("porteur", {"dépôt attendu"}, [],
                   ["intitulé", "quartiers", "orientation", "objectif", "approches", "coût total",
                    "subvention demandée", "montants demandés", "financeurs sollicités"]),
    "dépôt définitif": ("porteur", {"dépôt attendu"}, [], ["années du dossier"]),
    "sollicitation complémentaire": ("porteur", {"déposé"}, ["financeur ajouté"], []),
    "cotation égalité": ("instructeur", {"déposé", "instruit"}, ["cotation"], []),
    "avis technique": ("financeur", {"déposé"}, ["position"], ["commentaire"]),
    "constat d'absence": ("instructeur", {"déposé"}, ["financeur absent"], []),
    "avis collectif": ("comité de pilotage", {"instruit"}, ["conclusion"], ["avis", "montants proposés", "commentaire"]),
    "délibération": ("financeur", {"programmé"}, ["montant accordé"], ["référence"]),
    "retrait": ("porteur", {"incomplet", "réorientation attendue", "réunion attendue", "dépôt attendu", "déposé",
                            "instruit", "programmé"}, [], ["motif du retrait"]),
}


def exiger(condition, label):
    if not condition:
        raise Refus("exigence", label)


def en_centimes(nom, valeur):
    if nom in MONTANTS:
        return int(Decimal(valeur) * 100)
    if nom in PAR_FINANCEUR:
        return {k: int(Decimal(v) * 100) for k, v in valeur.items()}
    return valeur


class Modele:
    def __init__(self):
        self.dossiers = {}
        self.repondus = {}

    def jouer(self, ligne):
        """('inscrit' | 'déjà inscrit' | 'refusé', genre, quoi)"""
        if ligne["id"] in self.repondus:
            return ("déjà inscrit", "", "")
        try:
            self.acte(ligne)
            reponse = ("inscrit", "", "")
        except Refus as refus:
            reponse = ("refusé", refus.genre, refus.quoi)
        self.repondus[ligne["id"]] = reponse
        return reponse

    def acte(self, ligne):
        nom, objet, par = ligne["acte"], ligne["objet"], ligne["par"]
        le = datetime.date.fromisoformat(ligne["le"])
        if nom not in PROCEDURE:
            raise Refus("acte")
        role, etats, requis, facultatifs = PROCEDURE[nom]
        d = self.dossiers.get(objet)
        if (etats is None) != (d is None):
            raise Refus("objet")
        if d is None:
            d = Dossier()
        if d.le is not None and le < d.le:
            raise Refus("date")
        if etats is not None and d.etat not in etats:
            raise Refus("état")
        if par["rôle"] != role:
            raise Refus("acteur")
        qui = par["nom"]
        f = d.champs
        if role == "financeur" and qui not in FINANCEURS:
            raise Refus("acteur")
        if role == "groupe d'appui thématique" and qui not in ORIENTATIONS:
            raise Refus("acteur")
        parmi = {"avis technique": f.get("financeurs sollicités"), "délibération": f.get("montants proposés"),
                 "réunion partenariale communale": concernees(f["quartiers"]) if f else None}.get(nom)
        if parmi is not None and qui not in parmi:
            raise Refus("acteur")
        donnees = ligne.get("données", {})
        for cle in donnees:
            if cle not in requis and cle not in facultatifs:
                raise Refus("données", cle)
        for cle in requis:
            if cle not in donnees:
                raise Refus("données", cle)
        for code in donnees.get("quartiers", []):
            if code not in QUARTIERS:
                raise Refus("données", "quartiers")
        v = {cle: en_centimes(cle, valeur) for cle, valeur in donnees.items()}
        if nom not in ("note d'intention", "réunion partenariale communale", "réunion partenariale intercommunale",
                       "cotation égalité", "avis technique", "constat d'absence", "avis collectif", "délibération"):
            exiger(qui == f["porteur"], "L'acte vient du porteur du dossier")
        getattr(self, "_" + nom.replace(" ", "_").replace("'", "_"))(d, qui, le, v)
        d.le = le
        self.dossiers[objet] = d

    # -- what each acte asks and does

    def decider(self, d):
        f = d.champs
        manquees = exigences_manquees(f)
        d.recevable = False if manquees else (True if "orientation" in f else None)
        d.echelle = echelle(f)
        d.attendus = attendus(f, d.echelle)

    def aiguiller(self, d, suite):
        if not d.recevable:
            d.etat = "irrecevable"
        elif d.echelle is None:
            d.etat = "réorientation attendue"
        else:
            d.etat = suite

    def montants(self, demandes, subvention, sollicites):
        if demandes is None:
            return
        exiger(sum(demandes.values()) == subvention, "Les montants demandés font ensemble la subvention demandée")
        if sollicites is not None:
            exiger(all(k in sollicites for k in demandes),
                   "Les montants ne sont demandés qu'aux financeurs sollicités")

    def _note_d_intention(self, d, qui, le, v):
        self.montants(v.get("montants demandés"), v["subvention demandée"], v["financeurs sollicités"])
        exiger(not v["pluriannuel demandé"] or "durée" in v, "Une convention pluriannuelle est demandée avec sa durée")
        if "objectif" in v and "orientation" in v:
            exiger(v["objectif"] in OBJECTIFS[v["orientation"]], "L'objectif relève de l'orientation")
        d.champs.update(v)
        d.champs["porteur"] = qui
        d.champs["date de dépôt"] = le
        self.decider(d)
        if "orientation" not in v:
            d.etat = "incomplet"
        else:
            self.aiguiller(d, "réunion attendue")

    def _complément(self, d, qui, le, v):
        if "objectif" in v:
            exiger(v["objectif"] in OBJECTIFS[v["orientation"]], "L'objectif relève de l'orientation")
        d.champs.update(v)
        self.decider(d)
        self.aiguiller(d, "réunion attendue")

    def _réorientation(self, d, qui, le, v):
        self.montants(v.get("montants demandés"), d.champs["subvention demandée"], None)
        d.champs.update(v)
        self.decider(d)
        self.aiguiller(d, "réunion attendue")

    def _réunion_partenariale_communale(self, d, qui, le, v):
        exiger(d.echelle is not None, "Le projet relève d'une échelle")
        exiger(d.echelle in ("communale", "regroupement"),
               "L'échelle du projet est de celles que reçoit un comité territorial")
        d.etat = "dépôt attendu"

    def _réunion_partenariale_intercommunale(self, d, qui, le, v):
        exiger(d.echelle == "intercommunale", "L'échelle du projet est de celles que reçoit un groupe d'appui thématique")
        exiger(qui == d.champs["orientation"], "Le groupe d'appui est celui de l'orientation du projet")
        d.etat = "dépôt attendu"

    def _réécriture(self, d, qui, le, v):
        d.champs.update(v)

    def _dépôt_définitif(self, d, qui, le, v):
        f = d.champs
        exiger(le >= DEPOTS[0], "La période des dépôts définitifs est ouverte")
        self.montants(f.get("montants demandés"), f["subvention demandée"], f["financeurs sollicités"])
        exiger(not f["pluriannuel demandé"] or "années du dossier" in v,
               "Un dossier pluriannuel dit sur combien d'années il est établi")
        f.update(v)
        f["avis"] = {}
        self.decider(d)
        if le > DEPOTS[1]:
            d.etat = "tardif"
        else:
            self.aiguiller(d, "déposé")

    def _sollicitation_complémentaire(self, d, qui, le, v):
        exiger(v["financeur ajouté"] not in d.champs["financeurs sollicités"], "Le financeur n'est pas déjà sollicité")
        d.champs["financeurs sollicités"] = d.champs["financeurs sollicités"] + [v["financeur ajouté"]]
        self.decider(d)
        d.etat = "déposé" if d.echelle is not None else "réorientation attendue"

    def _cotation_égalité(self, d, qui, le, v):
        d.champs["cotation"] = v["cotation"]

    def avis_commun(self, d):
        if all(x in d.champs["avis"] for x in d.champs["financeurs sollicités"]):
            d.cpo = convention(d.champs)
            d.etat = "instruit"
            d.suites += 1

    def _avis_technique(self, d, qui, le, v):
        exiger(qui not in d.champs.get("avis", {}), "Chaque financeur ne se prononce qu'une fois")
        d.champs.setdefault("avis", {})[qui] = v["position"]
        self.avis_commun(d)

    def _constat_d_absence(self, d, qui, le, v):
        absent = v["financeur absent"]
        exiger(absent in d.champs["financeurs sollicités"], "L'absent est un financeur sollicité")
        exiger(absent not in d.champs.get("avis", {}), "L'absent ne s'est pas déjà prononcé")
        d.champs.setdefault("avis", {})[absent] = "absence"
        self.avis_commun(d)

    def _avis_collectif(self, d, qui, le, v):
        f = d.champs
        sollicites = f["financeurs sollicités"]
        exiger("cotation" in f, "Le dossier a reçu sa cotation égalité femmes-hommes")
        if "avis" in v:
            exiger(set(v["avis"]) == set(sollicites),
                   "Les positions révisées sont celles de tous les financeurs sollicités")
        proposes = v.get("montants proposés")
        if v["conclusion"] == "validation":
            exiger(proposes is not None and sum(proposes.values()) > 0,
                   "Un projet validé reçoit une proposition de financement")
        if proposes is not None:
            exiger(all(k in sollicites for k in proposes), "Les sommes ne sont proposées qu'aux financeurs sollicités")
            exiger(all(x >= 0 for x in proposes.values()), "Aucune somme proposée n'est négative")
            exiger(sum(proposes.values()) <= f["subvention demandée"],
                   "Les sommes proposées ne dépassent pas ensemble la subvention demandée")
            f["montants proposés"] = proposes
        if "avis" in v:
            f["avis"] = v["avis"]
        d.cpo = convention(f)
        d.etat = "programmé" if v["conclusion"] == "validation" else "écarté"

    def _délibération(self, d, qui, le, v):
        f = d.champs
        exiger(qui not in f.get("montants accordés", {}), "Chaque institution ne délibère qu'une fois")
        exiger(v["montant accordé"] >= 0, "Le montant accordé n'est pas négatif")
        exiger(v["montant accordé"] <= f["montants proposés"][qui], "Le montant accordé ne dépasse pas la somme proposée")
        f.setdefault("montants accordés", {})[qui] = v["montant accordé"]
        if all(x in f["montants accordés"] for x in f["montants proposés"]):
            d.suites += 1
            d.etat = "financé" if sum(f["montants accordés"].values()) > 0 else "infructueux"

    def _retrait(self, d, qui, le, v):
        d.champs.update(v)
        d.etat = "retiré"


# ---------------------------------------------------------------- the plan of a fictitious year


def ouvres(first, last):
    out = []
    day = datetime.date.fromisoformat(first)
    while day <= datetime.date.fromisoformat(last):
        if day.weekday() < 5:
            out.append(day)
        day += datetime.timedelta(days=1)
    return out


DELIBERATIONS = {
    "État": "2024-07-08", AGGLO: "2024-07-04", "Région": "2024-09-19", "Département": "2024-09-23", "CAF": "2024-09-17",
    "Anzin": "2024-06-27", "Beuvrages": "2024-07-03", "Bruay-sur-l'Escaut": "2024-06-26", "Condé-sur-l'Escaut": "2024-07-02",
    "Fresnes-sur-Escaut": "2024-07-01", "Marly": "2024-06-25", "Onnaing": "2024-07-05", "Quiévrechain": "2024-07-09",
    "Saint-Saulve": "2024-06-28", "Valenciennes": "2024-06-24", "Vicq": "2024-09-12", "Vieux-Condé": "2024-09-24",
}


class Annee:
    """Builds the lines, dossier by dossier, then sorts them by date."""

    def __init__(self, hasard):
        self.h = hasard
        self.lignes = []  # (date of sorting, rank, line, must be refused)
        noms = [f"{genre} « {nom} »" for nom in NOMS for genre in GENRES]
        self.structures = [(nom, siret(n + 1)) for n, nom in enumerate(hasard.shuffled(noms)[:STRUCTURES])]
        self.notes = ouvres("2024-01-29", "2024-03-01")
        self.reunions = ouvres("2024-03-06", "2024-03-22")
        self.reecritures = ouvres("2024-03-25", "2024-04-05")
        self.depots = ouvres("2024-04-08", "2024-04-30")
        self.cotations = ouvres("2024-05-06", "2024-05-10")
        self.comites = ouvres("2024-05-13", "2024-05-24")

    def dire(self, le, acte, objet, role, nom, donnees=None, refuse=False, trier=None):
        par = role if isinstance(role, dict) else {"rôle": role, "nom": nom}
        ligne = {"acte": acte, "objet": objet, "par": par, "le": iso(le)}
        if donnees:
            ligne["données"] = donnees
        self.lignes.append((trier or le, len(self.lignes), ligne, refuse))

    # -- pieces of a dossier

    def plan_financeurs(self, scale, quartiers):
        h = self.h
        communes = concernees(quartiers)
        if scale == "communale":
            out = list(communes)
        elif scale == "intercommunale":
            out = [AGGLO]
        else:
            out = list(communes) + ([AGGLO] if h.chance(50) else [])
        if h.chance(85):
            out.append("État")
        for autre, part in (("Région", 25), ("Département", 20), ("CAF", 30)):
            if h.chance(part):
                out.append(autre)
        return h.shuffled(out)

    def lieux(self, scale):
        h = self.h
        codes = list(QUARTIERS)
        if scale == "communale":
            if h.chance(25):
                deux = h.choice([["QN05923M", "QN05924M"], ["QN05925M", "QN05926M"], ["QN05932M", "QN05933M"],
                                 ["QN05922M", "QN05992N"]])
                return h.shuffled(deux)
            return [h.choice(codes)]
        while True:
            out = h.sample(codes, h.between(2, 5 if scale == "intercommunale" else 3))
            if len(concernees(out)) > 1:
                return out

    def repartir(self, total, financeurs):
        """Whole tens of euros but for the last, so that the parts make the total."""
        h = self.h
        poids = [h.between(2, 6) for _ in financeurs]
        parts = [total * p // sum(poids) // 1000 * 1000 for p in poids]
        parts[-1] += total - sum(parts)
        return dict(zip(financeurs, parts))

    def argent_par(self, parts):
        return {k: argent(v) for k, v in parts.items()}

    def dossier(self, numero, destin, cpo, nouvelle):
        h = self.h
        objet = f"dossier/2024-{numero:03d}"
        nom, numero_siret = self.structures[(numero - 1) % STRUCTURES] if numero <= STRUCTURES else h.choice(self.structures)
        scale = h.choice(["communale"] * 11 + ["intercommunale"] * 5 + ["regroupement"] * 4)
        if destin.startswith("mal orienté") or destin.startswith("sans échelle"):
            scale = "regroupement" if destin.startswith("sans échelle") else h.choice(["regroupement", "intercommunale"])
        orientation = h.choice(RECENTREES if scale == "intercommunale" else ORIENTATIONS)
        quartiers = self.lieux(scale)
        financeurs = self.plan_financeurs(scale, quartiers)
        cout = h.between(40, 600) * 10000 + (h.below(100) if h.chance(15) else 0)
        if h.chance(10):
            cout = cout // 500 * 500
            demande = cout * 4 // 5
        else:
            demande = min(cout * h.between(35, 79) // 100 // 5000 * 5000, cout * 4 // 5)
        demande = max(demande, 100000)
        voulus = list(financeurs)
        if destin.startswith("mal orienté"):
            # either a commune is missing, or the agglomeration alone on another orientation, or nobody that gives a scale
            genre = h.below(3)
            communes = concernees(quartiers)
            if genre == 0:
                voulus = [communes[0], "État"]
            elif genre == 1:
                voulus = [AGGLO, "État"]
                orientation = h.choice(["éducation", "délinquance"])
            else:
                voulus = ["État", h.choice(["CAF", "Région"])]
            financeurs = communes + ["État"]
        if destin == "plus de 80 %":
            demande = cout * 9 // 10
        elif destin == "80 % et un centime":
            cout = cout // 500 * 500
            demande = cout * 4 // 5 + 1
        elif destin == "zéro euro":
            demande = 0
        elif destin == "sans quartier":
            quartiers_notes = []
        le = h.choice(self.notes)
        if numero % 20 == 0:
            le = NOTES[1] if numero % 40 else NOTES[0]
        if destin == "note tardive":
            le = h.choice(ouvres("2024-03-04", "2024-03-20"))
        elif destin == "note en avance":
            le = h.choice(ouvres("2024-01-24", "2024-01-26"))
        detail = demande > 0 and h.chance(85)
        note = {"intitulé": f"{h.choice(TITRES[orientation])} (exemple {numero:03d})", "siret": numero_siret,
                "quartiers": [] if destin == "sans quartier" else quartiers, "orientation": orientation,
                "coût total": argent(cout), "subvention demandée": argent(demande)}
        if h.chance(70):
            note["objectif"] = h.choice(OBJECTIFS[orientation])
        if h.chance(30):
            note["approches"] = h.sample(["égalité", "écologie", "mobilité"], h.between(1, 2))
        if detail:
            note["montants demandés"] = self.argent_par(self.repartir(demande, voulus))
        note["financeurs sollicités"] = voulus
        note["pluriannuel demandé"] = cpo is not None
        if cpo is not None:
            note["durée"] = {"un an": 1, "quatre ans": 4}.get(cpo, h.between(2, 3))
        note["action nouvelle"] = nouvelle
        if destin.startswith("incomplet"):
            note.pop("objectif", None)
            del note["orientation"]
        porteur = {"rôle": "porteur", "nom": nom}
        dossier = {"objet": objet, "porteur": porteur, "note": note, "quartiers": quartiers, "orientation": orientation,
                   "financeurs": financeurs, "scale": scale, "cout": cout, "demande": demande, "detail": detail,
                   "le": le, "destin": destin, "cpo": cpo, "numero": numero}
        self.dire(le, "note d'intention", objet, porteur, None, note)
        self.suivre(dossier)

    def suivre(self, d):
        h, destin, objet, porteur = self.h, d["destin"], d["objet"], d["porteur"]
        if destin in ("note tardive", "note en avance", "plus de 80 %", "80 % et un centime", "zéro euro", "sans quartier"):
            return
        if destin == "incomplet":
            return
        avant = ouvres("2024-03-04", "2024-03-05")
        if destin == "incomplet complété":
            self.dire(h.choice(avant), "complément", objet, porteur, None, {"orientation": d["orientation"]})
        if destin == "mal orienté":
            return
        if destin == "mal orienté retiré":
            self.dire(h.choice(avant), "retrait", objet, porteur, None,
                      {"motif du retrait": "Plan de financement impossible à réunir"})
            return
        if destin == "mal orienté corrigé":
            suite = {"financeurs sollicités": d["financeurs"]}
            if d["detail"]:
                suite["montants demandés"] = self.argent_par(self.repartir(d["demande"], d["financeurs"]))
            self.dire(h.choice(avant), "réorientation", objet, porteur, None, suite)
            d["scale"] = "regroupement"
        if destin == "retiré avant la réunion":
            self.dire(h.choice(avant), "retrait", objet, porteur, None)
            return
        self.reunion(d, h.choice(self.reunions))
        self.reecriture(d)
        if destin == "jamais déposé":
            return
        annees = self.annees(d)
        le = h.choice(self.depots)
        if d["numero"] % 25 == 0:
            le = DEPOTS[1]
        if d["numero"] % 30 == 7:
            le = DEPOTS[0] if destin == "programmé" and not d.get("réécrit") else le
        if destin == "dépôt tardif":
            le = h.choice(ouvres("2024-05-02", "2024-05-14"))
        if destin.startswith("sans échelle"):
            le = datetime.date(2024, 4, 9)
        self.dire(le, "dépôt définitif", objet, porteur, None, annees)
        if destin in ("dépôt tardif", "sans échelle", "dépôt irrecevable"):
            return
        if destin == "sans échelle corrigé":
            suite = {"financeurs sollicités": d["financeurs"]}
            if d["detail"]:
                suite["montants demandés"] = self.argent_par(self.repartir(d["demande"], d["financeurs"]))
            self.dire(datetime.date(2024, 4, 15), "réorientation", objet, porteur, None, suite)
            self.reunion(d, datetime.date(2024, 4, 18))
            self.dire(datetime.date(2024, 4, 26), "dépôt définitif", objet, porteur, None, annees)
        if destin == "retiré après le dépôt":
            self.dire(h.choice(ouvres("2024-05-02", "2024-05-03")), "retrait", objet, porteur, None,
                      {"motif du retrait": "La structure cesse son activité"})
            return
        if d["numero"] % 61 == 11 and d["scale"] != "intercommunale":
            ajout = next(x for x in ("CAF", "Région", "Département", "État", AGGLO) if x not in d["financeurs"])
            self.dire(datetime.date(2024, 5, 2), "sollicitation complémentaire", objet, porteur, None,
                      {"financeur ajouté": ajout})
            d["financeurs"] = d["financeurs"] + [ajout]
        self.dire(h.choice(self.cotations), "cotation égalité", objet, INSTRUCTEUR, None, {"cotation": h.choice(COTATIONS)})
        self.avis(d)
        self.copil(d)

    def annees(self, d):
        if d["cpo"] is None:
            return None
        duree = d["note"]["durée"]
        return {"années du dossier": 5 - duree if d["cpo"] == "autres années" else duree}

    def reunion(self, d, le):
        if d["scale"] == "intercommunale":
            self.dire(le, "réunion partenariale intercommunale", d["objet"], "groupe d'appui thématique", d["orientation"])
        else:
            self.dire(le, "réunion partenariale communale", d["objet"], "comité territorial",
                      self.h.choice(concernees(d["quartiers"])), {"compte rendu": "Projet partagé, diagnostic commun."})

    def reecriture(self, d):
        h, destin, objet, porteur = self.h, d["destin"], d["objet"], d["porteur"]
        le = h.choice(self.reecritures)
        if destin.startswith("sans échelle"):
            partiel = [x for x in d["financeurs"] if x != concernees(d["quartiers"])[-1]]
            suite = {"financeurs sollicités": partiel}
            if d["detail"]:
                suite["montants demandés"] = self.argent_par(self.repartir(d["demande"], partiel))
            self.dire(le, "réécriture", objet, porteur, None, suite)
            return
        if destin == "dépôt irrecevable":
            suite = {"coût total": argent(d["demande"] * 11 // 10)}
            self.dire(le, "réécriture", objet, porteur, None, suite)
            return
        if not h.chance(38) or destin.startswith("mal orienté"):
            return
        d["réécrit"] = True
        genre = h.below(4)
        suite = {}
        if genre == 0:
            suite["intitulé"] = d["note"]["intitulé"].replace(" (", ", version revue (")
        elif genre == 1 or d["scale"] == "intercommunale":
            d["demande"] = max(d["demande"] * h.between(80, 95) // 100 // 1000 * 1000, 50000)
            suite["subvention demandée"] = argent(d["demande"])
            if d["detail"]:
                suite["montants demandés"] = self.argent_par(self.repartir(d["demande"], d["financeurs"]))
        elif genre == 2:
            # one more quarter: the scale may become a regroupement, the communes are all solicited
            autre = h.choice([q for q in QUARTIERS if q not in d["quartiers"]])
            d["quartiers"] = d["quartiers"] + [autre]
            suite["quartiers"] = d["quartiers"]
            ajout = [c for c in concernees(d["quartiers"]) if c not in d["financeurs"]]
            if ajout:
                d["financeurs"] = d["financeurs"] + ajout
                suite["financeurs sollicités"] = d["financeurs"]
        else:
            d["cout"] = d["cout"] * 11 // 10
            suite["coût total"] = argent(d["cout"])
        self.dire(le, "réécriture", objet, porteur, None, suite)

    def avis(self, d):
        h, objet = self.h, d["objet"]
        jour = h.choice(self.comites)
        ordre = h.shuffled(d["financeurs"])
        positions = {x: "favorable" for x in ordre}
        cpo = d["cpo"]
        if cpo in ("un refus", "refus révisé"):
            positions[h.choice(ordre)] = "défavorable"
        elif cpo == "abstention":
            positions[h.choice(ordre)] = "abstention"
        elif cpo == "absence":
            positions[h.choice(ordre)] = "absence"
        elif cpo is None:
            for x in ordre:
                if d["destin"] == "écarté" and h.chance(60):
                    positions[x] = "défavorable"
                elif h.chance(6):
                    positions[x] = h.choice(["abstention", "défavorable"])
                elif h.chance(3):
                    positions[x] = "absence"
        d["positions"] = positions
        for x in ordre:
            if positions[x] == "absence":
                self.dire(jour, "constat d'absence", objet, INSTRUCTEUR, None, {"financeur absent": x})
            else:
                donnees = {"position": positions[x]}
                if positions[x] != "favorable":
                    donnees["commentaire"] = "Voir le compte rendu du comité partenarial."
                self.dire(jour, "avis technique", objet, "financeur", x, donnees)

    def copil(self, d):
        h, objet = self.h, d["objet"]
        jour = datetime.date(2024, 6, 13) if h.chance(80) else datetime.date(2024, 6, 20)
        if d["destin"] == "écarté":
            self.dire(jour, "avis collectif", objet, COPIL, None, {"conclusion": "rejet"})
            return
        parts = self.repartir(d["demande"], d["financeurs"])
        if h.chance(55):
            parts = {k: v * h.between(60, 95) // 100 // 1000 * 1000 for k, v in parts.items()}
        parts = {k: v for k, v in parts.items() if v > 0}
        if not parts:
            parts = {d["financeurs"][0]: d["demande"]}
        donnees = {"conclusion": "validation"}
        if d["cpo"] == "refus révisé":
            donnees["avis"] = {x: "favorable" for x in d["positions"]}
        elif d["cpo"] == "accord révisé":
            donnees["avis"] = {x: "favorable" if i else "défavorable" for i, x in enumerate(d["positions"])}
        donnees["montants proposés"] = self.argent_par(parts)
        self.dire(jour, "avis collectif", objet, COPIL, None, donnees)
        d["parts"], d["copil"] = parts, jour
        if d["destin"] == "retiré après le comité de pilotage":
            self.dire(jour + datetime.timedelta(days=1), "retrait", objet, d["porteur"], None)
            return
        for rang, (x, propose) in enumerate(parts.items()):
            if d["destin"] == "délibération en attente" and rang == len(parts) - 1:
                continue
            accorde = propose
            if d["destin"] == "infructueux":
                accorde = 0
            elif h.chance(10):
                accorde = propose * h.between(40, 90) // 100 // 1000 * 1000
            elif h.chance(4):
                accorde = 0
            if d["destin"] == "programmé" and rang == 0:
                accorde = max(accorde, propose // 2)
            le = datetime.date.fromisoformat(DELIBERATIONS[x])
            donnees = {"montant accordé": argent(accorde)}
            if h.chance(60):
                donnees["référence"] = f"Délibération fictive n° {h.between(1, 180)}"
            self.dire(le, "délibération", objet, "financeur", x, donnees)


DESTINS = [
    ("note tardive", 6), ("note en avance", 2), ("plus de 80 %", 5), ("80 % et un centime", 1), ("sans quartier", 3),
    ("zéro euro", 1), ("incomplet", 1), ("incomplet complété", 3), ("mal orienté", 3), ("mal orienté retiré", 2),
    ("mal orienté corrigé", 9), ("retiré avant la réunion", 2), ("retiré après le dépôt", 3),
    ("retiré après le comité de pilotage", 1), ("jamais déposé", 4), ("dépôt tardif", 4), ("dépôt irrecevable", 1),
    ("sans échelle", 1), ("sans échelle corrigé", 2), ("écarté", 14), ("infructueux", 3), ("délibération en attente", 3),
]
CONVENTIONS = (["accordée"] * 13 + ["un refus"] * 5 + ["refus révisé", "accord révisé"] + ["abstention"] * 2
               + ["absence"] * 2 + ["autres années"] * 2 + ["un an", "quatre ans"])


def trouver(annee, acte, filtre=lambda ligne: True, saut=0):
    """The n-th accepted line of this acte."""
    for le, rang, ligne, refuse in sorted(annee.lignes, key=lambda x: (x[0], x[1])):
        if ligne["acte"] == acte and not refuse and filtre(ligne):
            if saut == 0:
                return le, rang, ligne
            saut -= 1
    raise ValueError(f"no {acte} to disturb")


def troubles(annee):
    """Lines that must be refused, each for one reason, next to lines that are accepted."""

    def inserer(le, rang, ligne):
        annee.lignes.append((le, rang, ligne, True))

    def copie(acte, saut, avant=False, filtre=lambda ligne: True, **change):
        le, rang, ligne = trouver(annee, acte, filtre, saut)
        neuve = json.loads(json.dumps(ligne))
        neuve.update(change)
        inserer(le, rang - 0.5 if avant else rang + 0.5, neuve)
        return neuve

    def plusieurs_avis(ligne):
        return sum(1 for x in annee.lignes if x[2]["objet"] == ligne["objet"]
                   and x[2]["acte"] in ("avis technique", "constat d'absence")) > 2

    def premier(acte, objet):
        return trouver(annee, acte, lambda x: x["objet"] == objet)

    def communal(ligne):
        return ligne["par"]["rôle"] == "comité territorial"

    # wrong author
    for saut in (3, 40):
        le, rang, ligne = trouver(annee, "avis technique", plusieurs_avis, saut)
        solliciteurs = {x[2]["par"]["nom"] for x in annee.lignes if x[2]["objet"] == ligne["objet"]}
        etranger = next(x for x in ("Vicq", "Onnaing", "Marly") if x not in solliciteurs)
        inserer(le, rang - 0.5, dict(ligne, par={"rôle": "financeur", "nom": etranger}))
    copie("avis technique", 9, avant=True, par={"rôle": "financeur", "nom": "Lille"})
    copie("réécriture", 2, avant=True, par={"rôle": "porteur", "nom": "Association fictive « Le Coucou »"})
    copie("dépôt définitif", 5, avant=True, par={"rôle": "porteur", "nom": "Association fictive « Le Coucou »"})
    copie("retrait", 0, avant=True, par={"rôle": "porteur", "nom": "Collectif imaginaire « Le Coucou »"})
    copie("avis collectif", 4, avant=True, par=INSTRUCTEUR)
    copie("cotation égalité", 6, par={"rôle": "porteur", "nom": "Association fictive « Le Coucou »"})
    le, rang, ligne = trouver(annee, "réunion partenariale communale", communal, 4)
    inserer(le, rang - 0.5, dict(ligne, par={"rôle": "comité territorial", "nom": "Escautpont"}))
    le, rang, ligne = trouver(annee, "délibération", saut=7)
    inserer(le, rang - 0.5, dict(ligne, par={"rôle": "financeur", "nom": "Vicq"}))

    # the wrong réunion
    le, rang, ligne = trouver(annee, "réunion partenariale intercommunale", saut=1)
    autre = next(x for x in ORIENTATIONS if x != ligne["par"]["nom"])
    inserer(le, rang - 0.5, dict(ligne, par={"rôle": "groupe d'appui thématique", "nom": autre}))
    le, rang, ligne = trouver(annee, "réunion partenariale intercommunale", saut=3)
    note = premier("note d'intention", ligne["objet"])[2]
    inserer(le, rang - 0.5, {"acte": "réunion partenariale communale", "objet": ligne["objet"],
                             "par": {"rôle": "comité territorial", "nom": concernees(note["données"]["quartiers"])[0]},
                             "le": ligne["le"]})
    le, rang, ligne = trouver(annee, "réunion partenariale communale", saut=8)
    note = premier("note d'intention", ligne["objet"])[2]
    inserer(le, rang - 0.5, {"acte": "réunion partenariale intercommunale", "objet": ligne["objet"],
                             "par": {"rôle": "groupe d'appui thématique", "nom": note["données"]["orientation"]},
                             "le": ligne["le"]})

    # the wrong moment
    for saut in (10, 60):
        le, rang, ligne = trouver(annee, "dépôt définitif", saut=saut)
        inserer(le, rang - 0.5, {"acte": "avis technique", "objet": ligne["objet"],
                                 "par": {"rôle": "financeur", "nom": "État"}, "le": ligne["le"],
                                 "données": {"position": "favorable"}})
    le, rang, ligne = trouver(annee, "avis collectif", saut=11)
    inserer(le, rang - 0.5, {"acte": "délibération", "objet": ligne["objet"], "par": {"rôle": "financeur", "nom": "État"},
                             "le": ligne["le"], "données": {"montant accordé": "1000.00"}})
    le, rang, ligne = trouver(annee, "réunion partenariale communale", saut=20)
    inserer(le, rang + 0.5, {"acte": "dépôt définitif", "objet": ligne["objet"],
                             "par": premier("note d'intention", ligne["objet"])[2]["par"], "le": ligne["le"],
                             "données": {"années du dossier": 2}})
    copie("note d'intention", 30)
    le, rang, ligne = trouver(annee, "retrait", saut=1)
    inserer(le, rang + 0.5, {"acte": "réécriture", "objet": ligne["objet"], "par": ligne["par"], "le": ligne["le"],
                             "données": {"intitulé": "Trop tard"}})
    le, rang, ligne = trouver(annee, "avis collectif", saut=30)
    inserer(le, rang - 0.5, {"acte": "cotation égalité", "objet": ligne["objet"], "par": INSTRUCTEUR, "le": "2024-05-01",
                             "données": {"cotation": "intégrée"}})

    # twice the same
    for saut in (21, 90):
        le, rang, ligne = trouver(annee, "avis technique", lambda x: plusieurs_avis(x) and x == premier(
            "avis technique", x["objet"])[2], saut // 3)
        inserer(le, rang + 0.5, dict(ligne, données={"position": "défavorable"}))
    le, rang, ligne = trouver(annee, "délibération", lambda x: x == premier("délibération", x["objet"])[2] and sum(
        1 for y in annee.lignes if y[2]["objet"] == x["objet"] and y[2]["acte"] == "délibération") > 2, 5)
    inserer(le, rang + 0.5, ligne)

    # wrong amounts
    le, rang, ligne = trouver(annee, "note d'intention", lambda x: "montants demandés" in x["données"], 12)
    fausse = json.loads(json.dumps(ligne))
    qui = next(iter(fausse["données"]["montants demandés"]))
    fausse["données"]["montants demandés"][qui] = argent(
        int(Decimal(fausse["données"]["montants demandés"][qui]) * 100) + 1)
    inserer(le, rang - 0.5, fausse)
    for saut, change in ((3, lambda v: argent(int(Decimal(v) * 100) + 1)), (15, lambda v: "-100.00")):
        le, rang, ligne = trouver(annee, "avis collectif", lambda x: "montants proposés" in x["données"], saut)
        fausse = json.loads(json.dumps(ligne))
        note = premier("note d'intention", ligne["objet"])[2]["données"]
        sommes = fausse["données"]["montants proposés"]
        qui = next(iter(sommes))
        sommes[qui] = note["coût total"] if saut == 3 else change(sommes[qui])
        inserer(le, rang - 0.5, fausse)
    le, rang, ligne = trouver(annee, "avis collectif", lambda x: "montants proposés" in x["données"], 20)
    fausse = json.loads(json.dumps(ligne))
    del fausse["données"]["montants proposés"]
    inserer(le, rang - 0.5, fausse)
    for saut, somme in ((12, None), (25, "-0.01")):
        le, rang, ligne = trouver(annee, "délibération", saut=saut)
        proposes = premier("avis collectif", ligne["objet"])[2]["données"]["montants proposés"]
        trop = argent(int(Decimal(proposes[ligne["par"]["nom"]]) * 100) + 1)
        inserer(le, rang - 0.5, dict(ligne, données={"montant accordé": somme or trop}))
    # a rewriting that changes the total and not its parts: the deposit is refused until another rewriting mends it
    le, rang, ligne = trouver(annee, "réécriture", lambda x: "montants demandés" in x["données"]
                              and "subvention demandée" in x["données"], 1)
    d_le, d_rang, depot = premier("dépôt définitif", ligne["objet"])
    seule = json.loads(json.dumps(ligne))
    del seule["données"]["montants demandés"]
    annee.lignes.append((le, rang - 0.5, seule, False))
    jour = DEPOTS[0]
    avant = next(x for x in annee.lignes if x[2] is ligne)
    annee.lignes.remove(avant)
    repare = dict(ligne, le=iso(jour))
    annee.lignes.append((jour, rang, repare, False))
    inserer(jour, rang - 0.5, dict(depot, le=iso(jour)))

    # missing or unknown things
    le, rang, ligne = trouver(annee, "avis collectif", saut=25)
    c_le, c_rang, cotation = premier("cotation égalité", ligne["objet"])
    annee.lignes = [x for x in annee.lignes if x[2] is not cotation]
    annee.lignes.append((le, rang - 0.25, dict(cotation, le=ligne["le"]), False))
    inserer(le, rang - 0.5, ligne)
    for saut, retire in ((14, "coût total"), (50, "financeurs sollicités")):
        le, rang, ligne = trouver(annee, "note d'intention", saut=saut)
        fausse = json.loads(json.dumps(ligne))
        del fausse["données"][retire]
        fausse["données"].pop("montants demandés", None)
        inserer(le, rang - 0.5, fausse)
    le, rang, ligne = trouver(annee, "note d'intention", saut=70)
    fausse = json.loads(json.dumps(ligne))
    fausse["données"]["quartiers"] = ["QN05999Z"]
    inserer(le, rang - 0.5, fausse)
    le, rang, ligne = trouver(annee, "note d'intention", lambda x: x["données"]["pluriannuel demandé"], 3)
    fausse = json.loads(json.dumps(ligne))
    del fausse["données"]["durée"]
    inserer(le, rang - 0.5, fausse)
    le, rang, ligne = trouver(annee, "avis technique", saut=33)
    inserer(le, rang + 0.5, dict(ligne, objet="dossier/2024-999"))
    le, rang, ligne = trouver(annee, "avis collectif", saut=6)
    inserer(le, rang + 0.5, {"acte": "avis du voisinage", "objet": ligne["objet"], "par": COPIL, "le": ligne["le"]})
    le, rang, ligne = trouver(annee, "délibération", saut=40)
    inserer(le, rang - 0.5, {"acte": "clôture", "objet": ligne["objet"], "par": INSTRUCTEUR, "le": ligne["le"]})
    # an acte dated before the last event of its dossier
    le, rang, ligne = trouver(annee, "réunion partenariale communale", saut=30)
    inserer(le, rang + 0.5, {"acte": "réécriture", "objet": ligne["objet"],
                             "par": premier("note d'intention", ligne["objet"])[2]["par"], "le": "2024-01-29",
                             "données": {"intitulé": "Antidaté"}})


def annee_2024():
    h = Hasard(SEED)
    destins = [nom for nom, n in DESTINS for _ in range(n)]
    destins += ["programmé"] * (DOSSIERS - len(destins))
    destins = h.shuffled(destins)
    ordinaires = [i for i, x in enumerate(destins) if x == "programmé"]
    conventions = dict(zip(h.sample(ordinaires, len(CONVENTIONS)), CONVENTIONS))
    for destin, n, quoi in (("écarté", 2, "un refus"), ("mal orienté corrigé", 1, "accordée")):
        for i in [i for i, x in enumerate(destins) if x == destin][:n]:
            conventions[i] = quoi
    nouvelles = set(h.sample(range(DOSSIERS), DOSSIERS * 30 // 100))
    annee = Annee(h)
    for i in range(DOSSIERS):
        annee.dossier(i + 1, destins[i], conventions.get(i), i in nouvelles)
    troubles(annee)
    annee.lignes.sort(key=lambda x: (x[0], x[1]))
    lignes, refuses = [], []
    for numero, (_, _, ligne, refuse) in enumerate(annee.lignes, 1):
        lignes.append(dict({"id": f"prog-2024-{numero:05d}"}, **ligne))
        refuses.append(refuse)
    # the same line twice, as another system may send it: recorded once
    for place in (1500, 700):
        while refuses[place]:
            place += 1
        lignes.insert(place + 3, lignes[place])
        refuses.insert(place + 3, False)
    return lignes, refuses


def attendu_2024(lignes, refuses):
    modele = Modele()
    compte = collections.Counter()
    refus = {}
    for ligne, refuse in zip(lignes, refuses):
        reponse, genre, quoi = modele.jouer(ligne)
        if (reponse == "refusé") != refuse:
            raise AssertionError(f"{ligne} : {reponse} {genre} {quoi}, must be refused: {refuse}")
        compte[reponse] += 1
        if refuse:
            refus[ligne["id"]] = {"genre": genre, "exigence": quoi} if genre == "exigence" else {"genre": genre}
    dossiers = {}
    etats, echelles, financeurs, programme = (collections.Counter() for _ in range(4))
    proposes, accordes, nombres = collections.Counter(), collections.Counter(), collections.Counter()
    for objet in sorted(modele.dossiers):
        d = modele.dossiers[objet]
        sommes = d.champs.get("montants accordés", {})
        fiche = {"état": d.etat, "recevable": d.recevable, "échelle": None if d.echelle == "?" else d.echelle,
                 "financeurs attendus": d.attendus}
        if d.cpo is not None:
            fiche["CPO accordée"] = d.cpo
        if sommes:
            fiche["montants accordés"] = {x: argent(v) for x, v in sommes.items()}
        dossiers[objet] = fiche
        etats[d.etat] += 1
        echelles[d.echelle if d.echelle not in (None, "?") else "aucune"] += 1
        if d.etat == "financé":
            for x, v in sommes.items():
                programme[(d.echelle, d.champs["orientation"], x)] += v
                nombres[(d.echelle, d.champs["orientation"], x)] += 1
        for x, v in sommes.items():
            accordes[x] += v
            proposes[x] += d.champs["montants proposés"][x]
            financeurs[x] += 1
    ordre = (["communale", "intercommunale", "regroupement"], ORIENTATIONS, FINANCEURS)
    cles = sorted(programme, key=lambda k: tuple(o.index(x) for o, x in zip(ordre, k)))
    return {
        "graine": SEED,
        "lignes": len(lignes),
        "inscrits": compte["inscrit"],
        "déjà inscrits": compte["déjà inscrit"],
        "refusés": compte["refusé"],
        "suites": sum(d.suites for d in modele.dossiers.values()),
        "événements": compte["inscrit"] + sum(d.suites for d in modele.dossiers.values()),
        "états": dict(sorted(etats.items())),
        "échelles": dict(sorted(echelles.items())),
        "CPO accordées": sum(1 for d in modele.dossiers.values() if d.cpo),
        "programmation": [{"échelle": k[0], "orientation": k[1], "financeur": k[2], "dossiers": nombres[k],
                           "montant accordé": argent(programme[k])} for k in cles],
        "total programmé": argent(sum(programme.values())),
        "financeurs": {x: {"dossiers": financeurs[x], "montant proposé": argent(proposes[x]),
                           "montant accordé": argent(accordes[x])} for x in FINANCEURS if x in financeurs},
        "refus": refus,
        "dossiers": dossiers,
    }


# ---------------------------------------------------------------- the real posts


def postes(texte):
    lignes = []
    annees, dispositifs = collections.defaultdict(lambda: [0, 0]), collections.defaultdict(lambda: [0, 0])
    organismes = collections.defaultdict(lambda: [0, 0])
    rangees = sorted(enumerate(csv.DictReader(io.StringIO(texte))), key=lambda x: (x[1]["annee"], x[0]))
    for _, r in rangees:
        centimes = int((Decimal(r["montant"]) * 100).to_integral_value(ROUND_HALF_UP))
        lignes.append({
            "id": f"poste-{r['id_poste']}-{r['annee']}", "acte": "financement", "objet": f"poste/{r['id_poste']}",
            "par": {"rôle": "administration", "nom": "État"}, "le": f"{r['annee']}-12-31",
            "données": {"dispositif": r["dispositif"], "exercice": int(r["annee"]), "versement": argent(centimes),
                        "organisme": r["raison_sociale"], "tiers": r["code_tiers"]},
        })
        for table, cle in ((annees, r["annee"]), (dispositifs, r["dispositif"]), (organismes, r["raison_sociale"])):
            table[cle][0] += 1
            table[cle][1] += centimes
    somme = {cle: {"postes": n, "montant": argent(c)} for cle, (n, c) in sorted(annees.items())}
    return lignes, {
        "lignes": len(lignes),
        "postes": len({x["objet"] for x in lignes}),
        "total": argent(sum(c for _, c in annees.values())),
        "années": somme,
        "dispositifs": {cle: {"postes": n, "montant": argent(c)} for cle, (n, c) in sorted(dispositifs.items())},
        "organismes": {cle: {"postes": n, "montant": argent(c)} for cle, (n, c) in sorted(organismes.items())},
    }


# ---------------------------------------------------------------- files


def jsonl(lignes):
    return "".join(json.dumps(x, ensure_ascii=False, separators=(", ", ": ")) + "\n" for x in lignes)


def document(objet):
    return json.dumps(objet, ensure_ascii=False, indent=1) + "\n"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sortie", type=pathlib.Path, default=EXEMPLES)
    options.add_argument("--verifier", action="store_true")
    choix = options.parse_args()
    lignes, refuses = annee_2024()
    reels, totaux = postes((EXEMPLES / CSV_POSTES).read_text(encoding="utf-8"))
    fichiers = {
        "programmation-2024.jsonl": jsonl(lignes),
        "programmation-2024.attendu.json": document(attendu_2024(lignes, refuses)),
        "postes-2020-2023.jsonl": jsonl(reels),
        "postes-2020-2023.attendu.json": document(totaux),
    }
    if choix.verifier:
        faux = [nom for nom, texte in fichiers.items()
                if not (choix.sortie / nom).is_file() or (choix.sortie / nom).read_bytes() != texte.encode()]
        for nom in faux:
            print(f"{choix.sortie / nom} n'est pas ce que le générateur écrit", file=sys.stderr)
        return 1 if faux else 0
    choix.sortie.mkdir(parents=True, exist_ok=True)
    for nom, texte in fichiers.items():
        (choix.sortie / nom).write_bytes(texte.encode())
        print(f"{choix.sortie / nom} : {texte.count(chr(10))} lignes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
