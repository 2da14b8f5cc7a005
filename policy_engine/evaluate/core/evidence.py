"""What the conditions of an edition compare, prepared once, and worked out for a case when its evidence is read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import itemgetter

from policy_engine.evaluate.core.expression import ShareOfNothingError, exists, held, interpreter_over, share_of, shown
from policy_engine.language.check import Checker
from policy_engine.language.fold import Reader
from policy_engine.language.text import show
from policy_engine.language.tree import Pair, Tree, name_of, named, names_in, opened
from policy_engine.language.types import DAY, LEVEL, Named
from policy_engine.language.values import UNKNOWN, Ratio, Unknown, Value
from policy_engine.model.duties import RECORD_NAMES
from policy_engine.model.evidence import Compared, ComparedSide, Evidence, Seen
from policy_engine.model.facts import Condition, FactDeclaration, Threshold
from policy_engine.model.rulebook import Edition
from policy_engine.tuples import NamedTuple


class Scope(NamedTuple):
    """What the names of a condition stand for in one part of an edition."""

    facts: Mapping[str, FactDeclaration]
    constants: Mapping[str, Value]
    kinds: Mapping[str, Named]
    levels: tuple[str, ...]
    """By rank: the worst first."""

    def within(self, thresholds: Mapping[str, Threshold], figures: Mapping[str, Value]) -> "Scope":
        """Return the scope of a track or a chapter, which has figures of its own."""
        kinds = {name: Named(threshold.quantity.type, constant=True) for name, threshold in thresholds.items()}
        return self._replace(constants={**self.constants, **figures}, kinds={**self.kinds, **kinds})

    def is_of_case(self, tree: Tree) -> bool:
        """Return whether a tree reads anything that is not fixed by the edition."""
        return any(name in self.facts or name in RECORD_NAMES for name in names_in(tree))


def scope_of(edition: Edition, constants: Mapping[str, Value], levels: tuple[str, ...]) -> Scope:
    """Return what is known in every part of an edition."""
    kinds = {name: Named(kind) for name, kind in RECORD_NAMES.items()} | {name: Named(fact.type) for name, fact in edition.facts.items()}
    kinds |= {level: Named(LEVEL, constant=True) for level in levels}
    kinds |= {name: Named(DAY, constant=True) for name in ("period_start", "period_end")}
    return Scope(edition.facts, {}, kinds, levels).within(edition.thresholds, constants)


class Asked(NamedTuple):
    """A comparison of a condition: its tree, its sides, and the figures of the case in it as they are shown."""

    tree: Tree
    sides: tuple[Tree, ...]
    figures: "Together"


class Together(NamedTuple):
    """Figures that are shown together, and the text that they need beside them."""

    label: str
    trees: tuple[Tree, ...]


class _Comparisons(Reader[Iterator[Asked]]):
    """Finds what a condition compares."""

    refuses = frozenset({"constant", "arithmetic", "share", "count", "sum"})

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def connective(self, _: Tree, _sign: str, parts: Sequence[Tree]) -> Iterator[Asked]:
        for part in parts:
            yield from self.read(part)

    def negation(self, _: Tree, part: Tree) -> Iterator[Asked]:
        return self.read(part)

    def comparison(self, tree: Tree, pairs: Sequence[Pair]) -> Iterator[Asked]:
        return self._compared(tree, (pairs[0].left, *(pair.right for pair in pairs)))

    def membership(self, tree: Tree, one: Tree, _: str, elements: Sequence[Tree]) -> Iterator[Asked]:
        return self._compared(tree, (one, *elements))

    def containment(self, tree: Tree, one: Tree, _: str, among: Tree) -> Iterator[Asked]:
        return self._compared(tree, (one, among))

    def _compared(self, tree: Tree, sides: tuple[Tree, ...]) -> Iterator[Asked]:
        """Return a comparison; its figures need its text beside them where nobody could tell which is which."""
        opens = [opened(side) for side in sides]
        parts = [part for side, (word, own) in zip(sides, opens, strict=True) for part in (own if word == "share" else (side,))]
        trees = tuple(part for part in parts if self.scope.is_of_case(part))
        plain = len(trees) in {1, 2} or any(opened(part)[0] == "arithmetic" for part in trees)
        yield Asked(tree, sides, Together("" if plain else show(tree), trees))

    def name(self, tree: Tree, name: str) -> Iterator[Asked]:
        yield Asked(tree, (tree,), Together(name, (tree,)))

    def exists(self, tree: Tree, *facts: Tree) -> Iterator[Asked]:
        yield Asked(tree, facts, Together(show(tree), tuple(fact for fact in facts if self.scope.is_of_case(fact))))

    given = exists


def figures_of(tree: Tree, scope: Scope) -> tuple[Together, ...]:
    """Return the figures that a condition looks at, in order, each once; a fact that stands alone needs no name beside it."""
    found: dict[object, Together] = {}
    for asked in _Comparisons(scope).read(tree):
        figures = asked.figures
        plain = [id(part) if opened(part)[0] == "arithmetic" else show(part) for part in figures.trees]
        found.setdefault((figures.label, *plain), figures)
    return tuple(one._replace(label="") for one in found.values()) if len(found) == 1 else tuple(found.values())


_Getter = Callable[[Mapping[str, Value]], Value | None]
"""Works out what a side is from the values of a case and the figures of the edition."""


_Shown = tuple[str, tuple[_Getter, ...]]


class EvidencePlan:
    """The workings of a condition, or of several that decide together; figures that are to be shown otherwise are given."""

    def __init__(self, conditions: Sequence[Condition], scope: Scope, shown: tuple[Together, ...] | None = None) -> None:
        self._trees = tuple(condition.tree for condition in conditions)
        self._scope = scope
        self._shown = shown
        names = dict.fromkeys(name for condition in conditions for name in condition.names)
        self.names = tuple(name for name in names if name in scope.facts or name in RECORD_NAMES)

    def of(self, values: Mapping[str, Value]) -> Evidence:
        """Return the evidence of a case."""
        return Evidence(self, tuple([values[name] for name in self.names]))

    @cached_property
    def _asked(self) -> list[tuple[str, tuple["_Worked", ...], tuple[str, ...], _Getter]]:
        """The text of what is compared, its sides, the signs between them where that is all it is, and what works out its truth."""
        found: list[tuple[str, tuple[_Worked, ...], tuple[str, ...], _Getter]] = []
        for asked in (asked for tree in self._trees for asked in _Comparisons(self._scope).read(tree)):
            construct, parts = opened(asked.tree)
            signs = tuple(pair.sign for pair in parts[0]) if construct == "comparison" else ()
            found.append((show(asked.tree), tuple(map(self._prepared, asked.sides)), signs, self._getter(asked.tree)))
        return found

    def _prepared(self, side: Tree) -> "_Worked":
        word, parts = opened(side)
        shared = tuple(map(self._getter, parts)) if word == "share" else ()
        first = opened(parts[0]) if word == "share" else (word, parts)
        return _Worked(blank=self._blank(side), value=self._getter(side), shared=shared, asked=first[1] if first[0] in _OF_LISTS else ())

    def _getter(self, tree: Tree) -> "_Getter":
        """Return what works a tree out: a fact is looked up, and what the edition fixes is worked out now."""
        if not self._scope.is_of_case(tree):
            fixed = _value(tree, self._scope.constants)
            return lambda _: fixed
        word, parts = opened(tree)
        if word == "name":
            return itemgetter(*parts)
        if word == "exists":
            fact = self._getter(*parts)
            return lambda values: exists(fact(values))
        if word != "share":
            return lambda values: _value(tree, values)
        part, whole = map(self._getter, parts)
        return lambda values: _shared(part(values), whole(values))

    def _blank(self, side: Tree) -> ComparedSide:
        fact = self._scope.facts.get(name_of(side))
        kind = Checker("", self._scope.kinds).read(side).kind
        return ComparedSide(text=show(side), type=_WORDS.get(kind, kind), value=None, unit=fact.unit if fact else {})

    @cached_property
    def _fixed(self) -> dict[str, Value]:
        """The figures of the edition that the conditions name."""
        names = {name for tree in self._trees for name in names_in(tree)}
        return {name: value for name, value in self._scope.constants.items() if name in names}

    @cached_property
    def _seen(self) -> dict[bool, list[_Shown]]:
        """What is shown: as it is, and as it was before a condition over a list showed the figure that it compares."""
        figures = figures_of(self._trees[0], self._scope) if self._shown is None else self._shown
        lists = [one._replace(trees=tuple(map(_list_of, one.trees))) for one in figures]
        before = {(one.label, *map(show, one.trees)): one for one in lists}.values()
        return {
            whole: [(one.label, tuple(map(self._getter, one.trees))) for one in shown]
            for whole, shown in ((False, figures), (True, before))
        }

    def seen(self, values: tuple[Value, ...], *, whole_lists: bool = False) -> tuple[Seen, ...]:
        known = self._fixed | dict(zip(self.names, values, strict=True))
        return tuple([Seen(label, tuple([get(known) for get in getters])) for label, getters in self._seen[whole_lists]])

    def comparisons(self, values: tuple[Value, ...]) -> tuple[Compared, ...]:
        known = self._fixed | dict(zip(self.names, values, strict=True))
        found: list[Compared] = []
        for text, sides, signs, asked_truth in self._asked:
            got = [side.value(known) for side in sides]
            truth = held(signs, got) if signs else asked_truth(known)
            seen = tuple([self._side(side, value, known) for side, value in zip(sides, got, strict=True)])
            found.append(Compared(text, truth if isinstance(truth, (bool, Unknown)) else None, seen))
        return tuple(found)

    def _side(self, side: "_Worked", value: Value | None, values: Mapping[str, Value]) -> ComparedSide:
        """Fill in what the case says of a side."""
        blank = side.blank
        if isinstance(value, Ratio):
            value = value.fraction
        elif blank.type == "level" and isinstance(value, int):
            value = self._scope.levels[value]
        part, whole = (one(values) for one in side.shared) if side.shared else (None, None)
        items = _counted(side.asked, values) if side.asked else None
        return ComparedSide(
            text=blank.text, type=blank.type, value=value, unit=blank.unit, part=part, whole=whole, items=items
        )  # fmt: skip


class _Worked(NamedTuple):
    """One side, prepared: what no case changes of it, and how the rest is worked out; `asked`: what it asks of a list."""

    blank: ComparedSide
    value: _Getter
    shared: tuple[_Getter, ...]
    asked: tuple[Tree, ...]


_OF_LISTS = frozenset({"count", "sum"})
"""The functions that may ask a condition of the items of a list."""
_WORDS = {"literal": "text", "zero": "count"}


def _value(tree: Tree, values: Mapping[str, Value]) -> Value | None:
    """Return what a tree comes to; None where a condition never asks, since there is nothing to take a share of."""
    try:
        value: Value = interpreter_over(values).read(tree)
    except ShareOfNothingError:
        return None
    return value


def _shared(part: Value | None, whole: Value | None) -> Value | None:
    """Return a share as the interpreter does; None of nothing."""
    try:
        value: Value = share_of(part, whole)
    except ShareOfNothingError:
        return None
    return value


def _counted(arguments: Sequence[Tree], values: Mapping[str, Value]) -> tuple[int, ...] | None:
    """Return the places of the items that a question about a list counts; None where it counts all, or is none."""
    items = values.get(name_of(arguments[0])) if len(arguments) > 1 else None
    condition = arguments[-1] if arguments else None
    if not isinstance(items, tuple) or condition is None:
        return None
    interpreter = interpreter_over(values)
    return tuple(place for place, item in enumerate(items, start=1) if interpreter.item_truth(item, condition) is True)


def _list_of(tree: Tree) -> Tree:
    """Return the list that a question is about; anything else as it is."""
    word, parts = opened(tree)
    found: Tree = parts[0] if word in _OF_LISTS else tree
    return found


def of_days(in_time: Condition | None, scope: Scope) -> tuple[Together, ...]:
    """Return the days that a condition of being in time looks at: fact by fact, each named where there are several."""
    names = [name for name in in_time.names if name in scope.facts or name in RECORD_NAMES] if in_time else []
    return tuple(Together(name if len(names) > 1 else "", (named(name),)) for name in names)


def observed(evidence: Evidence, *, whole_lists: bool = False) -> str:
    """Write the figures of a case that a condition looked at, in one line: `12/20; signed = true`; `?` where one is not known."""
    parts: list[str] = []
    for label, values in evidence.seen_before() if whole_lists else evidence.seen:
        figures = "/".join("–" if value is None else "?" if value is UNKNOWN else shown(value) for value in values)
        parts.append(f"{label} = {figures}" if label else figures)
    return "; ".join(parts)
