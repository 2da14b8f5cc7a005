"""Which figures break a rule, in the labels that the edition gives them: what the others allow for one, and what is written instead."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from policy_engine.evaluate.core.expression import shown
from policy_engine.language.fold import Reader
from policy_engine.language.tree import MIRRORED, Pair, Tree, conjuncts, opened
from policy_engine.language.values import Value
from policy_engine.messages import LANGUAGES, N_, Spoken, sentence, translate
from policy_engine.model.facts import Condition, FactDeclaration

_BOUNDS = {
    ">=": N_("{name} must be at least {bound}, but is {value}{where}"),
    "<=": N_("{name} must be at most {bound}, but is {value}{where}"),
    ">": N_("{name} must be more than {bound}, but is {value}{where}"),
    "<": N_("{name} must be less than {bound}, but is {value}{where}"),
    "==": N_("{name} must be {bound}, but is {value}{where}"),
    "!=": N_("{name} must not be {bound}{where}"),
}
"""What the others allow for one figure, by the sign of the rule."""
_SINCE = N_("{others}; so {bound}")
_FIGURE = N_("{name} is {value}{where}")
_WHERE = N_(" (line {line})")


_HOLDS: Mapping[str, Callable[[Fraction], bool]] = {
    ">=": lambda rest: rest >= 0, "<=": lambda rest: rest <= 0, ">": lambda rest: rest > 0, "<": lambda rest: rest < 0,
    "==": lambda rest: rest == 0, "!=": lambda rest: rest != 0,
}  # fmt: skip
"""Whether a comparison holds, by what its left side is more than its right."""


class Figures(NamedTuple):
    """The figures of a case: every value by name, what facts are called, and the line of each fact that the case states."""

    values: Mapping[str, Value]
    facts: Mapping[str, FactDeclaration]
    lines: Mapping[str, int]


class _Sum(NamedTuple):
    """A sum of facts: how often each is taken, and what is added."""

    terms: Mapping[str, Fraction]
    rest: Fraction


def breach_of(rule: Condition, figures: Figures) -> Spoken:
    """Return which figures break a rule, the one that the case states first against what the others allow for it."""
    return Spoken({language: _said(rule, figures, language) for language in LANGUAGES})


def _said(rule: Condition, figures: Figures, language: str) -> str:
    """Say it in a language."""
    names = [name for name in rule.names if name in figures.facts and name in figures.values]
    bound = _bound(rule.tree, figures)
    if bound is None:
        return ", ".join(_figure(name, figures, language) for name in names)
    name, sign, value = bound
    words = _words(name, figures, language) | {"bound": _number(value, language)}
    main = translate(_BOUNDS[sign], language, **words)
    others = ", ".join(_figure(other, figures, language) for other in names if other != name)
    return translate(_SINCE, language, others=others, bound=main) if others else main


def _figure(name: str, figures: Figures, language: str) -> str:
    """Name a figure by its label, with its value and its line."""
    return translate(_FIGURE, language, **_words(name, figures, language))


def _words(name: str, figures: Figures, language: str) -> dict[str, str]:
    """Return the words for one figure."""
    line = figures.lines.get(name)
    where = translate(_WHERE, language, line=line) if line else ""
    label = sentence(figures.facts[name].label, language) or name
    return {"name": f"“{label}”", "value": _number(figures.values[name], language), "where": where}


def _number(value: Value, language: str) -> str:
    """Write a value, decimals behind the sign of the language."""
    text = shown(value)
    return text.replace(".", ",") if language == "vi" and isinstance(value, Fraction) else text


def _bound(tree: Tree, figures: Figures) -> tuple[str, str, Fraction] | None:
    """Return a stated figure and what the others allow for it, by the comparison that fails; None where that is no comparison of sums."""
    reader = _SumOfFacts(figures)
    for pair in (pair for part in _joined(tree) for pair in _pairs(part)):
        try:
            difference = _plus(reader.read(pair.left), reader.read(pair.right), Fraction(-1))
        except _NoSumError:
            continue
        names = [name for name, times in difference.terms.items() if times]
        whole = difference.rest + sum(times * _as_number(name, figures) for name, times in difference.terms.items())
        if not names or _HOLDS[pair.sign](whole):
            continue
        name = next((name for name in names if name in figures.lines), names[0])
        own = difference.terms[name]
        return name, MIRRORED[pair.sign] if own < 0 else pair.sign, _as_number(name, figures) - whole / own
    return None


def _joined(tree: Tree) -> Iterator[Tree]:
    """Return the conditions that must all hold."""
    parts = conjuncts(tree)
    yield from (tree,) if len(parts) == 1 else (one for part in parts for one in _joined(part))


def _pairs(tree: Tree) -> Sequence[Pair]:
    construct, parts = opened(tree)
    found: Sequence[Pair] = parts[0] if construct == "comparison" else ()
    return found


class _NoSumError(Exception):
    """What is compared is no sum of figures that are known."""


class _SumOfFacts(Reader[_Sum]):
    """Reads a sum of facts."""

    refuses = frozenset(
        {"comparison", "membership", "containment", "connective", "negation", "share", "count", "sum", "exists", "given"}
    )  # fmt: skip

    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def refused(self, tree: Tree) -> _NoSumError:
        return _NoSumError(tree)

    def constant(self, tree: Tree, value: object) -> _Sum:
        if isinstance(value, (int, Fraction)):
            return _Sum({}, Fraction(value))
        raise self.refused(tree)

    def name(self, tree: Tree, name: str) -> _Sum:
        value = self.figures.values.get(name)
        if not isinstance(value, (int, Fraction)) or isinstance(value, bool):
            raise self.refused(tree)
        return _Sum({name: Fraction(1)}, Fraction(0)) if name in self.figures.facts else _Sum({}, Fraction(value))

    def arithmetic(self, tree: Tree, left: Tree, sign: str, right: Tree) -> _Sum:
        one, other = self.read(left), self.read(right)
        if sign != "*":
            return _plus(one, other, Fraction(-1 if sign == "-" else 1))
        fixed, free = (one, other) if not one.terms else (other, one)
        if fixed.terms:
            raise self.refused(tree)
        return _plus(_Sum({}, Fraction(0)), free, fixed.rest)


def _plus(one: _Sum, other: _Sum, times: Fraction) -> _Sum:
    """Add a multiple of one sum to another."""
    names = dict.fromkeys((*one.terms, *other.terms))
    terms = {name: one.terms.get(name, Fraction(0)) + times * other.terms.get(name, Fraction(0)) for name in names}
    return _Sum(terms, one.rest + times * other.rest)


def _as_number(name: str, figures: Figures) -> Fraction:
    """Return the value of a name that is a number."""
    value = figures.values[name]
    assert isinstance(value, (int, Fraction))
    return Fraction(value)
