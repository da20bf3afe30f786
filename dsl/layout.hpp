#pragma once
// tokens → declarations and clauses, by indentation; `source … § …` taken off and attached.
//
// Thread-safety: pure functions.

#include "dsl/ast.hpp"
#include "dsl/lexer.hpp"

#include <string_view>
#include <vector>

namespace assemblier::dsl {

/// A header or a clause of a body: tokens [first, last) of `Layout::tokens`.
struct Clause {
  const Token* first = nullptr;
  const Token* last = nullptr;
  Span span;
  std::uint32_t first_line = 0;  ///< from 1
  std::uint32_t last_line = 0;
  std::vector<ast::SourceRef> sources;
  std::vector<Clause> body;  ///< of an acte
  bool misspelt = false;     ///< of a procédure: its first token has the keyword nearest to what is written
};

enum class DeclKind {
  kUnknown,
  kLangue,
  kEdition,
  kSource,
  kEnumeration,
  kTable,
  kObjet,
  kSection,
  kParametre,
  kDefinition,
  kDecision,
  kGrille,
  kCondition,
  kScrutin,
  kProcedure,
  kTableau,
  kScenario
};

struct Declaration {
  DeclKind kind = DeclKind::kUnknown;
  bool misspelt = false;  ///< `kind` is the nearest keyword's, and so is the keyword of the first token
  Clause header;
  std::vector<Clause> body;
};

struct Layout {
  std::vector<Token> tokens;
  std::vector<Declaration> declarations;
  std::vector<bool> commented;  ///< by line from 0
};

/// `problems` of the lexer stay there; those of indentation are added to `diagnostics`.
[[nodiscard]] Layout lay_out(std::string_view source, Lexed lexed, std::vector<Diagnostic>& diagnostics);

/// The keywords that begin the clauses of a procédure, with their accents.
[[nodiscard]] std::vector<std::string> procedure_keywords();
/// The keyword of a declaration, with its accents.
[[nodiscard]] std::vector<std::string> declaration_keywords();
[[nodiscard]] DeclKind declaration_kind(KeywordPair keyword);

}  // namespace assemblier::dsl
