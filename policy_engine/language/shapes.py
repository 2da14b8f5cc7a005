"""Shapes of plain data, for readers of JSON and YAML: what `isinstance` alone leaves of unknown members."""

from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a value is a mapping of keys to anything."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Tell whether a value is a list of anything."""
    return isinstance(value, list)
