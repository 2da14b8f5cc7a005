"""What `--record` does, for every command that rates: append what was rated to a chain of records."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version

import click

from policy_engine.audit.chain import append
from policy_engine.audit.record import Rating, make_record
from policy_engine.cli.outputs import Output, files_read, hold_outputs, rulebook_files
from policy_engine.errors import N_
from policy_engine.load.files import YAML, unwritten
from policy_engine.load.library import Library
from policy_engine.messages import plural, translate
from policy_engine.report.visible import visible


def record_option(language: str) -> click.Option:
    """Give the option that names the file of records."""
    words = N_("Append a record of each case, with its verdict and a hash chain, to this file (JSON Lines).")
    return click.Option(["--record"], metavar="FILE", type=click.Path(), help=translate(words, language))


def hold_record(path: str, cases: Iterable[str], library: Library, language: str) -> None:
    """Refuse a file of records that cannot be written to, or that is one of the files that are read, before anything is rated."""
    hold_outputs(language, [Output("--record", path)], [*files_read(cases, YAML), *rulebook_files(library)])


def record(path: str, ratings: Iterable[Rating], language: str) -> None:
    """Append records, and say where the chain ends now, so that its head can be kept elsewhere."""
    now = datetime.now(UTC)
    engine = version("policy-engine")
    try:
        head = append(path, (make_record(rating, engine, now) for rating in ratings))
    except ValueError:
        words = N_("`{path}` does not end with a record; nothing was written")
        raise click.BadParameter(translate(words, language, path=visible(path)), param_hint="'--record'") from None
    except OSError as error:
        raise unwritten(path, error) from error
    told = plural(
        "recorded in {path}: {number} record, head {head}", "recorded in {path}: {number} records, head {head}", head.length, language,
        path=visible(path), head=head.hash,
    )  # fmt: skip
    click.echo(told, err=True)


def named(path: str) -> str:
    """Give the name under which a record keeps a file: as it was written on the command line, with forward strokes."""
    return path.replace(os.sep, "/")
