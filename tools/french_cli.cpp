#include "tools/french_cli.hpp"

#include "dsl/diagnostic.hpp"
#include "dsl/text.hpp"

#include <fmt/format.h>

namespace assemblier::tools {
namespace {

/// The library pads by bytes; accents are two. Columns here are code points.
class FrenchFormatter final : public CLI::Formatter {
 public:
  FrenchFormatter() {
    column_width(34);
    label("Usage", "Emploi ");
    label("OPTIONS", "OPTIONS");
    label("SUBCOMMAND", "COMMANDE");
    label("SUBCOMMANDS", "COMMANDES");
    label("Positionals", "Arguments ");
    label("REQUIRED", "(obligatoire)");
    label("TEXT", "TEXTE");
    label("UINT", "N");
    label("INT", "N");
    label("Env", "variable");
    label("Needs", "demande ");
    label("Excludes", "exclut ");
  }
  std::string make_option(const CLI::Option* option, bool positional) const override {
    return row("  " + make_option_name(option, positional) + make_option_opts(option), make_option_desc(option));
  }
  /// After what is the command's own, under one heading what goes with every command.
  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const override {
    const CLI::App* top = app;
    while (top->get_parent() != nullptr) top = top->get_parent();
    std::string text = CLI::Formatter::make_subcommands(app, mode);
    if (top == app) return text;
    return text + make_group("Options générales ", false,
                             top->get_options([](const CLI::Option* option) { return option->nonpositional(); }));
  }
  std::string make_subcommand(const CLI::App* sub) const override {
    return row("  " + sub->get_name(), sub->get_description());
  }

 private:
  [[nodiscard]] std::string row(std::string left, const std::string& right) const {
    const std::size_t width = get_column_width();
    const std::size_t used = dsl::code_points(left);
    left += used < width ? std::string(width - used, ' ') : "  ";
    return left + right + "\n";
  }
};

const CLI::App& innermost(const CLI::App& app) {
  const CLI::App* current = &app;
  while (!current->get_subcommands().empty()) current = current->get_subcommands().front();
  return *current;
}

std::string command_line(const CLI::App& app) {
  std::string text;
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent())
    text = at->get_name() + (text.empty() ? "" : " ") + text;
  return text;
}

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) names.push_back(sub->get_name());
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string extras_message(const CLI::App& app, const CLI::App& where) {
  auto rest = app.remaining(true);
  if (rest.empty()) return "un argument de trop";
  const std::string word = rest.front();
  std::vector<std::string> names;
  const bool option = word.starts_with("-");
  if (option) {
    for (const CLI::App* at = &where; at != nullptr; at = at->get_parent()) {
      for (const auto* known : at->get_options()) names.push_back(known->get_name());
    }
  } else {
    names = subcommand_names(where);
  }
  std::string text = fmt::format("{} « {} » {}", option ? "l'option" : "l'argument", word,
                                 option ? "n'existe pas ici" : "n'est pas attendu ici");
  if (const auto near = dsl::suggestions(word, names); !near.empty())
    text += fmt::format(" ; vouliez-vous dire « {} » ?", near.front());
  return text;
}

std::string missing_command(const CLI::App& app, const CLI::App& where) {
  const auto commands = subcommand_names(where);
  const auto rest = app.remaining(true);
  if (rest.empty()) return "il manque une commande : " + joined(commands);
  if (rest.front().starts_with("-")) return extras_message(app, where);
  const auto near = dsl::suggestions(rest.front(), commands);
  return fmt::format(
      "« {} » n'est pas une commande de « {} » ; {}", rest.front(), command_line(where),
      near.empty() ? "possibles : " + joined(commands) : fmt::format("vouliez-vous dire « {} » ?", near.front()));
}

// The flag that the library gives every command, under a heading of its own: it stands among the general ones.
void hide_help(CLI::App& app) {
  if (app.get_help_ptr() != nullptr) app.get_help_ptr()->group("");
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) hide_help(*sub);
}

}  // namespace

void make_french(CLI::App& app) {
  app.formatter(std::make_shared<FrenchFormatter>());
  app.option_defaults()->group("Options ");  // a blank before the colon that follows, as in French
  app.set_help_flag("-h,--aide,--help", "montre cette aide");
}

CLI::Validator one_of(std::vector<std::string> words) {
  return CLI::Validator(
      [words = std::move(words)](std::string& given) {
        const std::string folded = dsl::fold(given);
        for (const auto& word : words) {
          if (word == folded) {
            given = word;
            return std::string();
          }
        }
        return fmt::format("« {} » n'est pas admis ; possibles : {}", given, joined(words));
      },
      "");
}

CLI::Validator whole_number() {
  return CLI::Validator(
      [](std::string& given) {
        const bool whole =
            !given.empty() && given.size() < 19 && given.find_first_not_of("0123456789") == std::string::npos;
        return whole ? std::string() : fmt::format("« {} » n'est pas un nombre entier positif ou nul", given);
      },
      "");
}

std::string help_text(CLI::App& app) {
  const CLI::App& where = innermost(app);
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) hide_help(*sub);
  return where.help(where.get_parent() == nullptr ? "" : command_line(*where.get_parent()));
}

std::string unknown_command(const CLI::App& app, const std::string& word) {
  const auto near = dsl::suggestions(word, subcommand_names(app));
  return fmt::format(
      "« {} » n'est ni une commande, ni un tableau d'une édition publiée dans ce journal{}\nAide : assemblier --aide",
      word, near.empty() ? "" : fmt::format(" ; vouliez-vous dire « {} » ?", near.front()));
}

std::string french_message(CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& where = innermost(app);
  const std::string english = error.what();
  // The library puts the name of the option first; only that is kept of its sentence.
  const auto until = [&english](std::string_view mark) { return english.substr(0, english.find(mark)); };
  std::string text;
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    text = extras_message(app, where);
  } else if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    const bool no_command = english.find("ubcommand") != std::string::npos;
    text = no_command ? missing_command(app, where) : fmt::format("il manque « {} »", until(" is required"));
  } else if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr) {
    const std::string_view between = " excludes ";
    const auto at = english.find(between);
    text = at == std::string::npos ? "deux options ne vont pas ensemble"
                                   : fmt::format("« {} » et « {} » ne vont pas ensemble", english.substr(0, at),
                                                 english.substr(at + between.size()));
  } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    text = fmt::format("« {} » : une valeur, une seule, est attendue", until(":"));
  } else if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr) {
    text = english;
  } else if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
    const auto from = english.find(": ");
    text = fmt::format("valeur incorrecte : {}", from == std::string::npos ? english : english.substr(from + 2));
  } else {
    text = "la commande est mal écrite";
  }
  return fmt::format("{}\nAide : {} --aide", text, command_line(where));
}

}  // namespace assemblier::tools
