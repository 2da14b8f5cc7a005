"""Levels and outcomes as formulas: what must hold for each to come out."""

from policy_engine.evaluate.formula import Formula, Translator, conjunction, disjunction
from policy_engine.evaluate.plan import TrackPlan
from policy_engine.model.rulebook import Criterion, LevelRule

Key = str | None
"""An outcome: the id of a level, or None for the residual outcome without a level."""


def criterion_formula(translator: Translator, criterion: Criterion, mode: str, *, holds: bool = True) -> Formula:
    """Give the formula that a criterion counts as held in its level; where it does not apply it is neutral."""
    when = translator.formula(criterion.when.tree, holds=holds)
    if criterion.applies_when is None:
        return when
    neutral = (mode == "all_of") is holds
    applies = translator.formula(criterion.applies_when.tree, holds=not neutral)
    return disjunction((applies, when)) if neutral else conjunction((applies, when))


def level_formula(translator: Translator, rule: LevelRule, *, holds: bool = True) -> Formula:
    """Give the formula that a level holds, or that it does not."""
    join = conjunction if (rule.mode == "all_of") is holds else disjunction
    return join(criterion_formula(translator, criterion, rule.mode, holds=holds) for criterion in rule.criteria)


def outcome_formulas(translator: Translator, track: TrackPlan) -> dict[Key, Formula]:
    """Give the formula of every outcome, in the order in which they are decided."""
    before: list[Formula] = []
    found: dict[Key, Formula] = {}
    for step in track.track.decide:
        for level in step.levels:
            found[level] = conjunction((*before, level_formula(translator, track.rules[level])))
            before.append(level_formula(translator, track.rules[level], holds=False))
    key = track.track.residual.level
    rest = conjunction(before)
    found[key] = disjunction((found[key], rest)) if key in found else rest
    return found
