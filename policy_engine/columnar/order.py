"""What is asked of a batch, and what came of it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from policy_engine.evaluate.plan import Plan
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict


class Source(NamedTuple):
    """A file of rows, and its format."""

    path: str
    form: str


class RatesCases(Protocol):
    """Whatever rates a case: the reference, or a faster reader that agrees with it."""

    def evaluate(self, case: Case) -> Verdict:
        """Rate a case."""
        ...


class Order(NamedTuple):
    """What is asked of a batch."""

    sources: Sequence[Source]
    to: str
    to_format: str
    detail: str
    keep: tuple[str, ...] = ()
    rejects: str | None = None
    rejects_format: str = "csv"
    excel: bool = False


class Told(NamedTuple):
    """What came of a batch."""

    rows: int
    written: int
    rejected: int
    by_row: tuple[str, ...] = ()
    first: tuple[tuple[str | int | None, ...], ...] = ()
    """The first rejects, for whoever asked for no file of them."""
    moves: tuple[tuple[str, str, int], ...] = ()
    """How many rows came out as what under the one edition, and as what under the other."""


class Side(NamedTuple):
    """An edition to rate under: worked out, and with what rates its single rows."""

    edition: Edition
    plan: Plan
    evaluator: RatesCases
