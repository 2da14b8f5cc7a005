"""What two editions make of the same cases, in sentences: how the levels shift, who moves and why, who could not be rated."""

from collections.abc import Callable, Iterator

from policy_engine.compare.cases import Moved, NotRated, Shift
from policy_engine.errors import N_, Problem
from policy_engine.evaluate.transitions import Reason
from policy_engine.explain.blocks import Line, Section, Table
from policy_engine.explain.words import outcome_word
from policy_engine.messages import sentence, translate
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import OUTCOMES

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
    sections = (told.table(), *told.moves(), told.not_rated(message))
    return tuple(section for section in sections if section.lines or section.table)


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
        """Give the matrix: a row for what came out before, a column for what comes out after."""
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

    def moves(self) -> Iterator[Section]:
        """Give a section for each way that cases moved, as the table has them, and a line for each case that went it."""
        ways: dict[tuple[str, str], list[Moved]] = {}
        for one in self.shift.moved:
            move = one.move
            ways.setdefault((move.before or move.before_outcome, move.after or move.after_outcome), []).append(one)
        order = [*self.shift.levels, *OUTCOMES]
        for was, now in sorted(ways, key=lambda way: (order.index(way[0]), order.index(way[1]))):
            several = ways[was, now]
            words = {"before": self._key(was, self.before), "after": self._key(now, self.after), "count": len(several)}
            yield Section(self.say(N_("{before} → {after}: {count}"), **words), tuple(self._moved(one) for one in several))

    def _moved(self, one: Moved) -> Line:
        """Say who moved, and what decides it."""
        move = one.move
        who = f"{move.case} · {one.name}" if one.name else move.case
        sides = dict.fromkeys(reason.side for reason in move.reasons)
        told = [self._side(side, [reason for reason in move.reasons if reason.side == side]) for side in sides]
        decided = "; ".join(told) or self.say(N_("no criterion decides it by itself"))
        source = ", ".join(dict.fromkeys(reason.citation for reason in move.reasons))
        return Line(self._mark(one), f"{who}: {decided}", source)

    def _mark(self, one: Moved) -> str:
        """Give the mark of a move: up, down, into what has no level, or out of it."""
        order, move = self.shift.levels, one.move
        if move.before is None or move.after is None:
            return "unknown" if move.after is None else "note"
        return "met" if order.index(move.after) < order.index(move.before) else "not_met"

    def _side(self, side: str, reasons: list[Reason]) -> str:
        """Say the reasons that stand in one of the verdicts, and in which."""
        edition = self.before if side == "before" else self.after
        told = "; ".join(dict.fromkeys(self._reason(reason, edition) for reason in reasons))
        return self.say(N_("under {edition}: {reasons}"), edition=edition.id, reasons=told)

    def _reason(self, reason: Reason, edition: Edition) -> str:
        """Say one reason: its name, the figures, and the words that they are held against."""
        words = f"“{reason.phrase}”" if reason.phrase else ""
        return " ".join(filter(None, (reason.criterion, self._seen(reason.observed, edition), words)))

    def _seen(self, observed: str, edition: Edition) -> str:
        """Write the figures of a criterion; of several yes-or-no facts, those that do not hold."""
        parts: list[str] = []
        for part in observed.split("; ") if observed else ():
            name, labelled, answer = part.partition(" = ")
            if labelled and answer in _TRUTHS:
                fact = edition.facts.get(name)
                words = sentence(fact.label, self.language) if fact else name
                parts += [] if answer == "true" else [f"{words}: {self.say(_TRUTHS[answer])}"]
            else:
                parts.append(self.say(_TRUTHS[part]) if part in _TRUTHS else part)
        return "; ".join(parts)

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
