"""What stands in the columns of an answer: the same words, whoever works the row out.

A plan works out a code for the outcome of each row, and bits for what its interpretations hang on; the words for them are looked up
afterwards, once for each pair that occurs.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

import narwhals.stable.v2 as nw

from policy_engine.columnar.plan.fields import NotColumnarError, Truth, certain
from policy_engine.evaluate.core.plan import Plan
from policy_engine.evaluate.transitions import key_of
from policy_engine.language.values import Unknown
from policy_engine.model.rulebook import Criterion, Track
from policy_engine.model.verdict import Verdict

Cell: TypeAlias = str | bool | None
LEVEL_COLUMNS = ("answer",)
"""The level, or the outcome where there is none: what `transitions.key_of` counts a verdict under."""
VERDICT_COLUMNS = ("track", "outcome", "level", "possible_levels", "gap_possible", "possible_exact")
_HELD = {"met": True, "not_met": False}
_APPLIES = {"met": True, "not_met": True, "not_applicable": False}
_MAX_BITS = 30
"""As many truths as fit beside a code in a whole number of 32 bits with a sign."""


class AnswerLayout(NamedTuple):
    """The columns that are asked for, in order."""

    verdict: tuple[str, ...]
    criteria: tuple[str, ...]
    interpretations: bool

    @property
    def words(self) -> tuple[str, ...]:
        """Return the columns that a code and its bits settle."""
        return (*self.verdict, *(("interpretations",) if self.interpretations else ()))

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.verdict, *self.criteria, *(("interpretations",) if self.interpretations else ()))


def layout_of(plan: Plan, detail: str) -> AnswerLayout:
    """Return the columns of a detail: `level` (the answer alone), `verdict`, `criteria`, or `all` with the interpretations too."""
    if detail == "level":
        return AnswerLayout(LEVEL_COLUMNS, (), interpretations=False)
    criteria = criterion_columns(plan) if detail in {"criteria", "all"} else ()
    return AnswerLayout(VERDICT_COLUMNS, criteria, detail == "all")


def criterion_columns(plan: Plan) -> tuple[str, ...]:
    """Return the names of the columns of criteria, in the order of the edition; with `__applies` for those that need not apply."""
    columns = ((name, criterion) for track in plan.tracks.values() for name, criterion in criteria_of(track.track).items())
    return tuple(each for name, criterion in columns for each in ((name, f"{name}__applies") if criterion.applies_when else (name,)))


def criteria_of(track: Track) -> dict[str, Criterion]:
    """Return the criteria of a track by the names of their columns."""
    found: dict[str, Criterion] = {}
    for criterion in (criterion for rule in track.levels for criterion in rule.criteria):
        found.setdefault(f"{track.id}__{criterion.id}", criterion)
    return found


def answer_of(verdict: Verdict) -> dict[str, Cell]:
    """Return every column of a verdict; those of criteria of other tracks than its own are left out."""
    found: dict[str, Cell] = {
        "answer": key_of(verdict), "track": verdict.track, "outcome": verdict.outcome, "level": verdict.level,
        "possible_levels": _joined(verdict.possible_levels), "gap_possible": verdict.gap_possible,
        "possible_exact": verdict.possible_exact, "interpretations": _joined(verdict.interpretations),
    }  # fmt: skip
    for level in verdict.levels:
        for trace in level.criteria:
            name = f"{verdict.track}__{trace.id}"
            found[name], found[f"{name}__applies"] = _HELD.get(trace.outcome), _APPLIES.get(trace.outcome)
    return found


def _joined(names: Iterable[str]) -> str | None:
    """Return names as one text; none of them is no text."""
    return ", ".join(names) or None


class CodeMeaning(NamedTuple):
    """What a code stands for."""

    track: str | None
    outcome: str
    level: str | None
    gap: bool = False

    @property
    def answer(self) -> str:
        return self.level or self.outcome

    def words(self) -> dict[str, Cell]:
        """Return the columns that a code alone settles."""
        return {
            "answer": self.answer, "track": self.track, "outcome": self.outcome, "level": self.level,
            "possible_levels": self.level, "gap_possible": self.gap, "possible_exact": True,
        }  # fmt: skip


class Codes:
    """The codes of a plan, in the order in which they were met; and which interpretation needs which truths under which of them."""

    def __init__(self) -> None:
        self.meanings: list[CodeMeaning] = []
        self._bits: dict[str, int] = {}
        self._truths: list[nw.Expr] = []
        self._rules: list[tuple[frozenset[int], str, tuple[tuple[int, bool], ...]]] = []
        self._found: dict[tuple[int, int], str | None] = {}

    def of(self, meaning: CodeMeaning) -> int:
        """Return the code of a meaning."""
        if meaning not in self.meanings:
            self.meanings.append(meaning)
        return self.meanings.index(meaning)

    def rely(self, codes: Iterable[int], interpretation: str, truths: Iterable[tuple[str, Truth, bool]]) -> None:
        """Note that an interpretation is relied on under some codes, where truths have their values: each with a name of its own.

        A truth that is unknown counts as true: an interpretation is left out only where it surely plays no part.

        Raises:
            NotColumnarError: where there are more truths than one number holds.
        """
        needs: list[tuple[int, bool]] = []
        for name, truth, value in truths:
            settled = certain(truth, unknown=True)
            if isinstance(settled, (bool, Unknown)):
                if settled is not value:
                    return
                continue
            if name not in self._bits:
                if len(self._truths) == _MAX_BITS:
                    raise NotColumnarError(name)
                self._bits[name] = len(self._truths)
                self._truths.append(settled)
            needs.append((self._bits[name], value))
        self._rules.append((frozenset(codes), interpretation, tuple(needs)))

    def bits(self) -> nw.Expr:
        """Return the truths that interpretations hang on as one whole number."""
        total = nw.lit(0, dtype=nw.Int32)
        for place, truth in enumerate(self._truths):
            total = total + truth.cast(nw.Int32) * (1 << place)
        return total

    def interpretations(self, code: int, bits: int) -> str | None:
        """Return the interpretations that a row relies on, sorted, as one text."""
        if (code, bits) not in self._found:
            met = {
                interpretation
                for codes, interpretation, needs in self._rules
                if code in codes and all(bool(bits >> place & 1) is value for place, value in needs)
            }
            self._found[code, bits] = _joined(sorted(met))
        return self._found[code, bits]
