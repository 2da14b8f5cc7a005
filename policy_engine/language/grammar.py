"""The grammar: a white list over Python's `ast`, and the one tree that every reader walks.

What is not listed here is not in the language. Numbers are read from the source text, so that
`0.29` is 29/100 and never a float.
"""

import ast
import re
import warnings
from fractions import Fraction

from policy_engine.language.complaint import Complaint
from policy_engine.language.functions import FUNCTIONS
from policy_engine.language.tree import children
from policy_engine.tuples import NamedTuple

MAX_CHARACTERS = 2_000
MAX_DEPTH = 32
_LIMITS = {"characters": str(MAX_CHARACTERS), "depth": str(MAX_DEPTH)}

_FILE = "<condition>"
warnings.filterwarnings("ignore", category=SyntaxWarning, module=_FILE)
"""Python's hints about odd but legal text are not for a rule author; the white list has the say."""

_QUOTED_TEXT = r"'[^'\\\n]*'|\"[^\"\\\n]*\""
_HABITS = (("&&", "and"), ("||", "or"), ("<>", "!="), ("≥", ">="), ("≤", "<="), ("≠", "!="), ("!", "not"), ("=", "=="))


class Parsed(NamedTuple):
    """A condition read: its tree, or the complaints that kept it from having one."""

    tree: ast.expr | None
    complaints: tuple[Complaint, ...]


def parse(text: str) -> Parsed:
    """Read one condition.

    Never raises, whatever the text: what an author got wrong is data like any other, and all
    that is wrong in one condition is said at once.
    """
    source = one_line(text).rstrip()
    stripped = source.lstrip()
    if len(source) > MAX_CHARACTERS:
        return Parsed(None, (Complaint("PE306", 0, _LIMITS),))
    if _bracket_depth(source) > MAX_DEPTH:
        return Parsed(None, (Complaint("PE306", 0, _LIMITS),))
    margin = len(source) - len(stripped)
    remark = re.sub(_QUOTED_TEXT, lambda quoted: "_" * len(quoted[0]), source).find("#") if "#" in source else -1
    if remark >= 0:
        return Parsed(None, (Complaint("PE301", remark, {"found": source[remark : remark + 20], "hint": ""}),))
    tree, fault = _python_tree(stripped)
    if tree is None:
        return Parsed(None, (fault._replace(offset=fault.offset + margin),))
    complaints = tuple(c._replace(offset=c.offset + margin) for c in _refuse(tree, stripped))
    return Parsed(None if complaints else tree, complaints)


def one_line(text: str) -> str:
    """Return a condition on one line, every character where it was; what ends a line to Python is a space to us."""
    return text.replace("\n", " ").replace("\r", " ")


def parse_checked(text: str) -> ast.expr:
    """Return the tree of a condition that passed every check before, byte for byte: nothing is looked at again."""
    tree = compile(one_line(text).strip(), _FILE, "eval", ast.PyCF_ONLY_AST)
    assert isinstance(tree, ast.Expression)
    return tree.body


def _bracket_depth(text: str) -> int:
    """Return the deepest nesting of brackets, before any parser sees the text; 0 where there are too few to matter."""
    if text.count("(") + text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _python_tree(source: str) -> tuple[ast.expr | None, Complaint]:
    """Return Python's tree of the text, or the complaint where Python finds none."""
    try:
        tree = compile(source, _FILE, "eval", ast.PyCF_ONLY_AST)
        assert isinstance(tree, ast.Expression)
        return tree.body, Complaint("", 0, {})
    except SyntaxError as error:
        offset = _fault_offset(source, error.offset)
        return None, Complaint("PE301", min(offset, len(source)), {"found": _found(source, offset), "hint": _habit(source)})
    except (ValueError, RecursionError, MemoryError):
        return None, Complaint("PE301", 0, {"found": source[:40], "hint": ""})


def _fault_offset(source: str, stopped: int | None) -> int:
    """Return the character at which a text stops being a condition: at a habit of another language, else where Python stopped."""
    for sign in ("%", *(theirs for theirs, _ in _HABITS[:6])):
        if sign in source:
            return source.find(sign)
    return max(stopped - 1, 0) if stopped else len(source)


def _found(source: str, offset: int) -> str:
    """Return the few characters at the fault, or all the text where the fault is its end."""
    return source[offset : offset + 20].strip() or source[-20:].strip()


def _habit(source: str) -> str:
    """Return the words of this language for a habit of another one (`&&`, a single `=`, a percent sign)."""
    if "%" in source:
        return "%"
    bare = re.sub(r"[<>=!]=", "", re.sub(_QUOTED_TEXT, "", source))
    return next((f"{theirs} -> {ours}" for theirs, ours in _HABITS if theirs in bare), "")


