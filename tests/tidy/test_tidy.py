#!/usr/bin/env python3
"""tidy.py finds what it promises to find, and nothing in a clean house."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import tidy  # noqa: E402

README = """# L
## 1. Text
"dossier"
## 2. Grammar
```
decision = "décision" NAME ¶
etat     = "état" NAME | "acquis(e)"
```
## 3. Types
"porteur"
"""

RULES = """langue 1
édition 2024 « Titre »
source CQ « Contrat »
énumération Orientation
  insertion « L'insertion »
  santé
table Quartier (code : texte | libellé long : texte)   source CQ § 1
  QN1 | « Verrerie »
objet Dossier
  coût total : montant
  porteur    : texte
décision échelle
  communale quand oui
procédure du Dossier
  rôle financeur
  état déposée définitivement, final
  acte note d'intention « Note »
    porte motif du rejet : texte ; suite donnée
tableau suivi des avis du Dossier « T »
  pour chaque ville parmi communes
"""

CLEAN = '#pragma once\n// Purpose.\n#include "dsl/text.hpp"\n#include <string>\nint decision_count();  // coût total\n'


class House:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.write("dsl/README.md", README)
        self.write("rules/2024.regles", RULES)
        self.write("dsl/text.hpp", "#pragma once\n// Text.\n")
        self.write("dsl/clean.hpp", CLEAN)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def findings(self):
        return tidy.Tidy(self.root).run()


class Tidy(unittest.TestCase):
    def setUp(self):
        self.house = House()
        self.assertEqual(self.house.findings(), [])

    def tearDown(self):
        self.house.folder.cleanup()

    def found(self, path, text, *wanted):
        self.house.write(path, text)
        findings = self.house.findings()
        self.assertEqual(len(findings), len(wanted), findings)
        for finding, part in zip(findings, wanted):
            self.assertTrue(finding.startswith(path + ":"), finding)
            self.assertIn(part, finding)

    def clean(self, path, text):
        self.house.write(path, text)
        self.assertEqual(self.house.findings(), [])

    def test_map_of_the_house(self):
        self.found("dsl/a.cpp", '#include "storage/bytes.hpp"\n', "may not include")

    def test_storage_knows_no_engine(self):
        self.found("storage/a.cpp", '// x\n  #  include "engine/state.hpp"\n', "may not include")

    def test_engine_may_include_both(self):
        self.clean("engine/a.cpp", '#include "storage/bytes.hpp"\n#include "dsl/text.hpp"\n#include "engine/a.hpp"\n')

    def test_tools_and_tests(self):
        self.clean("tools/a.cpp", '#include "engine/a.hpp"\n')
        self.clean("tests/tools/a.cpp", '#include "tools/json.hpp"\n')
        self.found("engine/b.cpp", '#include "tools/json.hpp"\n', "may not include")

    def test_private_header_of_another_room(self):
        self.house.write("dsl/grammar/x.hpp", "#pragma once\n// G.\n#include <boost/spirit/home/x3.hpp>\n")
        self.house.write("storage/s.hpp", "#pragma once\n// Store. Private to\n// storage/.\n#include <rocksdb/db.h>\n")
        self.assertEqual(self.house.findings(), [])
        self.found("tools/a.cpp", '#include "dsl/grammar/x.hpp"\n#include "storage/s.hpp"\n', "is private to dsl/", "is private to storage/")

    def test_public_header_with_third_party(self):
        self.found("storage/b.hpp", "#pragma once\n// B.\n#include <rocksdb/db.h>\n#include <vector>\n", "third party <rocksdb/db.h>")
        self.clean("storage/b.hpp", "#pragma once\n// B.\n#include <vector>\n")

    def test_name_as_identifier(self):
        for identifier in ("cout_total", "CoutTotal", "kCoutTotal", "the_cout_total_", "Echelle", "porteur_", "kFinanceur", "QN1"):
            self.found("engine/n.cpp", f"int {identifier};\n", "a name declared in rules/")

    def test_name_as_literal(self):
        for literal in ("coût total", "le Coût  total est", "note d’intention", "insertion", "déposée définitivement", "suite donnée",
                        "libellé long", "le suivi des avis", "ville", "Orientation"):
            self.found("storage/n.cpp", f'auto x = "{literal}";\n', "a name declared in rules/")
        self.found("storage/n.cpp", 'auto x = R"(échelle)";\n', "a name declared in rules/")

    def test_words_that_are_allowed(self):
        self.clean("engine/n.cpp", 'int etat; auto a = "décision"; int acquise; int insertion_point; // échelle\n/* porteur */ auto b = "le porteur dit";\n')

    def test_tools_may_name(self):
        self.clean("tools/n.cpp", 'auto x = "coût total";\n')

    def test_general_words(self):
        self.house.write("engine/n.cpp", "int code;\n")
        self.assertEqual(len(self.house.findings()), 1)
        self.clean("tests/tidy/general_words.txt", "# list\ncode: of a message\n")
        self.found("tests/tidy/general_words.txt", "code: of a message\nunused: why\n", "needed by no declared name")
        self.found("tests/tidy/general_words.txt", "code:\n", "has no reason")

    def test_banned_calls(self):
        for text in ("int a = rand();", "std::srand(1);", "strcpy(a, b);", "sprintf(a, b);", "std::regex r;", "system(a);", "int x = std::system(a);"):
            self.found("tools/b.cpp", text + "\n", ":")
        self.clean("tools/b.cpp", 'int grand(); auto s = "system(x)"; void f() { snprintf(a, 1, b); e.system(); operand(1); }\n')

    def test_banned_in_libraries(self):
        self.found("dsl/b.cpp", "void f() { std::cout << 1; }\n", "standard streams")
        self.found("dsl/b.cpp", "double rate;\n", "floating point")
        self.clean("dsl/b.cpp", "int rate;\n")
        self.found("dsl/b.hpp", "#pragma once\nusing namespace std;\n", "using namespace")

    def test_length(self):
        self.clean("tools/l.cpp", "int x;\n" * 700)
        self.found("tools/l.cpp", "int x;\n" * 701, "701 lines")

    def test_default_over_kinds(self):
        self.found("tools/d.cpp", "void f() {\n switch (k) {\n case Kind::kA: return;\n default: return;\n }\n}\n", "hides a new kind")
        self.found("tools/d.cpp", "void f() { switch (k) { case a::Status::kA: return; default: return; } }\n", "hides a new kind")
        self.clean("tools/d.cpp", "void f() { switch (c) { case 'a': return; default: return; } }\n")
        self.clean("tools/d.cpp", "void f() { switch (o) { case ast::BinaryOp::kA: return; default: return; } }\n")
        self.clean("tools/d.cpp", "void f() { switch (o) { case kFirst: return; default: return; } }\n")

    def test_default_of_an_inner_switch_is_its_own(self):
        self.clean("tools/d.cpp", "void f() { switch (k) { case Kind::kA: switch (c) { case 'a': return; default: return; } } }\n")
        self.found("tools/d.cpp", "void f() { switch (k) { case Kind::kA: switch (c) { case 'a': return; } return; default: return; } }\n",
                   "hides a new kind")


class Command(unittest.TestCase):
    def test_nothing_to_check_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            sys.argv = ["tidy.py", folder]
            self.assertEqual(tidy.main(), 2)


if __name__ == "__main__":
    unittest.main()
