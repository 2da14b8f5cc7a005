"""A table of hostile and odd inputs, and of the commands that they are handed to; `test_hostile_verbs.py` runs the one with the other.

An input makes something under a path: a file, or what is none. A command is a list of words, in which `PATH` is that path, `DIR` the
folder around it, `BOOK` a small rulebook that is sound and `GOOD` a sound case of it. To try another input, add a row.
"""

import os
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bad_files import RULEBOOKS, SAMPLE_CASE
from tests.build import table, tuples

Make = Callable[[Path], object]
Command = tuple[str, ...]

CASE = SAMPLE_CASE.read_text("utf-8")
HEAD = 'case: basket\nedition: "orchard"\n'


def text(content: str | bytes) -> Make:
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return lambda path: path.write_bytes(raw)


def nothing(_: Path) -> None:
    """Make nothing."""


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _full(path: Path) -> None:
    path.mkdir()
    (path / "note.txt").write_text("x")


def _filled(path: Path) -> None:
    path.mkdir()
    os.mkfifo(path / "pipe.yaml")
    (path / "case.yaml").write_text(CASE)


NO_FILES: Mapping[str, Make] = {
    "missing": nothing,
    "a folder": lambda path: path.mkdir(),
    "a folder of other files": _full,
    "a folder with a pipe": _filled,
    "a device": lambda path: path.symlink_to(os.devnull),
    "a link that leads nowhere": lambda path: path.symlink_to("nobody"),
    "a link in a circle": _loop,
    "a socket": _socket,
}
"""What bears the name of a file."""

RAW: Mapping[str, Make] = {
    **{name: text(content) for name, content in table("hostile_inputs", "raw").items()},
    "binary": text(bytes(range(256)) * 8),
    "zeros": text(b"\0" * 4096),
    "UTF-16": text(CASE.encode("utf-16")),
    "UTF-16 without a mark": text(CASE.encode("utf-16-le")),
    "UTF-32": text(CASE.encode("utf-32")),
    "Latin-1": text("case: Cán bộ\n".encode("cp1258", "ignore")),
    "an order mark": text(b"\xef\xbb\xbf" + CASE.encode()),
    "two marks": text(b"\xef\xbb\xbf\xef\xbb\xbf" + CASE.encode()),
    "a lone surrogate": text("case: \ud800\n"),
    "half a letter": text(b"case: \xe1\xba"),
    "huge": text(b"#" * (1 << 20) + b"\n" + CASE.encode()),
    "one long line": text("case: " + "x" * 200_000 + "\n"),
    "deep brackets": text("[" * 30_000),
    "deep braces": text("{a: " * 30_000),
    "deep hyphens": text("- " * 30_000),
    "deep blocks": text("".join(f"{' ' * n}k{n}:\n" for n in range(300))),
    "many values": text("facts:\n" + "  - 0\n" * 60_000),
    "many documents": text("---\n".join([CASE] * 20)),
    "aliases": text("a: &a [x]\nb: [" + "*a, " * 999 + "*a]\n"),
    "5,000 digits": text(f"case: {'9' * 5000}\n"),
}
"""What a file may hold that is no file of ours."""

CASES: Mapping[str, Make] = {
    **{name: text(content) for name, content in table("hostile_inputs", "cases").items()},
    "a long name": text(f'case: {"n" * 20_000}\nedition: "orchard"\nfacts: {{apples_total: 10, apples_ripe: 4}}\n'),
}
"""What a case file may hold that is odd."""

NAMES = (
    "a\nb.yaml",
    "::error::x\n::warning::y.yaml",
    "\x1b[31mred.yaml",
    "c1\u009b31m.yaml",
    "bidi\u202egnp.yaml",
    "mark\u200fx.yaml",
    "line\u2028end.yaml",
    " .yaml",
    "quote'\"`.yaml",
    "{name}.yaml",
    "%s %n.yaml",
    "[x]*?.yaml",
    "x" * 250 + ".yaml",
    "a\\b.yaml",
    "é.yaml",
    "e\u0301.yaml",
    os.fsdecode(b"bytes\xff\xfe.yaml"),
    "$(id).yaml",
    "<b>&.yaml",
    "tab\tx.yaml",
)
"""Names that a file may have."""

