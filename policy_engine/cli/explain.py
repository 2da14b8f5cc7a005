"""`policy-engine explain`: what a code means, why nothing is guessed, how it is mended."""

import sys
from collections.abc import Sequence

from policy_engine.cli.session import Session, style
from policy_engine.explain.editions import code_table
from policy_engine.language.complaint import nearest_few
from policy_engine.load.files import codes, read_page
from policy_engine.messages import N_
from policy_engine.report.page import page_to_data, page_to_markdown, page_to_text
from policy_engine.report.problems import visible

_LONGEST = 12
"""A longer name is no mistyped code."""


def explain_codes(session: Session, *, names: Sequence[str]) -> int:
    """Print the pages of the codes, or the list of all; return the exit code."""
    known = codes()
    wanted = list(dict.fromkeys(name.strip().upper() for name in names))
    for name, code in ((name, name.strip().upper()) for name in names):
        if code not in known:
            near = nearest_few(code, known) if len(code) <= _LONGEST else []
            words = N_("Unknown code `{name}`. List: `policy-engine explain`")
            if near:
                words = N_("Unknown code `{name}`; nearest: {nearest}. List: `policy-engine explain`")
            raise session.misused(words, name=visible(name), nearest=", ".join(near))
    pages = [read_page(code, session.language) for code in wanted or known]
    if session.form == "json":
        data = [page_to_data(page) for page in pages]
        session.write_data(data[0] if len(wanted) == 1 else data)
    elif not wanted:
        session.write_page(code_table([(page.code, page.title) for page in pages], session.language))
    elif session.form == "markdown":
        sys.stdout.write("\n".join(map(page_to_markdown, pages)))
    else:
        colour = style()
        sys.stdout.write("\n".join(page_to_text(page, colour) for page in pages))
    return 0
