"""A run of tests in sentences: which expectations are not met, and which criteria no case has seen."""

from collections.abc import Iterator
from typing import NamedTuple

from policy_engine.errors import N_
from policy_engine.evaluate.expectation import Coverage, Uncovered, Unmet
from policy_engine.explain.blocks import Explanation, Line, Section
from policy_engine.explain.trial import Figures, figures_section, trial_sections
from policy_engine.language.shapes import is_array
from policy_engine.messages import plural, translate
from policy_engine.trial.run import Trial

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
