"""The clause map: what encodes each clause of the text, which clause each part stands for, and whether the text bears it out."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policy_engine.evaluate.maps import hold_against, is_within, normal
from tests.build import rows, tuples
from tests.conftest import ROOT
from tests.editions.small import FOLDER, edition_of, with_change

NAME = "orchard"
SOURCE = FOLDER / NAME / "source.txt"
Cli = Callable[..., tuple[int, str, str]]


def call(cli: Cli, *arguments: str, folder: Path = FOLDER / NAME, lang: str = "en") -> tuple[int, str, str]:
    return cli("clauses", "--rulebook", str(folder), *arguments, lang=lang)


def mapped(cli: Cli, *arguments: str, folder: Path = FOLDER / NAME) -> tuple[int, Any]:
    code, out, err = call(cli, "--format", "json", *arguments, folder=folder)
    assert err == ""
    return code, json.loads(out)


def faults(text: str) -> list[tuple[str, str, str]]:
    return [(fault.fault, fault.clause, fault.by) for fault in hold_against(edition_of(NAME), text)]


def official_text() -> Path:
    given = os.environ.get("POLICY_ENGINE_SOURCE", "")
    found = [Path(given)] if given else sorted(ROOT.parent.glob("*/guideline/*.txt"))
    texts = [text for path in found for text in (sorted(path.glob("*.txt")) if path.is_dir() else [path]) if text.is_file()]
    if len(texts) != 1:
        pytest.skip("the official text is not at hand")
    return texts[0]


@pytest.mark.parametrize(
    ("clause", "by", "below"),
    rows("clauses", "the_map_leads_from_a_clause_to_what_encodes_it"),
)
def test_the_map_leads_from_a_clause_to_what_encodes_it(cli: Cli, clause: str, by: list[str], below: int) -> None:
    """Under each clause stands every part of the edition that cites it; of a heading, how many clauses below it are encoded."""
    code, data = mapped(cli)

    found = next(one for one in data["clauses"] if one["clause"] == clause)
    assert (0, by, below, True) == (code, [f"{part['sort']} {part['name']}" for part in found["by"]], found["below"], found["covered"])


def test_the_map_as_data(cli: Cli) -> None:
    """Programs get each clause with its heading, why nothing encodes it, what is left out, and its parts with their words."""
    _, data = mapped(cli)

    assert ["edition", "revision", "clauses", "strays", "source"] == list(data)
    assert (NAME, edition_of(NAME).revision, [], None) == (data["edition"], data["revision"], data["strays"], data["source"])
    assert [clause.id for clause in edition_of(NAME).clauses] == [one["clause"] for one in data["clauses"]]
    opening = data["clauses"][0]
    expected: dict[str, object] = {
        "clause": "preamble", "covered": True, "below": 0, "by": [], "says": {"vi": "Mở đầu", "en": "Opening"},
        "why_not": {"vi": "Không buộc ai.", "en": "It binds nobody."}, "leaves_out": None,
    }  # fmt: skip
    assert expected == opening
    half = next(one for one in data["clauses"] if one["clause"] == "III.1/1")
    assert {"vi": "Chỗ đứng.", "en": "Where to stand."} == half["leaves_out"]
    words = {"sort": "route", "name": "warden_decided_by_council", "clause": "III.1/1", "phrase": "by the council"}
    assert words in half["by"]


@pytest.mark.parametrize(
    ("clause", "other", "expected"),
    rows("clauses", "a_clause_lies_below_another_by_its_path"),
)
def test_a_clause_lies_below_another_by_its_path(clause: str, other: str, expected: bool) -> None:  # noqa: FBT001  (a table of truths)
    assert expected is is_within(clause, other)


UNCOVERED = ("clauses.yaml", "    why_not: {vi: Lời chào., en: A greeting.}\n", "")
STRAY = ("clauses.yaml", "  - clause: III.2/6\n", "  - clause: III.2/7\n")


def test_a_clause_that_nothing_encodes_or_explains_fails(cli: Cli, tmp_path: Path) -> None:
    folder, problems = with_change(NAME, tmp_path, *UNCOVERED)

    code, data = mapped(cli, folder=folder)

    assert ((), 1, ["end"]) == (problems, code, [one["clause"] for one in data["clauses"] if not one["covered"]])
    assert data["strays"] == []


def test_a_interpretation_alone_encodes_nothing(cli: Cli, tmp_path: Path) -> None:
    folder, _ = with_change(NAME, tmp_path, *UNCOVERED)
    register = folder / "register.yaml"
    register.write_text(register.read_text("utf-8").replace("cite: [III.2/1]", "cite: [III.2/1, end]"), "utf-8")

    code, data = mapped(cli, folder=folder)

    assert (1, ["R-03"]) == (code, [part["name"] for part in data["clauses"][-1]["by"]])


def test_a_cite_that_leads_nowhere_fails(cli: Cli, tmp_path: Path) -> None:
    folder, _ = with_change(NAME, tmp_path, *STRAY)

    code, data = mapped(cli, folder=folder)

    assert (1, [{"sort": "content", "name": "plans", "clause": "III.2/6", "phrase": "plans"}]) == (code, data["strays"])
    assert ["III.2/7"] == [one["clause"] for one in data["clauses"] if not one["covered"]]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("  - clause: end\n", "  - clause: III.3/2\n", "PE402"),
        ("    starts: Farewell\n", "", "PE202"),
        ("    says: {vi: Kết, en: Closing}\n", "    says: {vi: Kết}\n", "PE202"),
        ("    why_not: {vi: Lời chào., en: A greeting.}\n", "    because: {vi: Lời chào., en: A greeting.}\n", "PE201"),
        ("  - clause: end\n", "  - clause: 3\n", "PE203"),
    ],
)
def test_a_slip_in_the_map_is_told_when_it_is_loaded(tmp_path: Path, old: str, new: str, code: str) -> None:
    folder, problems = with_change(NAME, tmp_path, "clauses.yaml", old, new)

    assert (code, str(folder / "clauses.yaml")) in {(problem.code, problem.location.file) for problem in problems}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    tuples("clauses", "what_a_text_does_not_bear_out_is_told"),
)  # fmt: skip
def test_what_a_text_does_not_bear_out_is_told(old: str, new: str, expected: list[tuple[str, str, str]]) -> None:
    text = SOURCE.read_text("utf-8")
    assert old in text

    assert list(expected) == faults(text.replace(old, new))


@pytest.mark.parametrize(
    ("text", "expected"),
    rows("clauses", "texts_are_compared_in_one_form"),
)
def test_texts_are_compared_in_one_form(text: str, expected: str) -> None:
    assert expected == normal(text)


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    tuples("clauses", "exit_codes"),
)
def test_exit_codes(cli: Cli, arguments: tuple[str, ...], code: int, word: str) -> None:
    found, out, err = call(cli, *arguments)

    assert (code, code == 0) == (found, bool(out))
    assert word in err
    assert "Traceback" not in err


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_map_can_be_read(cli: Cli, tmp_path: Path, lang: str, form: str) -> None:
    folder, _ = with_change(NAME, tmp_path, *STRAY)
    source = tmp_path / "text.txt"
    source.write_text(SOURCE.read_text("utf-8").replace("by the council", "by a council"), "utf-8")

    code, out, err = call(cli, "--format", form, "--source", str(source), folder=folder, lang=lang)

    plain = " ".join(out.replace("\\", "").split())
    assert (1, "") == (code, err)
    heading, reason = ("Closing", "A greeting") if lang == "en" else ("Kết", "Lời chào")
    assert all(word in plain for word in (heading, reason, "III.2/6", "III.2/7", "plans", "by the council", "warden_decided_by_council"))


def test_the_map_of_2020_is_whole(cli: Cli) -> None:
    code, out, err = cli("clauses", "2020", "--format", "json")

    data = json.loads(out)
    assert (0, "", []) == (code, err, data["strays"])
    assert [one["clause"] for one in data["clauses"] if not one["covered"]] == []
    assert len(data["clauses"]) > 100


def test_the_official_text_bears_out_the_edition_of_2020(cli: Cli) -> None:
    source = official_text()

    code, out, err = cli("clauses", "2020", "--source", str(source), "--format", "json")

    assert (0, "", []) == (code, err, json.loads(out)["source"])
