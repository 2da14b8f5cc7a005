"""Texts that a file of answers must hand on as they are."""

from pathlib import Path

import polars as pl

HOSTILE = (
    "=1+1", "+x", "-5", "@a", "\tt", "\rr", "a,b", 'q"q', "l1\nl2", "l1\r\nl2", "", " lead", "trail ", "'x", "unknown", "NULL", "null",
    "none", "#c", "é", "\\back\\", "a;b", '"', '\\"', "\\,", "-", "\u2028", "nan", "1e5", "tab\tin", None,
)  # fmt: skip


def write_hostile(folder: Path, form: str) -> Path:
    """Write rows with such texts in `case`, and in a column with a heading that is spelt with marks of its own."""
    path = folder / f"rows.{form}"
    rows = pl.DataFrame(
        {
            "case": HOSTILE,
            "ghi chu\u0301": HOSTILE[::-1],
            "count": [-n for n, _ in enumerate(HOSTILE)],
            "kind": ["collective"] * len(HOSTILE),
        }
    )
    if form == "csv":
        rows.write_csv(path)
    else:
        rows.write_parquet(path)
    return path
