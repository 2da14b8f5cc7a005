"""The cheapest point at which a level, or a better one, comes out: prepared once, so that a case only puts its figures in.

A search stands for one track, one target, and one choice of the facts that may move or are open. For these the conditions are read
once, with every other figure left as a name: rows over whole numbers, whose bounds are sums of figures, and truths of what is
known. Two cases with the same truths, and the same rows equal to each other, take the same way through the alternatives; so the way
is kept too, with the elimination of each group of rows that share a variable. A case brings the bounds, and where each fact stands.

Of points at equal cost the first found is kept, in an order that no case changes: of the alternatives that are open the shortest
list first, each list as the edition writes it; within one, what is eliminated last is chosen first, at its nearest value, and the
higher of two as near.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any, NamedTuple

from policy_engine.evaluate.core.facts import Facts
from policy_engine.evaluate.core.memory import Memory
from policy_engine.evaluate.core.plan import Plan, TrackPlan
from policy_engine.evaluate.open.formula import All, Atom, Formula, Translator, Variables, conjunction, disjunction, split
from policy_engine.evaluate.open.formula import Any as Either
from policy_engine.evaluate.open.least import REMEMBERED, Answer, Nearest, RowGroup, Terms, add, turned
from policy_engine.evaluate.open.linear import Budget, Linear, NotLinearError, Row, components
from policy_engine.evaluate.open.unknowns import level_formula
from policy_engine.language.tree import Tree, name_of, names_in
from policy_engine.language.values import UNKNOWN, Value
from policy_engine.model.facts import Condition

MAX_BRANCHES = 2_000
PREPARED = 64
"""How many searches are kept of an edition, and how many ways of a search."""
_SUMMED = frozenset({"count", "months", "points"})
"""The kinds of facts that stand in sums."""


class Figure(NamedTuple):
    """How far a row goes: a sum of known figures over a positive whole; below it where `strict`, cut to whole numbers where these are."""

    over: int
    constant: int
    terms: tuple[tuple[str, int], ...]
    strict: bool
    whole: bool

    def contrary(self) -> "Figure":
        """Return the figure of the row that holds where a row of this one does not."""
        terms = tuple((name, -factor) for name, factor in self.terms)
        return self._replace(constant=-self.constant, terms=terms, strict=not self.strict)

    def total(self, values: Mapping[str, Any]) -> int | Fraction:
        total: int | Fraction = self.constant
        for name, factor in self.terms:
            total += factor * values[name]
        return total

    def bound(self, values: Mapping[str, Any]) -> int | Fraction:
        total = self.total(values)
        if not self.whole:
            return Fraction(total) / self.over
        least: int = -(-total // self.over) - 1 if self.strict else total // self.over
        return least


class Searches:
    """The searches of an edition, by what each is prepared for; a run meets few of them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._conditions = {name: _conditions_of(track) for name, track in plan.tracks.items()}
        self._names = {name: tuple(_read_by(plan, track, self._conditions[name])) for name, track in plan.tracks.items()}
        self._leaves: Memory[_Given] = Memory(REMEMBERED)
        self._fixed: Memory[dict[str, None]] = Memory(REMEMBERED)
        self._searches: Memory[Search] = Memory(PREPARED)

    def search(self, track: TrackPlan, facts: Facts, *, locked: bool) -> "Search":
        """Return the search for cases like this one; locked facts move only to name what stands in the way."""
        values, name = facts.values, track.track.id
        kind = (name, locked, *[rule.unless.text for rule in facts.stand_ins], *[values[name] is UNKNOWN for name in self._names[name]])
        fixed = self._fixed.get(kind)
        if fixed is None:
            fixed = self._fixed.keep(kind, dict[str, None]())
        key = (kind, *[_hashable(values[name]) for name in fixed])
        search = self._searches.get(key)
        if search is None:
            movable = _movable(self._plan, track, facts, locked=locked)
            search = Search(self._plan, track, self._conditions[name], facts, movable, self._leaves)
            fixed |= dict.fromkeys(sorted(search.sketch.fixed))
            key = (kind, *[_hashable(values[name]) for name in fixed])
            self._searches.keep(key, search)
        return search


def _conditions_of(track: TrackPlan) -> list[Condition]:
    criteria = [criterion for rule in track.track.levels for criterion in rule.criteria]
    return [*(rule.holds for rule in track.invariants), *(c for own in criteria for c in (own.when, own.applies_when) if c)]


