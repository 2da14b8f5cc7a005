"""Every kept bad file, and the few that are made when they are needed: its code, its places, and how to read it.

The first line of a bad file says what is wrong with it, and where: `# PE106 at 6:3: the key stands twice`. It is written
by hand, so the place is what a person sees, not what the engine said. A place in another file is
`../case.yaml:5:3`, one of a whole folder `.:1:1`, and several are joined by `and`.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from policy_engine.errors import FINDINGS
from policy_engine.load.limits import MAX_FILES
from policy_engine.load.yaml_events import MAX_NODES
from policy_engine.load.yaml_text import MAX_BYTES
from tests.build import ROOT

BAD = ROOT / "cases" / "bad"
RULEBOOKS = BAD / "rulebook"
SAMPLE_CASE = RULEBOOKS / "case.yaml"
_NOTE = re.compile(r"# (PE[0-9]{3}) at (\S+(?: and \S+)*): \S.*", re.ASCII)
_PLACE = re.compile(r"(?:(.+):)?([0-9]+):([0-9]+)", re.ASCII)

Place = tuple[Path, int, int]


class Bad(NamedTuple):
    """One fault: its code, what is handed to the command, with which rulebook, and where the fault is told."""

    code: str
    case: Path
    rulebook: Path | None
    places: tuple[Place, ...]

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the arguments of the command: `check` for findings, `fmt` for layout, `replay` for records, `round` for a round."""
        if self.of_a_check:
            return ("check", "--fail-level", "note", "--rulebook", str(self.rulebook))
        if self.of_layout:
            return ("fmt", "--check", str(self.case))
        command = "replay" if self.of_records else "round" if self.of_a_round else "evaluate"
        return (command, str(self.case), *(("--rulebook", str(self.rulebook)) if self.rulebook else ()))

    @property
    def of_layout(self) -> bool:
        """Whether the fault lies in how a file is laid out."""
        return self.code.startswith("PE84")

    @property
    def of_a_round(self) -> bool:
        """Whether the fault lies in how the cases of a round hang together, or in what is named as one."""
        return self.code.startswith("PE7") or self.code == "PE516"

    @property
    def of_a_check(self) -> bool:
        """Whether it is a finding in an edition that can be read."""
        return self.code in FINDINGS

    @property
    def of_records(self) -> bool:
        """Whether the fault lies in a file of records."""
        return self.code == "PE611"


def kept() -> list[Bad]:
    """Return every bad file that is kept in `cases/bad/`."""
    noted = [bad for path in sorted(BAD.rglob("*.yaml")) if (bad := _read(path))]
    table = BAD / "PE515-table.csv"
    no_cases, no_edition, no_yaml = BAD / "PE511-no-cases", RULEBOOKS / "PE607-no-edition", BAD / "PE841-no-yaml"
    return [
        *noted,
        Bad("PE511", no_cases, None, ((no_cases, 1, 1),)),
        Bad("PE515", table, None, ((table, 1, 1),)),
        Bad("PE607", SAMPLE_CASE, no_edition, ((no_edition, 1, 1),)),
        Bad("PE841", no_yaml, None, ((no_yaml, 1, 1),)),
    ]


def _read(path: Path) -> Bad | None:
    with path.open("rb") as file:
        note = _NOTE.fullmatch(file.readline().decode().rstrip("\n"))
    if note is None:
        return None
    places = tuple(_place(path, text) for text in note[2].split(" and "))
    within = path.relative_to(BAD).parts
    if within[0] == RULEBOOKS.name:
        rulebook = RULEBOOKS / within[1]
        own = (own for own in (rulebook / SAMPLE_CASE.name, rulebook / "round") if own.exists())
        return Bad(note[1], next(own, SAMPLE_CASE), rulebook, places)
    return Bad(note[1], BAD / within[0], None, places)


def _place(path: Path, text: str) -> Place:
    found = _PLACE.fullmatch(text)
    assert found, f"{path}: {text} is not a place"
    return (path.parent / found[1]).resolve() if found[1] else path, int(found[2]), int(found[3])


def _too_large(path: Path) -> Place:
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    return path, 1, 1


def _too_many(path: Path) -> Place:
    head = "case: too-many\nfacts:\n  tasks:\n"
    values_of_head = 7
    path.write_text(head + "    - 0\n" * MAX_NODES, encoding="utf-8")
    return path, head.count("\n") + MAX_NODES - values_of_head + 1, 7


def _missing(path: Path) -> Place:
    return path, 1, 1


def _empty(path: Path) -> Place:
    path.write_bytes(b"")
    return path, 1, 1


def _without_subject(path: Path) -> Place:
    path.write_text('case: no-subject\nedition: "2020"\nfacts: {kind: collective}\n', encoding="utf-8")
    return path, 1, 1


def _leading_nowhere(path: Path) -> Place:
    path.mkdir()
    (path / "case.yaml").symlink_to("nobody.yaml")
    return path / "case.yaml", 1, 1


def _too_many_files(path: Path) -> Place:
    path.mkdir()
    (path / "0.yaml").touch()
    for number in range(1, MAX_FILES + 1):
        os.link(path / "0.yaml", path / f"{number}.yaml")
    return path, 1, 1


def stricter(schema: bytes) -> bytes:
    """Return the schema of cases, asking for a subject: no published schema refuses what the builder takes."""
    data = json.loads(schema)
    return json.dumps({**data, "required": [*data["required"], "subject"]}).encode()


MADE: Mapping[str, Callable[[Path], Place]] = {
    "PE102": _too_large, "PE104": _too_many, "PE114": _missing, "PE205": _without_subject, "PE611": _empty,
    "PE116": _too_many_files, "PE880": _leading_nowhere,
}  # fmt: skip
"""Faults that no file is kept for: too large for the repository, no file at all, or good under the published schemas."""


def made(code: str, folder: Path) -> Bad:
    """Make the bad file of a code that none is kept for."""
    path = folder / f"{code}.yaml"
    return Bad(code, path, None, (MADE[code](path),))
