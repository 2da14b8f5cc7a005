"""A problem for whoever reads it: its sentence, its line, and what to do, as text and as data; and the same mistake in many files once."""

import os
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from policy_engine.errors import CATALOGUE, InputError, Problem
from policy_engine.explain.blocks import Explanation, Line, Section
from policy_engine.language.complaint import Near
from policy_engine.messages import LANGUAGES, N_, Spoken, Words, sentence, translate
from policy_engine.source import Location

_OF_ONE_FILE = frozenset({
    "found", "given", "counted", "derived", "figures", "other", "first", "line", "places", "nearest", "hint", "suggestion", "byte",
})  # fmt: skip
"""Words that fill a sentence with what one file holds; the same mistake in another file has others."""
_NOT_YAML = "PE105"
"""Here what was found is the mistake itself."""
_MAX_EXCERPT = 160
_MAX_WORDS = 600
_TAB = "→"
"""How a tab is shown, so that it is not taken for spaces."""


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


def message_of(problem: Problem, language: str) -> str:
    """Say what was found."""
    return translate(CATALOGUE[problem.code].message, language, **_words(problem, language))


def advice_of(problem: Problem, language: str) -> str:
    """Say what to do."""
    return translate(CATALOGUE[problem.code].advice, language, **_words(problem, language))


def _words(problem: Problem, language: str) -> dict[str, str]:
    """Return the words of a problem's sentences, those of the engine's own translated."""
    words: dict[str, str] = {"says": ""}
    own = {key: text for key, text in problem.details.items() if isinstance(text, Words)}
    for key, text in problem.details.items():
        if key not in own:
            words[key] = _short(
                sentence(text.texts, language) if isinstance(text, Spoken) else text, whole=key in {"rules", "says", "words"}
            )
    words |= {key: translate(text, language, **words) for key, text in own.items()}
    if words.get("under"):
        words["under"] = translate(N_(" under `{name}:`"), language, name=words["under"])
    if "nearest" in words:
        words["nearest"] = _nearest(problem.details["nearest"], language)
    hint = words.get("hint")
    if hint == "%":
        words["hint"] = translate(N_(" (percentages are written under `thresholds:` and named in conditions)"), language)
    elif hint:
        words["hint"] = translate(N_(" (write {hint})"), language, hint=f"`{hint.rpartition(' -> ')[2]}`")
    return words


def _nearest(near: str, language: str) -> str:
    """Offer the name that was meant; of names that may say opposite things show all, each with what it is called, and offer none."""
    if isinstance(near, Near) and not near.recommended:
        labels = {name: sentence(near.labels.get(name, {}), language) for name in near.split("\n")}
        shown = ", ".join(f"`{_short(name)}`" + (f" ({_short(label)})" if label else "") for name, label in labels.items())
        return translate(N_("; these look alike and may say opposite things, so choose by what they mean: {names}"), language, names=shown)
    return translate(N_("; did you mean `{name}`?"), language, name=_short(near)) if near else ""


def _short(text: str, *, whole: bool = False) -> str:
    """Return a user's own text, safe to show, and cut where nobody would read on; a list of what is lost is never cut."""
    safe = visible(text)
    return safe if whole or len(safe) <= _MAX_WORDS else safe[:_MAX_WORDS] + "…"


def problem_to_text(problem: Problem, language: str, kind: str = "", *, excerpt: bool = True) -> str:
    """Write one problem: its place, of what kind it is where that is named, its line, and what to do."""
    head = f"{opening(place_text(problem.location))}: {problem.code} {kind}{message_of(problem, language)}"
    return "\n".join([head, *(caret_of(problem) if excerpt else ()), f"  → {advice_of(problem, language)}"])


def problems_to_text(problems: Sequence[Problem], language: str, times: Sequence[int] = ()) -> str:
    """Write problems one below the other, each with how many cases it hits where those are several."""
    lines: list[str] = []
    for problem, count in zip(problems, times or (1,) * len(problems), strict=True):
        lines.append(problem_to_text(problem, language))
        if count > 1:
            lines.append("  → " + translate(N_("cases that it keeps from being rated: {count}"), language, count=count))
    return "\n".join(lines)


def place_text(place: Location) -> str:
    """Return a place as compilers write it."""
    return f"{place.file}:{place.line}:{place.column}"


