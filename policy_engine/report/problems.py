"""Problems as a rule author reads them: the place, what was found, the line with a caret, what to do."""

from collections.abc import Iterable, Sequence
from typing import Any

from policy_engine.errors import CATALOGUE, N_, Problem, Words
from policy_engine.language.complaint import Near
from policy_engine.messages import LANGUAGES, sentence, translate
from policy_engine.report.visible import opening, visible
from policy_engine.wording import Spoken

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
    """Give the line of a problem with a caret below it; nothing where there is no line."""
    return _caret(problem.excerpt, problem.location.column) if problem.excerpt.strip() else []


def problem_to_data(problem: Problem, language: str) -> dict[str, Any]:
    """Give one problem as data."""
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
    """Give the words of a problem's sentences, those of the engine's own translated."""
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
    """Give the words of this language for a habit of another."""
    if hint == "%":
        return translate(_PERCENT, language)
    return translate(_HINT, language, hint=f"`{hint.rpartition(' -> ')[2]}`") if hint else ""


def _caret(excerpt: str, column: int) -> list[str]:
    """Show the line, cut to what fits around the column, with a caret below it."""
    start = max(0, column - 1 - _MAX_EXCERPT // 2) if len(excerpt) > _MAX_EXCERPT else 0
    cut = excerpt[start : start + _MAX_EXCERPT].rstrip("\r")
    shown = "".join(sign if sign.isprintable() else _TAB if sign == "\t" else " " for sign in cut)
    return [f"    {opening(shown)}", f"    {' ' * (column - 1 - start)}^"]
