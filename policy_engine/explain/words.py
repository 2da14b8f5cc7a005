"""The short words of outcomes, for tables."""

from policy_engine.errors import N_
from policy_engine.messages import plural, translate

OUTCOMES = {
    "classified": N_("classified"), "gap": N_("no level"), "undetermined": N_("open"), "decided_by_authority": N_("authority decides"),
    "not_eligible": N_("not classified"), "out_of_scope": N_("out of scope"),
}  # fmt: skip


def outcome_word(outcome: str, language: str) -> str:
    """Give the short word of an outcome."""
    return translate(OUTCOMES[outcome], language) if outcome in OUTCOMES else outcome


def files_counted(rated: int, refused: int, language: str) -> str:
    """Return how many files there were, rated and refused."""
    return plural(
        "{number} file: {rated} rated, {refused} refused.", "{number} files: {rated} rated, {refused} refused.",
        rated + refused, language, rated=rated, refused=refused,
    )  # fmt: skip


def status_word(status: str, language: str, *, sealed: bool) -> str:
    """Return the word for an edition's status; one that says it is issued is only taken at its word where a seal shows it."""
    if status != "issued":
        return translate(N_("draft"), language)
    return translate(N_("issued") if sealed else N_("says that it is issued; no seal shows it"), language)
