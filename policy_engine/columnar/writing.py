"""Files of answers and of rejects: each appears whole or not at all."""

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING

from policy_engine.extras import load_extra
from policy_engine.load.files import DISK_FAULTS, held_folder, unwritten
from policy_engine.model.rulebook import Edition

if TYPE_CHECKING:
    import polars as pl
else:
    pl = load_extra("polars", "batch")

_BLANKS = " \t\r\n\x0b\x0c\x85\xa0\u1680\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\u2000-\u200f"
FORMULA = rf"^(?:[{_BLANKS}]*[=+\-@＝＋－＠]|[\t\r])"
"""What a spreadsheet may take for a formula, in the words of all engines: a sign that begins one, after blanks too, or at full width."""
_ROW_GROUP = 250_000


@contextlib.contextmanager
def beside(path: str) -> Generator[str]:
    """Return a name beside a file for what is being written; it takes the file's place where all went well, and is gone where not.

    A link is written through: what it leads to is replaced, and the link stays.
    """
    path = os.path.realpath(path)
    with told_of_the_disk(path), held_folder(os.path.dirname(path)) as folder:
        name = os.path.join(folder, "new")
        yield name
        os.chmod(name, 0o644)
        os.replace(name, path)


@contextlib.contextmanager
def told_of_the_disk(path: str | None = None) -> Generator[None]:
    """Let what a library says of a full disk be told as such, with the file or the folder that was being written.

    Args:
        path: the file; None: the folder for temporary files.

    Raises:
        InputError: PE886.
    """
    try:
        yield
    except Exception as error:
        number = disk_fault(error)
        if number is None:
            raise
        raise unwritten(tempfile.gettempdir() if path is None else path, OSError(number, os.strerror(number))) from error


def disk_fault(error: Exception) -> int | None:
    """Return the number of the fault of a disk that a library complains of: each says it in the system's words, and in no other way."""
    said = str(error)
    if "disk is full" in said or "disk I/O error" in said:  # SQLite's own words
        return errno.ENOSPC
    return next((number for number in DISK_FAULTS if os.strerror(number) in said or f"(os error {number})" in said), None)


def sink(frame: "pl.LazyFrame", path: str, form: str, metadata: Mapping[str, str], *, excel: bool) -> None:
    """Write a frame as it streams by.

    Args:
        frame: what is to be written.
        path: the file.
        form: `parquet`, `csv` or `jsonl`.
        metadata: what a Parquet file says of itself.
        excel: whether a CSV file begins with the mark by which Excel knows UTF-8.
    """
    if form == "parquet":
        frame.sink_parquet(path, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP, metadata=dict(metadata))
    elif form == "csv":
        guarded(frame).sink_csv(path, include_bom=excel)
    else:
        frame.sink_ndjson(path)


def metadata_of(edition: Edition) -> dict[str, str]:
    """Return what a Parquet file says of itself: by what it was made."""
    return {"edition": edition.id, "status": edition.status, "revision": edition.revision}


def guarded(frame: "pl.LazyFrame") -> "pl.LazyFrame":
    """Put a sign before texts that a spreadsheet would take for formulas."""
    texts = [name for name, dtype in frame.collect_schema().items() if dtype == pl.String]
    formula = {name: pl.col(name).str.contains(FORMULA) for name in texts}
    told = frame.with_columns(
        pl.when(found).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name) for name, found in formula.items()
    )
    return told.rename({name: signed_heading(name) for name in frame.collect_schema() if signed_heading(name) != name})


def signed_heading(name: str) -> str:
    """Return a heading that no spreadsheet takes for a formula."""
    return f"'{name}" if re.match(FORMULA, name) else name
