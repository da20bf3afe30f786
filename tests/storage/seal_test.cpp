// Personal values: sealed beside the events, opened with the master key, gone from every file once their person is
// erased. And the fingerprints of outcomes, from which nothing can be guessed.

#include "storage/journal_rocksdb.hpp"
#include "storage/keys.hpp"
#include "storage/sealing.hpp"
#include "storage/store.hpp"
#include "tests/storage/support.hpp"

#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

namespace assemblier::storage {
namespace {

const std::string kZoe = "zoe.martin@exemple.fr";
const std::string kPaul = "paul.durand@exemple.fr";

JournalOptions sealing(const MasterKey& key, bool read_only = false) {
  JournalOptions options;
  options.read_only = read_only;
  options.master_key = key;
  options.seal = !read_only;
  return options;
}

NewEvent personal_event(const std::string& flux, const std::string& acte, std::vector<Personal> values) {
  NewEvent event = make_event(flux, acte);
  event.personal = std::move(values);
  return event;
}

NewEvent erasure_event(Journal& journal, const std::string& person) {
  const auto id = journal.person(person);
  EXPECT_TRUE(id && *id);
  return make_event("effacé/" + to_hex(**id), "effacé/" + to_hex(**id));
}

AppendRequest erasure(Journal& journal, const std::string& person) {
  return {.events = {erasure_event(journal, person)}, .expected = {}, .outcome = {}, .chain = {}, .erase = person};
}

std::vector<Seal> seals_of(Journal& journal) {
  std::vector<Seal> seals;
  for (const StoredEvent& event : all_events(journal)) {
    seals.insert(seals.end(), event.header.seals.begin(), event.header.seals.end());
  }
  return seals;
}

std::string opened(Journal& journal, const Seal& seal) {
  const auto value = journal.unseal(seal);
  if (!value) return value.error().message;
  switch (value->kind) {
    case Unsealed::Kind::kOpen:
      return value->content;
    case Unsealed::Kind::kSealed:
      return "sealed";
    case Unsealed::Kind::kErased:
      return "erased by " + std::to_string(value->erased.value);
  }
  return {};
}

// ---------------------------------------------------------------------------------------------------------------------
// What seals say, whatever keeps them

class Sealed : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      auto created = create_rocksdb(scratch_ / "journal", sealing(key_));
      ASSERT_TRUE(created) << created.error().message;
      journal_ = std::move(*created);
    } else {
      journal_ = open_memory(sealing(key_));
    }
  }
  Result<AppendResult> add(const std::string& flux, std::vector<Personal> values) {
    return journal_->append(
        {.events = {personal_event(flux, "acte " + std::to_string(++actes_), std::move(values))}, .expected = {}});
  }

  const MasterKey key_ = *MasterKey::generate();
  const Scratch scratch_;
  std::unique_ptr<Journal> journal_;
  int actes_ = 0;
};

TEST_P(Sealed, AValueIsOpenedUntilItsPersonIsErased) {
  ASSERT_TRUE(add("a", {{kZoe, "Zoé Martin"}, {kPaul, "Paul Durand"}, {kZoe, "Zoé Martin"}}));
  ASSERT_TRUE(add("b", {{kZoe, "06 12 34 56 78"}}));
  const std::vector<Seal> seals = seals_of(*journal_);
  ASSERT_EQ(seals.size(), 4U);
  EXPECT_EQ(seals[0].person, seals[2].person);
  EXPECT_EQ(seals[0].person, seals[3].person);
  EXPECT_NE(seals[0].person, seals[1].person);
  EXPECT_NE(seals[0].commitment, seals[2].commitment);  // salted: equal values do not show
  EXPECT_EQ(opened(*journal_, seals[0]), "Zoé Martin");
  EXPECT_EQ(opened(*journal_, seals[3]), "06 12 34 56 78");
  expect_clean(*journal_);

  const auto before = journal_->tree_head({});
  const auto done = journal_->append(erasure(*journal_, kZoe));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(opened(*journal_, seals[0]), "erased by 2");
  EXPECT_EQ(opened(*journal_, seals[3]), "erased by 2");
  EXPECT_EQ(opened(*journal_, seals[1]), "Paul Durand");
  EXPECT_EQ(journal_->person(kZoe), std::nullopt);
  expect_clean(*journal_);
  EXPECT_EQ(journal_->tree_head(2)->root, before->root);

  // Who comes back is somebody else, as far as the journal knows.
  ASSERT_TRUE(add("a", {{kZoe, "Zoé M."}}));
  EXPECT_NE(seals_of(*journal_).back().person, seals[0].person);
  EXPECT_EQ(opened(*journal_, seals_of(*journal_).back()), "Zoé M.");
  expect_clean(*journal_);
}

