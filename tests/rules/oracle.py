#!/usr/bin/env python3
"""Compares `regles evaluer rules/2024.regles` with an independent reading of the Contrat Quartiers 2030, § 7.C.I.1.

Thousands of arbitrary dossiers, facts missing or null included; the four décisions must have the same value, the same unmet
exigences, the same missing facts in the same order, the same silent members, and a reason that names what it must. The same
is done with other réglages, and with lines that cannot be read. Prints « N passed, N failed »; exit 1 when one failed.

Usage: oracle.py [PROGRAM] [--regles FILE] [--travail DIR] [--graine N] [--nombre N]
Python 3 standard library only.
"""

import argparse
import datetime
import json
import pathlib
import random
import subprocess
import sys

RACINE = pathlib.Path(__file__).resolve().parents[2]

ORDRE = ["intitulé", "porteur", "siret", "quartiers", "orientation", "coût total", "subvention demandée",
         "montants demandés", "financeurs sollicités", "date de dépôt", "pluriannuel demandé", "durée",
         "années du dossier", "avis"]
QUARTIERS = {
    "QN05920M": "Anzin",
    "QN05921M": "Anzin, Beuvrages, Bruay-sur-l'Escaut, Raismes, Valenciennes",
    "QN05922M": "Bruay-sur-l'Escaut, Escautpont",
    "QN05923M": "Condé-sur-l'Escaut",
    "QN05924M": "Condé-sur-l'Escaut",
    "QN05925M": "Fresnes-sur-Escaut",
    "QN05926M": "Fresnes-sur-Escaut",
    "QN05927M": "Onnaing, Vicq",
    "QN05928M": "Quiévrechain",
    "QN05929M": "Saint-Saulve",
    "QN05930M": "La Sentinelle, Valenciennes",
    "QN05931M": "Marly, Valenciennes",
    "QN05932M": "Vieux-Condé",
    "QN05933M": "Vieux-Condé",
    "QN05992N": "Bruay-sur-l'Escaut",
}
COMMUNES = ["Anzin", "Beuvrages", "Bruay-sur-l'Escaut", "Condé-sur-l'Escaut", "Fresnes-sur-Escaut", "Marly", "Onnaing",
            "Quiévrechain", "Saint-Saulve", "Valenciennes", "Vicq", "Vieux-Condé"]
AGGLO = "Valenciennes Métropole"
FINANCEURS = ["État", AGGLO, "Région", "Département", "CAF"] + COMMUNES
ORIENTATIONS = ["insertion", "santé", "violences", "éducation", "délinquance"]
AVIS = ["favorable", "défavorable", "abstention", "absence"]


class Reglages:
    def __init__(self, toutes=True, recentrees=True, part=80, premier="2024-01-29", dernier="2024-03-01"):
        self.toutes, self.recentrees, self.part, self.premier, self.dernier = toutes, recentrees, part, premier, dernier


# ---------------------------------------------------------------- the independent reading
# An answer is ("valeur", v, extra), ("aucune", words that the reason must hold, words it must not), or
# ("indéterminée", missing facts, silent members).


def centimes(valeur):
    if isinstance(valeur, int):
        return valeur * 100
    signe, texte = (-1, valeur[1:]) if valeur.startswith("-") else (1, valeur)
    entier, _, decimales = texte.partition(".")
    return signe * (int(entier) * 100 + int((decimales + "00")[:2]))


def indeterminee(manquants, membres=()):
    return ("indéterminée", [x for x in ORDRE if x in manquants], list(membres))


