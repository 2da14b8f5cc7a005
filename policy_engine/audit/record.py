"""One decision record: a case as it was read, the edition that it was rated under, and the verdict that came out.

A record holds all that is needed to rate the case again: the text of its file, and what a round gave it from other cases. Of the
verdict it keeps the digest of the whole, and what a reader asks for (`kept`); sentences are the edition's, and the record names its
revision.

A run's id follows from the record before it, how many records belong to it, and when it was recorded: no chance is in it, no two runs of
a file share one, and one that was made up does not follow. What is remembered does not grow with the file: of the run that is being
followed the first records, of the runs before it the last ones, `_REMEMBERED` of each; what repeats an older one is not seen.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from itertools import chain
from typing import Any, NamedTuple

from policy_engine.audit.form import GROUPED, RECORD_SCHEMA, WITH_WHOLE_LISTS, run_of
from policy_engine.evaluate.core.expression import shown
from policy_engine.evaluate.core.memory import Memory
from policy_engine.evaluate.plain import trace_to_data, verdict_as_data
from policy_engine.language.values import Value, is_array, is_object
from policy_engine.load.meaning import canonical, sha256_of
from policy_engine.model.duties import DUTIES
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import (
    CeilingTrace,
    EligibilityTrace,
    Finding,
    Gathered,
    LevelTrace,
    RequirementTrace,
    RouteTrace,
    Verdict,
)

_REMEMBERED = 10_000


class ChainFault(NamedTuple):
    """A line that is not what was written, or not all of it: its number, what is wrong, whose record it is, and what a sentence names.

    Of a line: `unreadable`, `torn`, `damaged` (it cannot be unpacked), `unended` (whole, but without its line end), `changed`,
    `out_of_place`. Of a run: `cut`, `missing`,
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
    first: int
    number: int


class RunFollower:
    """Follows the runs of a chain, record by record."""

    def __init__(self) -> None:
        self.count = 0
        self._now: _Followed | None = None
        self._whole: dict[int, _Ended] = {}
        """Runs that are over, by a number that stands for what they recorded."""
        self._cut: dict[int, _Ended] = {}

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
        self.name, self.number, self.digest = "", 0, 0
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
        for field, recorded, found in zip(_SHARED, shared, self._shared, strict=True) if shared != self._shared else ():
            if recorded != found:
                yield ChainFault(line, "unlike", name, {"run": self.id, "field": field, "recorded": recorded, "found": found})

    def put(self, record: Mapping[str, Any], line: int, *, sound: bool) -> None:
        self.line, self.name = line, record["case"]["name"]
        self.number = max(self.number, record["run"]["number"])
        if sound:
            mark = _mark(record)
            if len(self._cases) < _REMEMBERED:
                self._cases.add(mark)
            self.digest = hash((self.digest, mark))


def _mark(record: Mapping[str, Any]) -> int:
    """Return a number that stands for what was recorded, in this process: the case, what it took from others, and the rules."""
    case = record["case"]
    given = case.get("given")
    return hash((case["name"], case["sha256"], canonical(given) if given else None, record["edition"], record["revision"]))


_SHARED = (
    "run.of", "times.recorded_at", "engine", "libraries", "schemas", "case.asked", "case.given.round", "case.given.as_of"
)  # fmt: skip
"""What all records of a run have alike."""


def _shared(record: Mapping[str, Any]) -> tuple[Any, ...]:
    case = record["case"]
    given: Mapping[str, Any] = case.get("given") or {}
    return (
        record["run"]["of"], record["times"]["recorded_at"], record["engine"], record["libraries"], record["schemas"], case.get("asked"),
        given.get("round"), given.get("as_of"),
    )  # fmt: skip


SCHEMAS = {"case": 1, "rulebook": 1, "verdict": 1}
"""The versions of the published schemas that a record was made under."""
_LIBRARIES = ("pyyaml", "simpleeval", "jsonschema")
"""What reads a case, a rulebook and a condition, and writes a record."""
Asked = EligibilityTrace | RequirementTrace | RouteTrace | CeilingTrace
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
    from importlib.metadata import PackageNotFoundError, version

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
        "verdict": kept(verdict),
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
    return at.astimezone(UTC).isoformat(timespec="seconds")


