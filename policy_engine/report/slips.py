"""Problems of many files: the same slip once, with the place of every file that has it."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from policy_engine.errors import N_, InputError, Problem, Words
from policy_engine.explain.blocks import Line, Section
from policy_engine.messages import LANGUAGES, translate
from policy_engine.report.problems import advice_of, message_of
from policy_engine.source import Location

_OF_ONE_FILE = frozenset({
    "found", "given", "counted", "derived", "figures", "other", "first", "line", "places", "nearest", "hint", "suggestion", "byte",
})  # fmt: skip
"""Words that fill a sentence with what one file holds; the same slip in another file has others."""
_NOT_YAML = "PE105"
"""Here what was found is the slip itself."""


class Slip(NamedTuple):
    """A slip: the first problem of its kind, and all places where it was made."""

    problem: Problem
    places: tuple[Location, ...]


def slips_of(problems: Sequence[Problem]) -> list[Slip]:
    """Return each slip once, the most frequent first, then by the place of the first."""
    groups: dict[tuple[str, ...], list[Problem]] = {}
    for problem in InputError(list(problems)).problems:
        groups.setdefault(_kind(problem), []).append(problem)
    found = [Slip(several[0], tuple(problem.location for problem in several)) for several in groups.values()]
    return sorted(found, key=lambda slip: -len(slip.places))


def _kind(problem: Problem) -> tuple[str, ...]:
    """Return what makes two problems the same slip: the code, and the words that are not of one file alone."""
    words = (
        f"{key}={value}"
        for key, value in sorted(problem.details.items())
        if problem.code == _NOT_YAML or isinstance(value, Words) or key not in _OF_ONE_FILE
    )
    return (problem.code, *words, *problem.words.values())


def slip_section(problems: Sequence[Problem], language: str) -> Section:
    """Return the slips as a section: what is wrong, how often, what to do, and where."""
    title = translate(N_("Errors, each with its places"), language)
    return Section(title, tuple(_line(slip, language) for slip in slips_of(problems)))


def _line(slip: Slip, language: str) -> Line:
    """Return one slip as a line."""
    problem, count = slip.problem, len(slip.places)
    words = {"code": problem.code, "count": count, "place": _place(problem.location)}
    head = translate(N_("{code} × {count}, for example {place}"), language, **words) if count > 1 else problem.code
    return Line("not_met", f"{head}: {message_of(problem, language)} → {advice_of(problem, language)}", _list(slip.places))


def _list(places: Sequence[Location]) -> str:
    """Return places in a row; of many in one folder, the folder stands once."""
    folder = os.path.commonpath([os.path.dirname(place.file) or "." for place in places]) if _share_a_root(places) else ""
    if len(places) == 1 or folder in {"", ".", os.sep}:
        return ", ".join(map(_place, places))
    inside = (place._replace(file=os.path.relpath(place.file, folder)) for place in places)
    return f"{folder}{os.sep} {', '.join(map(_place, inside))}"


def _share_a_root(places: Iterable[Location]) -> bool:
    """Tell whether paths can be held against each other: all from the root, or none."""
    return len({os.path.splitdrive(place.file)[0] + str(os.path.isabs(place.file)) for place in places}) == 1


def _place(place: Location) -> str:
    """Return a place as compilers write it."""
    return f"{place.file}:{place.line}:{place.column}"


def slips_to_data(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return the slips as data, their sentences in every language; the sentence is that of the first place."""
    return [
        {
            "code": slip.problem.code, "count": len(slip.places),
            "message": {language: message_of(slip.problem, language) for language in LANGUAGES},
            "advice": {language: advice_of(slip.problem, language) for language in LANGUAGES},
            "page": f"docs/errors/{slip.problem.code}.md",
            "places": [place._asdict() for place in slip.places],
        }
        for slip in slips_of(problems)
    ]  # fmt: skip
