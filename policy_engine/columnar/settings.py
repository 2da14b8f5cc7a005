"""How Polars is told to be sparing of memory; it reads this from the environment when it is loaded, and never again."""

import os

_DECODED = 250_000
_KEPT = 50


def spare_memory() -> None:
    """Let Polars hold few rows at a time and give freed memory back soon; what the user set goes first.

    As it comes, Polars reads ten row groups ahead, decodes whole ones, and keeps freed memory for half a second: more rows a second would
    hold more memory, up to some hundred MB. With these settings ten million rows need little more than one million, in the same time.
    """
    os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "1")
    os.environ.setdefault("POLARS_PARQUET_DECODE_TARGET_VALUES_PER_THREAD", str(_DECODED))
    os.environ.setdefault("_RJEM_MALLOC_CONF", f"dirty_decay_ms:{_KEPT},muzzy_decay_ms:0,narenas:{os.cpu_count() or 1}")
