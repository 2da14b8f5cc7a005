"""Rows of facts, seeded and real (they obey the invariants): those of 2020 stand on and beside every threshold.

`write_rows` makes a Parquet file of any size in little memory; every value comes from the number of its row.
"""

from pathlib import Path
from typing import Any

import polars as pl

from bench.people import GROUPS

FLAGS = ("ideological_decline", "disciplined_in_year", "unit_corruption")
CHUNK = 250_000
OPEN = 4
"""Of rows with open facts, each leaves so many or fewer facts unknown."""
POST = {"kind", "workplace", "position"}


def write_rows(path: Path, edition: str, rows: int, share: float = 0) -> Path:
    """Write so many rows, a chunk at a time, once; a share of them leave 0 to 4 facts unknown."""
    if path.exists():
        return path
    frame = pl.LazyFrame({"i": range(0, rows, CHUNK)}).select(pl.int_ranges("i", pl.min_horizontal(pl.col("i") + CHUNK, rows)).alias("i"))
    facts = DRAWN[edition]()
    if share:
        facts = _some_unknown(facts, share)
    made = frame.explode("i").select(pl.col("i").alias("case"), *(value.alias(name) for name, value in facts.items()))
    made.sink_parquet(path, compression="zstd", row_group_size=CHUNK)
    return path


def peers_cases(path: Path) -> list[dict[str, Any]]:
    """Read rows of 2020 as the peers' benchmark has its cases, which are those of the hand-written classifier."""
    return [_peers_case(row) for row in pl.read_parquet(path).iter_rows(named=True)]


