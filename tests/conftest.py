"""What every test shares: the places of the project, the shipped library, and the flag for long runs."""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from policy_engine.cli.main import run
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.load.library import Library
from policy_engine.load.lock import COPIES, NAME
from policy_engine.model.rulebook import Edition
from tests.build import RULEBOOK, Cli


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--long`: ten times the draws of tests that draw at random."""
    parser.addoption("--long", action="store_true", default=False, help="draw ten times as many random cases")


def pytest_configure(config: pytest.Config) -> None:
    """Keep tests that share what is slow to make on one worker, where there are several (`xdist_group`)."""
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "loadgroup"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of tests that are marked as many of one kind take one in so many, unless all are asked for (`--long`, or CI)."""
    if config.getoption("--long") or os.environ.get("POLICY_ENGINE_ALL_TESTS"):
        return
    seen: Counter[str] = Counter()
    left: list[pytest.Item] = []
    for item in items:
        mark = item.get_closest_marker("sampled")
        name = item.nodeid.partition("[")[0]
        seen[name] += mark is not None
        if mark is not None and (seen[name] - 1) % mark.args[0]:
            left.append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        gone = set(left)
        items[:] = [item for item in items if item not in gone]


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="session")
def library() -> Library:
    """Return the editions that come with the engine."""
    return Library()


@pytest.fixture(scope="session")
def edition(library: Library) -> Edition:
    return library.edition("2020")


@pytest.fixture(scope="session")
def evaluator(edition: Edition) -> Evaluator:
    """Return the edition of 2020, ready to rate."""
    return Evaluator(edition)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Return a folder with a copy of the sealed edition of 2020, with its lock and its sealed copy."""
    for part in ("2020", COPIES):
        shutil.copytree(RULEBOOK / part, tmp_path / "rulebook" / part)
    return Path(shutil.copy(RULEBOOK / NAME, tmp_path / "rulebook")).parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a file of records may be written."""
    return tmp_path / "records.jsonl"


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Return the command line: arguments to exit code, standard output and standard error."""

    def call(*arguments: str, lang: str = "en") -> tuple[int, str, str]:
        code = run([*arguments, "--lang", lang], lang)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
