#include "tools/crash/campaign.hpp"

#include "storage/journal_rocksdb.hpp"
#include "tools/crash/canaries.hpp"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <thread>

#include <fmt/format.h>

namespace assemblier::crash {

namespace fs = std::filesystem;
using storage::ErrorKind;
using storage::Journal;

namespace {

// Small enough that a load fills several memtables: flushes, new logs and compactions happen in the middle.
constexpr std::size_t kWriteBuffer = 64U << 10U;

storage::Result<std::unique_ptr<Journal>> open(const std::string& directory, Disk* disk, Canary canary,
                                               bool read_only = false) {
  auto store = storage::open_rocksdb_store(directory, read_only, disk == nullptr ? nullptr : disk->env(), kWriteBuffer);
  if (!store) return std::unexpected(std::move(store.error()));
  if (canary == Canary::kRecord) *store = dropping_store(std::move(*store));
  if (canary == Canary::kLate) *store = late_store(std::move(*store));
  return storage::open_journal(std::move(*store), {.read_only = read_only});
}

// One seed at work.
class Trial {
 public:
  Trial(const Workshop& workshop, std::uint64_t seed, Canary canary)
      : random_(seed * 0x9E3779B97F4A7C15U + 1),
        canary_(canary),
        directory_(workshop.journal()),
        disk_(directory_),
        load_(make_load(random_)),
        answers_(no_answers(load_)) {
    if (canary == Canary::kSync) disk_.lie_about_logs();
    if (canary == Canary::kNames) disk_.lie_about_names();
  }

  SeedReport run() {
    report_.sent = load_.requests();
    report_.violation = play();
    return report_;
  }

 private:
  bool one_in(std::uint64_t many) { return random_() % many == 0; }

  // Faults differ in what they strike: an operation out of the middle of the load, each in its own measure.
  void arm(std::uint64_t operations) {
    const auto fault = one_in(2) ? Fault::kPowerCut : static_cast<Fault>(random_() % kFaults);
    armed_ = fault;
    const bool rare =
        fault == Fault::kCreateError || fault == Fault::kRenameError || fault == Fault::kDirectorySyncError;
    disk_.arm({fault, 1 + random_() % (rare ? 12 : operations)});
  }
  void disarm() {
    if (disk_.struck()) ++report_.faults[static_cast<std::size_t>(armed_)];
    disk_.arm({});
  }
  void crash() {
    const Lost lost = disk_.crash(random_);
    ++report_.crashes;
    report_.lost.octets += lost.octets;
    report_.lost.names += lost.names;
    report_.lost.torn += lost.torn;
  }

  Violation play() {
    const std::size_t sessions = 1 + random_() % (one_in(3) ? 6 : 2);
    const std::size_t faulty = random_() % (sessions + 1);  // the last: none strikes
    for (std::size_t session = 0; session < sessions; ++session) {
      if (session == faulty) arm(24 + 2 * load_.requests());
      bool stopped = false;
      if (auto wrong = play_session(session, sessions, stopped)) return wrong;
      if (stopped) break;
    }
    disarm();
    if (auto wrong = open_while_full()) return wrong;
    disk_.repair();
    if (disk_.dead() || one_in(3)) crash();
    if (auto wrong = crash_while_opening()) return wrong;
    return aftermath();
  }

