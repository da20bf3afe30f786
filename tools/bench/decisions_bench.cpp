// How many dossiers a second one core decides in full (recevable, échelle, financeurs attendus, CPO accordée), beside
// its limit: the same four answers hand-written in C++ over the same facts, with the year's tables turned into bit
// masks.

#include "dsl/evaluate.hpp"
#include "dsl/program.hpp"

#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>

#include <benchmark/benchmark.h>

namespace {

using namespace assemblier::dsl;

using Facts = std::vector<std::optional<Value>>;

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The same dossier twice: as facts of the language, and as the machine words somebody in a hurry would have chosen.
struct Native {
  std::optional<std::uint32_t> quartiers;   // bit per quarter
  std::optional<std::uint32_t> sollicites;  // bit per funder
  std::optional<std::uint32_t> orientation;
  std::optional<std::int64_t> cout, demande;
  std::optional<std::int32_t> depot;
  std::optional<bool> pluriannuel;
  std::optional<std::int64_t> duree, annees;
  std::optional<std::array<std::int8_t, 32>> avis;  // −1: has not spoken
};

struct Sample {
  std::shared_ptr<const Program> program;
  std::vector<Facts> facts;
  std::vector<Native> natives;
  std::array<Index, 4> rules{};
  std::array<std::uint32_t, 32> funders_of_quarter{};
  std::uint32_t communes = 0;
  std::uint32_t agglomeration = 0;
  std::uint32_t refocused = 0;
};

Index table_named(const Program& program, std::string_view name) {
  for (Index i = 0; i < program.tables.size(); ++i) {
    if (program.tables[i].name == name) return i;
  }
  throw std::runtime_error("no such table");
}

Sample make_sample() {
  Sample s;
  const Compiled compiled = compile(slurp(ASSEMBLIER_SOURCE_DIR "/rules/2024.regles"));
  if (!compiled.program) throw std::runtime_error("rules/2024.regles does not compile");
  s.program = compiled.program;
  const Program& p = *s.program;
  s.rules = {p.find_rule("recevable"), p.find_rule("échelle"), p.find_rule("financeurs attendus"),
             p.find_rule("CPO accordée")};
  const Index quarters = table_named(p, "Quartier");
  const Index funders = table_named(p, "Financeur");
  const Index communes = table_named(p, "Commune");
  const auto quarter_count = static_cast<Index>(p.tables[quarters].keys.size());
  const auto funder_count = static_cast<Index>(p.tables[funders].keys.size());
  for (Index q = 0; q < quarter_count; ++q) {
    for (const Value& commune : *p.tables[quarters].rows[q].back().as<List>()) {
      for (const Value& funder : *p.tables[communes].rows[commune.as<Row>().row].back().as<List>()) {
        s.funders_of_quarter[q] |= 1U << funder.as<Row>().row;
      }
    }
    s.communes |= s.funders_of_quarter[q];
  }
  for (Index f = 0; f < funder_count; ++f) {
    if (p.tables[funders].keys[f] == "Valenciennes Métropole") s.agglomeration = 1U << f;
  }
  const auto field = [&p](std::string_view name) { return p.find_field(0, name); };
  const Index orientation_type = p.objets[0].fields[field("orientation")].type->named;
  const Index avis_type = p.objets[0].fields[field("avis")].type->element->named;
  for (Index o = 0; o < p.enums[orientation_type].items.size(); ++o) {
    const auto& name = p.enums[orientation_type].items[o].name;
    if (name == "insertion" || name == "santé" || name == "violences") s.refocused |= 1U << o;
  }
  std::mt19937 random(2024);
  const auto below = [&random](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (int i = 0; i < 1000; ++i) {
    Facts facts(p.objets[0].fields.size());
    Native native;
    std::vector<Value> list;
    std::uint32_t mask = 0;
    for (std::uint32_t n = below(4) + 1; n > 0; --n) {
      const Index q = below(quarter_count);
      if ((mask >> q & 1U) != 0) continue;
      mask |= 1U << q;
      list.push_back(Value(Row{quarters, q}));
    }
    facts[field("quartiers")] = make_list(list);
    native.quartiers = mask;
    list.clear();
    mask = 0;
    const bool all = below(2) == 0;
    for (Index f = 0; f < funder_count; ++f) {
      bool take = below(5) == 0;
      for (Index q = 0; all && q < quarter_count; ++q) {
        take = take || ((*native.quartiers >> q & 1U) != 0 && (s.funders_of_quarter[q] >> f & 1U) != 0);
      }
      if (!take) continue;
      mask |= 1U << f;
      list.push_back(Value(Row{funders, f}));
    }
    facts[field("financeurs sollicités")] = make_list(list);
    native.sollicites = mask;
    native.orientation = below(5);
    facts[field("orientation")] = Value(EnumValue{orientation_type, *native.orientation});
    native.cout = 100'000 + below(10'000'000);
    native.demande = *native.cout / 100 * (60 + below(30));
    facts[field("coût total")] = Value(Montant{*native.cout});
    facts[field("subvention demandée")] = Value(Montant{*native.demande});
    native.depot = make_date(2024, 1, 20)->days + static_cast<std::int32_t>(below(50));
    facts[field("date de dépôt")] = Value(Date{*native.depot});
    native.pluriannuel = below(2) == 0;
    native.duree = 1 + below(4);
    native.annees = 1 + below(4);
    facts[field("pluriannuel demandé")] = Value(*native.pluriannuel);
    facts[field("durée")] = Value(*native.duree);
    facts[field("années du dossier")] = Value(*native.annees);
    std::vector<std::pair<Value, Value>> positions;
    native.avis.emplace().fill(-1);
    for (Index f = 0; f < funder_count; ++f) {
      if ((mask >> f & 1U) == 0 || below(8) == 0) continue;
      const Index position = below(10) < 8 ? 0 : below(4);
      (*native.avis)[f] = static_cast<std::int8_t>(position);
      positions.emplace_back(Value(Row{funders, f}), Value(EnumValue{avis_type, position}));
    }
    facts[field("avis")] = make_map(std::move(positions));
    s.facts.push_back(std::move(facts));
    s.natives.push_back(native);
  }
  return s;
}

const Sample& sample() {
  static const Sample s = make_sample();
  return s;
}

enum class Answer : std::uint8_t { kNo, kYes, kUnknown };
struct Decided {
  Answer recevable{}, cpo{};
  int echelle = 0;  // 0 none, 1 communale, 2 regroupement, 3 intercommunale
  std::uint32_t attendus = 0;
};

Decided decide_native(const Sample& s, const Native& n) {
  static const std::int32_t first = make_date(2024, 1, 29)->days;
  static const std::int32_t last = make_date(2024, 3, 1)->days;
  Decided out;
  const bool share = static_cast<Int128>(*n.demande) * 1'000'000'000 <= static_cast<Int128>(*n.cout) * 800'000'000;
  out.recevable = *n.quartiers != 0 && *n.depot >= first && *n.depot <= last && *n.demande > 0 && share ? Answer::kYes
                                                                                                        : Answer::kNo;
  std::uint32_t concerned = 0;
  for (std::uint32_t rest = *n.quartiers; rest != 0; rest &= rest - 1)
    concerned |= s.funders_of_quarter[static_cast<std::size_t>(__builtin_ctz(rest))];
  if (__builtin_popcount(*n.quartiers) == 1 || __builtin_popcount(concerned) == 1) {
    out.echelle = 1;
    out.attendus = concerned;
  } else if (__builtin_popcount(concerned) > 1 && (concerned & ~*n.sollicites) == 0) {
    out.echelle = 2;
    out.attendus = concerned | (*n.sollicites & s.agglomeration);
  } else if (__builtin_popcount(concerned) > 1 && (*n.sollicites & s.communes) == 0 &&
             (*n.sollicites & s.agglomeration) != 0 && (s.refocused >> *n.orientation & 1U) != 0) {
    out.echelle = 3;
    out.attendus = s.agglomeration;
  }
  out.cpo = Answer::kYes;
  if (!*n.pluriannuel || *n.duree < 2 || *n.duree > 3 || *n.annees != *n.duree || *n.sollicites == 0)
    out.cpo = Answer::kNo;
  for (std::uint32_t rest = *n.sollicites; rest != 0 && out.cpo != Answer::kNo; rest &= rest - 1) {
    const std::int8_t position = (*n.avis)[static_cast<std::size_t>(__builtin_ctz(rest))];
    if (position > 0) out.cpo = Answer::kNo;
    if (position < 0) out.cpo = Answer::kUnknown;
  }
  return out;
}

void BM_decisions_rules(benchmark::State& state) {
  const Sample& s = sample();
  std::size_t i = 0;
  for (auto _ : state) {
    const Context context{.objet = 0, .facts = &s.facts[i]};
    Evaluator evaluator(*s.program, context);
    for (const Index rule : s.rules) benchmark::DoNotOptimize(evaluator.rule(rule));
    i = (i + 1) % s.facts.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_decisions_rules)->Unit(benchmark::kMicrosecond);

void BM_decisions_handwritten(benchmark::State& state) {
  const Sample& s = sample();
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(decide_native(s, s.natives[i]));
    i = (i + 1) % s.natives.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_decisions_handwritten)->Unit(benchmark::kMicrosecond);

/// The two must agree, or the comparison means nothing; counted as disagreements, which must be 0.
void BM_decisions_agree(benchmark::State& state) {
  const Sample& s = sample();
  double different = 0;
  for (auto _ : state) {
    different = 0;
    for (std::size_t i = 0; i < s.facts.size(); ++i) {
      const Context context{.objet = 0, .facts = &s.facts[i]};
      Evaluator evaluator(*s.program, context);
      const Decided native = decide_native(s, s.natives[i]);
      const Result& recevable = evaluator.rule(s.rules[0]);
      const Result& echelle = evaluator.rule(s.rules[1]);
      const Result& attendus = evaluator.rule(s.rules[2]);
      const Result& cpo = evaluator.rule(s.rules[3]);
      const std::string shown = echelle.status == Status::kKnown ? show(*s.program, echelle.value) : "";
      const char* names[] = {"", "communale", "regroupement", "intercommunale"};
      std::uint32_t mask = 0;
      if (attendus.status == Status::kKnown) {
        for (const Value& funder : *attendus.value.as<List>()) mask |= 1U << funder.as<Row>().row;
      }
      const Answer voted = cpo.is_true() ? Answer::kYes : cpo.is_false() ? Answer::kNo : Answer::kUnknown;
      const bool same = recevable.is_true() == (native.recevable == Answer::kYes) && shown == names[native.echelle] &&
                        mask == native.attendus && voted == native.cpo;
      different += same ? 0 : 1;
    }
  }
  state.counters["disagreements"] = different;
}
BENCHMARK(BM_decisions_agree)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
