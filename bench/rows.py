"""Rows of facts of the 2020 edition for the benchmarks: seeded, real (they obey the invariants), on and beside every threshold.

    python bench/rows.py OUT.parquet 1000000 [--unknown 0.1] [--strings]

Every outcome of both tracks of the head office is common. `--unknown` leaves one fact of such a share of the rows unknown.
"""

import argparse

import polars as pl

GROUPS = ("political_ideology_met", "ethics_lifestyle_met", "working_style_met", "discipline_met", "assigned_duties_met")
FLAGS = ("ideological_decline", "disciplined_in_year", "unit_corruption")
CHUNK = 250_000


def main() -> None:
    """Write the file."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("out")
    asked.add_argument("rows", type=int)
    asked.add_argument("--unknown", type=float, default=0)
    given = asked.parse_args()
    write(given.out, given.rows, given.unknown)


def write(out: str, rows: int, unknown: float = 0) -> None:
    """Write so many rows, a chunk at a time."""
    frame = pl.LazyFrame({"i": range(0, rows, CHUNK)}).select(pl.int_ranges("i", pl.min_horizontal(pl.col("i") + CHUNK, rows)).alias("i"))
    frame.explode("i").select(columns(unknown)).sink_parquet(out, compression="zstd", row_group_size=CHUNK)


def columns(unknown: float) -> list[pl.Expr]:
    """Return every column, made from the number of the row."""
    leader = _chance(1) < 0.5  # noqa: PLR2004
    profile = _chance(2)
    tasks, criteria, targets, people = (_total(seed) for seed in (10, 20, 30, 40))
    people = pl.when(_chance(41) < 0.03).then(0).otherwise(people)  # noqa: PLR2004
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
    found = {
        "kind": pl.lit("officer"), "workplace": pl.lit("head_office"),
        "position": pl.when(leader).then(pl.when(_chance(3) < 0.5).then(pl.lit("head")).otherwise(pl.lit("deputy_head"))).otherwise(pl.lit("specialist")),  # noqa: E501, PLR2004
        **{name: (_chance(50 + n) < 0.99) | (profile > 0.95) for n, name in enumerate(GROUPS)},  # noqa: PLR2004
        **{name: (_chance(60 + n) < 0.2) & (profile < 0.15) for n, name in enumerate(FLAGS)},  # noqa: PLR2004
        "criteria_counted_apart": pl.lit(value=True),
        **{name: figure.cast(pl.Int32) for name, figure in figures.items()},
    }  # fmt: skip
    if unknown:
        chosen = pl.col("i").hash(seed=99) % (len(found) - 3)
        hit = _chance(98) < unknown
        for n, name in enumerate(list(found)[3:]):
            found[name] = pl.when(~(hit & (chosen == n))).then(found[name])
    return [pl.col("i").alias("case"), *(value.alias(name) for name, value in found.items())]


def _chance(seed: int) -> pl.Expr:
    """Return a number from 0 to 1 for every row."""
    return (pl.col("i").hash(seed=seed) // 2048).cast(pl.Float64) / 2**53


def _upto(most: pl.Expr, seed: int) -> pl.Expr:
    """Return a whole number from 0 to a most."""
    return (_chance(seed) * (most + 1)).cast(pl.Int64).clip(0, most)


def _total(seed: int) -> pl.Expr:
    """Return a total: often a round one."""
    round_ones = (pl.col("i").hash(seed=seed) % 6).replace_strict([0, 1, 2, 3, 4, 5], [10, 20, 30, 40, 50, 100], return_dtype=pl.Int64)
    return pl.when(_chance(seed + 1) < 0.55).then(round_ones).otherwise(1 + _upto(pl.lit(59), seed + 2))  # noqa: PLR2004


def _part(most: pl.Expr, seed: int, percent: int, whole: pl.Expr) -> pl.Expr:
    """Return a part: all of it, at, just under or just above a percentage of the whole, or anything."""
    way = _chance(seed + 100)
    near = (whole * percent // 100 + (pl.col("i").hash(seed=seed + 200) % 3).cast(pl.Int64) - 1).clip(0, most)
    return pl.when(way < 0.6).then(most).when(way < 0.8).then(pl.min_horizontal(near, most)).otherwise(_upto(most, seed))  # noqa: PLR2004


def _items(name: str, total: pl.Expr, seed: int, best: str) -> dict[str, pl.Expr]:
    """Return the four counts of a list of items, as real items give them."""
    done = pl.when(_chance(seed) < 0.8).then(total).otherwise(_part(total, seed + 1, 50, total))  # noqa: PLR2004
    bad = total - done
    wanted = pl.when(_chance(seed + 2) < 0.55).then(bad).otherwise(pl.max_horizontal(bad, total - _part(total, seed + 3, 80, total)))  # noqa: PLR2004
    deficient = pl.min_horizontal(wanted, total)
    well = _part(pl.min_horizontal(done, total - deficient), seed + 4, 50, total)
    return {f"{name}_total": total, f"{name}_completed": done, f"{name}_deficient": deficient, f"{name}_{best}": well}


if __name__ == "__main__":
    main()
