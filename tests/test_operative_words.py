"""Signs and figures are held against the words of the text; which words those are, only the edition says."""

import ast
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from policy_engine.checks import operative
from policy_engine.checks.operative import comparisons, governing, read_phrase
from policy_engine.checks.places import Ruling, declared_thresholds, places_of, rulings
from policy_engine.checks.run import check_edition
from policy_engine.language.grammar import parse
from policy_engine.language.quantity import Quantity, read_quantity
from policy_engine.language.text import show
from policy_engine.load.edition import Survey, survey_edition
from policy_engine.model.facts import Condition, OperativeWords, Word
from tests.build import rows
from tests.conftest import ROOT

SURVEYS = {name: survey_edition(name, str(ROOT / "rulebook" / name)) for name in ("2020", "2026-draft")}
SIGNS: dict[str, type[ast.cmpop]] = {"<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE, "==": ast.Eq, "!=": ast.NotEq}
WORDS = OperativeWords(
    signs=(
        Word("at least", ">="), Word("from … up", ">="), Word("more than", ">"), Word("not more than", "<="), Word("below", "<"),
        Word("every", "whole"), Word("100%", "whole"), Word("before the", "before"),
    ),
    units=(Word("points", "points"), Word("months", "months")),
    figures=(("one half", Quantity(read_quantity("50%").type, Fraction(1, 2), "50%")),),  # type: ignore[union-attr]
    days=("d/m/y", "d/m", "d of m, y"),
    decimal=",",
)  # fmt: skip


def _quantity(text: str) -> Quantity:
    found = read_quantity(text)
    assert found
    return found


@pytest.mark.parametrize(
    ("phrase", "figure", "signs"),
    rows("operative_words", "the_words_of_a_phrase_govern_its_figures"),
)
def test_the_words_of_a_phrase_govern_its_figures(phrase: str, figure: str, signs: list[str]) -> None:
    found = governing(read_phrase(phrase, WORDS), _quantity(figure))

    assert signs == [sign.sign for sign in found]


@pytest.mark.parametrize(("phrase", "sign", "codes"), rows("operative_words", "a_rule_against_a_phrase_that_forbids"))  # fmt: skip
def test_a_rule_against_a_phrase_that_forbids(phrase: str, sign: str, codes: list[str], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "cases" / "bad" / "rulebook" / "PE814-sign-against-phrase", tmp_path / "x"))
    track, words = folder / "track.yaml", folder / "words.yaml"
    text = track.read_text("utf-8").replace("apples_ripe > min_ripe", f"apples_ripe {sign} min_ripe")
    track.write_text(text.replace("phrase: at least 3 apples", f'phrase: "{phrase}"'), "utf-8")
    more = '  - means: ">"\n    words: [more than]\n  - means: breach\n    words: [never sold]\n'
    words.write_text(words.read_text("utf-8") + more, "utf-8")

    found = check_edition(survey_edition("x", str(folder))).findings

    assert codes == [problem.code for problem in found if problem.code.startswith("PE81")]


@pytest.mark.parametrize(
    ("condition", "signs"),
    rows("operative_words", "comparisons_are_turned_to_their_threshold"),
)
def test_comparisons_are_turned_to_their_threshold(condition: str, signs: list[str]) -> None:
    tree, _ = parse(condition)
    assert tree

    found = comparisons(tree, {"top", "low"})

    assert signs == [one.sign if one.threshold else "" for one in found]


def _flipped(condition: Condition) -> Iterator[tuple[Condition, str]]:
    nodes = [node for node in ast.walk(condition.tree) if isinstance(node, ast.Compare)]
    for node in nodes:
        for place, operator in enumerate(node.ops):
            for sign, kind in SIGNS.items():
                if type(operator) in SIGNS.values() and not isinstance(operator, kind):
                    node.ops[place] = kind()
                    yield condition._replace(text=show(condition.tree)), sign
            node.ops[place] = operator


def _with_thresholds(survey: Survey) -> Iterator[tuple[Ruling, Condition]]:
    assert survey.edition
    for ruling in rulings(survey.edition):
        for condition in ruling.conditions:
            found = comparisons(condition.tree, ruling.thresholds)
            whole = any(sign.means == "whole" for sign in read_phrase(ruling.phrase, survey.edition.words).signs)
            if any(one.threshold for one in found) or (whole and found and condition is ruling.conditions[0]):
                yield ruling, condition


@pytest.mark.parametrize("name", SURVEYS)
def test_every_changed_sign_is_found(name: str) -> None:
    survey = SURVEYS[name]
    assert survey.edition
    places, words = places_of(survey), survey.edition.words
    silent: list[str] = []
    count = 0

    for ruling, condition in _with_thresholds(survey):
        for changed, _ in _flipped(condition):
            others = tuple(changed if one is condition else one for one in ruling.conditions)
            found = list(operative._ruling(ruling._replace(conditions=others), words, places))
            count += 1
            silent += [] if any(problem.code == "PE814" for problem in found) else [changed.text]

    assert count > 100
    assert silent == []


@pytest.mark.parametrize("name", SURVEYS)
def test_every_changed_figure_is_found(name: str) -> None:
    survey = SURVEYS[name]
    assert survey.edition
    places = places_of(survey)

    for threshold in declared_thresholds(survey.edition):
        kind = threshold.quantity.type.kind
        other = {"share": "25.5%", "points": "51.5 points", "months": "7 months", "day": "2020-12-16"}[kind]
        (problem,) = operative._figure(threshold._replace(quantity=_quantity(other)), survey.edition.words, places)
        document, path = places.at[problem.location]
        assert (problem.code, path[-2:]) == ("PE815", (threshold.name, "value"))
        assert document.lines[problem.location.line - 1] == problem.excerpt


@pytest.mark.parametrize("name", SURVEYS)
def test_the_shipped_editions_agree_with_their_words(name: str) -> None:
    survey = SURVEYS[name]
    assert survey.edition

    assert list(operative.find_contradictions(survey.edition, places_of(survey))) == []


WRONG_WORDS = {
    'means: ">="\n    words: []': ("PE203", 3),
    "means: about\n    words: [x]": ("PE204", 2),
    'means: ">="\n    words: [x, X]': ("PE402", 3),
    'means: ">="\n    words: ["…"]': ("PE203", 3),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), WRONG_WORDS.items())
def test_a_bad_table_of_words_is_refused(text: str, wanted: tuple[str, int], tmp_path: Path) -> None:
    for name in ("edition", "scale", "facts", "track"):
        source = ROOT / "cases" / "bad" / "rulebook" / "PE402-code-twice" / f"{name}.yaml"
        (tmp_path / f"{name}.yaml").write_text(source.read_text("utf-8").replace("code: HI\n", "code: X\n", 1), "utf-8")
    (tmp_path / "words.yaml").write_text(f"operative_words:\n  - {text}\n", "utf-8")

    problems = survey_edition("x", str(tmp_path)).problems

    assert wanted in {(p.code, p.location.line) for p in problems if p.location.file.endswith("words.yaml")}
