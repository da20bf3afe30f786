#include "engine/asked.hpp"

#include "engine/motif.hpp"
#include "engine/typing.hpp"
#include "engine/wording.hpp"

#include <algorithm>
#include <span>

#include <boost/container/small_vector.hpp>
#include <fmt/format.h>

namespace assemblier::engine {

namespace {

// Names nobody.
bool is_blank(std::string_view name) { return name.find_first_not_of(" \t") == std::string_view::npos; }

using Kind = Refusal::Kind;

std::unexpected<Refusal> refuse(Kind kind, const Request& request, std::string_view why,
                                std::vector<Refusal::Reason> reasons = {}) {
  return std::unexpected(Refusal{kind, refused(request, why), std::move(reasons)});
}

template <class T>
std::vector<std::string> names_of(const std::vector<T>& items) {
  std::vector<std::string> names;
  names.reserve(items.size());
  for (const T& item : items) names.push_back(item.name);
  return names;
}

std::string with_help(std::string why, const std::string& help) { return help.empty() ? why : why + " ; " + help; }

std::string possible_now(const Live& live) {
  const auto actes = possible_actes(live);
  if (actes.empty()) return "aucun acte n'est possible maintenant";
  return "actes possibles maintenant : " + joined_quoted(actes, "ou");
}

std::expected<void, Refusal> find_acte(Asked& asked, const Request& request, bool automatic) {
  if (!asked.objet->procedure) {
    return refuse(Kind::kActe, request,
                  fmt::format("l'objet {} n'a pas de procédure dans cette édition", asked.objet->name));
  }
  const auto& actes = asked.objet->procedure->actes;
  const auto at = std::ranges::find(actes, request.acte, &dsl::ActeInfo::name);
  if (at == actes.end()) {
    std::vector<std::string> names;
    for (const auto& acte : actes) {
      if (for_people(acte)) names.push_back(acte.name);
    }
    return refuse(Kind::kActe, request,
                  with_help(fmt::format("la procédure du {} n'a pas d'acte de ce nom", asked.objet->name),
                            name_help(request.acte, names)));
  }
  asked.acte = &*at;
  asked.acte_index = static_cast<dsl::Index>(at - actes.begin());
  if (!automatic && !for_people(*asked.acte)) {
    return refuse(Kind::kActe, request, "il suit de lui-même quand sa condition est remplie et ne se demande pas");
  }
  return {};
}

std::expected<void, Refusal> check_etat(const Live& live, const Asked& asked, const Request& request) {
  const auto& etats = asked.objet->procedure->etats;
  if (asked.acte->opens && !live.exists()) return {};
  if (asked.acte->opens && asked.acte->from.empty()) {
    return refuse(Kind::kObjet, request,
                  fmt::format("{} est déjà ouvert, à l'état {} ; {}", request.objet, quoted(etats[live.etat].name),
                              possible_now(live)));
  }
  if (!live.exists()) return refuse(Kind::kObjet, request, fmt::format("{} n'existe pas", request.objet));
  if (may_start(*asked.acte, live)) return {};
  std::vector<std::string> from;
  for (const dsl::Index etat : asked.acte->from) from.push_back(etats[etat].name);
  return refuse(Kind::kEtat, request,
                fmt::format("{} est à l'état {}, cet acte part de {} ; {}", request.objet,
                            quoted(etats[live.etat].name), joined_quoted(from, "ou"), possible_now(live)));
}

// A personal donnée is typed and then put away: no rule reads it, and what is said of it never quotes it, since
// refusals are kept.
void take_personal(Asked& asked, std::size_t index, const Datum& datum, std::vector<Refusal::Reason>& reasons) {
  const dsl::ActeInfo::Donnee& donnee = asked.acte->donnees[index];
  asked.personal.resize(asked.acte->donnees.size());
  if (datum.get<Datum::Sealed>() != nullptr) {
    asked.personal[index] = datum;
    asked.donnees[index] = dsl::Value(std::string());
    return;
  }
  auto value = typed(*asked.program, *donnee.type, datum, donnee.name);
  if (!value) {
    reasons.push_back({.label = donnee.name,
                       .detail = fmt::format("valeur d'un autre type que celui attendu : {} (elle est personnelle, et "
                                             "n'est pas répétée ici)",
                                             dsl::show(*asked.program, *donnee.type))});
    return;
  }
  asked.personal[index] = untyped(*asked.program, *value);
  const auto* const name = asked.personal[index].get<std::string>();
  if (donnee.person == index && (name == nullptr || is_blank(*name))) {
    reasons.push_back(
        {.label = donnee.name, .detail = "la personne n'est pas désignée : ce texte est vide ou n'a que des blancs"});
  }
  asked.donnees[index] = std::move(*value);
}

// The données typed; what is wrong with them goes to `reasons`.
void type_donnees(Asked& asked, const Request& request, std::vector<Refusal::Reason>& reasons) {
  const auto& wanted = asked.acte->donnees;
  asked.donnees.resize(wanted.size());
  boost::container::small_vector<bool, 64> given(wanted.size());
  for (const auto& [name, datum] : request.donnees) {
    const auto at = std::ranges::find(wanted, name, &dsl::ActeInfo::Donnee::name);
    if (at == wanted.end()) {
      const std::string help = wanted.empty() ? "cet acte n'en porte aucune" : name_help(name, names_of(wanted));
      reasons.push_back({.label = name, .detail = with_help("donnée inconnue de cet acte", help)});
      continue;
    }
    const auto index = static_cast<std::size_t>(at - wanted.begin());
    if (given[index]) {
      reasons.push_back({.label = name, .detail = "donnée en double"});
      continue;
    }
    given[index] = true;
    if (datum.is_null()) continue;
    if (at->personal()) {
      take_personal(asked, index, datum, reasons);
      continue;
    }
    auto value = typed(*asked.program, *at->type, datum, name);
    if (value) {
      asked.donnees[index] = std::move(*value);
    } else {
      reasons.push_back({.label = name, .detail = value.error().message});
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool wrong = std::ranges::any_of(reasons, [&](const auto& reason) { return reason.label == wanted[i].name; });
    if (asked.donnees[i] || wanted[i].optional || wrong) continue;
    reasons.push_back(
        {.label = wanted[i].name,
         .detail = fmt::format("donnée obligatoire absente ({} attendu)", dsl::show(*asked.program, *wanted[i].type)),
         .missing = {wanted[i].name}});
  }
}

std::expected<void, Refusal> among(const Live& live, const Asked& asked, const Request& request,
                                   std::span<const dsl::ActeInfo::Actor* const> clauses) {
  std::vector<Refusal::Reason> reasons;
  for (const auto* clause : clauses) {
    if (clause->among == nullptr) return {};
    const dsl::Context context = asked.context(live);
    dsl::Evaluator evaluator(*asked.program, context);
    const dsl::Result list = evaluator.expression(clause->among);
    if (list.status == dsl::Status::kKnown) {
      const auto& members = *list.value.as<dsl::List>();
      if (std::ranges::any_of(members, [&asked](const dsl::Value& member) { return dsl::equal(member, *asked.actor); }))
        return {};
      const std::string who = members.empty()
                                  ? "personne ne le peut pour l'instant"
                                  : fmt::format("peuvent le demander : {}", dsl::show(*asked.program, list.value));
      reasons.push_back({.label = request.role, .detail = who, .citations = asked.acte->citations});
    } else {
      reasons.push_back(reason_of(asked, request.role, list));
    }
  }
  return refuse(Kind::kActeur, request,
                fmt::format("{} {} n'est pas de ceux qui peuvent le demander", request.role, quoted(asked.author)),
                std::move(reasons));
}

// The role, the name it bears, then `parmi`.
std::expected<void, Refusal> check_actor(const Live& live, Asked& asked, const Request& request) {
  const auto& roles = asked.objet->procedure->roles;
  const auto role = std::ranges::find(roles, request.role, &dsl::RoleInfo::name);
  if (role == roles.end()) {
    return refuse(
        Kind::kActeur, request,
        with_help(fmt::format("rôle {} inconnu", quoted(request.role)), name_help(request.role, names_of(roles))));
  }
  const auto index = static_cast<dsl::Index>(role - roles.begin());
  boost::container::small_vector<const dsl::ActeInfo::Actor*, 4> clauses;
  for (const auto& actor : asked.acte->actors) {
    if (actor.role == index) clauses.push_back(&actor);
  }
  if (clauses.empty()) {
    std::vector<std::string> able;
    for (const auto& actor : asked.acte->actors) {
      if (actor.role != dsl::kNoIndex && std::ranges::find(able, roles[actor.role].name) == able.end()) {
        able.push_back(roles[actor.role].name);
      }
    }
    return refuse(Kind::kActeur, request,
                  fmt::format("le rôle {} ne peut pas le demander ; le peuvent : {}", quoted(request.role),
                              joined_quoted(able, "ou")));
  }
  asked.author = request.author;
  if (role->type == nullptr) {
    asked.actor = dsl::Value(request.author);
  } else {
    if (is_blank(request.author)) {
      return refuse(
          Kind::kActeur, request,
          fmt::format("le rôle {} demande un nom ({})", quoted(request.role), dsl::show(*asked.program, *role->type)));
    }
    auto value = typed(*asked.program, *role->type, Datum(request.author), request.role);
    if (!value) return refuse(Kind::kActeur, request, value.error().message);
    asked.actor = std::move(*value);
    asked.author = show(untyped(*asked.program, *asked.actor));
  }
  return among(live, asked, request, clauses);
}

std::expected<void, Refusal> check_date(const Live& live, const Asked& asked, const Request& request, dsl::Date today,
                                        bool automatic) {
  if (!automatic && asked.date > today) {
    return refuse(
        Kind::kDate, request,
        fmt::format(
            "la date {} est postérieure au jour de l'inscription, {} ; une date d'effet n'est jamais dans l'avenir",
            dsl::french(asked.date), dsl::french(today)));
  }
  if (live.exists() && asked.date < live.date) {
    return refuse(Kind::kDate, request,
                  fmt::format("la date {} précède celle du dernier événement de {}, {}", dsl::french(asked.date),
                              request.objet, dsl::french(live.date)));
  }
  if (!live.exists() && (asked.date < asked.program->from || asked.date > asked.program->to)) {
    return refuse(Kind::kEdition, request,
                  fmt::format("l'édition {} {} vaut pour les ouvertures du {} au {}, pas au {}",
                              asked.program->millesime, quoted(asked.program->title), dsl::french(asked.program->from),
                              dsl::french(asked.program->to), dsl::french(asked.date)));
  }
  return {};
}

}  // namespace

dsl::Context Asked::context(const Live& live) const {
  dsl::Context context{.objet = objet_index, .facts = &live.facts, .donnees = &donnees, .recorded = &live.recorded};
  context.actor = actor;
  context.acte_date = date;
  if (live.etat != dsl::kNoIndex) context.etat = live.etat;
  return context;
}

std::expected<void, Refusal> ask(Asked& asked, const Live& live, const Request& request, dsl::Date today,
                                 bool automatic) {
  asked.program = live.edition->program.get();
  asked.objet_index = live.objet;
  asked.objet = &asked.program->objets[live.objet];
  asked.date = request.date.value_or(automatic ? live.date : today);
  if (auto ok = find_acte(asked, request, automatic); !ok) return ok;
  if (auto ok = check_etat(live, asked, request); !ok) return ok;
  std::vector<Refusal::Reason> wrong;
  type_donnees(asked, request, wrong);  // before the actor, since `parmi` may read them
  if (!automatic) {
    if (auto ok = check_actor(live, asked, request); !ok) return ok;
  }
  if (!wrong.empty()) {
    const std::string why =
        wrong.size() == 1 ? "une donnée est à corriger" : fmt::format("{} données sont à corriger", wrong.size());
    return refuse(Kind::kDonnees, request, why, std::move(wrong));
  }
  return check_date(live, asked, request, today, automatic);
}

std::expected<void, Refusal> demand(const Asked& asked, const Request& request, const dsl::Context& context,
                                    dsl::Evaluator& evaluator) {
  const auto& exigences = asked.acte->exigences;
  if (exigences.empty()) return {};
  if (evaluator.hold(exigences)) return {};
  const std::vector<dsl::Result> results = evaluator.exigences(exigences);
  std::vector<Refusal::Reason> reasons;
  bool broken = false;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].is_true()) continue;
    Refusal::Reason reason = reason_of(asked, exigences[i].label, results[i]);
    if (results[i].is_false()) {
      reason.detail = dsl::values_in(*asked.program, context, exigences[i].condition);
      reason.remedy = dsl::remedy(*asked.program, context, exigences[i].condition);
    }
    if (!exigences[i].citations.empty()) reason.citations = exigences[i].citations;
    broken = broken || results[i].status == dsl::Status::kError;
    reasons.push_back(std::move(reason));
  }
  if (reasons.empty()) return {};
  const std::string why = reasons.size() == 1 ? "une exigence n'est pas remplie"
                                              : fmt::format("{} exigences ne sont pas remplies", reasons.size());
  return refuse(broken ? Kind::kRegle : Kind::kExigence, request, why, std::move(reasons));
}

