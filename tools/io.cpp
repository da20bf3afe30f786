#include "tools/io.hpp"

#include "storage/reasons.hpp"
#include "tools/background.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace assemblier::tools {
namespace {

// What a file given on the command line, or an output, adds to the reasons of the system.
std::string why(int error) {
  switch (error) {
    case ENOENT:
      return "ce fichier n'existe pas ; vérifiez le chemin";
    case EACCES:
    case EPERM:
      return "accès refusé ; vérifiez les droits";
    case EISDIR:
      return "c'est un répertoire ; donnez un fichier";
    case ENOSPC:
      return "le disque est plein";
    case EPIPE:
      return "la sortie a été fermée par son lecteur";
    case EBADF:
      return "la sortie est fermée";
    default:
      return storage::reason_of(error);
  }
}

std::string shown(const std::string& path) { return path == "-" ? "l'entrée standard" : "« " + path + " »"; }

/// Opens for reading; the standard input for "-".
int open_input(const std::string& path, std::optional<std::uint64_t>& size) {
  int descriptor = 0;
  if (path != "-") {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw Failure{Exit::kInput, fmt::format("impossible de lire {} : {}", shown(path), why(errno))};
  }
  struct stat status{};
  if (::fstat(descriptor, &status) == 0) {
    if (S_ISDIR(status.st_mode)) {
      if (descriptor > 2) ::close(descriptor);
      throw Failure{Exit::kInput, fmt::format("impossible de lire {} : {}", shown(path), why(EISDIR))};
    }
    if (S_ISREG(status.st_mode)) size = static_cast<std::uint64_t>(status.st_size);
  }
  return descriptor;
}

/// A signal may come just before a read that waits: who catches them looks for one now and then.
void wait_unless_interrupted(int descriptor) {
  constexpr int kPatience_ms = 100;
  struct pollfd wanted{};
  wanted.fd = descriptor;
  wanted.events = POLLIN;
  while (catches_interruptions() && ::poll(&wanted, 1, interrupted() ? 0 : kPatience_ms) <= 0) {
    if (interrupted()) throw Failure{Exit::kInterrupted, "interrompu avant la fin de la lecture"};
  }
}

/// Bytes read into `into`; 0 at the end.
std::size_t read_some(int descriptor, const std::string& path, char* into, std::size_t room) {
  while (true) {
    wait_unless_interrupted(descriptor);
    const ssize_t got = ::read(descriptor, into, room);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw Failure{Exit::kInput, fmt::format("impossible de lire {} : {}", shown(path), why(errno))};
  }
}

}  // namespace

void Out::text(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= std::size_t{1} << 16U) flush();
}

void Out::line(std::string_view text) {
  buffer_ += text;
  buffer_ += '\n';
  if (buffer_.size() >= std::size_t{1} << 16U) flush();
}

void Out::flush() {
  std::string pending;
  pending.swap(buffer_);
  std::string_view rest = pending;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw Failure{Exit::kSystem, fmt::format("impossible d'écrire sur la sortie standard : {}", why(errno))};
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void say(std::string_view message) {
  std::string text(message);
  text += '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(2, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void prepare_standard_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) == -1 && errno == EBADF) {
      // Write-only for the input and read-only for the outputs: using them stays an error, as the caller asked.
      const int got = ::open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
      if (got >= 0 && got != descriptor) {
        ::dup2(got, descriptor);
        ::close(got);
      }
    }
  }
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::sigaction(signal, &ignore, nullptr);
}

LineReader::LineReader(const std::string& path, std::size_t longest) : path_(path), longest_(longest) {
  descriptor_ = open_input(path, size_);
}

LineReader::~LineReader() {
  if (descriptor_ > 2) ::close(descriptor_);
}

bool LineReader::fill() {
  if (ended_) return false;
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  constexpr std::size_t kChunk = std::size_t{1} << 16U;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kChunk);
  const std::size_t got = read_some(descriptor_, path_, buffer_.data() + before, kChunk);
  buffer_.resize(before + got);
  bytes_ += got;
  ended_ = got == 0;
  return !ended_;
}

std::optional<LineReader::Line> LineReader::next() {
  Line line;
  line_.clear();
  std::size_t searched = 0;
  while (true) {
    const std::size_t end = buffer_.find('\n', begin_ + searched);
    if (end != std::string::npos) {
      line_.append(buffer_, begin_, end - begin_);
      begin_ = end + 1;
      break;
    }
    searched = buffer_.size() - begin_;
    if (searched > longest_) {  // keep the beginning, go on to the end of the line
      if (line_.empty()) line_.assign(buffer_, begin_, longest_);
      line.too_long = true;
      begin_ = buffer_.size();
      searched = 0;
    }
    if (!fill()) {
      if (begin_ == buffer_.size() && line_.empty()) return std::nullopt;
      line_.append(buffer_, begin_, std::string::npos);
      begin_ = buffer_.size();
      break;
    }
  }
  if (line.too_long || line_.size() > longest_) {
    line.too_long = true;
    line_.resize(std::min(line_.size(), longest_));
  }
  line.number = ++number_;
  line.text = line_;
  if (line.number == 1 && line.text.starts_with("\xEF\xBB\xBF")) line.text.remove_prefix(3);
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  return line;
}

bool LineReader::ready() const {
  if (ended_ || buffer_.find('\n', begin_) != std::string::npos) return true;
  struct pollfd wanted{};
  wanted.fd = descriptor_;
  wanted.events = POLLIN;
  return ::poll(&wanted, 1, 0) != 0;
}

std::string read_whole(const std::string& path, std::size_t limit) {
  std::optional<std::uint64_t> size;
  const int descriptor = open_input(path, size);
  struct Closer {
    int descriptor;
    ~Closer() {
      if (descriptor > 2) ::close(descriptor);
    }
  } closer{descriptor};
  constexpr std::size_t kChunk = std::size_t{1} << 16U;
  std::string text;
  while (true) {
    const std::size_t before = text.size();
    text.resize(before + kChunk);
    const std::size_t got = read_some(descriptor, path, text.data() + before, kChunk);
    text.resize(before + got);
    if (got == 0) return text;
    if (text.size() > limit) {
      throw Failure{Exit::kInput, fmt::format("{} dépasse {} Mio, la taille admise ici", shown(path), limit >> 20U)};
    }
  }
}

Progress::Progress(std::string what)
    : what_(std::move(what)), terminal_(::isatty(2) == 1), start_(std::chrono::steady_clock::now()), last_(start_) {}

Progress::~Progress() {
  if (shown_) {
    [[maybe_unused]] const auto written = ::write(2, "\r\x1b[K", 4);
  }
}

void Progress::at(std::uint64_t done, std::uint64_t total) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - start_ < std::chrono::seconds(2) || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  shown_ = true;
  std::string text = fmt::format("\r\x1b[K{} : {}", what_, grouped(done));
  if (total > 0) text += fmt::format(" / {} ({} %)", grouped(total), done * 100 / total);
  [[maybe_unused]] const auto written = ::write(2, text.data(), text.size());
}

std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += "\u202f";
    text += digits[i];
  }
  return text;
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", grouped(number), number < 2 ? one : many);
}

}  // namespace assemblier::tools