def recevable(f, r):
    exigences = []  # label, truth or None, facts read
    q = f.get("quartiers")
    exigences.append(("Le projet vise au moins un quartier prioritaire", None if q is None else len(q) >= 1, {"quartiers"}))
    d = f.get("date de dépôt")
    exigences.append(("La note d'intention est déposée dans la période",
                      None if d is None else r.premier <= d <= r.dernier, {"date de dépôt"}))
    s, c = f.get("subvention demandée"), f.get("coût total")
    exigences.append(("La subvention demandée est supérieure à zéro", None if s is None else centimes(s) > 0,
                      {"subvention demandée"}))
    lus = {nom for nom, valeur in (("subvention demandée", s), ("coût total", c)) if valeur is None}
    exigences.append(("La demande ne dépasse pas la part maximale",
                      None if lus else centimes(s) * 100 <= r.part * centimes(c), lus))
    o = f.get("orientation")
    exigences.append(("Le projet relève d'une orientation", None if o is None else True, {"orientation"}))
    fausses = [label for label, vrai, _ in exigences if vrai is False]
    if fausses:
        return ("valeur", False, fausses)
    ouvertes = [lus for _, vrai, lus in exigences if vrai is None]
    if ouvertes:
        return indeterminee(set().union(*ouvertes))
    return ("valeur", True, None)


def concernees(codes):
    out = []
    for code in codes:
        for commune in QUARTIERS[code].split(", "):
            if commune in COMMUNES and commune not in out:
                out.append(commune)
    return out


def echelle(f, r):
    q, s, o = f.get("quartiers"), f.get("financeurs sollicités"), f.get("orientation")
    finance = None if o is None and r.recentrees else (not r.recentrees or o in ("insertion", "santé", "violences"))
    sans_orientation = {"orientation"} if finance is None else set()
    if q is None and s is None:
        return indeterminee({"quartiers", "financeurs sollicités"} | sans_orientation)
    commune = s is not None and any(x in COMMUNES for x in s)
    if q is None:
        seule = AGGLO in s and not commune
        return indeterminee({"quartiers"} | (sans_orientation if seule else set()))
    if not q:
        return ("aucune", ["aucun quartier"], COMMUNES)
    communes = concernees(q)
    if len(q) == 1 or len(communes) == 1:
        return ("valeur", "communale", None)
    if s is None:
        return indeterminee({"financeurs sollicités"} | sans_orientation)
    manquantes = [x for x in communes if x not in s]
    if commune:
        suffit = not manquantes if r.toutes else len(manquantes) < len(communes)
        if suffit:
            return ("valeur", "regroupement", None)
        return ("aucune", manquantes, [x for x in COMMUNES if x not in manquantes and not any(x in y for y in manquantes)])
    if AGGLO in s:
        if finance is None:
            return indeterminee({"orientation"})
        return ("valeur", "intercommunale", None) if finance else ("aucune", [o] + communes, ["il manque"])
    return ("aucune", communes + ["insertion", "santé", "violences"], ["il manque"])


def attendus(f, r):
    reponse = echelle(f, r)
    if reponse[0] != "valeur":
        return reponse
    communes = concernees(f["quartiers"])
    if reponse[1] == "intercommunale":
        return ("valeur", [AGGLO], None)
    if reponse[1] == "regroupement" and AGGLO in f["financeurs sollicités"]:
        return ("valeur", communes + [AGGLO], None)
    return ("valeur", communes, None)


def convention(f, r):
    p, n, a, s, avis = (f.get(x) for x in ("pluriannuel demandé", "durée", "années du dossier", "financeurs sollicités",
                                           "avis"))
    fausses, manquants, membres = [], set(), []

    def exigence(label, vrai, lus=()):
        if vrai is None:
            manquants.update(lus)
        elif not vrai:
            fausses.append(label)

    exigence("La convention pluriannuelle est demandée dès la note d'intention", p, ["pluriannuel demandé"])
    exigence("La durée demandée est de 2 à 3 ans", None if n is None else n in (2, 3), ["durée"])
    exigence("Le dossier est établi sur les années demandées", None if n is None or a is None else a == n,
             [x for x, v in (("durée", n), ("années du dossier", a)) if v is None])
    unanime = "Les financeurs sollicités y sont unanimement favorables"
    if s is None:
        exigence(unanime, None, ["financeurs sollicités"] + (["avis"] if avis is None else []))
    elif not s:
        exigence(unanime, False)
    else:
        voix = avis or {}
        muets = [x for x in s if x not in voix]
        if any(voix[x] != "favorable" for x in s if x in voix):
            exigence(unanime, False)
        elif muets:
            exigence(unanime, None, ["avis"])
            membres = muets
        else:
            exigence(unanime, True)
    if fausses:
        return ("valeur", False, fausses)
    if manquants:
        return indeterminee(manquants, membres)
    return ("valeur", True, None)


