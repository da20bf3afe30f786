#include "tests/tools/support.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace assemblier::tools {
namespace fs = std::filesystem;

namespace {

/// In the child, between fork and exec: only calls that are safe there.
void redirect(int descriptor, const char* path, int flags) {
  const int opened = ::open(path, flags, 0600);
  if (opened < 0) ::_exit(126);
  ::dup2(opened, descriptor);
  if (opened != descriptor) ::close(opened);
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status); }

int wait_for_process(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  return code_of(status);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

const std::string kPret = R"(langue 1
édition 2024 « Prêt de matériel »
  en vigueur du 01/01/2024 au 31/12/2024

source RI « Règlement intérieur »

énumération Rayon                                 source RI § 1
  outils « Outils »
  jeux   « Jeux »

objet Prêt                                        source RI § 1
  rayon   : Rayon
  caution : montant
  jours   : entier
  début   : date

règles du Prêt

condition admis                                   source RI § 2
  exige « Le prêt ne dépasse pas trente jours »   jours ≤ 30
  exige « La caution est de dix euros au moins »  caution ≥ 10 €

décision prix : montant                           source RI § 3
  5 € quand rayon = jeux
  10,50 € quand rayon = outils et jours ≤ 7
  aucune « un outil se prête sept jours au plus » quand rayon = outils et jours > 7

procédure du Prêt                                 source RI § 4
  rôle emprunteur
  rôle gardien
  état demandé « Demandé »
  état sorti
  état rendu « Rendu », final

  acte demande « Demande de prêt »                source RI § 4
    par emprunteur
    ouvre
    porte rayon ; caution ; jours
    exige « La caution est positive »             source RI § 4
      caution > 0 €
    inscrit les données
    inscrit début = date de l'acte
    décide admis, prix
    vers demandé

  acte sortie                                     source RI § 5
    par gardien
    de demandé
    vers sorti

  acte retour                                     source RI § 6
    par gardien
    de sorti
    vers rendu

tableau prêts du Prêt « Prêts par rayon »
  par rayon « Rayon »
  colonne « Nombre » = nombre
  colonne « Caution » = total de caution

scénario « Un jeu pour dix jours »
  étant donné rayon = jeux, jours = 10, caution = 20 €
  attendu admis = oui
  attendu prix = 5 €
)";

