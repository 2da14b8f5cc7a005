"""A round in sentences and tables: by unit, how the levels are spread, and which cases need somebody's eye."""

from collections.abc import Iterable, Iterator

from policy_engine.evaluate.core.evidence import observed
from policy_engine.evaluate.round.round import counts_of
from policy_engine.evaluate.round.summary import Noted, Paper, Spread, Tie, summarise
from policy_engine.explain.blocks import SEVERITY_MARKS, Explanation, Line, Section, Table, Wording, counted, files_counted, filled, source
from policy_engine.messages import N_
from policy_engine.model.round import CapTrace, RatedEntry, Refused, Round

_OUTCOMES = {
    "gap": N_("no level"), "undetermined": N_("open"), "decided_by_authority": N_("left to the authority"),
    "not_eligible": N_("not classified"), "out_of_scope": N_("out of scope"),
}  # fmt: skip
_FEW = 8
"""How many cases are named where else their count says enough."""
_ORIGINS = {"decided": N_("decided"), "proposed": N_("proposed")}


def explain_round(done: Round, language: str, notes: Iterable[str]) -> Explanation:
    """Put a round into sentences and tables."""
    found = _Sections(done, language)
    return Explanation(
        title=found.say(N_("Round {name}"), name=done.id), headline=found.headline(), outcome="round", notes=tuple(found.notes(notes)),
        sections=filled(*found.sections()),
    )  # fmt: skip