def _read_by(plan: Plan, track: TrackPlan, conditions: Iterable[Condition]) -> list[str]:
    """Return every fact that stands in the conditions of a track, or that an open derived one follows from."""
    names = {name for condition in conditions for name in condition.names}
    names |= {name for rule in track.track.stand_ins for both in rule.take.items() for name in both}
    while more := {source for name in names & plan.substitutes.keys() for source in plan.substitutes[name].names} - names:
        names |= more
    return sorted(names & plan.types.keys())


def _movable(plan: Plan, track: TrackPlan, facts: Facts, *, locked: bool) -> frozenset[str]:
    """Return the facts that may be thought otherwise."""
    stood_for = {name for rule in facts.stand_ins for name in rule.take}
    known = [plan.edition.facts[name] for name in track.reads if name not in stood_for and facts.values[name] is not UNKNOWN]
    return frozenset(
        fact.name
        for fact in known
        if fact.type.kind in {"count", "bool"} and not fact.fixed and not fact.when_absent and (locked or not fact.locked)
    )


def _hashable(value: Value) -> object:
    """Return a value as part of a key: of a list, what its items hold."""
    return tuple([tuple(item.items()) for item in value]) if isinstance(value, tuple) else value


class Search:
    """The search under one track, for the cases in which the same facts may move and the same ones are open."""

    def __init__(
        self, plan: Plan, track: TrackPlan, conditions: Sequence[Condition], facts: Facts, movable: frozenset[str],
        leaves: "Memory[_Given]",
    ) -> None:  # fmt: skip
        """Read the conditions once; of the facts of a first case, none is taken as it is but those that the sketch says.

        Args:
            plan: the edition.
            track: the track.
            conditions: everything that is read under it.
            facts: those of the case.
            movable: the facts that may be thought otherwise.
            leaves: what searches of the edition ask of known facts; all of them remember its truths together.
        """
        aliases = {name: source for rule in facts.stand_ins for name, source in rule.take.items()}
        opened = movable | {name for name, source in aliases.items() if source in movable}
        values = {name: UNKNOWN if name in opened else value for name, value in facts.values.items()}
        self.plan, self.track = plan, track
        self.derived = frozenset(name for name, fact in plan.edition.facts.items() if fact.derived)
        """What follows from facts may lie where nobody could state it."""
        self._bools = frozenset(name for name in movable if plan.types[name].kind == "bool")
        self.sketch = _Sketch(plan, values, aliases, leaves)
        while not self.sketch.discovers(conditions):
            self.sketch = _Sketch(plan, values, aliases, leaves, self.sketch.fixed)
        self._asked = tuple(sorted(self.sketch.asked()))
        self._alike = self.sketch.alike()
        self._groups: Memory[RowGroup] = Memory(REMEMBERED)
        self._ways: Memory[_Way] = Memory(PREPARED)
        self._taken: Memory[tuple[_Way, list[int | Fraction]]] = Memory(REMEMBERED)

    def nearest(self, target: str, values: Mapping[str, Value]) -> Answer:
        """Return the cheapest point of a case at which the target or a better level comes out, and whether that is certain."""
        key = (target, *[_hashable(values[name]) for name in self._asked])
        way, bounds = self._taken.get(key) or self._taken.keep(key, self._way(target, values))
        walk = _Walk(bounds, values)
        walk.enter(way.root)
        return walk.best, walk.exact and walk.budget.left >= 0 and way.exact

    def _way(self, target: str, values: Mapping[str, Value]) -> "tuple[_Way, list[int | Fraction]]":
        """Return the way that a case takes, and its bounds; it is one for cases with the same truths, and rows equal to each other."""
        truths = [leaf.truth(values) for leaf in self.sketch.leaves.values()]
        bounds = [figure.bound(values) for figure in self.sketch.figures]
        pattern: list[object] = [target, *truths]
        for rows in self._alike:
            ends = [(sign * bounds[number] - step, strict) for number, sign, step, strict in rows]
            pattern += map(ends.index, ends)
        way = self._ways.get(key := tuple(pattern))
        if way is None:
            if len(self._ways) >= PREPARED:
                self._taken.clear()
            way = self._ways.keep(key, _Way(self, target, truths, bounds))
        return way, bounds + [figure.bound(values) for figure in list(self.sketch.figures)[len(bounds) :]]

    def group(self, rows: frozenset[Row]) -> RowGroup:
        return self._groups.get(rows) or self._groups.keep(rows, RowGroup(rows, self.sketch.variables.rational, self._bools))


