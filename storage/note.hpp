#pragma once
// Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature): a text anybody can read, signed
// lines under it. Ed25519 by libsodium.
//
// Thread-safety: values and pure functions. The secret of a key is wiped from memory when the key goes.
//
//   const SecretKey key = *SecretKey::generate("exemple.fr/journal", KeyKind::kSigner);
//   Note note{.text = render(checkpoint)};  note.signatures.push_back(key.sign(note.text));
//   if (auto signers = check_note(*parse_note(render(note)), trusted)) …

#include "storage/bytes.hpp"

#include <expected>
#include <span>
#include <vector>

namespace assemblier::storage {

/// Standard base64 (RFC 4648 § 4), with padding.
[[nodiscard]] std::string to_base64(std::string_view data);
/// Strict inverse: nothing for a text that to_base64 cannot have given.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

/// The signature type octet of C2SP.
enum class KeyKind : std::uint8_t {
  kSigner = 1,   ///< Ed25519 over the note's text
  kWitness = 4,  ///< cosignature/v1: Ed25519 over an instant and the text
};

struct Signature {
  std::string name;
  std::uint32_t key_id = 0;
  Bytes octets;  ///< after the key id: 64, or 8 of instant and 64
};

struct Note {
  std::string text;  ///< ends with a newline
  std::vector<Signature> signatures;
};

/// What "vkey" is in C2SP: NAME+IDENTIFIER+BASE64.
struct PublicKey {
  std::string name;
  KeyKind kind = KeyKind::kSigner;
  std::array<std::uint8_t, 32> octets{};
  /// First four octets of SHA-256(name ‖ "\n" ‖ kind ‖ key).
  [[nodiscard]] std::uint32_t id() const;
  bool operator==(const PublicKey&) const = default;
};

[[nodiscard]] std::string render(const PublicKey& key);
[[nodiscard]] std::expected<PublicKey, std::string> parse_public_key(std::string_view text);

class SecretKey {
 public:
  /// Nothing when the name is empty or holds a space or a plus sign.
  [[nodiscard]] static std::optional<SecretKey> generate(std::string_view name, KeyKind kind);
  /// "PRIVATE+KEY+NAME+IDENTIFIER+BASE64".
  [[nodiscard]] static std::expected<SecretKey, std::string> parse(std::string_view text);
  SecretKey(SecretKey&&) noexcept;
  SecretKey& operator=(SecretKey&&) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey();

  [[nodiscard]] std::string render() const;
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  /// `instant_s`: seconds since 1970, for a witness.
  [[nodiscard]] Signature sign(std::string_view text, std::uint64_t instant_s = 0) const;

 private:
  SecretKey(std::string_view name, KeyKind kind, std::span<const std::uint8_t, 32> seed);
  PublicKey public_key_;
  std::array<std::uint8_t, 64> secret_{};
};

/// The text, an empty line, the signatures.
[[nodiscard]] std::string render(const Note& note);
[[nodiscard]] std::expected<Note, std::string> parse_note(std::string_view text);

[[nodiscard]] bool verify_signature(const Note& note, const Signature& signature, const PublicKey& key);

/// Who signed, of those trusted: at least one signer, every signature of a known key true, every other one refused.
/// Stricter than C2SP, which passes over unknown keys: nothing in a proof may be there unchecked.
[[nodiscard]] std::expected<std::vector<PublicKey>, std::string> check_note(const Note& note,
                                                                            std::span<const PublicKey> trusted);

/// What a head says, as a tlog-checkpoint: origin, size, root; then as extension lines the flux and the journal.
struct Checkpoint {
  std::string origin;  ///< the signing key's name
  std::uint64_t size = 0;
  Hash root{};
  std::uint64_t flux_count = 0;
  Hash flux_root{};
  std::string journal_id;
  bool operator==(const Checkpoint&) const = default;
};

[[nodiscard]] std::string render(const Checkpoint& checkpoint);
/// Strict inverse; French reason.
[[nodiscard]] std::expected<Checkpoint, std::string> parse_checkpoint(std::string_view text);

}  // namespace assemblier::storage
