#include "tests/dsl/oracle/generator.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace assemblier::dsl::oracle {

namespace {

const std::vector<std::string> kNouns{
    "budget",  "projet",     "quartier",   "école",     "équipe",        "action",    "porteur",       "public",
    "théâtre", "local",      "délai",      "façade",    "œuvre",         "île",       "bénévole",      "chef-d'œuvre",
    "réseau",  "convention", "règlement",  "aïeul",     "rez-de-jardin", "dépense",   "recette",       "besoin",
    "service", "atelier",    "échéance",   "médiation", "partenaire",    "bailleur",  "centre social", "fête",
    "maïs",    "garantie",   "cotisation", "période",   "hébergement",   "transport", "intervenant",   "formation"};
const std::vector<std::string> kAdjectives{"principal",   "prévu",     "demandé",       "éligible", "complémentaire",
                                           "élargi",      "d'été",     "à venir",       "de base",  "du secteur",
                                           "récent",      "municipal", "naïf",          "ambigu",   "de la ville",
                                           "numéro deux", "d'office",  "aîné",          "commun",   "n'importe où",
                                           "sûr",         "en cours",  "des habitants", "type"};
const std::vector<std::string> kPlaces{"Anzin",         "Vieux-Condé",    "Bruay-sur-l'Escaut",
                                       "La Sentinelle", "Œuf-en-Ternois", "Saint-Saulve",
                                       "QN05920M",      "Condé",          "L'Haÿ",
                                       "Marly",         "Onnaing",        "Beuvrages",
                                       "Le Quesnoy",    "Aulnoy",         "Prouvy",
                                       "Quiévrechain",  "Hergnies",       "Saultain",
                                       "Raismes",       "QN05992N"};
const std::vector<std::string> kPlaceEndings{"", " Nord", " Sud", " Centre", "-le-Vieux", " Est", " 2", " bis"};

std::string bracketed(const std::string& text) { return "« " + text + " »"; }

}  // namespace

std::uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31U);
}

// ---------------------------------------------------------------- text

std::string Edition::text() const {
  std::string text;
  const auto write = [&text](const Block& block) {
    text += block.header + "\n";
    for (const std::string& clause : block.clauses) text += "  " + clause + "\n";
    if (!block.last.empty()) text += "  " + block.last + "\n";
    text += "\n";
  };
  for (const Block& block : head) write(block);
  for (const Block& block : rules) write(block);
  return text;
}

Edition Edition::shuffled(Random& random) const {
  Edition other = *this;
  for (Block& block : other.rules)
    if (block.free_order) random.shuffle(block.clauses);
  random.shuffle(other.rules);
  return other;
}

// ---------------------------------------------------------------- names

std::string Generator::unused(std::string name) {
  const std::string base = name;
  for (int i = 2; std::ranges::count(taken_, name) > 0; ++i) name = base + " n" + std::to_string(i);
  taken_.push_back(name);
  return name;
}

std::string Generator::fresh_name() {
  std::string name = random_.pick(kNouns);
  if (random_.chance(70)) name += " " + random_.pick(kAdjectives);
  return unused(name);
}

std::string Generator::fresh_proper_name() { return unused(random_.pick(kPlaces) + random_.pick(kPlaceEndings)); }

std::string Generator::type_name(const Shape& shape) const {
  using enum Shape::Kind;
  switch (shape.kind) {
    case kBool:
      return "booléen";
    case kInt:
      return "entier";
    case kMoney:
      return "montant";
    case kRate:
      return "taux";
    case kDate:
      return "date";
    case kPeriod:
      return "durée";
    case kText:
      return "texte";
    case kEnum:
      return enumerations_[shape.named].name;
    case kRow:
      return tables_[shape.named].name;
    case kList:
      return "liste de " + type_name(shape.of[0]);
    case kMap:
      return type_name(shape.of[0]) + " par " + type_name(shape.of[1]);
    case kExactMoney:
    case kExactInt:
      break;
  }
  return "?";
}

// ---------------------------------------------------------------- nomenclatures and facts

