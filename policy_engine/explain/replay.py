"""A replay in sentences: which verdicts came out otherwise, and why; or what another edition would have said."""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from policy_engine.audit.chain import HeadFinder, Verifier
from policy_engine.audit.record import ChainFault
from policy_engine.errors import Problem
from policy_engine.explain.blocks import DRAFT, Explanation, Line, Section, Table, Wording, counted, filled
from policy_engine.messages import N_, plural, translate

if TYPE_CHECKING:
    from policy_engine.audit.replay import Against, Drift, Tally

_CAUSES = {
    "rulebook": N_("the rulebook is not the one that was recorded"), "case": N_("the case is not the one that was recorded"),
    "schema": N_("the record was made under other schemas"), "engine": N_("the engine gives another answer"),
    "record": N_("the verdict is the same, but the record says what its case and its edition do not"),
}  # fmt: skip
_FAULTS = {
    "unreadable": N_("line {line}: this is no record"),
    "torn": N_("line {line}: the line breaks off; a run was stopped while it wrote"),
    "damaged": N_("line {line}: what is packed is damaged from here on, or cut off; nothing behind it can be read"),
    "unended": N_("line {line}: the record of `{name}` is whole, but its line end is missing; the next run puts it"),
    "changed": N_("line {line}: the record of `{name}` was changed"),
    "out_of_place": N_("line {line}: the record of `{name}` does not follow the one before it: one was removed, added or moved"),
    "cut": N_("line {line}: run cut at {number} of {of}: `{name}` is the last record of run {run}, the others are not here"),
    "missing": N_("line {line}: the record of `{name}` is number {number} of {of} in run {run}, where number {expected} belongs"),
    "twice": N_("line {line}: recorded twice: the record of `{name}` stands in run {run} already"),
    "run_twice": N_("line {line}: recorded twice: run {run} repeats, unchanged, the records from line {first} on ({number} in all)"),
    "made_up": N_("line {line}: the id of run {run} does not follow from where and when it began; {expected} does"),
    "unlike": N_("line {line}: the record of `{name}` differs from its run {run}: `{field}` is {recorded}, in the run {found}"),
    "contradicted": N_("line {line}: the record of `{name}` contradicts itself: `{field}` is {recorded}; by `{by}` it is {found}"),
    "form": N_("line {line}: the record of `{name}` has not the form of records: `{field}` is {recorded}"),
}
_LONGEST = 80
_MOST = 50
"""How many faults, differences and moves are shown of each sort."""


def chain_faults(faults: Sequence[ChainFault], language: str) -> Iterator[str]:
    """Say what is wrong with the lines of a file of records; many in a row that are no records are said as one."""
    for wrong, several in groupby(faults, lambda fault: fault.fault):
        group = list(several)
        if wrong == "unreadable" and len(group) > 1:
            words = N_("lines {first} to {last}: {number} lines that are no records")
            yield translate(words, language, first=group[0].line, last=group[-1].line, number=len(group))
            continue
        for fault in group:
            details = {key: value if isinstance(value, int) else _short(value) for key, value in fault.details.items()}
            yield translate(_FAULTS[fault.fault], language, line=fault.line, name=fault.name, **details)


def _short(value: object) -> str:
    """Write a value of a record, shortened; a dash where there is none."""
    if value is None:
        return "—"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def minutes(found: HeadFinder, path: str, language: str) -> Iterator[str]:
    """Yield what is put into the minutes about a file of records, and how to keep it."""
    chain = found.verifier
    counts = [plural("{number} record", "{number} records", found.records, language)]
    if chain.runs:
        counts.append(plural("{number} run", "{number} runs", chain.runs, language))
    if chain.faults:
        counts.append(plural("{number} fault", "{number} faults", len(chain.faults), language))
    editions = "; ".join(
        translate(N_("edition {edition}, revision {revision}"), language, edition=one.edition, revision=one.revision)
        for one in found.editions
    )
    line = N_("File of records {path}, last written on {day}: {counts}; {editions}; head {head}.")
    words = {"path": path, "day": found.day or "—", "counts": ", ".join(counts), "editions": editions, "head": chain.head.hash}
    yield translate(line, language, **words)
    keep = N_(
        "Keep this line where who keeps the file cannot change it: in the signed minutes, or at another office. Later, "
        "`policy-engine record verify {path} --head {head}` holds the file against it."
    )
    yield translate(keep, language, path=path, head=chain.head.hash)


