"""Editions in sentences and tables: which there are, what one holds, and how it stands to its seal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from policy_engine.explain.blocks import Explanation, Line, Section, Table, status_word
from policy_engine.load.new_edition import Remaining
from policy_engine.load.seal import SealReport, means_the_same
from policy_engine.messages import N_, sentence, translate
from policy_engine.model.rulebook import Edition


class Shelved(NamedTuple):
    """An edition in its place in a library, how it stands to its seal, and to the one of its id that came with the engine, if any."""

    edition: Edition
    folder: str
    report: SealReport
    as_shipped: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
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


def holds(one: Held) -> bool:
    """Return whether nothing is to be said against an edition: it is what was issued, or a draft among others, which decides nothing."""
    if one.gone or one.copy_left or not one.readable or one.as_shipped is False:
        return False
    if one.report.sealed:
        return is_whole(one.report)
    return (one.as_shipped is True and not one.signed) or (one.status == "draft" and not one.named)


def explain_list(shelved: Sequence[Shelved], language: str) -> Explanation:
    """Put a list of editions into a table."""

    def say(text: str) -> str:
        return translate(text, language)

    headings = tuple(map(say, (N_("edition"), N_("status"), N_("governs"), N_("in force"), N_("replaces"), N_("seal"), N_("title"))))
    rows = tuple(_row(one, language) for one in shelved)
    return Explanation(say(N_("Editions")), "", "map", (), (Section("", table=Table(headings, rows)),))


def _row(one: Shelved, language: str) -> tuple[str, ...]:
    """Return the row of an edition."""
    edition = one.edition
    status = status_word(edition.status, language, sealed=edition.sealed)
    begins, until = edition.in_force
    force = f"{begins or '…'} – {until or '…'}" if begins or until else "—"
    title = sentence(edition.title, language)
    return (
        edition.id, status, f"{edition.begins} – {edition.until}", force, edition.supersedes or "—", _seal_word(one, language),
        title if len(title) <= _LONGEST else title[: _LONGEST - 1] + "…",
    )  # fmt: skip


_LONGEST = 60


def _seal_word(one: Shelved, language: str) -> str:
    """Say in a word how an edition stands to its seal."""
    report = one.report
    if report.sealed and not is_whole(report):
        return translate(N_("changed"), language)
    if one.as_shipped is False:
        return translate(N_("not what came with the engine"), language)
    if not report.sealed:
        return translate(N_("came with the engine") if one.as_shipped else N_("not sealed"), language)
    return translate(N_("sealed, reworded") if report.text_only else N_("sealed"), language)


_UNSHOWN = N_("This edition says that it is issued, but there is no seal that shows it; hold it against the sealed original.")
_OTHER = N_("This is not the edition of this id that came with the engine: it means something else.")


def explain_edition(one: Shelved, language: str) -> Explanation:
    """Put one edition into sentences: what it governs, what it rests on, what it holds."""

    def say(text: str, **words: object) -> str:
        return translate(text, language, **words)

    edition = one.edition
    notes = [say(N_("revision {revision}"), revision=edition.revision), say(N_("folder {folder}"), folder=one.folder)]
    if edition.status != "issued":
        notes.insert(0, say(N_("This edition is a draft: nobody has issued it, and nothing may be decided by it.")))
    elif not edition.sealed:
        notes.insert(0, say(_UNSHOWN))
    if one.as_shipped is False:
        notes.append(say(_OTHER))
    basis = tuple(Line("note", f"{basis.id}, {basis.day}: {sentence(basis.title, language)}") for basis in edition.basis)
    remarks = tuple(Line("note", sentence(text, language)) for text in edition.notes)
    counts = (
        (N_("levels"), len(edition.scale)), (N_("facts"), len(edition.facts)), (N_("tracks"), len(edition.tracks)),
        (N_("chapters"), len(edition.chapters)), (N_("interpretations"), len(edition.register)), (N_("clauses"), len(edition.clauses)),
    )  # fmt: skip
    holds = Table((say(N_("part")), say(N_("how many"))), tuple((say(name), str(count)) for name, count in counts))
    headings = tuple(map(say, (N_("edition"), N_("status"), N_("governs"), N_("in force"), N_("replaces"), N_("seal"), N_("title"))))
    sections = (
        Section("", table=Table(headings, (_row(one, language),))), Section(say(N_("Holds")), table=holds),
        Section(say(N_("Rests on")), basis), Section(say(N_("Remarks")), remarks),
    )  # fmt: skip
    title = say(N_("Edition {edition}"), edition=edition.id)
    kept = tuple(section for section in sections if section.lines or section.table)
    return Explanation(title, sentence(edition.title, language), "map", tuple(notes), kept)


def explain_seals(held: Sequence[Held], language: str) -> Explanation:
    """Put into sentences how editions stand to their seals."""
    sections = tuple(Section(one.name, tuple(_stands(one, language))) for one in held)
    return Explanation(translate(N_("Seals"), language), "", "map", (), sections)


def _stands(one: Held, language: str) -> Iterator[Line]:
    """Say how one edition stands to its seal, and to what came with the engine."""

    def say(text: str) -> str:
        return translate(text, language)

    if one.gone:
        yield Line("not_met", say(N_("sealed, and its folder is not there")))
        return
    if not one.readable:
        yield Line("not_met", say(N_("cannot be read as an edition")))
    if one.report.sealed:
        yield from _sealed(one.report, language)
    elif one.readable:
        yield _unsealed(one, language)
    if one.copy_left:
        yield Line("not_met", say(N_("its sealed copy is there, and its seal in the lock is not: it was sealed once")))
    if one.readable and one.as_shipped is False:
        yield Line("not_met", say(_OTHER))
    elif one.as_shipped:
        yield Line("met", say(N_("means what the edition of this id does that came with the engine")))


def _unsealed(one: Held, language: str) -> Line:
    """Say of an edition that is not sealed whether that can be: of a draft, and of one that the engine knows."""
    if one.status == "draft":
        return Line("not_met" if one.named else "note", translate(N_("a draft; not sealed"), language))
    if one.as_shipped:
        signed = N_("not sealed here: the signature of the lock says nothing of it")
        return Line("not_met" if one.signed else "note", translate(signed if one.signed else N_("not sealed here"), language))
    return Line("not_met", translate(_UNSHOWN, language))


def _sealed(report: SealReport, language: str) -> Iterator[Line]:
    """Say how a sealed edition stands to its seal."""

    def say(text: str, **words: object) -> str:
        return translate(text, language, **words)

    for one in report.differences:
        path = ".".join(map(str, one.path)) or "—"
        words = {"path": path, "sealed": one.sealed or "—", "found": one.found or "—"}
        yield Line("not_met", say(N_("`{path}`: sealed as `{sealed}`, found `{found}`"), **words), one.file)
    yield from (Line("not_met", say(N_("missing")), name) for name in report.missing)
    yield from (Line("not_met", say(N_("added")), name) for name in report.added)
    if not report.copy_kept:
        yield Line("not_met", say(N_("the sealed copy is missing or is not the sealed one, so changed values cannot be named")))
    if not report.lock_agrees:
        yield Line("not_met", say(N_("the digest of the whole meaning in the lock is not that of the files")))
    yield from (Line("note", say(N_("only comments or spacing differ")), name) for name in report.text_only)
    if is_whole(report):
        yield Line("met", say(N_("means what was sealed")))


def explain_new(folder: str, remaining: Sequence[Remaining], language: str) -> Explanation:
    """Say where the new edition stands, and what in it still speaks of the old period."""
    lines = tuple(Line("unknown", one.text[:120], f"{one.location.file}:{one.location.line}") for one in remaining)
    section = Section(translate(N_("These still name the old year; look at each"), language), lines)
    title = translate(N_("written: {path}"), language, path=folder)
    return Explanation(title, translate(N_("It is a draft until its status is changed."), language), "map", (), (section,) if lines else ())
