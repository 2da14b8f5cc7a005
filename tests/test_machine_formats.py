"""What is written for other programs is valid by their published schemas, whatever a user wrote."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Formatter
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator
from junitparser import JUnitXml

from policy_engine.errors import CATALOGUE, Problem
from policy_engine.report.machine import JUnitCase, JUnitSuite, to_github, to_junit, to_sarif
from policy_engine.report.problems import advice_of, message_of, visible
from policy_engine.source import Location
from tests.bad_files import kept
from tests.build import ROOT, Cli

FOREIGN = ROOT / "tests" / "schemas"
SARIF = Draft4Validator(json.loads((FOREIGN / "sarif-2.1.0-rtm.5.json").read_text("utf-8")))
JUNIT = xmlschema.XMLSchema(str(FOREIGN / "junit-10.xsd"))
OWN = {
    name: Draft202012Validator(json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8")))
    for name in ("check", "test", "compare", "prove")
}
COMMAND = re.compile(
    r"::(error|warning|notice) file=([^,:\n]*),line=([0-9]+),col=([0-9]+),title=([^,:\n]*)::([^\n]*)"  # what the runner splits at
)

ANYTHING = st.text(st.one_of(st.characters(), st.sampled_from("\ud800\udfff\x00\x1b\x85\u2028\ufffe<>&\"'%:,\n\r]🍎")), max_size=40)


def _problem(code: str, file: str = "a.yaml", line: int = 1, column: int = 1, text: str = "x") -> Problem:
    entry = CATALOGUE[code]
    names = {name for sentence in (entry.message, entry.advice) for _, name, _, _ in Formatter().parse(sentence) if name}
    return Problem(code, Location(file, line, column), dict.fromkeys(names, text), text)


PROBLEMS = st.builds(
    _problem, st.sampled_from(sorted(CATALOGUE)), ANYTHING.filter(lambda text: "\0" not in text),
    st.integers(1, 9999), st.integers(1, 9999), ANYTHING,
)  # fmt: skip


def _faults(validator: Any, data: Any) -> list[str]:
    return [error.message for error in validator.iter_errors(data)]


def _as_xml(text: str) -> ET.Element:
    plain = ET.fromstring(text.encode("utf-8"))
    for case in plain.iter("testcase"):
        case.attrib = {name: value for name, value in case.attrib.items() if name not in {"file", "line"}}
    JUNIT.validate(ET.tostring(plain, encoding="unicode"))
    return ET.fromstring(text.encode("utf-8"))


@given(st.lists(PROBLEMS, max_size=4), st.sampled_from(["vi", "en"]))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
def test_sarif_is_valid_whatever_is_said(problems: list[Problem], language: str) -> None:
    text = json.dumps(to_sarif(problems, language), ensure_ascii=False)
    data = json.loads(text.encode("utf-8"))
    (run,) = data["runs"]

    assert _faults(SARIF, data) == []
    assert [one.code for one in problems] == [run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] for result in run["results"]]


OUTCOMES = st.builds(
    JUnitCase, classname=ANYTHING, name=ANYTHING, kind=st.sampled_from(["passed", "failure", "error"]), type=ANYTHING, message=ANYTHING,
    text=ANYTHING, file=ANYTHING, line=st.integers(0, 9999), seconds=st.floats(0, 100),
)  # fmt: skip


@given(st.lists(OUTCOMES, max_size=4))
@settings(deadline=None)
def test_junit_is_valid_whatever_is_said(outcomes: list[JUnitCase]) -> None:
    text = to_junit([JUnitSuite("\x00]]>", outcomes, said=("]]>\x1b", "<x>"))])
    root = _as_xml(text)
    (suite,) = JUnitXml.fromstring(text.encode("utf-8"))
    counted = (suite.tests, suite.failures, suite.errors, round(suite.time, 3))
    suite.update_statistics()  # type: ignore[no-untyped-call]  # junitparser has no types here

    assert len(outcomes) == len(root.findall(".//testcase")) == int(root.attrib["tests"])
    for kind, named in (("failure", "failures"), ("error", "errors")):
        assert sum(one.kind == kind for one in outcomes) == len(root.findall(f".//{kind}")) == int(root.attrib[named])
    assert [visible(one.message) for one in outcomes if one.kind != "passed"] == [
        inner.attrib["message"] for case in root.iter("testcase") for inner in case
    ]
    assert counted == (suite.tests, suite.failures, suite.errors, round(suite.time, 3))


@given(st.lists(PROBLEMS, min_size=1, max_size=4))
def test_a_workflow_command_ends_where_it_should(problems: list[Problem]) -> None:
    lines = to_github(problems, "en").split("\n")

    assert len(problems) == len(lines)
    for one, line in zip(problems, lines, strict=True):
        found = COMMAND.fullmatch(line)
        assert found
        texts = (message_of(one, "en"), advice_of(one, "en"))
        words = "\n".join("\n".join(map(visible, text.split("\n"))) for text in texts if text)
        assert [visible(one.location.file), one.code] == [_back(found[2]), _back(found[5])]
        assert words == _back(found[6])


def _back(text: str) -> str:
    for escaped, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, sign)
    return text


def _checked(cli: Cli, form: str, *arguments: str) -> tuple[int, str]:
    status, out, err = cli("check", *arguments, "--format", form)
    assert (err == "") is (status != 3)
    return status, out


EDITIONS = [("rulebook", 0), *((f"cases/bad/rulebook/{bad.rulebook.name}", None) for bad in kept() if bad.rulebook)]


@pytest.mark.parametrize(("folder", "wanted"), EDITIONS)
@pytest.mark.sampled(3)
def test_every_format_is_valid_for_every_edition(folder: str, wanted: int | None, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    arguments = ("--rulebook", folder, "--fail-level", "note" if wanted is None else "error")
    codes = {form: _checked(cli, form, *arguments) for form in ("json", "sarif", "junit", "github", "markdown")}
    data = json.loads(codes["json"][1])
    told = data["findings"] or [problem | problem["places"][0] for problem in data["problems"]]
    (run,) = json.loads(codes["sarif"][1])["runs"]
    root = _as_xml(codes["junit"][1])

    assert len({status for status, _ in codes.values()}) == 1
    assert [] == _faults(OWN["check"], data) == _faults(SARIF, json.loads(codes["sarif"][1]))
    assert data["passed"] is (codes["json"][0] == 0)
    assert [(f["code"], f["line"]) for f in told] == [
        (r["ruleId"], r["locations"][0]["physicalLocation"]["region"]["startLine"]) for r in run["results"]
    ]
    assert len(told) == sum(COMMAND.fullmatch(line) is not None for line in codes["github"][1].splitlines())
    assert all(code in codes["markdown"][1] for code in {one["code"] for one in told})
    assert (root.attrib["failures"] == root.attrib["errors"] == "0") is data["passed"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is all(edition["whole"] for edition in data["editions"] or [{"whole": False}])
    assert invocation["executionSuccessful"] is ("toolExecutionNotifications" not in invocation)


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
    for number, text in enumerate(cases):
        (tmp_path / f"{number}.yaml").write_text(text, "utf-8")
    status, out, _ = cli("test", str(tmp_path), "--format", "junit")
    _, printed, _ = cli("test", str(tmp_path), "--format", "json")
    root = _as_xml(out)

    assert counts == tuple(int(root.attrib[name]) for name in ("tests", "failures", "errors"))
    assert status == (3 if counts[2] else int(counts[1] > 0))
    for case in root.iter("testcase"):
        assert case.attrib["file"].endswith(".yaml")
        assert case.attrib["line"].isdigit()
        assert all((inner.text or "").strip() for inner in case)
    assert float(root.attrib["time"]) >= 0
    assert _faults(OWN["test"], json.loads(printed)) == []