def explain_replay(tally: "Tally | Against", chain: Verifier, language: str, message: Callable[[Problem], str]) -> Explanation:
    """Put what a replay came to into sentences."""
    found = _Replay(tally, chain, language, message)
    return Explanation(
        title=found.say(N_("Replay")), headline=found.headline(), outcome="round", notes=tuple(found.notes()),
        sections=filled(*found.sections()),
    )  # fmt: skip


class _Replay(Wording):
    """One replay, on its way into one language."""

    def __init__(self, tally: "Tally | Against", chain: Verifier, language: str, message: Callable[[Problem], str]) -> None:
        super().__init__(language, *((*tally.editions.values(), tally.edition) if tally.sort == "against" else ()))
        self.tally, self.chain, self.message = tally, chain, message

    def headline(self) -> str:
        """Say how many records there are, and how many differ."""
        tally = self.tally
        if tally.sort == "own":
            others = tally.causes.total()
            if not others:
                return self.plural(
                    "{number} of {number} record reproduces exactly.", "{number} of {number} records reproduce exactly.", tally.records
                )
            return self.plural(
                "{same} of {records} records reproduce exactly; {number} does not.",
                "{same} of {records} records reproduce exactly; {number} do not.",
                others, same=tally.records - others, records=tally.records,
            )  # fmt: skip
        words = {"records": tally.records, "edition": tally.edition.id, "moved": tally.moved, "unread": tally.not_rated}
        return self.say(N_("Records: {records}. Under edition {edition}, otherwise: {moved}. Not rated: {unread}."), **words)

    def notes(self) -> Iterator[str]:
        """Name the head of the chain, say that it was held against nothing, and where an edition is a draft."""
        yield self.say(N_("head of the chain: {head}"), head=self.chain.head.hash)
        yield self.say(N_("Not held against a kept head: `policy-engine record verify FILE --head HASH` does that."))
        if self.tally.sort == "against" and self.tally.edition.status != "issued":
            yield self.say(DRAFT)

    def sections(self) -> Iterator[Section]:
        """Return every part; one without anything in it is left out."""
        faults = tuple(Line("not_met", said) for said in chain_faults(self.chain.faults, self.language))
        yield Section(self.say(N_("The chain of records is broken")), faults[:_MOST])
        if self.tally.sort == "own":
            yield Section(self.say(N_("Verdicts that come out otherwise")), tuple(map(self._drift, self.tally.drifts[:_MOST])))
            return
        from policy_engine.explain.shift import Went, move_sections

        befores, afters = self.tally.matrix.befores(), self.tally.matrix.afters()
        keys = [*self.tally.levels, *sorted((befores | afters) - set(self.tally.levels))]
        columns = [key for key in keys if key in afters]
        counts = {key: counted(*(self.tally.matrix.count(key, column) for column in columns)) for key in keys if key in befores}
        rows = tuple((self.code(key), *cells) for key, cells in counts.items())
        title = self.say(N_("From the recorded edition (rows) to edition {edition}"), edition=self.tally.edition.id)
        yield Section(title, table=Table(("", *map(self.code, columns)), rows) if rows else None)
        went = [Went(move, "", self.tally.editions[edition]) for move, edition in self.tally.moves[:_MOST]]
        yield from move_sections(went, self.tally.edition, self.tally.levels, self.language)
        unread = tuple(Line("unknown", f"{name}: {problem.code} {self.message(problem)}") for name, problem in self.tally.unread[:_MOST])
        yield Section(self.say(N_("Not rated: edition {edition} cannot read these"), edition=self.tally.edition.id), unread)

    def _drift(self, drift: "Drift") -> Line:
        words = {"line": drift.line, "case": drift.case, "cause": self.say(_CAUSES[drift.cause]), "step": drift.step}
        spelt = N_("line {line}, {case}: {cause}; what the record spells out is the same, the digest of the whole verdict is not")
        text = self.say(spelt if drift.step == "digest" else N_("line {line}, {case}: {cause}; first at `{step}`"), **words)
        change = f" ({drift.recorded or '—'} → {drift.found or '—'})" if drift.recorded or drift.found else ""
        return Line("not_met", text + change, drift.citation)
