#pragma once
// CLI11 in French: its help and its error messages. Private to tools/.
//
// Thread-safety: one thread.

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace assemblier::tools {

/// Labels, help flag and layout, inherited by the subcommands added later.
void make_french(CLI::App& app);
/// A value among those listed.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> words);
/// Digits only: the library would take −1 for a very large number.
[[nodiscard]] CLI::Validator whole_number();
/// Help of the command that asked for it.
[[nodiscard]] std::string help_text(CLI::App& app);
/// What to say of a first word that is no command.
[[nodiscard]] std::string unknown_command(const CLI::App& app, const std::string& word);
/// A complete French sentence for what the library says in English.
[[nodiscard]] std::string french_message(CLI::App& app, const CLI::ParseError& error);

}  // namespace assemblier::tools
