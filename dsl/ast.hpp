#pragma once
// The syntax tree: what the text says, before any name is resolved. Plain structs; the parser builds them, the checker
// and the naive evaluator of the tests read them. Names are NFC, words joined by one space (none after an apostrophe).
//
// Thread-safety: immutable once parsed.

#include "dsl/diagnostic.hpp"
#include "dsl/values.hpp"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace assemblier::dsl::ast {

struct Name {
  std::string text;
  Span span;
};

/// `source CQ2030 § 7.C.I.1`
struct SourceRef {
  Name source;
  std::string reference;  ///< "§ 7.C.I.1", may be empty
};

// ---------------------------------------------------------------- types

struct TypeExpr;
using TypePtr = std::shared_ptr<const TypeExpr>;

struct TypeExpr {
  enum class Kind { kBooleen, kEntier, kMontant, kTaux, kDate, kDuree, kTexte, kNamed, kList, kMap };
  Kind kind = Kind::kTexte;
  std::string name;  ///< kNamed: an énumération or a table
  TypePtr element;   ///< kList: of; kMap: the value type
  TypePtr key;       ///< kMap: `element par key`
  Span span;
};

// ---------------------------------------------------------------- expressions

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

enum class UnaryOp { kNot, kMinus };
enum class BinaryOp { kAnd, kOr, kEq, kNe, kLt, kLe, kGt, kGe, kAdd, kSub, kMul, kDiv, kExcept, kUnion };
enum class Quantifier { kAll, kNone, kSome };
enum class Aggregate { kCount, kSum, kMin, kMax };

/// A literal: bool, int64, Montant, Taux, Date, Duree or text.
struct Literal {
  Value value;
};
/// A declared name, or one of the built-in names `acteur`, `date de l'acte`, `état`, `élément`.
struct NameRef {
  std::string name;
};
struct Unary {
  UnaryOp op;
  ExprPtr operand;
};
/// kExcept: `A sauf B` (list difference); kUnion: `A ainsi que B` (A, then what B adds, without duplicate).
struct Binary {
  BinaryOp op;
  ExprPtr left, right;
};
/// `D + 1 mois ramené à la fin du mois` / `reporté au mois suivant`; `op` is kAdd or kSub. A plain kAdd is a Binary.
struct DateShift {
  BinaryOp op;
  ExprPtr date, duration;
  MonthEnd rule;
};
/// `x parmi L`, `x n'est pas parmi L`
struct In {
  ExprPtr item, list;
  bool negated;
};
/// `x entre A et B`, both included
struct Between {
  ExprPtr item, low, high;
};
/// `tous les S parmi L` · `aucun des S parmi L` · `au moins un des S parmi L` (kIn)
/// `tous les S ont un A` (kHas: every element is a key of the association A) · `… vérifient C` (kVerify)
struct Quantified {
  enum class Test { kIn, kHas, kVerify };
  Quantifier quantifier;
  ExprPtr source;
  Test test;
  ExprPtr argument;
};
/// `N de X`: column of a row, projection of a list of rows (flattened when the column is a list), value of the
/// association N at key X, or `année|mois|jour de D`. Which one is decided by types.
struct Of {
  Name name;
  ExprPtr operand;
};
/// `L dont C`: inside C the columns of the element are names, and `élément` is the element.
struct Filter {
  ExprPtr source, condition;
};
/// `L, sans doublon`: first occurrences kept.
struct Distinct {
  ExprPtr source;
};
/// `nombre de L`, `somme de L` (of a list or of an association's values), `minimum de L`, `maximum de L`
struct Aggregated {
  Aggregate function;
  ExprPtr source;
};
/// `clés de A` (kKeys), `valeurs de A`
struct MapPart {
  bool keys;
  ExprPtr source;
};
/// `a, b, c`, `(a, b)`, `liste vide`
struct ListLiteral {
  std::vector<ExprPtr> items;
};
/// `si C alors A sinon B`
struct Conditional {
  ExprPtr condition, then, otherwise;
};
/// `arrondi au plus proche de E [à U près]`; a division may stand only as E itself.
struct Round {
  Rounding mode;
  ExprPtr operand;
  ExprPtr unit;  ///< may be null
};
/// `paramètre au DATE`
struct At {
  Name parameter;
  ExprPtr date;
};
/// `S est acquis` (kAcquired), `ceux qui manquent à S` (kMissing: list of members)
struct Vote {
  enum class Kind { kAcquired, kMissing };
  Kind kind;
  Name scrutin;
};
/// `D retenue`: the décision last recorded by an acte
struct Recorded {
  Name decision;
};
/// `D est aucune`, `D n'est pas aucune`
struct IsNone {
  ExprPtr operand;
  bool negated;
};
/// `f est renseigné`, `f n'est pas renseigné`: true or false, never undetermined
struct IsKnown {
  ExprPtr operand;
  bool negated;
};

