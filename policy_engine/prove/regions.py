"""A gap cut into regions: which criteria of the nearest level fail there, alone, and between which clauses the figures lie."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from policy_engine.language.check import names_in
from policy_engine.language.show import show, symbol
from policy_engine.language.signs import MIRRORED, OPPOSITE
from policy_engine.model.rulebook import Criterion
from policy_engine.model.threshold import Threshold
from policy_engine.prove.ask import Undecided
from policy_engine.prove.claims import Region, Span
from policy_engine.prove.door import Term, z3
from policy_engine.prove.terms import conjunction
from policy_engine.prove.tracks import Inquiry

MOST_REGIONS = 32


class Limit(NamedTuple):
    """A criterion that holds a figure against a threshold: the figure to the left, the sign, the threshold to the right."""

    figure: ast.expr
    sign: str
    threshold: Threshold


class Found(NamedTuple):
    """A region with its formula."""

    region: Region
    formula: Term


def regions_of(inquiry: Inquiry, gap: Term) -> list[Found] | Undecided:
    """Cut a gap into regions, those with the fewest failing criteria first."""
    asked = _nearest_level(inquiry)
    failing = [inquiry.meaning.standings[c.id].failed for c in asked]
    found: list[Found] = []
    seen: list[Term] = []
    for number in range(1, len(asked) + 1):
        few = z3.PbEq([(term, 1) for term in failing], number)
        while len(found) < MOST_REGIONS:
            chosen = _failing_set(inquiry, failing, [gap, few, *seen])
            if isinstance(chosen, Undecided):
                return chosen
            if chosen is None:
                break
            formula = conjunction([gap, *(term if place in chosen else z3.Not(term) for place, term in enumerate(failing))])
            seen.append(z3.Not(conjunction(failing[place] for place in chosen)))
            found.append(Found(_region(inquiry, [asked[place] for place in chosen], formula), formula))
    return found


def _nearest_level(inquiry: Inquiry) -> tuple[Criterion, ...]:
    """Give the criteria of the level that asks least: what fails of them tells why no level holds."""
    step = [rule for rule in inquiry.last_step() if rule.mode == "all_of"]
    return step[-1].criteria if step else ()


def _failing_set(inquiry: Inquiry, failing: Sequence[Term], goals: Iterable[Term]) -> tuple[int, ...] | Undecided | None:
    """Give which criteria fail in some case that meets the goals."""
    return inquiry.asker.which(failing, *goals)


def _region(inquiry: Inquiry, criteria: Sequence[Criterion], formula: Term) -> Region:
    """Tell a region: the criteria that fail, and the span of each figure that they hold against a threshold."""
    level = next(rule.level for rule in reversed(inquiry.last_step()) if rule.mode == "all_of")
    found = [_span(inquiry, limit, formula) for limit in map(limit_of, criteria) if limit]
    spans = [span for span in found if span.least or span.most]
    return Region(tuple(inquiry.part(c, level) for c in criteria), tuple(spans))


def limit_of(criterion: Criterion) -> Limit | None:
    """Give the figure and the threshold of a criterion that is one comparison of the two; None for any other."""
    match criterion.when.tree:
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            named = {threshold.name: threshold for threshold in criterion.thresholds}
            if isinstance(right, ast.Name) and right.id in named:
                return Limit(left, symbol(sign), named[right.id])
            if isinstance(left, ast.Name) and left.id in named and symbol(sign) in MIRRORED:
                return Limit(right, MIRRORED[symbol(sign)], named[left.id])
        case _:
            pass
    return None


def _span(inquiry: Inquiry, limit: Limit, formula: Term) -> Span:
    """Give where a figure lies in a region, by every criterion of the track that speaks of it and is settled there."""
    text = show(limit.figure)
    least: tuple[Threshold, bool, str] | None = None
    most: tuple[Threshold, bool, str] | None = None
    for sign, threshold, clause in _settled(inquiry, text, formula):
        end = (threshold, sign in {">=", "<=", "=="}, clause)
        if sign in {">", ">=", "=="} and (least is None or _tighter(end, least, upwards=True)):
            least = end
        if sign in {"<", "<=", "=="} and (most is None or _tighter(end, most, upwards=False)):
            most = end
    clauses = tuple(dict.fromkeys(end[2] for end in (least, most) if end))
    return Span(
        text, tuple(name for name in names_in(limit.figure) if name in inquiry.edition.facts),
        least[0].quantity.text if least else None, bool(least and least[1]),
        most[0].quantity.text if most else None, bool(most and most[1]), clauses,
    )  # fmt: skip


def _settled(inquiry: Inquiry, figure: str, formula: Term) -> Iterator[tuple[str, Threshold, str]]:
    """Give every comparison of a figure with a threshold that holds all over a region, as a sign with the figure to the left."""
    for rule in inquiry.track.levels:
        for criterion in rule.criteria:
            limit = limit_of(criterion)
            if limit is None or show(limit.figure) != figure:
                continue
            holds = inquiry.meaning.standings[criterion.id].holds
            clause = criterion.citation.clause
            if inquiry.asker.possible(formula, holds) is False:
                yield OPPOSITE[limit.sign], limit.threshold, clause
            elif inquiry.asker.possible(formula, z3.Not(holds)) is False:
                yield limit.sign, limit.threshold, clause


def _tighter(new: tuple[Threshold, bool, str], old: tuple[Threshold, bool, str], *, upwards: bool) -> bool:
    """Tell whether an end binds more than another."""
    first, second = new[0].quantity.value, old[0].quantity.value
    if first == second:
        return old[1] and not new[1]
    return (first > second) is upwards  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]  # one figure has one type
