"""Many rows as CSV, lines of JSON and Parquet, with bad ones of many kinds among them, each with the line that an editor counts."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from tests.build import tuples

ROWS, EVERY = 100_000, 1_000
"""How many rows there are, and each so manieth is a bad one."""
_COUNTS = ("tasks_total", "tasks_completed", "tasks_deficient", "tasks_well_done", "tasks_exceeded")
_TRUE = ("political_ideology_met", "ethics_lifestyle_met", "working_style_met", "discipline_met", "assigned_duties_met")
NAMES = (
    "case", "note", "kind", "workplace", "position", *_TRUE, "ideological_decline", "discipline_decided_on", *_COUNTS,
)  # fmt: skip
Cells = dict[str, str]


def row(number: int) -> Cells:
    """Return a good row; some are excellent and some good, some hold a break of lines, some a quote."""
    note = {0: "Đỗ Thị B\nphó ban", 1: "a, b", 2: 'x "y"'}.get(number % 500, "")
    facts = {"kind": "officer", "workplace": "head_office", "position": "specialist", **dict.fromkeys(_TRUE, "true")}
    exceeded = str(number % 21)
    counts = dict(zip(_COUNTS, ("20", "20", "0", "20", exceeded), strict=True))
    return {"case": f"c{number}", "note": note, **facts, "ideological_decline": "false", "discipline_decided_on": "none", **counts}


def is_bad(number: int) -> bool:
    return number % EVERY == EVERY - 1


def _line(cells: Cells) -> str:
    return ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if set(cell) & set(',"\n') else cell for cell in cells.values())


def _with(name: str, cell: str) -> Callable[[Cells], bytes]:
    return lambda cells: _line({**cells, name: cell}).encode()


def _bytes(name: str, cell: bytes) -> Callable[[Cells], bytes]:
    return lambda cells: _line({**cells, name: "@@"}).encode().replace(b"@@", cell)


CELLS: Mapping[str, tuple[str, str, str]] = tuples("bad_rows", "cells")
"""Cells that no file may hold, with their codes."""
CSV: Mapping[str, tuple[Callable[[Cells], bytes], str]] = {
    **{kind: (_with(name, cell), code) for kind, (name, cell, code) in CELLS.items()},
    "short": (lambda cells: _line(cells).rpartition(",")[0].encode(), "PE859"),
    "long": (lambda cells: _line(cells).encode() + b",", "PE859"),
    "case alone": (lambda cells: cells["case"].encode(), "PE859"),
    "bad byte": (_bytes("note", b"x\xff"), "PE862"),
    "half a sign": (_bytes("note", b"x\xed\xa0\x80"), "PE862"),
    "cut sign": (_bytes("position", b"speciali\xc3"), "PE862"),
    "quote open first": (lambda cells: b'"' + _line(cells).encode(), "PE864"),
    "quote open last": (lambda cells: _line({**cells, "tasks_exceeded": "@@"}).encode().replace(b"@@", b'"9'), "PE864"),
    "text after quote": (_bytes("note", b'"x"y'), "PE864"),
    "break in a word": (_with("workplace", "head\noffice"), "PE503"),
    "zero byte": (_with("kind", "offi\0cer"), "PE503"),
    "case twice": (_with("case", "c0"), "PE860"),
}  # fmt: skip
"""How a row of CSV becomes a bad one, and the code of what is wrong with it."""


def write_csv(path: Path, *, bad: bool) -> list[tuple[int, str]]:
    """Write the rows, blank ones among them; return the line and the code of each bad one."""
    kinds = list(CSV.values())
    told: list[tuple[int, str]] = []
    line = 2
    with path.open("wb") as file:
        file.write(b"\xef\xbb\xbf" + ",".join(NAMES).encode() + b"\r\n")
        for number in range(ROWS):
            text = _line(row(number)).encode()
            if bad and is_bad(number):
                make, code = kinds[len(told) % len(kinds)]
                text = make(row(number))
                told.append((line, code))
            if bad and number % 7_000 == 5:
                text += b"\r\n" + b"," * (len(NAMES) - 1)
            file.write(text + b"\r\n")
            line += text.count(b"\n") + 1
    return told


def as_values(cells: Cells) -> dict[str, object]:
    """Return a row as values of JSON or Parquet."""
    truths = {"true": True, "false": False}
    return {name: int(cell) if name in _COUNTS else truths.get(cell, cell) for name, cell in cells.items()}


def _json(**changed: object) -> Callable[[Cells], bytes]:
    return lambda cells: json.dumps({**as_values(cells), **changed}).encode()


def _end(text: str) -> Callable[[Cells], bytes]:
    return lambda cells: json.dumps(as_values(cells)).encode()[:-1] + text.encode()


JSON: Mapping[str, tuple[Callable[[Cells], bytes], str]] = {
    "key twice": (_end(', "ideological_decline": true}'), "PE861"),
    "key twice in an item": (_end(', "tasks": [{"completed": true, "completed": false}]}'), "PE861"),
    "no end": (_end(""), "PE856"),
    "more than an object": (_end("} {}"), "PE856"),
    "a text": (lambda _: b'"officer"', "PE856"),
    "a list": (lambda _: b"[1]", "PE856"),
    "no JSON": (lambda _: b"officer", "PE856"),
    "bad byte": (lambda cells: json.dumps(as_values(cells)).encode().replace(b"specialist", b"specialis\xff"), "PE862"),
    "half a sign": (_json(note="\ud800"), "PE862"),
    "half a sign in a key": (_end(', "\\udfff": 1}'), "PE862"),
    "misspelt": (_json(positon="head"), "PE850"),
    "a key without a name": (_end(', "": 1}'), "PE850"),
    "no choice": (_json(position="specialst"), "PE503"),
    "no whole number": (_json(tasks_total=20.5), "PE502"),
    "below nothing": (_json(tasks_total=-1), "PE502"),
    "beyond 64 bits": (_json(tasks_total=1 << 63), "PE852"),
    "no day": (_json(discipline_decided_on="2020-02-30"), "PE502"),
    "never none": (_json(tasks_total="none"), "PE507"),
    "more than all": (_json(tasks_completed=21), "PE505"),
    "case twice": (_json(case="c0"), "PE860"),
}
"""How a line of JSON becomes a bad one, and the code of what is wrong with it."""


def write_json(path: Path) -> list[tuple[int, str]]:
    """Write the rows, blank lines among them; return the line and the code of each bad one."""
    kinds = list(JSON.values())
    told: list[tuple[int, str]] = []
    line = 1
    with path.open("wb") as file:
        for number in range(ROWS):
            text = json.dumps(as_values(row(number))).encode()
            if is_bad(number):
                make, code = kinds[len(told) % len(kinds)]
                text = make(row(number))
                told.append((line, code))
            if number % 7_000 == 5:
                text += b"\n  "
            file.write(text + b"\n")
            line += text.count(b"\n") + 1
    return told


PARQUET: Mapping[str, tuple[dict[str, object], str]] = {
    "no choice": ({"position": "specialst"}, "PE503"),
    "below nothing": ({"tasks_total": -1}, "PE502"),
    "no day": ({"discipline_decided_on": "2020-02-30"}, "PE502"),
    "more than all": ({"tasks_completed": 21}, "PE505"),
    "case twice": ({"case": "c0"}, "PE860"),
}
"""How a row of Parquet becomes a bad one, and the code of what is wrong with it."""


def write_parquet(path: Path) -> list[tuple[int, str]]:
    """Write the rows; return the number and the code of each bad one."""
    kinds = list(PARQUET.values())
    told: list[tuple[int, str]] = []
    rows: list[dict[str, object]] = []
    for number in range(ROWS):
        values = as_values(row(number))
        if is_bad(number):
            changed, code = kinds[len(told) % len(kinds)]
            values |= changed
            told.append((number + 1, code))
        rows.append(values)
    pl.DataFrame(rows, infer_schema_length=10).write_parquet(path, row_group_size=30_000)
    return told