void Generator::enumerations() {
  const std::size_t count = 2 + random_.below(2);
  for (std::size_t i = 0; i < count; ++i) {
    Enumeration enumeration{.name = unused("Genre " + std::string(1, static_cast<char>('A' + i)))};
    const std::size_t size = i == position_ ? 2 + random_.below(4) : 2 + random_.below(3);
    for (std::size_t v = 0; v < size; ++v) enumeration.values.push_back(fresh_name());
    Block block{.header = "énumération " + enumeration.name};
    for (const std::string& value : enumeration.values)
      block.clauses.push_back(random_.chance(30) ? value + " « libellé »" : value);
    edition_.head.push_back(std::move(block));
    enumerations_.push_back(std::move(enumeration));
  }
}

std::string Generator::cell(const Shape& shape) {
  if (shape.kind == Shape::Kind::kText)
    return random_.chance(50) ? bracketed(random_.pick(texts_)) : random_.pick(texts_);
  if (shape.kind == Shape::Kind::kList) {
    std::vector<std::string> keys = tables_[shape.of[0].named].keys;
    random_.shuffle(keys);
    keys.resize(random_.below(keys.size() + 1));
    return fmt::format("{}", fmt::join(keys, ", "));
  }
  if (shape.kind == Shape::Kind::kRow || shape.kind == Shape::Kind::kEnum) return constant(shape).text;
  return literal(shape).text;
}

void Generator::tables() {
  using enum Shape::Kind;
  const std::size_t count = 2 + random_.below(2);
  for (std::size_t t = 0; t < count; ++t) {
    Table table{.name = unused("Table " + std::string(1, static_cast<char>('A' + t)))};
    const bool share = t > 0 && random_.chance(3);
    std::vector<Shape> shapes{{kText}, {kEnum, random_.below(enumerations_.size())}};
    const std::vector<Shape> others{{kInt}, {kMoney}, {kBool}, {kText}, {kRate}, {kDate}};
    for (std::size_t i = 1 + random_.below(2); i > 0; --i) shapes.push_back(random_.pick(others));
    if (t > 0) {
      const Shape row{kRow, random_.below(t)};
      shapes.push_back({kList, 0, {row}});
      if (random_.chance(50)) shapes.push_back(row);
    }
    std::vector<std::string> titles;
    for (const Shape& shape : shapes) {
      table.columns.push_back({fresh_name(), shape});
      if (t > 0 && shape.kind == kInt && random_.chance(30)) {  // two tables with a column of one name
        const Named& other = random_.pick(tables_[0].columns);
        if (std::ranges::count(table.columns, other.name, &Named::name) == 0) table.columns.back().name = other.name;
      }
      titles.push_back(table.columns.back().name + " : " + type_name(shape));
    }
    Block block{.header = fmt::format("table {} ({})", table.name, fmt::join(titles, " | "))};
    for (std::size_t r = 2 + random_.below(4); r > 0; --r) {
      const bool shared = share && r > 1 && tables_.back().keys.size() > r;  // a commune and a financeur of one name
      table.keys.push_back(shared ? tables_.back().keys[r] : fresh_proper_name());
      std::vector<std::string> cells{table.keys.back()};
      for (std::size_t c = 1; c < shapes.size(); ++c) cells.push_back(cell(shapes[c]));
      block.clauses.push_back(fmt::format("{}", fmt::join(cells, " | ")));
    }
    edition_.head.push_back(std::move(block));
    tables_.push_back(std::move(table));
  }
}

