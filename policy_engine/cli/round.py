"""`policy-engine round`: rate a year's cases together, bottom up."""

import gc
from datetime import date
from functools import partial
from typing import Any, NamedTuple

import click

from policy_engine.cli.options import OPTIONS, edition_option, format_option, language_option, rulebook_option
from policy_engine.cli.output import note_reworded
from policy_engine.cli.recording import hold_record, record_option
from policy_engine.cli.streams import going_through
from policy_engine.errors import N_, InputError
from policy_engine.messages import translate
from policy_engine.model.duties import SEVERITIES
from policy_engine.model.round import Round
from policy_engine.report.problems import visible

_HELP = N_(
    """Rate a folder of cases as one year's round: units, collectives, then persons.

    Cases name their `unit:`, their `superior:` and their `collective:`. A level that another case rests on is taken from that
    case: the decided one where there is one, else the proposed one, and it is said which. The tables show how the levels are
    spread by unit, and which cases need somebody's eye. Nobody's level is changed."""
)


def build_round(language: str) -> click.Command:
    """Build the command in a language."""
    as_of = N_("Look at the round as it stood on a day: later decisions are left out, and papers not yet due are told apart.")
    level = N_("Exit with 1 where there is a finding, a missing or a late paper as bad as this, or worse.")
    return click.Command(
        "round",
        help=translate(_HELP, language),
        short_help=translate(N_("Rate a year's cases together."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(_called, language),
        params=[
            click.Argument(["folder"], metavar="DIR", type=click.Path()),
            edition_option(language),
            rulebook_option(language),
            click.Option(["--as-of"], metavar="DATE", callback=partial(_day, language), help=translate(as_of, language)),
            click.Option(["--fail-level"], type=click.Choice(SEVERITIES), help=translate(level, language)),
            record_option(language),
            format_option(language),
            language_option(language),
        ],
    )


def _day(language: str, _context: click.Context, _option: click.Parameter, value: str | None) -> date | None:
    """Read the day of `--as-of`."""
    from policy_engine.language.quantity import read_day

    day = read_day(value) if value is not None else None
    if value is not None and day is None:
        raise click.BadParameter(translate(N_("`{found}` is not a day like 2020-12-15"), language, found=visible(value)))
    return day


class Asked(NamedTuple):
    """What was asked on the command line."""

    folder: str
    edition: str | None
    rulebook: str | None
    as_of: date | None
    fail_level: str | None
    record: str | None
    form: str
    lang: str | None


def _called(language: str, **given: Any) -> int:  # noqa: ANN401  (click hands over what it read)
    """Take what click read."""
    return show_round(language, Asked(**given))


def show_round(language: str, asked: Asked) -> int:
    """Rate the round and print it; give the exit code.

    Raises:
        InputError: with every problem, after what could be rated was printed.
    """
    from policy_engine.compiled.evaluator import for_many
    from policy_engine.evaluate.round.round import rate_round
    from policy_engine.load.library import Library
    from policy_engine.load.round import load_round

    library = Library(asked.rulebook)
    if asked.record is not None:
        hold_record(asked.record, [asked.folder], library, language)
    gc.disable()  # everything that is read is kept to the end, and looking it over again and again would cost more the more there is
    interpretation, rating = (going_through(translate(text, language)) for text in (N_("reading files"), N_("rating cases")))
    files = load_round(asked.folder, library, asked.edition, interpretation)
    done = rate_round(files, asked.as_of, rating, for_many)
    if asked.record is not None and done.rated:
        _record(asked.record, done, asked.edition, language)
    note_reworded((done.edition,), language)
    if done.rated:
        _write(done, asked.form, language)
    if done.problems:
        raise InputError(list(done.problems))
    return int(bool(asked.fail_level) and _worst(done) <= SEVERITIES.index(asked.fail_level or ""))


def _record(path: str, done: Round, asked: str | None, language: str) -> None:
    """Append every case of the round to a file of records, with what the round gave it."""
    from policy_engine.audit.record import Given, Rating
    from policy_engine.cli.recording import named
    from policy_engine.cli.recording import record as append

    ratings = [
        Rating(
            named(one.path), one.raw, asked, done.edition, one.verdict,
            Given(done.id, done.as_of, one.taken, one.verdict.duties.gathered, one.found),
        )
        for one in done.rated
    ]  # fmt: skip
    append(path, ratings, language)


def _write(done: Round, form: str, language: str) -> None:
    """Print a round."""
    from policy_engine.report.json import notices_of

    if form == "json":
        from policy_engine.report.json import (
            round_to_data,
            to_json,
        )

        click.echo(to_json(round_to_data(done)))
        return
    from policy_engine.cli.output import write_prose
    from policy_engine.explain.round import explain_round

    page = explain_round(done, language, notices_of(done.edition.status, sealed=done.edition.sealed))
    if done.problems:
        from policy_engine.report.problems import slip_section

        page = page._replace(sections=(slip_section(done.problems, language), *page.sections))
    write_prose(page, form)


def _worst(done: Round) -> int:
    """Return the place of the worst severity among findings, papers and caps; one past the last where there is nothing."""
    from policy_engine.evaluate.round.summary import summarise

    summary = summarise(done)
    found = {noted.finding.severity for noted in (*summary.decisions, *summary.others)}
    found |= {tie.trace.severity for tie in summary.ties}
    found |= {paper.trace.severity for paper in summary.papers if paper.state != "due"}
    found |= {cap.severity for cap in done.caps if cap.outcome == "exceeded"}
    return min((SEVERITIES.index(severity) for severity in found), default=len(SEVERITIES))
