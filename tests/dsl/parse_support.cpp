#include "tests/dsl/parse_support.hpp"

#include <array>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace assemblier::dsl::test {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

std::string_view name(ast::BinaryOp op) {
  constexpr std::array<std::string_view, 14> kNames = {"et", "ou", "=", "≠", "<", "≤",    ">",
                                                       "≥",  "+",  "-", "×", "/", "sauf", "ainsi"};
  return kNames[static_cast<std::size_t>(op)];
}

}  // namespace

std::string show(const Value& value) {
  return std::visit(
      Overloaded{[](bool b) -> std::string { return b ? "oui" : "non"; },
                 [](std::int64_t n) { return std::to_string(n); }, [](Montant m) { return plain(m) + "€"; },
                 [](Taux t) { return fmt::format("{}t", t.nano); }, [](Date d) { return iso(d); },
                 [](Duree d) { return fmt::format("{}m{}j", d.months, d.days); },
                 [](const std::string& s) { return "«" + s + "»"; }, [](const auto&) -> std::string { return "?"; }},
      value.data);
}

std::string show(const ast::TypePtr& type) {
  if (!type) return "";
  switch (type->kind) {
    case ast::TypeExpr::Kind::kBooleen:
      return "booléen";
    case ast::TypeExpr::Kind::kEntier:
      return "entier";
    case ast::TypeExpr::Kind::kMontant:
      return "montant";
    case ast::TypeExpr::Kind::kTaux:
      return "taux";
    case ast::TypeExpr::Kind::kDate:
      return "date";
    case ast::TypeExpr::Kind::kDuree:
      return "durée";
    case ast::TypeExpr::Kind::kTexte:
      return "texte";
    case ast::TypeExpr::Kind::kNamed:
      return type->name;
    case ast::TypeExpr::Kind::kList:
      return "liste(" + show(type->element) + ")";
    case ast::TypeExpr::Kind::kMap:
      return show(type->element) + " par " + show(type->key);
  }
  return "?";
}

std::string show(const ast::ExprPtr& expr) {
  if (!expr) return "∅";
  return std::visit(
      Overloaded{
          [](const ast::Literal& e) { return show(e.value); },
          [](const ast::NameRef& e) { return "[" + e.name + "]"; },
          [](const ast::Unary& e) {
            return fmt::format("({} {})", e.op == ast::UnaryOp::kNot ? "non" : "-", show(e.operand));
          },
          [](const ast::Binary& e) { return fmt::format("({} {} {})", name(e.op), show(e.left), show(e.right)); },
          [](const ast::DateShift& e) {
            return fmt::format("({}{} {} {})", name(e.op), e.rule == MonthEnd::kLastDay ? "fin" : "suivant",
                               show(e.date), show(e.duration));
          },
          [](const ast::In& e) {
            return fmt::format("({}parmi {} {})", e.negated ? "non-" : "", show(e.item), show(e.list));
          },
          [](const ast::Between& e) {
            return fmt::format("(entre {} {} {})", show(e.item), show(e.low), show(e.high));
          },
          [](const ast::Quantified& e) {
            constexpr std::array<std::string_view, 3> kQuantifiers = {"tous", "aucun", "un"};
            constexpr std::array<std::string_view, 3> kTests = {"parmi", "ont", "vérifient"};
            return fmt::format("({} {} {} {})", kQuantifiers[static_cast<std::size_t>(e.quantifier)], show(e.source),
                               kTests[static_cast<std::size_t>(e.test)], show(e.argument));
          },
          [](const ast::Of& e) { return fmt::format("(de [{}] {})", e.name.text, show(e.operand)); },
          [](const ast::Filter& e) { return fmt::format("(dont {} {})", show(e.source), show(e.condition)); },
          [](const ast::Distinct& e) { return fmt::format("(distinct {})", show(e.source)); },
          [](const ast::Aggregated& e) {
            constexpr std::array<std::string_view, 4> kNames = {"nombre", "somme", "min", "max"};
            return fmt::format("({} {})", kNames[static_cast<std::size_t>(e.function)], show(e.source));
          },
          [](const ast::MapPart& e) { return fmt::format("({} {})", e.keys ? "clés" : "valeurs", show(e.source)); },
          [](const ast::ListLiteral& e) {
            std::string out = "{";
            for (const auto& item : e.items) out += (out.size() > 1 ? " " : "") + show(item);
            return out + "}";
          },
          [](const ast::Conditional& e) {
            return fmt::format("(si {} {} {})", show(e.condition), show(e.then), show(e.otherwise));
          },
          [](const ast::Round& e) {
            return fmt::format("(arrondi{} {}{})", static_cast<int>(e.mode), show(e.operand),
                               e.unit ? " " + show(e.unit) : "");
          },
          [](const ast::At& e) { return fmt::format("(au [{}] {})", e.parameter.text, show(e.date)); },
          [](const ast::Vote& e) {
            return fmt::format("({} [{}])", e.kind == ast::Vote::Kind::kAcquired ? "acquis" : "manquent",
                               e.scrutin.text);
          },
          [](const ast::Recorded& e) { return fmt::format("(retenu [{}])", e.decision.text); },
          [](const ast::IsNone& e) { return fmt::format("({}aucune {})", e.negated ? "non-" : "", show(e.operand)); },
          [](const ast::IsKnown& e) {
            return fmt::format("({}renseigné {})", e.negated ? "non-" : "", show(e.operand));
          },
      },
      expr->node);
}

std::string with_names(std::string_view text) {
  return "langue 1\n"
         "édition 2024 « Essai »\n"
         "source S « Un texte »\n"
         "objet Dossier\n"
         "  a : entier\n"
         "  b : entier\n"
         "  c : booléen\n"
         "  d : booléen\n"
         "  f : booléen\n"
         "  liste longue : liste de Quartier\n"
         "  quartiers : liste de Quartier\n"
         "  orientation : Orientation\n"
         "  communes concernées : liste de Commune\n"
         "  date de dépôt : date\n"
         "  coût total : montant\n"
         "  avis : Avis par Financeur\n"
         "  durée : durée\n"
         "énumération Orientation\n"
         "  santé\n"
         "  éducation\n"
         "table Quartier (code : texte | communes : liste de Commune | EPCI : texte)\n"
         "  Q1 | Anzin | x\n"
         "paramètre part maximale = 80 %\n"
         "scrutin vote final\n"
         "  collège quartiers\n"
         "  positions avis\n"
         "  pour santé\n"
         "  acquis à l'unanimité des membres\n" +
         std::string(text);
}

std::string codes(const Parsed& parsed) {
  std::string out;
  for (const Diagnostic& d : parsed.diagnostics) out += (out.empty() ? "" : " ") + d.code;
  return out;
}

std::string expression(std::string_view text) {
  const Parsed parsed = parse(with_names("définition essai = " + std::string(text) + "\n"));
  if (const std::string found = codes(parsed); !found.empty()) return found;
  const auto* definition = find<ast::DefinitionDecl>(parsed);
  return definition == nullptr ? "absent" : show(definition->value);
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace assemblier::dsl::test
