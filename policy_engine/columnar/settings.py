"""How Polars is told to be sparing of memory; it reads this from the environment when it is loaded, and never again."""

import os
import sys

_SETTINGS = {
    "POLARS_ROW_GROUP_PREFETCH_SIZE": 1,
    "POLARS_PARQUET_DECODE_TARGET_VALUES_PER_THREAD": 250_000,
    "POLARS_CSV_CHUNK_PREFETCH_LIMIT": 1,
    "POLARS_CSV_CHUNK_SIZE": 2_000_000,
    "POLARS_DEFAULT_LINEARIZER_BUFFER_SIZE": 1,
    "POLARS_DEFAULT_DISTRIBUTOR_BUFFER_SIZE": 1,
}
_FOR_LINES = {"POLARS_IDEAL_MORSEL_SIZE": 25_000}
"""A line of JSON is many times as long as the row that it tells, and waits in memory until those before it are written."""
_ALLOCATOR = "_RJEM_MALLOC_CONF"
_KEPT = "dirty_decay_ms:20,muzzy_decay_ms:0,background_thread:true"
"""Freed memory is given back after 20 milliseconds, by a thread of its own."""
_INHERITED = "dirty_decay_ms:500,"
"""What Polars writes there itself begins so; whoever loaded it hands that down to the processes that it starts."""


def spare_memory(*, lines: bool = False) -> None:
    """Let Polars hold few rows at a time and give freed memory back soon; what the user set goes first.

    As it comes, Polars reads ten row groups ahead, decodes whole ones, and keeps freed memory for half a second: more rows a second would
    hold more memory, up to some hundred MB. With these settings ten million rows need little more than one million, in the same time.

    Args:
        lines: whether lines of JSON are to be written.
    """
    for name, value in {**_SETTINGS, **(_FOR_LINES if lines else {})}.items():
        os.environ.setdefault(name, str(value))
    if sys.platform == "linux" and os.environ.get(_ALLOCATOR, _INHERITED).startswith(_INHERITED):
        os.environ[_ALLOCATOR] = f"{_KEPT},narenas:{max((os.cpu_count() or 1) // 2, 1)}"
