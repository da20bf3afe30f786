#include "storage/journal.hpp"

#include "storage/keys.hpp"
#include "storage/reading.hpp"
#include "storage/sealing.hpp"
#include "storage/store.hpp"
#include "storage/tree.hpp"
#include "storage/verify.hpp"
#include "storage/writer.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

namespace assemblier::storage {

namespace {

std::string new_uuid() {
  unsigned char octets[16] = {};
  if (RAND_bytes(octets, sizeof octets) != 1) return {};
  octets[6] = static_cast<unsigned char>((octets[6] & 0x0FU) | 0x40U);
  octets[8] = static_cast<unsigned char>((octets[8] & 0x3FU) | 0x80U);
  const std::string hex = to_hex(std::string_view(reinterpret_cast<const char*>(octets), sizeof octets));
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

class StoredJournal final : public Journal {
 public:
  /// `tree`: over all events; only to write.
  StoredJournal(std::unique_ptr<Store> store, const JournalOptions& options, std::uint32_t format, std::string id,
                Keyring keyring, const Counters& counters, MerkleFrontier tree)
      : store_(std::move(store)), format_(format), id_(std::move(id)), keyring_(std::move(keyring)) {
    if (!options.read_only) writer_ = std::make_unique<Writer>(*store_, options, keyring_, counters, std::move(tree));
  }

  std::future<Result<AppendResult>> submit(AppendRequest request) override {
    if (writer_) return writer_->submit(std::move(request));
    std::promise<Result<AppendResult>> promise;
    promise.set_value(for_reading_only());
    return promise.get_future();
  }

  std::future<std::vector<Result<AppendResult>>> submit_all(std::vector<AppendRequest> requests) override {
    if (writer_) return writer_->submit_all(std::move(requests));
    std::promise<std::vector<Result<AppendResult>>> promise;
    promise.set_value(std::vector<Result<AppendResult>>(requests.size(), for_reading_only()));
    return promise.get_future();
  }

  Result<AppendResult> append(AppendRequest request) override {
    if (writer_) return writer_->append(std::move(request));
    return for_reading_only();
  }

  Result<void> read_flux(std::string_view flux, Version from, const EventVisitor& visit) override {
    // A flux that is not there, the commonest before an opening, needs no view.
    if (flux.empty() || flux.find('\0') != std::string_view::npos) return {};
    auto opened = store_->get(flux_key(flux));
    if (!opened) return std::unexpected(std::move(opened.error()));
    if (!*opened) return {};
    return storage::read_flux(*store_->view(), flux, from, visit);
  }

  Result<void> read_all(Position from, const EventVisitor& visit) override {
    return storage::read_all(*store_->view(), from, visit);
  }

  Result<void> scan(const ScanRange& range, const EventViewVisitor& visit) override {
    return storage::scan(*store_->view(), range, visit);
  }

  Result<std::optional<FluxHead>> head(std::string_view flux) override { return read_head(*store_->view(), flux); }

  Result<void> list_flux(std::string_view prefix,
                         const std::function<bool(std::string_view, const FluxHead&)>& visit) override {
    return storage::list_flux(*store_->view(), prefix, visit);
  }

  Result<std::optional<StoredOutcome>> outcome(std::string_view acte_id) override {
    auto value = store_->get(outcome_key(acte_id));
    if (!value) return std::unexpected(std::move(value.error()));
    if (!*value) return std::nullopt;
    auto outcome = decode_outcome(acte_id, **value);
    if (!outcome) return damaged(fmt::format("la réponse gardée pour l'acte « {} » est illisible", acte_id));
    return outcome;
  }

  Result<bool> same_request(const StoredOutcome& kept, const Hash& fingerprint) override {
    return keyring_.same(kept, fingerprint);
  }

  Result<Unsealed> unseal(const Seal& seal) override { return storage::unseal(*store_, keyring_, seal); }

  Result<std::optional<PersonId>> person(std::string_view name) override {
    if (!keyring_.seals()) return std::nullopt;
    if (keyring_.sealer() == nullptr) return std::unexpected(needs_key());
    auto value = store_->get(person_key(keyring_.sealer()->pseudonym(name)));
    if (!value) return std::unexpected(std::move(value.error()));
    if (!*value) return std::nullopt;
    const auto person = decode_person(**value);
    if (!person) return damaged("l'enregistrement d'une personne est illisible");
    return person;
  }

  Result<JournalInfo> info() override {
    auto counters = read_counters(*store_->view());
    if (!counters) return std::unexpected(std::move(counters.error()));
    return JournalInfo{.format = format_,
                       .journal_id = id_,
                       .next = Position{counters->events},
                       .flux_count = counters->flux,
                       .seals = keyring_.seals()};
  }

  Result<std::uint64_t> wait_beyond(std::uint64_t known, std::chrono::milliseconds patience) override {
    if (writer_) return writer_->wait_beyond(known, patience);
    auto counters = read_counters(*store_->view());
    if (!counters) return std::unexpected(std::move(counters.error()));
    return counters->events;
  }

  Result<TreeHead> tree_head(std::optional<std::uint64_t> size) override {
    return with_tree([size](View& view, Tree& tree) -> Result<TreeHead> {
      TreeHead head{.size = size.value_or(tree.size()), .root = {}, .flux = {}};
      auto root = tree.root_at(head.size);
      if (!root) return std::unexpected(std::move(root.error()));
      auto flux = flux_root_at(view, head.size);
      if (!flux) return std::unexpected(std::move(flux.error()));
      head.root = *root;
      head.flux = *flux;
      return head;
    });
  }

  Result<Proof> prove_inclusion(Position position, std::uint64_t size) override {
    return with_tree([=](View&, Tree& tree) { return tree.inclusion(position.value, size); });
  }

  Result<Proof> prove_consistency(std::uint64_t first, std::uint64_t second) override {
    return with_tree([=](View&, Tree& tree) { return tree.consistency(first, second); });
  }

  Result<FluxProof> prove_flux(std::string_view flux, std::uint64_t size) override {
    return with_tree([=](View& view, Tree& tree) -> Result<FluxProof> {
      if (auto root = tree.root_at(size); !root) return std::unexpected(std::move(root.error()));
      return storage::prove_flux(view, flux, size);
    });
  }

  Result<VerifyReport> verify(const Progress& progress) override {
    return storage::verify(*store_, *store_->view(), keyring_, format_, progress);
  }

  Result<VerifyReport> verify_part(const VerifyPart& part, const Progress& progress) override {
    return storage::verify_part(*store_, *store_->view(), keyring_, format_, part, progress);
  }

 private:
  static std::unexpected<Error> for_reading_only() {
    return std::unexpected(
        Error{ErrorKind::kInvalid, "le journal est ouvert en lecture seule ; l'ouvrir en écriture pour y inscrire"});
  }
  static std::unexpected<Error> damaged(const std::string& what) {
    return std::unexpected(
        Error{ErrorKind::kDamaged, "journal abîmé : " + what + " ; « journal verifier » donne la liste complète"});
  }

  // One view for the tree and the flux: they are of the same moment.
  auto with_tree(auto&& work) -> decltype(work(std::declval<View&>(), std::declval<Tree&>())) {
    const auto view = store_->view();
    auto counters = read_counters(*view);
    if (!counters) return std::unexpected(std::move(counters.error()));
    Tree tree(*view, counters->events, format_ != kFormatWithoutTree);
    return work(*view, tree);
  }

  std::unique_ptr<Store> store_;
  std::uint32_t format_;
  std::string id_;
  Keyring keyring_;
  std::unique_ptr<Writer> writer_;  // after the store: stops before it closes
};

// Whether the last event agrees with the counters: one seek, whatever the length of the journal.
Result<void> check_end(View& view, const Counters& counters) {
  const auto cursor =
      view.scan(event_key(Position{counters.events == 0 ? 0 : counters.events - 1}), tag_end(Tag::kEvent));
  std::uint64_t found = 0;
  for (; cursor->valid() && found < 2; cursor->next()) ++found;
  if (auto ok = cursor->status(); found < 2 && !ok) return ok;
  if (found != (counters.events == 0 ? 0U : 1U)) {
    return std::unexpected(Error{
        ErrorKind::kDamaged, fmt::format("journal abîmé : les compteurs disent {} événements, la fin du journal ne s'y "
                                         "accorde pas ; lancer « journal verifier », ne plus y écrire",
                                         counters.events)});
  }
  return {};
}

// From format 1: the records of the tree. The last ones are left in preparation.
Result<void> add_tree(Store& store, View& view) {
  constexpr std::size_t kRecordsAtOnce = 4096;
  MerkleFrontier tree;
  std::size_t records = 0;
  const auto keep = [&](unsigned level, std::uint64_t index, const Hash& hash) {
    if (!is_kept(level)) return;
    store.put(tree_key(level, index), to_bytes(hash));
    ++records;
  };
  const auto cursor = view.scan(tag_begin(Tag::kEvent), tag_end(Tag::kEvent));
  for (; cursor->valid(); cursor->next()) {
    tree.append(event_hash(cursor->value()), keep);
    if (records < kRecordsAtOnce) continue;
    records = 0;
    if (auto ok = store.commit(); !ok) return ok;
  }
  return cursor->status();
}

// To the present format, which is written last: interrupted, it is begun again by the next opening.
Result<void> bring_forward(Store& store, View& view, std::uint32_t format) {
  if (format == kFormatWithoutTree) {
    if (auto ok = add_tree(store, view); !ok) return ok;
  }
  store.put(fingerprint_key_key(), new_fingerprint_key());
  store.put(format_key(), encode_format(kFormat));
  return store.commit();
}

// What the journal is to be before it is written to: of this format, sealed if that is asked for, rid of what was
// erased.
Result<void> prepare(Store& store, const JournalOptions& options, std::uint32_t format, std::string_view id) {
  if (format != kFormat) {
    if (auto ok = bring_forward(store, *store.view(), format); !ok) return ok;
  }
  auto sealing = store.get(sealing_key());
  if (!sealing) return std::unexpected(std::move(sealing.error()));
  if (options.seal && options.master_key && !*sealing) {
    store.put(sealing_key(), Sealer::new_record(*options.master_key, id));
    if (auto ok = store.commit(); !ok) return ok;
  } else if (*sealing && !options.master_key) {
    return std::unexpected(needs_key());
  }
  auto purge = store.get(purge_key());
  if (!purge) return std::unexpected(std::move(purge.error()));
  return *purge ? purge_erased(store) : Result<void>();
}

}  // namespace

Result<AppendResult> Journal::append(AppendRequest request) { return submit(std::move(request)).get(); }

Result<void> initialise(Store& store, std::string id) {
  if (id.empty()) id = new_uuid();
  if (id.empty())
    return std::unexpected(Error{ErrorKind::kIo, "le système ne donne pas d'octets aléatoires pour nommer le journal"});
  store.put(format_key(), encode_format(kFormat));
  store.put(journal_id_key(), id);
  store.put(fingerprint_key_key(), new_fingerprint_key());
  store.put(counters_key(), encode_counters(Counters{}));
  return store.commit();
}

Result<std::unique_ptr<Journal>> open_journal(std::unique_ptr<Store> store, JournalOptions options) {
  auto view = store->view();
  auto format = view->get(format_key());
  if (!format) return std::unexpected(std::move(format.error()));
  const auto number = *format ? decode_format(**format) : std::nullopt;
  if (!number) {
    return std::unexpected(
        Error{ErrorKind::kDamaged,
              "journal abîmé : l'enregistrement du format manque ou est illisible ; ce répertoire n'est pas un "
              "journal entier, repartir d'une sauvegarde"});
  }
  if (*number > kFormat || *number < kFormatWithoutTree) {
    return std::unexpected(
        Error{ErrorKind::kFormat,
              fmt::format("le journal est au format {}, ce programme connaît les formats {} à {} ; prendre une version "
                          "d'assemblier qui le lit",
                          *number, kFormatWithoutTree, kFormat)});
  }
  auto id = view->get(journal_id_key());
  if (!id) return std::unexpected(std::move(id.error()));
  if (!*id)
    return std::unexpected(
        Error{ErrorKind::kDamaged, "journal abîmé : son identifiant manque ; lancer « journal verifier »"});
  auto counters = read_counters(*view);
  // A reader opens all the same: verify() then says what is wrong and where.
  if (options.read_only) {
    auto keyring = Keyring::open(*view, options, **id);
    if (!keyring) return std::unexpected(std::move(keyring.error()));
    return std::make_unique<StoredJournal>(std::move(store), options, *number, std::move(**id), std::move(*keyring),
                                           counters.value_or(Counters{}), MerkleFrontier{});
  }
  if (!counters) return std::unexpected(std::move(counters.error()));
  if (auto ok = check_end(*view, *counters); !ok) return std::unexpected(std::move(ok.error()));
  // Before anything is written: whether the master key is the right one.
  if (auto keyring = Keyring::open(*view, options, **id); !keyring) return std::unexpected(std::move(keyring.error()));
  view.reset();
  if (auto ok = prepare(*store, options, *number, **id); !ok) return std::unexpected(std::move(ok.error()));
  view = store->view();
  auto keyring = Keyring::open(*view, options, **id);
  if (!keyring) return std::unexpected(std::move(keyring.error()));
  auto tree = Tree(*view, counters->events, true).frontier();
  if (!tree) return std::unexpected(std::move(tree.error()));
  view.reset();
  return std::make_unique<StoredJournal>(std::move(store), options, kFormat, std::move(**id), std::move(*keyring),
                                         *counters, std::move(*tree));
}

}  // namespace assemblier::storage
