"""The command line as users and scripts meet it: output, languages, exit codes."""

import inspect
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.cli.app import _parameter
from policy_engine.cli.commands import COMMANDS
from policy_engine.errors import MissingExtraError
from policy_engine.evaluate.plain import Coverage, unmet
from policy_engine.evaluate.rate import Rater
from policy_engine.load.edition import load_edition
from policy_engine.load.files import data_root
from policy_engine.load.library import Library
from policy_engine.load.lock import Sources
from policy_engine.model.rulebook import Edition
from policy_engine.report.json import to_json
from tests.bad_files import SAMPLE_CASE
from tests.build import ROOT, Cli, rows, tuples
from tests.hostile_inputs import CASE, orchard_at

ODD = "\x7f\x80\x9b\x9f\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ud800"


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

    def interpretation(folder: str, *, sources: Sources) -> Edition:
        reads.append(folder)
        return load_edition(folder, sources=sources)

    monkeypatch.setattr("policy_engine.load.edition.load_edition", interpretation)

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


GOOD = ROOT / "cases/2020/II.1/good/specialist-outstanding.yaml"


def _case(folder: Path, expect: str, name: str = "sample") -> Path:
    text = GOOD.read_text("utf-8").partition("expect:")[0].replace("case: specialist-outstanding", f"case: {name}")
    path = folder / f"{name}.yaml"
    path.write_text(text + expect, "utf-8")
    return path


@pytest.mark.parametrize(("expect", "keys"), rows("expectations", "each_expectation_is_held"))
def test_each_expectation_is_held(tmp_path: Path, library: Library, expect: str, keys: list[str]) -> None:
    one = Rater(library).rate(str(_case(tmp_path, expect)))

    assert keys == sorted(miss.key for miss in unmet(one.case.expect, one.verdict))


def test_a_route_that_the_edition_does_not_have_is_refused(tmp_path: Path, cli: Cli) -> None:
    code, _, err = cli("test", str(_case(tmp_path, "expect: {route_ids: {staff_decided_by_chairs: not_applicable}}\n")))

    assert code == 3
    assert "PE401" in err


@pytest.mark.parametrize(("expect", "status"), [("expect: {level: excellent}\n", 0), ("expect: {level: good}\n", 1), ("", 1)])
def test_a_case_that_expects_nothing_fails(tmp_path: Path, cli: Cli, expect: str, status: int) -> None:
    code, out, _ = cli("test", str(_case(tmp_path, expect)), "--lang", "en")

    assert (status, status == 1) == (code, "Not as expected: 1" in out)


@pytest.mark.parametrize("expect", ["expect: {level: excellent}\n", "expect: {level: good}\n"])
def test_junit_is_well_formed(tmp_path: Path, cli: Cli, expect: str) -> None:
    folder = tmp_path / 'a<b>&"c'
    folder.mkdir()
    _case(folder, expect)
    _, out, _ = cli("test", str(folder), "--format", "junit")
    suite = ET.fromstring(out)

    assert (str(int("good" in expect)), "1") == (suite.get("failures"), suite.get("tests"))
    assert int("good" in expect) == len(suite.findall(".//failure"))


def test_the_cases_of_the_2020_edition_see_every_criterion_in_every_way(library: Library) -> None:
    rater = Rater(library)
    coverage = Coverage(library.edition("2020"))
    for path in sorted((ROOT / "cases/2020/II.1").rglob("*.yaml")):
        coverage.take(rater.rate(str(path)).verdict)

    assert coverage.total > 50
    assert coverage.uncovered() == ()


CONTROLS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Pair(NamedTuple):
    one: str
    two: int | None


TEXTS = st.text(st.characters() | st.sampled_from(ODD), max_size=8)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | TEXTS
    | st.builds(Pair, st.text(max_size=3), st.none() | st.integers())
)
THINGS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(TEXTS, inner, max_size=4),
)


@settings(max_examples=200, deadline=None)
@given(THINGS)
def test_the_text_is_the_standard_librarys(thing: Any) -> None:
    """What programs read is byte for byte what `json.dumps` writes with an indent of two, controls escaped."""
    assert CONTROLS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(thing, ensure_ascii=False, indent=2)) == to_json(thing)


CLI_GOOD = str(ROOT / "cases/2020/II.1/good/specialist-outstanding.yaml")


def _schema(name: str) -> Any:
    return json.loads(Path(data_root(), "schemas", name).read_text("utf-8"))


def _gap_case() -> str:
    edge = sorted((ROOT / "cases/2020/II.1/edge").glob("*.yaml"))
    return str(next(path for path in edge if "outcome: gap" in path.read_text("utf-8")))


def test_json_is_the_contract(cli: Cli) -> None:
    code, out, err = cli("evaluate", "--format", "json", CLI_GOOD)
    verdict = json.loads(out)

    jsonschema.Draft202012Validator(_schema("verdict.schema.json")).validate(verdict)
    assert (code, err) == (0, "")
    assert {key: verdict[key] for key in ("outcome", "level", "gap_possible", "possible_exact", "open_questions")} == {
        "outcome": "classified",
        "level": "excellent",
        "gap_possible": False,
        "possible_exact": True,
        "open_questions": [],
    }
    assert verdict["interpretations"] == ["J-01", "J-03", "J-04", "J-05", "J-10"]
    assert verdict["revision"].startswith("sha256:")
    half = next(c for c in verdict["levels"][0]["criteria"] if c["phrase"] == "ít nhất 50%")
    assert half["condition"] == "share(tasks_exceeded, tasks_total) >= min_exceeded"
    assert half["citation"] == "II.1.3.a/HTXSNV/2"