void Generator::objet() {
  using enum Shape::Kind;
  const auto row = [this] { return Shape{kRow, random_.below(tables_.size())}; };
  const auto member = [&] { return random_.chance(80) ? row() : Shape{kEnum, random_.below(enumerations_.size())}; };
  std::vector<Shape> shapes{{kBool}, {kInt}, {kInt}, {kMoney}, {kMoney}, {kDate}, {kText}, row()};
  shapes.push_back({kEnum, 0});
  shapes.push_back({kEnum, random_.below(enumerations_.size())});
  const Shape electors = member();
  shapes.push_back({kList, 0, {electors}});
  shapes.push_back({kMap, 0, {{kEnum, position_}, electors}});
  shapes.push_back({kList, 0, {row()}});
  shapes.push_back({kMap, 0, {{random_.chance(50) ? kMoney : kInt}, member()}});
  const std::vector<Shape> others{{kBool},
                                  {kRate},
                                  {kDate},
                                  {kPeriod},
                                  {kList, 0, {{kInt}}},
                                  {kList, 0, {{kMoney}}},
                                  {kList, 0, {{kDate}}},
                                  {kList, 0, {{kText}}},
                                  {kRate},
                                  {kPeriod}};
  for (std::size_t i = 2 + random_.below(3); i > 0; --i) shapes.push_back(random_.pick(others));
  random_.shuffle(shapes);
  Block block{.header = "objet " + fresh_name()};
  for (const Shape& shape : shapes) {
    fields_.push_back({fresh_name(), shape});
    if (shape.kind != kMap && random_.chance(6)) {  // a fact with the name of a column
      const std::string& name = random_.pick(random_.pick(tables_).columns).name;
      if (std::ranges::count(fields_, name, &Named::name) == 0) fields_.back().name = name;
    }
    block.clauses.push_back(
        fmt::format("{} : {}{}", fields_.back().name, type_name(shape), random_.chance(20) ? ", facultatif" : ""));
  }
  const std::string header = block.header;
  edition_.head.push_back(std::move(block));
  edition_.head.push_back({.header = "règles du " + header.substr(std::string("objet ").size())});
}

void Generator::parameters() {
  using enum Shape::Kind;
  const std::vector<Shape> shapes{{kInt}, {kMoney}, {kRate}, {kRate}, {kDate}, {kBool}, {kPeriod}};
  for (std::size_t i = 2 + random_.below(3); i > 0; --i) {
    Shape shape = random_.pick(shapes);
    if (random_.chance(20)) shape = {kEnum, random_.below(enumerations_.size())};
    const std::string name = fresh_name();
    const std::string_view word = random_.pick({"paramètre", "réglage"});
    edition_.head.push_back(
        {.header = fmt::format("{} {}{} = {}", word, name, random_.chance(50) ? " : " + type_name(shape) : "",
                               shape.kind == kEnum ? constant(shape).text : literal(shape).text)});
    parameters_.push_back({name, shape});
  }
  if (random_.chance(60)) {
    const Shape row{kRow, random_.below(tables_.size())};
    std::vector<std::string> keys = tables_[row.named].keys;
    random_.shuffle(keys);
    keys.resize(2);
    const std::string name = fresh_name();
    edition_.head.push_back({.header = fmt::format("paramètre {} = {}", name, fmt::join(keys, ", "))});
    parameters_.push_back({name, {kList, 0, {row}}});
  }
  if (random_.chance(60)) {
    const std::string name = fresh_name();
    const Shape shape{random_.chance(50) ? kMoney : kRate};
    const bool open = random_.chance(50);
    Block block{.header = fmt::format("paramètre {} : {}", name, type_name(shape))};
    block.clauses.push_back(literal(shape).text + (open ? " jusqu'au 14/03/2024" : " du 01/01/2024 au 14/03/2024"));
    block.clauses.push_back(literal(shape).text + " du 15/03/2024 au 30/06/2024");
    block.clauses.push_back(literal(shape).text + (open ? " à partir du 01/07/2024" : " du 01/07/2024 au 31/12/2024"));
    for (const int month : {1, 3, 7})  // the borders of the periods
      days_.push_back(make_date(2024, month, month == 3 ? 15 : 1)->days);
    days_.push_back(make_date(2025, 1, 1)->days);
    edition_.head.push_back(std::move(block));
    dated_.push_back({name, shape});
  }
}

// ---------------------------------------------------------------- rules

