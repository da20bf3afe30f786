#!/usr/bin/env python3
"""Five separate mistakes in one rule file: five messages, each on its line, none a consequence of another.

Each file is rules/2024.regles with five places changed. A message stands on the line of its mistake, or, for a name that
is misspelt where it is declared, on the first line that uses it. Then single mistakes, drawn at random: one message each.
Prints « N passed, N failed »; exit 1 when one failed.

Usage: cinq_fautes.py [PROGRAM] [--graine N] [--nombre N]
Python 3 standard library only.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import random
import re
import subprocess
import sys

RACINE = pathlib.Path(__file__).resolve().parents[2]
BASE = (RACINE / "rules/2024.regles").read_text(encoding="utf-8")

# Name of the file → five of (as written, with its mistake[, a line where the message may stand instead]).
FICHIERS = {
    "noms et types": [
        ("attendu échelle = communale", "attendu echelle = communale"),
        ("subvention demandée > 0 €", "subvention demandee > 0 €"),
        ("= 01/03/2024, révision", "= 31/02/2024, révision"),
        ("vers dépôt attendu", "vers depot attendu"),
        ("| Marly, Valenciennes\n", "| Marly, Valencienne\n"),
    ],
    "clauses": [
        ("« Accompagner la santé des habitants »", "« Accompagner la santé des habitants"),
        ("  regroupement    quand projet", "  regroupement    quant projet"),
        ("    porte cotation", "    portes cotation"),
        ("  attendu CPO accordée = oui", "  atendu CPO accordée = oui"),
        ("source CQ2030 § 7.C.I.1.c", "source CQ2031 § 7.C.I.1.c"),
    ],
    "exigences": [
        ("exige « La subvention demandée est supérieure à zéro »", "exige « La subvention demandée est supérieure à zéro"),
        ("nombre de quartiers ≥ 1", "nombre de quartiers => 1"),
        ("  état tardif  ", "  état tarduf  ", "vers tardif"),
        ("réglage part maximale : taux = 80 %", "réglage part maximale : taux = 0,8"),
        ("  Région                 | « Région Hauts-de-France »                          | régional",
         "  Région                 | « Région Hauts-de-France »                          | régionale"),
    ],
    "premiers mots": [
        ("condition recevable", "conditon recevable"),
        ("table Quartier (", "tabel Quartier ("),
        ("énumération Échelle", "énumeraton Échelle"),
        ("scrutin convention", "scrutim convention"),
        ("définition commune sollicitée =", "definitio commune sollicitée ="),
    ],
    "premiers mots, et une faute dessous": [
        ("condition recevable", "conditon recevable"),
        ("subvention demandée > 0 €", "subvention demandee > 0 €"),
        ("  acte réécriture", "  acta réécriture"),
        ("    vers instruit\n", "    verss instruit\n"),
        ("étant donné quartiers = QN05921M, QN05922M, orientation", "étant donné quartiers = QN05921M, QN05922M, orientatoin"),
    ],
    "paramètres": [
        ("paramètre agglomération = CA Valenciennes Métropole", "paramètre agglomération = CA Valencienne Métropole"),
        ("réglage proposition en plafond = oui", "réglage proposition en plafond = yes"),
        ("réglage premier jour des notes = 29/01/2024", "réglage premier jour des notes = 2024/01/29"),
        ("durée maximale de convention = 3 ", "durée maximale de convention = trois "),
        ("réglage demande annuelle après refus de convention = oui",
         "réglage demande annuelle après refus de convention : booléen = 1"),
    ],
    "signes oubliés": [
        ("condition CPO accordée                                                         source CQ2030 § 7.C.I.1.c",
         "condition CPO accordée   source CQ2030 7.C.I.1.c"),
        ("décision échelle : Échelle  ", "décision échelle  Échelle  "),
        ("définition communes touchées = communes de quartiers", "définition communes touchées : communes de quartiers"),
        ("tableau programmation du Dossier", "tableau programmation Dossier"),
        ("acte clôture « Clôture", "acte clôture Clôture"),
    ],
    "champs": [
        ("  durée                 : entier", "  durée                 : entié"),
        ("  avis                  : Avis par Financeur", "  avis                  : Avis pour Financeur"),
        ("  siret                 : texte", "  siret                 = texte"),
        ("  quartiers             : liste de Quartier", "  quartiers             : list de Quartier"),
        ("  coût total            : montant", "  coût total            montant"),
    ],
    "procédure": [
        ("    par comité de pilotage\n", "    par comité pilotage\n"),
        ("    de instruit\n", "    de instrui\n"),
        ("    décide CPO accordée\n    vers instruit", "    décide CPO acordée\n    vers instruit"),
        ("    puis clôture quand", "    puis cloture quand"),
        ("    inscrit cotation\n", "    inscrit cotatoin\n"),
    ],
    "retraits": [
        ("  santé        « Acc", "     santé        « Acc"),
        ("  pour        favorable\n", " pour        favorable\n"),
        ("    par système\n    de déposé\n", "  par système\n    de déposé\n"),
        ("  QN05926M | «", "\tQN05926M | «"),
        ("  attendu CPO accordée = oui", "attendu CPO accordée = oui"),
    ],
    "deux fois": [
        ("  santé        « Acc", "  insertion    « Bis »\n  santé        « Acc"),
        ("  siret                 : texte", "  porteur               : texte\n  siret                 : texte"),
        ("  état tardif  ", "  état déposé « x »\n  état tardif  ", "  état déposé  "),
        ("  QN05921M | «", "  QN05920M | « x » | Anzin\n  QN05921M | «"),
        ("définition commune sollicitée =",
         "définition communes touchées = communes de quartiers source CQ2030 § 1\n\ndéfinition commune sollicitée ="),
    ],
    "scrutins et expressions": [
        ("  acquis à    l'unanimité des membres", "  acquis à    l'unanimitée des membres"),
        ("  positions   avis", "  position   avis"),
        ("    durée entre durée minimale de convention et durée maximale",
         "    durée entre durée minimale de convention à durée maximale"),
        ("    subvention demandée ≤ part maximale × coût total", "    subvention demandée ≤ part maximale × cout total"),
        ("orientations recentrées = insertion, santé, violences ", "orientations recentrées = insertion, sante, violences "),
    ],
    "noms de types": [
        ("table Financeur (", "table Financeurs (", "table EPCI"),
        ("énumération Vote  ", "énumération Votes  ", ": Vote par Financeur"),
        ("source Circulaire «", "sources Circulaire «"),
        ("  rôle instructeur", "  role instructor", "par instructeur"),
        ("scénario « Deux ans", "scenario Deux ans"),
    ],
    "ce qui manque": [
        ("    par comité de pilotage\n", "", "acte avis collectif"),
        ("  collège     financeurs sollicités\n", "", "scrutin convention"),
        ("  en vigueur du", "  en viguer du"),
        ("réglage part maximale : taux = 80 %", "réglage part maximale : taux ="),
        ("attendu échelle = communale", "attendu échelle communale"),
    ],
}


def ligne(texte, place):
    return texte.count("\n", 0, place) + 1


def erreurs(programme, texte):
    lu = subprocess.run([programme, "regles", "verifier", "-", "--format", "json"], input=texte, capture_output=True,
                        text=True, check=False)
    if lu.returncode not in (0, 1):
        raise SystemExit(f"code {lu.returncode} : {lu.stderr[:400]}")
    messages = [json.loads(x) for x in lu.stdout.splitlines()]
    return [m for m in messages if m["gravité"] == "erreur"]


def fichier(programme, nom, fautes):
    texte = BASE
    for avant, apres, *_ in fautes:
        if avant not in texte:
            raise SystemExit(f"{nom} : rules/2024.regles n'a plus « {avant} »")
        texte = texte.replace(avant, apres, 1)
    attendues = []
    for avant, apres, *ailleurs in fautes:
        commun = next((i for i, (a, b) in enumerate(zip(avant, apres)) if a != b), min(len(avant), len(apres)))
        ici = {ligne(texte, texte.index(apres) + commun)} if apres else set()
        attendues.append(ici | {ligne(texte, m.start()) for x in ailleurs for m in re.finditer(re.escape(x), texte)})
    trouvees = erreurs(programme, texte)
    lignes = [m["ligne"] for m in trouvees]
    manque = [sorted(x) for x in attendues if not x & set(lignes)]
    if len(trouvees) == len(fautes) and not manque:
        return True
    print(f"« {nom} » : {len(trouvees)} messages pour {len(fautes)} fautes ; sans message, lignes {manque}")
    for m in trouvees:
        print(f"  {m['ligne']}:{m['colonne']} {m['code']} {m['message'][:120]}")
    return False


def au_hasard(tirage):
    """One word or sign misspelt, doubled or taken out, comments and texts left alone."""
    places = []
    for m in re.finditer(r"[^\W_]+|[:=|()×≤≥<>,;«»§]", BASE):
        debut = BASE.rfind("\n", 0, m.start()) + 1
        dans_texte = BASE.rfind("«", 0, m.start()) > BASE.rfind("»", 0, m.start())
        if "--" not in BASE[debut:m.start()] and (not dans_texte or m.group() in "«»"):
            places.append(m)
    while True:
        m = tirage.choice(places)
        mot = m.group()
        sorte = tirage.random()
        if len(mot) > 3 and sorte < 0.7:
            i = tirage.randrange(1, len(mot))
            nouveau = mot[:i] + mot[i + 1:] if sorte < 0.35 else mot[:i] + "x" + mot[i:]
        else:
            nouveau = "" if sorte < 0.85 else mot + mot[-1]
        yield m.start(), mot, BASE[:m.start()] + nouveau + BASE[m.end():]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("programme", nargs="?", default=str(RACINE / "build/release/assemblier"))
    arguments.add_argument("--travail", help="not used: nothing is written")
    arguments.add_argument("--graine", type=int, default=2024)
    arguments.add_argument("--nombre", type=int, default=150)
    choix = arguments.parse_args()

    reussis = sum(fichier(choix.programme, nom, fautes) for nom, fautes in FICHIERS.items())
    rates = len(FICHIERS) - reussis

    tires = [x for x, _ in zip(au_hasard(random.Random(choix.graine)), range(choix.nombre))]
    nombre = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(2) as files:
        for (place, mot, _), dites in zip(tires, files.map(lambda x: erreurs(choix.programme, x[2]), tires)):
            nombre[len(dites)] += 1
            if len(dites) > 1:
                print(f"ligne {ligne(BASE, place)}, « {mot} » : {[(m['ligne'], m['code']) for m in dites]}")
    # Some changes are no mistakes (another number, a word of a free text); a few deserve two messages.
    plusieurs = sum(n for combien, n in nombre.items() if combien > 1)
    print(f"fautes seules tirées au hasard, par nombre de messages : {dict(sorted(nombre.items()))}")
    if plusieurs * 33 > choix.nombre:
        rates += 1
    else:
        reussis += 1
    print(f"{reussis} passed, {rates} failed")
    return 1 if rates else 0


if __name__ == "__main__":
    sys.exit(main())
