#pragma once
// The journal: immutable events in one total order, appended atomically to several flux (streams) under expected
// versions, durable once acknowledged, chained by hash inside each flux. It knows bytes, keys and hashes; it does not
// know what a dossier is. Two backends, one contract: open_rocksdb (durable) and open_memory (tests, benchmarks).
//
// Thread-safety: every member may be called from any thread. Appends are drained by one writer at a time into one
// synced batch; readers never wait for it and never see a hole or a later event first.
//
//   auto journal = storage::create_rocksdb(dir, options);
//   auto done = (*journal)->append({.events = {event}, .expected = {{"dossier/1", Expect::kNone}}});
//   (*journal)->read_flux("dossier/1", 0, [](const StoredEvent& e) { return true; });

#include "storage/bytes.hpp"
#include "storage/event.hpp"
#include "storage/event_view.hpp"
#include "storage/merkle.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace assemblier::storage {

/// What went wrong. Each kind has one exit code in tools/ (DESIGN §8).
enum class ErrorKind {
  kAbsent,        ///< no journal in that directory, or not what is asked for in it (3)
  kUnreadable,    ///< a file that is given is not what it should be (3)
  kExists,        ///< a journal is already there (5)
  kDamaged,       ///< stored bytes are not what was written (4)
  kLocked,        ///< another process holds the journal (5)
  kIo,            ///< disk full, permission, read or write error; the store accepts no more appends (5)
  kConflict,      ///< an expected version does not hold (6)
  kOtherContent,  ///< known acte id, other fingerprint (6)
  kInvalid,       ///< the request itself breaks a limit of JournalLimits (2)
  kFormat,        ///< written by a format version this program does not know (5)
  kKey,           ///< the master key is missing, or is not that of the journal (3)
};

/// `message` is French and complete: what, where, what was expected, what to do.
struct Error {
  ErrorKind kind;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

/// Expected version of a flux before an append. A flux may be checked without being written.
struct Expectation {
  enum class Kind { kAny, kNone, kExactly };
  std::string flux;
  Kind kind = Kind::kAny;
  Version version{};  ///< last version the flux must have; only for kExactly
};

/// How a fingerprint is kept, so that nothing can be guessed from it: as it is (formats 1 and 2), as its HMAC-SHA-256
/// under a key in the journal, or under one that takes the master key (a journal with personal values). Under a key of
/// the journal it was exported from, it can be compared with nothing: the id alone tells the request.
enum class FingerprintKind : std::uint8_t { kPlain = 0, kKeyed = 1, kSecret = 2, kForeign = 3 };

/// The durable answer to one acte: kept for ever under its id, in the same synced batch as its events. A refusal is
/// an outcome without events.
struct Outcome {
  std::string acte_id;  ///< 1 to 200 bytes
  Hash fingerprint;     ///< of acte, objet, author, date and données
  Bytes answer;         ///< opaque here
};

/// An outcome as found again, with the position of the first event (if any) and how many events it wrote.
struct StoredOutcome {
  Outcome outcome;  ///< its fingerprint as it is kept: Journal::same_request compares
  FingerprintKind kind = FingerprintKind::kPlain;
  Position first{};
  std::uint32_t count = 0;
};

/// Requests that were prepared one on the other's outcome, without waiting. After one that writes nothing (a failure,
/// or an id already known) the later ones of its chain fail with kConflict: none is written on a state that never came
/// to be. Only the writer looks inside.
class Chain {
 public:
  [[nodiscard]] bool broken() const { return broken_; }
  void break_off() { broken_ = true; }

