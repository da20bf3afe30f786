#include "engine/views.hpp"

#include "engine/typing.hpp"
#include "engine/wording.hpp"

#include <algorithm>
#include <compare>
#include <map>
#include <set>

#include <fmt/format.h>

namespace assemblier::engine {

namespace {

using ColumnKind = dsl::ast::TableauDecl::Column::Kind;

/// One key of a row. Known keys sort before « aucune », « indéterminé » and errors; known ones by rank, then by value.
struct Key {
  enum class State : std::uint8_t { kKnown, kNone, kUndetermined, kError };
  State state = State::kKnown;
  dsl::Int128 rank = 0;  ///< declaration order, number, date
  std::string text;
  Datum datum;
};

/// Where a value stands in its type: order of declaration, number, date; texts all alike.
dsl::Int128 rank(const dsl::Value& value) {
  if (const auto* v = value.get<bool>()) return *v ? 0 : 1;
  if (const auto* v = value.get<std::int64_t>()) return *v;
  if (const auto* v = value.get<dsl::Montant>()) return v->centimes;
  if (const auto* v = value.get<dsl::Taux>()) return v->nano;
  if (const auto* v = value.get<dsl::Exact>()) return v->nano;
  if (const auto* v = value.get<dsl::Date>()) return v->days;
  if (const auto* v = value.get<dsl::Duree>()) return (static_cast<dsl::Int128>(v->months) << 32U) + v->days;
  if (const auto* v = value.get<dsl::EnumValue>()) return v->value;
  if (const auto* v = value.get<dsl::Row>()) return v->row;
  return 0;
}

Key key_of(const dsl::Program& program, const dsl::Type& type, const dsl::Result& result) {
  switch (result.status) {
    case dsl::Status::kKnown: {
      if (type.kind == dsl::Type::Kind::kEtat) {
        const auto etat = static_cast<std::size_t>(result.value.as<std::int64_t>());
        const std::string& name = program.objets[type.named].procedure->etats[etat].name;
        return {Key::State::kKnown, rank(result.value), name, Datum(name)};
      }
      return {Key::State::kKnown, rank(result.value), dsl::show(program, result.value), untyped(program, result.value)};
    }
    case dsl::Status::kNone:
      return {Key::State::kNone, 0, "(aucune)", Datum()};
    case dsl::Status::kUndetermined:
      return {Key::State::kUndetermined, 0, "(indéterminé)", Datum()};
    case dsl::Status::kError:
      break;
  }
  return {Key::State::kError, 0, "(erreur)", Datum()};
}

// A personal field, shown as it is: in clear, sealed or erased.
Key key_of(const Live& live, dsl::Index field) {
  const auto at = std::ranges::find(live.personal, field, &std::pair<dsl::Index, Datum>::first);
  if (at == live.personal.end()) return {Key::State::kUndetermined, 0, "(indéterminé)", Datum()};
  return {Key::State::kKnown, 0, show(at->second), at->second};
}

std::weak_ordering operator<=>(const Key& a, const Key& b) {
  if (a.state != b.state) return a.state <=> b.state;
  if (a.rank != b.rank) return a.rank < b.rank ? std::weak_ordering::less : std::weak_ordering::greater;
  return a.text <=> b.text;
}

using Keys = std::vector<Key>;

/// What a cell has seen so far.
struct Gathered {
  dsl::Int128 sum = 0;
  bool overflow = false;
  std::uint64_t undetermined = 0;
  std::optional<dsl::Value> any;  ///< the first, the least or the greatest value: it says the type
};

void gather(Gathered& cell, ColumnKind kind, const dsl::Value& value) {
  const dsl::Int128 number = rank(value);
  const auto sum = dsl::add(cell.sum, number);
  cell.overflow = cell.overflow || !sum;
  cell.sum = sum.value_or(0);
  const bool better = !cell.any || (kind == ColumnKind::kMin && number < rank(*cell.any)) ||
                      (kind == ColumnKind::kMax && number > rank(*cell.any));
  if (better) cell.any = value;
}

// The sum in the type of what was summed; nothing when it does not fit.
std::optional<dsl::Value> total_of(const Gathered& gathered) {
  if (gathered.overflow) return {};
  if (const auto* exact = gathered.any->get<dsl::Exact>()) return dsl::Value(dsl::Exact{gathered.sum, exact->money});
  const std::optional<std::int64_t> narrow = dsl::narrow(gathered.sum);
  if (!narrow) return {};
  const std::int64_t whole = *narrow;
  if (gathered.any->get<dsl::Montant>() != nullptr) return dsl::Value(dsl::Montant{whole});
  if (gathered.any->get<dsl::Taux>() != nullptr) return dsl::Value(dsl::Taux{whole});
  return dsl::Value(whole);
}

struct RowSoFar {
  std::uint64_t objets = 0;
  std::uint64_t last_turn = 0;  ///< an objet is counted once, whatever its rows
  std::vector<Gathered> cells;
};

/// How far the value of a column looks at the variables of `pour chaque`: 0 not at all, n at the n first.
constexpr std::size_t kUnknownDepth = SIZE_MAX;

class View {
 public:
  View(const dsl::Program& program, const dsl::TableauInfo& info) : reference_(program), info_(info) {
    total_.cells.resize(info.columns.size());
    depth_.assign(info.columns.size(), kUnknownDepth);
  }

