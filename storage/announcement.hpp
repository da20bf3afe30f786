#pragma once
// How many events are on disk, told to whoever waits for more. A listener holds nothing while it works, and when nobody
// listens telling is one store. Private to storage/.
//
// Thread-safety: every member may be called from any thread.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace assemblier::storage {

class Announcement {
 public:
  explicit Announcement(std::uint64_t events) : events_(events) {}

  void tell(std::uint64_t events) {
    events_ = events;
    if (waiting_ == 0) return;
    // Whoever counted itself before the store above either sees it or is asleep by now.
    {
      const std::lock_guard lock(mutex_);
    }
    told_.notify_all();
  }

  [[nodiscard]] std::uint64_t wait_beyond(std::uint64_t known, std::chrono::milliseconds patience) {
    if (events_ > known) return events_;
    std::unique_lock lock(mutex_);
    ++waiting_;
    told_.wait_for(lock, patience, [&] { return events_ > known; });
    --waiting_;
    return events_;
  }

 private:
  std::atomic<std::uint64_t> events_;
  std::atomic<std::uint64_t> waiting_ = 0;
  std::mutex mutex_;
  std::condition_variable told_;
};

}  // namespace assemblier::storage