OF_CASES: Mapping[str, Command] = tuples("hostile_inputs", "of_cases")
"""Commands that read cases."""

OF_BOOKS: Mapping[str, Command] = tuples("hostile_inputs", "of_books")
"""Commands that read a rulebook."""

FRONTS = ("edition.yaml", "facts.yaml", "more.yaml")
"""The files of the rulebook whose place an input takes."""

RECORDS: Mapping[str, Make] = {
    **{name: text(content) for name, content in table("hostile_inputs", "records").items()},
    "deep": text("[" * 100_000 + "\n"),
    **{name: RAW[name] for name in ("empty", "binary", "UTF-16", "zeros", "one long line", "JSON cut off", "Latin-1")},
    **NO_FILES,
}
OF_RECORDS: Mapping[str, Command] = {
    "verify": ("record", "verify", "PATH"),
    "verify with a head": ("record", "verify", "PATH", "--head", "\x1b[31m", "--format", "json"),
    "replay": ("replay", "PATH", "--rulebook", "BOOK"),
    "replay against": ("replay", "PATH", "--rulebook", "BOOK", "--against", "orchard", "--format", "json"),
}

TABLES: Mapping[str, Make] = {
    **{name: text(content) for name, content in table("hostile_inputs", "tables").items()},
    "a bad byte": text(b"case,apples_total\na\xff,1\nb,2\n"),
    "very many columns": text(",".join(f"c{n}" for n in range(2_000)) + "\n"),
    **RAW,
    **{name: make for name, make in NO_FILES.items() if name != "a folder with a pipe"},
}
"""What may lie where rows should be."""

OF_TABLES: Mapping[str, Command] = {
    "batch of CSV": ("batch", "PATH", "--rulebook", "BOOK", "--to", "OUT.csv", "--from-format", "csv"),
    "batch of JSONL": ("batch", "PATH", "--rulebook", "BOOK", "--to", "OUT.csv", "--from-format", "jsonl"),
    "batch of Parquet": ("batch", "PATH", "--rulebook", "BOOK", "--to", "OUT.csv", "--from-format", "parquet"),
    "batch of a folder": ("batch", "DIR", "--rulebook", "BOOK", "--to", "OUT.csv"),
}
"""Commands that read rows."""

EMPTY_OPTIONS: tuple[Command, ...] = tuples("hostile_inputs", "empty_options")
"""Options and arguments that are named and left empty."""

WRONG_OPTIONS: tuple[Command, ...] = tuples("hostile_inputs", "wrong_options")
"""Options and arguments that are wrong."""

OUTPUTS: Mapping[str, Command] = tuples("hostile_inputs", "outputs")
"""Commands that write, each with one option that says where."""

INTO_FOLDERS = {"test --suggest", "prove --witnesses", "edition new --to"}
"""Those that write files into a folder."""

TARGETS: Mapping[str, Make] = {
    "a folder": NO_FILES["a folder"],
    "a device": NO_FILES["a device"],
    "a link that leads nowhere": NO_FILES["a link that leads nowhere"],
    "a link in a circle": NO_FILES["a link in a circle"],
    "a socket": NO_FILES["a socket"],
    "a pipe": os.mkfifo,
    "a file": text("kept"),
}
"""What may lie where something is written."""


def orchard_at(folder: Path) -> Path:
    """Make a library with the small edition that is sound, issued so that it may be sealed."""
    book = folder / "book" / "orchard"
    shutil.copytree(RULEBOOKS / "PE302-unknown-name", book)
    for name, old, new in (("track.yaml", "apples_rip >", "apples_ripe >"), ("edition.yaml", "status: draft", "status: issued")):
        (book / name).write_text((book / name).read_text("utf-8").replace(old, new), "utf-8")
    return folder / "book"
