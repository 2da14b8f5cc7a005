"""The linear reasoning about open facts, against z3: random sums that nothing bounds, formulas over them, and whole editions."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import pytest

from policy_engine.errors import InputError
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.evaluate.open.formula import Atom, Formula, Variables, conjunction, disjunction
from policy_engine.evaluate.open.linear import Budget, Row, normal, solve
from policy_engine.evaluate.open.search import Solver
from policy_engine.evaluate.open.space import Space
from policy_engine.language.values import Value
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.prove.claims import Inquiry
from policy_engine.prove.meaning import NOT_ELIGIBLE
from policy_engine.prove.terms import Quotient, z3
from tests.editions.random_conditions import SIGNS, Dice, from_seed
from tests.editions.random_editions import Data, edition_from

LEVELS = ("top", "good", "poor")
POINTS, SHARES, COUNTS = ("pa", "pb", "pc"), ("sa", "sb"), ("ca", "cb")


def sums_edition(dice: Dice) -> Edition:
    kinds = {
        "flag": "bool",
        "mate": "level",
        **dict.fromkeys(POINTS, "points"),
        **dict.fromkeys(SHARES, "share"),
        **dict.fromkeys(COUNTS, "count"),
    }
    facts: Data = {name: {"type": kind, "label": _texts(name), "asks": _texts(name)} for name, kind in kinds.items()}
    facts["kind"] = {"type": "choice", "label": _texts("kind"), "asks": _texts("kind"), "choices": {"a": _texts("a"), "b": _texts("b")}}
    figures = {"points": f"{dice.pick((5, 0, 10))} points", "share": dice.pick(("50%", "100%", "33.3%")), "count": dice.pick((2, 0, 3))}
    thresholds = {f"any_{name}": {"value": value, "cite": "I", "phrase": "so"} for name, value in figures.items()}
    laws = [_comparison(dice) for _ in range(dice.pick((0, 1, 2, 3)))]
    front: Data = {"edition": "drawn", "status": "draft", "title": _texts("drawn"), "period": {"from": "2020-01-01", "until": "2020-12-31"}}
    contents: dict[str, Data] = {
        "edition": {**front},
        "facts": {
            "facts": facts, "thresholds": thresholds,
            "invariants": [{"id": f"law_{n}", "holds": law, "says": _texts("law")} for n, law in enumerate(laws)],
        },
        "scale": {"scale": [{"level": level, "code": level.upper(), "label": _texts(level)} for level in LEVELS]},
        "track": _track(dice),
    }  # fmt: skip
    if dice.seldom(2):
        contents["chapter"] = _chapter(dice)
    return edition_from(contents)


def sums_case(dice: Dice, edition: Edition) -> Case:
    values: Mapping[str, Value] = {
        "flag": bool(dice.below(2)), "mate": dice.below(len(LEVELS)), **{name: Fraction(dice.pick((5, 0, 12, 5))) for name in POINTS},
        **{name: Fraction(dice.pick(("1/2", "0", "1"))) for name in SHARES}, **{name: dice.pick((2, 0, 3, 7)) for name in COUNTS},
    }  # fmt: skip
    return Case("drawn", edition.id, {}, {"kind": "a", **{name: value for name, value in values.items() if dice.below(2)}}, {}, {}, ())


def _texts(word: str) -> Data:
    return {"vi": f"{word} (vi)", "en": word}


def _track(dice: Dice) -> Data:
    levels = LEVELS if dice.below(2) else LEVELS[:-1]
    return {
        "track": "all", "cite": "I", "label": _texts("all"), "applies_to": "kind == 'a'",
        "levels": {level: {"cite": "I", dice.pick(("all_of", "any_of")): _criteria(dice, level)} for level in levels},
        "decide": [{"highest_of": list(levels)}] if dice.below(2) else [{"first": levels[-1]}, {"highest_of": list(levels[:-1])}],
        "residual": {"outcome": "gap"} if len(levels) == len(LEVELS) else {"level": LEVELS[-1]},
    }  # fmt: skip


def _criteria(dice: Dice, level: str) -> list[Data]:
    found: list[Data] = []
    for number in range(dice.pick((1, 2, 3))):
        one: Data = {"id": f"{level}_{number}", "cite": "I", "phrase": "so", "says": _texts("so"), "when": _condition(dice)}
        found.append(one | ({"applies_when": _condition(dice)} if dice.seldom(4) else {}))
    return found


def _chapter(dice: Dice) -> Data:
    rule: Data = {"cite": "II", "phrase": "so", "says": _texts("so")}
    found: Data = {"chapter": "II", "label": _texts("chapter"), "eligibility": [{**rule, "id": "barred", "when": _condition(dice)}]}
    ceiling = {**rule, "id": "ceiling", "not_above": "mate", "on_breach": "lower", "severity": "note"}
    return found | ({"ceilings": [ceiling | ({"applies_when": "not flag"} if dice.below(2) else {})]} if dice.below(2) else {})


def _condition(dice: Dice) -> str:
    shape = dice.pick(("one", "one", "flag", "and", "or", "not"))
    if shape == "flag":
        return "flag"
    parts = [_comparison(dice) for _ in range(2 if shape in {"and", "or"} else 1)]
    return f"(not {parts[0]})" if shape == "not" else f"({f' {shape} '.join(parts)})" if len(parts) > 1 else parts[0]


def _comparison(dice: Dice) -> str:
    kind, names = dice.pick((("points", POINTS), ("points", POINTS), ("share", SHARES), ("count", COUNTS)))
    left = f" {dice.pick('+-')} ".join(dice.pick(names) for _ in range(dice.pick((2, 1, 3))))
    right = dice.pick((f"any_{kind}", "0", dice.pick(names), f"any_share * {dice.pick(names)}" if kind != "share" else f"any_{kind}"))
    return f"{left} {dice.pick(SIGNS)} {right}"


NAMES = ("p", "q", "r", "s")
SHORT = {"systems": 250, "formulas": 150, "editions": 12}
LONG = {"systems": 55_000, "formulas": 35_000, "editions": 1_000}
"""Draws; an edition is asked about in ten cases, so that a long run draws 100,000."""
CASES = 10


def draws(request: pytest.FixtureRequest, what: str) -> range:
    return range((LONG if request.config.getoption("--long", default=False) else SHORT)[what])


class Drawn:
    def __init__(self, dice: Dice) -> None:
        self.rationals = set(dice.some(NAMES))
        self.unknowns = {name: z3.Real(name) if name in self.rationals else z3.Int(name) for name in NAMES}
        self.rows = [self.row(dice) for _ in range(dice.pick((2, 3, 4, 5, 6, 1)))]

    def rational(self, name: str) -> bool:
        return name in self.rationals

    def row(self, dice: Dice) -> "tuple[Row | bool, Any]":
        terms = {name: dice.pick((1, -1, 2, -2, 3)) for name in dice.some(NAMES, 3)}
        bound, strict = Fraction(dice.below(19) - 9, dice.pick((1, 2, 3))), dice.seldom(3)
        total = z3.Sum([z3.RealVal(0), *(c * self.real(name) for name, c in terms.items())])
        limit = z3.Q(bound.numerator, bound.denominator)
        return normal(terms, bound, self.rational, strict=strict), total < limit if strict else total <= limit

    def real(self, name: str) -> Any:
        return self.unknowns[name] if name in self.rationals else z3.ToReal(self.unknowns[name])


def satisfiable(*terms: Any) -> bool:
    solver = z3.Solver()
    solver.add(*terms)
    said = solver.check()
    assert said != z3.unknown
    return bool(said == z3.sat)


def holds_at(term: Any, drawn: Drawn, point: Mapping[str, Fraction | int]) -> bool:
    values = [(drawn.unknowns[name], _constant(value, whole=name not in drawn.rationals)) for name, value in point.items()]
    return bool(z3.is_true(z3.simplify(z3.substitute(term, *values))))


def _constant(value: Fraction | int, *, whole: bool) -> Any:
    return z3.IntVal(int(value)) if whole else z3.Q(Fraction(value).numerator, Fraction(value).denominator)


def hold_system(dice: Dice) -> bool:
    drawn = Drawn(dice)
    there = satisfiable(*(term for _, term in drawn.rows))
    rows = [row for row, _ in drawn.rows]

    found = False if False in rows else solve(frozenset(row for row in rows if isinstance(row, Row)), drawn.rational, Budget(2_000))

    if isinstance(found, dict):
        point = {**dict.fromkeys(NAMES, 0), **found}
        assert all(holds_at(term, drawn, point) for _, term in drawn.rows)
        assert all(drawn.rational(name) or Fraction(value).denominator == 1 for name, value in found.items())
    assert found is None or there == (found is not False), (found, drawn.rows)
    return found is not None


def test_systems_that_nothing_bounds(request: pytest.FixtureRequest) -> None:
    settled = [hold_system(from_seed(seed)) for seed in draws(request, "systems")]

    assert sum(settled) > len(settled) * 9 // 10


def formula(dice: Dice, drawn: Drawn, depth: int = 0) -> tuple[Formula, Any]:
    shape = dice.pick(("row", "and", "or")) if depth < 3 else "row"
    if shape == "row":
        row, term = drawn.row(dice)
        return (row if isinstance(row, bool) else Atom(row, frozenset())), term
    parts = [formula(dice, drawn, depth + 1) for _ in range(dice.pick((2, 3)))]
    join, other = (conjunction, z3.And) if shape == "and" else (disjunction, z3.Or)
    return join(part for part, _ in parts), other([term for _, term in parts])


def test_formulas_over_sums(request: pytest.FixtureRequest) -> None:
    settled = 0
    for seed in draws(request, "formulas"):
        dice = from_seed(seed)
        drawn = Drawn(dice)
        always, goal = formula(dice, drawn), formula(dice, drawn)
        variables = Variables({}, {}, 3)
        variables.rationals = drawn.rationals
        variables.domains = {name: (dice.pick((None, 0)), dice.pick((None, None, 3))) for name in NAMES}
        box = [t for n, (least, most) in variables.domains.items() for t in _within(drawn.unknowns[n], least, most)]

        space = Space(variables)
        found = Solver(space, [space.node(always[0])]).possible(space.node(goal[0]), also=True)

        there = satisfiable(always[1], goal[1], *box)
        assert found is None or found is there, (seed, always, goal)
        settled += found is not None
    assert settled > len(draws(request, "formulas")) * 9 // 10
    assert {"All", "Any"} <= {type(formula(from_seed(seed), Drawn(from_seed(seed)))[0]).__name__ for seed in range(50)}


def _within(unknown: Any, least: Fraction | int | None, most: Fraction | int | None) -> Iterator[Any]:
    if least is not None:
        yield unknown >= least
    if most is not None:
        yield unknown <= most


class Asked:
    def __init__(self, dice: Dice) -> None:
        self.edition = sums_edition(dice)
        self.evaluator = Evaluator(self.edition)
        self.inquiry = Inquiry(self.evaluator, self.edition.tracks[0])

    def outcomes(self, facts: Mapping[str, Value]) -> set[str]:
        meaning = self.inquiry.meaning
        pins = [*(meaning.truth(rule.holds) for rule in self.edition.invariants), *meaning.symbols.domains]
        for name, value in facts.items():
            symbol = meaning.symbols.of.get(name)
            if symbol is not None and name != "kind":
                assert isinstance(symbol.known, Quotient)
                exact = z3.Q(value.numerator, value.denominator) if isinstance(value, Fraction) else value
                pins.append(symbol.known.part == exact)
        return {key for key, term in meaning.outcomes().items() if self.inquiry.asker.possible(term, *pins) is True}


def said(verdict: Verdict) -> set[str]:
    barred = verdict.outcome == NOT_ELIGIBLE or verdict.ineligible_possible
    return {*verdict.possible_levels, *(["gap"] if verdict.gap_possible else []), *([NOT_ELIGIBLE] if barred else [])}


def hold_edition(dice: Dice) -> int:
    asked, undetermined = Asked(dice), 0
    for _ in range(CASES):
        case = sums_case(dice, asked.edition)
        there = asked.outcomes(case.facts)
        try:
            verdict = asked.evaluator.evaluate(case)
        except InputError:
            assert there == set(), case.facts
            continue
        assert there <= said(verdict), (case.facts, there, verdict)
        assert there == said(verdict) or not verdict.possible_exact or asked.edition.chapters, (case.facts, there, verdict)
        undetermined += verdict.outcome == "undetermined"
    return undetermined


def test_editions_of_sums(request: pytest.FixtureRequest) -> None:
    open_ones = sum(hold_edition(from_seed(seed)) for seed in draws(request, "editions"))

    assert open_ones > len(draws(request, "editions"))
