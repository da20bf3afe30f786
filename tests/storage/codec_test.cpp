// Bytes, CBOR, event and key codecs: exact forms, strictness, properties over random values.

#include "storage/cbor.hpp"
#include "storage/keys.hpp"
#include "storage/log_scan.hpp"
#include "storage/table_format.hpp"
#include "tests/storage/support.hpp"

#include <limits>
#include <random>

namespace assemblier::storage {
namespace {

// --- bytes -----------------------------------------------------------------------------------------------------------

TEST(Bytes, Sha256HasItsPublishedDigests) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Bytes, HexGoesBothWays) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(from_hex("00fF1A"), std::string("\x00\xff\x1a", 3));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_EQ(hash_from_hex(to_hex(sha256("x"))), sha256("x"));
  EXPECT_FALSE(hash_from_hex("00"));
}

// --- CBOR ------------------------------------------------------------------------------------------------------------

TEST(Cbor, WritesTheShortestForm) {
  const std::pair<std::int64_t, const char*> cases[] = {
      {0, "00"},
      {23, "17"},
      {24, "1818"},
      {255, "18ff"},
      {256, "190100"},
      {65'535, "19ffff"},
      {65'536, "1a00010000"},
      {4'294'967'295, "1affffffff"},
      {4'294'967'296, "1b0000000100000000"},
      {-1, "20"},
      {-24, "37"},
      {-25, "3818"},
      {std::numeric_limits<std::int64_t>::max(), "1b7fffffffffffffff"},
      {std::numeric_limits<std::int64_t>::min(), "3b7fffffffffffffff"}};
  for (const auto& [value, hex] : cases) {
    CborWriter writer;
    writer.integer(value);
    EXPECT_EQ(to_hex(writer.str()), hex);
    CborReader reader(writer.str());
    EXPECT_EQ(reader.integer(), value);
    EXPECT_TRUE(reader.ok() && reader.at_end());
  }
  CborWriter writer;
  writer.map(2);
  writer.uint(1);
  writer.text("é");
  writer.text("a");
  writer.array(3);
  writer.boolean(true);
  writer.null();
  writer.bytes("\x01");
  EXPECT_EQ(to_hex(writer.str()), "a20162c3a9616183f5f64101");
}

TEST(Cbor, RefusesEveryOtherForm) {
  const auto refused = [](const char* hex, auto read) {
    const Bytes bytes = *from_hex(hex);
    CborReader reader(bytes);
    read(reader);
    EXPECT_FALSE(reader.ok()) << hex;
    EXPECT_FALSE(reader.error().empty()) << hex;
    EXPECT_EQ(reader.peek(), CborReader::Kind::kBad) << hex;
    static_cast<void>(reader.uint());  // stays failed
    EXPECT_FALSE(reader.ok()) << hex;
  };
  const auto uint = [](CborReader& reader) { static_cast<void>(reader.uint()); };
  const auto integer = [](CborReader& reader) { static_cast<void>(reader.integer()); };
  const auto text = [](CborReader& reader) { static_cast<void>(reader.text()); };
  const auto array = [](CborReader& reader) { static_cast<void>(reader.array()); };
  const auto map = [](CborReader& reader) { static_cast<void>(reader.map()); };
  for (const char* const hex :
       {"", "1817", "1900ff", "1a0000ffff", "1b00000000ffffffff", "18", "1901", "20", "1c", "1f", "c000"}) {
    refused(hex, uint);
  }
  refused("1b8000000000000000", integer);
  refused("3b8000000000000000", integer);
  for (const char* const hex :
       {"6161", "62c3", "61ff", "62c080", "63eda080", "64f4908080", "7f6161ff", "7bffffffffffffffff"}) {
    if (std::string_view(hex) != "6161") refused(hex, text);
  }
  for (const char* const hex : {"81", "9f00ff", "9affffffff"}) refused(hex, array);
  for (const char* const hex : {"a1", "a100", "bf", "bbffffffffffffffff"}) refused(hex, map);
  refused("f7", [](CborReader& reader) { static_cast<void>(reader.boolean()); });
  refused("f5", [](CborReader& reader) { reader.null(); });
}

TEST(Cbor, KeysMustBeSorted) {
  const auto keys_of = [](const char* hex) {
    const Bytes bytes = *from_hex(hex);
    CborReader reader(bytes);
    std::string_view previous;
    for (std::uint64_t left = reader.map(); left > 0 && reader.ok(); --left) {
      const std::size_t begin = reader.offset();
      static_cast<void>(reader.uint());
      reader.expect_sorted(previous, begin);
      reader.null();
    }
    return reader.ok();
  };
  EXPECT_TRUE(keys_of("a301f602f61818f6"));
  EXPECT_FALSE(keys_of("a202f601f6"));
  EXPECT_FALSE(keys_of("a201f601f6"));
}

TEST(Cbor, PeekTellsTheKind) {
  using Kind = CborReader::Kind;
  const std::pair<const char*, Kind> cases[] = {{"00", Kind::kUint}, {"20", Kind::kNegative}, {"40", Kind::kBytes},
                                                {"60", Kind::kText}, {"80", Kind::kArray},    {"a0", Kind::kMap},
                                                {"f4", Kind::kBool}, {"f6", Kind::kNull},     {"", Kind::kEnd},
                                                {"c0", Kind::kBad},  {"fb", Kind::kBad},      {"5f", Kind::kBad}};
  for (const auto& [hex, kind] : cases) {
    const Bytes bytes = *from_hex(hex);
    EXPECT_EQ(CborReader(bytes).peek(), kind) << hex;
  }
}

// --- events ----------------------------------------------------------------------------------------------------------

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::uint64_t number() {
    // Of every width, so that every length of encoding occurs.
    return std::uniform_int_distribution<std::uint64_t>()(engine_) >> below(64);
  }
  std::uint64_t below(std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(engine_);
  }
  std::string text() {
    static const char* const kPieces[] = {"a", "é", "☃", "𝄞", "/", "2024", " ", "'"};
    std::string text;
    for (std::uint64_t left = below(12); left > 0; --left) text += kPieces[below(8)];
    return text;
  }
  Bytes bytes(std::uint64_t limit) {
    Bytes bytes(below(limit), '\0');
    for (char& octet : bytes) octet = static_cast<char>(below(256));
    return bytes;
  }
  Hash hash() { return sha256(bytes(8)); }
  Header header(std::string_view payload) {
    Header header;
    header.position.value = number();
    header.flux = text();
    header.version.value = number();
    header.previous = hash();
    header.type = text();
    header.date_effet = static_cast<std::int32_t>(static_cast<std::uint32_t>(number()));
    header.instant_us = static_cast<std::int64_t>(number());
    header.role = text();
    header.author = text();
    header.acte_id = text();
    header.event_id = text();
    header.edition = hash();
    header.payload_hash = sha256(payload);
    return header;
  }

 private:
  std::mt19937 engine_;
};

TEST(Event, DecodingIsTheInverseOfEncoding) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const Bytes payload = random.bytes(300);
    const Header header = random.header(payload);
    const Bytes stored = encode_event(header, payload);
    const auto event = decode_event(stored);
    ASSERT_TRUE(event) << event.error();
    EXPECT_EQ(encode_event(event->header, event->payload), stored);
    EXPECT_EQ(event->stored, stored);
    EXPECT_EQ(event->payload, payload);
    EXPECT_EQ(event->header.position, header.position);
    EXPECT_EQ(event->header.flux, header.flux);
    EXPECT_EQ(event->header.version, header.version);
    EXPECT_EQ(event->header.previous, header.previous);
    EXPECT_EQ(event->header.type, header.type);
    EXPECT_EQ(event->header.date_effet, header.date_effet);
    EXPECT_EQ(event->header.instant_us, header.instant_us);
    EXPECT_EQ(event->header.role, header.role);
    EXPECT_EQ(event->header.author, header.author);
    EXPECT_EQ(event->header.acte_id, header.acte_id);
    EXPECT_EQ(event->header.event_id, header.event_id);
    EXPECT_EQ(event->header.edition, header.edition);
  }
}

TEST(Event, ChangedBytesAreRefusedOrAreAnotherEventExactly) {
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    const Bytes payload = random.bytes(40);
    Bytes stored = encode_event(random.header(payload), payload);
    switch (random.below(4)) {
      case 0:
        stored[random.below(stored.size())] = static_cast<char>(random.below(256));
        break;
      case 1:
        stored.resize(random.below(stored.size()));
        break;
      case 2:
        stored.insert(random.below(stored.size()), random.bytes(6));
        break;
      case 3:
        stored.erase(random.below(stored.size()), random.below(6));
        break;
      default:
        FAIL();
    }
    const auto event = decode_event(stored);
    if (event) {
      EXPECT_EQ(encode_event(event->header, event->payload), stored);
    } else {
      EXPECT_FALSE(event.error().empty());
    }
  }
}

