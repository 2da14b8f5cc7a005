"""What `--record` does, for every command that rates: append what was rated to a chain of records."""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

import click

from policy_engine.audit.chain import PATIENCE, BusyError, Notice, append
from policy_engine.audit.record import Rating, Run, make_record, moment
from policy_engine.cli.outputs import Output, files_read, hold_outputs, rulebook_files
from policy_engine.errors import N_, InputError, Problem
from policy_engine.load.files import YAML, unwritten
from policy_engine.load.library import Library
from policy_engine.messages import plural, translate
from policy_engine.report.problems import visible
from policy_engine.source import Location


def record_option(language: str) -> click.Option:
    """Return the option that names the file of records."""
    words = N_("Append a record of each case, with its verdict and a hash chain, to this file (JSON Lines).")
    return click.Option(["--record"], metavar="FILE", type=click.Path(), help=translate(words, language))


def hold_record(path: str, cases: Iterable[str], library: Library, language: str) -> None:
    """Refuse a file of records that cannot be written to, or that is one of the files that are read, before anything is rated."""
    hold_outputs(language, [Output("--record", path)], [*files_read(cases, YAML), *rulebook_files(library)])


def record(path: str, ratings: Sequence[Rating], language: str) -> None:
    """Append records as one run, and say where the chain ends now, so that its head can be kept elsewhere.

    Raises:
        InputError: PE886 where the records cannot be written, PE622 where another run holds the file.
    """
    now = datetime.now(UTC)
    engine = version("policy-engine")
    made = (make_record(rating, engine, now) for rating in ratings)
    try:
        head = append(path, made, Run(len(ratings), moment(now)), partial(_say, path, language))
    except ValueError:
        words = N_("`{path}` does not end with a record; nothing was written")
        raise click.BadParameter(translate(words, language, path=visible(path)), param_hint="'--record'") from None
    except BusyError:
        raise InputError([Problem("PE622", Location(path, 1, 1), {"seconds": f"{PATIENCE:.0f}"})]) from None
    except OSError as error:
        raise unwritten(path, error) from error
    told = plural(
        "recorded in {path}: {number} record, head {head}", "recorded in {path}: {number} records, head {head}", head.length, language,
        path=visible(path), head=head.hash,
    )  # fmt: skip
    click.echo(told, err=True)


_NOTICES = {
    "waiting": N_("waiting for another run that writes {path} …"),
    "torn": N_("{path} ended with a line that broke off; it was moved to {path}.torn, and nothing of it is lost"),
    "finished": N_("{path} ended with a whole record without its line end; the line end was put"),
    "cut": N_(
        "the last run in {path} was stopped when {number} of {of} were recorded; it stays so, and `record verify` says it. "
        "This run begins anew"
    ),
}


def _say(path: str, language: str, notice: Notice) -> None:
    """Say on standard error what happens to a file of records."""
    click.echo(translate(_NOTICES[notice.kind], language, path=visible(path), number=notice.number, of=notice.of), err=True)


def named(path: str) -> str:
    """Return the name under which a record keeps a file: as it was written on the command line, with forward strokes."""
    return path.replace(os.sep, "/")
