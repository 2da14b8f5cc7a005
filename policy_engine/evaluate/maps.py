"""The clause map, both ways: what encodes each clause of the text, and which clause each part of an edition stands for.

What encodes a clause is gathered from the cites that the edition carries anyway, so the map cannot claim what is not there.
With the official text, every operative phrase is sought inside the very clause that it is cited from.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from policy_engine.model.rulebook import Edition, Interpretation
from policy_engine.model.sites import RULES, Site, sites
from policy_engine.model.verdict import Verdict
from policy_engine.source import Citation

_FIRST = ("track", "residual", "decide", "stand_in", "requires")
"""Of a track, what is named before its levels where it rests on an interpretation."""
_CITING = frozenset({"level", "fact", "threshold", "track", "level_rule", "criterion", "chapter", *RULES})


class InterpretationReport(NamedTuple):
    """An interpretation, the parts of the edition that rest on it, and the cases that do."""

    interpretation: Interpretation
    parts: tuple[str, ...]
    cases: tuple[str, ...]


def report_interpretations(edition: Edition, verdicts: Iterable[Verdict] = ()) -> tuple[InterpretationReport, ...]:
    """Return every interpretation of the register, with what rests on it; of the cases by their verdicts, which hold their duties."""
    parts: dict[str, dict[str, None]] = {name: {} for name in edition.register}
    cases: dict[str, dict[str, None]] = {name: {} for name in edition.register}
    for _, group in groupby(sites(edition), key=lambda site: site.owner[:2]):
        for site in sorted(group, key=lambda site: _FIRST.index(site.sort) if site.sort in _FIRST else len(_FIRST)):
            for use in site.uses if site.sort != "gap" else ():
                parts[use.id][_called(site)] = None
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
    clauses: tuple[MappedClause, ...]
    strays: tuple[Cited, ...]
    """Cites of clauses that the edition does not list."""


def cited_parts(edition: Edition) -> tuple[Cited, ...]:
    """Return everything in an edition that cites a clause, in the order of the edition."""
    found = [
        Cited("level" if site.sort == "level_rule" else site.sort, _called(site), site.citation)
        for site in sites(edition)
        if site.sort in _CITING and site.citation.clause
    ]
    found += [Cited("reading", name, Citation(clause)) for name, one in edition.register.items() for clause in one.clauses]
    return tuple(found)


def _called(site: Site) -> str:
    """Return what a part is called: what stands in a track behind its track, but for a rule of its figures."""
    if site.owner.kind != "track" or site.sort == "requires":
        return site.name
    own = {"track": "", "residual": "", "decide": ".decide", "stand_in": ".stand_in"}
    return site.owner.id + own.get(site.sort, f".{site.name}")


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
    figures = {site.citation.phrase for site in sites(edition) if site.sort == "threshold"}
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
