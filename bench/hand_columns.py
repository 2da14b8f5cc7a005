"""The head office's two tracks as a hand-written Polars plan: the yardstick of `bench/batch.py`.

What a programmer would write who gives up data, unknowns and checks: no invariants, no bad cells, no interpretations. The level, and a
column for each criterion that is NULL for the other track and where the criterion does not apply.
"""

import polars as pl

_LEADERS = ("chair", "deputy_chair", "head", "deputy_head")
_ALL_TARGETS = {"all_targets", "half_exceeded", "on_time", "targets_70", "targets_50"}
_ALL_PEOPLE = {"all_people", "people_good", "people_70"}


def tracks() -> tuple[pl.Expr, pl.Expr]:
    """Return whether a row is a specialist's, and whether it is a leader's."""
    c = pl.col
    office = (c("kind") == "officer") & (c("workplace") == "head_office")
    leader = c("position") == _LEADERS[0]
    for position in _LEADERS[1:]:
        leader |= c("position") == position
    return office & (c("position") == "specialist"), office & leader


def criteria() -> tuple[dict[str, pl.Expr], dict[str, pl.Expr]]:
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
    is_specialist, is_leader = tracks()
    s, raw = criteria()
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
    is_specialist, is_leader = tracks()
    specialist, leader = criteria()
    targets, people = pl.col("targets_total") > 0, pl.col("subordinates_total") > 0
    here = {**dict.fromkeys(_ALL_TARGETS, is_leader & targets), **dict.fromkeys(_ALL_PEOPLE, is_leader & people)}
    found = [pl.when(is_specialist).then(one).alias(f"s_{name}") for name, one in specialist.items()]
    return [*found, *(pl.when(here.get(name, is_leader)).then(one).alias(f"l_{name}") for name, one in leader.items())]