class _Sections(Wording):
    """One round, on its way into one language."""

    def __init__(self, done: Round, language: str) -> None:
        super().__init__(language, done.edition)
        self.done, self.summary = done, summarise(done)
        self.levels = list(done.edition.scale.values())
        self.outcomes = [name for name in _OUTCOMES if self.summary.whole.outcomes.get(name)]
        self.rated = {one.case.id: one for one in done.rated}
        self.refused = {one.path: one for one in done.refused}

    def headline(self) -> str:
        """Say how many files were rated and how many refused, how far the round is, and how it stands with papers; each counted once."""
        whole = self.summary.whole
        levels = sum(whole.levels.values())
        words = whole._asdict() | {"proposed": levels - whole.decided, "bare": whole.cases - levels}
        first = files_counted(whole.cases, whole.refused, self.language) if whole.refused else self.say(N_("Cases: {cases}."), **words)
        parts = (
            N_("Decided: {decided}. Not yet decided: {undecided} (proposed: {proposed}, without a level: {bare})."),
            N_("Papers missing: {missing}, late: {late}, not recorded: {unrecorded}."),
        )
        return " ".join((first, *(self.say(part, **words) for part in parts)))

    def notes(self, notes: Iterable[str]) -> Iterator[str]:
        """Name the edition, the day, and what every answer carries."""
        yield self.heading(self.done.edition)
        if self.done.as_of:
            yield self.say(N_("As it stood on {day}: what came later is left out"), day=self.done.as_of.isoformat())
        yield self.say(N_("Levels are those decided, else those proposed."))
        yield from map(self.say, notes)

    def sections(self) -> Iterator[Section]:
        """Return every part, also one without anything in it."""
        summary = self.summary
        held_up = sorted(summary.undetermined, key=lambda case: not self.rated[case].held_up)
        refused = map(self._refusal, self.done.refused)
        yield Section(self.say(N_("Refused files: not rated, in no count of levels below")), tuple(refused))
        units = [self._row(self.done.units.get(name, name) or "—", spread) for name, spread in summary.units.items()]
        by_unit = Table(self._headings(N_("office or unit")), (*units, self._row(self.say(N_("total")), summary.whole)))
        yield Section(self.say(N_("By unit")), table=by_unit)
        yield Section(self.say(N_("By kind of subject")), table=self._by_track())
        yield Section(self.say(N_("Cases")), table=self._cases())
        parts: tuple[tuple[str, Iterable[Line]], ...] = (
            (N_("No level in the text: the authority decides"), map(self._gap, summary.gaps)),
            (N_("Facts missing, and what they decide"), map(self._open, held_up)),
            (N_("Not yet decided"), self._undecided()),
            (N_("Overlap"), self._overlaps()),
            (N_("Missing papers"), self._papers("missing")),
            (N_("Late"), self._papers("late")),
            (N_("Overdue: nothing on record"), self._by_paper("overdue")),
            (N_("Still to come, and not late yet"), self._by_paper("due")),
            (N_("Not recorded: neither there nor missing"), self._unrecorded()),
            (N_("Ties between levels that do not hold"), map(self._tie, summary.ties)),
            (N_("Decisions to look at"), map(self._noted, summary.decisions)),
            (N_("Caps on a cohort"), map(self._cap, self.done.caps)),
            (N_("Other findings"), map(self._noted, summary.others)),
            (N_("Not covered by the text"), self._uncovered()),
            (N_("What a level was taken from"), self._gathered()),
        )
        yield from (Section(self.say(title), tuple(lines)) for title, lines in parts)

    def _by_track(self) -> Table:
        """Return a row a track, and the share of each level in the whole."""
        labels = {track.id: self.text(track.label) for track in self.done.edition.tracks}
        rows = [self._row(labels.get(name) or self.say(N_("kind not known")), spread) for name, spread in self.summary.tracks.items()]
        whole = self.summary.whole
        if not whole.cases:
            return Table(self._headings(N_("kind of subject")), tuple(rows))
        shares = [self.percent(whole.levels.get(level.id, 0), whole.cases).lstrip("= ") for level in self.levels]
        label = N_("share of the cases rated") if whole.refused else N_("share of all cases")
        cells = (self.say(label), *[""] * bool(whole.refused), "", *shares)
        headings = self._headings(N_("kind of subject"))
        return Table(headings, (*rows, (*cells, *[""] * (len(headings) - len(cells)))))

    def _headings(self, first: str) -> tuple[str, ...]:
        counts = (N_("decided"), N_("not yet decided"), N_("missing"), N_("late"), N_("not recorded"), N_("to look at"))
        outcomes = (_OUTCOMES[name] for name in self.outcomes)
        codes = (level.code for level in self.levels)
        files = (N_("refused"), N_("rated")) if self.refused else (N_("cases"),)
        return (self.say(first), *map(self.say, files), *codes, *map(self.say, outcomes), *map(self.say, counts))

    def _row(self, name: str, spread: Spread) -> tuple[str, ...]:
        counts = (
            *((spread.refused,) if self.refused else ()), spread.cases, *(spread.levels.get(level.id, 0) for level in self.levels),
            *(spread.outcomes.get(outcome, 0) for outcome in self.outcomes), spread.decided, spread.undecided, spread.missing,
            spread.late, spread.unrecorded, spread.findings,
        )  # fmt: skip
        return (name, *counted(*counts))

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
            refused = [one for one in self.done.refused if one.unit == name]  # nothing about them is known
            cells = [*((one.case or one.path, one.name, self.say(N_("refused")), *"?????") for one in refused), *map(self._case, ordered)]
            rows += [(self.done.units.get(name, name) if number == 0 else "", *row) for number, row in enumerate(cells)]
        return Table(tuple(map(self.say, texts)), tuple(rows))

    def _case(self, one: RatedEntry) -> tuple[str, ...]:
        verdict = one.verdict
        plain = self.say(_OUTCOMES[verdict.outcome]) if verdict.outcome in {"gap", "undetermined", "not_eligible", "out_of_scope"} else "·"
        decided = ", ".join(self.code(decision.level) for decision in one.case.record.decisions) or "—"
        mark = " *" if one.case.record.decisions and verdict.level and one.standing.level != verdict.level else ""
        counts = counted(*self.summary.counts[one.case.id])
        proposed = self.code(verdict.level) if verdict.level else plain
        return (one.case.id, one.case.subject.get("name", ""), proposed, decided + mark, *counts)

    def _who(self, case: str) -> str:
        name = self.rated[case].case.subject.get("name", "")
        return f"{case} · {name}" if name else case

    def _gap(self, case: str) -> Line:
        """Name a case in a gap, and what was decided of it, when and why."""
        decisions = self.rated[case].case.record.decisions
        parts = [", ".join(filter(None, (self.code(d.level), d.day.isoformat() if d.day else "", d.reason))) for d in decisions]
        text = self.say(N_("decided: {level}"), level="; ".join(parts)) if parts else self.say(N_("not decided"))
        return Line("met" if decisions else "unknown", f"{self._who(case)}: {text}")

    def _open(self, case: str) -> Line:
        """Name a case with facts missing: the refused files that it waits for, what is still possible, the questions that would decide."""
        one = self.rated[case]
        verdict = one.verdict
        levels = [self.code(level) for level in verdict.possible_levels] + ([self.say(N_("no level"))] if verdict.gap_possible else [])
        facts = self.done.edition.facts
        lacking = {name for fact in one.waits if one.held_up for name in counts_of(self.done.edition, fact)}
        asked = [self.fact(n) for n in verdict.open_questions if n in facts and n not in lacking]
        owners = {path: self.refused[path].case for path in one.held_up if path in self.refused}
        lost = set(owners.values())
        waits = [g.case for g in verdict.duties.gathered if g.origin == "open" and g.case not in lost]
        parts = [N_("open because of files with errors: {files}")] if one.held_up else []
        parts += [N_("possible: {levels}"), *([N_("asked: {facts}")] if asked else [])]
        files = [f"{owners[path]} ({path})" if owners.get(path) else path for path in one.held_up]
        words = {"files": ", ".join(files), "levels": ", ".join(levels), "facts": "; ".join(asked)}
        text = "; ".join(self.say(part, **words) for part in parts)
        more = self.say(N_("; waits for {cases}"), cases=", ".join(waits)) if waits else ""
        return Line("unknown", f"{self._who(case)}: {text}{more}")

    def _refusal(self, one: Refused) -> Line:
        """Name a file that was refused: whose it is, why, and who waits for it."""
        who = " · ".join(filter(None, (one.case, one.name))) or self.say(N_("a case whose name could not be read"))
        waiting = self.summary.waiting[one.path]
        more = self.say(N_("; waiting for it: {cases}"), cases=", ".join(waiting)) if waiting else ""
        return Line("not_met", f"{who}: {', '.join(dict.fromkeys(p.code for p in one.problems))}{more}", one.path)

    def _undecided(self) -> Iterator[Line]:
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
                others = ", ".join(self.code(level) for level in overlap.levels if level != overlap.decided)
                text = self.say(N_("{decided} goes first; these hold too: {others}"), decided=self.code(overlap.decided), others=others)
                yield Line("note", f"{self._who(case)}: {text}", ", ".join(overlap.interpretations))

    def _papers(self, state: str) -> Iterator[Line]:
        for paper in self.summary.papers:
            if paper.state == state:
                text = N_("not on file: {says}") if state == "missing" else N_("late ({seen}): {says}")
                words = {"says": self._asked(paper), "seen": observed(paper.trace.evidence)}
                said = f"{self._who(paper.case)}: {self.say(text, **words)}"
                yield Line(SEVERITY_MARKS[paper.trace.severity], said, paper.trace.citation)

    def _asked(self, paper: Paper) -> str:
        due = self.say(N_("; last day in time {day}"), day=paper.trace.due) if paper.trace.due else ""
        return self.bare(paper.trace.says) + due

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
        for cases, paper in self.summary.unrecorded:
            words = {"says": self._asked(paper), "count": len(cases), "whole": self.summary.whole.cases}
            names = f" ({', '.join(cases)})" if len(cases) <= _FEW else ""
            text = self.say(N_("not recorded in {count} of {whole} cases: {says}"), **words)
            yield Line("unknown", text + names, paper.trace.citation)

    def _tie(self, tie: Tie) -> Line:
        """Say that a level is above, or other than, the one that it is tied to."""
        trace = tie.trace
        words = {"level": self.code(trace.level), "other": self.code(trace.other), "says": self.text(trace.says)}
        text = self.say(N_("stands at {level}, held against {other}. {says}"), **words)
        return Line(
            SEVERITY_MARKS[trace.severity], f"{self._who(tie.case)}: {text}", source(trace.citation, (), *trace.interpretations)
        )  # fmt: skip

    def _noted(self, noted: Noted) -> Line:
        finding = noted.finding
        text = f"{self._who(noted.case)}: {self.text(finding.says)}"
        return Line(SEVERITY_MARKS[finding.severity], text, source(finding.citation, (), *finding.interpretations))

    def _uncovered(self) -> Iterator[Line]:
        for case, route in self.summary.uncovered:
            yield Line("note", f"{self._who(case)}: {self.text(route.label)}", source(route.citation, (), *route.interpretations))

    def _gathered(self) -> Iterator[Line]:
        """Say which levels of other cases a case rests on, and whether these were decided."""
        refused = {one.case for one in self.done.refused}
        for one in self.done.rated:
            by_fact: dict[str, list[str]] = {}
            for taken in one.verdict.duties.gathered:
                if taken.level is None:
                    text = self.say(N_("{case} refused") if taken.case in refused else N_("{case} still open"), case=taken.case)
                else:
                    text = f"{taken.case} {self.code(taken.level)} ({self.say(_ORIGINS[taken.origin])})"
                by_fact.setdefault(taken.fact, []).append(text)
            yield from (Line("note", f"{one.case.id}: {', '.join(texts)}", fact) for fact, texts in by_fact.items())

    def _cap(self, cap: CapTrace) -> Line:
        marks = {"kept": "met", "exceeded": SEVERITY_MARKS[cap.severity], "unknown": "unknown"}
        levels = "/".join(map(self.code, cap.of))
        whole = self.say(N_("{levels}, as they stand"), levels=levels) if levels else self.say(N_("in the group"))
        words = {
            "level": self.code(cap.level), "count": _range(cap.held, cap.most), "allowed": _range(cap.allowed, cap.allowed_most),
            "share": self.decimal(cap.share), "base": _range(cap.base, cap.base_most), "whom": whole,
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
                over=cap.over, left=cap.held - cap.over, allowed=cap.allowed_after, share=words["share"], base=cap.base_after, whom=lowered,
            )  # fmt: skip
        return Line(marks[cap.outcome], f"{self.done.units.get(cap.group, cap.group)}: {text}" if cap.group else text, cap.citation)


def _range(least: int, most: int) -> str:
    return str(least) if least == most else f"{least}–{most}"
