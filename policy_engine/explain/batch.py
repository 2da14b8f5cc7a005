"""What came of a batch, in sentences: rows in, answers out, rows refused, and how two editions differ over them."""

from collections.abc import Iterator

from policy_engine.columnar.order import BatchResult, Order, RefusedRow
from policy_engine.errors import N_
from policy_engine.explain.blocks import Explanation, Line, Section, Table, outcome_word
from policy_engine.messages import translate
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import OUTCOMES

_NOTHING = "·"


def explain_batch(
    order: Order, told: BatchResult, edition: Edition, against: Edition | None, language: str, notes: list[str]
) -> Explanation:
    """Put into sentences what came of a batch.

    Args:
        order: what was asked.
        told: what came of it.
        edition: the edition.
        against: the edition that it was compared with, if it was.
        language: `vi` or `en`.
        notes: marked sentences that stand beside every answer.
    """
    words = {"rows": told.rows, "written": told.written, "rejected": told.rejected, "edition": edition.id, "to": order.to}
    title = translate(N_("Batch under edition {edition}: {to}"), language, **words)
    counts = translate(N_("rows in: {rows}; answers out: {written}; refused: {rejected}"), language, **words)
    lines = tuple(Line("note", text) for text in (*_by_row(told, language), *_of_files(told, language)))
    sections = [Section("", lines)] if lines else []
    sections += [_refused(order, told, language)] if told.rejected else []
    sections += [_matrix(told, edition, against, language)] if against else []
    return Explanation(title, counts, "classified", tuple(translate(note, language) for note in notes), tuple(sections))


def _by_row(told: BatchResult, language: str) -> Iterator[str]:
    """Say what could not be put into columns."""
    words = N_("worked out row by row, since columns cannot hold it: {construct}")
    return (translate(words, language, construct=construct) for construct in told.by_row)


def _of_files(told: BatchResult, language: str) -> Iterator[str]:
    """Say what was met in the files beside rows that were rated."""
    if told.blank:
        yield translate(N_("blank rows, which were skipped: {count}"), language, count=told.blank)
    for note in told.notes:
        yield translate(note.text, language, **note.words)


def _refused(order: Order, told: BatchResult, language: str) -> Section:
    """Tell of rows that were refused: where they stand, or the first of them."""
    if order.rejects:
        return Section("", (Line("warning", translate(N_("rows refused, with the reasons: {file}"), language, file=order.rejects)),))
    lines = [Line("warning", f"{one.code} {one.reason}", _where(one, language)) for one in told.first]
    more = told.rejected - len(lines)
    words = N_("and {more} more; `--rejects FILE` writes all of them")
    lines += [Line("note", translate(words, language, more=more))] if more else []
    return Section(translate(N_("Rows refused: {count}"), language, count=told.rejected), tuple(lines))


def _where(one: RefusedRow, language: str) -> str:
    """Return where a refused row stands, with its case."""
    if one.case is None:
        return one.place
    return translate(N_("{place}, case {case}"), language, place=one.place, case=one.case)


def _matrix(told: BatchResult, edition: Edition, against: Edition, language: str) -> Section:
    """Return how many rows went from what to what: a row for the one edition, a column for the other."""
    counts = {(before, after): count for before, after, count in told.moves}
    rows = _keys(edition, {before for before, _ in counts})
    columns = _keys(against, {after for _, after in counts})
    body = [
        (
            _word(row, edition, language),
            *(_figure(counts.get((row, column), 0)) for column in columns),
            _figure(sum(counts.get((row, c), 0) for c in columns)),
        )
        for row in rows
    ]
    sums = tuple(_figure(sum(counts.get((row, column), 0) for row in rows)) for column in columns)
    total = translate(N_("total"), language)
    headings = (f"{edition.id} → {against.id}", *(_word(column, against, language) for column in columns), total)
    title = translate(N_("Rows: lines as {before} rates them, columns as {after}"), language, before=edition.id, after=against.id)
    return Section(title, table=Table(headings, (*body, (total, *sums, str(sum(counts.values()))))))


def _keys(edition: Edition, met: set[str]) -> list[str]:
    """Return the levels of an edition, and the outcomes and refusals that were met."""
    return [*edition.scale, *(key for key in (*OUTCOMES, "refused") if key in met)]


def _word(key: str, edition: Edition, language: str) -> str:
    """Write a level by its short code, an outcome in words."""
    if key in edition.scale:
        return edition.scale[key].code
    return translate(N_("refused"), language) if key == "refused" else outcome_word(key, language)


def _figure(count: int) -> str:
    """Write a count; nothing is a dot."""
    return str(count) if count else _NOTHING
