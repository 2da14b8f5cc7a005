"""What came of a batch, in sentences: rows in, answers out, rows refused, and how two editions differ over them."""

from policy_engine.columnar.order import BatchResult, Order
from policy_engine.explain.blocks import Explanation, Line, Section, Wording, filled
from policy_engine.messages import N_
from policy_engine.model.rulebook import Edition


def explain_batch(
    order: Order, result: BatchResult, edition: Edition, against: Edition | None, language: str, notes: list[str]
) -> Explanation:
    """Put into sentences what came of a batch."""
    wording = Wording(language, edition)
    words = {"rows": result.rows, "written": result.written, "rejected": result.rejected, "edition": edition.id, "to": order.to}
    lines = [wording.say(N_("worked out row by row, since columns cannot hold it: {construct}"), construct=one) for one in result.by_row]
    if result.blank:
        lines.append(wording.say(N_("blank rows, which were skipped: {count}"), count=result.blank))
    lines += [wording.say(note.text, **note.words) for note in result.notes]
    sections = [Section("", tuple(Line("note", text) for text in lines)), _refused(order, result, wording)]
    if against:
        title = wording.say(N_("Rows: lines as {before} rates them, columns as {after}"), before=edition.id, after=against.id)
        whole = sum(count for _, _, count in result.moves)
        sections.append(Section(title, table=wording.matrix(edition, against, result.moves, str(whole))))
    return Explanation(
        title=wording.say(N_("Batch under edition {edition}: {to}"), **words),
        headline=wording.say(N_("rows in: {rows}; answers out: {written}; refused: {rejected}"), **words),
        outcome="classified", notes=tuple(map(wording.say, notes)), sections=filled(*sections),
    )  # fmt: skip


def _refused(order: Order, result: BatchResult, wording: Wording) -> Section:
    """Name the rows that were refused: where they stand, or the first of them."""
    if not result.rejected:
        return Section("")
    if order.rejects:
        return Section("", (Line("warning", wording.say(N_("rows refused, with the reasons: {file}"), file=order.rejects)),))
    lines: list[Line] = []
    for one in result.first:
        place = one.place if one.case is None else wording.say(N_("{place}, case {case}"), place=one.place, case=one.case)
        lines.append(Line("warning", f"{one.code} {one.reason}", place))
    more = result.rejected - len(lines)
    if more:
        lines.append(Line("note", wording.say(N_("and {more} more; `--rejects FILE` writes all of them"), more=more)))
    return Section(wording.say(N_("Rows refused: {count}"), count=result.rejected), tuple(lines))
