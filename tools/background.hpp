#pragma once
// Work beside other work: commands that end well when they are interrupted, and a verification of the journal that goes
// on, in a process of its own and at the lowest priority, while this one writes.
//
// Thread-safety: one thread.

#include "tools/commands.hpp"

#include <string>

#include <sys/types.h>

namespace assemblier::tools {

/// From now on Ctrl-C, TERM and HUP end the program with a line that says so, and kInterrupted.
void end_when_interrupted();
/// From now on they end nothing, they are told by interrupted(); a LineReader that waits for a line throws a Failure
/// kInterrupted.
void catch_interruptions();
[[nodiscard]] bool interrupted();
[[nodiscard]] bool catches_interruptions();

/// This process gives way to every other, for the processor and for the disk.
void take_lowest_priority();

/// « journal verifier --reprendre FILE --en-fond » on the session's journal.
class BackgroundVerification {
 public:
  /// Says so when it cannot be started; nothing else depends on it.
  BackgroundVerification(const Session& session, const std::string& file);
  BackgroundVerification(const BackgroundVerification&) = delete;
  BackgroundVerification& operator=(const BackgroundVerification&) = delete;
  ~BackgroundVerification();
  /// Stops it where it is and says what it found; kDamaged when it found something, else kDone.
  Exit finish();

 private:
  int stop();
  pid_t process_ = -1;
  int said_ = -1;  // a file in memory: what it writes
};

}  // namespace assemblier::tools
