#pragma once
// A subscription: catches up from a position, then follows. Every selected event comes once and in order, whatever is
// written meanwhile; a subscriber that stops goes on from its position(). Between two calls it holds nothing that a
// writer waits for: no lock, no view of the writer's records; beside another process, while it catches up, the files of
// one moment by their descriptors. A slow or dead one costs writers nothing.
//
// Thread-safety: a Subscription belongs to one thread; the journal may be written by any other, or by another process.
//
//   Subscription subscription = Subscription::beside("journal", {.type = "vote"}, Position{});
//   while (auto events = subscription.next(1s)) handle(*events);

#include "storage/selection.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace assemblier::storage {

class Subscription {
 public:
  /// What next() gives at most, unless one event alone is larger: a subscriber's memory is bounded.
  static constexpr std::size_t kEvents = 1024;
  static constexpr std::size_t kOctets = std::size_t{4} << 20U;
  /// How often the files of another process are looked at: a few sizes, unless something was written.
  static constexpr std::chrono::milliseconds kInterval{200};

  /// To a journal open for writing in this process, which outlives the subscription: wakes with each sync.
  [[nodiscard]] static Subscription within(Journal& journal, Selection selection, Position from);
  /// To a journal that another process writes, or nobody.
  [[nodiscard]] static Subscription beside(std::string directory, Selection selection, Position from,
                                           std::chrono::milliseconds interval = kInterval);
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  /// The next events, as soon as there are any; none when `patience` ends. kInvalid when the journal is no longer the
  /// one that was followed, or has lost its end; what Journal reads give otherwise. After an error position() stands.
  [[nodiscard]] Result<std::vector<StoredEvent>> next(std::chrono::milliseconds patience);
  /// All that is selected before it was given.
  [[nodiscard]] Position position() const { return position_; }

  /// Where the journal is reached: gives it once it has more than `known` events, or null when `patience` ends.
  class Feed;

 private:
  Subscription(std::unique_ptr<Feed> feed, Selection selection, Position from);
  std::unique_ptr<Feed> feed_;
  Selection selection_;
  Position position_;
};

}  // namespace assemblier::storage
