"""Problems and tests as other programs read them: workflow commands of GitHub, JUnit XML, SARIF 2.1.0.

In SARIF each code brings its whole page along (`help`), so that nobody needs a network to read it. An address is written only where the
package declares a home (`Homepage` under `[project.urls]`): the one line to set for whoever publishes it.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree as ET

from policy_engine.errors import CATALOGUE, InputError, Problem
from policy_engine.load.files import read_page
from policy_engine.load.meaning import sha256_of
from policy_engine.report.page import first_paragraph, page_to_markdown, page_to_text
from policy_engine.report.problems import advice_of, message_of, problems_to_text, visible

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
"""The name by which consumers know the folder that relative paths are seen from: the one that the command was run in."""
_BACKSLASH = "\\"
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
"""A link that leads somewhere only beside the page."""


def _said(problem: Problem, language: str) -> list[str]:
    """Return the lines of what was found and what to do, safe to show."""
    texts = filter(None, (message_of(problem, language), advice_of(problem, language)))
    return [visible(line) for text in texts for line in text.split("\n")]


def to_github(problems: Iterable[Problem], language: str) -> str:
    """Write a workflow command for each problem, on a line of its own; no text in it ends one or begins one."""

    def property_of(text: str) -> str:  # in which a colon and a comma would end it too
        return visible(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")

    lines: list[str] = []
    for problem in problems:
        file, line, column = problem.location
        place = f"file={property_of(file)},line={line},col={column},title={property_of(problem.code)}"
        words = "%0A".join(said.replace("%", "%25") for said in _said(problem, language))
        lines.append(f"::{_COMMANDS[CATALOGUE[problem.code].severity]} {place}::{words}")
    return "\n".join(lines)


class JUnitCase(NamedTuple):
    """How one test came out: `passed`, `failure` or `error`, and why: in a line (`message`), and in full (`text`)."""

    classname: str
    name: str
    kind: str = "passed"
    type: str = ""
    message: str = ""
    text: str = ""
    file: str = ""
    line: int = 0
    """0 where it stands for the whole file."""
    seconds: float = 0.0


class JUnitSuite(NamedTuple):
    """Tests that belong together, and what is said beside them."""

    name: str
    cases: Sequence[JUnitCase]
    said: Sequence[str] = ()
    properties: Mapping[str, str] = {}


def class_name(path: str) -> str:
    """Return a path as the name of a class, which CI systems show as a tree cut at dots: its folders, and the file without its ending."""
    here, whole = os.getcwd().rstrip(os.sep) + os.sep, os.path.abspath(path)
    stem = os.path.splitext(whole.removeprefix(here))[0]
    parts = (re.sub(r"[^\w-]+", "_", part) for part in stem.split(os.sep))
    return ".".join(part for part in parts if part.strip("_")) or "policy-engine"


def to_junit(suites: Sequence[JUnitSuite]) -> str:
    """Write suites of tests; a suite takes as long as its tests do. Signs that XML cannot hold are shown by their names.

    The XSD that Jenkins publishes takes it, but for `file` and `line` of a test, which GitLab, CircleCI and pytest know.
    """
    root = ET.Element("testsuites", _counts("policy-engine", [case for suite in suites for case in suite.cases]))
    for suite in suites:
        node = ET.SubElement(root, "testsuite", _counts(suite.name, suite.cases) | {"skipped": "0"})
        properties = ET.SubElement(node, "properties") if suite.properties else node
        for name, value in suite.properties.items():
            ET.SubElement(properties, "property", name=visible(name), value=visible(value))
        for case in suite.cases:
            named = {"classname": case.classname, "name": case.name, "file": case.file, "line": str(case.line or "")}
            shown = {key: visible(text) for key, text in named.items() if text or key in {"classname", "name"}}
            test = ET.SubElement(node, "testcase", shown | {"time": f"{case.seconds:.3f}"})
            if case.kind != "passed":
                why = ET.SubElement(test, case.kind, type=visible(case.type), message=visible(case.message))
                why.text = "\n".join(map(visible, (case.text or case.message).split("\n")))
        if suite.said:
            ET.SubElement(node, "system-out").text = "\n".join(map(visible, suite.said))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _counts(name: str, cases: Sequence[JUnitCase]) -> dict[str, str]:
    """Return the attributes that count; the time is the sum of what is written of the tests."""
    failures, errors = (str(sum(case.kind == kind for case in cases)) for kind in ("failure", "error"))
    seconds = sum(round(case.seconds, 3) for case in cases)
    return {"name": visible(name), "tests": str(len(cases)), "failures": failures, "errors": errors, "time": f"{seconds:.3f}"}


def refused_cases(problems: Sequence[Problem], language: str) -> list[JUnitCase]:
    """Return files that could not be read as tests that ended with an error: each file once, with everything that is wrong with it."""
    files: dict[str, list[Problem]] = {}
    for problem in InputError(list(problems)).problems:
        files.setdefault(problem.location.file, []).append(problem)
    return [
        JUnitCase(
            classname=class_name(file), name=os.path.basename(file) or file, kind="error", type=wrong[0].code,
            message="; ".join(f"{p.location.line}:{p.location.column}: {p.code} {message_of(p, language)}" for p in wrong),
            text=problems_to_text(wrong, language), file=file, line=wrong[0].location.line,
        )
        for file, wrong in files.items()
    ]  # fmt: skip


def to_sarif(problems: Iterable[Problem], language: str, stopped: Iterable[Problem] = ()) -> dict[str, Any]:
    """Return a run of the tool as SARIF has it; the levels and columns (in characters) are its own.

    Args:
        problems: what was found.
        language: `vi` or `en`.
        stopped: those of the problems for which something could not be read, and so not be checked whole.
    """
    from importlib.metadata import version

    found = list(problems)
    codes = sorted({one.code for one in found})
    home = home_of_project()
    results = [
        {
            "ruleId": one.code, "ruleIndex": codes.index(one.code), "level": CATALOGUE[one.code].severity,
            **_said_and_placed(one, language), "partialFingerprints": {"policyEngine/v1": _fingerprint(one, language)},
        }
        for one in found
    ]  # fmt: skip
    notices = [
        {"level": "error", **_said_and_placed(one, language), "associatedRule": {"id": one.code, "index": codes.index(one.code)}}
        for one in stopped
    ]
    driver = {"name": "policy-engine", "version": version("policy-engine"), **({"informationUri": home} if home else {})}
    run = {
        "tool": {"driver": {**driver, "rules": [_rule(code, language, home) for code in codes]}},
        "language": language,
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": file_uri(os.getcwd()).rstrip("/") + "/"}},
        "invocations": [{"executionSuccessful": not notices, **({"toolExecutionNotifications": notices} if notices else {})}],
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def home_of_project() -> str:
    """Return the address that the installed package declares as its home, with a slash at its end; "" where it declares none."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        declared: list[str] = metadata("policy-engine").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    homes = (address.strip() for label, _, address in (line.partition(",") for line in declared) if label.strip() == "Homepage")
    return next((home.rstrip("/") + "/" for home in homes if home), "")


