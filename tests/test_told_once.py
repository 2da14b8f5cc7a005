"""One fault is told once, at its place, and what only follows from it is not told; each of these went wrong once."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.bad_files import SAMPLE_CASE
from tests.build import tuples
from tests.hostile import FACT, FINE, HEAD, Cli, Told, grows_evenly, orchard, told, told_of

CASES: dict[str, tuple[str, str, Told]] = tuples("told_once", "cases")

CONDITIONS: dict[str, tuple[str, str, Told]] = {
    "two ampersands": ("the place is one character too far", "apples_ripe > 0 && apples_total > 0", [("PE301", 15, 32)]),
    "end missing": ("told at the beginning of the condition, not at its end", "apples_ripe > 0 and", [("PE301", 15, 35)]),
    "is": ("the right side is told, not the word", "apples_ripe is apples_total", [("PE301", 15, 28)]),
    "letters of full width": ("Python reads other letters as these", "\uff41pples_ripe > 0", [("PE302", 15, 16)]),
    "existence of a level": ("what the edition fixes is no fact", "exists(high)", [("PE303", 15, 23)]),
}

ROUNDS: dict[str, tuple[str, Mapping[str, str], Told]] = tuples("told_once", "rounds")

STEERING = {
    "colour in a name": FINE.replace("hostile", '"\\e[31mred"'),
    "escape in a value": f'{HEAD}{FACT}"\\e[2Jtwenty"\n',
    "line end in a value": f'{HEAD}{FACT}"a\\nb"\n',
}


@pytest.mark.parametrize("name", CASES)
def test_a_case(name: str, tmp_path: Path, cli: Cli) -> None:
    _, text, expected = CASES[name]

    assert (3, list(expected)) == told_of(cli, tmp_path, text)


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition(name: str, tmp_path: Path, cli: Cli) -> None:
    _, condition, expected = CONDITIONS[name]

    assert (3, list(expected)) == told(cli, SAMPLE_CASE, "--rulebook", str(orchard(tmp_path, condition)))


@pytest.mark.parametrize("name", ROUNDS)
def test_a_round(name: str, tmp_path: Path, cli: Cli) -> None:
    _, files, expected = ROUNDS[name]
    for file, text in files.items():
        (tmp_path / file).write_text(text, "utf-8")

    status, _, err = cli("round", str(tmp_path), "--format", "json")

    assert (status, list(expected)) == (3, [(e["code"], e["line"], e["column"]) for e in json.loads(err)["errors"]])


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
