#!/usr/bin/env python3
"""Vérifie un dossier de preuve d'Assemblier, sans Assemblier : Python et la commande openssl suffisent.

    tools/verifier_preuve.py PREUVE CLEFS [AUTORITES]

CLEFS tient les clefs publiques de confiance, une par ligne (NOM+IDENTIFIANT+BASE64) ; AUTORITES, des certificats en PEM
pour les horodatages. Code de sortie : 0 preuve vraie, 1 preuve fausse, 2 commande mal écrite, 3 fichier illisible. Le
format est décrit dans storage/README.md.
"""

import base64
import binascii
import calendar
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import time


class Fausse(Exception):
    """La preuve ne prouve pas, ou ne se lit pas ; le texte dit pourquoi."""


def exiger(vrai, pourquoi):
    if not vrai:
        raise Fausse(pourquoi)


def texte_de(fichier, codage="utf-8"):
    pannes = {FileNotFoundError: "ce fichier n'existe pas", PermissionError: "accès refusé",
              IsADirectoryError: "c'est un répertoire", UnicodeDecodeError: "ce n'est pas du texte en UTF-8"}
    try:
        with open(fichier, encoding=codage, newline="") as ouvert:
            return ouvert.read()
    except (OSError, UnicodeDecodeError) as panne:
        raise Fausse(f"{fichier} : {pannes.get(type(panne)) or f'erreur du système n° {panne.errno}'}") from None


def octets64(texte):
    """Base 64 stricte : un seul texte pour un contenu."""
    try:
        lu = base64.b64decode(texte, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Fausse("base 64 illisible") from None
    exiger(base64.b64encode(lu).decode() == texte, "base 64 écrite autrement")
    return lu


def sha256(octets):
    return hashlib.sha256(octets).digest()


# --- l'arbre de la RFC 6962 (§ 2.1) et la vérification d'une inclusion (RFC 9162, § 2.1.3.2)

def feuille(octets):
    return sha256(b"\0" + octets)


def noeud(gauche, droite):
    return sha256(b"\1" + gauche + droite)


def inclus(empreinte, rang, taille, chemin, racine):
    if not 0 <= rang < taille:
        return False
    n, dernier = rang, taille - 1
    for frere in chemin:
        if dernier == 0:
            return False
        if n % 2 == 1 or n == dernier:
            empreinte = noeud(frere, empreinte)
            while n % 2 == 0 and n != 0:
                n, dernier = n >> 1, dernier >> 1
        else:
            empreinte = noeud(empreinte, frere)
        n, dernier = n >> 1, dernier >> 1
    return dernier == 0 and empreinte == racine


# --- les signatures (C2SP signed-note, tlog-cosignature)

def clefs_de(fichier):
    clefs = {}
    for ligne in map(str.strip, texte_de(fichier).splitlines()):
        if ligne and not ligne.startswith("#"):
            nom, identifiant, texte = (ligne.split("+", 2) + ["", ""])[:3]
            octets = octets64(texte)
            exiger(len(octets) == 33 and octets[0] in (1, 4) and sha256(nom.encode() + b"\n" + octets)[:4].hex() == identifiant,
                   f"{fichier} : « {ligne} » n'est pas une clef publique")
            clefs[nom, bytes.fromhex(identifiant)] = octets
    return clefs


def signature_vraie(clef, message, signature):
    """Ed25519, par openssl."""
    spki = bytes.fromhex("302a300506032b6570032100") + clef
    with tempfile.NamedTemporaryFile() as k, tempfile.NamedTemporaryFile() as m, tempfile.NamedTemporaryFile() as s:
        for fichier, octets in ((k, spki), (m, message), (s, signature)):
            fichier.write(octets)
            fichier.flush()
        fait = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", k.name, "-rawin",
                               "-in", m.name, "-sigfile", s.name], capture_output=True, check=False)
        return fait.returncode == 0


