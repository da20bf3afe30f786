#pragma once
// The keys of a journal at work: fingerprints under a key, persons under pseudonyms, values sealed and opened.
// XChaCha20-Poly1305 by libsodium. Private to storage/.
//
// Thread-safety: immutable once built.
//
//   const Person person = new_person();
//   const SealedValue sealed = seal(person, content);      // commitment into the event, record beside it
//   open_seal(person.key, {person.id, sealed.commitment}, sealed.record) == content

#include "storage/sha256.hpp"
#include "storage/store.hpp"

namespace assemblier::storage {

struct Person {
  PersonId id;
  Hash key;  ///< 32 random octets
};

struct SealedValue {
  Hash commitment;
  Bytes record;  ///< nonce (24), then salt (32) and content encrypted (+ 16)
};

[[nodiscard]] Person new_person();
[[nodiscard]] SealedValue seal(const Person& person, std::string_view content);
/// The content; nothing when the record is not that of this seal, under this key.
[[nodiscard]] std::optional<Bytes> open_seal(const Hash& person_key, const Seal& seal, std::string_view record);

/// HMAC-SHA-256 (RFC 2104) under a key, hashed once, of 32 octets at most 64.
class Mac {
 public:
  explicit Mac(std::string_view key);
  /// Of `use`, a zero octet and `content`.
  [[nodiscard]] Hash operator()(std::string_view use, std::string_view content) const;

 private:
  BegunHash inner_, outer_;
};

/// The secret of a journal that seals: random, kept in it under the master key.
class Sealer {
 public:
  /// The record of a new secret.
  [[nodiscard]] static Bytes new_record(const MasterKey& master, std::string_view journal_id);
  /// kKey when the master key is not the one.
  [[nodiscard]] static Result<Sealer> open(const MasterKey& master, std::string_view journal_id,
                                           std::string_view record);

  [[nodiscard]] const Mac& fingerprint_key() const { return fingerprint_key_; }
  /// What stands for a person's name in a key: nothing can be told from it without the secret.
  [[nodiscard]] Hash pseudonym(std::string_view person) const;
  /// The key of a person under the master key: nonce (24), key encrypted (48).
  [[nodiscard]] Bytes wrap(const Person& person) const;
  [[nodiscard]] std::optional<Hash> unwrap(const PersonId& id, std::string_view record) const;

 private:
  Sealer(const MasterKey& master, const Mac& pseudonym_key, const Mac& fingerprint_key)
      : master_(master), pseudonym_key_(pseudonym_key), fingerprint_key_(fingerprint_key) {}
  MasterKey master_;
  Mac pseudonym_key_, fingerprint_key_;
};

/// What a journal was opened with.
class Keyring {
 public:
  /// kKey for a wrong master key, kDamaged when the journal has lost its own. A journal of a format without keys has
  /// none.
  [[nodiscard]] static Result<Keyring> open(View& view, const JournalOptions& options, std::string_view journal_id);

  /// Whether the journal may hold personal values.
  [[nodiscard]] bool seals() const { return seals_; }
  /// Null without the master key.
  [[nodiscard]] const Sealer* sealer() const { return sealer_ ? &*sealer_ : nullptr; }
  /// How the fingerprints of new outcomes are kept.
  [[nodiscard]] FingerprintKind kind() const;
  /// A fingerprint as it is kept; kKey when that takes the master key. REQUIRES a kind of this journal's own.
  [[nodiscard]] Result<Hash> kept(FingerprintKind kind, const Hash& fingerprint) const;
  /// Whether an outcome is that of the same request; of one that was imported only the id can tell, and does.
  [[nodiscard]] Result<bool> same(const StoredOutcome& kept, const Hash& fingerprint) const;

 private:
  std::optional<Mac> fingerprint_key_;
  std::optional<Sealer> sealer_;
  bool seals_ = false;
};

/// The record of a new key for the fingerprints of a journal that seals nothing: it lies in the journal itself, with
/// its SHA-256.
[[nodiscard]] Bytes new_fingerprint_key();
/// Nothing for a record that the function above cannot have given.
[[nodiscard]] std::optional<Hash> decode_fingerprint_key(std::string_view record);
/// kKey: the master key is missing.
[[nodiscard]] Error needs_key();

/// Makes the files forget what was erased: the end of an erasure, or of one that was cut short.
[[nodiscard]] Result<void> purge_erased(Store& store);
/// What the store tells of a sealed value.
[[nodiscard]] Result<Unsealed> unseal(Store& store, const Keyring& keyring, const Seal& seal);

}  // namespace assemblier::storage
