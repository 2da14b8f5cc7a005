"""What is in the language, what is refused, and that no text whatever makes the reader fall."""

import ast
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policy_engine.language.grammar import MAX_CHARACTERS, MAX_DEPTH, parse
from policy_engine.language.text import show
from tests.build import rows
from tests.language.conditions import anything, glued, mutated, trees

REFUSED_BY_TRAPS = [
    "4000000**4000000 > 0", "a ** 2 > 0", "a % 2 == 0", "'%999999999d' % 1", "a / b > 0", "a // b > 0", "a @ b", "a << 9", "a >> 1",
    "a & b",
    "a | b", "a ^ b", "-a < 0", "+a > 0", "~a", "-1 < a", "a.b", "a.__class__", "().__class__", "'x'.join(a)", "a.append(b)", "a[0]",
    "a[0:1]", "lambda: a", "(lambda: a)()", "[x for x in a]", "{x for x in a}", "{x: x for x in a}", "any(x for x in a)", "f'{a}'", "f'x'",
    "(a := 5)", "a := 5", "1; 2", "a; b", "a = 5", "a == 5; b", "'x' 'y' == a", "'x' \"y\" == a", "a is b", "a is not b", "rand()",
    "randint(5)", "rand() > 0", "int('1') > 0", "float('nan')", "str(a) == 'x'", "__import__('os')", "eval('1')", "open('x')", "print(a)",
    "share(*a)", "share(a, *b)", "share(part=a, whole=b)", "share(a, whole=b)", "share(**a)", "share(a)", "share(a, b, c)", "share()",
    "share()(a, b)", "a.share(a, b)", "count()", "count(a, b, c)", "exists()", "exists(a, b)", "given()", "a if b else c", "await a",
    "(yield a)", "(yield)", "True", "False", "None", "a == True", "a == None", "...", "1j > a", "1e5 > a", "1E5 > a", "1_000 > a",
    "0x10 > a",
    "0b1 > a", "0o7 > a", "012 > a", ".5 > a", "5. > a", "b'x' == a", "u'x' == a", "r'x' == a", "'''x''' == a", "'\\x41' == a",
    "'a\\'b' == a",
    "(a, b)", "a, b", "()", "[a]", "[]", "{a}", "{}", "{a: b}", "a in ()", "a in [b]", "a in 'xyz'", "a in ('x')", "a in {b}",
    "a in ('x', *b)", "a in ('x', b + c)", "a in ('x', ('y',))", "a in ('x', 5 ** 5)", "a == ('x',)", "a < ('x',)", "('x',) == a",
    "a in ('x',) in ('y',)", "a < b in ('x',)", "not", "a and", "and a", "a b", "a not b", "if a: b", "import os", "del a", "a: int", "*a",
    "", " ", "\n", "# a", "a >= 50%", "a => 5", "a =! b", "a <> b", "a && b", "a || b", "!a", "a ≥ b", "a ≤ b", "a ≠ b", "$a", "a?", "`a`",
    "''' ", "'a", '"', "(a", "a)", "[a)", "\\", "a \\", "\0", "a\0", "\ud800", "'\ud800' == a", "٣ > a", "a\x1a",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED_BY_TRAPS)
def test_what_is_not_in_the_language_is_refused(text: str) -> None:
    alone, inside = parse(text), parse(f"c and ({text})")

    assert None is alone.tree
    assert None is inside.tree
    assert {"PE301", "PE307"} >= {complaint.code for complaint in (*alone.complaints, *inside.complaints)}
    assert alone.complaints


@settings(max_examples=400, deadline=None, derandomize=True)
@given(anything | glued | mutated(trees.map(show)))
@example("(" * 5_000)
@example("[" * MAX_DEPTH)
@example("(" * 5_000 + ")" * 5_000)
@example("a" * 3_000)
@example("a and " * 330 + "a")
@example("not " * 499 + "a")
@example("a+" * 999 + "a")
@example("a<" * 999 + "a")
@example("-" * 1_999 + "1")
@example("a." * 999 + "a")
@example("a if b else " * 160 + "a")
@example("lambda:" * 280 + "a")
@example("{" * 31 + "a" + "}" * 31)
@example("9" * 1_990 + ">a")
@example("0." + "9" * 1_990 + ">a")
@example("a" + "(" * 31 + ")" * 31)
@example("f'{" * 30)
@example("\ud800" * 20)
@example("ế" * 1_999)
def test_no_text_makes_the_reader_fall(text: str) -> None:
    read = parse(text)

    assert (read.tree is None) == bool(read.complaints)
    assert all(0 <= complaint.offset <= len(text) for complaint in read.complaints)
    assert {"PE301", "PE306", "PE307"} >= {complaint.code for complaint in read.complaints}


@settings(max_examples=400, deadline=None, derandomize=True)
@given(glued | mutated(trees.map(show)))
@example("('x',) == a")
@example("c and (a ** 2, 'x'.b)")
def test_what_is_read_is_of_the_language(text: str) -> None:
    """A tree that came from any text at all holds listed nodes only, lists to the right of `in` only, and comes back when shown."""
    tree = parse(text).tree

    if tree is not None:
        again = parse(show(tree)).tree
        assert list(_strangers(tree)) == []
        assert again is not None
        assert ast.dump(tree) == ast.dump(again)


def _strangers(tree: ast.expr) -> Iterator[ast.AST]:
    lists = {id(c.comparators[0]) for c in ast.walk(tree) if isinstance(c, ast.Compare) and isinstance(c.ops[0], (ast.In, ast.NotIn))}
    known = (ast.BoolOp, ast.Compare, ast.BinOp, ast.Call, ast.Name, ast.boolop, ast.cmpop, ast.Add, ast.Sub, ast.Mult, ast.Not, ast.Load)
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=value):
                fits = type(value) in (int, Fraction, str)
            case ast.UnaryOp(op=sign):
                fits = isinstance(sign, ast.Not)
            case ast.Tuple():
                fits = id(node) in lists
            case _:
                fits = isinstance(node, known) and not isinstance(node, (ast.Is, ast.IsNot))
        if not fits:
            yield node


@given(st.integers(0, 10**12), st.integers(0, 12))
def test_literals_are_exact(digits: int, places: int) -> None:
    exact = Fraction(digits, 10**places)
    text = f"{digits // 10**places}.{digits % 10**places:0{places}d}" if places else str(digits)
    tree = parse(f"a >= {text}").tree

    assert isinstance(tree, ast.Compare)
    literal = tree.comparators[0]
    assert isinstance(literal, ast.Constant)
    assert exact == literal.value
    assert not isinstance(literal.value, float)


def test_all_faults_are_told_at_once() -> None:
    found = parse("a ** 2 > 0 and rand() and b.c").complaints

    assert [(c.code, c.offset) for c in found] == [("PE301", 0), ("PE307", 15), ("PE301", 26)]


@pytest.mark.parametrize(("text", "hint"), rows("language_grammar", "habits_of_other_languages_get_a_hint"))
def test_habits_of_other_languages_get_a_hint(text: str, hint: str) -> None:
    assert [hint] == [complaint.details["hint"] for complaint in parse(text).complaints]


def test_limits() -> None:
    longest = "a" + " " * (MAX_CHARACTERS - 2)
    texts = (f"{longest}b", f"{longest}\n+b", "not " * (MAX_DEPTH - 1) + "a", "not " * MAX_DEPTH + "a")
    brackets = ("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH, "(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1))
    codes = [[complaint.code for complaint in parse(text).complaints] for text in (*texts, *brackets)]

    assert codes == [["PE301"], ["PE306"], [], ["PE306"], [], ["PE306"]]
