"""Two editions held against each other: every edit is told as itself and as nothing else, and cases are rated under both."""

import ast
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from policy_engine.compare.differences import _FIELDS, PartDifference, compare
from policy_engine.errors import InputError
from policy_engine.explain.blocks import Line
from policy_engine.explain.compare import explain_changes
from policy_engine.load.edition import load_edition
from policy_engine.load.files import data_root
from policy_engine.model.duties import Body, Cap, Ceiling, Chapter, Clause, Eligibility, Requirement, Route
from policy_engine.model.facts import FactDeclaration, Invariant, OperativeWords, Threshold
from policy_engine.model.rulebook import (
    Basis,
    Criterion,
    Edition,
    GapDeclaration,
    Interpretation,
    Level,
    LevelRule,
    Monotonicity,
    Residual,
    StandIn,
    Track,
)
from policy_engine.source import Location
from tests.build import ROOT, Cli, rows, tuples
from tests.editions.small import FOLDER, check, edition_of, with_change
from tests.oracle import cases as drawn_cases
from tests.oracle import classify

SPECIALIST = "criteria/head-office-specialist.yaml"
EXCEEDED = "value: 50%\n    cite: II.1.3.a/HTXSNV/2\n    phrase: ít nhất 50%"
RAISED = (SPECIALIST, EXCEEDED, EXCEEDED.replace("50%", "60%"))
TRACK = "head_office_specialist"
FACT = """facts:
  trainings_attended:
    type: count
    label: {vi: Số lớp bồi dưỡng, en: Trainings attended}
    asks: {vi: Đã dự mấy lớp?, en: How many trainings were attended?}
"""


class Edit(NamedTuple):
    file: str
    old: str
    new: str
    told: tuple[str, ...]


EDITS = {key: Edit(*row) for key, row in tuples("compare", "edits").items()}  # fmt: skip


def edited(folder: Path, *edits: tuple[str, str, str]) -> Path:
    target = Path(shutil.copytree(Path(data_root(), "rulebook", "2020"), folder / "next"))
    for file, old, new in (("edition.yaml", 'edition: "2020"', "edition: next"), *edits):
        text = (target / file).read_text("utf-8")
        assert old in text, old
        (target / file).write_text(text.replace(old, new), "utf-8")
    return target


def both(folder: Path, *edits: tuple[str, str, str]) -> Path:
    edited(folder, *edits)
    shutil.copytree(Path(data_root(), "rulebook", "2020"), folder / "2020")
    return folder


def told(change: PartDifference) -> str:
    owner = (
        change.owner.kind + (f":{change.owner.id}" if change.owner.id else "") + (f"/{change.owner.level}" if change.owner.level else "")
    )
    fields = ",".join(field.name for field in change.fields) if change.change == "changed" else ""
    name = change.id.replace(", ", ",") or "-"
    return " ".join(filter(None, (change.change, change.sort, owner, name, fields, "wording" if change.wording else "")))


def mirrored(change: PartDifference) -> PartDifference:
    swap = {"added": "dropped", "dropped": "added", "changed": "changed"}
    fields = tuple(field._replace(before=field.after, after=field.before) for field in change.fields)
    return change._replace(change=swap[change.change], fields=fields, clause="", says={})


def assert_mirror(one: Edition, other: Edition) -> None:
    there = sorted((change._replace(clause="", says={}) for change in compare(one, other)), key=lambda c: c[1:4])
    back = sorted(map(mirrored, compare(other, one)), key=lambda c: c[1:4])
    assert there == back


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.sampled(3)
def test_an_edit_is_told_as_itself_and_nothing_else(edition: Edition, tmp_path: Path, name: str) -> None:
    edit = EDITS[name]
    other = load_edition(str(edited(tmp_path, edit[:3])))

    changes = compare(edition, other)
    assert sorted(edit.told) == sorted(map(told, changes))
    assert_mirror(edition, other)
    for line in lines_of(edition, other, changes):
        assert " → " in line.text
        assert not re.search(r": (.+) → \1(;|$)", line.text)


def lines_of(one: Edition, other: Edition, changes: tuple[PartDifference, ...]) -> list[Line]:
    told_of = explain_changes(one, other, changes, "en")
    lines = [line for section in told_of.sections for line in section.lines]
    assert not any(section.table for section in told_of.sections)
    assert len(lines) == len(changes)
    return [line for line in lines if not line.text.startswith(("added: ", "dropped: "))]


@pytest.mark.parametrize("name", ["orchard", "press", "show", "harvest", "2020"])
def test_an_edition_does_not_differ_from_itself(edition: Edition, name: str, tmp_path: Path) -> None:
    one = edition if name == "2020" else edition_of(name)

    assert compare(one, one) == ()
    assert compare(edition, load_edition(str(edited(tmp_path)))) == ()


SMALL = rows("compare", "small")  # fmt: skip


