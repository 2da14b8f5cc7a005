"""A trial as JSON, and a suggested case as the text of a file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policy_engine.errors import N_
from policy_engine.evaluate.expectation import Uncovered
from policy_engine.explain.tested import Run, never_text
from policy_engine.explain.trial import Figures, side_text, survivor_text
from policy_engine.messages import LANGUAGES, translate
from policy_engine.report.junit import Place
from policy_engine.trial.mutants import Mutant
from policy_engine.trial.run import Trial
from policy_engine.trial.settle import Missing
from policy_engine.trial.sides import Unseen
from policy_engine.trial.suggest import Reason, Suggestion

_SAYS = N_("what the engine says now: {outcome}")
_CONFIRM = N_("read the text, then write under `expect:` what must come out; until then this case fails")
_BY_ID = ("criteria", "requirements", "contents", "ceilings", "route_ids")


def figures_to_data(figures: Figures) -> dict[str, Any]:
    """Give the sides of an edition's figures as data."""
    settled = figures.settled
    return {
        "edition": figures.edition,
        "total": figures.total - len(settled.impossible),
        "unseen": [_side(one.unseen) | {"settled": one.settled} for one in settled.missing],
        "impossible": [_side(one) for one in settled.impossible],
        "solver": figures.asked,
    }


def _side(one: Unseen) -> dict[str, Any]:
    """Give one side of a figure."""
    place = one.comparison.place
    return {
        "track": one.comparison.track, "chapter": place.chapter, "id": place.owner, "clauses": list(place.clauses),
        "key": one.comparison.key, "held": one.comparison.text, "figure": one.comparison.shown, "side": one.side,
    }  # fmt: skip


def trial_to_data(trial: Trial) -> dict[str, Any]:
    """Give a trial as data."""
    return {
        "edition": trial.edition, "total": trial.total, "killed": trial.killed, "refused": trial.refused,
        "equivalent": [_mutant(mutant) for mutant in trial.equivalent],
        "survivors": [_mutant(one.mutant) | {"settled": one.settled} for one in trial.survivors],
        "solver": trial.asked,
    }  # fmt: skip


def _mutant(mutant: Mutant) -> dict[str, Any]:
    """Give one mutant."""
    place = mutant.place
    return {
        "kind": mutant.kind, "before": mutant.before, "after": mutant.after, "id": place.owner, "clauses": list(place.clauses),
        "tracks": list(place.tracks), "chapter": place.chapter, "part": mutant.part,
        "file": place.location.file, "line": place.location.line,
    }  # fmt: skip


def properties(run: Run) -> dict[str, str]:
    """Give how well a run covers its editions, or how many cases were refused, as the properties of a JUnit report."""
    found: dict[str, str] = {"ran": str(len(run.tested)), "refused": str(run.refused)} if run.refused else {}
    for figures in run.figures:
        demanded = figures.total - len(figures.settled.impossible)
        found[f"{figures.edition}.figures"] = f"{demanded - len(figures.settled.missing)}/{demanded}"
    for trial in run.trials:
        found[f"{trial.edition}.mutants"] = f"{trial.killed + trial.refused}/{trial.total - len(trial.equivalent)}"
        found[f"{trial.edition}.equivalent"] = str(len(trial.equivalent))
    return found


def survivors(run: Run, language: str) -> Iterator[tuple[Place, str, str]]:
    """Give each survivor as a failure of a JUnit report: where it stands, what it is, what is to be said."""
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
    """Give the id of what a case is to show."""
    match reason:
        case Missing():
            return reason.unseen.comparison.place.owner
        case Uncovered():
            return reason.criterion
        case _:
            return reason.mutant.place.owner
