"""The generated functions of a track: `level` and `record` for rows whose facts are known, and what they hand other rows to.

What is made of a small track, whose levels are `good` (share(done, total) >= 70%) and `poor` (idle), with total > 0:

    def level(row):
        f_done, f_total, f_idle, = row
        if f_idle is U:                                # facts that no law below asks
            return careful(row)
        try:
            if not ((f_total > 0) and (f_done <= f_total)):
                return careful(row)
            c0 = f_idle
            if c0:
                return k3                              # ('classified', 'poor')
            c1 = (f_done * 10 >= f_total * 7)
            if c1:
                return k4                              # ('classified', 'good')
        except TypeError:                              # a fact is open: UNKNOWN is not ordered
            return careful(row)
        return k5                                      # ('gap', None)

`careful` reads the same row after Kleene, says which of its facts are open, and refuses it where it breaks a law.
"""

from collections.abc import Callable, Sequence
from typing import Any

from policy_engine.compiled.conditions import any_is
from policy_engine.compiled.deciding import Criteria, laws_of, shared_first
from policy_engine.compiled.lines import Lines
from policy_engine.compiled.opening import LISTED, REFUSED, Layout, Opening, any_all
from policy_engine.evaluate.core.plan import TrackPlan
from policy_engine.evaluate.duties.bounds import Bound
from policy_engine.language.values import NONE, UNKNOWN
from policy_engine.model.duties import Eligibility

OPEN, INVALID = "open", "invalid"
"""What the lean readers say beside the outcomes of a verdict: ask the reference (facts are open, lists are given); refused as bad input."""

Answer = tuple[str, str | None]
"""An outcome, and the level where there is one."""