std::string Generator::values(const Shape& shape, int depth) {
  if (shape.kind == Shape::Kind::kList && random_.chance(30)) {
    const std::string first = at(kSum, expression(shape.of[0], 0));
    return first + ", " + at(kSum, expression(shape.of[0], 0));
  }
  if (shape.kind == Shape::Kind::kList && random_.chance(10)) return expression(shape.of[0], 0).text;  // a list of one
  return expression(shape, depth).text;
}

void Generator::definition() {
  using enum Shape::Kind;
  std::vector<Shape> shapes{{kBool}, {kBool}, {kInt}, {kMoney}, {kMoney}, {kRate}, {kDate}, {kPeriod}, {kText}};
  for (const Named& field : fields_)
    if (field.shape.kind == kList || field.shape.kind == kEnum || field.shape.kind == kMap)
      shapes.push_back(field.shape);
  const Shape shape = random_.pick(shapes);
  const std::string name = fresh_name();
  const std::string type = random_.chance(40) || shape.kind == kList ? " : " + type_name(shape) : "";
  edition_.rules.push_back({.header = fmt::format("définition {}{} = {}", name, type, values(shape, 3))});
  definitions_.push_back({name, shape});
}

std::string Generator::reason() {
  using enum Shape::Kind;
  if (random_.chance(10)) return "aucune";
  std::string text = fmt::format("motif {}", random_.below(3));
  if (random_.chance(50)) text += " : {" + random_.pick(fields_).name + "}";
  if (random_.chance(20)) text += " puis {" + at(kSum, expression({kMoney}, 1)) + "}";
  return "aucune " + bracketed(text);
}

void Generator::decision() {
  using enum Shape::Kind;
  std::vector<Shape> shapes{{kBool}, {kInt}, {kMoney}, {kDate}, {kText}, {kEnum, 0}, {kEnum, 0}, {kEnum, 1}};
  for (const Named& field : fields_)
    if (field.shape.kind == kList || field.shape.kind == kRow || field.shape.kind == kMap)
      shapes.push_back(field.shape);
  const Shape shape = random_.pick(shapes);
  const std::string name = fresh_name();
  const bool inferred = shape.kind != kList && random_.chance(15);  // from the first value, so there must be one
  Block block{.header = fmt::format("décision {}{}", name, inferred ? "" : " : " + type_name(shape)),
              .free_order = true};
  const bool few_values = random_.chance(60);  // constants agree or differ; expressions may be unknown
  const auto value = [&] {
    if (!inferred && random_.chance(20)) return reason();
    if (shape.kind == kList) return values(shape, 2);
    return few_values && shape.kind != kMap ? literal(shape).text : expression(shape, 2).text;
  };
  // cases that exclude each other as rules do, or any tests at all
  const std::string pivot = random_.pick(names({kInt}));
  const bool by_pivot = random_.chance(50);
  const std::size_t count = 1 + random_.below(4);
  std::int64_t low = random_.between(0, 3);
  for (std::size_t i = 0; i < count; ++i) {
    std::string test;
    if (by_pivot) {
      const std::int64_t high = low + random_.between(0, 3);
      test = i + 1 == count ? fmt::format("{} ≥ {}", pivot, low) : fmt::format("{} entre {} et {}", pivot, low, high);
      ints_.push_back(low);
      ints_.push_back(high);
      low = high + 1;
      if (random_.chance(40)) test += " et " + at(kNot, boolean(2));
    } else {
      test = boolean(3).text;
    }
    std::string clause = value() + " quand " + test;
    if (random_.chance(25)) clause += " sauf si " + boolean(2).text;
    block.clauses.push_back(std::move(clause));
  }
  if (random_.chance(60)) block.last = "sinon " + value();
  edition_.rules.push_back(std::move(block));
  decisions_.push_back({name, shape});
}

