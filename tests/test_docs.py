"""What the documents say is run: every shell block, and every picture of output is the real output."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.build import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
RUNTIME = ("prove", "fast", "batch", "duckdb", "spark")


def _pins(path: Path) -> dict[str, str]:
    lines = [Requirement(line) for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert all(len(line.specifier) == 1 and next(iter(line.specifier)).operator == "==" and line.marker is None for line in lines)
    return {canonicalize_name(line.name): next(iter(line.specifier)).version for line in lines}


def _asked() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    lines = map(Requirement, [*PROJECT["dependencies"], *(line for extra in RUNTIME for line in extras[extra])])
    return [line for line in lines if line.name != "policy-engine"]


def test_every_dependency_is_named_and_above_its_floor() -> None:
    pins = _pins(ROOT / "constraints" / f"{PROJECT['version']}.txt")
    wrong = [str(asked) for asked in _asked() if not asked.specifier.contains(Version(pins.get(canonicalize_name(asked.name), "0")))]

    assert wrong == []


PAGES = (ROOT / "docs" / "security.md", ROOT / "docs" / "decisions" / "0028-editions-kept-between-runs.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_is_named_is_there(page: Path) -> None:
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    defined = set(re.findall(r"^def (test_\w+)\(", sources, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", page.read_text("utf-8")))

    assert named
    assert named - defined == set()


def test_nothing_else_is_written_unasked(tmp_path: Path) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    (here / "case.yaml").write_text((ROOT / "cases" / "bad" / "rulebook" / "case.yaml").read_text("utf-8"), "utf-8")
    kept_as_it_is = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
    environment = kept_as_it_is | {"HOME": str(home), "TMPDIR": str(here), "PYTHONPATH": str(ROOT)}
    book = ROOT / "cases" / "bad" / "rulebook" / "PE302-unknown-name"
    program = "from policy_engine.cli.main import main; main()"
    for words in (
        ("evaluate", str(ROOT / "cases/2020/II.1/good/specialist-outstanding.yaml")),
        ("evaluate", "case.yaml"),
        ("check", "2020"),
        ("evaluate", "case.yaml", "--rulebook", str(book)),
    ):
        subprocess.run(
            [sys.executable, "-c", program, *words], cwd=here, env=environment, capture_output=True, check=False
        )  # fmt: skip

    written = {path.relative_to(tmp_path).parts[:4] for path in tmp_path.rglob("*") if path.is_file()}
    cache, config = ("home", ".cache", "policy-engine"), ("home", ".config", "policy-engine")
    assert written == {("here", "case.yaml"), (*cache, "editions"), (*config, "cache.key")}


DOCS_PAGES = [ROOT / "README.md", ROOT / "README.vi.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = DOCS_PAGES if os.environ.get("POLICY_ENGINE_ALL_TESTS") else DOCS_PAGES[:2]
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
    return [(str(page.relative_to(ROOT)), *found) for page in DOCS_PAGES for found in PICTURE.findall(page.read_text("utf-8"))]


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
        for page in DOCS_PAGES
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]

    assert broken == []