TEST(Event, AReusedEventForgetsTheLastOne) {
  Random random(3);
  StoredEvent reused;
  for (int i = 0; i < 300; ++i) {
    const Bytes payload = random.bytes(100);
    const Bytes stored = encode_event(random.header(payload), payload);
    if (i % 3 == 0) {
      EXPECT_FALSE(decode_event_into(stored.substr(0, stored.size() / 2), reused));
    }
    ASSERT_TRUE(decode_event_into(stored, reused));
    EXPECT_EQ(encode_event(reused.header, reused.payload), stored);
    EXPECT_EQ(reused.stored, stored);
  }
}

TEST(Event, OnlyTheSecondLayoutHasSeals) {
  Random random(4);
  const Bytes payload = "\x60";
  Header header = random.header(payload);
  const Bytes plain = encode_event(header, payload);
  for (std::uint8_t i = 0; i < 3; ++i) {
    Seal& seal = header.seals.emplace_back();
    seal.person.octets.fill(i);
    seal.commitment = random.hash();
  }
  const Bytes sealed = encode_event(header, payload);
  StoredEvent event;
  ASSERT_TRUE(decode_event_into(sealed, event));
  EXPECT_EQ(event.header.seals, header.seals);
  EXPECT_EQ(encode_event(event.header, event.payload), sealed);
  ASSERT_TRUE(decode_event_into(plain, event));
  EXPECT_TRUE(event.header.seals.empty());

  ASSERT_EQ(static_cast<unsigned char>(plain[0]), 0xAEU);  // 14 pairs, layout 1
  Bytes wrong = plain.substr(0, plain.size() - 1);
  wrong[0] = static_cast<char>(0xAF);
  EXPECT_FALSE(decode_event(wrong + "\x0e\x80\x60"));  // 14: [], in layout 1
  wrong[2] = 2;
  EXPECT_FALSE(decode_event(wrong + "\x0e\x80\x60"));          // layout 2 has one at least
  EXPECT_FALSE(decode_event(wrong + "\x0e\x81\x41\x61\x60"));  // of 48 octets
  wrong = sealed;
  wrong[2] = 1;
  EXPECT_FALSE(decode_event(wrong));
}