class _Given:
    """Something known that a condition asks; its truth is remembered by the values that it depends on."""

    def __init__(self, plan: Plan, made: Tree | Figure) -> None:
        self._plan, self.made = plan, made
        names = [name for name, _ in made.terms] if isinstance(made, Figure) else [name for name in names_in(made) if name in plan.types]
        self.names = tuple(dict.fromkeys(names))
        self._is_keyed = all(plan.types[name].kind != "list" for name in names)
        self._truths: Memory[bool | None] = Memory(REMEMBERED)

    def truth(self, values: Mapping[str, Value]) -> bool | None:
        """Return whether it is true of a case; None where that is open all the same."""
        if not self._is_keyed:
            return self._found(values)
        key = tuple([values[name] for name in self.names])
        return self._truths[key] if key in self._truths else self._truths.keep(key, self._found(values))

    def _found(self, values: Mapping[str, Value]) -> bool | None:
        if isinstance(self.made, Figure):
            total = self.made.total(values)
            return total > 0 if self.made.strict else total >= 0
        plan = self._plan
        truth = Translator(Variables(values, plan.types, len(plan.level_ids), plan.nullable)).formula(self.made)
        return truth if isinstance(truth, bool) else None


class _Sketch(Translator):
    """Reads conditions with known figures left as names, and with what is known to be true or not left open, as rows without terms.

    The bound of a row is the number of its figure; of a row without terms, the number of its leaf, and `strict` is whether it holds.
    """

    def __init__(
        self, plan: Plan, values: Mapping[str, Value], aliases: Mapping[str, str], leaves: Memory[_Given],
        fixed: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.fixed = fixed
        """Known facts that stand beside open ones otherwise than as figures of a sum: they are taken as they are."""
        self.known = frozenset(name for name in plan.types if values[name] is not UNKNOWN)
        self.named = frozenset(n for n in self.known - fixed if plan.types[n].kind in _SUMMED and n not in plan.nullable)
        self.leaves: dict[Tree | Figure, _Given] = {}
        self._shared = leaves
        self.figures: dict[Figure, int] = {}
        self._rows: dict[Row, Figure] = {}
        self._ends: dict[str, list[Row]] = {}
        self._plan = plan
        values = {name: UNKNOWN if name in self.named else value for name, value in values.items()}
        variables = Variables(values, plan.types, len(plan.level_ids), plan.nullable)
        variables.sums = {name: Linear({name: 1}) for name in self.named}
        variables.aliases = {name: source for name, source in aliases.items() if name not in self.named}
        super().__init__(variables, {name: condition for name, condition in plan.substitutes.items() if name not in self.named})

    def discovers(self, conditions: Iterable[Condition]) -> bool:
        """Read every condition, so as to know what a case has to bring; return whether all named figures could stay names."""
        for condition in conditions:
            self.formula(condition.tree, holds=False)
        self.ends(self.variables.domains)
        return self.fixed.isdisjoint(self.named)

    def ends(self, names: Collection[str]) -> list[Row]:
        """Return the rows within which some variables lie at all."""
        if len(self._ends) < len(self.variables.domains):
            for row in self.variables.domain_rows():
                figure = Figure(over=1, constant=int(row.bound), terms=(), strict=False, whole=True)
                self._ends.setdefault(row.terms[0][0], []).append(self._kept(row.terms, figure))
            self._ends = {name: self._ends.get(name, []) for name in self.variables.domains}
        return [row for name in names for row in self._ends[name]]

    def asked(self) -> set[str]:
        """Return the names of what a case has to bring."""
        summed = {name for figure in self.figures for name, _ in figure.terms}
        return summed.union(*(leaf.names for leaf in self.leaves.values()))

    def alike(self) -> list[list[tuple[int, int, int, bool]]]:
        """Return the rows that may come out equal, or each other's contrary: of each the number of its figure, and how it is compared."""
        found: dict[Terms, dict[Figure, tuple[int, int, int, bool]]] = {}
        for row, figure in self._rows.items():
            number = int(row.bound)
            if row.terms[0][1] > 0:
                found.setdefault(row.terms, {})[figure] = number, 1, 0, row.strict
            else:
                step, strict = int(figure.whole), not figure.whole and not row.strict
                found.setdefault(turned(row.terms), {}).setdefault(figure.contrary(), (number, -1, step, strict))
        return [list(rows.values()) for rows in found.values() if len(rows) > 1]

    def formula(self, tree: Tree, *, holds: bool = True) -> Formula:
        """Return the formula of a condition; that of its negation is its contrary, row by row."""
        made = self._made.get((tree, holds))
        if made is None:
            made = self._made[tree, holds] = self.read(tree, holds=True) if holds else self._contrary(self.formula(tree))
        return made

    def _contrary(self, formula: Formula) -> Formula:
        if isinstance(formula, Atom):
            terms, _, strict = row = formula.row
            other = self._kept(turned(terms), self._rows[row].contrary()) if terms else row._replace(strict=not strict)
            return formula._replace(row=other)
        if isinstance(formula, (All, Either)):
            join = disjunction if isinstance(formula, All) else conjunction
            return join(self._contrary(part) for part in formula.parts)
        return not formula

    def open_truth(self, number: int, *, holds: bool) -> Formula:
        """Return the formula of a leaf that is open, though every fact in it is known."""
        made = list(self.leaves)[number]
        assert not isinstance(made, Figure)
        return self._true(self.variables.free(made, frozenset()), frozenset(), holds=holds)

    def name(self, _: Tree, name: str, *, holds: bool) -> Formula:
        return self._given(_, holds=holds) if name in self.known else super().name(_, name, holds=holds)

    def exists(self, _: Tree, fact: Tree, *, holds: bool) -> Formula:
        return self._given(_, holds=holds) if name_of(fact) in self.known else super().exists(_, fact, holds=holds)

    def _unless_known(self, tree: Tree, made: Callable[[frozenset[str]], Formula], *, holds: bool) -> Formula:
        facts = self._unknowns(tree)
        if not facts:
            return self._given(tree, holds=holds)
        beside = self._behind(tree) & self.known
        self.fixed |= beside - self.named
        try:
            return made(facts)
        except NotLinearError:
            self.fixed |= beside
            return self._true(self.variables.free(tree, facts), facts, holds=holds)

    def _unknowns(self, tree: Tree) -> frozenset[str]:
        return super()._unknowns(tree) - self.named

    def _behind(self, tree: Tree) -> frozenset[str]:
        """Return every name of a condition, and those that open derived facts in it follow from."""
        found = frozenset(names_in(tree))
        return found.union(*(self._behind(self.substitutes[name].tree) for name in found & self.substitutes.keys() - self.known))

    def _given(self, made: Tree | Figure, *, holds: bool) -> Formula:
        """Return what stands for the truth of something known."""
        if made not in self.leaves:
            self.leaves[made] = self._shared.get(made) or self._shared.keep(made, _Given(self._plan, made))
        return Atom(Row((), list(self.leaves).index(made), holds), frozenset())

    def _row(self, left: Linear, bound: Fraction | int, facts: frozenset[str], *, strict: bool, holds: bool) -> Formula:
        """Return a row, or its negation, as `linear.normal` and `negated` make it, but for the known figures, which its bound keeps."""
        rest = bound - left.constant
        scale = lcm(rest.denominator, *(c.denominator for c in left.terms.values()))
        whole = [(name, c.numerator * (scale // c.denominator)) for name, c in sorted(left.terms.items()) if c]
        own = [(name, c) for name, c in whole if name not in self.named]
        known = [(name, -c) for name, c in whole if name in self.named]
        total = rest.numerator * (scale // rest.denominator)
        if not own and not known:
            return (total > 0 if strict else total >= 0) is holds
        sign, divisor = (1 if holds else -1), gcd(*(c for _, c in own))
        figure = Figure(over=1, constant=total, terms=tuple(known), strict=strict, whole=False)
        if not own:
            return self._given(figure, holds=holds)
        figure = figure._replace(over=divisor, whole=not any(self.variables.rational(name) for name, _ in own))
        terms = tuple((name, c // divisor * sign) for name, c in own)
        row = self._kept(terms, figure if holds else figure.contrary())
        return Atom(row, frozenset(self.variables.aliases.get(name, name) for name in facts))

    def _kept(self, terms: Terms, figure: Figure) -> Row:
        row = Row(terms, self.figures.setdefault(figure, len(self.figures)), figure.strict and not figure.whole)
        self._rows[row] = figure
        return row


class _Way(Translator):
    """The way through the alternatives that cases take of which the same is true, as far as some went it.

    It reads conditions as a first case has them: what was sketched of them, with what is true and how far rows go put in.
    """

    def __init__(self, search: Search, target: str, truths: Sequence[bool | None], bounds: Sequence[int | Fraction]) -> None:
        super().__init__(search.sketch.variables)
        self.exact = True
        self._rows: dict[Row, Row] = {}
        """By each row the one that was sketched."""
        self._search, self._sketch, self._truths, self._bounds = search, search.sketch, truths, bounds
        formula = self._reaching(search.plan, search.track, target)
        ends = [self._put_row(row) for row in self._sketch.ends({name for row in self._rows for name, _ in row.terms})]
        self._idle = frozenset(row for row in ends if row.terms[0][0] not in search.derived)
        self.root = _Node(self, frozenset(ends), [formula])

    def formula(self, tree: Tree, *, holds: bool = True) -> Formula:
        made = self._made.get((tree, holds))
        if made is None:
            made = self._made[tree, holds] = self._put(self._sketch.formula(tree, holds=holds))
        return made

    def _reaching(self, plan: Plan, track: TrackPlan, target: str) -> Formula:
        """Return the formula that the rules hold and the target or a better level comes out."""
        better = plan.level_ids[plan.level_ids.index(target) :]
        rules = [self.formula(rule.holds.tree) for rule in track.invariants]
        before: list[Formula] = []
        ways: list[Formula] = []
        for step in track.track.decide:
            decided = [track.rules[level] for level in step.levels]
            ways += [conjunction((*before, level_formula(self, rule))) for rule in decided if rule.level in better]
            before += [level_formula(self, rule, holds=False) for rule in decided]
        if track.track.residual.level in better:
            ways.append(conjunction(before))
        return conjunction((conjunction(rules), disjunction(ways)))

    def _put(self, formula: Formula) -> Formula:
        """Put truths and bounds into a formula; what is decided falls out, and rows that come out equal are one."""
        if isinstance(formula, (All, Either)):
            join = conjunction if isinstance(formula, All) else disjunction
            return join(self._put(part) for part in formula.parts)
        if not isinstance(formula, Atom):
            return formula
        terms, number, strict = formula.row
        if not terms:
            truth = self._truths[int(number)]
            return self._put(self._sketch.open_truth(int(number), holds=strict)) if truth is None else truth is strict
        self.exact = self.exact and not any(name.startswith("?") for name, _ in terms)
        return formula._replace(row=self._put_row(formula.row))

    def _put_row(self, row: Row) -> Row:
        number = int(row.bound)
        bound = self._bounds[number] if number < len(self._bounds) else list(self._sketch.figures)[number].bound({})
        placed = row._replace(bound=bound)
        self._rows.setdefault(placed, row)
        return placed

    def split(self, rows: frozenset[Row], pending: Sequence[Formula]) -> tuple[frozenset[Row] | None, list[Any]]:
        """Split formulas into rows that must hold and alternatives, the shortest list first."""
        taken, choices = split(rows, pending, self.variables.rational)
        return taken, sorted(choices, key=lambda choice: len(choice.parts))

    def groups(self, rows: frozenset[Row]) -> list[RowGroup]:
        """Return rows in groups that share variables, but for those that a variable keeps to anyhow."""
        groups = [frozenset(self._rows[row] for row in group) for group in components(rows) if not group <= self._idle]
        return [self._search.group(group) for group in sorted(groups, key=min)]


class _Node:
    """A branch: the groups of rows that hold in it, and the alternatives that it leaves."""

    def __init__(self, way: _Way, rows: frozenset[Row], pending: Sequence[Formula]) -> None:
        self._way = way
        self._rows, choices = way.split(rows, pending)
        self.groups = None if self._rows is None else way.groups(self._rows)
        self.parts: Sequence[Formula] = choices[0].parts if choices else ()
        self._others = choices[1:]
        self._below: dict[int, _Node] = {}

    def below(self, number: int) -> "_Node":
        """Return the branch of one alternative."""
        node = self._below.get(number)
        if node is None:
            assert self._rows is not None
            node = self._below[number] = _Node(self._way, self._rows, [self.parts[number], *self._others])
        return node


class _Walk:
    """One case on its way through the alternatives."""

    def __init__(self, bounds: Sequence[int | Fraction], start: Mapping[str, Value]) -> None:
        self._bounds, self._start = bounds, start
        self.best: Nearest | None = None
        self.exact = True
        self.budget = Budget(MAX_BRANCHES)
        self._known: dict[RowGroup, Nearest | None] = {}

    def enter(self, node: _Node) -> None:
        """Try the alternatives of a branch; what cannot beat the best, by the cost of the rows that it has already, is left."""
        if node.groups is None or not self.budget.spend():
            return
        cost = (0, 0, 0)
        for group in node.groups:
            found = self._cheapest(group)
            if found is None:
                return
            cost = add(cost, found.cost)
        if self.best and cost >= self.best.cost:
            return
        for number in range(len(node.parts)):
            self.enter(node.below(number))
        if not node.parts:
            point: dict[str, int] = {}
            for group in node.groups:
                found = self._known[group]
                point.update(found.point if found else {})
            self.best = Nearest(cost, point)

    def _cheapest(self, group: RowGroup) -> Nearest | None:
        if group not in self._known:
            self._known[group], exact = group.cheapest(self._bounds, self._start)
            self.exact = self.exact and exact
        return self._known[group]
