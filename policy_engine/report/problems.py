"""The document of a command that could not answer, since a rulebook or the library does not load: what is wrong is its content.

A program that asked for a format reads a whole document of that format, whatever happened; the exit code tells the rest.
"""

import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from policy_engine.errors import CATALOGUE, N_, InputError, Problem, Words
from policy_engine.explain.blocks import Explanation, Line, Section
from policy_engine.language.complaint import Near
from policy_engine.messages import LANGUAGES, Spoken, sentence, translate
from policy_engine.source import Location


def visible(text: str) -> str:
    """Return a text with every control character as an escape; everything else stays as it is, spaces of all widths too."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or unicodedata.category(sign) == "Zs" else repr(sign)[1:-1] for sign in text)


def opening(text: str) -> str:
    """Return a text that begins a line, made safe: not with two colons either, by which a build log knows a command."""
    shown = visible(text)
    blank = len(shown) - len(shown.lstrip())
    return f"{shown[:blank]}\\x3a{shown[blank + 1 :]}" if shown.startswith("::", blank) else shown


def tamed(text: str, typed: Iterable[str]) -> str:
    """Return a text of our own with what was typed in it made safe; its own line breaks stay, and no other control character does."""
    for word in typed:
        for part in (word, word.partition("=")[2]):
            if part and not part.isprintable():
                text = text.replace(part, visible(part))
    return "\n".join(map(opening, text.split("\n")))


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
    """Return whether paths can be held against each other: all from the root, or none."""
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


class Told(NamedTuple):
    """One thing told: its code, how bad it is (`error`, `warning`, `note`), its place, its sentence, what to do, the line."""

    code: str
    severity: str
    file: str
    line: int
    column: int
    message: str
    advice: str = ""
    excerpt: str = ""


_DID_YOU_MEAN = N_("; did you mean `{name}`?")
_LOOK_ALIKE = N_("; these look alike and may say opposite things, so choose by what they mean: {names}")
_UNDER = N_(" under `{name}:`")
_HINT = N_(" (write {hint})")
_PERCENT = N_(" (percentages are written under `thresholds:` and named in conditions)")
_TIMES = N_("cases that it keeps from being rated: {count}")
_MAX_EXCERPT = 160
_TAB = "→"
"""How a tab is shown, so that it is not taken for spaces."""
_MAX_WORDS = 600


def problem_to_text(problem: Problem, language: str) -> str:
    """Write one problem."""
    place = problem.location
    lines = [f"{opening(place.file)}:{place.line}:{place.column}: {problem.code} {message_of(problem, language)}"]
    lines += caret_of(problem)
    return "\n".join([*lines, f"  → {advice_of(problem, language)}"])


def caret_of(problem: Problem) -> list[str]:
    """Return the line of a problem with a caret below it; nothing where there is no line."""
    return _caret(problem.excerpt, problem.location.column) if problem.excerpt.strip() else []


def problem_to_data(problem: Problem, language: str) -> dict[str, Any]:
    """Return one problem as data."""
    place = problem.location
    return {
        "code": problem.code, "file": place.file, "line": place.line, "column": place.column,
        "message": message_of(problem, language), "advice": advice_of(problem, language),
        "page": f"docs/errors/{problem.code}.md",
    }  # fmt: skip


def problems_to_data(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return what is wrong with input as data, the sentences in every language, beside the answers of a command."""
    return [
        {
            "code": problem.code,
            "count": 1,
            "message": {language: message_of(problem, language) for language in LANGUAGES},
            "advice": {language: advice_of(problem, language) for language in LANGUAGES},
            "page": f"docs/errors/{problem.code}.md",
            "places": [problem.location._asdict()],
        }
        for problem in problems
    ]


def problems_to_text(problems: Sequence[Problem], language: str, times: Sequence[int] = ()) -> str:
    """Write problems one below the other, each with how many cases it hits where those are several."""
    lines: list[str] = []
    for problem, count in zip(problems, times or (1,) * len(problems), strict=True):
        lines.append(problem_to_text(problem, language))
        lines += [f"  → {translate(_TIMES, language, count=count)}"] if count > 1 else []
    return "\n".join(lines)


