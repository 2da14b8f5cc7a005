"""What editors and pre-commit are told: modelines that lead to a schema, schemas that explain, hooks that are well-formed."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from policy_engine.load.layout import tidied_file
from policy_engine.load.yaml_text import read_document
from tests.build import rows
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


@pytest.mark.parametrize(
    ("before", "after"),
    rows("editors", "fmt_sets_the_modeline"),
)
def test_fmt_sets_the_modeline(before: str, after: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    path = tmp_path / "in" / "x.yaml"
    path.parent.mkdir()
    path.write_text(before, "utf-8")

    assert after == tidied_file(str(path)).after


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
def test_every_word_of_a_choice_is_explained(name: str) -> None:
    choices = [(place, schema) for place, schema in parts(SCHEMAS[name]) if "enum" in schema]

    wrong = [place for place, schema in choices if len(schema["enum"]) != len(schema.get("enumDescriptions", ()))]
    silent = [text for _, schema in choices for text in schema.get("enumDescriptions", ()) if not re.fullmatch(r"\S.* / \S.*", text)]

    assert choices or name == "round-file"
    assert (wrong, silent) == ([], [])


HOOKS = ROOT / ".pre-commit-hooks.yaml"


def test_the_hooks_call_commands_that_are_there(cli: Cli) -> None:
    hooks: Any = read_document(HOOKS.read_bytes(), "hooks").data

    assert ["policy-engine-fmt", "policy-engine-check", "policy-engine-test"] == [hook["id"] for hook in hooks]
    assert [hook["id"].replace("policy-engine-", "policy-engine ") for hook in hooks] == [hook["entry"] for hook in hooks]
    for command in ("fmt", "test"):
        assert cli(command, "--help")[0] == 0
