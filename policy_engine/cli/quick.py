"""The plain call, read without click: importing click costs more than rating a case.

Only what is unmistakable is read here: `evaluate`, files, and long options each with a plain value. Anything else, and
everything that is wrong, is left to click, which gives the same answer or the error. A test holds the two together.
"""

from collections.abc import Sequence

from policy_engine.tuples import NamedTuple

_OPTIONS = {"--edition": "edition", "--rulebook": "rulebook", "--format": "form", "--lang": "lang"}
FORMATS = ("text", "json", "markdown")


class PlainCall(NamedTuple):
    """A call of `evaluate` in its plain form."""

    cases: tuple[str, ...]
    edition: str | None = None
    rulebook: str | None = None
    form: str = "text"
    lang: str | None = None


def plain_call(typed: Sequence[str], languages: Sequence[str]) -> PlainCall | None:
    """Read a plain call; None where it is anything else."""
    if not typed or typed[0] != "evaluate":
        return None
    cases: list[str] = []
    options: dict[str, str] = {}
    words = iter(typed[1:])
    for word in words:
        if not word.startswith("-"):
            cases.append(word)
            continue
        option, value = _OPTIONS.get(word), next(words, "")
        if option is None or not value or value.startswith("-"):
            return None
        options[option] = value
    if not cases or "" in cases or options.get("form", "text") not in FORMATS or options.get("lang", languages[0]) not in languages:
        return None
    return PlainCall(cases=tuple(cases), **options)
