"""The published schemas: sound, true of every published file, as strict as the builder about shape, free of any edition's words."""

import copy
import json
import random
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

import policy_engine.load.case
import policy_engine.load.edition
from policy_engine.errors import InputError, Problem
from policy_engine.evaluate.rate import Rater
from policy_engine.load import schema
from policy_engine.load.case import read_case
from policy_engine.load.edition import load_edition
from policy_engine.load.layout import tidied_file
from policy_engine.load.library import Library
from policy_engine.load.meaning import sha256_of
from policy_engine.load.yaml_text import read_document
from policy_engine.model.rulebook import Edition
from policy_engine.model.verdict import (
    Advice,
    CeilingTrace,
    CriterionTrace,
    DecisionTrace,
    Deduction,
    Duties,
    EligibilityTrace,
    Finding,
    Gathered,
    LevelTrace,
    Overlap,
    RequirementTrace,
    RouteTrace,
    Verdict,
)
from policy_engine.report.json import verdict_to_data
from tests.build import ROOT, rows, table


def parts(schema: Any, place: str = "", *, narrows: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from parts(part, f"{place}/{number}", narrows=narrows)
    elif isinstance(schema, dict):
        if not narrows:
            yield place, schema
        for key, child in schema.items():
            narrow = narrows or key in {"if", "then", "else"}
            named = key in {"properties", "$defs"}
            for name, part in child.items() if named else [("", child)]:
                yield from parts(part, f"{place}/{key}/{name}".rstrip("/"), narrows=narrow)


@pytest.mark.parametrize(("before", "after"), rows("editors", "fmt_sets_the_modeline"))
def test_fmt_sets_the_modeline(before: str, after: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    path = tmp_path / "in" / "x.yaml"
    path.parent.mkdir()
    path.write_text(before, "utf-8")

    assert after == tidied_file(str(path)).after


RULEBOOK = ROOT / "rulebook"
EDITION = RULEBOOK / "2020"
CASE_FILES = sorted(file for folder in ("good", "edge") for file in (ROOT / "cases").glob(f"**/{folder}/*.yaml"))
NAMES = ("rulebook", "case", "verdict", "compare", "prove")
SCHEMAS_SCHEMAS = {name: json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8")) for name in NAMES}
VALIDATORS = {name: Draft202012Validator(schema) for name, schema in SCHEMAS_SCHEMAS.items()}
SHARED_WORDS = {"kind", "level", "criteria", "id", "name", "collective", "exceeded"}
"""Words of the edition that are words of the format too."""

WRONG: tuple[Any, ...] = (7, -1, 1.5, True, "", " ", "A b\n", [], ["x"], [7], {}, {"x": "y"})
SAMPLE = 12
SHAPE_CODES = {"PE201", "PE202", "PE203"}

CASE: Mapping[str, Any] = table("schemas", "case")  # fmt: skip
"""A case that has every key of the format; no verdict is asked of it."""


class Mutation(NamedTuple):
    path: tuple[str | int, ...]
    change: str
    value: Any = None

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.change} {json.dumps(self.value)}"

    def of(self, data: Any) -> Any:
        changed = copy.deepcopy(data)
        holder = changed
        for key in self.path[:-1]:
            holder = holder[key]
        if self.change == "drop":
            del holder[self.path[-1]]
        elif self.change == "rename":
            holder[self.value] = holder.pop(self.path[-1])
        else:
            holder[self.path[-1]] = self.value
        return changed


class Answer(NamedTuple):
    mutation: Mutation
    valid: bool
    problems: tuple[Problem, ...] | None


def mutations(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[Mutation]:
    if isinstance(value, dict):
        yield Mutation((*path, "no_such_key"), "add", value=True)
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in members:
        here = (*path, key)
        if isinstance(value, dict):
            yield Mutation(here, "drop")
            yield from (Mutation(here, "rename", name) for name in ("A b", "", "x\n"))
        yield from (Mutation(here, "put", wrong) for wrong in WRONG)
        yield from mutations(child, here)


def drawn(data: Any, seed: str, size: int) -> list[Mutation]:
    found = list(mutations(data))
    chance = random.Random(seed)
    chance.shuffle(found)
    sorts = {(m.path[-1] if isinstance(m.path[-1], str) else "*", len(m.path), m.change, json.dumps(m.value)): m for m in found}
    return chance.sample(list(sorts.values()), min(size, len(sorts)))


def written(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


def refusals(schema: str, raw: bytes) -> list[str]:
    return [error.message for error in VALIDATORS[schema].iter_errors(read_document(raw, "x.yaml").data)]


def problems_of(build: Callable[[], object]) -> tuple[Problem, ...] | None:
    try:
        build()
    except InputError as error:
        return error.problems
    return None


@pytest.fixture(scope="module")
def _alone() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (policy_engine.load.edition, policy_engine.load.case):
            patch.setattr(module, "check_schema", lambda *_: None)
        yield


def _kept_together(file: Path | None) -> Any:
    name = file.stem if file else "case"
    return pytest.param(file, id=name, marks=pytest.mark.xdist_group(f"schema-{name}"))


@pytest.fixture(scope="module", params=[*map(_kept_together, sorted(EDITION.rglob("*.yaml"))), _kept_together(None)])
def answers(request: pytest.FixtureRequest, _alone: None, library: Library, tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    file: Path | None = request.param
    size = SAMPLE * (25 if request.config.getoption("--long") else 1)
    if file is None:
        return [_answer_for_case(mutation, library) for mutation in drawn(CASE, "case", size)]
    folder = tmp_path_factory.mktemp("edition") / EDITION.name
    shutil.copytree(EDITION, folder)
    data = read_document(file.read_bytes(), str(file)).data
    return [_answer_for_file(mutation, data, folder / file.relative_to(EDITION), folder) for mutation in drawn(data, file.stem, size)]


def _answer_for_case(mutation: Mutation, library: Library) -> Answer:
    raw = written(mutation.of(CASE))
    return Answer(mutation, not refusals("case", raw), problems_of(lambda: read_case(raw, "case.yaml", library)))


def _answer_for_file(mutation: Mutation, data: Any, place: Path, folder: Path) -> Answer:
    place.write_bytes(written(mutation.of(data)))
    return Answer(mutation, not refusals("rulebook", place.read_bytes()), problems_of(lambda: load_edition(str(folder))))


def sub_schemas(schema: Any, *, branch: bool = False) -> Iterator[tuple[Mapping[str, Any], bool]]:
    if isinstance(schema, list):
        for part in schema:
            yield from sub_schemas(part, branch=branch)
    elif isinstance(schema, dict):
        yield schema, branch
        for key, child in schema.items():
            for part in child.values() if key in {"properties", "$defs"} else [child]:
                yield from sub_schemas(part, branch=branch or key in {"if", "then", "else"})


def words_of(edition: Edition) -> set[str]:
    facts = [field for fact in edition.facts.values() for field in (fact, *fact.fields.values())]
    rules = [rule for track in edition.tracks for rule in track.levels]
    found = {*edition.scale, *edition.register, *(track.id for track in edition.tracks), *(fact.name for fact in facts)}
    found |= {word for level in edition.scale.values() for word in (level.code, *level.aliases)}
    found |= {choice for fact in facts for choice in fact.choices}
    found |= {track.citation.clause for track in edition.tracks} | {rule.citation.clause for rule in rules}
    found |= {word for rule in rules for c in rule.criteria for word in (c.id, c.citation.clause)}
    found |= {word for track in edition.tracks for t in track.thresholds.values() for word in (t.name, t.quantity.text)}
    return found - SHARED_WORDS


def test_the_schemas_that_are_not_asked_are_those_of_these_tests() -> None:
    assert {name: sha256_of([(ROOT / "schemas" / name).read_bytes()]) for name in schema._PUBLISHED} == schema._PUBLISHED


@pytest.mark.parametrize("name", SCHEMAS_SCHEMAS)
def test_a_schema_is_sound(name: str) -> None:
    schema = SCHEMAS_SCHEMAS[name]
    Draft202012Validator.check_schema(schema)

    assert (schema["$schema"], schema["$id"]) == ("https://json-schema.org/draft/2020-12/schema", f"urn:policy-engine:schema:1:{name}")


@pytest.mark.parametrize("name", SCHEMAS_SCHEMAS)
def test_a_schema_explains_in_both_languages(name: str) -> None:
    parts = list(sub_schemas(SCHEMAS_SCHEMAS[name]))
    properties = [pair for schema, branch in parts if not branch for pair in schema.get("properties", {}).items()]
    silent = [key for key, child in properties if " / " not in child.get("description", "")]
    lone = [schema for schema, _ in parts if ("errorMessage" in schema) != ("errorMessage_en" in schema)]

    assert (silent, lone) == ([], [])


@pytest.mark.parametrize("name", SCHEMAS_SCHEMAS)
def test_a_pattern_ends_where_the_text_ends(name: str) -> None:
    patterns = {schema["pattern"] for schema, _ in sub_schemas(SCHEMAS_SCHEMAS[name]) if "pattern" in schema}
    loose = [p for p in patterns - {r"\S"} if not (p.startswith("^") and p.endswith(r"(?!\n)$")) or r"\d" in p or r"\w" in p]

    assert loose == []


@pytest.mark.parametrize("name", SCHEMAS_SCHEMAS)
def test_a_mapping_is_closed(name: str) -> None:
    whole = [schema for schema, branch in sub_schemas(SCHEMAS_SCHEMAS[name]) if not branch and "properties" in schema]

    assert [sorted(schema["properties"]) for schema in whole if "additionalProperties" not in schema] == []


@pytest.mark.parametrize("name", SCHEMAS_SCHEMAS)
def test_no_sentence_of_a_schema_has_a_word_of_the_edition(name: str, edition: Edition) -> None:
    text = json.dumps(SCHEMAS_SCHEMAS[name], ensure_ascii=False)

    assert [word for word in sorted(words_of(edition)) if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)] == []


@pytest.mark.parametrize("file", sorted(RULEBOOK.rglob("*.yaml")), ids=lambda file: str(file.relative_to(RULEBOOK)))
def test_a_published_rulebook_fits(file: Path) -> None:
    assert refusals("rulebook", file.read_bytes()) == []


def test_every_case_fits() -> None:
    refused = {file.name: refusals("case", file.read_bytes()) for file in CASE_FILES} | {"sample": refusals("case", written(CASE))}

    assert {name: words for name, words in refused.items() if words} == {}


def test_every_verdict_fits(library: Library, request: pytest.FixtureRequest) -> None:
    rater = Rater(library)
    files = CASE_FILES if request.config.getoption("--long") else CASE_FILES[::4]
    printed = [verdict_to_data(rater.rate(str(file)).verdict) for file in files]

    assert [error.message for error in VALIDATORS["verdict"].iter_errors(printed[:2])] == []
    assert [verdict["case"] for verdict in printed if not VALIDATORS["verdict"].is_valid(verdict)] == []


VERDICT = (*(set(Verdict._fields) - {"duties"}), *Duties._fields, "notice", "proposed")
PARTS: Mapping[str, Sequence[str]] = {
    "verdict": VERDICT, "level": LevelTrace._fields, "criterion": CriterionTrace._fields, "overlap": Overlap._fields,
    "deduction": Deduction._fields, "advice": Advice._fields, "requirement": RequirementTrace._fields, "route": RouteTrace._fields,
    "ceiling": CeilingTrace._fields, "eligibility_rule": EligibilityTrace._fields, "finding": Finding._fields,
    "gathered": Gathered._fields, "decision": DecisionTrace._fields,
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_a_verdict_has_the_parts_of_the_model(name: str) -> None:
    words = ["observed"] if "evidence" in PARTS[name] else []

    assert sorted(SCHEMAS_SCHEMAS["verdict"]["$defs"][name]["required"]) == sorted([*PARTS[name], *words])


@pytest.mark.sampled(3)
def test_the_builder_refuses_what_the_schema_refuses(answers: Sequence[Answer]) -> None:
    accepted = [str(answer.mutation) for answer in answers if not answer.valid and answer.problems is None]

    assert accepted == [], "\n".join(accepted)


@pytest.mark.sampled(3)
def test_the_schema_refuses_the_shapes_that_the_builder_refuses(answers: Sequence[Answer]) -> None:
    told = [
        f"{answer.mutation}: {problem.code} {dict(problem.details)}"
        for answer in answers
        for problem in answer.problems or ()
        if answer.valid and problem.code in SHAPE_CODES and not _is_known_to_the_edition(answer.mutation, problem)
    ]

    assert told == [], "\n".join(told)


def _is_known_to_the_edition(mutation: Mutation, problem: Problem) -> bool:
    of_an_item = problem.location.file == "case.yaml" and mutation.path[0] == "facts"
    return of_an_item or (problem.code, problem.details.get("key")) == ("PE202", "phrase")
