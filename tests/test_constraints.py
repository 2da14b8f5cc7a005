"""The engine of a past year can be had again: the file of constraints names every library, and each fits what the project asks for."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FILES = sorted((ROOT / "constraints").glob("*.txt"))
RUNTIME = ("prove", "batch", "duckdb", "spark")


def _pins(path: Path) -> dict[str, str]:
    lines = [Requirement(line) for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert all(len(line.specifier) == 1 and next(iter(line.specifier)).operator == "==" and line.marker is None for line in lines)
    return {canonicalize_name(line.name): next(iter(line.specifier)).version for line in lines}


def _asked() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    lines = map(Requirement, [*PROJECT["dependencies"], *(line for extra in RUNTIME for line in extras[extra])])
    return [line for line in lines if line.name != "policy-engine"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_line_is_one_release_and_in_order(path: Path) -> None:
    names = [line.partition("==")[0] for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]

    assert sorted(_pins(path)) == names


def test_every_dependency_is_named_and_above_its_floor() -> None:
    pins = _pins(ROOT / "constraints" / f"{PROJECT['version']}.txt")

    wrong = [str(asked) for asked in _asked() if not asked.specifier.contains(Version(pins.get(canonicalize_name(asked.name), "0")))]

    assert wrong == []


@pytest.mark.skipif(not (ROOT / ".ci" / "constraints").is_file(), reason="beside a wheel there is no script")
def test_nothing_that_is_needed_in_turn_is_left_out() -> None:
    program = "import runpy, sys; made = runpy.run_path('.ci/constraints'); release = made['release'].__globals__\n"
    program += "def known(name):\n    from importlib.metadata import PackageNotFoundError, distribution\n"
    program += "    try:\n        found = distribution(name)\n    except PackageNotFoundError:\n        return '', []\n"
    program += "    return found.version, list(found.requires or ())\n"
    program += "release['release'] = known\nprint(*made['closure']([(line, '') for line in sys.argv[1:]]))"
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, _asked())], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True
    )

    assert set(done.stdout.split()) - _pins(ROOT / "constraints" / f"{PROJECT['version']}.txt").keys() == set()
