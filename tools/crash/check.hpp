#pragma once
// What must hold of a journal that was stopped in any way, against what was sent to it. Naive on purpose: every event
// is read, the roots are computed by the words of RFC 6962.
//
// Thread-safety: functions of their arguments; one thread a journal.

#include "tools/crash/load.hpp"

#include <optional>
#include <string>

namespace assemblier::crash {

/// A French sentence: what is not as it must be; nothing when all is well.
using Violation = std::optional<std::string>;

/// Whether an answer is the one planned, or that of a journal that has stopped (only once `struck`).
[[nodiscard]] Violation judge_answer(const Planned& planned, const storage::Result<storage::AppendResult>& answer,
                                     bool struck);

/// What is left of a load.
struct Kept {
  std::vector<std::vector<storage::StoredOutcome>> outcomes;  ///< of each sender's writing requests, in order
  std::uint64_t events = 0;
};

/// Everything that a journal owes after an opening: verify() finds nothing; positions have no gap; of each sender the
/// beginning of what it sent is there, in its order, whole actes only, octet for octet, with their outcomes, and all
/// that was acknowledged; nothing else is; the roots are those of the events. Fills `kept`.
[[nodiscard]] Violation check_kept(storage::Journal& journal, const Load& load, const Answers& answers, Kept& kept);

/// Sends everything again: what was kept is known under its id, with its first answer; the rest is written. `answers`
/// is then what the journal owes.
[[nodiscard]] Violation send_again(storage::Journal& journal, const Load& load, const Kept& kept, Answers& answers);

}  // namespace assemblier::crash
