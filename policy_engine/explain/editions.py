"""Editions in sentences and tables: which there are, what one holds, its clause map and its register, and how it stands to its seal."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from policy_engine.evaluate.maps import Cited, ClauseMap, InterpretationReport, SourceFault
from policy_engine.explain.blocks import DRAFT, STATUSES, Explanation, Line, Section, Wording, filled
from policy_engine.load.new_edition import Remaining
from policy_engine.load.seal import SealReport, means_the_same
from policy_engine.messages import N_
from policy_engine.model.rulebook import Edition
from policy_engine.model.sites import SORTS

_HEADINGS = (N_("edition"), N_("status"), N_("governs"), N_("in force"), N_("replaces"), N_("seal"), N_("title"))
_LONGEST = 60
"""How much of a title stands in a table."""
_UNSHOWN = N_("This edition says that it is issued, but there is no seal that shows it; hold it against the sealed original.")
_OTHER = N_("This is not the edition of this id that came with the engine: it means something else.")
_FAULTS = {
    "phrase": N_("“{words}” is not in the text of this clause ({by})"),
    "start": N_("the clause was not found in the text: “{words}”"),
}


class Shelved(NamedTuple):
    """An edition in its place in a library, how it stands to its seal, and to the one of its id that came with the engine, if any."""

    edition: Edition
    folder: str
    report: SealReport
    as_shipped: bool | None = None


class SealStanding(NamedTuple):
    """An edition held against its seal, whether or not it can still be read as one."""

    name: str
    folder: str
    report: SealReport
    status: str = ""
    """What it says of itself; "" where that cannot be read."""
    as_shipped: bool | None = None
    """Whether it means what the edition of its id does that came with the engine; None where none did."""
    readable: bool = True
    """Whether its files can be read as an edition at all."""
    gone: bool = False
    """Whether the lock has its seal, and its folder is not there."""
    copy_left: bool = False
    """Whether its sealed copy is there and its lines in the lock are not."""
    named: bool = False
    """Whether it was asked for by its id: then only a seal is a yes."""
    signed: bool = False
    """Whether the signature of the lock is asked for, which says nothing of an edition that is not in the lock."""


def is_whole(report: SealReport) -> bool:
    """Return whether a sealed edition means what was sealed, and its sealed copy is kept."""
    return means_the_same(report) and report.copy_kept


def holds(one: SealStanding) -> bool:
    """Return whether nothing is to be said against an edition: it is what was issued, or a draft among others, which decides nothing."""
    if one.gone or one.copy_left or not one.readable or one.as_shipped is False:
        return False
    if one.report.sealed:
        return is_whole(one.report)
    return (one.as_shipped is True and not one.signed) or (one.status == "draft" and not one.named)


def explain_list(shelved: Sequence[Shelved], language: str) -> Explanation:
    """Put a list of editions into a table."""
    wording = Wording(language)
    table = wording.table(_HEADINGS, (_row(one, wording) for one in shelved))
    return Explanation(title=wording.say(N_("Editions")), headline="", outcome="map", notes=(), sections=(Section("", table=table),))


def _row(one: Shelved, wording: Wording) -> tuple[str, ...]:
    edition, report = one.edition, one.report
    begins, until = edition.in_force
    title = wording.text(edition.title)
    if report.sealed and not is_whole(report):
        seal = N_("changed")
    elif one.as_shipped is False:
        seal = N_("not what came with the engine")
    elif not report.sealed:
        seal = N_("came with the engine") if one.as_shipped else N_("not sealed")
    else:
        seal = N_("sealed, reworded") if report.text_only else N_("sealed")
    return (
        edition.id, wording.status(edition), f"{edition.begins} – {edition.until}",
        f"{begins or '…'} – {until or '…'}" if begins or until else "—", edition.supersedes or "—", wording.say(seal),
        title if len(title) <= _LONGEST else title[: _LONGEST - 1] + "…",
    )  # fmt: skip


def explain_edition(one: Shelved, language: str) -> Explanation:
    """Put one edition into sentences: what it governs, what it rests on, what it holds."""
    edition, wording = one.edition, Wording(language, one.edition)
    notes = [wording.say(N_("revision {revision}"), revision=edition.revision), wording.say(N_("folder {folder}"), folder=one.folder)]
    if edition.status != "issued":
        notes.insert(0, wording.say(DRAFT))
    elif not edition.sealed:
        notes.insert(0, wording.say(_UNSHOWN))
    if one.as_shipped is False:
        notes.append(wording.say(_OTHER))
    counts = (
        (N_("levels"), len(edition.scale)), (N_("facts"), len(edition.facts)), (N_("tracks"), len(edition.tracks)),
        (N_("chapters"), len(edition.chapters)), (N_("interpretations"), len(edition.register)), (N_("clauses"), len(edition.clauses)),
    )  # fmt: skip
    held = wording.table((N_("part"), N_("how many")), ((wording.say(name), str(count)) for name, count in counts))
    basis = tuple(Line("note", f"{basis.id}, {basis.day}: {wording.text(basis.title)}") for basis in edition.basis)
    sections = filled(
        Section("", table=wording.table(_HEADINGS, (_row(one, wording),))), Section(wording.say(N_("Holds")), table=held),
        Section(wording.say(N_("Rests on")), basis),
        Section(wording.say(N_("Remarks")), tuple(Line("note", wording.text(texts)) for texts in edition.notes)),
    )  # fmt: skip
    title = wording.say(N_("Edition {edition}"), edition=edition.id)
    return Explanation(title=title, headline=wording.text(edition.title), outcome="map", notes=tuple(notes), sections=sections)


def explain_seals(held: Sequence[SealStanding], language: str) -> Explanation:
    """Put into sentences how editions stand to their seals."""
    wording = Wording(language)
    sections = tuple(Section(one.name, tuple(_stands(one, wording))) for one in held)
    return Explanation(title=wording.say(N_("Seals")), headline="", outcome="map", notes=(), sections=sections)


def _stands(one: SealStanding, wording: Wording) -> Iterator[Line]:
    """Say how one edition stands to its seal, and to what came with the engine."""
    if one.gone:
        yield Line("not_met", wording.say(N_("sealed, and its folder is not there")))
        return
    if not one.readable:
        yield Line("not_met", wording.say(N_("cannot be read as an edition")))
    if one.report.sealed:
        yield from _sealed(one.report, wording)
    elif one.readable and one.status == "draft":
        yield Line("not_met" if one.named else "note", wording.say(N_("a draft; not sealed")))
    elif one.readable and one.as_shipped:
        text = N_("not sealed here: the signature of the lock says nothing of it") if one.signed else N_("not sealed here")
        yield Line("not_met" if one.signed else "note", wording.say(text))
    elif one.readable:
        yield Line("not_met", wording.say(_UNSHOWN))
    if one.copy_left:
        yield Line("not_met", wording.say(N_("its sealed copy is there, and its seal in the lock is not: it was sealed once")))
    if one.readable and one.as_shipped is False:
        yield Line("not_met", wording.say(_OTHER))
    elif one.as_shipped:
        yield Line("met", wording.say(N_("means what the edition of this id does that came with the engine")))


def _sealed(report: SealReport, wording: Wording) -> Iterator[Line]:
    for one in report.differences:
        path = ".".join(map(str, one.path)) or "—"
        text = wording.say(
            N_("`{path}`: sealed as `{sealed}`, found `{found}`"), path=path, sealed=one.sealed or "—", found=one.found or "—"
        )
        yield Line("not_met", text, one.file)
    yield from (Line("not_met", wording.say(N_("missing")), name) for name in report.missing)
    yield from (Line("not_met", wording.say(N_("added")), name) for name in report.added)
    if not report.copy_kept:
        yield Line("not_met", wording.say(N_("the sealed copy is missing or is not the sealed one, so changed values cannot be named")))
    if not report.lock_agrees:
        yield Line("not_met", wording.say(N_("the digest of the whole meaning in the lock is not that of the files")))
    yield from (Line("note", wording.say(N_("only comments or spacing differ")), name) for name in report.text_only)
    if is_whole(report):
        yield Line("met", wording.say(N_("means what was sealed")))


def explain_new(folder: str, remaining: Sequence[Remaining], language: str) -> Explanation:
    """Say where the new edition stands, and what in it still speaks of the old period."""
    wording = Wording(language)
    lines = tuple(Line("unknown", one.text[:120], f"{one.location.file}:{one.location.line}") for one in remaining)
    return Explanation(
        title=wording.say(N_("written: {path}"), path=folder), headline=wording.say(N_("It is a draft until its status is changed.")),
        outcome="map", notes=(), sections=filled(Section(wording.say(N_("These still name the old year; look at each")), lines)),
    )  # fmt: skip


def code_table(titles: Sequence[tuple[str, str]], language: str) -> Explanation:
    """List codes with their titles."""
    wording = Wording(language)
    table = wording.table((N_("code"), N_("what it means")), titles)
    return Explanation(title=wording.say(N_("Codes")), headline="", outcome="", notes=(), sections=(Section("", table=table),))


def explain_formatted(files: int, changed: Sequence[str], language: str, *, written: bool, refused: int = 0) -> Explanation:
    """Say how many files could not be read and how many could, and name those that were changed, or would be."""
    wording = Wording(language)
    words = {"files": files, "refused": refused, "whole": files + refused, "changed": len(changed)}
    done = N_("Files: {files}. Formatted: {changed}.") if written else N_("Files: {files}. To be formatted: {changed}.")
    parts = [N_("Not run on {refused} of {whole} files: they have errors.")] if refused and files else []
    parts += [done] if files else [N_("Not run: every file has errors. Files: {whole}.")]
    headline = " ".join(wording.say(part, **words) for part in parts)
    lines = tuple(Line("note" if written else "not_met", path) for path in changed)
    return Explanation(title=wording.say(N_("Format")), headline=headline, outcome="round", notes=(), sections=filled(Section("", lines)))


def explain_map(edition: Edition, found: ClauseMap, faults: Sequence[SourceFault] | None, language: str) -> Explanation:
    """Put a clause map into sentences: by clause what encodes it, then by part which clause it stands for."""
    wording = Wording(language, edition)
    headline = wording.plural(
        "{clauses}; {bare} neither encoded nor explained; {number} cite leads to no clause of the map",
        "{clauses}; {bare} neither encoded nor explained; {number} cites lead to no clause of the map",
        len(found.strays), clauses=wording.plural("{number} clause", "{number} clauses", len(found.clauses)),
        bare=sum(not mapped.covered for mapped in found.clauses),
    )  # fmt: skip
    strays = tuple(Line("not_met", f"{wording.say(SORTS[part.sort])} {part.name}", part.citation.clause) for part in found.strays)
    parts = sorted((part.sort, part.name, *part.citation) for mapped in found.clauses for part in mapped.by)
    table = wording.table(
        (N_("part"), N_("name"), N_("clause"), N_("operative words")), ((wording.say(SORTS[sort]), *rest) for sort, *rest in parts)
    )  # fmt: skip
    sections = [
        Section(wording.say(N_("By clause")), tuple(_by_clause(edition, found, wording))),
        *filled(Section(wording.say(N_("Cites that lead to no clause")), strays)),
        Section(wording.say(N_("By part of the edition")), table=table),
    ]
    if faults is not None:
        lines: list[Line] = []
        for fault in faults:
            sort, _, name = fault.by.partition(" ")
            by = f"{wording.say(SORTS[sort])} {name}" if sort in SORTS else fault.by
            lines.append(Line("not_met", wording.say(_FAULTS[fault.fault], words=fault.words, by=by), fault.clause))
        borne_out = Line("met", wording.say(N_("every phrase stands in its clause, and every clause in the text")))
        sections.append(Section(wording.say(N_("Against the official text")), tuple(lines) or (borne_out,)))
    title = wording.say(N_("Clause map of edition {edition}"), edition=edition.id)
    return Explanation(title=title, headline=headline, outcome="map", notes=(wording.text(edition.title),), sections=tuple(sections))


def _by_clause(edition: Edition, found: ClauseMap, wording: Wording) -> Iterator[Line]:
    """Return a line a clause: what it is about, what encodes it, and what is left out or why nothing is."""
    for clause, one in zip(edition.clauses, found.clauses, strict=True):
        parts = [wording.bare(clause.says)]
        if one.by:
            parts.append(", ".join(_names(one.by, wording)))
        elif one.below:
            parts.append(wording.say(N_("encoded in the clauses below it")))
        if clause.why_not:
            parts.append(wording.say(N_("not encoded: {why}"), why=wording.bare(clause.why_not)))
        if clause.leaves_out:
            parts.append(wording.say(N_("left out: {why}"), why=wording.bare(clause.leaves_out)))
        yield Line("met" if one.by or one.below else "note" if one.covered else "not_met", ". ".join(parts), one.clause)


def _names(parts: Iterable[Cited], wording: Wording) -> Iterator[str]:
    sorts: dict[str, list[str]] = {}
    for part in parts:
        sorts.setdefault(part.sort, []).append(part.name)
    return (f"{wording.say(SORTS[sort])} {', '.join(names)}" for sort, names in sorts.items())


def explain_interpretations(edition: Edition, reports: Iterable[InterpretationReport], cases: int | None, language: str) -> Explanation:
    """Put the register into sentences."""
    wording, several = Wording(language, edition), tuple(reports)
    headline = wording.plural(
        "{number} interpretation, {accepted} of them accepted by the policy owner",
        "{number} interpretations, {accepted} of them accepted by the policy owner", len(several),
        accepted=sum(report.interpretation.status == "accepted" for report in several),
    )  # fmt: skip
    sections: list[Section] = []
    for report in several:
        one, parts = report.interpretation, ", ".join(report.parts) or "—"
        read_so = wording.say(N_("read so: {interpretation}"), interpretation=wording.text(one.interpretation))
        lines = [
            Line("note", wording.say(N_("the text: {says}"), says=wording.text(one.text_says))),
            Line("met", read_so, wording.say(STATUSES[one.status])),
            *(Line("unknown", wording.say(N_("or: {other}"), other=wording.text(other))) for other in one.alternatives),
            Line("note", wording.say(N_("rests on it: {parts}"), parts=parts)),
        ]
        if cases is not None:
            words = {"count": len(report.cases), "cases": cases, "names": ", ".join(report.cases) or "—"}
            lines.append(Line("note", wording.say(N_("cases that rest on it: {count} of {cases}: {names}"), **words)))
        sections.append(Section(f"{one.id} · {wording.text(one.silent_on)} [{', '.join(one.clauses)}]", tuple(lines)))
    title = wording.say(N_("Interpretations of edition {edition}"), edition=edition.id)
    return Explanation(title=title, headline=headline, outcome="map", notes=(wording.text(edition.title),), sections=tuple(sections))