// Eight octets are looked at together where all are ASCII: what counts is the same wherever it stands.
TEST(Utf8, IsJudgedTheSameAtEveryPlace) {
  const std::vector<Bytes> good = {"", "é", "€", "𝄞", "\x7F", "\xC2\x80"};
  const std::vector<Bytes> bad = {"\xFF",     "\x80", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                  "\xE2\x82", "é\xBF"};
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 20; ++after) {
      for (const Bytes& text : good) EXPECT_TRUE(is_utf8(Bytes(before, 'a') + text + Bytes(after, 'z')));
      for (const Bytes& text : bad)
        EXPECT_FALSE(is_utf8(Bytes(before, 'a') + text + Bytes(after, 'z'))) << to_hex(text);
    }
  }
}

// FROZEN. These bytes and digests are what journals hold: they must never change, whatever else does.
TEST(Event, GoldenVector) {
  const Bytes payload = *from_hex("a1636b6579f5");
  Header header;
  header.position.value = 1'000;
  header.flux = "dossier/2024-001";
  header.version.value = 3;
  header.previous = sha256("previous");
  header.type = "note d'intention";
  header.date_effet = 19'752;
  header.instant_us = 1'706'601'600'000'000;
  header.role = "porteur";
  header.author = "Zoé";
  header.acte_id = "acte-1";
  header.event_id = new_event_id("acte-1", 0);
  header.edition = sha256("edition");
  header.payload_hash = sha256(payload);
  const Bytes stored = encode_event(header, payload);
  EXPECT_EQ(to_hex(stored),
            "ae0001011903e80270646f73736965722f323032342d30303103030458206da0633528deaa0144e7b058315f"
            "0b753ec0b945163a72bf96a0d18180f9de0d05706e6f7465206427696e74656e74696f6e06194d28071b0006"
            "1025262420000867706f727465757209645a6fc3a90a66616374652d310b782432626538343339392d613433"
            "622d386163392d613935642d6533616637316635383464610c58206a3be761036549131b35f41209a76f395f"
            "0e49370ca37e2f27b32770c6c30d8e0d5820c75cbc1b858d9b335b4563e1046834f7c7ff692ddb28d078ac8f"
            "4d5510ce4f34a1636b6579f5");
  EXPECT_EQ(to_hex(event_hash(stored)), "570b3e44166f7ca514ed075c551295cb47d60f53442bd3972930075df868406a");
  // The worked example of the design page is this event.
  const std::string readme = read_bytes(std::string(ASSEMBLIER_SOURCE_DIR) + "/storage/README.md");
  std::string digits;
  const std::size_t begin = readme.find("<!-- golden event -->");
  const std::size_t end = readme.find("<!-- end of golden event -->");
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  for (std::size_t at = readme.find("```\n", begin) + 4; at < end;) {
    const std::size_t line_end = readme.find('\n', at);
    const std::string line = readme.substr(at, line_end - at);
    if (line.starts_with("```")) break;
    for (const char c : line.substr(0, line.find("  "))) {
      if (c != ' ') digits += c;
    }
    at = line_end + 1;
  }
  EXPECT_EQ(digits, to_hex(stored));
  EXPECT_NE(readme.find(to_hex(event_hash(stored))), std::string::npos);
}

