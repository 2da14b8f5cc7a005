"""What a case puts on record beside its facts: the subject's own rating, the proposal on file, and what was decided."""

from collections.abc import Mapping

from policy_engine.errors import N_
from policy_engine.language.complaint import nearest
from policy_engine.language.values import NONE, UNKNOWN, Nothing, Unknown
from policy_engine.load.case_values import find_level
from policy_engine.load.node import Node, describe
from policy_engine.model.case import Decision, Record
from policy_engine.model.rulebook import Edition

RECORD = ("self_level", "proposed", "decided")
"""The keys of a case file that hold its record."""


def read_record(got: Mapping[str, Node], edition: Edition) -> Record:
    """Read the record; what is absent or `unknown` is UNKNOWN, and `none` is known not to exist."""
    own, filed = (_level(got[key], edition) if key in got else UNKNOWN for key in RECORD[:2])
    decided = got.get("decided")
    return Record(own, filed, _decisions(decided, edition) if decided else (), bool(decided and decided.value == "none"))


def _level(node: Node, edition: Edition) -> str | Nothing | Unknown:
    """Read a level by its id, its code or an exact alias."""
    written = node.value
    if written == "none":
        return NONE
    level = find_level(written, edition.scale) if isinstance(written, str) else None
    if level is None and written is not None and written != "unknown":
        spellings = {s: known for known in edition.scale.values() for s in (known.id, known.code, *known.aliases)}
        found = written if isinstance(written, str) else describe(written).strip("`")
        node.complain("PE204", found=found, nearest=nearest(found, spellings), known=", ".join(spellings))
    return level.id if level else UNKNOWN


def _decisions(node: Node, edition: Edition) -> tuple[Decision, ...]:
    """Read what was decided: one decision, or a list where several bodies decide."""
    if node.value in ("unknown", "none"):
        return ()
    if not isinstance(node.value, (dict, list)):
        node.wrong(N_("a block of `key: value` lines"))
        return ()
    return tuple(_decision(item, edition) for item in (node.items(at_least=1) if isinstance(node.value, list) else [node]))


def _decision(node: Node, edition: Edition) -> Decision:
    """Read one decision."""
    got = node.fields(("level",), ("by", "day", "reason"))
    level = _level(got["level"], edition)
    if got["level"].value in ("unknown", "none"):
        got["level"].wrong(N_("a level of the scale"))
    body, reason = (got[key].text() if key in got and got[key].value != "unknown" else "" for key in ("by", "reason"))
    day = got["day"].day() if "day" in got and got["day"].value != "unknown" else None
    return Decision(level if isinstance(level, str) else "", body, day, reason, node.place)
