"""What two editions make of the same cases, in sentences: how the levels shift, who moves and why, who could not be rated."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from policy_engine.compare.differences import NotRated, Shift
from policy_engine.errors import N_, Problem
from policy_engine.evaluate.transitions import Move, Reason, View
from policy_engine.explain.blocks import Line, Section, Table, figures_text, outcome_word, share_bars
from policy_engine.messages import sentence, translate
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
_TRUTHS = {"true": N_("yes"), "false": N_("no"), "?": N_("not recorded")}
_NOTHING = "·"


def shift_sections(before: Edition, after: Edition, shift: Shift, language: str, message: Callable[[Problem], str]) -> tuple[Section, ...]:
    """Put into sentences what two editions make of the same cases; a section without anything in it is left out.

    Args:
        before: the one edition.
        after: the other one.
        shift: what came out.
        language: `vi` or `en`.
        message: how what is wrong with a file is said.
    """
    told = _Told(before, after, shift, language)
    moves = [Went(one.move, one.name, before) for one in shift.moved]
    sections = (told.table(), *move_sections(moves, after, shift.levels, language), told.not_rated(message))
    return tuple(section for section in sections if section.lines or section.table)


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
        teller = _Mover(several[0].before, after, language)
        words = {"before": teller.key(was), "after": teller.key(now), "count": len(several)}
        yield Section(teller.say(N_("{before} → {after}: {count}"), **words), tuple(teller.lines(several)))


class _Mover:
    """Says what moves rest on; `before` is where the moves came from."""

    def __init__(self, before: Edition, after: Edition, language: str) -> None:
        """Take both editions, for the words of levels and facts, and the language."""
        self.sides = {"before": before, "after": after}
        self.language = language
        self.bars = share_bars(before) | share_bars(after)

    def say(self, text: str, **words: object) -> str:
        """Translate a marked text."""
        return translate(text, self.language, **words)

    def key(self, key: str) -> str:
        """Return the short code of a level, or an outcome in words."""
        known = next((edition.scale[key].code for edition in self.sides.values() if key in edition.scale), "")
        return known or outcome_word(key, self.language)

    def lines(self, several: Sequence[Went]) -> Iterator[Line]:
        """Say what moves of one way rest on, once for all that rest on the same, and who they are with the figures of each."""
        groups: dict[tuple[Line, ...], list[Went]] = {}
        for one in several:
            told = tuple(dict.fromkeys(map(self._reason, one.move.reasons)))
            nothing = Line("unknown", self.say(N_("it rests on facts that are open; no rule differs in its outcome")))
            groups.setdefault(told or (nothing,), []).append(one)
        for told, members in groups.items():
            yield from told
            yield from (self._who(one) for one in members)

    def _who(self, one: Went) -> Line:
        """Name who moved, with the figures that each reason rests on."""
        who = f"{one.move.case} · {one.name}" if one.name else one.move.case
        seen = "; ".join(dict.fromkeys(filter(None, (self._figures(reason) for reason in one.move.reasons))))
        return Line("note", f"{who}: {seen}" if seen else who)

    def _reason(self, reason: Reason) -> Line:
        """Say a reason: what it is, how it came out on either side, and the figures it is held against where they differ."""
        views = (reason.before, reason.after)
        level = self.key(reason.level) if reason.level else ""
        outcomes = [self._outcome(reason, view) for view in views if view]
        change = " → ".join(dict.fromkeys(outcomes))
        if reason.kind in _TITLES:
            text = self.say(_TITLES[reason.kind], level=level, change=change)
        else:
            told = (reason.after if reason.side == "after" else reason.before) or next(filter(None, views))
            text = f"{sentence(told.says, self.language).rstrip(' .') or reason.criterion}: {change}"
            text = " · ".join(filter(None, (level, text)))
        if None in views and reason.kind in {"criterion", "eligibility", "ceiling", "level"}:
            text += self.say(N_("; only in edition {edition}"), edition=self.sides["after" if views[0] is None else "before"].id)
        return Line(_mark(reason), text + self._thresholds(*views), reason.citation)

    def _outcome(self, reason: Reason, view: View) -> str:
        """Say how one side of a reason came out."""
        if reason.kind == "level_rule":
            return self.say(_MODES[view.observed])
        if reason.kind in {"order", "residual", "track"}:
            return " > ".join(self._part(reason.kind, part) for part in view.outcome.split(" > "))
        if reason.kind == "ceiling" and view.observed and view.outcome != "not_applicable":
            return self.say(N_("not above {level}"), level=self.key(view.observed))
        words = _APPLIES if reason.kind in {"ceiling", "eligibility"} else _CAME_OUT
        return self.say(words.get(view.outcome, view.outcome))

    def _part(self, kind: str, name: str) -> str:
        """Name a track by its label; a level or an outcome as elsewhere."""
        tracks = {track.id: track for edition in self.sides.values() for track in edition.tracks}
        return sentence(tracks[name].label, self.language) if kind == "track" and name in tracks else self.key(name)

    def _thresholds(self, before: View | None, after: View | None) -> str:
        """Write the thresholds of a criterion before and after, where they differ."""
        if not (before and after) or before.thresholds == after.thresholds:
            return ""
        figures = [", ".join(text for _, text in view.thresholds) or "—" for view in (before, after)]
        changed = [(was, now) for (name, was), (other, now) in zip(before.thresholds, after.thresholds, strict=False) if name == other]
        if len(changed) == len(before.thresholds) == len(after.thresholds):
            figures = [", ".join(side) for side in zip(*(pair for pair in changed if pair[0] != pair[1]), strict=True)]
        was, now = (text.replace(".", ",") if self.language == "vi" else text for text in figures)
        return self.say(N_("; figure {before} → {after}"), before=was, after=now)

    def _figures(self, reason: Reason) -> str:
        """Write what was seen of a case; both sides where they differ."""
        if reason.kind in {"ceiling", "level_rule", "level"}:
            return ""
        views = [view for view in (reason.before, reason.after) if view]
        return " → ".join(dict.fromkeys(filter(None, (self._seen(view.observed) for view in views))))

    def _seen(self, observed: str) -> str:
        """Write the figures of a criterion; of several yes-or-no facts, those that do not hold."""
        parts: list[str] = []
        facts = {**self.sides["before"].facts, **self.sides["after"].facts}
        for part in observed.split("; ") if observed else ():
            name, labelled, answer = part.partition(" = ")
            if labelled and answer in _TRUTHS:
                words = sentence(facts[name].label, self.language) if name in facts else name
                parts += [] if answer == "true" else [f"{words}: {self.say(_TRUTHS[answer])}"]
            else:
                parts.append(self.say(_TRUTHS[part]) if part in _TRUTHS else figures_text(part, self.language, self.bars))
        return "; ".join(parts)


def _mark(reason: Reason) -> str:
    """Return the mark of a reason: how a criterion comes out after; what only the one edition asks is none any more."""
    if reason.kind != "criterion":
        return "note"
    return reason.after.outcome if reason.after else "not_applicable"


class _Told:
    """One comparison over cases, on its way into one language."""

    def __init__(self, before: Edition, after: Edition, shift: Shift, language: str) -> None:
        """Take what is to be said, and the language."""
        self.before, self.after, self.shift, self.language = before, after, shift, language

    def say(self, text: str, **words: object) -> str:
        """Translate a marked text."""
        return translate(text, self.language, **words)

    def _key(self, key: str, edition: Edition) -> str:
        """Write a level by its short code, an outcome in words."""
        return edition.scale[key].code if key in edition.scale else outcome_word(key, self.language)

    def table(self) -> Section:
        """Return the matrix: a row for what came out before, a column for what comes out after."""
        matrix = self.shift.matrix
        rows = [*self.before.scale, *(key for key in OUTCOMES if key in matrix.befores())]
        columns = [*self.after.scale, *(key for key in OUTCOMES if key in matrix.afters())]
        counts = [[matrix.count(row, column) for column in columns] for row in rows]
        body = [
            (self._key(row, self.before), *_figures((*line, sum(line)))) for row, line in zip(rows, counts, strict=True)
        ]  # fmt: skip
        sums = [sum(line[number] for line in counts) for number in range(len(columns))]
        total = self.say(N_("total"))
        headings = (f"{self.before.id} → {self.after.id}", *(self._key(column, self.after) for column in columns), total)
        title = self.say(N_("Cases: rows as {before} rates them, columns as {after}"), before=self.before.id, after=self.after.id)
        return Section(title, table=Table(headings, (*body, (total, *_figures((*sums, matrix.total))))))

    def not_rated(self, message: Callable[[Problem], str]) -> Section:
        """Name the files that could not be rated under both editions, each with the first thing wrong."""
        lines = tuple(self._not_rated(one, message) for one in self.shift.not_rated)
        return Section(self.say(N_("Not rated: {count}"), count=len(lines)), lines)

    def _not_rated(self, one: NotRated, message: Callable[[Problem], str]) -> Line:
        """Say why a file could not be rated."""
        words = {"edition": one.edition, "code": one.problem.code, "message": message(one.problem)}
        text = self.say(N_("under {edition}: {code} {message}"), **words)
        place = f"{one.problem.location.file}:{one.problem.location.line}"
        return Line("warning", f"{one.file}: {text}", place)


def _figures(counts: tuple[int, ...]) -> Iterator[str]:
    """Write counts; nothing is a dot."""
    return (str(count) if count else _NOTHING for count in counts)