def _rule(code: str, language: str, home: str) -> dict[str, Any]:
    """Describe a code by its page."""
    page = read_page(code, language)
    rule: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": first_paragraph(page)},
        "help": {"text": page_to_text(page), "markdown": _LINK.sub(r"\1", page_to_markdown(page))},
        "defaultConfiguration": {"level": CATALOGUE[code].severity},
    }
    return rule | {"helpUri": f"{home}docs/errors/{code}.md"} if home else rule


def _said_and_placed(one: Problem, language: str) -> dict[str, Any]:
    return {"message": {"text": "\n".join(_said(one, language))}, "locations": [_location(one)]}


def _fingerprint(one: Problem, language: str) -> str:
    """Return what outlives a change of the line."""
    parts = (one.code, one.location.file, message_of(one, language))
    return sha256_of(part.encode("utf-8", "surrogatepass") + b"\0" for part in parts)


def _location(one: Problem) -> dict[str, Any]:
    """Return the place of a finding, with its line; the path so that a consumer can place it: from the working folder, else whole."""
    region: dict[str, Any] = {"startLine": one.location.line, "startColumn": one.location.column}
    if one.excerpt:
        region["snippet"] = {"text": visible(one.excerpt)}
    here, whole = os.getcwd(), os.path.abspath(one.location.file)
    artifact = {"uri": file_uri(whole)}
    if whole.startswith(here.rstrip(os.sep) + os.sep):
        artifact = {"uri": _quoted(os.path.relpath(whole, here).replace(os.sep, "/")), "uriBaseId": _ROOT}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def file_uri(path: str) -> str:
    """Return an absolute path as a `file:` URI; a drive of Windows follows three slashes, a share of a network two."""
    if path[1:3] == ":\\":
        return f"file:///{path[0]}:{_quoted(path[2:].replace(_BACKSLASH, '/'))}"
    if path.startswith(_BACKSLASH * 2):
        return f"file:{_quoted(path.replace(_BACKSLASH, '/'))}"
    return f"file://{_quoted(path)}"


def _quoted(path: str) -> str:
    """Return a path with every sign that a URI cannot hold in its escaped form; bytes that are no UTF-8 stay the bytes they are."""
    readable_back = not any("\ud800" <= sign < "\udc80" or "\udcff" < sign <= "\udfff" for sign in path)
    return quote(path.encode("utf-8", "surrogateescape" if readable_back else "surrogatepass"))
