#include "tools/background.hpp"

#include "tools/io.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace assemblier::tools {
namespace {

volatile std::sig_atomic_t caught = 0;
bool catching = false;

// What a process started in the background is not told before it can end as it should.
sigset_t held_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  return signals;
}

void on_interruptions(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before{};
    const bool ignored = ::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN;  // nohup
    if (!ignored) ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace

void end_when_interrupted() {
  on_interruptions([](int) {
    constexpr char kSaid[] =
        "assemblier : interrompu avant la fin ; rien n'est fait à moitié, relancer la même commande\n";
    static_cast<void>(!::write(2, kSaid, sizeof kSaid - 1));
    ::_exit(static_cast<int>(Exit::kInterrupted));
  });
}

void catch_interruptions() {
  catching = true;
  on_interruptions([](int) { caught = 1; });
  sigset_t held = held_signals();  // by whoever started this
  ::sigprocmask(SIG_UNBLOCK, &held, nullptr);
}

bool interrupted() { return caught != 0; }
bool catches_interruptions() { return catching; }

void take_lowest_priority() {
  constexpr int kNicest = 19;
  // As linux/ioprio.h has them, which C++ cannot read in every version of Debian 12: a parameter there is named
  // `class`.
  constexpr int kThisProcess = 1;
  constexpr int kIdleClass = 3 << 13;
  // Where the system refuses, the work is done all the same.
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNicest));
  static_cast<void>(::syscall(SYS_ioprio_set, kThisProcess, 0, kIdleClass));
}

BackgroundVerification::BackgroundVerification(const Session& session, const std::string& file) {
  std::vector<std::string> words = {"assemblier", "journal",   "verifier",  "--reprendre",
                                    file,         "--en-fond", "--journal", session.journal};
  if (!session.master_key.empty()) {
    words.emplace_back("--clef-maitresse");
    words.push_back(session.master_key);
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  said_ = ::memfd_create("controle", MFD_CLOEXEC);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  for (const int output : {1, 2}) posix_spawn_file_actions_adddup2(&actions, said_, output);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  const sigset_t held = held_signals();
  posix_spawnattr_setsigmask(&attributes, &held);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  const int failed =
      said_ < 0 ? errno : ::posix_spawn(&process_, "/proc/self/exe", &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed == 0) return;
  process_ = -1;
  say("le contrôle en arrière-plan n'a pas pu être lancé ; « journal verifier » le fait à part");
}

BackgroundVerification::~BackgroundVerification() {
  static_cast<void>(stop());
  if (said_ >= 0) ::close(said_);
}

// Its exit code; −1 when it was not there, or had to be killed. On a busy machine its priority would make this wait for
// seconds, and a kill costs it the last second only.
int BackgroundVerification::stop() {
  constexpr auto kPatience = std::chrono::milliseconds(200);
  constexpr auto kBetween = std::chrono::milliseconds(5);
  if (process_ < 0) return -1;
  ::kill(process_, SIGTERM);
  int status = 0;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  pid_t ended = 0;
  while ((ended = ::waitpid(process_, &status, WNOHANG)) == 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(kBetween);
  if (ended == 0) ::kill(process_, SIGKILL);  // nobody waits for it to go
  const bool whole = ended == process_ && WIFEXITED(status);
  process_ = -1;
  return whole ? WEXITSTATUS(status) : -1;
}

Exit BackgroundVerification::finish() {
  if (process_ < 0) return Exit::kDone;
  const int code = stop();
  if (code < 0) say("contrôle en arrière-plan : interrompu avec l'import ; le prochain le continue");
  ::lseek(said_, 0, SEEK_SET);
  LineReader lines(fmt::format("/proc/self/fd/{}", said_));
  while (const auto line = lines.next()) say(fmt::format("contrôle en arrière-plan : {}", line->text));
  return code == static_cast<int>(Exit::kDamaged) ? Exit::kDamaged : Exit::kDone;
}

}  // namespace assemblier::tools
