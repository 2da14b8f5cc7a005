"""`policy-engine new-case`: write a blank case."""

import os
import sys

from policy_engine.cli.files import EXISTS, WRITTEN, Output, hold_outputs
from policy_engine.cli.session import Session
from policy_engine.load.files import unwritten, write_new
from policy_engine.load.layout import modelines_for
from policy_engine.messages import N_
from policy_engine.report.cases import blank_case
from policy_engine.report.problems import visible


def new_case(session: Session, *, edition: str | None, track: str | None, output: str | None) -> int:
    """Write the blank case, whole or not at all; an existing file is never overwritten."""
    if output is not None and not output.endswith((".yaml", ".yml")):
        other = N_("a case is a YAML file: give {path} a name that ends in `.yaml`; a table for `policy-engine batch` is not written here")
        raise session.misused(other, "--output", path=visible(output))
    if output is not None and not os.path.isfile(output):  # a file that is there is left as it is, which is said in the end
        hold_outputs(session, [Output("--output", output)])
    chosen = session.library.edition_or_last(edition)
    known = {each.id: each for each in chosen.tracks}
    if track is not None and track not in known:
        words = N_("`{track}` is not a track of edition {edition}: {known}")
        raise session.misused(words, "--track", track=track, edition=chosen.id, known=", ".join(known))
    tracks = [known[track]] if track else list(known.values())
    if output is None:
        sys.stdout.write(blank_case(chosen, tracks, []))
        return 0
    head = modelines_for(os.path.dirname(os.path.abspath(output)), "case.schema.json")
    try:
        write_new(output, blank_case(chosen, tracks, head))
    except FileExistsError:
        raise session.misused(EXISTS, "--output", path=visible(output)) from None
    except OSError as error:
        raise unwritten(output, error) from error
    session.note(WRITTEN, path=visible(output))
    return 0
