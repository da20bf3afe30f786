#pragma once
// Personal values. An event holds a salted commitment to each; the value itself lies beside it, encrypted under a key
// of its person, which lies there encrypted under the journal's master key. Forgetting a person destroys that key and
// what it opens; events, hashes and proofs stay. storage/README.md holds the records.
//
// Thread-safety: values and pure functions. A key is wiped from memory when it goes.
//
//   const MasterKey key = *MasterKey::generate();  file << key.text();
//   NewEvent event{…, .personal = {{.person = "zoe@exemple.fr", .content = bytes}}};

#include "storage/bytes.hpp"

#include <string>

namespace assemblier::storage {

/// Whose a sealed value is: 16 random octets that say nothing of the person.
struct PersonId {
  std::array<std::uint8_t, 16> octets{};
  auto operator<=>(const PersonId&) const = default;
};

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(const PersonId& person);

/// A value to be sealed, as its author hands it over.
struct Personal {
  Bytes person;   ///< what names the person: the same octets, the same key
  Bytes content;  ///< opaque here
};

/// What an event says of a personal value.
struct Seal {
  PersonId person;
  Hash commitment;  ///< HMAC-SHA-256 under a random salt, of the content
  auto operator<=>(const Seal&) const = default;
};

/// 32 random octets that open the keys of persons. Kept outside the journal, by its operator.
class MasterKey {
 public:
  /// Nothing when the system gives no random octets.
  [[nodiscard]] static std::optional<MasterKey> generate();
  /// From text(), spaces around it allowed; nothing for anything else.
  [[nodiscard]] static std::optional<MasterKey> parse(std::string_view text);
  MasterKey(const MasterKey&) = default;
  MasterKey& operator=(const MasterKey&) = default;
  ~MasterKey();

  /// "assemblier-clef-maitresse-1:" and 64 hexadecimal digits.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::array<std::uint8_t, 32>& octets() const { return octets_; }

 private:
  MasterKey() = default;
  std::array<std::uint8_t, 32> octets_{};
};

}  // namespace assemblier::storage
