#include "engine/decide.hpp"

#include "engine/asked.hpp"
#include "engine/live.hpp"
#include "engine/motif.hpp"
#include "engine/typing.hpp"
#include "engine/wording.hpp"

#include <algorithm>

#include <boost/container/small_vector.hpp>
#include <fmt/format.h>

namespace assemblier::engine {

namespace {

using EffectKind = dsl::ast::ActeDecl::Effect::Kind;

std::unexpected<Refusal> broken(const Request& request, std::string_view why, Refusal::Reason reason) {
  return std::unexpected(Refusal{Refusal::Kind::kRegle, refused(request, why), {std::move(reason)}});
}

// A list as a field may hold it: a single value is a list of one, a double is refused.
std::expected<dsl::Value, std::string> as_list(const dsl::Program& program, dsl::Value value) {
  if (value.get<dsl::List>() == nullptr) return dsl::make_list({std::move(value)});
  const auto& items = *value.as<dsl::List>();
  for (auto item = items.begin(); item != items.end(); ++item) {
    if (std::any_of(items.begin(), item, [&item](const dsl::Value& other) { return dsl::equal(other, *item); })) {
      return std::unexpected(fmt::format("la liste contient deux fois {} ; une liste de faits n'a pas de doublon",
                                         quoted(dsl::show(program, *item))));
    }
  }
  return value;
}

// Applies the effects of an acte to the objet, and writes down what changed. All read the objet before the acte.
class Effects {
 public:
  /// `evaluator` is over the objet before the acte; `sealed` as seal_donnees gives it.
  Effects(const Asked& asked, const Request& request, const std::vector<Datum>& sealed, dsl::Evaluator& evaluator)
      : asked_(asked), request_(request), sealed_(sealed), evaluator_(evaluator) {}

  std::expected<void, Refusal> apply(Live& after, std::vector<Change>& changes) {
    changes.reserve(asked_.acte->effects.size());
    for (const auto& effect : asked_.acte->effects) {
      const dsl::FieldInfo& field = asked_.objet->fields[effect.field];
      if (effect.donnee != dsl::kNoIndex && !asked_.donnees[effect.donnee]) continue;
      if (field.personal()) {
        set_personal(after, effect.field, sealed_[effect.donnee]);
        changes.push_back({.kind = Change::Kind::kSet, .field = field.name, .value = sealed_[effect.donnee]});
        continue;
      }
      auto value = effect.donnee != dsl::kNoIndex ? std::expected<dsl::Value, Refusal>(*asked_.donnees[effect.donnee])
                                                  : known(effect.value, field.name);
      if (!value) return std::unexpected(std::move(value.error()));
      if (auto ok = one(effect, field, std::move(*value), after.facts[effect.field], changes); !ok) return ok;
    }
    return {};
  }

 private:
  std::expected<dsl::Value, Refusal> known(const dsl::Code& code, const std::string& field) {
    dsl::Result result = evaluator_.expression(code);
    if (result.status == dsl::Status::kKnown) return std::move(result.value);
    return broken(request_, fmt::format("la valeur à inscrire dans {} n'est pas connue", quoted(field)),
                  reason_of(asked_, field, result));
  }

