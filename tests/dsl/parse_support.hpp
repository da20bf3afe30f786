#pragma once
// For tests of the parser: whole files around one declaration, and trees shown as text.

#include "dsl/parse.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace assemblier::dsl::test {

/// "(= (count quartiers) 1)"
[[nodiscard]] std::string show(const ast::ExprPtr& expr);
[[nodiscard]] std::string show(const ast::TypePtr& type);
[[nodiscard]] std::string show(const Value& value);

/// A file that declares a few names, then `text`.
[[nodiscard]] std::string with_names(std::string_view text);
/// `définition essai = text` among those names: the tree, or the codes of the diagnostics.
[[nodiscard]] std::string expression(std::string_view text);
/// "R0050" or "R0050 R0051"; empty when nothing is wrong.
[[nodiscard]] std::string codes(const Parsed& parsed);
[[nodiscard]] std::string slurp(const std::string& path);

/// The n-th declaration of a kind.
template <class T>
const T* find(const Parsed& parsed, std::size_t n = 0) {
  for (const ast::Decl& decl : parsed.file->decls) {
    const T* found = std::get_if<T>(&decl.node);
    if (found != nullptr && n-- == 0) return found;
  }
  return nullptr;
}

}  // namespace assemblier::dsl::test
