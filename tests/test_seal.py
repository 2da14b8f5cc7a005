"""Sealed editions: no value of one changes unseen, what only reads otherwise is accepted, and what a seal cannot show is written down."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast

import pytest

from policy_engine.errors import InputError, Problem
from policy_engine.load.edition import load_edition
from policy_engine.load.library import Library
from policy_engine.load.lock import NAME, copy_path, name_of, read_raws, read_seal
from policy_engine.load.seal import hold_against_seal, make_seal, write_seal
from policy_engine.load.yaml_text import read_document
from tests.build import CASE, RULEBOOK, Cli, replace, rows
from tests.editions.small import FOLDER

FILES = [os.path.relpath(path, RULEBOOK / "2020") for path in read_raws(str(RULEBOOK / "2020"))]
SHAPE = re.compile(r"PE(1|2|3|4)\d\d")
"""The codes of a file that has lost its form: what stands in the way of the seal being asked at all."""
Path_ = tuple[str | int, ...]

needs_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


class Mutation(NamedTuple):
    kind: str
    data: Any
    paths: frozenset[Path_]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = tmp_path / "editions" / "harvest"
    shutil.copytree(FOLDER / "harvest", folder)
    front = folder / "edition.yaml"
    front.write_text(front.read_text("utf-8").replace("status: draft", "status: issued"), "utf-8")
    _seal(folder)
    return folder


def _unheld(*_: object) -> None:
    """Stand in for what is left out."""


def _seal(folder: Path) -> None:
    raws = read_raws(str(folder))
    write_seal(make_seal(str(folder), {path: read_document(raw, path) for path, raw in raws.items()}, raws))


def _refused(folder: Path) -> tuple[Problem, ...]:
    try:
        load_edition(str(folder))
    except InputError as error:
        return error.problems
    return ()


def _write(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1), "utf-8")


@cache
def _data(file: str) -> Any:
    return read_document((RULEBOOK / "2020" / file).read_bytes(), file).data


def _children(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(cast("dict[str, Any]", value).items())
    return [(place, child) for place, child in enumerate(cast("Any", value))] if isinstance(value, list) else []


def _nodes(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    yield path, value
    for key, child in _children(value):
        yield from _nodes(child, (*path, key))


def _put(data: Any, path: Path_, value: Any) -> Any:
    if not path:
        return value
    changed = [(key, _put(child, path[1:], value) if key == path[0] else child) for key, child in _children(data)]
    return dict(changed) if isinstance(data, dict) else [child for _, child in changed]


def _otherwise(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    figure = re.fullmatch(r"(\d+)(.*)", value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return value[:-2] + ("11" if value[-2:] != "11" else "12")
    return f"{int(figure[1]) + 1}{figure[2]}" if figure and len(figure[1]) < 5 else f"{value} x"


def _scalars(data: Any) -> list[Mutation]:
    found: list[Mutation] = []
    for path, value in _nodes(data):
        if not isinstance(value, (dict, list)):
            others = {_otherwise(value), str(value).swapcase() if isinstance(value, str) else str(value)}
            found += [Mutation("scalar", _put(data, path, o), frozenset({path})) for o in others if o != value]
    return found


def _of_mappings(data: Any) -> list[Mutation]:
    found: list[Mutation] = []
    mappings = [(path, dict(_children(value))) for path, value in _nodes(data) if isinstance(value, dict)]
    for path, value, key in [(place, whole, str(key)) for place, whole in mappings for key in whole]:
        gone = {k: v for k, v in value.items() if k != key}
        renamed = {(f"{k}_x" if k == key else k): v for k, v in value.items()}
        more = {**value, f"{key}_x": value[key]}
        found.append(Mutation("key dropped", _put(data, path, gone), frozenset({(*path, key)})))
        found.append(Mutation("key renamed", _put(data, path, renamed), frozenset({(*path, key), (*path, f"{key}_x")})))
        found.append(Mutation("key added", _put(data, path, more), frozenset({(*path, f"{key}_x")})))
    return found


def _of_lists(data: Any) -> list[Mutation]:
    found: list[Mutation] = []
    lists = [(path, [child for _, child in _children(value)]) for path, value in _nodes(data) if isinstance(value, list)]
    for path, items in lists:
        last = len(items) - 1
        found.append(Mutation("item dropped", _put(data, path, items[:-1]), frozenset({(*path, last)})))
        found.append(Mutation("item repeated", _put(data, path, [*items, items[-1]]), frozenset({(*path, last + 1)})))
        if last > 0 and items[0] != items[1]:
            swapped = [items[1], items[0], *items[2:]]
            found.append(Mutation("order", _put(data, path, swapped), frozenset({(*path, 0), (*path, 1)})))
    return found


@cache
def _mutations(file: str) -> list[Mutation]:
    return [*_scalars(_data(file)), *_of_mappings(_data(file)), *_of_lists(_data(file))]


def _dotted(path: Path_) -> str:
    return ".".join(map(str, path)) or "—"


def _below(told: str, paths: frozenset[Path_]) -> bool:
    return any(f"{told}.".startswith(f"{_dotted(path)}.") for path in paths)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.sampled(5)
def test_every_value_is_held_against_the_seal(file: str) -> None:
    folder = str(RULEBOOK / "2020")
    raws, seal = read_raws(folder), read_seal(folder)
    documents = {path: read_document(raw, path) for path, raw in raws.items()}
    assert seal
    path = os.path.join(folder, file)
    name = name_of(folder, path)
    only = seal._replace(meanings={name: seal.meanings[name]}, texts={name: seal.texts[name]})
    mutations = _mutations(file) if len(_mutations(file)) < 150 else Random(file).sample(_mutations(file), 150)

    for mutation in mutations:
        changed = {path: documents[path]._replace(data=mutation.data)}
        report = hold_against_seal(folder, only, changed, raws)

        assert {path} == {difference.file for difference in report.differences}, mutation
        assert all(_below(_dotted(difference.path), mutation.paths) for difference in report.differences), mutation
        assert all(difference.sealed or difference.found for difference in report.differences), mutation


@pytest.mark.parametrize(
    ("old", "new", "path", "sealed", "found"),
    rows("seal", "what_was_sealed_and_what_is_found_are_told"),
)  # fmt: skip
def test_what_was_sealed_and_what_is_found_are_told(shelf: Path, old: str, new: str, path: str, sealed: str, found: str) -> None:
    replace(shelf / "2020" / "scale.yaml", f"\n{old}" if old.startswith("cite") else old, f"\n{new}" if new.startswith("cite") else new)
    (problem,) = _refused(shelf / "2020")

    assert ("PE608", {"name": "2020", "path": path, "sealed": sealed, "found": found}) == (problem.code, dict(problem.details))


@pytest.mark.parametrize("file", FILES)
@pytest.mark.sampled(4)
def test_no_file_can_be_taken_away(shelf: Path, file: str) -> None:
    (shelf / "2020" / file).unlink()

    assert all(problem.code == "PE609" or SHAPE.fullmatch(problem.code) for problem in _refused(shelf / "2020"))
    assert _refused(shelf / "2020")


@pytest.mark.parametrize("file", ["more.yaml", "chapters/more.yml", "deep/er/more.yaml"])
def test_an_added_file_is_refused(shelf: Path, file: str) -> None:
    added = shelf / "2020" / file
    added.parent.mkdir(parents=True, exist_ok=True)
    added.write_text("criteria: {}\n", "utf-8")

    assert [("PE610", str(added))] == [(problem.code, problem.location.file) for problem in _refused(shelf / "2020")]


def test_other_files_are_not_asked_about(shelf: Path) -> None:
    (shelf / "2020" / "README.md").write_text("Read me.", "utf-8")

    assert _refused(shelf / "2020") == ()


def _commented(path: Path) -> None:
    path.write_text("# before\n" + path.read_text("utf-8") + "# behind\n", "utf-8")


def _spaced(path: Path) -> None:
    _write(path, read_document(path.read_bytes(), str(path)).data)


def _broken_by_windows(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(child) for key, child in reversed(_children(cast("Any", value)))}
    return [_turned(child) for _, child in _children(cast("Any", value))] if isinstance(value, list) else value


def _reordered(path: Path) -> None:
    _write(path, _turned(read_document(path.read_bytes(), str(path)).data))


REWORDINGS = {"comments": _commented, "spacing": _spaced, "line ends": _broken_by_windows, "key order": _reordered}


@pytest.mark.parametrize("change", REWORDINGS)
@pytest.mark.parametrize("file", ["scale.yaml", "clauses.yaml", "criteria/head-office-leader.yaml", "facts.yaml"])
@pytest.mark.sampled(3)
def test_another_wording_of_the_same_meaning_is_accepted(shelf: Path, cli: Cli, change: str, file: str) -> None:
    path = shelf / "2020" / file
    REWORDINGS[change](path)
    edition = load_edition(str(shelf / "2020"))

    assert (str(path),) == edition.reworded
    assert Library().edition("2020").revision == edition.revision
    for form in ("text", "json"):
        before, after = cli("evaluate", CASE, "--format", form), cli("evaluate", CASE, "--rulebook", str(shelf), "--format", form)
        assert before[:2] == after[:2]
        assert before[2] == ""
        assert f"{path}: the edition 2020 is sealed; comments or spacing differ" in after[2]


def _lines(lock: Path) -> list[str]:
    return lock.read_text("utf-8").splitlines(keepends=True)


def _flipped(line: str, mark: str) -> str:
    place = line.index(mark) + len(mark)
    return line[:place] + ("0" if line[place] != "0" else "1") + line[place + 1 :]


def test_a_changed_digest_of_bytes_is_only_another_wording(shelf: Path) -> None:
    lines = [_flipped(line, "text=sha256:") if line.startswith("2020/scale.yaml") else line for line in _lines(shelf / NAME)]
    (shelf / NAME).write_text("".join(lines), "utf-8")

    assert (str(shelf / "2020" / "scale.yaml"),) == load_edition(str(shelf / "2020")).reworded


@pytest.mark.parametrize("what", ["gone", "another", "nonsense"])
def test_without_the_sealed_copy_a_change_is_refused_and_not_named(shelf: Path, cli: Cli, what: str) -> None:
    path = Path(copy_path(str(shelf / "2020"), "2020"))
    if what == "gone":
        path.unlink()
    else:
        path.write_text(path.read_text("utf-8").replace("70%", "71%") if what == "another" else "x", "utf-8")
    accepted = _refused(shelf / "2020")
    code, out, _ = cli("edition", "verify", "--rulebook", str(shelf), "--format", "json")
    replace(shelf / "2020" / "scale.yaml", "[HTT]", "[HTT, T]")
    (problem,) = _refused(shelf / "2020")

    assert accepted == ()
    assert (1, False, False) == (code, json.loads(out)["editions"][0]["copy_kept"], json.loads(out)["whole"])
    assert ("PE608", "—", str(shelf / "2020" / "scale.yaml")) == (problem.code, problem.details["path"], problem.location.file)


def test_names_that_begin_alike_are_two_editions(small: Path) -> None:
    other = small.parent / "harvest2"
    shutil.copytree(small, other)
    replace(other / "edition.yaml", '"harvest"', '"harvest2"')
    _seal(other)
    before = _lines(small.parent / NAME)
    replace(other / "scale.yaml", "code: D", "code: E")

    assert ((), ["PE608"]) == (_refused(small), [problem.code for problem in _refused(other)])
    _seal(other)
    assert ((), ()) == (_refused(small), _refused(other))
    assert [line for line in before if "harvest/" in line] == [line for line in _lines(small.parent / NAME) if "harvest/" in line]


@pytest.mark.parametrize("name", ["mức.yaml", "a=b.yaml", "#1.yaml", "meaning=sha256:x.yaml"])
def test_a_file_with_an_odd_name_can_be_sealed(small: Path, name: str) -> None:
    os.rename(small / "scale.yaml", small / name)
    _seal(small)

    assert _refused(small) == ()


class Signed(NamedTuple):
    root: Path
    key: Path
    signers: Path


@pytest.fixture
def signed(small: Path, tmp_path: Path, cli: Cli) -> Signed:
    key, signers = tmp_path / "key", tmp_path / "signers"
    _keygen(key)
    public = key.with_suffix(".pub").read_text("utf-8")
    signers.write_text(f"owner@example.org {public}", "utf-8")
    code, out, err = cli("edition", "seal", "harvest", "--sign", str(key), "--rulebook", str(small.parent))
    assert (0, "") == (code, err), err
    assert f"signed: {small.parent / NAME}.sig" in out
    return Signed(small.parent, key, signers)


def _keygen(key: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(key)], check=True, stdin=subprocess.DEVNULL)


def _verify(cli: Cli, signed: Signed, who: str = "owner@example.org", *more: str) -> tuple[int, str]:
    code, out, err = cli(
        "edition", "verify", "--rulebook", str(signed.root), "--signers", str(signed.signers), "--identity", who, *more
    )  # fmt: skip
    return code, out + err


@needs_keygen
@pytest.mark.parametrize("change", ["identity", "lock", "signature", "no signature", "no signers", "other key", "other namespace"])
def test_a_signature_that_is_not_good_ends_with_one(cli: Cli, signed: Signed, tmp_path: Path, change: str) -> None:
    lock, who = signed.root / NAME, "owner@example.org"
    signature = lock.with_name(f"{NAME}.sig")
    if change == "identity":
        who = "somebody@example.org"
    elif change == "lock":
        lock.write_text(lock.read_text("utf-8") + "# a remark\n", "utf-8")
    elif change == "signature":
        lines = signature.read_text("utf-8").splitlines(keepends=True)
        lines[2] = lines[2][::-1].lstrip("\n") + "\n"
        signature.write_text("".join(lines), "utf-8")
    elif change == "no signature":
        signature.unlink()
    elif change == "no signers":
        signed.signers.unlink()
    elif change == "other key":
        _keygen(tmp_path / "other")
        subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-n", "policy-engine", "-f", str(tmp_path / "other"), str(lock)], check=True, input=b"y\n",
            capture_output=True,
        )  # fmt: skip
    else:
        signature.unlink()
        subprocess.run(["ssh-keygen", "-Y", "sign", "-n", "file", "-f", str(signed.key), str(lock)], check=True, capture_output=True)

    code, said = _verify(cli, signed, who)
    data = _verify(cli, signed, who, "--format", "json")

    assert code == 1
    assert "Good" not in said
    assert (1, False) == (data[0], json.loads(data[1])["whole"])
    assert json.loads(data[1])["signature"]


def test_without_ssh_keygen_nothing_is_taken_for_good(cli: Cli, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", _unheld)
    root = str(small.parent)
    verified = cli("edition", "verify", "--rulebook", root, "--signers", "x", "--identity", "y")
    signing = cli("edition", "seal", "harvest", "--rulebook", root, "--sign", "x")

    assert (1, 2) == (verified[0], signing[0])
    assert "ssh-keygen: not found" in verified[1]
    assert "ssh-keygen: not found" in signing[2]
