"""What a Vietnamese reader is told: every text translated, with its placeholders, compiled, and chosen by language."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import gcd
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from policy_engine.explain.blocks import percent
from policy_engine.language.quantity import read_quantity
from policy_engine.messages import language_of
from tests.build import ROOT, rows, tuples

MOST = 300


def _read(text: str) -> Fraction:
    return Fraction(text.lstrip("=≈ ").rstrip("%").replace(",", "."))


def _side(value: Fraction, bar: Fraction) -> int:
    return (value > bar) - (value < bar)


def _bars(value: Fraction) -> list[Fraction]:
    found: list[Fraction] = []
    for places in range(4):
        below = Fraction(int(value * 10**places), 10**places)
        found += [below, below + Fraction(1, 10**places)]
    return found


def test_reading_the_figure_against_the_threshold_gives_the_verdict() -> None:
    for whole in range(1, MOST + 1):
        for part in range(whole + 1):
            if gcd(part, whole) != 1:
                continue
            value = Fraction(100 * part, whole)
            bars = _bars(value)
            printed = _read(percent(part, whole, "vi", bars))
            for bar in bars:
                assert _side(printed, bar) == _side(value, bar), (part, whole, bar)


@pytest.mark.parametrize(("part", "whole", "bars", "vi", "en"), tuples("shares", "places_are_added_only_where_a_threshold_asks_for_them"))
def test_places_are_added_only_where_a_threshold_asks_for_them(part: int, whole: int, bars: tuple[str, ...], vi: str, en: str) -> None:
    figures = [quantity.value * 100 for bar in bars if (quantity := read_quantity(bar)) and isinstance(quantity.value, Fraction)]

    assert (vi, en) == (percent(part, whole, "vi", figures), percent(part, whole, "en", figures))


PO = ROOT / "policy_engine" / "locale" / "vi" / "LC_MESSAGES" / "policy_engine.po"
CLICK_WORDS = ROOT / "tests" / "click_words.py"
KEYWORDS: Mapping[str, tuple[int | tuple[int, int] | tuple[int, str], ...] | None] = {"N_": None, "plural": (1, 2)}
UPDATE = "update the catalogue as docs/messages.md says"
RECOMPILE = "the compiled catalogue is missing or old: reinstall with `pip install -e .`"
ENGLISH = re.compile(r"\b(Usage|Options|Commands|Show|Try|Error|No such|Did you|Invalid|Missing|Got|Option|Could not|Rate|Write|The)\b")


def _extracted() -> set[str]:
    found = [text for _, _, text, _, _ in extract_from_dir(ROOT / "policy_engine", keywords=KEYWORDS)]
    found += [text for _, text, _, _ in extract_from_file("python", CLICK_WORDS, keywords=KEYWORDS)]
    return {text if isinstance(text, str) else text[0] for text in found}


def _marked() -> Iterator[str]:
    for path in sorted((ROOT / "policy_engine").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="N_"), args=[text]):
                    yield ast.literal_eval(text)
                case _:
                    pass


def _catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="vi")


def _key(message: Message) -> str:
    return _several(message.id)[0]


def _several(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def _pairs() -> list[tuple[str, str]]:
    return [(_several(message.id)[-1], _several(message.string)[0]) for message in _catalogue() if message.id]


def _placeholders(text: str) -> list[str]:
    return sorted(f"{name}!{conversion}:{form}" for _, name, form, conversion in Formatter().parse(text) if name is not None)


def test_every_text_is_translated() -> None:
    done = {_key(message) for message in _catalogue() if message.id and all(_several(message.string)) and not message.fuzzy}
    missing = sorted(_extracted() - done)

    assert missing == [], UPDATE


def test_every_mark_is_found() -> None:
    """A mark inside an f-string is hidden from babel under Python 3.11: the text would never reach the translators."""
    hidden = sorted(set(_marked()) - _extracted())

    assert hidden == [], "take the text out of the f-string"


def test_nothing_is_left_over() -> None:
    """The catalogue holds no text that nobody says any more; click's words are those of `click_words`."""
    catalogue = _catalogue()
    unsaid = sorted({_key(message) for message in catalogue if message.id} - _extracted() - set(_marked()))

    assert unsaid == [], UPDATE
    assert list(catalogue.obsolete) == [], UPDATE


@pytest.mark.parametrize(("text", "translated"), _pairs(), ids=lambda text: text[:40])
def test_a_translation_keeps_what_is_not_words(text: str, translated: str) -> None:
    """Placeholders, `code`, paragraph marks, lines and outer spaces are the program's, and stand in both languages."""
    kept = (
        _placeholders,
        lambda each: sorted(re.findall(r"`[^`]*`", each)),
        lambda each: (each.count("\b"), each.count("\n"), each.count("\n\n")),
        lambda each: (each[: len(each) - len(each.lstrip())], each[len(each.rstrip()) :]),
    )

    assert [look(text) for look in kept] == [look(translated) for look in kept]


def test_the_compiled_catalogue_is_the_one_that_is_written() -> None:
    compiled = PO.with_suffix(".mo")
    assert compiled.is_file(), RECOMPILE
    with compiled.open("rb") as file:
        read = {_key(message): _several(message.string) for message in read_mo(file) if message.id}
    written = {_key(message): _several(message.string) for message in _catalogue() if message.id}

    assert written == read, RECOMPILE


@pytest.mark.parametrize(("environment", "language"), rows("messages", "the_locale_chooses_the_language"))
def test_the_locale_chooses_the_language(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language


@pytest.mark.parametrize("typed", rows("messages", "the_command_line_speaks_vietnamese"))
def test_the_command_line_speaks_vietnamese(typed: str) -> None:
    command = [sys.executable, "-m", "policy_engine", "--lang=vi", *typed.split()]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, encoding="utf-8", check=False)

    assert done.stdout + done.stderr
    assert ENGLISH.findall(done.stdout + done.stderr) == []
