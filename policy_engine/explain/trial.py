"""A trial in sentences: which figures no case has seen from both sides, and which slips no case would notice."""

from collections.abc import Iterator
from typing import NamedTuple

from policy_engine.errors import N_
from policy_engine.explain.blocks import Line, Section
from policy_engine.messages import plural, translate
from policy_engine.source import Location
from policy_engine.trial.comparisons import Comparison
from policy_engine.trial.mutants import Mutant
from policy_engine.trial.run import Survivor, Trial
from policy_engine.trial.settle import Missing, Settled

_SIDES = {"below": N_("just below {figure}"), "on": N_("exactly {figure}"), "above": N_("just above {figure}")}
_SURVIVORS = {
    "dropped": N_("no case notices where `{before}` is not asked at {clauses}"),
    "applies_when": N_("no case notices where `{owner}` is asked of everyone at {clauses}, not only where `{before}`"),
    "in_time": N_("no case notices where `{owner}` is asked without its day at {clauses}: `{before}`"),
    "order": N_("no case tells which is decided first at {clauses}: `{before}` or `{after}`"),
    "missing_not": N_("no case notices where `not` is missing at {clauses}: `{part}`"),
    "mode": N_("no case tells `{before}` from `{after}` at {clauses}: {owner}"),
    "relation": N_("no case tells `{before}` from `{after}` at {clauses}: {owner}"),
}
_TOLD_APART = N_("no case tells `{before}` from `{after}` at {clauses}: `{part}`")
_SAME = N_("`{before}` and `{after}` are the same at {clauses}, which is proven: `{part}`")
_SAME_WITHOUT = N_("without `{before}` no level comes out otherwise at {clauses}, which is proven: {owner}")
_NO_SOLVER = N_("not settled without the extra `prove`: whether each of these sides can occur")
_NO_PROOF = N_("not settled without the extra `prove`: whether a case could notice these at all")
_IMPOSSIBLE = N_("more sides that no case can be on, which is proven: {count}")
_REFUSED = N_("refused by the edition's own rules, so that no case is needed: {count}")
_UNSETTLED = N_("it is not settled whether a case could")


class Figures(NamedTuple):
    """The sides of an edition's figures: how many there are, what no case has seen, and whether a solver was asked."""

    edition: str
    total: int
    settled: Settled
    asked: bool


def figures_section(figures: Figures, language: str) -> Section:
    """Name the sides that no case has seen."""
    settled = figures.settled
    demanded = figures.total - len(settled.impossible)
    words = {"edition": figures.edition, "seen": demanded - len(settled.missing), "total": demanded}
    lines = [_side(one, figures, language) for one in settled.missing]
    lines = _remarked(lines, None if figures.asked else _NO_SOLVER, _IMPOSSIBLE, len(settled.impossible), language)
    title = translate(N_("Edition {edition}: figures seen from {seen} of {total} sides"), language, **words)
    return Section(title, tuple(lines))


def _remarked(lines: list[Line], unasked: str | None, set_apart: str, count: int, language: str) -> list[Line]:
    """Give what was not seen, or that everything was; what no solver was asked about, and how much was set apart."""
    if not lines:
        lines = [Line("met", translate(N_("every one"), language))]
    elif unasked:
        lines = [*lines, Line("note", translate(unasked, language))]
    return [*lines, Line("note", translate(set_apart, language, count=count))] if count else lines


def _side(one: Missing, figures: Figures, language: str) -> Line:
    """Say which side of a figure no case has seen."""
    comparison = one.unseen.comparison
    text = side_text(one, language)
    if figures.asked and not one.settled:
        text += f" ({translate(_UNSETTLED, language)})"
    return Line("unknown", text, "; ".join(comparison.place.clauses))


def side_text(one: Missing, language: str) -> str:
    """Say which side of a figure no case has seen."""
    comparison = one.unseen.comparison
    side = translate(_SIDES[one.unseen.side], language, figure=comparison.shown)
    words = {"whose": _whose(comparison), "held": comparison.text, "side": side}
    return translate(N_("{whose}: `{held}` never seen {side}"), language, **words)


def _whose(one: Comparison) -> str:
    """Name what a comparison belongs to."""
    return ", ".join(part for part in (one.track, one.place.owner) if part)


def trial_sections(trial: Trial, language: str) -> Iterator[Section]:
    """Tell how the cases fared: what survived, and what was set apart."""
    words = {"edition": trial.edition, "noticed": trial.killed + trial.refused}
    total = trial.total - len(trial.equivalent)
    title = plural(
        "Edition {edition}: {noticed} of {number} small change of the rulebook is noticed",
        "Edition {edition}: {noticed} of {number} small changes of the rulebook are noticed", total, language, **words,
    )  # fmt: skip
    lines = [_survivor(one, trial, language) for one in trial.survivors]
    lines = _remarked(lines, None if trial.asked else _NO_PROOF, _REFUSED, trial.refused, language)
    yield Section(title, tuple(lines))
    same = tuple(Line("note", _same(mutant, language), _where(mutant.place.location, trial.edition)) for mutant in trial.equivalent)
    yield Section(translate(N_("Changes that change nothing: {count}"), language, count=len(same)), same)


def _survivor(one: Survivor, trial: Trial, language: str) -> Line:
    """Say which slip no case notices."""
    text = survivor_text(one.mutant, language)
    if trial.asked and not one.settled:
        text += f" ({translate(_UNSETTLED, language)})"
    return Line("not_met", text, _where(one.mutant.place.location, trial.edition))


def survivor_text(mutant: Mutant, language: str) -> str:
    """Say which slip no case notices, and where."""
    kind = "missing_not" if mutant.kind == "negation" and not mutant.after else mutant.kind
    return translate(_SURVIVORS.get(kind, _TOLD_APART), language, **_words(mutant))


def _same(mutant: Mutant, language: str) -> str:
    """Say that a change changes nothing."""
    return translate(_SAME if mutant.after else _SAME_WITHOUT, language, **_words(mutant))


def _words(mutant: Mutant) -> dict[str, object]:
    """Give the words of a mutant's sentence."""
    place = mutant.place
    clauses = ", ".join(place.clauses) or place.owner
    return {"before": mutant.before, "after": mutant.after, "owner": place.owner, "part": mutant.part or place.owner, "clauses": clauses}


def _where(location: Location, edition: str) -> str:
    """Name a place by its file inside the edition's folder."""
    file = location.file.replace("\\", "/")
    return f"{file.rpartition(f'/{edition}/')[2].removeprefix('/')}:{location.line}"
