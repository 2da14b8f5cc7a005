"""One bad file among many: told first and counted, the others go on, and who waits for it is told so."""

import json
import shutil
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from policy_engine.evaluate.round.round import rate_round
from policy_engine.evaluate.round.summary import summarise
from policy_engine.load.round import load_round
from policy_engine.model.round import Round
from policy_engine.report.data import round_to_data
from tests.build import Cli, table, tuples
from tests.editions.small import FOLDER, check, library_of, write_cases
from tests.test_round import NAME, Content, by_name, named, picker, plot, with_facts

RULEBOOK = ("--rulebook", str(FOLDER / NAME))
COUNTED = {"en": ("5 files: 3 rated, 2 refused.", "PE502 × 2, for example "), "vi": ("5 tệp: 3 đã xét, 2 bị từ chối.", "PE502 × 2, ví dụ ")}


def many_and_bad(**more: object) -> dict[str, Content]:
    bad = (picker("x", "many", **more), picker("y", "few", **more))
    return named(plot("north"), picker("a", superior="north"), picker("b", superior="north"), *bad)


def rate(folder: Path) -> Round:
    return rate_round(load_round(str(folder), library_of(NAME)))


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("command", ["round", "evaluate", "interpretations"])
def test_what_was_refused_is_counted_in_the_headline(cli: Cli, tmp_path: Path, command: str, form: str, lang: str) -> None:
    """The answer begins with how many files were rated and refused, and each slip once with its places; exit code 3."""
    folder = write_cases(tmp_path / "year", many_and_bad())
    paths = ("--cases", str(folder)) if command == "interpretations" else (str(folder),)
    code, out, err = cli(command, *RULEBOOK, "--format", form, *paths, lang=lang)

    headline, slip = COUNTED[lang]
    assert code == 3
    assert headline in "\n".join(out.splitlines()[:3])
    assert out.count("PE502 × 2") == 1
    assert slip in " ".join(out.split())
    assert out.index("x.yaml:3:38") < out.index("y.yaml:3:38")
    assert [err.count(f"{name}.yaml:3:38: PE502") for name in "xy"] == [1, 1]


@pytest.mark.parametrize("command", ["round", "evaluate", "test", "interpretations"])
def test_what_was_refused_stands_in_the_json(cli: Cli, tmp_path: Path, command: str) -> None:
    folder = write_cases(tmp_path / "year", many_and_bad())
    paths = ("--cases", str(folder)) if command == "interpretations" else (str(folder),)

    code, out, err = cli(command, *RULEBOOK, "--format", "json", *paths)

    data: Any = json.loads(out)
    assert (code, [e["code"] for e in json.loads(err)["errors"]]) == (3, ["PE502", "PE502"])
    if command == "evaluate":
        check("verdict", data)
        assert [("x", "refused", None), ("y", "refused", None)] == [(one["case"], one["outcome"], one["level"]) for one in data[:2]]
        assert {"a", "b", "north"} == {one["case"] for one in data[2:]}
        problems = [problem for one in data[:2] for problem in one["problems"]]
        assert [1, 1] == [problem["count"] for problem in problems]
        return
    if command != "interpretations":
        check(command, data)
    [problem] = data["problems"]
    assert ("PE502", 2) == (problem["code"], problem["count"])
    assert ["x.yaml", "y.yaml"] == [Path(place["file"]).name for place in problem["places"]]
    assert 2 == (len(data["refused"]) if command == "round" else data["refused"])


WAITS: dict[str, tuple[Mapping[str, Content], str, Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]] = tuples(
    "refused", "waits"
)


@pytest.mark.parametrize("name", WAITS)
def test_who_waits_for_a_refused_file_is_told_so(tmp_path: Path, name: str) -> None:
    files, refused, waiting, held_up = WAITS[name]
    done = rate(write_cases(tmp_path / "year", files))

    summary = summarise(done)
    assert [refused] == [one.case for one in done.refused]
    assert waiting == {Path(path).stem: tuple(sorted(cases)) for path, cases in summary.waiting.items()}
    assert held_up == {case: tuple(Path(path).stem for path in one.held_up) for case, one in by_name(done).items() if one.held_up}
    data = round_to_data(done)
    assert held_up == {one["case"]: tuple(Path(p).stem for p in one["held_up_by"]) for one in data["undetermined"] if one["held_up_by"]}


FOREST = table("refused", "forest")


@pytest.mark.parametrize("broken", [names for count in range(1, 6) for names in combinations(FOREST, count)], ids="-".join)
def test_a_level_beside_refused_files_is_the_level_of_the_whole(tmp_path: Path, broken: tuple[str, ...]) -> None:
    whole = by_name(rate(write_cases(tmp_path / "whole", FOREST)))
    bad = {name: with_facts(content, pears=1) if name in broken else content for name, content in FOREST.items()}
    done = rate(write_cases(tmp_path / "bad", bad))

    assert sorted(broken) == [one.case for one in done.refused]
    data = round_to_data(done)
    assert (len(FOREST), len(broken)) == (data["files"], data["spread"]["refused"])
    for key in ("cases", "refused", "undecided", "unrecorded"):
        assert data["spread"][key] == sum(unit[key] for unit in data["units"]) == sum(track[key] for track in data["tracks"]), key
    for name, one in by_name(done).items():
        assert one.standing.level in {whole[name].standing.level, None}
        lost = one.standing.level != whole[name].standing.level
        assert lost <= bool(one.held_up)
        assert {Path(path).stem for path in one.held_up} <= set(broken)


