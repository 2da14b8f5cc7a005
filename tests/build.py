"""The kit of the tests: where things lie, tables of rows kept as YAML, and small things done to files."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policy_engine.load.files import data_root

ROOT = Path(__file__).resolve().parent.parent
RULEBOOK = Path(data_root(), "rulebook")
GOOD = ROOT / "cases" / "2020" / "II.1" / "good"
CASE = str(GOOD / "chair-completed.yaml")
ROUND = str(ROOT / "cases" / "rounds" / "2020-tkv")
Cli = Callable[..., tuple[int, str, str]]
"""The command line: arguments to exit code, standard output and standard error."""


@cache
def _tables(file: str) -> Any:
    return yaml.load((ROOT / "tests" / "tables" / f"{file}.yaml").read_text("utf-8"), yaml.CSafeLoader)


def table(file: str, name: str) -> Any:
    return _tables(file)[name]


def rows(file: str, name: str) -> Any:
    """Return the rows of a table, each one a tuple of what stands in it."""
    return [tuple(row) if isinstance(row, list) else row for row in table(file, name)]


def tuples(file: str, name: str) -> Any:
    """Return a table with every list in it a tuple."""
    return _frozen(table(file, name))


def cells(file: str, name: str) -> Any:
    """Return a table with its lists tuples, but for those below a key: those are data of a case."""
    found = table(file, name)
    return {key: _frozen(one, below=False) for key, one in found.items()} if isinstance(found, dict) else _frozen(found, below=False)


def _frozen(value: Any, *, below: bool = True) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(one, below=below) for one in value)
    return {key: _frozen(one) for key, one in value.items()} if isinstance(value, dict) and below else value


def replace(path: Path, old: str, new: str, count: int = 1) -> None:
    """Replace a text of a file, which must be there."""
    text = path.read_text("utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, count), "utf-8")


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def records_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def codes_in(said: str) -> list[str]:
    """Return the codes in what was said, in their order."""
    return re.findall(r"PE\d{3}", said)


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
