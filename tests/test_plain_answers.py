"""What is printed says no more than is so, and steers nothing: JSON, refusals met with many cases, editions that say they are issued."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.load.edition import load_edition
from policy_engine.model.rulebook import Edition
from policy_engine.report.json import to_json
from tests.bad_files import SAMPLE_CASE
from tests.hostile_inputs import CASE, orchard_at

Cli = Callable[..., tuple[int, str, str]]
ODD = "\x7f\x80\x9b\x9f\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ud800"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.recursive(st.text(st.characters() | st.sampled_from(ODD)), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_steers_nothing_and_says_the_same(value: object) -> None:
    said = to_json(value)

    assert json.loads(said) == value
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", said)


@pytest.mark.parametrize("command", ["evaluate", "test", "round"])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_rulebook_that_is_refused_is_read_once(
    command: str, lang: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, cases = orchard_at(tmp_path), tmp_path / "cases"
    (book / "orchard" / "track.yaml").write_text(
        (book / "orchard" / "track.yaml").read_text("utf-8").replace("decide:", "decided:"), "utf-8"
    )
    cases.mkdir()
    for number in range(7):
        (cases / f"{number}.yaml").write_text(CASE.replace("basket", f"basket-{number}"), "utf-8")
    reads: list[str] = []

    def interpretation(folder: str) -> Edition:
        reads.append(folder)
        return load_edition(folder)

    monkeypatch.setattr("policy_engine.load.library.load_edition", interpretation)

    code, _, err = cli(command, str(cases), "--rulebook", str(book), lang=lang)
    data = json.loads(cli(command, str(cases), "--rulebook", str(book), "--format", "json")[2])

    assert (3, 2) == (code, len(reads))
    assert err.count("PE201") == 1
    assert {"vi": "7 hồ sơ chưa được xét", "en": "cases that it keeps from being rated: 7"}[lang] in err
    assert {7} == {one["times"] for one in data["errors"]}


@pytest.mark.parametrize("good", [0, 1, 2])
def test_a_folder_is_answered_by_an_array(good: int, cli: Cli, tmp_path: Path) -> None:
    book, cases = orchard_at(tmp_path), tmp_path / "cases"
    cases.mkdir()
    for number in range(2):
        (cases / f"{number}.yaml").write_text(CASE.replace("basket", f"n-{number}") if number < good else "case: 1\n", "utf-8")
    (tmp_path / "one").mkdir()
    shutil.copy(SAMPLE_CASE, tmp_path / "one")

    answers = [json.loads(cli("evaluate", *paths, "--rulebook", str(book), "--format", "json")[1]) for paths in (
        [str(cases)], [str(cases / "0.yaml"), str(cases / "1.yaml")], [str(tmp_path / "one")],
    )]  # fmt: skip

    assert [2, 2, 1] == [len(answer) for answer in answers]
    assert [good, good, 1] == [sum(one["outcome"] != "refused" for one in answer) for answer in answers]
    assert all(isinstance(answer, list) for answer in answers)


ISSUED = {"vi": "không có dấu niêm phong", "en": "no seal"}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_copy_does_not_call_itself_issued(lang: str, cli: Cli, tmp_path: Path) -> None:
    book, record = orchard_at(tmp_path), tmp_path / "records.jsonl"
    cases = str(SAMPLE_CASE)

    def said(*words: str) -> str:
        return cli(*words, "--rulebook", str(book), lang=lang)[1]

    def sealed() -> tuple[bool, bool, bool]:
        verdict = json.loads(said("evaluate", cases, "--format", "json", "--record", str(record)))
        done = json.loads(said("round", str(book.parent / "goods"), "--format", "json"))
        return verdict["sealed"], done["sealed"], json.loads(record.read_text("utf-8").splitlines()[-1])["sealed"]

    (tmp_path / "goods").mkdir()
    shutil.copy(SAMPLE_CASE, tmp_path / "goods")
    texts = [said("evaluate", cases), said("edition", "list"), said("edition", "show"), said("round", str(tmp_path / "goods"))]
    first = sealed()
    cli("edition", "seal", "orchard", "--rulebook", str(book))
    later = [said("evaluate", cases), said("round", str(tmp_path / "goods"))]

    assert all(ISSUED[lang] in text for text in texts)
    assert not any(ISSUED[lang] in text for text in later)
    assert ((False,) * 3, (True,) * 3) == (first, sealed())
