"""Random small editions and random cases of them: by Hypothesis (`@given(editions_with_cases())`), or by a seed (`drawn_by(seed)`).

An edition is written as files and read by the loader, with its checks. A case has absent facts, `none`, zero wholes, parts on and
beside thresholds, and counts beyond 64 bits. `plain=True` leaves out lists and chapters; `known=True` has every fact stated that can be.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import strategies as st

from policy_engine.errors import InputError
from policy_engine.language.values import NONE, UNKNOWN, Item, Value
from policy_engine.load.edition import _build, _sort
from policy_engine.load.meaning import revision_of
from policy_engine.load.yaml_text import read_document
from policy_engine.model.case import Case, Decision, Record
from policy_engine.model.facts import FactDeclaration
from policy_engine.model.rulebook import Edition
from tests.build import table
from tests.editions.random_conditions import Dice, Words, condition, from_hypothesis, from_seed, guarded

LEVELS = ("top", "good", "fair", "poor")
GROUPS = ("one", "two")
PARTS = ("total", "done", "bad")
KINDS = ("a", "b", "c")
INTERPRETATIONS = ("R-1", "R-2", "R-3", "R-4")
SHARES = ("50%", "100%", "70%", "0%", "33.3%", "66.67%", "0.01%")
HUGE = 10**30
"""Beyond 64 bits: exact all the same, in whatever reads it."""

Data = dict[str, object]


class Drawn(NamedTuple):
    edition: Edition
    cases: tuple[Case, ...]


def editions_with_cases(count: int = 3, *, plain: bool = False, known: bool = False) -> st.SearchStrategy[Drawn]:

    @st.composite
    def drawn(draw: st.DrawFn) -> Drawn:
        return draw_with(from_hypothesis(draw), count, plain=plain, known=known)

    return drawn()


def drawn_by(seed: int, count: int = 3, *, plain: bool = False, known: bool = False) -> Drawn:
    """Draw an edition with so many cases of it, by a seed."""
    return draw_with(from_seed(seed), count, plain=plain, known=known)


def drawn_with_duties(seed: int, count: int) -> Drawn:
    """Draw an edition that asks for more than a level, with so many cases of it and what is on record of them."""
    dice = from_seed(seed)
    contents = files(dice)
    shared: Any = contents["facts"]
    contents["duties"] = _duties(dice, Words(shared["facts"], tuple(shared["thresholds"]), LEVELS[:2]))
    contents["bodies"] = {"bodies": {"board": {"label": _texts("board")}}}
    one = edition_from(contents)
    return Drawn(one, tuple(case_of(dice, one)._replace(record=_record(dice, one)) for _ in range(count)))


def draw_with(dice: Dice, count: int, *, plain: bool = False, known: bool = False) -> Drawn:
    one = edition(dice, plain=plain)
    return Drawn(one, tuple(case_of(dice, one, known=known) for _ in range(count)))


def edition(dice: Dice, *, plain: bool = False) -> Edition:
    """Draw an edition; a plain one has no lists and no chapters."""
    return edition_from(files(dice, plain=plain))


def edition_from(contents: Mapping[str, Data]) -> Edition:
    """Read an edition from the contents of its files, as the loader does; every JSON text is a YAML text."""
    raws = {os.path.join("drawn", f"{name}.yaml"): json.dumps(data, indent=1).encode() for name, data in contents.items()}
    documents = [read_document(raw, path) for path, raw in raws.items()]
    built = _build(_sort("drawn", documents))
    problems = [problem for document in documents for problem in document.problems]
    if problems:
        raise InputError(problems)
    return built._replace(revision=revision_of(document.data for document in documents))


def files(dice: Dice, *, plain: bool = False) -> dict[str, Data]:
    scale = LEVELS[: dice.pick((4, 3, 2))]
    facts = _facts(dice, plain=plain)
    shared = _figures(dice, "any")
    words = Words(facts, tuple(shared), scale)
    found: dict[str, Data] = {
        "edition": {
            "edition": "drawn",
            "status": "draft",
            "title": _texts("drawn"),
            "period": {"from": "2020-01-01", "until": "2020-12-31"},
        },
        "facts": {"facts": facts, "thresholds": shared, "invariants": _invariants(dice, facts)},
        "register": {"register": {name: _interpretation() for name in INTERPRETATIONS}},
        "scale": {"scale": [{"level": level, "code": level.upper(), "label": _texts(level)} for level in scale]},
    }
    found |= {f"track_{number}": _track(dice, number, words) for number in range(dice.pick((2, 1, 3, 2)))}
    if not plain and dice.seldom(4):
        found["chapter"] = _chapter(dice, words)
    return {name: _spelled(dice, content) for name, content in found.items()}


SPELLINGS = {"interpretations": "readings", "applies_interpretations": "applies_readings", "interpretation": "reading"}
"""Keys of the language that had another name before, by which editions of that time are still read."""


def _spelled(dice: Dice, content: object) -> Any:
    if isinstance(content, list):
        return [_spelled(dice, child) for child in content]
    if not isinstance(content, dict):
        return content
    return {SPELLINGS[key] if key in SPELLINGS and dice.below(2) else key: _spelled(dice, child) for key, child in content.items()}


def _texts(word: str) -> Data:
    return {"vi": f"{word} (vi)", "en": word}


def _fact(kind: str, **more: object) -> Data:
    return {"type": kind, "label": _texts(kind), "asks": _texts(kind), **more}


def _choices(names: Sequence[str]) -> Data:
    return {name: _texts(name) for name in names}


OPTIONAL: Mapping[str, Data] = table("editions_random_editions", "optional")


def _facts(dice: Dice, *, plain: bool) -> Data:
    found: Data = {"kind": _fact("choice", choices=_choices(KINDS))}
    found |= {f"flag_{number}": _fact("bool", locked=dice.seldom(3)) for number in range(dice.pick((2, 1, 3, 2)))}
    found |= {name: OPTIONAL[name] for name in dice.some(OPTIONAL, 4)}
    for group in GROUPS[: dice.pick((1, 2, 2, 0))]:
        found |= _group(dice, group, listed=not plain and dice.seldom(3))
    if "held_on" in found and dice.below(2):
        found["in_time"] = _fact("bool", derived="held_on >= period_start and held_on <= period_end", interpretations=_uses(dice))
    if "two_total" in found:
        found["apart"] = _fact("bool", when_absent="given(two_total, two_done)")
        found |= {"all_done": _fact("count", derived="one_done + two_done", interpretations=_uses(dice))} if dice.below(2) else {}
    return found


def _group(dice: Dice, group: str, *, listed: bool) -> Data:
    counted = {"total": f"count({group}_items)", "done": f"count({group}_items, done)", "bad": f"count({group}_items, bad and not done)"}
    more = {part: {"counted_from": counted[part], "interpretations": _uses(dice)} if listed else {} for part in PARTS}
    found: Data = {f"{group}_{part}": _fact("count", fixed=part == "total", **more[part]) for part in PARTS}
    if listed:
        fields = {name: {"type": kind} for name, kind in (("done", "bool"), ("bad", "bool"), ("size", "count"))}
        found[f"{group}_items"] = _fact("list", fields=fields)
    return found


def _uses(dice: Dice, when: str = "") -> list[object]:
    return [{"id": name, "when": when} if when and dice.below(2) else name for name in dice.some(INTERPRETATIONS, 2)]


def _invariants(dice: Dice, facts: Data) -> list[Data]:
    laws = ("{0}_done <= {0}_total", "{0}_bad <= {0}_total", "{0}_done + {0}_bad <= {0}_total", "{0}_bad >= {0}_total - {0}_done")
    found = [law.format(group) for group in GROUPS if f"{group}_total" in facts for law in dice.some(laws)]
    if "all_done" in facts and dice.below(2):
        found.append("not flag_0 or all_done >= one_done")
    return [{"id": f"law_{n}", "holds": law, "says": _texts("law"), "interpretations": _uses(dice)} for n, law in enumerate(found)]


def _figures(dice: Dice, prefix: str) -> Data:
    values: Data = {
        "share": dice.pick(SHARES), "least": dice.pick(SHARES), "count": dice.below(5), "points": f"{dice.pick(('90', '2.5', '0'))} points",
        "months": f"{dice.below(12) + 1} months", "day": (date(2020, 1, 1) + timedelta(dice.below(366))).isoformat(),
    }  # fmt: skip
    return {f"{prefix}_{name}": {"value": value, "cite": "I", "phrase": "so many"} for name, value in values.items()}


def _interpretation() -> Data:
    parts: Data = {name: _texts(name) for name in ("silent_on", "text_says", "interpretation")}
    return {"cite": ["I"], **parts, "alternatives": [], "status": "proposed"}


def _track(dice: Dice, number: int, words: Words) -> Data:
    front: Data = {"track": f"track_{number}", "cite": "I", "label": _texts("track"), "applies_to": _applies(dice, number, words)}
    if dice.seldom(10):
        return front | {"no_thresholds": {"outcome": "decided_by_authority", "says": _texts("open"), "interpretations": _uses(dice)}}
    figures = _figures(dice, "own")
    words = words._replace(figures=(*words.figures, *figures))
    wholes = dice.some(words.totals())
    requires = [
        {"id": f"some_{name}", "holds": f"{name} > 0", "says": _texts("some"), "interpretations": _uses(dice), **_otherwise(dice)}
        for name in wholes
    ]
    take = {f"two_{part}": f"one_{part}" for part in PARTS}
    stand_ins = [{"unless": dice.pick(("apart", "flag_0")), "take": take, "interpretations": _uses(dice)}]
    stand_ins = stand_ins if "two_total" in words.facts and dice.below(2) else []
    words = words._replace(positive=frozenset(wholes))
    levels = words.levels if dice.below(4) else words.levels[:-1]
    residual: Data = {"outcome": "gap"} if len(levels) == len(words.levels) else {"level": words.levels[-1]}
    body: Data = {
        "thresholds": figures, "levels": {level: _level(dice, level, words) for level in levels}, "decide": _decide(dice, levels),
        "interpretations": _uses(dice, "flag_0"), "residual": {**residual, "interpretations": _uses(dice)},
    }  # fmt: skip
    return front | body | ({"requires": requires} if requires else {}) | ({"stand_in": stand_ins} if stand_ins else {})


def _otherwise(dice: Dice) -> Data:
    if not dice.seldom(3):
        return {}
    outcome = dice.pick(("gap", "decided_by_authority"))
    return {
        "otherwise": {
            "outcome": outcome,
            "when": dice.pick(("flag_0", "not flag_0")),
            "says": _texts("none"),
            "interpretations": _uses(dice),
        }
    }


def _applies(dice: Dice, number: int, words: Words) -> str:
    kind = KINDS[number]
    if not dice.seldom(3):
        return f"kind == '{kind}'"
    counted = [f"kind == '{kind}' and one_total > 0"] if "one_total" in words.facts else []
    wide = ["kind != 'b' and kind != 'c'", "kind in ('a', 'b')"] if number == 0 else []
    return dice.pick([f"kind in ('{kind}',)", f"kind == '{kind}' and flag_0", *counted, *wide])


def _level(dice: Dice, level: str, words: Words) -> Data:
    criteria = [_criterion(dice, f"{level}_{n}", words) for n in range(dice.pick((1, 2, 3)))]
    return {"cite": f"I.{level}", dice.pick(("all_of", "all_of", "any_of")): criteria, "interpretations": _uses(dice)}


def _criterion(dice: Dice, name: str, words: Words) -> Data:
    found: Data = {"id": name, "cite": "I", "phrase": "as it says", "says": _texts("it says"), "interpretations": _uses(dice, "flag_0")}
    if dice.below(2):
        return found | {"when": condition(dice, words)}
    applies, inside = guarded(dice, words)
    return found | {"applies_when": applies, "when": condition(dice, inside), "applies_interpretations": _uses(dice)}


def _decide(dice: Dice, levels: Sequence[str]) -> list[Data]:
    turn = dice.below(len(levels))
    order = [*levels[turn:], *levels[:turn]]
    cut = dice.below(len(order))
    steps = [step for step in (order[:cut], order[cut:]) if step]
    return [{**({"first": s[0]} if len(s) == 1 and dice.below(2) else {"highest_of": s}), "interpretations": _uses(dice)} for s in steps]


def _chapter(dice: Dice, words: Words) -> Data:
    rule: Data = {"cite": "II", "phrase": "as it says", "says": _texts("it says"), "interpretations": _uses(dice)}
    found: Data = {"chapter": "II", "label": _texts("chapter")}
    others = words.of("level")
    if not others or dice.below(2):
        found["eligibility"] = [{**rule, "id": "barred", "when": condition(dice, words)}]
    if others:
        ceiling = {**rule, "id": "ceiling", "not_above": dice.pick(others), "on_breach": "lower", "severity": "note"}
        found["ceilings"] = [ceiling | ({"applies_when": "not flag_0"} if dice.below(2) else {})]
    return found


def _duties(dice: Dice, words: Words) -> Data:
    def rules(name: str, more: Callable[[], Data]) -> list[Data]:
        return [
            {
                "id": f"{name}_{number}", "cite": "III", "phrase": "as it says", "interpretations": _uses(dice, "flag_0"),
                **({"applies_when": condition(dice, words)} if dice.below(2) else {}), **more(),
            }
            for number in range(1 + dice.below(3))
        ]  # fmt: skip

    def asked() -> Data:
        return {"holds": condition(dice, words), "severity": "warning", "says": _texts("ask")}

    def in_time() -> Data:
        return asked() | ({"in_time": "decided_on <= period_end"} if dice.below(2) else {})

    def tied() -> Data:
        return {"same_as": dice.pick(("self_level", "decided_level")), "on_breach": "flag", "severity": "note", "says": _texts("tie")}

    found: Data = {"chapter": "III", "label": _texts("duties")}
    found["routes"] = rules("route", lambda: {"duty": "decides", "body": "board"})
    found["requirements"], found["contents"] = rules("paper", in_time), rules("content", asked)
    return found | {"ceilings": rules("tie", tied)}


def _record(dice: Dice, edition: Edition) -> Record:
    levels = tuple(edition.scale)
    own = dice.pick(levels) if dice.below(2) else UNKNOWN
    decisions = [Decision(dice.pick(levels), "board", date(2020, 12, 30) + timedelta(dice.below(4)), "")]
    return Record(self_level=own, decisions=tuple(decisions[: dice.below(2)]), undecided=dice.seldom(3))


def case_of(dice: Dice, edition: Edition, *, known: bool = False) -> Case:
    """Draw a case of an edition; the order of its facts means nothing."""
    facts = facts_of(dice, edition, known=known)
    names = sorted(facts)
    turn = dice.below(len(names) + 1)
    return Case("drawn", edition.id, {}, {name: facts[name] for name in (*names[turn:], *names[:turn])}, {}, {}, ())


def facts_of(dice: Dice, edition: Edition, *, known: bool = False) -> dict[str, Value]:
    """Draw what a case states; with `known` everything that can stand beside each other."""
    missing = 0 if known else dice.pick((0, 0, 1, 4))
    found: dict[str, Value] = {}
    listed = not known and dice.below(2) == 1
    for name, fact in edition.facts.items():
        if _stated(dice, fact, missing, known=known, listed=listed):
            found[name] = NONE if fact.may_be_none and dice.seldom(4) else _value(dice, fact, edition)
    if not dice.seldom(10):
        _make_lawful(dice, found)
    return found


def _stated(dice: Dice, fact: FactDeclaration, missing: int, *, known: bool, listed: bool) -> bool:
    if known:
        return fact.derived is None and fact.type.kind != "list"
    if fact.derived or fact.when_absent or (fact.counted_from and listed) or (fact.type.kind == "list" and not listed):
        return dice.seldom(30)
    return dice.below(10) >= missing


def _value(dice: Dice, fact: FactDeclaration, edition: Edition) -> Value:  # noqa: PLR0911  (one answer a type)
    match fact.type.kind:
        case "bool":
            return bool(dice.below(2))
        case "count":
            return dice.pick((1, 2, 3, 0, 4, 5, 6, 10, 100, 9_999, 10_000, 10_001, HUGE))
        case "points" | "share":
            values = (
                ("1", "0", "1/2", "333/1000", "6667/10000", "7/10") if fact.type.kind == "share" else ("90", "0", "2.5", "89.999", "90.001")
            )
            return Fraction(dice.pick(values))
        case "months":
            return dice.below(14)
        case "day":
            return date(2020, 6, 30) if dice.below(2) else date(2019, 12, 30) + timedelta(dice.below(370))
        case "level":
            return dice.below(len(edition.scale))
        case "text":
            return dice.pick(("x", "other"))
        case "choice":
            return dice.pick((*2 * fact.type.choices[:2], *fact.type.choices))
        case "set":
            return frozenset(dice.some(fact.type.choices))
        case _:
            return tuple(_item(dice) for _ in range(dice.below(4)))


def _item(dice: Dice) -> Item:
    whole: Item = {"done": bool(dice.below(2)), "bad": bool(dice.below(2)), "size": dice.below(3)}
    return {name: value for name, value in whole.items() if not dice.seldom(8)}


def _make_lawful(dice: Dice, facts: dict[str, Value]) -> None:
    for group in GROUPS:
        total = facts.get(f"{group}_total")
        if not isinstance(total, int):
            continue
        edges = sorted({min(max(total * p // q + d, 0), total) for p, q in ((1, 1), (1, 2), (7, 10), (1, 3)) for d in (0, -1, 1)})
        done = dice.pick(edges[::-1])
        for part, value in (("done", done), ("bad", total - done)):
            if f"{group}_{part}" in facts:
                facts[f"{group}_{part}"] = value
