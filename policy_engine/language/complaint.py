"""What is wrong inside one condition, before anyone knows in which file it stands; and what an unknown name may have meant."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Self

from policy_engine.language.values import is_object
from policy_engine.tuples import NamedTuple

Texts = Mapping[str, str]
_CUTOFF = 0.6
_MOST_NEAR = 6
_NEGATIONS: Final = ("not", "no", "non", "un", "never", "without", "không", "khong", "chưa", "chua", "phi", "vô")
"""Words, and beginnings of words, that turn a name into its opposite, in the languages that names are written in."""
_CODE_NEGATION: Final = "k"
"""What does so in front of a code in capitals (`K-…`)."""
_JOINTS: Final = "_- ."


class Complaint(NamedTuple):
    """A fault in a condition: its code, the character where it begins (from 0), and the words for the message."""

    code: str
    offset: int
    details: dict[str, str]


class Near(str):
    """Names like an unknown one, a name a line: a single one is what was meant; of several none is recommended.

    Why: a name that says the opposite of another is its nearest neighbour by letters (`done`, `not_done`). Where a negation is what
    makes the difference, whoever follows "did you mean" without a thought would record the opposite of the truth.
    """

    __slots__ = ("labels", "recommended")
    labels: Mapping[str, Texts]
    recommended: bool

    def __new__(cls, names: Iterable[str] = (), labels: Mapping[str, Texts] | None = None, *, recommended: bool = True) -> Self:
        """Take the names, what each is called where that is known, and whether the first is what was meant."""
        made = super().__new__(cls, "\n".join(names))
        made.labels, made.recommended = labels or {}, recommended
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[list[str], Mapping[str, Texts]], dict[str, bool]]:
        """Return what it is made again from in another process."""
        return (self.split("\n") if self else [], dict(self.labels)), {"recommended": self.recommended}


def nearest(name: str, known: Iterable[str]) -> Near:
    """Return the known name most like `name`; all near ones, none recommended, where one may say the opposite; nothing where none is near.

    Args:
        name: the name that nobody declared.
        known: the names that there are; a mapping may hold what is declared, with its `label`, or the label itself.
    """
    near = nearest_few(name, known, _MOST_NEAR)
    if not near:
        return Near()
    if _may_be_opposite(name, near):
        return Near(near, {one: label for one in near if (label := _label(known, one))}, recommended=False)
    return Near(near[:1])


def nearest_few(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the known names most like `name`, the nearest first; none where none is near."""
    from difflib import get_close_matches

    return get_close_matches(name, sorted(known), n=count, cutoff=_CUTOFF)


def are_opposite(one: str, other: str) -> bool:
    """Return whether one name may say the opposite of another: it ends with it, or is it with a negation before one of its words."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return len(short) < len(long) and (long.endswith(short) or short in map(str.casefold, without_negation(max(one, other, key=len))))


def without_negation(name: str) -> Iterator[str]:
    """Return a name without a negation, for each word of it that may begin with one."""
    folded = name.casefold()
    starts = [place for place in range(len(name)) if place == 0 or name[place - 1] in _JOINTS]
    for start in starts:
        for negation in (*_NEGATIONS, _CODE_NEGATION):
            rest = name[start + len(negation) :].lstrip(_JOINTS)
            if folded.startswith(negation, start) and rest and (negation != _CODE_NEGATION or rest.isupper()):
                yield name[:start] + rest


def _may_be_opposite(name: str, near: list[str]) -> bool:
    """Return whether the nearest name, or one beside it, may say the opposite of what was meant."""
    first = near[0]
    if any(are_opposite(first, other) for other in near[1:]):
        return True
    likeness = _likeness(name, first)
    return any(_likeness(name, other) >= likeness for other in without_negation(first)) or any(
        _likeness(other, first) >= likeness for other in without_negation(name)
    )


def _likeness(one: str, other: str) -> float:
    """Return how like two names are, from 0 to 1."""
    from difflib import SequenceMatcher

    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def _label(known: Iterable[str], name: str) -> Texts:
    """Return what a name is called, where `known` tells it."""
    if not is_object(known):
        return {}
    label: object = getattr(known[name], "label", known[name])
    return {language: str(words) for language, words in label.items()} if is_object(label) else {}
