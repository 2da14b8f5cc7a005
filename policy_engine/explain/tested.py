"""A run of tests in sentences: which expectations are not met, and which criteria no case has seen."""

from collections.abc import Iterator
from typing import NamedTuple

from policy_engine.messages import N_
from policy_engine.evaluate.plain import Coverage, Uncovered, Unmet
from policy_engine.explain.blocks import Explanation, Line, Section
from policy_engine.language.values import is_array
from policy_engine.messages import plural, translate
from policy_engine.source import Location
from policy_engine.trial.mutants import Mutant
from policy_engine.trial.run import Missing, Settled, Survivor, Trial
from policy_engine.trial.sides import Comparison

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
    """Return what was not seen, or that everything was; what no solver was asked about, and how much was set apart."""
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
    """Return how the cases fared: what survived, and what was set apart."""
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
    """Return the words of a mutant's sentence."""
    place = mutant.place
    clauses = ", ".join(place.clauses) or place.owner
    return {"before": mutant.before, "after": mutant.after, "owner": place.owner, "part": mutant.part or place.owner, "clauses": clauses}


def _where(location: Location, edition: str) -> str:
    """Name a place by its file inside the edition's folder."""
    file = location.file.replace("\\", "/")
    return f"{file.rpartition(f'/{edition}/')[2].removeprefix('/')}:{location.line}"


_WAYS = {"met": N_("met"), "not_met": N_("not met"), "unknown": N_("open")}
_HELD_BACK = N_("While cases are refused, it is not said what the others leave unseen: the refused ones may show just that.")
_NOTHING = N_("expects nothing: write under `expect:` what must come out")


class Tested(NamedTuple):
    """One case that was run: whether it expects anything, what of it does not hold, in which line that stands, how long it took."""

    path: str
    case: str
    expects: bool
    unmet: tuple[Unmet, ...]
    line: int = 1
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the case expects something, and all of it holds."""
        return self.expects and not self.unmet


class Run(NamedTuple):
    """A run over cases, how they cover the editions that they are rated under, and what small changes they would notice.

    `refused` counts the files that were not rated, `by_rulebook` those among them that the rulebook's own errors kept from it. How
    well cases cover an edition is left out where some were refused: what they would have shown is no gap.
    """

    tested: tuple[Tested, ...]
    coverage: tuple[Coverage, ...]
    figures: tuple[Figures, ...] = ()
    trials: tuple[Trial, ...] = ()
    refused: int = 0
    by_rulebook: int = 0

    @property
    def passed(self) -> bool:
        """Whether there was a case, none was refused, every one passed, and no mutant survived them."""
        every = bool(self.tested) and not self.refused and all(one.passed for one in self.tested)
        return every and not any(trial.survivors for trial in self.trials)


def explain_run(run: Run, language: str) -> Explanation:
    """Put a run into sentences."""
    failed = [one for one in run.tested if not one.passed]
    headline = " ".join(_headline(run, len(failed), language))
    lines = tuple(Line("not_met", f"{one.case}: {text}", one.path) for one in failed for text in reasons(one, language))
    sections = [
        Section(translate(N_("Not as expected"), language), lines),
        *(_covered(coverage, language) for coverage in run.coverage),
        *(figures_section(figures, language) for figures in run.figures),
        *(section for trial in run.trials for section in trial_sections(trial, language)),
    ]
    kept = tuple(section for section in sections if section.lines)
    notes = (translate(_HELD_BACK, language),) if run.refused and run.tested else ()
    return Explanation(translate(N_("Test"), language), headline, "round", notes, kept)


def _headline(run: Run, failed: int, language: str) -> Iterator[str]:
    """Say how many cases ran and how many were refused, and how many came out otherwise; never of none that none failed."""
    words = {"cases": len(run.tested) + run.refused, "failed": failed}
    if run.by_rulebook:
        yield (
            plural(
                "Not run on {number} case: the rulebook has errors.", "Not run on {number} cases: the rulebook has errors.",
                run.by_rulebook, language,
            )
            if run.tested
            else translate(N_("Not run: the rulebook has errors."), language)
        )  # fmt: skip
    if run.refused and (run.tested or run.refused > run.by_rulebook):
        yield plural(
            "{number} case: {ran} ran, {refused} refused.", "{number} cases: {ran} ran, {refused} refused.",
            len(run.tested) + run.refused, language, ran=len(run.tested), refused=run.refused,
        )  # fmt: skip
    elif run.tested or run.refused:
        yield translate(N_("Cases: {cases}."), language, **words)
    else:
        yield translate(N_("Not run: there is no case."), language)
    if run.tested:
        yield translate(N_("Not as expected: {failed}."), language, **words)


def reasons(one: Tested, language: str) -> Iterator[str]:
    """Say why a case did not pass."""
    if not one.expects:
        yield translate(_NOTHING, language)
    for miss in one.unmet:
        words = {"key": miss.key, "wanted": _shown(miss.wanted), "found": _shown(miss.found)}
        yield translate(N_("`{key}`: expected {wanted}, found {found}"), language, **words)


def _shown(value: object) -> str:
    """Write what was expected or found, as a case file would."""
    if is_array(value):
        return f"[{', '.join(map(_shown, value))}]"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _covered(coverage: Coverage, language: str) -> Section:
    """Name the criteria of an edition that no case has seen in every way."""
    uncovered = coverage.uncovered()
    missed = sum(len(one.never) for one in uncovered)
    words = {"edition": coverage.edition.id, "seen": coverage.total - missed, "total": coverage.total}
    title = translate(N_("Edition {edition}: criteria seen in {seen} of {total} ways"), language, **words)
    lines = tuple(_never(one, language) for one in uncovered)
    return Section(title, lines or (Line("met", translate(N_("every one"), language)),))


def _never(one: Uncovered, language: str) -> Line:
    """Say in which ways no case has seen a criterion."""
    return Line("unknown", never_text(one, language), one.citation)


def never_text(one: Uncovered, language: str) -> str:
    """Say in which ways no case has seen a criterion."""
    ways = ", ".join(translate(_WAYS[way], language) for way in one.never)
    return translate(N_("{track}, {criterion}: never seen {ways}"), language, track=one.track, criterion=one.criterion, ways=ways)
