"""The short way through a file that has nothing odd in it: libyaml composes the tree itself.

Reading every event in Python costs three times as much. So a plain file is composed in C and walked once; at the first
thing that is not plain (an alias, a tag, a key that stands twice, a scalar that readers disagree on, any fault of YAML)
this reader gives up, and the reader of events, which knows the place and the name of every fault, begins anew. It
is never asked about a file that could be nested deeply, since composing is recursive. A test holds the two together.
"""

import unicodedata
from functools import cache
from typing import Any, NamedTuple

import yaml

from policy_engine.load.scalars import Data, Refusal, is_plain_word, read_scalar, reads_as_text
from policy_engine.source import Location

_MAX_LINE = 1_000
_MAX_BRACKETS = 1_000
_MAX_NODES = 20_000
_ODD = ("&", "*", "\n%", "\n---", "\n...", "\n!", " !!", ": !", "- !", "? !", "[!", "{!", ",!", ", !", "[ !", "{ !")
"""What might be an anchor, an alias, a directive, a second document or a tag; a tag on a scalar cannot be told from quotes later."""
_MAX_DEPTH = 60
_new: Any = tuple.__new__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
"""Makes a named tuple without its own constructor, which would cost a third of the walk."""
_CParser: Any = getattr(getattr(yaml, "cyaml", None), "CParser", None)

Path = tuple[str | int, ...]


class Composed(NamedTuple):
    """A plain file: its data, and the place of each value and key by path."""

    data: Data
    places: dict[Path, Location]
    keys: dict[Path, Location]


class _NotPlainError(Exception):
    """The file has something that only the reader of events can judge."""


def compose(text: str, file: str) -> Composed | None:
    """Read a plain file; None where it is anything else, or where PyYAML came without libyaml."""
    if _CParser is None or not _may_be_plain(text):
        return None
    try:
        node = _composer()(text).get_single_node()
        return None if node is None else _walk(node, file)
    except (yaml.YAMLError, _NotPlainError):
        return None


def _may_be_plain(text: str) -> bool:
    """Tell at a glance whether a file is shallow, and without anchors, aliases and directives.

    A block nested in another begins further right, so no file is nested deeper than its lines are long, brackets aside.
    """
    if text.startswith(("%", "!")) or any(odd in text for odd in _ODD):
        return False
    return text.count("[") + text.count("{") <= _MAX_BRACKETS and max(map(len, text.split("\n"))) <= _MAX_LINE


@cache
def _composer() -> Any:
    """Give libyaml's composer, without PyYAML's guesses: a tag says only whether a scalar stood in quotes.

    It is made once: a class holds itself in a circle, so that one a file would stay in memory until the collector comes.
    """

    class Composer(_CParser):  # type: ignore[misc]  # libyaml's class has no types
        def resolve(self, _kind: object, _value: object, implicit: "bool | tuple[bool, bool]") -> str:
            return "plain" if implicit is True or (implicit is not False and implicit[0]) else "quoted"

        def descend_resolver(self, _parent: object, _index: object) -> None: ...

        def ascend_resolver(self) -> None: ...

    return Composer


def _walk(root: Any, file: str) -> Composed:
    """Turn nodes into data, the places noted on the way."""
    found = Composed({}, {}, {})
    holder: list[Data] = [None]
    pending: list[tuple[Any, Any, str | int, Path]] = [(root, holder, 0, ())]
    while pending:
        node, into, key, path = pending.pop()
        mark = node.start_mark
        found.places[path] = _new(Location, (file, mark.line + 1, mark.column + 1))
        if node.__class__ is yaml.ScalarNode:
            into[key] = _scalar(node)
        elif node.__class__ is yaml.MappingNode:
            into[key] = mapping = dict.fromkeys(_keys(node, path, file, found.keys))
            pending += [(value, mapping, name, (*path, name)) for name, (_, value) in zip(mapping, node.value, strict=True)]
        else:
            into[key] = items = [None] * len(node.value)
            pending += [(value, items, index, (*path, index)) for index, value in enumerate(node.value)]
        if node.tag not in {"plain", "quoted"} or len(found.places) > _MAX_NODES or len(path) > _MAX_DEPTH:
            raise _NotPlainError
    return found._replace(data=holder[0])


def _keys(node: Any, path: Path, file: str, keys: dict[Path, Location]) -> list[str]:
    """Give the keys of a mapping, each a text and each once."""
    names: list[str] = []
    for key, _ in node.value:
        if key.__class__ is not yaml.ScalarNode or key.tag not in {"plain", "quoted"}:
            raise _NotPlainError
        name = _normal(key.value)
        place = (*path, name)
        if place in keys or not (key.tag == "quoted" or is_plain_word(name) or (name != "<<" and reads_as_text(name))):
            raise _NotPlainError
        mark = key.start_mark
        keys[place] = _new(Location, (file, mark.line + 1, mark.column + 1))
        names.append(name)
    return names


def _scalar(node: Any) -> Data:
    """Give the value of a scalar."""
    text = _normal(node.value)
    if node.tag == "quoted" or is_plain_word(text):
        return text
    value = read_scalar(text)
    if isinstance(value, Refusal):
        raise _NotPlainError
    return value


def _normal(text: str) -> str:
    """Give a text in the one spelling of its letters (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
