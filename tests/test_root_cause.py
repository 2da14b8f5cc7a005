"""A wrong declaration is the first and only error of its kind: what merely follows from it is held back."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from policy_engine.checks.run import check_edition, severity_of
from policy_engine.load.edition import survey_edition
from tests.build import tuples
from tests.conftest import ROOT

Told = list[tuple[str, str]]

WRONG: dict[str, tuple[str, str, str, str, Told]] = tuples("root_cause", "wrong")
"""A slip in a declaration: edition, file, what stands there, what is written instead, and what is told (the code, what stands there)."""


def _told(folder: Path) -> list[tuple[str, str]]:
    checked = check_edition(survey_edition("x", str(folder)))
    return [(p.code, p.excerpt[p.location.column - 1 :]) for p in checked.findings if severity_of(p) != "note"]


def _copy(name: str, to: Path) -> Path:
    return Path(shutil.copytree(ROOT / "rulebook" / name, to / "x", ignore=shutil.ignore_patterns("*.lock*")))


def _agree(wanted: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> bool:
    return len(wanted) == len(found) and all(w[0] == f[0] and f[1].startswith(w[1]) for w, f in zip(wanted, found, strict=True))


@pytest.mark.parametrize("slip", WRONG)
@pytest.mark.sampled(3)
def test_one_slip_is_one_error(slip: str, tmp_path: Path) -> None:
    name, file, old, new, wanted = WRONG[slip]
    folder = _copy(name, tmp_path)
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")

    found = _told(folder)

    assert _agree(wanted, found), found


@pytest.mark.parametrize(("pattern", "code"), [(r"(?m)^    value: \S.*$", "PE404"), (r"(?m)^    type: \w+$", "PE204")])
def test_every_declaration_wrong_at_once(pattern: str, code: str, tmp_path: Path) -> None:
    folder = _copy("2020", tmp_path)
    count = 0
    for path in folder.rglob("*.yaml"):
        text, changed = re.subn(pattern, lambda found: found[0].partition(":")[0] + ": oops", path.read_text("utf-8"))
        path.write_text(text, "utf-8")
        count += changed

    found = _told(folder)

    assert count > 5
    assert [code] * count == [told for told, _ in found]
