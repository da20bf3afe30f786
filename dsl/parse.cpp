#include "dsl/parse.hpp"

#include "dsl/assembler.hpp"
#include "dsl/text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace assemblier::dsl {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kBom = "\xEF\xBB\xBF";

Diagnostic error(std::string_view code, Span span, std::string message, std::string help) {
  return {std::string(code), Severity::kError, span, std::move(message), std::move(help), {}};
}

/// What makes a source no text at all.
std::optional<Diagnostic> unreadable(std::string_view source, const ParseLimits& limits) {
  if (source.size() > limits.source_bytes) {
    return error("R0005", {},
                 fmt::format("le fichier a {} octets ; au plus {} sont lus", source.size(), limits.source_bytes),
                 "mettez les listes longues dans plusieurs éditions");
  }
  if (source.starts_with("\xFF\xFE"sv) || source.starts_with("\xFE\xFF"sv)) {
    return error("R0002", {0, 1}, "le fichier est en UTF-16 ; attendu : UTF-8", "enregistrez-le en UTF-8");
  }
  if (const auto at = first_invalid_utf8(source)) {
    const auto begin = static_cast<std::uint32_t>(*at);
    return error("R0001", {begin, begin + 1},
                 fmt::format("l'octet {} (ligne {}) n'est pas de l'UTF-8", *at, line_column(source, *at).line),
                 "le fichier est peut-être en Latin-1 ou Windows-1252 : enregistrez-le en UTF-8");
  }
  if (const auto at = source.find('\0'); at != std::string_view::npos) {
    const auto begin = static_cast<std::uint32_t>(at);
    return error("R0003", {begin, begin + 1}, "le fichier contient un caractère nul : ce n'est pas un texte",
                 "vérifiez que c'est bien un fichier de règles");
  }
  return std::nullopt;
}

/// The names of the file; false when there are too many.
bool gather(const Layout& layout, Words& words, const ParseLimits& limits, Names& names) {
  const std::string system = "système";
  names.add({words.intern(system).id});
  for (const Declaration& declaration : layout.declarations) {
    for (const auto& name : names_of_header(declaration.kind, declaration.header)) names.add(name.words);
    for (const Clause& clause : declaration.body) {
      for (const auto& name : names_of_clause(declaration.kind, clause)) names.add(name.words);
    }
    if (names.size() > limits.names) return false;
  }
  return true;
}

void order(std::vector<Diagnostic>& diagnostics, std::string_view source, std::size_t most) {
  std::sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return a.span.begin != b.span.begin ? a.span.begin < b.span.begin : a.code < b.code;
  });
  // A line that cannot be read is not told to be moved as well.
  const auto same_line = [&](const Diagnostic& one, const Diagnostic& next) {
    return !source.substr(one.span.begin, next.span.begin - one.span.begin).contains('\n');
  };
  std::vector<Diagnostic> kept;
  for (std::size_t i = 0; i < diagnostics.size(); ++i) {
    const bool before = i > 0 && same_line(diagnostics[i - 1], diagnostics[i]);
    const bool after = i + 1 < diagnostics.size() && same_line(diagnostics[i], diagnostics[i + 1]);
    if (diagnostics[i].code != "R0030" || (!before && !after)) kept.push_back(diagnostics[i]);
  }
  diagnostics = std::move(kept);
  if (diagnostics.size() <= most) return;
  const std::size_t hidden = diagnostics.size() - most;
  diagnostics.resize(most);
  const Span last = diagnostics.empty() ? Span{} : diagnostics.back().span;
  diagnostics.push_back(
      error("R0007", last, fmt::format("{} autres messages ne sont pas montrés", hidden), "corrigez d'abord ceux-ci"));
}

}  // namespace

Parsed parse(std::string_view source, const ParseLimits& limits) {
  Parsed out;
  if (auto problem = unreadable(source, limits)) {
    out.file = std::make_shared<const ast::File>();
    out.diagnostics.push_back(std::move(*problem));
    return out;
  }
  Words words;
  Lexed lexed = lex(source, source.starts_with(kBom) ? kBom.size() : 0, source.size(), words);
  const std::vector<Diagnostic> problems = std::move(lexed.problems);
  if (lexed.tokens.empty()) {
    out.file = std::make_shared<const ast::File>();
    out.diagnostics.push_back(
        error("R0004", {}, "le fichier ne contient aucune règle", "commencez par « langue 1 », puis « édition »"));
    return out;
  }
  const Layout layout = lay_out(source, std::move(lexed), out.diagnostics);
  Names names;
  if (!gather(layout, words, limits, names)) {
    out.file = std::make_shared<const ast::File>();
    out.diagnostics.push_back(
        error("R0006", {}, fmt::format("le fichier déclare plus de {} noms", limits.names), "coupez-le"));
    return out;
  }
  Reader reader(names, words, source, limits, problems, out.diagnostics);
  Assembler assembler(layout, source, reader, out.diagnostics);
  assembler.run();
  out.file = std::make_shared<const ast::File>(std::move(assembler.file));
  out.poisoned = std::move(assembler.poisoned);
  std::sort(out.poisoned.begin(), out.poisoned.end());
  out.poisoned.erase(std::unique(out.poisoned.begin(), out.poisoned.end()), out.poisoned.end());
  order(out.diagnostics, source, limits.diagnostics);
  return out;
}

}  // namespace assemblier::dsl
