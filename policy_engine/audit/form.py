"""What a record says against itself: its fields held against the text of its case, against each other, and against their form.

No edition is needed for it. What only the edition tells (levels, figures, its days) is held by rating the case again.

Version 1 is what was written before runs were recorded; its `sealed` came later and may be absent. Version 2 says in addition which
run a record is of (`run`), and the libraries that its verdict stands on (`libraries`). Version 3 has the same fields; where a condition
asks about a list, `observed` holds the figure that was compared, and not, as before, how many items the list has.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any, NamedTuple, TypeGuard

from policy_engine.language.quantity import read_day
from policy_engine.language.values import is_array, is_object
from policy_engine.load.meaning import sha256_of
from policy_engine.load.yaml_text import read_values

RECORD_SCHEMA = 4
"""The version of the form that is written; a reader of another one than these says so instead of guessing."""
READ = (1, 2, 3, RECORD_SCHEMA)
"""The versions that are read."""
WITH_RUNS = frozenset({2, 3, 4})
WITH_WHOLE_LISTS = frozenset({1, 2})
"""The versions that say which run a record is of; and those in which `observed` shows a list where a figure of it was compared."""


class _Kinds:
    """Which parts a value must have, each of one very kind: `true` is no 1."""

    def __init__(self, **kinds: type) -> None:
        self.names = frozenset(kinds)
        self._take, self._kinds = itemgetter(*kinds), tuple(kinds.values())

    def fit(self, value: Any) -> TypeGuard[dict[str, Any]]:
        try:
            return is_object(value) and tuple(map(type, self._take(value))) == self._kinds
        except KeyError:
            return False


_RECORD = _Kinds(
    record=int, case=dict, edition=str, revision=str, engine=str, schemas=dict, verdict=dict, sequence=int, previous=str, hash=str
)
_SINCE_2 = _Kinds(run=dict, libraries=dict, status=str, sealed=bool, decided=list, times=dict)
_CASE = _Kinds(name=str, file=str, sha256=str, text=str)
_GIVEN = _Kinds(round=str, facts=dict, gathered=list, findings=list)
_GATHERED = {"fact", "case", "level", "origin"}
_FINDING = _Kinds(id=str, severity=str, says=dict, citation=str, interpretations=list)
_RUN = _Kinds(id=str, number=int, of=int)
_TIMES = _Kinds(period=list, recorded_at=str)

_KEYS_1 = _RECORD.names | {"status", "sealed", "decided", "times"}
_KEYS: Mapping[int, frozenset[str]] = {1: _KEYS_1, **dict.fromkeys((2, 3, 4), _KEYS_1 | {"run", "libraries"})}
_PARTS: Mapping[str, frozenset[str]] = {
    "case": _CASE.names | {"asked", "given"}, "times": frozenset({"period", "decided_at", "recorded_at"}),
    "run": _RUN.names, "schemas": frozenset({"case", "rulebook", "verdict"}),
}  # fmt: skip
GROUPED = ("eligibility", "requirements", "contents", "routes", "ceilings")
"""What a record keeps by its outcome; what does not concern the case is left out."""
TEXTS = ("levels", "criteria", "figures", *GROUPED)
_KEPT: Mapping[str, tuple[type, ...]] = {
    "digest": (str,), "track": (str, type(None)), "outcome": (str,), "level": (str, type(None)), "possible_levels": (list,),
    "gap_possible": (bool,), "possible_exact": (bool,), "open_questions": (list,), "interpretations": (list,),
    **dict.fromkeys(TEXTS, (str,)),
}  # fmt: skip
_KEPT_KEYS = frozenset(_KEPT)
"""What stands for a verdict since version 4; in texts a line each, or by outcome the ids that have it."""
_GIVEN_KEYS = _GIVEN.names | {"as_of"}
_STATUSES = ("issued", "draft")
_REVISION = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!_-]*", re.ASCII)


class Contradiction(NamedTuple):
    """A field of a record that cannot be right: what stands there, what it ought to be, and the part of the record that says so.

    `by` is `case.text`, another field, or "" where the form of a record has no such value.
    """

    field: str
    recorded: Any
    found: Any
    by: str


def is_record(record: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether what a line holds can be read as a record."""
    if not _RECORD.fit(record) or not _CASE.fit(record["case"]) or not _is_writable(record["case"]["text"]):
        return False
    if record["record"] in WITH_RUNS and not (_SINCE_2.fit(record) and _RUN.fit(record["run"]) and _TIMES.fit(record["times"])):
        return False
    given = record["case"].get("given")
    return given is None or _is_given(given)


