"""Files of rows: which are meant, in which format, and what their columns are."""

import glob
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from policy_engine.columnar.fields import read_column
from policy_engine.columnar.names import CASE, ODD
from policy_engine.columnar.order import Source
from policy_engine.columnar.words import FORMATS, format_of
from policy_engine.errors import N_, InputError, Problem
from policy_engine.extras import load_extra
from policy_engine.language.complaint import nearest
from policy_engine.language.types import NOUNS
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import polars as pl
else:
    nw = load_extra("narwhals.stable.v2", "batch")
    pl = load_extra("polars", "batch")

Facts = Mapping[str, FactDeclaration]
_CASES = N_("it is a case file, not rows: rate it with `policy-engine evaluate`, or a folder of them with `policy-engine round`")
_NO_ENDING = N_("its name does not end in .parquet, .csv or .jsonl")


def is_elsewhere(path: str) -> bool:
    """Tell whether a path is an address on another file system, which only a cluster can read."""
    return "://" in path


def find_sources(paths: Iterable[str], form: str | None, *, elsewhere: bool = False) -> list[Source]:
    """Give the files that are meant, in the order of their names: a folder stands for the files of rows below it.

    Args:
        paths: files, folders and patterns.
        form: the format, where it is said.
        elsewhere: whether addresses on other file systems are taken as they stand.

    Raises:
        InputError: PE853 where a path leads to none; PE854 where the name of a file does not tell its format.
    """
    found: list[Source] = []
    problems: list[Problem] = []
    for path in paths:
        files = [path] if elsewhere and is_elsewhere(path) else _files(path)
        if not files:
            problems.append(Problem("PE853", Location(path, 1, 1), {"path": path}))
        for file in files:
            known = form or format_of(file)
            if known is None:
                problems.append(Problem("PE854", Location(file, 1, 1), {"format": "/".join(FORMATS), "reason": _reason(file)}))
            else:
                found.append(Source(file, known))
    if problems:
        raise InputError(problems)
    return found


def _reason(file: str) -> str:
    """Say why a file is none of rows."""
    return _CASES if file.lower().endswith((".yaml", ".yml")) else _NO_ENDING


def _files(path: str) -> list[str]:
    """Give the files that a path on this machine leads to."""
    if os.path.isdir(path):
        return _below(path)
    return [path] if os.path.exists(path) else sorted(glob.glob(path, recursive=True))


def _below(folder: str) -> list[str]:
    """Give the files of rows below a folder."""
    files = [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]
    return sorted(file for file in files if format_of(file) and not os.path.basename(file).startswith((".", "_")))


def scan(source: Source, editions: Sequence[Edition], keep: Sequence[str] = (), faults: list[InputError] | None = None) -> "pl.LazyFrame":
    """Open a file of rows; nothing of it is read yet but what its columns are.

    Args:
        source: the file.
        editions: whose facts may be columns.
        keep: other columns that are handed on.
        faults: takes what goes wrong while rows are read.

    Raises:
        InputError: PE854, where it cannot be read.
    """
    facts = {name: fact for edition in reversed(editions) for name, fact in edition.facts.items()}
    try:
        if source.form == "jsonl":
            from policy_engine.columnar.json_lines import scan_json_lines  # noqa: PLC0415  (only for such files)

            return scan_json_lines(source.path, facts, keep, [] if faults is None else faults)
        frame = _scan_csv(source.path, facts) if source.form == "csv" else pl.scan_parquet(source.path, glob=False)
        schema = frame.collect_schema()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unreadable(source, error) from error
    return frame.rename({name: unicodedata.normalize("NFC", name) for name in schema if not name.isascii()})


def unreadable(source: Source, error: Exception) -> InputError:
    """Say that a file cannot be read, with the first line of what the library says."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return InputError([Problem("PE854", Location(source.path, 1, 1), {"format": source.form, "reason": reason})])


def _scan_csv(path: str, facts: Facts) -> "pl.LazyFrame":
    """Open a CSV file: every cell as text, an empty one and `unknown` as not recorded."""
    header = pl.scan_csv(path, infer_schema=False, glob=False).collect_schema()
    return pl.scan_csv(path, infer_schema=False, glob=False, null_values={name: "unknown" for name in header if name in facts})


def check_columns(source: Source, schema: "Mapping[str, nw.dtypes.DType]", editions: Sequence[Edition], keep: Sequence[str]) -> None:
    """Refuse columns that no edition declares, and columns that can hold no value of their fact.

    Raises:
        InputError: PE850, PE851.
    """
    place = Location(source.path, 1, 1)
    problems: list[Problem] = []
    declared = {name: fact for edition in reversed(editions) for name, fact in edition.facts.items()}
    for name, dtype in schema.items():
        if name in keep or name == CASE or (name == ODD and source.form == "jsonl"):
            continue
        if name not in declared:
            problems.append(Problem("PE850", place, {"name": name, "nearest": nearest(name, {**declared, CASE: None})}))
        unfit = _unfit(name, dtype, editions)
        problems += [Problem("PE851", place, {"name": name, "found": str(dtype), "wanted": NOUNS[fact.type.kind]}) for fact in unfit]
    missing = [name for name in keep if name not in schema]
    problems += [Problem("PE857", place, {"name": name, "nearest": nearest(name, schema)}) for name in missing]
    if problems:
        raise InputError(problems)


def _unfit(name: str, dtype: "nw.dtypes.DType", editions: Sequence[Edition]) -> Iterator[FactDeclaration]:
    """Give the first fact of this name that can have no value in a column."""
    for edition in editions:
        fact = edition.facts.get(name)
        if fact is not None and read_column(fact, dtype, edition.scale, wide=False) is None:
            yield fact
            return
