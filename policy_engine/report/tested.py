"""A run of tests as JSON and as JUnit XML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from policy_engine.errors import N_, InputError, Problem
from policy_engine.evaluate.expectation import Uncovered
from policy_engine.explain.tested import Figures, Run, Tested, never_text, reasons, side_text, survivor_text
from policy_engine.messages import LANGUAGES, translate
from policy_engine.report.annotations import Outcome, Place, Suite, class_name, refused_outcomes, to_junit
from policy_engine.report.problems import slips_to_data
from policy_engine.trial.mutants import Mutant
from policy_engine.trial.run import Missing, Reason, Suggestion, Trial
from policy_engine.trial.sides import Unseen

_SAYS = N_("what the engine says now: {outcome}")
_CONFIRM = N_("read the text, then write under `expect:` what must come out; until then this case fails")
_BY_ID = ("criteria", "requirements", "contents", "ceilings", "route_ids")


def figures_to_data(figures: Figures) -> dict[str, Any]:
    """Return the sides of an edition's figures as data."""
    settled = figures.settled
    return {
        "edition": figures.edition,
        "total": figures.total - len(settled.impossible),
        "unseen": [_side(one.unseen) | {"settled": one.settled} for one in settled.missing],
        "impossible": [_side(one) for one in settled.impossible],
        "solver": figures.asked,
    }


def _side(one: Unseen) -> dict[str, Any]:
    """Return one side of a figure."""
    place = one.comparison.place
    return {
        "track": one.comparison.track, "chapter": place.chapter, "id": place.owner, "clauses": list(place.clauses),
        "key": one.comparison.key, "held": one.comparison.text, "figure": one.comparison.shown, "side": one.side,
    }  # fmt: skip


def trial_to_data(trial: Trial) -> dict[str, Any]:
    """Return a trial as data."""
    return {
        "edition": trial.edition, "total": trial.total, "killed": trial.killed, "refused": trial.refused,
        "equivalent": [_mutant(mutant) for mutant in trial.equivalent],
        "survivors": [_mutant(one.mutant) | {"settled": one.settled} for one in trial.survivors],
        "solver": trial.asked,
    }  # fmt: skip


def _mutant(mutant: Mutant) -> dict[str, Any]:
    """Return one mutant."""
    place = mutant.place
    return {
        "kind": mutant.kind, "before": mutant.before, "after": mutant.after, "id": place.owner, "clauses": list(place.clauses),
        "tracks": list(place.tracks), "chapter": place.chapter, "part": mutant.part,
        "file": place.location.file, "line": place.location.line,
    }  # fmt: skip


def properties(run: Run) -> dict[str, str]:
    """Return how well a run covers its editions, or how many cases were refused, as the properties of a JUnit report."""
    found: dict[str, str] = {"ran": str(len(run.tested)), "refused": str(run.refused)} if run.refused else {}
    for figures in run.figures:
        demanded = figures.total - len(figures.settled.impossible)
        found[f"{figures.edition}.figures"] = f"{demanded - len(figures.settled.missing)}/{demanded}"
    for trial in run.trials:
        found[f"{trial.edition}.mutants"] = f"{trial.killed + trial.refused}/{trial.total - len(trial.equivalent)}"
        found[f"{trial.edition}.equivalent"] = str(len(trial.equivalent))
    return found


def survivors(run: Run, language: str) -> Iterator[tuple[Place, str, str]]:
    """Return each survivor as a failure of a JUnit report: where it stands, what it is, what is to be said."""
    for trial in run.trials:
        for one in trial.survivors:
            place = one.mutant.place
            name = " ".join(filter(None, (one.mutant.kind, place.owner, one.mutant.part, one.mutant.before, one.mutant.after)))
            yield Place(place.location.file, place.location.line), name, survivor_text(one.mutant, language)


def suggestion_facts(one: Suggestion, edition: str, head: Sequence[str]) -> str:
    """Write a suggested case with its facts alone, to be rated."""
    facts = [f"  {name}: {value}" for name, value in one.sketch.facts.items()]
    return "\n".join([*head, f"case: {one.name}", f'edition: "{edition}"', "facts:", *facts, ""])


