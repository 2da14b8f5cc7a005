"""The lock and the digest: the shortcuts give what the long way gives, and a changed byte closes them."""

import ast
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.errors import InputError
from policy_engine.evaluate.rate import Rater
from policy_engine.load import edition as loading
from policy_engine.load.edition import load_edition, read_raws
from policy_engine.load.files import data_root
from policy_engine.load.library import Library
from policy_engine.load.lock import COPIES, NAME, copy_path, read_seal, same_texts, sealed_data, sealed_documents
from policy_engine.load.meaning import canonical, in_order, revision_of, sha256_of
from policy_engine.load.seal import seal_edition
from policy_engine.load.yaml_text import read_document
from policy_engine.model.rulebook import Edition
from policy_engine.report.json import to_json, verdict_to_data
from policy_engine.source import Location
from tests.conftest import ROOT

RULEBOOK = Path(data_root(), "rulebook")
SHIPPED = sorted(path.parent.name for path in RULEBOOK.glob("*/edition.yaml") if read_seal(str(path.parent)))
GOOD = sorted((ROOT / "cases" / "2020" / "II.1" / "good").glob("*.yaml"))
AGAIN = "policy-engine edition seal 2020 --again --rulebook rulebook"
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for part in (*SHIPPED, COPIES):
        shutil.copytree(RULEBOOK / part, tmp_path / "rulebook" / part)
    return Path(shutil.copy(RULEBOOK / NAME, tmp_path / "rulebook")).parent


def _believed(_folder: str) -> bool:
    return True


@pytest.fixture
def believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "is_shipped", _believed)


def _plain(value: object) -> object:
    given: Any = value
    if isinstance(value, Location):
        return None
    if isinstance(value, ast.AST):
        return ast.dump(value)
    if isinstance(value, tuple) and hasattr(given, "_asdict"):
        return type(given).__name__, _plain(given._asdict())
    if isinstance(value, Mapping):
        return [(key, _plain(child)) for key, child in given.items()]
    if isinstance(value, (list, tuple)):
        return type(given).__name__, [_plain(child) for child in given]
    return type(value).__name__, value


def _library(edition: Edition) -> Library:
    library = Library()
    vars(library)["_loaded"][edition.id] = edition
    return library


@pytest.mark.parametrize("name", SHIPPED)
def test_the_lock_and_the_sealed_copy_are_up_to_date(copy: Path, name: str) -> None:
    before = {path: path.read_bytes() for path in (copy / NAME, copy / COPIES / f"{name}.json")}
    raws = read_raws(str(copy / name))

    seal_edition(str(copy / name), {path: read_document(raw, path) for path, raw in raws.items()}, raws)

    assert before == {path: path.read_bytes() for path in before}, AGAIN


