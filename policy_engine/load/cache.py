"""Editions as they were built, kept between runs in the user's cache folder: reading one takes a cold answer half its time.

One is kept under the digest of all that it was made of: every byte of its files and of the lock beside them, where they lie, the
interpreter, and the engine's own files by their sizes and times, so that nobody who changes a rulebook or the engine meets what was before.

Whoever can write in that folder can write a digest too. So an entry is believed only with a seal of this user's own key (HMAC-SHA-256),
which lies in another folder, for nobody else to read; and even then nothing comes out of it but records of the model, never code.
Whatever is wrong with a folder, the key or an entry, the edition is read from its files, and nothing is said. Who asks what was issued,
or keeps what was answered, never reads from here (`docs/decisions/0028-editions-kept-between-runs.md`).
"""

import os
import stat
import sys
from collections.abc import Iterator
from functools import cache, cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any

from policy_engine.language.types import Type
from policy_engine.language.values import is_object, is_tuple
from policy_engine.load.files import data_root
from policy_engine.load.lock import Sources, root_of
from policy_engine.load.meaning import sha256_of
from policy_engine.model.facts import Condition
from policy_engine.model.rulebook import Edition

if TYPE_CHECKING:
    from policy_engine.language.tree import Tree

VARIABLE = "POLICY_ENGINE_CACHE"
"""`off`: nothing is kept between runs; else the folder for it."""
_MOST_EDITIONS = 16
_MOST_BYTES = 64 * 1_048_576
_KEY_BYTES = 32
_SEAL_BYTES = 64
_BLOCK = 64
"""Bytes that SHA-256 takes at once; HMAC (RFC 2104) is made by them. `hmac` would load the whole of OpenSSL (see `meaning`)."""
_MADE_BY = ("", "language", "load", "model", os.path.join("locale", "vi", "LC_MESSAGES"))
"""The folders of the package that an edition is made by."""
_RECORDS = frozenset({"load.cache", "language.quantity", "language.types", "model.duties", "model.facts", "model.rulebook", "source"})
"""The modules whose records an edition is made of."""
_NEW: Any = tuple.__new__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
"""Makes a record without its own constructor, which would take half the time of reading an edition."""
_BESIDE = {("builtins", _NEW.__qualname__), ("builtins", "dict"), ("datetime", "date"), ("fractions", "Fraction")}


def cache_folder() -> str | None:
    """Return the folder for what is kept between runs; None where there is none, or none is wanted."""
    asked = os.environ.get(VARIABLE, "")
    return _below_home("XDG_CACHE_HOME", ".cache") if not asked else None if asked == "off" else os.path.abspath(asked)


def _below_home(variable: str, name: str) -> str | None:
    base = os.environ.get(variable) or os.path.join(os.path.expanduser("~"), name)
    return os.path.join(base, "policy-engine") if os.path.isabs(base) else None  # whoever has no home has a `~` that is none


def _is_of_this_user(found: os.stat_result) -> bool:
    """Return whether nobody but the user who runs this could have written a file; a system without such owners has rights of its own."""
    return not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


class KeptCondition(Condition):
    """A condition of which only the text was kept; its tree is made of it when it is first asked for."""

    @cached_property
    def tree(self) -> "Tree":  # pyright: ignore[reportIncompatibleVariableOverride]  # a field that is worked out
        from policy_engine.language.grammar import parse_checked

        return parse_checked(self.text)


class KeptEdition:
    """The place of one edition in the cache."""

    def __init__(self, store: str, name: str) -> None:
        self._folder = os.path.join(store, "editions")
        self._name = name

    def read(self) -> Edition | None:
        """Return the edition; None where it is not there, or cannot be believed."""
        key, sealed = _read(_key_path(), _KEY_BYTES, private=True), _read(os.path.join(self._folder, self._name), _MOST_BYTES)
        if not key or not sealed:
            return None
        seal, content = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if sha256_of((key, seal)) != sha256_of((key, self._seal(key, content))):  # digests, so that how long it takes tells nothing
            return None
        _, reader, unreadable = _pickling()
        try:
            found = reader(BytesIO(content)).load()
        except (unreadable, ValueError, TypeError, LookupError, AttributeError, ImportError, EOFError):
            return None
        return found if isinstance(found, Edition) else None

    def write(self, edition: Edition) -> None:
        """Keep an edition; where that cannot be done, the next run reads it from its files again."""
        path = _key_path()
        key = _read(path, _KEY_BYTES, private=True)
        if not key:
            key = os.urandom(_KEY_BYTES)
            if not path or not _write(path, key):
                return
        content = BytesIO()
        _pickling()[0](content, 5).dump(edition)
        if _write(os.path.join(self._folder, self._name), self._seal(key, content.getvalue()) + content.getvalue()):
            self._clear()

    def _seal(self, key: bytes, content: bytes) -> bytes:
        """Return the HMAC of a content under this name."""
        inner, outer = (bytes(byte ^ pad for byte in key.ljust(_BLOCK, b"\0")) for pad in (0x36, 0x5C))
        return sha256_of((outer, bytes.fromhex(sha256_of((inner, self._name.encode(), content))))).encode()

    def _clear(self) -> None:
        """Take away the oldest entries, where there are too many."""
        try:
            entries = sorted(os.scandir(self._folder), key=lambda entry: entry.stat().st_mtime_ns)
            for entry in entries[:-_MOST_EDITIONS]:
                os.unlink(entry.path)
        except OSError:
            return  # of another run, or by another run


