"""What is told apart and passed by: whoever renames, splits or drops an item of a closed list is told each duty that is lost."""

import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random

import pytest

from policy_engine.checks.places import FilePlaces, places_of
from policy_engine.checks.reach import find_passed_by
from policy_engine.checks.run import check_edition, severity_of
from policy_engine.errors import Problem
from policy_engine.evaluate.core.expression import interpreter_over
from policy_engine.evaluate.core.plan import Plan, figure, plan_of
from policy_engine.language.types import Type
from policy_engine.language.values import NONE, Value
from policy_engine.load.edition import Survey, survey_edition
from policy_engine.model.duties import Chapter, Rule
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from tests.conftest import ROOT

EDITIONS = ("2020", "2026-draft")
TWIN = "_two"
DRAWS = 300


@cache
def _survey(name: str) -> Survey:
    return survey_edition(name, str(ROOT / "rulebook" / name))


def _edition(name: str) -> tuple[Edition, FilePlaces]:
    survey = _survey(name)
    assert survey.edition
    return survey.edition, places_of(survey)


def _found(edition: Edition, places: FilePlaces, name: str) -> list[Problem]:
    return [problem for problem in find_passed_by(edition, places) if problem.details["name"] == name]


@pytest.mark.parametrize("name", EDITIONS)
def test_a_track_that_is_split_loses_no_duty_in_silence(name: str) -> None:
    edition, places = _edition(name)

    for track in edition.tracks:
        split = edition._replace(tracks=(*edition.tracks, track._replace(id=track.id + TWIN)))
        told = {p.details["part"]: set(p.details["rules"].split(", ")) for p in _found(split, places, track.id + TWIN)}

        lost = {chapter.clause: {rule.id for rule in chapter.rules()} for chapter in edition.chapters if track.id in chapter.tracks}
        assert {part: told.get(part) for part in lost} == lost, track.id


def _with_choice(edition: Edition, fact: FactDeclaration, choice: str) -> Edition:
    more = fact._replace(type=Type(fact.type.kind, (*fact.type.choices, choice)), choices={**fact.choices, choice: {}})
    return edition._replace(facts={**edition.facts, fact.name: more})


def _drawn(edition: Edition, dice: Random) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for fact in edition.facts.values():
        match fact.type.kind:
            case "choice":
                values[fact.name] = dice.choice(fact.type.choices)
            case "set":
                values[fact.name] = frozenset(one for one in fact.type.choices if dice.random() < 0.2)
            case "bool":
                values[fact.name] = dice.random() < 0.5
            case "day":
                values[fact.name] = edition.begins if dice.random() < 0.8 else NONE
            case "list":
                values[fact.name] = ()
            case _:
                values[fact.name] = dice.randrange(4)
    return values


def _truths(plan: Plan, chapter: Chapter, values: Mapping[str, Value]) -> Iterator[tuple[Rule, bool]]:
    edition = plan.edition
    known = {**plan.constants, **values, "self_level": 1, "decided_level": 3}
    known |= dict.fromkeys(("decided_on", "first_decided_on"), edition.begins)
    known |= {name: figure(one.quantity) for name, one in {**edition.thresholds, **chapter.thresholds}.items()}
    interpreter = interpreter_over(known)
    for fact, _ in plan.follows:
        if fact.derived and fact.type.kind == "bool":
            known[fact.name] = interpreter.value(fact.derived)
    for rule in chapter.rules():
        yield rule, rule.applies_when is None or interpreter.truth(rule.applies_when) is True


