// Clauses of procédures and tableaux; lists of names and exigences.

#include "dsl/grammar/grammar.hpp"
#include "dsl/grammar/shared.hpp"

namespace assemblier::dsl::grammar {
namespace {

const auto colon = sign(Symbol::kColon, "le signe « : »");
const auto equal = sign(Symbol::kEqual, "le signe « = »");
const auto condition_value = label("une condition")[expression];

// ---------------------------------------------------------------- names, exigence

constexpr auto push_name = [](auto& context) { x3::_val(context).push_back(std::move(x3::_attr(context))); };
const auto names_def = known_name[push_name] >> *((list_comma | quiet("ou") | quiet("et")) > known_name[push_name]);
const auto exigence_def = spanned[kw("exige") > text_token[set_text(&ast::Exigence::label)] >
                                  condition_value[set_expr(&ast::Exigence::condition)]];

// ---------------------------------------------------------------- procédure

struct procedure_header_id {};
const x3::rule<procedure_header_id, ast::Name> procedure_header{"procédure"};
const auto procedure_header_def = kw("procédure") > du > known_name[keep] > end_of_clause;

struct role_id {};
const x3::rule<role_id, ast::RoleDecl> role{"rôle"};
const auto role_def = kw("rôle") > new_name[set(&ast::RoleDecl::name)] >
                      -(colon > type[set(&ast::RoleDecl::type)]) > end_of_clause;

struct etat_id {};
const x3::rule<etat_id, ast::EtatDecl> etat{"état"};
const auto etat_def = kw("état") > new_name[set(&ast::EtatDecl::name)] > -text_token[set_text(&ast::EtatDecl::label)] >
                      -(sign(Symbol::kComma, "une virgule") >
                        (kw("final") | quiet("finale"))[put(&ast::EtatDecl::final, true)]) > end_of_clause;

struct acte_header_id {};
const x3::rule<acte_header_id, ast::ActeDecl> acte_header{"acte"};
const auto acte_header_def =
    kw("acte") > new_name[set(&ast::ActeDecl::name)] > -text_token[set_text(&ast::ActeDecl::label)] > end_of_clause;

// ---------------------------------------------------------------- acte

using Actor = ast::ActeDecl::Actor;
struct actor_id {};
const x3::rule<actor_id, Actor> actor{"un rôle"};
const auto actor_def = label("un rôle")[known_name[set(&Actor::role)]] >
                       -(kw("parmi") > label("une liste")[expression[set_expr(&Actor::among)]]);

using Donnee = ast::ActeDecl::Donnee;
struct donnee_id {};
const x3::rule<donnee_id, Donnee> donnee{"une donnée"};
const auto donnee_def = new_name[set(&Donnee::name)] > -(colon > type[set(&Donnee::type)]) >
                        *(sign(Symbol::kComma, "une virgule") >
                          ((kw("facultatif") | quiet("facultative"))[put(&Donnee::optional, true)] |
                           ((kw("personnel") | quiet("personnelle"))[put(&Donnee::personal, true)] >
                            -(of > label("le nom d'une donnée")[known_name[set(&Donnee::person)]]))));

using Effect = ast::ActeDecl::Effect;
struct effect_id {};
const x3::rule<effect_id, Effect> effect{"un effet"};
constexpr auto set_key = [](auto& context) {
  x3::_val(context).key = std::move(x3::_attr(context).expr);
  x3::_val(context).kind = Effect::Kind::kSetKey;
};
const auto effect_def =
    spanned[(quiet("inscrit les données") >> x3::eoi >> x3::eps[put(&Effect::kind, Effect::Kind::kAllData)]) |
            (kw("inscrit") > label("le nom d'un champ")[known_name[set(&Effect::field)]] >
             -(of > label("une valeur")[primary[set_key]]) > -(equal > values[set_expr(&Effect::value)])) |
            (kw("ajoute") > values[set_expr(&Effect::value)] > kw("à") >
             label("le nom d'un champ")[known_name[set(&Effect::field)]] >
             x3::eps[put(&Effect::kind, Effect::Kind::kAppend)])];

using Target = ast::ActeDecl::Target;
struct target_id {};
const x3::rule<target_id, Target> target{"un état"};
const auto target_def = spanned[label("un état")[known_name[set(&Target::etat)]] >
                                -((kw("quand") > condition_value[set_expr(&Target::condition)]) | kw("sinon"))];

using Next = ast::ActeDecl::Next;
struct next_id {};
const x3::rule<next_id, Next> next{"un acte"};
const auto next_def = spanned[label("un acte")[known_name[set(&Next::acte)]] >
                              -(kw("quand") > condition_value[set_expr(&Next::condition)])];

struct acte_clause_id {};
const x3::rule<acte_clause_id, ast::ActeDecl> acte_clause{"une clause d'acte"};
const auto etats = label("un état")[names];
const auto acte_clause_def =
    ((kw("par") > actor[push(&ast::ActeDecl::actors)]) | kw("ouvre")[put(&ast::ActeDecl::opens, true)] |
     ((kw("de") | quiet("d'")) > etats[set(&ast::ActeDecl::from)]) |
     (kw("porte") > donnee[push(&ast::ActeDecl::donnees)] >
      *(sign(Symbol::kSemicolon, "un point-virgule") > donnee[push(&ast::ActeDecl::donnees)])) |
     exigence[push(&ast::ActeDecl::exigences)] | effect[push(&ast::ActeDecl::effects)] |
     (kw("décide") > label("le nom d'une décision")[names[set(&ast::ActeDecl::decides)]]) |
     (kw("vers") > target[push(&ast::ActeDecl::targets)]) | (kw("puis") > next[push(&ast::ActeDecl::next)])) >
    end_of_clause;

// ---------------------------------------------------------------- tableau

struct tableau_header_id {};
const x3::rule<tableau_header_id, ast::TableauDecl> tableau_header{"tableau"};
const auto tableau_header_def = kw("tableau") > name_before_objet[set(&ast::TableauDecl::name)] > du >
                                known_name[set(&ast::TableauDecl::objet)] >
                                -text_token[set_text(&ast::TableauDecl::title)] > end_of_clause;

using Each = ast::TableauDecl::Each;
struct each_id {};
const x3::rule<each_id, Each> each{"une variable"};
const auto each_def = name_before_parmi[set(&Each::variable)] > kw("parmi") >
                      label("une liste")[expression[set_expr(&Each::source)]];

using Group = ast::TableauDecl::Group;
struct group_id {};
const x3::rule<group_id, Group> group{"un regroupement"};
const auto group_def = expression[set_expr(&Group::value)] > -text_token[set_text(&Group::header)];

using Column = ast::TableauDecl::Column;
struct tableau_column_id {};
const x3::rule<tableau_column_id, Column> tableau_column{"une colonne"};
const auto tableau_column_def = text_token[set_text(&Column::header)] > equal >
                                ((kw("nombre") >> x3::eoi) |
                                 ((((kw("total") >> of) >> x3::eps[put(&Column::kind, Column::Kind::kTotal)]) |
                                   ((kw("minimum") >> of) >> x3::eps[put(&Column::kind, Column::Kind::kMin)]) |
                                   ((kw("maximum") >> of) >> x3::eps[put(&Column::kind, Column::Kind::kMax)])) >
                                  expression[set_expr(&Column::value)]));

struct tableau_clause_id {};
const x3::rule<tableau_clause_id, ast::TableauDecl> tableau_clause{"une clause de tableau"};
const auto tableau_clause_def =
    ((kw("où") > condition_value[set_expr(&ast::TableauDecl::where)]) |
     (kw("pour chaque") > each[push(&ast::TableauDecl::each)]) | (kw("par") > group[push(&ast::TableauDecl::groups)]) |
     (kw("colonne") > tableau_column[push(&ast::TableauDecl::columns)])) > end_of_clause;

BOOST_SPIRIT_DEFINE(procedure_header, role, etat, acte_header, actor, donnee, effect, target, next, acte_clause,
                    tableau_header, each, group, tableau_column, tableau_clause)

}  // namespace

BOOST_SPIRIT_DEFINE(names, exigence)
BOOST_SPIRIT_INSTANTIATE(decltype(names), Iterator, Context)
BOOST_SPIRIT_INSTANTIATE(decltype(exigence), Iterator, Context)

bool parse_procedure_header(State& state, ast::Name& out) { return run(state, procedure_header, out); }
bool parse_role(State& state, ast::RoleDecl& out) { return run(state, role, out); }
bool parse_etat(State& state, ast::EtatDecl& out) { return run(state, etat, out); }
bool parse_acte_header(State& state, ast::ActeDecl& out) { return run(state, acte_header, out); }
bool parse_acte_clause(State& state, ast::ActeDecl& out) { return run(state, acte_clause, out); }
bool parse_tableau_header(State& state, ast::TableauDecl& out) { return run(state, tableau_header, out); }
bool parse_tableau_clause(State& state, ast::TableauDecl& out) { return run(state, tableau_clause, out); }

}  // namespace assemblier::dsl::grammar
