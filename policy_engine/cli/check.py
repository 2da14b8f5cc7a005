"""`policy-engine check`: hold editions against themselves."""

import os
import sys
import time
from collections.abc import Sequence
from functools import partial

from policy_engine.checks.run import Checked, check_edition, fails
from policy_engine.checks.texts import mend
from policy_engine.cli.files import Output, hold_outputs
from policy_engine.cli.session import Session, style
from policy_engine.errors import FIXABLE, InputError
from policy_engine.load.edition import survey_edition
from policy_engine.messages import N_
from policy_engine.report.problems import message_of, refused_page, visible
from policy_engine.report.runs import checked_for_machines, checked_to_text, summary_of


def check_editions(session: Session, *, editions: Sequence[str], fail_level: str, fix: bool) -> int:
    """Check the editions that are named, or all, and print what was found; return the exit code.

    Raises:
        InputError: where the editions cannot be found; the document that was asked for is printed all the same, and says so.
    """
    begun, language, form = time.perf_counter(), session.language, session.form
    try:
        here = os.getcwd() + os.sep  # files are named from the present folder where they lie in it
        folders = {name: session.library.folder_of(name) for name in (editions or sorted(session.library.folders()))}
        every = [check_edition(survey_edition(name, folder.removeprefix(here))) for name, folder in folders.items()]
    except InputError as error:
        if form == "markdown":
            session.write_page(refused_page(session.text(N_("Check")), error.problems, language))
        elif form not in {"text", "human"}:
            sys.stdout.write(checked_for_machines((), form, fail_level, language, problems=error.problems) + "\n")
        raise
    if fix:
        every = [_mend(session, checked) for checked in every]
    if form in {"text", "human"}:
        sys.stdout.write(checked_to_text(every, language, style()))
    elif form == "markdown":
        from policy_engine.explain.tested import explain_checked

        say, summary = partial(message_of, language=language), partial(summary_of, language=language)
        session.write_page(explain_checked(every, language, say, summary))
    else:
        sys.stdout.write(checked_for_machines(every, form, fail_level, language, time.perf_counter() - begun) + "\n")
    return int(any(fails(problem, fail_level) for checked in every for problem in checked.findings))


def _mend(session: Session, checked: Checked) -> Checked:
    """Mend an edition, say what was written, and check it again."""
    survey = checked.survey
    fixable = [problem for problem in checked.findings if problem.code in FIXABLE]
    if survey.sealed and fixable:
        session.note(N_("the edition {edition} is sealed: nothing in it was mended"), edition=survey.name)
    elif fixable:
        hold_outputs(session, [Output("--fix", file) for file in dict.fromkeys(problem.location.file for problem in fixable)])
    written = mend(survey, checked.findings)
    for file in written:
        session.note(N_("mended: {file}"), file=visible(file))
    return check_edition(survey_edition(survey.name, survey.folder)) if written else checked
