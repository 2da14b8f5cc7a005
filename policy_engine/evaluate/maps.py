"""The clause map, both ways: what encodes each clause of the text, and which clause each part of an edition stands for.

What encodes a clause is gathered from the cites that the edition carries anyway, so the map cannot claim what is not there.
With the official text, every operative phrase is sought inside the very clause that it is cited from.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from policy_engine.model.duties import Cap, Ceiling, Chapter, Eligibility, Requirement, Route
from policy_engine.model.facts import FactDeclaration, InterpretationUse
from policy_engine.model.rulebook import Edition, Interpretation, Track
from policy_engine.model.verdict import Verdict
from policy_engine.source import Citation


class InterpretationReport(NamedTuple):
    """An interpretation, the parts of the edition that rest on it, and the cases that do."""

    interpretation: Interpretation
    parts: tuple[str, ...]
    cases: tuple[str, ...]


def report_interpretations(edition: Edition, verdicts: Iterable[Verdict] = ()) -> tuple[InterpretationReport, ...]:
    """Return every interpretation of the register, with what rests on it.

    Args:
        edition: the edition.
        verdicts: verdicts under it, with their duties.
    """
    parts: dict[str, dict[str, None]] = {name: {} for name in edition.register}
    for part, uses in _uses(edition):
        for use in uses:
            parts[use.id][part] = None
    cases: dict[str, dict[str, None]] = {name: {} for name in edition.register}
    for verdict in verdicts:
        for name in rests_on(verdict):
            cases[name][verdict.case] = None
    return tuple(
        InterpretationReport(interpretation, tuple(parts[name]), tuple(cases[name])) for name, interpretation in edition.register.items()
    )


def rests_on(verdict: Verdict) -> tuple[str, ...]:
    """Return the interpretations that anything in a verdict rests on: its outcome, and what is asked beside it."""
    duties = verdict.duties
    blocks = (duties.routes, duties.requirements, duties.contents, verdict.ceilings, duties.findings, verdict.eligibility)
    return tuple(sorted({*verdict.interpretations, *(name for block in blocks for trace in block for name in trace.interpretations)}))


def _uses(edition: Edition) -> Iterator[tuple[str, tuple[InterpretationUse, ...]]]:
    """Return what rests on interpretations, by the names of its parts."""
    for fact in edition.facts.values():
        yield fact.name, fact.interpretations
    for invariant in edition.invariants:
        yield invariant.id, invariant.interpretations
    for track in edition.tracks:
        yield from _of_track(track)
    for chapter in edition.chapters:
        for rule in chapter.rules():
            yield rule.id, rule.interpretations


def _of_track(track: Track) -> Iterator[tuple[str, tuple[InterpretationUse, ...]]]:
    """Return what of a track rests on interpretations."""
    yield track.id, (*track.interpretations, *track.residual.interpretations)
    steps: Mapping[str, tuple[InterpretationUse, ...]] = {
        f"{track.id}.decide": tuple(use for step in track.decide for use in step.interpretations)
    }
    yield from steps.items()
    for stand_in in track.stand_ins:
        yield f"{track.id}.stand_in", stand_in.interpretations
    for rule in track.requires:
        yield rule.id, (*rule.interpretations, *(rule.otherwise.interpretations if rule.otherwise else ()))
    for level in track.levels:
        yield f"{track.id}.{level.level}", level.interpretations
        for criterion in level.criteria:
            yield f"{track.id}.{criterion.id}", (*criterion.interpretations, *criterion.applies_interpretations)


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
    return tuple(part for part in _parts(edition) if part.citation.clause)


def _parts(edition: Edition) -> Iterator[Cited]:
    """Walk an edition."""
    for level in edition.scale.values():
        yield Cited("level", level.id, level.citation)
    for fact in edition.facts.values():
        yield _of_fact(fact)
    for name, threshold in edition.thresholds.items():
        yield Cited("threshold", name, threshold.citation)
    for track in edition.tracks:
        yield from _of_track_coverage(track)
    for chapter in edition.chapters:
        yield Cited("chapter", chapter.clause, Citation(chapter.clause))
        for name, threshold in chapter.thresholds.items():
            yield Cited("threshold", name, threshold.citation)
        for sort, block in _blocks(chapter).items():
            yield from (Cited(sort, entry.rule.id, entry.rule.citation) for entry in block)
    for interpretation in edition.register.values():
        yield from (Cited("reading", interpretation.id, Citation(clause)) for clause in interpretation.clauses)


def _blocks(chapter: Chapter) -> Mapping[str, Sequence[Route | Requirement | Ceiling | Eligibility | Cap]]:
    """Return the blocks of a chapter by the name of what they hold."""
    return {
        "route": chapter.routes, "requirement": chapter.requirements, "content": chapter.contents, "ceiling": chapter.ceilings,
        "eligibility": chapter.eligibility, "cap": chapter.caps,
    }  # fmt: skip


def _of_fact(fact: FactDeclaration) -> Cited:
    """Return a fact's cite."""
    return Cited("fact", fact.name, fact.citation)


def _of_track_coverage(track: Track) -> Iterator[Cited]:
    """Return the cites of a track: its own, its figures', its levels' and its criteria's."""
    yield Cited("track", track.id, track.citation)
    for name, threshold in track.thresholds.items():
        yield Cited("threshold", f"{track.id}.{name}", threshold.citation)
    for rule in track.levels:
        yield Cited("level", f"{track.id}.{rule.level}", rule.citation)
        for criterion in rule.criteria:
            yield Cited("criterion", f"{track.id}.{criterion.id}", criterion.citation)


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
    """Hold an edition against the official text: every clause is found in its order, and every phrase inside its clause."""
    plain = normal(text)
    spans, faults = _spans(edition, plain)
    for part in cited_parts(edition):
        span = spans.get(part.citation.clause)
        if part.citation.phrase and span is not None:
            folded = plain[slice(*span)].casefold()
            for words in _pieces(part, edition):
                if normal(words).casefold() not in folded:
                    faults.append(SourceFault("phrase", part.citation.clause, words, f"{part.sort} {part.name}"))
    return tuple(faults)


def normal(text: str) -> str:
    """Bring a text into one form: composed letters, no marks of emphasis, single spaces."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text).replace("*", "")).strip()


def _pieces(part: Cited, edition: Edition) -> Iterable[str]:
    """Return the phrases of a part: a phrase joined from those of figures is sought figure by figure."""
    phrase = part.citation.phrase
    joined = {t.citation.phrase for track in edition.tracks for t in track.thresholds.values()}
    joined |= {t.citation.phrase for t in edition.thresholds.values()}
    joined |= {t.citation.phrase for chapter in edition.chapters for t in chapter.thresholds.values()}
    pieces = phrase.split("; ")
    return pieces if len(pieces) > 1 and joined.issuperset(pieces) else (phrase,)


def _spans(edition: Edition, plain: str) -> tuple[dict[str, tuple[int, int]], list[SourceFault]]:
    """Find where each clause of the map stands in the text: from its first words to the next clause that is not below it."""
    starts: list[tuple[str, int]] = []
    faults: list[SourceFault] = []
    begin = 0
    for clause in edition.clauses:
        found = plain.find(normal(clause.starts), begin)
        if found < 0:
            faults.append(SourceFault("start", clause.id, clause.starts, ""))
            continue
        starts.append((clause.id, found))
        begin = found + 1
    spans: dict[str, tuple[int, int]] = {}
    for number, (name, start) in enumerate(starts):
        after = (place for other, place in starts[number + 1 :] if not is_within(other, name))
        spans[name] = (start, next(after, len(plain)))
    return spans, faults
