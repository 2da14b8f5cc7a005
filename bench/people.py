"""People as an office has them, drawn from a seed: most did their work, some did not; the first ranks lead eight others each."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

UNDER = 8
"""How many people have one superior."""
GROUPS = ("political_ideology_met", "ethics_lifestyle_met", "working_style_met", "discipline_met", "assigned_duties_met")
EFFICIENCY = ("high",) * 16 + ("adequate", "adequate", "low")


class Person(NamedTuple):
    """One case: its name, its superior's (none at the top), and the facts."""

    name: str
    edition: str
    superior: str | None
    facts: dict[str, Any]

    def data(self) -> dict[str, Any]:
        """Return the case as its file says it."""
        names = {"case": self.name, "edition": self.edition, "subject": {"id": self.name, "name": f"Cán bộ {self.name}"}}
        return {**names, **({"superior": self.superior} if self.superior else {}), "facts": self.facts}


def people(edition: str, count: int) -> Iterator[Person]:
    """Draw the people of a year; where a leader's file counts those led, no file names its superior."""
    draw = random.Random(f"{edition} {count}")
    for number in range(count):
        facts = DRAWN[edition](draw, leads=number * UNDER + 1 < count)
        counted = not number or any(name.startswith("months_") for name in facts)
        yield Person(f"cb-{number:05}", edition, None if counted else f"cb-{(number - 1) // UNDER:05}", facts)


def half(person: Person, draw: random.Random) -> Person:
    """Leave out a third to two thirds of what is known of a person, but not what the post is."""
    names = [name for name in person.facts if name not in {"kind", "workplace", "position"}]
    gone = set(draw.sample(names, draw.randint(len(names) // 3, 2 * len(names) // 3)))
    return person._replace(facts={name: value for name, value in person.facts.items() if name not in gone})


def write_people(folder: Path, some: Iterator[Person], *, as_json: bool = False) -> Path:
    """Write a file for each person, as an author of YAML does, or the same data as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for person in some:
        text = json.dumps(person.data(), ensure_ascii=False) if as_json else _yaml(person.data())
        (folder / f"{person.name}.{'json' if as_json else 'yaml'}").write_text(text, "utf-8")
    return folder


def _yaml(data: dict[str, Any]) -> str:
    """Write a case: an item of a list on a line."""
    lines = ["# yaml-language-server: $schema=../../schemas/case.schema.json"]
    lines += [f"{key}: {_flow(value)}" for key, value in data.items() if key != "facts"]
    lines.append("facts:")
    for name, value in data["facts"].items():
        if isinstance(value, list) and value:
            lines += [f"  {name}:", *(f"    - {_flow(item)}" for item in value)]
        else:
            lines.append(f"  {name}: {_flow(value)}")
    return "\n".join([*lines, ""])


def _flow(value: Any) -> str:
    """Write a value on one line."""
    match value:
        case dict():
            return f"{{{', '.join(f'{key}: {_flow(one)}' for key, one in value.items())}}}"
        case bool():
            return str(value).lower()
        case str() if value.isdigit():
            return f'"{value}"'
        case _:
            return str(value)


def _of_2020(draw: random.Random, *, leads: bool) -> dict[str, Any]:
    """Draw the facts of a person of the head office under 2020, the tasks by name."""
    facts: dict[str, Any] = {"kind": "officer", "workplace": "head_office", "position": "head" if leads else "specialist"}
    facts |= {name: draw.random() < 0.985 for name in GROUPS}
    facts |= {"ideological_decline": draw.random() < 0.01, "disciplined_in_year": draw.random() < 0.02, "roles": []}
    if not leads:
        return facts | {"tasks": [_item(draw, "Nhiệm vụ", n, 0.5) for n in range(draw.randint(6, 14))]}
    targets = [_item(draw, "Chỉ tiêu", n, 0.55) for n in range(draw.randint(5, 10))]
    for target in targets:
        del target["efficiency"]
    return facts | {
        "unit_corruption": False,
        "criteria": [_item(draw, "Tiêu chí", n, 0.3) for n in range(draw.randint(6, 12))],
        "targets": targets,
    }


def _item(draw: random.Random, what: str, number: int, exceeded: float) -> dict[str, Any]:
    """Draw one item of work, which is mostly done well."""
    done = {"completed": draw.random() < 0.995, "on_time": draw.random() < 0.99, "quality": draw.random() < 0.99}
    return {"name": f"{what} {number + 1}", **done, "efficiency": draw.choice(EFFICIENCY), "exceeded": draw.random() < exceeded}


def _of_2026(draw: random.Random, *, leads: bool) -> dict[str, Any]:
    """Draw the facts of a person under the draft of 2026: points, counts, earlier shortcomings."""
    work, total = "targets" if leads else "tasks", draw.randint(5, 20)
    completed = total - draw.choice([0, 0, 0, 1, 2])
    earlier = draw.choice([0, 0, 0, 1, 2])
    facts: dict[str, Any] = {
        "kind": "officer", "position": draw.choice(["head", "deputy_head"]) if leads else "specialist", "months_worked": "12 months",
        "months_absent": "0 months", "maternity_leave": False,
        "disciplined_in_year": draw.random() < 0.03, "ideological_decline": False, "excused_by": [],
        "general_points": draw.randint(18, 30), "results_points": draw.randint(30, 70),
        f"{work}_total": total, f"{work}_completed": completed, f"{work}_on_time": completed - draw.choice([0, 0, 1, 2]),
        f"{work}_exceeded": draw.randint(0, completed),
        "earlier_shortcomings_total": earlier, "earlier_shortcomings_remedied": earlier,
    }  # fmt: skip
    if leads:
        facts |= {"unit_corruption": False, "subordinates_total": UNDER, "subordinates_not_completed": draw.choice([0, 0, 1])}
        facts |= {"confidence_vote_held": False, "unit_level": draw.choice(["none", "good", "completed"])}
    return facts


DRAWN = {"2020": _of_2020, "2026-draft": _of_2026}
