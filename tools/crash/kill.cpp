// kill -9: the load is sent by a real process, which says on a pipe what was acknowledged, until it is killed.

#include "storage/journal_rocksdb.hpp"
#include "tools/crash/campaign.hpp"
#include "tools/crash/canaries.hpp"

#include <charconv>
#include <csignal>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace assemblier::crash {

namespace {

constexpr std::string_view kChild = "--enfant";

// An acknowledgement on the pipe: shorter than what a pipe takes at once.
struct Acknowledged {
  std::uint64_t sender, request, first;
  std::uint32_t count, already;
};

std::mt19937_64 random_of(std::uint64_t seed) { return std::mt19937_64(seed * 0x9E3779B97F4A7C15U + 2); }

storage::Result<std::unique_ptr<storage::Journal>> open(const std::string& directory, Canary canary) {
  auto store = storage::open_rocksdb_store(directory, false, nullptr);
  if (!store) return std::unexpected(std::move(store.error()));
  if (canary == Canary::kRecord) *store = dropping_store(std::move(*store));
  if (canary == Canary::kLate) *store = late_store(std::move(*store));
  return storage::open_journal(std::move(*store), {});
}

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

class Child {
 public:
  Child(const std::string& program, std::vector<std::string> arguments) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    pipe_ = ends[0];
    constexpr int kPipe = 3;  // where the child finds its end
    arguments.insert(arguments.begin(), program);
    arguments.push_back(std::to_string(kPipe));
    std::vector<char*> words;
    for (std::string& word : arguments) words.push_back(word.data());
    words.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], kPipe);
    if (::posix_spawn(&process_, program.c_str(), &actions, nullptr, words.data(), environ) != 0) process_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (process_ > 0) static_cast<void>(finish());
    if (pipe_ >= 0) ::close(pipe_);
  }
  [[nodiscard]] bool started() const { return process_ > 0; }
  [[nodiscard]] std::optional<Acknowledged> next() const {
    Acknowledged acknowledged{};
    if (::read(pipe_, &acknowledged, sizeof acknowledged) != static_cast<ssize_t>(sizeof acknowledged)) return {};
    return acknowledged;
  }
  void kill() const { ::kill(process_, SIGKILL); }
  /// Its exit code, or −1 when it was killed.
  int finish() {
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t process_ = -1;
  int pipe_ = -1;
};

}  // namespace

bool is_child(const std::vector<std::string>& arguments) { return arguments.size() == 5 && arguments[0] == kChild; }

int child(const std::vector<std::string>& arguments) {
  auto random = random_of(number_of(arguments[2]));
  const Load load = make_load(random);
  const int pipe = static_cast<int>(number_of(arguments[4]));
  auto journal = open(arguments[1], static_cast<Canary>(number_of(arguments[3])));
  if (!journal) return 9;
  std::vector<std::thread> threads;
  for (std::size_t s = 0; s < load.senders.size(); ++s) {
    threads.emplace_back([&, s] {
      const Sender& sender = load.senders[s];
      send(**journal, sender, 0, sender.steps.size(), [&](std::size_t request, const auto& answer) {
        if (judge_answer(sender.planned[request], answer, false)) ::_exit(9);
        if (!answer) return;
        const Acknowledged acknowledged{.sender = s,
                                        .request = request,
                                        .first = answer->first.value,
                                        .count = answer->count,
                                        .already = answer->already};
        if (::write(pipe, &acknowledged, sizeof acknowledged) != static_cast<ssize_t>(sizeof acknowledged)) ::_exit(8);
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

SeedReport run_killed(const Workshop& workshop, std::uint64_t seed, const std::string& program, Canary canary) {
  SeedReport report;
  report.violation = workshop.failure();
  if (report.violation) return report;
  auto random = random_of(seed);
  const Load load = make_load(random);
  report.sent = load.requests();
  Answers answers = no_answers(load);
  const std::string directory = workshop.journal();
  {
    Child child(program,
                {std::string(kChild), directory, std::to_string(seed), std::to_string(static_cast<int>(canary))});
    if (!child.started()) return {.violation = "le processus à tuer ne démarre pas : " + program};
    const std::uint64_t last = random() % (load.requests() + 8);
    const auto pause = std::chrono::microseconds(random() % 2000);
    std::uint64_t read = 0;
    bool killed = false;
    const auto kill = [&] {
      std::this_thread::sleep_for(pause);
      child.kill();
      killed = true;
    };
    if (last == 0) kill();
    while (const auto acknowledged = child.next()) {
      answers[acknowledged->sender][acknowledged->request] =
          storage::AppendResult{.already = acknowledged->already != 0,
                                .first = {acknowledged->first},
                                .count = acknowledged->count,
                                .answer = {}};
      if (load.senders[acknowledged->sender].planned[acknowledged->request].writes()) ++report.acknowledged;
      if (++read >= last && !killed) kill();
    }
    const int code = child.finish();
    if (code > 0) return {.violation = fmt::format("le processus s'est arrêté de lui-même (code {})", code)};
    if (code < 0) ++report.crashes;
  }
  Kept kept;
  const auto judge = [&]() -> Violation {
    {
      const auto journal = open(directory, canary);
      if (!journal) return "le journal ne s'ouvre pas : " + journal.error().message;
      if (auto wrong = check_kept(**journal, load, answers, kept)) return wrong;
      std::uint64_t there = 0;
      for (const auto& outcomes : kept.outcomes) there += outcomes.size();
      report.kept_beyond = there - report.acknowledged;
      if (auto wrong = send_again(**journal, load, kept, answers)) return wrong;
    }
    const auto journal = open(directory, canary);
    if (!journal) return "le journal ne s'ouvre pas, après le second envoi : " + journal.error().message;
    return check_kept(**journal, load, answers, kept);
  };
  report.violation = judge();
  return report;
}

}  // namespace assemblier::crash
