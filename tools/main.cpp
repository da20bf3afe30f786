// assemblier: the program people type. Everything it can fail with ends here, as a French sentence and an exit code.

#include "dsl/text.hpp"
#include "tools/background.hpp"
#include "tools/cli.hpp"

#include <algorithm>
#include <exception>
#include <new>

#include <fmt/format.h>
#include <sys/resource.h>

using assemblier::tools::Exit;

namespace {

/// What was answered before a failure is still owed; a second failure to write adds nothing.
void flush_quietly(assemblier::tools::Out& out) {
  try {
    out.flush();
  } catch (const assemblier::tools::Failure&) {
    return;
  }
}

/// A journal holds its tables open: as many files as the system allows, not the few it gives to begin with.
void allow_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = std::max(files.rlim_cur, std::min<rlim_t>(files.rlim_max, 65'536));
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &files));  // refused: what there is must do
}

}  // namespace

int main(int argc, char** argv) {
  assemblier::tools::prepare_standard_streams();
  assemblier::tools::end_when_interrupted();
  allow_files();
  assemblier::tools::Out out;
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    for (const auto& argument : arguments) {
      if (assemblier::dsl::first_invalid_utf8(argument)) {
        throw assemblier::tools::Failure{Exit::kUsage, "un argument de la commande n'est pas en UTF-8"};
      }
    }
    return static_cast<int>(assemblier::tools::run(arguments, out));
  } catch (const assemblier::tools::Failure& failure) {
    flush_quietly(out);
    assemblier::tools::say(fmt::format("assemblier : {}", failure.message));
    return static_cast<int>(failure.code);
  } catch (const std::bad_alloc&) {
    assemblier::tools::say("assemblier : mémoire insuffisante");
  } catch (const std::exception& error) {
    assemblier::tools::say(fmt::format("assemblier : erreur interne : {}", error.what()));
  }
  return static_cast<int>(Exit::kSystem);
}