@pytest.mark.parametrize(
    ("lang", "because", "asked"),
    [("en", "open because of files with errors: x (", "asked:"), ("vi", "chưa rõ vì tệp có lỗi: x (", "cần biết:")],
)
def test_the_blocker_stands_before_the_heads_own_facts(cli: Cli, tmp_path: Path, lang: str, because: str, asked: str) -> None:
    waits = (plot("north"), picker("x", "many", superior="north", subject={"id": "X-1", "name": "Mai"}))
    folder = write_cases(tmp_path / "year", named(picker("early", "unknown"), *waits))
    _, out, _ = cli("round", *RULEBOOK, str(folder), lang=lang)

    section = next(" ".join(part.split()) for part in out.split("\n\n") if "? early: " in part)
    assert section.index(f"? north: {because}") < section.index("? early: ")
    assert asked not in section[: section.index("? early: ")]
    refusal = next(line for line in out.splitlines() if "✗ x · Mai: PE502; " in line)
    assert "north" in refusal


TORN = {
    "YAML that ends early": b'case: x\nedition: "orchard"\nsubject: {id: X}\nsuperior: north\nfacts:\n\tkind: picker\n',
    "a byte that is no text": b'case: x\nedition: "orchard"\nsubject: {id: X, name: H\xe0}\nsuperior: north\nfacts: {kind: picker}\n',
    "a second document": b'case: x\nedition: "orchard"\nsubject: {id: X}\nsuperior: north\nfacts: {kind: picker}\n---\na: 1\n',
}


@pytest.mark.parametrize("name", TORN)
def test_a_torn_file_tells_what_stands_above_the_tear(tmp_path: Path, name: str) -> None:
    folder = write_cases(
        tmp_path / "year", named(plot("north"), plot("south"), picker("a", superior="south"), picker("b", superior="south"))
    )
    (folder / "x.yaml").write_bytes(TORN[name])
    done = rate(folder)

    assert [("x", "")] == [(one.case, one.unit) for one in done.refused]
    assert {"x": ("north",)} == {Path(path).stem: cases for path, cases in summarise(done).waiting.items()}
    assert ("top", ()) == (by_name(done)["south"].standing.level, by_name(done)["south"].held_up)


@pytest.mark.parametrize(
    "text",
    [b"facts: {kind: picker}\n", b'case: x\nedition: "orchard"\nfacts:\n\tkind: picker\n', b"\xff\xfe", b""],
    ids=["name", "link", "text", "all"],
)
def test_a_file_that_does_not_say_whose_it_is_holds_up_every_list(tmp_path: Path, text: bytes) -> None:
    folder = write_cases(tmp_path / "year", named(plot("south"), picker("a", superior="south")))
    (folder / "x.yaml").write_bytes(text)
    done = rate(folder)

    assert [str(folder / "x.yaml")] == [one.path for one in done.refused]
    assert (str(folder / "x.yaml"),) == by_name(done)["south"].held_up


@pytest.mark.parametrize(("lang", "text"), [("en", "Not run: the rulebook has errors."), ("vi", "Không chạy được: bản quy tắc có lỗi.")])
@pytest.mark.parametrize("command", ["test", "evaluate"])
def test_a_rulebook_that_does_not_load_is_no_pass(cli: Cli, tmp_path: Path, command: str, lang: str, text: str) -> None:
    shutil.copytree(FOLDER / NAME, tmp_path / NAME)
    facts = tmp_path / NAME / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace("type: bool", "type: boole", 1), "utf-8")
    folder = write_cases(tmp_path / "year", named(picker("a"), picker("b")))
    code, out, err = cli(command, "--rulebook", str(tmp_path / NAME), str(folder), lang=lang)

    assert code == 3
    assert out.splitlines()[1].startswith(text)
    assert ": 0" not in out.splitlines()[1]
    assert out.count("PE204") == err.count("PE204") == 1


@pytest.mark.parametrize("form", ["text", "json", "markdown", "junit"])
def test_a_test_holds_back_what_refused_cases_may_show(cli: Cli, tmp_path: Path, form: str) -> None:
    folder = write_cases(tmp_path / "year", named(picker("a", expect={"level": "good"}), picker("x", "many", expect={"level": "good"})))
    code, out, _ = cli("test", *RULEBOOK, "--format", form, str(folder))

    assert code == 3
    assert "never seen" not in out
    if form == "json":
        data = json.loads(out)
        check("test", data)
        assert (False, 1, 1, 0, []) == tuple(data[key] for key in ("passed", "ran", "refused", "refused_by_rulebook", "coverage"))
    elif form == "junit":
        assert '<property name="refused" value="1"' in out
    else:
        assert "2 cases: 1 ran, 1 refused. Not as expected: 0." in out


@pytest.mark.parametrize(("arguments", "code", "told"), tuples("refused", "a_file_of_another_kind_leads_to_its_command"))
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_a_file_of_another_kind_leads_to_its_command(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, told: str, lang: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("tables", "cases"):
        (tmp_path / folder).mkdir()
    for name in ("rows.csv", "tables/rows.csv"):
        (tmp_path / name).write_text("case,kind\na,officer\n", "utf-8")
    for name in ("a.yaml", "cases/a.yaml"):
        (tmp_path / name).write_text('case: a\nedition: "2020"\nfacts: {kind: officer}\n', "utf-8")
    before = sorted(tmp_path.rglob("*"))
    found, out, err = cli(*arguments, lang=lang)

    assert (code, True) == (found, told in err)
    assert "Traceback" not in out + err
    assert before == sorted(tmp_path.rglob("*"))
