"""What `test` and `check` found, as neutral blocks: expectations that are not met, what no case has seen, an edition's findings."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from policy_engine.checks.run import Checked, severity_of
from policy_engine.errors import Problem
from policy_engine.evaluate.plain import Coverage, Uncovered, Unmet
from policy_engine.explain.blocks import SEVERITY_MARKS, Explanation, Line, Section, Wording, filled
from policy_engine.language.values import is_array
from policy_engine.messages import LANGUAGES, N_, Spoken
from policy_engine.model.duties import SEVERITIES
from policy_engine.trial.mutants import Mutant
from policy_engine.trial.run import Missing, Settled, Trial

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
_WAYS = {"met": N_("met"), "not_met": N_("not met"), "unknown": N_("open")}
_HELD_BACK = N_("While cases are refused, it is not said what the others leave unseen: the refused ones may show just that.")
_NOTHING = N_("expects nothing: write under `expect:` what must come out")
_SEVERITIES = {"error": N_("Errors"), "warning": N_("Warnings"), "note": N_("Notes")}


class FiguresSeen(NamedTuple):
    """The sides of an edition's figures: how many there are, what no case has seen, and whether a solver was asked."""

    edition: str
    total: int
    settled: Settled
    asked: bool


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


class CaseRun(NamedTuple):
    """A run over cases, how they cover the editions that they are rated under, and what small changes they would notice.

    `refused` counts the files that were not rated, `by_rulebook` those among them that the rulebook's own errors kept from it. How
    well cases cover an edition is left out where some were refused: what they would have shown is no gap.
    """

    tested: tuple[Tested, ...]
    coverage: tuple[Coverage, ...]
    figures: tuple[FiguresSeen, ...] = ()
    trials: tuple[Trial, ...] = ()
    refused: int = 0
    by_rulebook: int = 0

    @property
    def passed(self) -> bool:
        """Whether there was a case, none was refused, every one passed, and no mutant survived them."""
        every = bool(self.tested) and not self.refused and all(one.passed for one in self.tested)
        return every and not any(trial.survivors for trial in self.trials)


def explain_run(run: CaseRun, language: str) -> Explanation:
    """Put a run into sentences."""
    wording = Wording(language)
    failed = [one for one in run.tested if not one.passed]
    lines = tuple(Line("not_met", f"{one.case}: {text}", one.path) for one in failed for text in reasons(one, language))
    sections = filled(
        Section(wording.say(N_("Not as expected")), lines),
        *(_covered(coverage, wording) for coverage in run.coverage),
        *(_figures(figures, wording) for figures in run.figures),
        *(section for trial in run.trials for section in _trial(trial, wording)),
    )
    return Explanation(
        title=wording.say(N_("Test")), headline=" ".join(_headline(run, len(failed), wording)), outcome="round",
        notes=(wording.say(_HELD_BACK),) if run.refused and run.tested else (), sections=sections,
    )  # fmt: skip


def _headline(run: CaseRun, failed: int, wording: Wording) -> Iterator[str]:
    """Say how many cases ran and how many were refused, and how many came out otherwise; never of none that none failed."""
    every = len(run.tested) + run.refused
    if run.by_rulebook and run.tested:
        yield wording.plural(
            "Not run on {number} case: the rulebook has errors.", "Not run on {number} cases: the rulebook has errors.", run.by_rulebook
        )
    elif run.by_rulebook:
        yield wording.say(N_("Not run: the rulebook has errors."))
    if run.refused and (run.tested or run.refused > run.by_rulebook):
        yield wording.plural(
            "{number} case: {ran} ran, {refused} refused.", "{number} cases: {ran} ran, {refused} refused.",
            every, ran=len(run.tested), refused=run.refused,
        )  # fmt: skip
    elif every:
        yield wording.say(N_("Cases: {cases}."), cases=every)
    else:
        yield wording.say(N_("Not run: there is no case."))
    if run.tested:
        yield wording.say(N_("Not as expected: {failed}."), failed=failed)


def reasons(one: Tested, language: str) -> Iterator[str]:
    """Return why a case did not pass."""
    wording = Wording(language)
    if not one.expects:
        yield wording.say(_NOTHING)
    for miss in one.unmet:
        yield wording.say(
            N_("`{key}`: expected {wanted}, found {found}"), key=miss.key, wanted=_as_written(miss.wanted), found=_as_written(miss.found)
        )


def _as_written(value: object) -> str:
    if is_array(value):
        return f"[{', '.join(map(_as_written, value))}]"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _covered(coverage: Coverage, wording: Wording) -> Section:
    """Name the criteria of an edition that no case has seen in every way."""
    uncovered = coverage.uncovered()
    seen = coverage.total - sum(len(one.never) for one in uncovered)
    title = wording.say(
        N_("Edition {edition}: criteria seen in {seen} of {total} ways"), edition=coverage.edition.id, seen=seen, total=coverage.total
    )
    lines = tuple(Line("unknown", never_text(one, wording.language), one.citation) for one in uncovered)
    return Section(title, lines or (Line("met", wording.say(N_("every one"))),))


def never_text(one: Uncovered, language: str) -> str:
    """Return in which ways no case has seen a criterion."""
    wording = Wording(language)
    ways = ", ".join(wording.say(_WAYS[way]) for way in one.never)
    return wording.say(N_("{track}, {criterion}: never seen {ways}"), track=one.track, criterion=one.criterion, ways=ways)


