#!/bin/sh
# Vérifie une tête scellée d'Assemblier, et son horodatage, sans Assemblier : la commande openssl et les coreutils.
#
#   tools/verifier_tete.sh TETE CLEFS [HORODATAGE AUTORITES]
#
# CLEFS tient les clefs publiques de confiance, une par ligne ; HORODATAGE est la réponse ou le jeton d'une autorité (RFC
# 3161) pris sur la tête entière, AUTORITES des certificats en PEM. Code de sortie : 0 tout est vrai, 1 faux, 2 commande
# mal écrite, 3 fichier illisible. Le format est décrit dans storage/README.md.
set -eu
export LC_ALL=C

faux() {
  echo "tête FAUSSE : $1"
  exit 1
}

if [ $# -ne 2 ] && [ $# -ne 4 ]; then
  head -n 8 "$0" | tail -n +2 >&2
  exit 2
fi
for fichier; do
  if [ ! -r "$fichier" ]; then
    echo "illisible : $fichier" >&2
    exit 3
  fi
done
ici=$(mktemp -d)
trap 'rm -rf "$ici"' EXIT

head -n 5 "$1" >"$ici/texte"
tail -n +7 "$1" >"$ici/signatures"
refait=$({
  cat "$ici/texte"
  echo
  cat "$ici/signatures"
} | sha256sum)
[ "$refait" = "$(sha256sum <"$1")" ] || faux "cinq lignes, une ligne vide, puis des signatures sont attendues"
origine=$(head -n 1 "$ici/texte")
nombre=$(head -n 2 "$ici/texte" | tail -n 1)

signataires=''
par_origine=non
while read -r tiret nom data reste || [ -n "$tiret" ]; do
  [ "$tiret" = '—' ] && [ -n "$data" ] && [ -z "$reste" ] || faux "ligne de signature illisible"
  printf '%s' "$data" | base64 -d >"$ici/data" 2>"$ici/erreur" || faux "signature de « $nom » illisible"
  [ "$(base64 -w 0 "$ici/data")" = "$data" ] || faux "signature de « $nom » illisible"
  id=$(head -c 4 "$ici/data" | od -An -tx1 | tr -d ' \n')

  clef=''
  while read -r ligne || [ -n "$ligne" ]; do
    case $ligne in "$nom+$id+"*) clef=${ligne#"$nom+$id+"} ;; esac
  done <"$2"
  [ -n "$clef" ] || faux "signature de « $nom » : clef inconnue"
  printf '%s' "$clef" | base64 -d >"$ici/clef"
  calcule=$({
    printf '%s\n' "$nom"
    cat "$ici/clef"
  } | sha256sum | head -c 8)
  [ "$(wc -c <"$ici/clef")" -eq 33 ] && [ "$calcule" = "$id" ] || faux "clef publique de « $nom » illisible"

  # La clef en DER (RFC 8410) ; puis ce qui est signé : le texte, ou ce texte daté par un témoin.
  {
    printf '\060\052\060\005\006\003\053\145\160\003\041\000'
    tail -c +2 "$ici/clef"
  } >"$ici/der"
  tail -c +5 "$ici/data" >"$ici/signature"
  case $(head -c 1 "$ici/clef" | od -An -tu1 | tr -d ' ') in
    1)
      cp "$ici/texte" "$ici/message"
      if [ "$nom" = "$origine" ]; then par_origine=oui; fi
      ;;
    4)
      {
        printf 'cosignature/v1\ntime %s\n' "$(head -c 8 "$ici/signature" | od -An -tu8 --endian=big | tr -d ' ')"
        cat "$ici/texte"
      } >"$ici/message"
      tail -c +9 "$ici/signature" >"$ici/reste"
      mv "$ici/reste" "$ici/signature"
      ;;
    *) faux "genre de clef inconnu" ;;
  esac
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$ici/der" -rawin -in "$ici/message" -sigfile "$ici/signature" \
    >"$ici/sortie" 2>&1 || faux "signature de « $nom » fausse"
  signataires="$signataires${signataires:+, }$nom"
done <"$ici/signatures"
[ "$par_origine" = oui ] || faux "elle n'est pas signée par son origine"

instant=''
if [ $# -eq 4 ]; then
  jeton=-token_in
  if ! openssl ts -reply $jeton -in "$3" -text >"$ici/sortie" 2>&1; then
    jeton=''
    openssl ts -reply -in "$3" -text >"$ici/sortie" 2>&1 || faux "horodatage illisible"
  fi
  while read -r debut mot reste; do
    if [ "$debut $mot" = 'Time stamp:' ]; then instant=$reste; fi
  done <"$ici/sortie"
  # Le certificat de l'autorité est jugé à l'instant du jeton, qui lui survit.
  secondes=$(date -u -d "$instant" +%s 2>"$ici/erreur") || faux "instant de l'horodatage illisible"
  empreinte=$(sha256sum <"$1" | head -c 64)
  openssl ts -verify $jeton -in "$3" -digest "$empreinte" -CAfile "$4" -attime "$secondes" >"$ici/sortie" 2>&1 ||
    faux "l'horodatage n'est pas celui de cette tête par une autorité de confiance"
fi

echo "tête VRAIE : $origine, $nombre événements, signée par $signataires"
if [ -n "$instant" ]; then echo "  horodatée le $(date -u -d "$instant" '+%Y-%m-%d %H:%M:%S') UTC"; fi
