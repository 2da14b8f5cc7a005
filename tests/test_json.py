"""JSON for programs: written by the engine itself, the same text as the standard library's."""

import json
import re
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.report.json import to_json

CONTROLS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Pair(NamedTuple):
    one: str
    two: int | None


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.builds(Pair, st.text(max_size=3), st.none() | st.integers())
THINGS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
)


@settings(max_examples=200, deadline=None)
@given(THINGS)
def test_the_text_is_the_standard_librarys(thing: Any) -> None:
    """What programs read is byte for byte what `json.dumps` writes with an indent of two, controls escaped."""
    assert CONTROLS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(thing, ensure_ascii=False, indent=2)) == to_json(thing)
