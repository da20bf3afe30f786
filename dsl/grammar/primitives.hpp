#pragma once
// The parsers of single tokens and names, and the directives that describe and bound. Included by the grammar's .cpp
// only.

#include "dsl/grammar/state.hpp"

#include <string>
#include <type_traits>
#include <utility>

#include <boost/spirit/home/x3.hpp>

namespace assemblier::dsl::grammar {

namespace x3 = boost::spirit::x3;

struct state_tag;
using Iterator = const Token*;
/// Of x3::with<state_tag>(state) over nothing: every rule is instantiated for it, once.
using Context = x3::context<state_tag, State>;

template <class C>
State& state_of(const C& context) {
  return x3::get<state_tag>(context);
}

template <class Attribute, class T>
void assign(Attribute& attribute, T&& value) {
  if constexpr (!std::is_same_v<std::remove_cv_t<Attribute>, x3::unused_type>) attribute = std::forward<T>(value);
}

/// A sequence of keywords, at most seven.
struct Phrase {
  std::array<KeywordId, 7> ids{};
  std::size_t size = 0;
  std::string_view text;

  // NOLINTNEXTLINE(google-explicit-constructor): a phrase is written as its text
  consteval Phrase(const char* spelled) : text(spelled) {
    std::size_t begin = 0;
    while (begin < text.size()) {
      std::size_t end = begin;
      while (end < text.size() && text[end] != ' ' && text[end] != '\'') ++end;
      if (end < text.size() && text[end] == '\'') ++end;
      ids[size++] = keyword(text.substr(begin, end - begin));
      begin = end < text.size() && text[end] == ' ' ? end + 1 : end;
    }
  }
};

enum class Tell { kYes, kPartly, kNo };
enum class Place { kAnywhere, kValue };  ///< kValue: a declared name may stand there too, and goes first

struct phrase_parser : x3::parser<phrase_parser> {
  using attribute_type = x3::unused_type;
  static bool const has_attribute = false;

  constexpr phrase_parser(Phrase words, Tell named, Place where) : phrase(words), tell(named), place(where) {}

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R&, A&) const {
    Iterator it = first;
    for (std::size_t i = 0; i < phrase.size; ++i, ++it) {
      if (it == last || it->kind != TokenKind::kWord || !it->keyword.is(phrase.ids[i])) {
        if (tell == Tell::kYes || (tell == Tell::kPartly && i > 0)) {
          const auto rest = kKeywords[phrase.ids[i]].text;
          state_of(context).expect(it, "« " + std::string(i == 0 ? phrase.text : rest) + " »");
        }
        return false;
      }
    }
    if (place == Place::kValue && state_of(context).name_at(first) > 0) return false;
    first = it;
    return true;
  }

  Phrase phrase;
  Tell tell;
  Place place;
};

/// Keywords that the message names when they are missing.
constexpr phrase_parser kw(Phrase phrase) { return {phrase, Tell::kYes, Place::kAnywhere}; }
/// Keywords that could always come and are not worth naming.
constexpr phrase_parser quiet(Phrase phrase) { return {phrase, Tell::kNo, Place::kAnywhere}; }
/// The same, but named once their first word is there.
constexpr phrase_parser partly(Phrase phrase) { return {phrase, Tell::kPartly, Place::kAnywhere}; }
/// Keywords that begin a value, where a declared name may stand too.
constexpr phrase_parser begins(Phrase phrase) { return {phrase, Tell::kNo, Place::kValue}; }

struct symbol_parser : x3::parser<symbol_parser> {
  using attribute_type = x3::unused_type;
  static bool const has_attribute = false;

  constexpr symbol_parser(Symbol wanted, std::string_view what) : symbol(wanted), description(what) {}

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R&, A&) const {
    if (first == last || first->symbol != symbol) {
      if (!description.empty()) state_of(context).expect(first, description);
      return false;
    }
    ++first;
    return true;
  }

  Symbol symbol;
  std::string_view description;
};

constexpr symbol_parser sign(Symbol symbol, std::string_view description) { return {symbol, description}; }
constexpr symbol_parser quiet_sign(Symbol symbol) { return {symbol, {}}; }

/// A token of one kind; its attribute is the token.
struct token_parser : x3::parser<token_parser> {
  using attribute_type = const Token*;
  static bool const has_attribute = true;

  constexpr token_parser(TokenKind wanted, std::string_view what) : kind(wanted), description(what) {}

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R&, A& attribute) const {
    // A whole number may begin a declared name: `3 ans de contrat`.
    if (first == last || first->kind != kind || (kind == TokenKind::kInteger && state_of(context).name_at(first) > 0)) {
      if (!description.empty()) state_of(context).expect(first, description);
      return false;
    }
    assign(attribute, first);
    ++first;
    return true;
  }

  TokenKind kind;
  std::string_view description;
};

inline constexpr token_parser text_token{TokenKind::kText, "un texte « … »"};
inline constexpr token_parser date_token{TokenKind::kDate, "une date"};
inline constexpr token_parser integer_token{TokenKind::kInteger, "un nombre entier"};

