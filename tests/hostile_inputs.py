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
from tests.build import tuples

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
    "empty": text(""),
    "a line feed": text("\n"),
    "a remark": text("# nothing\n"),
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
    "an alias of itself": text("a: &a [*a]\n"),
    "a tag": text("case: !!python/object/apply:os.system [ls]\n"),
    "a directive": text("%YAML 9.9\n---\na: 1\n"),
    "a list": text("- 1\n- 2\n"),
    "a word": text("word\n"),
    "a number": text("7\n"),
    "null": text("null\n"),
    "JSON": text('{"case": "x"}'),
    "JSON cut off": text('{"case": "x", "facts": {'),
    "XML": text("<a><b/></a>"),
    "a script": text("#!/bin/sh\nrm -rf x\n"),
    "CSV": text("case,kind\na,b\n"),
    "a tab": text("case:\tx\n\tfacts: 1\n"),
    "an escape": text("case: x\x1b[31m\n"),
    "a C1 control": text("case: x\x9b31m\n"),
    "carriage returns": text(CASE.replace("\n", "\r")),
    "a line separator": text("case: a\u2028b\n"),
    "not closed": text('case: "x\n'),
    "a key twice": text(HEAD + "case: other\nfacts: {}\n"),
    "a key that is a list": text("? [a]\n: 1\n"),
    "5,000 digits": text(f"case: {'9' * 5000}\n"),
    "infinite": text("case: .inf\n"),
    "merge keys": text("a: &a {b: 1}\nc:\n  <<: *a\n"),
    "a key of nothing": text(": x\n"),
    "a NUL": text("case: a\0b\n"),
}
"""What a file may hold that is no file of ours."""

CASES: Mapping[str, Make] = {
    "no facts": text(HEAD),
    "facts are a list": text(f"{HEAD}facts: [1]\n"),
    "facts are a word": text(f"{HEAD}facts: many\n"),
    "facts are null": text(f"{HEAD}facts:\n"),
    "a name that is a list": text('case: [a]\nedition: "orchard"\nfacts: {}\n'),
    "a name of nothing": text('case: ""\nedition: "orchard"\nfacts: {}\n'),
    "a name that steers": text('case: "a\\e[31m\\u009b\\u202eb\\nc"\nedition: "orchard"\nfacts: {apples_total: 10, apples_ripe: 4}\n'),
    "a long name": text(f'case: {"n" * 20_000}\nedition: "orchard"\nfacts: {{apples_total: 10, apples_ripe: 4}}\n'),
    "a misspelt fact": text(f"{HEAD}facts: {{apples_totl: 1}}\n"),
    "a misspelt key": text(f"{HEAD}fact: {{}}\n"),
    "another key": text(f"{HEAD}facts: {{}}\nnote: x\n"),
    "a wrong edition": text('case: a\nedition: "orchrd"\nfacts: {}\n'),
    "a hostile edition": text('case: a\nedition: "../../\\e[31m"\nfacts: {}\n'),
    "an edition that is a year": text("case: a\nedition: 2020\nfacts: {}\n"),
    "a wrong period": text("case: a\nperiod: 1020\nfacts: {}\n"),
    "no period": text("case: a\nperiod: soon\nfacts: {}\n"),
    "no edition": text("case: a\nfacts: {}\n"),
    "edition against period": text('case: a\nedition: "orchard"\nperiod: 2021\nfacts: {}\n'),
    "a word for a count": text(f"{HEAD}facts: {{apples_total: many}}\n"),
    "a truth for a count": text(f"{HEAD}facts: {{apples_total: true}}\n"),
    "a list for a count": text(f"{HEAD}facts: {{apples_total: [1]}}\n"),
    "below zero": text(f"{HEAD}facts: {{apples_total: -1}}\n"),
    "a half": text(f"{HEAD}facts: {{apples_total: 1.5}}\n"),
    "very many": text(f"{HEAD}facts: {{apples_total: {'9' * 15}, apples_ripe: 0}}\n"),
    "none": text(f"{HEAD}facts: {{apples_total: none}}\n"),
    "a subject that is a list": text(f"{HEAD}facts: {{}}\nsubject: [a]\n"),
    "a subject that steers": text(f'{HEAD}facts: {{apples_total: 1, apples_ripe: 0}}\nsubject: {{id: "\\u202e", name: "\\u009b"}}\n'),
    "links to nobody": text(f"{HEAD}facts: {{apples_total: 1, apples_ripe: 0}}\nsuperior: nobody\nunit: u\n"),
    "links to itself": text(f"{HEAD}facts: {{apples_total: 1, apples_ripe: 0}}\nsuperior: basket\n"),
    "expects nonsense": text(f"{HEAD}facts: {{}}\nexpect: {{level: hgh}}\n"),
    "expects a list": text(f"{HEAD}facts: {{}}\nexpect: [high]\n"),
    "all open": text(f"{HEAD}facts: {{}}\n"),
    "decided by nobody": text(f"{HEAD}facts: {{apples_total: 1, apples_ripe: 0}}\ndecided: [{{level: high}}]\n"),
    "a round among cases": text("round: a\nunits: [1]\n"),
    "a round of nothing": text("round:\n"),
    "a round of hostile names": text('round: "\\e[31m\\u202e"\nunits: {"\\u009b": {name: "\\u202e"}}\n'),
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
    "no record": text("{}\n"),
    "a list": text("[]\n"),
    "no object": text("1\n"),
    "a torn line": text('{"record": 1'),
    "empty lines": text("\n\n\n"),
    "deep": text("[" * 100_000 + "\n"),
    "a number": text('{"record": 1e999}\n'),
    "another version": text('{"record": 99, "case": {}, "hash": "x"}\n'),
    "a surrogate": text('{"a": "\\ud800"}\n'),
    "parts of the wrong kind": text(
        '{"record": 1, "case": [], "edition": 1, "revision": [], "verdict": 0, "sequence": "1", "previous": 1, "hash": 1}\n'
    ),
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
    "a heading alone": text("case,apples_total\n"),
    "no heading": text("\n\n"),
    "a heading twice": text("case,apples_total,apples_total\na,1,2\n"),
    "a short row": text("case,apples_total,apples_ripe\na,1\n"),
    "a long row": text("case,apples_total\na,1,2,3\n"),
    "a quote left open": text('case,apples_total\n"a,1\n'),
    "a nameless column": text(",apples_total\na,1\n"),
    "an unknown column": text("case,apples_totl\na,1\n"),
    "a bad byte": text(b"case,apples_total\na\xff,1\nb,2\n"),
    "a steering name": text('case,apples_total,apples_ripe\n"\x1b[31m\u202e",x,1\n'),
    "a steering heading": text("case,\x1b[31m\u202e\na,1\n"),
    "very many columns": text(",".join(f"c{n}" for n in range(2_000)) + "\n"),
    "beyond 64 bits": text(f"case,apples_total,apples_ripe\na,{10**30},1\n"),
    "no column of facts": text("case\na\n"),
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
