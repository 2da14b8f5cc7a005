"""Editions that are kept between runs: they are what was read, and whoever writes in the cache changes no answer."""

import ast
import os
import pickle
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.language.types import SIMPLE, Type
from policy_engine.load import cache
from policy_engine.load.cache import KeptEdition, kept_edition
from policy_engine.load.edition import load_edition
from policy_engine.load.lock import Sources, read_sources
from policy_engine.load.meaning import sha256_of
from policy_engine.model.facts import Condition
from policy_engine.model.rulebook import Edition
from tests.build import ROOT, RULEBOOK, Cli, replace
from tests.editions.random_editions import drawn_by
from tests.editions.small import FOLDER

CASES = [str(ROOT / "cases" / name) for name in (
    "2020/II.1/good/specialist-outstanding.yaml", "2026-draft/good/collective-completed.yaml",
    "2026-draft/edge/staff-absence-not-recorded.yaml",
)]  # fmt: skip
PROGRAM = "from policy_engine.cli.main import main; main()"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a user who has nothing yet."""
    for variable, name in (("XDG_CACHE_HOME", "cache"), ("XDG_CONFIG_HOME", "config")):
        monkeypatch.setenv(variable, str(tmp_path / "home" / name))
    return tmp_path / "home"


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """Return a folder with an edition that anybody may change."""
    return Path(shutil.copytree(RULEBOOK / "2026-draft", tmp_path / "book" / "2026-draft"))


def _entries(home: Path) -> list[Path]:
    return sorted((home / "cache" / "policy-engine" / "editions").glob("*"))


def _key(home: Path) -> Path:
    return home / "config" / "policy-engine" / "cache.key"


def _whole(thing: Any) -> Any:
    """Return a thing with its trees as texts, its records by their fields, and its types by what they are."""
    if isinstance(thing, Condition):
        return [ast.dump(thing.tree), thing.text, thing.location, thing.names]
    if isinstance(thing, Type):
        return [thing, id(thing) if thing is SIMPLE.get(thing.kind) else 0]
    if isinstance(thing, tuple):
        return [type(thing), *map(_whole, thing)]
    return [(key, _whole(value)) for key, value in thing.items()] if isinstance(thing, dict) else [type(thing), thing]


def _again(edition: Edition, name: str = "one") -> Edition | None:
    store = cache.cache_folder()
    assert store
    kept = KeptEdition(store, name)
    kept.write(edition)
    return kept.read()


@pytest.mark.parametrize("folder", [*sorted(RULEBOOK.glob("20*")), *sorted(path.parent for path in FOLDER.glob("*/edition.yaml"))])
def test_what_is_kept_is_what_was_read(folder: Path) -> None:
    edition = load_edition(str(folder))

    assert _whole(_again(edition)) == _whole(edition)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_any_edition_can_be_kept(seed: int) -> None:
    edition = drawn_by(seed).edition

    assert _whole(_again(edition, str(seed))) == _whole(edition)


@pytest.mark.parametrize("more", [(), ("--format", "json"), ("--format", "markdown")])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_kept_edition_answers_alike(more: tuple[str, ...], lang: str, cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "off")
    wanted = [cli("evaluate", path, *more, lang=lang) for path in CASES]
    assert not home.exists()
    monkeypatch.delenv(cache.VARIABLE)
    first = [cli("evaluate", path, *more, lang=lang) for path in CASES]
    monkeypatch.setattr("policy_engine.load.edition.load_edition", None)
    kept = [cli("evaluate", path, *more, lang=lang) for path in CASES]

    assert wanted == first == kept
    assert len(_entries(home)) == 2


def test_a_change_is_seen_at_once(draft: Path, cli: Cli, home: Path) -> None:
    words = ("evaluate", CASES[1], "--rulebook", str(draft.parent))
    before = cli(*words)
    replace(draft / "scale.yaml", "Hoàn thành nhiệm vụ", "Đã hoàn thành", count=-1)
    after = cli(*words, lang="vi")
    (draft / "scale.yaml").write_text("scale: []\n", "utf-8")

    assert 0 == before[0]
    assert "Đã hoàn thành" in after[1]
    assert 3 == cli(*words)[0]
    assert len(_entries(home)) == 2


def test_an_entry_is_of_its_sources_alone(draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def name(folder: Path, sources: Sources) -> object:
        kept = kept_edition(str(folder), sources)
        assert kept
        return kept._name

    sources = read_sources(str(draft))
    file, raw = next(iter(sources.raws.items()))
    other = Path(shutil.copytree(draft, draft.parent / "other"))
    names = [
        name(draft, sources), name(draft, sources._replace(lock="")), name(draft, Sources({**sources.raws, file: raw + b"\n"}, None)),
        name(draft, Sources({**sources.raws, "x.yaml": b""}, None)), name(other, sources),
    ]  # fmt: skip
    monkeypatch.setattr(sys, "version", "another")
    names.append(name(draft, sources))
    monkeypatch.setattr(cache, "_engine", lambda: iter(["another"]))
    names.append(name(draft, sources))

    assert len(set(names)) == len(names)


class Evil:
    """What runs when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (os.environ["EVIL"],)