void Generator::grille() {
  using enum Shape::Kind;
  const Shape shape = random_.chance(50) ? Shape{kEnum, 0} : Shape{kMoney};
  const std::string name = fresh_name();
  const std::string twin = fresh_name();
  const bool first = random_.chance(75);  // the others mostly overlap, and are refused
  const std::vector<Shape> inputs{{kInt}, {kMoney}, {kEnum, 0}, {kBool}, {kDate}};
  std::vector<Shape> columns;
  std::vector<std::string> asked;
  for (std::size_t i = 1 + random_.below(3); i > 0; --i) {
    columns.push_back(random_.pick(inputs));
    asked.push_back(at(kSum, expression(columns.back(), 1)));
  }
  Block grid{.header = fmt::format("grille {} : {} ({}){}", name, type_name(shape), fmt::join(asked, " | "),
                                   first ? ", première ligne qui convient" : "")};
  Block cases{.header = fmt::format("décision {} : {}", twin, type_name(shape))};
  std::vector<std::string> above;
  for (std::size_t line = 1 + random_.below(4); line > 0; --line) {
    std::vector<std::string> cells, tests;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Shape& input = columns[c];
      const bool ordered = input.kind != kEnum && input.kind != kBool;
      const auto one = [&] { return at(kSum, literal(input)); };
      const std::string a = one();
      const std::string b = one();
      const std::size_t count = cells.size();
      switch (random_.below(ordered ? 6 : 4)) {
        case 0:
          cells.push_back("-");
          break;
        case 1:
          cells.push_back(a);
          tests.push_back(fmt::format("({} = {})", asked[c], a));
          break;
        case 2:
          if (input.kind == kBool) break;  // `oui, non` is no test
          cells.push_back(a + ", " + b);
          tests.push_back(fmt::format("({} parmi {}, {})", asked[c], a, b));
          break;
        case 3:
          if (input.kind == kBool) {
            cells.push_back("≠ " + a);
            tests.push_back(fmt::format("({} ≠ {})", asked[c], a));
          } else {
            cells.push_back("non " + a);
            tests.push_back(fmt::format("(non {} = {})", asked[c], a));
          }
          break;
        case 4:
          cells.push_back("≤ " + a);
          tests.push_back(fmt::format("({} ≤ {})", asked[c], a));
          break;
        default:
          cells.push_back(fmt::format("entre {} et {}", a, b));
          tests.push_back(fmt::format("({} entre {} et {})", asked[c], a, b));
          break;
      }
      if (cells.size() == count) cells.push_back("-");
    }
    const std::string result = literal(shape).text;
    cells.push_back(random_.chance(15) ? reason() : result);
    const std::string test = tests.empty() ? "oui" : fmt::format("{}", fmt::join(tests, " et "));
    std::string clause = cells.back() + " quand " + test;
    if (first && !above.empty()) clause += fmt::format(" sauf si ({})", fmt::join(above, " ou "));
    above.push_back("(" + test + ")");
    grid.clauses.push_back(fmt::format("{}", fmt::join(cells, " | ")));
    cases.clauses.push_back(std::move(clause));
  }
  edition_.rules.push_back(std::move(grid));
  edition_.rules.push_back(std::move(cases));
  edition_.twins.emplace_back(name, twin);
  decisions_.push_back({name, shape});
}

void Generator::condition() {
  const std::string name = fresh_name();
  Block block{.header = "condition " + name};
  for (std::size_t i = 1 + random_.below(4); i > 0; --i)
    block.clauses.push_back(fmt::format("exige « Exigence {} » {}", i, boolean(3).text));
  edition_.rules.push_back(std::move(block));
  conditions_.push_back({name, {Shape::Kind::kBool}});
}

std::string Generator::fraction() {
  switch (random_.below(9)) {
    case 0:
      return "la majorité";
    case 1:
      return "la majorité absolue";
    case 2:
      return "la majorité des deux tiers";
    case 3:
      return "la majorité des trois quarts";
    case 4:
      return "plus de 2/3";
    case 5:
      return "au moins la moitié";
    case 6:
      return "plus de 40 %";
    case 7:
      return "au moins 1/3";
    default:
      return "la majorité de trois cinquièmes";
  }
}

