"""What binds a level from outside its criteria, over columns: rules of eligibility, and ceilings that lower."""

import ast
from typing import TYPE_CHECKING

from policy_engine.columnar.codes import Bits, Codes, Meaning
from policy_engine.columnar.conditions import Reader
from policy_engine.columnar.logic import Truth, all_of, any_of, as_column
from policy_engine.columnar.reliance import interpretations_of
from policy_engine.evaluate.core.plan import Plan
from policy_engine.evaluate.duties.bounds import Bound, bounds_of
from policy_engine.extras import load_extra
from policy_engine.language.values import UNKNOWN
from policy_engine.model.duties import Ceiling, Eligibility

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
else:
    nw = load_extra("narwhals.stable.v2", "batch")

Step = dict[str, "nw.Expr"]


def bind(plan: Plan, reader: Reader, codes: Codes, bits: Bits) -> list[Step] | None:
    """Return the steps from the code by the criteria alone (`__base`) to the code that stands (`__code`); None where nothing binds.

    Args:
        plan: the edition.
        reader: over the fields that are known under every track.
        codes: the codes so far; those that come of binding are added.
        bits: where the interpretations of what binds are noted.
    """
    bounds = bounds_of(plan.edition)
    if not bounds:
        return None
    bars = [bound for bound in bounds if isinstance(bound.rule, Eligibility)]
    steps: list[Step] = [{"__code": _barred(bars, plan, reader, codes, bits)}]
    first = len(codes.meanings)
    barred = [code for code, meaning in enumerate(codes.meanings) if meaning.outcome == "not_eligible"]
    steps.append({"__eligible": as_column(all_of(nw.col("__code") != code for code in barred))})
    for bound in bounds:
        if isinstance(bound.rule, Ceiling):
            steps.append({"__code": _lowered(bound, bound.rule, plan, reader, codes)})
            _note_ceiling(bound, bound.rule, plan, reader, codes, bits, first)
    return steps


def _reader(bound: Bound, plan: Plan, reader: Reader) -> Reader:
    """Return a reader that knows the figures of a chapter."""
    return Reader(reader.fields, {**plan.constants, **bound.figures}, reader.weight)


def _applies(bound: Bound, reader: Reader) -> Truth:
    """Return whether a rule applies to a row whose track its chapter concerns."""
    condition = bound.rule.rule.applies_when
    return True if condition is None else reader.truth(condition)


def _concerned(bound: Bound, codes: Codes) -> list[int]:
    """Return the codes of the tracks that a chapter concerns."""
    tracks = bound.chapter.tracks
    return [code for code, meaning in enumerate(codes.meanings) if meaning.track and (not tracks or meaning.track in tracks)]


def _barred(bars: list[Bound], plan: Plan, reader: Reader, codes: Codes, bits: Bits) -> "nw.Expr":
    """Return the code that rules of eligibility leave: not eligible, none where that is open, else the one by the criteria."""
    base = nw.col("__base")
    truths: dict[int, list[Truth]] = {}
    for bound in bars:
        assert isinstance(bound.rule, Eligibility)
        own = _reader(bound, plan, reader)
        truth = all_of((_applies(bound, own), own.truth(bound.rule.when)))
        concerned = _concerned(bound, codes)
        for code in concerned:
            truths.setdefault(code, []).append(truth)
        for interpretation, more in interpretations_of(own, bound.rule.rule.id, bound.rule.rule.interpretations):
            bits.use(concerned, interpretation, [(f"bar:{bound.rule.rule.id}", truth, True), *more])
    chosen = base
    for code, several in truths.items():
        met = any_of(several)
        other = codes.of(Meaning(codes.meanings[code].track, "not_eligible", None))
        chosen = _recoded(chosen, base == code, met, other)
    return chosen


def _recoded(chosen: "nw.Expr", here: "nw.Expr", met: Truth, other: int | None) -> "nw.Expr":
    """Return another code where something is met, and none where that is not known."""
    open_ = all_of((here, as_column(met).is_null()))
    changed = nw.when(as_column(all_of((here, met)))).then(nw.lit(other)).otherwise(chosen)
    return nw.when(~as_column(open_)).then(changed)


def _lowered(bound: Bound, rule: Ceiling, plan: Plan, reader: Reader, codes: Codes) -> "nw.Expr":
    """Return the code that one ceiling leaves."""
    own = _reader(bound, plan, reader)
    current = nw.col("__code")
    chosen = current
    for code in _concerned(bound, codes):
        meaning = codes.meanings[code]
        if meaning.level is None:
            continue
        rank = plan.level_ids.index(meaning.level)
        for cap in range(rank):
            lower = codes.of(Meaning(meaning.track, "classified", plan.level_ids[cap]))
            chosen = _recoded(chosen, current == code, all_of((_binds(bound, rule, own), _is_rank(rule, own, cap))), lower)
        chosen = _recoded(chosen, current == code, all_of((_binds(bound, rule, own), _is_rank(rule, own, rank))), code)
    return chosen


def _binds(bound: Bound, rule: Ceiling, reader: Reader) -> Truth:
    """Return whether a ceiling binds: it applies, and what it holds a level against exists."""
    there = [reader.fields[name].none for name in rule.other.names if name in reader.fields and reader.fields[name].none]
    return all_of((_applies(bound, reader), *(~nw.col(name) for name in there)))


def _is_rank(rule: Ceiling, reader: Reader, rank: int) -> Truth:
    """Return whether the level that a ceiling holds against has a rank."""
    number = reader.number(rule.other.tree)
    if number is None:
        return UNKNOWN
    return reader.row(number._replace(constant=number.constant - rank), ast.Eq())


def _note_ceiling(bound: Bound, rule: Ceiling, plan: Plan, reader: Reader, codes: Codes, bits: Bits, first: int) -> None:
    """Note the interpretations of a ceiling: relied on wherever it binds a level."""
    own = _reader(bound, plan, reader)
    levelled = [code for code in _concerned(bound, codes) if code < first and codes.meanings[code].level]
    for interpretation, more in interpretations_of(own, rule.rule.id, rule.rule.interpretations):
        truths = [("eligible", nw.col("__eligible"), True), (f"binds:{rule.rule.id}", _binds(bound, rule, own), True), *more]
        bits.use(levelled, interpretation, truths)
