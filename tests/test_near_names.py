"""What an unknown name may have meant: never offered is a name that says the opposite, for then all near names are shown (clients.md C)."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from policy_engine.language.complaint import nearest
from policy_engine.load.library import Library
from policy_engine.model.rulebook import Edition
from tests.build import tuples
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
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


@pytest.mark.parametrize(
    ("typed", "known", "recommended"),
    tuples("near_names", "what_is_recommended"),
)
def test_what_is_recommended(typed: str, known: tuple[str, ...], recommended: str) -> None:
    near = nearest(typed, known)

    assert recommended == (near if near.recommended else "")


@pytest.mark.parametrize(("lang", "word"), [("en", "Failure to complete tasks"), ("vi", "Không hoàn thành nhiệm vụ")])
def test_all_near_names_are_shown_with_what_they_mean(cli: Cli, tmp_path: Path, lang: str, word: str) -> None:
    """Who writes `HTNVV` for a level reads every near one with its label, and "did you mean" offers none."""
    text = (ROOT / "cases/2020/II.1/good/specialist-good.yaml").read_text("utf-8")
    case = tmp_path / "case.yaml"
    case.write_text(text.replace("facts:\n", "decided: {level: HTNVV, by: x, day: 2020-12-20, reason: x}\nfacts:\n", 1), "utf-8")

    code, _, err = cli("evaluate", str(case), lang=lang)

    assert code == 3
    assert "`HTNV` (" in err
    assert f"`KHTNV` ({word})" in err
    assert "did you mean" not in err
