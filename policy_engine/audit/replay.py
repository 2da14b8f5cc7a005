"""What replaying a file of records comes to: counts, and the first differences; nothing grows with the number of records.

A verdict that comes out otherwise is put down to what changed: the rulebook, the case, the schemas, or the engine.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Literal, NamedTuple

from policy_engine.audit.form import READ, TEXTS, Contradiction, edition_faults, form_faults, given_faults, has_digest
from policy_engine.audit.record import SCHEMAS, Asked, asked_beside, kept, slim, what_follows
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.round.round import as_it_stood
from policy_engine.evaluate.transitions import Matrix, Move, merged, move_between
from policy_engine.language.values import is_array, is_object
from policy_engine.load.case import read_case, read_value
from policy_engine.load.library import Library
from policy_engine.load.meaning import canonical, sha256_of
from policy_engine.load.node import Node
from policy_engine.load.yaml_text import Document
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import CriterionTrace, Finding, Gathered, Verdict

MAX_KEPT = 1000
"""How many differences, or cases that move, are listed one by one; the others are counted."""
_LONGEST = 160


class Drift(NamedTuple):
    """A record whose case comes out otherwise now: the cause, the first step that differs, what stood there and what comes out."""

    line: int
    case: str
    cause: str
    step: str
    recorded: str
    found: str
    citation: str


class Replayer:
    """Rates recorded cases again; each edition is read in the library and prepared once, by what makes an evaluator of it."""

    def __init__(self, library: Library, evaluator: Callable[[Edition], Evaluator] = Evaluator) -> None:
        self.library = library
        self._evaluator = evaluator
        self._ready: dict[str, tuple[Evaluator, Surveyor]] = {}

    def replay(self, record: Mapping[str, Any], line: int) -> Drift | None:
        """Rate a record's case again under its own edition; None where the record comes out again to the byte.

        What cannot come out again is taken from the record itself: how the file was called, the edition asked for, what a round gave, the
        engine with its libraries and forms, and when it was recorded. Those are held to their form, and to what else the record says.
        """
        case = record["case"]
        if record["record"] not in READ:
            return self._drift(record, line, "schema", "record", str(record["record"]), str(READ[-1]))
        if sha256_of((case["text"].encode(),)) != case["sha256"]:
            return self._drift(record, line, "case", "case.sha256", case["sha256"], sha256_of((case["text"].encode(),)))
        edition: Edition | None = None
        try:
            edition = self.library.edition(record["edition"])
            read, verdict = self._rated(record, edition)
        except InputError as error:
            problem = error.problems[0]
            cause = self._cause(record, edition) if edition else "rulebook"
            return self._drift(record, line, cause, f"{problem.code} {problem.location.file}:{problem.location.line}", "", problem.code)
        if difference := self._difference(record, edition, verdict):
            step, before, after, citation = difference
            return self._drift(record, line, self._cause(record, edition), step, before, after, citation)
        wrong = next(self._otherwise(record, read, edition, verdict), None)
        if wrong is None:
            return None
        cause = "rulebook" if wrong.field == "sealed" else "record"
        return self._drift(record, line, cause, wrong.field, _short(wrong.recorded), _short(wrong.found))

    def verdict(self, record: Mapping[str, Any], edition: Edition) -> Verdict:
        """Rate the case of a record under an edition.

        Raises:
            InputError: where the case cannot be read under it.
        """
        return self._rated(record, edition)[1]

    def _rated(self, record: Mapping[str, Any], edition: Edition) -> tuple[Case, Verdict]:
        """Read the case of a record, and rate it under an edition with what a round gave it."""
        if edition.id not in self._ready:
            made = self._evaluator(edition)
            self._ready[edition.id] = made, Surveyor(made.plan, made.facts)
        evaluator, surveyor = self._ready[edition.id]
        kept = record["case"]
        case, _ = read_case(kept["text"].encode(), kept["file"], self.library, edition.id)
        given = kept.get("given")
        if given is None:
            return case, surveyor.survey(case, evaluator.evaluate(case))
        day = date.fromisoformat(given["as_of"]) if given["as_of"] else None
        whole = _given_back(as_it_stood(case, day), given["facts"], edition)
        gathered = tuple(Gathered(**one) for one in given["gathered"])
        verdict = surveyor.survey(whole, evaluator.evaluate(whole), gathered)
        found = [
            Finding(id=f["id"], severity=f["severity"], says=f["says"], citation=f["citation"], interpretations=tuple(f["interpretations"]))
            for f in given["findings"]
        ]
        return case, verdict._replace(duties=verdict.duties._replace(findings=(*verdict.duties.findings, *found)))

    @staticmethod
    def _difference(record: Mapping[str, Any], edition: Edition, verdict: Verdict) -> tuple[str, str, str, str] | None:
        """Return the first step of a verdict that comes out otherwise; None where all of it comes out again."""
        recorded: Mapping[str, Any] = record["verdict"]
        if not has_digest(record):
            whole = slim(verdict, record["record"])
            return None if canonical(whole) == canonical(recorded) else first_difference(recorded, whole)
        found = kept(verdict)
        if found == recorded:
            return None
        spelt, now = _spelt_out(recorded, verdict), _spelt_out(found, verdict)
        if spelt != now:
            return first_difference(spelt, now)
        if record["revision"] != edition.revision:
            return "revision", record["revision"], edition.revision, ""
        return first_difference(_in_lines(recorded), _in_lines(found))

    @staticmethod
    def _otherwise(record: Mapping[str, Any], case: Case, edition: Edition, verdict: Verdict) -> Iterator[Contradiction]:
        """Yield the fields beside the verdict that do not come out again."""
        malformed = list(form_faults(record))
        if malformed:
            yield from malformed
            return
        kept = record["case"]
        given = kept["given"]
        yield from edition_faults(record, case.stated.get("edition", ""), case.stated.get("period", ""))
        if given is not None:
            yield from given_faults(given)
            for fact in given["facts"]:
                if fact in case.facts:
                    yield Contradiction(f"case.given.facts.{fact}", given["facts"][fact], None, "case.text")
        for field, found in what_follows(edition, verdict).items():
            part, _, key = field.rpartition(".")
            recorded = (record[part] if part else record).get(key, found)
            if recorded != found and not (field == "sealed" and not recorded):  # it may have been sealed since
                yield Contradiction(field, recorded, found, "edition")

    @staticmethod
    def _cause(record: Mapping[str, Any], edition: Edition) -> str:
        if record["revision"] != edition.revision:
            return "rulebook"
        return "schema" if record["schemas"] != SCHEMAS else "engine"

    @staticmethod
    def _drift(
        record: Mapping[str, Any], line: int, cause: str, step: str, recorded: str, found: str, citation: str = ""
    ) -> Drift:  # fmt: skip
        name = record["case"]["name"]
        return Drift(line=line, case=name, cause=cause, step=step, recorded=recorded, found=found, citation=citation)


def _given_back(case: Case, facts: Mapping[str, Any], edition: Edition) -> Case:
    """Return a case again what a round gave it."""
    document = Document(file=case.id, data=dict(facts), places={}, keys={}, lines=(), problems=[])
    node = Node(document)
    read = {name: read_value(node.child(name), edition.facts[name], edition.scale) for name in facts if name in edition.facts}
    if document.problems:
        raise InputError(document.problems)
    return case._replace(facts={**case.facts, **{name: value for name, value in read.items() if value is not None}})


def _in_lines(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.split("\n") if key in TEXTS and isinstance(value, str) else value for key, value in part.items()}


def _spelt_out(part: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    """Return what a record keeps of a verdict in the shape of the verdict that comes out now, so that its steps have their names."""

    def lines(name: str) -> dict[str, str]:
        text = part.get(name)
        return {key: rest for key, _, rest in (line.partition(" ") for line in str(text).split("\n"))}

    def traces(name: str, found: Iterable[Asked]) -> list[dict[str, Any]]:
        outcomes = {one: outcome for outcome, ids in lines(name).items() for one in ids.split(" ")}
        return [{"id": one.id, "citation": one.citation, "outcome": outcomes.get(one.id, "not_applicable")} for one in found]

    def criterion(one: CriterionTrace) -> dict[str, Any]:
        outcome, _, observed = criteria.get(one.id, "").partition(" ")
        return {"id": one.id, "citation": one.citation, "outcome": outcome, "observed": observed}

    criteria, figures, levels = lines("criteria"), lines("figures"), lines("levels")
    return {
        **{key: part.get(key) for key in ("track", "outcome", "level", "possible_levels", "gap_possible", "possible_exact")},
        "open_questions": part.get("open_questions"), "interpretations": part.get("interpretations"),
        "deductions": [{"fact": one.fact, "value": figures.get(one.fact)} for one in verdict.deductions],
        "levels": [
            {"level": one.level, "citation": one.citation, "outcome": levels.get(one.level), "criteria": list(map(criterion, one.criteria))}
            for one in verdict.levels
        ],
        **{name: traces(name, found) for name, found in asked_beside(verdict).items()},
    }  # fmt: skip


def first_difference(before: Any, after: Any, path: str = "", citation: str = "") -> tuple[str, str, str, str]:
    """Return the first place at which two verdicts differ, what stands there in each, and the clause of the step around it."""
    if is_object(before) and is_object(after):
        cited = str(before.get("citation") or citation)
        named = next((str(before[key]) for key in ("id", "level", "fact") if isinstance(before.get(key), str)), "")
        for key in dict.fromkeys((*_steps_first(before), *after)):
            if before.get(key) != after.get(key):
                here = f"{path}.{key}" if path else key
                return first_difference(before.get(key), after.get(key), here.replace("[]", f"[{named}]"), cited)
    if is_array(before) and is_array(after):
        for index in range(max(len(before), len(after))):
            pair = [rows[index] if index < len(rows) else None for rows in (before, after)]
            if pair[0] != pair[1]:
                return first_difference(pair[0], pair[1], f"{path}[]" if isinstance(pair[0], dict) else f"{path}[{index}]", citation)
    return path, _short(before), _short(after), citation


def _steps_first(verdict: Mapping[str, Any]) -> list[str]:
    """Put the trace before what follows from it, so that the first difference is the first step that went otherwise."""
    early = ["track", "deductions", "eligibility", "levels", "ceilings", "criteria", "observed"]
    late = ["revision", "status"]
    return [key for key in (*early, *(k for k in verdict if k not in {*early, *late}), *late) if key in verdict]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


class Tally:
    """Every record rated again under its own edition."""

    sort: Literal["own"] = "own"

    def __init__(self, replayer: Replayer) -> None:
        self.replayer = replayer
        self.records = 0
        self.drifts: list[Drift] = []
        self.causes: Counter[str] = Counter()

    def take(self, record: Mapping[str, Any], line: int) -> None:
        self.records += 1
        drift = self.replayer.replay(record, line)
        if drift is not None:
            self.causes[drift.cause] += 1
            if len(self.drifts) < MAX_KEPT:
                self.drifts.append(drift)

    @property
    def drifted(self) -> bool:
        return bool(self.causes)


class Against:
    """Every record rated again under its own edition and under another one."""

    sort: Literal["against"] = "against"
    drifted = False
    """That another edition says something else is an answer, not a fault."""

    def __init__(self, replayer: Replayer, edition: Edition) -> None:
        self.replayer, self.edition = replayer, edition
        self.records = 0
        self.matrix = Matrix()
        self.moves: list[tuple[Move, str]] = []
        """Who moved, with the edition of the record."""
        self.moved = 0
        self.unread: list[tuple[str, Problem]] = []
        self.not_rated = 0
        self.editions: dict[str, Edition] = {}

    def take(self, record: Mapping[str, Any], line: int) -> None:
        del line
        self.records += 1
        try:
            own = self.replayer.library.edition(record["edition"])
            before, after = (self.replayer.verdict(record, edition) for edition in (own, self.edition))
        except InputError as error:
            self.not_rated += 1
            if len(self.unread) < MAX_KEPT:
                self.unread.append((str(record["case"]["name"]), error.problems[0]))
            return
        self.editions[own.id] = own
        self.matrix.add(before, after)
        move = move_between(before, after, self.levels, (own, self.edition))
        if move:
            self.moved += 1
            if len(self.moves) < MAX_KEPT:
                self.moves.append((move, own.id))

    @property
    def levels(self) -> list[str]:
        order: list[str] = []
        for edition in (*self.editions.values(), self.edition):
            order = merged(order, edition.scale)
        return order
