"""Which interpretations a plainly settled row relies on: the same rule as in `evaluate.reliance`, by code and a few truths."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from policy_engine.columnar.codes import Bits, Codes
from policy_engine.columnar.conditions import Reader
from policy_engine.columnar.logic import Truth
from policy_engine.columnar.track import Track
from policy_engine.evaluate.core.plan import Considered, Plan, TrackPlan
from policy_engine.model.facts import FactDeclaration, InterpretationUse

Truths = list[tuple[str, Truth, bool]]
"""Truths that an interpretation hangs on: a name for each, the truth, and the value that it must have."""


def note_interpretations(plan: Plan, tracks: Sequence[Track], followed: Mapping[str, Truth], codes: Codes, bits: Bits) -> None:
    """Note for every code which interpretations a row with it relies on."""
    by_id = {track.plan.track.id: track for track in tracks}
    for code, meaning in enumerate(codes.meanings):
        if meaning.track in by_id:
            _Noting(by_id[meaning.track], plan, followed, code, bits).note(meaning.level, residual=meaning.level is None)


class _Noting:
    """One code, while its interpretations are noted."""

    def __init__(self, track: Track, plan: Plan, followed: Mapping[str, Truth], code: int, bits: Bits) -> None:
        """Take the track and the code."""
        self.track, self.plan, self.followed, self.code, self.bits = track, plan, followed, code, bits

    def note(self, level: str | None, *, residual: bool) -> None:
        """Note every interpretation of the code."""
        track = self.track.plan
        considered = track.considered.get(level) or track.considered[None]
        self._uses(considered.uses, [])
        if residual:
            self._uses(track.track.residual.interpretations, [])
        self._criteria(considered)
        self._facts(considered)

    def _criteria(self, considered: Considered) -> None:
        """Note the interpretations of the criteria that were looked at: those of applying where one does not apply, else its own."""
        for rule in self.track.plan.track.levels:
            for criterion in rule.criteria if rule.level in considered.levels else ():
                text = criterion.applies_when.text if criterion.applies_when else ""
                applies = self.track.criteria[criterion.id].applies
                name = f"{self.track.number}:{text}"
                self._uses(criterion.interpretations, [(name, applies, True)])
                self._uses(criterion.applies_interpretations, [(name, applies, False)])

    def _facts(self, considered: Considered) -> None:
        """Note the interpretations of what stood in, and of facts that were derived."""
        read: dict[str, Truths] = {name: [] for name in considered.reads}
        for number, rule in enumerate(self.track.plan.track.stand_ins):
            standing = read.keys() & rule.take.keys()
            stands = (f"{self.track.number}:stands:{number}", self.track.stands[number], True)
            if standing:
                self._uses(rule.interpretations, [stands])
                for name in standing:
                    read.setdefault(rule.take[name], [stands])
        for name, truths in read.items():
            if name in self.followed:
                self._uses(self.plan.edition.facts[name].interpretations, [*truths, (f"followed:{name}", self.followed[name], True)])

    def _uses(self, uses: Iterable[InterpretationUse], truths: Truths) -> None:
        """Note interpretations that hang on some truths, and each on its own condition."""
        for use in uses:
            own: Truths = [(f"{self.track.number}:{use.when.text}", self.track.reader.truth(use.when), True)] if use.when else []
            self.bits.use([self.code], use.id, [*truths, *own])


def interpretations_of(reader: Reader, name: str, uses: Iterable[InterpretationUse]) -> list[tuple[str, Truths]]:
    """Return interpretations with the truth that each hangs on, of a rule that stands outside the tracks."""
    return [(use.id, [(f"{name}:{use.when.text}", reader.truth(use.when), True)] if use.when else []) for use in uses]


def uses_under(track: TrackPlan, facts: Iterable[FactDeclaration]) -> Iterator[InterpretationUse]:
    """Return every interpretation that an outcome under a track may rely on."""
    own = track.track
    for considered in track.considered.values():
        yield from considered.uses
    yield from own.residual.interpretations
    for interpretations in (*(rule.interpretations for rule in own.stand_ins), *(fact.interpretations for fact in facts)):
        yield from interpretations
    for level in own.levels:
        for criterion in level.criteria:
            yield from (*criterion.interpretations, *criterion.applies_interpretations)
