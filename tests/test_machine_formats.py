"""What is written for other programs is valid by their published schemas, whatever a user wrote."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator

from policy_engine.errors import CATALOGUE
from policy_engine.report.github import to_github
from policy_engine.report.junit import Outcome, Suite, to_junit
from policy_engine.report.sarif import to_sarif
from policy_engine.report.told import Told
from policy_engine.report.visible import visible
from tests.bad_files import RULEBOOKS, kept
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]

FOREIGN = ROOT / "tests" / "schemas"
SARIF = Draft4Validator(json.loads((FOREIGN / "sarif-2.1.0-rtm.5.json").read_text("utf-8")))
JUNIT = xmlschema.XMLSchema(str(FOREIGN / "junit-10.xsd"))
OWN = {name: Draft202012Validator(json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8"))) for name in ("check", "test")}
COMMAND = re.compile(
    r"::(error|warning|notice) file=([^,:\n]*),line=([0-9]+),col=([0-9]+),title=([^,:\n]*)::([^\n]*)"  # what the runner splits at
)

ANYTHING = st.text(st.one_of(st.characters(), st.sampled_from("\ud800\udfff\x00\x1b\x85\u2028\ufffe<>&\"'%:,\n\r]🍎")), max_size=40)
HOSTILE = ("", "]]>", "<failure/>", "&amp;", "\"'", "a\nb\r\nc", "::error::x", "%0A", "\x00\x07\x1b[31m", "\ud800", "🍎", "a,b:c", "\ufffe")
TOLD = st.builds(
    Told, st.sampled_from(sorted(CATALOGUE)), st.sampled_from(["error", "warning", "note"]), ANYTHING.filter(lambda text: "\0" not in text),
    st.integers(1, 9999), st.integers(1, 9999), ANYTHING, ANYTHING, ANYTHING,
)  # fmt: skip


def _faults(validator: Any, data: Any) -> list[str]:
    """Give what a schema refuses."""
    return [error.message for error in validator.iter_errors(data)]


def _as_xml(text: str) -> ET.Element:
    """Read XML as a program does, from its bytes, after the XSD took it."""
    JUNIT.validate(text)
    return ET.fromstring(text.encode("utf-8"))


@given(st.lists(TOLD, max_size=4), st.sampled_from(["vi", "en"]))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
def test_sarif_is_valid_whatever_is_told(told: list[Told], language: str) -> None:
    """Rule: SARIF 2.1.0 by its schema, as UTF-8 that can be read again, with a result and a rule for each finding."""
    text = json.dumps(to_sarif(told, language), ensure_ascii=False)

    data = json.loads(text.encode("utf-8"))
    (run,) = data["runs"]

    assert _faults(SARIF, data) == []
    assert [one.code for one in told] == [run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] for result in run["results"]]


@given(st.lists(st.builds(Outcome, ANYTHING, ANYTHING, st.sampled_from(["passed", "failure", "error"]), ANYTHING, ANYTHING), max_size=4))
@settings(deadline=None)
def test_junit_is_valid_whatever_is_told(outcomes: list[Outcome]) -> None:
    """Rule: JUnit XML by its XSD, and its counts are those of what stands in it."""
    root = _as_xml(to_junit([Suite("\x00]]>", outcomes, ("]]>\x1b", "<x>"), 0.5)]))

    assert len(outcomes) == len(root.findall(".//testcase")) == int(root.attrib["tests"])
    for kind, counted in (("failure", "failures"), ("error", "errors")):
        assert sum(one.kind == kind for one in outcomes) == len(root.findall(f".//{kind}")) == int(root.attrib[counted])
    assert [visible(one.message) for one in outcomes if one.kind != "passed"] == [
        inner.attrib["message"] for case in root.iter("testcase") for inner in case
    ]


@given(st.lists(TOLD, min_size=1, max_size=4))
def test_a_workflow_command_ends_where_it_should(told: list[Told]) -> None:
    """Rule: a finding is one line, no text begins a command or a property, and the runner reads the words back."""
    lines = to_github(told).split("\n")

    assert len(told) == len(lines)
    for one, line in zip(told, lines, strict=True):
        found = COMMAND.fullmatch(line)
        assert found
        words = "\n".join("\n".join(map(visible, text.split("\n"))) for text in (one.message, one.advice) if text)
        assert [visible(one.file), one.code] == [_back(found[2]), _back(found[5])]
        assert words == _back(found[6])


def _back(text: str) -> str:
    """Read an escaped text as the runner does."""
    for escaped, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, sign)
    return text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words(text: str) -> None:
    """Rule: what would end a string, a tag, a section or a command in one of the formats is shown and does nothing."""
    told = [Told("PE814", "error", f"{text or 'x'}.yaml".replace("\0", ""), 1, 1, text, text, text)]

    assert _faults(SARIF, to_sarif(told, "en")) == []
    assert len(_as_xml(to_junit([Suite(text, [Outcome(text, text, "failure", text, text)], (text,))])).findall(".//failure")) == 1
    assert COMMAND.fullmatch(to_github(told))


def _checked(cli: Cli, form: str, *arguments: str) -> tuple[int, str]:
    """Check and give the exit code and what was printed."""
    status, out, err = cli("check", *arguments, "--format", form)
    assert err == ""
    return status, out


EDITIONS = [("rulebook", 0), *((f"cases/bad/rulebook/{bad.rulebook.name}", None) for bad in kept() if bad.rulebook and bad.code != "PE607")]


@pytest.mark.parametrize(("folder", "wanted"), EDITIONS)
def test_every_format_is_valid_for_every_edition(folder: str, wanted: int | None, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule: for editions that pass, that fail, and that cannot be read, every format says the same, and is valid."""
    monkeypatch.chdir(ROOT)
    arguments = ("--rulebook", folder, "--fail-level", "note" if wanted is None else "error")
    if cli("check", *arguments)[0] == 3:
        return  # the folder holds no library at all: PE604 and the like, told on standard error

    codes = {form: _checked(cli, form, *arguments) for form in ("json", "sarif", "junit", "github", "markdown")}
    data = json.loads(codes["json"][1])
    results = json.loads(codes["sarif"][1])["runs"][0]["results"]
    root = _as_xml(codes["junit"][1])

    assert len({status for status, _ in codes.values()}) == 1
    assert [] == _faults(OWN["check"], data) == _faults(SARIF, json.loads(codes["sarif"][1]))
    assert data["passed"] is (codes["json"][0] == 0)
    assert [(f["code"], f["line"]) for f in data["findings"]] == [
        (r["ruleId"], r["locations"][0]["physicalLocation"]["region"]["startLine"]) for r in results
    ]
    assert len(data["findings"]) == sum(COMMAND.fullmatch(line) is not None for line in codes["github"][1].splitlines())
    assert (root.attrib["failures"] == "0") is data["passed"]


