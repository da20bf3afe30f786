# Sourced by tools/demo and tools/test: installs the Debian packages that are missing, as root or with sudo.

# installer_paquets PAQUET…: only the missing ones, and nothing at all when none is.
installer_paquets() {
  local manquants=() paquet
  for paquet in "$@"; do
    if [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$paquet" 2>/dev/null | cut -c1-2)" != "ii" ]; then
      manquants+=("$paquet")
    fi
  done
  [ "${#manquants[@]}" -eq 0 ] && return 0
  local en_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "Il manque des paquets, et ni root ni sudo pour les installer : ${manquants[*]}" >&2
      return 1
    fi
    en_root=(sudo)
  fi
  echo "— Installation des paquets manquants : ${manquants[*]}"
  "${en_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update
  "${en_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${manquants[@]}" >/dev/null
}

PAQUETS_CONSTRUCTION=(
  g++ cmake ninja-build ccache pkg-config git python3
  libboost1.81-dev librocksdb-dev nlohmann-json3-dev libspdlog-dev libfmt-dev libcli11-dev
  libssl-dev libutf8proc-dev libsodium-dev liblz4-dev libjemalloc-dev
)
PAQUETS_ESSAIS=(libgtest-dev libgmock-dev libbenchmark-dev openssl)
# The check of layout is left out where this one cannot be had.
PAQUETS_MISE_EN_FORME=(clang-format-19)
