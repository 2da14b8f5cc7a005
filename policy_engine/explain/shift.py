"""What two editions make of the same cases, in sentences: how the levels shift, who moves and why, who could not be rated."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from policy_engine.compare.differences import Shift
from policy_engine.errors import Problem
from policy_engine.evaluate.transitions import Move, Reason, View
from policy_engine.explain.blocks import Line, Section, Wording, counted, filled
from policy_engine.messages import N_
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import OUTCOMES

_CAME_OUT = {"met": N_("met"), "not_met": N_("not met"), "unknown": N_("open"), "not_applicable": N_("not applicable")}
_APPLIES = {
    "met": N_("applies"), "not_met": N_("does not apply"), "unknown": N_("open"), "not_applicable": N_("does not apply"),
    "exceeded": N_("applies"), "kept": N_("does not apply"),
}  # fmt: skip
_MODES = {"all_of": N_("all of its criteria"), "any_of": N_("any of its criteria")}
_TITLES = {
    "level": N_("level {level}: {change}"), "level_rule": N_("{level} asks for {change}"),
    "order": N_("the order in which levels are asked: {change}"), "residual": N_("where no level holds: {change}"),
    "track": N_("kind of subject: {change}"),
}  # fmt: skip


def shift_sections(before: Edition, after: Edition, shift: Shift, language: str, message: Callable[[Problem], str]) -> tuple[Section, ...]:
    """Put into sentences what two editions make of the same cases; a section without anything in it is left out."""
    wording = Wording(language, before, after)
    title = wording.say(N_("Cases: rows as {before} rates them, columns as {after}"), before=before.id, after=after.id)
    moves = [Went(one.move, one.name, before) for one in shift.moved]
    lines: list[Line] = []
    for one in shift.not_rated:
        words = {"edition": one.edition, "code": one.problem.code, "message": message(one.problem)}
        text = wording.say(N_("under {edition}: {code} {message}"), **words)
        lines.append(Line("warning", f"{one.file}: {text}", f"{one.problem.location.file}:{one.problem.location.line}"))
    return filled(
        Section(title, table=wording.matrix(before, after, shift.matrix.cells(), *counted(shift.matrix.total))),
        *move_sections(moves, after, shift.levels, language),
        Section(wording.say(N_("Not rated: {count}"), count=len(lines)), tuple(lines)),
    )


class Went(NamedTuple):
    """A move on its way into sentences: the name of who moved, and the edition that it came from."""

    move: Move
    name: str
    before: Edition


def move_sections(moves: Iterable[Went], after: Edition, levels: Sequence[str], language: str) -> Iterator[Section]:
    """Return a section for each way that cases moved, in the order of the levels; what it rests on is said once, then who went it."""
    ways: dict[tuple[str, str, str], list[Went]] = {}
    for one in moves:
        way = (one.move.before or one.move.before_outcome, one.move.after or one.move.after_outcome, one.before.id)
        ways.setdefault(way, []).append(one)
    order = [*levels, *OUTCOMES]
    for (was, now, _), several in sorted(ways.items(), key=lambda item: (order.index(item[0][0]), order.index(item[0][1]), item[0][2])):
        mover = _Mover(language, several[0].before, after)
        words = {"before": mover.code(was), "after": mover.code(now), "count": len(several)}
        yield Section(mover.say(N_("{before} → {after}: {count}"), **words), tuple(mover.lines(several)))


class _Mover(Wording):
    """Says what moves rest on; the first edition is where the moves came from."""

    def lines(self, several: Sequence[Went]) -> Iterator[Line]:
        """Say what moves of one way rest on, once for all that rest on the same, and who they are with the figures of each."""
        nothing = Line("unknown", self.say(N_("it rests on facts that are open; no rule differs in its outcome")))
        groups: dict[tuple[Line, ...], list[Went]] = {}
        for one in several:
            reasons = tuple(dict.fromkeys(map(self._reason, one.move.reasons)))
            groups.setdefault(reasons or (nothing,), []).append(one)
        for reasons, members in groups.items():
            yield from reasons
            for one in members:
                who = f"{one.move.case} · {one.name}" if one.name else one.move.case
                seen = "; ".join(dict.fromkeys(text for text in map(self._figures, one.move.reasons) if text))
                yield Line("note", f"{who}: {seen}" if seen else who)

    def _figures(self, reason: Reason) -> str:
        """Return what was seen of a case; both sides where they differ."""
        if reason.kind in {"ceiling", "level_rule", "level"}:
            return ""
        views = [view for view in (reason.before, reason.after) if view]
        return " → ".join(dict.fromkeys(filter(None, (self.seen(view.evidence, self.label) for view in views))))

    def _reason(self, reason: Reason) -> Line:
        """Say a reason: what it is, how it came out on either side, and the figures it is held against where they differ."""
        views = (reason.before, reason.after)
        level = self.code(reason.level) if reason.level else ""
        outcomes = [self._outcome(reason, view) for view in views if view]
        change = " → ".join(dict.fromkeys(outcomes))
        if reason.kind in _TITLES:
            text = self.say(_TITLES[reason.kind], level=level, change=change)
        else:
            shown = (reason.after if reason.side == "after" else reason.before) or next(filter(None, views))
            text = f"{self.bare(shown.says) or reason.criterion}: {change}"
            text = " · ".join(filter(None, (level, text)))
        if None in views and reason.kind in {"criterion", "eligibility", "ceiling", "level"}:
            text += self.say(N_("; only in edition {edition}"), edition=self.editions[views[0] is None].id)
        mark = "note" if reason.kind != "criterion" else reason.after.outcome if reason.after else "not_applicable"
        return Line(mark, text + self._thresholds(*views), reason.citation)

    def _outcome(self, reason: Reason, view: View) -> str:
        if reason.kind == "level_rule":
            return self.say(_MODES[view.against])
        if reason.kind in {"order", "residual", "track"}:
            return " > ".join(self._part(reason.kind, part) for part in view.outcome.split(" > "))
        if reason.kind == "ceiling" and view.against and view.outcome != "not_applicable":
            return self.say(N_("not above {level}"), level=self.code(view.against))
        words = _APPLIES if reason.kind in {"ceiling", "eligibility"} else _CAME_OUT
        return self.say(words.get(view.outcome, view.outcome))

    def _part(self, kind: str, name: str) -> str:
        """Name a track by its label; a level or an outcome as elsewhere."""
        tracks = {track.id: track for edition in self.editions for track in edition.tracks}
        return self.text(tracks[name].label) if kind == "track" and name in tracks else self.code(name)

    def _thresholds(self, before: View | None, after: View | None) -> str:
        if not (before and after) or before.thresholds == after.thresholds:
            return ""
        figures = [", ".join(text for _, text in view.thresholds) or "—" for view in (before, after)]
        changed = [(was, now) for (name, was), (other, now) in zip(before.thresholds, after.thresholds, strict=False) if name == other]
        if len(changed) == len(before.thresholds) == len(after.thresholds):
            figures = [", ".join(side) for side in zip(*(pair for pair in changed if pair[0] != pair[1]), strict=True)]
        was, now = map(self.decimal, figures)
        return self.say(N_("; figure {before} → {after}"), before=was, after=now)