DECISIONS = {"recevable": recevable, "échelle": echelle, "financeurs attendus": attendus, "CPO accordée": convention}


# ---------------------------------------------------------------- comparison


def difference(attendu, trouve):
    """None, or what differs."""
    genre, valeur, plus = attendu
    if genre == "valeur":
        if "valeur" not in trouve or trouve["valeur"] != valeur:
            return f"attendu {valeur!r}"
        if plus is not None and trouve.get("exigences") != plus:
            return f"exigences attendues {plus!r}"
        return None
    if genre == "indéterminée":
        if trouve.get("indéterminée") != valeur:
            return f"faits manquants attendus {valeur!r}"
        if (trouve.get("qui manque") or []) != plus:
            return f"membres manquants attendus {plus!r}"
        return None
    raisons = trouve.get("aucune")
    if not isinstance(raisons, list) or len(raisons) != 1:
        return "une raison attendue"
    for mot in valeur:
        if mot not in raisons[0]:
            return f"la raison doit dire {mot!r}"
    for mot in plus:
        if mot in raisons[0]:
            return f"la raison ne doit pas dire {mot!r}"
    return None


# ---------------------------------------------------------------- arbitrary dossiers


def argent(c, alea):
    signe = "-" if c < 0 else ""
    c = abs(c)
    if c % 100 == 0 and c < 10**15 and alea.random() < 0.3:
        return int(f"{signe}{c // 100}")
    if c % 100 == 0 and alea.random() < 0.2:
        return f"{signe}{c // 100}"
    if c % 10 == 0 and alea.random() < 0.2:
        return f"{signe}{c // 100}.{c % 100 // 10}"
    return f"{signe}{c // 100}.{c % 100:02d}"


