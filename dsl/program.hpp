#pragma once
// The program: an édition checked, with every name resolved to an index. Immutable once built, shared freely.
//
// Thread-safety: immutable.
//
//   Compiled compiled = compile(text);
//   if (compiled.program) run(*compiled.program); else show(compiled.diagnostics);

#include "dsl/ast.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/values.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace assemblier::dsl {

using Index = std::uint32_t;
inline constexpr Index kNoIndex = 0xFFFFFFFFU;

/// A compiled expression; its shape is private to check.cpp and evaluate.cpp.
struct Node;
using Code = std::shared_ptr<const Node>;

struct Type;
using TypeRef = std::shared_ptr<const Type>;

struct Type {
  enum class Kind {
    kBooleen,
    kEntier,
    kMontant,
    kTaux,
    kExactMontant,
    kExactNombre,
    kDate,
    kDuree,
    kTexte,
    kEnum,
    kRow,
    kList,
    kMap,
    kAny,  ///< element of `liste vide`; and what a wrong expression has, so that one mistake gives one message
    kEtat  ///< the built-in `état` of an objet; value: index as entier
  };
  Kind kind = Kind::kAny;
  Index named = 0;  ///< kEnum: énumération; kRow: table; kEtat: objet
  TypeRef element;  ///< kList, kMap (the value)
  TypeRef key;      ///< kMap
};

[[nodiscard]] bool same(const Type& a, const Type& b);

struct SourceInfo {
  std::string name, title;
};

/// "CQ2030 § 5.A", ready to show.
using Citation = std::string;

struct EnumInfo {
  struct Item {
    std::string name, label;
  };
  std::string name;
  std::vector<Item> items;
};

struct TableInfo {
  struct Column {
    std::string name;
    TypeRef type;
  };
  std::string name;
  std::vector<Column> columns;  ///< column 0 is the key
  std::vector<std::string> keys;
  std::vector<std::vector<Value>> rows;
};

struct FieldInfo {
  std::string name;
  TypeRef type;
  std::string label;
  Index person = kNoIndex;  ///< personal: the field that names whose it is, itself when it names a person
  [[nodiscard]] bool personal() const { return person != kNoIndex; }
};

struct ExigenceInfo {
  std::string label;
  Code condition;
  Span span;
  std::vector<Citation> citations;
};

/// A définition, décision, condition or scrutin. Rules of one édition share one index space, in order of declaration.
struct RuleInfo {
  enum class Kind { kDefinition, kDecision, kCondition, kScrutin };
  struct Case {
    Code value;                                        ///< null: aucune
    std::vector<std::pair<std::string, Code>> reason;  ///< literal, or expression when the code is not null
    Code condition;                                    ///< null for sinon
    Code exception;                                    ///< may be null
    Span span;
    std::vector<Citation> citations;
  };
  struct Scrutin {
    Code college, positions;
    TypeRef member;
    std::vector<int>
        meaning;  ///< by value of the position's énumération: 0 none, 1 for, 2 against, 3 abstention, 4 absence
    ast::ScrutinDecl::Counts abstention_counts{}, absence_counts{};
    ast::ScrutinDecl::Threshold threshold;
    std::optional<ast::ScrutinDecl::Threshold> quorum;
  };
  Kind kind = Kind::kDefinition;
  std::string name;
  Index objet = 0;
  TypeRef type;
  Code value;                           ///< kDefinition
  std::vector<Case> cases;              ///< kDecision
  std::optional<Case> otherwise;        ///< kDecision
  std::vector<ExigenceInfo> exigences;  ///< kCondition
  std::optional<Scrutin> scrutin;       ///< kScrutin
  Span span;
  std::vector<Citation> citations;
  /// Décisions and conditions are what `regles evaluer` answers and what an acte may record.
  [[nodiscard]] bool is_decision() const { return kind == Kind::kDecision || kind == Kind::kCondition; }
};

struct ParameterInfo {
  struct Dated {
    Value value;
    std::optional<Date> from, to;
    std::optional<Date> revision;
    std::vector<Citation> citations;
  };
  std::string name;
  TypeRef type;
  bool setting = false;
  std::vector<Dated> values;  ///< sorted, no overlap
  std::vector<Citation> citations;
};

struct RoleInfo {
  std::string name;
  TypeRef type;  ///< null: any text
};

struct EtatInfo {
  std::string name, label;
  bool final = false;
};

