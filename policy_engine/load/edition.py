"""A folder of rulebook files to an Edition.

Each file states its kind by one of its keys; an edition may be cut into as many files as its
chapters ask for. Everything that is wrong in any of them is told in one run.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from policy_engine.errors import InputError, Problem
from policy_engine.language.types import Named
from policy_engine.load.build_chapter import Parts, build_bodies, build_chapters, build_clauses, build_words
from policy_engine.load.build_facts import (
    Context,
    build_exemptions,
    build_facts,
    build_invariants,
    build_thresholds,
    check_name,
    closed_lists,
    constants,
    fact_scope,
    named_figures,
)
from policy_engine.load.build_track import build_track, build_unused, criteria_named
from policy_engine.load.files import YAML, files_below, is_shipped, read_bytes
from policy_engine.load.front import FRONT, declared_front, is_an_id, plain_front
from policy_engine.load.limits import MAX_RULEBOOK_BYTES, MAX_RULEBOOK_FILES, RULEBOOK_BYTES, RULEBOOK_FILES, hold_size
from policy_engine.load.lock import Lock, is_as_shipped, read_lock, root_of, same_texts, sealed_documents, shipped_editions
from policy_engine.load.meaning import revision_of
from policy_engine.load.node import Declared, Node
from policy_engine.load.schema import check_schema
from policy_engine.load.seal import hold_against_seal, means_the_same, seal_problems
from policy_engine.load.yaml_text import MAX_BYTES, Data, Document, read_document
from policy_engine.model.facts import FactDeclaration, Invariant, Threshold
from policy_engine.model.rulebook import Basis, Edition, InForce, Interpretation, Level, Track
from policy_engine.source import Citation, Location

KINDS = ("edition", "scale", "facts", "register", "bodies", "clauses", "operative_words", "criteria", "chapter", "track")
_SINGLE = ("edition", "scale", "register", "bodies", "clauses", "operative_words")
_REQUIRED = ("edition", "scale", "facts", "track")
_SCHEMA = "rulebook.schema.json"


class Found(NamedTuple):
    """The files of an edition by kind."""

    folder: str
    nodes: Mapping[str, list[Node]]

    def one(self, kind: str) -> Node | None:
        """Return the only file of a kind."""
        nodes = self.nodes[kind]
        return nodes[0] if nodes else None


def load_edition(folder: str, *, heed_lock: bool = True) -> Edition:
    """Read, check and build one edition.

    Args:
        folder: where its files are.
        heed_lock: whether a sealed edition that was changed is refused. One that came with the engine, and of which no byte
            differs, is taken from its sealed copy. Of any other the meaning is worked out: who can change its files can
            change a lock beside them. The lock itself is read either way.

    Raises:
        InputError: with every problem of every file; PE608 to PE610 where a sealed edition means something else now; those of
            `read_lock` where the lock beside its folder cannot be read whole.
    """
    raws = read_raws(folder)
    lock = read_lock(root_of(folder))
    kept = _from_sealed_copy(folder, raws, lock) if heed_lock and is_shipped(folder) else None
    if kept is not None:
        return kept
    documents = [read_document(raw, path) for path, raw in raws.items()]
    by_path = {document.file: document for document in documents}
    name = declared_front(folder, documents).id
    report = hold_against_seal(folder, lock.seal_of(folder, name), by_path, raws)
    if heed_lock and not means_the_same(report) and not any(document.broken for document in documents):
        raise InputError([*seal_problems(report, folder, by_path), *(p for document in documents for p in document.problems)])
    edition = _checked(folder, documents, raws)
    revision = revision_of(document.data for document in documents)
    as_shipped = is_as_shipped(name, revision)
    shown = bool(as_shipped) if as_shipped is not None else report.sealed and means_the_same(report)
    return edition._replace(revision=revision, reworded=report.text_only, sealed=shown)


def _from_sealed_copy(folder: str, raws: Mapping[str, bytes], lock: Lock) -> Edition | None:
    """Return an edition that came with the engine from its sealed copy; None where a byte of it, its copy or its seal is another.

    What is taken on trust is what the package knows of it: the digest of its lines in the lock, which hold all the others.
    """
    front = plain_front(raws.get(os.path.join(folder, FRONT), b""))
    seal, known = (lock.seals.get(front.id), shipped_editions().get(front.id)) if front else (None, None)
    if seal is None or known is None or f"sha256:{seal.digest}" != known.seal or not same_texts(seal, folder, raws):
        return None
    documents = sealed_documents(folder, raws, seal)
    return _build(_sort(folder, documents))._replace(revision=known.revision, sealed=True) if documents is not None else None


def _checked(folder: str, documents: list[Document], raws: Mapping[str, bytes]) -> Edition:
    """Build an edition from what was read, and hold it against the schema.

    Raises:
        InputError: with every problem of every file.
    """
    edition = build_noting(folder, documents, raws)
    problems = [p for document in documents for p in document.problems]
    if problems or edition is None:
        raise InputError(problems)
    return edition


def build_noting(folder: str, documents: Sequence[Document], raws: Mapping[str, bytes]) -> Edition | None:
    """Build what can be built of an edition, and note every problem in its documents; None where a file cannot be read to its end.

    Raises:
        InputError: PE405, where a whole file is missing.
    """
    readable = [document for document in documents if not document.broken]
    found = _sort(folder, readable)
    sorted_out = sum(map(len, found.nodes.values()))
    edition = _build(found) if len(documents) == sorted_out else None  # what seems to be missing may be in a file that was not read
    check_schema(_SCHEMA, readable, raws)
    return edition


def form_problems(folder: str, documents: Sequence[Document]) -> list[Problem]:
    """Return what keeps files from being an edition at all: what is no YAML, is of no kind, or states no id that can be one."""
    readable = [document for document in documents if not document.broken]
    front = _sort(folder, readable).one("edition")
    if front is not None:
        _build_id(front.child("edition"))
    lost = front is None and len(readable) == len(documents)
    missing = [Problem("PE405", Location(folder, 1, 1), {"kind": "edition"})] if lost else []
    return [*missing, *(problem for document in documents for problem in document.problems)]


def read_raws(folder: str) -> dict[str, bytes]:
    """Read the bytes of every YAML file below a folder, in the order of their names.

    Raises:
        InputError: PE880, where something bears the name of such a file and is none; PE114, where one cannot be read; PE116, where
            they are too many or too large.
    """
    odd: list[Problem] = []
    found = files_below(folder, YAML, odd, most=MAX_RULEBOOK_FILES, things=RULEBOOK_FILES)
    if odd:
        raise InputError(odd)
    raws: dict[str, bytes] = {}
    size = 0
    for path in found:
        raws[path] = read_bytes(path, MAX_BYTES)
        size += len(raws[path])
        hold_size(folder, size, MAX_RULEBOOK_BYTES, RULEBOOK_BYTES)
    return raws


def _sort(folder: str, documents: Iterable[Document]) -> Found:
    """Sort files by the kind that each states."""
    nodes: dict[str, list[Node]] = {kind: [] for kind in KINDS}
    for document in documents:
        node = Node(document)
        kind = kind_of(document.data)
        if kind is None:
            node.complain("PE202", key=" | ".join(f"{kind}:" for kind in KINDS), under="")
            continue
        if kind in _SINGLE and nodes[kind]:
            node.complain("PE406", kind=kind, first=nodes[kind][0].document.file)
        elif kind == "edition" and document.file != os.path.join(folder, FRONT):
            node.complain("PE618", found=os.path.relpath(document.file, folder))
        nodes[kind].append(node)
    return Found(folder, nodes)


def kind_of(data: Data) -> str | None:
    """Return the kind that a file states (a track may hold `criteria:` of its own)."""
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
    files = [node.fields(("facts",), ("thresholds", "invariants", "except")) for node in found.nodes["facts"]]
    thresholds: dict[str, Threshold] = {}
    figures: dict[str, Named] = {}
    for got in (got for got in files if "thresholds" in got):
        thresholds |= build_thresholds(got["thresholds"], {}, {**constants(scale), **figures})
        figures |= named_figures(got["thresholds"], thresholds)
    facts = build_facts([got["facts"] for got in files], scale, register, figures)
    scope = {**fact_scope(scale, facts), **figures}
    invariants = tuple(rule for got in files if "invariants" in got for rule in build_invariants(got["invariants"], scope, register))
    context = Context(scale, facts, register, _shared(found.nodes["criteria"]), scope, thresholds)
    tracks = _build_tracks(found, context)
    lists = closed_lists(context, _names_of(tracks))
    exemptions = tuple(one for got in files if "except" in got for one in build_exemptions(got["except"], lists))
    bodies = build_bodies(found.one("bodies"))
    chapters = build_chapters(found.nodes["chapter"], Parts(context, bodies, _names_of(tracks)))
    edition = _build_front(front, scale, facts, invariants, tracks, register)
    clauses, words = build_clauses(found.one("clauses")), build_words(found.one("operative_words"))
    return edition._replace(thresholds=thresholds, bodies=bodies, chapters=chapters, clauses=clauses, words=words, exemptions=exemptions)


def _names_of(tracks: Iterable[Track]) -> Declared[object]:
    """Return the names of tracks; one that could not be read may be any."""
    names = dict.fromkeys(track.id for track in tracks)
    return Declared(names, open="" in names)


def _build_front(
    node: Node, scale: Mapping[str, Level], facts: Mapping[str, FactDeclaration], invariants: tuple[Invariant, ...],
    tracks: tuple[Track, ...], register: Mapping[str, Interpretation],
) -> Edition:  # fmt: skip
    """Read the file `edition:` and put the parts together."""
    got = node.fields(("edition", "status", "title", "period"), ("issuer", "basis", "notes", "in_force", "supersedes", "encoded_at"))
    period = got["period"].fields(("from", "until"))
    begins, until = period["from"].day(), period["until"].day()
    if date.min < until < begins:
        period["until"].complain("PE410", until=until.isoformat(), begins=begins.isoformat())
    return Edition(
        _build_id(got["edition"]), got["status"].one_of(("draft", "issued")), got["title"].texts(),
        got["issuer"].texts() if "issuer" in got else {}, begins, until,
        tuple(_build_basis(item) for item in got["basis"].items()) if "basis" in got else (),
        tuple(item.texts() for item in got["notes"].items()) if "notes" in got else (),
        scale, facts, invariants, tracks, register, "",
        in_force=_build_in_force(got["in_force"]) if "in_force" in got else InForce(None, None),
        supersedes=got["supersedes"].text() if "supersedes" in got else "",
        encoded_at=got["encoded_at"].day() if "encoded_at" in got else None,
    )  # fmt: skip


def _build_id(node: Node) -> str:
    """Read the id of an edition."""
    name = node.text()
    if name and not is_an_id(name):
        node.complain("PE617", name=name)
    return name


def _build_in_force(node: Node) -> InForce:
    """Read from when, and perhaps until when, an edition is in force."""
    got = node.fields(("from",), ("until",))
    begins, until = got["from"].day(), got["until"].day() if "until" in got else None
    if until and date.min < until < begins:
        got["until"].complain("PE410", until=until.isoformat(), begins=begins.isoformat())
    return InForce(begins, until)


def _build_basis(node: Node) -> Basis:
    """Read one document that the edition rests on."""
    got = node.fields(("id", "day", "title"))
    return Basis(got["id"].text(), got["day"].day(), got["title"].texts())


def _build_scale(node: Node) -> Declared[Level]:
    """Read the scale: best level first in the file, greatest rank in the model."""
    got = node.fields(("scale",), ("cite",))
    items = got["scale"].items(at_least=1)
    if "cite" in got:
        got["cite"].text()
    scale = Declared[Level](open=not items)
    spelled: dict[str, Node] = {}
    for index, item in enumerate(items):
        level = item.fields(("level", "code", "label"), ("aliases", "cite"))
        name, code = level["level"].text(), level["code"].text()
        scale.open |= not check_name(level["level"], name)
        aliases = tuple(alias.text() for alias in level["aliases"].items()) if "aliases" in level else ()
        for spelling in filter(None, (name, code, *aliases)):
            if spelling in spelled:
                item.complain("PE402", name=spelling, first=f"{spelled[spelling].place.file}:{spelled[spelling].place.line}")
            spelled[spelling] = item
        cite = Citation(level["cite"].text() if "cite" in level else "")
        scale[name] = Level(name, len(items) - 1 - index, code, aliases, level["label"].texts(), cite)
    return scale


def _build_register(node: Node | None) -> Declared[Interpretation]:
    """Read the interpretation register."""
    if node is None:
        return Declared()
    block = node.fields(("register",))["register"]
    return Declared(((name, _build_interpretation(child, name)) for name, child in block.entries()), open=not block.is_block)


def _build_interpretation(node: Node, name: str) -> Interpretation:
    """Read one entry of the register."""
    got = node.fields(("cite", "silent_on", "text_says", "reading", "alternatives", "status"))
    return Interpretation(
        name, tuple(item.text() for item in got["cite"].items(at_least=1)), got["silent_on"].texts(), got["text_says"].texts(),
        got["reading"].texts(), tuple(item.texts() for item in got["alternatives"].items()),
        got["status"].one_of(("proposed", "accepted")),
    )  # fmt: skip


def _shared(nodes: Iterable[Node]) -> Declared[Node]:
    """Gather the criteria that are written once for several tracks."""
    shared = Declared[Node]()
    for node in nodes:
        block = node.fields(("criteria",))["criteria"]
        shared.open |= not block.is_block
        for name, child in block.entries():
            shared.open |= not check_name(child, name)
            if name in shared:
                first = shared[name].key_place
                child.complain("PE402", child.key_place, name=name, first=f"{first.file}:{first.line}")
            shared[name] = child
    return shared


def _build_tracks(found: Found, context: Context) -> tuple[Track, ...]:
    """Build every track, sorted by id; what no track uses is checked all the same."""
    tracks = [build_track(node, context) for node in found.nodes["track"]]
    used = {name for node in found.nodes["track"] for name in criteria_named(node)}
    for name, child in context.shared.items():
        if name not in used:
            build_unused(child, context)
    first: dict[str, Track] = {}
    for node, track in zip(found.nodes["track"], tracks, strict=True):
        if track.id in first and track.id:
            other = first[track.id].location
            node.complain("PE402", name=track.id, first=f"{other.file}:{other.line}")
        first[track.id] = track
    return tuple(sorted(tracks, key=lambda track: track.id))
