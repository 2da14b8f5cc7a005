"""The clause map: what encodes each clause of the text, which clause each part stands for, and whether the text bears it out."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policy_engine.errors import InputError
from policy_engine.evaluate.maps import hold_against, is_within, normal, rests_on
from policy_engine.load.edition import load_edition
from policy_engine.load.library import Library
from policy_engine.load.meaning import revision_of
from policy_engine.model.rulebook import Edition
from tests.build import ROOT, Cli, cells, rows, tuples
from tests.editions.small import FOLDER, asked, edition_of, with_change, write_cases

NAME = "orchard"
REGISTER = tuple(f"J-{n:02}" for n in range(1, 29))


def listed(cli: Cli, *arguments: str) -> tuple[int, Any]:
    code, out, _ = cli("interpretations", "--rulebook", str(FOLDER / NAME), "--format", "json", *arguments)
    return code, json.loads(out)


def cases_by_interpretation(data: Any) -> dict[str, list[str]]:
    return {interpretation["id"]: interpretation["cases"] for interpretation in data["interpretations"]}


def picker(name: str, **facts: object) -> Mapping[str, object]:
    return {"case": name, "edition": NAME, "facts": {"kind": "picker", **facts}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cases: dict[str, Mapping[str, object]] = {
        "top": picker("top", baskets=12, roles=[], book_sent_on="2020-12-01", signed=False),
        "good": picker("good", baskets=7, roles=[], book_sent_on="2020-12-01", signed=False),
        "warden": picker("warden", baskets=12, roles=["warden"], book_sent_on="none", signed=False),
        "tied": picker("tied", baskets=12, roles=[], signed=True, guild_level="top"),
        "plot": {"case": "plot", "edition": NAME, "facts": {"kind": "plot", "crew_total": 0, "crew_good": 0, "roles": []}},
    }
    return write_cases(tmp_path / "cases", cases)


def test_the_register_is_listed_with_what_rests_on_it(cli: Cli) -> None:
    code, data = listed(cli)

    assert (0, ["edition", "revision", "cases", "interpretations"], None) == (code, list(data), data["cases"])
    parts = {interpretation["id"]: interpretation["parts"] for interpretation in data["interpretations"]}
    assert {"R-01": ["picking.good"], "R-02": ["warden_decided_by_council", "same_as_guild"], "R-03": ["book_sent"]} == parts
    assert {"R-01": None, "R-02": None, "R-03": None} == cases_by_interpretation(data)


def test_an_interpretation_is_listed_whole(cli: Cli) -> None:
    interpretation = listed(cli)[1]["interpretations"][0]

    expected = {
        "id": "R-01", "clauses": ["I.2"], "silent_on": {"vi": "Giỏ vơi.", "en": "A basket not quite full."},
        "text_says": {"vi": "Giỏ.", "en": "Baskets."},
        "reading": {"vi": "Giỏ vơi cũng là giỏ.", "en": "A basket not quite full is a basket."},
        "interpretation": {"vi": "Giỏ vơi cũng là giỏ.", "en": "A basket not quite full is a basket."},
        "alternatives": [{"vi": "Chỉ giỏ đầy.", "en": "Full baskets only."}],
        "status": "proposed", "parts": ["picking.good"], "cases": None,
    }  # fmt: skip
    assert expected == interpretation


@pytest.mark.parametrize(("facts", "expected"), cells("interpretations", "a_verdict_rests_on_what_was_asked"))
def test_a_verdict_rests_on_what_was_asked(facts: Mapping[str, object], expected: tuple[str, ...]) -> None:
    assert expected == rests_on(asked(NAME, {"kind": "picker", **facts}))


@pytest.mark.parametrize(("arguments", "code", "word"), tuples("interpretations", "exit_codes"))
def test_exit_codes(cli: Cli, arguments: tuple[str, ...], code: int, word: str) -> None:
    found, out, err = cli("interpretations", "--rulebook", str(FOLDER / NAME), *arguments)

    assert code == found
    assert bool(out) == (code == 0 or word == "PE114")
    assert word in err
    assert "Traceback" not in err


def test_the_register_of_2020_is_these(edition: Edition) -> None:
    assert REGISTER == tuple(edition.register)


BEFORE = {"applies_interpretations:": "applies_readings:", "interpretations:": "readings:", "interpretation:": "reading:"}
"""How the keys were spelled when the first editions were sealed."""


def spelled_before(edition: str, folder: Path) -> Path:
    copy = folder / edition
    shutil.copytree(ROOT / "rulebook" / edition, copy)
    for path in copy.rglob("*.yaml"):
        text = path.read_text("utf-8")
        for now, before in BEFORE.items():
            text = re.sub(rf"(?m)(?<![\w]){now}(?=[ \n])", before, text)
        path.write_text(text, "utf-8")
    return copy


@pytest.mark.parametrize("edition", ["2020", "2026-draft"])
def test_either_spelling_is_the_same_edition(edition: str, tmp_path: Path, library: Library, cli: Cli) -> None:
    folder = spelled_before(edition, tmp_path)
    cases = sorted((ROOT / "cases" / edition).rglob("good/*.yaml"))[:25]

    assert library.edition(edition).revision == load_edition(str(folder)).revision
    assert "interpretation" not in "".join(path.read_text("utf-8").replace("interpretation that", "") for path in folder.rglob("r*.yaml"))
    for path in cases:
        now, before = (cli("evaluate", str(path), "--format", "json", "--rulebook", str(at)) for at in (ROOT / "rulebook", tmp_path))
        assert now == (before[0], before[1].replace('"sealed": false', '"sealed": true') if edition == "2020" else before[1], before[2])


def test_a_sealed_edition_may_be_spelled_anew(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rulebook", tmp_path / "rulebook")
    folder = tmp_path / "rulebook" / "2020"
    register = folder / "register.yaml"
    register.write_text(register.read_text("utf-8").replace("    interpretation:", "    reading:"), "utf-8")

    assert (str(register),) == load_edition(str(folder)).reworded
    register.write_text(register.read_text("utf-8").replace("Criteria may be counted apart", "Criteria can be counted apart"), "utf-8")
    with pytest.raises(InputError) as refused:
        load_edition(str(folder))
    assert [("PE608", "register.J-01.reading.en")] == [(one.code, one.details["path"]) for one in refused.value.problems]


@pytest.mark.parametrize(
    ("file", "key", "before", "line"), [("ties.yaml", "interpretations", "readings", 20), ("register.yaml", "interpretation", "reading", 7)]
)
def test_both_spellings_in_one_place_are_refused(file: str, key: str, before: str, line: int, tmp_path: Path) -> None:
    shutil.copytree(FOLDER / NAME, tmp_path / NAME)
    path = tmp_path / NAME / file
    text = path.read_text("utf-8")
    written = next(text_line for text_line in text.split("\n") if text_line.lstrip().startswith(f"{key}:"))
    path.write_text(text.replace(written, f"{written}\n{written.replace(f'{key}:', f'{before}:')}", 1), "utf-8")
    with pytest.raises(InputError) as refused:
        load_edition(str(tmp_path / NAME))

    problem = refused.value.problems[0]
    assert ("PE106", line, f"{key} | {before}", str(line - 1)) == (
        problem.code, problem.location.line, problem.details["key"], problem.details["first"],
    )  # fmt: skip
    assert 1 == len(refused.value.problems)


def test_names_of_the_author_are_no_keys() -> None:
    texts = {"vi": "a", "en": "a"}
    for holder in ({"facts": {"{}s": {"type": "bool"}}}, {"choices": {"{}": texts, "silent_on": texts}}, {"take": {"{}s": "b"}}):
        now, before = (json.loads(json.dumps(holder).replace("{}", name)) for name in ("interpretation", "reading"))
        assert revision_of([now]) != revision_of([before])


SOURCE = FOLDER / NAME / "source.txt"


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


@pytest.mark.parametrize(("clause", "by", "below"), rows("clauses", "the_map_leads_from_a_clause_to_what_encodes_it"))
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


@pytest.mark.parametrize(("clause", "other", "expected"), rows("clauses", "a_clause_lies_below_another_by_its_path"))
def test_a_clause_lies_below_another_by_its_path(clause: str, other: str, expected: bool) -> None:  # noqa: FBT001  (a table of truths)
    assert expected is is_within(clause, other)


UNCOVERED = ("clauses.yaml", "    why_not: {vi: Lời chào., en: A greeting.}\n", "")
STRAY = ("clauses.yaml", "  - clause: III.2/6\n", "  - clause: III.2/7\n")


def test_a_clause_that_nothing_encodes_or_explains_fails(cli: Cli, tmp_path: Path) -> None:
    folder, problems = with_change(NAME, tmp_path, *UNCOVERED)
    code, data = mapped(cli, folder=folder)

    assert ((), 1, ["end"]) == (problems, code, [one["clause"] for one in data["clauses"] if not one["covered"]])
    assert data["strays"] == []


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


@pytest.mark.parametrize(("text", "expected"), rows("clauses", "texts_are_compared_in_one_form"))
def test_texts_are_compared_in_one_form(text: str, expected: str) -> None:
    assert expected == normal(text)


@pytest.mark.parametrize(("arguments", "code", "word"), tuples("clauses", "exit_codes"))
def test_exit_codes_of_clauses(cli: Cli, arguments: tuple[str, ...], code: int, word: str) -> None:
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
