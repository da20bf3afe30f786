// Signed notes: the example of the format's own documentation, round trips, and what must not pass.

#include "storage/note.hpp"

#include <gtest/gtest.h>

namespace assemblier::storage {
namespace {

// From the documentation of golang.org/x/mod/sumdb/note, which C2SP signed-note comes from.
constexpr const char* kPublic = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* kSecret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr const char* kNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

TEST(Note, TheKnownExampleIsTrue) {
  const auto key = parse_public_key(kPublic);
  ASSERT_TRUE(key) << key.error();
  EXPECT_EQ(render(*key), kPublic);
  const auto note = parse_note(kNote);
  ASSERT_TRUE(note) << note.error();
  EXPECT_EQ(render(*note), kNote);
  ASSERT_EQ(note->signatures.size(), 1U);
  EXPECT_TRUE(verify_signature(*note, note->signatures[0], *key));
  const auto secret = SecretKey::parse(kSecret);
  ASSERT_TRUE(secret) << secret.error();
  EXPECT_EQ(secret->public_key(), *key);
  EXPECT_EQ(secret->render(), kSecret);
  EXPECT_EQ(secret->sign(note->text).octets, note->signatures[0].octets);
}

TEST(Note, NothingElsePasses) {
  const std::vector<PublicKey> trusted = {*parse_public_key(kPublic)};
  const std::string text = kNote;
  EXPECT_TRUE(check_note(*parse_note(text), trusted));
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto note = parse_note(changed);
    EXPECT_FALSE(note && check_note(*note, trusted)) << at;
  }
  const auto stranger = SecretKey::generate("stranger", KeyKind::kSigner);
  Note both = *parse_note(text);
  both.signatures.push_back(stranger->sign(both.text));
  EXPECT_FALSE(check_note(both, trusted)) << "a signature nobody can judge";
  EXPECT_TRUE(check_note(both, std::vector{trusted[0], stranger->public_key()}));
  both.signatures.push_back(both.signatures[0]);
  EXPECT_FALSE(check_note(both, std::vector{trusted[0], stranger->public_key()})) << "twice the same";
}

TEST(Note, AWitnessAloneIsNotEnough) {
  const auto witness = *SecretKey::generate("witness", KeyKind::kWitness);
  Note note{.text = "a\nb\n", .signatures = {}};
  note.signatures.push_back(witness.sign(note.text, 1'700'000'000));
  const std::vector<PublicKey> trusted = {witness.public_key()};
  EXPECT_TRUE(verify_signature(note, note.signatures[0], trusted[0]));
  EXPECT_FALSE(check_note(note, trusted));
  note.signatures[0].octets[7] ^= 1;  // another instant
  EXPECT_FALSE(verify_signature(note, note.signatures[0], trusted[0]));
}

TEST(Checkpoint, HasOneWriting) {
  const Checkpoint checkpoint{.origin = "exemple.fr/journal",
                              .size = 12,
                              .root = sha256("root"),
                              .flux_count = 3,
                              .flux_root = sha256("flux"),
                              .journal_id = "0190-uuid"};
  const std::string text = render(checkpoint);
  EXPECT_EQ(*parse_checkpoint(text), checkpoint);
  for (const std::string& bad : {text + "\n", text.substr(0, text.size() - 1), "x" + std::string(1, '\n') + text,
                                 std::string(), std::string(text).replace(text.find("12"), 2, "012"),
                                 std::string(text).replace(text.find("flux "), 5, "flux  ")}) {
    EXPECT_FALSE(parse_checkpoint(bad)) << bad;
  }
}

TEST(Base64, HasOneWriting) {
  for (const Bytes& data : {Bytes(), Bytes("a"), Bytes("ab"), Bytes("abc"), Bytes(33, '\xFF')})
    EXPECT_EQ(*from_base64(to_base64(data)), data);
  for (const char* bad : {"a", "YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "Y-_="}) EXPECT_FALSE(from_base64(bad)) << bad;
}

}  // namespace
}  // namespace assemblier::storage
