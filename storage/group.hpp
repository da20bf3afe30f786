#pragma once
// A consumer group: which selected events were handled, kept in a directory of its own so that nothing is written in
// the journal. Several processes may take events of one group, each event being with one of them at a time, at least
// once: what is not acknowledged within a delay comes again; what is rejected comes again after a pause that doubles;
// what has had all its attempts is parked with the last reason, and stands in nobody's way. Each change is on disk,
// whole, before it is answered.
//
// Thread-safety: an open Group belongs to one thread and holds the lock of its directory: open it, ask, let it go.
//
//   auto group = Group::open("instruction");
//   for (const Delivery& delivery : *group->take(*journal, 10)) …
//   group->acknowledge({position});

#include "storage/selection.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace assemblier::storage {

/// Given at creation.
struct GroupTerms {
  Selection selection{};
  Position from{};
  std::uint32_t attempts = 5;              ///< deliveries of one event before it is parked; 1 at least
  std::chrono::seconds answer_within{60};  ///< then it comes again
  std::chrono::seconds first_pause{1};     ///< after a rejection; twice as long after each further one
  std::chrono::seconds longest_pause{3600};
};

struct Delivery {
  StoredEvent event;
  std::uint32_t attempt = 1;
};

/// An event that was delivered and is not acknowledged.
struct OpenEvent {
  enum class Kind : std::uint8_t { kInFlight = 0, kRetry = 1, kParked = 2 };
  Kind kind = Kind::kInFlight;
  std::uint32_t attempts = 0;
  std::int64_t until_us = 0;  ///< UTC: answer expected before, or delivered again after, or parked at
  std::string reason;         ///< of the last rejection
};

/// What a group's file says.
struct GroupRecord {
  std::string journal_id;
  GroupTerms terms;
  Position next;                       ///< nothing from here on was delivered
  std::map<Position, OpenEvent> open;  ///< delivered before, and not acknowledged
};

struct GroupState {
  Position checkpoint;  ///< everything selected before it is acknowledged, or parked
  Position next;
  std::size_t in_flight = 0, retries = 0, parked = 0;
};

class Group {
 public:
  /// Events open at once: the file is written whole at each change. take() gives nothing new beyond.
  static constexpr std::size_t kOpen = 10'000;
  /// What take() gives at most, unless one event alone is larger.
  static constexpr std::size_t kOctets = std::size_t{16} << 20U;
  /// Of a reason; what is longer is cut.
  static constexpr std::size_t kReasonOctets = 1000;

  /// kExists: there is a group; kInvalid: impossible terms, or a place inside a journal.
  [[nodiscard]] static Result<void> create(const std::string& directory, const std::string& journal_id,
                                           const GroupTerms& terms);
  /// kAbsent; kDamaged; kLocked: still held after five seconds.
  [[nodiscard]] static Result<Group> open(const std::string& directory, Clock clock = {});
  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();

  /// kInvalid: another journal than the group's, or one that has lost its end. REQUIRES what was seen of the journal
  /// after the group was opened: others may have gone further before.
  [[nodiscard]] Result<void> check_journal(const JournalInfo& info) const;
  /// Up to `count` events, now with the caller: first those whose time has come again, then new ones, both in position
  /// order. kInvalid as check_journal, which it calls, and when too many are open for a new one.
  [[nodiscard]] Result<std::vector<Delivery>> take(Journal& journal, std::size_t count);
  /// Handled: they never come again. Parked ones too; those acknowledged already stay so. All or none: kInvalid when
  /// one was never delivered.
  [[nodiscard]] Result<void> acknowledge(const std::vector<Position>& positions);
  /// Not handled, and why: they come again, or are parked after their last attempt, at once with `park`. All or none:
  /// kInvalid when one is not in flight.
  [[nodiscard]] Result<void> reject(const std::vector<Position>& positions, const std::string& reason, bool park);
  /// Parked events come again, with all their attempts; none given: all of them. Answers how many. All or none:
  /// kInvalid when one is not parked.
  [[nodiscard]] Result<std::size_t> replay(const std::vector<Position>& positions);

  [[nodiscard]] GroupState state() const;
  [[nodiscard]] const GroupRecord& record() const { return record_; }

 private:
  class Hold;
  Group();
  Result<void> save() const;
  std::vector<Position> due(std::int64_t now);
  Result<void> take_again(Journal& journal, std::size_t count, std::int64_t now, std::vector<Delivery>& taken);
  Result<void> take_new(Journal& journal, Position end, std::size_t count, std::int64_t now,
                        std::vector<Delivery>& taken);
  std::string directory_;
  std::unique_ptr<Hold> hold_;
  Clock clock_;
  GroupRecord record_;
};

}  // namespace assemblier::storage
