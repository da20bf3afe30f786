#pragma once
// tableau: all objets of a category folded into a view declared in an édition.
//
// Each objet is looked at under its own édition, whose tableau of the same name must have the same columns; objets of
// an édition without it are set apart and counted.
//
// Thread-safety: like the Engine it uses.
//
//   auto view = tableau(engine, "programmation", {});
//   for (const auto& row : view->rows) …

#include "engine/engine.hpp"

#include <optional>

namespace assemblier::engine {

struct Tableau {
  struct Cell {
    Datum value;                     ///< null: nothing to show (no value known)
    std::string text;                ///< as the language writes it; empty when null
    std::uint64_t undetermined = 0;  ///< values left out because facts are missing
  };
  struct Row {
    std::vector<Datum> keys;             ///< null: undetermined or aucune, see key_texts
    std::vector<std::string> key_texts;  ///< "communale", "(aucune)", "(indéterminé)", "(erreur)"
    std::vector<Cell> cells;             ///< by column
  };
  struct Column {
    std::string header;
    dsl::ast::TableauDecl::Column::Kind kind{};
    bool totalled = true;  ///< false: a total would count an objet twice; the total's cell is then null
  };
  std::string name, title;
  std::vector<std::string> groups;  ///< headers of the keys
  std::vector<Column> columns;
  std::vector<Row> rows;     ///< in order of declaration for énumérations and tables, else of value; known keys first
  Row total;                 ///< no keys; « nombre » counts distinct objets
  std::uint64_t objets = 0;  ///< looked at
  std::uint64_t undetermined = 0;  ///< rows left out because `où` is undetermined
  std::uint64_t apart = 0;         ///< objets whose édition does not declare this tableau in this form
};

struct TableauOptions {
  std::optional<storage::Hash> edition;  ///< only the objets of this édition; default: all
};

/// kInvalid, with near names, when no published édition declares it.
[[nodiscard]] storage::Result<Tableau> tableau(Engine& engine, std::string_view name, const TableauOptions& options);

}  // namespace assemblier::engine
