"""The same guideline by hand: what programmers write who give up data, unknowns and checks. The yardsticks of `python -m bench`.

H (`classify`) gives the level of one case, in the peers' names of facts. The head office's two tracks stand here as a plan of Polars and
as a statement of DuckDB too: the level, and a column for each criterion that is NULL for the other track and where the criterion does
not apply. No invariants, no bad cells, no interpretations.
"""

from typing import Any

import polars as pl

_LEADERS = ("chair", "deputy_chair", "head", "deputy_head")
_ALL_TARGETS = {"all_targets", "half_exceeded", "on_time", "targets_70", "targets_50"}
_ALL_PEOPLE = {"all_people", "people_good", "people_70"}


def classify(c: dict[str, Any]) -> str:  # noqa: PLR0911  (a ladder of ifs is the point)
    """Return the level of one complete case, in exact integers."""
    bad, whole = c["criteria_deficient"], c["criteria_total"]
    if c["track"] == "a":
        if c["ideology_decline"] or bad * 2 > whole or c["disciplined"]:
            return "not_completed"
        if not c["general_criteria_met"]:
            return "gap"
        n = c["tasks_total"]
        if c["tasks_done"] == n and c["tasks_on_time_quality"] == n and c["tasks_high_efficiency"] == n:
            return "excellent" if c["tasks_exceeded"] * 2 >= n else "good"
        return "completed" if c["criteria_done"] == whole and bad * 5 <= whole else "gap"
    done, targets = c["unit_targets_done"], c["unit_targets_total"]
    if c["ideology_decline"] or bad * 2 > whole or done * 2 < targets or c["corruption_in_unit"] or c["disciplined"]:
        return "not_completed"
    if not c["general_criteria_met"] or c["criteria_done"] != whole:
        return "gap"
    below, fair = c["subordinates_total"], c["subordinates_completed_or_better"]
    if bad == 0 and done == targets and fair == below:
        half = c["unit_targets_exceeded"] * 2 >= targets
        if c["criteria_high_efficiency"] == whole and half and c["subordinates_good_or_better"] * 10 >= 7 * below:
            return "excellent"
        if c["unit_targets_on_time_quality"] * 10 >= 8 * targets:
            return "good"
    return "completed" if bad * 5 <= whole and done * 10 > 7 * targets and fair * 10 >= 7 * below else "gap"


def _tracks() -> tuple[pl.Expr, pl.Expr]:
    """Return whether a row is a specialist's, and whether it is a leader's."""
    c = pl.col
    office = (c("kind") == "officer") & (c("workplace") == "head_office")
    leader = c("position") == _LEADERS[0]
    for position in _LEADERS[1:]:
        leader |= c("position") == position
    return office & (c("position") == "specialist"), office & leader


def _criteria() -> tuple[dict[str, pl.Expr], dict[str, pl.Expr]]:
    """Return the criteria of both tracks, in whole numbers; a specialist's tasks stand in where criteria are not counted apart."""
    c = pl.col
    met = c("political_ideology_met") & c("ethics_lifestyle_met") & c("working_style_met") & c("discipline_met") & c("assigned_duties_met")
    own = {part: c(f"criteria_{part}") for part in ("total", "completed", "deficient")}
    apart = c("criteria_counted_apart").fill_null(value=False)
    taken = {part: pl.when(apart).then(figure).otherwise(c(f"tasks_{part}")) for part, figure in own.items()}
    specialist = {
        "general": met, "well_done": c("tasks_well_done") == c("tasks_total"), "half": c("tasks_exceeded") * 2 >= c("tasks_total"),
        "all_done": taken["completed"] == taken["total"], "few": taken["deficient"] * 5 <= taken["total"],
        "decline": c("ideological_decline"), "most": taken["deficient"] * 2 > taken["total"], "disciplined": c("disciplined_in_year"),
    }  # fmt: skip
    done, targets = c("targets_completed"), c("targets_total")
    fair, people = c("subordinates_completed_or_better"), c("subordinates_total")
    leader = {
        "general": met, "efficient": c("criteria_highly_efficient") == own["total"], "own_done": own["completed"] == own["total"],
        "all_targets": done == targets, "half_exceeded": c("targets_exceeded") * 2 >= targets, "all_people": fair == people,
        "people_good": c("subordinates_good_or_better") * 10 >= people * 7, "none_deficient": own["deficient"] == 0,
        "on_time": c("targets_on_time_quality") * 5 >= targets * 4, "few": own["deficient"] * 5 <= own["total"],
        "targets_70": done * 10 > targets * 7, "people_70": fair * 10 >= people * 7, "decline": c("ideological_decline"),
        "most": own["deficient"] * 2 > own["total"], "targets_50": done * 2 < targets, "corruption": c("unit_corruption"),
        "disciplined": c("disciplined_in_year"),
    }  # fmt: skip
    return specialist, leader


def level() -> pl.Expr:
    """Return the level of a row, or `gap`."""
    is_specialist, is_leader = _tracks()
    s, raw = _criteria()
    some = {name: pl.col("targets_total") > 0 for name in _ALL_TARGETS} | {name: pl.col("subordinates_total") > 0 for name in _ALL_PEOPLE}
    n = {name: one | ~some[name] if name in some else one for name, one in raw.items()}
    bad = raw["decline"] | raw["most"] | (raw["targets_50"] & some["targets_50"]) | raw["corruption"] | raw["disciplined"]
    best = n["general"] & n["efficient"] & n["all_targets"] & n["half_exceeded"] & n["all_people"] & n["people_good"]
    good = n["general"] & n["own_done"] & n["none_deficient"] & n["all_targets"] & n["on_time"] & n["all_people"]
    fine = n["general"] & n["own_done"] & n["few"] & n["targets_70"] & n["people_70"]
    failed = (is_specialist & (s["decline"] | s["most"] | s["disciplined"])) | (is_leader & bad)
    excellent = (is_specialist & s["general"] & s["well_done"] & s["half"]) | (is_leader & best)
    well = (is_specialist & s["general"] & s["well_done"]) | (is_leader & good)
    completed = (is_specialist & s["general"] & s["all_done"] & s["few"]) | (is_leader & fine)
    chosen = pl.when(failed).then(pl.lit("not_completed")).when(excellent).then(pl.lit("excellent")).when(well).then(pl.lit("good"))
    return chosen.when(completed).then(pl.lit("completed")).otherwise(pl.lit("gap")).alias("level")


