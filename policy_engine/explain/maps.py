"""The clause map and the register of interpretations, in sentences and tables."""

from collections.abc import Iterable, Iterator, Sequence

from policy_engine.evaluate.maps import Cited, ClauseMap, InterpretationReport, MappedClause, SourceFault
from policy_engine.explain.blocks import Explanation, Line, Section, Table
from policy_engine.messages import N_, plural, sentence, translate
from policy_engine.model.rulebook import Edition


def explain_list(titles: Sequence[tuple[str, str]], language: str) -> Explanation:
    """List codes with their titles."""
    table = Table((translate(N_("code"), language), translate(N_("what it means"), language)), tuple(titles))
    return Explanation(translate(N_("Codes"), language), "", "", (), (Section("", table=table),))


def explain_formatted(files: int, changed: Sequence[str], language: str, *, written: bool, refused: int = 0) -> Explanation:
    """Say how many files could not be read and how many could, and name those that were changed, or would be."""
    words = {"files": files, "refused": refused, "whole": files + refused, "changed": len(changed)}
    done = N_("Files: {files}. Formatted: {changed}.") if written else N_("Files: {files}. To be formatted: {changed}.")
    parts = [N_("Not run on {refused} of {whole} files: they have errors.")] if refused and files else []
    parts += [done] if files else [N_("Not run: every file has errors. Files: {whole}.")]
    headline = " ".join(translate(part, language, **words) for part in parts)
    mark = "note" if written else "not_met"
    sections = (Section("", tuple(Line(mark, path) for path in changed)),) if changed else ()
    return Explanation(translate(N_("Format"), language), headline, "round", (), sections)


_SORTS = {
    "level": N_("level"), "fact": N_("fact"), "track": N_("track"), "threshold": N_("threshold"), "criterion": N_("criterion"),
    "chapter": N_("chapter"), "route": N_("route"), "requirement": N_("requirement"), "content": N_("content"), "ceiling": N_("ceiling"),
    "eligibility": N_("eligibility"), "cap": N_("cap"), "reading": N_("interpretation"),
}  # fmt: skip
_FAULTS = {
    "phrase": N_("“{words}” is not in the text of this clause ({by})"),
    "start": N_("the clause was not found in the text: “{words}”"),
}


def explain_map(edition: Edition, found: ClauseMap, faults: Sequence[SourceFault] | None, language: str) -> Explanation:
    """Put a clause map into sentences: by clause what encodes it, then by part which clause it stands for.

    Args:
        edition: the edition.
        found: its map.
        faults: what the official text does not bear out; None where it was not held against one.
        language: `vi` or `en`.
    """

    def say(text: str, **words: object) -> str:
        return translate(text, language, **words)

    bare = [mapped.clause for mapped in found.clauses if not mapped.covered]
    clauses = plural("{number} clause", "{number} clauses", len(found.clauses), language)
    headline = plural(
        "{clauses}; {bare} neither encoded nor explained; {number} cite leads to no clause of the map",
        "{clauses}; {bare} neither encoded nor explained; {number} cites lead to no clause of the map",
        len(found.strays), language, clauses=clauses, bare=len(bare),
    )  # fmt: skip
    sections = [Section(say(N_("By clause")), tuple(_by_clause(edition, found.clauses, language)))]
    if found.strays:
        lines = tuple(Line("not_met", f"{say(_SORTS[part.sort])} {part.name}", part.citation.clause) for part in found.strays)
        sections.append(Section(say(N_("Cites that lead to no clause")), lines))
    sections.append(Section(say(N_("By part of the edition")), table=_by_part(found, language)))
    if faults is not None:
        lines = tuple(Line("not_met", say(_FAULTS[f.fault], words=f.words, by=_cited(f.by, language)), f.clause) for f in faults)
        borne_out = Line("met", say(N_("every phrase stands in its clause, and every clause in the text")))
        sections.append(Section(say(N_("Against the official text")), lines or (borne_out,)))
    title = say(N_("Clause map of edition {edition}"), edition=edition.id)
    return Explanation(title, headline, "map", (sentence(edition.title, language),), tuple(sections))


