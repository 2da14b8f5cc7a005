"""What an edition claims of itself, for a proof to confirm: its known gaps, the exceptions of its ladder, its monotonicities."""

from collections.abc import Iterable, Mapping

from policy_engine.errors import N_
from policy_engine.language.types import NOUNS, NUMBERS, WRONG
from policy_engine.load.build_facts import check_name
from policy_engine.load.build_thresholds import fill
from policy_engine.load.conditions import build_condition
from policy_engine.load.context import Context
from policy_engine.load.declared import Declared
from policy_engine.load.node import Node
from policy_engine.model.rulebook import GapDeclaration, LadderException, Monotonicity

CLAIMS = ("gaps", "monotone")
"""The keys of a track under which it claims something of itself."""
NEVER = ("lowers", "raises")


def build_gaps(got: Mapping[str, Node], context: Context) -> tuple[GapDeclaration, ...]:
    """Read the gaps that a track declares."""
    found: list[GapDeclaration] = []
    for item in _entries(got, "gaps"):
        own = item.fields(("id", "where", "says"), ("readings",))
        where = build_condition(own["where"], context.scope, context.positive)
        says = fill(own["says"], context.thresholds, context.scope)
        if where:
            found.append(GapDeclaration(own["id"].text(), where, says, item.place, context.readings(own)))
    return tuple(found)


def build_monotone(got: Mapping[str, Node], context: Context) -> tuple[Monotonicity, ...]:
    """Read what more of a fact never does."""
    found: list[Monotonicity] = []
    for item in _entries(got, "monotone"):
        own = item.fields(("id", "more", "never", "says"))
        fact = own["more"].text()
        if own["more"].refer(fact, context.facts, N_("fact")) and context.facts[fact].type.kind not in {*NUMBERS, WRONG.kind}:
            own["more"].complain("PE303", found=f"{fact} ({context.facts[fact].type.kind})", wanted=NOUNS["zero"])
        found.append(Monotonicity(own["id"].text(), fact, own["never"].one_of(NEVER), own["says"].texts(), item.place))
    return tuple(found)


def build_exceptions(
    got: Mapping[str, Node], levels: Declared[object], asked: Declared[object], context: Context
) -> tuple[LadderException, ...]:
    """Read where a better level of a step does not ask what a worse one of it asks."""
    if "exceptions" not in got:
        return ()
    found: list[LadderException] = []
    for item in got["exceptions"].items(at_least=1):
        own = item.fields(("level", "without", "says"))
        without = own["without"].items(at_least=1)
        for child in without:
            child.refer(child.text(), asked, N_("criterion"))
        names = tuple(child.text() for child in without)
        found.append(
            LadderException(
                own["level"].one_of(levels),
                names,
                fill(own["says"], context.thresholds, context.scope),
                item.place,
            )
        )
    return tuple(found)


def _entries(got: Mapping[str, Node], key: str) -> Iterable[Node]:
    """Give the entries under a key, each with an id of its own."""
    seen: dict[str, Node] = {}
    for item in got[key].items(at_least=1) if key in got else ():
        if item.has("id"):
            name = item.child("id")
            check_name(name, name.text())
            if name.text() in seen:
                first = seen[name.text()].place
                name.complain("PE402", name=name.text(), first=f"{first.file}:{first.line}")
            seen[name.text()] = item
        yield item
