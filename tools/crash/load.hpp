#pragma once
// What a seed sends to a journal, and what must come of each request: planned beforehand, since each sender writes flux
// of its own (and one that all write under no expectation), so that the answers do not depend on who comes first.
//
// Thread-safety: values; send() from one thread a sender.
//
//   const Load load = make_load(random, {});
//   Answers answers = no_answers(load);  send(journal, load.senders[0], 0, steps, answers[0]);

#include "storage/journal.hpp"

#include <functional>
#include <random>
#include <vector>

namespace assemblier::crash {

struct Planned {
  storage::AppendRequest request;             ///< its chain is made when it is sent
  std::optional<storage::ErrorKind> refused;  ///< why nothing is written; otherwise it is accepted
  bool again = false;                         ///< the copy of an accepted one: the same answer again
  std::size_t chain = 0;                      ///< those of one number stand on each other; 0: alone
  /// Whether it is the first to bring its id, and accepted.
  [[nodiscard]] bool writes() const { return !refused && !again; }
};

enum class Way { kAppend, kSubmit, kTogether };

struct Step {
  Way way = Way::kAppend;
  std::size_t first = 0, count = 0;  ///< of the sender's requests
  bool wait = true;                  ///< for its answers, before the next step
};

struct Sender {
  std::vector<Planned> planned;
  std::vector<Step> steps;
};

struct Load {
  std::vector<Sender> senders;
  [[nodiscard]] std::size_t requests() const;
};

[[nodiscard]] Load make_load(std::mt19937_64& random);

/// What was answered last to each request of a sender; nothing: not sent, or not known to have been answered.
using Answer = std::optional<storage::Result<storage::AppendResult>>;
using Answers = std::vector<std::vector<Answer>>;
[[nodiscard]] Answers no_answers(const Load& load);

/// Called with each answer, as soon as it is known.
using Answered = std::function<void(std::size_t request, const storage::Result<storage::AppendResult>& answer)>;

/// Sends the steps [first, last) and waits for all their answers.
void send(storage::Journal& journal, const Sender& sender, std::size_t first, std::size_t last,
          const Answered& answered);

}  // namespace assemblier::crash