def _peers_case(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row under the peers' names; what is well done was on time, of quality and highly efficient."""
    same = ("tasks_total", "tasks_exceeded", "criteria_total", "criteria_deficient", "subordinates_total")
    tasks = {f"tasks_{name}": row["tasks_well_done"] for name in ("on_time_quality", "high_efficiency")}
    targets = {
        f"unit_targets_{new}": row[f"targets_{old}"] for new, old in (("total", "total"), ("done", "completed"), ("exceeded", "exceeded"))
    }
    return {
        "track": "a" if row["position"] == "specialist" else "b", "general_criteria_met": all(row[name] for name in GROUPS),
        "ideology_decline": row["ideological_decline"], "disciplined": row["disciplined_in_year"],
        "corruption_in_unit": row["unit_corruption"],
        **{name: row[name] for name in same}, "tasks_done": row["tasks_completed"], **tasks, **targets,
        "criteria_done": row["criteria_completed"], "criteria_high_efficiency": row["criteria_highly_efficient"],
        "unit_targets_on_time_quality": row["targets_on_time_quality"],
        **{name: row[name] for name in ("subordinates_completed_or_better", "subordinates_good_or_better")},
    }  # fmt: skip


def _some_unknown(facts: dict[str, pl.Expr], share: float) -> dict[str, pl.Expr]:
    """Leave 0 to 4 facts of a share of the rows unknown; never what the post is."""
    names = [name for name in facts if name not in POST]
    count = pl.when(_chance(98) < share).then(pl.col("i").hash(seed=97) % (OPEN + 1)).otherwise(0)
    gone = [(pl.col("i").hash(seed=90 + n) % len(names), count > n) for n in range(OPEN)]
    hidden = {name: pl.any_horizontal(*((chosen == place) & counted for chosen, counted in gone)) for place, name in enumerate(names)}
    return {name: pl.when(~hidden[name]).then(value) if name in hidden else value for name, value in facts.items()}


def _rows_of_2020() -> dict[str, pl.Expr]:
    """Return every fact of both tracks of the head office."""
    leader = _chance(1) < 0.5
    profile = _chance(2)
    tasks, criteria, targets, people = (_total(seed) for seed in (10, 20, 30, 40))
    people = pl.when(_chance(41) < 0.03).then(0).otherwise(people)
    figures = {**_items("tasks", tasks, 11, "well_done"), **_items("criteria", criteria, 21, "highly_efficient")}
    figures |= {"tasks_exceeded": _part(figures["tasks_completed"], 19, 50, tasks)}
    done = _part(targets, 31, 70, targets)
    figures |= {
        "targets_total": targets, "targets_completed": done, "targets_exceeded": _part(done, 33, 50, targets),
        "targets_on_time_quality": _part(done, 35, 80, targets),
    }  # fmt: skip
    fair = _part(people, 43, 70, people)
    figures |= {"subordinates_total": people, "subordinates_completed_or_better": fair}
    figures |= {"subordinates_good_or_better": _part(fair, 45, 70, people)}
    return {
        "kind": pl.lit("officer"), "workplace": pl.lit("head_office"),
        "position": pl.when(~leader).then(pl.lit("specialist")).when(_chance(3) < 0.5).then(pl.lit("head"))
        .otherwise(pl.lit("deputy_head")),
        **{name: (_chance(50 + n) < 0.99) | (profile > 0.95) for n, name in enumerate(GROUPS)},
        **{name: (_chance(60 + n) < 0.2) & (profile < 0.15) for n, name in enumerate(FLAGS)},
        "criteria_counted_apart": pl.lit(value=True),
        **{name: figure.cast(pl.Int32) for name, figure in figures.items()},
    }  # fmt: skip


def _rows_of_2026() -> dict[str, pl.Expr]:
    """Return the facts of the draft of 2026 for those with a leading post and without one."""
    leader = _chance(1) < 0.125
    total, near = 5 + _upto(pl.lit(15), 10), _upto(pl.lit(3), 11)
    completed = total - pl.when(near > 1).then(0).otherwise(near)
    on_time = completed - pl.when(_chance(12) < 0.6).then(0).otherwise(_upto(pl.lit(2), 13))
    work = {"total": total, "completed": completed, "on_time": on_time, "exceeded": _upto(completed, 14)}
    earlier = pl.when(_chance(15) < 0.6).then(0).otherwise(_upto(pl.lit(2), 16))
    counts = {f"tasks_{name}": pl.when(~leader).then(value) for name, value in work.items()}
    counts |= {f"targets_{name}": pl.when(leader).then(value) for name, value in work.items()}
    counts |= {"subordinates_total": pl.when(leader).then(8), "subordinates_not_completed": pl.when(leader).then(_upto(pl.lit(1), 17))}
    return {
        "kind": pl.lit("officer"), "position": pl.when(leader).then(pl.lit("head")).otherwise(pl.lit("specialist")),
        "months_worked": pl.lit("12 months"), "disciplined_in_year": _chance(18) < 0.03, "ideological_decline": pl.lit(value=False),
        "months_absent": pl.lit("0 months"), "maternity_leave": pl.lit(value=False), "excused_by": pl.lit("[]"),
        "general_points": 18 + _upto(pl.lit(12), 19), "results_points": 30 + _upto(pl.lit(40), 20),
        **{name: value.cast(pl.Int32) for name, value in counts.items()},
        "earlier_shortcomings_total": earlier, "earlier_shortcomings_remedied": earlier,
        "unit_corruption": pl.when(leader).then(pl.lit(value=False)), "confidence_vote_held": pl.when(leader).then(pl.lit(value=False)),
        "unit_level": pl.when(leader).then(pl.lit("good")),
    }  # fmt: skip


def _chance(seed: int) -> pl.Expr:
    """Return a number from 0 to 1 for every row."""
    return (pl.col("i").hash(seed=seed) // 2048).cast(pl.Float64) / 2**53


def _upto(most: pl.Expr, seed: int) -> pl.Expr:
    """Return a whole number from 0 to a most."""
    return (_chance(seed) * (most + 1)).cast(pl.Int64).clip(0, most)


def _total(seed: int) -> pl.Expr:
    """Return a total: often a round one."""
    round_ones = (pl.col("i").hash(seed=seed) % 6).replace_strict([0, 1, 2, 3, 4, 5], [10, 20, 30, 40, 50, 100], return_dtype=pl.Int64)
    return pl.when(_chance(seed + 1) < 0.55).then(round_ones).otherwise(1 + _upto(pl.lit(59), seed + 2))


def _part(most: pl.Expr, seed: int, percent: int, whole: pl.Expr) -> pl.Expr:
    """Return a part: all of it, at, just under or just above a percentage of the whole, or anything."""
    way = _chance(seed + 100)
    near = (whole * percent // 100 + (pl.col("i").hash(seed=seed + 200) % 3).cast(pl.Int64) - 1).clip(0, most)
    return pl.when(way < 0.6).then(most).when(way < 0.8).then(pl.min_horizontal(near, most)).otherwise(_upto(most, seed))


def _items(name: str, total: pl.Expr, seed: int, best: str) -> dict[str, pl.Expr]:
    """Return the four counts of a list of items, as real items give them."""
    done = pl.when(_chance(seed) < 0.8).then(total).otherwise(_part(total, seed + 1, 50, total))
    bad = total - done
    wanted = pl.when(_chance(seed + 2) < 0.55).then(bad).otherwise(pl.max_horizontal(bad, total - _part(total, seed + 3, 80, total)))
    deficient = pl.min_horizontal(wanted, total)
    well = _part(pl.min_horizontal(done, total - deficient), seed + 4, 50, total)
    return {f"{name}_total": total, f"{name}_completed": done, f"{name}_deficient": deficient, f"{name}_{best}": well}


DRAWN = {"2020": _rows_of_2020, "2026-draft": _rows_of_2026}