def test_a_choice_that_is_split_loses_no_duty_in_silence() -> None:
    edition, places = _edition("2020")
    dice, lost = Random(12), 0

    for fact in (edition.facts[name] for name in ("workplace", "position", "roles")):
        for choice in fact.choices:
            split = _with_choice(edition, fact, choice + TWIN)
            plan = plan_of(split)
            told = {rule for p in _found(split, places, choice + TWIN) for rule in p.details["rules"].split(", ")}
            for _ in range(DRAWS // len(fact.choices)):
                values = _drawn(edition, dice)
                other = dict(values)
                if fact.type.kind == "set":
                    held = values[fact.name]
                    assert isinstance(held, frozenset)
                    values[fact.name], other[fact.name] = held | {choice}, (held - {choice}) | {choice + TWIN}
                else:
                    values[fact.name], other[fact.name] = choice, choice + TWIN
                for chapter in edition.chapters:
                    before, after = ({r.id: t for r, t in _truths(plan, chapter, one)} for one in (values, other))
                    gone = {rule for rule, truth in before.items() if truth and not after[rule]}
                    duties = {route.rule.id: route.duty for route in chapter.routes}
                    taken = {duties[rule] for rule, truth in after.items() if truth and not before[rule] and rule in duties}
                    elsewhere = {"chair_decided_by_vgcl"}  # its complement stands in the next chapter
                    missing = {rule for rule in gone - told - elsewhere if duties.get(rule) not in taken}
                    assert not missing, (fact.name, choice, chapter.clause, missing)
                    lost += len(gone)

    assert lost > DRAWS, "too few duties were lost for this to say much"


ADDED = {
    "PE801": ("procedure-facts.yaml", "  unit_level:\n    type: level\n"),
    "PE806": ("bodies.yaml", "  vgcl:\n    label:\n      vi: Tổng Liên đoàn\n"),
}
"""By code: where an item of the edition of 2020 begins, beside which another one is put that nothing names."""


@pytest.mark.parametrize("code", ADDED)
def test_what_a_chapter_forgets_is_an_error(code: str, tmp_path: Path) -> None:
    file, head = ADDED[code]
    shutil.copytree(ROOT / "rulebook" / "2020", tmp_path / "2020")
    path = tmp_path / "2020" / file
    text = path.read_text("utf-8")
    block = text[text.index(head) :].split("\n  ")[0:1][0]
    start = text.index(head)
    end = next(n for n in range(start + 3, len(text)) if text[n - 1] == "\n" and text[n : n + 2] == "  " and text[n + 2] not in " #-")
    body = (
        text[start:end].replace("Tổng Liên đoàn", "Một nơi khác").replace("VGCL", "another").replace("TLĐ", "MNK").replace("Vietnam", "One")
    )
    name = block.strip().removesuffix(":")
    path.write_text(text[:end] + body.replace(f"  {name}:", f"  {name}{TWIN}:", 1) + text[end:], "utf-8")

    found = check_edition(survey_edition("2020", str(tmp_path / "2020"))).findings

    assert {(p.code, p.details.get("name")) for p in found if severity_of(p) == "error"} == {(code, name + TWIN)}


RENAMED = {
    "tracks": (
        "criteria/officer-outside-head-office.yaml",
        "track: officer_outside_head_office",
        {"II.3", "III.1", "II.1.1", "II.1.4", "II.2"},
    ),
    "choices": ("procedure-facts.yaml", "      upper_full_time:\n        vi: Cán bộ", {"II.3", "III.1", "III.2"}),
    "bodies": ("bodies.yaml", "  unit_union:\n", {"III.1"}),
    "levels": ("scale.yaml", "level: completed", set[str]()),
}
"""By sort: where an item is declared in the edition of 2020, and the chapters that name it."""


@pytest.mark.parametrize("sort", RENAMED)
def test_a_name_that_is_changed_where_it_is_declared_is_told_wherever_it_stands(sort: str, tmp_path: Path) -> None:
    file, old, chapters = RENAMED[sort]
    shutil.copytree(ROOT / "rulebook" / "2020", tmp_path / "2020")
    path = tmp_path / "2020" / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    head, colon, rest = old.partition(":") if sort in {"choices", "bodies"} else (old, "", "")
    path.write_text(text.replace(old, f"{head}{TWIN}{colon}{rest}"), "utf-8")

    survey = survey_edition("2020", str(tmp_path / "2020"))

    told = {Path(problem.location.file).name.partition("-")[0] for problem in survey.problems}
    assert survey.problems
    assert not survey.whole
    assert chapters <= told
