"""`policy-engine batch`: rate files of rows, millions of them."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from policy_engine.cli.options import OPTIONS, language_option, rulebook_option
from policy_engine.cli.output import note_reworded
from policy_engine.cli.streams import STANDARD
from policy_engine.columnar.order import ENGINES, FORMATS, format_of, spare_memory
from policy_engine.errors import N_, Problem
from policy_engine.messages import translate
from policy_engine.report.problems import visible

if TYPE_CHECKING:
    from policy_engine.columnar.order import BatchResult, Order, Side
    from policy_engine.load.library import Library
    from policy_engine.model.rulebook import Edition

_HELP = N_(
    """Rate rows of Parquet, CSV or JSONL files: a column for each fact, a row for each case.

    IN is a file, a pattern like 'year/*.parquet', a folder, or `-` for standard input. The answers go to one file, row by row
    in the same order; it appears whole or not at all, and `-` is standard output. A cell that is empty or `unknown` was not
    recorded; `none` is known not to exist. A row with a bad value has no answer, and is told with its place, its column and the
    reason. Rows in are answers out and rows refused."""
)
_SEPARATOR = N_("What separates cells of CSV (`,` `;` `|` or `tab`), where the headings do not tell.")
_TABS = ("tab", "\\t", "\t")
_BAD_INPUT = 3


def build_batch(language: str) -> click.Command:
    """Build the command in a language."""

    def told(text: str) -> str:
        return translate(text, language)

    formats, engines = click.Choice(FORMATS), click.Choice(ENGINES)
    return click.Command(
        "batch",
        help=told(_HELP),
        short_help=told(N_("Rate rows of Parquet, CSV or JSONL files.")),
        options_metavar=told(OPTIONS),
        callback=partial(_called, language),
        params=[
            click.Argument(["paths"], metavar="IN...", nargs=-1, required=True, type=click.Path()),
            click.Option(["--to"], metavar="OUT", required=True, type=click.Path(), help=told(N_("The file for the answers."))),
            click.Option(["--edition"], metavar="ID", help=told(N_("The edition to rate under. Default: the last one issued."))),
            click.Option(["--against"], metavar="ID", help=told(N_("An edition to compare with: how many rows go from what to what."))),
            click.Option(["--level-only"], is_flag=True, help=told(N_("Write the level alone, or the outcome where there is none."))),
            click.Option(
                ["--explain-columns"],
                is_flag=True,
                help=told(N_("Write a column for each criterion too, and the interpretations relied on.")),
            ),
            click.Option(["--keep"], metavar="COL", multiple=True, help=told(N_("A column to hand on as it is; `case` always is."))),
            click.Option(["--rejects"], metavar="FILE", type=click.Path(), help=told(N_("A file for the rows that are refused."))),
            click.Option(["--from-format"], type=formats, help=told(N_("What the files are, where their names do not tell."))),
            click.Option(["--separator"], metavar="SIGN", help=told(_SEPARATOR), callback=partial(_separator, language)),
            click.Option(["--to-format"], type=formats, help=told(N_("How answers are written, where the name does not tell."))),
            click.Option(["--excel"], is_flag=True, help=told(N_("Begin CSV files with the mark by which Excel knows UTF-8."))),
            click.Option(["--engine"], type=engines, default="polars", help=told(N_("What works the columns out."))),
            rulebook_option(language),
            language_option(language),
        ],
    )


def _separator(language: str, _context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Read the sign that separates cells."""
    if value is None or (len(value) == 1 and value.isascii() and not value.isalnum() and value not in '"\r\n\0\x01_'):
        return value
    if value.lower() in _TABS:
        return "\t"
    raise click.BadParameter(translate(N_("`{found}` cannot separate cells; name one sign, or `tab`"), language, found=value))


def _called(language: str, edition: str | None, against: str | None, rulebook: str | None, lang: str | None, **asked: Any) -> int:
    """Rate the rows and tell what came of it; give the exit code."""
    del lang  # read before the command was built
    asked["to_format"] = asked["to_format"] or format_of(asked["to"])
    _check_usage(language, **asked)
    spare_memory(lines=asked["to_format"] == "jsonl")
    from policy_engine.cli.outputs import to_files
    from policy_engine.columnar.order import Side
    from policy_engine.evaluate.evaluator import Evaluator
    from policy_engine.extras import load_extra
    from policy_engine.load.library import Library

    for module in ("polars", "narwhals"):
        load_extra(module, "batch")
    library = Library(rulebook)
    _hold_outputs(library, language, **asked)
    names = [library.name_or_last(edition), *([against] if against else [])]
    editions = [library.edition(name) for name in names]
    note_reworded(editions, language)
    sides = [Side(one, (evaluator := Evaluator(one, asks=False)).plan, evaluator) for one in editions]
    order = _order(language, **asked)
    with to_files(order) as held:
        done = _run(held, sides, asked["engine"], language)
    _tell(order, done, editions, language)
    return _BAD_INPUT if done.rejected else 0


