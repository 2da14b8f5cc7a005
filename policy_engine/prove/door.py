"""The one door to z3, a library of the extra `prove`: who imports a proof is told which extra is missing."""

from typing import Any, TypeAlias

from policy_engine.extras import load_extra

z3: Any = load_extra("z3", "prove")

Term: TypeAlias = Any
"""A number or a truth of z3; its own types are not annotated."""
