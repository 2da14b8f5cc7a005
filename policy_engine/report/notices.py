"""The sentences that stand beside every answer: that it proposes, and that a draft decides nothing."""

from policy_engine.errors import N_

NOTICE = N_("This is a proposal worked out from the recorded facts; the competent authority decides.")
DRAFT = N_("This edition is a draft: nobody has issued it, and nothing may be decided by it.")


UNSEALED = N_("This edition says that it is issued, but there is no seal that shows it; hold it against the sealed original.")


def notices_of(status: str, *, sealed: bool) -> list[str]:
    """Return the marked sentences that stand beside every answer of an edition with this status.

    Args:
        status: `issued` or `draft`, as the edition says.
        sealed: whether a seal shows that it is what was issued.
    """
    return [NOTICE] if status == "issued" and sealed else [UNSEALED, NOTICE] if status == "issued" else [DRAFT, NOTICE]
