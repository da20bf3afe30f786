#include "storage/selection.hpp"

#include <algorithm>

namespace assemblier::storage {

namespace {

// The first version of a flux at or after `from`; one more than the last when there is none.
Result<Version> version_at(Journal& journal, std::string_view flux, const FluxHead& head, Position from) {
  if (head.position < from) return Version{head.version.value + 1};
  std::uint64_t low = 0;
  std::uint64_t high = head.version.value;
  while (low < high && from.value > 0) {
    const std::uint64_t middle = low + (high - low) / 2;
    Position found;
    auto read = journal.read_flux(flux, Version{middle}, [&](const StoredEvent& event) {
      found = event.header.position;
      return false;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    if (found < from) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return Version{low};
}

}  // namespace

bool selects(const Selection& selection, const Header& header) {
  const auto is = [](const std::string& wanted, const std::string& found) { return wanted.empty() || wanted == found; };
  const std::string& category = selection.category;
  return is(selection.flux, header.flux) && is(selection.type, header.type) && is(selection.acte_id, header.acte_id) &&
         (category.empty() || (header.flux.starts_with(category) && header.flux.find('/') == category.size()));
}

Result<void> read_selected(Journal& journal, const Selection& selection, const Range& range,
                           const EventVisitor& visit) {
  Range in = range;
  const auto chosen = [&](const StoredEvent& event) {
    if (in.before && event.header.position >= *in.before) return false;
    return !selects(selection, event.header) || visit(event);
  };
  if (in.before && *in.before <= in.from) return {};
  if (!selection.acte_id.empty()) {
    auto kept = journal.outcome(selection.acte_id);
    if (!kept) return std::unexpected(std::move(kept.error()));
    if (*kept) {
      const Position end{(*kept)->first.value + (*kept)->count};
      in.from = std::max(in.from, (*kept)->first);
      in.before = std::min(in.before.value_or(end), end);
      if (*in.before <= in.from) return {};
      // Stops with the last of them, before the event after is even looked at.
      return journal.read_all(in.from, [&](const StoredEvent& event) {
        return chosen(event) && event.header.position.value + 1 < in.before->value;
      });
    }
  }
  if (selection.flux.empty()) return journal.read_all(in.from, chosen);
  auto head = journal.head(selection.flux);
  if (!head) return std::unexpected(std::move(head.error()));
  if (!*head) return {};
  auto first = version_at(journal, selection.flux, **head, in.from);
  if (!first) return std::unexpected(std::move(first.error()));
  return first->value > (*head)->version.value ? Result<void>() : journal.read_flux(selection.flux, *first, chosen);
}

}  // namespace assemblier::storage
