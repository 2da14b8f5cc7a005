"""Bad input is refused with a code, a place and advice; every code has a bad file, and a page whose mended form is read."""

import json
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from policy_engine.checks.run import check_edition
from policy_engine.cli.files import open_records
from policy_engine.errors import CATALOGUE, FINDINGS, InputError, Problem
from policy_engine.evaluate.rate import Rater
from policy_engine.evaluate.round.round import rate_round
from policy_engine.language.complaint import nearest
from policy_engine.load import schema
from policy_engine.load.case import find_cases
from policy_engine.load.edition import survey_edition
from policy_engine.load.files import codes, read_page
from policy_engine.load.layout import tidied_file, yaml_files
from policy_engine.load.library import Library
from policy_engine.load.round import load_round
from policy_engine.messages import LANGUAGES
from policy_engine.model.rulebook import Edition
from policy_engine.report.problems import problem_to_text
from policy_engine.report.prose import WIDTH
from tests.bad_files import BAD, MADE, RULEBOOKS, SAMPLE_CASE, Bad, Place, kept, made, stricter
from tests.build import ROOT, Cli, tuples


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("code", codes())
def test_a_page_is_readable_text(code: str, lang: str, cli: Cli) -> None:
    page = read_page(code, lang)
    status, out, err = cli("explain", code, lang=lang)
    prose = [line for line in out.split("\n") if not line.startswith("    ")]

    assert (status, err) == (0, "")
    assert out.startswith(f"{code}  {page.title}\n\n")
    assert [line for line in prose if len(line) > WIDTH and "|" not in line and line.count("  ") < 3] == []
    assert "**" not in "".join(prose)
    assert "```" not in out
    assert "](" not in out
    assert "Tiếng Việt" not in out


@pytest.mark.parametrize(("typed", "near"), [("PE9302", "PE302"), ("302", "PE302"), ("PE30", "PE30"), ("P302", "PE302")])
def test_an_unknown_code_names_the_nearest(typed: str, near: str, cli: Cli) -> None:
    status, out, err = cli("explain", typed)

    assert (status, out) == (2, "")
    assert near in err.partition("nearest:")[2]


NEGATIONS = ("not_", "non_", "un", "no_", "k", "k-", "không ", "chưa ", "khong_", "chua_")
LETTERS = "kn_T"


def _editions() -> Iterator[Edition]:
    library = Library()
    yield from (library.edition(name) for name in ("2020", "2026-draft"))


def _groups() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for edition in _editions():
        levels = edition.scale.values()
        found[f"{edition.id} facts"] = tuple(edition.facts)
        found[f"{edition.id} levels"] = tuple(one for level in levels for one in (level.id, level.code, *level.aliases))
        found[f"{edition.id} words of levels"] = tuple(text for level in levels for text in level.label.values())
        found |= {f"{edition.id} {fact.name}": tuple(fact.choices) for fact in edition.facts.values() if len(fact.choices) > 1}
    return found


GROUPS = _groups()


def _is_opposite(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    signs = [negation for negation in NEGATIONS if not negation.startswith("k") or negation.startswith("kh") or short.isupper()]
    return any(long.casefold() == sign + short.casefold() for sign in signs)


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for number, sign in enumerate(one, 1):
        last, row[0] = row[0], number
        for place, own in enumerate(other, 1):
            last, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, last + (sign != own))
    return row[-1]


def _slips(name: str) -> Iterator[str]:
    for place in range(len(name) + 1):
        yield from (name[:place] + letter + name[place:] for letter in LETTERS)
        if place < len(name):
            yield name[:place] + name[place + 1 :]
            yield from (name[:place] + letter + name[place + 1 :] for letter in LETTERS)
            yield name[:place] + name[place + 1 : place + 2] + name[place : place + 1] + name[place + 2 :]


def _check(typed: str, names: tuple[str, ...]) -> None:
    near = nearest(typed, names)
    if near and near.recommended:
        assert not _is_opposite(typed, near)
        assert [] == [o for o in names if _is_opposite(o, near) and _distance(typed, o) <= _distance(typed, near)], (typed, near)


@pytest.mark.parametrize("group", [name for name, names in GROUPS.items() if len(names) <= 20])
def test_no_slip_of_a_level_or_a_choice_is_led_to_its_opposite(group: str) -> None:
    names = GROUPS[group]

    for name in names:
        for typed in dict.fromkeys(_slips(name)):
            _check(typed, names)
        _check(name, tuple(other for other in names if other != name))


@pytest.mark.parametrize(("typed", "known", "recommended"), tuples("near_names", "what_is_recommended"))
def test_what_is_recommended(typed: str, known: tuple[str, ...], recommended: str) -> None:
    near = nearest(typed, known)

    assert recommended == (near if near.recommended else "")


