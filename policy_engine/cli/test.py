"""`policy-engine test`: hold cases against what their authors expect, and see what these cases would not notice."""

import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from policy_engine.cli.options import OPTIONS, edition_option, format_option, language_option, rulebook_option
from policy_engine.cli.outputs import Output, hold_outputs
from policy_engine.errors import N_, InputError
from policy_engine.messages import translate

if TYPE_CHECKING:
    from policy_engine.cli.outputs import Refusals
    from policy_engine.explain.tested import Run, Tested
    from policy_engine.load.library import Library
    from policy_engine.trial.bench import Standing

_HELP = N_(
    """Rate cases and hold each against what its author expects under `expect:`.

    A case that expects nothing fails, and so does a run without a case. It is told which criteria no case has seen met, not
    met and unknown, and which figures no case has seen just below, exactly and just above. Ends with 1 where an expectation is
    not met, or where a small change of the rulebook would go unnoticed (`--mutate`)."""
)
_MUTATE = N_("Make small changes to the rulebook, one at a time, and tell which of them no case notices.")
_SUGGEST = N_("Write the cases that are missing into this folder; what must come out of them, a person has to say.")


class Asked(NamedTuple):
    """What was asked on the command line."""

    paths: tuple[str, ...]
    edition: str | None
    rulebook: str | None
    mutate: bool
    suggest: str | None
    form: str
    lang: str | None


def build_test(language: str) -> click.Command:
    """Build the command in a language."""
    return click.Command(
        "test",
        help=translate(_HELP, language),
        short_help=translate(N_("Hold cases against what their authors expect."), language),
        options_metavar=translate(OPTIONS, language),
        callback=partial(_called, language),
        params=[
            click.Argument(["paths"], metavar="CASE...", nargs=-1, required=True, type=click.Path()),
            click.Option(["--mutate"], is_flag=True, help=translate(_MUTATE, language)),
            click.Option(["--suggest"], metavar="DIR", type=click.Path(), help=translate(_SUGGEST, language)),
            edition_option(language),
            rulebook_option(language),
            format_option(language, ("text", "json", "markdown", "junit")),
            language_option(language),
        ],
    )


def _called(language: str, **given: Any) -> int:  # noqa: ANN401  (click hands over what it read)
    """Take what click read."""
    return test_cases(language, Asked(**given))


def test_cases(language: str, asked: Asked) -> int:
    """Run the cases and print what came out; give the exit code.

    Raises:
        InputError: with the problems of every bad case, after the others were told.
    """
    from policy_engine.cli.outputs import Refusals
    from policy_engine.cli.trial import examine, suggest
    from policy_engine.explain.tested import Run
    from policy_engine.load.library import Library

    if asked.suggest is not None:
        hold_outputs(language, [Output("--suggest", asked.suggest, is_folder=True)])
    refusals = Refusals()
    begun = time.perf_counter()
    library = Library(asked.rulebook)
    tested, standings = _run(asked, library, refusals)
    if refusals.files:
        standings = []  # what a refused case would have shown is no gap
    examined = [examine(one, language, mutate=asked.mutate) for one in standings]
    trials = tuple(one.trial for one in examined if one.trial)
    run = Run(
        tuple(tested), tuple(one.coverage for one in standings), tuple(one.figures for one in examined), trials,
        len(refusals.files), refusals.by_rulebook,
    )  # fmt: skip
    if asked.suggest is not None:
        suggest(asked.suggest, examined, library, language)
    _write(run, asked.form, language, refusals, time.perf_counter() - begun)
    if refusals.problems:
        raise refusals.error()
    return int(not run.passed)


def _run(asked: Asked, library: "Library", refusals: "Refusals") -> "tuple[list[Tested], list[Standing]]":
    """Rate every case, hold it against its expectation, and note what it has seen of its edition."""
    from policy_engine.compiled.evaluator import for_many
    from policy_engine.evaluate.expectation import line_of, unmet
    from policy_engine.evaluate.rate import Rater
    from policy_engine.explain.tested import Tested
    from policy_engine.load.case import expand
    from policy_engine.load.edition import load_edition
    from policy_engine.trial.bench import Standing

    rater = Rater(library, asked.edition, for_many)
    tested: list[Tested] = []
    standings: dict[str, Standing] = {}
    placed = asked.mutate or asked.suggest is not None
    for path in expand(asked.paths, refusals.others):
        begun = time.perf_counter()
        try:
            one = rater.judge(path)
        except InputError as error:
            refusals.add(path, error)
            continue
        missed = unmet(one.case.expect, one.verdict)
        tested.append(Tested(path, one.case.id, bool(one.case.expect), missed, line_of(one.case, missed), time.perf_counter() - begun))
        name = one.edition.id
        if name not in standings:  # a sealed copy has no places, which a survivor is told with
            standings[name] = Standing(load_edition(library.folder_of(name), heed_lock=False) if placed else one.edition)
        standings[name].take(one, passed=tested[-1].passed)
    return tested, list(standings.values())


def _write(run: "Run", form: str, language: str, refusals: "Refusals", seconds: float) -> None:
    """Print what came out."""
    if form in {"json", "junit"}:
        from policy_engine.report.tested import run_to_data, run_to_junit

        if form == "junit":
            click.echo(run_to_junit(run, language, refusals.problems, seconds))
        else:
            from policy_engine.report.json import to_json

            click.echo(to_json(run_to_data(run, refusals.problems)))
        return
    from policy_engine.cli.output import write_prose
    from policy_engine.explain.tested import explain_run

    page = explain_run(run, language)
    write_prose(page._replace(sections=(refusals.section(language), *page.sections)) if refusals.problems else page, form)
