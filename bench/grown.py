"""Editions with more criteria than they have, to see what each of them costs."""

from policy_engine.model.rulebook import Edition, LevelRule


def grown(edition: Edition, times: int) -> Edition:
    """Return an edition with each criterion so many times in its level, under a name of its own each."""
    return edition._replace(
        tracks=tuple(track._replace(levels=tuple(_more(rule, times) for rule in track.levels)) for track in edition.tracks)
    )


def _more(rule: LevelRule, times: int) -> LevelRule:
    """Return a level with each criterion so many times."""
    copies = [one._replace(id=f"{one.id}_{n}" if n else one.id) for one in rule.criteria for n in range(times)]
    return rule._replace(criteria=tuple(copies))
