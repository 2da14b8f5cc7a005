"""`policy-engine batch`: rate files of rows, millions of them."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from policy_engine.cli.files import STANDARD, Output, hold_outputs, rows_done, rulebook_files
from policy_engine.cli.session import Session
from policy_engine.columnar.order import format_of, spare_memory
from policy_engine.errors import Problem
from policy_engine.extras import load_extra
from policy_engine.load.files import held_folder
from policy_engine.messages import N_
from policy_engine.report.problems import visible

if TYPE_CHECKING:
    from policy_engine.columnar.order import BatchResult, Order, RatedEdition

_TABS = ("tab", "\\t", "\t")
_BAD_INPUT = 3


class _Typed(NamedTuple):
    """What was typed, but for the editions."""

    paths: Sequence[str]
    to: str
    level_only: bool
    explain_columns: bool
    keep: Sequence[str]
    rejects: str | None
    from_format: str | None
    separator: str | None
    to_format: str | None
    excel: bool
    engine: str


def rate_rows(session: Session, *, edition: str | None, against: str | None, **typed: Any) -> int:
    """Rate the rows and say what came of it; return the exit code."""
    asked = _Typed(**typed)
    asked = asked._replace(separator=_separator(session, asked.separator), to_format=asked.to_format or format_of(asked.to))
    _check_usage(session, asked)
    spare_memory(lines=asked.to_format == "jsonl")
    for module in ("polars", "narwhals"):
        load_extra(module, "batch")
    from policy_engine.columnar.order import RatedEdition
    from policy_engine.evaluate.evaluator import Evaluator
    from policy_engine.explain.batch import explain_batch
    from policy_engine.explain.blocks import notices_of

    library = session.library
    _hold_outputs(session, asked)
    editions = [library.edition(name) for name in (library.name_or_last(edition), *([against] if against else []))]
    session.note_reworded(*editions)
    sides = [RatedEdition(one, (evaluator := Evaluator(one, asks=False, traces=asked.explain_columns)).plan, evaluator) for one in editions]
    order = _order(session, asked)
    with held_folder() as folder:
        path = os.path.join(folder, "output")  # what is to go to standard output goes there when all is done
        held = order._replace(to=path if order.to == STANDARD else order.to, rejects=path if order.rejects == STANDARD else order.rejects)
        done = _run(session, held, sides, asked.engine)
        if os.path.exists(path):
            sys.stdout.flush()
            with open(path, "rb") as written:
                shutil.copyfileobj(written, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    notes = list(dict.fromkeys(note for one in editions for note in notices_of(one.status, sealed=one.sealed)))
    page = explain_batch(order, done, editions[0], editions[1] if against else None, session.language, notes)
    session.write_page(page, aside=STANDARD in {order.to, order.rejects})
    return _BAD_INPUT if done.rejected else 0


def _separator(session: Session, sign: str | None) -> str | None:
    """Read the sign that separates cells."""
    if sign is None or (len(sign) == 1 and sign.isascii() and not sign.isalnum() and sign not in '"\r\n\0\x01_'):
        return sign
    if sign.lower() in _TABS:
        return "\t"
    raise session.misused(N_("`{found}` cannot separate cells; name one sign, or `tab`"), "--separator", found=sign)


def _check_usage(session: Session, asked: _Typed) -> None:
    """Refuse what cannot be asked together."""
    words = ""
    if asked.level_only and asked.explain_columns:
        words = N_("`--level-only` and `--explain-columns` exclude each other")
    elif asked.excel and asked.engine == "spark":
        words = N_("`--excel` marks one file; `--engine spark` writes a folder of parts")
    elif asked.to == STANDARD and asked.engine == "spark":
        words = N_("`--engine spark` writes a folder of parts, which is no standard output")
    elif STANDARD == asked.to == asked.rejects:
        words = N_("answers and refused rows cannot both go to standard output")
    elif list(asked.paths).count(STANDARD) > 1:
        words = N_("`-` can be named once: standard input is one file")
    if words:
        raise session.misused(words)


def _hold_outputs(session: Session, asked: _Typed) -> None:
    """Refuse answers and rejects where they cannot be written, or would take the place of what is read."""
    from policy_engine.columnar.rows.files import files_of, is_elsewhere, is_left_over

    spark = asked.engine == "spark"
    named = [Output("--to", asked.to, spark), *([Output("--rejects", asked.rejects)] if asked.rejects is not None else [])]
    outputs = [one for one in named if one.path != STANDARD and not (spark and is_elsewhere(one.path))]
    inputs = [file for path in asked.paths if not is_elsewhere(path) for file in files_of(path)]
    inputs = [file for file in inputs if file in asked.paths or not is_left_over(file)]
    hold_outputs(session, outputs, [*inputs, *rulebook_files(session.library)])
    if not (outputs and outputs[0].is_folder):
        return
    within = os.path.join(os.path.realpath(asked.to), "")
    if any(os.path.realpath(file).startswith(within) for file in inputs):
        words = N_("`{path}` holds files that this command reads, which would be lost; name another folder")
    elif os.path.isdir(asked.to) and os.listdir(asked.to) and not os.path.exists(os.path.join(asked.to, "_SUCCESS")):
        words = N_("`{path}` holds files that are no answers of this command, which would be lost; name another folder")
    else:
        return
    raise session.misused(words, "--to", path=visible(asked.to))


def _order(session: Session, asked: _Typed) -> "Order":
    """Put together what is asked."""
    from policy_engine.columnar.order import Order
    from policy_engine.columnar.rows.files import find_sources

    if asked.to_format is None:
        raise session.misused(N_("the name `{file}` does not tell a format; say `--to-format`"), file=visible(asked.to))
    written = [path for path in (asked.to, asked.rejects) if path and path != STANDARD]
    return Order(
        sources=find_sources(asked.paths, asked.from_format, elsewhere=asked.engine == "spark", without=written),
        to=asked.to,
        to_format=asked.to_format,
        detail="level" if asked.level_only else "all" if asked.explain_columns else "verdict",
        keep=tuple(dict.fromkeys(asked.keep)),
        rejects=asked.rejects,
        rejects_format=(format_of(asked.rejects) if asked.rejects else None) or "csv",
        excel=asked.excel,
        separator=asked.separator,
        language=session.language,
    )


def _run(session: Session, order: "Order", sides: "list[RatedEdition]", engine: str) -> "BatchResult":
    """Rate the rows with an engine."""
    from policy_engine.columnar.engines.polars import count_rows, run_polars
    from policy_engine.report.problems import message_of

    def say(problem: Problem) -> str:
        return message_of(problem, session.language)

    with rows_done(lambda: count_rows(order.sources), session.language) as count:
        if engine == "duckdb":
            load_extra("duckdb", "duckdb")
            from policy_engine.columnar.engines.duckdb import run_duckdb

            return run_duckdb(order, sides, say, count)
        if engine == "spark":
            for module in ("pyspark.sql", "pandas", "pyarrow"):
                load_extra(module, "spark")
            from policy_engine.columnar.engines.spark import run_spark

            return run_spark(order, sides, say, count)
        return run_polars(order, sides, say, count)
