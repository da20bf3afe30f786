#pragma once
// What a reader asks for: the events of one flux, of a category of flux, of a type, of one acte (its correlation), and
// any of these together. No record of the journal exists for this alone, so that writers pay nothing.
//
// Thread-safety: pure functions over a Journal.
//
//   read_selected(*journal, {.category = "dossier", .type = "vote"}, {.from = Position{100}}, visit);

#include "storage/journal.hpp"

#include <optional>
#include <string>

namespace assemblier::storage {

/// Every part that is not empty must hold.
struct Selection {
  std::string flux{};
  std::string category{};  ///< what comes before the first '/' of the flux
  std::string type{};
  std::string acte_id{};
  bool operator==(const Selection&) const = default;
};

/// Positions [from, before).
struct Range {
  Position from{};
  std::optional<Position> before{};
};

[[nodiscard]] bool selects(const Selection& selection, const Header& header);

/// The selected events of a range, in position order, each checked as Journal::read_all or read_flux does. By acte:
/// reads from its first event, found by its answer, and no more than it wrote. By flux: a seek for each of its events.
/// Else, and for an acte without an answer kept (an import without answers): reads the whole range.
[[nodiscard]] Result<void> read_selected(Journal& journal, const Selection& selection, const Range& range,
                                         const EventVisitor& visit);

}  // namespace assemblier::storage