 private:
  bool broken_ = false;
};

struct AppendRequest {
  std::vector<NewEvent> events{};       ///< may be empty when outcome is set
  std::vector<Expectation> expected{};  ///< at most one per flux; flux without entry: any
  std::optional<Outcome> outcome{};
  std::shared_ptr<Chain> chain{};  ///< may be null: stands alone
  /// The person to erase, as Personal::person names them; empty: nobody. Their key and all it opens are destroyed with
  /// this append, which must hold an event. kInvalid when nothing of theirs is kept.
  Bytes erase{};
};

/// What is left of a sealed value.
struct Unsealed {
  enum class Kind { kOpen, kSealed, kErased };  ///< sealed: there, and the journal was opened without its master key
  Kind kind = Kind::kSealed;
  Bytes content;      ///< kOpen
  Position erased{};  ///< kErased: of the event that says so
};

struct AppendResult {
  bool already = false;  ///< the outcome's id was known with the same fingerprint; nothing was written
  Position first{};      ///< position of the first event written (or written then, if already)
  std::uint32_t count = 0;
  Bytes answer;  ///< if already: the answer kept then
};

struct JournalLimits {
  std::size_t payload_bytes = 8U << 20U;  ///< an édition's text is the largest payload; 8 MiB is 100 times 2024's
  std::size_t events_per_append = 1000;   ///< one acte touches a handful of flux
  std::size_t flux_bytes = 512;           ///< keys stay small
  std::size_t batch_events = 1024;        ///< events the writer puts under one sync
  std::size_t queue_requests = 8192;      ///< submit() blocks beyond: memory stays bounded
  std::size_t append_bytes = 64U << 20U;  ///< one append is one record of the log: it is read back in one piece
  std::size_t batch_bytes = 16U << 20U;   ///< under one sync, unless one append alone is larger
  std::size_t queue_bytes = 128U << 20U;  ///< submit() blocks beyond, whatever the number of requests
  std::size_t text_bytes = 1024;          ///< type, role, author: words, not contents
};

/// UTC microseconds since 1970-01-01. Injected, so that tests own time.
using Clock = std::function<std::int64_t()>;

struct JournalOptions {
  JournalLimits limits;
  Clock clock;             ///< default: the system's
  bool read_only = false;  ///< opens without writing one byte in the directory; appends fail with kInvalid
  std::optional<MasterKey> master_key{};  ///< needed to write where values are sealed, and to read them
  bool seal = false;                      ///< from now on values may be sealed here. REQUIRES the master key
};

/// Where a flux stands.
struct FluxHead {
  Version version{};    ///< version of its last event
  Hash hash{};          ///< hash of its last event
  Position position{};  ///< position of its last event
};

/// What a head says of one flux: the hash of its last event chains all of them, so nothing else can be in it.
struct FluxLeaf {
  std::string flux;
  Version version{};  ///< of its last event
  Hash hash{};        ///< of its last event
};

/// SHA-256(0x00 ‖ flux ‖ 0x00 ‖ version, 8 octets big-endian ‖ hash): the leaf of one flux under a head.
[[nodiscard]] Hash flux_leaf_hash(const FluxLeaf& leaf);

/// Root of the tree over the flux, sorted bytewise by name.
struct FluxRoot {
  std::uint64_t count = 0;
  Hash root{};
};

/// That a head knows a flux and how it ends (`there`), or that it knows none of that name: the neighbours between which
/// it would be, one alone at either end, none in an empty journal.
struct FluxProof {
  struct Placed {
    FluxLeaf leaf;
    std::uint64_t index = 0;  ///< among the flux
    Proof path;
  };
  std::uint64_t count = 0;  ///< flux under the head
  std::optional<Placed> there, before, after;
};

/// What is signed: all events up to a number, and where each flux stands there.
struct TreeHead {
  std::uint64_t size = 0;  ///< number of events
  Hash root{};             ///< RFC 6962, over the stored bytes
  FluxRoot flux;
};

struct JournalInfo {
  std::uint32_t format = 0;  ///< format version of the data
  std::string journal_id;    ///< UUID given at creation
  Position next{};           ///< number of events
  std::uint64_t flux_count = 0;
  bool seals = false;  ///< may hold personal values: writing takes the master key
};

/// One finding of verify(). `events` names what is wrong: "position 12, dossier/2024-001 version 3" …
struct Finding {
  std::string message;
};

struct VerifyReport {
  std::uint64_t events = 0;       ///< events read and checked
  std::vector<Finding> findings;  ///< empty: clean. At most 100 are kept; `more` counts the rest
  std::uint64_t more = 0;
};

/// What verify() may be bounded to. What lies outside of it is taken as it is: a signed head says what it should be.
struct VerifyPart {
  std::uint64_t from = 0;  ///< events from this position on, and what derives from them
  std::string flux{};      ///< the events of one flux, their place in the tree; empty: every flux
};

/// Called with (done, total) about ten times a second at most.
using Progress = std::function<void(std::uint64_t, std::uint64_t)>;

/// Return false to stop reading.
using EventVisitor = std::function<bool(const StoredEvent&)>;
/// The same; what it is given holds until it returns.
using EventViewVisitor = std::function<bool(const EventView&)>;

/// Positions from `from` up to `to`, which is no longer one of them; of these the first `take`, then none of the `skip`
/// that follow, and so on: several threads share a walk by beginning one stretch after another.
struct ScanRange {
  Position from{0};
  Position to{std::numeric_limits<std::uint64_t>::max()};
  std::uint64_t take = std::numeric_limits<std::uint64_t>::max();  ///< at least 1
  std::uint64_t skip = 0;
};

class Journal {
 public:
  virtual ~Journal() = default;