/// A declared name by longest match, a name between brackets, or the run of words that stands where one must.
struct name_parser : x3::parser<name_parser> {
  using attribute_type = ast::Name;
  static bool const has_attribute = true;

  constexpr explicit name_parser(std::string_view what) : description(what) {}

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R&, A& attribute) const {
    State& state = state_of(context);
    std::size_t length = 0;
    if (first != last && first->kind == TokenKind::kQuoted) {
      length = 1;
    } else if (const int known = state.name_at(first); known > 0) {
      length = static_cast<std::size_t>(known);
      state.take(first, known);
    } else if (!state.known_only && !(first == state.forced_at)) {
      length = state.unknown_at(first);
      if (length > 0) {
        state.unknown_used = true;
        state.object_to_number(first);
      }
    }
    if (length == 0) {
      if (!description.empty()) state.expect(first, description);
      return false;
    }
    const Iterator begin = first;
    first += static_cast<std::ptrdiff_t>(length);
    assign(attribute, ast::Name{name_text(begin, first), state.span(begin, first)});
    return true;
  }

  std::string_view description;
};

inline constexpr name_parser known_name{"un nom"};

/// The name that a declaration gives.
struct new_name_parser : x3::parser<new_name_parser> {
  using attribute_type = ast::Name;
  static bool const has_attribute = true;
  enum class Ends { kAtSign, kBeforeObjet, kBeforeParmi };

  constexpr explicit new_name_parser(Ends where) : ends(where) {}

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R&, A& attribute) const {
    State& state = state_of(context);
    Iterator end = name_end(first, last);
    if (ends == Ends::kBeforeObjet) end = before_objet(first, last, state.names);
    if (ends == Ends::kBeforeParmi) {
      end = first;
      while (end != last && end->word != 0 && !end->keyword.is(keyword("parmi"))) ++end;
    }
    bool word = false;
    for (Iterator t = first; t != end; ++t) word = word || t->kind != TokenKind::kInteger;
    if (!word) {
      state.expect(first, "un nom");
      return false;
    }
    check(state, first, end);
    assign(attribute, ast::Name{name_text(first, end), state.span(first, end)});
    first = end;
    return true;
  }

  static void check(State& state, Iterator first, Iterator end) {
    if (end - first == 1 && first->kind == TokenKind::kWord && first->keyword.has(Keyword::kReserved)) {
      state.object("R0053", first->span, "« " + first->text + " » est un mot réservé, il ne peut pas être un nom",
                   "choisissez un autre nom, ou ajoutez-lui un mot");
    }
    if (end - first > static_cast<std::ptrdiff_t>(kNameWords)) {
      state.object("R0054", state.span(first, end), "ce nom a plus de 30 mots",
                   "un nom s'arrête à : = ( « | ; , ou à la fin de la ligne");
    }
  }

  Ends ends;
};

inline constexpr new_name_parser new_name{new_name_parser::Ends::kAtSign};
inline constexpr new_name_parser name_before_objet{new_name_parser::Ends::kBeforeObjet};
inline constexpr new_name_parser name_before_parmi{new_name_parser::Ends::kBeforeParmi};

struct end_parser : x3::parser<end_parser> {
  using attribute_type = x3::unused_type;
  static bool const has_attribute = false;

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R&, A&) const {
    if (first == last) return true;
    state_of(context).expect(first, "la fin de la clause");
    return false;
  }
};
inline constexpr end_parser end_of_clause{};

/// The comma of a list: not the one of `, sans doublon`, of `, révision attendue`, or before the next given of a
/// scenario.
struct list_comma_parser : x3::parser<list_comma_parser> {
  using attribute_type = x3::unused_type;
  static bool const has_attribute = false;

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R&, A&) const {
    if (first == last || first->symbol != Symbol::kComma) return false;
    const Iterator next = first + 1;
    if (next != last && next->kind == TokenKind::kWord && next + 1 != last) {
      if (next->keyword.is(keyword("sans")) && next[1].keyword.is(keyword("doublon"))) return false;
    }
    const State& state = state_of(context);
    if (next != last && next->keyword.is(keyword("révision")) && state.names.match(next, last).count == 0) return false;
    if (state.scenario && state.begins_item(next)) return false;
    ++first;
    return true;
  }
};
inline constexpr list_comma_parser list_comma{};

/// What a failure at the first token is called, instead of all that could have begun it.
template <class Subject>
struct label_directive : x3::unary_parser<Subject, label_directive<Subject>> {
  using base_type = x3::unary_parser<Subject, label_directive<Subject>>;
  static bool const is_pass_through_unary = true;
  static bool const handles_container = Subject::handles_container;

