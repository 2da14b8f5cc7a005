"""A slip in a case file is told once, in its line, with the key that is wrong or missing; a day that cannot be is told as a day."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policy_engine.load import schema
from policy_engine.load.yaml_text import Refusal, read_document, read_scalar
from policy_engine.report.problems import advice_of, message_of

Cli = Callable[..., tuple[int, str, str]]
HEAD = 'case: a\nedition: "2020"\n'
FACTS = "facts:\n  kind: officer\n"

SLIPS: dict[str, tuple[str, str, int, int, str]] = {
    "no facts": (HEAD, "PE202", 1, 1, "`facts`"),
    "unknown key of the subject": (f"{HEAD}subject:\n  id: x\n  nme: Lan\n{FACTS}", "PE201", 5, 3, "`nme`"),
    "key of a decision": (f"{HEAD}{FACTS}decided:\n  by: x\n", "PE202", 5, 1, "`level` is missing under `decided:`"),
    "key of the second decision": (
        f"{HEAD}{FACTS}decided:\n  - level: HTNV\n  - by: x\n", "PE202", 7, 5, "`level` is missing under `decided:`",
    ),
    "edition misspelt": (f'case: a\neditoin: "2020"\n{FACTS}', "PE201", 2, 1, "did you mean `edition`?"),
    "a level that is empty": (f'{HEAD}{FACTS}decided:\n  level: ""\n', "PE204", 6, 10, "is not one of the values"),
    "nothing expected under a key": (f"{HEAD}{FACTS}expect:\n  requirements: {{}}\n", "PE203", 6, 17, "that is not empty"),
    "subject without keys": (f"{HEAD}subject: Lan\n{FACTS}", "PE203", 3, 10, "`key: value` lines"),
    "expectation misspelt": (f"{HEAD}{FACTS}expect:\n  levl: good\n", "PE201", 6, 3, "`levl`"),
    "a day that cannot be, of a fact": (
        f"{HEAD}{FACTS}  discipline_decided_on: 2020-31-12\n", "PE206", 5, 26, "did you mean `2020-12-31`?",
    ),
    "a day that cannot be, of a decision": (
        f"{HEAD}{FACTS}decided:\n  level: HTNV\n  day: 31/12/2020\n", "PE206", 7, 8, "did you mean `2020-12-31`?",
    ),
    "a day with two meanings": (f"{HEAD}{FACTS}decided:\n  level: HTNV\n  day: 01/02/2020\n", "PE206", 7, 8, "`01/02/2020` is no day"),
    "a word for a day": (f"{HEAD}{FACTS}decided:\n  level: HTNV\n  day: yesterday\n", "PE203", 7, 8, "a day like 2020-12-15"),
}  # fmt: skip


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


SCHEMAS: list[tuple[dict[str, Any], int, int, str, str]] = [
    ({"required": ["office"]}, 3, 1, "under `subject:`: the key `office` is missing", "dưới `subject:`: thiếu khóa `office`"),
    (
        {"additionalProperties": False, "properties": {"id": True}},
        5,
        3,
        "under `subject:`: the key `name` is not known here",
        "không có khóa `name`",
    ),
    (
        {"properties": {"name": {"maxLength": 2, "errorMessage": "ngắn", "errorMessage_en": "short"}}},
        5,
        9,
        "under `name:`: short",
        "`name:`: ngắn",
    ),
]


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