def dossier(alea, r):
    f = {}

    def poser(nom, valeur, absent=0.1):
        tirage = alea.random()
        if tirage < absent:
            return
        f[nom] = None if tirage < absent + 0.02 else valeur

    n = alea.choice([0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 6, 15])
    quartiers = alea.sample(list(QUARTIERS), n)
    poser("quartiers", quartiers)
    poser("orientation", alea.choice(ORIENTATIONS), 0.15)
    cout = alea.choice([0, 1, alea.randrange(1, 10**4), alea.randrange(10**5, 10**7), alea.randrange(10**5, 10**7),
                        5 * alea.randrange(10**4, 10**6), alea.randrange(10**16, 9 * 10**17)])
    limite = cout * r.part // 100
    demande = alea.choice([limite, limite, limite + 1, limite - 1, cout, 0, 1, -1, alea.randrange(0, cout + 1)])
    poser("coût total", argent(cout, alea))
    poser("subvention demandée", argent(demande, alea))
    communes = concernees(quartiers)
    choix = alea.randrange(9)
    if choix == 0:
        sollicites = []
    elif choix == 1:
        sollicites = [AGGLO]
    elif choix == 2:
        sollicites = [AGGLO] + alea.sample(["État", "Région", "CAF"], 2)
    elif choix == 3:
        sollicites = list(communes)
    elif choix == 4:
        sollicites = communes + [AGGLO, "État"]
    elif choix == 5:
        sollicites = communes[1:] + (["État"] if alea.random() < 0.5 else [AGGLO])
    elif choix == 6:
        sollicites = alea.sample(["État", "Région", "Département", "CAF"], alea.randrange(0, 4))
    else:
        sollicites = alea.sample(FINANCEURS, alea.randrange(0, len(FINANCEURS) + 1))
    alea.shuffle(sollicites)
    poser("financeurs sollicités", sollicites)
    jour = alea.choice([r.premier, r.dernier, "2024-01-28", "2024-03-02", "2024-02-14", "2024-02-29", "1999-12-31",
                        "2031-06-01", "0001-01-01", "9999-12-31"])
    if alea.random() < 0.5:
        jour = (datetime.date(2024, 1, 1) + datetime.timedelta(days=alea.randrange(0, 120))).isoformat()
    poser("date de dépôt", jour)
    poser("pluriannuel demandé", alea.random() < 0.85)
    duree = alea.choice([0, 1, 2, 2, 2, 3, 3, 3, 4, 5, -2])
    poser("durée", duree)
    poser("années du dossier", duree if alea.random() < 0.8 else alea.randrange(0, 6))
    unanimes = alea.random() < 0.5
    avis = {}
    for x in sollicites:
        if alea.random() < 0.93:
            avis[x] = "favorable" if unanimes or alea.random() < 0.8 else alea.choice(AVIS)
    for x in alea.sample(FINANCEURS, 2):
        if x not in sollicites and alea.random() < 0.5:
            avis[x] = alea.choice(AVIS)
    paires = list(avis.items())
    alea.shuffle(paires)
    poser("avis", dict(paires))
    if alea.random() < 0.3:
        poser("intitulé", "Un « projet » d'exemple, n° 1/2 {x} 😀")
        poser("porteur", "Association fictive")
        poser("siret", "00000000000000")
    if alea.random() < 0.3:
        poser("montants demandés", {x: argent(alea.randrange(0, 10**6), alea) for x in sollicites[:3]})
    noms = list(f)
    alea.shuffle(noms)
    return {nom: f[nom] for nom in noms}


def illisible(alea):
    return alea.choice([
        '{"quartiers": ["QN05920M", "QN05920M"]}',
        '{"quartiers": ["QN05999X"]}',
        '{"quartiers": "QN05920M"}',
        '{"quartier": ["QN05920M"]}',
        '{"orientation": "Insertion"}',
        '{"orientation": "culture"}',
        '{"orientation": 3}',
        '{"coût total": 12000.5}',
        '{"coût total": "12 000,50"}',
        '{"coût total": "12000.505"}',
        '{"coût total": "beaucoup"}',
        '{"coût total": true}',
        '{"date de dépôt": "30/01/2024"}',
        '{"date de dépôt": "2024-02-30"}',
        '{"durée": "2 ans"}',
        '{"durée": 2.5}',
        '{"pluriannuel demandé": 1}',
        '{"financeurs sollicités": ["CAF", "CAF"]}',
        '{"financeurs sollicités": ["Raismes"]}',
        '{"avis": {"CAF": "peut-être"}}',
        '{"avis": {"Lille": "favorable"}}',
        '{"avis": {"CAF": "favorable", "CAF": "favorable"}}',
        '{"avis": ["favorable"]}',
        '{"durée": 2, "durée": 2}',
        '{"durée": 2',
        '[1, 2]',
        '"bonjour"',
        '',
    ])


# ---------------------------------------------------------------- running


def variante(texte, r):
    def remplacer(avant, apres):
        nonlocal texte
        if texte.count(avant) != 1:
            raise SystemExit(f"oracle : « {avant} » introuvable dans les règles")
        texte = texte.replace(avant, apres)

    if not r.toutes:
        remplacer("réglage communes toutes tenues de participer = oui", "réglage communes toutes tenues de participer = non")
    if not r.recentrees:
        remplacer("réglage agglomération limitée aux orientations recentrées = oui",
                  "réglage agglomération limitée aux orientations recentrées = non")
    if r.part != 80:
        remplacer("réglage part maximale : taux = 80 %", f"réglage part maximale : taux = {r.part} %")
    if r.premier != "2024-01-29":
        remplacer("réglage premier jour des notes = 29/01/2024",
                  f"réglage premier jour des notes = {datetime.date.fromisoformat(r.premier):%d/%m/%Y}")
    return texte


