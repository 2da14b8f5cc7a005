"""One decision record: a case as it was read, the edition that it was rated under, and the verdict that came out.

A record holds all that is needed to rate the case again: the text of its file, and what a round gave it from other cases.
Sentences are left out of the verdict; they are the edition's, and the record names its revision.

A run's id follows from the record before it, how many records belong to it, and when it was recorded: no chance is in it, no two runs of
a file share one, and one that was made up does not follow. What is remembered does not grow with the file: of the run that is being
followed the first records, of the runs before it the last ones, `_REMEMBERED` of each; what repeats an older one is not seen.
"""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

from policy_engine.audit.form import RECORD_SCHEMA, WITH_WHOLE_LISTS, run_of
from policy_engine.evaluate.plain import trace_to_data, verdict_as_data
from policy_engine.language.values import Value, is_array, is_object
from policy_engine.load.meaning import canonical, sha256_of
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Finding, Gathered, Verdict

_REMEMBERED = 10_000


class ChainFault(NamedTuple):
    """A line that is not what was written, or not all of it: its number, what is wrong, whose record it is, and what a sentence names.

    Of a line: `unreadable`, `torn`, `unended` (whole, but without its line end), `changed`, `out_of_place`. Of a run: `cut`, `missing`,
    `twice`, `run_twice`, `made_up`, `unlike`. Of a field: `contradicted`, `form`.
    """

    line: int
    fault: str
    name: str
    details: Mapping[str, Any] = {}


class RecordedRun(NamedTuple):
    """A run that begins: how many records belong to it, and when it is recorded (UTC, seconds)."""

    of: int
    at: str


def run_id(previous: str, run: RecordedRun) -> str:
    """Return the id of a run whose first record follows the one with the digest `previous`."""
    digest = sha256_of((canonical({"of": run.of, "previous": previous, "recorded_at": run.at}),))
    return f"{run.at.replace('+00:00', 'Z')}-{digest[:12]}"


class _Ended(NamedTuple):
    """A run that is over: its first line, and how many records of it are there."""

    first: int
    number: int


class RunFollower:
    """Follows the runs of a chain, record by record."""

    def __init__(self) -> None:
        self.count = 0
        self._now: _Followed | None = None
        self._whole: dict[str, _Ended] = {}
        """Runs that are over, by the digest of what they recorded."""
        self._cut: dict[str, _Ended] = {}

    def take(self, record: Mapping[str, Any], line: int, *, sound: bool) -> Iterator[ChainFault]:
        """Follow the next record; yield what is wrong with its run, and with the run before it where that is over.

        Args:
            record: the record.
            line: its line.
            sound: whether it is as it was written and follows the one before it; where not, that is said, and not what follows from it.
        """
        run = run_of(record)
        now = self._now
        if now is not None and (run is None or run["id"] != now.id):
            yield from self._over(now) if sound else ()
            now = None
        if now is None and run is not None:
            self.count += 1
            now = _Followed(record, line)
            yield from now.begun(record) if sound else ()
        elif now is not None:
            yield from now.went_on(record, line) if sound else ()
        self._now = now
        if now is None:
            return
        now.put(record, line, sound=sound)
        before = self._cut.get(now.digest) or (self._whole.get(now.digest) if now.number == now.of else None)
        if before is not None and sound:
            yield ChainFault(line, "run_twice", now.name, {"run": now.id, **before._asdict()})

    def _over(self, now: "_Followed") -> Iterator[ChainFault]:
        """Keep what a run recorded; yield that it was cut, where it was."""
        cut = self.cut_off()
        ended = self._cut if cut else self._whole
        ended.setdefault(now.digest, _Ended(now.first, now.number))
        if len(ended) > _REMEMBERED:
            del ended[next(iter(ended))]
        if cut:
            yield cut

    def cut_off(self) -> ChainFault | None:
        """Return that the run which is being followed lacks its last records; None where it is whole."""
        now = self._now
        if now is None or now.number >= now.of:
            return None
        return ChainFault(now.line, "cut", now.name, {"run": now.id, "number": now.number, "of": now.of})


class _Followed:
    """One run, while it is being followed."""

    def __init__(self, record: Mapping[str, Any], line: int) -> None:
        self.id, self.of = str(record["run"]["id"]), int(record["run"]["of"])
        self.first = self.line = line
        self.name, self.number, self.digest = "", 0, ""
        self._shared = _shared(record)
        self._cases: set[int] = set()

    def begun(self, record: Mapping[str, Any]) -> Iterator[ChainFault]:
        """Yield what is wrong with how the run begins."""
        number, name = record["run"]["number"], record["case"]["name"]
        if number != 1:
            yield ChainFault(self.first, "missing", name, {"run": self.id, "number": number, "of": self.of, "expected": 1})
            return
        expected = run_id(record["previous"], RecordedRun(self.of, record["times"]["recorded_at"]))
        if expected != self.id:
            yield ChainFault(self.first, "made_up", name, {"run": self.id, "expected": expected})

    def went_on(self, record: Mapping[str, Any], line: int) -> Iterator[ChainFault]:
        """Yield what is wrong with a further record of the run."""
        number, name, expected = record["run"]["number"], record["case"]["name"], self.number + 1
        if number < expected or _mark(record) in self._cases:
            yield ChainFault(line, "twice", name, {"run": self.id})
        elif number > min(expected, self.of):
            yield ChainFault(line, "missing", name, {"run": self.id, "number": number, "of": self.of, "expected": expected})
        shared = _shared(record)
        for field, value in self._shared.items():
            if shared[field] != value:
                yield ChainFault(line, "unlike", name, {"run": self.id, "field": field, "recorded": shared[field], "found": value})

    def put(self, record: Mapping[str, Any], line: int, *, sound: bool) -> None:
        self.line, self.name = line, record["case"]["name"]
        self.number = max(self.number, record["run"]["number"])
        if sound:
            mark = _mark(record)
            if len(self._cases) < _REMEMBERED:
                self._cases.add(mark)
            self.digest = sha256_of((f"{self.digest} {mark:x}".encode(),))


