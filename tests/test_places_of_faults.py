"""A slip in a case file is told once, in its line, with the key that is wrong or missing; a day that cannot be is told as a day."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policy_engine.load import schema
from policy_engine.load.yaml_text import Refusal, read_document, read_scalar
from policy_engine.report.problems import advice_of, message_of
from tests.build import rows, tuples

Cli = Callable[..., tuple[int, str, str]]
HEAD = 'case: a\nedition: "2020"\n'
FACTS = "facts:\n  kind: officer\n"

SLIPS: dict[str, tuple[str, str, int, int, str]] = tuples("places_of_faults", "slips")  # fmt: skip


def _errors(cli: Cli, path: Path, text: str) -> list[dict[str, Any]]:
    path.write_text(text, "utf-8")
    errors: list[dict[str, Any]] = json.loads(cli("evaluate", str(path), "--format", "json")[2])["errors"]
    return errors


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_names_its_key_in_its_line(slip: str, tmp_path: Path, cli: Cli) -> None:
    text, code, line, column, words = SLIPS[slip]

    (error,) = _errors(cli, tmp_path / "a.yaml", text)

    assert (code, line, column) == (error["code"], error["line"], error["column"])
    assert words in error["message"]


SCHEMAS: list[tuple[dict[str, Any], int, int, str, str]] = rows("places_of_faults", "schemas")


@pytest.mark.parametrize(("stricter", "line", "column", "english", "vietnamese"), SCHEMAS)
def test_a_schema_names_the_key_too(
    stricter: dict[str, Any], line: int, column: int, english: str, vietnamese: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {"properties": {"subject": stricter}}
    monkeypatch.setattr(schema, "_schema_text", lambda _name: json.dumps(whole).encode())
    document = read_document(f"{HEAD}subject:\n  id: x\n  name: Lan\n{FACTS}".encode(), "a.yaml")

    schema.check_schema(f"{english}.json", (document,), {"a.yaml": english.encode()})
    (problem,) = document.problems

    assert ("PE205", line, column) == (problem.code, *problem.location[1:])
    assert english in message_of(problem, "en")
    assert vietnamese in message_of(problem, "vi")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("yes", '`true`, or `"yes"` in quotes if the text itself is meant'), ("Off", '`false`, or `"Off"`'), ("012", '`12`, or `"012"`'),
        ("1_000", "`1000`, or"), ("1e3", "`1000`, or"), (".5", "`0.5`, or"), ("2020-12-15 00:00:00", "`2020-12-15`, or"),
        ("1:30", '`"1:30"` in quotes'),
        ("1e99", '`"1e99"` in quotes'),
    ],
)  # fmt: skip
def test_what_readers_differ_on_has_a_form_that_is_read(text: str, advice: str) -> None:
    problem = read_document(f"a: {text}\n".encode(), "a.yaml").problems[0]
    plain = advice_of(problem, "en").split("`")[1]

    assert problem.code == "PE109"
    assert advice in advice_of(problem, "en")
    assert not isinstance(read_scalar(plain), Refusal) or plain.startswith('"')
