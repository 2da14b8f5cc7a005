"""`policy-engine replay`: rate recorded cases again, under their own editions or under another one."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import click

from policy_engine.cli.options import OPTIONS, format_option, language_option, rulebook_option
from policy_engine.cli.streams import open_records, watched
from policy_engine.errors import N_
from policy_engine.messages import translate

_HELP = N_(
    """Rate every recorded case again under the edition pinned in its record, and demand the same verdict to the byte.

    A difference is put down to the rulebook, the case, the schemas or the engine, with the first step that differs. With
    `--against` the cases are rated under another edition, to see what it would have said: who moves, and the criterion that
    decides it. Ends with 1 where a verdict differs or the chain of records is broken."""
)


class _Line(NamedTuple):
    """A record with the number of its line."""

    number: int
    record: Mapping[str, Any]


def build_replay(language: str) -> click.Command:
    """Build the command in a language."""
    against = N_("Ask what this edition would have said.")
    return click.Command(
        "replay",
        help=translate(_HELP, language),
        short_help=translate(N_("Rate recorded cases again."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(replay_records, language),
        params=[
            click.Argument(["path"], metavar="FILE", type=click.Path()),
            click.Option(["--against"], metavar="EDITION", help=translate(against, language)),
            rulebook_option(language),
            format_option(language),
            language_option(language),
        ],
    )


def replay_records(language: str, path: str, against: str | None, rulebook: str | None, form: str, lang: str | None) -> int:
    """Rate the records again and print what came out; give the exit code."""
    del lang  # read before the command was built
    from policy_engine.audit.chain import Verifier
    from policy_engine.audit.replay import (
        Against,
        Replayer,
        Tally,
    )
    from policy_engine.compiled.evaluator import for_many
    from policy_engine.load.library import Library

    library = Library(rulebook)
    verifier = Verifier()
    replayer = Replayer(library, for_many)
    tally: Tally | Against = Against(replayer, library.edition(against)) if against else Tally(replayer)
    with open_records(path) as file:
        for line in _records(watched(file, path, translate(N_("replaying"), language)), verifier):
            tally.take(line.record, line.number)
    _write(tally, verifier, form, language)
    return int(bool(verifier.faults) or tally.drifted)


def _records(lines: Iterator[bytes], verifier: Any) -> Iterator[_Line]:  # noqa: ANN401  (a Verifier, loaded only where it is needed)
    """Return the records that can be read, each held against the chain on the way."""
    for line in lines:
        record = verifier.read(line)
        if record is not None:
            yield _Line(verifier.lines, record)


def _write(tally: Any, verifier: Any, form: str, language: str) -> None:  # noqa: ANN401
    """Print what came out."""
    if form == "json":
        from policy_engine.report.json import (
            replay_to_data,
            to_json,
        )

        click.echo(to_json(replay_to_data(tally, verifier)))
        return
    from policy_engine.cli.output import write_prose
    from policy_engine.explain.replay import explain_replay
    from policy_engine.report.problems import message_of

    write_prose(explain_replay(tally, verifier, language, partial(message_of, language=language)), form)