TEST_P(Sealed, AnErasureComesAfterAllThatWasAskedBefore) {
  ASSERT_TRUE(add("a", {{kZoe, "one"}}));
  std::vector<AppendRequest> requests;
  for (int i = 0; i < 5; ++i) {
    requests.push_back({.events = {personal_event("a", "b" + std::to_string(i), {{kZoe, "more"}})}, .expected = {}});
  }
  requests.insert(requests.begin() + 3, erasure(*journal_, kZoe));
  for (const auto& answer : journal_->submit_all(std::move(requests)).get()) ASSERT_TRUE(answer);
  const std::vector<Seal> seals = seals_of(*journal_);
  ASSERT_EQ(seals.size(), 6U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(opened(*journal_, seals[i]), "erased by 4") << i;
  for (std::size_t i = 4; i < 6; ++i) EXPECT_EQ(opened(*journal_, seals[i]), "more") << i;
  expect_clean(*journal_);
}

TEST_P(Sealed, NobodyUnknownIsErased) {
  ASSERT_TRUE(add("a", {{kZoe, "one"}}));
  const auto done = journal_->append(
      {.events = {make_event("x", "x")}, .expected = {}, .outcome = {}, .chain = {}, .erase = "somebody else"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(all_events(*journal_).size(), 1U);
  expect_clean(*journal_);
}

INSTANTIATE_TEST_SUITE_P(Backends, Sealed, ::testing::Bool(),
                         [](const auto& backend) { return backend.param ? "RocksDb" : "Memory"; });

// ---------------------------------------------------------------------------------------------------------------------
// The master key

TEST(MasterKeys, HaveOneWriting) {
  const auto key = MasterKey::generate();
  ASSERT_TRUE(key);
  const std::string text = key->text();
  EXPECT_EQ(MasterKey::parse(text + "\r\n")->octets(), key->octets());
  for (const std::string& wrong : {std::string(), text.substr(1), text + "0", text.substr(0, text.size() - 1),
                                   std::string(64, 'a'), text.substr(0, text.size() - 1) + "g"}) {
    EXPECT_FALSE(MasterKey::parse(wrong)) << wrong;
  }
}

class SealedFiles : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> open(const JournalOptions& options) {
    auto journal = open_rocksdb(directory_, options);
    EXPECT_TRUE(journal) << journal.error().message;
    return journal ? std::move(*journal) : nullptr;
  }
  const MasterKey key_ = *MasterKey::generate();
  const Scratch scratch_;
  const std::string directory_ = scratch_ / "journal";
};

TEST_F(SealedFiles, OpenOnlyWithTheirKey) {
  {
    auto created = create_rocksdb(directory_, sealing(key_));
    ASSERT_TRUE(created);
    ASSERT_TRUE((*created)->append({.events = {personal_event("a", "1", {{kZoe, "Zoé"}})}, .expected = {}}));
  }
  for (const bool read_only : {true, false}) {
    const auto wrong = open_rocksdb(directory_, sealing(*MasterKey::generate(), read_only));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().kind, ErrorKind::kKey);
  }
  const auto writer = open_rocksdb(directory_, {});
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().kind, ErrorKind::kKey);
  {
    JournalOptions without;
    without.read_only = true;
    const auto reader = open(without);
    EXPECT_EQ(opened(*reader, seals_of(*reader)[0]), "sealed");
    const auto person = reader->person(kZoe);
    ASSERT_FALSE(person);
    EXPECT_EQ(person.error().kind, ErrorKind::kKey);
    expect_clean(*reader);
  }
  const auto reader = open(sealing(key_, true));
  EXPECT_EQ(opened(*reader, seals_of(*reader)[0]), "Zoé");
}