def message_of(problem: Problem, language: str) -> str:
    """Say what was found."""
    words = _words(problem, language) | {"says": visible(sentence(problem.words, language))}
    if problem.words and problem.code == "PE205":
        words["words"] = sentence(problem.words, language)
    return translate(CATALOGUE[problem.code].message, language, **words)


def advice_of(problem: Problem, language: str) -> str:
    """Say what to do."""
    words = _words(problem, language) | {"says": sentence(problem.words, language)}
    return translate(CATALOGUE[problem.code].advice, language, **words)


def _words(problem: Problem, language: str) -> dict[str, str]:
    """Return the words of a problem's sentences, those of the engine's own translated."""
    plain = {
        key: _short(sentence(text.texts, language) if isinstance(text, Spoken) else text, key)
        for key, text in problem.details.items()
        if not isinstance(text, Words)
    }
    own = {key: text for key, text in problem.details.items() if isinstance(text, Words)}
    words = {**plain, **{key: translate(text, language, **plain) for key, text in own.items()}}
    if "under" in words:
        words["under"] = translate(_UNDER, language, name=words["under"]) if words["under"] else ""
    if "nearest" in words:
        words["nearest"] = _nearest(problem.details["nearest"], language)
    if "hint" in words:
        words["hint"] = _hint(words["hint"], language)
    return words


def _nearest(near: str, language: str) -> str:
    """Offer the name that was meant; of names that may say opposite things give all, each with what it is called, and offer none."""
    if isinstance(near, Near) and not near.recommended:
        labels = {name: sentence(near.labels.get(name, {}), language) for name in near.split("\n")}
        shown = ", ".join(f"`{_short(name)}`" + (f" ({_short(label)})" if label else "") for name, label in labels.items())
        return translate(_LOOK_ALIKE, language, names=shown)
    return translate(_DID_YOU_MEAN, language, name=_short(near)) if near else ""


def _short(text: str, key: str = "") -> str:
    """Return a user's own text, safe to show, and cut where nobody would read on; a list of what is lost is never cut."""
    safe = visible(text)
    return safe if len(safe) <= _MAX_WORDS or key == "rules" else safe[:_MAX_WORDS] + "…"


def _hint(hint: str, language: str) -> str:
    """Return the words of this language for a habit of another."""
    if hint == "%":
        return translate(_PERCENT, language)
    return translate(_HINT, language, hint=f"`{hint.rpartition(' -> ')[2]}`") if hint else ""


def _caret(excerpt: str, column: int) -> list[str]:
    """Show the line, cut to what fits around the column, with a caret below it."""
    start = max(0, column - 1 - _MAX_EXCERPT // 2) if len(excerpt) > _MAX_EXCERPT else 0
    cut = excerpt[start : start + _MAX_EXCERPT].rstrip("\r")
    shown = "".join(sign if sign.isprintable() else _TAB if sign == "\t" else " " for sign in cut)
    return [f"    {opening(shown)}", f"    {' ' * (column - 1 - start)}^"]


_HEADLINE = N_("Not answered; errors to be mended first: {count}.")


def refused_page(title: str, problems: Sequence[Problem], language: str) -> Explanation:
    """Return the problems as a page for people."""
    lines = tuple(
        Line("not_met", f"{one.code} {message_of(one, language)} → {advice_of(one, language)}", "{}:{}:{}".format(*one.location))
        for one in problems
    )
    return Explanation(title, _headline(problems, language), "round", (), (Section(translate(N_("Errors"), language), lines),))


def refused_notice(problems: Sequence[Problem]) -> dict[str, str]:
    """Return in every language that nothing was answered."""
    return {language: _headline(problems, language) for language in LANGUAGES}


def refused_to_data(empty: Mapping[str, object], problems: Sequence[Problem]) -> dict[str, object]:
    """Return an answer that says nothing but what is wrong: the keys of the whole answer, and the problems."""
    return {**empty, "problems": problems_to_data(problems)}


def _headline(problems: Sequence[Problem], language: str) -> str:
    """Say that nothing was answered."""
    return translate(_HEADLINE, language, count=len(problems))
