#pragma once
// What expression.cpp and value.cpp share.

#include "dsl/grammar/expression.hpp"

namespace assemblier::dsl::grammar {

struct postfix_id {};
const x3::rule<comparison_id, Node> comparison{"une valeur"};
const x3::rule<postfix_id, Node> postfix{"une valeur"};
BOOST_SPIRIT_DECLARE(decltype(comparison), decltype(postfix))

/// `de` and what it merges with; an article may follow (`de la`, `de l'`).
const auto of = quiet("de") | quiet("du") | quiet("des") | quiet("d'");
const auto article =
    begins("le") | begins("la") | begins("les") | begins("l'") | begins("un") | begins("une") | begins("des");

}  // namespace assemblier::dsl::grammar