def evaluer(programme, regles, faits):
    fini = subprocess.run([programme, "regles", "evaluer", str(regles), "--faits", str(faits), "--format", "json"],
                          capture_output=True, text=True, check=False)
    return fini.returncode, [json.loads(x) for x in fini.stdout.splitlines()], fini.stderr


def main():
    options = argparse.ArgumentParser()
    options.add_argument("assemblier", nargs="?", default=str(RACINE / "build/release/assemblier"))
    options.add_argument("--regles", type=pathlib.Path, default=RACINE / "rules/2024.regles")
    options.add_argument("--travail", type=pathlib.Path, default=RACINE / "build/oracle")
    options.add_argument("--graine", type=int, default=2024)
    options.add_argument("--nombre", type=int, default=4000)
    choix = options.parse_args()
    choix.travail.mkdir(parents=True, exist_ok=True)
    texte = choix.regles.read_text(encoding="utf-8")
    reussis = rates = 0

    def rate(quoi):
        nonlocal rates
        rates += 1
        if rates <= 10:
            print(quoi, file=sys.stderr)

    cas = [(Reglages(), choix.nombre, False), (Reglages(), choix.nombre // 8, True),
           (Reglages(toutes=False), choix.nombre // 4, False), (Reglages(recentrees=False), choix.nombre // 4, False),
           (Reglages(toutes=False, recentrees=False, part=65, premier="2024-02-10"), choix.nombre // 4, False)]
    for numero, (r, combien, melange) in enumerate(cas):
        alea = random.Random(choix.graine * 1000 + numero)
        regles, faits = choix.travail / f"cas-{numero}.regles", choix.travail / f"cas-{numero}.jsonl"
        regles.write_text(variante(texte, r), encoding="utf-8")
        lignes = []
        for _ in range(combien):
            if melange and alea.random() < 0.3:
                lignes.append((illisible(alea), None))
            else:
                f = dossier(alea, r)
                lignes.append((json.dumps(f, ensure_ascii=False), f))
        faits.write_text("".join(x + "\n" for x, _ in lignes), encoding="utf-8")
        code, reponses, erreurs = evaluer(choix.assemblier, regles, faits)
        voulu = 3 if any(f is None and x.strip() for x, f in lignes) else 0
        if code != voulu:
            rate(f"cas {numero} : code de sortie {code}, attendu {voulu}\n{erreurs[:2000]}")
        else:
            reussis += 1
        par_ligne = {x.get("ligne"): x for x in reponses}
        for n, (ligne, f) in enumerate(lignes, 1):
            reponse = par_ligne.get(n)
            if f is None:
                if not ligne.strip() and reponse is None:
                    reussis += 1  # an empty line may be passed over
                elif reponse is not None and "erreur" in reponse and "décisions" not in reponse:
                    reussis += 1
                else:
                    rate(f"cas {numero}, ligne {n} : {ligne}\n  erreur attendue, trouvé {reponse}")
                continue
            if reponse is None or "décisions" not in reponse:
                rate(f"cas {numero}, ligne {n} : {ligne}\n  trouvé {reponse}")
                continue
            connus = {nom: valeur for nom, valeur in f.items() if valeur is not None}
            for nom, regle in DECISIONS.items():
                trouve = reponse["décisions"].get(nom, {})
                ecart = difference(regle(connus, r), trouve)
                if ecart is None:
                    reussis += 1
                else:
                    rate(f"cas {numero}, ligne {n} : {ligne}\n  {nom} : {ecart}, trouvé "
                         f"{json.dumps(trouve, ensure_ascii=False)}")
    print(f"{reussis} passed, {rates} failed")
    return 1 if rates else 0


if __name__ == "__main__":
    sys.exit(main())
