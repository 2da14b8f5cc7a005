"""Text of a condition to a checked tree, with every complaint at its place in the file."""

from collections.abc import Mapping

from policy_engine.language.check import Checker, names_in
from policy_engine.language.complaint import Complaint
from policy_engine.language.grammar import parse, parse_checked
from policy_engine.language.show import show
from policy_engine.language.types import BOOL, Named, Type
from policy_engine.load.node import Node
from policy_engine.model.facts import Condition
from policy_engine.source import Location

Scope = Mapping[str, Named]


def build_condition(
    node: Node, scope: Scope, positive: frozenset[str] = frozenset(), wanted: Type = BOOL, *, of_record: bool = False
) -> Condition | None:
    """Read and check one condition; None where it has a fault (which is then noted).

    Only a condition `of_record` may ask with `given(…)` what the case file states: anywhere else a
    verdict would turn on what was written down instead of on what is true.
    """
    text = node.text()
    if not text:
        return None
    if not node.document.lines:  # the sealed copy of a file, which passed every check when it was sealed
        checked = parse_checked(text)
        return Condition(checked, show(checked), node.place, names_in(checked))
    tree, complaints = parse(text)
    if tree is None:
        _note(node, text, complaints)
        return None
    checker = Checker(text, scope, positive, of_record=of_record)
    checker.expect(tree, wanted)
    _note(node, text, tuple(checker.complaints))
    return None if checker.complaints else Condition(tree, show(tree), node.place, names_in(tree))


def _note(node: Node, text: str, complaints: tuple[Complaint, ...]) -> None:
    """Note the complaints about one condition at their places."""
    for complaint in complaints:
        node.complain(complaint.code, _place(node, text, complaint.offset), **complaint.details)


def _place(node: Node, text: str, offset: int) -> Location:
    """Give the place of a character of a scalar; where the scalar is folded over lines, its beginning."""
    place = node.place
    line = node.document.lines[place.line - 1]
    start = place.column - 1
    start += line[start : start + 1] in {"'", '"'}
    return place._replace(column=start + offset + 1) if line[start : start + len(text)] == text else place
