"""A wrong declaration is the first and only error of its kind: what merely follows from it is held back."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from policy_engine.checks.run import check_edition, severity_of
from policy_engine.load.survey import survey_edition
from tests.conftest import ROOT

Told = list[tuple[str, str]]
DRAFT, ISSUED = "2026-draft", "2020"
UNIONS = "chapters/III.1-attached-unions.yaml"
CAP = "chapters/QD366.11-cap.yaml"
OFFICERS = "chapters/II.3-union-officers.yaml"
LEADER = "criteria/officer-leader.yaml"
SPECIALIST = "criteria/head-office-specialist.yaml"

WRONG: dict[str, tuple[str, str, str, str, Told]] = {
    "threshold: decimals behind a comma": (DRAFT, "facts.yaml", "value: 30%", "value: 37,5%", [("PE404", "37,5%")]),
    "threshold: a share as a decimal": (DRAFT, "facts.yaml", "value: 30%", "value: 0.3", [("PE404", "0.3")]),
    "threshold: in words": (DRAFT, "facts.yaml", "value: 30%", "value: ba mươi phần trăm", [("PE404", "ba mươi")]),
    "threshold: a list": (DRAFT, "facts.yaml", "value: 30%", "value: [30%]", [("PE203", "[30%]")]),
    "threshold: no value": (DRAFT, "facts.yaml", "value: 30%", "vlaue: 30%", [("PE201", "vlaue")]),
    "threshold: no phrase": (DRAFT, "facts.yaml", "    phrase: ít nhất 30%\n", "", [("PE202", "min_exceeded")]),
    "threshold: not a block": (
        DRAFT,
        "facts.yaml",
        "  min_exceeded:\n    value: 30%\n    cite: QD366/11/HTXSNV/3\n    phrase: ít nhất 30%\n",
        "  min_exceeded: 30%\n",
        [("PE203", "30%")],
    ),
    "threshold of a track": (ISSUED, SPECIALIST, "    value: 50%", "    value: a half", [("PE404", "a half")]),
    "threshold of a chapter": (ISSUED, OFFICERS, "value: 6 months", "value: half a year", [("PE404", "half a year")]),
    "threshold of a cap": (DRAFT, CAP, "value: 20%", "value: 20 %%", [("PE404", "20 %%")]),
    "thresholds: no block of names": (
        DRAFT,
        CAP,
        "thresholds:\n",
        "thresholds: none\nthreshold:\n",
        [
            ("PE203", "none"),
            ("PE201", "threshold"),
        ],
    ),
    "fact: type misspelt": (
        DRAFT,
        "facts.yaml",
        "  tasks_total:\n    type: count",
        "  tasks_total:\n    type: cuont",
        [("PE204", "cuont")],
    ),
    "fact: type left out": (DRAFT, "facts.yaml", "  tasks_total:\n    type: count\n", "  tasks_total:\n", [("PE202", "tasks_total")]),
    "fact: choices misspelt": (
        DRAFT,
        "facts.yaml",
        "    type: choice\n    choices:\n      officer:",
        "    type: choice\n    chioces:\n      officer:",
        [
            ("PE201", "chioces"),
        ],
    ),
    "fact: label left out": (
        DRAFT,
        "facts.yaml",
        "    label:\n      vi: Nơi công tác\n      en: Place of work\n",
        "",
        [("PE202", "workplace")],
    ),
    "fact: derived from nothing": (DRAFT, "facts.yaml", "counted_from: count(tasks)", "counted_from: count(tsks)", [("PE302", "tsks")]),
    "level: id left out": (DRAFT, "scale.yaml", "- level: good\n    cite", "- cite", [("PE202", "cite: QD366/11/HTTNV")]),
    "level: label left out": (
        DRAFT,
        "scale.yaml",
        "    label:\n      vi: Hoàn thành tốt nhiệm vụ\n      en: Good completion of tasks\n",
        "",
        [("PE202", "level: good")],
    ),
    "level: misspelt under `levels:`": (DRAFT, LEADER, "levels:\n  excellent:", "levels:\n  excelent:", [("PE401", "excelent")]),
    "level: misspelt step": (DRAFT, LEADER, "highest_of:", "higest_of:", [("PE201", "higest_of")]),
    "scale: no list": (DRAFT, "scale.yaml", "scale:\n", "scale: none\nlevels:\n", [("PE203", "none"), ("PE201", "levels")]),
    "choice: words left out": (
        DRAFT,
        "facts.yaml",
        "      officer:\n        vi: Cán bộ công đoàn\n        en: Union officer\n",
        "      officer: Cán bộ\n",
        [("PE203", "Cán bộ")],
    ),
    "body: label left out": (
        ISSUED,
        "bodies.yaml",
        "    label:\n      vi: Tổng Liên đoàn\n      en: Vietnam General Confederation of Labour (VGCL)\n",
        "",
        [("PE202", "vgcl")],
    ),
    "bodies: no block of names": (ISSUED, "bodies.yaml", "bodies:\n", "bodies: []\nbodes:\n", [("PE203", "[]"), ("PE201", "bodes")]),
    "clause: no sentence": (ISSUED, "clauses.yaml", "  - clause: I\n", "  - cluase: I\n", [("PE201", "cluase")]),
    "interpretation: status misspelt": (DRAFT, "register.yaml", "status: proposed", "status: propsed", [("PE204", "propsed")]),
    "register: no block of names": (
        DRAFT,
        "register.yaml",
        "register:\n",
        "register: none\nregistr:\n",
        [
            ("PE203", "none"),
            ("PE201", "registr"),
        ],
    ),
    "criterion: id misspelt": (DRAFT, LEADER, "      - id: ", "      - idd: ", [("PE201", "idd")]),
    "shared criterion: a fault in its condition": (
        DRAFT,
        "criteria/shared.yaml",
        "    when: total_points >= excellent_from",
        "    when: total_point >= excellent_from",
        [("PE302", "total_point")],
    ),
    "criteria: no block of names": (
        DRAFT,
        "criteria/shared.yaml",
        "criteria:\n",
        "criteria: []\ncritera:\n",
        [
            ("PE203", "[]"),
            ("PE201", "critera"),
        ],
    ),
    "track: name left out": (ISSUED, SPECIALIST, "track: head_office_specialist", "track: 5", [("PE203", "5")]),
    "guard that cannot be read": (
        DRAFT,
        "criteria/shared.yaml",
        "    applies_when: targets_total > 0",
        "    applies_when: targets_totl > 0",
        [("PE302", "targets_totl")],
    ),
    "word of the text: no list": (ISSUED, "operative-words.yaml", "words: [trên]", "words: trên", [("PE203", "trên")]),
    "period: no such day": (ISSUED, "edition.yaml", "until: 2020-12-31", "until: 2020-31-12", [("PE206", "2020-31-12")]),
    "period: a day of another land": (ISSUED, "edition.yaml", "until: 2020-12-31", "until: 31/12/2020", [("PE206", "31/12/2020")]),
    "threshold: no such day": (ISSUED, UNIONS, "value: 2020-12-15", "value: 2020-15-12", [("PE206", "2020-15-12")]),
    "track: a name that cannot be": (ISSUED, SPECIALIST, "track: head_office_specialist", "track: Specialist", [("PE409", "track: S")]),
    "fact: a name that cannot be": (DRAFT, "facts.yaml", "  tasks_total:\n", "  tasks-total:\n", [("PE409", "tasks-total")]),
    "threshold: a name that cannot be": (DRAFT, "facts.yaml", "  min_exceeded:\n", "  Min_exceeded:\n", [("PE409", "Min_exceeded")]),
    "level: a name that cannot be": (DRAFT, "scale.yaml", "- level: good\n", "- level: Good\n", [("PE409", "level: Good")]),
    "body: a name that cannot be": (ISSUED, "bodies.yaml", "  vgcl:\n", "  v-gcl:\n", [("PE409", "v-gcl")]),
    "route: not a block": (
        ISSUED,
        OFFICERS,
        "  - id: standing_member_reviews\n    duty: reviews\n",
        "  - []\n  - id: standing_member_reviews\n    duty: reviews\n",
        [("PE203", "[]")],
    ),
    "residual: a list for a level": (ISSUED, SPECIALIST, "residual:\n  outcome: gap", "residual:\n  level: [low]", [("PE203", "[low]")]),
    "residual: a level misspelt": (ISSUED, SPECIALIST, "residual:\n  outcome: gap", "residual:\n  level: god", [("PE204", "god")]),
    "file of no kind": (DRAFT, "scale.yaml", "scale:\n", "scael:\n", [("PE202", "scael")]),
}
"""A slip in a declaration: edition, file, what stands there, what is written instead, and what is told (the code, what stands there)."""


def _told(folder: Path) -> list[tuple[str, str]]:
    checked = check_edition(survey_edition("x", str(folder)))
    return [(p.code, p.excerpt[p.location.column - 1 :]) for p in checked.findings if severity_of(p) != "note"]


def _copy(name: str, to: Path) -> Path:
    return Path(shutil.copytree(ROOT / "rulebook" / name, to / "x", ignore=shutil.ignore_patterns("*.lock*")))


def _agree(wanted: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> bool:
    return len(wanted) == len(found) and all(w[0] == f[0] and f[1].startswith(w[1]) for w, f in zip(wanted, found, strict=True))


@pytest.mark.parametrize("slip", WRONG)
@pytest.mark.sampled(3)
def test_one_slip_is_one_error(slip: str, tmp_path: Path) -> None:
    name, file, old, new, wanted = WRONG[slip]
    folder = _copy(name, tmp_path)
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")

    found = _told(folder)

    assert _agree(wanted, found), found


@pytest.mark.parametrize(("pattern", "code"), [(r"(?m)^    value: \S.*$", "PE404"), (r"(?m)^    type: \w+$", "PE204")])
def test_every_declaration_wrong_at_once(pattern: str, code: str, tmp_path: Path) -> None:
    folder = _copy(ISSUED, tmp_path)
    count = 0
    for path in folder.rglob("*.yaml"):
        text, changed = re.subn(pattern, lambda found: found[0].partition(":")[0] + ": oops", path.read_text("utf-8"))
        path.write_text(text, "utf-8")
        count += changed

    found = _told(folder)

    assert count > 5
    assert [code] * count == [told for told, _ in found]
