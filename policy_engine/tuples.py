"""Named tuples that are made quickly: a cold answer makes a hundred classes of them before it does anything else.

`typing.NamedTuple` compiles a constructor for each class and looks at every annotation, which takes a tenth of a millisecond a class. Here
the constructor is a compiled one of as many fields under other names. Everything else is as there, and type checkers take it for that.
Imports nothing of the engine.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414  (said again, so that others may import it from here)
else:
    from collections import _tuplegetter
    from types import FunctionType

    _new = tuple.__new__
    _CONSTRUCTORS = (
        lambda cls: _new(cls, ()),
        lambda cls, a: _new(cls, (a,)),
        lambda cls, a, b: _new(cls, (a, b)),
        lambda cls, a, b, c: _new(cls, (a, b, c)),
        lambda cls, a, b, c, d: _new(cls, (a, b, c, d)),
        lambda cls, a, b, c, d, e: _new(cls, (a, b, c, d, e)),
        lambda cls, a, b, c, d, e, f: _new(cls, (a, b, c, d, e, f)),
        lambda cls, a, b, c, d, e, f, g: _new(cls, (a, b, c, d, e, f, g)),
        lambda cls, a, b, c, d, e, f, g, h: _new(cls, (a, b, c, d, e, f, g, h)),
        lambda cls, a, b, c, d, e, f, g, h, i: _new(cls, (a, b, c, d, e, f, g, h, i)),
        lambda cls, a, b, c, d, e, f, g, h, i, j: _new(cls, (a, b, c, d, e, f, g, h, i, j)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k: _new(cls, (a, b, c, d, e, f, g, h, i, j, k)),
        lambda cls, a, b, c, d, e, f, g, h, i, j, k, m: _new(cls, (a, b, c, d, e, f, g, h, i, j, k, m)),
    )

    class _Record(tuple):
        """What all of them share."""

        __slots__ = ()

        @classmethod
        def _make(cls, values):
            made = _new(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
            return made

        def _replace(self, /, **named):
            made = self._make(map(named.pop, self._fields, self))
            if named:
                raise ValueError(f"Got unexpected field names: {list(named)!r}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            said = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({said})"

        def __getnewargs__(self):
            return tuple(self)

    class _Making(type):
        def __new__(cls, name, _, parts):
            """Return a plain class: this one is only of the mark that stands where its base belongs."""
            fields = tuple(parts.get("__annotations__", ()))
            defaults = {field: parts[field] for field in fields if field in parts}
            if len(fields) < len(_CONSTRUCTORS):
                code = _CONSTRUCTORS[len(fields)].__code__
            else:
                names = "".join(f"{field}, " for field in fields)
                code = eval(f"lambda cls, {names}: _new(cls, ({names}))").__code__  # noqa: S307  (names of fields of the engine's own)
            code = code.replace(co_varnames=("cls", *fields), co_name="__new__", co_qualname=f"{name}.__new__")
            made = FunctionType(code, globals(), "__new__", tuple(defaults.values()))
            getters = {field: _tuplegetter(place, "") for place, field in enumerate(fields)}
            own = {"__new__": made, "__slots__": (), "__match_args__": fields, "_fields": fields, "_field_defaults": defaults}
            return type(name, (_Record,), parts | getters | own)

    NamedTuple = type.__new__(_Making, "NamedTuple", (), {})
