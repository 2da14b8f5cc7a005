"""Files of rows: which are meant, in which format, and whether their columns can hold facts."""

import glob
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from policy_engine.columnar.fields import read_column
from policy_engine.columnar.order import Source
from policy_engine.columnar.words import FORMATS, format_of
from policy_engine.errors import N_, InputError, Problem
from policy_engine.language.types import NOUNS
from policy_engine.load.files import files_below, odd_kind
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

INPUT = "-"
"""Stands for standard input."""
_CASES = N_("it is a case file, not rows: rate it with `policy-engine evaluate`, or a folder of them with `policy-engine round`")
_NO_ENDING = N_("its name does not end in .parquet, .csv or .jsonl")


def is_elsewhere(path: str) -> bool:
    """Return whether a path is an address on another file system, which only a cluster can read."""
    return "://" in path


def find_sources(paths: Iterable[str], form: str | None, *, elsewhere: bool = False, without: Collection[str] = ()) -> list[Source]:
    """Return the files that are meant, in the order of their names: a folder stands for the files of rows below it.

    Args:
        paths: files, folders and patterns, or `-` for standard input.
        form: the format, where it is said.
        elsewhere: whether addresses on other file systems are taken as they stand.
        without: what this run writes; a folder or a pattern that leads to it does not mean what an earlier run left there.

    Raises:
        InputError: PE853 where a path leads to none; PE854 where the name of a file does not tell its format.
    """
    found: list[Source] = []
    problems: list[Problem] = []
    written = {os.path.realpath(path) for path in without}
    for path in paths:
        odd = len(problems)
        files = [path] if path == INPUT or (elsewhere and is_elsewhere(path)) else _files(path, written, problems)
        if not files and len(problems) == odd:
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


def files_of(path: str) -> list[str]:
    """Return the files that a path leads to, for a comparison with what is written."""
    return [] if path == INPUT else _files(path, (), [])


def _files(path: str, written: Collection[str], problems: list[Problem]) -> list[str]:
    """Return the files that a path on this machine leads to; a pipe among those that a folder or a pattern names is a problem."""
    if os.path.exists(path) and not os.path.isdir(path):
        return [path]
    odd: list[Problem] = []
    if os.path.isdir(path):
        found = sorted(file for file in files_below(path, ("",), odd) if _is_of_rows(file))
        problems += [one for one in odd if _is_of_rows(one.location.file)]
    else:
        kinds = {file: odd_kind(file) for file in sorted(glob.glob(path, recursive=True))}
        problems += [Problem("PE880", Location(file, 1, 1), {"found": kind}) for file, kind in kinds.items() if kind]
        found = [file for file, kind in kinds.items() if kind is None]
    return [file for file in found if not _is_of(os.path.realpath(file), written)]


def _is_of(file: str, written: Collection[str]) -> bool:
    """Return whether a file is what this run writes, or a part of it."""
    return any(file == one or file.startswith(one + os.sep) for one in written)


def _is_of_rows(file: str) -> bool:
    """Return whether the name of a file is one of rows."""
    return format_of(file) is not None and not os.path.basename(file).startswith((".", "_"))


def unreadable(source: Source, error: Exception) -> InputError:
    """Say that a file cannot be read, with the first line of what the library says."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return InputError([Problem("PE854", Location(source.path, 1, 1), {"format": source.form, "reason": reason})])


def check_types(source: Source, schema: "Mapping[str, nw.dtypes.DType]", editions: Sequence[Edition]) -> None:
    """Refuse columns that can hold no value of their fact.

    Raises:
        InputError: PE851.
    """
    place = Location(source.path, 1, 1)
    unfit = [(name, dtype, fact) for name, dtype in schema.items() for fact in _unfit(name, dtype, editions)]
    if unfit:
        details = [{"name": name, "found": str(dtype), "wanted": NOUNS[fact.type.kind]} for name, dtype, fact in unfit]
        raise InputError([Problem("PE851", place, one) for one in details])


def _unfit(name: str, dtype: "nw.dtypes.DType", editions: Sequence[Edition]) -> Iterator[FactDeclaration]:
    """Return the first fact of this name that can have no value in a column."""
    for edition in editions:
        fact = edition.facts.get(name)
        if fact is not None and read_column(fact, dtype, edition.scale, wide=False) is None:
            yield fact
            return