class TrackFunctions:
    """Writes the functions of one track."""

    def __init__(self, layout: Layout, track: TrackPlan, bounds: Sequence[Bound] = ()) -> None:
        """Take the track, and the rules that bind its levels from outside."""
        self.layout, self.track, self.names = layout, track, layout.names
        self.bounds = sorted(bounds, key=lambda one: not isinstance(one.rule, Eligibility))
        self.opening = Opening(layout, track, [name for bound in bounds for name in _asked_by(bound)])
        self.writer = layout.conditions(track.constants)
        self.criteria = Criteria(track, self.writer)
        self.laws = laws_of(track)
        self.facts = tuple(name for name in self.names.positions if name in track.decisive)

    def level(self, stated: Sequence[str] = ()) -> str:
        """Write the function that gives the level alone; of a row, or of cases that state just some facts."""
        lines = self._begun(stated)
        with lines.under("try:"):
            self._hold_laws(lines)
            rules = list(self.criteria.steps())
            for rule in rules:
                self.criteria.known(shared_first(self.criteria.each, rules)[rule.level], lines)
                with lines.under(f"if {self.criteria.level(rule)}:"):
                    lines.add(f"return {self._answer('classified', rule.level)}")
        self._otherwise(lines)
        residual = self.track.track.residual
        lines.add(f"return {self._answer(residual.outcome, residual.level)}")
        return lines.text("def level(row):")

    def record(self, stated: Sequence[str] = ()) -> str:
        """Write the function that gives the level and every criterion; see `level`."""
        lines = self._begun(stated)
        with lines.under("try:"):
            self._hold_laws(lines)
            self.criteria.known(list(self.criteria.each.values()), lines)
        self._otherwise(lines)
        self._decide(lines)
        lines.add(f"return new(Record, ({self._track()}, *answer, {self.criteria.words(known=True)}, {self._figures()}))")
        return lines.text("def record(row):")

    def careful(self) -> str:
        """Write the function that reads a row after Kleene."""
        lines = Lines()
        refuse_none(lines)
        self._open(lines)
        for rule in self.track.invariants:
            value = self.writer.open(rule.holds.tree, lines)
            if rule.otherwise and rule.otherwise.when:
                stated = self.writer.open(rule.otherwise.when.tree, lines)
                with lines.under(f"if {value} is not True and {stated} is True:"):
                    lines.add(LISTED)  # the reference says what comes out then
            with lines.under(f"if {value} is False:"):
                lines.add(REFUSED)
        self.criteria.open(lines)
        lines.add(f"answer = {self._answer(OPEN, None)}")
        opened = [f"({any_is([self.names.fact(name) for name in self.facts], 'U')})"] if self.facts else []
        opened += [self._half_stated(rule.holds.names) for rule in self.track.invariants if self._names(rule.holds.names)]
        with lines.under(f"if not ({' or '.join(opened) or 'False'}):"):
            self._decide(lines)
        lines.add(f"return new(Record, ({self._track()}, *answer, {self.criteria.words(known=False)}, {self._figures()}))")
        return lines.text("def careful(row):")

    def _half_stated(self, names: Sequence[str]) -> str:
        """Write the question whether a law has facts that are stated beside facts that are open."""
        locals_ = self._names(names)
        stated = " or ".join(f"row[{self.names.positions[name]}] is not U" for name in names if name in self.names.positions)
        return f"(({any_is(locals_, 'U')}) and ({stated}))"

    def _names(self, names: Sequence[str]) -> list[str]:
        """Return the locals of the facts among some names."""
        return [self.names.fact(name) for name in names if name in self.names.positions]

    def _open(self, lines: Lines, stated: Sequence[str] = ()) -> None:
        """Begin a function, and ask what binds from outside before facts stand in for others, as the reference does."""
        self.opening.write(lines, stated)
        for number, bound in enumerate(self.bounds):
            self._ask_bound(number, bound, lines)
        self.opening.stand_in(lines)

    def _begun(self, stated: Sequence[str]) -> Lines:
        """Begin a function for known facts: others go to the careful one."""
        lines = Lines()
        self._open(lines, stated)
        self._send_on(self._guarded(), lines)
        return lines

    def _guarded(self) -> list[str]:
        """Return the facts that are to be known and that no law surely asks."""
        raising = frozenset[str]().union(*(self.writer.raising(rule.holds.tree) for rule in self.laws.tied))
        tied = {name for rule in self.laws.tied for name in rule.holds.names if name in self.names.positions}
        return [name for name in self.names.positions if name in (self.track.decisive | tied) - raising]

    def _send_on(self, facts: Sequence[str], lines: Lines) -> None:
        """Send a row on where one of some facts is open."""
        if facts:
            with lines.under(f"if {any_is([self.names.fact(name) for name in facts], 'U', 'None')}:"):
                lines.add("return careful(row)")

    def _hold_laws(self, lines: Lines) -> None:
        """Hold known facts against the laws; what breaks one is told by the careful function."""
        if self.laws.tied:
            with lines.under(f"if not ({' and '.join(self.writer.known(rule.holds.tree) for rule in self.laws.tied)}):"):
                lines.add("return careful(row)")
        for group in self.laws.loose:
            facts = sorted({name for rule in group for name in rule.holds.names if name in self.names.positions})
            raising = frozenset[str]().union(*(self.writer.raising(rule.holds.tree) for rule in group))
            with lines.under(f"if not ({any_all([self.names.fact(name) for name in facts], 'U')}):"):
                self._send_on([name for name in facts if name not in raising], lines)
                with lines.under(f"if not ({' and '.join(self.writer.known(rule.holds.tree) for rule in group)}):"):
                    lines.add("return careful(row)")

    @staticmethod
    def _otherwise(lines: Lines) -> None:
        """Send a row on where a fact turned out to be open."""
        with lines.under("except TypeError:"):
            lines.add("return careful(row)")

    def _decide(self, lines: Lines) -> None:
        """Decide step by step, of criteria that are known."""
        head = "if"
        for rule in self.criteria.steps():
            with lines.under(f"{head} {self.criteria.level(rule)}:"):
                lines.add(f"answer = {self._plain('classified', rule.level)}")
            head = "elif"
        residual = self.track.track.residual
        rest = f"answer = {self._plain(residual.outcome, residual.level)}"
        if head == "if":
            lines.add(rest)
        else:
            with lines.under("else:"):
                lines.add(rest)
        if self.bounds:
            lines.add(f"answer = bind(answer, {self._bars()})")

    def _answer(self, outcome: str, level: str | None) -> str:
        """Write an answer, bound from outside where something binds."""
        plain = self._plain(outcome, level)
        return f"bind({plain}, {self._bars()})" if self.bounds and outcome != OPEN else plain

    def _plain(self, outcome: str, level: str | None) -> str:
        """Write an answer."""
        return self.names.value((outcome, level))

    def _ask_bound(self, number: int, bound: Bound, lines: Lines) -> None:
        """Ask whether a rule binds, and at which level."""
        writer = self.layout.conditions({**self.layout.plan.constants, **bound.figures})
        applies = bound.rule.rule.applies_when
        lines.add(f"b{number} = {writer.open(applies.tree, lines) if applies else True}")
        own = bound.rule.when.tree if isinstance(bound.rule, Eligibility) else bound.rule.other.tree
        lines.add(f"v{number} = {writer.open(own, lines) if isinstance(bound.rule, Eligibility) else writer.value(own, lines)}")

    def _bars(self) -> str:
        """Write what binds: for each rule whether it bars, whether it applies, and its answer."""
        rows = [f"({isinstance(bound.rule, Eligibility)}, b{n}, v{n})" for n, bound in enumerate(self.bounds)]
        return f"({', '.join(rows)},)"

    def _track(self) -> str:
        """Write the name of the track."""
        return self.names.value(self.track.track.id)

    def _figures(self) -> str:
        """Write the facts that the criteria look at, as they came to be known."""
        return f"({''.join(f'{self.names.fact(name)}, ' for name in self.facts)})"