@pytest.mark.parametrize(("name", "file", "old", "new", "expected"), SMALL, ids=lambda value: value[:30])
def test_an_edit_of_a_small_edition_is_told(tmp_path: Path, name: str, file: str, old: str, new: str, expected: str) -> None:
    folder, problems = with_change(name, tmp_path, file, old, new)
    assert problems == ()
    other = load_edition(str(folder))

    assert [expected] == [told(change) for change in compare(edition_of(name), other)]
    assert_mirror(edition_of(name), other)


SLIPS: tuple[tuple[str, str], ...] = (
    (r"\btrue\b", "false"), (r"\bfalse\b", "true"), (r"\ben: (?=\w)", "en: So "), (r"\bvi: (?=\w)", "vi: Vậy "), (r"\b1", "2"), (r"5", "6"),
    (r" >= ", " > "), (r" == ", " != "), (r" and ", " or "), (r"\berror\b", "note"), (r"\bwarning\b", "error"), (r"proposed", "accepted"),
    (r"phrase: (?=\w)", "phrase: so "), (r"cite: (.*)", r"cite: \1/9"), (r"all_of", "any_of"), (r"gap$", "decided_by_authority"),
    (r"lower$", "flag"), (r"code: ", "code: X"), (r"starts: ", "starts: So "), (r"J-0", "J-1"), (r"^.*\n", ""),
)  # fmt: skip


