// The one-shot functions of OpenSSL 3 take as long around a small event as hashing it does: those of 1.1 are asked for.
#define OPENSSL_API_COMPAT 0x10100000L

#include "storage/bytes.hpp"

#include "storage/sha256.hpp"

#include <cstdlib>

#include <openssl/sha.h>

namespace assemblier::storage {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Without SHA-256 nothing here can be trusted: a wrong digest would be worse than stopping.
void require(bool ok) {
  if (!ok) std::abort();
}

SHA256_CTX begun() {
  SHA256_CTX context;
  require(SHA256_Init(&context) == 1);
  return context;
}

Hash ended(SHA256_CTX& context, std::initializer_list<std::string_view> parts) {
  Hash hash;
  bool ok = true;
  for (const std::string_view part : parts) ok = ok && SHA256_Update(&context, part.data(), part.size()) == 1;
  require(ok && SHA256_Final(hash.octets.data(), &context) == 1);
  return hash;
}

}  // namespace

Hash sha256_of(std::initializer_list<std::string_view> parts) {
  SHA256_CTX context = begun();
  return ended(context, parts);
}

BegunHash::BegunHash(std::string_view beginning) {
  SHA256_CTX context = begun();
  require(SHA256_Update(&context, beginning.data(), beginning.size()) == 1);
  static_assert(sizeof context == sizeof state_);
  std::memcpy(state_.data(), &context, sizeof context);
}

Hash BegunHash::then(std::initializer_list<std::string_view> parts) const {
  SHA256_CTX context;
  std::memcpy(&context, state_.data(), sizeof context);
  return ended(context, parts);
}

Hash sha256(std::string_view data) { return sha256_of({data}); }

std::string to_hex(std::string_view data) {
  std::string text;
  text.reserve(data.size() * 2);
  for (const char c : data) {
    const auto octet = static_cast<unsigned char>(c);
    text += kDigits[octet >> 4U];
    text += kDigits[octet & 15U];
  }
  return text;
}

std::string to_hex(const Hash& hash) { return to_hex(to_bytes(hash)); }

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::optional<Hash> hash_from_hex(std::string_view text) {
  const std::optional<Bytes> bytes = from_hex(text);
  if (!bytes || bytes->size() != Hash{}.octets.size()) return std::nullopt;
  Hash hash;
  for (std::size_t i = 0; i < hash.octets.size(); ++i) hash.octets[i] = static_cast<std::uint8_t>((*bytes)[i]);
  return hash;
}

Bytes to_bytes(const Hash& hash) { return Bytes(hash.octets.begin(), hash.octets.end()); }

}  // namespace assemblier::storage
