"""A folder of rulebook files to an Edition.

Each file states its kind by one of its keys; an edition may be cut into as many files as its
chapters ask for. Everything that is wrong in any of them is found in one run.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from policy_engine.errors import InputError, Problem
from policy_engine.load.build_chapter import build_bodies, build_chapters, build_clauses, build_words
from policy_engine.load.build_facts import Context, build_exemptions, build_facts, build_invariants, check_name, closed_lists, constants
from policy_engine.load.build_track import build_track, build_unused, criteria_named
from policy_engine.load.files import is_shipped
from policy_engine.load.lock import (
    FRONT,
    Lock,
    Sources,
    declared_front,
    is_an_id,
    is_as_shipped,
    lock_path,
    parse_lock,
    plain_front,
    read_lock,
    read_raws,
    read_sources,
    root_of,
    same_texts,
    sealed_documents,
    shipped_editions,
)
from policy_engine.load.meaning import revision_of
from policy_engine.load.node import INTERPRETATION, Declared, Fields, Node
from policy_engine.load.schema import check_schema
from policy_engine.load.seal import hold_against_seal, means_the_same, seal_problems
from policy_engine.load.yaml_plain import Data
from policy_engine.load.yaml_text import Document, read_document
from policy_engine.model.rulebook import Basis, Edition, InForce, Interpretation, Level, Track
from policy_engine.source import Citation, Location
from policy_engine.tuples import NamedTuple

KINDS = ("edition", "scale", "facts", "register", "bodies", "clauses", "operative_words", "criteria", "chapter", "track")
_SINGLE = ("edition", "scale", "register", "bodies", "clauses", "operative_words")
_REQUIRED = ("edition", "scale", "facts", "track")


class Found(NamedTuple):
    """The files of an edition by kind."""

    folder: str
    nodes: Mapping[str, list[Node]]

    def one(self, kind: str) -> Node | None:
        """Return the only file of a kind."""
        return next(iter(self.nodes[kind]), None)


def load_edition(folder: str, *, heed_lock: bool = True, sources: Sources | None = None) -> Edition:
    """Read, check and build one edition.

    Args:
        folder: where its files are.
        heed_lock: whether a sealed edition that was changed is refused. One that came with the engine, and of which no byte
            differs, is taken from its sealed copy. Of any other the meaning is worked out: who can change its files can
            change a lock beside them. The lock itself is read either way.
        sources: its files and its lock, where they were read already.

    Raises:
        InputError: with every problem of every file; PE608 to PE610 where a sealed edition means something else now; those of
            `read_lock` where the lock beside its folder cannot be read whole.
    """
    raws, lock_text = sources or read_sources(folder)
    lock = parse_lock(lock_path(root_of(folder)), lock_text)
    kept = _from_sealed_copy(folder, raws, lock) if heed_lock and is_shipped(folder) else None
    if kept is not None:
        return kept
    documents = {path: read_document(raw, path) for path, raw in raws.items()}
    problems = [problem for document in documents.values() for problem in document.problems]
    name = declared_front(folder, documents.values()).id
    report = hold_against_seal(folder, lock.seal_of(folder, name), documents, raws)
    if heed_lock and not means_the_same(report) and not any(document.broken for document in documents.values()):
        raise InputError([*seal_problems(report, folder, documents), *problems])
    edition = build_noting(folder, list(documents.values()))
    problems = [problem for document in documents.values() for problem in document.problems]
    if problems or edition is None:
        raise InputError(problems)
    revision = revision_of(document.data for document in documents.values())
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


class Survey(NamedTuple):
    """An edition read for whoever looks after it. With problems, `edition` holds only what could be built, or is None."""

    name: str
    folder: str
    edition: Edition | None
    documents: Mapping[str, Document]
    raws: Mapping[str, bytes]
    problems: tuple[Problem, ...]
    whole: bool
    """Whether every part of it could be read; one that was changed after it was sealed can."""
    sealed: bool
    """Whether its seal is in the lock, or in one that cannot be read."""


def survey_edition(name: str, folder: str) -> Survey:
    """Read an edition from its files, never from a sealed copy; nothing that is wrong with it is raised."""
    raws: dict[str, bytes] = {}
    documents: dict[str, Document] = {}
    edition: Edition | None = None
    raised: tuple[Problem, ...] = ()
    try:
        raws = read_raws(folder)
        documents = {path: read_document(raw, path) for path, raw in raws.items()}
        edition = build_noting(folder, list(documents.values()))
    except InputError as error:
        raised = error.problems
    problems = [*raised, *(p for document in documents.values() for p in document.problems if p not in raised)]
    whole = edition is not None and not problems
    lock: Lock | None = None
    try:
        lock = read_lock(root_of(folder))
    except InputError as error:
        problems += error.problems
    seal = lock.seal_of(folder, declared_front(folder, documents.values()).id) if lock else None
    if seal and whole:
        problems += seal_problems(hold_against_seal(folder, seal, documents, raws), folder, documents)
    if edition:
        edition = edition._replace(revision=revision_of(document.data for document in documents.values()))
    return Survey(
        name=name, folder=folder, edition=edition, documents=documents, raws=raws, problems=tuple(problems), whole=whole,
        sealed=seal is not None or lock is None,
    )  # fmt: skip


def build_noting(folder: str, documents: Sequence[Document]) -> Edition | None:
    """Build what can be built of an edition, and note every problem in its documents; None where a file cannot be read to its end.

    Raises:
        InputError: PE405, where a whole file is missing.
    """
    readable = [document for document in documents if not document.broken]
    found = _sort(folder, readable)
    sorted_out = sum(map(len, found.nodes.values()))
    edition = _build(found) if len(documents) == sorted_out else None  # what seems to be missing may be in a file that was not read
    check_schema("rulebook.schema.json", readable)
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


def _sort(folder: str, documents: Iterable[Document]) -> Found:
    nodes: dict[str, list[Node]] = {kind: [] for kind in KINDS}
    for document in documents:
        node, kind = Node(document), kind_of(document.data)
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
    front, scale_node = found.one("edition"), found.one("scale")
    if missing := [Problem("PE405", Location(found.folder, 1, 1), {"kind": kind}) for kind in _REQUIRED if not found.nodes[kind]]:
        raise InputError([*missing, *(p for nodes in found.nodes.values() for node in nodes for p in node.document.problems)])
    assert front
    assert scale_node
    scale, register = _build_scale(scale_node), _build_register(found.one("register"))
    files = [node.fields(("facts",), ("thresholds", "invariants", "except")) for node in found.nodes["facts"]]
    context = Context(
        scale=scale, register=register, scope=constants(scale), facts=Declared(), shared=_shared(found.nodes["criteria"]), seen={}
    )
    for got in files:
        context, _ = context.with_figures(got)
    context = build_facts([got["facts"] for got in files], context)
    invariants = tuple(rule for got in files for rule in build_invariants(got["invariants"], context))
    tracks = _build_tracks(found.nodes["track"], context)
    names = Declared[object](dict.fromkeys(track.id for track in tracks), open=any(not track.id for track in tracks))
    lists = closed_lists(context, names)
    bodies = build_bodies(found.one("bodies"))
    return _build_front(front.fields(_FRONT, _FRONT_MORE), context)._replace(
        invariants=invariants, tracks=tracks, bodies=bodies, chapters=build_chapters(found.nodes["chapter"], context, bodies, names),
        clauses=build_clauses(found.one("clauses")), words=build_words(found.one("operative_words")),
        exemptions=tuple(one for got in files if "except" in got for one in build_exemptions(got["except"], lists)),
    )  # fmt: skip


_FRONT = ("edition", "status", "title", "period")
_FRONT_MORE = ("issuer", "basis", "notes", "in_force", "supersedes", "encoded_at")


def _build_front(got: Fields, context: Context) -> Edition:
    period, force = got["period"].fields(("from", "until")), got["in_force"]
    begins, until = _days(period)
    basis: list[Basis] = []
    for item in got["basis"].items():
        own = item.fields(("id", "day", "title"))
        basis.append(Basis(own["id"].text(), own["day"].day(), own["title"].texts()))
    return Edition(
        id=_build_id(got["edition"]), status=got["status"].one_of(("draft", "issued")), title=got["title"].texts(),
        issuer=got["issuer"].texts(), begins=begins, until=until or date.min, basis=tuple(basis),
        notes=tuple(item.texts() for item in got["notes"].items()), scale=context.scale, facts=context.facts, invariants=(), tracks=(),
        register=context.register, revision="", thresholds=context.thresholds,
        in_force=InForce(*_days(force.fields(("from",), ("until",)))) if "in_force" in got else InForce(None, None),
        supersedes=got["supersedes"].text(), encoded_at=got["encoded_at"].day() if "encoded_at" in got else None,
    )  # fmt: skip


def _days(got: Fields) -> tuple[date, date | None]:
    begins, until = got["from"].day(), got["until"].day() if "until" in got else None
    if until and date.min < until < begins:
        got["until"].complain("PE410", until=until.isoformat(), begins=begins.isoformat())
    return begins, until


def _build_id(node: Node) -> str:
    name = node.text()
    if name and not is_an_id(name):
        node.complain("PE617", name=name)
    return name


def _build_scale(node: Node) -> Declared[Level]:
    """Read the scale: best level first in the file, greatest rank in the model."""
    got = node.fields(("scale",), ("cite",))
    items = got["scale"].items(at_least=1)
    got["cite"].text()
    scale = Declared[Level](open=not items)
    spelled: dict[str, Node] = {}
    for index, item in enumerate(items):
        own = item.fields(("level", "code", "label"), ("aliases", "cite"))
        name, code = own["level"].text(), own["code"].text()
        scale.open |= not check_name(own["level"], name)
        aliases = tuple(alias.text() for alias in own["aliases"].items())
        for spelling in filter(None, (name, code, *aliases)):
            item.once(spelling, spelled)
        rank, label = len(items) - 1 - index, own["label"].texts()
        scale[name] = Level(id=name, rank=rank, code=code, aliases=aliases, label=label, citation=Citation(own["cite"].text()))
    return scale


def _build_register(node: Node | None) -> Declared[Interpretation]:
    if node is None:
        return Declared()
    block = node.fields(("register",))["register"]
    register = Declared[Interpretation](open=not block.is_block)
    for name, child in block.entries():
        got = child.fields(("cite", "silent_on", "text_says", INTERPRETATION, "alternatives", "status"))
        register[name] = Interpretation(
            id=name, clauses=tuple(item.text() for item in got["cite"].items(at_least=1)), silent_on=got["silent_on"].texts(),
            text_says=got["text_says"].texts(), interpretation=got[INTERPRETATION].texts(),
            alternatives=tuple(item.texts() for item in got["alternatives"].items()), status=got["status"].one_of(("proposed", "accepted")),
        )  # fmt: skip
    return register


def _shared(nodes: Iterable[Node]) -> Declared[Node]:
    shared = Declared[Node]()
    for node in nodes:
        block = node.fields(("criteria",))["criteria"]
        shared.open |= not block.is_block
        for name, child in block.entries():
            shared.open |= not check_name(child, name)
            child.once(name, shared, by_key=True)
    return shared


def _build_tracks(nodes: Sequence[Node], context: Context) -> tuple[Track, ...]:
    """Build every track, sorted by id; what no track uses is checked all the same."""
    tracks = [build_track(node, context) for node in nodes]
    used = {name for node in nodes for name in criteria_named(node)}
    for name, child in context.shared.items():
        if name not in used:
            build_unused(child, context)
    where: dict[str, Node] = {}
    for node, track in zip(nodes, tracks, strict=True):
        if track.id:
            node.once(track.id, where)
    return tuple(sorted(tracks, key=lambda track: track.id))
