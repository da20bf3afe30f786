#include "storage/sealing.hpp"

#include "storage/keys.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <sodium.h>

namespace assemblier::storage {

namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kSalt = 32;
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == 32);

// What each use of a key is told apart by.
constexpr std::string_view kSecretUse = "assemblier/1 secret";
constexpr std::string_view kPersonUse = "assemblier/1 personne";
constexpr std::string_view kSealUse = "assemblier/1 sceau";
constexpr std::string_view kCommitmentUse = "assemblier/1 engagement";
constexpr std::string_view kPseudonymUse = "assemblier/1 pseudonyme";
constexpr std::string_view kFingerprintUse = "assemblier/1 empreinte";
constexpr std::string_view kMasterPrefix = "assemblier-clef-maitresse-1:";

std::string_view view_of(const auto& octets) { return {reinterpret_cast<const char*>(octets.data()), octets.size()}; }
const unsigned char* octets_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void fill_random(auto& octets) {
  // Without random octets nothing can be kept secret.
  if (sodium_init() < 0) std::abort();
  randombytes_buf(octets.data(), octets.size());
}

Hash hash_of(std::string_view octets) {
  Hash hash;
  std::ranges::transform(octets, hash.octets.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return hash;
}

Hash hmac(std::string_view key, std::string_view use, std::string_view content) { return Mac(key)(use, content); }

// The block that HMAC begins with: the key, zeros behind it, against `pad`.
BegunHash begun_with(std::string_view key, char pad) {
  std::array<char, 64> block{};
  std::ranges::copy(key, block.begin());
  for (char& octet : block) octet = static_cast<char>(octet ^ pad);
  const BegunHash hash(view_of(block));
  sodium_memzero(block.data(), block.size());
  return hash;
}

// nonce ‖ ciphertext ‖ tag, bound to `about`.
Bytes encrypt(std::string_view key, std::string_view about, std::string_view text) {
  std::array<std::uint8_t, kNonce> nonce{};
  fill_random(nonce);
  Bytes out(view_of(nonce));
  out.resize(kNonce + text.size() + kTag);
  crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(out.data()) + kNonce, nullptr,
                                             octets_of(text), text.size(), octets_of(about), about.size(), nullptr,
                                             nonce.data(), octets_of(key));
  return out;
}

std::optional<Bytes> decrypt(std::string_view key, std::string_view about, std::string_view record) {
  if (record.size() < kNonce + kTag || sodium_init() < 0) return std::nullopt;
  Bytes text(record.size() - kNonce - kTag, '\0');
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
      reinterpret_cast<unsigned char*>(text.data()), nullptr, nullptr, octets_of(record) + kNonce,
      record.size() - kNonce, octets_of(about), about.size(), octets_of(record), octets_of(key));
  return failed == 0 ? std::optional(std::move(text)) : std::nullopt;
}

Bytes about(std::string_view use, std::initializer_list<std::string_view> parts) {
  Bytes text(use);
  text += '\0';
  for (const std::string_view part : parts) text += part;
  return text;
}

Bytes about_seal(const PersonId& person, const Hash& commitment) {
  return about(kSealUse, {view_of(person.octets), view_of(commitment.octets)});
}

}  // namespace

std::string to_hex(const PersonId& person) { return to_hex(view_of(person.octets)); }

// ---------------------------------------------------------------------------------------------------------------------
// The master key

std::optional<MasterKey> MasterKey::generate() {
  if (sodium_init() < 0) return std::nullopt;
  MasterKey key;
  randombytes_buf(key.octets_.data(), key.octets_.size());
  return key;
}

std::optional<MasterKey> MasterKey::parse(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
  if (!text.starts_with(kMasterPrefix)) return std::nullopt;
  const std::optional<Hash> octets = hash_from_hex(text.substr(kMasterPrefix.size()));
  if (!octets) return std::nullopt;
  MasterKey key;
  key.octets_ = octets->octets;
  return key;
}

MasterKey::~MasterKey() { sodium_memzero(octets_.data(), octets_.size()); }

