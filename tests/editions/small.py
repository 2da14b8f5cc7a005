"""What tests ask of the small editions: read one, read a case of it, rate it, rate a round of it."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.duties.survey import Surveyor
from policy_engine.evaluate.evaluator import Evaluator
from policy_engine.language.grammar import parse
from policy_engine.language.text import show
from policy_engine.language.tree import names_in
from policy_engine.language.values import Value
from policy_engine.load.case import read_case
from policy_engine.load.edition import load_edition
from policy_engine.load.files import data_root
from policy_engine.load.library import Library
from policy_engine.model.case import Case, Record
from policy_engine.model.facts import Condition
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import Verdict
from policy_engine.source import Location

FOLDER = Path(__file__).resolve().parent
FILE = "drawn.yaml"


@cache
def library_of(name: str) -> Library:
    """Return the library that holds one small edition."""
    return Library(str(FOLDER / name))


@cache
def edition_of(name: str) -> Edition:
    return library_of(name).edition(name)


@cache
def evaluator_of(name: str) -> Evaluator:
    """Return a small edition, ready to rate."""
    return Evaluator(edition_of(name))


@cache
def surveyor_of(name: str) -> Surveyor:
    """Return a small edition, ready to ask what else it asks."""
    return Surveyor(evaluator_of(name).plan)


def case_of(name: str, facts: Mapping[str, Value], record: Record | None = None) -> Case:
    """Return a case of these facts, past the reading of a file."""
    return Case("drawn", name, {}, dict(facts), {}, {}, (), {}, record or Record())


def read(name: str, facts: Mapping[str, object], **more: object) -> Case:
    """Return a case as its file states it; every JSON text is a YAML text."""
    text = json.dumps({"case": "drawn", "edition": name, "facts": facts, **more}, indent=1)
    return read_case(text.encode(), FILE, library_of(name))[0]


def refusals(name: str, facts: Mapping[str, object], **more: object) -> tuple[Problem, ...]:
    """Return what is wrong with a case file; nothing where it can be read."""
    try:
        read(name, facts, **more)
    except InputError as error:
        return error.problems
    return ()


def surveyed(name: str, case: Case) -> Verdict:
    """Rate a case, and ask what the edition asks beside the level."""
    return surveyor_of(name).survey(case, evaluator_of(name).evaluate(case))


def asked(name: str, facts: Mapping[str, object], **more: object) -> Verdict:
    """Return the whole verdict on a case, as its file states it."""
    return surveyed(name, read(name, facts, **more))


def condition_of(text: str) -> Condition:
    tree, complaints = parse(text)
    assert tree is not None, complaints
    return Condition(tree, show(tree), Location(FILE, 1, 1), names_in(tree))


def with_change(name: str, folder: Path, file: str, old: str, new: str) -> tuple[Path, tuple[Problem, ...]]:
    """Copy an edition with one text of one file replaced; give its folder and what is wrong with it."""
    for path in sorted((FOLDER / name).glob("*.yaml")):
        text = path.read_text("utf-8")
        if path.name == file:
            assert old in text, old
            text = text.replace(old, new)
        (folder / path.name).write_text(text, "utf-8")
    try:
        load_edition(str(folder))
    except InputError as error:
        return folder, error.problems
    return folder, ()


def write_cases(folder: Path, cases: Mapping[str, Mapping[str, object]]) -> Path:
    """Write files, each key of a file on a line of its own; every JSON text is a YAML text."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in cases.items():
        lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in content.items()]
        (folder / f"{name}.yaml").write_text("".join(lines), "utf-8")
    return folder


def schema_of(name: str) -> Any:
    return json.loads(Path(data_root(), "schemas", f"{name}.schema.json").read_text("utf-8"))


def check(name: str, data: object) -> None:
    """Hold data against a published schema."""
    validator: Any = jsonschema.Draft202012Validator(schema_of(name))
    validator.validate(data)