def tete_signee(note, clefs):
    """Le contenu d'une tête dont chaque signature est vraie et d'une clef connue."""
    coupe = note.rfind("\n\n")
    exiger(coupe > 0 and note.endswith("\n"), "tête illisible")
    texte, lignes = note[:coupe + 1], note[coupe + 2:].split("\n")[:-1]
    exiger(lignes, "tête sans signature")
    signataires = []
    for ligne in lignes:
        exiger(ligne.startswith("— ") and ligne.count(" ") == 2, "ligne de signature illisible")
        _, nom, data = ligne.split(" ")
        data = octets64(data)
        clef = clefs.get((nom, data[:4]))
        exiger(clef is not None, f"signature de « {nom} » : clef inconnue")
        message, signature = texte.encode(), data[4:]
        if clef[0] == 4:
            exiger(len(signature) == 72, "contresignature illisible")
            message = b"cosignature/v1\ntime %d\n" % int.from_bytes(signature[:8], "big") + message
            signature = signature[8:]
        exiger(len(signature) == 64 and signature_vraie(clef[1:], message, signature), f"signature de « {nom} » fausse")
        exiger((nom, clef) not in signataires, f"« {nom} » a signé deux fois")
        signataires.append((nom, clef))
    champs = texte.split("\n")[:-1]
    exiger(len(champs) == 5 and champs[3].startswith("flux ") and champs[4].startswith("journal "), "tête illisible")
    _, nombre, racine_flux = champs[3].split(" ")
    for entier in (champs[1], nombre):
        exiger(entier.isdigit() and str(int(entier)) == entier, "nombre illisible dans la tête")
    exiger(any(nom == champs[0] and clef[0] == 1 for nom, clef in signataires),
           "la tête n'est pas signée par son origine")
    return {"taille": int(champs[1]), "racine": octets64(champs[2]), "nombre": int(nombre),
            "racine_flux": octets64(racine_flux), "journal": champs[4][8:], "signataires": [n for n, _ in signataires]}


# --- l'horodatage de la tête (RFC 3161)

def openssl_ts(*arguments):
    return subprocess.run(["openssl", "ts", *arguments], capture_output=True, check=False)


def horodatage(objet, tete, autorites):
    """L'instant d'un jeton pris sur la tête par une autorité de confiance, dont le certificat valait à cet instant."""
    exiger(list(objet) == ["empreinte", "jeton"], "horodatage mal formé")
    jeton = octets64(objet["jeton"])
    exiger(sha256(jeton).hex() == objet["empreinte"], "un jeton d'horodatage n'a pas son empreinte")
    exiger(autorites, "la tête est horodatée : il faut les certificats des autorités")
    with tempfile.NamedTemporaryFile() as fichier:
        fichier.write(jeton)
        fichier.flush()
        ici = ["-token_in", "-in", fichier.name]
        exiger(openssl_ts("-reply", *ici, "-token_out").stdout == jeton, "horodatage illisible")
        dit = openssl_ts("-reply", *ici, "-text").stdout.decode("utf-8", "replace")
        quand = re.search(r"^Time stamp: (.{15})(?:\.\d+)? (\d{4}) GMT$", dit, re.MULTILINE)
        exiger(quand and "\nHash Algorithm: sha256\n" in dit, "horodatage illisible")
        instant = calendar.timegm(time.strptime(" ".join(quand.groups()), "%b %d %H:%M:%S %Y"))
        fait = openssl_ts("-verify", *ici, "-digest", sha256(tete.encode()).hex(), "-CAfile", autorites, "-attime", str(instant))
        exiger(fait.returncode == 0, "l'horodatage n'est pas celui de cette tête par une autorité de confiance")
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant))


# --- un événement : un en-tête en CBOR déterministe (RFC 8949, § 4.2.1), puis le contenu

CLEFS = ["forme", "position", "flux", "version", "précédent", "type", "date d'effet", "instant", "rôle", "auteur", "acte",
         "événement", "édition", "empreinte du contenu", "engagements"]


class Cbor:
    def __init__(self, octets):
        self.octets, self.ici = octets, 0

    def prendre(self, n):
        exiger(self.ici + n <= len(self.octets), "événement coupé")
        self.ici += n
        return self.octets[self.ici - n:self.ici]

    def valeur(self):
        tete = self.prendre(1)[0]
        genre, reste = tete >> 5, tete & 31
        if genre == 7:
            exiger(reste in (20, 21, 22), "valeur CBOR inattendue")
            return {20: False, 21: True, 22: None}[reste]
        exiger(reste < 28, "longueur CBOR indéfinie")
        n = reste if reste < 24 else int.from_bytes(self.prendre(1 << (reste - 24)), "big")
        if reste >= 24:
            exiger(n >= (24 if reste == 24 else 1 << (8 << (reste - 25))), "nombre CBOR trop long")
        if genre == 0:
            return n
        if genre == 1:
            return -1 - n
        if genre == 2:
            return self.prendre(n)
        if genre == 3:
            return self.prendre(n).decode()
        if genre == 4:
            return [self.valeur() for _ in range(n)]
        exiger(genre == 5, "genre CBOR inattendu")
        return [(self.valeur(), self.valeur()) for _ in range(n)]


