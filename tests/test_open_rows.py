"""Rows that leave facts open: settled as columns where that is sure, and rated once for all rows that must have the same answer."""

import random
from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.columnar.completing import Row, Tie, closed, eliminated
from policy_engine.load.case import find_cases, load_case
from policy_engine.load.library import Library
from policy_engine.model.case import Case
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from tests.conftest import ROOT
from tests.engine_draws import FORMS, told_by_reference
from tests.test_columnar import compared

NAMES = ("a", "b", "c", "d")
MOST = 4


@pytest.mark.parametrize(("name", "rows"), [("2020", 600), ("2026-draft", 120)])
@pytest.mark.sampled(2)
def test_open_rows_of_editions_agree_with_the_reference(name: str, rows: int, library: Library, request: pytest.FixtureRequest) -> None:
    """Case files with some facts left out and figures moved: every column of every row, though few are rated one by one."""
    edition = library.edition(name)
    chance = random.Random(7)
    files = [load_case(path, library)[0] for path in find_cases(str(ROOT / "cases" / name))]
    cases = [_varied(chance.choice(files), edition, chance) for _ in range(rows * (25 if request.config.getoption("--long") else 1))]
    expected = list(told_by_reference(edition, cases))

    for form in FORMS:
        wrong, settled = compared(edition, cases, expected, form)

        assert wrong == []
        assert settled > rows // 10


def _varied(case: Case, edition: Edition, chance: random.Random) -> Case:
    facts = {name: value for name, value in case.facts.items() if edition.facts[name].type.kind != "list"}
    for _ in range(min(chance.choice((0, 1, 1, 2, 3)), len(facts))):
        del facts[chance.choice(sorted(facts))]
    counts = [name for name in facts if edition.facts[name].type.kind == "count" and chance.random() < 0.1]
    return case._replace(facts={**facts, **{name: max(0, int(facts[name]) + chance.choice((-1, 1))) for name in counts}})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _row(terms: Mapping[str, int], constant: int, *, strict: bool = False) -> Row:
    return Row({name: Fraction(c) for name, c in terms.items() if c}, Fraction(constant), strict)


def _rows() -> st.SearchStrategy[list[Row]]:
    terms = st.fixed_dictionaries(dict.fromkeys(NAMES, st.integers(-1, 1)))
    return st.lists(st.builds(_row, terms, st.integers(-MOST, MOST), strict=st.booleans()), min_size=1, max_size=4)


def _facts(library: Library, kind: str) -> Mapping[str, FactDeclaration]:
    model = next(fact for fact in library.edition("2026-draft").facts.values() if fact.type.kind == kind and not fact.may_be_none)
    return dict.fromkeys(NAMES, model)


@settings(max_examples=300, deadline=None)
@given(
    rows=_rows(),
    open_=st.sets(st.sampled_from(NAMES), min_size=1),
    values=st.lists(st.integers(0, MOST), min_size=len(NAMES), max_size=len(NAMES)),
)
def test_whole_figures_can_be_completed_where_no_rule_is_broken(
    rows: list[Row], open_: set[str], values: list[int], library: Library
) -> None:  # fmt: skip
    facts = _facts(library, "count")
    bounded = [*rows, *(_row({name: 1}, -MOST) for name in NAMES)]
    group = (Tie(frozenset(NAMES), tuple(bounded)),)
    known = {name: value for name, value in zip(NAMES, values, strict=True) if name not in open_}
    tried = (dict(zip(sorted(open_), more, strict=True)) for more in product(range(MOST + 1), repeat=len(open_)))
    possible = any(all(_holds(row, {**known, **more}) for row in bounded) for more in tried)

    once, always = eliminated(group, frozenset(open_), facts), closed(group, frozenset(NAMES), facts)

    assert once is None or all(_holds(row, known) for row in once) is possible
    assert always is None or all(_holds(row, known) for row in always if row.terms.keys() <= known.keys()) is possible


def _holds(row: Row, values: Mapping[str, Any]) -> bool:
    total = sum(factor * values[name] for name, factor in row.terms.items()) + row.constant
    return bool(total < 0 if row.strict else total <= 0)
