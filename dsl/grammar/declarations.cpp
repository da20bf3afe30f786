// Clauses of sources, nomenclatures, objets, parameters and definitions.

#include "dsl/grammar/expression.hpp"
#include "dsl/grammar/grammar.hpp"

namespace assemblier::dsl::grammar {
namespace {

const auto colon = sign(Symbol::kColon, "le signe « : »");
const auto equal = sign(Symbol::kEqual, "le signe « = »");
const auto comma = sign(Symbol::kComma, "une virgule");
const auto of = quiet("de") | quiet("du") | quiet("des") | quiet("d'");
const auto du = kw("du") | quiet("des") | quiet("d'") | quiet("de la") | quiet("de l'") | quiet("de");

// ---------------------------------------------------------------- langue, édition, source

struct langue_id {};
const x3::rule<langue_id, std::int64_t> langue{"langue"};
constexpr auto set_number = [](auto& context) {
  x3::_val(context) = x3::_attr(context)->value.template as<std::int64_t>();
};
const auto langue_def = kw("langue") > integer_token[set_number] > end_of_clause;

struct edition_id {};
const x3::rule<edition_id, ast::Edition> edition{"édition"};
constexpr auto set_millesime = [](auto& context) {
  x3::_val(context).millesime = x3::_attr(context)->value.template as<std::int64_t>();
};
const auto edition_def = kw("édition") > label("le millésime, un nombre entier")[integer_token[set_millesime]] >
                         text_token[set_text(&ast::Edition::title)] > end_of_clause;

struct vigueur_id {};
const x3::rule<vigueur_id, Validity> vigueur{"en vigueur"};
const auto vigueur_def = kw("en vigueur du") > date_token[set_date(&Validity::from)] >
                         kw("au") > date_token[set_date(&Validity::to)] > end_of_clause;

struct source_id {};
const x3::rule<source_id, ast::SourceDecl> source{"source"};
const auto source_def = kw("source") > new_name[set(&ast::SourceDecl::name)] >
                        text_token[set_text(&ast::SourceDecl::title)] > end_of_clause;

// ---------------------------------------------------------------- énumération, table, objet

struct enum_header_id {};
const x3::rule<enum_header_id, ast::Name> enum_header{"énumération"};
const auto enum_header_def = kw("énumération") > new_name[keep] > end_of_clause;

struct enum_item_id {};
const x3::rule<enum_item_id, ast::EnumDecl::Item> enum_item{"valeur"};
const auto enum_item_def =
    new_name[set(&ast::EnumDecl::Item::name)] > -text_token[set_text(&ast::EnumDecl::Item::label)] > end_of_clause;

struct column_id {};
const x3::rule<column_id, ast::TableDecl::Column> column{"colonne"};
const auto column_def = new_name[set(&ast::TableDecl::Column::name)] > colon > type[set(&ast::TableDecl::Column::type)];

struct table_header_id {};
const x3::rule<table_header_id, ast::TableDecl> table_header{"table"};
const auto table_header_def = kw("table") > new_name[set(&ast::TableDecl::name)] >
                              sign(Symbol::kOpen, "le signe « ( »") > column[push(&ast::TableDecl::columns)] >
                              *(sign(Symbol::kBar, "le signe « | »") > column[push(&ast::TableDecl::columns)]) >
                              sign(Symbol::kClose, "le signe « ) »") > end_of_clause;

struct objet_header_id {};
const x3::rule<objet_header_id, ast::Name> objet_header{"objet"};
const auto objet_header_def = kw("objet") > new_name[keep] > end_of_clause;

struct field_id {};
const x3::rule<field_id, ast::FieldDecl> field{"champ"};
const auto field_def = new_name[set(&ast::FieldDecl::name)] > colon > type[set(&ast::FieldDecl::type)] >
                       *(comma > ((kw("facultatif") | quiet("facultative"))[put(&ast::FieldDecl::optional, true)] |
                                  ((kw("personnel") | quiet("personnelle"))[put(&ast::FieldDecl::personal, true)] >
                                   -(of > label("le nom d'un champ")[known_name[set(&ast::FieldDecl::person)]])))) >
                       -text_token[set_text(&ast::FieldDecl::label)] > end_of_clause;

struct section_id {};
const x3::rule<section_id, ast::Name> section{"règles"};
const auto section_def = kw("règles") > du > known_name[keep] > end_of_clause;

// ---------------------------------------------------------------- paramètre, définition

using Dated = ast::ParameterDecl::Dated;
struct dated_id {};
const x3::rule<dated_id, Dated> dated{"valeur datée"};
const auto validity =
    -((quiet("du") > date_token[set_date(&Dated::from)] > kw("au") > date_token[set_date(&Dated::to)]) |
      (partly("à partir du") > date_token[set_date(&Dated::from)]) |
      (partly("jusqu'au") > date_token[set_date(&Dated::to)])) >>
    -(quiet_sign(Symbol::kComma) > kw("révision attendue le") > date_token[set_date(&Dated::revision)]);
const auto dated_def = values[set_expr(&Dated::value)] > validity;

struct dated_clause_id {};
const x3::rule<dated_clause_id, Dated> dated_clause{"valeur datée"};
const auto dated_clause_def = (-quiet_sign(Symbol::kEqual) >> dated[keep]) > end_of_clause;

struct parameter_id {};
const x3::rule<parameter_id, ast::ParameterDecl> parameter{"paramètre"};
const auto parameter_def = (kw("paramètre") | kw("réglage")[put(&ast::ParameterDecl::setting, true)]) >
                           new_name[set(&ast::ParameterDecl::name)] > -(colon > type[set(&ast::ParameterDecl::type)]) >
                           -(equal > dated[push(&ast::ParameterDecl::values)]) > end_of_clause;

struct definition_id {};
const x3::rule<definition_id, ast::DefinitionDecl> definition{"définition"};
const auto definition_def = kw("définition") > new_name[set(&ast::DefinitionDecl::name)] >
                            -(colon > type[set(&ast::DefinitionDecl::type)]) > equal
                            > values[set_expr(&ast::DefinitionDecl::value)] > end_of_clause;

BOOST_SPIRIT_DEFINE(langue, edition, vigueur, source, enum_header, enum_item, column, table_header, objet_header, field,
                    section, dated, dated_clause, parameter, definition)

}  // namespace

bool parse_langue(State& state, std::int64_t& out) { return run(state, langue, out); }
bool parse_edition(State& state, ast::Edition& out) { return run(state, edition, out); }
bool parse_vigueur(State& state, Validity& out) { return run(state, vigueur, out); }
bool parse_source(State& state, ast::SourceDecl& out) { return run(state, source, out); }
bool parse_enum_header(State& state, ast::Name& out) { return run(state, enum_header, out); }
bool parse_enum_item(State& state, ast::EnumDecl::Item& out) { return run(state, enum_item, out); }
bool parse_table_header(State& state, ast::TableDecl& out) { return run(state, table_header, out); }
bool parse_objet_header(State& state, ast::Name& out) { return run(state, objet_header, out); }
bool parse_field(State& state, ast::FieldDecl& out) { return run(state, field, out); }
bool parse_section(State& state, ast::Name& out) { return run(state, section, out); }
bool parse_parameter(State& state, ast::ParameterDecl& out) { return run(state, parameter, out); }
bool parse_dated_value(State& state, Dated& out) { return run(state, dated_clause, out); }
bool parse_definition(State& state, ast::DefinitionDecl& out) { return run(state, definition, out); }

}  // namespace assemblier::dsl::grammar