  /// `info` is the tableau of the objet's own édition, of the same form as that of reference.
  void add(const Live& live, const dsl::TableauInfo& info);
  Tableau result() const;
  std::uint64_t undetermined = 0;

 private:
  struct Turn;
  void each(Turn& turn, std::size_t level);
  void row(Turn& turn);
  void cell(Turn& turn, std::size_t column, RowSoFar& row, const Keys& keys);
  std::size_t depth(Turn& turn, std::size_t column);
  Tableau::Cell shown(const Gathered& gathered, ColumnKind kind, std::uint64_t objets) const;

  const dsl::Program& reference_;
  const dsl::TableauInfo& info_;
  std::map<Keys, RowSoFar> rows_;
  RowSoFar total_;
  std::vector<std::size_t> depth_;
  std::uint64_t turn_ = 0;  ///< number of the objet being looked at, from 1
};

/// One objet being looked at.
struct View::Turn {
  const Live& live;
  const dsl::TableauInfo& info;
  dsl::Context context;
  std::vector<dsl::Value> variables;
  std::vector<std::size_t> place;                                                     ///< of each variable in its list
  std::set<std::pair<std::size_t, std::vector<std::size_t>>> totalled;                ///< (column, places) in the total
  std::map<Keys, std::set<std::pair<std::size_t, std::vector<std::size_t>>>> summed;  ///< the same, row by row
};

void View::add(const Live& live, const dsl::TableauInfo& info) {
  Turn turn{
      .live = live, .info = info, .context = {.objet = live.objet, .facts = &live.facts, .recorded = &live.recorded}};
  turn.context.etat = live.etat;
  turn.context.each = &turn.variables;
  ++turn_;
  if (info.where != nullptr) {  // `où` speaks of the objet, before any `pour chaque`
    dsl::Evaluator evaluator(*live.edition->program, turn.context);
    const dsl::Result where = evaluator.expression(info.where);
    if (where.status == dsl::Status::kUndetermined || where.status == dsl::Status::kError) ++undetermined;
    if (!where.is_true()) return;
  }
  each(turn, 0);
}

void View::each(Turn& turn, std::size_t level) {
  if (level == turn.info.each.size()) return row(turn);
  dsl::Result list;
  {
    dsl::Evaluator evaluator(*turn.live.edition->program, turn.context);
    list = evaluator.expression(turn.info.each[level].source);
  }
  if (list.status != dsl::Status::kKnown) {
    if (list.status != dsl::Status::kNone) ++undetermined;
    return;
  }
  const auto items = list.value.as<dsl::List>();
  for (std::size_t i = 0; i < items->size(); ++i) {
    turn.variables.push_back((*items)[i]);
    turn.place.push_back(i);
    each(turn, level + 1);
    turn.variables.pop_back();
    turn.place.pop_back();
  }
}

void View::row(Turn& turn) {
  const dsl::Program& program = *turn.live.edition->program;
  Keys keys;
  {
    dsl::Evaluator evaluator(program, turn.context);
    for (const auto& group : turn.info.groups) {
      if (group.personal != dsl::kNoIndex) {
        keys.push_back(key_of(turn.live, group.personal));
        continue;
      }
      keys.push_back(key_of(program, *group.type, evaluator.expression(group.value)));
    }
  }
  RowSoFar& row = rows_[keys];
  row.cells.resize(info_.columns.size());
  for (RowSoFar* counted : {&row, &total_}) {
    if (counted->last_turn == turn_) continue;
    counted->last_turn = turn_;
    ++counted->objets;
  }
  for (std::size_t i = 0; i < info_.columns.size(); ++i) {
    if (turn.info.columns[i].value != nullptr) cell(turn, i, row, keys);
  }
}

// How many of the variables the value needs: it is asked again with fewer and fewer of them.
std::size_t View::depth(Turn& turn, std::size_t column) {
  const std::vector<dsl::Value> all = turn.variables;
  std::size_t needed = all.size();
  while (needed > 0) {
    turn.variables.resize(needed - 1);
    dsl::Evaluator evaluator(*turn.live.edition->program, turn.context);
    if (evaluator.expression(turn.info.columns[column].value).status == dsl::Status::kError) break;
    --needed;
  }
  turn.variables = all;
  return needed;
}

void View::cell(Turn& turn, std::size_t column, RowSoFar& row, const Keys& keys) {
  const ColumnKind kind = turn.info.columns[column].kind;
  dsl::Result result;
  {
    dsl::Evaluator evaluator(*turn.live.edition->program, turn.context);
    result = evaluator.expression(turn.info.columns[column].value);
  }
  const bool unknown = result.status == dsl::Status::kUndetermined || result.status == dsl::Status::kError;
  if (result.status == dsl::Status::kNone) return;
  // A value that does not look at the last variables is the same on several rows of the objet: it counts once in each
  // cell.
  std::size_t needed = 0;
  if (!turn.variables.empty()) {
    needed = depth(turn, column);
    depth_[column] = depth_[column] == kUnknownDepth ? needed : std::max(depth_[column], needed);
  }
  const std::pair mark(column,
                       std::vector(turn.place.begin(), turn.place.begin() + static_cast<std::ptrdiff_t>(needed)));
  const auto into = [&](RowSoFar& to, auto& marks) {
    if (!turn.variables.empty() && !marks.insert(mark).second) return;
    if (unknown) {
      ++to.cells[column].undetermined;
    } else {
      gather(to.cells[column], kind, result.value);
    }
  };
  into(row, turn.summed[keys]);
  into(total_, turn.totalled);
}

Tableau::Cell View::shown(const Gathered& gathered, ColumnKind kind, std::uint64_t objets) const {
  Tableau::Cell cell{.undetermined = gathered.undetermined};
  if (kind == ColumnKind::kCount) {
    cell.value = Datum(static_cast<std::int64_t>(objets));
    cell.text = std::to_string(objets);
    return cell;
  }
  if (!gathered.any) return cell;
  dsl::Value value = *gathered.any;
  if (kind == ColumnKind::kTotal) {
    auto sum = total_of(gathered);
    if (!sum) {
      cell.text = "(trop grand)";
      return cell;
    }
    value = std::move(*sum);
  }
  cell.value = untyped(reference_, value);
  cell.text = dsl::show(reference_, value);
  return cell;
}

Tableau View::result() const {
  Tableau out{.name = info_.name, .title = info_.title};
  for (const auto& group : info_.groups) out.groups.push_back(group.header);
  for (std::size_t i = 0; i < info_.columns.size(); ++i) {
    const auto& column = info_.columns[i];
    // With several variables, one that the value does not look at may stand before one that it does: its total is not
    // sure.
    const bool sure =
        column.kind != ColumnKind::kTotal || info_.each.size() < 2 || depth_[i] == kUnknownDepth || depth_[i] < 2;
    out.columns.push_back({column.header, column.kind, sure});
  }
  const auto cells = [&](const RowSoFar& row, bool total) {
    std::vector<Tableau::Cell> all;
    for (std::size_t i = 0; i < info_.columns.size(); ++i) {
      all.push_back(total && !out.columns[i].totalled ? Tableau::Cell{}
                                                      : shown(row.cells[i], info_.columns[i].kind, row.objets));
    }
    return all;
  };
  for (const auto& [keys, row] : rows_) {
    Tableau::Row shown_row;
    for (const Key& key : keys) {
      shown_row.keys.push_back(key.datum);
      shown_row.key_texts.push_back(key.text);
    }
    shown_row.cells = cells(row, false);
    out.rows.push_back(std::move(shown_row));
  }
  out.total.cells = cells(total_, true);
  out.undetermined = undetermined;
  return out;
}

// Same columns, so that rows of several éditions stand under one header.
bool same_form(const dsl::TableauInfo& a, const dsl::TableauInfo& b) {
  return a.groups.size() == b.groups.size() && a.columns.size() == b.columns.size() && a.each.size() == b.each.size() &&
         std::ranges::equal(a.columns, b.columns, [](const auto& x, const auto& y) { return x.kind == y.kind; });
}

// The édition asked for, or the last one published that declares the tableau.
storage::Result<EditionPtr> declaring(Engine& engine, std::string_view name, const TableauOptions& options) {
  auto infos = engine.editions();
  if (!infos) return std::unexpected(std::move(infos.error()));
  std::vector<std::string> names;
  EditionPtr best;
  for (const EditionInfo& info : *infos) {
    if (options.edition && info.hash != *options.edition) continue;
    auto edition = engine.edition(info.hash);
    if (!edition) return std::unexpected(std::move(edition.error()));
    if ((*edition)->program->find_tableau(name) != dsl::kNoIndex) best = *edition;
    for (const auto& tableau : (*edition)->program->tableaux) {
      if (std::ranges::find(names, tableau.name) == names.end()) names.push_back(tableau.name);
    }
  }
  if (best) return best;
  const std::string help = name_help(name, names);
  return std::unexpected(
      storage::Error{storage::ErrorKind::kInvalid, fmt::format("aucune édition publiée ne déclare de tableau {}{}{}",
                                                               quoted(name), help.empty() ? "" : " ; ", help)});
}

}  // namespace

storage::Result<Tableau> tableau(Engine& engine, std::string_view asked, const TableauOptions& options) {
  std::string name(asked);
  if (!normalise(name)) {
    return std::unexpected(
        storage::Error{storage::ErrorKind::kInvalid, "nom de tableau illisible : ce n'est pas de l'UTF-8"});
  }
  auto edition = declaring(engine, name, options);
  if (!edition) return std::unexpected(std::move(edition.error()));
  const dsl::Program& program = *(*edition)->program;
  const dsl::TableauInfo& info = program.tableaux[program.find_tableau(name)];
  View view(program, info);
  std::uint64_t objets = 0, apart = 0;
  storage::Result<void> revealed;
  auto done = engine.each_live(program.objets[info.objet].category, [&](Live& live) {
    if (options.edition && live.edition->hash != *options.edition) return true;
    ++objets;
    for (auto& [field, datum] : live.personal) {
      revealed = engine.reveal(datum);
      if (!revealed) return false;
    }
    const dsl::Program& own = *live.edition->program;
    const dsl::Index index = own.find_tableau(name);
    if (index == dsl::kNoIndex || own.tableaux[index].objet != live.objet || !same_form(own.tableaux[index], info)) {
      ++apart;
    } else {
      view.add(live, own.tableaux[index]);
    }
    return true;
  });
  if (done) done = std::move(revealed);
  if (!done) return std::unexpected(std::move(done.error()));
  Tableau out = view.result();
  out.objets = objets;
  out.apart = apart;
  return out;
}

}  // namespace assemblier::engine