def caret_of(problem: Problem) -> list[str]:
    """Return the line of a problem, cut to what fits around the column, with a caret below it; nothing where there is no line."""
    excerpt, column = problem.excerpt, problem.location.column
    if not excerpt.strip():
        return []
    start = max(0, column - 1 - _MAX_EXCERPT // 2) if len(excerpt) > _MAX_EXCERPT else 0
    cut = excerpt[start : start + _MAX_EXCERPT].rstrip("\r")
    shown = "".join(sign if sign.isprintable() else _TAB if sign == "\t" else " " for sign in cut)
    return [f"    {opening(shown)}", f"    {' ' * (column - 1 - start)}^"]


def problem_to_data(problem: Problem, language: str) -> dict[str, Any]:
    """Return one problem as data, in one language."""
    said = {"message": message_of(problem, language), "advice": advice_of(problem, language), "page": f"docs/errors/{problem.code}.md"}
    return {"code": problem.code, **problem.location._asdict(), **said}


def problems_to_data(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return what is wrong with input as data, beside the answers of a command."""
    return [_with_places(problem, (problem.location,)) for problem in problems]


def grouped_to_data(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return each mistake once as data, with its places; the sentence is that of the first place."""
    return [_with_places(problem, places) for problem, places in _grouped(problems)]


def _with_places(problem: Problem, places: Sequence[Location]) -> dict[str, Any]:
    """Return a problem with all of its places as data, the sentences in every language."""
    return {
        "code": problem.code,
        "count": len(places),
        "message": {language: message_of(problem, language) for language in LANGUAGES},
        "advice": {language: advice_of(problem, language) for language in LANGUAGES},
        "page": f"docs/errors/{problem.code}.md",
        "places": [place._asdict() for place in places],
    }


def _grouped(problems: Sequence[Problem]) -> list[tuple[Problem, list[Location]]]:
    """Return the first problem of each kind with all places, the most frequent first, then by the place of the first.

    Two problems are the same mistake by the code, and the words that are not of one file alone.
    """
    groups: dict[tuple[str, ...], list[Problem]] = {}
    for problem in InputError(list(problems)).problems:
        words = (
            f"{key}={value}"
            for key, value in sorted(problem.details.items())
            if problem.code == _NOT_YAML or isinstance(value, Words) or key not in _OF_ONE_FILE
        )
        groups.setdefault((problem.code, *words), []).append(problem)
    found = [(several[0], [problem.location for problem in several]) for several in groups.values()]
    return sorted(found, key=lambda one: -len(one[1]))


def after_problems(page: Explanation, problems: Sequence[Problem], language: str) -> Explanation:
    """Return a page after what is wrong with its files, each mistake once: what it is, how often, what to do, and where."""
    if not problems:
        return page
    lines: list[Line] = []
    for problem, places in _grouped(problems):
        head = problem.code
        if len(places) > 1:
            words = {"code": problem.code, "count": len(places), "place": place_text(problem.location)}
            head = translate(N_("{code} × {count}, for example {place}"), language, **words)
        text = f"{head}: {message_of(problem, language)} → {advice_of(problem, language)}"
        lines.append(Line("not_met", text, _places_text(places)))
    section = Section(translate(N_("Errors, each with its places"), language), tuple(lines))
    return page._replace(sections=(section, *page.sections))


def _places_text(places: Sequence[Location]) -> str:
    """Return places in a row; of many in one folder, the folder stands once."""
    roots = {os.path.splitdrive(place.file)[0] + str(os.path.isabs(place.file)) for place in places}
    folder = os.path.commonpath([os.path.dirname(place.file) or "." for place in places]) if len(roots) == 1 else ""
    if len(places) == 1 or folder in {"", ".", os.sep}:
        return ", ".join(map(place_text, places))
    inside = (place_text(place._replace(file=os.path.relpath(place.file, folder))) for place in places)
    return f"{folder}{os.sep} {', '.join(inside)}"


def refused_page(title: str, problems: Sequence[Problem], language: str) -> Explanation:
    """Return the page of a command that could not answer: a whole document, its content what is wrong."""
    lines = [
        Line("not_met", f"{one.code} {message_of(one, language)} → {advice_of(one, language)}", place_text(one.location))
        for one in problems
    ]
    section = Section(translate(N_("Errors"), language), tuple(lines))
    return Explanation(title=title, headline=refused_notice(problems)[language], outcome="round", notes=(), sections=(section,))


def refused_notice(problems: Sequence[Problem]) -> dict[str, str]:
    """Return in every language that nothing was answered."""
    words = N_("Not answered; errors to be mended first: {count}.")
    return {language: translate(words, language, count=len(problems)) for language in LANGUAGES}
