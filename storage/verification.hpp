#pragma once
// The whole verification of a journal, in several goes: how far it came is kept in a file outside the journal, so that
// one that is stopped or killed goes on where it was, beside a writer or not. What was verified counts as long as the
// journal has the same root there; otherwise all begins again.
//
// Thread-safety: functions, from any thread; two do not use the same file at once.
//
//   auto run = verify_resumable("journal", "controle", {}, [] { return !interrupted; }, {});

#include "storage/journal.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace assemblier::storage {

struct VerifyRun {
  bool finished = false;         ///< otherwise it was told to stop, and the file says where
  VerifyReport report;           ///< of all goes; so far, when it is not finished
  std::uint64_t resumed_at = 0;  ///< position from which events were checked this time
  std::uint64_t checked = 0;     ///< events before this position were
  std::string begun_again;       ///< French: why what was kept counts no more; empty when it does, or nothing was kept
};

struct VerifyPace {
  std::chrono::milliseconds save_every{1000};  ///< what a kill -9 costs at most
};

/// Whether `file` may keep a verification of the journal in `directory`, before anything else is done: kUnreadable when
/// it is something else, kInvalid inside the journal, kIo when it cannot be written there. It stays as it is.
[[nodiscard]] Result<void> check_kept_in(const std::string& directory, const std::string& file);

/// Goes on from `file` when it holds the verification of this journal, begins it otherwise; removes the file at the
/// end. `go_on` is asked before every event. Errors are those of opening for reading, of
/// check_kept_in(), and kInvalid when another journal's is kept there.
[[nodiscard]] Result<VerifyRun> verify_resumable(const std::string& directory, const std::string& file,
                                                 const std::optional<MasterKey>& master_key,
                                                 const std::function<bool()>& go_on, const Progress& progress,
                                                 const VerifyPace& pace = {});

}  // namespace assemblier::storage
