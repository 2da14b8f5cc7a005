"""Case files of the project as lines of JSON, with lines among them that cannot be rated."""

import json
import random
from pathlib import Path

from policy_engine.load.case import find_cases, load_case
from policy_engine.load.library import Library
from tests.columns import as_values
from tests.conftest import ROOT

NO_ROWS = (
    '{"kind": 7}', "[1]", '"officer"', '{"tasks_total": 5.5}', '{"tasks_total": 1e3}', '{"tasks": 3}', "{",
    '{"kind": "officer", "tasks": [{"x": 1}]}',
)  # fmt: skip


def write_json_rows(folder: Path, library: Library, every: int) -> Path:
    """Write every so manieth case of the edition of 2020, in a fixed disorder."""
    edition = library.edition("2020")
    cases = [load_case(path, library)[0] for path in find_cases(str(ROOT / "cases" / "2020"))[::every]]
    rows = [{name: cell for name, cell in row.items() if cell is not None} for row in as_values(edition, cases).to_dicts()]
    lines = [*(json.dumps({"case": f"c{n}", **row}, default=str) for n, row in enumerate(rows)), *NO_ROWS]
    random.Random(7).shuffle(lines)
    path = folder / "rows.jsonl"
    path.write_text("\n".join([*lines, ""]), "utf-8")
    return path
