"""The values of a document, asked one by one, and the text of a condition as a checked tree: every complaint at its place.

The fault is named where it stands. Whatever only follows from it (a name that seems to be missing, a figure that seems to fill no
sentence, a guard that seems to be forgotten) is held back until it is mended, since nobody knows whether it will remain.

Each question (`text`, `flag`, `fields` …) gives a value of the right shape whatever the file holds, and notes a problem where it
had to make one up. So a build goes through the whole file, finds everything that is wrong, and is thrown away if there was
anything.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Self, TypeVar

from policy_engine.language.check import Checker
from policy_engine.language.complaint import Complaint, nearest, nearest_few
from policy_engine.language.grammar import parse, parse_checked
from policy_engine.language.quantity import is_like_day, nearest_day, read_day
from policy_engine.language.text import decimal_text, show
from policy_engine.language.tree import Tree, names_in
from policy_engine.language.types import ANY, BOOL, WRONG, Named, Type
from policy_engine.load.yaml_plain import Data, Path
from policy_engine.load.yaml_text import Document
from policy_engine.messages import LANGUAGES, N_
from policy_engine.model.facts import Condition
from policy_engine.source import Location

_Part = TypeVar("_Part")

_MAX_GUESSES = 100


class Renamed(str):
    """A key that had another name before; editions of that time are read by it, as they are and for good."""

    __slots__ = ("before",)
    before: str

    def __new__(cls, name: str, before: str) -> Self:
        made = super().__new__(cls, name)
        made.before = before
        return made


INTERPRETATION = Renamed("interpretation", "reading")
INTERPRETATIONS = Renamed("interpretations", "readings")
APPLIES_INTERPRETATIONS = Renamed("applies_interpretations", "applies_readings")
_FORMER = frozenset(key.before for key in (INTERPRETATION, INTERPRETATIONS, APPLIES_INTERPRETATIONS))


class Declared(dict[str, _Part]):
    """The parts of one sort by name; `open` where some name could not be read, so that any name may be among them."""

    __slots__ = ("open",)

    def __init__(self, parts: Mapping[str, _Part] | Iterable[tuple[str, _Part]] = (), *, open: bool = False) -> None:  # noqa: A002  (what it is)
        super().__init__(parts)
        self.open = open

    def may_have(self, name: str) -> bool:
        return self.open or name in self


class Everything(frozenset[str]):
    """A set that holds every text: what is known to be above zero where a rule that may say so could not be read."""

    def __contains__(self, _text: object) -> bool:
        return True

    def __or__(self, _others: object) -> "Everything":
        return self


Scope = Mapping[str, Named]
"""What the names in a condition stand for."""


def open_scope(*, unread: bool) -> dict[str, Named]:
    """Return the part of a scope that stands for a block of names that could not be read."""
    return {ANY: Named(WRONG, constant=True)} if unread else {}


def is_unread(name: str, scope: Scope) -> bool:
    """Return whether a name stands for something whose declaration could not be read, or may do so."""
    named = scope.get(name) or scope.get(ANY)
    return named is not None and named.type is WRONG


class Fields(dict[str, "Node"]):
    """The values under the keys of a mapping; of an optional key that does not stand there a value that is nothing, silently."""

    __slots__ = ()

    def __missing__(self, _key: str) -> "Node":
        return _NOTHING


class Node:
    """One value of a document."""

    __slots__ = ("document", "path", "value")

    def __init__(self, document: Document, value: Data = None, path: Path = ()) -> None:
        """Take a value at a path; without a path, the whole document."""
        self.document = document
        self.value = document.data if not path else value
        self.path = path

    @property
    def place(self) -> Location:
        return self.document.places.get(self.path) or Location(self.document.file, 1, 1)

    @property
    def key_place(self) -> Location:
        """The place of the key before the value; of an item of a list, the item's own."""
        return self.document.keys.get(self.path) or self.place

    @property
    def is_block(self) -> bool:
        """Whether it is a block of keys, so that the names in it can be read at all."""
        return isinstance(self.value, dict)

    def child(self, key: str | int) -> "Node":
        """Return the value under a key; its value is None where there is none."""
        path = (*self.path, key)
        if isinstance(self.value, list) and isinstance(key, int):
            return Node(self.document, self.value[key], path)
        return Node(self.document, self.value.get(str(key)) if isinstance(self.value, dict) else None, path)

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def complain(self, code: str, place: Location | None = None, **details: str) -> None:
        """Note a problem at this value, or at a place."""
        self.document.problems.append(self.document.problem(code, place or self.place, **details))

    def wrong(self, wanted: str) -> None:
        """Note that the value has another shape than is wanted; of an empty value the reader of the file complained."""
        if self.value is not None:
            self.complain("PE203", found=describe(self.value), wanted=wanted)

    def refer(self, name: str, declared: "Declared[Any]", sort: str, place: Location | None = None) -> bool:
        """Complain of a name that nothing declares; return whether it is declared and could be read."""
        if name and not declared.may_have(name):
            self.complain("PE401", place, name=name, sort=sort, nearest=nearest(name, declared))
        return name in declared

    def once(self, name: str, seen: "dict[str, Node]", stands: "Node | None" = None, *, by_key: bool = False) -> None:
        """Complain of a name that was declared before, here or at the key, and note which node has it now."""
        if name in seen:
            first = seen[name].key_place if by_key else seen[name].place
            self.complain("PE402", self.key_place if by_key else None, name=name, first=f"{first.file}:{first.line}")
        seen[name] = stands or self

    def lacks(self, key: str) -> None:
        """Complain of a key that is missing, at the key under which it belongs; its misspelling is fault enough."""
        if isinstance(self.value, dict) and not self.misspells(key):
            under = next((part for part in reversed(self.path) if isinstance(part, str)), "")
            self.complain("PE202", self.key_place, key=key, under=under)

    def misspells(self, key: str) -> bool:
        """Return whether a key was refused as unknown here that is most like this one."""
        unknown = {problem.location for problem in self.document.problems if problem.code == "PE201"}
        names = self.value if isinstance(self.value, dict) else ()
        return any(self.child(other).key_place in unknown and nearest(other, (key,)) for other in names)

    def guess(self, name: str, known: Iterable[str]) -> str:
        """Return the nearest known name; past so many problems nobody reads guesses, and each costs time."""
        return nearest(name, known) if len(self.document.problems) < _MAX_GUESSES else ""

    def fields(self, required: Iterable[str], optional: Iterable[str] = ()) -> Fields:
        """Return the values of a mapping whose keys are all known.

        A key that is required and missing is one fault: its misspelling, or a key of this mapping that the reader of the file
        refused (which may be that one), says so already.
        """
        required, value = tuple(required), self.value
        known = (*required, *optional)
        if not isinstance(value, dict):
            self.wrong(N_("a block of `key: value` lines"))
            return Fields((key, Node(self.document, None, (*self.path, key))) for key in required)
        before: dict[str, str] = {}
        if not _FORMER.isdisjoint(value):
            before = {key: key.before for key in known if isinstance(key, Renamed) and key.before in value}
        found = Fields({key: self.child(key) for key in known if key in value})
        found.update((key, self.child(name)) for key, name in before.items())
        if not self.document.lines:  # a sealed copy, which passed every check when it was sealed
            return found
        for key in [key for key in before if key in value]:
            first, second = sorted((self.child(key), self.child(before[key])), key=lambda child: child.key_place)
            second.complain("PE106", second.key_place, key=f"{key} | {before[key]}", first=str(first.key_place.line))
        for key in [key for key in value if key not in known and key not in before.values()]:
            unknown = self.child(key)
            unknown.complain("PE201", unknown.key_place, key=key, nearest=self.guess(key, known), known=", ".join(known))
        depth = len(self.path)
        for key in [key for key in required if key not in found]:
            found[key] = self.child(key)
            misspelt = any(other not in known and nearest_few(other, known, 1) == [key] for other in value)
            if not misspelt and not any(p[:depth] == self.path and p[depth + 1 : depth + 2] == ("dropped",) for p in self.document.places):
                self.lacks(key)
        return found

    def entries(self, at_least: int = 0) -> list[tuple[str, "Node"]]:
        """Return keys and values of a mapping whose keys are names of the author's own, none of them empty."""
        if not isinstance(self.value, dict) or len(self.value) < at_least:
            self.wrong(N_("a block of `key: value` lines that is not empty") if at_least else N_("a block of `key: value` lines"))
            return []
        found = [(key, self.child(key)) for key in self.value]
        for key, child in found:
            if not key.strip():
                child.complain("PE409", child.key_place, name=key, reason=N_("it is empty"))
        return found

    def items(self, at_least: int = 0) -> list["Node"]:
        """Return the values of a list."""
        if self.value is None:
            return []
        if not isinstance(self.value, list) or len(self.value) < at_least:
            self.wrong(N_("a list that is not empty") if at_least else N_("a list"))
            return []
        return [self.child(index) for index in range(len(self.value))]

    def text(self) -> str:
        """Return a text that is not empty."""
        if isinstance(self.value, str) and self.value.strip():
            return self.value
        number = isinstance(self.value, (int, Fraction)) and not isinstance(self.value, bool)
        self.wrong(N_('a text in quotes, like "2020"') if number else N_("a text"))
        return ""

    def texts(self) -> dict[str, str]:
        """Return a sentence in both languages; of a sealed copy, which has no lines, it was checked before."""
        if not self.document.lines and isinstance(self.value, dict):
            return {language: str(text) for language, text in self.value.items()}
        return {language: node.text() for language, node in self.fields(LANGUAGES).items()} if self.value is not None else {}

    def flag(self) -> bool:
        if isinstance(self.value, bool):
            return self.value
        self.wrong(N_("true or false"))
        return False

    def day(self) -> date:
        """Return an ISO day."""
        day = read_day(self.value) if isinstance(self.value, str) else None
        if day is None and not self.is_no_day():
            self.wrong(N_("a day like 2020-12-15"))
        return day or date.min

    def is_no_day(self) -> bool:
        """Complain of a text that is written like a day but is none; return whether it is one."""
        text = self.value if isinstance(self.value, str) else ""
        if not is_like_day(text) or read_day(text):
            return False
        self.complain("PE206", found=text, nearest=nearest_day(text))
        return True

    def one_of(self, choices: Iterable[str]) -> str:
        """Return one of a closed set of words, or of the names of what is declared."""
        known = tuple(choices)
        if not isinstance(self.value, str):
            self.wrong(N_("a text"))
        elif self.value in known or (isinstance(choices, Declared) and choices.open):
            return self.value
        else:
            self.complain("PE204", found=self.value, nearest=nearest(self.value, known), known=", ".join(known))
        return known[0] if known else ""