@pytest.mark.parametrize("name", SHIPPED)
def test_the_sealed_copy_gives_the_same_edition(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder = str(RULEBOOK / name)
    read = load_edition(folder, heed_lock=False)
    monkeypatch.setattr(loading, "read_document", None)

    sealed = load_edition(folder)

    assert read.revision == sealed.revision, AGAIN
    assert list(read.facts) == list(sealed.facts)
    assert _plain(read) == _plain(sealed)


def test_the_deep_comparison_sees_orders_types_and_trees() -> None:
    read = load_edition(str(RULEBOOK / "2020"))
    facts = {name: read.facts[name] for name in reversed(list(read.facts))}
    track = next(track for track in read.tracks if track.levels)
    moved = read.tracks[0]._replace(location=Location("elsewhere", 9, 9))
    broken = track._replace(applies_to=track.applies_to._replace(tree=ast.Name("x", ast.Load())))

    assert _plain(read) == _plain(read._replace(tracks=(moved, *read.tracks[1:])))
    assert _plain(read) != _plain(read._replace(facts=facts))
    assert _plain(track) != _plain(broken)
    assert _plain(1) != _plain(True)


def test_the_sealed_copy_gives_the_same_verdicts() -> None:
    folder = str(RULEBOOK / "2020")
    libraries = [_library(load_edition(folder, heed_lock=heed)) for heed in (False, True)]

    read, sealed = ([to_json(verdict_to_data(rater.rate(str(path)).verdict)) for path in GOOD] for rater in map(Rater, libraries))

    assert len(GOOD) >= 30
    assert read == sealed


@pytest.mark.parametrize("change", ["a byte", "a new file", "a file less"])
def test_a_change_of_bytes_closes_the_shortcut(copy: Path, change: str) -> None:
    folder = copy / "2020"
    facts, seal = folder / "facts.yaml", read_seal(str(folder))
    assert seal
    assert same_texts(seal, str(folder), read_raws(str(folder)))

    if change == "a byte":
        facts.write_bytes(facts.read_bytes() + b"#")
    elif change == "a new file":
        (folder / "more.yaml").write_text("criteria: {}\n", "utf-8")
    else:
        (folder / "register.yaml").unlink()

    assert not same_texts(seal, str(folder), read_raws(str(folder)))


@pytest.mark.usefixtures("believed")
def test_a_changed_sealed_copy_is_not_believed(copy: Path) -> None:
    folder = str(copy / "2020")
    path, seal = Path(copy_path(folder, "2020")), read_seal(folder)
    assert seal
    text = path.read_text("utf-8")
    assert '"70%"' in text

    path.write_text(text.replace('"70%"', '"10%"'), "utf-8")

    assert sealed_data(folder, seal) is None
    assert sealed_documents(folder, read_raws(folder), seal) is None
    assert _plain(load_edition(str(RULEBOOK / "2020"), heed_lock=False)) == _plain(load_edition(folder))


@pytest.mark.usefixtures("believed")
@pytest.mark.parametrize("rest", [None, b"", b"{}", b"\xff\xfe", b"[" * 5000])
def test_a_missing_or_broken_sealed_copy_is_not_believed(copy: Path, rest: bytes | None) -> None:
    folder = str(copy / "2020")
    path = Path(copy_path(folder, "2020"))
    before = load_edition(folder)

    path.unlink()
    if rest is not None:
        path.write_bytes(rest)

    assert _plain(before) == _plain(load_edition(folder))


@pytest.mark.usefixtures("believed")
def test_changed_rules_are_never_hidden_by_the_sealed_copy(copy: Path) -> None:
    folder = copy / "2020"
    scale = folder / "scale.yaml"
    scale.write_text(scale.read_text("utf-8").replace("[HTXS, HTSXNV]", "[HTXS, HTSXNV, XS]"), "utf-8")

    assert "XS" in load_edition(str(folder), heed_lock=False).scale["excellent"].aliases
    with pytest.raises(InputError) as refused:
        load_edition(str(folder))
    assert ["PE608"] == [problem.code for problem in refused.value.problems]


def test_a_copy_elsewhere_is_read_from_its_files(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def noted(raw: bytes, path: str) -> Any:
        read.append(path)
        return read_document(raw, path)

    monkeypatch.setattr(loading, "read_document", noted)
    load_edition(str(copy / "2020"))

    assert list(read_raws(str(copy / "2020"))) == read


def test_a_lock_of_ones_own_is_not_believed(copy: Path) -> None:
    folder = copy / "2020"
    before, facts = load_edition(str(folder)).revision, folder / "facts.yaml"
    old = facts.read_bytes()
    facts.write_text(facts.read_text("utf-8").replace("may_be_none: true", "may_be_none: false"), "utf-8")
    new = facts.read_bytes()
    lock = copy / NAME
    changed = lock.read_text("utf-8").replace(sha256_of((old,)), sha256_of((new,)))
    before_and_after = [sha256_of((canonical(read_document(raw, "x").data),)) for raw in (old, new)]
    changed = changed.replace(before_and_after[0], before_and_after[1])
    lock.write_text(changed, "utf-8")

    with pytest.raises(InputError) as refused:
        load_edition(str(folder))

    assert before
    assert [("PE608", NAME)] == [(problem.code, problem.details["path"]) for problem in refused.value.problems]


@given(PLAIN)
@settings(derandomize=True, deadline=None)
def test_the_canonical_form_is_that_of_the_library(content: Any) -> None:
    assert rfc8785.dumps(content) == canonical(content)


@given(st.dictionaries(st.text(max_size=8), PLAIN, max_size=5), st.randoms(use_true_random=False))
@settings(derandomize=True, deadline=None)
def test_the_meaning_has_no_order_of_keys_and_the_copy_has(content: dict[str, Any], random: Any) -> None:
    keys = list(content)
    random.shuffle(keys)
    other = {key: content[key] for key in keys}

    assert revision_of([content]) == revision_of([other])
    assert (in_order(content) == in_order(other)) is (list(content) == keys)


@given(st.lists(PLAIN, min_size=2, max_size=5), st.randoms(use_true_random=False))
@settings(derandomize=True, deadline=None)
def test_the_revision_has_no_order_of_files_and_counts_each(contents: list[Any], random: Any) -> None:
    shuffled = random.sample(contents, len(contents))

    assert revision_of(contents) == revision_of(shuffled)
    assert revision_of(contents) != revision_of(contents[1:])
    assert revision_of(contents) != revision_of([*contents, contents[0]])
