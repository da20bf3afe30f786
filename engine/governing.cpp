#include "engine/asked.hpp"
#include "engine/typing.hpp"
#include "engine/wording.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

const dsl::ObjetInfo* declared(const Edition& edition, std::string_view category) {
  const auto& objets = edition.program->objets;
  const auto at = std::ranges::find(objets, category, &dsl::ObjetInfo::category);
  return at == objets.end() || !at->procedure ? nullptr : &*at;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

std::string dates(const Edition& edition) {
  return fmt::format("{} {} (du {} au {})", edition.program->millesime, quoted(edition.program->title),
                     dsl::french(edition.program->from), dsl::french(edition.program->to));
}

bool opens(const Edition& edition, const Request& request) {
  const dsl::ObjetInfo* objet = declared(edition, category(request.objet));
  return objet != nullptr && std::ranges::any_of(objet->procedure->actes, [&request](const auto& acte) {
           return acte.opens && for_people(acte) && acte.name == request.acte;
         });
}

// Why no édition governs the opening: what there is instead.
Refusal ungoverned(const std::vector<EditionPtr>& editions, const Request& request, dsl::Date date) {
  const std::string_view wanted = category(request.objet);
  std::vector<std::string> categories, openings, others, periods;
  for (const EditionPtr& edition : editions) {
    for (const auto& objet : edition->program->objets) {
      if (objet.procedure) add_once(categories, objet.category);
    }
    const dsl::ObjetInfo* objet = declared(*edition, wanted);
    if (objet == nullptr) continue;
    for (const auto& acte : objet->procedure->actes) {
      if (!for_people(acte)) continue;
      add_once(acte.opens ? openings : others, acte.name);
    }
    if (opens(*edition, request)) periods.push_back(dates(*edition));
  }

  const auto refuse = [&request](Refusal::Kind kind, std::string why, const std::string& help) {
    if (!help.empty()) why += " ; " + help;
    return Refusal{kind, refused(request, why), {}};
  };
  if (editions.empty()) {
    return refuse(Refusal::Kind::kEdition, "aucune édition n'est publiée dans ce journal", "en publier une d'abord");
  }
  if (std::ranges::find(categories, wanted) == categories.end()) {
    return refuse(Refusal::Kind::kEdition,
                  fmt::format("aucune édition publiée n'a d'objet de catégorie {}", quoted(wanted)),
                  name_help(wanted, categories));
  }
  if (!periods.empty()) {
    return refuse(Refusal::Kind::kEdition,
                  fmt::format("aucune édition publiée ne régit une ouverture au {}", dsl::french(date)),
                  fmt::format("éditions qui connaissent cet acte : {}", joined(periods, "et")));
  }
  const std::string how =
      openings.empty() ? std::string() : fmt::format("actes qui l'ouvrent : {}", joined_quoted(openings, "ou"));
  if (std::ranges::find(others, request.acte) != others.end()) {
    return refuse(Refusal::Kind::kObjet, fmt::format("{} n'existe pas encore", request.objet), how);
  }
  const std::string near = name_help(request.acte, openings);
  return refuse(Refusal::Kind::kActe,
                fmt::format("aucune édition publiée n'a d'acte de ce nom qui ouvre {}", request.objet),
                near.empty() ? how : near);
}

}  // namespace

std::expected<EditionPtr, Refusal> governing(const std::vector<EditionPtr>& editions, const Request& request,
                                             dsl::Date date) {
  EditionPtr best;
  for (const EditionPtr& edition : editions) {
    const bool in_force = edition->program->from <= date && date <= edition->program->to;
    const bool later = !best || best->position < edition->position;
    if (in_force && later && opens(*edition, request)) best = edition;
  }
  if (best) return best;
  return std::unexpected(ungoverned(editions, request, date));
}

}  // namespace assemblier::engine