def kept(verdict: Verdict) -> dict[str, Any]:
    """Return what a record keeps of a verdict: the digest of the whole, and what a reader asks for, in few words.

    Criteria stand once, a line each, with their figures; what is asked beside the level stands by its outcome, where it concerns the
    case. Texts of lines, since a file of records is read by people with `jq -r`, and nothing costs less to hold against another one.
    """
    asked = {name: _groups.of(traces) for name, traces in asked_beside(verdict).items()}
    criteria = {one.id: _criteria.of(one)[1] for level in verdict.levels for one in level.criteria}
    return {
        "digest": f"sha256:{sha256_of((_written(verdict, asked),))}",
        "track": verdict.track, "outcome": verdict.outcome, "level": verdict.level, "possible_levels": list(verdict.possible_levels),
        "gap_possible": verdict.gap_possible, "possible_exact": verdict.possible_exact, "open_questions": list(verdict.open_questions),
        "interpretations": list(verdict.interpretations), "levels": "\n".join([f"{one.level} {one.outcome}" for one in verdict.levels]),
        "criteria": "\n".join(criteria.values()),
        "figures": "\n".join([f"{one.fact} {shown(one.value)}" for one in verdict.deductions]),
        **{name: by_outcome for name, (_, by_outcome) in asked.items()},
    }  # fmt: skip


def asked_beside(verdict: Verdict) -> dict[str, tuple[Asked, ...]]:
    """Return what was asked beside the level, by the name that a verdict has for it."""
    duties = verdict.duties
    every: tuple[Any, ...] = (verdict.eligibility, duties.requirements, duties.contents, duties.routes, verdict.ceilings)
    return dict(zip(GROUPED, every, strict=True))


class _Written:
    """What was written of an object, by the object itself: evaluating makes one for all cases of which the same is to be said.

    An object is held as long as it is remembered, so that no other one takes its place.
    """

    def __init__(self, write: Callable[[Any], tuple[bytes, str]], bound: int) -> None:
        self._write = write
        self._known: Memory[tuple[Any, tuple[bytes, str]]] = Memory(bound)

    def of(self, thing: Any) -> tuple[bytes, str]:
        """Return the canonical form of an object, and what a record keeps of it beside the digest."""
        known = self._known.get(id(thing)) or self._known.keep(id(thing), (thing, self._write(thing)))
        return known[1]


def _write_trace(trace: Any) -> tuple[bytes, str]:
    data = trace_to_data(trace, evidence="line")
    return canonical(_without_sentences(data)), f"{trace.id} {trace.outcome} {data.get('observed', '')}".rstrip()


def _write_group(traces: Sequence[Asked]) -> tuple[bytes, str]:
    found: dict[str, list[str]] = {}
    for trace in traces:
        if trace.outcome != "not_applicable":
            found.setdefault(trace.outcome, [trace.outcome]).append(trace.id)
    return _list_of(traces), "\n".join(map(" ".join, found.values()))


def _list_of(traces: Iterable[Any]) -> bytes:
    return b"[" + b",".join([_criteria.of(trace)[0] for trace in traces]) + b"]"


_criteria, _groups = _Written(_write_trace, _REMEMBERED), _Written(_write_group, 256)
_MARK = "\0"


def _written(verdict: Verdict, asked: Mapping[str, tuple[bytes, str]]) -> bytes:
    """Return the canonical form of what `slim` returns of a verdict; what was asked, most of it, is put in the place of marks."""
    nothing = verdict.duties._replace(requirements=(), contents=(), routes=())
    data = verdict_as_data(verdict._replace(levels=(), eligibility=(), ceilings=(), advice=(), duties=nothing), evidence="line")
    data |= {"findings": _without_sentences(data["findings"]), **dict.fromkeys((*GROUPED, "levels"), _MARK)}
    del data["advice"]
    pieces = canonical(data).split(b'"\\u0000"')
    routes = {duty: [route for route in verdict.duties.routes if route.duty == duty] for duty in sorted(DUTIES)}
    parts = (
        *(asked[name][0] for name in ("ceilings", "contents", "eligibility")),
        b"[" + b",".join(map(_write_level, verdict.levels)) + b"]", asked["requirements"][0],
        b"{" + b",".join([b'"%s":%s' % (duty.encode(), _list_of(traces)) for duty, traces in routes.items() if traces]) + b"}",
    )  # fmt: skip
    if len(pieces) != len(parts) + 1:  # the mark is a text of the case
        return canonical(slim(verdict))
    return b"".join(chain.from_iterable(zip(pieces, (*parts, b""), strict=True)))


def _write_level(trace: LevelTrace) -> bytes:
    before, after = _around(trace.citation, trace.level, trace.mode, trace.outcome)
    return b"%s%s%s" % (before, _list_of(trace.criteria), after)


@lru_cache
def _around(citation: str, level: str, mode: str, outcome: str) -> tuple[bytes, bytes]:
    """Return the canonical form of a level, before its criteria and behind them."""
    form = canonical({"citation": citation, "criteria": _MARK, "level": level, "mode": mode, "outcome": outcome})
    before, _, after = form.partition(b'"\\u0000"')
    return before, after


def slim(verdict: Verdict, form: int = RECORD_SCHEMA) -> dict[str, Any]:
    """Return a verdict with its whole trace, but without the edition's sentences, and without advice.

    Records before form 4 hold it; since then its canonical form is what the digest is taken of. What was compared is in it as the line
    `observed` alone: replaying works the rest out again.
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
