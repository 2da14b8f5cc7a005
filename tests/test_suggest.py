"""`policy-engine test --suggest`: the cases that are missing are written, and wait for a person to say what must come out."""

from pathlib import Path

import pytest

from tests.editions.small import FOLDER, write_cases
from tests.test_cli import Cli

RULEBOOK = str(FOLDER / "press")
FACTS = {"kind": "press", "barrels": 9, "clean": True, "months": 9, "idle": False, "guest": False, "house": "top", "village": "top"}


@pytest.fixture
def weak(tmp_path: Path) -> Path:
    return write_cases(tmp_path / "cases", {"far": {"case": "far", "edition": "press", "facts": FACTS, "expect": {"level": "top"}}})


def _confirmed(text: str) -> str:
    facts, _, expected = text.partition("# expect:")
    return facts + "expect:" + "\n".join(line.removeprefix("# ").removeprefix("#") for line in expected.split("\n"))


def test_what_is_missing_is_written(weak: Path, tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "suggested"

    _, _, err = cli("test", str(weak), "--rulebook", RULEBOOK, "--mutate", "--suggest", str(folder))
    files = sorted(folder.iterdir())
    texts = [path.read_text("utf-8") for path in files]

    assert len(files) == err.count("written: ") > 10
    assert not any("yaml-language-server" in text for text in texts), "no project stands above: no path of this computer is written"
    assert all(text.startswith(f"case: {path.stem}\n") for path, text in zip(files, texts, strict=True))
    assert all("# expect:\n#   outcome: " in text and "\nexpect:" not in text for text in texts)
    assert any("never seen exactly 6" in text and "chưa lần nào ở đúng bằng 6" in text for text in texts)


@pytest.mark.usefixtures("weak")
def test_what_is_confirmed_completes_the_set(tmp_path: Path, cli: Cli) -> None:
    rulebook = ("--rulebook", RULEBOOK)
    for number in (1, 2):
        folder = tmp_path / f"round-{number}"
        cli("test", str(tmp_path), *rulebook, "--mutate", "--suggest", str(folder))
        for path in folder.iterdir() if folder.is_dir() else ():
            path.write_text(_confirmed(path.read_text("utf-8")), "utf-8")

    code, out, err = cli("test", str(tmp_path), *rulebook, "--mutate")
    lines = " ".join(out.split())

    assert (code, err) == (0, "")
    assert "figures seen from 15 of 15 sides ✓ every one" in lines
    assert "small changes of the rulebook are noticed ✓ every one" in lines


def test_a_file_that_exists_is_never_overwritten(weak: Path, tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "suggested"
    call = ("test", str(weak), "--rulebook", RULEBOOK, "--suggest", str(folder))
    cli(*call)
    first = min(folder.iterdir())
    first.write_text("mine", "utf-8")

    _, _, err = cli(*call)

    assert first.read_text("utf-8") == "mine"
    assert err.count("it is left as it is") == len(list(folder.iterdir()))


def test_without_the_extra_nothing_is_suggested(
    weak: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr("policy_engine.cli.test.oracle_of", lambda _: None)

    code, _, err = cli("test", str(weak), "--rulebook", RULEBOOK, "--suggest", str(tmp_path / "suggested"))

    assert code == 2
    assert "policy-engine[prove]" in err
