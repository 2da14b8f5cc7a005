"""Random conditions of the language, each of the right types: what the criteria of random editions are made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
SIGNS = ("==", "!=", "<", "<=", ">", ">=")
DEPTH = 2


class Dice(NamedTuple):
    """Where chance comes from: Hypothesis, which makes a failing draw small again, or a seeded generator, which is fast."""

    below: Callable[[int], int]
    """Gives a whole number from 0 up to, and not with, another."""

    def pick(self, options: Sequence[T]) -> T:
        """Choose one; put the plainest first."""
        return options[self.below(len(options))]

    def seldom(self, one_in: int) -> bool:
        """Say yes once in so many times."""
        return self.below(one_in) == one_in - 1

    def some(self, options: Iterable[T], most: int = 99) -> list[T]:
        found = [option for option in options if self.below(2)]
        return found[:most]


def from_hypothesis(draw: st.DrawFn) -> Dice:
    return Dice(lambda count: draw(_below(count)))


def from_seed(seed: int) -> Dice:
    return Dice(Random(seed).randrange)


_MADE: dict[int, st.SearchStrategy[int]] = {}


def _below(count: int) -> st.SearchStrategy[int]:
    return _MADE.setdefault(count, st.integers(0, count - 1))


class Words(NamedTuple):
    """What a condition may name: facts as they are declared, figures by name, levels, and the wholes known to be above zero."""

    facts: Mapping[str, Any]
    figures: Sequence[str]
    levels: Sequence[str]
    positive: frozenset[str] = frozenset()

    def of(self, kind: str) -> list[str]:
        return [name for name, fact in self.facts.items() if fact["type"] == kind]

    def figures_of(self, kind: str) -> list[str]:
        """Return the figures of a type, which their names tell."""
        return [name for name in self.figures if name.rpartition("_")[2] in {kind, "least" if kind == "share" else kind}]

    def totals(self) -> list[str]:
        """Return the counts that a share can be taken of."""
        return [name for name in self.of("count") if name.endswith("_total")]


def guarded(dice: Dice, words: Words) -> tuple[str, Words]:
    """Draw a condition under which a criterion applies, and what may be said under it."""
    if words.totals() and dice.below(2):
        whole = dice.pick(words.totals())
        return f"{whole} > 0", words._replace(positive=words.positive | {whole})
    return condition(dice, words._replace(positive=frozenset())), words


def condition(dice: Dice, words: Words, depth: int = 0) -> str:
    shape = dice.pick(("atom", "atom", "atom", "and", "or", "not")) if depth < DEPTH else "atom"
    if shape == "atom":
        return dice.pick(_atoms(words))(dice, words)
    parts = [condition(dice, words, depth + 1) for _ in range(1 if shape == "not" else 2)]
    return f"(not {parts[0]})" if shape == "not" else f"({f' {shape} '.join(parts)})"


Atom = Callable[[Dice, Words], str]


def _atoms(words: Words) -> list[Atom]:
    found: list[Atom] = [_flag, _choice]
    found += [_count, _count, _chain, _sum, _product] if words.of("count") else []
    found += [_share] * 4 if words.positive else []
    found += [_guarded_share] if words.totals() else []
    asked = {"level": _level, "set": _set, "day": _day, "list": _list, "text": _text, "points": _points, "months": _months, "share": _part}
    return found + [atom for kind, atom in asked.items() if words.of(kind)]


def _held(dice: Dice, left: str, right: Sequence[str], signs: Sequence[str] = SIGNS) -> str:
    pair = (left, dice.pick(right))
    return f" {dice.pick(signs)} ".join(pair if dice.below(3) < 2 else pair[::-1])


def _flag(dice: Dice, words: Words) -> str:
    return dice.pick(words.of("bool"))


def _choice(dice: Dice, words: Words) -> str:
    name = dice.pick(words.of("choice"))
    first, second, *_ = (f"'{choice}'" for choice in words.facts[name]["choices"])
    shapes = (f"{name} == {first}", f"{second} != {name}", f"{name} in ({first}, {second})", f"{name} not in ({second},)")
    return dice.pick(shapes)


def _count(dice: Dice, words: Words) -> str:
    if dice.seldom(5):
        return f"{dice.pick(words.of('count'))} in ({dice.pick(words.figures_of('count'))}, 0)"
    return _held(dice, dice.pick(words.of("count")), [*words.of("count"), *words.figures_of("count"), "0"])


def _chain(dice: Dice, words: Words) -> str:
    names = [*words.of("count"), *words.figures_of("count")]
    return f"0 {dice.pick(('<', '<='))} {dice.pick(names)} {dice.pick(('<=', '<', '=='))} {dice.pick(names)}"


def _sum(dice: Dice, words: Words) -> str:
    one, two = dice.pick(words.of("count")), dice.pick(words.of("count"))
    return _held(dice, f"{one} {dice.pick('+-')} {two}", [*words.of("count"), "0"])


def _product(dice: Dice, words: Words) -> str:
    return _held(dice, dice.pick(words.of("count")), [f"{dice.pick(words.figures_of('share'))} * {dice.pick(words.of('count'))}"])


def _share(dice: Dice, words: Words) -> str:
    wholes = sorted(words.positive)
    one, two = (f"share({dice.pick(words.of('count'))}, {dice.pick(wholes)})" for _ in range(2))
    figure = dice.pick(words.figures_of("share"))
    left = dice.pick((one, one, one, f"{one} {dice.pick('+-')} {two}", f"{figure} * {one}"))
    return _held(dice, left, [*words.figures_of("share"), *words.of("share"), "0", two])


def _guarded_share(dice: Dice, words: Words) -> str:
    whole = dice.pick(words.totals())
    return f"({whole} > 0 and {_share(dice, words._replace(positive=frozenset({whole})))})"


def _level(dice: Dice, words: Words) -> str:
    name = dice.pick(words.of("level"))
    return f"exists({name})" if dice.seldom(4) else _held(dice, name, [*words.levels, *words.of("level")])


def _set(dice: Dice, words: Words) -> str:
    name = dice.pick(words.of("set"))
    return f"'{dice.pick(list(words.facts[name]['choices']))}' {dice.pick(('in', 'not in'))} {name}"


def _day(dice: Dice, words: Words) -> str:
    name = dice.pick(words.of("day"))
    return f"exists({name})" if dice.seldom(4) else _held(dice, name, [*words.figures_of("day"), "period_start", "period_end"])


def _text(dice: Dice, words: Words) -> str:
    name = dice.pick(words.of("text"))
    return f"exists({name})" if dice.seldom(4) else _held(dice, name, ("'x'", "'other'"), ("==", "!="))


def _points(dice: Dice, words: Words) -> str:
    return _held(dice, dice.pick(words.of("points")), [*words.figures_of("points"), "0"])


def _months(dice: Dice, words: Words) -> str:
    return _held(dice, dice.pick(words.of("months")), [*words.figures_of("months"), "0"])


def _part(dice: Dice, words: Words) -> str:
    return _held(dice, dice.pick(words.of("share")), [*words.figures_of("share"), "0"])


def _list(dice: Dice, words: Words) -> str:
    name, figure = dice.pick(words.of("list")), dice.pick(words.figures_of("count"))
    shapes = ("count({0}) > {1}", "count({0}, done or bad) >= {1}", "sum({0}, size) > {1}", "sum({0}, size, done) <= {1}")
    return dice.pick(shapes).format(name, figure)
