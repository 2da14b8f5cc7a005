"""Names and types of a condition, held at load against what the edition declares.

A rulebook that loads cannot fail in the middle of a case: every name is known, every
comparison is between like and like, and every share has a whole that is not zero.
"""

from collections.abc import Mapping, Sequence

from policy_engine.language.complaint import Complaint, nearest
from policy_engine.language.fold import Reader
from policy_engine.language.grammar import offset_of, one_line
from policy_engine.language.text import show
from policy_engine.language.tree import Pair, Tree, conjuncts, name_of, names_in, opened
from policy_engine.language.types import ANY, BOOL, COUNT, NOUNS, NUMBERS, ORDERED, SHARE, WRONG, ZERO, Named, Type
from policy_engine.messages import N_


class Checker(Reader[Type]):
    """Reads the type of every part of one condition; it collects every complaint and never stops at the first."""

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

    def expect(self, tree: Tree, wanted: Type) -> None:
        """Complain unless the tree is of the wanted type."""
        found = self.read(tree)
        if WRONG not in (found, wanted) and found.kind != wanted.kind and not (found is ZERO and wanted.kind in NUMBERS):
            self._complain("PE303", tree, found=f"{show(tree)} ({found.kind})", wanted=NOUNS[wanted.kind])

    def _complain(self, code: str, tree: Tree, **details: str) -> Type:
        """Note a complaint at a tree and go on with a type that agrees with everything."""
        self.complaints.append(Complaint(code, self.margin + offset_of(tree, self.source), details))
        return WRONG

    def _named(self, tree: Tree, name: str) -> Named:
        known = self.scope.get(name) or self.scope.get(ANY)
        return known or Named(self._complain("PE302", tree, name=name, nearest=nearest(name, self.scope)))

    def name(self, tree: Tree, name: str) -> Type:
        return self._named(tree, name).type

    def constant(self, tree: Tree, value: object) -> Type:
        """Type a literal: text, or the only number that may stand bare."""
        if isinstance(value, str):
            return Type("literal", (value,))
        return ZERO if value == 0 else self._complain("PE304", tree, found=show(tree))

    def connective(self, _: Tree, sign: str, parts: Sequence[Tree]) -> Type:
        """Check and/or; what a left part of `and` says of a whole, its right parts may rely on."""
        outside = self.positive
        for part in parts:
            self.expect(part, BOOL)
            if sign == "and":
                self.positive |= positive_wholes(part)
        self.positive = outside
        return BOOL

    def negation(self, _: Tree, part: Tree) -> Type:
        self.expect(part, BOOL)
        return BOOL

    def arithmetic(self, tree: Tree, one: Tree, sign: str, other: Tree) -> Type:
        """Check + - (like and like) and * (one factor fixed by the edition, so that proofs stay exact)."""
        left, right = self.read(one), self.read(other)
        if WRONG in (left, right):
            return WRONG
        if left.kind not in NUMBERS or right.kind not in NUMBERS:
            return self._complain("PE303", tree, found=f"{show(tree)} ({left.kind}, {right.kind})", wanted=N_("a number"))
        if sign != "*":
            return self._like(tree, left, right)
        if not any(all(self.scope[name].constant for name in names_in(side) if name in self.scope) for side in (one, other)):
            return self._complain("PE308", tree, found=show(tree))
        return right if left.kind == "share" else left

    def _like(self, tree: Tree, left: Type, right: Type) -> Type:
        """Return the one kind of two numbers, or complain that they are of two kinds."""
        if left.kind == right.kind or right is ZERO:
            return left
        if left is ZERO:
            return right
        return self._complain("PE303", tree, found=f"{right.kind}: {show(tree)}", wanted=NOUNS[left.kind])

    def comparison(self, _: Tree, pairs: Sequence[Pair]) -> Type:
        left = self.read(pairs[0].left)
        rights = [self.read(pair.right) for pair in pairs]
        for pair, right in zip(pairs, rights, strict=True):
            self._pair(pair.right, left, right, ordered=pair.sign not in {"==", "!="})
            left = right
        return BOOL

    def membership(self, _: Tree, one: Tree, _sign: str, elements: Sequence[Tree]) -> Type:
        left = self.read(one)
        for element in elements:
            self._pair(element, left, self.read(element), ordered=False)
        return BOOL

    def containment(self, _: Tree, one: Tree, _sign: str, among: Tree) -> Type:
        left, right = self.read(one), self.read(among)
        if WRONG in (left, right):
            return BOOL
        if left.kind != "literal" or right.kind != "set":
            self._complain("PE303", among, found=f"{show(among)} ({right.kind})", wanted=NOUNS["set"])
        else:
            self._literal(one, right, left)
        return BOOL

    def _pair(self, place: Tree, left: Type, right: Type, *, ordered: bool) -> None:
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

    def _literal(self, place: Tree, choice: Type, literal: Type) -> None:
        """Check that a quoted text is one of the choices that the other side declares."""
        text = literal.choices[0]
        if choice.kind in {"choice", "set"} and text not in choice.choices:
            self._complain("PE309", place, found=text, choices=", ".join(choice.choices), nearest=nearest(text, choice.choices))

    def given(self, tree: Tree, *facts: Tree) -> Type:
        if not self.of_record:
            return self._complain("PE307", tree, found=show(tree), usage="given(…): when_absent")
        return self.exists(tree, *facts)

    def exists(self, _: Tree, *facts: Tree) -> Type:
        """Check that each argument is the name of a fact."""
        for fact in facts:
            name = name_of(fact)
            if name and not self._named(fact, name).constant:
                continue
            if not name or name in self.scope:
                self._complain("PE303", fact, found=show(fact), wanted=N_("the name of a fact"))
        return BOOL

    def share(self, tree: Tree, part: Tree, whole: Tree) -> Type:
        """Check that part and whole are like numbers, and that the whole cannot be zero."""
        left, right = self.read(part), self.read(whole)
        if WRONG in (left, right):
            return SHARE
        if not (left.kind == right.kind and left.kind in {"count", "points"}):
            self._complain(
                "PE303", tree, found=f"{show(tree)} ({left.kind}, {right.kind})", wanted=N_("a count of a count, or points of points")
            )
        elif show(whole) not in self.positive:
            self._complain("PE305", tree, found=show(tree), whole=show(whole))
        return SHARE

    def count(self, _: Tree, items: Tree, condition: Tree | None = None) -> Type:
        listed = self._list(items)
        if listed is not WRONG and condition is not None:
            self._of_items(condition, listed)
        return COUNT

    def sum(self, _: Tree, items: Tree, field: Tree, condition: Tree | None = None) -> Type:
        listed = self._list(items)
        if listed is WRONG:
            return WRONG
        kind = dict(listed.fields).get(name_of(field))
        if kind is None or kind.kind not in {"count", "points"}:
            return self._complain("PE303", field, found=show(field), wanted=N_("a field of its items that holds figures"))
        if condition is not None:
            self._of_items(condition, listed)
        return kind

    def _list(self, items: Tree) -> Type:
        """Return the type of a list, or complain."""
        listed = self.read(items)
        if listed is WRONG or listed.kind == "list":
            return listed
        return self._complain("PE303", items, found=f"{show(items)} ({listed.kind})", wanted=NOUNS["list"])

    def _of_items(self, condition: Tree, listed: Type) -> None:
        """Check a condition that sees the fields of a list's items, and nothing of the case beside them."""
        outside, guarded = self.scope, self.positive
        self.positive = frozenset[str]()
        self.scope = {**{n: v for n, v in outside.items() if v.constant}, **{n: Named(t) for n, t in listed.fields}}
        self.expect(condition, BOOL)
        self.scope, self.positive = outside, guarded


def positive_wholes(tree: Tree) -> frozenset[str]:
    """Return the canonical texts that a true condition guarantees to be above zero (`x > 0`, joined by `and`)."""
    parts = conjuncts(tree)
    if len(parts) > 1:
        return frozenset[str]().union(*map(positive_wholes, parts))
    construct, found = opened(tree)
    pairs: Sequence[Pair] = found[0] if construct == "comparison" else ()
    return frozenset(
        {show(pair.left) for pair in pairs if len(pairs) == 1 and pair.sign == ">" and opened(pair.right) == ("constant", (0,))}
    )