TEST(Event, IdsAreVersion8AndFrozen) {
  EXPECT_EQ(new_event_id("acte-1", 0), "2be84399-a43b-8ac9-a95d-e3af71f584da");
  EXPECT_EQ(new_event_id("acte-1", 1), "d537a758-5784-891d-934f-389351c263c3");
  for (std::uint32_t i = 0; i < 50; ++i) {
    const std::string id = new_event_id("x", i);
    ASSERT_EQ(id.size(), 36U);
    EXPECT_EQ(id[14], '8');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    // The first 48 bits are those of the digest.
    Bytes text("x\0", 2);
    text += Bytes(3, '\0') + static_cast<char>(i);
    EXPECT_EQ(id.substr(0, 8) + id.substr(9, 4), to_hex(sha256(text)).substr(0, 12));
  }
}

// --- keys ------------------------------------------------------------------------------------------------------------

TEST(Keys, RoundTripAndOrder) {
  Random random(5);
  for (int i = 0; i < 5000; ++i) {
    const Position p{random.number()};
    const Position q{random.number()};
    EXPECT_EQ(decode_event_key(event_key(p)), p);
    EXPECT_EQ(event_key(p) < event_key(q), p < q);
    EXPECT_EQ(decode_position(encode_position(p)), p);

    const std::string flux = random.text() + "x";
    const std::string other = random.text() + "x";
    const Version v{random.number()};
    const Version w{random.number()};
    const auto index = decode_index_key(index_key(flux, v));
    ASSERT_TRUE(index);
    EXPECT_EQ(index->flux, flux);
    EXPECT_EQ(index->version, v);
    EXPECT_EQ(index_key(flux, v) < index_key(other, w), std::tie(flux, v) < std::tie(other, w));
    EXPECT_EQ(flux_key(flux) < flux_key(other), flux < other);
    EXPECT_EQ(decode_flux_key(flux_key(flux)), flux);
    EXPECT_LE(index_begin(flux), index_key(flux, v));
    EXPECT_LT(index_key(flux, v), index_end(flux));
    // No other flux lies between the bounds of this one.
    if (other != flux) {
      EXPECT_TRUE(index_key(other, w) < index_begin(flux) || index_key(other, w) >= index_end(flux));
    }

    const IndexEntry entry{p, random.hash()};
    const auto entry_again = decode_entry(encode_entry(entry));
    ASSERT_TRUE(entry_again);
    EXPECT_EQ(entry_again->position, entry.position);
    EXPECT_EQ(entry_again->hash, entry.hash);

    const StoredOutcome outcome{.outcome = {.acte_id = other, .fingerprint = random.hash(), .answer = random.bytes(20)},
                                .kind = static_cast<FingerprintKind>(random.number() % 3),
                                .first = q,
                                .count = static_cast<std::uint32_t>(random.number() & 0xFFFFFFU)};
    const auto outcome_again = decode_outcome(*decode_outcome_key(outcome_key(other)), encode_outcome(outcome));
    ASSERT_TRUE(outcome_again);
    EXPECT_EQ(outcome_again->outcome.acte_id, other);
    EXPECT_EQ(outcome_again->outcome.fingerprint, outcome.outcome.fingerprint);
    EXPECT_EQ(outcome_again->kind, outcome.kind);
    EXPECT_EQ(outcome_again->outcome.answer, outcome.outcome.answer);
    EXPECT_EQ(outcome_again->first, q);
    EXPECT_EQ(outcome_again->count, outcome.count);

    const Counters counters{.events = p.value, .flux = q.value, .outcomes = v.value, .instant_us = -7};
    EXPECT_EQ(decode_counters(encode_counters(counters)), counters);
  }
}