def kept_edition(folder: str, sources: Sources) -> KeptEdition | None:
    """Return the place of an edition in the cache; None where nothing is kept."""
    store = cache_folder()
    try:
        if store is None or os.path.realpath(store).startswith(os.path.join(os.path.realpath(root_of(folder)), "")):
            return None
        parts = [sys.version, *_engine(), os.path.abspath(folder), folder, "" if sources.lock is None else f"lock {sources.lock}"]
    except OSError:
        return None
    content = [*(part.encode("utf-8", "surrogateescape") for part in parts)]
    for path, raw in sources.raws.items():
        content += [path.encode("utf-8", "surrogateescape"), raw]
    return KeptEdition(store, sha256_of(part for one in content for part in (len(one).to_bytes(8, "big"), one)))


def _engine() -> Iterator[str]:
    """Return what tells this engine from every other: of each file that an edition is made by its place, its size and its times."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = [os.path.join(package, name) for name in _MADE_BY]
    for folder in (*folders, os.path.join(data_root(), "schemas")):
        with os.scandir(folder) as entries:
            for entry in sorted((entry for entry in entries if entry.is_file()), key=lambda entry: entry.name):
                found = entry.stat()
                yield f"{entry.path} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


@cache
def _pickling() -> tuple[Any, Any, type[Exception]]:
    """Return what writes and what reads an edition, and what is raised for what is none.

    They are taken from where `pickle` takes them: what is in it beside them takes longer to load than an edition.
    """
    try:
        from _pickle import Pickler, Unpickler, UnpicklingError
    except ImportError:
        from pickle import Pickler, Unpickler, UnpicklingError

    class Keeping(Pickler):
        def reducer_override(self, thing: Any) -> Any:
            if thing is _NEW:
                return _NEW.__qualname__
            if isinstance(thing, Condition):
                return _NEW, (KeptCondition, (None, thing.text, thing.location, thing.names))
            if is_tuple(thing) and not isinstance(thing, Type):
                return _NEW, (type(thing), tuple(thing))
            return (dict, (), None, None, iter(thing.items())) if is_object(thing) else NotImplemented

    class Model(Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            """Return what an edition is made of, and nothing else."""
            if (module, name) in _BESIDE:
                return super().find_class(module, name)
            found: Any = super().find_class(module, name) if module.removeprefix("policy_engine.") in _RECORDS else None
            if "." in name or not (_is_record(found) or isinstance(found, Type)):
                raise ValueError(f"{module}.{name}")
            return found

    return Keeping, Model, UnpicklingError


def _is_record(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, tuple)


def _key_path() -> str | None:
    folder = _below_home("XDG_CONFIG_HOME", ".config")
    return folder and os.path.join(folder, "cache.key")


def _read(path: str | None, most: int, *, private: bool = False) -> bytes | None:
    """Return the bytes of a file that only this user can have written, or, if `private`, read; None where it is none, or larger."""
    if path is None:
        return None
    more = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe would be waited for
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | more)) as file:
            found = os.fstat(file.fileno())
            own = stat.S_ISREG(found.st_mode) and _is_of_this_user(found) and found.st_size <= most
            return file.read(most) if own and not (private and os.name == "posix" and found.st_mode & 0o077) else None
    except (OSError, ValueError):
        return None


def _write(path: str, content: bytes) -> bool:
    """Write a file whole, which nobody else can write or read, in a folder of this user's own; return whether that could be done."""
    beside = f"{path}.{os.urandom(4).hex()}"
    try:
        _make_folder(os.path.dirname(path))
        if not _is_of_this_user(os.stat(os.path.dirname(path))):
            return False
        try:
            with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(content)
            os.replace(beside, path)
        except OSError:
            os.unlink(beside)
            return False
    except (OSError, ValueError):
        return False
    return True


def _make_folder(folder: str) -> None:
    """Make a folder, and those that it lies in, each for this user alone."""
    if not os.path.isdir(folder):
        _make_folder(os.path.dirname(folder))
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            return  # made by another run meanwhile