def refuse_none(lines: Lines) -> None:
    """Refuse None, which Python would take for false: what nobody recorded is UNKNOWN, what does not exist is NONE."""
    with lines.under("if None in row:"):
        lines.add("raise TypeError(none)")


def _asked_by(bound: Bound) -> tuple[str, ...]:
    """Return the names that a rule asks."""
    rule = bound.rule
    own = rule.when if isinstance(rule, Eligibility) else rule.other
    return (*own.names, *(rule.rule.applies_when.names if rule.rule.applies_when else ()))


def binder(level_ids: Sequence[str]) -> Callable[[Answer, Sequence[tuple[bool, Any, Any]]], Answer]:
    """Return what binds an answer by rules of eligibility and by ceilings; what is open there leaves the answer open."""

    def bind(answer: Answer, bars: Sequence[tuple[bool, Any, Any]]) -> Answer:
        truths = [
            False if applies is False or value is False else value if applies is True else UNKNOWN for bar, applies, value in bars if bar
        ]
        if any(truth is True for truth in truths):
            return ("not_eligible", None)
        ceilings = [(applies, value) for bar, applies, value in bars if not bar and applies is not False and value is not NONE]
        doubtful = answer[1] is not None and any(applies is UNKNOWN or value is UNKNOWN for applies, value in ceilings)
        if doubtful or any(truth is UNKNOWN for truth in truths):
            return (OPEN, None)
        if answer[1] is None or not ceilings:
            return answer
        return ("classified", level_ids[min(level_ids.index(answer[1]), *(value for _, value in ceilings))])

    return bind


def scope(layout: Layout) -> str:
    """Write the function of a row that no track is for: it may still contradict itself."""
    lines = Lines()
    refuse_none(lines)
    Opening(layout, None).write(lines)
    lines.add("return outside")
    return lines.text("def careful(row):")


def choosing(layout: Layout, *, plain: bool) -> str:
    """Write the function that tells of every track whether it is for a row; nothing where the row contradicts itself.

    It is plain where no fact that it asks follows from others: then the row's other facts do not matter.
    """
    lines = Lines()
    refuse_none(lines)
    names = [name for track in layout.plan.tracks.values() for name in track.track.applies_to.names]
    if plain:
        lines.add(*(f"{layout.names.fact(name)} = row[{layout.names.positions[name]}]" for name in layout.plan.choosing))
    else:
        Opening(layout, None, names).write(lines)
    writer = layout.conditions(layout.plan.constants)
    truths = [writer.open(track.track.applies_to.tree, lines) for track in layout.plan.tracks.values()]
    lines.add(f"return ({''.join(f'{truth}, ' for truth in truths)})")
    return lines.text("def choosing(row):").replace(REFUSED, "return None").replace(LISTED, "return None")
