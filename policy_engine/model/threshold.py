"""A figure of the guideline, named."""

from typing import NamedTuple

from policy_engine.language.quantity import Quantity
from policy_engine.source import Citation, Location


class Threshold(NamedTuple):
    """A figure of the guideline, named, with the clause and the words that hold it."""

    name: str
    quantity: Quantity
    citation: Citation
    location: Location
