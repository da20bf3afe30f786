#pragma once
// What the checker's files on expressions say of types all the time.
//
// Thread-safety: pure functions.

#include "dsl/checker.hpp"

#include <vector>

namespace assemblier::dsl::typing {

using Kind = Type::Kind;

inline const TypeRef& simple(Kind kind) {
  static const std::vector<TypeRef> types = [] {
    std::vector<TypeRef> all;
    for (int i = 0; i <= static_cast<int>(Kind::kEtat); ++i) all.push_back(make_type(static_cast<Kind>(i)));
    return all;
  }();
  return types[static_cast<std::size_t>(kind)];
}

inline bool is(const Code& code, Kind kind) { return code->type->kind == kind; }
inline bool any(const Code& code) { return is(code, Kind::kAny); }
inline bool money(const TypeRef& type) { return type->kind == Kind::kMontant || type->kind == Kind::kExactMontant; }
inline bool number(const TypeRef& type) { return type->kind == Kind::kEntier || type->kind == Kind::kExactNombre; }
inline bool ordered(const TypeRef& type) {
  return money(type) || number(type) || type->kind == Kind::kTaux || type->kind == Kind::kDate ||
         type->kind == Kind::kDuree || type->kind == Kind::kTexte || type->kind == Kind::kAny;
}
inline bool comparable(const TypeRef& a, const TypeRef& b) {
  return (money(a) && money(b)) || (number(a) && number(b)) || fits(*a, *b) || fits(*b, *a);
}

inline Code constant_node(TypeRef type, Value value, Span span) {
  auto node = std::make_shared<Node>();
  node->type = std::move(type);
  node->constant = std::move(value);
  node->span = span;
  return node;
}

}  // namespace assemblier::dsl::typing