def _figures(figures: FiguresSeen, wording: Wording) -> Section:
    missing, impossible = figures.settled
    demanded = figures.total - len(impossible)
    title = wording.say(
        N_("Edition {edition}: figures seen from {seen} of {total} sides"), edition=figures.edition, seen=demanded - len(missing),
        total=demanded,
    )  # fmt: skip
    lines: list[Line] = []
    for one in missing:
        text = side_text(one, wording.language)
        text += f" ({wording.say(_UNSETTLED)})" if figures.asked and not one.settled else ""
        lines.append(Line("unknown", text, "; ".join(one.unseen.comparison.place.clauses)))
    return Section(title, _remarked(lines, None if figures.asked else _NO_SOLVER, _IMPOSSIBLE, len(impossible), wording))


def _remarked(lines: list[Line], unasked: str | None, set_apart: str, count: int, wording: Wording) -> tuple[Line, ...]:
    """Return what was not seen, or that everything was; what no solver was asked about, and how much was set apart."""
    if not lines:
        lines = [Line("met", wording.say(N_("every one")))]
    elif unasked:
        lines = [*lines, Line("note", wording.say(unasked))]
    return (*lines, Line("note", wording.say(set_apart, count=count))) if count else tuple(lines)


def side_text(one: Missing, language: str) -> str:
    """Return which side of a figure no case has seen."""
    wording, comparison = Wording(language), one.unseen.comparison
    side = wording.say(_SIDES[one.unseen.side], figure=comparison.shown)
    whose = ", ".join(filter(None, (comparison.track, comparison.place.owner)))
    return wording.say(N_("{whose}: `{held}` never seen {side}"), whose=whose, held=comparison.text, side=side)


def _trial(trial: Trial, wording: Wording) -> Iterator[Section]:
    """Return how the cases fared against the mutants: what survived, and what was set apart."""
    title = wording.plural(
        "Edition {edition}: {noticed} of {number} small change of the rulebook is noticed",
        "Edition {edition}: {noticed} of {number} small changes of the rulebook are noticed",
        trial.total - len(trial.equivalent), edition=trial.edition, noticed=trial.killed + trial.refused,
    )  # fmt: skip
    lines: list[Line] = []
    for one in trial.survivors:
        text = survivor_text(one.mutant, wording.language)
        text += f" ({wording.say(_UNSETTLED)})" if trial.asked and not one.settled else ""
        lines.append(Line("not_met", text, _where(one.mutant, trial.edition)))
    yield Section(title, _remarked(lines, None if trial.asked else _NO_PROOF, _REFUSED, trial.refused, wording))
    same = [
        Line("note", wording.say(_SAME if one.after else _SAME_WITHOUT, **_words(one)), _where(one, trial.edition))
        for one in trial.equivalent
    ]  # fmt: skip
    yield Section(wording.say(N_("Changes that change nothing: {count}"), count=len(same)), tuple(same))


def survivor_text(mutant: Mutant, language: str) -> str:
    """Return which change no case notices, and where."""
    kind = "missing_not" if mutant.kind == "negation" and not mutant.after else mutant.kind
    return Wording(language).say(_SURVIVORS.get(kind, _TOLD_APART), **_words(mutant))


def _words(mutant: Mutant) -> dict[str, object]:
    place = mutant.place
    clauses = ", ".join(place.clauses) or place.owner
    return {"before": mutant.before, "after": mutant.after, "owner": place.owner, "part": mutant.part or place.owner, "clauses": clauses}


def _where(mutant: Mutant, edition: str) -> str:
    """Return the place of a mutant by its file inside the edition's folder."""
    file = mutant.place.location.file.replace("\\", "/")
    return f"{file.rpartition(f'/{edition}/')[2].removeprefix('/')}:{mutant.place.location.line}"


def explain_checked(
    every: Sequence[Checked], language: str, say: Callable[[Problem], str], summary: Callable[[Checked], str]
) -> Explanation:  # fmt: skip
    """Put the findings of `check` into blocks, the worst first."""
    wording = Wording(language)
    sections: list[Section] = []
    for severity, problems in by_severity(problem for checked in every for problem in checked.findings).items():
        lines = [
            Line(SEVERITY_MARKS[severity], f"{one.code} {say(one)}", "{}:{}:{}".format(*one.location)) for one in fold_proposed(problems)
        ]
        sections.append(Section(wording.say(_SEVERITIES[severity]), tuple(lines)))
    headline = " ".join(map(summary, every))
    return Explanation(title=wording.say(N_("Check")), headline=headline, outcome="round", notes=(), sections=filled(*sections))


def by_severity(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """Return findings by how bad they are, the worst first; those of one severity by file and line."""
    ordered = sorted(problems, key=lambda problem: (problem.location, problem.code))
    return {severity: [problem for problem in ordered if severity_of(problem) == severity] for severity in SEVERITIES}


def fold_proposed(problems: Sequence[Problem]) -> list[Problem]:
    """Return findings with the interpretations of a file that are not accepted yet as one, at the first of them, which names them all."""
    folded: list[Problem] = []
    for problem in problems:
        same = [one for one in problems if one.code == problem.code == "PE820" and one.location.file == problem.location.file]
        if same in ([], [problem]):
            folded.append(problem)
        elif problem is same[0]:
            names = ", ".join(one.details["name"] for one in same)
            folded.append(problem._replace(details={**problem.details, "says": Spoken(dict.fromkeys(LANGUAGES, f"{len(same)} ({names})"))}))
    return folded