def test_fail_on(cli: Cli) -> None:
    gap = _gap_case()

    assert cli("evaluate", gap)[0] == 0
    assert cli("evaluate", "--fail-on", "undetermined,gap", gap)[0] == 1
    assert cli("evaluate", "--fail-on", "undetermined", gap)[0] == 0
    assert cli("evaluate", "--fail-on", "gaps", gap)[0] == 2


@pytest.mark.parametrize(("arguments", "code"), tuples("cli", "exit_codes"))
def test_exit_codes(cli: Cli, arguments: tuple[str, ...], code: int) -> None:
    found, out, err = cli(*(CLI_GOOD if word == "GOOD" else word for word in arguments))

    assert code == found
    assert out == ""
    assert err
    assert "Traceback" not in err


def test_text_names_level_figures_clause_and_that_it_proposes(cli: Cli) -> None:
    english = " ".join(cli("evaluate", CLI_GOOD)[1].split())
    vietnamese = " ".join(cli("evaluate", CLI_GOOD, lang="vi")[1].split())

    for text, level, proposal in ((english, "Outstanding", "proposal"), (vietnamese, "Hoàn thành xuất sắc nhiệm vụ", "đề xuất")):
        assert level in text
        assert proposal in text
        assert "ít nhất 50%" in text
        assert "II.1.3.a/HTXSNV/2" in text


def test_markdown_escapes_what_a_user_wrote(cli: Cli, tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text(Path(CLI_GOOD).read_text("utf-8").replace("name: Cán bộ A", "name: '*[Cán]* <b>'"), "utf-8")
    _, out, _ = cli("evaluate", "--format", "markdown", str(case))

    assert "\\*\\[Cán\\]\\* \\<b\\>" in out


@pytest.mark.parametrize("track", [None, "head_office_specialist", "head_office_leader"])
def test_new_case_is_valid_as_it_stands(cli: Cli, tmp_path: Path, track: str | None) -> None:
    target = tmp_path / "case.yaml"
    chosen = ("--track", track) if track else ()
    written = cli("new-case", "--output", str(target), *chosen)
    text = target.read_text("utf-8")
    code, out, err = cli("evaluate", "--format", "json", str(target))

    assert written[0] == 0
    assert (code, err) == (0, "")
    assert json.loads(out)["outcome"] == "undetermined"
    assert json.loads(out)["open_questions"]
    facts = text.split("facts:\n")[1]
    answers = [line for line in facts.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(answers) > 15
    assert all(line.endswith(": unknown") for line in answers)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_help_can_be_followed(cli: Cli, lang: str) -> None:
    code, out, _ = cli("--help", lang=lang)

    assert code == 0
    for word in ("policy-engine new-case", "policy-engine evaluate case.yaml", "evaluate", "new-case"):
        assert word in out
    assert cli("evaluate", "--help", lang=lang)[0] == 0
    listed = [out.rindex(f"\n  {name} ") for name in COMMANDS if " " not in name]
    assert sorted(listed) == listed  # as they are used, not by the alphabet


HEAVY = (
    "jsonschema",
    "referencing",
    "rich",
    "attr",
    "hashlib",
    "_hashlib",
    "ssl",
    "importlib.metadata",
    "dataclasses",
    "difflib",
    "unittest",
)
ASIDE = ("subprocess", "shutil", "tempfile", "gettext", "pickle", "click", "asyncio", "multiprocessing", "logging", "inspect")
RATING = ("simpleeval", "yaml", "policy_engine.load.library", "policy_engine.explain.blocks", "policy_engine.evaluate.core.expression")
BUILDING = (
    "policy_engine.load.edition",
    "policy_engine.load.build_track",
    "policy_engine.load.seal",
    "policy_engine.trial",
    "policy_engine.audit",
)
TEXT_ONLY = ("json", "policy_engine.report.json", "policy_engine.evaluate.plain", "policy_engine.model.round")


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (("evaluate", CLI_GOOD), HEAVY + ASIDE + BUILDING + TEXT_ONLY),
        (("evaluate", CLI_GOOD, "--lang", "vi"), HEAVY + ASIDE + BUILDING + TEXT_ONLY),
        (("evaluate", CLI_GOOD, "--format", "json"), HEAVY + ASIDE + BUILDING),
        (("--help",), (*HEAVY[:8], *RATING, *BUILDING, *TEXT_ONLY)),
    ],
)
def test_a_cold_answer_loads_nothing_that_it_does_not_use(words: tuple[str, ...], unwanted: tuple[str, ...]) -> None:
    program = "import sys; from policy_engine.cli.main import run; run(sys.argv[1:], 'en'); print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", program, *words]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    loaded = set(subprocess.run(command, capture_output=True, timeout=60, check=True, text=True).stderr.split())

    assert words[0] == "--help" or "simpleeval" in loaded
    assert set() == loaded.intersection(unwanted)


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.runs])
def test_a_command_takes_its_options(name: str) -> None:
    """What a command line can hold is an argument of the function that runs it; else an option would end as a fault of the engine."""
    module, _, function = COMMANDS[name].runs.partition(":")
    try:
        taken = inspect.signature(getattr(import_module(f"policy_engine.cli.{module}"), function)).parameters
    except MissingExtraError as error:
        pytest.skip(str(error))
    typed = {_parameter(one, "en").name for one in COMMANDS[name].parameters} - {"lang", "rulebook", "form"}

    assert typed <= {*taken} or any(one.kind is one.VAR_KEYWORD for one in taken.values())