def test_a_hostile_edition_in_every_format(tmp_path: Path) -> None:
    """Rule: escapes in a file's texts, and a file whose name is no UTF-8, come out as valid output of the real command."""
    source = RULEBOOKS / "PE814-sign-against-phrase"
    for file in source.iterdir():
        text = file.read_text("utf-8").replace(
            "phrase: at least 3 apples", r'phrase: "at least 3 ]]> <b> \u0007 \e[31m ::error:: %0A 🍎 \"x\""'
        )
        (tmp_path / file.name).write_text(text, "utf-8")
    os.rename(os.fsencode(tmp_path / "track.yaml"), os.fsencode(tmp_path) + b"/tr\xffack,a:b.yaml")

    out = {form: _command("check", "--rulebook", str(tmp_path), "--format", form) for form in ("json", "sarif", "junit", "github", "text")}

    assert {status for status, _ in out.values()} == {1}
    assert _faults(OWN["check"], json.loads(out["json"][1])) == []
    assert _faults(SARIF, json.loads(out["sarif"][1])) == []
    assert len(_as_xml(out["junit"][1].decode()).findall(".//failure")) == 1
    assert all(COMMAND.fullmatch(line) for line in out["github"][1].decode().splitlines())
    assert b"\x1b" not in out["text"][1]


def _command(*arguments: str) -> tuple[int, bytes]:
    """Run the command as a program does."""
    done = subprocess.run([sys.executable, "-m", "policy_engine", *arguments], capture_output=True, check=False, timeout=60)
    assert done.stderr == b""
    return done.returncode, done.stdout


CASE = 'case: one\nedition: "2020"\nfacts:\n  kind: collective\n'


@pytest.mark.parametrize(
    ("cases", "counts"),
    [
        ([CASE + "expect: {outcome: decided_by_authority}\n"], (1, 0, 0)),
        ([CASE + "expect: {outcome: gap}\n"], (1, 1, 0)),
        ([CASE + "expect: {outcome: gap}\n", "case: ]]><x>\n"], (2, 1, 1)),
        (["case: [\n"], (1, 0, 1)),
        ([CASE.replace("one", "'::error::]]><x>'") + "expect: {outcome: gap}\n"], (1, 1, 0)),
    ],
)
def test_a_run_of_cases_is_valid(cases: Sequence[str], counts: tuple[int, int, int], tmp_path: Path, cli: Cli) -> None:
    """Rule: a case that is not as expected is a failure, a file that cannot be read an error; both formats are valid."""
    for number, text in enumerate(cases):
        (tmp_path / f"{number}.yaml").write_text(text, "utf-8")

    status, out, _ = cli("test", str(tmp_path), "--format", "junit")
    _, printed, _ = cli("test", str(tmp_path), "--format", "json")
    root = _as_xml(out)

    assert counts == tuple(int(root.attrib[name]) for name in ("tests", "failures", "errors"))
    assert status == (3 if counts[2] else int(counts[1] > 0))
    assert _faults(OWN["test"], json.loads(printed)) == []
