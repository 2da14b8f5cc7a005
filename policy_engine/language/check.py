"""Names and types of a condition, held at load against what the edition declares.

A rulebook that loads cannot fail in the middle of a case: every name is known, every
comparison is between like and like, and every share has a whole that is not zero.
"""

import ast
from collections.abc import Mapping
from itertools import pairwise

from policy_engine.errors import N_
from policy_engine.language.complaint import Complaint, nearest
from policy_engine.language.grammar import children, offset_of, one_line
from policy_engine.language.text import show
from policy_engine.language.types import ANY, BOOL, COUNT, NOUNS, NUMBERS, ORDERED, SHARE, WRONG, ZERO, Named, Type


class Checker:
    """One walk over one tree; it collects every complaint and never stops at the first."""

    def __init__(self, source: str, scope: Mapping[str, Named], positive: frozenset[str] = frozenset(), *, of_record: bool = False) -> None:
        """Prepare a walk.

        Args:
            source: the text of the condition, for the places of complaints.
            scope: what each name stands for.
            positive: canonical texts of the wholes that are known to be above zero here.
            of_record: whether the condition may ask with `given` what the case file states.
        """
        self.source = one_line(source).lstrip()
        self.margin = len(source) - len(source.lstrip())
        self.scope = scope
        self.positive: frozenset[str] = positive
        self.of_record = of_record
        self.complaints: list[Complaint] = []

    def expect(self, tree: ast.expr, wanted: Type) -> None:
        """Complain unless the tree is of the wanted type."""
        found = self.infer(tree)
        if WRONG not in (found, wanted) and found.kind != wanted.kind and not (found is ZERO and wanted.kind in NUMBERS):
            self._complain("PE303", tree, found=f"{show(tree)} ({found.kind})", wanted=NOUNS[wanted.kind])

    def infer(self, node: ast.expr) -> Type:
        """Return the type of a tree, complaining of what does not fit below it."""
        match node:
            case ast.BoolOp():
                return self._boolean(node)
            case ast.UnaryOp(operand=operand):
                self.expect(operand, BOOL)
                return BOOL
            case ast.Compare():
                return self._compare(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Call():
                return self._call(node)
            case ast.Name(id=name):
                return self._name(node, name).type
            case ast.Constant(value=value):
                return self._constant(node, value)
            case _:
                raise AssertionError(f"the grammar let through a node that check does not know: {node!r}")

    def _complain(self, code: str, node: ast.expr, **details: str) -> Type:
        """Note a complaint at a node and go on with a type that agrees with everything."""
        self.complaints.append(Complaint(code, self.margin + offset_of(node, self.source), details))
        return WRONG

    def _name(self, node: ast.expr, name: str) -> Named:
        """Look a name up."""
        known = self.scope.get(name) or self.scope.get(ANY)
        if known:
            return known
        return Named(self._complain("PE302", node, name=name, nearest=nearest(name, self.scope)))

    def _constant(self, node: ast.expr, value: object) -> Type:
        """Type a literal: text, or the only number that may stand bare."""
        if isinstance(value, str):
            return Type("literal", (value,))
        return ZERO if value == 0 else self._complain("PE304", node, found=show(node))

    def _boolean(self, node: ast.BoolOp) -> Type:
        """Check and/or; what a left part of `and` says of a whole, its right parts may rely on."""
        outside = self.positive
        for value in node.values:
            self.expect(value, BOOL)
            if isinstance(node.op, ast.And):
                self.positive |= positive_wholes(value)
        self.positive = outside
        return BOOL

    def _arithmetic(self, node: ast.BinOp) -> Type:
        """Check + - (like and like) and * (one factor fixed by the edition, so that proofs stay exact)."""
        left, right = self.infer(node.left), self.infer(node.right)
        if WRONG in (left, right):
            return WRONG
        if left.kind not in NUMBERS or right.kind not in NUMBERS:
            return self._complain("PE303", node, found=f"{show(node)} ({left.kind}, {right.kind})", wanted=N_("a number"))
        if not isinstance(node.op, ast.Mult):
            return self._like(node, left, right)
        if not (self._fixed(node.left) or self._fixed(node.right)):
            return self._complain("PE308", node, found=show(node))
        return right if left.kind == "share" else left

    def _fixed(self, node: ast.expr) -> bool:
        """Return whether the edition fixes a value: no fact of a case stands in it."""
        names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
        return all(self.scope[name].constant for name in names if name in self.scope)

    def _like(self, node: ast.expr, left: Type, right: Type) -> Type:
        """Return the one kind of two numbers, or complain that they are of two kinds."""
        if left.kind == right.kind or right is ZERO:
            return left
        if left is ZERO:
            return right
        return self._complain("PE303", node, found=f"{right.kind}: {show(node)}", wanted=NOUNS[left.kind])

    def _compare(self, node: ast.Compare) -> Type:
        """Check each pair of a comparison."""
        if isinstance(node.ops[0], (ast.In, ast.NotIn)):
            return self._membership(node, node.comparators[0])
        sides = [(side, self.infer(side)) for side in (node.left, *node.comparators)]
        for operator, ((_, left), (right_node, right)) in zip(node.ops, pairwise(sides), strict=True):
            self._pair(right_node, left, right, ordered=not isinstance(operator, (ast.Eq, ast.NotEq)))
        return BOOL

    def _membership(self, node: ast.Compare, among: ast.expr) -> Type:
        """Check `fact in ('a', 'b')`, and `'a' in set`."""
        left = self.infer(node.left)
        if isinstance(among, ast.Tuple):
            for element in among.elts:
                self._pair(element, left, self.infer(element), ordered=False)
            return BOOL
        right = self.infer(among)
        if WRONG in (left, right):
            return BOOL
        if left.kind != "literal" or right.kind != "set":
            self._complain("PE303", among, found=f"{show(among)} ({right.kind})", wanted=NOUNS["set"])
        else:
            self._literal(node.left, right, left)
        return BOOL

    def _pair(self, place: ast.expr, left: Type, right: Type, *, ordered: bool) -> None:
        """Check that two sides may be held against each other."""
        if WRONG in (left, right):
            return
        if left.kind == "literal" and right.kind != "literal":
            left, right = right, left
        if right.kind == "literal" and left.kind in {"choice", "text"} and not ordered:
            self._literal(place, left, right)
        elif {left.kind, right.kind} & {"bool", "list", "literal", "set"} or (ordered and left.kind not in ORDERED):
            self._complain(
                "PE303", place, found=f"{left.kind}, {right.kind}: {show(place)}", wanted=N_("two values that can be compared so")
            )
        elif left.kind in NUMBERS and right.kind in NUMBERS:
            self._like(place, left, right)
        elif left.kind != right.kind or left.choices != right.choices:
            self._complain("PE303", place, found=f"{show(place)} ({right.kind})", wanted=NOUNS[left.kind])

    def _literal(self, place: ast.expr, choice: Type, literal: Type) -> None:
        """Check that a quoted text is one of the choices that the other side declares."""
        text = literal.choices[0]
        if choice.kind in {"choice", "set"} and text not in choice.choices:
            self._complain("PE309", place, found=text, choices=", ".join(choice.choices), nearest=nearest(text, choice.choices))

    def _call(self, node: ast.Call) -> Type:
        """Check a call of a function of the closed table."""
        assert isinstance(node.func, ast.Name)
        match node.func.id:
            case "share":
                return self._share(node)
            case "count":
                return self._count(node)
            case "sum":
                return self._sum(node)
            case "given" if not self.of_record:
                return self._complain("PE307", node, found=show(node), usage="given(…): when_absent")
            case "given" | "exists":
                for argument in node.args:
                    if isinstance(argument, ast.Name) and not self._name(argument, argument.id).constant:
                        continue
                    if not isinstance(argument, ast.Name) or argument.id in self.scope:
                        self._complain("PE303", argument, found=show(argument), wanted=N_("the name of a fact"))
                return BOOL
            case name:
                raise AssertionError(f"the closed table has a function that check does not know: {name}")

    def _share(self, node: ast.Call) -> Type:
        """Check share(part, whole): like numbers, and a whole that cannot be zero."""
        part, whole = node.args
        left, right = self.infer(part), self.infer(whole)
        if WRONG in (left, right):
            return SHARE
        if not (left.kind == right.kind and left.kind in {"count", "points"}):
            self._complain(
                "PE303", node, found=f"{show(node)} ({left.kind}, {right.kind})", wanted=N_("a count of a count, or points of points")
            )
        elif show(whole) not in self.positive:
            self._complain("PE305", node, found=show(node), whole=show(whole))
        return SHARE

    def _count(self, node: ast.Call) -> Type:
        """Check count(list) and count(list, condition); the condition sees the fields of an item too."""
        fact = node.args[0]
        listed = self.infer(fact)
        if listed is not WRONG and listed.kind != "list":
            self._complain("PE303", fact, found=f"{show(fact)} ({listed.kind})", wanted=NOUNS["list"])
        elif listed is not WRONG and len(node.args) > 1:
            self._of_items(node.args[1], listed)
        return COUNT

    def _of_items(self, condition: ast.expr, listed: Type) -> None:
        """Check a condition that sees the fields of a list's items, and nothing of the case beside them."""
        outside, guarded = self.scope, self.positive
        self.positive = frozenset[str]()
        self.scope = {**{n: v for n, v in outside.items() if v.constant}, **{n: Named(t) for n, t in listed.fields}}
        self.expect(condition, BOOL)
        self.scope, self.positive = outside, guarded

    def _sum(self, node: ast.Call) -> Type:
        """Check sum(list, field) and sum(list, field, condition): a field of figures, added up."""
        fact, field = node.args[0], node.args[1]
        listed = self.infer(fact)
        if listed is WRONG:
            return WRONG
        if listed.kind != "list":
            return self._complain("PE303", fact, found=f"{show(fact)} ({listed.kind})", wanted=NOUNS["list"])
        fields = dict(listed.fields)
        kind = fields.get(field.id) if isinstance(field, ast.Name) else None
        if kind is None or kind.kind not in {"count", "points"}:
            return self._complain("PE303", field, found=show(field), wanted=N_("a field of its items that holds figures"))
        if len(node.args) > 2:  # noqa: PLR2004  (the condition is the third)
            self._of_items(node.args[2], listed)
        return kind


def positive_wholes(tree: ast.expr) -> frozenset[str]:
    """Return the canonical texts that a true condition guarantees to be above zero (`x > 0`, joined by `and`)."""
    match tree:
        case ast.BoolOp(op=ast.And(), values=values):
            return frozenset[str]().union(*map(positive_wholes, values))
        case ast.Compare(left=left, ops=[ast.Gt()], comparators=[ast.Constant(value=0)]):
            return frozenset({show(left)})
        case _:
            return frozenset()


def names_in(tree: ast.expr) -> tuple[str, ...]:
    """Return the names that a condition reads, in order, each once; called functions are not names."""
    found: dict[str, None] = {}
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            found[node.id] = None
        else:
            pending += reversed(children(node))
    return tuple(found)