def _check_usage(language: str, **asked: Any) -> None:
    """Refuse what cannot be asked together.

    Raises:
        UsageError: with what excludes what.
    """
    words = ""
    if asked["level_only"] and asked["explain_columns"]:
        words = N_("`--level-only` and `--explain-columns` exclude each other")
    elif asked["excel"] and asked["engine"] == "spark":
        words = N_("`--excel` marks one file; `--engine spark` writes a folder of parts")
    elif asked["to"] == STANDARD and asked["engine"] == "spark":
        words = N_("`--engine spark` writes a folder of parts, which is no standard output")
    elif STANDARD == asked["to"] == asked["rejects"]:
        words = N_("answers and refused rows cannot both go to standard output")
    elif asked["paths"].count(STANDARD) > 1:
        words = N_("`-` can be named once: standard input is one file")
    if words:
        raise click.UsageError(translate(words, language))


def _order(language: str, **asked: Any) -> "Order":
    """Put together what is asked."""
    from policy_engine.columnar.order import Order
    from policy_engine.columnar.rows.files import find_sources

    if asked["to_format"] is None:
        words = N_("the name `{file}` does not tell a format; say `--to-format`")
        raise click.UsageError(translate(words, language, file=visible(asked["to"])))
    detail = "level" if asked["level_only"] else "all" if asked["explain_columns"] else "verdict"
    refused = asked["rejects"]
    written = [path for path in (asked["to"], refused) if path and path != STANDARD]
    sources = find_sources(asked["paths"], asked["from_format"], elsewhere=asked["engine"] == "spark", without=written)
    return Order(
        sources, asked["to"], asked["to_format"], detail, tuple(dict.fromkeys(asked["keep"])), refused,
        (format_of(refused) if refused else None) or "csv", asked["excel"], asked["separator"], language,
    )  # fmt: skip


def _hold_outputs(library: "Library", language: str, **asked: Any) -> None:
    """Refuse answers and rejects where they cannot be written, or would take the place of what is read."""
    from policy_engine.cli.outputs import Output, hold_outputs, rulebook_files
    from policy_engine.columnar.rows.files import files_of, is_elsewhere, is_left_over

    spark = asked["engine"] == "spark"
    named = [("--to", asked["to"], spark), ("--rejects", asked["rejects"], False)]
    outputs = [Output(*one) for one in named if one[1] not in {None, "-"} and not (spark and is_elsewhere(one[1]))]
    inputs = [file for path in asked["paths"] if not is_elsewhere(path) for file in files_of(path)]
    inputs = [file for file in inputs if file in asked["paths"] or not is_left_over(file)]
    hold_outputs(language, outputs, [*inputs, *rulebook_files(library)])
    if spark and outputs and outputs[0].is_folder:
        _hold_parts(asked["to"], inputs, language)


def _hold_parts(folder: str, inputs: "list[str]", language: str) -> None:
    """Refuse a folder of parts that would take the place of a folder with anything else in it."""
    import os

    within = os.path.join(os.path.realpath(folder), "")
    if any(os.path.realpath(file).startswith(within) for file in inputs):
        words = N_("`{path}` holds files that this command reads, which would be lost; name another folder")
    elif os.path.isdir(folder) and os.listdir(folder) and not os.path.exists(os.path.join(folder, "_SUCCESS")):
        words = N_("`{path}` holds files that are no answers of this command, which would be lost; name another folder")
    else:
        return
    raise click.BadParameter(translate(words, language, path=visible(folder)), param_hint="'--to'")


def _run(order: "Order", sides: "list[Side]", engine: str, language: str) -> "BatchResult":
    """Rate the rows with an engine."""
    from policy_engine.cli.streams import rows_done
    from policy_engine.report.problems import message_of

    def say(problem: Problem) -> str:
        return message_of(problem, language)

    from policy_engine.columnar.engines.polars import count_rows, run_polars
    from policy_engine.extras import load_extra

    with rows_done(lambda: count_rows(order.sources), language) as tell:
        if engine == "duckdb":
            load_extra("duckdb", "duckdb")
            from policy_engine.columnar.engines.duckdb import run_duckdb

            return run_duckdb(order, sides, say, tell)
        if engine == "spark":
            for module in ("pyspark.sql", "pyarrow", "pandas"):
                load_extra(module, "spark")
            from policy_engine.columnar.engines.spark import run_spark

            return run_spark(order, sides, say, tell)
        return run_polars(order, sides, say, tell)


def _tell(order: "Order", done: "BatchResult", editions: "list[Edition]", language: str) -> None:
    """Say what came of it."""
    from policy_engine.cli.output import write_prose
    from policy_engine.explain.batch import explain_batch
    from policy_engine.report.json import notices_of

    against = editions[1] if len(editions) > 1 else None
    notes = list(dict.fromkeys(note for edition in editions for note in notices_of(edition.status, sealed=edition.sealed)))
    write_prose(explain_batch(order, done, editions[0], against, language, notes), "text", aside=STANDARD in {order.to, order.rejects})