struct ActeInfo {
  struct Actor {
    Index role = kNoIndex;  ///< kNoIndex: système
    Code among;             ///< may be null
    Span span;
  };
  struct Donnee {
    std::string name;
    TypeRef type;
    bool optional = false;
    Index field = kNoIndex;   ///< the field of the same name and type, if any
    Index person = kNoIndex;  ///< personal: the donnée that names whose it is, itself when it names a person
    [[nodiscard]] bool personal() const { return person != kNoIndex; }
  };
  struct Effect {
    ast::ActeDecl::Effect::Kind kind{};  ///< kAllData is spelled out into kSet
    Index field = 0;
    Code key, value;          ///< value is never null; an absent optional donnée leaves the field as it is
    Index donnee = kNoIndex;  ///< the value is just this donnée
  };
  struct Target {
    Index etat = 0;
    Code condition;  ///< null: `sinon`, or always when alone
    Span span;
  };
  struct Next {
    Index acte = 0;
    Code condition;  ///< null: always
    Span span;
  };
  std::string name, label;
  std::vector<Actor> actors;
  bool opens = false;
  std::vector<Index> from;  ///< états; empty with opens, otherwise empty means any
  std::vector<Donnee> donnees;
  std::vector<ExigenceInfo> exigences;
  std::vector<Effect> effects;
  std::vector<Index> decides;   ///< rules
  std::vector<Target> targets;  ///< empty: stays
  std::vector<Next> next;
  std::vector<Citation> citations;
};

struct ProcedureInfo {
  std::vector<RoleInfo> roles;
  std::vector<EtatInfo> etats;
  std::vector<ActeInfo> actes;
};

struct TableauInfo {
  struct Each {
    std::string name;
    Code source;
    TypeRef type;
  };
  struct Group {
    Code value;
    std::string header;
    TypeRef type;
    Index personal = kNoIndex;  ///< shows this personal field, which `value` cannot read
  };
  struct Column {
    ast::TableauDecl::Column::Kind kind{};
    Code value;
    std::string header;
    TypeRef type;
  };
  std::string name, title;
  Index objet = 0;
  Code where;  ///< may be null
  std::vector<Each> each;
  std::vector<Group> groups;
  std::vector<Column> columns;
};

struct ObjetInfo {
  std::string name;      ///< "Dossier"
  std::string category;  ///< flux prefix: folded, spaces to hyphens: "dossier"
  std::vector<FieldInfo> fields;
  std::optional<ProcedureInfo> procedure;
};

struct ScenarioInfo {
  struct Expected {
    Index rule = 0;
    ast::ScenarioDecl::Expected::Kind kind{};
    Value value;
    bool has_value = false;
    std::vector<std::string> texts;
    std::vector<Index> missing;  ///< fact ids
    Span span;
  };
  std::string title;
  Index objet = 0;
  std::vector<std::optional<Value>> facts;
  std::vector<Expected> expected;
  Span span;
};

struct Program {
  std::string text;  ///< the source, exactly
  std::int64_t millesime = 0;
  std::string title;
  Date from, to;  ///< both included
  std::vector<SourceInfo> sources;
  std::vector<EnumInfo> enums;
  std::vector<TableInfo> tables;
  std::vector<ObjetInfo> objets;
  std::vector<ParameterInfo> parameters;
  std::vector<RuleInfo> rules;
  std::vector<TableauInfo> tableaux;
  std::vector<ScenarioInfo> scenarios;

  [[nodiscard]] Index find_objet(std::string_view name) const;  ///< by name or category; kNoIndex
  [[nodiscard]] Index find_field(Index objet, std::string_view name) const;
  [[nodiscard]] Index find_rule(std::string_view name) const;
  [[nodiscard]] Index find_acte(Index objet, std::string_view name) const;
  [[nodiscard]] Index find_tableau(std::string_view name) const;
  /// Whether a field or a donnée is personal.
  [[nodiscard]] bool has_personal() const;
};

/// How a value is written in the language's own words: an énumération's value by its name, a row by its key, money as
/// "1 234,56 €", a date as 30/01/2024, lists joined by ", ".
[[nodiscard]] std::string show(const Program& program, const Value& value);
/// "liste de Quartier"
[[nodiscard]] std::string show(const Program& program, const Type& type);

struct Compiled {
  std::shared_ptr<const Program> program;  ///< null when there is an error
  std::vector<Diagnostic> diagnostics;     ///< errors and warnings, in order of place
};

/// parse, then check. Diagnostics R0001–R0199 are the parser's, R0200–R0499 the checker's.
[[nodiscard]] Compiled compile(std::string_view source);

}  // namespace assemblier::dsl
