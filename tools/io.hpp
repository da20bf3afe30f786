#pragma once
// Where the programs meet files, terminals and exit codes: failures, standard output that notices when it cannot be
// written, inputs read line by line without being loaded whole, progress for what lasts.
//
// Thread-safety: one thread, but for Failure, a value.
//
//   LineReader reader("faits.jsonl");
//   while (auto line = reader.next()) out.line(answer(*line));

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace assemblier::tools {

/// Exit codes of every command (DESIGN §8).
enum class Exit : int {
  kDone = 0,
  kNo = 1,  ///< the answer is no: errors found, scenario failed, acte refused, divergence
  kUsage = 2,
  kInput = 3,          ///< unreadable or absent input
  kDamaged = 4,        ///< damaged journal
  kSystem = 5,         ///< disk, lock, output
  kConflict = 6,       ///< version conflict, or a known id with other content
  kInterrupted = 130,  ///< Ctrl-C, TERM or HUP before the end
};

/// Ends the command; thrown inside the programs only, caught once at the top. The message is French and complete.
struct Failure {
  Exit code;
  std::string message;
};

/// Standard output, buffered. Throws Failure kSystem when it cannot be written.
class Out {
 public:
  explicit Out(int descriptor = 1) : descriptor_(descriptor) {}
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  void text(std::string_view text);
  void line(std::string_view text);
  void flush();

 private:
  int descriptor_;
  std::string buffer_;
};

/// Standard error: messages and summaries. A failure to write there is nobody's to hear.
void say(std::string_view message);

/// Makes sure that descriptors 0, 1 and 2 are taken, so that no file of the journal becomes the standard output, and
/// that a closed pipe, or a file longer than the process may write, is an error of write() instead of a signal.
void prepare_standard_streams();

/// Lines of a file or, for "-", of the standard input, without the end of line (LF or CRLF); memory is bounded by the
/// longest line allowed. A byte order mark at the very start is skipped. Throws Failure kInput or kSystem.
class LineReader {
 public:
  struct Line {
    std::uint64_t number = 0;  ///< from 1
    std::string_view text;     ///< valid until the next call
    bool too_long = false;     ///< text holds its beginning only
  };
  explicit LineReader(const std::string& path, std::size_t longest = std::size_t{8} << 20U);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  [[nodiscard]] std::optional<Line> next();
  /// Whether next() would answer without waiting for somebody to write.
  [[nodiscard]] bool ready() const;
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_; }
  /// Size of a regular file; nothing for a pipe.
  [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }

 private:
  bool fill();
  std::string path_;
  int descriptor_ = -1;
  std::size_t longest_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::string line_;
  std::uint64_t number_ = 0;
  std::uint64_t bytes_ = 0;
  std::optional<std::uint64_t> size_;
  bool ended_ = false;
};

/// A whole file ("-": the standard input), at most `limit` bytes. Throws Failure kInput.
[[nodiscard]] std::string read_whole(const std::string& path, std::size_t limit = std::size_t{16} << 20U);

/// A line on the terminal that tells how far things are, from the second second on; silent when the standard error is
/// no terminal.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void at(std::uint64_t done, std::uint64_t total);  ///< total 0: unknown

 private:
  std::string what_;
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

/// 12345 → "12 345", with narrow no-break spaces.
[[nodiscard]] std::string grouped(std::uint64_t number);
/// "1 ligne", "3 lignes": the noun and its plural.
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view one, std::string_view many);

}  // namespace assemblier::tools
