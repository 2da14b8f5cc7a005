"""Rows that cannot be read: they go along with the others and carry why, so that every engine refuses them in their places."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from policy_engine.errors import Problem
from policy_engine.language.values import is_array, is_object
from policy_engine.source import Location

AT = "at"
"""The detail of a problem that says where in its row it stands: the number of the cell in CSV, of the character in JSON."""
FIRST = "first"
"""The detail that names another row, by the number of its file and its own, until it is told."""
_NOWHERE = Location("", 1, 1)


class Fault(NamedTuple):
    """Why a row cannot be read."""

    code: str
    details: Mapping[str, str]
    at: int = 0
    """Where in the row; 0 is the row as a whole."""


_PARTS = 3
"""Of a fault that a row carries: its code, its column, its words."""


def carried(fault: Fault) -> str:
    """Return a fault as the text that a row carries; a list, where facts that fit no columns are an object."""
    return json.dumps([fault.code, fault.at, dict(fault.details)], ensure_ascii=False)


def problems_of(data: object) -> tuple[Problem, ...]:
    """Return the problem that a row carries; what is no such text is told as a line that is no object."""
    if is_array(data) and len(data) == _PARTS:
        code, at, details = data
        if isinstance(code, str) and isinstance(at, int) and is_object(details):
            words = {name: str(word) for name, word in details.items()}
            return (Problem(code, _NOWHERE, {**words, AT: str(at)} if at else words),)
    return (Problem("PE856", _NOWHERE, {"found": str(data)[:60]}),)
