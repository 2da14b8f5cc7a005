"""A round in sentences and tables: by unit, how the levels are spread, and which cases need somebody's eye."""

from collections.abc import Iterable, Iterator

from policy_engine.errors import N_
from policy_engine.evaluate.round.round import counts_of
from policy_engine.evaluate.round.summary import Noted, Paper, Spread, Summary, Tie, spread_of, summarise, unrecorded
from policy_engine.explain.blocks import Explanation, Line, Section, Table, files_counted, percent, share_bars, status_word
from policy_engine.explain.duties import SEVERITY_MARKS
from policy_engine.messages import sentence, translate
from policy_engine.model.round import CapTrace, RatedEntry, Refused, Round
from policy_engine.model.verdict import Gathered

_OUTCOMES = {
    "gap": N_("no level"), "undetermined": N_("open"), "decided_by_authority": N_("left to the authority"),
    "not_eligible": N_("not classified"), "out_of_scope": N_("out of scope"),
}  # fmt: skip
_FEW = 8
"""How many cases are named where else their count says enough."""
_ORIGINS = {"decided": N_("decided"), "proposed": N_("proposed")}


def explain_round(done: Round, language: str, notes: Iterable[str]) -> Explanation:
    """Put a round into sentences and tables.

    Args:
        done: what came out.
        language: `vi` or `en`.
        notes: marked sentences that stand beside the headline.
    """
    told = _Told(done, summarise(done), language)
    sections = tuple(section for section in told.sections() if section.lines or section.table)
    return Explanation(told.say(N_("Round {name}"), name=done.id), told.headline(), "round", tuple(told.notes(notes)), sections)