def _cited(by: str, language: str) -> str:
    """Name a part of an edition, its sort in the reader's language."""
    sort, _, name = by.partition(" ")
    return f"{translate(_SORTS[sort], language)} {name}" if sort in _SORTS else by


def _by_clause(edition: Edition, mapped: Iterable[MappedClause], language: str) -> Iterator[Line]:
    """Return a line a clause: what it is about, what encodes it, and what is left out or why nothing is."""
    texts = {clause.id: clause for clause in edition.clauses}
    for one in mapped:
        clause = texts[one.clause]
        parts = [sentence(clause.says, language).rstrip(" .")]
        if one.by:
            parts.append(", ".join(_names(one.by, language)))
        elif one.below:
            parts.append(translate(N_("encoded in the clauses below it"), language))
        for told, mark in ((clause.why_not, N_("not encoded: {why}")), (clause.leaves_out, N_("left out: {why}"))):
            if told:
                parts.append(translate(mark, language, why=sentence(told, language).rstrip(" .")))
        yield Line("met" if one.by or one.below else "note" if one.covered else "not_met", ". ".join(parts), one.clause)


def _names(parts: Iterable[Cited], language: str) -> Iterator[str]:
    """Name parts, gathered by their sort."""
    sorts: dict[str, list[str]] = {}
    for part in parts:
        sorts.setdefault(part.sort, []).append(part.name)
    for sort, names in sorts.items():
        yield f"{translate(_SORTS[sort], language)} {', '.join(names)}"


def _by_part(found: ClauseMap, language: str) -> Table:
    """Return a row a part of the edition: its sort, its name, its clause, its operative words."""
    headings = tuple(translate(text, language) for text in (N_("part"), N_("name"), N_("clause"), N_("operative words")))
    parts = [part for mapped in found.clauses for part in mapped.by]
    rows = sorted((part.sort, part.name, part.citation.clause, part.citation.phrase) for part in parts)
    return Table(headings, tuple((translate(_SORTS[sort], language), *rest) for sort, *rest in rows))


def explain_interpretations(edition: Edition, reports: Iterable[InterpretationReport], cases: int | None, language: str) -> Explanation:
    """Put the register into sentences.

    Args:
        edition: the edition.
        reports: its interpretations, with what rests on each.
        cases: how many cases were rated for it; None where none were asked about.
        language: `vi` or `en`.
    """

    def say(text: str, **words: object) -> str:
        return translate(text, language, **words)

    told = tuple(reports)
    accepted = sum(report.interpretation.status == "accepted" for report in told)
    headline = plural(
        "{number} interpretation, {accepted} of them accepted by the policy owner",
        "{number} interpretations, {accepted} of them accepted by the policy owner", len(told), language, accepted=accepted,
    )  # fmt: skip
    sections: list[Section] = []
    for report in told:
        interpretation = report.interpretation
        status = say(N_("accepted")) if interpretation.status == "accepted" else say(N_("proposed, not yet accepted"))
        lines = [
            Line("note", say(N_("the text: {says}"), says=sentence(interpretation.text_says, language))),
            Line("met", say(N_("read so: {interpretation}"), interpretation=sentence(interpretation.interpretation, language)), status),
            *(Line("unknown", say(N_("or: {other}"), other=sentence(other, language))) for other in interpretation.alternatives),
            Line("note", say(N_("rests on it: {parts}"), parts=", ".join(report.parts) or "—")),
        ]
        if cases is not None:
            names = ", ".join(report.cases) or "—"
            lines.append(
                Line(
                    "note", say(N_("cases that rest on it: {count} of {cases}: {names}"), count=len(report.cases), cases=cases, names=names)
                )
            )
        title = f"{interpretation.id} · {sentence(interpretation.silent_on, language)} [{', '.join(interpretation.clauses)}]"
        sections.append(Section(title, tuple(lines)))
    title = say(N_("Interpretations of edition {edition}"), edition=edition.id)
    return Explanation(title, headline, "map", (sentence(edition.title, language),), tuple(sections))
