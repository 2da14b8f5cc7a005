"""What a record says against itself: its fields held against the text of its case, against each other, and against their form.

No edition is needed for it. What only the edition tells (levels, figures, its days) is held by rating the case again.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from policy_engine.audit.form import Contradiction, form_faults
from policy_engine.language.shapes import is_array, is_object
from policy_engine.load.digest import sha256_of
from policy_engine.load.library import days_of
from policy_engine.load.yaml_text import read_document

_TEXT = "case.text"


def contradictions(record: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Yield every field of a record that the record itself proves wrong."""
    malformed = list(form_faults(record))
    if malformed:
        yield from malformed
        return  # what follows from that is not said as well
    yield from _digest(record)
    yield from _among_themselves(record)
    given = record["case"].get("given")
    if given is not None:
        yield from given_faults(given)
    document = read_document(record["case"]["text"].encode(), record["case"]["file"])
    if document.broken or not is_object(document.data):
        yield Contradiction(_TEXT, _TEXT, None, "")
        return
    yield from _against_text(record, document.data)


def _differing(pairs: Mapping[str, tuple[Any, str, Any]]) -> Iterator[Contradiction]:
    """Yield the fields that are not what another part gives: by field, what is recorded, that part, and what it gives."""
    for field, (recorded, by, found) in pairs.items():
        if recorded != found:
            yield Contradiction(field, recorded, found, by)


def _digest(record: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Hold the digest of the text."""
    digest = sha256_of((record["case"]["text"].encode(),))
    yield from _differing({"case.sha256": (record["case"]["sha256"], _TEXT, digest)})


def _among_themselves(record: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Hold what stands in a record more than once."""
    verdict: Mapping[str, Any] = record["verdict"]
    given: Mapping[str, Any] = record["case"].get("given") or {}
    days = [one["day"] for one in record["decided"] if is_object(one) and isinstance(one.get("day"), str)]
    findings = [{key: value for key, value in one.items() if key != "says"} for one in given.get("findings", ())]
    found = verdict.get("findings")
    ending = found[len(found) - len(findings) :] if is_array(found) else None
    yield from _differing({
        "case.name": (record["case"]["name"], "verdict.case", verdict.get("case")),
        "edition": (record["edition"], "verdict.edition", verdict.get("edition")),
        "status": (record["status"], "verdict.status", verdict.get("status")),
        "revision": (record["revision"], "verdict.revision", verdict.get("revision")),
        "decided": (record["decided"], "verdict.decided", verdict.get("decided")),
        "times.decided_at": (record["times"]["decided_at"], "decided", max(days, default=None)),
        "case.given.gathered": (given.get("gathered", []), "verdict.gathered", verdict.get("gathered")),
        "case.given.findings": (findings, "verdict.findings", ending),
    })  # fmt: skip
    if record.get("sealed") and record["status"] != "issued":
        yield Contradiction("sealed", True, False, "status")


def given_faults(given: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Hold the facts that a round gave a case against the cases that they were taken from."""
    taken: dict[str, list[Any]] = {}
    for one in given["gathered"]:
        taken.setdefault(str(one["fact"]), []).append(one)
    for fact, ones in taken.items():
        recorded = given["facts"].get(fact)
        items = [{"id": one["case"], "level": one["level"]} if one["level"] else {"id": one["case"]} for one in ones]
        found = items if is_array(recorded) or len(ones) > 1 else ones[0]["level"]
        if recorded != found:
            yield Contradiction(f"case.given.facts.{fact}", recorded, found, "case.given.gathered")
    for fact in given["facts"]:
        if fact not in taken:
            yield Contradiction(f"case.given.facts.{fact}", given["facts"][fact], None, "case.given.gathered")


def _against_text(record: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Hold what the text of the case states: its name, subject, edition, period and decisions, and the facts that it leaves to others."""
    case = record["case"]
    stated = {key: data[key] for key in ("case", "edition", "period") if key in data}
    subject: Any = data.get("subject") or {}
    yield from _differing({
        "case.name": (case["name"], _TEXT, stated.get("case")),
        "verdict.subject": (record["verdict"].get("subject"), _TEXT, subject),
    })  # fmt: skip
    yield from edition_faults(record, str(stated.get("edition") or ""), str(stated.get("period") or ""))
    yield from _decisions(record, data.get("decided"))
    facts = data.get("facts")
    known = {name for name, value in facts.items() if value not in (None, "unknown")} if is_object(facts) else set[str]()
    given: Mapping[str, Any] = case.get("given") or {"facts": {}}
    for fact, value in given["facts"].items():
        if fact in known:
            yield Contradiction(f"case.given.facts.{fact}", value, None, _TEXT)


def edition_faults(record: Mapping[str, Any], named: str, period: str) -> Iterator[Contradiction]:
    """Hold the edition of a record against the one that was asked for, else against the edition and the period that its text names."""
    asked = record["case"].get("asked")
    if asked is not None:
        yield from _differing({"edition": (record["edition"], "case.asked", asked)})
        return
    if named:
        yield from _differing({"edition": (record["edition"], _TEXT, named)})
    days = days_of(period) if period else None
    covered = record["times"]["period"]
    if days is not None and is_array(covered) and not (covered[0] <= days[0].isoformat() and days[1].isoformat() <= covered[1]):
        yield Contradiction("times.period", covered, period, _TEXT)


def _decisions(record: Mapping[str, Any], decided: Any) -> Iterator[Contradiction]:
    """Hold the decisions against those of the text: how many, by whom, on which day, for what reason; levels are the edition's to read."""
    given: Mapping[str, Any] = record["case"].get("given") or {}
    day = given.get("as_of")
    stated = [one for one in (decided if is_array(decided) else [decided]) if is_object(one)]
    found = [{"by": _known(one.get("by")), "day": _known(one.get("day")) or None, "reason": _known(one.get("reason"))} for one in stated]
    expected = [one for one in found if day is None or one["day"] is None or one["day"] <= day]
    recorded = [{key: one.get(key) for key in ("by", "day", "reason")} if is_object(one) else one for one in record["decided"]]
    yield from _differing({"decided": (recorded, _TEXT, expected)})


def _known(value: Any) -> str:
    """Return a text of a decision; "" where it is not stated."""
    return value if isinstance(value, str) and value != "unknown" else ""
