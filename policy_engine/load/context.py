"""What the parts of a track and of a chapter are built from."""

from collections.abc import Mapping
from typing import NamedTuple

from policy_engine.language.types import Named
from policy_engine.load.build_facts import build_reading_uses
from policy_engine.load.declared import Declared
from policy_engine.load.node import Node
from policy_engine.model.facts import FactDeclaration, ReadingUse
from policy_engine.model.rulebook import Level, Reading
from policy_engine.model.threshold import Threshold


class Context(NamedTuple):
    """What a track is built from: the edition's other parts, and the names that its conditions may use."""

    scale: Declared[Level]
    facts: Declared[FactDeclaration]
    register: Declared[Reading]
    shared: Declared[Node]
    scope: Mapping[str, Named]
    thresholds: Mapping[str, Threshold] = {}
    positive: frozenset[str] = frozenset()

    def readings(self, got: Mapping[str, Node], key: str = "readings") -> tuple[ReadingUse, ...]:
        """Read the readings under a key, where it stands."""
        return build_reading_uses(got[key], self.register, self.scope) if key in got else ()