def _pipe(entry: Path, *_: object) -> None:
    entry.unlink()
    os.mkfifo(entry)


def _sealed_by(key: bytes, entry: Path, content: bytes) -> bytes:
    return KeptEdition("", entry.name)._seal(key, content) + content


ALTERED: dict[str, Callable[[Path, bytes, Path], object]] = {
    "empty": lambda entry, *_: entry.write_bytes(b""),
    "cut": lambda entry, *_: entry.write_bytes(entry.read_bytes()[:-1]),
    "longer": lambda entry, *_: entry.write_bytes(entry.read_bytes() + b"."),
    "a plain digest": lambda entry, *_: entry.write_bytes(sha256_of((b"x",)).encode() + b"x"),
    "of another edition": lambda entry, other, _: entry.write_bytes(other),
    "sealed by another key": lambda entry, *_: entry.write_bytes(_sealed_by(b"k" * 32, entry, entry.read_bytes()[64:])),
    "code, sealed by another key": lambda entry, *_: entry.write_bytes(_sealed_by(b"k" * 32, entry, pickle.dumps(Evil()))),
    "code, sealed by the stolen key": lambda entry, _, key: entry.write_bytes(_sealed_by(key.read_bytes(), entry, pickle.dumps(Evil()))),
    "no edition": lambda entry, _, key: entry.write_bytes(_sealed_by(key.read_bytes(), entry, pickle.dumps({"a": 1}))),
    "no pickle": lambda entry, _, key: entry.write_bytes(_sealed_by(key.read_bytes(), entry, b"x")),
    "a pipe": _pipe,
    "a folder": lambda entry, *_: (entry.unlink(), entry.mkdir()),
    "a link": lambda entry, *_: entry.symlink_to(entry.rename(entry.with_name("elsewhere" + entry.name))),
    "of others": lambda entry, *_: entry.chmod(0o620),
    "a key that others read": lambda _, __, key: key.chmod(0o640),
    "another key": lambda _, __, key: key.write_bytes(b"k" * 32),
    "half a key": lambda _, __, key: key.write_bytes(b"k"),
    "no key": lambda _, __, key: key.unlink(),
}


