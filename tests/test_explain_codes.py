"""`policy-engine explain`: the page of every code, in the reader's language, wherever the engine is installed."""

import json
import re
from collections.abc import Callable

import pytest

from policy_engine.load.files import codes, read_page
from policy_engine.messages import LANGUAGES
from policy_engine.report.prose import WIDTH
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]

VIETNAMESE = re.compile(r"[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")


@pytest.mark.parametrize("code", codes())
def test_a_page_has_both_halves_each_with_a_title(code: str) -> None:
    english, vietnamese = (read_page(code, language) for language in ("en", "vi"))

    assert english.title
    assert vietnamese.title
    assert not VIETNAMESE.search(english.title)
    assert VIETNAMESE.search(vietnamese.title + vietnamese.body[:200])
    assert len(english.body) > 100
    assert len(vietnamese.body) > 100
    assert not {english.title[-1], vietnamese.title[-1]} & {".", ":"}


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


def test_json_is_one_page_or_several(cli: Cli) -> None:
    """One code prints an object, several an array, in the order asked and each once; small letters will do."""
    one = json.loads(cli("explain", "pe302", "--format", "json")[1])
    several = json.loads(cli("explain", "pe707", "PE302", "Pe302", "--format", "json")[1])

    assert (one["code"], one["title"]) == ("PE302", read_page("PE302", "en").title)
    assert (ROOT / one["page"]).is_file()
    assert ["PE707", "PE302"] == [page["code"] for page in several]
    assert one == several[1]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_a_code_all_are_listed(lang: str, cli: Cli) -> None:
    status, out, _ = cli("explain", lang=lang)
    rows = re.findall(r"^  ([A-Z]{2}[0-9]{3})  (.+)$", out, re.MULTILINE)

    assert status == 0
    assert [(code, read_page(code, lang).title) for code in codes()] == rows
    assert codes() == [page["code"] for page in json.loads(cli("explain", "--format", "json", lang=lang)[1])]


@pytest.mark.parametrize(("typed", "near"), [("PE9302", "PE302"), ("302", "PE302"), ("PE30", "PE30"), ("P302", "PE302")])
def test_an_unknown_code_names_the_nearest(typed: str, near: str, cli: Cli) -> None:
    status, out, err = cli("explain", typed)

    assert (status, out) == (2, "")
    assert near in err.partition("nearest:")[2]


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Unknown code `{}`. List: `policy-engine explain`"), ("vi", "Không có mã `{}`. Xem danh sách: ")]
)
def test_an_unknown_code_is_repeated_as_it_was_written(lang: str, words: str, cli: Cli) -> None:
    for typed, shown in (("../pe/cases/Hồ sơ.yaml", "../pe/cases/Hồ sơ.yaml"), ("pe\x1b[2Jx-y-z-more", "pe\\x1b[2Jx-y-z-more")):
        status, out, err = cli("explain", typed, lang=lang)

        assert (status, out) == (2, "")
        assert words.format(shown) in err
