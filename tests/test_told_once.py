"""One fault is told once, at its place, and what only follows from it is not told; each of these went wrong once."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.bad_files import SAMPLE_CASE
from tests.hostile import FACT, FINE, HEAD, TRACK, Cli, Told, grows_evenly, orchard, told, told_of

CASES: dict[str, tuple[str, str, Told]] = {
    "alias as a key": ("an assertion of the reader fails (exit 70)", f"&a {FINE}*a : 1\n", [("PE107", 1, 1), ("PE107", 8, 1)]),
    "NUL in a quoted key": (
        "a key that begins with NUL is taken for a mark of the reader, and skipped",
        f'{FINE}  "\\0a": 1\n',
        [("PE501", 8, 3)],
    ),
    "YAML directive": ("only %TAG is refused", f"%YAML 1.1\n---\n{FINE}", [("PE108", 1, 1)]),
    "merge key": ("the fact that `<<` would be is told beside it (PE501)", f"{HEAD}  <<: {{tasks_total: 1}}\n", [("PE107", 4, 3)]),
    "key that is a number": ("the fact that it would be is told beside it (PE501)", f"{HEAD}  1: 1\n", [("PE112", 4, 3)]),
    "tag without a value": ("that nothing is left after the tag is told beside it (PE110)", f"{HEAD}{FACT}!20\n", [("PE108", 4, 16)]),
    "quote never closed": (
        "told below the last line, not where the quote was opened",
        f'{HEAD}  position: "head\n{FACT}1\n',
        [("PE105", 4, 13)],
    ),
    "alias in a second document": ("a fault hides that there are two documents", f"{FINE}---\na: *b\n", [("PE111", 8, 1), ("PE107", 9, 4)]),
    "list for a case": ("that it names no edition is told beside it (PE606)", "- a\n", [("PE203", 1, 1)]),
    "text for a level": ("one fault is told as PE203 and as PE204", f"{FINE}expect: {{level: 5}}\n", [("PE203", 8, 17)]),
    "period that is no year": (
        "one fault is told as PE205 and as PE602",
        "case: a\nperiod: 20200\nfacts: {kind: officer}\n",
        [("PE203", 2, 9)],
    ),
    "no such day": (
        "told as ambiguous, with quotation marks as the way out",
        f"{HEAD}  discipline_decided_on: 2020-02-30\n",
        [("PE206", 4, 26)],
    ),
    "figures that cannot be, on no track yet": (
        "answered, with nothing possible",
        f"{HEAD}{FACT}1\n  tasks_completed: 2\n",
        [("PE505", 5, 20)],
    ),
    "empty list that must not be": ("told at the first fact, not at the list", f"{HEAD}{TRACK}  tasks: []\n", [("PE505", 7, 10)]),
    "line separator": ("ends a line for libyaml and for no editor", f"{HEAD}{FACT}1\u2028\n", [("PE105", 4, 17)]),
    "line separator in a comment": (
        "what follows it is read as a fact",
        f"{HEAD}{TRACK}  # note\u2028  tasks_total: 5\n",
        [("PE105", 7, 9)],
    ),
    "next line": ("ends a line for libyaml and for no editor", f"{HEAD}{FACT}1\x85\n", [("PE105", 4, 17)]),
}

CONDITIONS: dict[str, tuple[str, str, Told]] = {
    "two ampersands": ("the place is one character too far", "apples_ripe > 0 && apples_total > 0", [("PE301", 15, 32)]),
    "end missing": ("told at the beginning of the condition, not at its end", "apples_ripe > 0 and", [("PE301", 15, 35)]),
    "is": ("the right side is told, not the word", "apples_ripe is apples_total", [("PE301", 15, 28)]),
    "letters of full width": ("Python reads other letters as these", "\uff41pples_ripe > 0", [("PE302", 15, 16)]),
    "existence of a level": ("what the edition fixes is no fact", "exists(high)", [("PE303", 15, 23)]),
}

ONE = 'case: one\nedition: "2020"\nfacts: {kind: officer}\n'
LINK = 'case: one\nedition: "2020"\nsuperior: SUPERIOR\nfacts: {kind: officer}\n'
ROUNDS: dict[str, tuple[str, Mapping[str, str], Told]] = {
    "one's own superior": ("a circle of one case", {"one.yaml": LINK.replace("SUPERIOR", "one")}, [("PE702", 3, 11)]),
    "superior without a name": (
        "that no case has this name could be told beside it (PE701)",
        {"one.yaml": LINK.replace("SUPERIOR", '""')},
        [("PE203", 3, 11)],
    ),
    "name that is empty, in two files": (
        "that it stands twice could be told beside it (PE703)",
        {"one.yaml": ONE.replace("case: one", 'case: ""'), "two.yaml": ONE.replace("case: one", 'case: ""')},
        [("PE203", 1, 7), ("PE203", 1, 7)],
    ),
    "bad facts of a case that others name": (
        "that no case has its name could be told beside it (PE701)",
        {"one.yaml": LINK.replace("SUPERIOR", "two"), "two.yaml": ONE.replace("one", "two").replace("kind", "knd")},
        [("PE501", 3, 9)],
    ),
    "file of the round": (
        "its faults could hide those of the cases",
        {"one.yaml": ONE.replace("kind", "knd"), "round.yaml": "round: 5\nunits: [a]\n"},
        [("PE501", 3, 9), ("PE203", 1, 8), ("PE203", 2, 8)],
    ),
}

STEERING = {
    "colour in a name": FINE.replace("hostile", '"\\e[31mred"'),
    "escape in a value": f'{HEAD}{FACT}"\\e[2Jtwenty"\n',
    "line end in a value": f'{HEAD}{FACT}"a\\nb"\n',
}


@pytest.mark.parametrize("name", CASES)
def test_a_case(name: str, tmp_path: Path, cli: Cli) -> None:
    _, text, expected = CASES[name]

    assert (3, expected) == told_of(cli, tmp_path, text)


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition(name: str, tmp_path: Path, cli: Cli) -> None:
    _, condition, expected = CONDITIONS[name]

    assert (3, expected) == told(cli, SAMPLE_CASE, "--rulebook", str(orchard(tmp_path, condition)))


@pytest.mark.parametrize("name", ROUNDS)
def test_a_round(name: str, tmp_path: Path, cli: Cli) -> None:
    _, files, expected = ROUNDS[name]
    for file, text in files.items():
        (tmp_path / file).write_text(text, "utf-8")

    status, _, err = cli("round", str(tmp_path), "--format", "json")

    assert (status, expected) == (3, [(e["code"], e["line"], e["column"]) for e in json.loads(err)["errors"]])


@pytest.mark.parametrize("name", STEERING)
def test_nothing_in_a_file_steers_the_terminal(name: str, tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(STEERING[name], "utf-8")

    status, out, err = cli("evaluate", str(path))

    assert "\x1b" not in out + err
    assert status == 0 or len(err.splitlines()) == 4


def _open_items(count: int) -> str:
    return f"{HEAD}  tasks:\n" + "    - {name: a}\n    - {completed: true}\n" * (count // 2)


def _misspelt_facts(count: int) -> str:
    return HEAD + "".join(f"  subordinates_completed_or_bette{n}: 1\n" for n in range(count))


@pytest.mark.parametrize(("made", "status"), [(_open_items, 0), (_misspelt_facts, 3)])
def test_many_items_cost_what_each_costs(made: Callable[[int], str], status: int, tmp_path: Path, cli: Cli) -> None:

    def answered(count: int) -> None:
        code, found = told_of(cli, tmp_path, made(count))
        assert (code, len(found)) == (status, count if status else 0)

    assert grows_evenly(lambda: answered(600), lambda: answered(6_000), 10)