Scratch::Scratch() {
  const fs::path base = fs::path(ASSEMBLIER_BINARY_DIR) / "essais";
  fs::create_directories(base);
  std::string pattern = (base / "essai.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

Scratch::~Scratch() {
  std::error_code error;
  fs::remove_all(path_, error);
}

std::string Scratch::write(const std::string& name, const std::string& content) const {
  const std::string path = (path_ / name).string();
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string project_file(const std::string& name) { return std::string(ASSEMBLIER_SOURCE_DIR) + "/" + name; }

std::map<std::string, std::string> snapshot(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    files[fs::relative(entry.path(), directory).string()] =
        entry.is_regular_file() ? read_file(entry.path().string()) : "";
  }
  return files;
}

std::vector<Json> Outcome::objects() const {
  std::vector<Json> result;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    auto json = parse_json(line);
    if (!json || json->get<Json::Object>() == nullptr) {
      ADD_FAILURE() << "not a JSON object: " << line;
      continue;
    }
    result.push_back(std::move(*json));
  }
  return result;
}

Outcome run(const Run& wanted) {
  const Scratch scratch;
  const std::string in = scratch.write("in", wanted.input);
  const std::string out = wanted.output.empty() ? scratch.write("out", "") : wanted.output;
  const std::string err = scratch.write("err", "");
  std::vector<std::string> arguments = wanted.arguments;
  arguments.insert(arguments.begin(), wanted.program.empty() ? ASSEMBLIER_PROGRAM : wanted.program);
  const auto argv = pointers(arguments);
  const std::string program = arguments.front();
  const pid_t process = ::fork();
  if (process == 0) {
    ::signal(SIGPIPE, SIG_DFL);
    redirect(0, in.c_str(), O_RDONLY);
    redirect(2, err.c_str(), O_WRONLY);
    if (out == "closed") {
      ::close(1);
    } else {
      redirect(1, out.c_str(), O_WRONLY);
    }
    if (!wanted.directory.empty() && ::chdir(wanted.directory.c_str()) != 0) ::_exit(126);
    ::unsetenv("ASSEMBLIER_JOURNAL");
    ::unsetenv("ASSEMBLIER_CLEF_MAITRESSE");
    for (const auto& [name, value] : wanted.environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  Outcome outcome;
  outcome.code = wait_for_process(process);
  if (wanted.output.empty()) outcome.out = read_file(out);
  outcome.err = read_file(err);
  return outcome;
}

Outcome assemblier(std::vector<std::string> arguments, std::string input) {
  return run({.arguments = std::move(arguments), .input = std::move(input)});
}

Started::Started(std::vector<std::string> arguments) {
  const std::string out = scratch_.write("out", "");
  const std::string err = scratch_.write("err", "");
  arguments.insert(arguments.begin(), ASSEMBLIER_PROGRAM);
  const auto argv = pointers(arguments);
  ::signal(SIGPIPE, SIG_IGN);  // feeding a killed process is part of the tests
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  process_ = ::fork();
  if (process_ == 0) {
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
    ::dup2(ends[0], 0);
    redirect(1, out.c_str(), O_WRONLY);
    redirect(2, err.c_str(), O_WRONLY);
    ::execv(argv.front(), argv.data());
    ::_exit(127);
  }
  ::close(ends[0]);
  input_ = ends[1];
}

Started::~Started() {
  if (input_ >= 0) ::close(input_);
  if (process_ > 0) kill();
}

void Started::feed(const std::string& text) const {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(input_, rest.data(), rest.size());
    if (written < 0) break;  // the process ended; the test sees it by its answers
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::vector<std::string> Started::wait_for(std::size_t count) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (true) {
    const std::string text = read_file(scratch_ / "out");
    std::vector<std::string> lines;
    for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      lines.push_back(text.substr(begin, end - begin));
    }
    if (lines.size() >= count || std::chrono::steady_clock::now() > deadline) return lines;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void Started::kill() {
  if (process_ <= 0) return;  // kill(-1) would reach every process
  ::kill(process_, SIGKILL);
  wait_for_process(process_);
  process_ = -1;
}

std::string Started::said() const { return read_file(scratch_ / "err"); }

int Started::finish() {
  ::close(input_);
  input_ = -1;
  return wait();
}

int Started::wait() {
  const int code = wait_for_process(process_);
  process_ = -1;
  return code;
}

House::House() {
  EXPECT_EQ((*this)({"journal", "creer"}).code, 0);
  const auto published = (*this)({"edition", "publier", scratch.write("pret.regles", kPret)});
  EXPECT_EQ(published.code, 0) << published.out << published.err;
}

House::House(const std::vector<std::string>& rules) {
  EXPECT_EQ((*this)({"journal", "creer"}).code, 0);
  for (const auto& file : rules) {
    const auto published = (*this)({"edition", "publier", file});
    EXPECT_EQ(published.code, 0) << published.out << published.err;
  }
}

Outcome House::operator()(std::vector<std::string> arguments, std::string input) const {
  arguments.insert(arguments.begin(), {"--journal", journal});
  return run({.arguments = std::move(arguments), .input = std::move(input)});
}

std::string demande(const std::string& id, const std::string& objet, const std::string& donnees,
                    const std::string& le) {
  return fmt::format(
      R"({{"id": "{}", "acte": "demande", "objet": "{}", "par": {{"rôle": "emprunteur", "nom": "Zoé"}}, "le": "{}", "données": {}}})"
      "\n",
      id, objet, le, donnees);
}

}  // namespace assemblier::tools