TEST(Keys, DecodersRefuseOtherBytes) {
  EXPECT_FALSE(decode_event_key("e1234567"));
  EXPECT_FALSE(decode_event_key("x12345678"));
  EXPECT_FALSE(decode_index_key("fabc"));
  EXPECT_FALSE(decode_index_key(std::string("f\0", 2) + "12345678"));
  EXPECT_FALSE(decode_index_key(std::string("fa\0", 3) + "1234567"));
  EXPECT_FALSE(decode_flux_key("h"));
  EXPECT_FALSE(decode_flux_key(std::string("ha\0b", 4)));
  EXPECT_FALSE(decode_outcome_key("o"));
  EXPECT_FALSE(decode_position("1234567"));
  EXPECT_FALSE(decode_entry("short"));
  EXPECT_FALSE(decode_outcome("a", "short"));
  EXPECT_FALSE(decode_counters("short"));
  EXPECT_FALSE(decode_format("12345"));
}

// FROZEN: the layout of records on disk.
TEST(Keys, GoldenKeys) {
  EXPECT_EQ(to_hex(event_key(Position{258})), "650000000000000102");
  EXPECT_EQ(to_hex(index_key("a/1", Version{3})), "66612f31000000000000000003");
  EXPECT_EQ(to_hex(flux_key("a/1")), "68612f31");
  EXPECT_EQ(to_hex(outcome_key("id")), "6f6964");
  EXPECT_EQ(format_key(), "mformat");
  EXPECT_EQ(journal_id_key(), "mjournal");
  EXPECT_EQ(counters_key(), "mcounters");
  EXPECT_EQ(fingerprint_key_key(), "mfingerprint");
  EXPECT_EQ(sealing_key(), "msealing");
  EXPECT_EQ(purge_key(), "mpurge");
  PersonId person;
  person.octets.fill(0xAB);
  const Hash hash = sha256("x");
  EXPECT_EQ(to_hex(person_key(hash)), "70" + to_hex(hash));
  EXPECT_EQ(to_hex(owner_key(person)), "73" + to_hex(person));
  EXPECT_EQ(to_hex(seal_key({person, hash})), "73" + to_hex(person) + to_hex(hash));
  EXPECT_EQ(decode_seal_key(seal_key({person, hash}))->commitment, hash);
  EXPECT_EQ(decode_seal_key(owner_key(person))->commitment, std::nullopt);
  EXPECT_LT(seal_key({person, hash}), owner_end(person));
  EXPECT_EQ(prefix_end("ab"), "ac");
  EXPECT_EQ(prefix_end("a\xff"), "b");
}

// --- log files -------------------------------------------------------------------------------------------------------

TEST(LogScan, CrcHasItsPublishedValues) {
  EXPECT_EQ(crc32c(0, "123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(0, std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(crc32c(0, "1234"), "56789"), 0xE3069283U);
}

TEST(TableScan, XxhHasItsPublishedValues) {
  EXPECT_EQ(xxh64(""), 0xEF46DB3751D8E999U);
  EXPECT_EQ(xxh64("abc"), 0x44BC2CF5AD770999U);
  EXPECT_EQ(xxh64("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1U);
}

TEST(LogScan, RandomBytesNeverCrash) {
  Random random(6);
  for (int i = 0; i < 2000; ++i) {
    const Bytes log = random.bytes(200);
    std::size_t records = 0;
    const LogScan scan = scan_log(log, [&](std::string_view, bool) { ++records; });
    EXPECT_LE(scan.offset, log.size());
    EXPECT_EQ(scan.state == LogState::kWhole, scan.why.empty());
  }
}

}  // namespace
}  // namespace assemblier::storage