std::string MasterKey::text() const { return std::string(kMasterPrefix) + to_hex(view_of(octets_)); }

// ---------------------------------------------------------------------------------------------------------------------
// Values

Person new_person() {
  Person person;
  fill_random(person.id.octets);
  fill_random(person.key.octets);
  return person;
}

SealedValue seal(const Person& person, std::string_view content) {
  std::array<std::uint8_t, kSalt> salt{};
  fill_random(salt);
  SealedValue sealed{.commitment = hmac(view_of(salt), kCommitmentUse, content), .record = {}};
  Bytes text(view_of(salt));
  text += content;
  sealed.record = encrypt(view_of(person.key.octets), about_seal(person.id, sealed.commitment), text);
  sodium_memzero(text.data(), text.size());
  return sealed;
}

std::optional<Bytes> open_seal(const Hash& person_key, const Seal& seal, std::string_view record) {
  auto text = decrypt(view_of(person_key.octets), about_seal(seal.person, seal.commitment), record);
  if (!text || text->size() < kSalt) return std::nullopt;
  Bytes content = text->substr(kSalt);
  if (hmac(std::string_view(*text).substr(0, kSalt), kCommitmentUse, content) != seal.commitment) return std::nullopt;
  return content;
}

// ---------------------------------------------------------------------------------------------------------------------
// The secret of a journal

Mac::Mac(std::string_view key) : inner_(begun_with(key, '\x36')), outer_(begun_with(key, '\x5c')) {}

Hash Mac::operator()(std::string_view use, std::string_view content) const {
  static constexpr std::string_view kEnd("\0", 1);
  const Hash inner = inner_.then({use, kEnd, content});
  return outer_.then({view_of(inner.octets)});
}

Bytes Sealer::new_record(const MasterKey& master, std::string_view journal_id) {
  std::array<std::uint8_t, 32> secret{};
  fill_random(secret);
  return encrypt(view_of(master.octets()), about(kSecretUse, {journal_id}), view_of(secret));
}

Result<Sealer> Sealer::open(const MasterKey& master, std::string_view journal_id, std::string_view record) {
  const auto secret = decrypt(view_of(master.octets()), about(kSecretUse, {journal_id}), record);
  if (!secret || secret->size() != 32) {
    return std::unexpected(
        Error{ErrorKind::kKey, "la clef maîtresse donnée n'est pas celle de ce journal ; donner celle qui l'a scellé"});
  }
  const Mac mac(*secret);
  return Sealer(master, Mac(view_of(mac(kPseudonymUse, {}).octets)), Mac(view_of(mac(kFingerprintUse, {}).octets)));
}

Hash Sealer::pseudonym(std::string_view person) const { return pseudonym_key_(kPersonUse, person); }

Bytes Sealer::wrap(const Person& person) const {
  return encrypt(view_of(master_.octets()), about(kPersonUse, {view_of(person.id.octets)}), view_of(person.key.octets));
}

std::optional<Hash> Sealer::unwrap(const PersonId& id, std::string_view record) const {
  const auto key = decrypt(view_of(master_.octets()), about(kPersonUse, {view_of(id.octets)}), record);
  if (!key || key->size() != 32) return std::nullopt;
  return hash_of(*key);
}

// ---------------------------------------------------------------------------------------------------------------------
// What a journal was opened with

Bytes new_fingerprint_key() {
  std::array<std::uint8_t, 32> key{};
  fill_random(key);
  Bytes record(view_of(key));
  record += view_of(sha256(record).octets);
  return record;
}

std::optional<Hash> decode_fingerprint_key(std::string_view record) {
  if (record.size() != 64 || view_of(sha256(record.substr(0, 32)).octets) != record.substr(32)) return std::nullopt;
  return hash_of(record.substr(0, 32));
}

