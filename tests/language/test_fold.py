"""One walk, and no reader that misses anything: what the language gains, every reader is asked for when it is made."""

import pkgutil
from importlib import import_module
from typing import Any

import pytest

import policy_engine
from policy_engine.language import functions, tree
from policy_engine.language.fold import CannotReadError, IncompleteReaderError, Reader
from policy_engine.language.functions import FUNCTIONS, Function
from policy_engine.language.grammar import parse
from policy_engine.language.text import show
from policy_engine.language.tree import Tree, chained, children, opened, walk
from tests.build import ROOT


def readers() -> list[type[Reader[Any]]]:
    for module in pkgutil.walk_packages(policy_engine.__path__, "policy_engine."):
        if not module.name.endswith(("__main__", ".spark")):  # the one engine that the extra for tests leaves out; it reads no condition
            import_module(module.name)
    found: dict[type[Reader[Any]], None] = {}
    pending = list(Reader.__subclasses__())
    while pending:
        one = pending.pop()
        pending += one.__subclasses__()
        found[one] = None
    return [one for one in found if one.__module__.startswith("policy_engine.") and "_methods" in vars(one)]


def made_again(reader: type[Reader[Any]]) -> type[Reader[Any]]:
    return type(reader.__name__, (reader,), {"__module__": reader.__module__})


@pytest.fixture
def whole() -> list[type[Reader[Any]]]:
    found = readers()
    assert len(found) >= 3
    for reader in found:
        made_again(reader)
    return found


def test_a_new_function_is_asked_of_every_reader(whole: list[type[Reader[Any]]], monkeypatch: pytest.MonkeyPatch) -> None:
    row = Function(fewest=2, most=2, usage="min(one, other)", takes=("number", "number"), gives="the kind of both", meaning="the lesser")
    monkeypatch.setitem(functions.FUNCTIONS, "min", row)

    for reader in whole:
        with pytest.raises(IncompleteReaderError, match=rf"{reader.__name__} does not read the function `min`"):
            made_again(reader)


def test_a_new_construct_is_asked_of_every_reader(whole: list[type[Reader[Any]]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tree.CONSTRUCTS, "conditional", "test, then, otherwise")

    for reader in whole:
        with pytest.raises(IncompleteReaderError, match=rf"{reader.__name__} does not read the construct `conditional`"):
            made_again(reader)


def test_a_method_that_is_taken_away_is_missed(whole: list[type[Reader[Any]]]) -> None:
    for reader in whole:
        for name in (*tree.CONSTRUCTS, *FUNCTIONS):
            if name not in reader.refuses:
                with pytest.raises(IncompleteReaderError, match=f"`{name}`"):
                    type(reader.__name__, (reader,), {name: None})


class _PlainError(Exception):
    """What the reader below raises."""


class _Names(Reader[str]):
    refuses = frozenset({*tree.CONSTRUCTS, *FUNCTIONS} - {"name"})

    def name(self, _: Tree, name: str) -> str:
        return name


class _Plain(_Names):
    def refused(self, tree: Tree) -> _PlainError:
        return _PlainError(show(tree))


def test_a_refusal_is_declared_and_raised_as_declared() -> None:
    condition = parse("a + b").tree
    assert condition is not None

    assert _Plain().read(children(condition)[0]) == "a"
    with pytest.raises(_PlainError, match=r"a \+ b"):
        _Plain().read(condition)
    with pytest.raises(CannotReadError, match="_Names does not read the arithmetic"):
        _Names().read(condition)


@pytest.mark.parametrize("refused", ["name", "mini"])
def test_a_refusal_of_what_is_read_or_is_not_there_is_a_slip(refused: str) -> None:
    with pytest.raises(IncompleteReaderError, match=f"refuses what it reads, or what there is not: {refused}"):
        type("Odd", (_Names,), {"refuses": _Names.refuses | {refused}})


WHOLE = (
    "a and not b or c < 1 <= d + e * 2 - f and g in ('x', y) and 'z' not in h and share(i, j) > k and count(l, m) == sum(n, o, exists(p))"
)


def test_a_walk_sees_every_part_in_the_order_of_the_text() -> None:
    condition = parse(WHOLE).tree
    assert condition is not None
    names = [parts[0] for construct, parts in map(opened, walk(condition)) if construct == "name"]
    constructs = {opened(part)[0] for part in walk(condition)}

    assert "".join(names) == "abcdefghijklmnop".replace("h", "yh")
    assert constructs == {*tree.CONSTRUCTS, *FUNCTIONS} - {"given"}


def test_a_chain_is_made_of_its_pairs() -> None:
    condition = parse("a < b <= c != d").tree
    assert condition is not None

    assert show(chained(opened(condition)[1][0])) == show(condition)
    assert len(children(condition)) == 4


def test_the_page_of_the_language_lists_the_table() -> None:
    page = (ROOT / "docs" / "language.md").read_text("utf-8")
    missing = [way for function in FUNCTIONS.values() for way in function.usage.split(" | ") if f"| `{way}` |" not in page]

    assert missing == []