struct Expr {
  std::variant<Literal, NameRef, Unary, Binary, DateShift, In, Between, Quantified, Of, Filter, Distinct, Aggregated,
               MapPart, ListLiteral, Conditional, Round, At, Vote, Recorded, IsNone, IsKnown>
      node;
  Span span;
};

/// Text of a reason: literal pieces and `{expression}` pieces, in order.
struct Template {
  struct Piece {
    std::string text;
    ExprPtr expr;  ///< null for a literal piece
  };
  std::vector<Piece> pieces;
  Span span;
};

// ---------------------------------------------------------------- declarations

struct Edition {
  std::int64_t millesime = 0;
  std::string title;
  std::optional<Date> from, to;  ///< en vigueur du … au …, both included
  Span span;
};

struct SourceDecl {
  Name name;
  std::string title;
};

struct EnumDecl {
  struct Item {
    Name name;
    std::string label;
    std::vector<SourceRef> sources;
  };
  Name name;
  std::vector<Item> items;
  std::vector<SourceRef> sources;
};

/// The first column is the row's key and its name in expressions.
struct TableDecl {
  struct Column {
    Name name;
    TypePtr type;
  };
  /// A cell as typed: raw text for texte columns; for others the checker parses `parts` (cell split at commas).
  struct Cell {
    std::string text;  ///< trimmed source text, or the content of « … »
    bool quoted = false;
    std::vector<Name> parts;       ///< trimmed comma-separated parts as names (keys, enum values), empty cell: none
    std::optional<Value> literal;  ///< when the cell is one literal (number, amount, rate, date, duration, oui/non)
    Span span;
  };
  struct RowDecl {
    std::vector<Cell> cells;
    Span span;
    std::vector<SourceRef> sources;
  };
  Name name;
  std::vector<Column> columns;
  std::vector<RowDecl> rows;
  std::vector<SourceRef> sources;
};

struct FieldDecl {
  Name name;
  TypePtr type;
  std::string label;
  bool optional = false;  ///< facultatif
  bool personal = false;  ///< personnel
  Name person;            ///< personnel de …: the field that says whose; empty: this one names a person
  std::vector<SourceRef> sources;
};

struct ObjetDecl {
  Name name;
  std::vector<FieldDecl> fields;
  std::vector<SourceRef> sources;
};

struct ParameterDecl {
  struct Dated {
    ExprPtr value;
    std::optional<Date> from, to;  ///< both included
    std::optional<Date> revision;  ///< révision attendue le …
    std::vector<SourceRef> sources;
    Span span;
  };
  Name name;
  TypePtr type;            ///< may be null: inferred
  bool setting = false;    ///< réglage: the source leaves it open
  bool commented = false;  ///< a comment stands on, just above or under it
  std::vector<Dated> values;
  std::vector<SourceRef> sources;
};

struct DefinitionDecl {
  Name name;
  TypePtr type;  ///< may be null: inferred
  ExprPtr value;
  std::vector<SourceRef> sources;
};

struct DecisionDecl {
  /// `value quand condition [sauf si exception]`, or `aucune « reason » quand condition`
  struct Case {
    ExprPtr value;                   ///< null: aucune
    std::optional<Template> reason;  ///< only with aucune
    ExprPtr condition;               ///< null only for the `sinon` case
    ExprPtr exception;               ///< may be null
    Span span;
    std::vector<SourceRef> sources;
  };
  Name name;
  TypePtr type;                   ///< may be null: inferred from the first value
  std::vector<Case> cases;        ///< a grille arrives here as cases
  std::optional<Case> otherwise;  ///< sinon
  bool grid = false;
  std::vector<SourceRef> sources;
};

struct Exigence {
  std::string label;
  ExprPtr condition;
  Span span;
  std::vector<SourceRef> sources;
};

struct ConditionDecl {
  Name name;
  std::vector<Exigence> exigences;
  std::vector<SourceRef> sources;
};

