#include "storage/subscription.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

namespace assemblier::storage {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A file that grows with every write: the MANIFEST, or a log. Table files come and go with an edit of the former.
struct Growing {
  std::string name;
  std::uintmax_t size = 0;
  fs::file_time_type changed;
  auto operator<=>(const Growing&) const = default;
};

std::vector<Growing> growing_in(const std::string& directory) {
  std::vector<Growing> files;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::error_code gone;
    if (name.ends_with(".log") || name.starts_with("MANIFEST-"))
      files.push_back({name, at->file_size(gone), at->last_write_time(gone)});
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

class Subscription::Feed {
 public:
  Feed() = default;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  virtual ~Feed() = default;
  struct Look {
    Journal* journal = nullptr;
    std::uint64_t events = 0;
  };
  [[nodiscard]] virtual Result<Look> beyond(std::uint64_t known, milliseconds patience) = 0;
  /// What was read is let go.
  virtual void rest() {}
};

namespace {

class OwnFeed final : public Subscription::Feed {
 public:
  explicit OwnFeed(Journal& journal) : journal_(journal) {}
  Result<Look> beyond(std::uint64_t known, milliseconds patience) override {
    auto events = journal_.wait_beyond(known, patience);
    if (!events) return std::unexpected(std::move(events.error()));
    return Look{*events > known ? &journal_ : nullptr, *events};
  }

 private:
  Journal& journal_;
};

class DirectoryFeed final : public Subscription::Feed {
 public:
  DirectoryFeed(std::string directory, milliseconds interval) : directory_(std::move(directory)), interval_(interval) {}

  Result<Look> beyond(std::uint64_t known, milliseconds patience) override {
    const auto deadline = steady_clock::now() + patience;
    if (journal_ && events_ > known) return Look{journal_.get(), events_};
    while (true) {
      // Looked at before the journal is: what comes meanwhile shows the next time.
      auto files = growing_in(directory_);
      if (!seen_ || files != files_ || events_ > known) {
        if (auto ok = open(); !ok) return std::unexpected(std::move(ok.error()));
        files_ = std::move(files);
        if (events_ > known) return Look{journal_.get(), events_};
        rest();
      }
      const auto now = steady_clock::now();
      if (now >= deadline) return Look{};
      std::this_thread::sleep_for(std::min<steady_clock::duration>(interval_, deadline - now));
    }
  }

  void rest() override { journal_.reset(); }

 private:
  Result<void> open() {
    auto journal = open_rocksdb(directory_, {.limits = {}, .clock = {}, .read_only = true});
    if (!journal) return std::unexpected(std::move(journal.error()));
    auto info = (*journal)->info();
    if (!info) return std::unexpected(std::move(info.error()));
    if (seen_ && (info->journal_id != id_ || info->next.value < events_)) {
      return std::unexpected(Error{
          ErrorKind::kInvalid,
          fmt::format("{} tient le journal {} à {} événements, la lecture suivait le journal {} qui en avait {} ; voir "
                      "s'il a été remplacé ou restauré, puis reprendre d'une position connue",
                      directory_, info->journal_id, info->next.value, id_, events_)});
    }
    id_ = info->journal_id;
    events_ = info->next.value;
    seen_ = true;
    journal_ = std::move(*journal);
    return {};
  }

  const std::string directory_;
  const milliseconds interval_;
  std::unique_ptr<Journal> journal_;
  std::vector<Growing> files_;
  bool seen_ = false;
  std::string id_;
  std::uint64_t events_ = 0;
};

}  // namespace

Subscription::Subscription(std::unique_ptr<Feed> feed, Selection selection, Position from)
    : feed_(std::move(feed)), selection_(std::move(selection)), position_(from) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&&) noexcept = default;
Subscription::~Subscription() = default;

Subscription Subscription::within(Journal& journal, Selection selection, Position from) {
  return {std::make_unique<OwnFeed>(journal), std::move(selection), from};
}

Subscription Subscription::beside(std::string directory, Selection selection, Position from, milliseconds interval) {
  return {std::make_unique<DirectoryFeed>(std::move(directory), interval), std::move(selection), from};
}

Result<std::vector<StoredEvent>> Subscription::next(milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  std::vector<StoredEvent> events;
  do {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    auto look = feed_->beyond(position_.value, std::max(left, milliseconds(0)));
    if (!look) return std::unexpected(std::move(look.error()));
    if (look->journal == nullptr) break;
    // Up to the number of events seen first: however the events are found, none of these is missing.
    std::size_t octets = 0;
    Position end{look->events};
    auto read =
        read_selected(*look->journal, selection_, {.from = position_, .before = end}, [&](const StoredEvent& event) {
          events.push_back(event);
          octets += event.stored.size();
          if (events.size() < kEvents && octets < kOctets) return true;
          end = Position{event.header.position.value + 1};
          return false;
        });
    if (!read) return std::unexpected(std::move(read.error()));
    position_ = end;
    if (end.value == look->events) feed_->rest();
  } while (events.empty() && steady_clock::now() < deadline);
  return events;
}

}  // namespace assemblier::storage
