"""How much the tests notice: small changes of the engine's own source, each in a copy of the checkout, held against telling tests.

`python -m tests.mutants language evaluate load --sample 25 --seed 1` prints each change, whether a test notices it, and a score a package.
"""

import argparse
import ast
import copy
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TELLING = {
    "language": "language evaluate/test_expression.py test_sums.py test_sets.py test_check.py",
    "evaluate": "evaluate test_cases.py test_bounds.py test_possible*.py test_caps.py test_round*.py test_advice.py test_moves.py",
    "load": "test_bad_input.py test_cells.py test_round*.py test_hostile*.py test_edition*.py test_lock.py",
}
"""Which tests are asked about a package, the likeliest first; about any other, all of them."""
_PAIRS = ((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.In, ast.NotIn), (ast.Is, ast.IsNot))
SIGNS: dict[type[ast.cmpop], type[ast.cmpop]] = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
SECONDS = 300  # of the processor


class Mutant(NamedTuple):
    file: Path
    node: ast.expr | ast.stmt
    becomes: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.node.lineno}: {ast.unparse(self.node).splitlines()[0][:90]} -> {self.becomes[:90]}"


def changes(node: ast.AST) -> Iterator[str]:
    changed: Any = copy.deepcopy(node)
    match node:
        case ast.Compare(ops=[sign]):
            changed.ops = [SIGNS[type(sign)]()]
            yield f"({ast.unparse(changed)})"
        case ast.BoolOp(op=sign):
            changed.op = ast.Or() if isinstance(sign, ast.And) else ast.And()
            yield f"({ast.unparse(changed)})"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield f"({ast.unparse(operand)})"
        case ast.Constant(value=int(value)):
            yield repr(not value if isinstance(value, bool) else value + 1)
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield "return None"
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Continue():
            yield "pass"


def mutants(package: str) -> list[Mutant]:
    found: list[Mutant] = []
    for file in sorted((ROOT / "policy_engine" / package).rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        notes = [note for node in ast.walk(tree) for name, note in ast.iter_fields(node) if name in {"annotation", "returns"} and note]
        typing = {id(part) for note in notes for part in ast.walk(note)}
        found += [Mutant(file, node, new) for node in ast.walk(tree) if id(node) not in typing for new in changes(node)]  # type: ignore[arg-type]
    return found


def applied(mutant: Mutant, raw: bytes) -> bytes:
    lines, node = raw.splitlines(keepends=True), mutant.node
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or 0) - 1])) + (node.end_col_offset or 0)
    return raw[:start] + mutant.becomes.encode() + raw[end:]


def put(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()


def is_noticed(mutant: Mutant, checkout: Path, tests: list[str]) -> bool:
    file = checkout / mutant.file.relative_to(ROOT)
    raw = file.read_bytes()
    put(file, applied(mutant, raw))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    bound = partial(resource.setrlimit, resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        return subprocess.run(command, cwd=checkout, capture_output=True, check=False, preexec_fn=bound).returncode != 0
    finally:
        put(file, raw)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="+")
    for name, usual in (("--sample", 25), ("--seed", 1)):
        parser.add_argument(name, type=int, default=usual)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(
            shutil.copytree(ROOT, Path(folder, "checkout"), ignore=shutil.ignore_patterns(".*", "build", "dist", "__pycache__"))
        )
        for package in asked.packages:
            every = mutants(package)
            drawn = Random(f"{asked.seed} {package}").sample(every, min(asked.sample, len(every)))
            tests = [str(path) for glob in TELLING.get(package, ".").split() for path in sorted((checkout / "tests").glob(glob))]
            missed = 0
            for mutant in drawn:
                found = is_noticed(mutant, checkout, tests)
                missed += not found
                print("noticed" if found else "MISSED ", mutant, flush=True)  # noqa: T201
            print(f"{package}: {len(drawn) - missed} of {len(drawn)} noticed (of {len(every)}, seed {asked.seed})", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