bool may_start(const dsl::ActeInfo& acte, const Live& live) {
  if (!live.exists()) return acte.opens;
  if (acte.opens && acte.from.empty()) return false;  // one that opens may also say from which états it starts
  return acte.from.empty() || std::ranges::find(acte.from, live.etat) != acte.from.end();
}

bool for_people(const dsl::ActeInfo& acte) {
  return std::ranges::any_of(acte.actors, [](const auto& actor) { return actor.role != dsl::kNoIndex; });
}

std::vector<std::string> possible_actes(const Live& live) {
  std::vector<std::string> names;
  if (!live.exists()) return names;
  const auto& procedure = live.edition->program->objets[live.objet].procedure;
  for (const auto& acte : procedure->actes) {
    if (for_people(acte) && may_start(acte, live)) names.push_back(acte.name);
  }
  return names;
}

std::string refused(const Request& request, std::string_view why) {
  return fmt::format("acte {} refusé pour {} : {}", quoted(request.acte), request.objet, why);
}

Refusal::Reason reason_of(const Asked& asked, std::string label, const dsl::Result& result) {
  Refusal::Reason reason{.label = std::move(label), .citations = asked.acte->citations};
  switch (result.status) {
    case dsl::Status::kKnown:
      break;
    case dsl::Status::kUndetermined: {
      reason.missing = missing_names(*asked.program, asked.objet_index, asked.acte, result);
      std::vector<std::string> members;
      for (const dsl::Value& member : result.missing_members) members.push_back(dsl::show(*asked.program, member));
      reason.detail = "on ne peut pas encore le savoir";
      if (!members.empty()) reason.detail += " ; ne se sont pas prononcés : " + joined(members, "et");
      break;
    }
    case dsl::Status::kNone:
      reason.detail = result.reasons.empty() ? "sans objet : une décision lue n'a pas de réponse"
                                             : "sans objet : " + joined(result.reasons, "et");
      break;
    case dsl::Status::kError:
      reason.detail = fmt::format("erreur {} : {}", result.code, result.message);
      break;
  }
  return reason;
}

}  // namespace assemblier::engine
