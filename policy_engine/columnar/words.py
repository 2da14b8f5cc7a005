"""The words by which a batch is asked for; they are known before anything heavy is loaded."""

import os

ENGINES = ("polars", "duckdb", "spark")
FORMATS = ("parquet", "csv", "jsonl")
_ENDINGS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def format_of(path: str) -> str | None:
    """Return the format that the name of a file tells of."""
    return _ENDINGS.get(os.path.splitext(path)[1].lower())
