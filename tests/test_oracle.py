"""Two independent interpretations of II.1.3 agree: the engine with its rulebook, and the plain Python of `oracle`."""

from itertools import islice

import pytest

from tests.completions import outcome_of, rate
from tests.oracle import BEST_FIRST, cases, classify, holding

DRAWS = 5_000
SEED = 20_201_127


@pytest.mark.parametrize("track", ["specialist", "leader"])
def test_engine_and_oracle_agree(track: str) -> None:
    drawn = list(islice(cases(SEED, track), DRAWS))
    differing = [(facts, outcome_of(rate(facts)), classify(facts)) for facts in drawn if outcome_of(rate(facts)) != classify(facts)]

    assert differing[:3] == []


@pytest.mark.parametrize("track", ["specialist", "leader"])
def test_levels_and_overlaps_agree(track: str) -> None:
    for facts in islice(cases(SEED + 1, track), DRAWS // 5):
        verdict, held = rate(facts), holding(facts)

        both = tuple(level for level in BEST_FIRST if level in held) if "not_completed" in held and len(held) > 1 else ()
        assert held == {trace.level for trace in verdict.levels if trace.outcome == "met"}
        assert {"met", "not_met"} >= {trace.outcome for trace in verdict.levels}
        assert [both] * bool(both) == [overlap.levels for overlap in verdict.overlaps]
