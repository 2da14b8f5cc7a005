"""The lock and the digest: the shortcuts give what the long way gives, and a changed byte closes them."""

import ast
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.errors import InputError
from policy_engine.load import edition as loading
from policy_engine.load.edition import load_edition
from policy_engine.load.lock import COPIES, NAME, copy_path, read_raws, read_seal, same_texts
from policy_engine.load.meaning import canonical, in_order, revision_of, sha256_of
from policy_engine.load.seal import make_seal, write_seal
from policy_engine.load.yaml_text import read_document
from policy_engine.source import Location
from tests.build import CASE, RULEBOOK, Cli, replace
from tests.test_seal_tampering import NO_SEAL, UNSHOWN

SHIPPED = sorted(path.parent.name for path in RULEBOOK.glob("*/edition.yaml") if read_seal(str(path.parent)))
AGAIN = "policy-engine edition seal 2020 --again --rulebook rulebook"
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


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


@pytest.mark.parametrize("name", SHIPPED)
def test_the_lock_and_the_sealed_copy_are_up_to_date(shelf: Path, name: str) -> None:
    before = {path: path.read_bytes() for path in (shelf / NAME, shelf / COPIES / f"{name}.json")}
    raws = read_raws(str(shelf / name))
    write_seal(make_seal(str(shelf / name), {path: read_document(raw, path) for path, raw in raws.items()}, raws))

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


@pytest.mark.parametrize("change", ["a byte", "a new file", "a file less"])
def test_a_change_of_bytes_closes_the_shortcut(shelf: Path, change: str) -> None:
    folder = shelf / "2020"
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


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    shutil.copytree(RULEBOOK / "2020", tmp_path / "rb" / "2020")
    return tmp_path / "rb"


FILE, OLD, NEW = "criteria/head-office-leader.yaml", "value: 70%", "value: 60%"


def test_a_copy_of_a_shipped_edition_is_known(shipped: Path, cli: Cli) -> None:
    code, out, _ = cli("edition", "verify", "2020", "--rulebook", str(shipped), "--format", "json")
    rated = cli("evaluate", CASE, "--rulebook", str(shipped))
    (shipped / NAME).write_text("", "utf-8")

    assert (0, [(False, True, True)]) == (code, [(one["sealed"], one["as_shipped"], one["holds"]) for one in json.loads(out)["editions"]])
    assert (0, True, False) == (rated[0], "(issued)" in rated[1], UNSHOWN in rated[1])
    assert 1 == cli("edition", "verify", "2020", "--rulebook", str(shipped), "--signers", "x", "--identity", "y")[0]


@pytest.mark.parametrize("sealed", [False, True])
def test_another_edition_of_a_shipped_id_is_never_called_issued(shipped: Path, cli: Cli, *, sealed: bool) -> None:
    replace(shipped / "2020" / FILE, OLD, NEW)
    if sealed:
        assert 0 == cli("edition", "seal", "2020", "--rulebook", str(shipped))[0]
    found = [cli("edition", "verify", *names, "--rulebook", str(shipped)) for names in ((), ("2020",))]
    rated, listed = cli("evaluate", CASE, "--rulebook", str(shipped)), cli("edition", "list", "--rulebook", str(shipped))

    told = [(code, "that came with the engine: it means something else" in " ".join(out.split())) for code, out, _ in found]
    assert [(1, True), (1, True)] == told
    assert (0, True, False) == (rated[0], UNSHOWN in " ".join(rated[1].split()), "(issued)" in rated[1])
    assert (True, True) == ("not what came with the engine" in listed[1], NO_SEAL in listed[1])


@pytest.mark.parametrize("forged", ["the copy", "the texts"])
def test_what_lies_beside_the_package_is_not_believed(shipped: Path, monkeypatch: pytest.MonkeyPatch, forged: str) -> None:
    monkeypatch.setattr(loading, "is_shipped", lambda _: True)
    shutil.copytree(RULEBOOK / COPIES, shipped / COPIES)
    shutil.copy(RULEBOOK / NAME, shipped)
    folder, (old, new) = str(shipped / "2020"), ('"70%"', '"60%"') if forged == "the copy" else (OLD, NEW)
    before = load_edition(folder, heed_lock=False)
    target = Path(copy_path(folder, "2020")) if forged == "the copy" else shipped / "2020" / FILE
    digest = sha256_of((target.read_bytes(),))
    replace(target, old, new)
    replace(shipped / NAME, digest, sha256_of((target.read_bytes(),)))

    if forged == "the copy":
        assert (before.revision, before.thresholds) == (load_edition(folder).revision, load_edition(folder).thresholds)
    else:
        with pytest.raises(InputError):
            load_edition(folder)