  /// Appends and waits until it is on disk. Same as submit(...).get().
  [[nodiscard]] virtual Result<AppendResult> append(AppendRequest request);
  /// Queues; the future is ready once the batch holding it is synced (or refused). Requests are applied in the order
  /// of submission.
  [[nodiscard]] virtual std::future<Result<AppendResult>> submit(AppendRequest request) = 0;
  /// The same for several at once, each still standing alone: one hand-over and one future for all of them, ready when
  /// the last is answered. The answers are in the order of the requests.
  [[nodiscard]] virtual std::future<std::vector<Result<AppendResult>>> submit_all(
      std::vector<AppendRequest> requests) = 0;

  /// Events of one flux from `from`, in version order. An unknown flux has none.
  [[nodiscard]] virtual Result<void> read_flux(std::string_view flux, Version from, const EventVisitor& visit) = 0;
  /// All events from `from`, in position order. Stored bytes whose checksum, chain, or decoding fails: kDamaged.
  [[nodiscard]] virtual Result<void> read_all(Position from, const EventVisitor& visit) = 0;
  /// Events of `range`, up to the last there is, in position order, where they lie: several times as fast, for building
  /// what can be built again. Trusts the checksums of the backend's blocks; of each event only the structure and the
  /// position are checked. Not checked, other than by read_all: payload hash, chain, versions, instants, texts in
  /// UTF-8. Errors as read_all.
  [[nodiscard]] virtual Result<void> scan(const ScanRange& range, const EventViewVisitor& visit) = 0;
  [[nodiscard]] virtual Result<std::optional<FluxHead>> head(std::string_view flux) = 0;
  /// Flux names that begin with `prefix`, bytewise order.
  [[nodiscard]] virtual Result<void> list_flux(std::string_view prefix,
                                               const std::function<bool(std::string_view, const FluxHead&)>& visit) = 0;
  [[nodiscard]] virtual Result<std::optional<StoredOutcome>> outcome(std::string_view acte_id) = 0;
  /// Whether an outcome is that of the same request. kKey when telling takes the master key.
  [[nodiscard]] virtual Result<bool> same_request(const StoredOutcome& kept, const Hash& fingerprint) = 0;
  [[nodiscard]] virtual Result<Unsealed> unseal(const Seal& seal) = 0;
  /// Who bears that name here, if anything of theirs is kept. kKey without the master key.
  [[nodiscard]] virtual Result<std::optional<PersonId>> person(std::string_view name) = 0;
  [[nodiscard]] virtual Result<JournalInfo> info() = 0;
  /// The number of events, as soon as there are more than `known` or when `patience` ends. Opened for reading, a
  /// journal stays as it is and answers at once.
  [[nodiscard]] virtual Result<std::uint64_t> wait_beyond(std::uint64_t known, std::chrono::milliseconds patience) = 0;
  /// The head over the first `size` events (default: all of them). kInvalid beyond the last. Takes a time that grows
  /// with the number of flux.
  [[nodiscard]] virtual Result<TreeHead> tree_head(std::optional<std::uint64_t> size) = 0;
  /// RFC 6962 § 2.1.1 and § 2.1.2. kInvalid when there are not as many events.
  [[nodiscard]] virtual Result<Proof> prove_inclusion(Position position, std::uint64_t size) = 0;
  [[nodiscard]] virtual Result<Proof> prove_consistency(std::uint64_t first, std::uint64_t second) = 0;
  [[nodiscard]] virtual Result<FluxProof> prove_flux(std::string_view flux, std::uint64_t size) = 0;
  /// Checks every stored byte it can reach: checksums, decoding, positions without gap, versions, hash chains,
  /// and that every derived record (flux index, heads, outcomes, counters) agrees with the events, both ways.
  [[nodiscard]] virtual Result<VerifyReport> verify(const Progress& progress) = 0;
  /// The same for a part: takes the time that the part takes. kInvalid when there are not as many events, or a flux and
  /// a position are both given.
  [[nodiscard]] virtual Result<VerifyReport> verify_part(const VerifyPart& part, const Progress& progress) = 0;
};

[[nodiscard]] std::unique_ptr<Journal> open_memory(JournalOptions options);
/// Creates the directory (and its parents) and an empty journal. kExists if one is there.
[[nodiscard]] Result<std::unique_ptr<Journal>> create_rocksdb(const std::string& directory, JournalOptions options);
[[nodiscard]] Result<std::unique_ptr<Journal>> open_rocksdb(const std::string& directory, JournalOptions options);

}  // namespace assemblier::storage
