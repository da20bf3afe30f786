#pragma once
// The writer of a journal: a bounded queue drained into one durable batch by one thread at a time, and the decisions
// that only it may take (known id, expected versions, positions, versions, chain, instants). That thread is the
// writer's own, or the one that waits in append() when nobody is writing: two changes of thread would cost a fifth of
// a synced write. Private to storage/.
//
// Thread-safety: submit and append from any thread. The destructor applies what is queued, then stops the thread.

#include "storage/announcement.hpp"
#include "storage/bounded_map.hpp"
#include "storage/keys.hpp"
#include "storage/sealing.hpp"
#include "storage/store.hpp"
#include "storage/tree.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <variant>

#include <boost/container/small_vector.hpp>

namespace assemblier::storage {

class Writer {
 public:
  /// `store` and `keyring` outlive the writer; `counters` are those it holds, `tree` that over its events.
  Writer(Store& store, const JournalOptions& options, const Keyring& keyring, const Counters& counters,
         MerkleFrontier tree);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  using Answers = std::vector<Result<AppendResult>>;
  [[nodiscard]] std::future<Result<AppendResult>> submit(AppendRequest request);
  [[nodiscard]] std::future<Answers> submit_all(std::vector<AppendRequest> requests);
  /// submit(…).get(), the caller lending its thread.
  [[nodiscard]] Result<AppendResult> append(AppendRequest request);
  /// Journal::wait_beyond.
  [[nodiscard]] std::uint64_t wait_beyond(std::uint64_t known, std::chrono::milliseconds patience) {
    return announcement_.wait_beyond(known, patience);
  }

 private:
  struct Pending {
    AppendRequest* request = nullptr;        // the group's
    Result<AppendResult>* answer = nullptr;  // the group's too
    std::optional<Error> refused;            // breaks a limit; queued so that its chain breaks in its turn
    boost::container::small_vector<Hash, 1> payload_hashes;
    bool prepared = false;  // checked and hashed; what comes in a group is, by the thread that writes
    std::size_t bytes = 0;
    Result<std::optional<Bytes>> kept;  // what the store has under the outcome's id, looked up for a whole batch
  };
  // What was handed over at once. A batch may end in the middle of one.
  struct Group {
    std::vector<AppendRequest> requests;
    Answers answers;  // by request
    std::vector<Pending> items;
    std::size_t taken = 0;  // by batches
    std::size_t bytes = 0;
    std::variant<std::promise<Result<AppendResult>>, std::promise<Answers>> promise;

    explicit Group(std::vector<AppendRequest> handed_over);
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;
    void fulfil();
  };
  // An outcome of the batch in preparation, as a later request of the same id will find it.
  struct Kept {
    const Outcome* outcome;
    Hash fingerprint;  // as it is kept
    FingerprintKind kind;
    Position first;
    std::uint32_t count;
  };
  struct Erasure {
    PersonId person;
    std::vector<Bytes> records;  // keys
  };
  // A person with values in the batch in preparation.
  struct Owner {
    Person person;
    bool kept = false;  // the store or the batch holds their records
  };
  struct Batch {
    std::vector<Pending*> items;
    std::vector<std::unique_ptr<Group>> complete;  // those whose last item is among the items
  };
  void prepare(Pending& pending) const;
  static std::unique_ptr<Group> alone(AppendRequest request);
  template <class T>
  std::future<T> enqueue(std::unique_ptr<Group> group);
  void run();
  void gather();
  bool take(Batch& batch);
  void apply(Batch& batch);
  void look_up(Batch& batch);
  void purge(Batch& batch);
  Result<AppendResult> decide_in_chain(Pending& pending);
  Result<AppendResult> decide(Pending& pending);
  Result<std::optional<AppendResult>> known(const Outcome& outcome, Result<std::optional<Bytes>>& kept);
  Result<void> expect(const Expectation& expectation);
  // Where a flux stands, this batch included; until the next call.
  Result<std::optional<FluxHead>*> head_of(const std::string& flux);
  Result<void> find_owners(const AppendRequest& request);
  std::vector<Seal> seal_values(const NewEvent& event);
  Result<std::optional<Erasure>> find_erasure(const AppendRequest& request);
  void write_event(const NewEvent& event, const Hash& payload_hash);
  // Puts what repeats an event: the two functions write its key and its value.
  void derive(auto&& put_key, auto&& put_value);
  Result<void> commit();

  Store& store_;
  const JournalOptions options_;
  const Keyring& keyring_;
  Announcement announcement_;

  std::mutex mutex_;  // guards the five members below
  std::condition_variable not_empty_;
  std::condition_variable not_full_;
  std::deque<std::unique_ptr<Group>> queue_;
  std::size_t queued_requests_ = 0;
  std::size_t queued_bytes_ = 0;
  bool stopping_ = false;

  std::mutex writing_;  // held by the thread that writes; guards the members below
  // What the last batch tells of the next one.
  struct {
    std::size_t released = 0;  // threads that waited for it, each likely to come back at once
    std::size_t queued = 0;    // hand-overs that were there already when they left
    std::chrono::steady_clock::duration commit{};
  } last_;
  Batch batch_;
  Counters counters_;
  MerkleFrontier tree_;
  // Where the flux stand, this batch included: should it fail, nothing is decided on them any more. Nothing: the flux
  // has no event.
  BoundedMap<std::optional<FluxHead>> heads_;
  // Of this batch; the names are those of its requests.
  boost::unordered_flat_map<std::string_view, Kept, NameHash> outcomes_;
  std::map<Hash, Owner> owners_;  // by pseudonym
  bool erasing_ = false;          // this batch erases a person, and does nothing else
  std::vector<Bytes> looked_up_;  // keys of look_up(): their room is kept
  bool changed_ = false;          // this batch holds records
  HeaderView header_;             // filled for each event
  std::vector<Seal> seals_;       // the same
  Bytes stored_;                  // the same, for its bytes: they keep their room
  Bytes key_, value_;             // the same, for what repeats it
  std::string failure_;           // why nothing is accepted any more; empty while all is well

  std::thread thread_;
};

}  // namespace assemblier::storage
