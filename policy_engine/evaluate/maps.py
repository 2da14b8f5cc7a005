"""The clause map, both ways: what encodes each clause of the text, and which clause each part of an edition stands for.

What encodes a clause is gathered from the cites that the edition carries anyway, so the map cannot claim what is not there.
With the official text, every operative phrase is sought inside the very clause that it is cited from.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from policy_engine.model.duties import Cap, Ceiling, Eligibility, Requirement, Route
from policy_engine.model.facts import InterpretationUse
from policy_engine.model.rulebook import Edition, Interpretation, Track
from policy_engine.model.verdict import Verdict
from policy_engine.source import Citation

_NOWHERE = Citation("")
"""Of a part that cites no clause of its own."""


class InterpretationReport(NamedTuple):
    """An interpretation, the parts of the edition that rest on it, and the cases that do."""

    interpretation: Interpretation
    parts: tuple[str, ...]
    cases: tuple[str, ...]


def report_interpretations(edition: Edition, verdicts: Iterable[Verdict] = ()) -> tuple[InterpretationReport, ...]:
    """Return every interpretation of the register, with what rests on it; of the cases by their verdicts, which hold their duties."""
    parts: dict[str, dict[str, None]] = {name: {} for name in edition.register}
    cases: dict[str, dict[str, None]] = {name: {} for name in edition.register}
    for part, uses in _walk(edition):
        for use in uses:
            parts[use.id][part.name] = None
    for verdict in verdicts:
        for name in rests_on(verdict):
            cases[name][verdict.case] = None
    return tuple(InterpretationReport(one, tuple(parts[name]), tuple(cases[name])) for name, one in edition.register.items())


def rests_on(verdict: Verdict) -> tuple[str, ...]:
    """Return the interpretations that anything in a verdict rests on: its outcome, and what is asked beside it."""
    duties = verdict.duties
    blocks = (duties.routes, duties.requirements, duties.contents, verdict.ceilings, duties.findings, verdict.eligibility)
    return tuple(sorted({*verdict.interpretations, *(name for block in blocks for trace in block for name in trace.interpretations)}))


class Cited(NamedTuple):
    """A part of an edition that cites a clause: its sort (`threshold`, `criterion` …), its name, and where it points."""

    sort: str
    name: str
    citation: Citation


class MappedClause(NamedTuple):
    """A clause of the text with the parts of the edition that cite it, itself or a clause below it (`below`: how many)."""

    clause: str
    by: tuple[Cited, ...]
    below: int
    covered: bool
    """Whether something encodes it, or it is said why nothing does."""


class SourceFault(NamedTuple):
    """Something that the official text does not bear out: the sort of fault, the clause, the words, and who cites them."""

    fault: str
    clause: str
    words: str
    by: str


class ClauseMap(NamedTuple):
    """The map of one edition."""

    clauses: tuple[MappedClause, ...]
    strays: tuple[Cited, ...]
    """Cites of clauses that the edition does not list."""


def cited_parts(edition: Edition) -> tuple[Cited, ...]:
    """Return everything in an edition that cites a clause, in the order of the edition."""
    return tuple(part for part, _ in _walk(edition) if part.citation.clause)


def _walk(edition: Edition) -> Iterator[tuple[Cited, Sequence[InterpretationUse]]]:
    """Return every part of an edition that can cite a clause or rest on interpretations, with these."""
    for level in edition.scale.values():
        yield Cited("level", level.id, level.citation), ()
    for fact in edition.facts.values():
        yield Cited("fact", fact.name, fact.citation), fact.interpretations
    for invariant in edition.invariants:
        yield Cited("invariant", invariant.id, _NOWHERE), invariant.interpretations
    for name, threshold in edition.thresholds.items():
        yield Cited("threshold", name, threshold.citation), ()
    for track in edition.tracks:
        yield from _walk_track(track)
    for chapter in edition.chapters:
        yield Cited("chapter", chapter.clause, Citation(chapter.clause)), ()
        for name, threshold in chapter.thresholds.items():
            yield Cited("threshold", name, threshold.citation), ()
        blocks: Mapping[str, Sequence[Route | Requirement | Ceiling | Eligibility | Cap]] = {
            "route": chapter.routes, "requirement": chapter.requirements, "content": chapter.contents, "ceiling": chapter.ceilings,
            "eligibility": chapter.eligibility, "cap": chapter.caps,
        }  # fmt: skip
        for sort, block in blocks.items():
            yield from ((Cited(sort, one.rule.id, one.rule.citation), one.rule.interpretations) for one in block)
    for interpretation in edition.register.values():
        yield from ((Cited("reading", interpretation.id, Citation(clause)), ()) for clause in interpretation.clauses)


def _walk_track(track: Track) -> Iterator[tuple[Cited, Sequence[InterpretationUse]]]:
    yield Cited("track", track.id, track.citation), (*track.interpretations, *track.residual.interpretations)
    for name, threshold in track.thresholds.items():
        yield Cited("threshold", f"{track.id}.{name}", threshold.citation), ()
    yield Cited("decide", f"{track.id}.decide", _NOWHERE), [use for step in track.decide for use in step.interpretations]
    for stand_in in track.stand_ins:
        yield Cited("stand_in", f"{track.id}.stand_in", _NOWHERE), stand_in.interpretations
    for required in track.requires:
        otherwise = required.otherwise.interpretations if required.otherwise else ()
        yield Cited("invariant", required.id, _NOWHERE), (*required.interpretations, *otherwise)
    for rule in track.levels:
        yield Cited("level", f"{track.id}.{rule.level}", rule.citation), rule.interpretations
        for c in rule.criteria:
            yield Cited("criterion", f"{track.id}.{c.id}", c.citation), (*c.interpretations, *c.applies_interpretations)


def clause_map(edition: Edition) -> ClauseMap:
    """Return the map of an edition: by clause what cites it, and the cites that lead nowhere."""
    listed = {clause.id for clause in edition.clauses}
    parts = cited_parts(edition)
    by: dict[str, list[Cited]] = {}
    for part in parts:
        by.setdefault(part.citation.clause, []).append(part)
    encoding = {name for name, citing in by.items() if any(part.sort != "reading" for part in citing)}
    mapped: list[MappedClause] = []
    for clause in edition.clauses:
        below = sum(is_within(name, clause.id) for name in encoding)
        inside = any("/" in name and is_within(clause.id, name) for name in encoding)
        covered = clause.id in encoding or below > 0 or inside or bool(clause.why_not)
        mapped.append(MappedClause(clause.id, tuple(by.get(clause.id, ())), below, covered))
    return ClauseMap(tuple(mapped), tuple(part for part in parts if part.citation.clause not in listed))


def is_within(clause: str, other: str) -> bool:
    """Return whether a clause lies below another one, by their paths."""
    return clause != other and clause.startswith(other) and clause[len(other)] in "./"


def hold_against(edition: Edition, text: str) -> tuple[SourceFault, ...]:
    """Hold an edition against the official text: every clause is found in its order, and every phrase inside its clause.

    A clause reaches from its first words to the next clause that is not below it. A phrase joined from those of figures is sought
    figure by figure.
    """
    plain = normal(text)
    starts: list[tuple[str, int]] = []
    faults: list[SourceFault] = []
    begin = 0
    for clause in edition.clauses:
        found = plain.find(normal(clause.starts), begin)
        if found < 0:
            faults.append(SourceFault("start", clause.id, clause.starts, ""))
        else:
            starts.append((clause.id, found))
            begin = found + 1
    spans: dict[str, str] = {}
    for number, (name, start) in enumerate(starts):
        after = (place for other, place in starts[number + 1 :] if not is_within(other, name))
        spans[name] = plain[start : next(after, len(plain))].casefold()
    figures = {part.citation.phrase for part, _ in _walk(edition) if part.sort == "threshold"}
    for part in cited_parts(edition):
        clause_id, phrase = part.citation
        if phrase and clause_id in spans:
            pieces = phrase.split("; ")
            sought = pieces if len(pieces) > 1 and figures.issuperset(pieces) else [phrase]
            missing = [words for words in sought if normal(words).casefold() not in spans[clause_id]]
            faults += [SourceFault("phrase", clause_id, words, f"{part.sort} {part.name}") for words in missing]
    return tuple(faults)


def normal(text: str) -> str:
    """Bring a text into one form: composed letters, no marks of emphasis, single spaces."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text).replace("*", "")).strip()
