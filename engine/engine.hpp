#pragma once
// The shell around decide and evolve: éditions published in the journal, objets loaded, decided, appended, again on a
// conflict.
//
// Thread-safety: an Engine (with its Pipelines) belongs to one thread at a time. Several engines may share one journal:
// expected versions keep them apart.
//
//   Engine engine(*journal);
//   auto published = engine.publish(text);
//   Answer answer = engine.submit({.acte = "ouverture", .objet = "dossier/1", .role = "porteur", .author = "Ici"});

#include "dsl/diagnostic.hpp"
#include "engine/decide.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace assemblier::engine {

struct EngineOptions {
  std::size_t live_objets = 10'000;  ///< states kept typed in memory: about 2 kB each
  std::size_t in_flight = 4'096;     ///< actes of a pipeline not yet answered: enough to fill the writer's batches
  int retries = 20;      ///< decisions taken again after version conflicts, before the conflict is the answer
  storage::Clock clock;  ///< UTC microseconds since 1970; default: the system's
  std::function<std::uint64_t()> random;  ///< for generated ids; default: the system's entropy
};

/// What came of publishing a text. Errors in `diagnostics`: nothing was published.
struct Publication {
  EditionPtr edition;    ///< null when the text has errors
  bool already = false;  ///< the same bytes were published before
  std::vector<dsl::Diagnostic> diagnostics;
};

struct EditionInfo {
  storage::Hash hash;
  storage::Position position;
  std::int64_t instant_us = 0;
  std::string title;
  std::int64_t millesime = 0;
  dsl::Date from, to;
};

/// What came of erasing a person.
struct Erasure {
  storage::PersonId person;
  storage::Position position;  ///< of the event that says so
};

struct EngineCounters {
  std::uint64_t decided = 0, conflicts = 0, loads = 0, hits = 0;
};

class Engine {
 public:
  explicit Engine(storage::Journal& journal, EngineOptions options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Publishes the exact bytes as an édition; its identity is their SHA-256.
  [[nodiscard]] storage::Result<Publication> publish(std::string_view text);
  /// All published éditions, oldest publication first.
  [[nodiscard]] storage::Result<std::vector<EditionInfo>> editions();
  /// One édition compiled (kept). kInvalid when it is not in the journal or this program does not compile it any more.
  [[nodiscard]] storage::Result<EditionPtr> edition(const storage::Hash& hash);
  /// The same by the first hexadecimal digits (at least 4) of its hash, or by its millésime (the last published one of
  /// it).
  [[nodiscard]] storage::Result<EditionPtr> find_edition(std::string_view hash_or_millesime);
  /// The published bytes, exactly.
  [[nodiscard]] storage::Result<std::string> edition_text(const storage::Hash& hash);

  /// Decides one acte, appends it, and answers once it is on disk. Never fails otherwise than by an Answer of kind
  /// kErreur.
  [[nodiscard]] Answer submit(const Request& request);

  /// The present state of an objet; nothing when it does not exist.
  [[nodiscard]] storage::Result<std::optional<State>> state(std::string_view flux);
  /// The same, typed, with its édition.
  [[nodiscard]] storage::Result<std::optional<Live>> live(std::string_view flux);
  /// Every objet of a category, typed, in bytewise order, until `visit` returns false. When the category is a good part
  /// of the journal, the states come from one walk through it (states.hpp says what that does not check), in a memory
  /// that grows with the number of objets.
  [[nodiscard]] storage::Result<void> each_live(std::string_view category, const std::function<bool(Live&)>& visit);
  /// Every event of an objet, oldest first.
  [[nodiscard]] storage::Result<std::vector<Inscrit>> history(std::string_view flux);
  /// Flux of a category ("dossier"), in bytewise order.
  [[nodiscard]] storage::Result<std::vector<std::string>> objets(std::string_view category);

  /// Puts what a sealed datum stands for in its place: its value if the master key is there; once erased, when and why.
  /// Any other datum stays as it is.
  [[nodiscard]] storage::Result<void> reveal(Datum& datum);
  /// The same for all personal values of an event.
  [[nodiscard]] storage::Result<void> reveal(ActePayload& payload);
  /// Destroys all that is kept of a person, named as the actes that carried their values name them, and records why.
  /// Nothing: nothing of theirs is kept. REQUIRES that nothing reads the journal meanwhile.
  [[nodiscard]] storage::Result<std::optional<Erasure>> erase(std::string_view person, std::string_view motif);

  [[nodiscard]] storage::Journal& journal();
  [[nodiscard]] const EngineCounters& counters() const;

 private:
  friend class Pipeline;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A stream of actes, decided one after the other against the states their predecessors leave, appended without
/// waiting, one append per acte, in the order of the stream: positions follow it unless another engine writes in
/// between. What was decided on a state that a conflict has denied is never written; it is decided again. Answers come
/// in the order of the requests, each after its sync.
///
///   Pipeline pipeline(engine, [](std::uint64_t line, const Answer& a) { print(line, a); });
///   for (auto& request : stream) pipeline.push(std::move(request));
///   pipeline.finish();
class Pipeline {
 public:
  /// Called on the thread of push, poll and finish with the number of the request (from 0). It must not call the
  /// engine.
  using OnAnswer = std::function<void(std::uint64_t, const Answer&)>;

  Pipeline(Engine& engine, OnAnswer on_answer);
  ~Pipeline();  ///< waits for what is under way; answers not given yet are dropped: finish() first
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Decides and queues; gives answers that are ready; waits while EngineOptions::in_flight are unanswered.
  void push(Request request);
  /// Keeps a place in the order for an answer known already (an unreadable line).
  void push_answer(Answer answer);
  /// Gives the answers that are ready, without waiting.
  void poll();
  /// Waits for every answer.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assemblier::engine
