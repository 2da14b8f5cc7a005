"""What a run of the formatter did, in sentences."""

from collections.abc import Sequence

from policy_engine.errors import N_
from policy_engine.explain.blocks import Explanation, Line, Section
from policy_engine.messages import translate


def explain_formatted(files: int, changed: Sequence[str], language: str, *, written: bool, refused: int = 0) -> Explanation:
    """Say how many files could not be read and how many could, and name those that were changed, or would be."""
    words = {"files": files, "refused": refused, "whole": files + refused, "changed": len(changed)}
    done = N_("Files: {files}. Formatted: {changed}.") if written else N_("Files: {files}. To be formatted: {changed}.")
    parts = [N_("Not run on {refused} of {whole} files: they have errors.")] if refused and files else []
    parts += [done] if files else [N_("Not run: every file has errors. Files: {whole}.")]
    headline = " ".join(translate(part, language, **words) for part in parts)
    mark = "note" if written else "not_met"
    sections = (Section("", tuple(Line(mark, path) for path in changed)),) if changed else ()
    return Explanation(translate(N_("Format"), language), headline, "round", (), sections)
