// The walk that copies nothing: the same events as the checked reading, wherever it begins and ends; octets that are no
// event are refused, and nothing outside of them is ever looked at.

#include "storage/cbor_cursor.hpp"
#include "tests/storage/support.hpp"

#include <limits>
#include <random>

namespace assemblier::storage {
namespace {

constexpr Position kEnd{std::numeric_limits<std::uint64_t>::max()};

std::string octets_of(const Hash& hash) { return to_bytes(hash); }

void expect_same(const EventView& view, const StoredEvent& event) {
  const Header& header = event.header;
  EXPECT_EQ(view.position, header.position);
  EXPECT_EQ(view.version, header.version);
  EXPECT_EQ(view.date_effet, header.date_effet);
  EXPECT_EQ(view.instant_us, header.instant_us);
  EXPECT_EQ(view.flux, header.flux);
  EXPECT_EQ(view.type, header.type);
  EXPECT_EQ(view.role, header.role);
  EXPECT_EQ(view.author, header.author);
  EXPECT_EQ(view.acte_id, header.acte_id);
  EXPECT_EQ(view.event_id, header.event_id);
  EXPECT_EQ(view.previous, octets_of(header.previous));
  EXPECT_EQ(view.edition, octets_of(header.edition));
  EXPECT_EQ(view.payload_hash, octets_of(header.payload_hash));
  EXPECT_EQ(view.payload, event.payload);
  EXPECT_EQ(view.stored, event.stored);
  for (std::size_t i = 0; i < header.seals.size(); ++i) EXPECT_EQ(view.seal(i), header.seals[i]);
  EXPECT_EQ(view.seal(header.seals.size()), std::nullopt);
}

NewEvent any_event(std::mt19937& random, int number) {
  static constexpr std::size_t kLengths[] = {0, 1, 22, 23, 24, 25, 254, 255, 256, 257, 1000};
  const auto text = [&random] { return std::string(kLengths[random() % std::size(kLengths)], 'a'); };
  NewEvent event = make_event("f/" + std::to_string(random() % 5), "acte-" + std::to_string(number), 0, text());
  event.type = "t" + std::string(random() % 40, 't');
  event.role = "r" + std::string(random() % 300, 'r');
  event.author = std::string(random() % 30, 'z');
  event.date_effet = static_cast<std::int32_t>(random()) / 2;
  for (std::uint32_t seals = random() % 4 == 0 ? random() % 30 : 0; seals > 0; --seals)
    event.personal.push_back({"someone", text()});
  return event;
}

JournalOptions options() {
  JournalOptions options;
  options.master_key = MasterKey::generate();
  options.seal = true;
  return options;
}

void expect_scanned(Journal& journal) {
  std::mt19937 random(5);
  for (int i = 0; i < 300; ++i) {
    const auto done = journal.append({.events = {any_event(random, i)}, .expected = {}});
    ASSERT_TRUE(done) << done.error().message;
  }
  const auto events = all_events(journal);
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t from = i == 0 ? 0 : random() % 320;
    const std::uint64_t to = i == 0 ? kEnd.value : random() % 320;
    std::uint64_t next = from;
    const auto done = journal.scan({.from = {from}, .to = {to}}, [&](const EventView& view) {
      expect_same(view, events.at(next++));
      return true;
    });
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(next, std::max(from, std::min<std::uint64_t>(to, events.size())));
  }
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t from = random() % 320;
    const ScanRange range{.from = {from}, .to = {random() % 320}, .take = 1 + random() % 40, .skip = random() % 40};
    std::vector<std::uint64_t> expected;
    for (std::uint64_t at = from; at < std::min<std::uint64_t>(range.to.value, events.size()); ++at) {
      if ((at - from) % (range.take + range.skip) < range.take) expected.push_back(at);
    }
    std::vector<std::uint64_t> given;
    const auto done = journal.scan(range, [&](const EventView& view) {
      expect_same(view, events.at(view.position.value));
      given.push_back(view.position.value);
      return true;
    });
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(given, expected);
  }
  int seen = 0;
  EXPECT_TRUE(journal.scan({}, [&](const EventView&) { return ++seen < 7; }));
  EXPECT_EQ(seen, 7);
}

TEST(Scan, GivesTheEventsOfReadAllMemory) { expect_scanned(*open_memory(options())); }

TEST(Scan, GivesTheEventsOfReadAllRocksDb) {
  const Scratch scratch;
  auto journal = create_rocksdb(scratch / "journal", options());
  ASSERT_TRUE(journal) << journal.error().message;
  expect_scanned(**journal);
}

TEST(Scan, SeesStructureInChangedOctetsOnlyWithinThem) {
  std::mt19937 random(6);
  auto journal = open_memory(options());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(journal->append({.events = {any_event(random, i)}, .expected = {}}));
  std::size_t refused = 0, accepted = 0;
  for (const StoredEvent& event : all_events(*journal)) {
    for (int change = 0; change < 300; ++change) {
      Bytes octets = event.stored;
      if (random() % 3 == 0) octets.resize(random() % octets.size());
      if (!octets.empty()) octets[random() % octets.size()] = static_cast<char>(random());
      // Of its own size: a look outside is seen by the sanitizer.
      const std::unique_ptr<char[]> place(new char[octets.size()]);
      std::ranges::copy(octets, place.get());
      const std::string_view stored(place.get(), octets.size());
      const auto view = view_event(stored);
      if (const auto strict = decode_event(stored)) {
        ASSERT_TRUE(view);
        expect_same(*view, *strict);
      }
      if (view) static_cast<void>(view->seal(3));
      view ? ++accepted : ++refused;
      CborCursor at(stored);
      while (at.ok() && !at.at_end()) at.item();
    }
  }
  EXPECT_GT(refused, 2000U);
  EXPECT_GT(accepted, 2000U);
}

}  // namespace
}  // namespace assemblier::storage