class _Told:
    """One round, on its way into one language."""

    def __init__(self, done: Round, summary: Summary, language: str) -> None:
        """Take what is to be said, and the language."""
        self.done, self.summary, self.language = done, summary, language
        self.levels = list(done.edition.scale.values())
        self.outcomes = [name for name in _OUTCOMES if summary.whole.outcomes.get(name)]
        self.rated = {one.case.id: one for one in done.rated}
        self.refused = {one.path: one for one in done.refused}

    def say(self, text: str, **words: object) -> str:
        """Translate a marked text."""
        return translate(text, self.language, **words)

    def headline(self) -> str:
        """Say how many files were rated and how many refused, how far the round is, and how it stands with papers; each counted once."""
        whole = self.summary.whole
        levels = sum(whole.levels.values())
        words = whole._asdict() | {
            "proposed": levels - whole.decided,
            "bare": whole.cases - levels,
        }
        first = files_counted(whole.cases, whole.refused, self.language) if whole.refused else self.say(N_("Cases: {cases}."), **words)
        parts = (
            N_("Decided: {decided}. Not yet decided: {undecided} (proposed: {proposed}, without a level: {bare})."),
            N_("Papers missing: {missing}, late: {late}, not recorded: {unrecorded}."),
        )
        return " ".join((first, *(self.say(part, **words) for part in parts)))

    def notes(self, notes: Iterable[str]) -> Iterator[str]:
        """Name the edition, the day, and what every answer carries."""
        edition = self.done.edition
        words = {"edition": edition.id, "revision": edition.revision[:19]}
        words["status"] = status_word(edition.status, self.language, sealed=edition.sealed)
        yield self.say(N_("Edition {edition} ({status}), revision {revision}…"), **words)
        if self.done.as_of:
            yield self.say(N_("As it stood on {day}: what came later is left out"), day=self.done.as_of.isoformat())
        yield self.say(N_("Levels are those decided, else those proposed."))
        yield from map(self.say, notes)

    def sections(self) -> Iterator[Section]:
        """Return every part; one without anything in it is left out."""
        summary = self.summary
        yield Section(self.say(N_("Refused files: not rated, in no count of levels below")), tuple(map(self._refusal, self.done.refused)))
        yield Section(self.say(N_("By unit")), table=self._by_unit())
        yield Section(self.say(N_("By kind of subject")), table=self._by_track())
        yield Section(self.say(N_("Cases")), table=self._cases())
        yield Section(self.say(N_("No level in the text: the authority decides")), tuple(map(self._gap, summary.gaps)))
        held_up = sorted(summary.undetermined, key=lambda case: not self.rated[case].held_up)
        yield Section(self.say(N_("Facts missing, and what they decide")), tuple(map(self._open, held_up)))
        yield Section(self.say(N_("Not yet decided")), tuple(self._undecided()))
        yield Section(self.say(N_("Overlap")), tuple(self._overlaps()))
        yield Section(self.say(N_("Missing papers")), tuple(self._papers("missing")))
        yield Section(self.say(N_("Late")), tuple(self._papers("late")))
        yield Section(self.say(N_("Overdue: nothing on record")), tuple(self._by_paper("overdue")))
        yield Section(self.say(N_("Still to come, and not late yet")), tuple(self._by_paper("due")))
        yield Section(self.say(N_("Not recorded: neither there nor missing")), tuple(self._unrecorded()))
        yield Section(self.say(N_("Ties between levels that do not hold")), tuple(map(self._tie, summary.ties)))
        yield Section(self.say(N_("Decisions to look at")), tuple(map(self._noted, summary.decisions)))
        yield Section(self.say(N_("Caps on a cohort")), tuple(map(self._cap, self.done.caps)))
        yield Section(self.say(N_("Other findings")), tuple(map(self._noted, summary.others)))
        yield Section(self.say(N_("Not covered by the text")), tuple(self._uncovered()))
        yield Section(self.say(N_("What a level was taken from")), tuple(self._gathered()))

    def _by_unit(self) -> Table:
        """Return a row a unit."""
        rows = [self._row(self.done.units.get(name, name) or "—", spread) for name, spread in self.summary.units.items()]
        return Table(self._headings(N_("office or unit")), (*rows, self._row(self.say(N_("total")), self.summary.whole)))

    def _by_track(self) -> Table:
        """Return a row a track, and the share of each level in the whole."""
        labels = {track.id: sentence(track.label, self.language) for track in self.done.edition.tracks}
        rows = [self._row(labels.get(name) or self.say(N_("kind not known")), spread) for name, spread in self.summary.tracks.items()]
        whole = self.summary.whole
        if not whole.cases:
            return Table(self._headings(N_("kind of subject")), tuple(rows))
        bars = share_bars(self.done.edition)
        shares = [percent(whole.levels.get(level.id, 0), whole.cases, self.language, bars).lstrip("= ") for level in self.levels]
        label = N_("share of the cases rated") if whole.refused else N_("share of all cases")
        cells = (self.say(label), *[""] * bool(whole.refused), "", *shares)
        headings = self._headings(N_("kind of subject"))
        return Table(headings, (*rows, (*cells, *[""] * (len(headings) - len(cells)))))

    def _headings(self, first: str) -> tuple[str, ...]:
        """Return the headings of a table of counts."""
        counts = (N_("decided"), N_("not yet decided"), N_("missing"), N_("late"), N_("not recorded"), N_("to look at"))
        outcomes = (_OUTCOMES[name] for name in self.outcomes)
        codes = (level.code for level in self.levels)
        files = (N_("refused"), N_("rated")) if self.refused else (N_("cases"),)
        return (self.say(first), *map(self.say, files), *codes, *map(self.say, outcomes), *map(self.say, counts))

    def _row(self, name: str, spread: Spread) -> tuple[str, ...]:
        """Return one row of counts."""
        counts = (
            *((spread.refused,) if self.refused else ()), spread.cases, *(spread.levels.get(level.id, 0) for level in self.levels),
            *(spread.outcomes.get(outcome, 0) for outcome in self.outcomes), spread.decided, spread.undecided, spread.missing,
            spread.late, spread.unrecorded, spread.findings,
        )  # fmt: skip
        return (name, *(str(count) if count else "·" for count in counts))

    def _cases(self) -> Table:
        """Return a row a case: unit by unit, the files refused first, then the unit's own case, then those who were rated last."""
        texts = (
            N_("office or unit"), N_("case"), N_("subject"), N_("proposed"), N_("decided"), N_("missing"), N_("late"), N_("not recorded"),
            N_("to look at"),
        )  # fmt: skip
        rows: list[tuple[str, ...]] = []
        units: dict[str, list[RatedEntry]] = {name: [] for name in self.summary.units}
        for one in reversed(self.done.rated):
            units[one.unit].append(one)
        for name, members in units.items():
            ordered = sorted(members, key=lambda one, unit=name: one.case.id != unit)  # type: ignore[misc]
            cells = [*(self._not_rated(one) for one in self.done.refused if one.unit == name), *map(self._case, ordered)]
            rows += [(self.done.units.get(name, name) if number == 0 else "", *row) for number, row in enumerate(cells)]
        return Table(tuple(map(self.say, texts)), tuple(rows))

    def _not_rated(self, one: Refused) -> tuple[str, ...]:
        """Return the row of a file that was refused, past the unit: nothing about it is known."""
        return (one.case or one.path, one.name, self.say(N_("refused")), *"?????")

    def _case(self, one: RatedEntry) -> tuple[str, ...]:
        """Return the row of a case, past the unit."""
        verdict = one.verdict
        plain = self.say(_OUTCOMES[verdict.outcome]) if verdict.outcome in {"gap", "undetermined", "not_eligible", "out_of_scope"} else "·"
        decided = ", ".join(self._code(decision.level) for decision in one.case.record.decisions) or "—"
        mark = " *" if one.case.record.decisions and verdict.level and one.standing.level != verdict.level else ""
        spread = spread_of((one,), self.done.as_of)
        counts = (str(count) if count else "·" for count in (spread.missing, spread.late, spread.unrecorded, spread.findings))
        proposed = self._code(verdict.level) if verdict.level else plain
        return (one.case.id, one.case.subject.get("name", ""), proposed, decided + mark, *counts)

    def _code(self, level: str | None) -> str:
        """Return the code of a level."""
        return self.done.edition.scale[level].code if level else "—"

    def _who(self, case: str) -> str:
        """Name a case and its subject."""
        name = self.rated[case].case.subject.get("name", "")
        return f"{case} · {name}" if name else case

    def _decision(self, one: RatedEntry) -> str:
        """Say what was decided of a case, when and why."""
        parts = [
            ", ".join(filter(None, (self._code(d.level), d.day.isoformat() if d.day else "", d.reason))) for d in one.case.record.decisions
        ]
        return self.say(N_("decided: {level}"), level="; ".join(parts)) if parts else self.say(N_("not decided"))

    def _gap(self, case: str) -> Line:
        """Name a case in a gap, and what was decided."""
        one = self.rated[case]
        return Line("met" if one.case.record.decisions else "unknown", f"{self._who(case)}: {self._decision(one)}")

    def _open(self, case: str) -> Line:
        """Name a case with facts missing: the refused files that it waits for, what is still possible, the questions that would decide."""
        one = self.rated[case]
        verdict = one.verdict
        levels = [self._code(level) for level in verdict.possible_levels] + ([self.say(N_("no level"))] if verdict.gap_possible else [])
        facts = self.done.edition.facts
        told = {name for fact in one.waits if one.held_up for name in counts_of(self.done.edition, fact)}
        asked = [f"{sentence(facts[n].label, self.language)} ({n})" for n in verdict.open_questions if n in facts and n not in told]
        lost = {self.refused[path].case for path in one.held_up if path in self.refused}
        waits = [g.case for g in verdict.duties.gathered if g.origin == "open" and g.case not in lost]
        parts = [N_("open because of files with errors: {files}")] if one.held_up else []
        parts += [N_("possible: {levels}"), *([N_("asked: {facts}")] if asked else [])]
        words = {"files": ", ".join(map(self._file, one.held_up)), "levels": ", ".join(levels), "facts": "; ".join(asked)}
        text = "; ".join(self.say(part, **words) for part in parts)
        more = self.say(N_("; waits for {cases}"), cases=", ".join(waits)) if waits else ""
        return Line("unknown", f"{self._who(case)}: {text}{more}")

    def _file(self, path: str) -> str:
        """Name a file, with its case where that could be read."""
        one = self.refused.get(path)
        return f"{one.case} ({path})" if one and one.case else path

    def _refusal(self, one: Refused) -> Line:
        """Name a file that was refused: whose it is, why, and who waits for it."""
        who = " · ".join(filter(None, (one.case, one.name))) or self.say(N_("a case whose name could not be read"))
        waiting = self.summary.waiting[one.path]
        more = self.say(N_("; waiting for it: {cases}"), cases=", ".join(waiting)) if waiting else ""
        return Line("not_met", f"{who}: {', '.join(dict.fromkeys(p.code for p in one.problems))}{more}", one.path)

    def _undecided(self) -> Iterator[Line]:
        """Name the cases that stand at no decided level, unit by unit."""
        for unit, cases in self.summary.undecided.items():
            names = ", ".join(
                self.say(N_("{case} (the decisions on file differ)"), case=case) if self.rated[case].case.record.decisions else case
                for case in cases
            )
            yield Line("unknown", f"{self.done.units.get(unit, unit) or '—'}: {names}")

    def _overlaps(self) -> Iterator[Line]:
        """Name the cases in which levels of two steps hold, and which goes first."""
        for case in self.summary.overlaps:
            for overlap in self.rated[case].verdict.overlaps:
                others = ", ".join(self._code(level) for level in overlap.levels if level != overlap.decided)
                text = self.say(N_("{decided} goes first; these hold too: {others}"), decided=self._code(overlap.decided), others=others)
                yield Line("note", f"{self._who(case)}: {text}", ", ".join(overlap.interpretations))

    def _papers(self, state: str) -> Iterator[Line]:
        """Name what is missing or late, case by case."""
        for paper in self.summary.papers:
            if paper.state == state:
                text = N_("not on file: {says}") if state == "missing" else N_("late ({seen}): {says}")
                words = {"says": self._asked(paper), "seen": paper.trace.observed}
                yield Line(
                    SEVERITY_MARKS[paper.trace.severity], f"{self._who(paper.case)}: {self.say(text, **words)}", paper.trace.citation
                )

    def _asked(self, paper: Paper) -> str:
        """Say what is asked for, and by when."""
        due = self.say(N_("; last day in time {day}"), day=paper.trace.due) if paper.trace.due else ""
        return sentence(paper.trace.says, self.language).rstrip(" .") + due

    def _by_paper(self, state: str) -> Iterator[Line]:
        """Name what is still to come, or overdue, requirement by requirement with its cases."""
        papers: dict[str, list[Paper]] = {}
        for paper in self.summary.papers:
            if paper.state == state:
                papers.setdefault(paper.trace.id, []).append(paper)
        for several in papers.values():
            first = several[0]
            mark = "unknown" if state == "due" else SEVERITY_MARKS[first.trace.severity]
            yield Line(mark, f"{self._asked(first)}: {', '.join(paper.case for paper in several)}", first.trace.citation)

    def _unrecorded(self) -> Iterator[Line]:
        """Say of how many cases each paper is not recorded, the most first, and of whom where they are few."""
        for cases, paper in unrecorded(self.summary):
            words = {"says": self._asked(paper), "count": len(cases), "whole": self.summary.whole.cases}
            names = f" ({', '.join(cases)})" if len(cases) <= _FEW else ""
            text = self.say(N_("not recorded in {count} of {whole} cases: {says}"), **words)
            yield Line("unknown", text + names, paper.trace.citation)

    def _tie(self, tie: Tie) -> Line:
        """Say that a level is above, or other than, the one that it is tied to."""
        words = {
            "level": self._code(tie.trace.level),
            "other": self._code(tie.trace.other),
            "says": sentence(tie.trace.says, self.language),
        }
        text = self.say(N_("stands at {level}, held against {other}. {says}"), **words)
        return Line(
            SEVERITY_MARKS[tie.trace.severity],
            f"{self._who(tie.case)}: {text}",
            " · ".join((tie.trace.citation, *tie.trace.interpretations)),
        )

    def _noted(self, noted: Noted) -> Line:
        """Say a finding."""
        finding = noted.finding
        source = " · ".join(filter(None, (finding.citation, *finding.interpretations)))
        return Line(SEVERITY_MARKS[finding.severity], f"{self._who(noted.case)}: {sentence(finding.says, self.language)}", source)

    def _uncovered(self) -> Iterator[Line]:
        """Name the cases for which the text names no body."""
        for case, route in self.summary.uncovered:
            yield Line(
                "note", f"{self._who(case)}: {sentence(route.label, self.language)}", " · ".join((route.citation, *route.interpretations))
            )

    def _gathered(self) -> Iterator[Line]:
        """Say which levels of other cases a case rests on, and whether these were decided."""
        for one in self.done.rated:
            by_fact: dict[str, list[str]] = {}
            for gathered in one.verdict.duties.gathered:
                by_fact.setdefault(gathered.fact, []).append(self._taken(gathered))
            for fact, taken in by_fact.items():
                yield Line("note", f"{one.case.id}: {', '.join(taken)}", fact)

    def _taken(self, gathered: Gathered) -> str:
        """Say one level that was taken over."""
        if gathered.level is None:
            refused = any(one.case == gathered.case for one in self.done.refused)
            return self.say(N_("{case} refused") if refused else N_("{case} still open"), case=gathered.case)
        return f"{gathered.case} {self._code(gathered.level)} ({self.say(_ORIGINS[gathered.origin])})"

    def _cap(self, cap: CapTrace) -> Line:
        """Say how a group stands to a cap."""
        marks = {"kept": "met", "exceeded": SEVERITY_MARKS[cap.severity], "unknown": "unknown"}
        levels = "/".join(map(self._code, cap.of))
        whole = self.say(N_("{levels}, as they stand"), levels=levels) if levels else self.say(N_("in the group"))
        share = cap.share.replace(".", ",") if self.language == "vi" else cap.share
        words = {
            "level": self._code(cap.level), "count": _range(cap.held, cap.most), "allowed": _range(cap.allowed, cap.allowed_most),
            "share": share, "base": _range(cap.base, cap.base_most), "whom": whole,
        }  # fmt: skip
        text = self.say(N_("{level}: {count}; at most {allowed} ({share} of {base} {whom})"), **words)
        if cap.over:
            surely = cap.held == cap.most and cap.base == cap.base_most
            above = N_("; {over} too many among these: {cases}") if surely else N_("; at least {over} too many among these: {cases}")
            text += self.say(above, over=cap.over, cases=", ".join(cap.cases))
        if cap.over and cap.base_after != cap.base_most:
            lowered = self.say(N_("{levels}, counted after lowering"), levels=levels)
            text += self.say(
                N_("; with {over} of them one level lower: {left} of at most {allowed} ({share} of {base} {whom})"),
                over=cap.over, left=cap.held - cap.over, allowed=cap.allowed_after, share=share, base=cap.base_after, whom=lowered,
            )  # fmt: skip
        return Line(marks[cap.outcome], f"{self.done.units.get(cap.group, cap.group)}: {text}" if cap.group else text, cap.citation)


def _range(least: int, most: int) -> str:
    """Write a count that may still grow as a range."""
    return str(least) if least == most else f"{least}–{most}"