def verdicts() -> list[pl.Expr]:
    """Return a column for each criterion of each track."""
    is_specialist, is_leader = _tracks()
    specialist, leader = _criteria()
    targets, people = pl.col("targets_total") > 0, pl.col("subordinates_total") > 0
    here = {**dict.fromkeys(_ALL_TARGETS, is_leader & targets), **dict.fromkeys(_ALL_PEOPLE, is_leader & people)}
    found = [pl.when(is_specialist).then(one).alias(f"s_{name}") for name, one in specialist.items()]
    return [*found, *(pl.when(here.get(name, is_leader)).then(one).alias(f"l_{name}") for name, one in leader.items())]


_MET = "political_ideology_met AND ethics_lifestyle_met AND working_style_met AND discipline_met AND assigned_duties_met"
_TAKEN = {
    part: f"CASE WHEN coalesce(criteria_counted_apart, false) THEN criteria_{part} ELSE tasks_{part} END"
    for part in ("total", "completed", "deficient")
}
_SPECIALIST = "kind = 'officer' AND workplace = 'head_office' AND position = 'specialist'"
_LEADER = "kind = 'officer' AND workplace = 'head_office' AND position IN ('chair', 'deputy_chair', 'head', 'deputy_head')"
_OF_SPECIALISTS = {
    "general": _MET, "well_done": "tasks_well_done = tasks_total", "half": "tasks_exceeded * 2 >= tasks_total",
    "all_done": f"{_TAKEN['completed']} = {_TAKEN['total']}", "few": f"{_TAKEN['deficient']} * 5 <= {_TAKEN['total']}",
    "decline": "ideological_decline", "most": f"{_TAKEN['deficient']} * 2 > {_TAKEN['total']}", "disciplined": "disciplined_in_year",
}  # fmt: skip
_OF_LEADERS = {
    "general": _MET, "efficient": "criteria_highly_efficient = criteria_total", "own_done": "criteria_completed = criteria_total",
    "all_targets": "targets_completed = targets_total", "half_exceeded": "targets_exceeded * 2 >= targets_total",
    "all_people": "subordinates_completed_or_better = subordinates_total",
    "people_good": "subordinates_good_or_better * 10 >= subordinates_total * 7", "none_deficient": "criteria_deficient = 0",
    "on_time": "targets_on_time_quality * 5 >= targets_total * 4", "few": "criteria_deficient * 5 <= criteria_total",
    "targets_70": "targets_completed * 10 > targets_total * 7",
    "people_70": "subordinates_completed_or_better * 10 >= subordinates_total * 7",
    "decline": "ideological_decline", "most": "criteria_deficient * 2 > criteria_total",
    "targets_50": "targets_completed * 2 < targets_total",
    "corruption": "unit_corruption", "disciplined": "disciplined_in_year",
}  # fmt: skip


def statement(path: str, *, criteria: bool) -> str:
    """Return the query of DuckDB over a file: the level of each row, and a column for each criterion."""
    s = {name: f"({one})" for name, one in _OF_SPECIALISTS.items()}
    some = {name: "targets_total" if name in _ALL_TARGETS else "subordinates_total" for name in _ALL_TARGETS | _ALL_PEOPLE}
    n = {name: f"({one} OR {some[name]} = 0)" if name in some else f"({one})" for name, one in _OF_LEADERS.items()}
    n["targets_50"] = "(targets_completed * 2 < targets_total AND targets_total > 0)"
    ladder = (
        ("not_completed", "OR", ("decline", "most", "disciplined"), ("decline", "most", "targets_50", "corruption", "disciplined")),
        (
            "excellent",
            "AND",
            ("general", "well_done", "half"),
            ("general", "efficient", "all_targets", "half_exceeded", "all_people", "people_good"),
        ),
        ("good", "AND", ("general", "well_done"), ("general", "own_done", "none_deficient", "all_targets", "on_time", "all_people")),
        ("completed", "AND", ("general", "all_done", "few"), ("general", "own_done", "few", "targets_70", "people_70")),
    )

    def holds(track: str, by: str, some: list[str]) -> str:
        return f"({track} AND ({f' {by} '.join(some)}))"

    rungs = [
        f"WHEN {holds(_SPECIALIST, by, [s[one] for one in of_s])} OR {holds(_LEADER, by, [n[one] for one in of_l])} THEN '{name}'"
        for name, by, of_s, of_l in ladder
    ]
    columns = [f"CASE {' '.join(rungs)} ELSE 'gap' END AS level"]
    if criteria:
        columns += [f"CASE WHEN {_SPECIALIST} THEN {one} END AS s_{name}" for name, one in _OF_SPECIALISTS.items()]
        here = {name: f"{_LEADER} AND {total} > 0" for name, total in some.items()}
        columns += [f"CASE WHEN {here.get(name, _LEADER)} THEN {one} END AS l_{name}" for name, one in _OF_LEADERS.items()]
    return f"SELECT {', '.join(columns)} FROM read_parquet('{path}')"
