"""Cases that stand twice in the files of a run: each later row carries where the first one stands, and so is refused.

Memory does not grow with the rows: what is compared are hashes of 64 bits that lie on disk, a part of all possible ones at a time, and
only rows with equal hashes are looked at again.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.columnar.names import CASE, ODD
from policy_engine.columnar.odd import FIRST, Fault, carried
from policy_engine.extras import load_extra

if TYPE_CHECKING:
    import polars as pl
else:
    pl = load_extra("polars", "batch")

AT_ONCE = 1_000_000
"""Rows whose hashes are held at a time."""
_AT, _TWICE = "__at", "__twice"


@dataclass(frozen=True, slots=True)
class Hashed:
    """The hashes of the cases of one file, a row each, and the frame that they come from."""

    place: int
    path: str
    frame: "pl.LazyFrame"


def without_twice(frames: "Mapping[int, pl.LazyFrame]", folder: str) -> "dict[int, pl.LazyFrame]":
    """Return those of some frames in which a row must be refused since its case stood before.

    Args:
        frames: frames with a column `case`, by the place of their file in the run.
        folder: where hashes may lie meanwhile.
    """
    hashed = [_hashed(place, frame, folder) for place, frame in frames.items()]
    rows = sum(pl.scan_parquet(one.path, glob=False).select(pl.len()).collect().item() for one in hashed)
    parts = rows // AT_ONCE + 1
    found = [part for number in range(parts) for part in _later(hashed, parts, number)]
    if not found:
        return {}
    later = pl.concat(found).sort("file", _AT)
    return {
        one.place: _marked(one.frame, rows)
        for one in hashed
        if (rows := later.filter(pl.col("file") == one.place).drop("file")).height
    }  # fmt: skip


def _hashed(place: int, frame: "pl.LazyFrame", folder: str) -> Hashed:
    """Write the hashes of the cases of a frame."""
    path = os.path.join(folder, f"cases_{place}.parquet")
    case = pl.col(CASE).cast(pl.String)
    frame.select(pl.when(case.is_not_null() & (case != "")).then(case.hash()).alias("hash")).sink_parquet(path, compression="uncompressed")
    return Hashed(place, path, frame)


def _later(hashed: Sequence[Hashed], parts: int, number: int) -> "list[pl.DataFrame]":
    """Return the rows of one part of all hashes whose case stood before, with the place of the first."""
    lazy = [
        pl.scan_parquet(one.path, glob=False)
        .with_row_index(_AT, offset=1)
        .filter(pl.col("hash") % parts == number)
        .with_columns(pl.lit(one.place, pl.UInt32).alias("file"))
        for one in hashed
    ]
    sorted_hashes = pl.concat([frame.select("hash") for frame in lazy]).collect(engine="streaming")["hash"].sort()
    if not (sorted_hashes == sorted_hashes.shift()).any():
        return []
    alike = pl.concat(lazy).collect(engine="streaming").filter(pl.col("hash").is_duplicated())
    looked = [_cases(one, alike.filter(pl.col("file") == one.place).select(_AT)) for one in hashed]
    cases = pl.concat(looked).sort("file", _AT)
    first = cases.with_columns(
        pl.col("file").first().over(CASE).alias("first_file"), pl.col(_AT).first().over(CASE).alias("first_row")
    )  # fmt: skip
    later = first.filter((pl.col("file") != pl.col("first_file")) | (pl.col(_AT) != pl.col("first_row"))).drop(CASE)
    return [later] if later.height else []


def _cases(one: Hashed, rows: "pl.DataFrame") -> "pl.DataFrame":
    """Return the cases of some rows of a file."""
    cases = one.frame.select(pl.col(CASE).cast(pl.String)).with_row_index(_AT, offset=1)
    found = cases.join(rows.lazy(), on=_AT, how="semi").collect(engine="streaming")
    return found.with_columns(pl.lit(one.place, pl.UInt32).alias("file"))


def _marked(frame: "pl.LazyFrame", later: "pl.DataFrame") -> "pl.LazyFrame":
    """Return a frame whose later rows carry where their case stood first."""
    schema = {**frame.collect_schema(), ODD: pl.String()}

    def mark(chunk: "pl.DataFrame") -> "pl.DataFrame":
        """Let the rows of a chunk carry it."""
        own = chunk[ODD] if ODD in chunk.columns else pl.Series(ODD, [None], pl.String()).new_from_index(0, chunk.height)
        chunk = chunk.with_columns(own.alias(ODD))
        some = later.filter(pl.col(_AT).is_between(chunk[_AT].min(), chunk[_AT].max())) if chunk.height else later.clear()
        if some.height:
            named = some.join(chunk.select(_AT, pl.col(CASE).cast(pl.String)), on=_AT, how="left", maintain_order="left")
            texts = [
                carried(Fault("PE860", {"name": name, FIRST: f"{file}:{row}"}))
                for name, file, row in named.select(CASE, "first_file", "first_row").rows()
            ]
            told = named.select(_AT, pl.Series(_TWICE, texts, pl.String()))
            chunk = chunk.join(told, on=_AT, how="left", maintain_order="left")
            chunk = chunk.with_columns(pl.coalesce(_TWICE, ODD).alias(ODD))
        return chunk.select(list(schema))

    return frame.with_row_index(_AT, offset=1).map_batches(
        mark, schema=schema, streamable=True, validate_output_schema=False, predicate_pushdown=False, projection_pushdown=False,
        slice_pushdown=False,
    )  # fmt: skip
