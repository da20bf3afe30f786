#include "storage/group.hpp"

#include "storage/cbor.hpp"
#include "storage/descriptor.hpp"
#include "storage/group_file.hpp"
#include "storage/reasons.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <sys/file.h>

namespace assemblier::storage {

namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = OpenEvent::Kind;

constexpr seconds kLockPatience{5};
constexpr seconds kLongest{366L * 86'400};  // of a delay or a pause

std::int64_t system_clock_us() {
  return std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::int64_t us(seconds duration) { return microseconds(duration).count(); }

std::unexpected<Error> error(ErrorKind kind, std::string message) {
  return std::unexpected(Error{kind, std::move(message)});
}

// After the nth attempt failed, n from 1.
seconds pause_after(const GroupTerms& terms, std::uint32_t attempts) {
  seconds pause = terms.first_pause;
  for (std::uint32_t i = 1; i < attempts && pause < terms.longest_pause; ++i) pause *= 2;
  return std::min(pause, terms.longest_pause);
}

// Whether a directory is that of a journal, or below one.
bool inside_a_journal(const std::string& directory) {
  std::error_code failed;
  for (fs::path at = fs::weakly_canonical(directory, failed); at.has_relative_path(); at = at.parent_path()) {
    if (fs::exists(at / "CURRENT", failed)) return true;
  }
  return false;
}

// At most so many octets, whole characters.
std::string shortened(std::string text, std::size_t octets) {
  if (text.size() <= octets) return text;
  while (octets > 0 && (static_cast<unsigned char>(text[octets]) & 0xC0U) == 0x80U) --octets;
  text.resize(octets);
  return text;
}

void park(OpenEvent& event, std::int64_t now) {
  event.kind = Kind::kParked;
  event.until_us = now;
}

}  // namespace

// The lock of a group's directory.
class Group::Hold {
 public:
  static Result<std::unique_ptr<Hold>> take(const std::string& directory) {
    auto hold = std::make_unique<Hold>(fs::path(directory) / "verrou");
    if (hold->file_.get() < 0) {
      return error(ErrorKind::kIo, fmt::format("le verrou du groupe {} ne s'ouvre pas : {} ; vérifier les droits",
                                               directory, reason_of(errno)));
    }
    const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
    while (::flock(hold->file_.get(), LOCK_EX | LOCK_NB) != 0) {
      if (std::chrono::steady_clock::now() >= deadline) {
        return error(
            ErrorKind::kLocked,
            fmt::format("un autre programme tient le groupe {} ; attendre qu'il finisse, puis recommencer", directory));
      }
      std::this_thread::sleep_for(milliseconds(5));
    }
    return hold;
  }
  explicit Hold(const fs::path& path) : file_(path, O_RDWR | O_CREAT) {}

 private:
  Descriptor file_;
};

Group::Group() = default;
Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;
Group::~Group() = default;

Result<void> Group::create(const std::string& directory, const std::string& journal_id, const GroupTerms& terms) {
  const auto possible = [](seconds duration) { return duration.count() >= 0 && duration <= kLongest; };
  if (terms.attempts == 0 || !possible(terms.answer_within) || !possible(terms.first_pause) ||
      !possible(terms.longest_pause) || terms.longest_pause < terms.first_pause) {
    return error(
        ErrorKind::kInvalid,
        "un groupe veut un essai au moins, des délais d'un an au plus, et une pause la plus longue qui ne soit "
        "pas plus courte que la première");
  }
  if (inside_a_journal(directory)) {
    return error(
        ErrorKind::kInvalid,
        fmt::format("{} est dans un journal, où un groupe n'écrit rien ; donner un autre répertoire", directory));
  }
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed) {
    return error(ErrorKind::kIo, fmt::format("le répertoire {} ne se crée pas : {} ; vérifier le chemin et les droits",
                                             directory, reason_of(failed.value())));
  }
  auto hold = Hold::take(directory);
  if (!hold) return std::unexpected(std::move(hold.error()));
  if (fs::exists(fs::path(directory) / kGroupFile, failed)) {
    return error(ErrorKind::kExists,
                 fmt::format("il y a déjà un groupe dans {} ; donner un autre répertoire", directory));
  }
  if (auto ok = write_group(directory, {.journal_id = journal_id, .terms = terms, .next = terms.from, .open = {}}); !ok)
    return ok;
  const fs::path place = fs::weakly_canonical(directory, failed);
  if (!sync_directory(place.parent_path()))
    return error(ErrorKind::kIo, fmt::format("le groupe {} n'est pas sur le disque : {}", directory, reason_of(errno)));
  return {};
}

Result<Group> Group::open(const std::string& directory, Clock clock) {
  // Before the lock: where there is no group, nothing is made.
  if (auto there = read_group(directory); !there) return std::unexpected(std::move(there.error()));
  auto hold = Hold::take(directory);
  if (!hold) return std::unexpected(std::move(hold.error()));
  auto record = read_group(directory);
  if (!record) return std::unexpected(std::move(record.error()));
  Group group;
  group.directory_ = directory;
  group.hold_ = std::move(*hold);
  group.clock_ = clock ? std::move(clock) : Clock(system_clock_us);
  group.record_ = std::move(*record);
  return group;
}

Result<void> Group::check_journal(const JournalInfo& info) const {
  if (info.journal_id != record_.journal_id) {
    return error(ErrorKind::kInvalid,
                 fmt::format("le groupe {} suit le journal {}, et non celui-ci ({}) ; donner le sien par --journal",
                             directory_, record_.journal_id, info.journal_id));
  }
  if (record_.next > std::max(info.next, record_.terms.from)) {
    return error(ErrorKind::kInvalid,
                 fmt::format("le groupe {} en est à la position {}, le journal n'a que {} événements : il a perdu sa "
                             "fin ; « journal verifier », puis un autre groupe s'il a été restauré",
                             directory_, record_.next.value, info.next.value));
  }
  return {};
}

Result<void> Group::save() const { return write_group(directory_, record_); }

// What is to be delivered again, once those without an answer after their last attempt are parked.
std::vector<Position> Group::due(std::int64_t now) {
  const GroupTerms& terms = record_.terms;
  // A clock that was ahead, and set right, must not hold an event back longer than any delay does.
  const std::int64_t furthest = now + us(std::max(terms.answer_within, terms.longest_pause));
  std::vector<Position> positions;
  for (auto& [position, event] : record_.open) {
    if (event.kind == Kind::kParked || (event.until_us > now && event.until_us <= furthest)) continue;
    if (event.kind == Kind::kInFlight && event.attempts >= terms.attempts) {
      event.reason = fmt::format("sans réponse dans les {} s", terms.answer_within.count());
      park(event, now);
    } else {
      positions.push_back(position);
    }
  }
  return positions;
}

Result<void> Group::take_again(Journal& journal, std::size_t count, std::int64_t now, std::vector<Delivery>& taken) {
  std::size_t octets = 0;
  for (const Position position : due(now)) {
    if (taken.size() >= count || octets >= kOctets) break;
    OpenEvent& event = record_.open.at(position);
    auto read = journal.read_all(position, [&](const StoredEvent& stored) {
      taken.push_back({stored, event.attempts + 1});
      octets += stored.stored.size();
      return false;
    });
    if (!read) return read;
    event = {.kind = Kind::kInFlight,
             .attempts = event.attempts + 1,
             .until_us = now + us(record_.terms.answer_within),
             .reason = {}};
  }
  return {};
}

Result<void> Group::take_new(Journal& journal, Position end, std::size_t count, std::int64_t now,
                             std::vector<Delivery>& taken) {
  if (taken.size() >= count || record_.next >= end) return {};
  if (record_.open.size() >= kOpen) {
    if (!taken.empty()) return {};
    return error(ErrorKind::kInvalid,
                 fmt::format("le groupe {} a {} événements en cours ou garés, le plus qu'il admet ; accuser ceux qui "
                             "sont traités, rejouer ou accuser ceux qui sont garés",
                             directory_, record_.open.size()));
  }
  std::size_t octets = 0;
  auto read = read_selected(
      journal, record_.terms.selection, {.from = record_.next, .before = end}, [&](const StoredEvent& stored) {
        record_.open[stored.header.position] = {
            .kind = Kind::kInFlight, .attempts = 1, .until_us = now + us(record_.terms.answer_within), .reason = {}};
        taken.push_back({stored, 1});
        octets += stored.stored.size();
        if (taken.size() < count && octets < kOctets && record_.open.size() < kOpen) return true;
        end = Position{stored.header.position.value + 1};
        return false;
      });
  if (!read) return read;
  record_.next = end;
  return {};
}

Result<std::vector<Delivery>> Group::take(Journal& journal, std::size_t count) {
  auto info = journal.info();
  if (!info) return std::unexpected(std::move(info.error()));
  if (auto ok = check_journal(*info); !ok) return std::unexpected(std::move(ok.error()));
  const std::int64_t now = clock_();
  const Bytes before = encode_group(record_);
  std::vector<Delivery> taken;
  if (auto ok = take_again(journal, count, now, taken); !ok) return std::unexpected(std::move(ok.error()));
  if (auto ok = take_new(journal, info->next, count, now, taken); !ok) return std::unexpected(std::move(ok.error()));
  if (encode_group(record_) != before) {
    if (auto ok = save(); !ok) return std::unexpected(std::move(ok.error()));
  }
  return taken;
}

Result<void> Group::acknowledge(const std::vector<Position>& positions) {
  for (const Position position : positions) {
    if (position >= record_.next) {
      return error(ErrorKind::kInvalid,
                   fmt::format("la position {} n'a pas encore été livrée au groupe {}, qui en est à {} ; rien n'est "
                               "accusé, vérifier les positions",
                               position.value, directory_, record_.next.value));
    }
  }
  std::size_t closed = 0;
  for (const Position position : positions) closed += record_.open.erase(position);
  return closed == 0 ? Result<void>() : save();
}

Result<void> Group::reject(const std::vector<Position>& positions, const std::string& reason, bool park_now) {
  if (!is_utf8(reason)) return error(ErrorKind::kInvalid, "le motif n'est pas en UTF-8 ; rien n'est rejeté");
  for (const Position position : positions) {
    const auto event = record_.open.find(position);
    if (event == record_.open.end() || event->second.kind != Kind::kInFlight) {
      return error(ErrorKind::kInvalid,
                   fmt::format("la position {} n'est pas en cours dans le groupe {} ; rien n'est rejeté, voir « groupe "
                               "etat » et « groupe garees »",
                               position.value, directory_));
    }
  }
  const std::int64_t now = clock_();
  for (const Position position : positions) {
    OpenEvent& event = record_.open.at(position);
    event.reason = shortened(reason, kReasonOctets);
    if (park_now || event.attempts >= record_.terms.attempts) {
      park(event, now);
    } else {
      event.kind = Kind::kRetry;
      event.until_us = now + us(pause_after(record_.terms, event.attempts));
    }
  }
  return positions.empty() ? Result<void>() : save();
}

Result<std::size_t> Group::replay(const std::vector<Position>& positions) {
  std::vector<Position> again = positions;
  for (const Position position : positions) {
    const auto event = record_.open.find(position);
    if (event == record_.open.end() || event->second.kind != Kind::kParked) {
      return error(ErrorKind::kInvalid,
                   fmt::format("la position {} n'est pas garée dans le groupe {} ; rien n'est rejoué, voir « groupe "
                               "garees »",
                               position.value, directory_));
    }
  }
  if (positions.empty()) {
    for (const auto& [position, event] : record_.open)
      if (event.kind == Kind::kParked) again.push_back(position);
  }
  const std::int64_t now = clock_();
  for (const Position position : again) {
    OpenEvent& event = record_.open.at(position);
    event.kind = Kind::kRetry;
    event.attempts = 0;
    event.until_us = now;
  }
  if (!again.empty()) {
    if (auto ok = save(); !ok) return std::unexpected(std::move(ok.error()));
  }
  return again.size();
}

GroupState Group::state() const {
  GroupState state{.checkpoint = record_.next, .next = record_.next};
  for (const auto& [position, event] : record_.open) {
    switch (event.kind) {
      case Kind::kInFlight:
        ++state.in_flight;
        break;
      case Kind::kRetry:
        ++state.retries;
        break;
      case Kind::kParked:
        ++state.parked;
        continue;
    }
    state.checkpoint = std::min(state.checkpoint, position);
  }
  return state;
}

}  // namespace assemblier::storage
