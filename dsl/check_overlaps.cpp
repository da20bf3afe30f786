#include "dsl/checker.hpp"
#include "dsl/text.hpp"

#include <algorithm>

#include <fmt/format.h>

// Two cases that are true together and give different values are an error when they meet (DESIGN §4.4). Where both
// conditions are conjunctions of simple tests of names against literals or constants, the meeting is found here, before
// any dossier.

namespace assemblier::dsl {

namespace {

/// What a conjunction of simple tests says of one name: an interval of numbers, or one of several words.
struct Bounds {
  std::optional<Int128> low, high;  ///< both included
  std::optional<std::vector<std::string>> words;
};
using Region = std::map<std::string, Bounds>;

std::optional<Int128> rank(const ast::Expr& expr) {
  const auto* literal = std::get_if<ast::Literal>(&expr.node);
  if (literal == nullptr) return {};
  if (const auto* whole = literal->value.get<std::int64_t>()) return *whole;
  if (const auto* amount = literal->value.get<Montant>()) return amount->centimes;
  if (const auto* rate = literal->value.get<Taux>()) return rate->nano;
  if (const auto* date = literal->value.get<Date>()) return date->days;
  return {};
}

std::optional<std::vector<std::string>> words(const ast::Expr& expr) {
  if (const auto* ref = std::get_if<ast::NameRef>(&expr.node)) return std::vector{ref->name};
  if (const auto* literal = std::get_if<ast::Literal>(&expr.node)) {
    if (const auto* flag = literal->value.get<bool>()) return std::vector<std::string>{*flag ? "oui" : "non"};
  }
  const auto* list = std::get_if<ast::ListLiteral>(&expr.node);
  if (list == nullptr) return {};
  std::vector<std::string> out;
  for (const auto& item : list->items) {
    const auto* ref = std::get_if<ast::NameRef>(&item->node);
    if (ref == nullptr) return {};
    out.push_back(ref->name);
  }
  return out;
}

void lower(Bounds& bounds, Int128 value) {
  if (!bounds.low || *bounds.low < value) bounds.low = value;
}
void upper(Bounds& bounds, Int128 value) {
  if (!bounds.high || value < *bounds.high) bounds.high = value;
}
void restrict(Bounds& bounds, const std::vector<std::string>& allowed) {
  if (!bounds.words) {
    bounds.words = allowed;
    return;
  }
  std::erase_if(*bounds.words, [&](const auto& word) { return std::ranges::find(allowed, word) == allowed.end(); });
}

}  // namespace

void Checker::overlaps(const ast::DecisionDecl& decl) {
  // A word on the right counts as a constant only if nothing else bears its name.
  const auto constants_only = [this](const std::vector<std::string>& list) {
    return std::ranges::all_of(list, [this](const auto& word) {
      return word == "oui" || word == "non" || (constants_.contains(word) && !symbols_.contains(word));
    });
  };
  const auto gather = [&](const auto& self, const ast::Expr& expr, Region& region) -> bool {
    if (const auto* binary = std::get_if<ast::Binary>(&expr.node)) {
      if (binary->op == ast::BinaryOp::kAnd)
        return self(self, *binary->left, region) && self(self, *binary->right, region);
      const auto* ref = std::get_if<ast::NameRef>(&binary->left->node);
      if (ref == nullptr) return false;
      Bounds& bounds = region[ref->name];
      const auto value = rank(*binary->right);
      const auto allowed = words(*binary->right);
      // Amounts, rates and whole numbers are discrete here: a strict bound is the next one.
      if (binary->op == ast::BinaryOp::kEq && allowed && constants_only(*allowed))
        return restrict(bounds, *allowed), true;
      if (!value) return false;
      if (binary->op == ast::BinaryOp::kEq) return lower(bounds, *value), upper(bounds, *value), true;
      if (binary->op == ast::BinaryOp::kGe) return lower(bounds, *value), true;
      if (binary->op == ast::BinaryOp::kGt) return lower(bounds, *value + 1), true;
      if (binary->op == ast::BinaryOp::kLe) return upper(bounds, *value), true;
      if (binary->op == ast::BinaryOp::kLt) return upper(bounds, *value - 1), true;
      return false;
    }
    if (const auto* between = std::get_if<ast::Between>(&expr.node)) {
      const auto* ref = std::get_if<ast::NameRef>(&between->item->node);
      const auto low = rank(*between->low);
      const auto high = rank(*between->high);
      if (ref == nullptr || !low || !high) return false;
      lower(region[ref->name], *low);
      upper(region[ref->name], *high);
      return true;
    }
    if (const auto* in = std::get_if<ast::In>(&expr.node)) {
      const auto* ref = std::get_if<ast::NameRef>(&in->item->node);
      const auto allowed = words(*in->list);
      if (ref == nullptr || in->negated || !allowed || !constants_only(*allowed)) return false;
      restrict(region[ref->name], *allowed);
      return true;
    }
    if (const auto* literal = std::get_if<ast::Literal>(&expr.node))
      return literal->value.get<bool>() && literal->value.as<bool>();
    return false;
  };
  const auto spelled = [&](const ast::DecisionDecl::Case& item) {
    if (!item.value) return std::string("aucune");
    return program_->text.substr(item.value->span.begin, item.value->span.end - item.value->span.begin);
  };
  const auto empty = [](const Region& region) {
    return std::ranges::any_of(region, [](const auto& entry) {
      const Bounds& b = entry.second;
      return (b.low && b.high && *b.high < *b.low) || (b.words && b.words->empty());
    });
  };
  for (std::size_t i = 0; i < decl.cases.size(); ++i) {
    const auto& first = decl.cases[i];
    Region alone;
    if (first.exception || !first.condition || !gather(gather, *first.condition, alone) || empty(alone)) continue;
    for (std::size_t j = i + 1; j < decl.cases.size(); ++j) {
      const auto& second = decl.cases[j];
      Region region = alone;
      if (second.exception || !second.condition || spelled(first) == spelled(second) ||
          !gather(gather, *second.condition, region) || empty(region))
        continue;
      const auto literal = [](const ast::DecisionDecl::Case& c) {
        return !c.value || std::holds_alternative<ast::Literal>(c.value->node) ||
               std::holds_alternative<ast::NameRef>(c.value->node);
      };
      if (!literal(first) || !literal(second)) continue;
      error("R0248", second.span,
            fmt::format("ce cas et un autre peuvent être vrais ensemble et donnent {} et {}", spelled(second),
                        spelled(first)),
            "précisez l'une des conditions, ou ajoutez « sauf si »", {{first.span, "l'autre cas"}});
    }
  }
}

}  // namespace assemblier::dsl
