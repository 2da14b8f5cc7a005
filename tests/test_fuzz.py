"""What the fuzz driver (`python -m tests.fuzz`) found stays mended, and a few turns more find nothing."""

import random
from pathlib import Path

import pytest

from tests.fuzz import COMMANDS, ENDINGS, KEPT, Seed, changed, kept_seed, seeds, tried

FOUND = sorted(path for path in KEPT.glob("*") if path.suffix in {".yaml", ".csv", ".jsonl"})


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_what_was_found_stays_mended(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("polars")

    assert tried(kept_seed(path), tmp_path / "turn") is None


@pytest.mark.parametrize("kind", ENDINGS)
@pytest.mark.sampled(2)
def test_a_few_turns(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    pytest.importorskip("polars")
    chance = random.Random(f"turns {kind}")
    sound = seeds([kind], tmp_path / "seeds")

    def turn() -> Seed:
        seed = chance.choice(sound)
        return seed._replace(raw=changed(seed.raw, chance))

    for _ in range(120 if request.config.getoption("--long") else 6):
        seed = turn()
        fault = tried(seed, tmp_path / "turn", [chance.choice(COMMANDS[kind])])
        assert fault is None, (fault, seed.raw)