  std::expected<void, Refusal> one(const dsl::ActeInfo::Effect& effect, const dsl::FieldInfo& field, dsl::Value value,
                                   std::optional<dsl::Value>& fact, std::vector<Change>& changes) {
    const dsl::Program& program = *asked_.program;
    if (effect.kind == EffectKind::kSetKey) {
      auto key = known(effect.key, field.name);
      if (!key) return std::unexpected(std::move(key.error()));
      changes.push_back({.kind = Change::Kind::kEntry,
                         .field = field.name,
                         .key = key_text(program, *key),
                         .value = untyped(program, value)});
      set_entry(fact, std::move(*key), std::move(value));
      return {};
    }
    if (field.type->kind == dsl::Type::Kind::kMap && value.get<dsl::List>() != nullptr)
      value = dsl::make_map({});  // liste vide
    if (effect.kind == EffectKind::kAppend || field.type->kind == dsl::Type::Kind::kList) {
      auto list = as_list(program, std::move(value));
      if (!list) {
        return broken(request_, fmt::format("la valeur à inscrire dans {} ne convient pas", quoted(field.name)),
                      {.label = field.name, .detail = list.error(), .citations = asked_.acte->citations});
      }
      value = std::move(*list);
    }
    if (effect.kind == EffectKind::kAppend) {
      auto added = append(fact, *value.as<dsl::List>());
      if (added.empty()) return {};
      changes.push_back({.kind = Change::Kind::kAppend,
                         .field = field.name,
                         .value = untyped(program, dsl::make_list(std::move(added)))});
      return {};
    }
    changes.push_back({.kind = Change::Kind::kSet, .field = field.name, .value = untyped(program, value)});
    fact = std::move(value);
    return {};
  }

