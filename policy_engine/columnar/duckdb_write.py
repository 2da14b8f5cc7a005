"""Answers that DuckDB worked out, as a file: what Polars writes, to the byte where the format leaves a choice."""

import codecs
import os
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy_engine.columnar.names import ROW
from policy_engine.columnar.order import Order
from policy_engine.columnar.writing import FORMULA, metadata_of, signed_heading
from policy_engine.model.rulebook import Edition

if TYPE_CHECKING:
    import duckdb

_FORMS = {
    "parquet": "format parquet, compression zstd, compression_level 1",
    "csv": "format csv, header, comment ''",  # else what begins with a sign of a comment would be quoted
    "jsonl": "format json",
}


def write_answers(
    connection: "duckdb.DuckDBPyConnection", statement: str, order: Order, edition: Edition, names: Mapping[str, str], path: str
) -> None:  # fmt: skip
    """Write the answers in the order of the rows.

    Args:
        connection: where they stand.
        statement: gives them, with the place of the file and the number of the row.
        order: what is asked.
        edition: the edition.
        names: what columns that are handed on are called among the answers.
        path: the file.
    """
    status = "" if edition.status == "issued" else f", {literal(edition.status)} as edition_status"
    renamed = "".join(f", {quoted(name)} as {quoted(told)}" for name, told in names.items())
    rename = f" rename ({renamed[2:]})" if renamed else ""
    told = connection.sql(f"select * exclude (__file, {ROW}){rename}{status} from ({statement}) order by __file, {ROW}")
    options = _FORMS[order.to_format]
    if order.to_format == "parquet":
        said = ", ".join(f"{name}: {literal(text)}" for name, text in metadata_of(edition).items())
        options = f"{options}, kv_metadata {{{said}}}"
    chosen = guarded(told) if order.to_format == "csv" else told.sql_query()
    connection.execute(f"copy ({chosen}) to {literal(path)} ({options})")
    if order.to_format == "csv" and order.excel:
        _mark(path)


def guarded(told: "duckdb.DuckDBPyRelation") -> str:
    """Put a sign before texts that a spreadsheet would take for formulas."""
    cells = (
        f"{_guard(name) if str(kind) == 'VARCHAR' else quoted(name)} as {quoted(signed_heading(name))}"
        for name, kind in zip(told.columns, told.types, strict=True)
    )
    return f"select {', '.join(cells)} from ({told.sql_query()})"


def _guard(name: str) -> str:
    """Return a column of texts with that sign."""
    cell = quoted(name)
    return f"case when regexp_matches({cell}, {literal(FORMULA)}) then '''' || {cell} else {cell} end"


def _mark(path: str) -> None:
    """Begin a file with the mark by which Excel knows UTF-8."""
    plain = f"{path}.plain"
    os.replace(path, plain)
    try:
        with open(plain, "rb") as written, open(path, "wb") as marked:
            marked.write(codecs.BOM_UTF8)
            shutil.copyfileobj(written, marked)
    finally:
        os.unlink(plain)


def quoted(name: str) -> str:
    """Write the name of a column."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write a text in a statement."""
    return "'" + text.replace("'", "''") + "'"