def suggestion_text(one: Suggestion, plain: str, seen: Mapping[str, object]) -> str:
    """Write a suggested case whole: what it shows, what the engine says of it now, and an expectation for a person to confirm.

    Args:
        one: the suggestion.
        plain: its file with the facts alone.
        seen: what came out of it, in the forms in which a case expects it.
    """
    first, _, rest = plain.partition("\n")
    outcome = str(seen["level"] or seen["outcome"])
    remarks = [f"# {reason_text(reason, language)}" for reason in one.reasons for language in LANGUAGES]
    says = [f"# {translate(_SAYS, language, outcome=outcome)}; {translate(_CONFIRM, language)}" for language in LANGUAGES]
    return "\n".join([first, *remarks, *says, rest + "# expect:", *_expected(one, seen), ""])


def reason_text(reason: Reason, language: str) -> str:
    """Say why a case is missing."""
    match reason:
        case Missing():
            return side_text(reason, language)
        case Uncovered():
            return never_text(reason, language)
        case _:
            return survivor_text(reason.mutant, language)


def _expected(one: Suggestion, seen: Mapping[str, object]) -> Iterator[str]:
    """Write what came out as a remark, to be taken over by whoever has read the text."""
    yield f"#   outcome: {seen['outcome']}"
    if seen["level"]:
        yield f"#   level: {seen['level']}"
    owners = dict.fromkeys(_owner(reason) for reason in one.reasons)
    for key in _BY_ID:
        by_id: Any = seen[key]
        named = [f"#     {owner}: {by_id[owner]}" for owner in owners if owner in by_id]
        yield from ([f"#   {key}:", *named] if named else [])


def _owner(reason: Reason) -> str:
    """Return the id of what a case is to show."""
    match reason:
        case Missing():
            return reason.unseen.comparison.place.owner
        case Uncovered():
            return reason.criterion
        case _:
            return reason.mutant.place.owner


def run_to_data(run: Run, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    """Return a run as data."""
    return {
        "passed": run.passed,
        "ran": len(run.tested),
        "refused": run.refused,
        "refused_by_rulebook": run.by_rulebook,
        "problems": slips_to_data(problems),
        "cases": [
            {"case": one.case, "path": one.path, "passed": one.passed, "expects": one.expects, "unmet": [u._asdict() for u in one.unmet]}
            for one in run.tested
        ],
        "coverage": [
            {"edition": coverage.edition.id, "total": coverage.total, "uncovered": [one._asdict() for one in coverage.uncovered()]}
            for coverage in run.coverage
        ],
        "figures": [figures_to_data(figures) for figures in run.figures],
        "mutation": [trial_to_data(trial) for trial in run.trials],
    }


def run_to_junit(run: Run, language: str, problems: Sequence[Problem] = (), seconds: float = 0.0) -> str:
    """Return a run as JUnit XML: a case that is not as expected is a failure, a file that cannot be read is an error.

    A small change of the edition that no case noticed is a failure too.

    Args:
        run: the cases that were rated.
        language: `vi` or `en`.
        problems: what is wrong with the files that could not be rated.
        seconds: how long the run took.
    """
    problems = InputError(list(problems)).problems  # what is wrong with a rulebook was met with every case
    outcomes = [_outcome(one, language) for one in run.tested]
    outcomes += refused_outcomes(problems, language)
    outcomes += [
        Outcome(classname=class_name(place.file), name=name, kind="failure", type="mutation", message=text, place=place)
        for place, name, text in survivors(run, language)
    ]
    left = max(seconds - sum(outcome.seconds for outcome in outcomes), 0.0)
    if outcomes:  # what was spent on all of them together, such as reading the rulebook, is told of the first
        outcomes[0] = replace(outcomes[0], seconds=outcomes[0].seconds + left)
    return to_junit([Suite(name="policy-engine", outcomes=outcomes, properties=properties(run))])


def _outcome(one: Tested, language: str) -> Outcome:
    """Return one case as a test."""
    place = Place(one.path, one.line)
    if one.passed:
        return Outcome(classname=class_name(one.path), name=one.case, place=place, seconds=one.seconds)
    why = tuple(reasons(one, language))
    return Outcome(
        classname=class_name(one.path), name=one.case, kind="failure", type="expectation", message="; ".join(why),
        text="\n".join((f"{one.path}:{one.line}", *why)), place=place, seconds=one.seconds,
    )  # fmt: skip
