"""Hostile and clumsy files: whatever they hold, the answer comes soon, is 3 (or 0, where nothing is wrong), and is no traceback."""

import json
import os
from pathlib import Path

import pytest

from policy_engine.load.yaml_text import read_document
from tests.bad_files import SAMPLE_CASE
from tests.build import Cli, table, tuples
from tests.hostile import AT_FACT, FACT, FINE, HEAD, Told, orchard, told, told_of

REFUSED: dict[str, tuple[bytes | str, Told]] = {
    **{name: (raw, [tuple(one) for one in told_]) for name, (raw, told_) in table("hostile", "refused").items()},
    "25,000 brackets": (f"{HEAD}  tasks: {'[' * 25_000}{']' * 25_000}\n", [("PE103", 4, 72)]),
    "25,000 open brackets": ("[" * 25_000, [("PE103", 1, 65)]),
    "25,000 braces": ("{a: " * 25_000, [("PE103", 1, 4 * 64 + 1)]),
    "25,000 hyphens": ("- " * 25_000, [("PE103", 1, 2 * 64 + 1)]),
    "25,000 question marks": ("? " * 25_000, [("PE112", 1, 3), ("PE103", 1, 2 * 64 + 1)]),
    "byte order mark": (b"\xef\xbb\xbf" + b"note: 1\n" + FINE.encode(), [("PE201", 1, 1)]),
    "UTF-16": (FINE.encode("utf-16"), [("PE101", 1, 1)]),
    "UTF-16 without a mark": (FINE.encode("utf-16-le"), [("PE105", 1, 2)]),
    "no UTF-8, after Vietnamese": ('case: "Cán bộ Hòa'.encode() + b'\xff"\n', [("PE101", 1, 18)]),
    "half a character": (FINE.encode() + b"  # \xe1\xba", [("PE101", 8, 5)]),
    "a surrogate": (FINE.encode() + b"  # \xed\xa0\x80\n", [("PE101", 8, 5)]),
    "empty": (b"", [("PE111", 1, 1)]),
    "5,000 digits": (f"{HEAD}{FACT}{'1' * 5_000}\n", [("PE113", *AT_FACT)]),
    "5,000 digits below zero": (f"{HEAD}{FACT}-{'1' * 5_000}\n", [("PE113", *AT_FACT)]),
    "5,000 decimals": (f"{HEAD}{FACT}0.{'1' * 5_000}\n", [("PE113", *AT_FACT)]),
    "5,000 digits in quotes": (f'{HEAD}{FACT}"{"1" * 5_000}"\n', [("PE502", *AT_FACT)]),
    "100,000 letters for a choice": (f"{HEAD}  position: {'x' * 100_000}\n", [("PE503", 4, 13)]),
}

UNCHANGED: dict[str, bytes] = {
    "CRLF": FINE.replace("\n", "\r\n").encode(),
    "CR": FINE.replace("\n", "\r").encode(),
    "byte order mark": b"\xef\xbb\xbf" + FINE.encode(),
    "document marks": f"---\n{FINE}...\n".encode(),
    "no last line end": FINE.rstrip().encode(),
    "tabs between": FINE.replace(": ", ":\t").replace("20\n", "20\t# a tab\n").encode(),
    "quoted keys": FINE.replace("kind", "'kind'").replace("tasks_total", '"tasks_total"').encode(),
    "flow": b'{case: hostile, edition: "2020", facts: {kind: officer, workplace: head_office, position: specialist, tasks_total: 20}}',
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_at_its_place(name: str, tmp_path: Path, cli: Cli) -> None:
    raw, expected = REFUSED[name]

    assert (3, expected) == told_of(cli, tmp_path, raw)


@pytest.mark.parametrize("name", UNCHANGED)
def test_another_spelling_is_the_same_case(name: str, tmp_path: Path, cli: Cli) -> None:
    plain, other = tmp_path / "plain.yaml", tmp_path / "other.yaml"
    plain.write_text(FINE, "utf-8", newline="")
    other.write_bytes(UNCHANGED[name])
    expected = cli("evaluate", str(plain), "--format", "json")

    assert expected[0] == 0
    assert expected == cli("evaluate", str(other), "--format", "json")


def test_aliases_cannot_multiply(tmp_path: Path, cli: Cli) -> None:
    levels = [f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 10)]
    status, found = told_of(cli, tmp_path, "".join(["b0: &b0 [x]\n", *levels]))

    assert status == 3
    assert sum(code == "PE107" for code, _, _ in found) == 10 + 9 * 9


@pytest.mark.parametrize("item", ["0", "[]", "{}", "[0]", "{a: b}"])
def test_what_is_cut_off_is_refused(item: str) -> None:
    document = read_document((f"{HEAD}  tasks:\n" + f"    - {item}\n" * 50_001).encode(), "cut.yaml")

    assert [p.code for p in document.problems] == ["PE104"]


CONDITIONS: dict[str, tuple[str, Told]] = tuples("hostile", "conditions")


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_hostile_condition(name: str, tmp_path: Path, cli: Cli) -> None:
    condition, wanted = CONDITIONS[name]
    expected = list(wanted)
    status, found = told(cli, SAMPLE_CASE, "--rulebook", str(orchard(tmp_path, condition)))

    assert (3 if expected else 0, expected) == (status, found)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "PE114"), ("nobody.yaml", "PE114"), ("nobody\0.yaml", "PE114"), ("x" * 5_000, "PE114"), (".", "PE511"),
        ("/dev/null", "PE111"), ("/dev/zero", "PE102"), ("-", "PE114"),
    ],
)  # fmt: skip
def test_a_path_that_is_no_case(path: str, expected: str, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert (3, [(expected, 1, 1)]) == told(cli, path)


def test_a_name_is_not_a_path(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("case.yaml").write_text(FINE.replace("hostile", "../../etc/passwd"), "utf-8")
    status, out, _ = cli("evaluate", "case.yaml", "--format", "json")

    assert (status, json.loads(out)["case"]) == (0, "../../etc/passwd")
    assert os.listdir() == ["case.yaml"]
