"""The heavy libraries that only some commands need: loaded where they are asked for, and asked for by name where they are missing."""

import importlib
from typing import Any

from policy_engine.errors import MissingExtraError


def load_extra(module: str, extra: str) -> Any:
    """Import a library of an extra, when it is needed and not before.

    Args:
        module: the library.
        extra: the name of the extra that installs it.

    Raises:
        MissingExtraError: where it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        raise MissingExtraError(module, extra) from error
