// assemblier_crash: the crash campaign over as many seeds as asked for. Same words, same exit codes as assemblier.

#include "tools/crash/campaign.hpp"
#include "tools/french_cli.hpp"
#include "tools/io.hpp"

#include <atomic>
#include <charconv>
#include <filesystem>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace assemblier::crash {
namespace {

namespace fs = std::filesystem;
using tools::Exit;
using tools::Failure;

struct Wanted {
  std::string seeds = "1-1000", canary = "aucun", directory, workers = "2";
  bool kill = false;
  std::uint64_t first = 0, last = 0;
};

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    throw Failure{
        Exit::kUsage,
        fmt::format("« {} » n'est ni une graine ni une suite de graines ; écrire « 12 » ou « 1-1000 »", text)};
  return number;
}

Canary canary_of(const std::string& name) {
  if (name == "synchro") return Canary::kSync;
  if (name == "noms") return Canary::kNames;
  if (name == "enregistrement") return Canary::kRecord;
  return name == "retard" ? Canary::kLate : Canary::kNone;
}

/// In memory when there is such a place: what a sync is worth is this program's own doing.
fs::path scratch(const std::string& wanted) {
  const fs::path memory = "/dev/shm";
  const fs::path parent = !wanted.empty()                       ? fs::path(wanted)
                          : ::access(memory.c_str(), W_OK) == 0 ? memory
                                                                : fs::temp_directory_path();
  std::string pattern = (parent / "assemblier-pannes.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw Failure{
        Exit::kSystem,
        fmt::format("pas de répertoire de travail dans {} ; en donner un autre par --repertoire", parent.string())};
  return pattern;
}

constexpr std::array<std::string_view, kFaults> kFaultNames = {"",
                                                               "coupures de courant",
                                                               "disques pleins",
                                                               "écritures refusées",
                                                               "écritures partielles",
                                                               "synchronisations refusées",
                                                               "créations refusées",
                                                               "renommages refusés",
                                                               "synchronisations du répertoire refusées"};

void tell(tools::Out& out, const SeedReport& sum, std::uint64_t seeds, std::uint64_t violations,
          std::chrono::duration<double> spent) {
  out.line(fmt::format(
      "{} : {} en {:.0f} s ({:.0f} par seconde)", tools::counted(violations, "violation", "violations"),
      tools::counted(seeds, "graine", "graines"), spent.count(), static_cast<double>(seeds) / spent.count()));
  out.line(fmt::format("  actes : {} envoyés, {} accusés, {} gardés sans avoir été accusés", tools::grouped(sum.sent),
                       tools::grouped(sum.acknowledged), tools::grouped(sum.kept_beyond)));
  for (std::size_t i = 1; i < kFaults; ++i)
    if (sum.faults[i] > 0) out.line(fmt::format("  {} : {}", kFaultNames[i], tools::grouped(sum.faults[i])));
  out.line(
      fmt::format("  ouvertures frappées : {} ; arrêts brutaux : {}, qui ont emporté {} octets et {} noms de fichiers "
                  "et déchiré {} fichiers",
                  tools::grouped(sum.refused_openings), tools::grouped(sum.crashes), tools::grouped(sum.lost.octets),
                  tools::grouped(sum.lost.names), tools::grouped(sum.lost.torn)));
}

/// Ends the program when a seed does not end: a journal that hangs answers nobody.
class Watch {
 public:
  explicit Watch(std::size_t workers)
      : under_way_(workers), thread_([this](const std::stop_token& stop) { run(stop); }) {}
  void begins(std::size_t worker, std::uint64_t seed) { set(worker, {{seed, Clock::now()}}); }
  void ends(std::size_t worker) { set(worker, {}); }

 private:
  using Clock = std::chrono::steady_clock;
  using UnderWay = std::optional<std::pair<std::uint64_t, Clock::time_point>>;
  static constexpr std::chrono::seconds kLongest{120};  // thousands of times what a seed takes

  void set(std::size_t worker, UnderWay seed) {
    const std::lock_guard lock(mutex_);
    under_way_[worker] = seed;
  }
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const std::lock_guard lock(mutex_);
      for (const UnderWay& seed : under_way_) {
        if (!seed || Clock::now() - seed->second < kLongest) continue;
        tools::say(fmt::format("graine {} : elle ne finit pas, le journal attend sans fin", seed->first));
        ::_exit(static_cast<int>(Exit::kNo));
      }
    }
  }

  std::mutex mutex_;
  std::vector<UnderWay> under_way_;
  std::jthread thread_;
};

