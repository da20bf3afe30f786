#pragma once
// What the end-to-end tests share: the real program run as people run it, scratch directories under the build
// directory, a small édition of their own.

#include "tools/json.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace assemblier::tools {

/// A directory of its own under the build directory, removed at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string path() const { return path_.string(); }
  /// Writes a file and gives its path.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(const std::string& path);
/// A file of the project.
[[nodiscard]] std::string project_file(const std::string& name);
/// Every file below, with its bytes.
[[nodiscard]] std::map<std::string, std::string> snapshot(const std::string& directory);

struct Outcome {
  int code = -1;  ///< exit code, or 1000 + signal
  std::string out, err;
  [[nodiscard]] std::vector<Json> objects() const;  ///< standard output, one JSON object a line; a failure if it is not
};

struct Run {
  std::vector<std::string> arguments;
  std::string input;   ///< standard input
  std::string output;  ///< path that replaces the standard output, "/dev/full"; "closed": none
  std::map<std::string, std::string> environment;
  std::string directory;  ///< working directory
  std::string program;    ///< default: assemblier
};
[[nodiscard]] Outcome run(const Run& wanted);
/// assemblier with these arguments.
[[nodiscard]] Outcome assemblier(std::vector<std::string> arguments, std::string input = {});

/// assemblier under way, fed through a pipe.
class Started {
 public:
  explicit Started(std::vector<std::string> arguments);
  ~Started();
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  void feed(const std::string& text) const;
  /// Lines answered so far, complete ones only; waits until there are `count` (or the process ends).
  [[nodiscard]] std::vector<std::string> wait_for(std::size_t count) const;
  void kill();
  /// Waits, its input still open.
  [[nodiscard]] int wait();
  [[nodiscard]] std::string said() const;  ///< on its standard error
  [[nodiscard]] pid_t process() const { return process_; }
  /// Ends its input and waits.
  [[nodiscard]] int finish();

 private:
  Scratch scratch_;
  pid_t process_ = -1;
  int input_ = -1;
};

/// A journal holding the small édition below (or the file given).
struct House {
  Scratch scratch;
  std::string journal = scratch / "journal";
  House();
  explicit House(const std::vector<std::string>& rules);
  /// assemblier on this journal.
  [[nodiscard]] Outcome operator()(std::vector<std::string> arguments, std::string input = {}) const;
};

/// The lending desk: one objet, a condition, a décision, three actes and a tableau.
extern const std::string kPret;
/// A line of a stream for it.
[[nodiscard]] std::string demande(const std::string& id, const std::string& objet, const std::string& donnees,
                                  const std::string& le = "2024-03-01");

}  // namespace assemblier::tools