  // The part of the load that falls to this session. `stopped`: the fault struck, nothing more is sent.
  Violation play_session(std::size_t session, std::size_t sessions, bool& stopped) {
    auto journal = open(directory_, &disk_, canary_);
    if (!journal) {
      stopped = true;
      ++report_.refused_openings;
      return failed_opening(journal.error());
    }
    Violation wrong;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (std::size_t s = 0; s < load_.senders.size(); ++s) {
      threads.emplace_back([&, s] {
        const Sender& sender = load_.senders[s];
        const std::size_t steps = sender.steps.size();
        std::size_t refused = sender.planned.size();  // the first that met a stopped journal
        send(**journal, sender, steps * session / sessions, steps * (session + 1) / sessions,
             [&](std::size_t request, const auto& answer) {
               auto bad = judge_answer(sender.planned[request], answer, disk_.struck());
               if (!answer && answer.error().kind == ErrorKind::kIo) refused = std::min(refused, request);
               if (!bad && answer && request > refused) bad = "un acte est accepté après l'arrêt du journal";
               const std::lock_guard lock(mutex);
               if (bad && !wrong) wrong = std::move(bad);
               stopped = stopped || refused < sender.planned.size();
               if (sender.planned[request].writes() && answer) ++report_.acknowledged;
               answers_[s][request] = answer;
             });
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (!wrong && stopped) wrong = stays_stopped(**journal);
    if (session + 1 == sessions && one_in(2)) disk_.cut();
    journal->reset();
    stopped = stopped || disk_.dead();
    return wrong;
  }

  static Violation stays_stopped(Journal& journal) {
    const auto answer =
        journal.append({.outcome = storage::Outcome{.acte_id = "après", .fingerprint = {}, .answer = {}}});
    if (answer || answer.error().kind != ErrorKind::kIo ||
        answer.error().message.find("n'accepte plus") == std::string::npos)
      return "le journal qui s'est arrêté ne le dit pas à qui vient ensuite";
    return {};
  }

  Violation failed_opening(const storage::Error& error) const {
    if (disk_.struck() && error.kind == ErrorKind::kIo) return {};
    return "le journal ne s'ouvre pas : " + error.message;
  }

  // Nothing is lost by trying while the disk is full.
  Violation open_while_full() {
    if (armed_ != Fault::kNoSpace || disk_.dead() || !one_in(2)) return {};
    auto journal = open(directory_, &disk_, canary_);
    if (!journal && journal.error().kind != ErrorKind::kIo) return "disque plein : " + journal.error().message;
    return {};
  }

  // Recovery is stopped in its turn, some times over.
  Violation crash_while_opening() {
    while (one_in(3)) {
      arm(30);
      auto journal = open(directory_, &disk_, canary_);
      Violation wrong = journal ? Violation() : failed_opening(journal.error());
      if (!journal) ++report_.refused_openings;
      if (one_in(2)) disk_.cut();
      if (journal) journal->reset();
      disarm();
      disk_.repair();
      if (wrong) return wrong;
      if (disk_.dead() || one_in(2)) crash();
    }
    return {};
  }

  Violation aftermath() {
    Kept kept;
    {
      auto journal = open(directory_, &disk_, canary_);
      if (!journal) return "le journal ne s'ouvre pas : " + journal.error().message;
      if (auto wrong = check_kept(**journal, load_, answers_, kept)) return wrong;
      std::uint64_t there = 0;
      for (const auto& outcomes : kept.outcomes) there += outcomes.size();
      report_.kept_beyond = there - report_.acknowledged;
      if (auto wrong = send_again(**journal, load_, kept, answers_)) return wrong;
      if (one_in(2)) disk_.cut();
    }
    if (disk_.dead()) disk_.crash_hard();
    auto journal = open(directory_, &disk_, canary_, one_in(2));
    if (!journal) return "le journal ne s'ouvre pas, après le second envoi : " + journal.error().message;
    auto wrong = check_kept(**journal, load_, answers_, kept);
    return wrong ? "après le second envoi : " + *wrong : wrong;
  }

  std::mt19937_64 random_;
  const Canary canary_;
  const std::string directory_;
  Disk disk_;
  const Load load_;
  Answers answers_;
  Fault armed_ = Fault::kNone;
  SeedReport report_;
};

}  // namespace

Workshop::Workshop(std::string directory) : directory_(std::move(directory)) {
  const auto made = storage::create_rocksdb(directory_ + "/vide", {});
  if (!made) failure_ = made.error().message;
}

std::string Workshop::journal() const {
  const std::string copy = directory_ + "/journal";
  fs::remove_all(copy);
  fs::copy(directory_ + "/vide", copy);
  return copy;
}

void SeedReport::add(const SeedReport& other) {
  if (!violation) violation = other.violation;
  for (std::size_t i = 0; i < kFaults; ++i) faults[i] += other.faults[i];
  crashes += other.crashes;
  refused_openings += other.refused_openings;
  lost.octets += other.lost.octets;
  lost.names += other.lost.names;
  lost.torn += other.lost.torn;
  sent += other.sent;
  acknowledged += other.acknowledged;
  kept_beyond += other.kept_beyond;
}

SeedReport run_seed(const Workshop& workshop, std::uint64_t seed, Canary canary) {
  if (workshop.failure()) return {.violation = workshop.failure()};
  return Trial(workshop, seed, canary).run();
}

}  // namespace assemblier::crash
