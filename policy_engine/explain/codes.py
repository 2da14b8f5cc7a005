"""The list of codes that have a page."""

from collections.abc import Sequence

from policy_engine.errors import N_
from policy_engine.explain.blocks import Explanation, Section, Table
from policy_engine.messages import translate


def explain_list(titles: Sequence[tuple[str, str]], language: str) -> Explanation:
    """List codes with their titles."""
    table = Table((translate(N_("code"), language), translate(N_("what it means"), language)), tuple(titles))
    return Explanation(translate(N_("Codes"), language), "", "", (), (Section("", table=table),))