def _slips(folder: Path, rng: Random) -> Iterator[tuple[Path, str]]:
    files = {path: path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml"))}
    places = [(path, number, slip) for path, text in files.items() for number in range(text.count("\n")) for slip in SLIPS]
    rng.shuffle(places)
    for path, number, (old, new) in places:
        lines = files[path].splitlines(keepends=True)
        line = re.sub(old, new, lines[number], count=1)
        if line != lines[number] and not lines[number].startswith(("edition:", "#")):
            yield path, "".join((*lines[:number], line, *lines[number + 1 :]))


def _meaning(thing: Any) -> Any:
    if isinstance(thing, (ast.AST, Location)):
        return None
    if isinstance(thing, Edition):
        thing = thing._replace(id="", revision="", reworded=())
    if isinstance(thing, dict):
        return sorted((key, _meaning(value)) for key, value in thing.items())
    return [_meaning(one) for one in thing] if isinstance(thing, tuple) else str(thing)


@pytest.mark.parametrize("name", ["orchard", "press", "show", "2020"])
@pytest.mark.sampled(2)
def test_whatever_is_said_otherwise_is_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:  # fmt: skip
    monkeypatch.setattr("policy_engine.load.edition.check_schema", lambda *_: None)
    source = Path(data_root(), "rulebook", name) if name == "2020" else FOLDER / name
    folder = Path(shutil.copytree(source, tmp_path / name))
    one = load_edition(str(folder))
    wanted = (15 if name == "2020" else 40) * (10 if request.config.getoption("--long", default=False) else 1)

    tried = 0
    for path, text in _slips(folder, Random(name)):
        kept = path.read_text("utf-8")
        path.write_text(text, "utf-8")
        try:
            other = load_edition(str(folder))
        except InputError:
            continue
        finally:
            path.write_text(kept, "utf-8")
        tried += other.revision != one.revision
        assert_mirror(one, other)
        assert bool(compare(one, other)) == (_meaning(one) != _meaning(other)), set(text.splitlines()) ^ set(kept.splitlines())
        if tried == wanted:
            break

    assert tried >= 40 or tried == wanted


def _rulebook(cli: Cli, folder: Path, *arguments: str) -> dict[str, Any]:
    code, out, err = cli("compare", "2020", "next", "--rulebook", str(folder), "--format", "json", *arguments)
    assert (code, err) == (0, "")
    data: dict[str, Any] = json.loads(out)
    check("compare", data)
    return data


def test_json_has_every_field_before_and_after(cli: Cli, tmp_path: Path) -> None:
    data = _rulebook(cli, both(tmp_path, RAISED, ("facts.yaml", "facts:\n", FACT)))

    assert data["counts"] == {"added": 1, "dropped": 0, "changed": 1, "wording": 0}
    assert data["cases"] is None
    added, changed = data["changes"]
    assert (added["sort"], added["id"], added["says"]["en"]) == ("fact", "trainings_attended", "Trainings attended")
    assert {"name": "type", "before": None, "after": "count"} in added["fields"]
    assert changed == {
        "change": "changed", "sort": "threshold", "owner": {"kind": "track", "id": TRACK, "level": ""}, "id": "min_exceeded",
        "clause": "II.1.3.a/HTXSNV/2", "says": None, "wording": False,
        "fields": [
            {"name": "value", "before": "50%", "after": "60%"},
            {"name": "phrase", "before": "ít nhất 50%", "after": "ít nhất 60%"},
        ],
    }  # fmt: skip


def test_the_matrix_counts_the_cases_and_the_moves_are_those_of_an_independent_count(cli: Cli, tmp_path: Path) -> None:
    folder = both(tmp_path / "rulebook", RAISED)
    files = tmp_path / "cases"
    files.mkdir()
    expected: set[str] = set()
    levels: Counter[str] = Counter()
    for number, facts in zip(range(120), drawn_cases(5, "specialist"), strict=False):
        levels[classify(facts)] += 1
        (files / f"case-{number}.yaml").write_text(json.dumps({"case": f"case-{number}", "edition": "2020", "facts": facts}), "utf-8")
        total, exceeded = facts["tasks_total"], facts["tasks_exceeded"]
        assert isinstance(total, int)
        assert isinstance(exceeded, int)
        if classify(facts) == "excellent" and 100 * exceeded < 60 * total:
            expected.add(f"case-{number}")

    cases = _rulebook(cli, folder, "--cases", str(files))["cases"]

    assert expected
    assert expected == {move["case"] for move in cases["moves"]}
    assert {("excellent", "good", ("half_exceeded",), "after")} == {
        (m["before"], m["after"], tuple(r["criterion"] for r in m["reasons"]), *{r["side"] for r in m["reasons"]}) for m in cases["moves"]
    }
    assert all(reason["phrase"] == "ít nhất 60%" for move in cases["moves"] for reason in move["reasons"])
    assert sum(cell["count"] for cell in cases["matrix"]) == cases["rated"] == 120
    rows: Counter[str] = Counter()
    for cell in cases["matrix"]:
        rows[cell["before"]] += cell["count"]
    assert rows == levels
    assert cases["not_rated"] == []


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.sampled(2)
def test_a_reader_sees_figures_clauses_moves_and_drafts(cli: Cli, tmp_path: Path, lang: str, form: str) -> None:
    draft = ("edition.yaml", "status: issued", "status: draft")
    status = ("register.yaml", "status: proposed\n  J-02", "status: accepted\n  J-02")
    folder = both(tmp_path, RAISED, draft, status, EDITS["operator"][:3], ("facts.yaml", "facts:\n", FACT))
    cases = ("--cases", str(ROOT / "cases/2020/II.1/edge/specialist-half-exceeded.yaml"), "--cases", str(ROOT / "cases/2020/II.1/good"))

    code, out, err = cli("compare", "2020", "next", "--rulebook", str(folder), *cases, "--format", form, lang=lang)

    plain = " ".join(out.replace("\\", "").replace("*", "").split())
    assert (code, err) == (0, "")
    assert "HTXSNV: “ít nhất 50%” → “ít nhất 60%”" in plain
    assert "II.1.3.a/HTXSNV/2 · min_exceeded" in plain
    assert ">= min_exceeded → share(tasks_exceeded, tasks_total) > min_exceeded" in plain
    assert "specialist-half-exceeded · " in plain
    assert ": 10/20 = 50% " in plain
    assert {"en": "met → not met; figure 50% → 60%", "vi": "đạt → không đạt; con số 50% → 60%"}[lang] in plain
    words = {"en": ("draft: nobody has issued it", "Trainings attended"), "vi": ("là dự thảo", "Số lớp bồi dưỡng")}
    assert all(word in plain for word in (*words[lang], "HTXSNV → HTTNV", "trainings_attended", "J-01"))
    assert "None" not in plain


@pytest.mark.parametrize(("arguments", "code", "word"), tuples("compare", "exit_codes"))
def test_exit_codes(cli: Cli, arguments: tuple[str, ...], code: int, word: str) -> None:
    found, out, err = cli("compare", *arguments)

    assert (code, code == 0) == (found, bool(out))
    assert word in out + err
    assert "Traceback" not in err


RECORDS: Mapping[str, Any] = {
    "criterion": Criterion, "fact": FactDeclaration, "track": Track, "level_rule": LevelRule, "residual": Residual, "stand_in": StandIn,
    "gap": GapDeclaration, "monotone": Monotonicity, "level": Level, "edition": Edition, "chapter": Chapter, "route": Route,
    "requirement": Requirement, "ceiling": Ceiling, "eligibility": Eligibility, "cap": Cap, "body": Body, "clause": Clause,
    "invariant": Invariant, "threshold": Threshold, "reading": Interpretation, "basis": Basis, "operative_words": OperativeWords,
}  # fmt: skip
PARTS = {
    "id", "name", "location", "level", "rank", "clause", "clauses", "thresholds", "levels", "criteria", "decide", "gaps", "monotone",
    "reads", "residual", "requires", "stand_ins", "basis", "scale", "facts", "invariants", "tracks", "register", "revision", "bodies",
    "chapters", "words", "reworded", "sealed", "routes", "requirements", "contents", "ceilings", "eligibility", "caps", "lowers",
}  # fmt: skip
"""What names a part, is a part of its own, is worked out, or is written in another word (`on_breach`)."""


@pytest.mark.parametrize("sort", RECORDS)
def test_a_field_of_a_record_is_compared(sort: str) -> None:
    """A field that is added to the model and forgotten here would make two editions look alike that are not."""
    known = set(re.findall(r"\w+", _FIELDS[sort]))

    assert [] == [name for name in RECORDS[sort]._fields if name not in known | PARTS]
