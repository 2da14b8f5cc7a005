"""What editors and pre-commit are told: modelines that lead to a schema, schemas that explain, hooks that are well-formed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from policy_engine.load.edition import KINDS
from policy_engine.load.layout import schema_of, tidied, tidied_file, with_modeline
from policy_engine.load.yaml_text import read_document
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]

SHIPPED = sorted(path for folder in ("rulebook", "cases") for path in (ROOT / folder).rglob("*.yaml") if "bad" not in path.parts)
WRITTEN_BY_AUTHORS = ("rulebook", "case", "round-file")
SCHEMAS: Mapping[str, Any] = {
    name: json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8")) for name in WRITTEN_BY_AUTHORS
}
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


def _schema_path(path: Path) -> Path:
    line = MODELINE.match(path.read_text("utf-8"))
    assert line, path
    return Path(os.path.normpath(path.parent / line[1]))


def parts(schema: Any, place: str = "", *, narrows: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from parts(part, f"{place}/{number}", narrows=narrows)
    elif isinstance(schema, dict):
        if not narrows:
            yield place, schema
        for key, child in schema.items():
            narrow = narrows or key in {"if", "then", "else"}
            named = key in {"properties", "$defs"}
            for name, part in child.items() if named else [("", child)]:
                yield from parts(part, f"{place}/{key}/{name}".rstrip("/"), narrows=narrow)


def test_every_shipped_file_leads_to_its_schema() -> None:
    wrong = {
        str(path.relative_to(ROOT)): str(_schema_path(path))
        for path in SHIPPED
        if _schema_path(path) != ROOT / "schemas" / schema_of(read_document(path.read_bytes(), "x").data, KINDS)
    }

    assert len(SHIPPED) > 500
    assert wrong == {}


@pytest.mark.parametrize("name", WRITTEN_BY_AUTHORS)
def test_every_shipped_file_fits_the_schema_that_it_leads_to(name: str) -> None:
    files = [path for path in SHIPPED if _schema_path(path).name == f"{name}.schema.json"]
    validator = Draft202012Validator(SCHEMAS[name])

    refused = [str(path) for path in files if not validator.is_valid(read_document(path.read_bytes(), "x").data)]

    assert files
    assert refused == []


def test_a_blank_case_leads_to_its_schema(tmp_path: Path, cli: Cli) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    (tmp_path / "cases").mkdir()
    inside, outside = tmp_path / "cases" / "a.yaml", tmp_path.parent / f"{tmp_path.name}-b.yaml"

    cli("new-case", "--output", str(inside))
    cli("new-case", "--output", str(outside))

    assert inside.read_text("utf-8").startswith("# yaml-language-server: $schema=../schemas/case.schema.json\n")
    assert _schema_path(inside) == tmp_path / "schemas" / "case.schema.json"
    assert not MODELINE.match(outside.read_text("utf-8"))
    assert str(ROOT) not in outside.read_text("utf-8")
    assert not tidied_file(str(inside)).changed
    assert not tidied_file(str(outside)).changed


@pytest.mark.parametrize("with_schemas", [True, False])
def test_a_new_edition_leads_to_its_schema(tmp_path: Path, cli: Cli, *, with_schemas: bool) -> None:
    if with_schemas:
        shutil.copytree(ROOT / "schemas", tmp_path / "schemas")

    status, _, err = cli("edition", "new", "2031", "--from", "2020", "--to", str(tmp_path / "rules" / "mine"))

    files = sorted((tmp_path / "rules").rglob("*.yaml"))
    assert (status, err) == (0, "")
    assert len(files) > 10
    leading = [path for path in files if MODELINE.match(path.read_text("utf-8"))]
    assert leading == (files if with_schemas else [])
    assert {tmp_path / "schemas" / "rulebook.schema.json"} == {_schema_path(path) for path in leading} or not leading
    assert [path for path in files if tidied_file(str(path)).changed] == []


FACTS = "facts: {}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("case: x\n", "# yaml-language-server: $schema=../schemas/case.schema.json\ncase: x\n"),
        (f"# a\n{FACTS}", f"# yaml-language-server: $schema=../schemas/rulebook.schema.json\n# a\n{FACTS}"),
        ("round: x\n", "# yaml-language-server: $schema=../schemas/round-file.schema.json\nround: x\n"),
        (
            f"# a\n# yaml-language-server:   $schema=/gone/x.json\n\n{FACTS}# b\n",
            f"# yaml-language-server: $schema=../schemas/rulebook.schema.json\n# a\n\n{FACTS}# b\n",
        ),
        ("else: 1\n", "else: 1\n"),
        ("- case\n", "- case\n"),
    ],
)
def test_fmt_sets_the_modeline(before: str, after: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    path = tmp_path / "in" / "x.yaml"
    path.parent.mkdir()
    path.write_text(before, "utf-8")

    assert after == tidied_file(str(path)).after


def test_fmt_leaves_the_modeline_where_no_schema_is_near(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"

    for text in ("# yaml-language-server: $schema=https://example.org/case.schema.json\ncase: x\n", "case: x\n"):
        path.write_text(text, "utf-8")
        assert not tidied_file(str(path)).changed
        assert text == tidied(text.encode(), "-", None).after


def test_a_modeline_keeps_the_line_ends() -> None:
    assert with_modeline("\ufeffa: 1\r\n", "s.json") == "# yaml-language-server: $schema=s.json\r\na: 1\r\n"


@pytest.mark.parametrize("name", WRITTEN_BY_AUTHORS)
def test_every_key_is_explained(name: str) -> None:
    silent = [
        f"{place}: {key}"
        for place, schema in parts(SCHEMAS[name])
        for key, child in [*schema.get("properties", {}).items(), ("*", schema.get("additionalProperties"))]
        if isinstance(child, dict) and not re.fullmatch(r"\S.* / \S.*", child.get("description", ""))
    ]

    assert silent == []


@pytest.mark.parametrize("name", WRITTEN_BY_AUTHORS)
def test_every_demand_has_its_words(name: str) -> None:
    demands = {"type", "enum", "const", "pattern", "minimum", "maximum", "minItems", "minProperties"}

    wordless = [
        place
        for place, schema in parts(SCHEMAS[name])
        if demands & schema.keys() and not {"errorMessage", "errorMessage_en"} <= schema.keys()
    ]

    assert wordless == []


@pytest.mark.parametrize("name", WRITTEN_BY_AUTHORS)
def test_every_word_of_a_choice_is_explained(name: str) -> None:
    choices = [(place, schema) for place, schema in parts(SCHEMAS[name]) if "enum" in schema]

    wrong = [place for place, schema in choices if len(schema["enum"]) != len(schema.get("enumDescriptions", ()))]
    silent = [text for _, schema in choices for text in schema.get("enumDescriptions", ()) if not re.fullmatch(r"\S.* / \S.*", text)]

    assert choices or name == "round-file"
    assert (wrong, silent) == ([], [])


@pytest.mark.parametrize("name", WRITTEN_BY_AUTHORS)
def test_examples_and_defaults_are_read(name: str) -> None:
    schema = SCHEMAS[name]
    offered = [
        (place, {**part, "$defs": schema.get("$defs", {})}, value)
        for place, part in parts(schema)
        for value in [*part.get("examples", ()), *([part["default"]] if "default" in part else [])]
    ]

    wrong = [(place, value) for place, part, value in offered if not Draft202012Validator(part).is_valid(value)]

    assert offered
    assert wrong == []


HOOKS = ROOT / ".pre-commit-hooks.yaml"


def test_the_hooks_call_commands_that_are_there(cli: Cli) -> None:
    hooks: Any = read_document(HOOKS.read_bytes(), "hooks").data

    assert ["policy-engine-fmt", "policy-engine-check", "policy-engine-test"] == [hook["id"] for hook in hooks]
    assert [hook["id"].replace("policy-engine-", "policy-engine ") for hook in hooks] == [hook["entry"] for hook in hooks]
    for command in ("fmt", "test"):
        assert cli(command, "--help")[0] == 0


@pytest.mark.parametrize(("path", "chosen"), [("rulebook/2020/facts.yaml", True), ("cases/2020/a.yml", True), ("docs/a.yaml", False)])
def test_the_formatter_is_handed_our_files_only(path: str, *, chosen: bool) -> None:
    hooks: Any = read_document(HOOKS.read_bytes(), "hooks").data

    assert bool(re.search(hooks[0]["files"], path)) is chosen


@pytest.mark.parametrize(
    ("verb", "file"), [("validate-manifest", ".pre-commit-hooks.yaml"), ("validate-config", ".pre-commit-config.yaml")]
)
def test_pre_commit_accepts_the_files(verb: str, file: str) -> None:
    pytest.importorskip("pre_commit")

    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", verb, str(ROOT / file)], capture_output=True, text=True, check=False
    )  # fmt: skip

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_project_formats_its_own_files() -> None:
    config: Any = read_document((ROOT / ".pre-commit-config.yaml").read_bytes(), "config").data
    (hook,) = (hook for repo in config["repos"] for hook in repo["hooks"] if hook["id"] == "fmt")

    assert hook["entry"] == "policy-engine fmt"
    assert re.search(hook["exclude"], "cases/bad/x.yaml")
    assert all(re.search(hook["files"], str(path.relative_to(ROOT))) for path in SHIPPED)