TEST_F(SealedFiles, NeedOneOnceTheyAreToHoldPersonalValues) {
  ASSERT_TRUE(create_rocksdb(directory_, {}));
  {
    const auto plain = open({});
    EXPECT_FALSE(plain->info()->seals);
    const auto refused = plain->append({.events = {personal_event("a", "1", {{kZoe, "Zoé"}})}, .expected = {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kKey);
    ASSERT_TRUE(plain->append({.events = {make_event("a", "2")}, .expected = {}, .outcome = make_outcome("2")}));
  }
  const auto sealed = open(sealing(key_));
  EXPECT_TRUE(sealed->info()->seals);
  // What was kept under the journal's own key is known still.
  EXPECT_TRUE(
      sealed->append({.events = {make_event("a", "2")}, .expected = {}, .outcome = make_outcome("2")})->already);
  EXPECT_EQ((*sealed->outcome("2"))->kind, FingerprintKind::kKeyed);
  ASSERT_TRUE(sealed->append(
      {.events = {personal_event("a", "3", {{kZoe, "Zoé"}})}, .expected = {}, .outcome = make_outcome("3")}));
  EXPECT_EQ((*sealed->outcome("3"))->kind, FingerprintKind::kSecret);
  const auto other = sealed->append(
      {.events = {make_event("a", "3")}, .expected = {}, .outcome = make_outcome("3", "something else")});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kOtherContent);
  expect_clean(*sealed);
}

// ---------------------------------------------------------------------------------------------------------------------
// What the files hold

// Every octet of every file, and every record of every table, unpacked: what a reader of the disk could find.
std::string everything_in(const std::string& directory) {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.is_regular_file() || entry.path().filename() == "LOCK") continue;
    all += read_bytes(entry.path());
    if (entry.path().extension() != ".sst") continue;
    rocksdb::SstFileReader reader{rocksdb::Options()};
    EXPECT_TRUE(reader.Open(entry.path().string()).ok());
    const std::unique_ptr<rocksdb::Iterator> record(reader.NewIterator({}));
    for (record->SeekToFirst(); record->Valid(); record->Next()) {
      all += record->key().ToString() + "\n" + record->value().ToString() + "\n";
    }
    EXPECT_TRUE(record->status().ok());
  }
  return all;
}

// Incompressible, so that it would be found in a packed block too.
std::string words(int i) { return to_hex(sha256("words " + std::to_string(i))); }

class Forgotten : public SealedFiles {
 protected:
  // Several tables, each with values of both persons; `secrets_` are what is to vanish with Zoé.
  void SetUp() override {
    ASSERT_TRUE(create_rocksdb(directory_, sealing(key_)));
    for (int table = 0; table < 4; ++table) {
      const auto journal = open(sealing(key_));  // a clean close writes a table
      for (int i = 0; i < 30; ++i) {
        const int n = 100 * table + i;
        ASSERT_TRUE(journal->append({.events = {personal_event("f/" + std::to_string(i % 7), std::to_string(n),
                                                               {{kZoe, words(n)}, {kPaul, words(-n - 1)}})},
                                     .expected = {},
                                     .outcome = make_outcome(std::to_string(n), words(n))}));
        secrets_.push_back(words(n));
      }
    }
    secrets_.push_back(kZoe);
    clear_ = secrets_;
    auto store = open_rocksdb_store(directory_, true, nullptr);
    ASSERT_TRUE(store);
    const auto view = (*store)->view();
    PersonId zoe;
    {
      const auto event = decode_event(**(*store)->get(event_key(Position{0})));
      zoe = event->header.seals[0].person;
    }
    const auto cursor = view->scan(owner_key(zoe), owner_end(zoe));
    for (; cursor->valid(); cursor->next()) secrets_.emplace_back(cursor->value());
    ASSERT_GT(secrets_.size(), 2 * 120U);
    const auto names = view->scan(tag_begin(Tag::kPerson), tag_end(Tag::kPerson));
    for (; names->valid(); names->next()) {
      if (decode_person(names->value()) == zoe) secrets_.emplace_back(names->key());
    }
  }
  std::size_t found(const std::vector<std::string>& secrets) const {
    const std::string all = everything_in(directory_);
    std::size_t count = 0;
    for (const std::string& secret : secrets) count += all.find(secret) != std::string::npos ? 1 : 0;
    return count;
  }
  void expect_forgotten() {
    EXPECT_EQ(found(secrets_), 0U);
    const auto journal = open(sealing(key_, true));
    expect_clean(*journal);
    int erased = 0;
    for (const Seal& seal : seals_of(*journal)) {
      const std::string value = opened(*journal, seal);
      const bool gone = value.starts_with("erased by ");
      EXPECT_TRUE(gone || value.size() == 64 || value == "x") << value;
      erased += gone ? 1 : 0;
    }
    EXPECT_EQ(erased, 120);
  }

  std::vector<std::string> secrets_, clear_;
};

TEST_F(Forgotten, WordsAreNowhereBeforeAndNothingIsLeftAfter) {
  EXPECT_EQ(found(clear_), 0U);
  EXPECT_EQ(found(secrets_), secrets_.size() - clear_.size());  // the search finds what is there
  {
    const auto journal = open(sealing(key_));
    ASSERT_TRUE(journal->append(erasure(*journal, kZoe)));
  }
  ASSERT_TRUE(open(sealing(key_)));
  expect_forgotten();
}

