"""What a run of the formatter did, in sentences."""

from collections.abc import Sequence

from policy_engine.errors import N_
from policy_engine.explain.blocks import Explanation, Line, Section
from policy_engine.messages import translate


def explain_formatted(files: int, changed: Sequence[str], language: str, *, written: bool) -> Explanation:
    """Say how many files there were, and name those that were changed, or would be."""
    words = N_("Files: {files}. Formatted: {changed}.") if written else N_("Files: {files}. To be formatted: {changed}.")
    headline = translate(words, language, files=files, changed=len(changed))
    mark = "note" if written else "not_met"
    sections = (Section("", tuple(Line(mark, path) for path in changed)),) if changed else ()
    return Explanation(translate(N_("Format"), language), headline, "round", (), sections)
