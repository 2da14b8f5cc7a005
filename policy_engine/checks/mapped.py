"""The clause map held against what an edition encodes."""

from collections.abc import Iterator, Mapping

from policy_engine.checks.places import Places, texts_of
from policy_engine.errors import N_, Problem, Words
from policy_engine.evaluate.coverage import Cited, clause_map
from policy_engine.language.complaint import nearest
from policy_engine.model.rulebook import Edition
from policy_engine.source import Location

_SORTS: Mapping[str, Words] = {
    "level": N_("level"), "fact": N_("fact"), "track": N_("track"), "threshold": N_("threshold"), "criterion": N_("criterion"),
    "chapter": N_("chapter"), "route": N_("route"), "requirement": N_("requirement"), "content": N_("content"), "ceiling": N_("ceiling"),
    "eligibility": N_("eligibility"), "cap": N_("cap"), "reading": N_("reading"),
}  # fmt: skip


def find_unmapped(edition: Edition, places: Places) -> Iterator[Problem]:
    """Tell which clauses nothing encodes or explains, and which cites lead to no clause; once for every place."""
    if not edition.clauses:
        front = next((document for document in places.documents.values() if ("edition",) in document.keys), None)
        if front:
            yield places.problem("PE811", front.keys["edition",])
        return
    found = clause_map(edition)
    located = {clause.id: clause.location for clause in edition.clauses}
    for mapped in found.clauses:
        if not mapped.covered:
            yield places.problem("PE809", located[mapped.clause], clause=mapped.clause)
    for part in found.strays:
        for place in _cites(part, places):
            guess = nearest(part.citation.clause, located)
            yield places.problem("PE810", place, sort=_SORTS[part.sort], name=part.name, clause=part.citation.clause, nearest=guess)


def find_uncited(edition: Edition, places: Places) -> Iterator[Problem]:
    """Tell which levels name no clause, where others of the scale do."""
    del edition  # a level does not know where it stands
    for document in places.documents.values():
        scale = document.data.get("scale") if isinstance(document.data, dict) else None
        levels = [level for level in scale if isinstance(level, dict)] if isinstance(scale, list) else []
        if not any("cite" in level for level in levels):
            continue
        for index, level in enumerate(levels):
            place = document.keys.get(("scale", index, "level"))
            if "cite" not in level and place:
                yield document.problem("PE207", place, level=str(level["level"]))


def _cites(part: Cited, places: Places) -> list[Location]:
    """Give the places where a part cites its clause: those inside the part of that name, or else the first one."""
    name = part.name.rpartition(".")[2]
    found: list[tuple[Location, bool]] = []
    for document in places.documents.values():
        for path, value, owner in texts_of(document.data):
            if value == part.citation.clause and {"cite", "chapter"} & set(path[-2:]):
                found.append((document.places[path], name in path or name in owner.values()))
    return [place for place, owned in found if owned] or [place for place, _ in found][:1]