@pytest.mark.parametrize("how", [*ALTERED])
def test_who_alters_the_cache_alters_no_answer(how: str, cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIL", str(tmp_path / "evil"))
    wanted = [cli("evaluate", path) for path in CASES[:2]]
    before = [(path, path.read_bytes()) for path in _entries(home)]
    for (entry, _), (_, other) in zip(before, before[::-1], strict=True):
        if _key(home).exists():
            ALTERED[how](entry, other, _key(home))
    read = KeptEdition.read
    found: list[Edition | None] = []

    def noting(kept: KeptEdition) -> Edition | None:
        found.append(read(kept))
        return found[-1]

    monkeypatch.setattr(KeptEdition, "read", noting)

    assert wanted == [cli("evaluate", path) for path in CASES[:2]]
    assert [None, None] == found[:2]
    assert not (tmp_path / "evil").exists()


def test_every_flipped_bit_is_noticed(edition: Edition, home: Path) -> None:
    assert _again(edition)
    (entry,) = _entries(home)
    raw = entry.read_bytes()
    kept = KeptEdition(str(entry.parent.parent), entry.name)

    for at in [*range(128), *range(128, len(raw), len(raw) // 64)]:
        entry.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :])
        assert kept.read() is None, at
    entry.write_bytes(raw)
    assert kept.read()


@pytest.mark.parametrize("words", [
    ("evaluate", CASES[0], "--record", "RECORDS"), ("record", "verify", "RECORDS"), ("replay", "RECORDS"), ("edition", "verify", "2020"),
    ("check", "2020"), ("edition", "list"), ("test", CASES[0]),
])  # fmt: skip
def test_who_verifies_never_reads_from_the_cache(words: tuple[str, ...], cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = str(tmp_path / "records.jsonl")
    cli("evaluate", CASES[0])
    if "--record" not in words:
        cli("evaluate", CASES[0], "--record", records)
    monkeypatch.setattr(cache, "kept_edition", None)

    assert 0 == cli(*(word.replace("RECORDS", records) for word in words))[0]


def test_the_cache_is_of_its_user_alone(cli: Cli, home: Path) -> None:
    mask = os.umask(0)
    try:
        cli("evaluate", CASES[0])
    finally:
        os.umask(mask)
    rights = {stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*")} | {stat.S_IMODE(home.stat().st_mode)}

    assert {0o600, 0o700} == rights
    assert len(_entries(home)) == 1


def test_there_are_never_many(edition: Edition, home: Path) -> None:
    for number in range(20):
        _again(edition, str(number))

    assert 16 == len(_entries(home))
    assert "19" in {path.name for path in _entries(home)}


def _run(words: list[str], here: Path, **more: str) -> "subprocess.Popen[bytes]":
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")} | more
    command = [sys.executable, "-c", PROGRAM, *words]
    return subprocess.Popen(command, cwd=here, env={"PYTHONPATH": str(ROOT), **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("place", ["a file", "nowhere", "", "the rulebook"])
def test_without_a_folder_of_ones_own_nothing_is_kept(place: str, tmp_path: Path, draft: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (tmp_path / "a file").write_text("")
    homes = {"a file": str(tmp_path / "a file"), "nowhere": "/proc/none", "": "relative", "the rulebook": str(draft.parent)}
    before = sorted(tmp_path.rglob("*"))
    command = _run(["evaluate", CASES[1], "--rulebook", str(draft.parent)], here, HOME=homes[place], POLICY_ENGINE_CACHE="")
    out, err = command.communicate(timeout=60)

    assert (0, b"") == (command.returncode, err)
    assert out
    new = {path for path in tmp_path.rglob("*") if path not in before and path.suffix != ".pyc"}
    assert not any("editions" in path.parts for path in new)
    assert place == "the rulebook" or not new


def test_two_at_once(tmp_path: Path) -> None:
    words = ["evaluate", CASES[0], "--format", "json"]
    runs = [_run(words, tmp_path, HOME=str(tmp_path / "one")) for _ in range(4)]
    outs = {run.communicate(timeout=120) for run in runs}
    last = _run(words, tmp_path, HOME=str(tmp_path / "one")).communicate(timeout=120)

    assert outs == {last}
    assert b"" == last[1]
    kept = tmp_path / "one" / ".cache" / "policy-engine" / "editions"
    assert 1 == len(list(kept.iterdir()))
