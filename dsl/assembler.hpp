#pragma once
// Clauses read one by one → declarations. A clause that does not parse is left out and the names it declares are
// poisoned; a declaration that cannot stand without it goes with it.
//
// Thread-safety: one file each.

#include "dsl/parse.hpp"
#include "dsl/reading.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace assemblier::dsl {

class Assembler {
 public:
  Assembler(const Layout& layout, std::string_view source, Reader& reader, std::vector<Diagnostic>& diagnostics)
      : layout_(layout), source_(source), reader_(reader), diagnostics_(diagnostics) {}

  void run();

  ast::File file;
  std::vector<std::string> poisoned;

 private:
  // assembler.cpp
  void declaration(const Declaration& declaration);
  void read(const Declaration& declaration);
  void misspelt(const Declaration& declaration);
  void unknown(const Declaration& declaration);
  void langue(const Declaration& declaration, bool first);
  void edition(const Declaration& declaration);
  void source(const Declaration& declaration);
  void enumeration(const Declaration& declaration);
  void table(const Declaration& declaration);
  bool runs_on(const Clause& clause, std::size_t cells);
  bool row(const Declaration& declaration, const Clause& clause, ast::TableDecl& out);
  void objet(const Declaration& declaration);
  void section(const Declaration& declaration);
  void parameter(const Declaration& declaration);
  void definition(const Declaration& declaration);

  // assembler_rules.cpp
  void decision(const Declaration& declaration);
  bool decision_case(const Clause& clause, ast::DecisionDecl& out);
  void grille(const Declaration& declaration);
  void condition(const Declaration& declaration);
  void scrutin(const Declaration& declaration);
  bool scrutin_clause(const Clause& clause, ast::ScrutinDecl& out, std::vector<bool>& seen);
  void procedure(const Declaration& declaration);
  void astray(const Clause& clause);
  bool acte(const Clause& clause, ast::ProcedureDecl& out);
  void tableau(const Declaration& declaration);
  void scenario(const Declaration& declaration);

  /// The result as a case: value, or `aucune` with its template; false after a diagnostic.
  bool take_result(const grammar::Result& result, ast::DecisionDecl::Case& out);
  void add(decltype(ast::Decl::node) node, const Declaration& declaration);
  void poison_header(const Declaration& declaration);
  void poison_clause(const Declaration& declaration, const Clause& clause);
  /// The declaration cannot be used: all that it declares is poisoned.
  void poison_all(const Declaration& declaration);

  const Layout& layout_;
  std::string_view source_;
  Reader& reader_;
  std::vector<Diagnostic>& diagnostics_;
  std::string objet_;
  bool edition_seen_ = false;
};

}  // namespace assemblier::dsl
