#pragma once
// The inside of the shell: éditions known, states kept alive, actes under way. Private to engine/.
//
// Life of a job: entered (looked up by its id, decided on the latest state of its flux, queued behind the others of
// that flux), sent at once in the order of arrival, done when the journal has answered; answers leave in the order of
// arrival. Jobs are handed over to the journal several at a time, or as soon as somebody waits. The jobs of a flux are
// sent in one chain: if the journal denies one, it denies those behind it, and they are decided again on what is really
// there. So positions follow the order of the stream unless somebody else writes.
//
// Thread-safety: one thread.

#include "engine/engine.hpp"

#include <chrono>
#include <deque>
#include <future>
#include <list>
#include <random>
#include <unordered_set>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

namespace assemblier::engine {

/// The standard library's hash of text needs no second mixing.
struct NameHash {
  using is_avalanching = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};

/// The éditions of a journal, read once, compiled when needed.
class Editions {
 public:
  explicit Editions(storage::Journal& journal) : journal_(journal) {}

  /// Reads those published since the last call, here or elsewhere.
  [[nodiscard]] storage::Result<void> refresh();
  [[nodiscard]] storage::Result<std::vector<EditionInfo>> list();
  [[nodiscard]] storage::Result<EditionPtr> get(const storage::Hash& hash);
  [[nodiscard]] storage::Result<std::string> text(const storage::Hash& hash);
  [[nodiscard]] storage::Result<EditionPtr> find(std::string_view hash_or_millesime);
  /// All of them compiled, oldest publication first. One that does not compile is an error: an opening is never decided
  /// under an older text for want of reading the newer.
  [[nodiscard]] storage::Result<const std::vector<EditionPtr>*> compiled();
  /// The next call of compiled() looks for those published elsewhere.
  void expire() { read_once_ = false; }
  /// Keeps an édition just published by this engine, so that it need not be compiled twice.
  [[nodiscard]] storage::Result<EditionPtr> keep(const storage::Hash& hash,
                                                 std::shared_ptr<const dsl::Program> program);

 private:
  struct Known {
    EditionInfo info;
    std::string text;
    EditionPtr edition;  ///< once compiled
  };
  [[nodiscard]] storage::Result<void> read(std::string_view flux);
  [[nodiscard]] storage::Result<Known*> known(const storage::Hash& hash);
  [[nodiscard]] storage::Result<EditionPtr> compile(Known& known, std::shared_ptr<const dsl::Program> program);

  storage::Journal& journal_;
  bool read_once_ = false;
  std::deque<Known> known_;  ///< by position
  std::unordered_set<std::string> flux_;
  std::vector<EditionPtr> compiled_;
};

struct Job;

/// A live objet, and the jobs decided on it that the journal has not answered.
struct Slot {
  std::string flux;
  Live live;                              ///< as the last of `jobs` will leave it
  std::vector<Job*> jobs;                 ///< in order; those sent come first
  std::shared_ptr<storage::Chain> chain;  ///< of the jobs sent
  std::size_t sent = 0;                   ///< how many of `jobs` the journal has not answered
  bool stale = false;                     ///< it could not be read again: to be done before anything is decided on it
  bool draining = false;                  ///< one was denied: nothing is sent until the others sent have come back
};

struct Job {
  enum class Stage { kDeferred, kQueued, kSent, kDone };
  Stage stage = Stage::kQueued;
  const Pipeline::OnAnswer* on_answer = nullptr;
  std::size_t* unanswered = nullptr;  ///< of its pipeline
  std::uint64_t line = 0;
  Request request;
  storage::Hash fingerprint;
  Answer answer;
  Slot* slot = nullptr;
  bool append = false;  ///< there is something to append
  bool looked = false;  ///< its id was looked for in the journal
  bool reread = false;  ///< decided on a state that was read after it came
  storage::AppendRequest record;
  int tries = 0;
};

struct Engine::Impl {
  Impl(storage::Journal& j, EngineOptions o);

  storage::Journal& journal;
  EngineOptions options;
  EngineCounters counters;
  Editions editions;

  // ------------------------------------------------------------ shell.cpp: reading
  [[nodiscard]] storage::Result<State> fold_flux(std::string_view flux);
  [[nodiscard]] storage::Result<Live> load(const std::string& flux);
  /// A state as read, under its édition; an objet before its opening when there is none.
  [[nodiscard]] storage::Result<Live> typed(const std::string& flux,
                                            std::expected<std::optional<State>, std::string> state);
  [[nodiscard]] storage::Result<Slot*> slot(const std::string& flux);
  [[nodiscard]] std::int64_t now() const { return options.clock(); }

  // ------------------------------------------------------------ flow.cpp: actes under way
  void push(std::unique_ptr<Job> job);
  /// Gives the journal what is ready for it, without waiting.
  void hand_over();
  void poll();
  /// Waits until `done()`; answers leave meanwhile.
  void wait(const std::function<bool()>& done);
  [[nodiscard]] std::size_t under_way() const { return jobs_.size(); }
  bool alone = false;  ///< one acte at a time: appended without the writer's queue

 private:
  void enter(Job& job);
  [[nodiscard]] bool prepare(Job& job);
  [[nodiscard]] bool answered_before(Job& job);
  void decide_job(Job& job);
  [[nodiscard]] std::expected<Decided, Refusal> decide_on(const Live& live, const std::vector<EditionPtr>& known,
                                                          const Request& request);
  void record(Job& job, std::vector<Evenement> events);
  void advance(Slot& slot);
  void rebase(Slot& slot);
  void settle(Job& job, storage::Result<storage::AppendResult> result);
  [[nodiscard]] std::expected<Answer, std::string> answer_from(storage::Position first, std::uint32_t count);
  void complete(Job& job, storage::Result<storage::AppendResult> result);
  void deliver();
  void collect(bool block);
  void fail(Job& job, storage::Error error);

  static constexpr std::uint32_t kLookAtStart = 64;
  static constexpr std::uint32_t kLookAfterKnown = 4096;

  /// Jobs the journal took at once, and its answers.
  struct Sent {
    std::vector<Job*> jobs;
    std::future<std::vector<storage::Result<storage::AppendResult>>> answers;
  };

  std::deque<std::unique_ptr<Job>> jobs_;  ///< in order of arrival
  std::vector<Job*> outgoing_;             ///< sent as far as they know, not yet handed over
  std::deque<Sent> sent_;                  ///< in order of sending
  /// How many ids to look for before deciding. A stream whose ids are all new is not looked up: the writer will tell.
  std::uint32_t look_first_ = kLookAtStart;
  boost::unordered_flat_set<std::string_view, NameHash>
      ids_;                ///< of the jobs entered and not yet answered; the texts are theirs
  std::list<Slot> slots_;  ///< most recently used first
  boost::unordered_flat_map<std::string_view, std::list<Slot>::iterator, NameHash> by_flux_;
};

}  // namespace assemblier::engine