Exit campaign(const Wanted& wanted, const std::string& program, tools::Out& out) {
  const fs::path directory = scratch(wanted.directory);
  const Canary canary = canary_of(wanted.canary);
  const auto begin = std::chrono::steady_clock::now();
  tools::Progress progress("graines");
  std::atomic<std::uint64_t> next = wanted.first;
  std::mutex mutex;  // guards the four below, and out
  SeedReport sum;
  std::uint64_t done = 0;
  std::uint64_t violations = 0;
  std::uint64_t caught_after = 0;
  const std::size_t workers = std::max<std::uint64_t>(1, number_in(wanted.workers));
  Watch watch(workers);
  const auto work = [&](std::size_t number) {
    const fs::path mine = directory / std::to_string(number);
    fs::create_directories(mine);
    const Workshop workshop(mine.string());
    for (std::uint64_t seed = next++; seed <= wanted.last; seed = next++) {
      watch.begins(number, seed);
      const SeedReport report =
          wanted.kill ? run_killed(workshop, seed, program, canary) : run_seed(workshop, seed, canary);
      const std::lock_guard lock(mutex);
      sum.add(report);
      progress.at(++done, wanted.last - wanted.first + 1);
      if (!report.violation) continue;
      if (++violations == 1) caught_after = done;
      if (violations <= 20) out.line(fmt::format("graine {} : {}", seed, *report.violation));
    }
    watch.ends(number);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < workers; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  std::error_code error;
  fs::remove_all(directory, error);
  tell(out, sum, done, violations, std::chrono::steady_clock::now() - begin);
  if (canary == Canary::kNone) return violations == 0 ? Exit::kDone : Exit::kNo;
  // A canary that lives shows a campaign that sees nothing.
  out.line(violations > 0 ? fmt::format("le canari « {} » est pris à la graine n° {}", wanted.canary, caught_after)
                          : fmt::format("le canari « {} » n'est PAS pris : la campagne ne prouve rien", wanted.canary));
  return violations > 0 ? Exit::kDone : Exit::kNo;
}

Exit run(const std::vector<std::string>& arguments, tools::Out& out) {
  Wanted wanted;
  CLI::App app("Des pannes au hasard, reproductibles par leur graine : ce que le journal en garde est ce qu'il doit.",
               "assemblier_crash");
  tools::make_french(app);
  app.add_option("--graines", wanted.seeds, "une graine, ou une suite « 1-1000 » (par défaut)")->type_name("A-B");
  app.add_flag("--tuer", wanted.kill, "un vrai processus, tué par kill -9, au lieu de pannes de disque");
  app.add_option("--canari", wanted.canary, "un journal qui perd des écritures, à prendre sur le fait")
      ->type_name("synchro|noms|enregistrement|retard")
      ->check(tools::one_of({"aucun", "synchro", "noms", "enregistrement", "retard"}));
  app.add_option("--fils", wanted.workers, "graines jouées à la fois (2 par défaut)")
      ->type_name("N")
      ->check(tools::whole_number());
  app.add_option("--repertoire", wanted.directory, "où travailler (en mémoire par défaut)")->type_name("DIR");
  std::vector<std::string> words(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    out.text(tools::help_text(app));
    return Exit::kDone;
  } catch (const CLI::ParseError& error) {
    throw Failure{Exit::kUsage, tools::french_message(app, error)};
  }
  const std::size_t dash = wanted.seeds.find('-');
  wanted.first = number_in(wanted.seeds.substr(0, dash));
  wanted.last = dash == std::string::npos ? wanted.first : number_in(wanted.seeds.substr(dash + 1));
  if (wanted.last < wanted.first)
    throw Failure{Exit::kUsage, "la suite de graines va de la plus petite à la plus grande"};
  if (wanted.kill && (wanted.canary == "synchro" || wanted.canary == "noms"))
    throw Failure{Exit::kUsage,
                  fmt::format("le canari « {} » est un disque qui ment ; --tuer n'a que le vrai", wanted.canary)};
  return campaign(wanted, fs::read_symlink("/proc/self/exe").string(), out);
}

}  // namespace
}  // namespace assemblier::crash

int main(int argc, char** argv) {
  using assemblier::tools::Exit;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (assemblier::crash::is_child(arguments)) return assemblier::crash::child(arguments);
  assemblier::tools::prepare_standard_streams();
  assemblier::tools::Out out;
  try {
    const Exit code = assemblier::crash::run(arguments, out);
    out.flush();
    return static_cast<int>(code);
  } catch (const assemblier::tools::Failure& failure) {
    assemblier::tools::say(fmt::format("assemblier_crash : {}", failure.message));
    return static_cast<int>(failure.code);
  } catch (const std::exception& error) {
    assemblier::tools::say(fmt::format("assemblier_crash : erreur interne : {}", error.what()));
  }
  return static_cast<int>(Exit::kSystem);
}
