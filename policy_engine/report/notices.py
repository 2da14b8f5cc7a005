"""The sentences that stand beside every answer: that it proposes, and that a draft decides nothing."""

from policy_engine.errors import N_
from policy_engine.model.verdict import Verdict

NOTICE = N_("This is a proposal worked out from the recorded facts; the competent authority decides.")
DRAFT = N_("This edition is a draft: nobody has issued it, and nothing may be decided by it.")


def notices(verdict: Verdict) -> list[str]:
    """Give the marked sentences that stand beside every answer of this verdict's edition."""
    return [NOTICE] if verdict.status == "issued" else [DRAFT, NOTICE]