TEST_F(Forgotten, WhatLiesInTheLogIsForgottenToo) {
  {
    const auto journal = open(sealing(key_));
    ASSERT_TRUE(journal->append({.events = {personal_event("f/0", "late", {{kPaul, "x"}})}, .expected = {}}));
    ASSERT_TRUE(journal->append(erasure(*journal, kZoe)));
    ASSERT_TRUE(journal->append({.events = {make_event("f/0", "later")}, .expected = {}}));
    // As kill -9 would leave it.
    copy_live(directory_, scratch_ / "copy");
  }
  std::filesystem::remove_all(directory_);
  std::filesystem::rename(scratch_ / "copy", directory_);
  ASSERT_TRUE(open(sealing(key_)));
  expect_forgotten();
}

// A store that is killed between the erasure and the cleaning of its files.
class Unpurged final : public Store {
 public:
  explicit Unpurged(std::unique_ptr<Store> store) : store_(std::move(store)) {}
  void put(std::string_view key, std::string_view value) override { store_->put(key, value); }
  void remove(std::string_view key) override { store_->remove(key); }
  Result<void> purge(std::string_view /*begin*/, std::string_view /*end*/) override {
    return std::unexpected(Error{ErrorKind::kIo, "killed"});
  }
  Result<void> commit() override { return store_->commit(); }
  Result<std::optional<Bytes>> get(std::string_view key) override { return store_->get(key); }
  std::unique_ptr<View> view() override { return store_->view(); }
  void verify_files(const std::function<void(std::string)>& found,
                    const std::function<bool(const std::string&)>& wanted) override {
    store_->verify_files(found, wanted);
  }

 private:
  std::unique_ptr<Store> store_;
};

TEST_F(Forgotten, AnErasureCutShortIsEndedByTheNextOpening) {
  {
    auto store = open_rocksdb_store(directory_, false, nullptr);
    ASSERT_TRUE(store);
    auto journal = open_journal(std::make_unique<Unpurged>(std::move(*store)), sealing(key_));
    ASSERT_TRUE(journal);
    const auto done = (*journal)->append(erasure(**journal, kZoe));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::kIo);
    EXPECT_NE(done.error().message.find("est effacée"), std::string::npos);
  }
  EXPECT_GT(found(secrets_), 0U);
  {
    const auto journal = open(sealing(key_));
    EXPECT_EQ(journal->person(kZoe), std::nullopt);
  }
  ASSERT_TRUE(open(sealing(key_)));
  expect_forgotten();
}

// ---------------------------------------------------------------------------------------------------------------------
// A journal of the format without keys, made by the program of that time

class FormatTwo : public SealedFiles {
 protected:
  void SetUp() override {
    std::filesystem::copy(std::string(ASSEMBLIER_SOURCE_DIR) + "/tests/storage/golden/format-2", directory_);
  }
  static constexpr std::uint64_t kEvents = 248;
};

TEST_F(FormatTwo, IsReadAsItIs) {
  const std::string before = fingerprint_of(directory_);
  {
    JournalOptions options;
    options.read_only = true;
    const auto journal = open(options);
    EXPECT_EQ(journal->info()->format, 2U);
    EXPECT_EQ(all_events(*journal).size(), kEvents);
    expect_clean(*journal);
  }
  EXPECT_EQ(fingerprint_of(directory_), before);
}

TEST_F(FormatTwo, KeepsItsOldFingerprintsAndTakesNewOnes) {
  const auto journal = open({});
  EXPECT_EQ(journal->info()->format, 3U);
  expect_clean(*journal);
  for (const char* const id : {"prog-2024-00001", "prog-2024-00015"}) {  // one recorded, one refused
    const auto kept = *journal->outcome(id);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->kind, FingerprintKind::kPlain);
    Outcome same = kept->outcome;
    EXPECT_TRUE(journal->append({.events = {}, .expected = {}, .outcome = same})->already);
    same.fingerprint = sha256("something else");
    const auto other = journal->append({.events = {}, .expected = {}, .outcome = same});
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().kind, ErrorKind::kOtherContent);
  }
  ASSERT_TRUE(journal->append({.events = {make_event("f", "new")}, .expected = {}, .outcome = make_outcome("new")}));
  EXPECT_EQ((*journal->outcome("new"))->kind, FingerprintKind::kKeyed);
  EXPECT_TRUE(
      journal->append({.events = {make_event("f", "new")}, .expected = {}, .outcome = make_outcome("new")})->already);
  expect_clean(*journal);
}

}  // namespace
}  // namespace assemblier::storage
