"""What `docs/security.md` promises: each test that it names is there, and what is written unasked switches nothing off."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_engine.load import schema
from tests.bad_files import kept
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
PAGES = (ROOT / "docs" / "security.md", ROOT / "docs" / "decisions" / "0017-marks-of-the-cache.md")
_CODE = re.compile(r"\bPE[0-9]{3}\b")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_is_named_is_there(page: Path) -> None:
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    defined = set(re.findall(r"^def (test_\w+)\(", sources, re.MULTILINE))

    named = set(re.findall(r"`(test_\w+)`", page.read_text("utf-8")))

    assert named
    assert named - defined == set()


def test_a_report_has_an_address() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")

    assert {"report", "supported", "docs/security.md"} <= set(re.findall(r"report|supported|docs/security\.md", text.lower()))


def _codes(cli: Cli, words: tuple[str, ...]) -> tuple[int, list[str]]:
    code, out, err = cli(*words)
    return code, sorted(_CODE.findall(out + err))


def test_a_forged_mark_lets_nothing_through(cli: Cli, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    bad = [one.arguments for one in kept()][:: 1 if request.config.getoption("--long") else 3]
    before = {words: _codes(cli, words) for words in bad}

    monkeypatch.setattr(schema, "_is_remembered", lambda _: True)

    assert {words: found for words in bad if (found := _codes(cli, words)) != before[words]} == {}


@pytest.mark.parametrize("rights", [0o666, 0o620, 0o602])
def test_marks_of_others_are_not_read(rights: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    mark = "ab" * 32
    schema._remember(mark)
    path = Path(schema._store(mark))

    assert schema._is_remembered(mark)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(rights)
    assert not schema._is_remembered(mark)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make a file of another user")
def test_marks_in_a_file_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    mark = "cd" * 32
    schema._remember(mark)
    os.chown(schema._store(mark), 12345, 12345)

    assert not schema._is_remembered(mark)


def test_nothing_else_is_written_unasked(tmp_path: Path) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    (here / "case.yaml").write_text((ROOT / "cases" / "bad" / "rulebook" / "case.yaml").read_text("utf-8"), "utf-8")
    kept_as_it_is = {key: value for key, value in os.environ.items() if key != "XDG_CACHE_HOME"}
    environment = kept_as_it_is | {"HOME": str(home), "TMPDIR": str(here), "PYTHONPATH": str(ROOT)}
    book = ROOT / "cases" / "bad" / "rulebook" / "PE302-unknown-name"
    program = "from policy_engine.cli.main import main; main()"

    for words in (("evaluate", "case.yaml"), ("check", "2020"), ("evaluate", "case.yaml", "--rulebook", str(book))):
        subprocess.run(
            [sys.executable, "-c", program, *words], cwd=here, env=environment, capture_output=True, check=False
        )  # fmt: skip

    written = {path.relative_to(tmp_path).parts[:4] for path in tmp_path.rglob("*") if path.is_file()}
    assert written <= {("here", "case.yaml"), ("home", ".cache", "policy-engine", "schema-marks.d")}
