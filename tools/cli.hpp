#pragma once
// The command line: words with or without accents, French help and messages, one function per command.
//
// Thread-safety: one thread.

#include "tools/io.hpp"

#include <string>
#include <vector>

namespace assemblier::tools {

/// Parses, runs, and answers the exit code. Throws Failure.
[[nodiscard]] Exit run(const std::vector<std::string>& arguments, Out& out);

}  // namespace assemblier::tools
