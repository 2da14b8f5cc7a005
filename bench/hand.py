"""H: the same guideline as a hand-written classifier that returns the level only.

The yardstick of every ratio in `bench/`: what a programmer would write who gives up traces, unknowns and data.
The facts are those of the peers' benchmark (see `facts_of`), one dictionary a case.
"""

from typing import Any


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


def facts_of(c: dict[str, Any]) -> dict[str, Any] | None:
    """Return a case of the peers' benchmark as facts of the 2020 edition; None where its counts cannot be real.

    The generator draws counts that no list of items could give (more highly efficient than not deficient,
    say); the engine refuses those as bad input, so they are left out on both sides.
    """
    leader = c["track"] == "b"
    well = min(c["tasks_done"], c["tasks_on_time_quality"], c["tasks_high_efficiency"])
    facts: dict[str, Any] = {
        "kind": "officer", "workplace": "head_office", "position": "head" if leader else "specialist",
        "ideological_decline": c["ideology_decline"], "disciplined_in_year": c["disciplined"], "unit_corruption": c["corruption_in_unit"],
        "criteria_counted_apart": True, "criteria_total": c["criteria_total"], "criteria_completed": c["criteria_done"],
        "criteria_deficient": c["criteria_deficient"], "criteria_highly_efficient": c["criteria_high_efficiency"],
        "tasks_total": c["tasks_total"], "tasks_completed": c["tasks_done"], "tasks_deficient": c["tasks_total"] - well,
        "tasks_well_done": well, "tasks_exceeded": c["tasks_exceeded"],
        "targets_total": c["unit_targets_total"], "targets_completed": c["unit_targets_done"],
        "targets_exceeded": c["unit_targets_exceeded"], "targets_on_time_quality": c["unit_targets_on_time_quality"],
        "subordinates_total": c["subordinates_total"],
        "subordinates_completed_or_better": c["subordinates_completed_or_better"],
        "subordinates_good_or_better": c["subordinates_good_or_better"],
    }  # fmt: skip
    met = c["general_criteria_met"]
    groups = ("political_ideology", "ethics_lifestyle", "working_style", "discipline", "assigned_duties")
    facts |= {f"{group}_met": met for group in groups}
    return facts if _real(facts) else None


def _real(f: dict[str, Any]) -> bool:
    """Return whether counts obey the invariants of the edition."""
    for kind, good in (("tasks", "well_done"), ("criteria", "highly_efficient")):
        whole, done, bad, best = (f[f"{kind}_{part}"] for part in ("total", "completed", "deficient", good))
        if not (done <= whole and whole - done <= bad <= whole and best <= done and best + bad <= whole):
            return False
    targets = max(f["targets_exceeded"], f["targets_on_time_quality"]) <= f["targets_completed"] <= f["targets_total"]
    people = f["subordinates_good_or_better"] <= f["subordinates_completed_or_better"] <= f["subordinates_total"]
    return bool(targets and people and f["tasks_exceeded"] <= f["tasks_completed"])
