"""The runs of a file of records: which run a record is of, its number in it, and how many belong to it.

A run's id follows from the record before it, how many records belong to it, and when it was recorded: no chance is in it, no two runs of
a file share one, and one that was made up does not follow. What is remembered does not grow with the file: of the run that is being
followed the first records, of the runs before it the last ones, `_REMEMBERED` of each; what repeats an older one is not seen.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from policy_engine.audit.form import RECORD_SCHEMA
from policy_engine.load.digest import sha256_of
from policy_engine.load.meaning import canonical

_REMEMBERED = 10_000


class Fault(NamedTuple):
    """A line that is not what was written, or not all of it: its number, what is wrong, whose record it is, and what a sentence names.

    Of a line: `unreadable`, `torn`, `unended` (whole, but without its line end), `changed`, `out_of_place`. Of a run: `cut`, `missing`,
    `twice`, `run_twice`, `made_up`, `unlike`. Of a field: `contradicted`, `form`.
    """

    line: int
    fault: str
    name: str
    details: Mapping[str, Any] = {}


class Run(NamedTuple):
    """A run that begins: how many records belong to it, and when it is recorded (UTC, seconds)."""

    of: int
    at: str


def run_id(previous: str, run: Run) -> str:
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
        """Begin before the first run."""
        self.count = 0
        self._now: _Followed | None = None
        self._whole: dict[str, _Ended] = {}
        """Runs that are over, by the digest of what they recorded."""
        self._cut: dict[str, _Ended] = {}

    def take(self, record: Mapping[str, Any], line: int, *, sound: bool) -> Iterator[Fault]:
        """Follow the next record; yield what is wrong with its run, and with the run before it where that is over.

        Args:
            record: the record.
            line: its line.
            sound: whether it is as it was written and follows the one before it; where not, that is said, and not what follows from it.
        """
        run = record["run"] if record["record"] == RECORD_SCHEMA else None
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
            yield Fault(line, "run_twice", now.name, {"run": now.id, **before._asdict()})

    def _over(self, now: "_Followed") -> Iterator[Fault]:
        """Keep what a run recorded; yield that it was cut, where it was."""
        cut = self.cut_off()
        ended = self._cut if cut else self._whole
        ended.setdefault(now.digest, _Ended(now.first, now.number))
        if len(ended) > _REMEMBERED:
            del ended[next(iter(ended))]
        if cut:
            yield cut

    def cut_off(self) -> Fault | None:
        """Return that the run which is being followed lacks its last records; None where it is whole."""
        now = self._now
        if now is None or now.number >= now.of:
            return None
        return Fault(now.line, "cut", now.name, {"run": now.id, "number": now.number, "of": now.of})


class _Followed:
    """One run, while it is being followed."""

    def __init__(self, record: Mapping[str, Any], line: int) -> None:
        """Begin with its first record that is here."""
        self.id, self.of = str(record["run"]["id"]), int(record["run"]["of"])
        self.first = self.line = line
        self.name, self.number, self.digest = "", 0, ""
        self._shared = _shared(record)
        self._cases: set[int] = set()

    def begun(self, record: Mapping[str, Any]) -> Iterator[Fault]:
        """Yield what is wrong with how the run begins."""
        number, name = record["run"]["number"], record["case"]["name"]
        if number != 1:
            yield Fault(self.first, "missing", name, {"run": self.id, "number": number, "of": self.of, "expected": 1})
            return
        expected = run_id(record["previous"], Run(self.of, record["times"]["recorded_at"]))
        if expected != self.id:
            yield Fault(self.first, "made_up", name, {"run": self.id, "expected": expected})

    def went_on(self, record: Mapping[str, Any], line: int) -> Iterator[Fault]:
        """Yield what is wrong with a further record of the run."""
        number, name, expected = record["run"]["number"], record["case"]["name"], self.number + 1
        if number < expected or _mark(record) in self._cases:
            yield Fault(line, "twice", name, {"run": self.id})
        elif number > min(expected, self.of):
            yield Fault(line, "missing", name, {"run": self.id, "number": number, "of": self.of, "expected": expected})
        shared = _shared(record)
        for field, value in self._shared.items():
            if shared[field] != value:
                yield Fault(line, "unlike", name, {"run": self.id, "field": field, "recorded": shared[field], "found": value})

    def put(self, record: Mapping[str, Any], line: int, *, sound: bool) -> None:
        """Take a record into the run."""
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
