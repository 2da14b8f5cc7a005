"""The sentences that stand beside every answer: that it proposes, and that a draft decides nothing."""

from policy_engine.errors import N_

NOTICE = N_("This is a proposal worked out from the recorded facts; the competent authority decides.")
DRAFT = N_("This edition is a draft: nobody has issued it, and nothing may be decided by it.")


def notices_of(status: str) -> list[str]:
    """Give the marked sentences that stand beside every answer of an edition with this status."""
    return [NOTICE] if status == "issued" else [DRAFT, NOTICE]
