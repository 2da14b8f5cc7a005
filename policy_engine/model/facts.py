"""Facts: what an edition asks about a subject, and what is always true of the answers."""

from collections.abc import Mapping

from policy_engine.language.quantity import Quantity
from policy_engine.language.tree import Tree
from policy_engine.language.types import Type
from policy_engine.source import Citation, Location
from policy_engine.tuples import NamedTuple


class Threshold(NamedTuple):
    """A figure of the guideline, named, with the clause and the words that hold it."""

    name: str
    quantity: Quantity
    citation: Citation
    location: Location


BREACH = "breach"
MEANINGS = (">=", "<=", ">", "<", "==", "whole", "before", BREACH)
"""What a word may mean: a sign; `whole`: equal to the whole; `before`: earlier than a day; `breach`: what is said must not be."""


class Word(NamedTuple):
    """A word, or words with holes (`…`) for what stands between them, and what they mean."""

    text: str
    means: str


class OperativeWords(NamedTuple):
    """The words of one edition: signs, units behind figures, figures in words, forms of days, the decimal sign."""

    signs: tuple[Word, ...] = ()
    units: tuple[Word, ...] = ()
    figures: tuple[tuple[str, Quantity], ...] = ()
    days: tuple[str, ...] = ()
    decimal: str = ","


Texts = Mapping[str, str]
"""One sentence in every language of the edition, by language code."""


class Condition(NamedTuple):
    """A condition: its tree, its canonical text, where it stands, and the names that it reads."""

    tree: Tree
    text: str
    location: Location
    names: tuple[str, ...]


class InterpretationUse(NamedTuple):
    """An interpretation of the register that something rests on; with a condition, only where that is not false."""

    id: str
    when: Condition | None = None


class FactDeclaration(NamedTuple):
    """A fact that a case may state.

    `locked` facts cannot be changed after the event, and `fixed` ones (totals) are not what advice
    is about. `counted_from` gives the fact from a list, `derived` from other facts (a contradiction is
    refused), `when_absent` where the case does not state it; `gathered_from` is the link by which a round
    takes it from other cases.
    """

    name: str
    type: Type
    label: Texts
    asks: Texts
    citation: Citation
    location: Location
    unit: Texts = {}
    choices: Mapping[str, Texts] = {}
    fields: Mapping[str, "FactDeclaration"] = {}
    fixed: bool = False
    locked: bool = False
    may_be_none: bool = False
    counted_from: Condition | None = None
    derived: Condition | None = None
    when_absent: Condition | None = None
    gathered_from: str = ""
    interpretations: tuple[InterpretationUse, ...] = ()


class Exemption(NamedTuple):
    """Items of a closed list (tracks, levels, the choices of a fact) that a part of an edition leaves out on purpose, and why."""

    of: str
    items: tuple[str, ...]
    says: Texts
    location: Location


class Otherwise(NamedTuple):
    """What comes out, in place of a refusal, of a case that does not keep a rule: where the authority has decided, or `when` holds."""

    outcome: str
    says: Texts
    when: Condition | None = None
    interpretations: tuple[InterpretationUse, ...] = ()


class Invariant(NamedTuple):
    """What is always true of real figures; a case that breaks it is bad input, unless the rule says what comes out then."""

    id: str
    holds: Condition
    says: Texts
    interpretations: tuple[InterpretationUse, ...] = ()
    otherwise: Otherwise | None = None