struct ScrutinDecl {
  enum class Base { kMembers, kPresent, kCast };   ///< des membres, des présents, des exprimés
  enum class Counts { kIgnored, kAgainst, kFor };  ///< ne compte pas, vaut refus, vaut accord
  struct Threshold {
    std::int64_t numerator = 1, denominator = 1;
    bool strict = false;  ///< more than, instead of at least
    Base base = Base::kMembers;
  };
  Name name;
  ExprPtr college;
  ExprPtr positions;                                          ///< an association member → position
  std::vector<Name> in_favour, against, abstention, absence;  ///< values of the position's énumération
  Counts abstention_counts = Counts::kIgnored;
  Counts absence_counts = Counts::kIgnored;
  Threshold threshold;              ///< unanimité: 1/1
  std::optional<Threshold> quorum;  ///< of the members; base is kMembers
  std::vector<SourceRef> sources;
};

struct RoleDecl {
  Name name;
  TypePtr type;  ///< may be null: any text
};

struct EtatDecl {
  Name name;
  std::string label;
  bool final = false;
};

struct ActeDecl {
  struct Donnee {
    Name name;
    TypePtr type;  ///< null: the type of the field of the same name
    bool optional = false;
    bool personal = false;  ///< personnel, as for a field; so is what bears the name of a personal field
    Name person;
  };
  struct Effect {
    enum class Kind {
      kSet,
      kSetKey,
      kAppend,
      kAllData
    };  ///< inscrit F = E · inscrit F de K = E · ajoute E à F · inscrit les données
    Kind kind = Kind::kSet;
    Name field;
    ExprPtr key;
    ExprPtr value;  ///< null: the donnée of the field's name
    Span span;
  };
  struct Target {
    Name etat;
    ExprPtr condition;  ///< null: always, or `sinon`
    Span span;
  };
  struct Next {
    Name acte;
    ExprPtr condition;  ///< null: always
    Span span;
  };
  struct Actor {
    Name role;
    ExprPtr among;  ///< `par financeur parmi L`; may be null
  };
  Name name;
  std::string label;
  std::vector<Actor> actors;
  bool opens = false;
  std::vector<Name> from;
  std::vector<Donnee> donnees;
  std::vector<Exigence> exigences;
  std::vector<Effect> effects;
  std::vector<Name> decides;
  std::vector<Target> targets;
  std::vector<Next> next;
  std::vector<SourceRef> sources;
};

struct ProcedureDecl {
  Name objet;
  std::vector<RoleDecl> roles;
  std::vector<EtatDecl> etats;
  std::vector<ActeDecl> actes;
  std::vector<SourceRef> sources;
};

struct TableauDecl {
  struct Each {
    Name variable;
    ExprPtr source;
  };
  struct Group {
    ExprPtr value;
    std::string header;
  };
  struct Column {
    enum class Kind { kCount, kTotal, kMin, kMax };
    Kind kind = Kind::kCount;
    ExprPtr value;  ///< null for kCount
    std::string header;
  };
  Name name;
  Name objet;
  std::string title;
  ExprPtr where;  ///< may be null
  std::vector<Each> each;
  std::vector<Group> groups;
  std::vector<Column> columns;
  std::vector<SourceRef> sources;
};

struct ScenarioDecl {
  struct Given {
    Name field;
    ExprPtr key;  ///< `avis de CAF = favorable`; null for a whole field
    ExprPtr value;
    Span span;
  };
  struct Expected {
    enum class Kind { kValue, kNone, kUndetermined, kError };
    Name rule;
    Kind kind = Kind::kValue;
    ExprPtr value;                   ///< kValue
    std::vector<std::string> texts;  ///< reasons (kNone) or unmet exigences (kValue of a condition); empty: not checked
    std::vector<Name> missing;       ///< kUndetermined: missing facts; empty: not checked
    Span span;
  };
  std::string title;
  Name objet;  ///< text empty: the section's, or the only one
  std::vector<Given> given;
  std::vector<Expected> expected;
  Span span;
};

struct Decl {
  std::variant<SourceDecl, EnumDecl, TableDecl, ObjetDecl, ParameterDecl, DefinitionDecl, DecisionDecl, ConditionDecl,
               ScrutinDecl, ProcedureDecl, TableauDecl, ScenarioDecl>
      node;
  Span span;          ///< the header line
  std::string objet;  ///< the `règles du X` section it stands in; empty: none
};

struct File {
  int langue = 1;
  Edition edition;
  std::vector<Decl> decls;
};

}  // namespace assemblier::dsl::ast
