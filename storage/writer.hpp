#pragma once
// The writer of a journal: a bounded queue drained into one durable batch by one thread at a time, and the decisions
// that only it may take (known id, expected versions, positions, versions, chain, instants). That thread is the
// writer's own, or the one that waits in append() when nobody is writing: two changes of thread would cost a fifth of
// a synced write. Private to storage/.
//
// Thread-safety: submit and append from any thread. The destructor applies what is queued, then stops the thread.

#include "storage/bounded_map.hpp"
#include "storage/keys.hpp"
#include "storage/store.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace assemblier::storage {

class Writer {
 public:
  /// `store` outlives the writer; `counters` are those it holds.
  Writer(Store& store, const JournalOptions& options, const Counters& counters);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  [[nodiscard]] std::future<Result<AppendResult>> submit(AppendRequest request);
  /// submit(…).get(), the caller lending its thread.
  [[nodiscard]] Result<AppendResult> append(AppendRequest request);

 private:
  struct Pending {
    AppendRequest request;
    std::optional<Error> refused;      // breaks a limit; queued only so that its chain breaks in its turn
    std::vector<Hash> payload_hashes;  // taken by the submitting thread: the writer's time is the bottleneck
    std::size_t bytes = 0;
    std::promise<Result<AppendResult>> promise;
    Result<AppendResult> answer;
  };
  // An outcome of the batch in preparation, as a later request of the same id will find it.
  struct Kept {
    const Outcome* outcome;
    Position first;
    std::uint32_t count;
  };
  using Batch = std::vector<std::unique_ptr<Pending>>;
  // Where a flux stands for the batch in preparation.
  struct Tip {
    std::optional<FluxHead> head;
  };

  Result<std::unique_ptr<Pending>> prepare(AppendRequest request) const;
  void enqueue(std::unique_ptr<Pending> pending);
  void run();
  bool take(Batch& batch);
  void apply(Batch& batch);
  Result<AppendResult> decide_in_chain(const Pending& pending);
  Result<AppendResult> decide(const Pending& pending);
  Result<std::optional<AppendResult>> known(const Outcome& outcome);
  Result<void> expect(const Expectation& expectation);
  Result<Tip*> tip(const std::string& flux);
  void write_event(const NewEvent& event, const Hash& payload_hash, Tip& tip);
  Result<void> commit();

  Store& store_;
  const JournalOptions options_;

  std::mutex mutex_;  // guards the four members below
  std::condition_variable not_empty_;
  std::condition_variable not_full_;
  std::deque<std::unique_ptr<Pending>> queue_;
  std::size_t queued_bytes_ = 0;
  bool stopping_ = false;

  std::mutex writing_;  // held by the thread that writes; guards the members below
  Batch batch_;
  Counters counters_;
  BoundedMap<FluxHead> heads_;
  // Of this batch; the names and outcomes are those of its requests.
  std::unordered_map<std::string_view, Tip> tips_;
  std::unordered_map<std::string_view, Kept> outcomes_;
  std::vector<Record> derived_;  // this batch: what repeats the events, put in key order at the end
  Header header_;                // filled for each event: its strings keep their room
  std::string failure_;          // why nothing is accepted any more; empty while all is well

  std::thread thread_;
};

}  // namespace assemblier::storage
