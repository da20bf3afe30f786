#pragma once
// The check of sealed values: each that an event commits to is there or erased, and no other is. Private to storage/.
//
// Thread-safety: one thread.

#include "storage/sealing.hpp"

namespace assemblier::storage {

class SealChecker {
 public:
  SealChecker(View& view, const Keyring& keyring, std::function<void(const std::string&)> find);

  void check(const Header& header);
  /// Values found so far, and back: a check that goes on later.
  [[nodiscard]] std::uint64_t there() const { return there_; }
  void go_on_from(std::uint64_t there) { there_ = there; }
  /// Once every event was shown: what lies there that none of them asks for. `complete`: all could be read.
  void finish(bool complete, std::uint64_t events);

 private:
  void check(const Header& header, const Seal& seal);

  View& view_;
  const Keyring& keyring_;
  std::function<void(const std::string&)> find_;
  std::uint64_t foreign_ = 0;  // first events that came from elsewhere, perhaps without their values
  std::uint64_t there_ = 0;    // values that events commit to and that are there
};

}  // namespace assemblier::storage
