"""An edition read for whoever looks after it: what can be built of it, its files, and everything that is wrong with them."""

from collections.abc import Mapping
from typing import NamedTuple

from policy_engine.errors import InputError, Problem
from policy_engine.load.edition import build_noting, read_raws
from policy_engine.load.front import declared_front
from policy_engine.load.lock import Lock, read_lock, root_of
from policy_engine.load.meaning import revision_of
from policy_engine.load.seal import hold_against_seal, seal_problems
from policy_engine.load.yaml_text import Document, read_document
from policy_engine.model.rulebook import Edition


class Survey(NamedTuple):
    """What was read. With problems, `edition` holds only what could be built, or is None."""

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
        edition = build_noting(folder, list(documents.values()), raws)
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
    return Survey(name, folder, edition, documents, raws, tuple(problems), whole, seal is not None or lock is None)
