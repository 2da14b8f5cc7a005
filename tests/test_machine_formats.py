"""What is written for other programs is valid by their published schemas, whatever a user wrote."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
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
from policy_engine.report.machine import JUnitCase, JUnitSuite, class_name, file_uri, to_github, to_junit, to_sarif
from policy_engine.report.problems import advice_of, message_of, visible
from policy_engine.source import Location
from tests.bad_files import RULEBOOKS, kept
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]

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
HOSTILE = ("", "]]>", "<failure/>", "&amp;", "\"'", "a\nb\r\nc", "::error::x", "%0A", "\x00\x07\x1b[31m", "\ud800", "🍎", "a,b:c", "\ufffe")


def _problem(code: str, file: str = "a.yaml", line: int = 1, column: int = 1, text: str = "x") -> Problem:
    """Return a problem in whose sentences a text stands wherever words are filled in."""
    entry = CATALOGUE[code]
    names = {name for sentence in (entry.message, entry.advice) for _, name, _, _ in Formatter().parse(sentence) if name}
    return Problem(code, Location(file, line, column), dict.fromkeys(names, text), text)


PROBLEMS = st.builds(
    _problem, st.sampled_from(sorted(CATALOGUE)), ANYTHING.filter(lambda text: "\0" not in text),
    st.integers(1, 9999), st.integers(1, 9999), ANYTHING,
)  # fmt: skip


def _faults(validator: Any, data: Any) -> list[str]:
    """Return what a schema refuses."""
    return [error.message for error in validator.iter_errors(data)]


def _as_xml(text: str) -> ET.Element:
    """Read XML as a program does, from its bytes, after the XSD took it; it does not know the place of a test, which others read."""
    plain = ET.fromstring(text.encode("utf-8"))
    for case in plain.iter("testcase"):
        case.attrib = {name: value for name, value in case.attrib.items() if name not in {"file", "line"}}
    JUNIT.validate(ET.tostring(plain, encoding="unicode"))
    return ET.fromstring(text.encode("utf-8"))


@given(st.lists(PROBLEMS, max_size=4), st.sampled_from(["vi", "en"]))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
def test_sarif_is_valid_whatever_is_said(problems: list[Problem], language: str) -> None:
    """Rule: SARIF 2.1.0 by its schema, as UTF-8 that can be read again, with a result and a rule for each finding."""
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
    """Rule: JUnit XML by its XSD, and its counts are those of what stands in it."""
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
    """Rule: a finding is one line, no text begins a command or a property, and the runner reads the words back."""
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
    """Read an escaped text as the runner does."""
    for escaped, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, sign)
    return text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words(text: str) -> None:
    """Rule: what would end a string, a tag, a section or a command in one of the formats is shown and does nothing."""
    problems = [_problem("PE814", f"{text or 'x'}.yaml".replace("\0", ""), text=text)]

    assert _faults(SARIF, to_sarif(problems, "en")) == []
    failed = JUnitCase(classname=text, name=text, kind="failure", type=text, message=text, text=text, file=text, line=1)
    assert len(_as_xml(to_junit([JUnitSuite(text, [failed], said=(text,))])).findall(".//failure")) == 1
    assert COMMAND.fullmatch(to_github(problems, "en"))


def _checked(cli: Cli, form: str, *arguments: str) -> tuple[int, str]:
    """Check and give the exit code and what was printed."""
    status, out, err = cli("check", *arguments, "--format", form)
    assert (err == "") is (status != 3)
    return status, out


EDITIONS = [("rulebook", 0), *((f"cases/bad/rulebook/{bad.rulebook.name}", None) for bad in kept() if bad.rulebook)]


@pytest.mark.parametrize(("folder", "wanted"), EDITIONS)
@pytest.mark.sampled(3)
def test_every_format_is_valid_for_every_edition(folder: str, wanted: int | None, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule: for editions that pass, that fail, that cannot be read, and that cannot be found, every format says the same, and is valid."""
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


LOADLESS = ("cases/bad/rulebook/PE604-same-id", "cases/bad/rulebook/PE607-no-edition", "cases/bad/rulebook/PE405-no-scale")


