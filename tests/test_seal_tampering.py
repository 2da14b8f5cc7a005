"""Ways round a seal: a sealed and signed edition whose rule was changed never passes for the issued one, whatever was done beside it."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from policy_engine.cli.main import run
from policy_engine.load.edition import load_edition
from policy_engine.load.lock import COPIES, NAME, Lock, lock_line, read_lock
from policy_engine.load.meaning import meaning_of, sha256_of
from policy_engine.load.yaml_text import read_document
from tests.build import ROOT, Cli, replace
from tests.editions.small import FOLDER

WHO = "office@example.org"
CASE = "case: ba\nedition: harvest\nfacts: {rows: 1, dry: true, season: early, tools: [basket], spare: []}\n"
RULE, CHANGED = "when: \"'ladder' in tools\"", "when: \"'basket' in tools\""
UNSHOWN = "This edition says that it is issued, but there is no seal that shows it"
NO_SEAL = "says that it is issued; no seal shows it"

needs_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    base: Path
    key: Path

    @property
    def root(self) -> Path:
        return self.base / "rb"

    @property
    def folder(self) -> Path:
        return self.root / "harvest"

    @property
    def lock(self) -> Path:
        return self.root / NAME

    @property
    def copy(self) -> Path:
        return self.root / COPIES / "harvest.json"

    def edit(self, old: str, new: str, file: str = "edition.yaml") -> None:
        replace(self.folder / file, old, new)

    def relock(self, change: Callable[[list[str]], list[str]]) -> None:
        self.lock.write_text("".join(change(self.lock.read_text("utf-8").splitlines(keepends=True))), "utf-8")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Place:
    base = tmp_path_factory.mktemp("sound")
    place = Place(base=base, key=base / "key")
    for name, status in (("harvest", "issued"), ("next", "draft")):
        shutil.copytree(FOLDER / "harvest", place.root / name)
        replace(place.root / name / "edition.yaml", 'edition: "harvest"\nstatus: draft', f'edition: "{name}"\nstatus: {status}')
    replace(place.root / "next" / "edition.yaml", "2020-01-01\n  until: 2020-12-31", "2021-01-01\n  until: 2021-12-31")
    (base / "cases").mkdir()
    (base / "cases" / "ba.yaml").write_text(CASE, "utf-8")
    sign: list[str] = []
    if shutil.which("ssh-keygen"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(place.key)], check=True)
        (base / "signers").write_text(f"{WHO} {place.key.with_suffix('.pub').read_text('utf-8')}", "utf-8")
        sign = ["--sign", str(place.key)]
    assert 0 == run(["edition", "seal", "harvest", "--rulebook", str(place.root), *sign], "en")
    return place


@pytest.fixture
def place(sound: Place, tmp_path: Path) -> Place:
    shutil.copytree(sound.base, tmp_path / "at")
    return Place(base=tmp_path / "at", key=sound.key)


def asked(place: Place, *, at: str = "rb", name: str = "harvest") -> dict[str, list[str]]:
    book = ["--rulebook", str(place.base / at)]
    return {
        "evaluate": ["evaluate", str(place.base / "cases" / "ba.yaml"), *book],
        "round": ["round", str(place.base / "cases"), *book],
        "list": ["edition", "list", *book],
        "verify": ["edition", "verify", *book],
        "verify ID": ["edition", "verify", name, *book],
        "signed": ["edition", "verify", *book, "--signers", str(place.base / "signers"), "--identity", WHO],
    }


# What is done to the lock


def _lock_bytes(change: Callable[[bytes], bytes]) -> Callable[[Place], None]:

    def done(place: Place) -> None:
        place.lock.write_bytes(change(place.lock.read_bytes()))

    return done


def _lock_lines(change: Callable[[list[str]], list[str]]) -> Callable[[Place], None]:
    return lambda place: place.relock(change)


def _lock_as(make: Callable[[Path], object]) -> Callable[[Place], None]:

    def done(place: Place) -> None:
        place.lock.unlink()
        make(place.lock)

    return done


def _without(*starts: str) -> Callable[[Place], None]:
    return _lock_lines(lambda lines: [line for line in lines if not line.startswith(starts)])


def _remarked(start: str) -> Callable[[Place], None]:
    return _lock_lines(lambda lines: [f"#{line}" if line.startswith(start) else line for line in lines])


def _no_trace(place: Place) -> None:
    place.lock.unlink()
    shutil.rmtree(place.root / COPIES)


def _no_lines_no_copy(place: Place) -> None:
    _without("harvest")(place)
    place.copy.unlink()


def _own_digest(place: Place) -> None:
    raw = (place.folder / "track.yaml").read_bytes()
    line = lock_line("harvest/track.yaml", meaning=sha256_of((meaning_of(read_document(raw, "x").data),)), text=sha256_of((raw,)))
    place.relock(lambda lines: [f"{line}\n" if one.startswith("harvest/track.yaml") else one for one in lines])


def _second_line(place: Place) -> None:
    before = place.lock.read_text("utf-8").splitlines(keepends=True)
    _own_digest(place)
    place.relock(lambda lines: [*before, *(line for line in lines if line not in before)])


# What is done to the folder, the id, the status, the files


def _renamed(place: Place) -> None:
    place.folder.rename(place.root / "harvest-original")


def _elsewhere(place: Place) -> None:
    away = place.base / "away"
    place.root.rename(away)
    shutil.copytree(away / "harvest", place.folder)


def _linked(place: Place) -> None:
    place.folder.rename(place.base / "away")
    place.folder.symlink_to(place.base / "away")


def _deeper(place: Place) -> None:
    (place.root / "old").mkdir()
    place.folder.rename(place.root / "old" / "harvest")


def _nothing_left(place: Place) -> None:
    for name in ("harvest", "next"):
        shutil.rmtree(place.root / name)


def _front_elsewhere(place: Place) -> None:
    (place.folder / "edition.yaml").rename(place.folder / "front.yaml")
    (place.folder / "scale.yaml").rename(place.folder / "edition.yaml")


def _both(*steps: Callable[[Place], object]) -> Callable[[Place], None]:

    def done(place: Place) -> None:
        for step in steps:
            step(place)

    return done


def _id(name: str) -> Callable[[Place], None]:
    return lambda place: place.edit('edition: "harvest"', f"edition: {name}")


def _id_in_a_text(place: Place) -> None:
    place.edit('edition: "harvest"', "notes:\n  - vi: 'x\nedition: \"harvest\"\n    '\n    en: x\nedition: other")


def _draft(place: Place) -> None:
    place.edit("status: issued", "status: draft")


def _front(raw: bytes) -> Callable[[Place], object]:
    return lambda place: (place.folder / "edition.yaml").write_bytes(raw)


def _second_copy(place: Place) -> None:
    _both(_renamed, lambda p: shutil.copytree(p.root / "harvest-original", p.folder))(place)
    replace(place.folder / "track.yaml", CHANGED, RULE)


def _library_in_a_library(place: Place) -> None:
    lock, signature = place.lock, place.lock.with_name(f"{NAME}.sig")
    for file in (lock, signature, *(place.root / COPIES).iterdir()):
        if file.exists():
            target = place.base / file.relative_to(place.root)
            target.parent.mkdir(exist_ok=True)
            shutil.move(file, target)
    for file in place.folder.iterdir():
        shutil.copy(file, place.root)
    replace(place.root / "track.yaml", CHANGED, RULE)
    _id("harvest1")(place)


WAYS: dict[str, tuple[Callable[[Place], object], str]] = {
    # evaluate, round, list, verify, verify ID, signed
    "nothing but the rule": (lambda _: None, "3 3 0 1 1 1"),
    # the lock
    "a bad byte in the remark": (_lock_bytes(lambda raw: b"#\xff" + raw), "3 3 3 3 3 3"),
    "a bad byte at the end": (_lock_bytes(lambda raw: raw + b"\xff"), "3 3 3 3 3 3"),
    "UTF-16": (_lock_bytes(lambda raw: raw.decode().encode("utf-16")), "3 3 3 3 3 3"),
    "zeros": (_lock_bytes(lambda raw: bytes(len(raw))), "3 3 3 3 3 3"),
    "a folder for a lock": (_lock_as(Path.mkdir), "3 3 3 3 3 3"),
    "a link to nowhere for a lock": (_lock_as(lambda path: path.symlink_to("nowhere")), "3 3 3 3 3 3"),
    "a link to itself for a lock": (_lock_as(lambda path: path.symlink_to(path.name)), "3 3 3 3 3 3"),
    "a pipe for a lock": (_lock_as(os.mkfifo), "3 3 3 3 3 3"),
    "no lock": (_lock_as(lambda _: None), "0 0 0 1 1 1"),
    "an empty lock": (_lock_bytes(lambda _: b""), "0 0 0 1 1 1"),
    "no lock, no copies": (_no_trace, "0 0 0 1 1 1"),
    "its first line gone": (_without("harvest "), "3 3 3 3 3 3"),
    "its lines gone": (_without("harvest"), "0 0 0 1 1 1"),
    "its lines and its copy gone": (_no_lines_no_copy, "0 0 0 1 1 1"),
    "the line of the file gone": (_without("harvest/track.yaml"), "3 3 0 1 1 1"),
    "the lines of its files gone": (_without("harvest/"), "3 3 3 3 3 3"),
    "its first line a remark": (_remarked("harvest "), "3 3 3 3 3 3"),
    "the line of the file a remark": (_remarked("harvest/track"), "3 3 0 1 1 1"),
    "cut in the middle of a line": (_lock_bytes(lambda raw: raw[:-20]), "3 3 3 3 3 3"),
    "cut after its first line": (_lock_lines(lambda lines: lines[:2]), "3 3 3 3 3 3"),
    "a blank before its first line": (_lock_lines(lambda lines: [lines[0], f" {lines[1]}", *lines[2:]]), "3 3 3 3 3 3"),
    "its name in capitals": (_lock_bytes(lambda raw: raw.replace(b"\nharvest", b"\nHARVEST")), "0 0 0 1 1 1"),
    "another edition's name": (_lock_bytes(lambda raw: raw.replace(b"\nharvest", b"\nsowing")), "0 0 0 1 1 1"),
    "a mark of the byte order, lines as Windows ends them": (
        _lock_bytes(lambda raw: b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n")), "3 3 0 1 1 1",
    ),
    "a line that is none": (_lock_bytes(lambda raw: raw + b"reviewed by the office\n"), "3 3 3 3 3 3"),
    "the file's own digests": (_own_digest, "3 3 0 1 1 1"),
    "the file's own digests on a second line": (_second_line, "3 3 3 3 3 3"),
    # the sealed copy
    "no sealed copy": (lambda place: place.copy.unlink(), "3 3 0 1 1 1"),
    "the rule changed in the copy too": (lambda place: replace(place.copy, "'ladder' in tools", "'basket' in tools"), "3 3 0 1 1 1"),
    # the folder
    "the folder renamed": (_renamed, "3 3 0 1 1 1"),
    "the folder hidden": (lambda place: place.folder.rename(place.root / ".harvest"), "3 3 0 1 1 1"),
    "a copy elsewhere": (_elsewhere, "0 0 0 1 1 1"),
    "a link to a copy elsewhere": (_linked, "3 3 0 1 1 1"),
    "the folder gone": (lambda place: shutil.rmtree(place.folder), "3 3 0 1 1 1"),
    "the folder one down": (_deeper, "3 3 0 1 1 1"),
    "no edition left": (_nothing_left, "3 3 3 3 3 3"),
    "a sound copy beside it": (_second_copy, "3 3 3 3 3 3"),
    "the library an edition with a signed lock": (_library_in_a_library, "3 3 3 3 3 3"),
    # the files
    "a file more": (lambda place: (place.folder / "more.yaml").write_text("criteria: {}\n", "utf-8"), "3 3 0 1 1 1"),
    "a file less": (lambda place: (place.folder / "scale.yaml").unlink(), "3 3 3 1 1 1"),
    "the file under another name": (lambda place: (place.folder / "track.yaml").rename(place.folder / "a.yaml"), "3 3 0 1 1 1"),
    "the first file under another name": (lambda place: (place.folder / "edition.yaml").rename(place.folder / "front.yaml"), "3 3 0 1 1 1"),
    "another file as the first": (_front_elsewhere, "3 3 3 3 3 3"),
    "an empty first file": (_front(b""), "3 3 3 3 3 3"),
    "a first file of bytes": (_front(bytes(range(256))), "3 3 3 3 3 3"),
    "a first file in UTF-16": (_front('edition: "harvest"\n'.encode("utf-16")), "3 3 3 3 3 3"),
    "a list for a first file": (_front(b"- harvest\n"), "3 3 3 3 3 3"),
    "a bomb for a first file": (_front(b"edition: &a [x, x]\nb: [*a, *a]\n"), "3 3 3 3 3 3"),
    # the id and the status
    "another id": (_id("other"), "3 3 0 1 3 1"),
    "another id, the folder renamed": (_both(_id("other"), _renamed), "3 3 0 1 1 1"),
    "another id, the folder renamed after it": (_both(_id("other"), lambda p: p.folder.rename(p.root / "other")), "3 3 0 1 1 1"),
    "an id that climbs": (_both(_id('"../../harvest"'), _renamed), "3 3 3 3 1 3"),
    "an id that steers": (_both(_id(r'"\e[31mharvest"'), _renamed), "3 3 3 3 1 3"),
    "an id of two lines": (_both(_id(r'"harvest\n::error::x"'), _renamed), "3 3 3 3 1 3"),
    "an id that looks alike": (_both(_id("hаrvest"), _renamed), "3 3 3 3 1 3"),
    "an id that is a number": (_both(_id("2020"), _renamed), "3 3 3 3 1 3"),
    "an id that is a list": (_both(_id("[harvest]"), _renamed), "3 3 3 3 1 3"),
    "two ids": (_id('"harvest"\nedition: other'), "3 3 3 3 3 3"),
    "an id in a text": (_both(_id_in_a_text, _renamed), "3 3 0 1 1 1"),
    "a draft": (_draft, "3 3 0 1 1 1"),
    "a draft, no lock": (_both(_draft, _lock_as(lambda _: None)), "0 0 0 1 1 1"),
    "another status": (lambda place: place.edit("status: issued", "status: final"), "3 3 3 1 1 1"),
}  # fmt: skip
"""What is done beside changing a rule, and how `evaluate`, `round`, `edition list`, `verify`, `verify ID` and `verify --signers` end."""


@needs_keygen
@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_round_a_seal(place: Place, cli: Cli, way: str) -> None:
    tamper, expected = WAYS[way]
    place.edit(RULE, CHANGED, "track.yaml")
    tamper(place)
    found = {name: cli(*words) for name, words in asked(place).items()}

    assert expected == " ".join(str(code) for code, _, _ in found.values())
    assert {1, 3} >= {found[name][0] for name in ("verify", "verify ID", "signed")}
    assert "means what was sealed" not in "".join(found[name][1] for name in ("verify", "verify ID", "signed"))
    for name in ("evaluate", "round", "list"):
        code, out, err = found[name]
        if "issued" in (said := out.replace(UNSHOWN, "").replace(NO_SEAL, "").replace("nobody has issued it", "")):
            pytest.fail(f"{name}: {said}")
        assert code == 0 or "PE" in err
    assert not [line for _, out, err in found.values() for line in (out + err).splitlines() if line.strip().startswith("::")]


@needs_keygen
def test_the_sound_library_holds(place: Place, cli: Cli) -> None:
    found = {name: cli(*words) for name, words in asked(place).items()}

    assert [0] * 6 == [code for code, _, _ in found.values()]
    assert f'signature: Good "policy-engine" signature for {WHO}' in found["signed"][1]
    assert ("(issued)" in found["evaluate"][1], UNSHOWN in found["evaluate"][1]) == (True, False)


def test_what_cannot_be_read_is_not_called_unsealed(place: Place, cli: Cli) -> None:
    place.relock(lambda _: [])
    _front(b"")(place)
    code, out, err = cli(*asked(place)["verify"])

    assert (3, True, 1) == (code, "cannot be read as an edition" in out, out.count("not sealed"))
    assert f"{place.folder / 'edition.yaml'}:1:1: PE" in err


@needs_keygen
def test_rules_sealed_anew_are_found_by_the_signature_alone(place: Place, cli: Cli) -> None:
    kept = load_edition(str(place.folder)).revision
    place.edit(RULE, CHANGED, "track.yaml")
    sealed = cli("edition", "seal", "harvest", "--again", "--rulebook", str(place.root))[0]
    codes = {name: cli(*words)[0] for name, words in asked(place).items()}

    assert (0, 0, 0, 1) == (sealed, codes["verify"], codes["verify ID"], codes["signed"])
    assert kept != load_edition(str(place.folder)).revision


@needs_keygen
def test_an_edition_that_the_signed_lock_does_not_hold(place: Place, cli: Cli) -> None:
    replace(place.root / "next" / "edition.yaml", "status: draft", "status: issued")
    code, out, _ = cli(*asked(place)["signed"])

    assert (1, True, True) == (code, UNSHOWN in " ".join(out.split()), "Good" in out)


COPIED = {
    "nested too deep": b"[" * 100_000, "no JSON": b"x", "a list": b"[]", "other keys": b"{}",
    "files that are none": b'{"revision":"x","files":[1]}',
    "numbers that are none": b'{"revision":"x","files":{"harvest/track.yaml":{"a":NaN,"b":"\xf0\x9f\x8c\xb3"}}}',
    "half a letter": b'{"revision":"x","files":{"harvest/track.yaml":"\\ud800"}}', "files of nobody": b'{"revision":"x","files":{"a":1}}',
}  # fmt: skip


@pytest.mark.parametrize("form", COPIED)
def test_a_copy_of_any_form_is_no_fault_of_the_engine(place: Place, cli: Cli, form: str) -> None:
    before = sha256_of((place.copy.read_bytes(),))
    place.copy.write_bytes(COPIED[form])
    place.lock.write_text(place.lock.read_text("utf-8").replace(before, sha256_of((COPIED[form],))), "utf-8")
    place.edit(RULE, CHANGED, "track.yaml")

    assert (3, 1) == (cli(*asked(place)["evaluate"])[0], cli(*asked(place)["verify"])[0])


# Signing


@needs_keygen
def test_a_key_that_is_none_leaves_everything_as_it_is(place: Place, cli: Cli) -> None:
    """A new signature takes the old one's place only once it is made; neither lock nor copy is written before."""
    place.edit(RULE, CHANGED, "track.yaml")
    before = {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()}
    no_key = place.base / "no-key"
    no_key.write_text("no key", "utf-8")

    for key in (no_key, place.base / "not-there"):
        code, _, err = cli("edition", "seal", "harvest", "--again", "--sign", str(key), "--rulebook", str(place.root))

        assert (2, True) == (code, bool(err))
        assert before == {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("lost", ["its lines", "the lock"])
def test_a_lost_seal_is_not_made_anew_in_passing(place: Place, cli: Cli, lost: str) -> None:
    (_without("harvest") if lost == "its lines" else _lock_as(lambda _: None))(place)
    place.edit(RULE, CHANGED, "track.yaml")
    code, _, err = cli("edition", "seal", "harvest", "--rulebook", str(place.root))

    assert (2, True) == (code, "--again" in err)


def test_what_leaves_no_trace_is_a_draft(place: Place, cli: Cli) -> None:
    _both(_no_trace, _draft)(place)
    place.edit(RULE, CHANGED, "track.yaml")
    found = {name: cli(*words) for name, words in asked(place).items()}

    assert (0, 1, 1) == (found["verify"][0], found["verify ID"][0], found["signed"][0])
    assert "nobody has issued it" in found["evaluate"][1]


# Locks as they went before


def test_a_lock_by_names_of_folders_is_read(place: Place, cli: Cli) -> None:
    _no_trace(place)
    _id("sowing")(place)
    assert 0 == cli("edition", "seal", "sowing", "--rulebook", str(place.root))[0]
    copy = place.root / COPIES / "sowing.json"
    before = sha256_of((copy.read_bytes(),))
    for path in (place.lock, copy):
        path.write_text(path.read_text("utf-8").replace("sowing/", "harvest/").replace("sowing meaning", "harvest meaning"), "utf-8")
    copy.rename(place.copy)
    replace(place.lock, before, sha256_of((place.copy.read_bytes(),)))
    code = cli("edition", "verify", "--rulebook", str(place.root))[0]
    place.edit(RULE, CHANGED, "track.yaml")
    changed = cli("edition", "verify", "--rulebook", str(place.root))[0]

    sealed = cli("edition", "seal", "sowing", "--again", "--rulebook", str(place.root))[0]

    assert (0, 1, 0) == (code, changed, sealed)
    assert ["sowing"] == list(read_lock(str(place.root)).seals)


def _bits(place: Place) -> Iterator[tuple[Path, bytes]]:
    for path in (*sorted(place.folder.glob("*.yaml")), place.lock, place.copy, place.lock.with_name(f"{NAME}.sig")):
        yield path, path.read_bytes()


def _harmless(place: Place, path: Path, kept: str, lock: Lock) -> bool:
    edition = load_edition(str(place.folder))
    if path.name == NAME:
        return edition.revision == kept and (read_lock(str(place.root)) == lock or len(edition.reworded) == 1)
    return edition.revision == kept and (path.suffix == ".sig" or str(path) in edition.reworded)


@needs_keygen
def test_single_bits(place: Place, cli: Cli, request: pytest.FixtureRequest) -> None:
    dice, files = Random(20201231), list(_bits(place))
    kept, lock = load_edition(str(place.folder)).revision, read_lock(str(place.root))
    for _ in range(2_000 if request.config.getoption("--long", default=False) else 60):
        path, raw = dice.choice(files)
        byte = dice.randrange(len(raw))
        flipped = raw[:byte] + bytes([raw[byte] ^ (1 << dice.randrange(8))]) + raw[byte + 1 :]
        path.write_bytes(flipped)

        plain, signed = cli(*asked(place)["verify"])[0], cli(*asked(place)["signed"])[0]

        drawn = (path.name, byte, raw[byte], flipped[byte])
        assert {0, 1, 3} >= {plain, signed}, drawn
        assert signed >= plain, drawn
        assert plain or _harmless(place, path, kept, lock), drawn
        assert signed or path.name != NAME, drawn
        path.write_bytes(raw)


def test_the_auditors_page_promises_what_is_tested() -> None:
    page = (ROOT / "docs" / "auditing.md").read_text("utf-8").partition("## What a seal proves")[2].partition("## Once a year")[0]
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ") and line.count("|") == 4]
    named = [name for row in rows[1:] if len(row) == 3 for name in re.findall("`([^`]+)`", row[2])]
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    known = {*WAYS, *re.findall(r"^def (test_\w+)\(", sources, re.MULTILINE)}

    assert len(rows) >= 18
    assert [] == [name for name in named if name not in known]
    assert [row[0] for row in rows[1:] if len(row) != 3] == ["changes the engine, or has the key"]