def lire(octets):
    cbor = Cbor(octets)
    paires = cbor.valeur()
    exiger(isinstance(paires, list) and paires and [p[0] for p in paires] == list(range(len(paires)))
           and (paires[0][1], len(paires)) in ((1, 14), (2, 15)), "en-tête d'événement inattendu")
    if len(paires) == 15:  # des données personnelles : pour chacune, une personne (16 octets) et un engagement (32)
        scelles = paires[14][1]
        exiger(isinstance(scelles, list) and scelles and all(isinstance(x, bytes) and len(x) == 48 for x in scelles),
               "engagements illisibles")
    evenement = {nom: valeur for nom, (_, valeur) in zip(CLEFS, paires)}
    evenement["contenu"] = octets[cbor.ici:]
    exiger(sha256(evenement["contenu"]) == evenement["empreinte du contenu"], "le contenu n'est pas celui de l'en-tête")
    return evenement


def place(objet, tete):
    """Un événement de la preuve, vérifié à sa place dans le journal."""
    exiger(list(objet) == ["position", "octets", "chemin"], "événement mal formé")
    octets = octets64(objet["octets"])
    evenement = lire(octets)
    exiger(evenement["position"] == objet["position"], f"position {objet['position']} : une autre est écrite dedans")
    chemin = [octets64(x) for x in objet["chemin"]]
    exiger(inclus(feuille(octets), objet["position"], tete["taille"], chemin, tete["racine"]),
           f"position {objet['position']} : l'événement n'est pas sous la tête")
    return evenement, feuille(octets)


def verifier(texte, clefs, autorites):
    try:
        preuve = json.loads(texte)
    except ValueError:
        raise Fausse("ce n'est pas du JSON") from None
    exiger(isinstance(preuve, dict) and json.dumps(preuve, ensure_ascii=False) + "\n" == texte,
           "le fichier n'est pas écrit comme une preuve l'est : un octet y a changé")
    horodatages = ["horodatages"] if "horodatages" in preuve else []
    exiger(list(preuve) == ["forme", "objet", "tête", *horodatages, "flux", "événements", "éditions"], "preuve mal formée")
    exiger(preuve["forme"] == "assemblier-preuve/1", "forme de preuve inconnue")
    tete = tete_signee(preuve["tête"], clefs)
    tete["instants"] = [horodatage(objet, preuve["tête"], autorites) for objet in preuve.get("horodatages", [])]
    exiger(tete["instants"] or not horodatages, "la liste des horodatages est vide")
    editions = {}
    for objet in preuve["éditions"]:
        evenement, _ = place(objet, tete)
        contenu = Cbor(evenement["contenu"]).valeur()
        exiger(evenement["type"] == "publication" and isinstance(contenu, list) and contenu, "ce n'est pas une édition")
        exiger(isinstance(contenu[-1], bytes) and sha256(contenu[-1]) == evenement["édition"], "le texte n'est pas celui de l'édition")
        exiger(evenement["édition"] not in editions, "une édition figure deux fois")
        editions[evenement["édition"]] = False
    dernier, version = bytes(32), 0
    for objet in preuve["événements"]:
        evenement, empreinte = place(objet, tete)
        exiger(evenement["flux"] == preuve["objet"], "un événement est d'un autre objet")
        exiger(evenement["version"] == version, f"version {version} : un événement manque ou est en trop")
        exiger(evenement["précédent"] == dernier, f"version {version} : la chaîne se rompt")
        exiger(evenement["édition"] in editions, f"version {version} : son édition manque")
        editions[evenement["édition"]] = True
        dernier, version = empreinte, version + 1
    exiger(version > 0, "la preuve n'a aucun événement")
    exiger(all(editions.values()), "une édition n'a servi à rien")
    flux = preuve["flux"]
    exiger(list(flux) == ["rang", "chemin"], "place du flux mal formée")
    bout = feuille(preuve["objet"].encode() + b"\0" + (version - 1).to_bytes(8, "big") + dernier)
    exiger(inclus(bout, flux["rang"], tete["nombre"], [octets64(x) for x in flux["chemin"]], tete["racine_flux"]),
           "la tête ne dit pas que l'objet finit là")
    return preuve["objet"], version, tete


def main(arguments):
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        clefs, texte = clefs_de(arguments[1]), texte_de(arguments[0])
        for chemin in arguments[2:]:
            texte_de(chemin, "latin-1")
        exiger(texte.startswith('{"forme": "assemblier-preuve/'), f"{arguments[0]} n'est pas un dossier de preuve")
    except Fausse as erreur:
        print(f"illisible : {erreur}", file=sys.stderr)
        return 3
    try:
        objet, evenements, tete = verifier(texte, clefs, "".join(arguments[2:]))
    except (Fausse, AttributeError, IndexError, KeyError, TypeError, ValueError) as erreur:
        print(f"preuve FAUSSE : {erreur if isinstance(erreur, Fausse) else 'elle est mal formée'}")
        return 1
    print(f"preuve VRAIE : {objet}, {evenements} événements, tête du journal {tete['journal']} à {tete['taille']} "
          f"événements, signée par {', '.join(tete['signataires'])}"
          + "".join(f", horodatée le {instant}" for instant in tete["instants"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