PAGES = ROOT / "docs" / "errors"
LIBRARY = Library()
KEPT = {bad.code: bad for bad in kept()}
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(\.\./\.\./(cases/bad/[^)]+)\)")
ANSWERED = {"PE512", *(code for code in CATALOGUE if code.startswith("PE7"))} - {"PE702"}
"""What is told of one case, while others beside it are answered."""
_ROW = re.compile(r"^\| \[(PE[0-9]{3})\]\(\1\.md\) \| \S.* \| \S.* \|$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _schema(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    parameters: Mapping[str, object] = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    if parameters.get("code") != "PE205":
        yield
        return
    published = schema._schema_text
    monkeypatch.setattr(schema, "_schema_text", lambda name: stricter(published(name)) if name.startswith("case") else published(name))
    schema._validator.cache_clear()
    yield
    schema._validator.cache_clear()


ELSEWHERE = {"PE117", "PE118", "PE620", "PE622", "PE886", "PE887"}
"""What no bad file can show: lines and tables beyond a limit (`tests/test_limits.py`), what cannot be written (`tests/test_writers.py`),
and what is told of files of records beside their lines (`tests/test_runs.py`)."""
ROWS = {code for code in CATALOGUE if "PE850" <= code < "PE880"} | ELSEWHERE
"""What is told of rows of a batch; `tests/test_batch.py` shows each."""


def _codes(without: Collection[str] = ()) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("code", [code for code in CATALOGUE if code not in {*without, *ROWS}])


def _found(bad: Bad) -> tuple[Problem, ...]:
    if bad.of_a_check:
        return check_edition(survey_edition("orchard", str(bad.rulebook))).findings
    library = Library(str(bad.rulebook)) if bad.rulebook else LIBRARY
    try:
        if bad.of_records:
            open_records(str(bad.case)).close()
            return ()
        if bad.of_layout:
            return _found_in_layout(bad)
        if bad.of_a_round:
            return rate_round(load_round(str(bad.case), library)).problems
        rater = Rater(library)
        for path in find_cases(str(bad.case)) if bad.case.is_dir() else [str(bad.case)]:
            rater.rate(path)
    except InputError as error:
        return error.problems
    return ()


def _found_in_layout(bad: Bad) -> tuple[Problem, ...]:
    problems: list[Problem] = []
    for path in yaml_files([str(bad.case)], problems):
        tidied_file(path)
    return tuple(problems)


def _places(problems: tuple[Problem, ...], code: str) -> list[Place]:
    return [(Path(p.location.file), p.location.line, p.location.column) for p in problems if p.code == code]


def _bad(code: str, folder: Path) -> Bad:
    return made(code, folder) if code in MADE else KEPT[code]


def test_every_code_has_one_bad_file() -> None:
    codes = [bad.code for bad in kept()]

    assert sorted(CATALOGUE.keys() - ROWS) == sorted([*codes, *MADE])


@_codes()
def test_a_bad_file_gives_its_code_at_its_place(code: str, tmp_path: Path) -> None:
    bad = _bad(code, tmp_path)

    assert list(bad.places) == _places(_found(bad), code)


@_codes(without=FINDINGS)
@pytest.mark.sampled(3)
def test_the_command_refuses_a_bad_file(code: str, tmp_path: Path, cli: Cli) -> None:
    bad = _bad(code, tmp_path)
    path, line, column = bad.places[0]
    status, out, err = cli(*bad.arguments)

    assert (status, bool(out)) == (3, code in ANSWERED)
    assert "Traceback" not in err
    assert err.startswith(f"{path}:{line}:{column}: {code} ")


@_codes(without=FINDINGS)
@pytest.mark.sampled(4)
def test_errors_as_data_say_the_same(code: str, tmp_path: Path, cli: Cli) -> None:
    bad = _bad(code, tmp_path)
    _, _, text = cli(*bad.arguments)
    status, out, err = cli(*bad.arguments, "--format", "json")
    errors = json.loads(err)["errors"]

    assert (status, bool(out)) == (3, code in ANSWERED)
    assert list(bad.places) == [(Path(e["file"]), e["line"], e["column"]) for e in errors if e["code"] == code]
    for error in errors:
        assert f"{error['file']}:{error['line']}:{error['column']}: {error['code']} {error['message']}\n" in text
        assert f"  → {error['advice']}\n" in text
        assert (ROOT / error["page"]).is_file()


@_codes(without={"PE101", "PE405", "PE413", "PE511", "PE607", "PE609", "PE610", "PE614", "PE615", "PE616", "PE841", *MADE})
def test_an_error_shows_its_line(code: str, tmp_path: Path) -> None:
    bad = _bad(code, tmp_path)
    path, line, column = bad.places[0]
    wanted = path.read_text("utf-8").split("\n")[line - 1]
    problem = next(p for p in _found(bad) if p.code == code)
    shown = problem_to_text(problem, "en").split("\n")

    assert [f"    {wanted}", f"    {' ' * (column - 1)}^"] == shown[1:3]


@_codes()
@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.sampled(4)
def test_the_words_are_whole(code: str, lang: str, tmp_path: Path) -> None:
    problems = _found(_bad(code, tmp_path))
    lines = [line for p in problems for line in problem_to_text(p._replace(excerpt=""), lang).split("\n")]

    assert lines
    assert 2 * len(problems) == len(lines)
    assert not [line for line in lines if re.search(r"\{[a-z]+\}", line.replace("{enuogh}", ""))]


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_has_a_page_in_both_languages(code: str) -> None:
    english, _, vietnamese = (PAGES / f"{code}.md").read_text("utf-8").partition("\n## Tiếng Việt\n")
    reasons = ("**Why it is told.** ", "**Vì sao báo.** ") if code in FINDINGS else ("**Why it is refused.** ", "**Vì sao không nhận.** ")

    assert english.startswith(f"# {code}: ")
    for half, why, mended in zip((english, vietnamese), reasons, ("Mended:", "Sửa lại:"), strict=True):
        assert half.count(why) == 1
        assert half.count(mended) == 1
        assert half.count("```") == 4
    assert _LINK.findall(english) == _LINK.findall(vietnamese)
    assert bool(_LINK.findall(english)) is (code not in {*MADE, *ELSEWHERE, "PE851", "PE853"})


def test_the_table_lists_exactly_the_catalogue() -> None:
    table = (PAGES / "README.md").read_text("utf-8")

    assert list(CATALOGUE) == _ROW.findall(table)
    assert sorted(CATALOGUE) == sorted(page.stem for page in PAGES.glob("PE*.md"))


def _examples() -> Mapping[str, tuple[str, str, Path]]:
    found: dict[str, tuple[str, str, Path]] = {}
    for code in CATALOGUE:
        page = (PAGES / f"{code}.md").read_text("utf-8")
        blocks = _BLOCK.findall(page)
        if blocks:
            fault, mended, *vietnamese = blocks
            assert [fault, mended] == vietnamese
            found[code] = (fault, mended, ROOT / _LINK.findall(page)[0])
    return found


@pytest.mark.parametrize(("code", "example"), _examples().items(), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.sampled(4)
def test_the_mended_form_of_a_page_is_read(code: str, example: tuple[str, str, Path], tmp_path: Path) -> None:
    fault, mended, path = example
    bad = KEPT[code]
    shutil.copytree(BAD, tmp_path / "bad")
    copy = tmp_path / "bad" / path.relative_to(BAD)
    before, after = copy.read_text("utf-8").split(fault)
    copy.write_text(before + mended + after, "utf-8")
    moved = bad._replace(
        case=tmp_path / "bad" / bad.case.relative_to(BAD), rulebook=bad.rulebook and tmp_path / "bad" / bad.rulebook.relative_to(BAD)
    )

    assert _found(moved) == ()


SEVERAL = """\
case: several
edition: "2020"
note: one
facts:
  tasks_totl: 20
  discipline_met: yes
  position: deputy
  tasks_total:
  tasks_completed: twenty
  tasks_completed: 20
  tasks_exceeded: &few 3
  tasks_deficient: none
expect: {outcome: clasified}
"""


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path, cli: Cli) -> None:
    path = tmp_path / "several.yaml"
    path.write_text(SEVERAL, "utf-8")
    expected = [
        ("PE201", 3), ("PE501", 5), ("PE109", 6), ("PE503", 7), ("PE110", 8), ("PE502", 9), ("PE106", 10), ("PE107", 11), ("PE507", 12),
        ("PE204", 13),
    ]  # fmt: skip
    status, out, err = cli("evaluate", str(path), "--format", "json")

    assert (status, out) == (3, "")
    assert expected == [(e["code"], e["line"]) for e in json.loads(err)["errors"]]


def test_all_faults_of_a_rulebook_are_told_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "orchard"
    shutil.copytree(RULEBOOKS / "PE302-unknown-name", folder)
    for code, file in (
        ("PE410-period-backwards", "edition.yaml"),
        ("PE409-name-with-hyphen", "facts.yaml"),
        ("PE402-code-twice", "scale.yaml"),
    ):
        shutil.copy(RULEBOOKS / code / file, folder / file)
    problems = _found(Bad("", SAMPLE_CASE, folder, ()))

    assert [p.code for p in problems] == ["PE410", "PE409", "PE402"]
    assert sorted(p.location for p in problems) == [p.location for p in problems]