void Generator::scrutin() {
  using enum Shape::Kind;
  Shape member;
  std::string positions;
  for (const Named& association : maps())
    if (association.shape.of[0] == Shape{kEnum, position_} && (positions.empty() || random_.chance(50))) {
      member = association.shape.of[1];
      positions = association.name;
    }
  const std::string name = fresh_name();
  Block block{.header = "scrutin " + name};
  block.clauses.push_back("collège " + expression({kList, 0, {member}}, random_.chance(60) ? 0 : 2).text);
  block.clauses.push_back("positions " + (random_.chance(15)
                                              ? "(" + conditional({kMap, 0, {{kEnum, position_}, member}}, 2).text + ")"
                                              : positions));
  std::vector<std::string> in_favour, against, abstention, absence;
  std::vector<std::string> all = enumerations_[position_].values;
  random_.shuffle(all);
  in_favour.push_back(all[0]);
  against.push_back(all[1]);
  for (std::size_t i = 2; i < all.size(); ++i) {
    const std::vector<std::vector<std::string>*> where{&in_favour,  &against, &abstention,
                                                       &abstention, &absence, &absence};
    random_.pick(where)->push_back(all[i]);
  }
  const auto either = [](const std::vector<std::string>& which) { return fmt::format("{}", fmt::join(which, " ou ")); };
  const auto counts = [this] { return random_.pick({"vaut refus", "vaut accord", "ne compte pas"}); };
  block.clauses.push_back("pour " + either(in_favour));
  block.clauses.push_back("contre " + either(against));
  if (!abstention.empty()) block.clauses.push_back(fmt::format("abstention {} {}", either(abstention), counts()));
  if (!absence.empty()) block.clauses.push_back(fmt::format("absence {} {}", either(absence), counts()));
  block.clauses.push_back(fmt::format("acquis à {} {}", random_.chance(25) ? "l'unanimité" : fraction(),
                                      random_.pick({"des membres", "des présents", "des exprimés"})));
  if (random_.chance(50)) block.clauses.push_back("quorum " + fraction());
  edition_.rules.push_back(std::move(block));
  ballots_.push_back({name, member});
}

/// Sources, comments and lines that go on: they change nothing.
void Generator::margins() {
  edition_.head.insert(edition_.head.begin() + 2, {.header = "source CQ « Contrat Quartiers »"});
  const auto margin = [this](std::string& line) {
    if (random_.chance(10)) line += "    source CQ § 7.C.I.1.a";
    if (random_.chance(5)) line += random_.chance(50) ? "\n      source CQ § 5.A ; CQ § 4" : "\n      source CQ";
    if (random_.chance(5)) line += "  -- à voir avec « le comité »";
  };
  for (Block& block : edition_.rules) {
    margin(block.header);
    for (std::string& clause : block.clauses) margin(clause);
    if (!block.last.empty()) margin(block.last);
  }
}

Generator::Generator(std::uint64_t seed, bool about_facts) : random_(seed), about_facts_(about_facts) {
  texts_ = {"un", "deux", "été", "à voir", "L'Escaut"};
  ints_ = {0, 1, 2};
  cents_ = {0, 1, 100'000};
  nanos_ = {0, 800'000'000, 1'000'000'000};
  days_ = {make_date(2024, 2, 29)->days, make_date(2024, 1, 31)->days};
  edition_.head.push_back({.header = "langue 1"});
  edition_.head.push_back({.header = "édition 2024 « Essai »", .clauses = {"en vigueur du 01/01/2024 au 31/12/2024"}});
  position_ = 1;
  enumerations();
  tables();
  objet();
  parameters();
  definition();
  scrutin();
  for (std::size_t i = 6 + random_.below(5); i > 0; --i) switch (random_.below(8)) {
      case 0:
      case 1:
        definition();
        break;
      case 2:
      case 3:
      case 4:
        decision();
        break;
      case 5:
        condition();
        break;
      case 6:
        grille();
        break;
      default:
        scrutin();
        break;
    }
  decision();
  condition();
  random_.shuffle(edition_.rules);  // a rule may be named before it is declared
  margins();
}

}  // namespace assemblier::dsl::oracle