  const Asked& asked_;
  const Request& request_;
  const std::vector<Datum>& sealed_;
  dsl::Evaluator& evaluator_;
};

// `décide`: each décision on the facts as they became, recorded with its motif.
std::expected<void, Refusal> take_decisions(Live& after, const Asked& asked, const Request& request,
                                            std::vector<Decision>& decisions) {
  const auto& rules = asked.acte->decides;
  if (rules.empty()) return {};
  const dsl::Context context = asked.context(after);
  dsl::Evaluator evaluator(*asked.program, context);
  Flattener flattener(*asked.program, asked.objet_index, *asked.acte);
  struct Taken {
    dsl::Trace trace;
    std::shared_ptr<const dsl::RecordedDecision> recorded;
  };
  boost::container::small_vector<Taken, 2> taken(rules.size());
  decisions.reserve(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const dsl::Result& result = evaluator.rule(rules[i], &taken[i].trace);
    if (result.status == dsl::Status::kError) {
      const std::string& name = asked.program->rules[rules[i]].name;
      return broken(request, fmt::format("la décision {} est en erreur", quoted(name)), reason_of(asked, name, result));
    }
    Decision& decision =
        decisions.emplace_back(to_decision(*asked.program, asked.objet_index, *asked.acte, rules[i], result));
    decision.motif = flattener.flatten(taken[i].trace, rules[i]);
    taken[i].recorded = std::make_shared<const dsl::RecordedDecision>(
        dsl::RecordedDecision{result.status, result.value, result.reasons});
  }
  // Not before: what was recorded is read by those that follow as it was before the acte.
  for (std::size_t i = 0; i < rules.size(); ++i) after.recorded[rules[i]] = std::move(taken[i].recorded);
  return {};
}

// `vers`: the one état whose condition holds, else `sinon`; no clause: the objet stays where it is.
std::expected<dsl::Index, Refusal> reached(const Live& after, const Asked& asked, const Request& request) {
  const auto& targets = asked.acte->targets;
  const auto& etats = asked.objet->procedure->etats;
  if (targets.empty() && after.etat != dsl::kNoIndex) return after.etat;
  if (targets.size() == 1 && targets[0].condition == nullptr) return targets[0].etat;
  const dsl::Context context = asked.context(after);
  dsl::Evaluator evaluator(*asked.program, context);
  std::vector<dsl::Index> holding;
  std::optional<dsl::Index> otherwise;
  for (const auto& target : targets) {
    if (target.condition == nullptr) {
      otherwise = target.etat;
      continue;
    }
    const dsl::Result result = evaluator.expression(target.condition);
    if (result.is_true()) holding.push_back(target.etat);
    if (result.status == dsl::Status::kUndetermined || result.status == dsl::Status::kError) {
      const std::string label = fmt::format("vers {}", quoted(etats[target.etat].name));
      return broken(request, "on ne peut pas savoir vers quel état il mène", reason_of(asked, label, result));
    }
  }
  if (holding.size() == 1) return holding[0];
  if (holding.empty() && otherwise) return *otherwise;
  std::vector<std::string> names;
  for (const dsl::Index etat : holding) names.push_back(etats[etat].name);
  return broken(
      request,
      names.empty() ? std::string("aucune des conditions de ses états d'arrivée n'est vraie")
                    : fmt::format("il mènerait à la fois vers {}", joined_quoted(names, "et")),
      {.label = "vers", .detail = "exactement une condition doit être vraie", .citations = asked.acte->citations});
}

// What stands for the personal données in the event, by donnée. Their values go beside it, each with its person.
std::vector<Datum> seal_donnees(const Asked& asked, std::vector<storage::Personal>& personal) {
  std::vector<Datum> sealed(asked.personal.size());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    const Datum& datum = asked.personal[i];
    if (datum.is_null() || datum.get<Datum::Sealed>() != nullptr) {
      sealed[i] = datum;
      continue;
    }
    sealed[i] = Datum(Datum::Sealed{.index = personal.size()});
    storage::CborWriter writer;
    encode(writer, datum);
    personal.push_back(
        {.person = *asked.personal[asked.acte->donnees[i].person].get<std::string>(), .content = writer.take()});
  }
  return sealed;
}

Datum::Map given(const Asked& asked, const std::vector<Datum>& sealed) {
  Datum::Map donnees;
  donnees.reserve(asked.donnees.size());
  for (std::size_t i = 0; i < asked.donnees.size(); ++i) {
    if (asked.donnees[i] && asked.acte->donnees[i].personal()) {
      donnees.emplace_back(asked.acte->donnees[i].name, sealed[i]);
      continue;
    }
    if (asked.donnees[i]) donnees.emplace_back(asked.acte->donnees[i].name, untyped(*asked.program, *asked.donnees[i]));
  }
  return donnees;
}

// step(), its results where they are to stay. REQUIRES `event` and `after` fresh.
std::expected<void, Refusal> step_into(Evenement& event, Live& after, const Live& before, const EditionPtr& edition,
                                       const Request& request, dsl::Date today, bool automatic) {
  std::optional<Live> opening;
  if (!before.exists()) {
    const auto& objets = edition->program->objets;
    const auto at = std::ranges::find(objets, category(request.objet), &dsl::ObjetInfo::category);
    if (at == objets.end()) {
      return std::unexpected(Refusal{
          Refusal::Kind::kObjet,
          refused(request, fmt::format("l'édition n'a pas d'objet de catégorie {}", quoted(category(request.objet)))),
          {}});
    }
    opening = fresh(request.objet, edition, static_cast<dsl::Index>(at - objets.begin()));
  }
  const Live& start = opening ? *opening : before;
  Asked asked;
  if (auto ok = ask(asked, start, request, today, automatic); !ok) return ok;
  const dsl::Context context = asked.context(start);
  dsl::Evaluator evaluator(*asked.program, context);
  if (auto ok = demand(asked, request, context, evaluator); !ok) return ok;

  after = start;
  ActePayload& payload = event.payload;
  const std::vector<Datum> sealed = seal_donnees(asked, event.personal);
  if (auto ok = Effects(asked, request, sealed, evaluator).apply(after, payload.changes); !ok) return ok;
  if (auto ok = take_decisions(after, asked, request, payload.decisions); !ok) return ok;
  const auto etat = reached(after, asked, request);
  if (!etat) return std::unexpected(etat.error());

  const auto& etats = asked.objet->procedure->etats;
  payload.automatic = automatic;
  payload.objet = asked.objet->name;
  payload.from = start.etat == dsl::kNoIndex ? std::string() : etats[start.etat].name;
  payload.to = etats[*etat].name;
  payload.donnees = given(asked, sealed);
  event.flux = request.objet;
  event.acte = asked.acte->name;
  event.date = asked.date;
  event.role = automatic ? std::string(kSystem) : request.role;
  event.author = std::move(asked.author);
  event.edition = edition->hash;
  after.etat = *etat;
  after.date = asked.date;
  ++after.events;
  return {};
}

std::expected<void, Refusal> decide_into(Decided& decided, const Live& before, const EditionPtr& edition,
                                         const Request& request, dsl::Date today) {
  if (auto ok = step_into(decided.events.emplace_back(), decided.after, before, edition, request, today, false); !ok)
    return ok;
  const auto& actes = edition->program->objets[decided.after.objet].procedure->actes;
  const dsl::Index acte = edition->program->find_acte(decided.after.objet, decided.events[0].acte);
  if (actes[acte].next.empty()) return {};
  Chain chain(acte);
  while (true) {
    const auto next = chain.next(decided.after);
    if (!next) return std::unexpected(next.error());
    if (!*next) return {};
    const Request automatic{.acte = actes[**next].name, .objet = request.objet, .role = std::string(kSystem)};
    Live after;
    if (auto ok = step_into(decided.events.emplace_back(), after, decided.after, edition, automatic, today, true); !ok)
      return ok;
    decided.after = std::move(after);
    chain.fired(**next);
  }
}

}  // namespace