def run_of(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the run that a record says it is of; records of version 1 say nothing of it."""
    return record["run"] if record["record"] in WITH_RUNS else None


def has_digest(record: Mapping[str, Any]) -> bool:
    """Return whether a record keeps the digest of its verdict, and not the whole."""
    return bool(record["record"] > 3)  # noqa: PLR2004  (the last version that held all of it)


def _is_writable(text: str) -> bool:
    """Return whether a text can stand in a file: half a letter cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_given(given: Any) -> bool:
    if not _GIVEN.fit(given):
        return False
    day = given.get("as_of")
    return (
        (day is None or (isinstance(day, str) and read_day(day) is not None))
        and all(is_object(one) and one.keys() == _GATHERED for one in given["gathered"])
        and all(_FINDING.fit(one) for one in given["findings"])
    )


def form_faults(record: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Yield every field that no record of its version can have."""
    known = _KEYS.get(record["record"])
    if known is None:
        yield Contradiction("record", record["record"], READ[-1], "")
        return
    for path, part, keys in _parts(record, known):
        there = part.keys() if is_object(part) else set[str]()
        for key in (*sorted(keys - there), *sorted(there - keys)) if there != keys else ():
            yield Contradiction(f"{path}{key}", part[key] if key in there else None, None, "")
    verdict, case = record["verdict"], record["case"]
    common = repr(("sealed" in record, record["schemas"], *map(record.get, _OF_A_RUN), case.get("asked"))), *map(type, verdict.values())
    digested = not has_digest(record) or _REVISION.fullmatch(str(verdict.get("digest")))
    if common in _sound and case["file"] and is_array(record.get("decided")) and digested:
        return
    wrong = [Contradiction(field, value, None, "") for field, value, fits in _values(record) if not fits]
    yield from wrong
    if not wrong:
        if len(_sound) >= _REMEMBERED:
            _sound.clear()
        _sound.add(common)


def _parts(record: Mapping[str, Any], known: frozenset[str]) -> Iterator[tuple[str, Any, frozenset[str]]]:
    """Yield the parts of a record whose names are fixed, each with its path and these names."""
    yield "", record, known - {"sealed"} if record["record"] == 1 and "sealed" not in record else known
    for name, keys in _PARTS.items():
        if name in record:
            yield f"{name}.", record[name], keys
    if record["case"].get("given") is not None:
        yield "case.given.", record["case"]["given"], _GIVEN_KEYS
    if has_digest(record):
        yield "verdict.", record["verdict"], _KEPT_KEYS


_OF_A_RUN = ("status", "sealed", "revision", "engine", "libraries", "times")
_REMEMBERED = 1_000
_sound: set[tuple[Any, ...]] = set()
"""What records of a run have alike and the kinds in their verdicts, where they were found to be of their form; `true` is no 1 there."""


def _values(record: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    """Yield fields whose values have a form of their own, and whether they have it."""
    yield "status", record.get("status"), record.get("status") in _STATUSES
    yield "decided", record.get("decided"), is_array(record.get("decided"))
    yield "sealed", record.get("sealed"), type(record.get("sealed", False)) is bool
    yield "revision", record["revision"], bool(_REVISION.fullmatch(record["revision"]))
    yield "engine", record["engine"], bool(_VERSION.fullmatch(record["engine"]))
    asked = record["case"].get("asked")
    yield "case.asked", asked, asked is None or (isinstance(asked, str) and bool(asked))
    yield "case.file", record["case"]["file"], bool(record["case"]["file"])
    for name, version in record["schemas"].items():
        yield f"schemas.{name}", version, type(version) is int
    for name, version in record.get("libraries", {}).items():
        yield f"libraries.{name}", version, isinstance(version, str) and bool(_VERSION.fullmatch(version))
    yield from _kept(record)
    times = record.get("times")
    if is_object(times):
        yield "times.period", times.get("period"), _is_period(times.get("period"))
        yield "times.recorded_at", times.get("recorded_at"), _is_moment(times.get("recorded_at"))


def _kept(record: Mapping[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    """Yield what stands for a verdict since version 4, as `_values` does."""
    for name, value in record["verdict"].items() if has_digest(record) else ():
        if name in _KEPT:
            yield f"verdict.{name}", value, type(value) in _KEPT[name] and (name != "digest" or bool(_REVISION.fullmatch(value)))


def _is_period(period: Any) -> bool:
    days = [read_day(day) if isinstance(day, str) else None for day in period] if is_array(period) else []
    match days:
        case [date() as first, date() as last]:
            return first <= last
        case _:
            return False


def _is_moment(text: Any) -> bool:
    """Return whether a text is a second in UTC, as records write it."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return False
    return moment.tzinfo is not None and moment.astimezone(UTC).isoformat(timespec="seconds") == text


_TEXT = "case.text"


def contradictions(record: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Yield every field of a record that the record itself proves wrong."""
    malformed = list(form_faults(record))
    if malformed:
        yield from malformed
        return  # what follows from that is not said as well
    digest = sha256_of((record["case"]["text"].encode(),))
    if digest != record["case"]["sha256"]:
        yield Contradiction("case.sha256", record["case"]["sha256"], digest, _TEXT)
    yield from _among_themselves(record)
    given = record["case"].get("given")
    if given is not None:
        yield from given_faults(given)
    document = read_values(record["case"]["text"].encode(), record["case"]["file"])
    if document.broken or not is_object(document.data):
        yield Contradiction(_TEXT, _TEXT, None, "")
        return
    yield from _against_text(record, document.data)


def _differing(pairs: Mapping[str, tuple[Any, str, Any]]) -> Iterator[Contradiction]:
    """Yield the fields that are not what another part gives: by field, what is recorded, that part, and what it gives."""
    for field, (recorded, by, found) in pairs.items():
        if recorded != found:
            yield Contradiction(field, recorded, found, by)


def _among_themselves(record: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Hold what stands in a record more than once."""
    days = [one["day"] for one in record["decided"] if is_object(one) and isinstance(one.get("day"), str)]
    decided_at = (record["times"]["decided_at"], "decided", max(days, default=None))
    yield from _differing({"times.decided_at": decided_at} if has_digest(record) else _beside_verdict(record, decided_at))
    if record.get("sealed") and record["status"] != "issued":
        yield Contradiction("sealed", True, False, "status")


def _beside_verdict(record: Mapping[str, Any], decided_at: tuple[Any, str, Any]) -> Mapping[str, tuple[Any, str, Any]]:
    """Return what stands beside the whole verdict that records before version 4 hold, and in it, as `_differing` takes it."""
    verdict: Mapping[str, Any] = record["verdict"]
    given: Mapping[str, Any] = record["case"].get("given") or {}
    findings = [{key: value for key, value in one.items() if key != "says"} for one in given.get("findings", ())]
    found = verdict.get("findings")
    ending = found[len(found) - len(findings) :] if is_array(found) else None
    return {
        "case.name": (record["case"]["name"], "verdict.case", verdict.get("case")),
        "edition": (record["edition"], "verdict.edition", verdict.get("edition")),
        "status": (record["status"], "verdict.status", verdict.get("status")),
        "revision": (record["revision"], "verdict.revision", verdict.get("revision")),
        "decided": (record["decided"], "verdict.decided", verdict.get("decided")),
        "times.decided_at": decided_at,
        "case.given.gathered": (given.get("gathered", []), "verdict.gathered", verdict.get("gathered")),
        "case.given.findings": (findings, "verdict.findings", ending),
    }  # fmt: skip


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
    yield from _differing({"case.name": (case["name"], _TEXT, stated.get("case"))})
    if not has_digest(record):
        yield from _differing({"verdict.subject": (record["verdict"].get("subject"), _TEXT, data.get("subject") or {})})
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
    if not period:
        return
    from policy_engine.load.library import days_of

    days, covered = days_of(period), record["times"]["period"]
    if days is not None and is_array(covered) and not (covered[0] <= days[0].isoformat() and days[1].isoformat() <= covered[1]):
        yield Contradiction("times.period", covered, period, _TEXT)


def _decisions(record: Mapping[str, Any], decided: Any) -> Iterator[Contradiction]:
    """Hold the decisions against those of the text: how many, by whom, on which day, for what reason; levels are the edition's to read."""
    given: Mapping[str, Any] = record["case"].get("given") or {}
    day = given.get("as_of")
    if not decided and not record["decided"]:
        return
    stated = [one for one in (decided if is_array(decided) else [decided]) if is_object(one)]
    found = [{"by": _known(one.get("by")), "day": _known(one.get("day")) or None, "reason": _known(one.get("reason"))} for one in stated]
    expected = [one for one in found if day is None or one["day"] is None or one["day"] <= day]
    recorded = [{key: one.get(key) for key in ("by", "day", "reason")} if is_object(one) else one for one in record["decided"]]
    yield from _differing({"decided": (recorded, _TEXT, expected)})


def _known(value: Any) -> str:
    return value if isinstance(value, str) and value != "unknown" else ""