_NOTHING = Node(Document(file="", data=None, places={}, keys={}, lines=(), problems=[]))


def describe(value: object) -> str:
    """Say what a value is, as a rule author would name it."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'`"{value[:60]}"`'
        case int():
            return f"`{value}`"
        case Fraction():
            return f"`{decimal_text(value)}`"
        case list():
            return N_("a list")
        case dict():
            return N_("a block of `key: value` lines")
        case _:
            return N_("nothing")


def build_condition(
    node: Node, scope: Scope, positive: frozenset[str] = frozenset(), wanted: Type = BOOL, *, of_record: bool = False
) -> Condition | None:
    """Read and check one condition; None where there is none, or where it has a fault (which is then noted).

    Only a condition `of_record` may ask with `given(…)` what the case file states: anywhere else a
    verdict would turn on what was written down instead of on what is true.
    """
    text = node.text()
    if not text:
        return None
    tree: Tree | None
    complaints: Iterable[Complaint]
    if not node.document.lines:
        tree, complaints = parse_checked(text), ()
    else:
        tree, complaints = parse(text)
        if tree is not None:
            checker = Checker(text, scope, positive, of_record=of_record)
            checker.expect(tree, wanted)
            complaints = checker.complaints
    for complaint in complaints:
        node.complain(complaint.code, _place(node, text, complaint.offset), **complaint.details)
    return Condition(tree, show(tree), node.place, names_in(tree)) if tree is not None and not complaints else None


def _place(node: Node, text: str, offset: int) -> Location:
    """Return the place of a character of a scalar; where the scalar is folded over lines, its beginning."""
    place = node.place
    line = node.document.lines[place.line - 1]
    start = place.column - 1
    start += line[start : start + 1] in {"'", '"'}
    return place._replace(column=start + offset + 1) if line[start : start + len(text)] == text else place