Result<Keyring> Keyring::open(View& view, const JournalOptions& options, std::string_view journal_id) {
  Keyring keyring;
  auto key = view.get(fingerprint_key_key());
  if (!key) return std::unexpected(std::move(key.error()));
  if (const auto octets = *key ? decode_fingerprint_key(**key) : std::nullopt)
    keyring.fingerprint_key_.emplace(view_of(octets->octets));
  auto record = view.get(sealing_key());
  if (!record) return std::unexpected(std::move(record.error()));
  if (!*record) return keyring;
  keyring.seals_ = true;
  if (!options.master_key) return keyring;
  auto sealer = Sealer::open(*options.master_key, journal_id, **record);
  if (!sealer) return std::unexpected(std::move(sealer.error()));
  keyring.sealer_ = std::move(*sealer);
  return keyring;
}

FingerprintKind Keyring::kind() const { return seals_ ? FingerprintKind::kSecret : FingerprintKind::kKeyed; }

Result<Hash> Keyring::kept(FingerprintKind kind, const Hash& fingerprint) const {
  const std::string_view plain = view_of(fingerprint.octets);
  switch (kind) {
    case FingerprintKind::kPlain:
      return fingerprint;
    case FingerprintKind::kKeyed:
      if (fingerprint_key_) return (*fingerprint_key_)(kFingerprintUse, plain);
      return std::unexpected(Error{ErrorKind::kDamaged,
                                   "journal abîmé : la clef de ses empreintes manque ou est illisible ; repartir d'une "
                                   "sauvegarde"});
    case FingerprintKind::kSecret:
      if (sealer_) return sealer_->fingerprint_key()(kFingerprintUse, plain);
      return std::unexpected(needs_key());
    case FingerprintKind::kForeign:
      break;
  }
  std::abort();
}

Result<bool> Keyring::same(const StoredOutcome& outcome, const Hash& fingerprint) const {
  if (outcome.kind == FingerprintKind::kForeign) return true;
  const auto wanted = kept(outcome.kind, fingerprint);
  if (!wanted) return std::unexpected(wanted.error());
  return outcome.outcome.fingerprint == *wanted;
}

Error needs_key() {
  return {ErrorKind::kKey,
          "ce journal tient des données personnelles scellées : sa clef maîtresse est nécessaire pour cela ; la donner "
          "par --clef-maitresse ou ASSEMBLIER_CLEF_MAITRESSE"};
}

Result<void> purge_erased(Store& store) {
  static_assert(static_cast<char>(Tag::kPerson) < static_cast<char>(Tag::kSeal));
  if (auto ok = store.purge(tag_begin(Tag::kPerson), tag_end(Tag::kSeal)); !ok) return ok;
  store.remove(purge_key());
  return store.commit();
}

Result<Unsealed> unseal(Store& store, const Keyring& keyring, const Seal& seal) {
  const auto damaged = [&seal](const char* what) {
    return std::unexpected(Error{ErrorKind::kDamaged,
                                 fmt::format("journal abîmé : donnée scellée {}… : {} ; « journal verifier » donne la "
                                             "liste complète",
                                             to_hex(seal.commitment).substr(0, 16), what)});
  };
  auto owner = store.get(owner_key(seal.person));
  if (!owner) return std::unexpected(std::move(owner.error()));
  if (!*owner) return damaged("la clef de sa personne manque");
  if (const auto erased = decode_position(**owner)) {
    return Unsealed{.kind = Unsealed::Kind::kErased, .content = {}, .erased = *erased};
  }
  if (keyring.sealer() == nullptr || (*owner)->empty()) return Unsealed{};
  const auto key = keyring.sealer()->unwrap(seal.person, **owner);
  if (!key) return damaged("la clef de sa personne ne s'ouvre pas");
  auto record = store.get(seal_key(seal));
  if (!record) return std::unexpected(std::move(record.error()));
  if (!*record) return damaged("son contenu manque");
  auto content = open_seal(*key, seal, **record);
  if (!content) return damaged("son contenu n'est pas celui que l'événement engage");
  return Unsealed{.kind = Unsealed::Kind::kOpen, .content = std::move(*content), .erased = {}};
}

}  // namespace assemblier::storage
