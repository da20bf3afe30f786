#!/usr/bin/env python3
"""House rules that a compiler does not check. Usage: tidy.py ROOT. Prints file:line: message; exit 1 if there is any.

Checked in dsl/, storage/, engine/, tools/ and tests/ (comments never are):

 map      an #include goes only where the map of the house allows (dsl: dsl; storage: storage; engine: engine, dsl,
          storage; tools: tools, engine, dsl, storage; tests: everything).
 public   a public header includes no third party. A header is private when it lies in a folder of its room or says
          "Private to" in its opening comment; a private header is included by its own room, tests, benchmarks and the crash campaign only.
 names    no name declared in rules/*.regles stands in dsl/, storage/ or engine/, as an identifier or in a string literal,
          whatever its case, accents or joints (`Communes concernées`, communes_concernees, kCommunesConcernees).
            - A name of several words counts wherever its words follow each other.
            - A name of one word counts when it is the whole identifier or the whole literal: inside a sentence or a longer
              identifier it cannot be told from French or English.
            - Words of the grammar (the quoted words of dsl/README.md § 2) are the language's own.
            - Other words that the rooms need for themselves are in general_words.txt, each with its reason; a line there
              that no declared name needs any more is an error too.
 banned   rand, srand, strcpy, strcat, sprintf, gets, system, std::regex; std::cout, std::cerr, printf in libraries; floating
          point in dsl/ and engine/, where money lives; `using namespace` in headers.
 length   700 lines a file.
 default  a switch over kinds (`case SomeEnum::kSomething`) has no `default:`, so that a new kind is a compile error. Operators
          (enums named …Op) and plain constants may have one: a switch there picks a few of many.
"""

import re
import sys
import unicodedata
from pathlib import Path

MAY_INCLUDE = {
    "dsl": {"dsl"},
    "storage": {"storage"},
    "engine": {"engine", "dsl", "storage"},
    "tools": {"tools", "engine", "dsl", "storage"},
    "tests": {"tests", "tools", "engine", "dsl", "storage"},
}
LIBRARIES = ("dsl", "storage", "engine")
LONGEST = 700

BANNED = [
    (r"(?<![\w:.>])(?:std::)?s?rand\s*\(", "rand: use <random>, with a seed given as data"),
    (r"\bstr(?:cpy|cat)\s*\(", "strcpy/strcat: use std::string"),
    (r"(?<!\w)(?:std::)?v?sprintf\s*\(", "sprintf: use fmt"),
    (r"(?<![\w:.>])gets\s*\(", "gets: use std::getline"),
    (r"(?<![\w:.>])(?:std::)?system\s*\(", "system: no shell from here"),
    (r"\bstd::w?regex\b", "std::regex: overflows the stack on long input"),
]
BANNED_IN_LIBRARIES = [
    (r"\bstd::(?:cout|cerr|clog)\b", "standard streams belong to tools/"),
    (r"(?<![\w:])(?:std::)?(?:printf|puts)\s*\(", "standard streams belong to tools/"),
]
FLOATING = (r"\b(?:double|float)\b", "floating point: money is exact here")


def fold(text):
    """Accents dropped, œ → oe, lower case."""
    text = text.replace("œ", "oe").replace("Œ", "oe").replace("’", "'")
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).lower()


def words_of(text):
    """Words of a name or of a sentence: runs of letters and digits."""
    return re.findall(r"[a-z0-9]+", fold(text))


def words_of_identifier(identifier):
    """communes_concernees, CommunesConcernees, kCommunesConcernees, communes_concernees_ → communes, concernees"""
    identifier = re.sub(r"^k(?=[A-Z])", "", identifier)
    parts = []
    for part in identifier.split("_"):
        parts += re.findall(r"[A-Z]+[0-9]*(?![a-z])|[A-Z]?[a-z0-9]+", part)
    return [p.lower() for p in parts]


# ---------------------------------------------------------------- C++ text

TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<raw>(?:u8|u|U|L)?R"(?P<mark>[^()\\\s]{0,16})\((?P<rawtext>.*?)\)(?P=mark)")
      | (?P<string>(?:u8|u|U|L)?"(?P<text>(?:[^"\\\n]|\\.)*)")
      | (?P<char>(?<![\w'])(?:u8|u|U|L)?'(?:[^'\\\n]|\\.)+')
    """,
    re.VERBOSE | re.DOTALL,
)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


class Source:
    """A file without its comments: `code` also without its literals, both with every line in its place."""

    def __init__(self, path, room, relative):
        self.path, self.room, self.relative = path, room, relative
        self.text = path.read_text(encoding="utf-8")
        self.literals = []  # (offset, text)
        code, last = [], 0
        for token in TOKEN.finditer(self.text):
            code.append(self.text[last : token.start()])
            if token.group("string") is not None:
                self.literals.append((token.start(), token.group("text")))
            elif token.group("raw") is not None:
                self.literals.append((token.start(), token.group("rawtext")))
            code.append(blank(token.group()))
            last = token.end()
        code.append(self.text[last:])
        self.code = "".join(code)
        head = re.match(r"(?:\s*#pragma once\s*|\s*//[^\n]*\n?)*", self.text).group()
        self.header = path.suffix == ".hpp"
        self.sees_all = relative.startswith(("tests/", "tools/bench/", "tools/crash/"))
        self.private = self.header and ("/" in relative.removeprefix(room + "/") or "Private to" in head)

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1


# ---------------------------------------------------------------- declared names


def declared_names(text):
    """Every name an édition declares, as written."""
    names = []

    def add(name):
        name = re.sub(r"\s+source\s.*$", "", name)
        name = name.split("«")[0].split(" -- ")[0].strip().strip("[]").strip()
        if name and words_of(name):
            names.append(name)

    block = ""
    for raw in text.split("\n"):
        line = re.sub(r"(^|\s)--.*$", "", raw).rstrip()
        if not line.strip():
            continue
        folded = fold(line)
        if not line[0].isspace():
            block = folded.split()[0]
            rest = line.split(None, 1)[1] if len(line.split(None, 1)) > 1 else ""
            if block in ("enumeration", "objet", "decision", "definition", "parametre", "reglage", "condition", "scrutin", "grille"):
                add(re.split(r"[:=(«]", rest)[0])
            elif block == "source":
                add(rest)
            elif block == "table":
                add(rest.split("(")[0])
                for column in re.findall(r"[(|]([^:|()]+):", rest):
                    add(column)
            elif block == "tableau":
                head = rest.split("«")[0]
                ends = [m.start() for m in re.finditer(r"\s+(?:du|de la|de l'|des)\s+", head)]
                add(head[: ends[-1]] if ends else head)
            continue
        inner = line.strip()
        if folded.split()[0] == "source":
            continue
        if block == "enumeration":
            add(inner)
        elif block == "table" and "|" in inner:
            first = inner.split("|")[0]
            if not first.strip().startswith("«"):
                add(first)
        elif block == "objet" and ":" in inner:
            add(inner.split(":")[0])
        elif block == "procedure":
            word, _, rest = inner.partition(" ")
            if fold(word) in ("role", "etat", "acte"):
                add(re.split(r"[:«,]", rest)[0])
            elif fold(word) == "porte":
                for item in rest.split(";"):
                    add(re.split(r"[:,]", item)[0])
        elif block == "tableau" and folded.split()[:2] == ["pour", "chaque"]:
            add(re.split(r"\s+parmi\s+", inner.split(None, 2)[2])[0])
    return names


def grammar_words(readme):
    """The quoted words of dsl/README.md § 2."""
    section = re.search(r"^## 2\..*?(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    words = set()
    for quoted in re.findall(r'"([^"\n]+)"', section.group() if section else ""):
        words.update(words_of(re.sub(r"\(\w+\)", "", quoted)))  # « acquis(e) »: both ways
        words.update(words_of(re.sub(r"[()]", "", quoted)))
    return words


def general_words(path):
    words = {}
    if path.exists():
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            line = line.strip()
            if line and not line.startswith("#"):
                word, _, reason = line.partition(":")
                words[" ".join(words_of(word))] = (number, reason.strip())
    return words


# ---------------------------------------------------------------- checks


class Tidy:
    def __init__(self, root):
        self.root = Path(root)
        self.findings = []
        self.sources = []
        for room in MAY_INCLUDE:
            for path in sorted((self.root / room).rglob("*")):
                if path.suffix in (".cpp", ".hpp") and path.is_file():
                    self.sources.append(Source(path, room, path.relative_to(self.root).as_posix()))
        self.private = {s.relative for s in self.sources if s.private}

    def say(self, source, offset, message):
        self.findings.append(f"{source.relative}:{source.line(offset)}: {message}")

    def includes(self, source):
        for found in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', source.text, re.MULTILINE):
            own, system = found.group(1), found.group(2)
            name = own or system
            room = name.split("/")[0]
            if room in MAY_INCLUDE:
                if room not in MAY_INCLUDE[source.room]:
                    self.say(source, found.start(), f"{source.room}/ may not include {name}: see the map of the house")
                elif name in self.private and room != source.room and not source.sees_all:
                    self.say(source, found.start(), f"{name} is private to {room}/")
            elif own:
                self.say(source, found.start(), f'"{own}": write the path from the root of the project')
            elif source.header and not source.private and source.room != "tests" and ("/" in name or "." in name):
                if not re.fullmatch(r"(sys|netinet|arpa)/\w+\.h|\w+\.h", name):
                    self.say(source, found.start(), f"a public header includes the third party <{name}>")

    def banned(self, source):
        rules = list(BANNED)
        if source.room in LIBRARIES:
            rules += BANNED_IN_LIBRARIES
        if source.room in ("dsl", "engine"):
            rules.append(FLOATING)
        if source.header:
            rules.append((r"\busing\s+namespace\b", "`using namespace` in a header"))
        for pattern, message in rules:
            for found in re.finditer(pattern, source.code):
                self.say(source, found.start(), message)

    def length(self, source):
        lines = source.text.count("\n")
        if lines > LONGEST:
            self.say(source, 0, f"{lines} lines; a file holds one idea, and {LONGEST} lines at most")

    def switches(self, source):
        code = source.code

        def closing(start):
            depth = 0
            for i in range(start, len(code)):
                depth += {"{": 1, "}": -1}.get(code[i], 0)
                if depth == 0:
                    return i
            return len(code)

        bodies = []
        for found in re.finditer(r"\bswitch\s*\(", code):
            start = code.find("{", found.end())
            if start >= 0:
                bodies.append((start + 1, closing(start)))
        for start, end in bodies:
            body = code[start:end]
            for inner_start, inner_end in bodies:  # a switch inside answers for itself
                if start < inner_start < end:
                    body = body[: inner_start - start] + blank(code[inner_start:inner_end]) + body[inner_end - start :]
            default = re.search(r"\bdefault\s*:", body)
            if default and re.search(r"\bcase\s+(?:\w+::)*\w+(?<!Op)::k[A-Z]\w*\s*:", body):
                self.say(source, start + default.start(), "`default:` in a switch over kinds hides a new kind")

    def names(self):
        readme = self.root / "dsl" / "README.md"
        grammar = grammar_words(readme.read_text(encoding="utf-8")) if readme.exists() else set()
        general_path = self.root / "tests" / "tidy" / "general_words.txt"
        general = general_words(general_path)
        single, several, needed = {}, {}, set()
        for path in sorted((self.root / "rules").glob("*.regles")):
            for name in declared_names(path.read_text(encoding="utf-8")):
                words = tuple(words_of(name))
                if all(w in grammar or w.isdigit() for w in words):
                    continue
                if " ".join(words) in general:
                    needed.add(" ".join(words))
                elif len(words) == 1:
                    single.setdefault(words[0], name)
                else:
                    several.setdefault(words, name)
        for word, (line, reason) in general.items():
            if word not in needed:
                self.findings.append(f"tests/tidy/general_words.txt:{line}: « {word} » is needed by no declared name")
            elif not reason:
                self.findings.append(f"tests/tidy/general_words.txt:{line}: « {word} » has no reason")
        by_first = {}
        for words, name in several.items():
            by_first.setdefault(words[0], []).append((words, name))

        def judge(source, offset, words, what):
            if len(words) == 1 and words[0] in single:
                self.say(source, offset, f"{what} is « {single[words[0]]} », a name declared in rules/")
            for i, word in enumerate(words):
                for wanted, name in by_first.get(word, ()):
                    if tuple(words[i : i + len(wanted)]) == wanted:
                        self.say(source, offset, f"{what} holds « {name} », a name declared in rules/")

        for source in self.sources:
            if source.room not in LIBRARIES:
                continue
            seen = set()
            for found in re.finditer(r"\b[A-Za-z_]\w*", re.sub(r"^[ \t]*#[^\n]*", lambda m: blank(m.group()), source.code, flags=re.M)):
                if found.group() in seen:
                    continue
                seen.add(found.group())
                judge(source, found.start(), words_of_identifier(found.group()), f"identifier {found.group()}")
            for offset, text in source.literals:
                judge(source, offset, words_of(text), f'literal "{text[:60]}"')

    def run(self):
        for source in self.sources:
            self.includes(source)
            self.banned(source)
            self.length(source)
            self.switches(source)
        self.names()
        return self.findings


def main():
    if len(sys.argv) != 2:
        print("usage: tidy.py ROOT", file=sys.stderr)
        return 2
    tidy = Tidy(sys.argv[1])
    findings = tidy.run()
    for finding in findings:
        print(finding)
    print(f"{len(tidy.sources)} files, {len(findings)} finding(s)")
    if not tidy.sources:
        print("nothing to check: is this the root of the project?", file=sys.stderr)
        return 2
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