def _mark(record: Mapping[str, Any]) -> int:
    """Return a number that stands for what was recorded: the case, what it took from others, and the rules; 64 bits of a digest."""
    case = record["case"]
    content = canonical([case["name"], case["sha256"], case.get("given"), record["edition"], record["revision"]])
    return int(sha256_of((content,))[:16], 16)


def _shared(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what all records of a run have in common."""
    case = record["case"]
    given: Mapping[str, Any] = case.get("given") or {}
    return {
        "run.of": record["run"]["of"], "times.recorded_at": record["times"]["recorded_at"], "engine": record["engine"],
        "libraries": record["libraries"], "schemas": record["schemas"], "case.asked": case.get("asked"),
        "case.given.round": given.get("round"), "case.given.as_of": given.get("as_of"),
    }  # fmt: skip


SCHEMAS = {"case": 1, "rulebook": 1, "verdict": 1}
"""The versions of the published schemas that a record was made under."""
_LIBRARIES = ("pyyaml", "simpleeval", "jsonschema")
"""What reads a case, a rulebook and a condition, and writes a record."""
_SENTENCES = {"says", "label", "advice"}


class Given(NamedTuple):
    """What a round gave a case: the day it was looked at, facts from other cases, and what it found."""

    round: str
    as_of: date | None
    facts: Mapping[str, Value]
    gathered: tuple[Gathered, ...]
    findings: tuple[Finding, ...]


class Rating(NamedTuple):
    """One case rated: the bytes of its file, the edition asked for instead of its own, and what came out."""

    file: str
    raw: bytes
    asked: str | None
    edition: Edition
    verdict: Verdict
    given: Given | None = None


@cache
def libraries() -> Mapping[str, str]:
    """Return the versions of what a verdict stands on beside the engine: Python, and the libraries that read and reckon."""
    import yaml

    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # put there without its metadata
            continue
    reader: Any = getattr(yaml, "_yaml", None)
    if getattr(yaml, "__with_libyaml__", False) and reader is not None:
        found["libyaml"] = str(reader.get_version_string())
    return found


def make_record(rating: Rating, engine: str, recorded_at: datetime) -> dict[str, Any]:
    """Return the record of a rating, without its run and its place in a chain.

    Args:
        rating: the case and its verdict.
        engine: the version of the engine.
        recorded_at: when it is recorded.
    """
    edition, verdict = rating.edition, rating.verdict
    follows = what_follows(edition, verdict)
    return {
        "record": RECORD_SCHEMA,
        "case": {
            "name": verdict.case, "file": rating.file, "sha256": sha256_of((rating.raw,)), "text": rating.raw.decode(),
            "asked": rating.asked, "given": _given(rating.given, edition) if rating.given else None,
        },
        "engine": engine, "libraries": libraries(), "schemas": SCHEMAS,
        "verdict": slim(verdict),
        **{field: follows[field] for field in ("edition", "status", "sealed", "revision", "decided")},
        "times": {
            "period": follows["times.period"], "decided_at": follows["times.decided_at"], "recorded_at": moment(recorded_at),
        },
    }  # fmt: skip


def what_follows(edition: Edition, verdict: Verdict) -> dict[str, Any]:
    """Return the fields of a record, beside its verdict, that follow from the edition and the case."""
    days = [decision.day for decision in verdict.duties.decided if decision.day]
    return {
        "case.name": verdict.case, "edition": edition.id, "status": edition.status, "sealed": edition.sealed, "revision": edition.revision,
        "decided": [decision._asdict() for decision in verdict.duties.decided],
        "times.period": [edition.begins.isoformat(), edition.until.isoformat()], "times.decided_at": max(days, default=None),
    }  # fmt: skip


def moment(at: datetime) -> str:
    """Return a time as records write it: in UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def slim(verdict: Verdict, form: int = RECORD_SCHEMA) -> dict[str, Any]:
    """Return a verdict with its whole trace, but without the edition's sentences, and without advice.

    What was compared is in it as the line `observed` alone: replaying works the rest out again, and records stay small.
    """
    data: dict[str, Any] = _without_sentences(verdict_as_data(verdict, evidence="whole lists" if form in WITH_WHOLE_LISTS else "line"))
    return data


def _without_sentences(value: Any) -> Any:
    if is_object(value):
        return {
            key: _without_sentences(child) if isinstance(child, (dict, list)) else child
            for key, child in value.items()
            if key not in _SENTENCES
        }
    return [_without_sentences(child) if isinstance(child, (dict, list)) else child for child in value] if is_array(value) else value


def _given(given: Given, edition: Edition) -> dict[str, Any]:
    """Write what a round gave a case; values as a case file would write them."""
    levels = {level.rank: level.id for level in edition.scale.values()}
    return {
        "round": given.round,
        "as_of": given.as_of.isoformat() if given.as_of else None,
        "facts": {name: _value(value, edition.facts[name], levels) for name, value in given.facts.items()},
        "gathered": [gathered._asdict() for gathered in given.gathered],
        "findings": [trace_to_data(finding) for finding in given.findings],
    }


def _value(value: Value, fact: FactDeclaration, levels: Mapping[int, str]) -> Any:
    """Write a gathered value: a level by its id, a list of items with their ids and levels."""
    if isinstance(value, tuple):
        return [{name: _value(member, fact.fields[name], levels) for name, member in item.items()} for item in value]
    return levels[value] if fact.type.kind == "level" and isinstance(value, int) else value