@pytest.mark.parametrize("folder", LOADLESS)
@pytest.mark.parametrize(("command", "more"), [("compare", ("orchard", "other")), ("prove", ("orchard",)), ("prove", ())])
def test_nothing_to_compare_or_prove_is_a_document_too(
    folder: str, command: str, more: Sequence[str], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Rule: where editions do not load, the document that was asked for is whole and valid, its content what is wrong; the code is 3."""
    monkeypatch.chdir(ROOT)
    arguments = (command, *more, "--rulebook", folder)

    status, printed, _ = cli(*arguments, "--format", "json")
    data = json.loads(printed)
    codes = [problem["code"] for problem in data["problems"]]
    markdown, text = (cli(*arguments, "--format", form) for form in ("markdown", "text"))

    assert _faults(OWN[command], data) == []
    assert codes
    assert (3, 3, 3) == (status, markdown[0], text[0])
    assert all(code in markdown[1] and code in text[2] for code in codes)
    assert text[1] == ""


def test_a_rule_says_all_that_its_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule: every code of a run comes with its page; an address is written only where the package declares a home."""
    problems = [_problem(code) for code in CATALOGUE]

    monkeypatch.setattr("policy_engine.report.machine.home_of_project", lambda: "")
    homeless = to_sarif(problems, "vi")["runs"][0]["tool"]["driver"]
    monkeypatch.setattr("policy_engine.report.machine.home_of_project", lambda: "https://host.example/engine/")
    at_home = to_sarif(problems, "en")["runs"][0]["tool"]["driver"]

    assert "informationUri" not in homeless
    assert all("helpUri" not in rule and rule["fullDescription"]["text"].strip() for rule in homeless["rules"])
    assert at_home["informationUri"] == "https://host.example/engine/"
    assert all(rule["helpUri"] == f"https://host.example/engine/docs/errors/{rule['id']}.md" for rule in at_home["rules"])
    assert all("](" not in rule["help"]["markdown"] and rule["id"] in rule["help"]["text"] for rule in at_home["rules"])


def test_a_consumer_can_place_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule: what lies below the working folder is seen from there, whatever leads to it; everything else has its whole address."""
    work = tmp_path / "a b"
    work.mkdir()
    monkeypatch.chdir(work)

    def placed(path: str) -> object:
        (run,) = to_sarif([_problem("PE105", path)], "en")["runs"]
        assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": f"{tmp_path.as_uri()}/a%20b/"}}
        return run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]

    inside = {"uri": "r%E1%BB%93i/a%3Ab%20%25.yaml", "uriBaseId": "%SRCROOT%"}
    assert placed("rồi/a:b %.yaml") == inside == placed(f"{work}/rồi/a:b %.yaml") == placed("../a b/./rồi/a:b %.yaml")
    assert placed("../out.yaml") == {"uri": f"{tmp_path.as_uri()}/out.yaml"}
    assert file_uri("C:\\Nội bộ\\a.yaml") == "file:///C:/N%E1%BB%99i%20b%E1%BB%99/a.yaml"
    assert file_uri("\\\\máy\\a b.yaml") == "file://m%C3%A1y/a%20b.yaml"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("cases/2020/II.1/good.yaml", "cases.2020.II_1.good"),
        ("./cases/Ban 01/003.yml", "cases.Ban_01.003"),
        ("../elsewhere/hồ sơ.yaml", "elsewhere.hồ_sơ"),
        ("/", "policy-engine"),
    ],
)
def test_a_class_is_what_ci_systems_show_whole(path: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule: a path becomes folders and a file cut at dots alone, without the ending, which would be taken for the class."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    found = class_name(path)

    assert found == name or (found.endswith(f".{name}") and path.startswith("../"))


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
    for case in root.iter("testcase"):
        assert case.attrib["file"].endswith(".yaml")
        assert case.attrib["line"].isdigit()
        assert all((inner.text or "").strip() for inner in case)
    assert float(root.attrib["time"]) >= 0
    assert _faults(OWN["test"], json.loads(printed)) == []
