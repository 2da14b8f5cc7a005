"""Random editions of sums: points and shares that nothing bounds, counts, levels from outside; and cases with most of it open.

What `random_editions` draws is compared with figures mostly, one fact at a time; here a condition adds up several, takes parts of
them, and holds sums against sums, so that what is open hangs together.
"""

from collections.abc import Mapping
from fractions import Fraction

from policy_engine.language.values import Value
from policy_engine.model.case import Case
from policy_engine.model.rulebook import Edition
from tests.editions.random_conditions import SIGNS, Dice
from tests.editions.random_editions import Data, edition_from

LEVELS = ("top", "good", "poor")
POINTS, SHARES, COUNTS = ("pa", "pb", "pc"), ("sa", "sb"), ("ca", "cb")


def sums_edition(dice: Dice) -> Edition:
    """Draw an edition whose criteria add up points, shares and counts."""
    kinds = {
        "flag": "bool",
        "mate": "level",
        **dict.fromkeys(POINTS, "points"),
        **dict.fromkeys(SHARES, "share"),
        **dict.fromkeys(COUNTS, "count"),
    }
    facts: Data = {name: {"type": kind, "label": _texts(name), "asks": _texts(name)} for name, kind in kinds.items()}
    facts["kind"] = {"type": "choice", "label": _texts("kind"), "asks": _texts("kind"), "choices": {"a": _texts("a"), "b": _texts("b")}}
    figures = {"points": f"{dice.pick((5, 0, 10))} points", "share": dice.pick(("50%", "100%", "33.3%")), "count": dice.pick((2, 0, 3))}
    thresholds = {f"any_{name}": {"value": value, "cite": "I", "phrase": "so"} for name, value in figures.items()}
    laws = [_comparison(dice) for _ in range(dice.pick((0, 1, 2, 3)))]
    front: Data = {"edition": "drawn", "status": "draft", "title": _texts("drawn"), "period": {"from": "2020-01-01", "until": "2020-12-31"}}
    contents: dict[str, Data] = {
        "edition": {**front},
        "facts": {
            "facts": facts, "thresholds": thresholds,
            "invariants": [{"id": f"law_{n}", "holds": law, "says": _texts("law")} for n, law in enumerate(laws)],
        },
        "scale": {"scale": [{"level": level, "code": level.upper(), "label": _texts(level)} for level in LEVELS]},
        "track": _track(dice),
    }  # fmt: skip
    if dice.seldom(2):
        contents["chapter"] = _chapter(dice)
    return edition_from(contents)


def sums_case(dice: Dice, edition: Edition) -> Case:
    """Draw a case of which about half the facts are open."""
    values: Mapping[str, Value] = {
        "flag": bool(dice.below(2)), "mate": dice.below(len(LEVELS)), **{name: Fraction(dice.pick((5, 0, 12, 5))) for name in POINTS},
        **{name: Fraction(dice.pick(("1/2", "0", "1"))) for name in SHARES}, **{name: dice.pick((2, 0, 3, 7)) for name in COUNTS},
    }  # fmt: skip
    return Case("drawn", edition.id, {}, {"kind": "a", **{name: value for name, value in values.items() if dice.below(2)}}, {}, {}, ())


def _texts(word: str) -> Data:
    return {"vi": f"{word} (vi)", "en": word}


def _track(dice: Dice) -> Data:
    levels = LEVELS if dice.below(2) else LEVELS[:-1]
    return {
        "track": "all", "cite": "I", "label": _texts("all"), "applies_to": "kind == 'a'",
        "levels": {level: {"cite": "I", dice.pick(("all_of", "any_of")): _criteria(dice, level)} for level in levels},
        "decide": [{"highest_of": list(levels)}] if dice.below(2) else [{"first": levels[-1]}, {"highest_of": list(levels[:-1])}],
        "residual": {"outcome": "gap"} if len(levels) == len(LEVELS) else {"level": LEVELS[-1]},
    }  # fmt: skip


def _criteria(dice: Dice, level: str) -> list[Data]:
    found: list[Data] = []
    for number in range(dice.pick((1, 2, 3))):
        one: Data = {"id": f"{level}_{number}", "cite": "I", "phrase": "so", "says": _texts("so"), "when": _condition(dice)}
        found.append(one | ({"applies_when": _condition(dice)} if dice.seldom(4) else {}))
    return found


def _chapter(dice: Dice) -> Data:
    rule: Data = {"cite": "II", "phrase": "so", "says": _texts("so")}
    found: Data = {"chapter": "II", "label": _texts("chapter"), "eligibility": [{**rule, "id": "barred", "when": _condition(dice)}]}
    ceiling = {**rule, "id": "ceiling", "not_above": "mate", "on_breach": "lower", "severity": "note"}
    return found | ({"ceilings": [ceiling | ({"applies_when": "not flag"} if dice.below(2) else {})]} if dice.below(2) else {})


def _condition(dice: Dice) -> str:
    shape = dice.pick(("one", "one", "flag", "and", "or", "not"))
    if shape == "flag":
        return "flag"
    parts = [_comparison(dice) for _ in range(2 if shape in {"and", "or"} else 1)]
    return f"(not {parts[0]})" if shape == "not" else f"({f' {shape} '.join(parts)})" if len(parts) > 1 else parts[0]


def _comparison(dice: Dice) -> str:
    kind, names = dice.pick((("points", POINTS), ("points", POINTS), ("share", SHARES), ("count", COUNTS)))
    left = f" {dice.pick('+-')} ".join(dice.pick(names) for _ in range(dice.pick((2, 1, 3))))
    right = dice.pick((f"any_{kind}", "0", dice.pick(names), f"any_share * {dice.pick(names)}" if kind != "share" else f"any_{kind}"))
    return f"{left} {dice.pick(SIGNS)} {right}"
