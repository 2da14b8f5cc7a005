"""Answers remembered by what they depend on: the values of the facts that a question reads.

What was answered for one case is the answer for every case of which these values are the same, as one shared object that nobody
changes. People differ in a few facts at a time, so that most of what is said of one was said before of another.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

from policy_engine.evaluate.core.expression import Interpreter
from policy_engine.language.types import NUMBERS, Type
from policy_engine.language.values import Truth, Value
from policy_engine.model.duties import RECORD_NAMES
from policy_engine.model.facts import Condition

T = TypeVar("T")

BOUND = 2048
"""How many answers to one question are remembered at once; then all of them are forgotten."""


class Memory(dict[Any, T]):
    """Answers by their keys, never more than a bound: where it is reached, all of them are forgotten."""

    __slots__ = ("_bound",)

    def __init__(self, bound: int = BOUND) -> None:
        super().__init__()
        self._bound = bound

    def keep(self, key: object, answer: T) -> T:
        if len(self) >= self._bound:
            self.clear()
        self[key] = answer
        return answer


def kinds_of(names: Iterable[str], types: Mapping[str, Type]) -> dict[str, str]:
    """Return the kinds of what is of the case among some names: facts and what is on record; the edition fixes the others."""
    known = {**RECORD_NAMES, **types}
    return {name: known[name].kind for name in names if name in known}


UNLIKE = frozenset({"share", "list"})
"""The kinds of values that are equal where their parts are not, or that cannot be part of a key."""


class Answers(Generic[T]):
    """The answers to one question, by what it reads of a case; who asks once only pays nothing for them."""

    __slots__ = ("_key", "_memory", "_names", "_types")

    def __init__(self, names: Callable[[], Iterable[str]], types: Mapping[str, Type]) -> None:
        """Take what names all that the question reads, and the types of the facts."""
        self._names, self._types = names, types
        self._memory: Memory[T] | None = None
        self._key: Callable[[Mapping[str, Value]], object] | None = None

    def to(self, values: Mapping[str, Value], work_out: Callable[[], T], *beside: object) -> T:
        """Return the answer for values, and for what else it depends on; what is not remembered is worked out."""
        if self._memory is None:
            self._memory = Memory()
            return work_out()
        if self._key is None:
            self._key = _key_of(kinds_of(self._names(), self._types))
        own = self._key(values)
        if own is None:
            return work_out()
        key = (own, beside)
        found = self._memory.get(key)
        return self._memory.keep(key, work_out()) if found is None else found


def _key_of(kinds: Mapping[str, str]) -> Callable[[Mapping[str, Value]], object]:
    """Return what makes a key of values; a number has its type in it, since a fraction may equal a whole number."""
    if not UNLIKE.isdisjoint(kinds.values()):
        return lambda _values: None
    taken = taker(tuple(kinds))
    numbers = taker(tuple(name for name, kind in kinds.items() if kind in NUMBERS))
    if NUMBERS.isdisjoint(kinds.values()):
        return taken
    return lambda values: (taken(values), *map(type, numbers(values)))


def taker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return what takes the values of some names out of a mapping, always as a tuple."""
    if not names:
        return lambda _values: ()
    take: Callable[[Mapping[str, Any]], Any] = itemgetter(*names)
    return take if len(names) > 1 else lambda values: (take(values),)


class Recalling(Interpreter):
    """An interpreter that remembers the truths of conditions, for a part of an edition in which every figure means the same."""

    def __init__(self, types: Mapping[str, Type]) -> None:
        super().__init__({})
        self._types = types
        self._kept: Memory[tuple[Condition, Answers[Truth] | None]] = Memory()

    def truth(self, condition: Condition) -> Truth:
        """Return the truth of a condition, as it was for the same values; what the case file states is no value."""
        kept = self._kept.get(id(condition))  # which nothing else is called while it is kept
        if kept is None:
            answers: Answers[Truth] | None = Answers(lambda: condition.names, self._types)
            kept = self._kept.keep(id(condition), (condition, None if "given(" in condition.text else answers))
        work_out = super().truth
        return kept[1].to(self.values, lambda: work_out(condition)) if kept[1] else work_out(condition)
