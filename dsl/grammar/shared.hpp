#pragma once
// Rules of clauses that several kinds of declarations use; defined in procedure.cpp.

#include "dsl/grammar/expression.hpp"

namespace assemblier::dsl::grammar {

struct names_id {};
struct NameList : std::vector<ast::Name> {};
const x3::rule<names_id, NameList> names{"des noms"};

struct exigence_id {};
const x3::rule<exigence_id, ast::Exigence> exigence{"une exigence"};
BOOST_SPIRIT_DECLARE(decltype(names), decltype(exigence))

const auto of = quiet("de") | quiet("du") | quiet("des") | quiet("d'");
const auto du = kw("du") | quiet("des") | quiet("d'") | quiet("de la") | quiet("de l'") | quiet("de");

}  // namespace assemblier::dsl::grammar
