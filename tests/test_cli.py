"""The command line as users and scripts meet it: output, languages, exit codes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from policy_engine.cli.commands import COMMANDS
from policy_engine.cli.main import language_asked
from policy_engine.load.files import data_root
from tests.build import tuples
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
GOOD = str(ROOT / "cases/2020/II.1/good/specialist-outstanding.yaml")
BAD = str(ROOT / "cases/bad/PE501-unknown-fact.yaml")


def _schema(name: str) -> Any:
    return json.loads(Path(data_root(), "schemas", name).read_text("utf-8"))


def _gap_case() -> str:
    edge = sorted((ROOT / "cases/2020/II.1/edge").glob("*.yaml"))
    return str(next(path for path in edge if "outcome: gap" in path.read_text("utf-8")))


def test_json_is_the_contract(cli: Cli) -> None:
    code, out, err = cli("evaluate", "--format", "json", GOOD)
    verdict = json.loads(out)

    jsonschema.Draft202012Validator(_schema("verdict.schema.json")).validate(verdict)
    assert (code, err) == (0, "")
    assert {key: verdict[key] for key in ("outcome", "level", "gap_possible", "possible_exact", "open_questions")} == {
        "outcome": "classified",
        "level": "excellent",
        "gap_possible": False,
        "possible_exact": True,
        "open_questions": [],
    }
    assert verdict["interpretations"] == ["J-01", "J-03", "J-04", "J-05", "J-10"]
    assert verdict["revision"].startswith("sha256:")
    half = next(c for c in verdict["levels"][0]["criteria"] if c["phrase"] == "ít nhất 50%")
    assert half["condition"] == "share(tasks_exceeded, tasks_total) >= min_exceeded"
    assert half["citation"] == "II.1.3.a/HTXSNV/2"


def test_errors_as_text_have_place_caret_and_advice(cli: Cli) -> None:
    code, out, err = cli("evaluate", BAD)

    assert (code, out) == (3, "")
    lines = err.splitlines()
    assert f"{BAD}:" in lines[0]
    assert "PE501" in lines[0]
    assert lines[2].strip() == "^"
    assert lines[3].startswith("  → ")


def test_fail_on(cli: Cli) -> None:
    gap = _gap_case()

    assert cli("evaluate", gap)[0] == 0
    assert cli("evaluate", "--fail-on", "undetermined,gap", gap)[0] == 1
    assert cli("evaluate", "--fail-on", "undetermined", gap)[0] == 0
    assert cli("evaluate", "--fail-on", "gaps", gap)[0] == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    tuples("cli", "exit_codes"),
)
def test_exit_codes(cli: Cli, arguments: tuple[str, ...], code: int) -> None:
    found, out, err = cli(*arguments)

    assert code == found
    assert out == ""
    assert err
    assert "Traceback" not in err


def test_text_names_level_figures_clause_and_that_it_proposes(cli: Cli) -> None:
    english = " ".join(cli("evaluate", GOOD)[1].split())
    vietnamese = " ".join(cli("evaluate", GOOD, lang="vi")[1].split())

    for text, level, proposal in ((english, "Outstanding", "proposal"), (vietnamese, "Hoàn thành xuất sắc nhiệm vụ", "đề xuất")):
        assert level in text
        assert proposal in text
        assert "ít nhất 50%" in text
        assert "II.1.3.a/HTXSNV/2" in text


def test_markdown_escapes_what_a_user_wrote(cli: Cli, tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text(Path(GOOD).read_text("utf-8").replace("name: Cán bộ A", "name: '*[Cán]* <b>'"), "utf-8")

    _, out, _ = cli("evaluate", "--format", "markdown", str(case))

    assert "\\*\\[Cán\\]\\* \\<b\\>" in out


@pytest.mark.parametrize("track", [None, "head_office_specialist", "head_office_leader"])
def test_new_case_is_valid_as_it_stands(cli: Cli, tmp_path: Path, track: str | None) -> None:
    target = tmp_path / "case.yaml"
    chosen = ("--track", track) if track else ()

    written = cli("new-case", "--output", str(target), *chosen)
    text = target.read_text("utf-8")
    code, out, err = cli("evaluate", "--format", "json", str(target))

    assert written[0] == 0
    assert (code, err) == (0, "")
    assert json.loads(out)["outcome"] == "undetermined"
    assert json.loads(out)["open_questions"]
    facts = text.split("facts:\n")[1]
    answers = [line for line in facts.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(answers) > 15
    assert all(line.endswith(": unknown") for line in answers)


def test_new_case_never_overwrites(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "case.yaml"
    target.write_text("mine", "utf-8")

    code, _, err = cli("new-case", "--output", str(target))

    assert code == 2
    assert "case.yaml" in err
    assert target.read_text("utf-8") == "mine"
    assert [target] == list(tmp_path.iterdir())


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_help_can_be_followed(cli: Cli, lang: str) -> None:
    code, out, _ = cli("--help", lang=lang)

    assert code == 0
    for word in ("policy-engine new-case", "policy-engine evaluate case.yaml", "evaluate", "new-case"):
        assert word in out
    assert cli("evaluate", "--help", lang=lang)[0] == 0
    listed = [out.rindex(f"\n  {name} ") for name in COMMANDS if " " not in name]
    assert sorted(listed) == listed  # as they are used, not by the alphabet


def test_language_is_known_before_the_commands_are() -> None:
    assert language_asked(["evaluate", "x", "--lang", "vi"], {"LANG": "en_GB.UTF-8"}) == "vi"
    assert language_asked(["--lang=vi"], {}) == "vi"
    assert language_asked([], {"LANG": "vi_VN.UTF-8"}) == "vi"
    assert language_asked(["--lang"], {"LANG": "C"}) == "en"


def _process(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "policy_engine", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, timeout=60, check=False)


def test_vietnamese_survives_a_narrow_code_page() -> None:
    done = _process("evaluate", "--lang", "vi", GOOD, PYTHONIOENCODING="cp1252")

    assert done.returncode == 0
    assert "Hoàn thành xuất sắc nhiệm vụ" in done.stdout.decode("utf-8")


def test_one_case_loads_nothing_heavy() -> None:
    program = "import sys; from policy_engine.cli.main import run; run(sys.argv[1:], 'en'); print(sorted(sys.modules), file=sys.stderr)"
    command = [sys.executable, "-c", program, "evaluate", GOOD]
    subprocess.run(command, capture_output=True, timeout=60, check=True)

    modules = subprocess.run(command, capture_output=True, timeout=60, check=True, text=True).stderr

    assert "simpleeval" in modules
    for heavy in ("jsonschema", "referencing", "rich", "attr"):
        assert f"'{heavy}'" not in modules
