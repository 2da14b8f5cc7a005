"""The one walk over the tree of a condition, and what it asks of everyone who reads one.

A reader is a class with one method for each construct of the language (`tree.CONSTRUCTS`) and for each function of the table
(`functions.FUNCTIONS`), called by its name. Each gets the tree itself, then its parts; what is below is read by `self.read(part)`.
A method that is missing is an error when the class is made, not when somebody's case is read. What a reader cannot read it declares
by name in `refuses`: such a tree raises what `refused(tree)` returns, and the caller of the reader handles that.

    class Depth(Reader[int]):
        \"\"\"How deep a condition is; it does not look into lists.\"\"\"

        refuses = frozenset({"count", "sum"})

        def refused(self, tree: Tree) -> NotPlainError:
            return NotPlainError(show(tree))

        def constant(self, _: Tree, value: object) -> int:
            return 1

        def connective(self, _: Tree, sign: str, parts: Sequence[Tree]) -> int:  # sign: "and" or "or"
            return 1 + max(self.read(part) for part in parts)

        def comparison(self, _: Tree, pairs: Sequence[Pair]) -> int: ...  # of each pair: left, sign ("<="), right
        def share(self, tree: Tree, part: Tree, whole: Tree) -> int: ...  # a function gets its arguments
        ...

What differs from place to place (whether a condition is denied, where lines go) is handed down by keyword:
`self.read(part, holds=not holds)` calls `negation(tree, part, *, holds)`. One reader that needs two kinds of answers (truths, figures)
is two classes that know each other, each refusing what is none of its kind. Who only looks for something needs no reader: `tree` has
`opened` (what is this?), `walk`, `names_in`, `calls_in`, `conjuncts`, `name_of`; and it makes trees, so that no other module names `ast`.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from policy_engine.errors import EngineFaultError
from policy_engine.language.functions import FUNCTIONS
from policy_engine.language.tree import CONSTRUCTS, Tree, opened

T = TypeVar("T")


class CannotReadError(EngineFaultError):
    """A reader met what it declares that it cannot read, and nobody handled it."""


class IncompleteReaderError(EngineFaultError):
    """A reader has no method for something that the language has, and does not refuse it either."""


class Reader(Generic[T]):
    """Reads trees into answers of one kind."""

    refuses: ClassVar[frozenset[str]] = frozenset()
    _methods: ClassVar[dict[str, Callable[..., Any]]]

    def __init_subclass__(cls) -> None:
        """Hold a reader against the language.

        Raises:
            IncompleteReaderError: naming the reader and what it does not read; and for a refusal of what it reads, or of nothing.
        """
        super().__init_subclass__()
        language = dict.fromkeys(CONSTRUCTS, "construct") | dict.fromkeys(FUNCTIONS, "function")
        own = {name: method for name in language if callable(method := getattr(cls, name, None))}
        missing = [f"the {kind} `{name}`" for name, kind in language.items() if name not in own and name not in cls.refuses]
        if missing:
            raise IncompleteReaderError(f"{cls.__module__}.{cls.__name__} does not read {', '.join(missing)}")
        odd = sorted((cls.refuses & own.keys()) | (cls.refuses - language.keys()))
        if odd:
            raise IncompleteReaderError(f"{cls.__module__}.{cls.__name__} refuses what it reads, or what there is not: {', '.join(odd)}")
        cls._methods = {name: own.get(name, cls._refuse) for name in language}

    def read(self, tree: Tree, **how: object) -> T:
        """Return what a tree is to this reader.

        Raises:
            Exception: what `refused` returns, where the tree is one of those that the reader refuses.
        """
        construct, parts = opened(tree)
        answer: T = self._methods[construct](self, tree, *parts, **how)
        return answer

    def refused(self, tree: Tree) -> Exception:
        """Return what is raised for a tree that the reader refuses; the caller of a reader that refuses anything handles it."""
        return CannotReadError(f"{type(self).__name__} does not read the {opened(tree)[0]} that was let through")

    def _refuse(self, tree: Tree, *_: object, **__: object) -> NoReturn:
        raise self.refused(tree)
