#include "storage/note.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <sodium.h>

namespace assemblier::storage {

namespace {

constexpr std::string_view kSecretPrefix = "PRIVATE+KEY+";
constexpr std::string_view kSignaturePrefix = "— ";
constexpr std::size_t kSignatureBytes = crypto_sign_BYTES;
static_assert(crypto_sign_BYTES == 64 && crypto_sign_PUBLICKEYBYTES == 32 && crypto_sign_SECRETKEYBYTES == 64);

const unsigned char* octets(std::string_view data) { return reinterpret_cast<const unsigned char*>(data.data()); }

std::string_view view_of(std::span<const std::uint8_t> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

bool good_name(std::string_view name) {
  return !name.empty() && name.find_first_of(" +\n\t\r") == std::string_view::npos;
}

bool good_kind(char kind) {
  return kind == static_cast<char>(KeyKind::kSigner) || kind == static_cast<char>(KeyKind::kWitness);
}

Bytes big_endian(std::uint64_t value, unsigned bytes) {
  Bytes out;
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xFFU);
  return out;
}

std::uint64_t from_big_endian(std::string_view data) {
  std::uint64_t value = 0;
  for (const char c : data) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

std::string identifier(std::uint32_t id) { return to_hex(big_endian(id, 4)); }

Bytes signed_text(std::string_view text, KeyKind kind, std::uint64_t instant_s) {
  if (kind == KeyKind::kSigner) return Bytes(text);
  return fmt::format("cosignature/v1\ntime {}\n{}", instant_s, text);
}

template <class Unsigned>
std::optional<Unsigned> number(std::string_view text) {
  Unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc() || end != text.data() + text.size() || leading_zero) return std::nullopt;
  return value;
}

std::optional<Hash> hash_from_base64(std::string_view text) {
  const auto data = from_base64(text);
  Hash hash;
  if (!data || data->size() != hash.octets.size()) return std::nullopt;
  std::ranges::transform(*data, hash.octets.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return hash;
}

// NAME+IDENTIFIER+BASE64, where only the last part may hold a plus sign.
struct KeyText {
  std::string_view name, id;
  Bytes data;
};
std::optional<KeyText> split_key(std::string_view text) {
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  auto data = from_base64(text.substr(second + 1));
  if (!data || data->size() != 33 || !good_kind(data->front())) return std::nullopt;
  return KeyText{text.substr(0, first), text.substr(first + 1, second - first - 1), std::move(*data)};
}

std::unexpected<std::string> bad(std::string why) { return std::unexpected(std::move(why)); }

}  // namespace

std::string to_base64(std::string_view data) {
  std::string text(sodium_base64_ENCODED_LEN(data.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), octets(data), data.size(), sodium_base64_VARIANT_ORIGINAL);
  text.resize(text.find('\0'));
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  Bytes data(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const int failed = sodium_base642bin(reinterpret_cast<unsigned char*>(data.data()), data.size(), text.data(),
                                       text.size(), nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL);
  if (failed != 0 || end != text.data() + text.size()) return std::nullopt;
  data.resize(size);
  // Left-over bits of the last letter must be zero: one text for one content.
  if (to_base64(data) != text) return std::nullopt;
  return data;
}

// ---------------------------------------------------------------------------------------------------------------------
// Keys

std::uint32_t PublicKey::id() const {
  Bytes data = name + "\n";
  data += static_cast<char>(kind);
  data += view_of(octets);
  return static_cast<std::uint32_t>(from_big_endian(to_bytes(sha256(data)).substr(0, 4)));
}

std::string render(const PublicKey& key) {
  return key.name + "+" + identifier(key.id()) + "+" +
         to_base64(Bytes(1, static_cast<char>(key.kind)) + Bytes(view_of(key.octets)));
}

std::expected<PublicKey, std::string> parse_public_key(std::string_view text) {
  const auto parts = split_key(text);
  if (!parts || !good_name(parts->name)) return bad("clef publique illisible ; NOM+IDENTIFIANT+BASE64 est attendu");
  PublicKey key{.name = std::string(parts->name), .kind = static_cast<KeyKind>(parts->data[0]), .octets = {}};
  std::transform(parts->data.begin() + 1, parts->data.end(), key.octets.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  if (identifier(key.id()) != parts->id) return bad("clef publique : l'identifiant n'est pas celui de la clef");
  return key;
}

SecretKey::SecretKey(std::string_view name, KeyKind kind, std::span<const std::uint8_t, 32> seed) {
  public_key_.name = name;
  public_key_.kind = kind;
  crypto_sign_seed_keypair(public_key_.octets.data(), secret_.data(), seed.data());
}

SecretKey::SecretKey(SecretKey&& other) noexcept : public_key_(std::move(other.public_key_)), secret_(other.secret_) {
  sodium_memzero(other.secret_.data(), other.secret_.size());
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this == &other) return *this;
  public_key_ = std::move(other.public_key_);
  secret_ = other.secret_;
  sodium_memzero(other.secret_.data(), other.secret_.size());
  return *this;
}

SecretKey::~SecretKey() { sodium_memzero(secret_.data(), secret_.size()); }

std::optional<SecretKey> SecretKey::generate(std::string_view name, KeyKind kind) {
  if (!good_name(name) || sodium_init() < 0) return std::nullopt;
  std::array<std::uint8_t, 32> seed{};
  randombytes_buf(seed.data(), seed.size());
  SecretKey key(name, kind, seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

std::string SecretKey::render() const {
  // libsodium's secret is the seed, then the public key.
  return std::string(kSecretPrefix) + public_key_.name + "+" + identifier(public_key_.id()) + "+" +
         to_base64(Bytes(1, static_cast<char>(public_key_.kind)) + Bytes(view_of(secret_).substr(0, 32)));
}

std::expected<SecretKey, std::string> SecretKey::parse(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (!text.starts_with(kSecretPrefix)) return bad("ce n'est pas une clef secrète ; PRIVATE+KEY+… est attendu");
  auto parts = split_key(text.substr(kSecretPrefix.size()));
  if (!parts || !good_name(parts->name))
    return bad("clef secrète illisible ; PRIVATE+KEY+NOM+IDENTIFIANT+BASE64 est attendu");
  std::array<std::uint8_t, 32> seed{};
  std::transform(parts->data.begin() + 1, parts->data.end(), seed.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  SecretKey key(parts->name, static_cast<KeyKind>(parts->data[0]), seed);
  sodium_memzero(seed.data(), seed.size());
  sodium_memzero(parts->data.data(), parts->data.size());
  if (identifier(key.public_key_.id()) != parts->id)
    return bad("clef secrète : l'identifiant n'est pas celui de la clef");
  return key;
}

Signature SecretKey::sign(std::string_view text, std::uint64_t instant_s) const {
  Signature signature{.name = public_key_.name, .key_id = public_key_.id(), .octets = {}};
  if (public_key_.kind == KeyKind::kWitness) signature.octets = big_endian(instant_s, 8);
  const Bytes message = signed_text(text, public_key_.kind, instant_s);
  std::array<unsigned char, kSignatureBytes> made{};
  crypto_sign_detached(made.data(), nullptr, octets(message), message.size(), secret_.data());
  signature.octets += view_of(made);
  return signature;
}

// ---------------------------------------------------------------------------------------------------------------------
// Notes

std::string render(const Note& note) {
  std::string text = note.text + "\n";
  for (const Signature& signature : note.signatures) {
    text += std::string(kSignaturePrefix) + signature.name + " " +
            to_base64(big_endian(signature.key_id, 4) + signature.octets) + "\n";
  }
  return text;
}

std::expected<Note, std::string> parse_note(std::string_view text) {
  const std::size_t split = text.rfind("\n\n");
  if (split == std::string_view::npos || text.back() != '\n') {
    return bad("note illisible : un texte, une ligne vide, puis des signatures sont attendus");
  }
  Note note{.text = std::string(text.substr(0, split + 1)), .signatures = {}};
  std::string_view rest = text.substr(split + 2);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (!line.starts_with(kSignaturePrefix))
      return bad("note illisible : une ligne de signature ne commence pas par « — »");
    line.remove_prefix(kSignaturePrefix.size());
    const std::size_t space = line.find(' ');
    const auto data = space == std::string_view::npos ? std::nullopt : from_base64(line.substr(space + 1));
    if (!data || data->size() < 5 || !good_name(line.substr(0, space)))
      return bad("note illisible : signature mal formée");
    note.signatures.push_back({.name = std::string(line.substr(0, space)),
                               .key_id = static_cast<std::uint32_t>(from_big_endian(data->substr(0, 4))),
                               .octets = data->substr(4)});
  }
  if (note.signatures.empty()) return bad("note sans signature");
  return note;
}

bool verify_signature(const Note& note, const Signature& signature, const PublicKey& key) {
  if (signature.name != key.name || signature.key_id != key.id()) return false;
  const bool witness = key.kind == KeyKind::kWitness;
  if (signature.octets.size() != (witness ? 8 : 0) + kSignatureBytes) return false;
  const std::uint64_t instant = witness ? from_big_endian(std::string_view(signature.octets).substr(0, 8)) : 0;
  const Bytes message = signed_text(note.text, key.kind, instant);
  const std::string_view made = std::string_view(signature.octets).substr(witness ? 8 : 0);
  return crypto_sign_verify_detached(octets(made), octets(message), message.size(), key.octets.data()) == 0;
}

std::expected<std::vector<PublicKey>, std::string> check_note(const Note& note, std::span<const PublicKey> trusted) {
  std::vector<PublicKey> signers;
  for (const Signature& signature : note.signatures) {
    const auto key = std::ranges::find_if(trusted, [&signature](const PublicKey& candidate) {
      return candidate.name == signature.name && candidate.id() == signature.key_id;
    });
    if (key == trusted.end()) {
      return bad(fmt::format("signature de « {} » (clef {}) : cette clef n'est pas parmi celles de confiance",
                             signature.name, identifier(signature.key_id)));
    }
    if (!verify_signature(note, signature, *key)) {
      return bad(fmt::format("signature de « {} » (clef {}) : FAUSSE", signature.name, identifier(signature.key_id)));
    }
    if (std::ranges::find(signers, *key) != signers.end())
      return bad(fmt::format("« {} » a signé deux fois", key->name));
    signers.push_back(*key);
  }
  if (std::ranges::find(signers, KeyKind::kSigner, &PublicKey::kind) == signers.end()) {
    return bad("aucune signature du journal lui-même, seulement de témoins");
  }
  return signers;
}

// ---------------------------------------------------------------------------------------------------------------------
// Checkpoints

std::string render(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\nflux {} {}\njournal {}\n", checkpoint.origin, checkpoint.size,
                     to_base64(to_bytes(checkpoint.root)), checkpoint.flux_count,
                     to_base64(to_bytes(checkpoint.flux_root)), checkpoint.journal_id);
}

std::expected<Checkpoint, std::string> parse_checkpoint(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  Checkpoint checkpoint;
  const auto wrong = [] {
    return bad(
        "tête illisible : origine, nombre d'événements, racine, « flux NOMBRE RACINE », « journal UUID » sont "
        "attendus");
  };
  if (lines.size() != 5 || !lines[3].starts_with("flux ") || !lines[4].starts_with("journal ")) return wrong();
  const std::string_view flux = lines[3].substr(5);
  const std::size_t space = flux.find(' ');
  if (space == std::string_view::npos) return wrong();
  const auto size = number<std::uint64_t>(lines[1]);
  const auto root = hash_from_base64(lines[2]);
  const auto count = number<std::uint64_t>(flux.substr(0, space));
  const auto flux_root = hash_from_base64(flux.substr(space + 1));
  if (!size || !root || !count || !flux_root) return wrong();
  checkpoint = {.origin = std::string(lines[0]),
                .size = *size,
                .root = *root,
                .flux_count = *count,
                .flux_root = *flux_root,
                .journal_id = std::string(lines[4].substr(8))};
  if (!good_name(checkpoint.origin) || render(checkpoint) != text) return wrong();
  return checkpoint;
}

}  // namespace assemblier::storage