std::expected<Stepped, Refusal> step(const Live& before, const EditionPtr& edition, const Request& request,
                                     dsl::Date today, bool automatic) {
  std::expected<Stepped, Refusal> done;
  if (auto ok = step_into(done->event, done->after, before, edition, request, today, automatic); !ok)
    done = std::unexpected(std::move(ok.error()));
  return done;
}

std::expected<Decided, Refusal> decide(const Live& before, const EditionPtr& edition, const Request& request,
                                       dsl::Date today) {
  std::expected<Decided, Refusal> decided;
  if (auto ok = decide_into(*decided, before, edition, request, today); !ok)
    decided = std::unexpected(std::move(ok.error()));
  return decided;
}

Chain::Chain(dsl::Index acte) { fired(acte); }

void Chain::fired(dsl::Index acte) {
  open_.push_back({acte, 0});
  fired_.push_back(acte);
}

std::expected<std::optional<dsl::Index>, Refusal> Chain::next(const Live& now) {
  const dsl::Program& program = *now.edition->program;
  const auto& actes = program.objets[now.objet].procedure->actes;
  dsl::Context context{.objet = now.objet, .facts = &now.facts, .recorded = &now.recorded};
  context.acte_date = now.date;
  context.etat = now.etat;
  while (!open_.empty()) {
    Open& open = open_.back();
    const auto& clauses = actes[open.acte].next;
    if (open.clause == clauses.size()) {
      open_.pop_back();
      continue;
    }
    const auto& clause = clauses[open.clause++];
    const dsl::ActeInfo& acte = actes[clause.acte];
    if (std::ranges::find(fired_, clause.acte) != fired_.end() || !may_start(acte, now)) continue;
    dsl::Evaluator evaluator(program, context);
    std::vector<dsl::Result> tests;
    if (clause.condition != nullptr) tests.push_back(evaluator.expression(clause.condition));
    if (tests.empty() || tests[0].is_true()) {
      for (dsl::Result& exigence : evaluator.exigences(acte.exigences)) tests.push_back(std::move(exigence));
    }
    const auto error = std::ranges::find(tests, dsl::Status::kError, &dsl::Result::status);
    if (error != tests.end()) {
      const Request automatic{.acte = acte.name, .objet = now.flux};
      return broken(automatic, "la condition qui le fait suivre est en erreur",
                    {.label = "puis " + acte.name,
                     .detail = fmt::format("erreur {} : {}", error->code, error->message),
                     .citations = acte.citations});
    }
    if (std::ranges::all_of(tests, [](const dsl::Result& test) { return test.is_true(); })) return clause.acte;
  }
  return std::nullopt;
}

}  // namespace assemblier::engine