def _refuse(tree: ast.expr, source: str) -> list[Complaint]:
    """Hold every node against the white list; on the way make literals exact."""
    complaints: list[Complaint] = []
    pending: list[tuple[ast.expr, int]] = [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_DEPTH:
            return [Complaint("PE306", 0, _LIMITS)]
        complaint = _refuse_node(node, source)
        if complaint:
            complaints.append(complaint)
        else:
            pending += [(child, depth + 1) for child in children(node)]
    return sorted(complaints, key=lambda c: c.offset)


def _refuse_node(node: ast.expr, source: str) -> Complaint | None:
    """Return the complaint about this one node, or None where the language has it."""
    match node:
        case ast.Name(id=name) if name != segment(node, source):
            return Complaint("PE302", offset_of(node, source), {"name": segment(node, source), "nearest": name})
        case ast.Name() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult()):
            return None
        case ast.Compare():
            return _refuse_compare(node, source)
        case ast.Call():
            return _refuse_call(node, source)
        case ast.Constant() if _make_exact(node, segment(node, source)):
            return None
        case _:
            written = segment(node, source)
            return Complaint("PE301", offset_of(node, source), {"found": written[:40], "hint": _habit(written)})


def _refuse_compare(node: ast.Compare, source: str) -> Complaint | None:
    """Allow lists in brackets only to the right of `in`; there a name (of a set) may stand too, and nothing else."""
    for operator, right in zip(node.ops, node.comparators, strict=True):
        written = segment(right, source)
        fault = Complaint("PE301", offset_of(right, source), {"found": written[:40], "hint": ""})
        if isinstance(operator, (ast.In, ast.NotIn)):
            if len(node.ops) > 1 or not (isinstance(right, ast.Name) or (isinstance(right, ast.Tuple) and right.elts)):
                return fault._replace(details={"found": written[:40], "hint": "in ('a', 'b')"})
            return _refuse_elements(right, source) if isinstance(right, ast.Tuple) else None
        if isinstance(operator, (ast.Is, ast.IsNot)):
            where = source.rfind(" is ", 0, offset_of(right, source)) + 1
            return Complaint("PE301", where, {"found": "is", "hint": "is -> =="})
        if isinstance(right, ast.Tuple):
            return fault
    return None


def _refuse_elements(elements: ast.Tuple, source: str) -> Complaint | None:
    """Allow only plain constants and names between the brackets of `in (…)`."""
    for element in elements.elts:
        complaint = _refuse_node(element, source)
        if complaint or not isinstance(element, (ast.Constant, ast.Name)):
            return complaint or Complaint("PE301", offset_of(element, source), {"found": segment(element, source), "hint": ""})
    return None


def _refuse_call(node: ast.Call, source: str) -> Complaint | None:
    """Allow a call of a function in the closed table, with as many plain arguments as it takes."""
    offset = offset_of(node, source)
    name = node.func.id if isinstance(node.func, ast.Name) else segment(node.func, source)
    known = FUNCTIONS.get(name)
    if known is None:
        return Complaint("PE307", offset, {"found": name[:40], "usage": ", ".join(f.usage for f in FUNCTIONS.values())})
    if node.keywords or not known.fewest <= len(node.args) <= known.most:
        return Complaint("PE307", offset, {"found": segment(node, source)[:40], "usage": known.usage})
    return None


def _make_exact(node: ast.Constant, written: str) -> bool:
    """Replace a literal's value by the exact one that its text says; tell whether the language has it."""
    if isinstance(node.value, str):
        return len(written) - len(node.value) == len("''") and written[:1] in "'\"" and "\\" not in written
    if not _is_decimal(written):
        return False
    exact = Fraction(written)
    # typeshed allows only Python's own literals here; an exact fraction is this language's literal.
    node.value = exact.numerator if exact.denominator == 1 else exact  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    return True


def _is_decimal(written: str) -> bool:
    """Return whether a number is written in plain decimals: digits, and perhaps a point with digits on both sides."""
    whole, point, rest = written.partition(".")
    return written.isascii() and whole.isdigit() and (rest.isdigit() if point else True)


def offset_of(node: ast.expr, source: str) -> int:
    """Return the character (from 0) where a node begins; Python counts bytes, editors count characters."""
    return node.col_offset if source.isascii() else len(source.encode()[: node.col_offset].decode(errors="ignore"))


def segment(node: ast.expr, source: str) -> str:
    """Return the text of a node as it was written."""
    return source.encode()[node.col_offset : node.end_col_offset].decode(errors="ignore")