  constexpr label_directive(const Subject& inner, std::string_view what) : base_type(inner), description(what) {}

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R& rcontext, A& attribute) const {
    State& state = state_of(context);
    if (state.labelled == first) return this->subject.parse(first, last, context, rcontext, attribute);
    struct Restore {
      State& state;
      const Token* before;
      ~Restore() { state.labelled = before; }
    };
    const Iterator begin = first;
    bool parsed = false;
    {
      const Restore restore{state, state.labelled};
      state.labelled = begin;
      parsed = this->subject.parse(first, last, context, rcontext, attribute);
    }
    if (!parsed) state.expect(begin, description);
    return parsed;
  }

  std::string_view description;
};

struct label_gen {
  std::string_view description;
  template <class Subject>
  constexpr auto operator[](const Subject& subject) const {
    using P = typename x3::extension::as_parser<Subject>::value_type;
    return label_directive<P>{x3::as_parser(subject), description};
  }
};
constexpr label_gen label(std::string_view description) { return {description}; }

/// One level of nesting: past the limit nothing is parsed.
template <class Subject>
struct deeper_directive : x3::unary_parser<Subject, deeper_directive<Subject>> {
  using base_type = x3::unary_parser<Subject, deeper_directive<Subject>>;
  static bool const is_pass_through_unary = true;
  static bool const handles_container = Subject::handles_container;

  constexpr explicit deeper_directive(const Subject& inner) : base_type(inner) {}

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R& rcontext, A& attribute) const {
    State& state = state_of(context);
    if (state.depth > state.limits.nesting) throw TooDeep{first};
    struct Leave {
      State& state;
      ~Leave() { --state.depth; }
    };
    ++state.depth;
    const Leave leave{state};
    return this->subject.parse(first, last, context, rcontext, attribute);
  }
};

struct deeper_gen {
  template <class Subject>
  constexpr auto operator[](const Subject& subject) const {
    using P = typename x3::extension::as_parser<Subject>::value_type;
    return deeper_directive<P>{x3::as_parser(subject)};
  }
};
inline constexpr deeper_gen deeper{};

/// Once the subject has matched, `F{}(state, value of the rule, first token, end)`. An on_success handler would not do:
/// it is not given the value of a rule that has actions.
template <class Subject, class F>
struct after_directive : x3::unary_parser<Subject, after_directive<Subject, F>> {
  using base_type = x3::unary_parser<Subject, after_directive<Subject, F>>;
  static bool const is_pass_through_unary = true;
  static bool const handles_container = Subject::handles_container;

  constexpr explicit after_directive(const Subject& inner) : base_type(inner) {}

  template <class C, class R, class A>
  bool parse(Iterator& first, Iterator const& last, const C& context, R& rcontext, A& attribute) const {
    const Iterator begin = first;
    if (!this->subject.parse(first, last, context, rcontext, attribute)) return false;
    if (begin != first) F{}(state_of(context), rcontext, begin, first);
    return true;
  }
};

template <class F>
struct after_gen {
  template <class Subject>
  constexpr auto operator[](const Subject& subject) const {
    using P = typename x3::extension::as_parser<Subject>::value_type;
    return after_directive<P, F>{x3::as_parser(subject)};
  }
};

/// The value of the rule takes the span of its tokens.
struct TakeSpan {
  template <class T>
  void operator()(const State& state, T& value, Iterator begin, Iterator end) const {
    value.span = state.span(begin, end);
  }
};
inline constexpr after_gen<TakeSpan> spanned{};

// ---------------------------------------------------------------- actions

/// _val.member = _attr
template <class T, class M>
constexpr auto set(M T::* member) {
  return [member](auto& context) { x3::_val(context).*member = std::move(x3::_attr(context)); };
}
/// _val.member = value
template <class T, class M, class V>
constexpr auto put(M T::* member, V value) {
  return [member, value](auto& context) { x3::_val(context).*member = value; };
}
/// _val.member.push_back(_attr)
template <class T, class M>
constexpr auto push(M T::* member) {
  return [member](auto& context) { (x3::_val(context).*member).push_back(std::move(x3::_attr(context))); };
}
/// _val.member = text of the token
template <class T>
constexpr auto set_text(std::string T::* member) {
  return [member](auto& context) { x3::_val(context).*member = x3::_attr(context)->text; };
}
/// _val.member = date of the token
template <class T>
constexpr auto set_date(std::optional<Date> T::* member) {
  return [member](auto& context) { x3::_val(context).*member = x3::_attr(context)->value.template as<Date>(); };
}
/// _val = _attr
inline constexpr auto keep = [](auto& context) { x3::_val(context) = std::move(x3::_attr(context)); };

/// The entry of a clause: the whole of it, or why not in the state.
template <class Parser, class T>
bool run(State& state, const Parser& parser, T& out) {
  Iterator first = state.first;
  try {
    return parser_with_state(state, parser, first, out);
  } catch (const x3::expectation_failure<Iterator>&) {
    return false;
  } catch (const TooDeep& deep) {
    state.too_deep = true;
    state.farthest = deep.at;
    return false;
  }
}

template <class Parser, class T>
bool parser_with_state(State& state, const Parser& parser, Iterator& first, T& out) {
  return x3::parse(first, state.last, x3::with<state_tag>(state)[parser], out) && first == state.last;
}

}  // namespace assemblier::dsl::grammar
