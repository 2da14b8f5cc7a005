"""A folder of rulebook files to an Edition.

Each file states its kind by one of its keys; an edition may be cut into as many files as its
chapters ask for. Everything that is wrong in any of them is told in one run.
"""

import os
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from policy_engine.errors import InputError, Problem
from policy_engine.load.build_chapter import Parts, build_bodies, build_chapters, build_clauses
from policy_engine.load.build_facts import build_facts, build_invariants, check_name, fact_scope
from policy_engine.load.build_track import Context, build_track, build_unused, context_of
from policy_engine.load.digest import sha256_of
from policy_engine.load.files import is_shipped, read_bytes
from policy_engine.load.lock import sealed_revision
from policy_engine.load.node import Node
from policy_engine.load.scalars import Data
from policy_engine.load.schema import check_schema
from policy_engine.load.yaml_text import MAX_BYTES, Document, read_document
from policy_engine.model.facts import FactDeclaration, Invariant
from policy_engine.model.rulebook import Basis, Edition, Level, Reading, Track
from policy_engine.source import Citation, Location

KINDS = ("edition", "scale", "facts", "register", "bodies", "clauses", "criteria", "chapter", "track")
_SINGLE = ("edition", "scale", "register", "bodies", "clauses")
_REQUIRED = ("edition", "scale", "facts", "track")
_SCHEMA = "rulebook.schema.json"


class Found(NamedTuple):
    """The files of an edition by kind."""

    folder: str
    nodes: Mapping[str, list[Node]]

    def one(self, kind: str) -> Node | None:
        """Give the only file of a kind."""
        nodes = self.nodes[kind]
        return nodes[0] if nodes else None


def load_edition(folder: str, *, trust_lock: bool = True) -> Edition:
    """Read, check and build one edition.

    Args:
        folder: where its files are.
        trust_lock: whether the digest of an edition that came with the engine may be taken from its lock, where no byte
            differs from it. Of any other edition it is always worked out: who can change its files can change a lock beside them.

    Raises:
        InputError: with every problem of every file.
    """
    documents, raws = read_folder(folder)
    readable = [document for document in documents if not document.broken]
    found = _sort(folder, readable)
    if any(document.broken for document in documents):
        check_schema(_SCHEMA, readable, raws)
        raise InputError([p for document in documents for p in document.problems])
    edition = _build(found)
    revision = sealed_revision(folder, raws) if trust_lock and is_shipped(folder) else None
    if revision is None or any(document.problems for document in documents):
        check_schema(_SCHEMA, readable, raws)
    problems = [p for document in documents for p in document.problems]
    if problems:
        raise InputError(problems)
    return edition._replace(revision=revision or revision_of(document.data for document in documents))


def read_folder(folder: str) -> tuple[list[Document], dict[str, bytes]]:
    """Read every YAML file below a folder, in the order of their names."""
    documents: list[Document] = []
    raws: dict[str, bytes] = {}
    for base, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith((".yaml", ".yml")):
                path = os.path.join(base, name)
                raws[path] = read_bytes(path, MAX_BYTES)
                documents.append(read_document(raws[path], path))
    return documents, raws


def revision_of(contents: Iterable[Data]) -> str:
    """Give the digest of an edition's meaning.

    Each file's data in the canonical form of RFC 8785, sorted, so that comments, spacing, the order
    of keys and the names of files do not count, and every value does.
    """
    canonical = sorted(_canonical(_exact(content)) for content in contents)
    return "sha256:" + sha256_of((b"\n".join(canonical),))


def _canonical(content: Any) -> bytes:  # noqa: ANN401  (JSON is what it is)
    """Give the canonical form of RFC 8785.

    Without floats and with keys below the astral planes, Python's own encoder writes those very bytes (a test holds it
    against the library), ten times as fast; anything else is the library's.
    """
    import json  # noqa: PLC0415

    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if max(text, default="") < "\U00010000":
        return text.encode()
    import rfc8785  # noqa: PLC0415

    return rfc8785.dumps(content)


