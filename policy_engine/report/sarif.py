"""SARIF 2.1.0, the format in which analysers hand their findings to editors and to code hosts.

Each code brings its whole page along (`help`), so that nobody needs a network to read it. An address is written only where the package
declares a home (`Homepage` under `[project.urls]`): the one line to set for whoever publishes it.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from policy_engine.errors import CATALOGUE
from policy_engine.load.files import read_page
from policy_engine.load.meaning import sha256_of
from policy_engine.report.page import page_to_markdown, page_to_text, paragraphs_of
from policy_engine.report.problems import Told, visible

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
"""The name by which consumers know the folder that relative paths are seen from: the one that the command was run in."""
_HOME = "Homepage"
_BACKSLASH = "\\"
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
"""A link that leads somewhere only beside the page."""
_PAGE = "docs/errors/{code}.md"


def to_sarif(findings: Iterable[Told], language: str, stopped: Iterable[Told] = ()) -> dict[str, Any]:
    """Return a run of the tool as SARIF has it; the levels and columns (in characters) are its own.

    Args:
        findings: what was found.
        language: `vi` or `en`.
        stopped: those of the findings for which something could not be read, and so not be checked whole.
    """
    told, notified = list(findings), list(stopped)
    codes = sorted({one.code for one in told})
    home = home_of_project()
    invocation: dict[str, Any] = {"executionSuccessful": not notified}
    if notified:
        invocation["toolExecutionNotifications"] = [_notification(one, codes) for one in notified]
    run = {
        "tool": {"driver": _driver(codes, language, home)},
        "language": language,
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": file_uri(os.getcwd()).rstrip("/") + "/"}},
        "invocations": [invocation],
        "results": [_result(one, codes.index(one.code)) for one in told],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def home_of_project() -> str:
    """Return the address that the installed package declares as its home, with a slash at its end; "" where it declares none."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        declared: list[str] = metadata("policy-engine").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    homes = (address.strip() for label, _, address in (line.partition(",") for line in declared) if label.strip() == _HOME)
    return next((home.rstrip("/") + "/" for home in homes if home), "")


def _driver(codes: Iterable[str], language: str, home: str) -> Mapping[str, Any]:
    """Describe the tool and the codes that it told of."""
    from importlib.metadata import version

    named = {"name": "policy-engine", "version": version("policy-engine")}
    return {**named, **({"informationUri": home} if home else {}), "rules": [_rule(code, language, home) for code in codes]}


def _rule(code: str, language: str, home: str) -> Mapping[str, Any]:
    """Describe a code by its page."""
    page = read_page(code, language)
    rule: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": next(paragraphs_of(page), page.title)},
        "help": {"text": page_to_text(page), "markdown": _LINK.sub(r"\1", page_to_markdown(page))},
        "defaultConfiguration": {"level": CATALOGUE[code].severity},
    }
    return rule | {"helpUri": home + _PAGE.format(code=code)} if home else rule


def _result(one: Told, index: int) -> Mapping[str, Any]:
    """Return one finding; its fingerprint outlives a change of its line."""
    print_of = sha256_of(part.encode("utf-8", "surrogatepass") + b"\0" for part in (one.code, one.file, one.message))
    return {
        "ruleId": one.code,
        "ruleIndex": index,
        "level": one.severity,
        "message": {"text": _words(one)},
        "locations": [_location(one)],
        "partialFingerprints": {"policyEngine/v1": print_of},
    }


def _notification(one: Told, codes: list[str]) -> Mapping[str, Any]:
    """Return what stopped the run, as the run's own notice."""
    return {
        "level": "error",
        "message": {"text": _words(one)},
        "locations": [_location(one)],
        "associatedRule": {"id": one.code, "index": codes.index(one.code)},
    }


def _words(one: Told) -> str:
    """Return what was found and what to do."""
    return "\n".join(map(visible, _lines(one)))


def _lines(one: Told) -> Iterator[str]:
    """Return the lines of what was found and what to do."""
    for text in filter(None, (one.message, one.advice)):
        yield from text.split("\n")


def _location(one: Told) -> Mapping[str, Any]:
    """Return the place of a finding, with its line."""
    region: dict[str, Any] = {"startLine": one.line, "startColumn": one.column}
    if one.excerpt:
        region["snippet"] = {"text": visible(one.excerpt)}
    return {"physicalLocation": {"artifactLocation": _artifact(one.file), "region": region}}


def _artifact(path: str) -> Mapping[str, str]:
    """Return a path so that a consumer can place it: relative to the working folder where it lies below it, else whole."""
    here, whole = os.getcwd(), os.path.abspath(path)
    if whole.startswith(here.rstrip(os.sep) + os.sep):
        return {"uri": _quoted(os.path.relpath(whole, here).replace(os.sep, "/")), "uriBaseId": _ROOT}
    return {"uri": file_uri(whole)}


def file_uri(path: str) -> str:
    """Return an absolute path as a `file:` URI; a drive of Windows follows three slashes, a share of a network two."""
    if path[1:3] == ":\\":
        return f"file:///{path[0]}:{_quoted(path[2:].replace(_BACKSLASH, '/'))}"
    if path.startswith(_BACKSLASH * 2):
        return f"file:{_quoted(path.replace(_BACKSLASH, '/'))}"
    return f"file://{_quoted(path)}"


def _quoted(path: str) -> str:
    """Return a path with every sign that a URI cannot hold in its escaped form; bytes that are no UTF-8 stay the bytes they are."""
    return quote(path.encode("utf-8", "surrogateescape" if _is_path(path) else "surrogatepass"))


def _is_path(path: str) -> bool:
    """Return whether a text can be a path of this system: bytes that are no UTF-8 stand in it in the one way that is read back."""
    return not any("\ud800" <= sign < "\udc80" or "\udcff" < sign <= "\udfff" for sign in path)
