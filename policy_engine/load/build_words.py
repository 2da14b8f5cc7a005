"""The file `operative_words:` to the words of an edition."""

from collections.abc import Mapping

from policy_engine.errors import N_
from policy_engine.language.quantity import Quantity
from policy_engine.load.build_thresholds import build_quantity
from policy_engine.load.node import Node
from policy_engine.model.words import MEANINGS, OperativeWords, Word

_UNITS = ("%", "points", "months", "count")
_DECIMALS = (",", ".")
HOLE = "…"


def build_words(node: Node | None) -> OperativeWords:
    """Read the operative words; no word stands twice."""
    if node is None:
        return OperativeWords()
    got = node.fields(("operative_words",), ("units", "figures", "days", "decimal"))
    spelled: dict[str, Node] = {}
    signs = _words(got["operative_words"], MEANINGS, spelled)
    units = _words(got["units"], _UNITS, {}) if "units" in got else ()
    figures = _figures(got["figures"], spelled) if "figures" in got else ()
    days = tuple(_day(item) for item in got["days"].items(at_least=1)) if "days" in got else ()
    return OperativeWords(signs, units, figures, days, got["decimal"].one_of(_DECIMALS) if "decimal" in got else _DECIMALS[0])


def _words(node: Node, meanings: tuple[str, ...], spelled: dict[str, Node]) -> tuple[Word, ...]:
    """Read words by what they mean."""
    found: list[Word] = []
    for item in node.items(at_least=1):
        got = item.fields(("means", "words"))
        means = got["means"].one_of(meanings)
        found += [Word(_spelling(word, spelled), means) for word in got["words"].items(at_least=1)]
    return tuple(found)


def _spelling(node: Node, spelled: dict[str, Node]) -> str:
    """Read one word, which may have no other meaning already."""
    text = " ".join(node.text().split())
    key = text.casefold()
    if key and key in spelled:
        first = spelled[key].place
        node.complain("PE402", name=text, first=f"{first.file}:{first.line}")
    spelled[key] = node
    if text and not text.replace(HOLE, "").strip():
        node.wrong(N_("words, with … for what stands between them"))
    return text


def _figures(node: Node, spelled: Mapping[str, Node]) -> tuple[tuple[str, Quantity], ...]:
    """Read figures that the text writes in words."""
    found: list[tuple[str, Quantity]] = []
    seen = dict(spelled)
    for item in node.items(at_least=1):
        got = item.fields(("means", "words"))
        quantity = build_quantity(got["means"])
        texts = [_spelling(word, seen) for word in got["words"].items(at_least=1)]
        found += [(text, quantity) for text in texts if quantity]
    return tuple(found)


def _day(node: Node) -> str:
    """Read a form of days: the letters d, m and (perhaps) y, each standing for digits."""
    text = node.text()
    parts = "".join(sign if sign.isalpha() else " " for sign in text).split()
    if text and not (parts.count("d") == parts.count("m") == 1 and parts.count("y") <= 1):
        node.wrong(N_("a form of days like d/m/y"))
    return text