def _exact(value: Data) -> Any:  # noqa: ANN401  (JSON is what it is)
    """Write fractions as text, since JSON's numbers are floats."""
    if isinstance(value, dict):
        return {key: _exact(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_exact(child) for child in value]
    return str(value) if isinstance(value, Fraction) else value


def _sort(folder: str, documents: Iterable[Document]) -> Found:
    """Sort files by the kind that each states."""
    nodes: dict[str, list[Node]] = {kind: [] for kind in KINDS}
    for document in documents:
        node = Node(document)
        kind = kind_of(document.data)
        if kind is None:
            node.complain("PE202", key=" | ".join(f"{kind}:" for kind in KINDS))
            continue
        if kind in _SINGLE and nodes[kind]:
            node.complain("PE406", kind=kind, first=nodes[kind][0].document.file)
        nodes[kind].append(node)
    return Found(folder, nodes)


def kind_of(data: Data) -> str | None:
    """Give the kind that a file states (a track may hold `criteria:` of its own)."""
    return next((kind for kind in ("track", *KINDS) if isinstance(data, dict) and kind in data), None)


def _build(found: Found) -> Edition:
    """Build the edition from its files.

    Raises:
        InputError: PE405, where a whole file is missing.
    """
    missing = [kind for kind in _REQUIRED if not found.nodes[kind]]
    if missing:
        raise InputError(
            [Problem("PE405", Location(found.folder, 1, 1), {"kind": kind}) for kind in missing]
            + [p for nodes in found.nodes.values() for node in nodes for p in node.document.problems]
        )
    front, scale_node = found.one("edition"), found.one("scale")
    assert front
    assert scale_node
    scale = _build_scale(scale_node)
    register = _build_register(found.one("register"))
    files = [node.fields(("facts",), ("invariants",)) for node in found.nodes["facts"]]
    facts = build_facts((got["facts"] for got in files), scale, register)
    scope = fact_scope(scale, facts)
    invariants = tuple(rule for got in files if "invariants" in got for rule in build_invariants(got["invariants"], scope, register))
    context = context_of(scale, facts, register, _shared(found.nodes["criteria"]))
    tracks = _build_tracks(found, context)
    bodies = build_bodies(found.one("bodies"))
    chapters = build_chapters(found.nodes["chapter"], Parts(context, bodies, [track.id for track in tracks]))
    edition = _build_front(front, scale, facts, invariants, tracks, register)
    return edition._replace(bodies=bodies, chapters=chapters, clauses=build_clauses(found.one("clauses")))


def _build_front(
    node: Node, scale: Mapping[str, Level], facts: Mapping[str, FactDeclaration], invariants: tuple[Invariant, ...],
    tracks: tuple[Track, ...], register: Mapping[str, Reading],
) -> Edition:  # fmt: skip
    """Read the file `edition:` and put the parts together."""
    got = node.fields(("edition", "status", "title", "period"), ("issuer", "basis", "notes"))
    period = got["period"].fields(("from", "until"))
    begins, until = period["from"].day(), period["until"].day()
    if until < begins:
        period["until"].complain("PE410", until=until.isoformat(), begins=begins.isoformat())
    return Edition(
        got["edition"].text(), got["status"].one_of(("draft", "issued")), got["title"].texts(),
        got["issuer"].texts() if "issuer" in got else {}, begins, until,
        tuple(_build_basis(item) for item in got["basis"].items()) if "basis" in got else (),
        tuple(item.texts() for item in got["notes"].items()) if "notes" in got else (),
        scale, facts, invariants, tracks, register, "",
    )  # fmt: skip


def _build_basis(node: Node) -> Basis:
    """Read one document that the edition rests on."""
    got = node.fields(("id", "day", "title"))
    return Basis(got["id"].text(), got["day"].day(), got["title"].texts())


def _build_scale(node: Node) -> dict[str, Level]:
    """Read the scale: best level first in the file, greatest rank in the model."""
    got = node.fields(("scale",), ("cite",))
    items = got["scale"].items(at_least=1)
    if "cite" in got:
        got["cite"].text()
    scale: dict[str, Level] = {}
    spelled: dict[str, Node] = {}
    for index, item in enumerate(items):
        level = item.fields(("level", "code", "label"), ("aliases", "cite"))
        name, code = level["level"].text(), level["code"].text()
        check_name(level["level"], name)
        aliases = tuple(alias.text() for alias in level["aliases"].items()) if "aliases" in level else ()
        for spelling in (name, code, *aliases):
            if spelling in spelled:
                item.complain("PE402", name=spelling, first=f"{spelled[spelling].place.file}:{spelled[spelling].place.line}")
            spelled[spelling] = item
        cite = Citation(level["cite"].text() if "cite" in level else "")
        scale[name] = Level(name, len(items) - 1 - index, code, aliases, level["label"].texts(), cite)
    return scale


def _build_register(node: Node | None) -> dict[str, Reading]:
    """Read the interpretation register."""
    if node is None:
        return {}
    return {name: _build_reading(child, name) for name, child in node.fields(("register",))["register"].entries()}


def _build_reading(node: Node, name: str) -> Reading:
    """Read one entry of the register."""
    got = node.fields(("cite", "silent_on", "text_says", "reading", "alternatives", "status"))
    return Reading(
        name, tuple(item.text() for item in got["cite"].items(at_least=1)), got["silent_on"].texts(), got["text_says"].texts(),
        got["reading"].texts(), tuple(item.texts() for item in got["alternatives"].items()),
        got["status"].one_of(("proposed", "accepted")),
    )  # fmt: skip


def _shared(nodes: Iterable[Node]) -> dict[str, Node]:
    """Gather the criteria that are written once for several tracks."""
    shared: dict[str, Node] = {}
    for node in nodes:
        for name, child in node.fields(("criteria",))["criteria"].entries():
            check_name(child, name)
            if name in shared:
                first = shared[name].key_place
                child.complain("PE402", child.key_place, name=name, first=f"{first.file}:{first.line}")
            shared[name] = child
    return shared


def _build_tracks(found: Found, context: Context) -> tuple[Track, ...]:
    """Build every track, sorted by id; what no track uses is checked all the same."""
    tracks = [build_track(node, context) for node in found.nodes["track"]]
    used = {criterion.id for track in tracks for rule in track.levels for criterion in rule.criteria}
    for name, child in context.shared.items():
        if name not in used:
            build_unused(child, context)
    first: dict[str, Track] = {}
    for node, track in zip(found.nodes["track"], tracks, strict=True):
        if track.id in first:
            other = first[track.id].location
            node.complain("PE402", name=track.id, first=f"{other.file}:{other.line}")
        first[track.id] = track
    return tuple(sorted(tracks, key=lambda track: track.id))
