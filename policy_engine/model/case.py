"""A case: the facts about one subject, as its file states them."""

from collections.abc import Mapping
from typing import NamedTuple

from policy_engine.language.values import Value
from policy_engine.source import Location


class Case(NamedTuple):
    """One case file, read and held against the facts that its edition declares.

    `facts` has only what the file states and knows: a fact that is absent or `unknown` is not in it.
    `places` gives the place of every value, by its path in the file.
    """

    id: str
    edition: str
    subject: Mapping[str, str]
    facts: Mapping[str, Value]
    expect: Mapping[str, object]
    places: Mapping[tuple[str | int, ...], Location]
    lines: tuple[str, ...] = ()
