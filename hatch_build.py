"""Compile the message catalogues when the package is built or installed in place."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface[Any]):
    """Writes a .mo beside every .po, so that gettext finds it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile every catalogue before files are gathered."""
        del version, build_data
        for source in Path(self.root, "policy_engine", "locale").glob("*/LC_MESSAGES/*.po"):
            with source.open("rb") as text, source.with_suffix(".mo").open("wb") as compiled:
                write_mo(compiled, read_po(text))
