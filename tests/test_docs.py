"""What the documents say is run: every shell block, and every picture of output is the real output."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "README.vi.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = PAGES if os.environ.get("POLICY_ENGINE_ALL_TESTS") else PAGES[:2]
"""Whose blocks are run: a newcomer's test run takes those of the README, CI takes every page. Pictures are always made anew."""
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"<!-- run: (.*?) -->\n```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SET_UP = ("pip install", "pybabel", "./check")
"""Commands that change an environment; CI runs those of the README as they stand."""


def _shell_blocks() -> list[tuple[str, str]]:
    found = [(page, block) for page in RUN for block in BLOCK.findall(page.read_text("utf-8"))]
    once = {block: (str(page.relative_to(ROOT)), block) for page, block in reversed(found) if not any(word in block for word in SET_UP)}
    return list(once.values())[::-1]


def _pictures() -> list[tuple[str, str, str]]:
    return [(str(page.relative_to(ROOT)), *found) for page in PAGES for found in PICTURE.findall(page.read_text("utf-8"))]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("rulebook", "cases", "schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "LANG": "C.UTF-8", "LANGUAGE": ""}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(("page", "block"), _shell_blocks(), ids=lambda text: text.split("\n")[0][:60])
def test_shell_blocks_run(page: str, block: str, project: Path) -> None:
    done = _run(block, project)

    assert done.returncode == 0, f"{page}: {done.stderr}"
    assert done.stdout + done.stderr


@pytest.mark.parametrize(("page", "command", "shown"), _pictures(), ids=lambda text: text.split("\n")[0][:60])
@pytest.mark.sampled(3)
def test_pictures_are_the_real_output(page: str, command: str, shown: str, project: Path) -> None:
    done = _run(command, project)

    assert shown == done.stdout + done.stderr, page


def test_the_documents_have_what_is_run() -> None:
    pages = {page for page, _ in _shell_blocks()}

    assert "README.md" in pages
    assert len(pages) > 5 or len(RUN) == 2
    assert {"README.md", "README.vi.md"} <= {page for page, _, _ in _pictures()}


def test_the_twin_readme_has_the_same_commands() -> None:
    english, vietnamese = (BLOCK.findall((ROOT / name).read_text("utf-8")) for name in ("README.md", "README.vi.md"))

    assert len(english) == len(vietnamese)
    assert english[1:] == vietnamese[1:]
    assert english[0] == vietnamese[0].replace("--lang vi", "--lang en")


def test_links_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]

    assert broken == []
